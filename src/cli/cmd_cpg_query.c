/* SPDX-License-Identifier: Apache-2.0 */
/* pinion cpg query: a named query of the project, or any query, with parameters (params.c). */
#define _GNU_SOURCE
#include "cli/cli.h"

#include <dirent.h>
#include <stdlib.h>
#include <string.h>

#define QUERY_DIR "queries"

static const cli_option options[] = {
    {"command", 'c', CLI_VALUE, false, "SQL", NULL, "run this query instead of a named one"},
    CLI_PARAM_OPTION,
    {"format", 0, CLI_VALUE, false, "FORMAT", "table json jsonlines csv markdown arrow parquet",
     "how rows are written, as for `pinion run`"},
    {"output", 'o', CLI_FILE, false, "FILE", NULL, "write to a file; it is whole or absent"},
    {"limit", 0, CLI_NUMBER, false, "N", NULL, "stop after N rows"},
    {"timeout", 0, CLI_DURATION, false, "TIME", NULL, "give up after this time: 500ms, 30s, 5m"},
    {"list", 0, CLI_FLAG, false, NULL, NULL, "list the named queries and stop"},
    {0},
};

static int is_sql_file(const struct dirent *entry) {
    const char *dot = strrchr(entry->d_name, '.');
    return dot && dot != entry->d_name && !strcmp(dot, ".sql");
}

/* The names of queries/, sorted; the array and its entries are the caller's. */
static size_t query_names(char ***names_out) {
    struct dirent **entries = NULL;
    int count = scandir(QUERY_DIR, &entries, is_sql_file, alphasort);
    char **names = cli_alloc(((size_t)(count > 0 ? count : 0) + 1) * sizeof *names);
    for (int i = 0; i < count; i++) {
        const char *file = entries[i]->d_name;
        names[i] = cli_format("%.*s", (int)(strlen(file) - 4), file);
        free(entries[i]);
    }
    free(entries);
    *names_out = names;
    return count > 0 ? (size_t)count : 0;
}

static void free_names(char **names) {
    for (char **name = names; *name; name++) {
        free(*name);
    }
    free(names);
}

static pn_status unknown_query(const char *name, pn_error *err) {
    char **names;
    size_t count = query_names(&names);
    size_t at = 0;
    pn_status status =
        cli_fail(err, CLI_E_QUERY, "there is no query '%.80s' in " QUERY_DIR "/", name);
    for (size_t i = 0; i < count; i++) {
        size_t room = sizeof err->detail - at;
        int len = snprintf(err->detail + at, room, "%s%s", i ? ", " : "queries: ", names[i]);
        at += len > 0 && (size_t)len < room ? (size_t)len : 0;
    }
    const char *near = cli_nearest(name, (const char *const *)names);
    if (near) {
        cli_hint(err, "did you mean '%s'?", near);
    } else if (!count) {
        cli_hint(err, "there are no queries here: name the folder that `pinion cpg build` wrote, "
                      "`pinion -C DIR cpg query`");
    }
    free_names(names);
    return status;
}

static pn_status list_queries(cli_app *cli, pn_error *err) {
    char **names;
    size_t count = query_names(&names);
    CLI_AUTO_JSON list = json_array();
    for (size_t i = 0; i < count; i++) {
        json_array_append_new(list, json_string(names[i]));
        if (!cli->json) {
            puts(names[i]);
        }
    }
    free_names(names);
    return cli->json ? cli_print_json(cli, list, err) : PN_OK;
}

static pn_status read_named(const cli_app *cli, const char *name, char **sql_out, pn_error *err) {
    if (strchr(name, '/')) {
        return unknown_query(name, err);
    }
    CLI_AUTO_TEXT path = cli_format(QUERY_DIR "/%s.sql", name);
    pn_status status = cli_read_text(cli, path, sql_out, err);
    return status != PN_OK && err->number == CLI_E_FILE_MISSING ? unknown_query(name, err) : status;
}

static pn_status run_query(cli_app *cli, const char *sql, pn_error *err) {
    CLI_AUTO_WORKSPACE workspace = {0};
    CLI_AUTO_BUNDLE bundle = NULL;
    cli_run_request request = {.format = cli_get(cli, "format"),
                               .file = cli_get(cli, "output"),
                               .limit = cli_get_number(cli, "limit", UINT64_MAX),
                               .timeout_ms = cli_get_duration_ms(cli, "timeout")};
    CLI_TRY(cli_open_project(cli, &workspace.project, err));
    CLI_TRY(pn_project_session(workspace.project, &workspace.session, err));
    CLI_TRY(cli_compile(cli, &workspace, sql, &bundle, err));
    return cli_run_bundle(cli, workspace.session, bundle, &request, err);
}

static pn_status run(cli_app *cli, pn_error *err) {
    CLI_AUTO_TEXT sql = NULL;
    const char *name = cli_operand(cli, 0);
    if (cli_has(cli, "list")) {
        return list_queries(cli, err);
    }
    if (cli_has(cli, "command") != !name) {
        return cli_fail(err, CLI_E_USAGE, "'cpg query' takes either a name or -c SQL");
    }
    if (name) {
        CLI_TRY(read_named(cli, name, &sql, err));
    }
    return run_query(cli, name ? sql : cli_get(cli, "command"), err);
}

const cli_verb cli_verb_cpg_query = {
    .name = "cpg query",
    .operands = "[NAME]",
    .max_operands = 1,
    .summary = "run a query of the pack over a code property graph",
    .about = "Runs queries/NAME.sql of the project, or the query of -c. A $name in the query is a\n"
             "parameter: its value is given with --param and reaches the query as data, never as\n"
             "text of the query.\n",
    .options = options,
    .examples =
        "-C flask.cpg cpg query --list\n"
        "-C flask.cpg cpg query callers --param name=dispatch_request\n"
        "-C flask.cpg cpg query -c 'select node_kind, count(*) from cpg_nodes_v1 group by 1'\n",
    .exits = "",
    .run = run,
};
