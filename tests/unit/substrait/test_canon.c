/* SPDX-License-Identifier: Apache-2.0 */
/* What is representation only changes nothing; what is refused is refused by number. */
#include "plans.h"

static Substrait__Plan *simple(void) {
    return t_plan(t_filter(t_read("t", "a b"), t_field(0)), "a b");
}

static void refused(const Substrait__Plan *plan, pn_status status, int32_t number) {
    pn_error err = PN_ERROR_INIT;
    pn_substrait *decoded = NULL;
    T_STATUS(t_decode(plan, &decoded, &err), status, &err);
    T_EQ_INT(err.number, number);
    T_ASSERT(!decoded && err.hint[0]);
}

T_CASE(version_and_producer_do_not_count) {
    t_pool_used = 0;
    Substrait__Plan *plan = simple();
    const char *digest = t_digest(simple());
    plan->version = t_node(&substrait__version__descriptor);
    plan->version->minor_number = 12;
    plan->version->producer = (char *)(uintptr_t) "somebody";
    T_PUSH(plan->expected_type_urls, plan->n_expected_type_urls, (char *)(uintptr_t) "x");
    T_EQ_STR(t_digest(plan), digest);
}

T_CASE(hints_and_direct_emits_do_not_count) {
    t_pool_used = 0;
    Substrait__Plan *plan = simple();
    Substrait__RelCommon *common = t_node(&substrait__rel_common__descriptor);
    common->emit_kind_case = SUBSTRAIT__REL_COMMON__EMIT_KIND_DIRECT;
    common->direct = t_node(&substrait__rel_common__direct__descriptor);
    common->hint = t_node(&substrait__rel_common__hint__descriptor);
    common->hint->alias = (char *)(uintptr_t) "q";
    common->advanced_extension = t_node(&substrait__extensions__advanced_extension__descriptor);
    plan->relations[0]->root->input->filter->common = common;
    T_EQ_STR(t_digest(plan), t_digest(simple()));
}

T_CASE(our_qualifiers_go_and_foreign_ones_stay) {
    t_pool_used = 0;
    Substrait__Plan *plan = simple();
    Substrait__ReadRel *read = plan->relations[0]->root->input->filter->input->read;
    const char *digest = t_digest(simple());
    char *ours[] = {(char[]){"identity"}, (char[]){"main"}, (char[]){"t"}};
    char *foreign[] = {(char[]){"lake"}, (char[]){"main"}, (char[]){"t"}};
    read->named_table->names = ours;
    read->named_table->n_names = 3;
    T_EQ_STR(t_digest(plan), digest);
    read->named_table->names = ours + 1;
    read->named_table->n_names = 2;
    T_EQ_STR(t_digest(plan), digest);
    read->named_table->names = foreign;
    read->named_table->n_names = 3;
    T_ASSERT(strcmp(t_digest(plan), digest) != 0);
    pn_error err = PN_ERROR_INIT;
    PNI_AUTO_PTR(pn_substrait) decoded = NULL;
    T_OK(t_decode(plan, &decoded, &err), &err);
    T_EQ_STR(pn_substrait_table_at(decoded, 0), "lake.main.t");
}

T_CASE(output_names_and_constants_count) {
    t_pool_used = 0;
    const char *digest = t_digest(simple());
    T_ASSERT(strcmp(digest, t_digest(t_plan(t_filter(t_read("t", "a b"), t_field(0)), "a c"))));
    T_ASSERT(strcmp(digest, t_digest(t_plan(t_filter(t_read("t", "a b"), t_field(1)), "a b"))));
    T_ASSERT(strcmp(digest, t_digest(t_plan(t_filter(t_read("u", "a b"), t_field(0)), "a b"))));
}

static pni_rel *fetch(int64_t offset, int64_t count, bool old) {
    pni_rel *rel = t_node(&substrait__rel__descriptor);
    Substrait__FetchRel *f = rel->fetch = t_node(&substrait__fetch_rel__descriptor);
    rel->rel_type_case = SUBSTRAIT__REL__REL_TYPE_FETCH;
    f->input = t_read("t", "a");
    if (old) {
        f->offset_mode_case = SUBSTRAIT__FETCH_REL__OFFSET_MODE_OFFSET;
        f->offset = offset;
        f->count_mode_case = SUBSTRAIT__FETCH_REL__COUNT_MODE_COUNT;
        f->count = count;
    } else {
        if (offset) {
            f->offset_mode_case = SUBSTRAIT__FETCH_REL__OFFSET_MODE_OFFSET_EXPR;
            f->offset_expr = t_number(offset);
        }
        if (count >= 0) {
            f->count_mode_case = SUBSTRAIT__FETCH_REL__COUNT_MODE_COUNT_EXPR;
            f->count_expr = t_number(count);
        }
    }
    return rel;
}

T_CASE(old_and_new_limits_are_one) {
    t_pool_used = 0;
    T_EQ_STR(t_digest(t_plan(fetch(0, 5, true), "a")), t_digest(t_plan(fetch(0, 5, false), "a")));
    T_EQ_STR(t_digest(t_plan(fetch(2, -1, true), "a")), t_digest(t_plan(fetch(2, -1, false), "a")));
    pni_rel *explicit = fetch(2, 5, false);
    explicit->fetch->offset_expr = t_number(0);
    T_EQ_STR(t_digest(t_plan(explicit, "a")), t_digest(t_plan(fetch(0, 5, false), "a")));
    T_ASSERT(strcmp(t_digest(t_plan(fetch(0, 5, true), "a")),
                    t_digest(t_plan(fetch(0, 6, true), "a"))) != 0);
}

