/* Which stores a project names, each once, and what is wrong with them. Stores that answer are
 * tested in tests/python/test_object_stores.py. */
#include "project/project_priv.h"
#include "project_fixture.h"

#define NOBODY                                                                                     \
    "{access_key_id: AKIA12345678, secret_access_key: hunter2hunter2, max_retries: 0, "            \
    "endpoint: 'http://127.0.0.1:9', allow_http: true}"

static json_t *stores_of(const char *yaml) {
    PNI_AUTO(pn_buf) text = PN_BUF_INIT;
    pn_project *project = fx_project(yaml);
    FX_OK(pn_project_stores(project, &text, err));
    T_ASSERT(!strstr(pni_buf_text(&text), "hunter2"));
    pn_project_free(project);
    return fx_json(&text);
}

T_CASE(a_project_of_files_names_no_store) {
    fx_write("p/views/v.sql", "select 1 as a");
    PNI_AUTO_PTR(json_t)
    stores = stores_of("version: 1\ndatasets: {d: {format: csv, uri: x.csv}}\n"
                       "outputs: [{view: v, uri: out}]\n");
    T_EQ_UINT(json_array_size(stores), 0);
}

T_CASE(each_store_is_asked_once_and_its_trouble_has_a_number) {
    fx_write("p/views/v.sql", "select 1 as a");
    PNI_AUTO_PTR(json_t)
    stores = stores_of("version: 1\ndatasets:\n"
                       "  a: {format: csv, uri: 's3://b/x', storage_options: " NOBODY "}\n"
                       "  c: {format: csv, uri: 's3://b/x', storage_options: {region: r}}\n"
                       "outputs: [{view: v, uri: 's3a://b/out', storage_options: " NOBODY "}]\n");
    const json_t *silent = json_array_get(stores, 0);
    const json_t *keyless = json_array_get(stores, 1);
    T_EQ_UINT(json_array_size(stores), 2);
    T_EQ_STR(pni_json_text(silent, "store"), "s3://b");
    T_EQ_STR(pni_json_text(silent, "endpoint"), "http://127.0.0.1:9");
    T_EQ_UINT(json_array_size(json_object_get(silent, "names")), 2);
    T_EQ_INT(json_integer_value(json_object_get(silent, "number")), PNI_E_REMOTE_SILENT);
    T_EQ_INT(json_integer_value(json_object_get(keyless, "number")), PNI_E_STORAGE_MISSING);
    T_ASSERT(strstr(pni_json_text(keyless, "error"), "dataset 'c'"));
    T_ASSERT(!json_is_true(json_object_get(keyless, "ok")));
}

T_CASE(arguments_are_checked) {
    PNI_AUTO(pn_buf) text = PN_BUF_INIT;
    FX_FAILS(pn_project_stores(NULL, &text, err), PNI_E_ARGUMENT, "project");
}
