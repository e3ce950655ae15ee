/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A cancellation token is a flag that only ever goes up, shared by reference count. The engine
 * hangs its own token on ours once (publishing `engine` last); whoever publishes must look at
 * `fired` afterwards, since a fire that came before did not see it. Firing is two atomic accesses
 * and the engine's own store, hence safe in a signal handler.
 */
#include "base/base.h"

_Static_assert(ATOMIC_INT_LOCK_FREE == 2 && ATOMIC_POINTER_LOCK_FREE == 2,
               "firing must be safe in a signal handler");

pn_cancel *pn_cancel_new(void) {
    pn_cancel *cancel = pni_calloc(1, sizeof *cancel);
    atomic_init(&cancel->refs, 1);
    atomic_init(&cancel->fired, 0);
    atomic_init(&cancel->engine, NULL);
    return cancel;
}

void pn_cancel_fire(pn_cancel *cancel) {
    if (!cancel) {
        return;
    }
    atomic_store(&cancel->fired, 1);
    void *engine = atomic_load(&cancel->engine);
    if (engine && cancel->engine_fire) {
        cancel->engine_fire(engine);
    }
}

int pn_cancel_is_fired(const pn_cancel *cancel) {
    return cancel && atomic_load(&cancel->fired);
}

pn_cancel *pni_cancel_ref(pn_cancel *cancel) {
    if (cancel) {
        atomic_fetch_add(&cancel->refs, 1);
    }
    return cancel;
}

void pn_cancel_unref(pn_cancel *cancel) {
    if (!cancel || atomic_fetch_sub(&cancel->refs, 1) != 1) {
        return;
    }
    void *engine = atomic_load(&cancel->engine);
    if (engine && cancel->engine_free) {
        cancel->engine_free(engine);
    }
    pni_free(cancel);
}

pn_status pni_cancel_check(const pn_cancel *cancel, pn_error *err) {
    if (pn_cancel_is_fired(cancel)) {
        return pni_fail(err, PNI_E_CANCELLED, "cancelled by the caller");
    }
    return PN_OK;
}