/* group by a, b: as references, as the repeated expressions of old readers, or as both. */
static Substrait__Plan *grouped(bool references, bool repeated) {
    pni_rel *rel = t_node(&substrait__rel__descriptor);
    Substrait__AggregateRel *a = rel->aggregate = t_node(&substrait__aggregate_rel__descriptor);
    Substrait__AggregateRel__Grouping *g = t_node(&substrait__aggregate_rel__grouping__descriptor);
    rel->rel_type_case = SUBSTRAIT__REL__REL_TYPE_AGGREGATE;
    a->input = t_read("t", "a b");
    T_PUSH(a->groupings, a->n_groupings, g);
    for (int32_t i = 0; i < 2; i++) {
        if (references) {
            T_PUSH(a->grouping_expressions, a->n_grouping_expressions, t_field(i));
            T_PUSH(g->expression_references, g->n_expression_references, (uint32_t)i);
        }
        if (repeated) {
            T_PUSH(g->grouping_expressions, g->n_grouping_expressions, t_field(i));
        }
    }
    return t_plan(rel, "a b");
}

T_CASE(three_spellings_of_a_grouping_are_one) {
    t_pool_used = 0;
    const char *digest = t_digest(grouped(true, true));
    T_EQ_STR(t_digest(grouped(true, false)), digest);
    T_EQ_STR(t_digest(grouped(false, true)), digest);
}

T_CASE(a_grouping_reference_must_exist) {
    t_pool_used = 0;
    Substrait__Plan *plan = grouped(true, false);
    plan->relations[0]->root->input->aggregate->groupings[0]->expression_references[0] = 2;
    refused(plan, PN_CORRUPT, PNI_E_SUBSTRAIT_FIELD);
}

T_CASE(writes_files_and_references_are_refused) {
    t_pool_used = 0;
    Substrait__Plan *plan = simple();
    pni_rel *rel = plan->relations[0]->root->input;
    rel->rel_type_case = SUBSTRAIT__REL__REL_TYPE_WRITE;
    rel->write = t_node(&substrait__write_rel__descriptor);
    refused(plan, PN_UNSUPPORTED, PNI_E_SUBSTRAIT_RELATION);
    rel->rel_type_case = SUBSTRAIT__REL__REL_TYPE_DDL;
    rel->ddl = t_node(&substrait__ddl_rel__descriptor);
    refused(plan, PN_UNSUPPORTED, PNI_E_SUBSTRAIT_RELATION);
    rel->rel_type_case = SUBSTRAIT__REL__REL_TYPE_UPDATE;
    rel->update = t_node(&substrait__update_rel__descriptor);
    refused(plan, PN_UNSUPPORTED, PNI_E_SUBSTRAIT_RELATION);
    rel->rel_type_case = SUBSTRAIT__REL__REL_TYPE_REFERENCE;
    rel->reference = t_node(&substrait__reference_rel__descriptor);
    refused(plan, PN_UNSUPPORTED, PNI_E_SUBSTRAIT_RELATION);
    plan = simple();
    Substrait__ReadRel *read = plan->relations[0]->root->input->filter->input->read;
    read->read_type_case = SUBSTRAIT__READ_REL__READ_TYPE_LOCAL_FILES;
    read->local_files = t_node(&substrait__read_rel__local_files__descriptor);
    refused(plan, PN_UNSUPPORTED, PNI_E_SUBSTRAIT_RELATION);
    read->read_type_case = SUBSTRAIT__READ_REL__READ_TYPE_ICEBERG_TABLE;
    read->iceberg_table = t_node(&substrait__read_rel__iceberg_table__descriptor);
    refused(plan, PN_UNSUPPORTED, PNI_E_SUBSTRAIT_RELATION);
}

T_CASE(only_our_extensions_pass) {
    t_pool_used = 0;
    pn_error err = PN_ERROR_INIT;
    PNI_AUTO_PTR(pn_substrait) decoded = NULL;
    refused(t_plan(t_extension(t_read("t", "a"), "acme.Sample", "x"), "a"), PN_UNSUPPORTED,
            PNI_E_SUBSTRAIT_EXTENSION);
    T_OK(t_decode(t_plan(t_extension(t_read("t", "a"), "pinion:unnest", "x"), "a"), &decoded, &err),
         &err);
    Substrait__Plan *plan = simple();
    Substrait__Extensions__AdvancedExtension *extension =
        t_node(&substrait__extensions__advanced_extension__descriptor);
    plan->relations[0]->root->input->filter->advanced_extension = extension;
    T_PUSH(extension->optimization, extension->n_optimization,
           t_node(&google__protobuf__any__descriptor));
    T_EQ_STR(t_digest(plan), t_digest(simple()));
    extension->enhancement = t_node(&google__protobuf__any__descriptor);
    refused(plan, PN_UNSUPPORTED, PNI_E_SUBSTRAIT_EXTENSION);
}

T_CASE(a_plan_is_one_tree) {
    t_pool_used = 0;
    Substrait__Plan *plan = simple();
    plan->n_relations = 0;
    refused(plan, PN_CORRUPT, PNI_E_SUBSTRAIT_SHAPE);
    plan = simple();
    plan->relations[0]->root->input = NULL;
    refused(plan, PN_CORRUPT, PNI_E_SUBSTRAIT_SHAPE);
    plan = simple();
    plan->relations[0]->root->input->filter->input->rel_type_case = 0;
    refused(plan, PN_CORRUPT, PNI_E_SUBSTRAIT_SHAPE);
}
