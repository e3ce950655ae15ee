/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The stores that a project names. Each is asked once per bucket and set of options, for one object
 * below the first location there: that needs what reading needs, and shows a wrong endpoint, key,
 * region or bucket before a build does.
 */
#include "project/project_priv.h"

typedef struct store_list {
    const pni_engine_session *engine;
    pn_cancel *cancel;
    pni_map *seen; /* bucket and options -> row */
    json_t *rows;
} store_list;

static char *bucket_of(const char *uri) {
    size_t scheme = (size_t)(strstr(uri, "://") - uri) + strlen("://");
    return pni_strndup(uri, scheme + strcspn(uri + scheme, "/"));
}

static void put_error(json_t *row, pn_status status, const pn_error *err) {
    json_object_set_new(row, "ok", json_boolean(status == PN_OK));
    if (status == PN_OK)
        return;
    json_object_set_new(row, "error", json_string(err->message));
    json_object_set_new(row, "hint", json_string(err->hint));
    json_object_set_new(row, "number", json_integer(err->number));
}

static json_t *ask(const store_list *list, const char *what, const char *uri, const json_t *given) {
    PNI_AUTO_PTR(json_t) checked = NULL;
    PNI_AUTO_PTR(json_t) storage = NULL;
    PNI_AUTO_PTR(pni_text) bucket = bucket_of(uri);
    pn_error problem = PN_ERROR_INIT;
    bool found;
    pn_status status = pni_storage_check(what, given, &checked, &problem);
    if (status == PN_OK)
        status = pni_storage_resolve(what, uri, checked, &storage, &problem);
    pni_place place = {.uri = uri, .storage = storage, .cancel = list->cancel};
    if (status == PN_OK)
        status = pni_objects_below(list->engine, &place, "", &found, &problem);
    const char *endpoint = storage ? pni_json_text(storage, "endpoint") : NULL;
    json_t *row = json_pack("{s:o, s:o, s:[]}", "store", pni_json_redacted(bucket), "endpoint",
                            pni_json_redacted(endpoint ? endpoint : ""), "names");
    put_error(row, status, &problem);
    return row;
}

static void add_place(store_list *list, const char *name, const char *uri, const json_t *given) {
    if (!pni_uri_is_remote(uri))
        return;
    PNI_AUTO_PTR(pni_text) normal = pni_uri_normal(uri);
    PNI_AUTO_PTR(pni_text) bucket = bucket_of(normal);
    PNI_AUTO(pn_buf) key = PN_BUF_INIT;
    pni_buf_printf(&key, "%s ", bucket);
    if (pni_json_canonical(given, &key, NULL) != PN_OK)
        return; /* an object of texts has a canonical form */
    json_t *row = pni_map_get(list->seen, pni_buf_text(&key));
    if (!row) {
        row = ask(list, name, normal, given);
        pni_map_put(list->seen, pni_buf_text(&key), row);
        json_array_append_new(list->rows, row);
    }
    json_array_append_new(json_object_get(row, "names"), json_string(name));
}

static void add_datasets(store_list *list, const pn_catalog *catalog) {
    for (size_t i = 0; i < pn_catalog_count(catalog); i++) {
        const pni_dataset *dataset = pni_catalog_find(catalog, pn_catalog_name_at(catalog, i));
        PNI_AUTO(pn_buf) name = PN_BUF_INIT;
        pni_buf_printf(&name, "dataset '%s'", dataset->name);
        add_place(list, pni_buf_text(&name), dataset->uri, dataset->storage_options);
    }
}

static pn_status add_outputs(store_list *list, const pn_project *project, pn_error *err) {
    for (size_t i = 0; i < project->outputs.count; i++) {
        const project_output *output = &project->outputs.items[i];
        const char *text = output->storage_options_json ? output->storage_options_json : "{}";
        PNI_AUTO_PTR(json_t) given = NULL;
        PNI_AUTO(pn_buf) name = PN_BUF_INIT;
        PNI_TRY(pni_json_parse(text, strlen(text), "storage options", &given, err));
        pni_buf_printf(&name, "output '%s'", output->view);
        add_place(list, pni_buf_text(&name), output->uri, given);
    }
    return PN_OK;
}

pn_status pn_project_stores(pn_project *project, pn_buf *json_out, pn_error *err) {
    pn_session *session;
    if (!project || !json_out)
        return pni_fail(err, PNI_E_ARGUMENT,
                        "pn_project_stores: project and json_out must not be NULL");
    PNI_TRY(pn_project_session(project, &session, err));
    PNI_AUTO_PTR(pni_map) seen = pni_map_new();
    PNI_AUTO_PTR(json_t) rows = json_array();
    store_list list = {.engine = pni_session_engine(session),
                       .cancel = project->cancel,
                       .seen = seen,
                       .rows = rows};
    add_datasets(&list, project->catalog);
    PNI_TRY(add_outputs(&list, project, err));
    PNI_TRY(pni_cancel_check(project->cancel, err));
    return pni_json_canonical(rows, json_out, err);
}
