/*
 * Torture: one scenario, the n-th call into the engine fails or panics, for every n until none
 * does. Nothing may leak and every failure must have a number. Needs an engine built with the
 * feature "fault"; skips otherwise.
 */
#include "t.h"

#include "engine_fixture.h"

extern void pne_fault_reset(int64_t n, int32_t panic_not_fail) __attribute__((weak));

/* A table that is not there: the call is made, and nothing has to be written for it. */
static pn_status upkeep(const pni_engine_session *session, pn_error *err) {
    PNI_AUTO_PTR(json_t) report = NULL;
    PNI_AUTO_PTR(json_t)
    request = json_pack("{s:s, s:s}", "operation", "optimize", "uri", "/no/such/table");
    pn_status status = pni_engine_delta_run(session, request, NULL, &report, err);
    if (status != PN_NOT_FOUND)
        return status;
    *err = PN_ERROR_INIT; /* reached the engine: it is not there */
    return PN_OK;
}

static pn_status scenario(pn_error *err) {
    PNI_AUTO_PTR(pni_engine_session) session = NULL;
    PNI_AUTO_PTR(pni_engine_session) fork = NULL;
    PNI_AUTO_PTR(pni_engine_table) table = NULL;
    PNI_AUTO_PTR(pni_engine_plan) plan = NULL;
    PNI_AUTO_PTR(pn_cancel) cancel = pn_cancel_new();
    PNI_AUTO_PTR(json_t) functions = NULL;
    PNI_AUTO_STREAM stream = {0};
    PNI_AUTO_STREAM rows = {0};
    int64_t count;
    int64_t sum;
    PNI_TRY(pni_engine_session_new(NULL, &session, err));
    PNI_TRY(pni_engine_session_functions(session, &functions, err));
    fixture_stream(10, &stream);
    pn_status status = pni_engine_table_from_stream(session, &stream, false, &table, err);
    T_ASSERT(stream.release == NULL); /* consumed on failure too */
    PNI_TRY(status);
    PNI_TRY(pni_engine_register(session, PNI_SPACE_RUN, "t", table, err));
    PNI_TRY(upkeep(session, err));
    PNI_TRY(pni_engine_session_fork(session, &fork, err));
    PNI_TRY(
        pni_engine_plan_sql(fork, PNI_SPACE_RUN, fixture_bytes("select a from t"), 0, &plan, err));
    PNI_TRY(pni_engine_plan_execute(plan, cancel, &rows, err));
    return fixture_drain(&rows, &count, &sum, err);
}

static void torture(int32_t panic_not_fail) {
    if (!pne_fault_reset) {
        T_SKIP("the engine is built without fault injection");
    }
    int failures = 0;
    for (int64_t n = 1; n < 200; n++) {
        pn_error err = PN_ERROR_INIT;
        pne_fault_reset(n, panic_not_fail);
        pn_status status = scenario(&err);
        pne_fault_reset(0, 0);
        if (status == PN_OK) {
            T_ASSERT(failures > 5);
            return;
        }
        failures++;
        T_ASSERT(err.number != 0);
        if (!strstr(err.message, "injected")) {
            T_FAIL("call %lld failed for another reason: %s", (long long)n, err.message);
        }
    }
    T_FAIL("the scenario never ran through");
}

T_CASE(any_call_may_fail) {
    torture(0);
}

T_CASE(any_call_may_panic) {
    torture(1);
}
