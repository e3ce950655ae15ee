/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Maps as maps of text. Keys and values are their text forms (values.c); an entry whose key is null
 * is dropped. Sorted, the last of equal keys stays, as a later entry overrides an earlier one;
 * unsorted, all entries stay where they were, doubles included. Keys are cased by the full Unicode
 * mappings, so one key may become longer or equal to another. A lookup finds the first entry that
 * has the key and a value.
 */
#define _GNU_SOURCE /* qsort_r */
#include "udf/builtin/out_priv.h"

#include <stdlib.h>

typedef enum key_case { CASE_NONE, CASE_LOWER, CASE_UPPER } key_case;

/* Where a key and its value are in `entries.bytes`; `value_len` is -1 for null. */
typedef struct entry {
    size_t key_at;
    size_t key_len;
    int64_t value_len;
} entry;

typedef struct entries {
    entry *items;
    size_t count;
    size_t cap;
    pn_buf bytes; /* key, value, key, value, … */
    udf_scratch scratch;
    pn_buf cased;
} entries;

static void dispose(entries *list) {
    pni_free(list->items);
    pn_buf_dispose(&list->bytes);
    pn_buf_dispose(&list->cased);
    pni_udf_scratch_dispose(&list->scratch);
}

static int32_t check_map(udf_fields *fields) {
    const struct ArrowSchema *map = fields->args[0];
    struct ArrowSchemaView type;
    int code = ArrowSchemaViewInit(&type, map, NULL);
    if (code == NANOARROW_OK && type.type == NANOARROW_TYPE_NA) {
        return 0;
    }
    if (code != NANOARROW_OK || type.type != NANOARROW_TYPE_MAP || map->dictionary) {
        return pni_udf_wrong_type(fields, 0, "a map");
    }
    const struct ArrowSchema *pair = map->children[0];
    if (!pni_udf_has_text(pair->children[0]) || !pni_udf_has_text(pair->children[1])) {
        return pni_udf_wrong_type(fields, 0, "a map of texts, numbers or booleans");
    }
    return 0;
}

/* The entries of a row in the child that holds keys and values; none when the map is null. */
static const struct ArrowArrayView *entries_of(const udf_col *col, int64_t row, int64_t *start,
                                               int64_t *end) {
    const struct ArrowArrayView *view = &col->view;
    const struct ArrowArrayView *pairs = view->n_children > 0 ? view->children[0] : NULL;
    row *= col->step;
    *start = *end = 0;
    if (pairs && !ArrowArrayViewIsNull(view, row)) {
        row += view->offset;
        *start = ArrowArrayViewListChildOffset(view, row) + pairs->offset;
        *end = ArrowArrayViewListChildOffset(view, row + 1) + pairs->offset;
    }
    return pairs;
}

/* ---- lookup --------------------------------------------------------------------------------- */

static int32_t get_field(udf_fields *fields, struct ArrowSchema *out) {
    pni_str key;
    UDF_TRY(check_map(fields));
    if (fields->literals[1]) { /* others are refused by the adapter, when constants are folded */
        UDF_TRY(pni_udf_literal(fields, 1, "key", &key));
    }
    ArrowSchemaInit(out);
    return pni_udf_made(fields, ArrowSchemaSetType(out, NANOARROW_TYPE_STRING));
}

static bool find(const udf_col *col, int64_t row, pni_str key, char *scratch, pni_str *value) {
    int64_t at;
    int64_t end;
    const struct ArrowArrayView *pairs = entries_of(col, row, &at, &end);
    char key_scratch[UDF_TEXT_BYTES];
    for (; at < end; at++) {
        pni_str found;
        if (udf_text_at(pairs->children[0], at, key_scratch, &found) && found.len == key.len &&
            pni_str_eq(found, key) && udf_text_at(pairs->children[1], at, scratch, value)) {
            return true;
        }
    }
    return false;
}

static int32_t get_rows(udf_frame *frame, struct ArrowArray *out) {
    char scratch[UDF_TEXT_BYTES];
    udf_texts texts;
    UDF_TRY(pni_udf_append(frame, pni_udf_texts_begin(frame, out, &texts)));
    for (int64_t row = 0; row < frame->rows; row++) {
        pni_str value;
        bool found = find(&frame->cols[0], row, udf_str(frame, 1, row), scratch, &value);
        if (!found && udf_null(frame, 2, row)) {
            UDF_TRY(pni_udf_append(frame, udf_text_null(&texts)));
            continue;
        }
        value = found ? value : udf_str(frame, 2, row);
        UDF_TRY(pni_udf_append(frame, udf_text_add(&texts, value)));
    }
    pni_udf_texts_end(&texts);
    return 0;
}

