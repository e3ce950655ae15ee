/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The first pass of the canonical form: refuses what a query over named tables does not need, and
 * takes out what is representation only. One walk, parents first: each rule looks at one kind of
 * message before the walk goes on below it, so what a rule drops is not visited and what it makes
 * is. The rules are in canon_rel.c and canon_expr.c; README.md lists them with their reasons.
 *
 * Dropped here, because by Substrait's own words it may not change the result: hints,
 * optimisations, version and producer, expected type URLs, an emit that says "direct".
 */
#include "substrait/canon.h"

#include <stdlib.h>

typedef struct rule {
    const ProtobufCMessageDescriptor *desc;
    pn_status (*apply)(pni_arena *arena, ProtobufCMessage *msg, pn_error *err);
} rule;

/* Substrait's version of the canonical form; it changes together with PNI_FORMAT_CANON only. */
enum { VERSION_MAJOR = 0, VERSION_MINOR = 85, VERSION_PATCH = 0 };

pn_status pni_canon_detail(const Google__Protobuf__Any *detail, const char *what, pn_error *err) {
    char shown[72];
    const char *url = detail && detail->type_url ? detail->type_url : "";
    if (pni_starts_with(url, "pinion.") || pni_starts_with(url, "pinion:")) {
        return PN_OK;
    }
    return pni_fail(err, PNI_E_SUBSTRAIT_EXTENSION, "%s of type '%s' is unknown", what,
                    pni_name_short(url, shown));
}

/* Whether anything is left that could change the result. */
static bool clean_extension(Substrait__Extensions__AdvancedExtension *extension) {
    extension->n_optimization = 0;
    extension->optimization = NULL;
    return extension->enhancement != NULL;
}

void pni_canon_common(ProtobufCMessage *body, const ProtobufCFieldDescriptor *field) {
    Substrait__RelCommon *common = (void *)pni_field_child(body, field, 0);
    common->hint = NULL;
    if (common->emit_kind_case == SUBSTRAIT__REL_COMMON__EMIT_KIND_DIRECT) {
        common->emit_kind_case = SUBSTRAIT__REL_COMMON__EMIT_KIND__NOT_SET;
        common->direct = NULL;
    }
    if (common->advanced_extension && !clean_extension(common->advanced_extension)) {
        common->advanced_extension = NULL;
    }
    if (common->emit_kind_case == SUBSTRAIT__REL_COMMON__EMIT_KIND__NOT_SET &&
        !common->advanced_extension) {
        pni_field_clear(body, field);
    }
}

/* A further step of a reference or a mask that says not where to. */
static bool is_empty_step(const ProtobufCMessage *msg, const ProtobufCFieldDescriptor *field) {
    const ProtobufCMessage *step = pni_field_child(msg, field, 0);
    if (field->flags & PROTOBUF_C_FIELD_FLAG_ONEOF) {
        return false;
    }
    if (field->descriptor == &substrait__expression__reference_segment__descriptor) {
        return ((const Substrait__Expression__ReferenceSegment *)(const void *)step)
                   ->reference_type_case ==
               SUBSTRAIT__EXPRESSION__REFERENCE_SEGMENT__REFERENCE_TYPE__NOT_SET;
    }
    return field->descriptor == &substrait__expression__mask_expression__select__descriptor &&
           ((const Substrait__Expression__MaskExpression__Select *)(const void *)step)->type_case ==
               SUBSTRAIT__EXPRESSION__MASK_EXPRESSION__SELECT__TYPE__NOT_SET;
}

static pn_status clean_fields(ProtobufCMessage *msg, pn_error *err) {
    const ProtobufCMessageDescriptor *desc = msg->descriptor;
    for (unsigned f = 0; f < desc->n_fields; f++) {
        const ProtobufCFieldDescriptor *field = &desc->fields[f];
        if (field->type != PROTOBUF_C_TYPE_MESSAGE || field->label == PROTOBUF_C_LABEL_REPEATED ||
            !pni_field_count(msg, field)) {
            continue;
        }
        if (field->descriptor == &substrait__extensions__advanced_extension__descriptor) {
            Substrait__Extensions__AdvancedExtension *extension;
            extension = (void *)pni_field_child(msg, field, 0);
            if (clean_extension(extension)) {
                PNI_TRY(pni_canon_detail(extension->enhancement, "an enhancement", err));
            } else {
                pni_field_clear(msg, field);
            }
        } else if (field->descriptor == &substrait__rel_common__descriptor) {
            pni_canon_common(msg, field);
        } else if (is_empty_step(msg, field)) {
            pni_field_clear(msg, field);
        }
    }
    return PN_OK;
}

