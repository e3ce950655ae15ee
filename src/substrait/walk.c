/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Walking a plan by its descriptors: one loop with an explicit stack serves every pass, so a pass
 * is a visitor that knows the few messages it cares for and nothing of the other two hundred.
 * Children are pushed from last to first, which visits them in field order: the order in which
 * anchors are numbered, hence part of the canonical form.
 */
#include "substrait/substrait_priv.h"

size_t pni_field_count(const ProtobufCMessage *msg, const ProtobufCFieldDescriptor *field) {
    const char *base = (const char *)msg;
    if (field->label == PROTOBUF_C_LABEL_REPEATED) {
        return *(const size_t *)(const void *)(base + field->quantifier_offset);
    }
    if (field->flags & PROTOBUF_C_FIELD_FLAG_ONEOF) {
        return *(const uint32_t *)(const void *)(base + field->quantifier_offset) == field->id;
    }
    if (field->type == PROTOBUF_C_TYPE_MESSAGE) {
        return *(void *const *)(const void *)(base + field->offset) != NULL;
    }
    return 1;
}

ProtobufCMessage *pni_field_child(const ProtobufCMessage *msg,
                                  const ProtobufCFieldDescriptor *field, size_t index) {
    const char *place = (const char *)msg + field->offset;
    if (field->label == PROTOBUF_C_LABEL_REPEATED) {
        return (*(ProtobufCMessage *const *const *)(const void *)place)[index];
    }
    return *(ProtobufCMessage *const *)(const void *)place;
}

size_t pni_element_size(ProtobufCType type) {
    switch (type) {
    case PROTOBUF_C_TYPE_INT32:
    case PROTOBUF_C_TYPE_SINT32:
    case PROTOBUF_C_TYPE_SFIXED32:
    case PROTOBUF_C_TYPE_UINT32:
    case PROTOBUF_C_TYPE_FIXED32:
    case PROTOBUF_C_TYPE_FLOAT:
    case PROTOBUF_C_TYPE_ENUM:
        return 4;
    case PROTOBUF_C_TYPE_BOOL:
        return sizeof(protobuf_c_boolean);
    case PROTOBUF_C_TYPE_BYTES:
        return sizeof(ProtobufCBinaryData);
    case PROTOBUF_C_TYPE_INT64:
    case PROTOBUF_C_TYPE_SINT64:
    case PROTOBUF_C_TYPE_SFIXED64:
    case PROTOBUF_C_TYPE_UINT64:
    case PROTOBUF_C_TYPE_FIXED64:
    case PROTOBUF_C_TYPE_DOUBLE:
        return 8;
    case PROTOBUF_C_TYPE_STRING:
    case PROTOBUF_C_TYPE_MESSAGE:
    default:
        return sizeof(void *);
    }
}

const char *pni_field_place(const ProtobufCMessage *msg, const ProtobufCFieldDescriptor *field,
                            size_t index) {
    const char *place = (const char *)msg + field->offset;
    if (field->label == PROTOBUF_C_LABEL_REPEATED) {
        return *(const char *const *)(const void *)place + index * pni_element_size(field->type);
    }
    return place;
}

bool pni_field_is_default(const ProtobufCMessage *msg, const ProtobufCFieldDescriptor *field) {
    static const uint8_t zero[8] = {0};
    const char *place = pni_field_place(msg, field, 0);
    if (field->type == PROTOBUF_C_TYPE_STRING) {
        return **(const char *const *)(const void *)place == 0;
    }
    if (field->type == PROTOBUF_C_TYPE_BYTES) {
        return ((const ProtobufCBinaryData *)(const void *)place)->len == 0;
    }
    return memcmp(place, zero, pni_element_size(field->type)) == 0;
}

void pni_field_clear(ProtobufCMessage *msg, const ProtobufCFieldDescriptor *field) {
    char *base = (char *)msg;
    if (field->flags & PROTOBUF_C_FIELD_FLAG_ONEOF) {
        *(uint32_t *)(void *)(base + field->quantifier_offset) = 0;
    }
    *(void **)(void *)(base + field->offset) = NULL;
}

static bool is_subquery(const ProtobufCMessageDescriptor *desc) {
    return desc == &substrait__expression__subquery__scalar__descriptor ||
           desc == &substrait__expression__subquery__in_predicate__descriptor ||
           desc == &substrait__expression__subquery__set_predicate__descriptor ||
           desc == &substrait__expression__subquery__set_comparison__descriptor;
}

typedef PNI_VEC(pni_node) node_vec;

