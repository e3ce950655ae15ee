/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Flat tables to nested columns, driven by the target schema. A list's rows are the flat table's
 * rows, so its leaf columns are moved, not copied; only the offsets are made here, by counting the
 * rows of each parent in the index column. That column must therefore be within range and must not
 * decrease, which is checked.
 *
 * Rules: a missing column is null, a missing table is empty lists, a struct whose leaves are all
 * null is null, and what the field metadata declares (end_exclusive, col_unit) stands in for a
 * missing leaf of a span that is there.
 */
#include "extract/evidence.h"

typedef struct nest_ctx {
    pni_flats *flats;
    const pni_row_file *files; /* for the identity columns of the top lists; may be NULL */
    pn_error *err;
} nest_ctx;

/* Where the values of a field come from. */
typedef struct place {
    pni_flat *table; /* NULL = missing */
    const char *table_name;
    const char *column; /* dotted path inside the table; "" = the table's rows themselves */
    const struct ArrowSchema *span; /* the enclosing field whose metadata holds defaults, or NULL */
    const int64_t *offsets; /* of the top list: rows offsets[f] .. offsets[f + 1] are of file f */
    int64_t n_files;
    int64_t n_rows;
} place;

static pn_status build(nest_ctx *ctx, const struct ArrowSchema *field, const place *at,
                       struct ArrowArray *out);
static pn_status build_list(nest_ctx *ctx, const struct ArrowSchema *field, const char *table,
                            const char *index_column, int64_t n_parents, struct ArrowArray *out);

static pn_status wrong(const nest_ctx *ctx, const char *table, const char *column,
                       const char *what) {
    return pni_fail(ctx->err, PNI_E_CPG_ANSWER,
                    "column '%s' of table '%s' of an extractor's answer: %s", column, table, what);
}

static pn_status check_arrow(const nest_ctx *ctx, const char *table, int code) {
    return code == NANOARROW_OK ? PN_OK : wrong(ctx, table, "*", "too large to be nested");
}

static int64_t find_column(const pni_flat *table, const char *name) {
    for (int64_t i = 0; table != NULL && i < table->schema.n_children; i++) {
        if (pni_streq(table->schema.children[i]->name, name)) {
            return i;
        }
    }
    return -1;
}

/* ---- leaves -------------------------------------------------------------------------------- */

static const char *ident_value(const pni_source_file *file, const char *name) {
    if (pni_streq(name, "file_id")) {
        return file->file_id;
    }
    if (pni_streq(name, "path")) {
        return file->path;
    }
    return pni_streq(name, "file_sha256") ? file->sha256 : NULL;
}

/* A row of a top list repeats the identity of its file. */
static int append_ident(const nest_ctx *ctx, const char *name, const place *at,
                        struct ArrowArray *out) {
    int code = NANOARROW_OK;
    for (int64_t f = 0; f < at->n_files && code == NANOARROW_OK; f++) {
        const char *text = ident_value(ctx->files[f].source, name);
        for (int64_t i = at->offsets[f]; i < at->offsets[f + 1] && code == NANOARROW_OK; i++) {
            code = ArrowArrayAppendString(out, ArrowCharView(text));
        }
    }
    return code;
}

/*
 * nanoarrow 0.9 reserves room for one bit however many nulls are appended to a bool column
 * (_ArrowArrayAppendBits), so what has bits in it is filled one by one.
 */
static int append_nulls(struct ArrowArray *out, bool has_bits, int64_t count) {
    if (!has_bits) {
        return count > 0 ? ArrowArrayAppendNull(out, count) : NANOARROW_OK;
    }
    int code = NANOARROW_OK;
    for (int64_t i = 0; i < count && code == NANOARROW_OK; i++) {
        code = ArrowArrayAppendNull(out, 1);
    }
    return code;
}

/* A missing leaf: nulls, or the default that the enclosing span declares. */
static pn_status build_missing(const nest_ctx *ctx, const struct ArrowSchema *field,
                               const place *at, struct ArrowArray *out) {
    char text[32];
    const bool ident = ctx->files != NULL && at->offsets != NULL &&
                       strchr(at->column, '.') == NULL && pni_streq(field->format, "u") &&
                       ident_value(ctx->files[0].source, field->name) != NULL;
    const bool given =
        at->span != NULL && pni_evidence_metadata(at->span, field->name, text, sizeof text);
    int code = ArrowArrayInitFromSchema(out, field, NULL);
    if (code == NANOARROW_OK) {
        code = ArrowArrayStartAppending(out);
    }
    if (code == NANOARROW_OK && ident) {
        code = append_ident(ctx, field->name, at, out);
    } else if (code == NANOARROW_OK && given) {
        for (int64_t i = 0; i < at->n_rows && code == NANOARROW_OK; i++) {
            code = pni_streq(field->format, "b") ? ArrowArrayAppendInt(out, pni_streq(text, "true"))
                                                 : ArrowArrayAppendString(out, ArrowCharView(text));
        }
    } else if (code == NANOARROW_OK) {
        code = append_nulls(out, pni_streq(field->format, "b"), at->n_rows);
    }
    if (code == NANOARROW_OK) {
        code = ArrowArrayFinishBuildingDefault(out, NULL);
    }
    return check_arrow(ctx, at->table_name, code);
}

