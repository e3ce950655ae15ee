/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Single fields as text, made from the descriptors: enums by the last part of their names,
 * references by the name of what they refer to, so that a text does not depend on anchors. Whatever
 * no other file of the module has a form for is written as name{field=value …} by these.
 */
#include "substrait/substrait_priv.h"

#include <ctype.h>
#include <inttypes.h>

enum { TEXT_MAX = 80, BYTES_MAX = 64 };

/* "JOIN_TYPE_LEFT_SEMI" of JoinType -> "left_semi". */
void pni_enum_text(const ProtobufCEnumDescriptor *desc, int value, pn_buf *out) {
    const ProtobufCEnumValue *found = protobuf_c_enum_descriptor_get_value(desc, value);
    if (!found) {
        pni_buf_printf(out, "%d", value);
        return;
    }
    const char *name = found->name;
    for (const char *p = desc->short_name; *p; p++) {
        if (isupper((unsigned char)*p) && p != desc->short_name) {
            name++; /* the underscore before each further word */
        }
        name++;
    }
    for (name += *name == '_'; *name; name++) {
        pni_buf_putc(out, (char)tolower((unsigned char)*name));
    }
}

void pni_hex_text(const ProtobufCBinaryData *bytes, pn_buf *out) {
    pni_buf_puts(out, "x'");
    for (size_t i = 0; i < bytes->len && i < BYTES_MAX; i++) {
        pni_buf_printf(out, "%02x", bytes->data[i]);
    }
    pni_buf_puts(out, bytes->len > BYTES_MAX ? "…'" : "'");
}

static void string_text(const char *text, pn_buf *out) {
    size_t len = strlen(text);
    size_t kept = pni_utf8_cut(text, len, TEXT_MAX);
    pni_buf_putc(out, '\'');
    pni_buf_append(out, text, kept);
    pni_buf_puts(out, kept < len ? "…'" : "'");
}

static void reference_text(const pn_substrait *plan, pni_space space, uint32_t anchor,
                           pn_buf *out) {
    const char *urn;
    const char *name = pni_substrait_declared(plan, space, anchor, &urn);
    if (!name) {
        pni_buf_printf(out, "%u", anchor);
        return;
    }
    pni_buf_printf(out, "%s%s%s", urn, *urn ? "#" : "", name);
}

static void number_text(const pn_substrait *plan, const ProtobufCFieldDescriptor *field,
                        const void *place, pn_buf *out) {
    protobuf_c_boolean flag;
    uint32_t small;
    uint64_t wide;
    float half;
    double whole;
    pni_space space;
    switch ((int)field->type) {
    case PROTOBUF_C_TYPE_BOOL:
        memcpy(&flag, place, sizeof flag);
        pni_buf_puts(out, flag ? "true" : "false");
        return;
    case PROTOBUF_C_TYPE_ENUM:
        memcpy(&small, place, sizeof small);
        pni_enum_text(field->descriptor, (int)small, out);
        return;
    case PROTOBUF_C_TYPE_UINT32:
        memcpy(&small, place, sizeof small);
        if (pni_is_reference(field, &space)) {
            reference_text(plan, space, small, out);
        } else {
            pni_buf_printf(out, "%u", small);
        }
        return;
    case PROTOBUF_C_TYPE_FLOAT:
        memcpy(&half, place, sizeof half);
        pni_float_text((double)half, out);
        return;
    case PROTOBUF_C_TYPE_DOUBLE:
        memcpy(&whole, place, sizeof whole);
        pni_float_text(whole, out);
        return;
    case PROTOBUF_C_TYPE_INT64:
        memcpy(&wide, place, sizeof wide);
        pni_buf_printf(out, "%" PRId64, (int64_t)wide);
        return;
    case PROTOBUF_C_TYPE_UINT64:
        memcpy(&wide, place, sizeof wide);
        pni_buf_printf(out, "%" PRIu64, wide);
        return;
    default: /* Substrait has no other numbers than int32 */
        memcpy(&small, place, sizeof small);
        pni_buf_printf(out, "%d", (int32_t)small);
        return;
    }
}

void pni_scalar_text(const pn_substrait *plan, const ProtobufCMessage *msg,
                     const ProtobufCFieldDescriptor *field, size_t index, pn_buf *out) {
    const char *place = pni_field_place(msg, field, index);
    if (field->type == PROTOBUF_C_TYPE_STRING) {
        string_text(*(char *const *)(const void *)place, out);
    } else if (field->type == PROTOBUF_C_TYPE_BYTES) {
        pni_hex_text((const ProtobufCBinaryData *)(const void *)place, out);
    } else {
        number_text(plan, field, place, out);
    }
}

/* A scalar that is no choice and has its default is as good as absent. */
static bool is_shown(const ProtobufCMessage *msg, const ProtobufCFieldDescriptor *field) {
    if (!pni_field_count(msg, field)) {
        return false;
    }
    return field->type == PROTOBUF_C_TYPE_MESSAGE || field->label == PROTOBUF_C_LABEL_REPEATED ||
           (field->flags & PROTOBUF_C_FIELD_FLAG_ONEOF) || !pni_field_is_default(msg, field);
}

static void put_values(pni_writer *w, const ProtobufCMessage *msg,
                       const ProtobufCFieldDescriptor *field) {
    size_t count = pni_field_count(msg, field);
    bool list = field->label == PROTOBUF_C_LABEL_REPEATED;
    pni_put_text(w, list ? "[" : "");
    for (size_t i = 0; i < count; i++) {
        pni_put_text(w, i ? ", " : "");
        if (field->descriptor == &substrait__rel__descriptor) {
            pni_put_text(w, "(relation)");
        } else if (field->type == PROTOBUF_C_TYPE_MESSAGE) {
            pni_put(w, pni_field_child(msg, field, i));
        } else {
            pni_put_scalar(w, msg, field, i);
        }
    }
    pni_put_text(w, list ? "]" : "");
}

void pni_take_generic(pni_writer *w, const ProtobufCMessage *msg) {
    const ProtobufCMessageDescriptor *desc = msg->descriptor;
    bool first = true;
    pni_put_text(w, desc->short_name);
    pni_put_text(w, "{");
    for (unsigned f = 0; f < desc->n_fields; f++) {
        if (is_shown(msg, &desc->fields[f])) {
            pni_put_text(w, first ? "" : " ");
            pni_put_text(w, desc->fields[f].name);
            pni_put_text(w, "=");
            put_values(w, msg, &desc->fields[f]);
            first = false;
        }
    }
    pni_put_text(w, "}");
}
