/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The plan as a value: decode, make canonical, encode, digest; then read off what callers ask for
 * most. All of it happens once, in pn_substrait_decode(); afterwards nothing changes, so a plan may
 * be shared between threads. Since scans are restricted by then, the schema of a read is the list
 * of columns read. The canonical bytes are both what is digested and what is replayed: there is no
 * second form that could say something else.
 */
#include "substrait/substrait_priv.h"

#include <stdlib.h>

enum { RECURSIONS_MAX = 64 };

/* A recursive query around a relation of its step. */
typedef struct recursion {
    const char *name;
    const struct recursion *outer;
    unsigned depth;
} recursion;

typedef struct description {
    pn_substrait *plan;
    pni_map *tables; /* name -> pni_map of columns */
    pni_map *scans;  /* name -> number of scans, as a pointer */
    size_t relations;
    size_t reads;
    PNI_VEC(const Substrait__ReadRel *) work_reads;
    PNI_VEC(const char *) calls; /* table functions */
    bool plain;                  /* reads, filters and projections only */
    bool recursive;              /* holds a relation that runs its input again and again */
} description;

const char *pni_substrait_table_name(pni_arena *arena, const Substrait__ReadRel *read) {
    const Substrait__ReadRel__NamedTable *table = read->named_table;
    PNI_AUTO(pn_buf) name = PN_BUF_INIT;
    for (size_t i = 0; i < table->n_names; i++) {
        pni_buf_puts(&name, i ? "." : "");
        pni_buf_puts(&name, table->names[i]);
    }
    return pni_arena_strndup(arena, pni_buf_text(&name), name.len);
}

bool pni_rel_is_recursion(const Substrait__ExtensionMultiRel *rel) {
    return rel->n_inputs == 2 && pni_streq(rel->detail->type_url, "pinion:recursion");
}

bool pni_aggregate_numbers_sets(const Substrait__AggregateRel *rel) {
    const Substrait__Extensions__AdvancedExtension *extension = rel->advanced_extension;
    return rel->n_groupings > 1 ||
           (extension && extension->enhancement &&
            pni_streq(extension->enhancement->type_url, "pinion:grouping_set"));
}

static pn_status open_recursion(description *d, pni_node *node, pn_error *err) {
    const Substrait__ExtensionMultiRel *rel = (const void *)node->msg;
    PNI_AUTO_PTR(json_t) detail = NULL;
    recursion *inner = pni_arena_alloc(d->plan->arena, sizeof *inner);
    if (!pni_rel_is_recursion(rel)) {
        return PN_OK;
    }
    PNI_TRY(pni_json_parse(rel->detail->value.data, rel->detail->value.len,
                           "the detail of a recursive query", &detail, err));
    inner->outer = node->scope;
    inner->depth = inner->outer ? inner->outer->depth + 1 : 1;
    const char *name = pni_json_text(detail, "name");
    if (!name) {
        return pni_fail(err, PNI_E_SUBSTRAIT_SHAPE, "a recursive query has no name");
    }
    if (inner->depth > RECURSIONS_MAX) {
        return pni_fail(err, PNI_E_SUBSTRAIT_LIMIT, "more than %d recursive queries in each other",
                        (int)RECURSIONS_MAX);
    }
    inner->name = pni_arena_strdup(d->plan->arena, name);
    node->step_scope = inner;
    return PN_OK;
}

static bool reads_itself(const recursion *around, const char *table) {
    while (around && !pni_streq(around->name, table)) {
        around = around->outer;
    }
    return around != NULL;
}

