/* Planners of packs, dialects and lambdas: what an operator and an item of FROM may mean, and what
 * a wrong planner does to a statement and to nothing else. */
#include "pinion/plugin.h"
#include "pinion/udf.h"

#include "it.h"

#include <stdlib.h>

static pn_session *open_session(void) {
    pn_catalog *catalog = pn_catalog_new();
    pn_session_options options = PN_SESSION_OPTIONS_INIT;
    pn_session *session = NULL;
    it_write("orders.csv", "id,customer,amount\n1,ada,10\n2,bob,20\n3,ada,30\n");
    it_add(catalog, "orders", "csv", it_path("orders.csv"));
    options.catalog = catalog;
    options.sql_policy = PN_SQL_POLICY_ADMIN;
    options.target_partitions = 2;
    IT_OK(pn_session_open(&options, &session, err));
    pn_catalog_unref(catalog);
    return session;
}

static pn_status install(pn_session *session, const char *const *names, size_t n, pn_error *err) {
    pn_platform_options options = PN_PLATFORM_OPTIONS_INIT;
    options.expr_planners = names;
    options.n_expr_planners = n;
    return pn_session_install(session, &options, NULL, err);
}

static void load(pn_session *session, const char *pack) {
    const char *build = getenv("PN_BUILD_DIR");
    PNI_AUTO(pn_buf) path = PN_BUF_INIT;
    pni_buf_printf(&path, "%s/tests/plugins/%s.so", build ? build : "", pack);
    IT_OK(pn_session_load_pack(session, pni_buf_text(&path), NULL, err));
}

static pn_session *session_with(const char *planner) {
    pn_session *session = open_session();
    load(session, "planners");
    if (planner)
        IT_OK(install(session, &planner, 1, err));
    return session;
}

static pn_session *domain_session(void) {
    static const char *const names[] = {"codeanatomy_domain"};
    pn_session *session = open_session();
    IT_OK(install(session, names, 1, err));
    return session;
}

static char *component(pn_session *session, const char *sql, const char *name) {
    pn_bundle *bundle = it_compile(session, NULL, sql);
    char *digest = NULL;
    for (size_t i = 0; i < pn_bundle_component_count(bundle); i++)
        if (!strcmp(pn_bundle_component_name(bundle, i), name))
            digest = pni_strdup(pn_bundle_component_digest(bundle, i));
    pn_bundle_unref(bundle);
    return digest;
}

static void expect_component(pn_session *session, const char *name, bool is_same, const char *sql,
                             const char *other) {
    PNI_AUTO_PTR(pni_text) a = component(session, sql, name);
    PNI_AUTO_PTR(pni_text) b = component(session, other, name);
    if (!strcmp(a, b) != is_same)
        T_FAIL("'%s' and '%s': %s", sql, other, name);
}

/* ---- the domain planner ---------------------------------------------------------------------- */

#define ROW "struct(1 as a, 'x' as b)"
#define MAPPED "map(['k'], [5])"

T_CASE(arrows_take_fields) {
    pn_session *session = domain_session();
    IT_ROWS(session, "select " ROW " -> 'b' as v", "x\n");
    IT_ROWS(session, "select " ROW " ->> 'a' as v", "1\n");
    IT_ROWS(session, "select " ROW " #> 'a' as v, " ROW " #>> 'b' as w", "1|x\n");
    IT_ROWS(session, "select " MAPPED " -> 'k' as v", "5\n");
    IT_ROWS(session,
            "select s -> 'b' as v from (select named_struct('b', customer) as s from orders "
            "where id = 2)",
            "bob\n");
    pn_session_unref(session);
}

T_CASE(containment_holds_all) {
    pn_session *session = domain_session();
    IT_ROWS(session, "select [1, 2, 3] @> [1, 3], [1] @> [1, 2]", "true|false\n");
    IT_ROWS(session, "select [1, 3] <@ [1, 2, 3], [1, 4] <@ [1]", "true|false\n");
    pn_session_unref(session);
}

T_CASE(what_took_part_is_a_component_and_what_is_installed_is_not) {
    pn_session *plain = open_session();
    pn_session *domain = domain_session();
    const char *sql = "select id from orders";
    PNI_AUTO_PTR(pni_text) before = component(plain, sql, "domain_planners");
    PNI_AUTO_PTR(pni_text) after = component(domain, sql, "domain_planners");
    T_EQ_STR(after, before);
    expect_component(domain, "plan", true, "select " ROW " -> 'b' as v from orders",
                     "select get_field(" ROW ", 'b') as v from orders");
    expect_component(domain, "domain_planners", false, "select " ROW " -> 'b' as v from orders",
                     "select get_field(" ROW ", 'b') as v from orders");
    pn_session_unref(plain);
    pn_session_unref(domain);
}

