/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What an expression reads. References are looked up in the row of the relation, outer ones in the
 * rows that enclose it; subqueries have been traced before, so their results are taken as they are.
 * The arguments of a window function flow into its value, the columns that it partitions and orders
 * by only decide which rows it sees; the parts of an aggregate function are split the same way. A
 * list of parts still to be read, each with the kind it is read as, replaces recursion.
 */
#include "lineage/lineage_priv.h"

enum { TEXT_MAX = 1000, TEXT_LEVELS_MAX = 32 };

typedef struct part {
    const ProtobufCMessage *msg;
    uint32_t as;
} part;

typedef struct reading {
    pni_collector *collector;
    PNI_VEC(part) parts;
    uint32_t as; /* of the part that is read */
} reading;

static void add_part(reading *r, const void *msg, uint32_t as) {
    part p = {msg, as};
    if (msg) {
        pni_vec_push(&r->parts, p);
    }
}

static void add_parts(reading *r, const void *items, size_t count, uint32_t as) {
    const void *const *list = items;
    for (size_t i = 0; i < count; i++) {
        add_part(r, list[i], as);
    }
}

/* ---- references --------------------------------------------------------------------------- */

pn_status pni_lineage_field(pni_lineage *lineage, const pni_rows *row, int32_t field,
                            const pni_column **out, pn_error *err) {
    if (!row->known) {
        *out = &lineage->unknown;
        return PN_OK;
    }
    if (field < 0 || (size_t)field >= row->n) {
        return pni_fail(err, PNI_E_SUBSTRAIT_FIELD, "the plan refers to column %d of a row of %zu",
                        field, row->n);
    }
    *out = row->columns[field];
    return PN_OK;
}

static const pni_rows *row_of(const pni_scope *scope, uint32_t level) {
    while (scope && level-- > 0) {
        scope = scope->outer;
    }
    return scope ? &scope->row : NULL;
}

static pn_status read_field(reading *r, uint32_t level, int32_t field, uint32_t as, pn_error *err) {
    pni_collector *c = r->collector;
    const pni_rows *row = row_of(c->scope, level);
    const pni_column *column = NULL;
    if (!row) {
        return pni_fail(err, PNI_E_SUBSTRAIT_FIELD,
                        "the plan refers to a row %u subqueries further out", level);
    }
    PNI_TRY(pni_lineage_field(c->lineage, row, field, &column, err));
    c->complete = c->complete && column->complete;
    return pni_lineage_collect(c, column->inputs, as, err);
}

static pn_status read_mask(reading *r, const Substrait__Expression__FieldReference *reference,
                           uint32_t level, pn_error *err) {
    const Substrait__Expression__MaskExpression *mask = reference->masked_reference;
    for (size_t i = 0; mask->select && i < mask->select->n_struct_items; i++) {
        PNI_TRY(read_field(r, level, mask->select->struct_items[i]->field, r->as, err));
    }
    return PN_OK;
}

static pn_status read_reference(reading *r, const Substrait__Expression__FieldReference *reference,
                                pn_error *err) {
    uint32_t level = 0;
    if (reference->root_type_case ==
        SUBSTRAIT__EXPRESSION__FIELD_REFERENCE__ROOT_TYPE_OUTER_REFERENCE) {
        level = reference->outer_reference->steps_out;
    } else if (reference->root_type_case !=
               SUBSTRAIT__EXPRESSION__FIELD_REFERENCE__ROOT_TYPE_ROOT_REFERENCE) {
        return PN_OK; /* of an expression or a parameter: read where those come from */
    }
    if (reference->reference_type_case ==
        SUBSTRAIT__EXPRESSION__FIELD_REFERENCE__REFERENCE_TYPE_MASKED_REFERENCE) {
        return read_mask(r, reference, level, err);
    }
    const Substrait__Expression__ReferenceSegment *direct = reference->direct_reference;
    if (reference->reference_type_case !=
            SUBSTRAIT__EXPRESSION__FIELD_REFERENCE__REFERENCE_TYPE_DIRECT_REFERENCE ||
        direct->reference_type_case !=
            SUBSTRAIT__EXPRESSION__REFERENCE_SEGMENT__REFERENCE_TYPE_STRUCT_FIELD) {
        r->collector->complete = false;
        return PN_OK;
    }
    return read_field(r, level, direct->struct_field->field, r->as, err);
}

