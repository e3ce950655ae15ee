/* SPDX-License-Identifier: Apache-2.0 */
/*
 * BLAKE2b (RFC 7693) of many texts at once. Most texts that are hashed here are shorter than one
 * block of 128 bytes, and one block is a chain of operations that each wait for the one before. So
 * sixteen texts are hashed side by side, one in each lane of two vectors: every lane has its own
 * state and position, and takes the next text when its own is done, whatever the others do. Words
 * of a text go straight to its lane of the message vectors. The vectors are the compiler's; the
 * compression exists once per instruction set, chosen by what the processor has.
 *
 * The digest length is a parameter of the hash: 8 bytes of digest are not the first 8 of 16.
 */
#include "udf/builtin/kernel_priv.h"

enum { WIDTH = 8, GROUPS = 2, LANES = WIDTH * GROUPS, BLOCK = 128, WORDS = 16, ROUNDS = 12 };

typedef uint64_t vec __attribute__((vector_size(WIDTH * sizeof(uint64_t))));

static const uint64_t iv[8] = {0x6a09e667f3bcc908, 0xbb67ae8584caa73b, 0x3c6ef372fe94f82b,
                               0xa54ff53a5f1d36f1, 0x510e527fade682d1, 0x9b05688c2b3e6c1f,
                               0x1f83d9abfb41bd6b, 0x5be0cd19137e2179};

static const uint8_t sigma[ROUNDS][WORDS] = {
    {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15},
    {14, 10, 4, 8, 9, 15, 13, 6, 1, 12, 0, 2, 11, 7, 5, 3},
    {11, 8, 12, 0, 5, 2, 15, 13, 10, 14, 3, 6, 7, 1, 9, 4},
    {7, 9, 3, 1, 13, 12, 11, 14, 2, 6, 5, 10, 4, 0, 15, 8},
    {9, 0, 5, 7, 2, 4, 10, 15, 14, 1, 11, 12, 6, 8, 3, 13},
    {2, 12, 6, 10, 0, 11, 8, 3, 4, 13, 7, 5, 15, 14, 1, 9},
    {12, 5, 1, 15, 14, 13, 4, 10, 0, 7, 6, 3, 9, 2, 8, 11},
    {13, 11, 7, 14, 12, 1, 3, 9, 5, 0, 15, 4, 8, 6, 2, 10},
    {6, 15, 14, 9, 11, 3, 0, 8, 12, 2, 13, 7, 1, 4, 10, 5},
    {10, 2, 8, 4, 7, 6, 1, 5, 15, 11, 9, 14, 3, 12, 13, 0},
    {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15},
    {14, 10, 4, 8, 9, 15, 13, 6, 1, 12, 0, 2, 11, 7, 5, 3},
};

/* One block of each of some lanes. */
typedef struct group {
    vec state[8];
    vec total; /* bytes hashed, this block included */
    vec last;  /* all ones where this block is a text's last */
    vec block[WORDS];
} group;

static inline uint64_t load(const uint8_t *bytes) {
    uint64_t word;
    memcpy(&word, bytes, sizeof word);
    return word;
}

#define ROTATE(x, n) (((x) >> (n)) | ((x) << (64 - (n))))
#define INLINE static inline __attribute__((always_inline)) /* or the instruction set is lost */

/* One column or diagonal of the state, with two words of the message. */
INLINE void mix(vec *v, const int at[4], const vec *x, const vec *y) {
    vec a = v[at[0]];
    vec b = v[at[1]];
    vec c = v[at[2]];
    vec d = v[at[3]];
    a = a + *x + b; /* b comes last */
    d = ROTATE(d ^ a, 32);
    c += d;
    b = ROTATE(b ^ c, 24);
    a = a + *y + b;
    d = ROTATE(d ^ a, 16);
    c += d;
    b = ROTATE(b ^ c, 63);
    v[at[0]] = a;
    v[at[1]] = b;
    v[at[2]] = c;
    v[at[3]] = d;
}

/* A step on the columns, or the diagonals, of each group. Two groups together keep a processor busy
 * that has registers enough; the operations of one wait for each other. */
INLINE void step(vec (*v)[WORDS], group *groups, int count, const int at[4][4], const uint8_t *s) {
#pragma GCC unroll 2
    for (int g = 0; g < count; g++) {
#pragma GCC unroll 4
        for (int i = 0; i < 4; i++) {
            const vec *block = groups[g].block;
            mix(v[g], at[i], &block[s[2 * i]], &block[s[2 * i + 1]]);
        }
    }
}

