/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The format `delta_cdf`: the rows that changed in a Delta table from one version to another. The
 * engine turns times into versions; whether that window may be read is decided here. It is pinned
 * by table id and both versions, so it does not matter in which words the window was given.
 *
 * What is not known is never guessed: a window that begins before the table recorded changes, or
 * that reaches beyond its history, is refused.
 */
#include "dataset/dataset.h"

/* The window as the engine takes it: checked, and without what is ours. */
static pn_status read_window(const pni_dataset *dataset, json_t **window_out, bool *lenient_out,
                             pn_error *err) {
    static const char *const ends[][2] = {{"start_version", "start_timestamp"},
                                          {"end_version", "end_timestamp"}};
    const char *lenient = pni_json_text(dataset->options, "allow_out_of_range");
    PNI_AUTO_PTR(json_t) window = json_copy(dataset->options);
    json_object_del(window, "allow_out_of_range");
    for (size_t i = 0; i < sizeof ends / sizeof *ends; i++)
        if (json_object_get(window, ends[i][0]) && json_object_get(window, ends[i][1]))
            return pni_fail(err, PNI_E_CHANGES_WINDOW, "dataset '%s' has both %s and %s",
                            dataset->name, ends[i][0], ends[i][1]);
    if (lenient && !pni_streq(lenient, "true") && !pni_streq(lenient, "false"))
        return pni_fail(err, PNI_E_DATASET_OPTION,
                        "allow_out_of_range of dataset '%s' is neither true nor false",
                        dataset->name);
    *lenient_out = pni_streq(lenient, "true");
    *window_out = pni_take(window);
    return PN_OK;
}

static pn_status version_of(const json_t *changes, const char *key, int64_t *out, pn_error *err) {
    const char *text = pni_json_text(changes, key);
    return text && pni_parse_i64(text, out)
               ? PN_OK
               : pni_fail(err, PNI_E_INTERNAL, "the engine gave no '%s' of a window", key);
}

static pn_status check_window(const pni_dataset *dataset, const json_t *changes, bool lenient,
                              int64_t versions_out[2], pn_error *err) {
    const char *unrecorded = pni_json_text(changes, "not_recorded_at");
    int64_t start, end, latest;
    PNI_TRY(version_of(changes, "start_version", &start, err));
    PNI_TRY(version_of(changes, "end_version", &end, err));
    PNI_TRY(version_of(changes, "latest_version", &latest, err));
    if (!lenient && (start > end || end > latest))
        return pni_fail(err, PNI_E_CHANGES_RANGE,
                        "dataset '%s': versions %lld to %lld are no part of its history, which "
                        "ends with version %lld",
                        dataset->name, (long long)start, (long long)end, (long long)latest);
    if (unrecorded)
        return pni_fail(err, PNI_E_CHANGES_UNRECORDED,
                        "dataset '%s': its table did not record changes at version %s",
                        dataset->name, unrecorded);
    versions_out[0] = start;
    versions_out[1] = end < latest ? end : latest;
    return PN_OK;
}

/* The table is there, as was seen before: what is not found is a commit of it. */
static pn_status version_gone(const pni_dataset *dataset, pn_error *err) {
    PNI_AUTO(pn_buf) why = PN_BUF_INIT;
    pni_buf_puts(&why, err ? err->message : "");
    pn_status status = pni_fail(err, PNI_E_CHANGES_RANGE,
                                "dataset '%s': a version of its window is gone", dataset->name);
    pni_error_detail(err, "%s", pni_buf_text(&why));
    return status;
}

pn_status pni_delta_changes_open(const pni_engine_session *engine, const pni_dataset *dataset,
                                 pn_cancel *cancel, pni_resolved *resolved, pn_error *err) {
    PNI_AUTO_PTR(json_t) window = NULL;
    PNI_AUTO_PTR(json_t) info = NULL;
    int64_t versions[2] = {0, 0};
    bool lenient = false;
    PNI_TRY(read_window(dataset, &window, &lenient, err));
    PNI_AUTO_PTR(json_t)
    spec = json_pack("{s:s, s:s, s:O, s:O}", "format", dataset->format, "uri", dataset->uri,
                     "options", window, "storage_options", resolved->storage);
    pn_status status = pni_engine_table_open(engine, spec, NULL, cancel, &resolved->table, err);
    if (status == PN_NOT_FOUND)
        return version_gone(dataset, err);
    PNI_TRY(status);
    PNI_TRY(pni_engine_table_info(resolved->table, &info, err));
    PNI_TRY(check_window(dataset, json_object_get(info, "changes"), lenient, versions, err));
    json_t *delta = json_object_get(info, "delta");
    json_object_set(resolved->pin, "table_id", json_object_get(delta, "table_id"));
    json_object_set_new(resolved->pin, "start_version", pni_json_i64(versions[0]));
    json_object_set_new(resolved->pin, "end_version", pni_json_i64(versions[1]));
    json_object_set(resolved->evidence, "delta", delta);
    return PN_OK;
}
