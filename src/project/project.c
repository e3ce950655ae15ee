/* SPDX-License-Identifier: Apache-2.0 */
/* The project object: what the file and the views say, and the session over it, opened when it is
 * first needed. */
#include "pinion/udf.h"

#include "project/project_priv.h"

static void output_dispose(project_output *output) {
    pni_free(output->view);
    pni_free(output->uri);
    pni_free(output->format);
    for (size_t i = 0; i < output->partition_by.count; i++)
        pni_free(output->partition_by.items[i]);
    pni_vec_dispose(&output->partition_by);
    pni_free(output->options_json);
    pni_free(output->storage_options_json);
}

static void pack_dispose(project_pack *pack) {
    pni_free(pack->path);
    pni_free(pack->digest);
}

void pn_project_free(pn_project *project) {
    if (!project)
        return;
    PNI_AUTO_PTR(json_t) warnings = json_array();
    project_record_end(project, PN_OK, NULL, warnings); /* a caller that did not: nothing is lost */
    pn_view_graph_free(project->graph);
    pn_session_unref(project->session);
    pn_cancel_unref(project->cancel);
    pn_catalog_unref(project->catalog);
    for (size_t i = 0; i < project->outputs.count; i++)
        output_dispose(&project->outputs.items[i]);
    pni_vec_dispose(&project->outputs);
    for (size_t i = 0; i < project->packs.count; i++)
        pack_dispose(&project->packs.items[i]);
    pni_vec_dispose(&project->packs);
    for (size_t i = 0; i < project->libraries.count; i++)
        pack_dispose(&project->libraries.items[i]);
    pni_vec_dispose(&project->libraries);
    json_decref(project->required);
    json_decref(project->planners);
    project_sql_dispose(&project->sql);
    for (size_t i = 0; i < project->settings.count; i++) {
        pni_free((char *)(uintptr_t)project->settings.items[i].key);
        pni_free((char *)(uintptr_t)project->settings.items[i].value);
    }
    pni_vec_dispose(&project->settings);
    for (size_t i = 0; i < project->view_paths.count; i++)
        pni_free(project->view_paths.items[i]);
    pni_vec_dispose(&project->view_paths);
    pni_free(project->profile);
    pni_free(project->name);
    pni_free(project->dir);
    pni_free(project);
}

static pn_status check_outputs(const pn_project *project, pn_error *err) {
    for (size_t i = 0; i < project->outputs.count; i++) {
        const project_output *output = &project->outputs.items[i];
        if (!pn_view_graph_sql(project->graph, output->view))
            return pni_fail(err, PNI_E_PROJECT_OUTPUT,
                            "pinion.yaml:%zu: the output names '%s', which is no view",
                            output->line, output->view);
    }
    return PN_OK;
}

static pn_status check_options(const pn_project_options *options, pn_error *err) {
    if (options->n_settings && !options->settings)
        return pni_fail(err, PNI_E_ARGUMENT, "n_settings is %zu but settings is NULL",
                        options->n_settings);
    for (size_t i = 0; i < options->n_settings; i++)
        if (!options->settings[i].key || !options->settings[i].value)
            return pni_fail(err, PNI_E_SESSION_SETTING, "setting %zu has no key or no value", i);
    return PN_OK;
}

static void apply_options(pn_project *project, const pn_project_options *options) {
    if (options->profile) {
        pni_free(project->profile);
        project->profile = pni_strdup(options->profile);
    }
    for (size_t i = 0; i < options->n_settings; i++) {
        pn_setting setting = {pni_strdup(options->settings[i].key),
                              pni_strdup(options->settings[i].value)};
        pni_vec_push(&project->settings, setting);
    }
    project->target_partitions = options->target_partitions;
    project->cancel = pni_cancel_ref(options->cancel);
    if (options->sql_policy)
        project->sql_policy = options->sql_policy;
}

pn_status pn_project_open(const char *dir, const pn_project_options *theirs,
                          pn_project **project_out, pn_error *err) {
    pn_project_options options;
    if (!dir || !project_out)
        return pni_fail(err, PNI_E_ARGUMENT,
                        "pn_project_open: dir and project_out must not be NULL");
    PNI_TRY(pni_options_copy(&options, sizeof options, theirs, "project options", err));
    PNI_TRY(check_options(&options, err));
    PNI_AUTO_PTR(pn_project) project = pni_calloc(1, sizeof *project);
    project->dir = pni_path_absolute(dir);
    project->name = pni_strdup(pni_path_base(project->dir));
    project->catalog = pn_catalog_new();
    project->graph = pn_view_graph_new();
    project->records = true;
    project->required = json_array();
    project->planners = json_array();
    PNI_TRY(project_read_yaml(project, err));
    PNI_TRY(project_read_views(project, err));
    PNI_TRY(check_outputs(project, err));
    apply_options(project, &options);
    *project_out = pni_take(project);
    return PN_OK;
}

const char **project_texts(pni_arena *arena, const json_t *list) {
    if (!list)
        return NULL;
    const char **texts = pni_arena_alloc(arena, (json_array_size(list) + 1) * sizeof *texts);
    size_t index;
    json_t *text;
    json_array_foreach((json_t *)(uintptr_t)list, index, text) texts[index] =
        json_string_value(text);
    return texts;
}

/* They come before the packs: a pack takes no name that is there. Who names one in the project has
 * allowed it. */
static pn_status load_libraries(const pn_project *project, pn_session *session, pn_error *err) {
    for (size_t i = 0; i < project->libraries.count; i++) {
        const project_pack *library = &project->libraries.items[i];
        pn_status status = pn_session_load_foreign(session, library->path, library->digest, err);
        if (status != PN_OK) {
            pni_error_context(err, "pinion.yaml:%zu: functions.libraries", library->line);
            return status;
        }
    }
    return PN_OK;
}

