/* Staging: each shared view runs once, in a folder that goes whatever happens; names are the
 * session's for the stage only. */
#include "exec_fixture.h"

static pn_exec_options options_with_tmp(void) {
    pn_exec_options options = PN_EXEC_OPTIONS_INIT;
    options.tmp_dir = fx_path("tmp");
    return options;
}

static pn_session *ten_session(void) {
    pn_session *session = fx_session(NULL);
    fx_add_rows(session, "t", FX_TEN);
    return session;
}

/* A view read twice that does more than select. */
static pn_view_graph *shared_graph(pn_session *session) {
    return fx_graph(session,
                    FX_VIEWS("shared", "select k % 3 as m, count(*) as n from t group by k % 3",
                             "top", "select a.m, b.n from shared a join shared b on a.m = b.m"));
}

T_CASE(a_shared_view_lies_in_a_private_folder_while_it_is_needed) {
    PNI_AUTO_PTR(pn_session) session = ten_session();
    PNI_AUTO_PTR(pn_view_graph) graph = shared_graph(session);
    struct ArrowArrayStream stream = {0};
    pn_exec_options options = options_with_tmp();
    fx_run(session, pn_view_graph_bundle(graph, "top"), &options, &stream);
    T_EQ_UINT(fx_entries("tmp"), 1);
    PNI_AUTO_PTR(pni_text) rows = fx_rows(&stream); /* releases the stream */
    T_EQ_UINT(strlen(rows), strlen("0|4\n1|3\n2|3\n"));
    T_EQ_UINT(fx_entries("tmp"), 0);
}

T_CASE(a_view_that_is_read_once_or_only_selects_needs_no_folder) {
    PNI_AUTO_PTR(pn_session) session = ten_session();
    PNI_AUTO_PTR(pn_view_graph)
    graph = fx_graph(
        session,
        FX_VIEWS(
            "once", "select k % 3 as m, count(*) as n from t group by k % 3", "renamed",
            "select k as r from t", "top",
            "select a.r, o.n from renamed a join renamed b on a.r = b.r join once o on o.m = a.r"));
    struct ArrowArrayStream stream = {0};
    pn_exec_options options = options_with_tmp();
    fx_run(session, pn_view_graph_bundle(graph, "top"), &options, &stream);
    T_ASSERT(!pni_path_exists(fx_path("tmp")));
    PNI_AUTO_PTR(pni_text) rows = fx_rows(&stream);
    T_EQ_UINT(strlen(rows), strlen("0|4\n1|3\n2|3\n"));
}

T_CASE(the_folder_goes_when_a_view_fails) {
    PNI_AUTO_PTR(pn_session) session = ten_session();
    PNI_AUTO_PTR(pn_view_graph)
    graph = fx_graph(
        session,
        FX_VIEWS("shared", "select k % 3 as m, count(*) as n from t group by k % 3", "bad",
                 "select m, 1 / (n - n) as z from shared group by m, n", "top",
                 "select x.z from bad x join bad y on x.m = y.m join shared s on s.m = x.m"));
    pn_exec_options options = options_with_tmp();
    pn_result *result = NULL;
    FX_FAILS(pn_exec_run(session, pn_view_graph_bundle(graph, "top"), &options, &result, err),
             PNI_E_ENGINE_EXEC, "'bad'");
    T_EQ_UINT(fx_entries("tmp"), 0);
    T_ASSERT(!result);
    fx_expect_rows(session, NULL, "select count(*) from t", "10\n"); /* the session goes on */
}

T_CASE(the_folder_goes_when_the_run_is_cancelled_or_takes_too_long) {
    PNI_AUTO_PTR(pn_session) session = fx_slow_session();
    PNI_AUTO_PTR(pn_view_graph)
    graph = fx_graph(session, FX_VIEWS("endless", FX_ENDLESS, "top",
                                       "select a.n from endless a join endless b on a.n = b.n"));
    pn_exec_options options = options_with_tmp();
    pn_result *result = NULL;
    options.timeout_ms = 200;
    FX_FAILS(pn_exec_run(session, pn_view_graph_bundle(graph, "top"), &options, &result, err),
             PNI_E_EXEC_TIMEOUT, "'top'");
    T_EQ_UINT(fx_entries("tmp"), 0);
    PNI_AUTO_PTR(pn_cancel) cancel = pn_cancel_new();
    pn_cancel_fire(cancel);
    options.timeout_ms = 0;
    options.cancel = cancel;
    FX_FAILS(pn_exec_run(session, pn_view_graph_bundle(graph, "top"), &options, &result, err),
             PNI_E_CANCELLED, NULL);
    T_EQ_UINT(fx_entries("tmp"), 0);
}

