/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The encoding of Python source by PEP 263: a byte order mark, else a cookie in the first two
 * lines, else utf-8. utf-8, ascii and iso-8859-1 are judged here, the rest by iconv, whose tables
 * do not depend on the locale. Python refuses the wide encodings as source, and so do we.
 */
#include "source/source.h"

#include <ctype.h>
#include <errno.h>
#include <iconv.h>

#define NAME_MAX_BYTES 40u
#define REPLACEMENT "\xEF\xBF\xBD"

typedef enum family { FAMILY_UTF8, FAMILY_ASCII, FAMILY_LATIN1, FAMILY_OTHER, FAMILY_WIDE } family;

struct pni_decoder {
    family kind;
    iconv_t cd;
};

/* ---- which ---------------------------------------------------------------------------------- */

static pni_str first_line(pn_bytes content, size_t *at) {
    const size_t start = *at;
    while (*at < content.len && content.data[*at] != '\n' && content.data[*at] != '\r') {
        (*at)++;
    }
    const pni_str line = {(const char *)content.data + start, *at - start};
    if (*at < content.len) {
        const bool pair =
            content.data[*at] == '\r' && *at + 1 < content.len && content.data[*at + 1] == '\n';
        *at += pair ? 2 : 1;
    }
    return line;
}

static size_t skip_blanks(pni_str line) {
    size_t i = 0;
    while (i < line.len && (line.data[i] == ' ' || line.data[i] == '\t' || line.data[i] == '\f')) {
        i++;
    }
    return i;
}

static bool is_name_char(char c) {
    return isalnum((unsigned char)c) != 0 || c == '-' || c == '_' || c == '.';
}

/* The cookie of a comment line: what follows "coding" and ':' or '='. */
static bool find_cookie(pni_str line, pni_str *name) {
    size_t i = skip_blanks(line);
    if (i == line.len || line.data[i] != '#') {
        return false;
    }
    for (; i + 7 <= line.len; i++) {
        if (memcmp(line.data + i, "coding", 6) != 0 ||
            (line.data[i + 6] != ':' && line.data[i + 6] != '=')) {
            continue;
        }
        size_t from = i + 7;
        while (from < line.len && (line.data[from] == ' ' || line.data[from] == '\t')) {
            from++;
        }
        size_t to = from;
        while (to < line.len && is_name_char(line.data[to])) {
            to++;
        }
        *name = (pni_str){line.data + from, to - from};
        if (name->len > 0) {
            return true;
        }
    }
    return false;
}

/* Lower case, '_' as '-'; the aliases of utf-8 and iso-8859-1 that Python knows by heart become
 * these. */
static void normalise(pni_str cookie, char out[NAME_MAX_BYTES + 1]) {
    size_t len = cookie.len > NAME_MAX_BYTES ? NAME_MAX_BYTES : cookie.len;
    for (size_t i = 0; i < len; i++) {
        out[i] = cookie.data[i] == '_' ? '-' : (char)tolower((unsigned char)cookie.data[i]);
    }
    out[len] = '\0';
    static const struct {
        const char *alias;
        const char *name;
    } known[] = {{"utf8", "utf-8"},         {"u8", "utf-8"},
                 {"latin-1", "iso-8859-1"}, {"iso-latin-1", "iso-8859-1"},
                 {"latin1", "iso-8859-1"},  {"iso8859-1", "iso-8859-1"},
                 {"l1", "iso-8859-1"},      {"us-ascii", "ascii"}};
    if (pni_starts_with(out, "utf-8-") && !pni_streq(out, "utf-8-sig")) {
        out[5] = '\0';
    }
    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++) {
        if (pni_streq(out, known[i].alias)) {
            memcpy(out, known[i].name, strlen(known[i].name) + 1);
            return;
        }
    }
}

static family family_of(const char *encoding) {
    if (pni_streq(encoding, "utf-8") || pni_streq(encoding, "utf-8-sig")) {
        return FAMILY_UTF8;
    }
    if (pni_streq(encoding, "ascii")) {
        return FAMILY_ASCII;
    }
    if (pni_streq(encoding, "iso-8859-1")) {
        return FAMILY_LATIN1;
    }
    static const char *const wide[] = {"utf-16", "utf16", "utf-32", "utf32",
                                       "ucs",    "utf-7", "utf7"};
    for (size_t i = 0; i < sizeof wide / sizeof wide[0]; i++) {
        if (pni_starts_with(encoding, wide[i])) {
            return FAMILY_WIDE;
        }
    }
    return FAMILY_OTHER;
}

/* ---- valid? --------------------------------------------------------------------------------- */

static const char *check_other(const char *encoding, pn_bytes content) {
    const iconv_t cd = iconv_open("UTF-8", encoding);
    if (cd == (iconv_t)-1) {
        return "the encoding is unknown";
    }
    char sink[4096];
    char *in = (char *)(uintptr_t)content.data; /* iconv takes char **, and does not write there */
    size_t in_left = content.len;
    const char *problem = NULL;
    while (in_left > 0 && problem == NULL) {
        char *out = sink;
        size_t out_left = sizeof sink;
        if (iconv(cd, &in, &in_left, &out, &out_left) == (size_t)-1 && errno != E2BIG) {
            problem = "a byte is not valid in the encoding";
        }
    }
    iconv_close(cd);
    return problem;
}

