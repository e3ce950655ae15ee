/* SPDX-License-Identifier: Apache-2.0 */
/*
 * INSERT, COPY, CREATE and DROP, each by the call a program would make: a write of the bundle's
 * rows, a temporary table, a dataset, a view. What is made lives as long as the session; what is
 * written stays. A session goes on seeing a dataset as it was when it first read it.
 */
#include "exec/exec_priv.h"

static pn_status wrong_target(const char *name, const char *why, pn_error *err) {
    return pni_fail(err, PNI_E_STATEMENT_TARGET, "'%s' %s", name, why);
}

/* ---- INSERT and COPY ----------------------------------------------------------------------- */

static pn_status check_insert(const pni_statement *statement, const char *table,
                              const pni_dataset *dataset, pn_error *err) {
    if (pni_view_lookup(statement->graph, table))
        return wrong_target(table, "is a view; rows are inserted into datasets", err);
    if (!dataset || pni_session_is_temporary(statement->session, table))
        return wrong_target(table, "is a temporary table, which is made whole: CREATE TABLE … AS",
                            err);
    if (dataset->version || dataset->timestamp)
        return wrong_target(table, "is declared at one version, which does not change", err);
    bool is_delta = pni_streq(dataset->format, "delta");
    if (!is_delta && !pni_uri_is_remote(dataset->uri) && !pni_path_is_dir(dataset->uri))
        return wrong_target(table, "is one file; rows are appended to folders and Delta tables",
                            err);
    if (!is_delta && json_object_size(dataset->options))
        return wrong_target(table, "has scan options, so its files are not as pinion writes them",
                            err);
    if (pni_streq(pni_json_text(statement->request, "op"), "replace"))
        return wrong_target(table, "has no key to replace rows by", err);
    return PN_OK;
}

pn_status pni_statement_insert(const pni_statement *statement, pn_result **out, pn_error *err) {
    const char *table = pni_json_text(statement->request, "table");
    const pni_dataset *dataset = pni_session_dataset(statement->session, table);
    pn_write_request write = PN_WRITE_REQUEST_INIT;
    PNI_AUTO(pn_buf) storage = PN_BUF_INIT;
    PNI_TRY(check_insert(statement, table, dataset, err));
    PNI_TRY(pni_json_canonical(dataset->storage_options, &storage, err));
    write.format = dataset->format;
    write.uri = dataset->uri;
    write.mode = pni_streq(pni_json_text(statement->request, "op"), "overwrite")
                     ? PN_WRITE_OVERWRITE
                     : PN_WRITE_APPEND;
    write.storage_options_json = pni_buf_text(&storage);
    return pn_exec_write(statement->session, statement->bundle, &write, statement->options, out,
                         err);
}

static const char *plain_option(const char *key) {
    return pni_starts_with(key, "format.") ? key + strlen("format.") : key;
}

static pn_status copy_mode(const char *word, int32_t *out, pn_error *err) {
    static const char *const modes[] = {"error", "append", "overwrite", "ignore"};
    for (int32_t i = 0; i < 4; i++)
        if (pni_streq(modes[i], word)) {
            *out = i;
            return PN_OK;
        }
    return pni_fail(err, PNI_E_STATEMENT_TARGET,
                    "COPY has no mode '%.40s'; there are error, append, overwrite and ignore",
                    word);
}

/* The options of COPY: `mode` is ours, the others are the format's. */
static pn_status copy_options(const json_t *given, json_t *options, int32_t *mode, pn_error *err) {
    const char *key;
    json_t *value;
    json_object_foreach((json_t *)(uintptr_t)given, key, value) {
        if (pni_streq(plain_option(key), "mode"))
            PNI_TRY(copy_mode(json_string_value(value), mode, err));
        else
            json_object_set(options, plain_option(key), value);
    }
    return PN_OK;
}

static char *absolute_uri(const char *uri) {
    return strstr(uri, "://") ? pni_strdup(uri) : pni_path_absolute(uri);
}

/* The options of COPY are the format's and stand in the statement's text, which is no place for
 * credentials. */
