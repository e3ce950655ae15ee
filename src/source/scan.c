/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The walk: names first, bytes later. Each folder is read whole, sorted, and closed before the walk
 * goes down, so depth costs no file descriptors. Folders are never entered through a link: what
 * lies inside the root is found at its real path, so nothing is met twice and a loop cannot start.
 * Links are judged by where they really lead.
 *
 * Only rule files inside the root count (.gitignore, .git/info/exclude): a rule file above it, or
 * one of the user, would make the rows depend on the machine.
 */
#define _GNU_SOURCE
#include "source/source.h"

#include <blake2.h>

#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#define RULES_MAX_BYTES (8u << 20)

typedef PNI_VEC(char *) name_list;

typedef struct walk_ctx {
    pni_scan *scan;
    const pni_scan_options *options;
    pni_ignore *ignore;
} walk_ctx;

static const char *const default_patterns[] = {"*.py", "*.pyi"};

const char *pni_file_status_text(pni_file_status status) {
    static const char *const texts[] = {
#define X(name, text) text,
        PNI_FILE_STATUS_MAP(X)
#undef X
    };
    return texts[status];
}

void pni_file_id(const char *path, char out[PNI_FILE_ID_SIZE]) {
    static const char hex[] = "0123456789abcdef";
    uint8_t digest[16];
    const int failed = blake2b(digest, path, NULL, sizeof digest, strlen(path), 0);
    pni_assert(failed == 0);
    memcpy(out, "file:", 5);
    for (size_t i = 0; i < sizeof digest; i++) {
        out[5 + 2 * i] = hex[digest[i] >> 4];
        out[6 + 2 * i] = hex[digest[i] & 15];
    }
    out[PNI_FILE_ID_SIZE - 1] = '\0';
}

char *pni_path_escape(pni_arena *arena, const char *name) {
    const size_t len = strlen(name);
    if (strchr(name, '\\') == NULL && pni_utf8_valid(name, len)) {
        return pni_arena_strndup(arena, name, len);
    }
    PNI_AUTO(pn_buf) buf = PN_BUF_INIT;
    for (size_t i = 0; i < len;) {
        size_t run = 0;
        for (size_t take = 1; take <= 4 && i + take <= len && run == 0; take++) {
            run = name[i] != '\\' && pni_utf8_valid(name + i, take) ? take : 0;
        }
        if (run == 0) {
            pni_buf_printf(&buf, "\\x%02x", (unsigned)(unsigned char)name[i++]);
        } else {
            pni_buf_append(&buf, name + i, run);
            i += run;
        }
    }
    return pni_arena_strndup(arena, pni_buf_text(&buf), buf.len);
}

static void add_file(walk_ctx *ctx, const char *rel, pni_file_status status, const char *error) {
    pni_source_file file = {.size_bytes = -1, .status = status, .error = error};
    file.name = pni_arena_strdup(ctx->scan->arena, rel);
    file.path = pni_path_escape(ctx->scan->arena, rel);
    pni_file_id(file.path, file.file_id);
    pni_vec_push(&ctx->scan->files, file);
}

static bool is_wanted(const walk_ctx *ctx, const char *rel) {
    const bool given = ctx->options->n_patterns > 0;
    const char *const *patterns = given ? ctx->options->patterns : default_patterns;
    const size_t count = given ? ctx->options->n_patterns : 2;
    const pni_str base = pni_str_of(pni_path_base(rel));
    for (size_t i = 0; i < count; i++) {
        if (pni_glob_segment(pni_str_of(patterns[i]), base)) {
            return true;
        }
    }
    return false;
}

static bool is_below(const char *path, const char *dir) {
    const size_t len = strlen(dir);
    return strncmp(path, dir, len) == 0 && (path[len] == '\0' || path[len] == '/' || len == 1);
}

/* A link to a folder: rows tell of loops and of what leaves the root; the rest is met at its real
 * path. */
static void add_folder_link(walk_ctx *ctx, const char *rel, const char *real) {
    PNI_AUTO_PTR(pni_text) full = pni_path_join(ctx->scan->root, rel);
    PNI_AUTO_PTR(pni_text) dir = pni_path_dir(full);
    if (!is_below(real, ctx->scan->root) && !is_below(dir, real)) {
        add_file(ctx, rel, PNI_FILE_SYMLINK_OUTSIDE,
                 "the link leads to a folder outside the repository");
    } else if (is_below(dir, real)) {
        add_file(ctx, rel, PNI_FILE_SYMLINK_LOOP, "the link leads to a folder that contains it");
    }
}

