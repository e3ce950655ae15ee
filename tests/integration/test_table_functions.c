/* Table functions in SQL: what they read is pinned, replayed and allowed like a declared dataset.
 */
#include "it.h"
#include "plan/plan.h"

#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

static pn_session *session_in(const char *folder, int32_t policy) {
    pn_session_options options = PN_SESSION_OPTIONS_INIT;
    pn_session *session = NULL;
    options.sql_policy = policy;
    options.files_dir = folder;
    IT_OK(pn_session_open(&options, &session, err));
    return session;
}

static void gives(pn_session *session, const char *sql, const char *want) {
    PNI_AUTO_PTR(pni_text) rows = it_query(session, NULL, sql);
    if (strcmp(rows, want)) {
        T_FAIL("%s gives\n%s", sql, rows);
    }
}

static pn_status compile(pn_session *session, const char *sql, pn_error *err) {
    pn_plan_source source = PN_PLAN_SOURCE_INIT;
    pn_bundle *bundle = NULL;
    source.sql = sql;
    pn_status status = pn_exec_compile(session, NULL, &source, &bundle, err);
    pn_bundle_unref(bundle);
    return status;
}

static void write_shop(const char *folder) {
    char name[256];
    snprintf(name, sizeof name, "%s/data/orders.csv", folder);
    it_write(name, "id;amount\n1;10\n2;20\n3;30\n");
    snprintf(name, sizeof name, "%s/data/lines.json", folder);
    it_write(name, "{\"b\": 1, \"a\": \"x\"}\n{\"b\": 2, \"a\": \"y\"}\n");
}

T_CASE(files_by_path) {
    write_shop("shop");
    pn_session *session = session_in(it_path("shop"), PN_SQL_POLICY_SERVICE);
    gives(session, "SELECT sum(amount) FROM read_csv('data/orders.csv', delimiter => ';')", "60\n");
    gives(session, "SELECT count(*) FROM read_csv('data/orders.csv', 2, delimiter => ';') o",
          "2\n");
    gives(session, "SELECT a, b FROM read_json('data/lines.json') ORDER BY b", "x|1\ny|2\n");
    gives(session,
          "SELECT j.b FROM json_scan('data/lines.json', schema => '{\"b\": \"float64\"}') AS j "
          "ORDER BY 1",
          "1.0\n2.0\n");
    gives(session, "SELECT value FROM range_table(1, 4)", "1\n2\n3\n");
    gives(session,
          "SELECT kind FROM udf_registry() WHERE name IN ('arg_max', 'read_csv') ORDER BY 1",
          "aggregate\ntable\n");
    gives(session, "SELECT argument_names FROM udf_docs() WHERE name = 'cdf_is_delete'",
          "[\"change_type\"]\n");
    pn_session_unref(session);
}

T_CASE(the_same_call_is_the_same_plan_anywhere) {
    write_shop("one");
    write_shop("two");
    const char *sql =
        "SELECT id FROM read_csv('data/orders.csv', delimiter => ';') WHERE amount > 10";
    pn_session *one = session_in(it_path("one"), PN_SQL_POLICY_SERVICE);
    pn_session *two = session_in(it_path("two"), PN_SQL_POLICY_SERVICE);
    pn_bundle *first = it_compile(one, NULL, sql);
    pn_bundle *second = it_compile(two, NULL, sql);
    T_EQ_STR(pn_bundle_fingerprint(first), pn_bundle_fingerprint(second));
    pn_bundle_unref(second);
    pn_session_unref(two);
    it_write("two/data/orders.csv", "id;amount\n1;11\n");
    two = session_in(it_path("two"), PN_SQL_POLICY_SERVICE);
    second = it_compile(two, NULL, sql);
    T_ASSERT(strcmp(pn_bundle_fingerprint(first), pn_bundle_fingerprint(second)) != 0);
    pn_bundle_unref(first);
    pn_bundle_unref(second);
    pn_session_unref(one);
    pn_session_unref(two);
}

