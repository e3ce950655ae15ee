/* SPDX-License-Identifier: Apache-2.0 */
/* pinion build: writes the outputs of the project. */
#include "cli/cli.h"

#include <inttypes.h>
#include <string.h>

static const cli_option options[] = {
    {"no-record", 0, CLI_FLAG, false, NULL, NULL, "keep this build out of the artifact store"},
    {"record-results", 0, CLI_FLAG, false, NULL, NULL,
     "digest the rows as they are written, for `pinion verify` to compare with"},
    {0},
};

/* Numbers of a report are integers or decimal texts, by their size. */
static const char *number_text(const json_t *row, const char *key, char out[32]) {
    const json_t *value = json_object_get(row, key);
    if (json_is_integer(value)) {
        snprintf(out, 32, "%" JSON_INTEGER_FORMAT, json_integer_value(value));
        return out;
    }
    const char *text = json_string_value(value);
    return text ? text : "";
}

static void print_output(const json_t *project, const json_t *row) {
    char rows[32];
    char version[32];
    const char *v = number_text(row, "version", version);
    const char *n = number_text(row, "rows", rows);
    printf("%s  %s row%s  %s%s%s  %.12s  %s\n", cli_text_of(row, "view"), n,
           strcmp(n, "1") ? "s" : "", cli_text_of(row, "format"), *v ? " version " : "", v,
           cli_text_of(row, "fingerprint"), cli_short_path(project, cli_text_of(row, "uri")));
}

static pn_status run(cli_app *cli, pn_error *err) {
    CLI_AUTO_WORKSPACE workspace = {0};
    CLI_AUTO_BUF text = PN_BUF_INIT;
    CLI_AUTO_JSON report = NULL;
    pn_build_options build = PN_BUILD_OPTIONS_INIT;
    CLI_TRY(cli_open_project(cli, &workspace.project, err));
    build.outputs = cli->args.n_operands ? cli->args.operands : NULL;
    build.n_outputs = cli->args.n_operands;
    build.flags = (cli_has(cli, "no-record") ? PN_BUILD_NO_RECORD : 0u) |
                  (cli_has(cli, "record-results") ? PN_BUILD_RECORD_RESULTS : 0u);
    build.cancel = cli->cancel;
    build.progress = cli_progress;
    cli_progress_start(cli);
    CLI_TRY(pn_project_build(workspace.project, &build, &text, err));
    cli_progress_end();
    CLI_TRY(cli_parse(&text, &report, err));
    cli_print_warnings(cli, json_object_get(report, "warnings"));
    if (cli->json) {
        return cli_print_report(cli, report, err);
    }
    CLI_AUTO_JSON project = NULL;
    CLI_TRY(cli_project_json(workspace.project, &project, err));
    const json_t *outputs = json_object_get(report, "outputs");
    size_t i;
    json_t *row;
    json_array_foreach(outputs, i, row) {
        print_output(project, row);
    }
    if (!json_array_size(outputs)) {
        cli_note(cli, "nothing to write: pinion.yaml names no outputs");
    }
    return PN_OK;
}

const cli_verb cli_verb_build = {
    .name = "build",
    .operands = "[OUTPUT]…",
    .max_operands = SIZE_MAX,
    .summary = "compile the project and write its outputs",
    .about = "Compiles every view and writes the outputs named, or all of them, in dependency\n"
             "order. Each output is whole or untouched; running it again completes a build that\n"
             "was interrupted. Prints view, rows, version, fingerprint and place of each.\n",
    .options = options,
    .examples = "build\nbuild revenue_by_customer\n-C shop build --json\n",
    .exits = "",
    .run = run,
};