static void add_link(walk_ctx *ctx, const char *rel) {
    PNI_AUTO_PTR(pni_text) full = pni_path_join(ctx->scan->root, rel);
    char real[PATH_MAX];
    struct stat st;
    if (realpath(full, real) == NULL || stat(real, &st) != 0) {
        const int failed = errno;
        if (failed == ELOOP) {
            add_file(ctx, rel, PNI_FILE_SYMLINK_LOOP, "the link leads back to itself");
        } else if (is_wanted(ctx, rel) && (failed == ENOENT || failed == ENOTDIR)) {
            add_file(ctx, rel, PNI_FILE_VANISHED, "the link leads to nothing");
        } else if (is_wanted(ctx, rel)) {
            add_file(ctx, rel, PNI_FILE_UNREADABLE, strerrordesc_np(failed));
        }
        return;
    }
    if (S_ISDIR(st.st_mode)) {
        add_folder_link(ctx, rel, real);
    } else if (is_wanted(ctx, rel) && !is_below(real, ctx->scan->root)) {
        add_file(ctx, rel, PNI_FILE_SYMLINK_OUTSIDE,
                 "the link leads to a file outside the repository");
    } else if (is_wanted(ctx, rel)) {
        add_file(ctx, rel, PNI_FILE_OK, NULL);
        ctx->scan->files.items[ctx->scan->files.count - 1].link = true;
    }
}

static bool is_skipped_folder(const char *name) {
    return pni_streq(name, ".git") || pni_streq(name, ".hg") || pni_streq(name, ".svn") ||
           pni_streq(name, "__pycache__");
}

static void names_dispose(name_list *names) {
    for (size_t i = 0; i < names->count; i++) {
        pni_free(names->items[i]);
    }
    pni_vec_dispose(names);
}

/* False with errno when the folder cannot be read. */
static bool read_names(const char *full, name_list *names) {
    DIR *dir = opendir(full);
    if (dir == NULL) {
        return false;
    }
    const struct dirent *entry;
    while ((errno = 0, entry = readdir(dir)) != NULL) {
        if (!pni_streq(entry->d_name, ".") && !pni_streq(entry->d_name, "..")) {
            pni_vec_push(names, pni_strdup(entry->d_name));
        }
    }
    const int failed = errno;
    closedir(dir);
    errno = failed;
    if (names->count > 1) {
        qsort(names->items, names->count, sizeof *names->items, pni_cmp_text);
    }
    return failed == 0;
}

static bool has_name(const name_list *names, const char *name) {
    for (size_t i = 0; i < names->count; i++) {
        if (pni_streq(names->items[i], name)) {
            return true;
        }
    }
    return false;
}

/* Reads a rule file of the folder `dir`; one that is a link is not followed, as git does. */
static bool push_rules(walk_ctx *ctx, const char *dir, const char *rel) {
    PNI_AUTO_PTR(pni_text) full = pni_path_join(ctx->scan->root, rel);
    struct stat st;
    if (lstat(full, &st) != 0 || !S_ISREG(st.st_mode)) {
        return false;
    }
    PNI_AUTO(pn_buf) text = PN_BUF_INIT;
    if (pni_file_read(full, RULES_MAX_BYTES, &text, NULL) != PN_OK) {
        add_file(ctx, rel, PNI_FILE_UNREADABLE,
                 "the rule file cannot be read; its rules are not applied");
        return false;
    }
    pni_ignore_push(ctx->ignore, dir, text.data, text.len);
    return true;
}

static pn_status walk_folder(walk_ctx *ctx, const char *rel, pn_error *err);

