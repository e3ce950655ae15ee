/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The packs of one session and the names in them. A name or alias belongs to one function of one
 * pack, an option, a language, a table provider to one pack; nobody replaces anybody, neither
 * another pack nor the engine's own. Everything is checked before a pack is put in, and putting in
 * cannot fail. The catalog only refers to packs: they are never unmapped, because plans and streams
 * that hold a function may outlive the session that loaded it.
 */
#include "udf/udf_priv.h"

/* ---- is everything free? ----------------------------------------------------------------------
 */

/* Names and aliases of its functions. */
static pni_map *names_of(const pn_plugin *plugin) {
    pni_map *names = pni_map_new();
    for (uint64_t i = 0; i < pni_udf_function_count(plugin); i++) {
        const pn_udf *udf = pni_udf_function_at(plugin, i).udf;
        pni_map_put(names, udf->name, names);
        for (const char *const *alias = udf->aliases; alias && *alias; alias++) {
            pni_map_put(names, *alias, names);
        }
    }
    return names;
}

static pn_status check_names(const pni_udf_catalog *catalog, const pn_plugin *plugin,
                             const pni_map *names, pn_error *err) {
    for (size_t i = 0; i < pni_map_count(names); i++) {
        const char *name = pni_map_key_at(names, i);
        const udf_declared *there = pni_udf_declared(catalog, name);
        if (there) {
            return pni_fail(err, PNI_E_UDF_DUPLICATE,
                            "pack '%s' has a function '%s', and so has pack '%s'", plugin->name,
                            name, there->pack->plugin->name);
        }
    }
    return PN_OK;
}

/* What else of a pack is found by a name of its own, as "an option 'a.b'"; false behind the last.
 * Planners are looked up when they are installed, which is where two of one name are refused. */
static bool extra_at(const pn_plugin *plugin, uint64_t index, pn_buf *out) {
    pni_buf_clear(out);
    if (index < plugin->n_options) {
        pni_buf_printf(out, "an option '%s'", plugin->options[index].key);
        return true;
    }
    index -= plugin->n_options;
    if (index < plugin->n_function_factories) {
        pni_buf_printf(out, "a language '%s'", plugin->function_factories[index].language);
        return true;
    }
    index -= plugin->n_function_factories;
    if (index < plugin->n_table_providers) {
        pni_buf_printf(out, "a table provider '%s.%s'", plugin->name,
                       plugin->table_providers[index].name);
        return true;
    }
    return false;
}

static pn_status check_extras(const pni_udf_catalog *catalog, const pn_plugin *plugin,
                              pn_error *err) {
    PNI_AUTO(pn_buf) text = PN_BUF_INIT;
    PNI_AUTO_PTR(pni_map) own = pni_map_new();
    for (uint64_t i = 0; extra_at(plugin, i, &text); i++) {
        pni_map_put(own, pni_buf_text(&text), own);
    }
    for (size_t p = 0; p < catalog->packs.count; p++) {
        const pn_plugin *other = catalog->packs.items[p]->plugin;
        for (uint64_t i = 0; extra_at(other, i, &text); i++) {
            if (pni_map_has(own, pni_buf_text(&text))) {
                return pni_fail(err, PNI_E_UDF_DUPLICATE, "pack '%s' has %s, and so has pack '%s'",
                                plugin->name, pni_buf_text(&text), other->name);
            }
        }
    }
    return PN_OK;
}

/* The engine would let a pack replace `sum`, or what CREATE FUNCTION made: refuse that. What the
 * built-in pack replaces, it does on purpose (README.md). */
static pn_status check_native(const pn_plugin *plugin, const pni_map *names, const json_t *function,
                              const json_t *name, pn_error *err) {
    bool is_custom = json_is_true(json_object_get(function, "custom"));
    if (!json_is_string(name) || !pni_map_has(names, json_string_value(name))) {
        return PN_OK;
    }
    return pni_fail(err, PNI_E_UDF_DUPLICATE, "pack '%s' has a function '%s', and so has the %s",
                    plugin->name, json_string_value(name), is_custom ? "session" : "engine");
}

static pn_status check_natives(const pn_plugin *plugin, const pni_map *names,
                               const pni_engine_session *session, pn_error *err) {
    PNI_AUTO_PTR(json_t) functions = NULL;
    PNI_TRY(pni_engine_session_functions(session, &functions, err));
    size_t index;
    json_t *function;
    json_array_foreach(functions, index, function) {
        PNI_TRY(check_native(plugin, names, function, json_object_get(function, "name"), err));
        size_t at;
        json_t *alias;
        json_array_foreach(json_object_get(function, "aliases"), at, alias) {
            PNI_TRY(check_native(plugin, names, function, alias, err));
        }
    }
    return PN_OK;
}

