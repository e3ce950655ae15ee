/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Probing a pack. What one process cannot see of foreign code (a crash, a hang, memory that was
 * freed) another one can: each function is called in a child of its own, and the parent reports
 * how the child ended. The pack is never mapped into the parent.
 */
#define _GNU_SOURCE
#include "pinion/udf.h"

#include "probe/probe_priv.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#define PROBE_TIMEOUT_MS 10000u
#define PROBE_ROWS 8192u
#define PROBE_MAX_ROWS 1000000u
#define PROBE_MAX_FUNCTIONS 10000u

static pn_status fail_os(pn_error *err, const char *what) {
    pn_status status = pni_fail(err, PNI_E_UDF_PROBE, "the pack cannot be probed: %s: %s", what,
                                strerrordesc_np(errno));
    if (err)
        err->os_errno = errno;
    return status;
}

/* What the pack prints is not ours to print, and a crash is reported, not dumped. */
static _Noreturn void run_child(const char *path, uint64_t index, uint32_t rows, int held,
                                probe_page *page) {
    struct rlimit none = {0, 0};
    int null = open("/dev/null", O_RDWR | O_CLOEXEC);
    setrlimit(RLIMIT_CORE, &none);
    if (null >= 0) {
        dup2(null, STDIN_FILENO);
        dup2(null, STDOUT_FILENO);
        dup2(null, STDERR_FILENO);
    }
    (void)held; /* open until this process ends: the parent waits for that */
    pni_probe_function(path, index, rows, page);
    page->is_done = true;
    _exit(0);
}

/* Waits for the end of the pipe, which comes with the end of the child. */
static bool wait_end(int fd, uint32_t timeout_ms) {
    struct pollfd wait = {.fd = fd, .events = POLLIN};
    for (;;) {
        int ready = poll(&wait, 1, (int)timeout_ms);
        if (ready >= 0 || errno != EINTR)
            return ready != 0;
    }
}

static void judge(probe_page *page, int state, bool timed_out, uint32_t timeout_ms) {
    if (timed_out)
        pni_probe_note(page, "timeout", "no answer within %u ms", timeout_ms);
    else if (WIFSIGNALED(state))
        pni_probe_note(page, "crash", "the call ended with signal %d (%s)", WTERMSIG(state),
                       strsignal(WTERMSIG(state)));
    else if (!page->is_done)
        pni_probe_note(page, "exit", "the call ended the process with code %d", WEXITSTATUS(state));
}

static pn_status probe_index(const char *path, uint64_t index, const pn_probe_options *options,
                             probe_page *page, pn_error *err) {
    int fds[2];
    int state = 0;
    *page = (probe_page){.why = PN_ERROR_INIT};
    if (pipe2(fds, O_CLOEXEC) != 0)
        return fail_os(err, "no pipe");
    pid_t child = fork();
    if (child < 0) {
        pn_status status = fail_os(err, "no process");
        close(fds[0]);
        close(fds[1]);
        return status;
    }
    if (child == 0) {
        close(fds[0]);
        run_child(path, index, options->rows, fds[1], page);
    }
    close(fds[1]);
    bool timed_out = !wait_end(fds[0], options->timeout_ms);
    if (timed_out)
        kill(child, SIGKILL);
    close(fds[0]);
    while (waitpid(child, &state, 0) < 0 && errno == EINTR) {
    }
    judge(page, state, timed_out, options->timeout_ms);
    return PN_OK;
}

/* ---- the report -------------------------------------------------------------------------------
 */

static json_t *findings_of(const probe_page *page) {
    json_t *list = json_array();
    for (uint32_t i = 0; i < page->n_findings && i < PROBE_MAX_FINDINGS; i++) {
        const probe_finding *f = &page->findings[i];
        json_array_append_new(
            list, json_pack("{s:s, s:s, s:s}", "what", f->what, "at", f->at, "text", f->text));
    }
    return list;
}

/* A page that a crash left half-written may hold anything. */
static void make_texts(probe_page *page) {
    char *const texts[] = {page->name, page->kind, page->pack, page->version, page->refusal};
    const size_t sizes[] = {sizeof page->name, sizeof page->kind, sizeof page->pack,
                            sizeof page->version, sizeof page->refusal};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        texts[i][sizes[i] - 1] = '\0';
        if (!pni_utf8_valid(texts[i], strlen(texts[i])))
            texts[i][0] = '\0';
    }
    for (size_t i = 0; i < PROBE_MAX_FINDINGS; i++) {
        probe_finding *f = &page->findings[i];
        f->what[sizeof f->what - 1] = f->at[sizeof f->at - 1] = f->text[sizeof f->text - 1] = '\0';
        if (!pni_utf8_valid(f->what, strlen(f->what)) || !pni_utf8_valid(f->at, strlen(f->at)) ||
            !pni_utf8_valid(f->text, strlen(f->text)))
            snprintf(f->text, sizeof f->text, "the report was overwritten");
    }
}