static void push_field(node_vec *stack, const pni_node *node,
                       const ProtobufCFieldDescriptor *field) {
    const ProtobufCMessageDescriptor *desc = node->msg->descriptor;
    bool is_rel = field->descriptor == &substrait__rel__descriptor;
    bool is_multi = desc == &substrait__extension_multi_rel__descriptor;
    for (size_t i = pni_field_count(node->msg, field); i-- > 0;) {
        bool step = is_rel && is_multi && i == 1 && node->step_scope;
        pni_node child = {.msg = pni_field_child(node->msg, field, i),
                          .subqueries = node->subqueries + (is_rel && is_subquery(desc) ? 1 : 0),
                          .scope = step ? node->step_scope : node->scope};
        pni_vec_push(stack, child);
    }
}

static void push_children(node_vec *stack, const pni_node *node) {
    const ProtobufCMessageDescriptor *desc = node->msg->descriptor;
    for (unsigned f = desc->n_fields; f-- > 0;) {
        if (desc->fields[f].type == PROTOBUF_C_TYPE_MESSAGE) {
            push_field(stack, node, &desc->fields[f]);
        }
    }
}

pn_status pni_tree_walk(ProtobufCMessage *root, pni_visit_fn visit, void *ctx, pn_error *err) {
    node_vec stack = {0};
    pn_status status = PN_OK;
    pni_node first = {.msg = root};
    if (root) {
        pni_vec_push(&stack, first);
    }
    while (status == PN_OK && stack.count > 0) {
        pni_node node = stack.items[--stack.count];
        status = visit(ctx, &node, err);
        if (status == PN_OK && !node.skip) {
            push_children(&stack, &node);
        }
    }
    pni_vec_dispose(&stack);
    return status;
}

static pn_status count_names(void *ctx, pni_node *node, pn_error *err) {
    size_t *count = ctx;
    const ProtobufCMessageDescriptor *desc = node->msg->descriptor;
    (void)err;
    if (desc == &substrait__type__struct__descriptor) {
        *count += ((const Substrait__Type__Struct *)(const void *)node->msg)->n_types;
    }
    node->skip = desc == &substrait__type__user_defined__descriptor ||
                 desc == &substrait__type__func__descriptor;
    return PN_OK;
}

size_t pni_type_nested_names(const Substrait__Type *type) {
    size_t count = 0;
    pn_error unused = PN_ERROR_INIT;
    ProtobufCMessage *root = (ProtobufCMessage *)(uintptr_t)type;
    pn_status status = pni_tree_walk(root, count_names, &count, &unused);
    pni_assert(status == PN_OK);
    return count;
}

ProtobufCMessage *pni_rel_body(const pni_rel *rel) {
    const ProtobufCMessageDescriptor *desc = rel->base.descriptor;
    for (unsigned f = 0; f < desc->n_fields; f++) {
        if (pni_field_count(&rel->base, &desc->fields[f])) {
            return pni_field_child(&rel->base, &desc->fields[f], 0);
        }
    }
    return NULL;
}

const char *pni_rel_kind(const pni_rel *rel) {
    const ProtobufCMessageDescriptor *desc = rel->base.descriptor;
    for (unsigned f = 0; f < desc->n_fields; f++) {
        if (desc->fields[f].id == (uint32_t)rel->rel_type_case) {
            return desc->fields[f].name;
        }
    }
    return "?";
}

int32_t pni_expr_column(const pni_expr *expr) {
    if (!expr || expr->rex_type_case != SUBSTRAIT__EXPRESSION__REX_TYPE_SELECTION) {
        return -1;
    }
    const Substrait__Expression__FieldReference *r = expr->selection;
    bool plain =
        r->root_type_case == SUBSTRAIT__EXPRESSION__FIELD_REFERENCE__ROOT_TYPE_ROOT_REFERENCE &&
        r->reference_type_case ==
            SUBSTRAIT__EXPRESSION__FIELD_REFERENCE__REFERENCE_TYPE_DIRECT_REFERENCE &&
        r->direct_reference->reference_type_case ==
            SUBSTRAIT__EXPRESSION__REFERENCE_SEGMENT__REFERENCE_TYPE_STRUCT_FIELD &&
        !r->direct_reference->struct_field->child;
    return plain ? r->direct_reference->struct_field->field : -1;
}

const Substrait__RelCommon__Emit *pni_rel_emit(const pni_rel *rel) {
    const ProtobufCMessage *body = pni_rel_body(rel);
    const ProtobufCMessageDescriptor *desc = body ? body->descriptor : NULL;
    for (unsigned f = 0; desc && f < desc->n_fields; f++) {
        const ProtobufCFieldDescriptor *field = &desc->fields[f];
        if (field->type != PROTOBUF_C_TYPE_MESSAGE ||
            field->descriptor != &substrait__rel_common__descriptor) {
            continue;
        }
        const Substrait__RelCommon *common = (void *)pni_field_child(body, field, 0);
        bool emits = common && common->emit_kind_case == SUBSTRAIT__REL_COMMON__EMIT_KIND_EMIT;
        return emits ? common->emit : NULL;
    }
    return NULL;
}
