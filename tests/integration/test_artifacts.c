/* Artifacts of a bundle: each is there, of its kind, made once, and says what it should. */
#include "it.h"

#include <pthread.h>

static pn_session *orders(void) {
    pn_catalog *catalog = pn_catalog_new();
    it_write("orders.csv", "id,customer,amount\n1,ada,10\n2,bob,20\n3,ada,5\n");
    it_add(catalog, "orders", "csv", it_path("orders.csv"));
    pn_session *session = it_session(catalog);
    pn_catalog_unref(catalog);
    return session;
}

#define QUERY                                                                                      \
    "select customer, sum(amount) as total, prefixed_hash64('c', customer) as id from orders "     \
    "group by customer order by customer"

static json_t *artifact(pn_session *session, const pn_bundle *bundle, const char *name) {
    PNI_AUTO(pn_buf) text = PN_BUF_INIT;
    json_error_t problem;
    IT_OK(pn_bundle_artifact(session, bundle, name, NULL, &text, err));
    json_t *value = json_loadb((const char *)text.data, text.len, JSON_DECODE_ANY, &problem);
    T_ASSERT(value != NULL);
    return value;
}

static void expect_part(pn_session *session, const pn_bundle *bundle, const char *name,
                        const char *part) {
    PNI_AUTO(pn_buf) text = PN_BUF_INIT;
    IT_OK(pn_bundle_artifact(session, bundle, name, NULL, &text, err));
    if (!strstr(pni_buf_text(&text), part))
        T_FAIL("%s has no '%s': %s", name, part, pni_buf_text(&text));
}

T_CASE(every_artifact_is_there_and_sorted) {
    pn_session *session = orders();
    pn_bundle *bundle = it_compile(session, NULL, QUERY);
    size_t count = 0;
    for (const char *name; (name = pn_bundle_artifact_name(count)); count++) {
        PNI_AUTO_PTR(json_t) value = artifact(session, bundle, name);
        T_ASSERT(!json_is_null(value));
        T_ASSERT(pni_streq(pn_bundle_artifact_kind(count), "identity") ||
                 pni_streq(pn_bundle_artifact_kind(count), "evidence"));
        T_ASSERT(!count || strcmp(pn_bundle_artifact_name(count - 1), name) < 0);
    }
    T_ASSERT(count > 40);
    T_ASSERT(!pn_bundle_artifact_kind(count));
    pn_bundle_unref(bundle);
    pn_session_unref(session);
}

/* Given up once is no answer for the next who asks. */
T_CASE(details_that_were_cancelled_are_made_again) {
    pn_session *session = orders();
    pn_bundle *bundle = it_compile(session, NULL, QUERY);
    pn_cancel *cancel = pn_cancel_new();
    PNI_AUTO(pn_buf) text = PN_BUF_INIT;
    pn_cancel_fire(cancel);
    IT_STATUS(pn_bundle_artifact(session, bundle, "plan_details", cancel, &text, err),
              PN_CANCELLED);
    T_ASSERT(!text.len);
    PNI_AUTO_PTR(json_t) details = artifact(session, bundle, "plan_details");
    T_ASSERT(json_is_string(json_object_get(details, "physical_plan")));
    pn_cancel_unref(cancel);
    pn_bundle_unref(bundle);
    pn_session_unref(session);
}

T_CASE(artifacts_say_what_they_should) {
    static const char *const parts[][2] = {
        {"logical_plan", "Aggregate"},
        {"optimized_plan", "TableScan"},
        {"optimized_plan_graphviz", "digraph"},
        {"optimized_plan_pgjson", "Plan"},
        {"physical_plan", "AggregateExec"},
        {"explain_tree", "AggregateExec"},
        {"explain_verbose", "logical_plan after"},
        {"explain_analyze", "\"output_rows\":\"2\""},
        {"graphviz", "digraph"},
        {"operators", "\"AggregateExec\":"},
        {"statistics", "\"columns\":["},
        {"information_schema", "\"routines\":[{"},
        {"information_schema", "orders"},
        {"function_registry", "\"name\":\"sum\""},
        {"udf_snapshot", "prefixed_hash64"},
        {"required_udfs", "prefixed_hash64"},
        {"rewrite_tags", "{"},
        {"df_settings", "datafusion.sql_parser.dialect"},
        {"session_settings", "datafusion.execution.target_partitions"},
        {"planning_env", "datafusion"},
        {"rulepack", "\"optimizer\":["},
        {"delta_inputs", "\"scan_config\":"},
        {"schema_names", "[\"customer\",\"total\",\"id\"]"},
        {"schema_describe", "\"data_type\":\"Int64\""},
        {"lineage", "amount"},
        {"substrait_text", "orders"},
        {"substrait_validation", "\"status\":\"valid\""},
        {"determinism_audit", "planning_env_hash"},
        {"compile_options", "\"source\":\"sql\""},
        {"plan_details", "\"partition_count\":"},
        {"proto_serialization", "substrait"},
    };
    pn_session *session = orders();
    pn_bundle *bundle = it_compile(session, NULL, QUERY);
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++)
        expect_part(session, bundle, parts[i][0], parts[i][1]);
    PNI_AUTO_PTR(json_t) components = artifact(session, bundle, "components");
    for (size_t i = 0; i < pn_bundle_component_count(bundle); i++)
        T_EQ_STR(pni_json_text(components, pn_bundle_component_name(bundle, i)),
                 pn_bundle_component_digest(bundle, i));
    pn_bundle_unref(bundle);
    pn_session_unref(session);
}

