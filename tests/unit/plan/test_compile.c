/* Compiling: what reaches an identity and what does not, what a bundle depends on, what is refused.
 */
#include "plan_fixture.h"

static const char query[] = "select g, sum(v) as s from t where v > 1 group by g";
static const char rows[] = "[{\"g\":\"a\",\"v\":1},{\"g\":\"b\",\"v\":2}]";

/* The fingerprint of `query` under one setting; false when the engine refuses the value. */
static bool fingerprint_with(const char *key, const char *value, char out[PNI_SHA256_HEX]) {
    PNI_AUTO_PTR(pn_session) session = NULL;
    if (!key)
        session = fx_session(NULL);
    else if (fx_session_with(key, value, &session, NULL) != PN_OK)
        return false;
    if (key && pni_streq(pni_json_text(pni_session_identity_settings(session), key), value) ==
                   pni_setting_is_excluded(key))
        return false; /* the engine took the word for another value */
    fx_add_rows(session, "t", rows);
    fx_fingerprint(session, query, out);
    return true;
}

/* All settings of a fresh session as the engine reports them. */
static json_t *all_settings(void) {
    PNI_AUTO_PTR(pn_session) session = fx_session(NULL);
    PNI_AUTO(pn_buf) text = PN_BUF_INIT;
    FX_OK(pn_session_describe(session, &text, err));
    PNI_AUTO_PTR(json_t) json = fx_json(&text);
    return json_incref(json_object_get(json, "settings"));
}

T_CASE(no_excluded_setting_changes_a_fingerprint) {
    PNI_AUTO_PTR(json_t) settings = all_settings();
    char base[PNI_SHA256_HEX], got[PNI_SHA256_HEX];
    const char *key;
    json_t *value;
    size_t tried = 0;
    T_ASSERT(fingerprint_with(NULL, NULL, base));
    json_object_foreach(settings, key, value) {
        const char *other;
        bool is_taken = false;
        for (size_t i = 0; pni_setting_is_excluded(key) && !is_taken &&
                           (other = fx_other_value(json_string_value(value), i));
             i++)
            is_taken = fingerprint_with(key, other, got);
        if (!is_taken)
            continue;
        tried++;
        if (!pni_streq(base, got))
            T_FAIL("'%s' changes the fingerprint", key);
    }
    if (tried < 20)
        T_FAIL("only %zu excluded settings could be changed", tried);
}

T_CASE(twenty_other_settings_change_it) {
    PNI_AUTO_PTR(json_t) settings = all_settings();
    char base[PNI_SHA256_HEX], got[PNI_SHA256_HEX];
    const char *key;
    json_t *value;
    size_t tried = 0;
    T_ASSERT(fingerprint_with(NULL, NULL, base));
    json_object_foreach(settings, key, value) {
        char hex[PNI_SHA256_HEX];
        const char *other = fx_other_value(json_string_value(value), 0);
        pni_sha256_hex(key, strlen(key), hex); /* any 20 of them, always the same */
        if (tried >= 20 || pni_setting_is_excluded(key) || !other || hex[0] > '7' ||
            !fingerprint_with(key, other, got))
            continue;
        tried++;
        if (pni_streq(base, got))
            T_FAIL("'%s' does not change the fingerprint", key);
    }
    T_EQ_UINT(tried, 20);
}

T_CASE(only_columns_that_are_read_count) {
    char narrow[PNI_SHA256_HEX], wide[PNI_SHA256_HEX];
    PNI_AUTO_PTR(pn_session) session = fx_session(NULL);
    PNI_AUTO_PTR(pn_bundle) bundle = NULL;
    fx_add_rows(session, "t", "[{\"g\":\"a\",\"v\":1,\"w\":2}]");
    bundle = fx_compile(session, "select g from t where v > 0");
    const json_t *schema = json_object_get(bundle->documents, "schema");
    PNI_AUTO(pn_buf) text = PN_BUF_INIT;
    FX_OK(pni_json_canonical(schema, &text, err));
    T_ASSERT(strstr(pni_buf_text(&text), "\"g\"") && strstr(pni_buf_text(&text), "\"v\""));
    T_ASSERT(!strstr(pni_buf_text(&text), "\"w\""));
    fx_fingerprint(session, "select g from t", narrow);
    fx_fingerprint(session, "select g, w from t", wide);
    T_ASSERT(!pni_streq(narrow, wide));
}

T_CASE(a_table_that_the_plan_does_not_read_is_no_input) {
    PNI_AUTO_PTR(pn_session) session = fx_session(NULL);
    fx_add_rows(session, "t", rows);
    PNI_AUTO_PTR(pn_bundle)
    bundle = fx_compile(session, "select 1 as k union all select v from t where false");
    T_EQ_UINT(pn_bundle_table_count(bundle), 0);
    T_EQ_UINT(json_object_size(json_object_get(bundle->documents, "pins")), 0);
}

