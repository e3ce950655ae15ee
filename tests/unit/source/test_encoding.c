/* SPDX-License-Identifier: Apache-2.0 */
#include "source/source.h"
#include "t.h"

static const char *detect(pni_arena *arena, const char *text, size_t len, const char **problem) {
    return pni_encoding_detect(arena, (pn_bytes){(const uint8_t *)text, len}, problem);
}

#define DETECT(text) detect(arena, text, sizeof(text) - 1, &problem)

T_CASE(utf8_is_the_default) {
    PNI_AUTO_PTR(pni_arena) arena = pni_arena_new();
    const char *problem = "unset";
    T_EQ_STR(DETECT("x = 'ä'\n"), "utf-8");
    T_ASSERT(problem == NULL);
    T_EQ_STR(DETECT(""), "utf-8");
    T_ASSERT(problem == NULL);
    T_EQ_STR(DETECT("x = '\xff'\n"), "utf-8");
    T_EQ_STR(problem, "a byte is not valid utf-8");
}

T_CASE(cookies_are_found_in_the_first_two_lines) {
    PNI_AUTO_PTR(pni_arena) arena = pni_arena_new();
    const char *problem = NULL;
    T_EQ_STR(DETECT("# -*- coding: Latin_1 -*-\nx = '\xe4'\n"), "iso-8859-1");
    T_ASSERT(problem == NULL);
    T_EQ_STR(DETECT("#!/usr/bin/python\r\n# vim: set fileencoding=cp1252 :\r\n\x80"), "cp1252");
    T_ASSERT(problem == NULL);
    T_EQ_STR(DETECT("x = 1\n# coding: cp1252\n"), "utf-8");
    T_EQ_STR(DETECT("\n\f # coding=ascii\n"), "ascii");
    T_EQ_STR(DETECT("\n\n# coding: ascii\n"), "utf-8");
    T_EQ_STR(DETECT("# coding: utf8\n"), "utf-8");
    T_EQ_STR(DETECT("# encoding without a colon, then coding: koi8-r"), "koi8-r");
}

T_CASE(problems_are_named) {
    PNI_AUTO_PTR(pni_arena) arena = pni_arena_new();
    const char *problem = NULL;
    T_EQ_STR(DETECT("# coding: no-such\n"), "no-such");
    T_EQ_STR(problem, "the encoding is unknown");
    T_EQ_STR(DETECT("# coding: ascii\n\xe4"), "ascii");
    T_EQ_STR(problem, "a byte is not valid ascii");
    T_EQ_STR(DETECT("# coding: cp1252\n\x81"), "cp1252");
    T_EQ_STR(problem, "a byte is not valid in the encoding");
    T_EQ_STR(DETECT("# coding: utf-16\n"), "utf-16");
    T_EQ_STR(problem, "the encoding is not one of Python source");
    T_EQ_STR(DETECT("\xEF\xBB\xBF# coding: latin-1\n"), "iso-8859-1");
    T_ASSERT(problem != NULL);
    T_EQ_STR(DETECT("\xEF\xBB\xBF# coding: utf-8\n"), "utf-8-sig");
    T_ASSERT(problem == NULL);
}

static void decode(const char *encoding, const char *bytes, size_t len, const char *want) {
    PNI_AUTO_PTR(pni_decoder) decoder = pni_decoder_new(encoding);
    PNI_AUTO(pn_buf) out = PN_BUF_INIT;
    pni_decoder_append(decoder, (pn_bytes){(const uint8_t *)bytes, len}, &out);
    T_EQ_STR(pni_buf_text(&out), want);
}

#define R "\xEF\xBF\xBD"

/* The expectations are those of bytes.decode("utf-8", errors="replace"). */
T_CASE(invalid_utf8_is_replaced_as_python_does) {
    decode("utf-8", "a\xc3\xa4", 3, "aä");
    decode("utf-8", "\xff\xfe", 2, R R);
    decode("utf-8", "\xe2\x82", 2, R);
    decode("utf-8", "\xe2\x82x", 3, R "x");
    decode("utf-8", "\xed\xa0\x80", 3, R R R);
    decode("utf-8", "\xf0\x9f\x98", 3, R);
    decode("utf-8", "\xc0\x80", 2, R R);
    decode("utf-8", "\xf4\x90\x80\x80", 4, R R R R);
    decode(NULL, "plain", 5, "plain");
}

T_CASE(other_encodings_become_utf8) {
    decode("iso-8859-1", "\xe4\xff", 2, "äÿ");
    decode("ascii", "a\xe4", 2, "a" R);
    decode("cp1252", "\x80", 1, "€");
    decode("koi8-r", "\xd7", 1, "в");
    decode("euc-jp", "\xa4\xa2", 2, "あ");
}
