/* Building: what is written, in what order, what a failure leaves. */
#include "pinion/verify.h"

#include "project_fixture.h"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

static const char base[] =
    "version: 1\nprofile: dev\ndatasets:\n  t: {format: csv, uri: t.csv}\noutputs:\n";

static pn_project *project_with(const char *outputs) {
    PNI_AUTO(pn_buf) yaml = PN_BUF_INIT;
    pni_buf_printf(&yaml, "%s%s", base, outputs);
    fx_write("p/t.csv", "k,v\n1,a\n2,b\n3,a\n");
    fx_write("p/views/low.sql", "select v, count(*) as n from t group by v");
    fx_write("p/views/top.sql", "select a.v, b.n from low a join low b on a.v = b.v");
    return fx_project(pni_buf_text(&yaml));
}

static void expect_output(const char *format, const char *name, const char *want) {
    PNI_AUTO_PTR(pn_session) session = fx_session(NULL);
    fx_add_dataset(session, "d", format, fx_path(name));
    fx_expect_rows(session, NULL, "select v, n from d order by v", want);
}

T_CASE(outputs_are_written_in_the_order_of_their_views) {
    PNI_AUTO(pn_buf) text = PN_BUF_INIT;
    PNI_AUTO_PTR(pn_project)
    project = project_with(
        "  - {view: top, uri: out/top}\n  - {view: low, uri: out/low, format: parquet}\n"
        "  - {view: top, uri: out/again, format: csv}\n");
    FX_OK(pn_project_build(project, NULL, &text, err));
    PNI_AUTO_PTR(json_t) report = fx_json(&text);
    const json_t *outputs = json_object_get(report, "outputs");
    T_EQ_UINT(json_array_size(outputs), 3);
    T_EQ_STR(pni_json_text(json_array_get(outputs, 0), "view"), "low");
    T_EQ_STR(pni_json_text(json_array_get(outputs, 1), "uri"), fx_path("p/out/top"));
    T_EQ_STR(pni_json_text(json_array_get(outputs, 2), "uri"), fx_path("p/out/again"));
    T_EQ_STR(pni_json_text(json_array_get(outputs, 1), "fingerprint"),
             pni_json_text(json_array_get(outputs, 2), "fingerprint"));
    T_EQ_INT(json_integer_value(json_object_get(report, "views")), 2);
    expect_output("delta", "p/out/top", "a|2\nb|1\n");
    expect_output("parquet", "p/out/low", "a|2\nb|1\n");
    expect_output("csv", "p/out/again", "a|2\nb|1\n");
    T_ASSERT(!pni_path_exists(fx_path("p/.pinion/tmp")));
    FX_OK(pn_project_build(project, NULL, NULL, err)); /* again: overwrites */
    expect_output("delta", "p/out/top", "a|2\nb|1\n");
}

/* What was built is what the first verify compares with: also an output that is read once more, and
 * one whose rows are ordered. */
T_CASE(results_are_recorded_when_asked_for) {
    PNI_AUTO_PTR(pn_project)
    project = project_with("  - {view: top, uri: out/top}\n  - {view: low, uri: out/low}\n"
                           "results: {record: true}\n");
    FX_OK(pn_project_build(project, NULL, NULL, err));
    expect_output("delta", "p/out/top", "a|2\nb|1\n");
    expect_output("delta", "p/out/low", "a|2\nb|1\n");
    pn_session *session = NULL;
    FX_OK(pn_project_session(project, &session, err));
    static const char *const views[] = {"low", "top"};
    for (size_t i = 0; i < 2; i++) {
        const pn_bundle *bundle = pn_view_graph_bundle(project->graph, views[i]);
        PNI_AUTO(pn_buf) recorded = PN_BUF_INIT;
        PNI_AUTO(pn_buf) verdict = PN_BUF_INIT;
        FX_OK(pn_verify_recorded(fx_path("p/.pinion/results"), bundle, &recorded, err));
        FX_OK(pn_verify_bundle(session, bundle, (pn_bytes){recorded.data, recorded.len}, NULL,
                               &verdict, err));
        PNI_AUTO_PTR(json_t) json = fx_json(&verdict);
        T_ASSERT(json_is_true(json_object_get(json, "holds")));
        T_EQ_STR(pni_json_text(json_object_get(json, "recorded"), "rows"), "2");
    }
}

