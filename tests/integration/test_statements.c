/* Every door, policy and kind of statement; what is allowed really runs, what is not is named. */
#include "it.h"

#include <stdlib.h>

static pn_session *session_as(int32_t policy) {
    pn_catalog *catalog = pn_catalog_new();
    pn_session_options options = PN_SESSION_OPTIONS_INIT;
    pn_session *session = NULL;
    it_write("orders.csv", "id,customer,amount\n1,ada,10\n2,bob,20\n");
    it_add(catalog, "orders", "csv", it_path("orders.csv"));
    options.catalog = catalog;
    options.sql_policy = policy;
    options.target_partitions = 2;
    IT_OK(pn_session_open(&options, &session, err));
    pn_catalog_unref(catalog);
    return session;
}

static pn_status statement(pn_session *session, pn_view_graph *graph, const char *sql,
                           pn_result **out, pn_error *err) {
    pn_plan_source source = PN_PLAN_SOURCE_INIT;
    source.sql = sql;
    return pn_exec_statement(session, graph, &source, NULL, out, err);
}

static pn_status try_statement(pn_session *session, pn_view_graph *graph, const char *sql,
                               pn_error *err) {
    pn_result *result = NULL;
    pn_status status = statement(session, graph, sql, &result, err);
    pn_result_free(result);
    return status;
}

static char *rows_of(pn_session *session, pn_view_graph *graph, const char *sql) {
    pn_result *result = NULL;
    struct ArrowArrayStream stream = {0};
    IT_OK(statement(session, graph, sql, &result, err));
    IT_OK(pn_result_stream(result, &stream, err));
    pn_result_free(result);
    return it_rows_of_stream(&stream);
}

static void expect_rows(pn_session *session, pn_view_graph *graph, const char *sql,
                        const char *want) {
    PNI_AUTO_PTR(pni_text) rows = rows_of(session, graph, sql);
    if (strcmp(rows, want))
        T_FAIL("%s gives\n%s", sql, rows);
}

static void expect_text(pn_session *session, pn_view_graph *graph, const char *sql,
                        const char *text) {
    PNI_AUTO_PTR(pni_text) rows = rows_of(session, graph, sql);
    if (!strstr(rows, text))
        T_FAIL("%s gives\n%s", sql, rows);
}

/* ---- every kind of statement under every policy ---------------------------------------------- */

enum { RUNS = 0 };

