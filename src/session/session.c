/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The session object: lifetime, lock, and its tables. A name is looked up in this order: what is
 * resolved already (datasets and temporary tables), the caller's catalog, datasets added to the
 * session. So an auto-loaded dataset never hides a declared one.
 */
#include "session/session_priv.h"

#include <stdlib.h>

pn_session *pni_session_alloc(const pni_profile *profile, const pn_session_options *options) {
    pn_session *session = pni_calloc(1, sizeof *session);
    pthread_mutexattr_t attr;
    static _Atomic uint64_t last_id;
    session->id = atomic_fetch_add(&last_id, 1) + 1;
    atomic_init(&session->refs, 1);
    pthread_mutexattr_init(&attr);
    pthread_mutexattr_settype(&attr, PTHREAD_MUTEX_RECURSIVE);
    pthread_mutex_init(&session->lock, &attr);
    pthread_mutexattr_destroy(&attr);
    session->profile = profile;
    session->policy = options->sql_policy;
    session->catalog = pni_catalog_ref(options->catalog);
    session->own = pn_catalog_new();
    session->tables = pni_map_new();
    session->called = pni_map_new();
    if (options->files_dir)
        session->files_dir = pni_path_absolute(options->files_dir);
    session->asked_options = json_object();
    session->planners = json_object();
    session->allow_ffi = options->allow_ffi != 0;
    if (options->plan_cache_dir)
        session->plan_cache.dir = pni_path_absolute(options->plan_cache_dir);
    return session;
}

pn_session *pni_session_ref(const pn_session *session) {
    pn_session *mutable = (pn_session *)(uintptr_t)session;
    atomic_fetch_add(&mutable->refs, 1);
    return mutable;
}

static void table_free(session_table *table) {
    if (!table)
        return;
    pni_resolved_free(table->resolved);
    pni_free(table);
}

void pn_session_unref(pn_session *session) {
    if (!session || atomic_fetch_sub(&session->refs, 1) != 1)
        return;
    for (size_t i = 0; i < pni_map_count(session->tables); i++)
        table_free(pni_map_value_at(session->tables, i));
    pni_map_free(session->tables);
    pni_map_free(session->called);
    pni_engine_session_free(session->engine);
    pn_catalog_unref(session->catalog);
    pn_catalog_unref(session->own);
    pni_free(session->files_dir);
    json_decref(session->runtime);
    json_decref(session->settings);
    json_decref(session->identity_settings);
    json_decref(session->opened_settings);
    json_decref(session->asked_options);
    json_decref(session->rules);
    json_decref(session->environment);
    json_decref(session->store_policy);
    json_decref(session->digests);
    pni_free(session->plan_cache.dir);
    pni_session_functions_changed(session); /* with the snapshot of all functions */
    json_decref(session->platform);
    json_decref(session->async_policy);
    json_decref(session->planners);
    json_decref(session->function_policy);
    pni_sql_functions_free(session->sql_functions);
    pni_udf_catalog_free(session->udfs);
    pni_recorder_unref(session->recorder);
    pn_cancel_unref(session->cancel);
    pthread_mutex_destroy(&session->lock);
    pni_free(session);
}

void pni_session_record(pn_session *session, pni_recorder *recorder) {
    PNI_SESSION_GUARD(session);
    pni_recorder_unref(session->recorder);
    session->recorder = pni_recorder_ref(recorder);
}

pni_recorder *pni_session_recorder(const pn_session *session) {
    PNI_SESSION_GUARD(session);
    return pni_recorder_ref(session->recorder);
}

void pni_session_lock(const pn_session *session) {
    pthread_mutex_lock(&((pn_session *)(uintptr_t)session)->lock);
}

void pni_session_unlock(const pn_session *session) {
    pthread_mutex_unlock(&((pn_session *)(uintptr_t)session)->lock);
}

const pni_engine_session *pni_session_engine(const pn_session *session) {
    return session->engine;
}

int32_t pn_session_policy(const pn_session *session) {
    return session ? session->policy : PN_SQL_POLICY_DEFAULT;
}

const pni_plan_cache_place *pni_session_plan_cache(const pn_session *session) {
    return &session->plan_cache;
}

const json_t *pni_session_identity_settings(const pn_session *session) {
    return session->identity_settings;
}

const json_t *pni_session_environment(const pn_session *session) {
    return session->environment;
}

const json_t *pni_session_rulepack(const pn_session *session) {
    return session->rules;
}

const json_t *pni_session_store_policy(const pn_session *session) {
    return session->store_policy;
}

const json_t *pni_session_digests(const pn_session *session) {
    return session->digests;
}

const pni_dataset *pni_session_dataset(const pn_session *session, const char *name) {
    const pni_dataset *dataset = pni_catalog_find(session->catalog, name);
    return dataset ? dataset : pni_catalog_find(session->own, name);
}

