/* SPDX-License-Identifier: Apache-2.0 */
/**
 * pinion/bundle_file.h: bundles as files, and the folder of a project that keeps them. Only the
 * functions that take a session, pn_exec_*(), need an engine.
 *
 * A bundle file is a sorted tar with a manifest and a digest per part (docs/bundle-file.md). It
 * holds one or more root bundles and all that they stand on. Reading checks everything: a damaged
 * part is an error that names it, and the fingerprint is computed again from the documents.
 *
 *     pn_buf bytes = PN_BUF_INIT;
 *     pn_bundle_set *set = NULL;
 *     if (pn_bundle_export(&bundle, 1, &bytes, &err) == PN_OK &&
 *         pn_bundle_import((pn_bytes){bytes.data, bytes.len}, "orders.pnb", &set, &err) == PN_OK)
 *         printf("%s\n", pn_bundle_fingerprint(pn_bundle_set_at(set, 0)));
 *     pn_bundle_set_free(set);
 *     pn_buf_dispose(&bytes);
 */
#ifndef PINION_BUNDLE_FILE_H
#define PINION_BUNDLE_FILE_H

#include "pinion/bundle.h"

PN_EXTERN_C_BEGIN

/**
 * Writes bundles and everything they stand on as one bundle file.
 *
 * @param roots  bundles; their names are kept
 * @param bytes_out  [out] appended to
 * @shape   equal bundles give equal bytes
 * @errors  LIMIT the file would have more than 256 MiB, or a part more than 64 MiB
 * @threads any
 * @cost    O(bytes)
 * @since   0.1
 */
PN_API PN_NODISCARD pn_status pn_bundle_export(const pn_bundle *const *roots, size_t n_roots,
                                               pn_buf *bytes_out, pn_error *err);

/**
 * Reads a bundle file. The bytes may come from anywhere: limits and digests are checked first.
 *
 * @param what  how messages name the file
 * @param set_out  [out] set only on PN_OK
 * @owns    caller owns *set_out, pn_bundle_set_free()
 * @errors  CORRUPT no bundle file, or a part is damaged or missing · UNSUPPORTED a newer format ·
 * LIMIT a ceiling of docs/limits.md
 * @threads any
 * @cost    O(bytes)
 * @since   0.1
 */
PN_API PN_NODISCARD pn_status pn_bundle_import(pn_bytes bytes, const char *what,
                                               PN_OWN pn_bundle_set **set_out, pn_error *err);

/**
 * Reads a bundle file from disk, as pn_bundle_import() does.
 *
 * @param set_out  [out] set only on PN_OK
 * @owns    caller owns *set_out, pn_bundle_set_free()
 * @errors  NOT_FOUND · IO · otherwise as pn_bundle_import()
 * @threads any
 * @since   0.1
 */
PN_API PN_NODISCARD pn_status pn_bundle_import_file(const char *path,
                                                    PN_OWN pn_bundle_set **set_out, pn_error *err);

/**
 * Writes the bytes of a bundle file to disk; the file is whole or as it was.
 *
 * @errors  IO
 * @threads any
 * @since   0.1
 */
PN_API PN_NODISCARD pn_status pn_bundle_save(pn_bytes bytes, const char *path, pn_error *err);

/**
 * Frees a set and drops its references to the bundles.
 *
 * @param set  may be NULL
 * @threads one at a time
 * @since   0.1
 */
PN_API void pn_bundle_set_free(PN_OWN pn_bundle_set *set);

/**
 * Counts the roots of a set.
 *
 * @threads any
 * @since   0.1
 */
PN_API size_t pn_bundle_set_count(const pn_bundle_set *set);

/**
 * Gives root `index`, sorted by name and fingerprint; NULL past the end. Borrowed.
 *
 * @threads any
 * @since   0.1
 */
PN_API const pn_bundle *pn_bundle_set_at(const pn_bundle_set *set, size_t index);

/**
 * Gives the bundle of a name, or of the first digits of a fingerprint, among the roots and all they
 * stand on; NULL when there is none. A name wins. Borrowed.
 *
 * @threads any
 * @since   0.1
 */
PN_API const pn_bundle *pn_bundle_set_find(const pn_bundle_set *set, const char *name);

/**
 * Describes the file as JSON: its manifest, {"format","identity":{…},"roots":[…],"bundles":{…},
 * "parts":{…}}.
 *
 * @param json_out  [out] appended to
 * @errors  INTERNAL
 * @threads any
 * @since   0.1
 */
PN_API PN_NODISCARD pn_status pn_bundle_set_json(const pn_bundle_set *set, pn_buf *json_out,
                                                 pn_error *err);

/**
 * Opens the folder that keeps bundles, in a project `.pinion/bundles`. It is made when the first
 * bundle is put. Several processes may use one folder at a time: files are replaced whole.
 *
 * @param store_out  [out] set only on PN_OK
 * @owns    caller owns *store_out, pn_bundle_store_free()
 * @errors  INVALID
 * @threads any
 * @since   0.1
 */
