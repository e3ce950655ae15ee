/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Byte spans as values: a struct of bstart and bend, and how they count. A span's row is never null
 * itself, its bounds may be. For comparison a span that includes its end is one byte longer; a null
 * flag means exclusive. span_len ignores the flag. Any struct with integer fields bstart and bend
 * is a span; end_exclusive is optional.
 */
#include "udf/builtin/out_priv.h"

enum { BSTART, BEND, LINE_BASE, COL_UNIT, END_EXCLUSIVE, SPAN_FIELDS };

static int make_span(struct ArrowSchema *out) {
    static const struct {
        const char *name;
        enum ArrowType type;
    } fields[SPAN_FIELDS] = {[BSTART] = {"bstart", NANOARROW_TYPE_INT64},
                             [BEND] = {"bend", NANOARROW_TYPE_INT64},
                             [LINE_BASE] = {"line_base", NANOARROW_TYPE_INT32},
                             [COL_UNIT] = {"col_unit", NANOARROW_TYPE_STRING},
                             [END_EXCLUSIVE] = {"end_exclusive", NANOARROW_TYPE_BOOL}};
    ArrowSchemaInit(out);
    NANOARROW_RETURN_NOT_OK(ArrowSchemaSetTypeStruct(out, SPAN_FIELDS));
    for (int i = 0; i < SPAN_FIELDS; i++) {
        NANOARROW_RETURN_NOT_OK(
            pni_udf_set_field(out->children[i], fields[i].name, fields[i].type));
    }
    return NANOARROW_OK;
}

/* Metadata of the bounds goes to the span; else it says how the span counts, where the call says it
 * with literals. */
static int tag_span(const udf_fields *fields, struct ArrowSchema *out) {
    static const char *const names[] = {
        [LINE_BASE] = "line_base", [COL_UNIT] = "col_unit", [END_EXCLUSIVE] = "end_exclusive"};
    static const char *const fallbacks[] = {
        [LINE_BASE] = "0", [COL_UNIT] = "byte", [END_EXCLUSIVE] = "true"};
    if (ArrowMetadataSizeOf(fields->args[BSTART]->metadata) > (int64_t)sizeof(int32_t)) {
        return ArrowSchemaSetMetadata(out, fields->args[BSTART]->metadata);
    }
    NANOARROW_RETURN_NOT_OK(pni_udf_set_metadata(out, "semantic_type", PNI_STR("Span")));
    for (uint32_t i = LINE_BASE; i <= END_EXCLUSIVE; i++) {
        char scratch[UDF_TEXT_BYTES];
        pni_str text = {fallbacks[i], strlen(fallbacks[i])};
        if (i < fields->count && !fields->literals[i]) {
            continue; /* differs by row */
        }
        if (i == LINE_BASE && i < fields->count) {
            text.len = 0; /* a null stays null */
        }
        pni_udf_literal_text(fields, i, scratch, &text);
        if (text.len > 0) {
            NANOARROW_RETURN_NOT_OK(pni_udf_set_metadata(out, names[i], text));
        }
    }
    return NANOARROW_OK;
}

static int32_t span_field(udf_fields *fields, struct ArrowSchema *out) {
    UDF_TRY(pni_udf_made(fields, make_span(out)));
    return pni_udf_made(fields, tag_span(fields, out));
}

/* A column of integers of `width` bytes as it is; nulls stay. */
static int put_ints(udf_frame *frame, uint32_t arg, size_t width, struct ArrowArray *out) {
    const udf_col *col = &frame->cols[arg];
    const char *from = col->view.buffer_views[1].data.as_char + (size_t)col->view.offset * width;
    udf_nulls nulls;
    char *values;
    NANOARROW_RETURN_NOT_OK(
        pni_udf_fixed_begin(frame, out, (int64_t)width, &nulls, (void **)&values));
    NANOARROW_RETURN_NOT_OK(pni_udf_nulls_of(&nulls, frame, arg, 1));
    if (col->step == 1 && frame->rows > 0) {
        memcpy(values, from, (size_t)frame->rows * width);
    }
    for (int64_t row = 0; col->step == 0 && row < frame->rows; row++) {
        memcpy(values + (size_t)row * width, from, width);
    }
    pni_udf_nulls_end(&nulls);
    return NANOARROW_OK;
}

