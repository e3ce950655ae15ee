/* Functions of every kind that packs bring, called from SQL; then what wrong packs do. */
#include "base/base.h"
#include "t.h"
#include "udf/udf.h"
#include "udf_sql.h"

static void gives(const char *sql, const char *want) {
    udf_sql_gives("all_kinds", sql, want);
}

static void fails(const char *sql, const char *part) {
    udf_sql_fails("all_kinds", sql, part);
}

T_CASE(missing_arguments_are_their_defaults) {
    gives("select scaled(5)", "110");
    gives("select scaled(n) from (values (1), (null), (3)) t(n)", "102,NULL,106");
    gives("select scaled(5, 3)", "115");
    gives("select scaled(5, 3, 1)", "16");
    fails("select scaled()", "takes 1 to 3 arguments");
}

T_CASE(options_reach_functions_through_the_plan) {
    pn_error err = PN_ERROR_INIT;
    PNI_AUTO_PTR(pni_engine_session) session = udf_sql_session("all_kinds");
    PNI_AUTO(pn_buf) got = PN_BUF_INIT;
    T_OK(pni_engine_session_set(session, "all_kinds.factor", "7", &err), &err);
    T_OK(udf_sql_evaluate(session, "select scaled(5)", &got, &err), &err);
    T_EQ_STR(pni_buf_text(&got), "135");
    PNI_AUTO_PTR(json_t) settings = NULL;
    T_OK(pni_engine_session_settings(session, &settings, &err), &err);
    T_EQ_STR(pni_json_text(settings, "all_kinds.factor"), "7");
    T_STATUS(pni_engine_session_set(session, "all_kinds.factor", "x", &err), PN_INVALID, &err);
    T_STATUS(pni_engine_session_set(session, "all_kinds.nothing", "1", &err), PN_INVALID, &err);
    T_STATUS(pni_engine_session_set(session, "nobody.factor", "1", &err), PN_INVALID, &err);
}

T_CASE(nulls_are_propagated_by_the_host) {
    gives("select scaled(n, 2, o) from (values (1, 1), (2, null), (null, 3)) t(n, o)",
          "3,NULL,NULL");
    gives("select scaled(n, null, 1) from (values (1), (2)) t(n)", "NULL,NULL");
}

T_CASE(literal_arguments) {
    gives("select scaled(n, 1 + 1, 0) from (values (4)) t(n)", "8");
    fails("select scaled(n, f, 0) from (values (4, 2)) t(n, f)", "argument 2 must be a literal");
}

T_CASE(forms) {
    gives("select arity(v) from (values ('a')) t(v)", "1");
    gives("select arity([1, 2], named_struct('a', 1)) from (values (1)) t(v)", "2");
    fails("select arity(v) from (values (1)) t(v)", "does not take Int64 as argument 1");
    fails("select arity([1], v) from (values (1)) t(v)", "as argument 2");
}

#define ROWS "(values (1, 10), (2, 20), (1, 5), (2, null), (3, 1)) t(k, n)"

T_CASE(aggregates_of_groups) {
    gives("select total(n) from " ROWS " group by k order by k", "15,1020,1");
    gives("select biggest(n) from " ROWS " group by k order by k", "10,20,1");
    gives("select total(n) filter (where n > 5) from " ROWS " group by k order by k", "10,20,0");
    gives("select total(n) ignore nulls from " ROWS " group by k order by k", "15,20,1");
}

T_CASE(aggregates_of_everything) {
    gives("select total(n) from " ROWS, "1036");
    gives("select total(n) ignore nulls from " ROWS, "36");
    gives("select total(n) filter (where k = 1) from " ROWS, "15");
    gives("select biggest(n) from " ROWS, "20");
}

T_CASE(aggregates_of_nothing) {
    gives("select total(n) from " ROWS " where k > 9", "0");
    gives("select biggest(n) from " ROWS " where k > 9", "NULL");
    gives("select (select total(n) from " ROWS " where t.k = o.k) from (values (1), (7)) o(k) "
          "order by 1",
          "0,15");
}

