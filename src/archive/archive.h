/* SPDX-License-Identifier: Apache-2.0 */
/* archive: bundles as files, and the folder that keeps them. See README.md for the checks. */
#ifndef PNI_ARCHIVE_H
#define PNI_ARCHIVE_H

#include "pinion/bundle_file.h"

#include "plan/plan.h"

PNI_DEFINE_AUTO_PTR(pn_bundle_set, pn_bundle_set_free)
PNI_DEFINE_AUTO_PTR(pn_bundle_store, pn_bundle_store_free)

/* What a file says about a bundle beyond its identity: made by whoever can, kept under evidence/.
 * `name` is one of the known names of evidence, see docs/bundle-file.md. */
typedef struct pni_evidence {
    const char *fingerprint;
    const char *name;
    pn_bytes data;
} pni_evidence;

/* pn_bundle_export() with evidence made above this layer. */
pn_status pni_archive_write(const pn_bundle *const *roots, size_t n_roots,
                            const pni_evidence *evidence, size_t n_evidence, pn_buf *bytes_out,
                            pn_error *err);

/* pn_bundle_store_put() of several bundles; what they share is put once. */
pn_status pni_archive_put(const pn_bundle_store *store, const pn_bundle *const *roots,
                          size_t n_roots, uint32_t flags, pn_error *err);

#endif
