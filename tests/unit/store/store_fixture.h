/* SPDX-License-Identifier: Apache-2.0 */
/* Stores below the case's folder, written by a writer or, for other days, by hand. */
#ifndef PN_TESTS_STORE_FIXTURE_H
#define PN_TESTS_STORE_FIXTURE_H

#include "store/store_priv.h"
#include "t.h"

#include <sys/stat.h>
#include <utime.h>

static inline void fx_finding(pni_recorder *recorder, const char *message) {
    PNI_RECORD(recorder, PNI_RECORD_DIAGNOSTIC, pni_field_text("severity", "info"),
               pni_field_text("code", "test"), pni_field_text("message", message));
}

/* Records findings in the store of `dir` and waits until they are written. */
static inline pni_store_written fx_record(const char *dir, int count) {
    pni_store_written written;
    PNI_AUTO_PTR(pni_recorder) recorder = pni_recorder_new(PNI_RECORDER_BYTES);
    pni_store_writer *writer = pni_store_writer_start(dir, recorder);
    T_ASSERT(writer);
    for (int i = 0; i < count; i++)
        fx_finding(recorder, "a finding");
    pni_store_writer_stop(writer, &written);
    return written;
}

/* Appends one finding of another day. */
static inline void fx_append_day(const char *dir, const char *date) {
    pn_error err = PN_ERROR_INIT;
    PNI_AUTO_PTR(pni_engine_session) session = NULL;
    PNI_AUTO_PTR(pni_engine_table) table = NULL;
    PNI_AUTO_PTR(pni_engine_plan) plan = NULL;
    PNI_AUTO_PTR(json_t) report = NULL;
    PNI_AUTO_PTR(pni_text) uri = pni_store_path(dir, "diagnostics");
    PNI_AUTO_SCHEMA schema = {0};
    PNI_AUTO_ARRAY batch = {0};
    struct ArrowArrayStream stream = {0};
    PNI_AUTO_PTR(json_t)
    rows = json_pack("[{s:i, s:s, s:s, s:s, s:s, s:s}]", "event_time_unix_ms", 1, "event_date",
                     date, "run_id", "r", "severity", "info", "code", "old", "message", "m");
    PNI_AUTO_PTR(json_t)
    request = json_pack("{s:s, s:s, s:s, s:[s]}", "format", "delta", "uri", uri, "mode", "append",
                        "partition_by", "event_date");
    pni_store_schema(PNI_RECORD_DIAGNOSTIC, &schema);
    T_OK(store_session(&session, &err), &err);
    T_OK(pni_arrow_batch_from_json(rows, &schema, &batch, &err), &err);
    T_OK(pni_arrow_stream_of_batch(&schema, &batch, &stream, &err), &err);
    T_OK(pni_engine_table_from_stream(session, &stream, false, &table, &err), &err);
    T_OK(pni_engine_plan_table(session, table, &plan, &err), &err);
    T_OK(pni_engine_plan_write(plan, request, NULL, &report, &err), &err);
}

static inline json_t *fx_list(const char *dir) {
    pn_error err = PN_ERROR_INIT;
    PNI_AUTO(pn_buf) text = PN_BUF_INIT;
    json_t *list = NULL;
    T_OK(pn_store_list(dir, &text, &err), &err);
    T_OK(pni_json_parse(text.data, text.len, "list", &list, &err), &err);
    return list;
}

#endif
