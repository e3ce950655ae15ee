/* SPDX-License-Identifier: Apache-2.0 */
/* checksrc: allow file-length the whole contract in one header: a pack needs no other */
/**
 * pinion/plugin.h: the contract between pinion and a pack of functions.
 *
 * A pack hands over one table of data (pn_plugin) and receives one (pn_host). Both start with their
 * size and grow at the end only; each slot names the version it came with. Kernels see Arrow
 * arrays: a scalar argument stays an array of length 1 (`is_scalar`), never expanded. What a kernel
 * returns is checked before use.
 *
 * Kernels are called from many threads at once, must not block on pinion, unwind or longjmp.
 * Needs only <stdint.h> and the Arrow C structs of pinion/arrow.h.
 */
#ifndef PINION_PLUGIN_H
#define PINION_PLUGIN_H

#include "pinion/arrow.h"
#include "pinion/types.h"

PN_EXTERN_C_BEGIN

#define PN_PLUGIN_ABI_MAJOR 1
#define PN_PLUGIN_ABI_MINOR 1

/** How often a function may be evaluated for the same arguments. */
enum {
    PN_VOLATILITY_IMMUTABLE = 0, /**< same arguments, same result, for ever */
    PN_VOLATILITY_STABLE = 1,    /**< same within one query */
    PN_VOLATILITY_VOLATILE = 2,  /**< may differ per row */
};

/** How the argument types of a signature are read. */
enum {
    PN_SIGNATURE_EXACT = 0,    /**< n_args types as given; values are coerced to them */
    PN_SIGNATURE_VARIADIC = 1, /**< the last type repeats, up to max_args */
};

/** What a null argument does (1.1). */
enum {
    PN_NULLS_CALLED = 0,     /**< the kernel sees nulls and decides */
    PN_NULLS_PROPAGATED = 1, /**< a null in any argument makes the row null, whatever the kernel
                                  wrote there; rows of constant null arguments never reach it */
};

/** Bits of pn_udf.flags (1.1). */
enum {
    PN_UDF_SHORT_CIRCUITS = 1 << 0, /**< arguments need not all be evaluated: never hoisted */
    PN_UDF_ASYNC = 1 << 1,          /**< may wait: runs beside the engine's workers, under the
                                         session's timeout, and looks at pn_kernel_call.stop */
};

/** One argument of a kernel call. Borrowed for the call. */
typedef struct pn_kernel_arg {
    const struct ArrowSchema *schema; /**< field: type, nullability, metadata */
    const struct ArrowArray *array;   /**< length n_rows, or 1 when is_scalar */
    int32_t is_scalar;
    int32_t reserved;
} pn_kernel_arg;

/** One kernel call. */
typedef struct pn_kernel_call {
    uint32_t struct_size;
    uint32_t n_args;
    uint32_t arg_stride; /**< bytes from one pn_kernel_arg to the next */
    uint32_t reserved;
    const pn_kernel_arg *args;
    int64_t n_rows;
    /** (1.1) Not NULL in what may take long: when it is not 0, return an error soon. A function
     * that does not stop within the grace period is disabled by name. */
    const volatile int32_t *stop;
} pn_kernel_call;

/**
 * Evaluates one batch. Fills `out` (released storage) with an array of the declared return type
 * whose length is n_rows, or 1 when all arguments are scalars. Returns 0, or non-zero with a
 * NUL-terminated text in `message`.
 */
typedef int32_t (*pn_scalar_fn)(void *ctx, const pn_kernel_call *call, struct ArrowArray *out,
                                char *message, size_t message_cap);

/**
 * Gives the return field from the argument fields, for functions whose return_format is NULL.
 * `scalars[i]` is a length-1 array of a literal argument or NULL. Fills `out`; returns 0, or
 * non-zero with a text in `message`.
 */
typedef int32_t (*pn_return_fn)(void *ctx, const struct ArrowSchema *const *args,
                                const struct ArrowArray *const *scalars, uint32_t n_args,
                                struct ArrowSchema *out, char *message, size_t message_cap);

/** One more way to call a function (1.1): the first that takes the argument types is used. */
typedef struct pn_signature {
    uint32_t struct_size;
    int32_t kind; /**< PN_SIGNATURE_* */
    uint32_t min_args;
    uint32_t max_args;
    uint32_t n_arg_formats;
    uint32_t reserved;
    const char *const *arg_formats;
} pn_signature;

