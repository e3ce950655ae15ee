/* SPDX-License-Identifier: Apache-2.0 */
/**
 * pinion/project.h: a folder with `pinion.yaml` and `views/`.
 *
 * The project file names datasets, profile, settings and outputs; each `views/x.sql` is a view
 * named by its stem. Opening reads and checks the text only; checking compiles all views; building
 * also writes the outputs.
 *
 *     pn_project *project;
 *     if (pn_project_open("/data/shop", NULL, &project, &err) == PN_OK &&
 *         pn_project_build(project, NULL, &report, &err) == PN_OK) …
 */
#ifndef PINION_PROJECT_H
#define PINION_PROJECT_H

#include "pinion/exec.h"

PN_EXTERN_C_BEGIN

/** Overrides from the command line or an embedding program. Zeroed = none. */
typedef struct pn_project_options {
    uint32_t struct_size;
    uint32_t target_partitions; /**< 0 = the profile's */
    const char *profile;        /**< NULL = the file's */
    const pn_setting *settings; /**< applied after the file's */
    size_t n_settings;
    int32_t sql_policy; /**< PN_SQL_POLICY_*; 0 = the file's, service when it says nothing */
    uint32_t reserved;
    pn_cancel *cancel; /**< of the project's session, see pn_session_options; may be NULL */
} pn_project_options;

#ifdef __cplusplus
static inline pn_project_options pn_project_options_init(void) {
    pn_project_options o = {};
    o.struct_size = sizeof o;
    return o;
}
#else
#define PN_PROJECT_OPTIONS_INIT ((pn_project_options){.struct_size = sizeof(pn_project_options)})
#endif

/** Flags of pn_build_options. */
enum {
    PN_BUILD_NO_RECORD = 1,      /**< keep the build out of the artifact store */
    PN_BUILD_RECORD_RESULTS = 2, /**< digest rows as they are written, for `pinion verify` */
};

/** How a project is built. Zeroed = all outputs. */
typedef struct pn_build_options {
    uint32_t struct_size;
    uint32_t flags;             /**< PN_BUILD_* */
    const char *const *outputs; /**< views whose outputs are written; NULL = all */
    size_t n_outputs;
    pn_cancel *cancel;
    pn_progress_fn progress;
    void *progress_ctx;
    const char *label; /**< what the run is called in the artifact store; NULL = "build" */
} pn_build_options;

#ifdef __cplusplus
static inline pn_build_options pn_build_options_init(void) {
    pn_build_options o = {};
    o.struct_size = sizeof o;
    return o;
}
#else
#define PN_BUILD_OPTIONS_INIT ((pn_build_options){.struct_size = sizeof(pn_build_options)})
#endif

/**
 * Makes a new project in `dir`: `pinion.yaml`, `views/` with an example over a small CSV, and
 * `.gitignore`.
 *
 * @param name  project name, or NULL for the folder's
 * @errors  EXISTS there is a pinion.yaml already · IO
 * @threads any
 * @since   0.1
 */
PN_API PN_NODISCARD pn_status pn_project_init(const char *dir, const char *name, pn_error *err);

/**
 * Opens the project whose `pinion.yaml` is in `dir`.
 *
 * @param options  NULL for none
 * @param project_out  [out] set only on PN_OK
 * @owns    caller owns *project_out, pn_project_free()
 * @errors  NOT_FOUND no project file · INVALID a key or value is wrong; file, line, key and what is
 * allowed are named
 * @threads any
 * @since   0.1
 */
PN_API PN_NODISCARD pn_status pn_project_open(const char *dir, const pn_project_options *options,
                                              PN_OWN pn_project **project_out, pn_error *err);

/**
 * Frees a project.
 *
 * @param project  may be NULL
 * @threads one at a time
 * @since   0.1
 */
PN_API void pn_project_free(PN_OWN pn_project *project);

