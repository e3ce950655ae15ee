/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The functions written in SQL of one session: what is defined, and by whom it is called. A body
 * names the functions it calls; the engine looks those of SQL up when a call is put in place, so
 * that a function that is replaced is replaced for its callers too. What others call may therefore
 * neither go nor change its types; one of a pack's language may not be replaced either.
 */
#include "udf/sql/sql_priv.h"

pn_status pni_sql_functions_new(const json_t *policy, const pni_udf_catalog *catalog,
                                const pni_engine_session *engine, pni_sql_functions **out,
                                pn_error *err) {
    PNI_AUTO_PTR(pni_sql_functions) made = pni_calloc(1, sizeof *made);
    PNI_AUTO_PTR(json_t) known = NULL;
    size_t index;
    json_t *item;
    made->policy = json_incref((json_t *)(uintptr_t)policy);
    made->by_name = json_object();
    made->catalog = catalog;
    if (json_object_get(policy, "primitives"))
        PNI_TRY(pni_sql_known(made, engine, &known, err));
    json_array_foreach(json_object_get(policy, "primitives"), index, item) {
        if (!json_object_get(known, json_string_value(item)))
            return pni_fail(err, PNI_E_FUNCTION_POLICY,
                            "the policy of SQL functions allows '%s', which is no function",
                            json_string_value(item));
    }
    json_array_foreach(json_object_get(policy, "types"), index, item) {
        PNI_AUTO_SCHEMA field = {0};
        if (pni_arrow_type_parse(json_string_value(item), &field, NULL) != PN_OK)
            return pni_fail(err, PNI_E_FUNCTION_POLICY,
                            "the policy of SQL functions allows '%s', which is no type",
                            json_string_value(item));
    }
    *out = pni_take(made);
    return PN_OK;
}

void pni_sql_functions_free(pni_sql_functions *functions) {
    if (!functions)
        return;
    json_decref(functions->policy);
    json_decref(functions->by_name);
    pni_free(functions);
}

const json_t *pni_sql_functions_all(const pni_sql_functions *functions) {
    return functions->by_name;
}

/* The first by name that calls `name`, but for those in `leaving`; NULL when none does. */
static const char *caller_of(const pni_sql_functions *functions, const char *name,
                             const json_t *leaving) {
    const char *caller, *first = NULL;
    json_t *definition;
    json_object_foreach(functions->by_name, caller, definition) {
        if (pni_json_lists(json_object_get(definition, "calls"), name) &&
            !pni_json_lists(leaving, caller) && (!first || strcmp(caller, first) < 0))
            first = caller;
    }
    return first;
}

static bool same_shape(const json_t *a, const json_t *b) {
    return json_equal(json_object_get(a, "kind"), json_object_get(b, "kind")) &&
           json_equal(json_object_get(a, "schema"), json_object_get(b, "schema"));
}

static bool is_scalar(const json_t *definition) {
    return pni_streq(pni_json_text(definition, "kind"), "scalar");
}

/* A scalar function of a pack's language is a part of the bodies that were planned with it. */
static pn_status check_callers(const pni_sql_functions *functions, const json_t *old,
                               const json_t *definition, pn_error *err) {
    const char *name = pni_json_text(definition, "name");
    const char *caller = caller_of(functions, name, NULL);
    if (!old || !caller)
        return PN_OK;
    if (json_object_get(old, "language") && is_scalar(old))
        return pni_fail(err, PNI_E_FUNCTION_USED,
                        "function '%s' is called by function '%s', which would go on with the old "
                        "one",
                        name, caller);
    if (same_shape(old, definition))
        return PN_OK;
    return pni_fail(err, PNI_E_FUNCTION_USED,
                    "function '%s' would get other types, and function '%s' calls it", name,
                    caller);
}

/* True when `name` is reached from the calls of `definition`; `depth` bounds the walk. */
static bool reaches(const pni_sql_functions *functions, const json_t *definition, const char *name,
                    unsigned depth) {
    size_t index;
    json_t *callee;
    json_array_foreach(json_object_get(definition, "calls"), index, callee) {
        const json_t *next = json_object_get(functions->by_name, json_string_value(callee));
        if (pni_streq(json_string_value(callee), name) ||
            (next && depth && reaches(functions, next, name, depth - 1)))
            return true;
    }
    return false;
}

static pn_status define(const pni_engine_session *engine, const json_t *definition, pn_error *err) {
    PNI_AUTO_PTR(json_t) ours = json_object();
    static const char *const keys[] = {"name", "kind", "text", "volatility", "target"};
    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++) {
        bool is_for_scalar = pni_streq(keys[i], "text") || pni_streq(keys[i], "volatility");
        bool is_for_others = pni_streq(keys[i], "target");
        if (is_scalar(definition) ? !is_for_others : !is_for_scalar)
            json_object_set(ours, keys[i], json_object_get(definition, keys[i]));
    }
    return pni_engine_session_define(engine, ours, err);
}

/* A function of a pack's language and one of SQL are kept in different places of the engine. */
static pn_status check_replaced(const json_t *old, const json_t *definition, pn_error *err) {
    bool is_made = json_object_get(old, "language") || json_object_get(definition, "language");
    bool is_same = json_equal(json_object_get(old, "kind"), json_object_get(definition, "kind")) &&
                   pni_streq(pni_json_text(old, "language"), pni_json_text(definition, "language"));
    if (!old || !is_made || is_same)
        return PN_OK;
    return pni_fail(err, PNI_E_FUNCTION_EXISTS,
                    "function '%s' is there in another language or of another kind",
                    pni_json_text(definition, "name"));
}

