/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the program says. Results go to stdout, all else to stderr. An error is three lines for
 * people and one JSON object for programs; both hold the same. stdout is checked when it is
 * flushed: a full disk is a failure, a reader that went away (`| head`) is not.
 */
#define _GNU_SOURCE
#include "cli/cli.h"

#include <errno.h>
#include <poll.h>
#include <stdarg.h>
#include <string.h>

static pn_status fill(pn_error *err, int32_t number, const char *format, va_list args) {
    const pn_error_entry *row = pn_error_catalogue_find(number);
    pn_status status = row ? row->status : PN_INTERNAL;
    *err = PN_ERROR_INIT;
    err->status = status;
    err->number = number;
    vsnprintf(err->message, sizeof err->message, format, args);
    snprintf(err->hint, sizeof err->hint, "%s", row ? row->remedy : "");
    return status;
}

pn_status cli_fail(pn_error *err, int32_t number, const char *format, ...) {
    va_list args;
    va_start(args, format);
    pn_status status = fill(err, number, format, args);
    va_end(args);
    return status;
}

pn_status cli_fail_os(pn_error *err, int32_t number, int os_errno, const char *format, ...) {
    va_list args;
    va_start(args, format);
    pn_status status = fill(err, number, format, args);
    va_end(args);
    const char *why = strerrordesc_np(os_errno);
    size_t len = strlen(err->message);
    err->os_errno = os_errno;
    snprintf(err->message + len, sizeof err->message - len, ": %s", why ? why : "system error");
    return status;
}

void cli_detail(pn_error *err, const char *format, ...) {
    va_list args;
    va_start(args, format);
    vsnprintf(err->detail, sizeof err->detail, format, args);
    va_end(args);
}

void cli_hint(pn_error *err, const char *format, ...) {
    va_list args;
    va_start(args, format);
    vsnprintf(err->hint, sizeof err->hint, format, args);
    va_end(args);
}

/* JSON holds UTF-8 alone, and what an error tells of (a path, words of a pack) may be other bytes:
 * then what is not ASCII becomes '?'. */
static json_t *text_json(const char *text) {
    json_t *value = json_string(text);
    if (value) {
        return value;
    }
    CLI_AUTO_TEXT ascii = cli_format("%s", text);
    for (char *at = ascii; *at; at++) {
        *at = (char)((unsigned char)*at < 0x80 ? *at : '?');
    }
    return json_string(ascii);
}

json_t *cli_error_json(const pn_error *err) {
    char number[16];
    snprintf(number, sizeof number, "PN%04d", err->number);
    return json_pack("{s:s, s:s, s:o, s:o, s:o}", "number", number, "status",
                     pn_status_name(err->status), "message", text_json(err->message), "detail",
                     text_json(err->detail), "hint", text_json(err->hint));
}

static void print_error_json(const pn_error *err) {
    CLI_AUTO_JSON document = json_pack("{s:o}", "error", cli_error_json(err));
    json_dumpf(document, stderr, JSON_COMPACT);
    fputc('\n', stderr);
}

void cli_print_error(const cli_app *cli, const pn_error *err) {
    if (cli->json) {
        print_error_json(err);
        return;
    }
    fprintf(stderr, "pinion: %s [PN%04d]\n", err->message, err->number);
    for (const char *line = err->detail; *line;) {
        size_t len = strcspn(line, "\n");
        fprintf(stderr, "  %.*s\n", (int)len, line);
        line += len + (line[len] == '\n');
    }
    if (err->hint[0]) {
        fprintf(stderr, "hint: %s\n", err->hint);
    }
}

void cli_note(const cli_app *cli, const char *format, ...) {
    va_list args;
    if (cli->quiet || cli->json) {
        return;
    }
    va_start(args, format);
    vfprintf(stderr, format, args);
    va_end(args);
    fputc('\n', stderr);
}

