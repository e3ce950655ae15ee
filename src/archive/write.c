/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Bundles as the bytes of a file. Identity parts are named by their digest, so that bundles which
 * share a document (settings, rules, versions, a plan) share the part; the manifest says which
 * bundle is made of which. Everything is sorted and nothing depends on the moment of writing, so
 * equal bundles give equal bytes.
 */
#include "archive/archive_priv.h"
#include "base/formats.h"

const char manifest_path[] = "manifest.json";
const char snapshot_folder[] = "evidence/snapshots";
const char snapshot_name[] = "snapshot.json";
const char *const evidence_names[] = {"expanded.substrait", "functions.json", "lineage.json",
                                      "source.sql", NULL};

typedef struct writer {
    pni_map *parts; /* path -> pn_buf */
    json_t *bundles;
    json_t *roots;
    const json_t *snapshot; /* of the root before, mostly that of the next */
    char snapshot_hex[PNI_SHA256_HEX];
} writer;

static void writer_dispose(writer *w) {
    for (size_t i = 0; i < pni_map_count(w->parts); i++) {
        pn_buf *part = pni_map_value_at(w->parts, i);
        pn_buf_dispose(part);
        pni_free(part);
    }
    pni_map_free(w->parts);
    json_decref(w->bundles);
    json_decref(w->roots);
}

const char *part_path(char out[ARCHIVE_PATH], const char *folder, const char *digest,
                      const char *suffix) {
    snprintf(out, ARCHIVE_PATH, "%.32s/%.64s%.16s", folder, digest, suffix);
    return out;
}

const char *evidence_path(char out[ARCHIVE_PATH], const char *fingerprint, const char *name) {
    snprintf(out, ARCHIVE_PATH, "evidence/%.64s/%.32s", fingerprint, name);
    return out;
}

static void put_part(writer *w, const char *path, pn_bytes data) {
    if (pni_map_has(w->parts, path))
        return;
    pn_buf *part = pni_calloc(1, sizeof *part);
    pni_buf_append(part, data.data, data.len);
    pni_map_put(w->parts, path, part);
}

/* A JSON part named by its digest, which is given back. */
static pn_status put_json(writer *w, const char *folder, const json_t *value,
                          char hex_out[PNI_SHA256_HEX], pn_error *err) {
    PNI_AUTO(pn_buf) text = PN_BUF_INIT;
    char path[ARCHIVE_PATH];
    PNI_TRY(pni_json_canonical(value, &text, err));
    pni_sha256_hex(text.data, text.len, hex_out);
    put_part(w, part_path(path, folder, hex_out, ".json"), (pn_bytes){text.data, text.len});
    return PN_OK;
}

static pn_status put_plan(writer *w, const pn_bundle *bundle, pn_error *err) {
    const char *sha = pni_json_text(json_object_get(bundle->documents, "plan"), "sha256");
    pn_bytes bytes = pn_substrait_bytes(bundle->substrait);
    char hex[PNI_SHA256_HEX];
    char path[ARCHIVE_PATH];
    pni_sha256_hex(bytes.data, bytes.len, hex);
    if (!pni_streq(hex, sha))
        return pni_fail(err, PNI_E_BUNDLE_FORMAT,
                        "bundle %.12s holds a plan in an older canonical form: compile it again",
                        bundle->fingerprint);
    put_part(w, part_path(path, "identity/plans", hex, ".substrait"), bytes);
    return PN_OK;
}

static void put_evidence(writer *w, const char *fingerprint, const char *name, pn_bytes data) {
    char path[ARCHIVE_PATH];
    put_part(w, evidence_path(path, fingerprint, name), data);
}

static pn_status put_lineage(writer *w, const pn_bundle *bundle, pn_error *err) {
    PNI_AUTO(pn_buf) text = PN_BUF_INIT;
    PNI_TRY(pn_bundle_lineage(bundle, &text, err));
    put_evidence(w, bundle->fingerprint, "lineage.json", (pn_bytes){text.data, text.len});
    return PN_OK;
}

/* What the session had besides, of roots only. It is the same for all bundles of a session, so it
 * is a part of its own that they name. */
