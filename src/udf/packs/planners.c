/* SPDX-License-Identifier: Apache-2.0 */
/* What packs bring beside functions: planners, which a session installs by name, and factories,
 * which CREATE FUNCTION finds by language. */
#include "udf/udf_priv.h"

/* Rows were adopted: strides are the sizes of our structs. */
static bool planner_of(const pn_plugin *pack, const char *name, pni_udf_planner *out) {
    *out = (pni_udf_planner){.pack = pack};
    for (uint64_t i = 0; i < pack->n_expr_planners; i++)
        if (pni_streq(pack->expr_planners[i].name, name))
            out->operators = &pack->expr_planners[i];
    for (uint64_t i = 0; i < pack->n_relation_planners && !out->operators; i++)
        if (pni_streq(pack->relation_planners[i].name, name))
            out->relations = &pack->relation_planners[i];
    return out->operators || out->relations;
}

static void list_planners(const pni_udf_catalog *catalog, pn_buf *out) {
    for (size_t p = 0; p < catalog->packs.count; p++) {
        const pn_plugin *pack = catalog->packs.items[p]->plugin;
        for (uint64_t i = 0; i < pack->n_expr_planners; i++)
            pni_buf_printf(out, "%s (%s), ", pack->expr_planners[i].name, pack->name);
        for (uint64_t i = 0; i < pack->n_relation_planners; i++)
            pni_buf_printf(out, "%s (%s), ", pack->relation_planners[i].name, pack->name);
    }
}

pn_status pni_udf_planner_find(const pni_udf_catalog *catalog, const char *name,
                               pni_udf_planner *out, pn_error *err) {
    pni_udf_planner found = {0}, other;
    for (size_t p = 0; p < catalog->packs.count; p++) {
        if (!planner_of(catalog->packs.items[p]->plugin, name, &other))
            continue;
        if (found.pack)
            return pni_fail(err, PNI_E_UDF_DUPLICATE,
                            "pack '%s' has a planner '%s', and so has pack '%s'", other.pack->name,
                            name, found.pack->name);
        found = other;
    }
    if (!found.pack) {
        PNI_AUTO(pn_buf) names = PN_BUF_INIT;
        pn_status status =
            pni_fail(err, PNI_E_PLATFORM_PLANNER, "there is no planner '%.80s'", name);
        list_planners(catalog, &names);
        pni_error_detail(err, "Planners: %.*s.", (int)(names.len - 2), pni_buf_text(&names));
        return status;
    }
    *out = found;
    return PN_OK;
}

const pn_function_factory *pni_udf_factory_find(const pni_udf_catalog *catalog,
                                                const char *language, const char **digest_out) {
    for (size_t p = 0; p < catalog->packs.count; p++) {
        const pn_plugin *pack = catalog->packs.items[p]->plugin;
        for (uint64_t i = 0; i < pack->n_function_factories; i++) {
            if (pni_streq(pack->function_factories[i].language, language)) {
                *digest_out = catalog->packs.items[p]->digest;
                return &pack->function_factories[i];
            }
        }
    }
    return NULL;
}
