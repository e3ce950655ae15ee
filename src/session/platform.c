/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Installing: everything that decides what a name or an operator means comes into the session in
 * one call before the first plan, so that no two plans of a session were made with different
 * functions. What was installed is one document, made once and never changed; bundles record it.
 */
#include "pinion/udf.h"

#include "session/session_priv.h"

#include <inttypes.h>
#include <stdio.h>

/* ---- options --------------------------------------------------------------------------------- */

static pn_status check_async(const pn_platform_options *options, pn_error *err) {
    bool is_async = options->flags & PN_PLATFORM_ASYNC;
    if (is_async && (!options->async_timeout_ms || !options->async_batch_rows))
        return pni_fail(err, PNI_E_PLATFORM_OPTIONS,
                        "asynchronous functions need a %s above 0, and none is given",
                        options->async_timeout_ms ? "batch size" : "timeout");
    if (!is_async && (options->async_timeout_ms || options->async_batch_rows))
        return pni_fail(err, PNI_E_PLATFORM_OPTIONS,
                        "a %s for asynchronous functions is given, but they are not allowed",
                        options->async_timeout_ms ? "timeout" : "batch size");
    if (options->async_timeout_ms > INT64_MAX || options->async_batch_rows > INT64_MAX)
        return pni_fail(err, PNI_E_PLATFORM_OPTIONS,
                        "a %s for asynchronous functions above 2^63 - 1 is given",
                        options->async_timeout_ms > INT64_MAX ? "timeout" : "batch size");
    return PN_OK;
}

static pn_status check_options(const pn_platform_options *options, pn_error *err) {
    uint32_t known = PN_PLATFORM_LENIENT | PN_PLATFORM_ASYNC;
    if (options->flags & ~known)
        return pni_fail(err, PNI_E_PLATFORM_OPTIONS, "the flags 0x%x are not known",
                        options->flags & ~known);
    if ((options->n_packs && !options->packs) ||
        (options->n_expr_planners && !options->expr_planners) ||
        (options->n_required && !options->required))
        return pni_fail(err, PNI_E_ARGUMENT,
                        "pn_session_install: a list has a count but its pointer is NULL");
    if (options->expr_planners && !options->n_expr_planners)
        return pni_fail(err, PNI_E_PLANNER_NONE, "the list of planners is empty");
    for (size_t i = 0; i < options->n_packs; i++)
        if (!options->packs[i].path)
            return pni_fail(err, PNI_E_ARGUMENT, "pn_session_install: pack %zu has no path", i);
    for (size_t i = 0; i < options->n_expr_planners; i++)
        if (!options->expr_planners[i])
            return pni_fail(err, PNI_E_ARGUMENT, "pn_session_install: planner %zu has no name", i);
    return check_async(options, err);
}

json_t *pni_session_async_policy(uint64_t timeout_ms, uint64_t batch_rows) {
    if (!timeout_ms || !batch_rows)
        return json_pack("{s:b, s:n, s:n}", "enabled", 0, "timeout_ms", "ideal_batch_size");
    return json_pack("{s:b, s:o, s:o}", "enabled", 1, "timeout_ms", pni_json_u64(timeout_ms),
                     "ideal_batch_size", pni_json_u64(batch_rows));
}

/* ---- parts ----------------------------------------------------------------------------------- */

/* Strict: the failure is the result. Lenient: it is a line of `problems`. */
static pn_status tolerate(const pn_platform_options *options, pn_status status, json_t *problems,
                          pn_error *err) {
    if (status == PN_OK || !(options->flags & PN_PLATFORM_LENIENT) || !err)
        return status;
    json_array_append_new(problems,
                          json_pack("{s:i, s:s}", "number", err->number, "message", err->message));
    *err = PN_ERROR_INIT;
    return PN_OK;
}

static pn_status add_planners(pn_session *session, const pn_platform_options *options,
                              json_t *platform, pn_error *err) {
    PNI_AUTO_PTR(json_t) parts = pni_udf_parts(session->udfs);
    json_t *installed = json_object_get(platform, "domain_planner_names");
    for (size_t i = 0; i < options->n_expr_planners; i++) {
        pn_status status = pni_session_install_planner(session, options->expr_planners[i], err);
        if (status == PN_OK)
            json_array_append_new(installed, json_string(options->expr_planners[i]));
        PNI_TRY(tolerate(options, status, json_object_get(platform, "problems"), err));
    }
    json_object_set_new(platform, "expr_planners",
                        json_pack("{s:b, s:O, s:O}", "installed", json_array_size(installed) > 0,
                                  "names", installed, "available",
                                  json_object_get(parts, "expr_planners")));
    json_object_set_new(platform, "expr_planner_policy", json_pack("{s:O}", "names", installed));
    return PN_OK;
}

