/* The folder of bundles: one file each, the last one of a view, several writers. */
#include "archive_fixture.h"

#include <sys/stat.h>
#include <unistd.h>

static pn_bundle_store *open_store(void) {
    pn_bundle_store *store = NULL;
    FX_OK(pn_bundle_store_open(fx_path("bundles"), &store, err));
    return store;
}

static const char *file_of(const pn_bundle *bundle) {
    char name[PNI_SHA256_HEX + 32];
    snprintf(name, sizeof name, "bundles/%.2s/%s.pnb", pn_bundle_fingerprint(bundle),
             pn_bundle_fingerprint(bundle));
    return fx_path(name);
}

T_CASE(what_is_put_comes_back_with_its_upstream) {
    AR_VIEWS views = ar_open();
    PNI_AUTO_PTR(pn_bundle_store) store = open_store();
    PNI_AUTO_PTR(pn_bundle) by_prefix = NULL;
    PNI_AUTO_PTR(pn_bundle) by_view = NULL;
    char prefix[13];
    FX_OK(pn_bundle_store_put(store, views.high, PN_BUNDLE_PUT_RECORD, err));
    T_ASSERT(pni_path_exists(file_of(views.high)) && pni_path_exists(file_of(views.low)));
    snprintf(prefix, sizeof prefix, "%.12s", pn_bundle_fingerprint(views.high));
    FX_OK(pn_bundle_store_get(store, prefix, &by_prefix, err));
    T_EQ_STR(pn_bundle_fingerprint(by_prefix), pn_bundle_fingerprint(views.high));
    T_EQ_STR(pn_bundle_name(by_prefix), "high");
    T_EQ_STR(pn_bundle_sql(by_prefix), pn_bundle_sql(views.high));
    T_EQ_STR(pn_bundle_fingerprint(pn_bundle_input_at(by_prefix, 0)),
             pn_bundle_fingerprint(views.low));
    FX_OK(pn_bundle_store_last(store, "low", &by_view, err));
    T_EQ_STR(pn_bundle_fingerprint(by_view), pn_bundle_fingerprint(views.low));
}

T_CASE(putting_again_writes_nothing) {
    AR_VIEWS views = ar_open();
    PNI_AUTO_PTR(pn_bundle_store) store = open_store();
    struct stat first, second;
    FX_OK(pn_bundle_store_put(store, views.high, PN_BUNDLE_PUT_RECORD, err));
    T_EQ_INT(stat(file_of(views.high), &first), 0);
    FX_OK(pn_bundle_store_put(store, views.high, PN_BUNDLE_PUT_RECORD, err));
    T_EQ_INT(stat(file_of(views.high), &second), 0);
    T_EQ_UINT(first.st_ino, second.st_ino);
}

/* What a session has besides is not in it. */
T_CASE(another_table_writes_no_file_anew) {
    AR_VIEWS views = ar_open();
    PNI_AUTO_PTR(pn_bundle_store) store = open_store();
    PNI_AUTO_PTR(pn_bundle) again = NULL;
    PNI_AUTO_PTR(pn_bundle) got = NULL;
    struct stat first, second;
    FX_OK(pn_bundle_store_put(store, views.low, PN_BUNDLE_PUT_RECORD, err));
    T_EQ_INT(stat(file_of(views.low), &first), 0);
    fx_add_rows(views.session, "other", "[{\"x\":1}]");
    FX_OK(fx_compile_as(views.session, "low", pn_bundle_sql(views.low), &again, err));
    T_EQ_STR(pn_bundle_fingerprint(again), pn_bundle_fingerprint(views.low));
    T_ASSERT(!json_equal(again->snapshot, views.low->snapshot));
    FX_OK(pn_bundle_store_put(store, again, PN_BUNDLE_PUT_RECORD, err));
    T_EQ_INT(stat(file_of(views.low), &second), 0);
    T_EQ_UINT(first.st_ino, second.st_ino);
    FX_OK(pn_bundle_store_last(store, "low", &got, err));
    T_ASSERT(!got->snapshot);
}

T_CASE(only_recording_changes_what_a_view_had_last) {
    AR_VIEWS views = ar_open();
    PNI_AUTO_PTR(pn_bundle_store) store = open_store();
    PNI_AUTO_PTR(pn_bundle) changed = NULL;
    PNI_AUTO_PTR(pn_bundle) last = NULL;
    PNI_AUTO_PTR(pn_bundle) now = NULL;
    FX_OK(fx_compile_as(views.session, "low", "select g from t", &changed, err));
    FX_OK(pn_bundle_store_put(store, views.low, PN_BUNDLE_PUT_RECORD, err));
    FX_OK(pn_bundle_store_put(store, changed, 0, err));
    FX_OK(pn_bundle_store_last(store, "low", &last, err));
    T_EQ_STR(pn_bundle_fingerprint(last), pn_bundle_fingerprint(views.low));
    FX_OK(pn_bundle_store_put(store, changed, PN_BUNDLE_PUT_RECORD, err));
    FX_OK(pn_bundle_store_last(store, "low", &now, err));
    T_EQ_STR(pn_bundle_fingerprint(now), pn_bundle_fingerprint(changed));
}

