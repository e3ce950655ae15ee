/* SPDX-License-Identifier: Apache-2.0 */
/* pinion cpg build: the code property graph of a folder. */
#include "pinion/cpg.h"

#include "cli/cli.h"

#include <string.h>

static const cli_option options[] = {
    {"out", 0, CLI_FOLDER, false, "DIR", NULL, "project folder to write; needed"},
    {"jobs", 'j', CLI_NUMBER, false, "N", NULL,
     "extractor processes of each kind; else one a processor"},
    {"python", 0, CLI_FILE, false, "PROGRAM", NULL,
     "Python of the extractor; else $PINION_PYTHON or python3"},
    {"name", 0, CLI_VALUE, false, "NAME", NULL, "value of the column repo"},
    {"pattern", 0, CLI_VALUE, true, "GLOB", NULL,
     "file names to read; *.py and *.pyi when not given"},
    {"evidence-only", 0, CLI_FLAG, false, NULL, NULL, "write the evidence, do not build the graph"},
    {"no-record", 0, CLI_FLAG, false, NULL, NULL, "keep this build out of the artifact store"},
    {0},
};

static void print_files(const json_t *files) {
    const char *status;
    json_t *count;
    printf("files: %" JSON_INTEGER_FORMAT, json_integer_value(json_object_get(files, "total")));
    json_object_foreach((json_t *)(uintptr_t)files, status, count) {
        if (strcmp(status, "total") != 0 && json_integer_value(count)) {
            printf(", %s %" JSON_INTEGER_FORMAT, status, json_integer_value(count));
        }
    }
    putchar('\n');
}

/* Counts are integers or decimal texts, by their size. */
static void print_table(const char *name, const json_t *row) {
    const json_t *rows = json_object_get(row, "rows");
    if (json_is_string(rows)) {
        const char *count = json_string_value(rows);
        printf("  %-24s %12s row%s\n", name, count, strcmp(count, "1") ? "s" : "");
    } else {
        json_int_t count = json_integer_value(rows);
        printf("  %-24s %12" JSON_INTEGER_FORMAT " row%s\n", name, count, count == 1 ? "" : "s");
    }
}

static void print_report(const json_t *report) {
    size_t i;
    json_t *row;
    print_files(json_object_get(report, "files"));
    puts("evidence:");
    json_array_foreach(json_object_get(report, "evidence"), i, row) {
        print_table(cli_text_of(row, "table"), row);
    }
    const json_t *outputs = json_object_get(json_object_get(report, "project"), "outputs");
    if (outputs) {
        puts("graph:");
    }
    json_array_foreach(outputs, i, row) {
        print_table(cli_text_of(row, "view"), row);
    }
}

static void collect_patterns(const cli_app *cli, pn_cpg_build_options *build) {
    const char **patterns = NULL;
    const char *pattern;
    while ((pattern = cli_get_at(cli, "pattern", build->n_patterns))) {
        patterns = cli_grow(patterns, (build->n_patterns + 1) * sizeof *patterns);
        patterns[build->n_patterns++] = pattern;
    }
    build->patterns = patterns;
}

static pn_status build_graph(cli_app *cli, const pn_cpg_build_options *build, pn_error *err) {
    CLI_AUTO_BUF text = PN_BUF_INIT;
    CLI_AUTO_JSON report = NULL;
    cli_progress_start(cli);
    CLI_TRY(pn_cpg_build(build, &text, err));
    cli_progress_end();
    CLI_TRY(cli_parse(&text, &report, err));
    cli_print_warnings(cli, json_object_get(json_object_get(report, "project"), "warnings"));
    if (cli->json) {
        return cli_print_report(cli, report, err);
    }
    print_report(report);
    cli_note(cli, "next: pinion -C %s cpg query largest_classes", build->out);
    return PN_OK;
}

static pn_status run(cli_app *cli, pn_error *err) {
    pn_cpg_build_options build = PN_CPG_BUILD_OPTIONS_INIT;
    uint64_t jobs = cli_get_number(cli, "jobs", 0);
    build.repo = cli_operand(cli, 0);
    build.out = cli_get(cli, "out");
    if (!build.out) {
        return cli_fail(err, CLI_E_USAGE, "'cpg build' needs --out DIR");
    }
    if (jobs > 1024) {
        return cli_fail(err, CLI_E_USAGE, "option '--jobs' takes at most 1024");
    }
    build.jobs = (uint32_t)jobs;
    build.python = cli_get(cli, "python");
    build.repo_name = cli_get(cli, "name");
    build.flags = (cli_has(cli, "evidence-only") ? PN_CPG_EVIDENCE_ONLY : 0u) |
                  (cli_has(cli, "no-record") ? PN_CPG_NO_RECORD : 0u);
    build.cancel = cli->cancel;
    build.progress = cli_progress;
    collect_patterns(cli, &build);
    pn_status status = build_graph(cli, &build, err);
    cli_auto_text((char **)(uintptr_t)&build.patterns);
    return status;
}

const cli_verb cli_verb_cpg_build = {
    .name = "cpg build",
    .operands = "REPO",
    .min_operands = 1,
    .max_operands = 1,
    .summary = "build the code property graph of a folder of Python",
    .about = "Scans a folder of Python sources, extracts evidence tables and builds the views of\n"
             "the pack over them, all in the project folder of --out. Files that cannot be read\n"
             "are rows with a reason, not failures. Running it again replaces the tables, and\n"
             "completes a build that was interrupted.\n",
    .options = options,
    .examples = "cpg build ./flask --out flask.cpg\ncpg build . --out ../graph --jobs 4 --json\n",
    .exits = "",
    .run = run,
};
