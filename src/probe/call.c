/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One call: arguments that cannot be written to nor read past, and a look at everything that comes
 * back before it is believed.
 */
#include "probe/probe_priv.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>

void pni_probe_put(char *out, size_t size, const char *text) {
    size_t keep = pni_utf8_cut(text, strlen(text), size - 1);
    memcpy(out, text, keep);
    out[keep] = '\0';
}

void pni_probe_note(probe_page *page, const char *what, const char *format, ...) {
    PNI_AUTO(pn_buf) text = PN_BUF_INIT;
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
    pni_buf_vprintf(&text, format, args);
    va_end(args);
    pni_probe_put(finding->text, sizeof finding->text, pni_buf_text(&text));
    page->n_findings++;
}

static const char *format_at(const pn_udf *udf, uint32_t index) {
    return udf->arg_formats[index < udf->n_arg_formats ? index : udf->n_arg_formats - 1];
}

void pni_probe_args_dispose(probe_args *args) {
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

bool pni_probe_args_make(const probe_way *way, probe_args *args) {
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

bool pni_probe_refuse(probe_page *page, const char message[512]) {
    page->refused++;
    if (!memchr(message, 0, 512))
        pni_probe_note(page, "message", "the text of the error has no end");
    else if (!message[0])
        pni_probe_note(page, "message", "an error without a text");
    else
        pni_probe_put(page->refusal, sizeof page->refusal, message);
    return false;
}

bool pni_probe_result_type(const probe_way *way, const probe_args *args, probe_page *page,
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
        return pni_probe_refuse(page, message);
    struct ArrowSchemaView view;
    struct ArrowError why = {""};
    if (!out->release) {
        pni_probe_note(page, "type", "return_type gave no type and no error");
        return false;
    }
    if (ArrowSchemaViewInit(&view, out, &why) != NANOARROW_OK) {
        pni_probe_note(page, "type", "return_type gave a wrong type: %s", why.message);
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
        pni_probe_note(page, "result", "the result is not of its type: %s", why.message);
    } else {
        int64_t nulls = count_nulls(&view, out->length);
        if (out->null_count >= 0 && out->null_count != nulls)
            pni_probe_note(page, "null count", "the result has %" PRId64 " nulls and says %" PRId64,
                           nulls, out->null_count);
        read_values(type, &view, out->length, text);
    }
    ArrowArrayViewReset(&view);
}

bool pni_probe_check(probe_page *page, const struct ArrowSchema *type, struct ArrowArray *out,
                     int64_t want, pn_buf *text) {
    uint32_t before = page->n_findings;
    if (!out->release) {
        pni_probe_note(page, "result", "success, but no result");
        return false;
    }
    if (out->length != want)
        pni_probe_note(page, "length", "the result has %" PRId64 " rows, want %" PRId64,
                       out->length, want);
    else
        check_values(type, out, page, text);
    out->release(out);
    if (out->release)
        pni_probe_note(page, "release", "release() did not mark the result as released");
    return page->n_findings == before;
}
