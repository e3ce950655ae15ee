/* SPDX-License-Identifier: Apache-2.0 */
/* pinion store ls, query and export: looking at what builds recorded. The tables are datasets of a
 * read-only session of their own, so that all that `pinion run` can do works on them. */
#include "pinion/store.h"

#include "cli/cli.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

/* ---- ls ------------------------------------------------------------------------------------ */

static const cli_option ls_options[] = {
    {"columns", 0, CLI_FLAG, false, NULL, NULL, "all tables with their columns, filled or not"},
    {0},
};

static void print_columns(const json_t *schemas) {
    size_t t;
    size_t c;
    json_t *table;
    json_t *column;
    json_array_foreach(json_object_get(schemas, "tables"), t, table) {
        printf("%s: %s\n", cli_text_of(table, "table"), cli_text_of(table, "about"));
        json_array_foreach(json_object_get(table, "columns"), c, column) {
            bool is_nullable = json_is_true(json_object_get(column, "nullable"));
            printf("  %-20s %-10s %-8s  %s\n", cli_text_of(column, "name"),
                   cli_text_of(column, "type"), is_nullable ? "" : "not null",
                   cli_text_of(column, "about"));
        }
    }
}

static pn_status read_schemas(json_t **schemas_out, pn_error *err) {
    CLI_AUTO_BUF text = PN_BUF_INIT;
    CLI_TRY(pn_store_schemas(&text, err));
    return cli_parse(&text, schemas_out, err);
}

static pn_status list_columns(cli_app *cli, pn_error *err) {
    CLI_AUTO_JSON schemas = NULL;
    CLI_TRY(read_schemas(&schemas, err));
    if (cli->json) {
        return cli_print_json(cli, schemas, err);
    }
    print_columns(schemas);
    return PN_OK;
}

static void print_tables(const json_t *tables) {
    size_t i;
    json_t *table;
    printf("%-14s %10s %8s %7s %10s  %-10s  %s\n", "table", "rows", "version", "files", "bytes",
           "first", "last");
    json_array_foreach((json_t *)(uintptr_t)tables, i, table) {
        printf("%-14s %10s %8s %7s %10s  %-10s  %s\n", cli_text_of(table, "table"),
               cli_text_of(table, "rows"), cli_text_of(table, "version"),
               cli_text_of(table, "files"), cli_text_of(table, "bytes"),
               cli_text_of(table, "first_date"), cli_text_of(table, "last_date"));
    }
}

static pn_status run_ls(cli_app *cli, pn_error *err) {
    CLI_AUTO_BUF text = PN_BUF_INIT;
    CLI_AUTO_JSON tables = NULL;
    if (cli_has(cli, "columns")) {
        return list_columns(cli, err);
    }
    CLI_TRY(pn_store_list(".", &text, err));
    CLI_TRY(cli_parse(&text, &tables, err));
    if (cli->json) {
        return cli_print_report(cli, tables, err);
    }
    if (!json_array_size(tables)) {
        cli_note(cli, "nothing is recorded yet");
    } else {
        print_tables(tables);
    }
    return PN_OK;
}

const cli_verb cli_verb_store_ls = {
    .name = "store ls",
    .operands = "",
    .summary = "list what is recorded about runs of the project",
    .about = "Builds record what they did as Delta tables in .pinion/artifacts. This prints the\n"
             "tables that hold something: rows, version, files, bytes, first and last day.\n",
    .options = ls_options,
    .examples = "store ls\nstore ls --columns\n-C shop --json store ls\n",
    .exits = "",
    .run = run_ls,
};

/* ---- query --------------------------------------------------------------------------------- */

static pn_status open_store(const cli_app *cli, cli_workspace *out, pn_error *err) {
    pn_session_options options = PN_SESSION_OPTIONS_INIT;
    pn_catalog *catalog = NULL;
    CLI_TRY(pn_store_catalog(".", &catalog, err));
    options.profile = cli_get(cli, "profile");
    options.settings = cli->settings;
    options.n_settings = cli->n_settings;
    options.catalog = catalog;
    options.sql_policy = PN_SQL_POLICY_READ_ONLY;
    pn_status status = pn_session_open(&options, &out->session, err);
    pn_catalog_unref(catalog);
    return status;
}

static pn_status run_sql(cli_app *cli, cli_workspace *workspace, const char *sql,
                         const cli_run_request *request, pn_error *err) {
    CLI_AUTO_BUNDLE bundle = NULL;
    pn_status status = cli_compile(cli, workspace, sql, &bundle, err);
    if (status != PN_OK && err->number == CLI_E_NOT_QUERY) {
        cli_hint(err, "the store is read only: SELECT, VALUES or WITH; `pinion store ls --columns` "
                      "describes its tables");
    }
    CLI_TRY(status);
    return cli_run_bundle(cli, workspace->session, bundle, request, err);
}

static const cli_option query_options[] = {
    {"command", 'c', CLI_VALUE, false, "SQL", NULL, "the query, as for `pinion run`"},
    {"format", 0, CLI_VALUE, false, "FORMAT", "table json jsonlines csv markdown arrow parquet",
     "how rows are written, as for `pinion run`"},
    {"output", 'o', CLI_FILE, false, "FILE", NULL, "write to a file; it is whole or absent"},
    {"limit", 0, CLI_NUMBER, false, "N", NULL, "stop after N rows"},
    {"timeout", 0, CLI_DURATION, false, "TIME", NULL, "give up after this time: 500ms, 30s, 5m"},
    {0},
};

