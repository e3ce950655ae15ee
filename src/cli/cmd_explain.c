/* SPDX-License-Identifier: Apache-2.0 */
/* pinion explain: the plan of a view or query. */
#include "cli/cli.h"

#include <string.h>

static const cli_option options[] = {
    {"command", 'c', CLI_VALUE, false, "SQL", NULL, "explain this query instead of a view"},
    {"file", 'f', CLI_FILE, false, "FILE", NULL,
     "explain the query in a file (- = standard input)"},
    {"kind", 0, CLI_VALUE, false, "KIND", "logical optimized physical analyze substrait",
     "which plan; analyze runs the query; optimized when not given"},
    {"autoload", 0, CLI_FOLDER, false, "DIR", NULL,
     "no project: every table found in a folder is a dataset"},
    {0},
};

static pn_status explain(cli_app *cli, const cli_workspace *workspace, const pn_bundle *bundle,
                         pn_error *err) {
    CLI_AUTO_BUF text = PN_BUF_INIT;
    const char *kind = cli_get(cli, "kind") ? cli_get(cli, "kind") : "optimized";
    CLI_TRY(pn_exec_explain(workspace->session, bundle, kind, &text, err));
    if (cli->json) {
        CLI_AUTO_JSON document =
            json_pack("{s:s, s:s, s:s%}", "fingerprint", pn_bundle_fingerprint(bundle), "kind",
                      kind, "plan", text.data ? (const char *)text.data : "", text.len);
        return cli_print_json(cli, document, err);
    }
    fwrite(text.data, 1, text.len, stdout);
    if (text.len && text.data[text.len - 1] != '\n') {
        fputc('\n', stdout);
    }
    return PN_OK;
}

static pn_status run(cli_app *cli, pn_error *err) {
    CLI_AUTO_WORKSPACE workspace = {0};
    const char *view = cli_operand(cli, 0);
    bool has_query = cli_has(cli, "command") || cli_has(cli, "file");
    if (view && has_query) {
        return cli_fail(err, CLI_E_USAGE, "'explain' takes either a view or a query");
    }
    if (view) {
        const pn_bundle *bundle = NULL;
        CLI_TRY(cli_open_checked(cli, &workspace, err));
        CLI_TRY(cli_find_view(&workspace, view, &bundle, err));
        return explain(cli, &workspace, bundle, err);
    }
    CLI_AUTO_TEXT sql = NULL;
    CLI_AUTO_BUNDLE bundle = NULL;
    CLI_TRY(cli_read_query(cli, &sql, err));
    CLI_TRY(cli_open_workspace(cli, &workspace, err));
    CLI_TRY(cli_compile(cli, &workspace, sql, &bundle, err));
    return explain(cli, &workspace, bundle, err);
}

const cli_verb cli_verb_explain = {
    .name = "explain",
    .operands = "[VIEW]",
    .max_operands = 1,
    .summary = "show the plan of a view or query",
    .about = "Prints how a view of the project, or a query, is executed. Only --kind analyze runs\n"
             "it, and then shows rows and times of each step.\n",
    .options = options,
    .examples = "explain revenue_by_customer\n"
                "explain -c 'select count(*) from orders' --kind physical\n"
                "explain big_orders --kind substrait\n",
    .exits = "",
    .run = run,
};
