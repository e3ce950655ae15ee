/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The first pass of the canonical form: refuses what a query over named tables does not need, and
 * takes out what is representation only. One walk; each rule looks at one kind of message before
 * the walk goes on below it, so what a rule drops is not visited.
 *
 * Dropped, because by Substrait's own words it may not change the result: hints, optimisations,
 * best-effort filters, version and producer, expected type URLs, an emit that says "direct".
 * Folded, because two spellings mean one thing: old offset and count, repeated grouping
 * expressions, "all" and no invocation, no root and the root of a field reference.
 */
#include "substrait/substrait_priv.h"

#include <stdlib.h>

typedef struct canon {
    pni_arena *arena;
} canon;

typedef pn_status (*rule_fn)(canon *c, ProtobufCMessage *msg, pn_error *err);

typedef struct rule {
    const ProtobufCMessageDescriptor *desc;
    rule_fn apply;
} rule;

/* Substrait's version of the canonical form; it changes together with PNI_FORMAT_CANON only. */
enum { VERSION_MAJOR = 0, VERSION_MINOR = 63, VERSION_PATCH = 0 };
/* Larger grouping expressions are not compared with each other. */
enum { GROUPING_NODES_MAX = 4096 };

static pn_status check_detail(const Google__Protobuf__Any *detail, const char *what,
                              pn_error *err) {
    char shown[72];
    const char *url = detail && detail->type_url ? detail->type_url : "";
    if (pni_starts_with(url, "pinion.") || pni_starts_with(url, "pinion:")) {
        return PN_OK;
    }
    return pni_fail(err, PNI_E_SUBSTRAIT_EXTENSION, "%s of type '%s' is unknown", what,
                    pni_name_short(url, shown));
}

/* Clears the field when nothing is left in it that could change the result. */
static pn_status clean_advanced(ProtobufCMessage *msg, const ProtobufCFieldDescriptor *field,
                                pn_error *err) {
    Substrait__Extensions__AdvancedExtension *extension;
    extension = (void *)pni_field_child(msg, field, 0);
    extension->n_optimization = 0;
    extension->optimization = NULL;
    if (!extension->enhancement) {
        pni_field_clear(msg, field);
        return PN_OK;
    }
    return check_detail(extension->enhancement, "an enhancement", err);
}

static void clean_common(ProtobufCMessage *msg, const ProtobufCFieldDescriptor *field) {
    Substrait__RelCommon *common = (void *)pni_field_child(msg, field, 0);
    common->hint = NULL;
    if (common->emit_kind_case == SUBSTRAIT__REL_COMMON__EMIT_KIND_DIRECT) {
        common->emit_kind_case = SUBSTRAIT__REL_COMMON__EMIT_KIND__NOT_SET;
        common->direct = NULL;
    }
    bool extended = common->advanced_extension && (common->advanced_extension->enhancement ||
                                                   common->advanced_extension->n_optimization > 0);
    if (common->emit_kind_case == SUBSTRAIT__REL_COMMON__EMIT_KIND__NOT_SET && !extended) {
        pni_field_clear(msg, field);
    }
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
            PNI_TRY(clean_advanced(msg, field, err));
        } else if (field->descriptor == &substrait__rel_common__descriptor) {
            clean_common(msg, field);
        }
    }
    return PN_OK;
}

/* ---- relations ---------------------------------------------------------------------------- */

static pn_status refuse(const char *what, pn_error *err) {
    return pni_fail(err, PNI_E_SUBSTRAIT_RELATION, "the Substrait plan holds %s", what);
}

static pn_status canon_rel(canon *c, ProtobufCMessage *msg, pn_error *err) {
    const Substrait__Rel *rel = (void *)msg;
    (void)c;
    if (rel->rel_type_case == SUBSTRAIT__REL__REL_TYPE_WRITE) {
        return refuse("a write", err);
    }
    if (rel->rel_type_case == SUBSTRAIT__REL__REL_TYPE_DDL) {
        return refuse("a DDL statement", err);
    }
    if (rel->rel_type_case == SUBSTRAIT__REL__REL_TYPE_UPDATE) {
        return refuse("an update", err);
    }
    if (rel->rel_type_case == SUBSTRAIT__REL__REL_TYPE_REFERENCE) {
        return refuse("a reference to another tree", err);
    }
    if (rel->rel_type_case == SUBSTRAIT__REL__REL_TYPE__NOT_SET) {
        return pni_fail(err, PNI_E_SUBSTRAIT_SHAPE, "a relation of the Substrait plan is empty");
    }
    return PN_OK;
}

