/* SPDX-License-Identifier: Apache-2.0 */
/* What is decided from below: emits of every column, constructors of constants. */
#include "plans.h"

static void same(Substrait__Plan *one, Substrait__Plan *other) {
    T_EQ_STR(t_digest(one), t_digest(other));
}

static void differ(Substrait__Plan *one, Substrait__Plan *other) {
    T_ASSERT(strcmp(t_digest(one), t_digest(other)) != 0);
}

static Substrait__RelCommon *emits(const char *columns) {
    Substrait__RelCommon *common = t_node(&substrait__rel_common__descriptor);
    common->emit_kind_case = SUBSTRAIT__REL_COMMON__EMIT_KIND_EMIT;
    common->emit = t_node(&substrait__rel_common__emit__descriptor);
    for (; *columns; columns++) {
        T_PUSH(common->emit->output_mapping, common->emit->n_output_mapping, *columns - '0');
    }
    return common;
}

static pni_rel *join(pni_rel *left, pni_rel *right, int type, const char *columns) {
    pni_rel *rel = t_node(&substrait__rel__descriptor);
    rel->rel_type_case = SUBSTRAIT__REL__REL_TYPE_JOIN;
    rel->join = t_node(&substrait__join_rel__descriptor);
    rel->join->left = left;
    rel->join->right = right;
    rel->join->type = (Substrait__JoinRel__JoinType)type;
    rel->join->expression = t_field(0);
    rel->join->common = columns ? emits(columns) : NULL;
    return rel;
}

static Substrait__Plan *joined(int type, const char *columns) {
    return t_plan(join(t_read("t", "a b"), t_read("u", "c"), type, columns), "x");
}

T_CASE(an_emit_of_all_columns_is_none) {
    t_pool_used = 0;
    pni_rel *rel = t_filter(t_read("t", "a b"), t_field(0));
    rel->filter->common = emits("01");
    same(t_plan(rel, "a b"), t_plan(t_filter(t_read("t", "a b"), t_field(0)), "a b"));
    rel = t_filter(t_read("t", "a b"), t_field(0));
    rel->filter->common = emits("10");
    differ(t_plan(rel, "a b"), t_plan(t_filter(t_read("t", "a b"), t_field(0)), "a b"));
    rel = t_filter(t_read("t", "a b"), t_field(0));
    rel->filter->common = emits("0");
    differ(t_plan(rel, "a b"), t_plan(t_filter(t_read("t", "a b"), t_field(0)), "a b"));
}

T_CASE(joins_have_the_columns_of_their_type) {
    static const int same_width[] = {SUBSTRAIT__JOIN_REL__JOIN_TYPE__JOIN_TYPE_INNER,
                                     SUBSTRAIT__JOIN_REL__JOIN_TYPE__JOIN_TYPE_OUTER,
                                     SUBSTRAIT__JOIN_REL__JOIN_TYPE__JOIN_TYPE_LEFT,
                                     SUBSTRAIT__JOIN_REL__JOIN_TYPE__JOIN_TYPE_RIGHT,
                                     SUBSTRAIT__JOIN_REL__JOIN_TYPE__JOIN_TYPE_LEFT_SINGLE,
                                     SUBSTRAIT__JOIN_REL__JOIN_TYPE__JOIN_TYPE_RIGHT_SINGLE,
                                     SUBSTRAIT__JOIN_REL__JOIN_TYPE__JOIN_TYPE_LEFT_MARK};
    for (size_t i = 0; i < sizeof same_width / sizeof *same_width; i++) {
        t_pool_used = 0;
        same(joined(same_width[i], "012"), joined(same_width[i], NULL));
        differ(joined(same_width[i], "01"), joined(same_width[i], NULL));
    }
    t_pool_used = 0;
    const int left_semi = SUBSTRAIT__JOIN_REL__JOIN_TYPE__JOIN_TYPE_LEFT_SEMI;
    const int right_anti = SUBSTRAIT__JOIN_REL__JOIN_TYPE__JOIN_TYPE_RIGHT_ANTI;
    const int right_mark = SUBSTRAIT__JOIN_REL__JOIN_TYPE__JOIN_TYPE_RIGHT_MARK;
    same(joined(left_semi, "01"), joined(left_semi, NULL));
    same(joined(right_anti, "0"), joined(right_anti, NULL));
    same(joined(right_mark, "01"), joined(right_mark, NULL));
    differ(joined(left_semi, "012"), joined(left_semi, NULL));
    differ(joined(0, "012"), joined(0, NULL)); /* of no type: unknown */
}

