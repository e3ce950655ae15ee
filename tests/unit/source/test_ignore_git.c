/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The scan beside git: generated trees of 200 files with generated rule files, the verdict of `git
 * check-ignore` on each path against what the scan leaves out.
 */
#include "t.h"

#include "source/source.h"

#include <stdio.h>
#include <stdlib.h>

#define N_PATHS 200
#define N_ROUNDS 10

static const char *const words[] = {"a",     "b",     "ab",  "foo", "bar", "build", "x.py",
                                    "y.pyi", "z.txt", "a b", "[x]", "f!",  "#h",    "\xc3\xa4"};
static const char *const rules[] = {
    "a",          "/a",      "a/",          "*.py",       "!*.py",
    "foo/*",      "foo/**",  "**/foo",      "**/foo/bar", "foo/**/bar",
    "/foo/*.txt", "!x.py",   "b*",          "[ab]",       "[!a]*.pyi",
    "a/b",        "!a/b",    "/build/",     "!build/",    "*b/",
    "ab/**/x.py", "\\#h",    "\\!f",        "f\\!",       "a\\ b",
    "a b  ",      "[[]x]",   "\\[x\\]",     "?",          "?.p?",
    "**",         "!**/bar", "*/foo",       "!/foo/bar/", "b**",
    "a/**/",      "/**/ab",  "[[:alpha:]]", "[a-",        "x.py\r",
    "# note",     "",        "!",           "/",          "//",
    "***/foo",    "a[/]b",   "\xc3*",       "foo//bar",   "*\\",
    "[]-a]",      "[^b]",    "!ab/*",       "bar/x.*",    "build/**/y.pyi"};

static uint32_t state;

static uint32_t pick(uint32_t count) {
    state = state * 1664525u + 1013904223u;
    return (state >> 8) % count;
}

static void put(const char *root, const char *rel, const char *text, size_t len) {
    PNI_AUTO_PTR(pni_text) path = pni_path_join(root, rel);
    PNI_AUTO_PTR(pni_text) dir = pni_path_dir(path);
    /* A random path may use another one's file as a folder: the first stays. */
    if (pni_mkdirs(dir, NULL) == PN_OK && !pni_path_is_dir(path)) {
        FILE *file = fopen(path, "wb");
        T_ASSERT(file != NULL && fwrite(text, 1, len, file) == len && fclose(file) == 0);
    }
}

static void put_rules(const char *root, const char *rel) {
    PNI_AUTO(pn_buf) text = PN_BUF_INIT;
    for (uint32_t i = 0, count = 1 + pick(6); i < count; i++) {
        pni_buf_printf(&text, "%s\n", rules[pick(sizeof rules / sizeof rules[0])]);
    }
    put(root, rel, pni_buf_text(&text), text.len);
}

static void make_tree(const char *root) {
    for (int i = 0; i < N_PATHS; i++) {
        PNI_AUTO(pn_buf) path = PN_BUF_INIT;
        for (uint32_t depth = pick(4), k = 0; k < depth; k++) {
            pni_buf_printf(&path, "%s/", words[pick(6)]);
        }
        if (pick(12) == 0) {
            pni_buf_puts(&path, ".gitignore");
            put_rules(root, pni_buf_text(&path));
        } else {
            pni_buf_puts(&path, words[pick(sizeof words / sizeof words[0])]);
            put(root, pni_buf_text(&path), "", 0);
        }
    }
    put_rules(root, ".gitignore");
    put_rules(root, ".git/info/exclude");
}

/* The paths below `root`, without .git, sorted; one per line. */
static void run_shell(const char *root, const char *command) {
    PNI_AUTO(pn_buf) line = PN_BUF_INIT;
    pni_buf_printf(
        &line,
        "cd '%s' && export GIT_CONFIG_GLOBAL=/dev/null GIT_CONFIG_NOSYSTEM=1 HOME=/nonexistent "
        "&& %s",
        root, command);
    const int code = system(pni_buf_text(&line));
    if (code != 0) {
        T_FAIL("'%s' ended with %d", command, code);
    }
}

static void compare(const char *base, const char *root) {
    run_shell(root, "find . -type f -not -path './.git/*' | cut -c3- | LC_ALL=C sort > ../all");
    run_shell(root, "tr '\\n' '\\0' < ../all | git check-ignore --no-index -z --stdin | "
                    "tr '\\0' '\\n' > ../out || test $? = 1");
    run_shell(root, "LC_ALL=C sort ../out | LC_ALL=C comm -23 ../all - > ../want");
    PNI_AUTO_PTR(pni_text) path = pni_path_join(base, "want");
    PNI_AUTO(pn_buf) want = PN_BUF_INIT;
    PNI_AUTO(pn_buf) got = PN_BUF_INIT;
    pn_error err = PN_ERROR_INIT;
    T_OK(pni_file_read(path, 1 << 20, &want, &err), &err);
    const char *const all[] = {"*"};
    const pni_scan_options options = {.root = root, .patterns = all, .n_patterns = 1};
    PNI_AUTO_PTR(pni_scan) scan = NULL;
    T_OK(pni_scan_new(&options, &scan, &err), &err);
    for (size_t i = 0; i < scan->files.count; i++) {
        pni_buf_printf(&got, "%s\n", scan->files.items[i].name);
    }
    T_EQ_STR(pni_buf_text(&got), pni_buf_text(&want));
}

T_CASE(the_scan_leaves_out_what_git_ignores) {
    if (system("git --version > /dev/null 2>&1") != 0) {
        T_SKIP("git is not installed");
    }
    const char *base = t_tmpdir();
    for (uint32_t round = 0; round < N_ROUNDS; round++) {
        PNI_AUTO(pn_buf) root = PN_BUF_INIT;
        pni_buf_printf(&root, "%s/tree%u", base, round);
        state = 7919 * (round + 1);
        pn_error err = PN_ERROR_INIT;
        T_OK(pni_mkdirs(pni_buf_text(&root), &err), &err);
        run_shell(pni_buf_text(&root), "git init -q .");
        make_tree(pni_buf_text(&root));
        compare(base, pni_buf_text(&root));
    }
}
