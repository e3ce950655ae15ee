/* SPDX-License-Identifier: Apache-2.0 */
/* Finding views: every `*.sql` below `views/`, in bytewise order of relative path. Folders group
 * files; a view's name is the file's stem. */
#include "project/project_priv.h"

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <sys/stat.h>

#define VIEWS_MAX_DEPTH 32u

static pn_status list_views(pn_project *project, const char *relative, unsigned depth,
                            pn_error *err);

static pn_status list_entry(pn_project *project, const char *relative, unsigned depth,
                            pn_error *err) {
    struct stat st;
    PNI_AUTO_PTR(pni_text) path = pni_path_join(project->dir, relative);
    bool is_there = stat(path, &st) == 0;
    if (is_there && S_ISDIR(st.st_mode))
        return list_views(project, relative, depth + 1, err);
    if (!pni_ends_with(relative, ".sql"))
        return PN_OK;
    if (!is_there)
        return pni_fail_os(err, PNI_E_FILE_READ, errno, "view '%s'", relative);
    if (!S_ISREG(st.st_mode)) /* a pipe would hold the reader for ever */
        return pni_fail(err, PNI_E_PROJECT_VIEW_NAME, "'%s' is no file", relative);
    pni_vec_push(&project->view_paths, pni_strdup(relative));
    return PN_OK;
}

static pn_status list_views(pn_project *project, const char *relative, unsigned depth,
                            pn_error *err) {
    PNI_AUTO_PTR(pni_text) path = pni_path_join(project->dir, relative);
    if (depth > VIEWS_MAX_DEPTH)
        return pni_fail(err, PNI_E_VIEW_LIMIT, "folder '%s' lies deeper than %u levels", relative,
                        VIEWS_MAX_DEPTH);
    DIR *dir = opendir(path);
    if (!dir)
        return pni_fail_os(err, PNI_E_FILE_READ, errno, "folder '%s'", path);
    pn_status status = PN_OK;
    while (status == PN_OK) {
        errno = 0;
        struct dirent *entry = readdir(dir);
        if (!entry && errno) /* half the views would be another project */
            status = pni_fail_os(err, PNI_E_FILE_READ, errno, "folder '%s'", path);
        if (!entry)
            break;
        if (entry->d_name[0] == '.')
            continue;
        PNI_AUTO_PTR(pni_text) child = pni_path_join(relative, entry->d_name);
        status = list_entry(project, child, depth, err);
    }
    closedir(dir);
    return status;
}

static pn_status add_view(pn_project *project, const char *relative, pn_error *err) {
    const char *base = pni_path_base(relative);
    PNI_AUTO_PTR(pni_text) path = pni_path_join(project->dir, relative);
    PNI_AUTO_PTR(pni_text) name = pni_strndup(base, strlen(base) - strlen(".sql"));
    PNI_AUTO(pn_buf) sql = PN_BUF_INIT;
    if (pni_name_check("view", name, NULL) != PN_OK)
        return pni_fail(err, PNI_E_PROJECT_VIEW_NAME, "'%s': '%s' is no valid view name", relative,
                        name);
    PNI_TRY(pni_file_read(path, PNI_SQL_MAX_BYTES, &sql, err));
    if (!pni_utf8_valid((const char *)sql.data, sql.len) || strlen(pni_buf_text(&sql)) != sql.len)
        return pni_fail(err, PNI_E_PROJECT_VIEW_TEXT, "'%s' is not UTF-8 text", relative);
    const char *text = pni_buf_text(&sql);
    if (pni_starts_with(text, "\xEF\xBB\xBF")) /* some editors put a byte order mark first */
        text += strlen("\xEF\xBB\xBF");
    pn_status status = pn_view_graph_add_sql(project->graph, name, text, relative, err);
    if (status != PN_OK)
        pni_error_context(err, "'%s'", relative);
    return status;
}

pn_status project_read_views(pn_project *project, pn_error *err) {
    PNI_AUTO_PTR(pni_text) folder = pni_path_join(project->dir, "views");
    if (!pni_path_is_dir(folder))
        return PN_OK;
    PNI_TRY(list_views(project, "views", 0, err));
    if (project->view_paths.count)
        qsort(project->view_paths.items, project->view_paths.count, sizeof(char *), pni_cmp_text);
    for (size_t i = 0; i < project->view_paths.count; i++)
        PNI_TRY(add_view(project, project->view_paths.items[i], err));
    return PN_OK;
}
