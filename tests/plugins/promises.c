/* A pack of twins: of two functions with one kernel, the first makes a promise to the planner and
 * the second does not. `shifted` also has everything that can be written about a function. */
#include "pack.h"

/* lazy(n, m), eager(n, m) = n, or m where n is null. */
static int32_t either(void *ctx, const pn_kernel_call *call, struct ArrowArray *out, char *message,
                      size_t cap) {
    (void)ctx, (void)message, (void)cap;
    int64_t rows = call->args[0].is_scalar && call->args[1].is_scalar ? 1 : call->n_rows;
    int64_t *made = make_longs(out, rows);
    for (int64_t i = 0; i < rows; i++) {
        if (!long_at(&call->args[0], i, &made[i]) && !long_at(&call->args[1], i, &made[i])) {
            set_null(out, i);
        }
    }
    return 0;
}

/* shifted(n, by), moved(n, by) = n + by. */
static int32_t sum(void *ctx, const pn_kernel_call *call, struct ArrowArray *out, char *message,
                   size_t cap) {
    (void)ctx, (void)message, (void)cap;
    int64_t rows = call->args[0].is_scalar && call->args[1].is_scalar ? 1 : call->n_rows;
    int64_t *made = make_longs(out, rows);
    for (int64_t i = 0; i < rows; i++) {
        int64_t by = 0;
        if (long_at(&call->args[0], i, &made[i]) && long_at(&call->args[1], i, &by)) {
            made[i] += by;
        } else {
            set_null(out, i);
        }
    }
    return 0;
}

static const char *const longs[] = {"l", "l"};
static const char *const shift_names[] = {"n", "by"};
static const char *const shift_args[] = {"The number.", "How far it is moved."};
static const char *const shift_related[] = {"moved", "abs", NULL};
static const pn_doc shift_doc = {
    .struct_size = sizeof(pn_doc),
    .section = "Twins",
    .syntax = "shifted(n, by)",
    .sql_example = "select shifted(40, 2) -- 42",
    .alternative_syntax = "n + by",
    .arg_descriptions = shift_args,
    .related = shift_related,
};

#define TWIN(fn_name, kernel)                                                                      \
    .struct_size = sizeof(pn_udf), .min_args = 2, .max_args = 2, .n_arg_formats = 2,               \
    .name = (fn_name), .arg_formats = longs, .return_format = "l", .invoke = (kernel),             \
    .body_version = "1"

static const pn_udf functions[] = {
    {TWIN("lazy", either), .flags = PN_UDF_SHORT_CIRCUITS},
    {TWIN("eager", either)},
    {TWIN("shifted", sum), .preserves_order_of = 1, .arg_names = shift_names,
     .description = "A number, moved.", .rewrite_tags = "twins", .doc = &shift_doc},
    {TWIN("moved", sum)},
};

PACK_OF("promises", functions)
