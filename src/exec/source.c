/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Plan sources and compile options, read once and checked before anything is planned. A builder is
 * called here and what it gives passes the same door as SQL and Substrait given directly.
 */
#include "exec/exec_priv.h"

static _Thread_local int builders_running;

bool pni_source_is_building(void) {
    return builders_running > 0;
}

void pni_source_dispose(pni_source *source) {
    pn_buf_dispose(&source->scratch);
    json_decref(source->params);
    json_decref(source->record);
}

static pn_status call_builder(pn_session *session, pni_source *source, pn_error *err) {
    pn_plan_source *ours = &source->given;
    pn_plan_source built = PN_PLAN_SOURCE_INIT;
    builders_running++;
    pn_status status = ours->build(ours->ctx, session, &built, &source->scratch, err);
    builders_running--;
    if (status != PN_OK && err && !err->number) /* a builder that gave no reason */
        return pni_fail(err, PNI_E_PLAN_SOURCE, "the builder of a plan source failed: %s",
                        pn_status_name(status));
    PNI_TRY(status);
    if ((built.sql != NULL) + (built.substrait.data != NULL) != 1 || built.build || built.options)
        return pni_fail(err, PNI_E_PLAN_SOURCE,
                        "the builder gave neither one SQL text nor one Substrait plan");
    ours->sql = built.sql;
    ours->substrait = built.substrait;
    return PN_OK;
}

static bool is_position(const char *name) {
    return *name >= '1' && *name <= '9' && strspn(name, "0123456789") == strlen(name) &&
           strlen(name) < 6;
}

static bool is_name(const char *name) {
    return (*name == '_' || (*name >= 'a' && *name <= 'z')) && strlen(name) <= 128 &&
           strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789_") == strlen(name);
}

static bool is_listed(const pn_compile_options *options, const char *name) {
    for (size_t i = 0; i < options->n_param_names; i++)
        if (pni_streq(options->param_names[i], name))
            return true;
    return !options->param_names;
}

static pn_status check_param_name(const pni_source *source, const char *name, pn_error *err) {
    const pn_compile_options *options = &source->options;
    size_t index;
    json_t *other;
    if (!name || !(is_position(name) || is_name(name)))
        return pni_fail(err, PNI_E_PARAM_NAME, "'%.60s' is no name of a parameter",
                        name ? name : "");
    if (options->param_mode == PN_PARAMS_PREPARED && !is_position(name))
        return pni_fail(err, PNI_E_PARAM_NAME, "parameter '%s' is named, but only positions count",
                        name);
    if (options->param_mode == PN_PARAMS_NAMED && is_position(name))
        return pni_fail(err, PNI_E_PARAM_NAME, "parameter '%s' is a position, but only names count",
                        name);
    if (!is_listed(options, name))
        return pni_fail(err, PNI_E_PARAM_NAME, "parameter '%s' is not on the list of allowed names",
                        name);
    json_array_foreach(source->params, index, other) {
        if (pni_streq(pni_json_text(other, "name"), name))
            return pni_fail(err, PNI_E_PARAM_NAME, "parameter '%s' is given twice", name);
    }
    return PN_OK;
}

int pn_param_type_is(const char *text) {
    PNI_AUTO_SCHEMA field = {0};
    return text && pni_arrow_type_parse(text, &field, NULL) == PN_OK;
}

static bool is_text(const char *text) {
    return !text || pni_utf8_valid(text, strlen(text));
}

static pn_status read_params(pni_source *source, pn_error *err) {
    const pn_compile_options *options = &source->options;
    if (options->n_params && !options->params)
        return pni_fail(err, PNI_E_ARGUMENT, "n_params is %zu but params is NULL",
                        options->n_params);
    source->params = json_array();
    for (size_t i = 0; i < options->n_params; i++) {
        const pn_param *param = &options->params[i];
        PNI_TRY(check_param_name(source, param->name, err));
        if (!is_text(param->value) || !is_text(param->type))
            return pni_fail(err, PNI_E_PARAM_TYPE, "parameter '$%s' is not UTF-8", param->name);
        json_array_append_new(source->params,
                              json_pack("{s:s, s:s?, s:s?}", "name", param->name, "value",
                                        param->value, "type", param->type));
    }
    return PN_OK;
}

