/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Requests: a JSON line that names files and sizes, then the files' bytes. Everything is checked
 * before it is believed, because a confused parent must end in one line on stderr and never in a
 * guess: after a wrong size nothing that follows could be trusted.
 */
#include "extract_ts.h"

#define HEADER_MAX_BYTES (16u << 20)
#define FILES_MAX 4096u
#define CHUNK_MAX_BYTES (1u << 30)

/* Reads up to the newline, which is dropped; false at the end of input with nothing read. */
static pn_status read_line(FILE *in, pn_buf *line, bool *more_out, pn_error *err) {
    int c;
    while ((c = getc(in)) != EOF && c != '\n') {
        if (line->len >= HEADER_MAX_BYTES) {
            return pni_fail(err, PNI_E_JSON, "a request line is longer than %u bytes",
                            HEADER_MAX_BYTES);
        }
        pni_buf_putc(line, (char)c);
    }
    if (c == EOF && ferror(in)) {
        return pni_fail(err, PNI_E_FILE_READ, "reading a request line failed");
    }
    if (c == EOF && line->len > 0) {
        return pni_fail(err, PNI_E_JSON, "input ends inside a request line");
    }
    *more_out = c != EOF;
    return PN_OK;
}

/* Checks one entry of "files" and fills path and size. */
static pn_status read_entry(const json_t *entry, size_t index, px_file *file, pn_error *err) {
    const char *path = json_string_value(json_object_get(entry, "path"));
    const json_t *size = json_object_get(entry, "size");
    if (!path || !json_is_integer(size) || json_integer_value(size) < 0) {
        return pni_fail(err, PNI_E_JSON, "request entry %zu has no path or no valid size", index);
    }
    file->path = path;
    file->size = (size_t)json_integer_value(size);
    return PN_OK;
}

static pn_status read_entries(px_request *request, size_t *total_out, pn_error *err) {
    const json_t *files = json_object_get(request->header, "files");
    size_t total = 0;
    if (!json_is_array(files) || json_array_size(files) > FILES_MAX) {
        return pni_fail(err, PNI_E_JSON, "a request needs \"files\", a list of at most %u",
                        FILES_MAX);
    }
    request->count = json_array_size(files);
    request->files = pni_calloc(request->count, sizeof *request->files);
    for (size_t i = 0; i < request->count; i++) {
        px_file *file = &request->files[i];
        PNI_TRY(read_entry(json_array_get(files, i), i, file, err));
        if (file->size > CHUNK_MAX_BYTES - total) {
            return pni_fail(err, PNI_E_JSON, "a request announces more than %u bytes",
                            CHUNK_MAX_BYTES);
        }
        total += file->size;
    }
    *total_out = total;
    return PN_OK;
}

static pn_status read_bodies(FILE *in, px_request *request, size_t total, pn_error *err) {
    pni_buf_reserve(&request->bytes, total + 1);
    request->bytes.len = fread(request->bytes.data, 1, total, in);
    if (request->bytes.len != total) {
        return pni_fail(err, PNI_E_FILE_READ, "input ends after %zu of %zu announced bytes",
                        (size_t)request->bytes.len, total);
    }
    const char *at = (const char *)request->bytes.data;
    for (size_t i = 0; i < request->count; i++) {
        request->files[i].data = at;
        at += request->files[i].size;
    }
    return PN_OK;
}

pn_status px_request_read(FILE *in, px_request *request, bool *more_out, pn_error *err) {
    PNI_AUTO(pn_buf) line = PN_BUF_INIT;
    size_t total = 0;
    *request = (px_request){.bytes = PN_BUF_INIT};
    *more_out = false;
    PNI_TRY(read_line(in, &line, more_out, err));
    if (!*more_out) {
        return PN_OK;
    }
    pn_status status = pni_json_parse(line.data, line.len, "request line", &request->header, err);
    if (status == PN_OK) {
        status = read_entries(request, &total, err);
    }
    if (status == PN_OK) {
        status = read_bodies(in, request, total, err);
    }
    if (status != PN_OK) {
        px_request_dispose(request);
    }
    return status;
}

void px_request_dispose(px_request *request) {
    json_decref(request->header);
    pn_buf_dispose(&request->bytes);
    pni_free(request->files);
    *request = (px_request){.bytes = PN_BUF_INIT};
}
