/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Tables for people, plain and as markdown. The first rows are held back until the widths of the
 * columns are known; later rows keep these widths and may stick out, so memory stays bounded
 * however many rows come. Numbers stand right. Line breaks, tabs and terminal controls inside a
 * cell are escaped: a row is a line, and data cannot drive the terminal.
 */
#include "cli/render.h"

#include <stdlib.h>
#include <string.h>

#define HELD_ROWS 1000

typedef struct table {
    size_t columns;
    size_t *widths;
    char **cells; /* held rows, row by row */
    size_t held;
    bool is_flowing; /* the head is out, rows go straight through */
    bool is_markdown;
} table;

static void put_escaped(char *out, size_t *at, unsigned char c) {
    static const char hex[] = "0123456789abcdef";
    out[(*at)++] = '\\';
    if (c == '\n' || c == '\t' || c == '\r') {
        out[(*at)++] = c == '\n' ? 'n' : c == '\t' ? 't' : 'r';
        return;
    }
    out[(*at)++] = 'x';
    out[(*at)++] = hex[c >> 4];
    out[(*at)++] = hex[c & 15];
}

/* A copy of the text fit for one line; `pipe` also escapes what would end a markdown cell. */
static char *one_line(const char *text, size_t len, bool pipe) {
    char *out = cli_alloc(len * 4 + 1);
    size_t at = 0;
    bool is_valid = cli_utf8_valid(text, len);
    for (size_t i = 0; i < len; i++) {
        unsigned char c = (unsigned char)text[i];
        bool is_c1 = c == 0xC2 && i + 1 < len && (unsigned char)text[i + 1] < 0xA0;
        if (c < 0x20 || c == 0x7F || is_c1 || (!is_valid && c >= 0x80)) {
            put_escaped(out, &at, c);
            if (is_c1 && is_valid) {
                put_escaped(out, &at, (unsigned char)text[++i]);
            }
        } else {
            if (pipe && c == '|') {
                out[at++] = '\\';
            }
            out[at++] = text[i];
        }
    }
    out[at] = '\0';
    return out;
}

static void put_cell(const render *r, const table *t, size_t column, const char *text,
                     bool is_right) {
    size_t width = cli_width(text, strlen(text));
    size_t pad = width < t->widths[column] ? t->widths[column] - width : 0;
    bool is_last = column + 1 == t->columns;
    fputs(t->is_markdown ? (column ? " | " : "| ") : (column ? "  " : ""), r->out);
    if (is_right) {
        fprintf(r->out, "%*s", (int)pad, "");
    }
    fputs(text, r->out);
    if (!is_right && (t->is_markdown || !is_last)) {
        fprintf(r->out, "%*s", (int)pad, "");
    }
    if (is_last) {
        fputs(t->is_markdown ? " |\n" : "\n", r->out);
    }
}

static void put_rule(const render *r, const table *t) {
    for (size_t c = 0; c < t->columns; c++) {
        bool is_right = pn_format_column_is_number(r->format, c);
        fputs(t->is_markdown ? "|" : c ? "  " : "", r->out);
        size_t edge = is_right ? 1 : 2; /* the spaces beside the text; a colon takes one */
        size_t dashes = t->widths[c] + (t->is_markdown ? edge : 0);
        for (size_t i = 0; i < dashes; i++) {
            fputc('-', r->out);
        }
        fputs(t->is_markdown && is_right ? ":" : "", r->out);
    }
    fputs(t->is_markdown ? "|\n" : "\n", r->out);
}

static void put_head(render *r, table *t) {
    for (size_t c = 0; c < t->columns; c++) {
        const char *name = pn_format_column_name(r->format, c);
        CLI_AUTO_TEXT shown = one_line(name, strlen(name), t->is_markdown);
        put_cell(r, t, c, shown, pn_format_column_is_number(r->format, c));
    }
    put_rule(r, t);
    for (size_t i = 0; i < t->held * t->columns; i++) {
        size_t c = i % t->columns;
        put_cell(r, t, c, t->cells[i], pn_format_column_is_number(r->format, c));
        free(t->cells[i]);
    }
    t->held = 0;
    t->is_flowing = true;
}

static pn_status begin(render *r, bool is_markdown) {
    table *t = cli_alloc(sizeof *t);
    t->is_markdown = is_markdown;
    t->columns = pn_format_column_count(r->format);
    t->widths = cli_alloc((t->columns + 1) * sizeof *t->widths);
    t->cells = cli_alloc((t->columns * HELD_ROWS + 1) * sizeof *t->cells);
    for (size_t c = 0; c < t->columns; c++) {
        const char *name = pn_format_column_name(r->format, c);
        CLI_AUTO_TEXT shown = one_line(name, strlen(name), is_markdown);
        size_t width = cli_width(shown, strlen(shown));
        t->widths[c] = is_markdown && width < 3 ? 3 : width;
    }
    r->state = t;
    return PN_OK;
}

static pn_status table_begin(render *r, pn_error *err) {
    (void)err;
    return begin(r, false);
}

static pn_status markdown_begin(render *r, pn_error *err) {
    (void)err;
    return begin(r, true);
}

static char *cell_text(render *r, const table *t, size_t column, int64_t row) {
    r->text.len = 0;
    pn_format_text(r->format, column, row, &r->text);
    char *shown = one_line((const char *)r->text.data, r->text.len, t->is_markdown);
    r->text.len = 0;
    return shown;
}

static pn_status batch(render *r, int64_t length, pn_error *err) {
    table *t = r->state;
    (void)err;
    for (int64_t row = 0; row < length; row++, r->rows++) {
        if (!t->is_flowing && t->held == HELD_ROWS) {
            put_head(r, t);
        }
        for (size_t c = 0; c < t->columns; c++) {
            char *text = cell_text(r, t, c, row);
            if (t->is_flowing) {
                put_cell(r, t, c, text, pn_format_column_is_number(r->format, c));
                free(text);
                continue;
            }
            size_t width = cli_width(text, strlen(text));
            t->widths[c] = width > t->widths[c] ? width : t->widths[c];
            t->cells[t->held * t->columns + c] = text;
        }
        t->held += !t->is_flowing;
    }
    return PN_OK;
}

static pn_status end(render *r, pn_error *err) {
    table *t = r->state;
    (void)err;
    if (!t->is_flowing) {
        put_head(r, t);
    }
    return PN_OK;
}

static void dispose(render *r) {
    table *t = r->state;
    if (!t) {
        return;
    }
    for (size_t i = 0; i < t->held * t->columns; i++) {
        free(t->cells[i]);
    }
    free(t->cells);
    free(t->widths);
    free(t);
    r->state = NULL;
}

const render_kind render_table = {"table", ".txt", table_begin, batch, end, dispose};
const render_kind render_markdown = {"markdown", ".md", markdown_begin, batch, end, dispose};
