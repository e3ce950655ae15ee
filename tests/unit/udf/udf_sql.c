#include "udf_sql.h"

#include "t.h"
#include "udf/udf.h"

#include <stdio.h>
#include <stdlib.h>

__attribute__((constructor)) static void count_handles(void) {
    t_live_handles = pni_engine_live_handles;
    pni_engine_session *session = NULL; /* starts the engine, a handle that stays */
    if (pni_engine_session_new(NULL, &session, NULL) == PN_OK) {
        pni_engine_session_free(session);
    }
}

pni_engine_session *udf_sql_session(const char *pack) {
    pn_error err = PN_ERROR_INIT;
    PNI_AUTO_PTR(pni_udf_catalog) catalog = pni_udf_catalog_new();
    if (pack) {
        const char *build = getenv("PN_BUILD_DIR");
        char path[4096];
        snprintf(path, sizeof path, "%s/tests/plugins/%s.so", build ? build : "", pack);
        if (!pni_path_exists(path)) {
            T_SKIP("the test packs are not built (PN_BUILD_DIR)");
        }
        T_OK(pni_udf_load(catalog, NULL, path, NULL, &err), &err);
    }
    pni_engine_session *session = NULL;
    T_OK(pni_engine_session_new(NULL, &session, &err), &err);
    T_OK(pni_udf_install(catalog, 0, session, &err), &err);
    return session;
}

pn_status udf_sql_evaluate(const pni_engine_session *session, const char *sql, pn_buf *out,
                           pn_error *err) {
    PNI_AUTO_PTR(pni_engine_plan) plan = NULL;
    PNI_AUTO_STREAM stream = {0};
    PNI_AUTO_SCHEMA schema = {0};
    pn_bytes bytes = {(const uint8_t *)sql, strlen(sql)};
    PNI_TRY(pni_engine_plan_sql(session, PNI_SPACE_RUN, bytes, 0, &plan, err));
    PNI_TRY(pni_engine_plan_execute(plan, NULL, &stream, err));
    int code = stream.get_schema(&stream, &schema);
    while (code == 0) {
        PNI_AUTO_ARRAY batch = {0};
        struct ArrowArrayView view;
        code = stream.get_next(&stream, &batch);
        if (code != 0 || !batch.release) {
            break;
        }
        T_EQ_INT(ArrowArrayViewInitFromSchema(&view, &schema, NULL), 0);
        T_EQ_INT(ArrowArrayViewSetArray(&view, &batch, NULL), 0);
        for (int64_t row = 0; row < batch.length; row++) {
            pni_buf_puts(out, out->len ? "," : "");
            pni_arrow_value_text(schema.children[0], view.children[0], row, out);
        }
        ArrowArrayViewReset(&view);
    }
    return code == 0 ? PN_OK : pni_engine_stream_error(&stream, code, err);
}

void udf_sql_gives(const char *pack, const char *sql, const char *want) {
    PNI_AUTO_PTR(pni_engine_session) session = udf_sql_session(pack);
    PNI_AUTO(pn_buf) got = PN_BUF_INIT;
    pn_error err = PN_ERROR_INIT;
    T_OK(udf_sql_evaluate(session, sql, &got, &err), &err);
    T_EQ_STR(pni_buf_text(&got), want);
}

void udf_sql_fails(const char *pack, const char *sql, const char *part) {
    PNI_AUTO_PTR(pni_engine_session) session = udf_sql_session(pack);
    PNI_AUTO(pn_buf) got = PN_BUF_INIT;
    pn_error err = PN_ERROR_INIT;
    if (udf_sql_evaluate(session, sql, &got, &err) == PN_OK) {
        T_FAIL("wanted a failure with '%s' of %s, got %s", part, sql, pni_buf_text(&got));
    }
    T_ASSERT(err.number != 0);
    if (!strstr(err.message, part) && !strstr(err.detail, part)) {
        T_FAIL("no '%s' in: %s / %s", part, err.message, err.detail);
    }
}
