/* SPDX-License-Identifier: Apache-2.0 */
/* pinion init: a project that builds at once. */
#include "cli/cli.h"

#include <string.h>

static const cli_option options[] = {
    {"name", 0, CLI_VALUE, false, "NAME", NULL, "name of the project; the folder's when not given"},
    {0},
};

static pn_status run(cli_app *cli, pn_error *err) {
    const char *dir = cli_operand(cli, 0) ? cli_operand(cli, 0) : ".";
    CLI_TRY(pn_project_init(dir, cli_get(cli, "name"), err));
    if (cli->json) {
        CLI_AUTO_JSON document = json_pack("{s:s}", "dir", dir);
        return cli_print_json(cli, document, err);
    }
    const char *option = strcmp(dir, ".") ? " -C " : "";
    cli_note(cli, "made %s/pinion.yaml, an example in views/ and data/", dir);
    cli_note(cli, "next: pinion%s%s build", option, *option ? dir : "");
    return PN_OK;
}

const cli_verb cli_verb_init = {
    .name = "init",
    .operands = "[DIR]",
    .max_operands = 1,
    .summary = "make a new project with a small example",
    .about = "Writes pinion.yaml, two views over a small CSV file and .gitignore. Files that are\n"
             "there already are left alone; a pinion.yaml that is there is an error.\n",
    .options = options,
    .examples = "init\ninit shop --name 'Shop figures'\n",
    .exits = "",
    .run = run,
};
