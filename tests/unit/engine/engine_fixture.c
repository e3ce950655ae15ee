/* See engine_fixture.h. */
#include "engine_fixture.h"

#include "t.h"

__attribute__((constructor)) static void count_handles(void) {
    t_live_handles = pni_engine_live_handles;
}

pn_bytes fixture_bytes(const char *text) {
    return (pn_bytes){(const uint8_t *)text, strlen(text)};
}

/* The engine itself is a handle that stays: it is started before the first case counts. */
__attribute__((constructor)) static void start_engine(void) {
    pni_engine_session *session = NULL;
    if (pni_engine_session_new(NULL, &session, NULL) == PN_OK) {
        pni_engine_session_free(session);
    }
}

pni_engine_session *fixture_session(void) {
    pn_error err = PN_ERROR_INIT;
    pni_engine_session *session = NULL;
    PNI_AUTO_PTR(json_t)
    settings = json_pack("{s:{s:s}}", "config", "datafusion.execution.target_partitions", "2");
    T_OK(pni_engine_session_new(settings, &session, &err), &err);
    return session;
}

static void must(int code) {
    T_EQ_INT(code, NANOARROW_OK);
}

void fixture_stream(int64_t count, struct ArrowArrayStream *out) {
    static const char *const names[] = {"a", "b"};
    struct ArrowSchema schema = {0};
    struct ArrowArray array = {0};
    ArrowSchemaInit(&schema);
    must(ArrowSchemaSetTypeStruct(&schema, 2));
    for (int i = 0; i < 2; i++) {
        must(ArrowSchemaSetType(schema.children[i], NANOARROW_TYPE_INT64));
        must(ArrowSchemaSetName(schema.children[i], names[i]));
    }
    must(ArrowArrayInitFromSchema(&array, &schema, NULL));
    must(ArrowArrayStartAppending(&array));
    for (int64_t i = 0; i < count; i++) {
        must(ArrowArrayAppendInt(array.children[0], i));
        must(ArrowArrayAppendInt(array.children[1], 2 * i));
        must(ArrowArrayFinishElement(&array));
    }
    must(ArrowArrayFinishBuildingDefault(&array, NULL));
    must(ArrowBasicArrayStreamInit(out, &schema, 1));
    ArrowBasicArrayStreamSetArray(out, 0, &array);
}

void fixture_numbers(const pni_engine_session *session, const char *name, int64_t count) {
    pn_error err = PN_ERROR_INIT;
    PNI_AUTO_PTR(pni_engine_table) table = NULL;
    struct ArrowArrayStream stream = {0};
    fixture_stream(count, &stream);
    T_OK(pni_engine_table_from_stream(session, &stream, false, &table, &err), &err);
    T_ASSERT(stream.release == NULL);
    T_OK(pni_engine_register(session, PNI_SPACE_RUN, name, table, &err), &err);
    T_OK(pni_engine_register(session, PNI_SPACE_IDENTITY, name, table, &err), &err);
}

static int endless_schema(struct ArrowArrayStream *stream, struct ArrowSchema *out) {
    struct ArrowArrayStream *one = stream->private_data;
    return one->get_schema(one, out);
}

static int endless_next(struct ArrowArrayStream *stream, struct ArrowArray *out) {
    struct ArrowArrayStream *one = stream->private_data;
    int code = one->get_next(one, out);
    if (code == 0 && !out->release) {
        one->release(one);
        fixture_stream(100, one);
        code = one->get_next(one, out);
    }
    return code;
}

static const char *endless_error(struct ArrowArrayStream *stream) {
    (void)stream;
    return NULL;
}

static void endless_release(struct ArrowArrayStream *stream) {
    struct ArrowArrayStream *one = stream->private_data;
    one->release(one);
    pni_free(one);
    stream->release = NULL;
}

void fixture_endless(const pni_engine_session *session, const char *name) {
    pn_error err = PN_ERROR_INIT;
    PNI_AUTO_PTR(pni_engine_table) table = NULL;
    struct ArrowArrayStream *one = pni_calloc(1, sizeof *one);
    fixture_stream(100, one);
    struct ArrowArrayStream stream = {endless_schema, endless_next, endless_error, endless_release,
                                      one};
    T_OK(pni_engine_table_from_stream(session, &stream, true, &table, &err), &err);
    T_OK(pni_engine_register(session, PNI_SPACE_RUN, name, table, &err), &err);
}

static void add_batch(const struct ArrowSchema *schema, const struct ArrowArray *batch,
                      int64_t *rows, int64_t *sum) {
    struct ArrowArrayView view;
    must(ArrowArrayViewInitFromSchema(&view, schema, NULL));
    must(ArrowArrayViewSetArray(&view, batch, NULL));
    for (int64_t i = 0; i < batch->length; i++) {
        if (!ArrowArrayViewIsNull(view.children[0], i)) {
            *sum += ArrowArrayViewGetIntUnsafe(view.children[0], i);
        }
    }
    *rows += batch->length;
    ArrowArrayViewReset(&view);
}

pn_status fixture_drain(struct ArrowArrayStream *stream, int64_t *rows, int64_t *sum,
                        pn_error *err) {
    PNI_AUTO_SCHEMA schema = {0};
    int code = stream->get_schema(stream, &schema);
    *rows = 0;
    *sum = 0;
    while (code == 0) {
        PNI_AUTO_ARRAY batch = {0};
        code = stream->get_next(stream, &batch);
        if (code == 0 && !batch.release) {
            return PN_OK;
        }
        if (code == 0) {
            add_batch(&schema, &batch, rows, sum);
        }
    }
    return pni_engine_stream_error(stream, code, err);
}

pn_status fixture_query(const pni_engine_session *session, const char *sql, int64_t *rows,
                        int64_t *sum, pn_error *err) {
    PNI_AUTO_PTR(pni_engine_plan) plan = NULL;
    PNI_AUTO_STREAM stream = {0};
    PNI_TRY(pni_engine_plan_sql(session, PNI_SPACE_RUN, fixture_bytes(sql), 0, &plan, err));
    PNI_TRY(pni_engine_plan_execute(plan, NULL, &stream, err));
    return fixture_drain(&stream, rows, sum, err);
}
