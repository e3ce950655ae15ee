/*
 * A pack with one function: word_count(text) gives the number of words.
 *
 *     cc -std=c17 -shared -fPIC $(pkg-config --cflags pinion-plugin) word_count.c -o word_count.so
 */
#include <pinion/plugin.h>
#include <string.h>

PN_API const pn_plugin *pn_plugin_entry(const pn_host *host, char *message, size_t cap);

static const pn_host *host_table;

static void release(struct ArrowArray *array) {
    host_table->free((void *)(uintptr_t)array->buffers[0]);
    host_table->free((void *)(uintptr_t)array->buffers[1]);
    host_table->free(array->buffers);
    array->release = NULL;
}

static int64_t count_words(const char *text, int32_t len) {
    int64_t words = 0;
    for (int32_t i = 0; i < len; i++) {
        words += text[i] != ' ' && (i == 0 || text[i - 1] == ' ');
    }
    return words;
}

/* The argument was coerced to Utf8: validity bits, 32-bit offsets, bytes. Null gives null. */
static int32_t word_count(void *ctx, const pn_kernel_call *call, struct ArrowArray *out,
                          char *message, size_t message_cap) {
    (void)ctx, (void)message, (void)message_cap;
    const struct ArrowArray *in = call->args[0].array;
    size_t rows = call->args[0].is_scalar ? 1 : (size_t)call->n_rows;
    const uint8_t *valid = in->buffers[0];
    const int32_t *offsets = (const int32_t *)in->buffers[1] + in->offset;
    uint8_t *bits = memset(host_table->alloc(rows / 8 + 1), 0, rows / 8 + 1);
    int64_t *words = host_table->alloc((rows + 1) * sizeof *words);
    *out = (struct ArrowArray){.length = (int64_t)rows, .null_count = -1, .n_buffers = 2};
    for (size_t i = 0; i < rows; i++) {
        size_t at = i + (size_t)in->offset;
        int is_valid = !valid || (valid[at / 8] >> (at % 8) & 1);
        bits[i / 8] |= (uint8_t)(is_valid << (i % 8));
        words[i] = is_valid ? count_words((const char *)in->buffers[2] + offsets[i],
                                          offsets[i + 1] - offsets[i])
                            : 0;
    }
    out->buffers = host_table->alloc(2 * sizeof *out->buffers);
    out->buffers[0] = bits;
    out->buffers[1] = words;
    out->release = release;
    return 0;
}

static const pn_udf functions[] = {{
    .struct_size = sizeof(pn_udf),
    .signature = PN_SIGNATURE_EXACT,
    .volatility = PN_VOLATILITY_IMMUTABLE,
    .min_args = 1,
    .max_args = 1,
    .n_arg_formats = 1,
    .name = "word_count",
    .arg_formats = (const char *const[]){"s"},
    .arg_names = (const char *const[]){"text"},
    .return_format = "l",
    .invoke = word_count,
    .body_version = "1",
    .description = "Words of a text, separated by spaces.",
}};

const pn_plugin *pn_plugin_entry(const pn_host *host, char *message, size_t cap) {
    static const pn_plugin plugin = {
        .struct_size = sizeof plugin,
        .abi_major = PN_PLUGIN_ABI_MAJOR,
        .abi_minor_min = 0, /* nothing of 1.1 is needed */
        .udf_stride = sizeof(pn_udf),
        .name = "words",
        .version = "1.0",
        .n_udfs = 1,
        .udfs = functions,
    };
    (void)message, (void)cap;
    host_table = host;
    return &plugin;
}
