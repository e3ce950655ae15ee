/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The parser. The global options may stand before or behind the verb, since people write them in
 * both places; a verb's own options win where both have a name. Everything is checked here (unknown
 * words, numbers, choices), so that a verb only reads values. Each complaint names the word and,
 * where one is near, the word that was meant.
 */
#include "cli/opt.h"

#include "cli/cli.h"

#include <stdlib.h>
#include <string.h>

typedef struct parser {
    int argc, at;
    char **argv;
    cli_args *args;
    const cli_verb *verb;
    bool only_operands; /* behind "--" */
} parser;

void cli_args_dispose(cli_args *args) {
    free(args->values);
    free(args->operands);
    *args = (cli_args){0};
}

static const cli_option *find_in(const cli_option *table, const char *name, size_t len,
                                 char letter) {
    for (; table && table->name; table++) {
        bool same_name = name && strlen(table->name) == len && !strncmp(table->name, name, len);
        if (same_name || (letter && table->letter == letter)) {
            return table;
        }
    }
    return NULL;
}

static const cli_option *find_option(const parser *p, const char *name, size_t len, char letter) {
    const cli_option *found = p->verb ? find_in(p->verb->options, name, len, letter) : NULL;
    return found ? found : find_in(cli_global_options, name, len, letter);
}

static size_t collect_names(const cli_option *table, const char **names, size_t at, size_t cap) {
    for (; table && table->name && at + 1 < cap; table++) {
        names[at++] = table->name;
    }
    names[at] = NULL;
    return at;
}

static pn_status unknown_option(const parser *p, const char *word, const char *name,
                                pn_error *err) {
    const char *names[64];
    size_t count = collect_names(p->verb ? p->verb->options : NULL, names, 0, 64);
    names[count++] = "help";
    collect_names(cli_global_options, names, count, 64);
    pn_status status =
        p->verb ? cli_fail(err, CLI_E_USAGE, "'%s' has no option '%s'", p->verb->name, word)
                : cli_fail(err, CLI_E_USAGE, "there is no option '%s' before a verb", word);
    const char *near = name ? cli_nearest(name, names) : NULL;
    if (near) {
        cli_hint(err, "did you mean '--%s'?", near);
    } else if (p->verb) {
        cli_hint(err, "`pinion %s --help` lists the options", p->verb->name);
    }
    return status;
}

static void keep_value(parser *p, const cli_option *option, const char *text) {
    cli_args *args = p->args;
    args->values = cli_grow(args->values, (args->n_values + 1) * sizeof *args->values);
    args->values[args->n_values++] = (cli_value){option, text};
}

static pn_status check_choice(const cli_option *option, const char *text, pn_error *err) {
    char words[256];
    const char *list[32];
    size_t count = 0;
    snprintf(words, sizeof words, "%s", option->choices);
    for (char *save = NULL, *word = strtok_r(words, " ", &save); word && count < 31;
         word = strtok_r(NULL, " ", &save)) {
        if (!strcmp(word, text)) {
            return PN_OK;
        }
        list[count++] = word;
    }
    list[count] = NULL;
    const char *near = cli_nearest(text, list);
    pn_status status =
        cli_fail(err, CLI_E_USAGE, "option '--%s' does not take '%s'", option->name, text);
    if (near) {
        cli_hint(err, "did you mean '%s'? Allowed: %s", near, option->choices);
    } else {
        cli_hint(err, "allowed: %s", option->choices);
    }
    return status;
}

static bool read_number(const char *text, uint64_t *out, const char **rest) {
    char *end = NULL;
    if (*text < '0' || *text > '9' || strlen(text) > 18) {
        return false;
    }
    *out = strtoull(text, &end, 10);
    *rest = end;
    return true;
}

static bool read_duration(const char *text, uint64_t *ms_out) {
    static const struct {
        const char *unit;
        uint64_t ms;
    } units[] = {{"ms", 1}, {"s", 1000}, {"", 1000}, {"m", 60000}, {"h", 3600000}, {"d", 86400000}};
    const char *rest;
    uint64_t count;
    if (!read_number(text, &count, &rest)) {
        return false;
    }
    for (size_t i = 0; i < sizeof units / sizeof *units; i++) {
        if (!strcmp(rest, units[i].unit) && count > 0 && count <= UINT64_MAX / units[i].ms) {
            *ms_out = count * units[i].ms;
            return true;
        }
    }
    return false;
}

