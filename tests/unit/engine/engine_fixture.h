/* Sessions, tables and result rows for the tests of the engine door. */
#ifndef PN_TESTS_ENGINE_FIXTURE_H
#define PN_TESTS_ENGINE_FIXTURE_H

#include "engine/engine.h"

/* A session with two partitions; fails the test when it does not open. */
pni_engine_session *fixture_session(void);

/* Registers rows (n, 2 n) for n = 0 … count - 1 as `name` with columns a and b in both spaces. */
void fixture_numbers(const pni_engine_session *session, const char *name, int64_t count);

/* A stream of one batch of those rows. */
void fixture_stream(int64_t count, struct ArrowArrayStream *out);

/* Registers a table of the run space that is read from a stream without an end. */
void fixture_endless(const pni_engine_session *session, const char *name);

pn_bytes fixture_bytes(const char *text);

/* Pulls all batches: number of rows and sum of column 0 (integers). */
pn_status fixture_drain(struct ArrowArrayStream *stream, int64_t *rows, int64_t *sum,
                        pn_error *err);

/* Plans `sql` in the run space and drains it. */
pn_status fixture_query(const pni_engine_session *session, const char *sql, int64_t *rows,
                        int64_t *sum, pn_error *err);

#endif
