/* SPDX-License-Identifier: Apache-2.0 */
/*
 * opt: the command line as data. One table per verb feeds the parser, --help, the manual page and
 * the bash completion, so that they cannot differ.
 */
#ifndef CLI_OPT_H
#define CLI_OPT_H

#include "pinion/error.h"

#include <stdbool.h>
#include <stdio.h>

typedef struct cli_app cli_app;

enum {
    CLI_FLAG = 0,
    CLI_VALUE,    /* any text */
    CLI_FILE,     /* a file, for completion */
    CLI_FOLDER,   /* a folder, for completion */
    CLI_NUMBER,   /* a decimal number */
    CLI_DURATION, /* 500ms, 30s, 5m, 1h, 7d; a bare number is seconds */
    CLI_PAIR,     /* NAME=VALUE */
};

/* One option; a table of them ends with a NULL name. */
typedef struct cli_option {
    const char *name;    /* without the dashes */
    char letter;         /* or 0 */
    char kind;           /* CLI_FLAG … */
    bool repeats;        /* may be given several times */
    const char *value;   /* what the value is called in the help */
    const char *choices; /* "table json csv", or NULL */
    const char *help;
} cli_option;

typedef struct cli_verb {
    const char *name;     /* "run", "cpg build" */
    const char *operands; /* as printed in the usage, "" for none */
    size_t min_operands;
    size_t max_operands; /* SIZE_MAX = any number */
    const char *summary; /* one line for the list of verbs */
    const char *about;   /* sentences; lines end with \n */
    const cli_option *options;
    const char *examples; /* lines, without the leading "pinion " */
    const char *exits;    /* what exit code 1 means here; "" = what it always means */
    pn_status (*run)(cli_app *cli, pn_error *err);
} cli_verb;

typedef struct cli_value {
    const cli_option *option;
    const char *text;
} cli_value;

typedef struct cli_args {
    cli_value *values;
    size_t n_values;
    const char **operands;
    size_t n_operands;
    bool wants_help;
    const char *group; /* help is wanted on the verbs of this word, or NULL */
} cli_args;

/* Reads argv; *verb_out is NULL when no verb is given, and set as soon as it is known, also for a
 * command line that fails behind it. Texts are borrowed from argv. */
pn_status cli_args_parse(int argc, char **argv, cli_args *args, const cli_verb **verb_out,
                         pn_error *err);
void cli_args_dispose(cli_args *args);

bool cli_has(const cli_app *cli, const char *name);
const char *cli_get(const cli_app *cli, const char *name); /* the last one given, or NULL */
/* The value number `index` of an option that repeats; NULL past the end. */
const char *cli_get_at(const cli_app *cli, const char *name, size_t index);
uint64_t cli_get_number(const cli_app *cli, const char *name, uint64_t otherwise);
uint64_t cli_get_duration_ms(const cli_app *cli, const char *name); /* 0 when absent */
const char *cli_operand(const cli_app *cli, size_t index);          /* NULL past the end */

/* help.c: the tables as text. */
void cli_help_program(FILE *out);
void cli_help_group(const char *group, FILE *out); /* "cpg": the verbs behind it */
void cli_help_verb(const cli_verb *verb, FILE *out);
void cli_help_man(FILE *out);
void cli_help_bash(FILE *out);

#endif
