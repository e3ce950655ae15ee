/* Installing into a session: once, before planning, whole; what is told afterwards. */
#include "pinion/udf.h"

#include "session/session_priv.h"
#include "session_fixture.h"

static const char *pack_path(const char *name) {
    static char path[1024];
    const char *build = getenv("PN_BUILD_DIR");
    snprintf(path, sizeof path, "%s/tests/plugins/%s.so", build ? build : "", name);
    if (path[0] != '/' || !pni_path_exists(path))
        T_SKIP("the test packs are not built (PN_BUILD_DIR)");
    return path;
}

static json_t *json_of(const pn_buf *text) {
    json_t *value = json_loadb((const char *)text->data, text->len, JSON_DECODE_ANY, NULL);
    T_ASSERT(value != NULL);
    return value;
}

T_CASE(a_session_without_installation_has_the_defaults) {
    PNI_AUTO_PTR(pn_session) session = fx_session(NULL);
    PNI_AUTO(pn_buf) text = PN_BUF_INIT;
    FX_OK(pn_session_platform(session, &text, err));
    PNI_AUTO_PTR(json_t) platform = json_of(&text);
    T_ASSERT(json_is_false(json_object_get(platform, "installed")));
    T_EQ_UINT(json_array_size(json_object_get(platform, "packs")), 1);
    T_EQ_UINT(strlen(pni_json_text(platform, "snapshot_hash")), 64);
    T_ASSERT(json_object_get(json_object_get(platform, "docs"), "stable_id"));
    PNI_AUTO(pn_buf) hash = PN_BUF_INIT;
    FX_OK(pn_udf_snapshot_hash(session, &hash, err));
    T_EQ_STR(pni_buf_text(&hash), pni_json_text(platform, "snapshot_hash"));
}

T_CASE(one_call_installs_packs_policies_and_checks) {
    const char *required[] = {"double_it", "stable_id", "sum"};
    pn_platform_pack pack = {pack_path("good"), NULL};
    PNI_AUTO_PTR(pn_session) session = fx_session(NULL);
    PNI_AUTO(pn_buf) before = PN_BUF_INIT;
    PNI_AUTO(pn_buf) text = PN_BUF_INIT;
    FX_OK(pn_udf_snapshot_hash(session, &before, err));
    pn_platform_options options = PN_PLATFORM_OPTIONS_INIT;
    options.packs = &pack, options.n_packs = 1;
    options.required = required, options.n_required = 3;
    options.flags = PN_PLATFORM_ASYNC;
    options.async_timeout_ms = 500, options.async_batch_rows = 64;
    FX_OK(pn_session_install(session, &options, &text, err));
    PNI_AUTO_PTR(json_t) platform = json_of(&text);
    T_ASSERT(json_is_true(json_object_get(platform, "installed")));
    T_EQ_UINT(json_array_size(json_object_get(platform, "packs")), 2);
    const json_t *policy = json_object_get(platform, "async_udf_policy");
    T_EQ_STR(pni_json_text(policy, "timeout_ms"), "500");
    T_EQ_STR(pni_json_text(policy, "ideal_batch_size"), "64");
    T_ASSERT(!pni_streq(pni_buf_text(&before), pni_json_text(platform, "snapshot_hash")));
    PNI_AUTO(pn_buf) again = PN_BUF_INIT;
    FX_OK(pn_session_platform(session, &again, err));
    T_EQ_STR(pni_buf_text(&again), pni_buf_text(&text));
    FX_FAILS(pn_session_install(session, &options, NULL, err), PNI_E_PLATFORM_LATE, "installed");
    FX_FAILS(pn_session_load_pack(session, pack.path, NULL, err), PNI_E_PLATFORM_LATE,
             "installed"); /* the document would not tell of it */
}

T_CASE(nothing_is_installed_after_planning) {
    PNI_AUTO_PTR(pn_session) session = fx_session(NULL);
    PNI_AUTO_PTR(json_t) snapshot = pni_session_snapshot(session); /* as every compile does */
    FX_FAILS(pn_session_install(session, NULL, NULL, err), PNI_E_PLATFORM_LATE, "planned");
    FX_FAILS(pn_session_load_pack(session, fx_path("gone.so"), NULL, err), PNI_E_PLATFORM_LATE,
             "planned");
}

