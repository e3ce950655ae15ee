/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Rows of a bundle, batch by batch, to stdout or a file. A file is written beside its target and
 * renamed at the end: it is whole or it is not there. Reaching --limit releases the stream, which
 * stops the query.
 */
#define _GNU_SOURCE
#include "cli/render.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

typedef struct target {
    const char *file; /* NULL = stdout */
    char *partial;    /* what is written now; NULL when `file` itself is (a device, a pipe) */
    FILE *out;
} target;

static void release_stream(struct ArrowArrayStream *stream) {
    if (stream->release) {
        stream->release(stream);
    }
}

static void release_array(struct ArrowArray *array) {
    if (array->release) {
        array->release(array);
    }
}

static void release_schema(struct ArrowSchema *schema) {
    if (schema->release) {
        schema->release(schema);
    }
}

static char *partial_name(const char *file) {
    const char *slash = strrchr(file, '/');
    int dir = slash ? (int)(slash - file + 1) : 0;
    return cli_format("%.*s.%s.%ld", dir, file, file + dir, (long)getpid());
}

static pn_status open_target(target *t, pn_error *err) {
    struct stat info;
    if (!t->file) {
        t->out = stdout;
        return PN_OK;
    }
    bool is_plain = stat(t->file, &info) != 0 || S_ISREG(info.st_mode);
    t->partial = is_plain ? partial_name(t->file) : NULL;
    int flags = O_WRONLY | O_CREAT | O_CLOEXEC | (is_plain ? O_TRUNC : 0);
    int fd = open(t->partial ? t->partial : t->file, flags, 0666);
    t->out = fd >= 0 ? fdopen(fd, "w") : NULL;
    return t->out ? PN_OK : cli_fail_os(err, CLI_E_OUTPUT, errno, "cannot write '%s'", t->file);
}

static pn_status close_target(cli_app *cli, target *t, pn_status status, pn_error *err) {
    if (!t->file || !t->out) {
        free(t->partial);
        return status;
    }
    CLI_AUTO_TEXT name = cli_format("'%s'", t->file);
    if (status == PN_OK) {
        status = cli_flush(cli, t->out, name, err);
    }
    if (status == PN_OK && t->partial && fsync(fileno(t->out)) != 0) {
        status = cli_fail_os(err, CLI_E_OUTPUT, errno, "cannot write to %s", name);
    }
    fclose(t->out);
    if (status == PN_OK && t->partial && rename(t->partial, t->file) != 0) {
        status = cli_fail_os(err, CLI_E_OUTPUT, errno, "cannot write %s", name);
    }
    if (status != PN_OK && t->partial) {
        unlink(t->partial);
    }
    free(t->partial);
    return status;
}

/* Keeps the first `rows` rows; the children are cut too, because IPC writes them as they are. */
static void cut_batch(struct ArrowArray *batch, int64_t rows) {
    batch->length = rows;
    for (int64_t i = 0; i < batch->n_children; i++) {
        batch->children[i]->length = batch->offset + rows;
        if (batch->children[i]->null_count > 0) {
            batch->children[i]->null_count = -1; /* not known any more */
        }
    }
}

static pn_status render_batch(cli_app *cli, render *r, struct ArrowArray *batch, uint64_t left,
                              pn_error *err) {
    if ((uint64_t)batch->length > left) {
        cut_batch(batch, (int64_t)left);
    }
    CLI_TRY(pn_format_batch(r->format, batch, err));
    CLI_TRY(r->kind->batch(r, batch->length, err));
    return cli_flush(cli, r->out, r->out == stdout ? "standard output" : "the file", err);
}

static pn_status render_rows(cli_app *cli, render *r, struct ArrowArrayStream *stream,
                             uint64_t limit, pn_error *err) {
    while (r->rows < limit) {
        struct ArrowArray batch = {0};
        int code = stream->get_next(stream, &batch);
        if (code != 0) {
            return pn_result_stream_error(stream, code, err);
        }
        if (!batch.release) {
            return PN_OK;
        }
        pn_status status =
            batch.length ? render_batch(cli, r, &batch, limit - r->rows, err) : PN_OK;
        release_array(&batch);
        CLI_TRY(status);
    }
    return PN_OK;
}

static pn_status render_stream(cli_app *cli, render *r, struct ArrowArrayStream *stream,
                               uint64_t limit, pn_error *err) {
    struct ArrowSchema schema = {0};
    int code = stream->get_schema(stream, &schema);
    if (code != 0) {
        return pn_result_stream_error(stream, code, err);
    }
    pn_status status = pn_format_new(&schema, &r->format, err);
    release_schema(&schema);
    CLI_TRY(status);
    CLI_TRY(r->kind->begin(r, err));
    CLI_TRY(render_rows(cli, r, stream, limit, err));
    return r->kind->end(r, err);
}

static pn_exec_options exec_options(const cli_app *cli, const cli_run_request *request) {
    pn_exec_options options = PN_EXEC_OPTIONS_INIT;
    options.cancel = cli->cancel;
    options.timeout_ms = request->timeout_ms;
    options.replay = request->replay;
    options.progress = request->file ? cli_progress : NULL;
    return options;
}

static pn_status run_rendered(cli_app *cli, pn_result *result, const cli_run_request *request,
                              render *r, pn_error *err) {
    struct ArrowArrayStream stream = {0};
    target t = {.file = request->file};
    CLI_TRY(pn_result_stream(result, &stream, err));
    pn_status status = open_target(&t, err);
    if (status == PN_OK) {
        r->out = t.out;
        status = render_stream(cli, r, &stream, request->limit, err);
    }
    release_stream(&stream);
    if (r->kind->dispose) {
        r->kind->dispose(r);
    }
    pn_format_free(r->format);
    pn_buf_dispose(&r->text);
    return close_target(cli, &t, status, err);
}

