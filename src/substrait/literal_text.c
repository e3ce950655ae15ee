/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Literals and types as text. What is one value is written at once; what consists of others puts
 * them on the writer's stack, see expr_text.c.
 */
#include "substrait/substrait_priv.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

/* ---- literals ----------------------------------------------------------------------------- */

static void quote(const pni_writer *w, const char *text) {
    pn_buf *out = w->out;
    pni_buf_putc(out, '\'');
    for (const char *p = text; *p && out->len <= w->limit; p++) {
        if (*p == '\'') {
            pni_buf_putc(out, '\'');
        }
        pni_buf_putc(out, *p);
    }
    pni_buf_putc(out, '\'');
}

/* Days since 1970 in the proleptic Gregorian calendar, counted from March so that a leap day is
 * last. */
static void write_date(pn_buf *out, int32_t days) {
    int64_t day = (int64_t)days + 719468;
    int64_t era = (day >= 0 ? day : day - 146096) / 146097;
    int64_t of_era = day - era * 146097;
    int64_t year = (of_era - of_era / 1460 + of_era / 36524 - of_era / 146096) / 365;
    int64_t of_year = of_era - (365 * year + year / 4 - year / 100);
    int64_t month = (5 * of_year + 2) / 153;
    int64_t of_month = of_year - (153 * month + 2) / 5 + 1;
    month = month < 10 ? month + 3 : month - 9;
    year += era * 400 + (month <= 2);
    pni_buf_printf(out, "date '%04" PRId64 "-%02" PRId64 "-%02" PRId64 "'", year, month, of_month);
}

/* 16 bytes, two's complement, little-endian; the last `scale` digits are behind the point. */
static void write_decimal(pn_buf *out, const Substrait__Expression__Literal__Decimal *decimal) {
    __extension__ typedef unsigned __int128 wide;
    wide value = 0;
    char digits[64];
    int at = (int)sizeof digits;
    if (decimal->value.len != 16 || decimal->scale < 0 || decimal->scale > 38) {
        pni_hex_text(&decimal->value, out);
        return;
    }
    for (size_t i = 16; i-- > 0;) {
        value = value << 8 | decimal->value.data[i];
    }
    bool negative = (decimal->value.data[15] & 0x80) != 0;
    value = negative ? (wide)0 - value : value;
    for (int n = 0; n <= decimal->scale || value; n++, value /= 10) {
        if (n == decimal->scale && n > 0) {
            digits[--at] = '.';
        }
        digits[--at] = (char)('0' + (int)(value % 10));
    }
    pni_buf_puts(out, negative ? "-" : "");
    pni_buf_append(out, digits + at, sizeof digits - (size_t)at);
}

static void write_interval(pn_buf *out,
                           const Substrait__Expression__Literal__IntervalDayToSecond *interval) {
    pni_buf_printf(out, "interval '%d days %d seconds", interval->days, interval->seconds);
    if (interval->subseconds) {
        pni_buf_printf(out, " %" PRId64 "e-%d seconds", interval->subseconds, interval->precision);
    }
    pni_buf_putc(out, '\'');
}

static bool write_time_literal(pn_buf *out, const Substrait__Expression__Literal *l) {
    switch ((int)l->literal_type_case) {
    case SUBSTRAIT__EXPRESSION__LITERAL__LITERAL_TYPE_DATE:
        write_date(out, l->date);
        return true;
    case SUBSTRAIT__EXPRESSION__LITERAL__LITERAL_TYPE_PRECISION_TIME:
        pni_buf_printf(out, "time(%d) %" PRId64, l->precision_time->precision,
                       l->precision_time->value);
        return true;
    case SUBSTRAIT__EXPRESSION__LITERAL__LITERAL_TYPE_PRECISION_TIMESTAMP:
        pni_buf_printf(out, "timestamp(%d) %" PRId64, l->precision_timestamp->precision,
                       l->precision_timestamp->value);
        return true;
    case SUBSTRAIT__EXPRESSION__LITERAL__LITERAL_TYPE_PRECISION_TIMESTAMP_TZ:
        pni_buf_printf(out, "timestamptz(%d) %" PRId64, l->precision_timestamp_tz->precision,
                       l->precision_timestamp_tz->value);
        return true;
    case SUBSTRAIT__EXPRESSION__LITERAL__LITERAL_TYPE_INTERVAL_YEAR_TO_MONTH:
        pni_buf_printf(out, "interval '%d years %d months'", l->interval_year_to_month->years,
                       l->interval_year_to_month->months);
        return true;
    case SUBSTRAIT__EXPRESSION__LITERAL__LITERAL_TYPE_INTERVAL_DAY_TO_SECOND:
        write_interval(out, l->interval_day_to_second);
        return true;
    default:
        return false;
    }
}

