/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Rows of any type as they are, for functions that hand an argument on. A kernel borrows its
 * arguments, so it copies. The copy starts at row 0: bits are shifted, offsets count from the first
 * byte or element that is referred to, and of children only that part is taken. A batch may be a
 * small slice of something large, and then a copy costs what the slice does. String and binary
 * views are appended one by one for the same reason. Of a dictionary, a dense union and a list view
 * all members are copied, because anything in them may be referred to.
 */
#include "udf/builtin/kernel_priv.h"

typedef struct ArrowArrayView view_t;

static int take_bits(const uint8_t *bits, int64_t start, int64_t count, struct ArrowBuffer *out) {
    int64_t bytes = (count + 7) / 8;
    NANOARROW_RETURN_NOT_OK(ArrowBufferResize(out, bytes, 0));
    const uint8_t *from = bits + start / 8;
    int shift = (int)(start % 8);
    int64_t last = (shift + count + 7) / 8; /* bytes that hold a bit of ours */
    for (int64_t i = 0; i < bytes; i++) {
        unsigned low = (unsigned)from[i] >> shift;
        unsigned high = shift > 0 && i + 1 < last ? (unsigned)from[i + 1] << (8 - shift) : 0;
        out->data[i] = (uint8_t)(low | high);
    }
    if (count % 8 != 0) {
        out->data[bytes - 1] &= (uint8_t)((1U << (count % 8)) - 1); /* the same bytes every time */
    }
    return NANOARROW_OK;
}

static int take_validity(const view_t *view, int64_t at, int64_t count, struct ArrowArray *out) {
    const uint8_t *bits = view->buffer_views[0].data.as_uint8;
    out->null_count = 0;
    if (!bits || view->null_count == 0) {
        return NANOARROW_OK;
    }
    struct ArrowBuffer *buffer = ArrowArrayBuffer(out, 0);
    NANOARROW_RETURN_NOT_OK(take_bits(bits, at, count, buffer));
    out->null_count = count - ArrowBitCountSet(buffer->data, 0, count);
    return NANOARROW_OK;
}

/* Offsets that count from 0; gives where they counted from and how much they span. */
static int take_offsets(const view_t *view, int64_t at, int64_t count, struct ArrowArray *out,
                        int64_t range[2]) {
    struct ArrowBuffer *buffer = ArrowArrayBuffer(out, 1);
    bool narrow = view->layout.element_size_bits[1] == 32;
    range[0] = udf_offset_at(view, at);
    range[1] = udf_offset_at(view, at + count) - range[0];
    NANOARROW_RETURN_NOT_OK(ArrowBufferResize(buffer, 0, 0));
    NANOARROW_RETURN_NOT_OK(ArrowBufferReserve(buffer, (count + 1) * (narrow ? 4 : 8)));
    for (int64_t i = 0; i <= count; i++) {
        int64_t value = udf_offset_at(view, at + i) - range[0];
        if (narrow) {
            ArrowBufferAppendUnsafe(buffer, &(int32_t){(int32_t)value}, sizeof(int32_t));
        } else {
            ArrowBufferAppendUnsafe(buffer, &value, sizeof value);
        }
    }
    return NANOARROW_OK;
}

static int take_views(const view_t *view, int64_t start, int64_t count, struct ArrowArray *out) {
    for (int64_t row = start; row < start + count; row++) {
        if (ArrowArrayViewIsNull(view, row)) {
            NANOARROW_RETURN_NOT_OK(ArrowArrayAppendNull(out, 1));
            continue;
        }
        struct ArrowBufferView bytes = ArrowArrayViewGetBytesUnsafe(view, row);
        NANOARROW_RETURN_NOT_OK(ArrowArrayAppendBytes(out, bytes));
    }
    return NANOARROW_OK;
}