T_CASE(planners_are_installed_by_name) {
    static const char *const unknown[] = {"codeanatomy_domain", "nobody"};
    pn_session *session = open_session();
    IT_FAILS(install(session, unknown, 2, err), PNI_E_PLATFORM_PLANNER, "nobody");
    IT_FAILS(install(session, unknown, 0, err), PNI_E_PLANNER_NONE, "empty");
    IT_OK(install(session, unknown, 1, err));
    IT_ROWS(session, "select " ROW " -> 'b' as v", "x\n");
    pn_session_unref(session);
    session = open_session();
    IT_FAILS(it_statement(session, "select " ROW " -> 'b'", err), PNI_E_ENGINE_UNSUPPORTED, "->");
    pn_session_unref(session);
}

/* ---- packs ----------------------------------------------------------------------------------- */

T_CASE(a_pack_gives_operators_a_meaning) {
    pn_session *session = session_with("joins_texts");
    IT_ROWS(session, "select 'b' @@ 'a' as v, customer @@ '!' as w from orders where id = 2",
            "ab|!bob\n");
    pn_session_unref(session);
}

T_CASE(a_wrong_operator_planner_is_named) {
    pn_session *session = session_with("refuses_operators");
    IT_FAILS(it_statement(session, "select 'a' @@ 'b'", err), PNI_E_ENGINE_SQL,
             "refuses_operators");
    IT_ROWS(session, "select 1 + 1", "2\n");
    pn_session_unref(session);
    session = session_with("names_nobody");
    IT_FAILS(it_statement(session, "select 'a' @@ 'b'", err), PNI_E_ENGINE_SQL, "nobody_has_this");
    pn_session_unref(session);
}

T_CASE(a_pack_gives_relations_a_meaning) {
    pn_session *session = session_with("knows_relations");
    IT_ROWS(session, "select sum(n) from numbers_to(4)", "10\n");
    IT_ROWS(session, "select count(*), sum(x.n) from numbers_to(2) x, numbers_to(3) y", "6|9\n");
    IT_ROWS(session, "select b.id from best_orders b join orders o on b.id = o.id order by 1",
            "2\n3\n");
    IT_ROWS(session, "with t as (select * from best_orders) select count(*) from t", "2\n");
    expect_component(session, "plan", true, "select id from best_orders",
                     "select id from (select * from orders where amount > 10)");
    pn_session_unref(session);
}

static const struct {
    const char *planner;
    int32_t number;
} wrong_relations[] = {{"refuses_relations", PNI_E_ENGINE_SQL},
                       {"goes_on_for_ever", PNI_E_ENGINE_LIMIT},
                       {"writes_no_sql", PNI_E_ENGINE_SQL},
                       {"writes_a_statement", PNI_E_ENGINE_SQL},
                       {"nests_too_deep", PNI_E_ENGINE_LIMIT}};

T_CASE(a_wrong_relation_planner_is_named) {
    for (size_t i = 0; i < sizeof wrong_relations / sizeof *wrong_relations; i++) {
        pn_session *session = session_with(wrong_relations[i].planner);
        IT_FAILS(it_statement(session, "select id from orders", err), wrong_relations[i].number,
                 wrong_relations[i].planner);
        IT_ROWS(session, "select 1", "1\n");
        pn_session_unref(session);
    }
}

/* ---- the language of a pack ------------------------------------------------------------------ */

#define SHIFT "create function up(x bigint) returns bigint language shift as '5'"

T_CASE(a_pack_makes_functions_of_its_language) {
    pn_session *session = session_with(NULL);
    IT_OK(it_statement(session, SHIFT, err));
    IT_ROWS(session, "select up(37), sum(up(id)) from orders", "42|21\n");
    IT_FAILS(it_statement(session, SHIFT, err), PNI_E_FUNCTION_EXISTS, "up");
    PNI_AUTO_PTR(pni_text) before = component(session, "select up(id) from orders", "udf");
    IT_OK(it_statement(session,
                       "create or replace function up(x bigint) returns bigint language shift as "
                       "'6'",
                       err));
    IT_ROWS(session, "select up(36)", "42\n");
    PNI_AUTO_PTR(pni_text) after = component(session, "select up(id) from orders", "udf");
    T_ASSERT(strcmp(before, after) != 0);
    IT_FAILS(it_statement(session,
                          "create or replace function up(x bigint) returns bigint return x", err),
             PNI_E_FUNCTION_EXISTS, "up");
    IT_OK(it_statement(session, "drop function up", err));
    IT_FAILS(it_statement(session, "select up(37)", err), PNI_E_ENGINE_SQL, "up");
    pn_session_unref(session);
}

