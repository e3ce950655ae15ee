/* SPDX-License-Identifier: Apache-2.0 */
/*
 * udf: packs of functions. The catalog of a session holds the built-in pack and the foreign packs
 * that were loaded into it; it installs them into an engine session and says which function bodies
 * a plan stands on.
 *
 * Built-ins are known by a digest per function over its signature and declared body version, so
 * that a rebuild of libpinion changes no fingerprint; a foreign function is known by the SHA-256 of
 * its pack's file.
 */
#ifndef PNI_UDF_H
#define PNI_UDF_H

#include "pinion/plugin.h"

#include "arrow/arrow.h"
#include "base/base.h"
#include "engine/engine.h"

typedef struct pni_udf_catalog pni_udf_catalog;

/* The functions that ship with pinion; static, never unloaded. */
const pn_plugin *pni_udf_builtin(void);

/*
 * Gives a pack's tables as this pinion's structs, whatever minor version it was made for, after
 * checking versions, sizes, strides and then every field. `origin` names the pack in messages. The
 * result lives to the end of the process. ABI with both numbers on a version or size that does not
 * fit.
 */
pn_status pni_udf_adopt(const pn_plugin *theirs, const char *origin, const pn_plugin **out,
                        pn_error *err);

/*
 * Maps the shared object at an absolute path and gives the digest of its file, which is that of the
 * code: UDF_LOAD when the file was replaced since it was first mapped. `what` ("pack", "library")
 * is for messages. It stays mapped to the end of the process. DRIFT when a digest is expected and
 * the file has another. Any thread.
 */
pn_status pni_udf_map(const char *what, const char *path, const char *expected, void **handle_out,
                      char digest_out[PNI_SHA256_HEX], pn_error *err);
/* UDF_LOAD with the reason of the loader, right after it failed. */
pn_status pni_udf_map_fail(const char *what, const char *path, pn_error *err);

/* Opens the shared object at an absolute path with that host and adopts its table. It stays mapped.
 */
pn_status pni_udf_open_pack(const char *path, const pn_host *host, const pn_plugin **out,
                            pn_error *err);

/* A catalog that holds the built-in pack. One thread at a time; readers may share it when nobody
 * loads. */
pni_udf_catalog *pni_udf_catalog_new(void);
/* Unloads nothing: functions of a pack may live on in plans, so packs stay mapped until the process
 * ends. */
void pni_udf_catalog_free(pni_udf_catalog *catalog);
/*
 * Opens the pack at `path` (a shared object with the symbol pn_plugin_entry), checks it, and puts
 * it behind the packs of the catalog, or leaves the catalog as it is. Twice the same file is fine.
 * `session` (may be NULL) is where it is going to be installed: EXISTS when the pack has a function
 * that is there already. DRIFT when a digest is expected and the file has another.
 */
pn_status pni_udf_load(pni_udf_catalog *catalog, const pni_engine_session *session,
                       const char *path, const char *expected, pn_error *err);
/* EXISTS when what a checked pack brings has a name that is taken in the catalog or, where one is
 * given, the session. */
pn_status pni_udf_check_free(const pni_udf_catalog *catalog, const pn_plugin *plugin,
                             const pni_engine_session *session, pn_error *err);
/* Adds the packs from the `first` on to an engine session; both name spaces see the functions. */
pn_status pni_udf_install(const pni_udf_catalog *catalog, size_t first,
                          const pni_engine_session *session, pn_error *err);
/* Takes the packs from the `first` on out of the catalog, and their functions out of the session.
 */
void pni_udf_take_back(pni_udf_catalog *catalog, size_t first, const pni_engine_session *session);
size_t pni_udf_pack_count(const pni_udf_catalog *catalog);

/* What kind of function a declaration is for. */
enum { PNI_UDF_SCALAR = 0, PNI_UDF_AGGREGATE = 1, PNI_UDF_WINDOW = 2, PNI_UDF_TABLE = 3 };

