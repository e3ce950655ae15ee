/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The bundle object. Identity is a map of component documents; each is digested alone, the digests
 * together with the format version are the fingerprint. Nothing changes after pni_bundle_seal().
 */
#include "base/formats.h"
#include "plan/plan.h"

pn_bundle *pn_bundle_ref(const pn_bundle *bundle) {
    pn_bundle *mutable = (pn_bundle *)(uintptr_t)bundle;
    if (mutable)
        atomic_fetch_add(&mutable->refs, 1);
    return mutable;
}

static void bundle_free(pn_bundle *bundle) {
    pni_free(bundle->name);
    pn_substrait_unref(bundle->substrait);
    pni_auto_release_schema(&bundle->schema);
    pni_free(bundle->inputs);
    json_decref(bundle->functions);
    json_decref(bundle->snapshot);
    json_decref(bundle->versions);
    json_decref(atomic_load(&bundle->published));
    json_decref(bundle->documents);
    json_decref(bundle->components);
    pni_free(bundle->component_names);
    pni_free(bundle->sql);
    json_decref(bundle->params);
    json_decref(bundle->options);
    pni_memo_free(atomic_load(&bundle->artifacts));
    pni_free(bundle);
}

/*
 * Chains of views may be tens of thousands deep, so the last reference of one bundle does not
 * recurse into the next: bundles whose count fell to zero wait in a list.
 */
void pn_bundle_unref(pn_bundle *bundle) {
    PNI_VEC(pn_bundle *) dead = {0};
    if (!bundle || atomic_fetch_sub(&bundle->refs, 1) != 1)
        return;
    pni_vec_push(&dead, bundle);
    while (dead.count) {
        pn_bundle *next = dead.items[--dead.count];
        for (size_t i = 0; i < next->n_inputs; i++) {
            pn_bundle *view = next->inputs[i].view;
            if (view && atomic_fetch_sub(&view->refs, 1) == 1)
                pni_vec_push(&dead, view);
            json_decref(next->inputs[i].pin);
            pni_free(next->inputs[i].name);
        }
        bundle_free(next);
    }
    pni_vec_dispose(&dead);
}

static pn_status digest_components(pn_bundle *bundle, pn_error *err) {
    const char *name;
    json_t *document;
    char hex[PNI_SHA256_HEX];
    json_object_foreach(bundle->documents, name, document) {
        if (json_object_get(bundle->components, name)) /* digested once for the whole session */
            continue;
        PNI_TRY(pni_json_digest(document, hex, err));
        json_object_set_new(bundle->components, name, json_string(hex));
    }
    return PN_OK;
}

static void sort_component_names(pn_bundle *bundle) {
    PNI_AUTO_PTR(pni_map) names = pni_map_new();
    const char *name;
    json_t *digest;
    json_object_foreach(bundle->components, name, digest) pni_map_put(names, name, digest);
    const char **sorted = pni_map_sorted_keys(names);
    bundle->component_names = pni_calloc(pni_map_count(names) + 1, sizeof *bundle->component_names);
    for (size_t i = 0; i < pni_map_count(names); i++)
        bundle->component_names[i] =
            json_object_iter_key(json_object_iter_at(bundle->components, sorted[i]));
    pni_free(sorted);
}

pn_status pni_bundle_seal(pn_bundle *bundle, pn_error *err) {
    if (!bundle->components)
        bundle->components = json_object();
    PNI_TRY(digest_components(bundle, err));
    sort_component_names(bundle);
    PNI_AUTO_PTR(json_t)
    identity = json_pack("{s:i, s:O}", "fingerprint", PNI_FORMAT_FINGERPRINT, "components",
                         bundle->components);
    return pni_json_digest(identity, bundle->fingerprint, err);
}

const char *pn_bundle_fingerprint(const pn_bundle *bundle) {
    return bundle ? bundle->fingerprint : NULL;
}

const char *pn_bundle_name(const pn_bundle *bundle) {
    return bundle ? bundle->name : NULL;
}

const char *pn_bundle_sql(const pn_bundle *bundle) {
    return bundle ? bundle->sql : NULL;
}

size_t pn_bundle_component_count(const pn_bundle *bundle) {
    return bundle ? json_object_size(bundle->components) : 0;
}

const char *pn_bundle_component_name(const pn_bundle *bundle, size_t index) {
    return index < pn_bundle_component_count(bundle) ? bundle->component_names[index] : NULL;
}

const char *pn_bundle_component_digest(const pn_bundle *bundle, size_t index) {
    const char *name = pn_bundle_component_name(bundle, index);
    return name ? pni_json_text(bundle->components, name) : NULL;
}

pn_bytes pn_bundle_substrait(const pn_bundle *bundle) {
    return bundle ? pn_substrait_bytes(bundle->substrait) : (pn_bytes){NULL, 0};
}

pn_status pn_bundle_schema(const pn_bundle *bundle, struct ArrowSchema *schema_out, pn_error *err) {
    if (!bundle || !schema_out)
        return pni_fail(err, PNI_E_ARGUMENT,
                        "pn_bundle_schema: bundle and schema_out must not be NULL");
    if (ArrowSchemaDeepCopy(&bundle->schema, schema_out) != NANOARROW_OK)
        return pni_fail(err, PNI_E_INTERNAL, "no copy of the schema of bundle %.12s",
                        bundle->fingerprint);
    return PN_OK;
}

size_t pn_bundle_table_count(const pn_bundle *bundle) {
    return bundle ? bundle->n_inputs : 0;
}

