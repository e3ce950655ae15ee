/* Results: taken once, say what they are, and a stream keeps what it stands on. */
#include "exec/exec_priv.h"
#include "exec_fixture.h"

#include <errno.h>

T_CASE(rows_are_taken_once) {
    PNI_AUTO_PTR(pn_session) session = fx_session(NULL);
    PNI_AUTO_PTR(pn_bundle) bundle = fx_query_bundle(session, NULL, "select 1 as k");
    PNI_AUTO_PTR(pn_result) result = NULL;
    struct ArrowArrayStream stream = {0}, again = {0};
    FX_OK(pn_exec_run(session, bundle, NULL, &result, err));
    T_EQ_INT(pn_result_kind(result), PN_RESULT_STREAM);
    FX_OK(pn_result_stream(result, &stream, err));
    FX_FAILS(pn_result_stream(result, &again, err), PNI_E_RESULT_TAKEN,
             pn_bundle_fingerprint(bundle) + 64);
    PNI_AUTO_PTR(pni_text) rows = fx_rows(&stream);
    T_EQ_STR(rows, "1\n");
    T_EQ_INT(pn_result_kind(NULL), 0);
    FX_FAILS(pn_result_stream(NULL, &again, err), PNI_E_ARGUMENT, "result");
}

T_CASE(a_result_describes_itself) {
    PNI_AUTO_PTR(pn_session) session = fx_session(NULL);
    PNI_AUTO_PTR(pn_bundle) bundle = fx_query_bundle(session, NULL, "select 1 as k");
    PNI_AUTO_PTR(pn_result) result = NULL;
    PNI_AUTO(pn_buf) text = PN_BUF_INIT;
    FX_OK(pn_exec_run(session, bundle, NULL, &result, err));
    FX_OK(pn_result_json(result, &text, err));
    PNI_AUTO_PTR(json_t) json = fx_json(&text);
    T_EQ_STR(pni_json_text(json, "kind"), "stream");
    T_EQ_STR(pni_json_text(json, "fingerprint"), pn_bundle_fingerprint(bundle));
    T_ASSERT(!json_object_get(json, "write"));
    FX_FAILS(pn_result_json(NULL, &text, err), PNI_E_ARGUMENT, "result");
}

T_CASE(an_untaken_stream_is_dropped) {
    PNI_AUTO_PTR(pn_session) session = fx_slow_session();
    PNI_AUTO_PTR(pn_bundle) bundle = fx_query_bundle(session, NULL, FX_ENDLESS);
    pn_result *result = NULL;
    FX_OK(pn_exec_run(session, bundle, NULL, &result, err));
    pn_result_free(result); /* cancels what runs; the handle count tells */
    pn_result_free(NULL);
}

T_CASE(a_failure_while_rows_are_pulled_has_a_number) {
    PNI_AUTO_PTR(pn_session) session = fx_session(NULL);
    fx_add_rows(session, "t", "[{\"k\":0}]");
    PNI_AUTO_PTR(pn_bundle) bundle = fx_query_bundle(session, NULL, "select 1 / k as z from t");
    struct ArrowArrayStream stream = {0};
    struct ArrowArray batch = {0};
    fx_run(session, bundle, NULL, &stream);
    int code = stream.get_next(&stream, &batch);
    T_ASSERT(code != 0);
    FX_FAILS(pn_result_stream_error(&stream, code, err), PNI_E_ENGINE_EXEC, NULL);
    FX_FAILS(pn_result_stream_error(&stream, 0, err), PNI_E_ARGUMENT, "stream");
    FX_FAILS(pn_result_stream_error(NULL, EIO, err), PNI_E_ARGUMENT, "stream");
    stream.release(&stream);
}

T_CASE(a_late_failure_is_a_time_out) {
    PNI_AUTO_PTR(pn_session) session = fx_slow_session();
    PNI_AUTO_PTR(pn_bundle) bundle = fx_query_bundle(session, NULL, FX_ENDLESS);
    pn_exec_options options = PN_EXEC_OPTIONS_INIT;
    struct ArrowArrayStream stream = {0};
    struct ArrowArray batch = {0};
    options.timeout_ms = 150;
    fx_run(session, bundle, &options, &stream);
    int code = stream.get_next(&stream, &batch);
    T_EQ_INT(code, ETIMEDOUT);
    FX_FAILS(pn_result_stream_error(&stream, code, err), PNI_E_EXEC_TIMEOUT, "query");
    stream.release(&stream);
}

T_CASE(the_callers_token_cancels_a_stream) {
    PNI_AUTO_PTR(pn_session) session = fx_slow_session();
    PNI_AUTO_PTR(pn_bundle) bundle = fx_query_bundle(session, NULL, FX_ENDLESS);
    PNI_AUTO_PTR(pn_cancel) cancel = pn_cancel_new();
    pn_exec_options options = PN_EXEC_OPTIONS_INIT;
    struct ArrowArrayStream stream = {0};
    struct ArrowArray batch = {0};
    options.cancel = cancel;
    fx_run(session, bundle, &options, &stream);
    pn_cancel_fire(cancel);
    int code = stream.get_next(&stream, &batch);
    T_ASSERT(code != 0);
    FX_FAILS(pn_result_stream_error(&stream, code, err), PNI_E_CANCELLED, NULL);
    stream.release(&stream);
}
