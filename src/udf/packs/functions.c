/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A pack's functions of all kinds as one list: scalar functions first, then aggregates, window and
 * table functions, each in the order of its table. Aggregates, window and table functions point to
 * their declaration; names, signatures and identity are those of declarations, whatever the kind.
 */
#include "udf/udf_priv.h"

const pn_udf *pni_udf_at(const pn_plugin *plugin, uint64_t index) {
    const char *base = (const char *)plugin->udfs;
    return (const pn_udf *)(const void *)(base + index * plugin->udf_stride);
}

pn_signature pni_udf_form_at(const pn_udf *udf, uint64_t index) {
    if (index == 0) {
        return (pn_signature){.struct_size = sizeof(pn_signature),
                              .kind = udf->signature,
                              .min_args = udf->min_args,
                              .max_args = udf->max_args,
                              .n_arg_formats = udf->n_arg_formats,
                              .arg_formats = udf->arg_formats};
    }
    const char *row = (const char *)udf->alternatives + (index - 1) * udf->alternative_stride;
    return *(const pn_signature *)(const void *)row;
}

uint64_t pni_udf_function_count(const pn_plugin *plugin) {
    return plugin->n_udfs + plugin->n_aggregates + plugin->n_windows + plugin->n_table_functions;
}

pni_udf_function pni_udf_function_at(const pn_plugin *plugin, uint64_t index) {
    if (index < plugin->n_udfs) {
        const pn_udf *udf = pni_udf_at(plugin, index);
        return (pni_udf_function){PNI_UDF_SCALAR, udf, udf};
    }
    index -= plugin->n_udfs;
    if (index < plugin->n_aggregates) {
        const pn_aggregate *row = &plugin->aggregates[index];
        return (pni_udf_function){PNI_UDF_AGGREGATE, row->function, row};
    }
    index -= plugin->n_aggregates;
    if (index < plugin->n_windows) {
        const pn_window *row = &plugin->windows[index];
        return (pni_udf_function){PNI_UDF_WINDOW, row->function, row};
    }
    index -= plugin->n_windows;
    pni_assert(index < plugin->n_table_functions);
    const pn_table_function *row = &plugin->table_functions[index];
    return (pni_udf_function){PNI_UDF_TABLE, row->function, row};
}

const char *pni_udf_kind_text(int32_t kind) {
    static const char *const texts[] = {"scalar", "aggregate", "window", "table"};
    pni_assert(kind >= PNI_UDF_SCALAR && kind <= PNI_UDF_TABLE);
    return texts[kind];
}
