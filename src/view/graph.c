/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The view graph. Names a view reads are found by parsing (or, for Substrait, in the plan); those
 * that are views are edges. The order is Kahn's with the least name first among what is ready, so
 * it depends on names and edges only. What is left when nothing is ready holds a cycle, which is
 * named by walking it.
 */
#include "view/view.h"

#include <pthread.h>
#include <stdlib.h>

typedef struct graph_view {
    char *name;
    char *sql; /* or NULL */
    char *origin;
    pn_substrait *substrait; /* or NULL */
    PNI_VEC(size_t) readers; /* views that read this one */
    PNI_VEC(size_t) reads;
    size_t waiting; /* views it reads that are not ordered yet */
    pn_bundle *bundle;
} graph_view;

struct pn_view_graph {
    PNI_VEC(graph_view *) views; /* in name order, or in topological order once compiled */
    pni_map *by_name;
    bool is_sorted;
    pthread_mutex_t lock;  /* of sorting on demand, by readers in several threads */
    uint64_t compiled_for; /* id of the session; 0 = not compiled */
};

pn_view_graph *pn_view_graph_new(void) {
    pn_view_graph *graph = pni_calloc(1, sizeof *graph);
    graph->by_name = pni_map_new();
    pthread_mutex_init(&graph->lock, NULL);
    return graph;
}

static void view_free(graph_view *view) {
    pni_free(view->name);
    pni_free(view->sql);
    pni_free(view->origin);
    pn_substrait_unref(view->substrait);
    pn_bundle_unref(view->bundle);
    pni_vec_dispose(&view->readers);
    pni_vec_dispose(&view->reads);
    pni_free(view);
}

void pn_view_graph_free(pn_view_graph *graph) {
    if (!graph)
        return;
    for (size_t i = 0; i < graph->views.count; i++)
        view_free(graph->views.items[i]);
    pni_vec_dispose(&graph->views);
    pni_map_free(graph->by_name);
    pthread_mutex_destroy(&graph->lock);
    pni_free(graph);
}

static pn_status add_view(pn_view_graph *graph, const char *name, graph_view **out, pn_error *err) {
    PNI_TRY(pni_name_check("view", name, err));
    if (pni_map_has(graph->by_name, name))
        return pni_fail(err, PNI_E_VIEW_NAME, "there are two views '%s'", name);
    if (graph->views.count >= PNI_VIEWS_MAX)
        return pni_fail(err, PNI_E_VIEW_LIMIT, "view '%s' would be number %u", name,
                        PNI_VIEWS_MAX + 1);
    graph_view *added = pni_calloc(1, sizeof *added);
    added->name = pni_strdup(name);
    pni_map_put(graph->by_name, name, added);
    pni_vec_push(&graph->views, added);
    graph->is_sorted = false;
    graph->compiled_for = 0;
    *out = added;
    return PN_OK;
}

pn_status pn_view_graph_add_sql(pn_view_graph *graph, const char *name, const char *sql,
                                const char *origin, pn_error *err) {
    graph_view *added;
    if (!graph || !sql)
        return pni_fail(err, PNI_E_ARGUMENT,
                        "pn_view_graph_add_sql: graph and sql must not be NULL");
    if (strlen(sql) > PNI_SQL_MAX_BYTES)
        return pni_fail(err, PNI_E_ENGINE_LIMIT, "view '%s' has %zu bytes, more than %u",
                        name ? name : "", strlen(sql), PNI_SQL_MAX_BYTES);
    PNI_TRY(add_view(graph, name, &added, err));
    added->sql = pni_strdup(sql);
    added->origin = origin ? pni_strdup(origin) : NULL;
    return PN_OK;
}

pn_status pn_view_graph_add_substrait(pn_view_graph *graph, const char *name, pn_bytes plan,
                                      pn_error *err) {
    graph_view *added;
    PNI_AUTO_PTR(pn_substrait) decoded = NULL;
    if (!graph)
        return pni_fail(err, PNI_E_ARGUMENT, "pn_view_graph_add_substrait: graph must not be NULL");
    PNI_TRY(pn_substrait_decode(plan, NULL, &decoded, err));
    PNI_TRY(add_view(graph, name, &added, err));
    added->substrait = pni_take(decoded);
    return PN_OK;
}

static int cmp_views(const void *a, const void *b) {
    return strcmp((*(graph_view *const *)a)->name, (*(graph_view *const *)b)->name);
}

static void sort_by_name(pn_view_graph *graph) {
    if (graph->views.count)
        qsort(graph->views.items, graph->views.count, sizeof *graph->views.items, cmp_views);
    graph->is_sorted = true;
}

/* Index in name order: views are sorted by name while edges are made. */
static size_t view_index(const pn_view_graph *graph, const char *name, bool *found) {
    graph_view key = {.name = (char *)(uintptr_t)name};
    graph_view *key_ptr = &key;
    graph_view **hit = graph->views.count
                           ? bsearch(&key_ptr, graph->views.items, graph->views.count,
                                     sizeof *graph->views.items, cmp_views)
                           : NULL;
    *found = hit != NULL;
    return hit ? (size_t)(hit - graph->views.items) : 0;
}

