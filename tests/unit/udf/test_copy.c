/* Rows of every type, copied from every place of a slice, are the rows of the slice. */
#include "t.h"
#include "udf/builtin/kernel_priv.h"

#include <string.h>

enum { ROWS = 37 };

static const struct {
    const char *type;
    const char *rows[4]; /* in turn, with null between */
} cases[] = {
    {"boolean", {"true", "false", "true", "true"}},
    {"int8", {"1", "-2", "3", "4"}},
    {"int32", {"1", "-2", "3", "4"}},
    {"float64", {"1.5", "-2", "3", "4"}},
    {"utf8", {"\"a\"", "\"\"", "\"longer than twelve bytes\"", "\"b\""}},
    {"large_utf8", {"\"a\"", "\"\"", "\"longer than twelve bytes\"", "\"b\""}},
    {"utf8_view", {"\"a\"", "\"\"", "\"longer than twelve bytes\"", "\"b\""}},
    {"binary", {"\"61\"", "\"\"", "\"626364\"", "\"65\""}},
    {"decimal(10, 2)", {"\"1.50\"", "\"2.25\"", "\"-3.00\"", "\"4.00\""}},
    {"timestamp(us)",
     {"\"2020-01-02T03:04:05\"", "\"1969-01-02T03:04:05\"", "\"2020-01-02T00:00:00\"",
      "\"2021-01-02T03:04:05\""}},
    {"list<utf8>", {"[\"a\", null]", "[]", "[\"b\"]", "[\"c\", \"d\", \"e\"]"}},
    {"large_list<boolean>", {"[true, null]", "[]", "[false]", "[true, true, false]"}},
    {"fixed_size_list<int64, 2>", {"[1, 2]", "[3, null]", "[5, 6]", "[7, 8]"}},
    {"map<utf8, int64>", {"{\"a\": 1}", "{}", "{\"b\": null, \"c\": 2}", "{\"d\": 3}"}},
    {"struct<a: utf8, b: list<boolean>>",
     {"{\"a\": \"x\", \"b\": [true]}", "{\"a\": null, \"b\": null}", "{\"a\": \"y\", \"b\": []}",
      "{\"a\": \"z\", \"b\": [null, false]}"}},
    {"dictionary<int32, utf8>", {"\"a\"", "\"b\"", "\"a\"", "\"c\""}},
    {"list<struct<a: dictionary<int8, utf8>>>",
     {"[{\"a\": \"x\"}]", "[]", "[{\"a\": null}, null]", "[{\"a\": \"y\"}, {\"a\": \"x\"}]"}},
    {"sparse_union<a: int64, b: utf8>",
     {"{\"a\": 1}", "{\"b\": \"x\"}", "{\"a\": 2}", "{\"b\": \"y\"}"}},
    {"dense_union<a: int64, b: utf8>",
     {"{\"a\": 1}", "{\"b\": \"x\"}", "{\"a\": 2}", "{\"b\": \"y\"}"}},
};

/* A struct of one column `v`. */
static void build(const char *type, const char *const rows[4], struct ArrowSchema *schema,
                  struct ArrowArray *array) {
    pn_error err = PN_ERROR_INIT;
    PNI_AUTO(pn_buf) text = PN_BUF_INIT;
    pni_buf_printf(&text, "struct<v: %s>", type);
    T_OK(pni_arrow_type_parse(pni_buf_text(&text), schema, &err), &err);
    pni_buf_clear(&text);
    bool has_nulls = !strstr(type, "union<a");
    for (int i = 0; i < ROWS; i++) {
        bool null = has_nulls && i % 5 == 4;
        pni_buf_printf(&text, "%s{\"v\": %s}", i == 0 ? "[" : ",", null ? "null" : rows[i % 4]);
    }
    pni_buf_puts(&text, "]");
    PNI_AUTO_PTR(json_t) json = json_loads(pni_buf_text(&text), 0, NULL);
    T_ASSERT(json);
    T_OK(pni_arrow_batch_from_json(json, schema, array, &err), &err);
}

static void compare(const struct ArrowSchema *field, const struct ArrowArrayView *view,
                    int64_t start, int64_t count) {
    PNI_AUTO_ARRAY copy = {0};
    T_EQ_INT(ArrowArrayInitFromSchema(&copy, field, NULL), 0);
    T_EQ_INT(ArrowArrayStartAppending(&copy), 0);
    T_EQ_INT(pni_udf_copy_rows(view, start, count, &copy), 0);
    struct ArrowError error = {{0}};
    T_EQ_INT(ArrowArrayFinishBuildingDefault(&copy, &error), 0);
    T_EQ_INT(copy.length, count);
    struct ArrowArrayView again;
    T_EQ_INT(ArrowArrayViewInitFromSchema(&again, field, NULL), 0);
    T_EQ_INT(ArrowArrayViewSetArray(&again, &copy, &error), 0);
    if (ArrowArrayViewValidate(&again, NANOARROW_VALIDATION_LEVEL_FULL, &error) != NANOARROW_OK) {
        T_FAIL("%s, %d rows from %d: %s", field->format, (int)count, (int)start, error.message);
    }
    for (int64_t i = 0; i < count; i++) {
        PNI_AUTO(pn_buf) got = PN_BUF_INIT;
        PNI_AUTO(pn_buf) want = PN_BUF_INIT;
        pni_arrow_value_json(field, &again, i, &got);
        pni_arrow_value_json(field, view, start + i, &want);
        T_EQ_STR(pni_buf_text(&got), pni_buf_text(&want));
    }
    ArrowArrayViewReset(&again);
}

T_CASE(every_slice_of_every_type) {
    for (size_t c = 0; c < sizeof cases / sizeof cases[0]; c++) {
        PNI_AUTO_SCHEMA schema = {0};
        PNI_AUTO_ARRAY array = {0};
        build(cases[c].type, cases[c].rows, &schema, &array);
        for (int64_t offset = 0; offset < ROWS; offset += 3) {
            struct ArrowArray *column = array.children[0];
            column->offset = offset;
            column->length = ROWS - offset;
            column->null_count = -1;
            struct ArrowArrayView view;
            T_EQ_INT(ArrowArrayViewInitFromSchema(&view, schema.children[0], NULL), 0);
            T_EQ_INT(ArrowArrayViewSetArray(&view, column, NULL), 0);
            compare(schema.children[0], &view, 0, column->length);
            compare(schema.children[0], &view, column->length / 3, column->length / 2);
            compare(schema.children[0], &view, column->length, 0);
            ArrowArrayViewReset(&view);
        }
        array.children[0]->offset = 0;
        array.children[0]->length = ROWS;
    }
}
