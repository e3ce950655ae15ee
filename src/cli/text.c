/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Text helpers of the program. Widths come from a short table instead of the C library's, whose
 * answer depends on the locale: the same rows must print the same everywhere.
 */
#define _GNU_SOURCE
#include "cli/cli.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define QUERY_MAX_BYTES ((size_t)64 << 20) /* the library's own ceiling for a query */

void cli_auto_text(char **text) {
    free(*text);
}

void *cli_grow(void *data, size_t size) {
    void *grown = realloc(data, size ? size : 1);
    if (!grown) {
        fputs("pinion: out of memory\n", stderr);
        exit(3);
    }
    return grown;
}

void *cli_alloc(size_t size) {
    void *data = cli_grow(NULL, size);
    memset(data, 0, size);
    return data;
}

char *cli_format(const char *format, ...) {
    char *text = NULL;
    va_list args;
    va_start(args, format);
    int len = vasprintf(&text, format, args);
    va_end(args);
    return len < 0 ? cli_alloc(1) : text;
}

static size_t least(size_t a, size_t b) {
    return a < b ? a : b;
}

/* Edits between two short words; a swap of neighbours counts as one. */
static size_t distance(const char *a, const char *b) {
    enum { MOST = 40 };
    size_t rows[3][MOST + 1];
    size_t n = strlen(a);
    size_t m = strlen(b);
    if (n > MOST || m > MOST) {
        return MOST;
    }
    for (size_t j = 0; j <= m; j++) {
        rows[0][j] = j;
    }
    for (size_t i = 1; i <= n; i++) {
        size_t *now = rows[i % 3];
        const size_t *last = rows[(i + 2) % 3];
        const size_t *before = rows[(i + 1) % 3];
        now[0] = i;
        for (size_t j = 1; j <= m; j++) {
            size_t cost = a[i - 1] != b[j - 1];
            now[j] = least(least(last[j] + 1, now[j - 1] + 1), last[j - 1] + cost);
            if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1]) {
                now[j] = least(now[j], before[j - 2] + 1);
            }
        }
    }
    return rows[n % 3][m];
}

const char *cli_nearest(const char *word, const char *const *candidates) {
    const char *best = NULL;
    size_t best_distance = strlen(word) / 3 + 2; /* a short word is near to few */
    for (; *candidates; candidates++) {
        size_t d = distance(word, *candidates);
        bool is_prefix = strlen(word) >= 3 && !strncmp(*candidates, word, strlen(word));
        d = is_prefix ? 1 : d;
        if (d < best_distance) {
            best_distance = d;
            best = *candidates;
        }
    }
    return best;
}

/* Decodes one code point; 0 bytes when `text` does not start with one. */
static size_t decode(const char *text, size_t len, uint32_t *code_out) {
    static const uint32_t lowest[] = {0, 0, 0x80, 0x800, 0x10000};
    const unsigned char *s = (const unsigned char *)text;
    size_t size = s[0] < 0x80       ? 1
                  : s[0] >> 5 == 6  ? 2
                  : s[0] >> 4 == 14 ? 3
                  : s[0] >> 3 == 30 ? 4
                                    : 0;
    if (!size || size > len) {
        return 0;
    }
    uint32_t code = size == 1 ? s[0] : s[0] & (0x7FU >> size);
    for (size_t i = 1; i < size; i++) {
        if (s[i] >> 6 != 2) {
            return 0;
        }
        code = code << 6 | (s[i] & 0x3F);
    }
    bool is_surrogate = code >= 0xD800 && code <= 0xDFFF;
    *code_out = code;
    return code < lowest[size] || is_surrogate || code > 0x10FFFF ? 0 : size;
}

bool cli_utf8_valid(const char *text, size_t len) {
    for (size_t at = 0, step; at < len; at += step) {
        uint32_t code;
        step = decode(text + at, len - at, &code);
        if (!step) {
            return false;
        }
    }
    return true;
}