T_CASE(a_folder_that_cannot_be_made_is_named) {
    PNI_AUTO_PTR(pn_session) session = ten_session();
    PNI_AUTO_PTR(pn_view_graph) graph = shared_graph(session);
    pn_exec_options options = PN_EXEC_OPTIONS_INIT;
    pn_result *result = NULL;
    fx_write("file", "in the way");
    options.tmp_dir = fx_path("file/tmp");
    FX_FAILS(pn_exec_run(session, pn_view_graph_bundle(graph, "top"), &options, &result, err),
             PNI_E_FILE_WRITE, "file");
    options.tmp_dir = "/tmp/\xff";
    FX_FAILS(pn_exec_run(session, pn_view_graph_bundle(graph, "top"), &options, &result, err),
             PNI_E_FILE_WRITE, "UTF-8");
}

/* The stage of a stream must not stand on the names of bundles that are gone. */
T_CASE(a_stream_outlives_graph_bundles_and_session) {
    pn_session *session = ten_session();
    pn_view_graph *graph = shared_graph(session);
    struct ArrowArrayStream stream = {0};
    pn_exec_options options = options_with_tmp();
    fx_run(session, pn_view_graph_bundle(graph, "top"), &options, &stream);
    pn_view_graph_free(graph);
    pn_session_unref(session);
    PNI_AUTO_PTR(pni_text) rows = fx_rows(&stream);
    T_EQ_UINT(strlen(rows), strlen("0|4\n1|3\n2|3\n"));
    T_EQ_UINT(fx_entries("tmp"), 0);
}

T_CASE(two_streams_over_the_same_views_do_not_disturb_each_other) {
    PNI_AUTO_PTR(pn_session) session = ten_session();
    PNI_AUTO_PTR(pn_view_graph) graph = shared_graph(session);
    struct ArrowArrayStream first = {0}, second = {0};
    pn_exec_options options = options_with_tmp();
    fx_run(session, pn_view_graph_bundle(graph, "top"), &options, &first);
    fx_run(session, pn_view_graph_bundle(graph, "top"), &options, &second);
    first.release(&first);
    PNI_AUTO_PTR(pni_text) rows = fx_rows(&second);
    T_EQ_UINT(strlen(rows), strlen("0|4\n1|3\n2|3\n"));
    fx_expect_rows(session, graph, "select count(*) from shared", "3\n");
    T_EQ_UINT(fx_entries("tmp"), 0);
}

T_CASE(a_table_of_a_views_name_is_refused_and_not_lost) {
    PNI_AUTO_PTR(pn_session) session = ten_session();
    PNI_AUTO_PTR(pn_view_graph) graph = shared_graph(session);
    pn_result *result = NULL;
    fx_add_rows(session, "shared", "[{\"m\":7}]");
    FX_FAILS(pn_exec_run(session, pn_view_graph_bundle(graph, "top"), NULL, &result, err),
             PNI_E_VIEW_NAME, "'shared'");
    fx_expect_rows(session, NULL, "select m from shared", "7\n");
}

T_CASE(a_query_may_not_take_the_name_of_a_view_it_reads) {
    PNI_AUTO_PTR(pn_session) session = ten_session();
    PNI_AUTO_PTR(pn_view_graph)
    graph = fx_graph(session, FX_VIEWS("v", "select k + 1 as k from t where k < 2"));
    pn_plan_source source = PN_PLAN_SOURCE_INIT;
    PNI_AUTO_PTR(pn_bundle) bundle = NULL;
    pn_result *result = NULL;
    source.name = "v";
    source.sql = "select k + 10 as k from v";
    FX_OK(pn_exec_compile(session, graph, &source, &bundle, err));
    FX_FAILS(pn_exec_run(session, bundle, NULL, &result, err), PNI_E_VIEW_NAME, "'v'");
}

T_CASE(a_shared_view_of_any_type_can_be_kept) {
    static const char *const types[] = {"interval '1' month",
                                        "arrow_cast(1, 'Duration(Second)')",
                                        "arrow_cast(1, 'Float16')",
                                        "[1, 2]",
                                        "struct(1, 'x')",
                                        "arrow_cast('x', 'Dictionary(Int32, Utf8)')",
                                        "cast(1 as decimal(38, 2))",
                                        "arrow_cast(1, 'Time64(Nanosecond)')"};
    PNI_AUTO_PTR(pn_session) session = ten_session();
    for (size_t i = 0; i < sizeof types / sizeof *types; i++) {
        char sql[256];
        snprintf(sql, sizeof sql,
                 "select m, max(v) as v from (select k %% 2 as m, %s as v from t) s group by m",
                 types[i]);
        if (i == 0 || i == 4) /* these have no maximum */
            snprintf(sql, sizeof sql, "select distinct k %% 2 as m, %s as v from t", types[i]);
        PNI_AUTO_PTR(pn_view_graph)
        graph = fx_graph(session, FX_VIEWS("shared", sql, "top",
                                           "select a.v from shared a join shared b on a.m = b.m"));
        PNI_AUTO_PTR(pni_text) rows = fx_query(session, graph, "select count(*) from top");
        if (!pni_streq(rows, "2\n"))
            T_FAIL("%s: %s", types[i], rows);
    }
}
