/* Grades: each operator that breaks a promise is named. */
#include "plan_fixture.h"

static pn_session *session_with_rows(void) {
    pn_session *session = fx_session(NULL);
    fx_add_rows(session, "t", "[{\"g\":\"a\",\"v\":1,\"x\":0.5},{\"g\":\"b\",\"v\":2,\"x\":1.5}]");
    return session;
}

T_CASE(the_grade_is_that_of_the_worst_operator) {
    static const struct {
        const char *sql, *grade, *operator;
    } cases[] = {
        {"select g, v from t order by g, v", "canonical", NULL},
        {"select count(*) as n from t", "canonical", NULL},
        {"select g, count(*) as n from t group by g order by g", "canonical", NULL},
        {"select g, max(x) as n from t group by g order by 1", "canonical", NULL},
        {"select distinct g from t order by g limit 1", "canonical", NULL},
        {"select g, v from t", "stable_set", "result"},
        {"select g, v from t order by g", "stable_set", "result"},
        {"select g, sum(v) as n from t group by g order by n", "stable_set", "result"},
        {"select g, rank() over (order by v) as n from t", "stable_set", "result"},
        {"select sum(x) as s from t", "float_tolerant", "sum"},
        {"select avg(v) as s from t", "float_tolerant", "avg"},
        {"select stddev(v) as s from t", "float_tolerant", "stddev"},
        {"select g, sum(x) over (partition by g) as s from t", "float_tolerant", "sum"},
        {"select v from t limit 1", "best_effort", "limit"},
        {"select v, g from t order by v limit 1", "best_effort", "limit"},
        {"select random() as r from t", "best_effort", "random"},
        {"select now() as r from t", "best_effort", "now"},
        {"select array_agg(v) as r from t", "best_effort", "array_agg"},
        {"select array_agg(v order by v) as r from t", "canonical", NULL},
        {"select first_value(v order by x) as r from t", "best_effort", "first_value"},
        {"select row_number() over (order by g) as r, v from t", "best_effort", "row_number"},
        {"select g from t where v in (select v from t limit 1)", "best_effort", "limit"},
    };
    PNI_AUTO_PTR(pn_session) session = session_with_rows();
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        PNI_AUTO_PTR(pn_bundle) bundle = fx_compile(session, cases[i].sql);
        PNI_AUTO_PTR(json_t) reasons = NULL;
        pni_grade grade;
        FX_OK(pni_bundle_grade(bundle, &grade, &reasons, err));
        if (!pni_streq(pni_grade_name(grade), cases[i].grade))
            T_FAIL("'%s' is %s", cases[i].sql, pni_grade_name(grade));
        bool is_named = !cases[i].operator&& !json_array_size(reasons);
        size_t index;
        json_t *reason;
        json_array_foreach(reasons, index, reason) is_named |=
            pni_streq(pni_json_text(reason, "operator"), cases[i].operator);
        if (!is_named)
            T_FAIL("'%s': %s is not named", cases[i].sql,
                   cases[i].operator ? cases[i].operator : "nothing");
    }
}

T_CASE(views_below_count_but_not_their_order) {
    PNI_AUTO_PTR(pn_session) session = session_with_rows();
    PNI_AUTO_PTR(pn_bundle) low = NULL;
    FX_OK(fx_compile_as(session, "low", "select v, random() as r from t limit 2", &low, err));
    pn_bundle *inputs[] = {pni_take(low)};
    PNI_AUTO_PTR(pn_bundle) high = fx_bundle("high", inputs, 1);
    PNI_AUTO_PTR(pn_bundle) plan = fx_compile(session, "select v from t order by v, g");
    high->substrait = pn_substrait_ref(plan->substrait);
    PNI_AUTO_PTR(json_t) reasons = NULL;
    pni_grade grade;
    FX_OK(pni_bundle_grade(high, &grade, &reasons, err));
    T_EQ_INT(grade, PNI_GRADE_BEST_EFFORT);
    T_EQ_STR(pni_json_text(json_array_get(reasons, 0), "view"), "low");
}
