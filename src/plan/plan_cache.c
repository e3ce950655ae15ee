/* SPDX-License-Identifier: Apache-2.0 */
/*
 * `<first digit>/<fingerprint>-<engine build>.plan`: magic, format, length and a SHA-256 over key
 * and bytes, then the bytes. Writers rename whole files and readers take no lock. Each of the 16
 * folders may hold a sixteenth of the limit, so that a writer looks at one folder only; it lets the
 * oldest go after its own file is in place, and whoever comes last sees all of them. Reading makes
 * a file young. Losing an entry costs time, never truth.
 */
#define _GNU_SOURCE
#include "plan/plan_cache.h"

#include "base/formats.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define SHARDS 16u
#define SUFFIX ".plan"
#define BUILD_DIGITS 16
#define MAGIC "PNPLAN"
#define MAGIC_LEN 6
#define LENGTH_AT 8
#define DIGEST_AT 16
#define HEADER_LEN (DIGEST_AT + PNI_SHA256_LEN)
#define STALE_S 3600 /* a temporary file this old has no writer */

bool pni_plan_cache_is_on(const pni_plan_cache_place *place) {
    return place->dir && place->limit_bytes;
}

static char *shard_path(const pni_plan_cache_place *place, const char *fingerprint) {
    const char shard[2] = {fingerprint[0], '\0'};
    return pni_path_join(place->dir, shard);
}

static char *entry_path(const pni_plan_cache_place *place, const char *fingerprint) {
    PNI_AUTO(pn_buf) name = PN_BUF_INIT;
    pni_buf_printf(&name, "%c/%s-%.*s%s", fingerprint[0], fingerprint, BUILD_DIGITS, place->build,
                   SUFFIX);
    return pni_path_join(place->dir, pni_buf_text(&name));
}

/* The key is digested too: a file that was renamed is as damaged as one that was changed. */
static void digest(const pni_plan_cache_place *place, const char *fingerprint, pn_bytes bytes,
                   unsigned char out[PNI_SHA256_LEN]) {
    PNI_AUTO(pn_buf) all = PN_BUF_INIT;
    pni_buf_printf(&all, "%s %s\n", fingerprint, place->build);
    pni_buf_append(&all, bytes.data, bytes.len);
    pni_sha256_bytes(all.data, all.len, out);
}

static void put_header(const pni_plan_cache_place *place, const char *fingerprint, pn_bytes bytes,
                       pn_buf *out) {
    unsigned char header[HEADER_LEN] = MAGIC;
    header[MAGIC_LEN] = PNI_FORMAT_PLAN_CACHE;
    for (unsigned i = 0; i < 8; i++)
        header[LENGTH_AT + i] = (unsigned char)((uint64_t)bytes.len >> (8 * i));
    digest(place, fingerprint, bytes, header + DIGEST_AT);
    pni_buf_append(out, header, sizeof header);
}

/* What is wrong with the file, or NULL. */
static const char *problem_of(const pni_plan_cache_place *place, const char *fingerprint,
                              const pn_buf *file) {
    unsigned char wanted[PNI_SHA256_LEN];
    uint64_t len = 0;
    if (file->len < HEADER_LEN)
        return "is cut off";
    if (memcmp(file->data, MAGIC, MAGIC_LEN) != 0)
        return "is no kept plan";
    if (file->data[MAGIC_LEN] != PNI_FORMAT_PLAN_CACHE || file->data[MAGIC_LEN + 1])
        return "has another format";
    for (unsigned i = 0; i < 8; i++)
        len |= (uint64_t)file->data[LENGTH_AT + i] << (8 * i);
    if (len != file->len - HEADER_LEN)
        return "has another length than it says";
    digest(place, fingerprint, (pn_bytes){file->data + HEADER_LEN, (size_t)len}, wanted);
    return memcmp(wanted, file->data + DIGEST_AT, sizeof wanted) == 0 ? NULL : "has other bytes";
}

bool pni_plan_cache_has(const pni_plan_cache_place *place, const char *fingerprint) {
    PNI_AUTO_PTR(pni_text) path = entry_path(place, fingerprint);
    return pni_path_exists(path);
}

void pni_plan_cache_drop(const pni_plan_cache_place *place, const char *fingerprint) {
    PNI_AUTO_PTR(pni_text) path = entry_path(place, fingerprint);
    if (unlink(path) != 0 && errno != ENOENT)
        pni_logf("kept plan '%s' is left", path);
}

