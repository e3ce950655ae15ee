/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Tables that are called in SQL, as in FROM read_parquet('a.parquet'). Before a text is planned
 * each such call is opened here; what it answers, a dataset, becomes a dataset of the session
 * without a name of its own, and the call in the text becomes that table. So a plan, its identity
 * and its replay know nothing but tables, each of them pinned as if it had been declared.
 *
 * The name is the function's and a digest of the dataset as written: the same call is the same
 * table in every process, and no absolute path enters an identity. Nobody gave such a table its
 * name, so it is not listed.
 *
 * Which paths may be read is decided by the policy (docs/decisions/0023-table-functions.md).
 */
#include "session/session_priv.h"

#include <limits.h>
#include <stdlib.h>

/* Hex digits of a digest that tell two calls of one function apart. */
#define NAME_DIGITS 16

/* One call that has been opened. */
typedef struct opened {
    pn_session *session;
    int32_t policy;
    const char *function;
    const json_t *dataset;
    pn_error *err;
} opened;

static void release_table(pn_table *table) {
    if (table->release) {
        table->release(table->self);
    }
}
PNI_DEFINE_AUTO(pn_table, release_table)

/* ---- access -----------------------------------------------------------------------------------
 */

static pn_status refuse(const opened *call, const char *uri, const char *why) {
    PNI_AUTO_PTR(json_t) shown = pni_json_redacted(uri);
    return pni_fail(call->err, PNI_E_TABLE_ACCESS, "%s: the SQL policy '%s' does not read '%s': %s",
                    call->function, pn_sql_policy_name(call->policy), json_string_value(shown),
                    why);
}

/* A name with a dot in front, or the project file itself, on the way from the folder down. */
static bool is_hidden(const char *below) {
    return below[0] == '.' || strstr(below, "/.") || pni_streq(below, "pinion.yaml");
}

/* Links are followed first, so that none leads out. What does not exist is judged by its text. */
static pn_status check_below(const opened *call, const char *dir, const char *uri) {
    char real_dir[PATH_MAX];
    char real[PATH_MAX];
    PNI_AUTO_PTR(pni_text) joined = pni_path_join(dir, uri);
    PNI_AUTO_PTR(pni_text) folded = pni_path_absolute(joined);
    const char *path = realpath(folded, real) ? real : folded;
    const char *root = realpath(dir, real_dir) ? real_dir : dir;
    root = path == folded ? dir : root;
    size_t len = strlen(root);
    if (strncmp(path, root, len) != 0 || path[len] != '/') {
        return refuse(call, uri, "it lies outside the project's folder");
    }
    if (is_hidden(path + len + 1)) {
        return refuse(call, uri, "it is hidden");
    }
    return PN_OK;
}

static pn_status check_access(const opened *call, const char *uri) {
    if (call->policy >= PN_SQL_POLICY_ADMIN) {
        return PN_OK;
    }
    if (strstr(uri, "://")) {
        return refuse(call, uri, "it is no path of the project");
    }
    if (call->policy < PN_SQL_POLICY_SERVICE) {
        return refuse(call, uri, "it reads what is registered and nothing else");
    }
    return call->session->files_dir
               ? check_below(call, call->session->files_dir, uri)
               : refuse(call, uri, "the session has no folder that it may read");
}

/* ---- datasets ---------------------------------------------------------------------------------
 */

static pn_status wrong_dataset(const opened *call, const char *why) {
    return pni_fail(call->err, PNI_E_TABLE_DATASET, "%s answered with a dataset that %s",
                    call->function, why);
}

static pn_status read_column(const char *name, const char *text, struct ArrowSchema *out,
                             pn_error *err) {
    bool is_required = pni_ends_with(text, " not null");
    PNI_AUTO_PTR(pni_text)
    type = pni_strndup(text, strlen(text) - (is_required ? strlen(" not null") : 0));
    PNI_AUTO_SCHEMA field = {0};
    PNI_TRY(pni_arrow_type_parse(type, &field, err));
    pni_assert(ArrowSchemaSetName(&field, name) == NANOARROW_OK);
    field.flags = is_required ? 0 : ARROW_FLAG_NULLABLE;
    pni_auto_release_schema(out);
    ArrowSchemaMove(&field, out);
    return PN_OK;
}

static pn_status read_schema(const opened *call, struct ArrowSchema *out) {
    json_t *columns = json_object_get(call->dataset, "schema");
    const char *name;
    json_t *type;
    int64_t at = 0;
    if (json_object_size(columns) == 0) {
        return PN_OK;
    }
    ArrowSchemaInit(out);
    pni_assert(ArrowSchemaSetTypeStruct(out, (int64_t)json_object_size(columns)) == NANOARROW_OK);
    json_object_foreach(columns, name, type) {
        if (!json_is_string(type)) {
            return wrong_dataset(call, "has a column without a type");
        }
        pn_status status =
            read_column(name, json_string_value(type), out->children[at++], call->err);
        if (status != PN_OK) {
            pni_error_context(call->err, "%s: column '%s'", call->function, name);
            return status;
        }
    }
    return PN_OK;
}