static pn_status install(const pn_project *project, pn_session *session, pn_error *err) {
    PNI_AUTO_PTR(pni_arena) arena = pni_arena_new();
    pn_platform_options options = PN_PLATFORM_OPTIONS_INIT;
    size_t count = project->packs.count;
    pn_platform_pack *packs = pni_arena_alloc(arena, (count + 1) * sizeof *packs);
    for (size_t i = 0; i < count; i++)
        packs[i] = (pn_platform_pack){project->packs.items[i].path, project->packs.items[i].digest};
    options.flags = project->async_timeout_ms ? PN_PLATFORM_ASYNC : 0;
    options.packs = packs;
    options.n_packs = count;
    options.n_expr_planners = json_array_size(project->planners);
    if (options.n_expr_planners)
        options.expr_planners = project_texts(arena, project->planners);
    options.required = project_texts(arena, project->required);
    options.n_required = json_array_size(project->required);
    options.async_timeout_ms = project->async_timeout_ms;
    options.async_batch_rows = project->async_batch_rows;
    return pn_session_install(session, &options, NULL, err);
}

pn_status pn_project_session(pn_project *project, pn_session **session_out, pn_error *err) {
    if (!project || !session_out)
        return pni_fail(err, PNI_E_ARGUMENT,
                        "pn_project_session: project and session_out must not be NULL");
    if (!project->session) {
        pn_session_options options = PN_SESSION_OPTIONS_INIT;
        PNI_AUTO_PTR(pn_session) session = NULL;
        PNI_AUTO_PTR(pni_text) plans = pni_path_join(project->dir, ".pinion/cache/plans");
        options.profile = project->profile;
        options.plan_cache_dir = plans;
        options.files_dir = project->dir;
        options.settings = project->settings.items;
        options.n_settings = project->settings.count;
        options.catalog = project->catalog;
        options.target_partitions = project->target_partitions;
        options.cancel = project->cancel;
        options.sql_policy = project->sql_policy ? project->sql_policy : PN_SQL_POLICY_SERVICE;
        options.allow_ffi = project->libraries.count > 0;
        PNI_TRY(project_open_session(project, &options, &session, err));
        PNI_TRY(load_libraries(project, session, err));
        PNI_TRY(install(project, session, err));
        PNI_TRY(project_define_functions(project, session, err));
        project->session = pni_take(session);
        project_record_session(project);
    }
    *session_out = project->session;
    return PN_OK;
}

pn_view_graph *pn_project_views(pn_project *project) {
    return project ? project->graph : NULL;
}

pn_status pn_project_check(pn_project *project, pn_cancel *cancel, pn_error *err) {
    pn_session *session;
    PNI_TRY(pn_project_session(project, &session, err));
    return pn_view_graph_compile(project->graph, session, cancel, err);
}

static json_t *outputs_json(const pn_project *project) {
    static const char *const modes[] = {"error", "append", "overwrite", "ignore"};
    json_t *outputs = json_array();
    for (size_t i = 0; i < project->outputs.count; i++) {
        const project_output *output = &project->outputs.items[i];
        json_array_append_new(outputs, json_pack("{s:s, s:o, s:s, s:s}", "view", output->view,
                                                 "uri", pni_json_redacted(output->uri), "format",
                                                 output->format, "mode", modes[output->mode]));
    }
    return outputs;
}

static pn_status datasets_json(const pn_project *project, json_t *datasets, pn_error *err) {
    for (size_t i = 0; i < pn_catalog_count(project->catalog); i++) {
        PNI_AUTO(pn_buf) text = PN_BUF_INIT;
        PNI_AUTO_PTR(json_t) dataset = NULL;
        PNI_TRY(pn_catalog_describe(project->catalog, pn_catalog_name_at(project->catalog, i),
                                    &text, err));
        PNI_TRY(pni_json_parse(text.data, text.len, "dataset", &dataset, err));
        json_array_append(datasets, dataset);
    }
    return PN_OK;
}

pn_status pn_project_json(const pn_project *project, pn_buf *json_out, pn_error *err) {
    if (!project || !json_out)
        return pni_fail(err, PNI_E_ARGUMENT,
                        "pn_project_json: project and json_out must not be NULL");
    PNI_AUTO_PTR(json_t) datasets = json_array();
    PNI_AUTO_PTR(json_t) views = json_array();
    PNI_AUTO_PTR(json_t) settings = json_object();
    PNI_AUTO_PTR(json_t) outputs = outputs_json(project);
    PNI_TRY(datasets_json(project, datasets, err));
    for (size_t i = 0; i < project->view_paths.count; i++) {
        const char *path = project->view_paths.items[i];
        const char *base = pni_path_base(path);
        PNI_AUTO_PTR(pni_text) name = pni_strndup(base, strlen(base) - strlen(".sql"));
        json_array_append_new(views, json_pack("{s:s, s:s}", "name", name, "path", path));
    }
    for (size_t i = 0; i < project->settings.count; i++)
        json_object_set_new(settings, project->settings.items[i].key,
                            json_string(project->settings.items[i].value));
    PNI_AUTO_PTR(json_t)
    json =
        json_pack("{s:s, s:s, s:s, s:O, s:O, s:O, s:O}", "name", project->name, "dir", project->dir,
                  "profile", project->profile ? project->profile : "default", "settings", settings,
                  "datasets", datasets, "views", views, "outputs", outputs);
    return pni_json_canonical(json, json_out, err);
}
