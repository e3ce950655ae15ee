/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The catalog: specs are checked and copied when they are added, so that a wrong name, format or
 * option is reported where it was written and not when it is first read. Nothing is opened here.
 */
#include "dataset/dataset.h"

#include <pthread.h>

struct pn_catalog {
    atomic_int refs;
    pni_map *datasets;    /* name -> pni_dataset */
    pthread_mutex_t lock; /* of `sorted`, which readers in several threads make on demand */
    const char **sorted;  /* names in order; NULL after an addition */
};

static const char *const formats[] = {
    "arrow", "csv", "delta", "delta_add_actions", "delta_cdf", "delta_snapshot", "json", "parquet"};

static void dataset_free(pni_dataset *dataset) {
    if (!dataset)
        return;
    pni_free(dataset->name);
    pni_free(dataset->format);
    pni_free(dataset->uri);
    pni_free(dataset->version);
    pni_free(dataset->timestamp);
    json_decref(dataset->files);
    json_decref(dataset->options);
    json_decref(dataset->storage_options);
    json_decref(dataset->metadata);
    pni_auto_release_schema(&dataset->schema);
    pni_free(dataset);
}

PNI_DEFINE_AUTO_PTR(pni_dataset, dataset_free)

pn_catalog *pn_catalog_new(void) {
    pn_catalog *catalog = pni_calloc(1, sizeof *catalog);
    atomic_init(&catalog->refs, 1);
    catalog->datasets = pni_map_new();
    pthread_mutex_init(&catalog->lock, NULL);
    return catalog;
}

pn_catalog *pni_catalog_ref(pn_catalog *catalog) {
    if (catalog)
        atomic_fetch_add(&catalog->refs, 1);
    return catalog;
}

void pn_catalog_unref(pn_catalog *catalog) {
    if (!catalog || atomic_fetch_sub(&catalog->refs, 1) != 1)
        return;
    for (size_t i = 0; i < pni_map_count(catalog->datasets); i++)
        dataset_free(pni_map_value_at(catalog->datasets, i));
    pni_free(catalog->sorted);
    pni_map_free(catalog->datasets);
    pthread_mutex_destroy(&catalog->lock);
    pni_free(catalog);
}

pn_status pni_name_check(const char *what, const char *name, pn_error *err) {
    char shown[72];
    if (!name || !*name)
        return pni_fail(err, PNI_E_NAME, "a %s needs a name", what);
    size_t len = strlen(name);
    bool good = len <= PNI_NAME_MAX_BYTES && (name[0] == '_' || (name[0] >= 'a' && name[0] <= 'z'));
    for (size_t i = 0; good && i < len; i++)
        good = name[i] == '_' || (name[i] >= 'a' && name[i] <= 'z') ||
               (name[i] >= '0' && name[i] <= '9');
    if (!good)
        return pni_fail(err, PNI_E_NAME, "'%s' is no valid %s name", pni_name_short(name, shown),
                        what);
    return PN_OK;
}

/* The parser's words quote what stands near the mistake, which may be a secret: they are not shown.
 */
static pn_status parse_object(const char *json, const char *what, const char *name, json_t **out,
                              pn_error *err) {
    PNI_AUTO_PTR(json_t) parsed = NULL;
    if (!json) {
        *out = json_object();
        return PN_OK;
    }
    if (pni_json_parse(json, strlen(json), what, &parsed, NULL) != PN_OK)
        return pni_fail(err, PNI_E_DATASET_OPTION, "the %ss of dataset '%s' are not JSON", what,
                        name);
    if (!json_is_object(parsed))
        return pni_fail(err, PNI_E_DATASET_OPTION, "the %ss of dataset '%s' are no JSON object",
                        what, name);
    *out = pni_take(parsed);
    return PN_OK;
}

