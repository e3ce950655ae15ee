/* SPDX-License-Identifier: Apache-2.0 */
/**
 * pn_engine.h: the C interface of the Rust engine; generated from engine/src by cbindgen, do not edit.
 *
 * Every int32_t result is a status of pinion/error.h, 0 = OK. Out parameters are written on success only. `err` may be
 * NULL. Handles are shared: `const` handles may be used from many threads at once; children keep their parents alive,
 * so handles are freed in any order. After PANIC a handle answers PANIC until it is freed. Calls from inside a function
 * or stream callback of the engine are REENTRANT.
 */

#ifndef PN_ENGINE_H
#define PN_ENGINE_H

#include <stddef.h>
#include <stdint.h>
#include "pinion/arrow.h"
#include "pinion/error.h"
#include "pinion/plugin.h"
/** The caller's error. */
typedef pn_error pne_error;

typedef struct pne_cancel pne_cancel;
typedef struct pne_engine pne_engine;
typedef struct pne_plan pne_plan;
typedef struct pne_session pne_session;
typedef struct pne_table pne_table;


/**
 * Receives one result of bytes or text; called once, on success only, on the calling thread. `data` is borrowed.
 */
typedef void (*pne_sink)(void *ctx, const uint8_t *data, size_t len);

/**
 * Receives one UTF-8 text; may be called from several threads at once, also from the engine's own.
 */
typedef void (*pne_log_fn)(void *ctx, const uint8_t *text, size_t len);

