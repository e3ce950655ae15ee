/* The facade: sources, checks before the run, explain. */
#include "exec_fixture.h"

static pn_status compile(pn_session *session, const pn_plan_source *source, pn_error *err) {
    pn_bundle *bundle = NULL;
    pn_status status = pn_exec_compile(session, NULL, source, &bundle, err);
    pn_bundle_unref(bundle);
    return status;
}

T_CASE(a_source_is_exactly_one_thing) {
    PNI_AUTO_PTR(pn_session) session = fx_session(NULL);
    pn_plan_source source = PN_PLAN_SOURCE_INIT;
    pn_bundle *bundle = NULL;
    FX_FAILS(compile(session, &source, err), PNI_E_PLAN_SOURCE, "0 of sql");
    source.sql = "select 1";
    source.substrait = fx_bytes("x");
    FX_FAILS(compile(session, &source, err), PNI_E_PLAN_SOURCE, "2 of sql");
    source.substrait = (pn_bytes){NULL, 0};
    FX_OK(compile(session, &source, err));
    source.name = "Not A Name";
    FX_FAILS(compile(session, &source, err), PNI_E_NAME, "Not A Name");
    source.struct_size = 0;
    FX_FAILS(compile(session, &source, err), PNI_E_ARGUMENT, "struct_size");
    FX_FAILS(pn_exec_compile(NULL, NULL, &source, &bundle, err), PNI_E_ARGUMENT, "session");
    FX_FAILS(pn_exec_compile(session, NULL, NULL, &bundle, err), PNI_E_ARGUMENT, "source");
    FX_FAILS(pn_exec_compile(session, NULL, &source, NULL, err), PNI_E_ARGUMENT, "bundle_out");
}

typedef struct builder {
    pn_status status;
    int32_t number;
    const char *sql;
    bool again;
} builder;

static pn_status build(void *ctx, pn_session *session, pn_plan_source *out, pn_buf *scratch,
                       pn_error *err) {
    const builder *self = ctx;
    (void)session;
    if (self->number)
        return pni_fail(err, self->number, "the builder says why");
    if (self->again)
        out->build = build;
    if (self->sql) {
        pni_buf_puts(scratch, self->sql);
        out->sql = pni_buf_text(scratch);
    }
    return self->status;
}

T_CASE(a_builder_gives_one_source_or_a_reason) {
    PNI_AUTO_PTR(pn_session) session = fx_session(NULL);
    pn_plan_source source = PN_PLAN_SOURCE_INIT;
    builder made = {.sql = "select 1"};
    source.build = build;
    source.ctx = &made;
    FX_OK(compile(session, &source, err));
    made = (builder){.sql = NULL};
    FX_FAILS(compile(session, &source, err), PNI_E_PLAN_SOURCE, "builder");
    made = (builder){.sql = "select 1", .again = true};
    FX_FAILS(compile(session, &source, err), PNI_E_PLAN_SOURCE, "builder");
    made = (builder){.number = PNI_E_FILE_MISSING};
    FX_FAILS(compile(session, &source, err), PNI_E_FILE_MISSING, "says why");
    made = (builder){.status = PN_IO};
    FX_FAILS(compile(session, &source, err), PNI_E_PLAN_SOURCE, "IO");
}

T_CASE(a_run_compares_what_it_stands_on_first) {
    PNI_AUTO_PTR(pn_session) first = fx_session(NULL);
    PNI_AUTO_PTR(pn_session) second = fx_session(NULL);
    pn_result *result = NULL;
    fx_add_rows(first, "t", "[{\"k\":1}]");
    fx_add_rows(second, "t", "[{\"k\":2}]");
    PNI_AUTO_PTR(pn_view_graph)
    graph = fx_graph(first, FX_VIEWS("v", "select k from t", "w", "select k from v"));
    FX_FAILS(pn_exec_run(second, pn_view_graph_bundle(graph, "w"), NULL, &result, err),
             PNI_E_PLAN_DRIFT, "'t'");
    FX_FAILS(pn_exec_run(NULL, pn_view_graph_bundle(graph, "w"), NULL, &result, err),
             PNI_E_ARGUMENT, "session");
    FX_FAILS(pn_exec_run(first, NULL, NULL, &result, err), PNI_E_ARGUMENT, "bundle");
}

