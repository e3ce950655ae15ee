/* SPDX-License-Identifier: Apache-2.0 */
/* Printing; rows are built from JSON, so most cases also prove that what is printed can be read. */
#include "fixtures.h"

T_CASE(flat_values) {
    expect_same("boolean", "[[true],[null],[false]]", "true|NULL|false");
    expect_same("int8", "[[-128],[127],[null]]", "-128|127|NULL");
    expect_same("uint16", "[[0],[65535]]", "0|65535");
    expect_same("int64", "[[-9223372036854775808],[9223372036854775807]]",
                "-9223372036854775808|9223372036854775807");
    expect_same("float64", "[[0.1],[-0.0],[1e300],[null]]", "0.1|-0.0|1e300|NULL");
    expect_same("float32", "[[0.1],[3.4028235e38]]", "0.1|3.4028235e38");
    expect_same("float16", "[[0.5],[-65504.0]]", "0.5|-65504.0");
    expect_same("null", "[[null],[null]]", "NULL|NULL");
    expect_same("decimal(10,2)", "[[12.30],[-0.05],[null]]", "12.30|-0.05|NULL");
    expect_same("decimal256(76,3)", "[[1.000]]", "1.000");
    expect_same("decimal32(9,2)", "[[-1.25]]", "-1.25");
}

T_CASE(large_unsigned_values) {
    expect_rows("uint64", "[[\"18446744073709551615\"],[5]]", "[[18446744073709551615],[5]]",
                "18446744073709551615|5");
}

T_CASE(floats_that_are_no_numbers_are_strings) {
    expect_same("float64", "[[\"NaN\"],[\"Infinity\"],[\"-Infinity\"]]", "NaN|Infinity|-Infinity");
    expect_same("float32", "[[\"NaN\"]]", "NaN");
}

T_CASE(texts_and_bytes) {
    static const char rows[] =
        "[[\"\"],[\"a\\\"b\\n\"],[null],[\"longer than twelve bytes \xC3\xA4\"]]";
    static const char text[] = "|a\"b\n|NULL|longer than twelve bytes \xC3\xA4";
    expect_same("utf8", rows, text);
    expect_same("large_utf8", rows, text);
    expect_same("utf8_view", rows, text);
    static const char hex[] = "[[\"\"],[\"00ff\"],[null],[\"000102030405060708090a0b0c0d0e0f\"]]";
    static const char hex_text[] = "|00ff|NULL|000102030405060708090a0b0c0d0e0f";
    expect_same("binary", hex, hex_text);
    expect_same("large_binary", hex, hex_text);
    expect_same("binary_view", hex, hex_text);
    expect_same("fixed_size_binary(2)", "[[\"00ff\"],[null]]", "00ff|NULL");
}

T_CASE(moments) {
    expect_same("date32", "[[\"2024-02-29\"],[null],[\"-0001-12-31\"]]",
                "2024-02-29|NULL|-0001-12-31");
    expect_same("date64", "[[\"2024-02-29\"],[\"2024-02-29T01:00:00.500\"]]",
                "2024-02-29|2024-02-29T01:00:00.500");
    expect_same("time32(ms)", "[[\"23:59:59.999\"]]", "23:59:59.999");
    expect_same("time64(ns)", "[[\"00:00:00.000000001\"]]", "00:00:00.000000001");
    expect_same("timestamp(us)", "[[\"2024-01-02T03:04:05.123456\"]]",
                "2024-01-02T03:04:05.123456");
    expect_same("timestamp(ns, UTC)", "[[\"2024-01-02T03:04:05Z\"]]", "2024-01-02T03:04:05Z");
    expect_same("timestamp(s, +05:30)", "[[\"2024-01-02T08:34:05+05:30\"]]",
                "2024-01-02T08:34:05+05:30");
    expect_same("duration(ms)", "[[\"PT1.500S\"],[\"PT-3S\"]]", "PT1.500S|PT-3S");
    expect_same("interval(year_month)", "[[\"P14M\"]]", "P14M");
    expect_same("interval(day_time)", "[[\"P1DT0.500S\"]]", "P1DT0.500S");
    expect_same("interval", "[[\"P1M2DT3.000000004S\"],[\"PT0S\"]]", "P1M2DT3.000000004S|PT0S");
}