/* A line base that was left out is 0; one that is null stays null. */
static int put_line_base(udf_frame *frame, struct ArrowArray *out) {
    udf_nulls nulls;
    int32_t *values;
    if (udf_has(frame, LINE_BASE)) {
        return put_ints(frame, LINE_BASE, sizeof(int32_t), out);
    }
    NANOARROW_RETURN_NOT_OK(
        pni_udf_fixed_begin(frame, out, sizeof *values, &nulls, (void **)&values));
    if (frame->rows > 0) {
        memset(values, 0, (size_t)frame->rows * sizeof *values);
    }
    pni_udf_nulls_end(&nulls);
    return NANOARROW_OK;
}

static pni_str unit_at(const udf_frame *frame, int64_t row) {
    return udf_null(frame, COL_UNIT, row) ? PNI_STR("byte") : udf_str(frame, COL_UNIT, row);
}

static int put_col_unit(udf_frame *frame, struct ArrowArray *out) {
    udf_texts texts;
    NANOARROW_RETURN_NOT_OK(pni_udf_texts_begin(frame, out, &texts));
    if (udf_is_constant(frame, COL_UNIT)) {
        NANOARROW_RETURN_NOT_OK(pni_udf_texts_repeat(&texts, unit_at(frame, 0)));
    }
    while (texts.row < frame->rows) {
        NANOARROW_RETURN_NOT_OK(udf_text_add(&texts, unit_at(frame, texts.row)));
    }
    pni_udf_texts_end(&texts);
    return NANOARROW_OK;
}

static int put_end_exclusive(udf_frame *frame, struct ArrowArray *out) {
    udf_nulls nulls;
    uint8_t *bits;
    NANOARROW_RETURN_NOT_OK(pni_udf_bits_begin(frame, out, &nulls, &bits));
    bool same = udf_is_constant(frame, END_EXCLUSIVE);
    if (same) {
        ArrowBitsSetTo(bits, 0, frame->rows, udf_flag(frame, END_EXCLUSIVE, 0, true));
    }
    for (int64_t row = 0; !same && row < frame->rows; row++) {
        bits[row / 8] |= (uint8_t)(udf_flag(frame, END_EXCLUSIVE, row, true) << (row % 8));
    }
    pni_udf_nulls_end(&nulls);
    return NANOARROW_OK;
}

static int put_spans(udf_frame *frame, struct ArrowArray *out) {
    struct ArrowArray *const *fields = out->children;
    NANOARROW_RETURN_NOT_OK(put_ints(frame, BSTART, sizeof(int64_t), fields[BSTART]));
    NANOARROW_RETURN_NOT_OK(put_ints(frame, BEND, sizeof(int64_t), fields[BEND]));
    NANOARROW_RETURN_NOT_OK(put_line_base(frame, fields[LINE_BASE]));
    NANOARROW_RETURN_NOT_OK(put_col_unit(frame, fields[COL_UNIT]));
    NANOARROW_RETURN_NOT_OK(put_end_exclusive(frame, fields[END_EXCLUSIVE]));
    out->length = frame->rows;
    out->null_count = 0;
    return NANOARROW_OK;
}

static int32_t make_rows(udf_frame *frame, struct ArrowArray *out) {
    return pni_udf_append(frame, put_spans(frame, out));
}

/* ---- reading spans -------------------------------------------------------------------------- */

typedef struct span_column {
    const udf_col *col;
    const struct ArrowArrayView *bstart;
    const struct ArrowArrayView *bend;
    const struct ArrowArrayView *end_exclusive; /* NULL when the struct has no such field */
} span_column;

typedef struct span_value {
    int64_t bstart;
    int64_t bend;
    bool inclusive;
} span_value;

static bool is_integer(enum ArrowType type) {
    return type >= NANOARROW_TYPE_UINT8 && type <= NANOARROW_TYPE_INT64;
}

static int32_t open_spans(udf_frame *frame, uint32_t arg, span_column *spans) {
    const struct ArrowSchema *schema = udf_arg(frame, arg)->schema;
    *spans = (span_column){.col = &frame->cols[arg]};
    if (spans->col->view.storage_type != NANOARROW_TYPE_STRUCT) {
        return pni_udf_fail(frame, "argument %u is no span: it has type %s, not struct", arg + 1,
                            ArrowTypeString(spans->col->view.storage_type));
    }
    for (int64_t i = 0; i < schema->n_children; i++) {
        const struct ArrowArrayView *field = spans->col->view.children[i];
        if (pni_streq(schema->children[i]->name, "bstart") && is_integer(field->storage_type)) {
            spans->bstart = field;
        } else if (pni_streq(schema->children[i]->name, "bend") &&
                   is_integer(field->storage_type)) {
            spans->bend = field;
        } else if (pni_streq(schema->children[i]->name, "end_exclusive") &&
                   field->storage_type == NANOARROW_TYPE_BOOL) {
            spans->end_exclusive = field;
        }
    }
    if (!spans->bstart || !spans->bend) {
        return pni_udf_fail(frame, "argument %u is no span: the struct has no integer field '%s'",
                            arg + 1, spans->bstart ? "bend" : "bstart");
    }
    return 0;
}

