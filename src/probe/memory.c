/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Memory that tells on its user. Each buffer lies at the end of pages of its own with a page behind
 * it that nobody may touch, so that reading or writing past the end stops the process at once;
 * arguments are read-only; what was freed or withdrawn is never mapped again. Starts are aligned to
 * 8 bytes, so up to 7 bytes behind a buffer go unseen.
 */
#define _GNU_SOURCE
#include "probe/probe_priv.h"

#include <stdatomic.h>
#include <sys/mman.h>
#include <unistd.h>

enum { MOST_MAPPINGS = 20000 }; /* a process may have 65,530 */

static size_t page_size(void) {
    long size = sysconf(_SC_PAGESIZE);
    return size > 0 ? (size_t)size : 4096;
}

static size_t round_up(size_t size, size_t unit) {
    return (size + unit - 1) / unit * unit;
}

/* ---- what packs allocate ----------------------------------------------------------------------
 */

/* In front of each block; the block starts behind it and ends at the guard page. */
typedef struct block {
    void *start; /* of the mapping; NULL: ordinary memory */
    size_t bytes;
} block;

static atomic_uint mappings;

static void *guarded_alloc(size_t size) {
    size_t page = page_size();
    size_t need = round_up(size ? size : 1, 16) + sizeof(block);
    size_t bytes = round_up(need, page);
    block *head = NULL;
    char *start = MAP_FAILED;
    if (atomic_fetch_add(&mappings, 1) < MOST_MAPPINGS)
        start =
            mmap(NULL, bytes + page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (start == MAP_FAILED) {
        head = pni_alloc(need);
        *head = (block){NULL, 0};
        return head + 1;
    }
    mprotect(start + bytes, page, PROT_NONE);
    head = (block *)(void *)(start + bytes - need);
    *head = (block){start, bytes};
    return head + 1;
}

static void guarded_free(void *ptr) {
    block *head = (block *)ptr - 1;
    if (!ptr)
        return;
    if (head->start)
        mprotect(head->start, head->bytes, PROT_NONE);
    else
        pni_free(head);
}

const pn_host pni_probe_host = {
    .struct_size = sizeof(pn_host),
    .abi_major = PN_PLUGIN_ABI_MAJOR,
    .abi_minor = PN_PLUGIN_ABI_MINOR,
    .alloc = guarded_alloc,
    .free = guarded_free,
};

/* ---- what packs are given ---------------------------------------------------------------------
 */

typedef struct mapping {
    char *start;
    size_t bytes;
} mapping;

struct probe_memory {
    pni_arena *arena;
    PNI_VEC(mapping) mapped;
};

probe_memory *pni_probe_memory_new(void) {
    probe_memory *memory = pni_calloc(1, sizeof *memory);
    memory->arena = pni_arena_new();
    return memory;
}

void pni_probe_withdraw(probe_memory *memory) {
    for (size_t i = 0; i < memory->mapped.count; i++)
        mprotect(memory->mapped.items[i].start, memory->mapped.items[i].bytes, PROT_NONE);
}

void pni_probe_memory_free(probe_memory *memory) {
    for (size_t i = 0; i < memory->mapped.count; i++)
        munmap(memory->mapped.items[i].start, memory->mapped.items[i].bytes);
    pni_vec_dispose(&memory->mapped);
    pni_arena_free(memory->arena);
    pni_free(memory);
}

static const void *protect_buffer(probe_memory *memory, const void *data, size_t size) {
    size_t page = page_size();
    size_t bytes = round_up(size ? size : 1, page);
    char *start =
        mmap(NULL, bytes + page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (start == MAP_FAILED)
        return NULL;
    mapping made = {start, bytes + page};
    char *place = start + bytes - round_up(size ? size : 1, 8);
    if (size)
        memcpy(place, data, size);
    mprotect(start, bytes, PROT_READ);
    mprotect(start + bytes, page, PROT_NONE);
    pni_vec_push(&memory->mapped, made);
    return place;
}

static void release_protected(struct ArrowArray *array) {
    array->release = NULL; /* its memory belongs to the probe */
}

/* `from` was built by nanoarrow, whose buffers know their sizes. */
bool pni_probe_protect(probe_memory *memory, const struct ArrowArray *from,
                       struct ArrowArray *out) {
    struct ArrowArray *array = (struct ArrowArray *)(uintptr_t)from;
    *out = *from;
    out->private_data = NULL;
    out->release = release_protected;
    out->buffers =
        pni_arena_alloc(memory->arena, ((size_t)from->n_buffers + 1) * sizeof *out->buffers);
    for (int64_t i = 0; i < from->n_buffers; i++) {
        const struct ArrowBuffer *buffer = ArrowArrayBuffer(array, i);
        out->buffers[i] = from->buffers[i]
                              ? protect_buffer(memory, from->buffers[i], (size_t)buffer->size_bytes)
                              : NULL;
        if (from->buffers[i] && !out->buffers[i])
            return false;
    }
    out->children =
        pni_arena_alloc(memory->arena, ((size_t)from->n_children + 1) * sizeof *out->children);
    for (int64_t i = 0; i < from->n_children; i++) {
        out->children[i] = pni_arena_alloc(memory->arena, sizeof *out->children[i]);
        if (!pni_probe_protect(memory, from->children[i], out->children[i]))
            return false;
    }
    return true;
}
