/* SPDX-License-Identifier: Apache-2.0 */
/*
 * TPC-H through bundles, over the public API only: every query is compiled, then its bundle is replayed from
 * Substrait and its rows are counted. Prints one JSON line per query with all times, so that the caller
 * chooses between best and median.
 *
 *     tpch DATA QUERIES RUNS      DATA: <table>.parquet; QUERIES: q01.sql … q22.sql
 */
#include <pinion/pinion.h>

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

enum { QUERIES = 22, RUNS_MAX = 1000, SQL_MAX = 1 << 20 };

static const char *const tables[] = {"customer", "lineitem", "nation", "orders",
                                     "part",     "partsupp", "region", "supplier"};

static double now_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec * 1e3 + (double)now.tv_nsec / 1e6;
}

static void must(pn_status status, const pn_error *err, const char *what)
{
    if (status == PN_OK)
        return;
    fprintf(stderr, "%s: %s [PN%d]\n%s\n", what, err->message, err->number, err->detail);
    exit(1);
}

static void read_query(const char *folder, int number, char *out)
{
    char path[4096];
    snprintf(path, sizeof path, "%s/q%02d.sql", folder, number);
    FILE *file = fopen(path, "r");
    if (!file) {
        fprintf(stderr, "cannot read %s\n", path);
        exit(1);
    }
    out[fread(out, 1, SQL_MAX - 1, file)] = '\0';
    fclose(file);
}

static pn_session *open_session(const char *data)
{
    pn_error err = PN_ERROR_INIT;
    pn_catalog *catalog = pn_catalog_new();
    for (size_t i = 0; i < sizeof tables / sizeof *tables; i++) {
        char uri[4096];
        pn_dataset_spec spec = PN_DATASET_SPEC_INIT;
        snprintf(uri, sizeof uri, "%s/%s.parquet", data, tables[i]);
        spec.name = tables[i];
        spec.format = "parquet";
        spec.uri = uri;
        must(pn_catalog_add(catalog, &spec, &err), &err, tables[i]);
    }
    pn_session_options options = PN_SESSION_OPTIONS_INIT;
    pn_session *session = NULL;
    options.catalog = catalog;
    must(pn_session_open(&options, &session, &err), &err, "session");
    pn_catalog_unref(catalog);
    return session;
}

static int64_t drain(struct ArrowArrayStream *stream)
{
    int64_t rows = 0;
    for (;;) {
        pn_error err = PN_ERROR_INIT;
        struct ArrowArray batch = {0};
        int code = stream->get_next(stream, &batch);
        if (code)
            must(pn_result_stream_error(stream, code, &err), &err, "next batch");
        if (!batch.release)
            break;
        rows += batch.length;
        batch.release(&batch);
    }
    stream->release(stream);
    return rows;
}

static int64_t replay(pn_session *session, const pn_bundle *bundle)
{
    pn_error err = PN_ERROR_INIT;
    pn_result *result = NULL;
    struct ArrowArrayStream stream = {0};
    must(pn_exec_run(session, bundle, NULL, &result, &err), &err, "run");
    must(pn_result_stream(result, &stream, &err), &err, "stream");
    int64_t rows = drain(&stream);
    pn_result_free(result);
    return rows;
}

static void print_times(const char *name, const double *ms, int count)
{
    printf("\"%s\":[", name);
    for (int i = 0; i < count; i++)
        printf("%s%.4f", i ? "," : "", ms[i]);
    printf("]");
}

static void measure(pn_session *session, const char *queries, int number, int runs)
{
    static char sql[SQL_MAX];
    static double compile_ms[RUNS_MAX], run_ms[RUNS_MAX];
    int64_t rows = 0;
    read_query(queries, number, sql);
    for (int i = 0; i < runs; i++) {
        pn_error err = PN_ERROR_INIT;
        pn_plan_source source = PN_PLAN_SOURCE_INIT;
        pn_bundle *bundle = NULL;
        source.sql = sql;
        double start = now_ms();
        must(pn_exec_compile(session, NULL, &source, &bundle, &err), &err, "compile");
        double compiled = now_ms();
        rows = replay(session, bundle);
        compile_ms[i] = compiled - start;
        run_ms[i] = now_ms() - compiled;
        pn_bundle_unref(bundle);
    }
    printf("{\"query\":%d,\"rows\":%" PRId64 ",", number, rows);
    print_times("compile_ms", compile_ms, runs);
    printf(",");
    print_times("run_ms", run_ms, runs);
    printf("}\n");
    fflush(stdout);
}

int main(int argc, char **argv)
{
    int runs = argc == 4 ? (int)strtol(argv[3], NULL, 10) : 0;
    if (runs < 1 || runs > RUNS_MAX) {
        fprintf(stderr, "usage: tpch DATA QUERIES RUNS (1 to %d)\n", RUNS_MAX);
        return 2;
    }
    pn_session *session = open_session(argv[1]);
    for (int number = 1; number <= QUERIES; number++)
        measure(session, argv[2], number, runs);
    pn_session_unref(session);
    return 0;
}
