/* SPDX-License-Identifier: Apache-2.0 */
/* The bundles of one file. After loading, nothing may be left over: a bundle that no root stands
 * on, an identity part that no bundle is made of or a snapshot that none names was not put there by
 * the writer. */
#include "archive/archive_priv.h"

struct pn_bundle_set {
    bundle_file *file;
    pni_map *made; /* "fingerprint name" -> bundle */
    PNI_VEC(pn_bundle *) roots;
};

void pn_bundle_set_free(pn_bundle_set *set) {
    if (!set)
        return;
    for (size_t i = 0; i < set->roots.count; i++)
        pn_bundle_unref(set->roots.items[i]);
    pni_vec_dispose(&set->roots);
    bundle_made_free(set->made);
    bundle_file_free(set->file);
    pni_free(set);
}

static pn_status open_same(void *ctx, const char *fingerprint, bundle_file **out, pn_error *err) {
    bundle_file *file = ctx;
    if (!bundle_file_entry(file, fingerprint))
        return pni_fail(err, PNI_E_BUNDLE_PART, "'%s': bundle %.12s is missing", file->what,
                        fingerprint);
    *out = file;
    return PN_OK;
}

static pn_status load_roots(pn_bundle_set *set, pn_error *err) {
    bundle_source source = {open_same, set->file, PNI_BUNDLE_FILE_MAX_BYTES};
    size_t index;
    json_t *row;
    json_array_foreach(json_object_get(set->file->manifest, "roots"), index, row) {
        const char *fingerprint = pni_json_text(row, "fingerprint");
        const json_t *name = json_object_get(row, "name");
        pn_bundle *root = NULL;
        if (!is_digest(fingerprint) || json_object_size(row) != (name ? 2u : 1u) ||
            (name && pni_name_check("view", json_string_value(name), NULL) != PN_OK))
            return bundle_file_damaged(set->file, manifest_path, "has a wrong root", err);
        PNI_TRY(bundle_load(&source, fingerprint, json_string_value(name), set->made, &root, err));
        pni_vec_push(&set->roots, root);
    }
    return PN_OK;
}

static pn_status check_rest(const pn_bundle_set *set, pn_error *err) {
    PNI_AUTO_PTR(pni_map) seen = pni_map_new();
    const char *fingerprint;
    json_t *entry;
    for (size_t i = 0; i < pni_map_count(set->made); i++) {
        pn_bundle *bundle = pni_map_value_at(set->made, i);
        pni_map_put(seen, bundle->fingerprint, bundle);
    }
    json_object_foreach(json_object_get(set->file->manifest, "bundles"), fingerprint, entry) {
        if (!pni_map_has(seen, fingerprint))
            return pni_fail(err, PNI_E_BUNDLE_PART, "'%s': bundle %.12s belongs to no root",
                            set->file->what, fingerprint);
    }
    for (size_t i = 0; i < set->file->n_parts; i++) {
        const char *name = set->file->parts[i].name;
        bool is_shared =
            pni_starts_with(name, "identity/") || pni_starts_with(name, snapshot_folder);
        if (is_shared && !pni_map_has(set->file->documents, name) &&
            !pni_map_has(set->file->plans, name))
            return bundle_file_damaged(set->file, name, "belongs to no bundle", err);
    }
    return PN_OK;
}

/* Takes `bytes`, on failure too. */
static pn_status import_bytes(pn_buf *bytes, const char *what, pn_bundle_set **set_out,
                              pn_error *err) {
    PNI_AUTO_PTR(pn_bundle_set) set = pni_calloc(1, sizeof *set);
    set->made = pni_map_new();
    PNI_TRY(bundle_file_open(bytes, what, &set->file, err));
    PNI_TRY(load_roots(set, err));
    PNI_TRY(check_rest(set, err));
    *set_out = pni_take(set);
    return PN_OK;
}

pn_status pn_bundle_import(pn_bytes bytes, const char *what, pn_bundle_set **set_out,
                           pn_error *err) {
    PNI_AUTO(pn_buf) copy = PN_BUF_INIT;
    if ((bytes.len && !bytes.data) || !what || !set_out)
        return pni_fail(err, PNI_E_ARGUMENT,
                        "pn_bundle_import: bytes, what and set_out must not be NULL");
    if (bytes.len > PNI_BUNDLE_FILE_MAX_BYTES)
        return pni_fail(err, PNI_E_BUNDLE_LIMIT, "'%s' has %zu bytes, more than %u", what,
                        bytes.len, PNI_BUNDLE_FILE_MAX_BYTES);
    pni_buf_append(&copy, bytes.data, bytes.len);
    return import_bytes(&copy, what, set_out, err);
}

pn_status pn_bundle_import_file(const char *path, pn_bundle_set **set_out, pn_error *err) {
    PNI_AUTO(pn_buf) bytes = PN_BUF_INIT;
    if (!path || !set_out)
        return pni_fail(err, PNI_E_ARGUMENT,
                        "pn_bundle_import_file: path and set_out must not be NULL");
    PNI_TRY(pni_file_read(path, PNI_BUNDLE_FILE_MAX_BYTES, &bytes, err));
    return import_bytes(&bytes, path, set_out, err);
}

pn_status pn_bundle_save(pn_bytes bytes, const char *path, pn_error *err) {
    if ((bytes.len && !bytes.data) || !path)
        return pni_fail(err, PNI_E_ARGUMENT, "pn_bundle_save: bytes and path must not be NULL");
    return pni_file_write(path, bytes.data, bytes.len, err);
}

size_t pn_bundle_set_count(const pn_bundle_set *set) {
    return set ? set->roots.count : 0;
}

const pn_bundle *pn_bundle_set_at(const pn_bundle_set *set, size_t index) {
    return index < pn_bundle_set_count(set) ? set->roots.items[index] : NULL;
}

static const pn_bundle *find_prefix(const pn_bundle_set *set, const char *prefix) {
    const pn_bundle *found = NULL;
    if (strlen(prefix) < PREFIX_MIN)
        return NULL;
    for (size_t i = 0; i < pni_map_count(set->made); i++) {
        const pn_bundle *bundle = pni_map_value_at(set->made, i);
        if (!pni_starts_with(bundle->fingerprint, prefix))
            continue;
        if (found && !pni_streq(found->fingerprint, bundle->fingerprint))
            return NULL;
        found = bundle;
    }
    return found;
}

const pn_bundle *pn_bundle_set_find(const pn_bundle_set *set, const char *name) {
    if (!set || !name)
        return NULL;
    for (size_t i = 0; i < set->roots.count; i++)
        if (pni_streq(set->roots.items[i]->name, name))
            return set->roots.items[i];
    for (size_t i = 0; i < pni_map_count(set->made); i++) {
        const pn_bundle *bundle = pni_map_value_at(set->made, i);
        if (pni_streq(bundle->name, name))
            return bundle;
    }
    return find_prefix(set, name);
}

pn_status pn_bundle_set_json(const pn_bundle_set *set, pn_buf *json_out, pn_error *err) {
    if (!set || !json_out)
        return pni_fail(err, PNI_E_ARGUMENT,
                        "pn_bundle_set_json: set and json_out must not be NULL");
    return pni_json_canonical(set->file->manifest, json_out, err);
}
