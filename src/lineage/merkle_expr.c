/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Digests of expressions. Every expression is hashed alone, over the digests of its parts, so that
 * an expression has one digest whether it stands in one projection or is split over two. All fields
 * of a message go in, found by its descriptor: a field that is not thought of can make two digests
 * differ, never agree. Expressions are listed parents first and hashed from the last to the first;
 * the digests of the parts of the next one are then on top of a stack, the first part uppermost.
 */
#include "lineage/merkle_priv.h"

enum { STEPS_MAX = 20000000 };

/* ---- hashes ------------------------------------------------------------------------------- */

void pni_hash_number(pni_hash *hash, uint64_t number) {
    unsigned char bytes[8];
    for (size_t i = 0; i < sizeof bytes; i++) {
        bytes[i] = (unsigned char)(number >> (8 * i));
    }
    pni_buf_append(&hash->bytes, bytes, sizeof bytes);
}

void pni_hash_bytes(pni_hash *hash, const void *data, size_t len) {
    pni_hash_number(hash, len);
    pni_buf_append(&hash->bytes, data, len);
}

void pni_hash_start(pni_hash *hash, const char *tag) {
    *hash = (pni_hash){.bytes = PN_BUF_INIT, .known = true};
    pni_hash_bytes(hash, tag, strlen(tag));
}

void pni_hash_cell(pni_hash *hash, const pni_cell *cell) {
    hash->known = hash->known && cell->known;
    pni_buf_append(&hash->bytes, cell->digest.bytes, sizeof cell->digest.bytes);
}

pni_cell *pni_hash_end(pni_merkler *m, pni_hash *hash) {
    pni_cell *cell = pni_arena_alloc(m->arena, sizeof *cell);
    cell->known = hash->known;
    if (hash->known) {
        pni_sha256_bytes(hash->bytes.data, hash->bytes.len, cell->digest.bytes);
    }
    pn_buf_dispose(&hash->bytes);
    return cell;
}

bool pni_merkle_step(pni_merkler *m, size_t steps) {
    m->steps += steps;
    m->overrun = m->overrun || m->steps > STEPS_MAX;
    return !m->overrun;
}

const pni_cell *pni_merkle_field(const pni_merkler *m, const pni_cells *row, int32_t field) {
    bool is_there = row->told && field >= 0 && (size_t)field < row->n;
    return is_there ? row->columns[field] : &m->unknown;
}

/* ---- one message -------------------------------------------------------------------------- */

typedef struct encoding {
    pni_merkler *m;
    const pni_cell_scope *scope;
    const ProtobufCMessage *root;
    pni_hash *out;
    PNI_VEC(const pni_cell *) parts;           /* of expressions that are not put in yet */
    PNI_VEC(const ProtobufCMessage *) pending; /* expressions, parents first */
} encoding;

static size_t scalar_size(const ProtobufCFieldDescriptor *field) {
    switch ((int)field->type) {
    case PROTOBUF_C_TYPE_INT64:
    case PROTOBUF_C_TYPE_SINT64:
    case PROTOBUF_C_TYPE_SFIXED64:
    case PROTOBUF_C_TYPE_UINT64:
    case PROTOBUF_C_TYPE_FIXED64:
    case PROTOBUF_C_TYPE_DOUBLE:
        return 8;
    default:
        return 4;
    }
}

static void put_function(encoding *e, uint32_t anchor) {
    const char *name = pni_substrait_function(e->m->plan, anchor);
    const char *urn = pni_substrait_function_urn(e->m->plan, anchor);
    PNI_AUTO(pn_buf) body = PN_BUF_INIT;
    bool determined = e->m->source->function(e->m->source->ctx, name, &body);
    e->out->known = e->out->known && determined;
    pni_hash_bytes(e->out, urn, strlen(urn));
    pni_hash_bytes(e->out, name, strlen(name));
    pni_hash_bytes(e->out, body.data, body.len);
}

/* Anchors are numbers of one plan: functions go in by name, what else is declared is not separated.
 */
static bool put_anchor(encoding *e, const ProtobufCFieldDescriptor *field, const void *value) {
    uint32_t anchor;
    if (field->type != PROTOBUF_C_TYPE_UINT32 || !pni_ends_with(field->name, "_reference")) {
        return false;
    }
    memcpy(&anchor, value, sizeof anchor);
    if (pni_ends_with(field->name, "function_reference")) {
        pni_hash_number(e->out, anchor != 0);
        if (anchor) {
            put_function(e, anchor);
        }
        return true;
    }
    if (!pni_streq(field->name, "type_variation_reference")) {
        e->out->known = e->out->known && anchor == 0;
    }
    return false;
}