/** What people read about a function (1.1). Every text may be NULL; all texts of a pack are UTF-8
 * of at most 64 KiB. */
typedef struct pn_doc {
    uint32_t struct_size;
    uint32_t reserved;
    const char *section;     /**< e.g. "Hashing" */
    const char *syntax;      /**< e.g. "stable_id(prefix, value)" */
    const char *sql_example; /**< a statement with its result */
    const char *alternative_syntax;
    const char *const *arg_descriptions; /**< one per arg_names entry, or NULL */
    const char *const *related;          /**< NULL-terminated, or NULL */
} pn_doc;

/**
 * One scalar function; for aggregates, window and table functions the declaration they point to
 * (name, arguments, result, documentation), whose `invoke` is then NULL.
 */
typedef struct pn_udf {
    uint32_t struct_size;
    int32_t signature;  /**< PN_SIGNATURE_* */
    int32_t volatility; /**< PN_VOLATILITY_* */
    uint32_t min_args;  /**< arguments from here on are optional */
    uint32_t max_args;  /**< = n_arg_formats unless variadic */
    uint32_t n_arg_formats;
    const char *name;           /**< lower-case SQL name */
    const char *const *aliases; /**< NULL-terminated, or NULL */
    /**
     * Arrow C format strings; "*" = any type as it is, "s" = any string type coerced to Utf8 ("u"),
     * "l" and "i" = integers coerced to Int64 and Int32, "g" = numbers coerced to Float64, "b" =
     * booleans; "t" = anything, cast to Utf8. (1.1) "=F" = exactly the type F, nothing is cast;
     * "+l", "+s", "+m" = any list, struct, map as it is.
     */
    const char *const *arg_formats;
    const char *const *arg_names; /**< max_args names (n_arg_formats when variadic), or NULL */
    const char *return_format;    /**< Arrow C format of a flat type, or NULL: see return_type */
    pn_return_fn return_type;     /**< required when return_format is NULL */
    pn_scalar_fn invoke;
    void *ctx; /**< passed to return_type and invoke */
    const char
        *body_version; /**< declared version of the semantics, part of the function's identity */
    const char *rewrite_tags; /**< comma-separated, sorted, or NULL */
    const char *description;  /**< one sentence */
    /* 1.1 */
    uint32_t flags;        /**< PN_UDF_* bits */
    int32_t null_handling; /**< PN_NULLS_* */
    uint64_t literal_args; /**< bit i: argument i (of the first 64) must be a literal */
    uint32_t
        preserves_order_of; /**< 1 + index of the argument whose order the result keeps, or 0 */
    uint32_t alternative_stride; /**< bytes from one pn_signature to the next */
    uint64_t n_alternatives;
    const pn_signature *alternatives;
    /**
     * One text per optional argument, from argument min_args on; NULL = none of them has a default.
     * An SQL literal ("true", "'NFKC'", "0", "NULL"), or "=key" for the value that the option of
     * that name (pn_option) has when the statement is planned. A missing argument is written into
     * the plan as this literal, so a kernel never depends on what is not in the plan.
     */
    const char *const *arg_defaults;
    const pn_doc *doc; /**< or NULL */
} pn_udf;

/* ---- aggregates (1.1) ---------------------------------------------------------------------------
 *
 * One state holds the accumulators of all groups of one partition, numbered from 0 without holes.
 * Without GROUP BY there is one group, 0. A state is used by one thread at a time. The result must
 * not depend on the order of rows: ORDER BY in the call is refused. */

/** Bits of pn_aggregate.flags. */
enum {
    PN_AGGREGATE_IGNORES_NULLS = 1 << 0, /**< IGNORE NULLS and RESPECT NULLS are understood */
    PN_AGGREGATE_SET = 1 << 1, /**< duplicates change nothing, so DISTINCT is accepted as it is */
};

/**
 * How an aggregate is called in this plan. Borrowed for the call. With n_args 0 although the
 * function takes arguments, only the result of no rows is asked for: evaluate() of one group.
 */
