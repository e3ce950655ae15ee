/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Bytes to generated structs without recursion: one frame per open message on an explicit stack, so
 * depth costs heap and is bounded by a limit instead of by the caller's stack.
 *
 * Each limit is checked before what it bounds is allocated, for messages and for elements of lists
 * of any kind, packed or not; texts and bytes are bounded by the input. Reading is stricter than
 * protobuf: a message given twice is refused rather than merged, since two readers could disagree
 * about the result, and so is an unknown field, since dropping it could change what the plan means.
 * Fields that Substrait has removed carry the URIs of older plans; they are put beside the tree.
 */
#include "substrait/substrait_priv.h"

#define DECLARATION(kind)                                                                          \
    substrait__extensions__simple_extension_declaration__extension_##kind##__descriptor

typedef struct opened {
    ProtobufCMessage *msg;
    const uint8_t *end;
} opened;

typedef PNI_VEC(opened) opened_vec;

typedef struct decoder {
    const uint8_t *start;
    const uint8_t *at;
    const uint8_t *end; /* of the message on top */
    pni_arena *arena;
    const pn_substrait_options *limits;
    pni_old_uris *old;
    uint64_t nodes;
    opened_vec stack;
    pn_error *err;
} decoder;

/* One value as it lies on the wire. */
typedef struct wire_value {
    uint32_t wire_type;
    uint64_t number;     /* varint or fixed */
    const uint8_t *data; /* length-delimited */
    size_t len;
} wire_value;

enum { WIRE_VARINT = 0, WIRE_FIXED64 = 1, WIRE_BYTES = 2, WIRE_FIXED32 = 5 };

/* The kind of the innermost open message, for error messages. */
static const char *around(const decoder *d) {
    size_t depth = d->stack.count;
    return depth ? d->stack.items[depth - 1].msg->descriptor->name : "substrait.Plan";
}

static pn_status corrupt(decoder *d, const char *what) {
    return pni_fail(d->err, PNI_E_SUBSTRAIT_BYTES, "byte %zu of the Substrait plan, in %s: %s",
                    (size_t)(d->at - d->start), around(d), what);
}

/* Names the ceiling, its value and where it was reached. */
static pn_status beyond(decoder *d, const char *limit, uint64_t value, const char *what) {
    return pni_fail(d->err, PNI_E_SUBSTRAIT_LIMIT,
                    "the Substrait plan has more than %llu %s (%s), at byte %zu in %s",
                    (unsigned long long)value, what, limit, (size_t)(d->at - d->start), around(d));
}

static pn_status read_varint(decoder *d, uint64_t *out) {
    uint64_t value = 0;
    for (unsigned shift = 0; shift < 64; shift += 7) {
        if (d->at == d->end) {
            return corrupt(d, "a number is cut off");
        }
        uint8_t byte = *d->at++;
        if (shift == 63 && byte > 1) {
            break;
        }
        value |= (uint64_t)(byte & 0x7f) << shift;
        if (!(byte & 0x80)) {
            *out = value;
            return PN_OK;
        }
    }
    return corrupt(d, "a number has more than 64 bits");
}

static pn_status read_fixed(decoder *d, size_t width, uint64_t *out) {
    if ((size_t)(d->end - d->at) < width) {
        return corrupt(d, "a number is cut off");
    }
    *out = 0;
    for (size_t i = 0; i < width; i++) {
        *out |= (uint64_t)d->at[i] << (8 * i);
    }
    d->at += width;
    return PN_OK;
}

static pn_status read_value(decoder *d, wire_value *value) {
    uint64_t len = 0;
    switch (value->wire_type) {
    case WIRE_VARINT:
        return read_varint(d, &value->number);
    case WIRE_FIXED64:
        return read_fixed(d, 8, &value->number);
    case WIRE_FIXED32:
        return read_fixed(d, 4, &value->number);
    case WIRE_BYTES:
        PNI_TRY(read_varint(d, &len));
        if (len > (uint64_t)(d->end - d->at)) {
            return corrupt(d, "a length reaches past the end of its message");
        }
        value->data = d->at;
        value->len = (size_t)len;
        d->at += len;
        return PN_OK;
    default:
        return corrupt(d, "an unknown wire type");
    }
}

