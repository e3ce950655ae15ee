/* A pack whose functions return what they did not promise: too few rows, another type, nothing, a
 * failure. */
#include "pinion/plugin.h"

#include <stdlib.h>
#include <string.h>

PN_API const pn_plugin *pn_plugin_entry(const pn_host *host, char *message, size_t cap);

static void release(struct ArrowArray *array) {
    for (int64_t i = 0; i < array->n_buffers; i++) {
        free((void *)(uintptr_t)array->buffers[i]);
    }
    free(array->buffers);
    array->release = NULL;
}

static void fill(struct ArrowArray *out, int64_t rows, int64_t n_buffers) {
    memset(out, 0, sizeof *out);
    out->length = rows;
    out->n_buffers = n_buffers;
    out->buffers = calloc((size_t)n_buffers, sizeof *out->buffers);
    out->buffers[1] = calloc((size_t)rows + 2, sizeof(int64_t));
    out->release = release;
}

static int32_t too_short(void *ctx, const pn_kernel_call *call, struct ArrowArray *out,
                         char *message, size_t cap) {
    (void)ctx, (void)message, (void)cap;
    fill(out, call->n_rows > 0 ? call->n_rows - 1 : 0, 2);
    return 0;
}

static int32_t another_type(void *ctx, const pn_kernel_call *call, struct ArrowArray *out,
                            char *message, size_t cap) {
    (void)ctx, (void)message, (void)cap;
    fill(out, call->n_rows, 3);
    return 0;
}

static int32_t nothing(void *ctx, const pn_kernel_call *call, struct ArrowArray *out, char *message,
                       size_t cap) {
    (void)ctx, (void)call, (void)out, (void)message, (void)cap;
    return 0;
}

static int32_t failure(void *ctx, const pn_kernel_call *call, struct ArrowArray *out, char *message,
                       size_t cap) {
    static const char why[] = "the weather is bad";
    (void)ctx, (void)call, (void)out;
    if (cap >= sizeof why) {
        memcpy(message, why, sizeof why);
    }
    return 5;
}

static const char *const formats[] = {"l"};

#define FUNCTION(fn)                                                                               \
    {                                                                                              \
        .struct_size = sizeof(pn_udf), .volatility = PN_VOLATILITY_VOLATILE, .min_args = 1,        \
        .max_args = 1, .n_arg_formats = 1, .name = #fn, .arg_formats = formats,                    \
        .return_format = "l", .invoke = fn, .body_version = "1",                                   \
    }

static const pn_udf functions[] = {FUNCTION(too_short), FUNCTION(another_type), FUNCTION(nothing),
                                   FUNCTION(failure)};

static const pn_plugin plugin = {
    .struct_size = sizeof(pn_plugin),
    .abi_major = PN_PLUGIN_ABI_MAJOR,
    .abi_minor_min = 0,
    .udf_stride = sizeof(pn_udf),
    .name = "bad_output",
    .version = "1.0",
    .n_udfs = sizeof functions / sizeof functions[0],
    .udfs = functions,
};

const pn_plugin *pn_plugin_entry(const pn_host *host, char *message, size_t cap) {
    (void)host, (void)message, (void)cap;
    return &plugin;
}