/* An object whose values are texts; integers and booleans are taken as their text. */
static pn_status text_object(const char *json, const char *what, const char *name, json_t **out,
                             pn_error *err) {
    PNI_AUTO_PTR(json_t) parsed = NULL;
    PNI_TRY(parse_object(json, what, name, &parsed, err));
    PNI_AUTO_PTR(json_t) texts = json_object();
    const char *key;
    json_t *value;
    json_object_foreach(parsed, key, value) {
        if (json_is_string(value))
            json_object_set(texts, key, value);
        else if (json_is_boolean(value))
            json_object_set_new(texts, key, json_string(json_is_true(value) ? "true" : "false"));
        else if (json_is_integer(value))
            json_object_set_new(texts, key, pni_json_i64(json_integer_value(value)));
        else
            return pni_fail(err, PNI_E_DATASET_OPTION,
                            "%s '%s' of dataset '%s' is neither text, integer nor boolean", what,
                            key, name);
    }
    *out = pni_take(texts);
    return PN_OK;
}

bool pni_format_is_provided(const char *format) {
    static const char letters[] = "abcdefghijklmnopqrstuvwxyz0123456789_";
    size_t pack = strspn(format, letters);
    size_t name = format[pack] == '.' ? strspn(format + pack + 1, letters) : 0;
    return pack > 0 && name > 0 && format[pack + 1 + name] == '\0';
}

bool pni_format_is_delta(const char *format) {
    return pni_starts_with(format, "delta") && !pni_format_is_provided(format);
}

static pn_status check_format(const char *format, const char *name, pn_error *err) {
    for (size_t i = 0; format && i < sizeof formats / sizeof *formats; i++)
        if (pni_streq(format, formats[i]))
            return PN_OK;
    if (format && pni_format_is_provided(format))
        return PN_OK;
    return pni_fail(err, PNI_E_DATASET_FORMAT, "dataset '%s' has the unknown format '%s'", name,
                    format ? format : "");
}

static pn_status check_version(const pn_dataset_spec *spec, pn_error *err) {
    uint64_t version;
    if (!spec->version && !spec->timestamp)
        return PN_OK;
    if (!pni_format_is_delta(spec->format) || pni_streq(spec->format, "delta_cdf"))
        return pni_fail(err, PNI_E_DATASET_OPTION,
                        "dataset '%s' of format %s cannot have a version or timestamp", spec->name,
                        spec->format);
    if (spec->version && spec->timestamp)
        return pni_fail(err, PNI_E_DATASET_OPTION,
                        "dataset '%s' has both a version and a timestamp", spec->name);
    if (spec->version && !pni_parse_u64(spec->version, &version))
        return pni_fail(err, PNI_E_DATASET_OPTION,
                        "version '%s' of dataset '%s' is no decimal number", spec->version,
                        spec->name);
    return PN_OK;
}

/* The only files to read of a Delta version: paths as its log has them. Sorted, so that the order
 * in which they were named is no part of the identity. */
static pn_status read_files(const pn_dataset_spec *spec, json_t **out, pn_error *err) {
    PNI_AUTO_PTR(json_t) parsed = NULL;
    PNI_AUTO_PTR(pni_map) seen = pni_map_new();
    size_t index;
    json_t *file;
    if (!spec->files_json)
        return PN_OK;
    if (!pni_streq(spec->format, "delta"))
        return pni_fail(err, PNI_E_DATASET_FILES, "dataset '%s' of format %s cannot choose files",
                        spec->name, spec->format);
    PNI_TRY(pni_json_parse(spec->files_json, strlen(spec->files_json), "the list of files", &parsed,
                           err));
    if (!json_array_size(parsed) || json_array_size(parsed) > PNI_DATASET_FILES_MAX)
        return pni_fail(err, PNI_E_DATASET_FILES,
                        "the files of dataset '%s' are no list of 1 to %u paths", spec->name,
                        PNI_DATASET_FILES_MAX);
    json_array_foreach(parsed, index, file) {
        const char *path = json_string_value(file);
        if (!path || !*path)
            return pni_fail(err, PNI_E_DATASET_FILES, "file %zu of dataset '%s' is no path", index,
                            spec->name);
        if (pni_map_has(seen, path))
            return pni_fail(err, PNI_E_DATASET_FILES, "dataset '%s' names file '%s' twice",
                            spec->name, path);
        pni_map_put(seen, path, file);
    }
    *out = json_array();
    const char **sorted = pni_map_sorted_keys(seen);
    for (size_t i = 0; i < pni_map_count(seen); i++)
        json_array_append_new(*out, json_string(sorted[i]));
    pni_free(sorted);
    return PN_OK;
}

