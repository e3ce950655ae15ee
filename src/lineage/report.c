/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the relations of a plan do, one record each: scans with the conditions that stand on them,
 * joins with their keys as pairs, expressions with the columns and functions they are made of. The
 * records are made while the plan is traced, so that columns are those of tables and upstream
 * expressions are written out; they stand in the order of the trace, inputs before readers.
 */
#include "lineage/lineage_priv.h"

#include <ctype.h>
#include <stdlib.h>

static void append(pni_lineage *lineage, const char *list, json_t *record) {
    json_array_append_new(json_object_get(lineage->report, list), record);
}

/* ---- an expression -------------------------------------------------------------------------- */

static int cmp_sources(const void *a, const void *b) {
    const pni_source *left = a;
    const pni_source *right = b;
    int order = strcmp(left->table, right->table);
    return order ? order : strcmp(left->column, right->column);
}

static json_t *columns_json(const pni_lineage *lineage, const pni_inputs *inputs) {
    json_t *columns = json_array();
    pni_source *sorted = pni_calloc(inputs->n + 1, sizeof *sorted);
    for (size_t i = 0; i < inputs->n; i++)
        sorted[i] = lineage->sources.items[inputs->items[i].source];
    qsort(sorted, inputs->n, sizeof *sorted, cmp_sources);
    for (size_t i = 0; i < inputs->n; i++)
        json_array_append_new(
            columns, json_pack("{s:s, s:s}", "table", sorted[i].table, "column", sorted[i].column));
    pni_free(sorted);
    return columns;
}

typedef struct function_names {
    const pni_lineage *lineage;
    pni_map *names;
} function_names;

/* Calls are told by their field, whatever message it stands in; a subquery is told by its own
 * relations. */
static pn_status note_function(void *ctx, pni_node *node, pn_error *err) {
    const function_names *found = ctx;
    const ProtobufCMessageDescriptor *type = node->msg->descriptor;
    (void)err;
    node->skip = node->subqueries > 0;
    for (unsigned i = 0; !node->skip && i < type->n_fields; i++) {
        const ProtobufCFieldDescriptor *field = &type->fields[i];
        if (!pni_streq(field->name, "function_reference") || field->type != PROTOBUF_C_TYPE_UINT32)
            continue;
        uint32_t anchor;
        memcpy(&anchor, pni_field_place(node->msg, field, 0), sizeof anchor);
        pni_map_put(found->names, pni_substrait_function(found->lineage->plan, anchor),
                    found->names);
    }
    return PN_OK;
}

static pn_status functions_json(const pni_lineage *lineage, const ProtobufCMessage *expr,
                                json_t **out, pn_error *err) {
    PNI_AUTO_PTR(pni_map) names = pni_map_new();
    function_names found = {lineage, names};
    PNI_TRY(pni_tree_walk((ProtobufCMessage *)(uintptr_t)expr, note_function, &found, err));
    const char **sorted = pni_map_sorted_keys(names);
    *out = json_array();
    for (size_t i = 0; i < pni_map_count(names); i++)
        json_array_append_new(*out, json_string(sorted[i]));
    pni_free(sorted);
    return PN_OK;
}

/* {"text","columns","functions","complete"} */
static pn_status expression_json(pni_lineage *lineage, const pni_scope *scope,
                                 const ProtobufCMessage *expr, json_t **out, pn_error *err) {
    const pni_column *column = NULL;
    PNI_AUTO(pn_buf) text = PN_BUF_INIT;
    json_t *functions = NULL;
    PNI_TRY(pni_lineage_column(lineage, scope, expr, &column, err));
    PNI_TRY(pni_lineage_step(lineage, column->inputs->n, err));
    PNI_TRY(functions_json(lineage, expr, &functions, err));
    pni_lineage_text(lineage, column, &text);
    *out = json_pack("{s:s, s:o, s:o, s:b}", "text", pni_buf_text(&text), "columns",
                     columns_json(lineage, column->inputs), "functions", functions, "complete",
                     column->complete);
    pni_assert(*out);
    return PN_OK;
}

/* What only names a column is no expression. */
static pn_status note_expression(pni_lineage *lineage, const pni_scope *scope, const char *kind,
                                 const ProtobufCMessage *expr, pn_error *err) {
    json_t *record = NULL;
    if (!expr || pni_lineage_bare_field(expr) >= 0)
        return PN_OK;
    PNI_TRY(expression_json(lineage, scope, expr, &record, err));
    json_object_set_new(record, "kind", json_string(kind));
    append(lineage, "expressions", record);
    return PN_OK;
}