bool pni_session_is_temporary(const pn_session *session, const char *name) {
    const session_table *table = pni_map_get(session->tables, name);
    return table && table->is_temporary;
}

uint64_t pni_session_id(const pn_session *session) {
    return session->id;
}

bool pni_session_knows(const pn_session *session, const char *name) {
    return pni_map_get(session->tables, name) || pni_session_dataset(session, name);
}

const char *pni_session_nearest(const pn_session *session, const char *name) {
    return pni_nearer(name, pni_catalog_nearest(session->catalog, name),
                      pni_catalog_nearest(session->own, name));
}

void pni_session_hint_nearest(const char *nearest, pn_error *err) {
    if (nearest)
        pni_error_hint(err, "Did you mean '%s'? `pinion ls` lists the names.", nearest);
}

pn_status pni_session_stub(pn_session *session, const char *name, const struct ArrowSchema *schema,
                           pn_error *err) {
    PNI_AUTO_PTR(pni_engine_table) stub = NULL;
    PNI_TRY(pni_engine_table_stub(session->engine, schema, NULL, &stub, err));
    return pni_engine_register(session->engine, PNI_SPACE_IDENTITY, name, stub, err);
}

/* Puts a resolved table into both catalogs and the map; takes `resolved` on success only. */
static pn_status install(pn_session *session, const char *name, pni_resolved *resolved,
                         bool is_temporary, pn_error *err) {
    PNI_AUTO_PTR(pni_engine_table) stub = NULL;
    PNI_TRY(pni_engine_table_stub(session->engine, &resolved->schema, resolved->constraints, &stub,
                                  err));
    PNI_TRY(pni_engine_register(session->engine, PNI_SPACE_IDENTITY, name, stub, err));
    PNI_TRY(pni_engine_register(session->engine, PNI_SPACE_RUN, name, resolved->table, err));
    session_table *table = pni_calloc(1, sizeof *table);
    table->is_temporary = is_temporary;
    table->resolved = resolved;
    pni_map_put(session->tables, name, table);
    if (is_temporary)
        pni_session_changed(session);
    return PN_OK;
}

pn_status pni_session_install_table(pn_session *session, const char *name, pni_resolved **resolved,
                                    bool is_temporary, pn_error *err) {
    PNI_TRY(install(session, name, *resolved, is_temporary, err));
    *resolved = NULL;
    return PN_OK;
}

static pn_status unknown_table(const pn_session *session, const char *name, pn_error *err) {
    pn_status status = pni_fail(err, PNI_E_TABLE_UNKNOWN, "there is no table '%s'", name);
    pni_session_hint_nearest(pni_session_nearest(session, name), err);
    return status;
}

static pn_status check_location(const pn_session *session, const pni_dataset *dataset,
                                pn_error *err) {
    if (pni_uri_is_remote(dataset->uri) &&
        json_is_true(json_object_get(session->store_policy, "require_local_paths")))
        return pni_fail(err, PNI_E_STORE_POLICY, "dataset '%s' lies at no local path",
                        dataset->name);
    return PN_OK;
}

static pn_status resolve(const pn_session *session, const pni_dataset *dataset, pni_resolved **out,
                         pn_error *err) {
    PNI_TRY(check_location(session, dataset, err));
    return pni_dataset_resolve(session->engine, dataset, session->cancel, out, err);
}

pn_status pni_session_resolve(pn_session *session, const char *name, const pni_resolved **out,
                              pn_error *err) {
    session_table *known = pni_map_get(session->tables, name);
    if (!known) {
        const pni_dataset *dataset = pni_session_dataset(session, name);
        if (!dataset)
            return unknown_table(session, name, err);
        PNI_AUTO_PTR(pni_resolved) resolved = NULL;
        pn_status status = resolve(session, dataset, &resolved, err);
        if (status != PN_OK) {
            pni_session_say_call(session, dataset, err);
            return status;
        }
        PNI_TRY(install(session, name, resolved, false, err));
        resolved = NULL;
        known = pni_map_get(session->tables, name);
    }
    *out = known->resolved;
    return PN_OK;
}

pn_status pni_session_check_files(pn_session *session, const char *name, pn_error *err) {
    const session_table *table = pni_map_get(session->tables, name);
    const pni_dataset *dataset = pni_session_dataset(session, name);
    if (!table || table->is_temporary || !dataset)
        return PN_OK;
    return pni_resolved_check(session->engine, table->resolved, dataset, session->cancel, err);
}