INLINE void compress(group *groups, int count) {
    static const int columns[4][4] = {{0, 4, 8, 12}, {1, 5, 9, 13}, {2, 6, 10, 14}, {3, 7, 11, 15}};
    static const int slants[4][4] = {{0, 5, 10, 15}, {1, 6, 11, 12}, {2, 7, 8, 13}, {3, 4, 9, 14}};
    vec v[GROUPS][WORDS];
    for (int g = 0; g < count; g++) {
#pragma GCC unroll 8
        for (int i = 0; i < 8; i++) {
            v[g][i] = groups[g].state[i];
            v[g][i + 8] = (vec){0} + iv[i];
        }
        v[g][12] ^= groups[g].total;
        v[g][14] ^= groups[g].last;
    }
#pragma GCC unroll 12
    for (int round = 0; round < ROUNDS; round++) {
        step(v, groups, count, columns, sigma[round]);
        step(v, groups, count, slants, sigma[round] + 8);
    }
    for (int g = 0; g < count; g++) {
#pragma GCC unroll 8
        for (int i = 0; i < 8; i++) {
            groups[g].state[i] ^= v[g][i] ^ v[g][i + 8];
        }
    }
}

typedef void (*compress_fn)(group *);

static void compress_plain(group *groups) {
    compress(groups, 1);
    compress(groups + 1, 1);
}

#ifdef __x86_64__
__attribute__((target("avx2"))) static void compress_avx2(group *groups) {
    compress(groups, 1);
    compress(groups + 1, 1);
}

__attribute__((target("avx512f"))) static void compress_avx512(group *groups) {
    compress(groups, GROUPS);
}

int pni_udf_blake_levels(void) {
    return __builtin_cpu_supports("avx512f") ? 3 : __builtin_cpu_supports("avx2") ? 2 : 1;
}

static const compress_fn levels[] = {compress_plain, compress_avx2, compress_avx512};
#else
int pni_udf_blake_levels(void) {
    return 1;
}

static const compress_fn levels[] = {compress_plain};
#endif

/* What a lane is at. */
typedef struct text {
    const uint8_t *at;
    size_t left;
    size_t index; /* of the text; SIZE_MAX = the lane is idle */
    size_t words; /* of the block that may be other than zero */
} text;

/* Puts the next block of a text into its lane, filled up with zeros. */
static void feed(group *g, int lane, text *t) {
    bool last = t->left <= BLOCK;
    size_t used = last ? t->left : BLOCK;
    size_t words = used / 8;
    size_t before = t->words;
    for (size_t i = 0; i < words; i++) {
        g->block[i][lane] = load(t->at + i * 8);
    }
    if (used % 8 != 0) {
        g->block[words][lane] = udf_load_some(t->at + words * 8, used % 8);
        words++;
    }
    for (size_t i = words; i < before; i++) {
        g->block[i][lane] = 0;
    }
    g->total[lane] += used;
    g->last[lane] = last ? UINT64_MAX : 0;
    t->at += used;
    t->left -= used;
    t->words = words;
}

static void begin(group *g, int lane, text *t, const pni_str *source, size_t index,
                  size_t digest_len) {
    t->at = (const uint8_t *)source->data;
    t->left = source->len;
    t->index = index;
    for (int i = 0; i < 8; i++) {
        g->state[i][lane] = iv[i];
    }
    g->state[0][lane] ^= 0x01010000 ^ digest_len;
    g->total[lane] = 0;
}

void pni_udf_blake(const pni_str *texts, size_t count, size_t digest_len, uint64_t (*out)[2]) {
    pni_udf_blake_at(pni_udf_blake_levels() - 1, texts, count, digest_len, out);
}

void pni_udf_blake_at(int level, const pni_str *texts, size_t count, size_t digest_len,
                      uint64_t (*out)[2]) {
    compress_fn run = levels[level];
    group groups[GROUPS];
    text at[LANES];
    size_t next = 0;
    size_t live = 0;
    memset(groups, 0, sizeof groups);
    memset(at, 0, sizeof at);
    for (int lane = 0; lane < LANES; lane++) {
        at[lane].index = SIZE_MAX;
        if (next < count) {
            begin(&groups[lane / WIDTH], lane % WIDTH, &at[lane], &texts[next], next, digest_len);
            next++;
            live++;
        }
    }
    while (live > 0) {
        for (int lane = 0; lane < LANES; lane++) {
            if (at[lane].index != SIZE_MAX) {
                feed(&groups[lane / WIDTH], lane % WIDTH, &at[lane]);
            }
        }
        run(groups);
        for (int lane = 0; lane < LANES; lane++) {
            group *g = &groups[lane / WIDTH];
            text *t = &at[lane];
            if (t->index == SIZE_MAX || !g->last[lane % WIDTH]) {
                continue;
            }
            out[t->index][0] = g->state[0][lane % WIDTH];
            out[t->index][1] = g->state[1][lane % WIDTH];
            t->index = SIZE_MAX;
            if (next < count) {
                begin(g, lane % WIDTH, t, &texts[next], next, digest_len);
                next++;
            } else {
                live--;
            }
        }
    }
}
