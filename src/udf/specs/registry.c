/* SPDX-License-Identifier: Apache-2.0 */
/* The specs of functions as rows: the tables udf_registry() and udf_docs(). */
#include "udf/udf_priv.h"

/* Some keys of a spec, or of its "doc", as a row. */
static json_t *row_of(const json_t *spec, const char *const *keys) {
    json_t *row = json_object();
    for (; *keys; keys++) {
        const json_t *value = json_object_get(spec, *keys);
        value = value ? value : json_object_get(json_object_get(spec, "doc"), *keys);
        json_object_set_new(row, *keys, json_deep_copy(value));
    }
    return row;
}

static json_t *rows_of(const json_t *specs, const char *const *keys) {
    json_t *rows = json_array();
    size_t index;
    json_t *spec;
    json_array_foreach((json_t *)(uintptr_t)specs, index, spec) {
        json_array_append_new(rows, row_of(spec, keys));
    }
    return rows;
}

json_t *pni_udf_registry_rows(const json_t *specs) {
    static const char *const keys[] = {
        "name",         "kind",           "volatility",      "aliases", "simplify",
        "coerce_types", "short_circuits", "parameter_names", NULL};
    return rows_of(specs, keys);
}

json_t *pni_udf_docs_rows(const json_t *specs) {
    static const char *const keys[] = {"name",
                                       "kind",
                                       "section",
                                       "description",
                                       "syntax",
                                       "sql_example",
                                       "parameter_names",
                                       "argument_descriptions",
                                       "alternative_syntax",
                                       "related_udfs",
                                       NULL};
    PNI_AUTO_PTR(json_t) rows = rows_of(specs, keys);
    size_t index;
    json_t *row;
    json_array_foreach(rows, index, row) {
        json_object_set(row, "argument_names", json_object_get(row, "parameter_names"));
        json_object_del(row, "parameter_names");
    }
    return pni_take(rows);
}
