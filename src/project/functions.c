/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The functions of a project that are written in SQL: what they may be, and those that lie in
 * files, one CREATE FUNCTION each, whose name is the stem of the file. Files are taken in the order
 * of their calls, so a function may call one whose file comes later.
 */
#include "plan/plan.h"
#include "project/project_priv.h"

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>

/* ---- pinion.yaml ------------------------------------------------------------------------------
 */

static pn_status read_list(yaml_file *file, yaml_node_t *value, const char *what, json_t **out,
                           pn_error *err) {
    json_decref(*out);
    *out = json_array();
    return yaml_texts(file, value, what, *out, err);
}

static pn_status read_dir(void *ctx, yaml_file *file, yaml_node_t *value, pn_error *err) {
    return yaml_copy(file, value, "dir", &((project_sql *)ctx)->dir, err);
}

static pn_status read_primitives(void *ctx, yaml_file *file, yaml_node_t *value, pn_error *err) {
    return read_list(file, value, "primitives", &((project_sql *)ctx)->primitives, err);
}

static pn_status read_types(void *ctx, yaml_file *file, yaml_node_t *value, pn_error *err) {
    return read_list(file, value, "types", &((project_sql *)ctx)->types, err);
}

static pn_status read_languages(void *ctx, yaml_file *file, yaml_node_t *value, pn_error *err) {
    return read_list(file, value, "languages", &((project_sql *)ctx)->languages, err);
}

static pn_status read_volatility(void *ctx, yaml_file *file, yaml_node_t *value, pn_error *err) {
    static const char *const words[] = {"immutable", "stable", "volatile", NULL};
    int32_t word;
    PNI_TRY(yaml_word(file, value, "volatility", words, &word, err));
    ((project_sql *)ctx)->volatility = 1 + word;
    return PN_OK;
}

pn_status project_read_sql(void *ctx, yaml_file *file, yaml_node_t *value, pn_error *err) {
    static const yaml_key keys[] = {{"dir", read_dir},
                                    {"languages", read_languages},
                                    {"primitives", read_primitives},
                                    {"types", read_types},
                                    {"volatility", read_volatility}};
    return yaml_read_mapping(file, value, &YAML_KEYS("functions.sql", keys),
                             &((pn_project *)ctx)->sql, err);
}

void project_sql_dispose(project_sql *sql) {
    pni_free(sql->dir);
    json_decref(sql->primitives);
    json_decref(sql->types);
    json_decref(sql->languages);
}

/* ---- the session ------------------------------------------------------------------------------
 */

pn_status project_open_session(const pn_project *project, pn_session_options *options,
                               pn_session **out, pn_error *err) {
    const project_sql *sql = &project->sql;
    PNI_AUTO_PTR(pni_arena) arena = pni_arena_new();
    pn_function_policy policy = PN_FUNCTION_POLICY_INIT;
    policy.volatility = sql->volatility;
    policy.primitives = project_texts(arena, sql->primitives);
    policy.n_primitives = json_array_size(sql->primitives);
    policy.types = project_texts(arena, sql->types);
    policy.n_types = json_array_size(sql->types);
    policy.languages = project_texts(arena, sql->languages);
    policy.n_languages = json_array_size(sql->languages);
    options->functions = &policy;
    pn_status status = pn_session_open(options, out, err);
    options->functions = NULL;
    return status;
}

/* ---- files ------------------------------------------------------------------------------------
 */

static pn_status list_files(const char *folder, pni_map *names, pn_error *err) {
    DIR *dir = opendir(folder);
    pn_status status = PN_OK;
    if (!dir)
        return pni_fail_os(err, PNI_E_FILE_READ, errno, "folder '%s'", folder);
    while (status == PN_OK) {
        errno = 0;
        struct dirent *entry = readdir(dir);
        if (!entry && errno)
            status = pni_fail_os(err, PNI_E_FILE_READ, errno, "folder '%s'", folder);
        if (!entry)
            break;
        if (entry->d_name[0] != '.' && pni_ends_with(entry->d_name, ".sql"))
            pni_map_put(names, entry->d_name, names);
    }
    closedir(dir);
    return status;
}

