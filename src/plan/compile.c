/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Compiling. The names a query reads are found by parsing, their schemas are registered as stubs,
 * the query is planned and optimised against those, and the optimised plan is turned into canonical
 * Substrait. What the bundle depends on is then read from that plan, not from the text: a table the
 * optimiser proved unnecessary is no input.
 */
#include "base/formats.h"
#include "plan/plan.h"

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

static pn_status check_statement(const json_t *parsed, pn_error *err) {
    const char *kind = pni_json_text(parsed, "statement");
    uint64_t count = 0;
    pni_json_u64_of(parsed, "count", &count);
    if (count != 1)
        return pni_fail(err, PNI_E_PLAN_STATEMENTS, "the text holds %llu statements, not one",
                        (unsigned long long)count);
    if (!pni_streq(kind, "query"))
        return pni_fail(err, PNI_E_PLAN_NOT_QUERY, "this is a statement of kind '%s', not a query",
                        kind ? kind : "unknown");
    return PN_OK;
}

static pn_status plan_sql(pn_session *session, const pni_compile_request *request,
                          pni_engine_plan **out, pn_error *err) {
    PNI_AUTO_PTR(json_t) parsed = NULL;
    size_t index;
    json_t *table;
    if (request->sql.len > PNI_SQL_MAX_BYTES)
        return pni_fail(err, PNI_E_ENGINE_LIMIT, "the SQL text has %zu bytes, more than %u",
                        request->sql.len, PNI_SQL_MAX_BYTES);
    PNI_TRY(pni_engine_sql_tables(pni_session_engine(session), request->sql, &parsed, err));
    PNI_TRY(check_statement(parsed, err));
    json_array_foreach(json_object_get(parsed, "tables"), index, table)
        PNI_TRY(ensure_table(session, request, json_string_value(table), err));
    return pni_engine_plan_sql(pni_session_engine(session), PNI_SPACE_IDENTITY, request->sql, 0,
                               out, err);
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

json_t *pni_plan_functions(const pn_substrait *plan) {
    json_t *names = json_array();
    for (size_t i = 0; i < pn_substrait_function_count(plan); i++)
        json_array_append_new(names, json_string(pn_substrait_function_at(plan, i)));
    return names;
}

static pn_status make_documents(pn_session *session, pn_bundle *bundle, pn_error *err) {
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
    bundle->documents =
        json_pack("{s:{s:i, s:s}, s:O, s:O, s:O, s:O, s:O, s:[], s:O, s:O, s:O, s:O}", "plan",
                  "canon", PNI_FORMAT_CANON, "sha256", plan, "inputs", inputs, "pins", pins,
                  "schema", schema, "udf", functions, "rewrite_tags", tags, "domain_planners",
                  "settings", pni_session_identity_settings(session), "planning_env",
                  pni_session_environment(session), "rulepack", pni_session_rulepack(session),
                  "store_policy", pni_session_store_policy(session));
    pni_assert(bundle->documents);
    bundle->components = json_copy((json_t *)(uintptr_t)pni_session_digests(session));
    return pni_session_snapshot(session, &bundle->snapshot, err);
}

pn_status pni_plan_compile(pn_session *session, const pni_compile_request *request, pn_bundle **out,
                           pn_error *err) {
    PNI_AUTO_PTR(pni_engine_plan) plan = NULL;
    PNI_AUTO(pn_buf) bytes = PN_BUF_INIT;
    PNI_AUTO_PTR(pn_bundle) bundle = pni_calloc(1, sizeof *bundle);
    atomic_init(&bundle->refs, 1);
    bundle->name = request->name ? pni_strdup(request->name) : NULL;
    if (request->sql.data)
        bundle->sql = pni_strndup((const char *)request->sql.data, request->sql.len);
    if (request->sql.data)
        PNI_TRY(plan_sql(session, request, &plan, err));
    else
        PNI_TRY(plan_substrait(session, request, &plan, err));
    PNI_TRY(pni_engine_plan_to_substrait(plan, &bytes, err));
    PNI_TRY(pni_engine_plan_schema(plan, &bundle->schema, err));
    PNI_TRY(pn_substrait_decode((pn_bytes){bytes.data, bytes.len}, NULL, &bundle->substrait, err));
    bundle->functions = pni_plan_functions(bundle->substrait);
    PNI_TRY(read_inputs(session, request, bundle, err));
    PNI_TRY(make_documents(session, bundle, err));
    PNI_TRY(pni_bundle_seal(bundle, err));
    *out = pni_take(bundle);
    return PN_OK;
}
