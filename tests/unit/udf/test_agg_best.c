/* arg_min, arg_max and their kin: the vectors, and random rows against a plain search. */
#include "t.h"

#include "agg_call.h"

#include <stdio.h>

#define PAIR                                                                                       \
    "[{\"name\":\"value\",\"type\":\"u\",\"nullable\":true},"                                      \
    "{\"name\":\"key\",\"type\":\"l\",\"nullable\":true}]"

static agg_run run_of(const char *name) {
    return (agg_run){agg_named(name), PAIR, false, false};
}

static void expect(const char *name, json_t *rows, const char *want) {
    agg_run run = run_of(name);
    PNI_AUTO_PTR(json_t) got = agg_once(&run, rows);
    PNI_AUTO_PTR(pni_text) text = json_dumps(got, JSON_COMPACT);
    T_EQ_STR(text, want);
    json_decref(rows);
}

T_CASE(vectors) {
    expect("asof_select", json_pack("[[si][si][si]]", "a", 1, "b", 3, "c", 2), "[\"b\"]");
    expect("arg_max", json_pack("[[si][si][si]]", "a", 1, "b", 3, "c", 2), "[\"b\"]");
    expect("arg_min", json_pack("[[si][si][si]]", "a", 5, "b", -3, "c", 2), "[\"b\"]");
    expect("any_value_det", json_pack("[[si][si]]", "b", 1, "a", 1), "[\"a\"]");
    expect("arg_max", json_pack("[[si][si][si]]", "b", 7, "a", 7, "ab", 7), "[\"a\"]");
}

T_CASE(nulls_do_not_count) {
    expect("arg_min", json_array(), "[null]");
    expect("arg_min", json_pack("[[ni][sn]]", 1, "a"), "[null]");
    expect("arg_max", json_pack("[[ni][sn][si]]", 9, "a", "z", 1), "[\"z\"]");
}

T_CASE(the_ends_of_the_keys) {
    expect(
        "arg_min",
        json_pack("[[sI][sI][sI]]", "least", INT64_MIN, "zero", (json_int_t)0, "most", INT64_MAX),
        "[\"least\"]");
    expect(
        "arg_max",
        json_pack("[[sI][sI][sI]]", "least", INT64_MIN, "zero", (json_int_t)0, "most", INT64_MAX),
        "[\"most\"]");
}

/* ---- random -----------------------------------------------------------------------------------
 */

static json_t *random_row(uint64_t random) {
    char text[32];
    snprintf(text, sizeof text, "v%llu", (unsigned long long)(random / 7 % 25));
    json_int_t key = (json_int_t)(random / 1000 % 31) - 15;
    return random % 13 == 0   ? json_pack("[nI]", key)
           : random % 17 == 0 ? json_pack("[sn]", text)
                              : json_pack("[sI]", text, key);
}

static json_t *plain_best(const json_t *rows, int sign) {
    const char *best = NULL;
    json_int_t best_key = 0;
    for (size_t i = 0; i < json_array_size(rows); i++) {
        const json_t *row = json_array_get(rows, i);
        const char *text = json_string_value(json_array_get(row, 0));
        if (!text || json_is_null(json_array_get(row, 1))) {
            continue;
        }
        json_int_t key = sign * json_integer_value(json_array_get(row, 1));
        if (!best || key < best_key || (key == best_key && strcmp(text, best) < 0)) {
            best = text;
            best_key = key;
        }
    }
    return best ? json_string(best) : json_null();
}

static json_t *plain_min(const json_t *rows, bool ignore_nulls) {
    (void)ignore_nulls;
    return plain_best(rows, 1);
}

static json_t *plain_max(const json_t *rows, bool ignore_nulls) {
    (void)ignore_nulls;
    return plain_best(rows, -1);
}

T_CASE(random_rows_give_what_a_plain_search_gives) {
    for (uint64_t seed = 1; seed <= 12; seed++) {
        agg_random least = {run_of(seed % 2 ? "arg_min" : "any_value_det"), random_row, plain_min};
        agg_check_random(&least, seed);
        agg_random most = {run_of(seed % 2 ? "arg_max" : "asof_select"), random_row, plain_max};
        agg_check_random(&most, seed + 100);
    }
}

T_CASE(a_window_that_slides_for_long_stays_small) {
    agg_run run = run_of("arg_min");
    run.is_sliding = true;
    void *state = agg_new(&run);
    size_t most = 0;
    for (int i = 0; i < 20000; i++) {
        PNI_AUTO_PTR(json_t) enters = json_pack("[[si]]", "value", i);
        agg_update(&run, state, enters, NULL, 1);
        if (i >= 10) {
            PNI_AUTO_PTR(json_t) leaves = json_pack("[[si]]", "value", i - 10);
            agg_retract(&run, state, leaves);
        }
        PNI_AUTO_PTR(json_t) top = agg_evaluate(&run, state, 1, true);
        T_EQ_STR(json_string_value(json_array_get(top, 0)), "value");
        size_t size = run.table->size(state);
        most = size > most ? size : most;
    }
    agg_free(&run, state);
    T_ASSERT(most < 64 * 1024);
}

T_CASE(forged_states_are_refused) {
    static const struct {
        const char *bytes;
        size_t len;
    } forged[] = {{"", 0}, {"\2", 1}, {"\1abc", 4}, {"\1abcdefgh\xff", 10}};
    agg_run run = run_of("arg_min");
    char message[256] = "";
    T_EQ_INT(agg_merge_bytes(&run, "\1", 1, message), 0);
    T_EQ_INT(agg_merge_bytes(&run, "\1abcdefghtext", 13, message), 0);
    for (size_t i = 0; i < sizeof forged / sizeof forged[0]; i++) {
        T_ASSERT(agg_merge_bytes(&run, forged[i].bytes, forged[i].len, message) != 0);
        T_ASSERT(strstr(message, "arg_min: a partial state") != NULL);
    }
}