static pn_status install(const pni_engine_session *engine, const pni_sql_decision *decision,
                         pn_error *err) {
    if (decision->made)
        return pni_engine_add_functions(engine, decision->made,
                                        pni_json_text(decision->definition, "digest"), err);
    return define(engine, decision->definition, err);
}

/* Bodies that call each other are bounded, so that a call of one ends. */
#define MAX_DEPTH 64u

pn_status pni_sql_function_create(pni_sql_functions *functions, const pni_engine_session *engine,
                                  const json_t *request, pn_error *err) {
    const char *name = pni_json_text(request, "name");
    const json_t *old = json_object_get(functions->by_name, name);
    PNI_AUTO_PTR(json_t) known = NULL;
    pni_sql_decision decision = {0};
    if (old && json_is_true(json_object_get(request, "if_not_exists")))
        return PN_OK;
    if (old && !json_is_true(json_object_get(request, "or_replace")))
        return pni_fail(err, PNI_E_FUNCTION_EXISTS, "function '%s' is there already", name);
    PNI_TRY(pni_sql_known(functions, engine, &known, err));
    PNI_TRY(pni_sql_decide(functions, known, request, &decision, err));
    PNI_AUTO_PTR(json_t) definition = decision.definition;
    if (reaches(functions, definition, name, MAX_DEPTH))
        return pni_fail(err, PNI_E_FUNCTION_RECURSION, "function '%s' would call itself", name);
    PNI_TRY(check_callers(functions, old, definition, err));
    PNI_TRY(check_replaced(old, definition, err));
    pn_status status = install(engine, &decision, err);
    if (status != PN_OK) {
        pni_error_context(err, "function '%s'", name);
        return status;
    }
    json_object_set(functions->by_name, name, definition);
    return PN_OK;
}

/* A function of a library stays, as one of a pack does. */
static bool can_drop(const pni_sql_functions *functions, const char *name) {
    const json_t *function = json_object_get(functions->by_name, name);
    return function && !json_object_get(function, "foreign");
}

static pn_status check_drop(const pni_sql_functions *functions, const json_t *request,
                            const char *name, pn_error *err) {
    const json_t *names = json_object_get(request, "names");
    if (!can_drop(functions, name)) {
        if (json_is_true(json_object_get(request, "if_exists")))
            return PN_OK;
        return pni_fail(err, PNI_E_FUNCTION_UNKNOWN, "there is no function '%s' written in SQL",
                        name);
    }
    const char *caller = caller_of(functions, name, names);
    if (caller)
        return pni_fail(err, PNI_E_FUNCTION_USED, "function '%s' is called by function '%s'", name,
                        caller);
    return PN_OK;
}

pn_status pni_sql_function_drop(pni_sql_functions *functions, const pni_engine_session *engine,
                                const json_t *request, pn_error *err) {
    size_t index;
    json_t *item;
    if (json_is_true(json_object_get(request, "typed")))
        return pni_fail(err, PNI_E_FUNCTION_DECLARATION,
                        "DROP FUNCTION takes names alone: a name belongs to one function");
    if (pni_streq(pni_json_text(request, "cascade"), "CASCADE"))
        return pni_fail(err, PNI_E_FUNCTION_DECLARATION,
                        "DROP FUNCTION … CASCADE: name all the functions that shall go");
    json_array_foreach(json_object_get(request, "names"), index, item)
        PNI_TRY(check_drop(functions, request, json_string_value(item), err));
    json_array_foreach(json_object_get(request, "names"), index, item) {
        const char *name = json_string_value(item);
        if (!can_drop(functions, name))
            continue;
        PNI_AUTO_PTR(json_t) gone = json_pack("{s:s, s:s}", "name", name, "kind", "none");
        PNI_TRY(pni_engine_session_define(engine, gone, err));
        json_object_del(functions->by_name, name);
    }
    return PN_OK;
}

void pni_sql_functions_identity(const pni_sql_functions *functions, const json_t *names,
                                json_t *identity) {
    size_t index;
    json_t *item;
    json_array_foreach((json_t *)(uintptr_t)names, index, item) {
        const json_t *function = json_object_get(functions->by_name, json_string_value(item));
        if (json_object_get(function, "language"))
            json_array_append_new(identity,
                                  json_pack("{s:O, s:O, s:O, s:O}", "name", item, "signature",
                                            json_object_get(function, "signature"), "volatility",
                                            json_object_get(function, "volatility"), "digest",
                                            json_object_get(function, "digest")));
    }
}

void pni_sql_functions_add_foreign(pni_sql_functions *functions, const json_t *made,
                                   const char *library, const char *digest) {
    json_t *name = json_object_get(made, "name");
    json_object_set_new(functions->by_name, json_string_value(name),
                        json_pack("{s:O, s:O, s:O, s:s, s:s, s:s, s:[], s:s}", "name", name, "kind",
                                  json_object_get(made, "kind"), "volatility",
                                  json_object_get(made, "volatility"), "digest", digest, "language",
                                  "ffi", "signature", "ffi", "calls", "foreign",
                                  pni_utf8_valid(library, strlen(library)) ? library : "?"));
}
