/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Stable hashes and ids. Everything stands on BLAKE2b with a digest length of 8 or 16 bytes, which
 * is a parameter of the hash, not a truncation. A prefix is put before the result and never hashed;
 * parts are joined by U+001F, a null part is the text __NULL__. These bytes are in users' tables: a
 * change here is a new function, never a new body.
 */
#include "udf/builtin/kernel_priv.h"

#include <blake2.h>

int64_t pni_udf_hash64(const void *data, size_t len) {
    uint8_t digest[8];
    pni_assert(blake2b(digest, data ? data : "", NULL, sizeof digest, len, 0) == 0);
    uint64_t value = 0;
    for (size_t i = 0; i < sizeof digest; i++) {
        value = value << 8 | digest[i];
    }
    return (int64_t)(value & INT64_MAX);
}

void pni_udf_hash128(const void *data, size_t len, char out[UDF_HASH128_BYTES]) {
    static const char hex[] = "0123456789abcdef";
    uint8_t digest[UDF_HASH128_BYTES / 2];
    pni_assert(blake2b(digest, data ? data : "", NULL, sizeof digest, len, 0) == 0);
    for (size_t i = 0; i < sizeof digest; i++) {
        out[2 * i] = hex[digest[i] >> 4];
        out[2 * i + 1] = hex[digest[i] & 15];
    }
}

static int32_t hash64_rows(udf_frame *frame, struct ArrowArray *out) {
    for (int64_t row = 0; row < frame->rows; row++) {
        if (udf_null(frame, 0, row)) {
            UDF_TRY(pni_udf_append(frame, ArrowArrayAppendNull(out, 1)));
            continue;
        }
        pni_str value = udf_str(frame, 0, row);
        UDF_TRY(
            pni_udf_append(frame, ArrowArrayAppendInt(out, pni_udf_hash64(value.data, value.len))));
    }
    return 0;
}

static int32_t hash128_rows(udf_frame *frame, struct ArrowArray *out) {
    char hex[UDF_HASH128_BYTES];
    for (int64_t row = 0; row < frame->rows; row++) {
        if (udf_null(frame, 0, row)) {
            UDF_TRY(pni_udf_append(frame, ArrowArrayAppendNull(out, 1)));
            continue;
        }
        pni_str value = udf_str(frame, 0, row);
        pni_udf_hash128(value.data, value.len, hex);
        UDF_TRY(pni_udf_append(frame, ArrowArrayAppendString(out, udf_view(hex, sizeof hex))));
    }
    return 0;
}

/* Appends "<prefix>:<digest of data>". `joined` is storage. */
static int32_t append_prefixed(udf_frame *frame, struct ArrowArray *out, pn_buf *joined,
                               pni_str prefix, pni_str data, bool decimal) {
    pni_buf_clear(joined);
    pni_buf_append(joined, prefix.data, prefix.len);
    pni_buf_putc(joined, ':');
    if (decimal) {
        pni_buf_printf(joined, "%lld", (long long)pni_udf_hash64(data.data, data.len));
    } else {
        char hex[UDF_HASH128_BYTES];
        pni_udf_hash128(data.data, data.len, hex);
        pni_buf_append(joined, hex, sizeof hex);
    }
    return pni_udf_append(frame,
                          ArrowArrayAppendString(out, udf_view(pni_buf_text(joined), joined->len)));
}

/* prefix:hash(value); null when either is null. */
static int32_t prefixed_rows(udf_frame *frame, struct ArrowArray *out, bool decimal) {
    UDF_TRY(pni_udf_text_check(frame, 1));
    char scratch[UDF_TEXT_BYTES];
    PNI_AUTO(pn_buf) made = PN_BUF_INIT;
    for (int64_t row = 0; row < frame->rows; row++) {
        pni_str value;
        if (udf_null(frame, 0, row) || !pni_udf_text(frame, 1, row, scratch, &value)) {
            UDF_TRY(pni_udf_append(frame, ArrowArrayAppendNull(out, 1)));
            continue;
        }
        UDF_TRY(append_prefixed(frame, out, &made, udf_str(frame, 0, row), value, decimal));
    }
    return 0;
}

