/* SPDX-License-Identifier: Apache-2.0 */
/* The public formatter: names, types, cells and rows; slices; the IPC stream read back. */
#include "t.h"

#include "pinion/format.h"

#include "arrow/arrow.h"

#include <nanoarrow/nanoarrow_ipc.h>

typedef struct sample {
    struct ArrowSchema schema;
    struct ArrowArray batch;
    pn_format *format;
} sample;

static void sample_init(sample *s) {
    static const char fields[] = "[{\"name\":\"n\",\"type\":\"l\",\"nullable\":true},"
                                 "{\"name\":\"t\",\"type\":\"u\",\"nullable\":true},"
                                 "{\"name\":\"l\",\"type\":\"+l\",\"nullable\":true,\"children\":"
                                 "[{\"name\":\"item\",\"type\":\"l\",\"nullable\":true}]}]";
    pn_error err = PN_ERROR_INIT;
    *s = (sample){0};
    json_t *json = json_loads(fields, 0, NULL);
    T_OK(pni_arrow_schema_from_json(json, &s->schema, &err), &err);
    json_decref(json);
    json = json_loads("[[1,\"a\",[1,2]],[null,\"b\\\"\",null],[3,null,[]]]", 0, NULL);
    T_OK(pni_arrow_batch_from_json(json, &s->schema, &s->batch, &err), &err);
    json_decref(json);
    T_OK(pn_format_new(&s->schema, &s->format, &err), &err);
}

static void sample_dispose(sample *s) {
    pn_format_free(s->format);
    pni_auto_release_array(&s->batch);
    pni_auto_release_schema(&s->schema);
}

T_CASE(columns_have_names_and_types) {
    sample s;
    pn_error err = PN_ERROR_INIT;
    PNI_AUTO(pn_buf) type = PN_BUF_INIT;
    sample_init(&s);
    T_EQ_UINT(pn_format_column_count(s.format), 3);
    T_EQ_STR(pn_format_column_name(s.format, 1), "t");
    T_ASSERT(pn_format_column_name(s.format, 3) == NULL);
    T_OK(pn_format_column_type(s.format, 0, &type, &err), &err);
    T_EQ_STR(pni_buf_text(&type), "Int64");
    T_STATUS(pn_format_column_type(s.format, 3, &type, &err), PN_INVALID, &err);
    T_ASSERT(pn_format_column_is_number(s.format, 0));
    T_ASSERT(!pn_format_column_is_number(s.format, 1));
    T_ASSERT(!pn_format_column_is_number(s.format, 3));
    sample_dispose(&s);
}

T_CASE(cells_and_rows) {
    sample s;
    pn_error err = PN_ERROR_INIT;
    PNI_AUTO(pn_buf) out = PN_BUF_INIT;
    sample_init(&s);
    pn_format_text(s.format, 0, 0, &out); /* no batch yet */
    T_EQ_UINT(out.len, 0);
    T_OK(pn_format_batch(s.format, &s.batch, &err), &err);
    pn_format_text(s.format, 1, 1, &out);
    T_EQ_STR(pni_buf_text(&out), "b\"");
    pni_buf_clear(&out);
    pn_format_json(s.format, 1, 1, &out);
    T_EQ_STR(pni_buf_text(&out), "\"b\\\"\"");
    pni_buf_clear(&out);
    T_ASSERT(pn_format_is_null(s.format, 0, 1));
    T_ASSERT(!pn_format_is_null(s.format, 0, 2));
    T_ASSERT(pn_format_is_null(s.format, 0, 3));
    pn_format_row_json(s.format, 0, &out);
    T_EQ_STR(pni_buf_text(&out), "{\"n\":1,\"t\":\"a\",\"l\":[1,2]}");
    pni_buf_clear(&out);
    pn_format_row_json(s.format, 3, &out);
    T_EQ_UINT(out.len, 0);
    sample_dispose(&s);
}

T_CASE(a_slice_keeps_its_offset) {
    sample s;
    pn_error err = PN_ERROR_INIT;
    PNI_AUTO(pn_buf) out = PN_BUF_INIT;
    sample_init(&s);
    s.batch.offset = 1;
    s.batch.length = 2;
    T_OK(pn_format_batch(s.format, &s.batch, &err), &err);
    pn_format_row_json(s.format, 1, &out);
    T_EQ_STR(pni_buf_text(&out), "{\"n\":3,\"t\":null,\"l\":[]}");
    sample_dispose(&s);
}

T_CASE(only_rows_have_a_format) {
    pn_error err = PN_ERROR_INIT;
    pn_format *format = NULL;
    PNI_AUTO_SCHEMA schema = {0};
    T_STATUS(pn_format_new(NULL, &format, &err), PN_INVALID, &err);
    T_OK(pni_arrow_type_parse("int64", &schema, &err), &err);
    T_STATUS(pn_format_new(&schema, &format, &err), PN_INVALID, &err);
    pn_format_free(NULL);
}

/* The stream that was written, read with nanoarrow's own reader. */
static void read_back(const pn_buf *bytes, struct ArrowArrayStream *stream) {
    struct ArrowBuffer buffer;
    struct ArrowIpcInputStream input;
    ArrowBufferInit(&buffer);
    T_EQ_INT(ArrowBufferAppend(&buffer, bytes->data, (int64_t)bytes->len), NANOARROW_OK);
    T_EQ_INT(ArrowIpcInputStreamInitBuffer(&input, &buffer), NANOARROW_OK);
    T_EQ_INT(ArrowIpcArrayStreamReaderInit(stream, &input, NULL), NANOARROW_OK);
}

T_CASE(an_ipc_stream_reads_back) {
    sample s;
    pn_error err = PN_ERROR_INIT;
    PNI_AUTO(pn_buf) bytes = PN_BUF_INIT;
    PNI_AUTO(pn_buf) out = PN_BUF_INIT;
    PNI_AUTO_STREAM stream = {0};
    PNI_AUTO_ARRAY batch = {0};
    PNI_AUTO_ARRAY end = {0};
    sample_init(&s);
    T_STATUS(pn_format_ipc(s.format, PN_FORMAT_IPC_BATCH, &bytes, &err), PN_INVALID, &err);
    T_STATUS(pn_format_ipc(s.format, 3, &bytes, &err), PN_INVALID, &err);
    T_OK(pn_format_ipc(s.format, PN_FORMAT_IPC_SCHEMA, &bytes, &err), &err);
    s.batch.children[0]->null_count = -1; /* not counted, which is allowed */
    s.batch.children[1]->null_count = -1;
    T_OK(pn_format_batch(s.format, &s.batch, &err), &err);
    T_OK(pn_format_ipc(s.format, PN_FORMAT_IPC_BATCH, &bytes, &err), &err);
    T_OK(pn_format_ipc(s.format, PN_FORMAT_IPC_END, &bytes, &err), &err);
    read_back(&bytes, &stream);
    T_EQ_INT(stream.get_next(&stream, &batch), 0);
    T_EQ_INT(batch.length, 3);
    T_EQ_INT(batch.children[0]->null_count, 1);
    T_EQ_INT(batch.children[1]->null_count, 1);
    T_OK(pn_format_batch(s.format, &batch, &err), &err);
    pn_format_row_json(s.format, 1, &out);
    T_EQ_STR(pni_buf_text(&out), "{\"n\":null,\"t\":\"b\\\"\",\"l\":null}");
    T_EQ_INT(stream.get_next(&stream, &end), 0);
    T_ASSERT(end.release == NULL);
    sample_dispose(&s);
}
