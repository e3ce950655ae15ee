/* SPDX-License-Identifier: Apache-2.0 */
/* exec: compile, run and write through one door. See README.md for what is registered when. */
#ifndef PNI_EXEC_H
#define PNI_EXEC_H

#include "pinion/exec.h"

#include "plan/events.h"
#include "view/view.h"

PNI_DEFINE_AUTO_PTR(pn_result, pn_result_free)

/*
 * Upstream views of a run. `stage` registers every view that `roots` read in a `run` catalog of its
 * own, upstream first: a view read in more than one place is run once and kept in a private folder
 * when it does more than select, every other is expanded where it is read. A root that is named
 * twice is read in two places. Folder and files live until pni_stage_free(). Takes the session's
 * lock to compare and to fork, not while rows are made.
 */
typedef struct pni_stage pni_stage;
pn_status pni_stage_new(pn_session *session, const pn_bundle *const *roots, size_t n_roots,
                        const pn_exec_options *options, pni_stage **out, pn_error *err);
/* The plan of a root over the stage. */
pn_status pni_stage_plan(const pni_stage *stage, const pn_bundle *root, pni_engine_plan **out,
                         pn_error *err);
/* The same for a writer: the rows that were kept, where they are, need not be made again. Their
 * order may be lost, so not for a root that orders its rows. */
pn_status pni_stage_plan_kept(const pni_stage *stage, const pn_bundle *root, pni_engine_plan **out,
                              pn_error *err);
pn_session *pni_stage_session(const pni_stage *stage); /* borrowed */
/* The private folder, made on first use; borrowed. */
pn_status pni_stage_folder(pni_stage *stage, const char **out, pn_error *err);
/* How the bundles were planned so far. Borrowed. */
const pni_replay *pni_stage_replay(const pni_stage *stage);
void pni_stage_free(pni_stage *stage);
PNI_DEFINE_AUTO_PTR(pni_stage, pni_stage_free)

/* A write in three steps, so that every request is checked before anything runs. */
typedef struct pni_write pni_write;
pn_status pni_write_new(const pn_bundle *bundle, const pn_write_request *request, pni_write **out,
                        pn_error *err);
/* Asks for a digest of the rows as they are written: before they are planned. */
void pni_write_wants_digest(pni_write *write);
pn_status pni_write_plan(pni_write *write, pni_stage *stage, pn_error *err);
/* The stage must be there still. */
pn_status pni_write_run(pni_write *write, pn_cancel *cancel, pn_result **out, pn_error *err);
const json_t *pni_write_digest(const pni_write *write); /* of what was written, or NULL; borrowed */
void pni_write_free(pni_write *write);
PNI_DEFINE_AUTO_PTR(pni_write, pni_write_free)

/*
 * A token that fires when `outer` does or when `timeout_ms` have passed; pni_deadline_passed()
 * tells which. With no time-out it is `outer` itself and costs nothing.
 */
typedef struct pni_deadline pni_deadline;
pni_deadline *pni_deadline_new(pn_cancel *outer, uint64_t timeout_ms);
pn_cancel *pni_deadline_cancel(const pni_deadline *deadline); /* borrowed; may be NULL */
bool pni_deadline_passed(const pni_deadline *deadline);
/* A failure after the deadline is a time-out of `bundle`, whatever it says of itself; success stays
 * what it is. */
pn_status pni_deadline_status(const pni_deadline *deadline, pn_status status,
                              const pn_bundle *bundle, pn_error *err);
void pni_deadline_free(pni_deadline *deadline);
PNI_DEFINE_AUTO_PTR(pni_deadline, pni_deadline_free)

/*
 * Records, when somebody listens to the session; otherwise these do nothing. Plans: everything the
 * roots are made of, with pins, lineage and what resolving found, each once.
 */
void pni_exec_record_plans(pn_session *session, const pn_bundle *const *roots, size_t n_roots);

/* What differs in the session although the plan does not use it: [{"what","added",…}] or NULL. */
void pni_exec_record_differences(pni_recorder *recorder, const json_t *differences);

/* The cache and fallback events of a run; `bundle` may be NULL. */
void pni_exec_record_events(pni_recorder *recorder, const pn_bundle *bundle,
                            const pni_events *events);

/* One execution of a bundle, from begin to end; NULL when nobody listens, which all of these take.
 */
typedef struct pni_execution pni_execution;
pni_execution *pni_execution_begin(pni_recorder *recorder, const pn_bundle *bundle);
void pni_execution_rows(pni_execution *execution, int64_t rows);
/* The outcome of a stream, kept until the end; the first failure stays. */
void pni_execution_failed(pni_execution *execution, pn_status status, const pn_error *err);
void pni_execution_done(pni_execution *execution);
/* Records and frees. */
void pni_execution_end_stream(pni_execution *execution);
void pni_execution_end_write(pni_execution *execution, const json_t *request, const json_t *report);

#endif
