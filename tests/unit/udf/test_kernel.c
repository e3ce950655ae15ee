/* Kernels are called by many threads at once: the same rows from each of them, and no race (the
 * tsan preset sees these threads; those of the engine it does not). */
#include "t.h"
#include "udf_call.h"

#include <pthread.h>

enum { THREADS = 4, ROUNDS = 40 };

static const struct {
    const char *name;
    size_t count;
    udf_arg_text args[3];
} calls[] = {
    {"stable_hash64", 1, {{"u", "['alpha', 'beta', null]"}}},
    {"stable_hash128", 1, {{"U", "['alpha', 'beta']"}}},
    {"stable_id", 2, {{"=u", "'ns'"}, {"u", "['delta', null]"}}},
    {"stable_id_parts", 3, {{"=u", "'node'"}, {"=u", "'a'"}, {"u", "['b', null]"}}},
    {"prefixed_hash64", 2, {{"u", "['ns', null]"}, {"u", "['gamma', 'gamma']"}}},
    {"utf8_normalize", 1, {{"u", "['E\\u0301  X', 'plain']"}}},
};
enum { CALLS = sizeof calls / sizeof calls[0] };

typedef struct worker {
    pthread_t thread;
    json_t *const *wanted;
    size_t same;
} worker;

static void *work(void *arg) {
    worker *self = arg;
    for (int round = 0; round < ROUNDS; round++) {
        for (size_t i = 0; i < CALLS; i++) {
            char message[512];
            json_t *rows =
                udf_call(udf_named(calls[i].name), calls[i].args, calls[i].count, message);
            self->same += rows != NULL && json_equal(rows, self->wanted[i]);
            json_decref(rows);
        }
    }
    return NULL;
}

T_CASE(many_threads_get_the_same_rows) {
    json_t *wanted[CALLS];
    for (size_t i = 0; i < CALLS; i++) {
        char message[512];
        wanted[i] = udf_call(udf_named(calls[i].name), calls[i].args, calls[i].count, message);
        if (wanted[i] == NULL) {
            T_FAIL("%s: %s", calls[i].name, message);
        }
    }
    worker workers[THREADS] = {{0}};
    for (int i = 0; i < THREADS; i++) {
        workers[i].wanted = wanted;
        T_EQ_INT(pthread_create(&workers[i].thread, NULL, work, &workers[i]), 0);
    }
    for (int i = 0; i < THREADS; i++) {
        T_EQ_INT(pthread_join(workers[i].thread, NULL), 0);
        T_EQ_UINT(workers[i].same, (size_t)ROUNDS * CALLS);
    }
    for (size_t i = 0; i < CALLS; i++) {
        json_decref(wanted[i]);
    }
}