static pn_status note_list(pni_lineage *lineage, const pni_scope *scope, const char *kind,
                           pni_expr *const *items, size_t count, pn_error *err) {
    for (size_t i = 0; i < count; i++)
        PNI_TRY(note_expression(lineage, scope, kind, &items[i]->base, err));
    return PN_OK;
}

/* ---- conditions ----------------------------------------------------------------------------- */

typedef PNI_VEC(const pni_expr *) expr_list;

static const Substrait__Expression__ScalarFunction *call_of(const pni_lineage *lineage,
                                                            const pni_expr *expr,
                                                            const char *name) {
    if (expr->rex_type_case != SUBSTRAIT__EXPRESSION__REX_TYPE_SCALAR_FUNCTION)
        return NULL;
    const Substrait__Expression__ScalarFunction *f = expr->scalar_function;
    return pni_streq(pni_substrait_function(lineage->plan, f->function_reference), name) ? f : NULL;
}

static const pni_expr *argument(const Substrait__Expression__ScalarFunction *f, size_t index) {
    return index < f->n_arguments && f->arguments[index]->arg_type_case ==
                                         SUBSTRAIT__FUNCTION_ARGUMENT__ARG_TYPE_VALUE
               ? f->arguments[index]->value
               : NULL;
}

/* The conditions that all must hold, in order. */
static void conjuncts_of(const pni_lineage *lineage, const pni_expr *condition, expr_list *out) {
    expr_list open = {0};
    if (condition)
        pni_vec_push(&open, condition);
    while (open.count) {
        const pni_expr *expr = open.items[--open.count];
        const Substrait__Expression__ScalarFunction *both = call_of(lineage, expr, "and");
        if (!both) {
            pni_vec_push(out, expr);
            continue;
        }
        for (size_t i = both->n_arguments; i-- > 0;)
            if (argument(both, i))
                pni_vec_push(&open, argument(both, i));
    }
    pni_vec_dispose(&open);
}

/* ---- scans ---------------------------------------------------------------------------------- */

static void scan_key(const pni_rel *rel, char out[32]) {
    snprintf(out, 32, "%p", (const void *)rel);
}

static pn_status add_filters(pni_lineage *lineage, json_t *scan, const pni_expr *condition,
                             const pni_scope *scope, pn_error *err) {
    expr_list conjuncts = {0};
    pn_status status = PN_OK;
    conjuncts_of(lineage, condition, &conjuncts);
    for (size_t i = 0; status == PN_OK && i < conjuncts.count; i++) {
        json_t *record = NULL;
        status = expression_json(lineage, scope, &conjuncts.items[i]->base, &record, err);
        if (status == PN_OK)
            json_array_append_new(json_object_get(scan, "filters"), record);
    }
    pni_vec_dispose(&conjuncts);
    return status;
}

static pn_status note_scan(pni_lineage *lineage, const pni_rel *rel, const pni_scope *scope,
                           pn_error *err) {
    const Substrait__ReadRel *read = rel->read;
    char key[32];
    if (read->read_type_case != SUBSTRAIT__READ_REL__READ_TYPE_NAMED_TABLE ||
        pni_substrait_is_work_table(lineage->plan, read))
        return PN_OK;
    json_t *columns = json_array();
    for (size_t i = 0; i < scope->row.n; i++) {
        const pni_inputs *inputs = scope->row.columns[i]->inputs;
        if (inputs->n == 1)
            json_array_append_new(
                columns, json_string(lineage->sources.items[inputs->items[0].source].column));
    }
    json_t *scan =
        json_pack("{s:s, s:o, s:[]}", "table", pni_substrait_table_name(lineage->arena, read),
                  "columns", columns, "filters");
    append(lineage, "scans", scan);
    scan_key(rel, key);
    pni_map_put(lineage->scans, key, scan);
    return add_filters(lineage, scan, read->filter, scope, err);
}

