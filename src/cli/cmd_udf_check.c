/* SPDX-License-Identifier: Apache-2.0 */
/* pinion udf check: calls every function of a pack in a process of its own and says what went
 * wrong. */
#include "pinion/udf.h"

#include "cli/cli.h"

#include <string.h>

static const cli_option options[] = {
    {"timeout", 0, CLI_DURATION, false, "TIME", NULL, "per function: 500ms, 30s; else 10s"},
    {"rows", 0, CLI_NUMBER, false, "N", NULL, "rows of the largest call; else 8192"},
    {0},
};

static void print_function(const json_t *function) {
    json_int_t calls = json_integer_value(json_object_get(function, "calls"));
    json_int_t refused = json_integer_value(json_object_get(function, "refused"));
    const char *refusal = cli_text_of(function, "refusal");
    size_t i;
    json_t *finding;
    printf("%-5s %s: %" JSON_INTEGER_FORMAT " calls",
           json_is_true(json_object_get(function, "ok")) ? "ok" : "FAIL",
           cli_text_of(function, "name"), calls);
    if (refused) {
        printf(", %" JSON_INTEGER_FORMAT " answered with an error%s%s", refused,
               *refusal ? ", the last: " : "", refusal);
    }
    printf("%s\n", json_is_true(json_object_get(function, "stopped"))
                       ? "; told to stop after the timeout, no more calls were made"
                       : "");
    json_array_foreach(json_object_get(function, "findings"), i, finding) {
        printf("      %s, %s: %s\n", cli_text_of(finding, "what"), cli_text_of(finding, "at"),
               cli_text_of(finding, "text"));
    }
}

static void print_report(const json_t *report) {
    const json_t *error = json_object_get(report, "error");
    size_t i;
    json_t *function;
    if (error) {
        printf("FAIL  %s [PN%04d]\n", cli_text_of(error, "message"),
               (int)json_integer_value(json_object_get(error, "number")));
        if (*cli_text_of(error, "detail")) {
            printf("      %s\n", cli_text_of(error, "detail"));
        }
        return;
    }
    printf("%s %s, sha256 %s\n", cli_text_of(report, "pack"), cli_text_of(report, "version"),
           cli_text_of(report, "digest"));
    json_array_foreach(json_object_get(report, "functions"), i, function) {
        print_function(function);
    }
}

static pn_status run(cli_app *cli, pn_error *err) {
    CLI_AUTO_BUF text = PN_BUF_INIT;
    CLI_AUTO_JSON report = NULL;
    pn_probe_options probe = PN_PROBE_OPTIONS_INIT;
    uint64_t timeout_ms = cli_get_duration_ms(cli, "timeout");
    uint64_t rows = cli_get_number(cli, "rows", 0);
    probe.timeout_ms = timeout_ms > UINT32_MAX ? UINT32_MAX : (uint32_t)timeout_ms;
    probe.cancel = cli->cancel;
    probe.rows = rows > UINT32_MAX ? UINT32_MAX : (uint32_t)rows;
    CLI_TRY(pn_udf_probe(cli_operand(cli, 0), &probe, &text, err));
    CLI_TRY(cli_parse(&text, &report, err));
    cli->exit_code = !json_is_true(json_object_get(report, "ok"));
    if (cli->json) {
        return cli_print_json(cli, report, err);
    }
    print_report(report);
    return PN_OK;
}

const cli_verb cli_verb_udf_check = {
    .name = "udf check",
    .operands = "PACK",
    .min_operands = 1,
    .max_operands = 1,
    .summary = "call the functions of a pack and report what goes wrong",
    .about =
        "Loads the shared object in another process, one for each function, and calls it with no\n"
        "rows, one row, nulls, a slice, constants and many rows of the types that it declares;\n"
        "immutable functions twice. Arguments are read-only and end where reading on is fatal.\n"
        "Reports crashes, hangs, wrong lengths, types and null counts, results that stand on\n"
        "freed memory, and results that differ. A function that waits is told to stop after the\n"
        "timeout, and hangs when it does not. Nothing of the pack runs in this process.\n",
    .options = options,
    .examples = "udf check packs/stats.so\nudf check --timeout 1s --json ./stats.so\n",
    .exits = "a function failed, or the pack cannot be loaded",
    .run = run,
};
