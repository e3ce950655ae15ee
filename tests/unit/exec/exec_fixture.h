/* Graphs, runs and writes for the tests of exec and project. */
#ifndef PN_TESTS_EXEC_FIXTURE_H
#define PN_TESTS_EXEC_FIXTURE_H

#include "exec/exec.h"
#include "unit/session/session_fixture.h"

#include <dirent.h>

static inline pn_status fx_exec_compile(pn_session *session, const pn_view_graph *graph,
                                        const char *sql, pn_bundle **out, pn_error *problem) {
    pn_plan_source source = PN_PLAN_SOURCE_INIT;
    source.sql = sql;
    return pn_exec_compile(session, graph, &source, out, problem);
}

static inline pn_bundle *fx_query_bundle(pn_session *session, const pn_view_graph *graph,
                                         const char *sql) {
    pn_bundle *bundle = NULL;
    FX_OK(fx_exec_compile(session, graph, sql, &bundle, err));
    return bundle;
}

static inline void fx_run(pn_session *session, const pn_bundle *bundle,
                          const pn_exec_options *options, struct ArrowArrayStream *out) {
    pn_result *result = NULL;
    FX_OK(pn_exec_run(session, bundle, options, &result, err));
    FX_OK(pn_result_stream(result, out, err));
    pn_result_free(result);
}

static inline char *fx_query(pn_session *session, const pn_view_graph *graph, const char *sql) {
    struct ArrowArrayStream stream = {0};
    PNI_AUTO_PTR(pn_bundle) bundle = fx_query_bundle(session, graph, sql);
    fx_run(session, bundle, NULL, &stream);
    return fx_rows(&stream);
}

static inline void fx_expect_rows(pn_session *session, const pn_view_graph *graph, const char *sql,
                                  const char *want) {
    PNI_AUTO_PTR(pni_text) rows = fx_query(session, graph, sql);
    T_EQ_STR(rows, want);
}

/* Views given as name, text, name, text, …, NULL; compiled. */
static inline pn_view_graph *fx_graph(pn_session *session, const char *const *views) {
    pn_view_graph *graph = pn_view_graph_new();
    for (size_t i = 0; views[i]; i += 2)
        FX_OK(pn_view_graph_add_sql(graph, views[i], views[i + 1], NULL, err));
    FX_OK(pn_view_graph_compile(graph, session, NULL, err));
    return graph;
}
#define FX_VIEWS(...) ((const char *const[]){__VA_ARGS__, NULL})

/* Entries of a folder but "." and ".."; 0 when it is not there. */
static inline size_t fx_entries(const char *name) {
    size_t count = 0;
    DIR *dir = opendir(fx_path(name));
    for (const struct dirent *entry; dir && (entry = readdir(dir));)
        count += !pni_streq(entry->d_name, ".") && !pni_streq(entry->d_name, "..");
    if (dir)
        closedir(dir);
    return count;
}

#define FX_TEN                                                                                     \
    "[{\"k\":0},{\"k\":1},{\"k\":2},{\"k\":3},{\"k\":4},"                                          \
    "{\"k\":5},{\"k\":6},{\"k\":7},{\"k\":8},{\"k\":9}]"

/* A query over `t` of fx_slow_session() that takes minutes and never gives a row before its end. */
#define FX_ENDLESS "select count(*) as n from t a, t b where a.k * b.k % 7 > 8"

/*
 * A session with 20,000 rows of k in `t`, read ten at a time: the engine looks for a cancellation
 * where a source gives its next batch, so there must be many.
 */
static inline pn_session *fx_slow_session(void) {
    pn_session *session = NULL;
    PNI_AUTO(pn_buf) csv = PN_BUF_INIT;
    pni_buf_puts(&csv, "k\n");
    for (int i = 0; i < 20000; i++)
        pni_buf_printf(&csv, "%d\n", i);
    FX_OK(fx_session_with("batch_size", "10", &session, err));
    fx_add_dataset(session, "t", "csv", fx_write_bytes("slow.csv", csv.data, csv.len));
    return session;
}

#endif
