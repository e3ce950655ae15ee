/* Packs through a session: compiled to a bundle, replayed from its Substrait, pinned or refused. */
#include "base/base.h"
#include "it.h"

#include <stdlib.h>
#include <unistd.h>

static const char *pack_path(const char *name) {
    static char path[4096];
    const char *build = getenv("PN_BUILD_DIR");
    snprintf(path, sizeof path, "%s/tests/plugins/%s.so", build ? build : "", name);
    if (!build || access(path, R_OK) != 0) {
        T_SKIP("the test packs are not built (PN_BUILD_DIR)");
    }
    return path;
}

static pn_session *with_pack(const char *name) {
    const char *path = pack_path(name);
    pn_session *session = it_session(NULL);
    IT_OK(pn_session_load_pack(session, path, NULL, err));
    return session;
}

static void gives(pn_session *session, const char *sql, const char *want) {
    char *got = it_query(session, NULL, sql);
    if (!pni_streq(got, want)) {
        T_FAIL("%s gives '%s', want '%s'", sql, got, want);
    }
    pni_free(got);
}

static pn_status compile(pn_session *session, const char *sql, pn_bundle **out, pn_error *err) {
    pn_plan_source source = PN_PLAN_SOURCE_INIT;
    source.sql = sql;
    return pn_exec_compile(session, NULL, &source, out, err);
}

#define ROWS "(values (1, 10), (2, 20), (1, 5), (2, null), (3, 1)) t(k, n)"

T_CASE(aggregates_come_back_from_substrait) {
    pn_session *session = with_pack("all_kinds");
    gives(session, "select k, total(n) from " ROWS " group by k order by k", "1|15\n2|1020\n3|1\n");
    gives(session, "select k, total(n) ignore nulls from " ROWS " group by k order by k",
          "1|15\n2|20\n3|1\n");
    gives(session,
          "select total(n) filter (where k = 1), biggest(distinct n), biggest(k) from " ROWS,
          "15|20|3\n");
    pn_session_unref(session);
}

T_CASE(windows_come_back_from_substrait) {
    pn_session *session = with_pack("all_kinds");
    gives(session,
          "select k, rows_left(n) over (partition by k order by n) from " ROWS " order by k, n",
          "1|2\n1|1\n2|2\n2|1\n3|1\n");
    gives(session,
          "select n, peer_group() over (order by k) from " ROWS " where n is not null "
          "order by n",
          "1|3\n5|1\n10|1\n20|2\n");
    gives(session,
          "select frame_total(n) over (order by n rows between 1 preceding and current row) as s "
          "from (values (1), (2), (3)) t(n) order by s",
          "1\n3\n5\n");
    gives(session,
          "select total(n) filter (where k < 3) ignore nulls over (order by k, n rows between 1 "
          "preceding and current row) as s from " ROWS " order by s",
          "0\n5\n15\n20\n30\n");
    pn_session_unref(session);
}

/* The query is planned from its SQL and run, without Substrait in between. */
static void gives_by_sql(pn_session *session, const char *sql, const char *want) {
    pn_bundle *bundle = it_compile(session, NULL, sql);
    pn_exec_options options = PN_EXEC_OPTIONS_INIT;
    struct ArrowArrayStream stream = {0};
    pn_result *result = NULL;
    options.replay = PN_REPLAY_SQL;
    IT_OK(pn_exec_run(session, bundle, &options, &result, err));
    IT_OK(pn_result_stream(result, &stream, err));
    PNI_AUTO_PTR(pni_text) got = it_rows_of_stream(&stream);
    T_EQ_STR(got, want);
    pn_result_free(result);
    pn_bundle_unref(bundle);
}

/*
 * In the order of the window: (1, 5), (1, 10), (2, 20), (2, null), (3, 1); each frame is a row and
 * the one before it, and total() counts a null as 1000 unless it is to ignore nulls:
 *
 *   frame                  k < 3, ignoring nulls    k < 3          all, ignoring nulls
 *   (1, 5)                 5                        5              5
 *   (1, 5), (1, 10)        15                       15             15
 *   (1, 10), (2, 20)       30                       30             30
 *   (2, 20), (2, null)     20                       1020           20
 *   (2, null), (3, 1)      0                        1000           1
 */
