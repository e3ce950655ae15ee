/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Restricts the schema of a read to the columns that it hands on or filters by, so that a column
 * nobody reads is no part of the plan: adding one to the table changes nothing.
 *
 * The columns that are handed on come first, in the order of the projection; columns that only the
 * filter reads follow in the order of the table. The projection and the references of the filter
 * are renumbered; a projection that says "all, in order" goes. What the read hands on keeps its
 * order, so nothing above the read changes. Readers that resolve columns by name, as DataFusion's
 * does, accept the result as it is.
 */
#include "substrait/substrait_priv.h"

#define UNUSED UINT32_MAX

typedef struct restriction {
    Substrait__ReadRel *read;
    uint32_t n;         /* columns of the table */
    uint32_t *renumber; /* old -> new, or UNUSED */
    uint32_t *order;    /* new -> old */
    uint32_t count;
    bool rewrite; /* second walk over the filter: write new numbers */
} restriction;

static pn_status outside(const restriction *r, int32_t field, pn_error *err) {
    return pni_fail(err, PNI_E_SUBSTRAIT_FIELD, "the read of '%s' refers to column %d of %u",
                    r->read->named_table->names[r->read->named_table->n_names - 1], field, r->n);
}

static pn_status use(restriction *r, int32_t *field, pn_error *err) {
    if (*field < 0 || (uint32_t)*field >= r->n) {
        return outside(r, *field, err);
    }
    uint32_t *to = &r->renumber[*field];
    if (r->rewrite) {
        *field = (int32_t)*to;
    } else if (*to == UNUSED) {
        *to = 0; /* numbered later, in the order of the table */
    }
    return PN_OK;
}

/* Whether a reference below `subqueries` boundaries starts at the row of the read. */
static bool starts_here(const Substrait__Expression__FieldReference *reference,
                        uint32_t subqueries) {
    if (reference->root_type_case ==
        SUBSTRAIT__EXPRESSION__FIELD_REFERENCE__ROOT_TYPE_OUTER_REFERENCE) {
        return reference->outer_reference->steps_out == subqueries && subqueries > 0;
    }
    bool root =
        reference->root_type_case ==
            SUBSTRAIT__EXPRESSION__FIELD_REFERENCE__ROOT_TYPE_ROOT_REFERENCE ||
        reference->root_type_case == SUBSTRAIT__EXPRESSION__FIELD_REFERENCE__ROOT_TYPE__NOT_SET;
    return root && subqueries == 0;
}

static pn_status visit_filter(void *ctx, pni_node *node, pn_error *err) {
    restriction *r = ctx;
    const Substrait__Expression__FieldReference *reference = (void *)node->msg;
    if (node->msg->descriptor != &substrait__expression__field_reference__descriptor ||
        !starts_here(reference, node->subqueries)) {
        return PN_OK;
    }
    if (reference->reference_type_case ==
        SUBSTRAIT__EXPRESSION__FIELD_REFERENCE__REFERENCE_TYPE_DIRECT_REFERENCE) {
        const Substrait__Expression__ReferenceSegment *direct = reference->direct_reference;
        if (direct->reference_type_case ==
            SUBSTRAIT__EXPRESSION__REFERENCE_SEGMENT__REFERENCE_TYPE_STRUCT_FIELD) {
            return use(r, &direct->struct_field->field, err);
        }
    } else if (reference->reference_type_case ==
                   SUBSTRAIT__EXPRESSION__FIELD_REFERENCE__REFERENCE_TYPE_MASKED_REFERENCE &&
               reference->masked_reference->select) {
        const Substrait__Expression__MaskExpression__StructSelect *select =
            reference->masked_reference->select;
        for (size_t i = 0; i < select->n_struct_items; i++) {
            PNI_TRY(use(r, &select->struct_items[i]->field, err));
        }
    }
    return PN_OK;
}

static void take(restriction *r, uint32_t column) {
    r->renumber[column] = r->count;
    r->order[r->count++] = column;
}

/* Columns that are handed on: those of the projection, or all. */
static pn_status take_projection(restriction *r, pn_error *err) {
    const Substrait__Expression__MaskExpression *mask = r->read->projection;
    if (!mask) {
        for (uint32_t i = 0; i < r->n; i++) {
            take(r, i);
        }
        return PN_OK;
    }
    for (size_t i = 0; i < mask->select->n_struct_items; i++) {
        int32_t *field = &mask->select->struct_items[i]->field;
        if (*field < 0 || (uint32_t)*field >= r->n) {
            return outside(r, *field, err);
        }
        if (r->renumber[*field] == UNUSED) {
            take(r, (uint32_t)*field);
        }
        *field = (int32_t)r->renumber[*field];
    }
    return PN_OK;
}

