/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Lists as lists of text: nulls dropped, and for list_unique_sorted also doubles, in the order of
 * their bytes. An item is its text form (values.c). A null list is null, a list of nothing but
 * nulls is empty. Texts point into the column; numbers are printed into one buffer of the call and
 * pointed to when the row is complete, because the buffer moves while it grows.
 */
#include "udf/builtin/out_priv.h"

#include <stdlib.h>

typedef struct items {
    pni_str *values;
    size_t count;
    size_t cap;
    pn_buf printed;
} items;

static bool is_list(enum ArrowType type) {
    return type == NANOARROW_TYPE_LIST || type == NANOARROW_TYPE_LARGE_LIST ||
           type == NANOARROW_TYPE_FIXED_SIZE_LIST || type == NANOARROW_TYPE_LIST_VIEW ||
           type == NANOARROW_TYPE_LARGE_LIST_VIEW;
}

static int make_list_field(struct ArrowSchema *out) {
    ArrowSchemaInit(out);
    NANOARROW_RETURN_NOT_OK(ArrowSchemaSetType(out, NANOARROW_TYPE_LIST));
    return pni_udf_set_field(out->children[0], "item", NANOARROW_TYPE_STRING);
}

static int32_t list_field(udf_fields *fields, struct ArrowSchema *out) {
    const struct ArrowSchema *list = fields->args[0];
    struct ArrowSchemaView type;
    int code = ArrowSchemaViewInit(&type, list, NULL);
    bool is_null = code == NANOARROW_OK && type.type == NANOARROW_TYPE_NA;
    bool fits = code == NANOARROW_OK && is_list(type.type) && !list->dictionary;
    if (!is_null && !fits) {
        return pni_udf_wrong_type(fields, 0, "a list");
    }
    if (fits && !pni_udf_has_text(list->children[0])) {
        return pni_udf_wrong_type(fields, 0, "a list of texts, numbers or booleans");
    }
    return pni_udf_made(fields, make_list_field(out));
}

/* The range of a row's items in the child; `row` counts from the start of the buffers. */
static void range_of(const struct ArrowArrayView *view, int64_t row, int64_t *start, int64_t *end) {
    const struct ArrowBufferView *sizes = &view->buffer_views[2];
    switch ((int)view->storage_type) {
    case NANOARROW_TYPE_FIXED_SIZE_LIST:
        *start = row * view->layout.child_size_elements;
        *end = *start + view->layout.child_size_elements;
        return;
    case NANOARROW_TYPE_LIST_VIEW:
        *start = ArrowArrayViewListChildOffset(view, row);
        *end = *start + sizes->data.as_int32[row];
        return;
    case NANOARROW_TYPE_LARGE_LIST_VIEW:
        *start = ArrowArrayViewListChildOffset(view, row);
        *end = *start + sizes->data.as_int64[row];
        return;
    default:
        *start = ArrowArrayViewListChildOffset(view, row);
        *end = ArrowArrayViewListChildOffset(view, row + 1);
    }
}

static void push_item(items *list, pni_str value) {
    if (list->count == list->cap) {
        list->cap = list->cap * 2 + 16;
        list->values = pni_realloc(list->values, list->cap * sizeof *list->values);
    }
    list->values[list->count++] = value;
}

/* The texts of a row's items that are not null. */
static void gather(const struct ArrowArrayView *view, int64_t row, items *list) {
    const struct ArrowArrayView *child = view->children[0];
    char scratch[UDF_TEXT_BYTES];
    int64_t start;
    int64_t end;
    list->count = 0;
    pni_buf_clear(&list->printed);
    range_of(view, row + view->offset, &start, &end);
    for (int64_t at = start; at < end; at++) {
        pni_str text;
        if (!udf_text_at(child, at, scratch, &text)) {
            continue;
        }
        if (text.data == scratch) {
            udf_append(&list->printed, text);
            text.data = NULL; /* printed: known when the row is complete */
        }
        push_item(list, text);
    }
    const char *printed = pni_buf_text(&list->printed);
    for (size_t i = 0; list->printed.len > 0 && i < list->count; i++) {
        if (!list->values[i].data) {
            list->values[i].data = printed;
            printed += list->values[i].len;
        }
    }
}