static char *object_text(const json_t *dataset, const char *key) {
    const json_t *object = json_object_get(dataset, key);
    return object ? json_dumps(object, JSON_COMPACT | JSON_SORT_KEYS) : NULL;
}

static pn_status add_dataset(const opened *call, const char *name, const char *uri) {
    PNI_AUTO_SCHEMA schema = {0};
    PNI_AUTO_PTR(pni_text) options = object_text(call->dataset, "options");
    PNI_AUTO_PTR(pni_text) storage = object_text(call->dataset, "storage_options");
    PNI_TRY(read_schema(call, &schema));
    pn_dataset_spec spec = PN_DATASET_SPEC_INIT;
    spec.name = name;
    spec.format = pni_json_text(call->dataset, "format");
    spec.uri = uri;
    spec.base_dir = call->session->files_dir;
    spec.version = pni_json_text(call->dataset, "version");
    spec.timestamp = pni_json_text(call->dataset, "timestamp");
    spec.options_json = options;
    spec.storage_options_json = storage;
    spec.schema = schema.release ? &schema : NULL;
    pn_status status = pn_session_add_dataset(call->session, &spec, call->err);
    if (status != PN_OK) {
        pni_error_context(call->err, "%s", call->function);
    }
    return status;
}

/* Rows about the session itself. They are pinned by what they say, so they may go stale: what a
 * query reads is the state when it was compiled. */
static pn_status session_rows(const opened *call, const char *uri, json_t **rows_out,
                              const char **type_out) {
    const json_t *specs = pni_session_udf_specs(call->session);
    if (pni_streq(uri, "udf_registry")) {
        *rows_out = pni_udf_registry_rows(specs);
        *type_out = PNI_UDF_REGISTRY_TYPE;
    } else if (pni_streq(uri, "udf_docs")) {
        *rows_out = pni_udf_docs_rows(specs);
        *type_out = PNI_UDF_DOCS_TYPE;
    } else {
        return wrong_dataset(call, "names no table of the session");
    }
    return PN_OK;
}

static void name_of(const opened *call, const json_t *content, char name_out[160]) {
    char hex[PNI_SHA256_HEX];
    PNI_AUTO_PTR(pni_text) text = json_dumps(content, JSON_COMPACT);
    pni_sha256_hex(text, strlen(text), hex);
    snprintf(name_out, 160, "%.100s_%.*s", call->function, NAME_DIGITS, hex);
}

/* A cache of the engine: its row is read whenever a query runs, so all that can be pinned is which
 * cache it is, and that it changes. */
static pn_status open_cache(const opened *call, const char *uri, char name_out[160]) {
    const pni_engine_session *engine = call->session->engine;
    PNI_AUTO_PTR(json_t) spec = json_pack("{s:s, s:s}", "format", "cache", "uri", uri);
    name_of(call, spec, name_out);
    if (pni_session_knows(call->session, name_out)) {
        return PN_OK;
    }
    PNI_AUTO_PTR(pni_resolved) resolved = pni_calloc(1, sizeof *resolved);
    PNI_TRY(pni_engine_table_open(engine, spec, NULL, NULL, &resolved->table, call->err));
    PNI_TRY(pni_engine_table_schema(resolved->table, &resolved->schema, call->err));
    resolved->pin = json_pack("{s:s, s:s, s:b}", "format", "cache", "cache", uri, "volatile", 1);
    resolved->evidence = json_object();
    resolved->diagnostics = json_array();
    return pni_session_install_table(call->session, name_out, &resolved, false, call->err);
}

static pn_status open_session_table(const opened *call, const char *uri, char name_out[160]) {
    if (pni_ends_with(uri, "_cache")) {
        return open_cache(call, uri, name_out);
    }
    PNI_AUTO_PTR(json_t) rows = NULL;
    PNI_AUTO_SCHEMA schema = {0};
    PNI_AUTO_ARRAY batch = {0};
    PNI_AUTO_STREAM stream = {0};
    const char *type = NULL;
    PNI_TRY(session_rows(call, uri, &rows, &type));
    name_of(call, rows, name_out);
    if (pni_session_knows(call->session, name_out)) {
        return PN_OK;
    }
    PNI_TRY(pni_arrow_type_parse(type, &schema, call->err));
    PNI_TRY(pni_arrow_batch_from_json(rows, &schema, &batch, call->err));
    PNI_TRY(pni_arrow_stream_of_batch(&schema, &batch, &stream, call->err));
    return pni_session_add_rows(call->session, name_out, &stream, call->err);
}