static char *absolute_uri(const pn_dataset_spec *spec) {
    if (pni_starts_with(spec->uri, "file://"))
        return pni_path_absolute(spec->uri + strlen("file://"));
    if (pni_uri_is_remote(spec->uri))
        return pni_uri_normal(spec->uri);
    PNI_AUTO_PTR(pni_text)
    joined = spec->base_dir ? pni_path_join(spec->base_dir, spec->uri) : pni_strdup(spec->uri);
    return pni_path_absolute(joined);
}

static bool is_text(const char *text) {
    return !text || pni_utf8_valid(text, strlen(text));
}

static pn_status check_spec(const pn_dataset_spec *spec, pn_error *err) {
    PNI_TRY(pni_name_check("dataset", spec->name, err));
    PNI_TRY(check_format(spec->format, spec->name, err));
    PNI_TRY(check_version(spec, err));
    if (!spec->uri || !*spec->uri)
        return pni_fail(err, PNI_E_DATASET_OPTION, "dataset '%s' has no uri", spec->name);
    if (!is_text(spec->uri) || !is_text(spec->base_dir) || !is_text(spec->timestamp))
        return pni_fail(err, PNI_E_DATASET_OPTION,
                        "the location or timestamp of dataset '%s' is not UTF-8", spec->name);
    if (spec->flags & ~PN_DATASET_OPTIONAL)
        return pni_fail(err, PNI_E_DATASET_OPTION, "dataset '%s' has unknown flags 0x%x",
                        spec->name, spec->flags);
    if ((spec->flags & PN_DATASET_OPTIONAL) && !spec->schema)
        return pni_fail(err, PNI_E_DATASET_OPTION, "optional dataset '%s' needs a declared schema",
                        spec->name);
    return PN_OK;
}

static pn_status read_storage(const pn_dataset_spec *spec, json_t **out, pn_error *err) {
    PNI_AUTO_PTR(json_t) given = NULL;
    PNI_AUTO(pn_buf) what = PN_BUF_INIT;
    PNI_TRY(text_object(spec->storage_options_json, "storage option", spec->name, &given, err));
    pni_buf_printf(&what, "dataset '%s'", spec->name);
    return pni_storage_check(pni_buf_text(&what), given, out, err);
}

static pn_status dataset_from_spec(const pn_dataset_spec *spec, pni_dataset **out, pn_error *err) {
    PNI_TRY(check_spec(spec, err));
    PNI_AUTO_PTR(pni_dataset) dataset = pni_calloc(1, sizeof *dataset);
    dataset->name = pni_strdup(spec->name);
    dataset->format = pni_strdup(spec->format);
    dataset->uri = absolute_uri(spec);
    dataset->version = spec->version ? pni_strdup(spec->version) : NULL;
    dataset->timestamp = spec->timestamp ? pni_strdup(spec->timestamp) : NULL;
    dataset->optional = spec->flags & PN_DATASET_OPTIONAL;
    PNI_TRY(read_files(spec, &dataset->files, err));
    PNI_TRY(text_object(spec->options_json, "option", spec->name, &dataset->options, err));
    PNI_TRY(read_storage(spec, &dataset->storage_options, err));
    PNI_TRY(
        parse_object(spec->metadata_json, "metadata field", spec->name, &dataset->metadata, err));
    if (spec->schema && ArrowSchemaDeepCopy(spec->schema, &dataset->schema) != NANOARROW_OK)
        return pni_fail(err, PNI_E_DATASET_OPTION,
                        "the declared schema of dataset '%s' is not valid", spec->name);
    *out = pni_take(dataset);
    return PN_OK;
}