static int by_bytes(const void *left, const void *right) {
    return pni_str_cmp(*(const pni_str *)left, *(const pni_str *)right);
}

/* Lists of a few items are sorted where they stand. */
static void sort(items *list) {
    enum { FEW = 12 };
    if (list->count > FEW) {
        qsort(list->values, list->count, sizeof *list->values, by_bytes);
        return;
    }
    for (size_t i = 1; i < list->count; i++) {
        pni_str value = list->values[i];
        size_t at = i;
        for (; at > 0 && by_bytes(&list->values[at - 1], &value) > 0; at--) {
            list->values[at] = list->values[at - 1];
        }
        list->values[at] = value;
    }
}

static void sort_unique(items *list) {
    if (list->count < 2) {
        return;
    }
    sort(list);
    size_t kept = 1;
    for (size_t i = 1; i < list->count; i++) {
        if (by_bytes(&list->values[i], &list->values[kept - 1]) != 0) {
            list->values[kept++] = list->values[i];
        }
    }
    list->count = kept;
}

/* How many items the rows have, nulls included. */
static int64_t count_items(const udf_frame *frame) {
    const udf_col *col = &frame->cols[0];
    int64_t count = 0;
    for (int64_t row = 0; row < frame->rows; row++) {
        int64_t start;
        int64_t end;
        if (!udf_null(frame, 0, row)) {
            range_of(&col->view, row * col->step + col->view.offset, &start, &end);
            count += end - start;
        }
    }
    return count;
}

static int put_lists(udf_frame *frame, struct ArrowArray *out, void (*change)(items *),
                     items *list) {
    const udf_col *col = &frame->cols[0];
    int64_t most = count_items(frame);
    udf_nulls nulls;
    udf_texts texts;
    int32_t *ends;
    if (most > INT32_MAX) {
        return EOVERFLOW;
    }
    NANOARROW_RETURN_NOT_OK(pni_udf_lists_begin(frame, out, &nulls, &ends));
    NANOARROW_RETURN_NOT_OK(pni_udf_nulls_of(&nulls, frame, 0, 1));
    NANOARROW_RETURN_NOT_OK(pni_udf_texts_start(out->children[0], most, &texts));
    for (int64_t row = 0; row < frame->rows; row++) {
        list->count = 0;
        if (!udf_is_set_null(&nulls, row)) {
            gather(&col->view, row * col->step, list);
            change(list);
        }
        for (size_t i = 0; i < list->count; i++) {
            NANOARROW_RETURN_NOT_OK(udf_text_add(&texts, list->values[i]));
        }
        ends[row + 1] = (int32_t)texts.row;
    }
    pni_udf_texts_end(&texts);
    pni_udf_nulls_end(&nulls);
    return NANOARROW_OK;
}

static int32_t list_rows(udf_frame *frame, struct ArrowArray *out, void (*change)(items *)) {
    items list = {0};
    int code = put_lists(frame, out, change, &list);
    pni_free(list.values);
    pn_buf_dispose(&list.printed);
    return pni_udf_append(frame, code);
}

static void leave(items *list) {
    (void)list;
}

/*
 * Drops null items of no bytes in place: of `item_ends`, which stand for all, and of `list_ends`,
 * which count them. False when a null item has bytes; then both are spoilt.
 */
