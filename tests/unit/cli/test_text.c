/* SPDX-License-Identifier: Apache-2.0 */
/* Widths, UTF-8 and the nearest word. */
#include "t.h"

#include "cli/cli.h"

#include <string.h>

static size_t width(const char *text) {
    return cli_width(text, strlen(text));
}

T_CASE(widths_are_columns_of_a_terminal) {
    T_EQ_UINT(width(""), 0);
    T_EQ_UINT(width("abc"), 3);
    T_EQ_UINT(width("\xC3\xA4"), 1);                 /* one letter of two bytes */
    T_EQ_UINT(width("a\xCC\x88"), 1);                /* a letter and a combining mark */
    T_EQ_UINT(width("\xE6\xBC\xA2\xE5\xAD\x97"), 4); /* two wide letters */
    T_EQ_UINT(width("\xF0\x9F\x98\x80"), 2);         /* an emoji */
    T_EQ_UINT(width("\xFF\xFE"), 2);                 /* bytes that are no text */
}

T_CASE(utf8_is_checked) {
    static const char nul[] = {'a', '\0', 'b'};
    T_ASSERT(cli_utf8_valid("\xE2\x82\xAC", 3));
    T_ASSERT(cli_utf8_valid(nul, sizeof nul));
    T_ASSERT(!cli_utf8_valid("\xE2\x82", 2));         /* cut */
    T_ASSERT(!cli_utf8_valid("\xC0\x80", 2));         /* overlong */
    T_ASSERT(!cli_utf8_valid("\xED\xA0\x80", 3));     /* a surrogate */
    T_ASSERT(!cli_utf8_valid("\xF4\x90\x80\x80", 4)); /* past the last code point */
    T_ASSERT(!cli_utf8_valid("\x80", 1));
}

T_CASE(the_nearest_word_is_near) {
    static const char *const words[] = {"build", "run", "explain", "explain-error", NULL};
    static const char *const none[] = {NULL};
    T_EQ_STR(cli_nearest("buld", words), "build");
    T_EQ_STR(cli_nearest("biuld", words), "build");
    T_EQ_STR(cli_nearest("expl", words), "explain");
    T_ASSERT(cli_nearest("frobnicate", words) == NULL);
    T_ASSERT(cli_nearest("x", none) == NULL);
    T_ASSERT(cli_nearest("a-word-that-is-much-longer-than-forty-characters", words) == NULL);
}
