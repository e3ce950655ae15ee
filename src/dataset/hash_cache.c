/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Content digests kept between runs. One text file per dataset root in the cache folder, one line a
 * file: <digest> <dev> <ino> <size> <mtime ns> <ctime ns> <path> A digest is kept only when the
 * file was at least two seconds old when it was hashed: a younger file may change once more within
 * the resolution of its time stamps and look the same (git's "racy" entries). Losing the cache
 * costs time, never truth.
 */
#include "dataset/dataset.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <time.h>

#define HASH_CACHE_MAX_BYTES (512u << 20)
#define RACY_NS INT64_C(2000000000)

typedef struct entry {
    char digest[PNI_SHA256_HEX];
    uint64_t dev, ino, size;
    int64_t mtime_ns, ctime_ns;
    bool is_used; /* asked for since the cache was opened */
} entry;

struct pni_hash_cache {
    char *path; /* NULL: keep nothing */
    pni_map *entries;
    bool changed;
};

static int64_t time_ns(struct timespec t) {
    return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

static entry entry_of(const struct stat *st) {
    return (entry){.dev = (uint64_t)st->st_dev,
                   .ino = (uint64_t)st->st_ino,
                   .size = (uint64_t)st->st_size,
                   .mtime_ns = time_ns(st->st_mtim),
                   .ctime_ns = time_ns(st->st_ctim)};
}

static bool entry_same(const entry *a, const entry *b) {
    return a->dev == b->dev && a->ino == b->ino && a->size == b->size &&
           a->mtime_ns == b->mtime_ns && a->ctime_ns == b->ctime_ns;
}

static bool is_unchanged(const entry *before, const struct stat *st) {
    entry after = entry_of(st);
    return entry_same(before, &after);
}

static void load_line(pni_hash_cache *cache, char *line) {
    entry found = {0};
    int path_at = 0;
    if (sscanf(line, "%64[0-9a-f] %" SCNu64 " %" SCNu64 " %" SCNu64 " %" SCNd64 " %" SCNd64 " %n",
               found.digest, &found.dev, &found.ino, &found.size, &found.mtime_ns, &found.ctime_ns,
               &path_at) != 6 ||
        !path_at || strlen(found.digest) != PNI_SHA256_HEX - 1)
        return;
    entry *kept = pni_alloc(sizeof *kept);
    *kept = found;
    kept->is_used = false;
    pni_free(pni_map_get(cache->entries, line + path_at));
    pni_map_put(cache->entries, line + path_at, kept);
}

pni_hash_cache *pni_hash_cache_open(const char *root) {
    pni_hash_cache *cache = pni_calloc(1, sizeof *cache);
    PNI_AUTO_PTR(pni_text) dir = NULL;
    PNI_AUTO(pn_buf) text = PN_BUF_INIT;
    char hex[PNI_SHA256_HEX];
    cache->entries = pni_map_new();
    if (pni_cache_dir("hashes", &dir, NULL) != PN_OK)
        return cache;
    pni_sha256_hex(root, strlen(root), hex);
    hex[32] = '\0';
    cache->path = pni_path_join(dir, hex);
    if (pni_file_read(cache->path, HASH_CACHE_MAX_BYTES, &text, NULL) != PN_OK || !text.len)
        return cache;
    for (char *line = (char *)text.data, *end; (end = strchr(line, '\n')); line = end + 1) {
        *end = '\0';
        load_line(cache, line);
    }
    return cache;
}

pn_status pni_hash_cache_digest(pni_hash_cache *cache, const char *path, const struct stat *st,
                                char hex_out[PNI_SHA256_HEX], pn_error *err) {
    entry now = entry_of(st);
    entry *known = pni_map_get(cache->entries, path);
    struct timespec clock;
    uint64_t size;
    if (known && entry_same(known, &now)) {
        known->is_used = true;
        memcpy(hex_out, known->digest, PNI_SHA256_HEX);
        return PN_OK;
    }
    clock_gettime(CLOCK_REALTIME, &clock);
    PNI_TRY(pni_sha256_file(path, now.digest, &size, err));
    struct stat after;
    if (size != now.size || stat(path, &after) != 0 || !is_unchanged(&now, &after))
        return pni_fail(err, PNI_E_DATASET_CHANGING, "'%s' changed while it was read", path);
    memcpy(hex_out, now.digest, PNI_SHA256_HEX);
    int64_t newest = now.mtime_ns > now.ctime_ns ? now.mtime_ns : now.ctime_ns;
    if (newest + RACY_NS > time_ns(clock) || strchr(path, '\n'))
        return PN_OK;
    if (!known) {
        known = pni_alloc(sizeof *known);
        pni_map_put(cache->entries, path, known);
    }
    *known = now;
    known->is_used = true;
    cache->changed = true;
    return PN_OK;
}

/* What nobody asked for and is gone is forgotten, so that the file does not grow with every file
 * that ever was. What is still there may belong to another dataset over the same folder. */
void pni_hash_cache_save(pni_hash_cache *cache) {
    if (!cache->changed || !cache->path)
        return;
    PNI_AUTO(pn_buf) text = PN_BUF_INIT;
    for (size_t i = 0; i < pni_map_count(cache->entries); i++) {
        const entry *e = pni_map_value_at(cache->entries, i);
        if (!e->is_used && !pni_path_exists(pni_map_key_at(cache->entries, i)))
            continue;
        pni_buf_printf(&text, "%s %" PRIu64 " %" PRIu64 " %" PRIu64 " %" PRId64 " %" PRId64 " %s\n",
                       e->digest, e->dev, e->ino, e->size, e->mtime_ns, e->ctime_ns,
                       pni_map_key_at(cache->entries, i));
    }
    if (pni_file_write(cache->path, text.data, text.len, NULL) != PN_OK)
        pni_logf("hash cache not saved: %s", cache->path);
    cache->changed = false;
}

void pni_hash_cache_close(pni_hash_cache *cache) {
    if (!cache)
        return;
    pni_hash_cache_save(cache);
    for (size_t i = 0; i < pni_map_count(cache->entries); i++)
        pni_free(pni_map_value_at(cache->entries, i));
    pni_map_free(cache->entries);
    pni_free(cache->path);
    pni_free(cache);
}