typedef struct pn_aggregate_open {
    uint32_t struct_size;
    uint32_t n_args;
    int32_t ignore_nulls;
    int32_t is_distinct; /**< only with PN_AGGREGATE_SET */
    const struct ArrowSchema *const *args;
    const struct ArrowArray *const *scalars; /**< per argument a literal of length 1, or NULL */
    const struct ArrowSchema *result;
    int32_t is_sliding; /**< retract() will be called: what was taken in must not be forgotten */
    int32_t reserved;
} pn_aggregate_open;

/** One aggregate function, of at least one argument. All functions but destroy and size return 0,
 * or non-zero with a text. */
typedef struct pn_aggregate {
    uint32_t struct_size;
    uint32_t flags;
    const pn_udf *function; /**< its declaration, with the `ctx` for create */
    uint32_t n_state;
    uint32_t reserved;
    const char *const *state_formats; /**< n_state flat Arrow C formats of a partial state */

    int32_t (*create)(void *ctx, const pn_aggregate_open *open, void **state_out, char *message,
                      size_t message_cap);
    void (*destroy)(void *state);
    /** Takes in rows: `groups[i]` < n_groups is the group of row i. n_groups never shrinks except
     * by emit and evaluate; groups not seen before are empty. */
    int32_t (*update)(void *state, const pn_kernel_call *call, const uint64_t *groups,
                      uint64_t n_groups, char *message, size_t message_cap);
    /** Takes rows out again that update() took in; NULL when sliding windows are not supported. */
    int32_t (*retract)(void *state, const pn_kernel_call *call, const uint64_t *groups,
                       uint64_t n_groups, char *message, size_t message_cap);
    /** Takes in partial states: the arguments of `call` are the n_state columns. */
    int32_t (*merge)(void *state, const pn_kernel_call *call, const uint64_t *groups,
                     uint64_t n_groups, char *message, size_t message_cap);
    /** Fills n_state arrays with the partial states of groups 0..n_groups-1 and removes those; the
     * others move down to 0. */
    int32_t (*emit)(void *state, uint64_t n_groups, struct ArrowArray *out, char *message,
                    size_t message_cap);
    /** Fills `out` with the results of groups 0..n_groups-1. They are removed as by emit() unless
     * `keep`, which windows set, sliding ones and growing ones, and aggregates without GROUP BY. */
    int32_t (*evaluate)(void *state, uint64_t n_groups, int32_t keep, struct ArrowArray *out,
                        char *message, size_t message_cap);
    /** Bytes held, for the session's memory limit. Cheap: asked after every batch. */
    size_t (*size)(const void *state);
} pn_aggregate;

/* ---- window functions (1.1) ------------------------------------------------------------------ */

/** What a window function is called with. */
enum {
    PN_WINDOW_PARTITION = 0, /**< a whole partition at once: n_rows results */
    PN_WINDOW_PEERS = 1,     /**< the peer groups of the ORDER BY; takes no arguments */
    PN_WINDOW_FRAME = 2,     /**< the partition and one row's frame: 1 result */
};

typedef struct pn_window_call {
    uint32_t struct_size;
    int32_t ignore_nulls;
    pn_kernel_call const *call; /**< the arguments over the partition, n_rows long, in order */
    uint64_t n_peers;           /**< PN_WINDOW_PEERS */
    const uint64_t *peer_ends;  /**< n_peers row numbers, each one past the end of a peer group */
    uint64_t frame_start;       /**< PN_WINDOW_FRAME: the rows frame_start..frame_end-1 */
    uint64_t frame_end;
} pn_window_call;

/** One window function. */
typedef struct pn_window {
    uint32_t struct_size;
    int32_t mode; /**< PN_WINDOW_* */
    const pn_udf *function;
    int32_t (*evaluate)(void *ctx, const pn_window_call *call, struct ArrowArray *out,
                        char *message, size_t message_cap);
} pn_window;

/* ---- tables (1.1) ---------------------------------------------------------------------------- */

enum {
    PN_FILTER_EQ = 0,
    PN_FILTER_NE = 1,
    PN_FILTER_LT = 2,
    PN_FILTER_LE = 3,
    PN_FILTER_GT = 4,
    PN_FILTER_GE = 5,
    PN_FILTER_IS_NULL = 6,
    PN_FILTER_IS_NOT_NULL = 7,
};