/* False when the span or a bound is null. A struct's fields are not moved by its offset: it is
 * added here. */
static bool span_at(const span_column *spans, int64_t row, span_value *out) {
    const struct ArrowArrayView *view = &spans->col->view;
    row *= spans->col->step;
    if (ArrowArrayViewIsNull(view, row)) {
        return false;
    }
    row += view->offset;
    if (ArrowArrayViewIsNull(spans->bstart, row) || ArrowArrayViewIsNull(spans->bend, row)) {
        return false;
    }
    out->bstart = ArrowArrayViewGetIntUnsafe(spans->bstart, row);
    out->bend = ArrowArrayViewGetIntUnsafe(spans->bend, row);
    out->inclusive = spans->end_exclusive && !ArrowArrayViewIsNull(spans->end_exclusive, row) &&
                     ArrowArrayViewGetIntUnsafe(spans->end_exclusive, row) == 0;
    return true;
}

/* ---- columns of bounds ---------------------------------------------------------------------- */

/* Values for every row: the column's own, or a copy for other integer types and for scalars. */
typedef struct ints {
    const int64_t *data;
    int64_t *copy;
} ints;

static ints ints_of(const udf_frame *frame, const struct ArrowArrayView *view, int64_t offset,
                    int64_t step) {
    static const int64_t none = 0; /* an array without rows may have no buffer */
    if (view->storage_type == NANOARROW_TYPE_INT64 && step == 1) {
        const int64_t *data = view->buffer_views[1].data.as_int64;
        return (ints){data ? data + view->offset + offset : &none, NULL};
    }
    int64_t *copy = pni_alloc((size_t)frame->rows * sizeof *copy + 1);
    for (int64_t row = 0; row < frame->rows; row++) {
        copy[row] = ArrowArrayViewGetIntUnsafe(view, offset + row * step);
    }
    return (ints){copy, copy};
}

static ints arg_ints(const udf_frame *frame, uint32_t arg) {
    return ints_of(frame, &frame->cols[arg].view, 0, frame->cols[arg].step);
}

static ints bound_ints(const udf_frame *frame, const span_column *spans,
                       const struct ArrowArrayView *field) {
    return ints_of(frame, field, spans->col->view.offset, spans->col->step);
}

/* Null where the span or one of its bounds is. */
static int bound_nulls(udf_nulls *nulls, const span_column *spans) {
    const struct ArrowArrayView *const views[] = {spans->bstart, spans->bend};
    const struct ArrowArrayView *view = &spans->col->view;
    int64_t step = spans->col->step;
    NANOARROW_RETURN_NOT_OK(
        pni_udf_nulls_and(nulls, view->buffer_views[0].data.as_uint8, view->offset, step));
    for (int i = 0; i < 2; i++) {
        NANOARROW_RETURN_NOT_OK(pni_udf_nulls_and(nulls, views[i]->buffer_views[0].data.as_uint8,
                                                  views[i]->offset + view->offset, step));
    }
    return NANOARROW_OK;
}

/* The first row that is not null and whose difference overflows, or -1. */
static int64_t find_overflow(const udf_nulls *nulls, const int64_t *start, const int64_t *end) {
    for (int64_t row = 0; row < nulls->rows; row++) {
        int64_t len;
        if (!udf_is_set_null(nulls, row) && __builtin_sub_overflow(end[row], start[row], &len)) {
            return row;
        }
    }
    return -1;
}

/* end - start of each row, wrapped; gives whether any wrapped, null rows included. */
static bool subtract(const int64_t *restrict end, const int64_t *restrict start, int64_t rows,
                     int64_t *restrict out) {
    uint64_t wrapped = 0;
    for (int64_t row = 0; row < rows; row++) {
        uint64_t e = (uint64_t)end[row];
        uint64_t s = (uint64_t)start[row];
        uint64_t d = e - s;
        wrapped |= (e ^ s) & (e ^ d);
        out[row] = (int64_t)d;
    }
    return wrapped >> 63 != 0;
}

static int32_t put_lengths(udf_frame *frame, const span_column *spans, udf_nulls *nulls,
                           int64_t *values) {
    ints start = bound_ints(frame, spans, spans->bstart);
    ints end = bound_ints(frame, spans, spans->bend);
    int64_t row = subtract(end.data, start.data, frame->rows, values)
                      ? find_overflow(nulls, start.data, end.data)
                      : -1;
    int32_t result = row < 0 ? 0
                             : pni_udf_fail(frame,
                                            "the length of the span from %lld to %lld is no 64-bit "
                                            "number",
                                            (long long)start.data[row], (long long)end.data[row]);
    pni_free(start.copy);
    pni_free(end.copy);
    return result;
}

