/* SPDX-License-Identifier: Apache-2.0 */
/* The functions of a session: the built-in pack from the start, foreign packs by absolute path
 * only. */
#include "session/session_priv.h"

pn_status pni_session_install_builtin(pn_session *session, pn_error *err) {
    session->udfs = pni_udf_catalog_new();
    session->async_policy = pni_session_async_policy(0, 0);
    PNI_TRY(pni_udf_install(session->udfs, 0, session->engine, err));
    PNI_TRY(pni_udf_install_second_names(session->engine, err));
    return pni_sql_functions_new(session->function_policy, session->udfs, session->engine,
                                 &session->sql_functions, err);
}

pn_status pni_session_create_function(pn_session *session, const json_t *request, pn_error *err) {
    pni_session_functions_changed(session);
    return pni_sql_function_create(session->sql_functions, session->engine, request, err);
}

pn_status pni_session_drop_function(pn_session *session, const json_t *request, pn_error *err) {
    pni_session_functions_changed(session);
    return pni_sql_function_drop(session->sql_functions, session->engine, request, err);
}

const json_t *pni_session_sql_functions(const pn_session *session) {
    return pni_sql_functions_all(session->sql_functions);
}

/* A function that waits holds threads: a session says so before it is used. */
static pn_status check_waiting(const pn_session *session, const json_t *names, pn_error *err) {
    size_t index;
    json_t *name;
    if (json_is_true(json_object_get(session->async_policy, "enabled")))
        return PN_OK;
    json_array_foreach((json_t *)(uintptr_t)names, index, name) {
        const pn_udf *udf =
            json_is_string(name) ? pni_udf_find(session->udfs, json_string_value(name)) : NULL;
        if (udf && udf->flags & PN_UDF_ASYNC)
            return pni_fail(err, PNI_E_UDF_ASYNC,
                            "function '%s' may wait, which this session does not allow", udf->name);
    }
    return PN_OK;
}

pn_status pni_session_functions(const pn_session *session, const json_t *names, json_t **out,
                                pn_error *err) {
    PNI_TRY(check_waiting(session, names, err));
    PNI_TRY(pni_udf_identity(session->udfs, names, out, err));
    pni_sql_functions_identity(session->sql_functions, names, *out);
    return PN_OK;
}

json_t *pni_session_rewrite_tags(const pn_session *session, const json_t *functions) {
    return pni_udf_rewrite_tags(session->udfs, functions);
}

json_t *pni_session_function_versions(const pn_session *session, const json_t *functions) {
    return pni_udf_versions(session->udfs, functions);
}

/*
 * The engine's functions by their own names, sorted; a test compares with what the engine says.
 * Those that are stable (now(), current_date(), …) have one value in a query.
 */
bool pni_function_is_volatile(const char *name) {
    static const char *const names[] = {"file_row_index", "input_file_name", "random", "uuid"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (pni_streq(names[i], name))
            return true;
    return false;
}

pn_status pni_session_open_pack(pn_session *session, const char *path, const char *digest,
                                pn_error *err) {
    if (path[0] != '/')
        return pni_fail(err, PNI_E_ARGUMENT, "pack '%s' is given by a relative path", path);
    pni_session_functions_changed(session);
    return pni_udf_load(session->udfs, session->engine, path, digest, err);
}

pn_status pni_session_install_packs(pn_session *session, size_t first, pn_error *err) {
    pni_session_functions_changed(session);
    PNI_TRY(pni_udf_install(session->udfs, first, session->engine, err));
    return pni_session_settle_options(session, err);
}

void pni_session_take_back_packs(pn_session *session, size_t first) {
    pni_udf_take_back(session->udfs, first, session->engine);
    pni_session_forget_options(session);
    pni_session_functions_changed(session);
}

pn_status pni_session_load(pn_session *session, const char *path, const char *digest,
                           pn_error *err) {
    size_t first = pni_udf_pack_count(session->udfs);
    PNI_TRY(pni_session_open_pack(session, path, digest, err));
    pn_status status = pni_session_install_packs(session, first, err);
    if (status != PN_OK)
        pni_session_take_back_packs(session, first);
    return status;
}

pn_status pn_session_load_pack(pn_session *session, const char *path, const char *digest,
                               pn_error *err) {
    if (!session || !path)
        return pni_fail(err, PNI_E_ARGUMENT,
                        "pn_session_load_pack: session and path must not be NULL");
    PNI_SESSION_GUARD(session);
    PNI_TRY(pni_session_check_early(session, err));
    return pni_session_load(session, path, digest, err);
}
