/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cpg/source: the files of a repository: which there are, their bytes, encoding and lines.
 *
 * Everything here is a function of the folder's content alone: order is bytewise by relative path,
 * and nothing absolute, no time and no locale reaches a row. A file that cannot be used is a row
 * with a status, never a failure.
 */
#ifndef PNI_CPG_SOURCE_H
#define PNI_CPG_SOURCE_H

#include "base/base.h"

/* ---- globs and .gitignore ------------------------------------------------------------------ */

/* One path segment against a pattern without '/': * ? [set] [[:class:]] \x, bytewise as git's
 * wildmatch. */
bool pni_glob_segment(pni_str pattern, pni_str text);
/* A relative path against a pattern; a segment of only stars, at least two, spans any number of
 * segments. */
bool pni_glob_path(const char *pattern, const char *path);

/* A stack of rule files: the outer ones at the bottom. */
typedef struct pni_ignore pni_ignore;
pni_ignore *pni_ignore_new(void);
void pni_ignore_free(pni_ignore *ignore);
/* Adds the rules of a file in the folder `dir` ("" = the root; relative, no trailing '/'). */
void pni_ignore_push(pni_ignore *ignore, const char *dir, const void *text, size_t len);
void pni_ignore_pop(pni_ignore *ignore);
/* Whether the rules pushed so far exclude `path`; the caller does not descend into what is
 * excluded. */
bool pni_ignore_match(const pni_ignore *ignore, const char *path, bool is_dir);
PNI_DEFINE_AUTO_PTR(pni_ignore, pni_ignore_free)

/* ---- the scan ------------------------------------------------------------------------------ */

/* X(NAME, text): the statuses of repo_files_v1. */
#define PNI_FILE_STATUS_MAP(X)                                                                     \
    X(OK, "ok")                                                                                    \
    X(UNREADABLE, "unreadable")                                                                    \
    X(UNDECODABLE, "undecodable")                                                                  \
    X(TOO_LARGE, "too_large")                                                                      \
    X(SYMLINK_LOOP, "symlink_loop")                                                                \
    X(SYMLINK_OUTSIDE, "symlink_outside")                                                          \
    X(VANISHED, "vanished")

typedef enum pni_file_status {
#define X(name, text) PNI_FILE_##name,
    PNI_FILE_STATUS_MAP(X)
#undef X
        PNI_FILE_STATUS_COUNT
} pni_file_status;

const char *pni_file_status_text(pni_file_status status);

#define PNI_FILE_ID_SIZE 38 /* "file:", 32 hex digits, NUL */

typedef struct pni_source_file {
    const char *path; /* relative, UTF-8; escaped when the name is not */
    const char *name; /* relative, as the file system has it */
    const char *error;
    char *encoding;     /* NULL = not known; owned by the scan's arena */
    int64_t size_bytes; /* -1 = not known */
    pni_file_status status;
    bool link;   /* a symbolic link inside the root */
    bool loaded; /* size, digest and encoding are of the bytes that were read */
    char file_id[PNI_FILE_ID_SIZE];
    char sha256[PNI_SHA256_HEX]; /* "" = not read */
} pni_source_file;

typedef struct pni_scan {
    pni_arena *arena;
    char *root; /* absolute, resolved */
    PNI_VEC(pni_source_file) files;
} pni_scan;

typedef struct pni_scan_options {
    const char *root;
    const char *const *patterns; /* globs on the base name; none = *.py, *.pyi */
    size_t n_patterns;
    pn_cancel *cancel;
} pni_scan_options;

/* Walks the folder; contents are not read yet. */
pn_status pni_scan_new(const pni_scan_options *options, pni_scan **out, pn_error *err);
void pni_scan_free(pni_scan *scan);
PNI_DEFINE_AUTO_PTR(pni_scan, pni_scan_free)

/* "file:" and the hex BLAKE2b-128 of the path: stable_id_parts('file', path). */
void pni_file_id(const char *path, char out[PNI_FILE_ID_SIZE]);
/* UTF-8 without a backslash stays; else bytes that are not UTF-8, and backslashes, become \xhh. */
char *pni_path_escape(pni_arena *arena, const char *name);

/*
 * Reads file `index` once: appends its bytes to `content` and sets size, digest, encoding and
 * status. What is not ok or undecodable appends nothing.
 */
void pni_source_load(pni_scan *scan, size_t index, pn_buf *content);

/* ---- encodings ----------------------------------------------------------------------------- */

typedef struct pni_decoder pni_decoder;
/*
 * Finds the encoding of Python source (byte order mark, PEP 263 cookie, else utf-8). Gives its
 * name, and a problem text or NULL when the bytes are valid in it; both live in `arena`.
 */
char *pni_encoding_detect(pni_arena *arena, pn_bytes content, const char **problem_out);
/* A decoder for a name that pni_encoding_detect() gave; an unknown one decodes as utf-8. Never
 * NULL. */
pni_decoder *pni_decoder_new(const char *encoding);
void pni_decoder_free(pni_decoder *decoder);
/* Appends the text as UTF-8; what does not decode becomes U+FFFD, as Python's errors=replace does
 * for utf-8. */
void pni_decoder_append(pni_decoder *decoder, pn_bytes bytes, pn_buf *out);
PNI_DEFINE_AUTO_PTR(pni_decoder, pni_decoder_free)

/* ---- lines --------------------------------------------------------------------------------- */

#define PNI_LINE_TEXT_MAX_BYTES 10000u

typedef struct pni_line {
    int64_t start_byte;
    int64_t end_byte;         /* includes the line end */
    int64_t text_end;         /* excludes it */
    const char *newline_kind; /* lf, crlf, cr or none */
} pni_line;

/* Gives the line at *at and moves on; false at the end. A byte order mark belongs to no line. */
bool pni_line_next(pn_bytes content, size_t *at, pni_line *out);

#endif
