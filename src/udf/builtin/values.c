/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Values as text, where ids are hashed from any column. The form is fixed for ever: integers in
 * decimal, booleans as true and false, strings as they are, numbers with a fraction as the shortest
 * decimal that reads back as the same number, written without an exponent (1.0 is "1", 1e21 is "1"
 * and 21 zeros). Dates, decimals and nested values are refused: their text depends on the printer,
 * so the query casts them.
 *
 * Shortest digits: 15 (6 for single precision) decimal digits always survive, so if the number has
 * a text that short, rounding to 15 digits finds it. Beyond that each length is tried, a half
 * rounding up, and beside the rounded digits their two neighbours: at powers of two the interval of
 * texts that read back is lopsided and may hold a neighbour only. Rust prints the same digits.
 */
#include "udf/builtin/kernel_priv.h"

#include <float.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

bool pni_udf_has_text(const struct ArrowSchema *schema) {
    struct ArrowSchemaView type;
    schema = schema->dictionary ? schema->dictionary : schema;
    if (schema->dictionary || ArrowSchemaViewInit(&type, schema, NULL) != NANOARROW_OK) {
        return false;
    }
    switch ((int)type.type) {
    case NANOARROW_TYPE_NA:
    case NANOARROW_TYPE_BOOL:
    case NANOARROW_TYPE_INT8:
    case NANOARROW_TYPE_INT16:
    case NANOARROW_TYPE_INT32:
    case NANOARROW_TYPE_INT64:
    case NANOARROW_TYPE_UINT8:
    case NANOARROW_TYPE_UINT16:
    case NANOARROW_TYPE_UINT32:
    case NANOARROW_TYPE_UINT64:
    case NANOARROW_TYPE_HALF_FLOAT:
    case NANOARROW_TYPE_FLOAT:
    case NANOARROW_TYPE_DOUBLE:
    case NANOARROW_TYPE_STRING:
    case NANOARROW_TYPE_LARGE_STRING:
    case NANOARROW_TYPE_STRING_VIEW:
        return true;
    default:
        return false;
    }
}

int32_t pni_udf_text_check(udf_frame *frame, uint32_t arg) {
    const struct ArrowSchema *schema = udf_arg(frame, arg)->schema;
    if (pni_udf_has_text(schema)) {
        return 0;
    }
    PNI_AUTO(pn_buf) type = PN_BUF_INIT;
    if (pni_arrow_type_text(schema, &type, NULL) != PN_OK) {
        return pni_udf_fail(frame, "argument %u has a type that cannot be read", arg + 1);
    }
    return pni_udf_fail(frame,
                        "argument %u has type %s, which has no fixed text form; cast it to text",
                        arg + 1, pni_buf_text(&type));
}

/* "00", "01", … "99" */
static const char pairs[] = "00010203040506070809101112131415161718192021222324252627282930313233"
                            "34353637383940414243444546474849505152535455565758596061626364656667"
                            "6869707172737475767778798081828384858687888990919293949596979899";

/* A number of b bits has b * log10(2) digits or one more. */
static size_t count_digits(uint64_t value) {
    static const uint64_t powers[] = {1,
                                      10,
                                      100,
                                      1000,
                                      10000,
                                      100000,
                                      1000000,
                                      10000000,
                                      100000000,
                                      1000000000,
                                      10000000000,
                                      100000000000,
                                      1000000000000,
                                      10000000000000,
                                      100000000000000,
                                      1000000000000000,
                                      10000000000000000,
                                      100000000000000000,
                                      1000000000000000000,
                                      10000000000000000000U};
    size_t bits = 64 - (size_t)__builtin_clzll(value | 1);
    size_t digits = bits * 1233 / 4096;
    return digits + (value >= powers[digits] || value == 0);
}

size_t pni_udf_unsigned_text(uint64_t value, char *out) {
    size_t len = count_digits(value);
    size_t at = len;
    while (value >= 100) {
        at -= 2;
        memcpy(out + at, pairs + value % 100 * 2, 2);
        value /= 100;
    }
    if (value >= 10) {
        memcpy(out, pairs + value * 2, 2);
    } else {
        out[0] = (char)('0' + value);
    }
    return len;
}

static size_t signed_text(int64_t value, char *out) {
    if (value >= 0) {
        return pni_udf_unsigned_text((uint64_t)value, out);
    }
    out[0] = '-';
    return 1 + pni_udf_unsigned_text(~(uint64_t)value + 1, out + 1);
}

/* Digits that tell a value apart from every decimal of at most 18 digits near it, a half exactly
 * between two included. */
#define EXACT_DIGITS 60

/* value = 0.d1d2d3… * 10^point */
typedef struct decimal {
    char digits[EXACT_DIGITS];
    int count;
    int point;
} decimal;

/* The value to 60 digits; works under any locale's decimal separator. */
static decimal expand(double value) {
    char text[EXACT_DIGITS + 16];
    decimal out = {.count = 0, .point = 0};
    snprintf(text, sizeof text, "%.*e", EXACT_DIGITS - 1, value);
    const char *at = text;
    for (; *at && *at != 'e'; at++) {
        if (*at >= '0' && *at <= '9') {
            out.digits[out.count++] = *at;
        }
    }
    out.point = (int)strtol(at + 1, NULL, 10) + 1;
    return out;
}

/* Cut to `count` digits; a half goes up. */
static decimal rounded(const decimal *exact, int count) {
    decimal out = *exact;
    out.count = count;
    if (exact->digits[count] < '5') {
        return out;
    }
    int at = count - 1;
    while (at >= 0 && out.digits[at] == '9') {
        out.digits[at--] = '0';
    }
    if (at < 0) { /* 9.99 -> 10.0 */
        out.digits[0] = '1';
        out.point++;
    } else {
        out.digits[at]++;
    }
    return out;
}

