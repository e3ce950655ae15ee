/* SPDX-License-Identifier: Apache-2.0 */
/* Joins by type, and unnest. */
#include "lineage_cases.h"

static Substrait__Plan *joined(Substrait__JoinRel__JoinType type, const char *names) {
    pni_rel *rel = t_node(&substrait__rel__descriptor);
    rel->rel_type_case = SUBSTRAIT__REL__REL_TYPE_JOIN;
    rel->join = t_node(&substrait__join_rel__descriptor);
    rel->join->left = t_read("l", "a b");
    rel->join->right = t_read("r", "c d");
    rel->join->type = type;
    rel->join->expression = t_call(1, t_field(0), t_field(2));
    Substrait__Plan *plan = t_plan(rel, names);
    t_declare(plan, 1, "equal");
    return plan;
}

T_CASE(an_inner_join_hands_on_both_sides) {
    t_pool_used = 0;
    PNI_AUTO_PTR(json_t)
    lineage = lineage_of(joined(SUBSTRAIT__JOIN_REL__JOIN_TYPE__JOIN_TYPE_INNER, "a b c d"));
    T_EQ_STR(inputs_of(lineage, "b"), "l.a indirect join, l.b direct identity, r.c indirect join");
    T_EQ_STR(inputs_of(lineage, "d"), "l.a indirect join, r.c indirect join, r.d direct identity");
}

T_CASE(semi_and_anti_joins_hand_on_one_side) {
    t_pool_used = 0;
    PNI_AUTO_PTR(json_t)
    left = lineage_of(joined(SUBSTRAIT__JOIN_REL__JOIN_TYPE__JOIN_TYPE_LEFT_SEMI, "a b"));
    T_EQ_STR(inputs_of(left, "b"), "l.a indirect join, l.b direct identity, r.c indirect join");
    PNI_AUTO_PTR(json_t)
    right = lineage_of(joined(SUBSTRAIT__JOIN_REL__JOIN_TYPE__JOIN_TYPE_RIGHT_ANTI, "c d"));
    T_EQ_STR(inputs_of(right, "d"), "l.a indirect join, r.c indirect join, r.d direct identity");
}

T_CASE(a_mark_is_made_of_the_condition) {
    t_pool_used = 0;
    PNI_AUTO_PTR(json_t)
    lineage = lineage_of(joined(SUBSTRAIT__JOIN_REL__JOIN_TYPE__JOIN_TYPE_LEFT_MARK, "a b m"));
    T_EQ_STR(inputs_of(lineage, "m"), "l.a direct transform, l.a indirect join, "
                                      "r.c direct transform, r.c indirect join");
    T_EQ_STR(inputs_of(lineage, "a"), "l.a direct identity, l.a indirect join, r.c indirect join");
}

T_CASE(keys_of_a_hash_join_belong_to_their_side) {
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
    PNI_AUTO_PTR(json_t) lineage = lineage_of(t_plan(rel, "c d"));
    T_EQ_STR(inputs_of(lineage, "d"), "l.b indirect join, r.c indirect join, r.d direct identity");
}

static const char *const unnest_detail =
    "{\"columns\":[1],\"null_handling\":\"Drop\","
    "\"recursions\":[{\"depth\":1,\"input\":1,\"output\":\"e\"}]}";

T_CASE(unnest_transforms_its_column_and_multiplies_rows) {
    t_pool_used = 0;
    PNI_AUTO_PTR(json_t)
    lineage = lineage_of(
        t_plan(t_extension(t_read("t", "a b c"), "pinion:unnest", unnest_detail), "x y z"));
    T_ASSERT(json_is_true(json_object_get(lineage, "complete")));
    T_EQ_STR(inputs_of(lineage, "y"), "t.b direct transform, t.b indirect join");
    T_EQ_STR(inputs_of(lineage, "z"), "t.b indirect join, t.c direct identity");
    T_EQ_STR(expression_of(lineage, "y"), "unnest(t.b)");
}

T_CASE(a_struct_becomes_its_fields) {
    t_pool_used = 0;
    pni_rel *read = t_read("t", "s f g z");
    Substrait__Type__Struct *columns = read->read->base_schema->struct_;
    Substrait__Type *type = t_node(&substrait__type__descriptor);
    type->kind_case = SUBSTRAIT__TYPE__KIND_STRUCT;
    type->struct_ = t_node(&substrait__type__struct__descriptor);
    T_PUSH(type->struct_->types, type->struct_->n_types, t_i64());
    T_PUSH(type->struct_->types, type->struct_->n_types, t_i64());
    columns->types[0] = type;
    columns->n_types = 2;
    PNI_AUTO_PTR(json_t)
    lineage = lineage_of(
        t_plan(t_extension(read, "pinion:unnest", "{\"columns\":[0],\"recursions\":[]}"), "f g z"));
    T_EQ_STR(inputs_of(lineage, "g"), "t.s direct transform, t.s indirect join");
    T_EQ_STR(inputs_of(lineage, "z"), "t.s indirect join, t.z direct identity");
}