/* Twins share a file; each view keeps its own name. */
T_CASE(two_views_may_be_one_bundle) {
    PNI_AUTO_PTR(pn_session) session = fx_session(NULL);
    PNI_AUTO_PTR(pn_bundle_store) store = open_store();
    PNI_AUTO_PTR(pn_bundle) a = NULL;
    PNI_AUTO_PTR(pn_bundle) b = NULL;
    PNI_AUTO_PTR(pn_bundle) got = NULL;
    FX_OK(fx_compile_as(session, "a", "select 1 as k", &a, err));
    FX_OK(fx_compile_as(session, "b", "select 1 as k", &b, err));
    FX_OK(pn_bundle_store_put(store, a, PN_BUNDLE_PUT_RECORD, err));
    FX_OK(pn_bundle_store_put(store, b, PN_BUNDLE_PUT_RECORD, err));
    FX_OK(pn_bundle_store_last(store, "a", &got, err));
    T_EQ_STR(pn_bundle_name(got), "a");
}

T_CASE(what_is_not_there_is_named) {
    PNI_AUTO_PTR(pn_bundle_store) store = open_store();
    pn_bundle *got = NULL;
    FX_FAILS(pn_bundle_store_get(store, "0123456789ab", &got, err), PNI_E_BUNDLE_UNKNOWN,
             "0123456789ab");
    FX_FAILS(pn_bundle_store_get(store, "012", &got, err), PNI_E_BUNDLE_PREFIX, "012");
    FX_FAILS(pn_bundle_store_get(store, "../../x", &got, err), PNI_E_BUNDLE_PREFIX, "../../x");
    FX_FAILS(pn_bundle_store_last(store, "nothing", &got, err), PNI_E_BUNDLE_UNKNOWN, "nothing");
    FX_FAILS(pn_bundle_store_last(store, "../x", &got, err), PNI_E_NAME, "../x");
    FX_FAILS(pn_bundle_store_put(store, NULL, 0, err), PNI_E_ARGUMENT, "bundle");
}

T_CASE(a_prefix_of_two_bundles_is_refused) {
    AR_VIEWS views = ar_open();
    PNI_AUTO_PTR(pn_bundle_store) store = open_store();
    pn_bundle *got = NULL;
    char twin[PNI_SHA256_HEX + 32], prefix[9];
    FX_OK(pn_bundle_store_put(store, views.low, 0, err));
    snprintf(prefix, sizeof prefix, "%.8s", pn_bundle_fingerprint(views.low));
    snprintf(twin, sizeof twin, "bundles/%.2s/%s%056d.pnb", prefix, prefix, 0);
    fx_write(twin, "any");
    FX_FAILS(pn_bundle_store_get(store, prefix, &got, err), PNI_E_BUNDLE_PREFIX, prefix);
}

T_CASE(damage_is_found_named_and_repaired) {
    AR_VIEWS views = ar_open();
    PNI_AUTO_PTR(pn_bundle_store) store = open_store();
    PNI_AUTO(pn_buf) list = PN_BUF_INIT;
    PNI_AUTO_PTR(pn_bundle) whole = NULL;
    pn_bundle *got = NULL;
    FX_OK(pn_bundle_store_put(store, views.high, PN_BUNDLE_PUT_RECORD, err));
    FX_OK(pni_file_write(file_of(views.low), "cut", 3, err));
    FX_FAILS(pn_bundle_store_last(store, "high", &got, err), PNI_E_BUNDLE_FILE,
             pn_bundle_fingerprint(views.low));
    FX_OK(pn_bundle_store_list(store, &list, err));
    PNI_AUTO_PTR(json_t) json = fx_json(&list);
    T_EQ_UINT(json_array_size(json_object_get(json, "bundles")), 1);
    T_EQ_UINT(json_array_size(json_object_get(json, "damaged")), 1);
    T_EQ_UINT(json_object_size(json_object_get(json, "views")), 2);
    FX_OK(pn_bundle_store_put(store, views.high, PN_BUNDLE_PUT_RECORD, err));
    FX_OK(pn_bundle_store_last(store, "high", &whole, err));
    T_EQ_INT(unlink(file_of(views.low)), 0);
    FX_FAILS(pn_bundle_store_last(store, "high", &got, err), PNI_E_BUNDLE_UNKNOWN, "is not in");
}

T_CASE(a_file_under_another_name_is_refused) {
    AR_VIEWS views = ar_open();
    PNI_AUTO_PTR(pn_bundle_store) store = open_store();
    PNI_AUTO(pn_buf) bytes = ar_export(views.low);
    pn_bundle *got = NULL;
    FX_OK(pn_bundle_store_put(store, views.high, 0, err));
    FX_OK(pni_file_write(file_of(views.high), bytes.data, bytes.len, err));
    FX_FAILS(pn_bundle_store_get(store, pn_bundle_fingerprint(views.high), &got, err),
             PNI_E_BUNDLE_PART, "another bundle");
}

T_CASE(an_empty_store_lists_nothing) {
    PNI_AUTO_PTR(pn_bundle_store) store = open_store();
    PNI_AUTO(pn_buf) list = PN_BUF_INIT;
    FX_OK(pn_bundle_store_list(store, &list, err));
    T_EQ_STR(pni_buf_text(&list), "{\"bundles\":[],\"damaged\":[],\"views\":{}}");
}
