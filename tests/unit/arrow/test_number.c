/* SPDX-License-Identifier: Apache-2.0 */
#include "fixtures.h"

#include <float.h>
#include <math.h>
#include <stdlib.h>

static void expect_double(double value, const char *want) {
    PNI_AUTO(pn_buf) b = PN_BUF_INIT;
    pni_arrow_put_double(value, &b);
    T_EQ_STR(pni_buf_text(&b), want);
}

static void expect_float(float value, const char *want) {
    PNI_AUTO(pn_buf) b = PN_BUF_INIT;
    pni_arrow_put_float(value, &b);
    T_EQ_STR(pni_buf_text(&b), want);
}

T_CASE(doubles_are_shortest) {
    expect_double(0.0, "0.0");
    expect_double(-0.0, "-0.0");
    expect_double(1.0, "1.0");
    expect_double(-1.5, "-1.5");
    expect_double(0.1, "0.1");
    expect_double(0.1 + 0.2, "0.30000000000000004");
    expect_double(100.0, "100.0");
    expect_double(123456789012345680.0, "1.2345678901234568e17");
    expect_double(1234567890123456.0, "1234567890123456.0");
    expect_double(1e15, "1000000000000000.0");
    expect_double(1e16, "1e16");
    expect_double(0.00001, "0.00001");
    expect_double(0.000001, "1e-6");
    expect_double(1.0 / 3, "0.3333333333333333");
    expect_double(DBL_MAX, "1.7976931348623157e308");
    expect_double(DBL_MIN, "2.2250738585072014e-308");
    expect_double(5e-324, "5e-324");
    expect_double(0x1p-44, "5.684341886080802e-14");
    expect_double(9007199254740993.0, "9007199254740992.0");
    expect_double(9.5367431640625e-07, "9.5367431640625e-7");
}

T_CASE(floats_are_shortest) {
    expect_float(0.1f, "0.1");
    expect_float(1.0f / 3, "0.33333334");
    expect_float(16777216.0f, "16777216.0");
    expect_float(FLT_MAX, "3.4028235e38");
    expect_float(1e-45f, "1e-45");
    expect_float(8.589973e9f, "8589974000.0"); /* nearer than 8589973000 */
}

T_CASE(random_doubles_read_back) {
    uint64_t state = 88172645463325252u;
    PNI_AUTO(pn_buf) b = PN_BUF_INIT;
    for (int i = 0; i < 20000; i++) {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        double value;
        memcpy(&value, &state, sizeof value);
        if (!isfinite(value)) {
            continue;
        }
        pni_buf_clear(&b);
        pni_arrow_put_double(value, &b);
        if (strtod(pni_buf_text(&b), NULL) != value) {
            T_FAIL("%a printed as %s", value, pni_buf_text(&b));
        }
    }
}

static bool read(const char *text, int32_t width, int32_t precision, int32_t scale,
                 struct ArrowDecimal *out) {
    ArrowDecimalInit(out, width, precision, scale);
    return pni_arrow_read_decimal(text, out);
}

static void expect_decimal(const char *text, int32_t width, int32_t precision, int32_t scale,
                           const char *want) {
    struct ArrowDecimal d;
    PNI_AUTO(pn_buf) b = PN_BUF_INIT;
    if (!read(text, width, precision, scale, &d)) {
        T_FAIL("'%s' is refused", text);
    }
    pni_arrow_put_decimal(&d, &b);
    T_EQ_STR(pni_buf_text(&b), want);
}

T_CASE(decimals_keep_their_digits) {
    expect_decimal("0", 128, 10, 2, "0.00");
    expect_decimal("-0.05", 128, 10, 2, "-0.05");
    expect_decimal("12.3", 128, 10, 2, "12.30");
    expect_decimal("-12345678.90", 128, 10, 2, "-12345678.90");
    expect_decimal("1.5e3", 128, 10, 2, "1500.00");
    expect_decimal("1500e-2", 128, 10, 2, "15.00");
    expect_decimal("-7", 32, 9, 0, "-7");
    expect_decimal("123400", 128, 5, -2, "123400");
    expect_decimal("0", 128, 5, -2, "0");
    expect_decimal("99999999999999999999999999999999999999", 128, 38, 0,
                   "99999999999999999999999999999999999999");
    expect_decimal("-9999999999999999999999999999999999999999999999999999999999999999999999999999",
                   256, 76, 0,
                   "-9999999999999999999999999999999999999999999999999999999999999999999999999999");
    expect_decimal("0.000000000000000001", 64, 18, 18, "0.000000000000000001");
}

T_CASE(decimals_are_exact_or_refused) {
    struct ArrowDecimal d;
    static const char *const bad[] = {"",   "-",   ".",     "1.234",   "123456789", "1e",  "x",
                                      "1 ", "0x1", "1.2.3", "1e99999", "--1",       "1e-5"};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        if (read(bad[i], 128, 10, 2, &d)) {
            T_FAIL("'%s' is accepted", bad[i]);
        }
    }
    T_ASSERT(read("1.2300", 128, 10, 2, &d) && !read("12345", 128, 5, -2, &d));
}