pn_status pni_udf_check_free(const pni_udf_catalog *catalog, const pn_plugin *plugin,
                             const pni_engine_session *session, pn_error *err) {
    PNI_AUTO_PTR(pni_map) names = names_of(plugin);
    PNI_TRY(check_names(catalog, plugin, names, err));
    PNI_TRY(check_extras(catalog, plugin, err));
    return session ? check_natives(plugin, names, session, err) : PN_OK;
}

/* ---- what is in it ----------------------------------------------------------------------------
 */

static void put_names(pni_udf_catalog *catalog, udf_pack *pack) {
    for (uint64_t i = 0; i < pni_udf_function_count(pack->plugin); i++) {
        udf_declared *declared = &pack->functions[i];
        pni_map_put(catalog->names, declared->function.udf->name, declared);
        for (const char *const *alias = declared->function.udf->aliases; alias && *alias; alias++) {
            pni_map_put(catalog->names, *alias, declared);
        }
    }
}

void pni_udf_catalog_put(pni_udf_catalog *catalog, const pn_plugin *plugin,
                         const char digest[PNI_SHA256_HEX]) {
    udf_pack *pack = pni_calloc(1, sizeof *pack);
    uint64_t count = pni_udf_function_count(plugin);
    pack->plugin = plugin;
    pack->is_builtin = plugin == pni_udf_builtin();
    memcpy(pack->digest, digest, sizeof pack->digest);
    pack->functions = pni_calloc(count + 1, sizeof *pack->functions);
    for (uint64_t i = 0; i < count; i++) {
        pack->functions[i] = (udf_declared){pack, pni_udf_function_at(plugin, i)};
    }
    pni_vec_push(&catalog->packs, pack);
    put_names(catalog, pack);
}

static void free_pack(udf_pack *pack) {
    pni_free(pack->functions);
    pni_free(pack);
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
    char digest[PNI_SHA256_HEX];
    catalog->names = pni_map_new();
    digest_builtin(pni_udf_builtin(), digest);
    pni_udf_catalog_put(catalog, pni_udf_builtin(), digest);
    return catalog;
}

void pni_udf_catalog_free(pni_udf_catalog *catalog) {
    if (!catalog) {
        return;
    }
    for (size_t i = 0; i < catalog->packs.count; i++) {
        free_pack(catalog->packs.items[i]);
    }
    pni_vec_dispose(&catalog->packs);
    pni_map_free(catalog->names);
    pni_free(catalog);
}

size_t pni_udf_pack_count(const pni_udf_catalog *catalog) {
    return catalog->packs.count;
}

const udf_declared *pni_udf_declared(const pni_udf_catalog *catalog, const char *name) {
    return name ? pni_map_get(catalog->names, name) : NULL;
}

const pn_udf *pni_udf_find(const pni_udf_catalog *catalog, const char *name) {
    const udf_declared *declared = pni_udf_declared(catalog, name);
    return declared ? declared->function.udf : NULL;
}

/* ---- installing -------------------------------------------------------------------------------
 */

pn_status pni_udf_install(const pni_udf_catalog *catalog, size_t first,
                          const pni_engine_session *session, pn_error *err) {
    for (size_t i = first; i < catalog->packs.count; i++) {
        const udf_pack *pack = catalog->packs.items[i];
        PNI_TRY(pni_engine_add_functions(session, pack->plugin, pack->digest, err));
    }
    return PN_OK;
}

/* No name of it is anybody else's, so what the engine has of them came from the pack. */
static void withdraw(const udf_pack *pack, const pni_engine_session *session) {
    const pn_plugin *plugin = pack->plugin;
    PNI_AUTO_PTR(pni_map) names = names_of(plugin);
    json_t *functions = json_array(), *providers = json_array(), *options = json_array();
    for (size_t i = 0; i < pni_map_count(names); i++) {
        json_array_append_new(functions, json_string(pni_map_key_at(names, i)));
    }
    for (uint64_t i = 0; i < plugin->n_table_providers; i++) {
        json_array_append_new(providers,
                              json_sprintf("%s.%s", plugin->name, plugin->table_providers[i].name));
    }
    for (uint64_t i = 0; i < plugin->n_options; i++) {
        json_array_append_new(options, json_string(plugin->options[i].key));
    }
    PNI_AUTO_PTR(json_t)
    gone = json_pack("{s:s, s:s, s:o, s:o, s:o}", "name", plugin->name, "kind", "no_pack",
                     "functions", functions, "providers", providers, "options", options);
    pn_status status = pni_engine_session_define(session, gone, NULL);
    (void)status; /* the failure that leads here is the one to tell */
}

void pni_udf_take_back(pni_udf_catalog *catalog, size_t first, const pni_engine_session *session) {
    if (first >= catalog->packs.count) {
        return;
    }
    while (catalog->packs.count > first) {
        udf_pack *pack = catalog->packs.items[--catalog->packs.count];
        withdraw(pack, session);
        free_pack(pack);
    }
    pni_map_free(catalog->names);
    catalog->names = pni_map_new();
    for (size_t i = 0; i < catalog->packs.count; i++) {
        put_names(catalog, catalog->packs.items[i]);
    }
}
