/* CREATE FUNCTION and DROP FUNCTION: every kind, what a plan is made of afterwards, and what is
 * refused. */
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

static void expect_same(pn_session *session, const char *sql, const char *other) {
    pn_bundle *a = it_compile(session, NULL, sql);
    pn_bundle *b = it_compile(session, NULL, other);
    if (strcmp(pn_bundle_fingerprint(a), pn_bundle_fingerprint(b)))
        T_FAIL("'%s' and '%s' have other fingerprints", sql, other);
    pn_bundle_unref(a);
    pn_bundle_unref(b);
}

/* ---- scalar functions ------------------------------------------------------------------------ */

#define ADD_ONE "create function add_one(x int) returns int return $1 + cast(1 as int)"

T_CASE(a_function_is_there_until_it_is_dropped) {
    pn_session *session = open_session();
    IT_OK(it_statement(session, ADD_ONE, err));
    IT_ROWS(session, "select add_one(41)", "42\n");
    IT_ROWS(session, "select sum(add_one(id)) from orders", "9\n");
    IT_FAILS(it_statement(session, ADD_ONE, err), PNI_E_FUNCTION_EXISTS, "add_one");
    IT_OK(it_statement(session, "drop function add_one", err));
    IT_FAILS(it_statement(session, "select add_one(41)", err), PNI_E_ENGINE_SQL, "add_one");
    IT_FAILS(it_statement(session, "drop function add_one", err), PNI_E_FUNCTION_UNKNOWN,
             "add_one");
    IT_OK(it_statement(session, "drop function if exists add_one", err));
    pn_session_unref(session);
}

/* However a body is written, it is the same function. */
T_CASE(bodies_and_arguments_are_written_in_many_ways) {
    static const char *const ways[] = {
        "create function f(x int, y int) returns int return $1 + $2",
        "create or replace function f(x int, y int) returns int return x + y",
        "create or replace function f(x int, y int) returns int return $x + $y",
        "create or replace function f(x int, y int) returns int language sql as 'x + y'",
        "create or replace function f(x int, y int) returns int as $$ select $1 + $2; $$",
        "create or replace function f(x int, y int) returns int language scalar return X + Y",
        "create or replace function f(x int, y int) returns int immutable language udf return x+y",
    };
    pn_session *session = open_session();
    for (size_t i = 0; i < sizeof ways / sizeof *ways; i++) {
        IT_OK(it_statement(session, ways[i], err));
        IT_ROWS(session, "select f(40, 2), f(y => 1, x => 2)", "42|3\n");
        expect_same(session, "select f(id, 1) as v from orders",
                    "select cast(id as int) + cast(1 as int) as v from orders");
    }
    pn_session_unref(session);
}

T_CASE(defaults_fill_in_what_a_call_leaves_out) {
    pn_session *session = open_session();
    IT_OK(it_statement(session,
                       "create function pad(s text, n int default 3) returns text return "
                       "lpad(s, n, '*')",
                       err));
    IT_ROWS(session, "select pad('a'), pad('a', 2)", "**a|*a\n");
    IT_FAILS(it_statement(session, "select pad()", err), PNI_E_ENGINE_SQL, "pad");
    IT_FAILS(it_statement(session, "select pad('a', 1, 2)", err), PNI_E_ENGINE_SQL, "pad");
    pn_session_unref(session);
}

T_CASE(a_plan_holds_the_body_and_runs_without_the_function) {
    pn_session *session = open_session();
    const char *sql = "select customer, add_one(id) as next from orders where add_one(id) > 2";
    IT_OK(it_statement(session, ADD_ONE, err));
    pn_bundle *bundle = it_compile(session, NULL, sql);
    expect_same(session, sql,
                "select customer, cast(id as int) + cast(1 as int) as next from orders where "
                "cast(id as int) + cast(1 as int) > 2");
    IT_OK(it_statement(session, "drop function add_one", err));
    pn_exec_options options = PN_EXEC_OPTIONS_INIT;
    pn_result *result = NULL;
    struct ArrowArrayStream stream = {0};
    options.replay = PN_REPLAY_SUBSTRAIT;
    IT_OK(pn_exec_run(session, bundle, &options, &result, err));
    IT_OK(pn_result_stream(result, &stream, err));
    PNI_AUTO_PTR(pni_text) rows = it_rows_of_stream(&stream);
    it_sort_lines(rows);
    T_EQ_STR(rows, "ada|4\nbob|3\n");
    pn_result_free(result);
    pn_bundle_unref(bundle);
    pn_session_unref(session);
}

