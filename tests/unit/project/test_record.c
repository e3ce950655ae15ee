/* SPDX-License-Identifier: Apache-2.0 */
/* What a build leaves in the artifact store, and that recording changes no outcome. */
#include "pinion/store.h"

#include "project_fixture.h"

#include <sys/stat.h>
#include <unistd.h>

static const char yaml[] =
    "version: 1\nprofile: dev\ndatasets:\n  t: {format: csv, uri: t.csv}\n"
    "  gone: {format: delta, uri: gone, optional: true, schema: {k: int64}}\n"
    "outputs:\n  - {view: top, uri: out/top}\n";

static pn_project *project_of(const char *text) {
    fx_write("p/t.csv", "k,v\n1,a\n2,b\n3,a\n");
    fx_write("p/views/low.sql",
             "select v, count(*) as n from t where k not in (select k from gone) "
             "group by v");
    fx_write("p/views/top.sql", "select upper(v) as u, n from low");
    return fx_project(text);
}

/* Opens the store anew: a session pins what it has read. */
static void expect_recorded(const char *sql, const char *want) {
    pn_catalog *catalog = NULL;
    pn_session *session = NULL;
    pn_session_options options = PN_SESSION_OPTIONS_INIT;
    FX_OK(pn_store_catalog(fx_path("p"), &catalog, err));
    options.catalog = catalog;
    FX_OK(pn_session_open(&options, &session, err));
    fx_expect_rows(session, NULL, sql, want);
    pn_session_unref(session);
    pn_catalog_unref(catalog);
}

T_CASE(a_build_leaves_its_rows) {
    PNI_AUTO_PTR(pn_project) project = project_of(yaml);
    PNI_AUTO(pn_buf) text = PN_BUF_INIT;
    FX_OK(pn_project_build(project, NULL, &text, err));
    PNI_AUTO_PTR(json_t) report = fx_json(&text);
    T_EQ_UINT(json_array_size(json_object_get(report, "warnings")), 0);
    expect_recorded("select label, status, profile_name, error, duration_ms >= 0 from runs",
                    "build|ok|dev|NULL|true\n");
    expect_recorded("select view_name, referenced_tables, required_udfs is not null, "
                    "length(plan_fingerprint) from plans order by view_name",
                    "low|[\"gone\",\"t\"]|true|64\ntop|[\"low\"]|true|64\n");
    expect_recorded("select view_name, kind, status, row_count, format, mode, delta_version, "
                    "file_count from executions",
                    "top|write|ok|2|delta|overwrite|0|1\n");
    expect_recorded("select view_name, dataset, format, table_id from pins order by dataset",
                    "low|gone|delta|NULL\nlow|t|csv|NULL\n");
    expect_recorded("select output_column, input_table, input_column, kind from lineage "
                    "where view_name = 'top' and role = 'direct' order by 1",
                    "n|low|n|identity\nu|low|v|transform\n");
    expect_recorded("select severity, code, object from diagnostics",
                    "info|dataset_missing|gone\n");
    expect_recorded("select count(distinct r.run_id) from runs r join plans p on r.run_id = "
                    "p.run_id join executions e on e.plan_fingerprint = p.plan_fingerprint",
                    "1\n");
    expect_recorded("select count(*) from fallbacks", "0\n");
}

T_CASE(a_delta_input_is_told_with_its_version) {
    PNI_AUTO_PTR(pn_project) project = project_of(yaml);
    FX_OK(pn_project_build(project, NULL, NULL, err));
    fx_write("p/views/low.sql", "select u as v, n from d");
    PNI_AUTO_PTR(pn_project)
    second = fx_project("version: 1\ndatasets:\n  d: {format: delta, uri: out/top}\n"
                        "outputs:\n  - {view: top, uri: out/again}\n");
    FX_OK(pn_project_build(second, NULL, NULL, err));
    expect_recorded("select dataset, delta_version, table_id is not null, "
                    "delta_timestamp_ms is not null from pins where dataset = 'd'",
                    "d|0|true|true\n");
}

T_CASE(a_failed_build_is_recorded_too) {
    PNI_AUTO_PTR(pn_project) project = project_of(yaml);
    fx_write("p/out/top", "a file where a table should be");
    T_ASSERT(pn_project_build(project, NULL, NULL, NULL) != PN_OK); /* no story is asked for */
    expect_recorded("select status, error_number is not null, error is not null from runs",
                    "failed|true|true\n");
    expect_recorded("select view_name, status, row_count from executions", "top|failed|NULL\n");
}

T_CASE(a_build_that_does_not_compile_is_recorded) {
    PNI_AUTO_PTR(pn_project) project = project_of(yaml);
    FX_OK(pn_view_graph_add_sql(pn_project_views(project), "bad", "select nope from t", NULL, err));
    T_ASSERT(pn_project_build(project, NULL, NULL, NULL) != PN_OK);
    expect_recorded("select status, error_number from runs", "failed|PN2002\n");
}

