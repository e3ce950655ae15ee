/* SPDX-License-Identifier: Apache-2.0 */
#include "fixtures.h"

static void expect(pn_buf *got, const char *want) {
    T_EQ_STR(pni_buf_text(got), want);
    pni_buf_clear(got);
}

T_CASE(dates) {
    PNI_AUTO(pn_buf) b = PN_BUF_INIT;
    static const struct {
        int64_t days;
        const char *text;
    } cases[] = {
        {0, "1970-01-01"},
        {-1, "1969-12-31"},
        {11016, "2000-02-29"},
        {11017, "2000-03-01"},
        {19782, "2024-02-29"},
        {-25567, "1900-01-01"},
        {-719528, "0000-01-01"},
        {-719529, "-0001-12-31"},
        {2932896, "9999-12-31"},
        {2932897, "+10000-01-01"},
        {-719468, "0000-03-01"},
        {47540, "2100-02-28"},
        {47541, "2100-03-01"},
        {INT32_MAX, "+5881580-07-11"},
        {INT32_MIN, "-5877641-06-23"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        pni_arrow_put_date(cases[i].days, &b);
        expect(&b, cases[i].text);
    }
}

T_CASE(clocks) {
    PNI_AUTO(pn_buf) b = PN_BUF_INIT;
    pni_arrow_put_clock(0, 1, &b);
    expect(&b, "00:00:00");
    pni_arrow_put_clock(86399999, 1000, &b);
    expect(&b, "23:59:59.999");
    pni_arrow_put_clock(1, 1000000, &b);
    expect(&b, "00:00:00.000001");
    pni_arrow_put_clock(86400, 1, &b);
    expect(&b, "PT86400S");
    pni_arrow_put_clock(-1, 1000, &b);
    expect(&b, "PT-0.001S");
}

T_CASE(timestamps_in_their_zone) {
    PNI_AUTO(pn_buf) b = PN_BUF_INIT;
    pni_arrow_put_timestamp(1704164645123456, 1000000, NULL, &b);
    expect(&b, "2024-01-02T03:04:05.123456");
    pni_arrow_put_timestamp(1704164645123456, 1000000, "UTC", &b);
    expect(&b, "2024-01-02T03:04:05.123456Z");
    pni_arrow_put_timestamp(1704164645, 1, "Europe/Vienna", &b);
    expect(&b, "2024-01-02T03:04:05Z");
    pni_arrow_put_timestamp(1704164645, 1, "+05:30", &b);
    expect(&b, "2024-01-02T08:34:05+05:30");
    pni_arrow_put_timestamp(1704164645, 1, "-0800", &b);
    expect(&b, "2024-01-01T19:04:05-08:00");
    pni_arrow_put_timestamp(1704164645, 1, "+00:00", &b);
    expect(&b, "2024-01-02T03:04:05Z");
    pni_arrow_put_timestamp(1704164645, 1, "+99:00", &b);
    expect(&b, "2024-01-02T03:04:05Z");
    pni_arrow_put_timestamp(-1, 1000, "", &b);
    expect(&b, "1969-12-31T23:59:59.999");
}

T_CASE(the_ends_of_the_range_print) {
    PNI_AUTO(pn_buf) b = PN_BUF_INIT;
    pni_arrow_put_timestamp(INT64_MIN, 1000000000, "+23:59", &b);
    expect(&b, "1677-09-22T00:11:43.145224192+23:59");
    pni_arrow_put_timestamp(INT64_MAX, 1, "Z", &b);
    expect(&b, "+292277026596-12-04T15:30:07Z");
    pni_arrow_put_timestamp(INT64_MIN, 1, "-23:59", &b);
    expect(&b, "-292277022657-01-26T08:30:52-23:59");
    pni_arrow_put_duration(INT64_MIN, 1000000000, &b);
    expect(&b, "PT-9223372036.854775808S");
    pni_arrow_put_duration(1500, 1000, &b);
    expect(&b, "PT1.500S");
}

T_CASE(intervals) {
    PNI_AUTO(pn_buf) b = PN_BUF_INIT;
    struct ArrowInterval i;
    ArrowIntervalInit(&i, NANOARROW_TYPE_INTERVAL_MONTH_DAY_NANO);
    pni_arrow_put_interval(&i, &b);
    expect(&b, "PT0S");
    i.months = 14;
    i.days = -3;
    i.ns = -1500000000;
    pni_arrow_put_interval(&i, &b);
    expect(&b, "P14M-3DT-1.500000000S");
    ArrowIntervalInit(&i, NANOARROW_TYPE_INTERVAL_DAY_TIME);
    i.days = 2;
    pni_arrow_put_interval(&i, &b);
    expect(&b, "P2D");
}
