/*
 * The public door across processes: one compiles and exports, the other imports and replays.
 */
#ifndef PN_TESTS_ROUNDTRIP_EXPORTED_H
#define PN_TESTS_ROUNDTRIP_EXPORTED_H

#include "pinion/pinion.h"

#include "base/base.h"
#include "engine/engine.h"

/* Zeroed = nothing yet. */
typedef struct exported {
    pni_engine_session *engine; /* where set-up statements ran; borrowed */
    pn_session *session;
    char *folder;           /* where the copies are kept for the other process, or NULL */
    PNI_VEC(char *) copied; /* tables of the engine that the session has as temporary ones */
    PNI_VEC(pn_bundle *) bundles;
    pn_bundle_set *set;
} exported;

/* NULL: the line asks for nothing that is known here. */
json_t *exported_line(exported *e, const json_t *line);
/* The tables of the engine may have changed: what was copied is copied again when it is read. */
void exported_changed(exported *e);
void exported_forget(exported *e);

/* {"is":…,"why":…} */
json_t *outcome(const char *is, const char *why);
json_t *outcome_failed(const char *is, const pn_error *err);

#endif
