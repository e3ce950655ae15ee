/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From traced columns to the result: output names, inputs by name, and whether all is known.
 *
 * Output names come depth first, so the name of a column is found by skipping the field names of
 * the columns before it. Where the plan does not tell the type of a column, its neighbours are
 * counted from the other end; a name that cannot be told from either end is given by position.
 */
#include "lineage/lineage_priv.h"

#include <stdlib.h>

typedef struct kind_name {
    uint32_t kind;
    const char *role;
    const char *name;
} kind_name;

typedef struct named_input {
    const char *table; /* of one input */
    const char *column;
    uint32_t kinds;
} named_input;

/* In the order of the result: by role, then by name. */
static const kind_name kind_names[PNI_KIND_COUNT] = {
    {PNI_KIND_AGGREGATE, "direct", "aggregate"}, {PNI_KIND_IDENTITY, "direct", "identity"},
    {PNI_KIND_TRANSFORM, "direct", "transform"}, {PNI_KIND_FILTER, "indirect", "filter"},
    {PNI_KIND_GROUP, "indirect", "group"},       {PNI_KIND_JOIN, "indirect", "join"},
    {PNI_KIND_SORT, "indirect", "sort"},         {PNI_KIND_WINDOW, "indirect", "window"},
};

static int cmp_named(const void *a, const void *b) {
    const named_input *left = a;
    const named_input *right = b;
    int order = strcmp(left->table, right->table);
    return order ? order : strcmp(left->column, right->column);
}

/* ---- names -------------------------------------------------------------------------------- */

/* Names a column takes: 1 and its fields'; 0 when its type is not known. */
static size_t names_taken(const pni_column *column) {
    return column->type ? 1 + pni_type_nested_names(column->type) : 0;
}

/* names[i] stays NULL where it cannot be told. */
static void find_names(const pn_substrait *plan, const pni_rows *rows, const char **names) {
    size_t n_names = pn_substrait_output_count(plan);
    size_t at = 0;
    size_t i = 0;
    bool one_each = n_names == rows->n;
    for (; i < rows->n && at < n_names; i++) {
        size_t taken = one_each ? 1 : names_taken(rows->columns[i]);
        names[i] = pn_substrait_output_at(plan, at);
        at += taken;
        if (taken == 0) {
            break;
        }
    }
    at = n_names;
    for (size_t k = rows->n; k-- > i + 1;) {
        size_t taken = names_taken(rows->columns[k]);
        if (taken == 0 || taken > at) {
            break;
        }
        at -= taken;
        names[k] = pn_substrait_output_at(plan, at);
    }
}

/* ---- JSON --------------------------------------------------------------------------------- */

static pn_status inputs_json(pni_lineage *lineage, const pni_column *column, const pni_rows *rows,
                             json_t **out, pn_error *err) {
    PNI_VEC(pni_input) all = {0};
    for (size_t i = 0; i < column->inputs->n; i++) {
        pni_vec_push(&all, column->inputs->items[i]);
    }
    for (size_t i = 0; i < rows->inputs->n; i++) {
        pni_vec_push(&all, rows->inputs->items[i]);
    }
    pni_collector c = {.lineage = lineage};
    pn_status status = pni_lineage_step(lineage, all.count, err);
    c.items.items = all.items;
    c.items.count = all.count;
    c.items.cap = all.cap;
    const pni_inputs *united = pni_lineage_collected(&c);
    PNI_TRY(status);
    named_input *named = pni_calloc(united->n + 1, sizeof *named);
    for (size_t i = 0; i < united->n; i++) {
        const pni_source *source = &lineage->sources.items[united->items[i].source];
        named[i] = (named_input){source->table, source->column, united->items[i].kinds};
    }
    qsort(named, united->n, sizeof *named, cmp_named);
    *out = json_array();
    for (size_t i = 0; i < united->n; i++) {
        for (size_t k = 0; k < PNI_KIND_COUNT; k++) {
            if (named[i].kinds & kind_names[k].kind) {
                json_array_append_new(*out,
                                      json_pack("{s:s, s:s, s:s, s:s}", "table", named[i].table,
                                                "column", named[i].column, "role",
                                                kind_names[k].role, "kind", kind_names[k].name));
            }
        }
    }
    pni_free(named);
    return PN_OK;
}

static pn_status output_json(pni_lineage *lineage, const pni_rows *rows, size_t index,
                             const char *name, json_t **out, pn_error *err) {
    const pni_column *column = rows->columns[index];
    PNI_AUTO(pn_buf) text = PN_BUF_INIT;
    PNI_AUTO_PTR(json_t) inputs = NULL;
    char position[32];
    PNI_TRY(inputs_json(lineage, column, rows, &inputs, err));
    pni_lineage_text(lineage, column, &text);
    snprintf(position, sizeof position, "#%zu", index);
    *out = json_pack("{s:s, s:b, s:O, s:s}", "name", name ? name : position, "complete",
                     column->complete, "inputs", inputs, "expression", pni_buf_text(&text));
    pni_assert(*out);
    return PN_OK;
}

/* Columns cannot be told apart: the names are all there is to say. */
static void unknown_outputs(const pn_substrait *plan, json_t *outputs) {
    for (size_t i = 0; i < pn_substrait_output_count(plan); i++) {
        json_array_append_new(outputs, json_pack("{s:s, s:b, s:[], s:s}", "name",
                                                 pn_substrait_output_at(plan, i), "complete", 0,
                                                 "inputs", "expression", "?"));
    }
}

