/* SPDX-License-Identifier: Apache-2.0 */
/* The tables of opt.h as help, as a manual page and as a bash completion. */
#include "cli/cli.h"

#include <ctype.h>
#include <string.h>

static const char exit_one[] = "a check failed, or data differs from what was declared or recorded";
static const char exit_others[] = "  2    the command line, the project or the query is wrong\n"
                                  "  3    the engine, reading or writing failed\n"
                                  "  130  interrupted\n";

static void print_exits(const char *one, FILE *out) {
    fprintf(out, "\nexit codes:\n  0    done\n  1    %s\n%s", *one ? one : exit_one, exit_others);
}

static size_t option_head(const cli_option *option, char *out, size_t cap) {
    char letter[8] = "    ";
    if (option->letter) {
        snprintf(letter, sizeof letter, "-%c, ", option->letter);
    }
    int len = snprintf(out, cap, "%s--%s%s%s", letter, option->name, option->value ? " " : "",
                       option->value ? option->value : "");
    return len < 0 ? 0 : (size_t)len;
}

static void print_options(const cli_option *table, FILE *out) {
    char head[96];
    size_t widest = 0;
    for (const cli_option *o = table; o->name; o++) {
        size_t len = option_head(o, head, sizeof head);
        widest = len > widest ? len : widest;
    }
    for (const cli_option *o = table; o->name; o++) {
        option_head(o, head, sizeof head);
        fprintf(out, "  %-*s  %s\n", (int)widest, head, o->help);
        if (o->choices) {
            fprintf(out, "  %-*s  (%s)\n", (int)widest, "", o->choices);
        }
    }
}

static void print_indented(const char *text, const char *prefix, FILE *out) {
    while (*text) {
        size_t len = strcspn(text, "\n");
        fprintf(out, "%s%.*s\n", prefix, (int)len, text);
        text += len + (text[len] == '\n');
    }
}

void cli_help_program(FILE *out) {
    fputs("pinion: views over Delta, Parquet, CSV, JSON and Arrow data as pinned plans\n\n"
          "usage: pinion [OPTION]… VERB [OPTION]… [ARGUMENT]…\n\nverbs:\n",
          out);
    for (size_t i = 0; cli_verbs[i]; i++) {
        fprintf(out, "  %-14s %s\n", cli_verbs[i]->name, cli_verbs[i]->summary);
    }
    fputs("\noptions of all verbs:\n", out);
    print_options(cli_global_options, out);
    print_exits("", out);
    fputs("\nexamples:\n"
          "  pinion run -c 'select 1'\n"
          "  pinion init shop && pinion -C shop build\n"
          "\n`pinion VERB --help` tells more about a verb.\n",
          out);
}

void cli_help_group(const char *group, FILE *out) {
    size_t len = strlen(group);
    fprintf(out, "usage: pinion %s VERB [OPTION]… [ARGUMENT]…\n\nverbs:\n", group);
    for (size_t i = 0; cli_verbs[i]; i++) {
        const char *name = cli_verbs[i]->name;
        if (!strncmp(name, group, len) && name[len] == ' ') {
            fprintf(out, "  %-14s %s\n", name, cli_verbs[i]->summary);
        }
    }
    fprintf(out, "\n`pinion %s VERB --help` tells more about a verb.\n", group);
}

void cli_help_verb(const cli_verb *verb, FILE *out) {
    fprintf(out, "usage: pinion %s%s%s%s\n\n%s\n", verb->name,
            verb->options->name ? " [OPTION]…" : "", *verb->operands ? " " : "", verb->operands,
            verb->about);
    if (verb->options->name) {
        fputs("options:\n", out);
        print_options(verb->options, out);
        fputc('\n', out);
    }
    fputs("examples:\n", out);
    print_indented(verb->examples, "  pinion ", out);
    print_exits(verb->exits, out);
    fputs("\n`pinion --help` lists the options of all verbs.\n", out);
}

/* Text for troff: a hyphen is a minus, a backslash and a leading dot are data. */
static void put_troff(const char *text, FILE *out) {
    for (const char *c = text; *c; c++) {
        bool at_start = c == text || c[-1] == '\n';
        if (at_start && (*c == '.' || *c == '\'')) {
            fputs("\\&", out);
        }
        if (*c == '-') {
            fputs("\\-", out);
        } else if (*c == '\\') {
            fputs("\\e", out);
        } else {
            fputc(*c, out);
        }
    }
}

static void man_options(const cli_option *table, FILE *out) {
    for (; table->name; table++) {
        char head[96];
        option_head(table, head, sizeof head);
        fputs(".TP\n.B ", out);
        put_troff(head + strspn(head, " "), out);
        fputc('\n', out);
        put_troff(table->help, out);
        if (table->choices) {
            fprintf(out, " (%s)", table->choices);
        }
        fputc('\n', out);
    }
}

static void man_verb(const cli_verb *verb, FILE *out) {
    fprintf(out, ".SS pinion %s %s\n", verb->name, verb->operands);
    put_troff(verb->about, out);
    man_options(verb->options, out);
    fputs(".PP\n.nf\n", out);
    for (const char *line = verb->examples; *line;) {
        size_t len = strcspn(line, "\n");
        char text[256];
        snprintf(text, sizeof text, "    pinion %.*s\n", (int)len, line);
        put_troff(text, out);
        line += len + (line[len] == '\n');
    }
    fputs(".fi\n", out);
}

