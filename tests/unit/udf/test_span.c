#include "t.h"
#include "udf_call.h"

T_CASE(span_make_fills_in_defaults) {
    UDF_EXPECT("span_make",
               "[{'bstart': 10, 'bend': 25, 'line_base': 0, 'col_unit': 'byte',"
               " 'end_exclusive': true},"
               " {'bstart': null, 'bend': 1, 'line_base': 0, 'col_unit': 'byte',"
               " 'end_exclusive': true}]",
               {"l", "[10, null]"}, {"l", "[25, 1]"});
    UDF_EXPECT("span",
               "[{'bstart': 1, 'bend': 2, 'line_base': null, 'col_unit': 'byte',"
               " 'end_exclusive': true},"
               " {'bstart': 1, 'bend': 2, 'line_base': 1, 'col_unit': 'utf16',"
               " 'end_exclusive': false}]",
               {"=l", "1"}, {"=l", "2"}, {"i", "[null, 1]"}, {"u", "[null, 'utf16']"},
               {"b", "[null, false]"});
}

#define SPANS                                                                                      \
    "[{'bstart': 10, 'bend': 25, 'end_exclusive': true}, {'bstart': 10, 'bend': 25,"               \
    " 'end_exclusive': false}, {'bstart': 10, 'bend': null}, null, {'bstart': 5, 'bend': 5}]"

T_CASE(span_len_is_the_difference) {
    UDF_EXPECT("span_len", "[15, 15, null, null, 0]", {"span", SPANS});
    UDF_FAILS("span_len", "is no span", {"l", "[1]"});
    UDF_FAILS("span_len", "is no 64-bit number",
              {"span", "[{'bstart': -9223372036854775808, 'bend': 1}]"});
}

T_CASE(overlap) {
    UDF_EXPECT("span_overlaps", "[false, true, null, null, false]", {"span", SPANS},
               {"=span", "{'bstart': 25, 'bend': 30}"});
    UDF_EXPECT("span_overlaps", "[true, false]",
               {"span", "[{'bstart': 0, 'bend': 3}, {'bstart': 0, 'bend': 3}]"},
               {"span", "[{'bstart': 2, 'bend': 9}, {'bstart': 3, 'bend': 9}]"});
}

T_CASE(containment_compares_exclusive_ends) {
    UDF_EXPECT("span_contains", "[true, false, false, true, true, false]",
               {"=span", "{'bstart': 0, 'bend': 10}"},
               {"span", "[{'bstart': 0, 'bend': 10}, {'bstart': 0, 'bend': 11},"
                        " {'bstart': -1, 'bend': 3}, {'bstart': 3, 'bend': 4},"
                        " {'bstart': 0, 'bend': 9, 'end_exclusive': false},"
                        " {'bstart': 0, 'bend': 10, 'end_exclusive': false}]"});
    UDF_EXPECT("span_contains", "[true, false, true]",
               {"=span", "{'bstart': 0, 'bend': 10, 'end_exclusive': false}"},
               {"span", "[{'bstart': 0, 'bend': 11}, {'bstart': 0, 'bend': 12},"
                        " {'bstart': 0, 'bend': 10, 'end_exclusive': false}]"});
}

T_CASE(alignment_score) {
    UDF_EXPECT("interval_align_score", "[-10.0, null, null, 0.0]", {"l", "[0, null, 0, 0]"},
               {"=l", "5"}, {"l", "[10, 10, null, 7]"}, {"l", "[20, 20, 20, 7]"});
}
