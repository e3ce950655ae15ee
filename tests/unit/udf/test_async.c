/* Functions that may wait: their batches, their time, and what becomes of those that do not stop.
 */
#include "base/base.h"
#include "t.h"
#include "udf/udf.h"
#include "udf_sql.h"

#include <stdio.h>
#include <stdlib.h>

static pni_engine_session *hurried(const char *grace) {
    pn_error err = PN_ERROR_INIT;
    pni_engine_session *session = udf_sql_session("slow");
    T_OK(pni_engine_session_set(session, "pinion_async.timeout_ms", "30", &err), &err);
    T_OK(pni_engine_session_set(session, "pinion_async.grace_ms", grace, &err), &err);
    return session;
}

static pn_status fails_there(const pni_engine_session *session, const char *sql, const char *part) {
    PNI_AUTO(pn_buf) got = PN_BUF_INIT;
    pn_error err = PN_ERROR_INIT;
    if (udf_sql_evaluate(session, sql, &got, &err) == PN_OK) {
        T_FAIL("wanted a failure with '%s', got %s", part, pni_buf_text(&got));
    }
    if (!strstr(err.message, part) && !strstr(err.detail, part)) {
        T_FAIL("no '%s' in: %s / %s", part, err.message, err.detail);
    }
    return err.status;
}

static int64_t number(const pni_engine_session *session, const char *sql) {
    PNI_AUTO(pn_buf) got = PN_BUF_INIT;
    pn_error err = PN_ERROR_INIT;
    T_OK(udf_sql_evaluate(session, sql, &got, &err), &err);
    return strtoll(pni_buf_text(&got), NULL, 10);
}

static int64_t times_told(const pni_engine_session *session) {
    return number(session, "select told()");
}

T_CASE(they_answer_as_others_do) {
    udf_sql_gives("slow", "select batch_rows(v) from (values (1), (2), (3)) t(v)", "3,3,3");
    udf_sql_gives("slow", "select v from (values (1), (2)) t(v) where batch_rows(v) = 2", "1,2");
}

T_CASE(batches_are_cut) {
    pn_error err = PN_ERROR_INIT;
    PNI_AUTO_PTR(pni_engine_session) session = udf_sql_session("slow");
    PNI_AUTO(pn_buf) got = PN_BUF_INIT;
    T_OK(pni_engine_session_set(session, "pinion_async.ideal_batch_size", "2", &err), &err);
    T_OK(udf_sql_evaluate(session, "select batch_rows(v) from (values (1), (2), (3)) t(v)", &got,
                          &err),
         &err);
    T_EQ_STR(pni_buf_text(&got), "2,2,1");
    T_STATUS(pni_engine_session_set(session, "pinion_async.timeout_ms", "soon", &err), PN_INVALID,
             &err);
}

T_CASE(a_function_that_is_late_is_asked_to_stop) {
    static const char sql[] = "select listens(v) from (values (1)) t(v)";
    PNI_AUTO_PTR(pni_engine_session) session = hurried("2000");
    int64_t before = times_told(session);
    T_EQ_INT(fails_there(session, sql, "'listens' of pack 'slow' timed out after 30 ms"),
             PN_TIMEOUT);
    T_EQ_INT(times_told(session), before + 1);
    T_EQ_INT(fails_there(session, sql, "'listens' of pack 'slow' timed out after 30 ms"),
             PN_TIMEOUT);
    T_EQ_INT(times_told(session), before + 2);
}

T_CASE(a_function_that_does_not_stop_is_disabled) {
    PNI_AUTO_PTR(pni_engine_session) session = hurried("30");
    static const char sql[] = "select deaf(v) from (values (1)) t(v)";
    T_EQ_INT(fails_there(session, sql, "'deaf' of pack 'slow' timed out after 30 ms, did not stop"),
             PN_TIMEOUT);
    T_EQ_INT(fails_there(session, sql, "'deaf' of pack 'slow' is disabled: a call of it did not"),
             PN_UNSUPPORTED);
    T_EQ_INT(number(session, "select batch_rows(v) from (values (1)) t(v)"), 1);
}

enum { THREADS = 64 }; /* of the engine, for all that may wait */

/* A call that finds no thread cannot listen: it is late, and its function goes on. On a busy
 * machine some of those that should hold the threads are late themselves. */
T_CASE(a_call_that_never_began_disables_nothing) {
    static const char sql[] = "select batch_rows(v) from (values (1)) t(v)";
    pn_error err = PN_ERROR_INIT;
    PNI_AUTO_PTR(pni_engine_session) session = hurried("50");
    PNI_AUTO(pn_buf) all = PN_BUF_INIT;
    PNI_AUTO(pn_buf) got = PN_BUF_INIT;
    for (int i = 0; i < THREADS; i++) {
        pni_buf_printf(&all, "%sselect deaf(v) from (values (%d)) t(v)", i ? " union all " : "", i);
    }
    T_OK(pni_engine_session_set(session, "pinion_async.timeout_ms", "200", &err), &err);
    T_STATUS(udf_sql_evaluate(session, pni_buf_text(&all), &got, &err), PN_TIMEOUT, &err);
    bool began = strstr(err.message, "did not stop") || strstr(err.detail, "did not stop");
    T_OK(pni_engine_session_set(session, "pinion_async.timeout_ms", "30", &err), &err);
    if (udf_sql_evaluate(session, sql, &got, &err) == PN_OK) {
        T_ASSERT(!began);
        printf("# busy: one that should hold a thread never began, so a thread was left\n");
        return;
    }
    if (!strstr(err.message, "timed out after 30 ms"))
        T_FAIL("the call that found no thread: %s", err.message);
    T_OK(pni_engine_session_set(session, "pinion_async.timeout_ms", "10000", &err), &err);
    pni_buf_clear(&got);
    T_OK(udf_sql_evaluate(session, sql, &got, &err), &err);
    T_EQ_STR(pni_buf_text(&got), "1");
}
