/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Text normalisation: trim, Unicode normal form, lower case, white space. Lower case is the full
 * Unicode mapping, not case folding: the sharp s stays, a capital sigma at the end of a word
 * becomes the final sigma, the dotted capital I becomes i and a combining dot. utf8proc maps single
 * code points, so those two rules are here. White space is the property White_Space everywhere.
 * Text that is all ASCII, nearly all of it, takes a byte loop instead: normal forms leave it alone.
 */
#include "udf/builtin/kernel_priv.h"

#include <utf8proc.h>

void pni_udf_scratch_dispose(udf_scratch *scratch) {
    pni_free(scratch->points);
    pn_buf_dispose(&scratch->bytes);
    pn_buf_dispose(&scratch->second);
    *scratch = (udf_scratch){0};
}

void pni_udf_unicode_version(pn_buf *out) {
    pni_buf_printf(out, "utf8proc %s, Unicode %s", utf8proc_version(), utf8proc_unicode_version());
}

static bool is_white(int32_t point) {
    if (point < 0x80) {
        return point == ' ' || (point >= '\t' && point <= '\r');
    }
    return point == 0x85 || point == 0xa0 || point == 0x1680 ||
           (point >= 0x2000 && point <= 0x200a) || point == 0x2028 || point == 0x2029 ||
           point == 0x202f || point == 0x205f || point == 0x3000;
}

/* One code point of valid UTF-8; gives its length, at least 1. Broken bytes come out as -1. */
static size_t decode(const char *data, size_t len, int32_t *point) {
    utf8proc_int32_t value;
    utf8proc_ssize_t used =
        utf8proc_iterate((const utf8proc_uint8_t *)data, (utf8proc_ssize_t)len, &value);
    *point = used > 0 ? value : -1;
    return used > 0 ? (size_t)used : 1;
}

/* White space at the start: its length in bytes, or 0. */
static size_t white_at_start(pni_str text) {
    int32_t point = (uint8_t)text.data[0];
    size_t used = point < 0x80 ? 1 : decode(text.data, text.len, &point);
    return is_white(point) ? used : 0;
}

static size_t white_at_end(pni_str text) {
    int32_t point = (uint8_t)text.data[text.len - 1];
    size_t used = 1;
    if (point >= 0x80) {
        while (used < text.len && used < 4 &&
               ((uint8_t)text.data[text.len - used] & 0xc0) == 0x80) {
            used++;
        }
        decode(text.data + text.len - used, used, &point);
    }
    return is_white(point) ? used : 0;
}

pni_str pni_udf_trim(pni_str text) {
    size_t used = 1;
    while (text.len > 0 && (used = white_at_start(text)) > 0) {
        text.data += used;
        text.len -= used;
    }
    while (text.len > 0 && (used = white_at_end(text)) > 0) {
        text.len -= used;
    }
    return text;
}

/* No letter outside ASCII becomes one of those of the names asked for, so ASCII case is enough. */
bool pni_udf_same_lower(pni_str text, const char *name) {
    if (text.len != strlen(name)) {
        return false;
    }
    for (size_t i = 0; i < text.len; i++) {
        char c = text.data[i];
        if ((c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c) != name[i]) {
            return false;
        }
    }
    return true;
}

udf_form pni_udf_form_of(pni_str name) {
    name = pni_udf_trim(name);
    if (pni_udf_same_lower(name, "nfc")) {
        return UDF_NFC;
    }
    if (pni_udf_same_lower(name, "nfd")) {
        return UDF_NFD;
    }
    return pni_udf_same_lower(name, "nfkd") ? UDF_NFKD : UDF_NFKC;
}

typedef uint8_t block __attribute__((vector_size(UDF_BLOCK)));

/* What the blocks of a text have told about it. */
typedef struct ascii_scan {
    block high;  /* bytes outside ASCII */
    block white; /* white space that is not a space between two others */
} ascii_scan;

static inline block load_block(const char *from) {
    block bytes;
    memcpy(&bytes, from, sizeof bytes);
    return bytes;
}

static inline bool is_any(block bytes) {
    uint64_t words[sizeof bytes / sizeof(uint64_t)];
    memcpy(words, &bytes, sizeof words);
    return (words[0] | words[1]) != 0;
}

/* Stores a block in lower case; `beside` has for each byte the next one, or the one before. */
static inline void scan_block(block bytes, block beside, char *out, ascii_scan *scan) {
    block upper = (block)(bytes - 'A' <= 'Z' - 'A');
    block control = (block)(bytes - '\t' <= '\r' - '\t');
    block spaces = (block)((bytes == ' ') & (beside == ' '));
    scan->high |= bytes & 0x80;
    scan->white |= control | spaces;
    bytes |= upper & 0x20;
    memcpy(out, &bytes, sizeof bytes);
}

/* Copies the text in lower case to `out`, which has room for a block more. The last block of a long
 * text overlaps the one before. */
