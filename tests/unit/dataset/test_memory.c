/* Rows handed in: their pin knows rows and schema, not how they were cut into batches; a bad stream
 * is an error, never a table. */
#include "dataset/dataset.h"
#include "support/core_fixture.h"

#include <errno.h>

static pni_engine_session *engine(void) {
    pni_engine_session *session = NULL;
    FX_OK(pni_engine_session_new(NULL, &session, err));
    return session;
}

/* The digest of the rows; with `rows_out`, also what the provider gives. */
static void pin_of(const char *const *batches, char hex[PNI_SHA256_HEX], char **rows_out) {
    PNI_AUTO_PTR(pni_engine_session) session = engine();
    PNI_AUTO_PTR(pni_resolved) resolved = NULL;
    struct ArrowArrayStream stream = {0};
    fx_stream(batches, &stream);
    FX_OK(pni_resolve_stream(session, &stream, &resolved, err));
    T_ASSERT(!stream.release);
    T_EQ_STR(pni_json_text(resolved->pin, "format"), "memory");
    T_EQ_UINT(json_object_size(resolved->pin), 2);
    snprintf(hex, PNI_SHA256_HEX, "%s", pni_json_text(resolved->pin, "rows"));
    if (rows_out)
        *rows_out = fx_table_rows(session, resolved->table);
}

#define BATCHES(...) ((const char *const[]){__VA_ARGS__, NULL})

T_CASE(the_cut_into_batches_does_not_show) {
    char one[PNI_SHA256_HEX], two[PNI_SHA256_HEX];
    char *rows = NULL;
    pin_of(BATCHES("[{\"k\":1,\"v\":\"a\"},{\"k\":2,\"v\":null},{\"k\":3,\"v\":\"c\"}]"), one,
           &rows);
    T_EQ_STR(rows, "1|a\n2|NULL\n3|c\n");
    pni_free(rows);
    pin_of(BATCHES("[{\"k\":1,\"v\":\"a\"}]", "[{\"k\":2,\"v\":null},{\"k\":3,\"v\":\"c\"}]"), two,
           &rows);
    T_EQ_STR(rows, "1|a\n2|NULL\n3|c\n");
    pni_free(rows);
    T_EQ_STR(one, two);
}

T_CASE(rows_order_and_schema_do_show) {
    char base[PNI_SHA256_HEX], other[PNI_SHA256_HEX];
    pin_of(BATCHES("[{\"k\":1},{\"k\":2}]"), base, NULL);
    pin_of(BATCHES("[{\"k\":2},{\"k\":1}]"), other, NULL);
    T_ASSERT(!pni_streq(base, other));
    pin_of(BATCHES("[{\"k\":1},{\"k\":null}]"), other, NULL);
    T_ASSERT(!pni_streq(base, other));
    pin_of(BATCHES("[{\"n\":1},{\"n\":2}]"), other, NULL);
    T_ASSERT(!pni_streq(base, other));
    pin_of(BATCHES("[{\"k\":\"1\"},{\"k\":\"2\"}]"), other, NULL);
    T_ASSERT(!pni_streq(base, other));
    pin_of(BATCHES("[{\"k\":1},{\"k\":2}]"), other, NULL);
    T_EQ_STR(base, other);
}

/* A stream that gives `good` batches of another one and then fails. */
typedef struct failing {
    struct ArrowArrayStream inner;
    int good;
    bool fails_at_schema;
    bool *released;
} failing;

static int failing_schema(struct ArrowArrayStream *stream, struct ArrowSchema *out) {
    failing *self = stream->private_data;
    return self->fails_at_schema ? EIO : self->inner.get_schema(&self->inner, out);
}

static int failing_next(struct ArrowArrayStream *stream, struct ArrowArray *out) {
    failing *self = stream->private_data;
    return self->good-- > 0 ? self->inner.get_next(&self->inner, out) : EIO;
}

static const char *failing_error(struct ArrowArrayStream *stream) {
    (void)stream;
    return "the disk is gone";
}

static void failing_release(struct ArrowArrayStream *stream) {
    failing *self = stream->private_data;
    *self->released = true;
    self->inner.release(&self->inner);
    stream->release = NULL;
}

static void expect_failure(failing *source) {
    PNI_AUTO_PTR(pni_engine_session) session = engine();
    PNI_AUTO_PTR(pni_resolved) resolved = NULL;
    pn_error err = PN_ERROR_INIT;
    bool released = false;
    source->released = &released;
    fx_stream(BATCHES("[{\"k\":1}]", "[{\"k\":2}]"), &source->inner);
    struct ArrowArrayStream stream = {failing_schema, failing_next, failing_error, failing_release,
                                      source};
    T_EQ_INT(pni_resolve_stream(session, &stream, &resolved, &err), PN_EXEC);
    T_EQ_INT(err.number, PNI_E_DATASET_STREAM);
    T_ASSERT(strstr(err.detail, "the disk is gone"));
    T_ASSERT(released && !resolved && !stream.release);
}

T_CASE(a_stream_that_fails_is_reported_with_its_words) {
    expect_failure(&(failing){.fails_at_schema = true});
    expect_failure(&(failing){.good = 0});
    expect_failure(&(failing){.good = 1});
}

T_CASE(rows_that_break_the_interface_are_refused) {
    PNI_AUTO_PTR(pni_engine_session) session = engine();
    PNI_AUTO_PTR(pni_resolved) resolved = NULL;
    struct ArrowArrayStream stream = {0};
    struct ArrowArray batch = {0};
    PNI_AUTO_SCHEMA schema = {0};
    fx_stream(BATCHES("[{\"k\":1}]"), &stream);
    T_EQ_INT(stream.get_schema(&stream, &schema), 0);
    T_EQ_INT(stream.get_next(&stream, &batch), 0);
    stream.release(&stream);
    batch.length = 1000; /* more rows than its column has */
    T_EQ_INT(ArrowBasicArrayStreamInit(&stream, &schema, 1), 0);
    ArrowBasicArrayStreamSetArray(&stream, 0, &batch);
    FX_FAILS(pni_resolve_stream(session, &stream, &resolved, err), PNI_E_DATASET_STREAM,
             "not valid");
    T_ASSERT(!stream.release && !resolved);
}

T_CASE(a_stream_of_no_table_is_refused) {
    PNI_AUTO_PTR(pni_engine_session) session = engine();
    PNI_AUTO_PTR(pni_resolved) resolved = NULL;
    struct ArrowArrayStream stream = {0};
    struct ArrowSchema schema = {0};
    ArrowSchemaInit(&schema);
    T_EQ_INT(ArrowSchemaSetType(&schema, NANOARROW_TYPE_LIST), 0);
    T_EQ_INT(ArrowSchemaSetType(schema.children[0], NANOARROW_TYPE_INT64), 0);
    T_EQ_INT(ArrowBasicArrayStreamInit(&stream, &schema, 0), 0);
    FX_FAILS(pni_resolve_stream(session, &stream, &resolved, err), PNI_E_DATASET_STREAM, "+l");
    T_ASSERT(!stream.release);
}
