/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Flat tables as an extractor sends them: one Arrow IPC stream with one batch each. The sender is
 * not trusted: nanoarrow verifies each message and checks offsets and buffer sizes in full; what it
 * does not check (announced lengths, the kinds of columns, UTF-8, equal lengths) is checked here,
 * so that everything after this file may rely on it.
 */
#include "extract/evidence.h"
#include "nanoarrow/nanoarrow_ipc.h"

static pn_status malformed(pn_error *err, const char *name, const char *what) {
    return pni_fail(err, PNI_E_CPG_ANSWER, "table '%s' of an extractor's answer: %s", name, what);
}

static bool is_flat_type(const char *format) {
    return pni_streq(format, "i") || pni_streq(format, "l") || pni_streq(format, "u") ||
           pni_streq(format, "b");
}

/* The text of each row must be UTF-8 by itself; nulls hold none. */
static bool text_is_utf8(const struct ArrowArrayView *view) {
    for (int64_t i = 0; i < view->length; i++) {
        if (ArrowArrayViewIsNull(view, i)) {
            continue;
        }
        const struct ArrowStringView text = ArrowArrayViewGetStringUnsafe(view, i);
        if (!pni_utf8_valid(text.data, (size_t)text.size_bytes)) {
            return false;
        }
    }
    return true;
}

static pn_status check_columns(const char *name, const struct ArrowSchema *schema,
                               const struct ArrowArrayView *view, pn_error *err) {
    for (int64_t i = 0; i < schema->n_children; i++) {
        const struct ArrowArrayView *values = view->children[i];
        if (values->length != view->length || values->offset != 0) {
            return malformed(err, name, "columns differ in length");
        }
        if (pni_streq(schema->children[i]->format, "u") && !text_is_utf8(values)) {
            return malformed(err, name, "a text is not UTF-8");
        }
    }
    return PN_OK;
}

/* ---- the stream ---------------------------------------------------------------------------- */

typedef struct ipc_reader {
    const char *name;
    struct ArrowIpcDecoder decoder;
    const uint8_t *at;
    const uint8_t *end;
    pni_flat *flat;
    pn_error *err;
} ipc_reader;

static pn_status check_ipc(const ipc_reader *r, int code, const struct ArrowError *why) {
    return code == NANOARROW_OK
               ? PN_OK
               : malformed(r->err, r->name,
                           why->message[0] != '\0' ? why->message : "not an Arrow IPC stream");
}

static int32_t read_i32(const uint8_t *p) {
    const uint32_t value =
        (uint32_t)p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 | (uint32_t)p[3] << 24;
    return (int32_t)value;
}

/*
 * Decodes the next message's header; *body_out is NULL at the end. The lengths are checked before
 * nanoarrow sees them: its own stream reader reserves what they announce.
 */
static pn_status next_message(ipc_reader *r, const uint8_t **body_out) {
    *body_out = NULL;
    const int64_t left = r->end - r->at;
    if (left == 0) {
        return PN_OK;
    }
    if (left < 8 || read_i32(r->at) != -1) {
        return malformed(r->err, r->name, "not an Arrow IPC stream");
    }
    const int32_t length = read_i32(r->at + 4);
    if (length == 0) {
        return PN_OK;
    }
    if (length < 0 || length > left - 8 || length % 8 != 0) {
        return malformed(r->err, r->name, "a message is longer than the frame or not padded");
    }
    struct ArrowError why = {{0}};
    const struct ArrowBufferView header = {{.as_uint8 = r->at}, 8 + (int64_t)length};
    int code = ArrowIpcDecoderVerifyHeader(&r->decoder, header, &why);
    code = code == NANOARROW_OK ? ArrowIpcDecoderDecodeHeader(&r->decoder, header, &why) : code;
    PNI_TRY(check_ipc(r, code, &why));
    const int64_t body = r->decoder.body_size_bytes;
    if (body < 0 || body > left - 8 - length || body % 8 != 0) {
        return malformed(r->err, r->name, "a message is longer than the frame or not padded");
    }
    *body_out = r->at + 8 + length;
    r->at = *body_out + body;
    return PN_OK;
}

static pn_status read_schema(ipc_reader *r) {
    const uint8_t *body = NULL;
    PNI_TRY(next_message(r, &body));
    if (body == NULL || r->decoder.message_type != NANOARROW_IPC_MESSAGE_TYPE_SCHEMA ||
        r->decoder.endianness != NANOARROW_IPC_ENDIANNESS_LITTLE) {
        return malformed(r->err, r->name, "no little-endian schema comes first");
    }
    struct ArrowError why = {{0}};
    PNI_TRY(check_ipc(r, ArrowIpcDecoderDecodeSchema(&r->decoder, &r->flat->schema, &why), &why));
    for (int64_t i = 0; i < r->flat->schema.n_children; i++) {
        const struct ArrowSchema *column = r->flat->schema.children[i];
        if (column->name == NULL || !is_flat_type(column->format) || column->dictionary != NULL) {
            return malformed(r->err, r->name, "a column is not int32, int64, utf8 or bool");
        }
    }
    int code = ArrowIpcDecoderSetSchema(&r->decoder, &r->flat->schema, &why);
    code = code == NANOARROW_OK ? ArrowIpcDecoderSetEndianness(&r->decoder, r->decoder.endianness)
                                : code;
    return check_ipc(r, code, &why);
}

