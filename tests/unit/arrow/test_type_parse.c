/* SPDX-License-Identifier: Apache-2.0 */
#include "fixtures.h"

static void expect_format(const char *text, const char *format) {
    pn_error err = PN_ERROR_INIT;
    PNI_AUTO_SCHEMA field = {0};
    T_OK(pni_arrow_type_parse(text, &field, &err), &err);
    T_EQ_STR(field.format, format);
}

static void expect_text(const char *text, const char *want) {
    pn_error err = PN_ERROR_INIT;
    PNI_AUTO_SCHEMA field = {0};
    PNI_AUTO(pn_buf) got = PN_BUF_INIT;
    T_OK(pni_arrow_type_parse(text, &field, &err), &err);
    T_OK(pni_arrow_type_text(&field, &got, &err), &err);
    T_EQ_STR(pni_buf_text(&got), want);
}

T_CASE(spellings_that_people_type) {
    expect_format("int64", "l");
    expect_format(" BIGINT ", "l");
    expect_format("string", "u");
    expect_format("large_utf8", "U");
    expect_format("bool", "b");
    expect_format("double", "g");
    expect_format("date", "tdD");
    expect_format("timestamp", "tsu:");
    expect_format("timestamp(ms)", "tsm:");
    expect_format("Timestamp(Nanosecond, \"UTC\")", "tsn:UTC");
    expect_format("timestamp(us, America/New_York)", "tsu:America/New_York");
    expect_format("decimal(10,2)", "d:10,2");
    expect_format("decimal(40)", "d:40,0,256");
    expect_format("Decimal128(5, -2)", "d:5,-2");
    expect_format("fixed_size_binary(4)", "w:4");
    expect_format("time64(ns)", "ttn");
    expect_format("interval(month_day_nano)", "tin");
    expect_format("duration(millisecond)", "tDm");
}

T_CASE(short_forms_of_nested_types) {
    expect_text("list<utf8>", "List<item: Utf8>");
    expect_text("list < element : int64 not null >", "List<element: Int64 not null>");
    expect_text("fixed_size_list<float, 3>", "FixedSizeList<item: Float32, 3>");
    expect_text("struct<a: int64, b: list<struct<x: double>>>",
                "Struct<a: Int64, b: List<item: Struct<x: Float64>>>");
    expect_text("map<utf8, int64>", "Map<key: Utf8, value: Int64>");
    expect_text("dictionary<int32, utf8>", "Dictionary<Int32, Utf8>");
    expect_text("union<a: int64, b: utf8>", "DenseUnion<0 a: Int64, 1 b: Utf8>");
    expect_text("run_end_encoded<int32 not null, utf8>",
                "RunEndEncoded<run_ends: Int32 not null, values: Utf8>");
}

T_CASE(not_null_clears_the_flag) {
    pn_error err = PN_ERROR_INIT;
    PNI_AUTO_SCHEMA field = {0};
    T_OK(pni_arrow_type_parse("int64 not null", &field, &err), &err);
    T_EQ_INT(field.flags & ARROW_FLAG_NULLABLE, 0);
}

T_CASE(bad_types_say_where) {
    static const char *const bad[][2] = {
        {"", "At character 1: "},
        {"intt", "At character 1: "},
        {"int64 x", "At character 7: "},
        {"list<", "At character 6: "},
        {"list<utf8", "At character 10: "},
        {"list<utf8, utf8>", "At character 17: "},
        {"list<utf8, 3>", "At character 14: "},
        {"fixed_size_list<utf8>", "At character 22: "},
        {"struct<int64>", "At character 8: "},
        {"map<utf8>", "At character 10: "},
        {"dictionary<utf8, utf8>", "At character 23: "},
        {"decimal(0, 0)", "At character 14: "},
        {"decimal(80, 0)", "At character 15: "},
        {"decimal128(39, 0)", "At character 18: "},
        {"decimal(5, 6)", "At character 14: "},
        {"timestamp(min)", "At character 14: "},
        {"timestamp(us, )", "At character 15: "},
        {"time32(ns)", "At character 11: "},
        {"binary(0)", "At character 9: "},
        {"wrong<utf8>", "At character 12: "},
        {"int64 not", "At character 10: "},
        {"list<\"open: utf8>", "At character 6: "},
    };
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        pn_error err = PN_ERROR_INIT;
        struct ArrowSchema field = {0};
        T_STATUS(pni_arrow_type_parse(bad[i][0], &field, &err), PN_INVALID, &err);
        T_EQ_INT(err.number, PNI_E_ARROW_TYPE);
        if (!pni_starts_with(err.detail, bad[i][1])) {
            T_FAIL("'%s': %s", bad[i][0], err.detail);
        }
        T_ASSERT(field.release == NULL);
    }
}

T_CASE(depth_is_bounded) {
    pn_error err = PN_ERROR_INIT;
    struct ArrowSchema field = {0};
    PNI_AUTO(pn_buf) text = PN_BUF_INIT;
    for (int i = 0; i < 100000; i++) {
        pni_buf_puts(&text, "list<");
    }
    T_STATUS(pni_arrow_type_parse(pni_buf_text(&text), &field, &err), PN_LIMIT, &err);
    T_EQ_INT(err.number, PNI_E_ARROW_DEPTH);
    T_ASSERT(field.release == NULL);
}