int32_t pni_lineage_bare_field(const ProtobufCMessage *msg) {
    return msg->descriptor == &substrait__expression__descriptor
               ? pni_expr_column((const void *)msg)
               : -1;
}

/* ---- what is more than its references ----------------------------------------------------- */

static pn_status read_rows(reading *r, const pni_rel *rel, bool values, pn_error *err) {
    pni_collector *c = r->collector;
    if (!rel) {
        return PN_OK;
    }
    const pni_rows *rows = pni_lineage_result(c->lineage, rel);
    c->complete = c->complete && rows->complete && (rows->known || !values);
    for (size_t i = 0; values && i < rows->n; i++) {
        c->complete = c->complete && rows->columns[i]->complete;
        PNI_TRY(pni_lineage_collect(c, rows->columns[i]->inputs, r->as, err));
    }
    return pni_lineage_collect(c, rows->inputs, r->as, err);
}

static pn_status read_subquery(reading *r, const Substrait__Expression__Subquery *subquery,
                               pn_error *err) {
    switch ((int)subquery->subquery_type_case) {
    case SUBSTRAIT__EXPRESSION__SUBQUERY__SUBQUERY_TYPE_SCALAR:
        return read_rows(r, subquery->scalar->input, true, err);
    case SUBSTRAIT__EXPRESSION__SUBQUERY__SUBQUERY_TYPE_IN_PREDICATE:
        add_parts(r, subquery->in_predicate->needles, subquery->in_predicate->n_needles, r->as);
        return read_rows(r, subquery->in_predicate->haystack, true, err);
    case SUBSTRAIT__EXPRESSION__SUBQUERY__SUBQUERY_TYPE_SET_PREDICATE:
        return read_rows(r, subquery->set_predicate->tuples, false, err);
    case SUBSTRAIT__EXPRESSION__SUBQUERY__SUBQUERY_TYPE_SET_COMPARISON:
        add_part(r, subquery->set_comparison->left, r->as);
        return read_rows(r, subquery->set_comparison->right, true, err);
    case SUBSTRAIT__EXPRESSION__SUBQUERY__SUBQUERY_TYPE__NOT_SET:
    default:
        r->collector->complete = false;
        return PN_OK;
    }
}

static void read_window(reading *r, const Substrait__Expression__WindowFunction *f) {
    uint32_t decides = (r->as & ~(uint32_t)PNI_KIND_DIRECT) ? r->as : PNI_KIND_WINDOW;
    add_parts(r, f->arguments, f->n_arguments, r->as);
    add_parts(r, f->args, f->n_args, r->as);
    add_parts(r, f->partitions, f->n_partitions, decides);
    add_parts(r, f->sorts, f->n_sorts, decides);
}

static void read_measure(reading *r, const Substrait__AggregateRel__Measure *measure) {
    const Substrait__AggregateFunction *f = measure->measure;
    if (f) {
        add_parts(r, f->arguments, f->n_arguments, PNI_KIND_AGGREGATE);
        add_parts(r, f->args, f->n_args, PNI_KIND_AGGREGATE);
        add_parts(r, f->sorts, f->n_sorts, PNI_KIND_SORT);
    }
    add_part(r, measure->filter, PNI_KIND_FILTER);
}

static pn_status visit(void *ctx, pni_node *node, pn_error *err) {
    reading *r = ctx;
    const ProtobufCMessageDescriptor *desc = node->msg->descriptor;
    const void *msg = node->msg;
    if (desc == &substrait__expression__field_reference__descriptor) {
        return read_reference(r, msg, err);
    }
    if (desc == &substrait__expression__subquery__descriptor) {
        node->skip = true;
        return read_subquery(r, msg, err);
    }
    if (desc == &substrait__expression__window_function__descriptor) {
        node->skip = true;
        read_window(r, msg);
    } else if (desc == &substrait__aggregate_rel__measure__descriptor) {
        node->skip = true;
        read_measure(r, msg);
    } else if (desc == &substrait__type__descriptor) {
        node->skip = true;
    }
    return PN_OK;
}

