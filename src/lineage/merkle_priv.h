/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PNI_MERKLE_PRIV_H
#define PNI_MERKLE_PRIV_H

#include "lineage/lineage_priv.h"

/* What decides about the rows of a relation, or about the values of one of its columns. */
typedef struct pni_cell {
    pni_digest digest;
    bool known;                  /* false: cannot be separated from the rest of the view */
    const Substrait__Type *type; /* of a column; NULL when the plan does not say */
} pni_cell;

/* What a relation hands on. */
typedef struct pni_cells {
    pni_cell rows;
    const pni_cell **columns;
    size_t n;
    bool told; /* false: the columns cannot be told apart */
} pni_cells;

/* The row that the expressions of a relation see, inside those that enclose it. */
typedef struct pni_cell_scope {
    pni_cells row;
    const struct pni_cell_scope *outer;
} pni_cell_scope;

typedef struct pni_merkler {
    const pn_substrait *plan;
    const pni_merkle_source *source;
    pni_arena *arena;
    pni_tracer tracer; /* its results are pni_cells */
    uint64_t steps;
    bool overrun; /* too many steps: nothing more is separated */
    pni_cell unknown;
} pni_merkler;

/* ---- merkle_expr.c -------------------------------------------------------------------------- */

/* A digest under construction; `known` falls when anything unknown goes in. */
typedef struct pni_hash {
    pn_buf bytes;
    bool known;
} pni_hash;

void pni_hash_start(pni_hash *hash, const char *tag);
void pni_hash_cell(pni_hash *hash, const pni_cell *cell);
void pni_hash_number(pni_hash *hash, uint64_t number);
void pni_hash_bytes(pni_hash *hash, const void *data, size_t len);
/* Ends and disposes the hash. */
pni_cell *pni_hash_end(pni_merkler *m, pni_hash *hash);

/* Whether `steps` more are within the budget; once it is overrun every answer is no. */
bool pni_merkle_step(pni_merkler *m, size_t steps);
const pni_cell *pni_merkle_field(const pni_merkler *m, const pni_cells *row, int32_t field);
/* The cell of an expression: the very cell of the scope when it only names a column. */
pn_status pni_merkle_expr(pni_merkler *m, const pni_cell_scope *scope, const ProtobufCMessage *expr,
                          const pni_cell **out, pn_error *err);
/*
 * Adds a message: every field of it and below, but columns by their cells instead of their numbers,
 * functions by name and body, inputs by what decides about their rows, subqueries by that and their
 * columns. Left out: what a relation hands on in which order, and the measures of an aggregation.
 */
pn_status pni_merkle_add(pni_merkler *m, const pni_cell_scope *scope, const ProtobufCMessage *msg,
                         pni_hash *out, pn_error *err);

#endif