/**
 * Gives the session of the project, opened on first use. Borrowed.
 *
 * @errors  as pn_session_open()
 * @threads one at a time
 * @since   0.1
 */
PN_API PN_NODISCARD pn_status pn_project_session(pn_project *project, pn_session **session_out,
                                                 pn_error *err);

/**
 * Gives the view graph, not yet compiled until pn_project_check(). Borrowed.
 *
 * @threads one at a time
 * @since   0.1
 */
PN_API pn_view_graph *pn_project_views(pn_project *project);

/**
 * Compiles every view.
 *
 * @param cancel  may be NULL
 * @errors  as pn_view_graph_compile()
 * @threads one at a time; blocks
 * @since   0.1
 */
PN_API PN_NODISCARD pn_status pn_project_check(pn_project *project, pn_cancel *cancel,
                                               pn_error *err);

/**
 * Asks the object stores that datasets and outputs lie on, each once per bucket and set of options.
 *
 * @param json_out  [out] appended to: JSON array of {"store":"s3://bucket","endpoint","names":[…],
 *                  "ok"} and, of one that does not answer or refuses, {"error","hint","number"}
 * @errors  CANCELLED the token of the project's options fired · LIMIT no engine could be started
 * @threads one thread at a time
 * @cost    one listing of one object per store
 * @since   0.1
 */
PN_API PN_NODISCARD pn_status pn_project_stores(pn_project *project, pn_buf *json_out,
                                                pn_error *err);

/**
 * Compiles every view and writes the outputs, in topological order.
 *
 * @param options  NULL for defaults
 * @param report_out  [out] JSON
 * {"outputs":[{"view","uri","format","fingerprint","rows","version"}],"views":n,"warnings":[
 * {"number","message","detail","hint"}]}; appended to. A warning says what could not be recorded,
 * or kept of an output that is written
 * @errors  as pn_project_check() and pn_exec_write() · NOT_FOUND an output of that name · CONFLICT
 * another build runs
 * @threads one at a time; blocks
 * @since   0.1
 */
PN_API PN_NODISCARD pn_status pn_project_build(pn_project *project, const pn_build_options *options,
                                               pn_buf *report_out, pn_error *err);

/**
 * Records what the session of the project does from now on in its artifact store (pinion/store.h),
 * until pn_project_record_end(); a build does so by itself. Does nothing when the project file says
 * `store: {enabled: false}` or recording goes on already.
 *
 * @param label  what the run is called, for example "run"
 * @errors  INVALID an argument is NULL
 * @threads one at a time
 * @cost    starts a thread; rows are written by it, every 16 seconds or sooner, and at the end
 * @since   0.1
 */
PN_API PN_NODISCARD pn_status pn_project_record_start(pn_project *project, const char *label,
                                                      pn_error *err);

/**
 * Ends the recording: writes what is left, and one row about the run. Failing to record is a
 * warning, never a failure.
 *
 * @param outcome  the error the run ended with, or NULL when it succeeded
 * @param warnings_out  [out] JSON [{"number","message","detail","hint"}]; appended to
 * @errors  INVALID an argument is NULL
 * @threads one at a time; blocks until all is written
 * @since   0.1
 */
PN_API PN_NODISCARD pn_status pn_project_record_end(pn_project *project, const pn_error *outcome,
                                                    pn_buf *warnings_out, pn_error *err);

/**
 * Describes the project as JSON:
 * {"name","dir","profile","settings","datasets":[…],"views":[{"name","path"}],"outputs":[…]}.
 *
 * @param json_out  [out] appended to
 * @errors  INTERNAL
 * @threads one at a time
 * @since   0.1
 */
PN_API PN_NODISCARD pn_status pn_project_json(const pn_project *project, pn_buf *json_out,
                                              pn_error *err);

/**
 * Gives the JSON Schema of `pinion.yaml`, a static text.
 *
 * @threads any
 * @since   0.1
 */
PN_API const char *pn_project_json_schema(void);

PN_EXTERN_C_END

#endif