static size_t width_of(uint32_t code) {
    static const struct {
        uint32_t first, last;
        size_t width;
    } ranges[] = {
        {0x0300, 0x036F, 0},   {0x0483, 0x0489, 0},   {0x0591, 0x05BD, 0},   {0x064B, 0x065F, 0},
        {0x1100, 0x115F, 2},   {0x1AB0, 0x1AFF, 0},   {0x1DC0, 0x1DFF, 0},   {0x200B, 0x200F, 0},
        {0x20D0, 0x20FF, 0},   {0x2E80, 0x303E, 2},   {0x3041, 0x33FF, 2},   {0x3400, 0x4DBF, 2},
        {0x4E00, 0x9FFF, 2},   {0xA000, 0xA4CF, 2},   {0xAC00, 0xD7A3, 2},   {0xF900, 0xFAFF, 2},
        {0xFE00, 0xFE0F, 0},   {0xFE20, 0xFE2F, 0},   {0xFE30, 0xFE6F, 2},   {0xFF00, 0xFF60, 2},
        {0xFFE0, 0xFFE6, 2},   {0x1F300, 0x1F64F, 2}, {0x1F680, 0x1F6FF, 2}, {0x1F900, 0x1FAFF, 2},
        {0x20000, 0x3FFFD, 2}, {0xE0100, 0xE01EF, 0},
    };
    for (size_t i = 0; i < sizeof ranges / sizeof *ranges; i++) {
        if (code >= ranges[i].first && code <= ranges[i].last) {
            return ranges[i].width;
        }
    }
    return 1;
}

size_t cli_width(const char *text, size_t len) {
    size_t width = 0;
    for (size_t at = 0, step; at < len; at += step ? step : 1) {
        uint32_t code;
        step = decode(text + at, len - at, &code);
        width += step ? width_of(code) : 1;
    }
    return width;
}

static pn_status read_all(const cli_app *cli, int fd, char **text_out, size_t *len_out,
                          pn_error *err) {
    size_t len = 0;
    size_t cap = 0;
    char *text = NULL;
    for (;;) {
        if (cap - len < 4096) {
            cap = cap ? cap * 2 : 8192;
            text = cli_grow(text, cap);
        }
        ssize_t got = read(fd, text + len, cap - len - 1);
        *text_out = text;
        if (pn_cancel_is_fired(cli->cancel)) {
            return cli_fail(err, CLI_E_CANCELLED, "cancelled while reading the query");
        }
        if (got < 0 && errno != EINTR) {
            return cli_fail_os(err, CLI_E_INPUT, errno, "the query cannot be read");
        }
        if (got == 0) {
            text[len] = '\0';
            *len_out = len;
            return PN_OK;
        }
        len += got > 0 ? (size_t)got : 0;
        if (len > QUERY_MAX_BYTES) {
            return cli_fail(err, CLI_E_INPUT, "the query is longer than 64 MiB");
        }
    }
}

pn_status cli_read_text(const cli_app *cli, const char *path, char **text_out, pn_error *err) {
    bool is_stdin = !strcmp(path, "-");
    size_t len = 0;
    int fd = is_stdin ? STDIN_FILENO : open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0 && errno == EINTR) {
        return cli_fail(err, CLI_E_CANCELLED, "cancelled while opening '%s'", path);
    }
    if (fd < 0) {
        int32_t number = errno == ENOENT ? CLI_E_FILE_MISSING : CLI_E_INPUT;
        return cli_fail_os(err, number, errno, "cannot open '%s'", path);
    }
    pn_status status = read_all(cli, fd, text_out, &len, err);
    if (!is_stdin) {
        close(fd);
    }
    if (status == PN_OK && (strlen(*text_out) != len || !cli_utf8_valid(*text_out, len))) {
        status = cli_fail(err, CLI_E_ENCODING, "'%s' is not UTF-8 text",
                          is_stdin ? "standard input" : path);
    }
    return status;
}
