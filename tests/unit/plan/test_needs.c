/* What a bundle lacks in another session: all of it, each once. */
#include "plan_fixture.h"

static json_t *needs_of(pn_session *session, const pn_bundle *bundle) {
    json_t *needs = json_array();
    PNI_SESSION_GUARD(session);
    FX_OK(pni_plan_needs(session, bundle, needs, err));
    return needs;
}

static const json_t *need(const json_t *needs, const char *kind, const char *name) {
    size_t index;
    json_t *row;
    json_array_foreach(needs, index, row) {
        if (pni_streq(pni_json_text(row, "kind"), kind) &&
            pni_streq(pni_json_text(row, "name"), name))
            return row;
    }
    T_FAIL("no %s '%s' is needed", kind, name);
    return NULL;
}

T_CASE(nothing_is_needed_where_it_was_compiled) {
    PNI_AUTO_PTR(pn_session) session = fx_session(NULL);
    fx_add_rows(session, "t", "[{\"v\":1}]");
    PNI_AUTO_PTR(pn_bundle) bundle = fx_compile(session, "select abs(v) from t");
    PNI_AUTO_PTR(json_t) needs = needs_of(session, bundle);
    T_EQ_UINT(json_array_size(needs), 0);
}

T_CASE(everything_is_named_at_once) {
    PNI_AUTO_PTR(pn_session) first = fx_session(NULL);
    PNI_AUTO_PTR(pn_session) second = NULL;
    fx_add_rows(first, "a", "[{\"v\":1}]");
    fx_add_dataset(first, "b", "csv", fx_write("b.csv", "v\n1\n"));
    fx_add_dataset(first, "c", "csv", fx_write("c.csv", "v\n1\n"));
    PNI_AUTO_PTR(pn_bundle)
    bundle = fx_compile(first, "select a.v from a, b, c where a.v = b.v and b.v = c.v");
    FX_OK(fx_session_with("batch_size", "100", &second, err));
    fx_add_dataset(second, "b", "csv", fx_write("b2.csv", "v\n2\n"));
    fx_add_dataset(second, "c", "csv", fx_path("gone.csv"));
    PNI_AUTO_PTR(json_t) needs = needs_of(second, bundle);
    T_EQ_STR(pni_json_text(need(needs, "dataset", "a"), "problem"), "missing");
    T_EQ_STR(pni_json_text(need(needs, "dataset", "b"), "problem"), "differs");
    T_EQ_STR(pni_json_text(need(needs, "dataset", "c"), "problem"), "unreadable");
    const json_t *setting = need(needs, "setting", "datafusion.execution.batch_size");
    T_EQ_STR(pni_json_text(setting, "have"), "100");
    T_EQ_STR(pni_json_text(setting, "want"), "8192");
    T_EQ_UINT(json_array_size(needs), 4);
}

T_CASE(functions_engine_and_rules_are_compared) {
    PNI_AUTO_PTR(pn_session) session = fx_session(NULL);
    PNI_AUTO_PTR(pn_bundle) bundle = fx_compile(session, "select 1 as k");
    json_object_set_new(bundle->documents, "udf", json_pack("[{s:s}]", "name", "theirs"));
    json_object_set_new(bundle->documents, "rulepack", json_pack("[s]", "another rule"));
    json_object_set_new(bundle->documents, "planning_env",
                        json_pack("{s:s}", "datafusion", "1.0.0"));
    PNI_AUTO_PTR(json_t) needs = needs_of(session, bundle);
    T_EQ_STR(pni_json_text(need(needs, "function", "theirs"), "problem"), "missing");
    T_EQ_STR(pni_json_text(need(needs, "engine", "datafusion"), "problem"), "differs");
    T_EQ_STR(pni_json_text(need(needs, "rules", "rulepack"), "problem"), "differs");
}

T_CASE(what_two_bundles_need_is_named_once) {
    PNI_AUTO_PTR(pn_session) first = fx_session(NULL);
    PNI_AUTO_PTR(pn_session) second = fx_session(NULL);
    fx_add_rows(first, "t", "[{\"v\":1}]");
    PNI_AUTO_PTR(pn_bundle) one = fx_compile(first, "select v from t");
    PNI_AUTO_PTR(pn_bundle) two = fx_compile(first, "select v + 1 from t");
    PNI_AUTO_PTR(json_t) needs = needs_of(second, one);
    PNI_SESSION_GUARD(second);
    FX_OK(pni_plan_needs(second, two, needs, err));
    T_EQ_UINT(json_array_size(needs), 1);
}
