/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From parts back to bundles. A bundle is made after the ones it stands on, without recursion:
 * chains of views may be long. What it is made of must fit together: the tables of the plan are
 * exactly its pins and its upstream views, and documents, components and fingerprint are computed
 * again and compared, so a bundle that was put together by hand is no more trusted than its digest.
 */
#include "archive/archive_priv.h"
#include "base/formats.h"

typedef struct visit {
    const char *fingerprint; /* borrowed from a manifest or the caller */
    const char *name;        /* or NULL */
    bundle_file *file;
    json_t *entry;
    void *next_input; /* iterator over the links, NULL at the end */
} visit;

typedef struct loader {
    bundle_source *source;
    pni_map *made;
    pni_map *open; /* what is on the stack: meeting it again is a cycle */
    PNI_VEC(visit) stack;
} loader;

static void make_key(const char *fingerprint, const char *name, pn_buf *out) {
    pni_buf_clear(out);
    pni_buf_printf(out, "%s %s", fingerprint, name ? name : "");
}

static pn_bundle *made_bundle(const loader *load, const char *fingerprint, const char *name) {
    PNI_AUTO(pn_buf) key = PN_BUF_INIT;
    make_key(fingerprint, name, &key);
    return pni_map_get(load->made, pni_buf_text(&key));
}

void bundle_made_free(pni_map *made) {
    for (size_t i = 0; made && i < pni_map_count(made); i++)
        pn_bundle_unref(pni_map_value_at(made, i));
    pni_map_free(made);
}

static pn_status wrong(const visit *at, const char *why, pn_error *err) {
    return pni_fail(err, PNI_E_BUNDLE_PART, "'%s': bundle %.12s %s", at->file->what,
                    at->fingerprint, why);
}

/* One document stands in many bundles; only a small share of it is charged to each. */
static pn_status charge(loader *load, const visit *at, size_t bytes, pn_error *err) {
    if (bytes > load->source->budget)
        return pni_fail(err, PNI_E_BUNDLE_LIMIT,
                        "'%s': the bundles would take more than %u bytes of memory", at->file->what,
                        PNI_BUNDLE_FILE_MAX_BYTES);
    load->source->budget -= bytes;
    return PN_OK;
}

static size_t part_size(const visit *at, const char *folder, const char *digest,
                        const char *suffix) {
    char path[ARCHIVE_PATH];
    const tar_part *part = bundle_file_part(at->file, part_path(path, folder, digest, suffix));
    return part ? part->data.len : 0;
}

static pn_status read_documents(loader *load, const visit *at, pn_bundle *bundle, pn_error *err) {
    const char *component;
    json_t *digest;
    bundle->documents = json_object();
    json_object_foreach(json_object_get(at->entry, "components"), component, digest) {
        const char *hex = json_string_value(digest);
        json_t *document;
        if (!is_digest(hex))
            return wrong(at, "has a component without a digest", err);
        PNI_TRY(charge(load, at, part_size(at, "identity/documents", hex, ".json") / 16, err));
        PNI_TRY(bundle_file_document(at->file, "identity/documents", hex, &document, err));
        json_object_set(bundle->documents, component, document);
    }
    return PN_OK;
}

static pn_status read_plan(loader *load, const visit *at, pn_bundle *bundle, pn_error *err) {
    const json_t *document = json_object_get(bundle->documents, "plan");
    const json_t *canon = json_object_get(document, "canon");
    const char *digest = pni_json_text(document, "sha256");
    pn_substrait *plan;
    if (!is_digest(digest) || !json_is_integer(canon))
        return wrong(at, "names no plan", err);
    if (json_integer_value(canon) > PNI_FORMAT_CANON)
        return pni_fail(err, PNI_E_BUNDLE_FORMAT,
                        "'%s': bundle %.12s has a plan of format %" JSON_INTEGER_FORMAT
                        "; this version knows up to %d",
                        at->file->what, at->fingerprint, json_integer_value(canon),
                        PNI_FORMAT_CANON);
    PNI_TRY(charge(load, at, part_size(at, "identity/plans", digest, ".substrait"), err));
    PNI_TRY(bundle_file_plan(at->file, digest, json_integer_value(canon) == PNI_FORMAT_CANON, &plan,
                             err));
    bundle->substrait = pn_substrait_ref(plan);
    bundle->functions = pni_plan_functions(plan);
    return PN_OK;
}

static pn_status read_schema(loader *load, const visit *at, pn_bundle *bundle, pn_error *err) {
    const char *digest = pni_json_text(at->entry, "schema");
    json_t *schema;
    if (!is_digest(digest))
        return wrong(at, "names no schema", err);
    PNI_TRY(charge(load, at, part_size(at, "identity/schemas", digest, ".json"), err));
    PNI_TRY(bundle_file_document(at->file, "identity/schemas", digest, &schema, err));
    if (pni_arrow_schema_from_json(schema, &bundle->schema, NULL) != PN_OK)
        return wrong(at, "has a schema part that is no schema", err);
    return PN_OK;
}

