/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Catalog auto-load: what lies directly in a folder becomes datasets. Entries are taken in bytewise
 * name order, so that which of two entries with one stem wins does not depend on the file system.
 */
#include "dataset/dataset.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <stdlib.h>

typedef PNI_VEC(char *) name_list;

static void names_dispose(name_list *names) {
    for (size_t i = 0; i < names->count; i++)
        pni_free(names->items[i]);
    pni_vec_dispose(names);
}

static pn_status list_names(const char *folder, name_list *names, pn_error *err) {
    DIR *dir = opendir(folder);
    if (!dir)
        return pni_fail_os(err, errno == ENOENT ? PNI_E_FILE_MISSING : PNI_E_FILE_READ, errno,
                           "folder '%s'", folder);
    errno = 0;
    for (struct dirent *entry; (entry = readdir(dir)); errno = 0)
        if (entry->d_name[0] != '.' && entry->d_name[0] != '_')
            pni_vec_push(names, pni_strdup(entry->d_name));
    int os_errno = errno; /* a list cut short by an error is not taken for the whole folder */
    closedir(dir);
    if (os_errno)
        return pni_fail_os(err, PNI_E_FILE_READ, os_errno, "folder '%s'", folder);
    if (names->count)
        qsort(names->items, names->count, sizeof *names->items, pni_cmp_text);
    return PN_OK;
}

static const char *format_of_ending(const char *name) {
    static const struct {
        const char *ending, *format;
    } endings[] = {{".parquet", "parquet"}, {".csv", "csv"},     {".json", "json"},
                   {".jsonl", "json"},      {".ndjson", "json"}, {".arrow", "arrow"},
                   {".ipc", "arrow"}};
    for (size_t i = 0; i < sizeof endings / sizeof *endings; i++)
        if (pni_ends_with(name, endings[i].ending))
            return endings[i].format;
    return NULL;
}

/* A folder is a Delta table when it has a log, else a data folder of the format of its first
 * fitting file. */
static const char *format_of_folder(const char *path) {
    PNI_AUTO_PTR(pni_text) log = pni_path_join(path, "_delta_log");
    if (pni_path_is_dir(log))
        return "delta";
    name_list names = {0};
    const char *format = NULL;
    if (list_names(path, &names, NULL) == PN_OK)
        for (size_t i = 0; !format && i < names.count; i++)
            format = format_of_ending(names.items[i]);
    names_dispose(&names);
    return format;
}

static char *stem_of(const char *name) {
    const char *dot = strchr(name, '.');
    char *stem = pni_strndup(name, dot ? (size_t)(dot - name) : strlen(name));
    for (char *c = stem; *c; c++)
        *c = (char)tolower((unsigned char)*c);
    return stem;
}

static pn_status add_entry(pn_catalog *catalog, const char *folder, const char *name, size_t *added,
                           pn_error *err) {
    PNI_AUTO_PTR(pni_text) path = pni_path_join(folder, name);
    PNI_AUTO_PTR(pni_text) stem = stem_of(name);
    const char *format = pni_path_is_dir(path) ? format_of_folder(path) : format_of_ending(name);
    if (!format || pni_name_check("dataset", stem, NULL) != PN_OK ||
        pni_catalog_find(catalog, stem))
        return PN_OK;
    pn_dataset_spec spec = PN_DATASET_SPEC_INIT;
    spec.name = stem;
    spec.format = format;
    spec.uri = path;
    PNI_TRY(pn_catalog_add(catalog, &spec, err));
    *added += 1;
    return PN_OK;
}

pn_status pn_catalog_autoload(pn_catalog *catalog, const char *folder, size_t *added_out,
                              pn_error *err) {
    name_list names = {0};
    size_t added = 0;
    if (!catalog || !folder)
        return pni_fail(err, PNI_E_ARGUMENT,
                        "pn_catalog_autoload: catalog and folder must not be NULL");
    pn_status status = list_names(folder, &names, err);
    for (size_t i = 0; status == PN_OK && i < names.count; i++)
        status = add_entry(catalog, folder, names.items[i], &added, err);
    names_dispose(&names);
    if (status == PN_OK && added_out)
        *added_out = added;
    return status;
}
