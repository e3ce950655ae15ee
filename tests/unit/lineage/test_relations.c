/* SPDX-License-Identifier: Apache-2.0 */
/* What each relation does to columns and rows. */
#include "lineage_cases.h"

T_CASE(filters_and_read_filters_are_indirect) {
    t_pool_used = 0;
    pni_rel *read = t_mask(t_read("t", "a b c"), (const int32_t[]){0, 2, -1});
    read->read->filter = t_field(1);
    PNI_AUTO_PTR(json_t) lineage = lineage_of(t_plan(t_filter(read, t_field(1)), "x y"));
    T_EQ_STR(inputs_of(lineage, "x"),
             "t.a direct identity, t.b indirect filter, t.c indirect filter");
    T_EQ_STR(inputs_of(lineage, "y"),
             "t.b indirect filter, t.c direct identity, t.c indirect filter");
}

T_CASE(expressions_transform) {
    t_pool_used = 0;
    Substrait__Plan *plan = t_plan(
        t_project(t_read("t", "a b"), 2, t_call(1, t_field(0), t_field(1)), t_field(1)), "x y");
    t_declare(plan, 1, "add");
    PNI_AUTO_PTR(json_t) lineage = lineage_of(plan);
    T_EQ_STR(inputs_of(lineage, "x"), "t.a direct transform, t.b direct transform");
    T_EQ_STR(inputs_of(lineage, "y"), "t.b direct identity");
    T_EQ_STR(expression_of(lineage, "x"), "t.a + t.b");
}

T_CASE(rollup_has_a_column_for_the_set) {
    t_pool_used = 0;
    PNI_AUTO_PTR(json_t) lineage = lineage_of_corpus("rollup");
    T_EQ_STR(inputs_of(lineage, "n_name"),
             "nation.n_name direct identity, nation.n_name indirect group, "
             "nation.n_regionkey indirect group");
    T_EQ_STR(expression_of(lineage, "c"), "count(1)");
    T_ASSERT(strstr(expression_of(lineage, "g"), "grouping_id()"));
}

T_CASE(one_grouping_set_has_that_column_too) {
    t_pool_used = 0;
    PNI_AUTO_PTR(json_t)
    lineage = lineage_of(t_plan(t_project(t_one_set(t_read("t", "a")), 1, t_field(0), NULL), "g"));
    T_EQ_STR(expression_of(lineage, "g"), "grouping_id()");
}

T_CASE(windows_partition_and_order_indirectly) {
    t_pool_used = 0;
    PNI_AUTO_PTR(json_t) lineage = lineage_of_corpus("window");
    T_EQ_STR(inputs_of(lineage, "rn"),
             "nation.n_comment indirect filter, nation.n_name indirect window, "
             "nation.n_regionkey indirect window");
    T_EQ_STR(inputs_of(lineage, "n_name"),
             "nation.n_comment indirect filter, nation.n_name direct identity");
}

T_CASE(constants_come_from_nowhere) {
    t_pool_used = 0;
    PNI_AUTO_PTR(json_t) lineage = lineage_of_corpus("constant");
    T_EQ_STR(inputs_of(lineage, "one"), "");
    T_EQ_STR(expression_of(lineage, "d"), "date '1970-03-01'");
    T_ASSERT(json_is_true(json_object_get(lineage, "complete")));
}

T_CASE(subqueries_see_the_row_around_them) {
    t_pool_used = 0;
    /* select (select q from u where p = t.b) from t */
    pni_rel *inner = t_project(t_filter(t_read("u", "p q"), t_call(3, t_field(0), t_outer(1, 1))),
                               2, t_field(1), NULL);
    Substrait__Plan *plan =
        t_plan(t_project(t_read("t", "a b"), 2, t_scalar_subquery(inner), t_field(0)), "x y");
    t_declare(plan, 3, "equal");
    PNI_AUTO_PTR(json_t) lineage = lineage_of(plan);
    T_EQ_STR(inputs_of(lineage, "x"),
             "t.b indirect filter, u.p indirect filter, u.q direct transform");
    T_EQ_STR(inputs_of(lineage, "y"), "t.a direct identity");
}

T_CASE(a_reference_past_all_subqueries_is_refused) {
    t_pool_used = 0;
    pn_error err = PN_ERROR_INIT;
    PNI_AUTO_PTR(pn_substrait) plan = NULL;
    json_t *lineage = NULL;
    T_OK(t_decode(t_plan(t_filter(t_read("t", "a"), t_outer(0, 1)), "a"), &plan, &err), &err);
    T_STATUS(pni_lineage_of(plan, &lineage, &err), PN_CORRUPT, &err);
    T_EQ_INT(err.number, PNI_E_SUBSTRAIT_FIELD);
}

static pni_rel *set_of(Substrait__SetRel__SetOp op) {
    pni_rel *rel = t_node(&substrait__rel__descriptor);
    rel->rel_type_case = SUBSTRAIT__REL__REL_TYPE_SET;
    rel->set = t_node(&substrait__set_rel__descriptor);
    rel->set->op = op;
    T_PUSH(rel->set->inputs, rel->set->n_inputs, t_read("t", "a"));
    T_PUSH(rel->set->inputs, rel->set->n_inputs, t_read("u", "b"));
    return rel;
}

T_CASE(sets_unite_or_subtract) {
    t_pool_used = 0;
    PNI_AUTO_PTR(json_t)
    all = lineage_of(t_plan(set_of(SUBSTRAIT__SET_REL__SET_OP__SET_OP_UNION_ALL), "x"));
    T_EQ_STR(inputs_of(all, "x"), "t.a direct identity, u.b direct identity");
    PNI_AUTO_PTR(json_t)
    minus = lineage_of(t_plan(set_of(SUBSTRAIT__SET_REL__SET_OP__SET_OP_MINUS_PRIMARY), "x"));
    T_EQ_STR(inputs_of(minus, "x"),
             "t.a direct identity, t.a indirect filter, u.b indirect filter");
}

T_CASE(deep_chains_need_no_stack_and_have_short_texts) {
    t_pool_used = 0;
    pni_rel *rel = t_read("t", "a");
    for (int i = 0; i < 500; i++) {
        rel = t_project(rel, 1, t_call(1, t_field(0), t_field(0)), NULL);
    }
    Substrait__Plan *plan = t_plan(rel, "x");
    t_declare(plan, 1, "add");
    PNI_AUTO_PTR(json_t) lineage = lineage_of(plan);
    T_EQ_STR(inputs_of(lineage, "x"), "t.a direct transform");
    T_ASSERT(strlen(expression_of(lineage, "x")) < 1200);
}

T_CASE(a_recursive_query_keeps_what_is_known) {
    t_pool_used = 0;
    const char *detail = "{\"columns\":[],\"distinct\":false,\"name\":\"r\"}";
    pni_rel *step = t_project(t_read("r", "a b"), 2, t_field(0), t_number(1));
    PNI_AUTO_PTR(json_t)
    lineage = lineage_of(t_plan(t_recursion(t_read("t", "a b"), step, detail), "a b"));
    T_EQ_STR(inputs_of(lineage, "a"), "t.a direct identity");
    T_ASSERT(json_is_false(json_object_get(output_named(lineage, "a"), "complete")));
    T_ASSERT(json_is_true(json_object_get(output_named(lineage, "b"), "complete")));
    T_EQ_UINT(json_array_size(json_object_get(lineage, "tables")), 1);
}
