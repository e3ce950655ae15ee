/* Hashing side by side gives what libb2 gives one by one, with every instruction set there is. */
#include "t.h"
#include "udf/builtin/kernel_priv.h"

#include <blake2.h>

enum { MOST = 40, BYTES = 1200 };

static void compare(int level, const pni_str *texts, size_t count, size_t digest_len) {
    uint64_t got[MOST][2];
    memset(got, 0, sizeof got);
    pni_udf_blake_at(level, texts, count, digest_len, got);
    for (size_t i = 0; i < count; i++) {
        uint8_t want[16];
        T_EQ_INT(blake2b(want, texts[i].data, NULL, digest_len, texts[i].len, 0), 0);
        if (memcmp(want, got[i], digest_len) != 0) {
            T_FAIL("level %d: text %zu of %zu, %zu bytes", level, i, count, texts[i].len);
        }
    }
}

T_CASE(texts_of_all_lengths_side_by_side) {
    static char data[BYTES];
    for (size_t i = 0; i < sizeof data; i++) {
        data[i] = (char)(i * 31 + (i >> 7));
    }
    for (int level = 0; level < pni_udf_blake_levels(); level++) {
        for (size_t len = 0; len <= 400; len++) {
            pni_str texts[MOST];
            size_t count = 1 + len % MOST;
            for (size_t i = 0; i < count; i++) {
                texts[i] = (pni_str){data + i, len * (i + 1) % (BYTES - MOST)};
            }
            compare(level, texts, count, len % 2 ? 8 : 16);
        }
    }
}

/* Long beside short: lanes end at different blocks and go on with texts of other lengths. */
T_CASE(texts_of_random_lengths_side_by_side) {
    static char data[BYTES];
    uint64_t seed = 20260101;
    for (size_t i = 0; i < sizeof data; i++) {
        data[i] = (char)(i * 167 + (i >> 5));
    }
    for (int level = 0; level < pni_udf_blake_levels(); level++) {
        for (size_t round = 0; round < 200; round++) {
            pni_str texts[MOST];
            size_t count = 1 + round % MOST;
            for (size_t i = 0; i < count; i++) {
                seed = seed * 6364136223846793005 + 1442695040888963407;
                size_t most = seed >> 60 < 4 ? 1001 : 70;
                size_t len = (size_t)(seed >> 33) % most;
                texts[i] = (pni_str){len > 0 ? data + (seed >> 24) % 64 : NULL, len};
            }
            compare(level, texts, count, round % 2 ? 8 : 16);
        }
    }
}

T_CASE(nothing_at_all) {
    uint64_t untouched[1][2] = {{1, 2}};
    pni_udf_blake(NULL, 0, 8, untouched);
    T_EQ_UINT(untouched[0][0], 1);
}
