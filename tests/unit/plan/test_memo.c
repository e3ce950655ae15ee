/* The memo: made once whoever asks, a failure is not kept. */
#include "plan/memo.h"
#include "t.h"

#include <pthread.h>
#include <unistd.h>

typedef struct maker {
    pni_memo *memo;
    atomic_int made;
    int failures; /* how often it fails first */
} maker;

static pn_status make(void *ctx, json_t **out, pn_error *err) {
    maker *own = ctx;
    int count = atomic_fetch_add(&own->made, 1) + 1;
    usleep(20000); /* so that the others come while it is being made */
    if (count <= own->failures)
        return pni_fail(err, PNI_E_INTERNAL, "attempt %d failed", count);
    *out = json_integer(count);
    return PN_OK;
}

static void *ask(void *ctx) {
    maker *own = ctx;
    json_t *value = NULL;
    return pni_memo_get(own->memo, "x", make, own, &value, NULL) == PN_OK ? value : NULL;
}

T_CASE(a_value_is_made_once_for_all_threads) {
    PNI_AUTO_PTR(pni_memo) memo = pni_memo_new();
    maker own = {.memo = memo};
    pthread_t threads[8];
    void *got[8];
    for (size_t i = 0; i < 8; i++)
        T_EQ_INT(pthread_create(&threads[i], NULL, ask, &own), 0);
    for (size_t i = 0; i < 8; i++) {
        pthread_join(threads[i], &got[i]);
        T_ASSERT(got[i] == got[0] && got[i]);
    }
    T_EQ_INT(atomic_load(&own.made), 1);
}

T_CASE(a_failure_is_tried_again) {
    PNI_AUTO_PTR(pni_memo) memo = pni_memo_new();
    maker own = {.memo = memo, .failures = 1};
    json_t *value = NULL;
    pn_error err = PN_ERROR_INIT;
    T_STATUS(pni_memo_get(memo, "x", make, &own, &value, &err), PN_INTERNAL, &err);
    T_ASSERT(!value);
    T_OK(pni_memo_get(memo, "x", make, &own, &value, &err), &err);
    T_EQ_INT(json_integer_value(value), 2);
    T_OK(pni_memo_get(memo, "y", make, &own, &value, &err), &err);
    T_EQ_INT(json_integer_value(value), 3);
    pni_memo_free(NULL);
}
