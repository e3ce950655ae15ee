/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a CREATE FUNCTION asks for, decided from its parts. The language says the kind, or the body
 * does: a call of an aggregate, window or table function with exactly `$1 … $n` is a second name of
 * it, anything else is a scalar function. The text of the definition is made here from the parts,
 * in one form for every way to write it; its digest is what the function is known by.
 */
#include "udf/packs/check_priv.h"
#include "udf/sql/sql_priv.h"

/* What the rules of one statement look at. */
typedef struct subject {
    const pni_sql_functions *functions;
    const json_t *known;
    const json_t *request;
    const json_t *body;
    const char *name;
    pn_error *err;
} subject;

static pn_status wrong_body(const subject *at, const char *what) {
    return pni_fail(at->err, PNI_E_FUNCTION_BODY, "the body of function '%s' %s", at->name, what);
}

static pn_status wrong_declaration(const subject *at, const char *what) {
    return pni_fail(at->err, PNI_E_FUNCTION_DECLARATION, "function '%s' %s", at->name, what);
}

static pn_status check_word(const subject *at, const char *word) {
    if (pni_udf_is_name(word))
        return PN_OK;
    return pni_fail(at->err, PNI_E_FUNCTION_DECLARATION,
                    "'%.64s' is no name: a to z, 0 to 9 and _, at most %u bytes", word,
                    PNI_NAME_MAX_BYTES);
}

static void add_known(json_t *known, const char *name, const json_t *function) {
    json_t *kinds = json_object_get(known, name);
    if (!kinds) {
        kinds = json_object();
        json_object_set_new(known, name, kinds);
    }
    json_object_set(kinds, pni_json_text(function, "kind"),
                    json_object_get(function, "volatility"));
}

pn_status pni_sql_known(const pni_sql_functions *functions, const pni_engine_session *engine,
                        json_t **out, pn_error *err) {
    PNI_AUTO_PTR(json_t) listed = NULL;
    PNI_AUTO_PTR(json_t) known = json_object();
    size_t index, at;
    const char *name;
    json_t *function, *alias;
    PNI_TRY(pni_engine_session_functions(engine, &listed, err));
    json_array_foreach(listed, index, function) {
        add_known(known, pni_json_text(function, "name"), function);
        json_array_foreach(json_object_get(function, "aliases"), at, alias)
            add_known(known, json_string_value(alias), function);
    }
    json_object_foreach(functions->by_name, name, function) {
        json_object_del(known, name);
        add_known(known, name, function);
    }
    *out = pni_take(known);
    return PN_OK;
}

/* ---- the declaration ---------------------------------------------------------------------------
 */

static pn_status check_name(const subject *at) {
    static const char *const taken[] = {"unnest", "unnest_outer"}; /* words of the language */
    PNI_TRY(check_word(at, at->name));
    bool is_word = false;
    for (size_t i = 0; i < sizeof taken / sizeof *taken; i++)
        is_word |= pni_streq(taken[i], at->name);
    if (json_object_get(at->functions->by_name, at->name))
        return PN_OK;
    if (is_word || pni_udf_is_second_name(at->name) || json_object_get(at->known, at->name))
        return pni_fail(at->err, PNI_E_FUNCTION_EXISTS,
                        "'%s' is the name of a function of the engine or of a pack", at->name);
    return PN_OK;
}

static pn_status check_arguments(const subject *at) {
    const json_t *args = json_object_get(at->request, "args");
    PNI_AUTO_PTR(pni_map) names = pni_map_new();
    bool is_optional = false;
    size_t index;
    json_t *arg;
    if (json_array_size(args) > PNI_SQL_MAX_ARGUMENTS)
        return wrong_declaration(at, "takes more than 64 arguments");
    json_array_foreach((json_t *)(uintptr_t)args, index, arg) {
        const char *name = pni_json_text(arg, "name");
        if (is_optional && !pni_json_text(arg, "default"))
            return wrong_declaration(at, "has an argument without a default after one with");
        is_optional = pni_json_text(arg, "default") != NULL;
        if (is_optional && !json_is_true(json_object_get(arg, "is_constant")))
            return wrong_declaration(at, "has a default that is no constant");
        if (!name)
            continue;
        PNI_TRY(check_word(at, name));
        if (pni_map_has(names, name))
            return wrong_declaration(at, "has two arguments of one name");
        pni_map_put(names, name, arg);
    }
    if (pni_map_count(names) && pni_map_count(names) != json_array_size(args))
        return wrong_declaration(at, "names some of its arguments and not all");
    return PN_OK;
}

