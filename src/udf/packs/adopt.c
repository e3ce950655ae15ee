/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A pack as this pinion sees it: every row of its tables copied into a struct of our size, what the
 * pack does not have yet zero, what it has beyond ours cut off. Whatever minor version a pack was
 * made for, all that come after this file read whole structs of one layout, and the engine never
 * learns that there were others. The copies live as long as the mapping of a pack: to the end of
 * the process, in one list.
 *
 * Sizes, strides and counts are all that is looked at here; check.c reads the fields.
 */
#include "udf/udf_priv.h"

#include <pthread.h>
#include <stddef.h>

#define MAX_ROWS 10000u

/* One array of the pack: where its pointer, count and stride are in pn_plugin. */
typedef struct table_kind {
    const char *type;
    size_t count_at, rows_at, stride_at;
    size_t least;       /* bytes of the first version of the struct */
    size_t size;        /* bytes of ours */
    size_t function_at; /* of a `const pn_udf *` in it, or NO_FUNCTION */
} table_kind;

#define NO_FUNCTION SIZE_MAX
#define FIRST_UDF offsetof(pn_udf, flags) /* what 1.0 had */
#define FIRST_PLUGIN offsetof(pn_plugin, aggregate_stride)
#define KIND(type, count, rows, stride, least, function_at)                                        \
    {                                                                                              \
#type, offsetof(pn_plugin, count), offsetof(pn_plugin, rows), offsetof(pn_plugin, stride), \
            (least), sizeof(type), (function_at)                                                   \
    }
