/* SPDX-License-Identifier: Apache-2.0 */
/* pinion why: what has changed in a view since it was built last. */
#include "cli/bundle.h"
#include "cli/diff.h"

#include <string.h>

static const cli_option options[] = {{0}};

static pn_status last_bundle(const char *view, pn_bundle **out, pn_error *err) {
    pn_bundle_store *store = NULL;
    CLI_TRY(pn_bundle_store_open(CLI_BUNDLES, &store, err));
    pn_status status = pn_bundle_store_last(store, view, out, err);
    pn_bundle_store_free(store);
    return status;
}

static void print_answer(const char *view, const char *state, const json_t *diff) {
    const char *now = cli_text_of(json_object_get(diff, "right"), "fingerprint");
    if (!strcmp(state, "unchanged")) {
        printf("%s  unchanged since it was built  %.12s\n", view, now);
        return;
    }
    printf("%s  changed since it was built  %.12s -> %.12s\n", view,
           cli_text_of(json_object_get(diff, "left"), "fingerprint"), now);
    cli_diff_print(diff, 2);
}

static pn_status run(cli_app *cli, pn_error *err) {
    CLI_AUTO_WORKSPACE workspace = {0};
    CLI_AUTO_BUNDLE last = NULL;
    CLI_AUTO_JSON diff = NULL;
    CLI_AUTO_JSON seen = json_object();
    const char *view = cli_operand(cli, 0);
    const pn_bundle *now = NULL;
    CLI_TRY(cli_open_checked(cli, &workspace, err));
    CLI_TRY(cli_find_view(&workspace, view, &now, err));
    pn_status status = last_bundle(view, &last, err);
    if (status != PN_OK && status != PN_NOT_FOUND) {
        return status;
    }
    if (status == PN_OK) {
        CLI_TRY(cli_diff_make((cli_diff_pair){last, now}, seen, 0, &diff, err));
    }
    const char *state = !diff                                          ? "new"
                        : json_is_true(json_object_get(diff, "equal")) ? "unchanged"
                                                                       : "changed";
    if (cli->json) {
        CLI_AUTO_JSON document = json_pack("{s:s, s:s}", "view", view, "state", state);
        if (diff) {
            json_object_set(document, "diff", diff);
        }
        return cli_print_json(cli, document, err);
    }
    if (diff) {
        print_answer(view, state, diff);
    } else {
        printf("%s  not built yet  %.12s\n", view, pn_bundle_fingerprint(now));
    }
    return PN_OK;
}

const cli_verb cli_verb_why = {
    .name = "why",
    .operands = "VIEW",
    .min_operands = 1,
    .max_operands = 1,
    .summary = "say what changed in a view since it was built",
    .about = "Compares the view with the bundle that `pinion build` kept last and prints what\n"
             "differs, down to the view or dataset that was edited. Never acts.\n",
    .options = options,
    .examples = "why revenue_by_customer\nwhy revenue_by_customer --json\n",
    .exits = "",
    .run = run,
};
