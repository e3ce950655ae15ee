/*
 * What a changed function changes: the fingerprints of the views that use it, and of those that
 * read what it made, and no others. A bundle that was made with another version says which.
 */
#include "it.h"
#include "udf/udf.h"

#include <stdlib.h>

enum { VIEWS = 6 };

/* `in_chain` reads a column that the function made, `beside` one that it did not. */
static const char *const views[VIEWS][2] = {
    {"beside", "select id from uses"},
    {"by_alias", "select plus_n(amount) as n from orders"},
    {"in_chain", "select more + 1 as most from uses"},
    {"other", "select stable_hash64(customer) as h from orders"},
    {"plain", "select id, amount from orders"},
    {"uses", "select id, add_n(amount) as more from orders"},
};

static const char *pack_path(const char *name) {
    static char paths[2][1024];
    static int next;
    char *path = paths[next++ % 2];
    const char *build = getenv("PN_BUILD_DIR");
    snprintf(path, sizeof paths[0], "%s/tests/plugins/%s.so", build ? build : "", name);
    if (path[0] != '/' || !pni_path_exists(path))
        T_SKIP("the test packs are not built (PN_BUILD_DIR)");
    return path;
}

/* The same pack with one byte more behind its last section. */
static const char *longer_copy(const char *path) {
    PNI_AUTO(pn_buf) bytes = PN_BUF_INIT;
    const char *copy = it_path("longer.so");
    IT_OK(pni_file_read(path, 16 << 20, &bytes, err));
    pni_buf_putc(&bytes, 'x');
    IT_OK(pni_file_write(copy, (const char *)bytes.data, bytes.len, err));
    return copy;
}

static pn_session *session_with(const char *pack) {
    pn_platform_pack one = {pack, NULL};
    pn_platform_options options = PN_PLATFORM_OPTIONS_INIT;
    pn_catalog *catalog = pn_catalog_new();
    it_write("orders.csv", "id,customer,amount\n1,ada,10\n2,bob,20\n3,ada,5\n");
    it_add(catalog, "orders", "csv", it_path("orders.csv"));
    pn_session *session = it_session(catalog);
    pn_catalog_unref(catalog);
    options.packs = &one, options.n_packs = 1;
    IT_OK(pn_session_install(session, &options, NULL, err));
    return session;
}

static pn_view_graph *graph_of(pn_session *session) {
    pn_view_graph *graph = pn_view_graph_new();
    for (size_t i = 0; i < VIEWS; i++)
        IT_OK(pn_view_graph_add_sql(graph, views[i][0], views[i][1], NULL, err));
    IT_OK(pn_view_graph_compile(graph, session, NULL, err));
    return graph;
}

/* The views whose fingerprints differ, as "a,b,". */
static char *changed(const pn_view_graph *left, const pn_view_graph *right) {
    pn_buf names = PN_BUF_INIT;
    for (size_t i = 0; i < VIEWS; i++) {
        const pn_bundle *a = pn_view_graph_bundle(left, views[i][0]);
        const pn_bundle *b = pn_view_graph_bundle(right, views[i][0]);
        if (!pni_streq(pn_bundle_fingerprint(a), pn_bundle_fingerprint(b)))
            pni_buf_printf(&names, "%s,", views[i][0]);
    }
    return pni_buf_steal(&names);
}

static char *changed_by(const char *first_pack, const char *second_pack) {
    pn_session *first = session_with(first_pack);
    pn_view_graph *left = graph_of(first);
    pn_session *second = session_with(second_pack);
    pn_view_graph *right = graph_of(second);
    char *names = changed(left, right);
    pn_view_graph_free(left);
    pn_view_graph_free(right);
    pn_session_unref(first);
    pn_session_unref(second);
    return names;
}

T_CASE(one_byte_of_a_pack_changes_exactly_the_views_that_use_it) {
    const char *one = pack_path("add_n_1");
    PNI_AUTO_PTR(pni_text) same = changed_by(one, one);
    T_EQ_STR(same ? same : "", "");
    PNI_AUTO_PTR(pni_text) byte = changed_by(one, longer_copy(one));
    T_EQ_STR(byte, "by_alias,in_chain,uses,");
    PNI_AUTO_PTR(pni_text) version = changed_by(one, pack_path("add_n_2"));
    T_EQ_STR(version, "by_alias,in_chain,uses,");
}

