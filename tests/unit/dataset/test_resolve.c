/* From a declared dataset to schema, pin and provider: what is identity, what is evidence, what is
 * missing. */
#include "dataset/dataset.h"
#include "support/core_fixture.h"

typedef struct dataset_case {
    pn_catalog *catalog;
    pni_engine_session *engine;
    pn_dataset_spec spec;
    pni_resolved *resolved;
} dataset_case;

static dataset_case start(const char *format, const char *uri) {
    dataset_case c = {.catalog = pn_catalog_new(), .spec = PN_DATASET_SPEC_INIT};
    FX_OK(pni_engine_session_new(NULL, &c.engine, err));
    c.spec.name = "d";
    c.spec.format = format;
    c.spec.uri = uri;
    return c;
}

static pn_status resolve(dataset_case *c, pn_error *problem) {
    pn_catalog_unref(c->catalog);
    pni_resolved_free(c->resolved);
    c->resolved = NULL;
    c->catalog = pn_catalog_new();
    FX_OK(pn_catalog_add(c->catalog, &c->spec, err));
    return pni_dataset_resolve(c->engine, pni_catalog_find(c->catalog, "d"), NULL, &c->resolved,
                               problem);
}

static void finish(dataset_case *c) {
    pni_resolved_free(c->resolved);
    pni_engine_session_free(c->engine);
    pn_catalog_unref(c->catalog);
}

static char *pin_text(const dataset_case *c) {
    pn_buf text = PN_BUF_INIT;
    FX_OK(pni_json_canonical(c->resolved->pin, &text, err));
    return pni_buf_steal(&text);
}

static char *resolved_pin(dataset_case *c) {
    FX_OK(resolve(c, err));
    return pin_text(c);
}

static void expect_rows(const dataset_case *c, const char *want) {
    PNI_AUTO_PTR(pni_text) rows = fx_table_rows(c->engine, c->resolved->table);
    T_EQ_STR(rows, want);
}

T_CASE(a_file_dataset_is_pinned_by_content_and_scan) {
    dataset_case c = start("csv", fx_write("a/x.csv", "k,v\n1,a\n"));
    PNI_AUTO_PTR(pni_text) first = resolved_pin(&c);
    expect_rows(&c, "1|a\n");
    T_EQ_UINT(json_object_size(c.resolved->pin), 3);
    T_ASSERT(!strstr(first, t_tmpdir()));
    T_EQ_STR(pni_json_text(c.resolved->evidence, "uri"), fx_path("a/x.csv"));
    T_EQ_INT(c.resolved->schema.n_children, 2);
    c.spec.uri = fx_write("some/where/else/x.csv", "k,v\n1,a\n");
    PNI_AUTO_PTR(pni_text) moved = resolved_pin(&c);
    T_EQ_STR(moved, first);
    c.spec.options_json = "{\"has_header\": true}";
    PNI_AUTO_PTR(pni_text) other_scan = resolved_pin(&c);
    T_ASSERT(!pni_streq(other_scan, first));
    c.spec.options_json = NULL;
    c.spec.uri = fx_write("b/x.csv", "k,v\n2,a\n");
    PNI_AUTO_PTR(pni_text) other_content = resolved_pin(&c);
    T_ASSERT(!pni_streq(other_content, first));
    finish(&c);
}

T_CASE(metadata_is_no_identity) {
    dataset_case c = start("csv", fx_write("a/x.csv", "k\n1\n"));
    PNI_AUTO_PTR(pni_text) first = resolved_pin(&c);
    c.spec.metadata_json = "{\"constraints\": {\"unique\": [[\"k\"]]}, \"ddl\": \"x\"}";
    PNI_AUTO_PTR(pni_text) second = resolved_pin(&c);
    T_EQ_STR(first, second);
    T_ASSERT(c.resolved->constraints && json_object_get(c.resolved->constraints, "unique"));
    finish(&c);
}

T_CASE(a_folder_is_read_as_it_was_pinned) {
    dataset_case c = start("csv", fx_path("d"));
    fx_write("d/b.csv", "k\n2\n");
    fx_write("d/a.csv", "k\n1\n");
    FX_OK(resolve(&c, err));
    fx_write("d/c.csv", "k\n3\n"); /* later than the pin */
    PNI_AUTO_PTR(pni_text) rows = fx_table_rows(c.engine, c.resolved->table);
    T_ASSERT(strstr(rows, "1\n") && strstr(rows, "2\n") && !strstr(rows, "3\n"));
    finish(&c);
}

