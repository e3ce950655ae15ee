/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a session tells about its functions. Everything here is derived from the packs and the
 * engine, made when somebody asks, kept with the session and dropped when a function comes or goes,
 * so nothing outlives its session and nothing is told of a function that is gone.
 */
#include "pinion/udf.h"

#include "session/session_priv.h"

void pni_session_functions_changed(pn_session *session) {
    json_decref(session->udf_specs);
    json_decref(session->udf_snapshot);
    json_decref(session->udf_routines);
    session->udf_specs = NULL;
    session->udf_snapshot = NULL;
    session->udf_routines = NULL;
    session->udf_hash[0] = '\0';
    pni_session_changed(session);
}

const json_t *pni_session_udf_specs(pn_session *session) {
    if (!session->udf_specs)
        session->udf_specs = pni_udf_specs(session->udfs);
    return session->udf_specs;
}

/* The names of functions of foreign libraries, sorted. */
static void put_foreign(const json_t *functions, json_t *names) {
    const char *name;
    json_t *function;
    json_object_foreach((json_t *)(uintptr_t)functions, name, function) {
        size_t at = 0;
        if (!json_object_get(function, "foreign"))
            continue;
        while (at < json_array_size(names) &&
               strcmp(json_string_value(json_array_get(names, at)), name) < 0)
            at++;
        json_array_insert_new(names, at, json_string(name));
    }
}

const json_t *pni_session_udf_snapshot(pn_session *session) {
    if (!session->udf_snapshot) {
        session->udf_snapshot =
            pni_udf_snapshot(pni_session_udf_specs(session), session->async_policy);
        put_foreign(pni_session_sql_functions(session),
                    json_object_get(session->udf_snapshot, "pycapsule_udfs"));
    }
    return session->udf_snapshot;
}

pn_status pni_session_udf_hash(pn_session *session, const char **out, pn_error *err) {
    if (!session->udf_hash[0])
        PNI_TRY(pni_json_digest(pni_session_udf_snapshot(session), session->udf_hash, err));
    *out = session->udf_hash;
    return PN_OK;
}

pn_status pni_session_udf_routines(pn_session *session, const json_t **out, pn_error *err) {
    if (!session->udf_routines)
        PNI_TRY(pni_udf_routines(session->engine, pni_session_udf_snapshot(session),
                                 &session->udf_routines, err));
    *out = session->udf_routines;
    return PN_OK;
}

static pn_status parity_of(pn_session *session, json_t **out, pn_error *err) {
    const json_t *routines = NULL;
    PNI_TRY(pni_session_udf_routines(session, &routines, err));
    return pni_udf_parity(session->engine, pni_session_udf_snapshot(session), routines, out, err);
}

pn_status pni_session_udf_agree(pn_session *session, pn_error *err) {
    PNI_AUTO_PTR(json_t) report = NULL;
    PNI_AUTO(pn_buf) text = PN_BUF_INIT;
    PNI_TRY(parity_of(session, &report, err));
    if (json_is_true(json_object_get(report, "ok")))
        return PN_OK;
    pn_status status = pni_fail(err, PNI_E_UDF_PARITY,
                                "the packs and the engine say different things about functions");
    PNI_TRY(pni_json_canonical(report, &text, err));
    pni_error_detail(err, "%s", pni_buf_text(&text));
    return status;
}

/* ---- the public calls ------------------------------------------------------------------------ */

static pn_status check_arguments(const char *call, const void *session, const void *out,
                                 pn_error *err) {
    if (session && out)
        return PN_OK;
    return pni_fail(err, PNI_E_ARGUMENT, "%s: session and the result must not be NULL", call);
}

pn_status pn_udf_snapshot(pn_session *session, pn_buf *json_out, pn_error *err) {
    PNI_TRY(check_arguments("pn_udf_snapshot", session, json_out, err));
    PNI_SESSION_GUARD(session);
    return pni_json_canonical(pni_session_udf_snapshot(session), json_out, err);
}

pn_status pn_udf_snapshot_hash(pn_session *session, pn_buf *hex_out, pn_error *err) {
    const char *hex = NULL;
    PNI_TRY(check_arguments("pn_udf_snapshot_hash", session, hex_out, err));
    PNI_SESSION_GUARD(session);
    PNI_TRY(pni_session_udf_hash(session, &hex, err));
    pni_buf_puts(hex_out, hex);
    return PN_OK;
}

static pn_status read_snapshot(pn_bytes json, json_t **out, pn_error *err) {
    PNI_AUTO_PTR(json_t) snapshot = NULL;
    PNI_TRY(pni_json_parse(json.data, json.len, "snapshot of functions", &snapshot, err));
    PNI_TRY(pni_udf_snapshot_check(snapshot, err));
    *out = pni_take(snapshot);
    return PN_OK;
}

