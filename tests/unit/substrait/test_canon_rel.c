/* SPDX-License-Identifier: Apache-2.0 */
/* Relations: deprecated fields and their successors, what is ambiguous, what must stay apart. */
#include "plans.h"

static void refused(const Substrait__Plan *plan, int32_t number) {
    pn_error err = PN_ERROR_INIT;
    pn_substrait *decoded = NULL;
    T_STATUS(t_decode(plan, &decoded, &err), PN_CORRUPT, &err);
    T_EQ_INT(err.number, number);
    T_ASSERT(err.hint[0]);
}

static void differ(Substrait__Plan *one, Substrait__Plan *other) {
    T_ASSERT(strcmp(t_digest(one), t_digest(other)) != 0);
}

/* ---- hints -------------------------------------------------------------------------------- */

T_CASE(optimisations_leave_nothing_behind) {
    t_pool_used = 0;
    pni_rel *rel = t_filter(t_read("t", "a"), t_field(0));
    Substrait__RelCommon *common = t_node(&substrait__rel_common__descriptor);
    common->advanced_extension = t_node(&substrait__extensions__advanced_extension__descriptor);
    T_PUSH(common->advanced_extension->optimization, common->advanced_extension->n_optimization,
           t_node(&google__protobuf__any__descriptor));
    rel->filter->common = common;
    T_EQ_STR(t_digest(t_plan(rel, "a")),
             t_digest(t_plan(t_filter(t_read("t", "a"), t_field(0)), "a")));
}

/* ---- virtual tables ----------------------------------------------------------------------- */

static Substrait__Plan *values(bool old, bool both) {
    pni_rel *rel = t_read("v", "a b");
    Substrait__ReadRel__VirtualTable *table =
        t_node(&substrait__read_rel__virtual_table__descriptor);
    Substrait__Expression__Literal__Struct *row =
        t_node(&substrait__expression__literal__struct__descriptor);
    Substrait__Expression__Nested__Struct *expressions =
        t_node(&substrait__expression__nested__struct__descriptor);
    for (int64_t i = 0; i < 2; i++) {
        T_PUSH(row->fields, row->n_fields, t_number(i)->literal);
        T_PUSH(expressions->fields, expressions->n_fields, t_number(i));
    }
    if (old || both) {
        T_PUSH(table->values, table->n_values, row);
    }
    if (!old || both) {
        T_PUSH(table->expressions, table->n_expressions, expressions);
    }
    rel->read->read_type_case = SUBSTRAIT__READ_REL__READ_TYPE_VIRTUAL_TABLE;
    rel->read->virtual_table = table;
    return t_plan(rel, "a b");
}

T_CASE(rows_of_literals_are_rows_of_expressions) {
    t_pool_used = 0;
    T_EQ_STR(t_digest(values(true, false)), t_digest(values(false, false)));
    refused(values(false, true), PNI_E_SUBSTRAIT_AMBIGUOUS);
}

/* ---- joins -------------------------------------------------------------------------------- */

typedef enum keys { OLD_KEYS, NEW_KEYS, BOTH_KEYS, UNEVEN_KEYS } keys;

static Substrait__ComparisonJoinKey *equality(void) {
    Substrait__ComparisonJoinKey *key = t_node(&substrait__comparison_join_key__descriptor);
    key->left = t_field(0)->selection;
    key->right = t_field(1)->selection;
    key->comparison = t_node(&substrait__comparison_join_key__comparison_type__descriptor);
    key->comparison->inner_type_case =
        SUBSTRAIT__COMPARISON_JOIN_KEY__COMPARISON_TYPE__INNER_TYPE_SIMPLE;
    key->comparison->simple =
        SUBSTRAIT__COMPARISON_JOIN_KEY__SIMPLE_COMPARISON_TYPE__SIMPLE_COMPARISON_TYPE_EQ;
    return key;
}

static Substrait__Plan *hash_join(keys form, int build) {
    pni_rel *rel = t_node(&substrait__rel__descriptor);
    Substrait__HashJoinRel *join = rel->hash_join = t_node(&substrait__hash_join_rel__descriptor);
    rel->rel_type_case = SUBSTRAIT__REL__REL_TYPE_HASH_JOIN;
    join->left = t_read("t", "a");
    join->right = t_read("u", "b");
    join->type = SUBSTRAIT__HASH_JOIN_REL__JOIN_TYPE__JOIN_TYPE_INNER;
    join->build_input = (Substrait__HashJoinRel__BuildInput)build;
    if (form != NEW_KEYS) {
        T_PUSH(join->left_keys, join->n_left_keys, t_field(0)->selection);
        if (form != UNEVEN_KEYS) {
            T_PUSH(join->right_keys, join->n_right_keys, t_field(1)->selection);
        }
    }
    if (form == NEW_KEYS || form == BOTH_KEYS) {
        T_PUSH(join->keys, join->n_keys, equality());
    }
    return t_plan(rel, "a b");
}

static Substrait__Plan *merge_join(bool old) {
    pni_rel *rel = t_node(&substrait__rel__descriptor);
    Substrait__MergeJoinRel *join = rel->merge_join =
        t_node(&substrait__merge_join_rel__descriptor);
    rel->rel_type_case = SUBSTRAIT__REL__REL_TYPE_MERGE_JOIN;
    join->left = t_read("t", "a");
    join->right = t_read("u", "b");
    if (old) {
        T_PUSH(join->left_keys, join->n_left_keys, t_field(0)->selection);
        T_PUSH(join->right_keys, join->n_right_keys, t_field(1)->selection);
    } else {
        T_PUSH(join->keys, join->n_keys, equality());
    }
    return t_plan(rel, "a b");
}

