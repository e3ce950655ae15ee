/* SPDX-License-Identifier: Apache-2.0 */
/*
 * policy: which statements a session runs. The engine says of which kinds a text is made, nested
 * statements included; one table here says from which policy on each kind is allowed. The policies
 * are ordered: each allows what the one before it does.
 */
#ifndef PNI_SESSION_POLICY_H
#define PNI_SESSION_POLICY_H

#include "pinion/session.h"

#include "base/base.h"

typedef struct pni_statement_rule {
    const char *kind;  /* as the engine reports it */
    const char *words; /* as a user writes it */
    int32_t least;     /* PN_SQL_POLICY_*: the first that allows it */
} pni_statement_rule;

/* Sorted by kind; NULL past the end. */
const pni_statement_rule *pni_statement_rule_at(size_t index);
/* NULL for a kind that is not in the table: such a statement is refused under every policy. */
const pni_statement_rule *pni_statement_rule_find(const char *kind);
/* The words of a kind, or the kind itself. */
const char *pni_statement_words(const char *kind);

/*
 * The policy in force: `wanted` (0 = read_only), narrowed by what the environment variable
 * PINION_SQL_POLICY says (NULL or empty = nothing). A name that is none is an error, never ignored.
 */
pn_status pni_policy_resolve(int32_t wanted, const char *environment, int32_t *out, pn_error *err);

/* Refuses `parsed` (pni_engine_sql_tables()) when one of its "kinds" is not allowed, by name. */
pn_status pni_policy_check(int32_t policy, const json_t *parsed, pn_error *err);

/*
 * What a query may read: names that were registered, so no name with a catalog or schema in front
 * and no function that opens what it is given. `is_pack` tells the table functions of packs.
 */
pn_status pni_policy_check_reads(int32_t policy, const json_t *parsed,
                                 bool (*is_pack)(void *ctx, const char *name), void *ctx,
                                 pn_error *err);

#endif
