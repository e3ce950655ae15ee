/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The plan cache on disk: the bytes of an engine build by fingerprint. A place without a folder or
 * with a limit of 0 keeps nothing. What is read was checked against its digest; whether it is the
 * plan that it should be is checked by who reads it (restore.c).
 */
#ifndef PNI_PLAN_CACHE_H
#define PNI_PLAN_CACHE_H

#include "session/session.h"

bool pni_plan_cache_is_on(const pni_plan_cache_place *place);
bool pni_plan_cache_has(const pni_plan_cache_place *place, const char *fingerprint);
/* NOT_FOUND: there is none of this engine build. CORRUPT: it was damaged, and is gone. */
pn_status pni_plan_cache_get(const pni_plan_cache_place *place, const char *fingerprint,
                             pn_buf *out, pn_error *err);
/*
 * Keeps an entry and lets those go that were used least lately, so that all of them fit. The
 * fingerprints of these are appended to `evicted`. LIMIT: it has no room at all.
 */
pn_status pni_plan_cache_put(const pni_plan_cache_place *place, const char *fingerprint,
                             pn_bytes bytes, json_t *evicted, pn_error *err);
void pni_plan_cache_drop(const pni_plan_cache_place *place, const char *fingerprint);

#endif
