/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The tree of a decoded plan, for modules that read it (lineage, plan).
 *
 * Messages are the generated protobuf-c structs and lie in the plan's arena. Nothing here or above
 * may recurse over them: a plan may be 24,000 messages deep, and callers' stacks are small.
 */
#ifndef PNI_SUBSTRAIT_TREE_H
#define PNI_SUBSTRAIT_TREE_H

#include "base/base.h"
#include "substrait/substrait.h"

/* The deprecated fields are read on purpose: older producers write them. */
#ifndef PROTOBUF_C__NO_DEPRECATED
#define PROTOBUF_C__NO_DEPRECATED
#endif
#include <substrait/algebra.pb-c.h>
#include <substrait/plan.pb-c.h>

/* Short forms of generated names. */
#define PNI_INVOCATION(name)                                                                       \
    SUBSTRAIT__AGGREGATE_FUNCTION__AGGREGATION_INVOCATION__AGGREGATION_INVOCATION_##name
#define PNI_SUBQUERY(name) SUBSTRAIT__EXPRESSION__SUBQUERY__##name

typedef Substrait__Rel pni_rel;
typedef Substrait__Expression pni_expr;

const Substrait__Plan *pni_substrait_plan(const pn_substrait *plan);
const pni_rel *pni_substrait_root(const pn_substrait *plan);
/* Name of the function behind an anchor of the canonical plan; "?" when there is none. */
const char *pni_substrait_function(const pn_substrait *plan, uint32_t anchor);
bool pni_declares_function(const Substrait__Extensions__SimpleExtensionDeclaration *extension);
/* The URN of the extension that declares it; "" when the plan names none. */
const char *pni_substrait_function_urn(const pn_substrait *plan, uint32_t anchor);
/* The names of a table in one text, joined by dots; in the plan's arena of `arena`. */
const char *pni_substrait_table_name(pni_arena *arena, const Substrait__ReadRel *read);

/*
 * Whether the read is of the rows that the recursive query around it has found so far: no table,
 * though it has the form of one.
 */
bool pni_substrait_is_work_table(const pn_substrait *plan, const Substrait__ReadRel *read);
/* Whether the relation is a recursive query: inputs are its start and its step. */
bool pni_rel_is_recursion(const Substrait__ExtensionMultiRel *rel);
/* Whether rows carry the number of their grouping set, between keys and measures: of several sets,
 * and of one that is written as a set. */
bool pni_aggregate_numbers_sets(const Substrait__AggregateRel *rel);

/* ---- widths ------------------------------------------------------------------------------- */

#define PNI_WIDTH_UNKNOWN SIZE_MAX
size_t pni_width_add(size_t a, size_t b); /* unknown when one is */
/* Columns before an emit; `first` has its first input, `sum` all inputs together. */
size_t pni_rel_own_width(const pni_rel *rel, size_t first, size_t sum);

/* ---- walking ------------------------------------------------------------------------------ */

typedef struct pni_node {
    ProtobufCMessage *msg;
    uint32_t subqueries; /* boundaries between the start of the walk and here */
    bool skip;           /* set by the visitor: do not descend */
    const void *scope;   /* what a visitor above said about this subtree */
    const void
        *step_scope; /* set by the visitor at an ExtensionMultiRel: scope of its second input */
} pni_node;

typedef pn_status (*pni_visit_fn)(void *ctx, pni_node *node, pn_error *err);

/* Visits `root` and all below in field order, parents first. The visitor may change what is below.
 */
pn_status pni_tree_walk(ProtobufCMessage *root, pni_visit_fn visit, void *ctx, pn_error *err);

/* Number of values of a field that are set: 0 or 1, or the length of a list. */
size_t pni_field_count(const ProtobufCMessage *msg, const ProtobufCFieldDescriptor *field);
/* Value `index` of a message field. */
ProtobufCMessage *pni_field_child(const ProtobufCMessage *msg,
                                  const ProtobufCFieldDescriptor *field, size_t index);
/* Where value `index` of a field lies. */
const char *pni_field_place(const ProtobufCMessage *msg, const ProtobufCFieldDescriptor *field,
                            size_t index);
/* Whether a field that is neither message nor list has the value it would have if not given. */
bool pni_field_is_default(const ProtobufCMessage *msg, const ProtobufCFieldDescriptor *field);
size_t pni_element_size(ProtobufCType type);
/* Unsets a message field that is no list. */
void pni_field_clear(ProtobufCMessage *msg, const ProtobufCFieldDescriptor *field);

/* The relation behind the choice of kinds, e.g. a Substrait__FilterRel; NULL when nothing is set.
 */
ProtobufCMessage *pni_rel_body(const pni_rel *rel);
/* The name of the kind: "filter", "hash_join". */
const char *pni_rel_kind(const pni_rel *rel);
/* What the relation hands on of its columns, or NULL for all of them in order. */
const Substrait__RelCommon__Emit *pni_rel_emit(const pni_rel *rel);
/* The column that an expression is and no more than that, else -1. */
int32_t pni_expr_column(const pni_expr *expr);

/* Names that a type takes of the depth-first list of a schema, beyond the name of its own column.
 */
size_t pni_type_nested_names(const Substrait__Type *type);

/* ---- expressions as text ------------------------------------------------------------------- */

/* Writes what column `field` of the row `level` subqueries further out is called. */
typedef void (*pni_column_namer)(void *ctx, uint32_t level, int32_t field, pn_buf *out);

/* Whether the expression is written with an operator, so that it needs parentheses as an operand.
 */
bool pni_expr_is_infix(const pn_substrait *plan, const ProtobufCMessage *expr);

/* Appends the text of an expression, cut after about `max` bytes. NULL gives "?". */
void pni_expr_text(const pn_substrait *plan, const ProtobufCMessage *expr, pni_column_namer namer,
                   void *ctx, size_t max, pn_buf *out);

#endif