T_CASE(functions_call_functions_and_the_newest_body_counts) {
    pn_session *session = open_session();
    IT_OK(it_statement(session, "create function one() returns bigint return 1", err));
    IT_OK(it_statement(session, "create function two() returns bigint return one() + one()", err));
    IT_ROWS(session, "select two()", "2\n");
    IT_OK(it_statement(session, "create or replace function one() returns bigint return 10", err));
    IT_ROWS(session, "select two()", "20\n");
    IT_FAILS(it_statement(session, "create or replace function one() returns text return 'x'", err),
             PNI_E_FUNCTION_USED, "two");
    IT_FAILS(it_statement(session, "drop function one", err), PNI_E_FUNCTION_USED, "two");
    IT_FAILS(
        it_statement(session, "create or replace function one() returns bigint return two()", err),
        PNI_E_FUNCTION_RECURSION, "one");
    IT_FAILS(it_statement(session, "create function me() returns bigint return me()", err),
             PNI_E_FUNCTION_RECURSION, "me");
    IT_OK(it_statement(session, "drop function one, two", err));
    pn_session_unref(session);
}

T_CASE(a_volatile_argument_is_evaluated_once_or_not_at_all) {
    pn_session *session = open_session();
    IT_OK(
        it_statement(session, "create function twice(x double) returns double return x + x", err));
    IT_OK(it_statement(session, "create function once(x double) returns double return x + 1", err));
    IT_FAILS(it_statement(session, "select twice(random())", err), PNI_E_ENGINE_SQL, "twice");
    IT_ROWS(session, "select once(random()) >= 1", "true\n");
    IT_ROWS(session, "select twice(2.5)", "5.0\n");
    pn_session_unref(session);
}

T_CASE(what_a_call_becomes_is_bounded) {
    pn_session *session = open_session();
    PNI_AUTO(pn_buf) sql = PN_BUF_INIT;
    IT_OK(
        it_statement(session, "create function twice(x bigint) returns bigint return x + x", err));
    IT_OK(it_statement(session, "create function next(x bigint) returns bigint return x + 1", err));
    pni_buf_puts(&sql, "select ");
    for (int i = 0; i < 40; i++)
        pni_buf_puts(&sql, "twice(");
    pni_buf_puts(&sql, "id");
    for (int i = 0; i < 40; i++)
        pni_buf_puts(&sql, ")");
    pni_buf_puts(&sql, " from orders");
    IT_FAILS(it_statement(session, pni_buf_text(&sql), err), PNI_E_ENGINE_LIMIT, "twice");
    IT_ROWS(session, "select next(next(next(next(id)))) from orders where id = 1", "5\n");
    pn_session_unref(session);
}

/* Each is two calls of the one before: what the fourteenth becomes has 32,767 parts. */
T_CASE(what_functions_of_functions_become_is_bounded) {
    pn_session *session = open_session();
    IT_OK(it_statement(session, "create function f0(x bigint) returns bigint return x", err));
    for (int i = 1; i <= 14; i++) {
        char sql[128];
        snprintf(sql, sizeof sql,
                 "create function f%d(x bigint) returns bigint return f%d(x) + f%d(x)", i, i - 1,
                 i - 1);
        if (i < 14)
            IT_OK(it_statement(session, sql, err));
        else
            IT_FAILS(it_statement(session, sql, err), PNI_E_ENGINE_LIMIT, "f14");
    }
    IT_ROWS(session, "select f8(id) from orders where id = 1", "256\n");
    pn_session_unref(session);
}

/* For the statement a body in AS is one text, however deep it nests. */
T_CASE(a_body_that_is_a_text_nests_no_deeper) {
    pn_session *session = open_session();
    PNI_AUTO(pn_buf) sql = PN_BUF_INIT;
    pni_buf_puts(&sql, "create function f(x bigint) returns bigint as '1");
    for (int i = 0; i < 400000; i++)
        pni_buf_puts(&sql, "+1");
    pni_buf_puts(&sql, "'");
    IT_FAILS(it_statement(session, pni_buf_text(&sql), err), PNI_E_FUNCTION_BODY,
             "is no expression");
    pn_session_unref(session);
}

T_CASE(arguments_are_of_the_declared_types) {
    pn_session *session = open_session();
    IT_OK(it_statement(session, ADD_ONE, err));
    IT_FAILS(it_statement(session, "select add_one('41')", err), PNI_E_ENGINE_SQL,
             "Int32 as argument 1");
    IT_FAILS(it_statement(session, "select add_one(4.1)", err), PNI_E_ENGINE_SQL,
             "Int32 as argument 1");
    IT_ROWS(session, "select add_one(null) is null", "true\n");
    IT_FAILS(it_statement(session, "select add_one(9999999999)", err), PNI_E_ENGINE_EXEC,
             "9999999999");
    pn_session_unref(session);
}