pn_status pni_plan_cache_get(const pni_plan_cache_place *place, const char *fingerprint,
                             pn_buf *out, pn_error *err) {
    PNI_AUTO(pn_buf) file = PN_BUF_INIT;
    PNI_AUTO_PTR(pni_text) path = entry_path(place, fingerprint);
    pn_status status = pni_file_read(path, PNI_PLAN_MAX_BYTES + HEADER_LEN, &file, err);
    if (status == PN_NOT_FOUND)
        return pni_fail(err, PNI_E_PLAN_CACHE_MISS, "no plan is kept of bundle %.12s", fingerprint);
    if (status != PN_OK && status != PN_LIMIT)
        return status;
    const char *problem =
        status == PN_LIMIT ? "is too long" : problem_of(place, fingerprint, &file);
    if (problem) {
        pni_plan_cache_drop(place, fingerprint);
        return pni_fail(err, PNI_E_PLAN_CACHE_DAMAGED, "the kept plan of bundle %.12s %s",
                        fingerprint, problem);
    }
    (void)utimensat(AT_FDCWD, path, NULL,
                    0); /* used now; a cache that is only read stays as it is */
    pni_buf_append(out, file.data + HEADER_LEN, file.len - HEADER_LEN);
    return PN_OK;
}

typedef struct kept {
    char *name;
    uint64_t bytes;
    struct timespec used;
} kept;

typedef PNI_VEC(kept) kept_list;

static int cmp_use(const void *a, const void *b) {
    const kept *left = a, *right = b;
    if (left->used.tv_sec != right->used.tv_sec)
        return left->used.tv_sec < right->used.tv_sec ? -1 : 1;
    if (left->used.tv_nsec != right->used.tv_nsec)
        return left->used.tv_nsec < right->used.tv_nsec ? -1 : 1;
    return strcmp(left->name, right->name);
}

/* The entries of a folder; what a killed writer left goes. */
static uint64_t list_shard(const char *path, kept_list *out) {
    uint64_t total = 0;
    DIR *dir = opendir(path);
    for (struct dirent *entry = dir ? readdir(dir) : NULL; entry; entry = readdir(dir)) {
        struct stat st;
        const char *name = entry->d_name;
        if (fstatat(dirfd(dir), name, &st, AT_SYMLINK_NOFOLLOW) != 0 || !S_ISREG(st.st_mode))
            continue;
        if (pni_ends_with(name, SUFFIX)) {
            kept found = {pni_strdup(name), (uint64_t)st.st_size, st.st_mtim};
            pni_vec_push(out, found);
            total += found.bytes;
        } else if (pni_ends_with(name, ".tmp") && st.st_mtime + STALE_S < time(NULL)) {
            (void)unlinkat(dirfd(dir), name, 0);
        }
    }
    if (dir)
        closedir(dir);
    return total;
}

static void note_evicted(const char *name, json_t *evicted) {
    PNI_AUTO_PTR(pni_text) fingerprint = pni_strndup(name, strcspn(name, "-"));
    json_array_append_new(evicted, json_string(fingerprint));
}

/* What another process removed meanwhile has made the same room. */
static void evict(const char *shard, uint64_t most, json_t *evicted) {
    kept_list entries = {0};
    uint64_t total = list_shard(shard, &entries);
    if (total > most)
        qsort(entries.items, entries.count, sizeof *entries.items, cmp_use);
    for (size_t i = 0; i < entries.count; i++) {
        kept *entry = &entries.items[i];
        if (total > most) {
            PNI_AUTO_PTR(pni_text) path = pni_path_join(shard, entry->name);
            if (unlink(path) == 0)
                note_evicted(entry->name, evicted);
            total -= entry->bytes;
        }
        pni_free(entry->name);
    }
    pni_vec_dispose(&entries);
}

pn_status pni_plan_cache_put(const pni_plan_cache_place *place, const char *fingerprint,
                             pn_bytes bytes, json_t *evicted, pn_error *err) {
    PNI_AUTO(pn_buf) file = PN_BUF_INIT;
    const uint64_t most = place->limit_bytes / SHARDS;
    if (bytes.len > PNI_PLAN_MAX_BYTES || bytes.len + HEADER_LEN > most)
        return pni_fail(err, PNI_E_PLAN_CACHE_LIMIT,
                        "the plan of bundle %.12s has %zu bytes, more than %llu", fingerprint,
                        bytes.len, (unsigned long long)most);
    PNI_AUTO_PTR(pni_text) shard = shard_path(place, fingerprint);
    PNI_AUTO_PTR(pni_text) path = entry_path(place, fingerprint);
    put_header(place, fingerprint, bytes, &file);
    pni_buf_append(&file, bytes.data, bytes.len);
    PNI_TRY(pni_mkdirs(shard, err));
    PNI_TRY(pni_file_write_unsynced(path, file.data, file.len, err));
    evict(shard, most, evicted);
    return PN_OK;
}
