/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Opening a session: the profile gives a base, the caller's settings go on top, the result is
 * handed to the engine and read back, so that identity covers every setting with its real value and
 * not only what was set.
 */
#include "session/policy.h"
#include "session/session_priv.h"

#include <stdlib.h>
#include <unistd.h>

#define SPILL_LIMIT_BYTES (UINT64_C(100) << 30)

static uint64_t machine_memory_bytes(void) {
    long pages = sysconf(_SC_PHYS_PAGES);
    long size = sysconf(_SC_PAGE_SIZE);
    return pages > 0 && size > 0 ? (uint64_t)pages * (uint64_t)size : UINT64_C(8) << 30;
}

static uint32_t core_count(void) {
    long cores = sysconf(_SC_NPROCESSORS_ONLN);
    return cores > 0 ? (uint32_t)cores : 1;
}

static void set_u64(json_t *object, const char *key, uint64_t value) {
    json_object_set_new(object, key, pni_json_u64(value));
}

/*
 * The time zone is stated, so that the machine's never matters. Threads are capped by the machine's
 * cores; they are no part of an identity.
 */
static json_t *base_config(const pni_profile *profile, const pn_session_options *options) {
    uint32_t threads =
        options->target_partitions ? options->target_partitions : profile->concurrency;
    if (!options->target_partitions && threads > core_count())
        threads = core_count();
    json_t *config = json_object();
    set_u64(config, "datafusion.execution.target_partitions", threads);
    set_u64(config, "datafusion.execution.batch_size",
            options->batch_size ? options->batch_size : profile->batch_size);
    json_object_set_new(config, "datafusion.execution.collect_statistics",
                        json_string(profile->collect_statistics ? "true" : "false"));
    json_object_set_new(config, "datafusion.execution.time_zone", json_string("+00:00"));
    return config;
}

static pn_status apply_policy(json_t *policy, const pn_setting *setting, pn_error *err) {
    if (!pni_streq(setting->value, "true") && !pni_streq(setting->value, "false"))
        return pni_fail(err, PNI_E_SESSION_SETTING, "%s: '%s' is neither true nor false",
                        setting->key, setting->value);
    json_object_set_new(policy, setting->key, json_boolean(pni_streq(setting->value, "true")));
    return PN_OK;
}

static pn_status parse_size(const pn_setting *setting, uint64_t *out, pn_error *err) {
    if (!pni_parse_size(setting->value, out))
        return pni_fail(err, PNI_E_SESSION_SETTING, "%s: '%s' is no size such as 4GiB or 512MiB",
                        setting->key, setting->value);
    return PN_OK;
}

/* The settings that are not the engine's own: memory and spilling. */
static pn_status apply_runtime(json_t *runtime, const pn_setting *setting, pn_error *err) {
    static const struct {
        const char *name, *key;
        bool is_size;
    } known[] = {{"memory_limit", "memory_limit_bytes", true},
                 {"memory_pool", "memory_pool", false},
                 {"spill_dir", "spill_dir", false},
                 {"spill_limit", "max_spill_bytes", true}};
    uint64_t bytes;
    for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
        if (!pni_streq(setting->key, known[i].name))
            continue;
        if (!known[i].is_size) {
            json_object_set_new(runtime, known[i].key, json_string(setting->value));
            return PN_OK;
        }
        PNI_TRY(parse_size(setting, &bytes, err));
        set_u64(runtime, known[i].key, bytes);
        return PN_OK;
    }
    return pni_fail(err, PNI_E_SESSION_SETTING, "'%s' is no setting", setting->key);
}

