/* Bundles: what they hold, what changes a fingerprint and what must not, views, sharing, results.
 */
#include "it.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char orders_csv[] = "id,customer,amount\n1,ada,10\n2,bob,20\n3,ada,5\n";

static pn_session *session_over(const char *folder) {
    pn_catalog *catalog = pn_catalog_new();
    char name[256];
    snprintf(name, sizeof name, "%s/orders.csv", folder);
    it_write(name, orders_csv);
    it_add(catalog, "orders", "csv", it_path(name));
    pn_session *session = it_session(catalog);
    pn_catalog_unref(catalog);
    return session;
}

static void fingerprint_of(pn_session *session, const char *sql, char out[65]) {
    pn_bundle *bundle = it_compile(session, NULL, sql);
    memcpy(out, pn_bundle_fingerprint(bundle), 65);
    pn_bundle_unref(bundle);
}

static void expect_same(pn_session *session, const char *a, const char *b, bool same) {
    char x[65], y[65];
    fingerprint_of(session, a, x);
    fingerprint_of(session, b, y);
    if (pni_streq(x, y) != same)
        T_FAIL("%s fingerprints:\n  %s\n  %s", same ? "different" : "equal", a, b);
}

T_CASE(a_query_replays_its_rows) {
    pn_session *session = session_over("a");
    char *rows = it_query_sorted(session, NULL,
                                 "select customer, sum(amount) s from orders group by customer");
    T_EQ_STR(rows, "ada|15\nbob|20\n");
    pni_free(rows);
    pn_session_unref(session);
}

T_CASE(text_and_aliases_do_not_reach_the_identity) {
    pn_session *session = session_over("a");
    expect_same(session, "select id from orders where amount > 6",
                "SELECT  id -- comment\nFROM orders WHERE (amount) > 6", true);
    expect_same(session, "select o.id from orders as o", "select x.id from orders as x", true);
    expect_same(session, "select id from (select * from orders) s",
                "select id from (select * from orders) t", true);
    expect_same(session, "with a as (select id from orders) select * from a",
                "with b as (select id from orders) select * from b", true);
    expect_same(session, "select id from orders", "select id as n from orders", false);
    expect_same(session, "select id from orders", "select customer from orders", false);
    expect_same(session, "select id from orders where amount > 6",
                "select id from orders where amount > 7", false);
    expect_same(session, "select now()", "select now()", true);
    pn_session_unref(session);
}

T_CASE(folders_and_sessions_do_not_reach_the_identity) {
    char x[65], y[65];
    const char *sql = "select customer, max(amount) from orders group by customer";
    pn_session *a = session_over("a");
    fingerprint_of(a, sql, x);
    pn_session *b = session_over("some/where/else");
    fingerprint_of(b, sql, y);
    T_EQ_STR(x, y);
    pn_session_unref(a);
    pn_session_unref(b);
}

T_CASE(content_reaches_the_identity_and_times_do_not) {
    char x[65], y[65], z[65];
    pn_session *session = session_over("a");
    fingerprint_of(session, "select id from orders", x);
    pn_session_unref(session);
    session = session_over("a"); /* written again: new inode and times */
    fingerprint_of(session, "select id from orders", y);
    pn_session_unref(session);
    pn_catalog *catalog = pn_catalog_new();
    it_write("b/orders.csv", "id,customer,amount\n1,ada,10\n2,bob,20\n3,ada,6\n");
    it_add(catalog, "orders", "csv", it_path("b/orders.csv"));
    session = it_session(catalog);
    fingerprint_of(session, "select id from orders", z);
    T_EQ_STR(x, y);
    T_ASSERT(!pni_streq(x, z));
    pn_session_unref(session);
    pn_catalog_unref(catalog);
}

