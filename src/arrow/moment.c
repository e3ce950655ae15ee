/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reads what calendar.c writes, and the usual variants: "T" or a blank between date and time, "Z"
 * or an offset, weeks, hours and minutes in spans. Nothing is rounded: a fraction finer than the
 * unit is refused unless it is zero. Offsets are applied, so a zoned text always gives the instant
 * in UTC.
 */
#include "arrow/arrow_priv.h"

#define DAY 86400

static bool read_digits(const char **at, int least, int most, int64_t *out) {
    int64_t value = 0;
    int count = 0;
    for (; count < most && **at >= '0' && **at <= '9'; (*at)++, count++) {
        value = value * 10 + (**at - '0');
    }
    *out = value;
    return count >= least;
}

static bool take(const char **at, char c) {
    if (**at != c) {
        return false;
    }
    (*at)++;
    return true;
}

static int64_t month_days(int64_t year, int64_t month) {
    static const int8_t days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
    return days[month - 1] + (leap && month == 2);
}

static bool take_date(const char **at, int64_t *days_out) {
    bool negative = **at == '-';
    bool sign = negative || **at == '+';
    *at += sign;
    int64_t year;
    int64_t month;
    int64_t day;
    if (!read_digits(at, 4, sign ? 12 : 4, &year) || !take(at, '-') ||
        !read_digits(at, 2, 2, &month) || !take(at, '-') || !read_digits(at, 2, 2, &day)) {
        return false;
    }
    year = negative ? -year : year;
    if (month < 1 || month > 12 || day < 1 || day > month_days(year, month)) {
        return false;
    }
    int64_t shifted = year - (month <= 2); /* years that start in March */
    int64_t era = shifted / 400 - (shifted % 400 < 0);
    int64_t of_era = shifted - era * 400;
    int64_t of_year = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1;
    *days_out = era * 146097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719468;
    return true;
}

/* ".123" in ticks; digits beyond the unit must be zero. Nothing there is zero ticks. */
static bool take_fraction(const char **at, int64_t per_second, int64_t *ticks_out) {
    int64_t ticks = 0;
    int64_t unit = per_second;
    if (take(at, '.')) {
        if (**at < '0' || **at > '9') {
            return false;
        }
        for (; **at >= '0' && **at <= '9'; (*at)++) {
            unit /= 10;
            if (unit == 0 && **at != '0') {
                return false;
            }
            ticks += (**at - '0') * unit;
        }
    }
    *ticks_out = ticks;
    return true;
}

static bool take_clock(const char **at, int64_t per_second, int64_t *seconds_out,
                       int64_t *ticks_out) {
    int64_t hour;
    int64_t minute;
    int64_t second = 0;
    *ticks_out = 0;
    if (!read_digits(at, 2, 2, &hour) || !take(at, ':') || !read_digits(at, 2, 2, &minute)) {
        return false;
    }
    if (take(at, ':') &&
        (!read_digits(at, 2, 2, &second) || !take_fraction(at, per_second, ticks_out))) {
        return false;
    }
    *seconds_out = hour * 3600 + minute * 60 + second;
    return hour < 24 && minute < 60 && second < 60;
}

bool pni_arrow_read_date(const char *text, int64_t *days_out) {
    return take_date(&text, days_out) && *text == '\0';
}

bool pni_arrow_read_clock(const char *text, int64_t per_second, int64_t *ticks_out) {
    int64_t seconds;
    int64_t part;
    if (!take_clock(&text, per_second, &seconds, &part) || *text) {
        return false;
    }
    *ticks_out = seconds * per_second + part;
    return true;
}

static bool take_offset(const char **at, int64_t *seconds_out) {
    *seconds_out = 0;
    if (take(at, 'Z') || take(at, 'z')) {
        return true;
    }
    bool negative = **at == '-';
    int64_t hours;
    int64_t minutes = 0;
    if ((!take(at, '+') && !take(at, '-')) || !read_digits(at, 2, 2, &hours)) {
        return false;
    }
    if ((take(at, ':') || **at) && !read_digits(at, 2, 2, &minutes)) {
        return false;
    }
    *seconds_out = (negative ? -60 : 60) * (hours * 60 + minutes);
    return hours < 24 && minutes < 60;
}

