/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Flat tables over nanoarrow builders. An append cannot fail for the caller: the first nanoarrow
 * error stays in the table and is reported when its frame is written, so that row code reads as a
 * plain list of values. Out of memory ends the process like everywhere else in pinion.
 */
#include "extract_ts.h"

#include <nanoarrow/nanoarrow_ipc.h>

static void note(px_table *table, int code) {
    if (code != NANOARROW_OK && table->failed == NANOARROW_OK) {
        table->failed = code;
    }
}

static enum ArrowType arrow_type(px_kind kind) {
    switch (kind) {
    case PX_INT32:
        return NANOARROW_TYPE_INT32;
    case PX_INT64:
        return NANOARROW_TYPE_INT64;
    case PX_BOOL:
        return NANOARROW_TYPE_BOOL;
    case PX_UTF8:
        break;
    }
    return NANOARROW_TYPE_STRING;
}

void px_table_init(px_table *table, const char *name, const px_column *columns, size_t count) {
    *table = (px_table){.name = name};
    ArrowSchemaInit(&table->schema);
    note(table, ArrowSchemaSetTypeStruct(&table->schema, (int64_t)count));
    for (size_t i = 0; i < count && table->failed == NANOARROW_OK; i++) {
        note(table, ArrowSchemaSetType(table->schema.children[i], arrow_type(columns[i].kind)));
        note(table, ArrowSchemaSetName(table->schema.children[i], columns[i].name));
    }
    if (table->failed == NANOARROW_OK) {
        note(table, ArrowArrayInitFromSchema(&table->array, &table->schema, NULL));
    }
    if (table->failed == NANOARROW_OK) {
        note(table, ArrowArrayStartAppending(&table->array));
    }
    if (table->failed != NANOARROW_OK) {
        pni_abort(__FILE__, __LINE__, "out of memory");
    }
}

void px_table_dispose(px_table *table) {
    if (table->array.release) {
        ArrowArrayRelease(&table->array);
    }
    if (table->schema.release) {
        ArrowSchemaRelease(&table->schema);
    }
}

static struct ArrowArray *next_column(px_table *table) {
    pni_assert(table->next < table->array.n_children);
    return table->array.children[table->next++];
}

void px_put_int(px_table *table, int64_t value) {
    note(table, ArrowArrayAppendInt(next_column(table), value));
}

void px_put_bool(px_table *table, bool value) {
    note(table, ArrowArrayAppendInt(next_column(table), value ? 1 : 0));
}

void px_put_text(px_table *table, const char *text, size_t len) {
    struct ArrowArray *column = next_column(table);
    if (!text) {
        note(table, ArrowArrayAppendNull(column, 1));
        return;
    }
    struct ArrowStringView view = {text, (int64_t)len};
    note(table, ArrowArrayAppendString(column, view));
}

void px_end_row(px_table *table) {
    pni_assert(table->next == table->array.n_children);
    table->next = 0;
    note(table, ArrowArrayFinishElement(&table->array));
}

/* nanoarrow leaves the bits behind the last one of a validity bitmap as it found the memory; the
 * frame is to be the same bytes in each run. */
static void clear_unused_bits(struct ArrowArray *array) {
    for (int64_t i = 0; i < array->n_children; i++) {
        struct ArrowBitmap *validity = ArrowArrayValidityBitmap(array->children[i]);
        const int64_t end = validity->buffer.size_bytes * 8;
        if (end > validity->size_bits) {
            ArrowBitsSetTo(validity->buffer.data, validity->size_bits, end - validity->size_bits,
                           0);
        }
    }
}

/* Writes schema, batch and end of stream into `out`. */
static int encode(px_table *table, struct ArrowBuffer *out, struct ArrowError *reason) {
    struct ArrowArrayView view;
    struct ArrowIpcOutputStream stream = {0};
    struct ArrowIpcWriter writer = {0};
    int code = ArrowArrayViewInitFromSchema(&view, &table->schema, reason);
    if (code == NANOARROW_OK) {
        code = ArrowArrayViewSetArray(&view, &table->array, reason);
    }
    if (code == NANOARROW_OK) {
        code = ArrowIpcOutputStreamInitBuffer(&stream, out);
    }
    if (code == NANOARROW_OK) {
        code = ArrowIpcWriterInit(&writer, &stream);
    }
    if (code == NANOARROW_OK) {
        code = ArrowIpcWriterWriteSchema(&writer, &table->schema, reason);
        if (code == NANOARROW_OK) {
            code = ArrowIpcWriterWriteArrayView(&writer, &view, reason);
        }
        if (code == NANOARROW_OK) {
            code = ArrowIpcWriterWriteArrayView(&writer, NULL, reason);
        }
        ArrowIpcWriterReset(&writer);
    } else if (stream.release) {
        stream.release(&stream);
    }
    ArrowArrayViewReset(&view);
    return code;
}

pn_status px_table_write(px_table *table, FILE *out, pn_error *err) {
    struct ArrowError reason = {0};
    struct ArrowBuffer bytes;
    if (table->array.length == 0 && table->failed == NANOARROW_OK) {
        return PN_OK;
    }
    ArrowBufferInit(&bytes);
    int code = table->failed;
    if (code == NANOARROW_OK) {
        code = ArrowArrayFinishBuildingDefault(&table->array, &reason);
    }
    if (code == NANOARROW_OK) {
        clear_unused_bits(&table->array);
        code = encode(table, &bytes, &reason);
    }
    pn_status status = PN_OK;
    if (code != NANOARROW_OK) {
        status = pni_fail_os(err, PNI_E_INTERNAL, code, "building table '%s'", table->name);
        pni_error_detail(err, "%s", reason.message);
    } else {
        status = px_frame_write(out, table->name, bytes.data, (size_t)bytes.size_bytes, err);
    }
    ArrowBufferReset(&bytes);
    return status;
}

pn_status px_frame_write(FILE *out, const char *name, const void *data, size_t len, pn_error *err) {
    PNI_AUTO(pn_buf) head = PN_BUF_INIT;
    pni_buf_printf(&head, "%s %zu\n", name, len);
    if (fwrite(head.data, 1, head.len, out) != head.len || fwrite(data, 1, len, out) != len) {
        return pni_fail(err, PNI_E_FILE_WRITE, "writing frame '%s' failed", name);
    }
    return PN_OK;
}
