/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Byte spans as values: a struct of bstart and bend, and how they count. A span's row is never null
 * itself, its bounds may be. For comparison a span that includes its end is one byte longer; a null
 * flag means exclusive. span_len ignores the flag. Any struct with integer fields bstart and bend
 * is a span; end_exclusive is optional.
 */
#include "udf/builtin/kernel_priv.h"

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

static int append_int_or_null(const udf_frame *frame, uint32_t arg, int64_t row,
                              struct ArrowArray *out) {
    if (udf_null(frame, arg, row)) {
        return ArrowArrayAppendNull(out, 1);
    }
    return ArrowArrayAppendInt(out, udf_int(frame, arg, row));
}

/* A line base that was left out is 0; one that is null stays null. */
static int append_span(const udf_frame *frame, int64_t row, struct ArrowArray *out) {
    struct ArrowArray *const *fields = out->children;
    NANOARROW_RETURN_NOT_OK(append_int_or_null(frame, BSTART, row, fields[BSTART]));
    NANOARROW_RETURN_NOT_OK(append_int_or_null(frame, BEND, row, fields[BEND]));
    if (udf_has(frame, LINE_BASE)) {
        NANOARROW_RETURN_NOT_OK(append_int_or_null(frame, LINE_BASE, row, fields[LINE_BASE]));
    } else {
        NANOARROW_RETURN_NOT_OK(ArrowArrayAppendInt(fields[LINE_BASE], 0));
    }
    pni_str unit = udf_null(frame, COL_UNIT, row) ? PNI_STR("byte") : udf_str(frame, COL_UNIT, row);
    NANOARROW_RETURN_NOT_OK(
        ArrowArrayAppendString(fields[COL_UNIT], udf_view(unit.data, unit.len)));
    NANOARROW_RETURN_NOT_OK(
        ArrowArrayAppendInt(fields[END_EXCLUSIVE], udf_flag(frame, END_EXCLUSIVE, row, true)));
    return ArrowArrayFinishElement(out);
}

static int32_t make_rows(udf_frame *frame, struct ArrowArray *out) {
    for (int64_t row = 0; row < frame->rows; row++) {
        UDF_TRY(pni_udf_append(frame, append_span(frame, row, out)));
    }
    return 0;
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

static int32_t len_rows(udf_frame *frame, struct ArrowArray *out) {
    span_column spans;
    UDF_TRY(open_spans(frame, 0, &spans));
    for (int64_t row = 0; row < frame->rows; row++) {
        span_value span;
        int64_t len;
        if (!span_at(&spans, row, &span)) {
            UDF_TRY(pni_udf_append(frame, ArrowArrayAppendNull(out, 1)));
            continue;
        }
        if (__builtin_sub_overflow(span.bend, span.bstart, &len)) {
            return pni_udf_fail(frame,
                                "the length of the span from %lld to %lld is no 64-bit number",
                                (long long)span.bstart, (long long)span.bend);
        }
        UDF_TRY(pni_udf_append(frame, ArrowArrayAppendInt(out, len)));
    }
    return 0;
}

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

static int32_t compare_rows(udf_frame *frame, struct ArrowArray *out,
                            bool (*test)(const span_value *, const span_value *)) {
    span_column left;
    span_column right;
    UDF_TRY(open_spans(frame, 0, &left));
    UDF_TRY(open_spans(frame, 1, &right));
    for (int64_t row = 0; row < frame->rows; row++) {
        span_value a;
        span_value b;
        if (!span_at(&left, row, &a) || !span_at(&right, row, &b)) {
            UDF_TRY(pni_udf_append(frame, ArrowArrayAppendNull(out, 1)));
            continue;
        }
        UDF_TRY(pni_udf_append(frame, ArrowArrayAppendInt(out, test(&a, &b))));
    }
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
    for (int64_t row = 0; row < frame->rows; row++) {
        if (udf_null(frame, 0, row) || udf_null(frame, 1, row) || udf_null(frame, 2, row) ||
            udf_null(frame, 3, row)) {
            UDF_TRY(pni_udf_append(frame, ArrowArrayAppendNull(out, 1)));
            continue;
        }
        int64_t start = udf_int(frame, 2, row);
        int64_t end = udf_int(frame, 3, row);
        int64_t len;
        bool wide = __builtin_sub_overflow(end, start, &len);
        double score = -(wide ? (double)end - (double)start : (double)len);
        UDF_TRY(pni_udf_append(frame, ArrowArrayAppendDouble(out, score)));
    }
    return 0;
}

static const pn_udf functions[] = {
    {UDF_DECIDED("span_make", span_field, make_rows), UDF_ALIASES("span"),
     UDF_EXACT(2, "l", "l", "i", "s", "b"),
     UDF_NAMES("bstart", "bend", "line_base", "col_unit", "end_exclusive"),
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
