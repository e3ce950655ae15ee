/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Staging: what a run needs before its own plan can be made. The session is compared with the
 * bundles and its engine session forked, under its lock; from there on the run has a `run` catalog
 * of its own, so that runs of one session meet nowhere. For the closure of the roots, upstream
 * first, each view is registered there. A view that is read once is expanded where it is read, so
 * that filters reach the tables. A view that is read more than once would be run once per reader,
 * and in a diamond once per path, which grows without bound; it is written once to Parquet in a
 * private folder, unless it only selects and renames columns of one table.
 */
#include "exec/exec.h"

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

struct pni_stage {
    pn_session *session;        /* whose functions the plans call */
    pni_engine_session *engine; /* the fork */
    pni_replay *replay;
    char *root;    /* where the folder is made */
    char *folder;  /* NULL until something is written there */
    pni_map *kept; /* name -> pni_engine_table: what lies in the folder */
};

static char *default_tmp(void) {
    const char *tmp = getenv("TMPDIR");
    return pni_strdup(tmp && *tmp ? tmp : "/tmp");
}

static pn_status make_folder(pni_stage *stage, pn_error *err) {
    const char *root = stage->root;
    if (stage->folder)
        return PN_OK;
    if (!pni_utf8_valid(root, strlen(root)))
        return pni_fail(err, PNI_E_FILE_WRITE, "the temporary folder '%s' is not UTF-8", root);
    PNI_TRY(pni_mkdirs(root, err));
    PNI_AUTO_PTR(pni_text) folder = pni_path_join(root, "pinion-stage-XXXXXX");
    if (!mkdtemp(folder))
        return pni_fail_os(err, PNI_E_FILE_WRITE, errno, "no private folder in '%s'", root);
    stage->folder = pni_take(folder);
    return PN_OK;
}

/* The bundles of a run, upstream first. Views are registered by name, so names must be unique. */
typedef struct staging {
    const pn_bundle **bundles;
    size_t count;
    pni_map *by_name; /* name -> 1 + index */
    size_t *readers;  /* how often each would run if it were expanded wherever it is read */
    bool *is_root;
} staging;

static void staging_dispose(staging *run) {
    pni_free(run->bundles);
    pni_map_free(run->by_name);
    pni_free(run->readers);
    pni_free(run->is_root);
}

static size_t *readers_of(const staging *run, const char *name) {
    size_t place = name ? (size_t)(uintptr_t)pni_map_get(run->by_name, name) : 0;
    return place ? &run->readers[place - 1] : NULL;
}

static pn_status name_bundles(staging *run, pn_error *err) {
    for (size_t b = 0; b < run->count; b++) {
        const char *name = run->bundles[b]->name;
        if (!name)
            continue;
        if (pni_map_has(run->by_name, name))
            return pni_fail(err, PNI_E_VIEW_NAME, "a run holds two different plans named '%s'",
                            name);
        pni_map_put(run->by_name, name, (void *)(uintptr_t)(b + 1));
    }
    return PN_OK;
}

/* Being a root is one more reader. */
static void count_readers(staging *run, const pn_bundle *const *roots, size_t n_roots) {
    for (size_t b = 0; b < run->count; b++)
        for (size_t i = 0; i < run->bundles[b]->n_inputs; i++)
            if (run->bundles[b]->inputs[i].view)
                *readers_of(run, run->bundles[b]->inputs[i].name) +=
                    pn_substrait_table_scans(run->bundles[b]->substrait, i);
    for (size_t r = 0; r < n_roots; r++) {
        size_t *readers = readers_of(run, roots[r]->name);
        if (readers) {
            *readers += 1;
            run->is_root[readers - run->readers] = true;
        }
    }
}

/* Parquet has no form for intervals, unions and run ends; Arrow's own format holds everything. */
static bool fits_parquet(const struct ArrowSchema *schema) {
    static const char *const others[] = {"ti", "+u", "+r"};
    for (size_t i = 0; i < sizeof others / sizeof *others; i++)
        if (pni_starts_with(schema->format, others[i]))
            return false;
    for (int64_t c = 0; c < schema->n_children; c++)
        if (!fits_parquet(schema->children[c]))
            return false;
    return !schema->dictionary || fits_parquet(schema->dictionary);
}

static pn_status write_shared(pni_stage *stage, const pn_bundle *view,
                              const pn_exec_options *options, pni_engine_table **out,
                              pn_error *err) {
    PNI_AUTO_PTR(pni_engine_plan) plan = NULL;
    PNI_AUTO_PTR(json_t) report = NULL;
    PNI_AUTO(pn_buf) name = PN_BUF_INIT;
    bool is_parquet = fits_parquet(&view->schema);
    const char *format = is_parquet ? "parquet" : "arrow";
    PNI_TRY(make_folder(stage, err));
    pni_buf_printf(&name, "%s.%s", view->name, format);
    PNI_AUTO_PTR(pni_text) path = pni_path_join(stage->folder, pni_buf_text(&name));
    PNI_AUTO_PTR(json_t)
    request = json_pack("{s:s, s:s, s:s, s:b, s:{}}", "format", format, "uri", path, "mode",
                        "error", "single_file", 1, "options");
    if (is_parquet)
        json_object_set_new(json_object_get(request, "options"), "compression", json_string("lz4"));
    PNI_TRY(pni_plan_open(stage->replay, view, &plan, err));
    PNI_TRY(pni_engine_plan_write(plan, request, options->cancel, &report, err));
    PNI_AUTO_PTR(json_t)
    spec = json_pack("{s:s, s:s, s:[s], s:{}, s:{}}", "format", format, "uri", path, "paths", path,
                     "options", "storage_options");
    return pni_engine_table_open(stage->engine, spec, &view->schema, options->cancel, out, err);
}