static pn_status apply_settings(json_t *config, pn_session *session,
                                const pn_session_options *options, pn_error *err) {
    for (size_t i = 0; i < options->n_settings; i++) {
        const pn_setting *setting = &options->settings[i];
        if (!setting->key || !setting->value)
            return pni_fail(err, PNI_E_SESSION_SETTING, "setting %zu has no key or no value", i);
        if (!pni_utf8_valid(setting->key, strlen(setting->key)) ||
            !pni_utf8_valid(setting->value, strlen(setting->value)))
            return pni_fail(err, PNI_E_SESSION_SETTING, "setting %zu ('%s') is not UTF-8", i,
                            setting->key);
        /* No setting is a credential, but what stands in the wrong place may be one. */
        if (!pni_setting_is_known(setting->key) || strstr(setting->key, "crypto"))
            pni_secret_remember(setting->value);
        const char *key = pni_setting_engine_key(setting->key);
        if (key && pni_setting_is_ours(key))
            return pni_fail(err, PNI_E_SESSION_SETTING, "'%s' cannot be set: pinion sets it", key);
        if (key)
            json_object_set_new(config, key, json_string(setting->value));
        else if (pni_setting_is_option(setting->key))
            json_object_set_new(session->asked_options, setting->key, json_string(setting->value));
        else if (pni_streq(setting->key, "require_local_paths"))
            PNI_TRY(apply_policy(session->store_policy, setting, err));
        else if (pni_streq(setting->key, "plan_cache_limit"))
            PNI_TRY(parse_size(setting, &session->plan_cache.limit_bytes, err));
        else
            PNI_TRY(apply_runtime(session->runtime, setting, err));
    }
    return PN_OK;
}

bool pni_parse_size(const char *text, uint64_t *out) {
    static const struct {
        const char *unit;
        unsigned shift;
    } units[] = {{"", 0},     {"B", 0},  {"K", 10},   {"KiB", 10}, {"M", 20},
                 {"MiB", 20}, {"G", 30}, {"GiB", 30}, {"T", 40},   {"TiB", 40}};
    size_t digits = strspn(text, "0123456789");
    PNI_AUTO_PTR(pni_text) number = pni_strndup(text, digits);
    const char *unit = text + digits + strspn(text + digits, " ");
    uint64_t value;
    if (!digits || !pni_parse_u64(number, &value))
        return false;
    for (size_t i = 0; i < sizeof units / sizeof *units; i++)
        if (pni_streq(unit, units[i].unit) && value <= UINT64_MAX >> units[i].shift) {
            *out = value << units[i].shift;
            return true;
        }
    return false;
}

static const char *pool_name(int32_t pool) {
    return pool == PN_POOL_GREEDY ? "greedy" : pool == PN_POOL_UNBOUNDED ? "unbounded" : "fair";
}

static json_t *base_runtime(const pni_profile *profile, const pn_session_options *options) {
    json_t *runtime = json_object();
    uint64_t limit =
        options->memory_limit_bytes ? options->memory_limit_bytes : profile->memory_bytes;
    uint64_t most = machine_memory_bytes() / 5 * 4;
    if (!options->memory_limit_bytes && limit > most)
        limit = most;
    set_u64(runtime, "memory_limit_bytes", limit);
    set_u64(runtime, "max_spill_bytes",
            options->spill_limit_bytes ? options->spill_limit_bytes : SPILL_LIMIT_BYTES);
    json_object_set_new(runtime, "memory_pool", json_string(pool_name(options->memory_pool)));
    if (options->spill_dir)
        json_object_set_new(runtime, "spill_dir", json_string(options->spill_dir));
    return runtime;
}

static pn_status read_build(pn_session *session, pn_error *err) {
    static const char *const parts[] = {"arrow", "datafusion", "datafusion_substrait", "deltalake",
                                        "substrait"};
    PNI_AUTO_PTR(json_t) info = NULL;
    PNI_TRY(pni_engine_build_info(&info, err));
    json_t *env = json_pack("{s:s, s:s}", "async_functions", "off", "delta_protocol", "engine");
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++)
        if (json_object_get(info, parts[i]))
            json_object_set(env, parts[i], json_object_get(info, parts[i]));
    session->environment = env;
    return pni_json_digest(info, session->plan_cache.build, err);
}

static pn_status start_engine(pn_session *session, json_t *config, pn_error *err) {
    PNI_AUTO_PTR(json_t)
    request = json_pack("{s:O, s:O, s:b}", "config", config, "runtime", session->runtime,
                        "information_schema", 1);
    PNI_TRY(pni_engine_session_new(request, &session->engine, err));
    PNI_TRY(pni_session_read_settings(session, err));
    session->opened_settings = json_copy(session->settings);
    PNI_TRY(pni_engine_session_rules(session->engine, &session->rules, err));
    PNI_TRY(read_build(session, err));
    PNI_TRY(pni_session_digest_documents(session, err));
    PNI_TRY(pni_session_install_builtin(session, err));
    return pni_session_settle_options(session, err);
}