static void open_with(const char *key, const char *value, char out[65]) {
    pn_session_options options = PN_SESSION_OPTIONS_INIT;
    pn_setting setting = {key, value};
    pn_session *session = NULL;
    options.settings = &setting;
    options.n_settings = key ? 1 : 0;
    IT_OK(pn_session_open(&options, &session, err));
    fingerprint_of(session, "select 1 as one", out);
    pn_session_unref(session);
}

T_CASE(settings_reach_the_identity_unless_excluded) {
    char base[65], other[65];
    open_with(NULL, NULL, base);
    open_with("batch_size", "1024", other);
    T_ASSERT(!pni_streq(base, other));
    open_with("datafusion.optimizer.max_passes", "5", other);
    T_ASSERT(!pni_streq(base, other));
    open_with("target_partitions", "3", other);
    T_EQ_STR(other, base);
    open_with("memory_limit", "1GiB", other);
    T_EQ_STR(other, base);
    open_with("memory_pool", "greedy", other);
    T_EQ_STR(other, base);
    open_with("datafusion.explain.show_schema", "true", other);
    T_EQ_STR(other, base);
}

T_CASE(an_unrelated_table_changes_nothing) {
    char x[65], y[65];
    pn_session *session = session_over("a");
    const char rows[] = "[{\"k\": 1}]";
    fingerprint_of(session, "select id from orders", x);
    IT_OK(pn_session_add_rows(session, "other", (pn_bytes){(const uint8_t *)rows, sizeof rows - 1},
                              NULL, err));
    fingerprint_of(session, "select id from orders", y);
    T_EQ_STR(x, y);
    pn_session_unref(session);
}

T_CASE(a_bundle_says_what_it_is) {
    pn_session *session = session_over("a");
    pn_bundle *bundle =
        it_compile(session, NULL, "select customer c, sum(amount) s from orders group by customer");
    pn_buf text = PN_BUF_INIT;
    json_t *json = NULL;
    PNI_AUTO_SCHEMA schema = {0};
    T_EQ_INT(pn_bundle_component_count(bundle), 11);
    T_EQ_STR(pn_bundle_component_name(bundle, 0), "domain_planners");
    T_EQ_INT(strlen(pn_bundle_component_digest(bundle, 0)), 64);
    T_EQ_INT(pn_bundle_table_count(bundle), 1);
    T_EQ_STR(pn_bundle_table_at(bundle, 0), "orders");
    IT_OK(pn_bundle_schema(bundle, &schema, err));
    T_EQ_INT(schema.n_children, 2);
    T_EQ_STR(schema.children[0]->name, "c");
    IT_OK(pn_bundle_json(bundle, &text, err));
    IT_OK(pni_json_parse(text.data, text.len, "bundle", &json, err));
    T_EQ_STR(pni_json_text(json, "fingerprint"), pn_bundle_fingerprint(bundle));
    T_ASSERT(!strstr(pni_buf_text(&text), t_tmpdir()));
    json_decref(json);
    pn_buf_dispose(&text);
    pn_bundle_unref(bundle);
    pn_session_unref(session);
}

T_CASE(views_are_ordered_and_expanded) {
    pn_session *session = session_over("a");
    pn_view_graph *graph = pn_view_graph_new();
    IT_OK(pn_view_graph_add_sql(
        graph, "c", "select a.customer, b.s from a join b on a.customer = b.customer", NULL, err));
    IT_OK(pn_view_graph_add_sql(
        graph, "b", "select customer, sum(amount) as s from base group by customer", NULL, err));
    IT_OK(pn_view_graph_add_sql(graph, "a", "select distinct customer from base", NULL, err));
    IT_OK(
        pn_view_graph_add_sql(graph, "base", "select * from orders where amount >= 6", NULL, err));
    IT_OK(pn_exec_ensure_view_graph(session, graph, NULL, err));
    T_EQ_STR(pn_view_graph_name_at(graph, 0), "base");
    T_EQ_STR(pn_view_graph_name_at(graph, 1), "a");
    T_EQ_STR(pn_view_graph_name_at(graph, 2), "b");
    T_EQ_STR(pn_view_graph_name_at(graph, 3), "c");
    char *rows = it_query_sorted(session, graph, "select * from c");
    T_EQ_STR(rows, "ada|10\nbob|20\n");
    pni_free(rows);
    const pn_bundle *c = pn_view_graph_bundle(graph, "c");
    T_EQ_INT(pn_bundle_table_count(c), 2);
    T_ASSERT(pn_bundle_input_at(c, 0) == pn_view_graph_bundle(graph, "a"));
    pn_view_graph_free(graph);
    pn_session_unref(session);
}

