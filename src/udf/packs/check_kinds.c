/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The fields that only one kind of thing in a pack has: the functions of aggregates, windows and
 * tables, and what is no function at all (options, table providers, planners, factories). A pointer
 * that is not NULL is believed; whether it leads to a function no process can see.
 */
#include "udf/packs/check_priv.h"

#include <stdio.h>
#include <stdlib.h>

#define MAX_STATES 64u

/* The engine hands an aggregate its columns: where there is none there are no rows. */
static bool may_lack_arguments(const pn_udf *udf) {
    bool found = udf->min_args == 0 && (udf->max_args == 0 || !udf->arg_defaults);
    for (uint64_t i = 1; !found && i <= udf->n_alternatives; i++) {
        found = pni_udf_form_at(udf, i).min_args == 0 && udf->min_args != 0;
    }
    return found;
}

static pn_status check_aggregate(const udf_check *at, const pn_aggregate *row) {
    const struct {
        const char *field;
        bool is_there;
    } needed[] = {{"the field 'create' is NULL", row->create},
                  {"the field 'destroy' is NULL", row->destroy},
                  {"the field 'update' is NULL", row->update},
                  {"the field 'merge' is NULL", row->merge},
                  {"the field 'emit' is NULL", row->emit},
                  {"the field 'evaluate' is NULL", row->evaluate},
                  {"the field 'size' is NULL", row->size}};
    for (size_t i = 0; i < sizeof needed / sizeof needed[0]; i++) {
        if (!needed[i].is_there) {
            return pni_udf_wrong(at, needed[i].field);
        }
    }
    if (row->flags & ~(uint32_t)(PN_AGGREGATE_IGNORES_NULLS | PN_AGGREGATE_SET)) {
        return pni_udf_wrong(at, "the field 'flags' has bits that are none of PN_AGGREGATE_*");
    }
    if (may_lack_arguments(row->function)) {
        return pni_udf_wrong(at, "an aggregate takes at least one argument");
    }
    if (row->n_state == 0 || row->n_state > MAX_STATES || !row->state_formats) {
        return pni_udf_wrong(at, "the field 'state_formats' must hold 1 to 64 formats");
    }
    for (uint32_t i = 0; i < row->n_state; i++) {
        if (!pni_udf_is_flat_format(row->state_formats[i])) {
            return pni_fail(at->err, PNI_E_UDF_TABLE,
                            "pack '%s', %s: state column %u is no flat Arrow type", at->origin,
                            at->label, i + 1);
        }
    }
    return PN_OK;
}

static pn_status check_window(const udf_check *at, const pn_window *row) {
    if (row->mode < PN_WINDOW_PARTITION || row->mode > PN_WINDOW_FRAME) {
        return pni_udf_wrong(at, "the field 'mode' is none of PN_WINDOW_*");
    }
    if (!row->evaluate) {
        return pni_udf_wrong(at, "the field 'evaluate' is NULL");
    }
    if (row->mode == PN_WINDOW_PEERS &&
        (row->function->max_args || row->function->n_alternatives)) {
        return pni_udf_wrong(at, "a function with PN_WINDOW_PEERS takes no arguments");
    }
    return PN_OK;
}

static pn_status check_table_function(const udf_check *at, const pn_table_function *row) {
    if (!row->open) {
        return pni_udf_wrong(at, "the field 'open' is NULL");
    }
    if (row->function->return_format || row->function->return_type) {
        return pni_udf_wrong(at, "the result is the table's: 'return_format' and 'return_type' "
                                 "must be NULL");
    }
    return PN_OK;
}

pn_status pni_udf_check_kind(const udf_check *at, const pni_udf_function *function) {
    switch (function->kind) {
    case PNI_UDF_AGGREGATE:
        return check_aggregate(at, function->row);
    case PNI_UDF_WINDOW:
        return check_window(at, function->row);
    case PNI_UDF_TABLE:
        return check_table_function(at, function->row);
    default:
        return PN_OK;
    }
}

/* ---- what is no function ----------------------------------------------------------------------
 */

static bool fits_option(const char *format, const char *text) {
    char *end = NULL;
    switch (format[0]) {
    case 'b':
        return pni_streq(text, "true") || pni_streq(text, "false");
    case 'l':
        strtoll(text, &end, 10);
        return *text && *end == '\0';
    case 'g':
        strtod(text, &end);
        return *text && *end == '\0';
    default:
        return true;
    }
}