void cli_print_warnings(const cli_app *cli, const json_t *warnings) {
    size_t i;
    json_t *warning;
    cli_progress_end();
    json_array_foreach((json_t *)(uintptr_t)warnings, i, warning) {
        if (!cli->json) { /* else they stand in the document */
            fprintf(stderr, "pinion: warning: %s [%s]\n", cli_text_of(warning, "message"),
                    cli_text_of(warning, "number"));
            fprintf(stderr, "hint: %s\n", cli_text_of(warning, "hint"));
        }
    }
}

/* A reader of the pipe is gone. Asked of the kernel: stdio may have met the failure much earlier.
 */
static bool is_pipe_closed(FILE *out) {
    struct pollfd fd = {fileno(out), POLLOUT, 0};
    return poll(&fd, 1, 0) == 1 && (fd.revents & POLLERR);
}

pn_status cli_flush(cli_app *cli, FILE *out, const char *name, pn_error *err) {
    bool has_failed = ferror(out);
    int why = fflush(out) == 0 ? 0 : errno;
    if (!has_failed && !why) {
        return PN_OK;
    }
    if (pn_cancel_is_fired(cli->cancel)) {
        return cli_fail(err, CLI_E_CANCELLED, "cancelled while writing to %s", name);
    }
    cli->pipe_closed = out == stdout && (why == EPIPE || is_pipe_closed(out));
    /* When an earlier write failed its errno is gone, and a later success says nothing. */
    return has_failed && !why ? cli_fail(err, CLI_E_OUTPUT, "cannot write to %s", name)
                              : cli_fail_os(err, CLI_E_OUTPUT, why, "cannot write to %s", name);
}

pn_status cli_print_json(cli_app *cli, const json_t *document, pn_error *err) {
    json_dumpf(document, stdout, JSON_ENCODE_ANY | (cli->agent ? JSON_COMPACT : JSON_INDENT(2)));
    fputc('\n', stdout);
    return cli_flush(cli, stdout, "standard output", err);
}

static bool is_count(const char *key) {
    static const char *const counts[] = {"bytes",  "files", "files_added", "files_removed",
                                         "joined", "rows",  "version",     NULL};
    for (size_t i = 0; counts[i]; i++) {
        if (!strcmp(key, counts[i])) {
            return true;
        }
    }
    return false;
}

/* The library writes 64-bit numbers as texts, which RFC 8785 needs; all of these fit. */
static void count_row(json_t *row) {
    const char *key;
    json_t *value;
    json_object_foreach(row, key, value) {
        const char *text = is_count(key) ? json_string_value(value) : NULL;
        size_t len = text ? strlen(text) : 0;
        if (len && len < 19 && strspn(text, "0123456789") == len) {
            json_object_set_new(row, key, json_integer(strtoll(text, NULL, 10)));
        }
    }
}

void cli_count(json_t *report) {
    json_t **open = cli_alloc(sizeof *open);
    size_t count = 1;
    open[0] = report;
    while (count) {
        json_t *at = open[--count];
        size_t children = json_is_object(at) ? json_object_size(at) : json_array_size(at);
        size_t index;
        const char *key;
        json_t *value;
        count_row(at);
        open = cli_grow(open, (count + children + 1) * sizeof *open);
        json_object_foreach(at, key, value) open[count++] = value;
        json_array_foreach(at, index, value) open[count++] = value;
    }
    free(open);
}

pn_status cli_print_report(cli_app *cli, json_t *report, pn_error *err) {
    cli_count(report);
    return cli_print_json(cli, report, err);
}

pn_status cli_parse(const pn_buf *text, json_t **json_out, pn_error *err) {
    json_error_t story;
    *json_out = json_loadb((const char *)text->data, text->len, JSON_ALLOW_NUL, &story);
    if (*json_out) {
        return PN_OK;
    }
    pn_status status = cli_fail(err, 1009, "the library gave a document that does not parse");
    cli_detail(err, "%s (line %d, column %d)", story.text, story.line, story.column);
    return status;
}

const char *cli_text_of(const json_t *object, const char *key) {
    const char *text = json_string_value(json_object_get(object, key));
    return text ? text : "";
}
