/* interval_align against a look at every pair. */
#include "t.h"
#include "win_call.h"

#include <stdio.h>

#define COLUMNS                                                                                    \
    "[{\"name\":\"is_left\",\"type\":\"b\",\"nullable\":true},"                                    \
    "{\"name\":\"bstart\",\"type\":\"l\",\"nullable\":true},"                                      \
    "{\"name\":\"bend\",\"type\":\"l\",\"nullable\":true},"                                        \
    "{\"name\":\"value\",\"type\":\"u\",\"nullable\":true},"                                       \
    "{\"name\":\"mode\",\"type\":\"u\",\"nullable\":true},"                                        \
    "{\"name\":\"how\",\"type\":\"u\",\"nullable\":true}]"
#define CONSTANTS (1u << 4 | 1u << 5)

/* rows: is_left, start, end, value; mode and how are added. */
static json_t *align(const json_t *rows, const char *mode, const char *how, char message[256]) {
    PNI_AUTO_PTR(json_t) full = json_array();
    for (size_t i = 0; i < json_array_size(rows); i++) {
        json_t *row = json_copy(json_array_get(rows, i));
        json_array_append_new(row, json_string(mode));
        json_array_append_new(row, json_string(how));
        json_array_append_new(full, row);
    }
    return win_call(win_named("interval_align"), COLUMNS, full, CONSTANTS, message);
}

static json_t *aligned(const json_t *rows, const char *mode, const char *how) {
    char message[256];
    json_t *made = align(rows, mode, how, message);
    if (!made) {
        T_FAIL("%s", message);
    }
    return made;
}

/* left 0..10 and 20..30, right inside, across, equal */
static json_t *sample(void) {
    return json_pack("[[biis][biin][biis][biis][biis][biis][bnis]]", 1, 0, 10, "l1", 1, 20, 30, 0,
                     2, 5, "c", 0, 4, 7, "b", 0, 8, 22, "x", 0, 0, 10, "e", 1, 3, "l3");
}

static void expect_first(const char *mode, const char *value, int candidates) {
    PNI_AUTO_PTR(json_t) rows = sample();
    PNI_AUTO_PTR(json_t) got = aligned(rows, mode, "inner");
    const json_t *match = json_array_get(got, 0);
    T_EQ_STR(pni_json_text(match, "value"), value);
    T_EQ_STR(pni_json_text(match, "match_kind"), mode);
    T_EQ_INT(json_integer_value(json_object_get(match, "candidates")), candidates);
    T_ASSERT(json_is_null(json_array_get(got, 2))); /* a right row */
}

T_CASE(the_shortest_then_the_first) {
    expect_first("EXACT", "e", 1);
    expect_first("CONTAINED_BEST", "c", 3); /* c and b are 3 long, c starts first */
    expect_first("OVERLAP_BEST", "c", 4);
}

T_CASE(unmatched_rows_of_the_left) {
    PNI_AUTO_PTR(json_t) rows = sample();
    PNI_AUTO_PTR(json_t) inner = aligned(rows, "EXACT", "inner");
    T_ASSERT(json_is_null(json_array_get(inner, 1)));
    T_ASSERT(json_is_null(json_array_get(inner, 6)));
    PNI_AUTO_PTR(json_t) left = aligned(rows, "EXACT", "LEFT");
    T_EQ_STR(pni_json_text(json_array_get(left, 1), "match_kind"), "NO_MATCH");
    T_EQ_STR(pni_json_text(json_array_get(left, 6), "match_kind"), "NO_PATH_OR_SPAN");
    T_ASSERT(json_is_null(json_object_get(json_array_get(left, 1), "score")));
    T_ASSERT(json_is_null(json_array_get(left, 2)));
}

T_CASE(wrong_choices) {
    char message[256];
    PNI_AUTO_PTR(json_t) rows = sample();
    T_ASSERT(align(rows, "NEAREST", "inner", message) == NULL);
    T_EQ_STR(message, "interval_align: argument 5 is 'NEAREST', not EXACT, CONTAINED_BEST or "
                      "OVERLAP_BEST");
    T_ASSERT(align(rows, "EXACT", "outer", message) == NULL);
    T_EQ_STR(message, "interval_align: argument 6 is 'outer', not inner or left");
}

T_CASE(an_empty_partition) {
    PNI_AUTO_PTR(json_t) rows = json_array();
    PNI_AUTO_PTR(json_t) got = aligned(rows, "EXACT", "inner");
    T_EQ_INT(json_array_size(got), 0);
}

T_CASE(the_ends_of_the_numbers) {
    PNI_AUTO_PTR(json_t)
    rows = json_pack("[[bIIs][bIIs][bIIs]]", 1, INT64_MIN, INT64_MAX, "all", 0, INT64_MIN,
                     INT64_MAX, "same", 0, (json_int_t)INT64_MAX - 1, INT64_MAX, "end");
    PNI_AUTO_PTR(json_t) inside = aligned(rows, "CONTAINED_BEST", "inner");
    T_EQ_STR(pni_json_text(json_array_get(inside, 0), "value"), "end");
    PNI_AUTO_PTR(json_t) overlap = aligned(rows, "OVERLAP_BEST", "inner");
    T_EQ_STR(pni_json_text(json_array_get(overlap, 0), "value"), "end");
    T_EQ_INT(json_integer_value(json_object_get(json_array_get(overlap, 0), "candidates")), 2);
}