T_CASE(windows_of_aggregates_by_sql) {
    static const char frame[] =
        "over (order by k, n rows between 1 preceding and current row) as s from " ROWS
        " order by k, n";
    const struct {
        const char *call, *want;
    } cases[] = {{"total(n) filter (where k < 3) ignore nulls", "5\n15\n30\n20\n0\n"},
                 {"total(n) filter (where k < 3)", "5\n15\n30\n1020\n1000\n"},
                 {"total(n) ignore nulls", "5\n15\n30\n20\n1\n"}};
    pn_session *session = with_pack("all_kinds");
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char sql[512];
        snprintf(sql, sizeof sql, "select %s %s", cases[i].call, frame);
        gives_by_sql(session, sql, cases[i].want);
        gives(session, sql, cases[i].want); /* the same from its Substrait */
    }
    pn_session_unref(session);
}

T_CASE(options_are_settings_of_the_session) {
    const char *path = pack_path("all_kinds");
    const pn_setting asked[] = {{"all_kinds.factor", "7"}};
    pn_session_options options = PN_SESSION_OPTIONS_INIT;
    pn_session *session = NULL;
    options.settings = asked;
    options.n_settings = 1;
    IT_OK(pn_session_open(&options, &session, err));
    pn_bundle *bundle = NULL;
    IT_FAILS(compile(session, "select 1", &bundle, err), PNI_E_SESSION_SETTING, "all_kinds.factor");
    IT_OK(pn_session_load_pack(session, path, NULL, err));
    gives(session, "select scaled(5)", "135\n");
    pn_session_unref(session);
}

static void fingerprint_of(pn_session *session, const char *sql, char out[PNI_SHA256_HEX]) {
    pn_bundle *bundle = it_compile(session, NULL, sql);
    snprintf(out, PNI_SHA256_HEX, "%s", pn_bundle_fingerprint(bundle));
    pn_bundle_unref(bundle);
}

/* The plan holds the option's value: who does not use it does not see it. */
T_CASE(options_enter_the_plans_that_use_them) {
    const char *path = pack_path("all_kinds");
    char uses[2][PNI_SHA256_HEX];
    char does_not[2][PNI_SHA256_HEX];
    for (int i = 0; i < 2; i++) {
        const pn_setting asked[] = {{"all_kinds.factor", i ? "7" : "2"}};
        pn_session_options options = PN_SESSION_OPTIONS_INIT;
        pn_session *session = NULL;
        options.settings = asked;
        options.n_settings = 1;
        IT_OK(pn_session_open(&options, &session, err));
        IT_OK(pn_session_load_pack(session, path, NULL, err));
        fingerprint_of(session, "select scaled(v) from (values (5)) t(v)", uses[i]);
        fingerprint_of(session, "select scaled(v, 2) from (values (5)) t(v)", does_not[i]);
        pn_session_unref(session);
    }
    T_ASSERT(!pni_streq(uses[0], uses[1]));
    T_EQ_STR(does_not[0], does_not[1]);
}

/* log = columns * 10000 + filters * 1000 + limit, 999 = none. */
T_CASE(tables_get_columns_filters_and_limits) {
    pn_session *session = with_pack("tables");
    gives(session, "select a, b, log from counted() order by a",
          "0|0|30999\n1|10|30999\n2|20|30999\n");
    gives(session, "select a, log from counted(10) where a = 4", "4|21999\n");
    gives(session, "select a, log from counted(10) where a >= 8 order by a", "8|21999\n9|21999\n");
    gives(session, "select a, log from counted(10) where b = 40", "4|30999\n");
    gives(session, "select log from counted(10) limit 2", "10002\n10002\n");
    gives(session, "select count(*) from counted(7)", "7\n");
    gives(session, "select x.a from counted(4) x join counted(3) y on x.a = y.a where y.a > 1",
          "2\n");
    pn_session_unref(session);
}

T_CASE(a_table_without_a_version_is_for_queries_only) {
    pn_session *session = with_pack("tables");
    gives(session, "select count(*) from untold(5)", "5\n");
    pn_bundle *bundle = it_compile(session, NULL, "select a from untold(5)");
    const pn_bundle *roots[] = {bundle};
    pn_buf bytes = PN_BUF_INIT;
    IT_FAILS(pn_bundle_export(roots, 1, &bytes, err), PNI_E_PLAN_UNPINNED, "untold");
    pn_bundle_unref(bundle);
    bundle = it_compile(session, NULL, "select a from counted(5)");
    roots[0] = bundle;
    IT_OK(pn_bundle_export(roots, 1, &bytes, err));
    pn_buf_dispose(&bytes);
    pn_bundle_unref(bundle);
    pn_session_unref(session);
}