T_CASE(the_graph_is_compiled_when_it_has_to_be) {
    PNI_AUTO_PTR(pn_session) session = fx_session(NULL);
    PNI_AUTO_PTR(pn_view_graph) graph = pn_view_graph_new();
    FX_OK(pn_view_graph_add_sql(graph, "v", "select 1 as k", NULL, err));
    FX_OK(pn_exec_ensure_view_graph(session, graph, NULL, err));
    const pn_bundle *before = pn_view_graph_bundle(graph, "v");
    FX_OK(pn_exec_ensure_view_graph(session, graph, NULL, err));
    T_ASSERT(before == pn_view_graph_bundle(graph, "v"));
    FX_OK(pn_view_graph_add_sql(graph, "w", "select k from v", NULL, err));
    FX_OK(pn_exec_ensure_view_graph(session, graph, NULL, err));
    fx_expect_rows(session, graph, "select k from w", "1\n");
    FX_FAILS(pn_exec_ensure_view_graph(session, NULL, NULL, err), PNI_E_ARGUMENT, "graph");
}

T_CASE(every_kind_of_explain_prints) {
    static const char *const kinds[] = {"logical", "optimized", "physical", "analyze", "substrait"};
    PNI_AUTO_PTR(pn_session) session = fx_session(NULL);
    fx_add_rows(session, "t", "[{\"k\":1}]");
    PNI_AUTO_PTR(pn_view_graph)
    graph = fx_graph(session, FX_VIEWS("v", "select k from t where k > 0"));
    PNI_AUTO_PTR(pn_bundle) bundle = fx_query_bundle(session, graph, "select sum(k) as s from v");
    PNI_AUTO(pn_buf) text = PN_BUF_INIT;
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        pni_buf_clear(&text);
        FX_OK(pn_exec_explain(session, bundle, kinds[i], NULL, &text, err));
        T_ASSERT(text.len > 20);
    }
    FX_FAILS(pn_exec_explain(session, bundle, "pretty", NULL, &text, err), PNI_E_EXPLAIN_KIND,
             "pretty");
    FX_FAILS(pn_exec_explain(session, bundle, NULL, NULL, &text, err), PNI_E_ARGUMENT, "kind");
}

static pn_status run_once(pn_session *session, const pn_bundle *bundle, pn_error *err) {
    pn_result *result = NULL;
    pn_status status = pn_exec_run(session, bundle, NULL, &result, err);
    pn_result_free(result);
    return status;
}

T_CASE(a_file_that_changes_in_a_long_session_is_drift) {
    PNI_AUTO_PTR(pn_session) session = fx_session(NULL);
    fx_add_dataset(session, "d", "csv", fx_path("d"));
    fx_write("d/a.csv", "k\n1\n");
    fx_write("d/b.csv", "k\n2\n");
    PNI_AUTO_PTR(pn_bundle) bundle = fx_query_bundle(session, NULL, "select sum(k) from d");
    FX_OK(run_once(session, bundle, err));
    fx_write("d/b.csv", "k\n2\n"); /* touched, but the same */
    fx_write("d/c.csv", "k\n4\n"); /* not among the files of the session */
    FX_OK(run_once(session, bundle, err));
    fx_write("d/b.csv", "k\n3\n");
    FX_FAILS(run_once(session, bundle, err), PNI_E_DATASET_CHANGED, "b.csv");
    fx_write("d/b.csv", "k\n2\n");
    FX_OK(run_once(session, bundle, err));
    T_EQ_INT(remove(fx_path("d/a.csv")), 0);
    FX_FAILS(run_once(session, bundle, err), PNI_E_DATASET_CHANGED, "a.csv");
    pn_write_request request = PN_WRITE_REQUEST_INIT;
    pn_result *result = NULL;
    request.format = "parquet";
    request.uri = fx_path("out");
    FX_FAILS(pn_exec_write(session, bundle, &request, NULL, &result, err), PNI_E_DATASET_CHANGED,
             "a.csv");
    T_ASSERT(!pni_path_exists(fx_path("out")));
}
