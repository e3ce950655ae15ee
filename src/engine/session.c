/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The engine of the process and the sessions on it. The engine is started under a lock by whoever
 * comes first and is never stopped: its threads may hold work of streams that outlive every
 * session. A start that failed is tried again by the next session. A forked child has the memory of
 * the engine but not its threads, so the process id is kept and compared: the child gets an error
 * instead of a hang.
 */
#include "engine/engine_priv.h"

#include <limits.h>
#include <pthread.h>
#include <unistd.h>

static pthread_mutex_t engine_lock = PTHREAD_MUTEX_INITIALIZER;
static pne_engine *engine; /* guarded by engine_lock */
static pid_t engine_owner; /* the process that started it */

/* The engine's log lines, uncut error texts among them, go where pinion's go. */
static void forward_log(void *ctx, const uint8_t *data, size_t len) {
    (void)ctx;
    if (pni_log_enabled()) {
        pni_logf("%.*s", (int)(len > INT_MAX ? INT_MAX : len), (const char *)data);
    }
}

pn_status pni_engine_check_abi(pn_error *err) {
    uint32_t theirs = pne_abi_version();
    uint32_t ours = ENGINE_ABI_VERSION;
    if (theirs >> 16 == ours >> 16 && (theirs & 0xffffu) >= (ours & 0xffffu)) {
        return PN_OK;
    }
    return pni_fail(err, PNI_E_ENGINE_ABI,
                    "the engine library speaks ABI %u.%u, this libpinion was built for ABI %u.%u",
                    theirs >> 16, theirs & 0xffffu, ours >> 16, ours & 0xffffu);
}

static pn_status start_locked(pn_error *err) {
    if (engine) {
        if (engine_owner != getpid()) {
            return pni_fail(err, PNI_E_ENGINE_FORKED,
                            "process %ld was forked from %ld after the engine had started",
                            (long)getpid(), (long)engine_owner);
        }
        return PN_OK;
    }
    PNI_TRY(pni_engine_check_abi(err));
    pne_log_set(forward_log, NULL);
    PNI_TRY(pni_engine_finish(pne_engine_new("{}", &engine, err), err));
    engine_owner = getpid();
    return PN_OK;
}

/*
 * A panic while a session is opened poisons the engine's handle. Under the lock nobody else uses
 * the handle, so it is given up and the next session starts a new engine; sessions of the old one
 * keep it running.
 */
static pn_status open_locked(const char *settings, pne_session **out, pn_error *err) {
    PNI_TRY(start_locked(err));
    pn_status status = pni_engine_finish(pne_session_new(engine, settings, out, err), err);
    if (status == PN_PANIC) {
        pne_engine_free(engine);
        engine = NULL;
    }
    return status;
}

pn_status pni_engine_session_new(const json_t *settings, pni_engine_session **out, pn_error *err) {
    PNI_AUTO(pn_buf) text = PN_BUF_INIT;
    pni_engine_json_text(settings, &text);
    pne_session *session = NULL;
    pthread_mutex_lock(&engine_lock);
    pn_status status = open_locked(pni_buf_text(&text), &session, err);
    pthread_mutex_unlock(&engine_lock);
    if (status == PN_OK) {
        *out = (pni_engine_session *)(void *)session;
    }
    return status;
}

pn_status pni_engine_session_fork(const pni_engine_session *session, pni_engine_session **out,
                                  pn_error *err) {
    pne_session *fork = NULL;
    PNI_TRY(pni_engine_finish(pne_session_fork(engine_session(session), &fork, err), err));
    *out = (pni_engine_session *)(void *)fork;
    return PN_OK;
}

void pni_engine_session_free(pni_engine_session *session) {
    pne_session_free((pne_session *)(void *)session);
}

pn_status pni_engine_session_settings(const pni_engine_session *session, json_t **out,
                                      pn_error *err) {
    PNI_AUTO(pn_buf) text = PN_BUF_INIT;
    int32_t status = pne_session_settings(engine_session(session), pni_buf_sink, &text, err);
    return pni_engine_json_result(status, &text, "settings of the engine", out, err);
}

pn_status pni_engine_session_rules(const pni_engine_session *session, json_t **out, pn_error *err) {
    PNI_AUTO(pn_buf) text = PN_BUF_INIT;
    int32_t status = pne_session_rules(engine_session(session), pni_buf_sink, &text, err);
    return pni_engine_json_result(status, &text, "rules of the engine", out, err);
}

pn_status pni_engine_session_functions(const pni_engine_session *session, json_t **out,
                                       pn_error *err) {
    PNI_AUTO(pn_buf) text = PN_BUF_INIT;
    int32_t status = pne_session_functions(engine_session(session), pni_buf_sink, &text, err);
    return pni_engine_json_result(status, &text, "functions of the engine", out, err);
}

pn_status pni_engine_session_set(const pni_engine_session *session, const char *key,
                                 const char *value, pn_error *err) {
    return pni_engine_finish(pne_session_set(engine_session(session), key, value, err), err);
}

pn_status pni_engine_register(const pni_engine_session *session, pni_space space, const char *name,
                              const pni_engine_table *table, pn_error *err) {
    return pni_engine_finish(pne_session_register(engine_session(session), (int32_t)space, name,
                                                  engine_table(table), err),
                             err);
}

pn_status pni_engine_deregister(const pni_engine_session *session, pni_space space,
                                const char *name, pn_error *err) {
    return pni_engine_finish(
        pne_session_deregister(engine_session(session), (int32_t)space, name, err), err);
}

pn_status pni_engine_add_functions(const pni_engine_session *session, const pn_plugin *plugin,
                                   const char *digest, pn_error *err) {
    return pni_engine_finish(
        pne_session_add_functions(engine_session(session), plugin, digest, err), err);
}

pn_status pni_engine_session_define(const pni_engine_session *session, const json_t *definition,
                                    pn_error *err) {
    PNI_AUTO(pn_buf) text = PN_BUF_INIT;
    pni_engine_json_text(definition, &text);
    return pni_engine_finish(pne_session_define(engine_session(session), pni_buf_text(&text), err),
                             err);
}

pn_status pni_engine_install_planner(const pni_engine_session *session,
                                     const pn_expr_planner *operators,
                                     const pn_relation_planner *relations, pn_error *err) {
    return pni_engine_finish(
        pne_session_install_planner(engine_session(session), operators, relations, pni_free, err),
        err);
}

pn_status pni_engine_add_foreign(const pni_engine_session *session, int32_t kind,
                                 const void *object, json_t **out, pn_error *err) {
    PNI_AUTO(pn_buf) text = PN_BUF_INIT;
    int32_t status =
        pne_session_add_foreign(engine_session(session), kind, object, pni_buf_sink, &text, err);
    return pni_engine_json_result(status, &text, "foreign function", out, err);
}

pn_status pni_engine_table_foreign(const pni_engine_session *session, const void *object,
                                   pni_engine_table **out, pn_error *err) {
    pne_table *table = NULL;
    PNI_TRY(
        pni_engine_finish(pne_table_foreign(engine_session(session), object, &table, err), err));
    *out = (pni_engine_table *)(void *)table;
    return PN_OK;
}
