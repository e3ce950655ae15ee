/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The objects of a dataset on a store. What the store says an object is, its ETag, takes the place
 * of a digest of the content: reading every object to hash it would cost more than the query. The
 * listing is made once when a dataset is resolved and once more when a run starts; an object that
 * is another one by then is drift.
 *
 * A commit of a Delta table is the creation of an object that must not be there. A store that
 * ignores the condition would lose commits without a word, so each is tried once per process
 * before the first commit, and refused when it does not hold it.
 */
#include "dataset/dataset.h"

#include <pthread.h>

static pn_status run(const pni_engine_session *engine, json_t *request, const pni_place *place,
                     json_t **out, pn_error *err) {
    pn_status status = pni_engine_store_run(engine, request, place->cancel, out, err);
    if (status != PN_OK)
        pni_error_context(err, "'%s'", place->uri);
    return status;
}

static pn_status list(const pni_engine_session *engine, const pni_place *place, const char *uri,
                      size_t limit, json_t **out, pn_error *err) {
    PNI_AUTO_PTR(json_t)
    request = json_pack("{s:s, s:s, s:O, s:o}", "operation", "list", "uri", uri, "storage_options",
                        place->storage, "limit", pni_json_u64(limit));
    return run(engine, request, place, out, err);
}

pn_status pni_objects_below(const pni_engine_session *engine, const pni_place *place,
                            const char *folder, bool *found, pn_error *err) {
    PNI_AUTO_PTR(json_t) report = NULL;
    PNI_AUTO(pn_buf) uri = PN_BUF_INIT;
    bool ends = pni_ends_with(place->uri, "/");
    pni_buf_printf(&uri, "%s%s%s/", place->uri, ends || !*folder ? "" : "/", folder);
    PNI_TRY(list(engine, place, pni_buf_text(&uri), 1, &report, err));
    *found = json_array_size(json_object_get(report, "objects")) > 0;
    return PN_OK;
}

static pn_status add_object(const pni_dataset *dataset, const json_t *object, json_t *files,
                            pn_error *err) {
    const char *path = pni_json_text(object, "path");
    const char *etag = pni_json_text(object, "etag");
    if (!etag)
        return pni_fail(err, PNI_E_STORAGE_ETAG, "dataset '%s': object '%s' of '%s' has no ETag",
                        dataset->name, path, dataset->uri);
    PNI_AUTO(pn_buf) known = PN_BUF_INIT;
    pni_buf_printf(&known, "etag:%s", etag);
    json_array_append_new(
        files, json_pack("[s, s, s]", path, pni_json_text(object, "size"), pni_buf_text(&known)));
    return PN_OK;
}

static pn_status list_files(const pni_engine_session *engine, const pni_dataset *dataset,
                            const pni_place *place, json_t **files_out, bool *is_object,
                            pn_error *err) {
    PNI_AUTO_PTR(json_t) report = NULL;
    PNI_AUTO_PTR(json_t) files = json_array();
    size_t index;
    json_t *object;
    PNI_TRY(list(engine, place, place->uri, PNI_DATASET_OBJECTS_MAX + 1, &report, err));
    json_t *objects = json_object_get(report, "objects");
    *is_object = json_is_true(json_object_get(report, "is_object"));
    if (json_array_size(objects) > PNI_DATASET_OBJECTS_MAX)
        return pni_fail(err, PNI_E_DATASET_LIMIT, "dataset '%s' holds more than %u objects",
                        dataset->name, PNI_DATASET_OBJECTS_MAX);
    json_array_foreach(objects, index, object) {
        if (*is_object || pni_file_is_data(dataset, pni_json_text(object, "path")))
            PNI_TRY(add_object(dataset, object, files, err));
    }
    *files_out = pni_take(files);
    return PN_OK;
}