T_CASE(compressed_files_are_read_when_declared) {
    static const unsigned char gz[] = {0x1f, 0x8b, 0x8,  0x0,  0x0,  0x0,  0x0,  0x0,  0x2, 0xff,
                                       0xcb, 0xd6, 0x29, 0xe3, 0x32, 0xd4, 0x49, 0xe4, 0x2, 0x0,
                                       0xa9, 0x55, 0x86, 0x92, 0x8,  0x0,  0x0,  0x0};
    dataset_case c = start("csv", fx_write_bytes("d/x.csv.gz", gz, sizeof gz));
    c.spec.options_json = "{\"compression\": \"gzip\"}";
    FX_OK(resolve(&c, err));
    expect_rows(&c, "1|a\n");
    finish(&c);
}

T_CASE(what_is_missing_is_named) {
    dataset_case c = start("parquet", fx_path("gone.parquet"));
    FX_FAILS(resolve(&c, err), PNI_E_DATASET_MISSING, "'d'");
    c.spec.format = "delta";
    FX_FAILS(resolve(&c, err), PNI_E_DATASET_MISSING, "gone.parquet");
    fx_mkdir("folder");
    c.spec.uri = fx_path("folder"); /* there, but no table */
    FX_FAILS(resolve(&c, err), PNI_E_DATASET_MISSING, "Delta");
    finish(&c);
}

static void declare(struct ArrowSchema *schema) {
    PNI_AUTO_PTR(json_t) rows = json_pack("[{s:i, s:s}]", "k", 1, "v", "x");
    FX_OK(pni_arrow_schema_infer_json(rows, schema, err));
}

T_CASE(an_optional_dataset_may_be_missing) {
    static const char *const formats[] = {"delta", "parquet", "csv", "json", "arrow"};
    PNI_AUTO_SCHEMA schema = {0};
    declare(&schema);
    for (size_t i = 0; i < sizeof formats / sizeof *formats; i++) {
        dataset_case c = start(formats[i], fx_path("gone"));
        c.spec.flags = PN_DATASET_OPTIONAL;
        c.spec.schema = &schema;
        PNI_AUTO_PTR(pni_text) pin = resolved_pin(&c);
        T_ASSERT(strstr(pin, "\"missing\":true"));
        T_EQ_UINT(json_array_size(c.resolved->diagnostics), 1);
        T_EQ_STR(pni_json_text(json_array_get(c.resolved->diagnostics, 0), "code"),
                 "dataset_missing");
        T_EQ_INT(c.resolved->schema.n_children, 2);
        expect_rows(&c, "");
        finish(&c);
    }
}

T_CASE(a_declared_schema_is_part_of_the_scan) {
    PNI_AUTO_SCHEMA schema = {0};
    declare(&schema);
    dataset_case c = start("csv", fx_write("x.csv", "k,v\n1,2\n"));
    PNI_AUTO_PTR(pni_text) inferred = resolved_pin(&c);
    c.spec.schema = &schema;
    PNI_AUTO_PTR(pni_text) declared = resolved_pin(&c);
    T_ASSERT(!pni_streq(inferred, declared));
    T_EQ_STR(c.resolved->schema.children[1]->name, "v");
    expect_rows(&c, "1|2\n");
    finish(&c);
}

static json_t *delta_request(const char *mode, const char *uri) {
    return json_pack("{s:s, s:s, s:s, s:[], s:{}, s:{}}", "format", "delta", "uri", uri, "mode",
                     mode, "partition_by", "options", "storage_options");
}

T_CASE(a_delta_table_is_pinned_by_id_and_version) {
    const char *uri = fx_path("t");
    dataset_case c = start("delta", uri);
    fx_write_delta(c.engine, "select 1 as k", delta_request("error", uri));
    PNI_AUTO_PTR(pni_text) first = resolved_pin(&c);
    T_EQ_STR(pni_json_text(c.resolved->pin, "version"), "0");
    T_ASSERT(pni_json_text(c.resolved->pin, "table_id"));
    fx_write_delta(c.engine, "select 2 as k", delta_request("append", uri));
    FX_OK(resolve(&c, err));
    T_EQ_STR(pni_json_text(c.resolved->pin, "version"), "1");
    c.spec.version = "0";
    PNI_AUTO_PTR(pni_text) again = resolved_pin(&c);
    T_EQ_STR(again, first);
    expect_rows(&c, "1\n");
    c.spec.version = "9";
    FX_FAILS(resolve(&c, err), PNI_E_DATASET_VERSION, "9");
    finish(&c);
}