/* 40 diamonds on top of each other have 2^40 paths; staged, each view runs once. */
T_CASE(diamonds_do_not_explode) {
    pn_session *session = session_over("a");
    pn_view_graph *graph = pn_view_graph_new();
    char name[32], sql[256];
    IT_OK(pn_view_graph_add_sql(graph, "v0", "select id from orders group by id", NULL, err));
    for (int i = 1; i <= 40; i++) {
        snprintf(name, sizeof name, "v%d", i);
        snprintf(sql, sizeof sql, "select l.id from v%d l join v%d r on l.id = r.id group by l.id",
                 i - 1, i - 1);
        IT_OK(pn_view_graph_add_sql(graph, name, sql, NULL, err));
        snprintf(name, sizeof name, "w%d", i);
        snprintf(sql, sizeof sql, "select id from v%d union select id from v%d", i - 1, i);
        IT_OK(pn_view_graph_add_sql(graph, name, sql, NULL, err));
    }
    IT_OK(pn_view_graph_compile(graph, session, NULL, err));
    char *rows = it_query(session, graph, "select count(*) from v40 join w40 using (id)");
    T_EQ_STR(rows, "3\n");
    pni_free(rows);
    pn_view_graph_free(graph);
    pn_session_unref(session);
}

T_CASE(a_stream_outlives_everything) {
    pn_session *session = session_over("a");
    pn_bundle *bundle = it_compile(session, NULL, "select id from orders order by id");
    pn_result *result = NULL;
    struct ArrowArrayStream stream = {0};
    IT_OK(pn_exec_run(session, bundle, NULL, &result, err));
    IT_OK(pn_result_stream(result, &stream, err));
    IT_FAILS(pn_result_stream(result, &stream, err), PNI_E_RESULT_TAKEN, NULL);
    pn_result_free(result);
    pn_bundle_unref(bundle);
    pn_session_unref(session);
    char *rows = it_rows_of_stream(&stream);
    T_EQ_STR(rows, "1\n2\n3\n");
    pni_free(rows);
}

T_CASE(cancelling_stops_a_long_query) {
    pn_session *session = session_over("a");
    pn_bundle *bundle = it_compile(
        session, NULL,
        "select count(*) from orders a, orders b, orders c, orders d, orders e, orders f, "
        "orders g, orders h, orders i, orders j, orders k, orders l, orders m, orders n, "
        "orders o, orders p, orders q, orders r, orders s, orders t, orders u, orders v "
        "where a.id + v.id > 3");
    pn_exec_options options = PN_EXEC_OPTIONS_INIT;
    pn_result *result = NULL;
    struct ArrowArrayStream stream = {0};
    struct ArrowArray batch = {0};
    options.timeout_ms = 200;
    IT_OK(pn_exec_run(session, bundle, &options, &result, err));
    IT_OK(pn_result_stream(result, &stream, err));
    int code = stream.get_next(&stream, &batch);
    T_ASSERT(code != 0);
    IT_STATUS(pn_result_stream_error(&stream, code, err), PN_TIMEOUT);
    stream.release(&stream);
    pn_result_free(result);
    options.timeout_ms = 0;
    options.cancel = pn_cancel_new();
    pn_cancel_fire(options.cancel);
    IT_STATUS(pn_exec_run(session, bundle, &options, &result, err), PN_CANCELLED);
    pn_cancel_unref(options.cancel);
    pn_bundle_unref(bundle);
    pn_session_unref(session);
}

