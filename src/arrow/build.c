/* SPDX-License-Identifier: Apache-2.0 */
/*
 * JSON rows -> one batch. A tree of columns mirrors the schema; each knows its type once, its
 * nanoarrow array and, for a dictionary, the values seen (in order of first appearance, so equal
 * rows give equal bytes). What value.c prints as JSON is read back here; integers and ticks are
 * also read as numbers or decimal strings. Nothing is converted silently: what does not fit exactly
 * is refused with row and column.
 */
#include "arrow/build_priv.h"

static json_t *no_const(const json_t *value) {
    return (json_t *)(uintptr_t)value; /* jansson's iterators are not const */
}

/* ---- the tree ------------------------------------------------------------------------------ */

static void column_dispose(column *c) {
    if (c->children) {
        for (int64_t i = 0; i < c->child_count; i++) {
            column_dispose(&c->children[i]);
        }
    }
    if (c->values) {
        column_dispose(c->values);
    }
    pni_free(c->children);
    pni_free(c->values);
    pni_map_free(c->seen);
}

static bool type_ids_are_indices(const char *ids) {
    for (int64_t i = 0; *ids; i++) {
        char *end;
        if (strtol(ids, &end, 10) != i) {
            return false;
        }
        ids = *end == ',' ? end + 1 : end;
    }
    return true;
}

static pn_status column_init(column *c, const struct ArrowSchema *field, struct ArrowArray *array,
                             const column *parent, pn_error *err) {
    *c = (column){.field = field, .array = array, .parent = parent};
    PNI_TRY(pni_arrow_view_of(field, &c->type, err));
    bool is_union =
        c->type.type == NANOARROW_TYPE_DENSE_UNION || c->type.type == NANOARROW_TYPE_SPARSE_UNION;
    if (c->type.type == NANOARROW_TYPE_RUN_END_ENCODED ||
        (is_union && !type_ids_are_indices(c->type.union_type_ids))) {
        char name[72];
        return pni_fail(err, PNI_E_ARROW_BUILD,
                        "column '%s' is run-end encoded or a union with type ids out of order",
                        pni_name_short(field->name, name));
    }
    if (field->dictionary) {
        c->seen = pni_map_new();
        c->values = pni_calloc(1, sizeof *c->values);
        return column_init(c->values, field->dictionary, array->dictionary, c, err);
    }
    c->children = pni_calloc((size_t)field->n_children, sizeof *c->children);
    c->child_count = field->n_children;
    for (int64_t i = 0; i < field->n_children; i++) {
        PNI_TRY(column_init(&c->children[i], field->children[i], array->children[i], c, err));
    }
    return PN_OK;
}

/* ---- refusals ------------------------------------------------------------------------------ */

static void put_path(const column *c, pn_buf *out) {
    if (!c->parent) {
        return;
    }
    put_path(c->parent, out);
    if (c->parent->values == c) {
        return;
    }
    char name[72];
    pni_buf_printf(out, "%s%s", out->len ? "." : "", pni_name_short(c->field->name, name));
}

pn_status pni_arrow_row_fail(const builder *b, const column *c, const char *why) {
    PNI_AUTO(pn_buf) path = PN_BUF_INIT;
    put_path(c, &path);
    pn_status status = path.len
                           ? pni_fail(b->err, PNI_E_ARROW_ROWS, "row %zu, column '%s': %s",
                                      b->row + 1, pni_buf_text(&path), why)
                           : pni_fail(b->err, PNI_E_ARROW_ROWS, "row %zu: %s", b->row + 1, why);
    PNI_AUTO(pn_buf) type = PN_BUF_INIT;
    if (c->parent && pni_arrow_type_text(c->field, &type, NULL) == PN_OK) {
        pni_error_detail(b->err, "The column is declared as %s.", pni_buf_text(&type));
    }
    return status;
}

static pn_status refuse_kind(const builder *b, const column *c, const char *wanted,
                             const json_t *got) {
    static const char *const kinds[] = {"an object", "an array", "a string", "an integer",
                                        "a number",  "true",     "false",    "null"};
    char why[160];
    snprintf(why, sizeof why, "expected %s, not %s", wanted, kinds[json_typeof(got)]);
    return pni_arrow_row_fail(b, c, why);
}

