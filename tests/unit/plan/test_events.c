/* The list of events: in order, bounded, from any thread. */
#include "plan/events.h"
#include "t.h"

#include <pthread.h>

T_CASE(events_are_kept_in_order_with_their_details) {
    PNI_AUTO_PTR(pni_events) events = pni_events_new();
    pni_event_add(events, "options", "run", json_pack("{s:s}", "policy", "write"));
    pni_event_add(events, "cache", "miss", NULL);
    PNI_AUTO_PTR(json_t) list = pni_events_json(events);
    T_EQ_UINT(json_array_size(list), 2);
    const json_t *first = json_array_get(list, 0), *second = json_array_get(list, 1);
    T_EQ_STR(pni_json_text(first, "kind"), "options");
    T_EQ_STR(pni_json_text(json_object_get(first, "detail"), "policy"), "write");
    T_EQ_STR(pni_json_text(second, "code"), "miss");
    T_EQ_UINT(json_object_size(json_object_get(second, "detail")), 0);
    pni_event_add(events, "cache", "hit", NULL);
    T_EQ_UINT(json_array_size(list), 2); /* a copy */
}

T_CASE(no_list_takes_nothing) {
    pni_event_add(NULL, "cache", "hit", json_object());
    PNI_AUTO_PTR(json_t) list = pni_events_json(NULL);
    T_EQ_UINT(json_array_size(list), 0);
    pni_events_free(NULL);
}

static void *add_many(void *events) {
    for (int i = 0; i < 1000; i++)
        pni_event_add(events, "cache", "hit", json_pack("{s:i}", "i", i));
    return NULL;
}

T_CASE(what_is_too_much_is_counted) {
    PNI_AUTO_PTR(pni_events) events = pni_events_new();
    pthread_t threads[4];
    for (size_t i = 0; i < 4; i++)
        T_EQ_INT(pthread_create(&threads[i], NULL, add_many, events), 0);
    for (size_t i = 0; i < 4; i++)
        pthread_join(threads[i], NULL);
    PNI_AUTO_PTR(json_t) list = pni_events_json(events);
    T_EQ_UINT(json_array_size(list), PNI_EVENTS_MAX + 1);
    const json_t *last = json_array_get(list, PNI_EVENTS_MAX);
    T_EQ_STR(pni_json_text(last, "kind"), "dropped");
    T_EQ_STR(pni_json_text(json_object_get(last, "detail"), "count"), "2976");
}
