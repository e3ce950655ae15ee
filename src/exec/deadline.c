/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Time-outs. A thread sleeps until the deadline or until it is told that the work is over; it fires
 * a token of its own, so that the caller's token, which may serve other calls, is left alone. The
 * caller's token is looked at every 50 ms.
 */
#include "exec/exec.h"

#include <pthread.h>
#include <time.h>

#define POLL_NS 50000000L

struct pni_deadline {
    pn_cancel *outer;
    pn_cancel *inner; /* NULL without a time-out */
    atomic_bool passed;
    bool is_over;
    struct timespec at;
    pthread_t thread;
    pthread_mutex_t lock;
    pthread_cond_t wake;
};

static struct timespec plus_ns(struct timespec t, uint64_t ns) {
    uint64_t sum = (uint64_t)t.tv_nsec + ns % 1000000000u;
    t.tv_sec += (time_t)(ns / 1000000000u + sum / 1000000000u);
    t.tv_nsec = (long)(sum % 1000000000u);
    return t;
}

static bool is_before(struct timespec a, struct timespec b) {
    return a.tv_sec != b.tv_sec ? a.tv_sec < b.tv_sec : a.tv_nsec < b.tv_nsec;
}

static void *watch(void *ctx) {
    pni_deadline *deadline = ctx;
    pthread_mutex_lock(&deadline->lock);
    while (!deadline->is_over) {
        struct timespec now;
        clock_gettime(CLOCK_MONOTONIC, &now);
        if (!is_before(now, deadline->at)) {
            atomic_store(&deadline->passed, true);
            break;
        }
        if (pn_cancel_is_fired(deadline->outer))
            break;
        struct timespec next = plus_ns(now, POLL_NS);
        pthread_cond_timedwait(&deadline->wake, &deadline->lock,
                               is_before(next, deadline->at) ? &next : &deadline->at);
    }
    if (!deadline->is_over)
        pn_cancel_fire(deadline->inner);
    pthread_mutex_unlock(&deadline->lock);
    return NULL;
}

pni_deadline *pni_deadline_new(pn_cancel *outer, uint64_t timeout_ms) {
    pni_deadline *deadline = pni_calloc(1, sizeof *deadline);
    pthread_condattr_t attr;
    deadline->outer = pni_cancel_ref(outer);
    if (!timeout_ms)
        return deadline;
    clock_gettime(CLOCK_MONOTONIC, &deadline->at);
    deadline->at = plus_ns(deadline->at,
                           timeout_ms > UINT64_MAX / 1000000u ? UINT64_MAX : timeout_ms * 1000000u);
    deadline->inner = pn_cancel_new();
    pthread_mutex_init(&deadline->lock, NULL);
    pthread_condattr_init(&attr);
    pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
    pthread_cond_init(&deadline->wake, &attr);
    pthread_condattr_destroy(&attr);
    if (pthread_create(&deadline->thread, NULL, watch, deadline) != 0)
        pni_abort(__FILE__, __LINE__, "no thread for a time-out");
    return deadline;
}

pn_cancel *pni_deadline_cancel(const pni_deadline *deadline) {
    return deadline->inner ? deadline->inner : deadline->outer;
}

bool pni_deadline_passed(const pni_deadline *deadline) {
    return atomic_load(&((pni_deadline *)(uintptr_t)deadline)->passed);
}

pn_status pni_deadline_status(const pni_deadline *deadline, pn_status status,
                              const pn_bundle *bundle, pn_error *err) {
    if (status == PN_OK || !pni_deadline_passed(deadline))
        return status;
    if (pn_bundle_name(bundle))
        return pni_fail(err, PNI_E_EXEC_TIMEOUT, "view '%s' ran longer than its stated time",
                        pn_bundle_name(bundle));
    return pni_fail(err, PNI_E_EXEC_TIMEOUT, "the query ran longer than its stated time");
}

void pni_deadline_free(pni_deadline *deadline) {
    if (!deadline)
        return;
    if (deadline->inner) {
        pthread_mutex_lock(&deadline->lock);
        deadline->is_over = true;
        pthread_cond_signal(&deadline->wake);
        pthread_mutex_unlock(&deadline->lock);
        pthread_join(deadline->thread, NULL);
        pthread_cond_destroy(&deadline->wake);
        pthread_mutex_destroy(&deadline->lock);
        pn_cancel_unref(deadline->inner);
    }
    pn_cancel_unref(deadline->outer);
    pni_free(deadline);
}
