/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Loading a foreign pack: hash the file, map it with all symbols resolved and none exported, ask
 * its one entry for its table, check the table. A pack that was mapped stays mapped, even when it
 * is refused: its destructors and threads are unknown. Loading the same file again gives the same
 * mapping and the same table; a file that was replaced meanwhile is refused.
 */
#include "udf/udf_priv.h"

#include <dlfcn.h>
#include <pthread.h>
#include <sys/stat.h>

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

static pn_status map_pack(const char *path, void **handle_out, pn_error *err) {
    *handle_out = dlopen(path, RTLD_NOW | RTLD_LOCAL);
    return *handle_out ? PN_OK : fail_load(path, err);
}

/* Asks a mapped pack for its table and adopts it. */
static pn_status enter(const char *path, void *handle, const pn_host *host, const pn_plugin **out,
                       pn_error *err) {
    pn_plugin_entry_fn entry = NULL;
    void *symbol = dlsym(handle, "pn_plugin_entry");
    if (!symbol) {
        return fail_load(path, err);
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
    void *handle = NULL;
    PNI_TRY(map_pack(path, &handle, err));
    return enter(path, handle, host, out, err);
}

/*
 * The packs that are mapped: the loader knows a file by its name and inode and gives the old
 * mapping whatever has become of it, so a digest is only true of the code when it is the one that
 * the file had when it was mapped. A pack is entered and adopted once for all sessions.
 */
typedef struct mapped_pack {
    void *handle;
    char digest[PNI_SHA256_HEX];
    const pn_plugin *adopted; /* NULL: it was refused, and may be asked again */
} mapped_pack;

static struct {
    pthread_mutex_t mutex;
    PNI_VEC(mapped_pack) packs;
} mapped = {.mutex = PTHREAD_MUTEX_INITIALIZER};

static mapped_pack *mapped_at(void *handle, const char *digest) {
    for (size_t i = 0; i < mapped.packs.count; i++) {
        if (mapped.packs.items[i].handle == handle) {
            return &mapped.packs.items[i];
        }
    }
    mapped_pack pack = {.handle = handle};
    memcpy(pack.digest, digest, sizeof pack.digest);
    pni_vec_push(&mapped.packs, pack);
    return &mapped.packs.items[mapped.packs.count - 1];
}

static pn_status replaced(const char *path, const char *when, pn_error *err) {
    return pni_fail(err, PNI_E_UDF_LOAD, "the pack '%s' cannot be loaded: the file was replaced %s",
                    pni_path_base(path), when);
}

static pn_status open_mapped(const char *path, const char *digest, const pn_plugin **out,
                             pn_error *err) {
    void *handle = NULL;
    PNI_TRY(map_pack(path, &handle, err));
    mapped_pack *pack = mapped_at(handle, digest);
    if (!pni_streq(pack->digest, digest)) {
        pn_status status = replaced(path, "while the old one is mapped", err);
        pni_error_hint(err, "Start a new process, or give the new file another name.");
        return status;
    }
    if (!pack->adopted) {
        PNI_TRY(enter(path, handle, &our_host, &pack->adopted, err));
    }
    *out = pack->adopted;
    return PN_OK;
}

static bool same_file(const struct stat *a, const struct stat *b) {
    return a->st_dev == b->st_dev && a->st_ino == b->st_ino && a->st_size == b->st_size &&
           a->st_mtim.tv_sec == b->st_mtim.tv_sec && a->st_mtim.tv_nsec == b->st_mtim.tv_nsec;
}

static bool has_pack(const pni_udf_catalog *catalog, const char *digest) {
    for (size_t i = 0; i < catalog->packs.count; i++) {
        if (pni_streq(catalog->packs.items[i]->digest, digest)) {
            return true;
        }
    }
    return false;
}

/* The table of what is mapped of the file that has the digest. */
static pn_status open_once(const char *path, const char *digest, const pn_plugin **out,
                           pn_error *err) {
    pthread_mutex_lock(&mapped.mutex);
    pn_status status = open_mapped(path, digest, out, err);
    pthread_mutex_unlock(&mapped.mutex);
    return status;
}

pn_status pni_udf_load(pni_udf_catalog *catalog, const pni_engine_session *session,
                       const char *path, const char *expected, pn_error *err) {
    PNI_AUTO_PTR(pni_text) absolute = pni_path_absolute(path);
    const pn_plugin *plugin = NULL;
    char digest[PNI_SHA256_HEX];
    struct stat before = {0}, after = {0};
    (void)stat(absolute, &before); /* what is not there fails in a moment */
    PNI_TRY(pni_sha256_file(absolute, digest, /* size_out= */ NULL, err));
    if (expected && !pni_streq(digest, expected)) {
        return pni_fail(err, PNI_E_SESSION_PACK_DIGEST, "pack '%s' has the digest %.12s, not %.12s",
                        path, digest, expected);
    }
    if (has_pack(catalog, digest)) {
        return PN_OK;
    }
    PNI_TRY(open_once(absolute, digest, &plugin, err));
    if (stat(absolute, &after) != 0 || !same_file(&before, &after)) {
        return replaced(absolute, "while it was being loaded", err);
    }
    PNI_TRY(pni_udf_check_free(catalog, plugin, session, err));
    pni_udf_catalog_put(catalog, plugin, digest);
    return PN_OK;
}
