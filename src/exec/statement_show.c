/* SPDX-License-Identifier: Apache-2.0 */
/* SHOW, DESCRIBE and EXPLAIN: what a session holds and what a plan is, as rows. The catalog is
 * pinion's own: datasets that nobody has read yet are in it, and the engine's two catalogs are not.
 */
#include "exec/exec_priv.h"

#define COLUMNS_TYPE "struct<column_name: utf8, data_type: utf8, is_nullable: utf8>"

static pn_status parse_list(const pn_buf *text, json_t **out, pn_error *err) {
    return pni_json_parse(text->data, text->len, "list of tables", out, err);
}

static void add_table(json_t *rows, const char *name, const char *kind, const char *format) {
    json_array_append_new(rows, json_pack("{s:s, s:s, s:s}", "table_name", name, "table_type", kind,
                                          "format", format));
}

static void add_views(const pn_view_graph *graph, json_t *rows) {
    for (size_t i = 0; i < pn_view_graph_count(graph); i++)
        add_table(rows, pn_view_graph_name_at(graph, i), "view", "");
}

static pn_status show_tables(const pni_statement *statement, bool only_views, json_t *rows,
                             pn_error *err) {
    PNI_AUTO(pn_buf) text = PN_BUF_INIT;
    PNI_AUTO_PTR(json_t) tables = NULL;
    size_t index;
    json_t *table;
    add_views(statement->graph, rows);
    if (only_views)
        return PN_OK;
    PNI_TRY(pn_session_tables(statement->session, &text, err));
    PNI_TRY(parse_list(&text, &tables, err));
    json_array_foreach(tables, index, table)
        add_table(rows, pni_json_text(table, "name"), pni_json_text(table, "kind"),
                  pni_json_text(table, "format"));
    return PN_OK;
}

static pn_status show_columns(const pni_statement *statement, const char *name, json_t *rows,
                              pn_error *err) {
    const pn_bundle *view = pni_view_lookup(statement->graph, name);
    const struct ArrowSchema *schema = view ? &view->schema : NULL;
    const pni_resolved *resolved;
    if (!schema) {
        PNI_TRY(pni_session_resolve(statement->session, name, &resolved, err));
        schema = &resolved->schema;
    }
    for (int64_t i = 0; i < schema->n_children; i++) {
        const struct ArrowSchema *field = schema->children[i];
        PNI_AUTO(pn_buf) type = PN_BUF_INIT;
        PNI_TRY(pni_arrow_type_text(field, &type, err));
        json_array_append_new(rows, json_pack("{s:s, s:s, s:s}", "column_name", field->name,
                                              "data_type", pni_buf_text(&type), "is_nullable",
                                              field->flags & ARROW_FLAG_NULLABLE ? "YES" : "NO"));
    }
    return PN_OK;
}

/* Second names, which the engine never sees; scalar functions it lists itself. */
static void add_second_names(const pn_session *session, json_t *rows) {
    const char *name;
    json_t *function;
    json_object_foreach((json_t *)(uintptr_t)pni_session_sql_functions(session), name, function) {
        if (json_object_get(function, "target"))
            json_array_append_new(
                rows, json_pack("{s:s, s:O, s:O, s:b}", "function_name", name, "function_type",
                                json_object_get(function, "kind"), "volatility",
                                json_object_get(function, "volatility"), "from_pack", 0));
    }
}

static pn_status show_functions(const pni_statement *statement, json_t *rows, pn_error *err) {
    PNI_AUTO_PTR(json_t) functions = NULL;
    size_t index;
    json_t *function;
    PNI_TRY(pni_engine_session_functions(pni_session_engine(statement->session), &functions, err));
    json_array_foreach(functions, index, function) json_array_append_new(
        rows, json_pack("{s:O, s:O, s:O, s:O}", "function_name", json_object_get(function, "name"),
                        "function_type", json_object_get(function, "kind"), "volatility",
                        json_object_get(function, "volatility"), "from_pack",
                        json_object_get(function, "custom")));
    add_second_names(statement->session, rows);
    return PN_OK;
}

/* `all`, one setting, or all whose key begins with the name. */
static pn_status show_settings(const pni_statement *statement, const char *name, json_t *rows,
                               pn_error *err) {
    const json_t *settings = pni_session_settings(statement->session);
    const char *engine_key = pni_setting_engine_key(name);
    PNI_AUTO_PTR(pni_map) found = pni_map_new();
    const char *key;
    json_t *value;
    json_object_foreach((json_t *)(uintptr_t)settings, key, value) {
        if (pni_streq(name, "all") || pni_streq(key, engine_key ? engine_key : name))
            pni_map_put(found, key, value);
    }
    if (!pni_map_count(found))
        return pni_fail(err, PNI_E_SESSION_SETTING, "'%.80s' is no setting", name);
    const char **sorted = pni_map_sorted_keys(found);
    for (size_t i = 0; i < pni_map_count(found); i++)
        json_array_append_new(rows, json_pack("{s:s, s:O}", "name", sorted[i], "value",
                                              pni_map_get(found, sorted[i])));
    pni_free(sorted);
    return PN_OK;
}

