/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What differs between two bundles. Digests say which components; their documents say which items.
 * Documents are compared as trees: objects by key, lists of objects by "name", lists of words as
 * sets whose order counts too. An item is the path to the least part that differs. The plan's
 * document is a digest, so there the plans themselves are compared.
 */
#include "pinion/diff.h"

#include "plan/plan.h"

#include <stdlib.h>

enum { DEPTH_MAX = 16, DIFFERENCES_MAX = 200 };

static void add_item(json_t *items, const char *path, const json_t *left, const json_t *right) {
    json_t *item = json_pack("{s:s}", "item", path);
    if (left)
        json_object_set(item, "left", (json_t *)(uintptr_t)left);
    if (right)
        json_object_set(item, "right", (json_t *)(uintptr_t)right);
    json_array_append_new(items, item);
}

static char *join_path(const char *path, const char *key) {
    PNI_AUTO(pn_buf) text = PN_BUF_INIT;
    pni_buf_printf(&text, "%s%s", path, *path ? "." : "");
    pni_buf_puts(&text, key);
    return pni_buf_steal(&text);
}

/* A list as an object: of objects by name, of words by the word; NULL when it is neither. */
static json_t *by_name(const json_t *list) {
    json_t *object = json_object();
    size_t index;
    json_t *value;
    json_array_foreach((json_t *)(uintptr_t)list, index, value) {
        const char *name =
            json_is_string(value) ? json_string_value(value) : pni_json_text(value, "name");
        if (!name || json_object_get(object, name)) {
            json_decref(object);
            return NULL;
        }
        json_object_set(object, name, value);
    }
    return object;
}

/* The recursion is bounded by DEPTH_MAX: what lies deeper is one item. */
/* NOLINTNEXTLINE(misc-no-recursion): bounded by DEPTH_MAX */
static void compare(const char *path, const json_t *left, const json_t *right, size_t depth,
                    json_t *items);

static const char **sorted_keys(const json_t *left, const json_t *right, size_t *count) {
    PNI_AUTO_PTR(pni_map) keys = pni_map_new();
    const json_t *sides[2] = {left, right};
    for (size_t s = 0; s < 2; s++) {
        const char *key;
        json_t *value;
        json_object_foreach((json_t *)(uintptr_t)sides[s], key, value)
            pni_map_put(keys, key, value);
    }
    *count = pni_map_count(keys);
    const char **sorted = pni_map_sorted_keys(keys);
    for (size_t i = 0; i < *count; i++) { /* the map's own keys go with it */
        const json_t *side = json_object_get(left, sorted[i]) ? left : right;
        sorted[i] = json_object_iter_key(json_object_iter_at((json_t *)(uintptr_t)side, sorted[i]));
    }
    return sorted;
}

/* NOLINTNEXTLINE(misc-no-recursion): bounded by DEPTH_MAX */
static void compare_objects(const char *path, const json_t *left, const json_t *right, size_t depth,
                            json_t *items) {
    size_t count = 0;
    const char **keys = sorted_keys(left, right, &count);
    for (size_t i = 0; i < count; i++) {
        PNI_AUTO_PTR(pni_text) inner = join_path(path, keys[i]);
        compare(inner, json_object_get(left, keys[i]), json_object_get(right, keys[i]), depth + 1,
                items);
    }
    pni_free(keys);
}

/* NOLINTNEXTLINE(misc-no-recursion): bounded by DEPTH_MAX */
static void compare_lists(const char *path, const json_t *left, const json_t *right, size_t depth,
                          json_t *items) {
    PNI_AUTO_PTR(json_t) names_left = by_name(left);
    PNI_AUTO_PTR(json_t) names_right = by_name(right);
    size_t before = json_array_size(items);
    if (names_left && names_right)
        compare_objects(path, names_left, names_right, depth, items);
    if (json_array_size(items) == before) /* the order, or entries without a name */
        add_item(items, path, left, right);
}

/* NOLINTNEXTLINE(misc-no-recursion): bounded by DEPTH_MAX */
static void compare(const char *path, const json_t *left, const json_t *right, size_t depth,
                    json_t *items) {
    if (left && right && json_equal(left, right))
        return;
    if (depth < DEPTH_MAX && json_is_object(left) && json_is_object(right))
        compare_objects(path, left, right, depth, items);
    else if (depth < DEPTH_MAX && json_is_array(left) && json_is_array(right))
        compare_lists(path, left, right, depth, items);
    else
        add_item(items, path, left, right);
}