static void note_rows(const cli_app *cli, uint64_t rows, const char *file) {
    cli_note(cli, "%llu row%s%s%s", (unsigned long long)rows, rows == 1 ? "" : "s",
             file ? " in " : "", file ? file : "");
}

static pn_status write_parquet(cli_app *cli, pn_session *session, const pn_bundle *bundle,
                               const cli_run_request *request, pn_error *err) {
    CLI_AUTO_RESULT result = NULL;
    CLI_AUTO_BUF text = PN_BUF_INIT;
    CLI_AUTO_JSON report = NULL;
    char cwd[PATH_MAX];
    pn_write_request write = PN_WRITE_REQUEST_INIT;
    pn_exec_options options = exec_options(cli, request);
    if (!request->file || request->limit != UINT64_MAX) {
        pn_status status = cli_fail(err, CLI_E_USAGE, "format 'parquet' needs -o FILE%s",
                                    request->file ? " and takes no --limit" : "");
        cli_hint(err, "%s",
                 request->file ? "write LIMIT in the query" : "for example -o rows.parquet");
        return status;
    }
    if (!getcwd(cwd, sizeof cwd)) {
        return cli_fail_os(err, CLI_E_OUTPUT, errno, "the current folder has no path");
    }
    CLI_AUTO_TEXT path = request->file[0] == '/' ? cli_format("%s", request->file)
                                                 : cli_format("%s/%s", cwd, request->file);
    write.format = "parquet";
    write.uri = path;
    write.mode = PN_WRITE_OVERWRITE;
    write.single_file = 1;
    CLI_TRY(pn_exec_write(session, bundle, &write, &options, &result, err));
    CLI_TRY(pn_result_json(result, &text, err));
    CLI_TRY(cli_parse(&text, &report, err));
    const json_t *rows = json_object_get(json_object_get(report, "write"), "rows");
    const char *text_rows = json_string_value(rows); /* large counts are decimal texts */
    cli_progress_end();
    note_rows(cli, text_rows ? strtoull(text_rows, NULL, 10) : (uint64_t)json_integer_value(rows),
              request->file);
    return PN_OK;
}

static const render_kind *choose_kind(const cli_app *cli, const cli_run_request *request) {
    if (request->format) {
        return render_kind_named(request->format);
    }
    const render_kind *by_file = request->file ? render_kind_of_file(request->file) : NULL;
    return by_file      ? by_file
           : cli->agent ? &render_jsonlines
           : cli->json  ? &render_json
                        : &render_table;
}

static pn_status print_rows(cli_app *cli, pn_result *result, const cli_run_request *request,
                            render *r, pn_error *err) {
    CLI_TRY(run_rendered(cli, result, request, r, err));
    cli_progress_end();
    CLI_TRY(cli_flush(cli, stdout, "standard output", err));
    if (request->file || r->kind == &render_table) {
        note_rows(cli, r->rows, request->file);
    }
    return PN_OK;
}

static cli_run_request own_request(const cli_run_request *request) {
    cli_run_request own = *request;
    if (own.file && !strcmp(own.file, "-")) {
        own.file = NULL;
    }
    return own;
}

pn_status cli_run_bundle(cli_app *cli, pn_session *session, const pn_bundle *bundle,
                         const cli_run_request *request, pn_error *err) {
    CLI_AUTO_RESULT result = NULL;
    cli_run_request own = own_request(request);
    render r = {.kind = choose_kind(cli, &own)};
    pn_exec_options options = exec_options(cli, &own);
    if (own.file) {
        cli_progress_start(cli);
    }
    if (r.kind == &render_parquet) {
        return write_parquet(cli, session, bundle, &own, err);
    }
    CLI_TRY(pn_exec_run(session, bundle, &options, &result, err));
    return print_rows(cli, result, &own, &r, err);
}

/* A write tells its rows, another statement only that it is done. */
static pn_status report(cli_app *cli, const pn_result *result, pn_error *err) {
    CLI_AUTO_BUF text = PN_BUF_INIT;
    CLI_AUTO_JSON json = NULL;
    CLI_TRY(pn_result_json(result, &text, err));
    CLI_TRY(cli_parse(&text, &json, err));
    if (cli->json) {
        return cli_print_json(cli, json, err);
    }
    const json_t *written = json_object_get(json, "write");
    if (written) {
        note_rows(cli, strtoull(cli_text_of(written, "rows"), NULL, 10), NULL);
    } else {
        cli_note(cli, "done");
    }
    return PN_OK;
}

pn_status cli_run_statement(cli_app *cli, cli_workspace *workspace, const char *sql,
                            const cli_run_request *request, pn_error *err) {
    CLI_AUTO_RESULT result = NULL;
    CLI_AUTO_BUNDLE bundle = NULL;
    cli_run_request own = own_request(request);
    render r = {.kind = choose_kind(cli, &own)};
    pn_exec_options options = exec_options(cli, &own);
    if (r.kind == &render_parquet) { /* the engine writes it, from a bundle */
        pn_status status = cli_compile(cli, workspace, sql, &bundle, err);
        if (status != PN_OK && err->number == CLI_E_NOT_QUERY) {
            *err = PN_ERROR_INIT;
            return cli_fail(err, CLI_E_USAGE, "only the rows of a query are written as parquet");
        }
        CLI_TRY(status);
        return cli_run_bundle(cli, workspace->session, bundle, request, err);
    }
    if (own.file) {
        cli_progress_start(cli);
    }
    CLI_TRY(cli_statement(cli, workspace, sql, &options, &result, err));
    if (pn_result_kind(result) != PN_RESULT_STREAM) {
        return report(cli, result, err);
    }
    return print_rows(cli, result, &own, &r, err);
}