void cli_help_man(FILE *out) {
    fprintf(out,
            ".TH PINION 1 \"\" \"pinion %s\" \"User Commands\"\n.SH NAME\npinion \\- pinned, "
            "replayable query plans\n.SH SYNOPSIS\n.B pinion\n[OPTION]... VERB [OPTION]... "
            "[ARGUMENT]...\n.SH DESCRIPTION\n",
            pn_version());
    fputs("Turns views over Delta, Parquet, CSV, JSON and Arrow data into plans whose inputs are\n"
          "pinned. Results go to standard output, everything else to standard error.\n"
          ".SH OPTIONS OF ALL VERBS\n",
          out);
    man_options(cli_global_options, out);
    fputs(".SH VERBS\n", out);
    for (size_t i = 0; cli_verbs[i]; i++) {
        man_verb(cli_verbs[i], out);
    }
    fputs(".SH EXIT STATUS\n.nf\n", out);
    fprintf(out, "  0    done\n  1    %s\n", exit_one);
    put_troff(exit_others, out);
    fputs(".fi\n.SH SEE ALSO\nThe folder docs of the sources: cli.md, project\\-file.md, "
          "settings.md, errors.md.\n",
          out);
}

static void bash_words(const cli_option *table, FILE *out) {
    for (; table->name; table++) {
        fprintf(out, "--%s ", table->name);
    }
}

/* One case per option that takes something: its choices, files or folders. */
static void bash_values(const char *scope, const cli_option *table, FILE *out) {
    for (; table->name; table++) {
        if (table->kind == CLI_FLAG) {
            continue;
        }
        fprintf(out, "        '%s:--%s'", scope, table->name);
        if (table->letter) {
            fprintf(out, "|'%s:-%c'", scope, table->letter);
        }
        if (table->choices) {
            fprintf(out, ") COMPREPLY=($(compgen -W '%s' -- \"$cur\"));;\n", table->choices);
        } else if (table->kind == CLI_FILE || table->kind == CLI_FOLDER) {
            fprintf(out, ") COMPREPLY=($(compgen -%c -- \"$cur\"));;\n",
                    table->kind == CLI_FILE ? 'f' : 'd');
        } else {
            fputs(") COMPREPLY=();;\n", out);
        }
    }
}

/* "cpg build" is a word of the group "cpg". Verbs of a group stand together. */
static void bash_group_words(FILE *out) {
    size_t open_len = 0;
    const char *open = "";
    for (size_t i = 0; cli_verbs[i]; i++) {
        const char *name = cli_verbs[i]->name;
        size_t len = strcspn(name, " ");
        if (!name[len]) {
            continue;
        }
        if (len != open_len || strncmp(open, name, len) != 0) {
            fprintf(out, "%s        '%.*s') words='", open_len ? "';;\n" : "", (int)len, name);
            open = name;
            open_len = len;
        }
        fprintf(out, "%s ", name + len + 1);
    }
    fputs(open_len ? "';;\n" : "", out);
}

/* What stands behind a group makes one verb of the two words. */
static void bash_group_patterns(FILE *out) {
    const char *bar = "            ";
    for (size_t i = 0; cli_verbs[i]; i++) {
        const char *name = cli_verbs[i]->name;
        size_t len = strcspn(name, " ");
        if (name[len]) {
            fprintf(out, "%s'%.*s:%s'", bar, (int)len, name, name + len + 1);
            bar = "|";
        }
    }
    fputs(") verb=\"$verb $word\";;\n", out);
}

static void bash_verb_words(FILE *out) {
    fputs("    case \"$verb\" in\n        '') words='", out);
    for (size_t i = 0; cli_verbs[i]; i++) {
        const char *name = cli_verbs[i]->name;
        size_t len = strcspn(name, " ");
        bool is_repeated = i && !strncmp(cli_verbs[i - 1]->name, name, len + 1) && name[len];
        if (!is_repeated) {
            fprintf(out, "%.*s ", (int)len, name);
        }
    }
    fputs("';;\n", out);
    for (size_t i = 0; cli_verbs[i]; i++) {
        fprintf(out, "        '%s') words='", cli_verbs[i]->name);
        bash_words(cli_verbs[i]->options, out);
        fputs("--help';;\n", out);
    }
    bash_group_words(out);
    fputs("    esac\n", out);
}

void cli_help_bash(FILE *out) {
    fputs("# bash completion of pinion; made by `pinion completion bash`\n"
          "_pinion() {\n"
          "    local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD-1]}\n"
          "    local verb= words= globals= skip= i word\n"
          "    for ((i = 1; i < COMP_CWORD; i++)); do\n"
          "        word=${COMP_WORDS[i]}\n"
          "        if [ -n \"$skip\" ]; then skip=; continue; fi\n"
          "        case \"$verb:$word\" in\n"
          "            ':-C'|':--directory'|':--profile'|':--set'|':--policy') skip=1;;\n"
          "            :-*) ;;\n"
          "            :*) verb=$word;;\n",
          out);
    bash_group_patterns(out);
    fputs("        esac\n"
          "    done\n"
          "    globals='",
          out);
    bash_words(cli_global_options, out);
    fputs("'\n", out);
    bash_verb_words(out);
    fputs("    COMPREPLY=($(compgen -W \"$words $globals\" -- \"$cur\"))\n"
          "    case \"$verb:$prev\" in\n",
          out);
    bash_values("", cli_global_options, out);
    for (size_t i = 0; cli_verbs[i]; i++) {
        bash_values(cli_verbs[i]->name, cli_verbs[i]->options, out);
    }
    fputs("    esac\n}\ncomplete -o default -F _pinion pinion\n", out);
}
