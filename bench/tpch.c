/* SPDX-License-Identifier: Apache-2.0 */
/*
 * TPC-H through bundles, over the public API only: every query is compiled, then its bundle is
 * replayed from Substrait and its rows are counted. Prints one JSON line per query with all times,
 * so that the caller chooses between best and median.
 *
 *     tpch DATA QUERIES RUNS      DATA: <table>.parquet; QUERIES: q01.sql … q22.sql
 */
#include "bench.h"

#include <inttypes.h>

static int64_t drain(struct ArrowArrayStream *stream) {
    int64_t rows = 0;
    for (;;) {
        pn_error err = PN_ERROR_INIT;
        struct ArrowArray batch = {0};
        int code = stream->get_next(stream, &batch);
        if (code)
            bench_must(pn_result_stream_error(stream, code, &err), &err, "the next batch");
        if (!batch.release)
            break;
        rows += batch.length;
        batch.release(&batch);
    }
    stream->release(stream);
    return rows;
}

static int64_t replay(pn_session *session, const pn_bundle *bundle) {
    pn_error err = PN_ERROR_INIT;
    pn_result *result = NULL;
    struct ArrowArrayStream stream = {0};
    bench_must(pn_exec_run(session, bundle, NULL, &result, &err), &err, "running");
    bench_must(pn_result_stream(result, &stream, &err), &err, "taking the stream");
    int64_t rows = drain(&stream);
    pn_result_free(result);
    return rows;
}

static void measure(pn_session *session, const char *queries, int number, int runs) {
    static double compile_ms[BENCH_RUNS_MAX], run_ms[BENCH_RUNS_MAX];
    const char *sql = bench_query(queries, number);
    int64_t rows = 0;
    for (int i = 0; i < runs; i++) {
        double start = bench_now_ms();
        pn_bundle *bundle = bench_compile(session, sql);
        double compiled = bench_now_ms();
        rows = replay(session, bundle);
        compile_ms[i] = compiled - start;
        run_ms[i] = bench_now_ms() - compiled;
        pn_bundle_unref(bundle);
    }
    fprintf(stdout, "{\"query\":%d,\"rows\":%" PRId64 ",", number, rows);
    bench_print_ms("compile_ms", compile_ms, runs);
    fputc(',', stdout);
    bench_print_ms("run_ms", run_ms, runs);
    fputs("}\n", stdout);
    fflush(stdout);
}

int main(int argc, char **argv) {
    int runs = argc == 4 ? bench_runs(argv[3]) : 0;
    if (!runs) {
        fprintf(stderr, "usage: tpch DATA QUERIES RUNS (1 to %d)\n", BENCH_RUNS_MAX);
        return 2;
    }
    pn_session *session = bench_session(argv[1]);
    for (int number = 1; number <= BENCH_QUERIES; number++)
        measure(session, argv[2], number, runs);
    pn_session_unref(session);
    return 0;
}
