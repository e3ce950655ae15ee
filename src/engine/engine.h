/* SPDX-License-Identifier: Apache-2.0 */
/*
 * engine: the only door to the Rust library. Thin: it turns handles into C objects, gives engine
 * errors a number and checks the ABI once. No other module includes pn_engine.h.
 *
 * One engine (runtime and planning threads) per process, started by the first session and never
 * stopped: no fork afterwards. Handles are shareable between threads except streams.
 */
#ifndef PNI_ENGINE_H
#define PNI_ENGINE_H

#include "pinion/plugin.h"

#include "arrow/arrow.h"
#include "base/base.h"

typedef struct pni_engine_session pni_engine_session; /* opaque: a pne_session */
typedef struct pni_engine_table pni_engine_table;
typedef struct pni_engine_plan pni_engine_plan;

/* Names resolve in one of two catalogs of a session: stubs, or pinned data and views. */
typedef enum pni_space { PNI_SPACE_IDENTITY = 0, PNI_SPACE_RUN = 1 } pni_space;

/*
 * How a statement is planned. SPLIT takes it apart: the plan is that of the rows it needs,
 * PNI_RENDER_REQUEST says what it asks for, and nothing but a query is left in the plan.
 */
enum { PNI_ALLOW_DDL = 1, PNI_ALLOW_DML = 2, PNI_ALLOW_STATEMENTS = 4, PNI_SPLIT = 8 };

/* Renderings of a plan; JSON ones are documented at pne_plan_explain. */
enum {
    PNI_RENDER_LOGICAL = 0,
    PNI_RENDER_OPTIMISED = 1,
    PNI_RENDER_PHYSICAL = 2,
    PNI_RENDER_ANALYZE = 3,
    PNI_RENDER_REQUEST = 4,        /* JSON */
    PNI_RENDER_LOGICAL_FORMS = 5,  /* JSON */
    PNI_RENDER_PHYSICAL_FORMS = 6, /* JSON */
    PNI_RENDER_STAGES = 7,         /* JSON */
    PNI_RENDER_ANALYSIS = 8,       /* JSON; runs the query */
    PNI_RENDER_PHYSICAL_BYTES = 9,
    PNI_RENDER_KEPT_BYTES = 10,
    PNI_RENDER_PLANNERS = 11, /* JSON: names of the packs' planners that decided something */
};

pn_status pni_engine_build_info(json_t **out, pn_error *err);
int64_t pni_engine_live_handles(void);

/* settings: see the engine's header: {"config":{…},"runtime":{…}}. */
pn_status pni_engine_session_new(const json_t *settings, pni_engine_session **out, pn_error *err);
/* The same settings, functions and tables as `session` has now, with a `run` catalog of its own. */
pn_status pni_engine_session_fork(const pni_engine_session *session, pni_engine_session **out,
                                  pn_error *err);
void pni_engine_session_free(pni_engine_session *session);
pn_status pni_engine_session_settings(const pni_engine_session *session, json_t **out,
                                      pn_error *err);
pn_status pni_engine_session_rules(const pni_engine_session *session, json_t **out, pn_error *err);
pn_status pni_engine_session_functions(const pni_engine_session *session, json_t **out,
                                       pn_error *err);
/* Changes one engine setting, as SET does; INVALID changes nothing. */
pn_status pni_engine_session_set(const pni_engine_session *session, const char *key,
                                 const char *value, pn_error *err);
/* Adds a function of a foreign library (pinion/ffi.h): PN_DF_FFI_* and its struct. Gives
 * {"name","kind","volatility"}. */
pn_status pni_engine_add_foreign(const pni_engine_session *session, int32_t kind,
                                 const void *object, json_t **out, pn_error *err);
pn_status pni_engine_table_foreign(const pni_engine_session *session, const void *object,
                                   pni_engine_table **out, pn_error *err);
/* Installs a planner of a pack: one of the two is NULL. */
pn_status pni_engine_install_planner(const pni_engine_session *session,
                                     const pn_expr_planner *operators,
                                     const pn_relation_planner *relations, pn_error *err);
/* Defines or removes a function written in SQL, removes a pack: see pne_session_define. */
pn_status pni_engine_session_define(const pni_engine_session *session, const json_t *definition,
                                    pn_error *err);
pn_status pni_engine_register(const pni_engine_session *session, pni_space space, const char *name,
                              const pni_engine_table *table, pn_error *err);
pn_status pni_engine_deregister(const pni_engine_session *session, pni_space space,
                                const char *name, pn_error *err);
pn_status pni_engine_add_functions(const pni_engine_session *session, const pn_plugin *plugin,
                                   const char *digest, pn_error *err);

/* spec: {"format","uri","paths","version","timestamp","files","storage_options","options"}. schema
 * and cancel may be NULL. */
pn_status pni_engine_table_open(const pni_engine_session *session, const json_t *spec,
                                const struct ArrowSchema *schema, pn_cancel *cancel,
                                pni_engine_table **out, pn_error *err);
/* Consumes `in` always. lazy: scanned once, pulled on demand; otherwise collected now. */
pn_status pni_engine_table_from_stream(const pni_engine_session *session,
                                       struct ArrowArrayStream *in, bool lazy,
                                       pni_engine_table **out, pn_error *err);
