/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A plan as a tree of digests: per relation what decides about its rows, per column what decides
 * about its values given those rows. README.md says what equal digests promise and why. Rows take
 * in every field of a relation and the rows of its inputs; a column takes in the expression that
 * makes it, or passes as it is where a relation only drops, orders or repeats rows. Where rows
 * meet, are grouped or united, each column takes in the rows of that relation, too, so that a
 * column is never taken for the one below. What is not understood is unknown, and so is all that is
 * made of it.
 */
#include "lineage/merkle_priv.h"

static void set_untold(pni_cells *cells) {
    cells->columns = NULL;
    cells->n = 0;
    cells->told = false;
}

static void make_room(pni_merkler *m, pni_cells *cells, size_t n) {
    if (!pni_merkle_step(m, n)) {
        set_untold(cells);
        return;
    }
    cells->columns = pni_arena_alloc(m->arena, (n + 1) * sizeof *cells->columns);
    cells->n = 0;
    cells->told = true;
}

static void append(pni_cells *cells, const pni_cell *cell) {
    if (cells->told) {
        cells->columns[cells->n++] = cell;
    }
}

/* tag(rows, column, number) */
static const pni_cell *wrap(pni_merkler *m, const char *tag, const pni_cell *rows,
                            const pni_cell *column, uint64_t number) {
    pni_hash hash;
    pni_hash_start(&hash, tag);
    if (rows) {
        pni_hash_cell(&hash, rows);
    }
    if (column) {
        pni_hash_cell(&hash, column);
    }
    pni_hash_number(&hash, number);
    pni_cell *cell = pni_hash_end(m, &hash);
    cell->type = column ? column->type : NULL;
    return cell;
}

static void wrap_all(pni_merkler *m, const char *tag, pni_cells *cells, uint64_t number) {
    pni_cells all = *cells;
    if (!all.told) {
        return;
    }
    make_room(m, cells, all.n);
    for (size_t i = 0; cells->told && i < all.n; i++) {
        append(cells, wrap(m, tag, &cells->rows, all.columns[i], number));
    }
}

/* ---- reads -------------------------------------------------------------------------------- */

static void leaf(pni_merkler *m, const char *table, const char *column, pni_cell *out) {
    out->known = m->source->table(m->source->ctx, table, column, &out->digest);
}

static void read_table(pni_merkler *m, const Substrait__ReadRel *read, pni_cells *out) {
    const Substrait__NamedStruct *schema = read->base_schema;
    const char *table = pni_substrait_table_name(m->arena, read);
    bool is_table = !pni_substrait_is_work_table(m->plan, read);
    size_t n = schema->struct_->n_types;
    size_t at = 0;
    make_room(m, out, n);
    if (is_table) {
        leaf(m, table, NULL, &out->rows);
    }
    for (size_t i = 0; out->told && i < n; i++) {
        pni_cell *cell = pni_arena_alloc(m->arena, sizeof *cell);
        if (is_table) {
            leaf(m, table, schema->names[at], cell);
        }
        cell->type = schema->struct_->types[i];
        append(out, cell);
        at += 1 + pni_type_nested_names(cell->type);
    }
}

static void select_columns(pni_merkler *m, const Substrait__ReadRel *read, pni_cells *out) {
    pni_cells all = *out;
    if (!read->projection) {
        return;
    }
    const Substrait__Expression__MaskExpression__StructSelect *select = read->projection->select;
    make_room(m, out, select->n_struct_items);
    for (size_t i = 0; out->told && i < select->n_struct_items; i++) {
        bool is_whole = !select->struct_items[i]->child;
        append(out,
               is_whole ? pni_merkle_field(m, &all, select->struct_items[i]->field) : &m->unknown);
    }
}

