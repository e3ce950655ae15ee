/* SPDX-License-Identifier: Apache-2.0 */
/* The facade: every run is the same four steps: compile to a bundle, compare what it stands on,
 * stage upstream views, plan its Substrait. */
#include "archive/archive.h"
#include "exec/exec_priv.h"

pn_status pn_exec_compile(pn_session *session, const pn_view_graph *graph,
                          const pn_plan_source *theirs, pn_bundle **bundle_out, pn_error *err) {
    PNI_AUTO(pni_source) source = {0};
    PNI_AUTO_PTR(pn_bundle) bundle = NULL;
    if (!session || !theirs || !bundle_out)
        return pni_fail(err, PNI_E_ARGUMENT,
                        "pn_exec_compile: session, source and bundle_out must not be NULL");
    {
        PNI_SESSION_GUARD(session);
        PNI_TRY(pni_source_read(session, theirs, &source, err));
        const pni_compile_request request = pni_source_request(&source, graph);
        PNI_TRY(pni_plan_compile(session, &request, &bundle, err));
    }
    PNI_TRY(pni_artifact_capture(session, bundle, source.options.capture, err));
    pni_exec_record_plans(session, (const pn_bundle *const *)&bundle, 1);
    *bundle_out = pni_take(bundle);
    return PN_OK;
}

pn_status pni_exec_plan(const pni_artifact_job *where, pni_stage **stage, pni_engine_plan **out,
                        pn_error *err) {
    pn_exec_options options = PN_EXEC_OPTIONS_INIT;
    options.cancel = where->cancel;
    PNI_TRY(pni_stage_new(where->session, &where->bundle, 1, &options, stage, err));
    return pni_stage_plan(*stage, where->bundle, out, err);
}

pn_status pn_exec_run(pn_session *session, const pn_bundle *bundle, const pn_exec_options *theirs,
                      pn_result **result_out, pn_error *err) {
    pn_exec_options options;
    struct ArrowArrayStream inner = {0};
    PNI_AUTO_PTR(pni_stage) stage = NULL;
    PNI_AUTO_PTR(pni_engine_plan) plan = NULL;
    PNI_AUTO_PTR(json_t) diagnostics = NULL;
    if (!session || !bundle || !result_out)
        return pni_fail(err, PNI_E_ARGUMENT,
                        "pn_exec_run: session, bundle and result_out must not be NULL");
    PNI_TRY(pni_options_copy(&options, sizeof options, theirs, "exec options", err));
    PNI_AUTO_PTR(pni_recorder) recorder = pni_session_recorder(session);
    pni_execution *execution = pni_execution_begin(recorder, bundle);
    PNI_AUTO_PTR(pni_deadline) deadline = pni_deadline_new(options.cancel, options.timeout_ms);
    options.cancel = pni_deadline_cancel(deadline);
    PNI_AUTO_PTR(pn_result) result = pni_result_new(PN_RESULT_STREAM, bundle);
    pni_event_options(result->events, "run", session, &options);
    pn_status status = pni_stage_new(session, &bundle, 1, &options, &stage, err);
    if (status == PN_OK)
        status = pni_stage_plan(stage, bundle, &plan, err);
    if (status == PN_OK) {
        PNI_SESSION_GUARD(session);
        diagnostics = pni_plan_diagnose(session, bundle);
    }
    if (status == PN_OK)
        status = pni_engine_plan_execute(plan, options.cancel, &inner, err);
    status = pni_deadline_status(deadline, status, bundle, err);
    if (status != PN_OK) {
        pni_execution_failed(execution, status, err);
        pni_execution_end_stream(execution);
        return status;
    }
    pni_exec_record_differences(recorder, diagnostics);
    pni_exec_record_events(recorder, bundle, result->events);
    result->diagnostics = pni_take(diagnostics);
    pni_result_replayed(result, stage);
    pni_stream_base base = {pni_take(stage), pni_take(deadline), execution};
    pni_stream_guard(&inner, base, &result->stream);
    *result_out = pni_take(result);
    return PN_OK;
}

static void put_need(const json_t *need, pn_buf *out) {
    const char *problem = pni_json_text(need, "problem");
    const char *reason = pni_json_text(need, "have"); /* of what cannot be read */
    bool differs = pni_streq(problem, "differs");
    pni_buf_printf(out, "%s '%s' %s%s", pni_json_text(need, "kind"), pni_json_text(need, "name"),
                   differs ? "" : "is ", problem);
    if (reason && !differs)
        pni_buf_printf(out, ": %s", reason);
}

