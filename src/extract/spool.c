/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Spool files: one pass over the sources feeds several tables, and Delta takes them one after
 * another. What waits lies in a temporary Arrow IPC stream per table, so memory is bounded by a
 * batch, and no table is touched before every file has been extracted. The files live in the
 * build's own temporary folder, which is emptied when a build starts.
 */
#include "extract/evidence.h"
#include "nanoarrow/nanoarrow_ipc.h"

#include <errno.h>
#include <stdio.h>
#include <unistd.h>

struct pni_spool {
    char *path;
    FILE *file; /* NULL once finished */
    int64_t rows;
    bool has_writer;
    struct ArrowSchema schema;
    struct ArrowIpcWriter writer;
    struct ArrowArrayView view;
};

static pn_status check_write(const pni_spool *spool, int code, const struct ArrowError *why,
                             pn_error *err) {
    if (code == NANOARROW_OK) {
        return PN_OK;
    }
    const pn_status status =
        pni_fail(err, PNI_E_CPG_SPOOL, "temporary file '%s' cannot be written", spool->path);
    pni_error_detail(err, "%s", why->message);
    return status;
}

static int start(pni_spool *spool, struct ArrowError *why) {
    struct ArrowIpcOutputStream output;
    NANOARROW_RETURN_NOT_OK(ArrowIpcOutputStreamInitFile(&output, spool->file, 0));
    int code = ArrowIpcWriterInit(&spool->writer, &output);
    if (code != NANOARROW_OK) {
        output.release(&output);
        return code;
    }
    spool->has_writer = true;
    NANOARROW_RETURN_NOT_OK(ArrowIpcWriterWriteSchema(&spool->writer, &spool->schema, why));
    return ArrowArrayViewInitFromSchema(&spool->view, &spool->schema, why);
}

pn_status pni_spool_new(const char *path, const struct ArrowSchema *schema, pni_spool **out,
                        pn_error *err) {
    PNI_AUTO_PTR(pni_spool) spool = pni_calloc(1, sizeof *spool);
    ArrowArrayViewInitFromType(&spool->view, NANOARROW_TYPE_UNINITIALIZED);
    spool->path = pni_strdup(path);
    spool->file = fopen(path, "wbe");
    if (spool->file == NULL) {
        return pni_fail_os(err, PNI_E_CPG_SPOOL, errno, "temporary file '%s' cannot be made", path);
    }
    struct ArrowError why = {{0}};
    int code = ArrowSchemaDeepCopy(schema, &spool->schema);
    code = code == NANOARROW_OK ? start(spool, &why) : code;
    PNI_TRY(check_write(spool, code, &why, err));
    *out = pni_take(spool);
    return PN_OK;
}

/* The bits behind the last value of a bitmap are whatever memory held; the file is digested, so
 * they are cleared. */
static void clear_tail(const void *bitmap, int64_t bits) {
    if (bitmap && bits % 8) {
        uint8_t *last = (uint8_t *)(uintptr_t)bitmap + bits / 8;
        *last = (uint8_t)(*last & ((1u << (bits % 8)) - 1u));
    }
}

/* `array` is ours and was built from the start of its buffers. */
static void clear_tails(const struct ArrowSchema *field, const struct ArrowArray *array) {
    if (array->n_buffers > 0) {
        clear_tail(array->buffers[0], array->length + array->offset);
    }
    if (pni_streq(field->format, "b")) {
        clear_tail(array->buffers[1], array->length + array->offset);
    }
    for (int64_t i = 0; i < array->n_children; i++) {
        clear_tails(field->children[i], array->children[i]);
    }
}

pn_status pni_spool_append(pni_spool *spool, struct ArrowArray *batch, pn_error *err) {
    PNI_AUTO_ARRAY owned = *batch;
    batch->release = NULL;
    clear_tails(&spool->schema, &owned);
    struct ArrowError why = {{0}};
    int code = ArrowArrayViewSetArray(&spool->view, &owned, &why);
    code = code == NANOARROW_OK ? ArrowIpcWriterWriteArrayView(&spool->writer, &spool->view, &why)
                                : code;
    PNI_TRY(check_write(spool, code, &why, err));
    spool->rows += owned.length;
    return PN_OK;
}

pn_status pni_spool_finish(pni_spool *spool, pn_error *err) {
    struct ArrowError why = {{0}};
    PNI_TRY(
        check_write(spool, ArrowIpcWriterWriteArrayView(&spool->writer, NULL, &why), &why, err));
    FILE *file = pni_take(spool->file);
    if (fclose(file) != 0) {
        return pni_fail_os(err, PNI_E_CPG_SPOOL, errno, "temporary file '%s' cannot be written",
                           spool->path);
    }
    return PN_OK;
}

pn_status pni_spool_digest(const pni_spool *spool, char hex_out[PNI_SHA256_HEX], pn_error *err) {
    uint64_t size;
    return pni_sha256_file(spool->path, hex_out, &size, err);
}

int64_t pni_spool_rows(const pni_spool *spool) {
    return spool->rows;
}

const struct ArrowSchema *pni_spool_schema(const pni_spool *spool) {
    return &spool->schema;
}

pn_status pni_spool_stream(const pni_spool *spool, struct ArrowArrayStream *out, pn_error *err) {
    pni_assert(spool->file == NULL);
    FILE *file = fopen(spool->path, "rbe");
    if (file == NULL) {
        return pni_fail_os(err, PNI_E_CPG_SPOOL, errno, "temporary file '%s' cannot be read",
                           spool->path);
    }
    struct ArrowIpcInputStream input = {0};
    if (ArrowIpcInputStreamInitFile(&input, file, 1) != NANOARROW_OK) {
        fclose(file);
        return pni_fail(err, PNI_E_CPG_SPOOL, "temporary file '%s' cannot be read", spool->path);
    }
    if (ArrowIpcArrayStreamReaderInit(out, &input, NULL) != NANOARROW_OK) {
        input.release(&input);
        return pni_fail(err, PNI_E_CPG_SPOOL, "temporary file '%s' cannot be read", spool->path);
    }
    return PN_OK;
}

void pni_spool_free(pni_spool *spool) {
    if (spool == NULL) {
        return;
    }
    if (spool->has_writer) {
        ArrowIpcWriterReset(&spool->writer);
    }
    if (spool->file != NULL) {
        fclose(spool->file);
    }
    ArrowArrayViewReset(&spool->view);
    pni_auto_release_schema(&spool->schema);
    (void)unlink(spool->path);
    pni_free(spool->path);
    pni_free(spool);
}
