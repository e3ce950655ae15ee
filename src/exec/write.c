/* SPDX-License-Identifier: Apache-2.0 */
/* Writing rows of a bundle. The request is checked here, before anything runs; the engine makes the
 * target whole or leaves it as it was. */
#include "exec/exec_priv.h"

static const char *const modes[] = {"error", "append", "overwrite", "ignore"};
static const char *const formats[] = {"delta", "parquet", "csv", "json", "arrow"};

static bool is_format(const char *format) {
    for (size_t i = 0; format && i < sizeof formats / sizeof *formats; i++)
        if (pni_streq(format, formats[i]))
            return true;
    return false;
}

/* The parser's words quote what stands near the mistake, which may be a secret: they are not shown.
 */
static pn_status parse_object(const char *text, const char *what, json_t **out, pn_error *err) {
    PNI_AUTO_PTR(json_t) parsed = NULL;
    if (text && pni_json_parse(text, strlen(text), what, &parsed, NULL) != PN_OK)
        return pni_fail(err, PNI_E_WRITE_REQUEST, "the %s are not JSON", what);
    if (text && !json_is_object(parsed))
        return pni_fail(err, PNI_E_WRITE_REQUEST, "the %s are no JSON object", what);
    *out = text ? pni_take(parsed) : json_object();
    return PN_OK;
}

static bool has_column(const pn_bundle *bundle, const char *column) {
    for (int64_t c = 0; c < bundle->schema.n_children; c++)
        if (pni_streq(bundle->schema.children[c]->name, column))
            return true;
    return false;
}

static pn_status check_partitions(const pn_write_request *request, const pn_bundle *bundle,
                                  json_t *columns, pn_error *err) {
    PNI_AUTO_PTR(pni_map) seen = pni_map_new();
    const char *query = bundle->name ? bundle->name : "the query";
    if (request->n_partition_by && !request->partition_by)
        return pni_fail(err, PNI_E_WRITE_REQUEST, "n_partition_by is %zu but partition_by is NULL",
                        request->n_partition_by);
    for (size_t i = 0; i < request->n_partition_by; i++) {
        const char *column = request->partition_by[i];
        if (!column || !has_column(bundle, column))
            return pni_fail(err, PNI_E_WRITE_REQUEST, "partition column '%s' is no column of '%s'",
                            column ? column : "", query);
        if (pni_map_has(seen, column))
            return pni_fail(err, PNI_E_WRITE_REQUEST, "partition column '%s' of '%s' stands twice",
                            column, query);
        pni_map_put(seen, column, columns);
        json_array_append_new(columns, json_string(column));
    }
    return PN_OK;
}

static pn_status check_request(const pn_write_request *request, pn_error *err) {
    if (!is_format(request->format))
        return pni_fail(err, PNI_E_WRITE_REQUEST, "'%s' is no format to write",
                        request->format ? request->format : "");
    if (!request->uri || !*request->uri)
        return pni_fail(err, PNI_E_WRITE_REQUEST, "a write needs a uri");
    if (!pni_utf8_valid(request->uri, strlen(request->uri)))
        return pni_fail(err, PNI_E_WRITE_REQUEST, "the uri '%s' is not UTF-8", request->uri);
    if (request->mode < 0 || request->mode > PN_WRITE_IGNORE)
        return pni_fail(err, PNI_E_WRITE_REQUEST, "write mode %d is unknown", request->mode);
    if (request->schema_mode < 0 || request->schema_mode > 2)
        return pni_fail(err, PNI_E_WRITE_REQUEST, "schema mode %d is unknown",
                        request->schema_mode);
    return PN_OK;
}

static pn_status read_storage(const char *uri, const json_t *given, json_t **out, pn_error *err) {
    PNI_AUTO(pn_buf) what = PN_BUF_INIT;
    PNI_AUTO_PTR(json_t) checked = NULL;
    pni_buf_printf(&what, "the write to '%s'", uri);
    PNI_TRY(pni_storage_check(pni_buf_text(&what), given, &checked, err));
    return pni_storage_resolve(pni_buf_text(&what), uri, checked, out, err);
}

