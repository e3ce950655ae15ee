/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What exec tells a recorder. The rows are of the tables of base/records.def; who keeps them, and
 * where, is not known here. Nothing of this can fail a run: what cannot be told is left out.
 */
#include "exec/exec.h"

#include <time.h>

struct pni_execution {
    pni_recorder *recorder;
    pn_bundle *bundle;
    int64_t start_unix_ms;
    struct timespec start;
    int64_t rows;
    bool is_done; /* all rows were taken */
    pn_status status;
    pn_error error;
};

static const char *status_text(pn_status status) {
    return status == PN_OK ? "ok" : status == PN_CANCELLED ? "cancelled" : "failed";
}

/* ---- plans --------------------------------------------------------------------------------- */

static void record_plan(pni_recorder *recorder, const pn_bundle *bundle) {
    PNI_AUTO_PTR(json_t) schema = NULL;
    PNI_AUTO_PTR(json_t) tables = json_array();
    for (size_t i = 0; i < bundle->n_inputs; i++)
        json_array_append_new(tables, json_string(bundle->inputs[i].name));
    if (pni_arrow_schema_json(&bundle->schema, &schema, NULL) != PN_OK)
        schema = json_array();
    PNI_RECORD(recorder, PNI_RECORD_PLAN, pni_field_text("view_name", bundle->name),
               pni_field_text("plan_fingerprint", bundle->fingerprint),
               pni_field_json("components", bundle->components),
               pni_field_texts("referenced_tables", tables),
               pni_field_texts("required_udfs", bundle->functions),
               pni_field_json("schema", schema),
               pni_field_int("substrait_bytes", (int64_t)pn_bundle_substrait(bundle).len));
}

static void record_pin(pni_recorder *recorder, const pn_bundle *bundle,
                       const pni_bundle_input *input, const pni_resolved *resolved) {
    const json_t *delta = json_object_get(resolved->evidence, "delta");
    PNI_RECORD(recorder, PNI_RECORD_PIN, pni_field_text("view_name", bundle->name),
               pni_field_text("plan_fingerprint", bundle->fingerprint),
               pni_field_text("dataset", input->name),
               pni_field_text("format", pni_json_text(input->pin, "format")),
               pni_field_json("pin", input->pin),
               pni_field_text("uri", pni_json_text(resolved->evidence, "uri")),
               pni_field_text("table_id", pni_json_text(delta, "table_id")),
               pni_field_decimal("delta_version", delta, "version"),
               pni_field_decimal("delta_timestamp_ms", delta, "timestamp_ms"));
}

static void record_diagnostics(pni_recorder *recorder, const char *dataset,
                               const pni_resolved *resolved) {
    size_t i;
    json_t *finding;
    json_array_foreach(resolved->diagnostics, i, finding) PNI_RECORD(
        recorder, PNI_RECORD_DIAGNOSTIC, pni_field_text("severity", "info"),
        pni_field_text("code", pni_json_text(finding, "code")), pni_field_text("object", dataset),
        pni_field_text("message", pni_json_text(finding, "message")));
}

static void record_inputs(pni_recorder *recorder, pn_session *session, const pn_bundle *bundle,
                          pni_map *told) {
    for (size_t i = 0; i < bundle->n_inputs; i++) {
        const pni_bundle_input *input = &bundle->inputs[i];
        const pni_resolved *resolved;
        if (input->view || pni_session_resolve(session, input->name, &resolved, NULL) != PN_OK)
            continue;
        record_pin(recorder, bundle, input, resolved);
        if (!pni_map_has(told, input->name))
            record_diagnostics(recorder, input->name, resolved);
        pni_map_put(told, input->name, told);
    }
}

static void record_input_column(pni_recorder *recorder, const pn_bundle *bundle,
                                const json_t *output, const json_t *input) {
    PNI_RECORD(recorder, PNI_RECORD_LINEAGE, pni_field_text("view_name", bundle->name),
               pni_field_text("plan_fingerprint", bundle->fingerprint),
               pni_field_text("output_column", pni_json_text(output, "name")),
               pni_field_bool("complete", json_is_true(json_object_get(output, "complete"))),
               pni_field_text("input_table", pni_json_text(input, "table")),
               pni_field_text("input_column", pni_json_text(input, "column")),
               pni_field_text("role", pni_json_text(input, "role")),
               pni_field_text("kind", pni_json_text(input, "kind")));
}

static void record_lineage(pni_recorder *recorder, const pn_bundle *bundle) {
    PNI_AUTO_PTR(json_t) lineage = NULL;
    size_t o;
    size_t i;
    json_t *output;
    json_t *input;
    if (pni_lineage_of(bundle->substrait, &lineage, NULL) != PN_OK)
        return;
    json_array_foreach(json_object_get(lineage, "outputs"), o, output) {
        json_t *inputs = json_object_get(output, "inputs");
        json_array_foreach(inputs, i, input) record_input_column(recorder, bundle, output, input);
        if (!json_array_size(inputs))
            record_input_column(recorder, bundle, output, NULL);
    }
}

void pni_exec_record_plans(pn_session *session, const pn_bundle *const *roots, size_t n_roots) {
    PNI_AUTO_PTR(pni_recorder) recorder = pni_session_recorder(session);
    size_t count;
    if (!recorder)
        return;
    PNI_AUTO_PTR(pni_map) told = pni_map_new();
    const pn_bundle **bundles = pni_bundle_closure(roots, n_roots, &count);
    PNI_SESSION_GUARD(session);
    for (size_t b = 0; b < count; b++) {
        record_plan(recorder, bundles[b]);
        record_inputs(recorder, session, bundles[b], told);
        record_lineage(recorder, bundles[b]);
    }
    pni_free(bundles);
}

