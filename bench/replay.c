/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a user of the library saves by replaying, over the public API only: a query from its SQL to
 * the first batch of rows (compile, run), and its bundle to the first batch, in turns. Prints one
 * JSON line per query with all times.
 *
 *     replay DATA QUERIES COUNT RUNS TABLE…      DATA: <table>.parquet; QUERIES: q01.sql …
 */
#include "bench.h"

#include <stdlib.h>

/* Runs up to the first batch; what is left is given up. */
static void first_batch(pn_session *session, const pn_bundle *bundle) {
    pn_error err = PN_ERROR_INIT;
    pn_result *result = NULL;
    struct ArrowArrayStream stream = {0};
    struct ArrowArray batch = {0};
    bench_must(pn_exec_run(session, bundle, NULL, &result, &err), &err, "running");
    bench_must(pn_result_stream(result, &stream, &err), &err, "taking the stream");
    int code = stream.get_next(&stream, &batch);
    if (code)
        bench_must(pn_result_stream_error(&stream, code, &err), &err, "the first batch");
    if (batch.release)
        batch.release(&batch);
    stream.release(&stream);
    pn_result_free(result);
}

static void measure(pn_session *session, const char *queries, int number, int runs) {
    static double sql_ms[BENCH_RUNS_MAX], replay_ms[BENCH_RUNS_MAX];
    const char *sql = bench_query(queries, number);
    pn_bundle *kept = bench_compile(session, sql);
    for (int i = 0; i < runs; i++) {
        double start = bench_now_ms();
        pn_bundle *bundle = bench_compile(session, sql);
        first_batch(session, bundle);
        double middle = bench_now_ms();
        first_batch(session, kept);
        sql_ms[i] = middle - start;
        replay_ms[i] = bench_now_ms() - middle;
        pn_bundle_unref(bundle);
    }
    pn_bundle_unref(kept);
    fprintf(stdout, "{\"query\":%d,", number);
    bench_print_ms("sql_ms", sql_ms, runs);
    fputc(',', stdout);
    bench_print_ms("replay_ms", replay_ms, runs);
    fputs("}\n", stdout);
    fflush(stdout);
}

int main(int argc, char **argv) {
    int runs = argc > 5 ? bench_runs(argv[4]) : 0;
    if (!runs) {
        fprintf(stderr, "usage: replay DATA QUERIES COUNT RUNS TABLE… (1 to %d runs)\n",
                BENCH_RUNS_MAX);
        return 2;
    }
    pn_session *session =
        bench_session_of(argv[1], (const char *const *)argv + 5, (size_t)(argc - 5));
    for (int number = 1; number <= atoi(argv[3]); number++)
        measure(session, argv[2], number, runs);
    pn_session_unref(session);
    return 0;
}