static pn_status run_query(cli_app *cli, pn_error *err) {
    CLI_AUTO_WORKSPACE workspace = {0};
    cli_run_request request = {.format = cli_get(cli, "format"),
                               .file = cli_get(cli, "output"),
                               .limit = cli_get_number(cli, "limit", UINT64_MAX),
                               .timeout_ms = cli_get_duration_ms(cli, "timeout")};
    const char *sql = cli_operand(cli, 0) ? cli_operand(cli, 0) : cli_get(cli, "command");
    if (!sql || (cli_operand(cli, 0) && cli_has(cli, "command"))) {
        pn_status status = cli_fail(err, CLI_E_USAGE, "'store query' needs one query");
        cli_hint(err, "usage: pinion store query [OPTION]… SQL, or -c SQL");
        return status;
    }
    CLI_TRY(open_store(cli, &workspace, err));
    return run_sql(cli, &workspace, sql, &request, err);
}

const cli_verb cli_verb_store_query = {
    .name = "store query",
    .operands = "[SQL]",
    .max_operands = 1,
    .summary = "run a query over what is recorded",
    .about = "The tables of the artifact store are datasets of a read-only session: runs, plans,\n"
             "executions, pins, lineage, fallbacks, cache_events, diagnostics. A table that holds\n"
             "nothing yet is empty. `pinion store ls --columns` describes them.\n",
    .options = query_options,
    .examples = "store query 'select label, status, duration_ms from runs order by run_id'\n"
                "store query 'select * from executions' -o executions.csv\n",
    .exits = "",
    .run = run_query,
};

/* ---- export -------------------------------------------------------------------------------- */

static const cli_option export_options[] = {
    {"output", 'o', CLI_FILE, false, "DIR|FILE", NULL,
     "a folder for all tables, or a file for one; needed"},
    {"format", 0, CLI_VALUE, false, "FORMAT", "parquet json jsonlines csv arrow",
     "format of the files; else parquet in a folder, by the name of FILE for one"},
    {0},
};

static pn_status check_table(const char *name, pn_error *err) {
    CLI_AUTO_JSON schemas = NULL;
    size_t i;
    json_t *table;
    CLI_TRY(read_schemas(&schemas, err));
    json_array_foreach(json_object_get(schemas, "tables"), i, table) {
        if (!strcmp(cli_text_of(table, "table"), name)) {
            return PN_OK;
        }
    }
    return cli_fail(err, CLI_E_STORE_TABLE, "the artifact store has no table '%.80s'", name);
}

/* In the order in which it was recorded, so that the same store gives the same file. */
static pn_status export_table(cli_app *cli, cli_workspace *workspace, const char *table,
                              const char *format, const char *file, pn_error *err) {
    cli_run_request request = {.format = format, .file = file, .limit = UINT64_MAX};
    CLI_AUTO_TEXT sql = cli_format("select * from %s order by event_time_unix_ms, run_id", table);
    return run_sql(cli, workspace, sql, &request, err);
}

static pn_status export_all(cli_app *cli, cli_workspace *workspace, const char *dir,
                            const char *format, pn_error *err) {
    CLI_AUTO_JSON schemas = NULL;
    size_t i;
    json_t *table;
    struct stat there;
    if (stat(dir, &there) == 0 && !S_ISDIR(there.st_mode)) {
        pn_status status = cli_fail(err, CLI_E_USAGE, "'%s' is a file, not a folder", dir);
        cli_hint(err, "name a table to write one file: `pinion store export TABLE -o FILE`");
        return status;
    }
    if (mkdir(dir, 0777) != 0 && errno != EEXIST) {
        return cli_fail_os(err, CLI_E_OUTPUT, errno, "cannot make the folder '%s'", dir);
    }
    CLI_TRY(read_schemas(&schemas, err));
    json_array_foreach(json_object_get(schemas, "tables"), i, table) {
        const char *name = cli_text_of(table, "table");
        CLI_AUTO_TEXT file = cli_format("%s/%s.%s", dir, name, format);
        CLI_TRY(export_table(cli, workspace, name, format, file, err));
    }
    return PN_OK;
}

static pn_status run_export(cli_app *cli, pn_error *err) {
    CLI_AUTO_WORKSPACE workspace = {0};
    const char *table = cli_operand(cli, 0);
    const char *target = cli_get(cli, "output");
    const char *format = cli_get(cli, "format");
    if (!target) {
        return cli_fail(err, CLI_E_USAGE, "'store export' needs -o DIR, or a table and -o FILE");
    }
    if (table) {
        CLI_TRY(check_table(table, err));
    }
    CLI_TRY(open_store(cli, &workspace, err));
    return table ? export_table(cli, &workspace, table, format, target, err)
                 : export_all(cli, &workspace, target, format ? format : "parquet", err);
}

const cli_verb cli_verb_store_export = {
    .name = "store export",
    .operands = "[TABLE]",
    .max_operands = 1,
    .summary = "write what is recorded to files",
    .about = "Writes every table to a file of its name in the folder of -o, or one table to one\n"
             "file. Rows are in the order in which they were recorded.\n",
    .options = export_options,
    .examples = "store export -o records\nstore export runs -o runs.csv\n",
    .exits = "",
    .run = run_export,
};
