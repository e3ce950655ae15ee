/* SPDX-License-Identifier: Apache-2.0 */
/* pinion explain-error: the catalogue of errors. */
#include "cli/cli.h"

#include <stdlib.h>
#include <string.h>

static const cli_option options[] = {
    {"all", 0, CLI_FLAG, false, NULL, NULL, "list all errors, one a line"},
    {0},
};

static json_t *entry_json(const pn_error_entry *entry) {
    char number[16];
    snprintf(number, sizeof number, "PN%04d", entry->number);
    return json_pack("{s:s, s:s, s:s, s:i, s:s, s:s}", "number", number, "name", entry->name,
                     "status", pn_status_name(entry->status), "exit_code",
                     pn_status_exit_code(entry->status), "summary", entry->summary, "remedy",
                     entry->remedy);
}

static pn_status print_all(cli_app *cli, pn_error *err) {
    CLI_AUTO_JSON list = json_array();
    const pn_error_entry *entry;
    for (size_t i = 0; (entry = pn_error_catalogue_at(i)); i++) {
        if (cli->json) {
            json_array_append_new(list, entry_json(entry));
        } else {
            printf("PN%04d  %-11s  %s\n", entry->number, pn_status_name(entry->status),
                   entry->summary);
        }
    }
    return cli->json ? cli_print_json(cli, list, err) : PN_OK;
}

/* Accepts PN6006, pn6006 and 6006. */
static const pn_error_entry *find(const char *text) {
    bool has_letters = (text[0] == 'P' || text[0] == 'p') && (text[1] == 'N' || text[1] == 'n');
    const char *digits = text + (has_letters ? 2 : 0);
    size_t len = strlen(digits);
    bool is_number = len > 0 && len < 8 && strspn(digits, "0123456789") == len;
    return is_number ? pn_error_catalogue_find((int32_t)strtol(digits, NULL, 10)) : NULL;
}

static pn_status run(cli_app *cli, pn_error *err) {
    const char *text = cli_operand(cli, 0);
    if (cli_has(cli, "all") != !text) {
        return cli_fail(err, CLI_E_USAGE, "'explain-error' takes either a number or --all");
    }
    if (!text) {
        return print_all(cli, err);
    }
    const pn_error_entry *entry = find(text);
    if (!entry) {
        return cli_fail(err, CLI_E_NUMBER, "there is no error '%.40s'", text);
    }
    if (cli->json) {
        CLI_AUTO_JSON document = entry_json(entry);
        return cli_print_json(cli, document, err);
    }
    printf("PN%04d %s (status %s, exit code %d)\n\n%s\n%s\n", entry->number, entry->name,
           pn_status_name(entry->status), pn_status_exit_code(entry->status), entry->summary,
           entry->remedy);
    return PN_OK;
}

const cli_verb cli_verb_explain_error = {
    .name = "explain-error",
    .operands = "[PNdnnn]",
    .max_operands = 1,
    .summary = "tell what an error number means and what to do",
    .about = "Every error carries a number such as PN6006; this prints its row of the catalogue.\n",
    .options = options,
    .examples = "explain-error PN6006\nexplain-error --all\n",
    .exits = "",
    .run = run,
};