static void note_read(description *d, const Substrait__ReadRel *read, const recursion *around) {
    d->reads++;
    if (read->read_type_case != SUBSTRAIT__READ_REL__READ_TYPE_NAMED_TABLE) {
        d->plain = false;
        return;
    }
    const char *name = pni_substrait_table_name(d->plan->arena, read);
    if (reads_itself(around, name)) {
        pni_vec_push(&d->work_reads, read);
        return;
    }
    pni_map *columns = pni_map_get(d->tables, name);
    pni_map_put(d->scans, name, (void *)((uintptr_t)pni_map_get(d->scans, name) + 1));
    if (!columns) {
        columns = pni_map_new();
        pni_map_put(d->tables, name, columns);
    }
    const Substrait__NamedStruct *schema = read->base_schema;
    size_t at = 0;
    for (size_t i = 0; i < schema->struct_->n_types; i++) {
        char *column = schema->names[at];
        if (!pni_map_has(columns, column)) {
            pni_map_put(columns, column, column);
        }
        at += 1 + pni_type_nested_names(schema->struct_->types[i]);
    }
}

static void note_rel(description *d, const Substrait__Rel *rel, const recursion *around) {
    d->relations++;
    if (rel->rel_type_case == SUBSTRAIT__REL__REL_TYPE_READ) {
        note_read(d, rel->read, around);
    } else if (rel->rel_type_case != SUBSTRAIT__REL__REL_TYPE_FILTER &&
               rel->rel_type_case != SUBSTRAIT__REL__REL_TYPE_PROJECT) {
        d->plain = false;
    }
    d->recursive = d->recursive || rel->rel_type_case == SUBSTRAIT__REL__REL_TYPE_EXTENSION_MULTI;
}

/* A table function of a pack is a function the plan calls; it says what version it reads. */
static pn_status note_call(description *d, const Substrait__ExtensionSingleRel *rel,
                           pn_error *err) {
    PNI_AUTO_PTR(json_t) detail = NULL;
    if (!rel->detail || !pni_streq(rel->detail->type_url, "pinion:table_function")) {
        return PN_OK;
    }
    PNI_TRY(pni_json_parse(rel->detail->value.data, rel->detail->value.len,
                           "the detail of a table function", &detail, err));
    const char *name = pni_json_text(detail, "function");
    if (!name) {
        return pni_fail(err, PNI_E_SUBSTRAIT_SHAPE, "a table function has no name");
    }
    const json_t *version = json_object_get(detail, "version");
    if (version) { /* else it is the engine's own, and covered by the engine's version */
        const char *kept = pni_arena_strdup(d->plan->arena, name);
        pni_vec_push(&d->calls, kept);
        d->plan->unpinned = json_is_null(version) ? kept : d->plan->unpinned;
    }
    return PN_OK;
}

static pn_status visit(void *ctx, pni_node *node, pn_error *err) {
    description *d = ctx;
    if (node->msg->descriptor == &substrait__extension_single_rel__descriptor) {
        return note_call(d, (const void *)node->msg, err);
    }
    if (node->msg->descriptor == &substrait__extension_multi_rel__descriptor) {
        return open_recursion(d, node, err);
    }
    if (node->msg->descriptor == &substrait__rel__descriptor) {
        note_rel(d, (const Substrait__Rel *)(const void *)node->msg, node->scope);
    } else if (node->msg->descriptor == &substrait__expression__descriptor) {
        const pni_expr *expr = (const void *)node->msg;
        d->plan->n_nodes++;
        d->plain = d->plain &&
                   expr->rex_type_case != SUBSTRAIT__EXPRESSION__REX_TYPE_WINDOW_FUNCTION &&
                   expr->rex_type_case != SUBSTRAIT__EXPRESSION__REX_TYPE_SUBQUERY;
    }
    return PN_OK;
}

static void free_columns(pni_map *tables) {
    for (size_t i = 0; i < pni_map_count(tables); i++) {
        pni_map_free(pni_map_value_at(tables, i));
    }
    pni_map_free(tables);
}

