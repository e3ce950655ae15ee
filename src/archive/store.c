/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The folder of bundles. Each bundle is a file of its own, `<2 digits>/<fingerprint>.pnb`, with
 * links to the files of the views it reads, so that a hundred views that share their upstream keep
 * it once. `views/<name>` holds the fingerprint that a view had last. All writes are renames of
 * whole files and readers take no lock: a reader sees the old file or the new one.
 */
#include "archive/archive_priv.h"

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>

struct pn_bundle_store {
    char *dir;
};

/* Files opened while one closure is loaded. */
typedef struct store_reader {
    const pn_bundle_store *store;
    pni_map *files; /* fingerprint -> bundle_file */
} store_reader;

pn_status pn_bundle_store_open(const char *dir, pn_bundle_store **store_out, pn_error *err) {
    if (!dir || !*dir || !store_out)
        return pni_fail(err, PNI_E_ARGUMENT,
                        "pn_bundle_store_open: dir and store_out must not be NULL or empty");
    pn_bundle_store *store = pni_calloc(1, sizeof *store);
    store->dir = pni_path_absolute(dir);
    *store_out = store;
    return PN_OK;
}

void pn_bundle_store_free(pn_bundle_store *store) {
    if (!store)
        return;
    pni_free(store->dir);
    pni_free(store);
}

static char *bundle_path(const pn_bundle_store *store, const char *fingerprint) {
    PNI_AUTO(pn_buf) name = PN_BUF_INIT;
    pni_buf_printf(&name, "%.2s/%s.pnb", fingerprint, fingerprint);
    return pni_path_join(store->dir, pni_buf_text(&name));
}

static char *view_path(const pn_bundle_store *store, const char *view) {
    PNI_AUTO_PTR(pni_text) views = pni_path_join(store->dir, "views");
    return pni_path_join(views, view);
}

/* Leaves the file alone when it holds these bytes already. */
static pn_status write_changed(const char *path, const void *data, size_t len, pn_error *err) {
    PNI_AUTO(pn_buf) old = PN_BUF_INIT;
    if (pni_file_read(path, PNI_BUNDLE_FILE_MAX_BYTES, &old, NULL) == PN_OK && old.len == len &&
        (!len || memcmp(old.data, data, len) == 0))
        return PN_OK;
    PNI_AUTO_PTR(pni_text) folder = pni_path_dir(path);
    PNI_TRY(pni_mkdirs(folder, err));
    return pni_file_write(path, data, len, err);
}

static pn_status put_one(const pn_bundle_store *store, const pn_bundle *bundle, uint32_t flags,
                         pn_error *err) {
    PNI_AUTO(pn_buf) bytes = PN_BUF_INIT;
    PNI_AUTO_PTR(pni_text) path = bundle_path(store, bundle->fingerprint);
    write_request request = {.bundles = &bundle, .n_bundles = 1, .roots = &bundle, .n_roots = 1};
    PNI_TRY(bundle_file_write(&request, &bytes, err));
    PNI_TRY(write_changed(path, bytes.data, bytes.len, err));
    if (!bundle->name || !(flags & PN_BUNDLE_PUT_RECORD))
        return PN_OK;
    PNI_AUTO_PTR(pni_text) view = view_path(store, bundle->name);
    return write_changed(view, bundle->fingerprint, strlen(bundle->fingerprint), err);
}

/* Upstream first: a file that can be seen has all that it links to. */
pn_status pni_archive_put(const pn_bundle_store *store, const pn_bundle *const *roots,
                          size_t n_roots, uint32_t flags, pn_error *err) {
    size_t count;
    const pn_bundle **closure = pni_bundle_closure(roots, n_roots, &count);
    pn_status status = PN_OK;
    for (size_t i = 0; status == PN_OK && i < count; i++)
        status = put_one(store, closure[i], flags, err);
    pni_free(closure);
    return status;
}

pn_status pn_bundle_store_put(const pn_bundle_store *store, const pn_bundle *bundle, uint32_t flags,
                              pn_error *err) {
    if (!store || !bundle || (flags & ~(uint32_t)PN_BUNDLE_PUT_RECORD))
        return pni_fail(err, PNI_E_ARGUMENT,
                        "pn_bundle_store_put: store or bundle is NULL, or flags are unknown");
    return pni_archive_put(store, &bundle, 1, flags, err);
}

