/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Is this table of functions what plugin.h says? The table comes from a stranger's shared object;
 * adopt.c has brought it into structs of our layout, here every field is looked at before it is
 * used.
 */
#include "udf/udf_priv.h"

#include <stdio.h>

#define MAX_ARGUMENTS 255u

/* What the messages of one check name. */
typedef struct subject {
    const char *origin;
    const char *name; /* of the function, or "function 3" while its name is not known to be text */
    pn_error *err;
} subject;

static pn_status wrong(const subject *at, const char *what) {
    return pni_fail(at->err, PNI_E_UDF_TABLE, "pack '%s', %s: %s", at->origin, at->name, what);
}

static bool is_name(const char *name) {
    if (!name || !((name[0] >= 'a' && name[0] <= 'z') || name[0] == '_')) {
        return false;
    }
    size_t len = strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789_");
    return name[len] == '\0' && len <= PNI_NAME_MAX_BYTES;
}

/* A flat Arrow type that the C data interface can spell without children. */
static bool is_flat_format(const char *format) {
    PNI_AUTO_SCHEMA schema = {0};
    struct ArrowSchemaView view;
    ArrowSchemaInit(&schema);
    return format[0] != '+' && ArrowSchemaSetFormat(&schema, format) == NANOARROW_OK &&
           ArrowSchemaViewInit(&view, &schema, NULL) == NANOARROW_OK;
}

static bool is_arg_format(const char *format) {
    static const char *const classes[] = {"*", "s", "l", "i", "g", "b", "t"};
    if (!format || format[0] == '\0') {
        return false;
    }
    for (size_t i = 0; i < sizeof classes / sizeof classes[0]; i++) {
        if (pni_streq(format, classes[i])) {
            return true;
        }
    }
    return is_flat_format(format);
}

static pn_status check_arity(const pn_udf *udf, const subject *at) {
    bool variadic = udf->signature == PN_SIGNATURE_VARIADIC;
    if (!variadic && udf->signature != PN_SIGNATURE_EXACT) {
        return wrong(at, "the field 'signature' is none of PN_SIGNATURE_*");
    }
    if (udf->max_args > MAX_ARGUMENTS || udf->n_arg_formats > MAX_ARGUMENTS) {
        return wrong(at, "it takes more than 255 arguments");
    }
    if (udf->min_args > udf->max_args) {
        return wrong(at, "the field 'min_args' is larger than 'max_args'");
    }
    if (variadic ? udf->n_arg_formats == 0 || udf->n_arg_formats > udf->max_args
                 : udf->n_arg_formats != udf->max_args) {
        return wrong(at, "the fields 'n_arg_formats' and 'max_args' contradict each other");
    }
    return PN_OK;
}

static pn_status check_args(const pn_udf *udf, const subject *at) {
    if (udf->n_arg_formats > 0 && !udf->arg_formats) {
        return wrong(at, "the field 'arg_formats' is NULL");
    }
    for (uint32_t i = 0; i < udf->n_arg_formats; i++) {
        if (!is_arg_format(udf->arg_formats[i])) {
            return pni_fail(at->err, PNI_E_UDF_TABLE,
                            "pack '%s', %s: argument %u has the unknown format '%.16s'", at->origin,
                            at->name, i + 1, udf->arg_formats[i] ? udf->arg_formats[i] : "NULL");
        }
        if (udf->arg_names && !is_name(udf->arg_names[i])) {
            return pni_fail(at->err, PNI_E_UDF_TABLE,
                            "pack '%s', %s: the name of argument %u is not lower-case text",
                            at->origin, at->name, i + 1);
        }
    }
    return PN_OK;
}

static pn_status check_result(const pn_udf *udf, const subject *at) {
    if (!udf->return_format && !udf->return_type) {
        return wrong(at, "the fields 'return_format' and 'return_type' are both NULL");
    }
    if (udf->return_format &&
        (udf->return_format[0] == '\0' || !is_flat_format(udf->return_format))) {
        return wrong(at, "the field 'return_format' is no flat Arrow type");
    }
    if (!udf->invoke) {
        return wrong(at, "the field 'invoke' is NULL");
    }
    if (!udf->body_version || udf->body_version[0] == '\0') {
        return wrong(at, "the field 'body_version' is missing");
    }
    if (udf->volatility < PN_VOLATILITY_IMMUTABLE || udf->volatility > PN_VOLATILITY_VOLATILE) {
        return wrong(at, "the field 'volatility' is none of PN_VOLATILITY_*");
    }
    return PN_OK;
}

static pn_status add_name(pni_map *names, const char *name, const subject *at) {
    if (!is_name(name)) {
        return wrong(at, "a name or alias is not lower-case text of at most 128 bytes");
    }
    if (pni_map_has(names, name)) {
        return pni_fail(at->err, PNI_E_UDF_DUPLICATE, "pack '%s' has the name '%s' twice",
                        at->origin, name);
    }
    pni_map_put(names, name, names);
    return PN_OK;
}

static pn_status check_names(const pn_udf *udf, pni_map *names, const subject *at) {
    PNI_TRY(add_name(names, udf->name, at));
    for (const char *const *alias = udf->aliases; alias && *alias; alias++) {
        PNI_TRY(add_name(names, *alias, at));
    }
    return PN_OK;
}

static pn_status check_udf(const pn_plugin *plugin, uint64_t index, pni_map *names,
                           const char *origin, pn_error *err) {
    const pn_udf *udf = pni_udf_at(plugin, index);
    char label[160];
    snprintf(label, sizeof label, "function %llu", (unsigned long long)index + 1);
    subject at = {origin, label, err};
    if (!is_name(udf->name)) {
        return wrong(&at, "the field 'name' is not lower-case text of at most 128 bytes");
    }
    snprintf(label, sizeof label, "function '%s'", udf->name);
    PNI_TRY(check_names(udf, names, &at));
    PNI_TRY(check_arity(udf, &at));
    PNI_TRY(check_args(udf, &at));
    return check_result(udf, &at);
}

pn_status pni_udf_check(const pn_plugin *plugin, const char *origin, pn_error *err) {
    subject at = {origin, "the table", err};
    if (!plugin->name || plugin->name[0] == '\0' || !plugin->version) {
        return wrong(&at, "the field 'name' or 'version' is missing");
    }
    if (plugin->n_udfs == 0) {
        return wrong(&at, "it holds no function");
    }
    if (plugin->n_aggregates || plugin->n_windows || plugin->n_table_functions ||
        plugin->n_table_providers || plugin->n_expr_planners || plugin->n_relation_planners ||
        plugin->n_function_factories || plugin->n_options) {
        return wrong(&at, "this pinion installs scalar functions only");
    }
    PNI_AUTO_PTR(pni_map) names = pni_map_new();
    for (uint64_t i = 0; i < plugin->n_udfs; i++) {
        PNI_TRY(check_udf(plugin, i, names, origin, err));
    }
    return PN_OK;
}
