/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Mapping a shared object under its digest: hash the file, map it with all symbols resolved and
 * none exported. The loader knows a file by its name and inode and gives the old mapping whatever
 * has become of it, so a digest is only true of the code when it is the one that the file had when
 * it was mapped: a file that was replaced since is refused, and what changed while it was being
 * mapped is known by no digest at all. Nothing is ever unmapped: destructors and threads of what
 * was mapped are unknown, and plans may hold what it made.
 */
#include "udf/udf.h"

#include <dlfcn.h>
#include <pthread.h>
#include <stdio.h>
#include <sys/stat.h>

typedef struct mapped_file {
    void *handle;
    char digest[PNI_SHA256_HEX]; /* "" when nobody knows */
} mapped_file;

static struct {
    pthread_mutex_t mutex;
    PNI_VEC(mapped_file) files;
} mapped = {.mutex = PTHREAD_MUTEX_INITIALIZER};

/* What was to be mapped, for messages. */
typedef struct map_request {
    const char *what;
    const char *path;
    pn_error *err;
} map_request;

static pn_status replaced(const map_request *at, const char *when) {
    pn_status status =
        pni_fail(at->err, PNI_E_UDF_LOAD, "the %s '%s' cannot be loaded: the file was replaced %s",
                 at->what, pni_path_base(at->path), when);
    pni_error_hint(at->err, "Start a new process, or give the new file another name.");
    return status;
}

static bool same_file(const struct stat *a, const struct stat *b) {
    return a->st_dev == b->st_dev && a->st_ino == b->st_ino && a->st_size == b->st_size &&
           a->st_mtim.tv_sec == b->st_mtim.tv_sec && a->st_mtim.tv_nsec == b->st_mtim.tv_nsec;
}

/* The digest that a mapping is known by; `digest` from now on when it is new. */
static const char *digest_of(void *handle, const char *digest) {
    for (size_t i = 0; i < mapped.files.count; i++) {
        if (mapped.files.items[i].handle == handle) {
            return mapped.files.items[i].digest;
        }
    }
    mapped_file file = {.handle = handle};
    snprintf(file.digest, sizeof file.digest, "%s", digest);
    pni_vec_push(&mapped.files, file);
    return digest;
}

static pn_status map_locked(const map_request *at, const struct stat *before, const char *digest,
                            void **handle_out) {
    struct stat after = {0};
    void *handle = dlopen(at->path, RTLD_NOW | RTLD_LOCAL);
    if (!handle) {
        return pni_udf_map_fail(at->what, at->path, at->err);
    }
    bool is_same = stat(at->path, &after) == 0 && same_file(before, &after);
    const char *known = digest_of(handle, is_same ? digest : "");
    if (!is_same) {
        return replaced(at, "while it was being loaded");
    }
    if (!pni_streq(known, digest)) {
        return replaced(at, "while the old one is mapped");
    }
    *handle_out = handle;
    return PN_OK;
}

pn_status pni_udf_map_fail(const char *what, const char *path, pn_error *err) {
    const char *why = dlerror();
    pn_status status =
        pni_fail(err, PNI_E_UDF_LOAD, "the %s '%s' cannot be loaded", what, pni_path_base(path));
    pni_error_detail(err, "%s", why ? why : "The loader gave no reason.");
    return status;
}

pn_status pni_udf_map(const char *what, const char *path, const char *expected, void **handle_out,
                      char digest_out[PNI_SHA256_HEX], pn_error *err) {
    const map_request at = {what, path, err};
    struct stat before = {0};
    (void)stat(path, &before); /* what is not there fails in a moment */
    PNI_TRY(pni_sha256_file(path, digest_out, /* size_out= */ NULL, err));
    if (expected && !pni_streq(digest_out, expected)) {
        return pni_fail(err, PNI_E_SESSION_PACK_DIGEST, "%s '%s' has the digest %.12s, not %.12s",
                        what, path, digest_out, expected);
    }
    pthread_mutex_lock(&mapped.mutex);
    pn_status status = map_locked(&at, &before, digest_out, handle_out);
    pthread_mutex_unlock(&mapped.mutex);
    return status;
}
