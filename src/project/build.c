/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Building: all views are compiled, one stage serves all outputs, and each output is written whole,
 * in topological order of its view. An output that fails leaves the ones before it written and
 * itself as it was, so that building again completes it.
 */
#include "project/project_priv.h"

static bool is_wanted(const pn_build_options *options, const char *view) {
    if (!options->outputs)
        return true;
    for (size_t i = 0; i < options->n_outputs; i++)
        if (pni_streq(options->outputs[i], view))
            return true;
    return false;
}

static pn_status check_wanted(const pn_project *project, const pn_build_options *options,
                              pn_error *err) {
    for (size_t i = 0; options->outputs && i < options->n_outputs; i++) {
        bool found = false;
        for (size_t o = 0; o < project->outputs.count; o++)
            found = found || pni_streq(project->outputs.items[o].view, options->outputs[i]);
        if (!found)
            return pni_fail(err, PNI_E_PROJECT_OUTPUT, "'%s' is no output of the project",
                            options->outputs[i]);
    }
    return PN_OK;
}

typedef struct project_build {
    pn_project *project;
    pn_session *session;
    const pn_build_options *options;
    PNI_VEC(const project_output *) outputs; /* in topological order of their views */
    PNI_VEC(const pn_bundle *) roots;
    json_t *rows;
} project_build;

static void choose_outputs(project_build *build) {
    for (size_t v = 0; v < pn_view_graph_count(build->project->graph); v++) {
        const char *view = pn_view_graph_name_at(build->project->graph, v);
        for (size_t o = 0; o < build->project->outputs.count; o++) {
            const project_output *output = &build->project->outputs.items[o];
            if (!pni_streq(output->view, view) || !is_wanted(build->options, view))
                continue;
            pni_vec_push(&build->outputs, output);
            pni_vec_push(&build->roots, pn_view_graph_bundle(build->project->graph, view));
        }
    }
}

static pn_status write_output(project_build *build, size_t index, const pn_exec_options *options,
                              pn_error *err) {
    const project_output *output = build->outputs.items[index];
    const pn_bundle *bundle = build->roots.items[index];
    pn_write_request request = PN_WRITE_REQUEST_INIT;
    PNI_AUTO_PTR(pn_result) result = NULL;
    PNI_AUTO_PTR(json_t) report = NULL;
    PNI_AUTO(pn_buf) text = PN_BUF_INIT;
    request.mode = output->mode;
    request.format = output->format;
    request.uri = output->uri;
    request.partition_by = (const char *const *)output->partition_by.items;
    request.n_partition_by = output->partition_by.count;
    request.options_json = output->options_json;
    request.storage_options_json = output->storage_options_json;
    PNI_TRY(pni_exec_write_staged(build->session, bundle, &request, options, &result, err));
    PNI_TRY(pn_result_json(result, &text, err));
    PNI_TRY(pni_json_parse(text.data, text.len, "write report", &report, err));
    json_t *row = json_pack("{s:s, s:s, s:s, s:s}", "view", output->view, "uri", output->uri,
                            "format", output->format, "fingerprint", pn_bundle_fingerprint(bundle));
    json_object_update(row, json_object_get(report, "write"));
    json_array_append_new(build->rows, row);
    return PN_OK;
}

static pn_status write_all(project_build *build, pn_error *err) {
    pn_exec_options options = PN_EXEC_OPTIONS_INIT;
    PNI_AUTO_PTR(pni_stage) stage = NULL;
    PNI_AUTO_PTR(pni_text) tmp = pni_path_join(build->project->dir, ".pinion/tmp");
    options.cancel = build->options->cancel;
    options.progress = build->options->progress;
    options.progress_ctx = build->options->progress_ctx;
    options.tmp_dir = tmp;
    {
        PNI_SESSION_GUARD(build->session);
        PNI_TRY(pni_stage_new(build->session, build->roots.items, build->roots.count, &options,
                              &stage, err));
    }
    for (size_t i = 0; i < build->outputs.count; i++) {
        PNI_TRY(pni_cancel_check(options.cancel, err));
        PNI_TRY(write_output(build, i, &options, err));
        if (options.progress)
            options.progress(options.progress_ctx, "outputs written", i + 1, build->outputs.count);
    }
    return PN_OK;
}

/* A build that was killed leaves its private folder behind; no other build of this project runs at
 * the same time. */
static void sweep(const pn_project *project) {
    PNI_AUTO_PTR(pni_text) tmp = pni_path_join(project->dir, ".pinion/tmp");
    if (pni_remove_tree(tmp, NULL) != PN_OK)
        pni_logf("temporary folder '%s' is left", tmp);
}

pn_status pn_project_build(pn_project *project, const pn_build_options *theirs, pn_buf *report_out,
                           pn_error *err) {
    pn_build_options options;
    if (!project)
        return pni_fail(err, PNI_E_ARGUMENT, "pn_project_build: project must not be NULL");
    PNI_TRY(pni_options_copy(&options, sizeof options, theirs, "build options", err));
    PNI_TRY(check_wanted(project, &options, err));
    project_build build = {.project = project, .options = &options};
    PNI_TRY(pn_project_session(project, &build.session, err));
    PNI_TRY(pn_view_graph_compile(project->graph, build.session, options.cancel, err));
    sweep(project);
    PNI_AUTO_PTR(json_t) rows = build.rows = json_array();
    choose_outputs(&build);
    pn_status status = write_all(&build, err);
    pni_vec_dispose(&build.outputs);
    pni_vec_dispose(&build.roots);
    sweep(project);
    PNI_TRY(status);
    if (!report_out)
        return PN_OK;
    PNI_AUTO_PTR(json_t)
    report = json_pack("{s:O, s:o}", "outputs", rows, "views",
                       json_integer((json_int_t)pn_view_graph_count(project->graph)));
    return pni_json_canonical(report, report_out, err);
}