T_CASE(the_clock_and_the_zone_do_not_show) {
    char first[PNI_SHA256_HEX], second[PNI_SHA256_HEX];
    static const char *const queries[] = {"select now()", "select current_date",
                                          "select cast('2024-01-01' as timestamp)"};
    for (size_t i = 0; i < sizeof queries / sizeof *queries; i++) {
        PNI_AUTO_PTR(pn_session) a = fx_session(NULL);
        fx_fingerprint(a, queries[i], first);
        setenv("TZ", "America/Lima", 1);
        setenv("LC_ALL", "de_DE.UTF-8", 1);
        PNI_AUTO_PTR(pn_session) b = fx_session(NULL);
        fx_fingerprint(b, queries[i], second);
        unsetenv("TZ");
        unsetenv("LC_ALL");
        T_EQ_STR(first, second);
    }
}

typedef struct one_view {
    const char *name;
    const pn_bundle *bundle;
} one_view;

static const pn_bundle *look_up(void *ctx, const char *name) {
    const one_view *view = ctx;
    return pni_streq(view->name, name) ? view->bundle : NULL;
}

static pn_status compile_over(pn_session *session, one_view *view, const char *sql, pn_bundle **out,
                              pn_error *err) {
    pni_compile_request request = {.sql = fx_bytes(sql), .lookup = look_up, .ctx = view};
    PNI_SESSION_GUARD(session);
    return pni_plan_compile(session, &request, out, err);
}

T_CASE(a_view_is_an_input_by_its_fingerprint) {
    PNI_AUTO_PTR(pn_session) session = fx_session(NULL);
    PNI_AUTO_PTR(pn_bundle) lower = NULL;
    PNI_AUTO_PTR(pn_bundle) changed = NULL;
    PNI_AUTO_PTR(pn_bundle) first = NULL;
    PNI_AUTO_PTR(pn_bundle) second = NULL;
    fx_add_rows(session, "t", rows);
    FX_OK(fx_compile_as(session, "low", "select v from t", &lower, err));
    FX_OK(fx_compile_as(session, "low", "select v from t where v > 0", &changed, err));
    FX_OK(compile_over(session, &(one_view){"low", lower}, "select v + 1 as w from low", &first,
                       err));
    FX_OK(compile_over(session, &(one_view){"low", changed}, "select v + 1 as w from low", &second,
                       err));
    T_ASSERT(pn_bundle_input_at(first, 0) == lower);
    T_EQ_UINT(json_object_size(json_object_get(first->documents, "pins")), 0);
    T_ASSERT(!pni_streq(pn_bundle_fingerprint(first), pn_bundle_fingerprint(second)));
    for (size_t i = 0; i < pn_bundle_component_count(first);
         i++) { /* and nothing but that input differs */
        bool same =
            pni_streq(pn_bundle_component_digest(first, i), pn_bundle_component_digest(second, i));
        T_EQ_INT(same, !pni_streq(pn_bundle_component_name(first, i), "inputs"));
    }
}

T_CASE(a_name_that_is_view_and_table_is_refused) {
    PNI_AUTO_PTR(pn_session) session = fx_session(NULL);
    PNI_AUTO_PTR(pn_bundle) lower = NULL;
    pn_bundle *none = NULL;
    FX_OK(fx_compile_as(session, "low", "select 1 as v", &lower, err));
    fx_add_rows(session, "low", rows);
    FX_FAILS(compile_over(session, &(one_view){"low", lower}, "select * from low", &none, err),
             PNI_E_VIEW_NAME, "'low'");
}

T_CASE(what_is_no_single_query_is_refused) {
    static const struct {
        const char *sql;
        int32_t number;
        const char *text;
    } cases[] = {{"", PNI_E_PLAN_STATEMENTS, "0"},
                 {";", PNI_E_PLAN_STATEMENTS, "0"},
                 {"select 1; select 2", PNI_E_PLAN_STATEMENTS, "2"},
                 {"create view x as select 1", PNI_E_PLAN_NOT_QUERY, "CREATE VIEW"},
                 {"delete from t", PNI_E_PLAN_NOT_QUERY, "DELETE"},
                 {"set x = 1", PNI_E_PLAN_NOT_QUERY, NULL},
                 {"explain select 1", PNI_E_PLAN_NOT_QUERY, "EXPLAIN"},
                 {"select * from nowhere", PNI_E_TABLE_UNKNOWN, "nowhere"},
                 {"select nothing from t", PNI_E_ENGINE_SQL, "nothing"},
                 {"selec 1", PNI_E_ENGINE_SQL, NULL}};
    PNI_AUTO_PTR(pn_session) session = fx_session(NULL);
    pn_bundle *none = NULL;
    fx_add_rows(session, "t", rows);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        FX_FAILS(fx_compile_as(session, NULL, cases[i].sql, &none, err), cases[i].number,
                 cases[i].text);
    T_ASSERT(!none);
    PNI_AUTO_PTR(pn_bundle) fine = fx_compile(session, "select 1;");
    T_ASSERT(fine);
}

T_CASE(bytes_that_are_no_plan_are_refused) {
    PNI_AUTO_PTR(pn_session) session = fx_session(NULL);
    pni_compile_request request = {.substrait = fx_bytes("no plan at all")};
    pn_bundle *none = NULL;
    PNI_SESSION_GUARD(session);
    FX_FAILS(pni_plan_compile(session, &request, &none, err), PNI_E_SUBSTRAIT_BYTES, NULL);
    request.substrait = (pn_bytes){NULL, 0};
    pn_error problem = PN_ERROR_INIT;
    T_ASSERT(pni_plan_compile(session, &request, &none, &problem) != PN_OK && problem.number != 0);
}