T_CASE(a_version_that_changes_while_it_compiles_is_refused) {
    pn_session *session = with_pack("tables");
    pn_bundle *bundle = NULL;
    IT_FAILS(compile(session, "select a from ticking(1)", &bundle, err), PNI_E_ENGINE_UNSUPPORTED,
             "table function 'ticking' read version opening");
    pn_session_unref(session);
}

/* A bundle that was exported is planned anew where it is run. */
static pn_bundle_set *carried(const char *sql, pn_session *session) {
    pn_buf bytes = PN_BUF_INIT;
    pn_bundle_set *set = NULL;
    pn_bundle *bundle = it_compile(session, NULL, sql);
    const pn_bundle *root = bundle;
    IT_OK(pn_bundle_export(&root, 1, &bytes, err));
    IT_OK(pn_bundle_import((pn_bytes){bytes.data, bytes.len}, "t.pnb", &set, err));
    pn_buf_dispose(&bytes);
    pn_bundle_unref(bundle);
    return set;
}

T_CASE(a_table_that_changed_after_compiling_is_drift) {
    pn_session *session = with_pack("tables");
    pn_result *result = NULL;
    setenv("TABLES_VERSION", "monday", 1);
    pn_bundle_set *set = carried("select a from watched(2)", session);
    const pn_bundle *bundle = pn_bundle_set_at(set, 0);
    pn_session *later = with_pack("tables");
    IT_OK(pn_exec_run(later, bundle, NULL, &result, err));
    pn_result_free(result);
    setenv("TABLES_VERSION", "tuesday", 1);
    pn_session *latest = with_pack("tables");
    IT_FAILS(pn_exec_run(latest, bundle, NULL, &result, err), PNI_E_ENGINE_DRIFT,
             "'watched' read version monday and now has tuesday");
    unsetenv("TABLES_VERSION");
    pn_session *last = with_pack("tables");
    IT_FAILS(pn_exec_run(last, bundle, NULL, &result, err), PNI_E_ENGINE_DRIFT,
             "now has no version");
    pn_bundle_set_free(set);
    pn_session_unref(session);
    pn_session_unref(later);
    pn_session_unref(latest);
    pn_session_unref(last);
}

T_CASE(a_dataset_stands_for_the_function) {
    const char *path = pack_path("tables");
    char sql[4200];
    pn_session_options options = PN_SESSION_OPTIONS_INIT;
    pn_session *session = NULL;
    options.sql_policy = PN_SQL_POLICY_ADMIN;
    IT_OK(pn_session_open(&options, &session, err));
    IT_OK(pn_session_load_pack(session, path, NULL, err));
    it_write("animals.csv", "id,name\n1,ant\n2,bee\n3,cat\n");
    snprintf(sql, sizeof sql,
             "select e.name, f.id from elsewhere('%s') e join elsewhere('%s') f on e.id = f.id + 1 "
             "order by e.name",
             it_path("animals.csv"), it_path("animals.csv"));
    gives(session, sql, "bee|1\ncat|2\n");
    pn_session_unref(session);
}