T_CASE(a_built_ins_body_version_changes_exactly_the_views_that_use_it) {
    const char *pack = pack_path("add_n_1");
    const pn_plugin *builtin = pni_udf_builtin();
    pn_udf *udf = NULL;
    for (uint64_t i = 0; i < builtin->n_udfs; i++)
        if (pni_streq(pni_udf_at(builtin, i)->name, "stable_hash64"))
            udf = (pn_udf *)(uintptr_t)pni_udf_at(builtin, i);
    T_ASSERT(udf);
    pn_session *first = session_with(pack);
    pn_view_graph *left = graph_of(first);
    const char *version = udf->body_version;
    udf->body_version = "changed";
    pn_session *second = session_with(pack);
    pn_view_graph *right = graph_of(second);
    udf->body_version = version;
    PNI_AUTO_PTR(pni_text) names = changed(left, right);
    T_EQ_STR(names, "other,");
    pn_view_graph_free(left);
    pn_view_graph_free(right);
    pn_session_unref(first);
    pn_session_unref(second);
}

static void expect_refusal(pn_session *session, const pn_bundle *bundle, const char *text) {
    pn_result *result = NULL;
    pn_error problem = PN_ERROR_INIT;
    pn_status status = pn_exec_run(session, bundle, NULL, &result, &problem);
    t_status(T_PLACE("pn_exec_run"), status, PN_DRIFT, problem.message, problem.detail);
    T_EQ_INT(problem.number, PNI_E_PLAN_FUNCTION);
    T_EQ_STR(problem.message, text);
    T_ASSERT(problem.hint[0] && strstr(problem.detail, "add_n"));
}

T_CASE(a_bundle_of_another_version_says_which) {
    const char *one = pack_path("add_n_1");
    pn_session *first = session_with(one);
    pn_view_graph *graph = graph_of(first);
    const pn_bundle *uses = pn_view_graph_bundle(graph, "uses");
    const pn_bundle *plain = pn_view_graph_bundle(graph, "plain");
    pn_session *second = session_with(pack_path("add_n_2"));
    pn_session *third = session_with(longer_copy(one));
    pn_catalog *none = pn_catalog_new();
    pn_session *bare = it_session(none);
    pn_result *result = NULL;
    expect_refusal(second, uses, "function 'add_n' changed: 1.0 -> 2.0");
    PNI_AUTO(pn_buf) file = PN_BUF_INIT;
    pn_bundle_set *set = NULL;
    IT_OK(pn_bundle_export(&uses, 1, &file, err));
    IT_OK(pn_bundle_import((pn_bytes){file.data, file.len}, "uses.pnb", &set, err));
    expect_refusal(second, pn_bundle_set_at(set, 0), "function 'add_n' changed: 1.0 -> 2.0");
    pn_bundle_set_free(set);
    expect_refusal(third, uses, "function 'add_n' changed: 1.0 -> 1.0 with another body");
    pn_error problem = PN_ERROR_INIT;
    pn_status status = pn_exec_run(bare, uses, NULL, &result, &problem);
    t_status(T_PLACE("pn_exec_run"), status, PN_DRIFT, problem.message, problem.detail);
    T_ASSERT(strstr(problem.message, "function 'add_n' is not there"));
    IT_OK(pn_exec_run(second, plain, NULL, &result, err)); /* a function that it does not use */
    pn_result_free(result);
    pn_catalog_unref(none);
    pn_view_graph_free(graph);
    pn_session_unref(first);
    pn_session_unref(second);
    pn_session_unref(third);
    pn_session_unref(bare);
}

T_CASE(bundles_record_the_platform_and_nothing_is_installed_afterwards) {
    pn_session *session = session_with(pack_path("add_n_1"));
    PNI_AUTO(pn_buf) platform = PN_BUF_INIT;
    PNI_AUTO(pn_buf) snapshot = PN_BUF_INIT;
    PNI_AUTO(pn_buf) hash = PN_BUF_INIT;
    pn_bundle *bundle = it_compile(session, NULL, "select add_n(amount) as n from orders");
    IT_OK(pn_bundle_artifact(session, bundle, "platform", NULL, &platform, err));
    IT_OK(pn_bundle_artifact(session, bundle, "udf_snapshot", NULL, &snapshot, err));
    IT_OK(pn_udf_snapshot_hash(session, &hash, err));
    T_ASSERT(strstr(pni_buf_text(&platform), "\"installed\":true"));
    T_ASSERT(strstr(pni_buf_text(&platform), pni_buf_text(&hash)));
    T_ASSERT(strstr(pni_buf_text(&snapshot), "\"signature_inputs\":{\"add_n\":[[\"int64\"]]"));
    IT_FAILS(pn_session_install(session, NULL, NULL, err), PNI_E_PLATFORM_LATE, "planned");
    pn_bundle_unref(bundle);
    pn_session_unref(session);
}