/* ---- normalisation -------------------------------------------------------------------------- */

static bool case_of(pni_str name, key_case *out) {
    static const char *const names[] = {
        [CASE_NONE] = "none", [CASE_LOWER] = "lower", [CASE_UPPER] = "upper"};
    name = pni_udf_trim(name);
    for (key_case how = CASE_NONE; how <= CASE_UPPER; how++) {
        if (pni_udf_same_lower(name, names[how])) {
            *out = how;
            return true;
        }
    }
    return false;
}

static int32_t normalize_field(udf_fields *fields, struct ArrowSchema *out) {
    key_case how;
    UDF_TRY(check_map(fields));
    pni_str name = pni_udf_literal_or(fields, 1, PNI_STR("lower"));
    if (!case_of(name, &how)) {
        return pni_udf_refuse(fields, PNI_E_UDF_ARGUMENT_VALUE,
                              "argument 2, 'key_case', is '%.*s', not lower, upper or none",
                              (int)(name.len < 40 ? name.len : 40), name.data);
    }
    return pni_udf_made(fields, pni_udf_map_of_text(out));
}

static void push_entry(entries *list, pni_str key, const pni_str *value) {
    if (list->count == list->cap) {
        list->cap = list->cap * 2 + 16;
        list->items = pni_realloc(list->items, list->cap * sizeof *list->items);
    }
    list->items[list->count++] =
        (entry){list->bytes.len, key.len, value ? (int64_t)value->len : -1};
    udf_append(&list->bytes, key);
    if (value) {
        udf_append(&list->bytes, *value);
    }
}

static void gather(const udf_col *col, int64_t row, key_case how, entries *list) {
    int64_t at;
    int64_t end;
    const struct ArrowArrayView *pairs = entries_of(col, row, &at, &end);
    char key_scratch[UDF_TEXT_BYTES];
    char value_scratch[UDF_TEXT_BYTES];
    list->count = 0;
    pni_buf_clear(&list->bytes);
    for (; at < end; at++) {
        pni_str key;
        pni_str value;
        if (!udf_text_at(pairs->children[0], at, key_scratch, &key)) {
            continue;
        }
        bool has_value = udf_text_at(pairs->children[1], at, value_scratch, &value);
        if (how != CASE_NONE) {
            key = pni_udf_cased(key, how == CASE_UPPER, &list->scratch, &list->cased);
        }
        push_entry(list, key, has_value ? &value : NULL);
    }
}

static int by_key(const void *left, const void *right, void *bytes) {
    const entry *a = left;
    const entry *b = right;
    const char *text = bytes;
    int order = memcmp(text + a->key_at, text + b->key_at,
                       a->key_len < b->key_len ? a->key_len : b->key_len);
    if (order == 0 && a->key_len != b->key_len) {
        order = a->key_len < b->key_len ? -1 : 1;
    }
    return order;
}

/* Equal keys in the order in which they came. */
static int by_key_and_place(const void *left, const void *right, void *bytes) {
    int order = by_key(left, right, bytes);
    size_t a = ((const entry *)left)->key_at;
    size_t b = ((const entry *)right)->key_at;
    return order != 0 ? order : (a > b) - (a < b);
}

static void sort_last(entries *list) {
    if (list->count < 2) {
        return;
    }
    char *bytes = (char *)list->bytes.data;
    size_t sorted = 1;
    while (sorted < list->count &&
           by_key(&list->items[sorted - 1], &list->items[sorted], bytes) < 0) {
        sorted++;
    }
    if (sorted == list->count) {
        return;
    }
    qsort_r(list->items, list->count, sizeof *list->items, by_key_and_place, bytes);
    size_t kept = 0;
    for (size_t i = 0; i < list->count; i++) {
        if (i + 1 == list->count || by_key(&list->items[i], &list->items[i + 1], bytes) != 0) {
            list->items[kept++] = list->items[i];
        }
    }
    list->count = kept;
}