/* Values: as many rows as there are, each column the list of its values. */
static pn_status read_values(pni_merkler *m, const Substrait__ReadRel *read,
                             const pni_cell_scope *scope, pni_cells *out, pn_error *err) {
    const Substrait__ReadRel__VirtualTable *table = read->virtual_table;
    const Substrait__NamedStruct *schema = read->base_schema;
    size_t rows = table->n_values + table->n_expressions;
    size_t n = schema && schema->struct_ ? schema->struct_->n_types : 0;
    pn_status status = PN_OK;
    make_room(m, out, n);
    out->rows = *wrap(m, "values", NULL, NULL, rows);
    for (size_t i = 0; status == PN_OK && out->told && i < n; i++) {
        pni_hash hash;
        pni_hash_start(&hash, "column of values");
        hash.known = pni_merkle_step(m, rows);
        status = pni_merkle_add(m, scope, &schema->struct_->types[i]->base, &hash, err);
        for (size_t r = 0; status == PN_OK && hash.known && r < rows; r++) {
            const ProtobufCMessage *value = pni_values_at(table, r, i);
            hash.known = value != NULL;
            status = value ? pni_merkle_add(m, scope, value, &hash, err) : PN_OK;
        }
        pni_cell *cell = pni_hash_end(m, &hash);
        cell->type = schema->struct_->types[i];
        append(out, cell);
    }
    return status;
}

static pn_status trace_read(pni_merkler *m, const Substrait__ReadRel *read,
                            const pni_cell_scope *scope, pni_cells *out, pn_error *err) {
    if (read->read_type_case == SUBSTRAIT__READ_REL__READ_TYPE_VIRTUAL_TABLE) {
        PNI_TRY(read_values(m, read, scope, out, err));
    } else if (read->read_type_case != SUBSTRAIT__READ_REL__READ_TYPE_NAMED_TABLE) {
        set_untold(out);
        out->rows.known = false;
    }
    if (read->filter) {
        pni_hash hash;
        pni_hash_start(&hash, "filtered read");
        pni_hash_cell(&hash, &out->rows);
        pn_status status = pni_merkle_add(m, scope, &read->filter->base, &hash, err);
        out->rows = *pni_hash_end(m, &hash);
        PNI_TRY(status);
    }
    out->rows.known = out->rows.known && !read->advanced_extension;
    select_columns(m, read, out);
    return PN_OK;
}

/* ---- relations with one input ------------------------------------------------------------- */

/* Rows: the whole relation but its columns, over the rows of its inputs. */
static pn_status hash_rows(pni_merkler *m, const pni_rel *rel, const pni_cell_scope *scope,
                           pni_cells *out, pn_error *err) {
    pni_hash hash;
    pni_hash_start(&hash, "rows");
    pn_status status = pni_merkle_add(m, scope, pni_rel_body(rel), &hash, err);
    out->rows = *pni_hash_end(m, &hash);
    return status;
}

static pn_status append_expressions(pni_merkler *m, const pni_cell_scope *scope,
                                    Substrait__Expression *const *exprs, size_t n, pni_cells *out,
                                    pn_error *err) {
    for (size_t i = 0; out->told && i < n; i++) {
        const pni_cell *cell = NULL;
        PNI_TRY(pni_merkle_expr(m, scope, &exprs[i]->base, &cell, err));
        append(out, cell);
    }
    return PN_OK;
}

static pn_status trace_project(pni_merkler *m, const Substrait__ProjectRel *project,
                               const pni_cell_scope *scope, pni_cells *out, pn_error *err) {
    const pni_cells *input = &scope->row;
    out->rows.known = out->rows.known && !project->advanced_extension;
    if (!input->told) {
        set_untold(out);
        return PN_OK;
    }
    make_room(m, out, input->n + project->n_expressions);
    for (size_t i = 0; out->told && i < input->n; i++) {
        append(out, input->columns[i]);
    }
    return append_expressions(m, scope, project->expressions, project->n_expressions, out, err);
}

