/* SPDX-License-Identifier: Apache-2.0 */
/* What differs between two plans: the relation, the field, the place, both sides. */
#include "plans.h"

static pn_substrait *plan_of(Substrait__Plan *made) {
    pn_error err = PN_ERROR_INIT;
    pn_substrait *plan = NULL;
    T_OK(t_decode(made, &plan, &err), &err);
    return plan;
}

static const char *kept(const pn_buf *text) {
    char *copy = t_pool_take(text->len + 1);
    memcpy(copy, pni_buf_text(text), text->len);
    return copy;
}

/* The differences of two plans as text; the plans are released. */
static const char *diff_of(pn_substrait *left, pn_substrait *right, uint64_t max, size_t want) {
    pn_error err = PN_ERROR_INIT;
    PNI_AUTO(pn_buf) text = PN_BUF_INIT;
    pn_substrait_diff_options options = PN_SUBSTRAIT_DIFF_OPTIONS_INIT;
    size_t count = 99;
    options.max_count = max;
    T_OK(pn_substrait_diff(left, right, &options, &text, &count, &err), &err);
    T_EQ_UINT(count, want);
    T_ASSERT((count == 0) == (pn_substrait_equal(left, right) != 0));
    pn_substrait_unref(left);
    pn_substrait_unref(right);
    return kept(&text);
}

static Substrait__Plan *greater_than(uint32_t anchor, const char *function, int64_t number) {
    pni_expr *condition = t_call(anchor, t_field(0), t_number(number));
    Substrait__Plan *plan =
        t_plan(t_project(t_filter(t_read("t", "a b"), condition), 2, t_field(1), NULL), "b");
    t_declare(plan, anchor, function);
    return plan;
}

T_CASE(equal_plans_have_no_differences) {
    t_pool_used = 0;
    T_EQ_STR(diff_of(plan_of(greater_than(1, "gt", 5)), plan_of(greater_than(8, "gt", 5)), 9, 0),
             "");
}

T_CASE(a_constant_is_named_with_its_place) {
    t_pool_used = 0;
    const char *text =
        diff_of(plan_of(greater_than(1, "gt", 5)), plan_of(greater_than(1, "gt", 6)), 9, 1);
    T_EQ_STR(text,
             "project/filter: condition changed at scalar_function.arguments[1].value.literal.i64"
             ": 5 -> 6\n"
             "  left   $0 > 5\n"
             "  right  $0 > 6\n");
}

T_CASE(a_function_is_compared_by_name) {
    t_pool_used = 0;
    const char *text =
        diff_of(plan_of(greater_than(1, "gt", 5)), plan_of(greater_than(1, "lt", 5)), 9, 1);
    T_ASSERT(strstr(text, "at scalar_function.function_reference: gt -> lt\n"));
}

T_CASE(the_kind_of_a_literal_is_told_although_its_text_is_the_same) {
    t_pool_used = 0;
    Substrait__Plan *other = greater_than(1, "gt", 5);
    Substrait__Expression__Literal *literal =
        other->relations[0]
            ->root->input->project->input->filter->condition->scalar_function->arguments[1]
            ->value->literal;
    literal->literal_type_case = SUBSTRAIT__EXPRESSION__LITERAL__LITERAL_TYPE_I32;
    literal->i32 = 5;
    const char *text = diff_of(plan_of(greater_than(1, "gt", 5)), plan_of(other), 9, 1);
    T_ASSERT(strstr(text, "arguments[1].value.literal: i64 -> i32\n"));
}

T_CASE(names_of_the_result_belong_to_the_plan) {
    t_pool_used = 0;
    pn_substrait *left = plan_of(t_plan(t_read("t", "a b"), "a b"));
    pn_substrait *right = plan_of(t_plan(t_read("t", "a b"), "a c"));
    T_EQ_STR(diff_of(left, right, 9, 1), "plan: names[1] changed\n  left   'b'\n  right  'c'\n");
}

T_CASE(a_relation_more_is_listed_once_and_the_rest_is_compared) {
    t_pool_used = 0;
    pni_rel *bare = t_filter(t_read("t", "a b"), t_field(0));
    pni_rel *wrapped =
        t_project(t_filter(t_read("t", "a c"), t_field(0)), 2, t_field(1), t_field(0));
    const char *text = diff_of(plan_of(t_plan(bare, "a b")), plan_of(t_plan(wrapped, "a b")), 9, 2);
    T_ASSERT(pni_starts_with(text, "project: added\n  right  project expressions=[$1, $0]"));
    T_ASSERT(strstr(text, "filter/read: base_schema changed at names[1]: 'b' -> 'c'\n"));
    t_pool_used = 0;
    bare = t_filter(t_read("t", "a b"), t_field(0));
    wrapped = t_project(t_filter(t_read("t", "a b"), t_field(0)), 2, t_field(1), t_field(0));
    text = diff_of(plan_of(t_plan(wrapped, "a b")), plan_of(t_plan(bare, "a b")), 9, 1);
    T_ASSERT(pni_starts_with(text, "project: removed\n  left "));
}