static int64_t count_nulls(const struct ArrowArray *array) {
    if (array->null_count >= 0) {
        return array->null_count;
    }
    return array->buffers[0] == NULL
               ? 0
               : array->length - ArrowBitCountSet(array->buffers[0], array->offset, array->length);
}

static pn_status build_leaf(nest_ctx *ctx, const struct ArrowSchema *field, const place *at,
                            struct ArrowArray *out) {
    const int64_t index = find_column(at->table, at->column);
    if (index < 0) {
        if ((field->flags & ARROW_FLAG_NULLABLE) == 0 && at->n_rows > 0) {
            return wrong(ctx, at->table_name, at->column, "missing");
        }
        return build_missing(ctx, field, at, out);
    }
    if (!pni_streq(at->table->schema.children[index]->format, field->format)) {
        return wrong(ctx, at->table_name, at->column, "of another type than declared");
    }
    struct ArrowArray *values = at->table->array.children[index];
    if (values->release == NULL) {
        return wrong(ctx, at->table_name, at->column, "used twice");
    }
    if ((field->flags & ARROW_FLAG_NULLABLE) == 0 && count_nulls(values) > 0) {
        return wrong(ctx, at->table_name, at->column, "null where a value is needed");
    }
    ArrowArrayMove(values, out);
    return PN_OK;
}

/* ---- structs ------------------------------------------------------------------------------- */

/* Whether a column of the struct at this place was sent at all. */
static bool has_columns(const place *at) {
    const size_t len = strlen(at->column);
    for (int64_t i = 0; at->table != NULL && i < at->table->schema.n_children; i++) {
        const char *name = at->table->schema.children[i]->name;
        if (strncmp(name, at->column, len) == 0 && name[len] == '.') {
            return true;
        }
    }
    return false;
}

static void mark_valid(const struct ArrowArray *child, uint8_t *bits) {
    const uint8_t *valid = child->buffers[0];
    for (int64_t i = 0; i < child->length; i++) {
        if (valid == NULL || ArrowBitGet(valid, child->offset + i)) {
            ArrowBitSet(bits, i);
        }
    }
}

/* A nested struct is there where a leaf that was sent is; lists are never null, so with one it is
 * always there. */
static pn_status set_struct_validity(nest_ctx *ctx, const struct ArrowSchema *field,
                                     const place *at, const bool *sent, struct ArrowArray *out) {
    for (int64_t i = 0; i < field->n_children; i++) {
        if (field->children[i]->format[0] == '+' && field->children[i]->format[1] != 's') {
            return PN_OK;
        }
    }
    struct ArrowBitmap bitmap;
    ArrowBitmapInit(&bitmap);
    int code = ArrowBitmapResize(&bitmap, at->n_rows, 0);
    if (code == NANOARROW_OK && bitmap.buffer.size_bytes > 0) {
        memset(bitmap.buffer.data, 0, (size_t)bitmap.buffer.size_bytes);
        for (int64_t i = 0; i < field->n_children; i++) {
            if (sent[i]) {
                mark_valid(out->children[i], bitmap.buffer.data);
            }
        }
        out->null_count = at->n_rows - ArrowBitCountSet(bitmap.buffer.data, 0, at->n_rows);
    }
    if (code != NANOARROW_OK || out->null_count == 0) {
        ArrowBitmapReset(&bitmap);
        return check_arrow(ctx, at->table_name, code);
    }
    ArrowArraySetValidityBitmap(out, &bitmap);
    return PN_OK;
}

static pn_status build_children(nest_ctx *ctx, const struct ArrowSchema *field, const place *at,
                                bool *sent, struct ArrowArray *out) {
    for (int64_t i = 0; i < field->n_children; i++) {
        char column[PNI_FLAT_NAME_SIZE];
        place child = *at;
        const char *name = field->children[i]->name;
        PNI_AUTO(pn_buf) path = PN_BUF_INIT;
        pni_buf_printf(&path, "%s%s%s", at->column, at->column[0] != '\0' ? "." : "", name);
        if (path.len >= sizeof column) {
            return wrong(ctx, at->table_name, name, "nested too deep");
        }
        memcpy(column, path.data, path.len + 1);
        child.column = column;
        sent[i] = find_column(at->table, column) >= 0 || has_columns(&child);
        ArrowArrayRelease(out->children[i]);
        PNI_TRY(build(ctx, field->children[i], &child, out->children[i]));
    }
    return PN_OK;
}

