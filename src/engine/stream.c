/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Running a plan, and stopping it. The engine has its own cancel token; one hangs on each pn_cancel
 * that ever reaches the engine. It is made under a lock and published last, so that
 * pn_cancel_fire(), which may run in a signal handler, sees either nothing or everything; a token
 * published after the firing is fired here. The stream keeps a reference to the pn_cancel, and so
 * to the token, for as long as the engine may look at it.
 */
#include "engine/engine_priv.h"

#include <errno.h>
#include <pthread.h>

static pthread_mutex_t token_lock = PTHREAD_MUTEX_INITIALIZER;

static void fire_token(void *token) {
    pne_cancel_fire((const pne_cancel *)token);
}

static void free_token(void *token) {
    pne_cancel_free((pne_cancel *)token);
}

/* Under token_lock. */
static pn_status hang_token(pn_cancel *cancel, pn_error *err) {
    pne_cancel *token = NULL;
    PNI_TRY(pni_engine_finish(pne_cancel_new(&token, err), err));
    cancel->engine_fire = fire_token;
    cancel->engine_free = free_token;
    atomic_store(&cancel->engine, token);
    if (atomic_load(&cancel->fired)) {
        pne_cancel_fire(token);
    }
    return PN_OK;
}

pn_status pni_engine_token(pn_cancel *cancel, const pne_cancel **out, pn_error *err) {
    if (!cancel) {
        *out = NULL;
        return PN_OK;
    }
    pn_status status = PN_OK;
    if (!atomic_load(&cancel->engine)) {
        pthread_mutex_lock(&token_lock);
        if (!atomic_load(&cancel->engine)) {
            status = hang_token(cancel, err);
        }
        pthread_mutex_unlock(&token_lock);
    }
    if (status == PN_OK) {
        *out = atomic_load(&cancel->engine);
    }
    return status;
}

typedef struct held_stream {
    struct ArrowArrayStream inner;
    pn_cancel *cancel;
} held_stream;

static int held_get_schema(struct ArrowArrayStream *stream, struct ArrowSchema *out) {
    held_stream *held = stream->private_data;
    return held->inner.get_schema(&held->inner, out);
}

static int held_get_next(struct ArrowArrayStream *stream, struct ArrowArray *out) {
    held_stream *held = stream->private_data;
    return held->inner.get_next(&held->inner, out);
}

static const char *held_get_last_error(struct ArrowArrayStream *stream) {
    held_stream *held = stream->private_data;
    return held->inner.get_last_error(&held->inner);
}

static void held_release(struct ArrowArrayStream *stream) {
    held_stream *held = stream->private_data;
    stream->release = NULL;
    stream->private_data = NULL;
    if (held->inner.release) {
        held->inner.release(&held->inner);
    }
    pn_cancel_unref(held->cancel);
    pni_free(held);
}

pn_status pni_engine_plan_execute(const pni_engine_plan *plan, pn_cancel *cancel,
                                  struct ArrowArrayStream *out, pn_error *err) {
    PNI_TRY(pni_cancel_check(cancel, err));
    const pne_cancel *token = NULL;
    PNI_TRY(pni_engine_token(cancel, &token, err));
    struct ArrowArrayStream made = {0};
    PNI_TRY(pni_engine_finish(pne_plan_execute(engine_plan(plan), token, &made, err), err));
    if (!cancel) {
        *out = made;
        return PN_OK;
    }
    held_stream *held = pni_calloc(1, sizeof *held);
    held->inner = made;
    held->cancel = pni_cancel_ref(cancel);
    *out = (struct ArrowArrayStream){
        .get_schema = held_get_schema,
        .get_next = held_get_next,
        .get_last_error = held_get_last_error,
        .release = held_release,
        .private_data = held,
    };
    return PN_OK;
}