static bool is_aligned(const struct ArrowArrayView *column) {
    for (int i = 0; i < NANOARROW_MAX_FIXED_BUFFERS; i++) {
        if ((uintptr_t)column->buffer_views[i].data.data % 8 != 0) {
            return false;
        }
    }
    return true;
}

/*
 * Validated while it is a view of the body, because only there the sizes of the buffers are known;
 * and not before their places, which the sender chose too, are known to be aligned.
 */
static pn_status decode_batch(ipc_reader *r, struct ArrowBufferView body) {
    struct ArrowError why = {{0}};
    struct ArrowArrayView *view = NULL;
    PNI_TRY(check_ipc(r, ArrowIpcDecoderDecodeArrayView(&r->decoder, body, -1, &view, &why), &why));
    for (int64_t i = 0; i < view->n_children; i++) {
        if (!is_aligned(view->children[i])) {
            return malformed(r->err, r->name, "a buffer is not aligned");
        }
    }
    int code = ArrowArrayViewValidate(view, NANOARROW_VALIDATION_LEVEL_FULL, &why);
    PNI_TRY(check_ipc(r, code, &why));
    PNI_TRY(check_columns(r->name, &r->flat->schema, view, r->err));
    code = ArrowIpcDecoderDecodeArray(&r->decoder, body, -1, &r->flat->array,
                                      NANOARROW_VALIDATION_LEVEL_FULL, &why);
    PNI_TRY(check_ipc(r, code, &why));
    return r->flat->array.null_count == 0 ? PN_OK
                                          : malformed(r->err, r->name, "a whole row is null");
}

/* The schema, then one batch or none, then the end. */
static pn_status read_stream(ipc_reader *r) {
    PNI_TRY(read_schema(r));
    const uint8_t *body = NULL;
    PNI_TRY(next_message(r, &body));
    if (body == NULL) {
        return PN_OK;
    }
    if (r->decoder.message_type != NANOARROW_IPC_MESSAGE_TYPE_RECORD_BATCH ||
        r->decoder.codec != NANOARROW_IPC_COMPRESSION_TYPE_NONE) {
        return malformed(r->err, r->name, "not an uncompressed batch");
    }
    PNI_TRY(decode_batch(r, (struct ArrowBufferView){{.as_uint8 = body}, r->at - body}));
    PNI_TRY(next_message(r, &body));
    return body == NULL ? PN_OK : malformed(r->err, r->name, "more than one batch");
}

static pn_status decode(const char *name, pn_bytes ipc, pni_flat *flat, pn_error *err) {
    ipc_reader reader = {
        .name = name, .at = ipc.data, .end = ipc.data + ipc.len, .flat = flat, .err = err};
    if (ArrowIpcDecoderInit(&reader.decoder) != NANOARROW_OK) {
        return malformed(err, name, "no memory to decode it");
    }
    const pn_status status = read_stream(&reader);
    ArrowIpcDecoderReset(&reader.decoder);
    return status;
}

pn_status pni_flats_add_ipc(pni_flats *flats, const char *name, pn_bytes ipc, pn_error *err) {
    if (strlen(name) >= PNI_FLAT_NAME_SIZE) {
        return malformed(err, name, "the name is too long");
    }
    if (pni_flats_find(flats, name) != NULL) {
        return malformed(err, name, "sent twice");
    }
    pni_flat flat = {0};
    const pn_status status = decode(name, ipc, &flat, err);
    if (status == PN_OK && flat.array.release != NULL) {
        pni_flats_add(flats, name, &flat.schema, &flat.array);
    }
    pni_auto_release_schema(&flat.schema);
    pni_auto_release_array(&flat.array);
    return status;
}

void pni_flats_add(pni_flats *flats, const char *name, struct ArrowSchema *schema,
                   struct ArrowArray *array) {
    pni_flat flat = {0};
    pni_assert(strlen(name) < sizeof flat.name);
    memcpy(flat.name, name, strlen(name) + 1);
    ArrowSchemaMove(schema, &flat.schema);
    ArrowArrayMove(array, &flat.array);
    /* NOLINTNEXTLINE(clang-analyzer-core.NullDereference): items stand whenever cap is not 0 */
    pni_vec_push(&flats->items, flat);
}

pni_flat *pni_flats_find(pni_flats *flats, const char *name) {
    for (size_t i = 0; i < flats->items.count; i++) {
        if (pni_streq(flats->items.items[i].name, name)) {
            return &flats->items.items[i];
        }
    }
    return NULL;
}

void pni_flats_dispose(pni_flats *flats) {
    for (size_t i = 0; i < flats->items.count; i++) {
        pni_auto_release_schema(&flats->items.items[i].schema);
        pni_auto_release_array(&flats->items.items[i].array);
    }
    pni_vec_dispose(&flats->items);
}