static pn_status check_clauses(const subject *at) {
    const char *clause =
        json_string_value(json_array_get(json_object_get(at->request, "clauses"), 0));
    if (!clause)
        return PN_OK;
    return pni_fail(at->err, PNI_E_FUNCTION_DECLARATION,
                    "function '%s' is declared with %s, which nothing here would keep", at->name,
                    clause);
}

static pn_status check_type(const subject *at, const json_t *field) {
    const json_t *allowed = json_object_get(at->functions->policy, "types");
    PNI_AUTO_PTR(json_t) one = json_pack("[O]", field);
    PNI_AUTO_SCHEMA schema = {0};
    PNI_AUTO(pn_buf) found = PN_BUF_INIT;
    size_t index;
    json_t *item;
    if (!allowed)
        return PN_OK;
    PNI_TRY(pni_arrow_schema_from_json(one, &schema, at->err));
    PNI_TRY(pni_arrow_type_text(schema.children[0], &found, at->err));
    json_array_foreach((json_t *)(uintptr_t)allowed, index, item) {
        PNI_AUTO_SCHEMA type = {0};
        PNI_AUTO(pn_buf) text = PN_BUF_INIT;
        PNI_TRY(pni_arrow_type_parse(json_string_value(item), &type, at->err));
        PNI_TRY(pni_arrow_type_text(&type, &text, at->err));
        if (pni_streq(pni_buf_text(&text), pni_buf_text(&found)))
            return PN_OK;
    }
    return pni_fail(at->err, PNI_E_FUNCTION_POLICY,
                    "function '%s' uses the type %s, which functions.sql does not allow", at->name,
                    pni_buf_text(&found));
}

static pn_status check_types(const subject *at) {
    size_t index;
    json_t *field;
    json_array_foreach(json_object_get(at->request, "schema"), index, field)
        PNI_TRY(check_type(at, field));
    return PN_OK;
}

/* ---- the body ----------------------------------------------------------------------------------
 */

int32_t pni_sql_volatility(const char *word) {
    return !word                          ? -1
           : pni_streq(word, "immutable") ? PN_VOLATILITY_IMMUTABLE
           : pni_streq(word, "stable")    ? PN_VOLATILITY_STABLE
                                          : PN_VOLATILITY_VOLATILE;
}

/* The kind that a name is called as when nothing says which; NULL when it is no function. */
static const char *kind_of(const subject *at, const char *name) {
    static const char *const kinds[] = {"scalar", "higher_order", "aggregate", "window", "table"};
    const json_t *found = name ? json_object_get(at->known, name) : NULL;
    for (size_t i = 0; found && i < sizeof kinds / sizeof *kinds; i++)
        if (json_object_get(found, kinds[i]))
            return kinds[i];
    return NULL;
}

/* What the policy does not say is not bounded. */
static bool is_allowed(const subject *at, const char *list, const char *name) {
    const json_t *allowed = json_object_get(at->functions->policy, list);
    return !allowed || pni_json_lists(allowed, name);
}

/* Every function called is there and allowed; gives the most volatile of them. */
static pn_status check_calls(const subject *at, const char *kind, const json_t *calls,
                             const char **volatility) {
    size_t index;
    json_t *item;
    *volatility = "immutable";
    json_array_foreach((json_t *)(uintptr_t)calls, index, item) {
        const char *name = json_string_value(item);
        const json_t *function = json_object_get(at->known, name);
        if (pni_streq(name, at->name))
            return pni_fail(at->err, PNI_E_FUNCTION_RECURSION, "function '%s' would call itself",
                            at->name);
        if (!function)
            return pni_fail(at->err, PNI_E_FUNCTION_BODY,
                            "the body of function '%s' calls '%s', which is no function", at->name,
                            name);
        const json_t *own = json_object_get(at->functions->by_name, name);
        bool is_made = own && !json_object_get(own, "foreign"); /* by a statement, bounded then */
        if (!is_made && !is_allowed(at, "primitives", name))
            return pni_fail(at->err, PNI_E_FUNCTION_POLICY,
                            "function '%s' calls '%s', which functions.sql does not allow",
                            at->name, name);
        const char *found =
            pni_json_text(function, json_object_get(function, kind) ? kind : kind_of(at, name));
        if (pni_sql_volatility(found) > pni_sql_volatility(*volatility))
            *volatility = found;
    }
    return PN_OK;
}

