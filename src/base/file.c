/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Files. A written file is whole or absent: the bytes go to a temporary sibling that is synced and
 * renamed over the target, and the folder is synced so that the name survives a crash too. The
 * sibling's name carries pid and a counter and is opened exclusively, so that two writers never
 * share one.
 */
#define _GNU_SOURCE
#include "base/base.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

static pn_status read_failed(const char *verb, const char *path, int os_errno, pn_error *err) {
    bool missing = os_errno == ENOENT || os_errno == ENOTDIR;
    return pni_fail_os(err, missing ? PNI_E_FILE_MISSING : PNI_E_FILE_READ, os_errno, "%s '%s'",
                       verb, path);
}

static pn_status read_all(int fd, const char *path, size_t max_bytes, pn_buf *out, pn_error *err) {
    for (;;) {
        size_t step = 64 * 1024;
        step = out->cap > out->len + step ? out->cap - out->len - 1 : step;
        pni_buf_reserve(out, step);
        ssize_t got = read(fd, out->data + out->len, step);
        if (got < 0 && errno == EINTR) {
            continue;
        }
        if (got < 0) {
            return read_failed("reading", path, errno, err);
        }
        out->len += (size_t)got;
        out->data[out->len] = '\0';
        if (out->len > max_bytes) {
            return pni_fail(err, PNI_E_FILE_LIMIT, "'%s' is larger than %zu bytes", path,
                            max_bytes);
        }
        if (got == 0) {
            return PN_OK;
        }
    }
}

pn_status pni_file_read(const char *path, size_t max_bytes, pn_buf *out, pn_error *err) {
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0) {
        return read_failed("opening", path, errno, err);
    }
    PNI_AUTO(pn_buf) bytes = PN_BUF_INIT;
    struct stat info;
    if (fstat(fd, &info) == 0 && S_ISREG(info.st_mode) && (uint64_t)info.st_size <= max_bytes) {
        pni_buf_reserve(&bytes, (size_t)info.st_size + 1);
    }
    pn_status status = read_all(fd, path, max_bytes, &bytes, err);
    close(fd);
    if (status == PN_OK) {
        pn_buf_dispose(out);
        *out = bytes;
        bytes = PN_BUF_INIT;
    }
    return status;
}

/* Answers 0 or an errno. */
static int write_all(int fd, const char *data, size_t len) {
    while (len > 0) {
        ssize_t put = write(fd, data, len);
        if (put < 0 && errno != EINTR) {
            return errno;
        }
        if (put > 0) {
            data += put;
            len -= (size_t)put;
        }
    }
    return 0;
}

/* Best effort: some file systems refuse to sync a folder, and the data itself is safe by now. */
static void sync_folder(const char *path) {
    PNI_AUTO_PTR(pni_text) dir = pni_path_dir(path);
    int fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd >= 0) {
        (void)fsync(fd);
        close(fd);
    }
}

static int open_sibling(const char *path, char **name_out) {
    static atomic_uint counter;
    PNI_AUTO_PTR(pni_text) dir = pni_path_dir(path);
    for (;;) {
        char name[64];
        snprintf(name, sizeof name, ".pinion-%ld-%u.tmp", (long)getpid(),
                 atomic_fetch_add(&counter, 1));
        char *temporary = pni_path_join(dir, name);
        int fd = open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
        if (fd >= 0) {
            *name_out = temporary;
            return fd;
        }
        pni_free(temporary);
        if (errno != EEXIST) {
            return -1;
        }
    }
}

static pn_status write_whole(const char *path, pn_bytes bytes, bool is_synced, pn_error *err) {
    PNI_AUTO_PTR(pni_text) temporary = NULL;
    int fd = open_sibling(path, &temporary);
    if (fd < 0) {
        return pni_fail_os(err, PNI_E_FILE_WRITE, errno, "writing '%s'", path);
    }
    struct stat old;
    if (stat(path, &old) == 0) {
        (void)fchmod(fd, old.st_mode & 07777);
    }
    int os_errno = write_all(fd, (const char *)bytes.data, bytes.len);
    if (os_errno == 0 && is_synced && fsync(fd) != 0) {
        os_errno = errno;
    }
    if (close(fd) != 0 && os_errno == 0) {
        os_errno = errno;
    }
    if (os_errno == 0 && rename(temporary, path) != 0) {
        os_errno = errno;
    }
    if (os_errno) {
        unlink(temporary);
        return pni_fail_os(err, PNI_E_FILE_WRITE, os_errno, "writing '%s'", path);
    }
    if (is_synced) {
        sync_folder(path);
    }
    return PN_OK;
}

pn_status pni_file_write(const char *path, const void *data, size_t len, pn_error *err) {
    return write_whole(path, (pn_bytes){data, len}, true, err);
}

pn_status pni_file_write_unsynced(const char *path, const void *data, size_t len, pn_error *err) {
    return write_whole(path, (pn_bytes){data, len}, false, err);
}

pn_status pni_mkdirs(const char *path, pn_error *err) {
    size_t len = strlen(path);
    for (size_t end = 1; end <= len; end++) {
        if (end < len && path[end] != '/') {
            continue;
        }
        PNI_AUTO_PTR(pni_text) part = pni_strndup(path, end);
        int os_errno = mkdir(part, 0777) == 0 ? 0 : errno;
        if (os_errno && !pni_path_is_dir(part)) {
            os_errno = os_errno == EEXIST ? ENOTDIR : os_errno;
            return pni_fail_os(err, PNI_E_FILE_WRITE, os_errno, "making folder '%s'", part);
        }
    }
    return PN_OK;
}

/* Removes `name` in the folder `at`, and what is below it. Answers 0 or an errno; what is gone
 * already is fine. */
static int remove_at(int at, const char *name) {
    if (unlinkat(at, name, 0) == 0 || errno == ENOENT) {
        return 0;
    }
    if (errno != EISDIR && errno != EPERM) {
        return errno;
    }
    int refused = errno;
    int fd = openat(at, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (fd < 0) {
        return errno == ENOTDIR || errno == ELOOP ? refused : errno;
    }
    DIR *dir = fdopendir(fd);
    if (!dir) {
        close(fd);
        return ENOMEM;
    }
    int os_errno = 0;
    for (struct dirent *entry = readdir(dir); entry && os_errno == 0; entry = readdir(dir)) {
        if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0) {
            os_errno = remove_at(fd, entry->d_name);
        }
    }
    closedir(dir);
    if (os_errno == 0 && unlinkat(at, name, AT_REMOVEDIR) != 0 && errno != ENOENT) {
        os_errno = errno;
    }
    return os_errno;
}

pn_status pni_remove_tree(const char *path, pn_error *err) {
    int os_errno = remove_at(AT_FDCWD, path);
    if (os_errno == 0 || os_errno == ENOTDIR) {
        return PN_OK;
    }
    return pni_fail_os(err, PNI_E_FILE_WRITE, os_errno, "removing '%s'", path);
}
