/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Resolution: from a declared dataset to schema, pin and provider.
 *
 * Delta: the log is opened once; table id and version fix the file set. A version that pinion wrote
 * itself carries the digest of what it was made from in its commit (key "pinion.content"); such a
 * version is pinned by that digest, so that the same data built twice, in two folders, is the same
 * input (docs/decisions/0003). Files: listed and digested before the provider is opened on exactly
 * that list. Stores are asked first whether anything is there, so that what is wrong with bucket,
 * credentials or endpoint is said as such.
 */
#include "dataset/dataset.h"

void pni_resolved_free(pni_resolved *resolved) {
    if (!resolved)
        return;
    pni_auto_release_schema(&resolved->schema);
    json_decref(resolved->pin);
    json_decref(resolved->evidence);
    json_decref(resolved->diagnostics);
    json_decref(resolved->constraints);
    pni_engine_table_free(resolved->table);
    json_decref(resolved->paths);
    json_decref(resolved->storage);
    pni_hash_cache_close(resolved->hashes);
    pni_free(resolved);
}

static pni_resolved *resolved_new(void) {
    pni_resolved *resolved = pni_calloc(1, sizeof *resolved);
    resolved->pin = json_object();
    resolved->evidence = json_object();
    resolved->diagnostics = json_array();
    return resolved;
}

/* What changes how bytes become rows: options and the declared schema. The options of a window of
 * changes only say which versions it has, and those are in the pin. */
static pn_status scan_config_digest(const pni_dataset *dataset, char hex_out[PNI_SHA256_HEX],
                                    pn_error *err) {
    char schema[PNI_SHA256_HEX] = "";
    if (dataset->schema.release)
        PNI_TRY(pni_arrow_schema_digest(&dataset->schema, schema, err));
    PNI_AUTO_PTR(json_t) none = json_object();
    json_t *options = pni_streq(dataset->format, "delta_cdf") ? none : dataset->options;
    PNI_AUTO_PTR(json_t) config = json_pack("{s:O, s:s}", "options", options, "schema", schema);
    return pni_json_digest(config, hex_out, err);
}

/* A dataset on its way to being resolved. */
typedef struct opening {
    const pni_engine_session *engine;
    const pni_dataset *dataset;
    pni_resolved *resolved;
    pni_place place; /* when it lies on a store */
} opening;

static pni_place place_of(const pni_dataset *dataset, const pni_resolved *resolved,
                          pn_cancel *cancel) {
    return (pni_place){.uri = dataset->uri, .storage = resolved->storage, .cancel = cancel};
}

static json_t *spec_of(const opening *o) {
    const pni_dataset *dataset = o->dataset;
    json_t *spec = json_pack("{s:s, s:s, s:O, s:O}", "format", dataset->format, "uri", dataset->uri,
                             "options", dataset->options, "storage_options", o->resolved->storage);
    if (dataset->version)
        json_object_set_new(spec, "version", json_string(dataset->version));
    if (dataset->timestamp)
        json_object_set_new(spec, "timestamp", json_string(dataset->timestamp));
    if (dataset->files)
        json_object_set(spec, "files", dataset->files);
    return spec;
}

/* Which files of the version are read is a part of the pin. Each must be one of them: the engine
 * would only say so in the middle of a run. */
static pn_status pin_chosen_files(const pni_dataset *dataset, const json_t *delta,
                                  pni_resolved *resolved, pn_error *err) {
    PNI_AUTO_PTR(pni_map) active = pni_map_new();
    char hex[PNI_SHA256_HEX];
    size_t index;
    json_t *file;
    if (!dataset->files)
        return PN_OK;
    json_array_foreach(json_object_get(delta, "files"), index, file)
        pni_map_put(active, pni_json_text(file, "path"), file);
    json_array_foreach(dataset->files, index, file) if (
        !pni_map_has(active,
                     json_string_value(
                         file))) return pni_fail(err, PNI_E_DATASET_FILE_UNKNOWN,
                                                 "dataset '%s': version %s holds no file '%s'",
                                                 dataset->name, pni_json_text(delta, "version"),
                                                 json_string_value(file));
    PNI_TRY(pni_json_digest(dataset->files, hex, err));
    json_object_set_new(resolved->pin, "chosen_files", json_string(hex));
    json_object_set(resolved->evidence, "chosen_files", dataset->files);
    return PN_OK;
}