static void put_function(json_t *report, probe_page *page) {
    make_texts(page);
    bool is_ok = page->n_findings == 0;
    /* One that never answered anything was not tried, which a reader should see. */
    json_t *entry = json_pack("{s:s, s:s, s:b, s:i, s:i, s:o}", "name",
                              page->name[0] ? page->name : "(loading)", "kind", page->kind, "ok",
                              is_ok, "calls", (int)page->calls, "refused", (int)page->refused,
                              "findings", findings_of(page));
    pni_assert(entry);
    if (page->refusal[0])
        json_object_set_new(entry, "refusal", json_string(page->refusal));
    json_array_append_new(json_object_get(report, "functions"), entry);
    if (!is_ok)
        json_object_set_new(report, "ok", json_false());
}

/* A detail may hold words of the pack. */
static json_t *text_of(const char *text) {
    return pni_utf8_valid(text, strlen(text)) ? json_string(text) : json_string("(not UTF-8)");
}

static void put_failure(json_t *report, const probe_page *page) {
    json_object_set_new(report, "ok", json_false());
    json_object_set_new(report, "error",
                        json_pack("{s:i, s:o, s:o, s:s}", "number", page->why.number, "message",
                                  text_of(page->why.message), "detail", text_of(page->why.detail),
                                  "hint", page->why.hint));
}

static pn_status probe_all(const char *path, const pn_probe_options *options, probe_page *page,
                           json_t *report, pn_error *err) {
    for (uint64_t index = 0; index < PROBE_MAX_FUNCTIONS; index++) {
        PNI_TRY(probe_index(path, index, options, page, err));
        if (page->has_failed) {
            put_failure(report, page);
            return PN_OK;
        }
        if (page->pack[0]) {
            make_texts(page);
            json_object_set_new(report, "pack", json_string(page->pack));
            json_object_set_new(report, "version", json_string(page->version));
        }
        if (page->is_past_end)
            return PN_OK;
        put_function(report, page);
        if (!page->name[0]) /* it did not get past loading */
            return PN_OK;
    }
    return PN_OK;
}

static pn_status read_options(const pn_probe_options *theirs, pn_probe_options *ours,
                              pn_error *err) {
    PNI_TRY(pni_options_copy(ours, sizeof *ours, theirs, "probe options", err));
    ours->timeout_ms = ours->timeout_ms ? ours->timeout_ms : PROBE_TIMEOUT_MS;
    ours->rows = ours->rows ? ours->rows : PROBE_ROWS;
    if (ours->timeout_ms > INT32_MAX || ours->rows > PROBE_MAX_ROWS)
        return pni_fail(err, PNI_E_ARGUMENT,
                        "pn_udf_probe: the timeout is at most %d ms, the rows at most %u",
                        INT32_MAX, PROBE_MAX_ROWS);
    return PN_OK;
}

pn_status pn_udf_probe(const char *path, const pn_probe_options *theirs, pn_buf *json_out,
                       pn_error *err) {
    pn_probe_options options;
    char digest[PNI_SHA256_HEX];
    if (!path || !json_out)
        return pni_fail(err, PNI_E_ARGUMENT, "pn_udf_probe: path and json_out must not be NULL");
    PNI_TRY(read_options(theirs, &options, err));
    PNI_AUTO_PTR(pni_text) absolute = pni_path_absolute(path);
    PNI_TRY(pni_sha256_file(absolute, digest, /* size_out= */ NULL, err));
    probe_page *page =
        mmap(NULL, sizeof *page, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (page == MAP_FAILED)
        return fail_os(err, "no shared memory");
    PNI_AUTO_PTR(json_t)
    report = json_pack("{s:b, s:s, s:[]}", "ok", 1, "digest", digest, "functions");
    pn_status status = probe_all(absolute, &options, page, report, err);
    munmap(page, sizeof *page);
    PNI_TRY(status);
    return pni_json_canonical(report, json_out, err);
}
