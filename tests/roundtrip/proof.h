/*
 * Why a replay gives other rows than plain SQL did, where plain SQL alone shows the reason.
 */
#ifndef PN_TESTS_ROUNDTRIP_PROOF_H
#define PN_TESTS_ROUNDTRIP_PROOF_H

#include "exported.h"
#include "rows.h"

/* The copy of a table is kept for the other process, under its name and pin. */
pn_status proof_keep(const exported *e, const char *name, pn_error *err);

/* The replay of a bundle from Substrait: its rows, or the error. */
typedef struct replayed_bundle {
    const pn_bundle *bundle;
    answer rows;
    pn_error err; /* its status is PN_OK when there are rows */
} replayed_bundle;

pn_status proof_replay(exported *e, const pn_bundle *bundle, int32_t from, answer *out,
                       pn_error *err);
/* `there` is what plain SQL gave. True: `reason` says why, and it was shown. */
bool proof_found(exported *e, const answer *there, const replayed_bundle *here, pn_buf *reason);

#endif
