/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The output folder: who may write it, and the pack that is copied into it. A marker tells a folder
 * of ours from somebody's project, which is never overwritten; a lock that dies with the process
 * keeps two builds apart.
 */
#define _GNU_SOURCE
#include "cpg/folder.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#define PACK_FILE_MAX_BYTES (8u << 20)
#define PACK_DEPTH_MAX 16

static const char marker_text[] =
    "This folder is made by `pinion cpg build`; views/ and queries/ are replaced by it.\n";

/* Refuses a folder that holds somebody's project. */
static pn_status claim(const pni_folder *folder, pn_error *err) {
    PNI_AUTO_PTR(pni_text) project = pni_path_join(folder->path, "pinion.yaml");
    PNI_AUTO_PTR(pni_text) marker = pni_path_join(folder->state, "cpg");
    if (pni_path_exists(marker)) {
        return PN_OK;
    }
    if (pni_path_exists(project)) {
        return pni_fail(err, PNI_E_PROJECT_EXISTS,
                        "folder '%s' holds a project that is not of a graph", folder->path);
    }
    return pni_file_write(marker, marker_text, sizeof marker_text - 1, err);
}

static pn_status lock(pni_folder *folder, pn_error *err) {
    PNI_AUTO_PTR(pni_text) path = pni_path_join(folder->state, "lock");
    folder->lock_fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0666);
    if (folder->lock_fd < 0) {
        return pni_fail_os(err, PNI_E_FILE_WRITE, errno, "lock file '%s'", path);
    }
    if (flock(folder->lock_fd, LOCK_EX | LOCK_NB) != 0) {
        return errno == EWOULDBLOCK
                   ? pni_fail(err, PNI_E_CPG_BUSY, "folder '%s' is being written by another build",
                              folder->path)
                   : pni_fail_os(err, PNI_E_FILE_WRITE, errno, "lock file '%s'", path);
    }
    return PN_OK;
}

pn_status pni_folder_open(const char *path, pni_folder *out, pn_error *err) {
    pni_folder folder = {.lock_fd = -1};
    folder.path = pni_path_absolute(path);
    folder.state = pni_path_join(folder.path, ".pinion");
    folder.tmp = pni_path_join(folder.state, "tmp");
    pn_status status = pni_mkdirs(folder.state, err);
    status = status == PN_OK ? lock(&folder, err) : status;
    status = status == PN_OK ? claim(&folder, err) : status;
    status = status == PN_OK ? pni_remove_tree(folder.tmp, err) : status;
    status = status == PN_OK ? pni_mkdirs(folder.tmp, err) : status;
    if (status != PN_OK) {
        /* The temporary files may be those of the build that holds the lock. */
        pni_free(pni_take(folder.tmp));
        pni_folder_close(&folder);
        return status;
    }
    *out = folder;
    return PN_OK;
}

void pni_folder_close(pni_folder *folder) {
    if (folder->tmp != NULL) {
        (void)pni_remove_tree(folder->tmp, NULL);
    }
    if (folder->lock_fd >= 0) {
        close(folder->lock_fd);
    }
    pni_free(folder->path);
    pni_free(folder->state);
    pni_free(folder->tmp);
    *folder = (pni_folder){.lock_fd = -1};
}

static pn_status copy_file(const char *from, const char *to, pn_error *err) {
    PNI_AUTO(pn_buf) text = PN_BUF_INIT;
    PNI_TRY(pni_file_read(from, PACK_FILE_MAX_BYTES, &text, err));
    return pni_file_write(to, text.data, text.len, err);
}

static pn_status copy_tree(const char *from, const char *to, int depth, pn_error *err);

static pn_status copy_entry(const char *from, const char *to, int depth, pn_error *err) {
    struct stat st;
    if (stat(from, &st) != 0) {
        return pni_fail_os(err, PNI_E_FILE_READ, errno, "pack file '%s'", from);
    }
    return S_ISDIR(st.st_mode) ? copy_tree(from, to, depth + 1, err) : copy_file(from, to, err);
}

static pn_status copy_tree(const char *from, const char *to, int depth, pn_error *err) {
    PNI_TRY(pni_mkdirs(to, err));
    DIR *dir = depth <= PACK_DEPTH_MAX ? opendir(from) : NULL;
    if (dir == NULL) {
        return pni_fail_os(err, PNI_E_FILE_READ, errno, "pack folder '%s'", from);
    }
    pn_status status = PN_OK;
    const struct dirent *entry;
    while (status == PN_OK && (entry = readdir(dir)) != NULL) {
        if (entry->d_name[0] != '.') {
            PNI_AUTO_PTR(pni_text) source = pni_path_join(from, entry->d_name);
            PNI_AUTO_PTR(pni_text) target = pni_path_join(to, entry->d_name);
            status = copy_entry(source, target, depth, err);
        }
    }
    closedir(dir);
    return status;
}

pn_status pni_folder_put_pack(const pni_folder *folder, const char *pack, pn_error *err) {
    static const char *const folders[] = {"views", "queries"};
    for (size_t i = 0; i < sizeof folders / sizeof folders[0]; i++) {
        PNI_AUTO_PTR(pni_text) from = pni_path_join(pack, folders[i]);
        PNI_AUTO_PTR(pni_text) to = pni_path_join(folder->path, folders[i]);
        PNI_TRY(pni_remove_tree(to, err));
        PNI_TRY(copy_tree(from, to, 0, err));
    }
    PNI_AUTO_PTR(pni_text) from = pni_path_join(pack, "pinion.yaml");
    PNI_AUTO_PTR(pni_text) to = pni_path_join(folder->path, "pinion.yaml");
    return copy_file(from, to, err);
}
