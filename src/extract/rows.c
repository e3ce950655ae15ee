/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Batches of the evidence tables. repo_files_v1 and file_line_index_v1 are made from the files
 * themselves; a batch of an extracted table has one row per file: its identity, the nested columns,
 * and attributes that say when extraction failed.
 */
#include "extract/evidence.h"

static pn_status check_arrow(pn_error *err, int code) {
    return code == NANOARROW_OK ? PN_OK
                                : pni_fail(err, PNI_E_CPG_ANSWER,
                                           "evidence rows: more than 2 GiB of text in one batch");
}

static int append_text(struct ArrowArray *column, const char *text) {
    return text == NULL ? ArrowArrayAppendNull(column, 1)
                        : ArrowArrayAppendString(column, ArrowCharView(text));
}

static int append_digest(struct ArrowArray *column, const char *hex) {
    return append_text(column, hex[0] != '\0' ? hex : NULL);
}

/* ---- repo_files_v1 ------------------------------------------------------------------------- */

static int append_repo_file(struct ArrowArray *batch, const pni_source_file *file) {
    struct ArrowArray **c = batch->children;
    NANOARROW_RETURN_NOT_OK(append_text(c[0], file->file_id));
    NANOARROW_RETURN_NOT_OK(append_text(c[1], file->path));
    NANOARROW_RETURN_NOT_OK(file->size_bytes < 0 ? ArrowArrayAppendNull(c[2], 1)
                                                 : ArrowArrayAppendInt(c[2], file->size_bytes));
    NANOARROW_RETURN_NOT_OK(append_digest(c[3], file->sha256));
    NANOARROW_RETURN_NOT_OK(append_text(c[4], file->encoding));
    NANOARROW_RETURN_NOT_OK(append_text(c[5], pni_file_status_text(file->status)));
    NANOARROW_RETURN_NOT_OK(append_text(c[6], file->error));
    return ArrowArrayFinishElement(batch);
}

pn_status pni_repo_files_batch(const struct ArrowSchema *schema, const pni_source_file *files,
                               size_t n_files, struct ArrowArray *out, pn_error *err) {
    PNI_AUTO_ARRAY batch = {0};
    int code = ArrowArrayInitFromSchema(&batch, schema, NULL);
    code = code == NANOARROW_OK ? ArrowArrayStartAppending(&batch) : code;
    for (size_t i = 0; i < n_files && code == NANOARROW_OK; i++) {
        code = append_repo_file(&batch, &files[i]);
    }
    code = code == NANOARROW_OK ? ArrowArrayFinishBuildingDefault(&batch, NULL) : code;
    PNI_TRY(check_arrow(err, code));
    ArrowArrayMove(&batch, out);
    return PN_OK;
}

/* ---- file_line_index_v1 -------------------------------------------------------------------- */

/* Small enough that no column of 10,000-byte texts or 4,096-byte paths reaches 2 GiB. */
#define LINES_PER_BATCH 65536

static int start_lines(pni_line_batch *batch) {
    if (batch->array.release != NULL) {
        return NANOARROW_OK;
    }
    NANOARROW_RETURN_NOT_OK(
        ArrowArrayInitFromSchema(&batch->array, pni_spool_schema(batch->spool), NULL));
    return ArrowArrayStartAppending(&batch->array);
}

static int append_line(struct ArrowArray *batch, const pni_source_file *file, int64_t line_no,
                       const pni_line *line, pni_str text) {
    struct ArrowArray **c = batch->children;
    NANOARROW_RETURN_NOT_OK(append_text(c[0], file->file_id));
    NANOARROW_RETURN_NOT_OK(append_text(c[1], file->path));
    NANOARROW_RETURN_NOT_OK(ArrowArrayAppendInt(c[2], line_no));
    NANOARROW_RETURN_NOT_OK(ArrowArrayAppendInt(c[3], line->start_byte));
    NANOARROW_RETURN_NOT_OK(ArrowArrayAppendInt(c[4], line->end_byte));
    const struct ArrowStringView view = {text.data, (int64_t)text.len};
    NANOARROW_RETURN_NOT_OK(ArrowArrayAppendString(c[5], view));
    NANOARROW_RETURN_NOT_OK(append_text(c[6], line->newline_kind));
    return ArrowArrayFinishElement(batch);
}

pn_status pni_line_batch_flush(pni_line_batch *batch, pn_error *err) {
    if (batch->array.release == NULL) {
        return PN_OK;
    }
    PNI_AUTO_ARRAY whole = {0};
    PNI_TRY(check_arrow(err, ArrowArrayFinishBuildingDefault(&batch->array, NULL)));
    ArrowArrayMove(&batch->array, &whole);
    return pni_spool_append(batch->spool, &whole, err);
}

