/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A plan as text: one line per relation, inputs and subqueries below their reader. Lines are made
 * from the descriptors, so a relation kind needs code only where it reads better with it. Columns
 * are $0, $1, … of the input; ^n counts subquery boundaries. Indentation stops growing at a depth
 * where nobody reads it any more, or deep plans would have texts of quadratic size.
 */
#include "substrait/substrait_priv.h"

#include <ctype.h>
#include <inttypes.h>

enum { EXPRESSION_MAX = 400, INDENT_MAX = 40, LINE_MAX_BYTES = 4000 };

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

/* "JOIN_TYPE_LEFT_SEMI" of JoinType -> "left_semi". */
static void write_enum(pn_buf *out, const ProtobufCEnumDescriptor *desc, int value) {
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

static void write_grouping(pn_buf *out, const Substrait__AggregateRel__Grouping *grouping) {
    pni_buf_putc(out, '(');
    for (size_t i = 0; i < grouping->n_expression_references; i++) {
        pni_buf_printf(out, "%s%u", i ? ", " : "", grouping->expression_references[i]);
    }
    pni_buf_putc(out, ')');
}

static void write_message(renderer *r, const ProtobufCMessage *msg) {
    const void *any = msg;
    if (msg->descriptor == &substrait__aggregate_rel__grouping__descriptor) {
        write_grouping(r->out, any);
    } else if (msg->descriptor == &google__protobuf__any__descriptor) {
        const Google__Protobuf__Any *detail = any;
        pni_buf_printf(r->out, "%s (%zu bytes)", detail->type_url, detail->value.len);
    } else {
        pni_expr_text(r->plan, msg, name_column, NULL, EXPRESSION_MAX, r->out);
    }
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
    const void *place = (const char *)body + field->offset;
    int32_t number;
    if (field->label == PROTOBUF_C_LABEL_REPEATED) {
        write_list(r, body, field);
    } else if (!pni_field_count(body, field)) {
        return;
    } else if (field->type == PROTOBUF_C_TYPE_MESSAGE) {
        pni_buf_printf(r->out, " %s=", field->name);
        write_message(r, pni_field_child(body, field, 0));
    } else if (field->type == PROTOBUF_C_TYPE_ENUM) {
        memcpy(&number, place, sizeof number);
        pni_buf_printf(r->out, " %s=", field->name);
        write_enum(r->out, field->descriptor, number);
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

static void write_columns(renderer *r, const Substrait__ReadRel *read) {
    const Substrait__NamedStruct *schema = read->base_schema;
    size_t at = 0;
    pni_buf_puts(r->out, " [");
    for (size_t i = 0; schema->struct_ && i < schema->struct_->n_types && at < schema->n_names;
         i++) {
        pni_buf_printf(r->out, "%s%s ", i ? ", " : "", schema->names[at]);
        write_message(r, &schema->struct_->types[i]->base);
        at += 1 + pni_type_nested_names(schema->struct_->types[i]);
    }
    pni_buf_putc(r->out, ']');
}

static void write_read(renderer *r, const Substrait__ReadRel *read) {
    if (read->read_type_case == SUBSTRAIT__READ_REL__READ_TYPE_NAMED_TABLE) {
        for (size_t i = 0; i < read->named_table->n_names; i++) {
            pni_buf_printf(r->out, "%s%s", i ? "." : " ", read->named_table->names[i]);
        }
    } else if (read->read_type_case == SUBSTRAIT__READ_REL__READ_TYPE_VIRTUAL_TABLE) {
        pni_buf_printf(r->out, " %zu rows of values",
                       read->virtual_table->n_values + read->virtual_table->n_expressions);
    } else {
        pni_buf_puts(r->out, " extension ");
        write_message(r, &read->extension_table->detail->base);
    }
    if (read->base_schema) {
        write_columns(r, read);
    }
    if (read->projection) {
        pni_buf_puts(r->out, " projection=[");
        for (size_t i = 0; i < read->projection->select->n_struct_items; i++) {
            pni_buf_printf(r->out, "%s$%d", i ? ", " : "",
                           read->projection->select->struct_items[i]->field);
        }
        pni_buf_putc(r->out, ']');
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

/* The name of the chosen field: "filter", "hash_join". */
static const char *kind_name(const pni_rel *rel) {
    const ProtobufCMessageDescriptor *desc = rel->base.descriptor;
    for (unsigned f = 0; f < desc->n_fields; f++) {
        if (desc->fields[f].id == (uint32_t)rel->rel_type_case) {
            return desc->fields[f].name;
        }
    }
    return "?";
}

static void write_rel(renderer *r) {
    const pni_rel *rel = r->current.rel;
    uint32_t indent = r->current.depth < INDENT_MAX ? r->current.depth : INDENT_MAX;
    for (uint32_t i = 0; i < indent; i++) {
        pni_buf_puts(r->out, "  ");
    }
    if (r->current.depth > INDENT_MAX) {
        pni_buf_printf(r->out, "(%u) ", r->current.depth);
    }
    r->limit = r->out->len + LINE_MAX_BYTES;
    pni_buf_puts(r->out, r->current.subquery ? "subquery " : "");
    pni_buf_puts(r->out, kind_name(rel));
    if (rel->rel_type_case == SUBSTRAIT__REL__REL_TYPE_READ) {
        write_read(r, rel->read);
    } else {
        write_fields(r, pni_rel_body(rel));
    }
    write_emit(r, rel);
    pni_buf_putc(r->out, '\n');
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