T_CASE(nested_values_print_as_json) {
    expect_same("list<int64>", "[[[1,null,3]],[null],[[]]]", "[1,null,3]|NULL|[]");
    expect_same("large_list<utf8>", "[[[\"a\"]],[[\"b\",\"c\"]]]", "[\"a\"]|[\"b\",\"c\"]");
    expect_same("list_view<int32>", "[[[1,2]],[null],[[3]]]", "[1,2]|NULL|[3]");
    expect_same("large_list_view<int32>", "[[[1,2]],[[3]]]", "[1,2]|[3]");
    expect_same("fixed_size_list<int8, 2>", "[[[1,2]],[null],[[3,null]]]", "[1,2]|NULL|[3,null]");
    expect_same(
        "struct<a: int64, b: list<struct<x: date>>>",
        "[[{\"a\":1,\"b\":[{\"x\":\"2024-01-01\"},null]}],[null],[{\"a\":null,\"b\":null}]]",
        "{\"a\":1,\"b\":[{\"x\":\"2024-01-01\"},null]}|NULL|{\"a\":null,\"b\":null}");
    expect_same("map<utf8, int64>", "[[{\"k\":1,\"l\":null}],[{}],[null]]",
                "{\"k\":1,\"l\":null}|{}|NULL");
    expect_same("map<int32, utf8>", "[[[[1,\"a\"],[2,null]]]]", "[[1,\"a\"],[2,null]]");
    expect_same("dictionary<int8, utf8>", "[[\"x\"],[\"y\"],[null],[\"x\"]]", "x|y|NULL|x");
    expect_same("dense_union<a: int64, b: utf8>", "[[{\"a\":1}],[{\"b\":\"x\"}],[{\"b\":null}]]",
                "1|x|NULL");
    expect_same("sparse_union<a: int64, b: list<utf8>>", "[[{\"a\":1}],[{\"b\":[\"x\"]}]]",
                "1|[\"x\"]");
}

T_CASE(text_columns_with_damaged_bytes_print_as_valid_json) {
    PNI_AUTO_SCHEMA schema = {0};
    PNI_AUTO_ARRAY batch = {0};
    pn_error err = PN_ERROR_INIT;
    schema_of("binary", &schema);
    T_OK(batch_of("[[\"61ff62c3\"],[\"f09f9880e2\"]]", &schema, &batch, &err), &err);
    T_ASSERT(ArrowSchemaSetFormat(schema.children[0], "u") == NANOARROW_OK);
    PNI_AUTO(pn_buf) json = PN_BUF_INIT;
    print_column(&schema, &batch, true, &json);
    T_EQ_STR(pni_buf_text(&json), "[[\"a\xEF\xBF\xBD"
                                  "b\xEF\xBF\xBD\"],[\"\xF0\x9F\x98\x80\xEF\xBF\xBD\"]]");
}

/* Slices: the struct's offset moves its columns, a column's own offset comes on top. */
static void expect_slices(const char *type, const char *rows, const char *const *texts,
                          int64_t count) {
    pn_error err = PN_ERROR_INIT;
    PNI_AUTO_SCHEMA schema = {0};
    PNI_AUTO_ARRAY batch = {0};
    schema_of(type, &schema);
    T_OK(batch_of(rows, &schema, &batch, &err), &err);
    for (int64_t from = 0; from < count; from++) {
        for (int64_t inner = 0; inner <= from; inner++) {
            struct ArrowArrayView view;
            batch.offset = from - inner;
            batch.length = count - from;
            batch.children[0]->offset = inner;
            batch.children[0]->length = count - inner;
            batch.children[0]->null_count = -1;
            view_of_batch(&schema, &batch, &view);
            for (int64_t row = 0; row < batch.length; row++) {
                PNI_AUTO(pn_buf) text = PN_BUF_INIT;
                pni_arrow_value_text(schema.children[0], view.children[0], row + view.offset,
                                     &text);
                T_EQ_STR(pni_buf_text(&text), texts[from + row]);
                bool null = pni_arrow_value_is_null(schema.children[0], view.children[0],
                                                    row + view.offset);
                T_EQ_INT(null, strcmp(texts[from + row], "NULL") == 0);
            }
            ArrowArrayViewReset(&view);
        }
    }
}

