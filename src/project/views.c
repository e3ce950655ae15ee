/* SPDX-License-Identifier: Apache-2.0 */
/* Finding views: every `*.sql` below `views/`, in bytewise order of relative path. Folders group
 * files; a view's name is the file's stem. */
#include "project/project_priv.h"

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>

#define VIEWS_MAX_DEPTH 32u

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
    for (struct dirent *entry; status == PN_OK && (entry = readdir(dir));) {
        if (entry->d_name[0] == '.')
            continue;
        PNI_AUTO_PTR(pni_text) child = pni_path_join(relative, entry->d_name);
        PNI_AUTO_PTR(pni_text) child_path = pni_path_join(project->dir, child);
        if (pni_path_is_dir(child_path))
            status = list_views(project, child, depth + 1, err);
        else if (pni_ends_with(entry->d_name, ".sql"))
            pni_vec_push(&project->view_paths, pni_strdup(child));
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
    return pn_view_graph_add_sql(project->graph, name, pni_buf_text(&sql), relative, err);
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
