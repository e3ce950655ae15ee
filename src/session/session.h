/* SPDX-License-Identifier: Apache-2.0 */
/*
 * session: profile, settings, environment and tables over one engine session.
 *
 * One recursive mutex guards the table map and both catalogs of the engine session; whoever
 * compiles or resolves holds it (pni_session_lock). A run forks the engine session under it and
 * goes on without it. A table, once resolved, never changes for the life of the session.
 */
#ifndef PNI_SESSION_H
#define PNI_SESSION_H

#include "pinion/session.h"

#include "base/record.h"
#include "dataset/dataset.h"
#include "udf/udf.h"

typedef struct pni_profile {
    const char *name;
    uint64_t memory_bytes;
    uint32_t concurrency;
    uint32_t batch_size;
    bool autoload; /* catalog auto-load of the session's autoload_dir */
    bool collect_statistics;
} pni_profile;

const pni_profile *pni_profile_find(
    const char *name); /* NULL = "default"; NULL result when unknown */

pn_session *pni_session_ref(const pn_session *session);
void pni_session_lock(const pn_session *session);
void pni_session_unlock(const pn_session *session);
PNI_DEFINE_AUTO_PTR(pn_session, pn_session_unref)
static inline void pni_session_unlock_auto(const pn_session **session) {
    pni_session_unlock(*session);
}
/* Holds the session's lock to the end of the scope. */
#define PNI_SESSION_GUARD(session)                                                                 \
    __attribute__((cleanup(pni_session_unlock_auto))) const pn_session *pni_guard_ = (session);    \
    pni_session_lock(pni_guard_)

/* What the session does is recorded from now on; NULL ends it. Takes a reference. */
void pni_session_record(pn_session *session, pni_recorder *recorder);
/* A new reference for the caller, or NULL when nobody listens. */
pni_recorder *pni_session_recorder(const pn_session *session);
/* Never used again in this process, unlike the address of a session. */
uint64_t pni_session_id(const pn_session *session);
const pni_engine_session *pni_session_engine(const pn_session *session);

/*
 * The table `name`, resolved once and registered in both catalogs: a schema stub in `identity`, the
 * pinned provider in `run`. Lock held by the caller. The result is borrowed from the session.
 */
pn_status pni_session_resolve(pn_session *session, const char *name, const pni_resolved **out,
                              pn_error *err);
/* DRIFT when a file of the resolved dataset `name` is no longer what the session read; costs a stat
 * of each file, and a digest of those that were touched. Lock held. */
pn_status pni_session_check_files(pn_session *session, const char *name, pn_error *err);
bool pni_session_knows(const pn_session *session,
                       const char *name); /* dataset or temporary table */
/* "did you mean": the nearest known name, or NULL. */
const char *pni_session_nearest(const pn_session *session, const char *name);
void pni_session_hint_nearest(const char *nearest, pn_error *err); /* does nothing for NULL */
/* Registers a view's output schema in `identity`; replaces. Lock held. */
pn_status pni_session_stub(pn_session *session, const char *name, const struct ArrowSchema *schema,
                           pn_error *err);

/* Where optimised plans are kept between processes: nowhere without a folder or with a limit of 0.
 */
typedef struct pni_plan_cache_place {
    char *dir;
    uint64_t limit_bytes;
    char build[PNI_SHA256_HEX]; /* of the engine: its versions, profile and sources */
} pni_plan_cache_place;
const pni_plan_cache_place *pni_session_plan_cache(const pn_session *session);

/* Identity documents, made once when the session is opened. Borrowed. */
const json_t *pni_session_identity_settings(const pn_session *session);
const json_t *pni_session_environment(const pn_session *session);
const json_t *pni_session_rulepack(const pn_session *session);
const json_t *pni_session_store_policy(const pn_session *session);
/* The digests of those documents by component, computed once; to be shared, not changed. */
const json_t *pni_session_digests(const pn_session *session);
/*
 * All functions of packs and all tables, {"functions": {name: digest}, "tables": {name: {…}}}: not
 * part of an identity, recorded beside it. Kept until one of them changes; from the first call on
 * nothing can be installed. Lock held;
 * json_decref().
 */
