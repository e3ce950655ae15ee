/* SPDX-License-Identifier: Apache-2.0 */
/**
 * pinion/udf.h: which functions a session has, and how it got them.
 *
 * pn_session_install() brings packs, operator planners and the policy for asynchronous functions
 * into a session, in one call and before anything is planned. After that the functions are what
 * they are: the snapshot lists every function of a pack with its signatures, tags and body digest,
 * and its hash is one value for all of them.
 *
 *     pn_platform_pack pack = {"/srv/packs/stats.so", NULL};
 *     pn_platform_options options = PN_PLATFORM_OPTIONS_INIT;
 *     options.packs = &pack, options.n_packs = 1;
 *     if (pn_session_install(session, &options, &platform, &err) != PN_OK) …
 *
 * Documents are canonical JSON; docs/packs.md has their keys.
 */
#ifndef PINION_UDF_H
#define PINION_UDF_H

#include "pinion/base.h"
#include "pinion/session.h"

PN_EXTERN_C_BEGIN

/** Flags of pn_platform_options. */
enum {
    PN_PLATFORM_LENIENT =
        1 << 0,                 /**< what cannot be installed is left out and told, not an error */
    PN_PLATFORM_ASYNC = 1 << 1, /**< functions that wait may be called; needs both limits below */
};

/** One pack of functions. */
typedef struct pn_platform_pack {
    const char *path;   /**< absolute path of a shared object; never searched for */
    const char *digest; /**< expected SHA-256 as 64 hex digits, or NULL */
} pn_platform_pack;

/** What a session is given. Zeroed = the built-in pack alone, which is always there. */
typedef struct pn_platform_options {
    uint32_t struct_size;
    uint32_t flags; /**< PN_PLATFORM_* */
    const pn_platform_pack *packs;
    size_t n_packs;
    const char *const *expr_planners; /**< names of operator planners of the packs, in order */
    size_t n_expr_planners;
    const char *const *required; /**< functions that must be there in the end */
    size_t n_required;
    uint64_t async_timeout_ms; /**< with PN_PLATFORM_ASYNC: a call that takes longer fails */
    uint64_t async_batch_rows; /**< with PN_PLATFORM_ASYNC: rows per call */
} pn_platform_options;

#ifdef __cplusplus
static inline pn_platform_options pn_platform_options_init(void) {
    pn_platform_options o = {};
    o.struct_size = sizeof o;
    return o;
}
#else
#define PN_PLATFORM_OPTIONS_INIT ((pn_platform_options){.struct_size = sizeof(pn_platform_options)})
#endif

/**
 * Installs packs, planners and policies into a session: all of it, or an error that names the
 * first part that does not fit (with PN_PLATFORM_LENIENT such parts are left out and listed).
 *
 * @param options   NULL for defaults
 * @param json_out  [out] the platform as pn_session_platform() gives it, appended to; may be NULL
 * @errors  INVALID options that contradict each other, or the session has planned or installed
 * already · NOT_FOUND an unknown planner or function · ABI, DRIFT, EXISTS, IO as
 * pn_session_load_pack(); the session is then what it was before
 * @threads one, before the first query
 * @since   0.2
 */
PN_API PN_NODISCARD pn_status pn_session_install(pn_session *session,
                                                 const pn_platform_options *options,
                                                 pn_buf *json_out, pn_error *err);

/**
 * Gives what was installed: {"installed","packs","snapshot_hash","rewrite_tags",
 * "domain_planner_names","docs","function_factory","expr_planners","function_factory_policy",
 * "expr_planner_policy","async_udf_policy","table_providers","problems"}. Bundles record it as
 * the artifact `platform`.
 *
 * @param json_out  [out] appended to
 * @errors  INVALID an argument is NULL
 * @threads any
 * @since   0.2
 */
PN_API PN_NODISCARD pn_status pn_session_platform(pn_session *session, pn_buf *json_out,
                                                  pn_error *err);

/**
 * Gives the snapshot of all functions of packs, the built-in one among them.
 *
 * @param json_out  [out] appended to
 * @errors  INVALID an argument is NULL
 * @threads any
 * @cost    computed once; again after a pack was loaded
 * @since   0.2
 */
PN_API PN_NODISCARD pn_status pn_udf_snapshot(pn_session *session, pn_buf *json_out, pn_error *err);

/**
 * Gives the hash of the snapshot: SHA-256 of its canonical JSON as 64 hex digits.
 *
 * @param hex_out  [out] appended to
 * @errors  INVALID an argument is NULL
 * @threads any
 * @cost    computed once; again after a pack was loaded
 * @since   0.2
 */
PN_API PN_NODISCARD pn_status pn_udf_snapshot_hash(pn_session *session, pn_buf *hex_out,
                                                   pn_error *err);

