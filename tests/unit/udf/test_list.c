#include "t.h"

#include "udf_call.h"

#define LISTS "[['b', 'a', 'b', null], [], null, [null], ['\\u00e9', 'z', '']]"

T_CASE(compact_keeps_the_order_and_drops_nulls) {
    UDF_EXPECT("list_compact", "[['b', 'a', 'b'], [], null, [], ['\\u00e9', 'z', '']]",
               {":list<utf8>", LISTS});
    UDF_EXPECT("list_compact", "[['1', '-2'], null]", {":list<int32>", "[[1, null, -2], null]"});
    UDF_EXPECT("list_compact", "[['true', 'false']]", {"=:list<boolean>", "[true, null, false]"});
}

T_CASE(compact_takes_lists_without_null_items_as_they_are) {
    static const char *const types[] = {":list<utf8>", ":large_list<utf8>", ":list<large_utf8>",
                                        ":list<utf8_view>"};
    for (size_t i = 0; i < sizeof types / sizeof types[0]; i++) {
        UDF_EXPECT("list_compact", "[['b', 'a'], [], null, ['\\u00e9', ''], ['z']]",
                   {types[i], "[['b', 'a'], [], null, ['\\u00e9', ''], ['z']]"});
        UDF_EXPECT("list_compact", "[[], ['b'], null, ['a', ''], [], []]",
                   {types[i], "[[null], [null, 'b'], null, ['a', null, ''], [], [null, null]]"});
        UDF_EXPECT("list_compact", "[[], null, []]", {types[i], "[[], null, [null]]"});
    }
}

static void make_lists(struct ArrowSchema *schema, struct ArrowArray *array) {
    udf_make_column(":list<utf8>",
                    "[['b', 'cc', null], [], null, ['\\u00e9', '', 'z'], [null], ['q']]", schema,
                    array);
}

T_CASE(compact_of_slices) {
    static const char *const items[] = {"b", "cc", "\u00e9", "", "z", "q"};
    static const size_t starts[] = {0, 2, 2, 2, 5, 5, 6};
    PNI_AUTO_SCHEMA schema = {0};
    PNI_AUTO_ARRAY array = {0};
    make_lists(&schema, &array);
    for (size_t from = 0; from <= 6; from++) {
        for (size_t to = from; to <= 6; to++) {
            json_t *got = udf_call_slice(udf_named("list_compact"), &schema, &array, (int64_t)from,
                                         (int64_t)(to - from));
            for (size_t row = from; row < to; row++) {
                const json_t *list = json_array_get(got, row - from);
                T_ASSERT(row == 2 ? json_is_null(list) : json_is_array(list));
                T_EQ_UINT(json_array_size(list), starts[row + 1] - starts[row]);
                for (size_t i = 0; i < json_array_size(list); i++) {
                    T_EQ_STR(json_string_value(json_array_get(list, i)), items[starts[row] + i]);
                }
            }
            json_decref(got);
        }
    }
}

/* Null items nearly always have no bytes; these do. */
T_CASE(bytes_below_null_items_are_dropped) {
    PNI_AUTO_SCHEMA schema = {0};
    PNI_AUTO_ARRAY array = {0};
    make_lists(&schema, &array);
    struct ArrowBitmap *valid = ArrowArrayValidityBitmap(array.children[0]);
    ArrowBitClear(valid->buffer.data, 1); /* cc */
    ArrowBitClear(valid->buffer.data, 3); /* \u00e9 */
    array.children[0]->null_count = -1;
    json_t *got = udf_call_slice(udf_named("list_compact"), &schema, &array, 0, 6);
    json_t *want = json_loads("[[\"b\"],[],null,[\"\",\"z\"],[],[\"q\"]]", 0, NULL);
    T_ASSERT(json_equal(got, want));
    json_decref(got);
    json_decref(want);
}

T_CASE(unique_sorts_by_bytes) {
    UDF_EXPECT("list_unique_sorted", "[['a', 'b'], [], null, [], ['', 'z', '\\u00e9']]",
               {":list<utf8>", LISTS});
    UDF_EXPECT("array_unique_sorted", "[['10', '9'], ['1', '1.5']]",
               {":list<float64>", "[[9.0, 10.0, 9.0], [1.5, 1.0, 1.0, null]]"});
    UDF_EXPECT("list_unique_sorted", "[['a', 'aa', 'b']]",
               {":large_list<large_utf8>", "[['aa', 'b', 'a', 'aa']]"});
}

T_CASE(a_null_without_type_is_a_null_list) {
    UDF_EXPECT("list_compact", "[null, null]", {"n", "[null, null]"});
}

T_CASE(what_is_no_list_of_texts_is_refused) {
    UDF_FAILS("list_compact", "PN5121: argument 1 has type Int64, not a list", {"l", "[1]"});
    UDF_FAILS("list_unique_sorted",
              "PN5121: argument 1 has type List<item: List<item: Int64>>, not "
              "a list of texts, numbers or booleans",
              {":list<list<int64>>", "[[[1]]]"});
}
