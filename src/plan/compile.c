/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Compiling. The names a query reads are found by parsing, their schemas are registered as stubs,
 * the query is planned and optimised against those, and the optimised plan is turned into canonical
 * Substrait. What the bundle depends on is then read from that plan, not from the text: a table the
 * optimiser proved unnecessary is no input.
 */
#include "base/formats.h"
#include "plan/params.h"
#include "plan/plan.h"
#include "session/policy.h"

#include <stdlib.h>

/* The session hints at the nearest table; a view may be nearer. */
static void hint_at_view(const pn_session *session, const pni_compile_request *request,
                         const char *name, pn_error *err) {
    const char *view = request->nearest ? request->nearest(request->ctx, name) : NULL;
    if (view)
        pni_session_hint_nearest(pni_nearer(name, pni_session_nearest(session, name), view), err);
}

static pn_status ensure_table(pn_session *session, const pni_compile_request *request,
                              const char *name, pn_error *err) {
    const pni_resolved *resolved;
    const pn_bundle *view = request->lookup ? request->lookup(request->ctx, name) : NULL;
    if (view && pni_session_knows(session, name)) /* a table added since the views were compiled */
        return pni_fail(err, PNI_E_VIEW_NAME, "'%s' is both a view and a table", name);
    if (view)
        return pni_session_stub(session, name, &view->schema, err);
    pn_status status = pni_session_resolve(session, name, &resolved, err);
    if (status == PN_NOT_FOUND && err && err->number == PNI_E_TABLE_UNKNOWN)
        hint_at_view(session, request, name, err);
    return status;
}

/* A bundle is a query, whatever the policy; a statement is what the policy allows. */
static pn_status check_statement(const pni_compile_request *request, int32_t policy,
                                 const json_t *parsed, pn_error *err) {
    const char *kind = pni_json_text(parsed, "statement");
    const json_t *kinds = json_object_get(parsed, "kinds");
    uint64_t count = 0;
    pni_json_u64_of(parsed, "count", &count);
    if (count != 1)
        return pni_fail(err, PNI_E_PLAN_STATEMENTS, "the text holds %llu statements, not one",
                        (unsigned long long)count);
    if (request->statement)
        return pni_policy_check(policy, parsed, err);
    for (size_t i = 0; i < json_array_size(kinds); i++)
        if (!pni_streq(json_string_value(json_array_get(kinds, i)), "query"))
            return pni_fail(err, PNI_E_PLAN_NOT_QUERY, "this is %s, not a query",
                            pni_statement_words(pni_streq(kind, "query")
                                                    ? json_string_value(json_array_get(kinds, i))
                                                    : kind));
    return PN_OK;
}

/* What a statement makes need not be there; what it reads must. */
static pn_status ensure_tables(pn_session *session, const pni_compile_request *request,
                               const json_t *parsed, pn_error *err) {
    const char *kind = pni_json_text(parsed, "statement");
    bool makes = pni_starts_with(kind, "create_") || pni_starts_with(kind, "drop_");
    size_t index;
    json_t *table;
    json_array_foreach(json_object_get(parsed, "tables"), index, table) {
        const char *name = json_string_value(table);
        bool is_known = (request->lookup && request->lookup(request->ctx, name)) ||
                        pni_session_knows(session, name);
        if (is_known || !makes)
            PNI_TRY(ensure_table(session, request, name, err));
    }
    return PN_OK;
}

static bool is_pack_function(void *ctx, const char *name) {
    return pni_session_has_table_function(ctx, name);
}

/* One sign is the lambda's in some dialects and an operator in the others: never both in one text.
 */
static pn_status check_lambdas(const json_t *parsed, pn_error *err) {
    const char *dialect = pni_json_text(parsed, "dialect");
    const json_t *stray = json_object_get(parsed, "stray_lambdas");
    const json_t *operators = json_object_get(parsed, "operator_lambdas");
    if (json_array_size(stray))
        return pni_fail(err, PNI_E_LAMBDA_STRAY,
                        "'%.80s' is a lambda in the dialect '%s', and no function takes it there",
                        json_string_value(json_array_get(stray, 0)), dialect);
    if (json_array_size(operators))
        return pni_fail(err, PNI_E_LAMBDA_OPERATOR,
                        "'%.80s' is an operator in the dialect '%s', and a function takes a lambda "
                        "there",
                        json_string_value(json_array_get(operators, 0)), dialect);
    return PN_OK;
}

