/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The build: scan, collect into spools, write each evidence table in one Delta commit, put the pack
 * beside them, build it as an ordinary project. Nothing is written to a table before every file has
 * been extracted, and what is left in the temporary folder is never read by another build, so an
 * interrupted one needs no recovery but a second run.
 */
#include "pinion/cpg.h"
#include "pinion/project.h"

#include "cpg/folder.h"
#include "engine/engine.h"
#include "extract/evidence.h"
#include "extract/extract.h"

#include <stdlib.h>
#include <unistd.h>

#define PACK "packs/python"
#define JOBS_MAX 256u
#define FILE_BYTES "33554432" /* a writer holds a file in memory until it is whole */
#define NESTED_ROWS "64"      /* files in a batch of nested rows, written or read */

typedef struct build_ctx {
    const pn_cpg_build_options *options;
    pni_folder *folder;
    json_t *report;
    int64_t started_ms; /* of the current step */
} build_ctx;

static void end_step(build_ctx *ctx, const char *step) {
    const int64_t now = pni_now_ms();
    json_object_set_new(json_object_get(ctx->report, "duration_ms"), step,
                        json_integer(now - ctx->started_ms));
    ctx->started_ms = now;
}

static void tell(const build_ctx *ctx, const char *what, uint64_t done, uint64_t total) {
    if (ctx->options->progress != NULL) {
        ctx->options->progress(ctx->options->progress_ctx, what, done, total);
    }
}

static pn_status check_options(const pn_cpg_build_options *options, pn_error *err) {
    if (options->repo == NULL || options->out == NULL) {
        return pni_fail(err, PNI_E_ARGUMENT, "options of a graph build: repo and out are needed");
    }
    if (options->incremental != 0) {
        return pni_fail(err, PNI_E_ARGUMENT, "options of a graph build: incremental must be 0");
    }
    if ((options->flags & ~(uint32_t)(PN_CPG_EVIDENCE_ONLY | PN_CPG_NO_RECORD)) != 0) {
        return pni_fail(err, PNI_E_ARGUMENT, "options of a graph build: unknown flag");
    }
    return PN_OK;
}

/* A project file in the sources would make them a project; one inside of them is fine. */
static pn_status check_apart(const pni_scan *scan, const char *out, pn_error *err) {
    PNI_AUTO_PTR(pni_text) folder = pni_path_absolute(out);
    return pni_streq(scan->root, folder)
               ? pni_fail(err, PNI_E_ARGUMENT, "output folder '%s' is the repository itself", out)
               : PN_OK;
}

/* ---- evidence ------------------------------------------------------------------------------ */

/* The commit names its content, so that the same evidence is the same input anywhere
 * (docs/decisions/0003). */
static pn_status write_plan(const build_ctx *ctx, const pni_engine_session *session,
                            pni_evidence which, const pni_spool *spool, json_t **report_out,
                            pn_error *err) {
    PNI_AUTO_PTR(pni_engine_table) table = NULL;
    PNI_AUTO_PTR(pni_engine_plan) plan = NULL;
    struct ArrowArrayStream rows = {0}; /* consumed by the engine, also when it fails */
    char content[PNI_SHA256_HEX];
    PNI_TRY(pni_spool_digest(spool, content, err));
    PNI_TRY(pni_spool_stream(spool, &rows, err));
    PNI_TRY(pni_engine_table_from_stream(session, &rows, true, &table, err));
    PNI_TRY(pni_engine_plan_table(session, table, &plan, err));
    PNI_AUTO(pn_buf) uri = PN_BUF_INIT;
    pni_buf_printf(&uri, "%s/evidence/%s", ctx->folder->path, pni_evidence_def_at(which)->name);
    PNI_AUTO_PTR(json_t) request = json_object();
    json_object_set_new(request, "format", json_string("delta"));
    json_object_set_new(request, "uri", json_string(pni_buf_text(&uri)));
    json_object_set_new(request, "mode", json_string("overwrite"));
    json_object_set_new(request, "schema_mode", json_string("overwrite"));
    json_object_set_new(request, "target_file_size", json_string(FILE_BYTES));
    if (pni_evidence_def_at(which)->prefix != NULL) {
        json_object_set_new(request, "row_group_rows", json_string(NESTED_ROWS));
    }
    json_object_set_new(request, "commit_metadata", json_pack("{s:s}", "pinion.content", content));
    return pni_engine_plan_write(plan, request, ctx->options->cancel, report_out, err);
}

