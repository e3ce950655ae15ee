/* SPDX-License-Identifier: Apache-2.0 */
/**
 * pinion/cpg.h: the code property graph of a folder of Python sources.
 *
 * A build scans the folder, runs the extractors, writes what they say as Delta tables (the
 * evidence), puts the pack of views beside them and builds it as an ordinary project. The same
 * sources and tools give the same rows, wherever the folder lies, whatever the number of workers,
 * locale or time zone.
 *
 *     pn_cpg_build_options options = PN_CPG_BUILD_OPTIONS_INIT;
 *     pn_buf report = PN_BUF_INIT;
 *     options.repo = "flask", options.out = "flask.cpg";
 *     if (pn_cpg_build(&options, &report, &err) == PN_OK)
 *         puts((const char *)report.data);
 *     pn_buf_dispose(&report);
 */
#ifndef PINION_CPG_H
#define PINION_CPG_H

#include "pinion/base.h"

PN_EXTERN_C_BEGIN

/** Flags of pn_cpg_build_options. */
enum {
    PN_CPG_EVIDENCE_ONLY = 1, /**< write the evidence tables and the project, but do not build it */
    PN_CPG_NO_RECORD = 2,     /**< keep the build out of the artifact store */
};

/** How a graph is built. Zeroed = default; `repo` and `out` are needed. */
typedef struct pn_cpg_build_options {
    uint32_t struct_size;
    uint32_t flags;        /**< PN_CPG_* */
    const char *repo;      /**< folder of the sources */
    const char *out;       /**< project folder to make or make anew; not `repo` itself */
    const char *repo_name; /**< value of the column `repo`; NULL = null */
    const char *python;    /**< interpreter; NULL = $PINION_PYTHON, else python3 of the PATH */
    const char *const *patterns; /**< globs on the file name; NULL = *.py, *.pyi */
    size_t n_patterns;
    uint32_t jobs;           /**< extractor processes of each kind; 0 = number of processors */
    uint32_t incremental;    /**< must be 0: every file is extracted anew */
    pn_cancel *cancel;       /**< may be NULL */
    pn_progress_fn progress; /**< may be NULL; "files", "tables", "views" */
    void *progress_ctx;
} pn_cpg_build_options;

#ifdef __cplusplus
static inline pn_cpg_build_options pn_cpg_build_options_init(void) {
    pn_cpg_build_options o = {};
    o.struct_size = sizeof o;
    return o;
}
#else
#define PN_CPG_BUILD_OPTIONS_INIT                                                                  \
    ((pn_cpg_build_options){.struct_size = sizeof(pn_cpg_build_options)})
#endif

/**
 * Builds the graph of a folder of Python sources into a project folder.
 *
 * Files that cannot be used (unreadable, undecodable, too large, links that loop or leave the
 * folder) are rows of repo_files_v1 with a status, and a file at which an extractor fails is a row
 * of its error list: neither is a failure. Every table is replaced in one commit, so an interrupted
 * build leaves each at its old or its new version, and running it again completes it. One build at
 * a time per output folder.
 *
 * @param options  repo and out are needed
 * @param report_out  [out] appended to: JSON {"repo","out","files":{"total",<status>:n},
 *     "extractors":[{"name","tool","files","errors","restarts"}],
 *     "evidence":[{"table","rows","version"}],"project":{…},"duration_ms":{…}}; `project` is the
 *     report of pn_project_build(), null with PN_CPG_EVIDENCE_ONLY
 * @errors  NOT_FOUND the repository, an extractor or the pack is missing · CONFLICT another build
 * is running · CANCELLED
 * @threads any; blocks; starts processes
 * @cost    one reading of every file; memory of a few chunks of 128 KiB of source and their trees
 * @since   0.1
 */
PN_API PN_NODISCARD pn_status pn_cpg_build(const pn_cpg_build_options *options, pn_buf *report_out,
                                           pn_error *err);

PN_EXTERN_C_END

#endif