/* The output while it is made: a row's entries are pairs of a key and a value. */
typedef struct maps {
    udf_nulls nulls;
    int32_t *ends;
    udf_texts keys;
    udf_texts values;
} maps;

static int begin_maps(udf_frame *frame, struct ArrowArray *out, maps *made) {
    struct ArrowArray *pairs = out->children[0];
    int64_t most = 0;
    for (int64_t row = 0; row < frame->rows; row++) {
        int64_t start;
        int64_t end;
        entries_of(&frame->cols[0], row, &start, &end);
        most += end - start;
    }
    if (most > INT32_MAX) {
        return EOVERFLOW;
    }
    NANOARROW_RETURN_NOT_OK(pni_udf_lists_begin(frame, out, &made->nulls, &made->ends));
    NANOARROW_RETURN_NOT_OK(pni_udf_texts_start(pairs->children[0], most, &made->keys));
    return pni_udf_texts_start(pairs->children[1], most, &made->values);
}

static void end_maps(maps *made, struct ArrowArray *out) {
    out->children[0]->length = made->keys.row;
    out->children[0]->null_count = 0;
    pni_udf_texts_end(&made->keys);
    pni_udf_texts_end(&made->values);
    pni_udf_nulls_end(&made->nulls);
}

static int put_map(const entries *list, maps *made) {
    for (size_t i = 0; i < list->count; i++) {
        const entry *item = &list->items[i];
        const char *key = (const char *)list->bytes.data + item->key_at;
        NANOARROW_RETURN_NOT_OK(udf_text_add(&made->keys, (pni_str){key, item->key_len}));
        pni_str value = {key + item->key_len, (size_t)item->value_len};
        NANOARROW_RETURN_NOT_OK(item->value_len < 0 ? udf_text_null(&made->values)
                                                    : udf_text_add(&made->values, value));
    }
    return NANOARROW_OK;
}

static key_case case_at(const udf_frame *frame, int64_t row) {
    key_case how = CASE_LOWER;
    if (!udf_null(frame, 1, row)) {
        case_of(udf_str(frame, 1, row), &how); /* known: the field was made */
    }
    return how;
}

static int put_maps(udf_frame *frame, struct ArrowArray *out, entries *list) {
    maps made;
    bool same = udf_is_constant(frame, 1);
    key_case how = same ? case_at(frame, 0) : CASE_LOWER;
    NANOARROW_RETURN_NOT_OK(begin_maps(frame, out, &made));
    for (int64_t row = 0; row < frame->rows; row++) {
        list->count = 0;
        if (udf_null(frame, 0, row)) {
            NANOARROW_RETURN_NOT_OK(udf_set_null(&made.nulls, row));
        } else {
            gather(&frame->cols[0], row, same ? how : case_at(frame, row), list);
            if (udf_flag(frame, 2, row, true)) {
                sort_last(list);
            }
        }
        NANOARROW_RETURN_NOT_OK(put_map(list, &made));
        made.ends[row + 1] = (int32_t)made.keys.row;
    }
    end_maps(&made, out);
    return NANOARROW_OK;
}

static int32_t normalize_rows(udf_frame *frame, struct ArrowArray *out) {
    entries list = {0};
    int code = put_maps(frame, out, &list);
    dispose(&list);
    return pni_udf_append(frame, code);
}

static const pn_udf functions[] = {
    {UDF_DECIDED("map_get_default", get_field, get_rows), UDF_EXACT(3, "*", "s", "s"),
     UDF_NAMES("map", "key", "default_value"), .rewrite_tags = "map,nested", .body_version = "1",
     .description = "The value of a key as text; the default where the map has none or null.",
     .flags = PN_UDF_SHORT_CIRCUITS, .literal_args = 1 << 1},
    {UDF_DECIDED("map_normalize", normalize_field, normalize_rows), UDF_EXACT(1, "*", "s", "b"),
     UDF_NAMES("map", "key_case", "sort_keys"),
     UDF_DEFAULTS(UDF_OPTION("map_normalize_key_case"), UDF_OPTION("map_normalize_sort_keys")),
     .rewrite_tags = "map,nested", .body_version = "1" UDF_UNICODE,
     .description = "A map of texts with keys in one case, sorted, the last of equal keys kept.",
     .literal_args = 1 << 1 | 1 << 2},
};

udf_table pni_udf_table_map(void) {
    return (udf_table){functions, sizeof functions / sizeof functions[0]};
}