/* Conditions directly above a scan are those that reach it when it runs. */
static pn_status note_filter(pni_lineage *lineage, const Substrait__FilterRel *filter,
                             const pni_scope *scope, pn_error *err) {
    const pni_rel *below = filter->input;
    char key[32];
    while (below && below->rel_type_case == SUBSTRAIT__REL__REL_TYPE_FILTER)
        below = below->filter->input;
    scan_key(below, key);
    json_t *scan = pni_map_get(lineage->scans, key);
    if (scan)
        PNI_TRY(add_filters(lineage, scan, filter->condition, scope, err));
    return note_expression(lineage, scope, "filter",
                           filter->condition ? &filter->condition->base : NULL, err);
}

/* ---- joins ---------------------------------------------------------------------------------- */

/* "JOIN_TYPE_LEFT_SEMI" -> "left_semi" */
static void type_name(const ProtobufCEnumDescriptor *types, int type, char out[32]) {
    const ProtobufCEnumValue *value = protobuf_c_enum_descriptor_get_value(types, type);
    const char *name = value ? value->name : "JOIN_TYPE_UNKNOWN";
    size_t len = 0;
    for (name += strlen("JOIN_TYPE_"); *name && len < 31; name++)
        out[len++] = (char)tolower((unsigned char)*name);
    out[len] = '\0';
}

static void join_type(const pni_rel *rel, char out[32]) {
    switch ((int)rel->rel_type_case) {
    case SUBSTRAIT__REL__REL_TYPE_JOIN:
        type_name(&substrait__join_rel__join_type__descriptor, (int)rel->join->type, out);
        break;
    case SUBSTRAIT__REL__REL_TYPE_HASH_JOIN:
        type_name(&substrait__hash_join_rel__join_type__descriptor, (int)rel->hash_join->type, out);
        break;
    case SUBSTRAIT__REL__REL_TYPE_MERGE_JOIN:
        type_name(&substrait__merge_join_rel__join_type__descriptor, (int)rel->merge_join->type,
                  out);
        break;
    case SUBSTRAIT__REL__REL_TYPE_NESTED_LOOP_JOIN:
        type_name(&substrait__nested_loop_join_rel__join_type__descriptor,
                  (int)rel->nested_loop_join->type, out);
        break;
    default:
        snprintf(out, 32, "cross");
    }
}

/* Whether an equality compares a column of the left side with one of the right; in that order. */
static bool is_key(const pni_lineage *lineage, const pni_expr *expr, size_t left_width,
                   const pni_expr *sides[2]) {
    const Substrait__Expression__ScalarFunction *f = call_of(lineage, expr, "equal");
    f = f ? f : call_of(lineage, expr, "is_not_distinct_from");
    if (!f || f->n_arguments != 2 || !argument(f, 0) || !argument(f, 1))
        return false;
    int32_t first = pni_expr_column(argument(f, 0));
    int32_t second = pni_expr_column(argument(f, 1));
    if (first < 0 || second < 0 || ((size_t)first < left_width) == ((size_t)second < left_width))
        return false;
    bool is_swapped = (size_t)second < left_width;
    sides[0] = argument(f, is_swapped);
    sides[1] = argument(f, !is_swapped);
    return true;
}

static pn_status add_key(pni_lineage *lineage, json_t *join, const pni_scope *const scopes[2],
                         const ProtobufCMessage *const sides[2], pn_error *err) {
    json_t *left = NULL;
    json_t *right = NULL;
    PNI_TRY(expression_json(lineage, scopes[0], sides[0], &left, err));
    pn_status status = expression_json(lineage, scopes[1], sides[1], &right, err);
    if (status != PN_OK) {
        json_decref(left);
        return status;
    }
    json_array_append_new(json_object_get(join, "left_keys"), left);
    json_array_append_new(json_object_get(join, "right_keys"), right);
    return PN_OK;
}

static pn_status add_condition(pni_lineage *lineage, json_t *join, const pni_expr *condition,
                               const pni_scope *scope, size_t left_width, pn_error *err) {
    const pni_scope *const scopes[2] = {scope, scope};
    expr_list conjuncts = {0};
    pn_status status = PN_OK;
    conjuncts_of(lineage, condition, &conjuncts);
    for (size_t i = 0; status == PN_OK && i < conjuncts.count; i++) {
        const pni_expr *sides[2];
        json_t *record = NULL;
        if (scope->row.known && is_key(lineage, conjuncts.items[i], left_width, sides)) {
            const ProtobufCMessage *const key[2] = {&sides[0]->base, &sides[1]->base};
            status = add_key(lineage, join, scopes, key, err);
            continue;
        }
        status = expression_json(lineage, scope, &conjuncts.items[i]->base, &record, err);
        if (status == PN_OK)
            json_array_append_new(json_object_get(join, "conditions"), record);
    }
    pni_vec_dispose(&conjuncts);
    return status;
}

