/* SPDX-License-Identifier: Apache-2.0 */
/*
 * render: rows to bytes. A renderer gets the schema once, then batch after batch, and keeps at most
 * the first thousand rows (table and markdown, which size their columns by them).
 */
#ifndef CLI_RENDER_H
#define CLI_RENDER_H

#include "pinion/arrow.h"
#include "pinion/format.h"

#include "cli/cli.h"

typedef struct render render;

typedef struct render_kind {
    const char *name;
    const char *suffixes; /* of files, separated by spaces */
    pn_status (*begin)(render *r, pn_error *err);
    pn_status (*batch)(render *r, int64_t length, pn_error *err);
    pn_status (*end)(render *r, pn_error *err);
    void (*dispose)(render *r); /* may be NULL */
} render_kind;

struct render {
    const render_kind *kind;
    FILE *out;
    pn_format *format; /* bound to the batch that is rendered */
    pn_buf text;       /* scratch */
    uint64_t rows;     /* rendered so far */
    void *state;       /* of the kind */
};

const render_kind *render_kind_named(const char *name);
const render_kind *render_kind_of_file(const char *path); /* by its suffix, or NULL */

extern const render_kind render_table, render_markdown, render_csv, render_json, render_jsonlines,
    render_arrow, render_parquet;

#endif
