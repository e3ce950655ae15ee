/* SPDX-License-Identifier: Apache-2.0 */
#include "source/source.h"
#include "t.h"

#include <errno.h>
#include <sys/stat.h>
#include <unistd.h>

static void put(const char *root, const char *rel, const char *text) {
    PNI_AUTO_PTR(pni_text) path = pni_path_join(root, rel);
    PNI_AUTO_PTR(pni_text) dir = pni_path_dir(path);
    pn_error err = PN_ERROR_INIT;
    T_OK(pni_mkdirs(dir, &err), &err);
    T_OK(pni_file_write(path, text, strlen(text), &err), &err);
}

static void put_link(const char *root, const char *rel, const char *target) {
    PNI_AUTO_PTR(pni_text) path = pni_path_join(root, rel);
    T_EQ_INT(symlink(target, path), 0);
}

/* "path:status " of every file, loaded. */
static void expect(const char *root, const char *want) {
    pn_error err = PN_ERROR_INIT;
    const pni_scan_options options = {.root = root};
    PNI_AUTO_PTR(pni_scan) scan = NULL;
    T_OK(pni_scan_new(&options, &scan, &err), &err);
    PNI_AUTO(pn_buf) got = PN_BUF_INIT;
    PNI_AUTO(pn_buf) content = PN_BUF_INIT;
    for (size_t i = 0; i < scan->files.count; i++) {
        pni_source_load(scan, i, &content);
        pni_buf_printf(&got, "%s:%s ", scan->files.items[i].path,
                       pni_file_status_text(scan->files.items[i].status));
    }
    T_EQ_STR(pni_buf_text(&got), want);
}

T_CASE(order_is_bytewise_by_path) {
    const char *root = t_tmpdir();
    put(root, "b.py", "");
    put(root, "a/z.py", "");
    put(root, "a.py", "");
    put(root, "a-b/x.pyi", "");
    put(root, "B.py", "");
    put(root, "readme.txt", "");
    expect(root, "B.py:ok a-b/x.pyi:ok a.py:ok a/z.py:ok b.py:ok ");
}

T_CASE(tool_folders_and_environments_are_skipped) {
    const char *root = t_tmpdir();
    put(root, ".git/hook.py", "");
    put(root, "__pycache__/x.py", "");
    put(root, "env/pyvenv.cfg", "");
    put(root, "env/lib/site.py", "");
    put(root, "pyvenv.cfg", "the root itself may be one");
    put(root, "ok.py", "");
    expect(root, "ok.py:ok ");
}

T_CASE(rules_are_respected) {
    const char *root = t_tmpdir();
    put(root, ".gitignore", "gen/\n*_pb2.py\n!keep_pb2.py\n");
    put(root, ".git/info/exclude", "secret.py\nkeep_pb2.py\n");
    put(root, "gen/a.py", "");
    put(root, "x_pb2.py", "");
    put(root, "keep_pb2.py", "");
    put(root, "secret.py", "");
    put(root, "sub/.gitignore", "/local.py\n");
    put(root, "sub/local.py", "");
    put(root, "sub/deep/local.py", "");
    expect(root, "keep_pb2.py:ok sub/deep/local.py:ok ");
}

T_CASE(links_are_judged_by_where_they_lead) {
    const char *base = t_tmpdir();
    PNI_AUTO_PTR(pni_text) root = pni_path_join(base, "repo");
    put(base, "outside/x.py", "");
    put(root, "pkg/a.py", "x = 1\n");
    put_link(root, "alias.py", "pkg/a.py");
    put_link(root, "pkg/up", "..");
    put_link(root, "twin", "pkg");
    put_link(root, "away", "../outside");
    put_link(root, "away.py", "../outside/x.py");
    put_link(root, "self.py", "self.py");
    put_link(root, "nothing.py", "no/such/file");
    put_link(root, "nothing.txt", "no/such/file");
    expect(
        root,
        "alias.py:ok away:symlink_outside away.py:symlink_outside nothing.py:vanished pkg/a.py:ok "
        "pkg/up:symlink_loop self.py:symlink_loop ");
}

T_CASE(what_is_no_regular_file_is_a_row) {
    const char *root = t_tmpdir();
    PNI_AUTO_PTR(pni_text) path = pni_path_join(root, "pipe.py");
    T_EQ_INT(mkfifo(path, 0600), 0);
    expect(root, "pipe.py:unreadable ");
}

