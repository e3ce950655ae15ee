/* SPDX-License-Identifier: Apache-2.0 */
/* Real plans of DataFusion: digests that must not move, and what is read off a plan. */
#include "plans.h"

static pn_substrait *decoded_plan(const Substrait__Plan *tree) {
    pn_error err = PN_ERROR_INIT;
    pn_substrait *plan = NULL;
    T_OK(t_decode(tree, &plan, &err), &err);
    return plan;
}

static pn_substrait *decoded(const char *name) {
    pn_error err = PN_ERROR_INIT;
    pn_substrait *plan = NULL;
    T_OK(pn_substrait_decode(t_corpus(name), NULL, &plan, &err), &err);
    return plan;
}

T_CASE(digests_of_tpch_are_as_recorded) {
    t_pool_used = 0;
    char path[4096];
    pn_error err = PN_ERROR_INIT;
    PNI_AUTO(pn_buf) file = PN_BUF_INIT;
    size_t count = 0;
    snprintf(path, sizeof path, "%s/tests/unit/substrait/digests.txt", t_source_dir());
    T_OK(pni_file_read(path, 1 << 20, &file, &err), &err);
    for (char *line = (char *)file.data; *line; count++) {
        char digest[65];
        char *end = strchr(line, '\n');
        T_ASSERT(end && end - line > 65);
        *end = 0;
        line[64] = 0;
        PNI_AUTO_PTR(pn_substrait) plan = decoded(line + 65);
        T_OK(pn_substrait_digest(plan, digest, &err), &err);
        T_EQ_STR(digest, line);
        line = end + 1;
    }
    T_EQ_UINT(count, 22);
}

T_CASE(a_projection_that_only_renames_is_no_relation) {
    t_pool_used = 0;
    pni_rel *bare = t_filter(t_read("t", "a b"), t_field(0));
    pni_rel *inner = t_project(t_read("t", "a b"), 2, t_field(0), t_field(1));
    pni_rel *renamed = t_project(t_filter(inner, t_field(0)), 2, t_field(0), t_field(1));
    pni_rel *swapped =
        t_project(t_filter(t_read("t", "a b"), t_field(0)), 2, t_field(1), t_field(0));
    PNI_AUTO_PTR(pn_substrait) one = decoded_plan(t_plan(bare, "x y"));
    PNI_AUTO_PTR(pn_substrait) two = decoded_plan(t_plan(renamed, "x y"));
    PNI_AUTO_PTR(pn_substrait) three = decoded_plan(t_plan(swapped, "x y"));
    T_ASSERT(pn_substrait_equal(one, two));
    T_ASSERT(!pn_substrait_equal(one, three));
}

T_CASE(another_session_gives_the_same_plan) {
    t_pool_used = 0;
    pn_bytes first = t_corpus("tpch_q03");
    pn_bytes second = t_corpus("tpch_q03_again");
    T_ASSERT(first.len != second.len || memcmp(first.data, second.data, first.len) != 0);
    PNI_AUTO_PTR(pn_substrait) one = decoded("tpch_q03");
    PNI_AUTO_PTR(pn_substrait) two = decoded("tpch_q03_again");
    T_ASSERT(pn_substrait_equal(one, two));
    PNI_AUTO_PTR(pn_substrait) other = decoded("tpch_q04");
    T_ASSERT(!pn_substrait_equal(one, other));
    T_ASSERT(!pn_substrait_equal(one, NULL));
    T_ASSERT(pn_substrait_equal(NULL, NULL));
}

T_CASE(the_canonical_form_is_its_own_canonical_form) {
    t_pool_used = 0;
    const char *const names[] = {"tpch_q02", "tpch_q19", "rollup", "window", "union", "constant"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        pn_error err = PN_ERROR_INIT;
        PNI_AUTO_PTR(pn_substrait) once = decoded(names[i]);
        PNI_AUTO_PTR(pn_substrait) twice = NULL;
        PNI_AUTO(pn_buf) bytes = PN_BUF_INIT;
        T_OK(pn_substrait_encode(once, &bytes, &err), &err);
        T_OK(pn_substrait_decode((pn_bytes){bytes.data, bytes.len}, NULL, &twice, &err), &err);
        T_ASSERT(pn_substrait_equal(once, twice));
    }
}