static ascii_scan lower_ascii(pni_str text, char *out) {
    ascii_scan scan = {{0}, {0}};
    if (text.len > UDF_BLOCK) {
        size_t last = text.len - UDF_BLOCK;
        for (size_t at = 0; at < last; at += UDF_BLOCK) {
            scan_block(load_block(text.data + at), load_block(text.data + at + 1), out + at, &scan);
        }
        scan_block(load_block(text.data + last), load_block(text.data + last - 1), out + last,
                   &scan);
        return scan;
    }
    char bytes[UDF_BLOCK + 1] = {0};
    udf_copy(bytes, text);
    scan_block(load_block(bytes), load_block(bytes + 1), out, &scan);
    return scan;
}

bool pni_udf_lower_plain(pni_str text, bool collapse, char *out) {
    ascii_scan scan = lower_ascii(text, out);
    return !is_any(collapse ? scan.high | scan.white : scan.high);
}

static pni_str collapse_ascii(pni_str text, bool lower, pn_buf *out) {
    char *to = (char *)out->data;
    bool in_white = false;
    for (size_t i = 0; i < text.len; i++) {
        char c = text.data[i];
        bool white = is_white(c);
        if (white && in_white) {
            continue;
        }
        in_white = white;
        c = white ? ' ' : c;
        *to++ = lower && c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
    }
    return (pni_str){(char *)out->data, (size_t)(to - (char *)out->data)};
}

/* False, and nothing done, for a text that is not all ASCII. */
static bool normalize_ascii(pni_str text, udf_normal how, pn_buf *out, pni_str *result) {
    pni_buf_clear(out);
    pni_buf_reserve(out, text.len + UDF_BLOCK);
    ascii_scan scan = lower_ascii(text, (char *)out->data);
    if (is_any(scan.high)) {
        return false;
    }
    if (how.collapse && is_any(scan.white)) {
        *result = collapse_ascii(text, how.lower, out);
    } else {
        *result = how.lower ? (pni_str){(char *)out->data, text.len} : text;
    }
    return true;
}

/* Characters that a word may hold without ending: Case_Ignorable of the Unicode standard. */
static bool is_case_ignorable(int32_t point) {
    static const int32_t marks[] = {0x27,   0x2e,   0x3a,   0xb7,   0x387,  0x55f,
                                    0x5f4,  0x2018, 0x2019, 0x2024, 0x2027, 0xfe13,
                                    0xfe52, 0xfe55, 0xff07, 0xff0e, 0xff1a};
    for (size_t i = 0; i < sizeof marks / sizeof marks[0]; i++) {
        if (marks[i] == point) {
            return true;
        }
    }
    switch ((int)utf8proc_category(point)) {
    case UTF8PROC_CATEGORY_MN:
    case UTF8PROC_CATEGORY_ME:
    case UTF8PROC_CATEGORY_CF:
    case UTF8PROC_CATEGORY_LM:
    case UTF8PROC_CATEGORY_SK:
        return true;
    default:
        return false;
    }
}

/* Cased, for code points that are not case-ignorable: the letters, and the numerals and circled
 * letters. */
static bool is_cased(int32_t point) {
    switch ((int)utf8proc_category(point)) {
    case UTF8PROC_CATEGORY_LL:
    case UTF8PROC_CATEGORY_LU:
    case UTF8PROC_CATEGORY_LT:
        return true;
    default:
        return point == 0xaa || point == 0xba || (point >= 0x2160 && point <= 0x217f) ||
               (point >= 0x24b6 && point <= 0x24e9) || (point >= 0x1f130 && point <= 0x1f149) ||
               (point >= 0x1f150 && point <= 0x1f169) || (point >= 0x1f170 && point <= 0x1f189);
    }
}

/* A sigma is final when a cased letter stands before it and none after it. */
static bool is_final_sigma(const int32_t *points, size_t count, size_t at) {
    size_t before = at;
    while (before > 0 && is_case_ignorable(points[before - 1])) {
        before--;
    }
    if (before == 0 || !is_cased(points[before - 1])) {
        return false;
    }
    size_t after = at + 1;
    while (after < count && is_case_ignorable(points[after])) {
        after++;
    }
    return after == count || !is_cased(points[after]);
}

static void append_point(pn_buf *out, int32_t point) {
    utf8proc_uint8_t bytes[4];
    utf8proc_ssize_t len = utf8proc_encode_char(point, bytes);
    pni_buf_append(out, bytes, (size_t)len);
}

static void append_lower(pn_buf *out, const int32_t *points, size_t count, size_t at) {
    switch (points[at]) {
    case 0x3a3:
        append_point(out, is_final_sigma(points, count, at) ? 0x3c2 : 0x3c3);
        break;
    case 0x130:
        append_point(out, 'i');
        append_point(out, 0x307);
        break;
    default:
        append_point(out, utf8proc_tolower(points[at]));
    }
}

/* Small letters whose upper case is several have the same letters as their case folding: the sharp
 * s folds to ss and becomes SS. A capital letter stays, whatever it folds to. */
