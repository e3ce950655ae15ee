/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PNI_SUBSTRAIT_PRIV_H
#define PNI_SUBSTRAIT_PRIV_H

#include "substrait/tree.h"

typedef struct pni_table_use {
    const char *name;
    const char **columns; /* in the order of the scans, each once */
    size_t n_columns;
} pni_table_use;

struct pn_substrait {
    atomic_int refs;
    pni_arena *arena; /* holds all below but `bytes` */
    Substrait__Plan *plan;
    const char **functions_by_anchor; /* anchors are 1..n */
    size_t n_anchors;
    const char **functions; /* sorted, each once */
    size_t n_functions;
    pni_table_use *tables; /* sorted by name */
    size_t n_tables;
    size_t n_nodes;
    bool is_projection;
    pn_buf bytes;
    char digest[PNI_SHA256_HEX];
};

/* Everything the decoder allocates lies in `arena`; the result is as the bytes say, not canonical. */
pn_status pni_pb_decode(pn_bytes bytes, const ProtobufCMessageDescriptor *desc,
                        const pn_substrait_options *limits, pni_arena *arena,
                        ProtobufCMessage **out, pn_error *err);
/* Fields by number, defaults left out, lists packed: one byte sequence per tree. */
void pni_pb_encode(const ProtobufCMessage *msg, pn_buf *out);

/* A zeroed, initialised message in the arena. */
void *pni_pb_new(pni_arena *arena, const ProtobufCMessageDescriptor *desc);

/* Canonical form, in place. Order matters: canon drops what restrict and number must not see. */
pn_status pni_canon_normalise(Substrait__Plan *plan, pni_arena *arena, pn_error *err);
pn_status pni_canon_restrict(Substrait__ReadRel *read, pni_arena *arena, pn_error *err);
pn_status pni_canon_number(Substrait__Plan *plan, pni_arena *arena, pn_error *err);

/* Fills tables, functions, counts of a plan whose tree is canonical. */
pn_status pni_substrait_describe(pn_substrait *plan, pn_error *err);

#endif
