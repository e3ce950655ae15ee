/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Staging: what a run needs before its own plan can be made. For the closure of the roots, upstream
 * first, each view is registered in the `run` catalog. A view that is read once is expanded where
 * it is read, so that filters reach the tables. A view that is read more than once would be run
 * once per reader, and in a diamond once per path, which grows without bound; it is written once to
 * Parquet in a private folder, unless it only selects and renames columns of one table.
 */
#include "exec/exec.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

struct pni_stage {
    pn_session *session;
    char *folder; /* NULL until the first view is written */
    PNI_VEC(const char *) registered;
};

static char *default_tmp(void) {
    const char *tmp = getenv("TMPDIR");
    return pni_strdup(tmp && *tmp ? tmp : "/tmp");
}

static pn_status make_folder(pni_stage *stage, const pn_exec_options *options, pn_error *err) {
    if (stage->folder)
        return PN_OK;
    PNI_AUTO_PTR(pni_text) root = options->tmp_dir ? pni_strdup(options->tmp_dir) : default_tmp();
    PNI_TRY(pni_mkdirs(root, err));
    PNI_AUTO_PTR(pni_text) folder = pni_path_join(root, "pinion-stage-XXXXXX");
    if (!mkdtemp(folder))
        return pni_fail(err, PNI_E_FILE_WRITE, "no private folder in '%s'", root);
    stage->folder = pni_take(folder);
    return PN_OK;
}

/* How often each view would run if it were expanded wherever it is read; being a root is one more.
 */
static pni_map *count_readers(const pn_bundle *const *closure, size_t count,
                              const pn_bundle *const *roots, size_t n_roots) {
    pni_map *readers = pni_map_new();
    for (size_t b = 0; b < count; b++)
        for (size_t i = 0; i < closure[b]->n_inputs; i++)
            if (closure[b]->inputs[i].view) {
                const char *name = closure[b]->inputs[i].name;
                size_t scans = pn_substrait_table_scans(closure[b]->substrait, i);
                pni_map_put(readers, name, (char *)pni_map_get(readers, name) + scans);
            }
    for (size_t r = 0; r < n_roots; r++)
        if (roots[r]->name)
            pni_map_put(readers, roots[r]->name, (char *)pni_map_get(readers, roots[r]->name) + 1);
    return readers;
}

static pn_status write_shared(pni_stage *stage, const pn_bundle *view,
                              const pn_exec_options *options, pni_engine_table **out,
                              pn_error *err) {
    PNI_AUTO_PTR(pni_engine_plan) plan = NULL;
    PNI_AUTO_PTR(json_t) report = NULL;
    PNI_AUTO(pn_buf) name = PN_BUF_INIT;
    PNI_TRY(make_folder(stage, options, err));
    pni_buf_printf(&name, "%s.parquet", view->name);
    PNI_AUTO_PTR(pni_text) path = pni_path_join(stage->folder, pni_buf_text(&name));
    PNI_AUTO_PTR(json_t)
    request = json_pack("{s:s, s:s, s:s, s:b, s:{s:s}}", "format", "parquet", "uri", path, "mode",
                        "error", "single_file", 1, "options", "compression", "lz4");
    PNI_TRY(pni_plan_open(stage->session, view, &plan, err));
    PNI_TRY(pni_engine_plan_write(plan, request, options->cancel, &report, err));
    PNI_AUTO_PTR(json_t)
    spec = json_pack("{s:s, s:s, s:[s], s:{}, s:{}}", "format", "parquet", "uri", path, "paths",
                     path, "options", "storage_options");
    return pni_engine_table_open(pni_session_engine(stage->session), spec, &view->schema, out, err);
}

static pn_status stage_view(pni_stage *stage, const pn_bundle *view, bool is_shared,
                            const pn_exec_options *options, pn_error *err) {
    PNI_TRY(pni_cancel_check(options->cancel, err));
    pni_vec_push(&stage->registered, view->name);
    if (!is_shared || pn_substrait_is_projection(view->substrait))
        return pni_plan_register_view(stage->session, view, err);
    PNI_AUTO_PTR(pni_engine_table) table = NULL;
    PNI_TRY(write_shared(stage, view, options, &table, err));
    return pni_engine_register(pni_session_engine(stage->session), PNI_SPACE_RUN, view->name, table,
                               err);
}

static pn_status stage_all(pni_stage *stage, const pn_bundle *const *roots, size_t n_roots,
                           const pn_exec_options *options, pn_error *err) {
    size_t count;
    const pn_bundle **closure = pni_bundle_closure(roots, n_roots, &count);
    PNI_AUTO_PTR(pni_map) readers = count_readers(closure, count, roots, n_roots);
    pn_status status = PN_OK;
    for (size_t i = 0; status == PN_OK && i < count; i++)
        status = pni_plan_check(stage->session, closure[i], err);
    for (size_t i = 0; status == PN_OK && i < count; i++) {
        const pn_bundle *view = closure[i];
        size_t read = view->name ? (size_t)(uintptr_t)pni_map_get(readers, view->name) : 0;
        bool is_root = false;
        for (size_t r = 0; r < n_roots; r++)
            is_root = is_root || roots[r] == view;
        if (!view->name || (is_root && read < 2))
            continue;
        status = stage_view(stage, view, read > 1, options, err);
        if (status != PN_OK)
            pni_error_context(err, "view '%s'", view->name);
        if (options->progress)
            options->progress(options->progress_ctx, "views staged", i + 1, count);
    }
    pni_free(closure);
    return status;
}

pn_status pni_stage_new(pn_session *session, const pn_bundle *const *roots, size_t n_roots,
                        const pn_exec_options *options, pni_stage **out, pn_error *err) {
    PNI_AUTO_PTR(pni_stage) stage = pni_calloc(1, sizeof *stage);
    stage->session = pni_session_ref(session);
    PNI_TRY(stage_all(stage, roots, n_roots, options, err));
    *out = pni_take(stage);
    return PN_OK;
}

void pni_stage_free(pni_stage *stage) {
    if (!stage)
        return;
    pni_session_lock(stage->session);
    for (size_t i = 0; i < stage->registered.count; i++)
        if (pni_engine_deregister(pni_session_engine(stage->session), PNI_SPACE_RUN,
                                  stage->registered.items[i], NULL) != PN_OK)
            pni_logf("view '%s' was not registered", stage->registered.items[i]);
    pni_session_unlock(stage->session);
    pni_vec_dispose(&stage->registered);
    if (stage->folder && pni_remove_tree(stage->folder, NULL) != PN_OK)
        pni_logf("temporary folder '%s' is left", stage->folder);
    pni_free(stage->folder);
    pn_session_unref(stage->session);
    pni_free(stage);
}
