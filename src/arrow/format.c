/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The public face of row printing (pinion/format.h). One view over the whole record batch is bound
 * to each batch in turn, so printing a cell allocates nothing but text. A sliced batch keeps its
 * offset in the struct alone, so it is added here, once, for all columns.
 *
 * The IPC writer appends to `sink`, which stands for the caller's buffer during one call; the
 * writer keeps what the format needs from one part to the next.
 */
#include "pinion/format.h"

#include "arrow/arrow_priv.h"

#include <nanoarrow/nanoarrow_ipc.h>

#include <errno.h>

struct pn_format {
    struct ArrowSchema schema;
    struct ArrowArrayView view;
    bool has_batch;
    bool has_writer;
    struct ArrowIpcWriter writer;
    pn_buf *sink;
};

void pn_format_free(pn_format *format) {
    if (!format) {
        return;
    }
    if (format->has_writer) {
        ArrowIpcWriterReset(&format->writer);
    }
    ArrowArrayViewReset(&format->view);
    pni_auto_release_schema(&format->schema);
    pni_free(format);
}

pn_status pn_format_new(const struct ArrowSchema *schema, pn_format **format_out, pn_error *err) {
    struct ArrowError story = {{0}};
    if (!schema || !schema->release || !format_out) {
        return pni_fail(err, PNI_E_ARGUMENT,
                        "pn_format_new: schema and format_out must not be NULL");
    }
    if (strcmp(schema->format, "+s") != 0) {
        return pni_fail(err, PNI_E_ARGUMENT, "pn_format_new: the schema of rows must be a struct");
    }
    PNI_TRY(pni_arrow_check(schema, 0, err));
    pn_format *format = pni_calloc(1, sizeof *format);
    ArrowArrayViewInitFromType(&format->view, NANOARROW_TYPE_UNINITIALIZED);
    arrow_must(ArrowSchemaDeepCopy(schema, &format->schema));
    if (ArrowArrayViewInitFromSchema(&format->view, &format->schema, &story) != NANOARROW_OK) {
        pn_status status = pni_fail(err, PNI_E_ARROW_SCHEMA, "the schema of the rows is damaged");
        pni_error_detail(err, "%s", story.message);
        pn_format_free(format);
        return status;
    }
    *format_out = format;
    return PN_OK;
}

pn_status pn_format_batch(pn_format *format, const struct ArrowArray *batch, pn_error *err) {
    struct ArrowError story = {{0}};
    if (!format || !batch || !batch->release) {
        return pni_fail(err, PNI_E_ARGUMENT, "pn_format_batch: format and batch must not be NULL");
    }
    format->has_batch = false;
    if (ArrowArrayViewSetArray(&format->view, batch, &story) != NANOARROW_OK) {
        pn_status status = pni_fail(err, PNI_E_ARROW_DATA, "a batch does not fit its schema");
        pni_error_detail(err, "%s", story.message);
        return status;
    }
    format->has_batch = true;
    return PN_OK;
}

size_t pn_format_column_count(const pn_format *format) {
    return format ? (size_t)format->schema.n_children : 0;
}

static const struct ArrowSchema *column_of(const pn_format *format, size_t column) {
    return column < pn_format_column_count(format) ? format->schema.children[column] : NULL;
}

const char *pn_format_column_name(const pn_format *format, size_t column) {
    const struct ArrowSchema *field = column_of(format, column);
    return !field ? NULL : field->name ? field->name : "";
}

pn_status pn_format_column_type(const pn_format *format, size_t column, pn_buf *text_out,
                                pn_error *err) {
    const struct ArrowSchema *field = column_of(format, column);
    if (!field || !text_out) {
        return pni_fail(err, PNI_E_ARGUMENT, "pn_format_column_type: there is no column %zu",
                        column);
    }
    return pni_arrow_type_text(field, text_out, err);
}

int pn_format_column_is_number(const pn_format *format, size_t column) {
    const struct ArrowSchema *field = column_of(format, column);
    return field && !field->dictionary && field->format[0] &&
           strchr("cCsSiIlLefgd", *field->format);
}

