/* SPDX-License-Identifier: Apache-2.0 */
/* See bench.h. A benchmark has nothing to recover: the first failure is printed and ends the
 * process. */
#include "bench.h"

#include <stdlib.h>
#include <time.h>

static const char *const tables[] = {"customer", "lineitem", "nation", "orders",
                                     "part",     "partsupp", "region", "supplier"};

double bench_now_ms(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec * 1e3 + (double)now.tv_nsec / 1e6;
}

void bench_must(pn_status status, const pn_error *err, const char *what) {
    if (status == PN_OK)
        return;
    fprintf(stderr, "%s: %s [PN%d]\n%s\n", what, err->message, err->number, err->detail);
    exit(1);
}

FILE *bench_open(const char *dir, int number, const char *suffix, const char *mode) {
    char path[4096];
    snprintf(path, sizeof path, "%s/q%02d.%s", dir, number, suffix);
    FILE *file = fopen(path, mode);
    if (!file) {
        fprintf(stderr, "cannot open %s\n", path);
        exit(1);
    }
    return file;
}

const char *bench_query(const char *dir, int number) {
    static char sql[BENCH_TEXT_MAX];
    FILE *file = bench_open(dir, number, "sql", "r");
    sql[fread(sql, 1, sizeof sql - 1, file)] = '\0';
    fclose(file);
    return sql;
}

pn_session *bench_session(const char *data) {
    return bench_session_of(data, tables, sizeof tables / sizeof *tables);
}

pn_session *bench_session_of(const char *data, const char *const *names, size_t count) {
    pn_error err = PN_ERROR_INIT;
    pn_catalog *catalog = pn_catalog_new();
    for (size_t i = 0; i < count; i++) {
        char uri[4096];
        pn_dataset_spec spec = PN_DATASET_SPEC_INIT;
        snprintf(uri, sizeof uri, "%s/%s.parquet", data, names[i]);
        spec.name = names[i];
        spec.format = "parquet";
        spec.uri = uri;
        bench_must(pn_catalog_add(catalog, &spec, &err), &err, names[i]);
    }
    pn_session_options options = PN_SESSION_OPTIONS_INIT;
    pn_session *session = NULL;
    options.catalog = catalog;
    bench_must(pn_session_open(&options, &session, &err), &err, "opening the session");
    pn_catalog_unref(catalog);
    return session;
}

pn_bundle *bench_compile(pn_session *session, const char *sql) {
    pn_error err = PN_ERROR_INIT;
    pn_plan_source source = PN_PLAN_SOURCE_INIT;
    pn_bundle *bundle = NULL;
    source.sql = sql;
    bench_must(pn_exec_compile(session, NULL, &source, &bundle, &err), &err, "compiling");
    return bundle;
}

int bench_runs(const char *text) {
    long runs = strtol(text, NULL, 10);
    return runs >= 1 && runs <= BENCH_RUNS_MAX ? (int)runs : 0;
}

void bench_print_ms(const char *name, const double *ms, int count) {
    fprintf(stdout, "\"%s\":[", name);
    for (int i = 0; i < count; i++)
        fprintf(stdout, "%s%.5f", i ? "," : "", ms[i]);
    fprintf(stdout, "]");
}
