/* SPDX-License-Identifier: Apache-2.0 */
#include "t.h"

#include "base/base.h"

#include <stdlib.h>

T_CASE(views_compare_bytewise_shorter_first) {
    T_ASSERT(pni_str_cmp(PNI_STR("a"), PNI_STR("b")) < 0);
    T_ASSERT(pni_str_cmp(PNI_STR("ab"), PNI_STR("a")) > 0);
    T_ASSERT(pni_str_cmp(PNI_STR("\xC3\xA4"), PNI_STR("z")) > 0);
    T_ASSERT(pni_str_cmp(pni_str_of(NULL), PNI_STR("")) == 0);
    T_ASSERT(pni_str_eq(PNI_STR("x\0y"), PNI_STR("x\0y")) &&
             !pni_str_eq(PNI_STR("x\0y"), PNI_STR("x\0z")));
}

T_CASE(streq_knows_null) {
    T_ASSERT(pni_streq(NULL, NULL) && !pni_streq(NULL, "") && !pni_streq("", NULL));
    T_ASSERT(pni_streq("a", "a") && !pni_streq("a", "A"));
}

T_CASE(prefix_and_suffix) {
    T_ASSERT(pni_starts_with("abc", "") && pni_starts_with("abc", "ab") &&
             !pni_starts_with("a", "ab"));
    T_ASSERT(pni_ends_with("abc", "bc") && pni_ends_with("abc", "") && !pni_ends_with("c", "bc"));
}

T_CASE(sorting_texts) {
    const char *list[] = {"b", "a", "B"};
    qsort(list, 3, sizeof list[0], pni_cmp_text);
    T_EQ_STR(list[0], "B");
    T_EQ_STR(list[2], "b");
}

T_CASE(utf8_is_what_rfc_3629_allows) {
    static const struct {
        const char *text;
        bool valid;
    } cases[] = {
        {"", true},
        {"plain", true},
        {"\xC2\x80", true},
        {"\xE0\xA0\x80", true},
        {"\xEF\xBF\xBF", true},
        {"\xF0\x90\x80\x80", true},
        {"\xF4\x8F\xBF\xBF", true},
        {"\x80", false},
        {"\xC0\x80", false},
        {"\xC1\xBF", false},
        {"\xE0\x9F\xBF", false},
        {"\xED\xA0\x80", false},
        {"\xF0\x8F\xBF\xBF", false},
        {"\xF4\x90\x80\x80", false},
        {"\xF5\x80\x80\x80", false},
        {"\xE2\x82", false},
        {"\xE2\x28\xA1", false},
        {"a\xFF", false},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        if (pni_utf8_valid(cases[i].text, strlen(cases[i].text)) != cases[i].valid) {
            T_FAIL("case %zu", i);
        }
    }
    T_ASSERT(pni_utf8_valid("a\0b", 3));
}

T_CASE(cuts_fall_on_code_points) {
    T_EQ_UINT(pni_utf8_cut("abc", 3, 5), 3);
    T_EQ_UINT(pni_utf8_cut("abc", 3, 2), 2);
    T_EQ_UINT(pni_utf8_cut("a\xE2\x82\xAC", 4, 3), 1);
    T_EQ_UINT(pni_utf8_cut("a\xE2\x82\xAC", 4, 2), 1);
    T_EQ_UINT(pni_utf8_cut("\xF0\x9F\x98\x80z", 5, 4), 4);
    T_EQ_UINT(pni_utf8_cut("\xF0\x9F\x98\x80z", 5, 3), 0);
    T_EQ_UINT(pni_utf8_cut("\x80\x80\x80\x80\x80\x80", 6, 5), 5);
}

T_CASE(names_are_shortened_in_the_middle) {
    char out[72];
    T_EQ_STR(pni_name_short("short", out), "short");
    T_EQ_STR(pni_name_short(NULL, out), "");
    T_EQ_STR(pni_name_short("two\nlines", out), "two?lines");
    char name[300];
    memset(name, 'x', sizeof name);
    name[0] = 'A';
    name[298] = 'Z';
    name[299] = '\0';
    pni_name_short(name, out);
    T_EQ_UINT(strlen(out), 64);
    T_ASSERT(out[0] == 'A' && out[63] == 'Z' && strstr(out, "\xE2\x80\xA6"));
    for (size_t i = 0; i + 2 < 299; i += 3) {
        memcpy(name + i, "\xE2\x82\xAC", 3);
    }
    name[297] = '\0';
    pni_name_short(name, out);
    T_ASSERT(strlen(out) <= 64 && pni_utf8_valid(out, strlen(out)));
}

