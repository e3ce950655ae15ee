/* SPDX-License-Identifier: Apache-2.0 */
/* What packs bring besides functions, and the packs themselves: names and versions, for people and
 * for the record. */
#include "udf/udf_priv.h"

static const void *row_at(const void *rows, uint32_t stride, uint64_t index) {
    return (const char *)rows + index * stride;
}

static void put_planners(const pn_plugin *p, json_t *parts) {
    for (uint64_t i = 0; i < p->n_expr_planners; i++) {
        const pn_expr_planner *row = row_at(p->expr_planners, p->expr_planner_stride, i);
        json_array_append_new(json_object_get(parts, "expr_planners"),
                              json_pack("{s:s, s:s, s:s}", "name", row->name, "pack", p->name,
                                        "body_version", row->body_version));
    }
    for (uint64_t i = 0; i < p->n_relation_planners; i++) {
        const pn_relation_planner *row =
            row_at(p->relation_planners, p->relation_planner_stride, i);
        json_array_append_new(json_object_get(parts, "relation_planners"),
                              json_pack("{s:s, s:s, s:s}", "name", row->name, "pack", p->name,
                                        "body_version", row->body_version));
    }
}

static void put_others(const pn_plugin *p, json_t *parts) {
    for (uint64_t i = 0; i < p->n_function_factories; i++) {
        const pn_function_factory *row =
            row_at(p->function_factories, p->function_factory_stride, i);
        json_array_append_new(json_object_get(parts, "function_factories"),
                              json_string(row->language));
    }
    for (uint64_t i = 0; i < p->n_table_providers; i++) {
        const pn_table_provider *row = row_at(p->table_providers, p->table_provider_stride, i);
        json_array_append_new(json_object_get(parts, "table_providers"),
                              json_sprintf("%s.%s", p->name, row->name));
    }
}

json_t *pni_udf_parts(const pni_udf_catalog *catalog) {
    json_t *parts = json_pack("{s:[], s:[], s:[], s:[], s:[]}", "packs", "expr_planners",
                              "relation_planners", "function_factories", "table_providers");
    for (size_t i = 0; i < catalog->packs.count; i++) {
        const udf_pack *pack = catalog->packs.items[i];
        json_array_append_new(json_object_get(parts, "packs"),
                              json_pack("{s:s, s:s, s:s}", "name", pack->plugin->name, "version",
                                        pack->plugin->version, "digest", pack->digest));
        put_planners(pack->plugin, parts);
        put_others(pack->plugin, parts);
    }
    return parts;
}
