/* SPDX-License-Identifier: Apache-2.0 */
/* Writing: batches become rows, drops are told, and a failure costs rows and nothing else. */
#include "store_fixture.h"

#include <pthread.h>
#include <unistd.h>

static void expect_rows(const char *dir, const char *want) {
    PNI_AUTO_PTR(json_t) list = fx_list(dir);
    T_EQ_UINT(json_array_size(list), 1);
    T_EQ_STR(pni_json_text(json_array_get(list, 0), "table"), "diagnostics");
    T_EQ_STR(pni_json_text(json_array_get(list, 0), "rows"), want);
}

T_CASE(rows_are_appended) {
    pni_store_written written = fx_record(t_tmpdir(), 3);
    T_EQ_UINT(written.rows, 3);
    T_EQ_UINT(written.lost + written.dropped, 0);
    T_EQ_UINT(fx_record(t_tmpdir(), 2).rows, 2);
    expect_rows(t_tmpdir(), "5");
}

T_CASE(nothing_recorded_leaves_nothing) {
    T_EQ_UINT(fx_record(t_tmpdir(), 0).rows, 0);
    PNI_AUTO_PTR(pni_text) folder = pni_path_join(t_tmpdir(), ".pinion");
    T_ASSERT(!pni_path_exists(folder));
}

T_CASE(drops_are_told_by_the_store_itself) {
    pni_store_written written;
    PNI_AUTO_PTR(pni_recorder) recorder = pni_recorder_new(64); /* no room for any */
    pni_store_writer *writer = pni_store_writer_start(t_tmpdir(), recorder);
    fx_finding(recorder, "lost");
    pni_store_writer_stop(writer, &written);
    T_EQ_UINT(written.dropped, 1);
    T_EQ_UINT(written.rows, 1);
    expect_rows(t_tmpdir(), "1");
}

T_CASE(what_cannot_be_written_is_counted) {
    PNI_AUTO_PTR(pni_text) in_the_way = pni_path_join(t_tmpdir(), ".pinion");
    pn_error err = PN_ERROR_INIT;
    T_OK(pni_file_write(in_the_way, "a file", 6, &err), &err);
    pni_store_written written = fx_record(t_tmpdir(), 4);
    T_EQ_UINT(written.rows, 0);
    T_EQ_UINT(written.lost, 4);
    T_ASSERT(written.error.number != 0);
    T_ASSERT(*written.error.message && *written.error.hint);
}

static void *record_some(void *ctx) {
    T_EQ_UINT(fx_record(ctx, 10).rows, 10);
    return NULL;
}

/* Two builds of other projects may share nothing, two commands of one project share the tables. */
T_CASE(writers_race_for_the_first_version) {
    pthread_t threads[4];
    char *dir = (char *)(uintptr_t)t_tmpdir();
    for (int i = 0; i < 4; i++)
        T_EQ_INT(pthread_create(&threads[i], NULL, record_some, dir), 0);
    for (int i = 0; i < 4; i++)
        pthread_join(threads[i], NULL);
    expect_rows(dir, "40");
}