static const ProtobufCFieldDescriptor *find_field(const ProtobufCMessageDescriptor *desc,
                                                  uint32_t id) {
    unsigned low = 0;
    unsigned high = desc->n_fields;
    while (low < high) {
        unsigned middle = low + (high - low) / 2;
        if (desc->fields[middle].id == id) {
            return &desc->fields[middle];
        }
        if (desc->fields[middle].id < id) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return NULL;
}

static pn_status count_node(decoder *d) {
    uint64_t most = d->limits->max_nodes;
    return ++d->nodes > most ? beyond(d, "max_nodes", most, "messages and list elements") : PN_OK;
}

/* Where the next value of the field goes. Lists double: full when their length is a power of two.
 */
static pn_status place_of(decoder *d, ProtobufCMessage *msg, const ProtobufCFieldDescriptor *field,
                          void **place_out) {
    char *base = (char *)msg;
    if (field->label != PROTOBUF_C_LABEL_REPEATED) {
        if (field->flags & PROTOBUF_C_FIELD_FLAG_ONEOF) {
            uint32_t *chosen = (uint32_t *)(void *)(base + field->quantifier_offset);
            if (*chosen) {
                return corrupt(d, "a choice is made twice");
            }
            *chosen = field->id;
        }
        *place_out = base + field->offset;
        return PN_OK;
    }
    size_t *count = (size_t *)(void *)(base + field->quantifier_offset);
    char **items = (char **)(void *)(base + field->offset);
    size_t size = pni_element_size(field->type);
    PNI_TRY(count_node(d));
    if ((*count & (*count - 1)) == 0) {
        char *grown = pni_arena_alloc(d->arena, size * (*count ? *count * 2 : 1));
        if (*count) {
            memcpy(grown, *items, *count * size);
        }
        *items = grown;
    }
    *place_out = *items + size * (*count)++;
    return PN_OK;
}

static pn_status store_number(decoder *d, const ProtobufCFieldDescriptor *field, uint64_t number,
                              void *place) {
    uint32_t low = (uint32_t)number;
    protobuf_c_boolean flag = number != 0;
    switch (field->type) {
    case PROTOBUF_C_TYPE_INT32:
    case PROTOBUF_C_TYPE_UINT32:
    case PROTOBUF_C_TYPE_ENUM:
    case PROTOBUF_C_TYPE_FLOAT:
        memcpy(place, &low, sizeof low);
        return PN_OK;
    case PROTOBUF_C_TYPE_INT64:
    case PROTOBUF_C_TYPE_UINT64:
    case PROTOBUF_C_TYPE_DOUBLE:
        memcpy(place, &number, sizeof number);
        return PN_OK;
    case PROTOBUF_C_TYPE_BOOL:
        memcpy(place, &flag, sizeof flag);
        return PN_OK;
    case PROTOBUF_C_TYPE_SINT32:
    case PROTOBUF_C_TYPE_SFIXED32:
    case PROTOBUF_C_TYPE_SINT64:
    case PROTOBUF_C_TYPE_SFIXED64:
    case PROTOBUF_C_TYPE_FIXED32:
    case PROTOBUF_C_TYPE_FIXED64:
    case PROTOBUF_C_TYPE_STRING:
    case PROTOBUF_C_TYPE_BYTES:
    case PROTOBUF_C_TYPE_MESSAGE:
    default:
        return corrupt(d, "a field of a type that Substrait does not use");
    }
}

static uint32_t wire_type_of(ProtobufCType type) {
    switch (type) {
    case PROTOBUF_C_TYPE_STRING:
    case PROTOBUF_C_TYPE_BYTES:
    case PROTOBUF_C_TYPE_MESSAGE:
        return WIRE_BYTES;
    case PROTOBUF_C_TYPE_DOUBLE:
    case PROTOBUF_C_TYPE_FIXED64:
    case PROTOBUF_C_TYPE_SFIXED64:
        return WIRE_FIXED64;
    case PROTOBUF_C_TYPE_FLOAT:
    case PROTOBUF_C_TYPE_FIXED32:
    case PROTOBUF_C_TYPE_SFIXED32:
        return WIRE_FIXED32;
    case PROTOBUF_C_TYPE_INT32:
    case PROTOBUF_C_TYPE_SINT32:
    case PROTOBUF_C_TYPE_INT64:
    case PROTOBUF_C_TYPE_SINT64:
    case PROTOBUF_C_TYPE_UINT32:
    case PROTOBUF_C_TYPE_UINT64:
    case PROTOBUF_C_TYPE_BOOL:
    case PROTOBUF_C_TYPE_ENUM:
    default:
        return WIRE_VARINT;
    }
}

static pn_status store_text(decoder *d, const wire_value *value, char **place) {
    const char *text = (const char *)value->data;
    if (!pni_utf8_valid(text, value->len)) {
        return corrupt(d, "a text is not UTF-8");
    }
    if (value->len && memchr(text, 0, value->len)) {
        return pni_fail(d->err, PNI_E_SUBSTRAIT_NUL,
                        "a text before byte %zu of the Substrait plan holds a NUL character",
                        (size_t)(d->at - d->start));
    }
    *place = pni_arena_strndup(d->arena, text, value->len);
    return PN_OK;
}

static pn_status push(decoder *d, ProtobufCMessage *msg, const uint8_t *data, size_t len) {
    opened top = {msg, data + len};
    if (d->stack.count >= d->limits->max_depth) {
        return beyond(d, "max_depth", d->limits->max_depth, "messages in each other");
    }
    PNI_TRY(count_node(d));
    pni_vec_push(&d->stack, top);
    d->at = data;
    d->end = top.end;
    return PN_OK;
}

static pn_status store_message(decoder *d, const ProtobufCFieldDescriptor *field,
                               const wire_value *value, ProtobufCMessage **place) {
    if (field->label != PROTOBUF_C_LABEL_REPEATED && *place) {
        return corrupt(d, "a part is given twice");
    }
    *place = pni_pb_new(d->arena, field->descriptor);
    return push(d, *place, value->data, value->len);
}

/* A packed list: numbers one behind the other in one length-delimited value. */
static pn_status store_packed(decoder *d, ProtobufCMessage *msg,
                              const ProtobufCFieldDescriptor *field, const wire_value *value) {
    const uint8_t *end = d->end;
    void *place;
    d->at = value->data;
    d->end = value->data + value->len;
    while (d->at < d->end) {
        wire_value item = {.wire_type = wire_type_of(field->type)};
        PNI_TRY(read_value(d, &item));
        PNI_TRY(place_of(d, msg, field, &place));
        PNI_TRY(store_number(d, field, item.number, place));
    }
    d->end = end;
    return PN_OK;
}

static pn_status store(decoder *d, ProtobufCMessage *msg, const ProtobufCFieldDescriptor *field,
                       const wire_value *value) {
    void *place;
    uint32_t wanted = wire_type_of(field->type);
    if (wanted != WIRE_BYTES && value->wire_type == WIRE_BYTES &&
        field->label == PROTOBUF_C_LABEL_REPEATED) {
        return store_packed(d, msg, field, value);
    }
    if (value->wire_type != wanted) {
        return corrupt(d, "a field has the wrong wire type");
    }
    PNI_TRY(place_of(d, msg, field, &place));
    if (field->type == PROTOBUF_C_TYPE_MESSAGE) {
        return store_message(d, field, value, place);
    }
    if (field->type == PROTOBUF_C_TYPE_STRING) {
        return store_text(d, value, place);
    }
    if (field->type == PROTOBUF_C_TYPE_BYTES) {
        ProtobufCBinaryData *bytes = place;
        bytes->len = value->len;
        bytes->data = value->len ? pni_arena_alloc(d->arena, value->len) : NULL;
        if (value->len) {
            memcpy(bytes->data, value->data, value->len);
        }
        return PN_OK;
    }
    return store_number(d, field, value->number, place);
}

/* ---- removed fields: extension_uris of the plan, extension_uri_reference of a declaration ---- */

enum { REMOVED_FIELD = 1 };

static bool is_declaration(const ProtobufCMessageDescriptor *desc) {
    return desc == &DECLARATION(type) || desc == &DECLARATION(type_variation) ||
           desc == &DECLARATION(function);
}

/* A URI had the same fields as a URN has. */
static pn_status read_old_uri(decoder *d, const wire_value *value) {
    if (value->wire_type != WIRE_BYTES) {
        return corrupt(d, "a field has the wrong wire type");
    }
    Substrait__Extensions__SimpleExtensionURN *uri =
        pni_pb_new(d->arena, &substrait__extensions__simple_extension_urn__descriptor);
    PNI_TRY(push(d, &uri->base, value->data, value->len));
    pni_vec_push(&d->old->uris, uri);
    return PN_OK;
}

static pn_status read_old_reference(decoder *d, const ProtobufCMessage *declaration,
                                    const wire_value *value) {
    pni_old_reference old = {declaration, (uint32_t)value->number};
    if (value->wire_type != WIRE_VARINT) {
        return corrupt(d, "a field has the wrong wire type");
    }
    PNI_TRY(count_node(d));
    pni_vec_push(&d->old->references, old);
    return PN_OK;
}

static pn_status read_field(decoder *d) {
    ProtobufCMessage *msg = d->stack.items[d->stack.count - 1].msg;
    const ProtobufCMessageDescriptor *desc = msg->descriptor;
    const ProtobufCFieldDescriptor *field;
    wire_value value = {0};
    uint64_t key = 0;
    PNI_TRY(read_varint(d, &key));
    value.wire_type = (uint32_t)(key & 7);
    if (key >> 3 == 0 || key >> 3 > 0x1fffffff) {
        return corrupt(d, "an impossible field number");
    }
    field = find_field(desc, (uint32_t)(key >> 3));
    PNI_TRY(read_value(d, &value));
    if (field) {
        return store(d, msg, field, &value);
    }
    if (key >> 3 == REMOVED_FIELD && desc == &substrait__plan__descriptor) {
        return read_old_uri(d, &value);
    }
    if (key >> 3 == REMOVED_FIELD && is_declaration(desc)) {
        return read_old_reference(d, msg, &value);
    }
    return pni_fail(d->err, PNI_E_SUBSTRAIT_NEWER,
                    "field %u of %s is unknown (before byte %zu of the Substrait plan)",
                    (unsigned)(key >> 3), desc->name, (size_t)(d->at - d->start));
}

void *pni_pb_new(pni_arena *arena, const ProtobufCMessageDescriptor *desc) {
    ProtobufCMessage *msg = pni_arena_alloc(arena, desc->sizeof_message);
    desc->message_init(msg);
    return msg;
}

pn_status pni_pb_decode(pn_bytes bytes, const pn_substrait_options *limits, pni_arena *arena,
                        pni_old_uris *old, Substrait__Plan **out, pn_error *err) {
    decoder d = {.start = bytes.data, .arena = arena, .limits = limits, .old = old, .err = err};
    if (bytes.len > limits->max_bytes) {
        return pni_fail(err, PNI_E_SUBSTRAIT_LIMIT,
                        "the Substrait plan has %zu bytes, more than %llu (max_bytes)", bytes.len,
                        (unsigned long long)limits->max_bytes);
    }
    d.at = bytes.data;
    Substrait__Plan *plan = pni_pb_new(arena, &substrait__plan__descriptor);
    pn_status status = push(&d, &plan->base, bytes.data, bytes.len);
    while (status == PN_OK && d.stack.count > 0) {
        if (d.at < d.end) {
            status = read_field(&d);
            continue;
        }
        d.stack.count--;
        if (d.stack.count > 0) { /* the reader stands where the parent goes on */
            d.end = d.stack.items[d.stack.count - 1].end;
        }
    }
    pni_vec_dispose(&d.stack);
    if (status == PN_OK) {
        *out = plan;
    }
    return status;
}
