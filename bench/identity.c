/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What identity costs: decoding, canonicalising and digesting the Substrait of the 22 TPC-H
 * queries. Needs no engine: the plans come as files, which `identity --plans DATA QUERIES DIR`
 * writes.
 *
 *     identity DIR RUNS           one JSON line per plan:
 * {"query","bytes","nodes","canonical_ms":[…]}
 */
#include "bench.h"

#include <string.h>

static int write_plans(const char *data, const char *queries, const char *dir) {
    pn_session *session = bench_session(data);
    for (int number = 1; number <= BENCH_QUERIES; number++) {
        pn_bundle *bundle = bench_compile(session, bench_query(queries, number));
        pn_bytes plan = pn_bundle_substrait(bundle);
        FILE *out = bench_open(dir, number, "plan", "wb");
        size_t written = fwrite(plan.data, 1, plan.len, out);
        if (fclose(out) || written != plan.len) {
            fprintf(stderr, "cannot write plan %d\n", number);
            return 1;
        }
        pn_bundle_unref(bundle);
    }
    pn_session_unref(session);
    return 0;
}

static void measure(const char *dir, int number, int runs) {
    static uint8_t bytes[BENCH_TEXT_MAX];
    static double ms[BENCH_RUNS_MAX];
    FILE *in = bench_open(dir, number, "plan", "rb");
    pn_bytes plan = {bytes, fread(bytes, 1, sizeof bytes, in)};
    size_t nodes = 0;
    fclose(in);
    for (int i = 0; i < runs; i++) {
        pn_error err = PN_ERROR_INIT;
        pn_substrait *decoded = NULL;
        char digest[65];
        double start = bench_now_ms();
        bench_must(pn_substrait_decode(plan, NULL, &decoded, &err), &err, "decoding");
        bench_must(pn_substrait_digest(decoded, digest, &err), &err, "digesting");
        ms[i] = bench_now_ms() - start;
        nodes = pn_substrait_node_count(decoded);
        pn_substrait_unref(decoded);
    }
    fprintf(stdout, "{\"query\":%d,\"bytes\":%zu,\"nodes\":%zu,", number, plan.len, nodes);
    bench_print_ms("canonical_ms", ms, runs);
    fputs("}\n", stdout);
}

int main(int argc, char **argv) {
    if (argc == 5 && strcmp(argv[1], "--plans") == 0)
        return write_plans(argv[2], argv[3], argv[4]);
    int runs = argc == 3 ? bench_runs(argv[2]) : 0;
    if (!runs) {
        fprintf(stderr, "usage: identity DIR RUNS, or identity --plans DATA QUERIES DIR\n");
        return 2;
    }
    for (int number = 1; number <= BENCH_QUERIES; number++)
        measure(argv[1], number, runs);
    return 0;
}
