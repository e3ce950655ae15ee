/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Building: all views are compiled, one stage serves all outputs, and each output is written whole,
 * in topological order of its view. Every request is checked and every plan made before the first
 * output is written. An output that fails leaves the ones before it written and itself as it was,
 * so that building again completes it.
 */
#include "pinion/verify.h"

#include "project/project_priv.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/file.h>
#include <unistd.h>

/* One output to write; `place` is that of its view in topological order. */
typedef struct build_job {
    const project_output *output;
    const pn_bundle *bundle;
    size_t place;
    pni_write *write;
} build_job;

typedef struct project_build {
    pn_project *project;
    pn_session *session;
    const pn_build_options *options;
    PNI_VEC(build_job) jobs;
    json_t *rows;
    json_t *warnings; /* what was not kept of outputs that are written */
    char *results;    /* folder of recorded results */
    int lock;         /* file descriptor, or -1 */
} project_build;

static pn_status check_wanted(const pn_project *project, const pn_build_options *options,
                              pn_error *err) {
    PNI_AUTO_PTR(pni_map) known = pni_map_new();
    if (options->n_outputs && !options->outputs)
        return pni_fail(err, PNI_E_ARGUMENT, "n_outputs is %zu but outputs is NULL",
                        options->n_outputs);
    for (size_t o = 0; o < project->outputs.count; o++)
        pni_map_put(known, project->outputs.items[o].view, &project->outputs.items[o]);
    for (size_t i = 0; options->outputs && i < options->n_outputs; i++)
        if (!options->outputs[i] || !pni_map_has(known, options->outputs[i]))
            return pni_fail(err, PNI_E_PROJECT_OUTPUT, "'%s' is no output of the project",
                            options->outputs[i] ? options->outputs[i] : "");
    return PN_OK;
}

static int cmp_jobs(const void *a, const void *b) {
    const build_job *left = a, *right = b;
    if (left->place != right->place)
        return left->place < right->place ? -1 : 1;
    return (left->output > right->output) - (left->output < right->output); /* order of the file */
}

static void choose_outputs(project_build *build) {
    const pn_view_graph *graph = build->project->graph;
    PNI_AUTO_PTR(pni_map) wanted = pni_map_new();
    PNI_AUTO_PTR(pni_map) places = pni_map_new();
    for (size_t i = 0; build->options->outputs && i < build->options->n_outputs; i++)
        pni_map_put(wanted, build->options->outputs[i], build);
    for (size_t v = 0; v < pn_view_graph_count(graph); v++)
        pni_map_put(places, pn_view_graph_name_at(graph, v), (void *)(uintptr_t)(v + 1));
    for (size_t o = 0; o < build->project->outputs.count; o++) {
        const project_output *output = &build->project->outputs.items[o];
        if (build->options->outputs && !pni_map_has(wanted, output->view))
            continue;
        build_job job = {.output = output,
                         .bundle = pn_view_graph_bundle(graph, output->view),
                         .place = (size_t)(uintptr_t)pni_map_get(places, output->view)};
        pni_vec_push(&build->jobs, job);
    }
    if (build->jobs.count)
        qsort(build->jobs.items, build->jobs.count, sizeof *build->jobs.items, cmp_jobs);
}

static void warn_result(const project_build *build, const build_job *job, pn_error *problem) {
    pni_error_context(problem, "the result of '%s' is not recorded", job->output->view);
    project_warn(build->warnings, problem);
}

/* Asked for, and nothing is recorded yet: the first result is the one to compare with. */
static bool wants_result(const project_build *build, const build_job *job) {
    PNI_AUTO(pn_buf) recorded = PN_BUF_INIT;
    pn_error problem = PN_ERROR_INIT;
    if (!build->project->records_results && !(build->options->flags & PN_BUILD_RECORD_RESULTS))
        return false;
    pn_status status = pn_verify_recorded(build->results, job->bundle, &recorded, &problem);
    if (status != PN_OK && status != PN_NOT_FOUND)
        warn_result(build, job, &problem);
    return status == PN_NOT_FOUND;
}

static pn_status record_result(const project_build *build, const build_job *job, pn_error *err) {
    PNI_AUTO(pn_buf) text = PN_BUF_INIT;
    PNI_TRY(pni_json_canonical(pni_write_digest(job->write), &text, err));
    return pn_verify_record(build->results, job->bundle, (pn_bytes){text.data, text.len}, err);
}

/* The output is there: what cannot be recorded of it is a warning. Of two outputs of one view the
 * one that was written first is recorded, as of two builds. */