static pn_status check_copy_target(const char *uri, pn_error *err) {
    if (!pni_starts_with(uri, "s3://") && !pni_starts_with(uri, "s3a://"))
        return PN_OK;
    pn_status status = pni_fail(err, PNI_E_STATEMENT_TARGET,
                                "COPY has no storage_options, so it does not write to '%s'", uri);
    pni_error_hint(err, "Declare an output of pinion.yaml with that uri and storage_options, or a "
                        "dataset there and INSERT INTO it; or COPY to a local file.");
    return status;
}

pn_status pni_statement_copy(const pni_statement *statement, pn_result **out, pn_error *err) {
    const json_t *request = statement->request;
    json_t *columns = json_object_get(request, "partition_by");
    PNI_AUTO_PTR(pni_text) uri = absolute_uri(pni_json_text(request, "uri"));
    PNI_AUTO_PTR(json_t) options = json_object();
    PNI_AUTO(pn_buf) text = PN_BUF_INIT;
    pn_write_request write = PN_WRITE_REQUEST_INIT;
    PNI_TRY(check_copy_target(uri, err));
    PNI_TRY(copy_options(json_object_get(request, "options"), options, &write.mode, err));
    PNI_TRY(pni_json_canonical(options, &text, err));
    const char **names = pni_calloc(json_array_size(columns) + 1, sizeof *names);
    for (size_t i = 0; i < json_array_size(columns); i++)
        names[i] = json_string_value(json_array_get(columns, i));
    write.format = pni_json_text(request, "format");
    write.uri = uri;
    write.partition_by = names;
    write.n_partition_by = json_array_size(columns);
    write.options_json = pni_buf_text(&text);
    /* A name with an ending is a file, as DataFusion has it. */
    write.single_file = !pni_ends_with(pni_json_text(request, "uri"), "/") &&
                        strchr(pni_path_base(uri), '.') && !write.n_partition_by;
    pn_status status =
        pn_exec_write(statement->session, statement->bundle, &write, statement->options, out, err);
    pni_free(names);
    return status;
}

/* ---- CREATE and DROP ----------------------------------------------------------------------- */

static bool asks(const pni_statement *statement, const char *flag) {
    return json_is_true(json_object_get(statement->request, flag));
}

static bool is_taken(const pni_statement *statement, const char *name) {
    return pni_session_knows(statement->session, name) ||
           pn_view_graph_bundle(statement->graph, name) != NULL;
}

/* A name in use is an error, or nothing to do (`done`), or the old temporary table goes. */
static pn_status make_room(const pni_statement *statement, const char *name, bool *done,
                           pn_error *err) {
    *done = false;
    if (asks(statement, "constraints"))
        return wrong_target(name,
                            "is declared with constraints, defaults or an order, which "
                            "nothing here would keep",
                            err);
    if (!is_taken(statement, name))
        return PN_OK;
    *done = asks(statement, "if_not_exists");
    if (*done)
        return PN_OK;
    if (asks(statement, "or_replace") && pni_session_is_temporary(statement->session, name))
        return PN_OK;
    return pni_fail(err, PNI_E_DATASET_EXISTS, "'%s' is there already", name);
}

static pn_status create_table(const pni_statement *statement, const char *name, pn_error *err) {
    struct ArrowArrayStream stream = {0};
    PNI_AUTO_PTR(pn_result) rows = NULL;
    pn_session *session = statement->session;
    PNI_TRY(pn_exec_run(session, statement->bundle, statement->options, &rows, err));
    PNI_TRY(pn_result_stream(rows, &stream, err));
    if (pni_session_is_temporary(session, name))
        return pni_session_replace_table(session, name, &stream, err);
    return pn_session_add_table(session, name, &stream, err);
}

static pn_status external_spec(const pni_statement *statement, pn_dataset_spec *spec,
                               json_t *options, pn_error *err) {
    const json_t *request = statement->request;
    const char *name = pni_json_text(request, "name");
    const json_t *locations = json_object_get(request, "locations");
    const char *key;
    json_t *value;
    if (json_array_size(locations) != 1)
        return wrong_target(name, "has more than one location; a dataset is one file or folder",
                            err);
    if (json_array_size(json_object_get(request, "partition_by")))
        return wrong_target(name, "has partition columns; declare them in pinion.yaml", err);
    json_object_foreach(json_object_get(request, "options"), key, value)
        json_object_set(options, plain_option(key), value);
    spec->name = name;
    spec->format = pni_json_text(request, "format");
    spec->uri = json_string_value(json_array_get(locations, 0));
    return PN_OK;
}