pn_status pni_lineage_collect_expr(pni_collector *c, const ProtobufCMessage *expr, uint32_t as,
                                   pn_error *err) {
    reading r = {.collector = c};
    pn_status status = PN_OK;
    add_part(&r, expr, as);
    while (status == PN_OK && r.parts.count > 0) {
        part next = r.parts.items[--r.parts.count];
        r.as = next.as;
        status = pni_tree_walk((ProtobufCMessage *)(uintptr_t)next.msg, visit, &r, err);
    }
    pni_vec_dispose(&r.parts);
    return status;
}

const Substrait__Type *pni_lineage_type_of(const ProtobufCMessage *msg) {
    const pni_expr *expr = (const void *)msg;
    if (msg->descriptor == &substrait__aggregate_rel__measure__descriptor) {
        const Substrait__AggregateRel__Measure *measure = (const void *)msg;
        return measure->measure ? measure->measure->output_type : NULL;
    }
    if (msg->descriptor != &substrait__expression__descriptor) {
        return NULL;
    }
    if (expr->rex_type_case == SUBSTRAIT__EXPRESSION__REX_TYPE_CAST) {
        return expr->cast->type;
    }
    if (expr->rex_type_case == SUBSTRAIT__EXPRESSION__REX_TYPE_SCALAR_FUNCTION) {
        return expr->scalar_function->output_type;
    }
    if (expr->rex_type_case == SUBSTRAIT__EXPRESSION__REX_TYPE_WINDOW_FUNCTION) {
        return expr->window_function->output_type;
    }
    return NULL;
}

pn_status pni_lineage_column(pni_lineage *lineage, const pni_scope *scope,
                             const ProtobufCMessage *expr, const pni_column **out, pn_error *err) {
    int32_t field = pni_lineage_bare_field(expr);
    if (field >= 0) {
        return pni_lineage_field(lineage, &scope->row, field, out, err);
    }
    pni_collector c = {.lineage = lineage, .scope = scope, .complete = true};
    pn_status status = pni_lineage_collect_expr(&c, expr, 0, err);
    pni_column *made = pni_arena_alloc(lineage->arena, sizeof *made);
    made->inputs = pni_lineage_collected(&c);
    made->complete = c.complete;
    made->expr = expr;
    made->scope = scope;
    made->type = pni_lineage_type_of(expr);
    *out = made;
    return status;
}

/* ---- text --------------------------------------------------------------------------------- */

typedef struct naming {
    pni_lineage *lineage;
    const pni_scope *scope;
    size_t limit; /* of the text's length */
    uint32_t level;
} naming;

static void write_column(const naming *n, const pni_column *column, pn_buf *out);

/* Columns of lower relations are written out in place, up to a number of levels. */
static void name_column(void *ctx, uint32_t level, int32_t field, pn_buf *out) {
    const naming *n = ctx;
    const pni_rows *row = row_of(n->scope, level);
    if (!row || !row->known || field < 0 || (size_t)field >= row->n) {
        pni_buf_puts(out, "?");
        return;
    }
    const pni_column *column = row->columns[field];
    bool operators = column->expr && pni_expr_is_infix(n->lineage->plan, column->expr);
    pni_buf_puts(out, operators ? "(" : "");
    write_column(n, column, out);
    pni_buf_puts(out, operators ? ")" : "");
}

static void write_column(const naming *n, const pni_column *column, pn_buf *out) {
    naming inner = {n->lineage, column->scope, n->limit, n->level + 1};
    if (column->text) {
        pni_buf_puts(out, column->text);
    } else if (!column->expr) {
        pni_buf_puts(out, "?");
    } else if (out->len >= n->limit || n->level >= TEXT_LEVELS_MAX) {
        pni_buf_puts(out, "…");
    } else {
        pni_expr_text(n->lineage->plan, column->expr, name_column, &inner, n->limit - out->len,
                      out);
    }
}

void pni_lineage_text(pni_lineage *lineage, const pni_column *column, pn_buf *out) {
    naming n = {lineage, NULL, out->len + TEXT_MAX, 0};
    write_column(&n, column, out);
}