/* Lenient: one pack after the other, each whole or not at all. Strict: the engine hears of none
 * until everything else was checked. */
static pn_status add_packs(pn_session *session, const pn_platform_options *options,
                           json_t *problems, pn_error *err) {
    bool is_lenient = options->flags & PN_PLATFORM_LENIENT;
    for (size_t i = 0; i < options->n_packs; i++) {
        const pn_platform_pack *pack = &options->packs[i];
        pn_status status = is_lenient
                               ? pni_session_load(session, pack->path, pack->digest, err)
                               : pni_session_open_pack(session, pack->path, pack->digest, err);
        PNI_TRY(tolerate(options, status, problems, err));
    }
    return PN_OK;
}

/* What fails here fails when it is installed, too, but then it is too late. */
static pn_status check_planners(const pn_session *session, const pn_platform_options *options,
                                pn_error *err) {
    pni_udf_planner found;
    for (size_t i = 0; i < options->n_expr_planners; i++)
        PNI_TRY(pni_udf_planner_find(session->udfs, options->expr_planners[i], &found, err));
    return PN_OK;
}

static pn_status set_number(pn_session *session, const char *key, uint64_t number, pn_error *err) {
    char text[24];
    snprintf(text, sizeof text, "%" PRIu64, number);
    PNI_TRY(pni_session_set(session, key, text, err));
    json_object_set_new(session->opened_settings, key, json_string(text)); /* for RESET */
    return PN_OK;
}

/* The engine has these settings because the built-in pack has a function that waits. How long one
 * may take is no part of an identity; that there are any is a mode of planning. */
static pn_status apply_async(pn_session *session, const pn_platform_options *options,
                             pn_error *err) {
    if (!(options->flags & PN_PLATFORM_ASYNC))
        return PN_OK;
    PNI_TRY(set_number(session, "pinion_async.timeout_ms", options->async_timeout_ms, err));
    PNI_TRY(set_number(session, "pinion_async.ideal_batch_size", options->async_batch_rows, err));
    json_object_set_new(session->environment, "async_functions", json_string("on"));
    return pni_session_digest_documents(session, err);
}

static pn_status check_required(pn_session *session, const pn_platform_options *options,
                                json_t *problems, pn_error *err) {
    pn_status status = options->n_required
                           ? pn_udf_require(session, options->required, options->n_required, err)
                           : PN_OK;
    return tolerate(options, status, problems, err);
}

/* ---- the document ---------------------------------------------------------------------------- */

static json_t *docs_of(const json_t *specs) {
    json_t *docs = json_object();
    size_t index;
    json_t *spec;
    json_array_foreach((json_t *)(uintptr_t)specs, index, spec) {
        json_object_set(docs, pni_json_text(spec, "name"), json_object_get(spec, "doc"));
    }
    return docs;
}

static json_t *tag_names(const json_t *snapshot) {
    PNI_AUTO_PTR(json_t) tags = pni_udf_tag_index(snapshot);
    PNI_AUTO_PTR(pni_map) names = pni_map_new();
    const char *tag;
    json_t *functions;
    json_object_foreach(tags, tag, functions) pni_map_put(names, tag, functions);
    const char **sorted = pni_map_sorted_keys(names);
    json_t *list = json_array();
    for (size_t i = 0; i < pni_map_count(names); i++)
        json_array_append_new(list, json_string(sorted[i]));
    pni_free(sorted);
    return list;
}

/* CREATE FUNCTION is a statement, so the SQL policy comes before what a body may hold. */
static void put_factory(const pn_session *session, const json_t *parts, json_t *platform) {
    json_t *languages = json_pack("[s]", "sql");
    json_array_extend(languages, json_object_get(parts, "function_factories"));
    json_object_set_new(platform, "function_factory",
                        json_pack("{s:b, s:o}", "installed", 1, "languages", languages));
    json_object_set_new(platform, "function_factory_policy",
                        json_pack("{s:s, s:O?}", "sql_policy", pn_sql_policy_name(session->policy),
                                  "bodies", session->function_policy));
}

static pn_status put_functions(pn_session *session, json_t *platform, pn_error *err) {
    const char *hash = NULL;
    PNI_AUTO_PTR(json_t) parts = pni_udf_parts(session->udfs);
    PNI_TRY(pni_session_udf_hash(session, &hash, err));
    json_object_set_new(platform, "snapshot_hash", json_string(hash));
    json_object_set_new(platform, "rewrite_tags", tag_names(pni_session_udf_snapshot(session)));
    json_object_set_new(platform, "docs", docs_of(pni_session_udf_specs(session)));
    json_object_set(platform, "packs", json_object_get(parts, "packs"));
    json_object_set(platform, "table_providers", json_object_get(parts, "table_providers"));
    json_object_set(platform, "async_udf_policy", session->async_policy);
    put_factory(session, parts, platform);
    return PN_OK;
}

