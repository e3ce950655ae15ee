/* SPDX-License-Identifier: Apache-2.0 */
#include "base/base.h"
#include "t.h"

static int fires;
static int frees;

static void on_fire(void *engine) {
    (void)engine;
    fires++;
}

static void on_free(void *engine) {
    (void)engine;
    frees++;
}

T_CASE(fired_stays_fired) {
    PNI_AUTO_PTR(pn_cancel) cancel = pn_cancel_new();
    pn_error err = PN_ERROR_INIT;
    T_ASSERT(!pn_cancel_is_fired(cancel));
    T_OK(pni_cancel_check(cancel, &err), &err);
    pn_cancel_fire(cancel);
    pn_cancel_fire(cancel);
    T_ASSERT(pn_cancel_is_fired(cancel));
    T_STATUS(pni_cancel_check(cancel, &err), PN_CANCELLED, &err);
    T_EQ_INT(err.number, PNI_E_CANCELLED);
}

T_CASE(null_is_never_fired) {
    pn_error err = PN_ERROR_INIT;
    pn_cancel_fire(NULL);
    pn_cancel_unref(NULL);
    T_ASSERT(!pni_cancel_ref(NULL) && !pn_cancel_is_fired(NULL));
    T_OK(pni_cancel_check(NULL, &err), &err);
}

T_CASE(the_engine_is_told_and_freed_with_the_last_reference) {
    pn_cancel *cancel = pn_cancel_new();
    fires = frees = 0;
    cancel->engine_fire = on_fire;
    cancel->engine_free = on_free;
    int token;
    atomic_store(&cancel->engine, &token);
    T_ASSERT(pni_cancel_ref(cancel) == cancel);
    pn_cancel_fire(cancel);
    T_EQ_INT(fires, 1);
    pn_cancel_unref(cancel);
    T_EQ_INT(frees, 0);
    pn_cancel_unref(cancel);
    T_EQ_INT(frees, 1);
}