static pn_status unknown_key(const builder *b, const column *c, const char *key) {
    char name[72];
    char why[160];
    snprintf(why, sizeof why, "the key '%s' is no column", pni_name_short(key, name));
    pn_status status = pni_arrow_row_fail(b, c, why);
    const char *nearest = NULL;
    unsigned best = 3;
    for (int64_t i = 0; i < c->child_count; i++) {
        const char *candidate = c->field->children[i]->name;
        unsigned distance = candidate ? pni_edit_distance(key, candidate) : best;
        if (distance < best) {
            best = distance;
            nearest = candidate;
        }
    }
    if (nearest) {
        pni_error_hint(b->err, "Did you mean '%s'?", pni_name_short(nearest, name));
    }
    return status;
}

/* ---- nested values ------------------------------------------------------------------------- */

static pn_status append(builder *b, column *c, const json_t *value);

static pn_status append_list(builder *b, column *c, const json_t *value) {
    if (!json_is_array(value)) {
        return refuse_kind(b, c, "an array", value);
    }
    bool fixed = c->type.type == NANOARROW_TYPE_FIXED_SIZE_LIST;
    if (fixed && json_array_size(value) != (size_t)c->type.fixed_size) {
        return pni_arrow_row_fail(b, c, "the array has another length than the type");
    }
    for (size_t i = 0; i < json_array_size(value); i++) {
        PNI_TRY(append(b, &c->children[0], json_array_get(value, i)));
    }
    return appended(b, c, ArrowArrayFinishElement(c->array));
}

static pn_status append_struct(builder *b, column *c, const json_t *value) {
    if (json_is_array(value)) {
        if (json_array_size(value) != (size_t)c->child_count) {
            return pni_arrow_row_fail(b, c, "the array has another length than there are columns");
        }
        for (int64_t i = 0; i < c->child_count; i++) {
            PNI_TRY(append(b, &c->children[i], json_array_get(value, (size_t)i)));
        }
        return appended(b, c, ArrowArrayFinishElement(c->array));
    }
    if (!json_is_object(value)) {
        return refuse_kind(b, c, "an object or an array", value);
    }
    size_t used = 0;
    for (int64_t i = 0; i < c->child_count; i++) {
        const char *name = c->field->children[i]->name;
        const json_t *member = json_object_get(value, name ? name : "");
        used += member != NULL;
        PNI_TRY(append(b, &c->children[i], member));
    }
    if (used < json_object_size(value)) {
        const char *key;
        json_t *member;
        json_object_foreach(no_const(value), key, member) {
            bool known = false;
            for (int64_t i = 0; i < c->child_count && !known; i++) {
                known = pni_streq(c->field->children[i]->name, key);
            }
            if (!known) {
                return unknown_key(b, c, key);
            }
        }
    }
    return appended(b, c, ArrowArrayFinishElement(c->array));
}

static pn_status append_pair(builder *b, column *c, const json_t *key, const json_t *value) {
    column *entries = &c->children[0];
    PNI_TRY(append(b, &entries->children[0], key));
    PNI_TRY(append(b, &entries->children[1], value));
    return appended(b, c, ArrowArrayFinishElement(entries->array));
}

static pn_status append_map(builder *b, column *c, const json_t *value) {
    if (json_is_object(value)) {
        const char *key;
        json_t *member;
        json_object_foreach(no_const(value), key, member) {
            PNI_AUTO_PTR(json_t) text = json_string(key);
            PNI_TRY(append_pair(b, c, text, member));
        }
        return appended(b, c, ArrowArrayFinishElement(c->array));
    }
    for (size_t i = 0; i < json_array_size(value); i++) {
        const json_t *pair = json_array_get(value, i);
        if (json_array_size(pair) != 2) {
            return pni_arrow_row_fail(b, c, "a map is an object or an array of [key, value]");
        }
        PNI_TRY(append_pair(b, c, json_array_get(pair, 0), json_array_get(pair, 1)));
    }
    return json_is_array(value) ? appended(b, c, ArrowArrayFinishElement(c->array))
                                : refuse_kind(b, c, "an object or an array of [key, value]", value);
}

