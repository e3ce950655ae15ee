/* list_unique, collect_set, count_distinct_agg: the vectors, and random rows against plain lists.
 */
#include "t.h"

#include "agg_call.h"

#include <stdio.h>
#include <stdlib.h>

#define TEXT "[{\"name\":\"value\",\"type\":\"u\",\"nullable\":true}]"

static agg_run run_of(const char *name, bool ignore_nulls) {
    return (agg_run){agg_named(name), TEXT, ignore_nulls, false};
}

/* rows and result as JSON with ' for ". */
static json_t *parse(const char *text) {
    char *copy = pni_strdup(text);
    for (char *c = copy; *c; c++) {
        *c = *c == '\'' ? '"' : *c;
    }
    json_t *value = json_loads(copy, 0, NULL);
    T_ASSERT(value != NULL);
    pni_free(copy);
    return value;
}

static void expect(const char *name, bool ignore_nulls, const char *rows, const char *want) {
    agg_run run = run_of(name, ignore_nulls);
    PNI_AUTO_PTR(json_t) in = parse(rows);
    PNI_AUTO_PTR(json_t) wanted = parse(want);
    PNI_AUTO_PTR(json_t) got = agg_once(&run, in);
    PNI_AUTO_PTR(pni_text) got_text = json_dumps(got, JSON_COMPACT);
    PNI_AUTO_PTR(pni_text) want_text = json_dumps(wanted, JSON_COMPACT);
    T_EQ_STR(got_text, want_text);
}

T_CASE(lists_are_sorted_with_null_last) {
    expect("list_unique", false, "[['a'],[null],['a']]", "[['a',null]]");
    expect("list_unique", true, "[['a'],[null],['a']]", "[['a']]");
    expect("collect_set", false, "[['b'],['a'],['B'],[''],['ab'],['é']]",
           "[['','B','a','ab','b','é']]");
    expect("list_unique", false, "[]", "[[]]");
    expect("list_unique", true, "[[null]]", "[[]]");
    expect("collect_set", false, "[[null],[null]]", "[[null]]");
}

T_CASE(distinct_counts) {
    expect("count_distinct_agg", true, "[['a'],[null]]", "[1]");
    expect("count_distinct_agg", false, "[['a'],[null]]", "[2]");
    expect("count_distinct_agg", false, "[]", "[0]");
    expect("count_distinct_agg", false, "[['a'],['b'],['a'],['']]", "[3]");
}

/* ROWS 1 PRECEDING. */
static void expect_pairs(const char *name, bool ignore_nulls, const char *rows, const char *want) {
    agg_run run = run_of(name, ignore_nulls);
    run.is_sliding = true;
    PNI_AUTO_PTR(json_t) in = parse(rows);
    PNI_AUTO_PTR(json_t) wanted = parse(want);
    void *state = agg_new(&run);
    PNI_AUTO_PTR(json_t) got = json_array();
    for (size_t i = 0; i < json_array_size(in); i++) {
        PNI_AUTO_PTR(json_t) enters = json_pack("[O]", json_array_get(in, i));
        agg_update(&run, state, enters, NULL, 1);
        if (i >= 2) {
            PNI_AUTO_PTR(json_t) leaves = json_pack("[O]", json_array_get(in, i - 2));
            agg_retract(&run, state, leaves);
        }
        PNI_AUTO_PTR(json_t) value = agg_evaluate(&run, state, 1, true);
        json_array_extend(got, value);
    }
    agg_free(&run, state);
    PNI_AUTO_PTR(pni_text) got_text = json_dumps(got, JSON_COMPACT);
    PNI_AUTO_PTR(pni_text) want_text = json_dumps(wanted, JSON_COMPACT);
    T_EQ_STR(got_text, want_text);
}

T_CASE(windows_of_two_rows) {
    expect_pairs("list_unique", false, "[['a'],['b'],['c']]", "[['a'],['a','b'],['b','c']]");
    expect_pairs("count_distinct_agg", false, "[['a'],['b'],['b']]", "[1,2,1]");
    expect_pairs("count_distinct_agg", true, "[['a'],['b'],['a'],[null]]", "[1,2,2,1]");
}

/* ---- random -----------------------------------------------------------------------------------
 */

static json_t *random_row(uint64_t random) {
    char text[64];
    if (random % 11 == 0) {
        return json_pack("[n]");
    }
    snprintf(text, sizeof text, "%s%llu", random % 3 ? "" : "a longer text with a number ",
             (unsigned long long)(random / 11 % 40));
    return json_pack("[s]", text);
}

