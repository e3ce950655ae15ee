/* SPDX-License-Identifier: Apache-2.0 */
/*
 * pinion cpg query: a named query of the project, or any query, with parameters.
 *
 * Values never become part of the SQL text. They are a one-row temporary table `params`, and $name
 * in the query is read as the scalar (select params.name from params). Strings, quoted names and
 * comments are skipped, so a $ in them is only a character.
 */
#define _GNU_SOURCE
#include "cli/cli.h"

#include <ctype.h>
#include <dirent.h>
#include <stdlib.h>
#include <string.h>

#define QUERY_DIR "queries"

static const cli_option options[] = {
    {"command", 'c', CLI_VALUE, false, "SQL", NULL, "run this query instead of a named one"},
    {"param", 'p', CLI_PAIR, true, "NAME=VALUE", NULL, "value of $NAME, as text; may be repeated"},
    {"format", 0, CLI_VALUE, false, "FORMAT", "table json jsonlines csv markdown arrow parquet",
     "how rows are written, as for `pinion run`"},
    {"output", 'o', CLI_FILE, false, "FILE", NULL, "write to a file; it is whole or absent"},
    {"limit", 0, CLI_NUMBER, false, "N", NULL, "stop after N rows"},
    {"timeout", 0, CLI_DURATION, false, "TIME", NULL, "give up after this time: 500ms, 30s, 5m"},
    {"list", 0, CLI_FLAG, false, NULL, NULL, "list the named queries and stop"},
    {0},
};

static bool is_name(char c) {
    return c == '_' || isalnum((unsigned char)c);
}

/* The length of what starts at `sql` and hides a $: a string, a quoted name or a comment; else 0. */
static size_t hidden_length(const char *sql) {
    if (sql[0] == '\'' || sql[0] == '"') {
        const char *end = strchr(sql + 1, sql[0]);
        return end ? (size_t)(end - sql) + 1 : strlen(sql);
    }
    if (!strncmp(sql, "--", 2)) {
        return strcspn(sql, "\n");
    }
    if (!strncmp(sql, "/*", 2)) {
        const char *end = strstr(sql + 2, "*/");
        return end ? (size_t)(end - sql) + 2 : strlen(sql);
    }
    return 0;
}

static bool starts_parameter(const char *sql, const char *at) {
    bool is_free = at == sql || !is_name(at[-1]);
    return *at == '$' && is_free && (at[1] == '_' || isalpha((unsigned char)at[1]));
}

static pn_status use_parameter(json_t *values, const char *name, FILE *out, pn_error *err) {
    json_t *value = json_object_get(values, name);
    if (!value) {
        pn_status status = cli_fail(err, CLI_E_PARAMETER, "the query needs a value for '$%s'", name);
        cli_hint(err, "add --param %s=VALUE", name);
        return status;
    }
    json_object_set_new(value, "used", json_true());
    fprintf(out, "(select params.%s from params)", name);
    return PN_OK;
}

static pn_status rewrite(const char *sql, json_t *values, FILE *out, pn_error *err) {
    for (const char *at = sql; *at;) {
        size_t hidden = hidden_length(at);
        if (!hidden && !starts_parameter(sql, at)) {
            fputc(*at++, out);
            continue;
        }
        if (hidden) {
            fwrite(at, 1, hidden, out);
            at += hidden;
            continue;
        }
        size_t len = 1;
        while (is_name(at[len])) {
            len++;
        }
        CLI_AUTO_TEXT name = cli_format("%.*s", (int)len - 1, at + 1);
        CLI_TRY(use_parameter(values, name, out, err));
        at += len;
    }
    return PN_OK;
}

/* {"name": {"value": text}} */
static pn_status read_parameters(const cli *cli, json_t *values, pn_error *err) {
    const char *pair;
    for (size_t i = 0; (pair = cli_get_at(cli, "param", i)); i++) {
        const char *equals = strchr(pair, '=');
        CLI_AUTO_TEXT name = cli_format("%.*s", (int)(equals - pair), pair);
        for (const char *c = name; *c; c++) {
            if (!is_name(*c) || isupper((unsigned char)*c) || isdigit((unsigned char)name[0])) {
                return cli_fail(err, CLI_E_PARAMETER, "'%.60s' is no name of a parameter", name);
            }
        }
        if (json_object_get(values, name)) {
            return cli_fail(err, CLI_E_PARAMETER, "parameter '%s' is given twice", name);
        }
        json_object_set_new(values, name, json_pack("{s:s}", "value", equals + 1));
    }
    return PN_OK;
}

