/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What kind of number an expression gives, as far as grades need it. The engine's plans hold no
 * types of functions, so the kind is followed down to casts, literals and columns of tables. Where
 * that ends, or after LEVELS_MAX steps, the kind is unknown, and callers expect the worst.
 */
#include "plan/grade_priv.h"

enum { LEVELS_MAX = 64 };

static pni_kind kind_of_type(const Substrait__Type *type) {
    if (!type)
        return PNI_KIND_UNKNOWN;
    switch ((int)type->kind_case) {
    case SUBSTRAIT__TYPE__KIND_FP32:
    case SUBSTRAIT__TYPE__KIND_FP64:
        return PNI_KIND_FLOAT;
    case SUBSTRAIT__TYPE__KIND_DECIMAL:
        return PNI_KIND_FIXED;
    case SUBSTRAIT__TYPE__KIND_USER_DEFINED:
        return PNI_KIND_UNKNOWN;
    default:
        return PNI_KIND_OTHER;
    }
}

static pni_kind kind_of_literal(const Substrait__Expression__Literal *l) {
    switch ((int)l->literal_type_case) {
    case SUBSTRAIT__EXPRESSION__LITERAL__LITERAL_TYPE_FP32:
    case SUBSTRAIT__EXPRESSION__LITERAL__LITERAL_TYPE_FP64:
        return PNI_KIND_FLOAT;
    case SUBSTRAIT__EXPRESSION__LITERAL__LITERAL_TYPE_DECIMAL:
        return PNI_KIND_FIXED;
    case SUBSTRAIT__EXPRESSION__LITERAL__LITERAL_TYPE_NULL:
        return kind_of_type(l->null);
    default:
        return PNI_KIND_OTHER;
    }
}

static pni_kind worse(pni_kind a, pni_kind b) {
    return a > b ? a : b;
}

static const Substrait__Expression *argument_at(const Substrait__Expression__ScalarFunction *f,
                                                size_t index) {
    return index < f->n_arguments && f->arguments[index]->arg_type_case ==
                                         SUBSTRAIT__FUNCTION_ARGUMENT__ARG_TYPE_VALUE
               ? f->arguments[index]->value
               : NULL;
}

/* A cast in words: pinion_cast(value, 'Float64'). */
static pni_kind kind_of_word(const Substrait__Expression *word) {
    bool is_text =
        word && word->rex_type_case == SUBSTRAIT__EXPRESSION__REX_TYPE_LITERAL &&
        word->literal->literal_type_case == SUBSTRAIT__EXPRESSION__LITERAL__LITERAL_TYPE_STRING;
    if (!is_text)
        return PNI_KIND_UNKNOWN;
    return pni_starts_with(word->literal->string, "Float")     ? PNI_KIND_FLOAT
           : pni_starts_with(word->literal->string, "Decimal") ? PNI_KIND_FIXED
                                                               : PNI_KIND_OTHER;
}

/* The recursion of this file goes at most LEVELS_MAX deep. */
/* NOLINTNEXTLINE(misc-no-recursion): bounded by LEVELS_MAX */
static pni_kind kind_of(const pn_substrait *plan, const pni_rel *input,
                        const Substrait__Expression *expr, unsigned level);

/* Arithmetic gives what its operands are; of other functions nothing is known. */
/* NOLINTNEXTLINE(misc-no-recursion): bounded by LEVELS_MAX */
static pni_kind kind_of_call(const pn_substrait *plan, const pni_rel *input,
                             const Substrait__Expression__ScalarFunction *f, unsigned level) {
    static const char *const arithmetic[] = {"add",      "subtract", "multiply", "divide",
                                             "modulus",  "negate",   "negative", "abs",
                                             "coalesce", NULL};
    const char *name = pni_substrait_function(plan, f->function_reference);
    if (pni_streq(name, "pinion_cast") || pni_streq(name, "pinion_try_cast") ||
        pni_streq(name, "pinion_literal"))
        return kind_of_word(argument_at(f, 1));
    for (const char *const *known = arithmetic; *known; known++) {
        pni_kind kind = PNI_KIND_OTHER;
        for (size_t i = 0; pni_streq(name, *known) && i < f->n_arguments; i++)
            kind = worse(kind, kind_of(plan, input, argument_at(f, i), level + 1));
        if (pni_streq(name, *known))
            return kind;
    }
    return kind_of_type(f->output_type);
}

