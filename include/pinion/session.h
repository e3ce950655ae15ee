/* SPDX-License-Identifier: Apache-2.0 */
/**
 * pinion/session.h: where queries are planned and run.
 *
 * A session is a profile, settings and a catalog over one engine context. Its configuration is
 * fixed once it is open; temporary tables may come and go. Datasets are resolved on first use, each
 * to one version for the life of the session, so everything a session compiles sees one point in
 * time per dataset.
 *
 *     pn_session_options options = PN_SESSION_OPTIONS_INIT;
 *     options.profile = "dev", options.catalog = catalog;
 *     pn_session *session;
 *     if (pn_session_open(&options, &session, &err) != PN_OK) …
 *     pn_session_unref(session);
 */
#ifndef PINION_SESSION_H
#define PINION_SESSION_H

#include "pinion/base.h"
#include "pinion/dataset.h"

PN_EXTERN_C_BEGIN

/** Memory pools of PN_SESSION options. */
enum {
    PN_POOL_DEFAULT = 0, /**< what the profile says (fair) */
    PN_POOL_GREEDY = 1,
    PN_POOL_FAIR = 2,
    PN_POOL_UNBOUNDED = 3,
};

/**
 * Statements a session accepts; each door (SQL, views, Substrait, builders) enforces it. Ordered:
 * each allows what the one before it does. The environment variable PINION_SQL_POLICY narrows the
 * policy of every session of the process and never widens it. See docs/policies.md.
 */
enum {
    PN_SQL_POLICY_DEFAULT = 0,   /**< read_only */
    PN_SQL_POLICY_READ_ONLY = 1, /**< queries */
    PN_SQL_POLICY_SERVICE = 2,   /**< queries, SHOW, DESCRIBE, EXPLAIN */
    PN_SQL_POLICY_WRITE = 3,     /**< service and INSERT, COPY, SET */
    PN_SQL_POLICY_ADMIN = 4,     /**< everything, CREATE and DROP too */
};

/** One setting: an engine key such as "datafusion.execution.batch_size", or a short pinion key, see
 * docs/settings.md. */
typedef struct pn_setting {
    const char *key;
    const char *value;
} pn_setting;

/** What functions written in SQL may be (CREATE FUNCTION). Zeroed = whatever their bodies may be.
 */
typedef struct pn_function_policy {
    uint32_t struct_size;
    int32_t volatility;            /**< 1 + the most volatile PN_VOLATILITY_*; 0 = volatile */
    const char *const *primitives; /**< functions that bodies may call beside those written in SQL;
                                        NULL = all. Operators, CAST and CASE are always allowed */
    size_t n_primitives;
    const char *const *types; /**< of arguments and results, e.g. "int64"; NULL = all */
    size_t n_types;
    const char *const *languages; /**< "sql", "aggregate", those of packs; NULL = all */
    size_t n_languages;
} pn_function_policy;

/** How a session is opened. Zeroed = default. */
typedef struct pn_session_options {
    uint32_t struct_size;
    int32_t memory_pool;        /**< PN_POOL_* */
    const char *profile;        /**< default, dev, prod, cst_autoload or symtable; NULL = default */
    const pn_setting *settings; /**< applied after the profile, in order */
    size_t n_settings;
    pn_catalog *catalog;         /**< a reference is taken; NULL = none */
    uint64_t memory_limit_bytes; /**< 0 = the profile's, capped at 80 % of the machine's memory */
    const char *spill_dir;       /**< NULL = a private folder under $TMPDIR, removed at close */
    uint64_t spill_limit_bytes;  /**< 0 = 100 GiB */
    uint32_t target_partitions;  /**< 0 = min(profile's concurrency, cores) */
    uint32_t batch_size;         /**< rows; 0 = the profile's */
    int32_t sql_policy;          /**< PN_SQL_POLICY_* */
    const char
        *autoload_dir; /**< folder for catalog auto-load, see pn_catalog_autoload(); NULL = none */
    const char *plan_cache_dir; /**< where plans are kept when the setting plan_cache_limit says how
                                   much; NULL = nowhere */
    const char *files_dir; /**< folder that table functions such as read_csv() count from, and below
                              which the policy `service` lets them read; NULL = the current folder,
                              and only `admin` may read. Since 0.1 */
    pn_cancel *cancel; /**< ends waiting for a store while datasets are looked at; a reference is
                          taken; may be NULL. Since 0.1 */
    const pn_function_policy *functions; /**< of functions written in SQL; NULL = default */
    int32_t
        allow_ffi; /**< not 0: pn_session_load_foreign() may load libraries over datafusion-ffi */
    int32_t reserved;
} pn_session_options;

