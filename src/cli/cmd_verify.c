/* SPDX-License-Identifier: Apache-2.0 */
/* pinion verify: runs a view or a kept bundle again and compares with what it gave before. */
#include "pinion/bundle_file.h"
#include "pinion/verify.h"

#include "cli/cli.h"

#include <string.h>

#define RESULTS ".pinion/results"

static const cli_option options[] = {
    {"record", 0, CLI_FLAG, false, NULL, NULL, "keep this result as the one to compare with"},
    {0},
};

static bool is_fingerprint(const char *text) {
    size_t len = strlen(text);
    return len >= 4 && len <= 64 && strspn(text, "0123456789abcdef") == len;
}

static pn_status bundle_file_given(const char *what, pn_error *err) {
    pn_status status =
        cli_fail(err, CLI_E_USAGE, "'verify' takes a view or a fingerprint, not '%s'", what);
    cli_hint(err, "`pinion bundle import FILE` keeps the bundles of a file and prints their "
                  "fingerprints");
    return status;
}

/* A view of the project, or a bundle that it keeps. */
static pn_status find_bundle(const cli_workspace *workspace, const char *what, pn_bundle **out,
                             pn_error *err) {
    const pn_bundle *view = pn_view_graph_bundle(workspace->graph, what);
    pn_bundle_store *store = NULL;
    if (!view && is_fingerprint(what)) {
        CLI_TRY(pn_bundle_store_open(".pinion/bundles", &store, err));
        pn_status status = pn_bundle_store_get(store, what, out, err);
        pn_bundle_store_free(store);
        return status;
    }
    if (!view && strchr(what, '.')) {
        return bundle_file_given(what, err);
    }
    CLI_TRY(cli_find_view(workspace, what, &view, err));
    *out = pn_bundle_ref(view);
    return PN_OK;
}

static pn_status keep(const pn_bundle *bundle, const json_t *document, pn_error *err) {
    char *text = json_dumps(json_object_get(document, "result"), JSON_COMPACT | JSON_SORT_KEYS);
    pn_status status =
        pn_verify_record(RESULTS, bundle, (pn_bytes){(const uint8_t *)text, strlen(text)}, err);
    free(text);
    return status;
}

static void print_answer(const char *what, const json_t *document) {
    const char *match = cli_text_of(document, "match");
    bool holds = json_is_true(json_object_get(document, "holds"));
    const char *rows = cli_text_of(json_object_get(document, "result"), "rows");
    printf("%s  %.12s  %s row%s\n", what, cli_text_of(document, "fingerprint"), rows,
           strcmp(rows, "1") ? "s" : "");
    printf("  promise  %s\n", cli_text_of(document, "grade"));
    size_t i;
    json_t *reason;
    json_array_foreach(json_object_get(document, "reasons"), i, reason) {
        const char *view = cli_text_of(reason, "view");
        printf("    %s%s%s: %s (%s)\n", *view ? view : "", *view ? ": " : "",
               cli_text_of(reason, "operator"), cli_text_of(reason, "why"),
               cli_text_of(reason, "grade"));
    }
    if (!strcmp(match, "unrecorded")) {
        printf("  result   recorded, to compare with later\n");
    } else if (!strcmp(match, "none")) {
        printf("  result   differs from the recorded one%s\n",
               holds ? ", which the promise allows" : "");
    } else {
        printf("  result   matches the recorded one: %s\n", match);
    }
}

static pn_status run(cli_app *cli, pn_error *err) {
    CLI_AUTO_WORKSPACE workspace = {0};
    CLI_AUTO_BUNDLE bundle = NULL;
    CLI_AUTO_BUF recorded = PN_BUF_INIT;
    CLI_AUTO_BUF text = PN_BUF_INIT;
    CLI_AUTO_JSON document = NULL;
    pn_exec_options exec = PN_EXEC_OPTIONS_INIT;
    exec.cancel = cli->cancel;
    CLI_TRY(cli_open_checked(cli, &workspace, err));
    CLI_TRY(find_bundle(&workspace, cli_operand(cli, 0), &bundle, err));
    bool records = cli_has(cli, "record");
    pn_status status = records ? PN_OK : pn_verify_recorded(RESULTS, bundle, &recorded, err);
    if (status != PN_OK && status != PN_NOT_FOUND) {
        return status;
    }
    CLI_TRY(pn_verify_bundle(workspace.session, bundle, (pn_bytes){recorded.data, recorded.len},
                             &exec, &text, err));
    CLI_TRY(cli_parse(&text, &document, err));
    if (!recorded.len) {
        CLI_TRY(keep(bundle, document, err));
    }
    if (!json_is_true(json_object_get(document, "holds"))) {
        cli->exit_code = 1;
    }
    if (cli->json) {
        return cli_print_json(cli, document, err);
    }
    const char *name = pn_bundle_name(bundle);
    print_answer(name ? name : cli_operand(cli, 0), document);
    return PN_OK;
}

const cli_verb cli_verb_verify = {
    .name = "verify",
    .operands = "VIEW|FINGERPRINT",
    .min_operands = 1,
    .max_operands = 1,
    .summary = "run a view again and compare with its recorded result",
    .about =
        "Says what equal fingerprints promise of the view (canonical: the same rows in order;\n"
        "stable_set: the same rows; float_tolerant: but for the last digits of floats;\n"
        "best_effort: nothing) and which operator is why. Then runs it and compares a digest\n"
        "of the rows with the recorded one; the first result is recorded.\n",
    .options = options,
    .examples = "verify revenue_by_customer\nverify revenue_by_customer --record\n"
                "verify 3fa9c1 --json\n",
    .exits = "the result differs more than the plan promises",
    .run = run,
};