/* One set: its references, which may repeat; several: every expression once, as in relations.c. */
static pn_status append_keys(pni_merkler *m, const Substrait__AggregateRel *aggregate,
                             const pni_cell_scope *scope, pni_cells *out, pn_error *err) {
    Substrait__Expression **exprs = aggregate->grouping_expressions;
    if (aggregate->n_groupings != 1 || pni_aggregate_numbers_sets(aggregate)) {
        make_room(m, out, aggregate->n_grouping_expressions);
        return append_expressions(m, scope, exprs, aggregate->n_grouping_expressions, out, err);
    }
    const Substrait__AggregateRel__Grouping *grouping = aggregate->groupings[0];
    make_room(m, out, grouping->n_expression_references);
    for (size_t i = 0; i < grouping->n_expression_references; i++) {
        PNI_TRY(
            append_expressions(m, scope, &exprs[grouping->expression_references[i]], 1, out, err));
    }
    return PN_OK;
}

/* Keys, the number of the set when there are several, measures: see relations.c on the order. */
static pn_status trace_aggregate(pni_merkler *m, const pni_rel *rel, const pni_cell_scope *scope,
                                 pni_cells *out, pn_error *err) {
    const Substrait__AggregateRel *aggregate = rel->aggregate;
    pn_status status = PN_OK;
    PNI_TRY(hash_rows(m, rel, scope, out, err));
    PNI_TRY(append_keys(m, aggregate, scope, out, err));
    pni_cells keys = *out;
    make_room(m, out, keys.n + aggregate->n_measures + 1);
    for (size_t i = 0; out->told && i < keys.n; i++) {
        append(out, wrap(m, "key", &out->rows, keys.columns[i], 0));
    }
    if (pni_aggregate_numbers_sets(aggregate)) {
        append(out, wrap(m, "grouping set", &out->rows, NULL, 0));
    }
    for (size_t i = 0; status == PN_OK && out->told && i < aggregate->n_measures; i++) {
        pni_hash hash;
        pni_hash_start(&hash, "measure");
        pni_hash_cell(&hash, &out->rows);
        status = pni_merkle_add(m, scope, &aggregate->measures[i]->base, &hash, err);
        pni_cell *cell = pni_hash_end(m, &hash);
        cell->type = pni_lineage_type_of(&aggregate->measures[i]->base);
        append(out, cell);
    }
    return status;
}

/* ---- joins and sets ----------------------------------------------------------------------- */

/* The row a join's condition sees: the columns of both sides, each told apart by its side. */
static void both_sides(pni_merkler *m, const pni_join *join, pni_cells *out) {
    const pni_rel *sides[2] = {join->left, join->right};
    size_t n[2] = {0, 0};
    bool told = true;
    for (size_t s = 0; s < 2; s++) {
        const pni_cells *cells = pni_trace_result(&m->tracer, sides[s]);
        n[s] = cells->n;
        told = told && cells->told;
    }
    make_room(m, out, n[0] + n[1]);
    if (!told) {
        set_untold(out);
    }
    for (size_t s = 0; s < 2; s++) {
        const pni_cells *cells = pni_trace_result(&m->tracer, sides[s]);
        for (size_t i = 0; out->told && i < n[s]; i++) {
            append(out, wrap(m, "side", &cells->rows, cells->columns[i], s));
        }
    }
}

static pn_status trace_join(pni_merkler *m, const pni_rel *rel, const pni_cell_scope *scope,
                            pni_cells *out, pn_error *err) {
    pni_join join;
    pni_lineage_read_join(rel, &join);
    const pni_cells *left = pni_trace_result(&m->tracer, join.left);
    bool is_left = join.shape == PNI_SHAPE_LEFT || join.shape == PNI_SHAPE_LEFT_MARK;
    bool is_right = join.shape == PNI_SHAPE_RIGHT || join.shape == PNI_SHAPE_RIGHT_MARK;
    PNI_TRY(hash_rows(m, rel, scope, out, err));
    if (out->told && is_left) {
        out->n = left->n;
    } else if (out->told && is_right) {
        out->columns += left->n;
        out->n -= left->n;
    }
    wrap_all(m, "joined", out, 0); /* rows without a partner hold nulls */
    if (out->told && (join.shape == PNI_SHAPE_LEFT_MARK || join.shape == PNI_SHAPE_RIGHT_MARK)) {
        append(out, wrap(m, "mark", &out->rows, NULL, 0));
    }
    return PN_OK;
}

