/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a bundle publishes to its readers: a digest of its rows and one of each column (see
 * lineage/README.md). Made when the first reader asks and kept. A reader's identity covers the rows
 * and the columns it reads, so a column that nobody reads changes nothing downstream. Where the
 * plan cannot be taken apart, the fingerprint of the bundle stands for the digest: it covers
 * everything. Settings and engine are part of the rows, so that a view compiled in another session
 * never passes for this one.
 */
#include "plan/plan.h"

static const pni_bundle_input *find_input(const pn_bundle *bundle, const char *table) {
    for (size_t i = 0; i < bundle->n_inputs; i++)
        if (pni_streq(bundle->inputs[i].name, table))
            return &bundle->inputs[i];
    return NULL;
}

/* Type, nullability and metadata of a column as the bundle reads it. */
static const json_t *field_of(const pn_bundle *bundle, const char *table, const char *column) {
    const json_t *schema = json_object_get(bundle->documents, "schema");
    size_t index;
    json_t *field;
    json_array_foreach(json_object_get(schema, table), index,
                       field) if (pni_streq(pni_json_text(field, "name"), column)) return field;
    return NULL;
}

/* {"rows": …} or {"rows": …, "field": …, "column": …}; false when it is not there. */
static json_t *leaf_document(const pn_bundle *bundle, const char *table, const char *column) {
    const pni_bundle_input *input = find_input(bundle, table);
    const json_t *field = column ? field_of(bundle, table, column) : NULL;
    json_t *published = input && input->view ? atomic_load(&input->view->published) : NULL;
    if (!input || (column && !field) || (input->view && !published))
        return NULL;
    json_t *document = json_object();
    if (!input->view)
        json_object_set(document, "pin", input->pin);
    else if (!column)
        json_object_set(document, "rows", json_object_get(published, "rows"));
    if (!column)
        return document;
    json_t *shape = json_copy((json_t *)(uintptr_t)field);
    if (input->view) { /* the digest says which column it is, whatever it is called */
        json_object_del(shape, "name");
        json_object_set(document, "column",
                        json_object_get(json_object_get(published, "columns"), column));
    }
    json_object_set_new(document, "field", shape);
    return document;
}

static bool table_digest(void *ctx, const char *table, const char *column, pni_digest *out) {
    PNI_AUTO_PTR(json_t) document = leaf_document(ctx, table, column);
    PNI_AUTO(pn_buf) text = PN_BUF_INIT;
    if (!document || pni_json_canonical(document, &text, NULL) != PN_OK)
        return false;
    pni_sha256_bytes(text.data, text.len, out->bytes);
    return true;
}

static const json_t *find_function(const pn_bundle *bundle, const char *name) {
    size_t index;
    json_t *function;
    json_array_foreach(
        json_object_get(bundle->documents, "udf"), index,
        function) if (pni_streq(pni_json_text(function, "name"), name)) return function;
    return NULL;
}

/* The engine's own functions are covered by the planning environment. */
static bool function_body(void *ctx, const char *name, pn_buf *out) {
    const json_t *function = find_function(ctx, name);
    if (!function)
        return !pni_function_is_volatile(name);
    return !pni_streq(pni_json_text(function, "volatility"), "volatile") &&
           pni_json_canonical(function, out, NULL) == PN_OK;
}

/* A function may be called by an alias, under which its body is not found. */
static bool knows_all_functions(const pn_bundle *bundle) {
    size_t found = 0;
    size_t index;
    json_t *name;
    json_array_foreach(bundle->functions, index, name) found +=
        find_function(bundle, json_string_value(name)) != NULL;
    return found == json_array_size(json_object_get(bundle->documents, "udf"));
}

static void put_cell(json_t *object, const char *key, const pni_merkle_cell *cell,
                     const char *fallback) {
    char hex[PNI_SHA256_HEX];
    if (cell && cell->known)
        pni_hex(cell->digest.bytes, sizeof cell->digest.bytes, hex);
    json_object_set_new(object, key, json_string(cell && cell->known ? hex : fallback));
}

/* Two columns of one name cannot be read apart. */
static void put_columns(const pn_bundle *bundle, const pni_merkle *merkle, json_t *columns) {
    bool fits = merkle && merkle->n == (size_t)bundle->schema.n_children;
    for (int64_t i = 0; i < bundle->schema.n_children; i++) {
        const char *name = bundle->schema.children[i]->name;
        bool is_alone = !json_object_get(columns, name);
        put_cell(columns, name, fits && is_alone ? &merkle->columns[i] : NULL, bundle->fingerprint);
    }
}