static pn_status build_struct(nest_ctx *ctx, const struct ArrowSchema *field, const place *at,
                              struct ArrowArray *out) {
    struct ArrowArray made = {0};
    PNI_TRY(check_arrow(ctx, at->table_name, ArrowArrayInitFromSchema(&made, field, NULL)));
    place inner = *at;
    char semantic[8];
    if (pni_evidence_metadata(field, "semantic_type", semantic, sizeof semantic) &&
        pni_streq(semantic, "Span")) {
        inner.span = field;
    } else if (at->column[0] != '\0') {
        inner.span = NULL;
    }
    bool *sent = pni_calloc((size_t)field->n_children + 1, sizeof *sent);
    made.length = at->n_rows;
    pn_status status = build_children(ctx, field, &inner, sent, &made);
    if (status == PN_OK && at->column[0] != '\0') {
        status = set_struct_validity(ctx, field, at, sent, &made);
    }
    if (status == PN_OK) {
        status =
            check_arrow(ctx, at->table_name,
                        ArrowArrayFinishBuilding(&made, NANOARROW_VALIDATION_LEVEL_NONE, NULL));
    }
    pni_free(sent);
    if (status != PN_OK) {
        pni_auto_release_array(&made);
        return status;
    }
    ArrowArrayMove(&made, out);
    return PN_OK;
}

/* ---- lists --------------------------------------------------------------------------------- */

static pn_status read_index(nest_ctx *ctx, const pni_flat *table, const char *index_column,
                            int64_t row, int64_t *value_out) {
    const int64_t index = find_column(table, index_column);
    const struct ArrowArray *column = table->array.children[index];
    const void *values = column->buffers[1];
    const int64_t at = column->offset + row;
    const bool narrow = pni_streq(table->schema.children[index]->format, "i");
    *value_out = narrow ? ((const int32_t *)values)[at] : ((const int64_t *)values)[at];
    return *value_out >= 0 ? PN_OK : wrong(ctx, table->name, index_column, "negative");
}

static pn_status check_index(nest_ctx *ctx, const pni_flat *table, const char *index_column) {
    const int64_t index = find_column(table, index_column);
    if (index < 0) {
        return wrong(ctx, table->name, index_column, "missing");
    }
    const char *format = table->schema.children[index]->format;
    const bool is_int = pni_streq(format, "i") || pni_streq(format, "l");
    if (!is_int || count_nulls(table->array.children[index]) > 0) {
        return wrong(ctx, table->name, index_column, "not an index");
    }
    return table->array.length <= INT32_MAX
               ? PN_OK
               : wrong(ctx, table->name, index_column, "too many rows");
}

/* offsets[p] .. offsets[p + 1] become the rows of parent p; `offsets` has n_parents + 1 zeroes. */
static pn_status count_rows(nest_ctx *ctx, const pni_flat *table, const char *index_column,
                            int64_t n_parents, int64_t *offsets) {
    if (table == NULL) {
        return PN_OK;
    }
    PNI_TRY(check_index(ctx, table, index_column));
    int64_t previous = 0;
    for (int64_t row = 0; row < table->array.length; row++) {
        int64_t parent = 0;
        PNI_TRY(read_index(ctx, table, index_column, row, &parent));
        if (parent < previous || parent >= n_parents) {
            return wrong(ctx, table->name, index_column, "out of range or not in order");
        }
        previous = parent;
        offsets[parent + 1]++;
    }
    for (int64_t p = 0; p < n_parents; p++) {
        offsets[p + 1] += offsets[p];
    }
    return PN_OK;
}

static pn_status build_items(nest_ctx *ctx, const struct ArrowSchema *item, const place *rows,
                             struct ArrowArray *out) {
    place at = *rows;
    const bool is_struct = pni_streq(item->format, "+s");
    at.column = is_struct ? "" : "item";
    return is_struct ? build_struct(ctx, item, &at, out) : build_leaf(ctx, item, &at, out);
}

static int append_offsets(struct ArrowArray *out, const int64_t *offsets, int64_t n_parents) {
    struct ArrowBuffer *buffer = ArrowArrayBuffer(out, 1);
    int code = ArrowBufferReserve(buffer, (n_parents + 1) * (int64_t)sizeof(int32_t));
    for (int64_t p = 0; p <= n_parents && code == NANOARROW_OK; p++) {
        code = ArrowBufferAppendInt32(buffer, (int32_t)offsets[p]);
    }
    return code;
}

