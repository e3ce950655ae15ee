#include "t.h"
#include "udf_call.h"

#define MAP ":map<utf8, utf8>"

T_CASE(lookup_takes_the_first_value_that_is_not_null) {
    UDF_EXPECT("map_get_default", "['bravo', 'fallback', 'fallback', 'x', 'fallback']",
               {MAP, "[[['alpha', 'bravo']], [['alpha', null]], null,"
                     " [['alpha', null], ['alpha', 'x'], ['alpha', 'y']], []]"},
               {"=u", "'alpha'"}, {"=u", "'fallback'"});
    UDF_EXPECT("map_get_default", "[null, 'b']", {MAP, "[null, null]"}, {"=u", "'k'"},
               {"u", "[null, 'b']"});
    UDF_EXPECT("map_get_default", "['2.5', 'd']",
               {":map<int64, float64>", "[[[7, 2.5]], [[70, 1.0]]]"}, {"=u", "'7'"}, {"=u", "'d'"});
}

T_CASE(lookup_refuses_a_null_key) {
    UDF_FAILS("map_get_default", "PN5120: argument 2, 'key', must be a text, not null",
              {MAP, "[[['a', 'b']]]"}, {"=u", "null"}, {"=u", "'d'"});
    UDF_FAILS("map_get_default", "PN5121: argument 1 has type Utf8, not a map", {"u", "['a']"},
              {"=u", "'a'"}, {"=u", "'d'"});
}

T_CASE(normalised_maps_are_sorted_and_the_last_key_wins) {
    UDF_EXPECT("map_normalize", "[{'a': '2', 'b': '3'}, {}, null, {'x': null}]",
               {MAP, "[[['B', '1'], ['a', '2'], ['b', '3']], [], null, [['X', null]]]"});
    UDF_EXPECT("map_normalize", "[{'a': '1', 'b': '2', 'b c': '3', '\\u00e9': '0'}]",
               {":map<utf8, int64>", "[[['\\u00c9', 0], ['b c', 3], ['b', 2], ['a', 1]]]"});
}

T_CASE(keys_in_other_cases) {
    UDF_EXPECT("map_normalize", "[{'STRASSE': '1', 'A': null}]",
               {MAP, "[[['Stra\\u00dfe', '1'], ['a', null]]]"}, {"=u", "'upper'"});
    UDF_EXPECT("map_normalize", "[{'b': '1', 'B': '2', 'a': '3'}]",
               {MAP, "[[['b', '1'], ['B', '2'], ['a', '3']]]"}, {"=u", "' NONE '"},
               {"=b", "false"});
    UDF_EXPECT("map_normalize", "[{'\\u03bf\\u03c2': '1'}]", {MAP, "[[['\\u039f\\u03a3', '1']]]"},
               {"=u", "null"}, {"=b", "null"});
    UDF_FAILS("map_normalize",
              "PN5122: argument 2, 'key_case', is 'title', not lower, upper or none",
              {MAP, "[[['a', 'b']]]"}, {"=u", "'title'"});
}