json_t *pni_session_snapshot(pn_session *session);
/* Identity of the custom functions among `names` (sorted array of texts): an array, one object per
 * function. */
pn_status pni_session_functions(const pn_session *session, const json_t *names, json_t **out,
                                pn_error *err);
/* Rewrite tags of the functions in that array, {name: [tag, …]}; functions without are left out. */
json_t *pni_session_rewrite_tags(const pn_session *session, const json_t *functions);
/* {name: version} of the functions in that array. */
json_t *pni_session_function_versions(const pn_session *session, const json_t *functions);
/* CREATE FUNCTION and DROP FUNCTION, taken apart by the engine; see udf/sql.h. Lock held. */
pn_status pni_session_create_function(pn_session *session, const json_t *request, pn_error *err);
pn_status pni_session_drop_function(pn_session *session, const json_t *request, pn_error *err);
/* Installed planners, {name: {"name","version","pack","kind"}}; borrowed. */
const json_t *pni_session_planners(const pn_session *session);
/* A new array [{"name","version"}] of those among `names`. */
json_t *pni_session_planners_of(const pn_session *session, const json_t *names);
/* Functions written in SQL, {name: definition}; borrowed. */
const json_t *pni_session_sql_functions(const pn_session *session);
/* Whether a function of the engine may give other results for the same arguments within one query.
 */
bool pni_function_is_volatile(const char *name);

/* Whether that table stands for a call of a table function: nobody named it, so it is not listed.
 */
bool pni_session_is_called(const pn_session *session, const char *name);
/* Whether a pack of the session has a table function of that name or alias, or it is one of those
 * that are refused with a reason. */
bool pni_session_has_table_function(const pn_session *session, const char *name);
/*
 * Opens the table functions that `sql` calls: their datasets become tables of the session, and
 * `out` the text with those tables in the place of the calls. `parsed` is what
 * pni_engine_sql_tables() said. `out` stays empty when there is nothing to do. Lock held.
 */
pn_status pni_session_expand(pn_session *session, int32_t policy, pn_bytes sql,
                             const json_t *parsed, pn_buf *out, pn_error *err);
/* Every setting as the engine reports it. Borrowed. */
const json_t *pni_session_settings(const pn_session *session);
/* A function came or went (a pack, CREATE and DROP FUNCTION): what was told of them is told anew.
 * Lock held. */
void pni_session_functions_changed(pn_session *session);
/* The snapshot of the packs' functions and what was installed, each a new reference. */
pn_status pni_session_platform(pn_session *session, json_t **platform_out, json_t **snapshot_out,
                               pn_error *err);
/*
 * SET and RESET (value NULL: as the session was opened). What is compiled from now on stands on the
 * new value; bundles compiled before differ in the component `settings`. Lock held.
 */
pn_status pni_session_set(pn_session *session, const char *key, const char *value, pn_error *err);
/* Puts new rows in the place of a temporary table; they are read (and may read the old ones) before
 * the old ones go. The stream is consumed always. */
pn_status pni_session_replace_table(pn_session *session, const char *name,
                                    struct ArrowArrayStream *stream, pn_error *err);
/* The dataset of that name, declared or added; NULL when there is none. Borrowed. */
const pni_dataset *pni_session_dataset(const pn_session *session, const char *name);
bool pni_session_is_temporary(const pn_session *session, const char *name);

/* True for settings that never enter an identity: threads, memory, spill, caches, paths, explain.
 */
bool pni_setting_is_excluded(const char *key);
/* "prefix.name" that is none of the engine's: an option of a pack (pn_option). */
bool pni_setting_is_option(const char *key);
/* SETTING when an option was asked for that no loaded pack has. */
pn_status pni_session_check_options(const pn_session *session, pn_error *err);
size_t pni_setting_exclusion_count(void);
const char *pni_setting_exclusion_at(size_t index); /* a key, or a prefix that ends in '.' */
/* An engine key, or one of pinion's own; whether the engine has that key it says itself. */
bool pni_setting_is_known(const char *key);
/* The engine key of a short pinion key, or NULL. */
const char *pni_setting_engine_key(const char *key);

#endif
