/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The second pass of the canonical form: what can only be decided from below. The walk collects
 * relations and constructors parents first, so taking them from the last to the first meets what is
 * below before what is above, without recursion.
 *
 * An emit that hands on every column in order is no emit; that needs to know how many columns a
 * relation has. The number is known from the kind and the inputs, but not for extension relations
 * and what stands on them: there an emit stays, which is safe. A constructor of a struct, list or
 * map all of whose parts are literals is a literal. A binding of a parameter that nothing uses
 * goes.
 */
#include "substrait/canon.h"

#include <stdlib.h>

typedef struct relation {
    pni_rel *rel;
    struct relation *reader; /* NULL at the root and for subqueries */
    uint32_t subqueries;
    size_t first; /* width of the first input */
    size_t sum;   /* of all inputs */
} relation;

typedef struct fold {
    pni_arena *arena;
    PNI_VEC(relation *) relations;
    PNI_VEC(pni_expr *) constructors;
    PNI_VEC(uint32_t) parameters; /* anchors, as often as they are used */
} fold;

static pn_status visit(void *ctx, pni_node *node, pn_error *err) {
    fold *f = ctx;
    (void)err;
    if (node->msg->descriptor == &substrait__rel__descriptor) {
        relation *found = pni_arena_alloc(f->arena, sizeof *found);
        relation *around = (relation *)(uintptr_t)node->scope;
        found->rel = (pni_rel *)(void *)node->msg;
        found->subqueries = node->subqueries;
        found->reader = around && around->subqueries == node->subqueries ? around : NULL;
        node->scope = found;
        pni_vec_push(&f->relations, found);
    } else if (node->msg->descriptor == &substrait__expression__descriptor) {
        pni_expr *expr = (void *)node->msg;
        if (expr->rex_type_case == SUBSTRAIT__EXPRESSION__REX_TYPE_NESTED) {
            pni_vec_push(&f->constructors, expr);
        } else if (expr->rex_type_case == SUBSTRAIT__EXPRESSION__REX_TYPE_DYNAMIC_PARAMETER) {
            pni_vec_push(&f->parameters, expr->dynamic_parameter->parameter_reference);
        }
    }
    return PN_OK;
}

/* ---- emits -------------------------------------------------------------------------------- */

static bool is_identity(const Substrait__RelCommon__Emit *emit, size_t width) {
    if (emit->n_output_mapping != width) {
        return false;
    }
    for (size_t i = 0; i < width; i++) {
        if (emit->output_mapping[i] != (int32_t)i) {
            return false;
        }
    }
    return true;
}

static void drop_emit(const pni_rel *rel) {
    ProtobufCMessage *body = pni_rel_body(rel);
    const ProtobufCFieldDescriptor *field =
        protobuf_c_message_descriptor_get_field_by_name(body->descriptor, "common");
    Substrait__RelCommon *common = (void *)pni_field_child(body, field, 0);
    common->emit_kind_case = SUBSTRAIT__REL_COMMON__EMIT_KIND__NOT_SET;
    common->emit = NULL;
    pni_canon_common(body, field);
}

/* A projection that hands on its row as it is: what is left of columns that were only renamed. */
static bool is_rename(const relation *r, const Substrait__RelCommon__Emit *emit) {
    const Substrait__ProjectRel *project = r->rel->project;
    if (r->rel->rel_type_case != SUBSTRAIT__REL__REL_TYPE_PROJECT || !emit || !project->input ||
        project->advanced_extension || project->common->advanced_extension ||
        project->n_expressions != r->first || emit->n_output_mapping != r->first) {
        return false;
    }
    bool same = true;
    for (size_t i = 0; same && i < r->first; i++) {
        same = emit->output_mapping[i] == (int32_t)(r->first + i) &&
               pni_expr_column(project->expressions[i]) == (int32_t)i;
    }
    return same;
}

/* Inputs come from the last to the first, so the first one is the last to say its width. */
static void fold_relation(const relation *r) {
    const Substrait__RelCommon__Emit *emit = pni_rel_emit(r->rel);
    if (is_rename(r, emit)) {
        *r->rel = *r->rel->project->input; /* folded already */
        if (r->reader) {
            r->reader->first = r->first;
            r->reader->sum = pni_width_add(r->reader->sum, r->first);
        }
        return;
    }
    size_t width = pni_rel_own_width(r->rel, r->first, r->sum);
    if (emit && is_identity(emit, width)) {
        drop_emit(r->rel);
    } else if (emit) {
        width = emit->n_output_mapping;
    }
    if (r->reader) {
        r->reader->first = width;
        r->reader->sum = pni_width_add(r->reader->sum, width);
    }
}

/* ---- constructors ------------------------------------------------------------------------- */

static Substrait__Expression__Literal *literal_of(const pni_expr *expr) {
    bool is_literal = expr && expr->rex_type_case == SUBSTRAIT__EXPRESSION__REX_TYPE_LITERAL;
    return is_literal ? expr->literal : NULL;
}

/* The literals that the expressions are, or NULL when one of them is something else. */
static Substrait__Expression__Literal **literals_of(fold *f, pni_expr *const *items, size_t count) {
    Substrait__Expression__Literal **made = pni_arena_alloc(f->arena, count * sizeof *made + 1);
    for (size_t i = 0; i < count; i++) {
        made[i] = literal_of(items[i]);
        if (!made[i]) {
            return NULL;
        }
    }
    return made;
}

