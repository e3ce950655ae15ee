/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From a bundle to a plan that runs. What the bundle depends on is compared first, input by input;
 * only then is it planned over the pinned providers (replay.c).
 */
#include "plan/plan.h"

static pn_status drift(pn_error *err, const pn_bundle *bundle, const char *what, const char *name) {
    return pni_fail(err, PNI_E_PLAN_DRIFT,
                    "%s '%s' differs from what bundle %.12s was compiled against", what, name,
                    bundle->fingerprint);
}

static pn_status check_inputs(pn_session *session, const pn_bundle *bundle, pn_error *err) {
    pn_error why = PN_ERROR_INIT;
    pni_plan_open_calls(session, bundle, &why);
    for (size_t i = 0; i < bundle->n_inputs; i++) {
        const pni_bundle_input *input = &bundle->inputs[i];
        const pni_resolved *resolved;
        if (input->view)
            continue;
        if (!json_object_size(input->pin))
            return pni_fail(err, PNI_E_PLAN_UNPINNED, "bundle %.12s does not pin its input '%s'",
                            bundle->fingerprint, input->name);
        pn_status status = pni_session_resolve(session, input->name, &resolved, err);
        if (status == PN_NOT_FOUND && why.number)
            pni_error_detail(err, "%s", why.message);
        PNI_TRY(status);
        if (!json_equal(resolved->pin, input->pin))
            return drift(err, bundle, "dataset", input->name);
        PNI_TRY(pni_session_check_files(session, input->name, err));
    }
    return PN_OK;
}

/* The first key by name whose values differ in two objects; NULL when there is none. */
static const char *first_difference(const json_t *then, const json_t *now) {
    const json_t *sides[2] = {then, now};
    const char *first = NULL;
    for (size_t s = 0; s < 2; s++) {
        const char *key;
        json_t *value;
        json_object_foreach((json_t *)(uintptr_t)sides[s], key, value) {
            const json_t *other = json_object_get(sides[1 - s], key);
            if (!(other && json_equal(value, other)) && (!first || strcmp(key, first) < 0))
                first = key;
        }
    }
    return first;
}

static const char *shown(const json_t *object, const char *key) {
    const json_t *value = json_object_get(object, key);
    return json_is_string(value)  ? json_string_value(value)
           : json_is_true(value)  ? "true"
           : json_is_false(value) ? "false"
           : value                ? "another value"
                                  : "not set";
}

static pn_status check_settings(const pn_session *session, const pn_bundle *bundle, pn_error *err) {
    const struct {
        const char *component;
        const json_t *now;
    } documents[] = {{"settings", pni_session_identity_settings(session)},
                     {"store_policy", pni_session_store_policy(session)}};
    for (size_t i = 0; i < sizeof documents / sizeof *documents; i++) {
        const json_t *then = json_object_get(bundle->documents, documents[i].component);
        const json_t *now = documents[i].now;
        if (json_equal(then, now))
            continue;
        const char *key = first_difference(then, now);
        pn_status status = pni_fail(err, PNI_E_PLAN_SETTING,
                                    "setting '%s' differs from what bundle %.12s was compiled with",
                                    key ? key : documents[i].component, bundle->fingerprint);
        if (key)
            pni_error_detail(err, "%s: %s in the bundle, %s in this session", key, shown(then, key),
                             shown(now, key));
        return status;
    }
    return PN_OK;
}

static pn_status check_engine(const pn_session *session, const pn_bundle *bundle, pn_error *err) {
    const json_t *then = json_object_get(bundle->documents, "planning_env");
    const json_t *now = pni_session_environment(session);
    if (!json_equal(then, now)) {
        const char *key = first_difference(then, now);
        return pni_fail(err, PNI_E_PLAN_ENGINE, "bundle %.12s was compiled with %s %s, not %s",
                        bundle->fingerprint, key ? key : "", shown(then, key ? key : ""),
                        shown(now, key ? key : ""));
    }
    if (!json_equal(json_object_get(bundle->documents, "rulepack"), pni_session_rulepack(session)))
        return pni_fail(err, PNI_E_PLAN_ENGINE,
                        "bundle %.12s was compiled with other rules (rulepack) than the engine has",
                        bundle->fingerprint);
    return PN_OK;
}

static const json_t *entry_named(const json_t *list, const char *name) {
    size_t index;
    json_t *entry;
    json_array_foreach((json_t *)(uintptr_t)list, index,
                       entry) if (pni_streq(pni_json_text(entry, "name"), name)) return entry;
    return NULL;
}

/* Bodies are told by their digests; versions say to people which is which. Functions in SQL and of
 * libraries have none. */
