/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A multiset of texts per group, in one open-addressing table for all groups: a key is a group and
 * a text, its bytes lie behind each other in one buffer, the keys of a group are chained.
 *
 * Keys are counted, so that rows can be taken out again. A key whose count fell to 0, or whose
 * group was dropped, stays as a corpse; once corpses are the majority everything is packed into
 * new storage. So taking out costs O(1) in the mean, and what is held is within a factor of what
 * lives, however far a window slides.
 *
 * The hash is seeded by the process, so that no input can be made to collide. Nothing that is given
 * out depends on it: the order of a chain is the order of insertion.
 */
#include "udf/grouped/agg_priv.h"

#include <pthread.h>
#include <sys/random.h>
#include <time.h>

#define LEAST_SLOTS 16
#define LEAST_DEAD 64 /* fewer corpses are not worth packing */

static uint64_t seed;
static pthread_once_t seed_once = PTHREAD_ONCE_INIT;

static void make_seed(void) {
    if (getrandom(&seed, sizeof seed, GRND_NONBLOCK) != (ssize_t)sizeof seed) {
        seed = (uint64_t)time(NULL); /* an early boot: any seed gives the same results */
    }
}

static uint64_t mix(uint64_t a, uint64_t b) {
    __extension__ typedef unsigned __int128 wide;
    wide product = (wide)a * b;
    return (uint64_t)product ^ (uint64_t)(product >> 64);
}

static uint32_t hash_of(uint64_t group, pni_str text) {
    const uint64_t odd[] = {0x9e3779b97f4a7c15u, 0xd1b54a32d192ed03u, 0x8cb92ba72f3d8dd7u};
    uint64_t hash = mix(seed ^ group, odd[0]) ^ text.len;
    size_t at = 0;
    for (; at + 8 <= text.len; at += 8) {
        uint64_t word;
        memcpy(&word, text.data + at, 8);
        hash = mix(hash ^ word, odd[1]) + odd[2];
    }
    uint64_t rest = 0;
    if (at < text.len) {
        memcpy(&rest, text.data + at, text.len - at);
    }
    hash = mix(hash ^ rest ^ odd[2], odd[1]);
    return (uint32_t)(hash ^ (hash >> 32));
}

void pni_agg_keys_dispose(agg_keys *keys) {
    pni_vec_dispose(&keys->groups);
    pni_vec_dispose(&keys->keys);
    pn_buf_dispose(&keys->bytes);
    pni_free(keys->slots);
    keys->slots = NULL;
    keys->n_slots = keys->dead = 0;
}

size_t pni_agg_keys_size(const agg_keys *keys) {
    return keys->groups.cap * sizeof(agg_group) + keys->keys.cap * sizeof(agg_key) +
           keys->bytes.cap + keys->n_slots * sizeof *keys->slots;
}

void pni_agg_keys_reach(agg_keys *keys, uint64_t n_groups) {
    pthread_once(&seed_once, make_seed);
    while (keys->groups.count < n_groups) {
        pni_vec_push(&keys->groups, ((agg_group){0, 0, 0}));
    }
}

/* ---- the table --------------------------------------------------------------------------------
 */

static void put_slot(agg_keys *keys, size_t index) {
    size_t mask = keys->n_slots - 1;
    size_t slot = keys->keys.items[index].hash & mask;
    while (keys->slots[slot] != 0) {
        slot = (slot + 1) & mask;
    }
    keys->slots[slot] = (uint32_t)index + 1;
}

static void make_slots(agg_keys *keys, size_t n_slots) {
    pni_free(keys->slots);
    keys->slots = pni_calloc(n_slots, sizeof *keys->slots);
    keys->n_slots = n_slots;
    for (size_t i = 0; i < keys->keys.count; i++) {
        put_slot(keys, i);
    }
}

static size_t find(const agg_keys *keys, uint64_t group, pni_str text, uint32_t hash) {
    if (keys->n_slots == 0) {
        return SIZE_MAX;
    }
    size_t mask = keys->n_slots - 1;
    for (size_t slot = hash & mask; keys->slots[slot] != 0; slot = (slot + 1) & mask) {
        const agg_key *key = &keys->keys.items[keys->slots[slot] - 1];
        if (key->hash == hash && key->group == group &&
            pni_str_eq(pni_agg_key_text(keys, key), text)) {
            return keys->slots[slot] - 1;
        }
    }
    return SIZE_MAX;
}

