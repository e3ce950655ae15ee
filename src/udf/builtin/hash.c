/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Stable hashes and ids. Everything stands on BLAKE2b with a digest length of 8 or 16 bytes, which
 * is a parameter of the hash, not a truncation. A prefix is put before the result and never hashed;
 * parts are joined by U+001F, a null part is the text __NULL__. These bytes are in users' tables: a
 * change here is a new function, never a new body. Rows are hashed a chunk at a time, several side
 * by side (blake.c).
 */
#include "udf/builtin/out_priv.h"

enum { CHUNK = 128, HEX_BYTES = 32 };

/* Some rows: their texts, and what became of them. */
typedef struct chunk {
    int64_t first; /* row */
    size_t count;
    pni_str texts[CHUNK];
    bool is_null[CHUNK];
    uint64_t digests[CHUNK][2];
    pn_buf made; /* texts that are in no column */
    udf_scratch normal;
    pn_buf normalized;
} chunk;

/* Fills texts and is_null of rows first … first + count - 1. */
typedef void (*gather_fn)(const udf_frame *frame, chunk *c);

static void dispose(chunk *c) {
    pn_buf_dispose(&c->made);
    pn_buf_dispose(&c->normalized);
    pni_udf_scratch_dispose(&c->normal);
}

static void hash_chunk(const udf_frame *frame, gather_fn gather, size_t digest_bytes, chunk *c) {
    int64_t left = frame->rows - c->first;
    c->count = left < CHUNK ? (size_t)left : CHUNK;
    pni_buf_clear(&c->made);
    gather(frame, c);
    const char *made = pni_buf_text(&c->made);
    for (size_t i = 0; i < c->count; i++) {
        if (!c->texts[i].data) { /* in `made`, which no longer moves */
            c->texts[i].data = made;
            made += c->texts[i].len;
        }
    }
    pni_udf_blake(c->texts, c->count, digest_bytes, c->digests);
}

/* The text of row `i` of the chunk. One that is not in a column is kept in `made`. */
static void set_text(chunk *c, size_t i, pni_str text, bool in_column) {
    if (!in_column) {
        udf_append(&c->made, text);
    }
    c->texts[i] = in_column && text.data ? text : (pni_str){NULL, text.len};
}

static void gather_value(const udf_frame *frame, uint32_t arg, chunk *c) {
    char scratch[UDF_TEXT_BYTES];
    for (size_t i = 0; i < c->count; i++) {
        pni_str text = {NULL, 0};
        c->is_null[i] = !udf_text(frame, arg, c->first + (int64_t)i, scratch, &text);
        set_text(c, i, text, text.data != scratch);
    }
}

static void gather_first(const udf_frame *frame, chunk *c) {
    gather_value(frame, 0, c);
}

static void gather_second(const udf_frame *frame, chunk *c) {
    gather_value(frame, 1, c);
}

static void gather_parts(const udf_frame *frame, chunk *c) {
    char scratch[UDF_TEXT_BYTES];
    for (size_t i = 0; i < c->count; i++) {
        size_t start = c->made.len;
        for (uint32_t arg = 1; arg < frame->count; arg++) {
            pni_str part = PNI_STR(UDF_NULL_TEXT);
            udf_text(frame, arg, c->first + (int64_t)i, scratch, &part);
            if (arg > 1) {
                udf_append(&c->made, PNI_STR(UDF_SEPARATOR));
            }
            udf_append(&c->made, part);
        }
        c->is_null[i] = false;
        c->texts[i] = (pni_str){NULL, c->made.len - start};
    }
}

static void gather_any(const udf_frame *frame, chunk *c) {
    const udf_normal how = {UDF_NFKC, false, false};
    char scratch[UDF_TEXT_BYTES];
    for (size_t i = 0; i < c->count; i++) {
        int64_t row = c->first + (int64_t)i;
        pni_str text;
        if (!udf_text(frame, 0, row, scratch, &text)) {
            text = udf_null(frame, 2, row) ? PNI_STR(UDF_NULL_TEXT) : udf_str(frame, 2, row);
        }
        if (udf_flag(frame, 1, row, true)) {
            text = pni_udf_normalize(text, how, &c->normal, &c->normalized);
        }
        c->is_null[i] = false;
        set_text(c, i, text, false);
    }
}

static int64_t number_of(const uint64_t digest[2]) {
    return (int64_t)(__builtin_bswap64(digest[0]) & INT64_MAX);
}

/* Eight digits of four bytes: a nibble goes to each byte, then 0-9 and a-f by arithmetic
 * on all at once. */