static void add_edge(pn_view_graph *graph, size_t reader, const char *name) {
    bool found;
    size_t read = view_index(graph, name, &found);
    if (!found)
        return;
    pni_vec_push(&graph->views.items[reader]->reads, read);
    pni_vec_push(&graph->views.items[read]->readers, reader);
    graph->views.items[reader]->waiting++;
}

static void add_context(const graph_view *view, pn_error *err) {
    if (view->origin)
        pni_error_context(err, "view '%s' (%s)", view->name, view->origin);
    else
        pni_error_context(err, "view '%s'", view->name);
}

static pn_status find_edges(pn_view_graph *graph, const pn_session *session, size_t index,
                            pn_error *err) {
    graph_view *reader = graph->views.items[index];
    PNI_AUTO_PTR(json_t) parsed = NULL;
    size_t at;
    json_t *table;
    reader->waiting = reader->reads.count = 0;
    if (!reader->sql) {
        for (size_t i = 0; i < pn_substrait_table_count(reader->substrait); i++)
            add_edge(graph, index, pn_substrait_table_at(reader->substrait, i));
        return PN_OK;
    }
    pn_bytes sql = {(const uint8_t *)reader->sql, strlen(reader->sql)};
    pn_status status = pni_engine_sql_tables(pni_session_engine(session), sql, &parsed, err);
    if (status != PN_OK) {
        add_context(reader, err);
        return status;
    }
    json_array_foreach(json_object_get(parsed, "tables"), at, table)
        add_edge(graph, index, json_string_value(table));
    return PN_OK;
}

/* Every view left waits for another one that is left: following the first such edge must come
 * round. */
static pn_status name_cycle(const pn_view_graph *graph, pn_error *err) {
    size_t count = graph->views.count;
    PNI_AUTO(pn_buf) text = PN_BUF_INIT;
    size_t *step = pni_calloc(count, sizeof *step); /* 1 + position on the path */
    size_t at = 0;
    while (!graph->views.items[at]->waiting)
        at++;
    PNI_VEC(size_t) path = {0};
    while (!step[at]) {
        step[at] = path.count + 1;
        pni_vec_push(&path, at);
        const graph_view *here = graph->views.items[at];
        for (size_t i = 0; i < here->reads.count; i++)
            if (graph->views.items[here->reads.items[i]]->waiting) {
                at = here->reads.items[i];
                break;
            }
    }
    for (size_t i = step[at] - 1; i < path.count; i++)
        pni_buf_printf(&text, "%s -> ", graph->views.items[path.items[i]]->name);
    pni_buf_puts(&text, graph->views.items[at]->name);
    pni_vec_dispose(&path);
    pni_free(step);
    pn_status status =
        pni_fail(err, PNI_E_VIEW_CYCLE, "views form a cycle: %s", pni_buf_text(&text));
    pni_error_detail(err, "%s", pni_buf_text(&text));
    return status;
}

/* Min-heap of indices; views are in name order, so the least index is the least name. */
static void heap_push(size_t *heap, size_t *count, size_t value) {
    size_t at = (*count)++;
    while (at && heap[(at - 1) / 2] > value) {
        heap[at] = heap[(at - 1) / 2];
        at = (at - 1) / 2;
    }
    heap[at] = value;
}

static size_t heap_pop(size_t *heap, size_t *count) {
    size_t top = heap[0], last = heap[--*count], at = 0;
    for (;;) {
        size_t child = 2 * at + 1;
        if (child >= *count)
            break;
        if (child + 1 < *count && heap[child + 1] < heap[child])
            child++;
        if (heap[child] >= last)
            break;
        heap[at] = heap[child];
        at = child;
    }
    heap[at] = last;
    return top;
}

static pn_status order_views(pn_view_graph *graph, pn_error *err) {
    size_t count = graph->views.count, ready = 0, done = 0;
    graph_view **order = pni_calloc(count + 1, sizeof(graph_view *));
    size_t *heap = pni_calloc(count + 1, sizeof *heap);
    for (size_t i = 0; i < count; i++)
        if (!graph->views.items[i]->waiting)
            heap_push(heap, &ready, i);
    while (ready) {
        graph_view *next = graph->views.items[heap_pop(heap, &ready)];
        order[done++] = next;
        for (size_t i = 0; i < next->readers.count; i++)
            if (--graph->views.items[next->readers.items[i]]->waiting == 0)
                heap_push(heap, &ready, next->readers.items[i]);
    }
    pni_free(heap);
    if (done < count) {
        pni_free(order);
        return name_cycle(graph, err);
    }
    if (count)
        memcpy(graph->views.items, order, count * sizeof *order);
    graph->is_sorted = false;
    pni_free(order);
    return PN_OK;
}

const pn_bundle *pni_view_lookup(void *ctx, const char *name) {
    const pn_view_graph *graph = ctx;
    const graph_view *found = graph ? pni_map_get(graph->by_name, name) : NULL;
    return found ? found->bundle : NULL;
}

