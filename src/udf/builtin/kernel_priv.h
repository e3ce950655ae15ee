/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the built-in kernels share: columns over borrowed Arrow arrays, an output under
 * construction, text forms and hashes. A kernel is one loop over rows; it allocates nothing per row
 * beyond the growth of its output.
 */
#ifndef PNI_UDF_KERNEL_PRIV_H
#define PNI_UDF_KERNEL_PRIV_H

#include "pinion/plugin.h"

#include "arrow/arrow.h"
#include "base/base.h"

_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "kernels read words as they are");

#define UDF_MAX_ARGS 65    /* a prefix and 64 parts */
#define UDF_TEXT_BYTES 352 /* the longest number: 1 sign, "0.", 323 zeros, 17 digits */
#define UDF_NULL_TEXT "__NULL__"
#define UDF_SEPARATOR "\x1f"

/* One argument. A scalar has one value, which stands in every row: its step is 0. */
typedef struct udf_col {
    struct ArrowArrayView view;
    int64_t step;
} udf_col;

/* One call: arguments as views, and the place for a failure. */
typedef struct udf_frame {
    const char *name; /* of the function, for messages */
    const pn_kernel_call *call;
    char *message;
    size_t message_cap;
    uint32_t count;
    int64_t rows; /* of the output: 1 when all arguments are scalars */
    udf_col cols[UDF_MAX_ARGS];
} udf_frame;

/* Appends `frame->rows` values to `out`, which has started appending. Returns 0 or pni_udf_fail().
 */
typedef int32_t (*udf_rows_fn)(udf_frame *frame, struct ArrowArray *out);

/* What the field of a result is decided from: while planning, and again for each batch. */
typedef struct udf_fields {
    const char *name; /* of the function, for messages */
    const struct ArrowSchema *const *args;
    const struct ArrowArray *const *literals; /* of length 1, or NULL for what is no literal */
    uint32_t count;
    char *message;
    size_t message_cap;
} udf_fields;

/* Makes the field of the result. Returns 0 or pni_udf_refuse(). */
typedef int32_t (*udf_field_fn)(udf_fields *fields, struct ArrowSchema *out);

/* The ctx of a built-in pn_udf. */
typedef struct udf_kernel {
    const char *name;
    enum ArrowType type; /* of the output; UNINITIALIZED = that of the field */
    udf_field_fn field;  /* for nested types and metadata, or NULL */
    udf_rows_fn rows;
} udf_kernel;

/* The arguments of `frame->call` as columns; close it on failure too. name, call, message and
 * message_cap are set. */
int32_t pni_udf_frame_open(udf_frame *frame);
void pni_udf_frame_close(udf_frame *frame);

/* The pn_scalar_fn of every built-in: ctx is a udf_kernel. */
int32_t pni_udf_invoke(void *ctx, const pn_kernel_call *call, struct ArrowArray *out, char *message,
                       size_t message_cap);

/* The pn_return_fn of built-ins whose field depends on the call: ctx is a udf_kernel. */
int32_t pni_udf_return(void *ctx, const struct ArrowSchema *const *args,
                       const struct ArrowArray *const *scalars, uint32_t n_args,
                       struct ArrowSchema *out, char *message, size_t message_cap);