static pn_status put_snapshot(writer *w, const pn_bundle *root, pn_error *err) {
    json_t *entry = json_object_get(w->bundles, root->fingerprint);
    if (!root->snapshot || json_object_get(entry, "snapshot"))
        return PN_OK;
    if (root->snapshot != w->snapshot)
        PNI_TRY(put_json(w, snapshot_folder, root->snapshot, w->snapshot_hex, err));
    w->snapshot = root->snapshot;
    json_object_set_new(entry, "snapshot", json_string(w->snapshot_hex));
    return PN_OK;
}

static pn_status put_versions(writer *w, const pn_bundle *bundle, pn_error *err) {
    PNI_AUTO(pn_buf) text = PN_BUF_INIT;
    if (!json_object_size(bundle->versions))
        return PN_OK;
    PNI_TRY(pni_json_canonical(bundle->versions, &text, err));
    put_evidence(w, bundle->fingerprint, "functions.json", (pn_bytes){text.data, text.len});
    return PN_OK;
}

static json_t *links_of(const pn_bundle *bundle) {
    json_t *links = json_object();
    for (size_t i = 0; i < bundle->n_inputs; i++)
        if (bundle->inputs[i].view)
            json_object_set_new(links, bundle->inputs[i].name,
                                json_string(bundle->inputs[i].view->fingerprint));
    return links;
}

/* Two views may be one bundle: it is written once, the first one's evidence stays. */
static pn_status put_bundle(writer *w, const pn_bundle *bundle, pn_error *err) {
    PNI_AUTO_PTR(json_t) schema = NULL;
    char hex[PNI_SHA256_HEX];
    const char *name;
    json_t *document;
    if (json_object_get(w->bundles, bundle->fingerprint))
        return PN_OK;
    json_object_foreach(bundle->documents, name, document) {
        PNI_TRY(put_json(w, "identity/documents", document, hex, err));
        pni_assert(pni_streq(hex, pni_json_text(bundle->components, name)));
    }
    PNI_TRY(put_plan(w, bundle, err));
    PNI_TRY(pni_arrow_schema_json(&bundle->schema, &schema, err));
    PNI_TRY(put_json(w, "identity/schemas", schema, hex, err));
    json_object_set_new(w->bundles, bundle->fingerprint,
                        json_pack("{s:O, s:s, s:o}", "components", bundle->components, "schema",
                                  hex, "inputs", links_of(bundle)));
    if (bundle->sql)
        put_evidence(w, bundle->fingerprint, "source.sql",
                     (pn_bytes){(const uint8_t *)bundle->sql, strlen(bundle->sql)});
    PNI_TRY(put_versions(w, bundle, err));
    return put_lineage(w, bundle, err);
}

/* Sorted by name and fingerprint, each once. */
static void put_roots(writer *w, const pn_bundle *const *roots, size_t n_roots) {
    PNI_AUTO_PTR(pni_map) by_key = pni_map_new();
    for (size_t i = 0; i < n_roots; i++) {
        PNI_AUTO(pn_buf) key = PN_BUF_INIT;
        pni_buf_printf(&key, "%s %s", roots[i]->name ? roots[i]->name : "", roots[i]->fingerprint);
        pni_map_put(by_key, pni_buf_text(&key), (void *)(uintptr_t)roots[i]);
    }
    const char **sorted = pni_map_sorted_keys(by_key);
    for (size_t i = 0; i < pni_map_count(by_key); i++) {
        const pn_bundle *root = pni_map_get(by_key, sorted[i]);
        json_t *row = json_pack("{s:s}", "fingerprint", root->fingerprint);
        if (root->name)
            json_object_set_new(row, "name", json_string(root->name));
        json_array_append_new(w->roots, row);
    }
    pni_free(sorted);
}

