/* SPDX-License-Identifier: Apache-2.0 */
/**
 * pinion/exec.h: compile, run and write through one door.
 *
 * Everything that runs is first a bundle: the facade compiles a source (SQL, Substrait bytes, or a
 * callback that gives one), executes the bundle from its Substrait plan, and hands back a result
 * that says what it is.
 *
 *     pn_plan_source source = PN_PLAN_SOURCE_INIT;
 *     source.sql = "select 1";
 *     pn_bundle *bundle = NULL;
 *     pn_result *result = NULL;
 *     if (pn_exec_compile(session, NULL, &source, &bundle, &err) == PN_OK &&
 *         pn_exec_run(session, bundle, NULL, &result, &err) == PN_OK) {
 *         struct ArrowArrayStream stream;
 *         pn_result_stream(result, &stream, &err);
 *     }
 */
#ifndef PINION_EXEC_H
#define PINION_EXEC_H

#include "pinion/bundle.h"
#include "pinion/session.h"
#include "pinion/view.h"

PN_EXTERN_C_BEGIN

/** The value of one parameter of a query. */
typedef struct pn_param {
    const char *name; /**< of $name, or the position of $1, without the $ */
    /**
     * Text, NULL = null: strings as they are, numbers, true and false, ISO 8601 dates, times and
     * durations, bytes in hex; lists, structs and maps are JSON.
     */
    const char *value;
    const char *type; /**< "int64", "decimal(10,2)", …; NULL = what the query asks for, else text */
} pn_param;

/** How parameters are written. */
enum {
    PN_PARAMS_ANY = 0,
    PN_PARAMS_PREPARED = 1, /**< by position only: $1, $2, … */
    PN_PARAMS_NAMED = 2,    /**< by name only: $name */
};

/** Artifacts that are made while compiling instead of on demand. */
enum {
    PN_CAPTURE_EXPLAIN = 1,    /**< optimized_plan, physical_plan, explain_tree */
    PN_CAPTURE_ANALYZE = 2,    /**< explain_analyze: runs the query */
    PN_CAPTURE_VALIDATION = 4, /**< substrait_validation; a report that fails is an error */
};

/** How a source is compiled. Zeroed = default. */
typedef struct pn_compile_options {
    uint32_t struct_size;
    uint32_t capture;       /**< PN_CAPTURE_* */
    int32_t sql_policy;     /**< PN_SQL_POLICY_*; narrows the session's, never widens; 0 = it */
    int32_t param_mode;     /**< PN_PARAMS_* */
    const pn_param *params; /**< of SQL; value and type are part of the identity */
    size_t n_params;
    const char *const *param_names; /**< the only names params may have; NULL = any */
    size_t n_param_names;
} pn_compile_options;

#ifdef __cplusplus
static inline pn_compile_options pn_compile_options_init(void) {
    pn_compile_options o = {};
    o.struct_size = sizeof o;
    return o;
}
#else
#define PN_COMPILE_OPTIONS_INIT ((pn_compile_options){.struct_size = sizeof(pn_compile_options)})
#endif

/** What is to be compiled: exactly one of sql, substrait or build. */
typedef struct pn_plan_source {
    uint32_t struct_size;
    uint32_t reserved;
    const char *name;   /**< a name for messages and the bundle, or NULL */
    const char *sql;    /**< one query */
    pn_bytes substrait; /**< one plan */
    /**
     * A builder: called once, fills `out` with sql or substrait whose memory lives in `scratch` or
     * longer.
     */
    pn_status (*build)(void *ctx, pn_session *session, struct pn_plan_source *out, pn_buf *scratch,
                       pn_error *err);
    void *ctx;
    const pn_compile_options *options; /**< NULL = defaults; a builder sets none */
} pn_plan_source;

#ifdef __cplusplus
static inline pn_plan_source pn_plan_source_init(void) {
    pn_plan_source s = {};
    s.struct_size = sizeof s;
    return s;
}
#else
#define PN_PLAN_SOURCE_INIT ((pn_plan_source){.struct_size = sizeof(pn_plan_source)})
#endif

/** Flags of pn_exec_options. */
enum {
    PN_EXEC_EXPAND_VIEWS = 1, /**< a view that is read twice is run twice, not kept in a file */
};

/** How a bundle is run. Zeroed = default. */
typedef struct pn_exec_options {
    uint32_t struct_size;
    uint32_t flags;    /**< PN_EXEC_* */
    pn_cancel *cancel; /**< may be NULL; a reference is taken while the stream lives */
    pn_progress_fn progress;
    void *progress_ctx;
    uint64_t timeout_ms; /**< 0 = none */
    const char *tmp_dir; /**< folder for views that are shared and written once; NULL = $TMPDIR */
    int32_t replay;      /**< PN_REPLAY_* */
    int32_t reserved;
} pn_exec_options;