T_CASE(only_the_first_is_listed_by_default) {
    t_pool_used = 0;
    pn_substrait *left = plan_of(t_plan(t_read("t", "a b"), "a b"));
    pn_substrait *right = plan_of(t_plan(t_read("u", "a c"), "x y"));
    const char *text = diff_of(left, right, 0, 1);
    T_ASSERT(pni_starts_with(text, "plan: names[0] changed\n"));
}

static pni_rel *cross(pni_rel *left, pni_rel *right) {
    pni_rel *rel = t_node(&substrait__rel__descriptor);
    rel->rel_type_case = SUBSTRAIT__REL__REL_TYPE_CROSS;
    rel->cross = t_node(&substrait__cross_rel__descriptor);
    rel->cross->left = left;
    rel->cross->right = right;
    return rel;
}

T_CASE(inputs_and_subqueries_have_their_branch_in_the_path) {
    t_pool_used = 0;
    pni_rel *inside = t_filter(t_read("s", "x"), t_outer(0, 1));
    pni_rel *other = t_filter(t_read("s", "x"), t_outer(1, 1));
    pni_rel *left = t_filter(cross(t_read("t", "a"), t_read("u", "b")), t_scalar_subquery(inside));
    pni_rel *right = t_filter(cross(t_read("t", "a"), t_read("v", "b")), t_scalar_subquery(other));
    const char *text = diff_of(plan_of(t_plan(left, "a b")), plan_of(t_plan(right, "a b")), 9, 2);
    T_EQ_STR(text, "filter.input/cross.right/read: named_table changed at names[0]: 'u' -> 'v'\n"
                   "  left   u\n"
                   "  right  v\n"
                   "filter.subquery[0]/filter: condition changed at "
                   "selection.direct_reference.struct_field.field: 0 -> 1\n"
                   "  left   $0^1\n"
                   "  right  $1^1\n");
}

T_CASE(other_kinds_end_their_subtree) {
    t_pool_used = 0;
    const char *detail = "{\"columns\":[],\"distinct\":false,\"name\":\"r\"}";
    pni_rel *left = t_recursion(t_read("t", "a"), t_read("t", "a"), detail);
    pni_rel *right = cross(t_read("t", "a"), t_read("u", "b"));
    const char *text = diff_of(plan_of(t_plan(left, "a")), plan_of(t_plan(right, "a")), 9, 1);
    T_EQ_STR(text, "extension_multi: replaced\n"
                   "  left   extension_multi detail=pinion:recursion "
                   "{\"columns\":[],\"distinct\":false,\"name\":\"r\"}\n"
                   "  right  cross\n");
}

T_CASE(json_says_the_same) {
    t_pool_used = 0;
    pn_error err = PN_ERROR_INIT;
    PNI_AUTO(pn_buf) text = PN_BUF_INIT;
    PNI_AUTO_PTR(pn_substrait) left = plan_of(greater_than(1, "gt", 5));
    PNI_AUTO_PTR(pn_substrait) right = plan_of(greater_than(1, "gt", 6));
    pn_substrait_diff_options options = PN_SUBSTRAIT_DIFF_OPTIONS_INIT;
    options.json = 1;
    T_OK(pn_substrait_diff(left, right, &options, &text, NULL, &err), &err);
    T_EQ_STR(pni_buf_text(&text),
             "{\"differences\":[{\"at\":\"scalar_function.arguments[1].value.literal.i64\","
             "\"change\":\"changed\",\"field\":\"condition\",\"left\":\"$0 > 5\","
             "\"left_value\":\"5\",\"path\":\"project/filter\",\"right\":\"$0 > 6\","
             "\"right_value\":\"6\"}],\"equal\":false}");
    pni_buf_clear(&text);
    T_OK(pn_substrait_diff(left, left, &options, &text, NULL, &err), &err);
    T_EQ_STR(pni_buf_text(&text), "{\"differences\":[],\"equal\":true}");
    T_STATUS(pn_substrait_diff(left, NULL, NULL, &text, NULL, &err), PN_INVALID, &err);
}

T_CASE(real_plans_differ_from_each_other_and_not_from_themselves) {
    static const char *const names[] = {"tpch_q02", "tpch_q16", "tpch_q19", "window", "rollup"};
    const size_t n = sizeof names / sizeof *names;
    for (size_t i = 0; i < n; i++) {
        for (size_t k = 0; k < n; k++) {
            t_pool_used = 0;
            pn_error err = PN_ERROR_INIT;
            PNI_AUTO_PTR(pn_substrait) left = NULL;
            PNI_AUTO_PTR(pn_substrait) right = NULL;
            PNI_AUTO(pn_buf) text = PN_BUF_INIT;
            size_t count = 0;
            pn_substrait_diff_options options = PN_SUBSTRAIT_DIFF_OPTIONS_INIT;
            options.max_count = 1000;
            T_OK(pn_substrait_decode(t_corpus(names[i]), NULL, &left, &err), &err);
            T_OK(pn_substrait_decode(t_corpus(names[k]), NULL, &right, &err), &err);
            T_OK(pn_substrait_diff(left, right, &options, &text, &count, &err), &err);
            T_ASSERT((count == 0) == (i == k));
        }
    }
}
