/* SPDX-License-Identifier: Apache-2.0 */
/*
 * SET and RESET. A setting is changed in the engine, then all of them are read back, so that what
 * identity covers is what the engine has. Only engine settings change: memory and spilling belong
 * to the runtime that was opened.
 */
#include "session/session_priv.h"

/* Every setting the engine reports, less the exclusions. */
static json_t *identity_settings(const json_t *all) {
    json_t *kept = json_object();
    const char *key;
    json_t *value;
    json_object_foreach((json_t *)(uintptr_t)all, key, value) {
        if (pni_streq(key, "datafusion.sql_parser.dialect")) /* acts through the plan alone */
            json_object_set_new(kept, key, json_string("generic"));
        else if (!pni_setting_is_excluded(key))
            json_object_set(kept, key, value);
    }
    return kept;
}

pn_status pni_session_read_settings(pn_session *session, pn_error *err) {
    PNI_AUTO_PTR(json_t) settings = NULL;
    PNI_TRY(pni_engine_session_settings(session->engine, &settings, err));
    json_decref(session->settings);
    json_decref(session->identity_settings);
    session->identity_settings = identity_settings(settings);
    session->settings = pni_take(settings);
    return PN_OK;
}

bool pni_setting_is_ours(const char *key) {
    return pni_streq(key, "datafusion.catalog.default_catalog") ||
           pni_streq(key, "datafusion.catalog.default_schema") ||
           pni_streq(key, "datafusion.catalog.create_default_catalog_and_schema");
}

const json_t *pni_session_settings(const pn_session *session) {
    return session->settings;
}

/* What was asked for at opening is what RESET goes back to. */
static pn_status settle_option(pn_session *session, const char *key, json_t *value,
                               bool *was_set_out, pn_error *err) {
    const json_t *asked = json_object_get(session->asked_options, key);
    if (asked) {
        value = (json_t *)(uintptr_t)asked;
        PNI_TRY(pni_engine_session_set(session->engine, key, json_string_value(value), err));
        *was_set_out = true;
    }
    json_object_set(session->opened_settings, key, value);
    return PN_OK;
}

pn_status pni_session_settle_options(pn_session *session, pn_error *err) {
    const char *key;
    json_t *value;
    bool was_set = false;
    PNI_TRY(pni_session_read_settings(session, err));
    json_object_foreach(session->settings, key, value) {
        if (pni_setting_is_option(key) && !json_object_get(session->opened_settings, key))
            PNI_TRY(settle_option(session, key, value, &was_set, err));
    }
    return was_set ? pni_session_read_settings(session, err) : PN_OK;
}

void pni_session_forget_options(pn_session *session) {
    const char *key;
    json_t *value;
    void *next;
    if (pni_session_read_settings(session, NULL) != PN_OK)
        return; /* the failure that leads here is the one to tell */
    json_object_foreach_safe(session->opened_settings, next, key, value) {
        if (!json_object_get(session->settings, key))
            json_object_del(session->opened_settings, key);
    }
}

pn_status pni_session_check_options(const pn_session *session, pn_error *err) {
    const char *key;
    json_t *value;
    json_object_foreach(session->asked_options, key, value) {
        if (!json_object_get(session->settings, key))
            return pni_fail(err, PNI_E_SESSION_SETTING,
                            "'%s' is no setting, and no pack has such an option", key);
    }
    return PN_OK;
}

pn_status pni_session_set(pn_session *session, const char *key, const char *value, pn_error *err) {
    const char *engine_key = pni_setting_engine_key(key);
    if (!engine_key && pni_setting_is_option(key) && json_object_get(session->settings, key))
        engine_key = key;
    if (!engine_key || pni_starts_with(engine_key, "datafusion.runtime."))
        return pni_fail(err, PNI_E_SESSION_SETTING, "'%s' is no setting that can be changed", key);
    if (pni_setting_is_ours(engine_key) ||
        pni_streq(engine_key, "datafusion.catalog.information_schema"))
        return pni_fail(err, PNI_E_SESSION_SETTING, "'%s' cannot be set: pinion sets it", key);
    if (!value) {
        if (!json_object_get(session->opened_settings, engine_key))
            return pni_fail(err, PNI_E_SESSION_SETTING, "'%s' is no setting", key);
        value = pni_json_text(session->opened_settings, engine_key);
    }
    PNI_TRY(pni_engine_session_set(session->engine, engine_key, value ? value : "", err));
    PNI_TRY(pni_session_read_settings(session, err));
    return pni_session_digest_documents(session, err);
}
