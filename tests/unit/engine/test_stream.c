#include "engine_fixture.h"
#include "t.h"

/* A query that never ends by itself. */
static pni_engine_plan *long_plan(const pni_engine_session *session, const char *table) {
    pn_error err = PN_ERROR_INIT;
    pni_engine_plan *plan = NULL;
    PNI_AUTO(pn_buf) sql = PN_BUF_INIT;
    fixture_endless(session, table);
    pni_buf_printf(&sql, "select count(*) as n from %s where a + b = -1", table);
    T_OK(pni_engine_plan_sql(session, PNI_SPACE_RUN, (pn_bytes){sql.data, sql.len}, 0, &plan, &err),
         &err);
    return plan;
}

T_CASE(a_fired_token_ends_get_next) {
    PNI_AUTO_PTR(pni_engine_session) session = fixture_session();
    PNI_AUTO_PTR(pni_engine_plan) plan = long_plan(session, "t");
    PNI_AUTO_PTR(pn_cancel) cancel = pn_cancel_new();
    PNI_AUTO_STREAM stream = {0};
    pn_error err = PN_ERROR_INIT;
    int64_t rows;
    int64_t sum;
    T_OK(pni_engine_plan_execute(plan, cancel, &stream, &err), &err);
    pn_cancel_fire(cancel);
    T_STATUS(fixture_drain(&stream, &rows, &sum, &err), PN_CANCELLED, &err);
    T_EQ_INT(err.number, PNI_E_CANCELLED);
}

T_CASE(a_token_fired_before_refuses_the_start) {
    PNI_AUTO_PTR(pni_engine_session) session = fixture_session();
    PNI_AUTO_PTR(pni_engine_plan) plan = long_plan(session, "t");
    PNI_AUTO_PTR(pn_cancel) cancel = pn_cancel_new();
    PNI_AUTO_STREAM stream = {0};
    pn_error err = PN_ERROR_INIT;
    pn_cancel_fire(cancel);
    T_STATUS(pni_engine_plan_execute(plan, cancel, &stream, &err), PN_CANCELLED, &err);
    T_ASSERT(!stream.release);
}

/* The caller's reference may go first: the stream has its own. */
T_CASE(the_stream_keeps_the_token) {
    PNI_AUTO_PTR(pni_engine_session) session = fixture_session();
    PNI_AUTO_PTR(pni_engine_plan) plan = NULL;
    PNI_AUTO_STREAM stream = {0};
    pn_error err = PN_ERROR_INIT;
    int64_t rows;
    int64_t sum;
    fixture_numbers(session, "t", 10);
    T_OK(pni_engine_plan_sql(session, PNI_SPACE_RUN, fixture_bytes("select a from t"), 0, &plan,
                             &err),
         &err);
    pn_cancel *cancel = pn_cancel_new();
    T_OK(pni_engine_plan_execute(plan, cancel, &stream, &err), &err);
    pn_cancel_unref(cancel);
    T_OK(fixture_drain(&stream, &rows, &sum, &err), &err);
    T_EQ_INT(sum, 45);
}

T_CASE(one_token_serves_many_calls) {
    PNI_AUTO_PTR(pni_engine_session) session = fixture_session();
    PNI_AUTO_PTR(pni_engine_plan) plan = long_plan(session, "t");
    PNI_AUTO_PTR(pni_engine_plan) other = long_plan(session, "u");
    PNI_AUTO_PTR(pn_cancel) cancel = pn_cancel_new();
    PNI_AUTO_STREAM first = {0};
    PNI_AUTO_STREAM second = {0};
    pn_error err = PN_ERROR_INIT;
    int64_t rows;
    int64_t sum;
    T_OK(pni_engine_plan_execute(plan, cancel, &first, &err), &err);
    T_OK(pni_engine_plan_execute(other, cancel, &second, &err), &err);
    pn_cancel_fire(cancel);
    T_STATUS(fixture_drain(&first, &rows, &sum, &err), PN_CANCELLED, &err);
    T_STATUS(fixture_drain(&second, &rows, &sum, &err), PN_CANCELLED, &err);
}

T_CASE(an_unread_stream_is_dropped_while_it_runs) {
    PNI_AUTO_PTR(pni_engine_session) session = fixture_session();
    PNI_AUTO_PTR(pni_engine_plan) plan = long_plan(session, "t");
    pn_error err = PN_ERROR_INIT;
    struct ArrowArrayStream stream = {0};
    T_OK(pni_engine_plan_execute(plan, NULL, &stream, &err), &err);
    stream.release(&stream);
    T_ASSERT(!stream.release);
}

T_CASE(parents_may_be_freed_before_the_stream) {
    pni_engine_session *session = fixture_session();
    pni_engine_plan *plan = NULL;
    PNI_AUTO_STREAM stream = {0};
    pn_error err = PN_ERROR_INIT;
    int64_t rows;
    int64_t sum;
    fixture_numbers(session, "t", 10);
    T_OK(pni_engine_plan_sql(session, PNI_SPACE_RUN, fixture_bytes("select a from t"), 0, &plan,
                             &err),
         &err);
    T_OK(pni_engine_plan_execute(plan, NULL, &stream, &err), &err);
    pni_engine_session_free(session);
    pni_engine_plan_free(plan);
    T_OK(fixture_drain(&stream, &rows, &sum, &err), &err);
    T_EQ_INT(rows, 10);
}

T_CASE(a_failing_row_is_an_execution_error) {
    PNI_AUTO_PTR(pni_engine_session) session = fixture_session();
    pn_error err = PN_ERROR_INIT;
    int64_t rows;
    int64_t sum;
    fixture_numbers(session, "t", 10);
    T_STATUS(fixture_query(session, "select 1 / (a - 5) from t", &rows, &sum, &err), PN_EXEC, &err);
    T_EQ_INT(err.number, PNI_E_ENGINE_EXEC);
    T_ASSERT(err.message[0] != '\0');
    T_ASSERT(err.hint[0] != '\0');
}