/* NOLINTNEXTLINE(misc-no-recursion): bounded by LEVELS_MAX */
static pni_kind kind_of_measure(const pn_substrait *plan, const pni_rel *rel, size_t index,
                                unsigned level) {
    const Substrait__AggregateFunction *f = rel->aggregate->measures[index]->measure;
    const char *name = f ? pni_substrait_function(plan, f->function_reference) : "";
    if (pni_streq(name, "count"))
        return PNI_KIND_OTHER;
    bool passes = pni_streq(name, "sum") || pni_streq(name, "min") || pni_streq(name, "max");
    bool has_value = f && f->n_arguments &&
                     f->arguments[0]->arg_type_case == SUBSTRAIT__FUNCTION_ARGUMENT__ARG_TYPE_VALUE;
    return passes && has_value
               ? kind_of(plan, rel->aggregate->input, f->arguments[0]->value, level + 1)
               : PNI_KIND_UNKNOWN;
}

/* NOLINTNEXTLINE(misc-no-recursion): bounded by LEVELS_MAX */
static pni_kind kind_of_column(const pn_substrait *plan, const pni_rel *rel, size_t column,
                               unsigned level) {
    const Substrait__RelCommon__Emit *emit = rel ? pni_rel_emit(rel) : NULL;
    if (!rel || level > LEVELS_MAX || (emit && column >= emit->n_output_mapping))
        return PNI_KIND_UNKNOWN;
    size_t at = emit ? (size_t)emit->output_mapping[column] : column;
    size_t width;
    switch ((int)rel->rel_type_case) {
    case SUBSTRAIT__REL__REL_TYPE_READ:
        return !rel->read->projection && rel->read->base_schema &&
                       at < rel->read->base_schema->struct_->n_types
                   ? kind_of_type(rel->read->base_schema->struct_->types[at])
                   : PNI_KIND_UNKNOWN;
    case SUBSTRAIT__REL__REL_TYPE_FILTER:
        return kind_of_column(plan, rel->filter->input, at, level + 1);
    case SUBSTRAIT__REL__REL_TYPE_SORT:
        return kind_of_column(plan, rel->sort->input, at, level + 1);
    case SUBSTRAIT__REL__REL_TYPE_FETCH:
        return kind_of_column(plan, rel->fetch->input, at, level + 1);
    case SUBSTRAIT__REL__REL_TYPE_PROJECT:
        width = pni_rel_width(rel->project->input);
        if (width == PNI_WIDTH_UNKNOWN)
            return PNI_KIND_UNKNOWN;
        if (at < width)
            return kind_of_column(plan, rel->project->input, at, level + 1);
        return at - width < rel->project->n_expressions
                   ? kind_of(plan, rel->project->input, rel->project->expressions[at - width],
                             level + 1)
                   : PNI_KIND_UNKNOWN;
    case SUBSTRAIT__REL__REL_TYPE_JOIN:
        width = pni_rel_width(rel->join->left);
        return width == PNI_WIDTH_UNKNOWN ? PNI_KIND_UNKNOWN
               : at < width               ? kind_of_column(plan, rel->join->left, at, level + 1)
                            : kind_of_column(plan, rel->join->right, at - width, level + 1);
    case SUBSTRAIT__REL__REL_TYPE_AGGREGATE:
        width = rel->aggregate->n_grouping_expressions;
        if (pni_aggregate_numbers_sets(rel->aggregate))
            return PNI_KIND_UNKNOWN;
        if (at < width)
            return kind_of(plan, rel->aggregate->input, rel->aggregate->grouping_expressions[at],
                           level + 1);
        return at - width < rel->aggregate->n_measures
                   ? kind_of_measure(plan, rel, at - width, level)
                   : PNI_KIND_UNKNOWN;
    default:
        return PNI_KIND_UNKNOWN;
    }
}

/* NOLINTNEXTLINE(misc-no-recursion): bounded by LEVELS_MAX */
static pni_kind kind_of(const pn_substrait *plan, const pni_rel *input,
                        const Substrait__Expression *expr, unsigned level) {
    if (!expr || level > LEVELS_MAX)
        return PNI_KIND_UNKNOWN;
    int32_t column = pni_expr_column(expr);
    if (column >= 0)
        return kind_of_column(plan, input, (size_t)column, level + 1);
    switch ((int)expr->rex_type_case) {
    case SUBSTRAIT__EXPRESSION__REX_TYPE_LITERAL:
        return kind_of_literal(expr->literal);
    case SUBSTRAIT__EXPRESSION__REX_TYPE_CAST:
        return kind_of_type(expr->cast->type);
    case SUBSTRAIT__EXPRESSION__REX_TYPE_SCALAR_FUNCTION:
        return kind_of_call(plan, input, expr->scalar_function, level);
    default:
        return PNI_KIND_UNKNOWN;
    }
}

pni_kind pni_expr_kind(const pn_substrait *plan, const pni_rel *input,
                       const Substrait__Expression *expr) {
    return kind_of(plan, input, expr, 0);
}
