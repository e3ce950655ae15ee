/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Project and session of a command. A query is compiled without the views first: most name datasets
 * only, and then a broken view elsewhere, or a thousand of them, costs nothing. Only when a table
 * is unknown are the views compiled and the query tried again.
 */
#include "cli/cli.h"

#include <string.h>
#include <unistd.h>

static pn_project_options project_options(const cli_app *cli) {
    pn_project_options options = PN_PROJECT_OPTIONS_INIT;
    options.profile = cli_get(cli, "profile");
    options.settings = cli->settings;
    options.n_settings = cli->n_settings;
    options.sql_policy = pn_sql_policy_find(cli_get(cli, "policy"));
    options.cancel = cli->cancel;
    return options;
}

pn_status cli_open_project(const cli_app *cli, pn_project **project_out, pn_error *err) {
    pn_project_options options = project_options(cli);
    return pn_project_open(".", &options, project_out, err);
}

static pn_status open_bare(const cli_app *cli, cli_workspace *out, pn_error *err) {
    pn_session_options options = PN_SESSION_OPTIONS_INIT;
    options.profile = cli_get(cli, "profile");
    options.settings = cli->settings;
    options.n_settings = cli->n_settings;
    options.autoload_dir = cli_get(cli, "autoload");
    options.files_dir = ".";
    options.cancel = cli->cancel;
    options.sql_policy =
        cli_has(cli, "policy") ? pn_sql_policy_find(cli_get(cli, "policy")) : PN_SQL_POLICY_SERVICE;
    return pn_session_open(&options, &out->session, err);
}

pn_status cli_open_workspace(const cli_app *cli, cli_workspace *out, pn_error *err) {
    if (cli_has(cli, "autoload") || access("pinion.yaml", F_OK) != 0) {
        return open_bare(cli, out, err);
    }
    if (!out->project) {
        CLI_TRY(cli_open_project(cli, &out->project, err));
    }
    return pn_project_session(out->project, &out->session, err);
}

pn_status cli_open_checked(const cli_app *cli, cli_workspace *out, pn_error *err) {
    return cli_open_checked_at(cli, ".", out, err);
}

pn_status cli_open_checked_at(const cli_app *cli, const char *dir, cli_workspace *out,
                              pn_error *err) {
    pn_project_options options = project_options(cli);
    if (!out->project) {
        CLI_TRY(pn_project_open(dir, &options, &out->project, err));
    }
    CLI_TRY(pn_project_session(out->project, &out->session, err));
    CLI_TRY(pn_project_check(out->project, cli->cancel, err));
    out->graph = pn_project_views(out->project);
    return PN_OK;
}

void cli_close_workspace(cli_workspace *workspace) {
    if (workspace->project) {
        pn_project_free(workspace->project);
    } else {
        pn_session_unref(workspace->session);
    }
    *workspace = (cli_workspace){0};
}

static bool may_be_view(const cli_workspace *workspace, pn_status status, const pn_error *err) {
    return status != PN_OK && err->number == CLI_E_TABLE_UNKNOWN && workspace->project &&
           !workspace->graph;
}

static pn_status compile_views(const cli_app *cli, cli_workspace *workspace, pn_error *err) {
    *err = PN_ERROR_INIT;
    CLI_TRY(pn_project_check(workspace->project, cli->cancel, err));
    workspace->graph = pn_project_views(workspace->project);
    return PN_OK;
}

pn_status cli_compile(const cli_app *cli, cli_workspace *workspace, const char *sql,
                      pn_bundle **bundle_out, pn_error *err) {
    CLI_AUTO_PARAMS params = {0};
    CLI_TRY(cli_read_params(cli, &params, err));
    pn_plan_source source = PN_PLAN_SOURCE_INIT;
    source.sql = sql;
    source.options = &params.options;
    pn_status status =
        pn_exec_compile(workspace->session, workspace->graph, &source, bundle_out, err);
    if (may_be_view(workspace, status, err)) {
        CLI_TRY(compile_views(cli, workspace, err));
        status = pn_exec_compile(workspace->session, workspace->graph, &source, bundle_out, err);
    }
    return status;
}

pn_status cli_statement(const cli_app *cli, cli_workspace *workspace, const char *sql,
                        const pn_exec_options *options, pn_result **result_out, pn_error *err) {
    CLI_AUTO_PARAMS params = {0};
    CLI_TRY(cli_read_params(cli, &params, err));
    pn_plan_source source = PN_PLAN_SOURCE_INIT;
    source.sql = sql;
    source.options = &params.options;
    /* Views that are not compiled yet have names already, for SHOW. */
    pn_view_graph *graph = workspace->project ? pn_project_views(workspace->project) : NULL;
    pn_status status =
        pn_exec_statement(workspace->session, graph, &source, options, result_out, err);
    if (may_be_view(workspace, status, err)) {
        CLI_TRY(compile_views(cli, workspace, err));
        status = pn_exec_statement(workspace->session, graph, &source, options, result_out, err);
    }
    return status;
}

static bool is_dataset(const cli_workspace *workspace, const char *name) {
    CLI_AUTO_JSON project = NULL;
    pn_error ignored = PN_ERROR_INIT;
    size_t i;
    json_t *dataset;
    if (cli_project_json(workspace->project, &project, &ignored) != PN_OK) {
        return false;
    }
    json_array_foreach(json_object_get(project, "datasets"), i, dataset) {
        if (!strcmp(cli_text_of(dataset, "name"), name)) {
            return true;
        }
    }
    return false;
}

static pn_status no_such_view(const cli_workspace *workspace, const char *name, pn_error *err) {
    const char *names[256] = {0};
    const char *slash = strrchr(name, '/');
    CLI_AUTO_TEXT stem = cli_format("%s", slash ? slash + 1 : name);
    char *ending = strstr(stem, ".sql");
    if (ending) {
        *ending = '\0';
    }
    for (size_t i = 0; i < 255 && i < pn_view_graph_count(workspace->graph); i++) {
        names[i] = pn_view_graph_name_at(workspace->graph, i);
    }
    const char *near = cli_nearest(stem, names);
    pn_status status = cli_fail(err, CLI_E_VIEW_UNKNOWN, "there is no view '%s'", name);
    if (is_dataset(workspace, name)) {
        cli_hint(err, "'%s' is a dataset; `pinion ls` lists datasets and views", name);
    } else if (near) {
        cli_hint(err, "did you mean '%s'? `pinion ls` lists the views", near);
    } else if (strchr(name, '/') || strchr(name, '.')) {
        cli_hint(err, "a view is named without folder and ending; `pinion ls` lists the views");
    }
    return status;
}

pn_status cli_find_view(const cli_workspace *workspace, const char *name,
                        const pn_bundle **bundle_out, pn_error *err) {
    *bundle_out = pn_view_graph_bundle(workspace->graph, name);
    return *bundle_out ? PN_OK : no_such_view(workspace, name, err);
}

pn_status cli_project_json(const pn_project *project, json_t **json_out, pn_error *err) {
    CLI_AUTO_BUF text = PN_BUF_INIT;
    CLI_TRY(pn_project_json(project, &text, err));
    return cli_parse(&text, json_out, err);
}

const char *cli_short_path(const json_t *project, const char *uri) {
    const char *dir = cli_text_of(project, "dir");
    size_t len = strlen(dir);
    bool is_inside = len && !strncmp(uri, dir, len) && uri[len] == '/' && uri[len + 1];
    return is_inside ? uri + len + 1 : uri;
}