T_CASE(options_that_contradict_each_other_are_refused) {
    static const char *const planners[] = {"no_such"};
    static const char *const required[] = {"nope", "stable_id", "gone"};
    PNI_AUTO_PTR(pn_session) session = fx_session(NULL);
    pn_platform_options options = PN_PLATFORM_OPTIONS_INIT;
    options.async_timeout_ms = 1;
    FX_FAILS(pn_session_install(session, &options, NULL, err), PNI_E_PLATFORM_OPTIONS, "timeout");
    options.async_timeout_ms = 0, options.async_batch_rows = 1;
    FX_FAILS(pn_session_install(session, &options, NULL, err), PNI_E_PLATFORM_OPTIONS,
             "batch size");
    options.flags = PN_PLATFORM_ASYNC;
    FX_FAILS(pn_session_install(session, &options, NULL, err), PNI_E_PLATFORM_OPTIONS, "timeout");
    options.async_timeout_ms = 1, options.async_batch_rows = UINT64_MAX;
    FX_FAILS(pn_session_install(session, &options, NULL, err), PNI_E_PLATFORM_OPTIONS,
             "batch size for asynchronous functions above");
    options.async_timeout_ms = 0;
    options.flags = 64, options.async_batch_rows = 0;
    FX_FAILS(pn_session_install(session, &options, NULL, err), PNI_E_PLATFORM_OPTIONS, "0x40");
    options.flags = 0, options.n_packs = 1;
    FX_FAILS(pn_session_install(session, &options, NULL, err), PNI_E_ARGUMENT, "NULL");
    options.n_packs = 0, options.expr_planners = planners, options.n_expr_planners = 1;
    FX_FAILS(pn_session_install(session, &options, NULL, err), PNI_E_PLATFORM_PLANNER, "no_such");
    options.expr_planners = NULL, options.n_expr_planners = 0, options.required = required,
    options.n_required = 3;
    FX_FAILS(pn_session_install(session, &options, NULL, err), PNI_E_UDF_REQUIRED, "nope, gone");
    FX_FAILS(pn_session_install(NULL, &options, NULL, err), PNI_E_ARGUMENT, "session");
}

T_CASE(a_lenient_installation_tells_what_it_left_out) {
    static const char *const planners[] = {"no_such"};
    pn_platform_pack packs[] = {{fx_path("gone.so"), NULL}, {pack_path("good"), NULL}};
    PNI_AUTO_PTR(pn_session) session = fx_session(NULL);
    PNI_AUTO(pn_buf) text = PN_BUF_INIT;
    pn_platform_options options = PN_PLATFORM_OPTIONS_INIT;
    options.packs = packs, options.n_packs = 2;
    options.expr_planners = planners, options.n_expr_planners = 1;
    FX_FAILS(pn_session_install(session, &options, NULL, err), PNI_E_FILE_MISSING, "gone.so");
    options.flags = PN_PLATFORM_LENIENT;
    FX_OK(pn_session_install(session, &options, &text, err));
    PNI_AUTO_PTR(json_t) platform = json_of(&text);
    const json_t *problems = json_object_get(platform, "problems");
    T_EQ_UINT(json_array_size(problems), 2);
    T_EQ_INT(json_integer_value(json_object_get(json_array_get(problems, 0), "number")),
             PNI_E_FILE_MISSING);
    T_EQ_INT(json_integer_value(json_object_get(json_array_get(problems, 1), "number")),
             PNI_E_PLATFORM_PLANNER);
    T_EQ_UINT(json_array_size(json_object_get(platform, "packs")), 2);
}

