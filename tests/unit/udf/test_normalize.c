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

/* A block of bytes is looked at at a time: what matters stands at every place of one and across. */
T_CASE(white_space_at_every_place_of_an_ascii_text) {
    static const char *const gaps[] = {" ", "  ", "\t", " \n", "\x0b\x0c ", "\r\r\r"};
    for (size_t gap = 0; gap < sizeof gaps / sizeof gaps[0]; gap++) {
        for (int before = 1; before < 50; before++) {
            udf_scratch scratch = {0};
            PNI_AUTO(pn_buf) made = PN_BUF_INIT;
            PNI_AUTO(pn_buf) text = PN_BUF_INIT;
            PNI_AUTO(pn_buf) want = PN_BUF_INIT;
            pni_buf_printf(&text, "  %.*s%s@[Z`{zZ ", before,
                           "ABCDEFGHIJKLMNOPQRSTUVWXYZABCDEFGHIJKLMNOPQRSTUVWXYZ", gaps[gap]);
            pni_buf_printf(&want, "%.*s @[z`{zz", before,
                           "abcdefghijklmnopqrstuvwxyzabcdefghijklmnopqrstuvwxyz");
            pni_str got = pni_udf_normalize((pni_str){pni_buf_text(&text), text.len},
                                            (udf_normal){UDF_NFKC, true, true}, &scratch, &made);
            T_EQ_UINT(got.len, want.len);
            T_ASSERT(memcmp(got.data, pni_buf_text(&want), want.len) == 0);
            pni_udf_scratch_dispose(&scratch);
        }
    }
}

/* Rows that need no more than lower case are taken many at a time; these are odd in each way. */
static const struct {
    const char *text;
    const char *normal;
    const char *trimmed;
} odd_rows[] = {
    {"'\\u00dcn\\u00ef X'", "'\\u00fcn\\u00ef x'", "'\\u00dcn\\u00ef X'"},
    {"'X\\u00dc'", "'x\\u00fc'", "'X\\u00dc'"},
    {"'a\\tX'", "'a x'", "'a\\tX'"},
    {"'a  X'", "'a x'", "'a  X'"},
    {"'a\\u00a0X'", "'a x'", "'a\\u00a0X'"},
    {"'X '", "'x'", "'X'"},
    {"' X'", "'x'", "'X'"},
    {"'X\\n'", "'x'", "'X'"},
    {"'\\u00a0X'", "'x'", "'X'"},
    {"'X\\u00a0'", "'x'", "'X'"},
    {"'X\\u3000'", "'x'", "'X'"},
    {"' \\t\\u2003'", "null", "null"},
    {"''", "null", "null"},
    {"null", "null", "null"},
    {"'\\u007fX\\u0001'", "'\\u007fx\\u0001'", "'\\u007fX\\u0001'"},
};
enum { ODD_ROWS = sizeof odd_rows / sizeof odd_rows[0], MANY = 140 };

static void add_row(pn_buf *rows, int64_t row, const char *plain, const char *odd) {
    pni_buf_puts(rows, row == 0 ? "[" : ",");
    if (odd) {
        pni_buf_puts(rows, odd);
    } else {
        pni_buf_printf(rows, "'%s %d'", plain, (int)row);
    }
}

static void expect_odd_row(const char *format, size_t odd, int64_t at) {
    PNI_AUTO(pn_buf) texts = PN_BUF_INIT;
    PNI_AUTO(pn_buf) normal = PN_BUF_INIT;
    PNI_AUTO(pn_buf) trimmed = PN_BUF_INIT;
    for (int64_t row = 0; row < MANY; row++) {
        add_row(&texts, row, "Some TEXT", row == at ? odd_rows[odd].text : NULL);
        add_row(&normal, row, "some text", row == at ? odd_rows[odd].normal : NULL);
        add_row(&trimmed, row, "Some TEXT", row == at ? odd_rows[odd].trimmed : NULL);
    }
    pni_buf_puts(&texts, "]");
    pni_buf_puts(&normal, "]");
    pni_buf_puts(&trimmed, "]");
    UDF_EXPECT("utf8_normalize", pni_buf_text(&normal), {format, pni_buf_text(&texts)});
    UDF_EXPECT("utf8_null_if_blank", pni_buf_text(&trimmed), {format, pni_buf_text(&texts)});
}