#ifdef __cplusplus
static inline pn_function_policy pn_function_policy_init(void) {
    pn_function_policy p = {};
    p.struct_size = sizeof p;
    return p;
}
static inline pn_session_options pn_session_options_init(void) {
    pn_session_options o = {};
    o.struct_size = sizeof o;
    return o;
}
#else
#define PN_FUNCTION_POLICY_INIT ((pn_function_policy){.struct_size = sizeof(pn_function_policy)})
#define PN_SESSION_OPTIONS_INIT ((pn_session_options){.struct_size = sizeof(pn_session_options)})
#endif

/**
 * Opens a session. Starts the engine on first use; reads no data.
 *
 * @param options  NULL for defaults
 * @param session_out  [out] set only on PN_OK
 * @owns    caller owns *session_out, pn_session_unref()
 * @errors  INVALID an unknown profile or setting, or a wrong value · ABI the engine library does
 * not fit
 * @threads any; not after fork()
 * @cost    a few milliseconds
 * @since   0.1
 */
PN_API PN_NODISCARD pn_status pn_session_open(const pn_session_options *options,
                                              PN_OWN pn_session **session_out, pn_error *err);

/**
 * Gives the name of a policy (PN_SQL_POLICY_*), or NULL for a number that is none.
 *
 * @threads any
 * @since   0.2
 */
PN_API const char *pn_sql_policy_name(int32_t policy);

/**
 * Gives the policy of a name, or PN_SQL_POLICY_DEFAULT (0) for a name that is none.
 *
 * @threads any
 * @since   0.2
 */
PN_API int32_t pn_sql_policy_find(const char *name);

/**
 * Gives the policy in force in the session, PN_SQL_POLICY_*: what was asked for, narrowed by the
 * environment.
 *
 * @threads any
 * @since   0.2
 */
PN_API int32_t pn_session_policy(const pn_session *session);

/**
 * Drops one reference to `session`; streams and bundles keep their own.
 *
 * @param session  may be NULL
 * @threads any
 * @since   0.1
 */
PN_API void pn_session_unref(PN_OWN pn_session *session);

/**
 * Gives what the session is made of as JSON:
 * {"profile","settings":{…},"runtime":{…},"rules":{…},"environment":{…},
 * "settings_hash","environment_hash","rulepack_hash"}.
 *
 * @param json_out  [out] appended to
 * @errors  INTERNAL
 * @threads any
 * @since   0.1
 */
PN_API PN_NODISCARD pn_status pn_session_describe(const pn_session *session, pn_buf *json_out,
                                                  pn_error *err);

/**
 * Registers Arrow data as a temporary table; reads `stream` to its end. The table is pinned by a
 * digest of its rows.
 *
 * @param stream  consumed always
 * @owns    the library takes the stream, on failure too
 * @errors  INVALID the name is no valid name · EXISTS it is taken · LIMIT
 * @threads any; blocks
 * @cost    O(rows)
 * @since   0.1
 */
PN_API PN_NODISCARD pn_status pn_session_add_table(pn_session *session, const char *name,
                                                   PN_OWN struct ArrowArrayStream *stream,
                                                   pn_error *err);

/**
 * Registers JSON rows as a temporary table: an array of objects, or of arrays in column order when
 * a schema is given.
 *
 * @param schema  a struct schema, borrowed; NULL = inferred from the rows
 * @errors  as pn_session_add_table() · CORRUPT the JSON does not parse · SCHEMA a row does not fit
 * @threads any; blocks
 * @since   0.1
 */
PN_API PN_NODISCARD pn_status pn_session_add_rows(pn_session *session, const char *name,
                                                  pn_bytes json, const struct ArrowSchema *schema,
                                                  pn_error *err);

