/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A plan as text: one line per relation, inputs and subqueries below their reader. Lines are made
 * from the descriptors, so a relation kind needs code only where it reads better with it. Columns
 * are $0, $1, … of the input; ^n counts subquery boundaries. Indentation stops growing at a depth
 * where nobody reads it any more, or deep plans would have texts of quadratic size.
 */
#include "substrait/substrait_priv.h"

enum { EXPRESSION_MAX = 400, INDENT_MAX = 40, LINE_MAX_BYTES = 4000, DETAIL_MAX = 200 };

typedef struct line {
    const pni_rel *rel;
    uint32_t depth;
    bool subquery;
} line;

typedef struct renderer {
    const pn_substrait *plan;
    pn_buf *out;
    size_t limit; /* of the current line */
    PNI_VEC(line) stack;
    line current;
} renderer;

static void name_column(void *ctx, uint32_t level, int32_t field, pn_buf *out) {
    (void)ctx;
    pni_buf_printf(out, "$%d", field);
    if (level) {
        pni_buf_printf(out, "^%u", level);
    }
}

static void grouping_text(const Substrait__AggregateRel__Grouping *grouping, pn_buf *out) {
    pni_buf_putc(out, '(');
    for (size_t i = 0; i < grouping->n_expression_references; i++) {
        pni_buf_printf(out, "%s%u", i ? ", " : "", grouping->expression_references[i]);
    }
    pni_buf_putc(out, ')');
}

static void mask_text(const Substrait__Expression__MaskExpression *mask, pn_buf *out) {
    size_t count = mask->select ? mask->select->n_struct_items : 0;
    pni_buf_putc(out, '[');
    for (size_t i = 0; i < count; i++) {
        const Substrait__Expression__MaskExpression__StructItem *item =
            mask->select->struct_items[i];
        pni_buf_printf(out, "%s$%d%s", i ? ", " : "", item->field, item->child ? ".(…)" : "");
    }
    pni_buf_puts(out, mask->maintain_singular_struct ? "] as struct" : "]");
}

static void table_text(const Substrait__ReadRel__NamedTable *table, pn_buf *out) {
    for (size_t i = 0; i < table->n_names; i++) {
        pni_buf_printf(out, "%s%s", i ? "." : "", table->names[i]);
    }
}

static void schema_text(const pn_substrait *plan, const Substrait__NamedStruct *schema, size_t max,
                        pn_buf *out) {
    size_t limit = out->len + max;
    size_t count = schema->struct_ ? schema->struct_->n_types : 0;
    size_t at = 0;
    pni_buf_putc(out, '[');
    for (size_t i = 0; i < count && at < schema->n_names; i++) {
        if (out->len > limit) {
            pni_buf_printf(out, ", … %zu in all", count);
            break;
        }
        pni_buf_printf(out, "%s%s ", i ? ", " : "", schema->names[at]);
        pni_message_text(plan, &schema->struct_->types[i]->base, EXPRESSION_MAX, out);
        at += 1 + pni_type_nested_names(schema->struct_->types[i]);
    }
    pni_buf_putc(out, ']');
}

static void any_text(const Google__Protobuf__Any *any, pn_buf *out) {
    const char *value = (const char *)any->value.data;
    bool text = any->value.len > 0 && *value == '{' && pni_utf8_valid(value, any->value.len);
    pni_buf_puts(out, any->type_url);
    if (text) { /* our own details are JSON */
        size_t kept = pni_utf8_cut(value, any->value.len, DETAIL_MAX);
        pni_buf_putc(out, ' ');
        pni_buf_append(out, value, kept);
        pni_buf_puts(out, kept < any->value.len ? "…" : "");
    } else {
        pni_buf_printf(out, " (%zu bytes)", any->value.len);
    }
}

