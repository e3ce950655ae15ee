/* A pack as it was written for plugin ABI 1.0, built with the header of then: thirty_more(n) and
 * first_byte(s). Every later pinion loads it. */
#include "plugin_1_0.h"

#include <string.h>

PN_API const pn_plugin *pn_plugin_entry(const pn_host *host, char *message, size_t cap);

static const pn_host *the_host;

static void release(struct ArrowArray *array) {
    the_host->free((void *)(uintptr_t)array->buffers[0]);
    the_host->free((void *)(uintptr_t)array->buffers[1]);
    the_host->free(array->buffers);
    array->release = NULL;
}

static int is_null(const struct ArrowArray *array, int64_t at) {
    const uint8_t *valid = array->buffers[0];
    return valid && !(valid[at / 8] >> (at % 8) & 1);
}

/* Starts a result of 64-bit integers whose validity is all set. */
static int64_t *start(struct ArrowArray *out, int64_t rows) {
    size_t n = (size_t)rows;
    memset(out, 0, sizeof *out);
    out->length = rows;
    out->n_buffers = 2;
    out->buffers = the_host->alloc(2 * sizeof *out->buffers);
    uint8_t *valid = the_host->alloc(n / 8 + 1);
    int64_t *values = the_host->alloc((n + 1) * sizeof *values);
    memset(valid, 0xff, n / 8 + 1);
    memset(values, 0, (n + 1) * sizeof *values);
    out->buffers[0] = valid;
    out->buffers[1] = values;
    out->release = release;
    return values;
}

static void make_null(struct ArrowArray *out, int64_t row) {
    uint8_t *valid = (uint8_t *)(uintptr_t)out->buffers[0];
    valid[row / 8] = (uint8_t)(valid[row / 8] & ~(1u << (row % 8)));
    out->null_count++;
}

static int32_t thirty_more(void *ctx, const pn_kernel_call *call, struct ArrowArray *out,
                           char *message, size_t cap) {
    (void)ctx, (void)message, (void)cap;
    const struct ArrowArray *in = call->args[0].array;
    int64_t rows = call->args[0].is_scalar ? 1 : call->n_rows;
    int64_t *made = start(out, rows);
    for (int64_t i = 0; i < rows; i++) {
        if (is_null(in, i + in->offset)) {
            make_null(out, i);
        } else {
            made[i] = ((const int64_t *)in->buffers[1])[i + in->offset] + 30;
        }
    }
    return 0;
}

static int32_t first_byte(void *ctx, const pn_kernel_call *call, struct ArrowArray *out,
                          char *message, size_t cap) {
    (void)ctx, (void)message, (void)cap;
    const struct ArrowArray *in = call->args[0].array;
    int64_t rows = call->args[0].is_scalar ? 1 : call->n_rows;
    int64_t *made = start(out, rows);
    for (int64_t i = 0; i < rows; i++) {
        const int32_t *ends = (const int32_t *)in->buffers[1] + in->offset + i;
        if (is_null(in, i + in->offset) || ends[0] == ends[1]) {
            make_null(out, i);
        } else {
            made[i] = ((const uint8_t *)in->buffers[2])[ends[0]];
        }
    }
    return 0;
}

static const char *const number[] = {"l"};
static const char *const text[] = {"s"};
static const char *const aliases[] = {"plus_thirty", NULL};

static const pn_udf functions[] = {
    {
        .struct_size = sizeof(pn_udf),
        .signature = PN_SIGNATURE_EXACT,
        .volatility = PN_VOLATILITY_IMMUTABLE,
        .min_args = 1,
        .max_args = 1,
        .n_arg_formats = 1,
        .name = "thirty_more",
        .aliases = aliases,
        .arg_formats = number,
        .return_format = "l",
        .invoke = thirty_more,
        .body_version = "1",
    },
    {
        .struct_size = sizeof(pn_udf),
        .signature = PN_SIGNATURE_EXACT,
        .volatility = PN_VOLATILITY_STABLE,
        .min_args = 1,
        .max_args = 1,
        .n_arg_formats = 1,
        .name = "first_byte",
        .arg_formats = text,
        .return_format = "l",
        .invoke = first_byte,
        .body_version = "1",
    },
};

static const pn_plugin plugin = {
    .struct_size = sizeof(pn_plugin),
    .abi_major = PN_PLUGIN_ABI_MAJOR,
    .abi_minor_min = PN_PLUGIN_ABI_MINOR,
    .udf_stride = sizeof(pn_udf),
    .name = "plugin_1_0",
    .version = "1.0",
    .n_udfs = sizeof functions / sizeof functions[0],
    .udfs = functions,
};

const pn_plugin *pn_plugin_entry(const pn_host *host, char *message, size_t cap) {
    (void)message, (void)cap;
    the_host = host;
    return &plugin;
}