pn_status pni_engine_table_stub(const pni_engine_session *session, const struct ArrowSchema *schema,
                                const json_t *constraints, pni_engine_table **out, pn_error *err);
pn_status pni_engine_table_from_plan(const pni_engine_plan *plan, pni_engine_table **out,
                                     pn_error *err);
pn_status pni_engine_table_schema(const pni_engine_table *table, struct ArrowSchema *out,
                                  pn_error *err);
pn_status pni_engine_table_info(const pni_engine_table *table, json_t **out, pn_error *err);
void pni_engine_table_free(pni_engine_table *table);

/*
 * What SQL text is made of, without planning it: {"statement", "kinds":[…], "count", "tables":[…],
 * "qualified":[…], "table_functions":[…], "parameters":["$1",…], "object":{"what","name"?}|null}.
 */
pn_status pni_engine_sql_tables(const pni_engine_session *session, pn_bytes sql, json_t **out,
                                pn_error *err);
/* The tables that SQL text calls: {"the call as written": {"name", "args": [{"name", "kind",
 * "text"}]}}. */
pn_status pni_engine_sql_calls(const pni_engine_session *session, pn_bytes sql, json_t **out,
                               pn_error *err);
/* The text with relations, {"the call as written": "a relation in SQL"}, in the place of calls. */
pn_status pni_engine_sql_replace(const pni_engine_session *session, pn_bytes sql,
                                 const json_t *relations, pn_buf *out, pn_error *err);
pn_status pni_engine_plan_sql(const pni_engine_session *session, pni_space space, pn_bytes sql,
                              uint32_t flags, pni_engine_plan **out, pn_error *err);
/* The same with the values of its parameters as one row, a column each, named without the `$`;
 * `params` may be NULL and is consumed always. */
typedef struct pni_bound_sql {
    pn_bytes text;
    uint32_t flags;
    struct ArrowArrayStream *params;
} pni_bound_sql;
/* The rows of a small query over what the engine tells about itself, as an array of objects. */
pn_status pni_engine_rows(const pni_engine_session *session, const char *sql, json_t **out,
                          pn_error *err);
pn_status pni_engine_plan_bound_sql(const pni_engine_session *session, pni_space space,
                                    const pni_bound_sql *sql, pni_engine_plan **out, pn_error *err);
pn_status pni_engine_plan_substrait(const pni_engine_session *session, pni_space space,
                                    pn_bytes plan, pni_engine_plan **out, pn_error *err);
/*
 * Makes a plan of PNI_RENDER_KEPT_BYTES of this engine build, whose depth the caller has checked:
 * in `run` over the registered tables; in `identity` over stubs that the bytes describe, to be
 * written as Substrait and compared. UNSUPPORTED: no query over named tables.
 */
pn_status pni_engine_plan_restore(const pni_engine_session *session, pni_space space, pn_bytes kept,
                                  pni_engine_plan **out, pn_error *err);
pn_status pni_engine_plan_table(const pni_engine_session *session, const pni_engine_table *table,
                                pni_engine_plan **out, pn_error *err);
pn_status pni_engine_plan_to_substrait(const pni_engine_plan *plan, pn_buf *out, pn_error *err);
pn_status pni_engine_plan_schema(const pni_engine_plan *plan, struct ArrowSchema *out,
                                 pn_error *err);
/* kind: PNI_RENDER_*; `cancel` may be NULL, and ends what runs the query. */
pn_status pni_engine_plan_explain(const pni_engine_plan *plan, int kind, pn_cancel *cancel,
                                  pn_buf *out, pn_error *err);
/* A rendering that is JSON. */
pn_status pni_engine_plan_render(const pni_engine_plan *plan, int kind, pn_cancel *cancel,
                                 json_t **out, pn_error *err);
/* Returns at once; batches are made as they are pulled; releasing the stream cancels. */
pn_status pni_engine_plan_execute(const pni_engine_plan *plan, pn_cancel *cancel,
                                  struct ArrowArrayStream *out, pn_error *err);
/* request: {"format","uri","mode","partition_by","storage_options","options",…} ->
 * {"rows","version",…}. */
pn_status pni_engine_plan_write(const pni_engine_plan *plan, const json_t *request,
                                pn_cancel *cancel, json_t **report_out, pn_error *err);
void pni_engine_plan_free(pni_engine_plan *plan);

/* request: {"operation":"delete"|"optimize","uri","predicate"} ->
 * {"version","files_removed","files_added"}; removed files stay on disk. */
pn_status pni_engine_delta_run(const pni_engine_session *session, const json_t *request,
                               pn_cancel *cancel, json_t **report_out, pn_error *err);

/* request: {"operation":"list"|"probe","uri","storage_options","limit"} -> see pne_store_run(). */
pn_status pni_engine_store_run(const pni_engine_session *session, const json_t *request,
                               pn_cancel *cancel, json_t **report_out, pn_error *err);

/* Turns the failure of a stream's get_schema or get_next (code) into a numbered error. */
pn_status pni_engine_stream_error(struct ArrowArrayStream *stream, int code, pn_error *err);

PNI_DEFINE_AUTO_PTR(pni_engine_session, pni_engine_session_free)
PNI_DEFINE_AUTO_PTR(pni_engine_table, pni_engine_table_free)
PNI_DEFINE_AUTO_PTR(pni_engine_plan, pni_engine_plan_free)

#endif