/* Writes "<function>: <text>" and returns 1. */
int32_t pni_udf_fail(udf_frame *frame, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
/* Writes "PN<number>: <text>" and returns 1; pinion reports the number. */
int32_t pni_udf_refuse(udf_fields *fields, int32_t number, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
/* Turns a nanoarrow code into the result of a kernel. */
int32_t pni_udf_append(udf_frame *frame, int code);
#define UDF_TRY(expr)                                                                              \
    do {                                                                                           \
        int32_t udf_result_ = (expr);                                                              \
        if (udf_result_ != 0)                                                                      \
            return udf_result_;                                                                    \
    } while (0)

static inline const pn_kernel_arg *udf_arg(const udf_frame *frame, uint32_t index) {
    const char *args = (const char *)frame->call->args;
    return (const pn_kernel_arg *)(const void *)(args + (size_t)index * frame->call->arg_stride);
}

static inline bool udf_has(const udf_frame *frame, uint32_t arg) {
    return arg < frame->count;
}

/* Null for an argument that was left out as well. */
static inline bool udf_null(const udf_frame *frame, uint32_t arg, int64_t row) {
    return arg >= frame->count ||
           ArrowArrayViewIsNull(&frame->cols[arg].view, row * frame->cols[arg].step);
}

/* Whether an argument is the same in all rows, left out included, and there are rows. */
static inline bool udf_is_constant(const udf_frame *frame, uint32_t arg) {
    return frame->rows > 0 && (!udf_has(frame, arg) || frame->cols[arg].step == 0);
}

/* Copies a text. Most are short, and two words that overlap cost less than a call. */
static inline void udf_copy(char *to, pni_str text) {
#define UDF_COPY_ENDS(bytes)                                                                       \
    do {                                                                                           \
        char first_[bytes];                                                                        \
        char last_[bytes];                                                                         \
        memcpy(first_, text.data, bytes);                                                          \
        memcpy(last_, text.data + text.len - (bytes), bytes);                                      \
        memcpy(to, first_, bytes);                                                                 \
        memcpy(to + text.len - (bytes), last_, bytes);                                             \
    } while (0)
    if (text.len > 32) {
        memcpy(to, text.data, text.len);
    } else if (text.len >= 16) {
        UDF_COPY_ENDS(16);
    } else if (text.len >= 8) {
        UDF_COPY_ENDS(8);
    } else if (text.len >= 4) {
        UDF_COPY_ENDS(4);
    } else if (text.len > 0) {
        char middle = text.data[text.len / 2];
        char last = text.data[text.len - 1];
        to[0] = text.data[0];
        to[text.len / 2] = middle;
        to[text.len - 1] = last;
    }
}

/* Less than 8 bytes as a word, the rest zero. */
static inline uint64_t udf_load_some(const void *bytes, size_t count) {
    const uint8_t *at = bytes;
    uint32_t first;
    uint32_t last;
    if (count >= 4) {
        memcpy(&first, at, sizeof first);
        memcpy(&last, at + count - sizeof last, sizeof last);
        return first | (uint64_t)last << (8 * (count - sizeof last));
    }
    if (count == 0) {
        return 0;
    }
    uint64_t middle = (uint64_t)at[count / 2] << (8 * (count / 2));
    return at[0] | middle | (uint64_t)at[count - 1] << (8 * (count - 1));
}

/* pni_buf_append() without a call while there is room; leaves no NUL behind the text. */
static inline void udf_append(pn_buf *buf, pni_str text) {
    if (buf->len + text.len >= buf->cap) {
        pni_buf_reserve(buf, text.len);
    }
    udf_copy((char *)buf->data + buf->len, text);
    buf->len += text.len;
}

/* The offset at `at`, which counts from the start of the buffer. */
static inline int64_t udf_offset_at(const struct ArrowArrayView *view, int64_t at) {
    const struct ArrowBufferView *offsets = &view->buffer_views[1];
    if (!offsets->data.data) {
        return 0; /* an empty array may have none */
    }
    return view->layout.element_size_bits[1] == 32 ? offsets->data.as_int32[at]
                                                   : offsets->data.as_int64[at];
}

/* A text of a column of texts; what the engine makes has 32-bit offsets, nearly always. */
static inline pni_str udf_str_at(const struct ArrowArrayView *view, int64_t row) {
    if (view->storage_type == NANOARROW_TYPE_STRING) {
        const int32_t *ends = view->buffer_views[1].data.as_int32 + view->offset + row;
        return (pni_str){view->buffer_views[2].data.as_char + ends[0], (size_t)(ends[1] - ends[0])};
    }
    struct ArrowStringView value = ArrowArrayViewGetStringUnsafe(view, row);
    return (pni_str){value.data, (size_t)value.size_bytes};
}

static inline pni_str udf_str(const udf_frame *frame, uint32_t arg, int64_t row) {
    const udf_col *col = &frame->cols[arg];
    return udf_str_at(&col->view, row * col->step);
}

static inline int64_t udf_int(const udf_frame *frame, uint32_t arg, int64_t row) {
    const udf_col *col = &frame->cols[arg];
    return ArrowArrayViewGetIntUnsafe(&col->view, row * col->step);
}

/* A boolean option: `fallback` when left out or null. */
static inline bool udf_flag(const udf_frame *frame, uint32_t arg, int64_t row, bool fallback) {
    return udf_null(frame, arg, row) ? fallback : udf_int(frame, arg, row) != 0;
}

static inline struct ArrowStringView udf_view(const char *data, size_t len) {
    return (struct ArrowStringView){data, (int64_t)len};
}

/* ---- fields.c: fields of results ------------------------------------------------------------ */

/*
 * The text of literal argument `index`, which must be there, no null and a literal; `name` is the
 * argument's. Refuses otherwise. The text lives as long as the literal.
 */
int32_t pni_udf_literal(udf_fields *fields, uint32_t index, const char *name, pni_str *out);
/* As that, for a text that may be left out, null or no literal: then `fallback`. */
pni_str pni_udf_literal_or(const udf_fields *fields, uint32_t index, pni_str fallback);
/* The text form of a literal that is there and not null, else `out` stays. */
void pni_udf_literal_text(const udf_fields *fields, uint32_t index, char scratch[UDF_TEXT_BYTES],
                          pni_str *out);
/* Refuses argument `index` because its type is not what is wanted: "a list". */
int32_t pni_udf_wrong_type(udf_fields *fields, uint32_t index, const char *wanted);
/* Turns a nanoarrow code of building a field into the result of a udf_field_fn. */
int32_t pni_udf_made(udf_fields *fields, int code);
/* Sets one entry of the metadata of `field` and keeps the rest. */
int pni_udf_set_metadata(struct ArrowSchema *field, const char *key, pni_str value);
/* Type and name of one field. */
int pni_udf_set_field(struct ArrowSchema *field, const char *name, enum ArrowType type);
/* Map<keys: Utf8 not null, values: Utf8>, its entries under that name. */
int pni_udf_map_of_text(struct ArrowSchema *out);
/* NodeId, EdgeId or SpanId for a name of such an id, else nothing. */
pni_str pni_udf_semantic_type(pni_str text);

/* ---- copy.c: values as they are ------------------------------------------------------------- */

/*
 * Copies rows of any type into `out`, an empty array of the same type that has started appending.
 * `start` counts from the first row of the view. Copies what the rows refer to, not what lies
 * beside it.
 */
int pni_udf_copy_rows(const struct ArrowArrayView *view, int64_t start, int64_t count,
                      struct ArrowArray *out);

/* ---- values.c: the text form of any value (1.1 of the function reference) ------------------- */

/* Refuses a column whose type has no text form: only null, booleans, numbers and strings have one.
 */
int32_t pni_udf_text_check(udf_frame *frame, uint32_t arg);
/* Whether values of this type have a text form. */
bool pni_udf_has_text(const struct ArrowSchema *schema);
/* As udf_text(), from a view of such a type. */
bool pni_udf_text_at(const struct ArrowArrayView *view, int64_t row, char scratch[UDF_TEXT_BYTES],
                     pni_str *out);
static inline bool udf_text_at(const struct ArrowArrayView *view, int64_t row,
                               char scratch[UDF_TEXT_BYTES], pni_str *out) {
    if (view->storage_type != NANOARROW_TYPE_STRING || view->dictionary) {
        return pni_udf_text_at(view, row, scratch, out);
    }
    const uint8_t *valid = view->buffer_views[0].data.as_uint8;
    if (valid && !ArrowBitGet(valid, view->offset + row)) {
        return false;
    }
    *out = udf_str_at(view, row);
    return true;
}
/* False for null. `scratch` holds numbers; strings are borrowed from the column. */
static inline bool udf_text(const udf_frame *frame, uint32_t arg, int64_t row,
                            char scratch[UDF_TEXT_BYTES], pni_str *out) {
    const udf_col *col = &frame->cols[arg];
    return udf_text_at(&col->view, row * col->step, scratch, out);
}
/* Decimal digits of a number, at most 20; gives their count. */
size_t pni_udf_unsigned_text(uint64_t value, char *out);
/* Shortest decimal text that reads back as the same number, never with an exponent. Gives the
 * length. */
size_t pni_udf_double_text(double value, bool is_single, char out[UDF_TEXT_BYTES]);

/* ---- blake.c -------------------------------------------------------------------------------- */

/* BLAKE2b digests of 8 or 16 bytes, as words of the state: the first byte is the least of word 0.
 */
void pni_udf_blake(const pni_str *texts, size_t count, size_t digest_len, uint64_t (*out)[2]);
/* How many instruction sets of this processor there is code for; the last is what is used. */
int pni_udf_blake_levels(void);
void pni_udf_blake_at(int level, const pni_str *texts, size_t count, size_t digest_len,
                      uint64_t (*out)[2]);

/* ---- text.c: Unicode ------------------------------------------------------------------------ */

enum { UDF_BLOCK = 16 }; /* bytes of a text that are looked at at a time */

typedef enum udf_form { UDF_NFC, UDF_NFD, UDF_NFKC, UDF_NFKD } udf_form;

typedef struct udf_normal {
    udf_form form;
    bool lower;
    bool collapse;
} udf_normal;

/* Growing storage of one call; pni_udf_scratch_dispose() it. */
typedef struct udf_scratch {
    int32_t *points;
    size_t points_cap;
    pn_buf bytes;
    pn_buf second;
} udf_scratch;

void pni_udf_scratch_dispose(udf_scratch *scratch);
/* Cuts Unicode white space from both ends. */
pni_str pni_udf_trim(pni_str text);
static inline bool udf_is_graph(char c) {
    return c > ' ' && c < 0x7f;
}
/* The same; most texts need no look at more than their ends. */
static inline pni_str udf_trim(pni_str text) {
    bool bare = text.len > 0 && udf_is_graph(text.data[0]) && udf_is_graph(text.data[text.len - 1]);
    return bare ? text : pni_udf_trim(text);
}
/* Whether the text is `name`, a lower-case ASCII text, in any case. */
bool pni_udf_same_lower(pni_str text, const char *name);
/* The full Unicode mapping to lower or upper case. The result lives in `out`. */
pni_str pni_udf_cased(pni_str text, bool upper, udf_scratch *scratch, pn_buf *out);
/* NFKC unless the name is NFC, NFD or NFKD (trimmed, any case). */
udf_form pni_udf_form_of(pni_str name);
/* Trim, normalise, lower, collapse. The result lives in `out` or in `text`; empty is empty, not
 * null. */
pni_str pni_udf_normalize(pni_str text, udf_normal how, udf_scratch *scratch, pn_buf *out);

/* Copies the text in lower case to `out`, which has room for UDF_BLOCK more. False, and what is in
 * `out` is nothing, when it is not all ASCII, or `collapse` and collapsing changes it within. */
bool pni_udf_lower_plain(pni_str text, bool collapse, char *out);

/* Which tables of Unicode the mappings are from, as "utf8proc 2.8.0, Unicode 14.0.0". */
void pni_udf_unicode_version(pn_buf *out);

/* ---- rows of the function tables ------------------------------------------------------------ */

#define UDF_FUNCTION(sql_name, out_type, rows_fn) UDF_COMMON(sql_name, out_type, NULL, rows_fn)
/* The field of the result is decided per call. */
#define UDF_DECIDED(sql_name, field_fn, rows_fn)                                                   \
    UDF_COMMON(sql_name, NANOARROW_TYPE_UNINITIALIZED, field_fn, rows_fn),                         \
        .return_type = pni_udf_return
/* Its type is fixed, its metadata or the arguments it takes are not. */
#define UDF_TAGGED(sql_name, out_type, field_fn, rows_fn)                                          \
    UDF_COMMON(sql_name, out_type, field_fn, rows_fn), .return_type = pni_udf_return
#define UDF_COMMON(sql_name, out_type, field_fn, rows_fn)                                          \
    .struct_size = sizeof(pn_udf), .volatility = PN_VOLATILITY_IMMUTABLE, .name = (sql_name),      \
    .invoke = pni_udf_invoke, .ctx = (void *)&(const udf_kernel) {                                 \
        (sql_name), (out_type), (field_fn), (rows_fn)                                              \
    }
/* The body of a function whose results depend on the tables of Unicode: they are a part of its
 * version, filled in by builtin.c. */
#define UDF_UNICODE " + "
#define UDF_LIST(...) ((const char *const[]){__VA_ARGS__, NULL})
#define UDF_ALIASES(...) .aliases = UDF_LIST(__VA_ARGS__)
#define UDF_NAMES(...) .arg_names = UDF_LIST(__VA_ARGS__)
/* One per optional argument: an SQL literal, or UDF_OPTION. */
#define UDF_DEFAULTS(...) .arg_defaults = UDF_LIST(__VA_ARGS__)
#define UDF_OPTION(name) "=codeanatomy_udf." name
/* Exactly these arguments; those from `min` on may be left out. */
#define UDF_EXACT(min, ...)                                                                        \
    .signature = PN_SIGNATURE_EXACT, .min_args = (min), .arg_formats = UDF_LIST(__VA_ARGS__),      \
    .n_arg_formats = sizeof(UDF_LIST(__VA_ARGS__)) / sizeof(char *) - 1,                           \
    .max_args = sizeof(UDF_LIST(__VA_ARGS__)) / sizeof(char *) - 1
/* The last of these repeats. */
#define UDF_VARIADIC(min, max, ...)                                                                \
    .signature = PN_SIGNATURE_VARIADIC, .min_args = (min), .max_args = (max),                      \
    .arg_formats = UDF_LIST(__VA_ARGS__),                                                          \
    .n_arg_formats = sizeof(UDF_LIST(__VA_ARGS__)) / sizeof(char *) - 1

/* ---- tables of functions, one per file ------------------------------------------------------ */

typedef struct udf_table {
    const pn_udf *udfs;
    size_t count;
} udf_table;

extern const pn_expr_planner pni_udf_domain_planner;
udf_table pni_udf_table_hash(void);
udf_table pni_udf_table_text(void);
udf_table pni_udf_table_span(void);
udf_table pni_udf_table_position(void);
udf_table pni_udf_table_cdf(void);
udf_table pni_udf_table_list(void);
udf_table pni_udf_table_map(void);
udf_table pni_udf_table_field(void);
udf_table pni_udf_table_echo(void);

#endif