pn_status pni_line_batch_add(pni_line_batch *batch, const pni_source_file *file, pn_bytes content,
                             pn_error *err) {
    PNI_AUTO_PTR(pni_decoder) decoder = pni_decoder_new(file->encoding);
    PNI_AUTO(pn_buf) text = PN_BUF_INIT;
    pni_line line;
    size_t at = 0;
    for (int64_t line_no = 0; pni_line_next(content, &at, &line); line_no++) {
        size_t len = (size_t)(line.text_end - line.start_byte);
        /* Four bytes of source give at least one of text, so no more of a huge line is needed. */
        len = len > 4 * PNI_LINE_TEXT_MAX_BYTES ? 4 * PNI_LINE_TEXT_MAX_BYTES : len;
        pni_buf_clear(&text);
        pni_decoder_append(decoder, (pn_bytes){content.data + line.start_byte, len}, &text);
        const char *data = pni_buf_text(&text);
        const size_t keep = text.len > PNI_LINE_TEXT_MAX_BYTES
                                ? pni_utf8_cut(data, text.len, PNI_LINE_TEXT_MAX_BYTES)
                                : text.len;
        PNI_TRY(check_arrow(err, start_lines(batch)));
        PNI_TRY(check_arrow(
            err, append_line(&batch->array, file, line_no, &line, (pni_str){data, keep})));
        if (batch->array.length >= LINES_PER_BATCH) {
            PNI_TRY(pni_line_batch_flush(batch, err));
        }
    }
    return PN_OK;
}

/* ---- extracted tables ---------------------------------------------------------------------- */

static int append_attr(struct ArrowArray *map, const char *key, const char *value) {
    NANOARROW_RETURN_NOT_OK(append_text(map->children[0]->children[0], key));
    NANOARROW_RETURN_NOT_OK(append_text(map->children[0]->children[1], value));
    return ArrowArrayFinishElement(map->children[0]);
}

static int append_attrs(struct ArrowArray *map, const pni_row_file *file) {
    if (file->error_type != NULL) {
        NANOARROW_RETURN_NOT_OK(append_attr(map, "extractor_error_type", file->error_type));
        NANOARROW_RETURN_NOT_OK(append_attr(map, "extractor_error", file->message));
    }
    return ArrowArrayFinishElement(map);
}

static int append_own(struct ArrowArray *column, const char *name, const char *repo,
                      const pni_row_file *file) {
    if (pni_streq(name, "repo")) {
        return append_text(column, repo);
    }
    if (pni_streq(name, "path")) {
        return append_text(column, file->source->path);
    }
    return pni_streq(name, "file_id") ? append_text(column, file->source->file_id)
                                      : append_digest(column, file->source->sha256);
}

/* The columns that are not nested: repo, path, file_id, file_sha256 and the map attrs. */
static int build_own(const struct ArrowSchema *field, const pni_nest_input *input,
                     struct ArrowArray *out) {
    NANOARROW_RETURN_NOT_OK(ArrowArrayInitFromSchema(out, field, NULL));
    NANOARROW_RETURN_NOT_OK(ArrowArrayStartAppending(out));
    const bool is_map = pni_streq(field->format, "+m");
    for (size_t i = 0; i < input->n_files; i++) {
        const pni_row_file *file = &input->files[i];
        NANOARROW_RETURN_NOT_OK(is_map ? append_attrs(out, file)
                                       : append_own(out, field->name, input->repo, file));
    }
    return ArrowArrayFinishBuildingDefault(out, NULL);
}

static bool is_own(const struct ArrowSchema *field) {
    return field->format[0] != '+' || pni_streq(field->format, "+m");
}

pn_status pni_nest_batch(pni_evidence which, const struct ArrowSchema *schema,
                         const pni_nest_input *input, struct ArrowArray *out, pn_error *err) {
    PNI_AUTO_ARRAY batch = {0};
    PNI_TRY(check_arrow(err, ArrowArrayInitFromSchema(&batch, schema, NULL)));
    for (int64_t i = 0; i < schema->n_children; i++) {
        const struct ArrowSchema *field = schema->children[i];
        ArrowArrayRelease(batch.children[i]);
        if (is_own(field)) {
            PNI_TRY(check_arrow(err, build_own(field, input, batch.children[i])));
            continue;
        }
        char table[PNI_FLAT_NAME_SIZE];
        PNI_AUTO(pn_buf) name = PN_BUF_INIT;
        pni_buf_printf(&name, "%s.%s", pni_evidence_def_at(which)->prefix, field->name);
        pni_assert(name.len < sizeof table);
        memcpy(table, pni_buf_text(&name), name.len + 1);
        PNI_TRY(pni_nest_column(field, table, input, batch.children[i], err));
    }
    batch.length = (int64_t)input->n_files;
    PNI_TRY(
        check_arrow(err, ArrowArrayFinishBuilding(&batch, NANOARROW_VALIDATION_LEVEL_NONE, NULL)));
    ArrowArrayMove(&batch, out);
    return PN_OK;
}