/* The options and the uri as JSON are as many bytes as the table has rows. */
T_CASE(a_provider_opens_a_dataset) {
    const char *path = pack_path("tables");
    pn_catalog *catalog = pn_catalog_new();
    pn_dataset_spec spec = PN_DATASET_SPEC_INIT;
    spec.name = "counts";
    spec.format = "tables.bytes";
    spec.uri = "/x";
    IT_OK(pn_catalog_add(catalog, &spec, err));
    spec.name = "far"; /* what a uri means is the provider's affair */
    spec.uri = "https://store/x";
    IT_OK(pn_catalog_add(catalog, &spec, err));
    spec.name = "bucket";
    spec.uri = "s3://bucket/x";
    IT_OK(pn_catalog_add(catalog, &spec, err));
    spec.name = "broken";
    spec.options_json = "{\"broken\":\"yes\"}";
    IT_OK(pn_catalog_add(catalog, &spec, err));
    spec.name = "garbled";
    spec.options_json = "{\"version\":\"unreadable\"}";
    IT_OK(pn_catalog_add(catalog, &spec, err));
    spec.name = "nobody";
    spec.format = "tables.nobody";
    IT_OK(pn_catalog_add(catalog, &spec, err));
    spec.format = "tables.";
    IT_FAILS(pn_catalog_add(catalog, &spec, err), PNI_E_DATASET_FORMAT, "tables.");
    pn_session *session = it_session(catalog);
    IT_OK(pn_session_load_pack(session, path, NULL, err));
    gives(session, "select count(*), max(a) from counts where a >= 2", "10|11\n");
    gives(session, "select max(a) from far", "24\n");
    gives(session, "select max(a) from bucket", "22\n");
    pn_bundle *bundle = NULL;
    IT_FAILS(compile(session, "select * from broken", &bundle, err), PNI_E_ENGINE_SQL,
             "these options are broken");
    IT_FAILS(compile(session, "select * from garbled", &bundle, err), PNI_E_ENGINE_SETTING,
             "UTF-8");
    IT_FAILS(compile(session, "select * from nobody", &bundle, err), PNI_E_DATASET_FORMAT,
             "'tables.nobody'");
    pn_session_unref(session);
    pn_catalog_unref(catalog);
}

T_CASE(the_builtin_function_that_waits_needs_a_policy_too) {
    const char *sql = "select async_echo(v) from (values ('a'), (null), ('c')) t(v)";
    pn_bundle *bundle = NULL;
    pn_session *session = it_session(NULL);
    IT_FAILS(compile(session, sql, &bundle, err), PNI_E_UDF_ASYNC, "async_echo");
    pn_session_unref(session);
    pn_platform_options options = PN_PLATFORM_OPTIONS_INIT;
    options.flags = PN_PLATFORM_ASYNC;
    options.async_timeout_ms = 5000;
    options.async_batch_rows = 2;
    session = it_session(NULL);
    IT_OK(pn_session_install(session, &options, NULL, err));
    gives(session, sql, "a\nNULL\nc\n");
    gives(session, "select max(v) from (values ('a'), ('c')) t(v) where async_echo(v) = 'a'",
          "a\n");
    pn_session_unref(session);
}

T_CASE(functions_that_wait_need_a_policy) {
    const char *path = pack_path("slow");
    pn_session *session = it_session(NULL);
    pn_bundle *bundle = NULL;
    IT_OK(pn_session_load_pack(session, path, NULL, err));
    IT_FAILS(compile(session, "select batch_rows(1)", &bundle, err), PNI_E_UDF_ASYNC, "batch_rows");
    pn_session_unref(session);
    const pn_platform_pack packs[] = {{path, NULL}};
    pn_platform_options options = PN_PLATFORM_OPTIONS_INIT;
    options.packs = packs;
    options.n_packs = 1;
    options.flags = PN_PLATFORM_ASYNC;
    options.async_timeout_ms = 5000;
    options.async_batch_rows = 2;
    session = it_session(NULL);
    IT_OK(pn_session_install(session, &options, NULL, err));
    gives(session, "select batch_rows(v) from (values (1), (2), (3)) t(v)", "2\n2\n1\n");
    pn_session_unref(session);
}

static int64_t times_told(pn_session *session) {
    PNI_AUTO_PTR(pni_text) rows = it_query(session, NULL, "select told()");
    return strtoll(rows, NULL, 10);
}

static void fails_reading(pn_session *session, const char *sql, int32_t number, const char *text) {
    struct ArrowArrayStream stream = {0};
    struct ArrowArray batch = {0};
    pn_result *result = NULL;
    pn_error problem = PN_ERROR_INIT;
    pn_bundle *bundle = it_compile(session, NULL, sql);
    IT_OK(pn_exec_run(session, bundle, NULL, &result, err));
    IT_OK(pn_result_stream(result, &stream, err));
    int code = stream.get_next(&stream, &batch);
    pn_status status = pn_result_stream_error(&stream, code, &problem);
    it_expect_error(T_PLACE(sql), status, &problem, number, text);
    stream.release(&stream);
    pn_result_free(result);
    pn_bundle_unref(bundle);
}