/* ---- the plan ----------------------------------------------------------------------------- */

/* "project/filter: condition", from the root on. */
static void difference_path(const json_t *difference, pn_buf *out) {
    const char *field = pni_json_text(difference, "field");
    const char *at = pni_json_text(difference, "at");
    pni_buf_puts(out, pni_json_text(difference, "path"));
    pni_buf_printf(out, "%s%s", field ? ": " : "", field ? field : "");
    pni_buf_printf(out, "%s%s", at && *at ? " " : "", at ? at : "");
}

static pn_status compare_plans(const pn_bundle *left, const pn_bundle *right, json_t *items,
                               pn_error *err) {
    pn_substrait_diff_options options = PN_SUBSTRAIT_DIFF_OPTIONS_INIT;
    PNI_AUTO(pn_buf) text = PN_BUF_INIT;
    PNI_AUTO_PTR(json_t) json = NULL;
    size_t index;
    json_t *difference;
    options.json = 1;
    options.max_count = DIFFERENCES_MAX;
    PNI_TRY(pn_substrait_diff(left->substrait, right->substrait, &options, &text, NULL, err));
    PNI_TRY(pni_json_parse(text.data, text.len, "differences of two plans", &json, err));
    json_array_foreach(json_object_get(json, "differences"), index, difference) {
        PNI_AUTO(pn_buf) path = PN_BUF_INIT;
        difference_path(difference, &path);
        add_item(items, pni_buf_text(&path), json_object_get(difference, "left"),
                 json_object_get(difference, "right"));
    }
    return PN_OK;
}

/* ---- bundles ------------------------------------------------------------------------------ */

static pn_status compare_component(const pn_bundle *left, const pn_bundle *right, const char *name,
                                   json_t *components, pn_error *err) {
    json_t *digests[2] = {json_object_get(left->components, name),
                          json_object_get(right->components, name)};
    const json_t *documents[2] = {json_object_get(left->documents, name),
                                  json_object_get(right->documents, name)};
    PNI_AUTO_PTR(json_t) items = json_array();
    if (digests[0] && digests[1] && json_equal(digests[0], digests[1]))
        return PN_OK;
    if (pni_streq(name, "plan"))
        PNI_TRY(compare_plans(left, right, items, err));
    if (!json_array_size(items))
        compare("", documents[0], documents[1], 0, items);
    json_t *entry = json_pack("{s:s, s:O}", "component", name, "items", items);
    json_object_set(entry, "left", digests[0] ? digests[0] : json_null());
    json_object_set(entry, "right", digests[1] ? digests[1] : json_null());
    json_array_append_new(components, entry);
    return PN_OK;
}

static json_t *side(const pn_bundle *bundle) {
    json_t *json = json_pack("{s:s}", "fingerprint", bundle->fingerprint);
    if (bundle->name)
        json_object_set_new(json, "name", json_string(bundle->name));
    return json;
}

static const char *cause_of(const json_t *components) {
    size_t count = json_array_size(components);
    const char *first = pni_json_text(json_array_get(components, 0), "component");
    return !count ? "none" : count == 1 && pni_streq(first, "inputs") ? "indirect" : "direct";
}

pn_status pn_diff_bundles(const pn_bundle *left, const pn_bundle *right, pn_buf *json_out,
                          pn_error *err) {
    if (!left || !right || !json_out)
        return pni_fail(err, PNI_E_ARGUMENT,
                        "pn_diff_bundles: left, right and json_out must not be NULL");
    PNI_AUTO_PTR(json_t) components = json_array();
    size_t count = 0;
    const char **names = sorted_keys(left->components, right->components, &count);
    pn_status status = PN_OK;
    for (size_t i = 0; status == PN_OK && i < count; i++)
        status = compare_component(left, right, names[i], components, err);
    pni_free(names);
    PNI_TRY(status);
    PNI_AUTO_PTR(json_t)
    json = json_pack("{s:o, s:o, s:b, s:O, s:s}", "left", side(left), "right", side(right), "equal",
                     pni_streq(left->fingerprint, right->fingerprint), "components", components,
                     "cause", cause_of(components));
    return pni_json_canonical(json, json_out, err);
}