static size_t insert(agg_keys *keys, uint64_t group, pni_str text, uint32_t hash) {
    size_t index = keys->keys.count;
    agg_group *owner = &keys->groups.items[group - keys->first];
    agg_key key = {group, keys->bytes.len, 0, (uint32_t)text.len, hash, owner->head, false};
    pni_buf_append(&keys->bytes, text.data, text.len);
    pni_vec_push(&keys->keys, key);
    keys->dead++; /* until it is counted */
    owner->head = (uint32_t)index + 1;
    if (keys->keys.count * 4 > keys->n_slots * 3) {
        make_slots(keys, keys->n_slots ? keys->n_slots * 2 : LEAST_SLOTS);
    } else {
        put_slot(keys, index);
    }
    return index;
}

/* ---- packing ----------------------------------------------------------------------------------
 */

/* All that lives, in the order of its insertion, in storage of its own size. */
static void pack(agg_keys *keys) {
    agg_keys fresh = {.first = keys->first, .packed = keys->packed + 1};
    for (size_t i = 0; i < keys->groups.count; i++) {
        agg_group group = {0, 0, keys->groups.items[i].nulls};
        pni_vec_push(&fresh.groups, group);
    }
    for (size_t i = 0; i < keys->keys.count; i++) {
        const agg_key *key = &keys->keys.items[i];
        if (key->count == 0 || key->group < keys->first) {
            continue;
        }
        size_t index = insert(&fresh, key->group, pni_agg_key_text(keys, key), key->hash);
        fresh.keys.items[index].count = key->count;
        fresh.groups.items[key->group - fresh.first].live++;
        fresh.dead--;
    }
    pni_agg_keys_dispose(keys);
    *keys = fresh;
}

static void pack_if_worth(agg_keys *keys) {
    if (keys->dead > LEAST_DEAD && keys->dead * 2 > keys->keys.count) {
        pack(keys);
    }
}

/* ---- in and out -------------------------------------------------------------------------------
 */

size_t pni_agg_keys_add(agg_keys *keys, uint64_t group, pni_str text, int64_t times) {
    group += keys->first;
    uint32_t hash = hash_of(group, text);
    size_t index = find(keys, group, text, hash);
    if (index == SIZE_MAX) {
        if (keys->keys.count >= UINT32_MAX - 1 || text.len > INT32_MAX) {
            return SIZE_MAX;
        }
        index = insert(keys, group, text, hash);
    }
    agg_key *key = &keys->keys.items[index];
    if (key->count == 0) {
        keys->dead--;
        keys->groups.items[group - keys->first].live++;
    }
    if (__builtin_add_overflow(key->count, times, &key->count)) {
        key->count = INT64_MAX; /* a forged state; no input has as many rows */
    }
    return index;
}

bool pni_agg_keys_take(agg_keys *keys, uint64_t group, pni_str text) {
    group += keys->first;
    size_t index = find(keys, group, text, hash_of(group, text));
    if (index == SIZE_MAX || keys->keys.items[index].count == 0) {
        return false;
    }
    if (--keys->keys.items[index].count == 0) {
        keys->dead++;
        keys->groups.items[group - keys->first].live--;
        pack_if_worth(keys);
    }
    return true;
}

void pni_agg_keys_drop(agg_keys *keys, uint64_t n_groups) {
    if (n_groups >= keys->groups.count) {
        uint64_t packed = keys->packed + 1;
        pni_agg_keys_dispose(keys);
        *keys = (agg_keys){.packed = packed};
        return;
    }
    for (uint64_t i = 0; i < n_groups; i++) {
        keys->dead += keys->groups.items[i].live;
    }
    keys->groups.count -= n_groups;
    memmove(keys->groups.items, keys->groups.items + n_groups,
            keys->groups.count * sizeof(agg_group));
    keys->first += n_groups;
    pack_if_worth(keys);
}
