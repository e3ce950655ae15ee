/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a call of a pack's kernel costs beside the call of a function of the engine: sums over a
 * series, with nothing, with abs() and with same(), in batches of 1 row and of 8,192. The
 * difference to the sum with nothing, by batch, is the call.
 *
 *     adapter PACK RUNS       one JSON line per batch size:
 * {"rows_per_batch","batches","nothing_ms":[…],"engine_ms":[…],"pack_ms":[…]}
 */
#include "bench.h"

#include <stdlib.h>
#include <string.h>

enum { CONTENDERS = 3 };

static pn_session *session_of(const char *pack, const char *batch_size) {
    pn_error err = PN_ERROR_INIT;
    const pn_setting settings[] = {{"batch_size", batch_size}, {"target_partitions", "1"}};
    pn_session_options options = PN_SESSION_OPTIONS_INIT;
    pn_session *session = NULL;
    options.settings = settings;
    options.n_settings = 2;
    bench_must(pn_session_open(&options, &session, &err), &err, "opening a session");
    bench_must(pn_session_load_pack(session, pack, NULL, &err), &err, "loading the pack");
    return session;
}

static double run_once(pn_session *session, const pn_bundle *bundle) {
    pn_error err = PN_ERROR_INIT;
    pn_result *result = NULL;
    struct ArrowArrayStream stream = {0};
    struct ArrowArray batch = {0};
    double start = bench_now_ms();
    bench_must(pn_exec_run(session, bundle, NULL, &result, &err), &err, "running");
    bench_must(pn_result_stream(result, &stream, &err), &err, "reading");
    while (stream.get_next(&stream, &batch) == 0 && batch.release)
        batch.release(&batch);
    double ms = bench_now_ms() - start;
    stream.release(&stream);
    pn_result_free(result);
    return ms;
}

static void measure(const char *pack, const char *batch_size, long rows, int runs) {
    static const char *const names[CONTENDERS] = {"nothing_ms", "engine_ms", "pack_ms"};
    static const char *const sums[CONTENDERS] = {"value", "abs(value)", "same(value)"};
    static double ms[CONTENDERS][BENCH_RUNS_MAX];
    pn_session *session = session_of(pack, batch_size);
    pn_bundle *bundles[CONTENDERS];
    for (int i = 0; i < CONTENDERS; i++) {
        char sql[128];
        snprintf(sql, sizeof sql, "select sum(%s) from generate_series(1, %ld)", sums[i], rows);
        bundles[i] = bench_compile(session, sql);
        run_once(session, bundles[i]);
    }
    for (int run = 0; run < runs; run++)
        for (int i = 0; i < CONTENDERS; i++)
            ms[i][run] = run_once(session, bundles[i]);
    printf("{\"rows_per_batch\":%s,\"batches\":%ld", batch_size, rows / atol(batch_size));
    for (int i = 0; i < CONTENDERS; i++) {
        putchar(',');
        bench_print_ms(names[i], ms[i], runs);
        pn_bundle_unref(bundles[i]);
    }
    puts("}");
    pn_session_unref(session);
}

int main(int argc, char **argv) {
    int runs = argc == 3 ? bench_runs(argv[2]) : 0;
    if (runs == 0) {
        fputs("usage: adapter PACK RUNS\n", stderr);
        return 2;
    }
    measure(argv[1], "1", 100000, runs);
    measure(argv[1], "8192", 8192 * 2000, runs);
    return 0;
}
