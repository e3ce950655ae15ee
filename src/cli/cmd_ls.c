/* SPDX-License-Identifier: Apache-2.0 */
/* pinion ls: what there is to query. Without --columns nothing is opened, so it works on a broken
 * project, too. */
#include "pinion/format.h"

#include "cli/cli.h"

#include <string.h>

static const cli_option options[] = {
    {"columns", 0, CLI_FLAG, false, NULL, NULL, "also the columns and their types; opens datasets"},
    {"settings", 0, CLI_FLAG, false, NULL, NULL, "list the session's settings instead"},
    {"autoload", 0, CLI_FOLDER, false, "DIR", NULL,
     "no project: every table found in a folder is a dataset"},
    {0},
};

static pn_status columns_json(const struct ArrowSchema *schema, json_t *item, pn_error *err) {
    pn_format *format = NULL;
    json_t *columns = json_array();
    json_object_set_new(item, "columns", columns);
    pn_status status = pn_format_new(schema, &format, err);
    for (size_t i = 0; status == PN_OK && i < pn_format_column_count(format); i++) {
        CLI_AUTO_BUF type = PN_BUF_INIT;
        status = pn_format_column_type(format, i, &type, err);
        if (status == PN_OK) {
            bool is_nullable = schema->children[i]->flags & ARROW_FLAG_NULLABLE;
            json_array_append_new(
                columns, json_pack("{s:s, s:s, s:b}", "name", pn_format_column_name(format, i),
                                   "type", (const char *)type.data, "nullable", is_nullable));
        }
    }
    pn_format_free(format);
    return status;
}

static pn_status add_columns(const cli_workspace *workspace, json_t *item, pn_error *err) {
    const char *name = cli_text_of(item, "name");
    const pn_bundle *view = workspace->graph ? pn_view_graph_bundle(workspace->graph, name) : NULL;
    struct ArrowSchema schema = {0};
    CLI_TRY(view ? pn_bundle_schema(view, &schema, err)
                 : pn_session_table_schema(workspace->session, name, &schema, err));
    pn_status status = columns_json(&schema, item, err);
    schema.release(&schema);
    return status;
}

static pn_status add_all_columns(cli_app *cli, cli_workspace *workspace, json_t *document,
                                 pn_error *err) {
    static const char *const kinds[] = {"datasets", "views"};
    if (workspace->project) {
        CLI_TRY(pn_project_session(workspace->project, &workspace->session, err));
        CLI_TRY(pn_project_check(workspace->project, cli->cancel, err));
        workspace->graph = pn_project_views(workspace->project);
    }
    for (size_t k = 0; k < 2; k++) {
        size_t i;
        json_t *item;
        json_array_foreach(json_object_get(document, kinds[k]), i, item) {
            CLI_TRY(add_columns(workspace, item, err));
        }
    }
    return PN_OK;
}

static void print_columns(const json_t *item) {
    size_t i;
    json_t *column;
    json_array_foreach(json_object_get(item, "columns"), i, column) {
        bool is_nullable = json_is_true(json_object_get(column, "nullable"));
        printf("    %s  %s%s\n", cli_text_of(column, "name"), cli_text_of(column, "type"),
               is_nullable ? "" : " not null");
    }
}

static void print_items(const json_t *document, const char *kind, const char *name_key,
                        const char *const *keys) {
    const json_t *items = json_object_get(document, kind);
    size_t i;
    json_t *item;
    if (json_array_size(items)) {
        printf("%s:\n", kind);
    }
    json_array_foreach(items, i, item) {
        printf("  %s", cli_text_of(item, name_key));
        for (const char *const *key = keys; *key; key++) {
            const char *text = cli_short_path(document, cli_text_of(item, *key));
            printf("%s%s", *text ? "  " : "", text);
        }
        putchar('\n');
        print_columns(item);
    }
}

static pn_status list_tables(cli_app *cli, cli_workspace *workspace, pn_error *err) {
    CLI_AUTO_JSON document = NULL;
    if (workspace->project) {
        CLI_TRY(cli_project_json(workspace->project, &document, err));
        json_object_del(document, "settings");
    } else {
        CLI_AUTO_BUF text = PN_BUF_INIT;
        json_t *tables = NULL;
        CLI_TRY(pn_session_tables(workspace->session, &text, err));
        CLI_TRY(cli_parse(&text, &tables, err));
        document = json_pack("{s:o, s:[], s:[]}", "datasets", tables, "views", "outputs");
    }
    if (cli_has(cli, "columns")) {
        CLI_TRY(add_all_columns(cli, workspace, document, err));
    }
    if (cli->json) {
        return cli_print_json(cli, document, err);
    }
    print_items(document, "datasets", "name", (const char *const[]){"format", "uri", NULL});
    print_items(document, "views", "name", (const char *const[]){"path", NULL});
    print_items(document, "outputs", "view", (const char *const[]){"format", "mode", "uri", NULL});
    return PN_OK;
}

static pn_status list_settings(cli_app *cli, pn_error *err) {
    CLI_AUTO_WORKSPACE workspace = {0};
    CLI_AUTO_BUF text = PN_BUF_INIT;
    CLI_AUTO_JSON session = NULL;
    CLI_TRY(cli_open_workspace(cli, &workspace, err));
    CLI_TRY(pn_session_describe(workspace.session, &text, err));
    CLI_TRY(cli_parse(&text, &session, err));
    const json_t *settings = json_object_get(session, "settings");
    if (cli->json) {
        return cli_print_json(cli, settings, err);
    }
    const char *key;
    json_t *value;
    json_object_foreach((json_t *)(uintptr_t)settings, key, value) {
        printf("%s = %s\n", key, json_is_string(value) ? json_string_value(value) : "NULL");
    }
    return PN_OK;
}

static pn_status run(cli_app *cli, pn_error *err) {
    CLI_AUTO_WORKSPACE workspace = {0};
    if (cli_has(cli, "settings")) {
        return list_settings(cli, err);
    }
    if (cli_has(cli, "autoload")) {
        CLI_TRY(cli_open_workspace(cli, &workspace, err));
    } else {
        CLI_TRY(cli_open_project(cli, &workspace.project, err));
    }
    return list_tables(cli, &workspace, err);
}

const cli_verb cli_verb_ls = {
    .name = "ls",
    .operands = "",
    .summary = "list datasets, views and outputs, or settings",
    .about = "Lists what queries can name. Without --columns nothing is opened.\n",
    .options = options,
    .examples = "ls\nls --columns\nls --autoload data --columns\nls --settings\n",
    .exits = "",
    .run = run,
};
