/* SPDX-License-Identifier: Apache-2.0 */
/* The rules of canon.c, one per kind of message. Each changes the message in place; what it adds
 * lies in the arena. What is below the message has not been visited yet. */
#ifndef PNI_SUBSTRAIT_CANON_H
#define PNI_SUBSTRAIT_CANON_H

#include "substrait/substrait_priv.h"

#define PNI_CANON_RULE(name)                                                                       \
    pn_status pni_canon_##name(pni_arena *arena, ProtobufCMessage *msg, pn_error *err)

PNI_CANON_RULE(rel);
PNI_CANON_RULE(read);
PNI_CANON_RULE(fetch);
PNI_CANON_RULE(aggregate);
PNI_CANON_RULE(hash_join);
PNI_CANON_RULE(merge_join);
PNI_CANON_RULE(single);
PNI_CANON_RULE(multi);
PNI_CANON_RULE(leaf);

PNI_CANON_RULE(expression);
PNI_CANON_RULE(literal);
PNI_CANON_RULE(type);
PNI_CANON_RULE(schema);
PNI_CANON_RULE(reference);
PNI_CANON_RULE(scalar);
PNI_CANON_RULE(measure);
PNI_CANON_RULE(window);
PNI_CANON_RULE(window_rel);

/* Refuses a detail that is not one of pinion's own. */
pn_status pni_canon_detail(const Google__Protobuf__Any *detail, const char *what, pn_error *err);
/* Takes what is representation only out of the RelCommon in `field`, and the field when it is
 * empty. */
void pni_canon_common(ProtobufCMessage *body, const ProtobufCFieldDescriptor *field);
/* What is folded from below: emits that change nothing, constructors of constants. */
pn_status pni_canon_fold(Substrait__Plan *plan, pni_arena *arena, pn_error *err);

#endif