T_CASE(a_recorded_result_stays_and_nobody_asked_records_none) {
    pn_build_options options = PN_BUILD_OPTIONS_INIT;
    PNI_AUTO(pn_buf) found = PN_BUF_INIT;
    PNI_AUTO_PTR(pn_project) project = project_with("  - {view: low, uri: out/low}\n");
    FX_OK(pn_project_build(project, NULL, NULL, err));
    PNI_AUTO_PTR(pn_bundle) low = pn_bundle_ref(pn_view_graph_bundle(project->graph, "low"));
    const char *results = fx_path("p/.pinion/results");
    T_EQ_INT(pn_verify_recorded(results, low, &found, NULL), PN_NOT_FOUND);
    FX_OK(pn_verify_record(results, low, fx_bytes("first"), err));
    options.flags = PN_BUILD_RECORD_RESULTS;
    FX_OK(pn_project_build(project, &options, NULL, err));
    FX_OK(pn_verify_recorded(results, low, &found, err));
    T_EQ_STR(pni_buf_text(&found), "first");
}

static void expect_warning(const pn_buf *report, size_t at, const char *text) {
    PNI_AUTO_PTR(json_t) json = fx_json(report);
    const json_t *warning = json_array_get(json_object_get(json, "warnings"), at);
    if (!warning || !strstr(pni_json_text(warning, "message"), text))
        T_FAIL("warning %zu is not '%s' in %s", at, text, pni_buf_text(report));
}

static size_t output_count(const pn_buf *report) {
    PNI_AUTO_PTR(json_t) json = fx_json(report);
    return json_array_size(json_object_get(json, "outputs"));
}

/* Where the folders of results and bundles should be lies a file. */
T_CASE(what_cannot_be_kept_of_a_written_output_is_a_warning) {
    PNI_AUTO(pn_buf) text = PN_BUF_INIT;
    PNI_AUTO_PTR(pn_project)
    project = project_with("  - {view: low, uri: out/low}\n  - {view: top, uri: out/top}\n"
                           "results: {record: true}\n");
    fx_write("p/.pinion/results", "in the way");
    fx_write("p/.pinion/bundles", "in the way");
    FX_OK(pn_project_build(project, NULL, &text, err));
    T_EQ_UINT(output_count(&text), 2);
    expect_warning(&text, 0, "the result of 'low' is not recorded");
    expect_warning(&text, 1, "the result of 'top' is not recorded");
    expect_warning(&text, 2, "what was built is not kept");
    expect_output("delta", "p/out/low", "a|2\nb|1\n");
    expect_output("delta", "p/out/top", "a|2\nb|1\n");
}

/* After the first output: the folder of results is lost, or what was recorded of `bundle` is
 * 'first'. */
static void disturb_results(void *bundle, const char *what, uint64_t done, uint64_t total) {
    (void)total;
    if (!pni_streq(what, "outputs written") || done != 1)
        return;
    if (!bundle) {
        FX_OK(pni_remove_tree(fx_path("p/.pinion/results"), err));
        fx_write("p/.pinion/results", "in the way");
        return;
    }
    FX_OK(pn_verify_record(fx_path("p/.pinion/results"), bundle, fx_bytes("first"), err));
}

T_CASE(a_result_that_cannot_be_written_is_a_warning) {
    pn_build_options options = PN_BUILD_OPTIONS_INIT;
    PNI_AUTO(pn_buf) text = PN_BUF_INIT;
    PNI_AUTO_PTR(pn_project)
    project = project_with("  - {view: low, uri: out/low}\n  - {view: top, uri: out/top}\n"
                           "results: {record: true}\n");
    options.progress = disturb_results;
    FX_OK(pn_project_build(project, &options, &text, err));
    T_EQ_UINT(output_count(&text), 2);
    expect_warning(&text, 0, "the result of 'top' is not recorded");
    expect_output("delta", "p/out/top", "a|2\nb|1\n");
}