pn_status pn_session_add_table(pn_session *session, const char *name,
                               struct ArrowArrayStream *stream, pn_error *err) {
    PNI_AUTO_PTR(pni_resolved) resolved = NULL;
    if (!session || !stream || !stream->release) {
        if (stream)
            pni_auto_release_stream(stream);
        return pni_fail(err, PNI_E_ARGUMENT,
                        "pn_session_add_table: session and stream must not be NULL");
    }
    PNI_SESSION_GUARD(session);
    pn_status status = pni_name_check("table", name, err);
    if (status == PN_OK && pni_session_knows(session, name))
        status = pni_fail(err, PNI_E_DATASET_EXISTS, "table '%s' is there already", name);
    if (status != PN_OK) {
        pni_auto_release_stream(stream);
        return status;
    }
    status = pni_resolve_stream(session->engine, stream, &resolved, err);
    if (status == PN_OK)
        status = install(session, name, resolved, true, err);
    if (status == PN_OK)
        resolved = NULL;
    else
        pni_error_context(err, "table '%s'", name);
    return status;
}

pn_status pni_session_add_rows(pn_session *session, const char *name,
                               struct ArrowArrayStream *stream, pn_error *err) {
    PNI_AUTO_PTR(pni_resolved) resolved = NULL;
    PNI_TRY(pni_resolve_stream(session->engine, stream, &resolved, err));
    PNI_TRY(install(session, name, resolved, false, err));
    resolved = NULL;
    return PN_OK;
}

pn_status pni_session_replace_table(pn_session *session, const char *name,
                                    struct ArrowArrayStream *stream, pn_error *err) {
    PNI_AUTO_PTR(pni_resolved) resolved = NULL;
    PNI_SESSION_GUARD(session);
    PNI_TRY(pni_resolve_stream(session->engine, stream, &resolved, err));
    session_table *old = pni_map_get(session->tables, name);
    PNI_TRY(install(session, name, resolved, true, err));
    resolved = NULL;
    table_free(old);
    pni_session_changed(session);
    return PN_OK;
}

static pn_status stream_of_json(pn_bytes json, const struct ArrowSchema *schema,
                                struct ArrowArrayStream *out, pn_error *err) {
    PNI_AUTO_PTR(json_t) rows = NULL;
    PNI_AUTO_SCHEMA own = {0};
    PNI_AUTO_ARRAY batch = {0};
    PNI_TRY(pni_json_parse(json.data, json.len, "the text of the rows", &rows, err));
    if (!schema)
        PNI_TRY(pni_arrow_schema_infer_json(rows, &own, err));
    else if (ArrowSchemaDeepCopy(schema, &own) != NANOARROW_OK)
        return pni_fail(err, PNI_E_ARGUMENT, "the schema of the rows is not valid");
    PNI_TRY(pni_arrow_batch_from_json(rows, &own, &batch, err));
    return pni_arrow_stream_of_batch(&own, &batch, out, err);
}

pn_status pn_session_add_rows(pn_session *session, const char *name, pn_bytes json,
                              const struct ArrowSchema *schema, pn_error *err) {
    struct ArrowArrayStream stream = {0};
    if (!session || (json.len && !json.data))
        return pni_fail(err, PNI_E_ARGUMENT,
                        "pn_session_add_rows: session and json must not be NULL");
    PNI_TRY(pni_name_check("table", name, err));
    pn_status status = stream_of_json(json, schema, &stream, err);
    if (status != PN_OK) {
        pni_error_context(err, "table '%s'", name);
        return status;
    }
    return pn_session_add_table(session, name, &stream, err);
}

pn_status pn_session_remove_table(pn_session *session, const char *name, pn_error *err) {
    if (!session || !name)
        return pni_fail(err, PNI_E_ARGUMENT,
                        "pn_session_remove_table: session and name must not be NULL");
    PNI_SESSION_GUARD(session);
    session_table *table = pni_map_get(session->tables, name);
    if (!table || !table->is_temporary)
        return pni_fail(err, PNI_E_SESSION_TABLE, "there is no temporary table '%s'", name);
    PNI_TRY(pni_engine_deregister(session->engine, PNI_SPACE_IDENTITY, name, err));
    PNI_TRY(pni_engine_deregister(session->engine, PNI_SPACE_RUN, name, err));
    pni_map_put(session->tables, name, NULL);
    pni_session_changed(session);
    table_free(table);
    return PN_OK;
}

pn_status pn_session_add_dataset(pn_session *session, const pn_dataset_spec *spec, pn_error *err) {
    if (!session || !spec)
        return pni_fail(err, PNI_E_ARGUMENT,
                        "pn_session_add_dataset: session and spec must not be NULL");
    PNI_SESSION_GUARD(session);
    if (spec->name && pni_session_knows(session, spec->name))
        return pni_fail(err, PNI_E_DATASET_EXISTS, "dataset '%s' is there already", spec->name);
    pni_session_changed(session);
    return pn_catalog_add(session->own, spec, err);
}
