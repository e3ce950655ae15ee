/* SPDX-License-Identifier: Apache-2.0 */
#include "base/base.h"
#include "t.h"

T_CASE(pieces_are_aligned_zeroed_and_apart) {
    PNI_AUTO_PTR(pni_arena) arena = pni_arena_new();
    unsigned char *pieces[200];
    size_t sum = 0;
    for (size_t i = 0; i < 200; i++) {
        size_t size = i * 37 % 301;
        pieces[i] = pni_arena_alloc(arena, size);
        T_EQ_UINT((uintptr_t)pieces[i] % _Alignof(max_align_t), 0);
        for (size_t k = 0; k < size; k++) {
            T_EQ_INT(pieces[i][k], 0);
        }
        memset(pieces[i], (int)i, size);
        sum += size;
    }
    for (size_t i = 0; i < 200; i++) {
        for (size_t k = 0; k < i * 37 % 301; k++) {
            T_EQ_INT(pieces[i][k], i);
        }
    }
    T_EQ_UINT(pni_arena_bytes(arena), sum);
}

T_CASE(large_pieces_leave_the_small_chunk_in_use) {
    PNI_AUTO_PTR(pni_arena) arena = pni_arena_new();
    char *first = pni_arena_alloc(arena, 16);
    char *large = pni_arena_alloc(arena, 5u << 20);
    memset(large, 1, 5u << 20);
    char *second = pni_arena_alloc(arena, 16);
    T_ASSERT(second == first + 16);
}

T_CASE(first_piece_may_be_large) {
    PNI_AUTO_PTR(pni_arena) arena = pni_arena_new();
    memset(pni_arena_alloc(arena, 100000), 7, 100000);
    memset(pni_arena_alloc(arena, 8), 7, 8);
    T_EQ_UINT(pni_arena_bytes(arena), 100008);
}

T_CASE(texts_are_copied_and_formatted) {
    PNI_AUTO_PTR(pni_arena) arena = pni_arena_new();
    T_EQ_STR(pni_arena_strdup(arena, "pinion"), "pinion");
    T_EQ_STR(pni_arena_strndup(arena, "pinion", 3), "pin");
    T_EQ_STR(pni_arena_strndup(arena, NULL, 0), "");
    T_EQ_STR(pni_arena_printf(arena, "%s-%05d", "a", 42), "a-00042");
}

T_CASE(freeing_nothing_is_fine) {
    pni_arena_free(NULL);
    pni_arena_free(pni_arena_new());
}
