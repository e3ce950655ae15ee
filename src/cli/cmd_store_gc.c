/* SPDX-License-Identifier: Apache-2.0 */
/* pinion store gc: throwing old records away; says what it would do unless told to do it. */
#include "pinion/store.h"

#include "cli/cli.h"

#include <string.h>

static const cli_option options[] = {
    {"older-than", 0, CLI_DURATION, false, "TIME", NULL,
     "days that ended longer ago than this go: 12h, 30d"},
    {"apply", 0, CLI_FLAG, false, NULL, NULL, "do it, not only say what would be done"},
    {0},
};

/* False when there is nothing to say of a table. */
static bool print_table(const json_t *row, bool is_applied) {
    const char *verb = is_applied ? "removed" : "would remove";
    const json_t *loose = json_object_get(row, "unreferenced");
    size_t days = json_array_size(json_object_get(row, "days"));
    if (days) {
        printf("%-14s %s %zu day%s: %s files, %s bytes\n", cli_text_of(row, "table"), verb, days,
               days == 1 ? "" : "s", cli_text_of(row, "files"), cli_text_of(row, "bytes"));
    }
    bool has_joined = strcmp(cli_text_of(row, "joined"), "0") != 0;
    bool has_loose = strcmp(cli_text_of(loose, "files"), "0") != 0;
    if (has_joined) {
        printf("%-14s %s %s files\n", cli_text_of(row, "table"),
               is_applied ? "joined" : "would join", cli_text_of(row, "joined"));
    }
    if (has_loose) {
        printf("%-14s %s %s unreferenced files, %s bytes\n", cli_text_of(row, "table"), verb,
               cli_text_of(loose, "files"), cli_text_of(loose, "bytes"));
    }
    return days || has_joined || has_loose;
}

static pn_status run(cli_app *cli, pn_error *err) {
    CLI_AUTO_BUF text = PN_BUF_INIT;
    CLI_AUTO_JSON report = NULL;
    pn_store_gc_options gc = PN_STORE_GC_OPTIONS_INIT;
    size_t i;
    json_t *row;
    gc.flags = cli_has(cli, "apply") ? PN_STORE_GC_APPLY : 0;
    gc.older_than_ms = cli_get_duration_ms(cli, "older-than");
    gc.cancel = cli->cancel;
    CLI_TRY(pn_store_gc(".", &gc, &text, err));
    CLI_TRY(cli_parse(&text, &report, err));
    if (cli->json) {
        return cli_print_report(cli, report, err);
    }
    bool has_said = false;
    json_array_foreach(json_object_get(report, "tables"), i, row) {
        has_said |= print_table(row, gc.flags != 0);
    }
    if (!has_said) {
        cli_note(cli, "there is nothing to remove and nothing to join");
    } else if (!gc.flags) {
        cli_note(cli, "nothing was changed: --apply does what is listed");
    }
    return PN_OK;
}

const cli_verb cli_verb_store_gc = {
    .name = "store gc",
    .operands = "",
    .summary = "remove old records of runs, join small files",
    .about = "Removes whole days of records that are older than a time, joins the small files of\n"
             "the days that stay, and deletes files that no table refers to. Without --apply it\n"
             "only says what it would remove and join.\n",
    .options = options,
    .examples = "store gc --older-than 30d\nstore gc --older-than 30d --apply\n",
    .exits = "",
    .run = run,
};