static char *run_from(pn_session *session, const pn_bundle *bundle, int32_t step) {
    pn_exec_options options = PN_EXEC_OPTIONS_INIT;
    pn_result *result = NULL;
    options.replay = step;
    struct ArrowArrayStream stream = {0};
    IT_OK(pn_exec_run(session, bundle, &options, &result, err));
    IT_OK(pn_result_stream(result, &stream, err));
    pn_result_free(result);
    return it_rows_of_stream(&stream);
}

T_CASE(a_session_that_never_saw_the_call_replays_it) {
    write_shop("shop");
    pn_session *first = session_in(it_path("shop"), PN_SQL_POLICY_SERVICE);
    pn_bundle *bundle = it_compile(
        first, NULL, "SELECT max(o.id) FROM read_csv('data/orders.csv', delimiter => ';') AS o");
    pn_session_unref(first);
    pn_session *second = session_in(it_path("shop"), PN_SQL_POLICY_SERVICE);
    PNI_AUTO_PTR(pni_text) rows = run_from(second, bundle, PN_REPLAY_DEFAULT);
    T_EQ_STR(rows, "3\n");
    pn_session_unref(second);
    pn_session *closed = session_in(it_path("shop"), PN_SQL_POLICY_READ_ONLY);
    pn_result *result = NULL;
    pn_error problem = PN_ERROR_INIT;
    pn_status status = pn_exec_run(closed, bundle, NULL, &result, &problem);
    it_expect_error(T_PLACE("pn_exec_run"), status, &problem, PNI_E_TABLE_UNKNOWN, "read_csv_");
    if (!strstr(problem.detail, "the SQL policy 'read_only' does not read"))
        T_FAIL("the detail is '%s'", problem.detail);
    pn_session_unref(closed);
    pn_bundle_unref(bundle);
}

T_CASE(each_step_of_a_replay_knows_the_call) {
    write_shop("shop");
    pn_session *first = session_in(it_path("shop"), PN_SQL_POLICY_SERVICE);
    pn_bundle *bundle = it_compile(
        first, NULL, "SELECT max(o.id) FROM read_csv('data/orders.csv', delimiter => ';') AS o");
    pn_session_unref(first);
    static const int32_t steps[] = {PN_REPLAY_SUBSTRAIT, PN_REPLAY_SQL};
    for (size_t i = 0; i < sizeof steps / sizeof *steps; i++) {
        pn_session *session = session_in(it_path("shop"), PN_SQL_POLICY_SERVICE);
        PNI_AUTO_PTR(pni_text) rows = run_from(session, bundle, steps[i]);
        T_EQ_STR(rows, "3\n");
        pn_session_unref(session);
    }
    pn_bundle_unref(bundle);
}

/* Two versions, of one row and of two. */
static void write_numbers(void) {
    pn_session *session = session_in(it_path("shop"), PN_SQL_POLICY_ADMIN);
    for (int i = 0; i < 2; i++) {
        pn_write_request request = PN_WRITE_REQUEST_INIT;
        pn_bundle *bundle = it_compile(session, NULL, i ? "SELECT 1 AS a" : "SELECT 0 AS a");
        pn_result *result = NULL;
        request.format = "delta";
        request.uri = it_path("shop/data/numbers");
        request.mode = PN_WRITE_APPEND;
        IT_OK(pn_exec_write(session, bundle, &request, NULL, &result, err));
        pn_result_free(result);
        pn_bundle_unref(bundle);
    }
    pn_session_unref(session);
}

T_CASE(delta_tables_by_path) {
    write_shop("shop");
    write_numbers();
    pn_session *session = session_in(it_path("shop"), PN_SQL_POLICY_SERVICE);
    gives(session, "SELECT a FROM read_delta('data/numbers') ORDER BY a", "0\n1\n");
    gives(session, "SELECT count(*) FROM delta_scan('data/numbers', version => 0)", "1\n");
    gives(session, "SELECT version, partition_columns_json FROM delta_snapshot('data/numbers')",
          "1|[]\n");
    gives(session,
          "SELECT version, min_reader_version FROM delta_snapshot('data/numbers', version => 0)",
          "0|1\n");
    IT_FAILS(compile(session, "SELECT * FROM delta_scan('data/numbers', version => 7)", err),
             PNI_E_DATASET_VERSION, "7");
    pn_session_unref(session);
}