#define WHOLE_MAX 1e15 /* whole numbers below it have at most 15 digits, all of them exact */

void pni_float_text(double value, pn_buf *out) {
    char text[40]; /* 17 digits give each double its own text; the C locale is never changed */
    if (value > -WHOLE_MAX && value < WHOLE_MAX && value == (double)(int64_t)value) {
        snprintf(text, sizeof text, "%.0f", value); /* 10, not 1e+01 */
        pni_buf_puts(out, text);
        return;
    }
    snprintf(text, sizeof text, "%.17g", value);
    double back = strtod(text, NULL);
    for (int digits = 1; digits < 17; digits++) {
        char shorter[40];
        snprintf(shorter, sizeof shorter, "%.*g", digits, value);
        if (strtod(shorter, NULL) == back) {
            pni_buf_puts(out, shorter);
            return;
        }
    }
    pni_buf_puts(out, text);
}

static bool write_scalar(const pni_writer *w, const Substrait__Expression__Literal *l) {
    pn_buf *out = w->out;
    switch ((int)l->literal_type_case) {
    case SUBSTRAIT__EXPRESSION__LITERAL__LITERAL_TYPE_BOOLEAN:
        pni_buf_puts(out, l->boolean ? "true" : "false");
        return true;
    case SUBSTRAIT__EXPRESSION__LITERAL__LITERAL_TYPE_I8:
    case SUBSTRAIT__EXPRESSION__LITERAL__LITERAL_TYPE_I16:
    case SUBSTRAIT__EXPRESSION__LITERAL__LITERAL_TYPE_I32:
        pni_buf_printf(out, "%d", l->i32);
        return true;
    case SUBSTRAIT__EXPRESSION__LITERAL__LITERAL_TYPE_I64:
        pni_buf_printf(out, "%" PRId64, l->i64);
        return true;
    case SUBSTRAIT__EXPRESSION__LITERAL__LITERAL_TYPE_FP32:
        pni_float_text((double)l->fp32, out);
        return true;
    case SUBSTRAIT__EXPRESSION__LITERAL__LITERAL_TYPE_FP64:
        pni_float_text(l->fp64, out);
        return true;
    case SUBSTRAIT__EXPRESSION__LITERAL__LITERAL_TYPE_STRING:
    case SUBSTRAIT__EXPRESSION__LITERAL__LITERAL_TYPE_FIXED_CHAR:
        quote(w, l->string);
        return true;
    case SUBSTRAIT__EXPRESSION__LITERAL__LITERAL_TYPE_VAR_CHAR:
        quote(w, l->var_char->value);
        return true;
    case SUBSTRAIT__EXPRESSION__LITERAL__LITERAL_TYPE_BINARY:
    case SUBSTRAIT__EXPRESSION__LITERAL__LITERAL_TYPE_FIXED_BINARY:
    case SUBSTRAIT__EXPRESSION__LITERAL__LITERAL_TYPE_UUID:
        pni_hex_text(&l->binary, out);
        return true;
    case SUBSTRAIT__EXPRESSION__LITERAL__LITERAL_TYPE_DECIMAL:
        write_decimal(out, l->decimal);
        return true;
    case SUBSTRAIT__EXPRESSION__LITERAL__LITERAL_TYPE__NOT_SET:
        pni_buf_puts(out, "?");
        return true;
    default:
        return false;
    }
}

static void put_map_literal(pni_writer *w, const Substrait__Expression__Literal__Map *map) {
    pni_put_text(w, "map(");
    for (size_t i = 0; i < map->n_key_values; i++) {
        pni_put_text(w, i ? ", " : "");
        pni_put(w, map->key_values[i]->key);
        pni_put_text(w, ": ");
        pni_put(w, map->key_values[i]->value);
    }
    pni_put_text(w, ")");
}

