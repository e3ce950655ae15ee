#include "t.h"

#include "udf_call.h"

#define LISTS "[['b', 'a', 'b', null], [], null, [null], ['\\u00e9', 'z', '']]"

T_CASE(compact_keeps_the_order_and_drops_nulls) {
    UDF_EXPECT("list_compact", "[['b', 'a', 'b'], [], null, [], ['\\u00e9', 'z', '']]",
               {":list<utf8>", LISTS});
    UDF_EXPECT("list_compact", "[['1', '-2'], null]", {":list<int32>", "[[1, null, -2], null]"});
    UDF_EXPECT("list_compact", "[['true', 'false']]", {"=:list<boolean>", "[true, null, false]"});
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
