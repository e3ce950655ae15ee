/* SPDX-License-Identifier: Apache-2.0 */
/* pinion completion: what shells and man want to know, made from the tables of options. */
#include "cli/cli.h"

#include <string.h>

static const cli_option options[] = {{0}};

static pn_status run(cli_app *cli, pn_error *err) {
    const char *what = cli_operand(cli, 0);
    if (!strcmp(what, "bash")) {
        cli_help_bash(stdout);
    } else if (!strcmp(what, "man")) {
        cli_help_man(stdout);
    } else {
        pn_status status = cli_fail(err, CLI_E_USAGE, "there is no completion for '%.40s'", what);
        cli_hint(err, "write `pinion completion bash`, or `pinion completion man` for the manual");
        return status;
    }
    return cli_flush(cli, stdout, "standard output", err);
}

const cli_verb cli_verb_completion = {
    .name = "completion",
    .operands = "bash|man",
    .min_operands = 1,
    .max_operands = 1,
    .summary = "print the bash completion or the manual page",
    .about = "Both are made from the tables that the program reads its options with.\n",
    .options = options,
    .examples = "completion bash > ~/.local/share/bash-completion/completions/pinion\n"
                "completion man | man -l -\n",
    .exits = "",
    .run = run,
};
