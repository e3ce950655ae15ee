/* SPDX-License-Identifier: Apache-2.0 */
/* The JSON of real plans, names, completeness. */
#include "lineage_cases.h"

T_CASE(direct_and_indirect_inputs_of_a_grouped_sum) {
    t_pool_used = 0;
    PNI_AUTO_PTR(json_t) lineage = lineage_of_corpus("tpch_q01");
    T_ASSERT(json_is_true(json_object_get(lineage, "complete")));
    T_EQ_UINT(json_array_size(json_object_get(lineage, "outputs")), 10);
    T_EQ_STR(inputs_of(lineage, "sum_disc_price"),
             "lineitem.l_discount direct aggregate, lineitem.l_extendedprice direct aggregate, "
             "lineitem.l_linestatus indirect group, lineitem.l_linestatus indirect sort, "
             "lineitem.l_returnflag indirect group, lineitem.l_returnflag indirect sort, "
             "lineitem.l_shipdate indirect filter");
    T_EQ_STR(expression_of(lineage, "sum_disc_price"),
             "sum((lineitem.l_extendedprice * (1 - lineitem.l_discount)))");
    T_EQ_STR(inputs_of(lineage, "l_returnflag"),
             "lineitem.l_linestatus indirect group, lineitem.l_linestatus indirect sort, "
             "lineitem.l_returnflag direct identity, lineitem.l_returnflag indirect group, "
             "lineitem.l_returnflag indirect sort, lineitem.l_shipdate indirect filter");
}

T_CASE(tables_and_columns_are_sorted) {
    t_pool_used = 0;
    PNI_AUTO_PTR(json_t) lineage = lineage_of_corpus("tpch_q16");
    const json_t *tables = json_object_get(lineage, "tables");
    T_EQ_UINT(json_array_size(tables), 3);
    const json_t *part = json_array_get(tables, 0);
    T_EQ_STR(pni_json_text(part, "name"), "part");
    const json_t *columns = json_object_get(part, "columns");
    T_EQ_UINT(json_array_size(columns), 4);
    T_EQ_STR(json_string_value(json_array_get(columns, 0)), "p_brand");
    T_EQ_STR(json_string_value(json_array_get(columns, 3)), "p_type");
}

T_CASE(all_of_tpch_is_complete) {
    for (int i = 1; i <= 22; i++) {
        char name[32];
        t_pool_used = 0;
        snprintf(name, sizeof name, "tpch_q%02d", i);
        PNI_AUTO_PTR(json_t) lineage = lineage_of_corpus(name);
        T_ASSERT(json_is_true(json_object_get(lineage, "complete")));
    }
}

T_CASE(names_of_struct_columns_are_skipped) {
    t_pool_used = 0;
    PNI_AUTO_PTR(json_t)
    lineage = lineage_of_corpus("union"); /* names: s, its two fields, n_name */
    T_EQ_UINT(json_array_size(json_object_get(lineage, "outputs")), 2);
    T_ASSERT(strstr(inputs_of(lineage, "s"), "nation.n_nationkey direct transform"));
    T_ASSERT(strstr(inputs_of(lineage, "n_name"), "region.r_comment direct identity"));
    T_EQ_STR(expression_of(lineage, "n_name"), "union(nation.n_name, region.r_comment)");
}

T_CASE(an_unknown_extension_spoils_only_its_own_columns) {
    t_pool_used = 0;
    pni_rel *unknown = t_extension(t_read("t", "a"), "pinion:other", "{}");
    pni_rel *project = t_project(unknown, 5, t_field(2), t_number(1));
    PNI_AUTO_PTR(json_t) lineage = lineage_of(t_plan(project, "x y"));
    T_ASSERT(json_is_false(json_object_get(lineage, "complete")));
    T_ASSERT(json_is_false(json_object_get(output_named(lineage, "x"), "complete")));
    T_ASSERT(json_is_true(json_object_get(output_named(lineage, "y"), "complete")));
    T_EQ_STR(inputs_of(lineage, "x"), "");
    PNI_AUTO_PTR(json_t) bare = lineage_of(t_plan(unknown, "p q"));
    T_EQ_UINT(json_array_size(json_object_get(bare, "outputs")), 2);
    T_ASSERT(json_is_false(json_object_get(output_named(bare, "q"), "complete")));
}

T_CASE(the_public_call_gives_canonical_json) {
    t_pool_used = 0;
    pn_error err = PN_ERROR_INIT;
    PNI_AUTO_PTR(pn_substrait) plan = NULL;
    PNI_AUTO(pn_buf) json = PN_BUF_INIT;
    T_OK(t_decode(t_plan(t_read("t", "a"), "z"), &plan, &err), &err);
    T_OK(pn_lineage_json(plan, &json, &err), &err);
    T_EQ_STR((const char *)json.data,
             "{\"complete\":true,\"outputs\":[{\"complete\":true,\"expression\":\"t.a\","
             "\"inputs\":[{\"column\":\"a\",\"kind\":\"identity\",\"role\":\"direct\","
             "\"table\":\"t\"}],\"name\":\"z\"}],\"tables\":[{\"columns\":[\"a\"],"
             "\"name\":\"t\"}]}");
    T_STATUS(pn_lineage_json(NULL, &json, &err), PN_INVALID, &err);
}

T_CASE(numbers_outside_a_row_are_refused) {
    t_pool_used = 0;
    pn_error err = PN_ERROR_INIT;
    PNI_AUTO_PTR(pn_substrait) plan = NULL;
    json_t *lineage = NULL;
    T_OK(t_decode(t_plan(t_filter(t_read("t", "a"), t_field(1)), "a"), &plan, &err), &err);
    T_STATUS(pni_lineage_of(plan, &lineage, &err), PN_CORRUPT, &err);
    T_EQ_INT(err.number, PNI_E_SUBSTRAIT_FIELD);
    T_ASSERT(!lineage);
}