/* Packs first, which can be taken back; then all that can be found wrong without the engine; what
 * cannot be undone comes last, when nothing of it is left to refuse. */
static pn_status install_parts(pn_session *session, const pn_platform_options *options,
                               json_t *platform, pn_error *err) {
    json_t *problems = json_object_get(platform, "problems");
    bool is_lenient = options->flags & PN_PLATFORM_LENIENT;
    size_t first = pni_udf_pack_count(session->udfs);
    PNI_TRY(add_packs(session, options, problems, err));
    if (!is_lenient)
        PNI_TRY(check_planners(session, options, err));
    PNI_TRY(check_required(session, options, problems, err));
    if (!is_lenient && options->n_packs)
        PNI_TRY(pni_session_install_packs(session, first, err));
    if (options->n_packs)
        PNI_TRY(tolerate(options, pni_session_udf_agree(session, err), problems, err));
    PNI_TRY(put_functions(session, platform, err));
    PNI_TRY(add_planners(session, options, platform, err));
    return apply_async(session, options, err);
}

/* All of it or nothing: a session that was refused something is what it was before. */
static pn_status install(pn_session *session, const pn_platform_options *options, bool is_explicit,
                         pn_error *err) {
    PNI_AUTO_PTR(json_t)
    platform = json_pack("{s:b, s:[], s:[]}", "installed", is_explicit, "problems",
                         "domain_planner_names");
    PNI_AUTO_PTR(json_t) async_policy = session->async_policy;
    size_t first = pni_udf_pack_count(session->udfs);
    session->async_policy =
        pni_session_async_policy(options->async_timeout_ms, options->async_batch_rows);
    if (is_explicit)
        pni_session_functions_changed(session); /* the snapshot has the policy in it */
    pn_status status = install_parts(session, options, platform, err);
    if (status != PN_OK) {
        json_decref(session->async_policy);
        session->async_policy = pni_take(async_policy);
        pni_session_take_back_packs(session, first);
        return status;
    }
    json_decref(session->platform);
    session->platform = pni_take(platform);
    return PN_OK;
}

/* A session that nobody installed anything into has the defaults; packs may still be loaded. */
static pn_status platform_of(pn_session *session, json_t **out, pn_error *err) {
    bool is_explicit =
        session->platform && json_is_true(json_object_get(session->platform, "installed"));
    if (!is_explicit) {
        pn_platform_options none = PN_PLATFORM_OPTIONS_INIT;
        PNI_TRY(install(session, &none, false, err));
    }
    *out = json_incref(session->platform);
    return PN_OK;
}

/* ---- the calls ------------------------------------------------------------------------------- */

pn_status pni_session_platform(pn_session *session, json_t **platform_out, json_t **snapshot_out,
                               pn_error *err) {
    PNI_SESSION_GUARD(session);
    PNI_TRY(platform_of(session, platform_out, err));
    *snapshot_out = json_incref((json_t *)(uintptr_t)pni_session_udf_snapshot(session));
    return PN_OK;
}

pn_status pn_session_platform(pn_session *session, pn_buf *json_out, pn_error *err) {
    PNI_AUTO_PTR(json_t) platform = NULL;
    if (!session || !json_out)
        return pni_fail(err, PNI_E_ARGUMENT,
                        "pn_session_platform: session and json_out must not be NULL");
    PNI_SESSION_GUARD(session);
    PNI_TRY(platform_of(session, &platform, err));
    return pni_json_canonical(platform, json_out, err);
}

pn_status pni_session_check_early(const pn_session *session, pn_error *err) {
    if (session->planned || json_is_true(json_object_get(session->platform, "installed")))
        return pni_fail(err, PNI_E_PLATFORM_LATE, "the session has %s already",
                        session->planned ? "planned" : "been installed into");
    return PN_OK;
}

pn_status pn_session_install(pn_session *session, const pn_platform_options *theirs,
                             pn_buf *json_out, pn_error *err) {
    pn_platform_options options;
    pn_error own = PN_ERROR_INIT;
    if (!session)
        return pni_fail(err, PNI_E_ARGUMENT, "pn_session_install: session must not be NULL");
    err = err ? err : &own; /* lenient installation reads it */
    PNI_TRY(pni_options_copy(&options, sizeof options, theirs, "platform options", err));
    PNI_TRY(check_options(&options, err));
    PNI_SESSION_GUARD(session);
    PNI_TRY(pni_session_check_early(session, err));
    PNI_TRY(install(session, &options, true, err));
    return json_out ? pni_json_canonical(session->platform, json_out, err) : PN_OK;
}
