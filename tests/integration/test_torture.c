/*
 * Torture of the facade: catalog, views, stage, rows and writes of two formats, with the n-th call
 * into the engine failing or panicking, for every n until the scenario runs through. Each failure
 * has a number; no handle leaks; a target is whole or absent; what failed succeeds when it is done
 * again.
 */
#include "it.h"

#include <string.h>

extern void pne_fault_reset(int64_t n, int32_t panic_not_fail) __attribute__((weak));

typedef struct scenario {
    pn_catalog *catalog;
    pn_session *session;
    pn_view_graph *graph;
    pn_result *result;
} scenario;

static pn_status write_view(scenario *s, const char *format, const char *uri, pn_error *err) {
    pn_write_request request = PN_WRITE_REQUEST_INIT;
    request.mode = PN_WRITE_OVERWRITE;
    request.format = format;
    request.uri = uri;
    request.single_file = !strcmp(format, "parquet");
    pn_status status =
        pn_exec_write_view(s->session, s->graph, "totals", &request, NULL, &s->result, err);
    pn_result_free(s->result);
    s->result = NULL;
    return status;
}

static pn_status read_rows(scenario *s, pn_error *err) {
    pn_exec_options options = PN_EXEC_OPTIONS_INIT;
    struct ArrowArrayStream stream = {0};
    struct ArrowArray batch = {0};
    const pn_bundle *bundle = pn_view_graph_bundle(s->graph, "both");
    pn_status status = pn_exec_run(s->session, bundle, &options, &s->result, err);
    if (status == PN_OK)
        status = pn_result_stream(s->result, &stream, err);
    int code = 0;
    while (status == PN_OK && !(code = stream.get_next(&stream, &batch)) && batch.release)
        batch.release(&batch);
    if (code)
        status = pn_result_stream_error(&stream, code, err);
    if (stream.release)
        stream.release(&stream);
    pn_result_free(s->result);
    s->result = NULL;
    return status;
}

static pn_status run(scenario *s, pn_error *err) {
    pn_session_options options = PN_SESSION_OPTIONS_INIT;
    const char rows[] =
        "[{\"k\": 1, \"v\": \"a\"}, {\"k\": 2, \"v\": \"b\"}, {\"k\": 2, \"v\": \"c\"}]";
    pn_buf text = PN_BUF_INIT;
    s->catalog = pn_catalog_new();
    it_add(s->catalog, "orders", "csv", it_path("orders.csv"));
    options.catalog = s->catalog;
    PNI_TRY(pn_session_open(&options, &s->session, err));
    PNI_TRY(pn_session_add_rows(s->session, "t", (pn_bytes){(const uint8_t *)rows, sizeof rows - 1},
                                NULL, err));
    s->graph = pn_view_graph_new();
    PNI_TRY(pn_view_graph_add_sql(s->graph, "totals", "select k, count(*) as n from t group by k",
                                  NULL, err));
    PNI_TRY(pn_view_graph_add_sql(
        s->graph, "both",
        "select a.k, b.n from totals a join totals b on a.k = b.k join orders on id = a.k", NULL,
        err));
    PNI_TRY(pn_view_graph_compile(s->graph, s->session, NULL, err));
    PNI_TRY(read_rows(s, err));
    PNI_TRY(write_view(s, "delta", it_path("out_delta"), err));
    PNI_TRY(write_view(s, "parquet", it_path("out.parquet"), err));
    pn_status status = pn_exec_explain(s->session, pn_view_graph_bundle(s->graph, "both"),
                                       "physical", NULL, &text, err);
    pn_buf_dispose(&text);
    return status;
}

static pn_status scenario_once(pn_error *err) {
    scenario s = {0};
    pn_status status = run(&s, err);
    pn_result_free(s.result);
    pn_view_graph_free(s.graph);
    pn_session_unref(s.session);
    pn_catalog_unref(s.catalog);
    return status;
}

/* A panic while a session opens retires the whole engine; the next session starts another. */
static int64_t handles_at_rest(void) {
    pn_session_unref(it_session(NULL));
    return t_live_handles();
}

/* Whatever is there can be read whole. */
static void check_targets(void) {
    pn_catalog *catalog = pn_catalog_new();
    const char *parquet = it_path("out.parquet");
    PNI_AUTO_PTR(pni_text)
    log = pni_path_join(it_path("out_delta"), "_delta_log/00000000000000000000.json");
    bool has_delta = pni_path_exists(log), has_parquet = pni_path_exists(parquet);
    if (has_delta)
        it_add(catalog, "d", "delta", it_path("out_delta"));
    if (has_parquet)
        it_add(catalog, "p", "parquet", parquet);
    pn_session *session = it_session(catalog);
    char *delta = has_delta ? it_query_sorted(session, NULL, "select * from d") : NULL;
    char *rows = has_parquet ? it_query_sorted(session, NULL, "select * from p") : NULL;
    if (delta)
        T_EQ_STR(delta, "1|1\n2|2\n");
    if (rows)
        T_EQ_STR(rows, "1|1\n2|2\n");
    pni_free(delta);
    pni_free(rows);
    pn_session_unref(session);
    pn_catalog_unref(catalog);
}

static void torture(int32_t panic_not_fail) {
    if (!pne_fault_reset)
        T_SKIP("the engine is built without fault injection");
    it_write("orders.csv", "id,amount\n1,10\n2,20\n");
    int64_t failures = 0;
    int64_t before = handles_at_rest();
    for (int64_t n = 1; n < 1000; n++) {
        pn_error problem = PN_ERROR_INIT;
        pne_fault_reset(n, panic_not_fail);
        pn_status status = scenario_once(&problem);
        pne_fault_reset(0, 0);
        if (handles_at_rest() != before)
            T_FAIL("call %lld leaves %lld handles, not %lld: %s", (long long)n,
                   (long long)t_live_handles(), (long long)before, problem.message);
        if (n % 8 == 0 || status == PN_OK)
            check_targets();
        if (status == PN_OK) {
            T_ASSERT(failures > 20);
            return;
        }
        failures++;
        if (!problem.number || !problem.message[0])
            T_FAIL("call %lld failed without number or message", (long long)n);
        bool expected = strstr(problem.message, "injected") ||
                        (panic_not_fail && strstr(problem.message, "poisoned"));
        if (!expected)
            T_FAIL("call %lld failed for another reason: %s", (long long)n, problem.message);
    }
    T_FAIL("the scenario never ran through");
}

T_CASE(any_call_may_fail) {
    torture(0);
}

T_CASE(any_call_may_panic) {
    torture(1);
}
