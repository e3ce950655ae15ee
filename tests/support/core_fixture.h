/*
 * What the tests of the modules from dataset upwards share, as inline functions: each module's
 * binary links only its own module, so nothing here may need more than engine and base.
 */
#ifndef PN_TESTS_CORE_FIXTURE_H
#define PN_TESTS_CORE_FIXTURE_H

#include "engine/engine.h"
#include "t.h"

#include <stdio.h>
#include <stdlib.h>

/* Runs `call`, which may use `err`; expects PN_OK. */
#define FX_OK(call)                                                                                \
    do {                                                                                           \
        pn_error fx_err_ = PN_ERROR_INIT;                                                          \
        pn_error *err = &fx_err_;                                                                  \
        pn_status fx_got_ = (call);                                                                \
        t_status(T_PLACE(#call), fx_got_, PN_OK, fx_err_.message, fx_err_.detail);                 \
    } while (0)

/* Expects the error `number`, with a hint; its message must hold `text`, the name of the object. */
#define FX_FAILS(call, number, text)                                                               \
    do {                                                                                           \
        pn_error fx_err_ = PN_ERROR_INIT;                                                          \
        pn_error *err = &fx_err_;                                                                  \
        pn_status fx_got_ = (call);                                                                \
        fx_expect(T_PLACE(#call), fx_got_, &fx_err_, (number), (text));                            \
    } while (0)

static inline void fx_expect(t_place place, pn_status got, const pn_error *err, int32_t number,
                             const char *text) {
    if (got == PN_OK || err->number != number || err->status != got)
        t_fail(place.file, place.line, "%s: status %d, PN%d (%s), wanted PN%d", place.text, got,
               err->number, err->message, number);
    if (text && !strstr(err->message, text))
        t_fail(place.file, place.line, "%s: '%s' does not name '%s'", place.text, err->message,
               text);
    if (!err->hint[0])
        t_fail(place.file, place.line, "%s: '%s' has no hint", place.text, err->message);
}

/* The engine itself is a handle that stays: it is started before the first case counts. No digest
 * is kept in the user's cache. */
__attribute__((constructor)) static void fx_start(void) {
    pni_engine_session *session = NULL;
    setenv("XDG_CACHE_HOME", "/dev/null/none", 1);
    if (pni_engine_session_new(NULL, &session, NULL) == PN_OK)
        pni_engine_session_free(session);
    t_live_handles = pni_engine_live_handles;
}

/* Path below the case's folder; valid for the next 31 calls. */
static inline const char *fx_path(const char *name) {
    static char paths[32][1024];
    static size_t next;
    char *path = paths[next++ % 32];
    snprintf(path, sizeof paths[0], "%s/%s", t_tmpdir(), name);
    return path;
}

static inline void fx_mkdir(const char *name) {
    FX_OK(pni_mkdirs(fx_path(name), err));
}

/* Writes a file below the case's folder, and the folders it lies in. */
static inline const char *fx_write_bytes(const char *name, const void *data, size_t len) {
    const char *path = fx_path(name);
    PNI_AUTO_PTR(pni_text) dir = pni_path_dir(path);
    FX_OK(pni_mkdirs(dir, err));
    FX_OK(pni_file_write(path, data, len, err));
    return path;
}

static inline const char *fx_write(const char *name, const char *text) {
    return fx_write_bytes(name, text, strlen(text));
}

static inline pn_bytes fx_bytes(const char *text) {
    return (pn_bytes){(const uint8_t *)text, strlen(text)};
}

/* Rows of a JSON array as one batch after another, one per text; NULL-terminated. The schema is
 * that of the first. */
static inline void fx_stream(const char *const *batches, struct ArrowArrayStream *out) {
    PNI_AUTO_SCHEMA schema = {0};
    PNI_AUTO_SCHEMA copy = {0};
    int64_t count = 0;
    while (batches[count])
        count++;
    for (int64_t i = 0; i < count; i++) {
        PNI_AUTO_PTR(json_t) rows = NULL;
        struct ArrowArray batch = {0};
        FX_OK(pni_json_parse(batches[i], strlen(batches[i]), "rows", &rows, err));
        if (i == 0) {
            FX_OK(pni_arrow_schema_infer_json(rows, &schema, err));
            T_EQ_INT(ArrowSchemaDeepCopy(&schema, &copy), 0);
            T_EQ_INT(ArrowBasicArrayStreamInit(out, &copy, count), 0);
        }
        FX_OK(pni_arrow_batch_from_json(rows, &schema, &batch, err));
        ArrowBasicArrayStreamSetArray(out, i, &batch);
    }
}

/* Rows as text: columns joined by '|', one line a row. Releases the stream. pni_free() the text. */
static inline char *fx_rows(struct ArrowArrayStream *stream) {
    PNI_AUTO_SCHEMA schema = {0};
    pn_buf out = PN_BUF_INIT;
    if (stream->get_schema(stream, &schema) != 0)
        T_FAIL("no schema: %s", stream->get_last_error(stream));
    for (;;) {
        PNI_AUTO_ARRAY batch = {0};
        struct ArrowArrayView view;
        if (stream->get_next(stream, &batch) != 0)
            T_FAIL("no batch: %s", stream->get_last_error(stream));
        if (!batch.release)
            break;
        T_EQ_INT(ArrowArrayViewInitFromSchema(&view, &schema, NULL), 0);
        T_EQ_INT(ArrowArrayViewSetArray(&view, &batch, NULL), 0);
        for (int64_t row = 0; row < view.length; row++) {
            for (int64_t c = 0; c < schema.n_children; c++) {
                pni_buf_puts(&out, c ? "|" : "");
                pni_arrow_value_text(schema.children[c], view.children[c], row + view.offset, &out);
            }
            pni_buf_putc(&out, '\n');
        }
        ArrowArrayViewReset(&view);
    }
    stream->release(stream);
    return pni_buf_steal(&out);
}

/* All rows of a provider. */
static inline char *fx_table_rows(const pni_engine_session *engine, const pni_engine_table *table) {
    PNI_AUTO_PTR(pni_engine_plan) plan = NULL;
    struct ArrowArrayStream stream = {0};
    FX_OK(pni_engine_plan_table(engine, table, &plan, err));
    FX_OK(pni_engine_plan_execute(plan, NULL, &stream, err));
    return fx_rows(&stream);
}

/* Runs `sql` over the engine's own run space and writes its rows as a Delta table. */
static inline void fx_write_delta(const pni_engine_session *engine, const char *sql,
                                  json_t *request) {
    PNI_AUTO_PTR(pni_engine_plan) plan = NULL;
    PNI_AUTO_PTR(json_t) report = NULL;
    FX_OK(pni_engine_plan_sql(engine, PNI_SPACE_RUN, fx_bytes(sql), 0, &plan, err));
    FX_OK(pni_engine_plan_write(plan, request, NULL, &report, err));
    json_decref(request);
}

#endif