/* The table is there, so a wrong window of it is a mistake, also when the dataset is optional. */
T_CASE(a_window_outside_of_the_history_is_not_missing) {
    const char *uri = fx_path("t");
    PNI_AUTO_SCHEMA schema = {0};
    declare(&schema);
    dataset_case c = start("delta_cdf", uri);
    fx_write_delta(c.engine, "select 1 as k", delta_request("error", uri));
    c.spec.flags = PN_DATASET_OPTIONAL;
    c.spec.schema = &schema;
    c.spec.options_json = "{\"start_version\":\"7\"}";
    FX_FAILS(resolve(&c, err), PNI_E_CHANGES_RANGE, "version 0");
    finish(&c);
}

T_CASE(chosen_files_of_a_version_are_read_and_pinned) {
    const char *uri = fx_path("t");
    char one[512], two[512];
    dataset_case c = start("delta", uri);
    fx_write_delta(c.engine, "select 1 as k", delta_request("error", uri));
    fx_write_delta(c.engine, "select 2 as k", delta_request("append", uri));
    PNI_AUTO_PTR(pni_text) all = resolved_pin(&c);
    const json_t *files = json_object_get(json_object_get(c.resolved->evidence, "delta"), "files");
    T_EQ_UINT(json_array_size(files), 2);
    snprintf(one, sizeof one, "[\"%s\"]", pni_json_text(json_array_get(files, 0), "path"));
    snprintf(two, sizeof two, "[\"%s\",\"%s\"]", pni_json_text(json_array_get(files, 1), "path"),
             pni_json_text(json_array_get(files, 0), "path"));
    c.spec.files_json = one;
    PNI_AUTO_PTR(pni_text) first = resolved_pin(&c);
    PNI_AUTO_PTR(pni_text) rows = fx_table_rows(c.engine, c.resolved->table);
    T_ASSERT(pni_streq(rows, "1\n") || pni_streq(rows, "2\n"));
    T_ASSERT(!pni_streq(first, all));
    c.spec.files_json = two; /* all of them, in another order */
    PNI_AUTO_PTR(pni_text) both = resolved_pin(&c);
    PNI_AUTO_PTR(pni_text) all_rows = fx_table_rows(c.engine, c.resolved->table);
    T_EQ_UINT(strlen(all_rows), 4);
    T_ASSERT(!pni_streq(both, first) && !pni_streq(both, all));
    c.spec.files_json = "[\"part-gone.parquet\"]";
    FX_FAILS(resolve(&c, err), PNI_E_DATASET_FILE_UNKNOWN, "'part-gone.parquet'");
    c.spec.files_json = two;
    c.spec.version = "0";
    FX_FAILS(resolve(&c, err), PNI_E_DATASET_FILE_UNKNOWN, "version 0");
    finish(&c);
}

T_CASE(a_version_that_says_what_it_was_made_from_is_pinned_by_that) {
    dataset_case c = start("delta", NULL);
    PNI_AUTO_PTR(pni_text) first = NULL;
    for (int i = 0; i < 2; i++) { /* the same content in two tables with ids of their own */
        const char *uri = fx_path(i ? "two" : "one");
        json_t *request = delta_request("error", uri);
        json_object_set_new(request, "commit_metadata",
                            json_pack("{s:s}", "pinion.content", "abc123"));
        fx_write_delta(c.engine, "select 1 as k", request);
        c.spec.uri = uri;
        PNI_AUTO_PTR(pni_text) pin = resolved_pin(&c);
        T_EQ_STR(pni_json_text(c.resolved->pin, "content"), "abc123");
        T_ASSERT(!pni_json_text(c.resolved->pin, "table_id"));
        if (i)
            T_EQ_STR(pin, first);
        else
            first = pni_take(pin);
    }
    finish(&c);
}
