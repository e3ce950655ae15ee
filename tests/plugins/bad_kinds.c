/* A pack whose aggregates and window functions break their promises, each in one way; its scalar
 * function calls the engine back. */
#define _GNU_SOURCE
#include "pinion/error.h"

#include "pack.h"

#include <dlfcn.h>

static const char *const longs[] = {"l", "l"};

/* ---- a kernel that calls the engine -----------------------------------------------------------
 */

typedef int32_t (*cancel_new_fn)(void **out, pn_error *err);

static int32_t re_enters(void *ctx, const pn_kernel_call *call, struct ArrowArray *out,
                         char *message, size_t cap) {
    (void)ctx;
    void *symbol = dlsym(RTLD_DEFAULT, "pne_cancel_new");
    if (!symbol) {
        return complain(message, cap, "there is no engine to call");
    }
    cancel_new_fn cancel_new = NULL;
    memcpy(&cancel_new, &symbol, sizeof cancel_new);
    void *token = NULL;
    pn_error err = PN_ERROR_INIT;
    if (cancel_new(&token, &err) != 0) {
        return complain(message, cap, err.message);
    }
    make_longs(out, call->n_rows); /* it was let in: the test fails */
    return 0;
}

static int32_t wrong_null_count(void *ctx, const pn_kernel_call *call, struct ArrowArray *out,
                                char *message, size_t cap) {
    (void)ctx, (void)message, (void)cap;
    make_longs(out, call->n_rows);
    set_null(out, 0);
    out->null_count = 0;
    return 0;
}

static const pn_udf scalars[] = {
    {.struct_size = sizeof(pn_udf),
     .volatility = PN_VOLATILITY_VOLATILE,
     .min_args = 1,
     .max_args = 1,
     .n_arg_formats = 1,
     .name = "re_enters",
     .arg_formats = longs,
     .return_format = "l",
     .invoke = re_enters,
     .body_version = "1"},
    {.struct_size = sizeof(pn_udf),
     .volatility = PN_VOLATILITY_VOLATILE,
     .min_args = 1,
     .max_args = 1,
     .n_arg_formats = 1,
     .name = "wrong_null_count",
     .arg_formats = longs,
     .return_format = "l",
     .invoke = wrong_null_count,
     .body_version = "1"},
};

/* ---- aggregates -------------------------------------------------------------------------------
 */

static int32_t create(void *ctx, const pn_aggregate_open *open, void **state_out, char *message,
                      size_t cap) {
    (void)ctx, (void)open, (void)message, (void)cap;
    *state_out = calloc(1, 1);
    return 0;
}

static int32_t create_nothing(void *ctx, const pn_aggregate_open *open, void **state_out,
                              char *message, size_t cap) {
    (void)ctx, (void)open, (void)state_out, (void)message, (void)cap;
    return 0;
}

static void destroy(void *state) {
    free(state);
}

static int32_t take(void *state, const pn_kernel_call *call, const uint64_t *groups,
                    uint64_t n_groups, char *message, size_t cap) {
    (void)state, (void)call, (void)groups, (void)n_groups, (void)message, (void)cap;
    return 0;
}

static int32_t take_nothing(void *state, const pn_kernel_call *call, const uint64_t *groups,
                            uint64_t n_groups, char *message, size_t cap) {
    (void)state, (void)call, (void)groups, (void)n_groups;
    return complain(message, cap, "the rows taste of rust");
}

static int32_t emit_one(void *state, uint64_t n_groups, struct ArrowArray *out, char *message,
                        size_t cap) {
    (void)state, (void)message, (void)cap;
    make_longs(out, (int64_t)n_groups); /* of two */
    return 0;
}

static int32_t evaluate(void *state, uint64_t n_groups, int32_t keep, struct ArrowArray *out,
                        char *message, size_t cap) {
    (void)state, (void)keep, (void)message, (void)cap;
    make_longs(out, (int64_t)n_groups);
    return 0;
}

static int32_t evaluate_more(void *state, uint64_t n_groups, int32_t keep, struct ArrowArray *out,
                             char *message, size_t cap) {
    (void)state, (void)keep, (void)message, (void)cap;
    make_longs(out, (int64_t)n_groups + 1);
    return 0;
}

static size_t size(const void *state) {
    (void)state;
    return 1;
}

static const pn_udf no_state = LONGS("no_state", 1, 1, longs);
static const pn_udf few_states = LONGS("few_states", 1, 1, longs);
static const pn_udf more_results = LONGS("more_results", 1, 1, longs);
static const pn_udf refuses_rows = LONGS("refuses_rows", 1, 1, longs);
static const pn_aggregate aggregates[] = {
    {sizeof(pn_aggregate), 0, &no_state, 2, 0, longs, create_nothing, destroy, take, NULL, take,
     emit_one, evaluate, size},
    {sizeof(pn_aggregate), 0, &few_states, 2, 0, longs, create, destroy, take, NULL, take, emit_one,
     evaluate, size},
    {sizeof(pn_aggregate), 0, &more_results, 2, 0, longs, create, destroy, take, NULL, take,
     emit_one, evaluate_more, size},
    {sizeof(pn_aggregate), 0, &refuses_rows, 2, 0, longs, create, destroy, take_nothing, NULL, take,
     emit_one, evaluate, size},
};

/* ---- window functions -------------------------------------------------------------------------
 */

static int32_t one_more(void *ctx, const pn_window_call *call, struct ArrowArray *out,
                        char *message, size_t cap) {
    (void)ctx, (void)message, (void)cap;
    make_longs(out, call->call->n_rows + 1);
    return 0;
}

static int32_t nothing(void *ctx, const pn_window_call *call, struct ArrowArray *out, char *message,
                       size_t cap) {
    (void)ctx, (void)call, (void)out, (void)message, (void)cap;
    return 0;
}

static const pn_udf wrong_length = LONGS("wrong_length", 1, 1, longs);
static const pn_udf two_per_frame = LONGS("two_per_frame", 1, 1, longs);
static const pn_udf no_result = LONGS("no_result", 1, 1, longs);
static const pn_window windows[] = {
    {sizeof(pn_window), PN_WINDOW_PARTITION, &wrong_length, one_more},
    {sizeof(pn_window), PN_WINDOW_FRAME, &two_per_frame, one_more},
    {sizeof(pn_window), PN_WINDOW_PARTITION, &no_result, nothing},
};

static const pn_plugin plugin = {
    .struct_size = sizeof(pn_plugin),
    .abi_major = PN_PLUGIN_ABI_MAJOR,
    .abi_minor_min = 1,
    .udf_stride = sizeof(pn_udf),
    .name = "bad_kinds",
    .version = "1.0",
    .n_udfs = COUNT_OF(scalars),
    .udfs = scalars,
    .aggregate_stride = sizeof(pn_aggregate),
    .n_aggregates = COUNT_OF(aggregates),
    .aggregates = aggregates,
    .window_stride = sizeof(pn_window),
    .n_windows = COUNT_OF(windows),
    .windows = windows,
};

const pn_plugin *pn_plugin_entry(const pn_host *host, char *message, size_t cap) {
    (void)host, (void)message, (void)cap;
    return &plugin;
}
