/* SPDX-License-Identifier: Apache-2.0 */
/* pinion replay: the rows of a bundle. */
#include "cli/bundle.h"

#include <string.h>

static const cli_option options[] = {
    {"view", 0, CLI_VALUE, false, "VIEW", NULL, "of a file with several: this one"},
    {"check", 0, CLI_FLAG, false, NULL, NULL, "only list what is missing here or differs"},
    {"from", 0, CLI_VALUE, false, "STEP", "substrait cache sql",
     "plan from this alone; when not given from Substrait, else plan cache, else SQL"},
    {"format", 0, CLI_VALUE, false, "FORMAT", "table json jsonlines csv markdown arrow parquet",
     "how rows are written; by the name of -o FILE when not given, else a table"},
    {"output", 'o', CLI_FILE, false, "FILE", NULL, "write to a file; it is whole or absent"},
    {"limit", 0, CLI_NUMBER, false, "N", NULL, "stop after N rows"},
    {"timeout", 0, CLI_DURATION, false, "TIME", NULL, "give up after this time: 500ms, 30s, 5m"},
    {"autoload", 0, CLI_FOLDER, false, "DIR", NULL,
     "no project: every table found in a folder is a dataset"},
    {0},
};

static pn_status choose(const cli_bundles *found, const pn_bundle **bundle_out, pn_error *err) {
    if (found->count != 1) {
        pn_status status =
            cli_fail(err, CLI_E_USAGE, "the file holds %zu bundles, not one", found->count);
        size_t at = 0;
        for (size_t i = 0; i < found->count; i++) {
            const char *name = pn_bundle_name(found->items[i]);
            size_t room = sizeof err->detail - at;
            int len = snprintf(err->detail + at, room, "%s%s", i ? ", " : "views: ",
                               name ? name : pn_bundle_fingerprint(found->items[i]));
            at += len > 0 && (size_t)len < room ? (size_t)len : 0;
        }
        cli_hint(err, "choose one with --view VIEW");
        return status;
    }
    *bundle_out = found->items[0];
    return PN_OK;
}

static pn_status check(cli_app *cli, const json_t *needs, pn_error *err) {
    cli->exit_code = json_array_size(needs) ? 1 : 0;
    if (cli->json) {
        return cli_print_json(cli, needs, err);
    }
    cli_print_needs(needs);
    if (!json_array_size(needs)) {
        puts("ok: everything the bundle needs is here");
    }
    return PN_OK;
}

static int32_t step_of(const char *from) {
    static const struct {
        const char *name;
        int32_t step;
    } steps[] = {{"substrait", PN_REPLAY_SUBSTRAIT},
                 {"cache", PN_REPLAY_PLAN_CACHE},
                 {"sql", PN_REPLAY_SQL}};
    for (size_t i = 0; from && i < sizeof steps / sizeof *steps; i++) {
        if (!strcmp(from, steps[i].name)) {
            return steps[i].step;
        }
    }
    return PN_REPLAY_DEFAULT;
}

static pn_status replay(cli_app *cli, const cli_workspace *workspace, const pn_bundle *bundle,
                        pn_error *err) {
    cli_run_request request = {.format = cli_get(cli, "format"),
                               .file = cli_get(cli, "output"),
                               .limit = cli_get_number(cli, "limit", UINT64_MAX),
                               .timeout_ms = cli_get_duration_ms(cli, "timeout"),
                               .replay = step_of(cli_get(cli, "from"))};
    return cli_run_bundle(cli, workspace->session, bundle, &request, err);
}

static pn_status run(cli_app *cli, pn_error *err) {
    CLI_AUTO_BUNDLES found = {0};
    CLI_AUTO_JSON needs = NULL;
    CLI_AUTO_WORKSPACE workspace = {0};
    const pn_bundle *bundle = NULL;
    CLI_TRY(cli_find_bundles(cli_operand(cli, 0), cli_get(cli, "view"), &found, err));
    CLI_TRY(choose(&found, &bundle, err));
    pn_status status = cli_open_for(cli, bundle, &workspace, &needs, err);
    if (needs && cli_has(cli, "check")) {
        *err = PN_ERROR_INIT;
        return check(cli, needs, err);
    }
    CLI_TRY(status);
    return replay(cli, &workspace, bundle, err);
}

const cli_verb cli_verb_replay = {
    .name = "replay",
    .operands = "FILE|FINGERPRINT|VIEW",
    .min_operands = 1,
    .max_operands = 1,
    .summary = "run a bundle and print its rows",
    .about = "Runs a bundle of a file, or one that this project keeps, over the datasets of the\n"
             "project. It runs with the settings it was compiled with. What it needs and is not\n"
             "here, or is here but differs, is an error that names all of it: datasets by their\n"
             "pins, functions, engine.\n",
    .options = options,
    .examples = "replay revenue.pnb\nreplay 3f2a9c01 -o revenue.csv\n"
                "replay revenue.pnb --autoload data --check\n",
    .exits = "something that the bundle needs is missing or differs",
    .run = run,
};
