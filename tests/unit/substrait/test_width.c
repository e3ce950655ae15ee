/*
 * Widths of relations from those of their inputs: each kind, each type of join, and what is not
 * known stays unknown.
 */
#include "substrait/canon.h"
#include "t.h"

#define PROJECT SUBSTRAIT__REL__REL_TYPE_PROJECT
#define JOIN SUBSTRAIT__REL__REL_TYPE_JOIN
#define TYPE(name) SUBSTRAIT__JOIN_REL__JOIN_TYPE__JOIN_TYPE_##name

static size_t join_of(Substrait__JoinRel__JoinType type, size_t left, size_t right) {
    Substrait__JoinRel join = SUBSTRAIT__JOIN_REL__INIT;
    pni_rel rel = SUBSTRAIT__REL__INIT;
    join.type = type;
    rel.rel_type_case = JOIN;
    rel.join = &join;
    return pni_rel_own_width(&rel, left, pni_width_add(left, right));
}

T_CASE(joins_hand_on_both_sides_or_one) {
    T_EQ_UINT(join_of(TYPE(INNER), 2, 3), 5);
    T_EQ_UINT(join_of(TYPE(OUTER), 2, 3), 5);
    T_EQ_UINT(join_of(TYPE(LEFT_SEMI), 2, 3), 2);
    T_EQ_UINT(join_of(TYPE(LEFT_ANTI), 2, 3), 2);
    T_EQ_UINT(join_of(TYPE(RIGHT_SEMI), 2, 3), 3);
    T_EQ_UINT(join_of(TYPE(LEFT_MARK), 2, 3), 3);
    T_EQ_UINT(join_of(TYPE(RIGHT_MARK), 2, 3), 4);
    T_ASSERT(join_of(TYPE(UNSPECIFIED), 2, 3) == PNI_WIDTH_UNKNOWN);
    T_ASSERT(join_of(TYPE(INNER), 2, PNI_WIDTH_UNKNOWN) == PNI_WIDTH_UNKNOWN);
    T_ASSERT(join_of(TYPE(RIGHT_SEMI), 2, PNI_WIDTH_UNKNOWN) == PNI_WIDTH_UNKNOWN);
    T_EQ_UINT(join_of(TYPE(LEFT_SEMI), 2, PNI_WIDTH_UNKNOWN), 2);
}

T_CASE(projections_add_their_expressions) {
    Substrait__ProjectRel project = SUBSTRAIT__PROJECT_REL__INIT;
    pni_rel rel = SUBSTRAIT__REL__INIT;
    project.n_expressions = 4;
    rel.rel_type_case = PROJECT;
    rel.project = &project;
    T_EQ_UINT(pni_rel_own_width(&rel, 3, 3), 7);
    T_ASSERT(pni_rel_own_width(&rel, PNI_WIDTH_UNKNOWN, PNI_WIDTH_UNKNOWN) == PNI_WIDTH_UNKNOWN);
}

T_CASE(extension_relations_have_no_known_width) {
    Substrait__ExtensionSingleRel single = SUBSTRAIT__EXTENSION_SINGLE_REL__INIT;
    pni_rel rel = SUBSTRAIT__REL__INIT;
    rel.rel_type_case = SUBSTRAIT__REL__REL_TYPE_EXTENSION_SINGLE;
    rel.extension_single = &single;
    T_ASSERT(pni_rel_own_width(&rel, 3, 3) == PNI_WIDTH_UNKNOWN);
}