static pn_status create_external(const pni_statement *statement, const char *name, pn_error *err) {
    pn_dataset_spec spec = PN_DATASET_SPEC_INIT;
    PNI_AUTO_PTR(json_t) options = json_object();
    PNI_AUTO(pn_buf) text = PN_BUF_INIT;
    PNI_AUTO_SCHEMA schema = {0};
    const json_t *columns = json_object_get(statement->request, "schema");
    if (asks(statement, "or_replace") && is_taken(statement, name))
        return wrong_target(name, "is a dataset, which is declared once in a session", err);
    PNI_TRY(external_spec(statement, &spec, options, err));
    PNI_TRY(pni_json_canonical(options, &text, err));
    spec.options_json = pni_buf_text(&text);
    if (json_array_size(columns)) {
        PNI_TRY(pni_arrow_schema_from_json(columns, &schema, err));
        spec.schema = &schema;
    }
    return pn_session_add_dataset(statement->session, &spec, err);
}

static pn_status create_view(const pni_statement *statement, const char *name, pn_error *err) {
    pn_view_graph *graph = statement->graph;
    if (!graph)
        return wrong_target(name, "would be a view, but there is no graph of views to hold it",
                            err);
    if (pn_view_graph_bundle(graph, name)) {
        if (!asks(statement, "or_replace"))
            return pni_fail(err, PNI_E_VIEW_NAME, "there is a view '%s' already", name);
        PNI_TRY(pni_view_graph_remove(graph, name, err));
    } else if (pni_session_knows(statement->session, name)) {
        return pni_fail(err, PNI_E_VIEW_NAME, "'%s' is a table already", name);
    }
    PNI_TRY(pn_view_graph_add_substrait(graph, name,
                                        pn_substrait_bytes(statement->bundle->substrait), err));
    return pn_view_graph_compile(graph, statement->session, statement->options->cancel, err);
}

static pn_status drop_table(const pni_statement *statement, const char *name, pn_error *err) {
    if (pni_session_is_temporary(statement->session, name))
        return pn_session_remove_table(statement->session, name, err);
    if (pni_session_knows(statement->session, name))
        return wrong_target(name, "is a dataset: its data are not pinion's to drop", err);
    if (asks(statement, "if_exists"))
        return PN_OK;
    return pni_fail(err, PNI_E_SESSION_TABLE, "there is no temporary table '%s'", name);
}

static pn_status drop_view(const pni_statement *statement, const char *name, pn_error *err) {
    if (!pn_view_graph_bundle(statement->graph, name))
        return asks(statement, "if_exists")
                   ? PN_OK
                   : pni_fail(err, PNI_E_VIEW_UNKNOWN, "there is no view '%s'", name);
    PNI_TRY(pni_view_graph_remove(statement->graph, name, err));
    return pn_view_graph_compile(statement->graph, statement->session, statement->options->cancel,
                                 err);
}

pn_status pni_statement_ddl(const pni_statement *statement, pn_result **out, pn_error *err) {
    const char *kind = pni_json_text(statement->request, "kind");
    const char *name = pni_json_text(statement->request, "name");
    bool done = false;
    if (pni_streq(kind, "create_view"))
        PNI_TRY(create_view(statement, name, err));
    else if (pni_streq(kind, "drop_table"))
        PNI_TRY(drop_table(statement, name, err));
    else if (pni_streq(kind, "drop_view"))
        PNI_TRY(drop_view(statement, name, err));
    else
        PNI_TRY(make_room(statement, name, &done, err));
    if (!done && pni_streq(kind, "create_table"))
        PNI_TRY(create_table(statement, name, err));
    if (!done && pni_streq(kind, "create_external_table"))
        PNI_TRY(create_external(statement, name, err));
    return pni_statement_done(statement, out);
}
