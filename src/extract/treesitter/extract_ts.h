/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The tree-sitter extractor program, piece by piece: requests in, flat Arrow tables out.
 * One chunk at a time, one thread. Nothing here opens a file or reads a clock.
 */
#ifndef PX_EXTRACT_TS_H
#define PX_EXTRACT_TS_H

#include "base/base.h"

#include <nanoarrow/nanoarrow.h>

#include <stdint.h>
#include <stdio.h>

/* ---- request.c: chunks of files ------------------------------------------------------------ */

typedef struct px_file {
    const char *path; /* borrowed from the request's JSON */
    const char *data; /* borrowed from the request's bytes */
    size_t size;
} px_file;

typedef struct px_request {
    json_t *header;
    pn_buf bytes;
    px_file *files;
    size_t count;
} px_request;

/* Reads the next chunk; false in *more_out at the end of input, and then nothing to dispose. */
pn_status px_request_read(FILE *in, px_request *request, bool *more_out, pn_error *err);
void px_request_dispose(px_request *request);

/* ---- table.c: flat tables and frames ------------------------------------------------------- */

typedef enum px_kind { PX_INT32, PX_INT64, PX_UTF8, PX_BOOL } px_kind;

typedef struct px_column {
    const char *name;
    px_kind kind;
} px_column;

/* A growing record batch. Columns are appended left to right, then px_table_end_row(). */
typedef struct px_table {
    const char *name;
    struct ArrowSchema schema;
    struct ArrowArray array;
    int64_t next; /* the column the next value goes to */
    int failed;   /* first nanoarrow error, kept until the frame is written */
} px_table;

void px_table_init(px_table *table, const char *name, const px_column *columns, size_t count);
void px_table_dispose(px_table *table);
void px_put_int(px_table *table, int64_t value);
void px_put_bool(px_table *table, bool value);
void px_put_text(px_table *table, const char *text, size_t len); /* NULL text is null */
void px_end_row(px_table *table);
/* Writes the frame `<name> <length>\n<Arrow IPC stream>`; a table without rows writes nothing. */
pn_status px_table_write(px_table *table, FILE *out, pn_error *err);
pn_status px_frame_write(FILE *out, const char *name, const void *data, size_t len, pn_error *err);

/* ---- ids.c: stable ids --------------------------------------------------------------------- */

#define PX_ID_SIZE 64 /* "ts_missing:" + 32 hex digits + NUL, with room */

/* Counts equal (prefix, span, kind) keys of one file, so that its ids never repeat. */
typedef struct px_ids px_ids;
px_ids *px_ids_new(const char *path); /* `path` must outlive it */
void px_ids_free(px_ids *ids);
/* Writes the id of the next thing with this key; `kind` may be NULL. Gives its length. */
size_t px_ids_next(px_ids *ids, const char *prefix, const char *kind, uint32_t start, uint32_t end,
                   char out[PX_ID_SIZE]);

/* ---- walk.c: trees to rows ----------------------------------------------------------------- */

typedef struct px_tables {
    px_table nodes, edges, errors, missing, stats;
} px_tables;

void px_tables_init(px_tables *tables);
void px_tables_dispose(px_tables *tables);
pn_status px_tables_write(px_tables *tables, FILE *out, pn_error *err);

typedef struct px_parser px_parser;
px_parser *px_parser_new(void); /* NULL when the grammar does not fit the library */
void px_parser_free(px_parser *parser);
/*
 * Appends the rows of one file. LIMIT when it is larger than PNI_SOURCE_FILE_MAX_BYTES; then, as on
 * any failure, no row was added.
 */
pn_status px_extract(px_parser *parser, const px_file *file, int32_t index, px_tables *tables,
                     pn_error *err);

#endif