static void commit_at(int version, int64_t ms) {
    char log[128];
    const struct timespec moment = {ms / 1000, ms % 1000 * 1000000};
    const struct timespec times[2] = {moment, moment};
    snprintf(log, sizeof log, "shop/data/numbers/_delta_log/%020d.json", version);
    T_EQ_INT(utimensat(AT_FDCWD, it_path(log), times, 0), 0);
}

#define AT(ms)                                                                                     \
    "SELECT count(*) FROM read_delta('data/numbers', timestamp => '2023-11-14T22:13:20." ms "Z')"

T_CASE(commits_of_one_second_are_told_apart) {
    write_shop("shop");
    write_numbers();
    commit_at(0, 1700000000200);
    commit_at(1, 1700000000700);
    pn_session *session = session_in(it_path("shop"), PN_SQL_POLICY_SERVICE);
    gives(session, AT("200"), "1\n");
    gives(session, AT("699"), "1\n");
    gives(session, AT("700"), "2\n");
    gives(session, AT("999"), "2\n");
    IT_FAILS(compile(session, AT("199"), err), PNI_E_DATASET_VERSION, "20.199Z");
    pn_session_unref(session);
}

/* Nobody gave them a name. */
T_CASE(tables_of_calls_are_not_listed) {
    write_shop("shop");
    pn_session *session = session_in(it_path("shop"), PN_SQL_POLICY_SERVICE);
    PNI_AUTO(pn_buf) tables = PN_BUF_INIT;
    PNI_AUTO(pn_buf) snapshot = PN_BUF_INIT;
    PNI_AUTO(pn_buf) schema = PN_BUF_INIT;
    pn_bundle *bundle = it_compile(
        session, NULL,
        "SELECT count(*) FROM read_csv('data/orders.csv', delimiter => ';'), udf_registry(), "
        "metadata_cache()");
    IT_OK(pn_session_tables(session, &tables, err));
    IT_OK(pn_bundle_snapshot(bundle, &snapshot, err));
    IT_OK(pn_bundle_artifact(session, bundle, "information_schema", NULL, &schema, err));
    T_EQ_STR(pni_buf_text(&tables), "[]");
    T_ASSERT(strstr(pni_buf_text(&snapshot), "\"tables\":{}"));
    T_ASSERT(!strstr(pni_buf_text(&schema), "read_csv_"));
    T_ASSERT(!strstr(pni_buf_text(&schema), "udf_registry_"));
    T_ASSERT(!strstr(pni_buf_text(&schema), "\"table_name\":\"metadata_cache_"));
    pn_bundle_unref(bundle);
    pn_session_unref(session);
}

static void write_parquet(const char *folder, const char *file) {
    pn_session *session = session_in(it_path(folder), PN_SQL_POLICY_ADMIN);
    pn_write_request request = PN_WRITE_REQUEST_INIT;
    pn_bundle *bundle = it_compile(session, NULL, "SELECT value AS v FROM range(0, 100)");
    pn_result *result = NULL;
    request.format = "parquet";
    request.uri = file;
    IT_OK(pn_exec_write(session, bundle, &request, NULL, &result, err));
    pn_result_free(result);
    pn_bundle_unref(bundle);
    pn_session_unref(session);
}

