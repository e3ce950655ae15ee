/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Errors of the engine become errors of pinion. The engine fills the caller's pn_error itself (the
 * two structs have one layout, asserted here and in Rust), but it knows no catalogue: it leaves the
 * number 0, or says what trouble an object store made. The number follows from that and the status;
 * the hint comes from that row of the catalogue unless the engine had a better one.
 */
#include "engine/engine_priv.h"

#include <errno.h>
#include <stddef.h>
#include <stdlib.h>

#define FIRST_LINE_MAX 65536u

/* The layout that the engine asserts on its side. */
_Static_assert(sizeof(pne_error) == sizeof(pn_error), "pne_error and pn_error differ");
_Static_assert(sizeof(pn_error) == 2064, "pn_error has another size than the engine writes");
_Static_assert(offsetof(pn_error, status) == 4, "pn_error.status has moved");
_Static_assert(offsetof(pn_error, number) == 8, "pn_error.number has moved");
_Static_assert(offsetof(pn_error, os_errno) == 12, "pn_error.os_errno has moved");
_Static_assert(offsetof(pn_error, message) == 16, "pn_error.message has moved");
_Static_assert(offsetof(pn_error, detail) == 272, "pn_error.detail has moved");
_Static_assert(offsetof(pn_error, hint) == 1808, "pn_error.hint has moved");

/* Numbers of the engine below this are kinds of trouble (trouble.rs), not rows of the catalogue. */
enum { FIRST_NUMBER = 1000 };

static int32_t number_of_trouble(int32_t trouble) {
    static const int32_t numbers[] = {0, PNI_E_REMOTE_BUCKET, PNI_E_REMOTE_DENIED,
                                      PNI_E_REMOTE_REGION, PNI_E_REMOTE_SILENT};
    return trouble > 0 && trouble < (int32_t)(sizeof numbers / sizeof *numbers) ? numbers[trouble]
                                                                                : 0;
}

static int32_t number_of(pn_status status) {
    switch (status) {
    case PN_PLAN:
        return PNI_E_ENGINE_SQL;
    case PN_EXEC:
        return PNI_E_ENGINE_EXEC;
    case PN_LIMIT:
        return PNI_E_ENGINE_LIMIT;
    case PN_PANIC:
        return PNI_E_ENGINE_PANIC;
    case PN_REENTRANT:
        return PNI_E_ENGINE_REENTRANT;
    case PN_IO:
        return PNI_E_ENGINE_IO;
    case PN_NOT_FOUND:
        return PNI_E_ENGINE_NOT_FOUND;
    case PN_UNSUPPORTED:
        return PNI_E_ENGINE_UNSUPPORTED;
    case PN_INVALID:
        return PNI_E_ENGINE_SETTING;
    case PN_CORRUPT:
        return PNI_E_ENGINE_CORRUPT;
    case PN_CONFLICT:
        return PNI_E_ENGINE_CONFLICT;
    case PN_SCHEMA:
        return PNI_E_ENGINE_SCHEMA;
    case PN_EXISTS:
        return PNI_E_ENGINE_EXISTS;
    case PN_CANCELLED:
        return PNI_E_CANCELLED;
    case PN_DRIFT:
        return PNI_E_ENGINE_DRIFT;
    case PN_TIMEOUT:
        return PNI_E_ENGINE_TIMEOUT;
    case PN_ABI:
        return PNI_E_ENGINE_PACK;
    default:
        return PNI_E_ENGINE_OTHER;
    }
}

/* A built-in function that refuses its arguments says by which row of the catalogue; it can speak
 * in text only. The number leaves the message and becomes the error's. */
static void take_number(pn_error *err) {
    static const char before[] = "refuses its arguments: PN";
    char *at = strstr(err->message, before);
    char *end;
    if (!at) {
        return;
    }
    at += sizeof before - 1;
    long number = strtol(at, &end, 10);
    if (end - at == 4 && end[0] == ':' && end[1] == ' ' &&
        pn_error_catalogue_find((int32_t)number)) {
        memmove(at - 2, end + 2, strlen(end + 2) + 1);
        pni_error_redact(err);
        pni_error_number(err, (int32_t)number);
    }
}

/* What a function says of its arguments reaches us in the engine's wrapping: "Function 'f'
 * user-defined coercion failed with: External error: … No function matches the given name …". The
 * detail keeps it whole. */
static void unwrap_function(pn_error *err) {
    static const char before[] = "user-defined coercion failed with: External error: ";
    static const char after[] = ". No function matches the given name";
    char *at = strstr(err->message, before);
    if (!at) {
        return;
    }
    at += sizeof before - 1;
    memmove(err->message, at, strlen(at) + 1);
    char *end = strstr(err->message, after);
    if (end) {
        *end = '\0';
    }
}

pn_status pni_engine_finish(int32_t status, pn_error *err) {
    if (status == PN_OK || !err) {
        return status;
    }
    int32_t trouble = err->number < FIRST_NUMBER ? err->number : 0;
    err->number -= trouble;
    take_number(err);
    unwrap_function(err);
    if (err->number == 0) {
        int32_t number = number_of_trouble(trouble);
        pni_error_redact(err);
        pni_error_number(err, number ? number : number_of(status));
    }
    const pn_error_entry *entry = pn_error_catalogue_find(err->number);
    if (err->hint[0] == '\0' && entry) {
        pni_error_hint(err, "%s", entry->remedy);
    }
    return status;
}

/* Length of the first line of `text`, without the final period. It is cut to the size of a message
 * only after its credentials are gone, or a piece of one could stay at the cut. */
static size_t first_line(const char *text) {
    size_t len = pni_utf8_cut(text, strcspn(text, "\n"), FIRST_LINE_MAX);
    while (len > 0 && (text[len - 1] == '.' || text[len - 1] == ' ')) {
        len--;
    }
    return len;
}

/* Arrow's streams report an errno and a text; the engine's use the values in stream.rs. */
static int32_t number_of_errno(int code) {
    switch (code) {
    case ECANCELED:
        return PNI_E_CANCELLED;
    case ENOMEM:
        return PNI_E_ENGINE_LIMIT;
    case ETIME: /* ETIMEDOUT is that of a whole query */
        return PNI_E_ENGINE_TIMEOUT;
    case EPROTO:
        return PNI_E_ENGINE_PACK;
    case EOPNOTSUPP:
        return PNI_E_ENGINE_UNSUPPORTED;
    default:
        return PNI_E_ENGINE_EXEC;
    }
}

pn_status pni_engine_stream_error(struct ArrowArrayStream *stream, int code, pn_error *err) {
    const char *text = stream->release ? stream->get_last_error(stream) : NULL;
    int32_t number = number_of_errno(code);
    if (!text || text[0] == '\0') {
        return pni_fail_os(err, number, code, "reading the stream of results");
    }
    size_t len = first_line(text);
    pn_status status = pni_fail(err, number, "%.*s", (int)len, text);
    if (len > sizeof err->message - 1 || strlen(text) > len + 1) {
        pni_error_detail(err, "%s", text);
    }
    return status;
}