static void keep_result(const project_build *build, const build_job *job) {
    pn_error problem = PN_ERROR_INIT;
    if (pni_write_digest(job->write) && wants_result(build, job) &&
        record_result(build, job, &problem) != PN_OK)
        warn_result(build, job, &problem);
}

static pn_status prepare_write(const project_build *build, build_job *job, pn_error *err) {
    const project_output *output = job->output;
    pn_write_request request = PN_WRITE_REQUEST_INIT;
    request.mode = output->mode;
    request.format = output->format;
    request.uri = output->uri;
    request.partition_by = (const char *const *)output->partition_by.items;
    request.n_partition_by = output->partition_by.count;
    request.options_json = output->options_json;
    request.storage_options_json = output->storage_options_json;
    pn_status status = pni_write_new(job->bundle, &request, &job->write, err);
    if (status != PN_OK)
        pni_error_context(err, "pinion.yaml:%zu: output '%s'", output->line, output->view);
    else if (wants_result(build, job))
        pni_write_wants_digest(job->write);
    return status;
}

static pn_status write_output(project_build *build, build_job *job, pn_cancel *cancel,
                              pn_error *err) {
    PNI_AUTO_PTR(pn_result) result = NULL;
    PNI_AUTO_PTR(json_t) report = NULL;
    PNI_AUTO(pn_buf) text = PN_BUF_INIT;
    PNI_TRY(pni_write_run(job->write, cancel, &result, err));
    keep_result(build, job);
    pni_write_free(pni_take(job->write)); /* its plan is needed no more */
    PNI_TRY(pn_result_json(result, &text, err));
    PNI_TRY(pni_json_parse(text.data, text.len, "write report", &report, err));
    json_t *row = json_pack("{s:s, s:o, s:s, s:s}", "view", job->output->view, "uri",
                            pni_json_redacted(job->output->uri), "format", job->output->format,
                            "fingerprint", pn_bundle_fingerprint(job->bundle));
    json_object_update(row, json_object_get(report, "write"));
    json_array_append_new(build->rows, row);
    return PN_OK;
}

/* Stages what all outputs read and plans them all. A view with two outputs is a root twice. */
static pn_status stage_outputs(project_build *build, const pn_exec_options *options,
                               pni_stage **out, pn_error *err) {
    PNI_VEC(const pn_bundle *) roots = {0};
    PNI_AUTO_PTR(pni_stage) stage = NULL;
    for (size_t i = 0; i < build->jobs.count; i++)
        pni_vec_push(&roots, build->jobs.items[i].bundle);
    pni_exec_record_plans(build->session, roots.items, roots.count);
    pn_status status =
        pni_stage_new(build->session, roots.items, roots.count, options, &stage, err);
    for (size_t i = 0; status == PN_OK && i < build->jobs.count; i++)
        status = pni_write_plan(build->jobs.items[i].write, stage, err);
    pni_vec_dispose(&roots);
    if (status == PN_OK)
        *out = pni_take(stage);
    return status;
}

static pn_status write_all(project_build *build, pn_error *err) {
    pn_exec_options options = PN_EXEC_OPTIONS_INIT;
    PNI_AUTO_PTR(pni_stage) stage = NULL;
    PNI_AUTO_PTR(pni_text) tmp = pni_path_join(build->project->dir, ".pinion/tmp");
    options.cancel = build->options->cancel;
    options.progress = build->options->progress;
    options.progress_ctx = build->options->progress_ctx;
    options.tmp_dir = tmp;
    for (size_t i = 0; i < build->jobs.count; i++)
        PNI_TRY(prepare_write(build, &build->jobs.items[i], err));
    PNI_TRY(stage_outputs(build, &options, &stage, err));
    for (size_t i = 0; i < build->jobs.count; i++) {
        PNI_TRY(pni_cancel_check(options.cancel, err));
        PNI_TRY(write_output(build, &build->jobs.items[i], options.cancel, err));
        if (options.progress)
            options.progress(options.progress_ctx, "outputs written", i + 1, build->jobs.count);
    }
    return PN_OK;
}

/* Two builds would write the same targets and sweep each other's folders. The lock goes with the
 * process. */
static pn_status take_lock(project_build *build, pn_error *err) {
    PNI_AUTO_PTR(pni_text) folder = pni_path_join(build->project->dir, ".pinion");
    PNI_AUTO_PTR(pni_text) path = pni_path_join(folder, "build.lock");
    PNI_TRY(pni_mkdirs(folder, err));
    build->lock = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0666);
    if (build->lock < 0)
        return pni_fail_os(err, PNI_E_FILE_WRITE, errno, "opening '%s'", path);
    if (flock(build->lock, LOCK_EX | LOCK_NB) == 0)
        return PN_OK;
    if (errno != EWOULDBLOCK)
        return pni_fail_os(err, PNI_E_FILE_WRITE, errno, "locking '%s'", path);
    return pni_fail(err, PNI_E_PROJECT_BUSY, "project '%s' is being built already",
                    build->project->dir);
}