static pn_status function_differs(const pn_session *session, const pn_bundle *bundle,
                                  const json_t *then, const json_t *now, pn_error *err) {
    const char *name = pni_json_text(then, "name");
    PNI_AUTO_PTR(json_t) list = json_array();
    if (!name || !now)
        return pni_fail(err, PNI_E_PLAN_FUNCTION,
                        "function '%s' is not there, which bundle %.12s was compiled with",
                        name ? name : "", bundle->fingerprint);
    json_array_append(list, (json_t *)(uintptr_t)now);
    PNI_AUTO_PTR(json_t) versions = pni_session_function_versions(session, list);
    const char *old = pni_json_text(bundle->versions, name);
    const char *new = pni_json_text(versions, name);
    static const char none[] = "a version that is not recorded";
    pn_status status =
        !old && !new
            ? pni_fail(err, PNI_E_PLAN_FUNCTION, "function '%s' changed: it has another body", name)
            : pni_fail(err, PNI_E_PLAN_FUNCTION, "function '%s' changed: %s -> %s%s", name,
                       old ? old : none, new ? new : none,
                       pni_streq(old, new) ? " with another body" : "");
    pni_error_detail(err,
                     "bundle %.12s was compiled with %s%s, %s, body %.12s; this session has "
                     "%s%s, %s, body %.12s.",
                     bundle->fingerprint, name, shown(then, "signature"), shown(then, "volatility"),
                     shown(then, "digest"), name, shown(now, "signature"), shown(now, "volatility"),
                     shown(now, "digest"));
    return status;
}

static pn_status check_functions(const pn_session *session, const pn_bundle *bundle,
                                 pn_error *err) {
    PNI_AUTO_PTR(json_t) now = NULL;
    size_t index;
    json_t *entry;
    PNI_TRY(pni_session_functions(session, bundle->functions, &now, err));
    json_array_foreach(json_object_get(bundle->documents, "udf"), index, entry) {
        const json_t *found = entry_named(now, pni_json_text(entry, "name"));
        if (!found || !json_equal(found, entry))
            return function_differs(session, bundle, entry, found, err);
    }
    PNI_AUTO_PTR(json_t) tags = pni_session_rewrite_tags(session, now);
    if (!json_equal(json_object_get(bundle->documents, "udf"), now) ||
        !json_equal(json_object_get(bundle->documents, "rewrite_tags"), tags))
        return pni_fail(err, PNI_E_PLAN_FUNCTION,
                        "the functions of bundle %.12s have other bodies or tags in this session",
                        bundle->fingerprint);
    return PN_OK;
}

static pn_status check_schema(pn_session *session, const pn_bundle *bundle, pn_error *err) {
    PNI_AUTO_PTR(json_t) now = NULL;
    PNI_TRY(pni_plan_schema(session, bundle, &now, err));
    const char *table = first_difference(json_object_get(bundle->documents, "schema"), now);
    if (table)
        return pni_fail(err, PNI_E_PLAN_SCHEMA,
                        "the columns of '%s' differ from what bundle %.12s was compiled against",
                        table, bundle->fingerprint);
    return PN_OK;
}

static pn_status check_whole(const pn_bundle *bundle, pn_error *err) {
    static const char *const wanted[] = {"settings", "planning_env", "rulepack"};
    if (!bundle->substrait || !pn_substrait_bytes(bundle->substrait).len)
        return pni_fail(err, PNI_E_PLAN_NO_SUBSTRAIT, "bundle %.12s holds no Substrait plan",
                        bundle->fingerprint);
    for (size_t i = 0; i < sizeof wanted / sizeof *wanted; i++)
        if (!json_object_get(bundle->documents, wanted[i]))
            return pni_fail(err, PNI_E_PLAN_NO_ENVIRONMENT, "bundle %.12s holds no %s",
                            bundle->fingerprint, wanted[i]);
    return PN_OK;
}

pn_status pni_plan_check(pn_session *session, const pn_bundle *bundle, pn_error *err) {
    PNI_TRY(check_whole(bundle, err));
    PNI_TRY(check_settings(session, bundle, err));
    PNI_TRY(check_engine(session, bundle, err));
    PNI_TRY(check_functions(session, bundle, err));
    PNI_TRY(check_inputs(session, bundle, err));
    return check_schema(session, bundle, err);
}

static void note_differences(const char *what, const json_t *then, const json_t *now, json_t *out) {
    PNI_AUTO_PTR(json_t)
    entry = json_pack("{s:s, s:[], s:[], s:[]}", "what", what, "added", "removed", "changed");
    const char *key;
    json_t *value;
    json_object_foreach((json_t *)(uintptr_t)then, key, value) {
        const json_t *other = json_object_get(now, key);
        if (!other || !json_equal(value, other))
            json_array_append_new(json_object_get(entry, other ? "changed" : "removed"),
                                  json_string(key));
    }
    json_object_foreach((json_t *)(uintptr_t)now, key, value) if (!json_object_get(then, key))
        json_array_append_new(json_object_get(entry, "added"), json_string(key));
    if (!json_equal(then, now))
        json_array_append(out, entry);
}

json_t *pni_plan_diagnose(pn_session *session, const pn_bundle *bundle) {
    static const char *const kinds[] = {"functions", "tables"};
    PNI_AUTO_PTR(json_t) now = pni_session_snapshot(session);
    json_t *found = json_array();
    for (size_t i = 0; bundle->snapshot && bundle->snapshot != now && i < 2; i++)
        note_differences(kinds[i], json_object_get(bundle->snapshot, kinds[i]),
                         json_object_get(now, kinds[i]), found);
    return found;
}

pn_status pni_plan_register_view(pni_replay *replay, const pn_bundle *bundle, pn_error *err) {
    PNI_AUTO_PTR(pni_engine_plan) plan = NULL;
    PNI_AUTO_PTR(pni_engine_table) table = NULL;
    PNI_TRY(pni_plan_open(replay, bundle, &plan, err));
    PNI_TRY(pni_engine_table_from_plan(plan, &table, err));
    return pni_engine_register(replay->engine, PNI_SPACE_RUN, bundle->name, table, err);
}