static bool has_value(const pn_format *format, size_t column, int64_t row) {
    return column_of(format, column) && format->has_batch && row >= 0 && row < format->view.length;
}

int pn_format_is_null(const pn_format *format, size_t column, int64_t row) {
    return !has_value(format, column, row) ||
           pni_arrow_value_is_null(format->schema.children[column], format->view.children[column],
                                   format->view.offset + row);
}

void pn_format_text(const pn_format *format, size_t column, int64_t row, pn_buf *text_out) {
    if (has_value(format, column, row)) {
        pni_arrow_value_text(format->schema.children[column], format->view.children[column],
                             format->view.offset + row, text_out);
    }
}

void pn_format_json(const pn_format *format, size_t column, int64_t row, pn_buf *json_out) {
    if (has_value(format, column, row)) {
        pni_arrow_value_json(format->schema.children[column], format->view.children[column],
                             format->view.offset + row, json_out);
    }
}

void pn_format_row_json(const pn_format *format, int64_t row, pn_buf *json_out) {
    size_t count = pn_format_column_count(format);
    if (!format || !format->has_batch || row < 0 || row >= format->view.length) {
        return;
    }
    pni_buf_putc(json_out, '{');
    for (size_t i = 0; i < count; i++) {
        const char *name = pn_format_column_name(format, i);
        pni_buf_puts(json_out, i ? "," : "");
        pni_json_quote(json_out, name, strlen(name));
        pni_buf_putc(json_out, ':');
        pn_format_json(format, i, row, json_out);
    }
    pni_buf_putc(json_out, '}');
}

static ArrowErrorCode sink_write(struct ArrowIpcOutputStream *stream, const void *data,
                                 int64_t size, int64_t *written_out, struct ArrowError *error) {
    const pn_format *format = stream->private_data;
    (void)error;
    pni_buf_append(format->sink, data, (size_t)size);
    *written_out = size;
    return NANOARROW_OK;
}

static void sink_release(struct ArrowIpcOutputStream *stream) {
    stream->release = NULL;
}

/* The C interface may leave a count open (-1); IPC readers take it at its word. */
static void count_nulls(struct ArrowArrayView *view) {
    if (view->null_count < 0) {
        view->null_count = ArrowArrayViewComputeNullCount(view);
    }
    for (int64_t i = 0; i < view->n_children; i++) {
        count_nulls(view->children[i]);
    }
    if (view->dictionary) {
        count_nulls(view->dictionary);
    }
}

static int write_part(pn_format *format, int32_t part, struct ArrowError *story) {
    if (!format->has_writer) {
        struct ArrowIpcOutputStream stream = {sink_write, sink_release, format};
        arrow_must(ArrowIpcWriterInit(&format->writer, &stream));
        format->has_writer = true;
    }
    if (part == PN_FORMAT_IPC_SCHEMA) {
        return ArrowIpcWriterWriteSchema(&format->writer, &format->schema, story);
    }
    if (part == PN_FORMAT_IPC_BATCH) {
        count_nulls(&format->view);
    }
    const struct ArrowArrayView *batch = part == PN_FORMAT_IPC_BATCH ? &format->view : NULL;
    return ArrowIpcWriterWriteArrayView(&format->writer, batch, story);
}

pn_status pn_format_ipc(pn_format *format, int32_t part, pn_buf *bytes_out, pn_error *err) {
    struct ArrowError story = {{0}};
    if (!format || !bytes_out || part < PN_FORMAT_IPC_SCHEMA || part > PN_FORMAT_IPC_END ||
        (part == PN_FORMAT_IPC_BATCH && !format->has_batch)) {
        return pni_fail(err, PNI_E_ARGUMENT, "pn_format_ipc: no such part, or no batch to write");
    }
    format->sink = bytes_out;
    int code = write_part(format, part, &story);
    format->sink = NULL;
    if (code == NANOARROW_OK) {
        return PN_OK;
    }
    pn_status status = pni_fail(err, PNI_E_ARROW_IPC, "rows of this schema have no Arrow IPC form");
    pni_error_detail(err, "%s", story.message);
    return status;
}