static uint64_t hex_of(uint32_t bytes) {
    uint64_t word = bytes;
    word = (word | word << 16) & 0x0000ffff0000ffff;
    word = (word | word << 8) & 0x00ff00ff00ff00ff;
    word = (word >> 4 & 0x000f000f000f000f) | (word & 0x000f000f000f000f) << 8;
    uint64_t letters = (word + 0x0606060606060606) >> 4 & 0x0101010101010101;
    return word + 0x3030303030303030 + letters * ('a' - '0' - 10);
}

static void put_hex(const uint64_t digest[2], char out[HEX_BYTES]) {
    for (size_t i = 0; i < HEX_BYTES / 8; i++) {
        uint64_t digits = hex_of((uint32_t)(digest[i / 2] >> (i % 2 * 32)));
        memcpy(out + i * 8, &digits, sizeof digits);
    }
}

static int32_t hash64_rows(udf_frame *frame, struct ArrowArray *out) {
    chunk c = {0};
    udf_nulls nulls;
    int64_t *values;
    UDF_TRY(pni_udf_append(
        frame, pni_udf_fixed_begin(frame, out, sizeof *values, &nulls, (void **)&values)));
    int code = pni_udf_nulls_of(&nulls, frame, 0, 1);
    for (; c.first < frame->rows && code == NANOARROW_OK; c.first += CHUNK) {
        hash_chunk(frame, gather_first, 8, &c);
        for (size_t i = 0; i < c.count; i++) {
            values[c.first + (int64_t)i] = c.is_null[i] ? 0 : number_of(c.digests[i]);
        }
    }
    pni_udf_nulls_end(&nulls);
    dispose(&c);
    return pni_udf_append(frame, code);
}

/* What a row of a text function becomes. */
typedef struct id_form {
    gather_fn gather;
    bool prefixed; /* "<argument 0>:" goes before the digest; null when that is null */
    bool decimal;  /* the number of 64 bits, else 128 as hex */
} id_form;

static int put_id(const udf_frame *frame, const id_form *form, const chunk *c, size_t i,
                  udf_texts *out) {
    int64_t row = c->first + (int64_t)i;
    pni_str prefix = {NULL, 0};
    size_t len = 0;
    char *room;
    if (c->is_null[i] || (form->prefixed && udf_null(frame, 0, row))) {
        return udf_text_null(out);
    }
    if (form->prefixed) {
        prefix = udf_str(frame, 0, row);
    }
    NANOARROW_RETURN_NOT_OK(udf_text_room(out, prefix.len + 1 + HEX_BYTES, &room));
    if (form->prefixed) {
        udf_copy(room, prefix);
        room[prefix.len] = ':';
        len = prefix.len + 1;
    }
    if (form->decimal) {
        len += pni_udf_unsigned_text((uint64_t)number_of(c->digests[i]), room + len);
    } else {
        put_hex(c->digests[i], room + len);
        len += HEX_BYTES;
    }
    udf_text_done(out, len);
    return NANOARROW_OK;
}

static int32_t id_texts(udf_frame *frame, struct ArrowArray *out, const id_form *form) {
    chunk c = {0};
    udf_texts texts;
    UDF_TRY(pni_udf_append(frame, pni_udf_texts_begin(frame, out, &texts)));
    int code = NANOARROW_OK;
    for (; c.first < frame->rows && code == NANOARROW_OK; c.first += CHUNK) {
        hash_chunk(frame, form->gather, form->decimal ? 8 : 16, &c);
        for (size_t i = 0; i < c.count && code == NANOARROW_OK; i++) {
            code = put_id(frame, form, &c, i, &texts);
        }
    }
    dispose(&c);
    UDF_TRY(pni_udf_append(frame, code));
    pni_udf_texts_end(&texts);
    return 0;
}

static int32_t hash128_rows(udf_frame *frame, struct ArrowArray *out) {
    return id_texts(frame, out, &(id_form){gather_first, false, false});
}

/* prefix:hash(value); null when either is null. */
static int32_t prefixed_rows(udf_frame *frame, struct ArrowArray *out, bool decimal) {
    UDF_TRY(pni_udf_text_check(frame, 1));
    return id_texts(frame, out, &(id_form){gather_second, true, decimal});
}

/* prefix:hash(part ␟ part …); null only for a null prefix. */
static int32_t parts_rows(udf_frame *frame, struct ArrowArray *out, bool decimal) {
    for (uint32_t arg = 1; arg < frame->count; arg++) {
        UDF_TRY(pni_udf_text_check(frame, arg));
    }
    return id_texts(frame, out, &(id_form){gather_parts, true, decimal});
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
    return id_texts(frame, out, &(id_form){gather_any, false, false});
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
     UDF_NAMES("value", "canonical", "null_sentinel"), UDF_DEFAULTS("true", "'" UDF_NULL_TEXT "'"),
     .return_format = "u", .rewrite_tags = "hash", .body_version = "1" UDF_UNICODE,
     .literal_args = 1 << 1 | 1 << 2,
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
