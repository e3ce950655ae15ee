/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a bundle from elsewhere lacks here, all of it at once: whoever got a file should be able to
 * put everything in place and try once more, not find out one thing per try.
 */
#include "plan/plan.h"

/* One entry per kind and name: upstream and reader often need the same. */
static void add_need(json_t *needs, const char *kind, const char *name, const char *problem,
                     const json_t *want, const json_t *have) {
    size_t index;
    json_t *row;
    json_array_foreach(needs, index, row) {
        if (pni_streq(pni_json_text(row, "kind"), kind) &&
            pni_streq(pni_json_text(row, "name"), name))
            return;
    }
    row = json_pack("{s:s, s:s, s:s}", "kind", kind, "name", name, "problem", problem);
    if (want)
        json_object_set(row, "want", (json_t *)(uintptr_t)want);
    if (have)
        json_object_set(row, "have", (json_t *)(uintptr_t)have);
    json_array_append_new(needs, row);
}

static void compare_objects(json_t *needs, const char *kind, const json_t *want,
                            const json_t *have) {
    const char *key;
    json_t *value;
    json_object_foreach((json_t *)(uintptr_t)want, key, value) {
        const json_t *ours = json_object_get(have, key);
        if (!ours || !json_equal(value, ours))
            add_need(needs, kind, key, ours ? "differs" : "missing", value, ours);
    }
    json_object_foreach((json_t *)(uintptr_t)have, key, value) {
        if (!json_object_get(want, key))
            add_need(needs, kind, key, "differs", NULL, value);
    }
}

static const json_t *find_function(const json_t *functions, const char *name) {
    size_t index;
    json_t *function;
    json_array_foreach(functions, index, function) {
        if (pni_streq(pni_json_text(function, "name"), name))
            return function;
    }
    return NULL;
}

static pn_status compare_functions(pn_session *session, const pn_bundle *bundle, json_t *needs,
                                   pn_error *err) {
    PNI_AUTO_PTR(json_t) have = NULL;
    const json_t *want = json_object_get(bundle->documents, "udf");
    size_t index;
    json_t *function;
    PNI_TRY(pni_session_functions(session, bundle->functions, &have, err));
    json_array_foreach(want, index, function) {
        const char *name = pni_json_text(function, "name");
        const json_t *ours = name ? find_function(have, name) : NULL;
        if (!name || (ours && json_equal(ours, function)))
            continue;
        add_need(needs, "function", name, ours ? "differs" : "missing", function, ours);
    }
    json_array_foreach(have, index, function) {
        const char *name = pni_json_text(function, "name");
        if (name && !find_function(want, name)) /* the engine's own there, a pack's here */
            add_need(needs, "function", name, "differs", NULL, function);
    }
    return PN_OK;
}

/* A dataset that cannot be resolved is a need like any other, with the reason. */
static void compare_dataset(pn_session *session, const pni_bundle_input *input, json_t *needs) {
    const pni_resolved *resolved;
    pn_error why = PN_ERROR_INIT;
    if (!pni_session_knows(session, input->name)) {
        add_need(needs, "dataset", input->name, "missing", input->pin, NULL);
        return;
    }
    if (pni_session_resolve(session, input->name, &resolved, &why) != PN_OK) {
        PNI_AUTO_PTR(json_t) reason = json_string(why.message);
        add_need(needs, "dataset", input->name, "unreadable", input->pin, reason);
        return;
    }
    if (!json_equal(resolved->pin, input->pin)) {
        add_need(needs, "dataset", input->name, "differs", input->pin, resolved->pin);
    } else if (pni_session_check_files(session, input->name, &why) != PN_OK) {
        PNI_AUTO_PTR(json_t) reason = json_string(why.message);
        add_need(needs, "dataset", input->name, "differs", input->pin, reason);
    }
}

pn_status pni_plan_expand(pn_session *session, const pn_bundle *bundle, pn_buf *text_out,
                          pn_error *err) {
    const pn_bytes sql = {(const uint8_t *)bundle->sql, strlen(bundle->sql)};
    PNI_AUTO_PTR(json_t) parsed = NULL;
    PNI_TRY(pni_engine_sql_tables(pni_session_engine(session), sql, &parsed, err));
    PNI_TRY(pni_session_expand(session, pn_session_policy(session), sql, parsed, text_out, err));
    if (!text_out->len) /* it calls none */
        pni_buf_append(text_out, sql.data, sql.len);
    return PN_OK;
}

void pni_plan_open_calls(pn_session *session, const pn_bundle *bundle, pn_error *why) {
    PNI_AUTO(pn_buf) text = PN_BUF_INIT;
    bool unknown = false;
    for (size_t i = 0; i < bundle->n_inputs; i++)
        unknown = unknown ||
                  (!bundle->inputs[i].view && !pni_session_knows(session, bundle->inputs[i].name));
    if (!unknown || !bundle->sql)
        return;
    if (pni_plan_expand(session, bundle, &text, why) != PN_OK)
        pni_logf("bundle %.12s: its table functions cannot be opened here: %s", bundle->fingerprint,
                 why->message);
}

pn_status pni_plan_needs(pn_session *session, const pn_bundle *bundle, json_t *needs,
                         pn_error *err) {
    const json_t *documents = bundle->documents;
    pn_error why = PN_ERROR_INIT; /* the inputs that are missing then are listed */
    pni_plan_open_calls(session, bundle, &why);
    for (size_t i = 0; i < bundle->n_inputs; i++)
        if (!bundle->inputs[i].view)
            compare_dataset(session, &bundle->inputs[i], needs);
    PNI_TRY(compare_functions(session, bundle, needs, err));
    compare_objects(needs, "setting", json_object_get(documents, "settings"),
                    pni_session_identity_settings(session));
    compare_objects(needs, "policy", json_object_get(documents, "store_policy"),
                    pni_session_store_policy(session));
    compare_objects(needs, "engine", json_object_get(documents, "planning_env"),
                    pni_session_environment(session));
    if (!json_equal(json_object_get(documents, "rulepack"), pni_session_rulepack(session)))
        add_need(needs, "rules", "rulepack", "differs", NULL, NULL);
    return PN_OK;
}