static pn_status open_delta(const opening *o, pn_error *err) {
    PNI_AUTO_PTR(json_t) spec = spec_of(o);
    PNI_AUTO_PTR(json_t) info = NULL;
    pni_resolved *resolved = o->resolved;
    PNI_TRY(pni_engine_table_open(o->engine, spec, NULL, o->place.cancel, &resolved->table, err));
    PNI_TRY(pni_engine_table_info(resolved->table, &info, err));
    json_t *delta = json_object_get(info, "delta");
    const char *id = pni_json_text(delta, "table_id");
    const char *version = pni_json_text(delta, "version");
    const char *content = pni_json_text(json_object_get(delta, "commit_info"), "pinion.content");
    if (!id || !version)
        return pni_fail(err, PNI_E_INTERNAL, "the engine gave no id or version for dataset '%s'",
                        o->dataset->name);
    if (content) {
        json_object_set_new(resolved->pin, "content", json_string(content));
    } else {
        json_object_set_new(resolved->pin, "table_id", json_string(id));
        json_object_set_new(resolved->pin, "version", json_string(version));
    }
    json_object_set(resolved->evidence, "delta", delta);
    return pin_chosen_files(o->dataset, delta, resolved, err);
}

static pn_status pin_files(const opening *o, json_t **files, pn_error *err) {
    pni_resolved *resolved = o->resolved;
    if (pni_uri_is_remote(o->dataset->uri))
        return pni_objects_pin(o->engine, o->dataset, &o->place, files, &resolved->paths, err);
    resolved->hashes = pni_hash_cache_open(o->dataset->uri);
    return pni_files_pin(o->dataset, resolved->hashes, files, &resolved->paths, err);
}

/* Below its root the engine finds the hive partitions; the URL of a folder ends in '/'. */
static void spec_of_root(const pni_dataset *dataset, json_t *spec) {
    if (!pni_uri_is_remote(dataset->uri) || pni_ends_with(dataset->uri, "/"))
        return;
    PNI_AUTO(pn_buf) uri = PN_BUF_INIT;
    pni_buf_printf(&uri, "%s/", dataset->uri);
    json_object_set_new(spec, "uri", json_string(pni_buf_text(&uri)));
}

/* Hive partitions are found by the engine below the root; otherwise it reads exactly the pinned
 * list. */
static pn_status open_files(const opening *o, pn_error *err) {
    const pni_dataset *dataset = o->dataset;
    pni_resolved *resolved = o->resolved;
    PNI_AUTO_PTR(json_t) spec = spec_of(o);
    PNI_AUTO_PTR(json_t) files = NULL;
    char hex[PNI_SHA256_HEX];
    PNI_TRY(pin_files(o, &files, err));
    PNI_TRY(pni_json_digest(files, hex, err));
    if (json_object_get(dataset->options, "partition_by"))
        spec_of_root(dataset, spec);
    else
        json_object_set(spec, "paths", resolved->paths);
    const struct ArrowSchema *declared = dataset->schema.release ? &dataset->schema : NULL;
    PNI_TRY(
        pni_engine_table_open(o->engine, spec, declared, o->place.cancel, &resolved->table, err));
    json_object_set_new(resolved->pin, "files", json_string(hex));
    json_object_set(resolved->evidence, "files", files);
    return PN_OK;
}

static pn_status open_empty(const pni_engine_session *engine, const pni_dataset *dataset,
                            pni_resolved *resolved, pn_error *err) {
    struct ArrowSchema schema = {0};
    struct ArrowArrayStream stream = {0};
    if (ArrowSchemaDeepCopy(&dataset->schema, &schema) != NANOARROW_OK ||
        ArrowBasicArrayStreamInit(&stream, &schema, 0) != NANOARROW_OK)
        return pni_fail(err, PNI_E_INTERNAL, "no empty table for dataset '%s'", dataset->name);
    PNI_TRY(pni_engine_table_from_stream(engine, &stream, false, &resolved->table, err));
    json_object_set_new(resolved->pin, "missing", json_true());
    PNI_AUTO(pn_buf) text = PN_BUF_INIT;
    pni_buf_printf(&text, "optional dataset '%s' is missing at '%s': read as empty", dataset->name,
                   dataset->uri);
    json_array_append_new(resolved->diagnostics,
                          json_pack("{s:s, s:o}", "code", "dataset_missing", "message",
                                    pni_json_redacted(pni_buf_text(&text))));
    return PN_OK;
}

static pn_status find_delta(const opening *o, bool *found, pn_error *err) {
    if (pni_uri_is_remote(o->dataset->uri))
        return pni_objects_below(o->engine, &o->place, "_delta_log", found, err);
    PNI_AUTO_PTR(pni_text) log = pni_path_join(o->dataset->uri, "_delta_log");
    *found = pni_path_is_dir(log);
    return PN_OK;
}

static pn_status no_provider(const pni_dataset *dataset, pn_error *err) {
    pn_status status =
        pni_fail(err, PNI_E_DATASET_FORMAT, "dataset '%s': no pack here has a table provider '%s'",
                 dataset->name, dataset->format);
    pni_error_hint(err, "Load the pack that has it: functions.packs in pinion.yaml.");
    return status;
}

/* A pack's provider opens it; what it says it is a version of is the pin. It gets no storage
 * options: those are secrets of stores. */
