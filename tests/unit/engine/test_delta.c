/* Upkeep of Delta tables: rows go by a predicate, small files are joined, mistakes are named. */
#include "engine_fixture.h"
#include "t.h"

#include <stdio.h>

static const char *table_uri(void) {
    static char uri[4096];
    snprintf(uri, sizeof uri, "%s/numbers", t_tmpdir());
    return uri;
}

/* Appends 0..n-1, in partitions of `b` where a query asks for them. */
static void append(const pni_engine_session *session, const char *sql) {
    pn_error err = PN_ERROR_INIT;
    PNI_AUTO_PTR(pni_engine_plan) plan = NULL;
    PNI_AUTO_PTR(json_t) report = NULL;
    PNI_AUTO_PTR(json_t)
    request = json_pack("{s:s, s:s, s:s, s:[s]}", "format", "delta", "uri", table_uri(), "mode",
                        "append", "partition_by", "p");
    T_OK(pni_engine_plan_sql(session, PNI_SPACE_RUN, fixture_bytes(sql), 0, &plan, &err), &err);
    T_OK(pni_engine_plan_write(plan, request, NULL, &report, &err), &err);
}

static pn_status change(const pni_engine_session *session, const char *operation,
                        const char *predicate, json_t **report, pn_error *err) {
    PNI_AUTO_PTR(json_t)
    request = json_pack("{s:s, s:s}", "operation", operation, "uri", table_uri());
    if (predicate)
        json_object_set_new(request, "predicate", json_string(predicate));
    return pni_engine_delta_run(session, request, NULL, report, err);
}

static void expect_sum(const pni_engine_session *session, int64_t want_rows, int64_t want_sum) {
    pn_error err = PN_ERROR_INIT;
    PNI_AUTO_PTR(pni_engine_table) table = NULL;
    PNI_AUTO_PTR(json_t) spec = json_pack("{s:s, s:s}", "format", "delta", "uri", table_uri());
    int64_t rows;
    int64_t sum;
    T_OK(pni_engine_table_open(session, spec, NULL, NULL, &table, &err), &err);
    T_OK(pni_engine_register(session, PNI_SPACE_RUN, "back", table, &err), &err);
    T_OK(fixture_query(session, "select a from back", &rows, &sum, &err), &err);
    T_EQ_INT(rows, want_rows);
    T_EQ_INT(sum, want_sum);
}

T_CASE(rows_go_by_a_predicate) {
    PNI_AUTO_PTR(pni_engine_session) session = fixture_session();
    PNI_AUTO_PTR(json_t) whole = NULL;
    PNI_AUTO_PTR(json_t) part = NULL;
    pn_error err = PN_ERROR_INIT;
    fixture_numbers(session, "t", 10);
    append(session, "select a, case when a < 4 then 'low' else 'high' end as p from t");
    T_OK(change(session, "delete", "p = 'low'", &whole, &err), &err);
    T_EQ_STR(pni_json_text(whole, "files_removed"), "1");
    T_EQ_STR(pni_json_text(whole, "files_added"), "0"); /* a whole partition rewrites nothing */
    T_EQ_STR(pni_json_text(whole, "version"), "1");
    expect_sum(session, 6, 39);
    T_OK(change(session, "delete", "a > 7", &part, &err), &err);
    T_EQ_STR(pni_json_text(part, "files_added"), "1");
    expect_sum(session, 4, 22);
}

T_CASE(small_files_are_joined) {
    PNI_AUTO_PTR(pni_engine_session) session = fixture_session();
    PNI_AUTO_PTR(json_t) report = NULL;
    pn_error err = PN_ERROR_INIT;
    fixture_numbers(session, "t", 10);
    for (int i = 0; i < 3; i++)
        append(session, "select a, 'one' as p from t");
    T_OK(change(session, "optimize", NULL, &report, &err), &err);
    T_EQ_STR(pni_json_text(report, "files_removed"), "3");
    T_EQ_STR(pni_json_text(report, "files_added"), "1");
    expect_sum(session, 30, 135);
}

T_CASE(mistakes_are_named) {
    PNI_AUTO_PTR(pni_engine_session) session = fixture_session();
    json_t *report = NULL;
    pn_error err = PN_ERROR_INIT;
    T_STATUS(change(session, "optimize", NULL, &report, &err), PN_NOT_FOUND, &err);
    T_ASSERT(strstr(err.message, "numbers"));
    fixture_numbers(session, "t", 3);
    append(session, "select a, 'one' as p from t");
    err = PN_ERROR_INIT;
    T_STATUS(change(session, "vacuum", NULL, &report, &err), PN_INVALID, &err);
    T_ASSERT(strstr(err.message, "vacuum"));
    err = PN_ERROR_INIT;
    T_STATUS(change(session, "delete", NULL, &report, &err), PN_INVALID, &err);
    T_ASSERT(strstr(err.message, "predicate"));
    err = PN_ERROR_INIT;
    T_ASSERT(change(session, "delete", "no_such_column = 1", &report, &err) != PN_OK);
    T_ASSERT(strstr(err.message, "numbers") && err.number != 0);
    T_ASSERT(!report);
    expect_sum(session, 3, 3);
}

T_CASE(a_fired_token_stops_it) {
    PNI_AUTO_PTR(pni_engine_session) session = fixture_session();
    PNI_AUTO_PTR(pn_cancel) cancel = pn_cancel_new();
    PNI_AUTO_PTR(json_t)
    request = json_pack("{s:s, s:s}", "operation", "optimize", "uri", table_uri());
    json_t *report = NULL;
    pn_error err = PN_ERROR_INIT;
    pn_cancel_fire(cancel);
    T_STATUS(pni_engine_delta_run(session, request, cancel, &report, &err), PN_CANCELLED, &err);
}
