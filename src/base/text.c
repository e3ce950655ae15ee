/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Text as bytes: no function here asks the locale. UTF-8 is what RFC 3629 allows, so no surrogates,
 * no overlong forms and nothing above U+10FFFF. The edit distance walks a band of 2 * 4 + 1 cells
 * per row, so it needs no memory and O(length) time: nothing beyond 4 edits is worth a "did you
 * mean".
 */
#include "base/base.h"

#define MAX_EDITS 4
#define BAND (2 * MAX_EDITS + 1)
#define NAME_SHORT 64

int pni_str_cmp(pni_str a, pni_str b) {
    size_t len = a.len < b.len ? a.len : b.len;
    int order = len ? memcmp(a.data, b.data, len) : 0;
    return order ? order : (a.len > b.len) - (a.len < b.len);
}

bool pni_str_eq(pni_str a, pni_str b) {
    return a.len == b.len && (a.len == 0 || memcmp(a.data, b.data, a.len) == 0);
}

bool pni_streq(const char *a, const char *b) {
    return a && b ? strcmp(a, b) == 0 : a == b;
}

bool pni_starts_with(const char *text, const char *prefix) {
    return strncmp(text, prefix, strlen(prefix)) == 0;
}

bool pni_ends_with(const char *text, const char *suffix) {
    size_t len = strlen(text);
    size_t tail = strlen(suffix);
    return len >= tail && memcmp(text + len - tail, suffix, tail) == 0;
}

int pni_cmp_text(const void *a, const void *b) {
    const char *const *left = a;
    const char *const *right = b;
    return strcmp(*left, *right);
}

/* Length of the code point at `s` (1 to 4), or 0 when the bytes are not one. */
static size_t code_point_len(const unsigned char *s, size_t left) {
    unsigned char lead = s[0];
    if (lead < 0x80) {
        return 1;
    }
    size_t len = lead >= 0xF0 ? 4 : lead >= 0xE0 ? 3 : 2;
    if (lead < 0xC2 || lead > 0xF4 || left < len) {
        return 0;
    }
    unsigned char low = 0x80;
    unsigned char high = 0xBF;
    low = lead == 0xE0 ? 0xA0 : lead == 0xF0 ? 0x90 : low;
    high = lead == 0xED ? 0x9F : lead == 0xF4 ? 0x8F : high;
    if (s[1] < low || s[1] > high) {
        return 0;
    }
    for (size_t i = 2; i < len; i++) {
        if ((s[i] & 0xC0) != 0x80) {
            return 0;
        }
    }
    return len;
}

bool pni_utf8_valid(const char *data, size_t len) {
    const unsigned char *s = (const unsigned char *)data;
    size_t at = 0;
    while (at < len) {
        size_t step = code_point_len(s + at, len - at);
        if (step == 0) {
            return false;
        }
        at += step;
    }
    return true;
}

size_t pni_utf8_cut(const char *data, size_t len, size_t max) {
    if (len <= max) {
        return len;
    }
    size_t keep = max;
    for (int back = 0; back < 3 && keep > 0 && ((unsigned char)data[keep] & 0xC0) == 0x80; back++) {
        keep--;
    }
    /* Four continuation bytes in a row are no text: any place is as good. */
    return ((unsigned char)data[keep] & 0xC0) == 0x80 ? max : keep;
}

const char *pni_name_short(const char *name, char out[72]) {
    const char *text = name ? name : "";
    size_t len = strlen(text);
    size_t head = len;
    size_t tail = len;
    if (len > NAME_SHORT) {
        head = pni_utf8_cut(text, len, NAME_SHORT / 2);
        tail = len - (NAME_SHORT / 2 - 3);
        while (tail < len && ((unsigned char)text[tail] & 0xC0) == 0x80) {
            tail++;
        }
    }
    memcpy(out, text, head);
    size_t at = head;
    if (head < len) {
        memcpy(out + at, "\xE2\x80\xA6", 3);
        at += 3;
        memcpy(out + at, text + tail, len - tail);
        at += len - tail;
    }
    out[at] = '\0';
    for (size_t i = 0; i < at; i++) {
        out[i] = (unsigned char)out[i] < 0x20 || out[i] == 0x7F ? '?' : out[i];
    }
    return out;
}

bool pni_parse_u64(const char *text, uint64_t *out) {
    uint64_t value = 0;
    if (!text || !*text) {
        return false;
    }
    for (const char *p = text; *p; p++) {
        if (*p < '0' || *p > '9' || __builtin_mul_overflow(value, (uint64_t)10, &value) ||
            __builtin_add_overflow(value, (uint64_t)(*p - '0'), &value)) {
            return false;
        }
    }
    *out = value;
    return true;
}

bool pni_parse_i64(const char *text, int64_t *out) {
    bool negative = text && *text == '-';
    uint64_t size;
    if (!text || !pni_parse_u64(text + negative, &size)) {
        return false;
    }
    if (size > (uint64_t)INT64_MAX + negative) {
        return false;
    }
    *out = negative ? (size ? -(int64_t)(size - 1) - 1 : 0) : (int64_t)size;
    return true;
}

static unsigned least(unsigned a, unsigned b) {
    return a < b ? a : b;
}

unsigned pni_edit_distance(const char *a, const char *b) {
    const unsigned far = MAX_EDITS + 1;
    size_t rows = strlen(a);
    size_t cols = strlen(b);
    if ((rows > cols ? rows - cols : cols - rows) > MAX_EDITS) {
        return far;
    }
    /* row[k] is the distance of a[..i] and b[..i + k - MAX_EDITS] */
    unsigned row[BAND + 1];
    for (unsigned k = 0; k <= BAND; k++) {
        row[k] = k >= MAX_EDITS && k - MAX_EDITS <= cols && k < BAND ? k - MAX_EDITS : far;
    }
    for (size_t i = 1; i <= rows; i++) {
        unsigned best = far;
        for (size_t k = 0; k < BAND; k++) {
            size_t j = i + k;
            if (j < MAX_EDITS || j - MAX_EDITS > cols) {
                row[k] = far;
                continue;
            }
            j -= MAX_EDITS;
            unsigned cost = row[k + 1] + 1;
            if (j > 0) {
                cost = least(cost, row[k] + (a[i - 1] != b[j - 1]));
                cost = k > 0 ? least(cost, row[k - 1] + 1) : cost;
            }
            row[k] = least(cost, far);
            best = least(best, row[k]);
        }
        if (best >= far) {
            return far;
        }
    }
    return row[cols + MAX_EDITS - rows];
}

const char *pni_nearer(const char *name, const char *best, const char *candidate) {
    const unsigned too_far = 3;
    unsigned old = best ? pni_edit_distance(name, best) : too_far;
    unsigned new = candidate ? pni_edit_distance(name, candidate) : too_far;
    if (new < old) {
        return candidate;
    }
    if (old >= too_far) {
        return NULL;
    }
    return new == old &&strcmp(candidate, best) < 0 ? candidate : best;
}
