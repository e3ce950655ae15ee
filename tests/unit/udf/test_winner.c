/* winner_select and dedupe_keep: one row of a partition, by exact rules. */
#include "t.h"
#include "win_call.h"

#define TEXT_THEN(order, columns)                                                                  \
    "[{\"name\":\"order\",\"type\":\"u\",\"nullable\":true}," columns "]"
#define FIELD(name, type) "{\"name\":\"" name "\",\"type\":\"" type "\",\"nullable\":true}"
#define SCORED TEXT_THEN("order", FIELD("score", "g") "," FIELD("tie", "u"))

/* Rows of score and tie; gives the row that wins. */
static int64_t winner(const char *order, json_t *rows) {
    char message[256];
    PNI_AUTO_PTR(json_t) full = json_array();
    for (size_t i = 0; i < json_array_size(rows); i++) {
        json_t *row = json_pack("[s]", order);
        json_array_extend(row, json_array_get(rows, i));
        json_array_append_new(full, row);
    }
    json_decref(rows);
    PNI_AUTO_PTR(json_t) got = win_call(win_named("winner_select"), SCORED, full, 1, message);
    if (!got) {
        T_FAIL("%s", message);
    }
    int64_t found = -1;
    for (size_t i = 0; i < json_array_size(got); i++) {
        if (json_is_true(json_array_get(got, i))) {
            T_EQ_INT(found, -1); /* one wins */
            found = (int64_t)i;
        }
    }
    return found;
}

T_CASE(orders_and_ties) {
    T_EQ_INT(winner("desc", json_pack("[[fs][fs][fs]]", 1.0, "a", 2.5, "b", 2.5, "aa")), 2);
    T_EQ_INT(winner("desc, desc", json_pack("[[fs][fs][fs]]", 1.0, "a", 2.5, "b", 2.5, "aa")), 1);
    T_EQ_INT(winner("asc", json_pack("[[fs][fs]]", 1.0, "z", 2.0, "a")), 0);
    T_EQ_INT(winner("", json_pack("[[fs][fs]]", 3.0, "z", 2.0, "a")), 1);
    T_EQ_INT(winner(" DESC ,asc", json_pack("[[fs][fs]]", 1.0, "z", 1.0, "a")), 1);
    T_EQ_INT(winner("desc", json_pack("[[fs][fs]]", 1.0, "a", 1.0, "a")), 0); /* the first */
}

T_CASE(nulls_come_last_either_way) {
    T_EQ_INT(winner("desc", json_pack("[[ns][fs]]", "a", -5.0, "b")), 1);
    T_EQ_INT(winner("asc", json_pack("[[ns][fs]]", "a", 5.0, "b")), 1);
    T_EQ_INT(winner("asc", json_pack("[[fn][fs]]", 5.0, 5.0, "b")), 1);
    T_EQ_INT(winner("asc", json_pack("[[ns][ns]]", "b", "a")), 1);
}

static void fails(const char *order, const char *part) {
    char message[256];
    PNI_AUTO_PTR(json_t) rows = json_pack("[[sfs]]", order, 1.0, "a");
    T_ASSERT(win_call(win_named("winner_select"), SCORED, rows, 1, message) == NULL);
    T_ASSERT(strstr(message, part) != NULL);
}

T_CASE(wrong_orders) {
    fails("down", "'down' is no order");
    fails("asc,desc,asc", "each of the 2 columns");
    fails("asc,,", "'' is no order");
}

/* ---- dedupe_keep ------------------------------------------------------------------------------
 */

#define STRATEGY                                                                                   \
    "[" FIELD("strategy", "u") "," FIELD("order", "u") "," FIELD("score", "l") "," FIELD("tie",    \
                                                                                         "l") "]"

static int64_t kept(const char *strategy, const char *order) {
    char message[256];
    PNI_AUTO_PTR(json_t)
    rows = json_pack("[[ssii][ssii][ssii]]", strategy, order, 10, 2, strategy, order, 9, 1,
                     strategy, order, 10, 1);
    PNI_AUTO_PTR(json_t) got = win_call(win_named("dedupe_keep"), STRATEGY, rows, 3, message);
    if (!got) {
        T_FAIL("%s", message);
    }
    for (size_t i = 0; i < 3; i++) {
        if (json_is_true(json_array_get(got, i))) {
            return (int64_t)i;
        }
    }
    return -1;
}

T_CASE(strategies) {
    T_EQ_INT(kept("KEEP_BEST_BY_SCORE", ""), 2);
    T_EQ_INT(kept("keep_best_by_score", "desc,desc"), 0);
    T_EQ_INT(kept("KEEP_FIRST_AFTER_SORT", ""), 1);
    T_EQ_INT(kept("KEEP_FIRST_AFTER_SORT", "desc"), 2);
    T_EQ_INT(kept("KEEP_ARBITRARY", ""), 1);
    T_EQ_INT(kept("COLLAPSE_LIST", ""), 1);
}

T_CASE(an_unknown_strategy) {
    char message[256];
    PNI_AUTO_PTR(json_t) rows = json_pack("[[ssii]]", "KEEP_ALL", "", 1, 1);
    T_ASSERT(win_call(win_named("dedupe_keep"), STRATEGY, rows, 3, message) == NULL);
    T_ASSERT(strstr(message, "dedupe_keep: 'KEEP_ALL' is no strategy") != NULL);
}

T_CASE(columns_that_cannot_be_compared) {
    char message[256];
    PNI_AUTO_PTR(json_t) rows = json_pack("[[ss]]", "asc", "12.5");
    T_ASSERT(win_call(win_named("winner_select"), TEXT_THEN("order", FIELD("d", "d:10,2")), rows, 1,
                      message) == NULL);
    T_ASSERT(strstr(message, "argument 2 has a type that is not compared") != NULL);
}
