/* SPDX-License-Identifier: Apache-2.0 */
/* One JSON value into a column without children. Numbers keep their value exactly or are refused.
 */
#include "arrow/build_priv.h"

#include <math.h>

static bool integer_of(const json_t *value, int64_t *out) {
    if (json_is_integer(value)) {
        *out = json_integer_value(value);
        return true;
    }
    return json_is_string(value) && pni_parse_i64(json_string_value(value), out);
}

static pn_status append_integer(const builder *b, column *c, const json_t *value) {
    int64_t number;
    uint64_t large;
    if (integer_of(value, &number)) {
        return appended(b, c, ArrowArrayAppendInt(c->array, number));
    }
    if (json_is_string(value) && pni_parse_u64(json_string_value(value), &large)) {
        /* Above INT64_MAX: only an unsigned column of 64 bits takes it. */
        return appended(b, c, ArrowArrayAppendUInt(c->array, large));
    }
    return pni_arrow_row_fail(b, c, "expected an integer, or one as a decimal string");
}

static pn_status append_floating(const builder *b, column *c, const json_t *value) {
    double number;
    if (json_is_number(value)) {
        number = json_number_value(value);
        bool is_half = c->type.type == NANOARROW_TYPE_HALF_FLOAT;
        bool is_float = c->type.type == NANOARROW_TYPE_FLOAT;
        /* 65520 and above round to infinity in half precision. */
        if ((is_half && fabs(number) >= 65520) || (is_float && isinf((float)number))) {
            return pni_arrow_row_fail(b, c, "the number is out of the type's range");
        }
    } else if (pni_streq(json_string_value(value), "NaN")) {
        number = (double)NAN;
    } else if (pni_streq(json_string_value(value), "Infinity")) {
        number = HUGE_VAL;
    } else if (pni_streq(json_string_value(value), "-Infinity")) {
        number = -HUGE_VAL;
    } else {
        return pni_arrow_row_fail(b, c,
                                  "expected a number, or NaN, Infinity, -Infinity as a string");
    }
    return appended(b, c, ArrowArrayAppendDouble(c->array, number));
}

static pn_status append_decimal(const builder *b, column *c, const json_t *value) {
    char number[32];
    const char *text = json_string_value(value);
    if (json_is_integer(value)) {
        snprintf(number, sizeof number, "%lld", (long long)json_integer_value(value));
        text = number;
    } else if (json_is_real(value)) {
        PNI_AUTO(pn_buf) shortest = PN_BUF_INIT;
        pni_arrow_put_double(json_real_value(value), &shortest);
        snprintf(number, sizeof number, "%s", pni_buf_text(&shortest));
        text = number;
    }
    struct ArrowDecimal decimal;
    ArrowDecimalInit(&decimal, c->type.decimal_bitwidth, c->type.decimal_precision,
                     c->type.decimal_scale);
    if (!text || !pni_arrow_read_decimal(text, &decimal)) {
        return pni_arrow_row_fail(b, c, "expected a decimal that fits precision and scale exactly");
    }
    return appended(b, c, ArrowArrayAppendDecimal(c->array, &decimal));
}

static pn_status append_text(const builder *b, column *c, const json_t *value) {
    if (!json_is_string(value)) {
        return pni_arrow_row_fail(b, c, "expected a string");
    }
    struct ArrowStringView text = {json_string_value(value), (int64_t)json_string_length(value)};
    return appended(b, c, ArrowArrayAppendString(c->array, text));
}

static int hex_digit(char c) {
    return c >= '0' && c <= '9'   ? c - '0'
           : c >= 'a' && c <= 'f' ? c - 'a' + 10
           : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                  : -1;
}

