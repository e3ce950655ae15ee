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

/* ---- trace.c: from the reads to the root ---------------------------------------------------- */

/* What is made of each relation. Results and scopes live in an arena of the tracer's owner. */
typedef struct pni_tracer {
    void *ctx;
    pni_map *results; /* address of a relation -> its result; only looked up, never listed */
    /* The scope that the expressions of `rel` see, inside `outer`; its inputs have results. */
    pn_status (*scope)(void *ctx, const pni_rel *rel, const void *outer, const void **out,
                       pn_error *err);
    /* The result of `rel`; its inputs and subqueries have theirs. */
    pn_status (*rel)(void *ctx, const pni_rel *rel, const void *scope, void **out, pn_error *err);
} pni_tracer;

/* Traces `root` and all below it; `result_out` is the result of `root`. */
pn_status pni_trace(pni_tracer *tracer, const pni_rel *root, const void **result_out,
                    pn_error *err);
const void *pni_trace_result(const pni_tracer *tracer, const pni_rel *rel);

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
    pni_tracer tracer; /* its results are pni_rows */
    uint64_t steps;
    pni_column unknown;
    json_t *report; /* {"scans","joins","expressions"}, or NULL: nobody asked */
    pni_map *scans; /* address of a read -> its record in the report; only looked up */
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

/* The column that the expression names and does nothing else to; -1 when it is more than a name. */
int32_t pni_lineage_bare_field(const ProtobufCMessage *msg);
/* The type of its value; NULL when the plan does not say. */
const Substrait__Type *pni_lineage_type_of(const ProtobufCMessage *msg);
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

/* ---- joins.c: what a join is, and how wide an unnest ----------------------------------------- */

typedef enum pni_shape {
    PNI_SHAPE_BOTH,
    PNI_SHAPE_LEFT,
    PNI_SHAPE_RIGHT,
    PNI_SHAPE_LEFT_MARK,
    PNI_SHAPE_RIGHT_MARK
} pni_shape;

typedef struct pni_join {
    const pni_rel *left;
    const pni_rel *right;
    pni_shape shape;
    const ProtobufCMessage *conditions[2];
    Substrait__ComparisonJoinKey **keys;
    size_t n_keys;
    Substrait__Expression__FieldReference **old_keys[2]; /* deprecated: left, right */
    size_t n_old_keys[2];
} pni_join;

/* false when the relation is no join. */
bool pni_lineage_read_join(const pni_rel *rel, pni_join *out);
/* How often `index` stands in a list of numbers, or of objects with that number as `key`. */
bool pni_unnest_lists(const json_t *numbers, const char *key, size_t index, size_t *times);
/* Columns that unnesting makes of input column `index`: one per depth of a list, one per field of a
 * struct; false when that is not known. */
bool pni_unnest_width(const json_t *recursions, size_t index, const Substrait__Type *type,
                      size_t *count);

/* ---- report.c ------------------------------------------------------------------------------- */

/* Adds what `rel` does to the report; its result is there. */
pn_status pni_lineage_note(pni_lineage *lineage, const pni_rel *rel, const pni_scope *scope,
                           pn_error *err);

/* ---- relations.c, joins.c ------------------------------------------------------------------ */

/* The one input of a relation that has one; of a join the left one. */
const pni_rel *pni_rel_input(const pni_rel *rel);
/* Value `index` of a row of values; NULL when the row is too short. */
const ProtobufCMessage *pni_values_at(const Substrait__ReadRel__VirtualTable *table, size_t row,
                                      size_t index);
/* The row that the expressions of `rel` see; its inputs have results. */
pn_status pni_lineage_scope(pni_lineage *lineage, const pni_rel *rel, pni_rows *row, pn_error *err);
/* What `rel` hands on; its inputs and subqueries have results. */
pn_status pni_lineage_rel(pni_lineage *lineage, const pni_rel *rel, const pni_scope *scope,
                          pni_rows *out, pn_error *err);
static inline const pni_rows *pni_lineage_result(const pni_lineage *lineage, const pni_rel *rel) {
    return pni_trace_result(&lineage->tracer, rel);
}
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

#endif
