/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What doctor looks at in the file system: the cache folder, the helper programs, Python, and what
 * killed runs may have left in the folder for temporary files.
 */
#define _GNU_SOURCE
#include "cli/doctor.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <limits.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define OLD_SECONDS (24 * 3600)

static uint64_t tree_bytes; /* nftw() hands no context on */

static int add_bytes(const char *path, const struct stat *info, int kind, struct FTW *at) {
    (void)path;
    (void)at;
    tree_bytes += kind == FTW_F ? (uint64_t)info->st_size : 0;
    return 0;
}

static const char *environment(const char *name) {
    const char *value = getenv(name);
    return value && *value ? value : NULL;
}

void doctor_cache(doctor *d) {
    const char *base = environment("XDG_CACHE_HOME");
    const char *home = environment("HOME");
    CLI_AUTO_TEXT dir =
        base ? cli_format("%s/pinion", base) : cli_format("%s/.cache/pinion", home ? home : "");
    if (!base && !home) {
        doctor_say(d, DOCTOR_WARN, "cache", "neither $XDG_CACHE_HOME nor $HOME is set");
        doctor_hint(d, "set one of them, or digests of files are computed anew each time");
    } else if (access(dir, F_OK) != 0) {
        doctor_say(d, DOCTOR_OK, "cache", "%s, not there yet", dir);
    } else if (access(dir, W_OK) != 0) {
        doctor_say(d, DOCTOR_WARN, "cache", "%s cannot be written", dir);
        doctor_hint(d, "make it writable, or point $XDG_CACHE_HOME to a folder that is");
    } else {
        tree_bytes = 0;
        nftw(dir, add_bytes, 32, FTW_PHYS);
        doctor_say(d, DOCTOR_OK, "cache", "%s, %.1f MiB", dir, (double)tree_bytes / 1048576);
    }
}

/* libexec/pinion beside bin/ or lib/, as in the build tree and when installed. */
static bool find_beside(const char *variable, const char *below, const char *name,
                        char path[PATH_MAX]) {
    char exe[PATH_MAX];
    const char *dir = environment(variable);
    ssize_t len = readlink("/proc/self/exe", exe, sizeof exe - 1);
    if (dir) {
        snprintf(path, PATH_MAX, "%.2000s/%s", dir, name);
        return access(path, R_OK) == 0;
    }
    exe[len > 0 ? len : 0] = '\0';
    char *slash = strrchr(exe, '/');
    if (!slash) {
        return false;
    }
    *slash = '\0';
    CLI_AUTO_TEXT wanted = cli_format("%s/../%s/%s", exe, below, name);
    return realpath(wanted, path) != NULL;
}

void doctor_helpers(doctor *d) {
    static const struct {
        const char *check, *variable, *below, *name;
    } helpers[] = {
        {"extractor", "PINION_LIBEXEC", "libexec/pinion", "pinion-extract-treesitter"},
        {"pack", "PINION_DATA", "share/pinion", "packs/python/pinion.yaml"},
    };
    for (size_t i = 0; i < sizeof helpers / sizeof *helpers; i++) {
        char path[PATH_MAX];
        if (find_beside(helpers[i].variable, helpers[i].below, helpers[i].name, path)) {
            doctor_say(d, DOCTOR_OK, helpers[i].check, "%s", path);
        } else {
            doctor_say(d, DOCTOR_WARN, helpers[i].check, "%s was not found", helpers[i].name);
            doctor_hint(d, "`pinion cpg build` needs it: install pinion whole");
        }
    }
}

/* Runs `argv` and keeps the first line of what it prints. */
static bool first_line(char *const argv[], char *line, size_t cap) {
    int fds[2];
    pid_t pid;
    posix_spawn_file_actions_t actions;
    if (pipe2(fds, O_CLOEXEC) != 0) {
        return false;
    }
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_adddup2(&actions, fds[1], STDOUT_FILENO);
    posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, "/dev/null", O_WRONLY, 0);
    int code = posix_spawnp(&pid, argv[0], &actions, NULL, argv, environ);
    posix_spawn_file_actions_destroy(&actions);
    close(fds[1]);
    FILE *out = fdopen(fds[0], "r");
    bool has_line = code == 0 && out && fgets(line, (int)cap, out);
    if (out) {
        fclose(out);
    }
    int state = 0;
    if (code == 0) {
        while (waitpid(pid, &state, 0) < 0 && errno == EINTR) {
        }
    }
    line[has_line ? strcspn(line, "\n") : 0] = '\0';
    return has_line && state == 0;
}

void doctor_python(doctor *d) {
    char line[512] = "";
    char program[PATH_MAX];
    const char *wanted = environment("PINION_PYTHON");
    snprintf(program, sizeof program, "%s", wanted ? wanted : "python3");
    char option[] = "-c";
    char question[] = "import ast, symtable, sys; "
                      "print('%d.%d.%d %s' % (*sys.version_info[:3], sys.executable)); "
                      "sys.exit(sys.version_info < (3, 9))";
    char *argv[] = {program, option, question, NULL};
    if (first_line(argv, line, sizeof line)) {
        doctor_say(d, DOCTOR_OK, "python", "%s", line);
    } else if (*line) {
        doctor_say(d, DOCTOR_WARN, "python", "%s is too old", line);
        doctor_hint(d, "`pinion cpg build` needs Python 3.9 or newer: set $PINION_PYTHON");
    } else {
        doctor_say(d, DOCTOR_WARN, "python", "'%s' does not run", program);
        doctor_hint(d, "`pinion cpg build` needs Python 3.9 or newer: set $PINION_PYTHON");
    }
}

/* Folders named pinion-… of this user that nobody has touched for a day. */
static size_t count_old(const char *dir, char *example, size_t cap) {
    size_t count = 0;
    DIR *folder = opendir(dir);
    const struct dirent *entry;
    while (folder && (entry = readdir(folder))) {
        struct stat info;
        bool is_ours =
            !strncmp(entry->d_name, "pinion-", 7) || !strncmp(entry->d_name, "pinion.", 7);
        if (is_ours && fstatat(dirfd(folder), entry->d_name, &info, AT_SYMLINK_NOFOLLOW) == 0 &&
            S_ISDIR(info.st_mode) && info.st_uid == getuid() &&
            time(NULL) - info.st_mtime > OLD_SECONDS) {
            count++;
            snprintf(example, cap, "%s/%s", dir, entry->d_name);
        }
    }
    if (folder) {
        closedir(folder);
    }
    return count;
}

void doctor_leftovers(doctor *d) {
    char example[PATH_MAX] = "";
    const char *tmp = environment("TMPDIR");
    size_t old = count_old(tmp ? tmp : "/tmp", example, sizeof example);
    if (old) {
        doctor_say(d, DOCTOR_WARN, "temporary", "%zu old folders, for example %s", old, example);
        doctor_hint(d, "killed runs left them; remove them when no pinion is running");
    } else if (access(".pinion/tmp", F_OK) == 0) {
        doctor_say(d, DOCTOR_WARN, "temporary", ".pinion/tmp is there");
        doctor_hint(d, "a build is running, or was killed; the next build removes it");
    } else {
        doctor_say(d, DOCTOR_OK, "temporary", "nothing is left over");
    }
}