/**
 * Checks the shape of a snapshot that comes from anywhere.
 *
 * @param json  untrusted
 * @errors  CORRUPT no JSON · INVALID not a snapshot; the key or function is named · LIMIT
 * @threads any
 * @since   0.2
 */
PN_API PN_NODISCARD pn_status pn_udf_snapshot_check(pn_bytes json, pn_error *err);

/**
 * Gives all names and aliases in a snapshot as a sorted JSON array.
 *
 * @param json      a snapshot; checked
 * @param json_out  [out] appended to
 * @errors  as pn_udf_snapshot_check()
 * @threads any
 * @since   0.2
 */
PN_API PN_NODISCARD pn_status pn_udf_snapshot_names(pn_bytes json, pn_buf *json_out, pn_error *err);

/** Flags of pn_udf_catalog(). */
enum {
    PN_UDF_CATALOG_STRICT = 1, /**< fails when the packs and the engine differ */
};

/**
 * Gives everything that a query may call, as the engine's information_schema has it, with the
 * signatures of packs from the snapshot: {"function_names":[…],"functions_by_category":{…},
 * "function_signatures":{name:[{"input_types","arg_names","return_type"}]},"libraries"?:{name:
 * file},"statements"?:{name:{"kind","volatility","declaration"}}}; "libraries" has the functions of
 * libraries over datafusion-ffi, "statements" those of CREATE FUNCTION.
 *
 * @param flags     PN_UDF_CATALOG_*
 * @param json_out  [out] appended to
 * @errors  DRIFT strict, and the packs and the engine differ; all differences are named
 * @threads any; blocks
 * @cost    tens of milliseconds once; again after a pack was loaded
 * @since   0.2
 */
PN_API PN_NODISCARD pn_status pn_udf_catalog(pn_session *session, uint32_t flags, pn_buf *json_out,
                                             pn_error *err);

/**
 * Compares the snapshot with what the engine says, by name, kind, aliases and volatility:
 * {"ok","missing","aliases_missing","unknown","kind","aliases","volatility"}. Table functions are
 * compared by name only: the engine knows no more of them.
 *
 * @param json_out  [out] appended to
 * @errors  INVALID an argument is NULL
 * @threads any; blocks
 * @since   0.2
 */
PN_API PN_NODISCARD pn_status pn_udf_parity(pn_session *session, pn_buf *json_out, pn_error *err);

/**
 * Checks that functions are there, by name or alias, in a pack or in the engine; those of packs
 * need parameter names, volatility, signature and result.
 *
 * @errors  NOT_FOUND with all names that are missing, in the detail when they are many
 * @threads any; blocks
 * @since   0.2
 */
PN_API PN_NODISCARD pn_status pn_udf_require(pn_session *session, const char *const *names,
                                             size_t n_names, pn_error *err);

/**
 * Gives the index of rewrite tags: {tag: [name, …]}, sorted.
 *
 * @param json_out  [out] appended to
 * @errors  INVALID an argument is NULL
 * @threads any
 * @since   0.2
 */
PN_API PN_NODISCARD pn_status pn_udf_tags(pn_session *session, pn_buf *json_out, pn_error *err);

/** How a pack is probed. Zeroed = defaults. */
typedef struct pn_probe_options {
    uint32_t struct_size;
    uint32_t timeout_ms; /**< per function, which is then told to stop; 0 = 10,000 */
    uint32_t rows;       /**< of the largest call; 0 = 8,192 */
    uint32_t reserved;
    pn_cancel *cancel; /**< ends probing within a moment; may be NULL */
} pn_probe_options;

#ifdef __cplusplus
static inline pn_probe_options pn_probe_options_init(void) {
    pn_probe_options o = {};
    o.struct_size = sizeof o;
    return o;
}
#else
#define PN_PROBE_OPTIONS_INIT ((pn_probe_options){.struct_size = sizeof(pn_probe_options)})
#endif

/**
 * Calls every function of a pack with made-up arguments, each in a process of its own, and reports
 * what went wrong: {"ok","pack","version","digest","functions":[{"name","kind","ok","calls",
 * "refused","refusal"?,"stopped"?,"findings":[{"what","at","text"}]}],"error"?}. A pack that cannot
 * be loaded is a report with "error"; a function that had to be told to stop is "stopped", and a
 * finding when it did not. The pack is not mapped into this process.
 *
 * @param path      a shared object
 * @param options   NULL for defaults
 * @param json_out  [out] appended to
 * @errors  NOT_FOUND there is no such file · IO no process can be made · CANCELLED
 * @threads any; forks; blocks
 * @cost    a few milliseconds per function
 * @since   0.2
 */
PN_API PN_NODISCARD pn_status pn_udf_probe(const char *path, const pn_probe_options *options,
                                           pn_buf *json_out, pn_error *err);

PN_EXTERN_C_END

#endif