static bool fold_struct(fold *f, const Substrait__Expression__Nested__Struct *from,
                        Substrait__Expression__Literal *to) {
    Substrait__Expression__Literal **fields = literals_of(f, from->fields, from->n_fields);
    if (!fields) {
        return false;
    }
    to->literal_type_case = SUBSTRAIT__EXPRESSION__LITERAL__LITERAL_TYPE_STRUCT;
    to->struct_ = pni_pb_new(f->arena, &substrait__expression__literal__struct__descriptor);
    to->struct_->fields = fields;
    to->struct_->n_fields = from->n_fields;
    return true;
}

static bool fold_list(fold *f, const Substrait__Expression__Nested__List *from,
                      Substrait__Expression__Literal *to) {
    Substrait__Expression__Literal **values = literals_of(f, from->values, from->n_values);
    if (!values || from->n_values == 0) { /* an empty list would have no type */
        return false;
    }
    to->literal_type_case = SUBSTRAIT__EXPRESSION__LITERAL__LITERAL_TYPE_LIST;
    to->list = pni_pb_new(f->arena, &substrait__expression__literal__list__descriptor);
    to->list->values = values;
    to->list->n_values = from->n_values;
    return true;
}

static bool fold_map(fold *f, const Substrait__Expression__Nested__Map *from,
                     Substrait__Expression__Literal *to) {
    size_t n = from->n_key_values;
    Substrait__Expression__Literal__Map__KeyValue **pairs =
        pni_arena_alloc(f->arena, n * sizeof *pairs + 1);
    for (size_t i = 0; i < n; i++) {
        pairs[i] =
            pni_pb_new(f->arena, &substrait__expression__literal__map__key_value__descriptor);
        pairs[i]->key = literal_of(from->key_values[i]->key);
        pairs[i]->value = literal_of(from->key_values[i]->value);
        if (!pairs[i]->key || !pairs[i]->value) {
            return false;
        }
    }
    to->literal_type_case = SUBSTRAIT__EXPRESSION__LITERAL__LITERAL_TYPE_MAP;
    to->map = pni_pb_new(f->arena, &substrait__expression__literal__map__descriptor);
    to->map->key_values = pairs;
    to->map->n_key_values = n;
    return n > 0;
}

static void fold_constructor(fold *f, pni_expr *expr) {
    const Substrait__Expression__Nested *nested = expr->nested;
    Substrait__Expression__Literal *made =
        pni_pb_new(f->arena, &substrait__expression__literal__descriptor);
    bool folded = false;
    if (nested->nested_type_case == SUBSTRAIT__EXPRESSION__NESTED__NESTED_TYPE_STRUCT) {
        folded = fold_struct(f, nested->struct_, made);
    } else if (nested->nested_type_case == SUBSTRAIT__EXPRESSION__NESTED__NESTED_TYPE_LIST) {
        folded = fold_list(f, nested->list, made);
    } else if (nested->nested_type_case == SUBSTRAIT__EXPRESSION__NESTED__NESTED_TYPE_MAP) {
        folded = fold_map(f, nested->map, made);
    }
    if (folded) {
        made->nullable = nested->nullable;
        made->type_variation_reference = nested->type_variation_reference;
        expr->rex_type_case = SUBSTRAIT__EXPRESSION__REX_TYPE_LITERAL;
        expr->literal = made;
    }
}

/* ---- parameters --------------------------------------------------------------------------- */

static int cmp_anchors(const void *a, const void *b) {
    uint32_t left = *(const uint32_t *)a;
    uint32_t right = *(const uint32_t *)b;
    return (left > right) - (left < right);
}

static void drop_unused_bindings(const fold *f, Substrait__Plan *plan) {
    size_t kept = 0;
    if (f->parameters.count > 1) {
        qsort(f->parameters.items, f->parameters.count, sizeof(uint32_t), cmp_anchors);
    }
    for (size_t i = 0; i < plan->n_parameter_bindings; i++) {
        const uint32_t *anchor = &plan->parameter_bindings[i]->parameter_anchor;
        if (f->parameters.count && bsearch(anchor, f->parameters.items, f->parameters.count,
                                           sizeof *anchor, cmp_anchors)) {
            plan->parameter_bindings[kept++] = plan->parameter_bindings[i];
        }
    }
    plan->n_parameter_bindings = kept;
}

pn_status pni_canon_fold(Substrait__Plan *plan, pni_arena *arena, pn_error *err) {
    fold f = {.arena = arena};
    pn_status status = pni_tree_walk(&plan->relations[0]->base, visit, &f, err);
    if (status == PN_OK) {
        for (size_t i = f.relations.count; i-- > 0;) {
            fold_relation(f.relations.items[i]);
        }
        for (size_t i = f.constructors.count; i-- > 0;) {
            fold_constructor(&f, f.constructors.items[i]);
        }
        drop_unused_bindings(&f, plan);
    }
    pni_vec_dispose(&f.relations);
    pni_vec_dispose(&f.constructors);
    pni_vec_dispose(&f.parameters);
    return status;
}
