/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Stable ids: prefix + BLAKE2b-128 over path, start, end and kind, joined by U+001F, the recipe of
 * the SQL function stable_id_parts, so that a query can make the same id. Things with an equal key
 * (a node whose only child has its span and kind; empty nodes at one place) get their ordinal as
 * one more part. Ordinals are counted in an open-addressing table that grows at half load; kind
 * texts are compared by content because two grammar symbols may share a name.
 */
#include "extract_ts.h"

#include <blake2.h>

#define SEPARATOR '\x1f'
#define DIGEST_BYTES 16u

typedef struct slot {
    const char *prefix; /* NULL = free */
    const char *kind;
    uint32_t start, end, seen;
} slot;

struct px_ids {
    const char *path;
    size_t path_len;
    slot *slots;
    size_t cap; /* a power of two */
    size_t used;
    pn_buf text;
};

px_ids *px_ids_new(const char *path) {
    px_ids *ids = pni_calloc(1, sizeof *ids);
    ids->path = path;
    ids->path_len = strlen(path);
    ids->cap = 1024;
    ids->slots = pni_calloc(ids->cap, sizeof *ids->slots);
    return ids;
}

void px_ids_free(px_ids *ids) {
    if (ids) {
        pni_free(ids->slots);
        pn_buf_dispose(&ids->text);
        pni_free(ids);
    }
}

static size_t hash_key(const char *prefix, const char *kind, uint32_t start, uint32_t end) {
    uint64_t hash = ((uint64_t)start << 32 | end) * UINT64_C(0x9E3779B97F4A7C15);
    hash ^= (uint64_t)(unsigned char)prefix[3];
    for (const char *at = kind; at && *at; at++) {
        hash = (hash ^ (uint64_t)(unsigned char)*at) * UINT64_C(0x100000001B3);
    }
    return (size_t)(hash ^ hash >> 29);
}

static bool same_key(const slot *a, const slot *b) {
    return a->start == b->start && a->end == b->end && pni_streq(a->prefix, b->prefix) &&
           pni_streq(a->kind, b->kind);
}

static slot *find_slot(slot *slots, size_t cap, const slot *key) {
    size_t at = hash_key(key->prefix, key->kind, key->start, key->end) & (cap - 1);
    while (slots[at].prefix && !same_key(&slots[at], key)) {
        at = (at + 1) & (cap - 1);
    }
    return &slots[at];
}

static void grow(px_ids *ids) {
    size_t cap = ids->cap * 2;
    slot *slots = pni_calloc(cap, sizeof *slots);
    for (size_t i = 0; i < ids->cap; i++) {
        if (ids->slots[i].prefix) {
            *find_slot(slots, cap, &ids->slots[i]) = ids->slots[i];
        }
    }
    pni_free(ids->slots);
    ids->slots = slots;
    ids->cap = cap;
}

/* How many equal keys came before this one. */
static uint32_t take_ordinal(px_ids *ids, const slot *key) {
    if (ids->used * 2 >= ids->cap) {
        grow(ids);
    }
    slot *found = find_slot(ids->slots, ids->cap, key);
    if (!found->prefix) {
        *found = *key;
        ids->used++;
    }
    return found->seen++;
}

static void put_number(pn_buf *text, uint32_t value) {
    char digits[10];
    size_t at = sizeof digits;
    do {
        digits[--at] = (char)('0' + value % 10);
        value /= 10;
    } while (value);
    pni_buf_putc(text, SEPARATOR);
    pni_buf_append(text, digits + at, sizeof digits - at);
}

static size_t put_digest(const pn_buf *text, const char *prefix, char out[PX_ID_SIZE]) {
    static const char hex[] = "0123456789abcdef";
    uint8_t digest[DIGEST_BYTES];
    size_t at = strlen(prefix);
    pni_assert(at + 1 + 2 * DIGEST_BYTES < PX_ID_SIZE);
    pni_assert(blake2b(digest, text->data, NULL, DIGEST_BYTES, text->len, 0) == 0);
    memcpy(out, prefix, at);
    out[at++] = ':';
    for (size_t i = 0; i < DIGEST_BYTES; i++) {
        out[at++] = hex[digest[i] >> 4];
        out[at++] = hex[digest[i] & 15];
    }
    out[at] = '\0';
    return at;
}

size_t px_ids_next(px_ids *ids, const char *prefix, const char *kind, uint32_t start, uint32_t end,
                   char out[PX_ID_SIZE]) {
    uint32_t ordinal =
        take_ordinal(ids, &(slot){.prefix = prefix, .kind = kind, .start = start, .end = end});
    pni_buf_clear(&ids->text);
    pni_buf_append(&ids->text, ids->path, ids->path_len);
    put_number(&ids->text, start);
    put_number(&ids->text, end);
    if (kind) {
        pni_buf_putc(&ids->text, SEPARATOR);
        pni_buf_puts(&ids->text, kind);
    }
    if (ordinal > 0) {
        put_number(&ids->text, ordinal);
    }
    return put_digest(&ids->text, prefix, out);
}
