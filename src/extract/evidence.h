/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cpg/evidence: the evidence tables: their schemas, the nesting of flat answers into them, and the
 * spool files they wait in until they are written to Delta.
 */
#ifndef PNI_CPG_EVIDENCE_H
#define PNI_CPG_EVIDENCE_H

#include "arrow/arrow.h"
#include "base/base.h"
#include "source/source.h"

/* ---- schemas ------------------------------------------------------------------------------- */

typedef enum pni_evidence {
    PNI_EVIDENCE_REPO_FILES,
    PNI_EVIDENCE_LINES,
    PNI_EVIDENCE_AST,
    PNI_EVIDENCE_SYMTABLE,
    PNI_EVIDENCE_CST,
    PNI_EVIDENCE_TS,
    PNI_EVIDENCE_COUNT
} pni_evidence;

typedef struct pni_evidence_def {
    const char *name;     /* of the table, e.g. "ast_files_v1" */
    const char *prefix;   /* of its flat tables, e.g. "ast"; NULL = not extracted */
    const char *col_unit; /* metadata of its spans */
    const char *fields;   /* see schema.c */
} pni_evidence_def;

const pni_evidence_def *pni_evidence_def_at(pni_evidence which);
pn_status pni_evidence_schema(pni_evidence which, struct ArrowSchema *out, pn_error *err);
/* Builds a schema from a declaration; for tests and for pni_evidence_schema(). */
pn_status pni_evidence_declare(const char *fields, const char *col_unit, struct ArrowSchema *out,
                               pn_error *err);
/* Copies the value of a metadata key of a field; false when it has none. */
bool pni_evidence_metadata(const struct ArrowSchema *field, const char *key, char *out,
                           size_t size);

/* ---- flat tables --------------------------------------------------------------------------- */

#define PNI_FLAT_NAME_SIZE 128

typedef struct pni_flat {
    char name[PNI_FLAT_NAME_SIZE];
    struct ArrowSchema schema;
    struct ArrowArray array;
} pni_flat;

typedef struct pni_flats {
    PNI_VEC(pni_flat) items;
} pni_flats;

/*
 * Decodes an Arrow IPC stream of one batch from a program that is not trusted, and adds it:
 * offsets, lengths and UTF-8 are checked, only int32, int64, utf8 and bool columns pass. CORRUPT
 * says what is wrong.
 */
pn_status pni_flats_add_ipc(pni_flats *flats, const char *name, pn_bytes ipc, pn_error *err);
/* Adds a table made here; both are consumed. */
void pni_flats_add(pni_flats *flats, const char *name, struct ArrowSchema *schema,
                   struct ArrowArray *array);
pni_flat *pni_flats_find(pni_flats *flats, const char *name);
void pni_flats_dispose(pni_flats *flats);
PNI_DEFINE_AUTO(pni_flats, pni_flats_dispose)

/* ---- nesting ------------------------------------------------------------------------------- */

typedef struct pni_row_file {
    const pni_source_file *source;
    const char *error_type; /* NULL = extracted */
    const char *message;
} pni_row_file;
/* What a batch is made of: its files, a row each, and their flat tables. */
typedef struct pni_nest_input {
    const pni_row_file *files; /* NULL: list rows get no identity columns */
    size_t n_files;
    pni_flats *flats; /* their columns are moved out */
    const char *repo; /* value of the column repo, or NULL */
} pni_nest_input;

/*
 * Builds the column `field` (list or struct), a row per file, from the flat table `table` and those
 * below it.
 */
pn_status pni_nest_column(const struct ArrowSchema *field, const char *table,
                          const pni_nest_input *input, struct ArrowArray *out, pn_error *err);
/* One batch of an extracted table. */
pn_status pni_nest_batch(pni_evidence which, const struct ArrowSchema *schema,
                         const pni_nest_input *input, struct ArrowArray *out, pn_error *err);

/* ---- spool files --------------------------------------------------------------------------- */

typedef struct pni_spool pni_spool;
/* Makes the file; batches are appended, and read back as a stream after pni_spool_finish(). */
pn_status pni_spool_new(const char *path, const struct ArrowSchema *schema, pni_spool **out,
                        pn_error *err);
/* Consumes `batch` always. */
pn_status pni_spool_append(pni_spool *spool, struct ArrowArray *batch, pn_error *err);
pn_status pni_spool_finish(pni_spool *spool, pn_error *err);
int64_t pni_spool_rows(const pni_spool *spool);
/* SHA-256 of the finished file: of the schema and the rows, in the order they were appended. */
pn_status pni_spool_digest(const pni_spool *spool, char hex_out[PNI_SHA256_HEX], pn_error *err);
const struct ArrowSchema *pni_spool_schema(const pni_spool *spool);
/* A stream over the finished file; it keeps the file open and outlives the spool. */
pn_status pni_spool_stream(const pni_spool *spool, struct ArrowArrayStream *out, pn_error *err);
void pni_spool_free(pni_spool *spool); /* removes the file */
PNI_DEFINE_AUTO_PTR(pni_spool, pni_spool_free)

/* ---- rows made from the files themselves ---------------------------------------------------- */

pn_status pni_repo_files_batch(const struct ArrowSchema *schema, const pni_source_file *files,
                               size_t n_files, struct ArrowArray *out, pn_error *err);

/* Lines on their way into the spool of file_line_index_v1; full batches are appended by themselves.
 */
typedef struct pni_line_batch {
    pni_spool *spool;
    struct ArrowArray array; /* released = nothing waits */
} pni_line_batch;
pn_status pni_line_batch_add(pni_line_batch *batch, const pni_source_file *file, pn_bytes content,
                             pn_error *err);
pn_status pni_line_batch_flush(pni_line_batch *batch, pn_error *err);

/* ---- one pass over the sources -------------------------------------------------------------- */

typedef struct pni_cpg_collect_options {
    const char *repo_name; /* value of the column repo; may be NULL */
    const char *tmp_dir;   /* exists and is ours */
    const char *python;    /* NULL = see pni_locate_python() */
    unsigned jobs;
    pn_cancel *cancel;
    pn_progress_fn progress;
    void *progress_ctx;
} pni_cpg_collect_options;

/*
 * Reads and extracts every file of the scan into the spools, one per evidence table, finished.
 * *tools_out says which extractors ran and what they counted.
 */
pn_status pni_cpg_collect(pni_scan *scan, const pni_cpg_collect_options *options,
                          pni_spool *spools[PNI_EVIDENCE_COUNT], json_t **tools_out, pn_error *err);

#endif
