/* Verifying a bundle against what it gave before, and where that is kept. */
#include "it.h"

#include <jansson.h>

#include <string.h>

static pn_session *session_with_rows(const char *threads) {
    pn_session_options options = PN_SESSION_OPTIONS_INIT;
    pn_setting setting = {"target_partitions", threads};
    pn_session *session = NULL;
    static const char rows[] = "[{\"k\":1,\"x\":0.1},{\"k\":2,\"x\":0.2},{\"k\":1,\"x\":0.7}]";
    options.settings = &setting;
    options.n_settings = 1;
    IT_OK(pn_session_open(&options, &session, err));
    IT_OK(pn_session_add_rows(session, "t", (pn_bytes){(const uint8_t *)rows, strlen(rows)}, NULL,
                              err));
    return session;
}

static json_t *verify(pn_session *session, const pn_bundle *bundle, const char *recorded) {
    pn_buf text = PN_BUF_INIT;
    pn_bytes before = {(const uint8_t *)recorded, recorded ? strlen(recorded) : 0};
    IT_OK(pn_verify_bundle(session, bundle, before, NULL, &text, err));
    json_t *json = json_loadb((const char *)text.data, text.len, 0, NULL);
    T_ASSERT(json != NULL);
    pn_buf_dispose(&text);
    return json;
}

/* What `sql` gave, with one member replaced; free() it. */
static char *recorded_with(const json_t *document, const char *key, const char *value) {
    json_t *result = json_deep_copy(json_object_get(document, "result"));
    if (key)
        json_object_set_new(result, key, json_string(value));
    char *text = json_dumps(result, JSON_COMPACT);
    json_decref(result);
    return text;
}

static void expect(pn_session *session, const pn_bundle *bundle, char *recorded, const char *match,
                   bool holds) {
    json_t *json = verify(session, bundle, recorded);
    T_EQ_STR(json_string_value(json_object_get(json, "match")), match);
    T_ASSERT(json_is_true(json_object_get(json, "holds")) == holds);
    json_decref(json);
    free(recorded);
}

T_CASE(a_match_is_weighed_against_the_promise) {
    pn_session *session = session_with_rows("1");
    pn_bundle *set = it_compile(session, NULL, "select k, x from t");
    pn_bundle *list = it_compile(session, NULL, "select k, x from t order by k, x");
    pn_bundle *sum = it_compile(session, NULL, "select k, sum(x) as s from t group by k");
    pn_bundle *any = it_compile(session, NULL, "select k, random() as x from t");
    const struct {
        const pn_bundle *bundle;
        const char *key;
        const char *match;
        bool holds;
    } cases[] = {{set, NULL, "canonical", true},
                 {set, "ordered", "stable_set", true},
                 {list, "ordered", "stable_set", false},
                 {set, "rows", "none", false},
                 {sum, "all", "float_tolerant", true},
                 {set, "all", "float_tolerant", false},
                 {sum, "without_floats+all", "none", false},
                 {any, "rows", "none", true}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        json_t *first = verify(session, cases[i].bundle, NULL);
        T_EQ_STR(json_string_value(json_object_get(first, "match")), "unrecorded");
        json_t *result = json_object_get(first, "result");
        const char *key = cases[i].key;
        if (key && strchr(key, '+')) {
            json_object_set_new(result, "without_floats", json_string("00"));
            key = "all";
        }
        expect(session, cases[i].bundle, recorded_with(first, key, "77"), cases[i].match,
               cases[i].holds);
        json_decref(first);
    }
    pn_bundle_unref(set);
    pn_bundle_unref(list);
    pn_bundle_unref(sum);
    pn_bundle_unref(any);
    pn_session_unref(session);
}

T_CASE(sums_that_differ_in_the_last_digits_agree) {
    pn_session *session = session_with_rows("1");
    pn_bundle *sum = it_compile(session, NULL, "select sum(x) as s from t");
    json_t *first = verify(session, sum, NULL);
    json_t *result = json_object_get(first, "result");
    json_object_set_new(result, "all", json_string("00"));
    json_t *column = json_array_get(json_object_get(result, "floats"), 0);
    json_object_set_new(column, "sum", json_string("1.0000000000001"));
    expect(session, sum, recorded_with(first, NULL, NULL), "float_tolerant", true);
    json_object_set_new(column, "sum", json_string("1.001"));
    expect(session, sum, recorded_with(first, NULL, NULL), "none", false);
    json_decref(first);
    pn_bundle_unref(sum);
    pn_session_unref(session);
}

T_CASE(threads_do_not_show_in_the_rows) {
    pn_session *one = session_with_rows("1");
    pn_session *eight = session_with_rows("8");
    const char *sql = "select t.k, u.x from t join t u on t.k = u.k where u.x > 0.1";
    pn_bundle *bundle = it_compile(one, NULL, sql);
    json_t *first = verify(one, bundle, NULL);
    json_t *second = verify(eight, bundle, NULL);
    T_ASSERT(json_equal(json_object_get(json_object_get(first, "result"), "all"),
                        json_object_get(json_object_get(second, "result"), "all")));
    json_decref(first);
    json_decref(second);
    pn_bundle_unref(bundle);
    pn_session_unref(one);
    pn_session_unref(eight);
}

T_CASE(a_result_is_kept_by_fingerprint) {
    pn_session *session = session_with_rows("1");
    pn_bundle *bundle = it_compile(session, NULL, "select k from t");
    pn_buf digest = PN_BUF_INIT;
    pn_buf kept = PN_BUF_INIT;
    const char *dir = it_path("results");
    IT_FAILS(pn_verify_recorded(dir, bundle, &kept, err), 1007, pn_bundle_fingerprint(bundle));
    IT_OK(pn_verify_digest(session, bundle, NULL, &digest, err));
    IT_OK(pn_verify_record(dir, bundle, (pn_bytes){digest.data, digest.len}, err));
    IT_OK(pn_verify_recorded(dir, bundle, &kept, err));
    T_ASSERT(kept.len == digest.len && !memcmp(kept.data, digest.data, kept.len));
    pn_bytes broken = {(const uint8_t *)"[1]", 3};
    IT_FAILS(pn_verify_bundle(session, bundle, broken, NULL, &kept, err), 6060, "no digest");
    pn_buf_dispose(&digest);
    pn_buf_dispose(&kept);
    pn_bundle_unref(bundle);
    pn_session_unref(session);
}