T_CASE(identity_artifacts_are_the_same_in_another_session) {
    pn_session *first = orders();
    pn_bundle *left = it_compile(first, NULL, QUERY);
    pn_session *second = orders();
    pn_bundle *right = it_compile(second, NULL, QUERY);
    for (size_t i = 0; pn_bundle_artifact_name(i); i++) {
        if (!pni_streq(pn_bundle_artifact_kind(i), "identity"))
            continue;
        PNI_AUTO(pn_buf) a = PN_BUF_INIT;
        PNI_AUTO(pn_buf) b = PN_BUF_INIT;
        IT_OK(pn_bundle_artifact(first, left, pn_bundle_artifact_name(i), NULL, &a, err));
        IT_OK(pn_bundle_artifact(second, right, pn_bundle_artifact_name(i), NULL, &b, err));
        T_EQ_STR(pni_buf_text(&a), pni_buf_text(&b));
    }
    pn_bundle_unref(left);
    pn_bundle_unref(right);
    pn_session_unref(first);
    pn_session_unref(second);
}

T_CASE(an_artifact_stays_as_it_was_made) {
    pn_session *session = orders();
    pn_bundle *bundle = it_compile(session, NULL, QUERY);
    PNI_AUTO_PTR(json_t)
    first = artifact(session, bundle, "explain_analyze"); /* holds a duration */
    PNI_AUTO_PTR(json_t) second = artifact(session, bundle, "explain_analyze");
    T_ASSERT(json_equal(first, second));
    PNI_AUTO_PTR(json_t) duration = artifact(session, bundle, "explain_analyze_duration_us");
    T_ASSERT(json_equal(duration, json_object_get(first, "duration_us")));
    pn_bundle_unref(bundle);
    pn_session_unref(session);
}

typedef struct asker {
    pn_session *session;
    const pn_bundle *bundle;
    pn_buf text;
    pn_status status;
    pn_error problem;
} asker;

/* What is expected is said by the thread of the case. */
static void *ask(void *ctx) {
    asker *own = ctx;
    own->status = pn_bundle_artifact(own->session, own->bundle, "explain_analyze", NULL, &own->text,
                                     &own->problem);
    return NULL;
}

T_CASE(threads_that_ask_at_once_get_the_same_run) {
    pn_session *session = orders();
    pn_bundle *bundle = it_compile(session, NULL, QUERY);
    pthread_t threads[8];
    asker askers[8];
    for (size_t i = 0; i < 8; i++) {
        askers[i] = (asker){session, bundle, PN_BUF_INIT, PN_OK, PN_ERROR_INIT};
        T_EQ_INT(pthread_create(&threads[i], NULL, ask, &askers[i]), 0);
    }
    for (size_t i = 0; i < 8; i++)
        pthread_join(threads[i], NULL);
    for (size_t i = 0; i < 8; i++)
        t_status(T_PLACE("explain_analyze"), askers[i].status, PN_OK, askers[i].problem.message,
                 askers[i].problem.detail);
    for (size_t i = 1; i < 8; i++)
        T_EQ_STR(pni_buf_text(&askers[i].text), pni_buf_text(&askers[0].text));
    for (size_t i = 0; i < 8; i++)
        pn_buf_dispose(&askers[i].text);
    pn_bundle_unref(bundle);
    pn_session_unref(session);
}