static bool one_of(const char *text, const char *const *list) {
    for (; *list; list++) {
        if (pni_streq(text, *list)) {
            return true;
        }
    }
    return false;
}

/* The catalogs a plan of ours may come from name the same tables; other qualifiers mean others. */
static void strip_qualifiers(Substrait__ReadRel__NamedTable *table) {
    static const char *const catalogs[] = {"pinion", "identity", "run", "datafusion", NULL};
    static const char *const schemas[] = {"main", "public", NULL};
    size_t n = table->n_names;
    bool ours = (n == 2 && one_of(table->names[0], schemas)) ||
                (n == 3 && one_of(table->names[0], catalogs) && one_of(table->names[1], schemas));
    if (ours) {
        table->names += n - 1;
        table->n_names = 1;
    }
}

static pn_status canon_read(canon *c, ProtobufCMessage *msg, pn_error *err) {
    Substrait__ReadRel *read = (void *)msg;
    read->best_effort_filter = NULL;
    if (read->projection && !read->projection->select) {
        read->projection = NULL;
    }
    switch ((int)read->read_type_case) {
    case SUBSTRAIT__READ_REL__READ_TYPE_NAMED_TABLE:
        strip_qualifiers(read->named_table);
        if (read->named_table->n_names == 0) {
            return pni_fail(err, PNI_E_SUBSTRAIT_SHAPE, "a read names no table");
        }
        return pni_canon_restrict(read, c->arena, err);
    case SUBSTRAIT__READ_REL__READ_TYPE_VIRTUAL_TABLE:
        return PN_OK;
    case SUBSTRAIT__READ_REL__READ_TYPE_EXTENSION_TABLE:
        return check_detail(read->extension_table->detail, "a table", err);
    case SUBSTRAIT__READ_REL__READ_TYPE_LOCAL_FILES:
        return refuse("a read of files", err);
    case SUBSTRAIT__READ_REL__READ_TYPE_ICEBERG_TABLE:
        return refuse("a read of an Iceberg table", err);
    case SUBSTRAIT__READ_REL__READ_TYPE__NOT_SET:
    default:
        return pni_fail(err, PNI_E_SUBSTRAIT_SHAPE, "a read says not what it reads");
    }
}

static pn_status canon_single(canon *c, ProtobufCMessage *msg, pn_error *err) {
    (void)c;
    return check_detail(((Substrait__ExtensionSingleRel *)(void *)msg)->detail, "a relation", err);
}

static pn_status canon_multi(canon *c, ProtobufCMessage *msg, pn_error *err) {
    (void)c;
    return check_detail(((Substrait__ExtensionMultiRel *)(void *)msg)->detail, "a relation", err);
}

static pn_status canon_leaf(canon *c, ProtobufCMessage *msg, pn_error *err) {
    (void)c;
    return check_detail(((Substrait__ExtensionLeafRel *)(void *)msg)->detail, "a relation", err);
}

/* A 64-bit literal, not null; NULL when the value means "as if it were not there". */
static pni_expr *number_literal(canon *c, int64_t value, int64_t absent) {
    if (value == absent) {
        return NULL;
    }
    pni_expr *expr = pni_pb_new(c->arena, &substrait__expression__descriptor);
    expr->rex_type_case = SUBSTRAIT__EXPRESSION__REX_TYPE_LITERAL;
    expr->literal = pni_pb_new(c->arena, &substrait__expression__literal__descriptor);
    expr->literal->literal_type_case = SUBSTRAIT__EXPRESSION__LITERAL__LITERAL_TYPE_I64;
    expr->literal->i64 = value;
    return expr;
}

