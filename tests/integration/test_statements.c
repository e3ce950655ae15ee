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
    {"merge into orders using (select 1 as k) s on orders.id = s.k when matched then delete",
     "MERGE", PN_SQL_POLICY_WRITE, PNI_E_STATEMENT_UNSUPPORTED},
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
    {"create function f() returns int return 1", "CREATE FUNCTION", PN_SQL_POLICY_ADMIN, RUNS},
    {"drop function f", "DROP FUNCTION", PN_SQL_POLICY_ADMIN, RUNS},
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

T_CASE(statements_on_rows_say_why_not_and_what_instead) {
    static const char *const texts[][2] = {
        {"UPDATE", "update orders set id = 1"},
        {"DELETE", "delete from orders where id = 1"},
        {"TRUNCATE", "truncate table orders"},
        {"MERGE", "merge into orders using (select 1 as k) s on orders.id = s.k when matched then "
                  "delete"},
    };
    pn_session *session = session_as(PN_SQL_POLICY_WRITE);
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        pn_error problem = PN_ERROR_INIT;
        T_STATUS(try_statement(session, NULL, texts[i][1], &problem), PN_UNSUPPORTED, &problem);
        T_EQ_INT(problem.number, PNI_E_STATEMENT_UNSUPPORTED);
        T_ASSERT(pni_starts_with(problem.message, texts[i][0]));
        T_ASSERT(strstr(problem.message, "rows of a table are replaced as a whole"));
        T_ASSERT(strstr(problem.hint, "INSERT OVERWRITE"));
    }
    pn_session_unref(session);
}

/* ---- what is allowed really runs ---------------------------------------------------------------
 */

T_CASE(insert_appends_and_overwrites) {
    pn_session *session = session_as(PN_SQL_POLICY_WRITE);
    pn_write_request write = PN_WRITE_REQUEST_INIT;
    pn_result *result = NULL;
    pn_buf text = PN_BUF_INIT;
    pn_bundle *rows = it_compile(session, NULL, "select id, customer from orders");
    write.format = "delta";
    write.uri = it_path("table");
    IT_OK(pn_exec_write(session, rows, &write, NULL, &result, err));
    pn_result_free(result);
    pn_dataset_spec spec = PN_DATASET_SPEC_INIT;
    spec.name = "people";
    spec.format = "delta";
    spec.uri = it_path("table");
    IT_OK(pn_session_add_dataset(session, &spec, err));
    IT_OK(statement(session, NULL, "insert into people select id + 10, upper(customer) from orders",
                    &result, err));
    T_EQ_INT(pn_result_kind(result), PN_RESULT_WRITE);
    IT_OK(pn_result_json(result, &text, err));
    T_ASSERT(strstr(pni_buf_text(&text), "\"rows\":\"2\"") &&
             strstr(pni_buf_text(&text), "\"kind\":\"insert\""));
    pni_buf_clear(&text);
    IT_OK(pn_result_events(result, &text, err));
    T_ASSERT(strstr(pni_buf_text(&text), "\"policy\":\"write\""));
    pn_result_free(result);
    expect_rows(session, NULL, "select count(*) from people", "2\n"); /* one point in time */
    pn_session *later = session_as(PN_SQL_POLICY_WRITE);
    IT_OK(pn_session_add_dataset(later, &spec, err));
    expect_rows(later, NULL, "select id, customer from people order by id",
                "1|ada\n2|bob\n11|ADA\n12|BOB\n");
    IT_OK(try_statement(later, NULL, "insert overwrite people select 7 as id, 'eve' as customer",
                        err));
    pn_session *last = session_as(PN_SQL_POLICY_READ_ONLY);
    IT_OK(pn_session_add_dataset(last, &spec, err));
    expect_rows(last, NULL, "select id, customer from people", "7|eve\n");
    pn_buf_dispose(&text);
    pn_bundle_unref(rows);
    pn_session_unref(session);
    pn_session_unref(later);
    pn_session_unref(last);
}