static pn_status finish_list(nest_ctx *ctx, const struct ArrowSchema *field, const place *rows,
                             int64_t n_parents, const int64_t *offsets, struct ArrowArray *out) {
    struct ArrowArray made = {0};
    PNI_TRY(check_arrow(ctx, rows->table_name, ArrowArrayInitFromSchema(&made, field, NULL)));
    ArrowArrayRelease(made.children[0]);
    pn_status status = build_items(ctx, field->children[0], rows, made.children[0]);
    if (status == PN_OK) {
        int code = append_offsets(&made, offsets, n_parents);
        made.length = n_parents;
        made.null_count = 0;
        if (code == NANOARROW_OK) {
            code = ArrowArrayFinishBuilding(&made, NANOARROW_VALIDATION_LEVEL_NONE, NULL);
        }
        status = check_arrow(ctx, rows->table_name, code);
    }
    if (status != PN_OK) {
        pni_auto_release_array(&made);
        return status;
    }
    ArrowArrayMove(&made, out);
    return PN_OK;
}

static pn_status build_list(nest_ctx *ctx, const struct ArrowSchema *field, const char *table,
                            const char *index_column, int64_t n_parents, struct ArrowArray *out) {
    pni_flat *flat = pni_flats_find(ctx->flats, table);
    int64_t *offsets = pni_calloc((size_t)n_parents + 1, sizeof *offsets);
    pn_status status = count_rows(ctx, flat, index_column, n_parents, offsets);
    if (status == PN_OK) {
        const bool top = pni_streq(index_column, "file");
        const place rows = {flat,
                            table,
                            "",
                            NULL,
                            top ? offsets : NULL,
                            top ? n_parents : 0,
                            flat != NULL ? flat->array.length : 0};
        status = finish_list(ctx, field, &rows, n_parents, offsets, out);
    }
    pni_free(offsets);
    return status;
}

static pn_status build(nest_ctx *ctx, const struct ArrowSchema *field, const place *at,
                       struct ArrowArray *out) {
    if (field->format[0] != '+') {
        return build_leaf(ctx, field, at, out);
    }
    if (pni_streq(field->format, "+s")) {
        return build_struct(ctx, field, at, out);
    }
    PNI_AUTO(pn_buf) table = PN_BUF_INIT;
    pni_buf_printf(&table, "%s.%s", at->table_name, at->column);
    return build_list(ctx, field, pni_buf_text(&table), "row", at->n_rows, out);
}

/* ---- top ----------------------------------------------------------------------------------- */

/* A struct per file: the table's rows must be those of the files, one each, or none at all. */
static pn_status build_file_struct(nest_ctx *ctx, const struct ArrowSchema *field,
                                   const char *table, int64_t n_files, struct ArrowArray *out) {
    pni_flat *flat = pni_flats_find(ctx->flats, table);
    if (flat != NULL) {
        PNI_TRY(check_index(ctx, flat, "file"));
        for (int64_t row = 0; row < flat->array.length; row++) {
            int64_t file = -1;
            PNI_TRY(read_index(ctx, flat, "file", row, &file));
            if (file != row || flat->array.length != n_files) {
                return wrong(ctx, table, "file", "not exactly one row per file");
            }
        }
        flat = flat->array.length > 0 ? flat : NULL;
    }
    const place at = {flat, table, "", NULL, NULL, 0, n_files};
    if (flat != NULL) {
        return build_struct(ctx, field, &at, out);
    }
    int code = ArrowArrayInitFromSchema(out, field, NULL);
    code = code == NANOARROW_OK ? ArrowArrayStartAppending(out) : code;
    code = code == NANOARROW_OK ? append_nulls(out, true, n_files) : code;
    code = code == NANOARROW_OK ? ArrowArrayFinishBuildingDefault(out, NULL) : code;
    return check_arrow(ctx, table, code);
}

static pn_status nest(nest_ctx *ctx, const struct ArrowSchema *field, const char *table,
                      int64_t n_parents, struct ArrowArray *out) {
    return pni_streq(field->format, "+s") ? build_file_struct(ctx, field, table, n_parents, out)
                                          : build_list(ctx, field, table, "file", n_parents, out);
}

pn_status pni_nest_column(const struct ArrowSchema *field, const char *table,
                          const pni_nest_input *input, struct ArrowArray *out, pn_error *err) {
    nest_ctx ctx = {input->flats, input->files, err};
    struct ArrowArray made = {0};
    const pn_status status = nest(&ctx, field, table, (int64_t)input->n_files, &made);
    if (status != PN_OK) {
        pni_auto_release_array(&made);
        return status;
    }
    ArrowArrayMove(&made, out);
    return PN_OK;
}
