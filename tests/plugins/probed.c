/* A pack whose functions go wrong in one way each: what `udf check` has to tell. */
#include "pinion/plugin.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

PN_API const pn_plugin *pn_plugin_entry(const pn_host *host, char *message, size_t cap);

static const pn_host *the_host;

static void release(struct ArrowArray *array) {
    the_host->free((void *)(uintptr_t)array->buffers[1]);
    the_host->free(array->buffers);
    array->release = NULL;
}

static int64_t *start(const pn_kernel_call *call, struct ArrowArray *out, int64_t rows) {
    int64_t *values = the_host->alloc((size_t)(rows > 0 ? rows : 1) * sizeof *values);
    (void)call;
    memset(values, 0, (size_t)(rows > 0 ? rows : 1) * sizeof *values);
    memset(out, 0, sizeof *out);
    out->length = rows;
    out->n_buffers = 2;
    out->buffers = the_host->alloc(2 * sizeof *out->buffers);
    out->buffers[0] = NULL;
    out->buffers[1] = values;
    out->release = release;
    return values;
}

static int64_t rows_of(const pn_kernel_call *call) {
    return call->args[0].is_scalar ? 1 : call->n_rows;
}

static const int64_t *values_of(const pn_kernel_call *call) {
    return (const int64_t *)call->args[0].array->buffers[1] + call->args[0].array->offset;
}

#define KERNEL(name)                                                                               \
    static int32_t name(void *ctx, const pn_kernel_call *call, struct ArrowArray *out,             \
                        char *message, size_t message_cap)
#define UNUSED (void)ctx, (void)message, (void)message_cap

KERNEL(crashes) {
    UNUSED;
    if (call->n_rows > 1000)
        raise(SIGSEGV);
    start(call, out, rows_of(call));
    return 0;
}

KERNEL(hangs) {
    UNUSED;
    while (call->n_rows == 0)
        pause();
    start(call, out, rows_of(call));
    return 0;
}

KERNEL(ends_the_process) {
    UNUSED;
    (void)call, (void)out;
    _exit(7);
}

KERNEL(forgets_rows) {
    UNUSED;
    start(call, out, rows_of(call));
    out->length -= out->length > 4;
    return 0;
}

KERNEL(gives_nothing) {
    UNUSED;
    (void)call;
    memset(out, 0, sizeof *out);
    return 0;
}

static void release_both(struct ArrowArray *array) {
    the_host->free((void *)(uintptr_t)array->buffers[0]);
    release(array);
}

KERNEL(miscounts_nulls) {
    UNUSED;
    start(call, out, rows_of(call));
    uint8_t *valid = the_host->alloc((size_t)out->length / 8 + 1);
    memset(valid, 0xff, (size_t)out->length / 8 + 1);
    out->buffers[0] = valid;
    out->null_count = out->length;
    out->release = release_both;
    return 0;
}

KERNEL(counts_its_calls) {
    static int64_t count;
    UNUSED;
    int64_t *values = start(call, out, rows_of(call));
    for (int64_t i = 0; i < out->length; i++)
        values[i] = ++count;
    return 0;
}

KERNEL(reads_past_the_end) {
    UNUSED;
    int64_t rows = rows_of(call);
    int64_t *values = start(call, out, rows);
    for (int64_t i = 0; i < rows; i++)
        values[i] = values_of(call)[i + 1];
    return 0;
}

KERNEL(writes_to_its_arguments) {
    UNUSED;
    if (rows_of(call))
        *(int64_t *)(uintptr_t)values_of(call) = 1;
    start(call, out, rows_of(call));
    return 0;
}

static void release_frame(struct ArrowArray *array) {
    the_host->free(array->buffers);
    array->release = NULL;
}

KERNEL(lends_its_arguments) {
    UNUSED;
    start(call, out, rows_of(call));
    the_host->free((void *)(uintptr_t)out->buffers[1]);
    out->buffers[1] = values_of(call);
    out->release = release_frame;
    return 0;
}

KERNEL(frees_its_result) {
    UNUSED;
    start(call, out, rows_of(call));
    the_host->free((void *)(uintptr_t)out->buffers[1]);
    out->release = release_frame;
    return 0;
}

KERNEL(fails_without_a_word) {
    UNUSED;
    (void)call, (void)out;
    return 1;
}

KERNEL(refuses) {
    (void)ctx, (void)call, (void)out;
    snprintf(message, message_cap, "not today");
    return 1;
}

/* Letters of three bytes, so that nearly every place to cut lies within one. */
KERNEL(talks_at_length) {
    (void)ctx, (void)call, (void)out;
    char text[512] = "x";
    for (size_t at = 1; at + 3 < 400; at += 3)
        memcpy(text + at, "\xe2\x82\xac", 3);
    snprintf(message, message_cap, "%s", text);
    return 1;
}

KERNEL(waits_until_stopped) {
    (void)ctx, (void)out;
    while (!*call->stop)
        usleep(1000);
    snprintf(message, message_cap, "stopped");
    return 1;
}

static const char *const formats[] = {"l"};
static const char *const names[] = {"n"};

#define FUNCTION(kernel)                                                                           \
    {                                                                                              \
        .struct_size = sizeof(pn_udf), .signature = PN_SIGNATURE_EXACT,                            \
        .volatility = PN_VOLATILITY_IMMUTABLE, .min_args = 1, .max_args = 1, .n_arg_formats = 1,   \
        .name = #kernel, .arg_formats = formats, .arg_names = names, .return_format = "l",         \
        .invoke = kernel, .body_version = "1", .description = "Goes wrong."                        \
    }

static const pn_udf functions[] = {FUNCTION(counts_its_calls),       FUNCTION(crashes),
                                   FUNCTION(ends_the_process),       FUNCTION(fails_without_a_word),
                                   FUNCTION(forgets_rows),           FUNCTION(frees_its_result),
                                   FUNCTION(gives_nothing),          FUNCTION(hangs),
                                   FUNCTION(lends_its_arguments),    FUNCTION(miscounts_nulls),
                                   FUNCTION(reads_past_the_end),     FUNCTION(refuses),
                                   FUNCTION(talks_at_length),        FUNCTION(waits_until_stopped),
                                   FUNCTION(writes_to_its_arguments)};

static const pn_plugin plugin = {
    .struct_size = sizeof(pn_plugin),
    .abi_major = PN_PLUGIN_ABI_MAJOR,
    .abi_minor_min = 0,
    .udf_stride = sizeof(pn_udf),
    .name = "probed",
    .version = "0.1",
    .n_udfs = sizeof functions / sizeof *functions,
    .udfs = functions,
};

const pn_plugin *pn_plugin_entry(const pn_host *host, char *message, size_t cap) {
    (void)message, (void)cap;
    the_host = host;
    return &plugin;
}
