/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Results. The stream a caller gets wraps the engine's: it keeps what the rows stand on (stage,
 * deadline, session) until it is released, so that a stream may outlive the result, the bundle and
 * the session's variable.
 */
#include "exec/exec_priv.h"

#include <errno.h>

typedef struct guarded_stream {
    struct ArrowArrayStream inner;
    pni_stream_base base;
    pn_buf error; /* the engine's words without credentials */
} guarded_stream;

static int guarded_code(guarded_stream *guarded, int code) {
    if (!code)
        return 0;
    if (guarded->base.deadline && pni_deadline_passed(guarded->base.deadline))
        code = ETIMEDOUT;
    if (guarded->base.execution) {
        pn_error err = PN_ERROR_INIT;
        pn_status status = pn_result_stream_error(&guarded->inner, code, &err);
        pni_execution_failed(guarded->base.execution, status, &err);
    }
    return code;
}

static int guarded_get_schema(struct ArrowArrayStream *stream, struct ArrowSchema *out) {
    guarded_stream *guarded = stream->private_data;
    return guarded_code(guarded, guarded->inner.get_schema(&guarded->inner, out));
}

static int guarded_get_next(struct ArrowArrayStream *stream, struct ArrowArray *out) {
    guarded_stream *guarded = stream->private_data;
    int code = guarded->inner.get_next(&guarded->inner, out);
    if (code)
        return guarded_code(guarded, code);
    if (out->release)
        pni_execution_rows(guarded->base.execution, out->length);
    else
        pni_execution_done(guarded->base.execution);
    return 0;
}

static const char *guarded_get_last_error(struct ArrowArrayStream *stream) {
    guarded_stream *guarded = stream->private_data;
    const char *text = guarded->inner.get_last_error(&guarded->inner);
    if (!text)
        return NULL;
    pni_buf_clear(&guarded->error);
    pni_redact(text, strlen(text), &guarded->error);
    return pni_buf_text(&guarded->error);
}

static void guarded_release(struct ArrowArrayStream *stream) {
    guarded_stream *guarded = stream->private_data;
    pni_auto_release_stream(&guarded->inner);
    pni_execution_end_stream(guarded->base.execution);
    pni_deadline_free(guarded->base.deadline);
    pni_stage_free(guarded->base.stage);
    pn_buf_dispose(&guarded->error);
    pni_free(guarded);
    memset(stream, 0, sizeof *stream);
}

void pni_stream_guard(struct ArrowArrayStream *inner, pni_stream_base base,
                      struct ArrowArrayStream *out) {
    guarded_stream *guarded = pni_calloc(1, sizeof *guarded);
    guarded->inner = *inner;
    guarded->base = base;
    memset(inner, 0, sizeof *inner);
    *out = (struct ArrowArrayStream){.get_schema = guarded_get_schema,
                                     .get_next = guarded_get_next,
                                     .get_last_error = guarded_get_last_error,
                                     .release = guarded_release,
                                     .private_data = guarded};
}

pn_status pn_result_stream_error(struct ArrowArrayStream *stream, int code, pn_error *err) {
    if (!stream || !code)
        return pni_fail(err, PNI_E_ARGUMENT, "pn_result_stream_error: there is no failed stream");
    if (code == ETIMEDOUT)
        return pni_fail(err, PNI_E_EXEC_TIMEOUT, "the query ran longer than its stated time");
    return pni_engine_stream_error(stream, code, err);
}

pn_result *pni_result_new(int32_t kind, const pn_bundle *bundle) {
    pn_result *result = pni_calloc(1, sizeof *result);
    result->kind = kind;
    result->bundle = pn_bundle_ref(bundle);
    result->events = pni_events_new();
    return result;
}

void pni_event_options(pni_events *events, const char *code, const pn_session *session,
                       const pn_exec_options *options) {
    pni_event_add(events, "options", code,
                  json_pack("{s:s, s:o}", "policy", pn_sql_policy_name(pn_session_policy(session)),
                            "timeout_ms", pni_json_u64(options->timeout_ms)));
}

pn_status pni_result_of_rows(const json_t *rows, const char *type, const pn_bundle *bundle,
                             pn_result **out, pn_error *err) {
    PNI_AUTO_SCHEMA schema = {0};
    PNI_AUTO_ARRAY batch = {0};
    PNI_AUTO_PTR(pn_result) result = pni_result_new(PN_RESULT_STREAM, bundle);
    PNI_TRY(pni_arrow_type_parse(type, &schema, err));
    PNI_TRY(pni_arrow_batch_from_json(rows, &schema, &batch, err));
    PNI_TRY(pni_arrow_stream_of_batch(&schema, &batch, &result->stream, err));
    *out = pni_take(result);
    return PN_OK;
}

void pni_result_replayed(pn_result *result, const pni_stage *stage) {
    const pni_replay *replay = pni_stage_replay(stage);
    PNI_AUTO_PTR(json_t) events = pni_events_json(replay->events);
    size_t index;
    json_t *event;
    result->replay = replay->last;
    json_array_foreach(events, index, event)
        pni_event_add(result->events, pni_json_text(event, "kind"), pni_json_text(event, "code"),
                      json_incref(json_object_get(event, "detail")));
}

int32_t pn_result_kind(const pn_result *result) {
    return result ? result->kind : 0;
}

pn_status pn_result_stream(pn_result *result, struct ArrowArrayStream *stream_out, pn_error *err) {
    if (!result || !stream_out)
        return pni_fail(err, PNI_E_ARGUMENT,
                        "pn_result_stream: result and stream_out must not be NULL");
    if (!result->stream.release)
        return pni_fail(err, PNI_E_RESULT_TAKEN, "bundle %.12s: the result holds no rows to take",
                        result->bundle ? pn_bundle_fingerprint(result->bundle) : "none");
    *stream_out = result->stream;
    memset(&result->stream, 0, sizeof result->stream);
    return PN_OK;
}

pn_status pn_result_json(const pn_result *result, pn_buf *json_out, pn_error *err) {
    if (!result || !json_out)
        return pni_fail(err, PNI_E_ARGUMENT,
                        "pn_result_json: result and json_out must not be NULL");
    static const char *const kinds[] = {"", "stream", "write", "done"};
    PNI_AUTO_PTR(json_t)
    json = json_pack("{s:s, s:s*, s:s}", "kind", kinds[result->kind], "fingerprint",
                     pn_bundle_fingerprint(result->bundle), "replay",
                     result->replay == PN_REPLAY_SQL ? "sql" : "substrait");
    if (result->statement)
        json_object_set(json, "statement", result->statement);
    if (result->report)
        json_object_set(json, "write", result->report);
    if (result->diagnostics)
        json_object_set(json, "diagnostics", result->diagnostics);
    return pni_json_canonical(json, json_out, err);
}

pn_status pn_result_events(const pn_result *result, pn_buf *json_out, pn_error *err) {
    if (!result || !json_out)
        return pni_fail(err, PNI_E_ARGUMENT,
                        "pn_result_events: result and json_out must not be NULL");
    PNI_AUTO_PTR(json_t) events = pni_events_json(result->events);
    return pni_json_canonical(events, json_out, err);
}

void pn_result_free(pn_result *result) {
    if (!result)
        return;
    pni_auto_release_stream(&result->stream);
    pn_bundle_unref(result->bundle);
    json_decref(result->report);
    json_decref(result->diagnostics);
    json_decref(result->statement);
    pni_events_free(result->events);
    pni_free(result);
}
