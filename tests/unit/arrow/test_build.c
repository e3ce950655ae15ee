/* SPDX-License-Identifier: Apache-2.0 */
#include "fixtures.h"

T_CASE(rows_by_name_and_by_position) {
    pn_error err = PN_ERROR_INIT;
    PNI_AUTO_SCHEMA schema = {0};
    PNI_AUTO_ARRAY batch = {0};
    T_OK(pni_arrow_type_parse("struct<a: int64 not null, b: utf8>", &schema, &err), &err);
    T_OK(batch_of("[{\"b\":\"x\",\"a\":1},[2,null],{\"a\":3}]", &schema, &batch, &err), &err);
    T_EQ_INT(batch.length, 3);
    T_EQ_INT(batch.null_count, 0);
    PNI_AUTO(pn_buf) text = PN_BUF_INIT;
    print_column(&schema, &batch, false, &text);
    T_EQ_STR(pni_buf_text(&text), "1|2|3");
    T_EQ_INT(batch.children[1]->null_count, 2);
}

T_CASE(no_rows_and_no_columns) {
    pn_error err = PN_ERROR_INIT;
    PNI_AUTO_SCHEMA none = {0};
    PNI_AUTO_ARRAY batch = {0};
    T_OK(pni_arrow_type_parse("struct<>", &none, &err), &err);
    T_OK(batch_of("[{},[]]", &none, &batch, &err), &err);
    T_EQ_INT(batch.length, 2);
    expect_same("int64", "[]", "");
    expect_same("dictionary<int8, utf8>", "[]", "");
}

T_CASE(dictionaries_hold_each_value_once_in_order) {
    pn_error err = PN_ERROR_INIT;
    PNI_AUTO_SCHEMA schema = {0};
    PNI_AUTO_ARRAY batch = {0};
    schema_of("dictionary<int8, utf8>", &schema);
    T_OK(batch_of("[[\"y\"],[\"x\"],[\"y\"],[null],[\"x\"]]", &schema, &batch, &err), &err);
    T_EQ_INT(batch.children[0]->dictionary->length, 2);
    PNI_AUTO(pn_buf) rows = PN_BUF_INIT;
    pni_buf_puts(&rows, "[");
    for (int i = 0; i < 129; i++) {
        pni_buf_printf(&rows, "%s[\"v%d\"]", i ? "," : "", i);
    }
    pni_buf_puts(&rows, "]");
    expect_refused("dictionary<int8, utf8>", pni_buf_text(&rows),
                   "row 129, column 'c': the value is out of the type's range");
}

T_CASE(row_and_column_are_named) {
    expect_refused("int64 not null", "[[1],[null]]",
                   "row 2, column 'c': is null, but the column is not nullable");
    expect_refused("int64 not null", "[{\"c\":1},{}]",
                   "row 2, column 'c': is missing, but the column is not nullable");
    expect_refused("struct<a: list<struct<x: date not null>>>", "[[{\"a\":[{\"x\":5},{}]}]]",
                   "row 1, column 'c.a.item.x': is missing, but the column is not nullable");
    expect_refused("int64", "[[1,2]]",
                   "row 1: the array has another length than there are columns");
    expect_refused("int64", "[5]", "row 1: expected an object or an array, not an integer");
    expect_refused("list<int64>", "[[5]]", "row 1, column 'c': expected an array, not an integer");
    expect_refused("fixed_size_list<int64, 2>", "[[[5]]]",
                   "row 1, column 'c': the array has another length than the type");
    expect_refused(
        "map<utf8, int64>", "[[5]]",
        "row 1, column 'c': expected an object or an array of [key, value], not an integer");
    expect_refused("map<utf8, int64>", "[[[[1]]]]",
                   "row 1, column 'c': a map is an object or an array of [key, value]");
    expect_refused("union<a: int64>", "[[{\"b\":1}]]",
                   "row 1, column 'c': the key 'b' is no column");
    expect_refused("union<a: int64>", "[[{}]]",
                   "row 1, column 'c': a union is an object with one key, the member's name");
}

T_CASE(unknown_keys_get_a_suggestion) {
    pn_error err = PN_ERROR_INIT;
    PNI_AUTO_SCHEMA schema = {0};
    struct ArrowArray batch = {0};
    T_OK(pni_arrow_type_parse("struct<file_path: utf8, size: int64>", &schema, &err), &err);
    T_STATUS(batch_of("[{\"file_paht\":\"x\"}]", &schema, &batch, &err), PN_SCHEMA, &err);
    T_EQ_STR(err.message, "row 1: the key 'file_paht' is no column");
    T_EQ_STR(err.hint, "Did you mean 'file_path'?");
    T_STATUS(batch_of("[{\"entirely_other\":\"x\"}]", &schema, &batch, &err), PN_SCHEMA, &err);
    T_ASSERT(!strstr(err.hint, "Did you mean"));
}

T_CASE(what_cannot_be_built_is_refused_before) {
    pn_error err = PN_ERROR_INIT;
    struct ArrowArray batch = {0};
    PNI_AUTO_SCHEMA runs = {0};
    schema_of("run_end_encoded<int32 not null, utf8>", &runs);
    T_STATUS(batch_of("[]", &runs, &batch, &err), PN_UNSUPPORTED, &err);
    T_EQ_INT(err.number, PNI_E_ARROW_BUILD);
    PNI_AUTO_SCHEMA ids = {0};
    schema_of("dense_union<5 a: int64, 7 b: utf8>", &ids);
    T_STATUS(batch_of("[]", &ids, &batch, &err), PN_UNSUPPORTED, &err);
    PNI_AUTO_SCHEMA flat = {0};
    T_OK(pni_arrow_type_parse("int64", &flat, &err), &err);
    T_STATUS(batch_of("[]", &flat, &batch, &err), PN_SCHEMA, &err);
    T_STATUS(batch_of("{}", &runs, &batch, &err), PN_SCHEMA, &err);
}