/* The snapshot, the engine's list and a call say the same: nothing of the pack is there. */
static void expect_absent(pn_session *session, const char *name) {
    PNI_AUTO(pn_buf) snapshot = PN_BUF_INIT;
    PNI_AUTO(pn_buf) parity = PN_BUF_INIT;
    FX_OK(pn_udf_snapshot(session, &snapshot, err));
    if (strstr(pni_buf_text(&snapshot), name))
        T_FAIL("the snapshot names '%s'", name);
    FX_FAILS(pn_udf_require(session, &name, 1, err), PNI_E_UDF_REQUIRED, name);
    FX_OK(pn_udf_parity(session, &parity, err));
    if (!strstr(pni_buf_text(&parity), "\"ok\":true"))
        T_FAIL("%s", pni_buf_text(&parity));
}

T_CASE(a_pack_that_clashes_with_the_engine_leaves_nothing_behind) {
    const char *required[] = {"twice"};
    pn_platform_pack packs[2];
    char clashes[1024];
    snprintf(clashes, sizeof clashes, "%s", pack_path("clashes"));
    packs[0] = (pn_platform_pack){clashes, NULL};
    packs[1] = (pn_platform_pack){pack_path("good"), NULL};
    PNI_AUTO_PTR(pn_session) session = fx_session(NULL);
    FX_FAILS(pn_session_load_pack(session, clashes, NULL, err), PNI_E_UDF_DUPLICATE,
             "'abs', and so has the engine");
    expect_absent(session, "magnitude_of");
    FX_OK(pn_session_load_pack(session, packs[1].path, NULL, err));
    FX_OK(pn_udf_require(session, required, 1, err));
    PNI_AUTO_PTR(pn_session) lenient = fx_session(NULL);
    PNI_AUTO(pn_buf) text = PN_BUF_INIT;
    pn_platform_options options = PN_PLATFORM_OPTIONS_INIT;
    options.packs = packs, options.n_packs = 2, options.flags = PN_PLATFORM_LENIENT;
    FX_OK(pn_session_install(lenient, &options, &text, err));
    PNI_AUTO_PTR(json_t) platform = json_of(&text);
    T_EQ_UINT(json_array_size(json_object_get(platform, "problems")), 1);
    T_EQ_UINT(json_array_size(json_object_get(platform, "packs")), 2);
    expect_absent(lenient, "magnitude_of");
    FX_OK(pn_udf_require(lenient, required, 1, err));
}

/* Whatever is wrong, the packs before it are not there, and the session installs the right ones. */
T_CASE(a_strict_installation_is_all_or_nothing) {
    static const char *const planners[] = {"codeanatomy_domain", "no_such"};
    static const char *const required[] = {"double_it", "no_such"};
    char good[1024], clashes[1024];
    snprintf(good, sizeof good, "%s", pack_path("good"));
    snprintf(clashes, sizeof clashes, "%s", pack_path("clashes"));
    const pn_platform_pack packs[] = {{good, NULL}, {clashes, NULL}};
    PNI_AUTO_PTR(pn_session) session = fx_session(NULL);
    PNI_AUTO(pn_buf) before = PN_BUF_INIT;
    PNI_AUTO(pn_buf) after = PN_BUF_INIT;
    FX_OK(pn_session_platform(session, &before, err));
    pn_platform_options options = PN_PLATFORM_OPTIONS_INIT;
    options.flags = PN_PLATFORM_ASYNC;
    options.async_timeout_ms = 500, options.async_batch_rows = 64;
    options.packs = packs, options.n_packs = 2;
    FX_FAILS(pn_session_install(session, &options, NULL, err), PNI_E_UDF_DUPLICATE, "abs");
    expect_absent(session, "double_it");
    options.n_packs = 1, options.expr_planners = planners, options.n_expr_planners = 2;
    FX_FAILS(pn_session_install(session, &options, NULL, err), PNI_E_PLATFORM_PLANNER, "no_such");
    expect_absent(session, "double_it");
    T_EQ_UINT(json_object_size(pni_session_planners(session)), 0);
    options.n_expr_planners = 1, options.required = required, options.n_required = 2;
    FX_FAILS(pn_session_install(session, &options, NULL, err), PNI_E_UDF_REQUIRED, "no_such");
    expect_absent(session, "double_it");
    FX_OK(pn_session_platform(session, &after, err));
    T_EQ_STR(pni_buf_text(&after), pni_buf_text(&before));
    T_EQ_STR(pni_json_text(pni_session_environment(session), "async_functions"), "off");
    options.n_required = 1;
    FX_OK(pn_session_install(session, &options, NULL, err));
    FX_OK(pn_udf_require(session, required, 1, err));
    T_EQ_UINT(json_object_size(pni_session_planners(session)), 1);
}

