/* What the test packs share: columns of 64-bit integers in and out, and a table of functions. */
#ifndef TESTS_PLUGINS_PACK_H
#define TESTS_PLUGINS_PACK_H

#include "pinion/plugin.h"

#include <stdlib.h>
#include <string.h>

PN_API const pn_plugin *pn_plugin_entry(const pn_host *host, char *message, size_t cap);

/* Row `row` of an integer column; false when it is null. A scalar is its one row for all. */
static inline int long_at(const pn_kernel_arg *arg, int64_t row, int64_t *value_out) {
    const struct ArrowArray *array = arg->array;
    int64_t at = (arg->is_scalar ? 0 : row) + array->offset;
    const uint8_t *valid = array->buffers[0];
    if (valid && !(valid[at / 8] >> (at % 8) & 1)) {
        return 0;
    }
    *value_out = ((const int64_t *)array->buffers[1])[at];
    return 1;
}

static inline void release_longs(struct ArrowArray *array) {
    free((void *)(uintptr_t)array->buffers[0]);
    free((void *)(uintptr_t)array->buffers[1]);
    free(array->buffers);
    array->release = NULL;
}

/* An array of `rows` zeros, none null; gives its values. */
static inline int64_t *make_longs(struct ArrowArray *out, int64_t rows) {
    memset(out, 0, sizeof *out);
    out->length = rows;
    out->n_buffers = 2;
    out->buffers = calloc(2, sizeof *out->buffers);
    int64_t *values = calloc((size_t)rows + 1, sizeof *values);
    if (!out->buffers || !values) {
        abort();
    }
    out->buffers[1] = values;
    out->release = release_longs;
    return values;
}

static inline void set_null(struct ArrowArray *out, int64_t row) {
    uint8_t *valid = (uint8_t *)(uintptr_t)out->buffers[0];
    if (!valid) {
        size_t bytes = (size_t)out->length / 8 + 1;
        valid = malloc(bytes);
        if (!valid) {
            abort();
        }
        memset(valid, 0xff, bytes);
        out->buffers[0] = valid;
    }
    out->null_count += valid[row / 8] >> (row % 8) & 1;
    valid[row / 8] = (uint8_t)(valid[row / 8] & ~(1u << (row % 8)));
}

static inline int32_t complain(char *message, size_t cap, const char *why) {
    size_t len = strlen(why);
    if (len < cap) {
        memcpy(message, why, len + 1);
    }
    return 1;
}

/* The declaration of a function of integers. */
#define LONGS(fn_name, min, max, formats)                                                          \
    {                                                                                              \
        .struct_size = sizeof(pn_udf), .min_args = (min), .max_args = (max),                       \
        .n_arg_formats = (max), .name = (fn_name), .arg_formats = (formats), .return_format = "l", \
        .body_version = "1",                                                                       \
    }

#define COUNT_OF(rows) (sizeof(rows) / sizeof((rows)[0]))

/* The whole entry of a pack of scalar functions that needs nothing of its host. */
#define PACK_OF(pack_name, functions)                                                              \
    static const pn_plugin plugin = {                                                              \
        .struct_size = sizeof(pn_plugin),                                                          \
        .abi_major = PN_PLUGIN_ABI_MAJOR,                                                          \
        .abi_minor_min = 1,                                                                        \
        .udf_stride = sizeof(pn_udf),                                                              \
        .name = (pack_name),                                                                       \
        .version = "1.0",                                                                          \
        .n_udfs = COUNT_OF(functions),                                                             \
        .udfs = (functions),                                                                       \
    };                                                                                             \
    const pn_plugin *pn_plugin_entry(const pn_host *host, char *message, size_t cap) {             \
        (void)host, (void)message, (void)cap;                                                      \
        return &plugin;                                                                            \
    }

#endif