/* Buffer 0, 1 or 2 of `width_bits` for each row. */
static int take_fixed(const view_t *view, int index, int64_t at, int64_t count,
                      struct ArrowArray *out) {
    int64_t width_bits = view->layout.element_size_bits[index];
    const uint8_t *data = view->buffer_views[index].data.as_uint8;
    struct ArrowBuffer *buffer = ArrowArrayBuffer(out, index);
    NANOARROW_RETURN_NOT_OK(ArrowBufferResize(buffer, 0, 0));
    if (count == 0 || !data) {
        return NANOARROW_OK;
    }
    if (width_bits % 8 != 0) {
        return take_bits(data, at, count, buffer);
    }
    return ArrowBufferAppend(buffer, data + at * width_bits / 8, count * width_bits / 8);
}

static int take_buffers(const view_t *view, int64_t at, int64_t count, struct ArrowArray *out,
                        int64_t range[2]) {
    for (int i = 0; i < NANOARROW_MAX_FIXED_BUFFERS; i++) {
        switch ((int)view->layout.buffer_type[i]) {
        case NANOARROW_BUFFER_TYPE_NONE:
            return NANOARROW_OK;
        case NANOARROW_BUFFER_TYPE_VALIDITY:
            NANOARROW_RETURN_NOT_OK(take_validity(view, at, count, out));
            break;
        case NANOARROW_BUFFER_TYPE_DATA_OFFSET:
            NANOARROW_RETURN_NOT_OK(take_offsets(view, at, count, out, range));
            break;
        case NANOARROW_BUFFER_TYPE_DATA:
            if (i == 2 && range[1] > 0) {
                const uint8_t *data = view->buffer_views[2].data.as_uint8;
                NANOARROW_RETURN_NOT_OK(
                    ArrowBufferAppend(ArrowArrayBuffer(out, 2), data + range[0], range[1]));
            } else if (i != 2) {
                NANOARROW_RETURN_NOT_OK(take_fixed(view, i, at, count, out));
            }
            break;
        default:
            NANOARROW_RETURN_NOT_OK(take_fixed(view, i, at, count, out));
        }
    }
    return NANOARROW_OK;
}

static int take_children(const view_t *view, int64_t at, int64_t count, const int64_t range[2],
                         struct ArrowArray *out) {
    int64_t size = view->layout.child_size_elements;
    for (int64_t i = 0; i < view->n_children; i++) {
        const view_t *child = view->children[i];
        int64_t start = 0;
        int64_t length = child->length;
        switch ((int)view->storage_type) {
        case NANOARROW_TYPE_STRUCT:
        case NANOARROW_TYPE_SPARSE_UNION:
            start = at;
            length = count;
            break;
        case NANOARROW_TYPE_FIXED_SIZE_LIST:
            start = at * size;
            length = count * size;
            break;
        case NANOARROW_TYPE_LIST:
        case NANOARROW_TYPE_LARGE_LIST:
        case NANOARROW_TYPE_MAP:
            start = range[0];
            length = range[1];
            break;
        default:
            break;
        }
        NANOARROW_RETURN_NOT_OK(pni_udf_copy_rows(child, start, length, out->children[i]));
    }
    return NANOARROW_OK;
}

int pni_udf_copy_rows(const struct ArrowArrayView *view, int64_t start, int64_t count,
                      struct ArrowArray *out) {
    int64_t range[2] = {0, 0};
    int64_t at = view->offset + start; /* as the buffers and the children of structs count */
    if (view->storage_type == NANOARROW_TYPE_STRING_VIEW ||
        view->storage_type == NANOARROW_TYPE_BINARY_VIEW) {
        return take_views(view, start, count, out);
    }
    if (view->storage_type == NANOARROW_TYPE_RUN_END_ENCODED) {
        return ENOTSUP;
    }
    NANOARROW_RETURN_NOT_OK(take_buffers(view, at, count, out, range));
    NANOARROW_RETURN_NOT_OK(take_children(view, at, count, range, out));
    if (view->dictionary) {
        NANOARROW_RETURN_NOT_OK(
            pni_udf_copy_rows(view->dictionary, 0, view->dictionary->length, out->dictionary));
    }
    out->length = count;
    out->null_count = view->storage_type == NANOARROW_TYPE_NA ? count : out->null_count;
    return NANOARROW_OK;
}
