/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The snapshot: all functions of the packs as one document whose keys are those of the
 * specification, one list of names per kind and one object by name per property. It holds no order
 * but that of names, no path and no clock, so its digest is the same wherever the same packs are.
 *
 * The check reads snapshots from elsewhere too: nothing in it is taken for granted.
 */
#include "base/formats.h"
#include "udf/udf_priv.h"

static const char *const kinds[] = {"scalar", "aggregate", "window", "table"};
#define KIND_COUNT (sizeof kinds / sizeof *kinds)

/* Properties that go from a spec into the object of that name. */
static const struct {
    const char *key;
    json_type type; /* JSON_TRUE stands for both booleans */
    bool is_sparse; /* empty values are left out */
    bool is_needed; /* every function has it */
} properties[] = {
    {"aliases", JSON_ARRAY, true, false},       {"parameter_names", JSON_ARRAY, false, false},
    {"volatility", JSON_STRING, false, true},   {"rewrite_tags", JSON_ARRAY, true, false},
    {"simplify", JSON_TRUE, false, true},       {"coerce_types", JSON_TRUE, false, true},
    {"short_circuits", JSON_TRUE, false, true}, {"signature_inputs", JSON_ARRAY, false, true},
    {"return_types", JSON_ARRAY, false, true},  {"config_defaults", JSON_OBJECT, true, false},
    {"digest", JSON_STRING, false, true},
};
#define PROPERTY_COUNT (sizeof properties / sizeof *properties)

static const char *key_of(size_t property) {
    return pni_streq(properties[property].key, "digest") ? "digests" : properties[property].key;
}

static bool is_empty(const json_t *value) {
    return json_is_array(value) ? !json_array_size(value) : !json_object_size(value);
}

json_t *pni_udf_snapshot(const json_t *specs, json_t *async_policy) {
    json_t *snapshot = json_pack("{s:i, s:[], s:[], s:O}", "version", PNI_FORMAT_UDF_SNAPSHOT,
                                 "custom_udfs", "pycapsule_udfs", "async_udf_policy", async_policy);
    size_t index;
    json_t *spec;
    pni_assert(snapshot);
    for (size_t i = 0; i < KIND_COUNT; i++) {
        json_object_set_new(snapshot, kinds[i], json_array());
    }
    for (size_t i = 0; i < PROPERTY_COUNT; i++) {
        json_object_set_new(snapshot, key_of(i), json_object());
    }
    json_array_foreach((json_t *)(uintptr_t)specs, index, spec) {
        const char *name = pni_json_text(spec, "name");
        json_array_append(json_object_get(snapshot, pni_json_text(spec, "kind")),
                          json_object_get(spec, "name"));
        json_array_append(json_object_get(snapshot, "custom_udfs"), json_object_get(spec, "name"));
        for (size_t i = 0; i < PROPERTY_COUNT; i++) {
            json_t *value = json_object_get(spec, properties[i].key);
            if (!json_is_null(value) && !(properties[i].is_sparse && is_empty(value))) {
                json_object_set(json_object_get(snapshot, key_of(i)), name, value);
            }
        }
    }
    return snapshot;
}

/* ---- is it one? ------------------------------------------------------------------------------ */

static pn_status wrong(pn_error *err, const char *key, const char *what) {
    return pni_fail(err, PNI_E_UDF_SNAPSHOT, "the snapshot's '%.60s' %s", key, what);
}

static pn_status check_names(const json_t *snapshot, const char *key, pni_map *seen,
                             pn_error *err) {
    const json_t *list = json_object_get(snapshot, key);
    const char *before = NULL;
    size_t index;
    json_t *name;
    if (!json_is_array(list)) {
        return wrong(err, key, list ? "is no list" : "is not there");
    }
    json_array_foreach((json_t *)(uintptr_t)list, index, name) {
        const char *text = json_string_value(name);
        if (!text || !*text) {
            return wrong(err, key, "holds something that is no name");
        }
        if (before && strcmp(before, text) >= 0) {
            return wrong(err, key, "is not sorted, or has a name twice");
        }
        if (seen && pni_map_has(seen, text)) {
            return pni_fail(err, PNI_E_UDF_SNAPSHOT,
                            "the snapshot has the function '%.60s' of two kinds", text);
        }
        if (seen) {
            pni_map_put(seen, text, name);
        }
        before = text;
    }
    return PN_OK;
}

static bool has_type(const json_t *value, json_type type) {
    return type == JSON_TRUE ? json_is_boolean(value) : value && json_typeof(value) == type;
}

