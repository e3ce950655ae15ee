/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The program: global options, signals, one verb, one exit code.
 *
 * The first Ctrl-C fires the cancellation token, and the verb ends as any cancelled call does; a
 * second one kills. Blocking reads and writes are not restarted, so they end, too. SIGPIPE has an
 * empty handler rather than being ignored, because helper programs would inherit that; a write then
 * fails with EPIPE.
 */
#define _GNU_SOURCE
#include "pinion/engine.h"

#include "cli/cli.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

static pn_cancel *interrupted; /* set before the handler is installed */
static volatile sig_atomic_t was_interrupted;
static struct timespec interrupted_at; /* written by the first signal only */

/* Wrappers such as timeout(1) signal the process and its group: that is one Ctrl-C, not two. */
#define REPEAT_MS 300

static void on_interrupt(int signal_number) {
    int saved = errno;
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    if (!was_interrupted) {
        was_interrupted = 1;
        interrupted_at = now;
        pn_cancel_fire(interrupted);
    } else if ((now.tv_sec - interrupted_at.tv_sec) * 1000 +
                   (now.tv_nsec - interrupted_at.tv_nsec) / 1000000 >=
               REPEAT_MS) {
        signal(signal_number, SIG_DFL);
        raise(signal_number);
    }
    errno = saved;
}

static void on_pipe(int signal_number) {
    (void)signal_number;
}

static void install_signals(pn_cancel *cancel) {
    struct sigaction action = {.sa_handler = on_interrupt};
    struct sigaction pipe_action = {.sa_handler = on_pipe, .sa_flags = SA_RESTART};
    /* One at a time: the handler keeps the time of the first. */
    sigaddset(&action.sa_mask, SIGINT);
    sigaddset(&action.sa_mask, SIGTERM);
    interrupted = cancel;
    sigaction(SIGINT, &action, NULL);
    sigaction(SIGTERM, &action, NULL);
    sigaction(SIGPIPE, &pipe_action, NULL);
}

static void log_line(void *ctx, const char *message, size_t len) {
    (void)ctx;
    fprintf(stderr, "pinion: debug: %.*s\n", (int)len, message);
}

static pn_status print_version(cli_app *cli, pn_error *err) {
    CLI_AUTO_BUF text = PN_BUF_INIT;
    CLI_AUTO_JSON info = NULL;
    CLI_TRY(pn_engine_info(&text, err));
    CLI_TRY(cli_parse(&text, &info, err));
    if (cli->json) {
        return cli_print_json(cli, info, err);
    }
    printf("pinion %s\n", pn_version());
    const char *key;
    json_t *value;
    json_object_foreach(info, key, value) {
        if (json_is_string(value) && strcmp(key, "pinion") != 0) {
            printf("  %-21s %s\n", key, json_string_value(value));
        }
    }
    return cli_flush(cli, stdout, "standard output", err);
}

/* --set takes KEY=VALUE; the key is cut off in a copy that lives as long as the program. */
static void read_settings(cli_app *cli) {
    const char *pair;
    while ((pair = cli_get_at(cli, "set", cli->n_settings))) {
        const char *equals = strchr(pair, '=');
        cli->settings = cli_grow(cli->settings, (cli->n_settings + 1) * sizeof *cli->settings);
        cli->settings[cli->n_settings++] = (pn_setting){
            cli_format("%.*s", (int)(equals - pair), pair), cli_format("%s", equals + 1)};
    }
}

static pn_status read_globals(cli_app *cli, pn_error *err) {
    const char *dir = cli_get(cli, "directory");
    cli->agent = cli_has(cli, "agent");
    cli->json = cli->agent || cli_has(cli, "json");
    cli->quiet = cli_has(cli, "quiet");
    if (cli->quiet && cli_has(cli, "verbose")) {
        return cli_fail(err, CLI_E_USAGE, "'--quiet' and '--verbose' exclude each other");
    }
    if (cli_has(cli, "verbose")) {
        pn_log_set(log_line, NULL);
    }
    read_settings(cli);
    if (dir && chdir(dir) != 0) {
        int32_t number = errno == ENOENT ? CLI_E_FILE_MISSING : CLI_E_INPUT;
        return cli_fail_os(err, number, errno, "cannot work in folder '%s'", dir);
    }
    return PN_OK;
}

static pn_status dispatch(cli_app *cli, pn_error *err) {
    if (cli->args.wants_help || (!cli->verb && !cli_has(cli, "version"))) {
        bool was_asked = cli->args.wants_help;
        if (cli->verb) {
            cli_help_verb(cli->verb, stdout);
        } else if (cli->args.group) {
            cli_help_group(cli->args.group, stdout);
        } else {
            cli_help_program(was_asked ? stdout : stderr);
        }
        cli->exit_code = was_asked ? 0 : 2;
        return cli_flush(cli, stdout, "standard output", err);
    }
    CLI_TRY(read_globals(cli, err));
    return cli->verb ? cli->verb->run(cli, err) : print_version(cli, err);
}

/* --json must shape the complaint about a command line that did not parse, too. */
static bool asks_for_json(int argc, char **argv) {
    for (int i = 1; i < argc; i++) {
        if (!strcmp(argv[i], "--json") || !strcmp(argv[i], "--agent")) {
            return true;
        }
    }
    return false;
}

/* A complaint about a command line points at the help of its verb, unless it says more itself. */
static void point_at_help(const cli_app *cli, pn_error *err) {
    const pn_error_entry *row = pn_error_catalogue_find(CLI_E_USAGE);
    if (err->number == CLI_E_USAGE && cli->verb && row && !strcmp(err->hint, row->remedy)) {
        cli_hint(err, "`pinion %s --help` says what it takes", cli->verb->name);
    }
}

static void dispose(cli_app *cli) {
    for (size_t i = 0; i < cli->n_settings; i++) {
        free((char *)(uintptr_t)cli->settings[i].key);
        free((char *)(uintptr_t)cli->settings[i].value);
    }
    free(cli->settings);
    cli_args_dispose(&cli->args);
}

int main(int argc, char **argv) {
    pn_error err = PN_ERROR_INIT;
    cli_app cli = {.json = asks_for_json(argc, argv), .cancel = pn_cancel_new()};
    install_signals(cli.cancel);
    pn_status status = cli_args_parse(argc, argv, &cli.args, &cli.verb, &err);
    if (status == PN_OK) {
        status = dispatch(&cli, &err);
    }
    cli_progress_end();
    if (status == PN_OK) {
        status = cli_flush(&cli, stdout, "standard output", &err);
    }
    int code = status == PN_OK ? cli.exit_code : pn_status_exit_code(status);
    if (cli.pipe_closed) {
        code = 0;
    } else if (status != PN_OK) {
        point_at_help(&cli, &err);
        cli_print_error(&cli, &err);
    }
    if (cli_has(&cli, "verbose") && !cli.quiet) { /* more than the engine and the token is a leak */
        fprintf(stderr, "pinion: debug: %lld engine objects are alive at the end\n",
                (long long)pn_engine_live_handles());
    }
    dispose(&cli);
    return code; /* the token stays: a late signal may still fire it */
}