T_CASE(one_odd_row_among_many) {
    static const int64_t places[] = {0, 127, 128};
    for (size_t odd = 0; odd < ODD_ROWS; odd++) {
        for (size_t i = 0; i < sizeof places / sizeof places[0]; i++) {
            expect_odd_row("u", odd, places[i]);
        }
        expect_odd_row("U", odd, 30);
        expect_odd_row("vu", odd, 30);
    }
}

/* Each slice gives what its rows give in the whole. */
static void expect_slices(const char *name, const char *format, const char *json, int64_t rows) {
    PNI_AUTO_SCHEMA schema = {0};
    PNI_AUTO_ARRAY array = {0};
    const pn_udf *udf = udf_named(name);
    udf_make_column(format, json, &schema, &array);
    json_t *whole = udf_call_slice(udf, &schema, &array, 0, rows);
    for (int64_t offset = 0; offset < rows; offset += 9) {
        for (int64_t count = 0; offset + count <= rows; count += 31) {
            json_t *slice = udf_call_slice(udf, &schema, &array, offset, count);
            for (int64_t i = 0; i < count; i++) {
                T_ASSERT(json_equal(json_array_get(slice, (size_t)i),
                                    json_array_get(whole, (size_t)(offset + i))));
            }
            json_decref(slice);
        }
    }
    json_decref(whole);
}

T_CASE(slices_give_their_rows) {
    PNI_AUTO(pn_buf) texts = PN_BUF_INIT;
    for (int64_t row = 0; row < 2 * MANY; row++) { /* odd rows only in the middle */
        bool odd = row >= 130 && row < 160;
        bool empty = row % 11 == 3;
        add_row(&texts, row, "Some TEXT",
                odd     ? odd_rows[(size_t)row % ODD_ROWS].text
                : empty ? (row % 2 ? "null" : "''")
                        : NULL);
    }
    pni_buf_puts(&texts, "]");
    static const char *const formats[] = {"u", "U", "vu"};
    for (size_t i = 0; i < sizeof formats / sizeof formats[0]; i++) {
        expect_slices("utf8_normalize", formats[i], pni_buf_text(&texts), 2 * MANY);
        expect_slices("utf8_null_if_blank", formats[i], pni_buf_text(&texts), 2 * MANY);
    }
}

T_CASE(rows_that_differ_in_white_space_only) {
    UDF_EXPECT("utf8_normalize", "['a b', 'a b', 'a b', 'a b', 'a b', 'a b', 'ab']",
               {"u", "['A b', 'a  b', 'a\\tB', ' a b', 'a b ', 'a\\u00a0b', 'aB']"});
    UDF_EXPECT("utf8_normalize", "[null, null, null]", {"u", "[' ', '\\t', '\\u00a0']"});
    UDF_EXPECT("utf8_null_if_blank", "[null, null, null]", {"u", "['', '\\r\\n', '\\u00a0']"});
    UDF_EXPECT("utf8_normalize", "[null, null]", {"u", "[null, null]"});
}

T_CASE(plain_rows_with_options_off) {
    UDF_EXPECT("utf8_normalize", "['A B', 'Cd']", {"u", "['A B', 'Cd']"}, {"=u", "'NFC'"},
               {"=b", "false"}, {"=b", "true"});
    UDF_EXPECT("utf8_normalize", "['a  b', 'c\\td']", {"u", "['A  B', 'C\\tD']"}, {"=u", "'NFC'"},
               {"=b", "true"}, {"=b", "false"});
    UDF_EXPECT("utf8_normalize", "['A  B', 'C\\tD']", {"u", "['A  B', 'C\\tD']"}, {"=u", "'NFC'"},
               {"=b", "false"}, {"=b", "false"});
}