static pn_status visit(walk_ctx *ctx, const char *rel, pn_error *err) {
    PNI_AUTO_PTR(pni_text) full = pni_path_join(ctx->scan->root, rel);
    struct stat st;
    if (lstat(full, &st) != 0) {
        if (is_wanted(ctx, rel)) {
            add_file(ctx, rel, PNI_FILE_VANISHED, "the file was gone when it was looked at");
        }
        return PN_OK;
    }
    const bool is_dir = S_ISDIR(st.st_mode);
    if ((is_dir && is_skipped_folder(pni_path_base(rel))) ||
        pni_ignore_match(ctx->ignore, rel, is_dir)) {
        return PN_OK;
    }
    if (is_dir) {
        return walk_folder(ctx, rel, err);
    }
    if (S_ISLNK(st.st_mode)) {
        add_link(ctx, rel);
    } else if (is_wanted(ctx, rel)) {
        const bool regular = S_ISREG(st.st_mode);
        add_file(ctx, rel, regular ? PNI_FILE_OK : PNI_FILE_UNREADABLE,
                 regular ? NULL : "not a regular file");
    }
    if (ctx->scan->files.count > PNI_DATASET_FILES_MAX) {
        return pni_fail(err, PNI_E_CPG_FILES, "repository '%s' has more than %u files",
                        ctx->scan->root, PNI_DATASET_FILES_MAX);
    }
    return PN_OK;
}

static pn_status walk_names(walk_ctx *ctx, const char *rel, const name_list *names, pn_error *err) {
    for (size_t i = 0; i < names->count; i++) {
        PNI_AUTO_PTR(pni_text)
        child = rel[0] == '\0' ? pni_strdup(names->items[i]) : pni_path_join(rel, names->items[i]);
        PNI_TRY(visit(ctx, child, err));
    }
    return PN_OK;
}

static pn_status walk_folder(walk_ctx *ctx, const char *rel, pn_error *err) {
    PNI_TRY(pni_cancel_check(ctx->options->cancel, err));
    PNI_AUTO_PTR(pni_text)
    full = rel[0] == '\0' ? pni_strdup(ctx->scan->root) : pni_path_join(ctx->scan->root, rel);
    name_list names = {0};
    if (!read_names(full, &names)) {
        const int failed = errno;
        add_file(ctx, rel, failed == ENOENT ? PNI_FILE_VANISHED : PNI_FILE_UNREADABLE,
                 strerrordesc_np(failed));
    }
    pn_status status = PN_OK;
    if (rel[0] == '\0' || !has_name(&names, "pyvenv.cfg")) {
        PNI_AUTO_PTR(pni_text)
        rules = rel[0] == '\0' ? pni_strdup(".gitignore") : pni_path_join(rel, ".gitignore");
        const bool pushed = has_name(&names, ".gitignore") && push_rules(ctx, rel, rules);
        status = walk_names(ctx, rel, &names, err);
        if (pushed) {
            pni_ignore_pop(ctx->ignore);
        }
    }
    names_dispose(&names);
    return status;
}

static int compare_files(const void *a, const void *b) {
    return strcmp(((const pni_source_file *)a)->path, ((const pni_source_file *)b)->path);
}

pn_status pni_scan_new(const pni_scan_options *options, pni_scan **out, pn_error *err) {
    char real[PATH_MAX];
    struct stat st;
    if (realpath(options->root, real) == NULL || stat(real, &st) != 0) {
        return pni_fail_os(err, PNI_E_CPG_REPO, errno, "repository '%s'", options->root);
    }
    if (!S_ISDIR(st.st_mode)) {
        return pni_fail(err, PNI_E_CPG_REPO, "repository '%s' is not a folder", options->root);
    }
    PNI_AUTO_PTR(pni_scan) scan = pni_calloc(1, sizeof *scan);
    scan->arena = pni_arena_new();
    scan->root = pni_strdup(real);
    PNI_AUTO_PTR(pni_ignore) ignore = pni_ignore_new();
    walk_ctx ctx = {scan, options, ignore};
    (void)push_rules(&ctx, "", ".git/info/exclude");
    PNI_TRY(walk_folder(&ctx, "", err));
    if (scan->files.count == 1 && scan->files.items[0].path[0] == '\0') {
        return pni_fail(err, PNI_E_CPG_REPO, "repository '%s' cannot be read: %s", options->root,
                        scan->files.items[0].error);
    }
    if (scan->files.count > 1) {
        qsort(scan->files.items, scan->files.count, sizeof *scan->files.items, compare_files);
    }
    *out = pni_take(scan);
    return PN_OK;
}

void pni_scan_free(pni_scan *scan) {
    if (scan == NULL) {
        return;
    }
    pni_vec_dispose(&scan->files);
    pni_arena_free(scan->arena);
    pni_free(scan->root);
    pni_free(scan);
}