static pn_status put_manifest(writer *w, pn_error *err) {
    PNI_AUTO_PTR(json_t) parts = json_object();
    PNI_AUTO(pn_buf) text = PN_BUF_INIT;
    char hex[PNI_SHA256_HEX];
    for (size_t i = 0; i < pni_map_count(w->parts); i++) {
        const pn_buf *part = pni_map_value_at(w->parts, i);
        pni_sha256_hex(part->data, part->len, hex);
        json_object_set_new(parts, pni_map_key_at(w->parts, i),
                            json_pack("{s:I, s:s}", "size", (json_int_t)part->len, "sha256", hex));
    }
    PNI_AUTO_PTR(json_t)
    manifest = json_pack("{s:i, s:{s:i}, s:O, s:O, s:O}", "format", PNI_FORMAT_BUNDLE_FILE,
                         "identity", "fingerprint", PNI_FORMAT_FINGERPRINT, "roots", w->roots,
                         "bundles", w->bundles, "parts", parts);
    PNI_TRY(pni_json_digest(manifest, hex, err));
    json_object_set_new(manifest, "sha256", json_string(hex));
    PNI_TRY(pni_json_canonical(manifest, &text, err));
    put_part(w, manifest_path, (pn_bytes){text.data, text.len});
    return PN_OK;
}

static pn_status encode_parts(const writer *w, pn_buf *bytes_out, pn_error *err) {
    size_t count = pni_map_count(w->parts);
    tar_part *parts = pni_calloc(count + 1, sizeof *parts);
    const char **sorted = pni_map_sorted_keys(w->parts);
    for (size_t i = 0; i < count; i++) {
        const pn_buf *part = pni_map_get(w->parts, sorted[i]);
        parts[i] = (tar_part){sorted[i], {part->data, part->len}};
    }
    pn_status status = tar_write(parts, count, bytes_out, err);
    pni_free(sorted);
    pni_free(parts);
    return status;
}

static pn_status write_all(writer *w, const write_request *request, pn_buf *bytes_out,
                           pn_error *err) {
    for (size_t i = 0; i < request->n_bundles; i++)
        PNI_TRY(put_bundle(w, request->bundles[i], err));
    for (size_t i = 0; i < request->n_evidence; i++)
        put_evidence(w, request->evidence[i].fingerprint, request->evidence[i].name,
                     request->evidence[i].data);
    for (size_t i = 0; request->has_snapshots && i < request->n_roots; i++)
        PNI_TRY(put_snapshot(w, request->roots[i], err));
    put_roots(w, request->roots, request->n_roots);
    PNI_TRY(put_manifest(w, err));
    return encode_parts(w, bytes_out, err);
}

pn_status bundle_file_write(const write_request *request, pn_buf *bytes_out, pn_error *err) {
    for (size_t i = 0; i < request->n_bundles; i++)
        PNI_TRY(pni_plan_check_pinned(request->bundles[i], err));
    writer w = {.parts = pni_map_new(), .bundles = json_object(), .roots = json_array()};
    pn_status status = write_all(&w, request, bytes_out, err);
    writer_dispose(&w);
    return status;
}

pn_status pni_archive_write(const pn_bundle *const *roots, size_t n_roots,
                            const pni_evidence *evidence, size_t n_evidence, pn_buf *bytes_out,
                            pn_error *err) {
    write_request request = {.roots = roots,
                             .n_roots = n_roots,
                             .evidence = evidence,
                             .n_evidence = n_evidence,
                             .has_snapshots = true};
    const pn_bundle **closure = pni_bundle_closure(roots, n_roots, &request.n_bundles);
    request.bundles = closure;
    pn_status status = bundle_file_write(&request, bytes_out, err);
    pni_free(closure);
    return status;
}

pn_status pn_bundle_export(const pn_bundle *const *roots, size_t n_roots, pn_buf *bytes_out,
                           pn_error *err) {
    if (!roots || !n_roots || !bytes_out)
        return pni_fail(err, PNI_E_ARGUMENT,
                        "pn_bundle_export: there must be a root, and bytes_out must not be NULL");
    for (size_t i = 0; i < n_roots; i++)
        if (!roots[i])
            return pni_fail(err, PNI_E_ARGUMENT, "pn_bundle_export: root %zu is NULL", i);
    return pni_archive_write(roots, n_roots, NULL, 0, bytes_out, err);
}