pn_status pn_catalog_add(pn_catalog *catalog, const pn_dataset_spec *spec, pn_error *err) {
    pn_dataset_spec ours;
    PNI_AUTO_PTR(pni_dataset) dataset = NULL;
    if (!catalog || !spec)
        return pni_fail(err, PNI_E_ARGUMENT, "pn_catalog_add: catalog and spec must not be NULL");
    PNI_TRY(pni_options_copy(&ours, sizeof ours, spec, "dataset spec", err));
    PNI_TRY(dataset_from_spec(&ours, &dataset, err));
    if (pni_map_has(catalog->datasets, dataset->name))
        return pni_fail(err, PNI_E_DATASET_EXISTS, "dataset '%s' is there already", dataset->name);
    if (pni_map_count(catalog->datasets) >= PNI_DATASETS_MAX)
        return pni_fail(err, PNI_E_DATASET_LIMIT, "dataset '%s' would be number %u", dataset->name,
                        PNI_DATASETS_MAX + 1);
    pni_map_put(catalog->datasets, dataset->name, dataset);
    pni_free(catalog->sorted);
    catalog->sorted = NULL;
    dataset = NULL;
    return PN_OK;
}

size_t pn_catalog_count(const pn_catalog *catalog) {
    return catalog ? pni_map_count(catalog->datasets) : 0;
}

const char *pn_catalog_name_at(const pn_catalog *catalog, size_t index) {
    if (!catalog || index >= pni_map_count(catalog->datasets))
        return NULL;
    pn_catalog *cache = (pn_catalog *)(uintptr_t)catalog;
    pthread_mutex_lock(&cache->lock);
    if (!cache->sorted)
        cache->sorted = pni_map_sorted_keys(catalog->datasets);
    const char *name = cache->sorted[index];
    pthread_mutex_unlock(&cache->lock);
    return name;
}

const pni_dataset *pni_catalog_find(const pn_catalog *catalog, const char *name) {
    return catalog ? pni_map_get(catalog->datasets, name) : NULL;
}

const char *pni_catalog_nearest(const pn_catalog *catalog, const char *name) {
    const char *best = NULL;
    for (size_t i = 0; catalog && i < pni_map_count(catalog->datasets); i++)
        best = pni_nearer(name, best, pni_map_key_at(catalog->datasets, i));
    return best;
}

pn_status pn_catalog_describe(const pn_catalog *catalog, const char *name, pn_buf *json_out,
                              pn_error *err) {
    if (!catalog || !name || !json_out)
        return pni_fail(err, PNI_E_ARGUMENT,
                        "pn_catalog_describe: catalog, name and json_out must not be NULL");
    const pni_dataset *dataset = pni_catalog_find(catalog, name);
    if (!dataset)
        return pni_fail(err, PNI_E_TABLE_UNKNOWN, "there is no dataset '%s'", name);
    PNI_AUTO_PTR(json_t)
    json = json_pack("{s:s, s:s, s:o, s:b, s:O, s:O}", "name", dataset->name, "format",
                     dataset->format, "uri", pni_json_redacted(dataset->uri), "optional",
                     dataset->optional, "options", dataset->options, "metadata", dataset->metadata);
    if (dataset->files)
        json_object_set(json, "files", dataset->files);
    if (dataset->version)
        json_object_set_new(json, "version", json_string(dataset->version));
    if (dataset->timestamp)
        json_object_set_new(json, "timestamp", json_string(dataset->timestamp));
    return pni_json_canonical(json, json_out, err);
}