T_CASE(an_insert_needs_a_target_that_can_take_rows) {
    pn_session *session = session_as(PN_SQL_POLICY_ADMIN);
    pn_view_graph *graph = pn_view_graph_new();
    pn_dataset_spec spec = PN_DATASET_SPEC_INIT;
    IT_OK(pn_view_graph_add_sql(graph, "v", "select 1 as k", NULL, err));
    IT_OK(pn_view_graph_compile(graph, session, NULL, err));
    IT_OK(try_statement(session, graph, "create table t as select 1 as k", err));
    IT_FAILS(try_statement(session, graph, "insert into t values (2)", err), PNI_E_STATEMENT_TARGET,
             "temporary");
    IT_FAILS(try_statement(session, graph, "insert into v values (2)", err), PNI_E_STATEMENT_TARGET,
             "view");
    IT_FAILS(try_statement(session, graph, "insert into nowhere values (2)", err),
             PNI_E_TABLE_UNKNOWN, "nowhere");
    spec.name = "fixed";
    spec.format = "delta";
    spec.uri = it_path("fixed");
    pn_write_request write = PN_WRITE_REQUEST_INIT;
    pn_result *result = NULL;
    pn_bundle *rows = it_compile(session, NULL, "select 1 as k");
    write.format = "delta";
    write.uri = spec.uri;
    IT_OK(pn_exec_write(session, rows, &write, NULL, &result, err));
    pn_result_free(result);
    pn_bundle_unref(rows);
    spec.version = "0";
    IT_OK(pn_session_add_dataset(session, &spec, err));
    IT_FAILS(try_statement(session, graph, "insert into fixed values (2)", err),
             PNI_E_STATEMENT_TARGET, "version");
    pn_view_graph_free(graph);
    pn_session_unref(session);
}

T_CASE(copy_writes_files_and_keeps_what_is_there) {
    pn_session *session = session_as(PN_SQL_POLICY_WRITE);
    pn_buf sql = PN_BUF_INIT, text = PN_BUF_INIT;
    pni_buf_printf(&sql, "copy (select id from orders order by id) to '%s'", it_path("out.csv"));
    IT_OK(try_statement(session, NULL, pni_buf_text(&sql), err));
    IT_OK(pni_file_read(it_path("out.csv"), 1000, &text, err));
    T_EQ_STR(pni_buf_text(&text), "id\n1\n2\n");
    IT_FAILS(try_statement(session, NULL, pni_buf_text(&sql), err), PNI_E_ENGINE_EXISTS, "out.csv");
    pni_buf_clear(&sql);
    pni_buf_printf(&sql, "copy orders to '%s' options ('mode' 'overwrite')", it_path("out.csv"));
    IT_OK(try_statement(session, NULL, pni_buf_text(&sql), err));
    pni_buf_clear(&sql);
    pni_buf_printf(&sql, "copy orders to '%s' options ('mode' 'sometimes')", it_path("out.csv"));
    IT_FAILS(try_statement(session, NULL, pni_buf_text(&sql), err), PNI_E_STATEMENT_TARGET,
             "sometimes");
    pni_buf_clear(&sql);
    pni_buf_printf(&sql, "copy orders to '%s/' stored as parquet partitioned by (customer)",
                   it_path("parts"));
    IT_OK(try_statement(session, NULL, pni_buf_text(&sql), err));
    T_ASSERT(pni_path_is_dir(it_path("parts/customer=ada")));
    pn_buf_dispose(&sql);
    pn_buf_dispose(&text);
    pn_session_unref(session);
}

T_CASE(copy_writes_to_no_store) {
    pn_session *session = session_as(PN_SQL_POLICY_WRITE);
    IT_FAILS(try_statement(session, NULL, "copy orders to 's3://bucket/x.csv'", err),
             PNI_E_STATEMENT_TARGET, "COPY has no storage_options");
    IT_FAILS(try_statement(session, NULL, "copy orders to 's3a://bucket/x/' stored as csv", err),
             PNI_E_STATEMENT_TARGET, "s3a://bucket/x/");
    IT_FAILS(try_statement(session, NULL, "copy orders to 'gs://bucket/x.csv'", err),
             PNI_E_DATASET_REMOTE, "Google Cloud Storage");
    pn_session_unref(session);
}

T_CASE(set_reaches_the_identity_and_reset_takes_it_back) {
    pn_session *session = session_as(PN_SQL_POLICY_WRITE);
    pn_bundle *before = it_compile(session, NULL, "select 1 as k");
    pn_result *result = NULL;
    IT_OK(try_statement(session, NULL, "set datafusion.execution.batch_size = 123", err));
    expect_rows(session, NULL, "show datafusion.execution.batch_size",
                "datafusion.execution.batch_size|123\n");
    pn_bundle *after = it_compile(session, NULL, "select 1 as k");
    T_ASSERT(strcmp(pn_bundle_fingerprint(before), pn_bundle_fingerprint(after)) != 0);
    T_ASSERT(pn_exec_run(session, before, NULL, &result, NULL) == PN_DRIFT);
    IT_OK(try_statement(session, NULL, "reset datafusion.execution.batch_size", err));
    pn_bundle *again = it_compile(session, NULL, "select 1 as k");
    T_EQ_STR(pn_bundle_fingerprint(again), pn_bundle_fingerprint(before));
    IT_FAILS(try_statement(session, NULL, "set datafusion.execution.batch_sise = 1", err),
             PNI_E_ENGINE_SETTING, "batch_sise");
    IT_FAILS(try_statement(session, NULL, "set datafusion.catalog.default_catalog = 'run'", err),
             PNI_E_SESSION_SETTING, "default_catalog");
    IT_FAILS(try_statement(session, NULL, "set datafusion.runtime.memory_limit = '1G'", err),
             PNI_E_SESSION_SETTING, "memory_limit");
    pn_bundle_unref(before);
    pn_bundle_unref(after);
    pn_bundle_unref(again);
    pn_session_unref(session);
}