static bool drop_nulls(const uint8_t *valid, int64_t start, int64_t rows, int32_t *list_ends,
                       int32_t *item_ends) {
    int64_t kept = 0;
    int32_t at = 0;
    int32_t end = item_ends[0];
    int32_t lost = 0;
    for (int64_t row = 0; row < rows; row++) {
        for (int32_t last = list_ends[row + 1]; at < last; at++) {
            bool is_kept = ArrowBitGet(valid, start + at);
            int32_t begin = end;
            end = item_ends[at + 1];
            lost |= is_kept ? 0 : end - begin;
            item_ends[kept + 1] = end;
            kept += is_kept;
        }
        list_ends[row + 1] = (int32_t)kept;
    }
    return lost == 0;
}

/*
 * Lists of texts that stand behind each other keep their bytes as they are: without null items they
 * are copied in one go, and null items nearly always have none. `taken` is false when it is not so.
 * A single list may be a scalar; there are no others beside it.
 */
static int take_lists(udf_frame *frame, struct ArrowArray *out, bool *taken) {
    const struct ArrowArrayView *view = &frame->cols[0].view;
    bool is_plain = view->storage_type == NANOARROW_TYPE_LIST ||
                    view->storage_type == NANOARROW_TYPE_LARGE_LIST;
    udf_nulls nulls;
    udf_texts texts;
    int32_t *ends;
    pni_str span;
    char *room;
    *taken = false;
    if (!is_plain || frame->rows == 0) {
        return NANOARROW_OK;
    }
    const struct ArrowArrayView *child = view->children[0];
    const uint8_t *valid = child->buffer_views[0].data.as_uint8;
    int64_t start = udf_offset_at(view, view->offset);
    int64_t count = udf_offset_at(view, view->offset + frame->rows) - start;
    if (count > INT32_MAX) {
        return NANOARROW_OK;
    }
    NANOARROW_RETURN_NOT_OK(pni_udf_lists_begin(frame, out, &nulls, &ends));
    NANOARROW_RETURN_NOT_OK(pni_udf_nulls_of(&nulls, frame, 0, 1));
    NANOARROW_RETURN_NOT_OK(pni_udf_texts_start(out->children[0], count, &texts));
    pni_udf_rebase(view, view->offset, frame->rows, 0, ends);
    if (!pni_udf_texts_span(&texts, child, start, count, &span)) {
        return NANOARROW_OK;
    }
    if (valid && child->null_count != 0 &&
        !drop_nulls(valid, child->offset + start, frame->rows, ends, texts.ends)) {
        return NANOARROW_OK;
    }
    NANOARROW_RETURN_NOT_OK(udf_text_room(&texts, span.len + UDF_BLOCK, &room));
    memcpy(room, span.data, span.len);
    udf_texts_took(&texts, ends[frame->rows], span);
    pni_udf_texts_end(&texts);
    pni_udf_nulls_end(&nulls);
    *taken = true;
    return NANOARROW_OK;
}

static int32_t compact_rows(udf_frame *frame, struct ArrowArray *out) {
    bool taken;
    UDF_TRY(pni_udf_append(frame, take_lists(frame, out, &taken)));
    return taken ? 0 : list_rows(frame, out, leave);
}

static int32_t unique_rows(udf_frame *frame, struct ArrowArray *out) {
    return list_rows(frame, out, sort_unique);
}

static const pn_udf functions[] = {
    {UDF_DECIDED("list_compact", list_field, compact_rows), UDF_EXACT(1, "*"), UDF_NAMES("list"),
     .rewrite_tags = "list,nested", .body_version = "1",
     .description = "The items of a list as text, without the nulls."},
    {UDF_DECIDED("list_unique_sorted", list_field, unique_rows), UDF_ALIASES("array_unique_sorted"),
     UDF_EXACT(1, "*"), UDF_NAMES("list"), .rewrite_tags = "list,nested", .body_version = "1",
     .description = "The distinct items of a list as text, sorted by their bytes, without the "
                    "nulls."},
};

udf_table pni_udf_table_list(void) {
    return (udf_table){functions, sizeof functions / sizeof functions[0]};
}
