/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Numbers as text. A float gets the fewest digits that read back as the same float: digits are
 * asked of the C library with growing precision and read back. The nearest text is the only
 * candidate, except at a power of two, where the floats above lie twice as far apart as those
 * below: there the next text up is tried too. The decimal point of the locale never gets through:
 * only digits are taken from the library, and the text is laid out here ("1.0", "0.001", "1e16",
 * "1.5e-7").
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

void pni_arrow_put_u64(uint64_t value, int width, pn_buf *out) {
    char text[24];
    char *end = text + sizeof text;
    char *first = end;
    for (; value > 0 || width > 0 || first == end; value /= 10, width--) {
        *--first = (char)('0' + value % 10);
    }
    pni_buf_append(out, first, (size_t)(end - first));
}

void pni_arrow_put_i64(int64_t value, pn_buf *out) {
    if (value < 0) {
        pni_buf_putc(out, '-');
    }
    pni_arrow_put_u64(value < 0 ? 0 - (uint64_t)value : (uint64_t)value, 0, out);
}

/*
 * The short way, for numbers people write: n / 10^k with n below 10^15 (10^6) is one correctly
 * rounded division, so when it gives the value back, those digits read back as the value; and no
 * two texts of so few digits mean the same number, so the least k gives the shortest.
 */
static bool few_digits(double value, bool is_float, digits *out) {
    static const double powers[] = {1, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8};
    const double limit = is_float ? 1e6 : 1e15;
    for (int k = 0; k < 9 && value * powers[k] < limit; k++) {
        double n = floor(value * powers[k] + 0.5);
        bool same = is_float ? (float)n / (float)powers[k] == (float)value : n / powers[k] == value;
        if (same && n > 0) {
            out->count = snprintf(out->text, sizeof out->text, "%lld", (long long)n);
            out->exponent = out->count - 1 - k;
            return true;
        }
    }
    return false;
}

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
    int64_t exponent = 0;
    pni_assert(*p && pni_parse_i64(p + (p[1] == '+' ? 2 : 1), &exponent));
    out->exponent = (int)exponent;
}

static bool reads_back(const digits *d, double value, bool is_float) {
    char text[48];
    memcpy(text, d->text, (size_t)d->count);
    snprintf(text + d->count, sizeof text - (size_t)d->count, "e%d", d->exponent - d->count + 1);
    return is_float ? strtof(text, NULL) == (float)value : strtod(text, NULL) == value;
}

static bool next_digit(const digits *d, double value, bool is_float, digits *out) {
    *out = *d;
    char *last = &out->text[out->count - 1];
    *last = (char)(*last + (*last < '9'));
    return reads_back(out, value, is_float);
}

static void shortest(double value, bool is_float, digits *out) {
    const int most = is_float ? 9 : 17;
    const double tiny = is_float ? 1.17549435e-38 : 2.2250738585072014e-308;
    /* Every text of 15 (6) digits survives a normal number, so the shorter ones need no try. */
    int least = value < tiny ? 1 : is_float ? 6 : 15;
    bool done = few_digits(value, is_float, out);
    int exponent;
    bool power_of_two = frexp(value, &exponent) == 0.5;
    for (int count = least; count < most && !done; count++) {
        digits found;
        ask(value, count, &found);
        *out = found;
        done = reads_back(&found, value, is_float) ||
               (power_of_two && next_digit(&found, value, is_float, out));
    }
    if (!done) {
        ask(value, most, out);
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
