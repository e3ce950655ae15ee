#include "t.h"
#include "udf_call.h"

/* é is 2 bytes, € 3 bytes, the clef 4 bytes and two UTF-16 units. */
#define LINE "'a\\u00e9\\u20ac\\ud834\\udd1ez'"

T_CASE(byte_columns_clamp) {
    UDF_EXPECT("col_to_byte", "[3, 6, 0, null]", {"=u", "'abcdef'"}, {"l", "[3, 99, -4, null]"},
               {"=u", "'BYTE'"});
    UDF_EXPECT("col_to_byte", "[2]", {"=u", LINE}, {"l", "[2]"}, {"=u", "'byte'"});
}

T_CASE(utf8_columns_must_start_a_character) {
    UDF_EXPECT("col_to_byte", "[0, 1, 3, 6, 10, 11, 11]", {"=u", LINE},
               {"l", "[0, 1, 3, 6, 10, 11, 12]"}, {"=u", "'utf-8'"});
    UDF_FAILS("col_to_byte", "column 2 of row 1 lies inside a character", {"=u", LINE}, {"=l", "2"},
              {"=u", "'UTF8'"});
}

T_CASE(utf16_columns_count_units) {
    UDF_EXPECT("col_to_byte", "[0, 1, 3, 6, 10, 11, 11]", {"=u", LINE},
               {"l", "[0, 1, 2, 3, 5, 6, 7]"}, {"=u", "'utf16'"});
    UDF_FAILS("col_to_byte", "column 4 of row 2", {"=u", LINE}, {"l", "[0, 4]"}, {"=u", "'2'"});
}

T_CASE(utf32_columns_count_code_points) {
    UDF_EXPECT("col_to_byte", "[0, 1, 3, 6, 10, 11, 11]", {"=u", LINE},
               {"l", "[0, 1, 2, 3, 4, 5, 6]"},
               {"u", "['utf32', null, '3', 'x', '', '33', 'UTF32']"});
}

T_CASE(units_by_name_and_number) {
    UDF_EXPECT("col_to_byte", "[3, 3, 3, 3]", {"=u", LINE}, {"l", "[3, 3, 2, 2]"},
               {"u", "['1', 'col_unit_bytes', '2', 'pos-Utf-16']"});
    UDF_EXPECT("col_to_byte", "[null]", {"=u", "null"}, {"=l", "1"}, {"=u", "'BYTE'"});
}

T_CASE(canonical_spans) {
    UDF_EXPECT("canonicalize_byte_span",
               "[{'bstart': 13, 'bend': 22}, {'bstart': null, 'bend': 22},"
               " {'bstart': null, 'bend': null}]",
               {"l", "[10, null, 10]"}, {"=u", "'abcdef'"}, {"=l", "3"}, {"=l", "20"},
               {"=u", "'ghijkl'"}, {"=l", "2"}, {"u", "['BYTE', 'BYTE', null]"});
    UDF_FAILS("canonicalize_byte_span", "inside a character", {"=l", "0"}, {"=u", "'a'"},
              {"=l", "0"}, {"=l", "0"}, {"=u", LINE}, {"=l", "4"}, {"=u", "'utf16'"});
}

T_CASE(position_encodings_have_numbers) {
    UDF_EXPECT("position_encoding_norm", "[1, 2, 3, 1, 2, 3, 3, 3, 3, 1, 3]",
               {"u", "['utf-8', ' UTF16 ', 'UTF32', '1', ' 2 ', '3', '17', '', null, 'xUtf8', "
                     "'byte']"});
}

T_CASE(units_are_found_anywhere_in_a_name) {
    UDF_EXPECT("col_to_byte", "[4, 2, 4, 2]", {"=u", "'\\u00e9\\u00e9x'"}, {"l", "[4, 1, 4, 2]"},
               {"u", "['PositionEncoding.Utf8CodeUnitOffsetFromLineStartWithAVeryLongNameThatGoesOn"
                     "AndOnUTF8', '3', ' 1 ', 'a byte of it']"});
}
