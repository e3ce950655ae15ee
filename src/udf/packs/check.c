/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Is this declaration of a function what plugin.h says? The table comes from a stranger's shared
 * object; adopt.c has brought it into structs of our layout, here every field is looked at before
 * it is used. What belongs to one kind of function alone is in check_kinds.c.
 */
#include "udf/packs/check_priv.h"

#include <stdio.h>
#include <stdlib.h>

#define MAX_ARGUMENTS 255u
#define MAX_ALTERNATIVES 64u
#define LITERAL_BITS 64u
#define MAX_TEXT_BYTES 65536
#define MAX_RELATED 100u

pn_status pni_udf_wrong(const udf_check *at, const char *what) {
    return pni_fail(at->err, PNI_E_UDF_TABLE, "pack '%s', %s: %s", at->origin, at->label, what);
}

bool pni_udf_is_name(const char *name) {
    if (!name || !((name[0] >= 'a' && name[0] <= 'z') || name[0] == '_')) {
        return false;
    }
    size_t len = strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789_");
    return name[len] == '\0' && len <= PNI_NAME_MAX_BYTES;
}

/* A flat Arrow type that the C data interface can spell without children. */
bool pni_udf_is_flat_format(const char *format) {
    PNI_AUTO_SCHEMA schema = {0};
    struct ArrowSchemaView view;
    ArrowSchemaInit(&schema);
    return format && format[0] != '\0' && format[0] != '+' &&
           ArrowSchemaSetFormat(&schema, format) == NANOARROW_OK &&
           ArrowSchemaViewInit(&view, &schema, NULL) == NANOARROW_OK;
}

static bool is_arg_format(const char *format) {
    static const char *const classes[] = {"*", "s", "l", "i", "g", "b", "t", "+l", "+s", "+m"};
    if (!format || format[0] == '\0') {
        return false;
    }
    for (size_t i = 0; i < sizeof classes / sizeof classes[0]; i++) {
        if (pni_streq(format, classes[i])) {
            return true;
        }
    }
    return pni_udf_is_flat_format(format[0] == '=' ? format + 1 : format);
}

/* One way to call a function: of pn_udf itself, or an alternative. */
static pn_status check_form(const udf_check *at, const pn_signature *form) {
    bool variadic = form->kind == PN_SIGNATURE_VARIADIC;
    if (!variadic && form->kind != PN_SIGNATURE_EXACT) {
        return pni_udf_wrong(at, "the field 'signature' is none of PN_SIGNATURE_*");
    }
    if (form->max_args > MAX_ARGUMENTS || form->n_arg_formats > MAX_ARGUMENTS) {
        return pni_udf_wrong(at, "it takes more than 255 arguments");
    }
    if (form->min_args > form->max_args) {
        return pni_udf_wrong(at, "the field 'min_args' is larger than 'max_args'");
    }
    if (variadic ? form->n_arg_formats == 0 || form->n_arg_formats > form->max_args
                 : form->n_arg_formats != form->max_args) {
        return pni_udf_wrong(at, "the fields 'n_arg_formats' and 'max_args' contradict each other");
    }
    if (form->n_arg_formats > 0 && !form->arg_formats) {
        return pni_udf_wrong(at, "the field 'arg_formats' is NULL");
    }
    for (uint32_t i = 0; i < form->n_arg_formats; i++) {
        if (!is_arg_format(form->arg_formats[i])) {
            return pni_fail(at->err, PNI_E_UDF_TABLE,
                            "pack '%s', %s: argument %u has the unknown format '%.16s'", at->origin,
                            at->label, i + 1, form->arg_formats[i] ? form->arg_formats[i] : "NULL");
        }
    }
    return PN_OK;
}

