/* Opening: what the caller says goes over the profile, what is wrong is named, the machine does not
 * show. */
#include "session/session_priv.h"
#include "session_fixture.h"

static const char *setting_of(const pn_session *session, const char *key) {
    return pni_json_text(session->settings, key);
}

T_CASE(sizes_are_numbers_with_a_unit) {
    static const struct {
        const char *text;
        uint64_t want;
    } good[] = {{"0", 0},
                {"100", 100},
                {"7B", 7},
                {"1K", 1024},
                {"1KiB", 1024},
                {"512MiB", UINT64_C(512) << 20},
                {"4 G", UINT64_C(4) << 30},
                {"4GiB", UINT64_C(4) << 30},
                {"1T", UINT64_C(1) << 40},
                {"18446744073709551615", UINT64_MAX}};
    static const char *const bad[] = {"",          "G",   "-1",   " 1",   "+1",
                                      "1.5G",      "1GB", "1 G ", "0x10", "18446744073709551616",
                                      "16777216T", "1g"};
    uint64_t got;
    for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
        T_ASSERT(pni_parse_size(good[i].text, &got));
        T_EQ_UINT(got, good[i].want);
    }
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        if (pni_parse_size(bad[i], &got))
            T_FAIL("'%s' is taken as %llu", bad[i], (unsigned long long)got);
}

T_CASE(every_profile_opens) {
    static const char *const names[] = {"default", "dev", "prod", "cst_autoload", "symtable"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        const pni_profile *profile = pni_profile_find(names[i]);
        pn_session_options options = PN_SESSION_OPTIONS_INIT;
        PNI_AUTO_PTR(pn_session) session = NULL;
        uint64_t threads, memory;
        options.profile = names[i];
        FX_OK(pn_session_open(&options, &session, err));
        T_ASSERT(
            pni_parse_u64(setting_of(session, "datafusion.execution.target_partitions"), &threads));
        T_ASSERT(threads >= 1 && threads <= profile->concurrency);
        T_ASSERT(pni_json_u64_of(session->runtime, "memory_limit_bytes", &memory));
        T_ASSERT(memory > 0 && memory <= profile->memory_bytes);
        T_EQ_STR(setting_of(session, "datafusion.execution.collect_statistics"),
                 profile->collect_statistics ? "true" : "false");
        T_EQ_STR(setting_of(session, "datafusion.execution.time_zone"), "+00:00");
    }
}

T_CASE(what_the_caller_says_goes_over_the_profile) {
    const pn_setting settings[] = {
        {"batch_size", "100"},       {"datafusion.execution.batch_size", "200"},
        {"memory_limit", "1GiB"},    {"spill_limit", "2GiB"},
        {"memory_pool", "greedy"},   {"time_zone", "+02:00"},
        {"plan_cache_limit", "3MiB"}};
    pn_session_options options = PN_SESSION_OPTIONS_INIT;
    PNI_AUTO_PTR(pn_session) session = NULL;
    options.settings = settings;
    options.n_settings = sizeof settings / sizeof *settings;
    options.batch_size = 50;
    options.target_partitions = 3;
    options.plan_cache_dir = "plans/../kept";
    FX_OK(pn_session_open(&options, &session, err));
    T_EQ_STR(setting_of(session, "datafusion.execution.batch_size"),
             "200"); /* the last word counts */
    T_EQ_STR(setting_of(session, "datafusion.execution.target_partitions"), "3");
    T_EQ_STR(setting_of(session, "datafusion.execution.time_zone"), "+02:00");
    T_EQ_STR(pni_json_text(session->runtime, "memory_limit_bytes"), "1073741824");
    T_EQ_STR(pni_json_text(session->runtime, "max_spill_bytes"), "2147483648");
    T_EQ_STR(pni_json_text(session->runtime, "memory_pool"), "greedy");
    const pni_plan_cache_place *place = pni_session_plan_cache(session);
    T_EQ_UINT(place->limit_bytes, 3u << 20);
    T_ASSERT(place->dir[0] == '/' && pni_ends_with(place->dir, "/kept"));
    T_EQ_UINT(strlen(place->build), PNI_SHA256_HEX - 1);
}

T_CASE(a_wrong_setting_is_named) {
    static const struct {
        const char *key, *value;
        int32_t number;
        const char *text;
    } cases[] = {
        {"memory_limit", "lots", PNI_E_SESSION_SETTING, "memory_limit: 'lots'"},
        {"spill_limit", "-1", PNI_E_SESSION_SETTING, "spill_limit"},
        {"plan_cache_limit", "some", PNI_E_SESSION_SETTING, "plan_cache_limit: 'some'"},
        {"memorylimit", "1", PNI_E_SESSION_SETTING, "'memorylimit'"},
        {"batch_size", NULL, PNI_E_SESSION_SETTING, "0"},
        {NULL, "1", PNI_E_SESSION_SETTING, "0"},
        {"batch_size", "\xff", PNI_E_SESSION_SETTING, "batch_size"},
        {"datafusion.\xff", "1", PNI_E_SESSION_SETTING, "UTF-8"},
        {"batch_size", "many", PNI_E_ENGINE_SETTING, "batch_size"},
        {"datafusion.nothing", "1", PNI_E_ENGINE_SETTING, "datafusion.nothing"},
        {"datafusion.catalog.default_catalog", "run", PNI_E_SESSION_SETTING, "default_catalog"},
        {"memory_pool", "huge", PNI_E_ENGINE_SETTING, "huge"}};
    pn_session *session = NULL;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        FX_FAILS(fx_session_with(cases[i].key, cases[i].value, &session, err), cases[i].number,
                 cases[i].text);
    T_ASSERT(!session);
}