/*
 * `text` is what is planned: tables in the place of calls; it stays empty when there are none.
 * Those are opened here already, so what they may read is never more than the session may, whoever
 * allowed the statement.
 */
static pn_status parse_sql(pn_session *session, const pni_compile_request *request, json_t **out,
                           pn_buf *text, pn_error *err) {
    int32_t own = pn_session_policy(session);
    int32_t policy = request->policy ? request->policy : own;
    int32_t opens = policy < own ? policy : own;
    PNI_AUTO_PTR(json_t) parsed = NULL;
    if (request->sql.len > PNI_SQL_MAX_BYTES)
        return pni_fail(err, PNI_E_ENGINE_LIMIT, "the SQL text has %zu bytes, more than %u",
                        request->sql.len, PNI_SQL_MAX_BYTES);
    PNI_TRY(pni_engine_sql_tables(pni_session_engine(session), request->sql, &parsed, err));
    PNI_TRY(check_statement(request, policy, parsed, err));
    PNI_TRY(pni_policy_check_reads(opens, parsed, is_pack_function, session, err));
    PNI_TRY(check_lambdas(parsed, err));
    PNI_TRY(pni_params_check(request->params, parsed, err));
    PNI_TRY(pni_session_expand(session, opens, request->sql, parsed, text, err));
    if (text->len == 0) {
        *out = pni_take(parsed);
        return PN_OK;
    }
    return pni_engine_sql_tables(pni_session_engine(session), (pn_bytes){text->data, text->len},
                                 out, err);
}

static pn_status plan_sql(pn_session *session, const pni_compile_request *request,
                          pni_engine_plan **out, pn_error *err) {
    PNI_AUTO_PTR(json_t) parsed = NULL;
    PNI_AUTO_STREAM params = {0};
    PNI_AUTO(pn_buf) text = PN_BUF_INIT;
    PNI_TRY(parse_sql(session, request, &parsed, &text, err));
    PNI_TRY(ensure_tables(session, request, parsed, err));
    PNI_TRY(pni_params_stream(request->params, &params, err));
    const pni_bound_sql bound = {.text =
                                     text.len > 0 ? (pn_bytes){text.data, text.len} : request->sql,
                                 .flags = request->statement ? PNI_SPLIT : 0,
                                 .params = params.release ? &params : NULL};
    PNI_TRY(pni_engine_plan_bound_sql(pni_session_engine(session), PNI_SPACE_IDENTITY, &bound, out,
                                      err));
    if (request->statement)
        return pni_engine_plan_render(*out, PNI_RENDER_REQUEST, NULL, request->statement, err);
    return PN_OK;
}

const pn_bundle *pni_bundle_lookup(void *ctx, const char *name) {
    const pn_bundle *bundle = ctx;
    for (size_t i = 0; i < bundle->n_inputs; i++)
        if (pni_streq(bundle->inputs[i].name, name))
            return bundle->inputs[i].view;
    return NULL;
}

pn_status pni_plan_again(pn_session *session, const pn_bundle *bundle, pni_engine_plan **out,
                         pn_error *err) {
    PNI_AUTO_PTR(json_t) request = NULL;
    if (!bundle->sql)
        return pni_fail(err, PNI_E_ARTIFACT_SOURCE,
                        "bundle %.12s was compiled from Substrait, which is optimised already",
                        bundle->fingerprint);
    const pni_compile_request again = {
        .sql = {(const uint8_t *)bundle->sql, strlen(bundle->sql)},
        .params = bundle->params,
        .policy = PN_SQL_POLICY_ADMIN, /* the kind of statement was allowed when it was compiled */
        .lookup = pni_bundle_lookup,
        .ctx = (void *)(uintptr_t)bundle,
        .statement = &request};
    return plan_sql(session, &again, out, err);
}

static pn_status plan_substrait(pn_session *session, const pni_compile_request *request,
                                pni_engine_plan **out, pn_error *err) {
    PNI_AUTO_PTR(pn_substrait) given = NULL;
    PNI_TRY(pn_substrait_decode(request->substrait, NULL, &given, err));
    for (size_t i = 0; i < pn_substrait_table_count(given); i++)
        PNI_TRY(ensure_table(session, request, pn_substrait_table_at(given, i), err));
    return pni_engine_plan_substrait(pni_session_engine(session), PNI_SPACE_IDENTITY,
                                     pn_substrait_bytes(given), out, err);
}

