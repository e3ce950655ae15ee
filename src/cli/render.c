/* SPDX-License-Identifier: Apache-2.0 */
/* The kinds of renderers, and those that need no more than a line per row. */
#include "cli/render.h"

#include <string.h>

static const render_kind *const kinds[] = {&render_table,  &render_json,     &render_jsonlines,
                                           &render_csv,    &render_markdown, &render_arrow,
                                           &render_parquet};

const render_kind *render_kind_named(const char *name) {
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
        if (!strcmp(kinds[i]->name, name)) {
            return kinds[i];
        }
    }
    return NULL;
}

const render_kind *render_kind_of_file(const char *path) {
    const char *dot = strrchr(path, '.');
    const char *slash = strrchr(path, '/');
    size_t len = dot && dot > slash ? strlen(dot) : 0;
    for (size_t i = 0; len && i < sizeof kinds / sizeof kinds[0]; i++) {
        for (const char *s = kinds[i]->suffixes; *s;) {
            size_t size = strcspn(s, " ");
            if (size == len && !strncmp(s, dot, len)) {
                return kinds[i];
            }
            s += size + (s[size] == ' ');
        }
    }
    return NULL;
}

static pn_status nothing(render *r, pn_error *err) {
    (void)r;
    (void)err;
    return PN_OK;
}

static void write_text(render *r) {
    fwrite(r->text.data, 1, r->text.len, r->out);
    r->text.len = 0;
}

/* ---- JSON ---------------------------------------------------------------------------------- */

static pn_status json_begin(render *r, pn_error *err) {
    (void)err;
    fputc('[', r->out);
    return PN_OK;
}

static pn_status json_batch(render *r, int64_t length, pn_error *err) {
    (void)err;
    for (int64_t row = 0; row < length; row++) {
        fputs(r->rows++ ? ",\n " : "\n ", r->out);
        pn_format_row_json(r->format, row, &r->text);
        write_text(r);
    }
    return PN_OK;
}

static pn_status json_end(render *r, pn_error *err) {
    (void)err;
    fputs(r->rows ? "\n]\n" : "]\n", r->out);
    return PN_OK;
}

static pn_status jsonlines_batch(render *r, int64_t length, pn_error *err) {
    (void)err;
    for (int64_t row = 0; row < length; row++, r->rows++) {
        pn_format_row_json(r->format, row, &r->text);
        write_text(r);
        fputc('\n', r->out);
    }
    return PN_OK;
}

/* ---- CSV: RFC 4180 with \n; null is nothing, an empty text is "" ----------------------------- */

static void put_csv_field(render *r, const char *text, size_t len) {
    if (len && !memchr(text, '"', len) && !memchr(text, ',', len) && !memchr(text, '\n', len) &&
        !memchr(text, '\r', len)) {
        fwrite(text, 1, len, r->out);
        return;
    }
    fputc('"', r->out);
    for (size_t i = 0; i < len; i++) {
        if (text[i] == '"') {
            fputc('"', r->out);
        }
        fputc(text[i], r->out);
    }
    fputc('"', r->out);
}

static pn_status csv_begin(render *r, pn_error *err) {
    (void)err;
    for (size_t i = 0; i < pn_format_column_count(r->format); i++) {
        const char *name = pn_format_column_name(r->format, i);
        fputs(i ? "," : "", r->out);
        put_csv_field(r, name, strlen(name));
    }
    fputc('\n', r->out);
    return PN_OK;
}

static pn_status csv_batch(render *r, int64_t length, pn_error *err) {
    size_t columns = pn_format_column_count(r->format);
    (void)err;
    for (int64_t row = 0; row < length; row++, r->rows++) {
        for (size_t i = 0; i < columns; i++) {
            fputs(i ? "," : "", r->out);
            if (!pn_format_is_null(r->format, i, row)) {
                pn_format_text(r->format, i, row, &r->text);
                put_csv_field(r, r->text.data ? (const char *)r->text.data : "", r->text.len);
                r->text.len = 0;
            }
        }
        fputc('\n', r->out);
    }
    return PN_OK;
}

/* ---- Arrow IPC stream ------------------------------------------------------------------------ */

static pn_status arrow_part(render *r, int32_t part, pn_error *err) {
    CLI_TRY(pn_format_ipc(r->format, part, &r->text, err));
    write_text(r);
    return PN_OK;
}

static pn_status arrow_begin(render *r, pn_error *err) {
    return arrow_part(r, PN_FORMAT_IPC_SCHEMA, err);
}

static pn_status arrow_batch(render *r, int64_t length, pn_error *err) {
    r->rows += (uint64_t)length;
    return arrow_part(r, PN_FORMAT_IPC_BATCH, err);
}

static pn_status arrow_end(render *r, pn_error *err) {
    return arrow_part(r, PN_FORMAT_IPC_END, err);
}

const render_kind render_json = {"json", ".json", json_begin, json_batch, json_end, NULL};
const render_kind render_jsonlines = {
    "jsonlines", ".jsonl .jsonlines .ndjson", nothing, jsonlines_batch, nothing, NULL};
const render_kind render_csv = {"csv", ".csv", csv_begin, csv_batch, nothing, NULL};
const render_kind render_arrow = {
    "arrow", ".arrow .arrows .ipc", arrow_begin, arrow_batch, arrow_end, NULL};
/* Written by the engine, see run.c; named here so that it is found by name and by suffix. */
const render_kind render_parquet = {"parquet", ".parquet", NULL, NULL, NULL, NULL};
