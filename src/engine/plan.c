/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Plans: from SQL, Substrait or a table; to Substrait, text, rows or files. Parsing and planning
 * run on the engine's own threads with large stacks, so a call here may come from a thread with a
 * small one. SQL and plan bytes are bounded here, before the engine copies them.
 */
#include "engine/engine_priv.h"

static pni_engine_plan *own_plan(pne_plan *plan) {
    return (pni_engine_plan *)(void *)plan;
}

static pn_status check_size(pn_bytes bytes, size_t max_bytes, const char *what, pn_error *err) {
    if (bytes.len > max_bytes) {
        return pni_fail(err, PNI_E_ENGINE_LIMIT,
                        "the %s has %zu bytes, more than the ceiling of %zu", what, bytes.len,
                        max_bytes);
    }
    return PN_OK;
}

pn_status pni_engine_sql_tables(const pni_engine_session *session, pn_bytes sql, json_t **out,
                                pn_error *err) {
    PNI_TRY(check_size(sql, PNI_SQL_MAX_BYTES, "SQL text", err));
    PNI_AUTO(pn_buf) text = PN_BUF_INIT;
    int32_t status = pne_sql_tables(engine_session(session), (const char *)sql.data, sql.len,
                                    pni_buf_sink, &text, err);
    return pni_engine_json_result(status, &text, "table list of the engine", out, err);
}

pn_status pni_engine_sql_calls(const pni_engine_session *session, pn_bytes sql, json_t **out,
                               pn_error *err) {
    PNI_TRY(check_size(sql, PNI_SQL_MAX_BYTES, "SQL text", err));
    PNI_AUTO(pn_buf) text = PN_BUF_INIT;
    int32_t status = pne_sql_calls(engine_session(session), (const char *)sql.data, sql.len,
                                   /* relations_json= */ NULL, pni_buf_sink, &text, err);
    return pni_engine_json_result(status, &text, "list of calls of the engine", out, err);
}

pn_status pni_engine_sql_replace(const pni_engine_session *session, pn_bytes sql,
                                 const json_t *relations, pn_buf *out, pn_error *err) {
    PNI_TRY(check_size(sql, PNI_SQL_MAX_BYTES, "SQL text", err));
    PNI_AUTO_PTR(pni_text) json = json_dumps(relations, JSON_COMPACT);
    return pni_engine_finish(pne_sql_calls(engine_session(session), (const char *)sql.data, sql.len,
                                           json, pni_buf_sink, out, err),
                             err);
}

pn_status pni_engine_plan_sql(const pni_engine_session *session, pni_space space, pn_bytes sql,
                              uint32_t flags, pni_engine_plan **out, pn_error *err) {
    const pni_bound_sql bound = {.text = sql, .flags = flags};
    return pni_engine_plan_bound_sql(session, space, &bound, out, err);
}

/* The engine says SCHEMA of a parameter that does not fit, and begins the message with its name. */
static bool is_about_parameter(int32_t status, const pn_error *err) {
    return status == PN_SCHEMA && err && pni_starts_with(err->message, "parameter '$");
}

/* The same story as a failure of ours, which is the caller's to correct. */
static pn_status parameter_failed(pn_error *err) {
    const pn_error theirs = *err;
    pn_status status = pni_fail(err, PNI_E_PARAM_TYPE, "%s", theirs.message);
    pni_error_detail(err, "%s", theirs.detail);
    return status;
}

pn_status pni_engine_plan_bound_sql(const pni_engine_session *session, pni_space space,
                                    const pni_bound_sql *sql, pni_engine_plan **out,
                                    pn_error *err) {
    pne_plan *plan = NULL;
    pn_status size = check_size(sql->text, PNI_SQL_MAX_BYTES, "SQL text", err);
    if (size != PN_OK) {
        if (sql->params)
            pni_auto_release_stream(sql->params);
        return size;
    }
    int32_t status =
        pne_plan_sql(engine_session(session), (int32_t)space, (const char *)sql->text.data,
                     sql->text.len, sql->flags, sql->params, &plan, err);
    if (sql->params && is_about_parameter(status, err))
        return parameter_failed(err);
    PNI_TRY(pni_engine_finish(status, err));
    *out = own_plan(plan);
    return PN_OK;
}

