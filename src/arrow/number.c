/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Numbers as text. A float gets the fewest digits that read back as the same float: digits are
 * asked of the C library with growing precision and read back; the two neighbours in the last digit
 * are tried too, since at a power of two the correctly rounded decimal may be one off the shortest.
 * The decimal point of the locale never gets through: only digits are taken from the library's
 * text, and the text is laid out here ("1.0", "0.001", "1e16", "1.5e-7").
 */
#include "arrow/arrow_priv.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

typedef struct digits {
    char text[24]; /* without point */
    int count;
    int exponent; /* of the first digit */
} digits;

/* `value` with `count` digits, half to even as the library rounds. */
static void ask(double value, int count, digits *out) {
    char text[40];
    snprintf(text, sizeof text, "%.*e", count - 1, value);
    out->count = 0;
    const char *p = text;
    for (; *p && *p != 'e'; p++) {
        if (*p >= '0' && *p <= '9' && out->count < 20) {
            out->text[out->count++] = *p;
        }
    }
    out->exponent = *p ? atoi(p + 1) : 0;
}

static bool reads_back(const digits *d, double value, bool is_float) {
    char text[48];
    snprintf(text, sizeof text, "%.*se%d", d->count, d->text, d->exponent - d->count + 1);
    return is_float ? strtof(text, NULL) == (float)value : strtod(text, NULL) == value;
}

static bool neighbour(const digits *d, int step, double value, bool is_float, digits *out) {
    *out = *d;
    char *last = &out->text[out->count - 1];
    if ((step > 0 && *last == '9') || (step < 0 && *last == '0')) {
        return false;
    }
    *last = (char)(*last + step);
    return reads_back(out, value, is_float);
}

static void shortest(double value, bool is_float, digits *out) {
    const int most = is_float ? 9 : 17;
    const double tiny = is_float ? 1.17549435e-38 : 2.2250738585072014e-308;
    /* Every text of 15 (6) digits survives a normal number, so the shorter ones need no try. */
    int least = value < tiny ? 1 : is_float ? 6 : 15;
    for (int count = least; count <= most; count++) {
        digits found;
        ask(value, count, &found);
        if (reads_back(&found, value, is_float) || neighbour(&found, 1, value, is_float, out) ||
            neighbour(&found, -1, value, is_float, out)) {
            if (reads_back(&found, value, is_float)) {
                *out = found;
            }
            break;
        }
        *out = found;
    }
    while (out->count > 1 && out->text[out->count - 1] == '0') {
        out->count--;
    }
}

static void lay_out(const digits *d, pn_buf *out) {
    if (d->exponent < -5 || d->exponent >= 16) {
        pni_buf_putc(out, d->text[0]);
        if (d->count > 1) {
            pni_buf_printf(out, ".%.*s", d->count - 1, d->text + 1);
        }
        pni_buf_printf(out, "e%d", d->exponent);
    } else if (d->exponent < 0) {
        pni_buf_printf(out, "0.%.*s%.*s", -d->exponent - 1, "0000", d->count, d->text);
    } else {
        for (int i = 0; i <= d->exponent || i < d->count; i++) {
            pni_buf_putc(out, i < d->count ? d->text[i] : '0');
            if (i == d->exponent) {
                pni_buf_putc(out, '.');
            }
        }
        if (d->exponent + 1 >= d->count) {
            pni_buf_putc(out, '0');
        }
    }
}

static void put(double value, bool is_float, pn_buf *out) {
    if (signbit(value)) {
        pni_buf_putc(out, '-');
        value = -value;
    }
    digits d = {"0", 1, 0};
    if (value > 0) {
        shortest(value, is_float, &d);
    }
    lay_out(&d, out);
}

void pni_arrow_put_double(double value, pn_buf *out) {
    put(value, false, out);
}

void pni_arrow_put_float(float value, pn_buf *out) {
    put((double)value, true, out);
}

void pni_arrow_put_decimal(const struct ArrowDecimal *decimal, pn_buf *out) {
    struct ArrowBuffer raw;
    ArrowBufferInit(&raw);
    arrow_must(ArrowDecimalAppendDigitsToBuffer(decimal, &raw));
    const char *text = (const char *)raw.data;
    size_t len = (size_t)raw.size_bytes;
    if (text[0] == '-') {
        pni_buf_putc(out, '-');
        text++;
        len--;
    }
    size_t scale = decimal->scale > 0 ? (size_t)decimal->scale : 0;
    bool zero = len == 1 && text[0] == '0';
    if (scale == 0) {
        pni_buf_append(out, text, len);
        for (int32_t i = decimal->scale; i < 0 && !zero; i++) {
            pni_buf_putc(out, '0');
        }
    } else {
        size_t whole = len > scale ? len - scale : 0;
        pni_buf_append(out, whole ? text : "0", whole ? whole : 1);
        pni_buf_putc(out, '.');
        for (size_t i = len; i < scale; i++) {
            pni_buf_putc(out, '0');
        }
        pni_buf_append(out, text + whole, len - whole);
    }
    ArrowBufferReset(&raw);
}

/* Splits "[-]digits[.digits][e[-]n]" into its digits and the power of ten of the last one. */
static bool split(const char *text, bool *negative, pn_buf *found, long *power) {
    *negative = *text == '-';
    text += *text == '-' || *text == '+';
    *power = 0;
    bool point = false;
    for (; (*text >= '0' && *text <= '9') || (*text == '.' && !point); text++) {
        if (*text == '.') {
            point = true;
            continue;
        }
        pni_buf_putc(found, *text);
        *power -= point;
    }
    int64_t exponent = 0;
    if (*text == 'e' || *text == 'E') {
        text += text[1] == '+' ? 2 : 1;
        if (!pni_parse_i64(text, &exponent) || exponent > 1000 || exponent < -1000) {
            return false;
        }
        text = "";
    }
    *power += (long)exponent;
    return *text == '\0' && found->len > 0 && found->len < 512;
}

bool pni_arrow_read_decimal(const char *text, struct ArrowDecimal *decimal) {
    PNI_AUTO(pn_buf) raw = PN_BUF_INIT;
    bool negative;
    long power;
    if (!split(text, &negative, &raw, &power)) {
        return false;
    }
    long shift = power + decimal->scale; /* zeros to append to the digits */
    for (; shift > 0 && raw.len < 1024; shift--) {
        pni_buf_putc(&raw, '0');
    }
    for (; shift < 0 && raw.len > 0; shift++) {
        if (raw.data[raw.len - 1] != '0') {
            return false;
        }
        raw.data[--raw.len] = '\0';
    }
    const char *first = pni_buf_text(&raw);
    while (*first == '0') {
        first++;
    }
    size_t len = strlen(first);
    if (len > (size_t)decimal->precision) {
        return false;
    }
    char full[128];
    snprintf(full, sizeof full, "%s%s", negative && len ? "-" : "", len ? first : "0");
    arrow_must(ArrowDecimalSetDigits(decimal, ArrowCharView(full)));
    return true;
}
