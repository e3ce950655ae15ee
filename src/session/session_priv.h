/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PNI_SESSION_PRIV_H
#define PNI_SESSION_PRIV_H

#include "session/session.h"
#include "udf/sql.h"

#include <pthread.h>

typedef struct session_table {
    bool is_temporary;
    pni_resolved *resolved;
} session_table;

struct pn_session {
    atomic_int refs;
    uint64_t id;
    pthread_mutex_t lock; /* recursive */
    const pni_profile *profile;
    int32_t policy;
    char *files_dir;     /* below which table functions may read, or NULL */
    pn_catalog *catalog; /* the caller's, may be NULL */
    pn_catalog *own;     /* datasets added later, and auto-loaded ones */
    pni_map *tables;     /* name -> session_table: what was resolved */
    pni_map *called;     /* names of tables that stand for calls of table functions */
    pni_engine_session *engine;
    pni_plan_cache_place plan_cache;
    json_t *runtime;
    json_t *settings;          /* all, as the engine reports them */
    json_t *identity_settings; /* less the exclusions */
    json_t *opened_settings;   /* as they were when the session was opened, for RESET */
    json_t *asked_options;     /* of packs, as asked for at opening: packs are loaded later */
    json_t *rules;
    json_t *environment;
    json_t *store_policy;
    json_t *digests;  /* of the documents above, by component of a fingerprint */
    json_t *snapshot; /* of functions and tables; NULL: made when asked for */
    pni_udf_catalog *udfs;
    bool planned;         /* a bundle was compiled: too late to install */
    json_t *platform;     /* what was installed; NULL: nothing yet */
    json_t *async_policy; /* {"enabled","timeout_ms","ideal_batch_size"} */
    json_t *udf_specs;    /* this and the next three: NULL until asked for, */
    json_t *udf_snapshot; /* dropped when a function comes or goes */
    json_t *udf_routines;
    char udf_hash[PNI_SHA256_HEX];
    json_t *planners; /* installed, by name */
    bool allow_ffi;
    json_t *function_policy; /* of functions written in SQL; NULL: none */
    pni_sql_functions *sql_functions;
    pni_recorder *recorder; /* NULL: nobody listens */
    pn_cancel *cancel;      /* ends waiting for a store; may be NULL */
};

/* Adds rows that are pinned by their digest; the stream is consumed always. Lock held. */
pn_status pni_session_add_rows(pn_session *session, const char *name,
                               struct ArrowArrayStream *stream, pn_error *err);
/* Registers a table that is resolved, in both catalogs; takes it on success. A temporary one can be
 * removed again by its name. */
pn_status pni_session_install_table(pn_session *session, const char *name, pni_resolved **resolved,
                                    bool is_temporary, pn_error *err);
/* Installs the planner of that name, of operators or of relations, behind those installed before.
 */
pn_status pni_session_install_planner(pn_session *session, const char *name, pn_error *err);
pn_session *pni_session_alloc(const pni_profile *profile, const pn_session_options *options);
/* Functions or tables have changed: the snapshot is made anew when it is asked for. */
void pni_session_changed(pn_session *session);
/* {"enabled","timeout_ms","ideal_batch_size"}: off when both are 0. */
json_t *pni_session_async_policy(uint64_t timeout_ms, uint64_t batch_rows);
/* What is told of the packs' functions; made when asked for. Borrowed. Lock held. */
const json_t *pni_session_udf_specs(pn_session *session);
const json_t *pni_session_udf_snapshot(pn_session *session);
pn_status pni_session_udf_routines(pn_session *session, const json_t **out, pn_error *err);
/* SHA-256 of the snapshot as hex; borrowed. */
pn_status pni_session_udf_hash(pn_session *session, const char **out, pn_error *err);
/* DRIFT with the differences when the packs and the engine say different things. Lock held. */
pn_status pni_session_udf_agree(pn_session *session, pn_error *err);
/* PLATFORM_LATE once something was planned, or was installed by pn_session_install(). Lock held. */
pn_status pni_session_check_early(const pn_session *session, pn_error *err);
/* Has the error name the call that a dataset stands for: its user wrote that, and no dataset. */
void pni_session_say_call(const pn_session *session, const pni_dataset *dataset, pn_error *err);
/* Opens and checks one pack, which is then the last of session->udfs: path absolute, digest or
 * NULL. The engine has it after pni_session_install_packs(). Lock held. */
pn_status pni_session_open_pack(pn_session *session, const char *path, const char *digest,
                                pn_error *err);
/* Gives the engine the packs from the `first` on. Lock held. */
pn_status pni_session_install_packs(pn_session *session, size_t first, pn_error *err);
/* Takes those packs out of the session again. Lock held. */
void pni_session_take_back_packs(pn_session *session, size_t first);
/* Opens and installs one pack, or nothing of it. Lock held. */
pn_status pni_session_load(pn_session *session, const char *path, const char *digest,
                           pn_error *err);
/* Digests the documents that are the same for all bundles of the session. */
pn_status pni_session_digest_documents(pn_session *session, pn_error *err);
pn_status pni_session_install_builtin(pn_session *session, pn_error *err);
/* After a pack was installed: its options are settings now, some with the values asked for. */
pn_status pni_session_settle_options(pn_session *session, pn_error *err);
/* After packs were taken back: their options are settings no more. */
void pni_session_forget_options(pn_session *session);
/* Reads every setting back from the engine. */
pn_status pni_session_read_settings(pn_session *session, pn_error *err);
/* Where names are looked up is how pinion keeps identity and data apart: such keys are not set. */
bool pni_setting_is_ours(const char *key);
/* "512MiB", "4 G", "100"; false on anything else, signs and overflow too. */
bool pni_parse_size(const char *text, uint64_t *out);

#endif
