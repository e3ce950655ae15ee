/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The child's side of a probe: one function is called in every way that a query might, with
 * arguments that cannot be written to nor read past, and everything it gives is looked at before it
 * is believed. The page says which call is running, so a death is put down to it.
 *
 * A call that is answered with an error is a good answer: the arguments are made up, and no
 * function likes all of them.
 */
#include "udf/probe_priv.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>

void pni_probe_note(probe_page *page, const char *what, const char *format, ...) {
    va_list args;
    if (page->n_findings >= PROBE_MAX_FINDINGS)
        return;
    for (uint32_t i = 0; i < page->n_findings; i++)
        if (pni_streq(page->findings[i].what, what))
            return; /* the first call that shows it will do */
    probe_finding *finding = &page->findings[page->n_findings];
    snprintf(finding->what, sizeof finding->what, "%s", what);
    snprintf(finding->at, sizeof finding->at, "%s", page->at);
    va_start(args, format);
    vsnprintf(finding->text, sizeof finding->text, format, args);
    va_end(args);
    page->n_findings++;
}

/* One way to call a function. */
typedef struct probe_way {
    const pn_udf *udf;
    uint32_t count; /* of arguments */
    pni_sample sample;
    probe_fill fill;
    int64_t rows;
    int64_t offset; /* of the arrays: a slice */
    bool constants; /* all arguments are scalars */
} probe_way;

/* The arguments of one call; made, used and given up together. */
typedef struct probe_args {
    probe_memory *memory;
    struct ArrowSchema *types;
    struct ArrowArray *arrays;
    pn_kernel_arg *args;
    const struct ArrowSchema **fields;
    const struct ArrowArray **scalars;
    uint32_t count;
    bool all_scalar;
} probe_args;

static const char *format_at(const pn_udf *udf, uint32_t index) {
    return udf->arg_formats[index < udf->n_arg_formats ? index : udf->n_arg_formats - 1];
}

static void args_dispose(probe_args *args) {
    for (uint32_t i = 0; i < args->count; i++)
        if (args->types[i].release)
            args->types[i].release(&args->types[i]);
    if (args->memory)
        pni_probe_memory_free(args->memory);
    pni_free(args->types);
    pni_free(args->arrays);
    pni_free(args->args);
    pni_free(args->fields);
    pni_free(args->scalars);
}

static bool make_arg(const probe_way *way, probe_args *args, uint32_t i) {
    PNI_AUTO_ARRAY made = {0};
    bool is_literal = i < 64 && (way->udf->literal_args >> i & 1);
    bool is_scalar = way->constants || is_literal;
    int64_t rows = is_scalar ? 1 : way->rows + (way->offset ? way->offset + 2 : 0);
    if (!pni_udf_sample_type(format_at(way->udf, i), way->sample, &args->types[i]) ||
        !pni_probe_column(&args->types[i], rows, is_literal ? PROBE_VALUES : way->fill, i, &made) ||
        !pni_probe_protect(args->memory, &made, &args->arrays[i]))
        return false;
    if (way->offset && !is_scalar) {
        args->arrays[i].offset = way->offset;
        args->arrays[i].length = way->rows;
        args->arrays[i].null_count = args->arrays[i].null_count ? -1 : 0;
    }
    args->args[i] = (pn_kernel_arg){
        .schema = &args->types[i], .array = &args->arrays[i], .is_scalar = is_scalar};
    args->fields[i] = &args->types[i];
    args->scalars[i] = is_scalar ? &args->arrays[i] : NULL;
    args->all_scalar = args->all_scalar && is_scalar;
    return true;
}

static bool make_args(const probe_way *way, probe_args *args) {
    size_t room = way->count + 1u;
    *args = (probe_args){.memory = pni_probe_memory_new(),
                         .types = pni_calloc(room, sizeof *args->types),
                         .arrays = pni_calloc(room, sizeof *args->arrays),
                         .args = pni_calloc(room, sizeof *args->args),
                         .fields = pni_calloc(room, sizeof *args->fields),
                         .scalars = pni_calloc(room, sizeof *args->scalars),
                         .count = way->count,
                         .all_scalar = way->count > 0};
    for (uint32_t i = 0; i < way->count; i++)
        if (!make_arg(way, args, i))
            return false;
    return true;
}

/* ---- what comes back --------------------------------------------------------------------------
 */

