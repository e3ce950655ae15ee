/* SPDX-License-Identifier: Apache-2.0 */
/* Throwing away: what a dry run says is what is done, and young files without a commit stay. */
#include "store_fixture.h"

static json_t *gc(uint64_t older_than_ms, uint32_t flags) {
    pn_store_gc_options options = PN_STORE_GC_OPTIONS_INIT;
    PNI_AUTO(pn_buf) text = PN_BUF_INIT;
    pn_error err = PN_ERROR_INIT;
    json_t *report = NULL;
    options.older_than_ms = older_than_ms;
    options.flags = flags;
    T_OK(pn_store_gc(t_tmpdir(), &options, &text, &err), &err);
    T_OK(pni_json_parse(text.data, text.len, "report", &report, &err), &err);
    return report;
}

static const json_t *first_table(const json_t *report) {
    return json_array_get(json_object_get(report, "tables"), 0);
}

static void expect_files(const char *want_rows, const char *want_files) {
    PNI_AUTO_PTR(json_t) list = fx_list(t_tmpdir());
    T_EQ_STR(pni_json_text(json_array_get(list, 0), "rows"), want_rows);
    T_EQ_STR(pni_json_text(json_array_get(list, 0), "files"), want_files);
}

static bool has_day(const char *date) {
    char name[64];
    snprintf(name, sizeof name, "diagnostics/event_date=%s", date);
    PNI_AUTO_PTR(pni_text) folder = pni_store_path(t_tmpdir(), name);
    return pni_path_is_dir(folder);
}

#define DAY_MS UINT64_C(86400000)

T_CASE(a_dry_run_changes_nothing) {
    fx_append_day(t_tmpdir(), "2020-01-01");
    fx_append_day(t_tmpdir(), "2020-01-01");
    (void)fx_record(t_tmpdir(), 1);
    PNI_AUTO_PTR(json_t) report = gc(30 * DAY_MS, 0);
    T_ASSERT(json_is_false(json_object_get(report, "applied")));
    T_ASSERT(json_is_string(json_object_get(report, "before")));
    const json_t *row = first_table(report);
    T_EQ_STR(pni_json_text(row, "table"), "diagnostics");
    T_EQ_UINT(json_array_size(json_object_get(row, "days")), 1);
    T_EQ_STR(pni_json_text(row, "files"), "2");
    T_EQ_STR(pni_json_text(row, "joined"), "0");
    expect_files("3", "3");
    T_ASSERT(has_day("2020-01-01"));
}

T_CASE(old_days_go_with_their_files) {
    fx_append_day(t_tmpdir(), "2020-01-01");
    fx_append_day(t_tmpdir(), "2020-03-01");
    (void)fx_record(t_tmpdir(), 2);
    PNI_AUTO_PTR(json_t) would = gc(30 * DAY_MS, 0);
    PNI_AUTO_PTR(json_t) done = gc(30 * DAY_MS, PN_STORE_GC_APPLY);
    T_ASSERT(json_is_true(json_object_get(done, "applied")));
    T_ASSERT(json_equal(json_object_get(first_table(would), "days"),
                        json_object_get(first_table(done), "days")));
    T_EQ_STR(pni_json_text(first_table(would), "bytes"), pni_json_text(first_table(done), "bytes"));
    T_EQ_STR(pni_json_text(json_object_get(first_table(done), "unreferenced"), "files"), "0");
    expect_files("2", "1");
    T_ASSERT(!has_day("2020-01-01") && !has_day("2020-03-01"));
    PNI_AUTO_PTR(json_t) again = gc(30 * DAY_MS, PN_STORE_GC_APPLY);
    T_EQ_UINT(json_array_size(json_object_get(first_table(again), "days")), 0);
    expect_files("2", "1");
}

T_CASE(small_files_of_a_day_are_joined) {
    for (int i = 0; i < 3; i++)
        fx_append_day(t_tmpdir(), "2020-01-01");
    PNI_AUTO_PTR(json_t) would = gc(0, 0);
    T_EQ_STR(pni_json_text(first_table(would), "joined"), "3");
    PNI_AUTO_PTR(json_t) done = gc(0, PN_STORE_GC_APPLY);
    T_EQ_STR(pni_json_text(first_table(done), "joined"), "3");
    PNI_AUTO_PTR(json_t) again = gc(0, 0);
    T_EQ_STR(pni_json_text(first_table(again), "joined"), "0");
    T_ASSERT(json_is_null(json_object_get(done, "before")));
    expect_files("3", "1");
}

static char *loose_file(const char *name, int age_s) {
    pn_error err = PN_ERROR_INIT;
    PNI_AUTO_PTR(pni_text) folder = pni_store_path(t_tmpdir(), "diagnostics/event_date=2020-01-01");
    char *path = pni_path_join(folder, name);
    T_OK(pni_file_write(path, "bytes", 5, &err), &err);
    struct stat st;
    T_EQ_INT(stat(path, &st), 0);
    struct utimbuf times = {st.st_atime - age_s, st.st_mtime - age_s};
    T_EQ_INT(utime(path, &times), 0);
    return path;
}

/* What a killed append leaves is found when it is an hour old: it might be about to be committed.
 */
T_CASE(loose_files_go_when_they_are_old_enough) {
    fx_append_day(t_tmpdir(), "2020-01-01");
    PNI_AUTO_PTR(pni_text) old = loose_file("part-old.parquet", 7200);
    PNI_AUTO_PTR(pni_text) young = loose_file("part-young.parquet", 60);
    PNI_AUTO_PTR(pni_text) other = loose_file("notes.txt", 7200);
    PNI_AUTO_PTR(json_t) would = gc(0, 0);
    T_EQ_STR(pni_json_text(json_object_get(first_table(would), "unreferenced"), "files"), "1");
    T_ASSERT(pni_path_exists(old));
    PNI_AUTO_PTR(json_t) done = gc(0, PN_STORE_GC_APPLY);
    T_EQ_STR(pni_json_text(json_object_get(first_table(done), "unreferenced"), "bytes"), "5");
    T_ASSERT(!pni_path_exists(old));
    T_ASSERT(pni_path_exists(young) && pni_path_exists(other));
    expect_files("1", "1");
}

T_CASE(a_cancelled_gc_says_so) {
    pn_store_gc_options options = PN_STORE_GC_OPTIONS_INIT;
    PNI_AUTO(pn_buf) text = PN_BUF_INIT;
    PNI_AUTO_PTR(pn_cancel) cancel = pn_cancel_new();
    pn_error err = PN_ERROR_INIT;
    fx_append_day(t_tmpdir(), "2020-01-01");
    pn_cancel_fire(cancel);
    options.cancel = cancel;
    options.flags = PN_STORE_GC_APPLY;
    T_STATUS(pn_store_gc(t_tmpdir(), &options, &text, &err), PN_CANCELLED, &err);
    T_EQ_UINT(text.len, 0);
}
