/* SPDX-License-Identifier: Apache-2.0 */
/**
 * pinion/lineage.h: where the columns of a plan come from. Needs no engine.
 *
 * The result is one JSON object:
 *
 *     {"outputs": [{"name": "revenue", "complete": true, "expression": "sum(…)",
 *                   "inputs": [{"table": "lineitem", "column": "l_discount",
 *                               "role": "direct", "kind": "aggregate"}, …]}, …],
 *      "tables": [{"name": "lineitem", "columns": ["l_discount", …]}, …],
 *      "complete": true}
 *
 * A direct input is one whose value flows into the output: identity (as it is), transform (through
 * an expression), aggregate (through an aggregate function). An indirect input decides which rows
 * there are or how they meet: filter, join, group, sort, window. One column may be several of them.
 * `inputs` is sorted by table, column, role and kind; tables and their columns are sorted.
 *
 * `complete` of an output is false when part of its value comes from something that is not
 * understood; its inputs are then those that are known, nothing is guessed. `complete` of the whole
 * is false when that holds for any output or for what decides about rows.
 */
#ifndef PINION_LINEAGE_H
#define PINION_LINEAGE_H

#include "pinion/error.h"
#include "pinion/substrait.h"
#include "pinion/types.h"

PN_EXTERN_C_BEGIN

/**
 * Appends the column lineage of a plan as canonical JSON (RFC 8785).
 *
 * @param json_out  [out] appended to
 * @errors  INVALID an argument is NULL · CORRUPT a column number lies outside its row · LIMIT the
 *          lineage of all columns has more than 50,000,000 steps
 * @threads any; needs little stack however deep the plan is
 * @cost    O(nodes + relations x columns)
 * @since   0.1
 */
PN_API PN_NODISCARD pn_status pn_lineage_json(const pn_substrait *plan, pn_buf *json_out,
                                              pn_error *err);

/**
 * Appends what the relations of a plan do as canonical JSON, inputs before readers:
 *
 *     {"scans": [{"table": "orders", "columns": ["amount", …], "filters": [EXPR, …]}, …],
 *      "joins": [{"type": "inner", "left_keys": [EXPR, …], "right_keys": [EXPR, …],
 *                 "conditions": [EXPR, …]}, …],
 *      "expressions": [{"kind": "filter|projection|window|group|aggregate|sort", EXPR}, …],
 *      "complete": true}
 *
 * EXPR is {"text", "columns": [{"table", "column"}, …], "functions": [name, …], "complete"}, its
 * columns traced to tables. A scan's filters are the conditions that stand directly on it, each on
 * its own; keys are pairs of columns that an equality compares, left_keys[i] with right_keys[i];
 * what only names a column is no expression.
 *
 * @param json_out  [out] appended to
 * @errors  as pn_lineage_json()
 * @threads any; needs little stack however deep the plan is
 * @cost    O(nodes x columns of an expression)
 * @since   0.1
 */
PN_API PN_NODISCARD pn_status pn_lineage_report(const pn_substrait *plan, pn_buf *json_out,
                                                pn_error *err);

PN_EXTERN_C_END

#endif
