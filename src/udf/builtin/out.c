/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Buffers of outputs that kernels write themselves (out_priv.h). Nulls that come from arguments are
 * found 64 rows at a time, by and-ing the bitmaps as they are, at any bit offset.
 */
#include "udf/builtin/out_priv.h"

static int64_t bytes_of(int64_t bits) {
    return (bits + 7) / 8;
}

int pni_udf_nulls_start(udf_nulls *nulls) {
    struct ArrowBuffer *buffer = ArrowArrayBuffer(nulls->array, 0);
    NANOARROW_RETURN_NOT_OK(ArrowBufferResize(buffer, bytes_of(nulls->rows), 0));
    memset(buffer->data, 0xff, (size_t)buffer->size_bytes);
    if (nulls->rows % 8 != 0) {
        buffer->data[buffer->size_bytes - 1] = (uint8_t)((1U << (nulls->rows % 8)) - 1);
    }
    nulls->valid = buffer->data;
    return NANOARROW_OK;
}

void pni_udf_nulls_end(const udf_nulls *nulls) {
    nulls->array->length = nulls->rows;
    nulls->array->null_count = nulls->count;
}

int pni_udf_nulls_and(udf_nulls *nulls, const uint8_t *bits, int64_t offset, int64_t step) {
    if (!bits || nulls->rows == 0 || (step == 0 && ArrowBitGet(bits, offset))) {
        return NANOARROW_OK;
    }
    if (!nulls->valid) {
        NANOARROW_RETURN_NOT_OK(pni_udf_nulls_start(nulls));
    }
    int64_t bytes = bytes_of(nulls->rows);
    for (int64_t i = 0; i < bytes; i++) {
        uint8_t with = step == 0 ? 0 : udf_eight_bits(bits, offset + i * 8, offset + nulls->rows);
        nulls->valid[i] &= with;
    }
    nulls->count = nulls->rows - ArrowBitCountSet(nulls->valid, 0, nulls->rows);
    return NANOARROW_OK;
}

int pni_udf_nulls_of(udf_nulls *nulls, const udf_frame *frame, uint32_t first, uint32_t count) {
    for (uint32_t arg = first; arg < first + count; arg++) {
        const udf_col *col = &frame->cols[arg];
        if (col->view.storage_type == NANOARROW_TYPE_NA) {
            NANOARROW_RETURN_NOT_OK(pni_udf_nulls_and(nulls, &(const uint8_t){0}, 0, 0));
            continue;
        }
        NANOARROW_RETURN_NOT_OK(pni_udf_nulls_and(nulls, col->view.buffer_views[0].data.as_uint8,
                                                  col->view.offset, col->step));
    }
    return NANOARROW_OK;
}

int pni_udf_fixed_begin(udf_frame *frame, struct ArrowArray *out, int64_t bytes, udf_nulls *nulls,
                        void **values) {
    struct ArrowBuffer *buffer = ArrowArrayBuffer(out, 1);
    *nulls = (udf_nulls){.array = out, .rows = frame->rows};
    NANOARROW_RETURN_NOT_OK(ArrowBufferResize(buffer, frame->rows * bytes, 0));
    *values = buffer->data;
    return NANOARROW_OK;
}

int pni_udf_bits_begin(udf_frame *frame, struct ArrowArray *out, udf_nulls *nulls, uint8_t **bits) {
    struct ArrowBuffer *buffer = ArrowArrayBuffer(out, 1);
    *nulls = (udf_nulls){.array = out, .rows = frame->rows};
    NANOARROW_RETURN_NOT_OK(ArrowBufferResize(buffer, bytes_of(frame->rows), 0));
    if (frame->rows > 0) {
        memset(buffer->data, 0, (size_t)buffer->size_bytes);
    }
    *bits = buffer->data;
    return NANOARROW_OK;
}