/* ---- second names ---------------------------------------------------------------------------- */

T_CASE(other_kinds_are_second_names) {
    pn_session *session = open_session();
    IT_OK(it_statement(session, "create function total(x bigint) returns bigint return sum($1)",
                       err));
    IT_OK(
        it_statement(session, "create function middle(x bigint) language aggregate as 'avg'", err));
    IT_OK(it_statement(session, "create function place() language window as 'row_number'", err));
    IT_OK(it_statement(session, "create function before(x bigint) returns bigint return lag(x)",
                       err));
    IT_OK(it_statement(session,
                       "create function upto(a bigint, b bigint) language udtf return "
                       "generate_series($1, $2)",
                       err));
    IT_OK(it_statement(session, "create function total2(x bigint) language udaf as 'total'", err));
    IT_OK(it_statement(session, "create function running(x bigint) language udwf return sum(x)",
                       err));
    IT_ROWS(session,
            "select total(amount), total(distinct amount) filter (where id < 3) from orders",
            "60|30\n");
    IT_ROWS(session, "select total2(amount), middle(amount) from orders", "60|20.0\n");
    IT_ROWS(session,
            "select place() over (order by id desc) as p, before(id) over (order by id) "
            "as b from orders order by id",
            "3|NULL\n2|1\n1|2\n");
    IT_ROWS(session, "select running(amount) over (order by id) as t from orders order by id",
            "10\n30\n60\n");
    IT_ROWS(session, "select u.value from upto(1, 3) u order by 1", "1\n2\n3\n");
    IT_ROWS(session, "select sum(upto.value) from upto(1, 3)", "6\n");
    expect_same(session, "select total(amount) as t from orders",
                "select sum(amount) as t from orders");
    IT_OK(it_statement(session, "drop function total2, total", err));
    IT_FAILS(it_statement(session, "select total(amount) from orders", err), PNI_E_ENGINE_SQL,
             "total");
    pn_session_unref(session);
}

/* A second name opens no door that the function itself would not. */
T_CASE(a_policy_sees_what_a_second_name_stands_for) {
    pn_session *session = open_session();
    pn_compile_options options = PN_COMPILE_OPTIONS_INIT;
    pn_plan_source source = PN_PLAN_SOURCE_INIT;
    pn_bundle *bundle = NULL;
    IT_OK(it_statement(session,
                       "create function upto(a bigint, b bigint) language table return range(a, b)",
                       err));
    options.sql_policy = PN_SQL_POLICY_READ_ONLY;
    source.options = &options;
    source.sql = "select * from upto(1, 3)";
    IT_OK(pn_exec_compile(session, NULL, &source, &bundle, err));
    pn_bundle_unref(bundle);
    IT_OK(it_statement(session, "create function peek(p text) language table return read_csv($1)",
                       err));
    source.sql = "select * from peek('orders.csv')";
    IT_FAILS(pn_exec_compile(session, NULL, &source, &bundle, err), PNI_E_TABLE_ACCESS, "read_csv");
    pn_session_unref(session);
}

T_CASE(what_there_is_is_shown) {
    pn_session *session = open_session();
    pn_plan_source source = PN_PLAN_SOURCE_INIT;
    pn_result *result = NULL;
    struct ArrowArrayStream stream = {0};
    IT_OK(it_statement(session, "create function f(x int, y int default 2) returns int return x*y",
                       err));
    IT_OK(
        it_statement(session, "create function total(x bigint) returns bigint return sum(x)", err));
    source.sql = "show create function f";
    IT_OK(pn_exec_statement(session, NULL, &source, NULL, &result, err));
    IT_OK(pn_result_stream(result, &stream, err));
    PNI_AUTO_PTR(pni_text) rows = it_rows_of_stream(&stream);
    T_EQ_STR(rows, "f|CREATE FUNCTION f(x INT, y INT DEFAULT 2) RETURNS INT RETURN $1 * $2\n");
    pn_result_free(result);
    source.sql = "show functions";
    IT_OK(pn_exec_statement(session, NULL, &source, NULL, &result, err));
    IT_OK(pn_result_stream(result, &stream, err));
    PNI_AUTO_PTR(pni_text) all = it_rows_of_stream(&stream);
    T_ASSERT(strstr(all, "f|scalar|immutable|false") && strstr(all, "total|aggregate|immutable"));
    pn_result_free(result);
    pn_session_unref(session);
}

/* ---- what is refused ------------------------------------------------------------------------- */

