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

/* Sides that end in a read, as those of most joins do; more is not looked at. */
static size_t join_width(const Substrait__JoinRel *join, size_t more) {
    const pni_rel *sides[2] = {join->left, join->right};
    size_t sum = more;
    for (size_t s = 0; s < 2; s++) {
        const pni_rel *rel = sides[s];
        while (rel && !pni_rel_emit(rel) && rel->rel_type_case == SUBSTRAIT__REL__REL_TYPE_FILTER)
            rel = rel->filter->input;
        const Substrait__RelCommon__Emit *emit = rel ? pni_rel_emit(rel) : NULL;
        bool is_read = rel && rel->rel_type_case == SUBSTRAIT__REL__REL_TYPE_READ &&
                       rel->read->base_schema && !rel->read->projection;
        if (!emit && !is_read)
            return 0;
        sum += emit ? emit->n_output_mapping : rel->read->base_schema->struct_->n_types;
    }
    bool is_both = join->type <= SUBSTRAIT__JOIN_REL__JOIN_TYPE__JOIN_TYPE_RIGHT;
    return is_both ? sum : 0;
}

/* Columns before the emit; 0 when they cannot be counted. */
static size_t own_width(const pni_rel *rel) {
    size_t more = 0;
    for (; rel; rel = input_of(rel)) {
        if (rel->rel_type_case == SUBSTRAIT__REL__REL_TYPE_PROJECT)
            more += rel->project->n_expressions;
        const pni_rel *input = input_of(rel);
        if (input && pni_rel_emit(input))
            return pni_rel_emit(input)->n_output_mapping + more;
        if (rel->rel_type_case == SUBSTRAIT__REL__REL_TYPE_JOIN)
            return join_width(rel->join, more);
        if (rel->rel_type_case == SUBSTRAIT__REL__REL_TYPE_READ && rel->read->base_schema)
            return more + (rel->read->projection ? rel->read->projection->select->n_struct_items
                                                 : rel->read->base_schema->struct_->n_types);
        if (rel->rel_type_case == SUBSTRAIT__REL__REL_TYPE_AGGREGATE)
            return more + rel->aggregate->n_grouping_expressions + rel->aggregate->n_measures +
                   pni_aggregate_numbers_sets(rel->aggregate);
    }
    return 0;
}

size_t pni_rel_width(const pni_rel *rel) {
    const Substrait__RelCommon__Emit *emit = pni_rel_emit(rel);
    return emit ? emit->n_output_mapping : own_width(rel);
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
    size_t width = own_width(rel);
    size_t own = is_project ? rel->project->n_expressions : 0;
    size_t n = emit ? emit->n_output_mapping : width;
    size_t first = width > own ? width - own : 0; /* of the expressions */
    for (size_t i = 0; i < n && i < WIDTH_MAX && width; i++) {
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
