/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Statements over tables in memory, timed one by one; what is compared with what is udf.py's. Reads
 * lines from standard input:
 *
 *     table NAME SQL      keeps the rows of a query as a table
 *     query NAME SQL      runs it RUNS times; prints {"query","ms":[…],"cpu_ms":[…]}
 *
 * A query is compiled once; what is timed is running it to its last row, by the clock and by the
 * processor time of all threads. Options of the session are its defaults, so all cores work.
 */
#include "bench.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

static double cpu_now_ms(void) {
    struct timespec now;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    return (double)now.tv_sec * 1e3 + (double)now.tv_nsec / 1e6;
}

static void start(pn_session *session, const pn_bundle *bundle, struct ArrowArrayStream *stream) {
    pn_error err = PN_ERROR_INIT;
    pn_result *result = NULL;
    bench_must(pn_exec_run(session, bundle, NULL, &result, &err), &err, "running");
    bench_must(pn_result_stream(result, stream, &err), &err, "taking the stream");
    pn_result_free(result);
}

static void drain(struct ArrowArrayStream *stream) {
    for (;;) {
        pn_error err = PN_ERROR_INIT;
        struct ArrowArray batch = {0};
        int code = stream->get_next(stream, &batch);
        if (code)
            bench_must(pn_result_stream_error(stream, code, &err), &err, "the next batch");
        if (!batch.release)
            break;
        batch.release(&batch);
    }
    stream->release(stream);
}

static void keep(pn_session *session, const char *name, const char *sql) {
    pn_error err = PN_ERROR_INIT;
    struct ArrowArrayStream stream = {0};
    pn_bundle *bundle = bench_compile(session, sql);
    start(session, bundle, &stream);
    bench_must(pn_session_add_table(session, name, &stream, &err), &err, name);
    pn_bundle_unref(bundle);
}

static void measure(pn_session *session, const char *name, const char *sql, int runs) {
    static double ms[BENCH_RUNS_MAX], cpu_ms[BENCH_RUNS_MAX];
    pn_bundle *bundle = bench_compile(session, sql);
    for (int i = -1; i < runs; i++) { /* the first does not count */
        struct ArrowArrayStream stream = {0};
        double begin = bench_now_ms(), cpu_begin = cpu_now_ms();
        start(session, bundle, &stream);
        drain(&stream);
        ms[i < 0 ? 0 : i] = bench_now_ms() - begin;
        cpu_ms[i < 0 ? 0 : i] = cpu_now_ms() - cpu_begin;
    }
    pn_bundle_unref(bundle);
    fprintf(stdout, "{\"query\":\"%s\",", name);
    bench_print_ms("ms", ms, runs);
    fputs(",", stdout);
    bench_print_ms("cpu_ms", cpu_ms, runs);
    fputs("}\n", stdout);
    fflush(stdout);
}

int main(int argc, char **argv) {
    int runs = argc == 2 ? bench_runs(argv[1]) : 0;
    if (!runs) {
        fprintf(stderr, "usage: udf RUNS (1 to %d)\n", BENCH_RUNS_MAX);
        return 2;
    }
    pn_error err = PN_ERROR_INIT;
    pn_session *session = NULL;
    bench_must(pn_session_open(NULL, &session, &err), &err, "opening a session");
    char *line = NULL;
    size_t cap = 0;
    while (getline(&line, &cap, stdin) > 0) {
        char *rest = line;
        const char *verb = strsep(&rest, " ");
        const char *name = strsep(&rest, " ");
        if (!rest)
            break;
        if (strcmp(verb, "table") == 0)
            keep(session, name, rest);
        else
            measure(session, name, rest, runs);
    }
    free(line);
    pn_session_unref(session);
    return 0;
}
