/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The child's side of a probe: one function is called in every way that a query might. The page
 * says which call is running, so a death is put down to it.
 *
 * A call that is answered with an error is a good answer: the arguments are made up, and no
 * function likes all of them.
 */
#include "probe/probe_priv.h"

#include <stdio.h>

/* Without arguments both forms of a result are right. */
static int64_t rows_wanted(const probe_way *way, const probe_args *args,
                           const struct ArrowArray *out) {
    if (way->count == 0 && out->length == 1)
        return 1;
    return args->all_scalar ? 1 : way->rows;
}

/* Calls once; `text` gets the values. False when there are none. */
static bool call_once(const probe_way *way, probe_page *page, pn_buf *text) {
    probe_args args;
    PNI_AUTO_SCHEMA type = {0};
    struct ArrowArray out = {0};
    char message[512] = "";
    bool has_result =
        pni_probe_args_make(way, &args) && pni_probe_result_type(way, &args, page, &type);
    if (has_result) {
        pn_kernel_call call = {.struct_size = sizeof call,
                               .n_args = way->count,
                               .arg_stride = sizeof(pn_kernel_arg),
                               .args = args.args,
                               .n_rows = way->rows,
                               .stop = &page->stop};
        page->calls++;
        has_result = way->udf->invoke(way->udf->ctx, &call, &out, message, sizeof message) == 0 ||
                     pni_probe_refuse(page, message);
        pni_probe_withdraw(args.memory); /* a result that stands on its arguments dies now */
        if (has_result)
            has_result = pni_probe_check(page, &type, &out, rows_wanted(way, &args, &out), text);
    }
    pni_probe_args_dispose(&args);
    return has_result;
}

static void call_scalar(const probe_way *way, probe_page *page) {
    PNI_AUTO(pn_buf) first = PN_BUF_INIT;
    PNI_AUTO(pn_buf) second = PN_BUF_INIT;
    if (!call_once(way, page, &first) || way->udf->volatility != PN_VOLATILITY_IMMUTABLE)
        return;
    if (call_once(way, page, &second) &&
        (first.len != second.len || (first.len && memcmp(first.data, second.data, first.len) != 0)))
        pni_probe_note(page, "not immutable", "the same arguments gave other results");
}

/* Aggregates and window functions see columns, table functions constants. */
static void call_function(const pni_udf_function *function, const probe_way *way,
                          probe_page *page) {
    if (function->kind == PNI_UDF_SCALAR)
        call_scalar(way, page);
    else if (function->kind == PNI_UDF_AGGREGATE && !way->constants)
        pni_probe_aggregate(function->row, way, page);
    else if (function->kind == PNI_UDF_WINDOW && !way->constants)
        pni_probe_window(function->row, way, page);
    else if (function->kind == PNI_UDF_TABLE && (way->constants || way->count == 0))
        pni_probe_table(function->row, way, page);
}

/* The host gives null itself where a constant argument is. */
static bool is_kept_away(const pn_udf *udf, const probe_way *way) {
    return way->constants && way->fill == PROBE_NULLS && udf->null_handling == PN_NULLS_PROPAGATED;
}

static void probe_shape(const pni_udf_function *function, uint32_t count, pni_sample sample,
                        uint32_t rows, probe_page *page) {
    const struct {
        const char *label;
        int64_t rows, offset;
        probe_fill fill;
        bool constants;
    } ways[] = {
        {"no rows", 0, 0, PROBE_VALUES, false},    {"one row", 1, 0, PROBE_VALUES, false},
        {"nulls", 4, 0, PROBE_NULLS, false},       {"a slice", 8, 3, PROBE_MIXED, false},
        {"constants", 8, 0, PROBE_VALUES, true},   {"constant nulls", 8, 0, PROBE_NULLS, true},
        {"many rows", rows, 0, PROBE_MIXED, false}};
    for (size_t i = 0; i < sizeof ways / sizeof *ways; i++) {
        probe_way way = {function->udf, count,          sample,           ways[i].fill,
                         ways[i].rows,  ways[i].offset, ways[i].constants};
        snprintf(page->at, sizeof page->at, "%u argument%s%s, %s", count, count == 1 ? "" : "s",
                 sample == PNI_SAMPLE_NUMBER ? " (numbers)" : "", ways[i].label);
        if (!page->stop && !(ways[i].constants && count == 0) && !is_kept_away(function->udf, &way))
            call_function(function, &way, page);
    }
}

static bool takes_anything(const pn_udf *udf) {
    for (uint32_t i = 0; i < udf->n_arg_formats; i++)
        if (pni_streq(udf->arg_formats[i], "*") || pni_streq(udf->arg_formats[i], "t"))
            return true;
    return false;
}

static void probe_shapes(const pni_udf_function *function, uint32_t rows, probe_page *page) {
    const pn_udf *udf = function->udf;
    uint32_t most = udf->signature == PN_SIGNATURE_VARIADIC && udf->max_args > udf->n_arg_formats
                        ? udf->n_arg_formats + 1
                        : udf->n_arg_formats;
    /* Arguments with defaults are always there. */
    uint32_t least = udf->arg_defaults ? udf->n_arg_formats : udf->min_args;
    for (uint32_t count = least; count <= most; count++) {
        probe_shape(function, count, PNI_SAMPLE_TEXT, rows, page);
        if (takes_anything(udf))
            probe_shape(function, count, PNI_SAMPLE_NUMBER, rows, page);
    }
}

/* ---- the pack ---------------------------------------------------------------------------------
 */

/* Names must be free beside the built-in pack, as in a session. */
static pn_status check_names(const pn_plugin *plugin, pn_error *err) {
    PNI_AUTO_PTR(pni_udf_catalog) builtins = pni_udf_catalog_new();
    return pni_udf_check_free(builtins, plugin, /* session= */ NULL, err);
}

static pn_status open_pack(const char *path, const pn_plugin **out, pn_error *err) {
    if (!path) {
        *out = pni_udf_builtin();
        return PN_OK;
    }
    PNI_TRY(pni_udf_open_pack(path, &pni_probe_host, out, err));
    return check_names(*out, err);
}

void pni_probe_function(const char *path, uint64_t index, uint32_t rows, probe_page *page) {
    const pn_plugin *plugin = NULL;
    snprintf(page->at, sizeof page->at, "loading");
    if (open_pack(path, &plugin, &page->why) != PN_OK) {
        page->has_failed = 1;
        return;
    }
    pni_probe_put(page->pack, sizeof page->pack, plugin->name);
    pni_probe_put(page->version, sizeof page->version, plugin->version);
    page->is_past_end = index >= pni_udf_function_count(plugin);
    if (page->is_past_end)
        return;
    pni_udf_function function = pni_udf_function_at(plugin, index);
    snprintf(page->name, sizeof page->name, "%s", function.udf->name);
    snprintf(page->kind, sizeof page->kind, "%s", pni_udf_kind_text(function.kind));
    probe_shapes(&function, rows, page);
}