T_CASE(distinct_is_for_sets) {
    gives("select biggest(distinct n) from " ROWS, "20");
    gives("select biggest(distinct n), biggest(distinct k) from " ROWS, "20");
    fails("select total(distinct n) from " ROWS, "takes no DISTINCT");
    fails("select total(n order by k) from " ROWS, "takes no ORDER BY");
    fails("select biggest(n) ignore nulls from " ROWS, "biggest");
}

T_CASE(aggregates_over_windows) {
    gives("select total(n) over (order by n rows between unbounded preceding and current row) "
          "from (values (1), (2), (3)) t(n)",
          "1,3,6");
    gives("select total(n) over (order by n rows between 1 preceding and current row) "
          "from (values (1), (2), (3)) t(n)",
          "1,3,5");
    gives("select total(n) over (order by n rows between 3 preceding and 2 preceding) "
          "from (values (1), (2), (3)) t(n)",
          "0,0,1");
    gives("select biggest(n) over (order by n desc) from (values (1), (2), (3)) t(n) order by n",
          "3,3,3");
    fails("select biggest(n) over (order by n rows between 1 preceding and current row) "
          "from (values (1), (2), (3)) t(n)",
          "no way to take rows out");
}

T_CASE(window_functions) {
    gives("select rows_left(n) over (partition by k order by n) from "
          "(values (1, 1), (1, 2), (2, 7)) t(k, n) order by k, n",
          "2,1,1");
    gives("select peer_group() over (order by n) from (values (4), (4), (5), (6), (6)) t(n) "
          "order by n",
          "1,1,2,3,3");
    gives("select frame_total(n) over (order by n rows between 1 preceding and 1 following) from "
          "(values (1), (2), (3), (4)) t(n) order by n",
          "3,6,9,7");
}

/* Many groups over several partitions and batches: partial states, merging, rows turned into states
 * one by one, and the same as one thread computes. */
T_CASE(partial_states_merge) {
    gives("select count(*) from (select g, total(v) as t, sum(v) as s from (select value % 30011 "
          "as g, value as v from generate_series(1, 200000)) group by g) where t <> s",
          "0");
    gives("select sum(t) from (select total(v) as t from (select value % 7 as g, value as v from "
          "generate_series(1, 100000)) group by g)",
          "5000050000");
}

T_CASE(wrong_packs_are_told) {
    udf_sql_fails("bad_kinds", "select re_enters(v) from (values (1)) t(v)",
                  "called from one of its own callbacks");
    udf_sql_fails("bad_kinds", "select wrong_null_count(v) from (values (1), (2)) t(v)",
                  "wrong_null_count");
    udf_sql_fails("bad_kinds", "select no_state(v) from (values (1)) t(v)", "made no state");
    udf_sql_fails("bad_kinds",
                  "select g, few_states(v) from (select value % 100 as g, value as v from "
                  "generate_series(1, 100000)) group by g",
                  "returned no array, as state column 2");
    udf_sql_fails("bad_kinds", "select more_results(v) from (values (1)) t(v)",
                  "returned 2 rows for 1");
    udf_sql_fails("bad_kinds", "select refuses_rows(v) from (values (1)) t(v)",
                  "the rows taste of rust");
    udf_sql_fails("bad_kinds", "select wrong_length(v) over () from (values (1)) t(v)",
                  "returned 2 rows for 1");
    udf_sql_fails("bad_kinds", "select two_per_frame(v) over (order by v) from (values (1)) t(v)",
                  "returned 2 rows for 1");
    udf_sql_fails("bad_kinds", "select no_result(v) over () from (values (1)) t(v)",
                  "returned no array");
}

/* Built with the header of plugin ABI 1.0. */
T_CASE(a_pack_of_1_0_works) {
    udf_sql_gives("plugin_1_0", "select thirty_more(v) from (values (1), (null), (3)) t(v)",
                  "31,NULL,33");
    udf_sql_gives("plugin_1_0", "select plus_thirty(first_byte('a'))", "127");
}