static pn_status check_forms(const udf_check *at, const pn_udf *udf) {
    pn_signature form = pni_udf_form_at(udf, 0);
    PNI_TRY(check_form(at, &form));
    if (udf->n_alternatives == 0) {
        return PN_OK;
    }
    if (udf->n_alternatives > MAX_ALTERNATIVES || !udf->alternatives) {
        return pni_udf_wrong(at, "the field 'alternatives' must hold 1 to 64 signatures");
    }
    uint32_t stride = udf->alternative_stride;
    if (stride < sizeof(pn_signature) || stride % _Alignof(pn_signature) != 0) {
        return pni_udf_wrong(at, "the field 'alternative_stride' does not fit pn_signature");
    }
    for (uint64_t i = 1; i <= udf->n_alternatives; i++) {
        form = pni_udf_form_at(udf, i);
        if (form.struct_size < sizeof form || form.struct_size > stride) {
            return pni_udf_wrong(at, "the 'struct_size' of an alternative is wrong");
        }
        PNI_TRY(check_form(at, &form));
    }
    return PN_OK;
}

static pn_status check_arg_names(const udf_check *at, const pn_udf *udf) {
    for (uint32_t i = 0; udf->arg_names && i < udf->n_arg_formats; i++) {
        if (!pni_udf_is_name(udf->arg_names[i])) {
            return pni_fail(at->err, PNI_E_UDF_TABLE,
                            "pack '%s', %s: the name of argument %u is not lower-case text",
                            at->origin, at->label, i + 1);
        }
    }
    return PN_OK;
}

static bool is_number(const char *text) {
    size_t len = strspn(text, "+-.0123456789eE");
    char *end = NULL;
    strtod(text, &end);
    return len > 0 && text[len] == '\0' && *end == '\0';
}

static bool is_quoted(const char *text) {
    const char *at = text + 1;
    while (*at && !(at[0] == '\'' && at[1] != '\'')) {
        at += at[0] == '\'' ? 2 : 1;
    }
    return text[0] == '\'' && at[0] == '\'' && at[1] == '\0';
}

static bool has_option(const pn_plugin *plugin, const char *key) {
    for (uint64_t i = 0; i < plugin->n_options; i++) {
        if (pni_streq(plugin->options[i].key, key)) {
            return true;
        }
    }
    return false;
}

static bool is_default(const pn_plugin *plugin, const char *text) {
    if (text[0] == '=') {
        return has_option(plugin, text + 1);
    }
    return pni_streq(text, "NULL") || pni_streq(text, "true") || pni_streq(text, "false") ||
           is_quoted(text) || is_number(text);
}

static pn_status check_defaults(const udf_check *at, const pn_udf *udf) {
    for (uint32_t i = udf->min_args; udf->arg_defaults && i < udf->n_arg_formats; i++) {
        const char *text = udf->arg_defaults[i - udf->min_args];
        if (!text || !is_default(at->plugin, text)) {
            return pni_fail(at->err, PNI_E_UDF_TABLE,
                            "pack '%s', %s: the default '%.32s' of argument %u is no SQL literal "
                            "and no option of the pack",
                            at->origin, at->label, text ? text : "NULL", i + 1);
        }
    }
    return PN_OK;
}

static pn_status check_body(const udf_check *at, const pn_udf *udf) {
    if (!udf->body_version || udf->body_version[0] == '\0') {
        return pni_udf_wrong(at, "the field 'body_version' is missing");
    }
    if (udf->volatility < PN_VOLATILITY_IMMUTABLE || udf->volatility > PN_VOLATILITY_VOLATILE) {
        return pni_udf_wrong(at, "the field 'volatility' is none of PN_VOLATILITY_*");
    }
    uint32_t args = udf->max_args;
    if (args < LITERAL_BITS && udf->literal_args >> args != 0) {
        return pni_udf_wrong(at, "the field 'literal_args' names an argument that is not there");
    }
    return PN_OK;
}

pn_status pni_udf_check_text(const udf_check *at, const char *field, const char *text) {
    size_t len = text ? strnlen(text, MAX_TEXT_BYTES + 1) : 0;
    if (len <= MAX_TEXT_BYTES && pni_utf8_valid(text, len)) {
        return PN_OK;
    }
    return pni_fail(at->err, PNI_E_UDF_TABLE,
                    "pack '%s', %s: the text '%s' is no UTF-8 of at most %d bytes", at->origin,
                    at->label, field, MAX_TEXT_BYTES);
}