T_CASE(recording_can_be_switched_off) {
    pn_build_options options = PN_BUILD_OPTIONS_INIT;
    PNI_AUTO_PTR(pn_project) project = project_of(yaml);
    options.flags = PN_BUILD_NO_RECORD;
    FX_OK(pn_project_build(project, &options, NULL, err));
    T_ASSERT(!pni_path_exists(fx_path("p/.pinion/artifacts")));
    PNI_AUTO(pn_buf) text = PN_BUF_INIT;
    pni_buf_printf(&text, "%sstore: {enabled: false}\n", yaml);
    PNI_AUTO_PTR(pn_project) silent = fx_project(pni_buf_text(&text));
    FX_OK(pn_project_build(silent, NULL, NULL, err));
    T_ASSERT(!pni_path_exists(fx_path("p/.pinion/artifacts")));
    fx_refused("version: 1\nstore: {enabled: maybe}\n", PNI_E_PROJECT_FILE, 2, "enabled");
    fx_refused("version: 1\nstore: {on: true}\n", PNI_E_PROJECT_FILE, 2, "'on'");
}

T_CASE(what_cannot_be_recorded_is_a_warning) {
    PNI_AUTO_PTR(pn_project) project = project_of(yaml);
    PNI_AUTO(pn_buf) text = PN_BUF_INIT;
    fx_write("p/.pinion/artifacts", "a file in the way");
    FX_OK(pn_project_build(project, NULL, &text, err));
    PNI_AUTO_PTR(json_t) report = fx_json(&text);
    const json_t *warning = json_array_get(json_object_get(report, "warnings"), 0);
    T_EQ_STR(pni_json_text(warning, "number"), "PN4030");
    T_ASSERT(strstr(pni_json_text(warning, "message"), "rows are not recorded"));
    T_ASSERT(*pni_json_text(warning, "hint"));
    T_EQ_STR(pni_json_text(json_array_get(json_object_get(report, "outputs"), 0), "rows"), "2");
}

T_CASE(a_caller_records_queries) {
    PNI_AUTO_PTR(pn_project) project = project_of(yaml);
    PNI_AUTO(pn_buf) warnings = PN_BUF_INIT;
    pn_session *session = NULL;
    struct ArrowArrayStream stream = {0};
    FX_OK(pn_project_record_start(project, "run", err));
    FX_OK(pn_project_record_start(project, "again", err)); /* goes on already */
    FX_OK(pn_project_session(project, &session, err));
    fx_expect_rows(session, NULL, "select count(*) from t", "3\n");
    PNI_AUTO_PTR(pn_bundle) all = fx_query_bundle(session, NULL, "select k from t");
    fx_run(session, all, NULL, &stream);
    stream.release(&stream); /* nobody takes the rows */
    PNI_AUTO_PTR(pn_bundle)
    bad = fx_query_bundle(session, NULL, "select 1 / (k - k) as x from t");
    fx_run(session, bad, NULL, &stream);
    struct ArrowArray batch = {0};
    T_ASSERT(stream.get_next(&stream, &batch) != 0);
    stream.release(&stream);
    FX_OK(pn_project_record_end(project, NULL, &warnings, err));
    T_EQ_STR(pni_buf_text(&warnings), "[]");
    fx_expect_rows(session, NULL, "select count(*) from t", "3\n"); /* is not recorded */
    expect_recorded("select label, status from runs", "run|ok\n");
    expect_recorded("select kind, status, row_count, error_number from executions "
                    "order by status",
                    "stream|failed|0|PN2003\nstream|ok|1|NULL\nstream|stopped|0|NULL\n");
}

T_CASE(what_differs_without_being_used_is_told) {
    static const char rows[] = "[{\"a\": 1}]";
    PNI_AUTO_PTR(pn_project) project = project_of(yaml);
    PNI_AUTO(pn_buf) warnings = PN_BUF_INIT;
    pn_session *session = NULL;
    struct ArrowArrayStream stream = {0};
    FX_OK(pn_project_session(project, &session, err));
    PNI_AUTO_PTR(pn_bundle) bundle = fx_query_bundle(session, NULL, "select k from t");
    FX_OK(pn_session_add_rows(session, "other", (pn_bytes){(const uint8_t *)rows, sizeof rows - 1},
                              NULL, err));
    FX_OK(pn_project_record_start(project, "run", err));
    fx_run(session, bundle, NULL, &stream);
    stream.release(&stream);
    FX_OK(pn_project_record_end(project, NULL, &warnings, err));
    expect_recorded("select code, object, payload like '%other%' from diagnostics",
                    "session_differs|tables|true\n");
}

T_CASE(a_recording_that_nobody_ends_is_kept) {
    pn_project *project = project_of(yaml);
    FX_OK(pn_project_record_start(project, "run", err));
    pn_project_free(project);
    expect_recorded("select label from runs", "run\n");
}