#ifdef __cplusplus
static inline pn_exec_options pn_exec_options_init(void) {
    pn_exec_options o = {};
    o.struct_size = sizeof o;
    return o;
}
#else
#define PN_EXEC_OPTIONS_INIT ((pn_exec_options){.struct_size = sizeof(pn_exec_options)})
#endif

/** What a result is. */
enum {
    PN_RESULT_STREAM = 1, /**< rows, to be taken once as a stream */
    PN_RESULT_WRITE = 2,  /**< a report of a write */
    PN_RESULT_DONE = 3,   /**< a statement that gives no rows: SET, CREATE, DROP */
};

/** What to do when a target exists. */
enum {
    PN_WRITE_ERROR = 0,
    PN_WRITE_APPEND = 1,
    PN_WRITE_OVERWRITE = 2,
    PN_WRITE_IGNORE = 3,
};

/** Where and how rows are written. */
typedef struct pn_write_request {
    uint32_t struct_size;
    int32_t mode;                    /**< PN_WRITE_* */
    const char *format;              /**< "delta", "parquet", "csv", "json" or "arrow" */
    const char *uri;                 /**< absolute path or URL */
    const char *const *partition_by; /**< columns, or NULL */
    size_t n_partition_by;
    const char *options_json;         /**< format options, or NULL */
    const char *storage_options_json; /**< object store options, or NULL */
    int32_t single_file;              /**< file formats: one file instead of a folder */
    int32_t schema_mode;              /**< Delta: 0 exact, 1 merge, 2 overwrite */
} pn_write_request;

#ifdef __cplusplus
static inline pn_write_request pn_write_request_init(void) {
    pn_write_request r = {};
    r.struct_size = sizeof r;
    return r;
}
#else
#define PN_WRITE_REQUEST_INIT ((pn_write_request){.struct_size = sizeof(pn_write_request)})
#endif

/**
 * Tells whether `text` is a type that pn_param.type may have; 1 or 0.
 *
 * @threads any
 * @since   0.2
 */
PN_API int pn_param_type_is(const char *text);

/**
 * Compiles a source into a bundle. Views of `graph` may be read by name.
 *
 * @param graph  a compiled graph, or NULL
 * @param bundle_out  [out] set only on PN_OK
 * @shape   pins: 0..n, sorted by dataset name; fingerprint: 64 hex digits
 * @owns    caller owns *bundle_out, pn_bundle_unref()
 * @errors  PLAN the query does not plan · NOT_FOUND a table is unknown or missing · UNSUPPORTED the
 * plan has no Substrait form
 * @threads safe on one session from many threads; blocks; REENTRANT inside a callback of the engine
 * @cost    O(plan nodes) + one log listing per dataset not yet resolved
 * @since   0.1
 */
PN_API PN_NODISCARD pn_status pn_exec_compile(pn_session *session, const pn_view_graph *graph,
                                              const pn_plan_source *source,
                                              PN_OWN pn_bundle **bundle_out, pn_error *err);

/**
 * Runs a bundle from its Substrait plan over the pinned inputs. Returns at once; rows are made as
 * they are pulled.
 *
 * @param options  NULL for defaults
 * @param result_out  [out] a PN_RESULT_STREAM; set only on PN_OK
 * @owns    caller owns *result_out, pn_result_free()
 * @errors  DRIFT an input, function or setting differs from the bundle · EXEC · CANCELLED
 * @threads safe on one session from many threads
 * @since   0.1
 */
PN_API PN_NODISCARD pn_status pn_exec_run(pn_session *session, const pn_bundle *bundle,
                                          const pn_exec_options *options,
                                          PN_OWN pn_result **result_out, pn_error *err);

/**
 * Runs a bundle and writes its rows.
 *
 * @param result_out  [out] a PN_RESULT_WRITE; set only on PN_OK
 * @owns    caller owns *result_out, pn_result_free()
 * @errors  EXISTS the target exists and the mode is error · IO nothing half-written is left ·
 * SCHEMA · CONFLICT
 * @threads safe on one session from many threads; blocks
 * @since   0.1
 */
PN_API PN_NODISCARD pn_status pn_exec_write(pn_session *session, const pn_bundle *bundle,
                                            const pn_write_request *request,
                                            const pn_exec_options *options,
                                            PN_OWN pn_result **result_out, pn_error *err);

/**
 * Runs a view of a compiled graph and writes its rows, as pn_exec_write() does.
 *
 * @owns    caller owns *result_out, pn_result_free()
 * @errors  NOT_FOUND no such view · otherwise as pn_exec_write()
 * @threads safe on one session from many threads; blocks
 * @since   0.1
 */
PN_API PN_NODISCARD pn_status pn_exec_write_view(pn_session *session, const pn_view_graph *graph,
                                                 const char *view, const pn_write_request *request,
                                                 const pn_exec_options *options,
                                                 PN_OWN pn_result **result_out, pn_error *err);

