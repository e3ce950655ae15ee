/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Credentials are taken out of every text that leaves: messages, the log, records, documents. Two
 * ways, since neither is enough alone. In a URI the user part and the values of the query go, but
 * for names on a list of what is public; so does what follows a cut, because it may be either. And
 * values that were handed in as secrets (storage options, environment variables) are remembered and
 * taken out wherever they stand, also when an engine quotes them out of place, and when a cut in
 * the middle of a message left a piece of one at its edge.
 *
 * Short values are not remembered: `true` or `5432` as a secret would blank half of all messages.
 */
#define _GNU_SOURCE
#include "base/base.h"

#include <ctype.h>
#include <pthread.h>
#include <strings.h>

#define MASK "***"
#define CUT " \xE2\x80\xA6 " /* see error.c */
#define SECRET_MIN_BYTES 6u
#define PIECE_MIN_BYTES 4u

static struct {
    pthread_mutex_t lock;
    PNI_VEC(char *) values;
    atomic_bool has_any;
} secrets = {.lock = PTHREAD_MUTEX_INITIALIZER};

/* Names of storage options and query fields whose values may be shown, with or without a leading
 * "aws_"; sorted. */
static const char *const public_names[] = {
    "account_name",
    "allow_http",
    "azure_endpoint",
    "azure_storage_account_name",
    "bucket",
    "bucket_name",
    "conditional_put",
    "connect_timeout",
    "container_name",
    "credentials",
    "default_region",
    "endpoint",
    "endpoint_url",
    "google_bucket",
    "max_retries",
    "prefix",
    "region",
    "retry_timeout",
    "timeout",
    "versionid",
    "virtual_hosted_style_request",
};

static bool is_public(const char *name, size_t len) {
    size_t prefix = len > 4 && strncasecmp(name, "aws_", 4) == 0 ? 4 : 0;
    name += prefix;
    len -= prefix;
    for (size_t i = 0; i < sizeof public_names / sizeof *public_names; i++)
        if (strlen(public_names[i]) == len && strncasecmp(public_names[i], name, len) == 0)
            return true;
    return false;
}

bool pni_option_is_public(const char *name) {
    return is_public(name, strlen(name));
}

void pni_secret_remember(const char *value) {
    if (!value || strlen(value) < SECRET_MIN_BYTES)
        return;
    pthread_mutex_lock(&secrets.lock);
    size_t i = 0;
    while (i < secrets.values.count && !pni_streq(secrets.values.items[i], value))
        i++;
    if (i == secrets.values.count)
        pni_vec_push(&secrets.values, pni_strdup(value));
    pthread_mutex_unlock(&secrets.lock);
    atomic_store(&secrets.has_any, true);
}

void pni_secrets_remember(const json_t *options) {
    const char *key;
    json_t *value;
    json_object_foreach((json_t *)(uintptr_t)options, key, value) {
        if (!pni_option_is_public(key))
            pni_secret_remember(json_string_value(value));
    }
}

/* ---- URIs ---------------------------------------------------------------------------------- */

static bool is_cut(const char *at, const char *end) {
    return end - at >= (ptrdiff_t)strlen(CUT) && memcmp(at, CUT, strlen(CUT)) == 0;
}

/* A URI ends at white space, a quote, a bracket or a control character; not at a cut. */
static const char *uri_end(const char *at, const char *end) {
    while (at < end) {
        if (is_cut(at, end))
            at += strlen(CUT);
        else if ((unsigned char)*at <= ' ' || strchr("\"'`<>()[]{}|\\^", *at))
            break;
        else
            at++;
    }
    return at;
}

/* One field of a query: the value goes unless its name is public. */
static void put_query_field(const char *at, size_t len, pn_buf *out) {
    const char *equals = memchr(at, '=', len);
    size_t name = equals ? (size_t)(equals - at) : 0;
    if (equals && is_public(at, name)) {
        pni_buf_append(out, at, len);
    } else {
        pni_buf_append(out, at, equals ? name + 1 : 0);
        pni_buf_puts(out, MASK);
    }
}

static void put_query(const char *at, const char *end, pn_buf *out) {
    for (;;) {
        size_t len = (size_t)(end - at);
        const char *next = memchr(at, '&', len);
        put_query_field(at, next ? (size_t)(next - at) : len, out);
        if (!next)
            return;
        pni_buf_putc(out, '&');
        at = next + 1;
    }
}

/* What stands behind "://". A password may hold '/' although it must not: when the part before the
 * first '/' has a ':' that no port follows, the user part reaches to the last '@'. */