static pn_status build_source(void *ctx, pn_session *session, pn_plan_source *out, pn_buf *scratch,
                              pn_error *err) {
    (void)session;
    (void)err;
    pni_buf_printf(scratch, "select id from orders where amount > %d", *(int *)ctx);
    out->sql = pni_buf_text(scratch);
    return PN_OK;
}

T_CASE(every_kind_of_source_compiles_to_one_identity) {
    pn_session *session = session_over("a");
    pn_bundle *from_sql = it_compile(session, NULL, "select id from orders where amount > 7");
    pn_bundle *from_plan = NULL, *from_builder = NULL, *none = NULL;
    pn_plan_source source = PN_PLAN_SOURCE_INIT;
    int seven = 7;
    source.substrait = pn_bundle_substrait(from_sql);
    IT_OK(pn_exec_compile(session, NULL, &source, &from_plan, err));
    T_EQ_STR(pn_bundle_fingerprint(from_plan), pn_bundle_fingerprint(from_sql));
    source = PN_PLAN_SOURCE_INIT;
    source.build = build_source;
    source.ctx = &seven;
    IT_OK(pn_exec_compile(session, NULL, &source, &from_builder, err));
    T_EQ_STR(pn_bundle_fingerprint(from_builder), pn_bundle_fingerprint(from_sql));
    source.sql = "select 1";
    IT_FAILS(pn_exec_compile(session, NULL, &source, &none, err), PNI_E_PLAN_SOURCE, "2");
    pn_bundle_unref(from_sql);
    pn_bundle_unref(from_plan);
    pn_bundle_unref(from_builder);
    pn_session_unref(session);
}

T_CASE(a_replaced_temporary_table_is_drift) {
    pn_session *session = session_over("a");
    const char one[] = "[{\"k\": 1}]", two[] = "[{\"k\": 2}]";
    pn_result *result = NULL;
    IT_OK(pn_session_add_rows(session, "t", (pn_bytes){(const uint8_t *)one, sizeof one - 1}, NULL,
                              err));
    pn_bundle *bundle = it_compile(session, NULL, "select k from t");
    IT_OK(pn_session_remove_table(session, "t", err));
    IT_OK(pn_session_add_rows(session, "t", (pn_bytes){(const uint8_t *)two, sizeof two - 1}, NULL,
                              err));
    IT_FAILS(pn_exec_run(session, bundle, NULL, &result, err), PNI_E_PLAN_DRIFT, "'t'");
    pn_bundle_unref(bundle);
    pn_session_unref(session);
}

T_CASE(an_optional_dataset_that_is_missing_is_empty) {
    PNI_AUTO_SCHEMA schema = {0};
    pn_dataset_spec spec = PN_DATASET_SPEC_INIT;
    pn_session *session = session_over("a");
    pn_buf text = PN_BUF_INIT;
    json_t *rows = json_pack("[{s:i, s:s}]", "k", 1, "v", "x");
    IT_OK(pni_arrow_schema_infer_json(rows, &schema, err));
    json_decref(rows);
    spec.name = "maybe";
    spec.format = "parquet";
    spec.uri = it_path("maybe");
    spec.flags = PN_DATASET_OPTIONAL;
    spec.schema = &schema;
    IT_OK(pn_session_add_dataset(session, &spec, err));
    char *count = it_query(session, NULL, "select count(*), max(k) from maybe");
    T_EQ_STR(count, "0|NULL\n");
    pni_free(count);
    IT_OK(pn_session_table(session, "maybe", &text, err));
    T_ASSERT(strstr(pni_buf_text(&text), "dataset_missing"));
    pn_buf_dispose(&text);
    pn_session_unref(session);
}