T_CASE(integers_parse_whole_or_not) {
    int64_t i = 7;
    uint64_t u = 7;
    T_ASSERT(pni_parse_i64("-9223372036854775808", &i) && i == INT64_MIN);
    T_ASSERT(pni_parse_i64("9223372036854775807", &i) && i == INT64_MAX);
    T_ASSERT(pni_parse_u64("18446744073709551615", &u) && u == UINT64_MAX);
    T_ASSERT(pni_parse_i64("-0", &i) && i == 0);
    static const char *const bad[] = {"",    "-",
                                      "+1",  " 1",
                                      "1 ",  "0x1",
                                      "1.0", "9223372036854775808",
                                      "--1", "-9223372036854775809"};
    for (size_t k = 0; k < sizeof bad / sizeof bad[0]; k++) {
        T_ASSERT(!pni_parse_i64(bad[k], &i));
    }
    T_ASSERT(!pni_parse_u64("18446744073709551616", &u) && !pni_parse_u64("-1", &u));
    T_ASSERT(!pni_parse_i64(NULL, &i) && !pni_parse_u64(NULL, &u));
}

/* The plain quadratic table, to check the band against. */
static unsigned full_distance(const char *a, const char *b) {
    size_t rows = strlen(a);
    size_t cols = strlen(b);
    unsigned table[16][16];
    for (size_t i = 0; i <= rows; i++) {
        for (size_t j = 0; j <= cols; j++) {
            unsigned best = (unsigned)(i > j ? i : j);
            if (i > 0 && j > 0) {
                unsigned swap = table[i - 1][j - 1] + (a[i - 1] != b[j - 1]);
                unsigned drop = table[i - 1][j] + 1;
                unsigned add = table[i][j - 1] + 1;
                best = swap < drop ? swap : drop;
                best = add < best ? add : best;
            }
            table[i][j] = best;
        }
    }
    return table[rows][cols] > 4 ? 5 : table[rows][cols];
}

T_CASE(edit_distance_equals_the_full_table) {
    T_EQ_UINT(pni_edit_distance("kitten", "sitting"), 3);
    T_EQ_UINT(pni_edit_distance("", ""), 0);
    T_EQ_UINT(pni_edit_distance("", "abcd"), 4);
    T_EQ_UINT(pni_edit_distance("", "abcde"), 5);
    uint32_t seed = 12345;
    for (int round = 0; round < 20000; round++) {
        char words[2][16];
        for (int w = 0; w < 2; w++) {
            seed = seed * 1664525u + 1013904223u;
            size_t len = (seed >> 16) % 12;
            for (size_t i = 0; i < len; i++) {
                seed = seed * 1664525u + 1013904223u;
                words[w][i] = (char)('a' + (seed >> 16) % 3);
            }
            words[w][len] = '\0';
        }
        T_EQ_UINT(pni_edit_distance(words[0], words[1]), full_distance(words[0], words[1]));
    }
}

T_CASE(the_nearer_of_two_names_is_meant) {
    T_ASSERT(!pni_nearer("orders", NULL, NULL));
    T_ASSERT(!pni_nearer("orders", NULL, "customers"));
    T_ASSERT(!pni_nearer("orders", "customers", "returns"));
    T_EQ_STR(pni_nearer("ordres", NULL, "orders"), "orders");
    T_EQ_STR(pni_nearer("ordres", "orders", "customers"), "orders");
    T_EQ_STR(pni_nearer("order", "older_", "orders"), "orders");
    T_EQ_STR(pni_nearer("order_", "orders", "ordery"), "orders"); /* of equals the lesser one */
    T_EQ_STR(pni_nearer("order_", "ordery", "orders"), "orders");
}