/* One function of a pack: its declaration, and the row of its kind's table (pn_udf, pn_aggregate,
 * pn_window, pn_table_function). */
typedef struct pni_udf_function {
    int32_t kind;
    const pn_udf *udf;
    const void *row;
} pni_udf_function;

/* A planner of a pack: exactly one of the two is set. */
typedef struct pni_udf_planner {
    const pn_plugin *pack;
    const pn_expr_planner *operators;
    const pn_relation_planner *relations;
} pni_udf_planner;

/* The planner of that name; NOT_FOUND lists the names there are, EXISTS when two packs have it. */
pn_status pni_udf_planner_find(const pni_udf_catalog *catalog, const char *name,
                               pni_udf_planner *out, pn_error *err);
/* What makes functions of a language, and the digest of its pack; NULL when no pack does. */
const pn_function_factory *pni_udf_factory_find(const pni_udf_catalog *catalog,
                                                const char *language, const char **digest_out);

/* Scalar function `index` of a table. */
const pn_udf *pni_udf_at(const pn_plugin *plugin, uint64_t index);
/* The functions of all kinds of an adopted pack, one after the other. */
uint64_t pni_udf_function_count(const pn_plugin *plugin);
pni_udf_function pni_udf_function_at(const pn_plugin *plugin, uint64_t index);
/* "scalar", "aggregate", "window", "table". */
const char *pni_udf_kind_text(int32_t kind);
/* By name or alias; NULL when no pack has it. */
const pn_udf *pni_udf_find(const pni_udf_catalog *catalog, const char *name);
/* E.g. "(s,s[,b]) -> u" or "(s,*...65) -> u"; formats as in plugin.h. "?" = decided per call. More
 * ways to call it follow as " | (l)"; " strict" = null when an argument is. */
void pni_udf_signature(const pn_udf *udf, pn_buf *out);
const char *pni_udf_volatility_text(const pn_udf *udf);
/* The body's digest as it enters fingerprints: of name|signature|body_version, or of the pack's
 * file. The signature of what is no scalar function starts with its kind. */
pn_status pni_udf_digest(const pni_udf_catalog *catalog, const char *name,
                         char hex_out[PNI_SHA256_HEX], pn_error *err);

/*
 * The identity of the functions that a plan uses. `used` is an array of names; aliases are
 * resolved, doubles dropped, functions of the engine itself left out (the planning environment
 * covers them). Gives an array sorted by name of
 * {"name","signature","volatility","digest"}.
 */
pn_status pni_udf_identity(const pni_udf_catalog *catalog, const json_t *used, json_t **out,
                           pn_error *err);

/* Names that pinion gives to functions of the engine, e.g. lag_window. */
pn_status pni_udf_install_second_names(const pni_engine_session *session, pn_error *err);
bool pni_udf_is_second_name(const char *name);
/* All of them, sorted: [{"name","kind","target","tags"}]. */
json_t *pni_udf_second_names(void);

/* Table function by name or alias; NULL when no pack has it. */
const pn_table_function *pni_udf_table_function(const pni_udf_catalog *catalog, const char *name);
/*
 * Calls a table function. `args`: array of {"name"?, "kind": "string|number|boolean|null|other",
 * "text"} as written in SQL; named ones are put into their places, and defaults where none is
 * given: those may be `settings` of the session. On success the caller releases `out` with
 * out->release(out->self) when that is set.
 */
pn_status pni_udf_table_open(const pn_table_function *function, const json_t *args,
                             const json_t *settings, pn_table *out, pn_error *err);

/*
 * The specs as rows for people: arrays of objects with the columns of PNI_UDF_REGISTRY_TYPE or
 * PNI_UDF_DOCS_TYPE.
 */
#define PNI_UDF_REGISTRY_TYPE                                                                      \
    "struct<name: utf8 not null, kind: utf8 not null, volatility: utf8 not null, "                 \
    "aliases: list<utf8>, parameter_names: list<utf8>, simplify: bool, coerce_types: bool, "       \
    "short_circuits: bool>"
