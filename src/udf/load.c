/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Loading a foreign pack: hash the file, map it with all symbols resolved and none exported, ask
 * its one entry for its table, check the table. A pack that was mapped stays mapped, even when it
 * is refused: its destructors and threads are unknown. Loading the same file again gives the same
 * mapping and is no error.
 */
#include "udf/udf_priv.h"

#include <dlfcn.h>

static const pn_host our_host = {
    .struct_size = sizeof(pn_host),
    .abi_major = PN_PLUGIN_ABI_MAJOR,
    .abi_minor = PN_PLUGIN_ABI_MINOR,
    .alloc = pni_alloc,
    .free = pni_free,
};

static pn_status fail_load(const char *path, pn_error *err) {
    const char *why = dlerror();
    pn_status status =
        pni_fail(err, PNI_E_UDF_LOAD, "the pack '%s' cannot be loaded", pni_path_base(path));
    pni_error_detail(err, "%s", why ? why : "The loader gave no reason.");
    return status;
}

static pn_status enter(const char *path, const pn_host *host, const pn_plugin **out,
                       pn_error *err) {
    void *handle = dlopen(path, RTLD_NOW | RTLD_LOCAL);
    if (!handle) {
        return fail_load(path, err);
    }
    pn_plugin_entry_fn entry = NULL;
    void *symbol = dlsym(handle, "pn_plugin_entry");
    if (!symbol) {
        return fail_load(path, err);
    }
    memcpy(&entry, &symbol, sizeof entry); /* ISO C has no cast from data to function pointers */
    char message[512] = "";
    const pn_plugin *plugin = entry(host, message, sizeof message);
    if (!plugin) {
        message[sizeof message - 1] = '\0';
        pn_status status =
            pni_fail(err, PNI_E_UDF_REFUSED, "the pack '%s' refused to load", pni_path_base(path));
        pni_error_detail(err, "%s", message[0] ? message : "The pack gave no reason.");
        return status;
    }
    *out = plugin;
    return PN_OK;
}

pn_status pni_udf_open_pack(const char *path, const pn_host *host, const pn_plugin **out,
                            pn_error *err) {
    const pn_plugin *theirs = NULL;
    PNI_TRY(enter(path, host, &theirs, err));
    return pni_udf_adopt(theirs, pni_path_base(path), out, err);
}

static bool has_pack(const pni_udf_catalog *catalog, const char *digest) {
    for (size_t i = 0; i < catalog->packs.count; i++) {
        if (pni_streq(catalog->packs.items[i]->digest, digest)) {
            return true;
        }
    }
    return false;
}

pn_status pni_udf_load(pni_udf_catalog *catalog, const char *path, pn_error *err) {
    PNI_AUTO_PTR(pni_text) absolute = pni_path_absolute(path);
    udf_pack pack = {.is_builtin = false};
    PNI_TRY(pni_sha256_file(absolute, pack.digest, /* size_out= */ NULL, err));
    if (has_pack(catalog, pack.digest)) {
        return PN_OK;
    }
    PNI_TRY(pni_udf_open_pack(absolute, &our_host, &pack.plugin, err));
    return pni_udf_catalog_add(catalog, &pack, err);
}