static int start_ends(struct ArrowArray *out, int64_t rows, int32_t **ends) {
    struct ArrowBuffer *buffer = ArrowArrayBuffer(out, 1);
    NANOARROW_RETURN_NOT_OK(ArrowBufferResize(buffer, (rows + 1) * (int64_t)sizeof **ends, 0));
    *ends = (int32_t *)(void *)buffer->data;
    (*ends)[0] = 0;
    return NANOARROW_OK;
}

int pni_udf_texts_start(struct ArrowArray *out, int64_t rows, udf_texts *texts) {
    *texts = (udf_texts){.nulls = {.array = out, .rows = rows}, .data = ArrowArrayBuffer(out, 2)};
    return start_ends(out, rows, &texts->ends);
}

int pni_udf_texts_begin(udf_frame *frame, struct ArrowArray *out, udf_texts *texts) {
    return pni_udf_texts_start(out, frame->rows, texts);
}

void pni_udf_rebase(const struct ArrowArrayView *view, int64_t at, int64_t count, int32_t base,
                    int32_t *to) {
    int64_t move = base - udf_offset_at(view, at);
    if (view->layout.element_size_bits[1] == 32) {
        const int32_t *from = view->buffer_views[1].data.as_int32 + at;
        for (int64_t i = 0; i <= count; i++) {
            to[i] = (int32_t)(from[i] + move);
        }
    } else {
        const int64_t *from = view->buffer_views[1].data.as_int64 + at;
        for (int64_t i = 0; i <= count; i++) {
            to[i] = (int32_t)(from[i] + move);
        }
    }
}

bool pni_udf_texts_span(udf_texts *texts, const struct ArrowArrayView *view, int64_t start,
                        int64_t count, pni_str *span) {
    bool behind = view->storage_type == NANOARROW_TYPE_STRING ||
                  view->storage_type == NANOARROW_TYPE_LARGE_STRING;
    if (!behind || view->dictionary || !view->buffer_views[1].data.data) {
        return false;
    }
    int64_t at = view->offset + start;
    int64_t first = udf_offset_at(view, at);
    int64_t len = udf_offset_at(view, at + count) - first;
    if (len > INT32_MAX - UDF_BLOCK - texts->data->size_bytes) {
        return false;
    }
    pni_udf_rebase(view, at, count, texts->ends[texts->row], texts->ends + texts->row);
    *span = (pni_str){len > 0 ? view->buffer_views[2].data.as_char + first : "", (size_t)len};
    return true;
}

int pni_udf_texts_repeat(udf_texts *texts, pni_str text) {
    uint64_t left = (uint64_t)(texts->nulls.rows - texts->row);
    if (left > 0 && text.len > INT32_MAX / left) {
        return EOVERFLOW;
    }
    NANOARROW_RETURN_NOT_OK(pni_udf_texts_grow(texts, text.len * left)); /* once for all */
    while (texts->row < texts->nulls.rows) {
        NANOARROW_RETURN_NOT_OK(udf_text_add(texts, text));
    }
    return NANOARROW_OK;
}

void pni_udf_texts_end(udf_texts *texts) {
    pni_assert(texts->row <= texts->nulls.rows);
    texts->nulls.rows = texts->row;
    pni_udf_nulls_end(&texts->nulls);
}

int pni_udf_lists_begin(udf_frame *frame, struct ArrowArray *out, udf_nulls *nulls,
                        int32_t **ends) {
    *nulls = (udf_nulls){.array = out, .rows = frame->rows};
    return start_ends(out, frame->rows, ends);
}

int pni_udf_texts_grow(udf_texts *texts, size_t more) {
    struct ArrowBuffer *data = texts->data;
    if (more > INT32_MAX || data->size_bytes + (int64_t)more > INT32_MAX) {
        return EOVERFLOW;
    }
    int64_t wanted = data->size_bytes + (int64_t)more;
    int64_t twice = data->capacity_bytes * 2;
    int64_t least = texts->nulls.rows * 16;
    wanted = wanted < twice ? twice : wanted;
    return ArrowBufferReserve(data, (wanted < least ? least : wanted) - data->size_bytes);
}
