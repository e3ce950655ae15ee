/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Opening a bundle file. Before anything is used, every part is compared with the manifest's size
 * and digest, and an identity part with the digest that it is named by; so what is read later is
 * what was written, or nothing is read at all.
 */
#include "archive/archive_priv.h"
#include "base/formats.h"

#include <stdlib.h>

bool is_digest(const char *text) {
    return text && strlen(text) == PNI_SHA256_HEX - 1 &&
           strspn(text, "0123456789abcdef") == PNI_SHA256_HEX - 1;
}

void bundle_file_free(bundle_file *file) {
    if (!file)
        return;
    for (size_t i = 0; file->documents && i < pni_map_count(file->documents); i++)
        json_decref(pni_map_value_at(file->documents, i));
    pni_map_free(file->documents);
    for (size_t i = 0; file->plans && i < pni_map_count(file->plans); i++)
        pn_substrait_unref(pni_map_value_at(file->plans, i));
    pni_map_free(file->plans);
    json_decref(file->manifest);
    pni_free(file->parts);
    pn_buf_dispose(&file->bytes);
    pni_free(file->what);
    pni_free(file);
}

pn_status bundle_file_damaged(const bundle_file *file, const char *part, const char *why,
                              pn_error *err) {
    return pni_fail(err, PNI_E_BUNDLE_PART, "'%s': part '%s' %s", file->what, part, why);
}

static int by_name(const void *key, const void *part) {
    return strcmp(key, ((const tar_part *)part)->name);
}

const tar_part *bundle_file_part(const bundle_file *file, const char *name) {
    return file->n_parts ? bsearch(name, file->parts, file->n_parts, sizeof *file->parts, by_name)
                         : NULL;
}

/* A tree takes many times the memory of its text, so its values are counted first. */
static size_t values_at_most(pn_bytes text) {
    size_t count = 1;
    for (size_t i = 0; i < text.len; i++)
        count += text.data[i] == ',' || text.data[i] == '[' || text.data[i] == '{';
    return count;
}

pn_status bundle_file_json(const bundle_file *file, const tar_part *part, json_t **out,
                           pn_error *err) {
    PNI_AUTO_PTR(json_t) value = NULL;
    if (values_at_most(part->data) > PNI_BUNDLE_JSON_MAX_VALUES)
        return pni_fail(err, PNI_E_BUNDLE_LIMIT, "'%s': part '%s' has more than %u values",
                        file->what, part->name, PNI_BUNDLE_JSON_MAX_VALUES);
    if (pni_json_parse(part->data.data, part->data.len, part->name, &value, NULL) != PN_OK)
        return bundle_file_damaged(file, part->name, "is not JSON", err);
    *out = pni_take(value);
    return PN_OK;
}

json_int_t bundle_file_format(const bundle_file *file) {
    return json_integer_value(json_object_get(file->manifest, "format"));
}

/* Written by ours: the format numbers come first, since a newer file may differ in all else. */
static pn_status check_format(const bundle_file *file, const char *what, const json_t *number,
                              int known, pn_error *err) {
    if (!json_is_integer(number) || json_integer_value(number) < 1)
        return bundle_file_damaged(file, manifest_path, "names no format", err);
    if (json_integer_value(number) > known)
        return pni_fail(err, PNI_E_BUNDLE_FORMAT,
                        "'%s' has %s format %" JSON_INTEGER_FORMAT "; this version knows up to %d",
                        file->what, what, json_integer_value(number), known);
    return PN_OK;
}

/* Names of roots stand nowhere else, so the manifest has a digest of all its other keys; in files
 * of format 1 it has none. */
static pn_status check_digest(const bundle_file *file, pn_error *err) {
    PNI_AUTO_PTR(json_t) others = json_copy(file->manifest);
    char hex[PNI_SHA256_HEX];
    if (bundle_file_format(file) < 2)
        return PN_OK;
    json_object_del(others, "sha256");
    PNI_TRY(pni_json_digest(others, hex, err));
    if (!pni_streq(pni_json_text(file->manifest, "sha256"), hex))
        return bundle_file_damaged(file, manifest_path, "is damaged: its digest differs", err);
    return PN_OK;
}

static pn_status check_manifest(const bundle_file *file, const tar_part *part, pn_error *err) {
    const json_t *manifest = file->manifest;
    PNI_AUTO(pn_buf) text = PN_BUF_INIT;
    PNI_TRY(check_format(file, "bundle file", json_object_get(manifest, "format"),
                         PNI_FORMAT_BUNDLE_FILE, err));
    PNI_TRY(check_format(file, "fingerprint",
                         json_object_get(json_object_get(manifest, "identity"), "fingerprint"),
                         PNI_FORMAT_FINGERPRINT, err));
    if (pni_json_canonical(manifest, &text, NULL) != PN_OK || text.len != part->data.len ||
        memcmp(text.data, part->data.data, text.len) != 0)
        return bundle_file_damaged(file, manifest_path, "is not canonical", err);
    if (!json_is_array(json_object_get(manifest, "roots")) ||
        !json_array_size(json_object_get(manifest, "roots")) ||
        !json_is_object(json_object_get(manifest, "bundles")) ||
        !json_is_object(json_object_get(manifest, "parts")))
        return bundle_file_damaged(file, manifest_path, "lacks roots, bundles or parts", err);
    return check_digest(file, err);
}

/* evidence/<fingerprint of a bundle of the file>/<a known name>, where format 2 had snapshots too
 */