static pn_status append_union(builder *b, column *c, const json_t *value) {
    void *only = json_object_size(value) == 1 ? json_object_iter(no_const(value)) : NULL;
    if (!only) {
        return pni_arrow_row_fail(b, c, "a union is an object with one key, the member's name");
    }
    for (int64_t i = 0; i < c->child_count; i++) {
        if (pni_streq(c->field->children[i]->name, json_object_iter_key(only))) {
            PNI_TRY(append(b, &c->children[i], json_object_iter_value(only)));
            return appended(b, c, ArrowArrayFinishUnionElement(c->array, (int8_t)i));
        }
    }
    return unknown_key(b, c, json_object_iter_key(only));
}

static int dump_sink(const char *text, size_t len, void *out) {
    pni_buf_append(out, text, len);
    return 0;
}

static pn_status append_dictionary(builder *b, column *c, const json_t *value) {
    const size_t flags = JSON_ENCODE_ANY | JSON_COMPACT | JSON_SORT_KEYS;
    PNI_AUTO(pn_buf) key = PN_BUF_INIT;
    pni_assert(json_dump_callback(value, dump_sink, &key, flags) == 0);
    /* The map holds index + 1, so that NULL stays "not seen". */
    uintptr_t found = (uintptr_t)pni_map_get(c->seen, pni_buf_text(&key));
    if (found == 0) {
        PNI_TRY(append(b, c->values, value));
        found = (uintptr_t)c->values->array->length;
        pni_map_put(c->seen, pni_buf_text(&key), (void *)found);
    }
    return appended(b, c, ArrowArrayAppendInt(c->array, (int64_t)found - 1));
}

static pn_status append(builder *b, column *c, const json_t *value) {
    if (!value || json_is_null(value)) {
        if (!(c->field->flags & ARROW_FLAG_NULLABLE)) {
            return pni_arrow_row_fail(b, c,
                                      value ? "is null, but the column is not nullable"
                                            : "is missing, but the column is not nullable");
        }
        return appended(b, c, ArrowArrayAppendNull(c->array, 1));
    }
    if (c->field->dictionary) {
        return append_dictionary(b, c, value);
    }
    if (c->field->format[0] != '+') {
        return pni_arrow_append_flat(b, c, value);
    }
    switch (c->field->format[1]) {
    case 's':
        return append_struct(b, c, value);
    case 'm':
        return append_map(b, c, value);
    case 'u':
        return append_union(b, c, value);
    default:
        return append_list(b, c, value);
    }
}

/* ---- the batch ----------------------------------------------------------------------------- */

static pn_status append_rows(builder *b, column *top, const json_t *list) {
    for (b->row = 0; b->row < json_array_size(list); b->row++) {
        const json_t *row = json_array_get(list, b->row);
        if (!json_is_object(row) && !json_is_array(row)) {
            return refuse_kind(b, top, "an object or an array", row);
        }
        PNI_TRY(append_struct(b, top, row));
    }
    return PN_OK;
}

pn_status pni_arrow_batch_from_json(const json_t *rows, const struct ArrowSchema *schema,
                                    struct ArrowArray *out, pn_error *err) {
    PNI_TRY(pni_arrow_check(schema, 0, err));
    if (!json_is_array(rows) || strcmp(schema->format, "+s") != 0) {
        return pni_fail(err, PNI_E_ARROW_ROWS, "rows have to be a JSON array, for a struct schema");
    }
    struct ArrowError story = {{0}};
    PNI_AUTO_ARRAY array = {0};
    if (ArrowArrayInitFromSchema(&array, schema, &story) != NANOARROW_OK) {
        pn_status status = pni_fail(err, PNI_E_ARROW_SCHEMA, "no rows can be made of the schema");
        pni_error_detail(err, "%s", story.message);
        return status;
    }
    arrow_must(ArrowArrayStartAppending(&array));
    builder b = {.err = err};
    column top = {0};
    pn_status status = column_init(&top, schema, &array, NULL, err);
    if (status == PN_OK) {
        status = append_rows(&b, &top, rows);
    }
    column_dispose(&top);
    PNI_TRY(status);
    if (ArrowArrayFinishBuildingDefault(&array, &story) != NANOARROW_OK) {
        status = pni_fail(err, PNI_E_INTERNAL, "a batch built from JSON rows is not valid");
        pni_error_detail(err, "%s", story.message);
        return status;
    }
    ArrowArrayMove(&array, out);
    return PN_OK;
}