pn_status pn_udf_snapshot_check(pn_bytes json, pn_error *err) {
    PNI_AUTO_PTR(json_t) snapshot = NULL;
    return read_snapshot(json, &snapshot, err);
}

pn_status pn_udf_snapshot_names(pn_bytes json, pn_buf *json_out, pn_error *err) {
    PNI_AUTO_PTR(json_t) snapshot = NULL;
    if (!json_out)
        return pni_fail(err, PNI_E_ARGUMENT, "pn_udf_snapshot_names: json_out must not be NULL");
    PNI_TRY(read_snapshot(json, &snapshot, err));
    PNI_AUTO_PTR(json_t) names = pni_udf_snapshot_names(snapshot);
    return pni_json_canonical(names, json_out, err);
}

/* What the engine cannot tell of functions that a session took in: the file of a library's, and the
 * declaration, kind and volatility of one that a statement made. */
static void put_taken_in(const pn_session *session, json_t *catalog) {
    PNI_AUTO_PTR(json_t) libraries = json_object();
    PNI_AUTO_PTR(json_t) statements = json_object();
    const char *name;
    json_t *function;
    json_object_foreach((json_t *)(uintptr_t)pni_session_sql_functions(session), name, function) {
        json_t *library = json_object_get(function, "foreign");
        if (library)
            json_object_set(libraries, name, library);
        else
            json_object_set_new(statements, name,
                                json_pack("{s:O, s:O, s:O}", "kind",
                                          json_object_get(function, "kind"), "volatility",
                                          json_object_get(function, "volatility"), "declaration",
                                          json_object_get(function, "text")));
    }
    if (json_object_size(libraries))
        json_object_set(catalog, "libraries", libraries);
    if (json_object_size(statements))
        json_object_set(catalog, "statements", statements);
}

pn_status pn_udf_catalog(pn_session *session, uint32_t flags, pn_buf *json_out, pn_error *err) {
    const json_t *routines = NULL;
    PNI_TRY(check_arguments("pn_udf_catalog", session, json_out, err));
    if (flags & ~(uint32_t)PN_UDF_CATALOG_STRICT)
        return pni_fail(err, PNI_E_ARGUMENT, "pn_udf_catalog: the flags 0x%x are not known", flags);
    PNI_SESSION_GUARD(session);
    if (flags & PN_UDF_CATALOG_STRICT)
        PNI_TRY(pni_session_udf_agree(session, err));
    PNI_TRY(pni_session_udf_routines(session, &routines, err));
    PNI_AUTO_PTR(json_t) catalog = json_copy((json_t *)(uintptr_t)routines);
    put_taken_in(session, catalog);
    return pni_json_canonical(catalog, json_out, err);
}

pn_status pn_udf_parity(pn_session *session, pn_buf *json_out, pn_error *err) {
    PNI_AUTO_PTR(json_t) report = NULL;
    PNI_TRY(check_arguments("pn_udf_parity", session, json_out, err));
    PNI_SESSION_GUARD(session);
    PNI_TRY(parity_of(session, &report, err));
    return pni_json_canonical(report, json_out, err);
}

pn_status pn_udf_require(pn_session *session, const char *const *names, size_t n_names,
                         pn_error *err) {
    const json_t *routines = NULL;
    PNI_AUTO_PTR(json_t) list = json_array();
    if (!session || (n_names && !names))
        return pni_fail(err, PNI_E_ARGUMENT, "pn_udf_require: session and names must not be NULL");
    for (size_t i = 0; i < n_names; i++) {
        if (!names[i] || json_array_append_new(list, json_string(names[i])) != 0)
            return pni_fail(err, PNI_E_ARGUMENT, "pn_udf_require: name %zu is no text", i);
    }
    PNI_SESSION_GUARD(session);
    PNI_TRY(pni_session_udf_routines(session, &routines, err));
    return pni_udf_require(pni_session_udf_snapshot(session), routines, list, err);
}

pn_status pn_session_functions(const pn_session *session, pn_buf *json_out, pn_error *err) {
    PNI_TRY(check_arguments("pn_session_functions", session, json_out, err));
    PNI_SESSION_GUARD(session);
    return pni_json_canonical(pni_session_udf_specs((pn_session *)(uintptr_t)session), json_out,
                              err); /* what is kept under the lock is no change of the session */
}

pn_status pn_udf_tags(pn_session *session, pn_buf *json_out, pn_error *err) {
    PNI_TRY(check_arguments("pn_udf_tags", session, json_out, err));
    PNI_SESSION_GUARD(session);
    PNI_AUTO_PTR(json_t) tags = pni_udf_tag_index(pni_session_udf_snapshot(session));
    return pni_json_canonical(tags, json_out, err);
}