/* What is declared may be more volatile than the body is, never less. */
static pn_status check_volatility(const subject *at, const char *found) {
    const char *declared = pni_json_text(at->request, "volatility");
    const char *most = pni_json_text(at->functions->policy, "volatility");
    if (declared && pni_sql_volatility(declared) < pni_sql_volatility(found))
        return pni_fail(at->err, PNI_E_FUNCTION_BODY,
                        "function '%s' is declared %s, and its body is %s", at->name, declared,
                        found);
    if (most && pni_sql_volatility(found) > pni_sql_volatility(most))
        return pni_fail(at->err, PNI_E_FUNCTION_POLICY,
                        "function '%s' is %s, and functions.sql allows %s at most", at->name, found,
                        most);
    return PN_OK;
}

static bool is_number_of_argument(const char *placeholder, size_t n) {
    uint64_t place;
    return placeholder[0] == '$' && pni_parse_u64(placeholder + 1, &place) && place >= 1 &&
           place <= n;
}

static pn_status check_expression(const subject *at) {
    size_t n = json_array_size(json_object_get(at->request, "args")), index;
    const json_t *columns = json_object_get(at->body, "columns");
    json_t *item;
    if (json_array_size(columns))
        return pni_fail(at->err, PNI_E_FUNCTION_BODY,
                        "the body of function '%s' names '%s', which is no argument of it",
                        at->name, json_string_value(json_array_get(columns, 0)));
    if (json_is_true(json_object_get(at->body, "has_query")))
        return wrong_body(at, "holds a query; it is an expression over its arguments");
    json_array_foreach(json_object_get(at->body, "placeholders"), index, item) {
        if (!is_number_of_argument(json_string_value(item), n))
            return pni_fail(at->err, PNI_E_FUNCTION_BODY,
                            "the body of function '%s' names '%s', which is no argument of it",
                            at->name, json_string_value(item));
    }
    json_array_foreach(json_object_get(at->body, "calls"), index, item) {
        const char *kind = kind_of(at, json_string_value(item));
        if (kind && !pni_streq(kind, "scalar") && !pni_streq(kind, "higher_order"))
            return pni_fail(at->err, PNI_E_FUNCTION_BODY,
                            "the body of function '%s' calls the %s function '%s'; that needs to "
                            "be its whole body, called with exactly its arguments",
                            at->name, kind, json_string_value(item));
    }
    return PN_OK;
}

/* ---- kinds -------------------------------------------------------------------------------------
 */

const char *pni_sql_kind_of_language(const char *language) {
    static const struct {
        const char *language, *kind;
    } kinds[] = {{"sql", ""},          {"datafusion", ""},         {"scalar", "scalar"},
                 {"udf", "scalar"},    {"aggregate", "aggregate"}, {"udaf", "aggregate"},
                 {"agg", "aggregate"}, {"window", "window"},       {"udwf", "window"},
                 {"table", "table"},   {"udtf", "table"}};
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
        if (pni_streq(kinds[i].language, language))
            return kinds[i].kind;
    return NULL;
}

/* The function that the body is one plain call of, or the name that it is; NULL for an expression.
 */
static const char *named_function(const subject *at) {
    const json_t *call = json_object_get(at->body, "call");
    if (json_is_true(json_object_get(call, "is_plain")))
        return pni_json_text(call, "name");
    return pni_json_text(at->body, "name");
}

static bool may_be_renamed(const char *kind) {
    return kind &&
           (pni_streq(kind, "aggregate") || pni_streq(kind, "window") || pni_streq(kind, "table"));
}

/* An aggregate is a window function too. */
static bool is_kind(const subject *at, const char *name, const char *kind) {
    const json_t *kinds = json_object_get(at->known, name);
    return json_object_get(kinds, kind) ||
           (pni_streq(kind, "window") && json_object_get(kinds, "aggregate"));
}

static pn_status decide_kind(const subject *at, const char **kind) {
    const char *language = pni_json_text(at->request, "language");
    const char *said = pni_sql_kind_of_language(language ? language : "sql");
    const char *target = named_function(at);
    const char *found = kind_of(at, target);
    if (!said || !is_allowed(at, "languages", language ? language : "sql"))
        return pni_fail(at->err, PNI_E_FUNCTION_LANGUAGE,
                        "function '%s' is written in '%s', which is no language here", at->name,
                        language ? language : "sql");
    if (json_is_null(at->body) || !at->body)
        return wrong_declaration(at, "has no body");
    if (pni_json_text(at->body, "error")) {
        pn_status status = wrong_body(at, "is no expression");
        pni_error_detail(at->err, "%s", pni_json_text(at->body, "error"));
        return status;
    }
    *kind = *said ? said : may_be_renamed(found) ? found : "scalar";
    if (may_be_renamed(*kind) && !(target && is_kind(at, target, *kind)))
        return pni_fail(at->err, PNI_E_FUNCTION_BODY,
                        "the body of function '%s' is no call of %s %s function with exactly its "
                        "arguments",
                        at->name, **kind == 'a' ? "an" : "a", *kind);
    return PN_OK;
}

