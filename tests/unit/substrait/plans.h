/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Plans for tests, built from the generated structs in a static pool that t_plans_reset() empties.
 * They are packed by protobuf-c, so what is decoded was not written by the code under test.
 */
#ifndef PN_TESTS_SUBSTRAIT_PLANS_H
#define PN_TESTS_SUBSTRAIT_PLANS_H

#include "substrait/tree.h"
#include "t.h"

#include <stdio.h>

#define T_POOL_BYTES (24u << 20)

static _Alignas(16) unsigned char t_pool[T_POOL_BYTES];
static size_t t_pool_used;

__attribute__((unused)) static void *t_pool_take(size_t size) {
    size_t at = (t_pool_used + 15) & ~(size_t)15;
    T_ASSERT(at + size <= T_POOL_BYTES);
    t_pool_used = at + size;
    memset(t_pool + at, 0, size);
    return t_pool + at;
}

__attribute__((unused)) static void *t_node(const ProtobufCMessageDescriptor *desc) {
    ProtobufCMessage *msg = t_pool_take(desc->sizeof_message);
    desc->message_init(msg);
    return msg;
}

/* Appends to a list of pointers; lists of a test hold at most 64. */
#define T_PUSH(list, count, item)                                                                  \
    do {                                                                                           \
        if (!(list)) {                                                                             \
            (list) = t_pool_take(64 * sizeof *(list));                                             \
        }                                                                                          \
        (list)[(count)++] = (item);                                                                \
    } while (0)

__attribute__((unused)) static Substrait__Type *t_i64(void) {
    Substrait__Type *type = t_node(&substrait__type__descriptor);
    type->kind_case = SUBSTRAIT__TYPE__KIND_I64;
    type->i64 = t_node(&substrait__type__i64__descriptor);
    type->i64->nullability = SUBSTRAIT__TYPE__NULLABILITY__NULLABILITY_NULLABLE;
    return type;
}

__attribute__((unused)) static pni_expr *t_field(int32_t field) {
    pni_expr *expr = t_node(&substrait__expression__descriptor);
    expr->rex_type_case = SUBSTRAIT__EXPRESSION__REX_TYPE_SELECTION;
    Substrait__Expression__FieldReference *r = expr->selection =
        t_node(&substrait__expression__field_reference__descriptor);
    r->reference_type_case =
        SUBSTRAIT__EXPRESSION__FIELD_REFERENCE__REFERENCE_TYPE_DIRECT_REFERENCE;
    r->direct_reference = t_node(&substrait__expression__reference_segment__descriptor);
    r->direct_reference->reference_type_case =
        SUBSTRAIT__EXPRESSION__REFERENCE_SEGMENT__REFERENCE_TYPE_STRUCT_FIELD;
    r->direct_reference->struct_field =
        t_node(&substrait__expression__reference_segment__struct_field__descriptor);
    r->direct_reference->struct_field->field = field;
    r->root_type_case = SUBSTRAIT__EXPRESSION__FIELD_REFERENCE__ROOT_TYPE_ROOT_REFERENCE;
    r->root_reference = t_node(&substrait__expression__field_reference__root_reference__descriptor);
    return expr;
}

__attribute__((unused)) static pni_expr *t_outer(int32_t field, uint32_t steps) {
    pni_expr *expr = t_field(field);
    expr->selection->root_type_case =
        SUBSTRAIT__EXPRESSION__FIELD_REFERENCE__ROOT_TYPE_OUTER_REFERENCE;
    expr->selection->outer_reference =
        t_node(&substrait__expression__field_reference__outer_reference__descriptor);
    expr->selection->outer_reference->steps_out = steps;
    return expr;
}

__attribute__((unused)) static pni_expr *t_number(int64_t value) {
    pni_expr *expr = t_node(&substrait__expression__descriptor);
    expr->rex_type_case = SUBSTRAIT__EXPRESSION__REX_TYPE_LITERAL;
    expr->literal = t_node(&substrait__expression__literal__descriptor);
    expr->literal->literal_type_case = SUBSTRAIT__EXPRESSION__LITERAL__LITERAL_TYPE_I64;
    expr->literal->i64 = value;
    return expr;
}

__attribute__((unused)) static Substrait__FunctionArgument *t_argument(pni_expr *value) {
    Substrait__FunctionArgument *argument = t_node(&substrait__function_argument__descriptor);
    argument->arg_type_case = SUBSTRAIT__FUNCTION_ARGUMENT__ARG_TYPE_VALUE;
    argument->value = value;
    return argument;
}

/* `right` may be NULL. */
__attribute__((unused)) static pni_expr *t_call(uint32_t anchor, pni_expr *left, pni_expr *right) {
    pni_expr *expr = t_node(&substrait__expression__descriptor);
    expr->rex_type_case = SUBSTRAIT__EXPRESSION__REX_TYPE_SCALAR_FUNCTION;
    Substrait__Expression__ScalarFunction *f = expr->scalar_function =
        t_node(&substrait__expression__scalar_function__descriptor);
    f->function_reference = anchor;
    T_PUSH(f->arguments, f->n_arguments, t_argument(left));
    if (right) {
        T_PUSH(f->arguments, f->n_arguments, t_argument(right));
    }
    return expr;
}