static void list_tables(pn_substrait *plan, const description *d) {
    const pni_map *tables = d->tables;
    const char **names = pni_map_sorted_keys(tables);
    plan->n_tables = pni_map_count(tables);
    plan->tables = pni_arena_alloc(plan->arena, (plan->n_tables + 1) * sizeof *plan->tables);
    for (size_t i = 0; i < plan->n_tables; i++) {
        const pni_map *columns = pni_map_get(tables, names[i]);
        pni_table_use *use = &plan->tables[i];
        use->name = pni_arena_strdup(plan->arena, names[i]);
        use->n_scans = (size_t)(uintptr_t)pni_map_get(d->scans, names[i]) << (d->recursive ? 1 : 0);
        use->n_columns = pni_map_count(columns);
        use->columns = pni_arena_alloc(plan->arena, (use->n_columns + 1) * sizeof *use->columns);
        for (size_t c = 0; c < use->n_columns; c++) {
            use->columns[c] = pni_map_value_at(columns, c); /* lies in the tree */
        }
    }
    pni_free(names);
}

static int cmp_addresses(const void *a, const void *b) {
    uintptr_t left = (uintptr_t) * (const Substrait__ReadRel *const *)a;
    uintptr_t right = (uintptr_t) * (const Substrait__ReadRel *const *)b;
    return (left > right) - (left < right);
}

/* Sorted to be looked up; never listed, so nothing depends on addresses. */
static void list_work_reads(pn_substrait *plan, const description *d) {
    size_t n = d->work_reads.count;
    plan->n_work_reads = n;
    plan->work_reads = pni_arena_alloc(plan->arena, (n + 1) * sizeof *plan->work_reads);
    for (size_t i = 0; i < n; i++) {
        plan->work_reads[i] = d->work_reads.items[i];
    }
    qsort(plan->work_reads, n, sizeof *plan->work_reads, cmp_addresses);
}

bool pni_substrait_is_work_table(const pn_substrait *plan, const Substrait__ReadRel *read) {
    return bsearch(&read, plan->work_reads, plan->n_work_reads, sizeof *plan->work_reads,
                   cmp_addresses) != NULL;
}

bool pni_declares_function(const Substrait__Extensions__SimpleExtensionDeclaration *extension) {
    return extension->mapping_type_case ==
           SUBSTRAIT__EXTENSIONS__SIMPLE_EXTENSION_DECLARATION__MAPPING_TYPE_EXTENSION_FUNCTION;
}

static void list_functions(pn_substrait *plan, const description *d) {
    const Substrait__Plan *tree = plan->plan;
    size_t room = tree->n_extensions + d->calls.count + 1;
    plan->functions_by_anchor = pni_arena_alloc(plan->arena, room * sizeof(char *));
    plan->functions = pni_arena_alloc(plan->arena, room * sizeof(char *));
    for (size_t i = 0; i < tree->n_extensions; i++) {
        if (pni_declares_function(tree->extensions[i])) {
            const char *name = tree->extensions[i]->extension_function->name;
            plan->functions_by_anchor[plan->n_anchors] = name;
            plan->functions[plan->n_anchors++] = name;
        }
    }
    size_t n = plan->n_anchors;
    for (size_t i = 0; i < d->calls.count; i++) {
        plan->functions[n++] = d->calls.items[i];
    }
    qsort(plan->functions, n, sizeof *plan->functions, pni_cmp_text);
    for (size_t i = 0; i < n; i++) { /* one name may come from two URNs */
        if (i == 0 || !pni_streq(plan->functions[i], plan->functions[plan->n_functions - 1])) {
            plan->functions[plan->n_functions++] = plan->functions[i];
        }
    }
}

static pn_status describe(pn_substrait *plan, pn_error *err) {
    description d = {.plan = plan, .tables = pni_map_new(), .scans = pni_map_new(), .plain = true};
    pn_status status = pni_tree_walk(&plan->plan->relations[0]->base, visit, &d, err);
    if (status == PN_OK) {
        plan->n_nodes += d.relations;
        plan->is_projection = d.plain && d.reads == 1;
        list_tables(plan, &d);
        list_functions(plan, &d);
        list_work_reads(plan, &d);
    }
    pni_vec_dispose(&d.work_reads);
    pni_vec_dispose(&d.calls);
    free_columns(d.tables);
    pni_map_free(d.scans);
    return status;
}