void pni_sql_write_head(const json_t *request, pn_buf *out) {
    const char *returns = pni_json_text(request, "returns");
    size_t index;
    json_t *arg;
    pni_buf_printf(out, "CREATE FUNCTION %s(", pni_json_text(request, "name"));
    json_array_foreach(json_object_get(request, "args"), index, arg) {
        const char *name = pni_json_text(arg, "name"), *value = pni_json_text(arg, "default");
        pni_buf_printf(out, "%s%s%s%s", index ? ", " : "", name ? name : "", name ? " " : "",
                       pni_json_text(arg, "type"));
        if (value)
            pni_buf_printf(out, " DEFAULT %s", value);
    }
    pni_buf_puts(out, ")");
    if (returns)
        pni_buf_printf(out, " RETURNS %s", returns);
}

/* The function that a second name stands for, also when it is given by a second name. What a
 * factory or a foreign library made is called by its own. */
static const char *target_of(const subject *at) {
    const char *name = named_function(at);
    const json_t *own = json_object_get(at->functions->by_name, name);
    const char *target = pni_json_text(own, "target");
    return target ? target : name;
}

static json_t *definition_of(const subject *at, const char *kind, const char *volatility,
                             const json_t *calls) {
    const char *target = pni_streq(kind, "scalar") ? NULL : target_of(at);
    PNI_AUTO(pn_buf) text = PN_BUF_INIT;
    char digest[PNI_SHA256_HEX];
    pni_sql_write_head(at->request, &text);
    if (target)
        pni_buf_printf(&text, " LANGUAGE %s AS '%s'", kind, target);
    else
        pni_buf_printf(&text, " RETURN %s", pni_json_text(at->body, "text"));
    pni_sha256_hex(text.data, text.len, digest);
    json_t *made =
        json_pack("{s:s, s:s, s:s, s:s, s:s, s:O, s:O?}", "name", at->name, "kind", kind, "text",
                  pni_buf_text(&text), "digest", digest, "volatility", volatility, "calls", calls,
                  "schema", json_object_get(at->request, "schema"));
    pni_assert(made);
    if (target)
        json_object_set_new(made, "target", json_string(target));
    return made;
}

/* By the factory of a pack; what it made is bounded as a body is. */
static pn_status make_by(const subject *at, const pn_function_factory *factory, const char *digest,
                         pni_sql_decision *out) {
    PNI_TRY(pni_sql_factory_make(factory, digest, at->request, out, at->err));
    pn_status status = check_volatility(at, pni_json_text(out->definition, "volatility"));
    if (status != PN_OK) {
        json_decref(out->definition);
        *out = (pni_sql_decision){0};
    }
    return status;
}

pn_status pni_sql_decide(const pni_sql_functions *functions, const json_t *known,
                         const json_t *request, pni_sql_decision *out, pn_error *err) {
    const subject at = {.functions = functions,
                        .known = known,
                        .request = request,
                        .body = json_object_get(request, "body"),
                        .name = pni_json_text(request, "name"),
                        .err = err};
    const char *kind = NULL, *volatility, *digest;
    const char *language = pni_json_text(request, "language");
    PNI_AUTO_PTR(json_t) calls = NULL;
    PNI_TRY(check_name(&at));
    PNI_TRY(check_clauses(&at));
    PNI_TRY(check_arguments(&at));
    PNI_TRY(check_types(&at));
    const pn_function_factory *factory =
        language && !pni_sql_kind_of_language(language)
            ? pni_udf_factory_find(functions->catalog, language, &digest)
            : NULL;
    if (factory && is_allowed(&at, "languages", language))
        return make_by(&at, factory, digest, out);
    PNI_TRY(decide_kind(&at, &kind));
    if (pni_streq(kind, "scalar")) {
        if (!pni_json_text(request, "returns"))
            return wrong_declaration(&at, "does not say what it returns");
        PNI_TRY(check_expression(&at));
        calls = json_incref(json_object_get(at.body, "calls"));
    } else {
        calls = json_pack("[s]", target_of(&at));
    }
    PNI_TRY(check_calls(&at, kind, calls, &volatility));
    PNI_TRY(check_volatility(&at, volatility));
    out->definition = definition_of(&at, kind, volatility, calls);
    return PN_OK;
}