static const rule rules[] = {
    {&substrait__rel__descriptor, pni_canon_rel},
    {&substrait__read_rel__descriptor, pni_canon_read},
    {&substrait__fetch_rel__descriptor, pni_canon_fetch},
    {&substrait__aggregate_rel__descriptor, pni_canon_aggregate},
    {&substrait__hash_join_rel__descriptor, pni_canon_hash_join},
    {&substrait__merge_join_rel__descriptor, pni_canon_merge_join},
    {&substrait__extension_single_rel__descriptor, pni_canon_single},
    {&substrait__extension_multi_rel__descriptor, pni_canon_multi},
    {&substrait__extension_leaf_rel__descriptor, pni_canon_leaf},
    {&substrait__expression__descriptor, pni_canon_expression},
    {&substrait__expression__literal__descriptor, pni_canon_literal},
    {&substrait__type__descriptor, pni_canon_type},
    {&substrait__named_struct__descriptor, pni_canon_schema},
    {&substrait__expression__field_reference__descriptor, pni_canon_reference},
    {&substrait__expression__scalar_function__descriptor, pni_canon_scalar},
    {&substrait__aggregate_function__descriptor, pni_canon_measure},
    {&substrait__expression__window_function__descriptor, pni_canon_window},
    {&substrait__consistent_partition_window_rel__window_rel_function__descriptor,
     pni_canon_window_rel},
};

static pn_status visit(void *ctx, pni_node *node, pn_error *err) {
    PNI_TRY(clean_fields(node->msg, err));
    for (size_t i = 0; i < sizeof rules / sizeof *rules; i++) {
        if (rules[i].desc == node->msg->descriptor) {
            return rules[i].apply(ctx, node->msg, err);
        }
    }
    return PN_OK;
}

/* ---- the plan ----------------------------------------------------------------------------- */

static pn_status check_shape(const Substrait__Plan *plan, pn_error *err) {
    if (plan->n_relations != 1) {
        return pni_fail(err, PNI_E_SUBSTRAIT_SHAPE, "the Substrait plan has %zu trees, not one",
                        plan->n_relations);
    }
    const Substrait__PlanRel *tree = plan->relations[0];
    const Substrait__Rel *root = NULL;
    if (tree->rel_type_case == SUBSTRAIT__PLAN_REL__REL_TYPE_ROOT) {
        root = tree->root->input;
    } else if (tree->rel_type_case == SUBSTRAIT__PLAN_REL__REL_TYPE_REL) {
        root = tree->rel;
    }
    if (!root) {
        return pni_fail(err, PNI_E_SUBSTRAIT_SHAPE, "the Substrait plan holds no relation");
    }
    return PN_OK;
}

static int cmp_bindings(const void *a, const void *b) {
    uint32_t left = (*(Substrait__DynamicParameterBinding *const *)a)->parameter_anchor;
    uint32_t right = (*(Substrait__DynamicParameterBinding *const *)b)->parameter_anchor;
    return (left > right) - (left < right);
}

static pn_status sort_bindings(Substrait__Plan *plan, pn_error *err) {
    size_t n = plan->n_parameter_bindings;
    if (n > 1) {
        qsort(plan->parameter_bindings, n, sizeof *plan->parameter_bindings, cmp_bindings);
    }
    for (size_t i = 1; i < n; i++) {
        if (cmp_bindings(&plan->parameter_bindings[i - 1], &plan->parameter_bindings[i]) == 0) {
            return pni_fail(err, PNI_E_SUBSTRAIT_ANCHOR, "parameter %u is bound twice",
                            plan->parameter_bindings[i]->parameter_anchor);
        }
    }
    return PN_OK;
}

pn_status pni_canon_normalise(Substrait__Plan *plan, pni_arena *arena, pn_error *err) {
    PNI_TRY(check_shape(plan, err));
    PNI_TRY(sort_bindings(plan, err));
    plan->n_expected_type_urls = 0;
    plan->expected_type_urls = NULL;
    plan->version = pni_pb_new(arena, &substrait__version__descriptor);
    plan->version->major_number = VERSION_MAJOR;
    plan->version->minor_number = VERSION_MINOR;
    plan->version->patch_number = VERSION_PATCH;
    PNI_TRY(pni_tree_walk(&plan->base, visit, arena, err));
    return pni_canon_fold(plan, arena, err);
}
