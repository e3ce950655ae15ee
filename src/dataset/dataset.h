/* SPDX-License-Identifier: Apache-2.0 */
/*
 * dataset: the catalog of named locations, and their resolution into a schema, a pin and a
 * provider.
 *
 * Resolving decides once, for the life of a session, what a dataset is: which Delta version, or
 * which files with which content. The pin is identity; everything else that was seen (absolute
 * paths, table versions when the content is known, file counts) is evidence.
 */
#ifndef PNI_DATASET_H
#define PNI_DATASET_H

#include "pinion/dataset.h"

#include "engine/engine.h"

typedef struct pni_dataset {
    char *name;
    char *format;
    char *uri;       /* absolute path, or URL */
    char *version;   /* or NULL */
    char *timestamp; /* or NULL */
    bool optional;
    json_t *files;             /* Delta: sorted paths of the only files to read, or NULL */
    json_t *options;           /* object of texts, never NULL */
    json_t *storage_options;   /* object of texts, never NULL, checked; secret */
    json_t *metadata;          /* object, never NULL */
    struct ArrowSchema schema; /* released when not declared */
} pni_dataset;

/* What a dataset turned out to be. Immutable, but for what `hashes` remembers. */
typedef struct pni_resolved {
    struct ArrowSchema schema;
    json_t *pin;         /* identity: canonical JSON object */
    json_t *evidence;    /* what was seen: uri, delta info, files */
    json_t *diagnostics; /* array of {"code","message"} */
    json_t *constraints; /* {"unique":[…],"primary_key":[…]} or NULL */
    pni_engine_table *table;
    json_t *paths;                 /* of a file dataset: of evidence "files", in its order */
    json_t *storage;               /* of its store, as the engine takes them; secret */
    struct pni_hash_cache *hashes; /* what is known of them */
} pni_resolved;

pn_status pni_name_check(const char *what, const char *name, pn_error *err);
pn_catalog *pni_catalog_ref(pn_catalog *catalog);
const pni_dataset *pni_catalog_find(const pn_catalog *catalog,
                                    const char *name); /* NULL when unknown */
const char *pni_catalog_nearest(const pn_catalog *catalog,
                                const char *name); /* for "did you mean", or NULL */

/* `cancel` may be NULL in what follows; it ends waiting for a store.
 * Opens the provider and fixes version or files. A missing optional dataset becomes an empty table.
 */
pn_status pni_dataset_resolve(const pni_engine_session *engine, const pni_dataset *dataset,
                              pn_cancel *cancel, pni_resolved **out, pn_error *err);
/* DRIFT when a file that was pinned has changed or is gone. One thread at a time. */
pn_status pni_resolved_check(const pni_engine_session *engine, pni_resolved *resolved,
                             const pni_dataset *dataset, pn_cancel *cancel, pn_error *err);
void pni_resolved_free(pni_resolved *resolved);
PNI_DEFINE_AUTO_PTR(pni_resolved, pni_resolved_free)

/* Reads a stream to its end (consumed always) into a memory table pinned by a digest of its rows.
 */
pn_status pni_resolve_stream(const pni_engine_session *engine, struct ArrowArrayStream *stream,
                             pni_resolved **out, pn_error *err);

/* Content digests kept by (path, device, inode, size, mtime, ctime), like git's index. */
typedef struct pni_hash_cache pni_hash_cache;
struct stat;
pni_hash_cache *pni_hash_cache_open(
    const char *root); /* never fails: starts empty when unreadable */
pn_status pni_hash_cache_digest(pni_hash_cache *cache, const char *path, const struct stat *st,
                                char hex_out[PNI_SHA256_HEX], pn_error *err);
void pni_hash_cache_save(pni_hash_cache *cache);  /* what changed; failing to save is no error */
void pni_hash_cache_close(pni_hash_cache *cache); /* saves */
PNI_DEFINE_AUTO_PTR(pni_hash_cache, pni_hash_cache_close)

/* The rows of a `delta_snapshot` or `delta_add_actions` dataset, into `resolved`: its table, pin
 * and evidence. */
pn_status pni_delta_snapshot_open(const pni_engine_session *engine, const pni_dataset *dataset,
                                  pn_cancel *cancel, pni_resolved *resolved, pn_error *err);

/* The changes of a `delta_cdf` dataset between two versions, as the former does. */
pn_status pni_delta_changes_open(const pni_engine_session *engine, const pni_dataset *dataset,
                                 pn_cancel *cancel, pni_resolved *resolved, pn_error *err);

/* "pack.name": a table provider of a pack opens it. */
bool pni_format_is_provided(const char *format);
/* A Delta table, what is told of one, or its changes; all but delta_cdf take a version. */
bool pni_format_is_delta(const char *format);

/* Whether a file with this path below a dataset's folder is one of its files: by its ending, and
 * not hidden. */
bool pni_file_is_data(const pni_dataset *dataset, const char *relative);
/* The files of a file dataset: sorted [relative path, size, SHA-256], and their absolute paths in
 * the same order. */
pn_status pni_files_pin(const pni_dataset *dataset, pni_hash_cache *cache, json_t **files_out,
                        json_t **paths_out, pn_error *err);
/* DRIFT when one of `files` at `paths` is not there any more or not the same. */
pn_status pni_files_check(const pni_dataset *dataset, pni_hash_cache *cache, const json_t *files,
                          const json_t *paths, pn_error *err);

/* ---- object stores ------------------------------------------------------------------------- */

/* A location on a store, and how to get there. All borrowed. */
typedef struct pni_place {
    const char *uri;       /* s3://… */
    const json_t *storage; /* of pni_storage_resolve() */
    pn_cancel *cancel;     /* or NULL */
} pni_place;

bool pni_uri_is_remote(const char *uri); /* has a scheme other than file */
char *pni_uri_normal(const char *uri);   /* s3a:// is s3:// */
/* Storage options under their one name each, with values of the right kind. `what` names whose they
 * are in messages. Remembers the secrets. */
pn_status pni_storage_check(const char *what, const json_t *given, json_t **out, pn_error *err);
/* What the engine needs to reach `uri`, from checked options: INVALID when something is missing.
 * Reads the environment when the options say so. Empty for a local path. */
pn_status pni_storage_resolve(const char *what, const char *uri, const json_t *checked,
                              json_t **out, pn_error *err);
/* Whether there is anything below `folder` ("" = the place itself). */
pn_status pni_objects_below(const pni_engine_session *engine, const pni_place *place,
                            const char *folder, bool *found, pn_error *err);
/* As pni_files_pin() and pni_files_check(), with the store's ETag for a digest. */
pn_status pni_objects_pin(const pni_engine_session *engine, const pni_dataset *dataset,
                          const pni_place *place, json_t **files_out, json_t **paths_out,
                          pn_error *err);
pn_status pni_objects_check(const pni_engine_session *engine, const pni_dataset *dataset,
                            const pni_place *place, const json_t *files, pn_error *err);
/* UNSUPPORTED when the store creates objects that are there; tried once per bucket and process. */
pn_status pni_storage_may_commit(const pni_engine_session *engine, const pni_place *place,
                                 pn_error *err);

#endif