static pn_status outputs_json(pni_lineage *lineage, const pni_rows *rows, json_t *outputs,
                              bool *complete, pn_error *err) {
    *complete = rows->known && rows->complete;
    if (!rows->known) {
        unknown_outputs(lineage->plan, outputs);
        return PN_OK;
    }
    const char **names = pni_arena_alloc(lineage->arena, (rows->n + 1) * sizeof *names);
    find_names(lineage->plan, rows, names);
    for (size_t i = 0; i < rows->n; i++) {
        json_t *output = NULL;
        PNI_TRY(output_json(lineage, rows, i, names[i], &output, err));
        json_array_append_new(outputs, output);
        *complete = *complete && rows->columns[i]->complete;
    }
    return PN_OK;
}

static json_t *tables_json(const pn_substrait *plan) {
    json_t *tables = json_array();
    for (size_t i = 0; i < pn_substrait_table_count(plan); i++) {
        size_t count;
        const char *const *columns = pn_substrait_table_columns(plan, i, &count);
        const char **sorted = pni_calloc(count + 1, sizeof *sorted);
        json_t *list = json_array();
        for (size_t c = 0; c < count; c++) {
            sorted[c] = columns[c];
        }
        qsort(sorted, count, sizeof *sorted, pni_cmp_text);
        for (size_t c = 0; c < count; c++) {
            json_array_append_new(list, json_string(sorted[c]));
        }
        pni_free(sorted);
        json_array_append_new(tables, json_pack("{s:s, s:o}", "name",
                                                pn_substrait_table_at(plan, i), "columns", list));
    }
    return tables;
}

static pn_status make_scope(void *ctx, const pni_rel *rel, const void *outer, const void **out,
                            pn_error *err) {
    pni_lineage *lineage = ctx;
    pni_scope *scope = pni_arena_alloc(lineage->arena, sizeof *scope);
    scope->outer = outer;
    *out = scope;
    return pni_lineage_scope(lineage, rel, &scope->row, err);
}

static pn_status make_rows(void *ctx, const pni_rel *rel, const void *scope, void **out,
                           pn_error *err) {
    pni_lineage *lineage = ctx;
    pni_rows *rows = pni_arena_alloc(lineage->arena, sizeof *rows);
    PNI_TRY(pni_lineage_step(lineage, 1, err));
    *out = rows;
    PNI_TRY(pni_lineage_rel(lineage, rel, scope, rows, err));
    return lineage->report ? pni_lineage_note(lineage, rel, scope, err) : PN_OK;
}

static pn_status trace_json(pni_lineage *lineage, json_t **out, pn_error *err) {
    const void *traced = NULL;
    bool complete = false;
    PNI_TRY(pni_trace(&lineage->tracer, pni_substrait_root(lineage->plan), &traced, err));
    const pni_rows *rows = traced;
    PNI_AUTO_PTR(json_t) outputs = json_array();
    PNI_TRY(outputs_json(lineage, rows, outputs, &complete, err));
    *out = json_pack("{s:O, s:o, s:b}", "outputs", outputs, "tables", tables_json(lineage->plan),
                     "complete", complete);
    pni_assert(*out);
    return PN_OK;
}

static pn_status trace(const pn_substrait *plan, json_t *report, json_t **out, pn_error *err) {
    pni_lineage lineage = {.plan = plan,
                           .arena = pni_arena_new(),
                           .source_ids = pni_map_new(),
                           .tracer = {NULL, pni_map_new(), make_scope, make_rows},
                           .report = report,
                           .scans = pni_map_new()};
    lineage.tracer.ctx = &lineage;
    lineage.unknown.inputs = &pni_lineage_no_inputs;
    pn_status status = trace_json(&lineage, out, err);
    pni_vec_dispose(&lineage.sources);
    pni_map_free(lineage.tracer.results);
    pni_map_free(lineage.source_ids);
    pni_map_free(lineage.scans);
    pni_arena_free(lineage.arena);
    return status;
}

pn_status pni_lineage_of(const pn_substrait *plan, json_t **out, pn_error *err) {
    return trace(plan, NULL, out, err);
}

pn_status pni_lineage_report(const pn_substrait *plan, json_t **out, pn_error *err) {
    PNI_AUTO_PTR(json_t) report = json_pack("{s:[], s:[], s:[]}", "scans", "joins", "expressions");
    PNI_AUTO_PTR(json_t) lineage = NULL;
    PNI_TRY(trace(plan, report, &lineage, err));
    json_object_set(report, "complete", json_object_get(lineage, "complete"));
    *out = pni_take(report);
    return PN_OK;
}

pn_status pn_lineage_json(const pn_substrait *plan, pn_buf *json_out, pn_error *err) {
    PNI_AUTO_PTR(json_t) lineage = NULL;
    if (!plan || !json_out) {
        return pni_fail(err, PNI_E_ARGUMENT, "pn_lineage_json: plan and json_out must not be NULL");
    }
    PNI_TRY(pni_lineage_of(plan, &lineage, err));
    return pni_json_canonical(lineage, json_out, err);
}

pn_status pn_lineage_report(const pn_substrait *plan, pn_buf *json_out, pn_error *err) {
    PNI_AUTO_PTR(json_t) report = NULL;
    if (!plan || !json_out) {
        return pni_fail(err, PNI_E_ARGUMENT,
                        "pn_lineage_report: plan and json_out must not be NULL");
    }
    PNI_TRY(pni_lineage_report(plan, &report, err));
    return pni_json_canonical(report, json_out, err);
}