T_CASE(two_lists_of_columns_are_a_list_of_equalities) {
    t_pool_used = 0;
    T_EQ_STR(t_digest(hash_join(OLD_KEYS, 0)), t_digest(hash_join(NEW_KEYS, 0)));
    T_EQ_STR(t_digest(merge_join(true)), t_digest(merge_join(false)));
    refused(hash_join(BOTH_KEYS, 0), PNI_E_SUBSTRAIT_AMBIGUOUS);
    refused(hash_join(UNEVEN_KEYS, 0), PNI_E_SUBSTRAIT_SHAPE);
}

T_CASE(the_right_side_is_hashed_unless_said_otherwise) {
    t_pool_used = 0;
    int right = SUBSTRAIT__HASH_JOIN_REL__BUILD_INPUT__BUILD_INPUT_RIGHT;
    int left = SUBSTRAIT__HASH_JOIN_REL__BUILD_INPUT__BUILD_INPUT_LEFT;
    T_EQ_STR(t_digest(hash_join(NEW_KEYS, 0)), t_digest(hash_join(NEW_KEYS, right)));
    differ(hash_join(NEW_KEYS, 0), hash_join(NEW_KEYS, left));
}

/* ---- grouping ----------------------------------------------------------------------------- */

/* "01|1": sets of references to the columns named in `pool`; with `repeat` said by both forms. */
static Substrait__Plan *grouped(const char *pool, const char *sets, bool repeat) {
    pni_rel *rel = t_node(&substrait__rel__descriptor);
    Substrait__AggregateRel *a = rel->aggregate = t_node(&substrait__aggregate_rel__descriptor);
    Substrait__AggregateRel__Measure *measure =
        t_node(&substrait__aggregate_rel__measure__descriptor);
    Substrait__AggregateRel__Grouping *set = NULL;
    rel->rel_type_case = SUBSTRAIT__REL__REL_TYPE_AGGREGATE;
    a->input = t_read("t", "a b c");
    measure->measure = t_node(&substrait__aggregate_function__descriptor);
    measure->measure->function_reference = 1;
    T_PUSH(a->measures, a->n_measures, measure);
    for (const char *p = pool; *p; p++) {
        T_PUSH(a->grouping_expressions, a->n_grouping_expressions, t_field(*p - 'a'));
    }
    for (const char *p = sets; *p; p++) {
        if (!set) {
            set = t_node(&substrait__aggregate_rel__grouping__descriptor);
            T_PUSH(a->groupings, a->n_groupings, set);
        }
        if (*p == '|') {
            set = NULL;
            continue;
        }
        uint32_t reference = (uint32_t)(*p - '0');
        T_PUSH(set->expression_references, set->n_expression_references, reference);
        if (repeat) {
            T_PUSH(set->grouping_expressions, set->n_grouping_expressions,
                   t_field(pool[reference] - 'a'));
        }
    }
    Substrait__Plan *plan = t_plan(rel, "x");
    t_declare(plan, 1, "count");
    return plan;
}

T_CASE(declared_grouping_expressions_are_columns_in_their_order) {
    t_pool_used = 0;
    differ(grouped("ab", "01", false), grouped("ba", "01", false));
    differ(grouped("ab", "01", false), grouped("ba", "10", false));
    differ(grouped("aba", "01|2", false), grouped("ab", "01|0", false));
}

T_CASE(references_of_a_set_have_no_order) {
    t_pool_used = 0;
    T_EQ_STR(t_digest(grouped("ab", "10|1", false)), t_digest(grouped("ab", "01|1", false)));
    differ(grouped("ab", "01|1", false), grouped("ab", "1|01", false));
}

T_CASE(repeated_expressions_are_one_column_between_sets) {
    t_pool_used = 0;
    T_EQ_STR(t_digest(grouped("aba", "01|2", true)), t_digest(grouped("ab", "01|0", false)));
    differ(grouped("aa", "01", true), grouped("a", "0", true));
}

T_CASE(both_forms_must_say_the_same) {
    t_pool_used = 0;
    Substrait__Plan *plan = grouped("ab", "01", true);
    plan->relations[0]->root->input->aggregate->groupings[0]->grouping_expressions[1] = t_field(2);
    refused(plan, PNI_E_SUBSTRAIT_AMBIGUOUS);
    plan = grouped("ab", "01|0", true);
    plan->relations[0]->root->input->aggregate->groupings[1]->n_grouping_expressions = 0;
    refused(plan, PNI_E_SUBSTRAIT_AMBIGUOUS);
}

T_CASE(an_expression_in_no_set_is_refused) {
    t_pool_used = 0;
    refused(grouped("abc", "01", false), PNI_E_SUBSTRAIT_SHAPE);
}

T_CASE(measures_alone_are_those_of_one_set_of_nothing) {
    t_pool_used = 0;
    Substrait__Plan *none = grouped("", "0", false);
    Substrait__Plan *empty = grouped("", "0", false);
    none->relations[0]->root->input->aggregate->n_groupings = 0;
    empty->relations[0]->root->input->aggregate->groupings[0]->n_expression_references = 0;
    T_EQ_STR(t_digest(empty), t_digest(none));
    Substrait__Plan *without = grouped("", "0", false);
    without->relations[0]->root->input->aggregate->groupings[0]->n_expression_references = 0;
    without->relations[0]->root->input->aggregate->n_measures = 0;
    Substrait__Plan *neither = grouped("", "0", false);
    neither->relations[0]->root->input->aggregate->n_groupings = 0;
    neither->relations[0]->root->input->aggregate->n_measures = 0;
    differ(without, neither);
}