static pn_status stage_view(pni_stage *stage, const pn_bundle *view, bool is_shared,
                            const pn_exec_options *options, pn_error *err) {
    PNI_TRY(pni_cancel_check(options->cancel, err));
    if (!is_shared || pn_substrait_is_projection(view->substrait))
        return pni_plan_register_view(stage->replay, view, err);
    pni_engine_table *table = NULL;
    PNI_TRY(write_shared(stage, view, options, &table, err));
    pni_map_put(stage->kept, view->name, table);
    return pni_engine_register(stage->engine, PNI_SPACE_RUN, view->name, table, err);
}

/* A root that nobody else reads is only planned. */
static bool is_staged(const staging *run, size_t index) {
    return run->bundles[index]->name && !(run->is_root[index] && run->readers[index] < 2);
}

/* Everything the run stands on is compared before the first row of it is made. */
static pn_status fork_session(pni_stage *stage, const staging *run, pn_error *err) {
    pn_session *session = stage->session;
    PNI_SESSION_GUARD(session);
    for (size_t i = 0; i < run->count; i++) {
        const char *name = run->bundles[i]->name;
        PNI_TRY(pni_plan_check(session, run->bundles[i], err));
        if (is_staged(run, i) && pni_session_knows(session, name)) /* it would be hidden */
            return pni_fail(err, PNI_E_VIEW_NAME, "'%s' is both a view and a table", name);
    }
    PNI_TRY(pni_engine_session_fork(pni_session_engine(session), &stage->engine, err));
    stage->replay->engine = stage->engine;
    return PN_OK;
}

static pn_status stage_views(pni_stage *stage, const staging *run, const pn_exec_options *options,
                             pn_error *err) {
    for (size_t i = 0; i < run->count; i++) {
        const pn_bundle *view = run->bundles[i];
        if (!is_staged(run, i))
            continue;
        bool is_shared = run->readers[i] > 1 && !(options->flags & PN_EXEC_EXPAND_VIEWS);
        pn_status status = stage_view(stage, view, is_shared, options, err);
        if (status != PN_OK) {
            pni_error_context(err, "view '%s'", view->name);
            return status;
        }
        if (options->progress)
            options->progress(options->progress_ctx, "views staged", i + 1, run->count);
    }
    return PN_OK;
}

static pn_status stage_all(pni_stage *stage, const pn_bundle *const *roots, size_t n_roots,
                           const pn_exec_options *options, pn_error *err) {
    staging run = {.by_name = pni_map_new()};
    run.bundles = pni_bundle_closure(roots, n_roots, &run.count);
    run.readers = pni_calloc(run.count + 1, sizeof *run.readers);
    run.is_root = pni_calloc(run.count + 1, sizeof *run.is_root);
    pn_status status = name_bundles(&run, err);
    if (status == PN_OK) {
        count_readers(&run, roots, n_roots);
        status = fork_session(stage, &run, err);
    }
    if (status == PN_OK)
        status = stage_views(stage, &run, options, err);
    staging_dispose(&run);
    return status;
}

pn_status pni_stage_new(pn_session *session, const pn_bundle *const *roots, size_t n_roots,
                        const pn_exec_options *options, pni_stage **out, pn_error *err) {
    PNI_AUTO_PTR(pni_stage) stage = pni_calloc(1, sizeof *stage);
    stage->session = pni_session_ref(session);
    stage->root = options->tmp_dir ? pni_strdup(options->tmp_dir) : default_tmp();
    stage->kept = pni_map_new();
    stage->replay = pni_calloc(1, sizeof *stage->replay);
    *stage->replay = (pni_replay){
        .session = stage->session, .only = options->replay, .events = pni_events_new()};
    PNI_TRY(stage_all(stage, roots, n_roots, options, err));
    *out = pni_take(stage);
    return PN_OK;
}

pn_status pni_stage_plan(const pni_stage *stage, const pn_bundle *root, pni_engine_plan **out,
                         pn_error *err) {
    return pni_plan_open(stage->replay, root, out, err);
}

pn_status pni_stage_plan_kept(const pni_stage *stage, const pn_bundle *root, pni_engine_plan **out,
                              pn_error *err) {
    const pni_engine_table *table = root->name ? pni_map_get(stage->kept, root->name) : NULL;
    if (!table)
        return pni_stage_plan(stage, root, out, err);
    return pni_engine_plan_table(stage->engine, table, out, err);
}

pn_status pni_stage_folder(pni_stage *stage, const char **out, pn_error *err) {
    PNI_TRY(make_folder(stage, err));
    *out = stage->folder;
    return PN_OK;
}

pn_session *pni_stage_session(const pni_stage *stage) {
    return stage->session;
}

const pni_replay *pni_stage_replay(const pni_stage *stage) {
    return stage->replay;
}

void pni_stage_free(pni_stage *stage) {
    if (!stage)
        return;
    pni_engine_session_free(stage->engine);
    for (size_t i = 0; i < pni_map_count(stage->kept); i++)
        pni_engine_table_free(pni_map_value_at(stage->kept, i));
    pni_map_free(stage->kept);
    if (stage->replay)
        pni_events_free(stage->replay->events);
    pni_free(stage->replay);
    if (stage->folder && pni_remove_tree(stage->folder, NULL) != PN_OK)
        pni_logf("temporary folder '%s' is left", stage->folder);
    pni_free(stage->folder);
    pni_free(stage->root);
    pn_session_unref(stage->session);
    pni_free(stage);
}
