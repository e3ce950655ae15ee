/* SPDX-License-Identifier: Apache-2.0 */
/* Rows that are digested on their way: the same rows and the digest of a run; failures keep their
 * story, and whoever stops reading waits for nobody. */
#include "pinion/verify.h"

#include "exec/exec_priv.h"
#include "exec_fixture.h"

#include <errno.h>

static void open_tee(pn_session *session, const char *sql, pni_tee **tee,
                     struct ArrowArrayStream *out) {
    PNI_AUTO_PTR(pni_engine_plan) plan = NULL;
    struct ArrowArrayStream rows = {0};
    FX_OK(pni_engine_plan_sql(pni_session_engine(session), PNI_SPACE_RUN, fx_bytes(sql), 0, &plan,
                              err));
    FX_OK(pni_engine_plan_execute(plan, NULL, &rows, err));
    FX_OK(pni_tee_new(&rows, tee, out, err));
    T_ASSERT(!rows.release);
}

T_CASE(rows_pass_and_the_digest_is_that_of_a_run) {
    static const char query[] = "select value as v, value % 7 as w from generate_series(1, 50000) "
                                "order by v";
    PNI_AUTO_PTR(pn_session) session = fx_session(NULL);
    PNI_AUTO_PTR(pn_bundle) bundle = fx_query_bundle(session, NULL, query);
    PNI_AUTO_PTR(pni_tee) tee = NULL;
    PNI_AUTO_PTR(json_t) digest = NULL;
    PNI_AUTO(pn_buf) wanted = PN_BUF_INIT;
    PNI_AUTO(pn_buf) got = PN_BUF_INIT;
    struct ArrowArrayStream stream = {0};
    open_tee(session, query, &tee, &stream);
    PNI_AUTO_PTR(pni_text) rows = fx_rows(&stream);
    T_ASSERT(pni_starts_with(rows, "1|1\n2|2\n") && pni_ends_with(rows, "\n50000|6\n"));
    FX_OK(pni_tee_end(tee, &digest, err));
    FX_OK(pni_json_canonical(digest, &got, err));
    FX_OK(pn_verify_digest(session, bundle, NULL, &wanted, err));
    T_EQ_STR(pni_buf_text(&got), pni_buf_text(&wanted));
}

T_CASE(a_failure_keeps_its_story) {
    PNI_AUTO_PTR(pn_session) session = fx_session(NULL);
    PNI_AUTO_PTR(pni_tee) tee = NULL;
    struct ArrowArrayStream stream = {0};
    struct ArrowArray batch = {0};
    json_t *digest = NULL;
    pn_error why = PN_ERROR_INIT;
    int code = 0;
    open_tee(session, "select 1 / (value - 20000) from generate_series(1, 50000)", &tee, &stream);
    while ((code = stream.get_next(&stream, &batch)) == 0 && batch.release)
        batch.release(&batch);
    T_EQ_INT(code, EIO);
    T_ASSERT(strstr(stream.get_last_error(&stream), "zero") != NULL);
    stream.release(&stream);
    T_EQ_INT(pni_tee_end(tee, &digest, &why), PN_EXEC);
    T_ASSERT(!digest && strstr(why.message, "zero") != NULL);
}

T_CASE(rows_that_are_not_all_read_have_no_digest) {
    PNI_AUTO_PTR(pn_session) session = fx_session(NULL);
    PNI_AUTO_PTR(pni_tee) tee = NULL;
    struct ArrowArrayStream stream = {0};
    PNI_AUTO_ARRAY batch = {0};
    json_t *digest = NULL;
    open_tee(session, "select value from generate_series(1, 5000000)", &tee, &stream);
    T_EQ_INT(stream.get_next(&stream, &batch), 0);
    stream.release(&stream);
    FX_OK(pni_tee_end(tee, &digest, err));
    T_ASSERT(!digest);
}

T_CASE(a_stream_may_outlive_its_maker) {
    PNI_AUTO_PTR(pn_session) session = fx_session(NULL);
    pni_tee *tee = NULL;
    struct ArrowArrayStream stream = {0};
    PNI_AUTO_SCHEMA schema = {0};
    open_tee(session, "select 1 as a", &tee, &stream);
    pni_tee_free(tee);
    T_EQ_INT(stream.get_schema(&stream, &schema), 0);
    T_EQ_INT(schema.n_children, 1);
    stream.release(&stream);
    T_ASSERT(!stream.release);
}

/* Whoever made the tee may go while rows are still read: then they are not all, and say so. */
T_CASE(rows_that_were_cut_off_are_no_whole) {
    PNI_AUTO_PTR(pn_session) session = fx_session(NULL);
    pni_tee *tee = NULL;
    struct ArrowArrayStream stream = {0};
    struct ArrowArray batch = {0};
    int code = 0;
    int64_t rows = 0;
    open_tee(session, "select value from generate_series(1, 5000000)", &tee, &stream);
    T_EQ_INT(stream.get_next(&stream, &batch), 0);
    batch.release(&batch);
    T_ASSERT(!stream.get_last_error(&stream));
    pni_tee_free(tee);
    for (; (code = stream.get_next(&stream, &batch)) == 0 && batch.release; batch.release(&batch))
        rows += batch.length;
    T_EQ_INT(code, EIO);
    T_ASSERT(rows < 5000000);
    T_ASSERT(strstr(stream.get_last_error(&stream), "cut off") != NULL);
    stream.release(&stream);
}