T_CASE(physical_bytes_exist_or_say_why_not) {
    pn_session *session = orders();
    pn_write_request write = PN_WRITE_REQUEST_INIT;
    pn_result *result = NULL;
    pn_bundle *files = it_compile(session, NULL, "select id from orders");
    write.format = "delta";
    write.uri = it_path("table");
    IT_OK(pn_exec_write(session, files, &write, NULL, &result, err));
    pn_result_free(result);
    pn_dataset_spec spec = PN_DATASET_SPEC_INIT;
    spec.name = "kept";
    spec.format = "delta";
    spec.uri = it_path("table");
    IT_OK(pn_session_add_dataset(session, &spec, err));
    pn_bundle *delta = it_compile(session, NULL, "select id from kept");
    expect_part(session, delta, "physical_plan_bytes", "PHYS_NO_CODEC");
    expect_part(session, delta, "proto_serialization", "PHYS_NO_CODEC");
    pn_bundle *plain = it_compile(session, NULL, "select 1 as k");
    expect_part(session, plain, "physical_plan_bytes", "\"status\":\"available\"");
    pn_bundle_unref(files);
    pn_bundle_unref(delta);
    pn_bundle_unref(plain);
    pn_session_unref(session);
}

static pn_status ask_inside(void *ctx, pn_session *session, pn_plan_source *out, pn_buf *scratch,
                            pn_error *err) {
    PNI_AUTO(pn_buf) text = PN_BUF_INIT;
    (void)out, (void)scratch;
    return pn_bundle_artifact(session, ctx, "schema", NULL, &text, err);
}

T_CASE(what_cannot_be_given_is_named) {
    pn_session *session = orders();
    pn_bundle *bundle = it_compile(session, NULL, QUERY), *none = NULL;
    pn_plan_source source = PN_PLAN_SOURCE_INIT;
    PNI_AUTO(pn_buf) text = PN_BUF_INIT;
    IT_FAILS(pn_bundle_artifact(session, bundle, "statistic", NULL, &text, err),
             PNI_E_ARTIFACT_UNKNOWN, "statistic");
    IT_FAILS(pn_bundle_artifact(session, NULL, "schema", NULL, &text, err), PNI_E_ARGUMENT,
             "bundle");
    source.substrait = pn_bundle_substrait(bundle);
    pn_bundle *from_bytes = NULL;
    IT_OK(pn_exec_compile(session, NULL, &source, &from_bytes, err));
    IT_FAILS(pn_bundle_artifact(session, from_bytes, "logical_plan", NULL, &text, err),
             PNI_E_ARTIFACT_SOURCE, "Substrait");
    expect_part(session, from_bytes, "plan_details", "unavailable");
    expect_part(session, from_bytes, "explain_verbose", "physical_plan");
    source = PN_PLAN_SOURCE_INIT;
    source.build = ask_inside;
    source.ctx = bundle;
    IT_FAILS(pn_exec_compile(session, NULL, &source, &none, err), PNI_E_ARTIFACT_REENTRANT,
             "schema");
    pn_bundle_unref(from_bytes);
    pn_bundle_unref(bundle);
    pn_session_unref(session);
}

T_CASE(artifacts_are_captured_while_compiling) {
    pn_session *session = orders();
    pn_compile_options options = PN_COMPILE_OPTIONS_INIT;
    pn_plan_source source = PN_PLAN_SOURCE_INIT;
    pn_bundle *bundle = NULL;
    options.capture = PN_CAPTURE_EXPLAIN | PN_CAPTURE_ANALYZE | PN_CAPTURE_VALIDATION;
    source.sql = QUERY;
    source.options = &options;
    IT_OK(pn_exec_compile(session, NULL, &source, &bundle, err));
    expect_part(session, bundle, "compile_options", "\"capture_analyze\":true");
    expect_part(session, bundle, "explain_analyze_output_rows", "2");
    options.capture = 64;
    pn_bundle *none = NULL;
    IT_FAILS(pn_exec_compile(session, NULL, &source, &none, err), PNI_E_SESSION_SETTING, "64");
    pn_bundle_unref(bundle);
    pn_session_unref(session);
}

T_CASE(artifacts_of_a_view_over_views) {
    pn_session *session = orders();
    pn_view_graph *graph = pn_view_graph_new();
    IT_OK(pn_view_graph_add_sql(graph, "a", "select * from orders where amount > 5", NULL, err));
    IT_OK(pn_view_graph_add_sql(graph, "b", "select customer, count(*) as n from a group by 1",
                                NULL, err));
    IT_OK(pn_view_graph_compile(graph, session, NULL, err));
    const pn_bundle *bundle = pn_view_graph_bundle(graph, "b");
    expect_part(session, bundle, "logical_plan", "TableScan: a");
    expect_part(session, bundle, "physical_plan", "amount");
    expect_part(session, bundle, "explain_analyze_output_rows", "2");
    pn_view_graph_free(graph);
    pn_session_unref(session);
}