static void put_scalar(encoding *e, const ProtobufCFieldDescriptor *field, const void *value) {
    if (field->type == PROTOBUF_C_TYPE_STRING) {
        const char *text = *(const char *const *)value;
        pni_hash_bytes(e->out, text ? text : "", text ? strlen(text) : 0);
    } else if (field->type == PROTOBUF_C_TYPE_BYTES) {
        const ProtobufCBinaryData *data = value;
        pni_hash_bytes(e->out, data->data, data->len);
    } else if (!put_anchor(e, field, value)) {
        pni_buf_append(&e->out->bytes, value, scalar_size(field));
    }
}

static void put_scalars(encoding *e, const ProtobufCMessage *msg,
                        const ProtobufCFieldDescriptor *field, size_t count) {
    const char *place = (const char *)msg + field->offset;
    size_t size = field->type == PROTOBUF_C_TYPE_STRING  ? sizeof(char *)
                  : field->type == PROTOBUF_C_TYPE_BYTES ? sizeof(ProtobufCBinaryData)
                                                         : scalar_size(field);
    if (field->label == PROTOBUF_C_LABEL_REPEATED) {
        place = *(const char *const *)(const void *)place;
    }
    for (size_t i = 0; i < count; i++) {
        put_scalar(e, field, place + i * size);
    }
}

/* What is a matter of columns, not of rows. */
static bool is_left_out(const encoding *e, const ProtobufCMessageDescriptor *desc) {
    return desc == &substrait__rel_common__descriptor ||
           (desc == &substrait__aggregate_rel__measure__descriptor &&
            e->root->descriptor == &substrait__aggregate_rel__descriptor);
}

/* The fields in their order with the number of their values: with what is below, in the order of
 * the walk, that tells every message apart from every other. */
static void put_fields(encoding *e, const ProtobufCMessage *msg) {
    const ProtobufCMessageDescriptor *desc = msg->descriptor;
    pni_hash_bytes(e->out, desc->name, strlen(desc->name));
    for (unsigned f = 0; f < desc->n_fields; f++) {
        const ProtobufCFieldDescriptor *field = &desc->fields[f];
        size_t count = pni_field_count(msg, field);
        bool is_message = field->type == PROTOBUF_C_TYPE_MESSAGE;
        if (!count || (is_message && is_left_out(e, field->descriptor))) {
            continue;
        }
        pni_hash_number(e->out, field->id);
        pni_hash_number(e->out, count);
        if (!is_message) {
            put_scalars(e, msg, field, count);
        }
    }
    pni_hash_number(e->out, 0);
}

static pn_status visit_put(void *ctx, pni_node *node, pn_error *err);

static const pni_cells *row_of(const pni_cell_scope *scope, uint32_t level) {
    while (scope && level-- > 0) {
        scope = scope->outer;
    }
    return scope ? &scope->row : NULL;
}

/* Whether the reference is to a row of the plan, and how many subqueries further out that is. */
static bool is_to_row(const Substrait__Expression__FieldReference *reference, uint32_t *level) {
    *level = 0;
    if (reference->root_type_case ==
        SUBSTRAIT__EXPRESSION__FIELD_REFERENCE__ROOT_TYPE_OUTER_REFERENCE) {
        *level = reference->outer_reference->steps_out;
        return true;
    }
    return reference->root_type_case ==
           SUBSTRAIT__EXPRESSION__FIELD_REFERENCE__ROOT_TYPE_ROOT_REFERENCE;
}

static pn_status put_reference(encoding *e, const Substrait__Expression__FieldReference *reference,
                               uint32_t level, pn_error *err) {
    const pni_cells *row = row_of(e->scope, level);
    const Substrait__Expression__ReferenceSegment *direct = reference->direct_reference;
    bool is_plain = row &&
                    reference->reference_type_case ==
                        SUBSTRAIT__EXPRESSION__FIELD_REFERENCE__REFERENCE_TYPE_DIRECT_REFERENCE &&
                    direct->reference_type_case ==
                        SUBSTRAIT__EXPRESSION__REFERENCE_SEGMENT__REFERENCE_TYPE_STRUCT_FIELD;
    if (!is_plain) {
        e->out->known = false;
        return PN_OK;
    }
    const Substrait__Expression__ReferenceSegment__StructField *field = direct->struct_field;
    pni_hash_bytes(e->out, "reference", 9);
    pni_hash_number(e->out, level);
    pni_hash_cell(e->out, pni_merkle_field(e->m, row, field->field));
    pni_hash_number(e->out, field->child != NULL);
    return field->child ? pni_tree_walk(&field->child->base, visit_put, e, err) : PN_OK;
}

