/* bench/snapshot PACK RUNS: the snapshot of a session's functions and its hash, made anew and asked
 * for again; one line of JSON. */
#include "bench.h"

#include <string.h>

static double time_hash(pn_session *session) {
    pn_error err = PN_ERROR_INIT;
    pn_buf hash = PN_BUF_INIT;
    double start = bench_now_ms();
    bench_must(pn_udf_snapshot_hash(session, &hash, &err), &err, "hash");
    double ms = bench_now_ms() - start;
    pn_buf_dispose(&hash);
    return ms;
}

static int count_functions(pn_session *session) {
    pn_error err = PN_ERROR_INIT;
    pn_buf text = PN_BUF_INIT;
    int count = 0;
    bench_must(pn_session_functions(session, &text, &err), &err, "functions");
    for (const char *at = (const char *)text.data; (at = strstr(at, "\"func_id\":")); at++)
        count++;
    pn_buf_dispose(&text);
    return count;
}

int main(int argc, char **argv) {
    pn_session *session = NULL;
    pn_error err = PN_ERROR_INIT;
    int runs = argc == 3 ? bench_runs(argv[2]) : 0;
    if (!runs) {
        fprintf(stderr, "usage: snapshot PACK RUNS\n");
        return 2;
    }
    bench_must(pn_session_open(NULL, &session, &err), &err, "session");
    double made = 1e9;
    double again = 1e9;
    for (int i = 0; i < runs; i++) {
        /* Loading, also once more, drops what was kept. */
        bench_must(pn_session_load_pack(session, argv[1], NULL, &err), &err, "pack");
        double first = time_hash(session);
        double second = time_hash(session);
        made = first < made ? first : made;
        again = second < again ? second : again;
    }
    printf("{\"functions\": %d, \"snapshot_ms\": %.4f, \"again_ms\": %.4f}\n",
           count_functions(session), made, again);
    pn_session_unref(session);
    return 0;
}