/* The options and table providers of a pack go with it, too. */
static void expect_no_extras(const pn_session *session) {
    PNI_AUTO_PTR(json_t) spec = json_pack("{s:s, s:s}", "format", "tables.bytes", "uri", "/x");
    pni_engine_table *table = NULL;
    FX_FAILS(pni_engine_table_open(pni_session_engine(session), spec, NULL, NULL, &table, err),
             PNI_E_ENGINE_NOT_FOUND, "tables.bytes");
    T_ASSERT(!json_object_get(pni_session_settings(session), "all_kinds.factor"));
}

/* What fails in the engine itself: an option of the pack was asked for with a value it cannot have.
 */
T_CASE(what_the_engine_had_already_is_taken_back) {
    const pn_setting asked[] = {{"all_kinds.factor", "many"}};
    char all_kinds[1024], tables[1024];
    snprintf(all_kinds, sizeof all_kinds, "%s", pack_path("all_kinds"));
    snprintf(tables, sizeof tables, "%s", pack_path("tables"));
    pn_platform_pack packs[] = {{tables, NULL}, {all_kinds, NULL}};
    PNI_AUTO_PTR(pn_session) session = NULL;
    pn_session_options open = PN_SESSION_OPTIONS_INIT;
    open.settings = asked, open.n_settings = 1;
    FX_OK(pn_session_open(&open, &session, err));
    FX_FAILS(pn_session_load_pack(session, all_kinds, NULL, err), PNI_E_ENGINE_SETTING,
             "all_kinds.factor");
    expect_absent(session, "rows_left");
    expect_no_extras(session);
    pn_platform_options options = PN_PLATFORM_OPTIONS_INIT;
    options.packs = packs, options.n_packs = 2, options.flags = PN_PLATFORM_ASYNC;
    options.async_timeout_ms = 500, options.async_batch_rows = 64;
    FX_FAILS(pn_session_install(session, &options, NULL, err), PNI_E_ENGINE_SETTING,
             "all_kinds.factor");
    expect_absent(session, "rows_left");
    expect_absent(session, "untold");
    expect_no_extras(session);
    T_EQ_STR(pni_json_text(pni_session_environment(session), "async_functions"), "off");
    FX_OK(pn_session_load_pack(session, pack_path("good"), NULL, err));
    options.n_packs = 1;
    FX_OK(pn_session_install(session, &options, NULL, err));
    T_EQ_STR(pni_json_text(pni_session_environment(session), "async_functions"), "on");
}

/* A pack that is taken back takes no word of the caller's with it: the next one hears it again. */
T_CASE(what_was_asked_of_a_pack_outlives_a_refusal) {
    PNI_AUTO_PTR(pn_session) session = NULL;
    FX_OK(fx_session_with("all_kinds.factor", "7", &session, err));
    size_t first = pni_udf_pack_count(session->udfs);
    FX_OK(pn_session_load_pack(session, pack_path("all_kinds"), NULL, err));
    T_EQ_STR(pni_json_text(pni_session_settings(session), "all_kinds.factor"), "7");
    pni_session_take_back_packs(session, first);
    T_ASSERT(!json_object_get(pni_session_settings(session), "all_kinds.factor"));
    FX_FAILS(pni_session_check_options(session, err), PNI_E_SESSION_SETTING, "all_kinds.factor");
    FX_OK(pn_session_load_pack(session, pack_path("all_kinds"), NULL, err));
    T_EQ_STR(pni_json_text(pni_session_settings(session), "all_kinds.factor"), "7");
    FX_OK(pni_session_check_options(session, err));
}