static pn_status check_doc(const udf_check *at, const pn_udf *udf) {
    const pn_doc *doc = udf->doc;
    if (doc->struct_size < sizeof(pn_doc)) {
        return pni_udf_wrong(at, "the 'struct_size' of 'doc' is smaller than pn_doc");
    }
    PNI_TRY(pni_udf_check_text(at, "section", doc->section));
    PNI_TRY(pni_udf_check_text(at, "syntax", doc->syntax));
    PNI_TRY(pni_udf_check_text(at, "sql_example", doc->sql_example));
    PNI_TRY(pni_udf_check_text(at, "alternative_syntax", doc->alternative_syntax));
    for (uint32_t i = 0; doc->arg_descriptions && i < udf->n_arg_formats; i++) {
        PNI_TRY(pni_udf_check_text(at, "arg_descriptions", doc->arg_descriptions[i]));
    }
    for (uint32_t i = 0; doc->related && doc->related[i]; i++) {
        if (i == MAX_RELATED) {
            return pni_udf_wrong(at, "the field 'related' has no end within 100 names");
        }
        PNI_TRY(pni_udf_check_text(at, "related", doc->related[i]));
    }
    return PN_OK;
}

static pn_status check_texts(const udf_check *at, const pn_udf *udf) {
    PNI_TRY(pni_udf_check_text(at, "body_version", udf->body_version));
    PNI_TRY(pni_udf_check_text(at, "rewrite_tags", udf->rewrite_tags));
    PNI_TRY(pni_udf_check_text(at, "description", udf->description));
    for (uint32_t i = udf->min_args; udf->arg_defaults && i < udf->n_arg_formats; i++) {
        PNI_TRY(pni_udf_check_text(at, "arg_defaults", udf->arg_defaults[i - udf->min_args]));
    }
    return udf->doc ? check_doc(at, udf) : PN_OK;
}

static pn_status check_result(const udf_check *at, const pn_udf *udf) {
    if (!udf->return_format && !udf->return_type) {
        return pni_udf_wrong(at, "the fields 'return_format' and 'return_type' are both NULL");
    }
    if (udf->return_format && !pni_udf_is_flat_format(udf->return_format)) {
        return pni_udf_wrong(at, "the field 'return_format' is no flat Arrow type");
    }
    return PN_OK;
}

/* The engine casts the arguments of functions that may wait by itself, to one flat type each. */
static pn_status check_waiting(const udf_check *at, const char *const *formats, uint32_t count) {
    for (uint32_t i = 0; i < count; i++) {
        if (formats[i][0] == '*' || formats[i][0] == '+') {
            return pni_udf_wrong(at, "a function with PN_UDF_ASYNC takes arguments of flat types");
        }
    }
    return PN_OK;
}

/* What only a scalar function can promise. */
static pn_status check_scalar(const udf_check *at, const pn_udf *udf) {
    if (!udf->invoke) {
        return pni_udf_wrong(at, "the field 'invoke' is NULL");
    }
    if (udf->flags & ~(uint32_t)(PN_UDF_SHORT_CIRCUITS | PN_UDF_ASYNC)) {
        return pni_udf_wrong(at, "the field 'flags' has bits that are none of PN_UDF_*");
    }
    if (udf->null_handling != PN_NULLS_CALLED && udf->null_handling != PN_NULLS_PROPAGATED) {
        return pni_udf_wrong(at, "the field 'null_handling' is none of PN_NULLS_*");
    }
    if (udf->preserves_order_of > udf->max_args) {
        return pni_udf_wrong(at,
                             "the field 'preserves_order_of' names an argument that is not there");
    }
    if ((udf->flags & PN_UDF_ASYNC) && (udf->n_alternatives || (udf->aliases && *udf->aliases))) {
        return pni_udf_wrong(at, "a function with PN_UDF_ASYNC has no alternatives and no aliases");
    }
    return udf->flags & PN_UDF_ASYNC ? check_waiting(at, udf->arg_formats, udf->n_arg_formats)
                                     : PN_OK;
}