static pn_status check_property(const json_t *snapshot, size_t property, const pni_map *functions,
                                pn_error *err) {
    const char *key = key_of(property);
    const json_t *values = json_object_get(snapshot, key);
    const char *name;
    json_t *value;
    if (!json_is_object(values)) {
        return wrong(err, key, values ? "is no object" : "is not there");
    }
    json_object_foreach((json_t *)(uintptr_t)values, name, value) {
        if (!pni_map_has(functions, name)) {
            return pni_fail(err, PNI_E_UDF_SNAPSHOT,
                            "the snapshot's '%s' names '%.60s', which is no function of it", key,
                            name);
        }
        if (!has_type(value, properties[property].type)) {
            return pni_fail(err, PNI_E_UDF_SNAPSHOT,
                            "the snapshot's '%s' of '%.60s' has the wrong type", key, name);
        }
    }
    for (size_t i = 0; properties[property].is_needed && i < pni_map_count(functions); i++) {
        if (!json_object_get(values, pni_map_key_at(functions, i))) {
            return pni_fail(err, PNI_E_UDF_SNAPSHOT, "the snapshot has no '%s' for '%.60s'", key,
                            pni_map_key_at(functions, i));
        }
    }
    return PN_OK;
}

static pn_status check_volatility(const json_t *snapshot, pn_error *err) {
    const char *name;
    json_t *value;
    json_object_foreach(json_object_get(snapshot, "volatility"), name, value) {
        const char *text = json_string_value(value);
        if (!pni_streq(text, "immutable") && !pni_streq(text, "stable") &&
            !pni_streq(text, "volatile")) {
            return pni_fail(err, PNI_E_UDF_SNAPSHOT,
                            "the snapshot says that '%.60s' is '%.20s', which is no volatility",
                            name, text);
        }
    }
    return PN_OK;
}

/* One list of types per way to call a function, and one result for each. */
static pn_status check_signatures(const json_t *snapshot, pn_error *err) {
    const json_t *results = json_object_get(snapshot, "return_types");
    const char *name;
    json_t *inputs;
    json_object_foreach(json_object_get(snapshot, "signature_inputs"), name, inputs) {
        size_t index;
        json_t *input;
        if (!json_array_size(inputs) ||
            json_array_size(inputs) != json_array_size(json_object_get(results, name))) {
            return pni_fail(err, PNI_E_UDF_SNAPSHOT,
                            "the snapshot has %zu signatures and %zu results for '%.60s'",
                            json_array_size(inputs),
                            json_array_size(json_object_get(results, name)), name);
        }
        json_array_foreach(inputs, index, input) {
            if (!json_is_array(input)) {
                return pni_fail(err, PNI_E_UDF_SNAPSHOT,
                                "signature %zu of '%.60s' in the snapshot is no list", index, name);
            }
        }
    }
    return PN_OK;
}

static pn_status check_aliases(const json_t *snapshot, pni_map *functions, pn_error *err) {
    const char *name;
    json_t *aliases;
    json_object_foreach(json_object_get(snapshot, "aliases"), name, aliases) {
        size_t index;
        json_t *alias;
        json_array_foreach(aliases, index, alias) {
            const char *text = json_string_value(alias);
            if (!text || pni_map_has(functions, text)) {
                return pni_fail(err, PNI_E_UDF_SNAPSHOT,
                                "the snapshot's alias '%.60s' of '%.60s' is no name, or taken",
                                text ? text : "", name);
            }
            pni_map_put(functions, text, alias);
        }
    }
    return PN_OK;
}

pn_status pni_udf_snapshot_check(const json_t *snapshot, pn_error *err) {
    PNI_AUTO_PTR(pni_map) functions = pni_map_new();
    if (!json_is_object(snapshot)) {
        return pni_fail(err, PNI_E_UDF_SNAPSHOT, "the snapshot is no object");
    }
    if (json_integer_value(json_object_get(snapshot, "version")) != PNI_FORMAT_UDF_SNAPSHOT) {
        return wrong(err, "version", "is not one that this pinion knows");
    }
    for (size_t i = 0; i < KIND_COUNT; i++) {
        PNI_TRY(check_names(snapshot, kinds[i], functions, err));
    }
    PNI_TRY(check_names(snapshot, "custom_udfs", NULL, err));
    PNI_TRY(check_names(snapshot, "pycapsule_udfs", NULL, err));
    if (!json_is_object(json_object_get(snapshot, "async_udf_policy"))) {
        return wrong(err, "async_udf_policy", "is no object");
    }
    for (size_t i = 0; i < PROPERTY_COUNT; i++) {
        PNI_TRY(check_property(snapshot, i, functions, err));
    }
    PNI_TRY(check_volatility(snapshot, err));
    PNI_TRY(check_signatures(snapshot, err));
    return check_aliases(snapshot, functions, err);
}

/* ---- reading one ----------------------------------------------------------------------------- */

/* name or alias -> the canonical name (json string, borrowed); what is no text is passed over. */
static pni_map *name_index(const json_t *snapshot) {
    pni_map *index_out = pni_map_new();
    const char *name;
    json_t *value;
    json_object_foreach(json_object_get(snapshot, "aliases"), name, value) {
        size_t index;
        json_t *alias;
        json_array_foreach(value, index, alias) {
            if (json_is_string(alias)) {
                pni_map_put(index_out, json_string_value(alias), (void *)(uintptr_t)name);
            }
        }
    }
    for (size_t i = 0; i < KIND_COUNT; i++) {
        size_t index;
        json_array_foreach(json_object_get(snapshot, kinds[i]), index, value) {
            if (json_is_string(value)) {
                pni_map_put(index_out, json_string_value(value),
                            (void *)(uintptr_t)json_string_value(value));
            }
        }
    }
    return index_out;
}