T_CASE(the_catalog_comes_from_information_schema) {
    PNI_AUTO_PTR(pn_session) session = fx_session(NULL);
    PNI_AUTO(pn_buf) text = PN_BUF_INIT;
    FX_OK(pn_udf_catalog(session, PN_UDF_CATALOG_STRICT, &text, err));
    PNI_AUTO_PTR(json_t) catalog = json_of(&text);
    const json_t *categories = json_object_get(catalog, "functions_by_category");
    T_ASSERT(json_array_size(json_object_get(categories, "scalar")) > 200);
    T_ASSERT(json_array_size(json_object_get(categories, "aggregate")) > 30);
    T_ASSERT(json_array_size(json_object_get(categories, "window")) > 5);
    T_ASSERT(json_array_size(json_object_get(categories, "table")) > 0);
    const json_t *signatures = json_object_get(catalog, "function_signatures");
    const json_t *own = json_array_get(json_object_get(signatures, "stable_hash64"), 0);
    T_EQ_STR(pni_json_text(own, "return_type"), "int64");
    const json_t *sha = json_array_get(json_object_get(signatures, "sha256"), 0);
    T_EQ_UINT(json_array_size(json_object_get(sha, "input_types")), 1);
    T_ASSERT(pni_json_text(sha, "return_type"));
    FX_FAILS(pn_udf_catalog(session, 8, &text, err), PNI_E_ARGUMENT, "0x8");
}

T_CASE(packs_and_engine_agree_before_and_after_loading) {
    const char *path = pack_path("good");
    PNI_AUTO_PTR(pn_session) session = fx_session(NULL);
    PNI_AUTO(pn_buf) text = PN_BUF_INIT;
    const char *required[] = {"twice"};
    FX_FAILS(pn_udf_require(session, required, 1, err), PNI_E_UDF_REQUIRED, "twice");
    FX_OK(pn_session_load_pack(session, path, NULL, err)); /* what was told is forgotten */
    FX_OK(pn_udf_require(session, required, 1, err));
    FX_OK(pn_udf_parity(session, &text, err));
    PNI_AUTO_PTR(json_t) report = json_of(&text);
    T_ASSERT(json_is_true(json_object_get(report, "ok")));
}

/* The test pack `slow` has functions that wait. */
T_CASE(functions_that_wait_are_used_where_it_is_allowed) {
    pn_platform_pack pack = {pack_path("slow"), NULL};
    pn_platform_options options = PN_PLATFORM_OPTIONS_INIT;
    PNI_AUTO_PTR(json_t) names = json_pack("[s, s]", "sum", "batch_rows");
    options.packs = &pack, options.n_packs = 1;
    PNI_AUTO_PTR(pn_session) closed = fx_session(NULL);
    PNI_AUTO_PTR(json_t) none = NULL;
    FX_OK(pn_session_install(closed, &options, NULL, err));
    FX_FAILS(pni_session_functions(closed, names, &none, err), PNI_E_UDF_ASYNC, "'batch_rows'");
    PNI_AUTO_PTR(pn_session) open = fx_session(NULL);
    PNI_AUTO_PTR(json_t) found = NULL;
    options.flags = PN_PLATFORM_ASYNC;
    options.async_timeout_ms = 750, options.async_batch_rows = 2;
    FX_OK(pn_session_install(open, &options, NULL, err));
    FX_OK(pni_session_functions(open, names, &found, err));
    T_EQ_UINT(json_array_size(found), 1);
    const json_t *settings = pni_session_settings(open);
    T_EQ_STR(pni_json_text(settings, "pinion_async.timeout_ms"), "750");
    T_EQ_STR(pni_json_text(settings, "pinion_async.ideal_batch_size"), "2");
    T_EQ_STR(pni_json_text(pni_session_environment(open), "async_functions"), "on");
    T_EQ_STR(pni_json_text(pni_session_environment(closed), "async_functions"), "off");
}

static bool has_item(const json_t *list, const char *text) {
    size_t index;
    json_t *item;
    json_array_foreach((json_t *)(uintptr_t)list, index, item) {
        if (pni_streq(json_string_value(item), text)) {
            return true;
        }
    }
    return false;
}

