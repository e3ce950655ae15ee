/* What a bundle publishes, and that nothing of a session is hashed twice. The property that equal
 * digests mean equal rows is tests/integration/test_merkle.c. */
#include "plan_fixture.h"

static const pn_bundle *lookup(void *ctx, const char *name) {
    const pn_bundle *view = ctx;
    return view && pni_streq(view->name, name) ? view : NULL;
}

static pn_bundle *compile_over(pn_session *session, const char *name, const char *sql,
                               pn_bundle *view) {
    pni_compile_request request = {
        .name = name, .sql = fx_bytes(sql), .lookup = lookup, .ctx = view};
    pn_bundle *bundle = NULL;
    PNI_SESSION_GUARD(session);
    FX_OK(pni_plan_compile(session, &request, &bundle, err));
    return bundle;
}

static pn_session *session_with_rows(void) {
    pn_session *session = fx_session(NULL);
    fx_add_rows(session, "t", "[{\"k\":1,\"v\":\"a\"},{\"k\":2,\"v\":\"b\"}]");
    return session;
}

T_CASE(a_reader_holds_rows_and_the_columns_it_reads) {
    PNI_AUTO_PTR(pn_session) session = session_with_rows();
    PNI_AUTO_PTR(pn_bundle) view = compile_over(session, "u", "select k, v from t", NULL);
    PNI_AUTO_PTR(pn_bundle) reader = compile_over(session, "r", "select v from u", view);
    const json_t *published = NULL;
    FX_OK(pni_bundle_publish(view, &published, err));
    const json_t *read = json_object_get(json_object_get(reader->documents, "inputs"), "u");
    T_ASSERT(json_equal(json_object_get(read, "rows"), json_object_get(published, "rows")));
    const json_t *columns = json_object_get(read, "columns");
    T_EQ_UINT(json_object_size(columns), 1);
    T_ASSERT(json_equal(json_object_get(columns, "v"),
                        json_object_get(json_object_get(published, "columns"), "v")));
    T_ASSERT(!pni_streq(pni_json_text(columns, "v"), view->fingerprint));
}

T_CASE(an_unread_column_changes_the_view_but_not_its_reader) {
    PNI_AUTO_PTR(pn_session) session = session_with_rows();
    PNI_AUTO_PTR(pn_bundle) narrow = compile_over(session, "u", "select v from t", NULL);
    PNI_AUTO_PTR(pn_bundle) wide = compile_over(session, "u", "select v, k + 1 as n from t", NULL);
    PNI_AUTO_PTR(pn_bundle) first = compile_over(session, "r", "select v from u", narrow);
    PNI_AUTO_PTR(pn_bundle) second = compile_over(session, "r", "select v from u", wide);
    T_ASSERT(!pni_streq(narrow->fingerprint, wide->fingerprint));
    T_EQ_STR(first->fingerprint, second->fingerprint);
}

T_CASE(one_expression_has_one_digest_however_the_plan_is_cut) {
    PNI_AUTO_PTR(pn_session) session = session_with_rows();
    PNI_AUTO_PTR(pn_bundle)
    alone = compile_over(session, "u", "select (k + 1) * (k + 1) as n from t", NULL);
    /* here k + 1 is computed once, in a projection of its own */
    PNI_AUTO_PTR(pn_bundle)
    shared =
        compile_over(session, "u", "select (k + 1) * (k + 1) as n, (k + 1) * 3 as m from t", NULL);
    PNI_AUTO_PTR(pn_bundle) first = compile_over(session, "r", "select n from u", alone);
    PNI_AUTO_PTR(pn_bundle) second = compile_over(session, "r", "select n from u", shared);
    T_EQ_STR(first->fingerprint, second->fingerprint);
}

T_CASE(what_cannot_be_told_apart_is_the_fingerprint) {
    PNI_AUTO_PTR(pn_session) session = session_with_rows();
    PNI_AUTO_PTR(pn_bundle)
    view = compile_over(session, "u", "select k, random() as r from t where random() < 2", NULL);
    const json_t *published = NULL;
    FX_OK(pni_bundle_publish(view, &published, err));
    const json_t *columns = json_object_get(published, "columns");
    T_EQ_STR(pni_json_text(published, "rows"), view->fingerprint);
    T_EQ_STR(pni_json_text(columns, "r"), view->fingerprint);
    T_ASSERT(!pni_streq(pni_json_text(columns, "k"), view->fingerprint));
}

T_CASE(the_body_of_a_function_is_part_of_the_columns_made_with_it) {
    PNI_AUTO_PTR(pn_session) session = session_with_rows();
    PNI_AUTO_PTR(pn_bundle)
    view = compile_over(session, "u", "select stable_hash64(v) as h, v from t", NULL);
    PNI_AUTO_PTR(pn_bundle)
    other = compile_over(session, "u", "select stable_hash64(v) as h, v from t", NULL);
    json_object_set_new(json_array_get(json_object_get(other->documents, "udf"), 0), "digest",
                        json_string("another body"));
    const json_t *a = NULL;
    const json_t *b = NULL;
    FX_OK(pni_bundle_publish(view, &a, err));
    FX_OK(pni_bundle_publish(other, &b, err));
    a = json_object_get(a, "columns");
    b = json_object_get(b, "columns");
    T_ASSERT(!json_equal(json_object_get(a, "h"), json_object_get(b, "h")));
    T_ASSERT(json_equal(json_object_get(a, "v"), json_object_get(b, "v")));
}

T_CASE(tags_of_the_functions_used_are_a_component) {
    PNI_AUTO_PTR(pn_session) session = session_with_rows();
    PNI_AUTO_PTR(pn_bundle) bundle = fx_compile(session, "select stable_hash64(v) as h from t");
    PNI_AUTO_PTR(pn_bundle) plain = fx_compile(session, "select v from t");
    const json_t *tags = json_object_get(bundle->documents, "rewrite_tags");
    T_EQ_UINT(json_object_size(tags), 1);
    T_EQ_STR(json_string_value(json_array_get(json_object_get(tags, "stable_hash64"), 0)), "hash");
    T_EQ_UINT(json_object_size(json_object_get(plain->documents, "rewrite_tags")), 0);
}

T_CASE(nothing_of_a_session_is_hashed_twice) {
    PNI_AUTO_PTR(pn_session) session = session_with_rows();
    PNI_AUTO_PTR(pn_bundle) warm = fx_compile(session, "select k from t");
    uint64_t before = pni_json_digest_count();
    PNI_AUTO_PTR(pn_bundle) bundle = fx_compile(session, "select v from t where k > 1");
    /* plan, inputs, pins, schema, udf, rewrite_tags, and the fingerprint itself */
    T_EQ_UINT(pni_json_digest_count() - before, 7);
    T_EQ_UINT(pn_bundle_component_count(bundle), 11);
    before = pni_json_digest_count();
    PNI_AUTO(pn_buf) text = PN_BUF_INIT;
    FX_OK(pn_session_describe(session, &text, err));
    T_EQ_UINT(pni_json_digest_count() - before, 0);
}