/* Column `index` of all inputs. */
static const pni_cell *united(pni_merkler *m, const Substrait__SetRel *set, const pni_cell *rows,
                              size_t index) {
    pni_hash hash;
    pni_hash_start(&hash, "united");
    pni_hash_cell(&hash, rows);
    for (size_t i = 0; i < set->n_inputs; i++) {
        const pni_cells *input = pni_trace_result(&m->tracer, set->inputs[i]);
        pni_hash_cell(&hash, pni_merkle_field(m, input, (int32_t)index));
    }
    return pni_hash_end(m, &hash);
}

/* All but UNION ALL look at whole rows: all columns decide. */
static pn_status trace_set(pni_merkler *m, const pni_rel *rel, const pni_cell_scope *scope,
                           pni_cells *out, pn_error *err) {
    const Substrait__SetRel *set = rel->set;
    const pni_cells *first = set->n_inputs ? pni_trace_result(&m->tracer, set->inputs[0]) : NULL;
    bool told = first && first->told;
    pni_hash hash;
    pni_hash_start(&hash, "set");
    pn_status status = pni_merkle_add(m, scope, &set->base, &hash, err);
    for (size_t i = 0; i < set->n_inputs; i++) {
        const pni_cells *input = pni_trace_result(&m->tracer, set->inputs[i]);
        told = told && input->told && input->n == first->n && pni_merkle_step(m, input->n);
        bool all = set->op != SUBSTRAIT__SET_REL__SET_OP__SET_OP_UNION_ALL;
        hash.known = hash.known && (told || !all);
        for (size_t c = 0; all && told && c < input->n; c++) {
            pni_hash_cell(&hash, input->columns[c]);
        }
    }
    out->rows = *pni_hash_end(m, &hash);
    make_room(m, out, told ? first->n : 0);
    for (size_t c = 0; told && out->told && c < first->n; c++) {
        append(out, united(m, set, &out->rows, c));
    }
    if (!told) {
        set_untold(out);
    }
    return status;
}

/* ---- unnest ------------------------------------------------------------------------------- */

typedef struct unnest {
    pni_merkler *m;
    const pni_cells *input;
    json_t *detail;
    json_t *columns;
    json_t *recursions;
} unnest;

/* The detail names columns by number: here by their cells, in the order of the list. */
static void add_numbers(const unnest *u, const json_t *list, const char *key, pni_hash *hash) {
    size_t i;
    json_t *item;
    pni_hash_number(hash, json_array_size(list));
    json_array_foreach(list, i, item) {
        const json_t *number = key ? json_object_get(item, key) : item;
        json_int_t at = json_integer_value(number);
        bool is_there = json_is_integer(number) && at >= 0 && (size_t)at < u->input->n;
        pni_hash_cell(hash, is_there ? u->input->columns[at] : &u->m->unknown);
        pni_hash_number(hash, (uint64_t)json_integer_value(json_object_get(item, "depth")));
    }
}

static pn_status unnest_rows(unnest *u, pni_cells *out, pn_error *err) {
    PNI_AUTO(pn_buf) rest = PN_BUF_INIT;
    pni_hash hash;
    pni_hash_start(&hash, "unnest");
    pni_hash_cell(&hash, &u->input->rows);
    add_numbers(u, u->columns, NULL, &hash);
    add_numbers(u, u->recursions, "input", &hash);
    json_object_del(u->detail, "columns"); /* `u` holds them */
    json_object_del(u->detail, "recursions");
    pn_status status = pni_json_canonical(u->detail, &rest, err);
    pni_hash_bytes(&hash, rest.data, rest.len);
    out->rows = *pni_hash_end(u->m, &hash);
    return status;
}

