/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Canonical JSON (RFC 8785): the bytes that identities are made of. jansson holds the trees and
 * parses; the encoder is ours, because the order and the escapes are the contract.
 *
 * Keys are ordered by UTF-16 code units. For valid UTF-8 that is the order of the bytes except that
 * code points above U+FFFF (lead byte F0 to F4) come before U+E000 to U+FFFF (lead byte EE and EF);
 * so ranking the two lead bytes EE and EF above the others is the whole difference. Floats are
 * refused: no identity may depend on how one is printed.
 */
#include "base/base.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#define MAX_DEPTH 2048u /* what jansson's own parser accepts */
#define MAX_EXACT ((json_int_t)1 << 53)

static int unit_rank(unsigned char byte) {
    return byte == 0xEE || byte == 0xEF ? byte + 0x10 : byte;
}

static int by_utf16(const void *a, const void *b) {
    const pni_str *left = a;
    const pni_str *right = b;
    size_t len = left->len < right->len ? left->len : right->len;
    for (size_t i = 0; i < len; i++) {
        int order =
            unit_rank((unsigned char)left->data[i]) - unit_rank((unsigned char)right->data[i]);
        if (order) {
            return order;
        }
    }
    return (left->len > right->len) - (left->len < right->len);
}

void pni_json_quote(pn_buf *out, const char *data, size_t len) {
    static const char escapes[] = "btn?fr"; /* from 0x08; 0x0B has none */
    pni_buf_putc(out, '"');
    size_t plain = 0;
    for (size_t i = 0; i < len; i++) {
        unsigned char c = (unsigned char)data[i];
        if (c >= 0x20 && c != '"' && c != '\\') {
            continue;
        }
        pni_buf_append(out, data + plain, i - plain);
        plain = i + 1;
        if (c == '"' || c == '\\') {
            pni_buf_printf(out, "\\%c", c);
        } else if (c >= 0x08 && c <= 0x0D && c != 0x0B) {
            pni_buf_printf(out, "\\%c", escapes[c - 0x08]);
        } else {
            pni_buf_printf(out, "\\u%04x", c);
        }
    }
    pni_buf_append(out, data + plain, len - plain);
    pni_buf_putc(out, '"');
}

static pn_status encode(const json_t *value, unsigned depth, pn_buf *out, pn_error *err);

static pn_status encode_text(const char *data, size_t len, pn_buf *out, pn_error *err) {
    if (!pni_utf8_valid(data, len)) {
        return pni_fail(err, PNI_E_INTERNAL, "canonical JSON: a text is not UTF-8");
    }
    pni_json_quote(out, data, len);
    return PN_OK;
}

static pn_status encode_object(const json_t *value, unsigned depth, pn_buf *out, pn_error *err) {
    json_t *object = (json_t *)(uintptr_t)value; /* jansson's iterators are not const */
    size_t count = json_object_size(object);
    pni_str *keys = pni_calloc(count, sizeof *keys);
    size_t filled = 0;
    for (void *it = json_object_iter(object); it; it = json_object_iter_next(object, it)) {
        keys[filled++] = (pni_str){json_object_iter_key(it), json_object_iter_key_len(it)};
    }
    qsort(keys, filled, sizeof *keys, by_utf16);
    pn_status status = PN_OK;
    pni_buf_putc(out, '{');
    for (size_t i = 0; i < filled && status == PN_OK; i++) {
        if (i > 0) {
            pni_buf_putc(out, ',');
        }
        status = encode_text(keys[i].data, keys[i].len, out, err);
        if (status == PN_OK) {
            pni_buf_putc(out, ':');
            status =
                encode(json_object_getn(object, keys[i].data, keys[i].len), depth + 1, out, err);
        }
    }
    pni_buf_putc(out, '}');
    pni_free(keys);
    return status;
}

static pn_status encode_array(const json_t *value, unsigned depth, pn_buf *out, pn_error *err) {
    pni_buf_putc(out, '[');
    for (size_t i = 0; i < json_array_size(value); i++) {
        if (i > 0) {
            pni_buf_putc(out, ',');
        }
        PNI_TRY(encode(json_array_get(value, i), depth + 1, out, err));
    }
    pni_buf_putc(out, ']');
    return PN_OK;
}