static bool is_evidence(const bundle_file *file, const char *name) {
    PNI_AUTO_PTR(pni_text) fingerprint = NULL;
    size_t head = strlen("evidence/");
    if (!pni_starts_with(name, "evidence/") || strlen(name) < head + PNI_SHA256_HEX)
        return false;
    fingerprint = pni_strndup(name + head, PNI_SHA256_HEX - 1);
    if (!bundle_file_entry(file, fingerprint) || name[head + PNI_SHA256_HEX - 1] != '/')
        return false;
    name += head + PNI_SHA256_HEX;
    for (size_t i = 0; evidence_names[i]; i++)
        if (pni_streq(name, evidence_names[i]))
            return true;
    return bundle_file_format(file) == 2 && pni_streq(name, snapshot_name);
}

/* <folder>/<digest>.<suffix>: the name says what the content must be. */
static bool is_named_by(const char *name, const char *digest) {
    static const char *const forms[][2] = {{"identity/documents", ".json"},
                                           {"identity/plans", ".substrait"},
                                           {"identity/schemas", ".json"},
                                           {snapshot_folder, ".json"}};
    char path[ARCHIVE_PATH];
    for (size_t i = 0; i < sizeof forms / sizeof *forms; i++)
        if (pni_streq(name, part_path(path, forms[i][0], digest, forms[i][1])))
            return true;
    return false;
}

static pn_status check_part(const bundle_file *file, const tar_part *part, pn_error *err) {
    const json_t *row = json_object_get(json_object_get(file->manifest, "parts"), part->name);
    const json_t *size = json_object_get(row, "size");
    char hex[PNI_SHA256_HEX];
    if (!row)
        return bundle_file_damaged(file, part->name, "is not in the manifest", err);
    pni_sha256_hex(part->data.data, part->data.len, hex);
    if (!json_is_integer(size) || json_integer_value(size) != (json_int_t)part->data.len ||
        !pni_streq(pni_json_text(row, "sha256"), hex))
        return bundle_file_damaged(file, part->name, "is damaged: its digest differs", err);
    if (!is_named_by(part->name, hex) && !is_evidence(file, part->name))
        return bundle_file_damaged(file, part->name, "has no place in a bundle file", err);
    return PN_OK;
}

static pn_status check_parts(const bundle_file *file, pn_error *err) {
    const char *name;
    json_t *row;
    for (size_t i = 0; i < file->n_parts; i++)
        if (!pni_streq(file->parts[i].name, manifest_path))
            PNI_TRY(check_part(file, &file->parts[i], err));
    json_object_foreach(json_object_get(file->manifest, "parts"), name, row) {
        if (!bundle_file_part(file, name) || pni_streq(name, manifest_path))
            return bundle_file_damaged(file, name, "is missing", err);
    }
    return PN_OK;
}

pn_status bundle_file_open(pn_buf *bytes, const char *what, bundle_file **out, pn_error *err) {
    PNI_AUTO_PTR(bundle_file) file = pni_calloc(1, sizeof *file);
    file->bytes = *bytes;
    *bytes = PN_BUF_INIT;
    file->what = pni_strdup(what);
    file->documents = pni_map_new();
    file->plans = pni_map_new();
    PNI_TRY(tar_read((pn_bytes){file->bytes.data, file->bytes.len}, what, &file->parts,
                     &file->n_parts, err));
    const tar_part *manifest = bundle_file_part(file, manifest_path);
    if (!manifest)
        return bundle_file_damaged(file, manifest_path, "is missing", err);
    PNI_TRY(bundle_file_json(file, manifest, &file->manifest, err));
    PNI_TRY(check_manifest(file, manifest, err));
    PNI_TRY(check_parts(file, err));
    *out = pni_take(file);
    return PN_OK;
}

json_t *bundle_file_entry(const bundle_file *file, const char *fingerprint) {
    return json_object_get(json_object_get(file->manifest, "bundles"), fingerprint);
}

static pn_status need_part(const bundle_file *file, const char *path, const tar_part **out,
                           pn_error *err) {
    *out = bundle_file_part(file, path);
    return *out ? PN_OK : bundle_file_damaged(file, path, "is missing", err);
}

pn_status bundle_file_document(bundle_file *file, const char *folder, const char *digest,
                               json_t **out, pn_error *err) {
    char path[ARCHIVE_PATH];
    const tar_part *part;
    part_path(path, folder, digest, ".json");
    *out = pni_map_get(file->documents, path);
    if (*out)
        return PN_OK;
    PNI_TRY(need_part(file, path, &part, err));
    PNI_TRY(bundle_file_json(file, part, out, err));
    pni_map_put(file->documents, path, *out);
    return PN_OK;
}

pn_status bundle_file_plan(bundle_file *file, const char *digest, bool is_exact, pn_substrait **out,
                           pn_error *err) {
    char path[ARCHIVE_PATH];
    const tar_part *part;
    PNI_AUTO_PTR(pn_substrait) plan = NULL;
    part_path(path, "identity/plans", digest, ".substrait");
    *out = pni_map_get(file->plans, path);
    if (*out)
        return PN_OK;
    PNI_TRY(need_part(file, path, &part, err));
    pn_status status = pn_substrait_decode(part->data, NULL, &plan, err);
    if (status != PN_OK) {
        pni_error_context(err, "'%s': part '%s'", file->what, path);
        return status;
    }
    pn_bytes canonical = pn_substrait_bytes(plan);
    if (is_exact && (canonical.len != part->data.len ||
                     memcmp(canonical.data, part->data.data, canonical.len) != 0))
        return bundle_file_damaged(file, path, "is not a canonical plan", err);
    *out = plan;
    pni_map_put(file->plans, path, pni_take(plan));
    return PN_OK;
}
