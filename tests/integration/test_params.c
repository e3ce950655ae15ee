/* Parameters: of every type, typed and inferred, missing, unused, wrong; and in the identity. */
#include "it.h"

static pn_session *people(void) {
    pn_catalog *catalog = pn_catalog_new();
    it_write("people.csv", "id,name,born\n1,ada,1815-12-10\n2,bob,1990-01-01\n3,eve,2000-05-05\n");
    it_add(catalog, "people", "csv", it_path("people.csv"));
    pn_session *session = it_session(catalog);
    pn_catalog_unref(catalog);
    return session;
}

static pn_status compile(pn_session *session, const char *sql, const pn_compile_options *options,
                         pn_bundle **out, pn_error *err) {
    pn_plan_source source = PN_PLAN_SOURCE_INIT;
    source.sql = sql;
    source.options = options;
    return pn_exec_compile(session, NULL, &source, out, err);
}

static pn_compile_options with(const pn_param *params, size_t count) {
    pn_compile_options options = PN_COMPILE_OPTIONS_INIT;
    options.params = params;
    options.n_params = count;
    return options;
}

static char *rows_with(pn_session *session, const char *sql, const pn_param *params, size_t count) {
    pn_compile_options options = with(params, count);
    pn_bundle *bundle = NULL;
    pn_result *result = NULL;
    struct ArrowArrayStream stream = {0};
    IT_OK(compile(session, sql, &options, &bundle, err));
    IT_OK(pn_exec_run(session, bundle, NULL, &result, err));
    IT_OK(pn_result_stream(result, &stream, err));
    pn_result_free(result);
    pn_bundle_unref(bundle);
    return it_rows_of_stream(&stream);
}

static pn_status try_with(pn_session *session, const char *sql, const pn_param *params,
                          size_t count, pn_error *err) {
    pn_compile_options options = with(params, count);
    pn_bundle *bundle = NULL;
    pn_status status = compile(session, sql, &options, &bundle, err);
    pn_bundle_unref(bundle);
    return status;
}

T_CASE(parameters_of_every_type) {
    static const struct {
        const char *type, *value, *sql, *want;
    } cases[] = {
        {"boolean", "true", "select not $p", "false\n"},
        {"int8", "-128", "select arrow_typeof($p), $p", "Int8|-128\n"},
        {"int16", "7", "select arrow_typeof($p), $p", "Int16|7\n"},
        {"int32", "7", "select arrow_typeof($p), $p", "Int32|7\n"},
        {"int64", "9223372036854775807", "select arrow_typeof($p), $p",
         "Int64|9223372036854775807\n"},
        {"uint8", "255", "select arrow_typeof($p), $p", "UInt8|255\n"},
        {"uint64", "18446744073709551615", "select arrow_typeof($p), $p",
         "UInt64|18446744073709551615\n"},
        {"float32", "1.5", "select arrow_typeof($p), $p", "Float32|1.5\n"},
        {"float64", "-0.25", "select arrow_typeof($p), $p", "Float64|-0.25\n"},
        {"decimal(10,2)", "12.34", "select arrow_typeof($p), $p", "Decimal128(10, 2)|12.34\n"},
        {"utf8", "it's '; drop table people", "select $p", "it's '; drop table people\n"},
        {"large_utf8", "x", "select arrow_typeof($p), $p", "LargeUtf8|x\n"},
        {"binary", "00ff", "select encode($p, 'hex')", "00ff\n"},
        {"date32", "2020-02-29", "select arrow_typeof($p), $p", "Date32|2020-02-29\n"},
        {"timestamp(us)", "2020-01-02T03:04:05.000006", "select date_part('year', $p)", "2020\n"},
        {"timestamp(ns, UTC)", "2020-01-02T03:04:05Z", "select date_part('hour', $p)", "3\n"},
        {"time64(us)", "03:04:05", "select $p", "03:04:05\n"},
        {"list<int64>", "[1, 2, null]", "select array_length($p)", "3\n"},
        {"struct<a: int64, b: utf8>", "{\"a\": 1, \"b\": \"x\"}", "select $p['a'], $p['b']",
         "1|x\n"},
        {"int64", NULL, "select $p is null, arrow_typeof($p)", "true|Int64\n"},
        {NULL, "text", "select $p", "text\n"},
        {NULL, "2", "select name from people where id = $p", "bob\n"},
        {NULL, "1990-01-01", "select name from people where born = $p", "bob\n"},
        {"int64", "2", "select name from people order by id limit $p", "ada\nbob\n"},
    };
    pn_session *session = people();
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const pn_param param = {"p", cases[i].value, cases[i].type};
        PNI_AUTO_PTR(pni_text) rows = rows_with(session, cases[i].sql, &param, 1);
        if (strcmp(rows, cases[i].want))
            T_FAIL("%s of %s: %s", cases[i].sql, cases[i].type ? cases[i].type : "?", rows);
    }
    pn_session_unref(session);
}