static pn_status request_json(const pn_write_request *request, const pn_bundle *bundle,
                              json_t **out, pn_error *err) {
    PNI_AUTO_PTR(json_t) columns = json_array();
    PNI_AUTO_PTR(json_t) options = NULL;
    PNI_AUTO_PTR(json_t) storage = NULL;
    PNI_TRY(check_request(request, err));
    PNI_TRY(check_partitions(request, bundle, columns, err));
    PNI_TRY(parse_object(request->options_json, "write options", &options, err));
    PNI_TRY(parse_object(request->storage_options_json, "storage options", &storage, err));
    PNI_AUTO_PTR(pni_text) uri = pni_uri_normal(request->uri);
    PNI_AUTO_PTR(json_t) resolved = NULL;
    PNI_TRY(read_storage(uri, storage, &resolved, err));
    *out = json_pack("{s:s, s:s, s:s, s:O, s:O, s:O, s:b, s:{s:s}}", "format", request->format,
                     "uri", uri, "mode", modes[request->mode], "partition_by", columns, "options",
                     options, "storage_options", resolved, "single_file", request->single_file,
                     "commit_metadata", "pinion.fingerprint", pn_bundle_fingerprint(bundle));
    if (request->schema_mode)
        json_object_set_new(*out, "schema_mode",
                            json_string(request->schema_mode == 1 ? "merge" : "overwrite"));
    return PN_OK;
}

struct pni_write {
    pn_bundle *bundle;
    json_t *request;
    pni_engine_plan *plan;
    const pni_engine_session *engine; /* of the stage that it was planned over */
    bool wants_digest;
    json_t *digest;         /* or NULL */
    pni_recorder *recorder; /* or NULL */
    pn_result *result;      /* handed out by pni_write_run() */
};

void pni_write_free(pni_write *write) {
    if (!write)
        return;
    pni_engine_plan_free(write->plan);
    pni_recorder_unref(write->recorder);
    pn_result_free(write->result);
    json_decref(write->request);
    json_decref(write->digest);
    pn_bundle_unref(write->bundle);
    pni_free(write);
}

pn_status pni_write_new(const pn_bundle *bundle, const pn_write_request *request, pni_write **out,
                        pn_error *err) {
    pn_write_request ours;
    PNI_TRY(pni_options_copy(&ours, sizeof ours, request, "write request", err));
    PNI_AUTO_PTR(pni_write) write = pni_calloc(1, sizeof *write);
    write->bundle = pn_bundle_ref(bundle);
    write->result = pni_result_new(PN_RESULT_WRITE, bundle);
    PNI_TRY(request_json(&ours, bundle, &write->request, err));
    *out = pni_take(write);
    return PN_OK;
}

void pni_write_wants_digest(pni_write *write) {
    write->wants_digest = true;
}

const json_t *pni_write_digest(const pni_write *write) {
    return write->digest;
}

static bool is_delta(const pni_write *write) {
    return pni_streq(pni_json_text(write->request, "format"), "delta");
}

static bool is_remote(const pni_write *write) {
    return pni_uri_is_remote(pni_json_text(write->request, "uri"));
}

/* Delta keeps no order; in files the order of a query that orders its rows is kept, and so it is
 * where rows are digested, which is compared with those of a run. Files that go to a store are made
 * here first. */
pn_status pni_write_plan(pni_write *write, pni_stage *stage, pn_error *err) {
    write->recorder = pni_session_recorder(pni_stage_session(stage));
    write->engine = pni_stage_replay(stage)->engine;
    bool keeps_order = write->wants_digest || !is_delta(write);
    if (is_remote(write) && !is_delta(write)) {
        const char *folder = NULL;
        PNI_TRY(pni_stage_folder(stage, &folder, err));
        json_object_set_new(write->request, "scratch_dir", json_string(folder));
    }
    if (keeps_order && pni_substrait_is_ordered(write->bundle->substrait))
        PNI_TRY(pni_stage_plan(stage, write->bundle, &write->plan, err));
    else
        PNI_TRY(pni_stage_plan_kept(stage, write->bundle, &write->plan, err));
    pni_result_replayed(write->result, stage);
    return PN_OK;
}

