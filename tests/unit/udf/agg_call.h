/*
 * Drives the table of a built-in aggregate the ways an engine does: all rows at once, in pieces
 * that are emitted and merged, and as a window that slides.
 */
#ifndef PN_TESTS_AGG_CALL_H
#define PN_TESTS_AGG_CALL_H

#include "pinion/plugin.h"

#include "arrow/arrow.h"
#include "base/base.h"

typedef struct agg_run {
    const pn_aggregate *table;
    const char
        *columns; /* JSON of the argument columns, as pni_arrow_schema_from_json() takes it */
    bool ignore_nulls;
    bool is_sliding;
} agg_run;

const pn_aggregate *agg_named(const char *name);

void *agg_new(const agg_run *run);
void agg_free(const agg_run *run, void *state);
/* rows: arrays of arguments. groups: one per row, or NULL for group 0. */
void agg_update(const agg_run *run, void *state, const json_t *rows, const uint64_t *groups,
                uint64_t n_groups);
void agg_retract(const agg_run *run, void *state, const json_t *rows);
/* Emits groups 0..n_groups-1 of `from` and merges them into groups base.. of `into`. */
void agg_move(const agg_run *run, void *from, void *into, uint64_t n_groups, uint64_t base);
/* Owned by the caller. */
json_t *agg_evaluate(const agg_run *run, void *state, uint64_t n_groups, bool keep);

/* Merges one forged state; gives the code, 0 when it was taken. */
int32_t agg_merge_bytes(const agg_run *run, const void *bytes, size_t len, char message[256]);

/* Of all rows in one group. */
json_t *agg_once(const agg_run *run, const json_t *rows);

/* ---- against a recomputation from scratch -----------------------------------------------------
 */

typedef struct agg_random {
    agg_run run;
    json_t *(*row)(uint64_t random);                             /* one row of arguments */
    json_t *(*reference)(const json_t *rows, bool ignore_nulls); /* of one group; new */
} agg_random;

/* Random rows in random groups and batches: at once, split over states that are emitted in pieces
 * and merged, and as windows. */
void agg_check_random(const agg_random *of, uint64_t seed);

#endif