T_CASE(tables_are_made_replaced_and_dropped) {
    pn_session *session = session_as(PN_SQL_POLICY_ADMIN);
    pn_buf sql = PN_BUF_INIT;
    IT_OK(try_statement(session, NULL, "create table t as select id from orders", err));
    expect_rows(session, NULL, "select sum(id) from t", "3\n");
    IT_FAILS(try_statement(session, NULL, "create table t as select 1 as k", err),
             PNI_E_DATASET_EXISTS, "t");
    IT_OK(try_statement(session, NULL, "create table if not exists t as select 1 as k", err));
    IT_OK(try_statement(session, NULL, "create or replace table t as select id * 2 as id from t",
                        err));
    expect_rows(session, NULL, "select sum(id) from t", "6\n");
    IT_FAILS(try_statement(session, NULL, "create table k (a int primary key)", err),
             PNI_E_STATEMENT_TARGET, "constraints");
    IT_OK(try_statement(session, NULL, "create table empty_one (a int, b varchar)", err));
    expect_rows(session, NULL, "describe empty_one", "a|Int32|YES\nb|Utf8|YES\n");
    IT_OK(try_statement(session, NULL, "drop table t", err));
    IT_FAILS(try_statement(session, NULL, "drop table t", err), PNI_E_SESSION_TABLE, "t");
    IT_OK(try_statement(session, NULL, "drop table if exists t", err));
    IT_FAILS(try_statement(session, NULL, "drop table orders", err), PNI_E_STATEMENT_TARGET,
             "orders");
    pni_buf_printf(&sql,
                   "create external table again stored as csv location '%s' "
                   "options ('has_header' 'true')",
                   it_path("orders.csv"));
    IT_OK(try_statement(session, NULL, pni_buf_text(&sql), err));
    expect_rows(session, NULL, "select customer from again order by id", "ada\nbob\n");
    expect_rows(session, NULL, "show tables",
                "again|dataset|csv\nempty_one|temporary|memory\norders|dataset|csv\n");
    pn_buf_dispose(&sql);
    pn_session_unref(session);
}

T_CASE(views_are_made_replaced_and_dropped) {
    pn_session *session = session_as(PN_SQL_POLICY_ADMIN);
    pn_view_graph *graph = pn_view_graph_new();
    IT_OK(pn_view_graph_compile(graph, session, NULL, err));
    IT_OK(
        try_statement(session, graph, "create view big as select * from orders where id > 1", err));
    IT_OK(try_statement(session, graph, "create view bigger as select id + 1 as id from big", err));
    expect_rows(session, graph, "select id from bigger", "3\n");
    expect_rows(session, graph, "show views", "big|view|\nbigger|view|\n");
    IT_FAILS(try_statement(session, graph, "drop view big", err), PNI_E_VIEW_READ, "bigger");
    IT_FAILS(try_statement(session, graph, "create view big as select 1", err), PNI_E_VIEW_NAME,
             "big");
    IT_FAILS(try_statement(session, graph, "create view orders as select 1", err), PNI_E_VIEW_NAME,
             "orders");
    IT_OK(try_statement(session, graph,
                        "create or replace view bigger as select id + 5 as id from big", err));
    expect_rows(session, graph, "select id from bigger", "7\n");
    IT_OK(try_statement(session, graph, "drop view bigger", err));
    IT_OK(try_statement(session, graph, "drop view big", err));
    IT_FAILS(try_statement(session, graph, "drop view big", err), PNI_E_VIEW_UNKNOWN, "big");
    IT_OK(try_statement(session, graph, "drop view if exists big", err));
    IT_FAILS(try_statement(session, NULL, "create view v as select 1", err), PNI_E_STATEMENT_TARGET,
             "graph");
    pn_view_graph_free(graph);
    pn_session_unref(session);
}

