/* The files of a dataset: which count, in what order, and what of them is identity. */
#include "dataset/dataset.h"
#include "support/core_fixture.h"

#include <sys/stat.h>
#include <unistd.h>

static const char empty_sha[] = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

/* Relative paths of the pinned files, one a line. */
static pn_status pin_options(const char *format, const char *uri, const char *options, pn_buf *out,
                             pn_error *problem) {
    PNI_AUTO_PTR(json_t) files = NULL;
    PNI_AUTO_PTR(json_t) paths = NULL;
    pn_catalog *catalog = pn_catalog_new();
    pn_dataset_spec spec = PN_DATASET_SPEC_INIT;
    spec.name = "d";
    spec.format = format;
    spec.uri = uri;
    spec.options_json = options;
    FX_OK(pn_catalog_add(catalog, &spec, err));
    PNI_AUTO_PTR(pni_hash_cache) cache = pni_hash_cache_open(uri);
    pn_status status =
        pni_files_pin(pni_catalog_find(catalog, "d"), cache, &files, &paths, problem);
    pn_catalog_unref(catalog);
    PNI_TRY(status);
    T_EQ_UINT(json_array_size(files), json_array_size(paths));
    for (size_t i = 0; i < json_array_size(files); i++) {
        const json_t *file = json_array_get(files, i);
        const char *relative = json_string_value(json_array_get(file, 0));
        T_ASSERT(pni_ends_with(json_string_value(json_array_get(paths, i)), relative));
        pni_buf_printf(out, "%s\n", relative);
    }
    return PN_OK;
}

static void expect(const char *format, const char *folder, const char *options, const char *want) {
    PNI_AUTO(pn_buf) got = PN_BUF_INIT;
    FX_OK(pin_options(format, fx_path(folder), options, &got, err));
    T_EQ_STR(pni_buf_text(&got), want);
}

static pn_status pin(const char *format, const char *uri, pn_error *err) {
    PNI_AUTO(pn_buf) got = PN_BUF_INIT;
    return pin_options(format, uri, NULL, &got, err);
}

/* Digest of the pinned list. */
static void digest_of(const char *folder, char hex[PNI_SHA256_HEX]) {
    PNI_AUTO_PTR(json_t) files = NULL;
    PNI_AUTO_PTR(json_t) paths = NULL;
    PNI_AUTO_PTR(json_t) none = json_object();
    pni_dataset dataset = {.name = (char[]){"d"}, .format = (char[]){"csv"}, .options = none};
    PNI_AUTO_PTR(pni_text) uri = dataset.uri = pni_strdup(fx_path(folder));
    PNI_AUTO_PTR(pni_hash_cache) cache = pni_hash_cache_open(uri);
    FX_OK(pni_files_pin(&dataset, cache, &files, &paths, err));
    FX_OK(pni_json_digest(files, hex, err));
}

T_CASE(files_lie_in_bytewise_order_of_their_relative_path) {
    fx_write("d/b.csv", "");
    fx_write("d/a/z.csv", "");
    fx_write("d/a-1.csv", "");
    fx_write("d/a.csv", "");
    fx_write("d/B.csv", "");
    fx_write("d/a/_x=1/y.csv", "");
    expect("csv", "d", NULL, "B.csv\na-1.csv\na.csv\na/_x=1/y.csv\na/z.csv\nb.csv\n");
}

T_CASE(hidden_files_and_logs_are_no_data) {
    fx_write("d/a.parquet", "");
    fx_write("d/.a.parquet.crc", "");
    fx_write("d/.b.parquet", "");
    fx_write("d/_SUCCESS", "");
    fx_write("d/_temporary/c.parquet", "");
    fx_write("d/_metadata.parquet", "");
    fx_write("d/k=1/d.parquet", "");
    expect("parquet", "d", NULL, "a.parquet\nk=1/d.parquet\n");
}

T_CASE(endings_belong_to_a_format) {
    static const char *const names[] = {
        "a.csv",   "b.tsv", "c.csv.gz",  "d.csv.zst", "e.json", "f.jsonl", "g.ndjson.gz",
        "h.arrow", "i.ipc", "j.feather", "k.parquet", "l.txt",  "m.gz",    "n.CSV"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        char path[32];
        snprintf(path, sizeof path, "d/%s", names[i]);
        fx_write(path, "");
    }
    expect("csv", "d", NULL, "a.csv\nb.tsv\nc.csv.gz\nd.csv.zst\n");
    expect("json", "d", NULL, "e.json\nf.jsonl\ng.ndjson.gz\n");
    expect("arrow", "d", NULL, "h.arrow\ni.ipc\nj.feather\n");
    expect("parquet", "d", NULL, "k.parquet\n");
    expect("csv", "d", "{\"file_extension\": \".txt\"}", "l.txt\n");
}

