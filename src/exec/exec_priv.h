/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PNI_EXEC_PRIV_H
#define PNI_EXEC_PRIV_H

#include "exec/exec.h"
#include "plan/events.h"

struct pn_result {
    int32_t kind;                   /* PN_RESULT_* */
    pn_bundle *bundle;              /* NULL for a statement without rows of a plan */
    json_t *statement;              /* what was asked for, or NULL */
    struct ArrowArrayStream stream; /* released once taken */
    json_t *report;                 /* of a write, or NULL */
    json_t *diagnostics;            /* session-wide differences from the bundle, or NULL */
    pni_events *events;
    int32_t replay; /* PN_REPLAY_*: the last step that was needed */
};

pn_result *pni_result_new(int32_t kind, const pn_bundle *bundle);
/* Notes how what runs was planned. */
void pni_result_replayed(pn_result *result, const pni_stage *stage);

/* Records the options in force when `code` (run or write) began. */
void pni_event_options(pni_events *events, const char *code, const pn_session *session,
                       const pn_exec_options *options);

/* A plan source read once: checked, its builder called, its options as JSON. */
typedef struct pni_source {
    pn_plan_source given;
    pn_compile_options options;
    pn_buf scratch;
    json_t *params;
    json_t *record; /* of the options, for the bundle */
} pni_source;
pn_status pni_source_read(pn_session *session, const pn_plan_source *theirs, pni_source *out,
                          pn_error *err);
void pni_source_dispose(pni_source *source);
PNI_DEFINE_AUTO(pni_source, pni_source_dispose)
pni_compile_request pni_source_request(const pni_source *source, const pn_view_graph *graph);
/* True while this thread is inside the builder of a source. */
bool pni_source_is_building(void);

/* Where an artifact is made. */
typedef struct pni_artifact_job {
    pn_session *session;
    const pn_bundle *bundle;
    pn_cancel *cancel;                   /* may be NULL */
    const struct pni_artifact *artifact; /* what a maker makes */
} pni_artifact_job;
/* One artifact, borrowed from the bundle. */
pn_status pni_artifact_get(const pni_artifact_job *where, const char *name, const json_t **out,
                           pn_error *err);
pn_status pni_artifact_capture(pn_session *session, const pn_bundle *bundle, uint32_t capture,
                               pn_error *err);
/* A plan of the bundle in `run` over its staged views. */
pn_status pni_exec_plan(const pni_artifact_job *where, pni_stage **stage, pni_engine_plan **out,
                        pn_error *err);

/* A result of rows given as JSON, see pni_arrow_batch_from_json(); `type` is that of a row. */
pn_status pni_result_of_rows(const json_t *rows, const char *type, const pn_bundle *bundle,
                             pn_result **out, pn_error *err);

/* Carries out what a statement asks for; `bundle` is of the rows it needs. */
typedef struct pni_statement {
    pn_session *session;
    pn_view_graph *graph; /* or NULL */
    const json_t *request;
    const pn_bundle *bundle;
    const pn_exec_options *options;
} pni_statement;
pn_status pni_statement_show(const pni_statement *statement, const json_t *object, pn_result **out,
                             pn_error *err);
pn_status pni_statement_explain(const pni_statement *statement, pn_result **out, pn_error *err);
pn_status pni_statement_insert(const pni_statement *statement, pn_result **out, pn_error *err);
pn_status pni_statement_copy(const pni_statement *statement, pn_result **out, pn_error *err);
pn_status pni_statement_ddl(const pni_statement *statement, pn_result **out, pn_error *err);
/* A PN_RESULT_DONE. */
pn_status pni_statement_done(const pni_statement *statement, pn_result **out);

/*
 * `out` gives the rows of `inner`, which is consumed always, and digests them on the way; it may be
 * read on a thread of the engine. Ending waits for the last batch that is being made: with the
 * failure of `inner`, or with the digest when all of its rows were read, else with none.
 */
typedef struct pni_tee pni_tee;
pn_status pni_tee_new(struct ArrowArrayStream *inner, pni_tee **tee_out,
                      struct ArrowArrayStream *out, pn_error *err);
pn_status pni_tee_end(pni_tee *tee, json_t **digest_out, pn_error *err);
void pni_tee_free(pni_tee *tee);
PNI_DEFINE_AUTO_PTR(pni_tee, pni_tee_free)

/* What rows stand on; each may be NULL. */
typedef struct pni_stream_base {
    pni_stage *stage;
    pni_deadline *deadline;
    pni_execution *execution;
} pni_stream_base;

/* Moves `inner` into `out`, which ends and frees `base` when it is released. */
void pni_stream_guard(struct ArrowArrayStream *inner, pni_stream_base base,
                      struct ArrowArrayStream *out);

#endif