/* `columns` are names separated by spaces, all of type i64. */
__attribute__((unused)) static pni_rel *t_read(const char *table, const char *columns) {
    pni_rel *rel = t_node(&substrait__rel__descriptor);
    Substrait__ReadRel *read = rel->read = t_node(&substrait__read_rel__descriptor);
    Substrait__NamedStruct *schema = t_node(&substrait__named_struct__descriptor);
    rel->rel_type_case = SUBSTRAIT__REL__REL_TYPE_READ;
    read->read_type_case = SUBSTRAIT__READ_REL__READ_TYPE_NAMED_TABLE;
    read->named_table = t_node(&substrait__read_rel__named_table__descriptor);
    T_PUSH(read->named_table->names, read->named_table->n_names, (char *)(uintptr_t)table);
    read->base_schema = schema;
    schema->struct_ = t_node(&substrait__type__struct__descriptor);
    for (const char *p = columns; *p;) {
        size_t len = strcspn(p, " ");
        char *name = t_pool_take(len + 1);
        memcpy(name, p, len);
        T_PUSH(schema->names, schema->n_names, name);
        T_PUSH(schema->struct_->types, schema->struct_->n_types, t_i64());
        p += len + (p[len] == ' ');
    }
    return rel;
}

/* Hands on the columns in `fields`, ended by -1, of the read. */
__attribute__((unused)) static pni_rel *t_mask(pni_rel *rel, const int32_t *fields) {
    Substrait__Expression__MaskExpression *mask =
        t_node(&substrait__expression__mask_expression__descriptor);
    mask->select = t_node(&substrait__expression__mask_expression__struct_select__descriptor);
    for (; *fields >= 0; fields++) {
        Substrait__Expression__MaskExpression__StructItem *item =
            t_node(&substrait__expression__mask_expression__struct_item__descriptor);
        item->field = *fields;
        T_PUSH(mask->select->struct_items, mask->select->n_struct_items, item);
    }
    rel->read->projection = mask;
    return rel;
}

__attribute__((unused)) static pni_rel *t_filter(pni_rel *input, pni_expr *condition) {
    pni_rel *rel = t_node(&substrait__rel__descriptor);
    rel->rel_type_case = SUBSTRAIT__REL__REL_TYPE_FILTER;
    rel->filter = t_node(&substrait__filter_rel__descriptor);
    rel->filter->input = input;
    rel->filter->condition = condition;
    return rel;
}

/* Hands on the expressions only: `width` columns of the input are left out. */
/* Grouping of all of `input` as one set that is written as a set: its only column is the number. */
__attribute__((unused)) static pni_rel *t_one_set(pni_rel *input) {
    static char url[] = "pinion:grouping_set";
    pni_rel *rel = t_node(&substrait__rel__descriptor);
    Substrait__AggregateRel *a = rel->aggregate = t_node(&substrait__aggregate_rel__descriptor);
    rel->rel_type_case = SUBSTRAIT__REL__REL_TYPE_AGGREGATE;
    a->input = input;
    T_PUSH(a->groupings, a->n_groupings, t_node(&substrait__aggregate_rel__grouping__descriptor));
    a->advanced_extension = t_node(&substrait__extensions__advanced_extension__descriptor);
    a->advanced_extension->enhancement = t_node(&google__protobuf__any__descriptor);
    a->advanced_extension->enhancement->type_url = url;
    return rel;
}

__attribute__((unused)) static pni_rel *t_project(pni_rel *input, int32_t width, pni_expr *first,
                                                  pni_expr *second) {
    pni_rel *rel = t_node(&substrait__rel__descriptor);
    Substrait__ProjectRel *project = rel->project = t_node(&substrait__project_rel__descriptor);
    rel->rel_type_case = SUBSTRAIT__REL__REL_TYPE_PROJECT;
    project->input = input;
    T_PUSH(project->expressions, project->n_expressions, first);
    if (second) {
        T_PUSH(project->expressions, project->n_expressions, second);
    }
    project->common = t_node(&substrait__rel_common__descriptor);
    project->common->emit_kind_case = SUBSTRAIT__REL_COMMON__EMIT_KIND_EMIT;
    project->common->emit = t_node(&substrait__rel_common__emit__descriptor);
    for (size_t i = 0; i < project->n_expressions; i++) {
        T_PUSH(project->common->emit->output_mapping, project->common->emit->n_output_mapping,
               width + (int32_t)i);
    }
    return rel;
}

__attribute__((unused)) static pni_rel *t_extension(pni_rel *input, const char *url,
                                                    const char *value) {
    pni_rel *rel = t_node(&substrait__rel__descriptor);
    rel->rel_type_case = SUBSTRAIT__REL__REL_TYPE_EXTENSION_SINGLE;
    rel->extension_single = t_node(&substrait__extension_single_rel__descriptor);
    rel->extension_single->input = input;
    rel->extension_single->detail = t_node(&google__protobuf__any__descriptor);
    rel->extension_single->detail->type_url = (char *)(uintptr_t)url;
    rel->extension_single->detail->value.data = (uint8_t *)(uintptr_t)value;
    rel->extension_single->detail->value.len = strlen(value);
    return rel;
}

