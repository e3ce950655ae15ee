/* SPDX-License-Identifier: Apache-2.0 */
/* pinion doctor: is everything there that pinion needs? One line per finding; a failure is exit
 * code 1. */
#define _GNU_SOURCE
#include "pinion/engine.h"

#include "cli/doctor.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const cli_option options[] = {{0}};

static const char *const states[] = {"ok", "warn", "fail"};

void doctor_say(doctor *d, int state, const char *check, const char *format, ...) {
    char *text = NULL;
    va_list args;
    va_start(args, format);
    int len = vasprintf(&text, format, args);
    va_end(args);
    d->worst = state > d->worst ? state : d->worst;
    json_array_append_new(d->findings, json_pack("{s:s, s:s, s:s}", "check", check, "state",
                                                 states[state], "text", len < 0 ? "" : text));
    free(text);
}

void doctor_hint(doctor *d, const char *hint) {
    json_t *last = json_array_get(d->findings, json_array_size(d->findings) - 1);
    json_object_set_new(last, "hint", json_string(hint));
}

static void say_error(doctor *d, const char *check, const pn_error *err) {
    doctor_say(d, DOCTOR_FAIL, check, "%s [PN%04d]", err->message, err->number);
    doctor_hint(d, err->hint);
}

/* The file that the loader took, which is what matters when two are installed. */
static void find_engine_file(char *out, size_t cap) {
    FILE *maps = fopen("/proc/self/maps", "re");
    char line[4096];
    out[0] = '\0';
    while (maps && !*out && fgets(line, sizeof line, maps)) {
        const char *path = strchr(line, '/');
        if (path && strstr(path, "pinion_engine")) {
            snprintf(out, cap, "%.*s", (int)strcspn(path, "\n"), path);
        }
    }
    if (maps) {
        fclose(maps);
    }
}

static void check_engine(doctor *d) {
    pn_error err = PN_ERROR_INIT;
    CLI_AUTO_BUF text = PN_BUF_INIT;
    CLI_AUTO_JSON info = NULL;
    char file[1024];
    doctor_say(d, DOCTOR_OK, "pinion", "%s", pn_version());
    if (pn_engine_info(&text, &err) != PN_OK || cli_parse(&text, &info, &err) != PN_OK) {
        say_error(d, "engine", &err);
        return;
    }
    find_engine_file(file, sizeof file);
    doctor_say(d, DOCTOR_OK, "engine", "datafusion %s, deltalake %s, arrow %s, profile %s",
               cli_text_of(info, "datafusion"), cli_text_of(info, "deltalake"),
               cli_text_of(info, "arrow"), cli_text_of(info, "profile"));
    if (*file) {
        doctor_say(d, DOCTOR_OK, "library", "%s", file);
    }
}

static void check_query(doctor *d) {
    pn_error err = PN_ERROR_INIT;
    pn_session *session = NULL;
    CLI_AUTO_BUNDLE bundle = NULL;
    pn_plan_source source = PN_PLAN_SOURCE_INIT;
    source.sql = "select 1";
    if (pn_session_open(NULL, &session, &err) == PN_OK &&
        pn_exec_compile(session, NULL, &source, &bundle, &err) == PN_OK) {
        doctor_say(d, DOCTOR_OK, "query", "select 1 compiles to %.12s",
                   pn_bundle_fingerprint(bundle));
    } else {
        say_error(d, "query", &err);
    }
    pn_session_unref(session);
}

static void say_store(doctor *d, const json_t *store) {
    const char *endpoint = cli_text_of(store, "endpoint");
    if (json_is_true(json_object_get(store, "ok"))) {
        doctor_say(d, DOCTOR_OK, "store", "%s%s%s answers", cli_text_of(store, "store"),
                   *endpoint ? " at " : "", endpoint);
        return;
    }
    doctor_say(d, DOCTOR_FAIL, "store", "%s [PN%04d]", cli_text_of(store, "error"),
               (int)json_integer_value(json_object_get(store, "number")));
    doctor_hint(d, cli_text_of(store, "hint"));
}

static void check_stores(doctor *d, pn_project *project) {
    pn_error err = PN_ERROR_INIT;
    CLI_AUTO_BUF text = PN_BUF_INIT;
    CLI_AUTO_JSON stores = NULL;
    size_t i;
    json_t *store;
    if (pn_project_stores(project, &text, &err) != PN_OK ||
        cli_parse(&text, &stores, &err) != PN_OK) {
        say_error(d, "store", &err);
    }
    json_array_foreach(stores, i, store) {
        say_store(d, store);
    }
}

static void check_project(doctor *d) {
    pn_error err = PN_ERROR_INIT;
    cli_workspace workspace = {0};
    if (access("pinion.yaml", F_OK) != 0) {
        doctor_say(d, DOCTOR_OK, "project", "no pinion.yaml in this folder");
        return;
    }
    if (cli_open_checked(d->cli, &workspace, &err) == PN_OK) {
        doctor_say(d, DOCTOR_OK, "project", "%zu views compile",
                   pn_view_graph_count(workspace.graph));
    } else {
        say_error(d, "project", &err);
    }
    if (workspace.session) { /* else the stores would fail by the same cause again */
        check_stores(d, workspace.project);
    }
    cli_close_workspace(&workspace);
}

static void print_findings(const doctor *d) {
    size_t i;
    json_t *finding;
    json_array_foreach(d->findings, i, finding) {
        const char *hint = cli_text_of(finding, "hint");
        printf("%-4s  %-10s  %s\n", cli_text_of(finding, "state"), cli_text_of(finding, "check"),
               cli_text_of(finding, "text"));
        if (*hint) {
            printf("                  hint: %s\n", hint);
        }
    }
}

static pn_status run(cli_app *cli, pn_error *err) {
    CLI_AUTO_JSON findings = json_array();
    doctor d = {.cli = cli, .findings = findings};
    check_engine(&d);
    doctor_cache(&d);
    doctor_helpers(&d);
    doctor_python(&d);
    doctor_leftovers(&d);
    check_query(&d);
    check_project(&d);
    cli->exit_code = d.worst == DOCTOR_FAIL;
    if (cli->json) {
        CLI_AUTO_JSON document =
            json_pack("{s:s, s:O}", "state", states[d.worst], "findings", findings);
        return cli_print_json(cli, document, err);
    }
    print_findings(&d);
    return PN_OK;
}

const cli_verb cli_verb_doctor = {
    .name = "doctor",
    .operands = "",
    .summary = "check the installation and the project",
    .about = "Prints one line per finding: ok, warn or fail. Looks at the engine, the cache, the\n"
             "extractors and their Python, what killed runs left behind, and the project here\n"
             "with the object stores that it names.\n",
    .options = options,
    .examples = "doctor\n-C shop doctor --json\n",
    .exits = "a finding says fail",
    .run = run,
};