T_CASE(second_names_of_the_engines_functions_are_told) {
    static const char *const names[] = {"lag_window", "range_table", "first_value_agg"};
    PNI_AUTO_PTR(pn_session) session = fx_session(NULL);
    PNI_AUTO(pn_buf) text = PN_BUF_INIT;
    PNI_AUTO(pn_buf) tags_text = PN_BUF_INIT;
    FX_OK(pn_udf_require(session, names, 3, err));
    FX_OK(pn_udf_catalog(session, PN_UDF_CATALOG_STRICT, &text, err));
    PNI_AUTO_PTR(json_t) catalog = json_of(&text);
    const json_t *windows =
        json_object_get(json_object_get(catalog, "functions_by_category"), "window");
    T_ASSERT(has_item(windows, "lag") && has_item(windows, "lag_window"));
    FX_OK(pn_udf_tags(session, &tags_text, err));
    PNI_AUTO_PTR(json_t) tags = json_of(&tags_text);
    PNI_AUTO_PTR(json_t)
    dedupe = json_pack("[s,s,s]", "dedupe_best_by_score", "dedupe_keep", "winner_select");
    T_ASSERT(json_equal(json_object_get(tags, "dedupe"), dedupe));
}

/* A pack that the engine was never given, and one that it got behind the catalog's back. */
T_CASE(differences_are_named) {
    PNI_AUTO_PTR(pn_session) session = fx_session(NULL);
    PNI_AUTO_PTR(pni_udf_catalog) catalog = pni_udf_catalog_new();
    PNI_AUTO_PTR(json_t) policy = json_object();
    PNI_AUTO_PTR(json_t) routines = NULL;
    PNI_AUTO_PTR(json_t) report = NULL;
    pn_error problem = PN_ERROR_INIT;
    T_OK(pni_udf_load(catalog, NULL, pack_path("good"), NULL, &problem), &problem);
    PNI_AUTO_PTR(json_t) specs = pni_udf_specs(catalog);
    PNI_AUTO_PTR(json_t) snapshot = pni_udf_snapshot(specs, policy);
    json_object_set_new(json_object_get(snapshot, "volatility"), "span_len", json_string("stable"));
    json_object_set_new(json_object_get(snapshot, "aliases"), "span_len", json_pack("[s]", "len9"));
    json_object_del(json_object_get(snapshot, "digests"), "span_id");
    const pni_engine_session *engine = pni_session_engine(session);
    FX_OK(pni_udf_routines(engine, snapshot, &routines, err));
    FX_OK(pni_udf_parity(engine, snapshot, routines, &report, err));
    PNI_AUTO(pn_buf) text = PN_BUF_INIT;
    FX_OK(pni_json_canonical(report, &text, err));
    T_EQ_STR(pni_buf_text(&text),
             "{\"aliases\":[{\"engine\":[],\"name\":\"span_len\",\"snapshot\":[\"len9\"]}],"
             "\"aliases_missing\":[\"len9\"],\"kind\":[],\"missing\":[\"double_it\"],\"ok\":false,"
             "\"unknown\":[\"span_id\"],\"volatility\":[{\"engine\":\"immutable\","
             "\"name\":\"span_len\",\"snapshot\":\"stable\"}]}");
}

T_CASE(snapshots_from_elsewhere_are_checked) {
    PNI_AUTO_PTR(pn_session) session = fx_session(NULL);
    PNI_AUTO(pn_buf) snapshot = PN_BUF_INIT;
    PNI_AUTO(pn_buf) names = PN_BUF_INIT;
    FX_OK(pn_udf_snapshot(session, &snapshot, err));
    pn_bytes bytes = {snapshot.data, snapshot.len};
    FX_OK(pn_udf_snapshot_check(bytes, err));
    FX_OK(pn_udf_snapshot_names(bytes, &names, err));
    T_ASSERT(strstr(pni_buf_text(&names), "\"hash64\""));
    FX_FAILS(pn_udf_snapshot_check((pn_bytes){(const uint8_t *)"[]", 2}, err), PNI_E_UDF_SNAPSHOT,
             "object");
    bytes.len /= 2;
    pn_error err = PN_ERROR_INIT;
    T_ASSERT(pn_udf_snapshot_check(bytes, &err) == PN_CORRUPT);
}