static pn_status words_of(const char *const *words, size_t count, const char *what, json_t *policy,
                          pn_error *err) {
    json_t *list = json_array();
    if (words)
        json_object_set_new(policy, what, list);
    else
        json_decref(list);
    for (size_t i = 0; words && i < count; i++) {
        if (!words[i] || !pni_utf8_valid(words[i], strlen(words[i])))
            return pni_fail(err, PNI_E_ARGUMENT, "the function policy: entry %zu of %s is no text",
                            i, what);
        json_array_append_new(list, json_string(words[i]));
    }
    return PN_OK;
}

static pn_status read_function_policy(pn_session *session, const pn_function_policy *theirs,
                                      pn_error *err) {
    static const char *const volatilities[] = {"volatile", "immutable", "stable", "volatile"};
    pn_function_policy ours;
    PNI_TRY(pni_options_copy(&ours, sizeof ours, theirs, "function policy", err));
    if (ours.volatility < 0 || ours.volatility > 1 + PN_VOLATILITY_VOLATILE)
        return pni_fail(err, PNI_E_ARGUMENT, "the function policy: volatility %d is unknown",
                        ours.volatility);
    session->function_policy = json_pack("{s:s}", "volatility", volatilities[ours.volatility]);
    json_t *policy = session->function_policy;
    PNI_TRY(words_of(ours.primitives, ours.n_primitives, "primitives", policy, err));
    PNI_TRY(words_of(ours.types, ours.n_types, "types", policy, err));
    return words_of(ours.languages, ours.n_languages, "languages", policy, err);
}

static pn_status check_options(const pn_session_options *options, const pni_profile **profile_out,
                               pn_error *err) {
    const pni_profile *profile = pni_profile_find(options->profile);
    if (!profile)
        return pni_fail(err, PNI_E_SESSION_PROFILE, "there is no profile '%s'", options->profile);
    if (options->memory_pool < 0 || options->memory_pool > PN_POOL_UNBOUNDED)
        return pni_fail(err, PNI_E_SESSION_SETTING, "memory pool %d is unknown",
                        options->memory_pool);
    if (options->spill_dir && !pni_utf8_valid(options->spill_dir, strlen(options->spill_dir)))
        return pni_fail(err, PNI_E_SESSION_SETTING, "the spill folder '%s' is not UTF-8",
                        options->spill_dir);
    if (options->n_settings && !options->settings)
        return pni_fail(err, PNI_E_ARGUMENT, "n_settings is %zu but settings is NULL",
                        options->n_settings);
    *profile_out = profile;
    return PN_OK;
}

pn_status pn_session_open(const pn_session_options *theirs, pn_session **session_out,
                          pn_error *err) {
    pn_session_options options;
    const pni_profile *profile = NULL;
    if (!session_out)
        return pni_fail(err, PNI_E_ARGUMENT, "pn_session_open: session_out must not be NULL");
    PNI_TRY(pni_options_copy(&options, sizeof options, theirs, "session options", err));
    PNI_TRY(check_options(&options, &profile, err));
    PNI_TRY(pni_policy_resolve(options.sql_policy, getenv("PINION_SQL_POLICY"), &options.sql_policy,
                               err));
    PNI_AUTO_PTR(pn_session) session = pni_session_alloc(profile, &options);
    session->cancel = pni_cancel_ref(options.cancel);
    session->runtime = base_runtime(profile, &options);
    PNI_AUTO_PTR(json_t) config = base_config(profile, &options);
    if (options.functions)
        PNI_TRY(read_function_policy(session, options.functions, err));
    session->store_policy = json_pack("{s:b}", "require_local_paths", 0);
    PNI_TRY(apply_settings(config, session, &options, err));
    PNI_TRY(start_engine(session, config, err));
    if (options.autoload_dir)
        PNI_TRY(pn_catalog_autoload(session->own, options.autoload_dir, NULL, err));
    *session_out = pni_take(session);
    return PN_OK;
}