bool pni_arrow_read_timestamp(const char *text, int64_t per_second, bool zoned,
                              int64_t *ticks_out) {
    int64_t days;
    int64_t seconds = 0;
    int64_t part = 0;
    int64_t offset = 0;
    if (!take_date(&text, &days)) {
        return false;
    }
    if (*text == 'T' || *text == 't' || *text == ' ') {
        text++;
        if (!take_clock(&text, per_second, &seconds, &part)) {
            return false;
        }
        if (zoned && !take_offset(&text, &offset)) {
            return false;
        }
    }
    /* The floor of the seconds can be below the range while the sum is inside it: widen. */
    __extension__ __int128 ticks = days;
    ticks = (ticks * DAY + seconds - offset) * per_second + part;
    *ticks_out = (int64_t)ticks;
    return *text == '\0' && ticks >= INT64_MIN && ticks <= INT64_MAX;
}

/* One "12.5S" of a span: the number in ticks of 1/scale, exact, and its letter. */
static bool take_span_part(const char **at, int64_t scale, int64_t *ticks_out, char *letter_out) {
    bool negative = take(at, '-');
    int64_t whole = 0;
    if (**at < '0' || **at > '9') {
        return false;
    }
    for (; **at >= '0' && **at <= '9'; (*at)++) {
        int digit = **at - '0';
        if (__builtin_mul_overflow(whole, 10, &whole) ||
            __builtin_add_overflow(whole, negative ? -digit : digit, &whole)) {
            return false;
        }
    }
    int64_t part;
    if (__builtin_mul_overflow(whole, scale, &whole) || !take_fraction(at, scale, &part) ||
        __builtin_add_overflow(whole, negative ? -part : part, ticks_out) || !**at) {
        return false;
    }
    *letter_out = *(*at)++;
    return true;
}

typedef struct span {
    int64_t months;
    int64_t days;
    int64_t ticks;
} span;

static bool add(int64_t *sum, int64_t value, int64_t times) {
    return !__builtin_mul_overflow(value, times, &value) &&
           !__builtin_add_overflow(*sum, value, sum);
}

static bool add_date_part(span *out, int64_t value, char letter) {
    switch (letter) {
    case 'Y':
        return add(&out->months, value, 12);
    case 'M':
        return add(&out->months, value, 1);
    case 'W':
        return add(&out->days, value, 7);
    case 'D':
        return add(&out->days, value, 1);
    default:
        return false;
    }
}

static bool read_span(const char *text, int64_t per_second, span *out) {
    *out = (span){0};
    bool timed = false;
    if (!take(&text, 'P') || !*text) {
        return false;
    }
    while (*text) {
        if (!timed && take(&text, 'T')) {
            timed = true;
            continue;
        }
        int64_t value;
        char letter;
        if (!take_span_part(&text, timed ? per_second : 1, &value, &letter)) {
            return false;
        }
        int64_t times = letter == 'H' ? 3600 : letter == 'M' ? 60 : 1;
        if (timed && (!strchr("HMS", letter) || !add(&out->ticks, value, times))) {
            return false;
        }
        if (!timed && !add_date_part(out, value, letter)) {
            return false;
        }
    }
    return true;
}

bool pni_arrow_read_duration(const char *text, int64_t per_second, int64_t *ticks_out) {
    span parts;
    if (!read_span(text, per_second, &parts) || parts.months ||
        !add(&parts.ticks, parts.days, DAY * per_second)) {
        return false;
    }
    *ticks_out = parts.ticks;
    return true;
}

bool pni_arrow_read_interval(const char *text, struct ArrowInterval *interval) {
    bool nanos = interval->type == NANOARROW_TYPE_INTERVAL_MONTH_DAY_NANO;
    bool months_only = interval->type == NANOARROW_TYPE_INTERVAL_MONTHS;
    span parts;
    if (!read_span(text, nanos ? 1000000000 : 1000, &parts) ||
        parts.months != (int32_t)parts.months || parts.days != (int32_t)parts.days ||
        (!nanos && parts.ticks != (int32_t)parts.ticks)) {
        return false;
    }
    if ((months_only && (parts.days || parts.ticks)) ||
        (interval->type == NANOARROW_TYPE_INTERVAL_DAY_TIME && parts.months)) {
        return false;
    }
    interval->months = (int32_t)parts.months;
    interval->days = (int32_t)parts.days;
    interval->ms = nanos ? 0 : (int32_t)parts.ticks;
    interval->ns = nanos ? parts.ticks : 0;
    return true;
}