static pn_status check_value(const cli_option *option, const char *text, pn_error *err) {
    uint64_t number;
    const char *rest = "";
    if (!cli_utf8_valid(text, strlen(text))) {
        return cli_fail(err, CLI_E_ENCODING, "the value of '--%s' is not UTF-8", option->name);
    }
    if (option->choices) {
        return check_choice(option, text, err);
    }
    if (option->kind == CLI_NUMBER && (!read_number(text, &number, &rest) || *rest)) {
        return cli_fail(err, CLI_E_USAGE, "option '--%s' takes a number, not '%s'", option->name,
                        text);
    }
    if (option->kind == CLI_DURATION && !read_duration(text, &number)) {
        pn_status status =
            cli_fail(err, CLI_E_USAGE, "option '--%s' takes a time, not '%s'", option->name, text);
        cli_hint(err, "write 500ms, 30s, 5m, 1h or 7d");
        return status;
    }
    if (option->kind == CLI_PAIR && (!strchr(text, '=') || *text == '=')) {
        return cli_fail(err, CLI_E_USAGE, "option '--%s' takes NAME=VALUE, not '%s'", option->name,
                        text);
    }
    return PN_OK;
}

/* `inline_value` is what followed "=" or the letter, or NULL. */
static pn_status take_option(parser *p, const cli_option *option, const char *inline_value,
                             pn_error *err) {
    if (option->kind == CLI_FLAG) {
        if (inline_value) {
            return cli_fail(err, CLI_E_USAGE, "option '--%s' takes no value", option->name);
        }
        keep_value(p, option, "");
        return PN_OK;
    }
    if (!inline_value && p->at < p->argc) {
        inline_value = p->argv[p->at++];
    }
    if (!inline_value) {
        return cli_fail(err, CLI_E_USAGE, "option '--%s' needs a value: %s", option->name,
                        option->value);
    }
    CLI_TRY(check_value(option, inline_value, err));
    keep_value(p, option, inline_value);
    return PN_OK;
}

static pn_status take_long(parser *p, const char *word, pn_error *err) {
    const char *name = word + 2;
    const char *equals = strchr(name, '=');
    size_t len = equals ? (size_t)(equals - name) : strlen(name);
    if (len == 4 && !strncmp(name, "help", 4)) {
        p->args->wants_help = true;
        return PN_OK;
    }
    const cli_option *option = find_option(p, name, len, 0);
    if (option) {
        return take_option(p, option, equals ? equals + 1 : NULL, err);
    }
    char bare[128];
    snprintf(bare, sizeof bare, "%.*s", (int)(len < 127 ? len : 127), name);
    return unknown_option(p, word, bare, err);
}

static pn_status take_letters(parser *p, const char *word, pn_error *err) {
    for (const char *letter = word + 1; *letter; letter++) {
        const cli_option *option = find_option(p, NULL, 0, *letter);
        if (*letter == 'h' && !option) {
            p->args->wants_help = true;
            continue;
        }
        if (!option) {
            return unknown_option(p, word, NULL, err);
        }
        if (option->kind != CLI_FLAG) {
            return take_option(p, option, letter[1] ? letter + 1 : NULL, err);
        }
        keep_value(p, option, "");
    }
    return PN_OK;
}

static pn_status group_alone(const char *group, pn_error *err) {
    pn_status status = cli_fail(err, CLI_E_USAGE, "'%s' needs a verb behind it", group);
    cli_hint(err, "`pinion %s --help` lists them", group);
    return status;
}

static void hint_usage(const cli_verb *verb, pn_error *err) {
    cli_hint(err, "usage: pinion %s%s%s%s", verb->name, verb->options->name ? " [OPTION]…" : "",
             *verb->operands ? " " : "", verb->operands);
}