T_CASE(sliced_arrays_with_nulls) {
    static const char *const numbers[] = {"1", "NULL", "3", "4", "NULL"};
    expect_slices("int64", "[[1],[null],[3],[4],[null]]", numbers, 5);
    expect_slices("decimal(5,0)", "[[1],[null],[3],[4],[null]]", numbers, 5);
    static const char *const texts[] = {"a", "NULL", "", "more than twelve bytes"};
    expect_slices("utf8", "[[\"a\"],[null],[\"\"],[\"more than twelve bytes\"]]", texts, 4);
    expect_slices("utf8_view", "[[\"a\"],[null],[\"\"],[\"more than twelve bytes\"]]", texts, 4);
    expect_slices("dictionary<int32, utf8>", "[[\"a\"],[null],[\"\"],[\"more than twelve bytes\"]]",
                  texts, 4);
    static const char *const lists[] = {"[1,2]", "NULL", "[]", "[3]"};
    expect_slices("list<int8>", "[[[1,2]],[null],[[]],[[3]]]", lists, 4);
    expect_slices("list_view<int8>", "[[[1,2]],[null],[[]],[[3]]]", lists, 4);
    static const char *const pairs[] = {"[1,2]", "NULL", "[3,null]", "[4,5]"};
    expect_slices("fixed_size_list<int8, 2>", "[[[1,2]],[null],[[3,null]],[[4,5]]]", pairs, 4);
    static const char *const structs[] = {"{\"a\":1}", "NULL", "{\"a\":null}", "{\"a\":4}"};
    expect_slices("struct<a: int8>", "[[{\"a\":1}],[null],[{\"a\":null}],[{\"a\":4}]]", structs, 4);
    static const char *const maps[] = {"{\"a\":1}", "NULL", "{}", "{\"b\":2}"};
    expect_slices("map<utf8, int8>", "[[{\"a\":1}],[null],[{}],[{\"b\":2}]]", maps, 4);
    static const char *const unions[] = {"1", "x", "NULL", "2"};
    expect_slices("sparse_union<a: int8, b: utf8>",
                  "[[{\"a\":1}],[{\"b\":\"x\"}],[{\"b\":null}],[{\"a\":2}]]", unions, 4);
    expect_slices("dense_union<a: int8, b: utf8>",
                  "[[{\"a\":1}],[{\"b\":\"x\"}],[{\"b\":null}],[{\"a\":2}]]", unions, 4);
}

/* Runs cannot be built from JSON: the children are built apart and put together by hand. */
T_CASE(run_ends_are_followed) {
    PNI_AUTO_SCHEMA schema = {0};
    PNI_AUTO_ARRAY batch = {0};
    struct ArrowError story = {{0}};
    schema_of("run_end_encoded<int32 not null, utf8>", &schema);
    T_ASSERT(ArrowArrayInitFromSchema(&batch, &schema, &story) == NANOARROW_OK);
    T_ASSERT(ArrowArrayStartAppending(&batch) == NANOARROW_OK);
    struct ArrowArray *runs = batch.children[0];
    static const int64_t ends[] = {2, 3, 6};
    static const char *const values[] = {"a", NULL, "b"};
    for (int i = 0; i < 3; i++) {
        T_ASSERT(ArrowArrayAppendInt(runs->children[0], ends[i]) == NANOARROW_OK);
        T_ASSERT((values[i] ? ArrowArrayAppendString(runs->children[1], ArrowCharView(values[i]))
                            : ArrowArrayAppendNull(runs->children[1], 1)) == NANOARROW_OK);
    }
    runs->length = 6;
    batch.length = 6;
    T_ASSERT(ArrowArrayFinishBuildingDefault(&batch, &story) == NANOARROW_OK);
    PNI_AUTO(pn_buf) text = PN_BUF_INIT;
    print_column(&schema, &batch, false, &text);
    T_EQ_STR(pni_buf_text(&text), "a|a|NULL|b|b|b");
    runs->offset = 1;
    runs->length = 4;
    batch.length = 4;
    pni_buf_clear(&text);
    print_column(&schema, &batch, true, &text);
    T_EQ_STR(pni_buf_text(&text), "[[\"a\"],[null],[\"b\"],[\"b\"]]");
}
