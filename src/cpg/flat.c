/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Flat tables as an extractor sends them: one Arrow IPC stream with one batch each. The sender is not trusted: nanoarrow
 * verifies the message and checks offsets and buffer sizes in full, and what it does not check (the kinds of
 * columns, UTF-8, equal lengths) is checked here, so that everything after this file may rely on it.
 */
#include "cpg/evidence.h"

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
        const struct ArrowSchema *column = schema->children[i];
        const struct ArrowArrayView *values = view->children[i];
        if (column->name == NULL || !is_flat_type(column->format) || column->dictionary != NULL) {
            return malformed(err, name, "a column is not int32, int64, utf8 or bool");
        }
        if (values->length != view->length || values->offset != 0) {
            return malformed(err, name, "columns differ in length");
        }
        if (pni_streq(column->format, "u") && !text_is_utf8(values)) {
            return malformed(err, name, "a text is not UTF-8");
        }
    }
    return PN_OK;
}

static pn_status check_table(const char *name, const pni_flat *flat, pn_error *err) {
    if (!pni_streq(flat->schema.format, "+s") || flat->array.offset != 0) {
        return malformed(err, name, "not a table");
    }
    struct ArrowArrayView view;
    struct ArrowError why = {{0}};
    int code = ArrowArrayViewInitFromSchema(&view, &flat->schema, &why);
    if (code == NANOARROW_OK) {
        code = ArrowArrayViewSetArray(&view, &flat->array, &why);
    }
    if (code == NANOARROW_OK) {
        code = ArrowArrayViewValidate(&view, NANOARROW_VALIDATION_LEVEL_FULL, &why);
    }
    pn_status status = code == NANOARROW_OK ? check_columns(name, &flat->schema, &view, err)
                                            : malformed(err, name, why.message);
    if (status == PN_OK && flat->array.null_count > 0) {
        status = malformed(err, name, "a whole row is null");
    }
    ArrowArrayViewReset(&view);
    return status;
}

/* The schema and the only batch; a stream without a batch is an empty table. */
static pn_status read_stream(const char *name, struct ArrowArrayStream *stream, pni_flat *flat, pn_error *err) {
    struct ArrowError why = {{0}};
    if (ArrowArrayStreamGetSchema(stream, &flat->schema, &why) != NANOARROW_OK ||
        ArrowArrayStreamGetNext(stream, &flat->array, &why) != NANOARROW_OK) {
        return malformed(err, name, why.message[0] != '\0' ? why.message : "not an Arrow IPC stream");
    }
    if (flat->array.release == NULL) {
        return PN_OK;
    }
    PNI_AUTO_ARRAY more = {0};
    if (ArrowArrayStreamGetNext(stream, &more, &why) != NANOARROW_OK) {
        return malformed(err, name, why.message[0] != '\0' ? why.message : "cut off");
    }
    return more.release == NULL ? PN_OK : malformed(err, name, "more than one batch");
}

static pn_status open_stream(const char *name, pn_bytes ipc, struct ArrowArrayStream *out, pn_error *err) {
    struct ArrowBuffer buffer;
    ArrowBufferInit(&buffer);
    struct ArrowIpcInputStream input = {0};
    if (ArrowBufferAppend(&buffer, ipc.data, (int64_t)ipc.len) != NANOARROW_OK ||
        ArrowIpcInputStreamInitBuffer(&input, &buffer) != NANOARROW_OK) {
        ArrowBufferReset(&buffer);
        return malformed(err, name, "too large");
    }
    if (ArrowIpcArrayStreamReaderInit(out, &input, NULL) != NANOARROW_OK) {
        input.release(&input);
        return malformed(err, name, "too large");
    }
    return PN_OK;
}

pn_status pni_flats_add_ipc(pni_flats *flats, const char *name, pn_bytes ipc, pn_error *err) {
    if (strlen(name) >= PNI_FLAT_NAME_SIZE) {
        return malformed(err, name, "the name is too long");
    }
    if (pni_flats_find(flats, name) != NULL) {
        return malformed(err, name, "sent twice");
    }
    PNI_AUTO_STREAM stream = {0};
    PNI_TRY(open_stream(name, ipc, &stream, err));
    PNI_AUTO_SCHEMA schema = {0};
    PNI_AUTO_ARRAY array = {0};
    pni_flat flat = {0};
    pn_status status = read_stream(name, &stream, &flat, err);
    if (status == PN_OK && flat.array.release != NULL) {
        status = check_table(name, &flat, err);
    }
    schema = flat.schema;
    array = flat.array;
    PNI_TRY(status);
    if (array.release != NULL) {
        pni_flats_add(flats, name, &schema, &array);
    }
    return PN_OK;
}

void pni_flats_add(pni_flats *flats, const char *name, struct ArrowSchema *schema, struct ArrowArray *array) {
    pni_flat flat = {0};
    pni_assert(strlen(name) < sizeof flat.name);
    memcpy(flat.name, name, strlen(name) + 1);
    ArrowSchemaMove(schema, &flat.schema);
    ArrowArrayMove(array, &flat.array);
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