void pni_message_text(const pn_substrait *plan, const ProtobufCMessage *msg, size_t max,
                      pn_buf *out) {
    const ProtobufCMessageDescriptor *desc = msg->descriptor;
    const void *any = msg;
    if (desc == &substrait__aggregate_rel__grouping__descriptor) {
        grouping_text(any, out);
    } else if (desc == &google__protobuf__any__descriptor) {
        any_text(any, out);
    } else if (desc == &substrait__expression__mask_expression__descriptor) {
        mask_text(any, out);
    } else if (desc == &substrait__read_rel__named_table__descriptor) {
        table_text(any, out);
    } else if (desc == &substrait__named_struct__descriptor) {
        schema_text(plan, any, max, out);
    } else {
        pni_expr_text(plan, msg, name_column, NULL, max, out);
    }
}

static void write_message(renderer *r, const ProtobufCMessage *msg) {
    pni_message_text(r->plan, msg, EXPRESSION_MAX, r->out);
}

static void write_list(renderer *r, const ProtobufCMessage *body,
                       const ProtobufCFieldDescriptor *field) {
    size_t count = pni_field_count(body, field);
    if (field->type != PROTOBUF_C_TYPE_MESSAGE || count == 0) {
        return;
    }
    pni_buf_printf(r->out, " %s=[", field->name);
    for (size_t i = 0; i < count; i++) {
        pni_buf_puts(r->out, i ? ", " : "");
        if (r->out->len > r->limit) {
            pni_buf_printf(r->out, "… %zu in all", count);
            break;
        }
        write_message(r, pni_field_child(body, field, i));
    }
    pni_buf_putc(r->out, ']');
}

static void write_field(renderer *r, const ProtobufCMessage *body,
                        const ProtobufCFieldDescriptor *field) {
    bool chosen = (field->flags & PROTOBUF_C_FIELD_FLAG_ONEOF) != 0;
    if (field->label == PROTOBUF_C_LABEL_REPEATED) {
        write_list(r, body, field);
    } else if (!pni_field_count(body, field)) {
        return;
    } else if (field->type == PROTOBUF_C_TYPE_MESSAGE) {
        pni_buf_printf(r->out, " %s=", field->name);
        write_message(r, pni_field_child(body, field, 0));
    } else if (chosen || !pni_field_is_default(body, field)) {
        pni_buf_printf(r->out, " %s=", field->name);
        pni_scalar_text(r->plan, body, field, 0, r->out);
    }
}

static bool is_structure(const ProtobufCFieldDescriptor *field) {
    return field->type == PROTOBUF_C_TYPE_MESSAGE &&
           (field->descriptor == &substrait__rel__descriptor ||
            field->descriptor == &substrait__rel_common__descriptor ||
            field->descriptor == &substrait__extensions__advanced_extension__descriptor);
}

static void write_fields(renderer *r, const ProtobufCMessage *body) {
    const ProtobufCMessageDescriptor *desc = body->descriptor;
    for (unsigned f = 0; f < desc->n_fields; f++) {
        if (!is_structure(&desc->fields[f])) {
            write_field(r, body, &desc->fields[f]);
        }
    }
}

static void write_read(renderer *r, const Substrait__ReadRel *read) {
    pni_buf_putc(r->out, ' ');
    if (read->read_type_case == SUBSTRAIT__READ_REL__READ_TYPE_NAMED_TABLE) {
        write_message(r, &read->named_table->base);
    } else if (read->read_type_case == SUBSTRAIT__READ_REL__READ_TYPE_VIRTUAL_TABLE) {
        pni_buf_printf(r->out, "%zu rows of values",
                       read->virtual_table->n_values + read->virtual_table->n_expressions);
    } else {
        pni_buf_puts(r->out, "extension ");
        write_message(r, &read->extension_table->detail->base);
    }
    if (read->base_schema) {
        pni_buf_putc(r->out, ' ');
        schema_text(r->plan, read->base_schema, LINE_MAX_BYTES, r->out);
    }
    if (read->projection) {
        pni_buf_puts(r->out, " projection=");
        write_message(r, &read->projection->base);
    }
    if (read->filter) {
        pni_buf_puts(r->out, " filter=");
        write_message(r, &read->filter->base);
    }
}

