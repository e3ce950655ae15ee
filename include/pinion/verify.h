/* SPDX-License-Identifier: Apache-2.0 */
/**
 * pinion/verify.h: whether running a bundle again gives what it gave before, and what it promises.
 *
 * Grades, best first: canonical (the same rows in the same order), stable_set (the same rows),
 * float_tolerant (the same rows but for the last digits of floats), best_effort (some operator is
 * free to choose; it is named).
 */
#ifndef PINION_VERIFY_H
#define PINION_VERIFY_H

#include "pinion/exec.h"

PN_EXTERN_C_BEGIN

/**
 * Says what a bundle promises: {"grade", "reasons": [{"operator", "why", "grade", "view"?}, …]}.
 * Read off the canonical plans of the bundle and of all views below; nothing runs.
 *
 * @param json_out  [out] appended to
 * @errors  INVALID an argument is NULL
 * @threads any
 * @cost    O(plans)
 * @since   0.1
 */
PN_API PN_NODISCARD pn_status pn_verify_grade(const pn_bundle *bundle, pn_buf *json_out,
                                              pn_error *err);

/**
 * Runs a bundle and digests its rows: {"rows", "all", "without_floats", "ordered", "columns",
 * "floats": […]}. "all" does not depend on the order of rows, nor on batches and encodings.
 *
 * @param options   NULL for defaults
 * @param json_out  [out] appended to
 * @errors  as pn_exec_run() and its stream
 * @threads safe on one session from many threads; blocks
 * @cost    a run, and one SHA-256 per row
 * @since   0.1
 */
PN_API PN_NODISCARD pn_status pn_verify_digest(pn_session *session, const pn_bundle *bundle,
                                               const pn_exec_options *options, pn_buf *json_out,
                                               pn_error *err);

/**
 * Runs a bundle and compares with a recorded digest: {"fingerprint", "grade", "reasons", "result",
 * "recorded"?, "match": grade | "none" | "unrecorded", "holds": bool}. `holds` is false when the
 * rows match worse than the grade promises.
 *
 * @param recorded  what pn_verify_digest() gave before; empty when there is none
 * @param options   NULL for defaults
 * @param json_out  [out] appended to
 * @errors  CORRUPT `recorded` is no digest · as pn_verify_digest()
 * @threads safe on one session from many threads; blocks
 * @since   0.1
 */
PN_API PN_NODISCARD pn_status pn_verify_bundle(pn_session *session, const pn_bundle *bundle,
                                               pn_bytes recorded, const pn_exec_options *options,
                                               pn_buf *json_out, pn_error *err);

/**
 * Keeps a digest as what a fingerprint gave, in `dir` (of a project: `.pinion/results`). Replaces.
 *
 * @errors  IO
 * @threads any, also beside other processes
 * @since   0.1
 */
PN_API PN_NODISCARD pn_status pn_verify_record(const char *dir, const pn_bundle *bundle,
                                               pn_bytes digest, pn_error *err);

/**
 * Gets the digest that was kept for a bundle.
 *
 * @param json_out  [out] appended to
 * @errors  NOT_FOUND none was kept · IO
 * @threads any
 * @since   0.1
 */
PN_API PN_NODISCARD pn_status pn_verify_recorded(const char *dir, const pn_bundle *bundle,
                                                 pn_buf *json_out, pn_error *err);

PN_EXTERN_C_END

#endif
