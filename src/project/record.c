/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Recording of a project's runs: a recorder on its session, a writer that moves what it holds to
 * the artifact store, and one row about the run itself at the end. The outcome of the run is never
 * changed by it; what could not be recorded is a warning.
 */
#include "project/project_priv.h"
#include "store/store.h"

#include <time.h>

struct project_recording {
    char *label;
    pni_recorder *recorder;
    pni_store_writer *writer; /* NULL: it could not be started */
    int64_t start_unix_ms;
    struct timespec start;
};

pn_status pn_project_record_start(pn_project *project, const char *label, pn_error *err) {
    if (!project || !label || !*label)
        return pni_fail(err, PNI_E_ARGUMENT,
                        "pn_project_record_start: project and label must not be NULL");
    if (!project->records || project->recording)
        return PN_OK;
    project_recording *recording = pni_calloc(1, sizeof *recording);
    recording->label = pni_strdup(label);
    recording->recorder = pni_recorder_new(PNI_RECORDER_BYTES);
    recording->writer = pni_store_writer_start(project->dir, recording->recorder);
    recording->start_unix_ms = pni_now_unix_ms();
    clock_gettime(CLOCK_MONOTONIC, &recording->start);
    project->recording = recording;
    if (project->session)
        pni_session_record(project->session, recording->recorder);
    return PN_OK;
}

void project_record_session(pn_project *project) {
    if (project->recording && project->session)
        pni_session_record(project->session, project->recording->recorder);
}

static void record_run(const pn_project *project, const project_recording *recording,
                       pn_status status, const pn_error *outcome) {
    struct timespec now;
    char number[16];
    const pn_session *session = project->session;
    bool has_failed = status != PN_OK && outcome;
    clock_gettime(CLOCK_MONOTONIC, &now);
    int64_t ms = (int64_t)(now.tv_sec - recording->start.tv_sec) * 1000 +
                 (now.tv_nsec - recording->start.tv_nsec) / 1000000;
    PNI_RECORD(recording->recorder, PNI_RECORD_RUN, pni_field_text("label", recording->label),
               pni_field_text("profile_name", project->profile ? project->profile : "default"),
               pni_field_text("pinion_version", pn_version()),
               pni_field_int("start_time_unix_ms", recording->start_unix_ms),
               pni_field_int("duration_ms", ms),
               pni_field_text("status", status == PN_OK          ? "ok"
                                        : status == PN_CANCELLED ? "cancelled"
                                                                 : "failed"),
               pni_field_error("error_number", has_failed ? outcome->number : 0, number),
               pni_field_text("error", has_failed ? outcome->message : NULL),
               pni_field_json("settings", session ? pni_session_identity_settings(session) : NULL),
               pni_field_json("environment", session ? pni_session_environment(session) : NULL));
}

void project_warn(json_t *warnings, const pn_error *err) {
    char number[16];
    (void)pni_field_error("number", err->number, number);
    pni_logf("%s: %s", number, err->message);
    json_array_append_new(warnings,
                          json_pack("{s:s, s:s, s:s, s:s}", "number", number, "message",
                                    err->message, "detail", err->detail, "hint", err->hint));
}

static void warn_of(json_t *warnings, const project_recording *recording,
                    const pni_store_written *written) {
    pn_error err = PN_ERROR_INIT;
    if (!recording->writer)
        (void)pni_fail(&err, PNI_E_STORE_WRITE, "nothing is recorded: no thread could be started");
    else if (written->lost)
        (void)pni_fail(&err, PNI_E_STORE_WRITE, "%llu rows are not recorded: %s",
                       (unsigned long long)written->lost, written->error.message);
    if (err.number) {
        pni_error_detail(&err, "%s", written->error.detail);
        project_warn(warnings, &err);
    }
    if (recording->writer && written->dropped) {
        (void)pni_fail(&err, PNI_E_STORE_DROPPED, "%llu records found no room",
                       (unsigned long long)written->dropped);
        project_warn(warnings, &err);
    }
}

void project_record_end(pn_project *project, pn_status status, const pn_error *outcome,
                        json_t *warnings) {
    project_recording *recording = pni_take(project->recording);
    pni_store_written written = {.error = PN_ERROR_INIT};
    if (!recording)
        return;
    record_run(project, recording, status, outcome);
    if (project->session)
        pni_session_record(project->session, NULL);
    if (recording->writer)
        pni_store_writer_stop(recording->writer, &written);
    warn_of(warnings, recording, &written);
    pni_recorder_unref(recording->recorder);
    pni_free(recording->label);
    pni_free(recording);
}

pn_status pn_project_record_end(pn_project *project, const pn_error *outcome, pn_buf *warnings_out,
                                pn_error *err) {
    if (!project || !warnings_out)
        return pni_fail(err, PNI_E_ARGUMENT,
                        "pn_project_record_end: project and warnings_out must not be NULL");
    PNI_AUTO_PTR(json_t) warnings = json_array();
    project_record_end(project, outcome ? outcome->status : PN_OK, outcome, warnings);
    return pni_json_canonical(warnings, warnings_out, err);
}