/** What a table promises about a filter. */
enum {
    PN_PUSHDOWN_NONE = 0, /**< the engine filters */
    PN_PUSHDOWN_INEXACT =
        1,                 /**< some rows that do not match are left out; the engine filters too */
    PN_PUSHDOWN_EXACT = 2, /**< exactly the matching rows come */
};

/** `column op value`. Other conditions are the engine's. Borrowed for the call. */
typedef struct pn_filter {
    uint32_t struct_size;
    uint32_t column; /**< index in the table's schema */
    int32_t op;      /**< PN_FILTER_* */
    int32_t reserved;
    const struct ArrowSchema *type; /**< NULL for IS_NULL and IS_NOT_NULL */
    const struct ArrowArray *value; /**< length 1, not null */
} pn_filter;

/** One scan. Borrowed for the call. */
typedef struct pn_scan {
    uint32_t struct_size;
    uint32_t n_columns;       /**< 0 is possible: only the number of rows counts */
    const uint32_t *columns;  /**< the columns wanted, in this order */
    const pn_filter *filters; /**< all must hold; those classified INEXACT or EXACT */
    uint32_t n_filters;
    uint32_t filter_stride;
    int64_t limit;                /**< rows that are enough, or -1 */
    const volatile int32_t *stop; /**< as in pn_kernel_call; outlives the stream */
} pn_scan;

/** An open table. Used from many threads at once; release is called once, after the last stream. */
typedef struct pn_table {
    uint32_t struct_size; /**< set by the host before open */
    uint32_t reserved;
    void *self;
    /**
     * Identity of the contents (a version, a digest), or NULL when the table cannot tell: then it
     * can be queried, but no bundle stands on it. Lives as long as the table.
     */
    const char *version;
    /** NULL, or a dataset as JSON of at most 1,400 bytes that the host opens, pins and reads
     * instead (table functions only): {"format","uri"[,"version","timestamp","options",
     * "storage_options"]} as in docs/project-file.md. Then schema, classify and scan are not
     * called. */
    const char *dataset;
    int32_t (*schema)(void *self, struct ArrowSchema *out, char *message, size_t message_cap);
    /** PN_PUSHDOWN_* for a filter; NULL = PN_PUSHDOWN_NONE for all. */
    int32_t (*classify)(void *self, const pn_filter *filter);
    int32_t (*scan)(void *self, const pn_scan *scan, struct ArrowArrayStream *out, char *message,
                    size_t message_cap);
    int64_t (*row_count)(void *self); /**< exact, or -1; may be NULL */
    void (*release)(void *self);
} pn_table;

/** One table function: `SELECT … FROM name(arguments)`. The arguments are literals. */
typedef struct pn_table_function {
    uint32_t struct_size;
    uint32_t reserved;
    const pn_udf *function; /**< its result fields are the table's: return_format is NULL */
    /** Fills `out`; `call` has one row. */
    int32_t (*open)(void *ctx, const pn_kernel_call *call, pn_table *out, char *message,
                    size_t message_cap);
} pn_table_function;

/** A kind of table that a project names as `format: pack.name`. */
typedef struct pn_table_provider {
    uint32_t struct_size;
    uint32_t reserved;
    const char *name; /**< lower case */
    const char *description;
    void *ctx;
    /** Opens the table that `options` (a JSON object) describe. */
    int32_t (*open)(void *ctx, const char *options, pn_table *out, char *message,
                    size_t message_cap);
} pn_table_provider;

/* ---- planning (1.1) -------------------------------------------------------------------------- */

/** A setting of a pack: `SET key = …`. Reaches functions through pn_udf.arg_defaults only. */
typedef struct pn_option {
    uint32_t struct_size;
    uint32_t reserved;
    const char *key;          /**< "prefix.name" in lower case */
    const char *format;       /**< "u", "b", "l" or "g" */
    const char *default_text; /**< as written in SET, without quotes */
    const char *description;
} pn_option;

/** What an operator becomes. */
typedef struct pn_operator_plan {
    uint32_t struct_size;
    int32_t swap; /**< the right operand is the first argument */
    const char
        *function; /**< a scalar function of this pack or the engine; NULL = not my operator */
} pn_operator_plan;

