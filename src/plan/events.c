/* SPDX-License-Identifier: Apache-2.0 */
/* A bounded list under a lock: a run that falls back for each of a million files says so a thousand
 * times and then how often it went on. */
#include "plan/events.h"

#include <pthread.h>

struct pni_events {
    pthread_mutex_t lock;
    json_t *list;
    uint64_t dropped;
};

pni_events *pni_events_new(void) {
    pni_events *events = pni_calloc(1, sizeof *events);
    pthread_mutex_init(&events->lock, NULL);
    events->list = json_array();
    return events;
}

void pni_events_free(pni_events *events) {
    if (!events)
        return;
    pthread_mutex_destroy(&events->lock);
    json_decref(events->list);
    pni_free(events);
}

static json_t *event_json(const char *kind, const char *code, json_t *detail) {
    return json_pack("{s:s, s:s, s:o}", "kind", kind, "code", code, "detail",
                     detail ? detail : json_object());
}

void pni_event_add(pni_events *events, const char *kind, const char *code, json_t *detail) {
    if (!events) {
        json_decref(detail);
        return;
    }
    json_t *event = event_json(kind, code, detail);
    pni_assert(event);
    pthread_mutex_lock(&events->lock);
    if (json_array_size(events->list) < PNI_EVENTS_MAX) {
        json_array_append_new(events->list, event);
    } else {
        events->dropped++;
        json_decref(event);
    }
    pthread_mutex_unlock(&events->lock);
}

json_t *pni_events_json(const pni_events *events) {
    pni_events *shared = (pni_events *)(uintptr_t)events;
    if (!shared)
        return json_array();
    pthread_mutex_lock(&shared->lock);
    json_t *copy = json_deep_copy(shared->list);
    uint64_t dropped = shared->dropped;
    pthread_mutex_unlock(&shared->lock);
    if (dropped)
        json_array_append_new(copy, event_json("dropped", "limit",
                                               json_pack("{s:o}", "count", pni_json_u64(dropped))));
    return copy;
}