static pn_status open_provided(const opening *o, pn_error *err) {
    const pni_dataset *dataset = o->dataset;
    PNI_AUTO_PTR(json_t)
    spec = json_pack("{s:s, s:s, s:O}", "format", dataset->format, "uri", dataset->uri, "options",
                     dataset->options);
    PNI_AUTO_PTR(json_t) info = NULL;
    pn_error why = PN_ERROR_INIT;
    pn_status status =
        pni_engine_table_open(o->engine, spec, NULL, o->place.cancel, &o->resolved->table, &why);
    if (why.number == PNI_E_ENGINE_NOT_FOUND) /* of that name; one that is there fails otherwise */
        return no_provider(dataset, err);
    if (status != PN_OK) {
        if (err)
            *err = why;
        return status;
    }
    PNI_TRY(pni_engine_table_info(o->resolved->table, &info, err));
    const char *version = pni_json_text(info, "version");
    if (!version)
        return pni_fail(err, PNI_E_DATASET_NO_VERSION,
                        "dataset '%s': its provider %s does not say what version it is",
                        dataset->name, dataset->format);
    json_object_set_new(o->resolved->pin, "version", json_string(version));
    return PN_OK;
}

static pn_status open_delta_format(const opening *o, pn_error *err) {
    const pni_dataset *dataset = o->dataset;
    if (pni_streq(dataset->format, "delta"))
        return open_delta(o, err);
    if (pni_streq(dataset->format, "delta_cdf"))
        return pni_delta_changes_open(o->engine, dataset, o->place.cancel, o->resolved, err);
    return pni_delta_snapshot_open(o->engine, dataset, o->place.cancel, o->resolved, err);
}

static pn_status open_any(const opening *o, pn_error *err) {
    const pni_dataset *dataset = o->dataset;
    bool found = false;
    if (pni_format_is_provided(dataset->format))
        return open_provided(o, err);
    if (!pni_format_is_delta(dataset->format))
        return open_files(o, err);
    PNI_TRY(find_delta(o, &found, err));
    if (!found)
        return pni_fail(err, PNI_E_DATASET_MISSING, "dataset '%s': there is no Delta table at '%s'",
                        dataset->name, dataset->uri);
    pn_status status = open_delta_format(o, err);
    if (status == PN_NOT_FOUND && (dataset->version || dataset->timestamp)) {
        PNI_AUTO(pn_buf) why = PN_BUF_INIT;
        pni_buf_puts(&why, err ? err->message : "");
        status = pni_fail(err, PNI_E_DATASET_VERSION, "dataset '%s' has no version %s",
                          dataset->name, dataset->version ? dataset->version : dataset->timestamp);
        pni_error_detail(err, "%s", pni_buf_text(&why));
    }
    return status;
}

pn_status pni_dataset_resolve(const pni_engine_session *engine, const pni_dataset *dataset,
                              pn_cancel *cancel, pni_resolved **out, pn_error *err) {
    PNI_AUTO_PTR(pni_resolved) resolved = resolved_new();
    char scan[PNI_SHA256_HEX];
    PNI_AUTO(pn_buf) what = PN_BUF_INIT;
    pni_buf_printf(&what, "dataset '%s'", dataset->name);
    PNI_TRY(scan_config_digest(dataset, scan, err));
    if (!pni_format_is_provided(dataset->format)) /* a provider's uri is its own affair */
        PNI_TRY(pni_storage_resolve(pni_buf_text(&what), dataset->uri, dataset->storage_options,
                                    &resolved->storage, err));
    opening o = {engine, dataset, resolved, place_of(dataset, resolved, cancel)};
    pn_status status = open_any(&o, err);
    if (status == PN_NOT_FOUND && dataset->optional && !dataset->version && !dataset->timestamp)
        status = open_empty(engine, dataset, resolved, err);
    if (status != PN_OK) {
        PNI_AUTO(pn_buf) quoted = PN_BUF_INIT;
        pni_buf_printf(&quoted, "'%s'", dataset->name);
        if (err && !strstr(err->message, pni_buf_text(&quoted)))
            pni_error_context(err, "dataset '%s'", dataset->name);
        return status;
    }
    PNI_TRY(pni_engine_table_schema(resolved->table, &resolved->schema, err));
    json_object_set_new(resolved->pin, "format", json_string(dataset->format));
    json_object_set_new(resolved->pin, "scan_config", json_string(scan));
    json_object_set_new(resolved->evidence, "uri", pni_json_redacted(dataset->uri));
    resolved->constraints = json_incref(json_object_get(dataset->metadata, "constraints"));
    *out = pni_take(resolved);
    return PN_OK;
}

pn_status pni_resolved_check(const pni_engine_session *engine, pni_resolved *resolved,
                             const pni_dataset *dataset, pn_cancel *cancel, pn_error *err) {
    const json_t *files = json_object_get(resolved->evidence, "files");
    pni_place place = place_of(dataset, resolved, cancel);
    if (!resolved->paths)
        return PN_OK;
    if (pni_uri_is_remote(dataset->uri))
        return pni_objects_check(engine, dataset, &place, files, err);
    return pni_files_check(dataset, resolved->hashes, files, resolved->paths, err);
}
