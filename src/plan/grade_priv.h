/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PNI_GRADE_PRIV_H
#define PNI_GRADE_PRIV_H

#include "plan/plan.h"
#include "substrait/tree.h"

/* Kinds of numbers, the worse the further down. */
typedef enum pni_kind {
    PNI_KIND_OTHER, /* integers, texts, … */
    PNI_KIND_FIXED, /* decimals */
    PNI_KIND_FLOAT,
    PNI_KIND_UNKNOWN,
} pni_kind;

/* Of an expression over the rows of `input`. */
pni_kind pni_expr_kind(const pn_substrait *plan, const pni_rel *input,
                       const Substrait__Expression *expr);
/* Columns that the relation hands on, or PNI_WIDTH_UNKNOWN. */
size_t pni_rel_width(const pni_rel *rel);
/* Whether rows of `input` come in one order only when sorted so. */
bool pni_order_is_total(const pni_rel *input, Substrait__SortField *const *sorts, size_t n);
/* Whether the relation hands on its rows in one order only. */
bool pni_rows_are_ordered(const pni_rel *rel);

#endif