/* "prefix.name", both names; `datafusion` and `pinion` are not a pack's. */
static bool is_option_key(const char *key) {
    const char *dot = key ? strchr(key, '.') : NULL;
    if (!dot) {
        return false;
    }
    PNI_AUTO(pn_buf) prefix = PN_BUF_INIT;
    pni_buf_append(&prefix, key, (size_t)(dot - key));
    const char *text = pni_buf_text(&prefix);
    return pni_udf_is_name(text) && pni_udf_is_name(dot + 1) &&
           !pni_starts_with(text, "datafusion") && !pni_streq(text, "pinion");
}

static pn_status check_option(udf_check *at, const pn_option *row, uint64_t number) {
    snprintf(at->label, sizeof at->label, "option %llu", (unsigned long long)number);
    if (!is_option_key(row->key)) {
        return pni_udf_wrong(at, "the field 'key' is not of the form prefix.name in lower case");
    }
    snprintf(at->label, sizeof at->label, "option '%.128s'", row->key);
    if (pni_map_has(at->names, row->key)) { /* no function's name has a dot */
        return pni_fail(at->err, PNI_E_UDF_DUPLICATE, "pack '%s' has the %s twice", at->origin,
                        at->label);
    }
    pni_map_put(at->names, row->key, at->names);
    if (!row->format || strlen(row->format) != 1 || !strchr("ublg", row->format[0])) {
        return pni_udf_wrong(at, "the field 'format' is none of u, b, l and g");
    }
    if (!row->default_text || !fits_option(row->format, row->default_text)) {
        return pni_udf_wrong(at, "the field 'default_text' does not fit its format");
    }
    return PN_OK;
}

static pn_status check_named(udf_check *at, const char *what, const char *name, bool has_callback) {
    snprintf(at->label, sizeof at->label, "%s", what);
    if (!pni_udf_is_name(name)) {
        return pni_udf_wrong(at, "its name is not lower-case text of at most 128 bytes");
    }
    snprintf(at->label, sizeof at->label, "%s '%s'", what, name);
    if (pni_map_has(at->names, at->label)) { /* no function's name has a quote */
        return pni_fail(at->err, PNI_E_UDF_DUPLICATE, "pack '%s' has the %s twice", at->origin,
                        at->label);
    }
    pni_map_put(at->names, at->label, at->names);
    return has_callback ? PN_OK : pni_udf_wrong(at, "its function is NULL");
}

static pn_status check_planner(udf_check *at, const char *what, const char *name,
                               const char *body_version, bool has_callback) {
    PNI_TRY(check_named(at, what, name, has_callback));
    if (!body_version || body_version[0] == '\0') {
        return pni_udf_wrong(at, "the field 'body_version' is missing");
    }
    return pni_udf_check_text(at, "body_version", body_version);
}

pn_status pni_udf_check_extras(udf_check *at) {
    const pn_plugin *plugin = at->plugin;
    for (uint64_t i = 0; i < plugin->n_options; i++) {
        PNI_TRY(check_option(at, &plugin->options[i], i + 1));
    }
    for (uint64_t i = 0; i < plugin->n_table_providers; i++) {
        const pn_table_provider *row = &plugin->table_providers[i];
        PNI_TRY(check_named(at, "table provider", row->name, row->open));
    }
    for (uint64_t i = 0; i < plugin->n_expr_planners; i++) {
        const pn_expr_planner *row = &plugin->expr_planners[i];
        PNI_TRY(check_planner(at, "expression planner", row->name, row->body_version,
                              row->plan_operator));
    }
    for (uint64_t i = 0; i < plugin->n_relation_planners; i++) {
        const pn_relation_planner *row = &plugin->relation_planners[i];
        PNI_TRY(check_planner(at, "relation planner", row->name, row->body_version,
                              row->plan_relation));
    }
    for (uint64_t i = 0; i < plugin->n_function_factories; i++) {
        const pn_function_factory *row = &plugin->function_factories[i];
        PNI_TRY(check_named(at, "function factory", row->language, row->create));
        if (pni_sql_kind_of_language(row->language))
            return pni_udf_wrong(at, "its language is one of pinion's own");
    }
    snprintf(at->label, sizeof at->label, "the table");
    return PN_OK;
}