static int32_t len_rows(udf_frame *frame, struct ArrowArray *out) {
    span_column spans;
    udf_nulls nulls;
    int64_t *values;
    UDF_TRY(open_spans(frame, 0, &spans));
    UDF_TRY(pni_udf_append(
        frame, pni_udf_fixed_begin(frame, out, sizeof *values, &nulls, (void **)&values)));
    UDF_TRY(pni_udf_append(frame, bound_nulls(&nulls, &spans)));
    UDF_TRY(put_lengths(frame, &spans, &nulls, values));
    pni_udf_nulls_end(&nulls);
    return 0;
}

/* ---- comparing ------------------------------------------------------------------------------ */

/* a < end of b, where the end of an inclusive span is one further; no overflow. */
static bool before_end(int64_t a, const span_value *b) {
    return b->inclusive ? a <= b->bend : a < b->bend;
}

static bool overlaps(const span_value *a, const span_value *b) {
    return before_end(a->bstart, b) && before_end(b->bstart, a);
}

/* end' of b <= end' of a: compared as last bytes, unless both are exclusive. */
static bool contains(const span_value *a, const span_value *b) {
    if (a->bstart > b->bstart) {
        return false;
    }
    if (a->inclusive == b->inclusive) {
        return b->bend <= a->bend;
    }
    return b->inclusive ? b->bend < a->bend : b->bend == INT64_MIN || b->bend - 1 <= a->bend;
}

/* Whether no span of the column includes its end. */
static bool all_exclusive(const udf_frame *frame, const span_column *spans) {
    const struct ArrowArrayView *flags = spans->end_exclusive;
    int64_t rows = spans->col->step == 0 ? (frame->rows > 0) : frame->rows;
    if (!flags || rows == 0) {
        return true;
    }
    const uint8_t *valid = flags->buffer_views[0].data.as_uint8;
    const uint8_t *bits = flags->buffer_views[1].data.as_uint8;
    int64_t at = flags->offset + spans->col->view.offset;
    for (int64_t row = 0; row < rows; row += 8) {
        unsigned inside = rows - row < 8 ? (1U << (rows - row)) - 1 : 0xff;
        unsigned exclusive = udf_eight_bits(bits, at + row, at + rows);
        unsigned known = valid ? udf_eight_bits(valid, at + row, at + rows) : 0xff;
        if ((known & ~exclusive & inside) != 0) {
            return false;
        }
    }
    return true;
}

typedef bool (*span_test)(const span_value *, const span_value *);

static int compare_each(udf_frame *frame, const span_column sides[2], span_test test,
                        udf_nulls *nulls, uint8_t *bits) {
    for (int64_t row = 0; row < frame->rows; row++) {
        span_value a;
        span_value b;
        if (span_at(&sides[0], row, &a) && span_at(&sides[1], row, &b)) {
            bits[row / 8] |= (uint8_t)(test(&a, &b) << (row % 8));
        } else {
            NANOARROW_RETURN_NOT_OK(udf_set_null(nulls, row));
        }
    }
    return NANOARROW_OK;
}

/* Spans that exclude their ends need nothing but their bounds. Null rows get any bit. */
static void compare_bounds(int64_t rows, const ints bounds[4], bool contains_b, uint8_t *bits) {
    const int64_t *a_start = bounds[0].data;
    const int64_t *a_end = bounds[1].data;
    const int64_t *b_start = bounds[2].data;
    const int64_t *b_end = bounds[3].data;
    for (int64_t row = 0; contains_b && row < rows; row++) {
        unsigned yes = (a_start[row] <= b_start[row]) & (b_end[row] <= a_end[row]);
        bits[row / 8] |= (uint8_t)(yes << (row % 8));
    }
    for (int64_t row = 0; !contains_b && row < rows; row++) {
        unsigned yes = (a_start[row] < b_end[row]) & (b_start[row] < a_end[row]);
        bits[row / 8] |= (uint8_t)(yes << (row % 8));
    }
}

