/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PNI_SUBSTRAIT_PRIV_H
#define PNI_SUBSTRAIT_PRIV_H

#include "substrait/tree.h"

typedef struct pni_table_use {
    const char *name;
    const char **columns; /* in the order of the scans, each once */
    size_t n_columns;
    size_t n_scans; /* twice as many below a recursion */
} pni_table_use;

struct pn_substrait {
    atomic_int refs;
    pni_arena *arena; /* holds all below but `bytes` */
    Substrait__Plan *plan;
    const char **functions_by_anchor; /* anchors are 1..n */
    size_t n_anchors;
    const char **functions; /* sorted, each once */
    size_t n_functions;
    const char *unpinned;  /* a table function that cannot say what it reads, or NULL */
    pni_table_use *tables; /* sorted by name */
    size_t n_tables;
    const Substrait__ReadRel **work_reads; /* reads of recursive queries' own rows, by address */
    size_t n_work_reads;
    size_t n_nodes;
    bool is_projection;
    pn_buf bytes;
    char digest[PNI_SHA256_HEX];
};

/* A declaration of an older plan refers to a URI, by a field that Substrait has removed since. */
typedef struct pni_old_reference {
    const ProtobufCMessage *declaration;
    uint32_t reference;
} pni_old_reference;

/* What a plan says in removed fields, in its order; a URI has the form of a URN. */
typedef struct pni_old_uris {
    PNI_VEC(Substrait__Extensions__SimpleExtensionURN *) uris;
    PNI_VEC(pni_old_reference) references;
} pni_old_uris;

/* Everything the decoder allocates but the lists of `old` lies in `arena`; the result is as the
 * bytes say, not canonical. */
pn_status pni_pb_decode(pn_bytes bytes, const pn_substrait_options *limits, pni_arena *arena,
                        pni_old_uris *old, Substrait__Plan **out, pn_error *err);
/* Fields by number, defaults left out, lists packed: one byte sequence per tree. */
void pni_pb_encode(const ProtobufCMessage *msg, pn_buf *out);

/* ---- declarations --------------------------------------------------------------------------- */

/* What an anchor may stand for; in the order of declarations. */
typedef enum pni_space {
    PNI_SPACE_TYPE,
    PNI_SPACE_VARIATION,
    PNI_SPACE_FUNCTION,
    PNI_SPACE_ALIAS,
    PNI_SPACE_COUNT
} pni_space;

/* Whether the field holds an anchor. */
bool pni_is_reference(const ProtobufCFieldDescriptor *field, pni_space *where_out);
/* Name of what a canonical plan declares under an anchor, and its URN, or NULL. */
const char *pni_substrait_declared(const pn_substrait *plan, pni_space where, uint32_t anchor,
                                   const char **urn_out);

/* A zeroed, initialised message in the arena. */
void *pni_pb_new(pni_arena *arena, const ProtobufCMessageDescriptor *desc);

/* Canonical form, in place. Order matters: canon drops what restrict and number must not see. */
pn_status pni_canon_normalise(Substrait__Plan *plan, pni_arena *arena, pn_error *err);
pn_status pni_canon_restrict(Substrait__ReadRel *read, pni_arena *arena, pn_error *err);
pn_status pni_canon_number(Substrait__Plan *plan, const pni_old_uris *old, pni_arena *arena,
                           pn_error *err);

/* ---- text: a stack of pieces, see expr_text.c ---------------------------------------------- */

typedef struct pni_piece {
    const char *text;                      /* or */
    const ProtobufCMessage *msg;           /* NULL with no text: an absent part */
    const ProtobufCFieldDescriptor *field; /* a scalar of the message, not all of it */
    size_t index;                          /* in its list */
    bool nested;                           /* an operand: infix operators need parentheses */
} pni_piece;

typedef struct pni_writer {
    const pn_substrait *plan;
    pni_column_namer namer;
    void *ctx;
    pn_buf *out;
    size_t limit; /* of out->len */
    PNI_VEC(pni_piece) stack;
} pni_writer;

/* Puts a fixed text, which must live as long as the plan. */
void pni_put_text(pni_writer *w, const char *text);
/* Puts a message of any kind that expr_text.c knows. */
void pni_put(pni_writer *w, const void *msg);
/* Puts an array of message pointers, separated by commas. */
void pni_put_list(pni_writer *w, const void *items, size_t count);
void pni_put_scalar(pni_writer *w, const ProtobufCMessage *msg,
                    const ProtobufCFieldDescriptor *field, size_t index);
/* Any message as name{field=value …}. */
void pni_take_generic(pni_writer *w, const ProtobufCMessage *msg);
void pni_take_literal(pni_writer *w, const Substrait__Expression__Literal *l);
void pni_take_type(pni_writer *w, const Substrait__Type *type);

/* ---- text of single values ------------------------------------------------------------------ */

/* A field that is no message; `index` in its list, else 0. */
void pni_scalar_text(const pn_substrait *plan, const ProtobufCMessage *msg,
                     const ProtobufCFieldDescriptor *field, size_t index, pn_buf *out);
void pni_enum_text(const ProtobufCEnumDescriptor *desc, int value, pn_buf *out);
void pni_hex_text(const ProtobufCBinaryData *bytes, pn_buf *out);
/* As short as it can be and still be read back as the same number. */
void pni_float_text(double value, pn_buf *out);
/* A message of a relation as the text of plans has it. */
void pni_message_text(const pn_substrait *plan, const ProtobufCMessage *msg, size_t max,
                      pn_buf *out);
/* The line of a relation in the text of its plan, without indentation and line end. */
void pni_rel_text(const pn_substrait *plan, const pni_rel *rel, pn_buf *out);

#endif
