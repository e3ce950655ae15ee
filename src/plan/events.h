/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What happened on the way to a result, in order: which options were in force, what a cache
 * answered, why a fallback was taken. Evidence, never part of an identity, so no clock and no
 * counter of this process is in it. Any thread may add; a NULL list takes nothing.
 *
 * kind      code
 * options   compile, run, write: the detail holds what was in force
 * cache     hit, miss, evict, skip (not kept): the detail names cache and key, and why
 * fallback  a reason code in capitals such as PHYS_NO_CODEC: the detail says what was done instead
 */
#ifndef PNI_EVENTS_H
#define PNI_EVENTS_H

#include "base/base.h"

#define PNI_EVENTS_MAX 1024u /* later events are counted only, in a last one of kind "dropped" */

typedef struct pni_events pni_events;
pni_events *pni_events_new(void);
void pni_events_free(pni_events *events);
/* Adds one event; `detail` (an object or NULL) is consumed. */
void pni_event_add(pni_events *events, const char *kind, const char *code, json_t *detail);
/* [{"kind","code","detail":{…}}], a copy that the caller owns. */
json_t *pni_events_json(const pni_events *events);
PNI_DEFINE_AUTO_PTR(pni_events, pni_events_free)

#endif