#define PNI_UDF_DOCS_TYPE                                                                          \
    "struct<name: utf8 not null, kind: utf8 not null, section: utf8, description: utf8, "          \
    "syntax: utf8, sql_example: utf8, argument_names: list<utf8>, "                                \
    "argument_descriptions: list<utf8>, alternative_syntax: utf8, related_udfs: list<utf8>>"
json_t *pni_udf_registry_rows(const json_t *specs);
json_t *pni_udf_docs_rows(const json_t *specs);

/* Body digests by function name: all that is in the catalog. */
json_t *pni_udf_digests(const pni_udf_catalog *catalog);
/* {name: [tag, …]} of those functions of an identity that have tags. */
json_t *pni_udf_rewrite_tags(const pni_udf_catalog *catalog, const json_t *identity);

/* {name: version} of the functions of an identity: for people, who know versions better than
 * digests. */
json_t *pni_udf_versions(const pni_udf_catalog *catalog, const json_t *identity);

/* Which type stands for "anything" when a pack is asked or called with a made-up argument. */
typedef enum pni_sample { PNI_SAMPLE_TEXT, PNI_SAMPLE_NUMBER } pni_sample;
/* A type that an argument of that format takes; false when the format is unknown. Release `type`
 * either way. */
bool pni_udf_sample_type(const char *format, pni_sample sample, struct ArrowSchema *type);

/* ---- specs, snapshot, what the engine says --------------------------------------------------- */

/*
 * Every function of the catalog, sorted by name: {"name","func_id","kind","pack","pack_version",
 * "digest","signature","volatility","aliases","rewrite_tags","parameter_names" or null,
 * "signature_inputs","return_types","state_types" or null,"simplify","coerce_types",
 * "short_circuits","async","config_defaults","doc"}.
 */
json_t *pni_udf_specs(const pni_udf_catalog *catalog);
/* The packs and what they bring besides functions: {"packs":[{"name","version","digest"}],
 * "expr_planners":[{"name","pack","body_version"}],"relation_planners":[…],"function_factories":
 * [language],"table_providers":["pack.name"]}. */
json_t *pni_udf_parts(const pni_udf_catalog *catalog);
/* The specs turned by key, as docs/packs.md says. `async_policy` is shared. */
json_t *pni_udf_snapshot(const json_t *specs, json_t *async_policy);
/* Is this a snapshot? Names the first key or function that is wrong. */
pn_status pni_udf_snapshot_check(const json_t *snapshot, pn_error *err);
/* All names and aliases of a snapshot, sorted. */
json_t *pni_udf_snapshot_names(const json_t *snapshot);
/* {tag: [name, …]}, sorted; functions of the engine that have a tag too. */
json_t *pni_udf_tag_index(const json_t *snapshot);
/* Fails with all names that neither the snapshot nor `catalog` (of pni_udf_routines()) has, or
 * whose entries in the snapshot lack something. */
pn_status pni_udf_require(const json_t *snapshot, const json_t *catalog, const json_t *names,
                          pn_error *err);

/*
 * The catalog of everything that can be called, from the engine's information_schema; signatures
 * of packs come from the snapshot, because the engine has none for them: {"function_names",
 * "functions_by_category":{kind:[…]},"function_signatures":{name:[{"input_types","arg_names",
 * "return_type"}]}}.
 */
pn_status pni_udf_routines(const pni_engine_session *session, const json_t *snapshot, json_t **out,
                           pn_error *err);
/*
 * What the snapshot and the engine say differently: {"ok","missing","aliases_missing","unknown",
 * "kind":[{"name","snapshot","engine"}],"aliases":[…],"volatility":[…]}.
 */
pn_status pni_udf_parity(const pni_engine_session *session, const json_t *snapshot,
                         const json_t *catalog, json_t **out, pn_error *err);

PNI_DEFINE_AUTO_PTR(pni_udf_catalog, pni_udf_catalog_free)

#endif
