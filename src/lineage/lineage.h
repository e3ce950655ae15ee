/* SPDX-License-Identifier: Apache-2.0 */
/* lineage: columns of a plan traced to the columns of its tables. Shape: pinion/lineage.h. */
#ifndef PNI_LINEAGE_H
#define PNI_LINEAGE_H

#include "pinion/lineage.h"

#include "substrait/substrait.h"

/* The lineage as a tree; the caller owns it, json_decref(). */
pn_status pni_lineage_of(const pn_substrait *plan, json_t **out, pn_error *err);

/* What its relations do, as pn_lineage_report(); json_decref(). */
pn_status pni_lineage_report(const pn_substrait *plan, json_t **out, pn_error *err);

/* ---- Merkle digests ------------------------------------------------------------------------- */

typedef struct pni_digest {
    unsigned char bytes[PNI_SHA256_LEN];
} pni_digest;

/* What a plan stands on, said by the caller. */
typedef struct pni_merkle_source {
    void *ctx;
    /* What decides about the rows of a table (`column` NULL) or about one of its columns; false
     * when that is not known. */
    bool (*table)(void *ctx, const char *table, const char *column, pni_digest *out);
    /* Appends the identity of the body behind a function; false when its results are not determined
     * by its arguments. */
    bool (*function)(void *ctx, const char *name, pn_buf *out);
} pni_merkle_source;

typedef struct pni_merkle_cell {
    bool known; /* false: cannot be separated, the identity of the whole plan stands for it */
    pni_digest digest;
} pni_merkle_cell;

/* What decides about the rows of a plan, and about each of its columns given its rows. */
typedef struct pni_merkle {
    pni_merkle_cell rows;
    size_t n; /* 0 when the columns cannot be told apart */
    pni_merkle_cell columns[];
} pni_merkle;

/* See README.md for what equal digests promise. pni_free() the result. */
pn_status pni_merkle_of(const pn_substrait *plan, const pni_merkle_source *source, pni_merkle **out,
                        pn_error *err);
PNI_DEFINE_AUTO_PTR(pni_merkle, pni_free)

#endif