/* ---- against every pair -----------------------------------------------------------------------
 */

static int64_t at(const json_t *row, size_t index) {
    return json_integer_value(json_array_get(row, index));
}

static bool has_span(const json_t *row) {
    return json_is_integer(json_array_get(row, 1)) && json_is_integer(json_array_get(row, 2));
}

static bool is_candidate(const json_t *l, const json_t *r, const char *mode) {
    if (pni_streq(mode, "EXACT")) {
        return at(r, 1) == at(l, 1) && at(r, 2) == at(l, 2);
    }
    if (pni_streq(mode, "CONTAINED_BEST")) {
        return at(r, 1) >= at(l, 1) && at(r, 2) <= at(l, 2);
    }
    return at(r, 2) > at(l, 1) && at(r, 1) < at(l, 2);
}

static int64_t length(const json_t *row) {
    return at(row, 2) > at(row, 1) ? at(row, 2) - at(row, 1) : 0;
}

static bool is_better(const json_t *a, const json_t *b) {
    if (length(a) != length(b)) {
        return length(a) < length(b);
    }
    if (at(a, 1) != at(b, 1)) {
        return at(a, 1) < at(b, 1);
    }
    if (at(a, 2) != at(b, 2)) {
        return at(a, 2) < at(b, 2);
    }
    const char *x = json_string_value(json_array_get(a, 3));
    const char *y = json_string_value(json_array_get(b, 3));
    return x && y ? strcmp(x, y) < 0 : x != NULL;
}

static json_t *brute_force(const json_t *rows, const json_t *left, const char *mode) {
    const json_t *best = NULL;
    json_int_t candidates = 0;
    for (size_t i = 0; i < json_array_size(rows); i++) {
        const json_t *row = json_array_get(rows, i);
        if (json_is_false(json_array_get(row, 0)) && has_span(row) &&
            is_candidate(left, row, mode)) {
            candidates++;
            best = !best || is_better(row, best) ? row : best;
        }
    }
    if (!best) {
        return json_pack("{s:s, s:n, s:n, s:n, s:n, s:i}", "match_kind", "NO_MATCH", "value",
                         "right_start", "right_end", "score", "candidates", 0);
    }
    return json_pack("{s:s, s:O, s:I, s:I, s:f, s:I}", "match_kind", mode, "value",
                     json_array_get(best, 3), "right_start", at(best, 1), "right_end", at(best, 2),
                     "score", 0.0 - (double)length(best), "candidates", candidates);
}

static uint64_t next_random(uint64_t *state) {
    *state ^= *state << 13;
    *state ^= *state >> 7;
    *state ^= *state << 17;
    return *state >> 11;
}

/* Few positions, so that bounds touch and ties are common; some spans are empty or turned round. */
static json_t *random_rows(uint64_t *random) {
    json_t *rows = json_array();
    size_t count = next_random(random) % 120;
    for (size_t i = 0; i < count; i++) {
        int start = (int)(next_random(random) % 25);
        int end = start + (int)(next_random(random) % 9) - 1;
        int is_left = (int)(next_random(random) % 2);
        char value[8];
        snprintf(value, sizeof value, "v%d", (int)(next_random(random) % 6));
        json_t *row = json_pack("[b, i, i, s]", is_left, start, end, value);
        uint64_t null_at = next_random(random) % 40;
        if (null_at < 4) {
            json_array_set_new(row, null_at, json_null());
        }
        json_array_append_new(rows, row);
    }
    return rows;
}

static void check_rows(const json_t *rows, const char *mode) {
    PNI_AUTO_PTR(json_t) got = aligned(rows, mode, "left");
    for (size_t i = 0; i < json_array_size(rows); i++) {
        const json_t *row = json_array_get(rows, i);
        if (!json_is_true(json_array_get(row, 0)) || !has_span(row)) {
            continue;
        }
        PNI_AUTO_PTR(json_t) want = brute_force(rows, row, mode);
        PNI_AUTO_PTR(pni_text) want_text = json_dumps(want, JSON_SORT_KEYS);
        PNI_AUTO_PTR(pni_text) got_text = json_dumps(json_array_get(got, i), JSON_SORT_KEYS);
        T_EQ_STR(got_text, want_text);
    }
}

T_CASE(random_intervals_give_what_every_pair_gives) {
    uint64_t random = 20260101;
    for (int i = 0; i < 120; i++) {
        PNI_AUTO_PTR(json_t) rows = random_rows(&random);
        check_rows(rows, "EXACT");
        check_rows(rows, "CONTAINED_BEST");
        check_rows(rows, "OVERLAP_BEST");
    }
}