static void write_emit(renderer *r, const pni_rel *rel) {
    const Substrait__RelCommon__Emit *emit = pni_rel_emit(rel);
    if (!emit) {
        return;
    }
    pni_buf_puts(r->out, " emit=[");
    for (size_t i = 0; i < emit->n_output_mapping; i++) {
        pni_buf_printf(r->out, "%s$%d", i ? ", " : "", emit->output_mapping[i]);
    }
    pni_buf_putc(r->out, ']');
}

static void write_body(renderer *r, const pni_rel *rel) {
    r->limit = r->out->len + LINE_MAX_BYTES;
    pni_buf_puts(r->out, pni_rel_kind(rel));
    if (rel->rel_type_case == SUBSTRAIT__REL__REL_TYPE_READ) {
        write_read(r, rel->read);
    } else {
        write_fields(r, pni_rel_body(rel));
    }
    write_emit(r, rel);
}

static void write_rel(renderer *r) {
    uint32_t indent = r->current.depth < INDENT_MAX ? r->current.depth : INDENT_MAX;
    for (uint32_t i = 0; i < indent; i++) {
        pni_buf_puts(r->out, "  ");
    }
    if (r->current.depth > INDENT_MAX) {
        pni_buf_printf(r->out, "(%u) ", r->current.depth);
    }
    pni_buf_puts(r->out, r->current.subquery ? "subquery " : "");
    write_body(r, r->current.rel);
    pni_buf_putc(r->out, '\n');
}

void pni_rel_text(const pn_substrait *plan, const pni_rel *rel, pn_buf *out) {
    renderer r = {.plan = plan, .out = out};
    write_body(&r, rel);
}

/* Finds the next relations below; those in expressions are subqueries. */
static pn_status find_below(void *ctx, pni_node *node, pn_error *err) {
    renderer *r = ctx;
    (void)err;
    if (node->msg->descriptor == &substrait__rel__descriptor) {
        line below = {(const void *)node->msg, r->current.depth + 1, node->subqueries > 0};
        pni_vec_push(&r->stack, below);
        node->skip = true;
    }
    return PN_OK;
}

static void reverse(line *lines, size_t count) {
    for (size_t i = 0; i < count / 2; i++) {
        line swap = lines[i];
        lines[i] = lines[count - 1 - i];
        lines[count - 1 - i] = swap;
    }
}

static pn_status write_plan(renderer *r, pn_error *err) {
    while (r->stack.count > 0) {
        size_t kept = --r->stack.count;
        r->current = r->stack.items[kept];
        write_rel(r);
        PNI_TRY(pni_tree_walk(pni_rel_body(r->current.rel), find_below, r, err));
        reverse(r->stack.items + kept, r->stack.count - kept);
    }
    return PN_OK;
}

pn_status pn_substrait_text(const pn_substrait *plan, pn_buf *text_out, pn_error *err) {
    if (!plan || !text_out) {
        return pni_fail(err, PNI_E_ARGUMENT,
                        "pn_substrait_text: plan and text_out must not be NULL");
    }
    renderer r = {.plan = plan, .out = text_out};
    line first = {pni_substrait_root(plan), 0, false};
    size_t outputs = pn_substrait_output_count(plan);
    if (outputs > 0) {
        pni_buf_puts(text_out, "root [");
        for (size_t i = 0; i < outputs; i++) {
            pni_buf_printf(text_out, "%s%s", i ? ", " : "", pn_substrait_output_at(plan, i));
        }
        pni_buf_puts(text_out, "]\n");
        first.depth = 1;
    }
    pni_vec_push(&r.stack, first);
    pn_status status = write_plan(&r, err);
    pni_vec_dispose(&r.stack);
    return status;
}
