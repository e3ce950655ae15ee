/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Joins of all kinds, and unnest. A join's condition sees the columns of both sides; what it hands
 * on depends on its type: both sides, one side (semi and anti joins), or one side and a mark. The
 * numbers of the types differ between the logical and the physical joins, so each has its table.
 */
#include "lineage/lineage_priv.h"

static pni_shape logical_shape(int type) {
    switch (type) {
    case SUBSTRAIT__JOIN_REL__JOIN_TYPE__JOIN_TYPE_LEFT_SEMI:
    case SUBSTRAIT__JOIN_REL__JOIN_TYPE__JOIN_TYPE_LEFT_ANTI:
        return PNI_SHAPE_LEFT;
    case SUBSTRAIT__JOIN_REL__JOIN_TYPE__JOIN_TYPE_RIGHT_SEMI:
    case SUBSTRAIT__JOIN_REL__JOIN_TYPE__JOIN_TYPE_RIGHT_ANTI:
        return PNI_SHAPE_RIGHT;
    case SUBSTRAIT__JOIN_REL__JOIN_TYPE__JOIN_TYPE_LEFT_MARK:
        return PNI_SHAPE_LEFT_MARK;
    case SUBSTRAIT__JOIN_REL__JOIN_TYPE__JOIN_TYPE_RIGHT_MARK:
        return PNI_SHAPE_RIGHT_MARK;
    default:
        return PNI_SHAPE_BOTH;
    }
}

/* Hash, merge and nested-loop joins number their types alike. */
static pni_shape physical_shape(int type) {
    switch (type) {
    case SUBSTRAIT__HASH_JOIN_REL__JOIN_TYPE__JOIN_TYPE_LEFT_SEMI:
    case SUBSTRAIT__HASH_JOIN_REL__JOIN_TYPE__JOIN_TYPE_LEFT_ANTI:
        return PNI_SHAPE_LEFT;
    case SUBSTRAIT__HASH_JOIN_REL__JOIN_TYPE__JOIN_TYPE_RIGHT_SEMI:
    case SUBSTRAIT__HASH_JOIN_REL__JOIN_TYPE__JOIN_TYPE_RIGHT_ANTI:
        return PNI_SHAPE_RIGHT;
    case SUBSTRAIT__HASH_JOIN_REL__JOIN_TYPE__JOIN_TYPE_LEFT_MARK:
        return PNI_SHAPE_LEFT_MARK;
    case SUBSTRAIT__HASH_JOIN_REL__JOIN_TYPE__JOIN_TYPE_RIGHT_MARK:
        return PNI_SHAPE_RIGHT_MARK;
    default:
        return PNI_SHAPE_BOTH;
    }
}

static const ProtobufCMessage *message(const pni_expr *expr) {
    return expr ? &expr->base : NULL;
}

static void read_hash(pni_join *j, const Substrait__HashJoinRel *rel) {
    j->left = rel->left;
    j->right = rel->right;
    j->shape = physical_shape((int)rel->type);
    j->conditions[0] = message(rel->post_join_filter);
    j->keys = rel->keys;
    j->n_keys = rel->n_keys;
    j->old_keys[0] = rel->left_keys;
    j->n_old_keys[0] = rel->n_left_keys;
    j->old_keys[1] = rel->right_keys;
    j->n_old_keys[1] = rel->n_right_keys;
}

static void read_merge(pni_join *j, const Substrait__MergeJoinRel *rel) {
    j->left = rel->left;
    j->right = rel->right;
    j->shape = physical_shape((int)rel->type);
    j->conditions[0] = message(rel->post_join_filter);
    j->keys = rel->keys;
    j->n_keys = rel->n_keys;
    j->old_keys[0] = rel->left_keys;
    j->n_old_keys[0] = rel->n_left_keys;
    j->old_keys[1] = rel->right_keys;
    j->n_old_keys[1] = rel->n_right_keys;
}

bool pni_lineage_read_join(const pni_rel *rel, pni_join *j) {
    *j = (pni_join){0};
    switch ((int)rel->rel_type_case) {
    case SUBSTRAIT__REL__REL_TYPE_JOIN:
        j->left = rel->join->left;
        j->right = rel->join->right;
        j->shape = logical_shape((int)rel->join->type);
        j->conditions[0] = message(rel->join->expression);
        j->conditions[1] = message(rel->join->post_join_filter);
        return true;
    case SUBSTRAIT__REL__REL_TYPE_CROSS:
        j->left = rel->cross->left;
        j->right = rel->cross->right;
        return true;
    case SUBSTRAIT__REL__REL_TYPE_NESTED_LOOP_JOIN:
        j->left = rel->nested_loop_join->left;
        j->right = rel->nested_loop_join->right;
        j->shape = physical_shape((int)rel->nested_loop_join->type);
        j->conditions[0] = message(rel->nested_loop_join->expression);
        return true;
    case SUBSTRAIT__REL__REL_TYPE_HASH_JOIN:
        read_hash(j, rel->hash_join);
        return true;
    case SUBSTRAIT__REL__REL_TYPE_MERGE_JOIN:
        read_merge(j, rel->merge_join);
        return true;
    default:
        return false;
    }
}

