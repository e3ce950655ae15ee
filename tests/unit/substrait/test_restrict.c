/* SPDX-License-Identifier: Apache-2.0 */
/* Columns that nobody reads are no part of a plan. */
#include "plans.h"

static const int32_t only_b[] = {1, -1};
static const int32_t only_c[] = {2, -1};

T_CASE(an_unread_column_changes_nothing) {
    t_pool_used = 0;
    const char *narrow = t_digest(t_plan(t_mask(t_read("t", "a b"), only_b), "b"));
    T_EQ_STR(t_digest(t_plan(t_mask(t_read("t", "a0 b z"), only_b), "b")), narrow);
    T_EQ_STR(t_digest(t_plan(t_mask(t_read("t", "x y b"), only_c), "b")), narrow);
    T_EQ_STR(t_digest(t_plan(t_read("t", "b"), "b")), narrow);
}

T_CASE(the_filter_of_a_read_is_renumbered) {
    t_pool_used = 0;
    pni_rel *narrow = t_mask(t_read("t", "b f"), (const int32_t[]){0, -1});
    pni_rel *wide = t_mask(t_read("t", "f x b"), only_c);
    narrow->read->filter = t_field(1);
    wide->read->filter = t_field(0);
    T_EQ_STR(t_digest(t_plan(wide, "b")), t_digest(t_plan(narrow, "b")));
}

T_CASE(a_subquery_in_the_filter_keeps_its_own_columns) {
    t_pool_used = 0;
    pn_error err = PN_ERROR_INIT;
    PNI_AUTO_PTR(pn_substrait) plan = NULL;
    PNI_AUTO(pn_buf) text = PN_BUF_INIT;
    pni_rel *inner = t_filter(t_read("u", "p q r"), t_call(3, t_field(2), t_outer(2, 1)));
    pni_rel *read = t_mask(t_read("t", "a b c"), only_b);
    read->read->filter = t_scalar_subquery(inner);
    Substrait__Plan *made = t_plan(read, "b");
    t_declare(made, 3, "equal");
    T_OK(t_decode(made, &plan, &err), &err);
    T_OK(pn_substrait_text(plan, &text, &err), &err);
    T_ASSERT(strstr((char *)text.data, "t [b i64, c i64] projection=[$0] filter=(subquery)"));
    T_ASSERT(strstr((char *)text.data, "condition=$2 = $1^1"));
    size_t count = 0;
    const char *const *columns = pn_substrait_table_columns(plan, 0, &count);
    T_EQ_UINT(count, 2);
    T_EQ_STR(columns[0], "b");
    T_EQ_STR(columns[1], "c");
}

T_CASE(no_column_may_be_read_at_all) {
    t_pool_used = 0;
    pn_error err = PN_ERROR_INIT;
    PNI_AUTO_PTR(pn_substrait) plan = NULL;
    size_t count = 1;
    T_OK(t_decode(t_plan(t_mask(t_read("t", "a b"), (const int32_t[]){-1}), ""), &plan, &err),
         &err);
    T_EQ_UINT(pn_substrait_table_count(plan), 1);
    T_ASSERT(!pn_substrait_table_columns(plan, 0, &count));
    T_EQ_UINT(count, 0);
}

T_CASE(nested_names_move_with_their_column) {
    t_pool_used = 0;
    pn_error err = PN_ERROR_INIT;
    PNI_AUTO_PTR(pn_substrait) plan = NULL;
    pni_rel *read = t_read("t", "a s inner1 inner2 z");
    Substrait__Type__Struct *columns = read->read->base_schema->struct_;
    Substrait__Type *type = t_node(&substrait__type__descriptor);
    type->kind_case = SUBSTRAIT__TYPE__KIND_STRUCT;
    type->struct_ = t_node(&substrait__type__struct__descriptor);
    T_PUSH(type->struct_->types, type->struct_->n_types, t_i64());
    T_PUSH(type->struct_->types, type->struct_->n_types, t_i64());
    columns->types[1] = type;
    columns->n_types = 3; /* a, s{inner1, inner2}, z */
    T_OK(t_decode(t_plan(t_mask(read, (const int32_t[]){2, 1, -1}), "z s"), &plan, &err), &err);
    size_t count = 0;
    const char *const *names = pn_substrait_table_columns(plan, 0, &count);
    T_EQ_UINT(count, 2);
    T_EQ_STR(names[0], "z");
    T_EQ_STR(names[1], "s");
    const Substrait__NamedStruct *schema = pni_substrait_root(plan)->read->base_schema;
    T_EQ_UINT(schema->n_names, 4);
    T_EQ_STR(schema->names[3], "inner2");
}

static void refused(const Substrait__Plan *plan, int32_t number) {
    pn_error err = PN_ERROR_INIT;
    pn_substrait *decoded = NULL;
    T_STATUS(t_decode(plan, &decoded, &err), PN_CORRUPT, &err);
    T_EQ_INT(err.number, number);
}

T_CASE(numbers_outside_the_table_are_refused) {
    t_pool_used = 0;
    refused(t_plan(t_mask(t_read("t", "a b"), only_c), "c"), PNI_E_SUBSTRAIT_FIELD);
    pni_rel *read = t_read("t", "a b");
    read->read->filter = t_field(-1);
    refused(t_plan(read, "a b"), PNI_E_SUBSTRAIT_FIELD);
}

T_CASE(names_and_types_must_agree) {
    t_pool_used = 0;
    pni_rel *read = t_read("t", "a b");
    read->read->base_schema->n_names = 1;
    refused(t_plan(read, "a b"), PNI_E_SUBSTRAIT_SHAPE);
    read->read->base_schema = NULL;
    refused(t_plan(read, "a b"), PNI_E_SUBSTRAIT_SHAPE);
}
