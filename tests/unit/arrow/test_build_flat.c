/* SPDX-License-Identifier: Apache-2.0 */
#include "fixtures.h"

#define AT "row 1, column 'c': "
#define RANGE AT "the value is out of the type's range"

T_CASE(integers_are_exact) {
    expect_rows("int64", "[[\"9223372036854775807\"],[\"-5\"]]", "[[9223372036854775807],[-5]]",
                "9223372036854775807|-5");
    expect_refused("int8", "[[128]]", RANGE);
    expect_refused("uint8", "[[-1]]", RANGE);
    expect_refused("int64", "[[\"9223372036854775808\"]]", RANGE);
    expect_refused("uint32", "[[\"18446744073709551615\"]]", RANGE);
    expect_refused("int64", "[[1.0]]", AT "expected an integer, or one as a decimal string");
    expect_refused("int64", "[[\"1x\"]]", AT "expected an integer, or one as a decimal string");
    expect_refused("int64", "[[true]]", AT "expected an integer, or one as a decimal string");
}

T_CASE(floats_stay_in_range) {
    expect_rows("float64", "[[5]]", "[[5.0]]", "5.0");
    expect_refused("float32", "[[1e39]]", AT "the number is out of the type's range");
    expect_refused("float16", "[[65520]]", AT "the number is out of the type's range");
    expect_refused("float64", "[[\"1.5\"]]",
                   AT "expected a number, or NaN, Infinity, -Infinity as a string");
}

T_CASE(decimals_are_exact) {
    expect_rows("decimal(10,2)", "[[5],[\"1.50\"],[0.1]]", "[[5.00],[1.50],[0.10]]",
                "5.00|1.50|0.10");
    expect_refused("decimal(4,2)", "[[100]]",
                   AT "expected a decimal that fits precision and scale exactly");
    expect_refused("decimal(4,2)", "[[0.125]]",
                   AT "expected a decimal that fits precision and scale exactly");
    expect_refused("decimal(4,2)", "[[true]]",
                   AT "expected a decimal that fits precision and scale exactly");
}

T_CASE(other_kinds_are_checked) {
    expect_refused("boolean", "[[1]]", AT "expected true or false");
    expect_refused("null", "[[1]]", AT "expected null, the only value of the type");
    expect_refused("utf8", "[[1]]", AT "expected a string");
    expect_refused("utf8_view", "[[[]]]", AT "expected a string");
    expect_refused("binary", "[[\"abc\"]]", AT "expected bytes as a string of hex digits");
    expect_refused("binary", "[[\"zz\"]]", AT "expected bytes as a string of hex digits");
    expect_refused("binary", "[[5]]", AT "expected bytes as a string of hex digits");
    expect_refused("fixed_size_binary(2)", "[[\"00\"]]",
                   AT "the bytes have another length than the type");
    expect_rows("binary", "[[\"ABcd\"]]", "[[\"abcd\"]]", "abcd");
}

T_CASE(moments_are_texts_or_counts) {
    expect_rows("date", "[[0],[\"-1\"]]", "[[\"1970-01-01\"],[\"1969-12-31\"]]",
                "1970-01-01|1969-12-31");
    expect_rows("timestamp(ms, UTC)", "[[\"2024-01-02 08:34:05+05:30\"],[0]]",
                "[[\"2024-01-02T03:04:05Z\"],[\"1970-01-01T00:00:00Z\"]]",
                "2024-01-02T03:04:05Z|1970-01-01T00:00:00Z");
    static const char ticks[] =
        AT "expected an ISO 8601 text that the unit holds exactly, or the count as an integer";
    expect_refused("date", "[[\"2024-02-30\"]]", ticks);
    expect_refused("timestamp(s)", "[[\"2024-01-01T00:00:00.5\"]]", ticks);
    expect_refused("timestamp(s)", "[[\"2024-01-01T00:00:00Z\"]]", ticks);
    expect_refused("time32(s)", "[[1.5]]", ticks);
    expect_refused("date", "[[3000000000]]", RANGE);
    expect_refused("interval", "[[5]]",
                   AT "expected a span such as P1M2DT3.5S that the type holds");
}
