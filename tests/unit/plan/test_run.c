/* From a bundle to a plan: what has to be as it was, and the rows. */
#include "plan_fixture.h"

static char *rows_of(pn_session *session, const pn_bundle *bundle) {
    PNI_AUTO_PTR(pni_engine_plan) plan = NULL;
    struct ArrowArrayStream stream = {0};
    PNI_SESSION_GUARD(session);
    pni_replay replay = {.session = session, .engine = pni_session_engine(session)};
    FX_OK(pni_plan_open(&replay, bundle, &plan, err));
    FX_OK(pni_engine_plan_execute(plan, NULL, &stream, err));
    return fx_rows(&stream);
}

static pn_session *session_over(const char *csv) {
    pn_session *session = fx_session(NULL);
    fx_add_dataset(session, "d", "csv", fx_write("d.csv", csv));
    return session;
}

T_CASE(a_bundle_runs_in_any_session_that_agrees) {
    PNI_AUTO_PTR(pn_session) first = session_over("k\n1\n2\n");
    PNI_AUTO_PTR(pn_bundle) bundle = fx_compile(first, "select k * 2 as n from d order by k");
    PNI_AUTO_PTR(pn_session) second = session_over("k\n1\n2\n");
    FX_OK(pni_plan_check(first, bundle, err));
    FX_OK(pni_plan_check(second, bundle, err));
    PNI_AUTO_PTR(pni_text) rows = rows_of(second, bundle);
    T_EQ_STR(rows, "2\n4\n");
}

T_CASE(other_data_is_drift_and_is_named) {
    PNI_AUTO_PTR(pn_session) first = session_over("k\n1\n");
    PNI_AUTO_PTR(pn_bundle) bundle = fx_compile(first, "select k from d");
    PNI_AUTO_PTR(pn_session) second = session_over("k\n2\n");
    FX_FAILS(pni_plan_check(second, bundle, err), PNI_E_PLAN_DRIFT, "'d'");
    PNI_AUTO_PTR(pn_session) third = fx_session(NULL);
    FX_FAILS(pni_plan_check(third, bundle, err), PNI_E_TABLE_UNKNOWN, "'d'");
}

T_CASE(another_setting_is_drift_and_excluded_ones_are_not) {
    PNI_AUTO_PTR(pn_session) first = fx_session(NULL);
    PNI_AUTO_PTR(pn_bundle) bundle = fx_compile(first, "select 1 as k");
    PNI_AUTO_PTR(pn_session) second = NULL;
    PNI_AUTO_PTR(pn_session) third = NULL;
    FX_OK(fx_session_with("batch_size", "100", &second, err));
    FX_FAILS(pni_plan_check(second, bundle, err), PNI_E_PLAN_SETTING, "batch_size");
    FX_OK(fx_session_with("target_partitions", "1", &third, err));
    FX_OK(pni_plan_check(third, bundle, err));
}

T_CASE(another_engine_or_function_is_drift) {
    static const struct {
        const char *component, *shown;
        int32_t number;
    } cases[] = {{"planning_env", "arrow", PNI_E_PLAN_ENGINE},
                 {"rulepack", "rulepack", PNI_E_PLAN_ENGINE},
                 {"udf", "'stable_hash'", PNI_E_PLAN_FUNCTION},
                 {"rewrite_tags", "functions", PNI_E_PLAN_FUNCTION},
                 {"store_policy", "'require_local_paths'", PNI_E_PLAN_SETTING},
                 {"schema", "'x'", PNI_E_PLAN_SCHEMA}};
    PNI_AUTO_PTR(pn_session) session = fx_session(NULL);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        PNI_AUTO_PTR(pn_bundle) bundle = fx_compile(session, "select 1 as k");
        json_t *other = pni_streq(cases[i].component, "udf")
                            ? json_pack("[{s:s}]", "name", "stable_hash")
                            : json_pack("{s:s}", "x", "something else");
        json_object_set_new(bundle->documents, cases[i].component, other);
        FX_FAILS(pni_plan_check(session, bundle, err), cases[i].number, cases[i].shown);
    }
}

T_CASE(a_bundle_that_is_not_whole_does_not_run) {
    PNI_AUTO_PTR(pn_session) session = session_over("k\n1\n");
    PNI_AUTO_PTR(pn_bundle) bundle = fx_compile(session, "select k from d");
    pn_substrait *plan = bundle->substrait;
    bundle->substrait = NULL;
    FX_FAILS(pni_plan_check(session, bundle, err), PNI_E_PLAN_NO_SUBSTRAIT, "no Substrait");
    bundle->substrait = plan;
    PNI_AUTO_PTR(json_t) pin = bundle->inputs[0].pin;
    bundle->inputs[0].pin = NULL;
    FX_FAILS(pni_plan_check(session, bundle, err), PNI_E_PLAN_UNPINNED, "'d'");
    bundle->inputs[0].pin = json_incref(pin);
    FX_OK(pni_plan_check(session, bundle, err));
    json_object_del(bundle->documents, "planning_env");
    FX_FAILS(pni_plan_check(session, bundle, err), PNI_E_PLAN_NO_ENVIRONMENT, "planning_env");
}

T_CASE(what_a_bundle_does_not_use_is_a_diagnostic) {
    PNI_AUTO_PTR(pn_session) session = session_over("k\n1\n");
    PNI_AUTO_PTR(pn_bundle) bundle = fx_compile(session, "select k from d");
    PNI_SESSION_GUARD(session);
    PNI_AUTO_PTR(json_t) before = pni_plan_diagnose(session, bundle);
    T_EQ_UINT(json_array_size(before), 0);
    fx_add_rows(session, "other", "[{\"x\":1}]");
    FX_OK(pni_plan_check(session, bundle, err));
    PNI_AUTO_PTR(json_t) after = pni_plan_diagnose(session, bundle);
    T_EQ_UINT(json_array_size(after), 1);
    json_t *entry = json_array_get(after, 0);
    T_EQ_STR(pni_json_text(entry, "what"), "tables");
    T_EQ_STR(json_string_value(json_array_get(json_object_get(entry, "added"), 0)), "other");
}

T_CASE(a_view_is_expanded_where_it_is_read) {
    PNI_AUTO_PTR(pn_session) session = session_over("k\n1\n2\n3\n");
    PNI_AUTO_PTR(pn_bundle) lower = NULL;
    FX_OK(fx_compile_as(session, "low", "select k + 1 as n from d", &lower, err));
    PNI_SESSION_GUARD(session);
    pni_replay replay = {.session = session, .engine = pni_session_engine(session)};
    FX_OK(pni_plan_register_view(&replay, lower, err));
    PNI_AUTO_PTR(pni_engine_plan) plan = NULL;
    struct ArrowArrayStream stream = {0};
    FX_OK(pni_engine_plan_sql(pni_session_engine(session), PNI_SPACE_RUN,
                              fx_bytes("select sum(n) from low"), 0, &plan, err));
    FX_OK(pni_engine_plan_execute(plan, NULL, &stream, err));
    PNI_AUTO_PTR(pni_text) rows = fx_rows(&stream);
    T_EQ_STR(rows, "9\n");
}