/* Each run sees the caches as they are then, also through a bundle that was compiled before. */
T_CASE(caches_are_read_when_the_query_runs) {
    write_shop("shop");
    write_parquet("shop", it_path("shop/data/p"));
    pn_session *session = session_in(it_path("shop"), PN_SQL_POLICY_SERVICE);
    pn_bundle *bundle =
        it_compile(session, NULL,
                   "SELECT cache_name, entry_count, hit_count > 0 AS hit, miss_count, config_ttl, "
                   "config_limit > 0 AS bounded, event_time_unix_ms > 0 AS timed "
                   "FROM metadata_cache()");
    PNI_AUTO_PTR(pni_text) before = run_from(session, bundle, PN_REPLAY_DEFAULT);
    T_EQ_STR(before, "metadata_cache|0|false|NULL|NULL|true|true\n");
    for (int i = 0; i < 2; i++) {
        gives(session, "SELECT sum(v) FROM read_parquet('data/p')", "4950\n");
    }
    PNI_AUTO_PTR(pni_text) after = run_from(session, bundle, PN_REPLAY_DEFAULT);
    T_EQ_STR(after, "metadata_cache|1|true|NULL|NULL|true|true\n");
    gives(session, "SELECT entry_count, config_limit FROM list_files_cache()", "0|0\n");
    gives(session, "SELECT entry_count, hit_count FROM predicate_cache()", "NULL|NULL\n");
    gives(session, "SELECT count(*) FROM statistics_cache() WHERE config_limit > 0", "1\n");
    PNI_AUTO(pn_buf) grade = PN_BUF_INIT;
    IT_OK(pn_verify_grade(bundle, &grade, err));
    T_ASSERT(strstr(pni_buf_text(&grade), "\"best_effort\""));
    T_ASSERT(strstr(pni_buf_text(&grade), "the table has other rows in each run"));
    pn_session_unref(session);
    session = session_in(NULL, PN_SQL_POLICY_READ_ONLY);
    PNI_AUTO_PTR(pni_text) elsewhere = run_from(session, bundle, PN_REPLAY_DEFAULT);
    T_EQ_STR(elsewhere, before);
    pn_session_unref(session);
    pn_bundle_unref(bundle);
}

T_CASE(policies_say_what_may_be_read) {
    write_shop("shop");
    it_write("outside.csv", "id\n1\n");
    it_write("shop/.secret/a.csv", "id\n1\n");
    it_write("shop/pinion.yaml", "version: 1\n");
    T_EQ_INT(symlink(it_path("outside.csv"), it_path("shop/link.csv")), 0);
    char outside[512];
    snprintf(outside, sizeof outside, "SELECT * FROM read_csv('%s')", it_path("outside.csv"));

    pn_session *closed = session_in(it_path("shop"), PN_SQL_POLICY_READ_ONLY);
    IT_FAILS(compile(closed, "SELECT * FROM read_csv('data/orders.csv')", err), PNI_E_TABLE_ACCESS,
             "'read_only' does not read 'data/orders.csv'");
    gives(closed, "SELECT value FROM range_table(0, 1)", "0\n");
    pn_session_unref(closed);

    pn_session *service = session_in(it_path("shop"), PN_SQL_POLICY_SERVICE);
    const char *const refused[] = {
        "../outside.csv",         "link.csv",          ".secret/a.csv",     "pinion.yaml",
        "data/../../outside.csv", "s3://bucket/a.csv", "file:///etc/passwd"};
    for (size_t i = 0; i < sizeof refused / sizeof refused[0]; i++) {
        char sql[256];
        snprintf(sql, sizeof sql, "SELECT * FROM read_csv('%s')", refused[i]);
        IT_FAILS(compile(service, sql, err), PNI_E_TABLE_ACCESS, refused[i]);
    }
    IT_FAILS(compile(service, outside, err), PNI_E_TABLE_ACCESS, "outside the project");
    pn_session_unref(service);

    pn_session *nowhere = session_in(NULL, PN_SQL_POLICY_SERVICE);
    IT_FAILS(compile(nowhere, outside, err), PNI_E_TABLE_ACCESS, "no folder");
    pn_session_unref(nowhere);

    pn_session *admin = session_in(it_path("shop"), PN_SQL_POLICY_ADMIN);
    gives(admin, outside, "1\n");
    pn_session_unref(admin);
}

