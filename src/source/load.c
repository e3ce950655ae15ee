/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reads a file once. All that is said about it afterwards (size, digest, encoding, lines, what the
 * extractors see) is said about the bytes of this one reading, so a file that changes under the
 * build is still described consistently.
 */
#define _GNU_SOURCE
#include "source/source.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

static void set_status(pni_source_file *file, pni_file_status status, const char *error) {
    file->status = status;
    file->error = error;
}

static void set_os_error(pni_source_file *file, int os_errno) {
    const bool gone = os_errno == ENOENT || os_errno == ENOTDIR || os_errno == ELOOP;
    set_status(file, gone ? PNI_FILE_VANISHED : PNI_FILE_UNREADABLE,
               gone ? "the file was gone when it was read" : strerrordesc_np(os_errno));
}

/* A link that was judged to stay inside the root is followed; a name that became a link since is
 * not. */
static int open_source(const pni_scan *scan, const pni_source_file *file) {
    PNI_AUTO_PTR(pni_text) full = pni_path_join(scan->root, file->name);
    return open(full, O_RDONLY | O_CLOEXEC | O_NONBLOCK | (file->link ? 0 : O_NOFOLLOW));
}

/* Appends at most PNI_SOURCE_FILE_MAX_BYTES + 1 bytes; gives errno or 0. */
static int read_all(int fd, pn_buf *content, size_t expected) {
    const size_t start = content->len;
    const size_t max = (size_t)PNI_SOURCE_FILE_MAX_BYTES + 1;
    pni_buf_reserve(content, expected + 1);
    for (;;) {
        char block[65536];
        const size_t room = max - (content->len - start);
        if (room == 0) {
            return 0;
        }
        const ssize_t got = read(fd, block, room < sizeof block ? room : sizeof block);
        if (got < 0 && errno == EINTR) {
            continue;
        }
        if (got <= 0) {
            return got < 0 ? errno : 0;
        }
        pni_buf_append(content, block, (size_t)got);
    }
}

static void describe(pni_scan *scan, pni_source_file *file, pn_bytes bytes) {
    file->size_bytes = (int64_t)bytes.len;
    pni_sha256_hex(bytes.data, bytes.len, file->sha256);
    const char *problem = NULL;
    file->encoding = pni_encoding_detect(scan->arena, bytes, &problem);
    if (problem != NULL) {
        set_status(file, PNI_FILE_UNDECODABLE, problem);
    }
    file->loaded = true;
}

void pni_source_load(pni_scan *scan, size_t index, pn_buf *content) {
    pni_source_file *file = &scan->files.items[index];
    if (file->status != PNI_FILE_OK) {
        return;
    }
    const int fd = open_source(scan, file);
    struct stat st;
    if (fd < 0 || fstat(fd, &st) != 0) {
        set_os_error(file, errno);
        if (fd >= 0) {
            close(fd);
        }
        return;
    }
    const size_t start = content->len;
    int failed = 0;
    if (!S_ISREG(st.st_mode)) {
        set_status(file, PNI_FILE_UNREADABLE, "not a regular file");
    } else if (st.st_size > (off_t)PNI_SOURCE_FILE_MAX_BYTES) {
        file->size_bytes = st.st_size;
        set_status(file, PNI_FILE_TOO_LARGE, "the file is larger than 64 MiB");
    } else if ((failed = read_all(fd, content, (size_t)st.st_size)) != 0) {
        set_os_error(file, failed);
    } else if (content->len - start > PNI_SOURCE_FILE_MAX_BYTES) {
        set_status(file, PNI_FILE_TOO_LARGE, "the file is larger than 64 MiB");
    } else {
        describe(scan, file, (pn_bytes){content->data + start, content->len - start});
    }
    if (!file->loaded) {
        content->len = start;
    }
    close(fd);
}
