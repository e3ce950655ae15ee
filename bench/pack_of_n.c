/* A pack of FUNCTIONS functions f0(n), f1(n), … with three arguments and two tags each: only what
 * is told of them counts, so they all refuse to run. */
#include "pinion/plugin.h"

#include <stdio.h>

PN_API const pn_plugin *pn_plugin_entry(const pn_host *host, char *message, size_t cap);

static int32_t refuse(void *ctx, const pn_kernel_call *call, struct ArrowArray *out, char *message,
                      size_t message_cap) {
    (void)ctx, (void)call, (void)out;
    snprintf(message, message_cap, "this function is for counting");
    return 1;
}

const pn_plugin *pn_plugin_entry(const pn_host *host, char *message, size_t cap) {
    static char names[FUNCTIONS][16];
    static pn_udf functions[FUNCTIONS];
    static const char *const formats[] = {"s", "l", "*"};
    static const char *const arguments[] = {"text", "number", "value"};
    static pn_plugin plugin = {.struct_size = sizeof plugin,
                               .abi_major = PN_PLUGIN_ABI_MAJOR,
                               .abi_minor_min = 0,
                               .udf_stride = sizeof(pn_udf),
                               .name = "many",
                               .version = "1.0",
                               .n_udfs = FUNCTIONS,
                               .udfs = functions};
    (void)host, (void)message, (void)cap;
    for (int i = 0; i < FUNCTIONS; i++) {
        snprintf(names[i], sizeof names[i], "f%d", i);
        functions[i] = (pn_udf){.struct_size = sizeof(pn_udf),
                                .signature = PN_SIGNATURE_EXACT,
                                .volatility = PN_VOLATILITY_IMMUTABLE,
                                .min_args = 2,
                                .max_args = 3,
                                .n_arg_formats = 3,
                                .name = names[i],
                                .arg_formats = formats,
                                .arg_names = arguments,
                                .return_format = "u",
                                .invoke = refuse,
                                .body_version = "1",
                                .rewrite_tags = "count,many",
                                .description = "One of many."};
    }
    return &plugin;
}