/**
 * Removes a temporary table.
 *
 * @errors  NOT_FOUND no temporary table of that name
 * @threads any
 * @since   0.1
 */
PN_API PN_NODISCARD pn_status pn_session_remove_table(pn_session *session, const char *name,
                                                      pn_error *err);

/**
 * Registers a dataset after the session was opened, as pn_catalog_add() does for its catalog.
 *
 * @errors  INVALID · EXISTS
 * @threads any
 * @since   0.1
 */
PN_API PN_NODISCARD pn_status pn_session_add_dataset(pn_session *session,
                                                     const pn_dataset_spec *spec, pn_error *err);

/**
 * Lists tables as JSON, sorted by name: [{"name","kind":"dataset"|"temporary","format"}].
 *
 * @param json_out  [out] appended to
 * @errors  INTERNAL
 * @threads any
 * @since   0.1
 */
PN_API PN_NODISCARD pn_status pn_session_tables(const pn_session *session, pn_buf *json_out,
                                                pn_error *err);

/**
 * Resolves a table and describes it as JSON:
 * {"name","kind","format","schema":[…],"pin":{…},"metadata":{"ddl",
 * "constraints","partition_columns","defaults"},"diagnostics":[…]}.
 *
 * @param json_out  [out] appended to
 * @errors  NOT_FOUND an unknown name, or a required dataset that is missing · IO
 * @threads any; blocks
 * @since   0.1
 */
PN_API PN_NODISCARD pn_status pn_session_table(pn_session *session, const char *name,
                                               pn_buf *json_out, pn_error *err);

/**
 * Gives the schema of a table.
 *
 * @param schema_out  [out] released storage; caller releases
 * @errors  as pn_session_table()
 * @threads any; blocks
 * @since   0.1
 */
PN_API PN_NODISCARD pn_status pn_session_table_schema(pn_session *session, const char *name,
                                                      struct ArrowSchema *schema_out,
                                                      pn_error *err);

/**
 * Loads a pack of functions (pinion/plugin.h) from a shared object, or nothing of it. The built-in
 * pack is always there.
 *
 * @param path    absolute path; never searched for
 * @param digest  expected SHA-256 as 64 hex digits, or NULL
 * @errors  ABI the pack does not fit, both sides named · NOT_FOUND · DRIFT the digest differs ·
 * EXISTS a name is taken · IO the file was replaced while the old one is mapped ·
 * INVALID the session has planned or been installed into already
 * @threads before the first compile
 * @since   0.1
 */
PN_API PN_NODISCARD pn_status pn_session_load_pack(pn_session *session, const char *path,
                                                   const char *digest, pn_error *err);

/**
 * Loads functions and tables of a library over datafusion-ffi (pinion/ffi.h) into a session that
 * was opened with `allow_ffi`. Its table states size and major version, which are compared before
 * anything else is touched. Functions and tables are known by the SHA-256 of the file.
 *
 * @param path    absolute path; never searched for
 * @param digest  expected SHA-256 as 64 hex digits, or NULL
 * @errors  UNSUPPORTED the session takes no foreign libraries · ABI the table does not fit, both
 * sides named · EXISTS a name is taken · DRIFT the digest differs · INVALID
 * the session has planned or been installed into already
 * @threads before the first compile; a failure may leave the objects before it
 * @since   0.2
 */
PN_API PN_NODISCARD pn_status pn_session_load_foreign(pn_session *session, const char *path,
                                                      const char *digest, pn_error *err);

/**
 * Lists the functions of all packs as JSON, sorted by name:
 * [{"name","func_id","kind","pack","pack_version","digest","signature","volatility","aliases",
 * "parameter_names","signature_inputs","return_types","state_types","rewrite_tags",…,"doc"}]. The
 * engine's own functions are not among them: see pn_udf_catalog().
 *
 * @param json_out  [out] appended to
 * @errors  INVALID an argument is NULL
 * @threads any
 * @since   0.1
 */
PN_API PN_NODISCARD pn_status pn_session_functions(const pn_session *session, pn_buf *json_out,
                                                   pn_error *err);

PN_EXTERN_C_END

#endif
