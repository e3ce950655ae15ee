/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Two messages side by side: where they first differ, and in what. One frame per pair of open
 * messages on an explicit stack, each a field and an item to go on with, so the stack is at the
 * same time the path to the difference. Anchors are compared by what they stand for, since two
 * plans number the same functions differently. Relations below are left out: they are compared for
 * themselves.
 */
#include "substrait/diff.h"

typedef struct frame {
    const ProtobufCMessage *left;
    const ProtobufCMessage *right;
    unsigned field;
    size_t item;
} frame;

typedef struct comparison {
    const pn_substrait *left;
    const pn_substrait *right;
    PNI_VEC(frame) stack;
    pni_mismatch *out;
} comparison;

enum { STEPS_SHOWN = 24 };

/* ---- the report --------------------------------------------------------------------------- */

static void write_step(const frame *f, pn_buf *out) {
    const ProtobufCFieldDescriptor *field = &f->left->descriptor->fields[f->field];
    pni_buf_printf(out, "%s%s", out->len ? "." : "", field->name);
    if (field->label == PROTOBUF_C_LABEL_REPEATED) {
        pni_buf_printf(out, "[%zu]", f->item);
    }
}

/* `whole` frames are steps; the field of the last is where the difference is. */
static void write_path(comparison *c, size_t whole) {
    size_t skipped = whole > STEPS_SHOWN ? whole - STEPS_SHOWN : 0;
    if (skipped) {
        pni_buf_printf(&c->out->at, "(%zu steps)", skipped);
    }
    for (size_t i = skipped; i < whole; i++) {
        write_step(&c->stack.items[i], &c->out->at);
    }
}

/* The chosen field of the choice that `field` belongs to. */
static const char *chosen_name(const ProtobufCMessage *msg, const ProtobufCFieldDescriptor *field) {
    const ProtobufCMessageDescriptor *desc = msg->descriptor;
    uint32_t chosen =
        *(const uint32_t *)(const void *)((const char *)msg + field->quantifier_offset);
    for (unsigned f = 0; f < desc->n_fields; f++) {
        if (desc->fields[f].id == chosen) {
            return desc->fields[f].name;
        }
    }
    return "nothing";
}

static void write_presence(const pn_substrait *plan, const ProtobufCMessage *msg,
                           const ProtobufCFieldDescriptor *field, size_t item, pn_buf *out) {
    if (field->flags & PROTOBUF_C_FIELD_FLAG_ONEOF) {
        pni_buf_puts(out, chosen_name(msg, field));
    } else if (item >= pni_field_count(msg, field)) {
        pni_buf_puts(out, "nothing");
    } else if (field->type == PROTOBUF_C_TYPE_MESSAGE) {
        pni_buf_puts(out, "something");
    } else {
        pni_scalar_text(plan, msg, field, item, out);
    }
}

/* The field is set on one side only, or another one of its choice is. */
static bool differ_in_presence(comparison *c, const frame *f) {
    const ProtobufCFieldDescriptor *field = &f->left->descriptor->fields[f->field];
    bool choice = (field->flags & PROTOBUF_C_FIELD_FLAG_ONEOF) != 0;
    write_path(c, choice ? c->stack.count - 1 : c->stack.count);
    write_presence(c->left, f->left, field, f->item, &c->out->left);
    write_presence(c->right, f->right, field, f->item, &c->out->right);
    return true;
}

static bool differ_in_value(comparison *c, const frame *f) {
    const ProtobufCFieldDescriptor *field = &f->left->descriptor->fields[f->field];
    write_path(c, c->stack.count);
    pni_scalar_text(c->left, f->left, field, f->item, &c->out->left);
    pni_scalar_text(c->right, f->right, field, f->item, &c->out->right);
    return true;
}

/* ---- values ------------------------------------------------------------------------------- */

static bool same_reference(const pn_substrait *left_plan, uint32_t left,
                           const pn_substrait *right_plan, uint32_t right, pni_space space) {
    const char *left_urn;
    const char *right_urn;
    const char *left_name = pni_substrait_declared(left_plan, space, left, &left_urn);
    const char *right_name = pni_substrait_declared(right_plan, space, right, &right_urn);
    if (!left_name && !right_name) {
        return left == right;
    }
    return pni_streq(left_name, right_name) && pni_streq(left_urn, right_urn);
}

bool pni_scalars_equal(const pn_substrait *left_plan, const ProtobufCMessage *left,
                       const pn_substrait *right_plan, const ProtobufCMessage *right,
                       const ProtobufCFieldDescriptor *field, size_t index) {
    const void *one = pni_field_place(left, field, index);
    const void *other = pni_field_place(right, field, index);
    pni_space space;
    if (field->type == PROTOBUF_C_TYPE_STRING) {
        return pni_streq(*(char *const *)one, *(char *const *)other);
    }
    if (field->type == PROTOBUF_C_TYPE_BYTES) {
        const ProtobufCBinaryData *bytes = one;
        const ProtobufCBinaryData *others = other;
        return bytes->len == others->len &&
               (bytes->len == 0 || memcmp(bytes->data, others->data, bytes->len) == 0);
    }
    if (pni_is_reference(field, &space)) {
        uint32_t anchors[2];
        memcpy(&anchors[0], one, sizeof *anchors);
        memcpy(&anchors[1], other, sizeof *anchors);
        return same_reference(left_plan, anchors[0], right_plan, anchors[1], space);
    }
    return memcmp(one, other, pni_element_size(field->type)) == 0;
}

/* One item of the field; true when it differs. */
static bool compare_item(comparison *c, frame *f) {
    const ProtobufCFieldDescriptor *field = &f->left->descriptor->fields[f->field];
    if (field->type != PROTOBUF_C_TYPE_MESSAGE) {
        return !pni_scalars_equal(c->left, f->left, c->right, f->right, field, f->item) &&
               differ_in_value(c, f);
    }
    if (field->descriptor != &substrait__rel__descriptor) {
        frame below = {.left = pni_field_child(f->left, field, f->item),
                       .right = pni_field_child(f->right, field, f->item)};
        pni_vec_push(&c->stack, below); /* moves `f` */
    }
    return false;
}

/* Goes one item, field or message on; true when a difference was found. */
static bool step(comparison *c) {
    frame *f = &c->stack.items[c->stack.count - 1];
    const ProtobufCMessageDescriptor *desc = f->left->descriptor;
    if (f->field == desc->n_fields) {
        c->stack.count--;
        if (c->stack.count > 0) {
            c->stack.items[c->stack.count - 1].item++;
        }
        return false;
    }
    size_t n_left = pni_field_count(f->left, &desc->fields[f->field]);
    size_t n_right = pni_field_count(f->right, &desc->fields[f->field]);
    if (f->item < n_left && f->item < n_right) {
        size_t depth = c->stack.count;
        bool differs = compare_item(c, f);
        if (!differs && c->stack.count == depth) {
            f->item++;
        }
        return differs;
    }
    if (n_left != n_right) {
        return differ_in_presence(c, f);
    }
    f->field++;
    f->item = 0;
    return false;
}

bool pni_messages_differ(const pn_substrait *left_plan, const ProtobufCMessage *left,
                         const pn_substrait *right_plan, const ProtobufCMessage *right,
                         pni_mismatch *out) {
    comparison c = {.left = left_plan, .right = right_plan, .out = out};
    frame first = {.left = left, .right = right};
    bool differ = false;
    pni_vec_push(&c.stack, first);
    while (!differ && c.stack.count > 0) {
        differ = step(&c);
    }
    pni_vec_dispose(&c.stack);
    return differ;
}