T_CASE(show_describe_and_explain_give_rows) {
    pn_session *session = session_as(PN_SQL_POLICY_SERVICE);
    pn_view_graph *graph = pn_view_graph_new();
    IT_OK(pn_view_graph_add_sql(graph, "v", "select id as k from orders", NULL, err));
    IT_OK(pn_view_graph_compile(graph, session, NULL, err));
    expect_rows(session, graph, "show tables", "v|view|\norders|dataset|csv\n");
    expect_rows(session, graph, "describe v", "k|Int64|YES\n");
    expect_rows(session, graph, "describe select id + 1.5 as x from orders", "x|Float64|YES\n");
    expect_rows(session, graph, "show create view v", "v|select id as k from orders\n");
    expect_text(session, graph, "show functions", "prefixed_hash64|scalar|immutable|true\n");
    expect_text(session, graph, "show all", "datafusion.execution.batch_size|8192\n");
    expect_rows(session, graph, "show batch_size", "datafusion.execution.batch_size|8192\n");
    expect_text(session, graph, "explain select k from v where k > 1", "physical_plan|");
    expect_text(session, graph, "explain format tree select k from v", "┌─");
    expect_text(session, graph, "explain format graphviz select k from v", "digraph");
    expect_text(session, graph, "explain format pgjson select k from v", "\"Plan\"");
    expect_text(session, graph, "explain verbose select 1 + 1 as two", "logical_plan after");
    expect_text(session, graph, "explain analyze select k from v", "output_rows=2");
    IT_FAILS(try_statement(session, graph, "show nothing_of_the_kind", err), PNI_E_SESSION_SETTING,
             "nothing_of_the_kind");
    IT_FAILS(try_statement(session, graph, "describe nothing", err), PNI_E_TABLE_UNKNOWN,
             "nothing");
    IT_FAILS(try_statement(session, graph, "show create view orders", err), PNI_E_STATEMENT_TARGET,
             "orders");
    pn_view_graph_free(graph);
    pn_session_unref(session);
}

/* ---- every other door takes queries only, whatever the policy ----------------------------------
 */

static pn_status build_sql(void *ctx, pn_session *session, pn_plan_source *out, pn_buf *scratch,
                           pn_error *err) {
    (void)session, (void)scratch, (void)err;
    out->sql = ctx;
    return PN_OK;
}

static pn_status by_query(pn_session *session, const char *sql, pn_error *err) {
    pn_plan_source source = PN_PLAN_SOURCE_INIT;
    pn_bundle *bundle = NULL;
    source.sql = sql;
    pn_status status = pn_exec_compile(session, NULL, &source, &bundle, err);
    pn_bundle_unref(bundle);
    return status;
}

static pn_status by_builder(pn_session *session, const char *sql, pn_error *err) {
    pn_plan_source source = PN_PLAN_SOURCE_INIT;
    pn_bundle *bundle = NULL;
    source.build = build_sql;
    source.ctx = (void *)(uintptr_t)sql;
    pn_status status = pn_exec_compile(session, NULL, &source, &bundle, err);
    pn_bundle_unref(bundle);
    return status;
}

static pn_status by_view(pn_session *session, const char *sql, pn_error *err) {
    pn_view_graph *graph = pn_view_graph_new();
    pn_status status = pn_view_graph_add_sql(graph, "v", sql, NULL, err);
    if (status == PN_OK)
        status = pn_view_graph_compile(graph, session, NULL, err);
    pn_view_graph_free(graph);
    return status;
}

T_CASE(bundles_are_queries_through_every_door) {
    static pn_status (*const doors[])(pn_session *, const char *,
                                      pn_error *) = {by_query, by_builder, by_view};
    for (int32_t policy = PN_SQL_POLICY_READ_ONLY; policy <= PN_SQL_POLICY_ADMIN; policy++) {
        pn_session *session = session_as(policy);
        for (size_t d = 0; d < sizeof doors / sizeof *doors; d++) {
            for (size_t i = 0; i < sizeof matrix / sizeof *matrix; i++) {
                pn_error problem = PN_ERROR_INIT;
                pn_status status = doors[d](session, matrix[i].sql, &problem);
                int32_t want =
                    matrix[i].least == PN_SQL_POLICY_READ_ONLY ? 0 : PNI_E_PLAN_NOT_QUERY;
                if (problem.number != want || (status == PN_OK) != !want)
                    T_FAIL("%s, door %zu, %s: PN%d %s", pn_sql_policy_name(policy), d,
                           matrix[i].sql, problem.number, problem.message);
            }
        }
        pn_session_unref(session);
    }
}

