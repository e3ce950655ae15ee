/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Rows handed in as a stream become a memory table. Its pin is SHA-256 over the schema digest and
 * the rows in JSON, one line a row: the cut into batches, offsets and buffer padding do not show in
 * it.
 */
#include "dataset/dataset.h"

typedef struct row_hasher {
    const struct ArrowSchema *schema;
    struct ArrowArrayView view;
    pni_sha256 *sha;
    pn_buf line;
} row_hasher;

static void hash_batch(row_hasher *hasher) {
    for (int64_t row = 0; row < hasher->view.length; row++) {
        pni_buf_clear(&hasher->line);
        for (int64_t c = 0; c < hasher->schema->n_children; c++) {
            pni_buf_putc(&hasher->line, c ? ',' : '[');
            pni_arrow_value_json(hasher->schema->children[c], hasher->view.children[c],
                                 row + hasher->view.offset, &hasher->line);
        }
        pni_buf_puts(&hasher->line, "]\n");
        pni_sha256_update(hasher->sha, hasher->line.data, hasher->line.len);
    }
}

typedef PNI_VEC(struct ArrowArray) array_list;

static void arrays_dispose(array_list *arrays) {
    for (size_t i = 0; i < arrays->count; i++)
        pni_auto_release_array(&arrays->items[i]);
    pni_vec_dispose(arrays);
}

static pn_status stream_failed(struct ArrowArrayStream *stream, int code, pn_error *err) {
    const char *text = stream->get_last_error(stream);
    pn_status status = pni_fail_os(err, PNI_E_DATASET_STREAM, code, "reading the rows handed in");
    pni_error_detail(err, "%s", text ? text : "");
    return status;
}

static pn_status read_all(struct ArrowArrayStream *stream, row_hasher *hasher, array_list *arrays,
                          pn_error *err) {
    struct ArrowError problem;
    for (;;) {
        struct ArrowArray batch = {0};
        int code = stream->get_next(stream, &batch);
        if (code)
            return stream_failed(stream, code, err);
        if (!batch.release)
            return PN_OK;
        pni_vec_push(arrays, batch);
        if (ArrowArrayViewSetArray(&hasher->view, &batch, &problem) != NANOARROW_OK ||
            ArrowArrayViewValidate(&hasher->view, NANOARROW_VALIDATION_LEVEL_FULL, &problem) !=
                NANOARROW_OK)
            return pni_fail(err, PNI_E_DATASET_STREAM, "a batch handed in is not valid: %s",
                            problem.message);
        hash_batch(hasher);
    }
}

static pn_status collect(struct ArrowArrayStream *stream, struct ArrowSchema *schema,
                         array_list *arrays, char hex_out[PNI_SHA256_HEX], pn_error *err) {
    struct ArrowError problem;
    char schema_hex[PNI_SHA256_HEX];
    int code = stream->get_schema(stream, schema);
    if (code)
        return stream_failed(stream, code, err);
    if (!pni_streq(schema->format, "+s"))
        return pni_fail(err, PNI_E_DATASET_STREAM,
                        "the rows handed in are no table: their type is '%s'", schema->format);
    PNI_TRY(pni_arrow_schema_digest(schema, schema_hex, err));
    row_hasher hasher = {.schema = schema, .sha = pni_sha256_new()};
    pni_sha256_update(hasher.sha, schema_hex, PNI_SHA256_HEX - 1);
    pn_status status = PN_OK;
    if (ArrowArrayViewInitFromSchema(&hasher.view, schema, &problem) != NANOARROW_OK)
        status = pni_fail(err, PNI_E_DATASET_STREAM, "the schema handed in is not valid: %s",
                          problem.message);
    else
        status = read_all(stream, &hasher, arrays, err);
    pni_sha256_final_hex(hasher.sha, hex_out);
    ArrowArrayViewReset(&hasher.view);
    pn_buf_dispose(&hasher.line);
    return status;
}

static pn_status stream_of(struct ArrowSchema *schema, array_list *arrays,
                           struct ArrowArrayStream *out, pn_error *err) {
    PNI_AUTO_SCHEMA copy = {0};
    if (ArrowSchemaDeepCopy(schema, &copy) != NANOARROW_OK ||
        ArrowBasicArrayStreamInit(out, &copy, (int64_t)arrays->count) != NANOARROW_OK)
        return pni_fail(err, PNI_E_INTERNAL, "no stream over the rows handed in");
    for (size_t i = 0; i < arrays->count; i++)
        ArrowBasicArrayStreamSetArray(out, (int64_t)i, &arrays->items[i]);
    return PN_OK;
}

pn_status pni_resolve_stream(const pni_engine_session *engine, struct ArrowArrayStream *stream,
                             pni_resolved **out, pn_error *err) {
    PNI_AUTO_PTR(pni_resolved) resolved = pni_calloc(1, sizeof *resolved);
    struct ArrowArrayStream copy = {0};
    array_list arrays = {0};
    char hex[PNI_SHA256_HEX];
    pn_status status = collect(stream, &resolved->schema, &arrays, hex, err);
    pni_auto_release_stream(stream);
    if (status == PN_OK)
        status = stream_of(&resolved->schema, &arrays, &copy, err);
    arrays_dispose(&arrays);
    PNI_TRY(status);
    PNI_TRY(pni_engine_table_from_stream(engine, &copy, false, &resolved->table, err));
    resolved->pin = json_pack("{s:s, s:s}", "format", "memory", "rows", hex);
    resolved->evidence = json_object();
    resolved->diagnostics = json_array();
    *out = pni_take(resolved);
    return PN_OK;
}