void pni_exec_record_differences(pni_recorder *recorder, const json_t *differences) {
    size_t i;
    json_t *entry;
    json_array_foreach((json_t *)(uintptr_t)differences, i, entry) PNI_RECORD(
        recorder, PNI_RECORD_DIAGNOSTIC, pni_field_text("severity", "info"),
        pni_field_text("code", "session_differs"),
        pni_field_text("object", pni_json_text(entry, "what")),
        pni_field_text("message", "the session has others than when the bundle was compiled"),
        pni_field_json("payload", entry));
}

/* Keys that a detail may have by convention (plan/events.h); all of it is kept besides. */
void pni_exec_record_events(pni_recorder *recorder, const pn_bundle *bundle,
                            const pni_events *events) {
    size_t i;
    json_t *event;
    if (!recorder)
        return;
    PNI_AUTO_PTR(json_t) list = pni_events_json(events);
    json_array_foreach(list, i, event) {
        const json_t *detail = json_object_get(event, "detail");
        const char *code = pni_json_text(event, "code");
        if (pni_streq(pni_json_text(event, "kind"), "cache"))
            PNI_RECORD(recorder, PNI_RECORD_CACHE_EVENT, pni_field_text("event", code),
                       pni_field_text("cache", pni_json_text(detail, "cache")),
                       pni_field_text("key", pni_json_text(detail, "key")),
                       pni_field_json("detail", detail));
        else if (pni_streq(pni_json_text(event, "kind"), "fallback"))
            PNI_RECORD(recorder, PNI_RECORD_FALLBACK,
                       pni_field_text("view_name", bundle ? bundle->name : NULL),
                       pni_field_text("plan_fingerprint", pn_bundle_fingerprint(bundle)),
                       pni_field_text("reason_code", code),
                       pni_field_text("instead", pni_json_text(detail, "instead")),
                       pni_field_text("message", pni_json_text(detail, "reason")),
                       pni_field_json("detail", detail));
    }
}

/* ---- executions ---------------------------------------------------------------------------- */

pni_execution *pni_execution_begin(pni_recorder *recorder, const pn_bundle *bundle) {
    if (!recorder)
        return NULL;
    pni_execution *execution = pni_calloc(1, sizeof *execution);
    execution->recorder = pni_recorder_ref(recorder);
    execution->bundle = pn_bundle_ref(bundle);
    execution->start_unix_ms = pni_now_unix_ms();
    clock_gettime(CLOCK_MONOTONIC, &execution->start);
    return execution;
}

void pni_execution_rows(pni_execution *execution, int64_t rows) {
    if (execution)
        execution->rows += rows;
}

void pni_execution_done(pni_execution *execution) {
    if (execution)
        execution->is_done = true;
}

void pni_execution_failed(pni_execution *execution, pn_status status, const pn_error *err) {
    if (!execution || execution->status != PN_OK)
        return;
    execution->status = status;
    if (err)
        execution->error = *err;
}

static int64_t duration_ms(const pni_execution *execution) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)(now.tv_sec - execution->start.tv_sec) * 1000 +
           (now.tv_nsec - execution->start.tv_nsec) / 1000000;
}

static void execution_free(pni_execution *execution) {
    pn_bundle_unref(execution->bundle);
    pni_recorder_unref(execution->recorder);
    pni_free(execution);
}

void pni_execution_end_stream(pni_execution *execution) {
    char number[16];
    if (!execution)
        return;
    const pn_bundle *bundle = execution->bundle;
    bool is_stopped = execution->status == PN_OK && !execution->is_done;
    PNI_RECORD(
        execution->recorder, PNI_RECORD_EXECUTION, pni_field_text("view_name", bundle->name),
        pni_field_text("plan_fingerprint", bundle->fingerprint), pni_field_text("kind", "stream"),
        pni_field_int("start_time_unix_ms", execution->start_unix_ms),
        pni_field_int("duration_ms", duration_ms(execution)),
        pni_field_text("status", is_stopped ? "stopped" : status_text(execution->status)),
        pni_field_int("row_count", execution->rows),
        pni_field_error("error_number", execution->error.number, number),
        pni_field_text("error", execution->status != PN_OK ? execution->error.message : NULL));
    execution_free(execution);
}

void pni_execution_end_write(pni_execution *execution, const json_t *request,
                             const json_t *report) {
    char number[16];
    if (!execution)
        return;
    const pn_bundle *bundle = execution->bundle;
    PNI_RECORD(
        execution->recorder, PNI_RECORD_EXECUTION, pni_field_text("view_name", bundle->name),
        pni_field_text("plan_fingerprint", bundle->fingerprint), pni_field_text("kind", "write"),
        pni_field_int("start_time_unix_ms", execution->start_unix_ms),
        pni_field_int("duration_ms", duration_ms(execution)),
        pni_field_text("status", status_text(execution->status)),
        pni_field_decimal("row_count", report, "rows"),
        pni_field_text("destination", pni_json_text(request, "uri")),
        pni_field_text("format", pni_json_text(request, "format")),
        pni_field_text("mode", pni_json_text(request, "mode")),
        pni_field_decimal("delta_version", report, "version"),
        pni_field_decimal("file_count", report, "files"),
        pni_field_error("error_number", execution->error.number, number),
        pni_field_text("error", execution->status != PN_OK ? execution->error.message : NULL));
    execution_free(execution);
}
