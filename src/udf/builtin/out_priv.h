/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Outputs written straight into their buffers, for kernels whose rows cost so little that appending
 * them one by one would cost more: fixed-width values, bits and texts. The bitmap of nulls exists
 * from the first null on. Each is begun, given every row of the frame in order, and ended.
 */
#ifndef PNI_UDF_OUT_PRIV_H
#define PNI_UDF_OUT_PRIV_H

#include "udf/builtin/kernel_priv.h"

/* Which rows are null. */
typedef struct udf_nulls {
    struct ArrowArray *array;
    uint8_t *valid; /* NULL until there is a null */
    int64_t rows;
    int64_t count;
} udf_nulls;

/* out.c */
int pni_udf_nulls_start(udf_nulls *nulls);
/* Sets length and number of nulls of the array. */
void pni_udf_nulls_end(const udf_nulls *nulls);
/* Makes every row null in which one of these arguments is. */
int pni_udf_nulls_of(udf_nulls *nulls, const udf_frame *frame, uint32_t first, uint32_t count);
/* The same for any column: bits from `offset` on, or all like the first when `step` is 0. */
int pni_udf_nulls_and(udf_nulls *nulls, const uint8_t *bits, int64_t offset, int64_t step);

/* Bits `at` to `at + 7` of a bitmap that ends before bit `end`. */
static inline uint8_t udf_eight_bits(const uint8_t *bits, int64_t at, int64_t end) {
    unsigned low = (unsigned)bits[at / 8] >> (at % 8);
    bool more = at % 8 != 0 && (at / 8 + 1) * 8 < end;
    return (uint8_t)(more ? low | (unsigned)bits[at / 8 + 1] << (8 - at % 8) : low);
}

static inline int udf_set_null(udf_nulls *nulls, int64_t row) {
    if (!nulls->valid) {
        NANOARROW_RETURN_NOT_OK(pni_udf_nulls_start(nulls));
    }
    nulls->count += ArrowBitGet(nulls->valid, row);
    ArrowBitClear(nulls->valid, row);
    return NANOARROW_OK;
}

static inline bool udf_is_set_null(const udf_nulls *nulls, int64_t row) {
    return nulls->valid && !ArrowBitGet(nulls->valid, row);
}

/* Room for `rows` values of `bytes` each; the kernel writes them all. */
int pni_udf_fixed_begin(udf_frame *frame, struct ArrowArray *out, int64_t bytes, udf_nulls *nulls,
                        void **values);
/* The same for bits, all zero. */
int pni_udf_bits_begin(udf_frame *frame, struct ArrowArray *out, udf_nulls *nulls, uint8_t **bits);

/* Texts, one row after the other. */
typedef struct udf_texts {
    udf_nulls nulls;
    int32_t *ends; /* ends[row] is the end of the row before */
    struct ArrowBuffer *data;
    int64_t row;
} udf_texts;

int pni_udf_texts_begin(udf_frame *frame, struct ArrowArray *out, udf_texts *texts);
/* The same for a child of at most `rows` rows. */
int pni_udf_texts_start(struct ArrowArray *out, int64_t rows, udf_texts *texts);
void pni_udf_texts_end(udf_texts *texts);
/*
 * Sets the ends of the next `count` rows to those of a copy of the rows from `start` on of a column
 * of texts, and gives the bytes to copy, those of nulls included; udf_texts_took() when that is
 * done. False when they do not stand behind each other, or with UDF_BLOCK more do not fit.
 */
bool pni_udf_texts_span(udf_texts *texts, const struct ArrowArrayView *view, int64_t start,
                        int64_t count, pni_str *span);
static inline void udf_texts_took(udf_texts *texts, int64_t count, pni_str span) {
    texts->data->size_bytes += (int64_t)span.len;
    texts->row += count;
}
/* Offsets `at` to `at + count`, counted from the first of them and moved by `base`. They fit. */
void pni_udf_rebase(const struct ArrowArrayView *view, int64_t at, int64_t count, int32_t base,
                    int32_t *to);
/* All rows that are left are this text. */
int pni_udf_texts_repeat(udf_texts *texts, pni_str text);
/* Offsets of lists or maps, ends[0] set: the kernel writes the end of each row to ends[row + 1]. */
int pni_udf_lists_begin(udf_frame *frame, struct ArrowArray *out, udf_nulls *nulls, int32_t **ends);
/* Grows the data; fails when the texts of a batch are more than an array holds. */
int pni_udf_texts_grow(udf_texts *texts, size_t more);

/* Room for a text of at most `size` bytes at `*room`, valid to the next call. */
static inline int udf_text_room(udf_texts *texts, size_t size, char **room) {
    struct ArrowBuffer *data = texts->data;
    if ((size_t)(data->capacity_bytes - data->size_bytes) < size ||
        (uint64_t)data->size_bytes + size > INT32_MAX) {
        NANOARROW_RETURN_NOT_OK(pni_udf_texts_grow(texts, size));
    }
    *room = (char *)data->data + data->size_bytes;
    return NANOARROW_OK;
}

/* The first `len` bytes of the room are the row. */
static inline void udf_text_done(udf_texts *texts, size_t len) {
    texts->data->size_bytes += (int64_t)len;
    texts->ends[++texts->row] = (int32_t)texts->data->size_bytes;
}

static inline int udf_text_add(udf_texts *texts, pni_str text) {
    char *room;
    NANOARROW_RETURN_NOT_OK(udf_text_room(texts, text.len, &room));
    udf_copy(room, text);
    udf_text_done(texts, text.len);
    return NANOARROW_OK;
}

static inline int udf_text_null(udf_texts *texts) {
    NANOARROW_RETURN_NOT_OK(udf_set_null(&texts->nulls, texts->row));
    udf_text_done(texts, 0);
    return NANOARROW_OK;
}

#endif
