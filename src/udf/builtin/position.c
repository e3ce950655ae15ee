/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Columns of a line as byte offsets. Tools count columns in bytes, UTF-16 units or code points;
 * spans count bytes. A column past the end of the line is its end, a negative one its start; one
 * inside a character has no byte offset and is an error that names the row. The bytes before the
 * first non-ASCII byte need no decoding.
 */
#include "udf/builtin/out_priv.h"

/* The numbers of position encodings, and bytes. */
typedef enum unit { UNIT_BYTE, UNIT_UTF8, UNIT_UTF16, UNIT_UTF32 } unit;

static bool is_letter(char c, char upper) {
    return (c & ~0x20) == upper;
}

/* Which of UTF8, UTF-8, UTF16, UTF-16 and BYTE occur in a name, in any case. */
typedef struct unit_words {
    bool utf8;
    bool utf16;
    bool byte;
} unit_words;

static unit_words words_of(pni_str text) {
    unit_words found = {false, false, false};
    const char *end = text.data + text.len;
    for (const char *at = text.data; end - at >= 4; at++) {
        if (is_letter(at[0], 'U') && is_letter(at[1], 'T') && is_letter(at[2], 'F')) {
            const char *number = at + 3 + (at[3] == '-');
            found.utf8 = found.utf8 || (number < end && *number == '8');
            found.utf16 =
                found.utf16 || (end - number >= 2 && number[0] == '1' && number[1] == '6');
        } else if (is_letter(at[0], 'B') && is_letter(at[1], 'Y') && is_letter(at[2], 'T') &&
                   is_letter(at[3], 'E')) {
            found.byte = true;
        }
    }
    return found;
}

static bool is_number(pni_str text, int64_t *value) {
    *value = 0;
    for (size_t i = 0; i < text.len; i++) {
        if (text.data[i] < '0' || text.data[i] > '9') {
            return false;
        }
        *value = *value < 10 ? *value * 10 + (text.data[i] - '0') : *value;
    }
    return text.len > 0;
}

/* A position encoding: its number, or a name that holds UTF8 or UTF16; the rest is UTF-32, also
 * nothing and what only says BYTE. As a column unit the last is bytes. */
static unit unit_of(pni_str text, bool is_column) {
    int64_t number;
    text = pni_udf_trim(text);
    if (is_number(text, &number)) {
        return number == 1 ? UNIT_UTF8 : number == 2 ? UNIT_UTF16 : UNIT_UTF32;
    }
    unit_words words = words_of(text);
    if (words.byte && is_column) {
        return UNIT_BYTE;
    }
    return words.utf8 ? UNIT_UTF8 : words.utf16 ? UNIT_UTF16 : UNIT_UTF32;
}

static bool is_continuation(char c) {
    return ((uint8_t)c & 0xc0) == 0x80;
}

/* Bytes of the character that starts at `at`. */
static size_t step(pni_str line, size_t at) {
    size_t used = 1;
    while (at + used < line.len && is_continuation(line.data[at + used])) {
        used++;
    }
    return used;
}

/* Byte offset of `column`, or -1 when it lies inside a character. */
static int64_t byte_of(pni_str line, int64_t column, unit how) {
    if (column <= 0) {
        return 0;
    }
    if (how == UNIT_BYTE || how == UNIT_UTF8) {
        size_t at = (uint64_t)column < line.len ? (size_t)column : line.len;
        bool inside = how == UNIT_UTF8 && at < line.len && is_continuation(line.data[at]);
        return inside ? -1 : (int64_t)at;
    }
    size_t at = 0;
    while (at < line.len && column > 0) {
        bool pair = how == UNIT_UTF16 && (uint8_t)line.data[at] >= 0xf0;
        if (pair && column == 1) {
            return -1;
        }
        column -= pair ? 2 : 1;
        at += (uint8_t)line.data[at] < 0x80 ? 1 : step(line, at);
    }
    return (int64_t)at;
}

static int32_t fail_inside(udf_frame *frame, int64_t column, int64_t row) {
    return pni_udf_fail(frame,
                        "column %lld of row %lld lies inside a character; check the column unit",
                        (long long)column, (long long)row + 1);
}

/* The unit of a row; a literal's is found once. */
typedef struct units {
    const udf_frame *frame;
    uint32_t arg;
    bool same;
    unit how;
} units;

static unit unit_at(const units *u, int64_t row) {
    if (u->same) {
        return u->how;
    }
    return udf_null(u->frame, u->arg, row) ? UNIT_UTF32
                                           : unit_of(udf_str(u->frame, u->arg, row), true);
}

static units units_of(const udf_frame *frame, uint32_t arg) {
    units u = {frame, arg, false, UNIT_UTF32};
    u.how = frame->rows > 0 ? unit_at(&u, 0) : UNIT_UTF32;
    u.same = frame->cols[arg].step == 0;
    return u;
}