/* One set has the column too: an emit of the number alone says nothing, one of nothing does. */
T_CASE(a_set_of_groups_has_a_column_for_its_number) {
    t_pool_used = 0;
    pni_rel *rel = t_one_set(t_read("t", "a"));
    rel->aggregate->common = emits("0");
    same(t_plan(rel, "g"), t_plan(t_one_set(t_read("t", "a")), "g"));
    rel = t_one_set(t_read("t", "a"));
    T_PUSH(rel->aggregate->grouping_expressions, rel->aggregate->n_grouping_expressions,
           t_field(0));
    T_PUSH(rel->aggregate->groupings[0]->expression_references,
           rel->aggregate->groupings[0]->n_expression_references, 0);
    Substrait__Plan *whole = t_plan(rel, "a");
    const char *digest = t_digest(whole);
    rel->aggregate->common = emits("0");
    T_ASSERT(strcmp(t_digest(whole), digest) != 0);
}

T_CASE(an_emit_below_counts_for_the_width_above) {
    t_pool_used = 0;
    const int inner = SUBSTRAIT__JOIN_REL__JOIN_TYPE__JOIN_TYPE_INNER;
    pni_rel *narrow = t_project(t_read("t", "a b"), 2, t_field(1), NULL);
    pni_rel *again = t_project(t_read("t", "a b"), 2, t_field(1), NULL);
    same(t_plan(join(narrow, t_read("u", "c"), inner, "01"), "b c"),
         t_plan(join(again, t_read("u", "c"), inner, NULL), "b c"));
}

T_CASE(an_extension_relation_has_an_unknown_width) {
    t_pool_used = 0;
    pni_rel *rel = t_filter(t_extension(t_read("t", "a"), "pinion:unnest", "x"), t_field(0));
    pni_rel *bare = t_filter(t_extension(t_read("t", "a"), "pinion:unnest", "x"), t_field(0));
    rel->filter->common = emits("0");
    differ(t_plan(rel, "a"), t_plan(bare, "a"));
}

T_CASE(a_subquery_does_not_count_for_the_width) {
    t_pool_used = 0;
    pni_rel *rel = t_filter(t_read("t", "a b"), t_scalar_subquery(t_read("s", "x y z")));
    pni_rel *bare = t_filter(t_read("t", "a b"), t_scalar_subquery(t_read("s", "x y z")));
    rel->filter->common = emits("01");
    same(t_plan(rel, "a b"), t_plan(bare, "a b"));
}

T_CASE(a_projection_of_nothing_stays) {
    t_pool_used = 0;
    pni_rel *rel = t_project(NULL, 0, t_field(0), NULL);
    rel->project->n_expressions = 0;
    rel->project->common->emit->n_output_mapping = 0;
    T_ASSERT(strlen(t_digest(t_plan(rel, ""))) == 64);
}

/* ---- constructors ------------------------------------------------------------------------- */

static pni_expr *nested_list(pni_expr *first, pni_expr *second) {
    pni_expr *expr = t_node(&substrait__expression__descriptor);
    Substrait__Expression__Nested *nested = expr->nested =
        t_node(&substrait__expression__nested__descriptor);
    expr->rex_type_case = SUBSTRAIT__EXPRESSION__REX_TYPE_NESTED;
    nested->nested_type_case = SUBSTRAIT__EXPRESSION__NESTED__NESTED_TYPE_LIST;
    nested->list = t_node(&substrait__expression__nested__list__descriptor);
    T_PUSH(nested->list->values, nested->list->n_values, first);
    T_PUSH(nested->list->values, nested->list->n_values, second);
    return expr;
}