/* The text of a bundle is evidence, which no fingerprint covers: what somebody wrote there is
 * planned again for artifacts, and reads no more than the session may. */
T_CASE(a_foreign_text_reads_what_the_session_may) {
    static const char *const artifacts[] = {"logical_plan", "explain_verbose"};
    write_shop("shop");
    it_write("outside.csv", "secret\n1\n");
    char outside[512];
    snprintf(outside, sizeof outside, "SELECT * FROM read_csv('%s')", it_path("outside.csv"));
    pn_session *session = session_in(it_path("shop"), PN_SQL_POLICY_SERVICE);
    pn_bundle *bundle = it_compile(session, NULL, "SELECT 1 AS a");
    PNI_AUTO(pn_buf) file = PN_BUF_INIT;
    PNI_AUTO(pn_buf) details = PN_BUF_INIT;
    pn_bundle_set *set = NULL;
    pni_free(bundle->sql);
    bundle->sql = pni_strdup(outside);
    IT_OK(pn_bundle_export((const pn_bundle *const *)&bundle, 1, &file, err));
    IT_OK(pn_bundle_import((pn_bytes){file.data, file.len}, "x.pnb", &set, err));
    const pn_bundle *foreign = pn_bundle_set_at(set, 0);
    for (size_t i = 0; i < sizeof artifacts / sizeof *artifacts; i++) {
        PNI_AUTO(pn_buf) text = PN_BUF_INIT;
        IT_FAILS(pn_bundle_artifact(session, foreign, artifacts[i], NULL, &text, err),
                 PNI_E_TABLE_ACCESS, "outside the project");
    }
    IT_OK(pn_bundle_artifact(session, foreign, "plan_details", NULL, &details, err));
    T_ASSERT(strstr(pni_buf_text(&details), "outside the project"));
    T_ASSERT(!strstr(pni_buf_text(&details), "secret"));
    pn_session *admin = session_in(it_path("shop"), PN_SQL_POLICY_ADMIN);
    PNI_AUTO(pn_buf) plan = PN_BUF_INIT;
    IT_OK(pn_bundle_artifact(admin, foreign, "logical_plan", NULL, &plan, err));
    T_ASSERT(strstr(pni_buf_text(&plan), "read_csv_"));
    pn_session_unref(admin);
    pn_bundle_set_free(set);
    pn_bundle_unref(bundle);
    pn_session_unref(session);
}

T_CASE(wrong_calls) {
    write_shop("shop");
    pn_session *session = session_in(it_path("shop"), PN_SQL_POLICY_SERVICE);
    IT_FAILS(compile(session, "SELECT * FROM read_delta_cdf('data/orders.csv')", err),
             PNI_E_DATASET_MISSING, "no Delta table");
    IT_FAILS(compile(session, "SELECT * FROM metadata_cache('x')", err), PNI_E_TABLE_ARGUMENT,
             "metadata_cache takes 0 to 0");
    IT_FAILS(compile(session, "SELECT * FROM read_csv()", err), PNI_E_TABLE_ARGUMENT, "path");
    IT_FAILS(compile(session, "SELECT * FROM read_csv(upper('a'))", err), PNI_E_UDF_LITERAL,
             "upper('a')");
    IT_FAILS(compile(session, "SELECT * FROM read_csv($1)", err), PNI_E_PARAM_MISSING, "$1");
    IT_FAILS(compile(session, "SELECT * FROM read_csv(7)", err), PNI_E_UDF_ARGUMENT_TYPE, "path");
    IT_FAILS(compile(session, "SELECT * FROM read_csv('data/none.csv')", err),
             PNI_E_DATASET_MISSING, "none.csv");
    IT_FAILS(compile(session, "SELECT * FROM read_csv('data/orders.csv', -1)", err),
             PNI_E_TABLE_ARGUMENT, "limit");
    IT_FAILS(compile(session, "SELECT * FROM read_csv('data/orders.csv', delimiter => ';;')", err),
             PNI_E_ENGINE_SETTING, "delimiter");
    pn_session_unref(session);
}
