/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The packs of one session and the names in them. A name or alias belongs to one function of one
 * pack; nobody replaces anybody, neither another pack's function nor one of the engine's own. The
 * catalog only refers to packs: they are never unmapped, because plans and streams that hold a
 * function may outlive the session that loaded it.
 */
#include "udf/udf_priv.h"

static pn_status check_free(const pni_udf_catalog *catalog, const udf_pack *pack, const char *name,
                            pn_error *err) {
    const udf_pack *owner = pni_map_get(catalog->owners, name);
    if (!owner) {
        return PN_OK;
    }
    return pni_fail(err, PNI_E_UDF_DUPLICATE, "pack '%s' has a function '%s', and so has pack '%s'",
                    pack->plugin->name, name, owner->plugin->name);
}

static void put_name(pni_udf_catalog *catalog, udf_pack *pack, const char *name,
                     const pni_udf_function *function) {
    pni_map_put(catalog->functions, name, (void *)(uintptr_t)function->udf); /* read as const */
    pni_map_put(catalog->kinds, name, (void *)(uintptr_t)(function->kind + 1));
    pni_map_put(catalog->owners, name, pack);
}

pn_status pni_udf_catalog_add(pni_udf_catalog *catalog, const udf_pack *pack, pn_error *err) {
    const pn_plugin *plugin = pack->plugin;
    for (uint64_t i = 0; i < pni_udf_function_count(plugin); i++) {
        const pn_udf *udf = pni_udf_function_at(plugin, i).udf;
        PNI_TRY(check_free(catalog, pack, udf->name, err));
        for (const char *const *alias = udf->aliases; alias && *alias; alias++) {
            PNI_TRY(check_free(catalog, pack, *alias, err));
        }
    }
    udf_pack *kept = pni_alloc(sizeof *kept);
    *kept = *pack;
    pni_vec_push(&catalog->packs, kept);
    for (uint64_t i = 0; i < pni_udf_function_count(plugin); i++) {
        pni_udf_function function = pni_udf_function_at(plugin, i);
        put_name(catalog, kept, function.udf->name, &function);
        for (const char *const *alias = function.udf->aliases; alias && *alias; alias++) {
            put_name(catalog, kept, *alias, &function);
        }
    }
    return PN_OK;
}

/* One digest for the whole built-in pack, over the identities of its functions in their order. */
static void digest_builtin(const pn_plugin *plugin, char hex_out[PNI_SHA256_HEX]) {
    pni_sha256 *sha = pni_sha256_new();
    for (uint64_t i = 0; i < pni_udf_function_count(plugin); i++) {
        pni_udf_function function = pni_udf_function_at(plugin, i);
        char hex[PNI_SHA256_HEX];
        pni_udf_body_digest(function.udf, function.kind, hex);
        pni_sha256_update(sha, hex, strlen(hex));
    }
    pni_sha256_final_hex(sha, hex_out);
}

pni_udf_catalog *pni_udf_catalog_new(void) {
    pni_udf_catalog *catalog = pni_calloc(1, sizeof *catalog);
    catalog->functions = pni_map_new();
    catalog->owners = pni_map_new();
    catalog->kinds = pni_map_new();
    udf_pack pack = {.plugin = pni_udf_builtin(), .is_builtin = true};
    digest_builtin(pack.plugin, pack.digest);
    pn_status status = pni_udf_catalog_add(catalog, &pack, NULL);
    pni_assert(status == PN_OK);
    return catalog;
}

void pni_udf_catalog_free(pni_udf_catalog *catalog) {
    if (!catalog) {
        return;
    }
    for (size_t i = 0; i < catalog->packs.count; i++) {
        pni_free(catalog->packs.items[i]);
    }
    pni_vec_dispose(&catalog->packs);
    pni_map_free(catalog->functions);
    pni_map_free(catalog->owners);
    pni_map_free(catalog->kinds);
    pni_free(catalog);
}

const pn_udf *pni_udf_find(const pni_udf_catalog *catalog, const char *name) {
    return pni_map_get(catalog->functions, name);
}

int32_t pni_udf_kind(const pni_udf_catalog *catalog, const char *name) {
    uintptr_t kind = (uintptr_t)pni_map_get(catalog->kinds, name);
    pni_assert(kind != 0);
    return (int32_t)(kind - 1);
}

/* ---- installing -------------------------------------------------------------------------------
 */

static pn_status check_native(const pni_udf_catalog *catalog, const json_t *function,
                              const char *name, pn_error *err) {
    const udf_pack *pack = name ? pni_map_get(catalog->owners, name) : NULL;
    if (!pack || pack->is_builtin || json_is_true(json_object_get(function, "custom"))) {
        return PN_OK;
    }
    return pni_fail(err, PNI_E_UDF_DUPLICATE,
                    "pack '%s' has a function '%s', and so has the engine", pack->plugin->name,
                    name);
}

/* The engine would let a pack replace `sum`: refuse that. What the built-in pack replaces, it does
 * on purpose (README.md). */
static pn_status check_natives(const pni_udf_catalog *catalog, const pni_engine_session *session,
                               pn_error *err) {
    PNI_AUTO_PTR(json_t) functions = NULL;
    PNI_TRY(pni_engine_session_functions(session, &functions, err));
    size_t index;
    json_t *function;
    json_array_foreach(functions, index, function) {
        PNI_TRY(check_native(catalog, function, pni_json_text(function, "name"), err));
        size_t at;
        json_t *alias;
        json_array_foreach(json_object_get(function, "aliases"), at, alias) {
            PNI_TRY(check_native(catalog, function, json_string_value(alias), err));
        }
    }
    return PN_OK;
}

pn_status pni_udf_install(const pni_udf_catalog *catalog, const pni_engine_session *session,
                          pn_error *err) {
    if (catalog->packs.count > 1) {
        PNI_TRY(check_natives(catalog, session, err));
    }
    for (size_t i = 0; i < catalog->packs.count; i++) {
        const udf_pack *pack = catalog->packs.items[i];
        PNI_TRY(pni_engine_add_functions(session, pack->plugin, pack->digest, err));
    }
    return PN_OK;
}