/* The tables that the plan reads are the pins and the links, no more and no fewer. */
static pn_status read_inputs(loader *load, const visit *at, pn_bundle *bundle, pn_error *err) {
    json_t *pins = json_object_get(bundle->documents, "pins");
    json_t *links = json_object_get(at->entry, "inputs");
    size_t count = pn_substrait_table_count(bundle->substrait);
    if (count != json_object_size(pins) + json_object_size(links))
        return wrong(at, "has other inputs than its plan", err);
    bundle->inputs = pni_calloc(count + 1, sizeof *bundle->inputs);
    for (size_t i = 0; i < count; i++) {
        const char *table = pn_substrait_table_at(bundle->substrait, i);
        const char *link = pni_json_text(links, table);
        pni_bundle_input *input = &bundle->inputs[bundle->n_inputs++];
        input->name = pni_strdup(table);
        input->pin = json_incref(json_object_get(pins, table));
        if (link)
            input->view = pn_bundle_ref(made_bundle(load, link, table));
        if (!input->pin == !input->view)
            return wrong(at, "has other inputs than its plan", err);
    }
    return PN_OK;
}

static pn_status check_identity(const visit *at, pn_bundle *bundle, pn_error *err) {
    if (pni_bundle_seal(bundle, NULL) != PN_OK)
        return wrong(at, "has a document that is not canonical", err);
    if (!json_equal(bundle->components, json_object_get(at->entry, "components")))
        return wrong(at, "has a document that is not canonical", err);
    if (!pni_streq(bundle->fingerprint, at->fingerprint))
        return wrong(at, "is not what its fingerprint says", err);
    PNI_AUTO_PTR(json_t) inputs = NULL;
    PNI_TRY(pni_bundle_inputs_document(bundle, &inputs, err));
    if (!json_equal(inputs, json_object_get(bundle->documents, "inputs")))
        return wrong(at, "was made from other views than those it is linked to", err);
    return PN_OK;
}

static bool is_map_of(const json_t *map, json_type type) {
    const char *key;
    json_t *value;
    json_object_foreach((json_t *)(uintptr_t)map, key, value) {
        if (json_typeof(value) != type)
            return false;
    }
    return json_is_object(map);
}

/* In files of format 2 each root has its own. */
static pn_status own_snapshot(loader *load, const visit *at, json_t **out, pn_error *err) {
    char path[ARCHIVE_PATH];
    const tar_part *part =
        bundle_file_part(at->file, evidence_path(path, at->fingerprint, snapshot_name));
    if (!part)
        return PN_OK;
    PNI_TRY(charge(load, at, part->data.len, err));
    return bundle_file_json(at->file, part, out, err);
}

static pn_status shared_snapshot(loader *load, const visit *at, json_t **out, pn_error *err) {
    const json_t *digest = json_object_get(at->entry, "snapshot");
    const char *hex = json_string_value(digest);
    json_t *snapshot;
    if (!digest)
        return PN_OK;
    if (!is_digest(hex))
        return wrong(at, "has a snapshot without a digest", err);
    PNI_TRY(charge(load, at, part_size(at, snapshot_folder, hex, ".json") / 16, err));
    PNI_TRY(bundle_file_document(at->file, snapshot_folder, hex, &snapshot, err));
    *out = json_incref(snapshot);
    return PN_OK;
}

/* Compared with the session that the bundle runs in; of roots only, and in files of format 1 none
 * has one. */
static pn_status read_snapshot(loader *load, const visit *at, pn_bundle *bundle, pn_error *err) {
    PNI_AUTO_PTR(json_t) snapshot = NULL;
    PNI_TRY(bundle_file_format(at->file) < 3 ? own_snapshot(load, at, &snapshot, err)
                                             : shared_snapshot(load, at, &snapshot, err));
    if (!snapshot)
        return PN_OK;
    if (json_object_size(snapshot) != 2 ||
        !is_map_of(json_object_get(snapshot, "functions"), JSON_STRING) ||
        !is_map_of(json_object_get(snapshot, "tables"), JSON_OBJECT))
        return wrong(at, "has a snapshot that is none of a session", err);
    bundle->snapshot = pni_take(snapshot);
    return PN_OK;
}

static pn_status read_sql(const visit *at, pn_bundle *bundle, pn_error *err) {
    char path[ARCHIVE_PATH];
    const tar_part *sql =
        bundle_file_part(at->file, evidence_path(path, at->fingerprint, "source.sql"));
    if (!sql)
        return PN_OK;
    if (!pni_utf8_valid((const char *)sql->data.data, sql->data.len) ||
        memchr(sql->data.data, 0, sql->data.len))
        return bundle_file_damaged(at->file, path, "is no text", err);
    bundle->sql = pni_strndup((const char *)sql->data.data, sql->data.len);
    return PN_OK;
}

