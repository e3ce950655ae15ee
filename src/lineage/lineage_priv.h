/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PNI_LINEAGE_PRIV_H
#define PNI_LINEAGE_PRIV_H

#include "lineage/lineage.h"
#include "substrait/tree.h"

/* How an input reaches an output; the first three are direct. */
enum {
    PNI_KIND_IDENTITY = 1,
    PNI_KIND_TRANSFORM = 2,
    PNI_KIND_AGGREGATE = 4,
    PNI_KIND_FILTER = 8,
    PNI_KIND_JOIN = 16,
    PNI_KIND_GROUP = 32,
    PNI_KIND_SORT = 64,
    PNI_KIND_WINDOW = 128,
    PNI_KIND_DIRECT = PNI_KIND_IDENTITY | PNI_KIND_TRANSFORM | PNI_KIND_AGGREGATE,
    PNI_KIND_COUNT = 8,
};

typedef struct pni_input {
    uint32_t source; /* index into the sources */
    uint32_t kinds;  /* PNI_KIND_* */
} pni_input;

/* Immutable, each source once, sorted by it; shared between columns. */
typedef struct pni_inputs {
    size_t n;
    pni_input items[];
} pni_inputs;

struct pni_scope;

/* Immutable; shared by all relations that hand it on as it is. */
typedef struct pni_column {
    const pni_inputs *inputs;
    bool complete;
    const char *text;             /* or */
    const ProtobufCMessage *expr; /* over the columns of `scope` */
    const struct pni_scope *scope;
    const Substrait__Type *type; /* NULL when the plan does not say */
} pni_column;

/* What a relation hands on. */
typedef struct pni_rows {
    const pni_column **columns;
    size_t n;
    bool known;               /* false: the columns cannot be told apart */
    const pni_inputs *inputs; /* what decides about rows */
    bool complete;            /* of `inputs` */
} pni_rows;

/* The row that the expressions of a relation see, inside those that enclose it. */
typedef struct pni_scope {
    pni_rows row;
    const struct pni_scope *outer;
} pni_scope;

typedef struct pni_source {
    const char *table;
    const char *column;
} pni_source;

typedef struct pni_lineage {
    const pn_substrait *plan;
    pni_arena *arena;
    pni_map *source_ids; /* "table NUL-free column" -> index + 1 */
    PNI_VEC(pni_source) sources;
    pni_map *results; /* address of a relation -> pni_rows; only looked up, never listed */
    uint64_t steps;
    pni_column unknown;
} pni_lineage;

/* A set under construction. */
typedef struct pni_collector {
    pni_lineage *lineage;
    const pni_scope *scope;
    PNI_VEC(pni_input) items;
    bool complete;
} pni_collector;

/* ---- inputs.c: sets ------------------------------------------------------------------------ */

extern const pni_inputs pni_lineage_no_inputs;

/* LIMIT when the lineage has taken too many steps. */
pn_status pni_lineage_step(pni_lineage *lineage, size_t steps, pn_error *err);
uint32_t pni_lineage_source(pni_lineage *lineage, const char *table, const char *column);
/* Direct kinds become `as` (0: identity becomes transform), indirect ones stay. */
pn_status pni_lineage_collect(pni_collector *c, const pni_inputs *inputs, uint32_t as,
                              pn_error *err);
/* Ends the collector; the set lies in the arena. */
const pni_inputs *pni_lineage_collected(pni_collector *c);
const pni_inputs *pni_lineage_single(pni_lineage *lineage, uint32_t source, uint32_t kinds);

/* ---- expressions.c ------------------------------------------------------------------------- */

/* Adds everything `expr` reads; NULL adds nothing. */
pn_status pni_lineage_collect_expr(pni_collector *c, const ProtobufCMessage *expr, uint32_t as,
                                   pn_error *err);
/* The column that an expression makes: the very column of the scope when it only names one. */
pn_status pni_lineage_column(pni_lineage *lineage, const pni_scope *scope,
                             const ProtobufCMessage *expr, const pni_column **out, pn_error *err);
/* Column `field` of the row; the unknown one when the row's columns are. */
pn_status pni_lineage_field(pni_lineage *lineage, const pni_rows *row, int32_t field,
                            const pni_column **out, pn_error *err);
void pni_lineage_text(pni_lineage *lineage, const pni_column *column, pn_buf *out);

/* ---- relations.c, joins.c ------------------------------------------------------------------ */

/* The row that the expressions of `rel` see; its inputs have results. */
pn_status pni_lineage_scope(pni_lineage *lineage, const pni_rel *rel, pni_rows *row, pn_error *err);
/* What `rel` hands on; its inputs and subqueries have results. */
pn_status pni_lineage_rel(pni_lineage *lineage, const pni_rel *rel, const pni_scope *scope,
                          pni_rows *out, pn_error *err);
const pni_rows *pni_lineage_result(const pni_lineage *lineage, const pni_rel *rel);
/* Adds what decides about the rows of `other`. */
pn_status pni_lineage_unite(pni_lineage *lineage, pni_rows *rows, const pni_rows *other,
                            pn_error *err);
/* Puts the columns of both sides together when `rel` is a join; else leaves `row` alone. */
pn_status pni_lineage_both_sides(pni_lineage *lineage, const pni_rel *rel, pni_rows *row,
                                 pn_error *err);
pn_status pni_lineage_join(pni_lineage *lineage, const pni_rel *rel, const pni_scope *scope,
                           pni_rows *out, pn_error *err);
pn_status pni_lineage_unnest(pni_lineage *lineage, const Substrait__ExtensionSingleRel *rel,
                             const pni_rows *input, pni_rows *out, pn_error *err);

/* ---- trace.c ------------------------------------------------------------------------------- */

/* Traces the whole plan; `rows_out` is what its root relation hands on. */
pn_status pni_lineage_trace(pni_lineage *lineage, const pni_rows **rows_out, pn_error *err);

#endif
