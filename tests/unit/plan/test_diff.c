/* Differences of two bundles: every component, items named one by one. */
#include "pinion/diff.h"

#include "plan_fixture.h"

/* A bundle like that of a compiled query, with one document changed. */
static pn_bundle *changed(pn_session *session, const char *component, const char *document) {
    pn_bundle *bundle = fx_compile(session, "select stable_hash64(g) as h from t where v > 1");
    json_error_t problem;
    json_t *other = json_loads(document, 0, &problem);
    T_ASSERT(other != NULL);
    json_t *old = json_object_get(bundle->documents, component);
    if (json_is_object(old) && json_is_object(other))
        json_object_update(old, other);
    else
        json_object_set(bundle->documents, component, other);
    json_decref(other);
    json_decref(bundle->components);
    bundle->components = NULL;
    pni_free(bundle->component_names);
    FX_OK(pni_bundle_seal(bundle, err));
    return bundle;
}

static json_t *diff(const pn_bundle *left, const pn_bundle *right) {
    PNI_AUTO(pn_buf) text = PN_BUF_INIT;
    FX_OK(pn_diff_bundles(left, right, &text, err));
    return fx_json(&text);
}

static pn_session *session_with_rows(void) {
    pn_session *session = fx_session(NULL);
    fx_add_rows(session, "t", "[{\"g\":\"a\",\"v\":1},{\"g\":\"b\",\"v\":2}]");
    return session;
}

/* A session's documents are shared by its bundles, so each side has its own. */
T_CASE(each_component_is_named_with_its_item) {
    static const struct {
        const char *component, *document, *item;
    } cases[] = {
        {"inputs", "{\"u\":{\"rows\":\"1\"}}", "u"},
        {"pins", "{\"t\":{\"format\":\"memory\",\"rows\":\"2\"}}", "t.rows"},
        {"schema",
         "{\"t\":[{\"name\":\"g\",\"nullable\":true,\"type\":\"U\"},"
         "{\"name\":\"v\",\"nullable\":true,\"type\":\"l\"}]}",
         "t.g.type"},
        {"udf",
         "[{\"name\":\"stable_hash64\",\"digest\":\"0\",\"signature\":\"(s) -> l\","
         "\"volatility\":\"immutable\"}]",
         "stable_hash64.digest"},
        {"rewrite_tags", "{\"stable_hash64\":[\"other\"]}", "stable_hash64.hash"},
        {"domain_planners", "[\"json\"]", "json"},
        {"settings", "{\"datafusion.execution.batch_size\":\"1\"}",
         "datafusion.execution.batch_size"},
        {"planning_env", "{\"datafusion\":\"56.0.0\"}", "datafusion"},
        {"rulepack", "{\"analyzer\":[\"type_coercion\",\"resolve_grouping_function\"]}",
         "analyzer"},
        {"rulepack", "{\"analyzer\":[\"type_coercion\"]}", "analyzer.resolve_grouping_function"},
        {"store_policy", "{\"require_local_paths\":true}", "require_local_paths"},
    };
    PNI_AUTO_PTR(pn_session) first = session_with_rows();
    PNI_AUTO_PTR(pn_bundle)
    left = fx_compile(first, "select stable_hash64(g) as h from t where v > 1");
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        PNI_AUTO_PTR(pn_session) second = session_with_rows();
        PNI_AUTO_PTR(pn_bundle) right = changed(second, cases[i].component, cases[i].document);
        PNI_AUTO_PTR(json_t) json = diff(left, right);
        const json_t *components = json_object_get(json, "components");
        T_ASSERT(json_is_false(json_object_get(json, "equal")));
        T_EQ_UINT(json_array_size(components), 1);
        const json_t *entry = json_array_get(components, 0);
        T_EQ_STR(pni_json_text(entry, "component"), cases[i].component);
        const json_t *item = json_array_get(json_object_get(entry, "items"), 0);
        T_EQ_STR(pni_json_text(item, "item"), cases[i].item);
        T_EQ_STR(pni_json_text(json, "cause"),
                 pni_streq(cases[i].component, "inputs") ? "indirect" : "direct");
    }
}

T_CASE(a_plan_names_the_relation) {
    PNI_AUTO_PTR(pn_session) session = session_with_rows();
    PNI_AUTO_PTR(pn_bundle) left = fx_compile(session, "select g from t where v > 1");
    PNI_AUTO_PTR(pn_bundle) right = fx_compile(session, "select g from t where v > 2");
    PNI_AUTO_PTR(json_t) json = diff(left, right);
    const json_t *entry = json_array_get(json_object_get(json, "components"), 0);
    T_EQ_UINT(json_array_size(json_object_get(json, "components")), 1);
    T_EQ_STR(pni_json_text(entry, "component"), "plan");
    T_ASSERT(json_array_size(json_object_get(entry, "items")) == 1);
}

T_CASE(equal_bundles_have_no_difference) {
    PNI_AUTO_PTR(pn_session) session = session_with_rows();
    PNI_AUTO_PTR(pn_bundle) left = fx_compile(session, "select g from t");
    PNI_AUTO_PTR(pn_bundle) right = fx_compile(session, "select  g  from t -- same");
    PNI_AUTO_PTR(json_t) json = diff(left, right);
    T_ASSERT(json_is_true(json_object_get(json, "equal")));
    T_EQ_UINT(json_array_size(json_object_get(json, "components")), 0);
    T_EQ_STR(pni_json_text(json, "cause"), "none");
    PNI_AUTO(pn_buf) text = PN_BUF_INIT;
    FX_FAILS(pn_diff_bundles(left, NULL, &text, err), PNI_E_ARGUMENT, "right");
}
