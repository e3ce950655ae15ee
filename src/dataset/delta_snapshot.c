/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the log of a Delta table says of a version: `delta_snapshot` is one row about the version,
 * `delta_add_actions` one about each of its files. Pinned by table id and version, which fix
 * everything in the rows but the location.
 */
#include "dataset/dataset.h"

#define SNAPSHOT_TYPE                                                                              \
    "struct<table_uri: utf8 not null, version: int64 not null, snapshot_timestamp: int64, "        \
    "min_reader_version: int32, min_writer_version: int32, reader_features_json: utf8, "           \
    "writer_features_json: utf8, table_properties_json: utf8, partition_columns_json: utf8, "      \
    "schema_json: utf8>"

/* A part of the engine's report as canonical JSON text; null when it is not there. */
static pn_status put_json(json_t *row, const char *column, const json_t *value, pn_error *err) {
    PNI_AUTO(pn_buf) text = PN_BUF_INIT;
    if (!value || json_is_null(value)) {
        json_object_set_new(row, column, json_null());
        return PN_OK;
    }
    PNI_TRY(pni_json_canonical(value, &text, err));
    json_object_set_new(row, column, json_string(pni_buf_text(&text)));
    return PN_OK;
}

/* A 64-bit number that the report holds as text. */
static pn_status put_number(json_t *row, const char *column, const json_t *delta, const char *key,
                            pn_error *err) {
    const char *text = pni_json_text(delta, key);
    int64_t value = 0;
    if (text && !pni_parse_i64(text, &value))
        return pni_fail(err, PNI_E_INTERNAL, "the engine's '%s' is no number", key);
    json_object_set_new(row, column, text ? json_integer(value) : json_null());
    return PN_OK;
}

static pn_status make_row(const pni_engine_table *table, const pni_dataset *dataset,
                          const json_t *delta, json_t *row, pn_error *err) {
    PNI_AUTO_SCHEMA schema = {0};
    PNI_AUTO_PTR(json_t) columns = NULL;
    PNI_TRY(pni_engine_table_schema(table, &schema, err));
    PNI_TRY(pni_arrow_schema_json(&schema, &columns, err));
    json_object_set_new(row, "table_uri", pni_json_redacted(dataset->uri));
    json_object_set(row, "min_reader_version", json_object_get(delta, "min_reader_version"));
    json_object_set(row, "min_writer_version", json_object_get(delta, "min_writer_version"));
    PNI_TRY(put_number(row, "version", delta, "version", err));
    PNI_TRY(put_number(row, "snapshot_timestamp", delta, "timestamp_ms", err));
    static const char *const parts[][2] = {{"reader_features_json", "reader_features"},
                                           {"writer_features_json", "writer_features"},
                                           {"table_properties_json", "properties"},
                                           {"partition_columns_json", "partition_columns"}};
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++)
        PNI_TRY(put_json(row, parts[i][0], json_object_get(delta, parts[i][1]), err));
    return put_json(row, "schema_json", columns, err);
}

static pn_status open_row(const pni_engine_session *engine, json_t *row, pni_resolved *resolved,
                          pn_error *err) {
    PNI_AUTO_PTR(json_t) rows = json_pack("[O]", row);
    PNI_AUTO_SCHEMA schema = {0};
    PNI_AUTO_ARRAY batch = {0};
    struct ArrowArrayStream stream = {0};
    PNI_TRY(pni_arrow_type_parse(SNAPSHOT_TYPE, &schema, err));
    PNI_TRY(pni_arrow_batch_from_json(rows, &schema, &batch, err));
    PNI_TRY(pni_arrow_stream_of_batch(&schema, &batch, &stream, err));
    return pni_engine_table_from_stream(engine, &stream, /* lazy= */ false, &resolved->table, err);
}

/* What the engine opens for a dataset: the version itself, or its files as rows. */
static pn_status open_version(const pni_engine_session *engine, const pni_dataset *dataset,
                              pn_cancel *cancel, const pni_resolved *resolved,
                              pni_engine_table **table_out, pn_error *err) {
    bool is_files = pni_streq(dataset->format, "delta_add_actions");
    PNI_AUTO_PTR(json_t)
    spec = json_pack("{s:s, s:s, s:O, s:{s:o}}", "format", is_files ? dataset->format : "delta",
                     "uri", dataset->uri, "storage_options", resolved->storage, "options",
                     "table_uri", pni_json_redacted(dataset->uri));
    if (dataset->version)
        json_object_set_new(spec, "version", json_string(dataset->version));
    if (dataset->timestamp)
        json_object_set_new(spec, "timestamp", json_string(dataset->timestamp));
    return pni_engine_table_open(engine, spec, NULL, cancel, table_out, err);
}

pn_status pni_delta_snapshot_open(const pni_engine_session *engine, const pni_dataset *dataset,
                                  pn_cancel *cancel, pni_resolved *resolved, pn_error *err) {
    PNI_AUTO_PTR(pni_engine_table) table = NULL;
    PNI_AUTO_PTR(json_t) info = NULL;
    PNI_AUTO_PTR(json_t) row = json_object();
    PNI_TRY(open_version(engine, dataset, cancel, resolved, &table, err));
    PNI_TRY(pni_engine_table_info(table, &info, err));
    const json_t *delta = json_object_get(info, "delta");
    if (pni_streq(dataset->format, "delta_add_actions")) {
        resolved->table = pni_take(table);
    } else {
        PNI_TRY(make_row(table, dataset, delta, row, err));
        PNI_TRY(open_row(engine, row, resolved, err));
    }
    json_object_set(resolved->pin, "table_id", json_object_get(delta, "table_id"));
    json_object_set(resolved->pin, "version", json_object_get(delta, "version"));
    json_object_set(resolved->evidence, "delta", (json_t *)(uintptr_t)delta);
    return PN_OK;
}