static pn_status open_with(const pn_session_options *options, pn_error *err) {
    pn_session *session = NULL;
    pn_status status = pn_session_open(options, &session, err);
    pn_session_unref(session);
    return status;
}

T_CASE(a_wrong_option_is_named) {
    pn_session_options options = PN_SESSION_OPTIONS_INIT;
    options.profile = "huge";
    FX_FAILS(open_with(&options, err), PNI_E_SESSION_PROFILE, "huge");
    options = PN_SESSION_OPTIONS_INIT;
    options.memory_pool = 9;
    FX_FAILS(open_with(&options, err), PNI_E_SESSION_SETTING, "9");
    options = PN_SESSION_OPTIONS_INIT;
    options.sql_policy = -1;
    FX_FAILS(open_with(&options, err), PNI_E_SESSION_SETTING, "-1");
    options = PN_SESSION_OPTIONS_INIT;
    options.n_settings = 1;
    FX_FAILS(open_with(&options, err), PNI_E_ARGUMENT, "settings");
    options = PN_SESSION_OPTIONS_INIT;
    options.spill_dir = "/tmp/\xff";
    FX_FAILS(open_with(&options, err), PNI_E_SESSION_SETTING, "spill");
    options = PN_SESSION_OPTIONS_INIT;
    options.autoload_dir = fx_path("gone");
    FX_FAILS(open_with(&options, err), PNI_E_FILE_MISSING, "gone");
    FX_FAILS(pn_session_open(NULL, NULL, err), PNI_E_ARGUMENT, "session_out");
}

T_CASE(a_session_has_the_policy_it_was_opened_with) {
    for (int32_t policy = PN_SQL_POLICY_DEFAULT; policy <= PN_SQL_POLICY_ADMIN; policy++) {
        pn_session_options options = PN_SESSION_OPTIONS_INIT;
        PNI_AUTO_PTR(pn_session) session = NULL;
        options.sql_policy = policy;
        FX_OK(pn_session_open(&options, &session, err));
        T_EQ_INT(pn_session_policy(session), policy ? policy : PN_SQL_POLICY_READ_ONLY);
    }
}

T_CASE(identity_does_not_know_the_machine) {
    PNI_AUTO_PTR(pn_session) first = NULL;
    PNI_AUTO_PTR(pn_session) second = NULL;
    pn_session_options options = PN_SESSION_OPTIONS_INIT;
    options.profile = "prod";
    options.spill_dir = fx_path("spill");
    options.target_partitions = 7;
    options.memory_limit_bytes = UINT64_C(256) << 20;
    fx_mkdir("spill");
    FX_OK(pn_session_open(NULL, &first, err));
    setenv("TZ", "Asia/Tokyo", 1);
    FX_OK(pn_session_open(&options, &second, err));
    unsetenv("TZ");
    T_ASSERT(json_equal(first->identity_settings, second->identity_settings));
    T_ASSERT(json_equal(first->environment, second->environment));
    T_ASSERT(json_equal(first->rules, second->rules));
    T_ASSERT(json_array_size(first->rules) || json_object_size(first->rules));
    T_ASSERT(first->id != second->id);
}

T_CASE(auto_loaded_datasets_never_hide_declared_ones) {
    pn_catalog *catalog = pn_catalog_new();
    pn_dataset_spec spec = PN_DATASET_SPEC_INIT;
    pn_session_options options = PN_SESSION_OPTIONS_INIT;
    PNI_AUTO_PTR(pn_session) session = NULL;
    const pni_resolved *resolved;
    fx_write("loaded/x.csv", "a\n1\n");
    fx_write("loaded/y.csv", "b\n1\n");
    spec.name = "x";
    spec.format = "csv";
    spec.uri = fx_write("declared.csv", "c,d\n1,2\n");
    FX_OK(pn_catalog_add(catalog, &spec, err));
    options.catalog = catalog;
    options.autoload_dir = fx_path("loaded");
    FX_OK(pn_session_open(&options, &session, err));
    pn_catalog_unref(catalog); /* the session holds its own reference */
    FX_OK(pni_session_resolve(session, "x", &resolved, err));
    T_EQ_INT(resolved->schema.n_children, 2);
    FX_OK(pni_session_resolve(session, "y", &resolved, err));
    T_EQ_STR(resolved->schema.children[0]->name, "b");
}
