/* SPDX-License-Identifier: Apache-2.0 */
#define _GNU_SOURCE
#include "base/base.h"
#include "t.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

static char path_of[4096];

static const char *in_tmp(const char *name) {
    char *path = pni_path_join(t_tmpdir(), name);
    pni_str view = pni_str_of(path);
    T_ASSERT(view.len < sizeof path_of);
    memcpy(path_of, path, view.len + 1);
    pni_free(path);
    return path_of;
}

static int entries(const char *dir) {
    int count = 0;
    DIR *handle = opendir(dir);
    T_ASSERT(handle != NULL);
    while (readdir(handle)) {
        count++;
    }
    closedir(handle);
    return count - 2;
}

static void touch(const char *path) {
    int fd = open(path, O_CREAT | O_WRONLY, 0644);
    T_ASSERT(fd >= 0);
    close(fd);
}

T_CASE(what_is_written_is_read) {
    pn_error err = PN_ERROR_INIT;
    PNI_AUTO(pn_buf) got = PN_BUF_INIT;
    pni_buf_puts(&got, "old contents");
    T_OK(pni_file_write(in_tmp("f"), "a\0b", 3, &err), &err);
    T_OK(pni_file_read(in_tmp("f"), 3, &got, &err), &err);
    T_EQ_UINT(got.len, 3);
    T_EQ_MEM(got.data, "a\0b", 4);
    T_OK(pni_file_write(in_tmp("f"), NULL, 0, &err), &err);
    T_OK(pni_file_read(in_tmp("f"), 0, &got, &err), &err);
    T_EQ_UINT(got.len, 0);
    T_EQ_STR(pni_buf_text(&got), "");
    T_EQ_INT(entries(t_tmpdir()), 1);
}

T_CASE(replacing_keeps_the_mode) {
    pn_error err = PN_ERROR_INIT;
    touch(in_tmp("f"));
    T_ASSERT(chmod(path_of, 0600) == 0);
    T_OK(pni_file_write(path_of, "x", 1, &err), &err);
    struct stat info;
    T_ASSERT(stat(path_of, &info) == 0);
    T_EQ_INT(info.st_mode & 07777, 0600);
}

T_CASE(large_files_and_files_without_size_are_read) {
    pn_error err = PN_ERROR_INIT;
    PNI_AUTO(pn_buf) got = PN_BUF_INIT;
    size_t len = 300001;
    char *data = pni_alloc(len);
    memset(data, 'q', len);
    T_OK(pni_file_write(in_tmp("f"), data, len, &err), &err);
    pni_free(data);
    T_OK(pni_file_read(path_of, len, &got, &err), &err);
    T_EQ_UINT(got.len, len);
    T_OK(pni_file_read("/proc/self/status", 1u << 20, &got, &err), &err);
    T_ASSERT(got.len > 0);
}

T_CASE(too_large_is_refused_and_the_buffer_kept) {
    pn_error err = PN_ERROR_INIT;
    PNI_AUTO(pn_buf) got = PN_BUF_INIT;
    pni_buf_puts(&got, "kept");
    T_OK(pni_file_write(in_tmp("f"), "12345", 5, &err), &err);
    T_STATUS(pni_file_read(path_of, 4, &got, &err), PN_LIMIT, &err);
    T_EQ_INT(err.number, PNI_E_FILE_LIMIT);
    T_EQ_STR(pni_buf_text(&got), "kept");
}

T_CASE(missing_files_and_folders_are_told_apart) {
    pn_error err = PN_ERROR_INIT;
    PNI_AUTO(pn_buf) got = PN_BUF_INIT;
    T_STATUS(pni_file_read(in_tmp("none"), 10, &got, &err), PN_NOT_FOUND, &err);
    T_EQ_INT(err.number, PNI_E_FILE_MISSING);
    T_EQ_INT(err.os_errno, ENOENT);
    T_STATUS(pni_file_read(t_tmpdir(), 10, &got, &err), PN_IO, &err);
    T_EQ_INT(err.number, PNI_E_FILE_READ);
}

/* Root may write anywhere, so the case steps down to nobody when it is root. */
T_CASE(an_unwritable_folder_is_named_and_left_alone) {
    pn_error err = PN_ERROR_INIT;
    const char *dir = in_tmp("locked");
    T_ASSERT(mkdir(dir, 0755) == 0 && chmod(dir, 0555) == 0 && chmod(t_tmpdir(), 0755) == 0);
    PNI_AUTO_PTR(pni_text) file = pni_path_join(dir, "f");
    bool root = geteuid() == 0;
    T_ASSERT(!root || seteuid(65534) == 0);
    pn_status status = pni_file_write(file, "x", 1, &err);
    pn_error mkdirs_err = PN_ERROR_INIT;
    pn_status mkdirs_status = pni_mkdirs(file, &mkdirs_err);
    T_ASSERT(!root || seteuid(0) == 0);
    T_STATUS(status, PN_IO, &err);
    T_EQ_INT(err.number, PNI_E_FILE_WRITE);
    T_EQ_INT(err.os_errno, EACCES);
    T_ASSERT(strstr(err.message, "locked/f'"));
    T_STATUS(mkdirs_status, PN_IO, &mkdirs_err);
    T_EQ_INT(entries(dir), 0);
    T_ASSERT(chmod(dir, 0755) == 0);
}

T_CASE(writing_over_a_folder_leaves_no_temporary) {
    pn_error err = PN_ERROR_INIT;
    T_ASSERT(mkdir(in_tmp("d"), 0755) == 0);
    T_STATUS(pni_file_write(path_of, "x", 1, &err), PN_IO, &err);
    T_EQ_INT(entries(t_tmpdir()), 1);
    T_STATUS(pni_file_write(in_tmp("no/such/folder"), "x", 1, &err), PN_IO, &err);
    T_EQ_INT(err.os_errno, ENOENT);
}

T_CASE(folders_are_made_with_their_parents) {
    pn_error err = PN_ERROR_INIT;
    T_OK(pni_mkdirs(in_tmp("a/b//c/"), &err), &err);
    T_ASSERT(pni_path_is_dir(in_tmp("a/b/c")));
    T_OK(pni_mkdirs(path_of, &err), &err);
    T_OK(pni_mkdirs("/", &err), &err);
    touch(in_tmp("file"));
    T_STATUS(pni_mkdirs(in_tmp("file/x"), &err), PN_IO, &err);
    T_EQ_INT(err.os_errno, ENOTDIR);
}

T_CASE(trees_are_removed_without_following_links) {
    pn_error err = PN_ERROR_INIT;
    T_OK(pni_mkdirs(in_tmp("tree/a/b"), &err), &err);
    T_OK(pni_mkdirs(in_tmp("outside"), &err), &err);
    touch(in_tmp("outside/kept"));
    touch(in_tmp("tree/a/b/f"));
    PNI_AUTO_PTR(pni_text) target = pni_path_join(t_tmpdir(), "outside");
    T_ASSERT(symlink(target, in_tmp("tree/a/link")) == 0);
    T_OK(pni_remove_tree(in_tmp("tree"), &err), &err);
    T_ASSERT(!pni_path_exists(path_of));
    T_ASSERT(pni_path_exists(in_tmp("outside/kept")));
    T_OK(pni_remove_tree(path_of, &err), &err);
    T_ASSERT(!pni_path_exists(path_of));
    T_OK(pni_remove_tree(path_of, &err), &err);
    T_ASSERT(symlink(target, in_tmp("link")) == 0);
    T_OK(pni_remove_tree(path_of, &err), &err);
    T_ASSERT(pni_path_is_dir(target));
}