/* Through a tee, whose own failure is the story: the engine knows it as one of a foreign stream. */
static pn_status write_digested(pni_write *write, pn_cancel *cancel, pn_error *err) {
    PNI_AUTO_PTR(pni_engine_table) table = NULL;
    PNI_AUTO_PTR(pni_engine_plan) plan = NULL;
    PNI_AUTO_PTR(pni_tee) tee = NULL;
    struct ArrowArrayStream rows = {0};
    struct ArrowArrayStream digested = {0};
    pn_error story = PN_ERROR_INIT;
    PNI_TRY(pni_engine_plan_execute(write->plan, cancel, &rows, err));
    PNI_TRY(pni_tee_new(&rows, &tee, &digested, err));
    PNI_TRY(pni_engine_table_from_stream(write->engine, &digested, true, &table, err));
    PNI_TRY(pni_engine_plan_table(write->engine, table, &plan, err));
    pn_status status =
        pni_engine_plan_write(plan, write->request, cancel, &write->result->report, err);
    if (status == PN_OK)
        return pni_tee_end(tee, &write->digest, err);
    json_t *unused = NULL;
    pn_status rows_failed = pni_tee_end(tee, &unused, &story);
    json_decref(unused);
    if (rows_failed != PN_OK && err)
        *err = story;
    return rows_failed != PN_OK ? rows_failed : status;
}

static pn_status write_rows(pni_write *write, pn_cancel *cancel, pn_error *err) {
    pni_place place = {.uri = pni_json_text(write->request, "uri"),
                       .storage = json_object_get(write->request, "storage_options"),
                       .cancel = cancel};
    if (is_delta(write) && is_remote(write))
        PNI_TRY(pni_storage_may_commit(write->engine, &place, err));
    if (write->wants_digest)
        return write_digested(write, cancel, err);
    return pni_engine_plan_write(write->plan, write->request, cancel, &write->result->report, err);
}

pn_status pni_write_run(pni_write *write, pn_cancel *cancel, pn_result **out, pn_error *err) {
    pni_execution *execution = pni_execution_begin(write->recorder, write->bundle);
    pn_status status = write_rows(write, cancel, err);
    if (status != PN_OK) {
        pni_error_context(err, "writing '%s'", pni_json_text(write->request, "uri"));
        pni_execution_failed(execution, status, err);
    }
    pni_execution_end_write(execution, write->request, write->result->report);
    pni_exec_record_events(write->recorder, write->bundle, write->result->events);
    PNI_TRY(status);
    *out = pni_take(write->result);
    return PN_OK;
}

pn_status pn_exec_write(pn_session *session, const pn_bundle *bundle,
                        const pn_write_request *request, const pn_exec_options *theirs,
                        pn_result **result_out, pn_error *err) {
    pn_exec_options options;
    PNI_AUTO_PTR(pni_write) write = NULL;
    PNI_AUTO_PTR(pni_stage) stage = NULL;
    if (!session || !bundle || !request || !result_out)
        return pni_fail(err, PNI_E_ARGUMENT,
                        "pn_exec_write: session, bundle, request and result_out must not be NULL");
    PNI_TRY(pni_options_copy(&options, sizeof options, theirs, "exec options", err));
    PNI_TRY(pni_write_new(bundle, request, &write, err));
    PNI_AUTO_PTR(pni_deadline) deadline = pni_deadline_new(options.cancel, options.timeout_ms);
    options.cancel = pni_deadline_cancel(deadline);
    pn_status status = pni_stage_new(session, &bundle, 1, &options, &stage, err);
    if (status == PN_OK)
        status = pni_write_plan(write, stage, err);
    if (status == PN_OK)
        status = pni_write_run(write, options.cancel, result_out, err);
    if (status == PN_OK)
        pni_event_options((*result_out)->events, "write", session, &options);
    return pni_deadline_status(deadline, status, bundle, err);
}

/* checksrc: allow parameters two nouns of the public interface */
pn_status pn_exec_write_view(pn_session *session, const pn_view_graph *graph, const char *view,
                             const pn_write_request *request, const pn_exec_options *options,
                             pn_result **result_out, pn_error *err) {
    if (!graph || !view)
        return pni_fail(err, PNI_E_ARGUMENT, "pn_exec_write_view: graph and view must not be NULL");
    const pn_bundle *bundle = pn_view_graph_bundle(graph, view);
    if (!bundle)
        return pni_fail(err, PNI_E_VIEW_UNKNOWN, "there is no compiled view '%s'", view);
    return pn_exec_write(session, bundle, request, options, result_out, err);
}