static pn_status open_files(const opened *call, const char *uri, char name_out[160]) {
    PNI_AUTO_PTR(json_t) written = json_deep_copy(call->dataset);
    json_object_del(written, "storage_options"); /* secrets, and never part of an identity */
    json_object_del(written, "limit");
    name_of(call, written, name_out);
    PNI_TRY(check_access(call, uri));
    if (pni_session_knows(call->session, name_out)) {
        return PN_OK;
    }
    return add_dataset(call, name_out, uri);
}

/* The relation that stands for the call. */
static pn_status relation_of(const opened *call, pn_buf *out) {
    char name[160];
    const char *uri = pni_json_text(call->dataset, "uri");
    const char *format = pni_json_text(call->dataset, "format");
    const char *limit = pni_json_text(call->dataset, "limit");
    uint64_t rows = 0;
    if (!uri || !format) {
        return wrong_dataset(call, "has no format or uri");
    }
    if (limit && !pni_parse_u64(limit, &rows)) {
        return pni_fail(call->err, PNI_E_TABLE_ARGUMENT, "%s: the limit %.20s is no number of rows",
                        call->function, limit);
    }
    PNI_TRY(pni_streq(format, "session") ? open_session_table(call, uri, name)
                                         : open_files(call, uri, name));
    pni_map_put(call->session->called, name, call->session); /* nobody named it */
    if (limit) {
        pni_buf_printf(out, "(SELECT * FROM \"%s\" LIMIT %llu)", name, (unsigned long long)rows);
    } else {
        pni_buf_printf(out, "\"%s\"", name);
    }
    return PN_OK;
}

/* ---- calls ------------------------------------------------------------------------------------
 */

bool pni_session_is_called(const pn_session *session, const char *name) {
    return name && pni_map_has(session->called, name);
}

void pni_session_say_call(const pn_session *session, const pni_dataset *dataset, pn_error *err) {
    if (!pni_session_is_called(session, dataset->name))
        return;
    PNI_AUTO(pn_buf) name = PN_BUF_INIT;
    PNI_AUTO(pn_buf) said = PN_BUF_INIT;
    int function = (int)(strlen(dataset->name) - NAME_DIGITS - 1); /* as name_of() made it */
    pni_buf_printf(&name, "dataset '%s'", dataset->name);
    pni_buf_printf(&said, "%.*s('%s')", function, dataset->name, dataset->uri);
    pni_error_say(err, pni_buf_text(&name), pni_buf_text(&said));
}

bool pni_session_has_table_function(const pn_session *session, const char *name) {
    return pni_udf_table_function(session->udfs, name) != NULL;
}

/* Adds {text: relation} when the call answers with a dataset; tables that a pack scans itself are
 * the engine's to call. */
static pn_status open_call(pn_session *session, int32_t policy, const char *text,
                           const json_t *made, json_t *relations, pn_error *err) {
    const pn_table_function *function =
        pni_udf_table_function(session->udfs, pni_json_text(made, "name"));
    if (!function) {
        return PN_OK;
    }
    PNI_AUTO(pn_table) table = {0};
    PNI_AUTO(pn_buf) relation = PN_BUF_INIT;
    PNI_AUTO_PTR(json_t) dataset = NULL;
    PNI_TRY(pni_udf_table_open(function, json_object_get(made, "args"), session->settings, &table,
                               err));
    if (!table.dataset) {
        return PN_OK;
    }
    opened call = {session, policy, function->function->name, NULL, err};
    PNI_TRY(pni_json_parse(table.dataset, strlen(table.dataset), "the dataset of a table function",
                           &dataset, err));
    call.dataset = dataset;
    PNI_TRY(relation_of(&call, &relation));
    json_object_set_new(relations, text, json_string(pni_buf_text(&relation)));
    return PN_OK;
}

pn_status pni_session_expand(pn_session *session, int32_t policy, pn_bytes sql,
                             const json_t *parsed, pn_buf *out, pn_error *err) {
    PNI_AUTO_PTR(json_t) calls = NULL;
    PNI_AUTO_PTR(json_t) relations = json_object();
    bool any = false;
    size_t index;
    json_t *name;
    json_array_foreach(json_object_get(parsed, "table_functions"), index, name) {
        any = any || pni_session_has_table_function(session, json_string_value(name));
    }
    if (!any) {
        return PN_OK;
    }
    PNI_TRY(pni_engine_sql_calls(session->engine, sql, &calls, err));
    const char *text;
    json_t *made;
    json_object_foreach(calls, text, made) {
        PNI_TRY(open_call(session, policy, text, made, relations, err));
    }
    return json_object_size(relations) == 0
               ? PN_OK
               : pni_engine_sql_replace(session->engine, sql, relations, out, err);
}
