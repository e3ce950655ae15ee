/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A helper process: posix_spawn (no fork: the engine's threads run), a process group of its own so
 * that whatever it starts dies with it, a folder of its own, no descriptor of ours, an environment
 * that we write, and limits set before its first request. Input is a socket, so that writing to a
 * dead program is an answer and not SIGPIPE.
 */
#define _GNU_SOURCE
#include "extract/extract.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

/* The same on every machine, but for where the loader finds the interpreter's own libraries. */
static const char *const fixed_env[] = {"LC_ALL=C.UTF-8", "TZ=UTC", "PYTHONHASHSEED=0",
                                        "PYTHONDONTWRITEBYTECODE=1"};
#define N_FIXED_ENV (sizeof fixed_env / sizeof fixed_env[0])

static void close_fd(int *fd) {
    if (*fd >= 0) {
        close(*fd);
    }
    *fd = -1;
}

/* pair[0] = ours, pair[1] = the child's. */
static bool make_channels(int in_pair[2], int out_pair[2]) {
    in_pair[0] = in_pair[1] = out_pair[0] = out_pair[1] = -1;
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, in_pair) != 0) {
        return false;
    }
    int ends[2];
    if (pipe2(ends, O_CLOEXEC) != 0) {
        return false;
    }
    out_pair[0] = ends[0];
    out_pair[1] = ends[1];
    (void)fcntl(out_pair[0], F_SETPIPE_SZ, 1 << 20);
    return fcntl(in_pair[0], F_SETFL, O_NONBLOCK) == 0 &&
           fcntl(out_pair[0], F_SETFL, O_NONBLOCK) == 0;
}

static int set_attributes(posix_spawnattr_t *attr) {
    sigset_t none;
    sigset_t all;
    sigemptyset(&none);
    sigfillset(&all);
    sigdelset(&all, SIGKILL);
    sigdelset(&all, SIGSTOP);
    int code = posix_spawnattr_setflags(attr, POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK |
                                                  POSIX_SPAWN_SETSIGDEF);
    code = code == 0 ? posix_spawnattr_setpgroup(attr, 0) : code;
    code = code == 0 ? posix_spawnattr_setsigmask(attr, &none) : code;
    return code == 0 ? posix_spawnattr_setsigdefault(attr, &all) : code;
}

static int set_actions(posix_spawn_file_actions_t *actions, const char *cwd, int in_fd,
                       int out_fd) {
    int code = posix_spawn_file_actions_addchdir_np(actions, cwd);
    code = code == 0 ? posix_spawn_file_actions_adddup2(actions, in_fd, 0) : code;
    code = code == 0 ? posix_spawn_file_actions_adddup2(actions, out_fd, 1) : code;
    code = code == 0 ? posix_spawn_file_actions_addopen(actions, 2, "stderr",
                                                        O_WRONLY | O_CREAT | O_TRUNC, 0600)
                     : code;
    return code == 0 ? posix_spawn_file_actions_addclosefrom_np(actions, 3) : code;
}

/* posix_spawn takes char *const [] for history's sake and writes to neither array. */
static int spawn_with_env(const pni_program *program, const posix_spawn_file_actions_t *actions,
                          const posix_spawnattr_t *attr, pid_t *pid) {
    const char *env[N_FIXED_ENV + 2] = {NULL};
    memcpy(env, fixed_env, sizeof fixed_env);
    PNI_AUTO(pn_buf) libraries = PN_BUF_INIT;
    const char *given = getenv("LD_LIBRARY_PATH");
    if (given != NULL) {
        pni_buf_printf(&libraries, "LD_LIBRARY_PATH=%s", given);
        env[N_FIXED_ENV] = pni_buf_text(&libraries);
    }
    return posix_spawn(pid, program->argv[0], actions, attr,
                       (char *const *)(uintptr_t)program->argv,
                       program->inherit_env ? environ : (char *const *)(uintptr_t)env);
}