static bool refuse(probe_page *page, const char message[512]) {
    page->refused++;
    if (!memchr(message, 0, 512))
        pni_probe_note(page, "message", "the text of the error has no end");
    else if (!message[0])
        pni_probe_note(page, "message", "an error without a text");
    else
        snprintf(page->refusal, sizeof page->refusal, "%.150s", message);
    return false;
}

static bool result_type(const probe_way *way, const probe_args *args, probe_page *page,
                        struct ArrowSchema *out) {
    char message[512] = "";
    const pn_udf *udf = way->udf;
    if (udf->return_format) {
        ArrowSchemaInit(out);
        return ArrowSchemaSetFormat(out, udf->return_format) == NANOARROW_OK;
    }
    page->calls++;
    int32_t result = udf->return_type(udf->ctx, args->fields, args->scalars, args->count, out,
                                      message, sizeof message);
    if (result)
        return refuse(page, message);
    struct ArrowSchemaView view;
    struct ArrowError why = {""};
    if (!out->release) {
        pni_probe_note(page, "type", "return_type gave no type and no error");
        return false;
    }
    if (ArrowSchemaViewInit(&view, out, &why) != NANOARROW_OK) {
        pni_probe_note(page, "type", "return_type gave a wrong type: %.200s", why.message);
        return false;
    }
    return true;
}

static int64_t count_nulls(const struct ArrowArrayView *view, int64_t length) {
    int64_t nulls = 0;
    for (int64_t i = 0; i < length; i++)
        nulls += ArrowArrayViewIsNull(view, i);
    return nulls;
}

/* Reads every value, as a query would. */
static void read_values(const struct ArrowSchema *type, const struct ArrowArrayView *view,
                        int64_t length, pn_buf *text) {
    for (int64_t i = 0; i < length; i++) {
        pni_arrow_value_json(type, view, i, text);
        pni_buf_putc(text, '\n');
    }
}

static void check_values(const struct ArrowSchema *type, struct ArrowArray *out, probe_page *page,
                         pn_buf *text) {
    struct ArrowArrayView view;
    struct ArrowError why = {""};
    if (ArrowArrayViewInitFromSchema(&view, type, &why) != NANOARROW_OK ||
        ArrowArrayViewSetArray(&view, out, &why) != NANOARROW_OK ||
        ArrowArrayViewValidate(&view, NANOARROW_VALIDATION_LEVEL_FULL, &why) != NANOARROW_OK) {
        pni_probe_note(page, "result", "the result is not of its type: %.200s", why.message);
    } else {
        int64_t nulls = count_nulls(&view, out->length);
        if (out->null_count >= 0 && out->null_count != nulls)
            pni_probe_note(page, "null count", "the result has %" PRId64 " nulls and says %" PRId64,
                           nulls, out->null_count);
        read_values(type, &view, out->length, text);
    }
    ArrowArrayViewReset(&view);
}

static void check_result(const probe_way *way, bool all_scalar, const struct ArrowSchema *type,
                         struct ArrowArray *out, probe_page *page, pn_buf *text) {
    int64_t want = all_scalar ? 1 : way->rows;
    if (!out->release) {
        pni_probe_note(page, "result", "success, but no result");
        return;
    }
    if (out->length != want && !(way->count == 0 && out->length == 1))
        pni_probe_note(page, "length", "the result has %" PRId64 " rows, want %" PRId64,
                       out->length, want);
    else
        check_values(type, out, page, text);
    out->release(out);
    if (out->release)
        pni_probe_note(page, "release", "release() did not mark the result as released");
}

/* Calls once; `text` gets the values. False when there are none. */
static bool call_once(const probe_way *way, probe_page *page, pn_buf *text) {
    probe_args args;
    PNI_AUTO_SCHEMA type = {0};
    struct ArrowArray out = {0};
    char message[512] = "";
    volatile int32_t stop = 0;
    bool has_result = make_args(way, &args) && result_type(way, &args, page, &type);
    if (has_result) {
        pn_kernel_call call = {.struct_size = sizeof call,
                               .n_args = way->count,
                               .arg_stride = sizeof(pn_kernel_arg),
                               .args = args.args,
                               .n_rows = way->rows,
                               .stop = &stop};
        page->calls++;
        has_result = way->udf->invoke(way->udf->ctx, &call, &out, message, sizeof message) == 0 ||
                     refuse(page, message);
        pni_probe_withdraw(args.memory); /* a result that stands on its arguments dies now */
        if (has_result)
            check_result(way, args.all_scalar, &type, &out, page, text);
    }
    args_dispose(&args);
    return has_result;
}

