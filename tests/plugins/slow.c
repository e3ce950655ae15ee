/* A pack of functions that may wait: one that answers at once, one that waits until it is told to
 * stop, one that does not listen. */
#define _GNU_SOURCE
#include "pack.h"

#include <stdatomic.h>
#include <time.h>

static atomic_llong times_told;

static void sleep_ms(long ms) {
    struct timespec time = {ms / 1000, ms % 1000 * 1000000};
    nanosleep(&time, NULL);
}

/* batch_rows(n) = rows of the call, to see how batches are cut. */
static int32_t batch_rows(void *ctx, const pn_kernel_call *call, struct ArrowArray *out,
                          char *message, size_t cap) {
    (void)ctx, (void)message, (void)cap;
    int64_t rows = call->args[0].is_scalar ? 1 : call->n_rows;
    int64_t *made = make_longs(out, rows);
    for (int64_t i = 0; i < rows; i++) {
        made[i] = call->n_rows;
    }
    return 0;
}

static int32_t listens(void *ctx, const pn_kernel_call *call, struct ArrowArray *out, char *message,
                       size_t cap) {
    (void)ctx, (void)out;
    while (!*call->stop) {
        sleep_ms(1);
    }
    times_told++;
    return complain(message, cap, "it was told to stop");
}

static int32_t deaf(void *ctx, const pn_kernel_call *call, struct ArrowArray *out, char *message,
                    size_t cap) {
    (void)ctx, (void)message, (void)cap;
    sleep_ms(700);
    make_longs(out, call->args[0].is_scalar ? 1 : call->n_rows);
    return 0;
}

/* told() = how often listens() was told to stop. */
static int32_t told(void *ctx, const pn_kernel_call *call, struct ArrowArray *out, char *message,
                    size_t cap) {
    (void)ctx, (void)message, (void)cap;
    int64_t *made = make_longs(out, call->n_rows);
    for (int64_t i = 0; i < call->n_rows; i++) {
        made[i] = times_told;
    }
    return 0;
}

static const char *const longs[] = {"l"};

#define WAITS(fn)                                                                                  \
    {                                                                                              \
        .struct_size = sizeof(pn_udf), .volatility = PN_VOLATILITY_VOLATILE, .min_args = 1,        \
        .max_args = 1, .n_arg_formats = 1, .name = #fn, .arg_formats = longs,                      \
        .return_format = "l", .invoke = fn, .body_version = "1", .flags = PN_UDF_ASYNC,            \
    }

static const pn_udf functions[] = {WAITS(batch_rows),
                                   WAITS(listens),
                                   WAITS(deaf),
                                   {.struct_size = sizeof(pn_udf),
                                    .volatility = PN_VOLATILITY_VOLATILE,
                                    .name = "told",
                                    .return_format = "l",
                                    .invoke = told,
                                    .body_version = "1"}};

PACK_OF("slow", functions)
