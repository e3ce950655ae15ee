/* SPDX-License-Identifier: Apache-2.0 */
/*
 * plan: from a query to an immutable bundle, and from a bundle to a plan that runs.
 *
 * Compiling plans in the `identity` catalog, against schema stubs only; running plans the canonical
 * Substrait in a `run` catalog, over pinned providers. The caller of a function that takes a
 * session holds its lock.
 */
#ifndef PNI_PLAN_H
#define PNI_PLAN_H

#include "pinion/bundle.h"

#include "lineage/lineage.h"
#include "plan/events.h"
#include "plan/memo.h"
#include "session/session.h"
#include "substrait/substrait.h"

/* The bundle of view `name`, or NULL when there is no such view. */
typedef const pn_bundle *(*pni_view_lookup_fn)(void *ctx, const char *name);

/* The name of a view that is near to `name`, or NULL. */
typedef const char *(*pni_view_nearest_fn)(void *ctx, const char *name);

typedef struct pni_compile_request {
    const char *name;      /* of the view, or NULL */
    pn_bytes sql;          /* or empty */
    pn_bytes substrait;    /* or empty */
    const json_t *params;  /* of the SQL, see plan/params.h; or NULL */
    const json_t *options; /* what was in force, recorded as evidence; or NULL */
    int32_t policy;        /* of statements, 0 = the session's; files are read by the narrower */
    pni_view_lookup_fn lookup;
    pni_view_nearest_fn nearest; /* or NULL */
    void *ctx;
    /*
     * NULL: the text is one query. Else it may be any statement the policy allows: the bundle is
     * that of the rows it needs, and what it asks for is put here ({"kind":…}, the caller's). A
     * statement that needs no rows gives no bundle.
     */
    json_t **statement;
} pni_compile_request;

typedef struct pni_bundle_input {
    char *name;
    pn_bundle *view; /* NULL for a dataset or temporary table */
    json_t *pin;     /* NULL for a view */
} pni_bundle_input;

struct pn_bundle {
    atomic_int refs;
    char *name;
    pn_substrait *substrait;
    struct ArrowSchema schema;
    pni_bundle_input *inputs; /* sorted by name */
    size_t n_inputs;
    json_t *functions;  /* names of all functions the plan uses, sorted */
    json_t *versions;   /* evidence: {function: version} of those it uses, or NULL */
    json_t *snapshot;   /* evidence: all functions and tables of the session, or NULL */
    json_t *documents;  /* component name -> what was digested */
    json_t *components; /* component name -> digest */
    const char **component_names;
    char fingerprint[PNI_SHA256_HEX];
    _Atomic(json_t *) published; /* see published.c; NULL until a reader asks */
    /* Evidence: */
    char *sql;                     /* what it was compiled from; NULL for Substrait */
    json_t *params;                /* of the SQL; or NULL */
    json_t *options;               /* of the compile; or NULL */
    _Atomic(pni_memo *) artifacts; /* NULL until the first is asked for */
};

PNI_DEFINE_AUTO_PTR(pn_bundle, pn_bundle_unref)

pn_status pni_plan_compile(pn_session *session, const pni_compile_request *request, pn_bundle **out,
                           pn_error *err);

/* Names of all functions a plan uses, sorted. */
json_t *pni_plan_functions(const pn_substrait *plan);
/* UNPINNED when a table function of a pack gives no version: then no bundle stands on the plan. */
pn_status pni_plan_check_pinned(const pn_bundle *bundle, pn_error *err);

/*
 * Digests a reader stands on, {"rows": …, "columns": {name: …}}, of the whole bundle; borrowed from
 * it.
 */
pn_status pni_bundle_publish(const pn_bundle *bundle, const json_t **out, pn_error *err);
/* The document `inputs` of a bundle whose plan and inputs are known: per view what is read of that.
 */
pn_status pni_bundle_inputs_document(const pn_bundle *bundle, json_t **out, pn_error *err);

/*
 * Plans the text of `bundle` again in `identity`, not optimised, for renderings. NOT_FOUND when it
 * was compiled from Substrait, or when a table that its optimised plan does not read is gone.
 */
pn_status pni_plan_again(pn_session *session, const pn_bundle *bundle, pni_engine_plan **out,
                         pn_error *err);

/* Look-up among the inputs of a bundle, which is ctx. */
const pn_bundle *pni_bundle_lookup(void *ctx, const char *name);

/* The artifacts of a bundle made so far; one memo for all threads. */
pni_memo *pni_bundle_memo(const pn_bundle *bundle);

