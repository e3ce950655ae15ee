/* SPDX-License-Identifier: Apache-2.0 */
#include "fixtures.h"

static void expect(const char *rows, const char *type) {
    pn_error err = PN_ERROR_INIT;
    PNI_AUTO_PTR(json_t) json = json_of(rows);
    PNI_AUTO_SCHEMA schema = {0};
    PNI_AUTO_ARRAY batch = {0};
    PNI_AUTO(pn_buf) text = PN_BUF_INIT;
    T_OK(pni_arrow_schema_infer_json(json, &schema, &err), &err);
    T_OK(pni_arrow_type_text(&schema, &text, &err), &err);
    T_EQ_STR(pni_buf_text(&text), type);
    T_OK(pni_arrow_batch_from_json(json, &schema, &batch, &err), &err);
    T_EQ_INT(batch.length, json_array_size(json));
}

T_CASE(kinds_meet_at_the_least_that_holds_all) {
    expect("[{\"a\":1,\"b\":true,\"c\":\"x\",\"d\":1.5,\"e\":null}]",
           "Struct<a: Int64, b: Boolean, c: Utf8, d: Float64, e: Utf8>");
    expect("[{\"a\":1},{\"a\":null},{\"a\":2.5},{\"b\":3}]", "Struct<a: Float64, b: Int64>");
    expect("[{\"a\":2.5},{\"a\":1}]", "Struct<a: Float64>");
    expect("[]", "Struct<>");
}

T_CASE(lists_and_objects_nest) {
    expect("[{\"l\":[]},{\"l\":[null,1]},{\"l\":[2.5]}]", "Struct<l: List<item: Float64>>");
    expect("[{\"o\":{\"x\":1}},{\"o\":{\"y\":[{\"z\":true}]}}]",
           "Struct<o: Struct<x: Int64, y: List<item: Struct<z: Boolean>>>>");
    expect("[{\"l\":[]}]", "Struct<l: List<item: Utf8>>");
    expect("[{\"o\":{}}]", "Struct<o: Struct<>>");
}

T_CASE(conflicts_name_row_and_column) {
    pn_error err = PN_ERROR_INIT;
    struct ArrowSchema schema = {0};
    PNI_AUTO_PTR(json_t) mixed = json_of("[{\"a\":{\"b\":1}},{\"a\":{\"b\":\"x\"}}]");
    T_STATUS(pni_arrow_schema_infer_json(mixed, &schema, &err), PN_SCHEMA, &err);
    T_EQ_STR(err.message, "row 2, column 'b': a text, but an integer before");
    PNI_AUTO_PTR(json_t) arrays = json_of("[{},[1]]");
    T_STATUS(pni_arrow_schema_infer_json(arrays, &schema, &err), PN_SCHEMA, &err);
    PNI_AUTO_PTR(json_t) object = json_of("{}");
    T_STATUS(pni_arrow_schema_infer_json(object, &schema, &err), PN_SCHEMA, &err);
    PNI_AUTO(pn_buf) deep = PN_BUF_INIT;
    pni_buf_puts(&deep, "[{\"a\":");
    for (int i = 0; i < 100; i++) {
        pni_buf_putc(&deep, '[');
    }
    for (int i = 0; i < 100; i++) {
        pni_buf_putc(&deep, ']');
    }
    pni_buf_puts(&deep, "}]");
    PNI_AUTO_PTR(json_t) nested = json_of(pni_buf_text(&deep));
    T_STATUS(pni_arrow_schema_infer_json(nested, &schema, &err), PN_LIMIT, &err);
    T_ASSERT(schema.release == NULL);
}