__attribute__((unused)) static pni_rel *t_recursion(pni_rel *start, pni_rel *step,
                                                    const char *detail) {
    pni_rel *rel = t_node(&substrait__rel__descriptor);
    rel->rel_type_case = SUBSTRAIT__REL__REL_TYPE_EXTENSION_MULTI;
    rel->extension_multi = t_node(&substrait__extension_multi_rel__descriptor);
    rel->extension_multi->detail =
        t_extension(NULL, "pinion:recursion", detail)->extension_single->detail;
    T_PUSH(rel->extension_multi->inputs, rel->extension_multi->n_inputs, start);
    T_PUSH(rel->extension_multi->inputs, rel->extension_multi->n_inputs, step);
    return rel;
}

__attribute__((unused)) static pni_expr *t_scalar_subquery(pni_rel *rel) {
    pni_expr *expr = t_node(&substrait__expression__descriptor);
    expr->rex_type_case = SUBSTRAIT__EXPRESSION__REX_TYPE_SUBQUERY;
    expr->subquery = t_node(&substrait__expression__subquery__descriptor);
    expr->subquery->subquery_type_case = SUBSTRAIT__EXPRESSION__SUBQUERY__SUBQUERY_TYPE_SCALAR;
    expr->subquery->scalar = t_node(&substrait__expression__subquery__scalar__descriptor);
    expr->subquery->scalar->input = rel;
    return expr;
}

__attribute__((unused)) static Substrait__Plan *t_plan(pni_rel *root, const char *names) {
    Substrait__Plan *plan = t_node(&substrait__plan__descriptor);
    Substrait__PlanRel *tree = t_node(&substrait__plan_rel__descriptor);
    tree->rel_type_case = SUBSTRAIT__PLAN_REL__REL_TYPE_ROOT;
    tree->root = t_node(&substrait__rel_root__descriptor);
    tree->root->input = root;
    for (const char *p = names; *p;) {
        size_t len = strcspn(p, " ");
        char *name = t_pool_take(len + 1);
        memcpy(name, p, len);
        T_PUSH(tree->root->names, tree->root->n_names, name);
        p += len + (p[len] == ' ');
    }
    T_PUSH(plan->relations, plan->n_relations, tree);
    return plan;
}

__attribute__((unused)) static void t_declare(Substrait__Plan *plan, uint32_t anchor,
                                              const char *name) {
    Substrait__Extensions__SimpleExtensionDeclaration *d =
        t_node(&substrait__extensions__simple_extension_declaration__descriptor);
    d->mapping_type_case =
        SUBSTRAIT__EXTENSIONS__SIMPLE_EXTENSION_DECLARATION__MAPPING_TYPE_EXTENSION_FUNCTION;
    d->extension_function = t_node(
        &substrait__extensions__simple_extension_declaration__extension_function__descriptor);
    d->extension_function->function_anchor = anchor;
    d->extension_function->extension_urn_reference = UINT32_MAX;
    d->extension_function->name = (char *)(uintptr_t)name;
    T_PUSH(plan->extensions, plan->n_extensions, d);
}

__attribute__((unused)) static pn_bytes t_packed(const Substrait__Plan *plan) {
    size_t size = protobuf_c_message_get_packed_size(&plan->base);
    uint8_t *bytes = t_pool_take(size + 1);
    protobuf_c_message_pack(&plan->base, bytes);
    return (pn_bytes){bytes, size};
}

__attribute__((unused)) static pn_status t_decode(const Substrait__Plan *plan, pn_substrait **out,
                                                  pn_error *err) {
    return pn_substrait_decode(t_packed(plan), NULL, out, err);
}

/* The digest of a plan that must decode. */
__attribute__((unused)) static const char *t_digest(const Substrait__Plan *plan) {
    char *hex = t_pool_take(65);
    pn_error err = PN_ERROR_INIT;
    PNI_AUTO_PTR(pn_substrait) decoded = NULL;
    T_OK(t_decode(plan, &decoded, &err), &err);
    T_OK(pn_substrait_digest(decoded, hex, &err), &err);
    return hex;
}

__attribute__((unused)) static pn_bytes t_corpus(const char *name) {
    char path[4096];
    pn_error err = PN_ERROR_INIT;
    PNI_AUTO(pn_buf) file = PN_BUF_INIT;
    snprintf(path, sizeof path, "%s/tests/fuzz/corpus/substrait/%s.bin", t_source_dir(), name);
    T_OK(pni_file_read(path, 1 << 20, &file, &err), &err);
    uint8_t *bytes = t_pool_take(file.len + 1);
    memcpy(bytes, file.data, file.len);
    return (pn_bytes){bytes, file.len};
}

#endif
