/* SPDX-License-Identifier: Apache-2.0 */
/*
 * An arena is the lifetime of one operation or one immutable object: many small pieces, freed
 * together.
 *
 * Pieces are cut from the newest chunk; chunks double up to a ceiling, so n bytes cost O(log n)
 * calls of the allocator. A piece larger than a quarter of the next chunk gets a chunk of its own
 * behind the newest one, which keeps the rest of the newest chunk in use. Chunks come zeroed and
 * are never reused, so every piece is zeroed.
 */
#include "base/base.h"

#include <stdio.h>

#define FIRST_CHUNK ((size_t)4096)
#define LAST_CHUNK ((size_t)1 << 20)

typedef struct chunk {
    struct chunk *next;
    size_t used;
    size_t size;
    _Alignas(max_align_t) char data[];
} chunk;

struct pni_arena {
    chunk *newest;
    size_t next_size;
    size_t bytes; /* handed out, without slack */
};

pni_arena *pni_arena_new(void) {
    pni_arena *arena = pni_calloc(1, sizeof *arena);
    arena->next_size = FIRST_CHUNK;
    return arena;
}

void pni_arena_free(pni_arena *arena) {
    if (!arena) {
        return;
    }
    chunk *next = arena->newest;
    while (next) {
        chunk *dead = next;
        next = dead->next;
        pni_free(dead);
    }
    pni_free(arena);
}

static chunk *chunk_new(size_t size) {
    if (size > SIZE_MAX - sizeof(chunk)) {
        pni_abort(__FILE__, __LINE__, "arena allocation overflows");
    }
    chunk *fresh = pni_calloc(1, sizeof(chunk) + size);
    fresh->size = size;
    return fresh;
}

static void *alone(pni_arena *arena, size_t size) {
    chunk *fresh = chunk_new(size);
    fresh->used = size;
    if (arena->newest) {
        fresh->next = arena->newest->next;
        arena->newest->next = fresh;
    } else {
        arena->newest = fresh;
    }
    return fresh->data;
}

void *pni_arena_alloc(pni_arena *arena, size_t size) {
    const size_t align = _Alignof(max_align_t);
    if (size > SIZE_MAX - align) {
        pni_abort(__FILE__, __LINE__, "arena allocation overflows");
    }
    size_t need = size ? (size + align - 1) & ~(align - 1) : align;
    arena->bytes += size;
    chunk *top = arena->newest;
    if (!top || top->size - top->used < need) {
        if (need > arena->next_size / 4) {
            return alone(arena, need);
        }
        top = chunk_new(arena->next_size);
        top->next = arena->newest;
        arena->newest = top;
        arena->next_size = arena->next_size < LAST_CHUNK ? arena->next_size * 2 : LAST_CHUNK;
    }
    void *piece = top->data + top->used;
    top->used += need;
    return piece;
}

char *pni_arena_strndup(pni_arena *arena, const char *text, size_t len) {
    if (len == SIZE_MAX) {
        pni_abort(__FILE__, __LINE__, "arena allocation overflows");
    }
    char *copy = pni_arena_alloc(arena, len + 1);
    if (len > 0) {
        memcpy(copy, text, len);
    }
    return copy;
}

char *pni_arena_strdup(pni_arena *arena, const char *text) {
    return pni_arena_strndup(arena, text, strlen(text));
}

char *pni_arena_printf(pni_arena *arena, const char *format, ...) {
    va_list args;
    va_start(args, format);
    va_list again;
    va_copy(again, args);
    int len = vsnprintf(NULL, 0, format, args);
    pni_assert(len >= 0);
    char *text = pni_arena_alloc(arena, (size_t)len + 1);
    vsnprintf(text, (size_t)len + 1, format, again);
    va_end(again);
    va_end(args);
    return text;
}

size_t pni_arena_bytes(const pni_arena *arena) {
    return arena->bytes;
}
