/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PNI_SUBSTRAIT_DIFF_H
#define PNI_SUBSTRAIT_DIFF_H

#include "substrait/substrait_priv.h"

/* Where two messages first differ, as texts. */
typedef struct pni_mismatch {
    pn_buf at;    /* path of fields from the messages; empty: they are of other kinds */
    pn_buf left;  /* value of that field, or the chosen field of a choice */
    pn_buf right; /* the same on the other side */
} pni_mismatch;

/*
 * Whether two messages of one kind, each of a canonical plan, differ in anything but the relations
 * below them. Fills `out`, three empty buffers, when they do.
 */
bool pni_messages_differ(const pn_substrait *left_plan, const ProtobufCMessage *left,
                         const pn_substrait *right_plan, const ProtobufCMessage *right,
                         pni_mismatch *out);

/* The same for one value of a field that is no message; both have it. */
bool pni_scalars_equal(const pn_substrait *left_plan, const ProtobufCMessage *left,
                       const pn_substrait *right_plan, const ProtobufCMessage *right,
                       const ProtobufCFieldDescriptor *field, size_t index);

#endif