T_CASE(positions_and_names) {
    const pn_param positions[] = {{"2", "b", NULL}, {"1", "a", NULL}};
    const pn_param names[] = {{"least", "2", NULL}, {"who", "eve", NULL}};
    pn_session *session = people();
    PNI_AUTO_PTR(pni_text) first = rows_with(session, "select $1, $2, $1 as again", positions, 2);
    T_EQ_STR(first, "a|b|a\n");
    PNI_AUTO_PTR(pni_text)
    second = rows_with(session,
                       "select id from people where id >= $least and name = $who and "
                       "id = (select max(id) from people where name = $who)",
                       names, 2);
    T_EQ_STR(second, "3\n");
    /* Neither in a string nor in a comment. */
    PNI_AUTO_PTR(pni_text) third = rows_with(session, "select '$x' -- $y", NULL, 0);
    T_EQ_STR(third, "$x\n");
    pn_session_unref(session);
}

T_CASE(wrong_parameters_are_numbered) {
    static const pn_param id[] = {{"id", "2", NULL}};
    static const pn_param twice[] = {{"id", "2", NULL}, {"id", "3", NULL}};
    static const pn_param text[] = {{"id", "two", "utf8"}};
    static const pn_param words[] = {{"id", "two", NULL}};
    static const pn_param no_number[] = {{"id", "two", "int64"}};
    static const pn_param no_type[] = {{"id", "2", "int65"}};
    static const pn_param bad_name[] = {{"Id", "2", NULL}};
    static const pn_param zero[] = {{"0", "2", NULL}};
    const char *sql = "select name from people where id = $id";
    pn_session *session = people();
    IT_FAILS(try_with(session, sql, NULL, 0, err), PNI_E_PARAM_MISSING, "$id");
    IT_FAILS(try_with(session, "select ?", id, 1, err), PNI_E_PARAM_MISSING, "?");
    IT_FAILS(try_with(session, "select 1", id, 1, err), PNI_E_PARAM_UNUSED, "$id");
    IT_FAILS(try_with(session, sql, twice, 2, err), PNI_E_PARAM_NAME, "id");
    IT_FAILS(try_with(session, sql, text, 1, err), PNI_E_PARAM_TYPE, "$id");
    IT_FAILS(try_with(session, sql, words, 1, err), PNI_E_PARAM_TYPE, "two");
    IT_FAILS(try_with(session, sql, no_number, 1, err), PNI_E_PARAM_TYPE, "id");
    IT_FAILS(try_with(session, sql, no_type, 1, err), PNI_E_PARAM_TYPE, "int65");
    IT_FAILS(try_with(session, sql, bad_name, 1, err), PNI_E_PARAM_NAME, "Id");
    IT_FAILS(try_with(session, "select $0", zero, 1, err), PNI_E_PARAM_NAME, "0");
    pn_session_unref(session);
}