/* Names and types of parameters, not their values: a record may be shown to many. */
static json_t *record_of(const pni_source *source, const pn_session *session) {
    static const char *const modes[] = {"any", "prepared", "named"};
    const pn_compile_options *options = &source->options;
    int32_t policy = options->sql_policy ? options->sql_policy : pn_session_policy(session);
    json_t *params = json_array();
    size_t index;
    json_t *param;
    json_array_foreach(source->params, index, param)
        json_array_append_new(params, json_pack("{s:s, s:O}", "name", pni_json_text(param, "name"),
                                                "type", json_object_get(param, "type")));
    return json_pack("{s:s, s:s, s:s, s:o, s:b, s:b, s:b}", "source",
                     source->given.build ? "builder"
                     : source->given.sql ? "sql"
                                         : "substrait",
                     "sql_policy", pn_sql_policy_name(policy), "param_mode",
                     modes[options->param_mode], "params", params, "capture_explain",
                     (options->capture & PN_CAPTURE_EXPLAIN) != 0, "capture_analyze",
                     (options->capture & PN_CAPTURE_ANALYZE) != 0, "capture_validation",
                     (options->capture & PN_CAPTURE_VALIDATION) != 0);
}

static pn_status read_options(const pn_session *session, pni_source *source, pn_error *err) {
    pn_compile_options *ours = &source->options;
    PNI_TRY(pni_options_copy(ours, sizeof *ours, source->given.options, "compile options", err));
    if (ours->sql_policy < 0 || ours->sql_policy > PN_SQL_POLICY_ADMIN)
        return pni_fail(err, PNI_E_SESSION_SETTING, "SQL policy %d is unknown", ours->sql_policy);
    if (ours->param_mode < 0 || ours->param_mode > PN_PARAMS_NAMED)
        return pni_fail(err, PNI_E_SESSION_SETTING, "parameter mode %d is unknown",
                        ours->param_mode);
    if (ours->capture &
        ~(uint32_t)(PN_CAPTURE_EXPLAIN | PN_CAPTURE_ANALYZE | PN_CAPTURE_VALIDATION))
        return pni_fail(err, PNI_E_SESSION_SETTING, "capture %u holds a flag that is none",
                        ours->capture);
    if (ours->sql_policy > pn_session_policy(session))
        ours->sql_policy = 0; /* the session's is narrower */
    return read_params(source, err);
}

pn_status pni_source_read(pn_session *session, const pn_plan_source *theirs, pni_source *out,
                          pn_error *err) {
    pn_plan_source *ours = &out->given;
    PNI_TRY(pni_options_copy(ours, sizeof *ours, theirs, "plan source", err));
    int count = (ours->sql != NULL) + (ours->substrait.data != NULL) + (ours->build != NULL);
    if (count != 1)
        return pni_fail(err, PNI_E_PLAN_SOURCE, "a plan source sets %d of sql, substrait and build",
                        count);
    if (ours->name)
        PNI_TRY(pni_name_check("bundle", ours->name, err));
    PNI_TRY(read_options(session, out, err));
    if (ours->build)
        PNI_TRY(call_builder(session, out, err));
    if (!ours->sql && json_array_size(out->params))
        return pni_fail(err, PNI_E_PARAM_SOURCE, "a Substrait plan takes no parameters, but %zu %s",
                        json_array_size(out->params),
                        json_array_size(out->params) == 1 ? "is given" : "are given");
    out->record = record_of(out, session);
    return PN_OK;
}

pni_compile_request pni_source_request(const pni_source *source, const pn_view_graph *graph) {
    const pn_plan_source *given = &source->given;
    pni_compile_request request = {.name = given->name,
                                   .substrait = given->substrait,
                                   .params = source->params,
                                   .options = source->record,
                                   .policy = source->options.sql_policy,
                                   .lookup = pni_view_lookup,
                                   .nearest = pni_view_nearest,
                                   .ctx = (void *)(uintptr_t)graph};
    if (given->sql)
        request.sql = (pn_bytes){(const uint8_t *)given->sql, strlen(given->sql)};
    return request;
}