/* The first by name, all of them in the detail. */
static pn_status name_needs(const pn_bundle *bundle, const json_t *needs, pn_error *err) {
    PNI_AUTO(pn_buf) all = PN_BUF_INIT;
    const json_t *first = json_array_get(needs, 0);
    size_t index;
    json_t *need;
    json_array_foreach(needs, index, need) {
        pni_buf_puts(&all, index ? ", " : "");
        put_need(need, &all);
    }
    pn_status status = pni_fail(
        err, PNI_E_REPLAY_NEEDS,
        "bundle %.12s needs %zu thing%s that %s missing here or differ%s, the first: %s '%s'",
        bundle->fingerprint, json_array_size(needs), json_array_size(needs) == 1 ? "" : "s",
        json_array_size(needs) == 1 ? "is" : "are", json_array_size(needs) == 1 ? "s" : "",
        pni_json_text(first, "kind"), pni_json_text(first, "name"));
    pni_error_detail(err, "%s", pni_buf_text(&all));
    return status;
}

pn_status pn_exec_needs(pn_session *session, const pn_bundle *bundle, pn_buf *needs_out,
                        pn_error *err) {
    size_t count;
    if (!session || !bundle)
        return pni_fail(err, PNI_E_ARGUMENT, "pn_exec_needs: session and bundle must not be NULL");
    PNI_AUTO_PTR(json_t) needs = json_array();
    const pn_bundle **closure = pni_bundle_closure(&bundle, 1, &count);
    pn_status status = PN_OK;
    {
        PNI_SESSION_GUARD(session);
        for (size_t i = 0; status == PN_OK && i < count; i++)
            status = pni_plan_needs(session, closure[i], needs, err);
        for (size_t i = 0; status == PN_OK && i < count && !json_array_size(needs); i++)
            status = pni_plan_check(session, closure[i], err);
    }
    pni_free(closure);
    PNI_TRY(status);
    if (needs_out)
        PNI_TRY(pni_json_canonical(needs, needs_out, err));
    return json_array_size(needs) ? name_needs(bundle, needs, err) : PN_OK;
}

pn_status pn_exec_ensure_view_graph(pn_session *session, pn_view_graph *graph,
                                    const pn_exec_options *theirs, pn_error *err) {
    pn_exec_options options;
    if (!session || !graph)
        return pni_fail(err, PNI_E_ARGUMENT,
                        "pn_exec_ensure_view_graph: session and graph must not be NULL");
    PNI_TRY(pni_options_copy(&options, sizeof options, theirs, "exec options", err));
    if (pni_view_graph_is_compiled(graph, session))
        return PN_OK;
    return pn_view_graph_compile(graph, session, options.cancel, err);
}

static int explain_kind(const char *kind) {
    static const char *const kinds[] = {"logical", "optimized", "physical", "analyze"};
    for (int i = 0; i < 4; i++)
        if (pni_streq(kind, kinds[i]))
            return i;
    return -1;
}

pn_status pn_exec_explain(pn_session *session, const pn_bundle *bundle, const char *kind,
                          const pn_exec_options *theirs, pn_buf *text_out, pn_error *err) {
    pn_exec_options options;
    PNI_AUTO_PTR(pni_stage) stage = NULL;
    PNI_AUTO_PTR(pni_engine_plan) plan = NULL;
    if (!session || !bundle || !kind || !text_out)
        return pni_fail(err, PNI_E_ARGUMENT,
                        "pn_exec_explain: session, bundle, kind and text_out must not be NULL");
    if (pni_streq(kind, "substrait"))
        return pn_substrait_text(bundle->substrait, text_out, err);
    if (explain_kind(kind) < 0)
        return pni_fail(err, PNI_E_EXPLAIN_KIND, "there is no explain kind '%s'", kind);
    PNI_TRY(pni_options_copy(&options, sizeof options, theirs, "exec options", err));
    PNI_AUTO_PTR(pni_deadline) deadline = pni_deadline_new(options.cancel, options.timeout_ms);
    const pni_artifact_job where = {
        .session = session, .bundle = bundle, .cancel = pni_deadline_cancel(deadline)};
    pn_status status = pni_exec_plan(&where, &stage, &plan, err);
    if (status == PN_OK)
        status = pni_engine_plan_explain(plan, explain_kind(kind), where.cancel, text_out, err);
    return pni_deadline_status(deadline, status, bundle, err);
}