pn_status pni_engine_plan_substrait(const pni_engine_session *session, pni_space space,
                                    pn_bytes plan, pni_engine_plan **out, pn_error *err) {
    PNI_TRY(check_size(plan, PNI_PLAN_MAX_BYTES, "Substrait plan", err));
    pne_plan *made = NULL;
    PNI_TRY(pni_engine_finish(pne_plan_substrait(engine_session(session), (int32_t)space, plan.data,
                                                 plan.len, &made, err),
                              err));
    *out = own_plan(made);
    return PN_OK;
}

pn_status pni_engine_plan_restore(const pni_engine_session *session, pni_space space, pn_bytes kept,
                                  pni_engine_plan **out, pn_error *err) {
    PNI_TRY(check_size(kept, PNI_PLAN_MAX_BYTES, "kept plan", err));
    pne_plan *made = NULL;
    PNI_TRY(pni_engine_finish(
        pne_plan_restore(engine_session(session), (int32_t)space, kept.data, kept.len, &made, err),
        err));
    *out = own_plan(made);
    return PN_OK;
}

pn_status pni_engine_plan_table(const pni_engine_session *session, const pni_engine_table *table,
                                pni_engine_plan **out, pn_error *err) {
    pne_plan *plan = NULL;
    PNI_TRY(pni_engine_finish(
        pne_plan_table(engine_session(session), engine_table(table), &plan, err), err));
    *out = own_plan(plan);
    return PN_OK;
}

/* The engine calls its sink on success only, but a caller's buffer is touched only when all went
 * well. */
static pn_status append_result(int32_t status, const pn_buf *made, pn_buf *out, pn_error *err) {
    PNI_TRY(pni_engine_finish(status, err));
    pni_buf_append(out, made->data, made->len);
    return PN_OK;
}

pn_status pni_engine_plan_to_substrait(const pni_engine_plan *plan, pn_buf *out, pn_error *err) {
    PNI_AUTO(pn_buf) made = PN_BUF_INIT;
    int32_t status = pne_plan_to_substrait(engine_plan(plan), pni_buf_sink, &made, err);
    return append_result(status, &made, out, err);
}

pn_status pni_engine_plan_schema(const pni_engine_plan *plan, struct ArrowSchema *out,
                                 pn_error *err) {
    return pni_engine_finish(pne_plan_schema(engine_plan(plan), out, err), err);
}

pn_status pni_engine_plan_explain(const pni_engine_plan *plan, int kind, pn_cancel *cancel,
                                  pn_buf *out, pn_error *err) {
    PNI_AUTO(pn_buf) made = PN_BUF_INIT;
    const pne_cancel *token = NULL;
    PNI_TRY(pni_cancel_check(cancel, err));
    PNI_TRY(pni_engine_token(cancel, &token, err));
    int32_t status = pne_plan_explain(engine_plan(plan), kind, token, pni_buf_sink, &made, err);
    return append_result(status, &made, out, err);
}

pn_status pni_engine_plan_render(const pni_engine_plan *plan, int kind, pn_cancel *cancel,
                                 json_t **out, pn_error *err) {
    PNI_AUTO(pn_buf) made = PN_BUF_INIT;
    PNI_TRY(pni_engine_plan_explain(plan, kind, cancel, &made, err));
    return pni_engine_json_result(PN_OK, &made, "rendering of the engine", out, err);
}

pn_status pni_engine_plan_write(const pni_engine_plan *plan, const json_t *request,
                                pn_cancel *cancel, json_t **report_out, pn_error *err) {
    PNI_TRY(pni_cancel_check(cancel, err));
    const pne_cancel *token = NULL;
    PNI_TRY(pni_engine_token(cancel, &token, err));
    PNI_AUTO(pn_buf) text = PN_BUF_INIT;
    PNI_AUTO(pn_buf) report = PN_BUF_INIT;
    pni_engine_json_text(request, &text);
    int32_t status =
        pne_plan_write(engine_plan(plan), pni_buf_text(&text), token, pni_buf_sink, &report, err);
    return pni_engine_json_result(status, &report, "write report of the engine", report_out, err);
}

void pni_engine_plan_free(pni_engine_plan *plan) {
    pne_plan_free((pne_plan *)(void *)plan);
}
