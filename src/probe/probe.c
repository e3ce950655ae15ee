/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Probing a pack. What one process cannot see of foreign code (a crash, a hang, memory that was
 * freed) another one can: each function is called in a child of its own, and the parent reports
 * how the child ended. The pack is never mapped into the parent.
 */
#define _GNU_SOURCE
#include "pinion/udf.h"

#include "base/record.h"
#include "probe/probe_priv.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define PROBE_TIMEOUT_MS 10000u
#define PROBE_ROWS 8192u
#define PROBE_MAX_ROWS 1000000u
#define PROBE_MAX_FUNCTIONS 10000u
#define UNKNOWN "(unknown)" /* no function is called so */

static pn_status fail_os(pn_error *err, const char *what) {
    pn_status status = pni_fail(err, PNI_E_UDF_PROBE, "the pack cannot be probed: %s: %s", what,
                                strerrordesc_np(errno));
    if (err)
        err->os_errno = errno;
    return status;
}

/* What the pack prints is not ours to print, and a crash is reported, not dumped. What ends
 * programs ends this one, whatever the parent does about it. */
static _Noreturn void run_child(const char *path, uint64_t index, uint32_t rows, probe_page *page) {
    struct rlimit none = {0, 0};
    int null = open("/dev/null", O_RDWR | O_CLOEXEC);
    signal(SIGINT, SIG_DFL);
    signal(SIGTERM, SIG_DFL);
    setrlimit(RLIMIT_CORE, &none);
    if (null >= 0) {
        dup2(null, STDIN_FILENO);
        dup2(null, STDOUT_FILENO);
        dup2(null, STDERR_FILENO);
    }
    pni_probe_function(path, index, rows, page);
    page->is_done = 1;
    _exit(0);
}

/* ---- waiting -----------------------------------------------------------------------------------
 *
 * The end of a process is seen by nothing that the process could close or hand on: a descriptor of
 * the process itself or, where the kernel has none, asking again and again.
 */

enum { SLICE_MS = 50, ASK_AGAIN_MS = 5 }; /* how soon a cancellation is seen */
enum { GRACE_MS = 1000 };                 /* to end in after being told to stop */

typedef enum probe_end { PROBE_ENDED, PROBE_LATE, PROBE_CANCELLED } probe_end;

/* True when the process has ended; it stays to be waited for. False after `ms` or a signal. */
static bool has_ended(pid_t child, int handle, int64_t ms) {
    struct pollfd wait = {.fd = handle, .events = POLLIN};
    siginfo_t info = {0};
    if (handle >= 0)
        return poll(&wait, 1, (int)ms) > 0;
    if (waitid(P_PID, (id_t)child, &info, WEXITED | WNOHANG | WNOWAIT) != 0)
        return errno != EINTR;
    if (info.si_pid != child)
        poll(NULL, 0, ms < ASK_AGAIN_MS ? (int)ms : ASK_AGAIN_MS);
    return info.si_pid == child;
}

/* A function may wait for as long as it is let: at the deadline it is told to stop, and is late
 * when it does not. */
static probe_end wait_end(pid_t child, const pn_probe_options *options, probe_page *shared) {
    int handle = (int)syscall(SYS_pidfd_open, child, 0);
    int64_t until = pni_now_ms() + options->timeout_ms;
    bool is_told = false;
    probe_end end = PROBE_ENDED;
    int64_t left = options->timeout_ms;
    while (!has_ended(child, handle, left < SLICE_MS ? left : SLICE_MS)) {
        left = until - pni_now_ms();
        if (pn_cancel_is_fired(options->cancel)) {
            end = PROBE_CANCELLED;
        } else if (left <= 0 && is_told) {
            end = PROBE_LATE;
        } else if (left <= 0) {
            shared->stop = 1;
            is_told = true;
            left = GRACE_MS;
            until = pni_now_ms() + left;
        }
        if (end != PROBE_ENDED)
            break;
    }
    if (handle >= 0)
        close(handle);
    return end;
}

/* ---- what the child left behind ----------------------------------------------------------------
 */

/* Whether it has an end. Words of the pack need not be UTF-8; a reader is told. */
static bool is_text(char *text, size_t size) {
    if (!memchr(text, 0, size))
        return false;
    if (!pni_utf8_valid(text, strlen(text)))
        snprintf(text, size, "(not UTF-8)");
    return true;
}

/* Whether everything is as the child writes it: a pack may have written over the page. */
static bool is_whole(probe_page *page) {
    bool whole = page->n_findings <= PROBE_MAX_FINDINGS && page->is_past_end <= 1 &&
                 page->has_failed <= 1 && page->is_done <= 1;
    const struct {
        char *text;
        size_t size;
    } texts[] = {{page->name, sizeof page->name},
                 {page->kind, sizeof page->kind},
                 {page->pack, sizeof page->pack},
                 {page->version, sizeof page->version},
                 {page->at, sizeof page->at},
                 {page->refusal, sizeof page->refusal},
                 {page->why.message, sizeof page->why.message},
                 {page->why.detail, sizeof page->why.detail},
                 {page->why.hint, sizeof page->why.hint}};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        whole = is_text(texts[i].text, texts[i].size) && whole;
    for (uint32_t i = 0; i < PROBE_MAX_FINDINGS; i++) {
        probe_finding *f = &page->findings[i];
        whole = is_text(f->what, sizeof f->what) && is_text(f->at, sizeof f->at) &&
                is_text(f->text, sizeof f->text) && whole;
    }
    return whole;
}

