/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Generated structs to bytes, without recursion and from the end to the front, so that the length
 * of a message is known when its header is written: forwards, each message would be measured or
 * moved once per level. The bytes are a function of the tree: fields in the order of their numbers,
 * defaults outside of choices left out, lists of numbers packed, numbers as short as they can be.
 */
#include "substrait/substrait_priv.h"

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
    } else if (chosen || !pni_field_is_default(msg, field)) {
        prepend_key(e, field->id, prepend_number(e, field->type, place));
    }
}

static void write_packed(encoder *e, const ProtobufCFieldDescriptor *field, const char *items,
                         size_t count) {
    size_t end = e->len;
    size_t size = pni_element_size(field->type);
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
