/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The files of a dataset. A folder is listed recursively, names that start with '.' or '_' are left
 * out (logs and markers by convention, except hive partitions, whose names hold '='), and only
 * files with an ending of the format count. The list is sorted bytewise by relative path and each
 * file is known by size and content; times and absolute paths never enter. Source of the rule:
 * engine-facts default 5, git's index format for the cache key.
 */
#include "dataset/dataset.h"

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <sys/stat.h>

typedef struct file_list {
    PNI_VEC(char *) paths; /* relative to root */
    const pni_dataset *dataset;
} file_list;

static const char *const endings_parquet[] = {".parquet", NULL};
static const char *const endings_csv[] = {".csv",     ".tsv",    ".csv.gz", ".csv.zst",
                                          ".csv.bz2", ".csv.xz", NULL};
static const char *const endings_json[] = {".json",     ".jsonl",     ".ndjson", ".json.gz",
                                           ".jsonl.gz", ".ndjson.gz", NULL};
static const char *const endings_arrow[] = {".arrow", ".ipc", ".feather", NULL};

static bool has_ending(const pni_dataset *dataset, const char *path) {
    const char *declared = pni_json_text(dataset->options, "file_extension");
    if (declared)
        return pni_ends_with(path, declared);
    const char *const *endings = pni_streq(dataset->format, "parquet") ? endings_parquet
                                 : pni_streq(dataset->format, "csv")   ? endings_csv
                                 : pni_streq(dataset->format, "json")  ? endings_json
                                                                       : endings_arrow;
    for (; *endings; endings++)
        if (pni_ends_with(path, *endings))
            return true;
    return false;
}

static bool is_hidden(const char *name) {
    size_t len = strcspn(name, "/");
    return name[0] == '.' || (name[0] == '_' && !memchr(name, '=', len));
}

bool pni_file_is_data(const pni_dataset *dataset, const char *relative) {
    for (const char *name = relative; name; name = strchr(name, '/')) {
        name += *name == '/';
        if (is_hidden(name))
            return false;
    }
    return has_ending(dataset, relative);
}

static pn_status list_folder(file_list *list, const char *relative, unsigned depth, pn_error *err);

static pn_status list_entry(file_list *list, const char *relative, unsigned depth, pn_error *err) {
    struct stat st;
    PNI_AUTO_PTR(pni_text) path = pni_path_join(list->dataset->uri, relative);
    if (stat(path, &st) != 0) {
        if (errno == ENOENT && !has_ending(list->dataset, relative))
            return PN_OK; /* a dangling link that is no data */
        return pni_fail_os(err, PNI_E_FILE_READ, errno, "dataset '%s': '%s'", list->dataset->name,
                           path);
    }
    if (S_ISDIR(st.st_mode))
        return list_folder(list, relative, depth + 1, err);
    if (!S_ISREG(st.st_mode) || !has_ending(list->dataset, relative))
        return PN_OK;
    if (!pni_utf8_valid(relative, strlen(relative)))
        return pni_fail(err, PNI_E_DATASET_OPTION,
                        "dataset '%s': the name of file '%s' is not UTF-8", list->dataset->name,
                        relative);
    if (list->paths.count >= PNI_DATASET_FILES_MAX)
        return pni_fail(err, PNI_E_DATASET_LIMIT, "dataset '%s' holds more than %u files",
                        list->dataset->name, PNI_DATASET_FILES_MAX);
    pni_vec_push(&list->paths, pni_strdup(relative));
    return PN_OK;
}

static pn_status list_folder(file_list *list, const char *relative, unsigned depth, pn_error *err) {
    if (depth > 64)
        return pni_fail(err, PNI_E_DATASET_LIMIT,
                        "dataset '%s': folder '%s' lies deeper than 64 levels", list->dataset->name,
                        relative);
    PNI_AUTO_PTR(pni_text)
    path = *relative ? pni_path_join(list->dataset->uri, relative) : pni_strdup(list->dataset->uri);
    DIR *dir = opendir(path);
    if (!dir)
        return pni_fail_os(err, PNI_E_FILE_READ, errno, "dataset '%s': folder '%s'",
                           list->dataset->name, path);
    pn_status status = PN_OK;
    for (;;) {
        errno = 0;
        struct dirent *entry = readdir(dir);
        if (!entry && errno) /* half a list would be another dataset */
            status = pni_fail_os(err, PNI_E_FILE_READ, errno, "dataset '%s': folder '%s'",
                                 list->dataset->name, path);
        if (!entry || status != PN_OK)
            break;
        if (is_hidden(entry->d_name))
            continue;
        PNI_AUTO_PTR(pni_text)
        child = *relative ? pni_path_join(relative, entry->d_name) : pni_strdup(entry->d_name);
        status = list_entry(list, child, depth, err);
    }
    closedir(dir);
    return status;
}

