/* A pack with a function of the name that one of the engine's has, as an alias. */
#include "pack.h"

static const char *const longs[] = {"l"};
static const char *const aliases[] = {"abs", NULL};

static int32_t ones(void *ctx, const pn_kernel_call *call, struct ArrowArray *out, char *message,
                    size_t cap) {
    (void)ctx, (void)message, (void)cap;
    int64_t rows = call->args[0].is_scalar ? 1 : call->n_rows;
    int64_t *made = make_longs(out, rows);
    for (int64_t i = 0; i < rows; i++) {
        made[i] = 1;
    }
    return 0;
}

static const pn_udf functions[] = {
    {
        .struct_size = sizeof(pn_udf),
        .min_args = 1,
        .max_args = 1,
        .n_arg_formats = 1,
        .name = "magnitude_of",
        .aliases = aliases,
        .arg_formats = longs,
        .return_format = "l",
        .invoke = ones,
        .body_version = "1",
    },
};

PACK_OF("clashes", functions)