/* The statement of one file, taken apart. */
static pn_status read_function(pn_session *session, const char *path, const char *stem,
                               json_t **out, pn_error *err) {
    PNI_AUTO(pn_buf) sql = PN_BUF_INIT;
    PNI_AUTO_PTR(pn_bundle) bundle = NULL;
    PNI_AUTO_PTR(json_t) request = NULL;
    PNI_TRY(pni_file_read(path, PNI_SQL_MAX_BYTES, &sql, err));
    if (!pni_utf8_valid((const char *)sql.data, sql.len) || strlen(pni_buf_text(&sql)) != sql.len)
        return pni_fail(err, PNI_E_PROJECT_VIEW_TEXT, "it is not UTF-8 text");
    /* What lies in the project is its owner's word, so it may make a function under every policy;
     * what is read stays bounded by the session's. */
    const pni_compile_request compile = {
        .sql = {sql.data, sql.len}, .policy = PN_SQL_POLICY_ADMIN, .statement = &request};
    {
        PNI_SESSION_GUARD(session);
        PNI_TRY(pni_plan_compile(session, &compile, &bundle, err));
    }
    if (!pni_streq(pni_json_text(request, "kind"), "create_function"))
        return pni_fail(err, PNI_E_PROJECT_FUNCTION, "it is no CREATE FUNCTION");
    if (!pni_streq(pni_json_text(request, "name"), stem))
        return pni_fail(err, PNI_E_PROJECT_FUNCTION, "it makes a function '%s'",
                        pni_json_text(request, "name"));
    *out = pni_take(request);
    return PN_OK;
}

/* In the order of their names, so that of two broken files always the same is named. */
static pn_status read_files(const char *folder, const char *dir, pn_session *session,
                            json_t *waiting, pn_error *err) {
    PNI_AUTO_PTR(pni_map) names = pni_map_new();
    PNI_TRY(list_files(folder, names, err));
    const char **sorted = pni_map_sorted_keys(names);
    pn_status status = PN_OK;
    for (size_t i = 0; status == PN_OK && i < pni_map_count(names); i++) {
        PNI_AUTO_PTR(pni_text) path = pni_path_join(folder, sorted[i]);
        PNI_AUTO_PTR(pni_text) stem = pni_strndup(sorted[i], strlen(sorted[i]) - strlen(".sql"));
        json_t *request = NULL;
        status = read_function(session, path, stem, &request, err);
        if (status == PN_OK)
            json_object_set_new(waiting, stem, request);
        else
            pni_error_context(err, "%s/%s", dir, sorted[i]);
    }
    pni_free(sorted);
    return status;
}

static bool calls_waiting(const json_t *request, const json_t *waiting) {
    const json_t *calls = json_object_get(json_object_get(request, "body"), "calls");
    size_t index;
    json_t *name;
    json_array_foreach((json_t *)(uintptr_t)calls, index, name) {
        if (json_object_get(waiting, json_string_value(name)))
            return true;
    }
    return json_object_get(waiting, pni_json_text(json_object_get(request, "body"), "name"));
}

static pn_status define(pn_session *session, const char *dir, const char *name,
                        const json_t *request, pn_error *err) {
    PNI_SESSION_GUARD(session);
    pn_status status = pni_session_create_function(session, request, err);
    if (status != PN_OK)
        pni_error_context(err, "%s/%s.sql", dir, name);
    return status;
}

/* One pass in the order of names defines all that call nothing that waits; when there is none such,
 * the first, whose error it is. */
static pn_status define_ready(pn_session *session, const char *dir, json_t *waiting,
                              pn_error *err) {
    const char *name;
    json_t *request;
    void *next;
    size_t before = json_object_size(waiting);
    json_object_foreach_safe(waiting, next, name, request) {
        if (calls_waiting(request, waiting))
            continue;
        PNI_TRY(define(session, dir, name, request, err));
        json_object_del(waiting, name);
    }
    if (json_object_size(waiting) < before)
        return PN_OK;
    name = json_object_iter_key(json_object_iter(waiting));
    PNI_TRY(define(session, dir, name, json_object_get(waiting, name), err));
    json_object_del(waiting, name);
    return PN_OK;
}

pn_status project_define_functions(const pn_project *project, pn_session *session, pn_error *err) {
    const char *dir = project->sql.dir ? project->sql.dir : "functions";
    PNI_AUTO_PTR(pni_text) folder = pni_path_join(project->dir, dir);
    PNI_AUTO_PTR(json_t) waiting = json_object(); /* in order of names: jansson keeps it */
    if (!project->sql.dir && !pni_path_is_dir(folder))
        return PN_OK;
    PNI_TRY(read_files(folder, dir, session, waiting, err));
    while (json_object_size(waiting))
        PNI_TRY(define_ready(session, dir, waiting, err));
    return PN_OK;
}