T_CASE(a_single_file_is_known_by_its_base_name) {
    const char *path = fx_write("some/where/orders.data", "x");
    PNI_AUTO(pn_buf) got = PN_BUF_INIT;
    FX_OK(pin_options("csv", path, NULL, &got, err)); /* named by the user: any ending */
    T_EQ_STR(pni_buf_text(&got), "orders.data\n");
}

T_CASE(content_is_identity_and_times_and_folders_are_not) {
    char first[PNI_SHA256_HEX], second[PNI_SHA256_HEX];
    fx_write("a/x.csv", "1");
    fx_write("a/y/z.csv", "2");
    fx_write("b/c/y/z.csv", "2");
    fx_write("b/c/x.csv", "1");
    digest_of("a", first);
    digest_of("b/c", second);
    T_EQ_STR(first, second);
    fx_write("a/x.csv", "1"); /* another inode and other times */
    digest_of("a", second);
    T_EQ_STR(first, second);
    fx_write("a/x.csv", "3");
    digest_of("a", second);
    T_ASSERT(!pni_streq(first, second));
    fx_write("a/x.csv", "1");
    fx_write("a/more.csv", "");
    digest_of("a", second);
    T_ASSERT(!pni_streq(first, second));
}

T_CASE(a_pinned_file_is_path_size_and_digest) {
    PNI_AUTO_PTR(json_t) files = NULL;
    PNI_AUTO_PTR(json_t) paths = NULL;
    PNI_AUTO_PTR(json_t) none = json_object();
    PNI_AUTO(pn_buf) text = PN_BUF_INIT;
    char want[256];
    pni_dataset dataset = {.name = (char[]){"d"}, .format = (char[]){"csv"}, .options = none};
    PNI_AUTO_PTR(pni_text) uri = dataset.uri = pni_strdup(fx_write("x.csv", ""));
    PNI_AUTO_PTR(pni_hash_cache) cache = pni_hash_cache_open(uri);
    FX_OK(pni_files_pin(&dataset, cache, &files, &paths, err));
    FX_OK(pni_json_canonical(files, &text, err));
    snprintf(want, sizeof want, "[[\"x.csv\",\"0\",\"%s\"]]", empty_sha);
    T_EQ_STR(pni_buf_text(&text), want);
    T_EQ_STR(json_string_value(json_array_get(paths, 0)), uri);
}

T_CASE(links_are_followed) {
    fx_write("elsewhere/real.csv", "1");
    fx_mkdir("d");
    T_EQ_INT(symlink(fx_path("elsewhere/real.csv"), fx_path("d/link.csv")), 0);
    T_EQ_INT(symlink(fx_path("elsewhere"), fx_path("d/folder")), 0);
    T_EQ_INT(symlink(fx_path("gone.txt"), fx_path("d/notes.txt")), 0);
    expect("csv", "d", NULL, "folder/real.csv\nlink.csv\n");
    T_EQ_INT(symlink(fx_path("gone.csv"), fx_path("d/data.csv")), 0);
    FX_FAILS(pin("csv", fx_path("d"), err), PNI_E_FILE_READ, "data.csv");
}

T_CASE(a_circle_of_links_ends) {
    fx_write("d/a.csv", "1");
    T_EQ_INT(symlink(fx_path("d"), fx_path("d/one")), 0);
    T_EQ_INT(symlink(fx_path("d"), fx_path("d/two")), 0);
    FX_FAILS(pin("csv", fx_path("d"), err), PNI_E_FILE_READ, "Too many levels");
}

T_CASE(what_cannot_be_pinned_is_named) {
    fx_mkdir("empty");
    fx_write("other/a.csv", "");
    T_EQ_INT(mkfifo(fx_path("pipe"), 0600), 0);
    FX_FAILS(pin("csv", fx_path("gone"), err), PNI_E_DATASET_MISSING, "gone");
    FX_FAILS(pin("csv", fx_path("empty"), err), PNI_E_DATASET_MISSING, "empty");
    FX_FAILS(pin("parquet", fx_path("other"), err), PNI_E_DATASET_MISSING, "parquet");
    FX_FAILS(pin("csv", fx_path("pipe"), err), PNI_E_DATASET_OPTION, "pipe");
}

T_CASE(a_name_that_is_no_text_is_refused_and_not_dropped) {
    fx_write("d/a.csv", "1");
    fx_write("d/\xff.csv", "2");
    FX_FAILS(pin("csv", fx_path("d"), err), PNI_E_DATASET_OPTION, "UTF-8");
}