void pni_take_literal(pni_writer *w, const Substrait__Expression__Literal *l) {
    if (write_scalar(w, l) || write_time_literal(w->out, l)) {
        return;
    }
    switch ((int)l->literal_type_case) {
    case SUBSTRAIT__EXPRESSION__LITERAL__LITERAL_TYPE_NULL:
        pni_put_text(w, "null");
        return;
    case SUBSTRAIT__EXPRESSION__LITERAL__LITERAL_TYPE_STRUCT:
        pni_put_text(w, "struct(");
        pni_put_list(w, l->struct_->fields, l->struct_->n_fields);
        pni_put_text(w, ")");
        return;
    case SUBSTRAIT__EXPRESSION__LITERAL__LITERAL_TYPE_LIST:
        pni_put_text(w, "[");
        pni_put_list(w, l->list->values, l->list->n_values);
        pni_put_text(w, "]");
        return;
    case SUBSTRAIT__EXPRESSION__LITERAL__LITERAL_TYPE_EMPTY_LIST:
        pni_put_text(w, "[]");
        return;
    case SUBSTRAIT__EXPRESSION__LITERAL__LITERAL_TYPE_MAP:
        put_map_literal(w, l->map);
        return;
    case SUBSTRAIT__EXPRESSION__LITERAL__LITERAL_TYPE_EMPTY_MAP:
        pni_put_text(w, "map()");
        return;
    default: /* compound intervals, user-defined ones, deprecated ones of a variation */
        pni_take_generic(w, &l->base);
        return;
    }
}

/* ---- types -------------------------------------------------------------------------------- */

/* The name of a type is that of its field in the choice: "i64", "varchar", "list". */
static const char *kind_name(const Substrait__Type *type) {
    const ProtobufCMessageDescriptor *desc = &substrait__type__descriptor;
    for (unsigned f = 0; f < desc->n_fields; f++) {
        if (desc->fields[f].id == (uint32_t)type->kind_case) {
            return desc->fields[f].name;
        }
    }
    return "?";
}

static void write_user_defined(pni_writer *w, const Substrait__Type__UserDefined *type) {
    const char *urn;
    const char *name = pni_substrait_declared(w->plan, PNI_SPACE_TYPE, type->type_reference, &urn);
    pni_put_text(w, name ? name : "?");
    if (type->n_type_parameters) {
        pni_put_text(w, "<");
        pni_put_list(w, type->type_parameters, type->n_type_parameters);
        pni_put_text(w, ">");
    }
}

void pni_take_type(pni_writer *w, const Substrait__Type *type) {
    switch ((int)type->kind_case) {
    case SUBSTRAIT__TYPE__KIND_DECIMAL:
        pni_buf_printf(w->out, "decimal(%d,%d)", type->decimal->precision, type->decimal->scale);
        return;
    case SUBSTRAIT__TYPE__KIND_VARCHAR:
    case SUBSTRAIT__TYPE__KIND_FIXED_CHAR:
    case SUBSTRAIT__TYPE__KIND_FIXED_BINARY: /* one layout, length first */
        pni_buf_printf(w->out, "%s(%d)", kind_name(type), type->varchar->length);
        return;
    case SUBSTRAIT__TYPE__KIND_PRECISION_TIME:
    case SUBSTRAIT__TYPE__KIND_PRECISION_TIMESTAMP:
    case SUBSTRAIT__TYPE__KIND_PRECISION_TIMESTAMP_TZ: /* one layout, precision first */
        pni_buf_printf(w->out, "%s(%d)", kind_name(type), type->precision_timestamp->precision);
        return;
    case SUBSTRAIT__TYPE__KIND_USER_DEFINED:
        write_user_defined(w, type->user_defined);
        return;
    case SUBSTRAIT__TYPE__KIND_FUNC:
        pni_take_generic(w, &type->func->base);
        return;
    case SUBSTRAIT__TYPE__KIND_STRUCT:
        pni_put_text(w, "struct<");
        pni_put_list(w, type->struct_->types, type->struct_->n_types);
        pni_put_text(w, ">");
        return;
    case SUBSTRAIT__TYPE__KIND_LIST:
        pni_put_text(w, "list<");
        pni_put(w, type->list->type);
        pni_put_text(w, ">");
        return;
    case SUBSTRAIT__TYPE__KIND_MAP:
        pni_put_text(w, "map<");
        pni_put(w, type->map->key);
        pni_put_text(w, ", ");
        pni_put(w, type->map->value);
        pni_put_text(w, ">");
        return;
    default:
        pni_put_text(w, kind_name(type));
        return;
    }
}