static pn_status check_not_scalar(const udf_check *at, const pn_udf *udf) {
    if (udf->invoke) {
        return pni_udf_wrong(at, "the field 'invoke' is for scalar functions");
    }
    if (udf->flags || udf->null_handling || udf->preserves_order_of) {
        return pni_udf_wrong(
            at,
            "the fields 'flags', 'null_handling', 'preserves_order_of' are for scalar functions");
    }
    return PN_OK;
}

static pn_status add_name(const udf_check *at, const char *name) {
    if (!pni_udf_is_name(name)) {
        return pni_udf_wrong(at, "a name or alias is not lower-case text of at most 128 bytes");
    }
    if (pni_map_has(at->names, name)) {
        return pni_fail(at->err, PNI_E_UDF_DUPLICATE, "pack '%s' has the name '%s' twice",
                        at->origin, name);
    }
    pni_map_put(at->names, name, at->names);
    return PN_OK;
}

static pn_status check_names(const udf_check *at, const pn_udf *udf) {
    PNI_TRY(add_name(at, udf->name));
    for (const char *const *alias = udf->aliases; alias && *alias; alias++) {
        PNI_TRY(add_name(at, *alias));
    }
    return PN_OK;
}

/* Sets the label that messages of the function carry. */
static pn_status check_label(udf_check *at, const pni_udf_function *function, uint64_t number) {
    snprintf(at->label, sizeof at->label, "function %llu", (unsigned long long)number);
    if (!pni_udf_is_name(function->udf->name)) {
        return pni_udf_wrong(at, "the field 'name' is not lower-case text of at most 128 bytes");
    }
    const char *kind = function->kind == PNI_UDF_SCALAR ? "" : pni_udf_kind_text(function->kind);
    snprintf(at->label, sizeof at->label, "%s%sfunction '%s'", kind, *kind ? " " : "",
             function->udf->name);
    return PN_OK;
}

static pn_status check_function(udf_check *at, const pni_udf_function *function, uint64_t number) {
    const pn_udf *udf = function->udf;
    PNI_TRY(check_label(at, function, number));
    PNI_TRY(check_names(at, udf));
    PNI_TRY(check_forms(at, udf));
    PNI_TRY(check_arg_names(at, udf));
    PNI_TRY(check_defaults(at, udf));
    PNI_TRY(check_body(at, udf));
    PNI_TRY(check_texts(at, udf));
    if (function->kind != PNI_UDF_TABLE) {
        PNI_TRY(check_result(at, udf));
    }
    if (function->kind == PNI_UDF_SCALAR) {
        return check_scalar(at, udf);
    }
    PNI_TRY(check_not_scalar(at, udf));
    return pni_udf_check_kind(at, function);
}

pn_status pni_udf_check(const pn_plugin *plugin, const char *origin, pn_error *err) {
    PNI_AUTO_PTR(pni_map) names = pni_map_new();
    udf_check at = {origin, "the table", plugin, names, err};
    if (!plugin->name || plugin->name[0] == '\0' || !plugin->version) {
        return pni_udf_wrong(&at, "the field 'name' or 'version' is missing");
    }
    PNI_TRY(pni_udf_check_text(&at, "name", plugin->name));
    PNI_TRY(pni_udf_check_text(&at, "version", plugin->version));
    PNI_TRY(pni_udf_check_extras(&at));
    uint64_t count = pni_udf_function_count(plugin);
    if (count + plugin->n_table_providers + plugin->n_expr_planners + plugin->n_relation_planners +
            plugin->n_function_factories ==
        0) {
        return pni_udf_wrong(&at, "it holds no function");
    }
    for (uint64_t i = 0; i < count; i++) {
        pni_udf_function function = pni_udf_function_at(plugin, i);
        PNI_TRY(check_function(&at, &function, i + 1));
    }
    return PN_OK;
}
