/* SPDX-License-Identifier: Apache-2.0 */
#include "fixtures.h"

T_CASE(dates_are_the_inverse_of_printing) {
    PNI_AUTO(pn_buf) b = PN_BUF_INIT;
    for (int64_t days = -1000000; days < 4000000; days += 997) {
        int64_t got = 0;
        pni_buf_clear(&b);
        pni_arrow_put_date(days, &b);
        if (!pni_arrow_read_date(pni_buf_text(&b), &got) || got != days) {
            T_FAIL("%s", pni_buf_text(&b));
        }
    }
}

T_CASE(dates_that_are_none) {
    static const char *const bad[] = {
        "",           "2024",       "2024-1-1",    "2024-13-01", "2024-00-01", "2024-02-30",
        "2023-02-29", "1900-02-29", "2024-01-01x", "24-01-01",   " 2024-01-01"};
    int64_t days;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        T_ASSERT(!pni_arrow_read_date(bad[i], &days));
    }
    T_ASSERT(pni_arrow_read_date("2000-02-29", &days) && days == 11016);
}

T_CASE(clocks) {
    int64_t t;
    T_ASSERT(pni_arrow_read_clock("23:59:59.999", 1000, &t) && t == 86399999);
    T_ASSERT(pni_arrow_read_clock("01:02", 1, &t) && t == 3720);
    T_ASSERT(pni_arrow_read_clock("00:00:01.500", 1000, &t) && t == 1500);
    T_ASSERT(pni_arrow_read_clock("00:00:01.5", 1000000000, &t) && t == 1500000000);
    T_ASSERT(pni_arrow_read_clock("00:00:01.0000", 1, &t) && t == 1);
    T_ASSERT(!pni_arrow_read_clock("00:00:01.5", 1, &t));
    T_ASSERT(!pni_arrow_read_clock("24:00:00", 1, &t) && !pni_arrow_read_clock("00:60:00", 1, &t));
    T_ASSERT(!pni_arrow_read_clock("00:00:00.", 1, &t) && !pni_arrow_read_clock("0:00", 1, &t));
}

T_CASE(timestamps) {
    int64_t t;
    T_ASSERT(pni_arrow_read_timestamp("2024-01-02T03:04:05.123456Z", 1000000, true, &t));
    T_EQ_INT(t, 1704164645123456);
    T_ASSERT(pni_arrow_read_timestamp("2024-01-02 08:34:05+05:30", 1, true, &t));
    T_EQ_INT(t, 1704164645);
    T_ASSERT(pni_arrow_read_timestamp("2024-01-01T19:04:05-0800", 1, true, &t));
    T_EQ_INT(t, 1704164645);
    T_ASSERT(pni_arrow_read_timestamp("2024-01-01", 1000, true, &t) && t == 1704067200000);
    T_ASSERT(!pni_arrow_read_timestamp("2024-01-01T00:00:00", 1, true, &t));
    T_ASSERT(!pni_arrow_read_timestamp("2024-01-01T00:00:00Z", 1, false, &t));
    T_ASSERT(!pni_arrow_read_timestamp("2024-01-01T00:00:00+24:00", 1, true, &t));
    T_ASSERT(!pni_arrow_read_timestamp("2300-01-01", 1000000000, false, &t));
    T_ASSERT(pni_arrow_read_timestamp("1677-09-21T00:12:43.145224192", 1000000000, false, &t));
    T_EQ_INT(t, INT64_MIN);
    T_ASSERT(!pni_arrow_read_timestamp("1677-09-21T00:12:43.145224191", 1000000000, false, &t));
}

T_CASE(durations) {
    int64_t t;
    T_ASSERT(pni_arrow_read_duration("PT1.500S", 1000, &t) && t == 1500);
    T_ASSERT(pni_arrow_read_duration("PT-9223372036.854775808S", 1000000000, &t) && t == INT64_MIN);
    T_ASSERT(pni_arrow_read_duration("P1DT2H3M4S", 1, &t) && t == 93784);
    T_ASSERT(pni_arrow_read_duration("P1W", 1, &t) && t == 604800);
    T_ASSERT(!pni_arrow_read_duration("P1M", 1, &t) && !pni_arrow_read_duration("P", 1, &t));
    T_ASSERT(!pni_arrow_read_duration("PT1.5S", 1, &t) && !pni_arrow_read_duration("1S", 1, &t));
    T_ASSERT(!pni_arrow_read_duration("PT9223372036854775807H", 1, &t));
    T_ASSERT(!pni_arrow_read_duration("PT1D", 1, &t) && !pni_arrow_read_duration("PT1", 1, &t));
}

T_CASE(intervals) {
    struct ArrowInterval i;
    ArrowIntervalInit(&i, NANOARROW_TYPE_INTERVAL_MONTH_DAY_NANO);
    T_ASSERT(pni_arrow_read_interval("P1Y2M-3DT-1.5S", &i));
    T_ASSERT(i.months == 14 && i.days == -3 && i.ns == -1500000000);
    T_ASSERT(!pni_arrow_read_interval("P3000000000D", &i));
    ArrowIntervalInit(&i, NANOARROW_TYPE_INTERVAL_MONTHS);
    T_ASSERT(pni_arrow_read_interval("P7M", &i) && i.months == 7);
    T_ASSERT(!pni_arrow_read_interval("P7D", &i));
    ArrowIntervalInit(&i, NANOARROW_TYPE_INTERVAL_DAY_TIME);
    T_ASSERT(pni_arrow_read_interval("P2DT0.250S", &i) && i.days == 2 && i.ms == 250);
    T_ASSERT(!pni_arrow_read_interval("P1M", &i));
}
