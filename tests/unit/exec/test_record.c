/* SPDX-License-Identifier: Apache-2.0 */
/* What exec tells a recorder, without a store behind it. */
#include "exec_fixture.h"

static json_t *take_kind(pni_recorder *recorder, pni_record_kind kind) {
    json_t *rows[PNI_RECORD_KINDS];
    (void)pni_recorder_take(recorder, 0, rows);
    json_t *wanted = rows[kind] ? rows[kind] : json_array();
    for (pni_record_kind k = 0; k < PNI_RECORD_KINDS; k++)
        if (k != kind)
            json_decref(rows[k]);
    return wanted;
}

T_CASE(events_of_caches_and_fallbacks_are_told) {
    PNI_AUTO_PTR(pni_recorder) recorder = pni_recorder_new(1u << 20);
    PNI_AUTO_PTR(pni_events) events = pni_events_new();
    pni_event_add(events, "options", "run", json_pack("{s:i}", "timeout_ms", 5));
    pni_event_add(events, "cache", "miss", json_pack("{s:s, s:s}", "cache", "plan", "key", "k1"));
    pni_event_add(events, "fallback", "PHYS_NO_CODEC",
                  json_pack("{s:s, s:s}", "instead", "sql", "reason", "at s3://k:secret@b"));
    pni_exec_record_events(NULL, NULL, events); /* nobody listens */
    PNI_AUTO_PTR(pn_session) session = fx_session(NULL);
    PNI_AUTO_PTR(pn_bundle) bundle = fx_query_bundle(session, NULL, "select 1 as a");
    pni_exec_record_events(recorder, bundle, events);
    PNI_AUTO_PTR(json_t) again = take_kind(recorder, PNI_RECORD_FALLBACK);
    const json_t *row = json_array_get(again, 0);
    T_EQ_UINT(json_array_size(again), 1);
    T_EQ_STR(pni_json_text(row, "plan_fingerprint"), pn_bundle_fingerprint(bundle));
    T_EQ_STR(pni_json_text(row, "reason_code"), "PHYS_NO_CODEC");
    T_EQ_STR(pni_json_text(row, "instead"), "sql");
    T_EQ_STR(pni_json_text(row, "message"), "at s3://***@b");
    pni_exec_record_events(recorder, bundle, events);
    PNI_AUTO_PTR(json_t) caches = take_kind(recorder, PNI_RECORD_CACHE_EVENT);
    T_EQ_STR(pni_json_text(json_array_get(caches, 0), "event"), "miss");
    T_EQ_STR(pni_json_text(json_array_get(caches, 0), "key"), "k1");
    T_EQ_UINT(pni_recorder_dropped(recorder), 0);
}

T_CASE(an_execution_without_a_listener_costs_nothing) {
    T_ASSERT(!pni_execution_begin(NULL, NULL));
    pni_execution_rows(NULL, 1);
    pni_execution_failed(NULL, PN_EXEC, NULL);
    pni_execution_done(NULL);
    pni_execution_end_stream(NULL);
    pni_execution_end_write(NULL, NULL, NULL);
}

T_CASE(the_first_failure_of_an_execution_stays) {
    PNI_AUTO_PTR(pni_recorder) recorder = pni_recorder_new(1u << 20);
    PNI_AUTO_PTR(pn_session) session = fx_session(NULL);
    PNI_AUTO_PTR(pn_bundle) bundle = fx_query_bundle(session, NULL, "select 1 as a");
    pn_error err = PN_ERROR_INIT;
    pni_execution *execution = pni_execution_begin(recorder, bundle);
    pn_status status = pni_fail(&err, PNI_E_EXEC_TIMEOUT, "first");
    pni_execution_rows(execution, 3);
    pni_execution_failed(execution, status, &err);
    pni_execution_failed(execution, PN_CANCELLED, NULL);
    pni_execution_end_stream(execution);
    PNI_AUTO_PTR(json_t) rows = take_kind(recorder, PNI_RECORD_EXECUTION);
    const json_t *row = json_array_get(rows, 0);
    T_EQ_STR(pni_json_text(row, "status"), "failed");
    T_EQ_STR(pni_json_text(row, "error"), "first");
    T_EQ_INT(json_integer_value(json_object_get(row, "row_count")), 3);
}