T_CASE(of_two_outputs_of_a_view_the_first_is_recorded) {
    pn_build_options options = PN_BUILD_OPTIONS_INIT;
    PNI_AUTO(pn_buf) found = PN_BUF_INIT;
    PNI_AUTO_PTR(pn_project)
    project = project_with("  - {view: low, uri: out/low}\n  - {view: low, uri: out/again}\n"
                           "results: {record: true}\n");
    FX_OK(pn_project_check(project, NULL, err));
    PNI_AUTO_PTR(pn_bundle) low = pn_bundle_ref(pn_view_graph_bundle(project->graph, "low"));
    options.progress = disturb_results;
    options.progress_ctx = low;
    FX_OK(pn_project_build(project, &options, NULL, err));
    FX_OK(pn_verify_recorded(fx_path("p/.pinion/results"), low, &found, err));
    T_EQ_STR(pni_buf_text(&found), "first");
}

T_CASE(chosen_outputs_only) {
    const char *const chosen[] = {"low"};
    const char *const wrong[] = {"low", "high"};
    pn_build_options options = PN_BUILD_OPTIONS_INIT;
    PNI_AUTO_PTR(pn_project)
    project = project_with("  - {view: top, uri: out/top}\n  - {view: low, uri: out/low}\n");
    options.outputs = wrong;
    options.n_outputs = 2;
    FX_FAILS(pn_project_build(project, &options, NULL, err), PNI_E_PROJECT_OUTPUT, "'high'");
    options.outputs = chosen;
    options.n_outputs = 1;
    FX_OK(pn_project_build(project, &options, NULL, err));
    T_ASSERT(pni_path_exists(fx_path("p/out/low")) && !pni_path_exists(fx_path("p/out/top")));
    options.outputs = NULL;
    FX_FAILS(pn_project_build(project, &options, NULL, err), PNI_E_ARGUMENT, "outputs");
    FX_FAILS(pn_project_build(NULL, NULL, NULL, err), PNI_E_ARGUMENT, "project");
}

T_CASE(nothing_is_written_when_a_request_is_wrong) {
    PNI_AUTO_PTR(pn_project)
    project = project_with(
        "  - {view: low, uri: out/low}\n  - {view: top, uri: out/top, partition_by: [gone]}\n");
    FX_FAILS(pn_project_build(project, NULL, NULL, err), PNI_E_WRITE_REQUEST,
             "pinion.yaml:7: output 'top'");
    T_ASSERT(!pni_path_exists(fx_path("p/out")));
}

T_CASE(a_failure_leaves_what_was_written_and_building_again_completes_it) {
    PNI_AUTO_PTR(pn_project)
    project = project_with("  - {view: low, uri: out/low}\n  - {view: top, uri: file/top}\n");
    fx_write("p/file", "in the way");
    pn_error problem = PN_ERROR_INIT;
    T_ASSERT(pn_project_build(project, NULL, NULL, &problem) != PN_OK);
    T_ASSERT(problem.number && strstr(problem.message, "file/top"));
    expect_output("delta", "p/out/low", "a|2\nb|1\n");
    T_ASSERT(!pni_path_exists(fx_path("p/.pinion/tmp")));
    T_EQ_INT(unlink(fx_path("p/file")), 0);
    FX_OK(pn_project_build(project, NULL, NULL, err));
    expect_output("delta", "p/file/top", "a|2\nb|1\n");
}

T_CASE(two_builds_do_not_run_side_by_side) {
    PNI_AUTO_PTR(pn_project) project = project_with("  - {view: low, uri: out/low}\n");
    fx_mkdir("p/.pinion");
    int lock = open(fx_path("p/.pinion/build.lock"), O_RDWR | O_CREAT, 0600);
    T_EQ_INT(flock(lock, LOCK_EX | LOCK_NB), 0);
    FX_FAILS(pn_project_build(project, NULL, NULL, err), PNI_E_PROJECT_BUSY, fx_path("p"));
    close(lock);
    FX_OK(pn_project_build(project, NULL, NULL, err));
}

