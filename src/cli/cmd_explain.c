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
    {"artifact", 0, CLI_VALUE, false, "NAME", NULL, "one artifact of the bundle instead of a plan"},
    {"all", 0, CLI_FLAG, false, NULL, NULL, "all artifacts, each with what it is; needs --json"},
    {"timeout", 0, CLI_DURATION, false, "TIME", NULL,
     "with --kind analyze: give up after this time: 500ms, 30s, 5m"},
    CLI_PARAM_OPTION,
    {"autoload", 0, CLI_FOLDER, false, "DIR", NULL,
     "no project: every table found in a folder is a dataset"},
    {0},
};

static pn_status get_artifact(const cli_app *cli, const cli_workspace *workspace,
                              const pn_bundle *bundle, const char *name, json_t **out,
                              pn_error *err) {
    CLI_AUTO_BUF text = PN_BUF_INIT;
    json_error_t problem;
    CLI_TRY(pn_bundle_artifact(workspace->session, bundle, name, cli->cancel, &text, err));
    *out = json_loadb((const char *)text.data, text.len, JSON_DECODE_ANY, &problem);
    return *out ? PN_OK : cli_fail(err, CLI_E_OUTPUT, "artifact '%s' is no JSON", name);
}

static const char *kind_of_artifact(const char *name) {
    for (size_t i = 0; pn_bundle_artifact_name(i); i++) {
        if (!strcmp(pn_bundle_artifact_name(i), name)) {
            return pn_bundle_artifact_kind(i);
        }
    }
    return "";
}

static pn_status print_artifact(cli_app *cli, const cli_workspace *workspace,
                                const pn_bundle *bundle, const char *name, pn_error *err) {
    CLI_AUTO_JSON value = NULL;
    CLI_TRY(get_artifact(cli, workspace, bundle, name, &value, err));
    if (cli->json) {
        CLI_AUTO_JSON document =
            json_pack("{s:s, s:s, s:s, s:O}", "fingerprint", pn_bundle_fingerprint(bundle),
                      "artifact", name, "kind", kind_of_artifact(name), "value", value);
        return cli_print_json(cli, document, err);
    }
    if (json_is_string(value)) {
        const char *text = json_string_value(value);
        size_t len = json_string_length(value);
        fwrite(text, 1, len, stdout);
        if (!len || text[len - 1] != '\n') {
            fputc('\n', stdout);
        }
        return PN_OK;
    }
    json_dumpf(value, stdout, JSON_INDENT(1) | JSON_ENCODE_ANY | JSON_SORT_KEYS);
    fputc('\n', stdout);
    return PN_OK;
}

/* One that cannot be made says why in its place, so that the others are seen. */
static pn_status print_all(cli_app *cli, const cli_workspace *workspace, const pn_bundle *bundle,
                           pn_error *err) {
    CLI_AUTO_JSON artifacts = json_object();
    if (!cli->json) {
        return cli_fail(err, CLI_E_USAGE, "'--all' prints one JSON document, so it needs --json");
    }
    for (size_t i = 0; pn_bundle_artifact_name(i); i++) {
        const char *name = pn_bundle_artifact_name(i);
        pn_error problem = PN_ERROR_INIT;
        CLI_AUTO_JSON value = NULL;
        if (get_artifact(cli, workspace, bundle, name, &value, &problem) == PN_OK) {
            json_object_set_new(
                artifacts, name,
                json_pack("{s:s, s:O}", "kind", pn_bundle_artifact_kind(i), "value", value));
        } else if (problem.status == PN_CANCELLED) {
            *err = problem;
            return problem.status;
        } else {
            json_object_set_new(artifacts, name,
                                json_pack("{s:s, s:o}", "kind", pn_bundle_artifact_kind(i), "error",
                                          cli_error_json(&problem)));
        }
    }
    CLI_AUTO_JSON document = json_pack("{s:s, s:O}", "fingerprint", pn_bundle_fingerprint(bundle),
                                       "artifacts", artifacts);
    return cli_print_json(cli, document, err);
}

static pn_status explain(cli_app *cli, const cli_workspace *workspace, const pn_bundle *bundle,
                         pn_error *err) {
    CLI_AUTO_BUF text = PN_BUF_INIT;
    const char *kind = cli_get(cli, "kind") ? cli_get(cli, "kind") : "optimized";
    if (cli_has(cli, "all")) {
        return print_all(cli, workspace, bundle, err);
    }
    if (cli_has(cli, "artifact")) {
        return print_artifact(cli, workspace, bundle, cli_get(cli, "artifact"), err);
    }
    pn_exec_options exec = PN_EXEC_OPTIONS_INIT;
    exec.cancel = cli->cancel;
    exec.timeout_ms = cli_get_duration_ms(cli, "timeout");
    CLI_TRY(pn_exec_explain(workspace->session, bundle, kind, &exec, &text, err));
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

static pn_status check_usage(const cli_app *cli, const char *view, pn_error *err) {
    const char *kind = cli_get(cli, "kind");
    if (view && (cli_has(cli, "command") || cli_has(cli, "file"))) {
        return cli_fail(err, CLI_E_USAGE, "'explain' takes either a view or a query");
    }
    if (view && (cli_has(cli, "param") || cli_has(cli, "autoload"))) {
        return cli_fail(err, CLI_E_USAGE, "'--%s' goes with a query, and '%s' is a view",
                        cli_has(cli, "param") ? "param" : "autoload", view);
    }
    if (cli_has(cli, "kind") + cli_has(cli, "artifact") + cli_has(cli, "all") > 1) {
        return cli_fail(err, CLI_E_USAGE, "'--kind', '--artifact' and '--all' exclude each other");
    }
    if (cli_has(cli, "timeout") && (!kind || strcmp(kind, "analyze") != 0)) {
        return cli_fail(err, CLI_E_USAGE, "'--timeout' goes with '--kind analyze'");
    }
    return PN_OK;
}

static pn_status run(cli_app *cli, pn_error *err) {
    CLI_AUTO_WORKSPACE workspace = {0};
    const char *view = cli_operand(cli, 0);
    CLI_TRY(check_usage(cli, view, err));
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
             "it, and then shows rows and times of each step. --artifact prints one of the\n"
             "documents that belong to the bundle: renderings, statistics, settings, lineage,\n"
             "snapshots of the session; --all prints all of them.\n",
    .options = options,
    .examples = "explain revenue_by_customer\n"
                "explain -c 'select count(*) from orders' --kind physical\n"
                "explain big_orders --kind substrait\n"
                "explain big_orders --artifact statistics\n"
                "explain big_orders --all --json\n",
    .exits = "",
    .run = run,
};
