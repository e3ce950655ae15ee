/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Calling a table function: the arguments, as they stand in SQL, become one row of scalars of the
 * declared types. Everything about them is checked here, so that a function sees what it declared.
 */
#include "udf/udf_priv.h"

#include <math.h>
#include <stdlib.h>

enum { MAX_ARGUMENTS = 32 };

/* One call while it is put together. */
typedef struct table_call {
    const pn_udf *udf;
    const json_t *settings;             /* of the session: defaults may name one */
    const json_t *given[MAX_ARGUMENTS]; /* by place; NULL: left out */
    json_t *defaults[MAX_ARGUMENTS];    /* what stands for arguments left out; owned */
    struct ArrowSchema schemas[MAX_ARGUMENTS];
    struct ArrowArray arrays[MAX_ARGUMENTS];
    pn_error *err;
} table_call;

const pn_table_function *pni_udf_table_function(const pni_udf_catalog *catalog, const char *name) {
    const udf_declared *declared = pni_udf_declared(catalog, name);
    return declared && declared->function.kind == PNI_UDF_TABLE ? declared->function.row : NULL;
}

/* ---- places -----------------------------------------------------------------------------------
 */

static const char *name_at(const pn_udf *udf, uint32_t place) {
    return udf->arg_names ? udf->arg_names[place] : "";
}

static pn_status place_named(table_call *call, const json_t *arg, const char *name) {
    for (uint32_t i = 0; i < call->udf->n_arg_formats; i++) {
        if (!pni_streq(name_at(call->udf, i), name)) {
            continue;
        }
        if (call->given[i]) {
            return pni_fail(call->err, PNI_E_TABLE_ARGUMENT, "%s: argument '%s' is given twice",
                            call->udf->name, name);
        }
        call->given[i] = arg;
        return PN_OK;
    }
    char shown[72];
    pn_status status = pni_fail(call->err, PNI_E_TABLE_ARGUMENT, "%s: there is no argument '%s'",
                                call->udf->name, pni_name_short(name, shown));
    PNI_AUTO(pn_buf) all = PN_BUF_INIT;
    for (uint32_t i = 0; i < call->udf->n_arg_formats; i++) {
        pni_buf_printf(&all, "%s%s", i > 0 ? ", " : "", name_at(call->udf, i));
    }
    pni_error_detail(call->err, "Its arguments are: %s.", pni_buf_text(&all));
    return status;
}

static pn_status place_arguments(table_call *call, const json_t *args) {
    const pn_udf *udf = call->udf;
    size_t index;
    json_t *arg;
    if (udf->n_arg_formats > MAX_ARGUMENTS || udf->signature != PN_SIGNATURE_EXACT ||
        json_array_size(args) > udf->n_arg_formats) {
        return pni_fail(call->err, PNI_E_TABLE_ARGUMENT, "%s takes %u to %u arguments, not %zu",
                        udf->name, udf->min_args, udf->max_args, json_array_size(args));
    }
    json_array_foreach((json_t *)(uintptr_t)args, index, arg) {
        const char *name = pni_json_text(arg, "name");
        if (name) {
            PNI_TRY(place_named(call, arg, name));
        } else if (index > 0 && pni_json_text(json_array_get(args, index - 1), "name")) {
            return pni_fail(call->err, PNI_E_TABLE_ARGUMENT,
                            "%s: argument %zu has no name, but one before it has", udf->name,
                            index + 1);
        } else {
            call->given[index] = arg;
        }
    }
    for (uint32_t i = 0; i < udf->min_args; i++) {
        if (!call->given[i]) {
            return pni_fail(call->err, PNI_E_TABLE_ARGUMENT, "%s: argument %u (%s) is missing",
                            udf->name, i + 1, name_at(udf, i));
        }
    }
    return PN_OK;
}

/* Classes of plugin.h as the types their values have here. */
static const char *type_of(const char *format) {
    static const char *const texts[] = {"s", "t", "*"};
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        if (pni_streq(format, texts[i])) {
            return "u";
        }
    }
    return format[0] == '=' ? format + 1 : format;
}

/* An SQL literal of a table, or the value of a setting as the type that the argument has. */
static json_t *default_value(const table_call *call, uint32_t place) {
    const char *text = call->udf->arg_defaults[place - call->udf->min_args];
    const char *type = type_of(call->udf->arg_formats[place]);
    const char *kind = "number";
    PNI_AUTO(pn_buf) value = PN_BUF_INIT;
    if (text[0] == '=') {
        text = pni_json_text(call->settings, text + 1);
        kind = pni_streq(type, "b") ? "boolean" : pni_streq(type, "u") ? "string" : "number";
        return text ? json_pack("{s:s, s:s}", "kind", kind, "text", text) : NULL;
    }
    if (text[0] == '\'') {
        for (const char *at = text + 1; *at && at[1]; at += at[0] == '\'' ? 2 : 1) {
            pni_buf_putc(&value, *at);
        }
        return json_pack("{s:s, s:s}", "kind", "string", "text", pni_buf_text(&value));
    }
    if (pni_streq(text, "NULL")) {
        return NULL;
    }
    kind = pni_streq(text, "true") || pni_streq(text, "false") ? "boolean" : kind;
    return json_pack("{s:s, s:s}", "kind", kind, "text", text);
}

static void fill_defaults(table_call *call) {
    const pn_udf *udf = call->udf;
    for (uint32_t i = udf->min_args; udf->arg_defaults && i < udf->n_arg_formats; i++) {
        if (!call->given[i]) {
            call->defaults[i] = default_value(call, i);
            call->given[i] = call->defaults[i];
        }
    }
}

