/* A new project: builds at once, and takes nothing from what is there. */
#include "project_fixture.h"

static char *text_of(const char *name) {
    pn_buf text = PN_BUF_INIT;
    FX_OK(pni_file_read(fx_path(name), 1 << 20, &text, err));
    return pni_buf_steal(&text);
}

T_CASE(a_new_project_builds_at_once) {
    pn_project *project = NULL;
    PNI_AUTO_PTR(pn_session) session = fx_session(NULL);
    FX_OK(pn_project_init(fx_path("deep/shop"), NULL, err));
    FX_OK(pn_project_open(fx_path("deep/shop"), NULL, &project, err));
    T_EQ_STR(project->name, "shop");
    FX_OK(pn_project_build(project, NULL, NULL, err));
    pn_project_free(project);
    fx_add_dataset(session, "out", "delta", fx_path("deep/shop/out/revenue_by_customer"));
    fx_expect_rows(session, NULL, "select customer, orders, revenue from out order by customer",
                   "ada|2|42.75\ngrace|1|8.0\n");
}

T_CASE(any_name_survives) {
    static const char *const names[] = {
        "x", "it's", "a: b # c", "\"quoted\" \\ back", "two\nlines\ttab", "größe", "[a]", "true"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        char dir[32];
        pn_project *project = NULL;
        snprintf(dir, sizeof dir, "p%zu", i);
        FX_OK(pn_project_init(fx_path(dir), names[i], err));
        FX_OK(pn_project_open(fx_path(dir), NULL, &project, err));
        T_EQ_STR(project->name, names[i]);
        pn_project_free(project);
    }
    FX_FAILS(pn_project_init(fx_path("q"), "", err), PNI_E_ARGUMENT, "name");
    FX_FAILS(pn_project_init(fx_path("q"), "\xff", err), PNI_E_ARGUMENT, "name");
    T_ASSERT(!pni_path_exists(fx_path("q")));
}

T_CASE(a_folder_of_any_name_will_do) {
    pn_project *project = NULL;
    FX_OK(pn_project_init(fx_path("\xff"), NULL, err));
    pn_error problem =
        PN_ERROR_INIT; /* its datasets lie at a path that is no text: said, not guessed */
    T_EQ_INT(pn_project_open(fx_path("\xff"), NULL, &project, &problem), PN_INVALID);
    T_EQ_INT(problem.number, PNI_E_DATASET_OPTION);
}

T_CASE(what_is_there_is_kept) {
    fx_write("p/data/orders.csv", "mine");
    FX_OK(pn_project_init(fx_path("p"), NULL, err));
    PNI_AUTO_PTR(pni_text) csv = text_of("p/data/orders.csv");
    T_EQ_STR(csv, "mine");
    FX_FAILS(pn_project_init(fx_path("p"), NULL, err), PNI_E_PROJECT_EXISTS, "pinion.yaml");
    FX_FAILS(pn_project_init(NULL, NULL, err), PNI_E_ARGUMENT, "dir");
    fx_write("file", "");
    FX_FAILS(pn_project_init(fx_path("file"), NULL, err), PNI_E_FILE_WRITE, "file");
}