static pn_status build(pn_substrait *plan, pn_bytes bytes, const pn_substrait_options *limits,
                       pn_error *err) {
    pni_old_uris old = {0};
    pn_status status = pni_pb_decode(bytes, limits, plan->arena, &old, &plan->plan, err);
    if (status == PN_OK) {
        status = pni_canon_normalise(plan->plan, plan->arena, err);
    }
    if (status == PN_OK) {
        status = pni_canon_number(plan->plan, &old, plan->arena, err);
    }
    pni_vec_dispose(&old.uris);
    pni_vec_dispose(&old.references);
    if (status != PN_OK) {
        return status;
    }
    pni_pb_encode(&plan->plan->base, &plan->bytes);
    pni_sha256_hex(plan->bytes.data, plan->bytes.len, plan->digest);
    return describe(plan, err);
}

pn_status pn_substrait_decode(pn_bytes bytes, const pn_substrait_options *options,
                              pn_substrait **plan_out, pn_error *err) {
    pn_substrait_options limits;
    if (!plan_out || (!bytes.data && bytes.len)) {
        return pni_fail(err, PNI_E_ARGUMENT,
                        "pn_substrait_decode: bytes and plan_out must not be NULL");
    }
    PNI_TRY(pni_options_copy(&limits, sizeof limits, options, "pn_substrait_options", err));
    limits.max_bytes = limits.max_bytes ? limits.max_bytes : PNI_PLAN_MAX_BYTES;
    limits.max_depth = limits.max_depth ? limits.max_depth : PNI_PLAN_MAX_DEPTH;
    limits.max_nodes = limits.max_nodes ? limits.max_nodes : PNI_PLAN_MAX_NODES;
    PNI_AUTO_PTR(pn_substrait) plan = pni_calloc(1, sizeof *plan);
    atomic_init(&plan->refs, 1);
    plan->arena = pni_arena_new();
    if (!bytes.data) {
        bytes.data = (const uint8_t *)"";
    }
    PNI_TRY(build(plan, bytes, &limits, err));
    *plan_out = pni_take(plan);
    return PN_OK;
}

pn_substrait *pn_substrait_ref(const pn_substrait *plan) {
    pn_substrait *shared = (pn_substrait *)(uintptr_t)plan;
    if (shared) {
        atomic_fetch_add(&shared->refs, 1);
    }
    return shared;
}

void pn_substrait_unref(pn_substrait *plan) {
    if (!plan || atomic_fetch_sub(&plan->refs, 1) > 1) {
        return;
    }
    pni_arena_free(plan->arena);
    pn_buf_dispose(&plan->bytes);
    pni_free(plan);
}

pn_bytes pn_substrait_bytes(const pn_substrait *plan) {
    return plan ? (pn_bytes){plan->bytes.data, plan->bytes.len} : (pn_bytes){NULL, 0};
}

pn_status pn_substrait_encode(const pn_substrait *plan, pn_buf *bytes_out, pn_error *err) {
    if (!plan || !bytes_out) {
        return pni_fail(err, PNI_E_ARGUMENT,
                        "pn_substrait_encode: plan and bytes_out must not be NULL");
    }
    pni_buf_append(bytes_out, plan->bytes.data, plan->bytes.len);
    return PN_OK;
}

pn_status pn_substrait_digest(const pn_substrait *plan, char hex_out[65], pn_error *err) {
    if (!plan || !hex_out) {
        return pni_fail(err, PNI_E_ARGUMENT,
                        "pn_substrait_digest: plan and hex_out must not be NULL");
    }
    memcpy(hex_out, plan->digest, sizeof plan->digest);
    return PN_OK;
}

int pn_substrait_equal(const pn_substrait *left, const pn_substrait *right) {
    if (!left || !right) {
        return left == right;
    }
    return left->bytes.len == right->bytes.len &&
           memcmp(left->bytes.data, right->bytes.data, left->bytes.len) == 0;
}

