/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Whether rows sorted by some columns can come in one order only. That is so when the columns hold
 * all columns of the row (rows that tie are the same), or all keys of the grouping the rows come
 * from. Columns are followed down through what hands them on; where that ends, the answer is no,
 * which only makes a grade worse than it could be.
 */
#include "plan/grade_priv.h"

enum { WIDTH_MAX = 4096 };

static const pni_rel *input_of(const pni_rel *rel) {
    switch ((int)rel->rel_type_case) {
    case SUBSTRAIT__REL__REL_TYPE_FILTER:
        return rel->filter->input;
    case SUBSTRAIT__REL__REL_TYPE_SORT:
        return rel->sort->input;
    case SUBSTRAIT__REL__REL_TYPE_FETCH:
        return rel->fetch->input;
    case SUBSTRAIT__REL__REL_TYPE_PROJECT:
        return rel->project->input;
    default:
        return NULL;
    }
}

/* Below a join only sides that hold no further one are looked at, as those of most joins do. */
static size_t width_of(const pni_rel *rel, bool is_side);

/* NOLINTNEXTLINE(misc-no-recursion): a side of a join looks into no join */
static size_t leaf_width(const pni_rel *rel, bool is_side) {
    bool is_leaf = rel->rel_type_case == SUBSTRAIT__REL__REL_TYPE_READ ||
                   rel->rel_type_case == SUBSTRAIT__REL__REL_TYPE_AGGREGATE;
    if (is_leaf)
        return pni_rel_own_width(rel, 0, 0);
    if (is_side || rel->rel_type_case != SUBSTRAIT__REL__REL_TYPE_JOIN)
        return PNI_WIDTH_UNKNOWN;
    size_t left = width_of(rel->join->left, true);
    return pni_rel_own_width(rel, left, pni_width_add(left, width_of(rel->join->right, true)));
}

/* Columns before the emit. A relation of one input adds to the columns of that. */
/* NOLINTNEXTLINE(misc-no-recursion): see leaf_width() */
static size_t own_width(const pni_rel *rel, bool is_side) {
    size_t more = 0;
    for (const pni_rel *input; (input = input_of(rel)); rel = input) {
        more = pni_width_add(more, pni_rel_own_width(rel, 0, 0));
        const Substrait__RelCommon__Emit *emit = pni_rel_emit(input);
        if (emit)
            return pni_width_add(more, emit->n_output_mapping);
    }
    return pni_width_add(more, leaf_width(rel, is_side));
}

/* NOLINTNEXTLINE(misc-no-recursion): see leaf_width() */
static size_t width_of(const pni_rel *rel, bool is_side) {
    if (!rel)
        return PNI_WIDTH_UNKNOWN;
    const Substrait__RelCommon__Emit *emit = pni_rel_emit(rel);
    return emit ? emit->n_output_mapping : own_width(rel, is_side);
}

size_t pni_rel_width(const pni_rel *rel) {
    return width_of(rel, false);
}

static bool covers(const bool *sorted, size_t n) {
    for (size_t i = 0; i < n; i++)
        if (!sorted[i])
            return false;
    return true;
}

/* Replaces columns that a relation hands on by those of its input. */
static void step_down(const pni_rel *rel, bool sorted[WIDTH_MAX]) {
    bool below[WIDTH_MAX] = {false};
    const Substrait__RelCommon__Emit *emit = pni_rel_emit(rel);
    bool is_project = rel->rel_type_case == SUBSTRAIT__REL__REL_TYPE_PROJECT;
    size_t width = own_width(rel, false);
    size_t own = is_project ? rel->project->n_expressions : 0;
    size_t n = width == PNI_WIDTH_UNKNOWN ? 0 : emit ? emit->n_output_mapping : width;
    size_t first = width - own; /* of the expressions */
    for (size_t i = 0; i < n && i < WIDTH_MAX; i++) {
        size_t at = emit ? (size_t)emit->output_mapping[i] : i;
        int32_t column = at < first ? (int32_t)at : -1;
        if (is_project && at >= first && at - first < own)
            column = pni_expr_column(rel->project->expressions[at - first]);
        if (sorted[i] && column >= 0 && column < WIDTH_MAX)
            below[column] = true;
    }
    memcpy(sorted, below, sizeof below);
}

static bool is_total(const pni_rel *rel, bool sorted[WIDTH_MAX]) {
    while (rel) {
        size_t width = pni_rel_width(rel);
        if (width && width <= WIDTH_MAX && covers(sorted, width))
            return true;
        if (rel->rel_type_case == SUBSTRAIT__REL__REL_TYPE_AGGREGATE) {
            size_t groupings = rel->aggregate->n_groupings;
            size_t keys = groupings == 1 ? rel->aggregate->groupings[0]->n_expression_references
                                         : rel->aggregate->n_grouping_expressions;
            return groupings <= 1 && !pni_rel_emit(rel) && keys <= WIDTH_MAX &&
                   covers(sorted, keys);
        }
        const pni_rel *input = input_of(rel);
        if (input)
            step_down(rel, sorted);
        rel = input;
    }
    return false;
}

bool pni_order_is_total(const pni_rel *input, Substrait__SortField *const *sorts, size_t n) {
    bool sorted[WIDTH_MAX] = {false};
    for (size_t i = 0; i < n; i++) {
        int32_t column = pni_expr_column(sorts[i]->expr);
        if (column >= 0 && column < WIDTH_MAX)
            sorted[column] = true;
    }
    return is_total(input, sorted);
}

bool pni_rows_are_ordered(const pni_rel *rel) {
    const pni_rel *at = rel;
    while (at && at->rel_type_case != SUBSTRAIT__REL__REL_TYPE_SORT &&
           at->rel_type_case != SUBSTRAIT__REL__REL_TYPE_AGGREGATE)
        at = input_of(at);
    if (at && at->rel_type_case == SUBSTRAIT__REL__REL_TYPE_SORT)
        return pni_order_is_total(at->sort->input, at->sort->sorts, at->sort->n_sorts);
    return pni_order_is_total(rel, NULL, 0); /* one row has one order */
}