/**
 * Runs one SQL statement of any kind that the session's SQL policy allows: a query, EXPLAIN, SHOW
 * and DESCRIBE give rows; INSERT and COPY give the report of a write; SET, RESET, CREATE and DROP
 * act on the session and are forgotten with it. The rows a statement needs are compiled to a bundle
 * first, like everything that runs.
 *
 * @param graph  a compiled graph, or NULL; CREATE VIEW and DROP VIEW change it
 * @param source  its sql is set; substrait and build are not
 * @param options  NULL for defaults
 * @param result_out  [out] set only on PN_OK
 * @owns    caller owns *result_out, pn_result_free()
 * @errors  INVALID the policy refuses the statement, by name · UNSUPPORTED it is allowed, but
 * pinion has no such thing · otherwise as pn_exec_compile(), pn_exec_run() and pn_exec_write()
 * @threads safe on one session from many threads, one at a time when it changes `graph`; blocks
 * @since   0.2
 */
PN_API PN_NODISCARD pn_status pn_exec_statement(pn_session *session, pn_view_graph *graph,
                                                const pn_plan_source *source,
                                                const pn_exec_options *options,
                                                PN_OWN pn_result **result_out, pn_error *err);

/**
 * Makes sure every view of the graph is compiled and registered for execution in the session.
 *
 * @errors  as pn_view_graph_compile()
 * @threads one at a time per graph; blocks
 * @since   0.1
 */
PN_API PN_NODISCARD pn_status pn_exec_ensure_view_graph(pn_session *session, pn_view_graph *graph,
                                                        const pn_exec_options *options,
                                                        pn_error *err);

/**
 * Renders the plan of a bundle.
 *
 * @param kind  "logical", "optimized", "physical", "analyze" (runs it) or "substrait"
 * @param options  NULL for defaults; the token and the time-out end a run
 * @param text_out  [out] appended to
 * @errors  INVALID an unknown kind · EXEC · CANCELLED · TIMEOUT
 * @threads safe on one session from many threads; blocks
 * @since   0.1
 */
PN_API PN_NODISCARD pn_status pn_exec_explain(pn_session *session, const pn_bundle *bundle,
                                              const char *kind, const pn_exec_options *options,
                                              pn_buf *text_out, pn_error *err);

/**
 * Gives the kind of a result, PN_RESULT_*.
 *
 * @threads any
 * @since   0.1
 */
PN_API int32_t pn_result_kind(const pn_result *result);

/**
 * Moves the rows out of a PN_RESULT_STREAM, once. Releasing the stream cancels what has not run.
 *
 * @param stream_out  [out] released storage; caller releases
 * @errors  INVALID the result holds no rows, or they were taken already
 * @threads one at a time; so is the stream, from any thread
 * @since   0.1
 */
PN_API PN_NODISCARD pn_status pn_result_stream(pn_result *result,
                                               struct ArrowArrayStream *stream_out, pn_error *err);

/**
 * Turns the failure `code` of a stream's get_schema or get_next into a numbered error, and returns
 * its status.
 *
 * @errors  EXEC · CANCELLED · LIMIT
 * @threads as the stream
 * @since   0.1
 */
PN_API PN_NODISCARD pn_status pn_result_stream_error(struct ArrowArrayStream *stream, int code,
                                                     pn_error *err);

/**
 * Describes the result as JSON:
 * {"kind","fingerprint","replay":"substrait"|"sql","write":{"rows","version","files",…}?,
 * "statement":{"kind",…}?, "diagnostics":[{"what","added","removed","changed"}, …]?}. Diagnostics
 * are functions and tables of the session that differ from when the bundle was compiled, though the
 * bundle does not use them.
 *
 * @param json_out  [out] appended to
 * @errors  INTERNAL
 * @threads one at a time
 * @since   0.1
 */
PN_API PN_NODISCARD pn_status pn_result_json(const pn_result *result, pn_buf *json_out,
                                             pn_error *err);

/**
 * Lists what happened on the way to the result as a JSON array, in order:
 * [{"kind":"options"|"cache"|"fallback"|"dropped","code","detail":{…}}]. Codes of caches are hit,
 * miss and evict; codes of fallbacks are reason codes in capitals. No event holds a time.
 *
 * @param json_out  [out] appended to
 * @errors  INVALID an argument is NULL
 * @threads any
 * @cost    O(events), at most 1,024 are kept
 * @since   0.2
 */
PN_API PN_NODISCARD pn_status pn_result_events(const pn_result *result, pn_buf *json_out,
                                               pn_error *err);

/**
 * Frees a result; an untaken stream is cancelled.
 *
 * @param result  may be NULL
 * @threads one at a time
 * @since   0.1
 */
PN_API void pn_result_free(PN_OWN pn_result *result);

PN_EXTERN_C_END

#endif
