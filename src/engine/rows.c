/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The rows of a query as JSON: for what the engine tells about itself in its information_schema,
 * which is small. Data of users never passes here.
 */
#include "pinion/format.h"

#include "engine/engine.h"

static pn_status append_rows(struct ArrowArrayStream *stream, pn_format *format, pn_buf *text,
                             pn_error *err) {
    for (;;) {
        PNI_AUTO_ARRAY batch = {0};
        int code = stream->get_next(stream, &batch);
        if (code) {
            return pni_engine_stream_error(stream, code, err);
        }
        if (!batch.release) {
            return PN_OK;
        }
        PNI_TRY(pn_format_batch(format, &batch, err));
        for (int64_t row = 0; row < batch.length; row++) {
            pni_buf_puts(text, text->len > 1 ? "," : "");
            pn_format_row_json(format, row, text);
        }
    }
}

pn_status pni_engine_rows(const pni_engine_session *session, const char *sql, json_t **out,
                          pn_error *err) {
    PNI_AUTO_PTR(pni_engine_plan) plan = NULL;
    PNI_AUTO_STREAM stream = {0};
    PNI_AUTO_SCHEMA schema = {0};
    PNI_AUTO(pn_buf) text = PN_BUF_INIT;
    pn_format *format = NULL;
    pn_bytes bytes = {(const uint8_t *)sql, strlen(sql)};
    PNI_TRY(pni_engine_plan_sql(session, PNI_SPACE_RUN, bytes, 0, &plan, err));
    PNI_TRY(pni_engine_plan_execute(plan, NULL, &stream, err));
    PNI_TRY(pni_engine_plan_schema(plan, &schema, err));
    PNI_TRY(pn_format_new(&schema, &format, err));
    pni_buf_puts(&text, "[");
    pn_status status = append_rows(&stream, format, &text, err);
    pn_format_free(format);
    PNI_TRY(status);
    pni_buf_puts(&text, "]");
    return pni_json_parse(text.data, text.len, "snapshot of the engine", out, err);
}