T_CASE(files_without_permission_are_rows) {
    if (geteuid() == 0) {
        T_SKIP("root may read everything");
    }
    const char *root = t_tmpdir();
    put(root, "a.py", "");
    put(root, "dir/b.py", "");
    PNI_AUTO_PTR(pni_text) file = pni_path_join(root, "a.py");
    PNI_AUTO_PTR(pni_text) dir = pni_path_join(root, "dir");
    T_EQ_INT(chmod(file, 0), 0);
    T_EQ_INT(chmod(dir, 0), 0);
    expect(root, "a.py:unreadable dir:unreadable ");
    T_EQ_INT(chmod(dir, 0700), 0);
}

T_CASE(names_that_are_not_utf8_are_escaped) {
    const char *root = t_tmpdir();
    put(root, "b\xff.py", "");
    put(root, "c\\x.py", "");
    put(root, "\xc3\xa4.py", "");
    expect(root, "b\\xff.py:ok c\\x5cx.py:ok \xc3\xa4.py:ok ");
}

T_CASE(undecodable_files_are_rows_with_bytes) {
    const char *root = t_tmpdir();
    put(root, "bad.py", "x = '\xff'\n");
    pn_error err = PN_ERROR_INIT;
    const pni_scan_options options = {.root = root};
    PNI_AUTO_PTR(pni_scan) scan = NULL;
    T_OK(pni_scan_new(&options, &scan, &err), &err);
    PNI_AUTO(pn_buf) content = PN_BUF_INIT;
    pni_source_load(scan, 0, &content);
    const pni_source_file *file = &scan->files.items[0];
    T_EQ_INT(file->status, PNI_FILE_UNDECODABLE);
    T_ASSERT(file->loaded);
    T_EQ_INT(file->size_bytes, 8);
    T_EQ_INT(content.len, 8);
    T_EQ_STR(file->encoding, "utf-8");
    T_EQ_UINT(strlen(file->sha256), 64);
}

T_CASE(a_file_that_goes_away_is_vanished) {
    const char *root = t_tmpdir();
    put(root, "a.py", "x");
    put(root, "b.py", "x");
    pn_error err = PN_ERROR_INIT;
    const pni_scan_options options = {.root = root};
    PNI_AUTO_PTR(pni_scan) scan = NULL;
    T_OK(pni_scan_new(&options, &scan, &err), &err);
    PNI_AUTO_PTR(pni_text) gone = pni_path_join(root, "a.py");
    PNI_AUTO_PTR(pni_text) moved = pni_path_join(root, "b.py");
    T_EQ_INT(unlink(gone), 0);
    T_EQ_INT(unlink(moved), 0);
    put_link(root, "b.py", "/etc/passwd");
    PNI_AUTO(pn_buf) content = PN_BUF_INIT;
    pni_source_load(scan, 0, &content);
    pni_source_load(scan, 1, &content);
    T_EQ_INT(scan->files.items[0].status, PNI_FILE_VANISHED);
    T_EQ_INT(scan->files.items[1].status, PNI_FILE_VANISHED);
    T_EQ_INT(content.len, 0);
}

T_CASE(too_large_files_are_rows) {
    const char *root = t_tmpdir();
    put(root, "big.py", "");
    PNI_AUTO_PTR(pni_text) path = pni_path_join(root, "big.py");
    T_EQ_INT(truncate(path, (off_t)PNI_SOURCE_FILE_MAX_BYTES + 1), 0);
    expect(root, "big.py:too_large ");
}

T_CASE(patterns_choose_files) {
    const char *root = t_tmpdir();
    put(root, "a.py", "");
    put(root, "SConstruct", "");
    const char *const patterns[] = {"SCons*"};
    const pni_scan_options options = {.root = root, .patterns = patterns, .n_patterns = 1};
    pn_error err = PN_ERROR_INIT;
    PNI_AUTO_PTR(pni_scan) scan = NULL;
    T_OK(pni_scan_new(&options, &scan, &err), &err);
    T_EQ_UINT(scan->files.count, 1);
    T_EQ_STR(scan->files.items[0].path, "SConstruct");
}

/* hashlib.blake2b(b"pkg/a.py", digest_size=16).hexdigest() */
T_CASE(file_ids_follow_the_recipe) {
    char id[PNI_FILE_ID_SIZE];
    pni_file_id("pkg/a.py", id);
    T_EQ_STR(id, "file:dec969723b22521fcecf58109d31afcf");
}

T_CASE(a_missing_repository_is_an_error) {
    const pni_scan_options options = {.root = "/no/such/folder"};
    pn_error err = PN_ERROR_INIT;
    pni_scan *scan = NULL;
    T_STATUS(pni_scan_new(&options, &scan, &err), PN_NOT_FOUND, &err);
    T_EQ_INT(err.number, PNI_E_CPG_REPO);
    T_ASSERT(strstr(err.message, "/no/such/folder") != NULL);
}
