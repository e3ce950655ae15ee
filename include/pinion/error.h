/* SPDX-License-Identifier: Apache-2.0 */
/**
 * pinion/error.h: what a call says when it fails.
 *
 * A status says what the caller can do, the number (PNdnnn, d = domain) says what happened. The
 * story is written into a pn_error of the caller; it owns no heap and needs no clean-up.
 *
 *     pn_error err = PN_ERROR_INIT;
 *     if (pn_session_open(NULL, &session, &err) != PN_OK)
 *         fprintf(stderr, "%s\n%s\nhint: %s\n", err.message, err.detail, err.hint);
 */
#ifndef PINION_ERROR_H
#define PINION_ERROR_H

#include "pinion/types.h"

PN_EXTERN_C_BEGIN

/**
 * The closed list of statuses: X(NAME, number, exit code of the command line, meaning).
 * Numbers are never reused.
 */
#define PN_STATUS_MAP(X)                                                                           \
    X(OK, 0, 0, "success")                                                                         \
    X(INVALID, 1, 2, "an argument, option or file of the caller is wrong")                         \
    X(NOT_FOUND, 2, 2, "a named object does not exist")                                            \
    X(EXISTS, 3, 2, "the object exists already")                                                   \
    X(CONFLICT, 4, 3, "lost a race for a commit; trying again may succeed")                        \
    X(UNSUPPORTED, 5, 2, "a known feature that this build or engine does not have")                \
    X(PLAN, 6, 2, "the query does not plan")                                                       \
    X(EXEC, 7, 3, "the query failed while it ran")                                                 \
    X(SCHEMA, 8, 1, "columns or types differ from what was declared")                              \
    X(DRIFT, 9, 1, "a fingerprint or pin differs from the recorded one")                           \
    X(CORRUPT, 10, 3, "stored or received bytes are damaged")                                      \
    X(IO, 11, 3, "reading or writing failed")                                                      \
    X(LIMIT, 12, 2, "a stated ceiling was reached")                                                \
    X(CANCELLED, 13, 130, "the caller cancelled")                                                  \
    X(TIMEOUT, 14, 3, "a stated time ran out")                                                     \
    X(REENTRANT, 15, 3, "called from inside a callback or function of the engine")                 \
    X(ABI, 16, 3, "a library or plugin of another version or shape")                               \
    X(PANIC, 17, 3, "the engine failed inside; this handle is unusable")                           \
    X(INTERNAL, 18, 3, "a defect of pinion; please report it")

#define PN_STATUS_ENUM_(name, number, exit_code, meaning) PN_##name = number,
enum { PN_STATUS_MAP(PN_STATUS_ENUM_) };
#undef PN_STATUS_ENUM_

/** The story of one failure. Storage of the caller; 2064 bytes. */
struct pn_error {
    uint32_t struct_size; /**< sizeof(pn_error) */
    pn_status status;
    int32_t number;    /**< d * 1000 + nnn, printed as PNdnnn; 0 = none */
    int32_t os_errno;  /**< errno of the system call, or 0 */
    char message[256]; /**< lower-case, one line, no period; names the object and why */
    char detail[1536]; /**< sentences; engine text, cut on a UTF-8 boundary */
    char hint[256];    /**< what to do next; may be empty */
};

#ifdef __cplusplus
#define PN_ERROR_INIT (pn_error{sizeof(pn_error), 0, 0, 0, {0}, {0}, {0}})
#else
#define PN_ERROR_INIT ((pn_error){.struct_size = sizeof(pn_error)})
#endif

/** One row of the error catalogue. */
typedef struct pn_error_entry {
    int32_t number;
    pn_status status;
    const char *name;    /**< e.g. "DATASET_MISSING" */
    const char *summary; /**< one sentence: what happened */
    const char *remedy;  /**< sentences: why it happens and what to do */
} pn_error_entry;

/**
 * Gives the name of a status, e.g. "NOT_FOUND"; "UNKNOWN" for a number outside the list.
 *
 * @threads any
 * @since   0.1
 */
PN_API const char *pn_status_name(pn_status status);

/**
 * Gives the exit code of the command line for a status: 0, 1, 2, 3 or 130.
 *
 * @threads any
 * @since   0.1
 */
PN_API int pn_status_exit_code(pn_status status);

/**
 * Counts the rows of the error catalogue.
 *
 * @threads any
 * @since   0.1
 */
PN_API size_t pn_error_catalogue_count(void);

/**
 * Gives row `index` of the error catalogue, sorted by number; NULL past the end.
 *
 * @threads any
 * @since   0.1
 */
PN_API const pn_error_entry *pn_error_catalogue_at(size_t index);

/**
 * Finds the catalogue row of a number such as 3001; NULL when there is none.
 *
 * @threads any
 * @cost    O(log n)
 * @since   0.1
 */
PN_API const pn_error_entry *pn_error_catalogue_find(int32_t number);

PN_EXTERN_C_END

#endif
