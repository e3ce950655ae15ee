/* Finding views: which files, in what order, under what name. */
#include "project_fixture.h"

#include <sys/stat.h>
#include <unistd.h>

static pn_status open_views(pn_project **out, pn_error *err) {
    return fx_open("version: 1\n", out, err);
}

static void expect_views(const char *want) {
    pn_project *project = NULL;
    PNI_AUTO(pn_buf) got = PN_BUF_INIT;
    FX_OK(open_views(&project, err));
    for (size_t i = 0; i < project->view_paths.count; i++)
        pni_buf_printf(&got, "%s\n", project->view_paths.items[i]);
    T_EQ_UINT(pn_view_graph_count(pn_project_views(project)), project->view_paths.count);
    T_EQ_STR(pni_buf_text(&got), want);
    pn_project_free(project);
}

static void refused(int32_t number, const char *text) {
    pn_project *project = NULL;
    FX_FAILS(open_views(&project, err), number, text);
}

T_CASE(sql_files_are_views_in_order_of_their_path) {
    expect_views(""); /* no folder is no view */
    fx_write("p/views/b.sql", "select 1 as k");
    fx_write("p/views/a/c.sql", "select 1 as k");
    fx_write("p/views/a-x/d.sql", "select 1 as k");
    fx_write("p/views/.hidden.sql", "no view");
    fx_write("p/views/.git/e.sql", "no view");
    fx_write("p/views/notes.md", "no view");
    fx_write("p/views/old.sql.bak", "no view");
    expect_views("views/a-x/d.sql\nviews/a/c.sql\nviews/b.sql\n");
}

T_CASE(a_name_that_is_none_is_refused) {
    fx_write("p/views/Big.sql", "select 1");
    refused(PNI_E_PROJECT_VIEW_NAME, "views/Big.sql");
}

T_CASE(two_files_of_one_stem_are_named) {
    fx_write("p/views/a/x.sql", "select 1");
    fx_write("p/views/b/x.sql", "select 1");
    refused(PNI_E_VIEW_NAME, "views/b/x.sql");
}

T_CASE(what_is_no_text_is_refused) {
    fx_write("p/views/x.sql", "select '\xff'");
    refused(PNI_E_PROJECT_VIEW_TEXT, "views/x.sql");
    fx_write_bytes("p/views/x.sql", "select 1\0 from nowhere", 22);
    refused(PNI_E_PROJECT_VIEW_TEXT, "views/x.sql");
}

T_CASE(a_byte_order_mark_is_no_sql) {
    pn_project *project = NULL;
    fx_write("p/views/x.sql", "\xEF\xBB\xBFselect 1 as k");
    FX_OK(open_views(&project, err));
    T_EQ_STR(pn_view_graph_sql(pn_project_views(project), "x"), "select 1 as k");
    pn_project_free(project);
}

T_CASE(links_are_followed_and_circles_end) {
    fx_write("elsewhere/x.sql", "select 1 as k");
    fx_mkdir("p/views");
    T_EQ_INT(symlink(fx_path("elsewhere/x.sql"), fx_path("p/views/y.sql")), 0);
    expect_views("views/y.sql\n");
    T_EQ_INT(symlink(fx_path("p/views"), fx_path("p/views/again")), 0);
    refused(PNI_E_VIEW_LIMIT, "views/again");
}

T_CASE(what_is_no_file_is_refused) {
    fx_mkdir("p/views");
    T_EQ_INT(symlink(fx_path("gone"), fx_path("p/views/x.sql")), 0);
    refused(PNI_E_FILE_READ, "views/x.sql");
    T_EQ_INT(unlink(fx_path("p/views/x.sql")), 0);
    T_EQ_INT(mkfifo(fx_path("p/views/x.sql"), 0600), 0);
    refused(PNI_E_PROJECT_VIEW_NAME, "views/x.sql");
}
