/* SPDX-License-Identifier: Apache-2.0 */
/* Paths as text: nothing here follows a symlink, so ".." is folded lexically. */
#include "base/base.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

bool pni_path_exists(const char *path) {
    struct stat info;
    return stat(path, &info) == 0;
}

bool pni_path_is_dir(const char *path) {
    struct stat info;
    return stat(path, &info) == 0 && S_ISDIR(info.st_mode);
}

char *pni_path_join(const char *dir, const char *name) {
    pn_buf path = PN_BUF_INIT;
    if (name[0] != '/') {
        pni_buf_puts(&path, dir);
        if (path.len > 0 && path.data[path.len - 1] != '/' && name[0] != '\0') {
            pni_buf_putc(&path, '/');
        }
    }
    pni_buf_puts(&path, name);
    return pni_buf_steal(&path);
}

/* Appends the parts of `path` to the absolute `out`, folding "." and "..". */
static void fold(pn_buf *out, const char *path) {
    for (const char *p = path; *p;) {
        size_t len = strcspn(p, "/");
        if (len == 2 && p[0] == '.' && p[1] == '.') {
            while (out->len > 0 && out->data[--out->len] != '/') {
            }
        } else if (len > 0 && !(len == 1 && p[0] == '.')) {
            pni_buf_putc(out, '/');
            pni_buf_append(out, p, len);
        }
        p += len + (p[len] == '/');
    }
}

char *pni_path_absolute(const char *path) {
    pn_buf out = PN_BUF_INIT;
    if (path[0] != '/') {
        char *cwd = getcwd(NULL, 0);
        fold(&out, cwd ? cwd : "/");
        free(cwd);
    }
    fold(&out, path);
    pni_buf_reserve(&out, 1);
    if (out.len == 0) {
        pni_buf_putc(&out, '/');
    }
    out.data[out.len] = '\0';
    return pni_buf_steal(&out);
}

const char *pni_path_base(const char *path) {
    const char *slash = strrchr(path, '/');
    return slash ? slash + 1 : path;
}

char *pni_path_dir(const char *path) {
    const char *slash = strrchr(path, '/');
    if (!slash) {
        return pni_strdup(".");
    }
    while (slash > path && slash[-1] == '/') {
        slash--;
    }
    return slash == path ? pni_strdup("/") : pni_strndup(path, (size_t)(slash - path));
}

pn_status pni_cache_dir(const char *sub, char **path_out, pn_error *err) {
    const char *cache = getenv("XDG_CACHE_HOME");
    const char *home = getenv("HOME");
    PNI_AUTO_PTR(pni_text) root = NULL;
    if (cache && cache[0] == '/') { /* the XDG rule: a relative value is ignored */
        root = pni_path_join(cache, "pinion");
    } else if (home && home[0]) {
        root = pni_path_join(home, ".cache/pinion");
    } else {
        pn_status status = pni_fail(err, PNI_E_FILE_WRITE, "no cache folder: HOME is not set");
        pni_error_hint(err, "Set HOME, or XDG_CACHE_HOME to an absolute path.");
        return status;
    }
    PNI_AUTO_PTR(pni_text) path = sub ? pni_path_join(root, sub) : pni_strdup(root);
    PNI_TRY(pni_mkdirs(path, err));
    *path_out = pni_take(path);
    return PN_OK;
}
