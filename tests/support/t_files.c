/*
 * Files of a case: its temporary folder, made on first use and removed with the case, and test data
 * that lives outside the project, whose absence skips the case rather than failing it.
 */
#define _GNU_SOURCE
#include "t.h"

#include <errno.h>
#include <ftw.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static char tmpdir[PATH_MAX];
static char data_path[PATH_MAX];

static int remove_entry(const char *path, const struct stat *info, int type, struct FTW *walk) {
    (void)info, (void)type, (void)walk;
    return remove(path);
}

void t_remove_tmpdir(void) {
    if (tmpdir[0] != '\0') {
        nftw(tmpdir, remove_entry, 16, FTW_DEPTH | FTW_PHYS);
    }
    tmpdir[0] = '\0';
}

const char *t_tmpdir(void) {
    if (tmpdir[0] == '\0') {
        const char *base = getenv("TMPDIR");
        snprintf(tmpdir, sizeof tmpdir, "%s/pn-test-XXXXXX", base && base[0] ? base : "/tmp");
        if (!mkdtemp(tmpdir)) {
            tmpdir[0] = '\0';
            T_FAIL("cannot make a folder under '%s': errno %d", base ? base : "/tmp", errno);
        }
    }
    return tmpdir;
}

const char *t_source_dir(void) {
    const char *dir = getenv("T_SOURCE_DIR");
    return dir && dir[0] ? dir : T_DEFAULT_SOURCE_DIR;
}

const char *t_external_data(const char *name) {
    const char *dir = getenv("PN_EXTERNAL_DATA");
    if (dir && dir[0]) {
        snprintf(data_path, sizeof data_path, "%s/%s", dir, name);
    } else {
        snprintf(data_path, sizeof data_path, "%s/../shared/data/%s", t_source_dir(), name);
    }
    if (access(data_path, R_OK) != 0) {
        char reason[256];
        snprintf(reason, sizeof reason, "no external data '%.100s' (set PN_EXTERNAL_DATA)", name);
        t_skip(reason);
    }
    return data_path;
}