/* Adds 1 or -1 to the last digit; false when that changes the number of digits. */
static bool nudge(decimal *number, int by) {
    char carry = by > 0 ? '9' : '0';
    for (int i = number->count - 1; i >= 0; i--) {
        if (number->digits[i] != carry) {
            number->digits[i] = (char)(number->digits[i] + by);
            return number->digits[0] != '0';
        }
        number->digits[i] = by > 0 ? '0' : '9';
    }
    return false;
}

static bool reads_back(const decimal *number, double value, bool is_single) {
    char text[48];
    int used = snprintf(text, sizeof text, "%.*se%d", number->count, number->digits,
                        number->point - number->count);
    if (used < 0) {
        return false;
    }
    return is_single ? (double)strtof(text, NULL) == value : strtod(text, NULL) == value;
}

static bool try_length(const decimal *nearest, double value, bool is_single, decimal *out) {
    for (int by = 0; by < 3; by++) { /* as rounded, one up, one down */
        decimal candidate = *nearest;
        if (by > 0 && !nudge(&candidate, by == 1 ? 1 : -1)) {
            continue;
        }
        if (reads_back(&candidate, value, is_single)) {
            *out = candidate;
            return true;
        }
    }
    return false;
}

static decimal shortest(double value, bool is_single) {
    int safe = is_single ? FLT_DIG : DBL_DIG;
    int enough = is_single ? FLT_DECIMAL_DIG : DBL_DECIMAL_DIG;
    bool subnormal = value < (is_single ? (double)FLT_MIN : DBL_MIN);
    decimal exact = expand(value);
    decimal out = rounded(&exact, enough);
    for (int count = subnormal ? 1 : safe; count < enough; count++) {
        decimal nearest = rounded(&exact, count);
        if (try_length(&nearest, value, is_single, &out)) {
            break;
        }
    }
    while (out.count > 1 && out.digits[out.count - 1] == '0') {
        out.count--;
    }
    return out;
}

/* NOLINTBEGIN(bugprone-not-null-terminated-result): texts carry their length, no NUL */
static size_t decimal_text(const decimal *number, char *out) {
    size_t len = 0;
    if (number->point <= 0) {
        memcpy(out, "0.", 2);
        memset(out + 2, '0', (size_t)-number->point);
        len = 2 + (size_t)-number->point;
        memcpy(out + len, number->digits, (size_t)number->count);
        return len + (size_t)number->count;
    }
    for (int i = 0; i < number->count || i < number->point; i++) {
        if (i == number->point) {
            out[len++] = '.';
        }
        out[len++] = i < number->count ? number->digits[i] : '0';
    }
    return len;
}

size_t pni_udf_double_text(double value, bool is_single, char out[UDF_TEXT_BYTES]) {
    if (isnan(value)) {
        memcpy(out, "NaN", 3);
        return 3;
    }
    size_t sign = signbit(value) ? 1 : 0;
    out[0] = '-';
    value = fabs(value);
    if (isinf(value)) {
        memcpy(out + sign, "inf", 3);
        return sign + 3;
    }
    if (value < 1e15 && value == floor(value) && !is_single) {
        return sign + pni_udf_unsigned_text((uint64_t)value, out + sign);
    }
    if (value <= 0) {
        out[sign] = '0';
        return sign + 1;
    }
    decimal number = shortest(value, is_single);
    return sign + decimal_text(&number, out + sign);
}
/* NOLINTEND(bugprone-not-null-terminated-result) */

/* At `row` of a column without nulls there and of a type that pni_udf_text_check() passed. */
static pni_str text_at(const struct ArrowArrayView *view, int64_t row, char *scratch) {
    switch ((int)view->storage_type) {
    case NANOARROW_TYPE_STRING:
    case NANOARROW_TYPE_LARGE_STRING:
    case NANOARROW_TYPE_STRING_VIEW: {
        struct ArrowStringView value = ArrowArrayViewGetStringUnsafe(view, row);
        return (pni_str){value.data, (size_t)value.size_bytes};
    }
    case NANOARROW_TYPE_BOOL:
        return ArrowArrayViewGetIntUnsafe(view, row) ? PNI_STR("true") : PNI_STR("false");
    case NANOARROW_TYPE_HALF_FLOAT:
    case NANOARROW_TYPE_FLOAT:
        return (pni_str){
            scratch, pni_udf_double_text(ArrowArrayViewGetDoubleUnsafe(view, row), true, scratch)};
    case NANOARROW_TYPE_DOUBLE:
        return (pni_str){
            scratch, pni_udf_double_text(ArrowArrayViewGetDoubleUnsafe(view, row), false, scratch)};
    case NANOARROW_TYPE_UINT64:
        return (pni_str){scratch,
                         pni_udf_unsigned_text(ArrowArrayViewGetUIntUnsafe(view, row), scratch)};
    default:
        return (pni_str){scratch, signed_text(ArrowArrayViewGetIntUnsafe(view, row), scratch)};
    }
}

bool pni_udf_text_at(const struct ArrowArrayView *view, int64_t row, char scratch[UDF_TEXT_BYTES],
                     pni_str *out) {
    if (ArrowArrayViewIsNull(view, row)) {
        return false;
    }
    if (view->dictionary) {
        row = ArrowArrayViewGetIntUnsafe(view, row);
        view = view->dictionary;
        if (ArrowArrayViewIsNull(view, row)) {
            return false;
        }
    }
    *out = text_at(view, row, scratch);
    return true;
}