static int spawn(const pni_program *program, const char *cwd, int in_fd, int out_fd, pid_t *pid) {
    posix_spawnattr_t attr;
    posix_spawn_file_actions_t actions;
    int code = posix_spawnattr_init(&attr);
    if (code != 0) {
        return code;
    }
    code = posix_spawn_file_actions_init(&actions);
    if (code == 0) {
        code = set_attributes(&attr);
        code = code == 0 ? set_actions(&actions, cwd, in_fd, out_fd) : code;
        if (code == 0) {
            code = spawn_with_env(program, &actions, &attr, pid);
        }
        (void)posix_spawn_file_actions_destroy(&actions);
    }
    (void)posix_spawnattr_destroy(&attr);
    return code;
}

static void limit(pid_t pid, __rlimit_resource_t what, uint64_t value) {
    const struct rlimit both = {value, value};
    (void)prlimit(pid, what, &both, NULL);
}

pn_status pni_process_start(const pni_program *program, const char *cwd,
                            const pni_process_limits *limits, pni_process *out, pn_error *err) {
    int in_pair[2];
    int out_pair[2];
    pid_t pid = 0;
    int failed = make_channels(in_pair, out_pair) ? 0 : errno;
    if (failed == 0) {
        failed = spawn(program, cwd, in_pair[1], out_pair[1], &pid);
    }
    close_fd(&in_pair[1]);
    close_fd(&out_pair[1]);
    if (failed != 0) {
        close_fd(&in_pair[0]);
        close_fd(&out_pair[0]);
        const int32_t number = failed == ENOENT ? PNI_E_CPG_PROGRAM : PNI_E_CPG_PROCESS;
        return pni_fail_os(err, number, failed, "extractor '%s' (%s)", program->name,
                           program->argv[0]);
    }
    limit(pid, RLIMIT_CORE, 0);
    if (limits->memory_bytes > 0) {
        limit(pid, RLIMIT_AS, limits->memory_bytes);
    }
    if (limits->stderr_bytes > 0) {
        limit(pid, RLIMIT_FSIZE, limits->stderr_bytes);
    }
    *out = (pni_process){pid, in_pair[0], out_pair[0]};
    return PN_OK;
}

ssize_t pni_process_write(const pni_process *process, pn_bytes bytes) {
    for (;;) {
        const ssize_t sent =
            send(process->in_fd, bytes.data, bytes.len, MSG_NOSIGNAL | MSG_DONTWAIT);
        if (sent >= 0) {
            return sent;
        }
        if (errno == EAGAIN || errno == EWOULDBLOCK) {
            return 0;
        }
        if (errno != EINTR) {
            return -1;
        }
    }
}

static void describe_end(int wait_status, char how[64]) {
    if (WIFSIGNALED(wait_status)) {
        const char *name = sigabbrev_np(WTERMSIG(wait_status));
        (void)snprintf(how, 64, "signal SIG%s", name != NULL ? name : "?");
    } else {
        (void)snprintf(how, 64, "exit status %d", WEXITSTATUS(wait_status));
    }
}

/* Waits at most `ms` for the end, but leaves the zombie: its id keeps the group's id from being
 * reused. */
static void wait_for(pid_t pid, int ms) {
    const int64_t until = pni_now_ms() + ms;
    while (pni_now_ms() < until) {
        siginfo_t info = {0};
        const int got = waitid(P_PID, (id_t)pid, &info, WEXITED | WNOHANG | WNOWAIT);
        if ((got == 0 && info.si_pid == pid) || (got < 0 && errno != EINTR)) {
            return;
        }
        (void)poll(NULL, 0, 2);
    }
}

void pni_process_end(pni_process *process, int grace_ms, char how[64]) {
    if (process->pid == 0) {
        return;
    }
    int wait_status = 0;
    close_fd(&process->in_fd);
    wait_for(process->pid, grace_ms);
    (void)kill(-process->pid, SIGKILL);
    while (waitpid(process->pid, &wait_status, 0) < 0 && errno == EINTR) {
    }
    describe_end(wait_status, how);
    close_fd(&process->out_fd);
    process->pid = 0;
}

void pni_process_kill(pni_process *process) {
    char how[64];
    pni_process_end(process, 0, how);
}