static json_t *sorted_keys(const pni_map *map) {
    const char **sorted = pni_map_sorted_keys(map);
    json_t *list = json_array();
    for (size_t i = 0; i < pni_map_count(map); i++) {
        json_array_append_new(list, json_string(sorted[i]));
    }
    pni_free(sorted);
    return list;
}

json_t *pni_udf_snapshot_names(const json_t *snapshot) {
    PNI_AUTO_PTR(pni_map) names = name_index(snapshot);
    return sorted_keys(names);
}

/* Tags of the engine's own functions; those of packs stand in their tables. */
static const struct {
    const char *name, *tag;
} engine_tags[] = {{"first_value", "aggregate"}, {"lag", "window"},
                   {"last_value", "aggregate"},  {"lead", "window"},
                   {"row_number", "window"},     {"sha256", "hash"},
                   {"string_agg", "aggregate"},  {"string_agg", "string"}};

static void put_tag(pni_map *tags, const char *tag, const char *name) {
    pni_map *names = pni_map_get(tags, tag);
    if (!names) {
        names = pni_map_new();
        pni_map_put(tags, tag, names);
    }
    pni_map_put(names, name, names);
}

static void put_second_names(pni_map *tags) {
    PNI_AUTO_PTR(json_t) list = pni_udf_second_names();
    size_t index;
    json_t *entry;
    json_array_foreach(list, index, entry) {
        PNI_AUTO_PTR(pni_text) words = pni_strdup(pni_json_text(entry, "tags"));
        char *rest = words;
        for (char *tag; (tag = strsep(&rest, ","));) {
            put_tag(tags, tag, pni_json_text(entry, "name"));
        }
    }
}

json_t *pni_udf_tag_index(const json_t *snapshot) {
    PNI_AUTO_PTR(pni_map) tags = pni_map_new();
    json_t *index_out = json_object();
    const char *name;
    json_t *list;
    for (size_t i = 0; i < sizeof engine_tags / sizeof *engine_tags; i++) {
        put_tag(tags, engine_tags[i].tag, engine_tags[i].name);
    }
    put_second_names(tags);
    json_object_foreach(json_object_get(snapshot, "rewrite_tags"), name, list) {
        size_t index;
        json_t *tag;
        json_array_foreach(list, index, tag) put_tag(tags, json_string_value(tag), name);
    }
    for (size_t i = 0; i < pni_map_count(tags); i++) {
        pni_map *names = pni_map_value_at(tags, i);
        json_object_set_new(index_out, pni_map_key_at(tags, i), sorted_keys(names));
        pni_map_free(names);
    }
    return index_out;
}

/* ---- what is required ------------------------------------------------------------------------ */

static void put_missing(pn_buf *list, size_t *count, const char *name, const char *why) {
    pni_buf_printf(list, "%s%s%s%s%s", *count ? ", " : "", name, why ? " (no " : "", why ? why : "",
                   why ? ")" : "");
    (*count)++;
}

static const char *lacking(const json_t *snapshot, const char *canonical) {
    static const char *const needed[] = {"parameter_names", "volatility", "signature_inputs",
                                         "return_types"};
    for (size_t i = 0; i < sizeof needed / sizeof *needed; i++) {
        if (!json_object_get(json_object_get(snapshot, needed[i]), canonical)) {
            return needed[i];
        }
    }
    return NULL;
}

pn_status pni_udf_require(const json_t *snapshot, const json_t *catalog, const json_t *names,
                          pn_error *err) {
    PNI_AUTO_PTR(pni_map) known = name_index(snapshot);
    PNI_AUTO(pn_buf) list = PN_BUF_INIT;
    size_t missing = 0;
    size_t index;
    json_t *entry;
    json_array_foreach((json_t *)(uintptr_t)names, index, entry) {
        const char *name = json_string_value(entry);
        const char *canonical = name ? pni_map_get(known, name) : NULL;
        const char *lack = canonical ? lacking(snapshot, canonical) : NULL;
        bool is_engine =
            !canonical && pni_json_lists(json_object_get(catalog, "function_names"), name);
        if (lack || (!canonical && !is_engine)) {
            put_missing(&list, &missing, name ? name : "?", lack);
        }
    }
    if (!missing) {
        return PN_OK;
    }
    pn_status status = pni_fail(err, PNI_E_UDF_REQUIRED, "%zu required function%s missing: %.150s",
                                missing, missing == 1 ? " is" : "s are", pni_buf_text(&list));
    pni_error_detail(err, "%s", pni_buf_text(&list));
    return status;
}