/* `least`: the first policy that allows it; `number`: what it gives then, RUNS or an error. */
static const struct {
    const char *sql;
    const char *words; /* in the refusal */
    int32_t least;
    int32_t number;
} matrix[] = {
    {"select count(*) from orders", "", PN_SQL_POLICY_READ_ONLY, RUNS},
    {"values (1)", "", PN_SQL_POLICY_READ_ONLY, RUNS},
    {"explain select 1", "EXPLAIN", PN_SQL_POLICY_SERVICE, RUNS},
    {"explain verbose select 1", "EXPLAIN", PN_SQL_POLICY_SERVICE, RUNS},
    {"explain format tree select 1", "EXPLAIN", PN_SQL_POLICY_SERVICE, RUNS},
    {"explain analyze select * from orders", "EXPLAIN ANALYZE", PN_SQL_POLICY_SERVICE, RUNS},
    {"show tables", "SHOW", PN_SQL_POLICY_SERVICE, RUNS},
    {"show columns from orders", "SHOW", PN_SQL_POLICY_SERVICE, RUNS},
    {"show functions", "SHOW", PN_SQL_POLICY_SERVICE, RUNS},
    {"show all", "SHOW", PN_SQL_POLICY_SERVICE, RUNS},
    {"describe orders", "DESCRIBE", PN_SQL_POLICY_SERVICE, RUNS},
    {"describe select id from orders", "DESCRIBE", PN_SQL_POLICY_SERVICE, RUNS},
    {"insert into orders values (3,'c',1)", "INSERT", PN_SQL_POLICY_WRITE, PNI_E_STATEMENT_TARGET},
    {"explain insert into orders values (3,'c',1)", "INSERT", PN_SQL_POLICY_WRITE, RUNS},
    {"explain analyze insert into orders values (3,'c',1)", "INSERT", PN_SQL_POLICY_WRITE,
     PNI_E_STATEMENT_UNSUPPORTED},
    {"update orders set id = 1", "UPDATE", PN_SQL_POLICY_WRITE, PNI_E_STATEMENT_UNSUPPORTED},
    {"delete from orders", "DELETE", PN_SQL_POLICY_WRITE, PNI_E_STATEMENT_UNSUPPORTED},
    {"truncate table orders", "TRUNCATE", PN_SQL_POLICY_WRITE, PNI_E_STATEMENT_UNSUPPORTED},
    {"set datafusion.execution.batch_size = 77", "SET", PN_SQL_POLICY_WRITE, RUNS},
    {"reset datafusion.execution.batch_size", "RESET", PN_SQL_POLICY_WRITE, RUNS},
    {"prepare p as select 1", "PREPARE", PN_SQL_POLICY_WRITE, PNI_E_STATEMENT_UNSUPPORTED},
    {"execute p", "EXECUTE", PN_SQL_POLICY_WRITE, PNI_E_STATEMENT_UNSUPPORTED},
    {"deallocate p", "DEALLOCATE", PN_SQL_POLICY_WRITE, PNI_E_STATEMENT_UNSUPPORTED},
    {"start transaction", "transaction", PN_SQL_POLICY_WRITE, PNI_E_STATEMENT_UNSUPPORTED},
    {"create table made as select 1 as k", "CREATE TABLE", PN_SQL_POLICY_ADMIN, RUNS},
    {"select 1 as k into other_made", "CREATE TABLE", PN_SQL_POLICY_ADMIN, RUNS},
    {"drop table made", "DROP TABLE", PN_SQL_POLICY_ADMIN, RUNS},
    {"create view v as select 1 as k", "CREATE VIEW", PN_SQL_POLICY_ADMIN, RUNS},
    {"drop view v", "DROP VIEW", PN_SQL_POLICY_ADMIN, RUNS},
    {"create schema s", "CREATE SCHEMA", PN_SQL_POLICY_ADMIN, PNI_E_STATEMENT_UNSUPPORTED},
    {"create function f() returns int return 1", "CREATE FUNCTION", PN_SQL_POLICY_ADMIN,
     PNI_E_STATEMENT_UNSUPPORTED},
    {"alter table orders add column z int", "ALTER", PN_SQL_POLICY_ADMIN,
     PNI_E_STATEMENT_UNSUPPORTED},
    {"grant select on orders to ada", "another kind", PN_SQL_POLICY_ADMIN,
     PNI_E_STATEMENT_UNSUPPORTED},
};

T_CASE(every_statement_under_every_policy) {
    for (int32_t policy = PN_SQL_POLICY_READ_ONLY; policy <= PN_SQL_POLICY_ADMIN; policy++) {
        pn_session *session = session_as(policy);
        pn_view_graph *graph = pn_view_graph_new();
        IT_OK(pn_view_graph_compile(graph, session, NULL, err));
        for (size_t i = 0; i < sizeof matrix / sizeof *matrix; i++) {
            pn_error problem = PN_ERROR_INIT;
            pn_status status = try_statement(session, graph, matrix[i].sql, &problem);
            int32_t want = policy < matrix[i].least ? PNI_E_SESSION_POLICY : matrix[i].number;
            if ((want == RUNS) != (status == PN_OK) || problem.number != want)
                T_FAIL("%s, %s: PN%d %s %s", pn_sql_policy_name(policy), matrix[i].sql,
                       problem.number, problem.message, problem.detail);
            if (want == PNI_E_SESSION_POLICY && !strstr(problem.message, matrix[i].words))
                T_FAIL("%s: '%s' does not name it", matrix[i].sql, problem.message);
        }
        pn_view_graph_free(graph);
        pn_session_unref(session);
    }
}
