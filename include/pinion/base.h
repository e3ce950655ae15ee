/* SPDX-License-Identifier: Apache-2.0 */
/**
 * pinion/base.h: the library as a whole: version, log callback, cancellation.
 */
#ifndef PINION_BASE_H
#define PINION_BASE_H

#include "pinion/error.h"
#include "pinion/types.h"

PN_EXTERN_C_BEGIN

/**
 * Gives the version of the library as text, e.g. "0.1.0".
 *
 * @threads any
 * @since   0.1
 */
PN_API const char *pn_version(void);

/** Receives debug messages; the library itself never prints. `message` is one UTF-8 line or text
 * block. */
typedef void (*pn_log_fn)(void *ctx, const char *message, size_t len);

/**
 * Sets the process-wide debug log callback; it also receives full engine error texts, uncut.
 *
 * @param fn   NULL switches logging off; may be called from several threads at once
 * @param ctx  passed on to `fn`
 * @threads call before other threads use the library
 * @since   0.1
 */
PN_API void pn_log_set(pn_log_fn fn, void *ctx);

/**
 * Makes a cancellation token, to be handed to any number of calls.
 *
 * @owns    caller owns the token, pn_cancel_unref()
 * @threads any
 * @since   0.1
 */
PN_API PN_OWN pn_cancel *pn_cancel_new(void);

/**
 * Asks every call that carries the token to stop soon with PN_CANCELLED. Idempotent; cannot be
 * undone.
 *
 * @threads any; safe in a signal handler (a lock-free atomic store)
 * @since   0.1
 */
PN_API void pn_cancel_fire(pn_cancel *cancel);

/**
 * Tells whether the token was fired; a NULL token never is.
 *
 * @threads any
 * @since   0.1
 */
PN_API int pn_cancel_is_fired(const pn_cancel *cancel);

/**
 * Drops one reference to the token.
 *
 * @param cancel  may be NULL
 * @threads any
 * @since   0.1
 */
PN_API void pn_cancel_unref(PN_OWN pn_cancel *cancel);

/** Tells how far a long call is. `done` and `total` are counts of `what`; total 0 = unknown. */
typedef void (*pn_progress_fn)(void *ctx, const char *what, uint64_t done, uint64_t total);

PN_EXTERN_C_END

#endif
