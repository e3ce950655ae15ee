/* SPDX-License-Identifier: Apache-2.0 */
/*
 * pinion-extract-treesitter: concrete syntax trees of Python files as Arrow IPC frames
 * (protocol: docs/internals/extract-protocol.md). A file that cannot be taken is a status in the
 * trailer; only a broken request or pipe ends the program, with one line on stderr and exit 2.
 */
#include "extract_ts.h"

#define TOOL_NAME "pinion-extract-treesitter"
#define TOOL_VERSION "0.1.0"

static json_t *status_of(pn_status status, const pn_error *err) {
    json_t *entry = json_object();
    json_object_set_new(entry, "status", json_string(status == PN_OK ? "ok" : "error"));
    if (status != PN_OK) {
        json_object_set_new(entry, "error_type", json_string(pn_status_name(status)));
        json_object_set_new(entry, "message", json_string(err->message));
    }
    return entry;
}

/* Writes the frame "end"; takes `statuses`. */
static pn_status write_end(FILE *out, json_t *statuses, pn_error *err) {
    PNI_AUTO_PTR(json_t) end = json_object();
    json_t *tool = json_object();
    json_object_set_new(tool, "name", json_string(TOOL_NAME));
    json_object_set_new(tool, "version", json_string(TOOL_VERSION));
    json_object_set_new(end, "protocol", json_integer(1));
    json_object_set_new(end, "tool", tool);
    json_object_set_new(end, "files", statuses);
    PNI_AUTO(pn_buf) text = PN_BUF_INIT;
    PNI_TRY(pni_json_canonical(end, &text, err));
    PNI_TRY(px_frame_write(out, "end", text.data, text.len, err));
    if (fflush(out) != 0) {
        return pni_fail(err, PNI_E_FILE_WRITE, "writing the answer failed");
    }
    return PN_OK;
}

static pn_status answer(px_parser *parser, const px_request *request, FILE *out, pn_error *err) {
    px_tables tables;
    json_t *statuses = json_array();
    px_tables_init(&tables);
    for (size_t i = 0; i < request->count; i++) {
        pn_error file_err = PN_ERROR_INIT;
        pn_status status = px_extract(parser, &request->files[i], (int32_t)i, &tables, &file_err);
        json_array_append_new(statuses, status_of(status, &file_err));
    }
    pn_status status = px_tables_write(&tables, out, err);
    px_tables_dispose(&tables);
    if (status != PN_OK) {
        json_decref(statuses);
        return status;
    }
    return write_end(out, statuses, err);
}

static pn_status serve(px_parser *parser, FILE *in, FILE *out, pn_error *err) {
    for (;;) {
        px_request request;
        bool more = false;
        PNI_TRY(px_request_read(in, &request, &more, err));
        if (!more) {
            return PN_OK;
        }
        pn_status status = answer(parser, &request, out, err);
        px_request_dispose(&request);
        PNI_TRY(status);
    }
}

int main(void) {
    pn_error err = PN_ERROR_INIT;
    px_parser *parser = px_parser_new();
    pn_status status = PN_OK;
    if (!parser) {
        status = pni_fail(&err, PNI_E_INTERNAL, "the Python grammar does not fit tree-sitter");
    } else {
        status = serve(parser, stdin, stdout, &err);
    }
    px_parser_free(parser);
    if (status != PN_OK) {
        PNI_AUTO(pn_buf) line = PN_BUF_INIT;
        pni_buf_printf(&line, TOOL_NAME ": PN%d: %s\n", err.number, err.message);
        fwrite(line.data, 1, line.len, stderr);
        return 2;
    }
    return 0;
}