PN_API PN_NODISCARD pn_status pn_bundle_store_open(const char *dir,
                                                   PN_OWN pn_bundle_store **store_out,
                                                   pn_error *err);

/**
 * Closes a store; bundles got from it stay.
 *
 * @param store  may be NULL
 * @threads one at a time
 * @since   0.1
 */
PN_API void pn_bundle_store_free(PN_OWN pn_bundle_store *store);

/** How a bundle is put. */
enum {
    PN_BUNDLE_PUT_RECORD = 1, /**< each named bundle becomes the last one of its view */
};

/**
 * Keeps a bundle and everything it stands on, each in `<first 2 digits>/<fingerprint>.pnb`; with
 * PN_BUNDLE_PUT_RECORD, `views/<name>` of each named one becomes its fingerprint. What is there
 * with the same bytes is left alone.
 *
 * @param flags  PN_BUNDLE_PUT_*
 * @errors  IO · LIMIT
 * @threads any, also beside other processes
 * @cost    O(closure)
 * @since   0.1
 */
PN_API PN_NODISCARD pn_status pn_bundle_store_put(const pn_bundle_store *store,
                                                  const pn_bundle *bundle, uint32_t flags,
                                                  pn_error *err);

/**
 * Gets a bundle with everything it stands on, checked as by pn_bundle_import().
 *
 * @param prefix  at least 4 hex digits that only one fingerprint starts with
 * @param bundle_out  [out] set only on PN_OK
 * @owns    caller owns *bundle_out, pn_bundle_unref()
 * @errors  NOT_FOUND no such bundle · INVALID no prefix, or of several bundles · CORRUPT
 * @threads any
 * @since   0.1
 */
PN_API PN_NODISCARD pn_status pn_bundle_store_get(const pn_bundle_store *store, const char *prefix,
                                                  PN_OWN pn_bundle **bundle_out, pn_error *err);

/**
 * Gets the bundle that was put last for a view.
 *
 * @param bundle_out  [out] set only on PN_OK
 * @owns    caller owns *bundle_out, pn_bundle_unref()
 * @errors  NOT_FOUND none was recorded, or its file is gone · CORRUPT
 * @threads any
 * @since   0.1
 */
PN_API PN_NODISCARD pn_status pn_bundle_store_last(const pn_bundle_store *store, const char *view,
                                                   PN_OWN pn_bundle **bundle_out, pn_error *err);

/**
 * Lists what is kept: {"bundles":[{"fingerprint","name"?,"bytes","inputs":n}],
 * "views":{name: fingerprint}, "damaged":[{"fingerprint","reason"}]}, sorted by fingerprint.
 *
 * @param json_out  [out] appended to
 * @errors  IO
 * @threads any
 * @cost    reads every file
 * @since   0.1
 */
PN_API PN_NODISCARD pn_status pn_bundle_store_list(const pn_bundle_store *store, pn_buf *json_out,
                                                   pn_error *err);

/**
 * Compares what a bundle and everything it stands on need with what the session has: datasets with
 * their pins, functions, settings, the engine. Lists all of it, where pn_exec_run() stops at the
 * first.
 *
 * @param needs_out  [out] JSON, appended to, on DRIFT too:
 * [{"kind":"dataset"|"function"|"setting"|"engine"|"rules","name","problem":"missing"|"differs"|
 * "unreadable","want"?,"have"?}]; may be NULL
 * @errors  DRIFT something is missing or differs; the detail names each
 * @threads safe on one session from many threads; blocks
 * @since   0.1
 */
PN_API PN_NODISCARD pn_status pn_exec_needs(pn_session *session, const pn_bundle *bundle,
                                            pn_buf *needs_out, pn_error *err);

/**
 * Writes bundles and everything they stand on as one bundle file, as pn_bundle_export() does, and
 * adds as evidence the expanded plan of each root that reads views, where it has one of at most
 * 100,000 nodes.
 *
 * @param bytes_out  [out] appended to
 * @errors  DRIFT an input differs from the bundle · LIMIT
 * @threads safe on one session from many threads; blocks
 * @since   0.1
 */
PN_API PN_NODISCARD pn_status pn_exec_export(pn_session *session, const pn_bundle *const *roots,
                                             size_t n_roots, pn_buf *bytes_out, pn_error *err);

/**
 * Writes the plan of a bundle as Substrait for other engines: upstream views are inlined, tables
 * are named as the datasets are.
 *
 * @param bytes_out  [out] appended to
 * @errors  UNSUPPORTED the plan holds relations or functions of pinion's own, which are named ·
 * DRIFT an input differs from the bundle
 * @threads safe on one session from many threads; blocks
 * @since   0.1
 */
PN_API PN_NODISCARD pn_status pn_exec_export_substrait(pn_session *session, const pn_bundle *bundle,
                                                       pn_buf *bytes_out, pn_error *err);

PN_EXTERN_C_END

#endif