/* What no pack brought has no version to tell. */
T_CASE(a_bundle_of_another_body_says_so) {
    pn_session *session = session_with(NULL);
    pn_result *result = NULL;
    IT_OK(it_statement(session, SHIFT, err));
    pn_bundle *bundle = it_compile(session, NULL, "select up(id) from orders");
    IT_OK(it_statement(session,
                       "create or replace function up(x bigint) returns bigint language shift as "
                       "'6'",
                       err));
    IT_FAILS(pn_exec_run(session, bundle, NULL, &result, err), PNI_E_PLAN_FUNCTION,
             "function 'up' changed: it has another body");
    pn_bundle_unref(bundle);
    pn_session_unref(session);
}

/* A function that takes the place of another brings its own defaults. A body would go on with the
 * one it was planned with. */
T_CASE(what_a_body_calls_is_not_replaced_under_it) {
    pn_session *session = session_with(NULL);
    IT_OK(it_statement(session, "create function up(x bigint) returns bigint language adds as '5'",
                       err));
    IT_ROWS(session, "select up(37), up(40, 2)", "42|42\n");
    IT_OK(it_statement(
        session, "create function both(x bigint) returns bigint return up(x) + up(x, 1)", err));
    IT_ROWS(session, "select both(id) from orders where id = 1", "8\n");
    const char *six = "create or replace function up(x bigint) returns bigint language adds as '6'";
    IT_FAILS(it_statement(session, six, err), PNI_E_FUNCTION_USED, "'both'");
    IT_ROWS(session, "select both(id), up(id) from orders where id = 1", "8|6\n");
    IT_OK(it_statement(session, "drop function both", err));
    IT_OK(it_statement(session, six, err));
    IT_ROWS(session, "select up(36)", "42\n");
    IT_OK(it_statement(session, "drop function up", err));
    IT_OK(it_statement(session, "create function up(x bigint) returns bigint language adds as '7'",
                       err));
    IT_ROWS(session, "select up(35)", "42\n");
    pn_session_unref(session);
}

T_CASE(a_factory_that_does_not_make_it_is_named) {
    pn_session *session = session_with(NULL);
    IT_FAILS(it_statement(session,
                          "create function f(x bigint) returns bigint language shift as 'five'",
                          err),
             PNI_E_FUNCTION_FACTORY, "shift");
    IT_FAILS(it_statement(session,
                          "create function f(x bigint) returns bigint language renames as '1'",
                          err),
             PNI_E_FUNCTION_FACTORY, "another");
    IT_FAILS(it_statement(session,
                          "create function f(x bigint) returns bigint language shift return 5",
                          err),
             PNI_E_FUNCTION_BODY, "shift");
    IT_FAILS(
        it_statement(session, "create function one_more(x bigint) returns bigint return x", err),
        PNI_E_FUNCTION_EXISTS, "one_more");
    IT_FAILS(it_statement(session, "select f(1)", err), PNI_E_ENGINE_SQL, "f");
    pn_session_unref(session);
}

/* A second name of what a factory made is a second name of that, not of nothing. */
T_CASE(what_a_factory_made_may_have_a_second_name) {
    pn_session *session = open_session();
    load(session, "all_kinds");
    IT_OK(it_statement(
        session, "create function made(x bigint) returns bigint language totals as 'stable'", err));
    IT_OK(
        it_statement(session, "create function again(x bigint) language aggregate as 'made'", err));
    IT_OK(it_statement(session, "create function third(x bigint) language aggregate as 'again'",
                       err));
    IT_ROWS(session, "select made(amount), again(amount), third(amount) from orders", "60|60|60\n");
    IT_OK(it_statement(
        session,
        "create or replace function made(x bigint) returns bigint language totals as 'stable'",
        err)); /* second names are looked up */
    IT_ROWS(session, "select again(amount) from orders", "60\n");
    IT_FAILS(it_statement(session, "drop function made", err), PNI_E_FUNCTION_USED, "again");
    IT_FAILS(it_statement(session,
                          "create function worse(x bigint) returns bigint immutable language "
                          "totals as 'stable'",
                          err),
             PNI_E_FUNCTION_BODY, "declared immutable");
    pn_session_unref(session);
}

/* ---- dialects -------------------------------------------------------------------------------- */

T_CASE(a_text_states_its_dialect) {
    pn_session *session = domain_session();
    IT_ROWS(session, "-- dialect: duckdb\nselect array_transform([1, 2], x -> x + 1) as v",
            "[2,3]\n");
    IT_ROWS(session, "select " ROW " -> 'b' as v", "x\n");
    expect_component(session, "settings", true, "-- dialect: duckdb\nselect id from orders",
                     "select id from orders");
    expect_component(session, "plan", true, "-- dialect: mysql\nselect `id` from `orders`",
                     "select id from orders");
    IT_FAILS(it_statement(session, "-- dialect: klingon\nselect 1", err), PNI_E_ENGINE_SETTING,
             "klingon");
    pn_session_unref(session);
}