T_CASE(modes_and_lists_of_names) {
    static const pn_param named[] = {{"id", "2", NULL}};
    static const pn_param position[] = {{"1", "2", NULL}};
    static const char *const allowed[] = {"other"};
    pn_session *session = people();
    pn_bundle *bundle = NULL;
    pn_compile_options options = with(named, 1);
    options.param_mode = PN_PARAMS_PREPARED;
    IT_FAILS(compile(session, "select $id", &options, &bundle, err), PNI_E_PARAM_NAME, "id");
    options.param_mode = PN_PARAMS_ANY;
    options.param_names = allowed;
    options.n_param_names = 1;
    IT_FAILS(compile(session, "select $id", &options, &bundle, err), PNI_E_PARAM_NAME, "list");
    options = with(position, 1);
    options.param_mode = PN_PARAMS_NAMED;
    IT_FAILS(compile(session, "select $1", &options, &bundle, err), PNI_E_PARAM_NAME, "1");
    options.param_mode = 7;
    IT_FAILS(compile(session, "select $1", &options, &bundle, err), PNI_E_SESSION_SETTING, "7");
    options = with(NULL, 1);
    IT_FAILS(compile(session, "select $1", &options, &bundle, err), PNI_E_ARGUMENT, "params");
    pn_session_unref(session);
}

static void expect_same(const pn_bundle *left, const pn_bundle *right, bool same) {
    bool equal = pni_streq(pn_bundle_fingerprint(left), pn_bundle_fingerprint(right));
    T_ASSERT(equal == same);
}

static pn_bundle *bound(pn_session *session, const char *value, const char *type) {
    const pn_param param = {"p", value, type};
    pn_compile_options options = with(&param, 1);
    pn_bundle *bundle = NULL;
    IT_OK(compile(session, "select name from people where id = $p", &options, &bundle, err));
    return bundle;
}

T_CASE(value_and_type_are_identity_and_nothing_else) {
    pn_session *session = people();
    pn_bundle *two = bound(session, "2", NULL);
    pn_bundle *typed = bound(session, "2", "int64");
    pn_bundle *three = bound(session, "3", NULL);
    pn_bundle *literal = it_compile(session, NULL, "select name from people where id = 2");
    expect_same(two, typed, true); /* what the query asks for is int64 */
    expect_same(two, three, false);
    expect_same(two, literal, true); /* as if the literal stood there */
    const pn_param narrow = {"p", "2", "int32"}, wide = {"p", "2", "int64"};
    pn_compile_options options = with(&narrow, 1);
    pn_bundle *left = NULL, *right = NULL;
    IT_OK(compile(session, "select $p as v", &options, &left, err));
    options.params = &wide;
    IT_OK(compile(session, "select $p as v", &options, &right, err));
    expect_same(left, right, false);
    pn_bundle *all[] = {two, typed, three, literal, left, right};
    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        pn_bundle_unref(all[i]);
    pn_session_unref(session);
}

T_CASE(substrait_takes_no_parameters) {
    const pn_param param = {"p", "2", NULL};
    pn_compile_options options = with(&param, 1);
    pn_session *session = people();
    pn_bundle *bundle = it_compile(session, NULL, "select 1 as k"), *none = NULL;
    pn_plan_source source = PN_PLAN_SOURCE_INIT;
    source.substrait = pn_bundle_substrait(bundle);
    source.options = &options;
    IT_FAILS(pn_exec_compile(session, NULL, &source, &none, err), PNI_E_PARAM_SOURCE, "Substrait");
    pn_bundle_unref(bundle);
    pn_session_unref(session);
}

T_CASE(statements_take_parameters) {
    const pn_param param = {"who", "bob", NULL};
    pn_compile_options options = with(&param, 1);
    pn_session *session = people();
    pn_plan_source source = PN_PLAN_SOURCE_INIT;
    pn_result *result = NULL;
    struct ArrowArrayStream stream = {0};
    source.sql = "select id from people where name = $who";
    source.options = &options;
    IT_OK(pn_exec_statement(session, NULL, &source, NULL, &result, err));
    IT_OK(pn_result_stream(result, &stream, err));
    PNI_AUTO_PTR(pni_text) rows = it_rows_of_stream(&stream);
    T_EQ_STR(rows, "2\n");
    pn_result_free(result);
    pn_session_unref(session);
}