/* "cpg build" is two words; `word` is the first, the second is looked up behind it. */
static pn_status take_verb(parser *p, const char *word, pn_error *err) {
    const char *names[64] = {0};
    const char *next = p->at < p->argc ? p->argv[p->at] : "";
    size_t len = strlen(word);
    bool has_group = false;
    if (!p->args->wants_help && !strcmp(word, "help")) { /* `help VERB` is `VERB --help` */
        p->args->wants_help = true;
        return PN_OK;
    }
    for (size_t i = 0; cli_verbs[i]; i++) {
        const char *name = cli_verbs[i]->name;
        bool is_group = !strncmp(name, word, len) && name[len] == ' ';
        names[i] = name;
        has_group = has_group || is_group;
        if (!strcmp(name, word) || (is_group && !strcmp(name + len + 1, next))) {
            p->verb = cli_verbs[i];
            p->at += is_group;
            return PN_OK;
        }
    }
    bool asks = p->args->wants_help || !strcmp(next, "--help") || !strcmp(next, "-h");
    if (has_group && asks) {
        p->args->wants_help = true;
        p->args->group = word;
        p->at = p->argc;
        return PN_OK;
    }
    if (has_group && (!*next || *next == '-')) {
        return group_alone(word, err);
    }
    CLI_AUTO_TEXT both = has_group ? cli_format("%s %s", word, next) : NULL;
    const char *wrong = both ? both : word;
    const char *near = cli_nearest(wrong, names);
    pn_status status = cli_fail(err, CLI_E_USAGE, "there is no verb '%s'", wrong);
    if (near) {
        cli_hint(err, "did you mean `pinion %s`? `pinion --help` lists the verbs", near);
    }
    return status;
}

static pn_status take_operand(parser *p, const char *word, pn_error *err) {
    cli_args *args = p->args;
    if (!p->verb && !p->only_operands) {
        return take_verb(p, word, err);
    }
    if (!p->verb || args->n_operands == p->verb->max_operands) {
        pn_status status = cli_fail(err, CLI_E_USAGE, "'%s' is one argument too many", word);
        if (p->verb) {
            hint_usage(p->verb, err);
        }
        return status;
    }
    if (!cli_utf8_valid(word, strlen(word))) {
        return cli_fail(err, CLI_E_ENCODING, "argument %zu of '%s' is not UTF-8",
                        args->n_operands + 1, p->verb->name);
    }
    args->operands = cli_grow(args->operands, (args->n_operands + 1) * sizeof *args->operands);
    args->operands[args->n_operands++] = word;
    return PN_OK;
}

static pn_status take_words(parser *p, pn_error *err) {
    while (p->at < p->argc) {
        const char *word = p->argv[p->at++];
        if (p->only_operands || word[0] != '-' || !word[1]) {
            CLI_TRY(take_operand(p, word, err));
        } else if (!strcmp(word, "--")) {
            p->only_operands = true;
        } else if (word[1] == '-') {
            CLI_TRY(take_long(p, word, err));
        } else {
            CLI_TRY(take_letters(p, word, err));
        }
    }
    return PN_OK;
}

pn_status cli_args_parse(int argc, char **argv, cli_args *args, const cli_verb **verb_out,
                         pn_error *err) {
    parser p = {.argc = argc, .at = 1, .argv = argv, .args = args};
    pn_status parsed = take_words(&p, err);
    *verb_out = p.verb;
    CLI_TRY(parsed);
    if (p.verb && !args->wants_help && args->n_operands < p.verb->min_operands) {
        pn_status status =
            cli_fail(err, CLI_E_USAGE, "'%s' needs %s", p.verb->name, p.verb->operands);
        hint_usage(p.verb, err);
        return status;
    }
    return PN_OK;
}

const char *cli_get_at(const cli_app *cli, const char *name, size_t index) {
    for (size_t i = 0; i < cli->args.n_values; i++) {
        if (!strcmp(cli->args.values[i].option->name, name) && index-- == 0) {
            return cli->args.values[i].text;
        }
    }
    return NULL;
}

const char *cli_get(const cli_app *cli, const char *name) {
    for (size_t i = cli->args.n_values; i-- > 0;) {
        if (!strcmp(cli->args.values[i].option->name, name)) {
            return cli->args.values[i].text;
        }
    }
    return NULL;
}

bool cli_has(const cli_app *cli, const char *name) {
    return cli_get(cli, name) != NULL;
}

uint64_t cli_get_number(const cli_app *cli, const char *name, uint64_t otherwise) {
    const char *text = cli_get(cli, name);
    const char *rest;
    uint64_t number = otherwise;
    return text && read_number(text, &number, &rest) ? number : otherwise;
}

uint64_t cli_get_duration_ms(const cli_app *cli, const char *name) {
    const char *text = cli_get(cli, name);
    uint64_t ms = 0;
    return text && read_duration(text, &ms) ? ms : 0;
}

const char *cli_operand(const cli_app *cli, size_t index) {
    return index < cli->args.n_operands ? cli->args.operands[index] : NULL;
}
