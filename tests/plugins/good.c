/* A pack as a user would write it: one function, double_it(n) -> 2 n, built against pinion/plugin.h
 * alone. */
#include "pinion/plugin.h"

#include <string.h>

PN_API const pn_plugin *pn_plugin_entry(const pn_host *host, char *message, size_t cap);

static const pn_host *the_host;

static void release(struct ArrowArray *array) {
    the_host->free((void *)(uintptr_t)array->buffers[1]);
    the_host->free(array->buffers);
    array->release = NULL;
}

static int32_t double_it(void *ctx, const pn_kernel_call *call, struct ArrowArray *out,
                         char *message, size_t message_cap) {
    (void)ctx, (void)message, (void)message_cap;
    const struct ArrowArray *in = call->args[0].array;
    int64_t rows = call->args[0].is_scalar ? 1 : call->n_rows;
    const uint8_t *valid = in->buffers[0];
    const int64_t *values = (const int64_t *)in->buffers[1] + in->offset;
    int64_t *made = the_host->alloc((size_t)(rows > 0 ? rows : 1) * sizeof *made);
    for (int64_t i = 0; i < rows; i++) {
        int64_t bit = i + in->offset;
        int is_null = valid && !(valid[bit / 8] >> (bit % 8) & 1);
        made[i] = is_null ? 0 : 2 * values[i]; /* null counts as 0 here: the result has no nulls */
    }
    memset(out, 0, sizeof *out);
    out->length = rows;
    out->n_buffers = 2;
    out->buffers = the_host->alloc(2 * sizeof *out->buffers);
    out->buffers[0] = NULL;
    out->buffers[1] = made;
    out->release = release;
    return 0;
}

static const char *const formats[] = {"l"};
static const char *const names[] = {"n"};
static const char *const aliases[] = {"twice", NULL};

static const pn_udf functions[] = {{
    .struct_size = sizeof(pn_udf),
    .signature = PN_SIGNATURE_EXACT,
    .volatility = PN_VOLATILITY_IMMUTABLE,
    .min_args = 1,
    .max_args = 1,
    .n_arg_formats = 1,
    .name = "double_it",
    .aliases = aliases,
    .arg_formats = formats,
    .arg_names = names,
    .return_format = "l",
    .invoke = double_it,
    .body_version = "1",
    .description = "Twice the number.",
}};

static const pn_plugin plugin = {
    .struct_size = sizeof(pn_plugin),
    .abi_major = PN_PLUGIN_ABI_MAJOR,
    .abi_minor_min = 0,
    .udf_stride = sizeof(pn_udf),
    .name = "good",
    .version = "1.0",
    .n_udfs = 1,
    .udfs = functions,
};

const pn_plugin *pn_plugin_entry(const pn_host *host, char *message, size_t cap) {
    (void)message, (void)cap;
    the_host = host;
    return &plugin;
}
