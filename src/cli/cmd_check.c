/* SPDX-License-Identifier: Apache-2.0 */
/* pinion check: does the project hold together? */
#include "cli/cli.h"

static const cli_option options[] = {
    {"schema", 0, CLI_FLAG, false, NULL, NULL, "print the JSON Schema of pinion.yaml and stop"},
    {0},
};

static pn_status print_schema(cli_app *cli, pn_error *err) {
    const char *text = pn_project_json_schema();
    CLI_AUTO_JSON schema = json_loads(text, 0, NULL);
    if (!schema) {
        return cli_fail(err, 1009, "the JSON Schema of pinion.yaml does not parse");
    }
    return cli_print_json(cli, schema, err);
}

static size_t count(const json_t *project, const char *key) {
    return json_array_size(json_object_get(project, key));
}

static pn_status run(cli_app *cli, pn_error *err) {
    CLI_AUTO_WORKSPACE workspace = {0};
    CLI_AUTO_JSON project = NULL;
    if (cli_has(cli, "schema")) {
        return print_schema(cli, err);
    }
    CLI_TRY(cli_open_checked(cli, &workspace, err));
    CLI_TRY(cli_project_json(workspace.project, &project, err));
    size_t datasets = count(project, "datasets");
    size_t views = count(project, "views");
    size_t outputs = count(project, "outputs");
    if (cli->json) {
        CLI_AUTO_JSON document = json_pack(
            "{s:b, s:s, s:I, s:I, s:I}", "ok", 1, "name", cli_text_of(project, "name"), "datasets",
            (json_int_t)datasets, "views", (json_int_t)views, "outputs", (json_int_t)outputs);
        return cli_print_json(cli, document, err);
    }
    printf("ok: %s: %zu dataset%s, %zu view%s, %zu output%s\n", cli_text_of(project, "name"),
           datasets, datasets == 1 ? "" : "s", views, views == 1 ? "" : "s", outputs,
           outputs == 1 ? "" : "s");
    return PN_OK;
}

const cli_verb cli_verb_check = {
    .name = "check",
    .operands = "",
    .summary = "read the project and compile all its views",
    .about =
        "Reads pinion.yaml and views/, opens the datasets that views read, and compiles every\n"
        "view. Reads no rows and writes nothing.\n",
    .options = options,
    .examples = "check\n-C shop check --json\ncheck --schema > pinion.schema.json\n",
    .exits = "",
    .run = run,
};
