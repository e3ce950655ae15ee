/* SPDX-License-Identifier: Apache-2.0 */
/**
 * pinion/types.h: the words every other header is written in.
 *
 * Macros that mark linkage and ownership, byte views and owned buffers, and forward declarations of
 * all public objects. Holds no behaviour beyond pn_buf_dispose().
 */
#ifndef PINION_TYPES_H
#define PINION_TYPES_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
#define PN_EXTERN_C_BEGIN extern "C" {
#define PN_EXTERN_C_END }
#else
#define PN_EXTERN_C_BEGIN
#define PN_EXTERN_C_END
#endif

/** Marks an exported function. */
#if defined(__GNUC__)
#define PN_API __attribute__((visibility("default")))
#define PN_NODISCARD __attribute__((warn_unused_result))
#else
#define PN_API
#define PN_NODISCARD
#endif

/** Marks a transfer of ownership: out parameters become the caller's, in parameters become ours. */
#define PN_OWN

/** The version of these headers; pn_version() gives that of the library. */
#define PN_VERSION_MAJOR 0
#define PN_VERSION_MINOR 1
#define PN_VERSION_PATCH 0

PN_EXTERN_C_BEGIN

/** Result of every fallible function: PN_OK (0) or one of PN_STATUS_MAP in pinion/error.h. */
typedef int32_t pn_status;

/** A borrowed run of bytes; text is UTF-8 and need not be NUL-terminated. */
typedef struct pn_bytes {
    const uint8_t *data;
    size_t len;
} pn_bytes;

/**
 * An owned buffer that the library fills. Start from PN_BUF_INIT (or zeroed storage).
 * `data` is always NUL-terminated once filled; `len` leaves the NUL out.
 */
typedef struct pn_buf {
    uint8_t *data;
    size_t len;
    size_t cap;
} pn_buf;

#ifdef __cplusplus
#define PN_BUF_INIT (pn_buf{nullptr, 0, 0})
#else
#define PN_BUF_INIT ((pn_buf){NULL, 0, 0})
#endif

/**
 * Releases what `buf` owns and leaves it empty and reusable.
 *
 * @param buf  may be NULL or empty
 * @threads any, one at a time per buffer
 * @since   0.1
 */
PN_API void pn_buf_dispose(pn_buf *buf);

struct ArrowSchema;
struct ArrowArray;
struct ArrowArrayStream;

typedef struct pn_error pn_error;
typedef struct pn_cancel pn_cancel;
typedef struct pn_catalog pn_catalog;
typedef struct pn_session pn_session;
typedef struct pn_bundle pn_bundle;
typedef struct pn_bundle_set pn_bundle_set;
typedef struct pn_bundle_store pn_bundle_store;
typedef struct pn_view_graph pn_view_graph;
typedef struct pn_result pn_result;
typedef struct pn_project pn_project;
typedef struct pn_substrait pn_substrait;

PN_EXTERN_C_END

#endif