static pn_status append_binary(const builder *b, column *c, const json_t *value) {
    const char *hex = json_string_value(value);
    size_t len = hex ? strlen(hex) : 1;
    PNI_AUTO(pn_buf) bytes = PN_BUF_INIT;
    pni_buf_reserve(&bytes, len / 2);
    for (size_t i = 0; len % 2 == 0 && i < len; i += 2) {
        int high = hex_digit(hex[i]);
        int low = hex_digit(hex[i + 1]);
        if (high < 0 || low < 0) {
            break;
        }
        pni_buf_putc(&bytes, (char)(high * 16 + low));
    }
    if (len % 2 != 0 || bytes.len != len / 2) {
        return pni_arrow_row_fail(b, c, "expected bytes as a string of hex digits");
    }
    if (c->type.type == NANOARROW_TYPE_FIXED_SIZE_BINARY &&
        bytes.len != (size_t)c->type.fixed_size) {
        return pni_arrow_row_fail(b, c, "the bytes have another length than the type");
    }
    struct ArrowBufferView view = {{.data = bytes.data}, (int64_t)bytes.len};
    return appended(b, c, ArrowArrayAppendBytes(c->array, view));
}

static bool read_date64(const char *text, int64_t *ms) {
    int64_t days;
    if (pni_arrow_read_date(text, &days)) {
        return !__builtin_mul_overflow(days, (int64_t)86400000, ms);
    }
    return pni_arrow_read_timestamp(text, 1000, false, ms);
}

/* Ticks of a date, time, timestamp or duration. */
static pn_status append_ticks(const builder *b, column *c, const json_t *value) {
    const char *text = json_string_value(value);
    int64_t ticks = 0;
    bool ok = integer_of(value, &ticks);
    if (!ok && text) {
        const char *format = c->field->format;
        int64_t per_second = arrow_per_second(c->type.time_unit);
        if (format[1] == 'd') {
            ok = format[2] == 'D' ? pni_arrow_read_date(text, &ticks) : read_date64(text, &ticks);
        } else if (format[1] == 't') {
            ok = pni_arrow_read_clock(text, per_second, &ticks);
        } else if (format[1] == 's') {
            ok = pni_arrow_read_timestamp(text, per_second, c->type.timezone[0], &ticks);
        } else {
            ok = pni_arrow_read_duration(text, per_second, &ticks);
        }
    }
    if (!ok) {
        return pni_arrow_row_fail(
            b, c,
            "expected an ISO 8601 text that the unit holds exactly, or the count as an integer");
    }
    return appended(b, c, ArrowArrayAppendInt(c->array, ticks));
}

static pn_status append_interval(const builder *b, column *c, const json_t *value) {
    struct ArrowInterval interval;
    ArrowIntervalInit(&interval, c->type.type);
    if (!json_is_string(value) || !pni_arrow_read_interval(json_string_value(value), &interval)) {
        return pni_arrow_row_fail(b, c, "expected a span such as P1M2DT3.5S that the type holds");
    }
    return appended(b, c, ArrowArrayAppendInterval(c->array, &interval));
}

pn_status pni_arrow_append_flat(const builder *b, column *c, const json_t *value) {
    switch (c->field->format[0]) {
    case 'n':
        return pni_arrow_row_fail(b, c, "expected null, the only value of the type");
    case 'b':
        if (!json_is_boolean(value)) {
            return pni_arrow_row_fail(b, c, "expected true or false");
        }
        return appended(b, c, ArrowArrayAppendInt(c->array, json_is_true(value)));
    case 'e':
    case 'f':
    case 'g':
        return append_floating(b, c, value);
    case 'd':
        return append_decimal(b, c, value);
    case 'u':
    case 'U':
        return append_text(b, c, value);
    case 'v':
        return c->field->format[1] == 'u' ? append_text(b, c, value) : append_binary(b, c, value);
    case 'z':
    case 'Z':
    case 'w':
        return append_binary(b, c, value);
    case 't':
        return c->field->format[1] == 'i' ? append_interval(b, c, value)
                                          : append_ticks(b, c, value);
    default:
        return append_integer(b, c, value);
    }
}