static pni_expr *nested_struct(pni_expr *field) {
    pni_expr *expr = nested_list(field, field);
    expr->nested->nested_type_case = SUBSTRAIT__EXPRESSION__NESTED__NESTED_TYPE_STRUCT;
    expr->nested->struct_ = t_node(&substrait__expression__nested__struct__descriptor);
    T_PUSH(expr->nested->struct_->fields, expr->nested->struct_->n_fields, field);
    return expr;
}

static pni_expr *literal_list(Substrait__Expression__Literal *first,
                              Substrait__Expression__Literal *second) {
    pni_expr *expr = t_number(0);
    expr->literal->literal_type_case = SUBSTRAIT__EXPRESSION__LITERAL__LITERAL_TYPE_LIST;
    expr->literal->list = t_node(&substrait__expression__literal__list__descriptor);
    T_PUSH(expr->literal->list->values, expr->literal->list->n_values, first);
    T_PUSH(expr->literal->list->values, expr->literal->list->n_values, second);
    return expr;
}

static pni_expr *literal_struct(Substrait__Expression__Literal *field) {
    pni_expr *expr = t_number(0);
    expr->literal->literal_type_case = SUBSTRAIT__EXPRESSION__LITERAL__LITERAL_TYPE_STRUCT;
    expr->literal->struct_ = t_node(&substrait__expression__literal__struct__descriptor);
    T_PUSH(expr->literal->struct_->fields, expr->literal->struct_->n_fields, field);
    return expr;
}

static Substrait__Plan *keeping(pni_expr *condition) {
    return t_plan(t_filter(t_read("t", "a"), condition), "a");
}

T_CASE(a_constructor_of_constants_is_a_constant) {
    t_pool_used = 0;
    same(keeping(nested_list(t_number(1), t_number(2))),
         keeping(literal_list(t_number(1)->literal, t_number(2)->literal)));
    same(keeping(nested_struct(t_number(1))), keeping(literal_struct(t_number(1)->literal)));
    same(keeping(nested_struct(nested_struct(t_number(1)))),
         keeping(literal_struct(literal_struct(t_number(1)->literal)->literal)));
    differ(keeping(nested_list(t_number(1), t_field(0))),
           keeping(nested_list(t_number(1), t_number(0))));
    pni_expr *nullable = nested_struct(t_number(1));
    nullable->nested->nullable = true;
    differ(keeping(nullable), keeping(nested_struct(t_number(1))));
}

/* ---- parameters --------------------------------------------------------------------------- */

static void bind(Substrait__Plan *plan, uint32_t anchor, int64_t value) {
    Substrait__DynamicParameterBinding *binding =
        t_node(&substrait__dynamic_parameter_binding__descriptor);
    binding->parameter_anchor = anchor;
    binding->value = t_number(value)->literal;
    T_PUSH(plan->parameter_bindings, plan->n_parameter_bindings, binding);
}

static Substrait__Plan *with_parameters(uint32_t first, uint32_t second) {
    pni_expr *parameters[2];
    for (size_t i = 0; i < 2; i++) {
        parameters[i] = t_node(&substrait__expression__descriptor);
        parameters[i]->rex_type_case = SUBSTRAIT__EXPRESSION__REX_TYPE_DYNAMIC_PARAMETER;
        parameters[i]->dynamic_parameter = t_node(&substrait__dynamic_parameter__descriptor);
        parameters[i]->dynamic_parameter->type = t_i64();
        parameters[i]->dynamic_parameter->parameter_reference = i ? second : first;
    }
    Substrait__Plan *plan = keeping(t_call(1, parameters[0], parameters[1]));
    t_declare(plan, 1, "equal");
    return plan;
}

T_CASE(bindings_are_sorted_and_unused_ones_go) {
    t_pool_used = 0;
    Substrait__Plan *one = with_parameters(7, 2);
    Substrait__Plan *other = with_parameters(7, 2);
    bind(one, 2, 20);
    bind(one, 7, 70);
    bind(other, 9, 90);
    bind(other, 7, 70);
    bind(other, 2, 20);
    same(one, other);
    Substrait__Plan *wrong = with_parameters(7, 2);
    bind(wrong, 2, 70);
    bind(wrong, 7, 20);
    differ(one, wrong);
    differ(one, with_parameters(7, 2));
}
