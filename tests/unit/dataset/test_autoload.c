/* A folder's tables: which entries count, what they are called, who wins. */
#include "dataset/dataset.h"
#include "support/core_fixture.h"

static size_t load(pn_catalog *catalog, const char *folder) {
    size_t added = 99;
    FX_OK(pn_catalog_autoload(catalog, fx_path(folder), &added, err));
    return added;
}

static void expect(const pn_catalog *catalog, const char *name, const char *format,
                   const char *file) {
    const pni_dataset *dataset = pni_catalog_find(catalog, name);
    if (!dataset)
        T_FAIL("no dataset '%s'", name);
    T_EQ_STR(dataset->format, format);
    T_EQ_STR(dataset->uri, fx_path(file));
}

T_CASE(every_format_is_known_by_its_ending) {
    pn_catalog *catalog = pn_catalog_new();
    fx_write("d/orders.csv", "a\n1\n");
    fx_write("d/Events.JSON", "{}");
    fx_write("d/events.jsonl", "{}");
    fx_write("d/clicks.ndjson", "{}");
    fx_write("d/points.arrow", "");
    fx_write("d/Sizes.parquet", "");
    fx_write("d/readme.md", "no table");
    T_EQ_UINT(load(catalog, "d"), 5);
    expect(catalog, "orders", "csv", "d/orders.csv");
    expect(catalog, "events", "json", "d/events.jsonl"); /* endings are in lower case */
    expect(catalog, "clicks", "json", "d/clicks.ndjson");
    expect(catalog, "points", "arrow", "d/points.arrow");
    expect(catalog, "sizes", "parquet", "d/Sizes.parquet");
    pn_catalog_unref(catalog);
}

T_CASE(folders_are_tables_of_their_first_file) {
    pn_catalog *catalog = pn_catalog_new();
    fx_mkdir("d/delta_table/_delta_log");
    fx_write("d/delta_table/part.parquet", "");
    fx_write("d/parts/b.csv", "");
    fx_write("d/parts/a.parquet", "");
    fx_write("d/parts/README", "");
    fx_mkdir("d/empty");
    T_EQ_UINT(load(catalog, "d"), 2);
    expect(catalog, "delta_table", "delta", "d/delta_table");
    expect(catalog, "parts", "parquet", "d/parts");
    pn_catalog_unref(catalog);
}

T_CASE(the_first_of_two_stems_wins_and_what_is_there_stays) {
    pn_catalog *catalog = pn_catalog_new();
    pn_dataset_spec spec = PN_DATASET_SPEC_INIT;
    spec.name = "mine";
    spec.format = "csv";
    spec.uri = "/declared.csv";
    FX_OK(pn_catalog_add(catalog, &spec, err));
    fx_write("d/mine.parquet", "");
    fx_write("d/x.parquet", "");
    fx_write("d/x.csv", "");
    fx_write("d/X.json", "");
    T_EQ_UINT(load(catalog, "d"), 1);
    expect(catalog, "x", "json", "d/X.json"); /* bytewise order: capitals first */
    T_EQ_STR(pni_catalog_find(catalog, "mine")->uri, "/declared.csv");
    T_EQ_UINT(load(catalog, "d"), 0);
    pn_catalog_unref(catalog);
}

T_CASE(hidden_and_unnameable_entries_are_left_out) {
    pn_catalog *catalog = pn_catalog_new();
    fx_write("d/.hidden.csv", "");
    fx_write("d/_private.csv", "");
    fx_write("d/2024.csv", "");
    fx_write("d/a-b.csv", "");
    fx_write("d/ok.tar.csv", "");
    T_EQ_UINT(load(catalog, "d"), 1);
    expect(catalog, "ok", "csv", "d/ok.tar.csv");
    pn_catalog_unref(catalog);
}

T_CASE(a_folder_that_is_not_there_is_named) {
    pn_catalog *catalog = pn_catalog_new();
    fx_write("file", "");
    FX_FAILS(pn_catalog_autoload(catalog, fx_path("gone"), NULL, err), PNI_E_FILE_MISSING, "gone");
    FX_FAILS(pn_catalog_autoload(catalog, fx_path("file"), NULL, err), PNI_E_FILE_READ, "file");
    FX_FAILS(pn_catalog_autoload(catalog, NULL, NULL, err), PNI_E_ARGUMENT, "folder");
    FX_FAILS(pn_catalog_autoload(NULL, t_tmpdir(), NULL, err), PNI_E_ARGUMENT, "catalog");
    pn_catalog_unref(catalog);
}
