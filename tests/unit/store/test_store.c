/* SPDX-License-Identifier: Apache-2.0 */
#include "store_fixture.h"

T_CASE(a_folder_without_store_and_project_is_refused) {
    PNI_AUTO(pn_buf) text = PN_BUF_INIT;
    pn_error err = PN_ERROR_INIT;
    pn_catalog *catalog = NULL;
    T_STATUS(pn_store_list(t_tmpdir(), &text, &err), PN_NOT_FOUND, &err);
    T_EQ_INT(err.number, PNI_E_STORE_MISSING);
    T_ASSERT(strstr(err.message, t_tmpdir()));
    T_STATUS(pn_store_catalog(t_tmpdir(), &catalog, &err), PN_NOT_FOUND, &err);
    T_STATUS(pn_store_gc(t_tmpdir(), NULL, &text, &err), PN_NOT_FOUND, &err);
    T_STATUS(pn_store_list(NULL, &text, &err), PN_INVALID, &err);
    T_STATUS(pn_store_catalog(NULL, &catalog, &err), PN_INVALID, &err);
    T_STATUS(pn_store_gc(NULL, NULL, &text, &err), PN_INVALID, &err);
}

T_CASE(the_list_counts) {
    fx_append_day(t_tmpdir(), "2020-01-01");
    fx_append_day(t_tmpdir(), "2020-02-02");
    PNI_AUTO_PTR(json_t) list = fx_list(t_tmpdir());
    const json_t *row = json_array_get(list, 0);
    uint64_t bytes;
    T_EQ_UINT(json_array_size(list), 1);
    T_EQ_STR(pni_json_text(row, "rows"), "2");
    T_EQ_STR(pni_json_text(row, "version"), "1");
    T_EQ_STR(pni_json_text(row, "files"), "2");
    T_EQ_STR(pni_json_text(row, "first_date"), "2020-01-01");
    T_EQ_STR(pni_json_text(row, "last_date"), "2020-02-02");
    T_ASSERT(pni_json_u64_of(row, "bytes", &bytes) && bytes > 1000);
}

/* The folder of an append that was killed before its commit is no table, and no error. */
T_CASE(a_table_without_a_commit_is_passed_over) {
    pn_error err = PN_ERROR_INIT;
    PNI_AUTO_PTR(pni_text) folder = pni_store_path(t_tmpdir(), "runs/_delta_log");
    T_OK(pni_mkdirs(folder, &err), &err);
    PNI_AUTO_PTR(json_t) list = fx_list(t_tmpdir());
    T_EQ_UINT(json_array_size(list), 0);
}

T_CASE(the_catalog_holds_every_table) {
    pn_error err = PN_ERROR_INIT;
    pn_catalog *catalog = NULL;
    PNI_AUTO_PTR(pni_text) yaml = pni_path_join(t_tmpdir(), "pinion.yaml");
    T_OK(pni_file_write(yaml, "version: 1\n", 11, &err), &err);
    T_OK(pn_store_catalog(t_tmpdir(), &catalog, &err), &err);
    T_EQ_UINT(pn_catalog_count(catalog), PNI_RECORD_KINDS);
    const pni_dataset *runs = pni_catalog_find(catalog, "runs");
    T_ASSERT(runs && runs->optional && runs->schema.release);
    pn_catalog_unref(catalog);
}