static const char *check(const char *encoding, pn_bytes content) {
    switch (family_of(encoding)) {
    case FAMILY_UTF8:
        return pni_utf8_valid((const char *)content.data, content.len)
                   ? NULL
                   : "a byte is not valid utf-8";
    case FAMILY_ASCII:
        for (size_t i = 0; i < content.len; i++) {
            if (content.data[i] >= 0x80) {
                return "a byte is not valid ascii";
            }
        }
        return NULL;
    case FAMILY_LATIN1:
        return NULL;
    case FAMILY_WIDE:
        return "the encoding is not one of Python source";
    case FAMILY_OTHER:
        break;
    }
    return check_other(encoding, content);
}

char *pni_encoding_detect(pni_arena *arena, pn_bytes content, const char **problem_out) {
    const bool bom = content.len >= 3 && memcmp(content.data, "\xEF\xBB\xBF", 3) == 0;
    size_t at = bom ? 3 : 0;
    pni_str cookie = {NULL, 0};
    const pni_str first = first_line(content, &at);
    bool found = find_cookie(first, &cookie);
    const size_t blanks = skip_blanks(first);
    if (!found && (blanks == first.len || first.data[blanks] == '#')) {
        found = find_cookie(first_line(content, &at), &cookie);
    }
    char name[NAME_MAX_BYTES + 1] = "utf-8";
    if (found) {
        normalise(cookie, name);
    }
    if (bom && family_of(name) != FAMILY_UTF8) {
        *problem_out = "the byte order mark says utf-8, the coding comment another encoding";
        return pni_arena_strdup(arena, name);
    }
    const char *result = bom ? "utf-8-sig" : name;
    *problem_out = check(result, content);
    return pni_arena_strdup(arena, result);
}

/* ---- text ----------------------------------------------------------------------------------- */

pni_decoder *pni_decoder_new(const char *encoding) {
    pni_decoder *decoder = pni_calloc(1, sizeof *decoder);
    decoder->kind = encoding != NULL ? family_of(encoding) : FAMILY_UTF8;
    decoder->cd = (iconv_t)-1;
    if (decoder->kind == FAMILY_OTHER) {
        decoder->cd = iconv_open("UTF-8", encoding);
    }
    return decoder;
}

void pni_decoder_free(pni_decoder *decoder) {
    if (decoder == NULL) {
        return;
    }
    if (decoder->cd != (iconv_t)-1) {
        iconv_close(decoder->cd);
    }
    pni_free(decoder);
}

/* How many bytes at `p` are a whole character (valid) or the longest beginning of one (not valid);
 * at least 1. */
static size_t utf8_step(const uint8_t *p, size_t left, bool *valid) {
    const uint8_t lead = p[0];
    *valid = lead < 0x80;
    if (lead < 0xC2 || lead > 0xF4) {
        return 1;
    }
    const size_t want = lead < 0xE0 ? 2 : lead < 0xF0 ? 3 : 4;
    uint8_t low = lead == 0xE0 ? 0xA0 : lead == 0xF0 ? 0x90 : 0x80;
    uint8_t high = lead == 0xED ? 0x9F : lead == 0xF4 ? 0x8F : 0xBF;
    size_t have = 1;
    while (have < want && have < left && p[have] >= low && p[have] <= high) {
        low = 0x80;
        high = 0xBF;
        have++;
    }
    *valid = have == want;
    return have;
}

static void append_utf8(pn_bytes bytes, pn_buf *out) {
    for (size_t i = 0; i < bytes.len;) {
        bool valid;
        const size_t step = utf8_step(bytes.data + i, bytes.len - i, &valid);
        if (valid) {
            pni_buf_append(out, bytes.data + i, step);
        } else {
            pni_buf_puts(out, REPLACEMENT);
        }
        i += step;
    }
}

static void append_single_byte(family kind, pn_bytes bytes, pn_buf *out) {
    for (size_t i = 0; i < bytes.len; i++) {
        const uint8_t c = bytes.data[i];
        if (c < 0x80) {
            pni_buf_putc(out, (char)c);
        } else if (kind == FAMILY_ASCII) {
            pni_buf_puts(out, REPLACEMENT);
        } else {
            const char pair[2] = {(char)(0xC0 | (c >> 6)), (char)(0x80 | (c & 0x3F))};
            pni_buf_append(out, pair, sizeof pair);
        }
    }
}

static void append_iconv(iconv_t cd, pn_bytes bytes, pn_buf *out) {
    char *in = (char *)(uintptr_t)bytes.data;
    size_t left = bytes.len;
    char chunk[1024];
    (void)iconv(cd, NULL, NULL, NULL, NULL);
    while (left > 0) {
        char *to = chunk;
        size_t room = sizeof chunk;
        const size_t result = iconv(cd, &in, &left, &to, &room);
        const int failed = errno;
        pni_buf_append(out, chunk, sizeof chunk - room);
        if (result == (size_t)-1 && failed != E2BIG) {
            pni_buf_puts(out, REPLACEMENT);
            in += left > 0 ? 1 : 0;
            left -= left > 0 ? 1 : 0;
        }
    }
}

void pni_decoder_append(pni_decoder *decoder, pn_bytes bytes, pn_buf *out) {
    if (bytes.len == 0) {
        return;
    }
    if (decoder->kind == FAMILY_ASCII || decoder->kind == FAMILY_LATIN1) {
        append_single_byte(decoder->kind, bytes, out);
    } else if (decoder->cd != (iconv_t)-1) {
        append_iconv(decoder->cd, bytes, out);
    } else {
        append_utf8(bytes, out);
    }
}