static void join_parts(const udf_frame *frame, int64_t row, pn_buf *joined) {
    char scratch[UDF_TEXT_BYTES];
    pni_buf_clear(joined);
    for (uint32_t arg = 1; arg < frame->count; arg++) {
        pni_str part = PNI_STR(UDF_NULL_TEXT);
        if (arg > 1) {
            pni_buf_putc(joined, UDF_SEPARATOR);
        }
        pni_udf_text(frame, arg, row, scratch, &part);
        pni_buf_append(joined, part.data, part.len);
    }
}

/* prefix:hash(part ␟ part …); null only for a null prefix. */
static int32_t parts_rows(udf_frame *frame, struct ArrowArray *out, bool decimal) {
    for (uint32_t arg = 1; arg < frame->count; arg++) {
        UDF_TRY(pni_udf_text_check(frame, arg));
    }
    PNI_AUTO(pn_buf) joined = PN_BUF_INIT;
    PNI_AUTO(pn_buf) made = PN_BUF_INIT;
    for (int64_t row = 0; row < frame->rows; row++) {
        if (udf_null(frame, 0, row)) {
            UDF_TRY(pni_udf_append(frame, ArrowArrayAppendNull(out, 1)));
            continue;
        }
        join_parts(frame, row, &joined);
        pni_str data = {pni_buf_text(&joined), joined.len};
        UDF_TRY(append_prefixed(frame, out, &made, udf_str(frame, 0, row), data, decimal));
    }
    return 0;
}

static int32_t prefixed_hash64_rows(udf_frame *frame, struct ArrowArray *out) {
    return prefixed_rows(frame, out, true);
}

static int32_t prefixed_parts64_rows(udf_frame *frame, struct ArrowArray *out) {
    return parts_rows(frame, out, true);
}

static int32_t id_parts_rows(udf_frame *frame, struct ArrowArray *out) {
    return parts_rows(frame, out, false);
}

/* Two arguments are a value, where null gives null; more are parts, where null is a part. */
static int32_t id_rows(udf_frame *frame, struct ArrowArray *out) {
    return frame->count > 2 ? parts_rows(frame, out, false) : prefixed_rows(frame, out, false);
}

static int32_t hash_any_rows(udf_frame *frame, struct ArrowArray *out) {
    UDF_TRY(pni_udf_text_check(frame, 0));
    const udf_normal how = {UDF_NFKC, false, false};
    char scratch[UDF_TEXT_BYTES];
    char hex[UDF_HASH128_BYTES];
    udf_scratch normal = {0};
    PNI_AUTO(pn_buf) made = PN_BUF_INIT;
    int32_t result = 0;
    for (int64_t row = 0; row < frame->rows && result == 0; row++) {
        pni_str value;
        if (!pni_udf_text(frame, 0, row, scratch, &value)) {
            value = udf_null(frame, 2, row) ? PNI_STR(UDF_NULL_TEXT) : udf_str(frame, 2, row);
        }
        if (udf_flag(frame, 1, row, true)) {
            value = pni_udf_normalize(value, how, &normal, &made);
        }
        pni_udf_hash128(value.data, value.len, hex);
        result = pni_udf_append(frame, ArrowArrayAppendString(out, udf_view(hex, sizeof hex)));
    }
    pni_udf_scratch_dispose(&normal);
    return result;
}