static pn_status encode_integer(json_int_t value, pn_buf *out, pn_error *err) {
    if (value > MAX_EXACT || value < -MAX_EXACT) {
        return pni_fail(err, PNI_E_INTERNAL,
                        "canonical JSON: integer %" JSON_INTEGER_FORMAT " is beyond 2^53", value);
    }
    pni_buf_printf(out, "%" JSON_INTEGER_FORMAT, value);
    return PN_OK;
}

static pn_status encode(const json_t *value, unsigned depth, pn_buf *out, pn_error *err) {
    if (!value || depth > MAX_DEPTH) {
        return pni_fail(err, PNI_E_INTERNAL, "canonical JSON: %s",
                        value ? "a document is nested too deep" : "a value is missing");
    }
    switch (json_typeof(value)) {
    case JSON_OBJECT:
        return encode_object(value, depth, out, err);
    case JSON_ARRAY:
        return encode_array(value, depth, out, err);
    case JSON_STRING:
        return encode_text(json_string_value(value), json_string_length(value), out, err);
    case JSON_INTEGER:
        return encode_integer(json_integer_value(value), out, err);
    case JSON_REAL:
        return pni_fail(err, PNI_E_INTERNAL, "canonical JSON: floats have no place in an identity");
    case JSON_TRUE:
        pni_buf_puts(out, "true");
        return PN_OK;
    case JSON_FALSE:
        pni_buf_puts(out, "false");
        return PN_OK;
    case JSON_NULL:
        pni_buf_puts(out, "null");
        return PN_OK;
    }
    return pni_fail(err, PNI_E_INTERNAL, "canonical JSON: unknown kind of value");
}

pn_status pni_json_canonical(const json_t *value, pn_buf *out, pn_error *err) {
    size_t before = out->len;
    pn_status status = encode(value, 0, out, err);
    if (status != PN_OK && out->data) {
        out->len = before;
        out->data[before] = '\0';
    }
    return status;
}

static _Atomic uint64_t digest_count;

uint64_t pni_json_digest_count(void) {
    return atomic_load(&digest_count);
}

pn_status pni_json_digest(const json_t *value, char hex_out[PNI_SHA256_HEX], pn_error *err) {
    PNI_AUTO(pn_buf) text = PN_BUF_INIT;
    atomic_fetch_add_explicit(&digest_count, 1, memory_order_relaxed);
    PNI_TRY(pni_json_canonical(value, &text, err));
    pni_sha256_hex(text.data, text.len, hex_out);
    return PN_OK;
}

pn_status pni_json_parse(const void *data, size_t len, const char *what, json_t **out,
                         pn_error *err) {
    if (len > PNI_JSON_MAX_BYTES) {
        return pni_fail(err, PNI_E_FILE_LIMIT, "%s has %zu bytes; at most %u are read", what, len,
                        PNI_JSON_MAX_BYTES);
    }
    json_error_t story;
    const char *bytes = len ? data : "";
    json_t *value = json_loadb(bytes, len, JSON_REJECT_DUPLICATES | JSON_DECODE_ANY, &story);
    if (!value) {
        pn_status status = pni_fail(err, PNI_E_JSON, "%s is not JSON: %s", what, story.text);
        pni_error_detail(err, "Line %d, column %d.", story.line, story.column);
        return status;
    }
    *out = value;
    return PN_OK;
}

static json_t *checked(json_t *value) {
    pni_assert(value != NULL);
    return value;
}

json_t *pni_json_u64(uint64_t value) {
    char text[24];
    snprintf(text, sizeof text, "%" PRIu64, value);
    return checked(json_string(text));
}

json_t *pni_json_i64(int64_t value) {
    char text[24];
    snprintf(text, sizeof text, "%" PRId64, value);
    return checked(json_string(text));
}

const char *pni_json_text(const json_t *object, const char *key) {
    return json_string_value(json_object_get(object, key));
}

bool pni_json_lists(const json_t *array, const char *text) {
    size_t index;
    json_t *item;
    json_array_foreach((json_t *)(uintptr_t)array, index, item) {
        if (text && pni_streq(json_string_value(item), text)) {
            return true;
        }
    }
    return false;
}

bool pni_json_u64_of(const json_t *object, const char *key, uint64_t *out) {
    const json_t *value = json_object_get(object, key);
    if (json_is_integer(value) && json_integer_value(value) >= 0) {
        *out = (uint64_t)json_integer_value(value);
        return true;
    }
    return json_is_string(value) && pni_parse_u64(json_string_value(value), out);
}