static pn_status canon_fetch(canon *c, ProtobufCMessage *msg, pn_error *err) {
    Substrait__FetchRel *fetch = (void *)msg;
    (void)err;
    if (fetch->offset_mode_case == SUBSTRAIT__FETCH_REL__OFFSET_MODE_OFFSET) {
        fetch->offset_expr = number_literal(c, fetch->offset, 0);
        fetch->offset_mode_case = fetch->offset_expr ? SUBSTRAIT__FETCH_REL__OFFSET_MODE_OFFSET_EXPR
                                                     : SUBSTRAIT__FETCH_REL__OFFSET_MODE__NOT_SET;
    }
    if (fetch->count_mode_case == SUBSTRAIT__FETCH_REL__COUNT_MODE_COUNT) {
        fetch->count_expr = number_literal(c, fetch->count, -1);
        fetch->count_mode_case = fetch->count_expr ? SUBSTRAIT__FETCH_REL__COUNT_MODE_COUNT_EXPR
                                                   : SUBSTRAIT__FETCH_REL__COUNT_MODE__NOT_SET;
    }
    return PN_OK;
}

/* ---- grouping ----------------------------------------------------------------------------- */

typedef PNI_VEC(pni_expr *) expr_vec;

typedef struct pool {
    expr_vec items;
    pni_map *known; /* digest -> index + 1; NULL: equal expressions stay apart */
} pool;

static pn_status count_below(void *ctx, pni_node *node, pn_error *err) {
    size_t *count = ctx;
    (void)err;
    node->skip = ++*count > GROUPING_NODES_MAX;
    return PN_OK;
}

/* Digest of a small expression; false for a large one. */
static bool digest_of(pni_expr *expr, char hex[PNI_SHA256_HEX]) {
    PNI_AUTO(pn_buf) bytes = PN_BUF_INIT;
    size_t count = 0;
    pn_status status = pni_tree_walk(&expr->base, count_below, &count, NULL);
    if (status != PN_OK || count > GROUPING_NODES_MAX) {
        return false;
    }
    pni_pb_encode(&expr->base, &bytes);
    pni_sha256_hex(bytes.data, bytes.len, hex);
    return true;
}

static uint32_t pool_add(pool *p, pni_expr *expr) {
    char hex[PNI_SHA256_HEX];
    bool small = p->known && digest_of(expr, hex);
    if (small && pni_map_has(p->known, hex)) {
        return (uint32_t)(uintptr_t)pni_map_get(p->known, hex) - 1;
    }
    pni_vec_push(&p->items, expr);
    if (small) {
        pni_map_put(p->known, hex, (void *)(uintptr_t)p->items.count);
    }
    return (uint32_t)(p->items.count - 1);
}

/* References win over the repeated expressions that older readers want, as Substrait says. */
static pn_status canon_grouping(canon *c, const Substrait__AggregateRel *rel, pool *p,
                                Substrait__AggregateRel__Grouping *grouping, uint32_t *moved,
                                pn_error *err) {
    size_t n = grouping->n_expression_references;
    uint32_t *refs = grouping->expression_references;
    if (n == 0) {
        n = grouping->n_grouping_expressions;
        refs = pni_arena_alloc(c->arena, n * sizeof *refs + 1);
        for (size_t i = 0; i < n; i++) {
            refs[i] = pool_add(p, grouping->grouping_expressions[i]);
        }
    } else {
        for (size_t i = 0; i < n; i++) {
            if (refs[i] >= rel->n_grouping_expressions) {
                return pni_fail(err, PNI_E_SUBSTRAIT_FIELD,
                                "a grouping refers to expression %u of %zu", refs[i],
                                rel->n_grouping_expressions);
            }
            uint32_t *to = &moved[refs[i]];
            *to = *to ? *to : pool_add(p, rel->grouping_expressions[refs[i]]) + 1;
            refs[i] = *to - 1;
        }
    }
    grouping->n_expression_references = n;
    grouping->expression_references = refs;
    grouping->n_grouping_expressions = 0;
    grouping->grouping_expressions = NULL;
    return PN_OK;
}