size_t pn_substrait_node_count(const pn_substrait *plan) {
    return plan ? plan->n_nodes : 0;
}

size_t pn_substrait_table_count(const pn_substrait *plan) {
    return plan ? plan->n_tables : 0;
}

const char *pn_substrait_table_at(const pn_substrait *plan, size_t index) {
    return plan && index < plan->n_tables ? plan->tables[index].name : NULL;
}

size_t pn_substrait_table_scans(const pn_substrait *plan, size_t index) {
    return plan && index < plan->n_tables ? plan->tables[index].n_scans : 0;
}

const char *const *pn_substrait_table_columns(const pn_substrait *plan, size_t index,
                                              size_t *count_out) {
    bool known = plan && index < plan->n_tables;
    if (count_out) {
        *count_out = known ? plan->tables[index].n_columns : 0;
    }
    return known && plan->tables[index].n_columns ? plan->tables[index].columns : NULL;
}

const char *pni_substrait_unpinned(const pn_substrait *plan) {
    return plan->unpinned;
}

size_t pn_substrait_function_count(const pn_substrait *plan) {
    return plan ? plan->n_functions : 0;
}

const char *pn_substrait_function_at(const pn_substrait *plan, size_t index) {
    return plan && index < plan->n_functions ? plan->functions[index] : NULL;
}

static const Substrait__RelRoot *root_of(const pn_substrait *plan) {
    const Substrait__PlanRel *tree = plan ? plan->plan->relations[0] : NULL;
    return tree && tree->rel_type_case == SUBSTRAIT__PLAN_REL__REL_TYPE_ROOT ? tree->root : NULL;
}

size_t pn_substrait_output_count(const pn_substrait *plan) {
    const Substrait__RelRoot *root = root_of(plan);
    return root ? root->n_names : 0;
}

const char *pn_substrait_output_at(const pn_substrait *plan, size_t index) {
    const Substrait__RelRoot *root = root_of(plan);
    return root && index < root->n_names ? root->names[index] : NULL;
}

int pn_substrait_is_projection(const pn_substrait *plan) {
    return plan && plan->is_projection;
}

const Substrait__Plan *pni_substrait_plan(const pn_substrait *plan) {
    return plan->plan;
}

const pni_rel *pni_substrait_root(const pn_substrait *plan) {
    const Substrait__RelRoot *root = root_of(plan);
    return root ? root->input : plan->plan->relations[0]->rel;
}

bool pni_substrait_is_ordered(const pn_substrait *plan) {
    for (const pni_rel *rel = pni_substrait_root(plan); rel;) {
        switch ((int)rel->rel_type_case) {
        case SUBSTRAIT__REL__REL_TYPE_SORT:
            return true;
        case SUBSTRAIT__REL__REL_TYPE_PROJECT:
            rel = rel->project->input;
            break;
        case SUBSTRAIT__REL__REL_TYPE_FETCH:
            rel = rel->fetch->input;
            break;
        default:
            return false;
        }
    }
    return false;
}

const char *pni_substrait_function(const pn_substrait *plan, uint32_t anchor) {
    return anchor > 0 && anchor <= plan->n_anchors ? plan->functions_by_anchor[anchor - 1] : "?";
}

const char *pni_substrait_function_urn(const pn_substrait *plan, uint32_t anchor) {
    for (size_t i = 0; i < plan->plan->n_extensions; i++) {
        const Substrait__Extensions__SimpleExtensionDeclaration *e = plan->plan->extensions[i];
        bool is_it = pni_declares_function(e) && e->extension_function->function_anchor == anchor;
        uint32_t urn = is_it ? e->extension_function->extension_urn_reference : 0;
        if (urn > 0 && urn <= plan->plan->n_extension_urns) {
            return plan->plan->extension_urns[urn - 1]->urn;
        }
    }
    return "";
}
