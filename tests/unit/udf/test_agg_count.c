/* count_if. */
#include "t.h"

#include "agg_call.h"

static agg_run count_if(void) {
    return (agg_run){agg_named("count_if"),
                     "[{\"name\":\"condition\",\"type\":\"b\",\"nullable\":true}]", false, false};
}

T_CASE(counts_what_is_true) {
    agg_run run = count_if();
    PNI_AUTO_PTR(json_t) rows = json_pack("[[b][b][n][b]]", 1, 0, 1);
    PNI_AUTO_PTR(json_t) got = agg_once(&run, rows);
    T_EQ_INT(json_integer_value(json_array_get(got, 0)), 2);
    PNI_AUTO_PTR(json_t) nothing = json_array();
    PNI_AUTO_PTR(json_t) zero = agg_once(&run, nothing);
    T_ASSERT(json_is_integer(json_array_get(zero, 0)));
    T_EQ_INT(json_integer_value(json_array_get(zero, 0)), 0);
}

static json_t *random_row(uint64_t random) {
    return random % 5 == 0 ? json_pack("[n]") : json_pack("[b]", (int)(random % 2));
}

static json_t *plain_count(const json_t *rows, bool ignore_nulls) {
    (void)ignore_nulls;
    json_int_t count = 0;
    for (size_t i = 0; i < json_array_size(rows); i++) {
        count += json_is_true(json_array_get(json_array_get(rows, i), 0));
    }
    return json_integer(count);
}

T_CASE(random_rows_give_what_counting_gives) {
    for (uint64_t seed = 1; seed <= 12; seed++) {
        agg_random of = {count_if(), random_row, plain_count};
        agg_check_random(&of, seed);
    }
}