/* ---- values -----------------------------------------------------------------------------------
 */

static pn_status wrong_type(const table_call *call, uint32_t place, const char *wanted) {
    return pni_fail(call->err, PNI_E_UDF_ARGUMENT_TYPE, "%s: argument %u (%s) is no %s",
                    call->udf->name, place + 1, name_at(call->udf, place), wanted);
}

static pn_status append_number(const table_call *call, uint32_t place, const char *text,
                               enum ArrowType type, struct ArrowArray *out) {
    int64_t integer = 0;
    if (type == NANOARROW_TYPE_DOUBLE) {
        char *end = NULL;
        double value = strtod(text, &end);
        return *text && *end == '\0' && isfinite(value) &&
                       ArrowArrayAppendDouble(out, value) == NANOARROW_OK
                   ? PN_OK
                   : wrong_type(call, place, "finite number");
    }
    return pni_parse_i64(text, &integer) && ArrowArrayAppendInt(out, integer) == NANOARROW_OK
               ? PN_OK
               : wrong_type(call, place, "integer that fits");
}

static pn_status append_value(table_call *call, uint32_t place, enum ArrowType type) {
    struct ArrowArray *out = &call->arrays[place];
    const json_t *arg = call->given[place];
    const char *kind = arg ? pni_json_text(arg, "kind") : "null";
    const json_t *text = json_object_get(arg, "text");
    if (pni_streq(kind, "null")) {
        pni_assert(ArrowArrayAppendNull(out, 1) == NANOARROW_OK);
        return PN_OK;
    }
    if (!kind || !json_is_string(text) || pni_streq(kind, "other")) {
        return pni_fail(call->err, PNI_E_UDF_LITERAL, "%s: argument %u (%s) is no literal: %.60s",
                        call->udf->name, place + 1, name_at(call->udf, place),
                        json_string_value(text));
    }
    const char *value = json_string_value(text);
    if (type == NANOARROW_TYPE_STRING) {
        if (!pni_streq(kind, "string")) {
            return wrong_type(call, place, "text");
        }
        struct ArrowStringView view = {value, (int64_t)json_string_length(text)};
        pni_assert(ArrowArrayAppendString(out, view) == NANOARROW_OK);
        return PN_OK;
    }
    if (type == NANOARROW_TYPE_BOOL) {
        if (!pni_streq(kind, "boolean")) {
            return wrong_type(call, place, "boolean");
        }
        pni_assert(ArrowArrayAppendInt(out, pni_streq(value, "true")) == NANOARROW_OK);
        return PN_OK;
    }
    return pni_streq(kind, "number") ? append_number(call, place, value, type, out)
                                     : wrong_type(call, place, "number");
}

static pn_status make_argument(table_call *call, uint32_t place) {
    struct ArrowSchema *schema = &call->schemas[place];
    struct ArrowSchemaView view;
    ArrowSchemaInit(schema);
    if (ArrowSchemaSetFormat(schema, type_of(call->udf->arg_formats[place])) != NANOARROW_OK ||
        ArrowSchemaSetName(schema, name_at(call->udf, place)) != NANOARROW_OK ||
        ArrowSchemaViewInit(&view, schema, NULL) != NANOARROW_OK ||
        ArrowArrayInitFromSchema(&call->arrays[place], schema, NULL) != NANOARROW_OK ||
        ArrowArrayStartAppending(&call->arrays[place]) != NANOARROW_OK) {
        return wrong_type(call, place, "type that a table function takes");
    }
    PNI_TRY(append_value(call, place, view.type));
    pni_assert(ArrowArrayFinishBuildingDefault(&call->arrays[place], NULL) == NANOARROW_OK);
    return PN_OK;
}

/* ---- the call ---------------------------------------------------------------------------------
 */

static pn_status run(table_call *call, const pn_table_function *function, pn_table *out) {
    pn_kernel_arg args[MAX_ARGUMENTS] = {{0}};
    char message[512] = "";
    for (uint32_t i = 0; i < call->udf->n_arg_formats; i++) {
        PNI_TRY(make_argument(call, i));
        args[i] = (pn_kernel_arg){&call->schemas[i], &call->arrays[i], 1, 0};
    }
    const pn_kernel_call kernel = {.struct_size = sizeof kernel,
                                   .n_args = call->udf->n_arg_formats,
                                   .arg_stride = sizeof args[0],
                                   .args = args,
                                   .n_rows = 1};
    *out = (pn_table){.struct_size = sizeof *out};
    if (function->open(call->udf->ctx, &kernel, out, message, sizeof message) != 0) {
        message[sizeof message - 1] = '\0';
        return pni_fail(call->err, PNI_E_TABLE_REFUSED, "%s",
                        message[0] ? message : "a table function gave no reason");
    }
    return PN_OK;
}

pn_status pni_udf_table_open(const pn_table_function *function, const json_t *args,
                             const json_t *settings, pn_table *out, pn_error *err) {
    table_call call = {.udf = function->function, .settings = settings, .err = err};
    pn_status status = place_arguments(&call, args);
    if (status == PN_OK) {
        fill_defaults(&call);
        status = run(&call, function, out);
    }
    for (size_t i = 0; i < MAX_ARGUMENTS; i++) {
        pni_auto_release_schema(&call.schemas[i]);
        pni_auto_release_array(&call.arrays[i]);
        json_decref(call.defaults[i]);
    }
    return status;
}