/* Files of older pinions have none. */
static pn_status read_versions(loader *load, const visit *at, pn_bundle *bundle, pn_error *err) {
    PNI_AUTO_PTR(json_t) versions = NULL;
    char path[ARCHIVE_PATH];
    const tar_part *part =
        bundle_file_part(at->file, evidence_path(path, at->fingerprint, "functions.json"));
    if (!part)
        return PN_OK;
    PNI_TRY(charge(load, at, part->data.len, err));
    PNI_TRY(bundle_file_json(at->file, part, &versions, err));
    if (!is_map_of(versions, JSON_STRING))
        return bundle_file_damaged(at->file, path, "is no list of versions", err);
    bundle->versions = pni_take(versions);
    return PN_OK;
}

static pn_status make_bundle(loader *load, const visit *at, pn_error *err) {
    PNI_AUTO_PTR(pn_bundle) bundle = pni_calloc(1, sizeof *bundle);
    PNI_AUTO(pn_buf) key = PN_BUF_INIT;
    atomic_init(&bundle->refs, 1);
    bundle->name = at->name ? pni_strdup(at->name) : NULL;
    PNI_TRY(read_documents(load, at, bundle, err));
    PNI_TRY(read_plan(load, at, bundle, err));
    PNI_TRY(read_schema(load, at, bundle, err));
    PNI_TRY(read_inputs(load, at, bundle, err));
    PNI_TRY(check_identity(at, bundle, err));
    PNI_TRY(read_sql(at, bundle, err));
    PNI_TRY(read_snapshot(load, at, bundle, err));
    PNI_TRY(read_versions(load, at, bundle, err));
    make_key(at->fingerprint, at->name, &key);
    pni_map_put(load->made, pni_buf_text(&key), pni_take(bundle));
    return PN_OK;
}

/* Opens the bundle's file and puts it on the stack. */
static pn_status enter(loader *load, const char *fingerprint, const char *name, pn_error *err) {
    PNI_AUTO(pn_buf) key = PN_BUF_INIT;
    visit at = {.name = name};
    if (load->stack.count >= PNI_VIEWS_MAX)
        return pni_fail(err, PNI_E_BUNDLE_LIMIT, "bundle %.12s is the end of %u links", fingerprint,
                        PNI_VIEWS_MAX);
    PNI_TRY(load->source->open(load->source->ctx, fingerprint, &at.file, err));
    at.entry = bundle_file_entry(at.file, fingerprint);
    at.fingerprint = fingerprint;
    json_t *links = json_object_get(at.entry, "inputs");
    if (!json_is_object(at.entry) || !json_is_object(links))
        return wrong(&at, "is not in the file", err);
    make_key(fingerprint, name, &key);
    if (pni_map_get(load->open, pni_buf_text(&key)))
        return wrong(&at, "is linked to itself", err);
    pni_map_put(load->open, pni_buf_text(&key), load);
    at.next_input = json_object_iter(links);
    pni_vec_push(&load->stack, at);
    return PN_OK;
}

static pn_status step(loader *load, pn_error *err) {
    visit *top = &load->stack.items[load->stack.count - 1];
    json_t *links = json_object_get(top->entry, "inputs");
    if (top->next_input) {
        const char *table = json_object_iter_key(top->next_input);
        const char *link = json_string_value(json_object_iter_value(top->next_input));
        top->next_input = json_object_iter_next(links, top->next_input);
        if (!is_digest(link) || pni_name_check("view", table, NULL) != PN_OK)
            return wrong(top, "has a wrong link", err);
        return made_bundle(load, link, table) ? PN_OK : enter(load, link, table, err);
    }
    PNI_AUTO(pn_buf) key = PN_BUF_INIT;
    PNI_TRY(make_bundle(load, top, err));
    make_key(top->fingerprint, top->name, &key);
    pni_map_put(load->open, pni_buf_text(&key), NULL);
    load->stack.count--;
    return PN_OK;
}

pn_status bundle_load(bundle_source *source, const char *fingerprint, const char *name,
                      pni_map *made, pn_bundle **out, pn_error *err) {
    loader load = {.source = source, .made = made, .open = pni_map_new()};
    pn_status status = PN_OK;
    if (!made_bundle(&load, fingerprint, name))
        status = enter(&load, fingerprint, name, err);
    while (status == PN_OK && load.stack.count)
        status = step(&load, err);
    pni_vec_dispose(&load.stack);
    pni_map_free(load.open);
    if (status == PN_OK)
        *out = pn_bundle_ref(made_bundle(&load, fingerprint, name));
    return status;
}