static int by_text(const void *a, const void *b) {
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* Insertion into a plain array, each looked for from its start. */
static json_t *plain_list(const json_t *rows, bool ignore_nulls) {
    const char *texts[512];
    size_t count = 0;
    bool has_null = false;
    for (size_t i = 0; i < json_array_size(rows); i++) {
        const char *text = json_string_value(json_array_get(json_array_get(rows, i), 0));
        size_t at = 0;
        while (text && at < count && strcmp(texts[at], text) != 0) {
            at++;
        }
        if (text && at == count) {
            texts[count++] = text;
        }
        has_null = has_null || !text;
    }
    qsort(texts, count, sizeof texts[0], by_text);
    json_t *list = json_array();
    for (size_t i = 0; i < count; i++) {
        json_array_append_new(list, json_string(texts[i]));
    }
    if (has_null && !ignore_nulls) {
        json_array_append_new(list, json_null());
    }
    return list;
}

static json_t *plain_count(const json_t *rows, bool ignore_nulls) {
    PNI_AUTO_PTR(json_t) list = plain_list(rows, ignore_nulls);
    return json_integer((json_int_t)json_array_size(list));
}

T_CASE(random_rows_give_what_a_plain_list_gives) {
    for (uint64_t seed = 1; seed <= 12; seed++) {
        bool ignore = seed % 2 == 0;
        agg_random list = {run_of("list_unique", ignore), random_row, plain_list};
        agg_check_random(&list, seed);
        agg_random count = {run_of("count_distinct_agg", ignore), random_row, plain_count};
        agg_check_random(&count, seed + 100);
    }
}

/* ---- storage and hostile states ---------------------------------------------------------------
 */

T_CASE(a_window_that_slides_for_long_stays_small) {
    agg_run run = run_of("list_unique", false);
    run.is_sliding = true;
    void *state = agg_new(&run);
    size_t most = 0;
    for (int i = 0; i < 20000; i++) {
        PNI_AUTO_PTR(json_t) enters = json_pack("[[s]]", "");
        PNI_AUTO_PTR(json_t) leaves = json_pack("[[s]]", "");
        char text[32];
        snprintf(text, sizeof text, "value %d", i);
        json_array_set_new(json_array_get(enters, 0), 0, json_string(text));
        snprintf(text, sizeof text, "value %d", i - 10);
        json_array_set_new(json_array_get(leaves, 0), 0, json_string(text));
        agg_update(&run, state, enters, NULL, 1);
        if (i >= 10) {
            agg_retract(&run, state, leaves);
        }
        size_t size = run.table->size(state);
        most = size > most ? size : most;
    }
    agg_free(&run, state);
    T_ASSERT(most < 64 * 1024);
}

T_CASE(an_emitted_state_holds_nothing) {
    agg_run run = run_of("collect_set", false);
    void *state = agg_new(&run);
    void *other = agg_new(&run);
    size_t empty = run.table->size(state);
    PNI_AUTO_PTR(json_t) rows = json_array();
    for (int i = 0; i < 1000; i++) {
        char text[32];
        snprintf(text, sizeof text, "value %d", i);
        json_array_append_new(rows, json_pack("[s]", text));
    }
    agg_update(&run, state, rows, NULL, 1);
    T_ASSERT(run.table->size(state) > empty + 1000 * sizeof(int64_t));
    agg_move(&run, state, other, 1, 0);
    T_ASSERT(run.table->size(state) < empty + 64 * 1024);
    agg_free(&run, state);
    agg_free(&run, other);
}

static void refused(const char *name, const void *bytes, size_t len) {
    char message[256] = "";
    agg_run run = run_of(name, false);
    T_ASSERT(agg_merge_bytes(&run, bytes, len, message) != 0);
    T_ASSERT(strstr(message, "partial state") != NULL);
}

T_CASE(forged_states_are_refused) {
    char message[256] = "";
    agg_run run = run_of("list_unique", false);
    T_EQ_INT(agg_merge_bytes(&run, "\1\0\1\1\1a", 6, message), 0);
    refused("list_unique", "", 0);
    refused("list_unique", "\2\0\0", 3);         /* another version */
    refused("list_unique", "\1\0\1\1\2a", 6);    /* the text is cut off */
    refused("list_unique", "\1\0\1\0\1a", 6);    /* counted 0 times */
    refused("list_unique", "\1\0\1\1\1\xff", 6); /* no UTF-8 */
    refused("list_unique", "\1\0\1\1\1ab", 7);   /* more than it says */
    refused("list_unique", "\1\0\2\1\1a", 6);    /* less than it says */
    refused("list_unique", "\1\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01\0", 14);
    refused("count_distinct_agg", "\1\0\xff\xff\xff\xff\xff\xff\xff\xff\x7f", 11);
}