static void unnest_columns(const unnest *u, pni_cells *out) {
    size_t width = 0;
    size_t times;
    size_t count;
    bool told = true;
    for (size_t i = 0; told && i < u->input->n; i++) {
        count = 1;
        told = !pni_unnest_lists(u->columns, NULL, i, &times) ||
               pni_unnest_width(u->recursions, i, u->input->columns[i]->type, &count);
        width += count;
    }
    make_room(u->m, out, width);
    for (size_t i = 0; told && out->told && i < u->input->n; i++) {
        const pni_cell *from = u->input->columns[i];
        if (!pni_unnest_lists(u->columns, NULL, i, &times)) {
            append(out, from);
            continue;
        }
        pni_unnest_width(u->recursions, i, from->type, &count);
        for (size_t k = 0; k < count; k++) {
            pni_cell *cell = pni_arena_alloc(u->m->arena, sizeof *cell);
            *cell = *wrap(u->m, "unnested", &out->rows, from, k);
            cell->type = NULL;
            append(out, cell);
        }
    }
    if (!told) {
        set_untold(out);
    }
}

static pn_status trace_unnest(pni_merkler *m, const Substrait__ExtensionSingleRel *rel,
                              const pni_cell_scope *scope, pni_cells *out, pn_error *err) {
    unnest u = {.m = m, .input = &scope->row};
    PNI_AUTO_PTR(json_t) detail = NULL;
    PNI_AUTO_PTR(json_t) columns = NULL;
    PNI_AUTO_PTR(json_t) recursions = NULL;
    if (pni_streq(rel->detail->type_url, "pinion:unnest") && u.input->told) {
        PNI_TRY(pni_json_parse(rel->detail->value.data, rel->detail->value.len,
                               "the detail of an unnest", &detail, err));
    }
    u.detail = detail;
    u.columns = columns = json_incref(json_object_get(detail, "columns"));
    u.recursions = recursions = json_incref(json_object_get(detail, "recursions"));
    size_t lists = json_array_size(columns) + json_array_size(recursions);
    if (!json_is_array(columns) || !pni_merkle_step(m, (u.input->n + 1) * (lists + 1))) {
        set_untold(out);
        out->rows.known = false;
        return PN_OK;
    }
    PNI_TRY(unnest_rows(&u, out, err));
    unnest_columns(&u, out);
    return PN_OK;
}

/* ---- any relation ------------------------------------------------------------------------- */

static pn_status trace_body(pni_merkler *m, const pni_rel *rel, const pni_cell_scope *scope,
                            pni_cells *out, pn_error *err) {
    switch ((int)rel->rel_type_case) {
    case SUBSTRAIT__REL__REL_TYPE_READ:
        return trace_read(m, rel->read, scope, out, err);
    case SUBSTRAIT__REL__REL_TYPE_FILTER:
    case SUBSTRAIT__REL__REL_TYPE_SORT:
    case SUBSTRAIT__REL__REL_TYPE_FETCH:
        return hash_rows(m, rel, scope, out, err);
    case SUBSTRAIT__REL__REL_TYPE_PROJECT:
        return trace_project(m, rel->project, scope, out, err);
    case SUBSTRAIT__REL__REL_TYPE_AGGREGATE:
        return trace_aggregate(m, rel, scope, out, err);
    case SUBSTRAIT__REL__REL_TYPE_JOIN:
    case SUBSTRAIT__REL__REL_TYPE_CROSS:
        return trace_join(m, rel, scope, out, err);
    case SUBSTRAIT__REL__REL_TYPE_SET:
        return trace_set(m, rel, scope, out, err);
    case SUBSTRAIT__REL__REL_TYPE_EXTENSION_SINGLE:
        return trace_unnest(m, rel->extension_single, scope, out, err);
    default: /* recursion above all: its columns depend on each other through the work table */
        set_untold(out);
        out->rows.known = false;
        return PN_OK;
    }
}

static const Substrait__RelCommon *common_of(const pni_rel *rel) {
    const ProtobufCMessage *body = pni_rel_body(rel);
    const ProtobufCMessageDescriptor *desc = body->descriptor;
    for (unsigned f = 0; f < desc->n_fields; f++) {
        if (desc->fields[f].type == PROTOBUF_C_TYPE_MESSAGE &&
            desc->fields[f].descriptor == &substrait__rel_common__descriptor) {
            return (const void *)pni_field_child(body, &desc->fields[f], 0);
        }
    }
    return NULL;
}

