/* SPDX-License-Identifier: Apache-2.0 */
/*
 * base: what every module may use. Memory, text, maps, errors, digests, canonical JSON, files.
 *
 * Memory: running out aborts with one line (so does the engine); every size that comes from input
 * has a ceiling from limits.h and answers LIMIT. Nothing here knows a noun of a higher layer.
 */
#ifndef PNI_BASE_H
#define PNI_BASE_H

#include "pinion/base.h"
#include "pinion/error.h"
#include "pinion/types.h"

#include <jansson.h>

#include <stdarg.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <string.h>

/* ---- memory ------------------------------------------------------------------------------- */

void *pni_alloc(size_t size);                /* never NULL */
void *pni_calloc(size_t count, size_t size); /* zeroed; overflow aborts */
void *pni_realloc(void *ptr, size_t size);
char *pni_strdup(const char *text);
char *pni_strndup(const char *text, size_t len);
void pni_free(void *ptr);

/* Runs `fn` on the variable when it leaves scope: PNI_AUTO(pn_buf) b = PN_BUF_INIT; */
#define PNI_DEFINE_AUTO(type, fn)                                                                  \
    static inline void pni_auto_##type(type *p) {                                                  \
        fn(p);                                                                                     \
    }
#define PNI_DEFINE_AUTO_PTR(type, fn)                                                              \
    static inline void pni_auto_##type(type **p) {                                                 \
        fn(*p);                                                                                    \
    }
#define PNI_AUTO(type) __attribute__((cleanup(pni_auto_##type))) type
#define PNI_AUTO_PTR(type) __attribute__((cleanup(pni_auto_##type))) type *
/* Hands an owned pointer over and leaves NULL behind. */
#define pni_take(p)                                                                                \
    __extension__({                                                                                \
        __typeof__(p) pni_taken_ = (p);                                                            \
        (p) = NULL;                                                                                \
        pni_taken_;                                                                                \
    })

typedef char pni_text; /* PNI_AUTO_PTR(pni_text) path = pni_path_join(...); */
PNI_DEFINE_AUTO_PTR(pni_text, pni_free)
PNI_DEFINE_AUTO(pn_buf, pn_buf_dispose)
PNI_DEFINE_AUTO_PTR(json_t, json_decref)
PNI_DEFINE_AUTO_PTR(pn_cancel, pn_cancel_unref)

