/* SPDX-License-Identifier: Apache-2.0 */
/* The verbs in the order of --help, and the options that go with all of them. */
#include "cli/cli.h"

#define CLI_VERB_ADDRESS(name) &cli_verb_##name,
const cli_verb *const cli_verbs[] = {CLI_VERB_LIST(CLI_VERB_ADDRESS) NULL};

const cli_option cli_global_options[] = {
    {"directory", 'C', CLI_FOLDER, false, "DIR", NULL, "work in this folder"},
    {"profile", 0, CLI_VALUE, false, "PROFILE", "default dev prod cst_autoload symtable",
     "profile of the session instead of the project's"},
    {"set", 0, CLI_PAIR, true, "KEY=VALUE", NULL,
     "a setting, applied after the project's; may be repeated"},
    {"policy", 0, CLI_VALUE, false, "POLICY", "read_only service write admin",
     "which statements are allowed instead of the project's policy; service when neither says"},
    {"json", 0, CLI_FLAG, false, NULL, NULL, "print documents and errors as JSON"},
    {"agent", 0, CLI_FLAG, false, NULL, NULL,
     "as --json, each document on one line; rows as JSON lines"},
    {"quiet", 'q', CLI_FLAG, false, NULL, NULL, "no progress and no notes on stderr"},
    {"verbose", 'v', CLI_FLAG, false, NULL, NULL, "print debug messages on stderr"},
    {"version", 0, CLI_FLAG, false, NULL, NULL, "print the versions of pinion and its engine"},
    {0},
};
