#include "t.h"
#include "udf/builtin/kernel_priv.h"
#include "udf_call.h"

T_CASE(null_if_blank_trims_unicode_white_space) {
    UDF_EXPECT("utf8_null_if_blank", "['a b', null, null, null, 'x', '\\u200bx']",
               {"u", "[' a b\\u00a0', '', '\\u2003\\t', null, '\\u0085x\\u3000', '\\u200bx']"});
    UDF_EXPECT("null_if_blank", "['a']", {"U", "[' a ']"});
}

T_CASE(normalize_with_defaults) {
    UDF_EXPECT("utf8_normalize", "['foo bar', null, null, 'caf\\u00e9', 'fi', '\\u00df']",
               {"u", "['  Foo \\t\\n BAR ', ' ', null, 'CAFE\\u0301', '\\ufb01', '\\u00df']"});
    UDF_EXPECT("normalize_utf8", "['a']", {"=u", "'A'"});
}

T_CASE(normal_forms) {
    UDF_EXPECT("utf8_normalize",
               "['\\ufb01 \\u00e9', '\\ufb01 e\\u0301', 'fi e\\u0301', 'fi \\u00e9', 'fi \\u00e9']",
               {"=u", "'\\ufb01 \\u00e9'"}, {"u", "['nfc', ' NFD ', 'NFKD', 'other', null]"},
               {"=b", "false"}, {"=b", "false"});
}

T_CASE(options_off) {
    UDF_EXPECT("utf8_normalize", "['A  B', 'a  b', 'A B', 'a b']", {"=u", "' A  B '"},
               {"=u", "'NFC'"}, {"b", "[false, true, false, null]"},
               {"b", "[false, false, true, null]"});
}

T_CASE(lower_case_is_the_full_mapping) {
    UDF_EXPECT(
        "utf8_normalize",
        "['\\u03bf\\u03b4\\u03bf\\u03c2', '\\u03c3', 'a\\u03c3b', 'i\\u0307', 'a.\\u03c2 b']",
        {"u", "['\\u039f\\u0394\\u039f\\u03a3', '\\u03a3', 'A\\u03a3B', '\\u0130',"
              " 'A.\\u03a3 B']"},
        {"=u", "'NFC'"});
}

T_CASE(qualified_names) {
    UDF_EXPECT("qname_normalize", "['pkg.mod.foo', 'a.b', 'foo', 'foo', null, null]",
               {"u", "['Foo', 'A.B', 'FOO ', 'foo', ' ', null]"},
               {"u", "['Pkg.Mod', 'x', null, ' ', 'm', 'm']"});
    UDF_EXPECT("qualname_normalize", "['foo']", {"u", "['FOO']"});
    UDF_EXPECT("qname_normalize", "['m.f']", {"=u", "'f'"}, {"=u", "'m'"}, {"=u", "'python'"});
    UDF_EXPECT("qname_normalize", "['\\u00e9.\\u00fc']", {"=u", "'\\u00dc'"}, {"=u", "'\\u00c9'"});
}

/* Eight bytes are looked at at a time: what matters stands at every place of a word and across. */
T_CASE(white_space_at_every_place_of_an_ascii_text) {
    static const char *const gaps[] = {" ", "  ", "\t", " \n", "\x0b\x0c ", "\r\r\r"};
    for (size_t gap = 0; gap < sizeof gaps / sizeof gaps[0]; gap++) {
        for (int before = 1; before < 19; before++) {
            udf_scratch scratch = {0};
            PNI_AUTO(pn_buf) made = PN_BUF_INIT;
            PNI_AUTO(pn_buf) text = PN_BUF_INIT;
            PNI_AUTO(pn_buf) want = PN_BUF_INIT;
            pni_buf_printf(&text, "  %.*s%s@[Z`{zZ ", before, "ABCDEFGHIJKLMNOPQRSTUVWXYZ",
                           gaps[gap]);
            pni_buf_printf(&want, "%.*s @[z`{zz", before, "abcdefghijklmnopqrstuvwxyz");
            pni_str got = pni_udf_normalize((pni_str){pni_buf_text(&text), text.len},
                                            (udf_normal){UDF_NFKC, true, true}, &scratch, &made);
            T_EQ_UINT(got.len, want.len);
            T_ASSERT(memcmp(got.data, pni_buf_text(&want), want.len) == 0);
            pni_udf_scratch_dispose(&scratch);
        }
    }
}
