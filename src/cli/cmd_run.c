/* SPDX-License-Identifier: Apache-2.0 */
/* pinion run: one query, its rows. */
#include "cli/cli.h"

#include <string.h>
#include <unistd.h>

static const cli_option options[] = {
    {"command", 'c', CLI_VALUE, false, "SQL", NULL, "the query"},
    {"file", 'f', CLI_FILE, false, "FILE", NULL, "read the query from a file (- = standard input)"},
    CLI_PARAM_OPTION,
    {"format", 0, CLI_VALUE, false, "FORMAT", "table json jsonlines csv markdown arrow parquet",
     "how rows are written; by the name of -o FILE when not given, else a table"},
    {"output", 'o', CLI_FILE, false, "FILE", NULL, "write to a file; it is whole or absent"},
    {"limit", 0, CLI_NUMBER, false, "N", NULL, "stop after N rows"},
    {"timeout", 0, CLI_DURATION, false, "TIME", NULL, "give up after this time: 500ms, 30s, 5m"},
    {"autoload", 0, CLI_FOLDER, false, "DIR", NULL,
     "no project: every table found in a folder is a dataset"},
    {"no-record", 0, CLI_FLAG, false, NULL, NULL, "keep this run out of the artifact store"},
    {0},
};

pn_status cli_read_query(const cli_app *cli, char **sql_out, pn_error *err) {
    const char *sql = cli_get(cli, "command");
    const char *file = cli_get(cli, "file");
    if (sql && file) {
        return cli_fail(err, CLI_E_USAGE, "'--command' and '--file' exclude each other");
    }
    if (sql) {
        *sql_out = cli_format("%s", sql);
        return PN_OK;
    }
    if (!file && isatty(STDIN_FILENO)) {
        return cli_fail(err, CLI_E_NO_QUERY, "there is no query to run");
    }
    CLI_TRY(cli_read_text(cli, file ? file : "-", sql_out, err));
    if ((*sql_out)[strspn(*sql_out, " \t\r\n")] == '\0') {
        return cli_fail(err, CLI_E_NO_QUERY, "%s holds no query", file ? file : "standard input");
    }
    return PN_OK;
}

/* What leaves a file behind is recorded, in a project; a look at rows is not. */
static pn_status run_recorded(cli_app *cli, cli_workspace *workspace, const char *sql,
                              const cli_run_request *request, pn_error *err) {
    CLI_AUTO_BUF text = PN_BUF_INIT;
    CLI_AUTO_JSON warnings = NULL;
    bool is_recorded = workspace->project && request->file && !cli_has(cli, "no-record");
    if (is_recorded) {
        CLI_TRY(pn_project_record_start(workspace->project, "run", err));
    }
    pn_status status = cli_run_statement(cli, workspace, sql, request, err);
    pn_error ignored = PN_ERROR_INIT;
    if (is_recorded &&
        pn_project_record_end(workspace->project, status == PN_OK ? NULL : err, &text, &ignored) ==
            PN_OK &&
        cli_parse(&text, &warnings, &ignored) == PN_OK) {
        cli_print_warnings(cli, warnings);
    }
    return status;
}

static pn_status run(cli_app *cli, pn_error *err) {
    CLI_AUTO_TEXT sql = NULL;
    CLI_AUTO_WORKSPACE workspace = {0};
    cli_run_request request = {.format = cli_get(cli, "format"),
                               .file = cli_get(cli, "output"),
                               .limit = cli_get_number(cli, "limit", UINT64_MAX),
                               .timeout_ms = cli_get_duration_ms(cli, "timeout")};
    if (cli_operand(cli, 0)) {
        pn_status status =
            cli_fail(err, CLI_E_USAGE, "'run' takes no argument '%.60s'", cli_operand(cli, 0));
        cli_hint(err, "a query is given with -c SQL, a file with -f FILE");
        return status;
    }
    CLI_TRY(cli_read_query(cli, &sql, err));
    CLI_TRY(cli_open_workspace(cli, &workspace, err));
    return run_recorded(cli, &workspace, sql, &request, err);
}

const cli_verb cli_verb_run = {
    .name = "run",
    .operands = "",
    .max_operands = 1,
    .summary = "run a query or statement and print its rows",
    .about = "Runs one query over the datasets and views of the project, or without a project.\n"
             "Rows are printed as they come. Nested values are JSON text in table, csv and\n"
             "markdown; null is an empty field in csv and NULL in a table. EXPLAIN, SHOW and\n"
             "DESCRIBE give rows too; INSERT, COPY and SET need --policy write, CREATE and\n"
             "DROP --policy admin. PINION_SQL_POLICY narrows the policy and never widens it.\n",
    .options = options,
    .examples = "run -c 'select customer, sum(amount) from orders group by customer'\n"
                "run -f report.sql -o report.csv\n"
                "run -c 'select * from orders where amount > $least' --param least=100\n"
                "run -c 'describe orders'\n"
                "run --autoload data --format jsonlines < query.sql\n",
    .exits = "",
    .run = run,
};