static void append_upper(pn_buf *out, int32_t point) {
    utf8proc_int32_t folded[8];
    int boundclass = 0;
    utf8proc_category_t category = utf8proc_category(point);
    utf8proc_ssize_t count = 0;
    if (category == UTF8PROC_CATEGORY_LL || category == UTF8PROC_CATEGORY_LT) {
        count = utf8proc_decompose_char(point, folded, sizeof folded / sizeof folded[0],
                                        UTF8PROC_CASEFOLD, &boundclass);
    }
    if (count < 2) {
        append_point(out, utf8proc_toupper(point));
    }
    for (utf8proc_ssize_t i = 0; count >= 2 && i < count; i++) {
        append_point(out, utf8proc_toupper(folded[i]));
    }
}

static utf8proc_option_t options_of(udf_form form) {
    int compat = form == UDF_NFKC || form == UDF_NFKD ? UTF8PROC_COMPAT : 0;
    int direction = form == UDF_NFC || form == UDF_NFKC ? UTF8PROC_COMPOSE : UTF8PROC_DECOMPOSE;
    return (utf8proc_option_t)(UTF8PROC_STABLE | compat | direction);
}

/* Room for more than `count`. */
static void reserve_points(udf_scratch *scratch, size_t count) {
    if (scratch->points_cap <= count) {
        scratch->points_cap = count + 16;
        scratch->points =
            pni_realloc(scratch->points, scratch->points_cap * sizeof *scratch->points);
    }
}

/* Fills scratch->points; gives the count, or SIZE_MAX for text that is not UTF-8. */
static size_t normal_points(pni_str text, udf_form form, udf_scratch *scratch) {
    const utf8proc_uint8_t *data = (const utf8proc_uint8_t *)text.data;
    utf8proc_option_t options = options_of(form);
    for (;;) {
        utf8proc_ssize_t need =
            utf8proc_decompose(data, (utf8proc_ssize_t)text.len, scratch->points,
                               (utf8proc_ssize_t)scratch->points_cap, options);
        if (need < 0) {
            return SIZE_MAX;
        }
        if ((size_t)need < scratch->points_cap) {
            need = utf8proc_normalize_utf32(scratch->points, need, options);
            return need < 0 ? SIZE_MAX : (size_t)need;
        }
        reserve_points(scratch, (size_t)need);
    }
}

/* Fills scratch->points with the text's; gives the count, or SIZE_MAX for text that is not UTF-8.
 */
static size_t plain_points(pni_str text, udf_scratch *scratch) {
    size_t count = 0;
    reserve_points(scratch, text.len);
    while (text.len > 0) {
        size_t used = decode(text.data, text.len, &scratch->points[count]);
        if (scratch->points[count++] < 0) {
            return SIZE_MAX;
        }
        text.data += used;
        text.len -= used;
    }
    return count;
}

static void upper_ascii(char *text, size_t len) {
    for (size_t i = 0; i < len; i++) {
        text[i] = text[i] >= 'a' && text[i] <= 'z' ? (char)(text[i] - 'a' + 'A') : text[i];
    }
}

pni_str pni_udf_cased(pni_str text, bool upper, udf_scratch *scratch, pn_buf *out) {
    pni_str ascii;
    if (normalize_ascii(text, (udf_normal){.lower = true}, out, &ascii)) {
        if (upper) {
            upper_ascii((char *)out->data, ascii.len);
        }
        return ascii;
    }
    size_t count = plain_points(text, scratch);
    if (count == SIZE_MAX) {
        return text;
    }
    pni_buf_clear(out);
    for (size_t i = 0; i < count; i++) {
        if (upper) {
            append_upper(out, scratch->points[i]);
        } else {
            append_lower(out, scratch->points, count, i);
        }
    }
    return (pni_str){pni_buf_text(out), out->len};
}

/* Runs of white space become one space; none stays at the ends. */
static void collapse(pni_str text, pn_buf *out) {
    text = pni_udf_trim(text);
    pni_buf_clear(out);
    bool in_white = false;
    while (text.len > 0) {
        int32_t point;
        size_t used = decode(text.data, text.len, &point);
        bool white = is_white(point);
        if (!white) {
            pni_buf_append(out, text.data, used);
        } else if (!in_white) {
            pni_buf_putc(out, ' ');
        }
        in_white = white;
        text.data += used;
        text.len -= used;
    }
}

pni_str pni_udf_normalize(pni_str text, udf_normal how, udf_scratch *scratch, pn_buf *out) {
    pni_str ascii;
    text = udf_trim(text);
    if (normalize_ascii(text, how, out, &ascii)) {
        return ascii;
    }
    size_t count = normal_points(text, how.form, scratch);
    if (count == SIZE_MAX) {
        return text; /* Arrow strings are UTF-8; what is not has no normal form */
    }
    pn_buf *first = how.collapse ? &scratch->bytes : out;
    pni_buf_clear(first);
    for (size_t i = 0; i < count; i++) {
        if (how.lower) {
            append_lower(first, scratch->points, count, i);
        } else {
            append_point(first, scratch->points[i]);
        }
    }
    if (how.collapse) {
        collapse((pni_str){pni_buf_text(first), first->len}, out);
    }
    return (pni_str){pni_buf_text(out), out->len};
}