/* Keys of physical joins refer to their own side. */
static pn_status add_physical_keys(pni_lineage *lineage, json_t *join, const pni_join *j,
                                   pn_error *err) {
    const pni_scope left = {.row = *pni_lineage_result(lineage, j->left)};
    const pni_scope right = {.row = *pni_lineage_result(lineage, j->right)};
    const pni_scope *const scopes[2] = {&left, &right};
    for (size_t i = 0; i < j->n_keys; i++) {
        if (!j->keys[i]->left || !j->keys[i]->right)
            continue;
        const ProtobufCMessage *const key[2] = {&j->keys[i]->left->base, &j->keys[i]->right->base};
        PNI_TRY(add_key(lineage, join, scopes, key, err));
    }
    for (size_t i = 0; i < j->n_old_keys[0] && i < j->n_old_keys[1]; i++) {
        const ProtobufCMessage *const key[2] = {&j->old_keys[0][i]->base, &j->old_keys[1][i]->base};
        PNI_TRY(add_key(lineage, join, scopes, key, err));
    }
    return PN_OK;
}

static pn_status note_join(pni_lineage *lineage, const pni_rel *rel, const pni_scope *scope,
                           pn_error *err) {
    pni_join j;
    char type[32];
    if (!pni_lineage_read_join(rel, &j) || !j.left || !j.right)
        return PN_OK;
    join_type(rel, type);
    json_t *join =
        json_pack("{s:s, s:[], s:[], s:[]}", "type", type, "left_keys", "right_keys", "conditions");
    append(lineage, "joins", join);
    size_t left_width = pni_lineage_result(lineage, j.left)->n;
    for (size_t i = 0; i < 2; i++)
        PNI_TRY(add_condition(lineage, join, (const pni_expr *)(const void *)j.conditions[i], scope,
                              left_width, err));
    return add_physical_keys(lineage, join, &j, err);
}

/* ---- relations ------------------------------------------------------------------------------ */

static pn_status note_aggregate(pni_lineage *lineage, const Substrait__AggregateRel *aggregate,
                                const pni_scope *scope, pn_error *err) {
    PNI_TRY(note_list(lineage, scope, "group", aggregate->grouping_expressions,
                      aggregate->n_grouping_expressions, err));
    for (size_t i = 0; i < aggregate->n_measures; i++)
        PNI_TRY(note_expression(lineage, scope, "aggregate", &aggregate->measures[i]->base, err));
    return PN_OK;
}

static bool holds_window(const pni_expr *expr) {
    return expr->rex_type_case == SUBSTRAIT__EXPRESSION__REX_TYPE_WINDOW_FUNCTION;
}

pn_status pni_lineage_note(pni_lineage *lineage, const pni_rel *rel, const pni_scope *scope,
                           pn_error *err) {
    switch ((int)rel->rel_type_case) {
    case SUBSTRAIT__REL__REL_TYPE_READ:
        return note_scan(lineage, rel, scope, err);
    case SUBSTRAIT__REL__REL_TYPE_FILTER:
        return note_filter(lineage, rel->filter, scope, err);
    case SUBSTRAIT__REL__REL_TYPE_SORT:
        for (size_t i = 0; i < rel->sort->n_sorts; i++)
            PNI_TRY(note_list(lineage, scope, "sort", &rel->sort->sorts[i]->expr,
                              rel->sort->sorts[i]->expr != NULL, err));
        return PN_OK;
    case SUBSTRAIT__REL__REL_TYPE_PROJECT:
        for (size_t i = 0; i < rel->project->n_expressions; i++)
            PNI_TRY(note_expression(lineage, scope,
                                    holds_window(rel->project->expressions[i]) ? "window"
                                                                               : "projection",
                                    &rel->project->expressions[i]->base, err));
        return PN_OK;
    case SUBSTRAIT__REL__REL_TYPE_AGGREGATE:
        return note_aggregate(lineage, rel->aggregate, scope, err);
    default:
        return note_join(lineage, rel, scope, err);
    }
}
