/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A pack of COUNT functions, plus_<i>(n) -> n + i, to see what the number of functions costs.
 *
 *     cc -std=gnu17 -shared -fPIC -Iinclude -DCOUNT=100 bench/many_functions.c -o many_100.so
 */
#include <pinion/plugin.h>
#include <stdio.h>
#include <string.h>

PN_API const pn_plugin *pn_plugin_entry(const pn_host *host, char *message, size_t cap);

static const pn_host *the_host;

static void release(struct ArrowArray *array) {
    the_host->free((void *)(uintptr_t)array->buffers[0]);
    the_host->free((void *)(uintptr_t)array->buffers[1]);
    the_host->free(array->buffers);
    array->release = NULL;
}

static int32_t plus(void *ctx, const pn_kernel_call *call, struct ArrowArray *out, char *message,
                    size_t message_cap) {
    (void)message, (void)message_cap;
    const struct ArrowArray *in = call->args[0].array;
    size_t rows = call->args[0].is_scalar ? 1 : (size_t)call->n_rows;
    const uint8_t *valid = in->buffers[0];
    const int64_t *values = (const int64_t *)in->buffers[1] + in->offset;
    uint8_t *bits = memset(the_host->alloc(rows / 8 + 1), 0, rows / 8 + 1);
    int64_t *made = the_host->alloc((rows + 1) * sizeof *made);
    for (size_t i = 0; i < rows; i++) {
        size_t at = i + (size_t)in->offset;
        int is_valid = !valid || (valid[at / 8] >> (at % 8) & 1);
        bits[i / 8] |= (uint8_t)(is_valid << (i % 8));
        made[i] = is_valid ? values[i] + (int64_t)(intptr_t)ctx : 0;
    }
    *out = (struct ArrowArray){.length = (int64_t)rows, .null_count = -1, .n_buffers = 2};
    out->buffers = the_host->alloc(2 * sizeof *out->buffers);
    out->buffers[0] = bits;
    out->buffers[1] = made;
    out->release = release;
    return 0;
}

const pn_plugin *pn_plugin_entry(const pn_host *host, char *message, size_t cap) {
    static const char *const formats[] = {"l"};
    static const char *const names[] = {"n"};
    static char called[COUNT][16];
    static pn_udf functions[COUNT];
    static const pn_plugin plugin = {.struct_size = sizeof plugin,
                                     .abi_major = PN_PLUGIN_ABI_MAJOR,
                                     .udf_stride = sizeof(pn_udf),
                                     .name = "many",
                                     .version = "1.0",
                                     .n_udfs = COUNT,
                                     .udfs = functions};
    (void)message, (void)cap;
    the_host = host;
    for (int i = 0; i < COUNT; i++) {
        snprintf(called[i], sizeof called[i], "plus_%d", i);
        functions[i] = (pn_udf){.struct_size = sizeof(pn_udf),
                                .signature = PN_SIGNATURE_EXACT,
                                .volatility = PN_VOLATILITY_IMMUTABLE,
                                .min_args = 1,
                                .max_args = 1,
                                .n_arg_formats = 1,
                                .name = called[i],
                                .arg_formats = formats,
                                .arg_names = names,
                                .return_format = "l",
                                .invoke = plus,
                                .ctx = (void *)(intptr_t)i,
                                .body_version = "1",
                                .description = "The number and a constant."};
    }
    return &plugin;
}