static pni_rows side(const pni_lineage *lineage, const pni_rel *rel) {
    return rel ? *pni_lineage_result(lineage, rel)
               : (pni_rows){.known = true, .inputs = &pni_lineage_no_inputs, .complete = true};
}

pn_status pni_lineage_both_sides(pni_lineage *lineage, const pni_rel *rel, pni_rows *row,
                                 pn_error *err) {
    pni_join j;
    if (!pni_lineage_read_join(rel, &j)) {
        return PN_OK;
    }
    pni_rows left = side(lineage, j.left);
    pni_rows right = side(lineage, j.right);
    *row = left;
    PNI_TRY(pni_lineage_unite(lineage, row, &right, err));
    row->known = left.known && right.known;
    row->n = row->known ? left.n + right.n : 0;
    PNI_TRY(pni_lineage_step(lineage, row->n, err));
    row->columns = pni_arena_alloc(lineage->arena, (row->n + 2) * sizeof *row->columns);
    if (row->known && left.n) {
        memcpy(row->columns, left.columns, left.n * sizeof *row->columns);
    }
    if (row->known && right.n) {
        memcpy(row->columns + left.n, right.columns, right.n * sizeof *row->columns);
    }
    return PN_OK;
}

/* Keys of physical joins refer to their own side; `c` keeps pointing at one of `sides`. */
static pn_status collect_keys(pni_collector *c, const pni_join *j, const pni_scope sides[2],
                              uint32_t as, pn_error *err) {
    for (size_t s = 0; s < 2; s++) {
        c->scope = &sides[s];
        for (size_t i = 0; i < j->n_keys; i++) {
            const Substrait__Expression__FieldReference *key =
                s == 0 ? j->keys[i]->left : j->keys[i]->right;
            PNI_TRY(key ? pni_lineage_collect_expr(c, &key->base, as, err) : PN_OK);
        }
        for (size_t i = 0; i < j->n_old_keys[s]; i++) {
            PNI_TRY(pni_lineage_collect_expr(c, &j->old_keys[s][i]->base, as, err));
        }
    }
    return PN_OK;
}

/* What the condition reads, as kind `as`; 0: as values. */
static pn_status condition_inputs(pni_lineage *lineage, const pni_join *j, const pni_scope *scope,
                                  uint32_t as, pni_rows *out, pn_error *err) {
    const pni_scope sides[2] = {{.row = side(lineage, j->left)}, {.row = side(lineage, j->right)}};
    pni_collector c = {.lineage = lineage, .scope = scope, .complete = true};
    pn_status status = PN_OK;
    for (size_t i = 0; status == PN_OK && i < 2; i++) {
        status = pni_lineage_collect_expr(&c, j->conditions[i], as, err);
    }
    if (status == PN_OK) {
        status = collect_keys(&c, j, sides, as, err);
    }
    *out = (pni_rows){.inputs = pni_lineage_collected(&c), .complete = c.complete};
    return status;
}

/* True or false by the condition: made of what the condition reads. */
static pn_status append_mark(pni_lineage *lineage, const pni_join *j, const pni_scope *scope,
                             pni_rows *out, pn_error *err) {
    pni_rows condition;
    pni_column *mark = pni_arena_alloc(lineage->arena, sizeof *mark);
    const pni_column **columns;
    PNI_TRY(condition_inputs(lineage, j, scope, 0, &condition, err));
    PNI_TRY(pni_lineage_step(lineage, out->n, err));
    mark->inputs = condition.inputs;
    mark->complete = condition.complete;
    mark->text = "mark";
    columns = pni_arena_alloc(lineage->arena, (out->n + 1) * sizeof *columns);
    if (out->n) {
        memcpy(columns, out->columns, out->n * sizeof *columns);
    }
    columns[out->n++] = mark;
    out->columns = columns;
    return PN_OK;
}

static void keep_side(pni_rows *out, const pni_rows *kept) {
    out->columns = kept->columns;
    out->n = kept->n;
    out->known = kept->known;
}

pn_status pni_lineage_join(pni_lineage *lineage, const pni_rel *rel, const pni_scope *scope,
                           pni_rows *out, pn_error *err) {
    pni_join j;
    pni_rows condition;
    pni_lineage_read_join(rel, &j);
    PNI_TRY(condition_inputs(lineage, &j, scope, PNI_KIND_JOIN, &condition, err));
    PNI_TRY(pni_lineage_unite(lineage, out, &condition, err));
    pni_rows left = side(lineage, j.left);
    pni_rows right = side(lineage, j.right);
    if (j.shape == PNI_SHAPE_LEFT || j.shape == PNI_SHAPE_LEFT_MARK) {
        keep_side(out, &left);
    } else if (j.shape == PNI_SHAPE_RIGHT || j.shape == PNI_SHAPE_RIGHT_MARK) {
        keep_side(out, &right);
    }
    bool marks = j.shape == PNI_SHAPE_LEFT_MARK || j.shape == PNI_SHAPE_RIGHT_MARK;
    return marks && out->known ? append_mark(lineage, &j, scope, out, err) : PN_OK;
}