static int32_t col_to_byte_rows(udf_frame *frame, struct ArrowArray *out) {
    udf_nulls nulls;
    int64_t *values;
    UDF_TRY(pni_udf_append(
        frame, pni_udf_fixed_begin(frame, out, sizeof *values, &nulls, (void **)&values)));
    UDF_TRY(pni_udf_append(frame, pni_udf_nulls_of(&nulls, frame, 0, 2)));
    units how = units_of(frame, 2);
    for (int64_t row = 0; row < frame->rows; row++) {
        if (udf_is_set_null(&nulls, row)) {
            values[row] = 0;
            continue;
        }
        int64_t column = udf_int(frame, 1, row);
        values[row] = byte_of(udf_str(frame, 0, row), column, unit_at(&how, row));
        if (values[row] < 0) {
            return fail_inside(frame, column, row);
        }
    }
    pni_udf_nulls_end(&nulls);
    return 0;
}

static int make_bounds(struct ArrowSchema *out) {
    ArrowSchemaInit(out);
    NANOARROW_RETURN_NOT_OK(ArrowSchemaSetTypeStruct(out, 2));
    NANOARROW_RETURN_NOT_OK(pni_udf_set_field(out->children[0], "bstart", NANOARROW_TYPE_INT64));
    return pni_udf_set_field(out->children[1], "bend", NANOARROW_TYPE_INT64);
}

static int32_t bounds_field(udf_fields *fields, struct ArrowSchema *out) {
    return pni_udf_made(fields, make_bounds(out));
}

/* One side: arguments `first` (offset of the line), text, column, and the unit they share. */
static int32_t append_side(udf_frame *frame, const units *how, uint32_t first, int64_t row,
                           struct ArrowArray *out) {
    if (udf_null(frame, first, row) || udf_null(frame, first + 1, row) ||
        udf_null(frame, first + 2, row) || udf_null(frame, how->arg, row)) {
        return pni_udf_append(frame, ArrowArrayAppendNull(out, 1));
    }
    int64_t column = udf_int(frame, first + 2, row);
    int64_t at = byte_of(udf_str(frame, first + 1, row), column, unit_at(how, row));
    if (at < 0) {
        return fail_inside(frame, column, row);
    }
    int64_t start = udf_int(frame, first, row);
    if (__builtin_add_overflow(start, at, &at)) {
        return pni_udf_fail(frame,
                            "the line of row %lld starts at byte %lld, too far for a 64-bit span",
                            (long long)row + 1, (long long)start);
    }
    return pni_udf_append(frame, ArrowArrayAppendInt(out, at));
}

static int32_t canonicalize_rows(udf_frame *frame, struct ArrowArray *out) {
    enum { COL_UNIT = 6 };
    units how = units_of(frame, COL_UNIT);
    for (int64_t row = 0; row < frame->rows; row++) {
        UDF_TRY(append_side(frame, &how, 0, row, out->children[0]));
        UDF_TRY(append_side(frame, &how, 3, row, out->children[1]));
        UDF_TRY(pni_udf_append(frame, ArrowArrayFinishElement(out)));
    }
    return 0;
}

static int32_t encoding_rows(udf_frame *frame, struct ArrowArray *out) {
    for (int64_t row = 0; row < frame->rows; row++) {
        unit how = udf_null(frame, 0, row) ? UNIT_UTF32 : unit_of(udf_str(frame, 0, row), false);
        UDF_TRY(pni_udf_append(frame, ArrowArrayAppendInt(out, how)));
    }
    return 0;
}

static const pn_udf functions[] = {
    {UDF_FUNCTION("position_encoding_norm", NANOARROW_TYPE_INT32, encoding_rows), UDF_EXACT(1, "s"),
     UDF_NAMES("value"), .return_format = "i", .rewrite_tags = "position_encoding",
     .body_version = "1",
     .description = "The number of a position encoding: UTF-8 1, UTF-16 2, UTF-32 and the rest "
                    "3."},
    {UDF_FUNCTION("col_to_byte", NANOARROW_TYPE_INT64, col_to_byte_rows),
     UDF_EXACT(3, "s", "l", "s"), UDF_NAMES("line_text", "col", "col_unit"), .return_format = "l",
     .rewrite_tags = "position_encoding,span", .body_version = "2",
     .description = "Byte offset of a column in a line; the unit is BYTE, UTF8, UTF16 or UTF32."},
    {UDF_DECIDED("canonicalize_byte_span", bounds_field, canonicalize_rows),
     UDF_EXACT(7, "l", "s", "l", "l", "s", "l", "s"),
     UDF_NAMES("start_line_start_byte", "start_line_text", "start_col", "end_line_start_byte",
               "end_line_text", "end_col", "col_unit"),
     .rewrite_tags = "position_encoding,span", .body_version = "2",
     .description = "Byte span from two positions given as line offset, line text and column."},
};

udf_table pni_udf_table_position(void) {
    return (udf_table){functions, sizeof functions / sizeof functions[0]};
}
