/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Text -> pointer. Entries lie in insertion order in one array; a power-of-two table of indices
 * beside it is probed linearly and holds at most three quarters. Iteration never sees the hash, so
 * no result can depend on it. Keys lie in an arena of the map: they stay where they are when the
 * arrays grow.
 */
#include "base/base.h"

#include <stdlib.h>

typedef struct entry {
    const char *key;
    uint64_t hash;
    void *value;
} entry;

struct pni_map {
    pni_arena *keys;
    entry *entries;
    size_t count;
    size_t cap;
    size_t *slots; /* index + 1 into entries; 0 = free */
    size_t slot_count;
};

/* FNV-1a, with a final mix since the low bits choose the slot. */
static uint64_t hash_text(const char *text) {
    uint64_t hash = 0xcbf29ce484222325u;
    for (const unsigned char *p = (const unsigned char *)text; *p; p++) {
        hash = (hash ^ *p) * 0x100000001b3u;
    }
    return hash ^ (hash >> 32);
}

pni_map *pni_map_new(void) {
    pni_map *map = pni_calloc(1, sizeof *map);
    map->keys = pni_arena_new();
    return map;
}

void pni_map_free(pni_map *map) {
    if (map) {
        pni_arena_free(map->keys);
        pni_free(map->entries);
        pni_free(map->slots);
        pni_free(map);
    }
}

/* The slot that holds `key`, or the free one where it belongs. The table is never full. */
static size_t *slot_of(const pni_map *map, const char *key, uint64_t hash) {
    size_t mask = map->slot_count - 1;
    for (size_t at = (size_t)hash & mask;; at = (at + 1) & mask) {
        size_t *slot = &map->slots[at];
        if (*slot == 0) {
            return slot;
        }
        const entry *found = &map->entries[*slot - 1];
        if (found->hash == hash && strcmp(found->key, key) == 0) {
            return slot;
        }
    }
}

static void grow(pni_map *map) {
    map->slot_count = map->slot_count ? map->slot_count * 2 : 16;
    map->cap = map->slot_count / 4 * 3;
    pni_free(map->slots);
    map->slots = pni_calloc(map->slot_count, sizeof *map->slots);
    map->entries = pni_realloc(map->entries, map->cap * sizeof *map->entries);
    for (size_t i = 0; i < map->count; i++) {
        *slot_of(map, map->entries[i].key, map->entries[i].hash) = i + 1;
    }
}

void pni_map_put(pni_map *map, const char *key, void *value) {
    if (map->count == map->cap) {
        grow(map);
    }
    uint64_t hash = hash_text(key);
    size_t *slot = slot_of(map, key, hash);
    if (*slot) {
        map->entries[*slot - 1].value = value;
        return;
    }
    map->entries[map->count++] = (entry){pni_arena_strdup(map->keys, key), hash, value};
    *slot = map->count;
}

static const entry *find(const pni_map *map, const char *key) {
    if (map->count == 0) {
        return NULL;
    }
    size_t slot = *slot_of(map, key, hash_text(key));
    return slot ? &map->entries[slot - 1] : NULL;
}

void *pni_map_get(const pni_map *map, const char *key) {
    const entry *found = find(map, key);
    return found ? found->value : NULL;
}

bool pni_map_has(const pni_map *map, const char *key) {
    return find(map, key) != NULL;
}

size_t pni_map_count(const pni_map *map) {
    return map->count;
}

const char *pni_map_key_at(const pni_map *map, size_t index) {
    return index < map->count ? map->entries[index].key : NULL;
}

void *pni_map_value_at(const pni_map *map, size_t index) {
    return index < map->count ? map->entries[index].value : NULL;
}

const char **pni_map_sorted_keys(const pni_map *map) {
    const char **keys = pni_calloc(map->count + 1, sizeof *keys);
    for (size_t i = 0; i < map->count; i++) {
        keys[i] = map->entries[i].key;
    }
    qsort(keys, map->count, sizeof *keys, pni_cmp_text);
    return keys;
}
