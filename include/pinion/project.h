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
    int32_t sql_policy; /**< PN_SQL_POLICY_*; 0 = read_only */
    uint32_t reserved;
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

/** How a project is built. Zeroed = all outputs. */
typedef struct pn_build_options {
    uint32_t struct_size;
    uint32_t flags;             /**< none so far */
    const char *const *outputs; /**< views whose outputs are written; NULL = all */
    size_t n_outputs;
    pn_cancel *cancel;
    pn_progress_fn progress;
    void *progress_ctx;
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
 * Compiles every view and writes the outputs, in topological order.
 *
 * @param options  NULL for defaults
 * @param report_out  [out] JSON
 * {"outputs":[{"view","uri","format","fingerprint","rows","version"}],"views":n}; appended to
 * @errors  as pn_project_check() and pn_exec_write() · NOT_FOUND an output of that name · CONFLICT
 * another build runs
 * @threads one at a time; blocks
 * @since   0.1
 */
PN_API PN_NODISCARD pn_status pn_project_build(pn_project *project, const pn_build_options *options,
                                               pn_buf *report_out, pn_error *err);

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