T_CASE(what_a_killed_build_left_is_swept) {
    PNI_AUTO_PTR(pn_project) project = project_with("  - {view: low, uri: out/low}\n");
    fx_write("p/.pinion/tmp/pinion-stage-dead/low.parquet", "rest");
    FX_OK(pn_project_build(project, NULL, NULL, err));
    T_ASSERT(!pni_path_exists(fx_path("p/.pinion/tmp")));
}

static void count_calls(void *ctx, const char *what, uint64_t done, uint64_t total) {
    (void)what;
    T_ASSERT(done >= 1 && done <= total);
    *(int *)ctx += 1;
}

T_CASE(progress_is_told_and_cancelling_is_heard) {
    int calls = 0;
    pn_build_options options = PN_BUILD_OPTIONS_INIT;
    PNI_AUTO_PTR(pn_cancel) cancel = pn_cancel_new();
    PNI_AUTO_PTR(pn_project)
    project = project_with("  - {view: low, uri: out/low}\n  - {view: top, uri: out/top}\n");
    options.progress = count_calls;
    options.progress_ctx = &calls;
    options.cancel = cancel;
    FX_OK(pn_project_build(project, &options, NULL, err));
    T_ASSERT(calls >= 3); /* one view staged, two outputs written */
    pn_cancel_fire(cancel);
    FX_FAILS(pn_project_build(project, &options, NULL, err), PNI_E_CANCELLED, NULL);
}

T_CASE(a_project_without_outputs_only_compiles) {
    PNI_AUTO_PTR(pn_project) project = project_with("  []\n");
    PNI_AUTO(pn_buf) text = PN_BUF_INIT;
    FX_OK(pn_project_build(project, NULL, &text, err));
    T_EQ_STR(pni_buf_text(&text), "{\"outputs\":[],\"views\":2,\"warnings\":[]}");
    FX_OK(pn_project_check(project, NULL, err));
    FX_FAILS(pn_project_check(NULL, NULL, err), PNI_E_ARGUMENT, "project");
}

static void expect_same_rows(const char *left, const char *right) {
    PNI_AUTO_PTR(pn_session) session = fx_session(NULL);
    fx_add_dataset(session, "l", "delta", fx_path(left));
    fx_add_dataset(session, "r", "delta", fx_path(right));
    fx_expect_rows(session, NULL,
                   "select count(*) from l join r on l.v = r.v and l.n = r.n where l.n > 0", "3\n");
}

/* random() tells runs apart: what is read, and what is written twice, is what was written. */
T_CASE(an_output_that_others_read_is_run_once) {
    fx_write("p/views/drawn.sql", "select k as v, random() as n from t group by k");
    fx_write("p/views/reader.sql", "select v, n from drawn");
    PNI_AUTO_PTR(pn_project)
    project =
        project_with("  - {view: drawn, uri: out/drawn}\n  - {view: reader, uri: out/reader}\n"
                     "  - {view: drawn, uri: out/again}\n");
    FX_OK(pn_project_build(project, NULL, NULL, err));
    expect_same_rows("p/out/drawn", "p/out/reader");
    expect_same_rows("p/out/drawn", "p/out/again");
}

T_CASE(an_ordered_output_that_others_read_keeps_its_order) {
    fx_write("p/views/sorted.sql", "select v, k as n from t order by k desc");
    fx_write("p/views/reader.sql", "select count(*) as c from sorted");
    PNI_AUTO_PTR(pn_project)
    project = project_with("  - {view: sorted, uri: out/sorted, format: csv}\n"
                           "  - {view: reader, uri: out/reader}\n");
    FX_OK(pn_project_build(project, NULL, NULL, err));
    PNI_AUTO(pn_buf) text = PN_BUF_INIT;
    FX_OK(pni_file_read(fx_path("p/out/sorted/part-00000.csv"), 1000, &text, err));
    T_EQ_STR(pni_buf_text(&text), "v,n\na,3\nb,2\na,1\n");
}