static pn_status put_rows(const pn_bundle *bundle, const pni_merkle_cell *rows, json_t *object,
                          pn_error *err) {
    static const char *const parts[] = {"settings", "planning_env", "rulepack", "domain_planners",
                                        "store_policy"};
    char hex[PNI_SHA256_HEX];
    PNI_AUTO_PTR(json_t) document = json_object();
    if (!rows || !rows->known) {
        json_object_set_new(object, "rows", json_string(bundle->fingerprint));
        return PN_OK;
    }
    put_cell(document, "rows", rows, "");
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++)
        json_object_set(document, parts[i], json_object_get(bundle->components, parts[i]));
    PNI_TRY(pni_json_digest(document, hex, err));
    json_object_set_new(object, "rows", json_string(hex));
    return PN_OK;
}

/* The views below are asked first, the deepest ones before their readers: chains are long. */
static pn_status publish_one(pn_bundle *bundle, pn_error *err) {
    const pni_merkle_source source = {bundle, table_digest, function_body};
    PNI_AUTO_PTR(pni_merkle) merkle = NULL;
    PNI_AUTO_PTR(json_t) published = json_pack("{s:{}}", "columns");
    json_t *none = NULL;
    if (atomic_load(&bundle->published))
        return PN_OK;
    if (bundle->substrait && knows_all_functions(bundle))
        PNI_TRY(pni_merkle_of(bundle->substrait, &source, &merkle, err));
    PNI_TRY(put_rows(bundle, merkle ? &merkle->rows : NULL, published, err));
    put_columns(bundle, merkle, json_object_get(published, "columns"));
    if (atomic_compare_exchange_strong(&bundle->published, &none, published))
        published = NULL;
    return PN_OK;
}

static bool is_published_below(const pn_bundle *bundle) {
    for (size_t i = 0; i < bundle->n_inputs; i++)
        if (bundle->inputs[i].view && !atomic_load(&bundle->inputs[i].view->published))
            return false;
    return true;
}

pn_status pni_bundle_publish(const pn_bundle *bundle, const json_t **out, pn_error *err) {
    pn_bundle *mutable = (pn_bundle *)(uintptr_t)bundle; /* the memo is no part of its value */
    if (!atomic_load(&mutable->published) && !is_published_below(bundle)) {
        size_t count = 0;
        const pn_bundle **below = pni_bundle_closure(&bundle, 1, &count);
        pn_status status = PN_OK;
        for (size_t i = 0; status == PN_OK && i < count; i++)
            status = publish_one((pn_bundle *)(uintptr_t)below[i], err);
        pni_free(below);
        PNI_TRY(status);
    }
    PNI_TRY(publish_one(mutable, err));
    *out = atomic_load(&mutable->published);
    return PN_OK;
}

/* What a reader stands on: the rows, and the columns of that name. */
static pn_status read_view(const pn_bundle *view, const char *const *columns, size_t count,
                           json_t **out, pn_error *err) {
    const json_t *published = NULL;
    PNI_TRY(pni_bundle_publish(view, &published, err));
    json_t *read = json_object();
    for (size_t i = 0; i < count; i++) {
        json_t *digest = json_object_get(json_object_get(published, "columns"), columns[i]);
        json_object_set_new(read, columns[i],
                            digest ? json_incref(digest) : json_string(view->fingerprint));
    }
    *out = json_pack("{s:O, s:o}", "rows", json_object_get(published, "rows"), "columns", read);
    return PN_OK;
}

pn_status pni_bundle_inputs_document(const pn_bundle *bundle, json_t **out, pn_error *err) {
    PNI_AUTO_PTR(json_t) document = json_object();
    for (size_t i = 0; i < bundle->n_inputs; i++) {
        size_t count = 0;
        const char *const *columns = pn_substrait_table_columns(bundle->substrait, i, &count);
        json_t *read = NULL;
        if (!bundle->inputs[i].view)
            continue;
        PNI_TRY(read_view(bundle->inputs[i].view, columns, count, &read, err));
        json_object_set_new(document, bundle->inputs[i].name, read);
    }
    *out = pni_take(document);
    return PN_OK;
}
