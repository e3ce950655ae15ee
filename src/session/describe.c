/* SPDX-License-Identifier: Apache-2.0 */
/* What a session and its tables look like from outside, as JSON. Metadata a dataset declares is
 * completed by what its format knows. */
#include "session/session_priv.h"

pn_status pn_session_describe(const pn_session *session, pn_buf *json_out, pn_error *err) {
    if (!session || !json_out)
        return pni_fail(err, PNI_E_ARGUMENT,
                        "pn_session_describe: session and json_out must not be NULL");
    PNI_SESSION_GUARD(session); /* SET may change the settings */
    PNI_AUTO_PTR(json_t)
    json = json_pack("{s:s, s:o, s:O, s:O, s:O}", "profile", session->profile->name, "settings",
                     pni_json_redacted_object(session->settings), "runtime", session->runtime,
                     "rules", session->rules, "environment", session->environment);
    json_object_set(json, "settings_hash", json_object_get(session->digests, "settings"));
    json_object_set(json, "environment_hash", json_object_get(session->digests, "planning_env"));
    json_object_set(json, "rulepack_hash", json_object_get(session->digests, "rulepack"));
    json_object_set(json, "store_policy_hash", json_object_get(session->digests, "store_policy"));
    return pni_json_canonical(json, json_out, err);
}

static void list_catalog(const pn_catalog *catalog, json_t *by_name) {
    size_t count = pn_catalog_count(catalog);
    for (size_t i = 0; i < count; i++) {
        const char *name = pn_catalog_name_at(catalog, i);
        const pni_dataset *dataset = pni_catalog_find(catalog, name);
        json_object_set_new(by_name, name,
                            json_pack("{s:s, s:s, s:s}", "name", name, "kind", "dataset", "format",
                                      dataset->format));
    }
}

/* Those that somebody named. */
static json_t *tables_by_name(const pn_session *session) {
    json_t *by_name = json_object();
    list_catalog(session->own, by_name);
    list_catalog(session->catalog, by_name); /* declared before auto-loaded */
    for (size_t i = 0; i < pni_map_count(session->tables); i++) {
        const session_table *table = pni_map_value_at(session->tables, i);
        const char *name = pni_map_key_at(session->tables, i);
        if (table && table->is_temporary)
            json_object_set_new(by_name, name,
                                json_pack("{s:s, s:s, s:s}", "name", name, "kind", "temporary",
                                          "format", "memory"));
    }
    for (size_t i = 0; i < pni_map_count(session->called); i++)
        json_object_del(by_name, pni_map_key_at(session->called, i));
    return by_name;
}

pn_status pn_session_tables(const pn_session *session, pn_buf *json_out, pn_error *err) {
    if (!session || !json_out)
        return pni_fail(err, PNI_E_ARGUMENT,
                        "pn_session_tables: session and json_out must not be NULL");
    PNI_SESSION_GUARD(session);
    PNI_AUTO_PTR(json_t) by_name = tables_by_name(session);
    PNI_AUTO_PTR(pni_map) names = pni_map_new();
    const char *key;
    json_t *value;
    json_object_foreach(by_name, key, value) pni_map_put(names, key, value);
    const char **sorted = pni_map_sorted_keys(names);
    PNI_AUTO_PTR(json_t) list = json_array();
    for (size_t i = 0; i < pni_map_count(names); i++)
        json_array_append(list, pni_map_get(names, sorted[i]));
    pni_free(sorted);
    return pni_json_canonical(list, json_out, err);
}

void pni_session_changed(pn_session *session) {
    json_decref(session->snapshot);
    session->snapshot = NULL;
}

json_t *pni_session_snapshot(pn_session *session) {
    session->planned = true;
    if (!session->snapshot) {
        PNI_AUTO_PTR(json_t) functions = pni_udf_digests(session->udfs);
        const char *name;
        json_t *function;
        json_object_foreach((json_t *)(uintptr_t)pni_session_sql_functions(session), name, function)
            json_object_set(functions, name, json_object_get(function, "digest"));
        session->snapshot =
            json_pack("{s:O, s:o}", "functions", functions, "tables", tables_by_name(session));
    }
    return json_incref(session->snapshot);
}

pn_status pni_session_digest_documents(pn_session *session, pn_error *err) {
    PNI_AUTO_PTR(json_t) planners = json_array();
    const struct {
        const char *component;
        const json_t *document;
    } documents[] = {{"settings", session->identity_settings},
                     {"planning_env", session->environment},
                     {"rulepack", session->rules},
                     {"store_policy", session->store_policy},
                     {"domain_planners", planners}};
    char hex[PNI_SHA256_HEX];
    json_decref(session->digests);
    session->digests = json_object();
    for (size_t i = 0; i < sizeof documents / sizeof *documents; i++) {
        PNI_TRY(pni_json_digest(documents[i].document, hex, err));
        json_object_set_new(session->digests, documents[i].component, json_string(hex));
    }
    return PN_OK;
}

/* Declared metadata wins; a Delta table fills in what it knows itself. */
static json_t *table_metadata(const pni_dataset *dataset, const pni_resolved *resolved) {
    static const char *const keys[] = {"ddl", "constraints", "partition_columns", "defaults"};
    json_t *metadata = json_object();
    json_t *delta = json_object_get(resolved->evidence, "delta");
    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++) {
        json_t *value = dataset ? json_object_get(dataset->metadata, keys[i]) : NULL;
        if (!value && delta)
            value = json_object_get(delta, keys[i]);
        json_object_set(metadata, keys[i], value ? value : json_null());
    }
    return metadata;
}

pn_status pn_session_table(pn_session *session, const char *name, pn_buf *json_out, pn_error *err) {
    const pni_resolved *resolved;
    PNI_AUTO_PTR(json_t) schema = NULL;
    if (!session || !name || !json_out)
        return pni_fail(err, PNI_E_ARGUMENT,
                        "pn_session_table: session, name and json_out must not be NULL");
    PNI_SESSION_GUARD(session);
    PNI_TRY(pni_session_resolve(session, name, &resolved, err));
    PNI_TRY(pni_arrow_schema_json(&resolved->schema, &schema, err));
    const session_table *table = pni_map_get(session->tables, name);
    const pni_dataset *dataset = pni_session_dataset(session, name);
    PNI_AUTO_PTR(json_t) metadata = table_metadata(dataset, resolved);
    PNI_AUTO_PTR(json_t)
    json =
        json_pack("{s:s, s:s, s:s, s:O, s:O, s:O, s:O}", "name", name, "kind",
                  table->is_temporary ? "temporary" : "dataset", "format",
                  table->is_temporary || !dataset ? "memory" : dataset->format, "schema", schema,
                  "pin", resolved->pin, "metadata", metadata, "diagnostics", resolved->diagnostics);
    return pni_json_canonical(json, json_out, err);
}

pn_status pn_session_table_schema(pn_session *session, const char *name,
                                  struct ArrowSchema *schema_out, pn_error *err) {
    const pni_resolved *resolved;
    if (!session || !name || !schema_out)
        return pni_fail(err, PNI_E_ARGUMENT,
                        "pn_session_table_schema: session, name and schema_out must not be NULL");
    PNI_SESSION_GUARD(session);
    PNI_TRY(pni_session_resolve(session, name, &resolved, err));
    if (ArrowSchemaDeepCopy(&resolved->schema, schema_out) != NANOARROW_OK)
        return pni_fail(err, PNI_E_INTERNAL, "no copy of the schema of table '%s'", name);
    return PN_OK;
}