pn_status pni_objects_pin(const pni_engine_session *engine, const pni_dataset *dataset,
                          const pni_place *place, json_t **files_out, json_t **paths_out,
                          pn_error *err) {
    PNI_AUTO_PTR(json_t) files = NULL;
    PNI_AUTO_PTR(json_t) paths = json_array();
    bool is_object;
    size_t index;
    json_t *file;
    PNI_TRY(list_files(engine, dataset, place, &files, &is_object, err));
    if (!json_array_size(files))
        return pni_fail(err, PNI_E_DATASET_MISSING, "dataset '%s': '%s' holds no %s object",
                        dataset->name, dataset->uri, dataset->format);
    json_array_foreach(files, index, file) {
        PNI_AUTO(pn_buf) path = PN_BUF_INIT;
        pni_buf_puts(&path, place->uri);
        if (!is_object)
            pni_buf_printf(&path, "%s%s", pni_ends_with(place->uri, "/") ? "" : "/",
                           json_string_value(json_array_get(file, 0)));
        json_array_append_new(paths, json_string(pni_buf_text(&path)));
    }
    *files_out = pni_take(files);
    *paths_out = pni_take(paths);
    return PN_OK;
}

pn_status pni_objects_check(const pni_engine_session *engine, const pni_dataset *dataset,
                            const pni_place *place, const json_t *files, pn_error *err) {
    PNI_AUTO_PTR(json_t) now = NULL;
    PNI_AUTO_PTR(pni_map) by_path = pni_map_new();
    bool is_object;
    size_t index;
    json_t *file;
    PNI_TRY(list_files(engine, dataset, place, &now, &is_object, err));
    json_array_foreach(now, index, file)
        pni_map_put(by_path, json_string_value(json_array_get(file, 0)), file);
    json_array_foreach(files, index, file) {
        const char *path = json_string_value(json_array_get(file, 0));
        const json_t *found = pni_map_get(by_path, path);
        if (!found)
            return pni_fail(err, PNI_E_DATASET_CHANGED, "dataset '%s': object '%s' of '%s' is gone",
                            dataset->name, path, dataset->uri);
        if (!json_equal(found, file))
            return pni_fail(err, PNI_E_DATASET_CHANGED,
                            "dataset '%s': object '%s' of '%s' has changed since the session read "
                            "it",
                            dataset->name, path, dataset->uri);
    }
    return PN_OK;
}

/* ---- the probe --------------------------------------------------------------------------------
 */

/* Endpoints and buckets that were seen to hold the condition. */
static struct {
    pthread_mutex_t lock;
    PNI_VEC(char *) places;
} proven = {.lock = PTHREAD_MUTEX_INITIALIZER};

static char *place_key(const pni_place *place) {
    PNI_AUTO(pn_buf) key = PN_BUF_INIT;
    const char *endpoint = pni_json_text(place->storage, "endpoint");
    const char *bucket = place->uri + strlen("s3://");
    pni_buf_printf(&key, "%s|%s|%.*s", endpoint ? endpoint : "",
                   pni_json_text(place->storage, "region"), (int)strcspn(bucket, "/"), bucket);
    return pni_buf_steal(&key);
}

static bool is_proven(const char *key) {
    bool found = false;
    pthread_mutex_lock(&proven.lock);
    for (size_t i = 0; !found && i < proven.places.count; i++)
        found = pni_streq(proven.places.items[i], key);
    pthread_mutex_unlock(&proven.lock);
    return found;
}

pn_status pni_storage_may_commit(const pni_engine_session *engine, const pni_place *place,
                                 pn_error *err) {
    PNI_AUTO_PTR(pni_text) key = place_key(place);
    if (is_proven(key))
        return PN_OK;
    PNI_AUTO_PTR(json_t) report = NULL;
    PNI_AUTO_PTR(json_t)
    request = json_pack("{s:s, s:s, s:O}", "operation", "probe", "uri", place->uri,
                        "storage_options", place->storage);
    PNI_TRY(run(engine, request, place, &report, err));
    if (!json_is_true(json_object_get(report, "conditional_put")))
        return pni_fail(err, PNI_E_STORAGE_UNCONDITIONAL,
                        "'%s' is not written: its store creates objects that are there already",
                        place->uri);
    pthread_mutex_lock(&proven.lock);
    pni_vec_push(&proven.places, pni_take(key));
    pthread_mutex_unlock(&proven.lock);
    return PN_OK;
}
