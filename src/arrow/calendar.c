/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Dates, times and spans as text, without the C library's calendar: no time zone of the process, no
 * locale.
 *
 * Days are turned into a civil date by counting 400-year eras that start on March 1, so that the
 * leap day is the last of its year. Any int64 of any unit prints; years outside 0 to 9999 get a
 * sign, as ISO 8601 has it. A fraction is printed with the digits of the unit (3, 6 or 9), or not
 * at all when it is zero. A timestamp of a fixed offset is printed in that offset; one of a named
 * zone in UTC with "Z": the instant is exact, and no zone database takes part.
 */
#include "arrow/arrow_priv.h"

#include <inttypes.h>

#define DAY 86400

static int64_t floor_div(int64_t a, int64_t b) {
    return a / b - (a % b < 0);
}

static int64_t floor_mod(int64_t a, int64_t b) {
    int64_t rest = a % b;
    return rest < 0 ? rest + b : rest;
}

/* A separator and two digits. */
static void put_after(char separator, int64_t value, pn_buf *out) {
    pni_buf_putc(out, separator);
    pni_arrow_put_u64((uint64_t)value, 2, out);
}

void pni_arrow_put_date(int64_t days, pn_buf *out) {
    const int64_t era_days = 146097;
    int64_t era = floor_div(days, era_days);
    int64_t day = floor_mod(days, era_days) + 719468 % era_days; /* from 0000-03-01 */
    era += 719468 / era_days + day / era_days;
    day %= era_days;
    int64_t year = (day - day / 1460 + day / 36524 - day / 146096) / 365;
    int64_t of_year = day - (365 * year + year / 4 - year / 100);
    int64_t month = (5 * of_year + 2) / 153; /* 0 = March */
    int64_t of_month = of_year - (153 * month + 2) / 5 + 1;
    year += era * 400 + (month >= 10);
    month = month < 10 ? month + 3 : month - 9;
    if (year < 0 || year > 9999) {
        pni_buf_putc(out, year < 0 ? '-' : '+');
    }
    pni_arrow_put_u64((uint64_t)(year < 0 ? -year : year), 4, out);
    put_after('-', month, out);
    put_after('-', of_month, out);
}

static void put_fraction(int64_t part, int64_t per_second, pn_buf *out) {
    if (part != 0) {
        int digits = per_second == 1000 ? 3 : per_second == 1000000 ? 6 : 9;
        pni_buf_putc(out, '.');
        pni_arrow_put_u64((uint64_t)part, digits, out);
    }
}

/* 0 <= ticks < one day */
static void put_time_of_day(int64_t ticks, int64_t per_second, pn_buf *out) {
    int64_t seconds = ticks / per_second;
    pni_arrow_put_u64((uint64_t)(seconds / 3600), 2, out);
    put_after(':', seconds / 60 % 60, out);
    put_after(':', seconds % 60, out);
    put_fraction(ticks % per_second, per_second, out);
}

void pni_arrow_put_clock(int64_t ticks, int64_t per_second, pn_buf *out) {
    if (ticks < 0 || ticks / per_second >= DAY) {
        pni_arrow_put_duration(ticks, per_second, out); /* no time of day: said as what it is */
        return;
    }
    put_time_of_day(ticks, per_second, out);
}

/* "+02:00", "-0530" or "+02" in seconds; false for names. */
static bool fixed_offset(const char *zone, int *seconds_out) {
    if (zone[0] != '+' && zone[0] != '-') {
        return false;
    }
    int digits[4] = {0};
    int count = 0;
    for (const char *p = zone + 1; *p; p++) {
        if (*p == ':' && count == 2 && p[1]) {
            continue;
        }
        if (*p < '0' || *p > '9' || count == 4) {
            return false;
        }
        digits[count++] = *p - '0';
    }
    int minutes = (digits[0] * 10 + digits[1]) * 60 + digits[2] * 10 + digits[3];
    if ((count != 2 && count != 4) || digits[2] > 5 || minutes >= 24 * 60) {
        return false;
    }
    *seconds_out = (zone[0] == '-' ? -60 : 60) * minutes;
    return true;
}

void pni_arrow_put_timestamp(int64_t ticks, int64_t per_second, const char *zone, pn_buf *out) {
    bool zoned = zone && zone[0];
    int offset = 0;
    bool fixed = zoned && fixed_offset(zone, &offset) && offset != 0;
    int64_t seconds = floor_div(ticks, per_second);
    int64_t days = floor_div(seconds, DAY);
    int64_t of_day = floor_mod(seconds, DAY) + offset;
    days += floor_div(of_day, DAY);
    of_day = floor_mod(of_day, DAY);
    pni_arrow_put_date(days, out);
    pni_buf_putc(out, 'T');
    put_time_of_day(of_day, 1, out);
    put_fraction(floor_mod(ticks, per_second), per_second, out);
    if (fixed) {
        int minutes = (offset < 0 ? -offset : offset) / 60;
        put_after(offset < 0 ? '-' : '+', minutes / 60, out);
        put_after(':', minutes % 60, out);
    } else if (zoned) {
        pni_buf_putc(out, 'Z');
    }
}

/* Seconds with their fraction and sign, without unit letter. */
static void put_seconds(int64_t ticks, int64_t per_second, pn_buf *out) {
    uint64_t size = ticks < 0 ? 0 - (uint64_t)ticks : (uint64_t)ticks;
    pni_buf_puts(out, ticks < 0 ? "-" : "");
    pni_arrow_put_u64(size / (uint64_t)per_second, 0, out);
    put_fraction((int64_t)(size % (uint64_t)per_second), per_second, out);
}

void pni_arrow_put_duration(int64_t ticks, int64_t per_second, pn_buf *out) {
    pni_buf_puts(out, "PT");
    put_seconds(ticks, per_second, out);
    pni_buf_putc(out, 'S');
}

void pni_arrow_put_interval(const struct ArrowInterval *interval, pn_buf *out) {
    bool nanos = interval->type == NANOARROW_TYPE_INTERVAL_MONTH_DAY_NANO;
    int64_t ticks = nanos ? interval->ns : interval->ms;
    pni_buf_putc(out, 'P');
    if (interval->months) {
        pni_buf_printf(out, "%" PRId32 "M", interval->months);
    }
    if (interval->days) {
        pni_buf_printf(out, "%" PRId32 "D", interval->days);
    }
    if (ticks || (!interval->months && !interval->days)) {
        pni_buf_putc(out, 'T');
        put_seconds(ticks, nanos ? 1000000000 : 1000, out);
        pni_buf_putc(out, 'S');
    }
}
