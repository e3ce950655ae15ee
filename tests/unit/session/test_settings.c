/* Profiles, short names and the list of settings that no identity holds. */
#include "session_fixture.h"

T_CASE(profiles_are_what_the_design_says) {
    static const struct {
        const char *name;
        uint64_t gib;
        uint32_t concurrency;
        bool autoload, statistics;
    } want[] = {{"default", 8, 8, false, true},
                {"dev", 4, 4, false, true},
                {"prod", 16, 16, false, true},
                {"cst_autoload", 8, 8, true, true},
                {"symtable", 4, 4, false, false}};
    for (size_t i = 0; i < sizeof want / sizeof *want; i++) {
        const pni_profile *profile = pni_profile_find(want[i].name);
        T_ASSERT(profile);
        T_EQ_UINT(profile->memory_bytes, want[i].gib << 30);
        T_EQ_UINT(profile->concurrency, want[i].concurrency);
        T_EQ_INT(profile->autoload, want[i].autoload);
        T_EQ_INT(profile->collect_statistics, want[i].statistics);
    }
    T_ASSERT(pni_profile_find(NULL) == pni_profile_find("default"));
    T_ASSERT(!pni_profile_find("Dev") && !pni_profile_find(""));
}

T_CASE(exclusions_are_sorted_and_each_matches_a_setting) {
    PNI_AUTO_PTR(pn_session) session = fx_session(NULL);
    PNI_AUTO(pn_buf) text = PN_BUF_INIT;
    FX_OK(pn_session_describe(session, &text, err));
    PNI_AUTO_PTR(json_t) json = fx_json(&text);
    T_ASSERT(pni_setting_exclusion_count() > 20);
    for (size_t i = 0; i < pni_setting_exclusion_count(); i++) {
        const char *entry = pni_setting_exclusion_at(i);
        const char *key;
        json_t *value;
        size_t matches = 0;
        if (i)
            T_ASSERT(strcmp(pni_setting_exclusion_at(i - 1), entry) < 0);
        json_object_foreach(json_object_get(json, "settings"), key, value) {
            if (!pni_starts_with(key, entry) ||
                (!pni_ends_with(entry, ".") && !pni_streq(key, entry)))
                continue;
            matches++;
            T_ASSERT(pni_setting_is_excluded(key));
            T_ASSERT(!json_object_get(pni_session_identity_settings(session), key));
        }
        /* What the engine reports as runtime settings is not listed among the options. */
        if (!matches && !pni_streq(entry, "datafusion.runtime."))
            T_FAIL("exclusion '%s' matches no setting of the engine", entry);
    }
    T_EQ_STR(pni_setting_exclusion_at(pni_setting_exclusion_count()), NULL);
}

T_CASE(everything_else_is_identity) {
    PNI_AUTO_PTR(pn_session) session = fx_session(NULL);
    PNI_AUTO(pn_buf) text = PN_BUF_INIT;
    const char *key;
    json_t *value;
    size_t kept = 0;
    FX_OK(pn_session_describe(session, &text, err));
    PNI_AUTO_PTR(json_t) json = fx_json(&text);
    json_object_foreach(json_object_get(json, "settings"), key, value) {
        if (!pni_setting_is_excluded(key)) {
            T_ASSERT(
                json_equal(json_object_get(pni_session_identity_settings(session), key), value));
            kept++;
        }
    }
    T_EQ_UINT(kept, json_object_size(pni_session_identity_settings(session)));
    T_ASSERT(kept > 80);
    T_ASSERT(!pni_setting_is_excluded("datafusion.execution.batch_size"));
    T_ASSERT(!pni_setting_is_excluded("datafusion.explai"));
    T_ASSERT(!pni_setting_is_excluded("datafusion.execution.target_partitions_more"));
}

T_CASE(short_names_lead_to_settings_of_the_engine) {
    static const char *const names[] = {"batch_size",
                                        "coalesce_batches",
                                        "collect_statistics",
                                        "dialect",
                                        "explain_verbose",
                                        "parquet_pushdown",
                                        "repartition_aggregations",
                                        "repartition_file_scans",
                                        "repartition_joins",
                                        "repartition_windows",
                                        "target_partitions",
                                        "time_zone"};
    PNI_AUTO_PTR(pn_session) session = fx_session(NULL);
    PNI_AUTO(pn_buf) text = PN_BUF_INIT;
    FX_OK(pn_session_describe(session, &text, err));
    PNI_AUTO_PTR(json_t) json = fx_json(&text);
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        T_ASSERT(pni_setting_is_known(names[i]));
        if (!json_object_get(json_object_get(json, "settings"), pni_setting_engine_key(names[i])))
            T_FAIL("'%s' leads to no setting of the engine", names[i]);
    }
    T_EQ_STR(pni_setting_engine_key("datafusion.x.y"), "datafusion.x.y");
    T_EQ_STR(pni_setting_engine_key("memory_limit"), NULL);
    T_ASSERT(pni_setting_is_known("memory_limit") && pni_setting_is_known("spill_dir"));
    T_ASSERT(!pni_setting_is_known("datafusion") && !pni_setting_is_known("batchsize") &&
             !pni_setting_is_known(""));
}