/** Gives operators a meaning by the types of their operands. */
typedef struct pn_expr_planner {
    uint32_t struct_size;
    uint32_t reserved;
    const char *name;         /**< lower case; sessions name it to install it */
    const char *body_version; /**< enters the planning environment's identity */
    void *ctx;
    int32_t (*plan_operator)(void *ctx, const char *op, const struct ArrowSchema *left,
                             const struct ArrowSchema *right, pn_operator_plan *out, char *message,
                             size_t message_cap);
} pn_expr_planner;

/** Gives relations in FROM a meaning: SQL for SQL. */
typedef struct pn_relation_planner {
    uint32_t struct_size;
    uint32_t reserved;
    const char *name;
    const char *body_version;
    void *ctx;
    /** `relation` is one item of FROM. Sets `*sql_out` to a query that stands for it
     * (pn_host.alloc; the host frees it), or leaves it NULL: not mine. */
    int32_t (*plan_relation)(void *ctx, const char *relation, char **sql_out, char *message,
                             size_t message_cap);
} pn_relation_planner;

/** A CREATE FUNCTION statement. Borrowed for the call. */
typedef struct pn_create_function {
    uint32_t struct_size;
    int32_t or_replace;
    const char *name;
    const char *language; /**< lower case */
    const char *body;
    int32_t volatility; /**< PN_VOLATILITY_*, or -1 when not said */
    uint32_t n_args;
    const char *const *arg_names; /**< an entry is NULL when not said */
    const struct ArrowSchema *const *arg_types;
    const struct ArrowSchema *return_type; /**< or NULL */
} pn_create_function;

struct pn_plugin;

/** Makes functions from CREATE FUNCTION … LANGUAGE `language`. */
typedef struct pn_function_factory {
    uint32_t struct_size;
    uint32_t reserved;
    const char *language; /**< lower case; not one that pinion has itself, as `sql` */
    void *ctx;
    /** Gives a table with exactly one function of any kind; it lives until the pack is unloaded. */
    const struct pn_plugin *(*create)(void *ctx, const pn_create_function *statement, char *message,
                                      size_t message_cap);
} pn_function_factory;

/* ---- the two tables -------------------------------------------------------------------------- */

/** What pinion offers a pack (1.0). In 1.1 nothing was added. */
typedef struct pn_host {
    uint32_t struct_size;
    uint32_t abi_major;
    uint32_t abi_minor;
    uint32_t reserved;
    void *(*alloc)(size_t size); /**< never returns NULL */
    void (*free)(void *ptr);
} pn_host;

/** What a pack hands over. Lives until unload. A pack made for 1.0 has the fields up to `unload`.
 */
typedef struct pn_plugin {
    uint32_t struct_size;
    uint32_t abi_major;
    uint32_t abi_minor_min; /**< the least minor of the host this pack needs */
    uint32_t udf_stride;    /**< bytes from one pn_udf to the next */
    const char *name;
    const char *version;
    uint64_t n_udfs;
    const pn_udf *udfs;
    void (*unload)(const struct pn_plugin *);
    /* 1.1: counts may be 0, then the pointers may be NULL. */
    uint32_t aggregate_stride;
    uint32_t window_stride;
    uint32_t table_function_stride;
    uint32_t table_provider_stride;
    uint32_t expr_planner_stride;
    uint32_t relation_planner_stride;
    uint32_t function_factory_stride;
    uint32_t option_stride;
    uint64_t n_aggregates;
    const pn_aggregate *aggregates;
    uint64_t n_windows;
    const pn_window *windows;
    uint64_t n_table_functions;
    const pn_table_function *table_functions;
    uint64_t n_table_providers;
    const pn_table_provider *table_providers;
    uint64_t n_expr_planners;
    const pn_expr_planner *expr_planners;
    uint64_t n_relation_planners;
    const pn_relation_planner *relation_planners;
    uint64_t n_function_factories;
    const pn_function_factory *function_factories;
    uint64_t n_options;
    const pn_option *options;
} pn_plugin;

/** The one symbol of a pack: `pn_plugin_entry`. Returns NULL with a text in `message` when it
 * refuses. */
typedef const pn_plugin *(*pn_plugin_entry_fn)(const pn_host *host, char *message, size_t cap);

PN_EXTERN_C_END

#endif
