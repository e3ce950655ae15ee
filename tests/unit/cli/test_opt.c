/* SPDX-License-Identifier: Apache-2.0 */
/* The parser on command lines that people write. */
#include "t.h"

#include "cli/cli.h"

#include <string.h>

#define MOST 16

/* Splits at spaces into static storage, parses, and keeps the verb in the program. */
static pn_status parse(const char *line, cli_app *cli, pn_error *err) {
    static char text[256];
    static char *argv[MOST];
    int argc = 0;
    snprintf(text, sizeof text, "pinion %s", line);
    for (char *save = NULL, *word = strtok_r(text, " ", &save); word && argc < MOST;
         word = strtok_r(NULL, " ", &save)) {
        argv[argc++] = word;
    }
    *cli = (cli_app){0};
    return cli_args_parse(argc, argv, &cli->args, &cli->verb, err);
}

T_CASE(options_stand_before_and_behind_the_verb) {
    cli_app cli;
    pn_error err = PN_ERROR_INIT;
    T_OK(parse("-C shop --set a=1 build --set=b=2 one -q -- -two", &cli, &err), &err);
    T_EQ_STR(cli.verb->name, "build");
    T_EQ_STR(cli_get(&cli, "directory"), "shop");
    T_EQ_STR(cli_get_at(&cli, "set", 0), "a=1");
    T_EQ_STR(cli_get_at(&cli, "set", 1), "b=2");
    T_ASSERT(cli_get_at(&cli, "set", 2) == NULL);
    T_ASSERT(cli_has(&cli, "quiet"));
    T_ASSERT(!cli_has(&cli, "json"));
    T_EQ_STR(cli_operand(&cli, 0), "one");
    T_EQ_STR(cli_operand(&cli, 1), "-two");
    T_ASSERT(cli_operand(&cli, 2) == NULL);
    cli_args_dispose(&cli.args);
}

T_CASE(letters_join_and_take_values) {
    cli_app cli;
    pn_error err = PN_ERROR_INIT;
    T_OK(parse("-qCshop run -cselect --limit 5 --timeout 2m", &cli, &err), &err);
    T_EQ_STR(cli_get(&cli, "directory"), "shop");
    T_EQ_STR(cli_get(&cli, "command"), "select");
    T_EQ_UINT(cli_get_number(&cli, "limit", 9), 5);
    T_EQ_UINT(cli_get_duration_ms(&cli, "timeout"), 120000);
    cli_args_dispose(&cli.args);
    T_OK(parse("run --timeout 1500ms", &cli, &err), &err);
    T_EQ_UINT(cli_get_duration_ms(&cli, "timeout"), 1500);
    T_EQ_UINT(cli_get_number(&cli, "limit", 9), 9);
    cli_args_dispose(&cli.args);
}

T_CASE(a_verb_of_two_words) {
    cli_app cli;
    pn_error err = PN_ERROR_INIT;
    T_OK(parse("cpg query callers -p a=b=c", &cli, &err), &err);
    T_EQ_STR(cli.verb->name, "cpg query");
    T_EQ_STR(cli_operand(&cli, 0), "callers");
    T_EQ_STR(cli_get(&cli, "param"), "a=b=c");
    cli_args_dispose(&cli.args);
}

T_CASE(mistakes_are_named) {
    static const struct {
        const char *line, *word;
    } wrong[] = {
        {"frob", "frob"},         {"cpg", "cpg"},
        {"run --nope", "--nope"}, {"run -Z", "-Z"},
        {"run --limit", "limit"}, {"run --limit -1", "-1"},
        {"run --limit 1x", "1x"}, {"run --limit 99999999999999999999", "limit"},
        {"run --timeout 0", "0"}, {"run --format xml", "xml"},
        {"--set =1 run", "=1"},   {"--quiet=yes run", "quiet"},
        {"lineage", "lineage"},   {"lineage a b c", "'c'"},
        {"--nope run", "--nope"},
    };
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        cli_app cli;
        pn_error err = PN_ERROR_INIT;
        T_STATUS(parse(wrong[i].line, &cli, &err), PN_INVALID, &err);
        T_EQ_INT(err.number, CLI_E_USAGE);
        T_ASSERT(strstr(err.message, wrong[i].word));
        T_ASSERT(err.hint[0]);
        cli_args_dispose(&cli.args);
    }
}

T_CASE(every_verb_is_documented) {
    for (size_t i = 0; cli_verbs[i]; i++) {
        const cli_verb *verb = cli_verbs[i];
        T_ASSERT(*verb->summary && *verb->about && *verb->examples && verb->run);
        T_ASSERT(verb->min_operands <= verb->max_operands);
        T_EQ_INT(verb->about[strlen(verb->about) - 1], '\n');
        T_EQ_INT(verb->examples[strlen(verb->examples) - 1], '\n');
        for (const cli_option *o = verb->options; o->name; o++) {
            T_ASSERT(*o->help && (o->kind == CLI_FLAG) == !o->value);
        }
    }
}