#ifdef __cplusplus
extern "C" {
#endif // __cplusplus

/**
 * Gives the version of this interface: major << 16 | minor. Another major than the header's is refused by the caller.
 */
uint32_t pne_abi_version(void);

/**
 * Gives JSON: {abi, arrow, datafusion, datafusion_substrait, deltalake, features, object_store, profile, rustc,
 * sources, substrait}; the versions are those of Cargo.lock, sources is a digest of this crate's.
 */
int32_t pne_build_info(pne_sink sink,
                       void *ctx,
                       pne_error *err);

/**
 * Fires the token: each call that carries it fails with CANCELLED within some 20 ms. Safe in a signal handler.
 */
void pne_cancel_fire(const pne_cancel *cancel);

/**
 * Frees the token; running calls that carry it go on. NULL is allowed.
 */
void pne_cancel_free(pne_cancel *cancel);

/**
 * Makes a cancel token for any number of calls. `*out` is owned by the caller: pne_cancel_free().
 */
int32_t pne_cancel_new(pne_cancel **out, pne_error *err);

/**
 * Changes a Delta table without a query.
 *
 * `request_json`: {"operation":"delete|optimize", "uri", "storage_options":{}, "commit_metadata":{}}; delete needs
 * "predicate", SQL over the table's columns, and rewrites only files that hold other rows, too; optimize joins small
 * files within each partition. Gives JSON: {"version", "files_removed", "files_added"}, text. Removed files stay on
 * disk. NOT_FOUND: no such table. CONFLICT: a commit lost. `cancel` may be NULL.
 */
int32_t pne_delta_run(const pne_session *session,
                      const char *request_json,
                      const pne_cancel *cancel,
                      pne_sink sink,
                      void *ctx,
                      pne_error *err);

/**
 * Frees the engine; what was made from it keeps it running. NULL is allowed.
 */
void pne_engine_free(pne_engine *engine);

/**
 * Starts the engine: the runtime and the planning threads.
 *
 * `options_json`: NULL or {"worker_threads":n, "planning_threads":n, "stack_bytes":n}, numbers or decimal text; 0 or
 * absent = one worker per core, at most 4 planning threads, 256 MiB of virtual stack each. An unknown key is INVALID.
 * `*out` is owned by the caller: pne_engine_free(). Do not fork afterwards.
 */
int32_t pne_engine_new(const char *options_json,
                       pne_engine **out,
                       pne_error *err);

#if defined(PNE_FAULT)
/**
 * How many fallible calls were made since counting started. Only in builds with the feature `fault`.
 */
int64_t pne_fault_count(void);
#endif

#if defined(PNE_FAULT)
/**
 * Starts counting fallible calls anew; the `n`-th from now fails, or panics when `panic_not_fail` is not 0.
 * `n` = 0 switches injection off. Only in builds with the feature `fault`.
 */
void pne_fault_reset(int64_t n,
                     int32_t panic_not_fail);
#endif

/**
 * Counts the handles and streams that were given out and not freed yet.
 */
int64_t pne_live_handles(void);

/**
 * Sets the process-wide debug log callback; NULL switches it off. It gets error texts whole. `ctx` is passed on and
 * must be usable from any thread. Do not call it from the callback.
 */
void pne_log_set(pne_log_fn callback,
                 void *ctx);

/**
 * Starts the plan and gives its rows as an Arrow stream, written into released storage.
 *
 * Planning fails here, execution in get_next, which waits for a batch: ECANCELED after the token fired, ENOMEM for
 * LIMIT, EIO otherwise, with the text in get_last_error. At most a few batches are made ahead. Release cancels.
 * `cancel` may be NULL; the stream keeps what it needs of it. One thread at a time per stream.
 */
int32_t pne_plan_execute(const pne_plan *plan,
                         const pne_cancel *cancel,
                         struct ArrowArrayStream *out,
                         pne_error *err);

/**
 * Gives a rendering. As indented text: 0 logical, 1 optimised, 2 physical, 3 analyze (runs the query and shows the
 * work of each operator). As JSON: 4 what the statement of a plan that was taken apart asks for; 5 {"text","graphviz",
 * "pgjson"} of the optimised plan; 6 {"text","tree","graphviz","operators","partition_count","repartition_count",
 * "dynamic_filter_count","statistics"} of the physical plan; 7 [{"plan_type","plan"}] after each rule; 8 {"plan",
 * "output_rows","output_batches","duration_us"} of a run; 11 the names of the planners that decided something. As bytes: 9 the physical plan, UNSUPPORTED where an operator
 * has no codec; 10 the optimised plan of the identity space for pne_plan_restore() of this engine build, UNSUPPORTED
 * where a part has no form. 2, 3, 6, 8 and 9 are for the run space. `cancel` may be NULL; a run that it ends is over
 * when this returns, or half a second has passed.
 */
int32_t pne_plan_explain(const pne_plan *plan,
                         int32_t kind,
                         const pne_cancel *cancel,
                         pne_sink sink,
                         void *ctx,
                         pne_error *err);

/**
 * Frees the plan; its running streams go on. NULL is allowed.
 */
void pne_plan_free(pne_plan *plan);

/**
 * Makes a plan of the bytes of rendering 10, which this very engine build wrote: in space 1 (run) over the registered
 * tables, in space 0 over stubs of the columns that the bytes name, to be compared: such a plan can only be written as
 * Substrait, and reads no catalog.
 *
 * UNSUPPORTED: it is no query, or reads anything but tables by their names. CORRUPT: no plan. PLAN: a table is not
 * registered; SCHEMA: it has other columns. The caller checks the nesting depth of the bytes first. `*out` is owned by
 * the caller: pne_plan_free().
 */
int32_t pne_plan_restore(const pne_session *session,
                         int32_t space,
                         const uint8_t *bytes,
                         size_t len,
                         pne_plan **out,
                         pne_error *err);

/**
 * Writes the schema of the plan's rows into released storage; the caller releases it.
 */
int32_t pne_plan_schema(const pne_plan *plan, struct ArrowSchema *out, pne_error *err);

/**
 * Plans exactly one SQL statement in space 0 (identity) or 1 (run).
 *
 * `flags`: 1 DDL, 2 DML and COPY, 4 statements such as SET; without them such a statement is UNSUPPORTED. 8: the
 * statement is taken apart: the plan is that of the rows it needs, what it asks for is rendering 4 of
 * pne_plan_explain, and nothing but a query is left in the plan. `params`: NULL, or the values of `$1` or `$name` as
 * one row, a column each, which is consumed always; SCHEMA: one does not fit. PLAN: it does not plan. LIMIT: more than
 * 64 MiB or 8,000 levels. `*out` is owned by the caller: pne_plan_free().
 */
int32_t pne_plan_sql(const pne_session *session,
                     int32_t space,
                     const char *sql,
                     size_t len,
                     uint32_t flags,
                     struct ArrowArrayStream *params,
                     pne_plan **out,
                     pne_error *err);

/**
 * Makes a plan of Substrait bytes in space 0 (identity) or 1 (run).
 *
 * Tables have one-part names and must be registered in that space with the columns the plan reads. CORRUPT: not a
 * plan. UNSUPPORTED names what is not understood. The caller checks the nesting depth of the bytes first.
 * `*out` is owned by the caller: pne_plan_free().
 */
int32_t pne_plan_substrait(const pne_session *session,
                           int32_t space,
                           const uint8_t *bytes,
                           size_t len,
                           pne_plan **out,
                           pne_error *err);

/**
 * Makes a plan that reads all of a table, in the run space. `*out` is owned by the caller: pne_plan_free().
 */
int32_t pne_plan_table(const pne_session *session,
                       const pne_table *table,
                       pne_plan **out,
                       pne_error *err);

/**
 * Gives the optimised plan as Substrait bytes, which are not canonical: extension order differs from call to call.
 *
 * UNSUPPORTED: the plan cannot be represented without loss, with the reason; nothing is dropped silently.
 */
int32_t pne_plan_to_substrait(const pne_plan *plan,
                              pne_sink sink,
                              void *ctx,
                              pne_error *err);

/**
 * Runs the plan and writes its rows.
 *
 * `request_json`: {"format":"delta|parquet|csv|json|arrow", "uri", "mode":"append|overwrite|error|ignore" (error),
 * "partition_by":[…], "single_file":bool (a uri with an extension is one file), "options":{format options},
 * "storage_options":{}, "scratch_dir": where files for an object store are made, and for Delta "schema_mode":"merge|overwrite", "configuration":{}, "commit_metadata":{},
 * "target_file_size", "row_group_rows": no batch that is read back has more}. Files appear whole, by rename; Delta gets one new version. Gives JSON: {"rows", "version",
 * "files", "bytes"}, text or null. EXISTS: mode error found something. CONFLICT: a commit lost. `cancel` may be NULL.
 */
int32_t pne_plan_write(const pne_plan *plan,
                       const char *request_json,
                       const pne_cancel *cancel,
                       pne_sink sink,
                       void *ctx,
                       pne_error *err);

/**
 * Adds a function of a foreign library to both spaces and tells what it is, as JSON: {"name","kind","volatility"}.
 *
 * `kind` 1 scalar, 2 aggregate, 3 window; `object` is the struct of datafusion-ffi for it, of the major version that
 * pne_build_info names, borrowed. The library must stay loaded as long as the session and what was made from it.
 * EXISTS: a name or alias is taken.
 */
int32_t pne_session_add_foreign(const pne_session *session,
                                int32_t kind,
                                const void *object,
                                pne_sink sink,
                                void *ctx,
                                pne_error *err);

/**
 * Adds the functions, table providers and options of a pack to a session, in both spaces; a function of the same name is replaced.
 *
 * `digest` is the identity of the pack: functions of the same name and digest are equal. The pack must stay loaded as
 * long as the session and what was made from it. ABI: the table does not fit, with the reason.
 */
int32_t pne_session_add_functions(const pne_session *session,
                                  const pn_plugin *plugin,
                                  const char *digest,
                                  pne_error *err);

/**
 * Defines a function written in SQL, or removes a function by name, in both spaces and in what is forked later.
 *
 * `definition`: {"name", "kind":"scalar", "text":"CREATE FUNCTION …", "volatility"}, where the text is one statement with
 * RETURNS and RETURN; {"name", "kind":"aggregate|window|table", "target"} makes a second name; {"name",
 * "kind":"none"} removes whatever function has the name; {"name", "kind":"no_pack", "functions":[…], "providers":
 * ["pack.provider", …], "options":[keys]} removes all that a pack of that name brought. A function of the name is
 * replaced. PLAN: the body does not plan or gives another type, and nothing is changed.
 */
int32_t pne_session_define(const pne_session *session,
                           const char *definition,
                           pne_error *err);

/**
 * Removes the table `name` from a space; NOT_FOUND when there is none.
 */
int32_t pne_session_deregister(const pne_session *session,
                               int32_t space,
                               const char *name,
                               pne_error *err);

/**
 * Makes a session with the settings, functions and tables that `session` has now, but with a `run` catalog of its
 * own: views of one run are registered there, so that runs of one session do not meet. `*out` is owned by the caller:
 * pne_session_free(). Costs O(tables).
 */
int32_t pne_session_fork(const pne_session *session,
                         pne_session **out,
                         pne_error *err);

/**
 * Frees the session; tables, plans and streams made from it go on. NULL is allowed.
 */
void pne_session_free(pne_session *session);

/**
 * Gives all functions as a JSON array sorted by kind and name: {aliases, custom, kind, name, volatility}; the kinds
 * are aggregate, higher_order, scalar, table and window.
 */
int32_t pne_session_functions(const pne_session *session,
                              pne_sink sink,
                              void *ctx,
                              pne_error *err);

/**
 * Installs a planner of a pack, in both spaces and behind those installed before: an operator planner, or a relation
 * planner with the `free` for the texts it hands over; the other one is NULL. The pack must stay loaded as long as
 * the session. INVALID: neither or both.
 */
int32_t pne_session_install_planner(const pne_session *session,
                                    const pn_expr_planner *operators,
                                    const pn_relation_planner *relations,
                                    void (*free)(void*),
                                    pne_error *err);

/**
 * Opens a session.
 *
 * `settings_json`: NULL or {"config":{"datafusion.execution.target_partitions":"8", …}, "information_schema":bool,
 * "runtime":{"memory_limit_bytes":"n", "memory_pool":"greedy|fair|unbounded", "spill_dir":"/abs"|null,
 * "max_spill_bytes":"n", "metadata_cache_bytes":"n", "export_views":"true|false"}}. INVALID names an unknown key.
 * `*out` is owned by the caller: pne_session_free(). Usable from many threads.
 */
int32_t pne_session_new(const pne_engine *engine,
                        const char *settings_json,
                        pne_session **out,
                        pne_error *err);

/**
 * Registers a table under `name` in space 0 (identity) or 1 (run), replacing what had the name.
 */
int32_t pne_session_register(const pne_session *session,
                             int32_t space,
                             const char *name,
                             const pne_table *table,
                             pne_error *err);

/**
 * Gives the names of the rules in the order they run, as JSON: {"analyzer":[…],"optimizer":[…],"physical":[…]}.
 */
int32_t pne_session_rules(const pne_session *session,
                          pne_sink sink,
                          void *ctx,
                          pne_error *err);

/**
 * Changes one config entry of the session, as SET does: for plans made from now on, in both spaces. INVALID: an
 * unknown key or a wrong value, and nothing is changed.
 */
int32_t pne_session_set(const pne_session *session,
                        const char *key,
                        const char *value,
                        pne_error *err);

/**
 * Gives every config entry as JSON: {name: text or null}.
 */
int32_t pne_session_settings(const pne_session *session, pne_sink sink, void *ctx, pne_error *err);

/**
 * Tells which tables SQL text calls, or writes relations in their place.
 *
 * `relations_json` NULL: gives {"the call as written": {"name", "args": [{"name", "kind": "string|number|boolean|null|
 * other", "text"}]}}. Otherwise {"the call as written": "a relation in SQL"}: gives the text with those calls replaced.
 * PLAN: a syntax error. LIMIT: too long or deep.
 */
int32_t pne_sql_calls(const pne_session *session,
                      const char *sql,
                      size_t len,
                      const char *relations_json,
                      pne_sink sink,
                      void *ctx,
                      pne_error *err);

/**
 * Tells what SQL text is made of, without planning it, as JSON: {"statement":kind of the first, "kinds":[kinds of all,
 * nested ones too], "count":number of statements, "tables":[names of the tables read or written, without CTEs],
 * "qualified":[names with a catalog or schema in front], "table_functions":[…], "parameters":["$1", …],
 * "object":{"what","name"?} of SHOW and DESCRIBE,
 * "dialect", "stray_lambdas":[lambdas that no function takes], "operator_lambdas":[what a function would take for
 * lambdas, in a dialect without them]}; lists are sorted. A text whose first line is `-- dialect: NAME` is read in that. Kinds: see src/statement.rs. PLAN: a syntax
 * error. LIMIT: too long or deep.
 */
int32_t pne_sql_tables(const pne_session *session,
                       const char *sql,
                       size_t len,
                       pne_sink sink,
                       void *ctx,
                       pne_error *err);

/**
 * Asks an object store something.
 *
 * `request_json`: {"operation":"list|probe", "uri":"s3://bucket/key", "storage_options":{}, "limit":"n"}. list gives
 * JSON {"is_object":bool, "objects":[{"path":relative to the uri, "size":text, "etag"} sorted by path]}, at most
 * "limit" of them; nothing there is an empty list. probe writes and removes an object and gives {"conditional_put":
 * whether the store refuses to create what exists}. `cancel` may be NULL.
 */
int32_t pne_store_run(const pne_session *session,
                      const char *request_json,
                      const pne_cancel *cancel,
                      pne_sink sink,
                      void *ctx,
                      pne_error *err);

/**
 * Makes a table of a foreign table provider, an FFI_TableProvider as above. `*out` is owned by the caller:
 * pne_table_free().
 */
int32_t pne_table_foreign(const pne_session *session,
                          const void *object,
                          pne_table **out,
                          pne_error *err);

/**
 * Frees the table; sessions that registered it and plans that read it keep it. NULL is allowed.
 */
void pne_table_free(pne_table *table);

/**
 * Makes a table of a plan, a view: what reads it plans through it. `*out` is owned by the caller: pne_table_free().
 */
int32_t pne_table_from_plan(const pne_plan *plan,
                            pne_table **out,
                            pne_error *err);

/**
 * Makes a table of an Arrow stream, which is always consumed, on failure too.
 *
 * `mode` 0 reads it into memory now; 1 keeps it and pulls lazily, so that one scan can read it, once: a second one
 * fails with EXEC. `*out` is owned by the caller: pne_table_free().
 */
int32_t pne_table_from_stream(const pne_session *session,
                              struct ArrowArrayStream *stream,
                              int32_t mode,
                              pne_table **out,
                              pne_error *err);

/**
 * Gives JSON: {"format", "delta":null or {"table_id", "version", "timestamp_ms", "min_reader_version",
 * "min_writer_version", "reader_features", "writer_features", "partition_columns", "properties", "active_files",
 * "commit_info": what the version's commit says or null, "files":[{"path","size","dv"}] sorted by path}, "changes": null
 * or of delta_cdf {"start_version", "end_version", "latest_version", "not_recorded_at"} (the delta state is that of the
 * window's end), "version": of a pack's table, or null when it cannot tell}.
 */
int32_t pne_table_info(const pne_table *table,
                       pne_sink sink,
                       void *ctx,
                       pne_error *err);

/**
 * Opens a dataset.
 *
 * `spec_json`: {"format":"delta|delta_cdf|delta_add_actions|cache|parquet|csv|json|arrow", "uri":"/abs/path or URL",
 * "paths":["/abs/file or URL", …] instead of listing a folder, "version":"n", "timestamp":"RFC 3339",
 * "files":["relative/path", …] of a Delta version, "storage_options":{}, "options":{"delimiter", "has_header", "quote",
 * "escape", "null_regex", "newlines_in_values", "compression":"gzip|bzip2|xz|zstd|none", "schema_infer_max_records",
 * "partition_by":["name:type", …], "file_extension"; of delta_cdf "start_version", "start_timestamp", "end_version",
 * "end_timestamp"; of delta_add_actions, the files of a version as rows, "table_uri" as they shall show it}}. json is
 * newline-delimited. A folder is listed recursively and filtered by extension. The format cache is the session's cache
 * "uri", as it is whenever it is scanned.
 * "pack.provider" as the format is a table of a pack: its provider gets the options with "uri" among them, as JSON.
 * `schema`: NULL to infer; borrowed. NOT_FOUND: the file, folder, table, version or provider is missing. INVALID names a bad key.
 * `cancel` may be NULL; once it fires this returns, and what it asked a store or a pack ends by itself. `*out` is owned by the
 * caller: pne_table_free().
 */
int32_t pne_table_open(const pne_session *session,
                       const char *spec_json,
                       const struct ArrowSchema *schema,
                       const pne_cancel *cancel,
                       pne_table **out,
                       pne_error *err);

/**
 * Writes the schema of a table into released storage; the caller releases it.
 */
int32_t pne_table_schema(const pne_table *table, struct ArrowSchema *out, pne_error *err);

/**
 * Makes a table that has a schema and keys but no rows, for identity planning; executing it is an error.
 *
 * `schema` is borrowed. `constraints_json`: NULL or {"unique":[["a","b"], …], "primary_key":["a", …]}.
 * `*out` is owned by the caller: pne_table_free().
 */
int32_t pne_table_stub(const pne_session *session,
                       const struct ArrowSchema *schema,
                       const char *constraints_json,
                       pne_table **out,
                       pne_error *err);

#ifdef __cplusplus
}  // extern "C"
#endif  // __cplusplus

#endif  /* PN_ENGINE_H */