static pn_status write_table(build_ctx *ctx, const pni_engine_session *session, pni_evidence which,
                             const pni_spool *spool, pn_error *err) {
    const char *name = pni_evidence_def_at(which)->name;
    PNI_AUTO_PTR(json_t) written = NULL;
    pn_status status = write_plan(ctx, session, which, spool, &written, err);
    if (status != PN_OK) {
        pni_error_context(err, "writing table '%s'", name);
        return status;
    }
    json_t *entry = json_object();
    json_object_set_new(entry, "table", json_string(name));
    json_object_set_new(entry, "rows", pni_json_i64(pni_spool_rows(spool)));
    json_object_set(entry, "version", json_object_get(written, "version"));
    json_array_append_new(json_object_get(ctx->report, "evidence"), entry);
    return PN_OK;
}

/*
 * A session to write one table with. One partition: more would deal the batches out, and the rows
 * would lie in another order in each build. Small batches where a row is a whole file: joined by
 * thousands, as rows usually are, their lists outgrow 32-bit offsets, and the memory. The same
 * holds for whoever reads the table: no batch is larger than a row group.
 */
static pn_status open_session(pni_evidence which, pni_engine_session **out, pn_error *err) {
    PNI_AUTO_PTR(json_t) settings = json_object();
    json_t *config = json_object();
    json_object_set_new(config, "datafusion.execution.target_partitions", json_string("1"));
    if (pni_evidence_def_at(which)->prefix != NULL) {
        json_object_set_new(config, "datafusion.execution.batch_size", json_string(NESTED_ROWS));
    }
    json_object_set_new(settings, "config", config);
    return pni_engine_session_new(settings, out, err);
}

static pn_status write_tables(build_ctx *ctx, pni_spool *const *spools, pn_error *err) {
    for (unsigned i = 0; i < PNI_EVIDENCE_COUNT; i++) {
        PNI_AUTO_PTR(pni_engine_session) session = NULL;
        tell(ctx, "tables", i, PNI_EVIDENCE_COUNT);
        PNI_TRY(pni_cancel_check(ctx->options->cancel, err));
        PNI_TRY(open_session((pni_evidence)i, &session, err));
        PNI_TRY(write_table(ctx, session, (pni_evidence)i, spools[i], err));
    }
    tell(ctx, "tables", PNI_EVIDENCE_COUNT, PNI_EVIDENCE_COUNT);
    return PN_OK;
}

static unsigned job_count(const pn_cpg_build_options *options) {
    const long processors = sysconf(_SC_NPROCESSORS_ONLN);
    const unsigned jobs = options->jobs > 0 ? options->jobs
                          : processors > 0  ? (unsigned)processors
                                            : 1;
    return jobs < JOBS_MAX ? jobs : JOBS_MAX;
}

static pn_status collect_and_write(build_ctx *ctx, pni_scan *scan, pni_spool **spools,
                                   pn_error *err) {
    const pn_cpg_build_options *o = ctx->options;
    const pni_cpg_collect_options options = {o->repo_name,   ctx->folder->tmp, o->python,
                                             job_count(o),   o->cancel,        o->progress,
                                             o->progress_ctx};
    json_t *tools = NULL;
    PNI_TRY(pni_cpg_collect(scan, &options, spools, &tools, err));
    json_object_set_new(ctx->report, "extractors", tools);
    end_step(ctx, "extract");
    PNI_TRY(write_tables(ctx, spools, err));
    end_step(ctx, "write");
    return PN_OK;
}

static void count_files(json_t *report, const pni_scan *scan) {
    size_t counts[PNI_FILE_STATUS_COUNT] = {0};
    for (size_t i = 0; i < scan->files.count; i++) {
        counts[scan->files.items[i].status]++;
    }
    json_t *files = json_object();
    json_object_set_new(files, "total", json_integer((json_int_t)scan->files.count));
    for (int i = 0; i < PNI_FILE_STATUS_COUNT; i++) {
        json_object_set_new(files, pni_file_status_text((pni_file_status)i),
                            json_integer((json_int_t)counts[i]));
    }
    json_object_set_new(report, "files", files);
}