const char *pn_bundle_table_at(const pn_bundle *bundle, size_t index) {
    return index < pn_bundle_table_count(bundle) ? bundle->inputs[index].name : NULL;
}

const pn_bundle *pn_bundle_input_at(const pn_bundle *bundle, size_t index) {
    return index < pn_bundle_table_count(bundle) ? bundle->inputs[index].view : NULL;
}

static json_t *tables_json(const pn_bundle *bundle) {
    json_t *tables = json_array();
    for (size_t i = 0; i < bundle->n_inputs; i++) {
        const pni_bundle_input *input = &bundle->inputs[i];
        json_t *row =
            json_pack("{s:s, s:s}", "name", input->name, "kind", input->view ? "view" : "dataset");
        if (input->view)
            json_object_set_new(row, "fingerprint", json_string(input->view->fingerprint));
        else
            json_object_set(row, "pin", input->pin);
        json_array_append_new(tables, row);
    }
    return tables;
}

pn_status pn_bundle_json(const pn_bundle *bundle, pn_buf *json_out, pn_error *err) {
    PNI_AUTO_PTR(json_t) schema = NULL;
    PNI_AUTO_PTR(json_t) lineage = NULL;
    if (!bundle || !json_out)
        return pni_fail(err, PNI_E_ARGUMENT,
                        "pn_bundle_json: bundle and json_out must not be NULL");
    PNI_TRY(pni_arrow_schema_json(&bundle->schema, &schema, err));
    PNI_TRY(pni_lineage_of(bundle->substrait, &lineage, err));
    PNI_AUTO_PTR(json_t) tables = tables_json(bundle);
    PNI_AUTO_PTR(json_t)
    json = json_pack("{s:i, s:s, s:O, s:O, s:O, s:O, s:O, s:O}", "format", PNI_FORMAT_BUNDLE,
                     "fingerprint", bundle->fingerprint, "components", bundle->components,
                     "identity", bundle->documents, "tables", tables, "functions",
                     bundle->functions, "schema", schema, "lineage", lineage);
    if (bundle->name)
        json_object_set_new(json, "name", json_string(bundle->name));
    return pni_json_canonical(json, json_out, err);
}

pn_status pn_bundle_lineage(const pn_bundle *bundle, pn_buf *json_out, pn_error *err) {
    PNI_AUTO_PTR(json_t) lineage = NULL;
    if (!bundle || !json_out)
        return pni_fail(err, PNI_E_ARGUMENT,
                        "pn_bundle_lineage: bundle and json_out must not be NULL");
    PNI_TRY(pni_lineage_of(bundle->substrait, &lineage, err));
    return pni_json_canonical(lineage, json_out, err);
}

pn_status pn_bundle_snapshot(const pn_bundle *bundle, pn_buf *json_out, pn_error *err) {
    if (!bundle || !json_out)
        return pni_fail(err, PNI_E_ARGUMENT,
                        "pn_bundle_snapshot: bundle and json_out must not be NULL");
    if (!bundle->snapshot)
        return pni_fail(err, PNI_E_BUNDLE_SNAPSHOT, "bundle %.12s holds no snapshot",
                        bundle->fingerprint);
    return pni_json_canonical(bundle->snapshot, json_out, err);
}

pni_memo *pni_bundle_memo(const pn_bundle *bundle) {
    pn_bundle *shared = (pn_bundle *)(uintptr_t)bundle;
    pni_memo *memo = atomic_load(&shared->artifacts);
    if (memo)
        return memo;
    pni_memo *fresh = pni_memo_new();
    if (atomic_compare_exchange_strong(&shared->artifacts, &memo, fresh))
        return fresh;
    pni_memo_free(fresh); /* another thread was first: `memo` is its */
    return memo;
}

typedef struct visit {
    const pn_bundle *bundle;
    size_t next_input;
} visit;

typedef struct bundle_walk {
    PNI_VEC(visit) stack;
    pni_map *seen; /* by fingerprint and name: two views may share a fingerprint */
} bundle_walk;

static void walk_into(bundle_walk *walk, const pn_bundle *bundle) {
    PNI_AUTO(pn_buf) key = PN_BUF_INIT;
    pni_buf_printf(&key, "%s %s", bundle->fingerprint, bundle->name ? bundle->name : "");
    if (pni_map_has(walk->seen, pni_buf_text(&key)))
        return;
    pni_map_put(walk->seen, pni_buf_text(&key), walk);
    pni_vec_push(&walk->stack, ((visit){bundle, 0}));
}

const pn_bundle **pni_bundle_closure(const pn_bundle *const *roots, size_t n_roots,
                                     size_t *count_out) {
    PNI_VEC(const pn_bundle *) order = {0};
    bundle_walk walk = {.seen = pni_map_new()};
    for (size_t r = 0; r < n_roots; r++) {
        walk_into(&walk, roots[r]);
        while (walk.stack.count) {
            visit *top = &walk.stack.items[walk.stack.count - 1];
            if (top->next_input == top->bundle->n_inputs) {
                pni_vec_push(&order, top->bundle);
                walk.stack.count--;
            } else if (top->bundle->inputs[top->next_input++].view) {
                walk_into(&walk, top->bundle->inputs[top->next_input - 1].view);
            }
        }
    }
    pni_vec_dispose(&walk.stack);
    pni_map_free(walk.seen);
    *count_out = order.count;
    return order.items;
}
