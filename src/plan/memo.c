/* SPDX-License-Identifier: Apache-2.0 */
/* A slot per name: empty, being made, or made. The lock is held to look and to publish, never while
 * a value is made. */
#include "plan/memo.h"

#include <pthread.h>

typedef struct slot {
    bool is_being_made;
    json_t *value; /* NULL until made */
} slot;

struct pni_memo {
    pthread_mutex_t lock;
    pthread_cond_t changed;
    pni_map *slots;
};

pni_memo *pni_memo_new(void) {
    pni_memo *memo = pni_calloc(1, sizeof *memo);
    pthread_mutex_init(&memo->lock, NULL);
    pthread_cond_init(&memo->changed, NULL);
    memo->slots = pni_map_new();
    return memo;
}

void pni_memo_free(pni_memo *memo) {
    if (!memo)
        return;
    for (size_t i = 0; i < pni_map_count(memo->slots); i++) {
        slot *old = pni_map_value_at(memo->slots, i);
        json_decref(old->value);
        pni_free(old);
    }
    pni_map_free(memo->slots);
    pthread_cond_destroy(&memo->changed);
    pthread_mutex_destroy(&memo->lock);
    pni_free(memo);
}

/* The slot of `name`, claimed for the caller unless its value is there. Lock held. */
static slot *claim(pni_memo *memo, const char *name) {
    slot *found = pni_map_get(memo->slots, name);
    if (!found) {
        found = pni_calloc(1, sizeof *found);
        pni_map_put(memo->slots, name, found);
    }
    while (found->is_being_made)
        pthread_cond_wait(&memo->changed, &memo->lock);
    found->is_being_made = !found->value;
    return found;
}

pn_status pni_memo_get(pni_memo *memo, const char *name, pni_memo_make_fn make, void *ctx,
                       json_t **out, pn_error *err) {
    json_t *made = NULL;
    pthread_mutex_lock(&memo->lock);
    slot *mine = claim(memo, name);
    json_t *value = mine->value;
    pthread_mutex_unlock(&memo->lock);
    if (value) {
        *out = value;
        return PN_OK;
    }
    pn_status status = make(ctx, &made, err);
    pthread_mutex_lock(&memo->lock);
    mine->is_being_made = false;
    mine->value = status == PN_OK ? made : NULL;
    pthread_cond_broadcast(&memo->changed);
    pthread_mutex_unlock(&memo->lock);
    if (status == PN_OK)
        *out = made;
    return status;
}
