/* SPDX-License-Identifier: Apache-2.0 */
/* What relations do: scans with conditions, joins with keys as pairs, expressions with functions.
 */
#include "lineage_cases.h"

static json_t *report_of(const Substrait__Plan *made) {
    pn_error err = PN_ERROR_INIT;
    PNI_AUTO_PTR(pn_substrait) plan = NULL;
    json_t *report = NULL;
    T_OK(pn_substrait_decode(t_packed(made), NULL, &plan, &err), &err);
    T_OK(pni_lineage_report(plan, &report, &err), &err);
    return report;
}

static void expect(const json_t *report, const char *list, const char *want) {
    PNI_AUTO_PTR(pni_text)
    got = json_dumps(json_object_get(report, list), JSON_COMPACT | JSON_SORT_KEYS);
    T_EQ_STR(got, want);
}

static pni_rel *filtered(pni_rel *input, pni_expr *condition) {
    pni_rel *rel = t_node(&substrait__rel__descriptor);
    rel->rel_type_case = SUBSTRAIT__REL__REL_TYPE_FILTER;
    rel->filter = t_node(&substrait__filter_rel__descriptor);
    rel->filter->input = input;
    rel->filter->condition = condition;
    return rel;
}

T_CASE(conditions_on_a_scan_are_told_one_by_one) {
    t_pool_used = 0;
    pni_expr *both =
        t_call(2, t_call(1, t_field(0), t_field(1)), t_call(3, t_field(0), t_field(2)));
    Substrait__Plan *plan = t_plan(filtered(t_read("t", "a b c"), both), "a b c");
    t_declare(plan, 1, "equal");
    t_declare(plan, 2, "and");
    t_declare(plan, 3, "lt");
    PNI_AUTO_PTR(json_t) report = report_of(plan);
    expect(report, "scans",
           "[{\"columns\":[\"a\",\"b\",\"c\"],\"filters\":["
           "{\"columns\":[{\"column\":\"a\",\"table\":\"t\"},{\"column\":\"b\",\"table\":\"t\"}],"
           "\"complete\":true,\"functions\":[\"equal\"],\"text\":\"t.a = t.b\"},"
           "{\"columns\":[{\"column\":\"a\",\"table\":\"t\"},{\"column\":\"c\",\"table\":\"t\"}],"
           "\"complete\":true,\"functions\":[\"lt\"],\"text\":\"t.a < t.c\"}],\"table\":\"t\"}]");
    T_EQ_UINT(json_array_size(json_object_get(report, "joins")), 0);
    const json_t *filter = json_array_get(json_object_get(report, "expressions"), 0);
    T_EQ_STR(pni_json_text(filter, "kind"), "filter");
    T_EQ_UINT(json_array_size(json_object_get(filter, "functions")), 3);
    T_ASSERT(json_is_true(json_object_get(report, "complete")));
}

T_CASE(keys_of_a_join_are_pairs_left_first) {
    t_pool_used = 0;
    pni_rel *rel = t_node(&substrait__rel__descriptor);
    rel->rel_type_case = SUBSTRAIT__REL__REL_TYPE_JOIN;
    rel->join = t_node(&substrait__join_rel__descriptor);
    rel->join->left = t_read("l", "a b");
    rel->join->right = t_read("r", "c d");
    rel->join->type = SUBSTRAIT__JOIN_REL__JOIN_TYPE__JOIN_TYPE_LEFT_SEMI;
    rel->join->expression =
        t_call(2, t_call(1, t_field(2), t_field(1)), t_call(3, t_field(0), t_field(3)));
    Substrait__Plan *plan = t_plan(rel, "a b");
    t_declare(plan, 1, "equal");
    t_declare(plan, 2, "and");
    t_declare(plan, 3, "lt");
    PNI_AUTO_PTR(json_t) report = report_of(plan);
    const json_t *join = json_array_get(json_object_get(report, "joins"), 0);
    T_EQ_STR(pni_json_text(join, "type"), "left_semi");
    T_EQ_STR(pni_json_text(json_array_get(json_object_get(join, "left_keys"), 0), "text"), "l.b");
    T_EQ_STR(pni_json_text(json_array_get(json_object_get(join, "right_keys"), 0), "text"), "r.c");
    T_EQ_UINT(json_array_size(json_object_get(join, "left_keys")), 1);
    T_EQ_STR(pni_json_text(json_array_get(json_object_get(join, "conditions"), 0), "text"),
             "l.a < r.d");
}

T_CASE(keys_of_a_hash_join_are_its_own) {
    t_pool_used = 0;
    pni_rel *rel = t_node(&substrait__rel__descriptor);
    rel->rel_type_case = SUBSTRAIT__REL__REL_TYPE_HASH_JOIN;
    Substrait__HashJoinRel *join = rel->hash_join = t_node(&substrait__hash_join_rel__descriptor);
    Substrait__ComparisonJoinKey *key = t_node(&substrait__comparison_join_key__descriptor);
    join->left = t_read("l", "a b");
    join->right = t_read("r", "c d");
    join->type = SUBSTRAIT__HASH_JOIN_REL__JOIN_TYPE__JOIN_TYPE_RIGHT_SEMI;
    key->left = t_field(1)->selection;
    key->right = t_field(0)->selection;
    T_PUSH(join->keys, join->n_keys, key);
    PNI_AUTO_PTR(json_t) report = report_of(t_plan(rel, "c d"));
    const json_t *made = json_array_get(json_object_get(report, "joins"), 0);
    const json_t *left = json_array_get(json_object_get(made, "left_keys"), 0);
    const json_t *column = json_array_get(json_object_get(left, "columns"), 0);
    T_EQ_STR(pni_json_text(made, "type"), "right_semi");
    T_EQ_STR(pni_json_text(column, "table"), "l");
    T_EQ_STR(pni_json_text(column, "column"), "b");
    T_EQ_UINT(json_array_size(json_object_get(made, "right_keys")), 1);
}

T_CASE(the_report_is_public_and_canonical) {
    t_pool_used = 0;
    PNI_AUTO_PTR(pn_substrait) plan = NULL;
    PNI_AUTO(pn_buf) text = PN_BUF_INIT;
    pn_error err = PN_ERROR_INIT;
    T_OK(pn_substrait_decode(t_packed(t_plan(t_read("t", "a"), "a")), NULL, &plan, &err), &err);
    T_OK(pn_lineage_report(plan, &text, &err), &err);
    T_EQ_STR(pni_buf_text(&text), "{\"complete\":true,\"expressions\":[],\"joins\":[],\"scans\":["
                                  "{\"columns\":[\"a\"],\"filters\":[],\"table\":\"t\"}]}");
    T_EQ_INT(pn_lineage_report(NULL, &text, &err), PN_INVALID);
}