/* ---- unnest ------------------------------------------------------------------------------- */

typedef struct unnest {
    pni_lineage *lineage;
    const pni_rows *input;
    json_t *columns;
    json_t *recursions;
} unnest;

bool pni_unnest_lists(const json_t *numbers, const char *key, size_t index, size_t *times) {
    size_t at;
    json_t *item;
    *times = 0;
    json_array_foreach(numbers, at, item) {
        const json_t *number = key ? json_object_get(item, key) : item;
        *times += json_is_integer(number) && json_integer_value(number) == (json_int_t)index;
    }
    return *times > 0;
}

bool pni_unnest_width(const json_t *recursions, size_t index, const Substrait__Type *type,
                      size_t *count) {
    if (pni_unnest_lists(recursions, "input", index, count)) {
        return true;
    }
    if (!type) {
        return false;
    }
    *count = type->kind_case == SUBSTRAIT__TYPE__KIND_STRUCT ? type->struct_->n_types : 1;
    return true;
}

static pn_status append_unnested(const unnest *u, size_t index, size_t count, pni_rows *out,
                                 pn_error *err) {
    const pni_column *from = u->input->columns[index];
    pni_collector c = {.lineage = u->lineage};
    pn_status status = pni_lineage_collect(&c, from->inputs, 0, err);
    const pni_inputs *inputs = pni_lineage_collected(&c);
    PNI_TRY(status);
    PNI_AUTO(pn_buf) text = PN_BUF_INIT;
    pni_buf_puts(&text, "unnest(");
    pni_lineage_text(u->lineage, from, &text);
    pni_buf_puts(&text, ")");
    const char *kept = pni_arena_strdup(u->lineage->arena, pni_buf_text(&text));
    PNI_TRY(pni_lineage_step(u->lineage, count, err));
    for (size_t i = 0; i < count; i++) {
        pni_column *column = pni_arena_alloc(u->lineage->arena, sizeof *column);
        column->inputs = inputs;
        column->complete = from->complete;
        column->text = kept;
        out->columns[out->n++] = column;
    }
    return PN_OK;
}

static bool unnested_count(const unnest *u, size_t index, size_t *count) {
    return pni_unnest_width(u->recursions, index, u->input->columns[index]->type, count);
}

/* false: the width of the result is not known. */
static bool total_width(const unnest *u, size_t *width) {
    size_t times;
    size_t count;
    *width = 0;
    for (size_t i = 0; i < u->input->n; i++) {
        count = 1;
        if (pni_unnest_lists(u->columns, NULL, i, &times) && !unnested_count(u, i, &count)) {
            return false;
        }
        *width += count;
    }
    return true;
}

static pn_status append_all(const unnest *u, pni_rows *out, pn_error *err) {
    pni_collector c = {.lineage = u->lineage};
    pn_status status = pni_lineage_collect(&c, out->inputs, 0, err);
    size_t times;
    for (size_t i = 0; status == PN_OK && i < u->input->n; i++) {
        size_t count = 0;
        if (!pni_unnest_lists(u->columns, NULL, i, &times)) {
            out->columns[out->n++] = u->input->columns[i];
            continue;
        }
        unnested_count(u, i, &count);
        status = append_unnested(u, i, count, out, err);
        if (status == PN_OK) {
            status = pni_lineage_collect(&c, u->input->columns[i]->inputs, PNI_KIND_JOIN, err);
        }
    }
    out->inputs = pni_lineage_collected(&c);
    return status;
}

pn_status pni_lineage_unnest(pni_lineage *lineage, const Substrait__ExtensionSingleRel *rel,
                             const pni_rows *input, pni_rows *out, pn_error *err) {
    PNI_AUTO_PTR(json_t) detail = NULL;
    size_t width = 0;
    out->columns = NULL;
    out->n = 0;
    if (pni_streq(rel->detail->type_url, "pinion:unnest") && input->known) {
        PNI_TRY(pni_json_parse(rel->detail->value.data, rel->detail->value.len,
                               "the detail of an unnest", &detail, err));
    }
    unnest u = {lineage, input, json_object_get(detail, "columns"),
                json_object_get(detail, "recursions")};
    PNI_TRY(pni_lineage_step(
        lineage, input->n * (json_array_size(u.columns) + json_array_size(u.recursions)), err));
    if (!json_is_array(u.columns) || !total_width(&u, &width)) {
        out->known = false;
        out->complete = false;
        return PN_OK;
    }
    PNI_TRY(pni_lineage_step(lineage, width, err));
    out->columns = pni_arena_alloc(lineage->arena, (width + 1) * sizeof *out->columns);
    return append_all(&u, out, err);
}
