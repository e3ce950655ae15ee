/* Projects written below the case's folder. */
#ifndef PN_TESTS_PROJECT_FIXTURE_H
#define PN_TESTS_PROJECT_FIXTURE_H

#include "project/project_priv.h"
#include "unit/exec/exec_fixture.h"

/* Opens the project in the folder "p", whose pinion.yaml becomes `yaml`. */
static inline pn_status fx_open(const char *yaml, pn_project **out, pn_error *problem) {
    fx_write("p/pinion.yaml", yaml);
    return pn_project_open(fx_path("p"), NULL, out, problem);
}

static inline pn_project *fx_project(const char *yaml) {
    pn_project *project = NULL;
    FX_OK(fx_open(yaml, &project, err));
    return project;
}

/* Expects that the project file is refused with `number`, at `line` (0 = any) and naming `text`. */
static inline void fx_refused(const char *yaml, int32_t number, size_t line, const char *text) {
    pn_project *project = NULL;
    char where[48] = "";
    pn_error err = PN_ERROR_INIT;
    pn_status status = fx_open(yaml, &project, &err);
    if (line)
        snprintf(where, sizeof where, "pinion.yaml:%zu: ", line);
    if (status == PN_OK || err.number != number || !strstr(err.message, where) ||
        !strstr(err.message, text) || !err.hint[0])
        T_FAIL("PN%d '%s', wanted PN%d with '%s' and '%s' for:\n%s", err.number, err.message,
               number, where, text, yaml);
}

#endif