T_CASE(an_arrow_is_one_thing_in_one_text) {
    pn_session *session = domain_session();
    IT_FAILS(
        it_statement(session,
                     "-- dialect: duckdb\nselect s -> 'b' from (select named_struct('b', 1) as s)",
                     err),
        PNI_E_LAMBDA_STRAY, "s -> 'b'");
    IT_FAILS(it_statement(session, "select array_transform([1, 2], x -> x + 1)", err),
             PNI_E_LAMBDA_OPERATOR, "x -> x + 1");
    pn_session_unref(session);
}

/* The dialect acts through the plan, whoever states it. */
T_CASE(the_dialect_of_a_session_is_no_setting_of_a_bundle) {
    pn_session *session = open_session();
    PNI_AUTO_PTR(pni_text) before = component(session, "select id from orders", "settings");
    IT_OK(it_statement(session, "set datafusion.sql_parser.dialect = 'mysql'", err));
    PNI_AUTO_PTR(pni_text) after = component(session, "select `id` from orders", "settings");
    T_EQ_STR(after, before);
    pn_session_unref(session);
}

/* ---- the policy of functions ----------------------------------------------------------------- */

static pn_status open_with(const pn_function_policy *policy, pn_session **out, pn_error *err) {
    pn_session_options options = PN_SESSION_OPTIONS_INIT;
    options.sql_policy = PN_SQL_POLICY_ADMIN;
    options.functions = policy;
    return pn_session_open(&options, out, err);
}

T_CASE(a_policy_says_what_bodies_may_be) {
    static const char *const primitives[] = {"abs", "sum"}, *const types[] = {"int64", "utf8"};
    static const char *const languages[] = {"sql"};
    pn_function_policy policy = PN_FUNCTION_POLICY_INIT;
    pn_session *session = NULL;
    policy.primitives = primitives, policy.n_primitives = 2;
    policy.types = types, policy.n_types = 2;
    policy.languages = languages, policy.n_languages = 1;
    policy.volatility = 1 + PN_VOLATILITY_STABLE;
    IT_OK(open_with(&policy, &session, err));
    IT_OK(
        it_statement(session, "create function a(x bigint) returns bigint return abs(x) + 1", err));
    IT_OK(it_statement(session, "create function b(x bigint) returns bigint return a(x)", err));
    IT_OK(it_statement(session, "create function c(x bigint) returns bigint return sum($1)", err));
    IT_FAILS(
        it_statement(session, "create function d(x bigint) returns bigint return round(x)", err),
        PNI_E_FUNCTION_POLICY, "round");
    IT_FAILS(it_statement(session, "create function d(x int) returns bigint return abs(x)", err),
             PNI_E_FUNCTION_POLICY, "Int32");
    IT_FAILS(
        it_statement(session, "create function d(x bigint) language aggregate return sum(x)", err),
        PNI_E_FUNCTION_LANGUAGE, "aggregate");
    pn_session_unref(session);
    policy.primitives = NULL, policy.types = NULL;
    IT_OK(open_with(&policy, &session, err));
    IT_FAILS(it_statement(session, "create function d() returns double return random()", err),
             PNI_E_FUNCTION_POLICY, "volatile");
    pn_session_unref(session);
}

T_CASE(a_policy_bounds_what_factories_make) {
    pn_function_policy policy = PN_FUNCTION_POLICY_INIT;
    pn_session *session = NULL;
    policy.volatility = 1 + PN_VOLATILITY_STABLE;
    IT_OK(open_with(&policy, &session, err));
    load(session, "all_kinds");
    IT_FAILS(it_statement(session,
                          "create function made(x bigint) returns bigint language totals as "
                          "'volatile'",
                          err),
             PNI_E_FUNCTION_POLICY, "volatile");
    IT_FAILS(it_statement(session, "select made(1)", err), PNI_E_ENGINE_SQL, "made");
    IT_OK(it_statement(
        session, "create function made(x bigint) returns bigint language totals as 'stable'", err));
    pn_session_unref(session);
}

T_CASE(a_policy_that_names_nothing_is_refused) {
    static const char *const nobody[] = {"nobody_has_this"};
    pn_function_policy policy = PN_FUNCTION_POLICY_INIT;
    pn_session *session = NULL;
    policy.primitives = nobody, policy.n_primitives = 1;
    IT_FAILS(open_with(&policy, &session, err), PNI_E_FUNCTION_POLICY, "nobody_has_this");
    policy.primitives = NULL, policy.types = nobody, policy.n_types = 1;
    IT_FAILS(open_with(&policy, &session, err), PNI_E_FUNCTION_POLICY, "nobody_has_this");
    policy.types = NULL, policy.volatility = 9;
    IT_FAILS(open_with(&policy, &session, err), PNI_E_ARGUMENT, "9");
}
