/*
 * Runs of one session side by side. Each run has a catalog of its own: views of the same name that
 * mean different things do not meet, and a run whose shared views take for ever keeps no other one
 * waiting.
 */
#include "it.h"

#include <pthread.h>
#include <stdatomic.h>
#include <time.h>

#define ROUNDS 8
#define THREADS 4

typedef struct runner {
    pn_session *session;
    pn_view_graph *graph;
    const char *want;
    pn_error problem;
    int wrong;
} runner;

/* A shared view that does more than select is written to a file before it is read. */
static pn_view_graph *graph_of(pn_session *session, const char *shared) {
    pn_view_graph *graph = pn_view_graph_new();
    IT_OK(pn_view_graph_add_sql(graph, "shared", shared, NULL, err));
    IT_OK(pn_view_graph_add_sql(
        graph, "top", "select sum(a.n * b.n) as s from shared a join shared b on a.m = b.m", NULL,
        err));
    IT_OK(pn_view_graph_compile(graph, session, NULL, err));
    return graph;
}

static pn_status run_top(runner *self, pn_exec_options *options, char **rows_out) {
    pn_result *result = NULL;
    struct ArrowArrayStream stream = {0};
    const pn_bundle *top = pn_view_graph_bundle(self->graph, "top");
    pn_status status = pn_exec_run(self->session, top, options, &result, &self->problem);
    if (status == PN_OK)
        status = pn_result_stream(result, &stream, &self->problem);
    if (status == PN_OK)
        *rows_out = it_rows_of_stream(&stream);
    pn_result_free(result);
    return status;
}

static void *run_rounds(void *ctx) {
    runner *self = ctx;
    for (int round = 0; round < ROUNDS; round++) {
        char *rows = NULL;
        if (run_top(self, NULL, &rows) != PN_OK || !pni_streq(rows, self->want))
            self->wrong++;
        pni_free(rows);
    }
    return NULL;
}

static pn_session *ten_rows(void) {
    static const char rows[] = "[{\"k\":0},{\"k\":1},{\"k\":2},{\"k\":3},{\"k\":4},{\"k\":5},"
                               "{\"k\":6},{\"k\":7},{\"k\":8},{\"k\":9}]";
    pn_session *session = it_session(NULL);
    IT_OK(pn_session_add_rows(session, "t", (pn_bytes){(const uint8_t *)rows, sizeof rows - 1},
                              NULL, err));
    return session;
}

T_CASE(views_of_one_name_do_not_meet) {
    static const char *const shared[THREADS][2] = {
        {"select k % 2 as m, count(*) as n from t group by k % 2", "50\n"},
        {"select k % 5 as m, count(*) as n from t group by k % 5", "20\n"},
        {"select k % 1 as m, count(*) as n from t group by k % 1", "100\n"},
        {"select k as m, count(*) as n from t group by k", "10\n"}};
    pn_session *session = ten_rows();
    runner runners[THREADS] = {0};
    pthread_t threads[THREADS];
    for (int i = 0; i < THREADS; i++) {
        runners[i] = (runner){.session = session,
                              .graph = graph_of(session, shared[i][0]),
                              .want = shared[i][1],
                              .problem = PN_ERROR_INIT};
    }
    for (int i = 0; i < THREADS; i++)
        T_EQ_INT(pthread_create(&threads[i], NULL, run_rounds, &runners[i]), 0);
    for (int i = 0; i < THREADS; i++)
        pthread_join(threads[i], NULL);
    for (int i = 0; i < THREADS; i++) {
        if (runners[i].wrong)
            T_FAIL("thread %d: %d wrong: %s", i, runners[i].wrong, runners[i].problem.message);
        pn_view_graph_free(runners[i].graph);
    }
    pn_session_unref(session);
}

typedef struct endless {
    runner run;
    pn_exec_options options;
    pn_status status;
    atomic_bool is_over;
} endless;

static void *run_endless(void *ctx) {
    endless *self = ctx;
    char *rows = NULL;
    self->status = run_top(&self->run, &self->options, &rows);
    pni_free(rows);
    atomic_store(&self->is_over, true);
    return NULL;
}

T_CASE(a_run_that_stages_for_ever_keeps_no_other_waiting) {
    pn_session *session = ten_rows();
    pn_view_graph *graph = graph_of(session, "select k as m, count(*) as n from t group by k");
    pn_cancel *cancel = pn_cancel_new();
    endless slow = {.options = PN_EXEC_OPTIONS_INIT};
    struct timespec pause = {0, 200000000};
    pthread_t thread;
    slow.run =
        (runner){.session = session,
                 .graph = graph_of(session, "with recursive w as (select 0 as i union all "
                                            "select i + 1 from w where i < 4000000000) "
                                            "select i as m, count(*) as n from w group by i"),
                 .problem = PN_ERROR_INIT};
    slow.options.cancel = cancel;
    T_EQ_INT(pthread_create(&thread, NULL, run_endless, &slow), 0);
    nanosleep(&pause, NULL);
    char *rows = it_query(session, graph, "select s from top");
    bool was_over = atomic_load(&slow.is_over);
    pn_cancel_fire(cancel);
    pthread_join(thread, NULL);
    T_EQ_STR(rows, "10\n");
    t_status(T_PLACE("the run without end"), slow.status, PN_CANCELLED, slow.run.problem.message,
             slow.run.problem.detail);
    T_ASSERT(!was_over);
    pni_free(rows);
    pn_cancel_unref(cancel);
    pn_view_graph_free(slow.run.graph);
    pn_view_graph_free(graph);
    pn_session_unref(session);
}
