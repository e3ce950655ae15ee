/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Rows that are digested on their way to a writer. The engine may not be called from a thread of
 * the engine, and the writer pulls from one; so a thread of ours pulls the rows, digests them and
 * hands them over in a short queue. Who made the tee joins that thread, never the reader of its
 * stream: that one may be the thread which the rows wait for.
 */
#include "exec/exec_priv.h"

#include <errno.h>
#include <pthread.h>

#define AHEAD 4u /* batches that wait for the reader */

struct pni_tee {
    atomic_int refs; /* the maker's, and the stream's */
    struct ArrowArrayStream inner;
    struct ArrowSchema schema;
    pni_row_digest *digest;
    pthread_t thread;
    pthread_mutex_t lock;
    pthread_cond_t changed;
    struct ArrowArray ready[AHEAD];
    size_t first, count;
    bool is_started;
    bool has_ended; /* no more will be ready */
    bool is_closed; /* nobody reads any more */
    bool is_whole;  /* all rows were digested */
    pn_error failure;
};

static void tee_unref(pni_tee *tee) {
    if (atomic_fetch_sub(&tee->refs, 1) != 1)
        return;
    for (size_t i = 0; i < AHEAD; i++)
        pni_auto_release_array(&tee->ready[i]);
    pni_auto_release_stream(&tee->inner);
    pni_auto_release_schema(&tee->schema);
    pni_row_digest_free(tee->digest);
    pthread_cond_destroy(&tee->changed);
    pthread_mutex_destroy(&tee->lock);
    pni_free(tee);
}

static void tee_close(pni_tee *tee) {
    pthread_mutex_lock(&tee->lock);
    tee->is_closed = true;
    pthread_cond_broadcast(&tee->changed);
    pthread_mutex_unlock(&tee->lock);
}

/* False when that was the last: of the rows, by a failure, or since nobody reads. */
static bool hand_over(pni_tee *tee, struct ArrowArray *batch, const pn_error *failure) {
    pthread_mutex_lock(&tee->lock);
    while (tee->count == AHEAD && !tee->is_closed)
        pthread_cond_wait(&tee->changed, &tee->lock);
    bool goes_on = batch->release && failure->status == PN_OK && !tee->is_closed;
    if (goes_on) {
        ArrowArrayMove(batch, &tee->ready[(tee->first + tee->count) % AHEAD]);
        tee->count++;
    } else {
        tee->has_ended = true;
        tee->failure = *failure;
        tee->is_whole = !batch->release && failure->status == PN_OK;
    }
    pthread_cond_broadcast(&tee->changed);
    pthread_mutex_unlock(&tee->lock);
    return goes_on;
}

static void *pump(void *arg) {
    pni_tee *tee = arg;
    for (;;) {
        PNI_AUTO_ARRAY batch = {0};
        pn_error failure = PN_ERROR_INIT;
        int code = tee->inner.get_next(&tee->inner, &batch);
        if (code)
            (void)!pni_engine_stream_error(&tee->inner, code, &failure);
        else if (batch.release)
            (void)!pni_row_digest_add(tee->digest, &batch, &failure);
        if (!hand_over(tee, &batch, &failure))
            return NULL;
    }
}

static int tee_get_schema(struct ArrowArrayStream *stream, struct ArrowSchema *out) {
    pni_tee *tee = stream->private_data;
    return ArrowSchemaDeepCopy(&tee->schema, out);
}

static int tee_get_next(struct ArrowArrayStream *stream, struct ArrowArray *out) {
    pni_tee *tee = stream->private_data;
    memset(out, 0, sizeof *out);
    pthread_mutex_lock(&tee->lock);
    while (!tee->count && !tee->has_ended)
        pthread_cond_wait(&tee->changed, &tee->lock);
    int code = tee->count || tee->is_whole ? 0 : EIO; /* what was cut is no whole */
    if (tee->count) {
        ArrowArrayMove(&tee->ready[tee->first], out);
        tee->first = (tee->first + 1) % AHEAD;
        tee->count--;
        pthread_cond_broadcast(&tee->changed);
    }
    pthread_mutex_unlock(&tee->lock);
    return code;
}

static const char *tee_get_last_error(struct ArrowArrayStream *stream) {
    pni_tee *tee = stream->private_data;
    pthread_mutex_lock(&tee->lock);
    const char *why = tee->failure.status != PN_OK ? tee->failure.message
                      : tee->has_ended && !tee->is_whole
                          ? "the rows were cut off: reading them was ended"
                          : NULL;
    pthread_mutex_unlock(&tee->lock);
    return why;
}

static void tee_release(struct ArrowArrayStream *stream) {
    pni_tee *tee = stream->private_data;
    tee_close(tee);
    tee_unref(tee);
    memset(stream, 0, sizeof *stream);
}

static pn_status start(pni_tee *tee, pn_error *err) {
    int code = tee->inner.get_schema(&tee->inner, &tee->schema);
    if (code)
        return pni_engine_stream_error(&tee->inner, code, err);
    PNI_TRY(pni_row_digest_new(&tee->schema, &tee->digest, err));
    code = pthread_create(&tee->thread, NULL, pump, tee);
    if (code)
        return pni_fail_os(err, PNI_E_TEE_THREAD, code, "no thread to digest rows");
    tee->is_started = true;
    return PN_OK;
}

pn_status pni_tee_new(struct ArrowArrayStream *inner, pni_tee **tee_out,
                      struct ArrowArrayStream *out, pn_error *err) {
    PNI_AUTO_PTR(pni_tee) tee = pni_calloc(1, sizeof *tee);
    atomic_init(&tee->refs, 1);
    tee->failure = PN_ERROR_INIT;
    pthread_mutex_init(&tee->lock, NULL);
    pthread_cond_init(&tee->changed, NULL);
    tee->inner = *inner;
    memset(inner, 0, sizeof *inner);
    PNI_TRY(start(tee, err));
    atomic_fetch_add(&tee->refs, 1);
    *out = (struct ArrowArrayStream){.get_schema = tee_get_schema,
                                     .get_next = tee_get_next,
                                     .get_last_error = tee_get_last_error,
                                     .release = tee_release,
                                     .private_data = tee};
    *tee_out = pni_take(tee);
    return PN_OK;
}

static void join(pni_tee *tee) {
    if (!tee->is_started)
        return;
    tee_close(tee);
    pthread_join(tee->thread, NULL);
    tee->is_started = false;
}

pn_status pni_tee_end(pni_tee *tee, json_t **digest_out, pn_error *err) {
    join(tee);
    if (tee->failure.status != PN_OK) {
        if (err)
            *err = tee->failure;
        return tee->failure.status;
    }
    if (tee->is_whole)
        *digest_out = pni_row_digest_end(tee->digest);
    return PN_OK;
}

void pni_tee_free(pni_tee *tee) {
    if (!tee)
        return;
    join(tee);
    tee_unref(tee);
}
