/* Time-outs: a token of their own, which also follows the caller's. */
#include "exec_fixture.h"

#include <time.h>

static void wait_ms(long ms) {
    struct timespec time = {ms / 1000, ms % 1000 * 1000000};
    nanosleep(&time, NULL);
}

/* Waits up to ten seconds; machines that run tests are slow at times. */
static bool fires(const pn_cancel *cancel) {
    for (int i = 0; i < 1000 && !pn_cancel_is_fired(cancel); i++)
        wait_ms(10);
    return pn_cancel_is_fired(cancel);
}

T_CASE(without_a_time_out_it_is_the_callers_token) {
    PNI_AUTO_PTR(pn_cancel) outer = pn_cancel_new();
    PNI_AUTO_PTR(pni_deadline) none = pni_deadline_new(NULL, 0);
    PNI_AUTO_PTR(pni_deadline) plain = pni_deadline_new(outer, 0);
    T_ASSERT(!pni_deadline_cancel(none));
    T_ASSERT(pni_deadline_cancel(plain) == outer);
    T_ASSERT(!pni_deadline_passed(plain));
    pni_deadline_free(NULL);
}

T_CASE(it_fires_its_own_token_and_leaves_the_callers) {
    PNI_AUTO_PTR(pn_cancel) outer = pn_cancel_new();
    PNI_AUTO_PTR(pni_deadline) deadline = pni_deadline_new(outer, 20);
    T_ASSERT(pni_deadline_cancel(deadline) != outer);
    T_ASSERT(fires(pni_deadline_cancel(deadline)));
    T_ASSERT(pni_deadline_passed(deadline));
    T_ASSERT(!pn_cancel_is_fired(outer));
}

T_CASE(the_callers_token_fires_it_without_a_time_out) {
    PNI_AUTO_PTR(pn_cancel) outer = pn_cancel_new();
    PNI_AUTO_PTR(pni_deadline) deadline = pni_deadline_new(outer, UINT64_MAX);
    T_ASSERT(!pn_cancel_is_fired(pni_deadline_cancel(deadline)));
    pn_cancel_fire(outer);
    T_ASSERT(fires(pni_deadline_cancel(deadline)));
    T_ASSERT(!pni_deadline_passed(deadline));
}

T_CASE(freeing_does_not_wait_for_the_time) {
    for (uint64_t i = 0; i < 50; i++)
        pni_deadline_free(pni_deadline_new(NULL, 60000 + i));
}

T_CASE(a_failure_after_the_time_is_a_time_out) {
    PNI_AUTO_PTR(pn_session) session = fx_session(NULL);
    PNI_AUTO_PTR(pn_bundle) bundle = fx_query_bundle(session, NULL, "select 1 as k");
    PNI_AUTO_PTR(pni_deadline) passed = pni_deadline_new(NULL, 1);
    PNI_AUTO_PTR(pni_deadline) open = pni_deadline_new(NULL, 60000);
    T_ASSERT(fires(pni_deadline_cancel(passed)));
    T_EQ_INT(pni_deadline_status(passed, PN_OK, bundle, NULL), PN_OK);
    T_EQ_INT(pni_deadline_status(open, PN_IO, bundle, NULL), PN_IO);
    FX_FAILS(pni_deadline_status(passed, PN_IO, bundle, err), PNI_E_EXEC_TIMEOUT, "query");
}