const char *pni_view_nearest(void *ctx, const char *name) {
    const pn_view_graph *graph = ctx;
    const char *best = NULL;
    for (size_t i = 0; graph && i < graph->views.count; i++)
        best = pni_nearer(name, best, graph->views.items[i]->name);
    return best;
}

static pn_status compile_view(pn_view_graph *graph, pn_session *session, graph_view *view,
                              pn_error *err) {
    pni_compile_request request = {
        .name = view->name, .lookup = pni_view_lookup, .nearest = pni_view_nearest, .ctx = graph};
    if (view->sql)
        request.sql = (pn_bytes){(const uint8_t *)view->sql, strlen(view->sql)};
    else
        request.substrait = pn_substrait_bytes(view->substrait);
    pn_status status = pni_plan_compile(session, &request, &view->bundle, err);
    if (status != PN_OK)
        add_context(view, err);
    return status;
}

static pn_status check_names(const pn_view_graph *graph, const pn_session *session, pn_error *err) {
    for (size_t i = 0; i < graph->views.count; i++)
        if (pni_session_knows(session, graph->views.items[i]->name))
            return pni_fail(err, PNI_E_VIEW_NAME, "'%s' is both a view and a dataset",
                            graph->views.items[i]->name);
    return PN_OK;
}

static void forget(pn_view_graph *graph) {
    for (size_t i = 0; i < graph->views.count; i++) {
        graph_view *view = graph->views.items[i];
        pn_bundle_unref(view->bundle);
        view->bundle = NULL;
        view->readers.count = 0;
    }
    graph->compiled_for = 0;
}

pn_status pn_view_graph_compile(pn_view_graph *graph, pn_session *session, pn_cancel *cancel,
                                pn_error *err) {
    if (!graph || !session)
        return pni_fail(err, PNI_E_ARGUMENT,
                        "pn_view_graph_compile: graph and session must not be NULL");
    PNI_SESSION_GUARD(session);
    forget(graph);
    sort_by_name(graph);
    PNI_TRY(check_names(graph, session, err));
    for (size_t i = 0; i < graph->views.count; i++)
        PNI_TRY(find_edges(graph, session, i, err));
    PNI_TRY(order_views(graph, err));
    for (size_t i = 0; i < graph->views.count; i++) {
        PNI_TRY(pni_cancel_check(cancel, err));
        PNI_TRY(compile_view(graph, session, graph->views.items[i], err));
    }
    graph->compiled_for = pni_session_id(session);
    return PN_OK;
}

/* Which view reads `name`; NULL when none does. Of compiled views. */
static const char *reader_of(const pn_view_graph *graph, const char *name) {
    for (size_t i = 0; i < graph->views.count; i++) {
        const pn_bundle *bundle = graph->views.items[i]->bundle;
        for (size_t t = 0; t < pn_bundle_table_count(bundle); t++)
            if (pni_streq(pn_bundle_table_at(bundle, t), name))
                return graph->views.items[i]->name;
    }
    return NULL;
}

pn_status pni_view_graph_remove(pn_view_graph *graph, const char *name, pn_error *err) {
    graph_view *view = pni_map_get(graph->by_name, name);
    const char *reader = reader_of(graph, name);
    if (!view)
        return pni_fail(err, PNI_E_VIEW_UNKNOWN, "there is no view '%s'", name);
    if (reader)
        return pni_fail(err, PNI_E_VIEW_READ, "view '%s' is read by view '%s'", name, reader);
    PNI_AUTO_PTR(pni_map) by_name = pni_map_new();
    size_t kept = 0;
    for (size_t i = 0; i < graph->views.count; i++) {
        graph_view *other = graph->views.items[i];
        if (other == view)
            continue;
        pni_map_put(by_name, other->name, other);
        graph->views.items[kept++] = other;
    }
    graph->views.count = kept;
    graph->compiled_for = 0;
    pni_map *old = graph->by_name;
    graph->by_name = pni_take(by_name);
    pni_map_free(old);
    view_free(view);
    return PN_OK;
}

bool pni_view_graph_is_compiled(const pn_view_graph *graph, const pn_session *session) {
    return graph->compiled_for == pni_session_id(session);
}

size_t pn_view_graph_count(const pn_view_graph *graph) {
    return graph ? graph->views.count : 0;
}

const char *pn_view_graph_name_at(const pn_view_graph *graph, size_t index) {
    if (!graph || index >= graph->views.count)
        return NULL;
    pn_view_graph *cache = (pn_view_graph *)(uintptr_t)graph;
    pthread_mutex_lock(&cache->lock);
    if (!graph->compiled_for && !graph->is_sorted)
        sort_by_name(cache);
    const char *name = graph->views.items[index]->name;
    pthread_mutex_unlock(&cache->lock);
    return name;
}

const pn_bundle *pn_view_graph_bundle(const pn_view_graph *graph, const char *name) {
    return name ? pni_view_lookup((void *)(uintptr_t)graph, name) : NULL;
}

const char *pn_view_graph_sql(const pn_view_graph *graph, const char *name) {
    const graph_view *found = graph && name ? pni_map_get(graph->by_name, name) : NULL;
    return found ? found->sql : NULL;
}
