/* SPDX-License-Identifier: Apache-2.0 */
/* Arrow IPC from a program that is not trusted: right, cut, damaged at every byte. */
#define _GNU_SOURCE
#include "t.h"

#include "extract/evidence.h"
#include "nanoarrow/nanoarrow_ipc.h"

static void make_batch(const char *columns, const char *rows, struct ArrowSchema *schema,
                       struct ArrowArray *array) {
    PNI_AUTO_PTR(json_t) json = NULL;
    pn_error err = PN_ERROR_INIT;
    T_OK(pni_evidence_declare(columns, "byte", schema, &err), &err);
    T_OK(pni_json_parse(rows, strlen(rows), "rows", &json, &err), &err);
    T_OK(pni_arrow_batch_from_json(json, schema, array, &err), &err);
}

/* The batch `times` over, as an IPC stream. */
static void encode(const struct ArrowSchema *schema, const struct ArrowArray *array, int times,
                   struct ArrowBuffer *out) {
    struct ArrowIpcOutputStream stream;
    struct ArrowIpcWriter writer;
    struct ArrowArrayView view;
    ArrowBufferInit(out);
    T_EQ_INT(ArrowIpcOutputStreamInitBuffer(&stream, out), 0);
    T_EQ_INT(ArrowIpcWriterInit(&writer, &stream), 0);
    T_EQ_INT(ArrowIpcWriterWriteSchema(&writer, schema, NULL), 0);
    T_EQ_INT(ArrowArrayViewInitFromSchema(&view, schema, NULL), 0);
    T_EQ_INT(ArrowArrayViewSetArray(&view, array, NULL), 0);
    for (int i = 0; i < times; i++) {
        T_EQ_INT(ArrowIpcWriterWriteArrayView(&writer, &view, NULL), 0);
    }
    T_EQ_INT(ArrowIpcWriterWriteArrayView(&writer, NULL, NULL), 0);
    ArrowArrayViewReset(&view);
    ArrowIpcWriterReset(&writer);
}

static void make(const char *columns, const char *rows, int times, struct ArrowBuffer *out) {
    PNI_AUTO_SCHEMA schema = {0};
    PNI_AUTO_ARRAY array = {0};
    make_batch(columns, rows, &schema, &array);
    encode(&schema, &array, times, out);
}

static pn_status add(pni_flats *flats, const struct ArrowBuffer *ipc, int64_t len, pn_error *err) {
    /* A copy of exactly this length, so that reading past it shows. */
    uint8_t *exact = pni_alloc((size_t)len + 1);
    memcpy(exact, ipc->data, (size_t)len);
    exact = pni_realloc(exact, len > 0 ? (size_t)len : 1);
    const pn_status status = pni_flats_add_ipc(flats, "t.l", (pn_bytes){exact, (size_t)len}, err);
    pni_free(exact);
    return status;
}

#define COLUMNS "file:int32,n:int64,text,flag:bool"
#define ROWS "[[0,1,\"a\",true],[0,2,null,false],[1,null,\"\xc3\xa4\",null]]"

T_CASE(a_table_arrives) {
    struct ArrowBuffer ipc;
    make(COLUMNS, ROWS, 1, &ipc);
    PNI_AUTO(pni_flats) flats = {0};
    pn_error err = PN_ERROR_INIT;
    T_OK(add(&flats, &ipc, ipc.size_bytes, &err), &err);
    const pni_flat *flat = pni_flats_find(&flats, "t.l");
    T_ASSERT(flat != NULL);
    T_EQ_INT(flat->array.length, 3);
    T_STATUS(add(&flats, &ipc, ipc.size_bytes, &err), PN_CORRUPT, &err);
    T_ASSERT(strstr(err.message, "sent twice") != NULL);
    ArrowBufferReset(&ipc);
}

T_CASE(no_batch_is_an_empty_table) {
    struct ArrowBuffer ipc;
    make(COLUMNS, ROWS, 0, &ipc);
    PNI_AUTO(pni_flats) flats = {0};
    pn_error err = PN_ERROR_INIT;
    T_OK(add(&flats, &ipc, ipc.size_bytes, &err), &err);
    T_ASSERT(pni_flats_find(&flats, "t.l") == NULL);
    ArrowBufferReset(&ipc);
}

static void refuse(const char *columns, const char *rows, int times, const char *why) {
    struct ArrowBuffer ipc;
    make(columns, rows, times, &ipc);
    PNI_AUTO(pni_flats) flats = {0};
    pn_error err = PN_ERROR_INIT;
    T_STATUS(add(&flats, &ipc, ipc.size_bytes, &err), PN_CORRUPT, &err);
    T_ASSERT(strstr(err.message, why) != NULL);
    T_EQ_UINT(flats.items.count, 0);
    ArrowBufferReset(&ipc);
}

T_CASE(only_flat_columns_and_one_batch_pass) {
    refuse("file:int32,l:list(utf8)", "[[0,[\"a\"]]]", 1, "not int32, int64, utf8 or bool");
    refuse(COLUMNS, ROWS, 2, "more than one batch");
}

T_CASE(text_must_be_utf8) {
    struct ArrowBuffer ipc;
    make("file:int32,text", "[[0,\"\xc3\xa4\xc3\xa4\"]]", 1, &ipc);
    uint8_t *at = memmem(ipc.data, (size_t)ipc.size_bytes, "\xc3\xa4\xc3\xa4", 4);
    T_ASSERT(at != NULL);
    at[1] = 'x';
    PNI_AUTO(pni_flats) flats = {0};
    pn_error err = PN_ERROR_INIT;
    T_STATUS(add(&flats, &ipc, ipc.size_bytes, &err), PN_CORRUPT, &err);
    T_ASSERT(strstr(err.message, "not UTF-8") != NULL);
    ArrowBufferReset(&ipc);
}

/* Whatever comes of it, nothing is read or written out of bounds. */
T_CASE(every_cut_and_every_flipped_byte_is_survived) {
    struct ArrowBuffer ipc;
    make(COLUMNS, ROWS, 1, &ipc);
    for (int64_t len = 0; len < ipc.size_bytes; len++) {
        PNI_AUTO(pni_flats) flats = {0};
        pn_error err = PN_ERROR_INIT;
        const pn_status status = add(&flats, &ipc, len, &err);
        T_ASSERT(status == PN_CORRUPT || status == PN_OK);
        T_ASSERT(status == PN_OK || err.number == PNI_E_CPG_ANSWER);
    }
    size_t refused = 0;
    for (int64_t i = 0; i < ipc.size_bytes; i++) {
        static const uint8_t masks[] = {0x01, 0x80, 0xFF};
        for (size_t m = 0; m < sizeof masks; m++) {
            PNI_AUTO(pni_flats) flats = {0};
            ipc.data[i] ^= masks[m];
            refused += add(&flats, &ipc, ipc.size_bytes, NULL) != PN_OK ? 1 : 0;
            ipc.data[i] ^= masks[m];
        }
    }
    T_ASSERT(refused > 0);
    ArrowBufferReset(&ipc);
}