static void probe_way_twice(const probe_way *way, const char *label, probe_page *page) {
    PNI_AUTO(pn_buf) first = PN_BUF_INIT;
    PNI_AUTO(pn_buf) second = PN_BUF_INIT;
    snprintf(page->at, sizeof page->at, "%u argument%s%s, %s", way->count,
             way->count == 1 ? "" : "s", way->sample == PNI_SAMPLE_NUMBER ? " (numbers)" : "",
             label);
    if (!call_once(way, page, &first) || way->udf->volatility != PN_VOLATILITY_IMMUTABLE)
        return;
    if (call_once(way, page, &second) &&
        (first.len != second.len || (first.len && memcmp(first.data, second.data, first.len))))
        pni_probe_note(page, "not immutable", "the same arguments gave other results");
}

static void probe_shape(const pn_udf *udf, uint32_t count, pni_sample sample, uint32_t rows,
                        probe_page *page) {
    const struct {
        const char *label;
        probe_fill fill;
        int64_t rows, offset;
        bool constants;
    } ways[] = {
        {"no rows", PROBE_VALUES, 0, 0, false},    {"one row", PROBE_VALUES, 1, 0, false},
        {"nulls", PROBE_NULLS, 4, 0, false},       {"a slice", PROBE_MIXED, 8, 3, false},
        {"constants", PROBE_VALUES, 8, 0, true},   {"constant nulls", PROBE_NULLS, 8, 0, true},
        {"many rows", PROBE_MIXED, rows, 0, false}};
    for (size_t i = 0; i < sizeof ways / sizeof *ways; i++) {
        probe_way way = {udf,          count,          sample,           ways[i].fill,
                         ways[i].rows, ways[i].offset, ways[i].constants};
        if (!(ways[i].constants && count == 0))
            probe_way_twice(&way, ways[i].label, page);
    }
}

static bool takes_anything(const pn_udf *udf) {
    for (uint32_t i = 0; i < udf->n_arg_formats; i++)
        if (pni_streq(udf->arg_formats[i], "*") || pni_streq(udf->arg_formats[i], "t"))
            return true;
    return false;
}

static void probe_scalar(const pn_udf *udf, uint32_t rows, probe_page *page) {
    uint32_t most = udf->signature == PN_SIGNATURE_VARIADIC && udf->max_args > udf->n_arg_formats
                        ? udf->n_arg_formats + 1
                        : udf->n_arg_formats;
    for (uint32_t count = udf->min_args; count <= most; count++) {
        probe_shape(udf, count, PNI_SAMPLE_TEXT, rows, page);
        if (takes_anything(udf))
            probe_shape(udf, count, PNI_SAMPLE_NUMBER, rows, page);
    }
}

/* ---- the pack ---------------------------------------------------------------------------------
 */

/* Names must be free beside the built-in pack, as in a session. */
static pn_status open_pack(const char *path, const pn_plugin **out, pn_error *err) {
    PNI_AUTO_PTR(pni_udf_catalog) catalog = pni_udf_catalog_new();
    udf_pack pack = {.is_builtin = false};
    if (!path) {
        *out = pni_udf_builtin();
        return PN_OK;
    }
    PNI_TRY(pni_udf_open(path, &pni_probe_host, &pack.plugin, err));
    *out = pack.plugin;
    return pni_udf_catalog_add(catalog, &pack, err);
}

void pni_probe_function(const char *path, uint64_t index, uint32_t rows, probe_page *page) {
    const pn_plugin *plugin = NULL;
    snprintf(page->at, sizeof page->at, "loading");
    if (open_pack(path, &plugin, &page->why) != PN_OK) {
        page->has_failed = true;
        return;
    }
    snprintf(page->pack, sizeof page->pack, "%.120s", plugin->name);
    snprintf(page->version, sizeof page->version, "%.60s", plugin->version);
    page->is_past_end = index >= pni_udf_function_count(plugin);
    if (page->is_past_end)
        return;
    pni_udf_function function = pni_udf_function_at(plugin, index);
    snprintf(page->name, sizeof page->name, "%s", function.udf->name);
    snprintf(page->kind, sizeof page->kind, "%s", pni_udf_kind_text(function.kind));
    if (function.kind == PNI_UDF_SCALAR)
        probe_scalar(function.udf, rows, page);
}
