/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the built-in aggregates share: the frame of a call, partial states as bytes, and a multiset
 * of texts per group. One state holds all groups of a partition; nothing is allocated per row.
 */
#ifndef PNI_UDF_AGG_PRIV_H
#define PNI_UDF_AGG_PRIV_H

#include "udf/builtin/kernel_priv.h"

/* ---- agg.c: frames and results ----------------------------------------------------------------
 */

/* Where a failure is told. */
typedef struct agg_place {
    const char *name;
    char *message;
    size_t cap;
} agg_place;

/* Writes "<function>: <text>" and returns 1. */
int32_t pni_agg_fail(agg_place at, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* A wrong partial state: the engine or a spill file is broken. */
int32_t pni_agg_bad_state(agg_place at);

/* What one call of update, retract or merge brings. */
typedef struct agg_rows {
    const pn_kernel_call *call;
    const uint64_t *groups;
    uint64_t n_groups;
} agg_rows;

/* Opens the columns; every group number is below n_groups. pni_udf_frame_close(), on failure too.
 * frame->rows is the number of rows, scalars or not. */
int32_t pni_agg_open(udf_frame *frame, agg_place at, agg_rows in);

/* Calls `fn` with each row and its group, until one fails. */
typedef int32_t (*agg_row_fn)(void *state, udf_frame *frame, int64_t row, uint64_t group);
int32_t pni_agg_each(void *state, agg_rows in, agg_row_fn fn, agg_place at);

/* How results or partial states become an array. `append` adds one group's and gives a nanoarrow
 * code. */
typedef struct agg_column {
    enum ArrowType type;                 /* ignored when schema is set */
    int (*schema)(struct ArrowSchema *); /* of a nested type, or NULL */
    int (*append)(void *state, uint64_t group, struct ArrowArray *out);
} agg_column;
#define AGG_FLAT(type, append) ((agg_column){(type), NULL, (append)})
#define AGG_NESTED(schema, append) ((agg_column){NANOARROW_TYPE_NA, (schema), (append)})

/* One array of n_groups rows. */
int32_t pni_agg_result(agg_place at, void *state, uint64_t n_groups, agg_column column,
                       struct ArrowArray *out);

/* List<item: Utf8>. */
int pni_agg_list_schema(struct ArrowSchema *out);
int32_t pni_agg_list_return(void *ctx, const struct ArrowSchema *const *args,
                            const struct ArrowArray *const *scalars, uint32_t n_args,
                            struct ArrowSchema *out, char *message, size_t message_cap);

/* ---- agg.c: bytes of a partial state ----------------------------------------------------------
 * Numbers take 7 bits a byte, low ones first. A reader that ran out stays out: `ok` is looked at
 * once, at the end. */

#define AGG_STATE_VERSION 1

typedef struct agg_reader {
    const uint8_t *at, *end;
    bool ok;
} agg_reader;

void pni_agg_put_number(pn_buf *out, uint64_t value);
uint64_t pni_agg_get_number(agg_reader *in);
pni_str pni_agg_get_bytes(agg_reader *in, uint64_t len);
/* The bytes of a state column's row, its version checked and read over. */
agg_reader pni_agg_state_at(const udf_frame *frame, int64_t row);

/* ---- agg_keys.c: a multiset of texts per group ------------------------------------------------
 */

typedef struct agg_key {
    uint64_t group; /* as numbered in here: group 0 of the caller is `first` */
    uint64_t at;    /* in `bytes` */
    int64_t count;  /* 0: dead until it comes again or the keys are packed */
    uint32_t len;
    uint32_t hash;
    uint32_t next; /* 1 + the next key of the group, or 0 */
    bool queued;   /* free for the user of the multiset */
} agg_key;

typedef struct agg_group {
    uint32_t head; /* 1 + the newest key, or 0 */
    uint32_t live; /* keys with a count */
    int64_t nulls;
} agg_group;

typedef struct agg_keys {
    uint64_t first; /* dropping groups moves this instead of renaming every key */
    PNI_VEC(agg_group) groups;
    PNI_VEC(agg_key) keys;
    pn_buf bytes;
    uint32_t *slots; /* 1 + a key, or 0; a power of two of them */
    size_t n_slots;
    size_t dead;     /* keys without a count or a group */
    uint64_t packed; /* how often keys were renumbered */
} agg_keys;

void pni_agg_keys_dispose(agg_keys *keys);
/* Makes room for groups 0..n-1. */
void pni_agg_keys_reach(agg_keys *keys, uint64_t n_groups);
/* Gives the key, or SIZE_MAX when there are too many. */
size_t pni_agg_keys_add(agg_keys *keys, uint64_t group, pni_str text, int64_t times);
/* Takes one out again; false when there is none. Keys may be renumbered. */
bool pni_agg_keys_take(agg_keys *keys, uint64_t group, pni_str text);
/* Removes groups 0..n-1; the others move down. */
void pni_agg_keys_drop(agg_keys *keys, uint64_t n_groups);
size_t pni_agg_keys_size(const agg_keys *keys);
static inline pni_str pni_agg_key_text(const agg_keys *keys, const agg_key *key) {
    return (pni_str){(const char *)keys->bytes.data + key->at, key->len};
}

/* ---- rows of the tables ------------------------------------------------------------------------
 */

/* A declaration: without a kernel of its own. */
#define AGG_DECLARED(sql_name)                                                                     \
    .struct_size = sizeof(pn_udf), .volatility = PN_VOLATILITY_IMMUTABLE, .name = (sql_name)
/* One column of bytes; large, because the states of a partition may be more than 2 GiB. */
#define AGG_BLOB_STATE .n_state = 1, .state_formats = UDF_LIST("Z")

/* ---- tables of aggregates, one per file -------------------------------------------------------
 */

typedef struct agg_table {
    const pn_aggregate *aggregates;
    size_t count;
} agg_table;

agg_table pni_agg_table_distinct(void);
agg_table pni_agg_table_best(void);
agg_table pni_agg_table_count(void);

#endif
