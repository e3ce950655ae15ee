/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The argument `schema` as the bytes of an Arrow IPC message, as other programs serialise schemas.
 * SQL has them as hex digits, X'ffff…' or plain text. They become what the JSON form holds, columns
 * with their types in words, so that the rest of the way there is one form only. Metadata is left
 * out: a schema of a scan is names, types and what may be null.
 *
 * The bytes are a stranger's: the length is checked here and the message by nanoarrow, before
 * anything of it is read.
 */
#include "udf/tables/tab_priv.h"

#include <nanoarrow/nanoarrow_ipc.h>

static void reset_decoder(struct ArrowIpcDecoder *decoder) {
    ArrowIpcDecoderReset(decoder);
}

static int digit_value(char digit) {
    if (digit >= '0' && digit <= '9') {
        return digit - '0';
    }
    digit |= 0x20;
    return digit >= 'a' && digit <= 'f' ? digit - 'a' + 10 : -1;
}

static bool from_hex(pni_str text, pn_buf *out) {
    for (size_t i = 0; i + 1 < text.len; i += 2) {
        int high = digit_value(text.data[i]);
        int low = digit_value(text.data[i + 1]);
        if (high < 0 || low < 0) {
            return false;
        }
        pni_buf_putc(out, (char)(high * 16 + low));
    }
    return text.len > 0 && text.len % 2 == 0;
}

/* A message starts with -1 and its length; nanoarrow adds to the length before it looks at it. */
static bool is_message(const pn_buf *bytes) {
    int32_t start[2];
    if (bytes->len < sizeof start) {
        return false;
    }
    memcpy(start, bytes->data, sizeof start); /* little endian, as all hosts of the engine are */
    return start[0] == -1 && start[1] > 0 && (size_t)start[1] <= bytes->len - sizeof start;
}

static int decode(const pn_buf *bytes, struct ArrowSchema *out, struct ArrowError *why) {
    __attribute__((cleanup(reset_decoder))) struct ArrowIpcDecoder decoder = {0};
    const struct ArrowBufferView view = {{.data = bytes->data}, (int64_t)bytes->len};
    if (!is_message(bytes)) {
        return EINVAL;
    }
    pni_assert(ArrowIpcDecoderInit(&decoder) == NANOARROW_OK);
    NANOARROW_RETURN_NOT_OK(ArrowIpcDecoderVerifyHeader(&decoder, view, why));
    NANOARROW_RETURN_NOT_OK(ArrowIpcDecoderDecodeHeader(&decoder, view, why));
    if (decoder.message_type != NANOARROW_IPC_MESSAGE_TYPE_SCHEMA) {
        return EINVAL;
    }
    return ArrowIpcDecoderDecodeSchema(&decoder, out, why);
}

static int32_t add_column(udf_frame *frame, const char *name, const struct ArrowSchema *column,
                          json_t *columns) {
    PNI_AUTO(pn_buf) type = PN_BUF_INIT;
    pn_error err = PN_ERROR_INIT;
    if (pni_arrow_type_text(column, &type, &err) != PN_OK) {
        return pni_udf_fail(frame, "argument '%s': column '%.40s': %s", name, column->name,
                            err.message);
    }
    if (!(column->flags & ARROW_FLAG_NULLABLE)) {
        pni_buf_puts(&type, " not null");
    }
    if (json_object_get(columns, column->name)) {
        return pni_udf_fail(frame, "argument '%s' has the column '%.40s' twice", name,
                            column->name);
    }
    if (json_object_set_new(columns, column->name, json_string(pni_buf_text(&type))) != 0) {
        return pni_udf_fail(frame, "argument '%s' has a column whose name is not UTF-8", name);
    }
    return 0;
}

int32_t pni_tab_schema_of_ipc(udf_frame *frame, const char *name, pni_str text,
                              json_t **columns_out) {
    PNI_AUTO(pn_buf) bytes = PN_BUF_INIT;
    PNI_AUTO_SCHEMA schema = {0};
    PNI_AUTO_PTR(json_t) columns = json_object();
    struct ArrowError why = {{0}};
    if (!from_hex(text, &bytes)) {
        return pni_udf_fail(frame,
                            "argument '%s' is neither a JSON object such as '{\"a\": \"int64\"}' "
                            "nor an Arrow schema in hex digits",
                            name);
    }
    if (decode(&bytes, &schema, &why) != NANOARROW_OK || schema.n_children == 0) {
        return pni_udf_fail(frame, "argument '%s' is no Arrow IPC schema with columns: %.120s",
                            name, why.message[0] ? why.message : "it is something else");
    }
    for (int64_t i = 0; i < schema.n_children; i++) {
        UDF_TRY(add_column(frame, name, schema.children[i], columns));
    }
    *columns_out = pni_take(columns);
    return 0;
}