static pn_status open_stored(void *ctx, const char *fingerprint, bundle_file **out, pn_error *err) {
    store_reader *reader = ctx;
    PNI_AUTO(pn_buf) bytes = PN_BUF_INIT;
    PNI_AUTO_PTR(bundle_file) file = NULL;
    *out = pni_map_get(reader->files, fingerprint);
    if (*out)
        return PN_OK;
    PNI_AUTO_PTR(pni_text) path = bundle_path(reader->store, fingerprint);
    pn_status status = pni_file_read(path, PNI_BUNDLE_FILE_MAX_BYTES, &bytes, err);
    if (status == PN_NOT_FOUND)
        return pni_fail(err, PNI_E_BUNDLE_UNKNOWN, "bundle %.12s is not in '%s'", fingerprint,
                        reader->store->dir);
    PNI_TRY(status);
    PNI_TRY(bundle_file_open(&bytes, path, &file, err));
    if (!bundle_file_entry(file, fingerprint))
        return pni_fail(err, PNI_E_BUNDLE_PART, "'%s' holds another bundle than its name says",
                        path);
    *out = file;
    pni_map_put(reader->files, fingerprint, pni_take(file));
    return PN_OK;
}

/* The name that a file records for its bundle, or NULL. */
static const char *recorded_name(const bundle_file *file) {
    const json_t *root = json_array_get(json_object_get(file->manifest, "roots"), 0);
    const char *name = pni_json_text(root, "name");
    return name && pni_name_check("view", name, NULL) == PN_OK ? name : NULL;
}

/* `view` names the bundle; NULL = as it was recorded. */
static pn_status load_closure(const pn_bundle_store *store, const char *fingerprint,
                              const char *view, pn_bundle **out, pn_error *err) {
    store_reader reader = {.store = store, .files = pni_map_new()};
    bundle_source source = {open_stored, &reader, PNI_BUNDLE_FILE_MAX_BYTES};
    pni_map *made = pni_map_new();
    bundle_file *file;
    pn_status status = open_stored(&reader, fingerprint, &file, err);
    if (status == PN_OK)
        status =
            bundle_load(&source, fingerprint, view ? view : recorded_name(file), made, out, err);
    bundle_made_free(made);
    for (size_t i = 0; i < pni_map_count(reader.files); i++)
        bundle_file_free(pni_map_value_at(reader.files, i));
    pni_map_free(reader.files);
    return status;
}

typedef pn_status (*store_each_fn)(void *ctx, const char *fingerprint, pn_error *err);

/* The entries of a folder, sorted; a folder that is not there is empty. */
static pn_status list_folder(const char *path, pni_map *names, pn_error *err) {
    DIR *dir = opendir(path);
    if (!dir && (errno == ENOENT || errno == ENOTDIR))
        return PN_OK;
    if (!dir)
        return pni_fail_os(err, PNI_E_FILE_READ, errno, "reading folder '%s'", path);
    for (struct dirent *entry = readdir(dir); entry; entry = readdir(dir))
        if (entry->d_name[0] != '.')
            pni_map_put(names, entry->d_name, names);
    closedir(dir);
    return PN_OK;
}

/* Calls `each` for the fingerprints in the folder of two digits `folder`, sorted. */
static pn_status each_in(const pn_bundle_store *store, const char *folder, store_each_fn each,
                         void *ctx, pn_error *err) {
    PNI_AUTO_PTR(pni_map) names = pni_map_new();
    PNI_AUTO_PTR(pni_text) path = pni_path_join(store->dir, folder);
    PNI_TRY(list_folder(path, names, err));
    const char **sorted = pni_map_sorted_keys(names);
    pn_status status = PN_OK;
    for (size_t i = 0; status == PN_OK && i < pni_map_count(names); i++) {
        if (!pni_ends_with(sorted[i], ".pnb"))
            continue;
        PNI_AUTO_PTR(pni_text)
        fingerprint = pni_strndup(sorted[i], strlen(sorted[i]) - strlen(".pnb"));
        if (is_digest(fingerprint) && pni_starts_with(fingerprint, folder))
            status = each(ctx, fingerprint, err);
    }
    pni_free(sorted);
    return status;
}

typedef struct prefix_search {
    const char *prefix;
    char found[PNI_SHA256_HEX];
    size_t count;
} prefix_search;

static pn_status match_prefix(void *ctx, const char *fingerprint, pn_error *err) {
    prefix_search *search = ctx;
    (void)err;
    if (pni_starts_with(fingerprint, search->prefix)) {
        memcpy(search->found, fingerprint, PNI_SHA256_HEX);
        search->count++;
    }
    return PN_OK;
}

static pn_status complete(const pn_bundle_store *store, prefix_search *search, pn_error *err) {
    size_t len = strlen(search->prefix);
    char folder[3] = {0};
    if (len < PREFIX_MIN || len >= PNI_SHA256_HEX ||
        strspn(search->prefix, "0123456789abcdef") != len)
        return pni_fail(err, PNI_E_BUNDLE_PREFIX, "'%s' is no start of a fingerprint",
                        search->prefix);
    memcpy(folder, search->prefix, 2);
    PNI_TRY(each_in(store, folder, match_prefix, search, err));
    if (!search->count)
        return pni_fail(err, PNI_E_BUNDLE_UNKNOWN, "no bundle in '%s' starts with %s", store->dir,
                        search->prefix);
    if (search->count > 1)
        return pni_fail(err, PNI_E_BUNDLE_PREFIX, "%zu bundles start with %s", search->count,
                        search->prefix);
    return PN_OK;
}