static pn_status add_params_table(pn_session *session, const json_t *values, pn_error *err) {
    CLI_AUTO_JSON row = json_object();
    const char *name;
    json_t *value;
    json_object_foreach((json_t *)(uintptr_t)values, name, value) {
        if (!json_object_get(value, "used")) {
            return cli_fail(err, CLI_E_PARAMETER, "the query has no parameter '$%s'", name);
        }
        json_object_set(row, name, json_object_get(value, "value"));
    }
    if (!json_object_size(row)) {
        return PN_OK;
    }
    CLI_AUTO_JSON rows = json_pack("[O]", row);
    CLI_AUTO_TEXT text = json_dumps(rows, JSON_COMPACT);
    pn_bytes bytes = {(const uint8_t *)text, strlen(text)};
    return pn_session_add_rows(session, "params", bytes, NULL, err);
}

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
    pn_status status = cli_fail(err, CLI_E_QUERY, "there is no query '%.80s' in " QUERY_DIR "/", name);
    for (size_t i = 0; i < count; i++) {
        size_t room = sizeof err->detail - at;
        int len = snprintf(err->detail + at, room, "%s%s", i ? ", " : "queries: ", names[i]);
        at += len > 0 && (size_t)len < room ? (size_t)len : 0;
    }
    const char *near = cli_nearest(name, (const char *const *)names);
    if (near) {
        cli_hint(err, "did you mean '%s'?", near);
    }
    free_names(names);
    return status;
}

static pn_status list_queries(cli *cli, pn_error *err) {
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

static pn_status read_named(const cli *cli, const char *name, char **sql_out, pn_error *err) {
    if (strchr(name, '/')) {
        return unknown_query(name, err);
    }
    CLI_AUTO_TEXT path = cli_format(QUERY_DIR "/%s.sql", name);
    pn_status status = cli_read_text(cli, path, sql_out, err);
    return status != PN_OK && err->number == CLI_E_FILE_MISSING ? unknown_query(name, err) : status;
}

static pn_status bind(const cli *cli, const char *sql, pn_session *session, char **bound_out,
                      pn_error *err) {
    CLI_AUTO_JSON values = json_object();
    size_t len = 0;
    CLI_TRY(read_parameters(cli, values, err));
    FILE *out = open_memstream(bound_out, &len);
    pn_status status = rewrite(sql, values, out, err);
    fclose(out);
    CLI_TRY(status);
    return add_params_table(session, values, err);
}

static pn_status run_query(cli *cli, const char *sql, pn_error *err) {
    CLI_AUTO_WORKSPACE workspace = {0};
    CLI_AUTO_TEXT bound = NULL;
    CLI_AUTO_BUNDLE bundle = NULL;
    cli_run_request request = {.format = cli_get(cli, "format"),
                               .file = cli_get(cli, "output"),
                               .limit = cli_get_number(cli, "limit", UINT64_MAX),
                               .timeout_ms = cli_get_duration_ms(cli, "timeout")};
    CLI_TRY(cli_open_project(cli, &workspace.project, err));
    CLI_TRY(pn_project_session(workspace.project, &workspace.session, err));
    CLI_TRY(bind(cli, sql, workspace.session, &bound, err));
    CLI_TRY(cli_compile(cli, &workspace, bound, &bundle, err));
    return cli_run_bundle(cli, workspace.session, bundle, &request, err);
}

static pn_status run(cli *cli, pn_error *err) {
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
    .examples = "-C flask.cpg cpg query --list\n"
                "-C flask.cpg cpg query callers --param name=dispatch_request\n"
                "-C flask.cpg cpg query -c 'select node_kind, count(*) from cpg_nodes_v1 group by 1'\n",
    .exits = "",
    .run = run,
};