static pn_status pin_file(pni_hash_cache *cache, const char *path, const char *relative,
                          json_t *files, json_t *paths, pn_error *err) {
    struct stat st;
    char hex[PNI_SHA256_HEX];
    if (stat(path, &st) != 0)
        return pni_fail_os(err, PNI_E_FILE_READ, errno, "'%s'", path);
    if (!S_ISREG(st.st_mode))
        return pni_fail(err, PNI_E_DATASET_OPTION, "'%s' is neither file nor folder", path);
    PNI_TRY(pni_hash_cache_digest(cache, path, &st, hex, err));
    json_array_append_new(
        files, json_pack("[s, o, s]", relative, pni_json_u64((uint64_t)st.st_size), hex));
    json_array_append_new(paths, json_string(path));
    return PN_OK;
}

static pn_status pin_list(file_list *list, pni_hash_cache *cache, json_t *files, json_t *paths,
                          pn_error *err) {
    PNI_TRY(list_folder(list, "", 0, err));
    if (list->paths.count)
        qsort(list->paths.items, list->paths.count, sizeof *list->paths.items, pni_cmp_text);
    for (size_t i = 0; i < list->paths.count; i++) {
        PNI_AUTO_PTR(pni_text) path = pni_path_join(list->dataset->uri, list->paths.items[i]);
        PNI_TRY(pin_file(cache, path, list->paths.items[i], files, paths, err));
    }
    return PN_OK;
}

pn_status pni_files_pin(const pni_dataset *dataset, pni_hash_cache *cache, json_t **files_out,
                        json_t **paths_out, pn_error *err) {
    if (!pni_path_exists(dataset->uri))
        return pni_fail(err, PNI_E_DATASET_MISSING, "dataset '%s': there is no '%s'", dataset->name,
                        dataset->uri);
    PNI_AUTO_PTR(json_t) files = json_array();
    PNI_AUTO_PTR(json_t) paths = json_array();
    pn_status status;
    if (pni_path_is_dir(dataset->uri)) {
        file_list list = {.dataset = dataset};
        status = pin_list(&list, cache, files, paths, err);
        for (size_t i = 0; i < list.paths.count; i++)
            pni_free(list.paths.items[i]);
        pni_vec_dispose(&list.paths);
    } else {
        status = pin_file(cache, dataset->uri, pni_path_base(dataset->uri), files, paths, err);
    }
    pni_hash_cache_save(cache);
    PNI_TRY(status);
    if (json_array_size(files) == 0)
        return pni_fail(err, PNI_E_DATASET_MISSING, "dataset '%s': folder '%s' holds no %s file",
                        dataset->name, dataset->uri, dataset->format);
    *files_out = pni_take(files);
    *paths_out = pni_take(paths);
    return PN_OK;
}

static pn_status check_file(const pni_dataset *dataset, pni_hash_cache *cache, const char *path,
                            const char *digest, pn_error *err) {
    struct stat st;
    char hex[PNI_SHA256_HEX];
    if (stat(path, &st) != 0)
        return pni_fail_os(err, PNI_E_DATASET_CHANGED, errno, "dataset '%s': file '%s'",
                           dataset->name, path);
    PNI_TRY(pni_hash_cache_digest(cache, path, &st, hex, err));
    if (!pni_streq(hex, digest))
        return pni_fail(err, PNI_E_DATASET_CHANGED,
                        "dataset '%s': file '%s' has changed since the session read it",
                        dataset->name, path);
    return PN_OK;
}

pn_status pni_files_check(const pni_dataset *dataset, pni_hash_cache *cache, const json_t *files,
                          const json_t *paths, pn_error *err) {
    size_t index;
    json_t *file;
    json_array_foreach(files, index, file) {
        const char *path = json_string_value(json_array_get(paths, index));
        const char *digest = json_string_value(json_array_get(file, 2));
        PNI_TRY(check_file(dataset, cache, path, digest, err));
    }
    return PN_OK;
}