static void put_uri(const char *at, const char *end, pn_buf *out) {
    const char *path = at;
    while (path < end && !strchr("/?#", *path))
        path++;
    const char *host = memrchr(at, '@', (size_t)(path - at));
    const char *colon = memchr(at, ':', (size_t)(path - at));
    bool is_port = !colon || (colon + 1 < end && isdigit((unsigned char)colon[1]));
    if (!host && !is_port)
        host = memrchr(at, '@', (size_t)(end - at));
    if (host) {
        pni_buf_puts(out, MASK "@");
        at = host + 1;
    }
    const char *query = at;
    while (query < end && *query != '?' && *query != '#' && !is_cut(query, end))
        query++;
    pni_buf_append(out, at, (size_t)(query - at));
    if (query == end)
        return;
    if (*query != '?') { /* a fragment, or what a cut left */
        pni_buf_puts(out, *query == '#' ? "#" MASK : CUT MASK);
        return;
    }
    const char *fragment = memchr(query, '#', (size_t)(end - query));
    pni_buf_putc(out, '?');
    put_query(query + 1, fragment ? fragment : end, out);
    if (fragment)
        pni_buf_puts(out, "#" MASK);
}

static void put_without_uris(const char *text, size_t len, pn_buf *out) {
    const char *end = text + len;
    const char *mark;
    while ((mark = memmem(text, (size_t)(end - text), "://", 3))) {
        const char *rest = mark + 3;
        const char *stop = uri_end(rest, end);
        pni_buf_append(out, text, (size_t)(rest - text));
        put_uri(rest, stop, out);
        text = stop;
    }
    pni_buf_append(out, text, (size_t)(end - text));
}

/* ---- remembered values ---------------------------------------------------------------------- */

static void replace(pn_buf *text, size_t at, size_t len) {
    PNI_AUTO(pn_buf) tail = PN_BUF_INIT;
    pni_buf_append(&tail, text->data + at + len, text->len - at - len);
    text->len = at;
    pni_buf_puts(text, MASK);
    pni_buf_append(text, tail.data, tail.len);
}

/* The pieces that a cut may have left of `secret`, at its two edges. */
static void mask_pieces(pn_buf *text, const char *secret, size_t len) {
    const uint8_t *cut = memmem(text->data, text->len, CUT, strlen(CUT));
    if (!cut)
        return;
    size_t head = (size_t)(cut - text->data);
    size_t tail = head + strlen(CUT);
    for (size_t n = len - 1; n >= PIECE_MIN_BYTES; n--)
        if (n <= text->len - tail && memcmp(text->data + tail, secret + len - n, n) == 0) {
            replace(text, tail, n);
            break;
        }
    for (size_t n = len - 1; n >= PIECE_MIN_BYTES; n--)
        if (n <= head && memcmp(text->data + head - n, secret, n) == 0) {
            replace(text, head - n, n);
            break;
        }
}

static void mask_secret(pn_buf *text, const char *secret) {
    size_t len = strlen(secret);
    size_t from = 0;
    while (from < text->len) {
        const uint8_t *hit = memmem(text->data + from, text->len - from, secret, len);
        if (!hit)
            break;
        from = (size_t)(hit - text->data);
        replace(text, from, len);
        from += strlen(MASK);
    }
    mask_pieces(text, secret, len);
}

void pni_redact(const char *text, size_t len, pn_buf *out) {
    if (!atomic_load(&secrets.has_any)) {
        put_without_uris(text, len, out);
        return;
    }
    PNI_AUTO(pn_buf) clean = PN_BUF_INIT;
    pni_buf_append(&clean, text, len);
    pthread_mutex_lock(&secrets.lock);
    for (size_t i = 0; clean.len && i < secrets.values.count; i++)
        mask_secret(&clean, secrets.values.items[i]);
    pthread_mutex_unlock(&secrets.lock);
    put_without_uris(pni_buf_text(&clean), clean.len, out);
}

json_t *pni_json_redacted(const char *text) {
    PNI_AUTO(pn_buf) clean = PN_BUF_INIT;
    pni_redact(text, strlen(text), &clean);
    return json_stringn(pni_buf_text(&clean), clean.len);
}

json_t *pni_json_redacted_object(const json_t *object) {
    json_t *clean = json_object();
    const char *key;
    json_t *value;
    json_object_foreach((json_t *)(uintptr_t)object, key, value) {
        if (json_is_string(value))
            json_object_set_new(clean, key, pni_json_redacted(json_string_value(value)));
        else
            json_object_set(clean, key, value);
    }
    return clean;
}