static pn_status read_inputs(pn_session *session, const pni_compile_request *request,
                             pn_bundle *bundle, pn_error *err) {
    size_t count = pn_substrait_table_count(bundle->substrait);
    bundle->inputs = pni_calloc(count + 1, sizeof *bundle->inputs);
    for (size_t i = 0; i < count; i++) {
        const char *name = pn_substrait_table_at(bundle->substrait, i);
        const pn_bundle *view = request->lookup ? request->lookup(request->ctx, name) : NULL;
        pni_bundle_input *input = &bundle->inputs[bundle->n_inputs++];
        const pni_resolved *resolved;
        input->name = pni_strdup(name);
        if (view) {
            input->view = pn_bundle_ref(view);
            continue;
        }
        PNI_TRY(pni_session_resolve(session, name, &resolved, err));
        input->pin = json_incref(resolved->pin);
    }
    return PN_OK;
}

static pn_status read_schema(pn_session *session, const pn_bundle *bundle, size_t index,
                             json_t **out, pn_error *err) {
    const pni_bundle_input *input = &bundle->inputs[index];
    const struct ArrowSchema *schema = input->view ? &input->view->schema : NULL;
    const pni_resolved *resolved;
    PNI_AUTO_SCHEMA read = {0};
    size_t count = 0;
    const char *const *columns = pn_substrait_table_columns(bundle->substrait, index, &count);
    if (!schema) {
        PNI_TRY(pni_session_resolve(session, input->name, &resolved, err));
        schema = &resolved->schema;
    }
    PNI_TRY(pni_arrow_schema_project(schema, columns, count, &read, err));
    return pni_arrow_schema_json(&read, out, err);
}

pn_status pni_plan_schema(pn_session *session, const pn_bundle *bundle, json_t **out,
                          pn_error *err) {
    PNI_AUTO_PTR(json_t) document = json_object();
    for (size_t i = 0; i < bundle->n_inputs; i++) {
        json_t *read = NULL;
        PNI_TRY(read_schema(session, bundle, i, &read, err));
        json_object_set_new(document, bundle->inputs[i].name, read);
    }
    *out = pni_take(document);
    return PN_OK;
}

static json_t *pins_document(const pn_bundle *bundle) {
    json_t *pins = json_object();
    for (size_t i = 0; i < bundle->n_inputs; i++)
        if (!bundle->inputs[i].view)
            json_object_set(pins, bundle->inputs[i].name, bundle->inputs[i].pin);
    return pins;
}

pn_status pni_plan_check_pinned(const pn_bundle *bundle, pn_error *err) {
    const char *function = pni_substrait_unpinned(bundle->substrait);
    if (!function)
        return PN_OK;
    pn_status status = pni_fail(err, PNI_E_PLAN_UNPINNED,
                                "the table function '%s' does not say what it reads", function);
    pni_error_hint(err,
                   "its pack gives the table no version: query it, or write what it gives to a "
                   "dataset and read that");
    return status;
}

json_t *pni_plan_functions(const pn_substrait *plan) {
    json_t *names = json_array();
    for (size_t i = 0; i < pn_substrait_function_count(plan); i++)
        json_array_append_new(names, json_string(pn_substrait_function_at(plan, i)));
    return names;
}

/* The planners of packs that decided something in the plan; only a session with some is asked. */
static pn_status decided_planners(const pn_session *session, const pni_engine_plan *plan,
                                  json_t **out, pn_error *err) {
    if (json_object_size(pni_session_planners(session)))
        return pni_engine_plan_render(plan, PNI_RENDER_PLANNERS, NULL, out, err);
    *out = json_array();
    return PN_OK;
}

static pn_status make_documents(pn_session *session, const json_t *decided, pn_bundle *bundle,
                                pn_error *err) {
    PNI_AUTO_PTR(json_t) inputs = NULL;
    PNI_AUTO_PTR(json_t) pins = pins_document(bundle);
    PNI_AUTO_PTR(json_t) schema = NULL;
    PNI_AUTO_PTR(json_t) functions = NULL;
    char plan[PNI_SHA256_HEX];
    PNI_TRY(pni_bundle_inputs_document(bundle, &inputs, err));
    PNI_TRY(pni_plan_schema(session, bundle, &schema, err));
    PNI_TRY(pni_session_functions(session, bundle->functions, &functions, err));
    PNI_TRY(pn_substrait_digest(bundle->substrait, plan, err));
    PNI_AUTO_PTR(json_t) tags = pni_session_rewrite_tags(session, functions);
    PNI_AUTO_PTR(json_t) planners = pni_session_planners_of(session, decided);
    bundle->documents =
        json_pack("{s:{s:i, s:s}, s:O, s:O, s:O, s:O, s:O, s:O, s:O, s:O, s:O, s:O}", "plan",
                  "canon", PNI_FORMAT_CANON, "sha256", plan, "inputs", inputs, "pins", pins,
                  "schema", schema, "udf", functions, "rewrite_tags", tags, "domain_planners",
                  planners, "settings", pni_session_identity_settings(session), "planning_env",
                  pni_session_environment(session), "rulepack", pni_session_rulepack(session),
                  "store_policy", pni_session_store_policy(session));
    pni_assert(bundle->documents);
    bundle->versions = pni_session_function_versions(session, functions);
    bundle->components = json_copy((json_t *)(uintptr_t)pni_session_digests(session));
    if (json_array_size(planners)) /* else the session has digested that there are none */
        json_object_del(bundle->components, "domain_planners");
    bundle->snapshot = pni_session_snapshot(session);
    return PN_OK;
}