static void put_rel(encoding *e, const pni_rel *rel, bool is_subquery) {
    const pni_cells *cells = pni_trace_result(&e->m->tracer, rel);
    pni_hash_bytes(e->out, "relation", 8);
    pni_hash_cell(e->out, &cells->rows);
    if (!is_subquery) {
        return;
    }
    e->out->known = e->out->known && cells->told && pni_merkle_step(e->m, cells->n);
    pni_hash_number(e->out, cells->n);
    for (size_t i = 0; e->out->known && i < cells->n; i++) {
        pni_hash_cell(e->out, cells->columns[i]);
    }
}

static pn_status visit_put(void *ctx, pni_node *node, pn_error *err) {
    encoding *e = ctx;
    const ProtobufCMessageDescriptor *desc = node->msg->descriptor;
    const void *msg = node->msg;
    uint32_t level;
    if (desc == &substrait__expression__descriptor && msg != e->root) {
        node->skip = true;
        pni_hash_cell(e->out, e->parts.items[--e->parts.count]);
        return PN_OK;
    }
    if (desc == &substrait__rel__descriptor) {
        node->skip = true;
        put_rel(e, msg, node->subqueries > 0);
        return PN_OK;
    }
    if (desc == &substrait__expression__field_reference__descriptor && is_to_row(msg, &level)) {
        node->skip = true;
        return put_reference(e, msg, level, err);
    }
    node->skip = is_left_out(e, desc);
    if (desc == &substrait__expression__window_function__descriptor) {
        pni_hash_cell(e->out, &e->scope->row.rows); /* its value depends on the other rows */
    }
    if (!node->skip) {
        put_fields(e, msg);
    }
    return PN_OK;
}

/* ---- a tree of expressions ---------------------------------------------------------------- */

/* Goes where visit_put() goes, through all expressions. */
static pn_status visit_list(void *ctx, pni_node *node, pn_error *err) {
    encoding *e = ctx;
    const ProtobufCMessageDescriptor *desc = node->msg->descriptor;
    uint32_t level;
    (void)err;
    node->skip = desc == &substrait__rel__descriptor || is_left_out(e, desc) ||
                 (desc == &substrait__expression__field_reference__descriptor &&
                  is_to_row((const void *)node->msg, &level));
    if (desc == &substrait__expression__descriptor) {
        pni_vec_push(&e->pending, node->msg);
    }
    return PN_OK;
}

static pn_status hash_expression(encoding *e, const ProtobufCMessage *expr, pn_error *err) {
    int32_t field = pni_lineage_bare_field(expr);
    pni_hash hash;
    if (field >= 0) {
        pni_vec_push(&e->parts, pni_merkle_field(e->m, &e->scope->row, field));
        return PN_OK;
    }
    encoding one = *e;
    one.root = expr;
    one.out = &hash;
    pni_hash_start(&hash, "expression");
    hash.known = pni_merkle_step(e->m, 1);
    pn_status status = pni_tree_walk((ProtobufCMessage *)(uintptr_t)expr, visit_put, &one, err);
    e->parts.count = one.parts.count;
    pni_cell *cell = pni_hash_end(e->m, &hash);
    cell->type = pni_lineage_type_of(expr);
    pni_vec_push(&e->parts, cell);
    return status;
}

/* Hashes all expressions of e->root; those that stand in no other one are left in e->parts. */
static pn_status hash_expressions(encoding *e, pn_error *err) {
    PNI_TRY(pni_tree_walk((ProtobufCMessage *)(uintptr_t)e->root, visit_list, e, err));
    for (size_t i = e->pending.count; i-- > 0;) {
        PNI_TRY(hash_expression(e, e->pending.items[i], err));
    }
    return PN_OK;
}

static void dispose(encoding *e) {
    pni_vec_dispose(&e->parts);
    pni_vec_dispose(&e->pending);
}

pn_status pni_merkle_expr(pni_merkler *m, const pni_cell_scope *scope, const ProtobufCMessage *expr,
                          const pni_cell **out, pn_error *err) {
    encoding e = {.m = m, .scope = scope, .root = expr};
    pn_status status = hash_expressions(&e, err);
    if (status == PN_OK) {
        *out = e.parts.items[0];
    }
    dispose(&e);
    return status;
}

pn_status pni_merkle_add(pni_merkler *m, const pni_cell_scope *scope, const ProtobufCMessage *msg,
                         pni_hash *out, pn_error *err) {
    encoding e = {.m = m, .scope = scope, .root = msg, .out = out};
    if (msg->descriptor == &substrait__expression__descriptor) {
        const pni_cell *cell = NULL;
        PNI_TRY(pni_merkle_expr(m, scope, msg, &cell, err));
        pni_hash_cell(out, cell);
        return PN_OK;
    }
    pn_status status = hash_expressions(&e, err);
    if (status == PN_OK) {
        status = pni_tree_walk((ProtobufCMessage *)(uintptr_t)msg, visit_put, &e, err);
    }
    dispose(&e);
    return status;
}