static int compare_spans(udf_frame *frame, const span_column sides[2], span_test test,
                         udf_nulls *nulls, uint8_t *bits) {
    if (!all_exclusive(frame, &sides[0]) || !all_exclusive(frame, &sides[1])) {
        return compare_each(frame, sides, test, nulls, bits);
    }
    ints bounds[4];
    for (int i = 0; i < 4; i++) {
        const span_column *side = &sides[i / 2];
        bounds[i] = bound_ints(frame, side, i % 2 == 0 ? side->bstart : side->bend);
    }
    compare_bounds(frame->rows, bounds, test == contains, bits);
    for (int i = 0; i < 4; i++) {
        pni_free(bounds[i].copy);
    }
    NANOARROW_RETURN_NOT_OK(bound_nulls(nulls, &sides[0]));
    return bound_nulls(nulls, &sides[1]);
}

static int32_t compare_rows(udf_frame *frame, struct ArrowArray *out, span_test test) {
    span_column sides[2];
    udf_nulls nulls;
    uint8_t *bits;
    UDF_TRY(open_spans(frame, 0, &sides[0]));
    UDF_TRY(open_spans(frame, 1, &sides[1]));
    UDF_TRY(pni_udf_append(frame, pni_udf_bits_begin(frame, out, &nulls, &bits)));
    UDF_TRY(pni_udf_append(frame, compare_spans(frame, sides, test, &nulls, bits)));
    pni_udf_nulls_end(&nulls);
    return 0;
}

static int32_t overlaps_rows(udf_frame *frame, struct ArrowArray *out) {
    return compare_rows(frame, out, overlaps);
}

static int32_t contains_rows(udf_frame *frame, struct ArrowArray *out) {
    return compare_rows(frame, out, contains);
}

/* The shorter the right interval the better; the left one decides only whether there is a score. */
static int32_t align_rows(udf_frame *frame, struct ArrowArray *out) {
    udf_nulls nulls;
    double *values;
    UDF_TRY(pni_udf_append(
        frame, pni_udf_fixed_begin(frame, out, sizeof *values, &nulls, (void **)&values)));
    UDF_TRY(pni_udf_append(frame, pni_udf_nulls_of(&nulls, frame, 0, 4)));
    ints start = arg_ints(frame, 2);
    ints end = arg_ints(frame, 3);
    for (int64_t row = 0; row < frame->rows; row++) {
        int64_t len;
        bool wide = __builtin_sub_overflow(end.data[row], start.data[row], &len);
        values[row] = -(wide ? (double)end.data[row] - (double)start.data[row] : (double)len);
    }
    pni_free(start.copy);
    pni_free(end.copy);
    pni_udf_nulls_end(&nulls);
    return 0;
}

static const pn_udf functions[] = {
    {UDF_DECIDED("span_make", span_field, make_rows), UDF_ALIASES("span"),
     UDF_EXACT(2, "l", "l", "i", "s", "b"),
     UDF_NAMES("bstart", "bend", "line_base", "col_unit", "end_exclusive"),
     UDF_DEFAULTS(UDF_OPTION("span_default_line_base"), UDF_OPTION("span_default_col_unit"),
                  UDF_OPTION("span_default_end_exclusive")),
     .rewrite_tags = "position_encoding,span", .body_version = "1",
     .description = "A byte span: bounds, line base, column unit, and whether the end is "
                    "exclusive."},
    {UDF_FUNCTION("span_len", NANOARROW_TYPE_INT64, len_rows), UDF_EXACT(1, "*"), UDF_NAMES("span"),
     .return_format = "l", .rewrite_tags = "span", .body_version = "1",
     .description = "Bytes between the bounds of a span."},
    {UDF_FUNCTION("span_overlaps", NANOARROW_TYPE_BOOL, overlaps_rows), UDF_EXACT(2, "*", "*"),
     UDF_NAMES("span_a", "span_b"), .return_format = "b", .rewrite_tags = "span",
     .body_version = "1", .description = "Whether two spans share a byte."},
    {UDF_FUNCTION("span_contains", NANOARROW_TYPE_BOOL, contains_rows), UDF_EXACT(2, "*", "*"),
     UDF_NAMES("span_a", "span_b"), .return_format = "b", .rewrite_tags = "span",
     .body_version = "1", .description = "Whether the first span holds all of the second."},
    {UDF_FUNCTION("interval_align_score", NANOARROW_TYPE_DOUBLE, align_rows),
     UDF_EXACT(4, "l", "l", "l", "l"),
     UDF_NAMES("left_start", "left_end", "right_start", "right_end"), .return_format = "g",
     .rewrite_tags = "alignment,interval,score", .body_version = "2",
     .description =
         "Minus the length of the right interval (-0.0 for none); null when any bound is "
         "null."},
};

udf_table pni_udf_table_span(void) {
    return (udf_table){functions, sizeof functions / sizeof functions[0]};
}
