/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Where the helpers are. An installed tree and a build tree have the same shape (bin, lib,
 * libexec/pinion, share/pinion), so they are looked for from where the library, or the program that
 * contains it, lies.
 */
#define _GNU_SOURCE
#include "extract/extract.h"

#include <dlfcn.h>
#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <stdlib.h>
#include <unistd.h>

#define PYTHON_WAIT_MS 30000
#define PYTHON_ANSWER_MAX 8192u

static const char python_question[] =
    "import os, sys; out = sys.stdout.buffer; "
    "out.write(b'%d.%d\\n' % sys.version_info[:2] + os.fsencode(sys.executable))";

/* From bin/, lib/, lib/<triplet>/ or the build folder itself. */
static bool try_beside(const char *file, const char *below, const char *name, char **path_out) {
    static const char *const steps[] = {"..", ".", "../.."};
    char real[PATH_MAX];
    if (file == NULL || realpath(file, real) == NULL) {
        return false;
    }
    PNI_AUTO_PTR(pni_text) dir = pni_path_dir(real);
    for (size_t i = 0; i < sizeof steps / sizeof steps[0]; i++) {
        PNI_AUTO(pn_buf) path = PN_BUF_INIT;
        pni_buf_printf(&path, "%s/%s/%s/%s", dir, steps[i], below, name);
        if (realpath(pni_buf_text(&path), real) != NULL) {
            *path_out = pni_strdup(real);
            return true;
        }
    }
    return false;
}

static bool try_variable(const char *variable, const char *name, char **path_out) {
    const char *dir = getenv(variable);
    if (dir == NULL || dir[0] == '\0') {
        return false;
    }
    PNI_AUTO_PTR(pni_text) joined = pni_path_join(dir, name);
    PNI_AUTO_PTR(pni_text) path = pni_path_absolute(joined);
    if (!pni_path_exists(path)) {
        return false;
    }
    *path_out = pni_take(path);
    return true;
}

static bool locate(const char *variable, const char *below, const char *name, char **path_out) {
    Dl_info info = {0};
    const bool known = dladdr((const void *)python_question, &info) != 0;
    return try_variable(variable, name, path_out) ||
           (known && try_beside(info.dli_fname, below, name, path_out)) ||
           try_beside("/proc/self/exe", below, name, path_out);
}

pn_status pni_locate_helper(const char *name, char **path_out, pn_error *err) {
    return locate("PINION_LIBEXEC", "libexec/pinion", name, path_out)
               ? PN_OK
               : pni_fail(err, PNI_E_CPG_PROGRAM, "extractor '%s' was not found", name);
}

pn_status pni_locate_data(const char *name, char **path_out, pn_error *err) {
    return locate("PINION_DATA", "share/pinion", name, path_out)
               ? PN_OK
               : pni_fail(err, PNI_E_CPG_PACK, "'%s' was not found", name);
}

/* The absolute path of a program, looked up in the PATH when it has no '/'. */
static char *find_program(const char *name) {
    if (strchr(name, '/') != NULL) {
        return access(name, X_OK) == 0 ? pni_path_absolute(name) : NULL;
    }
    const char *at = getenv("PATH");
    at = at != NULL ? at : "/usr/local/bin:/usr/bin:/bin";
    while (*at != '\0') {
        const size_t len = strcspn(at, ":");
        PNI_AUTO_PTR(pni_text) dir = len > 0 ? pni_strndup(at, len) : pni_strdup(".");
        PNI_AUTO_PTR(pni_text) path = pni_path_join(dir, name);
        if (access(path, X_OK) == 0 && !pni_path_is_dir(path)) {
            return pni_path_absolute(path);
        }
        at += at[len] == ':' ? len + 1 : len;
    }
    return NULL;
}

/* Everything it writes before it closes its output; a short text is expected. */
static void read_answer(const pni_process *process, pn_buf *out) {
    const int64_t until = pni_now_ms() + PYTHON_WAIT_MS;
    while (pni_now_ms() < until && out->len < PYTHON_ANSWER_MAX) {
        struct pollfd fd = {process->out_fd, POLLIN, 0};
        char block[1024];
        if (poll(&fd, 1, 1000) <= 0) {
            continue;
        }
        const ssize_t got = read(process->out_fd, block, sizeof block);
        if (got == 0 || (got < 0 && errno != EAGAIN && errno != EINTR)) {
            return;
        }
        pni_buf_append(out, block, got > 0 ? (size_t)got : 0);
    }
}

/* "3.11\n/usr/bin/python3.11" */
static pn_status check_answer(const char *program, const char *answer, char **path_out,
                              pn_error *err) {
    const char *newline = strchr(answer, '\n');
    if (newline == NULL || newline[1] != '/' || !pni_starts_with(answer, "3.")) {
        return pni_fail(err, PNI_E_CPG_START, "'%s' is not a working Python 3", program);
    }
    int64_t minor = 0;
    PNI_AUTO_PTR(pni_text) text = pni_strndup(answer + 2, (size_t)(newline - answer) - 2);
    if (!pni_parse_i64(text, &minor) || minor < 9) {
        return pni_fail(err, PNI_E_CPG_START, "'%s' is Python 3.%s; 3.9 or newer is needed",
                        program, text);
    }
    *path_out = pni_strdup(newline + 1);
    return PN_OK;
}

pn_status pni_locate_python(const char *wanted, const char *tmp_dir, char **path_out,
                            pn_error *err) {
    const char *variable = getenv("PINION_PYTHON");
    const char *name = wanted != NULL                            ? wanted
                       : variable != NULL && variable[0] != '\0' ? variable
                                                                 : "python3";
    PNI_AUTO_PTR(pni_text) path = find_program(name);
    if (path == NULL) {
        return pni_fail(err, PNI_E_CPG_PROGRAM, "Python interpreter '%s' was not found", name);
    }
    const char *const argv[] = {path, "-c", python_question, NULL};
    const pni_program program = {"python", argv, true};
    const pni_process_limits limits = {0};
    pni_process process = {0, -1, -1};
    PNI_TRY(pni_process_start(&program, tmp_dir, &limits, &process, err));
    PNI_AUTO(pn_buf) answer = PN_BUF_INIT;
    read_answer(&process, &answer);
    pni_process_kill(&process);
    return check_answer(path, pni_buf_text(&answer), path_out, err);
}