static pn_status make_evidence(build_ctx *ctx, pni_scan *scan, pn_error *err) {
    pni_spool *spools[PNI_EVIDENCE_COUNT] = {NULL};
    const pn_status status = collect_and_write(ctx, scan, spools, err);
    for (size_t i = 0; i < PNI_EVIDENCE_COUNT; i++) {
        pni_spool_free(spools[i]);
    }
    count_files(ctx->report, scan);
    return status;
}

/* ---- graph --------------------------------------------------------------------------------- */

static pn_status build_views(build_ctx *ctx, pn_error *err) {
    pn_project *project = NULL;
    PNI_TRY(pn_project_open(ctx->folder->path, NULL, &project, err));
    pn_build_options options = PN_BUILD_OPTIONS_INIT;
    options.cancel = ctx->options->cancel;
    options.progress = ctx->options->progress;
    options.progress_ctx = ctx->options->progress_ctx;
    options.label = "cpg build";
    options.flags = (ctx->options->flags & PN_CPG_NO_RECORD) ? PN_BUILD_NO_RECORD : 0;
    PNI_AUTO(pn_buf) text = PN_BUF_INIT;
    pn_status status = pn_project_build(project, &options, &text, err);
    pn_project_free(project);
    json_t *report = NULL;
    status = status == PN_OK ? pni_json_parse(text.data, text.len, "build report", &report, err)
                             : status;
    if (status == PN_OK) {
        json_object_set_new(ctx->report, "project", report);
        end_step(ctx, "views");
    }
    return status;
}

static pn_status build(build_ctx *ctx, pni_scan *scan, pn_error *err) {
    PNI_AUTO_PTR(pni_text) pack = NULL;
    PNI_TRY(pni_locate_data(PACK, &pack, err));
    PNI_TRY(make_evidence(ctx, scan, err));
    PNI_TRY(pni_folder_put_pack(ctx->folder, pack, err));
    return (ctx->options->flags & PN_CPG_EVIDENCE_ONLY) != 0 ? PN_OK : build_views(ctx, err);
}

static json_t *new_report(const char *repo, const char *out) {
    json_t *report = json_object();
    json_object_set_new(report, "repo", json_string(repo));
    json_object_set_new(report, "out", json_string(out));
    json_object_set_new(report, "evidence", json_array());
    json_object_set_new(report, "project", json_null());
    json_object_set_new(report, "duration_ms", json_object());
    return report;
}

static void put_report(const json_t *report, pn_buf *out) {
    char *text = json_dumps(report, JSON_COMPACT);
    pni_assert(text != NULL);
    pni_buf_puts(out, text);
    free(text); /* checksrc: allow banned jansson's text comes from malloc */
}

pn_status pn_cpg_build(const pn_cpg_build_options *options, pn_buf *report_out, pn_error *err) {
    pn_cpg_build_options ours;
    PNI_TRY(pni_options_copy(&ours, sizeof ours, options, "pn_cpg_build_options", err));
    PNI_TRY(check_options(&ours, err));
    build_ctx ctx = {.options = &ours, .started_ms = pni_now_ms()};
    const pni_scan_options scan_options = {ours.repo, ours.patterns, ours.n_patterns, ours.cancel};
    PNI_AUTO_PTR(pni_scan) scan = NULL;
    PNI_TRY(pni_scan_new(&scan_options, &scan, err));
    PNI_TRY(check_apart(scan, ours.out, err));
    PNI_AUTO(pni_folder) folder = {.lock_fd = -1};
    PNI_TRY(pni_folder_open(ours.out, &folder, err));
    PNI_AUTO_PTR(json_t) report = new_report(ours.repo, folder.path);
    ctx.folder = &folder;
    ctx.report = report;
    end_step(&ctx, "scan");
    PNI_TRY(build(&ctx, scan, err));
    if (report_out != NULL) {
        put_report(report, report_out);
    }
    return PN_OK;
}