static void apply_emit(pni_merkler *m, const pni_rel *rel, pni_cells *out) {
    const Substrait__RelCommon__Emit *emit = pni_rel_emit(rel);
    pni_cells all = *out;
    if (!emit || !all.told) {
        return;
    }
    make_room(m, out, emit->n_output_mapping);
    for (size_t i = 0; out->told && i < emit->n_output_mapping; i++) {
        append(out, pni_merkle_field(m, &all, emit->output_mapping[i]));
    }
}

static pn_status make_cells(void *ctx, const pni_rel *rel, const void *scope, void **out,
                            pn_error *err) {
    pni_merkler *m = ctx;
    const pni_cell_scope *seen = scope;
    pni_cells *cells = pni_arena_alloc(m->arena, sizeof *cells);
    const Substrait__RelCommon *common = common_of(rel);
    *cells = seen->row;
    *out = cells;
    PNI_TRY(trace_body(m, rel, seen, cells, err));
    cells->rows.known = cells->rows.known && !m->overrun && !(common && common->advanced_extension);
    apply_emit(m, rel, cells);
    return PN_OK;
}

static pn_status make_scope(void *ctx, const pni_rel *rel, const void *outer, const void **out,
                            pn_error *err) {
    pni_merkler *m = ctx;
    const pni_rel *input = pni_rel_input(rel);
    pni_cell_scope *scope = pni_arena_alloc(m->arena, sizeof *scope);
    pni_join join;
    (void)err;
    scope->outer = outer;
    scope->row.told = true;
    if (rel->rel_type_case == SUBSTRAIT__REL__REL_TYPE_READ &&
        rel->read->read_type_case == SUBSTRAIT__READ_REL__READ_TYPE_NAMED_TABLE) {
        read_table(m, rel->read, &scope->row);
    } else if ((rel->rel_type_case == SUBSTRAIT__REL__REL_TYPE_JOIN ||
                rel->rel_type_case == SUBSTRAIT__REL__REL_TYPE_CROSS) &&
               pni_lineage_read_join(rel, &join) && join.left && join.right) {
        both_sides(m, &join, &scope->row);
    } else if (input) {
        scope->row = *(const pni_cells *)pni_trace_result(&m->tracer, input);
    }
    *out = scope;
    return PN_OK;
}

/* Declarations that anchors other than functions' refer to, and values bound from outside. */
static bool is_closed(const Substrait__Plan *plan) {
    bool closed = plan->n_parameter_bindings == 0 && plan->n_type_aliases == 0;
    for (size_t i = 0; i < plan->n_extensions; i++) {
        closed = closed && pni_declares_function(plan->extensions[i]);
    }
    return closed;
}

static pni_merkle_cell cell_out(const pni_cell *cell, bool closed) {
    pni_merkle_cell out = {.known = closed && cell->known};
    if (out.known) {
        out.digest = cell->digest;
    }
    return out;
}

pn_status pni_merkle_of(const pn_substrait *plan, const pni_merkle_source *source, pni_merkle **out,
                        pn_error *err) {
    pni_merkler m = {.plan = plan,
                     .source = source,
                     .arena = pni_arena_new(),
                     .tracer = {NULL, pni_map_new(), make_scope, make_cells}};
    const void *traced = NULL;
    m.tracer.ctx = &m;
    pn_status status = pni_trace(&m.tracer, pni_substrait_root(plan), &traced, err);
    if (status == PN_OK) {
        const pni_cells *cells = traced;
        bool closed = !m.overrun && is_closed(pni_substrait_plan(plan));
        size_t n = cells->told ? cells->n : 0;
        pni_merkle *made = pni_calloc(1, sizeof *made + n * sizeof made->columns[0]);
        made->rows = cell_out(&cells->rows, closed);
        for (made->n = 0; made->n < n; made->n++) {
            made->columns[made->n] = cell_out(cells->columns[made->n], closed);
        }
        *out = made;
    }
    pni_map_free(m.tracer.results);
    pni_arena_free(m.arena);
    return status;
}