static pn_status show_create(const pni_statement *statement, const char *name, json_t *rows,
                             pn_error *err) {
    const json_t *functions = pni_session_sql_functions(statement->session);
    const char *sql = pn_view_graph_sql(statement->graph, name);
    if (!sql)
        sql = pni_json_text(json_object_get(functions, name), "text");
    if (!sql)
        return pni_fail(err, PNI_E_STATEMENT_TARGET,
                        "'%s' is no view or function that was written in SQL, so there is no text "
                        "to show",
                        name);
    json_array_append_new(rows, json_pack("{s:s, s:s}", "name", name, "definition", sql));
    return PN_OK;
}

pn_status pni_statement_show(const pni_statement *statement, const json_t *object, pn_result **out,
                             pn_error *err) {
    const char *what = pni_json_text(object, "what");
    const char *name = pni_json_text(object, "name");
    const char *type = COLUMNS_TYPE;
    PNI_AUTO_PTR(json_t) rows = json_array();
    if (pni_streq(what, "tables") || pni_streq(what, "views")) {
        type = "struct<table_name: utf8, table_type: utf8, format: utf8>";
        PNI_TRY(show_tables(statement, pni_streq(what, "views"), rows, err));
    } else if (pni_streq(what, "columns") && name) {
        PNI_TRY(show_columns(statement, name, rows, err));
    } else if (pni_streq(what, "functions")) {
        type =
            "struct<function_name: utf8, function_type: utf8, volatility: utf8, from_pack: bool>";
        PNI_TRY(show_functions(statement, rows, err));
    } else if (pni_streq(what, "variable") && name) {
        type = "struct<name: utf8, value: utf8>";
        PNI_TRY(show_settings(statement, name, rows, err));
    } else if (pni_streq(what, "create") && name) {
        type = "struct<name: utf8, definition: utf8>";
        PNI_TRY(show_create(statement, name, rows, err));
    } else {
        pn_status status =
            pni_fail(err, PNI_E_STATEMENT_UNSUPPORTED, "there is nothing of that kind to show");
        pni_error_hint(err, "SHOW takes TABLES, VIEWS, COLUMNS FROM name, FUNCTIONS, CREATE VIEW "
                            "name, ALL or the name of a setting.");
        return status;
    }
    return pni_result_of_rows(rows, type, NULL, out, err);
}

/* The format words of EXPLAIN, and the artifact that has the whole answer, as text. */
static const char *artifact_of_format(const char *format) {
    if (pni_streq(format, "graphviz"))
        return "optimized_plan_graphviz";
    if (pni_streq(format, "pgjson"))
        return "optimized_plan_pgjson";
    return NULL;
}

static void add_plan(json_t *rows, const char *type, const json_t *plan) {
    json_array_append_new(rows, json_pack("{s:s, s:O}", "plan_type", type, "plan", plan));
}

static pn_status explain_rows(const pni_artifact_job *where, const char *format, json_t *rows,
                              pn_error *err) {
    const char *whole = artifact_of_format(format);
    const json_t *value = NULL;
    if (whole) {
        PNI_TRY(pni_artifact_get(where, whole, &value, err));
        add_plan(rows, "logical_plan", value);
        return PN_OK;
    }
    PNI_TRY(pni_artifact_get(where, "optimized_plan", &value, err));
    add_plan(rows, "logical_plan", value);
    PNI_TRY(pni_artifact_get(where, "physical_forms", &value, err));
    add_plan(rows, "physical_plan",
             json_object_get(value, pni_streq(format, "tree") ? "tree" : "text"));
    return PN_OK;
}

static pn_status run_explain(const pni_artifact_job *where, const json_t *request, json_t *rows,
                             pn_error *err) {
    const json_t *value = NULL;
    if (pni_streq(pni_json_text(request, "kind"), "analyze")) {
        if (!pni_streq(pni_json_text(request, "of"), "query"))
            return pni_fail(err, PNI_E_STATEMENT_UNSUPPORTED,
                            "EXPLAIN ANALYZE runs queries only, and this is '%s'",
                            pni_json_text(request, "of"));
        PNI_TRY(pni_artifact_get(where, "explain_analyze", &value, err));
        add_plan(rows, "Plan with Metrics", json_object_get(value, "plan"));
        return PN_OK;
    }
    if (!json_is_true(json_object_get(request, "verbose")))
        return explain_rows(where, pni_json_text(request, "format"), rows, err);
    PNI_TRY(pni_artifact_get(where, "explain_verbose", &value, err));
    return json_array_extend(rows, (json_t *)(uintptr_t)value) == 0 ? PN_OK : PN_INTERNAL;
}

pn_status pni_statement_explain(const pni_statement *statement, pn_result **out, pn_error *err) {
    PNI_AUTO_PTR(json_t) rows = json_array();
    PNI_AUTO_PTR(pni_deadline)
    deadline = pni_deadline_new(statement->options->cancel, statement->options->timeout_ms);
    const pni_artifact_job where = {.session = statement->session,
                                    .bundle = statement->bundle,
                                    .cancel = pni_deadline_cancel(deadline)};
    pn_status status = run_explain(&where, statement->request, rows, err);
    PNI_TRY(pni_deadline_status(deadline, status, statement->bundle, err));
    return pni_result_of_rows(rows, "struct<plan_type: utf8, plan: utf8>", statement->bundle, out,
                              err);
}
