/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Bytes to generated structs and back, without recursion: one frame per open message on an explicit
 * stack, so depth costs heap and is bounded by a limit instead of by the caller's stack.
 *
 * Reading checks each limit before it allocates, and is stricter than protobuf: a message given
 * twice is refused rather than merged, since two readers could disagree about the result, and so is
 * an unknown field, since dropping it could change what the plan means. Writing goes from the end
 * to the front, so that the length of a message is known when its header is written: forwards, each
 * message would be measured or moved once per level. The bytes are a function of the tree: fields
 * in the order of their numbers, defaults outside of choices left out, lists of numbers packed.
 */
#include "substrait/substrait_priv.h"

/* ---- reading ------------------------------------------------------------------------------ */

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

typedef struct removed_field {
    const ProtobufCMessageDescriptor *desc;
    uint32_t id;
} removed_field;

enum { WIRE_VARINT = 0, WIRE_FIXED64 = 1, WIRE_BYTES = 2, WIRE_FIXED32 = 5 };

static pn_status corrupt(decoder *d, const char *what) {
    return pni_fail(d->err, PNI_E_SUBSTRAIT_BYTES, "byte %zu of the Substrait plan: %s",
                    (size_t)(d->at - d->start), what);
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
    uint64_t len;
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

static bool is_removed(const ProtobufCMessageDescriptor *desc, uint64_t id) {
    static const removed_field removed[] = {
        {&substrait__plan__descriptor, 1},
        {&substrait__extensions__simple_extension_declaration__extension_type__descriptor, 1},
        {&substrait__extensions__simple_extension_declaration__extension_type_variation__descriptor,
         1},
        {&substrait__extensions__simple_extension_declaration__extension_function__descriptor, 1},
    };
    for (size_t i = 0; i < sizeof removed / sizeof *removed; i++) {
        if (removed[i].desc == desc && removed[i].id == id) {
            return true;
        }
    }
    return false;
}

static pn_status count_node(decoder *d) {
    if (++d->nodes > d->limits->max_nodes) {
        return pni_fail(d->err, PNI_E_SUBSTRAIT_LIMIT,
                        "the Substrait plan has more than %llu messages and list elements",
                        (unsigned long long)d->limits->max_nodes);
    }
    return PN_OK;
}

static size_t element_size(ProtobufCType type) {
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
    size_t size = element_size(field->type);
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
        return pni_fail(d->err, PNI_E_SUBSTRAIT_LIMIT,
                        "the Substrait plan is nested more than %u messages deep",
                        d->limits->max_depth);
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

static pn_status read_field(decoder *d) {
    ProtobufCMessage *msg = d->stack.items[d->stack.count - 1].msg;
    const ProtobufCMessageDescriptor *desc = msg->descriptor;
    const ProtobufCFieldDescriptor *field;
    wire_value value = {0};
    uint64_t key;
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
    if (is_removed(desc, key >> 3)) {
        return PN_OK;
    }
    return pni_fail(d->err, PNI_E_SUBSTRAIT_NEWER, "field %u of %s is unknown",
                    (unsigned)(key >> 3), desc->name);
}

void *pni_pb_new(pni_arena *arena, const ProtobufCMessageDescriptor *desc) {
    ProtobufCMessage *msg = pni_arena_alloc(arena, desc->sizeof_message);
    desc->message_init(msg);
    return msg;
}

pn_status pni_pb_decode(pn_bytes bytes, const ProtobufCMessageDescriptor *desc,
                        const pn_substrait_options *limits, pni_arena *arena,
                        ProtobufCMessage **out, pn_error *err) {
    decoder d = {.start = bytes.data, .arena = arena, .limits = limits, .err = err};
    pn_status status = PN_OK;
    if (bytes.len > limits->max_bytes) {
        return pni_fail(err, PNI_E_SUBSTRAIT_LIMIT,
                        "the Substrait plan has %zu bytes, more than %llu", bytes.len,
                        (unsigned long long)limits->max_bytes);
    }
    ProtobufCMessage *root = pni_pb_new(arena, desc);
    status = push(&d, root, bytes.data, bytes.len);
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
        *out = root;
    }
    return status;
}

/* ---- writing ------------------------------------------------------------------------------ */

typedef struct written {
    const ProtobufCMessage *msg;
    unsigned fields; /* still to be written */
    size_t items;    /* of the list at fields - 1 that are still to be written */
    bool in_list;
    size_t end; /* bytes behind the message */
    uint32_t id;
} written;

typedef struct encoder {
    uint8_t *data; /* used from data + cap - len on */
    size_t cap;
    size_t len;
    PNI_VEC(written) stack;
} encoder;

static void prepend(encoder *e, const void *data, size_t len) {
    if (e->cap - e->len < len) {
        size_t cap = e->cap * 2 > e->len + len ? e->cap * 2 : (e->len + len) * 2;
        uint8_t *grown = pni_alloc(cap);
        if (e->len) {
            memcpy(grown + cap - e->len, e->data + e->cap - e->len, e->len);
        }
        pni_free(e->data);
        e->data = grown;
        e->cap = cap;
    }
    e->len += len;
    if (len) {
        memcpy(e->data + e->cap - e->len, data, len);
    }
}

static void prepend_varint(encoder *e, uint64_t value) {
    uint8_t bytes[10];
    size_t len = 0;
    do {
        bytes[len++] = (uint8_t)((value & 0x7f) | (value > 0x7f ? 0x80 : 0));
        value >>= 7;
    } while (value);
    prepend(e, bytes, len);
}

static void prepend_key(encoder *e, uint32_t id, uint32_t wire_type) {
    prepend_varint(e, (uint64_t)id << 3 | wire_type);
}

/* Gives the wire type of the number it wrote. */
static uint32_t prepend_number(encoder *e, ProtobufCType type, const void *place) {
    protobuf_c_boolean flag;
    int32_t small;
    uint64_t wide;
    if (type == PROTOBUF_C_TYPE_DOUBLE) {
        prepend(e, place, 8); /* IEEE 754, little-endian like every machine we build for */
        return 1;
    }
    if (type == PROTOBUF_C_TYPE_FLOAT) {
        prepend(e, place, 4);
        return 5;
    }
    if (type == PROTOBUF_C_TYPE_BOOL) {
        memcpy(&flag, place, sizeof flag);
        wide = flag ? 1 : 0;
    } else if (type == PROTOBUF_C_TYPE_INT64 || type == PROTOBUF_C_TYPE_UINT64) {
        memcpy(&wide, place, sizeof wide);
    } else {
        memcpy(&small, place, sizeof small);
        wide = type == PROTOBUF_C_TYPE_UINT32 ? (uint32_t)small : (uint64_t)(int64_t)small;
    }
    prepend_varint(e, wide);
    return 0;
}

static size_t number_size(ProtobufCType type) {
    if (type == PROTOBUF_C_TYPE_BOOL) {
        return sizeof(protobuf_c_boolean);
    }
    return type == PROTOBUF_C_TYPE_INT64 || type == PROTOBUF_C_TYPE_UINT64 ||
                   type == PROTOBUF_C_TYPE_DOUBLE
               ? 8
               : 4;
}

static bool is_zero(const void *place, size_t size) {
    static const uint8_t zero[8] = {0};
    return memcmp(place, zero, size) == 0;
}

static void prepend_text(encoder *e, const ProtobufCFieldDescriptor *field, const char *text,
                         bool always) {
    size_t len = text ? strlen(text) : 0;
    if (len == 0 && !always) {
        return;
    }
    prepend(e, text, len);
    prepend_varint(e, len);
    prepend_key(e, field->id, 2);
}

static void prepend_bytes(encoder *e, const ProtobufCFieldDescriptor *field,
                          const ProtobufCBinaryData *bytes, bool always) {
    if (bytes->len == 0 && !always) {
        return;
    }
    prepend(e, bytes->data, bytes->len);
    prepend_varint(e, bytes->len);
    prepend_key(e, field->id, 2);
}

static void open_message(encoder *e, const ProtobufCMessage *msg, uint32_t id) {
    written top = {.msg = msg, .fields = msg->descriptor->n_fields, .end = e->len, .id = id};
    pni_vec_push(&e->stack, top);
}

static void write_single(encoder *e, const ProtobufCMessage *msg,
                         const ProtobufCFieldDescriptor *field) {
    const char *place = (const char *)msg + field->offset;
    bool chosen = (field->flags & PROTOBUF_C_FIELD_FLAG_ONEOF) != 0;
    if (field->type == PROTOBUF_C_TYPE_MESSAGE) {
        if (pni_field_count(msg, field)) {
            open_message(e, pni_field_child(msg, field, 0), field->id);
        }
    } else if (chosen && !pni_field_count(msg, field)) {
        return;
    } else if (field->type == PROTOBUF_C_TYPE_STRING) {
        prepend_text(e, field, *(char *const *)(const void *)place, chosen);
    } else if (field->type == PROTOBUF_C_TYPE_BYTES) {
        prepend_bytes(e, field, (const ProtobufCBinaryData *)(const void *)place, chosen);
    } else if (chosen || !is_zero(place, number_size(field->type))) {
        prepend_key(e, field->id, prepend_number(e, field->type, place));
    }
}

static void write_packed(encoder *e, const ProtobufCFieldDescriptor *field, const char *items,
                         size_t count) {
    size_t end = e->len;
    size_t size = number_size(field->type);
    while (count > 0) {
        prepend_number(e, field->type, items + size * --count);
    }
    prepend_varint(e, e->len - end);
    prepend_key(e, field->id, 2);
}

/* Writes the last item of the list that is not written; the frame may move when a message opens. */
static void write_item(encoder *e, const ProtobufCMessage *msg,
                       const ProtobufCFieldDescriptor *field, size_t index) {
    const char *items = *(const char *const *)(const void *)((const char *)msg + field->offset);
    if (field->type == PROTOBUF_C_TYPE_MESSAGE) {
        open_message(e, pni_field_child(msg, field, index), field->id);
    } else if (field->type == PROTOBUF_C_TYPE_STRING) {
        prepend_text(e, field, ((char *const *)(const void *)items)[index], true);
    } else {
        prepend_bytes(e, field, &((const ProtobufCBinaryData *)(const void *)items)[index], true);
    }
}

static bool is_number_type(ProtobufCType type) {
    return type != PROTOBUF_C_TYPE_MESSAGE && type != PROTOBUF_C_TYPE_STRING &&
           type != PROTOBUF_C_TYPE_BYTES;
}

static void write_list(encoder *e, written *top, const ProtobufCFieldDescriptor *field) {
    if (!top->in_list) {
        top->items = pni_field_count(top->msg, field);
        top->in_list = true;
    }
    if (top->items == 0) {
        top->in_list = false;
        top->fields--;
    } else if (is_number_type(field->type)) {
        const char *place = (const char *)top->msg + field->offset;
        write_packed(e, field, *(const char *const *)(const void *)place, top->items);
        top->items = 0;
    } else {
        top->items--;
        write_item(e, top->msg, field, top->items);
    }
}

void pni_pb_encode(const ProtobufCMessage *msg, pn_buf *out) {
    encoder e = {0};
    open_message(&e, msg, 0);
    while (e.stack.count > 0) {
        written *top = &e.stack.items[e.stack.count - 1];
        if (top->fields == 0) {
            uint32_t id = top->id;
            size_t len = e.len - top->end;
            e.stack.count--;
            if (e.stack.count > 0) {
                prepend_varint(&e, len);
                prepend_key(&e, id, 2);
            }
            continue;
        }
        const ProtobufCFieldDescriptor *field = &top->msg->descriptor->fields[top->fields - 1];
        if (field->label == PROTOBUF_C_LABEL_REPEATED) {
            write_list(&e, top, field);
        } else {
            top->fields--;
            write_single(&e, top->msg, field);
        }
    }
    pni_buf_append(out, e.data ? e.data + e.cap - e.len : (const uint8_t *)"", e.len);
    pni_vec_dispose(&e.stack);
    pni_free(e.data);
}