static const struct {
    const char *sql;
    int32_t number;
    const char *text;
} refused[] = {
    {"create function f(x int) return x + 1", PNI_E_FUNCTION_DECLARATION, "returns"},
    {"create function f(x int) returns int", PNI_E_FUNCTION_DECLARATION, "body"},
    {"create function f(x double default random()) returns double return x",
     PNI_E_FUNCTION_DECLARATION, "no constant"},
    {"create function f(x int default (select 1)) returns int return x", PNI_E_FUNCTION_DECLARATION,
     "no constant"},
    {"create function f(x int, x int) returns int return 1", PNI_E_FUNCTION_DECLARATION,
     "one name"},
    {"create function f(x int) returns int strict return x", PNI_E_FUNCTION_DECLARATION, "STRICT"},
    {"create function f(x int) returns int parallel safe return x", PNI_E_FUNCTION_DECLARATION,
     "PARALLEL"},
    {"create function f(out x int) returns int return x", PNI_E_FUNCTION_DECLARATION, "OUT"},
    {"create function f(x int) returns setof int return x", PNI_E_FUNCTION_DECLARATION, "SETOF"},
    {"create function f(x int) returns int return y + 1", PNI_E_FUNCTION_BODY, "'y'"},
    {"create function f(x int) returns int return $2", PNI_E_FUNCTION_BODY, "'$2'"},
    {"create function f(x int) returns int return o.id", PNI_E_FUNCTION_BODY, "'o.id'"},
    {"create function f(x int) returns int return nope(x)", PNI_E_FUNCTION_BODY, "'nope'"},
    {"create function f(x int) returns int return (select max(x))", PNI_E_FUNCTION_BODY, "query"},
    {"create function f(x int) returns int return sum(x) + 1", PNI_E_FUNCTION_BODY, "'sum'"},
    {"create function f(x int) returns int return sum(distinct x)", PNI_E_FUNCTION_BODY, "'sum'"},
    {"create function f(x int) returns int return sum(x) filter (where x > 1)", PNI_E_FUNCTION_BODY,
     "'sum'"},
    {"create function f(x int, y int) language aggregate return sum($2)", PNI_E_FUNCTION_BODY,
     "aggregate"},
    {"create function f(x int) language window return abs(x)", PNI_E_FUNCTION_BODY, "window"},
    {"create function f(x int) language table return sum(x)", PNI_E_FUNCTION_BODY, "table"},
    {"create function f(x int) returns int as 'x +'", PNI_E_FUNCTION_BODY, "expression"},
    {"create function f(x int) returns int immutable return x + random()", PNI_E_FUNCTION_BODY,
     "volatile"},
    {"create function f(x int) returns int stable return x + random()", PNI_E_FUNCTION_BODY,
     "volatile"},
    {"create function f(x int) returns int language lua as 'return x'", PNI_E_FUNCTION_LANGUAGE,
     "'lua'"},
    {"create function f(x int) returns int return [x]", PNI_E_ENGINE_SQL, "return Int32"},
    {"create function f(x int) returns int return x + 'a'", PNI_E_ENGINE_SQL, ""},
    {"create function abs(x int) returns int return x", PNI_E_FUNCTION_EXISTS, "'abs'"},
    {"create or replace function sum(x int) returns int return x", PNI_E_FUNCTION_EXISTS, "'sum'"},
    {"create function stable_hash64(x int) returns int return x", PNI_E_FUNCTION_EXISTS,
     "'stable_hash64'"},
    {"create function unnest(x int) returns int return x", PNI_E_FUNCTION_EXISTS, "'unnest'"},
    {"create function a.b(x int) returns int return x", PNI_E_ENGINE_UNSUPPORTED, "a.b"},
    {"create function \"F\"(x int) returns int return x", 0, "F"},
    {"drop function abs", PNI_E_FUNCTION_UNKNOWN, "'abs'"},
    {"drop function f(int)", PNI_E_FUNCTION_DECLARATION, "names alone"},
    {"drop function f cascade", PNI_E_FUNCTION_DECLARATION, "CASCADE"},
};

T_CASE(what_is_no_function_is_refused_by_name) {
    pn_session *session = open_session();
    for (size_t i = 0; i < sizeof refused / sizeof *refused; i++) {
        pn_error problem = PN_ERROR_INIT;
        pn_status status = it_statement(session, refused[i].sql, &problem);
        bool is_number = !refused[i].number || problem.number == refused[i].number;
        if (status == PN_OK || !is_number || !strstr(problem.message, refused[i].text))
            T_FAIL("%s: PN%d %s %s", refused[i].sql, problem.number, problem.message,
                   problem.detail);
        if (!problem.hint[0])
            T_FAIL("%s: no hint", refused[i].sql);
    }
    PNI_AUTO_PTR(pni_text) rows = it_query(session, NULL, "select 1"); /* nothing is left over */
    T_EQ_STR(rows, "1\n");
    pn_session_unref(session);
}