/* SET, DROP and their like need no rows: what they ask for is all, with the columns they declare.
 */
static bool has_no_rows(const json_t *request) {
    static const char *const kinds[] = {"create_external_table",
                                        "create_function",
                                        "drop_function",
                                        "drop_table",
                                        "drop_view",
                                        "other",
                                        "reset",
                                        "set"};
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
        if (pni_streq(kinds[i], pni_json_text(request, "kind")))
            return true;
    return false;
}

static pn_status declared_columns(const pni_engine_plan *plan, json_t *request, pn_error *err) {
    PNI_AUTO_SCHEMA schema = {0};
    PNI_AUTO_PTR(json_t) columns = NULL;
    PNI_TRY(pni_engine_plan_schema(plan, &schema, err));
    PNI_TRY(pni_arrow_schema_json(&schema, &columns, err));
    json_object_set(request, "schema", columns);
    return PN_OK;
}

/* What the request says of itself. */
static pn_bundle *new_bundle(const pni_compile_request *request) {
    pn_bundle *bundle = pni_calloc(1, sizeof *bundle);
    atomic_init(&bundle->refs, 1);
    bundle->name = request->name ? pni_strdup(request->name) : NULL;
    bundle->params = json_incref((json_t *)(uintptr_t)request->params);
    bundle->options = json_incref((json_t *)(uintptr_t)request->options);
    if (request->sql.data)
        bundle->sql = pni_strndup((const char *)request->sql.data, request->sql.len);
    return bundle;
}

static pn_status plan_request(pn_session *session, const pni_compile_request *request,
                              pni_engine_plan **out, pn_error *err) {
    PNI_TRY(pni_session_check_options(session, err));
    return request->sql.data ? plan_sql(session, request, out, err)
                             : plan_substrait(session, request, out, err);
}

/* All that the plan decides. */
static pn_status fill_bundle(pn_session *session, const pni_compile_request *request,
                             const pni_engine_plan *plan, pn_bundle *bundle, pn_error *err) {
    PNI_AUTO(pn_buf) bytes = PN_BUF_INIT;
    PNI_AUTO_PTR(json_t) decided = NULL;
    PNI_TRY(pni_engine_plan_to_substrait(plan, &bytes, err));
    PNI_TRY(pni_engine_plan_schema(plan, &bundle->schema, err));
    PNI_TRY(pn_substrait_decode((pn_bytes){bytes.data, bytes.len}, NULL, &bundle->substrait, err));
    bundle->functions = pni_plan_functions(bundle->substrait);
    if (request->name) /* a query that is only run may read anything */
        PNI_TRY(pni_plan_check_pinned(bundle, err));
    PNI_TRY(read_inputs(session, request, bundle, err));
    PNI_TRY(decided_planners(session, plan, &decided, err));
    PNI_TRY(make_documents(session, decided, bundle, err));
    return pni_bundle_seal(bundle, err);
}

pn_status pni_plan_compile(pn_session *session, const pni_compile_request *request, pn_bundle **out,
                           pn_error *err) {
    PNI_AUTO_PTR(pni_engine_plan) plan = NULL;
    PNI_AUTO_PTR(pn_bundle) bundle = new_bundle(request);
    PNI_TRY(plan_request(session, request, &plan, err));
    if (request->statement && has_no_rows(*request->statement))
        return declared_columns(plan, *request->statement, err);
    PNI_TRY(fill_bundle(session, request, plan, bundle, err));
    pni_plan_keep(session, bundle, plan);
    *out = pni_take(bundle);
    return PN_OK;
}