/* A Substrait plan that writes or reads a file is refused before the engine sees it. */
T_CASE(substrait_neither_writes_nor_reads_files) {
    /* relations { rel { write { … } } } and relations { rel { read { local_files {} } } } */
    static const uint8_t write[] = {0x1a, 0x05, 0x0a, 0x03, 0x9a, 0x01, 0x00};
    static const uint8_t ddl[] = {0x1a, 0x05, 0x0a, 0x03, 0xa2, 0x01, 0x00};
    static const uint8_t files[] = {0x1a, 0x06, 0x0a, 0x04, 0x0a, 0x02, 0x32, 0x00};
    const pn_bytes plans[] = {{write, sizeof write}, {ddl, sizeof ddl}, {files, sizeof files}};
    pn_session *session = session_as(PN_SQL_POLICY_ADMIN);
    for (size_t i = 0; i < sizeof plans / sizeof *plans; i++) {
        pn_plan_source source = PN_PLAN_SOURCE_INIT;
        pn_bundle *bundle = NULL;
        pn_error problem = PN_ERROR_INIT;
        source.substrait = plans[i];
        if (pn_exec_compile(session, NULL, &source, &bundle, &problem) != PN_UNSUPPORTED)
            T_FAIL("plan %zu: status %d PN%d %s", i, problem.status, problem.number,
                   problem.message);
        pn_bundle_unref(bundle);
    }
    pn_session_unref(session);
}

T_CASE(a_query_reads_nothing_but_what_is_registered) {
    pn_session *session = session_as(PN_SQL_POLICY_WRITE);
    pn_buf sql = PN_BUF_INIT;
    pni_buf_printf(&sql, "select * from '%s'", it_path("orders.csv"));
    IT_FAILS(by_query(session, pni_buf_text(&sql), err), PNI_E_TABLE_UNKNOWN, "orders.csv");
    IT_FAILS(by_query(session, "select * from run.main.orders", err), PNI_E_POLICY_QUALIFIED,
             "run.main.orders");
    IT_FAILS(by_query(session, "select * from information_schema.tables", err),
             PNI_E_POLICY_QUALIFIED, "information_schema.tables");
    IT_FAILS(by_query(session, "select * from read_parquet('x')", err), PNI_E_TABLE_ACCESS,
             "read_parquet");
    IT_FAILS(by_query(session, "select * from read_avro('x')", err), PNI_E_POLICY_FUNCTION,
             "read_avro");
    pn_error problem = PN_ERROR_INIT; /* reads nothing: whatever becomes of it, no policy refuses */
    (void)by_query(session, "select * from generate_series(1, 3)", &problem);
    T_ASSERT(problem.number != PNI_E_POLICY_FUNCTION);
    pn_buf_dispose(&sql);
    pn_session_unref(session);
}

T_CASE(the_environment_narrows_every_door) {
    setenv("PINION_SQL_POLICY", "service", 1);
    pn_session *session = session_as(PN_SQL_POLICY_ADMIN);
    unsetenv("PINION_SQL_POLICY");
    IT_FAILS(try_statement(session, NULL, "create table t as select 1", err), PNI_E_SESSION_POLICY,
             "service");
    IT_OK(try_statement(session, NULL, "show tables", err));
    pn_session_unref(session);
}

T_CASE(compile_options_narrow_one_source) {
    pn_session *session = session_as(PN_SQL_POLICY_WRITE);
    pn_compile_options options = PN_COMPILE_OPTIONS_INIT;
    pn_plan_source source = PN_PLAN_SOURCE_INIT;
    pn_result *result = NULL;
    source.sql = "set datafusion.execution.batch_size = 1";
    source.options = &options;
    options.sql_policy = PN_SQL_POLICY_SERVICE;
    IT_FAILS(pn_exec_statement(session, NULL, &source, NULL, &result, err), PNI_E_SESSION_POLICY,
             "SET");
    options.sql_policy = PN_SQL_POLICY_ADMIN; /* widens nothing */
    source.sql = "create table t as select 1";
    IT_FAILS(pn_exec_statement(session, NULL, &source, NULL, &result, err), PNI_E_SESSION_POLICY,
             "CREATE TABLE");
    options.sql_policy = 9;
    IT_FAILS(pn_exec_statement(session, NULL, &source, NULL, &result, err), PNI_E_SESSION_SETTING,
             "9");
    source.options = NULL;
    source.sql = NULL;
    source.substrait = (pn_bytes){(const uint8_t *)"x", 1};
    IT_FAILS(pn_exec_statement(session, NULL, &source, NULL, &result, err), PNI_E_STATEMENT_SOURCE,
             "SQL");
    pn_session_unref(session);
}