/* A stream of Arrow has a text and a number of the system for a failure; the kinds stay apart. */
T_CASE(what_went_wrong_in_a_function_has_its_own_number) {
    const pn_platform_pack packs[] = {{pack_path("slow"), NULL}};
    pn_platform_options platform = PN_PLATFORM_OPTIONS_INIT;
    pn_session *session = it_session(NULL);
    platform.packs = packs, platform.n_packs = 1;
    platform.flags = PN_PLATFORM_ASYNC;
    platform.async_timeout_ms = 30, platform.async_batch_rows = 100;
    IT_OK(pn_session_install(session, &platform, NULL, err));
    fails_reading(session, "select listens(v) from (values (1)) t(v)", PNI_E_ENGINE_TIMEOUT,
                  "'listens' of pack 'slow' timed out after 30 ms");
    pn_session_unref(session);
    session = with_pack("bad_output");
    fails_reading(session, "select too_short(v) from (values (1), (2), (3)) t(v)",
                  PNI_E_ENGINE_PACK, "'too_short'");
    pn_session_unref(session);
}

/* Nobody waits for the function: whoever drops the query asks it to stop and goes on. */
T_CASE(a_query_that_ends_asks_its_functions_to_stop) {
    const pn_platform_pack packs[] = {{pack_path("slow"), NULL}};
    pn_platform_options platform = PN_PLATFORM_OPTIONS_INIT;
    pn_exec_options options = PN_EXEC_OPTIONS_INIT;
    struct ArrowArrayStream stream = {0};
    struct ArrowArray batch = {0};
    pn_result *result = NULL;
    pn_session *session = it_session(NULL);
    platform.packs = packs, platform.n_packs = 1;
    platform.flags = PN_PLATFORM_ASYNC;
    platform.async_timeout_ms = 600000, platform.async_batch_rows = 100;
    IT_OK(pn_session_install(session, &platform, NULL, err));
    int64_t before = times_told(session);
    pn_bundle *bundle = it_compile(session, NULL, "select listens(v) from (values (1)) t(v)");
    options.timeout_ms = 100;
    IT_OK(pn_exec_run(session, bundle, &options, &result, err));
    IT_OK(pn_result_stream(result, &stream, err));
    int code = stream.get_next(&stream, &batch);
    IT_STATUS(pn_result_stream_error(&stream, code, err), PN_TIMEOUT);
    stream.release(&stream);
    pn_result_free(result);
    pn_bundle_unref(bundle);
    for (int i = 0; i < 500 && times_told(session) == before; i++)
        usleep(10000);
    T_EQ_INT(times_told(session), before + 1);
    pn_session_unref(session);
}

static void lies(pn_session *session, int lie, const char *part) {
    char sql[64];
    pn_bundle *bundle = NULL;
    pn_result *result = NULL;
    snprintf(sql, sizeof sql, "select a, b from lying(%d)", lie);
    IT_OK(compile(session, sql, &bundle, err));
    IT_OK(pn_exec_run(session, bundle, NULL, &result, err));
    struct ArrowArrayStream stream = {0};
    struct ArrowArray batch = {0};
    IT_OK(pn_result_stream(result, &stream, err));
    int code = 0;
    do {
        if (batch.release) {
            batch.release(&batch);
        }
        code = stream.get_next(&stream, &batch);
    } while (code == 0 && batch.release);
    const char *why = code ? stream.get_last_error(&stream) : "no failure";
    if (!code || !strstr(why, part)) {
        T_FAIL("lie %d: '%s' is not in '%s'", lie, part, why);
    }
    stream.release(&stream);
    pn_result_free(result);
    pn_bundle_unref(bundle);
}

T_CASE(what_tables_give_is_checked) {
    pn_session *session = with_pack("tables");
    lies(session, 1, "lying");
    lies(session, 2, "lying");
    lies(session, 3, "the disk is tired");
    lies(session, 4, "gave no stream");
    lies(session, 5, "lying");
    lies(session, 6, "gave a wrong batch");
    pn_session_unref(session);
}

/* Arrow's import panics on it; that ends no plan of the caller's. */
T_CASE(a_wrong_batch_is_the_packs_fault) {
    pn_session *session = with_pack("tables");
    pn_bundle *bundle = it_compile(session, NULL, "select a, b from lying(6)");
    pn_buf text = PN_BUF_INIT;
    for (int i = 0; i < 2; i++) {
        IT_FAILS(pn_exec_explain(session, bundle, "analyze", NULL, &text, err), PNI_E_ENGINE_PACK,
                 "lying");
    }
    pn_buf_dispose(&text);
    pn_bundle_unref(bundle);
    pn_session_unref(session);
}