T_CASE(tables_and_columns_are_what_is_read) {
    t_pool_used = 0;
    PNI_AUTO_PTR(pn_substrait) plan = decoded("tpch_q16");
    T_EQ_UINT(pn_substrait_table_count(plan), 3);
    T_EQ_STR(pn_substrait_table_at(plan, 0), "part");
    T_EQ_STR(pn_substrait_table_at(plan, 1), "partsupp");
    T_EQ_STR(pn_substrait_table_at(plan, 2), "supplier");
    T_ASSERT(!pn_substrait_table_at(plan, 3));
    size_t count;
    const char *const *columns = pn_substrait_table_columns(plan, 1, &count);
    T_EQ_UINT(count, 2);
    T_EQ_STR(columns[0], "ps_partkey");
    T_EQ_STR(columns[1], "ps_suppkey");
    T_EQ_UINT(pn_substrait_output_count(plan), 4);
    T_EQ_STR(pn_substrait_output_at(plan, 3), "supplier_cnt");
    T_ASSERT(pn_substrait_node_count(plan) > 12);
}

T_CASE(a_projection_is_told_from_other_plans) {
    t_pool_used = 0;
    pn_error err = PN_ERROR_INIT;
    PNI_AUTO_PTR(pn_substrait) grouped = decoded("tpch_q06");
    PNI_AUTO_PTR(pn_substrait) windowed = decoded("window");
    PNI_AUTO_PTR(pn_substrait) plain = NULL;
    T_OK(t_decode(t_plan(t_filter(t_read("t", "a"), t_field(0)), "a"), &plain, &err), &err);
    T_ASSERT(pn_substrait_is_projection(plain));
    T_ASSERT(!pn_substrait_is_projection(grouped));
    T_ASSERT(!pn_substrait_is_projection(windowed));
}

T_CASE(a_recursive_query_does_not_read_itself) {
    t_pool_used = 0;
    pn_error err = PN_ERROR_INIT;
    PNI_AUTO_PTR(pn_substrait) plan = NULL;
    const char *detail = "{\"columns\":[],\"distinct\":false,\"name\":\"r\"}";
    pni_rel *query = t_recursion(t_read("t", "a"), t_filter(t_read("r", "a"), t_field(0)), detail);
    T_OK(t_decode(t_plan(query, "a"), &plan, &err), &err);
    T_EQ_UINT(pn_substrait_table_count(plan), 1);
    T_EQ_STR(pn_substrait_table_at(plan, 0), "t");
    pn_substrait_unref(pni_take(plan));
    /* the start, and what stands beside the query, do read a table of that name */
    query = t_recursion(t_read("r", "a"), t_read("r", "a"), detail);
    T_OK(t_decode(t_plan(query, "a"), &plan, &err), &err);
    T_EQ_UINT(pn_substrait_table_count(plan), 1);
    T_EQ_STR(pn_substrait_table_at(plan, 0), "r");
    pn_substrait *nameless = NULL;
    query = t_recursion(t_read("t", "a"), t_read("r", "a"), "{}");
    T_STATUS(t_decode(t_plan(query, "a"), &nameless, &err), PN_CORRUPT, &err);
}

T_CASE(references_are_counted) {
    t_pool_used = 0;
    pn_substrait *plan = decoded("tpch_q06");
    pn_substrait *again = pn_substrait_ref(plan);
    pn_substrait_unref(plan);
    T_EQ_UINT(pn_substrait_table_count(again), 1);
    T_ASSERT(pn_substrait_bytes(again).len > 0);
    pn_substrait_unref(again);
    pn_substrait_unref(NULL);
}

T_CASE(arguments_must_not_be_null) {
    pn_error err = PN_ERROR_INIT;
    pn_buf buf = PN_BUF_INIT;
    char hex[65];
    T_STATUS(pn_substrait_decode((pn_bytes){0}, NULL, NULL, &err), PN_INVALID, &err);
    T_STATUS(pn_substrait_encode(NULL, &buf, &err), PN_INVALID, &err);
    T_STATUS(pn_substrait_digest(NULL, hex, &err), PN_INVALID, &err);
    T_STATUS(pn_substrait_text(NULL, &buf, &err), PN_INVALID, &err);
    T_EQ_UINT(pn_substrait_bytes(NULL).len, 0);
}
