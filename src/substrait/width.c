/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How many columns a relation has. The canonical form needs it to know an emit of all columns, the
 * grades of `plan` to know which column is whose. Known from the kind and the inputs, but not for
 * extension relations and what stands on them. Whoever asks knows the inputs already, so nothing
 * here walks a plan.
 */
#include "substrait/canon.h"

size_t pni_width_add(size_t a, size_t b) {
    return a == PNI_WIDTH_UNKNOWN || b == PNI_WIDTH_UNKNOWN ? PNI_WIDTH_UNKNOWN : a + b;
}

static size_t read_width(const Substrait__ReadRel *read) {
    if (read->projection) {
        return read->projection->maintain_singular_struct
                   ? PNI_WIDTH_UNKNOWN
                   : read->projection->select->n_struct_items;
    }
    return read->base_schema && read->base_schema->struct_ ? read->base_schema->struct_->n_types
                                                           : PNI_WIDTH_UNKNOWN;
}

/* The kinds of join have types of the same names but not of the same numbers. */
static size_t join_width(const pni_rel *rel, size_t first, size_t sum) {
    const ProtobufCMessage *body = pni_rel_body(rel);
    const ProtobufCFieldDescriptor *field =
        protobuf_c_message_descriptor_get_field_by_name(body->descriptor, "type");
    const ProtobufCEnumValue *type = NULL;
    int32_t number = 0;
    if (field) {
        memcpy(&number, pni_field_place(body, field, 0), sizeof number);
        type = protobuf_c_enum_descriptor_get_value(field->descriptor, number);
    }
    if (!type || number == 0) {
        return PNI_WIDTH_UNKNOWN;
    }
    size_t second = sum == PNI_WIDTH_UNKNOWN ? PNI_WIDTH_UNKNOWN : sum - first;
    size_t kept = strstr(type->name, "_RIGHT_") ? second : first;
    if (pni_ends_with(type->name, "_SEMI") || pni_ends_with(type->name, "_ANTI")) {
        return kept;
    }
    return pni_ends_with(type->name, "_MARK") ? pni_width_add(kept, 1) : sum;
}

size_t pni_rel_own_width(const pni_rel *rel, size_t first, size_t sum) {
    switch ((int)rel->rel_type_case) {
    case SUBSTRAIT__REL__REL_TYPE_READ:
        return read_width(rel->read);
    case SUBSTRAIT__REL__REL_TYPE_FILTER:
    case SUBSTRAIT__REL__REL_TYPE_FETCH:
    case SUBSTRAIT__REL__REL_TYPE_SORT:
    case SUBSTRAIT__REL__REL_TYPE_SET:
    case SUBSTRAIT__REL__REL_TYPE_EXCHANGE:
        return first;
    case SUBSTRAIT__REL__REL_TYPE_PROJECT:
        return pni_width_add(first, rel->project->n_expressions);
    case SUBSTRAIT__REL__REL_TYPE_WINDOW:
        return pni_width_add(first, rel->window->n_window_functions);
    case SUBSTRAIT__REL__REL_TYPE_AGGREGATE:
        return rel->aggregate->n_grouping_expressions + rel->aggregate->n_measures +
               pni_aggregate_numbers_sets(rel->aggregate);
    case SUBSTRAIT__REL__REL_TYPE_CROSS:
        return sum;
    case SUBSTRAIT__REL__REL_TYPE_JOIN:
    case SUBSTRAIT__REL__REL_TYPE_HASH_JOIN:
    case SUBSTRAIT__REL__REL_TYPE_MERGE_JOIN:
    case SUBSTRAIT__REL__REL_TYPE_NESTED_LOOP_JOIN:
        return join_width(rel, first, sum);
    default:
        return PNI_WIDTH_UNKNOWN;
    }
}
