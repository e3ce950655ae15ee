/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Loading a foreign pack: map its file (mapping.c), ask its one entry for its table, check the
 * table. A pack is entered and adopted once for all sessions: loading the same file again gives the
 * same mapping and the same table. One that was refused stays mapped, and may be asked again.
 */
#include "udf/udf_priv.h"

#include <dlfcn.h>
#include <pthread.h>

static const pn_host our_host = {
    .struct_size = sizeof(pn_host),
    .abi_major = PN_PLUGIN_ABI_MAJOR,
    .abi_minor = PN_PLUGIN_ABI_MINOR,
    .alloc = pni_alloc,
    .free = pni_free,
};

/* Asks a mapped pack for its table and adopts it. */
static pn_status enter(const char *path, void *handle, const pn_host *host, const pn_plugin **out,
                       pn_error *err) {
    pn_plugin_entry_fn entry = NULL;
    void *symbol = dlsym(handle, "pn_plugin_entry");
    if (!symbol) {
        return pni_udf_map_fail("pack", path, err);
    }
    memcpy(&entry, &symbol, sizeof entry); /* ISO C has no cast from data to function pointers */
    char message[512] = "";
    const pn_plugin *theirs = entry(host, message, sizeof message);
    if (!theirs) {
        message[sizeof message - 1] = '\0';
        pn_status status =
            pni_fail(err, PNI_E_UDF_REFUSED, "the pack '%s' refused to load", pni_path_base(path));
        pni_error_detail(err, "%s", message[0] ? message : "The pack gave no reason.");
        return status;
    }
    return pni_udf_adopt(theirs, pni_path_base(path), out, err);
}

pn_status pni_udf_open_pack(const char *path, const pn_host *host, const pn_plugin **out,
                            pn_error *err) {
    void *handle = dlopen(path, RTLD_NOW | RTLD_LOCAL);
    return handle ? enter(path, handle, host, out, err) : pni_udf_map_fail("pack", path, err);
}

typedef struct adopted_pack {
    void *handle;
    const pn_plugin *plugin;
} adopted_pack;

static struct {
    pthread_mutex_t mutex;
    PNI_VEC(adopted_pack) packs;
} adopted = {.mutex = PTHREAD_MUTEX_INITIALIZER};

static pn_status adopt_locked(const char *path, void *handle, const pn_plugin **out,
                              pn_error *err) {
    for (size_t i = 0; i < adopted.packs.count; i++) {
        if (adopted.packs.items[i].handle == handle) {
            *out = adopted.packs.items[i].plugin;
            return PN_OK;
        }
    }
    PNI_TRY(enter(path, handle, &our_host, out, err));
    adopted_pack pack = {handle, *out};
    pni_vec_push(&adopted.packs, pack);
    return PN_OK;
}

static pn_status adopt_once(const char *path, void *handle, const pn_plugin **out, pn_error *err) {
    pthread_mutex_lock(&adopted.mutex);
    pn_status status = adopt_locked(path, handle, out, err);
    pthread_mutex_unlock(&adopted.mutex);
    return status;
}

static bool has_pack(const pni_udf_catalog *catalog, const char *digest) {
    for (size_t i = 0; i < catalog->packs.count; i++) {
        if (pni_streq(catalog->packs.items[i]->digest, digest)) {
            return true;
        }
    }
    return false;
}

pn_status pni_udf_load(pni_udf_catalog *catalog, const pni_engine_session *session,
                       const char *path, const char *expected, pn_error *err) {
    PNI_AUTO_PTR(pni_text) absolute = pni_path_absolute(path);
    const pn_plugin *plugin = NULL;
    void *handle = NULL;
    char digest[PNI_SHA256_HEX];
    PNI_TRY(pni_udf_map("pack", absolute, expected, &handle, digest, err));
    if (has_pack(catalog, digest)) {
        return PN_OK;
    }
    PNI_TRY(adopt_once(absolute, handle, &plugin, err));
    PNI_TRY(pni_udf_check_free(catalog, plugin, session, err));
    pni_udf_catalog_put(catalog, plugin, digest);
    return PN_OK;
}