/* The ids of a literal prefix that names a kind are of that kind. */
static int32_t id_field(udf_fields *fields, struct ArrowSchema *out) {
    pni_str kind = pni_udf_semantic_type(pni_udf_literal_or(fields, 0, PNI_STR("")));
    ArrowSchemaInit(out);
    UDF_TRY(pni_udf_made(fields, ArrowSchemaSetType(out, NANOARROW_TYPE_STRING)));
    if (kind.len == 0) {
        return 0;
    }
    return pni_udf_made(fields, pni_udf_set_metadata(out, "semantic_type", kind));
}

static const pn_udf functions[] = {
    {UDF_FUNCTION("stable_hash64", NANOARROW_TYPE_INT64, hash64_rows), UDF_ALIASES("hash64"),
     UDF_EXACT(1, "s"), UDF_NAMES("value"), .return_format = "l", .rewrite_tags = "hash",
     .body_version = "1", .description = "Stable 63-bit hash of a text."},
    {UDF_FUNCTION("stable_hash128", NANOARROW_TYPE_STRING, hash128_rows), UDF_ALIASES("hash128"),
     UDF_EXACT(1, "s"), UDF_NAMES("value"), .return_format = "u", .rewrite_tags = "hash",
     .body_version = "1", .description = "Stable 128-bit hash of a text as 32 hex digits."},
    {UDF_FUNCTION("prefixed_hash64", NANOARROW_TYPE_STRING, prefixed_hash64_rows),
     UDF_ALIASES("prefixed_hash"), UDF_EXACT(2, "s", "s"), UDF_NAMES("prefix", "value"),
     .return_format = "u", .rewrite_tags = "hash", .body_version = "1",
     .description = "A prefix, a colon and the stable 63-bit hash of a text."},
    {UDF_TAGGED("stable_id", NANOARROW_TYPE_STRING, id_field, id_rows),
     UDF_VARIADIC(2, UDF_MAX_ARGS, "s", "*"), UDF_NAMES("prefix", "value"), .rewrite_tags = "hash",
     .body_version = "1",
     .description = "A prefix, a colon and the 128-bit hash of a value; of parts when there are "
                    "more."},
    {UDF_TAGGED("stable_id_parts", NANOARROW_TYPE_STRING, id_field, id_parts_rows),
     UDF_ALIASES("stable_id_multi"), UDF_VARIADIC(2, UDF_MAX_ARGS, "s", "*"),
     UDF_NAMES("prefix", "part1"), .rewrite_tags = "hash,id", .body_version = "1",
     .description = "A prefix, a colon and the 128-bit hash of 1 to 64 parts; null is a part."},
    {UDF_FUNCTION("prefixed_hash_parts64", NANOARROW_TYPE_STRING, prefixed_parts64_rows),
     UDF_ALIASES("prefixed_hash_parts"), UDF_VARIADIC(2, UDF_MAX_ARGS, "s", "*"),
     UDF_NAMES("prefix", "part1"), .return_format = "u", .rewrite_tags = "hash,id",
     .body_version = "1",
     .description = "A prefix, a colon and the 63-bit hash of 1 to 64 parts; null is a part."},
    {UDF_FUNCTION("stable_hash_any", NANOARROW_TYPE_STRING, hash_any_rows),
     UDF_ALIASES("stable_hash"), UDF_EXACT(1, "*", "b", "s"),
     UDF_NAMES("value", "canonical", "null_sentinel"), .return_format = "u", .rewrite_tags = "hash",
     .body_version = "1",
     .description = "128-bit hash of the text form of any value, trimmed and NFKC when canonical; "
                    "never null."},
    {UDF_TAGGED("span_id", NANOARROW_TYPE_STRING, id_field, id_parts_rows),
     UDF_EXACT(4, "s", "*", "*", "*", "*"), UDF_NAMES("prefix", "path", "bstart", "bend", "kind"),
     .rewrite_tags = "hash,id,span", .body_version = "1",
     .description = "The id of a byte span in a file: stable_id_parts of path, bounds and kind."},
};

udf_table pni_udf_table_hash(void) {
    return (udf_table){functions, sizeof functions / sizeof functions[0]};
}