/* Arena: freed as one; allocations are zeroed and aligned for any type. One thread at a time. */
typedef struct pni_arena pni_arena;
pni_arena *pni_arena_new(void);
void pni_arena_free(pni_arena *arena);
void *pni_arena_alloc(pni_arena *arena, size_t size);
char *pni_arena_strndup(pni_arena *arena, const char *text, size_t len);
char *pni_arena_strdup(pni_arena *arena, const char *text);
char *pni_arena_printf(pni_arena *arena, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
size_t pni_arena_bytes(const pni_arena *arena);
PNI_DEFINE_AUTO_PTR(pni_arena, pni_arena_free)

/* Growable array of any element: struct { T *items; size_t count, cap; }. */
#define PNI_VEC(type)                                                                              \
    struct {                                                                                       \
        type *items;                                                                               \
        size_t count;                                                                              \
        size_t cap;                                                                                \
    }
#define pni_vec_push(vec, value)                                                                   \
    do {                                                                                           \
        if ((vec)->count == (vec)->cap) {                                                          \
            (vec)->cap = (vec)->cap ? (vec)->cap * 2 : 8;                                          \
            (vec)->items = pni_realloc((vec)->items, (vec)->cap * sizeof *(vec)->items);           \
        }                                                                                          \
        (vec)->items[(vec)->count++] = (value);                                                    \
    } while (0)
#define pni_vec_dispose(vec)                                                                       \
    do {                                                                                           \
        pni_free((vec)->items);                                                                    \
        (vec)->items = NULL;                                                                       \
        (vec)->count = (vec)->cap = 0;                                                             \
    } while (0)

/* ---- text --------------------------------------------------------------------------------- */

typedef struct pni_str {
    const char *data;
    size_t len;
} pni_str;
#define PNI_STR(literal) ((pni_str){(literal), sizeof(literal) - 1})
static inline pni_str pni_str_of(const char *text) {
    return (pni_str){text, text ? strlen(text) : 0};
}
int pni_str_cmp(pni_str a, pni_str b); /* bytewise, shorter first on a tie */
bool pni_str_eq(pni_str a, pni_str b);
bool pni_streq(const char *a, const char *b); /* NULL equals only NULL */
bool pni_starts_with(const char *text, const char *prefix);
bool pni_ends_with(const char *text, const char *suffix);
int pni_cmp_text(const void *a, const void *b); /* qsort over char *[] by strcmp */
bool pni_utf8_valid(const char *data, size_t len);
/* Cuts at most `max` bytes on a code point boundary; gives the kept length. */
size_t pni_utf8_cut(const char *data, size_t len, size_t max);
/* Shortens a name to 64 bytes, middle replaced by "…", for messages. Returns `out`. */
const char *pni_name_short(const char *name, char out[72]);
/* Parses all of `text` as a decimal; false on anything else or overflow. */
bool pni_parse_i64(const char *text, int64_t *out);
bool pni_parse_u64(const char *text, uint64_t *out);
/* Edit distance, for "did you mean"; gives up above 4 and answers 5. */
unsigned pni_edit_distance(const char *a, const char *b);
/* For "did you mean": the better of two names that may be meant by `name`, either of which may be
 * NULL; NULL when both are too far off. Of equals the lesser one. */
const char *pni_nearer(const char *name, const char *best, const char *candidate);

void pni_buf_append(pn_buf *buf, const void *data, size_t len);
void pni_buf_puts(pn_buf *buf, const char *text);
void pni_buf_putc(pn_buf *buf, char c);
void pni_buf_printf(pn_buf *buf, const char *format, ...) __attribute__((format(printf, 2, 3)));
void pni_buf_vprintf(pn_buf *buf, const char *format, va_list args);
void pni_buf_reserve(pn_buf *buf, size_t more);
void pni_buf_clear(pn_buf *buf);  /* keeps storage */
char *pni_buf_steal(pn_buf *buf); /* pni_free() it; never NULL */
static inline const char *pni_buf_text(const pn_buf *buf) {
    return buf->data ? (const char *)buf->data : "";
}
/* Sink of the engine's text and bytes: appends to the pn_buf given as ctx. */
void pni_buf_sink(void *ctx, const uint8_t *data, size_t len);

/* ---- maps --------------------------------------------------------------------------------- */

/* Text -> pointer; keys are copied; insertion order is kept. Values are the caller's. */
typedef struct pni_map pni_map;
pni_map *pni_map_new(void);
void pni_map_free(pni_map *map);
void pni_map_put(pni_map *map, const char *key, void *value); /* replaces */
void *pni_map_get(const pni_map *map, const char *key);       /* NULL when absent */
bool pni_map_has(const pni_map *map, const char *key);
size_t pni_map_count(const pni_map *map);
const char *pni_map_key_at(const pni_map *map, size_t index); /* insertion order */
void *pni_map_value_at(const pni_map *map, size_t index);
const char **pni_map_sorted_keys(const pni_map *map); /* pni_free() the array only */
PNI_DEFINE_AUTO_PTR(pni_map, pni_map_free)

/* ---- errors ------------------------------------------------------------------------------- */

/* PNI_E_<NAME> for each row of errors.def */
enum {
#define X(name, number, status, summary, remedy) PNI_E_##name = (number),
#include "base/errors.def"
#undef X
};

/*
 * Fills `err` (may be NULL) from the catalogue row `number`: status and default hint come from the
 * row, the message from `format`. Returns the status, so: return pni_fail(err, PNI_E_FILE_READ,
 * "reading '%s'", path);
 */
pn_status pni_fail(pn_error *err, int32_t number, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
/* The same with errno (strerror text is appended to the message). */
pn_status pni_fail_os(pn_error *err, int32_t number, int os_errno, const char *format, ...)
    __attribute__((format(printf, 4, 5)));
#ifdef __clang_analyzer__ /* it sees one file at a time: tell it that these never answer PN_OK */
#define pni_failed(call)                                                                           \
    __extension__({                                                                                \
        const pn_status pni_failed_ = (call);                                                      \
        pni_failed_ == PN_OK ? PN_INTERNAL : pni_failed_;                                          \
    })
#define pni_fail(...) pni_failed(pni_fail(__VA_ARGS__))
#define pni_fail_os(...) pni_failed(pni_fail_os(__VA_ARGS__))
#endif
void pni_error_detail(pn_error *err, const char *format, ...) __attribute__((format(printf, 2, 3)));
void pni_error_hint(pn_error *err, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* Says `said` in the message where it has `name`, which nobody but us knows. */
void pni_error_say(pn_error *err, const char *name, const char *said);
/* Prefixes the message with "<context>: "; never replaces. Returns err's status unchanged. */
void pni_error_context(pn_error *err, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
/* Gives a number to an error that has none yet (engine errors), keeping status and texts. */
void pni_error_number(pn_error *err, int32_t number);

/* Takes credentials out of an error that was filled elsewhere (by the engine). */
void pni_error_redact(pn_error *err);

#define PNI_TRY(expr)                                                                              \
    do {                                                                                           \
        pn_status pni_status_ = (expr);                                                            \
        if (pni_status_ != PN_OK)                                                                  \
            return pni_status_;                                                                    \
    } while (0)

_Noreturn void pni_abort(const char *file, int line, const char *what);
#define pni_assert(cond) ((cond) ? (void)0 : pni_abort(__FILE__, __LINE__, #cond))

void pni_logf(const char *format, ...) __attribute__((format(printf, 1, 2)));
bool pni_log_enabled(void);

/*
 * Copies an options struct of any age: zeroes `ours` (size our_size), copies min(theirs, ours), and
 * answers INVALID when `theirs` has no struct_size or UNSUPPORTED when a field we do not know is
 * not zero. NULL theirs = all defaults.
 */
pn_status pni_options_copy(void *ours, size_t our_size, const void *theirs, const char *what,
                           pn_error *err);

/* ---- credentials --------------------------------------------------------------------------- */

/* Appends `text` without credentials: user part and query of URIs, and remembered values. Messages,
 * details and log lines pass through here by themselves; documents that show a uri must call it. */
void pni_redact(const char *text, size_t len, pn_buf *out);
/* The same as a JSON text. */
json_t *pni_json_redacted(const char *text);
/* A copy of an object whose texts are without them; a setting may hold a uri. */
json_t *pni_json_redacted_object(const json_t *object);
/* Keeps `value` out of every text of this process from now on; short values are ignored. */
void pni_secret_remember(const char *value);
/* The values of storage options, but for those whose names are public (region, endpoint, …). */
void pni_secrets_remember(const json_t *options);
bool pni_option_is_public(const char *name);

/* ---- cancellation: the engine hangs its own token on ours ---------------------------------- */

struct pn_cancel {
    atomic_int refs;
    atomic_int fired;
    _Atomic(void *) engine;      /* set once by the engine module */
    void (*engine_fire)(void *); /* async-signal-safe */
    void (*engine_free)(void *);
};
pn_cancel *pni_cancel_ref(pn_cancel *cancel);                       /* NULL stays NULL */
pn_status pni_cancel_check(const pn_cancel *cancel, pn_error *err); /* CANCELLED when fired */

/* ---- digests and canonical JSON ------------------------------------------------------------ */

#define PNI_SHA256_LEN 32
#define PNI_SHA256_HEX 65 /* with NUL */
typedef struct pni_sha256 pni_sha256;
pni_sha256 *pni_sha256_new(void);
void pni_sha256_update(pni_sha256 *sha, const void *data, size_t len);
void pni_sha256_final_hex(pni_sha256 *sha, char hex_out[PNI_SHA256_HEX]); /* frees sha */
void pni_sha256_hex(const void *data, size_t len, char hex_out[PNI_SHA256_HEX]);
void pni_sha256_bytes(const void *data, size_t len, unsigned char out[PNI_SHA256_LEN]);
void pni_hex(const unsigned char *bytes, size_t len, char *out); /* 2 * len digits and NUL */
pn_status pni_sha256_file(const char *path, char hex_out[PNI_SHA256_HEX], uint64_t *size_out,
                          pn_error *err);

/*
 * Canonical JSON (RFC 8785) of a jansson tree: keys sorted by UTF-16 code units, no white space,
 * minimal escapes. Floats are refused (INTERNAL): identity holds none; 64-bit integers are written
 * by callers as decimal strings, but integers within 2^53 pass.
 */
pn_status pni_json_canonical(const json_t *value, pn_buf *out, pn_error *err);
/* Documents digested in this process so far: tests see by it that nothing is hashed twice. */
uint64_t pni_json_digest_count(void);
/* SHA-256 hex of the canonical JSON. */
pn_status pni_json_digest(const json_t *value, char hex_out[PNI_SHA256_HEX], pn_error *err);
/* Parses untrusted JSON: at most PNI_JSON_MAX_BYTES, bounded depth, duplicate keys refused. */
pn_status pni_json_parse(const void *data, size_t len, const char *what, json_t **out,
                         pn_error *err);
/* Appends `data` (UTF-8) as a JSON string with the escapes of RFC 8785. */
void pni_json_quote(pn_buf *out, const char *data, size_t len);
json_t *pni_json_u64(uint64_t value); /* decimal string */
json_t *pni_json_i64(int64_t value);
/* NULL when absent or not a string. */
const char *pni_json_text(const json_t *object, const char *key);
/* Whether the array holds the text; NULL is none and is in none. */
bool pni_json_lists(const json_t *array, const char *text);
/* Reads a decimal string or an integer; false when there is neither. */
bool pni_json_u64_of(const json_t *object, const char *key, uint64_t *out);

/* ---- files -------------------------------------------------------------------------------- */

pn_status pni_file_read(const char *path, size_t max_bytes, pn_buf *out, pn_error *err);
/* Writes a temporary sibling, fsyncs and renames: the file is whole or absent. */
pn_status pni_file_write(const char *path, const void *data, size_t len, pn_error *err);
/* The same without waiting for the disk: after a crash of the machine the file may hold anything.
 * For what is checked when it is read. */
pn_status pni_file_write_unsynced(const char *path, const void *data, size_t len, pn_error *err);
pn_status pni_mkdirs(const char *path, pn_error *err);
/* Does not follow symlinks; what is absent is fine. */
pn_status pni_remove_tree(const char *path, pn_error *err);
bool pni_path_exists(const char *path);
bool pni_path_is_dir(const char *path);
char *pni_path_join(const char *dir, const char *name); /* absolute `name` wins */
char *pni_path_absolute(const char *path); /* against the cwd; "." and ".." folded lexically */
const char *pni_path_base(const char *path);
char *pni_path_dir(const char *path);
/* ${XDG_CACHE_HOME:-$HOME/.cache}/pinion[/sub], made on demand. */
pn_status pni_cache_dir(const char *sub, char **path_out, pn_error *err);

#include "base/limits.h"

#endif