static pn_status take_filter(restriction *r, pn_error *err) {
    if (!r->read->filter) {
        return PN_OK;
    }
    uint32_t handed_on = r->count;
    PNI_TRY(pni_tree_walk(&r->read->filter->base, visit_filter, r, err));
    for (uint32_t i = 0; i < r->n; i++) {
        bool known = r->renumber[i] == UNUSED ||
                     (r->renumber[i] < handed_on && r->order[r->renumber[i]] == i);
        if (!known) {
            take(r, i);
        }
    }
    r->rewrite = true;
    return pni_tree_walk(&r->read->filter->base, visit_filter, r, err);
}

static bool selects_within(const Substrait__Expression__MaskExpression__StructItem *item) {
    return item->child &&
           item->child->type_case != SUBSTRAIT__EXPRESSION__MASK_EXPRESSION__SELECT__TYPE__NOT_SET;
}

/* Whether the projection is each column of the restricted schema once, in order. */
static bool is_identity(const restriction *r) {
    const Substrait__Expression__MaskExpression *mask = r->read->projection;
    if (mask->maintain_singular_struct || mask->select->n_struct_items != r->count) {
        return false;
    }
    for (uint32_t i = 0; i < r->count; i++) {
        const Substrait__Expression__MaskExpression__StructItem *item =
            mask->select->struct_items[i];
        if (item->field != (int32_t)i || selects_within(item)) {
            return false;
        }
    }
    return true;
}

/* Where the names of each column start; first_names[n] is the length of the list. */
static pn_status find_names(const restriction *r, size_t *first_names, pn_error *err) {
    const Substrait__NamedStruct *schema = r->read->base_schema;
    size_t at = 0;
    for (uint32_t i = 0; i < r->n; i++) {
        first_names[i] = at;
        at += 1 + pni_type_nested_names(schema->struct_->types[i]);
    }
    first_names[r->n] = at;
    if (at != schema->n_names) {
        return pni_fail(err, PNI_E_SUBSTRAIT_SHAPE,
                        "the schema of a read has %zu names for %zu fields", schema->n_names, at);
    }
    return PN_OK;
}

static void rebuild_schema(const restriction *r, const size_t *first_names, pni_arena *arena) {
    Substrait__NamedStruct *schema = r->read->base_schema;
    Substrait__Type **types = pni_arena_alloc(arena, (r->count + 1) * sizeof *types);
    char **names = pni_arena_alloc(arena, (schema->n_names + 1) * sizeof *names);
    size_t n_names = 0;
    for (uint32_t i = 0; i < r->count; i++) {
        uint32_t old = r->order[i];
        types[i] = schema->struct_->types[old];
        for (size_t k = first_names[old]; k < first_names[old + 1]; k++) {
            names[n_names++] = schema->names[k];
        }
    }
    schema->struct_->types = types;
    schema->struct_->n_types = r->count;
    schema->names = names;
    schema->n_names = n_names;
}

static pn_status restrict_read(restriction *r, pni_arena *arena, size_t *first_names,
                               pn_error *err) {
    memset(r->renumber, 0xff, r->n * sizeof *r->renumber);
    PNI_TRY(find_names(r, first_names, err));
    PNI_TRY(take_projection(r, err));
    PNI_TRY(take_filter(r, err));
    if (r->read->projection && is_identity(r)) {
        r->read->projection = NULL;
    }
    rebuild_schema(r, first_names, arena);
    return PN_OK;
}

pn_status pni_canon_restrict(Substrait__ReadRel *read, pni_arena *arena, pn_error *err) {
    if (!read->base_schema || !read->base_schema->struct_) {
        return pni_fail(err, PNI_E_SUBSTRAIT_SHAPE, "the read of '%s' has no schema with types",
                        read->named_table->names[read->named_table->n_names - 1]);
    }
    restriction r = {.read = read, .n = (uint32_t)read->base_schema->struct_->n_types};
    size_t *first_names = pni_calloc((size_t)r.n + 1, sizeof *first_names);
    r.renumber = pni_calloc((size_t)r.n + 1, sizeof *r.renumber);
    r.order = pni_calloc((size_t)r.n + 1, sizeof *r.order);
    pn_status status = restrict_read(&r, arena, first_names, err);
    pni_free(first_names);
    pni_free(r.renumber);
    pni_free(r.order);
    return status;
}