#define KIND_1_1(type, rows, stride, function_at)                                                  \
    KIND(type, n_##rows, rows, stride, sizeof(type), function_at)

static const table_kind kinds[] = {
    KIND(pn_udf, n_udfs, udfs, udf_stride, FIRST_UDF, NO_FUNCTION),
    KIND_1_1(pn_aggregate, aggregates, aggregate_stride, offsetof(pn_aggregate, function)),
    KIND_1_1(pn_window, windows, window_stride, offsetof(pn_window, function)),
    KIND_1_1(pn_table_function, table_functions, table_function_stride,
             offsetof(pn_table_function, function)),
    KIND_1_1(pn_table_provider, table_providers, table_provider_stride, NO_FUNCTION),
    KIND_1_1(pn_expr_planner, expr_planners, expr_planner_stride, NO_FUNCTION),
    KIND_1_1(pn_relation_planner, relation_planners, relation_planner_stride, NO_FUNCTION),
    KIND_1_1(pn_function_factory, function_factories, function_factory_stride, NO_FUNCTION),
    KIND_1_1(pn_option, options, option_stride, NO_FUNCTION),
};

/* Everything adopted so far; reachable, so that it is no leak. */
static struct {
    pthread_mutex_t mutex;
    PNI_VEC(void *) blocks;
} kept = {.mutex = PTHREAD_MUTEX_INITIALIZER};

static void *keep(size_t size) {
    void *block = pni_calloc(1, size);
    pthread_mutex_lock(&kept.mutex);
    pni_vec_push(&kept.blocks, block);
    pthread_mutex_unlock(&kept.mutex);
    return block;
}

static pn_status too_small(const char *origin, const char *what, size_t theirs, size_t ours,
                           pn_error *err) {
    return pni_fail(err, PNI_E_UDF_TABLE,
                    "pack '%s': %s is %zu bytes, this pinion needs at least %zu", origin, what,
                    theirs, ours);
}

static uint32_t size_field(const void *row) {
    uint32_t size;
    memcpy(&size, row, sizeof size);
    return size;
}

/* Which row the messages name. */
typedef struct row_at {
    const char *origin;
    const table_kind *kind;
    unsigned long long number;
} row_at;

/* Copies one struct that starts with its size; what it lacks stays zero. */
static pn_status copy_row(const row_at *at, const void *row, size_t least, size_t size, void *out,
                          pn_error *err) {
    uint32_t theirs = size_field(row);
    if (theirs < least) {
        return pni_fail(err, PNI_E_UDF_TABLE,
                        "pack '%s', %s %llu: it is %u bytes, this pinion needs at least %zu",
                        at->origin, at->kind->type, at->number, theirs, least);
    }
    memcpy(out, row, theirs < size ? theirs : size);
    uint32_t ours = (uint32_t)size;
    memcpy(out, &ours, sizeof ours);
    return PN_OK;
}

/* The declaration that an aggregate, window or table function points to. */
static pn_status copy_function(const row_at *at, void *row, pn_error *err) {
    const pn_udf *theirs;
    memcpy(&theirs, (char *)row + at->kind->function_at, sizeof theirs);
    if (!theirs) {
        return pni_fail(err, PNI_E_UDF_TABLE, "pack '%s', %s %llu: the field 'function' is NULL",
                        at->origin, at->kind->type, at->number);
    }
    pn_udf *ours = keep(sizeof *ours);
    memcpy((char *)row + at->kind->function_at, &ours, sizeof ours);
    return copy_row(at, theirs, FIRST_UDF, sizeof *ours, ours, err);
}

static pn_status adopt_row(const row_at *at, const char *row, uint32_t stride, void *copy,
                           pn_error *err) {
    if (size_field(row) > stride) {
        return pni_fail(err, PNI_E_UDF_TABLE,
                        "pack '%s', %s %llu: its 'struct_size' is larger than the stride",
                        at->origin, at->kind->type, at->number);
    }
    PNI_TRY(copy_row(at, row, at->kind->least, at->kind->size, copy, err));
    return at->kind->function_at == NO_FUNCTION ? PN_OK : copy_function(at, copy, err);
}

static pn_status adopt_table(const char *origin, const table_kind *kind, pn_plugin *ours,
                             pn_error *err) {
    uint64_t count;
    const char *rows;
    uint32_t stride;
    memcpy(&count, (char *)ours + kind->count_at, sizeof count);
    memcpy(&rows, (char *)ours + kind->rows_at, sizeof rows);
    memcpy(&stride, (char *)ours + kind->stride_at, sizeof stride);
    if (count == 0) {
        return PN_OK;
    }
    if (count > MAX_ROWS || !rows) {
        return pni_fail(err, PNI_E_UDF_TABLE, "pack '%s': it must hold 1 to %u of %s, with a table",
                        origin, MAX_ROWS, kind->type);
    }
    if (stride < kind->least) {
        PNI_AUTO(pn_buf) what = PN_BUF_INIT;
        pni_buf_printf(&what, "the stride of %s", kind->type);
        return too_small(origin, pni_buf_text(&what), stride, kind->least, err);
    }
    if (stride % _Alignof(pn_udf) != 0) {
        return pni_fail(err, PNI_E_UDF_TABLE, "pack '%s': the stride of %s is not a multiple of 8",
                        origin, kind->type);
    }
    char *copies = keep(count * kind->size);
    for (uint64_t i = 0; i < count; i++) {
        row_at at = {origin, kind, i + 1};
        PNI_TRY(adopt_row(&at, rows + i * stride, stride, copies + i * kind->size, err));
    }
    uint32_t ours_stride = (uint32_t)kind->size;
    memcpy((char *)ours + kind->rows_at, &copies, sizeof copies);
    memcpy((char *)ours + kind->stride_at, &ours_stride, sizeof ours_stride);
    return PN_OK;
}

static pn_status check_version(const pn_plugin *plugin, const char *origin, pn_error *err) {
    if (plugin->abi_major == PN_PLUGIN_ABI_MAJOR && plugin->abi_minor_min <= PN_PLUGIN_ABI_MINOR) {
        return PN_OK;
    }
    return pni_fail(
        err, PNI_E_UDF_ABI, "pack '%s' needs plugin ABI %u.%u, this pinion offers %d.%d", origin,
        plugin->abi_major, plugin->abi_minor_min, PN_PLUGIN_ABI_MAJOR, PN_PLUGIN_ABI_MINOR);
}

pn_status pni_udf_adopt(const pn_plugin *theirs, const char *origin, const pn_plugin **out,
                        pn_error *err) {
    if (theirs->struct_size < offsetof(pn_plugin, udf_stride)) {
        return too_small(origin, "pn_plugin", theirs->struct_size, FIRST_PLUGIN, err);
    }
    PNI_TRY(check_version(theirs, origin, err)); /* before the size: it explains a wrong one */
    if (theirs->struct_size < FIRST_PLUGIN) {
        return too_small(origin, "pn_plugin", theirs->struct_size, FIRST_PLUGIN, err);
    }
    pn_plugin *ours = keep(sizeof *ours);
    memcpy(ours, theirs, theirs->struct_size < sizeof *ours ? theirs->struct_size : sizeof *ours);
    ours->struct_size = sizeof *ours;
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
        PNI_TRY(adopt_table(origin, &kinds[i], ours, err));
    }
    PNI_TRY(pni_udf_check(ours, origin, err));
    *out = ours;
    return PN_OK;
}
