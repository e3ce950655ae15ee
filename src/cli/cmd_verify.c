/* SPDX-License-Identifier: Apache-2.0 */
/* pinion verify: runs a view, a kept bundle or what all outputs are made of again and compares with
 * what it gave before. */
#include "pinion/verify.h"

#include "cli/bundle.h"

#include <string.h>

#define RESULTS ".pinion/results"
#define UNRECORDED "unrecorded"

static const cli_option options[] = {
    {"record", 0, CLI_FLAG, false, NULL, NULL, "keep this result as the one to compare with"},
    {0},
};

static pn_status bundle_file_given(const char *what, pn_error *err) {
    pn_status status =
        cli_fail(err, CLI_E_USAGE, "'verify' takes a view or a fingerprint, not '%s'", what);
    cli_hint(err, "`pinion bundle import FILE` keeps the bundles of a file and prints their "
                  "fingerprints");
    return status;
}

/* A view of the project, or a bundle that it keeps: that one stands on its own, whatever became of
 * the views, and what it lacks here is put into `needs`. */
static pn_status open_bundle(cli_app *cli, const char *what, cli_workspace *workspace,
                             pn_bundle **out, json_t **needs, pn_error *err) {
    const pn_bundle *view = NULL;
    pn_bundle_store *store = NULL;
    bool is_view = true;
    if (cli_is_fingerprint(what)) { /* a view may be called so; none is compiled to find out */
        CLI_TRY(cli_open_project(cli, &workspace->project, err));
        is_view = pn_view_graph_sql(pn_project_views(workspace->project), what);
    }
    if (!is_view) {
        CLI_TRY(pn_bundle_store_open(CLI_BUNDLES, &store, err));
        pn_status status = pn_bundle_store_get(store, what, out, err);
        pn_bundle_store_free(store);
        CLI_TRY(status);
        status = cli_open_for(cli, *out, workspace, needs, err);
        if (json_array_size(*needs)) {
            *err = PN_ERROR_INIT;
            return PN_OK;
        }
        return status;
    }
    CLI_TRY(cli_open_checked(cli, workspace, err));
    if (cli_find_view(workspace, what, &view, err) != PN_OK) {
        if (strpbrk(what, "0123456789")) { /* else it is a word */
            cli_hint_digits(what, err);
        }
        return strstr(what, ".pnb") ? bundle_file_given(what, err) : err->status;
    }
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

static void print_reasons(const json_t *document) {
    size_t i;
    json_t *reason;
    printf("  promise  %s\n", cli_text_of(document, "grade"));
    json_array_foreach(json_object_get(document, "reasons"), i, reason) {
        const char *view = cli_text_of(reason, "view");
        printf("    %s%s%s: %s (%s)\n", *view ? view : "", *view ? ": " : "",
               cli_text_of(reason, "operator"), cli_text_of(reason, "why"),
               cli_text_of(reason, "grade"));
    }
}

static void print_what(const char *what, const json_t *document) {
    const char *rows = cli_text_of(json_object_get(document, "result"), "rows");
    printf("%s  %.12s  %s row%s", what, cli_text_of(document, "fingerprint"), rows,
           strcmp(rows, "1") ? "s" : "");
}

static void print_match(const json_t *document, bool records) {
    const char *match = cli_text_of(document, "match");
    bool holds = json_is_true(json_object_get(document, "holds"));
    if (!strcmp(match, UNRECORDED)) {
        puts(records ? "recorded, to compare with later" : "none is recorded");
    } else if (!strcmp(match, "none")) {
        printf("differs from the recorded one%s\n", holds ? ", which the promise allows" : "");
    } else {
        printf("matches the recorded one: %s\n", match);
    }
}

static void print_answer(const char *what, const json_t *document, bool records) {
    print_what(what, document);
    putchar('\n');
    print_reasons(document);
    printf("  result   ");
    print_match(document, records);
}

/* Runs the bundle and compares; without a record the result becomes it, if `records`. */
static pn_status verify(const cli_app *cli, const cli_workspace *workspace, const pn_bundle *bundle,
                        bool records, json_t **out, pn_error *err) {
    CLI_AUTO_BUF recorded = PN_BUF_INIT;
    CLI_AUTO_BUF text = PN_BUF_INIT;
    pn_exec_options exec = PN_EXEC_OPTIONS_INIT;
    exec.cancel = cli->cancel;
    pn_status status = cli_has(cli, "record") && records
                           ? PN_OK
                           : pn_verify_recorded(RESULTS, bundle, &recorded, err);
    if (status != PN_OK && status != PN_NOT_FOUND) {
        return status;
    }
    CLI_TRY(pn_verify_bundle(workspace->session, bundle, (pn_bytes){recorded.data, recorded.len},
                             &exec, &text, err));
    CLI_TRY(cli_parse(&text, out, err));
    if (!recorded.len && records) {
        CLI_TRY(keep(bundle, *out, err));
    }
    return PN_OK;
}

/* ---- a bundle that cannot run here ---------------------------------------------------------- */

/* Views below, each once, nearest first; those below one that can run are verified with it. */
static pn_status verify_below(const cli_app *cli, const cli_workspace *workspace,
                              const pn_bundle *bundle, json_t *below, pn_error *err) {
    json_t *seen = json_object();
    const pn_bundle **open = cli_alloc(sizeof *open);
    size_t count = 1;
    pn_status status = PN_OK;
    open[0] = bundle;
    for (size_t next = 0; status == PN_OK && next < count; next++) {
        const pn_bundle *at = open[next];
        CLI_AUTO_JSON document = NULL;
        pn_error lacks = PN_ERROR_INIT;
        if (next && pn_exec_needs(workspace->session, at, NULL, &lacks) == PN_OK) {
            status = verify(cli, workspace, at, false, &document, err);
            if (status == PN_OK) {
                json_object_set_new(document, "name", json_string(pn_bundle_name(at)));
                json_array_append(below, document);
            }
            continue;
        }
        for (size_t i = 0; i < pn_bundle_table_count(at); i++) {
            const pn_bundle *view = pn_bundle_input_at(at, i);
            if (!view || json_object_get(seen, pn_bundle_fingerprint(view))) {
                continue;
            }
            json_object_set_new(seen, pn_bundle_fingerprint(view), json_true());
            open = cli_grow(open, (count + 1) * sizeof *open);
            open[count++] = view;
        }
    }
    free(open);
    json_decref(seen);
    return status;
}

/* What can be said without running it: its promise, what it needs, and whether views below hold. */
static pn_status report_needs(cli_app *cli, const cli_workspace *workspace, const pn_bundle *bundle,
                              json_t *needs, pn_error *err) {
    CLI_AUTO_BUF text = PN_BUF_INIT;
    CLI_AUTO_JSON document = NULL;
    CLI_AUTO_JSON below = json_array();
    const char *name = pn_bundle_name(bundle);
    size_t i;
    json_t *row;
    CLI_TRY(pn_verify_grade(bundle, &text, err));
    CLI_TRY(cli_parse(&text, &document, err));
    CLI_TRY(verify_below(cli, workspace, bundle, below, err));
    cli->exit_code = 1;
    if (cli->json) {
        json_object_set_new(document, "fingerprint", json_string(pn_bundle_fingerprint(bundle)));
        json_object_set_new(document, "match", json_string("not_run"));
        json_object_set_new(document, "holds", json_false());
        json_object_set(document, "below", below);
        cli_count(document);
        json_object_set(document, "needs", needs); /* pins, whose texts stay texts */
        return cli_print_json(cli, document, err);
    }
    printf("%s  %.12s  not run: something it needs is missing here or differs\n",
           name ? name : cli_operand(cli, 0), pn_bundle_fingerprint(bundle));
    cli_print_needs(needs);
    print_reasons(document);
    json_array_foreach(below, i, row) {
        print_answer(cli_text_of(row, "name"), row, false);
    }
    return PN_OK;
}

/* ---- all outputs ---------------------------------------------------------------------------- */

/* A view that cannot be verified is told of, and the others are verified all the same. */
static pn_status verify_view(const cli_app *cli, const cli_workspace *workspace, const char *view,
                             json_t *rows, pn_error *err) {
    const pn_bundle *bundle = pn_view_graph_bundle(workspace->graph, view);
    pn_error problem = PN_ERROR_INIT;
    CLI_AUTO_JSON row = NULL;
    pn_status status = verify(cli, workspace, bundle, true, &row, &problem);
    if (status == PN_CANCELLED) {
        *err = problem;
        return status;
    }
    if (status != PN_OK) {
        row = json_pack("{s:s, s:s, s:b, s:o}", "fingerprint", pn_bundle_fingerprint(bundle),
                        "match", "failed", "holds", 0, "error", cli_error_json(&problem));
    }
    json_object_set_new(row, "name", json_string(view));
    json_array_append(rows, row);
    return PN_OK;
}

static pn_status verify_outputs(const cli_app *cli, const cli_workspace *workspace, json_t *rows,
                                pn_error *err) {
    CLI_AUTO_JSON project = NULL;
    CLI_AUTO_JSON seen = json_object();
    size_t i;
    json_t *output;
    CLI_TRY(cli_project_json(workspace->project, &project, err));
    json_array_foreach(json_object_get(project, "outputs"), i, output) {
        const char *view = cli_text_of(output, "view");
        if (!json_object_get(seen, view)) { /* a view may be written twice */
            json_object_set_new(seen, view, json_true());
            CLI_TRY(verify_view(cli, workspace, view, rows, err));
        }
    }
    return PN_OK;
}

static void print_outputs(const json_t *rows) {
    size_t i, held = 0, recorded = 0, failed = 0, count = json_array_size(rows);
    json_t *row;
    json_array_foreach((json_t *)(uintptr_t)rows, i, row) {
        const char *name = cli_text_of(row, "name");
        const json_t *problem = json_object_get(row, "error");
        bool is_new = !strcmp(cli_text_of(row, "match"), UNRECORDED);
        if (problem) {
            printf("%s  %.12s  failed: %s [%s]\n", name, cli_text_of(row, "fingerprint"),
                   cli_text_of(problem, "message"), cli_text_of(problem, "number"));
        } else {
            print_what(name, row);
            printf("  ");
            print_match(row, true);
        }
        failed += problem != NULL;
        recorded += is_new;
        held += !is_new && json_is_true(json_object_get(row, "holds"));
    }
    printf("%zu view%s: %zu as promised, %zu recorded now, %zu not as promised, %zu failed\n",
           count, count == 1 ? "" : "s", held, recorded, count - held - recorded - failed, failed);
}

static pn_status run_outputs(cli_app *cli, pn_error *err) {
    CLI_AUTO_WORKSPACE workspace = {0};
    CLI_AUTO_JSON rows = json_array();
    bool holds = true;
    size_t i;
    json_t *row;
    CLI_TRY(cli_open_checked(cli, &workspace, err));
    CLI_TRY(verify_outputs(cli, &workspace, rows, err));
    json_array_foreach(rows, i, row) holds &= json_is_true(json_object_get(row, "holds"));
    cli->exit_code = !holds;
    if (cli->json) {
        CLI_AUTO_JSON document = json_pack("{s:O, s:b}", "views", rows, "holds", holds);
        return cli_print_report(cli, document, err);
    }
    if (json_array_size(rows)) {
        print_outputs(rows);
    } else {
        cli_note(cli, "nothing to verify: pinion.yaml names no outputs");
    }
    return PN_OK;
}

static pn_status run(cli_app *cli, pn_error *err) {
    CLI_AUTO_WORKSPACE workspace = {0};
    CLI_AUTO_BUNDLE bundle = NULL;
    CLI_AUTO_JSON needs = NULL;
    CLI_AUTO_JSON document = NULL;
    if (!cli_operand(cli, 0)) {
        return run_outputs(cli, err);
    }
    CLI_TRY(open_bundle(cli, cli_operand(cli, 0), &workspace, &bundle, &needs, err));
    if (json_array_size(needs)) {
        return report_needs(cli, &workspace, bundle, needs, err);
    }
    CLI_TRY(verify(cli, &workspace, bundle, true, &document, err));
    if (!json_is_true(json_object_get(document, "holds"))) {
        cli->exit_code = 1;
    }
    if (cli->json) {
        return cli_print_report(cli, document, err);
    }
    const char *name = pn_bundle_name(bundle);
    print_answer(name ? name : cli_operand(cli, 0), document, true);
    return PN_OK;
}

const cli_verb cli_verb_verify = {
    .name = "verify",
    .operands = "[VIEW|FINGERPRINT]",
    .max_operands = 1,
    .summary = "run views again and compare with their recorded results",
    .about =
        "Says what equal fingerprints promise of the view (canonical: the same rows in order;\n"
        "stable_set: the same rows; float_tolerant: but for the last digits of floats;\n"
        "best_effort: nothing) and which operator is why. Then runs it and compares a digest\n"
        "of the rows with the recorded one; the first result is recorded.\n"
        "A fingerprint names a bundle that the project keeps; what it needs and is missing or\n"
        "differs is listed, and the views below it that can run are verified.\n"
        "Without an argument all views are verified that the project writes, one line each.\n",
    .options = options,
    .examples = "verify\nverify revenue_by_customer\nverify revenue_by_customer --record\n"
                "verify 3fa9c1 --json\n",
    .exits = "a result differs more than promised, or a view cannot be verified",
    .run = run,
};