/* A build that was killed leaves its private folder behind; the lock says that nobody else uses it.
 */
static void sweep(const pn_project *project) {
    PNI_AUTO_PTR(pni_text) tmp = pni_path_join(project->dir, ".pinion/tmp");
    if (pni_remove_tree(tmp, NULL) != PN_OK)
        pni_logf("temporary folder '%s' is left", tmp);
}

static pn_status put_bundles(const project_build *build, pn_error *err) {
    PNI_AUTO_PTR(pn_bundle_store) store = NULL;
    PNI_AUTO_PTR(pni_text) folder = pni_path_join(build->project->dir, ".pinion/bundles");
    PNI_VEC(const pn_bundle *) roots = {0};
    PNI_TRY(pn_bundle_store_open(folder, &store, err));
    for (size_t i = 0; i < build->jobs.count; i++)
        pni_vec_push(&roots, build->jobs.items[i].bundle);
    pn_status status = pni_archive_put(store, roots.items, roots.count, PN_BUNDLE_PUT_RECORD, err);
    pni_vec_dispose(&roots);
    return status;
}

/* What was built is kept, so that it can be replayed and later builds compared with it. All outputs
 * are written by now: what cannot be kept is a warning. */
static void keep_bundles(const project_build *build) {
    pn_error problem = PN_ERROR_INIT;
    if (put_bundles(build, &problem) == PN_OK)
        return;
    pni_error_context(&problem, "what was built is not kept");
    project_warn(build->warnings, &problem);
}

static void build_dispose(project_build *build) {
    for (size_t i = 0; i < build->jobs.count; i++)
        pni_write_free(build->jobs.items[i].write);
    pni_vec_dispose(&build->jobs);
    json_decref(build->rows);
    json_decref(build->warnings);
    pni_free(build->results);
    if (build->lock >= 0)
        close(build->lock);
}

static pn_status build_all(project_build *build, pn_error *err) {
    PNI_TRY(take_lock(build, err));
    PNI_TRY(pn_project_session(build->project, &build->session, err));
    PNI_TRY(
        pn_view_graph_compile(build->project->graph, build->session, build->options->cancel, err));
    choose_outputs(build);
    sweep(build->project);
    pn_status status = write_all(build, err);
    sweep(build->project);
    if (status == PN_OK)
        keep_bundles(build);
    return status;
}

static pn_status put_report(const project_build *build, pn_buf *out, pn_error *err) {
    PNI_AUTO_PTR(json_t)
    report =
        json_pack("{s:O, s:i, s:O}", "outputs", build->rows, "views",
                  (int)pn_view_graph_count(build->project->graph), "warnings", build->warnings);
    return pni_json_canonical(report, out, err);
}

/* The story is needed for the record, also when the caller does not want it. */
static pn_status build_recorded(project_build *build, pn_buf *report_out, pn_error *err) {
    const char *label = build->options->label ? build->options->label : "build";
    bool is_ours = !build->project->recording; /* else a caller records more than this build */
    if (!(build->options->flags & PN_BUILD_NO_RECORD))
        PNI_TRY(pn_project_record_start(build->project, label, err));
    pn_status status = build_all(build, err);
    if (is_ours)
        project_record_end(build->project, status, err, build->warnings);
    if (status == PN_OK && report_out)
        status = put_report(build, report_out, err);
    return status;
}

pn_status pn_project_build(pn_project *project, const pn_build_options *theirs, pn_buf *report_out,
                           pn_error *err) {
    pn_build_options options;
    pn_error story = PN_ERROR_INIT;
    if (!project)
        return pni_fail(err, PNI_E_ARGUMENT, "pn_project_build: project must not be NULL");
    PNI_TRY(pni_options_copy(&options, sizeof options, theirs, "build options", err));
    PNI_TRY(check_wanted(project, &options, err));
    project_build build = {.project = project,
                           .options = &options,
                           .rows = json_array(),
                           .warnings = json_array(),
                           .lock = -1};
    build.results = pni_path_join(project->dir, ".pinion/results");
    pn_status status = build_recorded(&build, report_out, err ? err : &story);
    build_dispose(&build);
    return status;
}
