/* SPDX-License-Identifier: Apache-2.0 */
/* Looking at the store: which tables hold what, and all of them as datasets for queries. */
#include "store/store_priv.h"

pn_status store_check(const char *project_dir, pn_error *err) {
    PNI_AUTO_PTR(pni_text) project = pni_path_join(project_dir, "pinion.yaml");
    PNI_AUTO_PTR(pni_text) folder = pni_store_path(project_dir, NULL);
    if (pni_path_is_dir(folder) || pni_path_exists(project))
        return PN_OK;
    return pni_fail(err, PNI_E_STORE_MISSING, "there is no artifact store and no project in '%s'",
                    project_dir);
}

static bool is_there(const char *uri) {
    PNI_AUTO_PTR(pni_text) log = pni_path_join(uri, "_delta_log");
    return pni_path_is_dir(log);
}

pn_status store_open_table(const pni_engine_session *session, const char *project_dir,
                           pni_record_kind kind, pni_engine_table **out, json_t **info,
                           pn_error *err) {
    PNI_AUTO_PTR(pni_text) relative = pni_store_path(project_dir, pni_record_table(kind));
    PNI_AUTO_PTR(pni_text) uri = pni_path_absolute(relative);
    *out = NULL;
    if (!is_there(uri))
        return PN_OK;
    PNI_AUTO_PTR(pni_engine_table) table = NULL;
    PNI_AUTO_PTR(json_t)
    spec = json_pack("{s:s, s:s, s:{}, s:{}}", "format", "delta", "uri", uri, "options",
                     "storage_options");
    pn_status status = pni_engine_table_open(session, spec, NULL, NULL, &table, err);
    if (status == PN_NOT_FOUND) /* its first append was killed before it was committed */
        return PN_OK;
    PNI_TRY(status);
    if (info)
        PNI_TRY(pni_engine_table_info(table, info, err));
    *out = pni_take(table);
    return PN_OK;
}

/* ---- list ---------------------------------------------------------------------------------- */

static pn_status first_number(const pni_engine_plan *plan, int64_t *out, pn_error *err) {
    PNI_AUTO_STREAM stream = {0};
    PNI_AUTO_ARRAY batch = {0};
    PNI_TRY(pni_engine_plan_execute(plan, NULL, &stream, err));
    int code = stream.get_next(&stream, &batch);
    if (code)
        return pni_engine_stream_error(&stream, code, err);
    if (!batch.release || batch.length != 1)
        return pni_fail(err, PNI_E_INTERNAL, "a count gave no row");
    const struct ArrowArray *column = batch.children[0];
    *out = ((const int64_t *)column->buffers[1])[batch.offset + column->offset];
    return PN_OK;
}

static pn_status count_rows(const pni_engine_session *session, pni_record_kind kind,
                            const pni_engine_table *table, int64_t *out, pn_error *err) {
    PNI_AUTO(pn_buf) sql = PN_BUF_INIT;
    PNI_AUTO_PTR(pni_engine_plan) plan = NULL;
    pni_buf_printf(&sql, "select count(*) from %s", pni_record_table(kind));
    PNI_TRY(pni_engine_register(session, PNI_SPACE_RUN, pni_record_table(kind), table, err));
    PNI_TRY(
        pni_engine_plan_sql(session, PNI_SPACE_RUN, (pn_bytes){sql.data, sql.len}, 0, &plan, err));
    return first_number(plan, out, err);
}

static json_t *table_json(pni_record_kind kind, const json_t *delta, int64_t rows) {
    char first[16] = "";
    char last[16] = "";
    char date[16];
    uint64_t bytes = 0;
    uint64_t size;
    size_t i;
    json_t *file;
    json_t *files = json_object_get(delta, "files");
    json_array_foreach(files, i, file) {
        bytes += pni_json_u64_of(file, "size", &size) ? size : 0;
        if (!store_partition_of(pni_json_text(file, "path"), date))
            continue;
        if (!*first || strcmp(date, first) < 0)
            memcpy(first, date, sizeof first);
        if (strcmp(date, last) > 0)
            memcpy(last, date, sizeof last);
    }
    return json_pack("{s:s, s:s, s:o, s:O, s:o, s:o, s:s, s:s}", "table", pni_record_table(kind),
                     "about", pni_record_about(kind), "rows", pni_json_i64(rows), "version",
                     json_object_get(delta, "version"), "files",
                     pni_json_u64(json_array_size(files)), "bytes", pni_json_u64(bytes),
                     "first_date", first, "last_date", last);
}

pn_status pn_store_list(const char *project_dir, pn_buf *json_out, pn_error *err) {
    PNI_AUTO_PTR(pni_engine_session) session = NULL;
    PNI_AUTO_PTR(json_t) list = json_array();
    if (!project_dir || !json_out)
        return pni_fail(err, PNI_E_ARGUMENT,
                        "pn_store_list: project_dir and json_out must not be NULL");
    PNI_TRY(store_check(project_dir, err));
    PNI_TRY(store_session(&session, err));
    for (pni_record_kind kind = 0; kind < PNI_RECORD_KINDS; kind++) {
        PNI_AUTO_PTR(pni_engine_table) table = NULL;
        PNI_AUTO_PTR(json_t) info = NULL;
        int64_t rows = 0;
        PNI_TRY(store_open_table(session, project_dir, kind, &table, &info, err));
        if (!table)
            continue;
        PNI_TRY(count_rows(session, kind, table, &rows, err));
        json_array_append_new(list, table_json(kind, json_object_get(info, "delta"), rows));
    }
    return pni_json_canonical(list, json_out, err);
}

/* ---- query --------------------------------------------------------------------------------- */

pn_status pn_store_catalog(const char *project_dir, pn_catalog **catalog_out, pn_error *err) {
    if (!project_dir || !catalog_out)
        return pni_fail(err, PNI_E_ARGUMENT,
                        "pn_store_catalog: project_dir and catalog_out must not be NULL");
    PNI_TRY(store_check(project_dir, err));
    pn_catalog *catalog = pn_catalog_new();
    pn_status status = PN_OK;
    for (pni_record_kind kind = 0; status == PN_OK && kind < PNI_RECORD_KINDS; kind++) {
        PNI_AUTO_PTR(pni_text) uri = pni_store_path(project_dir, pni_record_table(kind));
        PNI_AUTO_SCHEMA schema = {0};
        pn_dataset_spec spec = PN_DATASET_SPEC_INIT;
        pni_store_schema(kind, &schema);
        spec.name = pni_record_table(kind);
        spec.format = "delta";
        spec.uri = uri;
        spec.schema = &schema;
        spec.flags = PN_DATASET_OPTIONAL;
        status = pn_catalog_add(catalog, &spec, err);
    }
    if (status == PN_OK)
        *catalog_out = catalog;
    else
        pn_catalog_unref(catalog);
    return status;
}
