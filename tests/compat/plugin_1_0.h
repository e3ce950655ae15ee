/* SPDX-License-Identifier: Apache-2.0 */
/**
 * plugin.h of plugin ABI 1.0, frozen: never edit. What follows is the header as it was released.
 *
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
#define PN_PLUGIN_ABI_MINOR 0

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

/** One scalar function. */
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
     * booleans; "t" = anything, cast to Utf8.
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
} pn_udf;

/** What pinion offers a pack (1.0). */
typedef struct pn_host {
    uint32_t struct_size;
    uint32_t abi_major;
    uint32_t abi_minor;
    uint32_t reserved;
    void *(*alloc)(size_t size); /**< never returns NULL */
    void (*free)(void *ptr);
} pn_host;

/** What a pack hands over (1.0). Lives until unload. */
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
} pn_plugin;

/** The one symbol of a pack: `pn_plugin_entry`. Returns NULL with a text in `message` when it
 * refuses. */
typedef const pn_plugin *(*pn_plugin_entry_fn)(const pn_host *host, char *message, size_t cap);

PN_EXTERN_C_END

#endif
