/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PNI_ARCHIVE_PRIV_H
#define PNI_ARCHIVE_PRIV_H

#include "archive/archive.h"

/* One part of a file; the bytes are borrowed. */
typedef struct tar_part {
    const char *name;
    pn_bytes data;
} tar_part;

/*
 * Appends a tar archive of `parts`, which are sorted by name and unique, to `out`. Equal parts give
 * equal bytes.
 */
pn_status tar_write(const tar_part *parts, size_t count, pn_buf *out, pn_error *err);

/*
 * Reads what tar_write() writes and nothing else. Names and data are borrowed from `bytes`;
 * pni_free() the array. `what` names the file in messages.
 */
pn_status tar_read(pn_bytes bytes, const char *what, tar_part **parts_out, size_t *count_out,
                   pn_error *err);

typedef struct write_request {
    const pn_bundle *const *bundles; /* what the file holds */
    size_t n_bundles;
    const pn_bundle *const *roots; /* what it is of */
    size_t n_roots;
    const pni_evidence *evidence;
    size_t n_evidence;
    bool has_snapshots; /* of the sessions of the roots. The store has none: a file that says what
                         * its session had besides changes whenever that does. */
} write_request;
pn_status bundle_file_write(const write_request *request, pn_buf *bytes_out, pn_error *err);

/* An opened bundle file: parts checked against the manifest. */
typedef struct bundle_file {
    char *what; /* for messages */
    pn_buf bytes;
    tar_part *parts;
    size_t n_parts;
    json_t *manifest;
    pni_map *documents; /* path -> json_t, parsed on demand */
    pni_map *plans;     /* path -> pn_substrait, decoded on demand */
} bundle_file;

/* Takes `bytes`, on failure too. */
pn_status bundle_file_open(pn_buf *bytes, const char *what, bundle_file **out, pn_error *err);
void bundle_file_free(bundle_file *file);
PNI_DEFINE_AUTO_PTR(bundle_file, bundle_file_free)
/* The entry of a bundle in the manifest, or NULL. */
json_t *bundle_file_entry(const bundle_file *file, const char *fingerprint);
/* The number of the file's layout. */
json_int_t bundle_file_format(const bundle_file *file);
/* The part `name`, or NULL. */
const tar_part *bundle_file_part(const bundle_file *file, const char *name);
/* "<file>: part '<part>' <why>" as PN6021. */
pn_status bundle_file_damaged(const bundle_file *file, const char *part, const char *why,
                              pn_error *err);
/* The part `folder`/`digest`.json as a tree, borrowed from the file. */
pn_status bundle_file_document(bundle_file *file, const char *folder, const char *digest,
                               json_t **out, pn_error *err);
/* A plan, borrowed from the file. Exact: its bytes must be what canonical form gives today. */
pn_status bundle_file_plan(bundle_file *file, const char *digest, bool is_exact, pn_substrait **out,
                           pn_error *err);
pn_status bundle_file_json(const bundle_file *file, const tar_part *part, json_t **out,
                           pn_error *err);

/* Where the bundles of a closure come from: gives the opened file that has `fingerprint`. */
typedef struct bundle_source {
    pn_status (*open)(void *ctx, const char *fingerprint, bundle_file **out, pn_error *err);
    void *ctx;
    uint64_t budget; /* bytes that bundles may still take; start with PNI_BUNDLE_FILE_MAX_BYTES */
} bundle_source;

/* One bundle with all that it stands on, each part checked. `made` holds what was loaded before,
 * by name and fingerprint: pass one map for several roots, and release its values afterwards. */
pn_status bundle_load(bundle_source *source, const char *fingerprint, const char *name,
                      pni_map *made, pn_bundle **out, pn_error *err);
void bundle_made_free(pni_map *made);

enum { PREFIX_MIN = 4 };          /* digits of a fingerprint that may stand for it */
bool is_digest(const char *text); /* 64 lower-case hex digits */

/* Paths of parts; `out` holds ARCHIVE_PATH bytes. */
enum { ARCHIVE_PATH = 128 };
const char *part_path(char out[ARCHIVE_PATH], const char *folder, const char *digest,
                      const char *suffix);
const char *evidence_path(char out[ARCHIVE_PATH], const char *fingerprint, const char *name);
extern const char manifest_path[];
extern const char snapshot_folder[];
extern const char snapshot_name[];         /* of the evidence of a root in format 2 */
extern const char *const evidence_names[]; /* NULL-terminated, sorted */

#endif