/*
 * Grouping expressions stand in the order of their first reference. Only between several sets equal
 * ones are made one: within a single set, a repeated expression is a column of the result each
 * time.
 */
static pn_status canon_aggregate(canon *c, ProtobufCMessage *msg, pn_error *err) {
    Substrait__AggregateRel *rel = (void *)msg;
    PNI_AUTO_PTR(pni_map) known = rel->n_groupings > 1 ? pni_map_new() : NULL;
    pool p = {.known = known};
    uint32_t *moved = pni_calloc(rel->n_grouping_expressions + 1, sizeof *moved);
    pn_status status = PN_OK;
    for (size_t i = 0; status == PN_OK && i < rel->n_groupings; i++) {
        status = canon_grouping(c, rel, &p, rel->groupings[i], moved, err);
    }
    if (status == PN_OK && rel->n_groupings > 0) {
        size_t bytes = p.items.count * sizeof *p.items.items;
        rel->n_grouping_expressions = p.items.count;
        rel->grouping_expressions = pni_arena_alloc(c->arena, bytes + 1);
        if (bytes) {
            memcpy(rel->grouping_expressions, p.items.items, bytes);
        }
    }
    pni_free(moved);
    pni_vec_dispose(&p.items);
    return status;
}

/* ---- expressions -------------------------------------------------------------------------- */

static pn_status canon_reference(canon *c, ProtobufCMessage *msg, pn_error *err) {
    Substrait__Expression__FieldReference *reference = (void *)msg;
    (void)err;
    if (reference->root_type_case == SUBSTRAIT__EXPRESSION__FIELD_REFERENCE__ROOT_TYPE__NOT_SET) {
        reference->root_type_case =
            SUBSTRAIT__EXPRESSION__FIELD_REFERENCE__ROOT_TYPE_ROOT_REFERENCE;
        reference->root_reference = pni_pb_new(
            c->arena, &substrait__expression__field_reference__root_reference__descriptor);
    }
    return PN_OK;
}

static void canon_invocation(Substrait__AggregateFunction__AggregationInvocation *invocation) {
    if (*invocation == PNI_INVOCATION(ALL)) {
        *invocation = PNI_INVOCATION(UNSPECIFIED);
    }
}

static pn_status canon_measure(canon *c, ProtobufCMessage *msg, pn_error *err) {
    (void)c;
    (void)err;
    canon_invocation(&((Substrait__AggregateFunction *)(void *)msg)->invocation);
    return PN_OK;
}

static pn_status canon_window(canon *c, ProtobufCMessage *msg, pn_error *err) {
    (void)c;
    (void)err;
    canon_invocation(&((Substrait__Expression__WindowFunction *)(void *)msg)->invocation);
    return PN_OK;
}

static const rule rules[] = {
    {&substrait__rel__descriptor, canon_rel},
    {&substrait__read_rel__descriptor, canon_read},
    {&substrait__fetch_rel__descriptor, canon_fetch},
    {&substrait__aggregate_rel__descriptor, canon_aggregate},
    {&substrait__extension_single_rel__descriptor, canon_single},
    {&substrait__extension_multi_rel__descriptor, canon_multi},
    {&substrait__extension_leaf_rel__descriptor, canon_leaf},
    {&substrait__expression__field_reference__descriptor, canon_reference},
    {&substrait__aggregate_function__descriptor, canon_measure},
    {&substrait__expression__window_function__descriptor, canon_window},
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
    canon c = {.arena = arena};
    PNI_TRY(check_shape(plan, err));
    PNI_TRY(sort_bindings(plan, err));
    plan->n_expected_type_urls = 0;
    plan->expected_type_urls = NULL;
    plan->version = pni_pb_new(arena, &substrait__version__descriptor);
    plan->version->major_number = VERSION_MAJOR;
    plan->version->minor_number = VERSION_MINOR;
    plan->version->patch_number = VERSION_PATCH;
    return pni_tree_walk(&plan->base, visit, &c, err);
}