/* From here on everything on the page may be read and printed. */
void pni_probe_judge(probe_page *page, int state, bool timed_out, uint32_t timeout_ms) {
    if (!is_whole(page)) {
        *page = (probe_page){.name = UNKNOWN, .is_done = 1, .why = PN_ERROR_INIT};
        pni_probe_note(page, "report",
                       "the pack wrote over the report; nothing after it was tried");
    }
    if (timed_out)
        pni_probe_note(page, "timeout", "no answer within %u ms, and it did not stop when told to",
                       timeout_ms);
    else if (WIFSIGNALED(state))
        pni_probe_note(page, "crash", "the call ended with signal %d (%s)", WTERMSIG(state),
                       strsignal(WTERMSIG(state)));
    else if (!page->is_done)
        pni_probe_note(page, "exit", "the call ended the process with code %d", WEXITSTATUS(state));
}

/* `shared` is what both processes see, `page` what the child had left there when it ended: a
 * process that it started in turn may write on. */
static pn_status probe_index(const char *path, uint64_t index, const pn_probe_options *options,
                             probe_page *shared, probe_page *page, pn_error *err) {
    int state = 0;
    PNI_TRY(pni_cancel_check(options->cancel, err));
    *shared = (probe_page){.why = PN_ERROR_INIT};
    pid_t child = fork();
    if (child < 0)
        return fail_os(err, "no process");
    if (child == 0)
        run_child(path, index, options->rows, shared);
    probe_end end = wait_end(child, options, shared);
    if (end != PROBE_ENDED)
        kill(child, SIGKILL);
    while (waitpid(child, &state, 0) < 0 && errno == EINTR) {
    }
    PNI_TRY(pni_cancel_check(options->cancel, err));
    *page = *shared;
    pni_probe_judge(page, state, end == PROBE_LATE, options->timeout_ms);
    return PN_OK;
}

/* ---- the report -------------------------------------------------------------------------------
 */

static json_t *findings_of(const probe_page *page) {
    json_t *list = json_array();
    for (uint32_t i = 0; i < page->n_findings; i++) {
        const probe_finding *f = &page->findings[i];
        json_array_append_new(
            list, json_pack("{s:s, s:s, s:s}", "what", f->what, "at", f->at, "text", f->text));
    }
    return list;
}

static void put_function(json_t *report, const probe_page *page) {
    bool is_ok = page->n_findings == 0;
    /* One that never answered anything was not tried, which a reader should see. */
    json_t *entry = json_pack("{s:s, s:s, s:b, s:i, s:i, s:o}", "name",
                              page->name[0] ? page->name : "(loading)", "kind", page->kind, "ok",
                              is_ok, "calls", (int)page->calls, "refused", (int)page->refused,
                              "findings", findings_of(page));
    pni_assert(entry);
    if (page->stop)
        json_object_set_new(entry, "stopped", json_true());
    if (page->refusal[0])
        json_object_set_new(entry, "refusal", json_string(page->refusal));
    json_array_append_new(json_object_get(report, "functions"), entry);
    if (!is_ok)
        json_object_set_new(report, "ok", json_false());
}

static void put_failure(json_t *report, const probe_page *page) {
    json_t *error =
        json_pack("{s:i, s:s, s:s, s:s}", "number", page->why.number, "message", page->why.message,
                  "detail", page->why.detail, "hint", page->why.hint);
    pni_assert(error); /* the texts were looked at */
    json_object_set_new(report, "ok", json_false());
    json_object_set_new(report, "error", error);
}

static pn_status probe_all(const char *path, const pn_probe_options *options, probe_page *shared,
                           json_t *report, pn_error *err) {
    PNI_AUTO_PTR(probe_page) page = pni_calloc(1, sizeof *page);
    for (uint64_t index = 0; index < PROBE_MAX_FUNCTIONS; index++) {
        PNI_TRY(probe_index(path, index, options, shared, page, err));
        if (page->has_failed) {
            put_failure(report, page);
            return PN_OK;
        }
        if (page->pack[0]) {
            json_object_set_new(report, "pack", json_string(page->pack));
            json_object_set_new(report, "version", json_string(page->version));
        }
        if (page->is_past_end)
            return PN_OK;
        put_function(report, page);
        if (!page->name[0] || pni_streq(page->name, UNKNOWN)) /* it did not get past loading */
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
    probe_page *shared =
        mmap(NULL, sizeof *shared, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (shared == MAP_FAILED)
        return fail_os(err, "no shared memory");
    PNI_AUTO_PTR(json_t)
    report = json_pack("{s:b, s:s, s:[]}", "ok", 1, "digest", digest, "functions");
    pn_status status = probe_all(absolute, &options, shared, report, err);
    munmap(shared, sizeof *shared);
    PNI_TRY(status);
    return pni_json_canonical(report, json_out, err);
}
