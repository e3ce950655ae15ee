/* SPDX-License-Identifier: Apache-2.0 */
/* The cheapest kernel there is, for bench/adapter.c: same(n) copies a column of integers. */
#include <pinion/plugin.h>
#include <stdlib.h>
#include <string.h>

PN_API const pn_plugin *pn_plugin_entry(const pn_host *host, char *message, size_t cap);

static void release(struct ArrowArray *array) {
    free((void *)(uintptr_t)array->buffers[1]);
    free(array->buffers);
    array->release = NULL;
}

static int32_t same(void *ctx, const pn_kernel_call *call, struct ArrowArray *out, char *message,
                    size_t cap) {
    (void)ctx, (void)message, (void)cap;
    const struct ArrowArray *in = call->args[0].array;
    size_t bytes = (size_t)in->length * sizeof(int64_t);
    *out = (struct ArrowArray){.length = in->length, .n_buffers = 2, .release = release};
    out->buffers = calloc(2, sizeof *out->buffers);
    void *values = malloc(bytes + 1);
    if (!out->buffers || !values)
        abort();
    out->buffers[1] = memcpy(values, (const int64_t *)in->buffers[1] + in->offset, bytes);
    return 0;
}

static const pn_udf functions[] = {{
    .struct_size = sizeof(pn_udf),
    .min_args = 1,
    .max_args = 1,
    .n_arg_formats = 1,
    .name = "same",
    .arg_formats = (const char *const[]){"l"},
    .return_format = "l",
    .invoke = same,
    .body_version = "1",
}};

const pn_plugin *pn_plugin_entry(const pn_host *host, char *message, size_t cap) {
    static const pn_plugin plugin = {
        .struct_size = sizeof plugin,
        .abi_major = PN_PLUGIN_ABI_MAJOR,
        .udf_stride = sizeof(pn_udf),
        .name = "same",
        .version = "1",
        .n_udfs = 1,
        .udfs = functions,
    };
    (void)host, (void)message, (void)cap;
    return &plugin;
}
