/* SPDX-License-Identifier: Apache-2.0 */
/* The text of plans and expressions. */
#include "plans.h"
#include "substrait/substrait_priv.h"

static const char *text_of(const char *name) {
    pn_error err = PN_ERROR_INIT;
    PNI_AUTO_PTR(pn_substrait) plan = NULL;
    PNI_AUTO(pn_buf) text = PN_BUF_INIT;
    T_OK(pn_substrait_decode(t_corpus(name), NULL, &plan, &err), &err);
    T_OK(pn_substrait_text(plan, &text, &err), &err);
    char *kept = t_pool_take(text.len + 1);
    memcpy(kept, text.data, text.len);
    return kept;
}

static void holds(const char *text, const char *part) {
    if (!strstr(text, part)) {
        T_FAIL("no '%s' in:\n%s", part, text);
    }
}

T_CASE(relations_stand_below_their_readers) {
    t_pool_used = 0;
    const char *text = text_of("tpch_q01");
    holds(text, "root [l_returnflag, l_linestatus, sum_qty");
    holds(text, "\n  sort sorts=[$0 asc nulls last, $1 asc nulls last]\n    aggregate ");
    holds(text, "measures=[sum($1), sum($2), sum($0), sum($0 * (1 + $4)), avg($1)");
    holds(text, "filter condition=$6 <= date '1998-09-02'\n");
    holds(text, "read lineitem [l_quantity decimal(15,2), ");
}

T_CASE(expressions_read_like_sql) {
    t_pool_used = 0;
    holds(text_of("tpch_q16"), "$2 like 'MEDIUM POLISHED%'");
    holds(text_of("tpch_q16"), "in (49, 14, 23, 45, 19, 3, 36, 9)");
    holds(text_of("tpch_q16"), "type=left_anti");
    holds(text_of("window"), "row_number() over (partition by ");
    holds(text_of("window"), "case when ");
    holds(text_of("rollup"), "groupings=[(0, 1), (0), ()]");
}

T_CASE(literals_of_all_sorts) {
    t_pool_used = 0;
    const char *text = text_of("constant");
    holds(text, "date '1970-03-01'");
    holds(text, "1.25");
    holds(text, "'x'");
}

static void float_reads(double value, const char *text) {
    PNI_AUTO(pn_buf) out = PN_BUF_INIT;
    pni_float_text(value, &out);
    T_EQ_STR((const char *)out.data, text);
}

T_CASE(floats_read_as_they_are_written) {
    float_reads(10, "10");
    float_reads(-120000, "-120000");
    float_reads(-0.0, "-0");
    float_reads(0.1, "0.1");
    float_reads(1e15, "1e+15");
    float_reads(12.25, "12.25");
    float_reads(999999999999999.0, "999999999999999");
    float_reads(1.0 / 3, "0.3333333333333333");
}

T_CASE(long_expressions_are_cut) {
    t_pool_used = 0;
    pn_error err = PN_ERROR_INIT;
    PNI_AUTO_PTR(pn_substrait) plan = NULL;
    PNI_AUTO(pn_buf) text = PN_BUF_INIT;
    pni_expr *sum = t_field(0);
    for (int i = 0; i < 500; i++) {
        sum = t_call(1, sum, t_number(1000000 + i));
    }
    Substrait__Plan *made = t_plan(t_filter(t_read("t", "a"), sum), "a");
    t_declare(made, 1, "add");
    T_OK(t_decode(made, &plan, &err), &err);
    T_OK(pn_substrait_text(plan, &text, &err), &err);
    T_ASSERT(text.len < 1000);
    holds((const char *)text.data, "…\n");
}
