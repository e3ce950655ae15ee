/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What each relation does to columns and to rows. Columns are handed on as pointers; what decides
 * about rows is kept once per relation, not per column, and joined in only at the end.
 *
 * Several grouping sets have the layout of DataFusion: each grouping expression once, the number of
 * the set, the measures. (Substrait puts that number last; the plans that reach us are
 * DataFusion's.)
 */
#include "lineage/lineage_priv.h"

enum { UNION_TEXT_MAX = 1000 };

const pni_rel *pni_rel_input(const pni_rel *rel) {
    const ProtobufCMessage *body = pni_rel_body(rel);
    const ProtobufCMessageDescriptor *desc = body->descriptor;
    for (unsigned f = 0; f < desc->n_fields; f++) {
        const ProtobufCFieldDescriptor *field = &desc->fields[f];
        if (field->type == PROTOBUF_C_TYPE_MESSAGE && field->label != PROTOBUF_C_LABEL_REPEATED &&
            field->descriptor == &substrait__rel__descriptor && pni_field_count(body, field)) {
            return (const void *)pni_field_child(body, field, 0);
        }
    }
    return NULL;
}

static void set_unknown(pni_rows *rows) {
    rows->columns = NULL;
    rows->n = 0;
    rows->known = false;
    rows->complete = false;
}

static pn_status make_room(pni_lineage *lineage, pni_rows *rows, size_t n, pn_error *err) {
    PNI_TRY(pni_lineage_step(lineage, n, err));
    rows->columns = pni_arena_alloc(lineage->arena, (n + 1) * sizeof *rows->columns);
    rows->n = 0;
    rows->known = true;
    return PN_OK;
}

/* A list of expressions, or of other messages that hold them; NULL items are skipped. */
typedef struct readers {
    const void *items; /* array of message pointers */
    size_t count;
    uint32_t kind; /* they are read as */
} readers;

/* Adds what `exprs` read to what decides about rows. */
static pn_status add_deciders(pni_lineage *lineage, const pni_scope *scope, pni_rows *rows,
                              readers exprs, pn_error *err) {
    const ProtobufCMessage *const *list = exprs.items;
    pni_collector c = {.lineage = lineage, .scope = scope, .complete = rows->complete};
    pn_status status = pni_lineage_collect(&c, rows->inputs, exprs.kind, err);
    for (size_t i = 0; status == PN_OK && i < exprs.count; i++) {
        status = list[i] ? pni_lineage_collect_expr(&c, list[i], exprs.kind, err) : PN_OK;
    }
    rows->inputs = pni_lineage_collected(&c);
    rows->complete = c.complete;
    return status;
}

pn_status pni_lineage_unite(pni_lineage *lineage, pni_rows *rows, const pni_rows *other,
                            pn_error *err) {
    rows->complete = rows->complete && other->complete;
    if (other->inputs->n == 0 || rows->inputs == other->inputs) {
        return PN_OK;
    }
    pni_collector c = {.lineage = lineage};
    pn_status status = pni_lineage_collect(&c, rows->inputs, 0, err);
    if (status == PN_OK) {
        status = pni_lineage_collect(&c, other->inputs, 0, err);
    }
    rows->inputs = pni_lineage_collected(&c);
    return status;
}

/* ---- reads -------------------------------------------------------------------------------- */

static pn_status table_row(pni_lineage *lineage, const Substrait__ReadRel *read, pni_rows *row,
                           pn_error *err) {
    const Substrait__NamedStruct *schema = read->base_schema;
    const char *table = pni_substrait_table_name(lineage->arena, read);
    size_t n = schema->struct_->n_types;
    size_t at = 0;
    PNI_TRY(make_room(lineage, row, n, err));
    if (pni_substrait_is_work_table(lineage->plan, read)) {
        while (row->n < n) {
            row->columns[row->n++] = &lineage->unknown;
        }
        return PN_OK;
    }
    for (size_t i = 0; i < n; i++) {
        const char *name = schema->names[at];
        pni_column *column = pni_arena_alloc(lineage->arena, sizeof *column);
        uint32_t source = pni_lineage_source(lineage, table, name);
        column->inputs = pni_lineage_single(lineage, source, PNI_KIND_IDENTITY);
        column->complete = true;
        column->text = pni_arena_printf(lineage->arena, "%s.%s", table, name);
        column->type = schema->struct_->types[i];
        row->columns[row->n++] = column;
        at += 1 + pni_type_nested_names(column->type);
    }
    return PN_OK;
}

static pn_status trace_table(pni_lineage *lineage, const Substrait__ReadRel *read,
                             const pni_scope *scope, pni_rows *out, pn_error *err) {
    PNI_TRY(add_deciders(lineage, scope, out, (readers){&read->filter, 1, PNI_KIND_FILTER}, err));
    if (!read->projection) {
        return PN_OK;
    }
    const Substrait__Expression__MaskExpression__StructSelect *select = read->projection->select;
    PNI_TRY(make_room(lineage, out, select->n_struct_items, err));
    for (size_t i = 0; i < select->n_struct_items; i++) {
        PNI_TRY(pni_lineage_field(lineage, &scope->row, select->struct_items[i]->field,
                                  &out->columns[out->n], err));
        out->n++;
    }
    return PN_OK;
}

const ProtobufCMessage *pni_values_at(const Substrait__ReadRel__VirtualTable *table, size_t row,
                                      size_t index) {
    if (row < table->n_values) {
        const Substrait__Expression__Literal__Struct *values = table->values[row];
        return index < values->n_fields ? &values->fields[index]->base : NULL;
    }
    const Substrait__Expression__Nested__Struct *values = table->expressions[row - table->n_values];
    return index < values->n_fields ? &values->fields[index]->base : NULL;
}

static pn_status trace_values(pni_lineage *lineage, const Substrait__ReadRel *read,
                              const pni_scope *scope, pni_rows *out, pn_error *err) {
    const Substrait__ReadRel__VirtualTable *table = read->virtual_table;
    const Substrait__NamedStruct *schema = read->base_schema;
    size_t n = schema && schema->struct_ ? schema->struct_->n_types : 0;
    size_t rows = table->n_values + table->n_expressions;
    PNI_TRY(make_room(lineage, out, n, err));
    for (size_t i = 0; i < n; i++) {
        pni_collector c = {.lineage = lineage, .scope = scope, .complete = true};
        pn_status status = PN_OK;
        pni_column *column = pni_arena_alloc(lineage->arena, sizeof *column);
        for (size_t r = 0; status == PN_OK && r < rows; r++) {
            status = pni_lineage_collect_expr(&c, pni_values_at(table, r, i), 0, err);
        }
        column->inputs = pni_lineage_collected(&c);
        column->complete = c.complete;
        column->expr = rows == 1 ? pni_values_at(table, 0, i) : NULL;
        column->text = column->expr ? NULL : "values";
        column->scope = scope;
        column->type = schema->struct_->types[i];
        out->columns[out->n++] = column;
        PNI_TRY(status);
    }
    return PN_OK;
}

static pn_status trace_read(pni_lineage *lineage, const Substrait__ReadRel *read,
                            const pni_scope *scope, pni_rows *out, pn_error *err) {
    if (read->read_type_case == SUBSTRAIT__READ_REL__READ_TYPE_NAMED_TABLE) {
        return trace_table(lineage, read, scope, out, err);
    }
    if (read->read_type_case == SUBSTRAIT__READ_REL__READ_TYPE_VIRTUAL_TABLE) {
        return trace_values(lineage, read, scope, out, err);
    }
    set_unknown(out);
    return PN_OK;
}

/* ---- projections -------------------------------------------------------------------------- */

/*
 * Over columns that cannot be told apart, the expressions can still be told from the input when the
 * relation hands on exactly them: then the first number it hands on is the width of the input.
 */
static bool emits_expressions(const pni_rel *rel, size_t n_expressions) {
    const Substrait__RelCommon__Emit *emit = pni_rel_emit(rel);
    if (!emit || emit->n_output_mapping != n_expressions) {
        return false;
    }
    for (size_t i = 1; i < n_expressions; i++) {
        if (emit->output_mapping[i] != emit->output_mapping[i - 1] + 1) {
            return false;
        }
    }
    return true;
}

static pn_status append_expressions(pni_lineage *lineage, const pni_scope *scope, pni_rows *out,
                                    Substrait__Expression **exprs, size_t count, pn_error *err) {
    for (size_t i = 0; i < count; i++) {
        PNI_TRY(pni_lineage_column(lineage, scope, &exprs[i]->base, &out->columns[out->n], err));
        out->n++;
    }
    return PN_OK;
}

static pn_status trace_project(pni_lineage *lineage, const pni_rel *rel, const pni_scope *scope,
                               pni_rows *out, pn_error *err) {
    const Substrait__ProjectRel *project = rel->project;
    const pni_rows *input = &scope->row;
    if (!input->known && !emits_expressions(rel, project->n_expressions)) {
        set_unknown(out);
        return PN_OK;
    }
    PNI_TRY(make_room(lineage, out, input->n + project->n_expressions, err));
    if (input->n) {
        memcpy(out->columns, input->columns, input->n * sizeof *out->columns);
    }
    out->n = input->n;
    return append_expressions(lineage, scope, out, project->expressions, project->n_expressions,
                              err);
}

static pn_status trace_expand(pni_lineage *lineage, const Substrait__ExpandRel *expand,
                              const pni_scope *scope, pni_rows *out, pn_error *err) {
    PNI_TRY(make_room(lineage, out, expand->n_fields + 1, err));
    for (size_t i = 0; i < expand->n_fields; i++) {
        const Substrait__ExpandRel__ExpandField *field = expand->fields[i];
        const ProtobufCMessage *expr = &field->base;
        if (field->field_type_case ==
            SUBSTRAIT__EXPAND_REL__EXPAND_FIELD__FIELD_TYPE_CONSISTENT_FIELD) {
            expr = &field->consistent_field->base;
        }
        PNI_TRY(pni_lineage_column(lineage, scope, expr, &out->columns[out->n], err));
        out->n++;
    }
    out->columns[out->n++] = &lineage->unknown; /* the number of the copy */
    return PN_OK;
}

static pn_status trace_window(pni_lineage *lineage,
                              const Substrait__ConsistentPartitionWindowRel *window,
                              const pni_scope *scope, pni_rows *out, pn_error *err) {
    const pni_rows *input = &scope->row;
    if (!input->known) {
        set_unknown(out);
        return PN_OK;
    }
    PNI_TRY(make_room(lineage, out, input->n + window->n_window_functions, err));
    memcpy(out->columns, input->columns, input->n * sizeof *out->columns);
    out->n = input->n;
    for (size_t i = 0; i < window->n_window_functions; i++) {
        const Substrait__ConsistentPartitionWindowRel__WindowRelFunction *f =
            window->window_functions[i];
        pni_rows deciders = {.inputs = &pni_lineage_no_inputs, .complete = true};
        pni_column *column = pni_arena_alloc(lineage->arena, sizeof *column);
        PNI_TRY(add_deciders(lineage, scope, &deciders,
                             (readers){window->partition_expressions,
                                       window->n_partition_expressions, PNI_KIND_WINDOW},
                             err));
        PNI_TRY(add_deciders(lineage, scope, &deciders,
                             (readers){window->sorts, window->n_sorts, PNI_KIND_WINDOW}, err));
        PNI_TRY(add_deciders(lineage, scope, &deciders,
                             (readers){f->arguments, f->n_arguments, PNI_KIND_TRANSFORM}, err));
        column->inputs = deciders.inputs;
        column->complete = deciders.complete;
        column->text =
            pni_arena_printf(lineage->arena, "%s(…) over (…)",
                             pni_substrait_function(lineage->plan, f->function_reference));
        out->columns[out->n++] = column;
    }
    return PN_OK;
}

/* ---- aggregation -------------------------------------------------------------------------- */

static const pni_column *grouping_id(pni_lineage *lineage) {
    pni_column *column = pni_arena_alloc(lineage->arena, sizeof *column);
    column->inputs = &pni_lineage_no_inputs;
    column->complete = true;
    column->text = "grouping_id()";
    return column;
}

static pn_status trace_groups(pni_lineage *lineage, const Substrait__AggregateRel *aggregate,
                              const pni_scope *scope, pni_rows *out, pn_error *err) {
    if (aggregate->n_groupings != 1 || pni_aggregate_numbers_sets(aggregate)) {
        return append_expressions(lineage, scope, out, aggregate->grouping_expressions,
                                  aggregate->n_grouping_expressions, err);
    }
    const Substrait__AggregateRel__Grouping *grouping = aggregate->groupings[0];
    for (size_t i = 0; i < grouping->n_expression_references; i++) {
        Substrait__Expression *expr =
            aggregate->grouping_expressions[grouping->expression_references[i]];
        PNI_TRY(append_expressions(lineage, scope, out, &expr, 1, err));
    }
    return PN_OK;
}

static pn_status trace_aggregate(pni_lineage *lineage, const Substrait__AggregateRel *aggregate,
                                 const pni_scope *scope, pni_rows *out, pn_error *err) {
    size_t groups = aggregate->n_grouping_expressions;
    if (aggregate->n_groupings == 1 && !pni_aggregate_numbers_sets(aggregate)) {
        groups = aggregate->groupings[0]->n_expression_references;
    }
    PNI_TRY(make_room(lineage, out, groups + aggregate->n_measures + 1, err));
    PNI_TRY(trace_groups(lineage, aggregate, scope, out, err));
    if (pni_aggregate_numbers_sets(aggregate)) {
        out->columns[out->n++] = grouping_id(lineage);
    }
    for (size_t i = 0; i < aggregate->n_measures; i++) {
        PNI_TRY(pni_lineage_column(lineage, scope, &aggregate->measures[i]->base,
                                   &out->columns[out->n], err));
        out->n++;
    }
    return add_deciders(lineage, scope, out,
                        (readers){aggregate->grouping_expressions,
                                  aggregate->n_grouping_expressions, PNI_KIND_GROUP},
                        err);
}

/* ---- sets --------------------------------------------------------------------------------- */

/* All columns of all inputs decide which rows are left. */
static pn_status add_all_columns(pni_lineage *lineage, const Substrait__SetRel *set, pni_rows *out,
                                 uint32_t kind, pn_error *err) {
    pni_collector c = {.lineage = lineage, .complete = out->complete};
    pn_status status = pni_lineage_collect(&c, out->inputs, 0, err);
    for (size_t i = 0; status == PN_OK && i < set->n_inputs; i++) {
        const pni_rows *input = pni_lineage_result(lineage, set->inputs[i]);
        c.complete = c.complete && input->known;
        for (size_t k = 0; status == PN_OK && k < input->n; k++) {
            c.complete = c.complete && input->columns[k]->complete;
            status = pni_lineage_collect(&c, input->columns[k]->inputs, kind, err);
        }
    }
    out->inputs = pni_lineage_collected(&c);
    out->complete = c.complete;
    return status;
}

/* Adds column `index` of one input to the union's, kinds as they are. */
static void unite_column(pni_lineage *lineage, const pni_rows *input, size_t index,
                         pni_collector *c, pn_buf *text) {
    if (!input->known || index >= input->n) {
        c->complete = false;
        return;
    }
    const pni_column *column = input->columns[index];
    c->complete = c->complete && column->complete;
    for (size_t i = 0; i < column->inputs->n; i++) {
        pni_vec_push(&c->items, column->inputs->items[i]);
    }
    if (text->len < UNION_TEXT_MAX) {
        pni_buf_puts(text, text->len ? ", " : "");
        pni_lineage_text(lineage, column, text);
    }
}

static pn_status union_column(pni_lineage *lineage, Substrait__Rel *const *inputs, size_t n,
                              size_t index, const pni_column **out, pn_error *err) {
    pni_collector c = {.lineage = lineage, .complete = true};
    PNI_AUTO(pn_buf) text = PN_BUF_INIT;
    pni_column *made = pni_arena_alloc(lineage->arena, sizeof *made);
    for (size_t i = 0; i < n; i++) {
        unite_column(lineage, pni_lineage_result(lineage, inputs[i]), index, &c, &text);
    }
    pn_status status = pni_lineage_step(lineage, c.items.count + n, err);
    made->complete = c.complete;
    made->inputs = pni_lineage_collected(&c);
    made->text = pni_arena_printf(lineage->arena, "union(%s)", pni_buf_text(&text));
    made->type = pni_lineage_result(lineage, inputs[0])->columns[index]->type;
    *out = made;
    return status;
}

/* As many columns as the first input has, each of all inputs; unknown when that one is. */
static pn_status trace_union(pni_lineage *lineage, Substrait__Rel *const *inputs, size_t n,
                             pni_rows *out, pn_error *err) {
    const pni_rows *first = pni_lineage_result(lineage, inputs[0]);
    if (!first->known) {
        set_unknown(out);
        return PN_OK;
    }
    PNI_TRY(make_room(lineage, out, first->n, err));
    for (size_t i = 0; i < first->n; i++) {
        PNI_TRY(union_column(lineage, inputs, n, i, &out->columns[i], err));
        out->n++;
    }
    return PN_OK;
}

static pn_status trace_set(pni_lineage *lineage, const Substrait__SetRel *set, pni_rows *out,
                           pn_error *err) {
    bool unites = set->op == SUBSTRAIT__SET_REL__SET_OP__SET_OP_UNION_ALL ||
                  set->op == SUBSTRAIT__SET_REL__SET_OP__SET_OP_UNION_DISTINCT;
    const pni_rows *first = set->n_inputs ? pni_lineage_result(lineage, set->inputs[0]) : NULL;
    for (size_t i = 0; i < set->n_inputs; i++) {
        PNI_TRY(pni_lineage_unite(lineage, out, pni_lineage_result(lineage, set->inputs[i]), err));
    }
    if (!first || !first->known) {
        set_unknown(out);
    } else if (!unites) {
        out->columns = first->columns;
        out->n = first->n;
    } else {
        PNI_TRY(trace_union(lineage, set->inputs, set->n_inputs, out, err));
    }
    if (set->op == SUBSTRAIT__SET_REL__SET_OP__SET_OP_UNION_ALL) {
        return PN_OK;
    }
    return add_all_columns(lineage, set, out, unites ? PNI_KIND_GROUP : PNI_KIND_FILTER, err);
}

/*
 * A recursive query is the union of its start and its step. The step reads the rows found so far,
 * whose columns are unknown: what comes through them is incomplete, what comes from tables is
 * there.
 */
static pn_status trace_multi(pni_lineage *lineage, const Substrait__ExtensionMultiRel *multi,
                             pni_rows *out, pn_error *err) {
    for (size_t i = 0; i < multi->n_inputs; i++) {
        PNI_TRY(
            pni_lineage_unite(lineage, out, pni_lineage_result(lineage, multi->inputs[i]), err));
    }
    if (!pni_rel_is_recursion(multi)) {
        set_unknown(out);
        return PN_OK;
    }
    return trace_union(lineage, multi->inputs, multi->n_inputs, out, err);
}

/* ---- any relation ------------------------------------------------------------------------- */

static pn_status apply_emit(pni_lineage *lineage, const pni_rel *rel, const pni_scope *scope,
                            pni_rows *out, pn_error *err) {
    const Substrait__RelCommon__Emit *emit = pni_rel_emit(rel);
    bool applied =
        !scope->row.known && out->known && rel->rel_type_case == SUBSTRAIT__REL__REL_TYPE_PROJECT;
    if (!emit || applied) { /* see emits_expressions() */
        return PN_OK;
    }
    pni_rows all = *out;
    PNI_TRY(make_room(lineage, out, emit->n_output_mapping, err));
    for (size_t i = 0; i < emit->n_output_mapping; i++) {
        PNI_TRY(
            pni_lineage_field(lineage, &all, emit->output_mapping[i], &out->columns[out->n], err));
        out->n++;
    }
    return PN_OK;
}

static pn_status trace_fetch(pni_lineage *lineage, const Substrait__FetchRel *fetch,
                             const pni_scope *scope, pni_rows *out, pn_error *err) {
    const Substrait__Expression *bounds[2] = {
        fetch->offset_mode_case == SUBSTRAIT__FETCH_REL__OFFSET_MODE_OFFSET_EXPR
            ? fetch->offset_expr
            : NULL,
        fetch->count_mode_case == SUBSTRAIT__FETCH_REL__COUNT_MODE_COUNT_EXPR ? fetch->count_expr
                                                                              : NULL};
    return add_deciders(lineage, scope, out, (readers){bounds, 2, PNI_KIND_FILTER}, err);
}

static pn_status trace_body(pni_lineage *lineage, const pni_rel *rel, const pni_scope *scope,
                            pni_rows *out, pn_error *err) {
    switch ((int)rel->rel_type_case) {
    case SUBSTRAIT__REL__REL_TYPE_READ:
        return trace_read(lineage, rel->read, scope, out, err);
    case SUBSTRAIT__REL__REL_TYPE_FILTER:
        return add_deciders(lineage, scope, out,
                            (readers){&rel->filter->condition, 1, PNI_KIND_FILTER}, err);
    case SUBSTRAIT__REL__REL_TYPE_SORT:
        return add_deciders(lineage, scope, out,
                            (readers){rel->sort->sorts, rel->sort->n_sorts, PNI_KIND_SORT}, err);
    case SUBSTRAIT__REL__REL_TYPE_FETCH:
        return trace_fetch(lineage, rel->fetch, scope, out, err);
    case SUBSTRAIT__REL__REL_TYPE_EXCHANGE:
        return PN_OK;
    case SUBSTRAIT__REL__REL_TYPE_PROJECT:
        return trace_project(lineage, rel, scope, out, err);
    case SUBSTRAIT__REL__REL_TYPE_AGGREGATE:
        return trace_aggregate(lineage, rel->aggregate, scope, out, err);
    case SUBSTRAIT__REL__REL_TYPE_JOIN:
    case SUBSTRAIT__REL__REL_TYPE_CROSS:
    case SUBSTRAIT__REL__REL_TYPE_HASH_JOIN:
    case SUBSTRAIT__REL__REL_TYPE_MERGE_JOIN:
    case SUBSTRAIT__REL__REL_TYPE_NESTED_LOOP_JOIN:
        return pni_lineage_join(lineage, rel, scope, out, err);
    case SUBSTRAIT__REL__REL_TYPE_SET:
        return trace_set(lineage, rel->set, out, err);
    case SUBSTRAIT__REL__REL_TYPE_WINDOW:
        return trace_window(lineage, rel->window, scope, out, err);
    case SUBSTRAIT__REL__REL_TYPE_EXPAND:
        return trace_expand(lineage, rel->expand, scope, out, err);
    case SUBSTRAIT__REL__REL_TYPE_EXTENSION_SINGLE:
        return pni_lineage_unnest(lineage, rel->extension_single, &scope->row, out, err);
    case SUBSTRAIT__REL__REL_TYPE_EXTENSION_MULTI:
        return trace_multi(lineage, rel->extension_multi, out, err);
    default:
        set_unknown(out);
        return PN_OK;
    }
}

pn_status pni_lineage_scope(pni_lineage *lineage, const pni_rel *rel, pni_rows *row,
                            pn_error *err) {
    const pni_rel *input = pni_rel_input(rel);
    *row = (pni_rows){.known = true, .inputs = &pni_lineage_no_inputs, .complete = true};
    if (rel->rel_type_case == SUBSTRAIT__REL__REL_TYPE_READ &&
        rel->read->read_type_case == SUBSTRAIT__READ_REL__READ_TYPE_NAMED_TABLE) {
        return table_row(lineage, rel->read, row, err);
    }
    if (input) {
        *row = *pni_lineage_result(lineage, input);
    }
    return pni_lineage_both_sides(lineage, rel, row, err);
}

pn_status pni_lineage_rel(pni_lineage *lineage, const pni_rel *rel, const pni_scope *scope,
                          pni_rows *out, pn_error *err) {
    *out = scope->row;
    PNI_TRY(trace_body(lineage, rel, scope, out, err));
    return apply_emit(lineage, rel, scope, out, err);
}
