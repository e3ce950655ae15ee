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

static pn_status parse_object(const char *text, const char *what, json_t **out, pn_error *err) {
    if (!text) {
        *out = json_object();
        return PN_OK;
    }
    PNI_TRY(pni_json_parse(text, strlen(text), what, out, err));
    if (json_is_object(*out))
        return PN_OK;
    json_decref(*out);
    *out = NULL;
    return pni_fail(err, PNI_E_WRITE_REQUEST, "%s is no JSON object", what);
}

static pn_status check_partitions(const pn_write_request *request, const pn_bundle *bundle,
                                  json_t *columns, pn_error *err) {
    for (size_t i = 0; i < request->n_partition_by; i++) {
        const char *column = request->partition_by[i];
        bool found = false;
        for (int64_t c = 0; c < bundle->schema.n_children; c++)
            found = found || pni_streq(bundle->schema.children[c]->name, column);
        if (!found)
            return pni_fail(err, PNI_E_WRITE_REQUEST, "partition column '%s' is no column of '%s'",
                            column, bundle->name ? bundle->name : "the query");
        json_array_append_new(columns, json_string(column));
    }
    return PN_OK;
}

static pn_status request_json(const pn_write_request *request, const pn_bundle *bundle,
                              json_t **out, pn_error *err) {
    PNI_AUTO_PTR(json_t) columns = json_array();
    PNI_AUTO_PTR(json_t) options = NULL;
    PNI_AUTO_PTR(json_t) storage = NULL;
    if (!is_format(request->format))
        return pni_fail(err, PNI_E_WRITE_REQUEST, "'%s' is no format to write",
                        request->format ? request->format : "");
    if (!request->uri || !*request->uri)
        return pni_fail(err, PNI_E_WRITE_REQUEST, "a write needs a uri");
    if (request->mode < 0 || request->mode > PN_WRITE_IGNORE)
        return pni_fail(err, PNI_E_WRITE_REQUEST, "write mode %d is unknown", request->mode);
    if (request->schema_mode < 0 || request->schema_mode > 2)
        return pni_fail(err, PNI_E_WRITE_REQUEST, "schema mode %d is unknown",
                        request->schema_mode);
    PNI_TRY(check_partitions(request, bundle, columns, err));
    PNI_TRY(parse_object(request->options_json, "write options", &options, err));
    PNI_TRY(parse_object(request->storage_options_json, "storage options", &storage, err));
    *out =
        json_pack("{s:s, s:s, s:s, s:O, s:O, s:O, s:b, s:{s:s}}", "format", request->format, "uri",
                  request->uri, "mode", modes[request->mode], "partition_by", columns, "options",
                  options, "storage_options", storage, "single_file", request->single_file,
                  "commit_metadata", "pinion.fingerprint", pn_bundle_fingerprint(bundle));
    if (request->schema_mode)
        json_object_set_new(*out, "schema_mode",
                            json_string(request->schema_mode == 1 ? "merge" : "overwrite"));
    return PN_OK;
}

pn_status pni_exec_write_staged(pn_session *session, const pn_bundle *bundle,
                                const pn_write_request *request, const pn_exec_options *options,
                                pn_result **out, pn_error *err) {
    pn_write_request ours;
    PNI_AUTO_PTR(json_t) json = NULL;
    PNI_AUTO_PTR(pni_engine_plan) plan = NULL;
    PNI_TRY(pni_options_copy(&ours, sizeof ours, request, "write request", err));
    PNI_TRY(request_json(&ours, bundle, &json, err));
    {
        PNI_SESSION_GUARD(session);
        PNI_TRY(pni_plan_open(session, bundle, &plan, err));
    }
    PNI_AUTO_PTR(pn_result) result = pni_result_new(PN_RESULT_WRITE, bundle);
    pn_status status = pni_engine_plan_write(plan, json, options->cancel, &result->report, err);
    if (status != PN_OK) {
        pni_error_context(err, "writing '%s'", request->uri);
        return status;
    }
    *out = pni_take(result);
    return PN_OK;
}

pn_status pn_exec_write(pn_session *session, const pn_bundle *bundle,
                        const pn_write_request *request, const pn_exec_options *theirs,
                        pn_result **result_out, pn_error *err) {
    pn_exec_options options;
    PNI_AUTO_PTR(pni_stage) stage = NULL;
    if (!session || !bundle || !request || !result_out)
        return pni_fail(err, PNI_E_ARGUMENT,
                        "pn_exec_write: session, bundle, request and result_out must not be NULL");
    PNI_TRY(pni_options_copy(&options, sizeof options, theirs, "exec options", err));
    PNI_AUTO_PTR(pni_deadline) deadline = pni_deadline_new(options.cancel, options.timeout_ms);
    options.cancel = pni_deadline_cancel(deadline);
    {
        PNI_SESSION_GUARD(session);
        PNI_TRY(pni_stage_new(session, &bundle, 1, &options, &stage, err));
    }
    pn_status status = pni_exec_write_staged(session, bundle, request, &options, result_out, err);
    if (status != PN_OK && pni_deadline_passed(deadline))
        return pni_fail(err, PNI_E_EXEC_TIMEOUT, "writing '%s' took longer than its stated time",
                        request->uri);
    return status;
}

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