pn_status pn_bundle_store_get(const pn_bundle_store *store, const char *prefix,
                              pn_bundle **bundle_out, pn_error *err) {
    prefix_search search = {.prefix = prefix};
    if (!store || !prefix || !bundle_out)
        return pni_fail(err, PNI_E_ARGUMENT,
                        "pn_bundle_store_get: store, prefix and bundle_out must not be NULL");
    PNI_TRY(complete(store, &search, err));
    return load_closure(store, search.found, NULL, bundle_out, err);
}

pn_status pn_bundle_store_last(const pn_bundle_store *store, const char *view,
                               pn_bundle **bundle_out, pn_error *err) {
    PNI_AUTO(pn_buf) text = PN_BUF_INIT;
    if (!store || !view || !bundle_out)
        return pni_fail(err, PNI_E_ARGUMENT,
                        "pn_bundle_store_last: store, view and bundle_out must not be NULL");
    PNI_TRY(pni_name_check("view", view, err)); /* it becomes a path */
    PNI_AUTO_PTR(pni_text) path = view_path(store, view);
    pn_status status = pni_file_read(path, PNI_SHA256_HEX - 1, &text, err);
    if (status == PN_NOT_FOUND)
        return pni_fail(err, PNI_E_BUNDLE_UNKNOWN, "no bundle of view '%s' was recorded in '%s'",
                        view, store->dir);
    PNI_TRY(status);
    if (!is_digest(pni_buf_text(&text)))
        return pni_fail(err, PNI_E_BUNDLE_PART, "'%s' holds no fingerprint", path);
    return load_closure(store, pni_buf_text(&text), view, bundle_out, err);
}

typedef struct listing {
    const pn_bundle_store *store;
    json_t *bundles;
    json_t *damaged;
} listing;

static pn_status list_one(void *ctx, const char *fingerprint, pn_error *err) {
    listing *list = ctx;
    pn_error why = PN_ERROR_INIT;
    bundle_file *file = NULL;
    store_reader reader = {.store = list->store, .files = pni_map_new()};
    (void)err;
    if (open_stored(&reader, fingerprint, &file, &why) != PN_OK) {
        json_array_append_new(list->damaged, json_pack("{s:s, s:s}", "fingerprint", fingerprint,
                                                       "reason", why.message));
    } else {
        const char *name = recorded_name(file);
        const json_t *links = json_object_get(bundle_file_entry(file, fingerprint), "inputs");
        json_t *row =
            json_pack("{s:s, s:I, s:I}", "fingerprint", fingerprint, "bytes",
                      (json_int_t)file->bytes.len, "inputs", (json_int_t)json_object_size(links));
        if (name)
            json_object_set_new(row, "name", json_string(name));
        json_array_append_new(list->bundles, row);
        bundle_file_free(file);
    }
    pni_map_free(reader.files);
    return PN_OK;
}

static pn_status list_views(const pn_bundle_store *store, json_t *views, pn_error *err) {
    PNI_AUTO_PTR(pni_map) names = pni_map_new();
    PNI_AUTO_PTR(pni_text) folder = pni_path_join(store->dir, "views");
    PNI_TRY(list_folder(folder, names, err));
    for (size_t i = 0; i < pni_map_count(names); i++) {
        PNI_AUTO(pn_buf) text = PN_BUF_INIT;
        PNI_AUTO_PTR(pni_text) path = pni_path_join(folder, pni_map_key_at(names, i));
        if (pni_file_read(path, PNI_SHA256_HEX - 1, &text, NULL) == PN_OK &&
            is_digest(pni_buf_text(&text)) &&
            pni_name_check("view", pni_map_key_at(names, i), NULL) == PN_OK)
            json_object_set_new(views, pni_map_key_at(names, i), json_string(pni_buf_text(&text)));
    }
    return PN_OK;
}

pn_status pn_bundle_store_list(const pn_bundle_store *store, pn_buf *json_out, pn_error *err) {
    if (!store || !json_out)
        return pni_fail(err, PNI_E_ARGUMENT,
                        "pn_bundle_store_list: store and json_out must not be NULL");
    PNI_AUTO_PTR(json_t) bundles = json_array();
    PNI_AUTO_PTR(json_t) damaged = json_array();
    PNI_AUTO_PTR(json_t) views = json_object();
    listing list = {store, bundles, damaged};
    for (unsigned first = 0; first < 256; first++) {
        char folder[3];
        snprintf(folder, sizeof folder, "%02x", first);
        PNI_TRY(each_in(store, folder, list_one, &list, err));
    }
    PNI_TRY(list_views(store, views, err));
    PNI_AUTO_PTR(json_t)
    json = json_pack("{s:O, s:O, s:O}", "bundles", bundles, "damaged", damaged, "views", views);
    return pni_json_canonical(json, json_out, err);
}
