/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the drivers in C share: a clock, failing loudly, the queries, a session over the TPC-H
 * tables. They see the public headers only and stand on libpinion as any program does.
 */
#ifndef PN_BENCH_BENCH_H
#define PN_BENCH_BENCH_H

#include <pinion/pinion.h>
#include <stdio.h>

enum { BENCH_QUERIES = 22, BENCH_RUNS_MAX = 1000, BENCH_TEXT_MAX = 1 << 20 };

double bench_now_ms(void);
/* Ends the process with the error's story unless `status` is PN_OK. */
void bench_must(pn_status status, const pn_error *err, const char *what);
/* DIR/q<number>.<suffix>; ends the process when it cannot be opened. */
FILE *bench_open(const char *dir, int number, const char *suffix, const char *mode);
/* The text of DIR/q<number>.sql, valid to the next call. */
const char *bench_query(const char *dir, int number);
/* A session over DATA/<table>.parquet of all eight tables. */
pn_session *bench_session(const char *data);
/* The same of other tables. */
pn_session *bench_session_of(const char *data, const char *const *names, size_t count);
pn_bundle *bench_compile(pn_session *session, const char *sql);
/* Parses a number of runs; 0 = it is none. */
int bench_runs(const char *text);
/* "name":[…] */
void bench_print_ms(const char *name, const double *ms, int count);

#endif