/* Fills fingerprint and those components that are not there from documents: the last step of
 * compiling. */
pn_status pni_bundle_seal(pn_bundle *bundle, pn_error *err);

/*
 * All bundles `roots` are made from, each once, upstream first, roots included. Order depends on
 * names only. pni_free() the array; the bundles are borrowed.
 */
const pn_bundle **pni_bundle_closure(const pn_bundle *const *roots, size_t n_roots,
                                     size_t *count_out);

/*
 * The contract of running: CORRUPT without a plan or an environment, PLAN with an input that is not
 * pinned, DRIFT when a pin, a function or column in use, a setting or the engine differs from what
 * the bundle was compiled against, or a file that it reads from what the session read.
 */
pn_status pni_plan_check(pn_session *session, const pn_bundle *bundle, pn_error *err);

/*
 * Differences that do not matter to the bundle: functions and tables of the session that it does
 * not use. An array of {"what", "added", "removed", "changed"}, empty when there are none.
 */
json_t *pni_plan_diagnose(pn_session *session, const pn_bundle *bundle);

/* Names, types, nullability and metadata of the columns read, by table. */
pn_status pni_plan_schema(pn_session *session, const pn_bundle *bundle, json_t **out,
                          pn_error *err);

/*
 * How the bundles of one run become plans: from their Substrait, and where the engine cannot plan
 * that, from the plan that was kept, and from their SQL. `last` is the last step that any of them
 * needed.
 */
typedef struct pni_replay {
    pn_session *session;              /* in which SQL is compiled again */
    const pni_engine_session *engine; /* in whose `run` catalog plans are made */
    int32_t only;                     /* PN_REPLAY_*: this step and no other; 0 = each in turn */
    int32_t last;
    pni_events *events; /* may be NULL */
} pni_replay;

/*
 * Keeps the plan that the bundle was compiled with, where the session keeps plans. What cannot be
 * kept is a recorded event and no failure. Lock held.
 */
void pni_plan_keep(const pn_session *session, const pn_bundle *bundle, const pni_engine_plan *plan);
/* Plans the bundle in `run` from what was kept. NOT_FOUND: nothing was. */
pn_status pni_plan_restore(const pni_replay *replay, const pn_bundle *bundle, pni_engine_plan **out,
                           pn_error *err);
/* Whether a protobuf message is nested deeper than that, or may be. */
bool pni_wire_is_deeper(pn_bytes bytes, size_t max_depth);

/* Plans the bundle in `run`; its upstream views must be registered there. Takes the lock only to
 * compile SQL. */
pn_status pni_plan_open(pni_replay *replay, const pn_bundle *bundle, pni_engine_plan **out,
                        pn_error *err);

/* Registers the bundle, a view, in `run` under its name, to be expanded where it is read. */
pn_status pni_plan_register_view(pni_replay *replay, const pn_bundle *bundle, pn_error *err);

/* The bundle's SQL with tables in the place of the calls of table functions. Those are opened, as
 * far as the session's policy allows. Lock held. */
pn_status pni_plan_expand(pn_session *session, const pn_bundle *bundle, pn_buf *text_out,
                          pn_error *err);
/* Opens the tables that the bundle's text calls, when the session does not know one of its inputs:
 * in another process than the one that compiled it. What cannot be opened stays missing, and `why`
 * (never NULL) tells the reason. Lock held. */
void pni_plan_open_calls(pn_session *session, const pn_bundle *bundle, pn_error *why);
/*
 * Everything of the bundle that the session lacks or has otherwise, appended to `needs`:
 * {"kind","name","problem":"missing"|"differs"|"unreadable","want"?,"have"?}. Where
 * pni_plan_check() stops at the first, this lists them all. Lock held.
 */
pn_status pni_plan_needs(pn_session *session, const pn_bundle *bundle, json_t *needs,
                         pn_error *err);

/* What equal fingerprints promise of results, best first. */
typedef enum pni_grade {
    PNI_GRADE_CANONICAL,      /* the same rows in the same order */
    PNI_GRADE_STABLE_SET,     /* the same rows */
    PNI_GRADE_FLOAT_TOLERANT, /* the same rows but for the last digits of floats */
    PNI_GRADE_BEST_EFFORT,    /* nothing: some operator is free to choose */
} pni_grade;
/* Read off the plans of the bundle and all below; reasons is an array of {"operator", "why",
 * "grade", "view"?}. */
pn_status pni_bundle_grade(const pn_bundle *bundle, pni_grade *grade_out, json_t **reasons_out,
                           pn_error *err);
const char *pni_grade_name(pni_grade grade);

#endif
