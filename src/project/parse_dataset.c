/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One entry under `datasets:` into the catalog. What the catalog itself refuses keeps its number
 * and gets file and line.
 */
#include "project/project_priv.h"

typedef struct dataset_reader {
    pn_project *project;
    pn_dataset_spec spec; /* texts are borrowed from the document */
    json_t *files, *options, *storage_options, *metadata;
    PNI_VEC(struct ArrowSchema) columns;
    struct ArrowSchema schema;
    bool optional;
} dataset_reader;

static pn_status read_format(void *ctx, yaml_file *file, yaml_node_t *value, pn_error *err) {
    dataset_reader *reader = ctx;
    int32_t format;
    PNI_TRY(yaml_text(file, value, "format", &reader->spec.format, err));
    if (pni_format_is_provided(reader->spec.format))
        return PN_OK;
    return yaml_word(file, value, "format", project_read_formats, &format, err);
}

static pn_status read_uri(void *ctx, yaml_file *file, yaml_node_t *value, pn_error *err) {
    return yaml_text(file, value, "uri", &((dataset_reader *)ctx)->spec.uri, err);
}

static pn_status read_version(void *ctx, yaml_file *file, yaml_node_t *value, pn_error *err) {
    return yaml_text(file, value, "version", &((dataset_reader *)ctx)->spec.version, err);
}

static pn_status read_timestamp(void *ctx, yaml_file *file, yaml_node_t *value, pn_error *err) {
    return yaml_text(file, value, "timestamp", &((dataset_reader *)ctx)->spec.timestamp, err);
}

static pn_status read_files(void *ctx, yaml_file *file, yaml_node_t *value, pn_error *err) {
    json_t *files = ((dataset_reader *)ctx)->files = json_array();
    return yaml_texts(file, value, "files", files, err);
}

static pn_status read_options(void *ctx, yaml_file *file, yaml_node_t *value, pn_error *err) {
    return yaml_text_map(file, value, "options", &((dataset_reader *)ctx)->options, err);
}

static pn_status read_storage(void *ctx, yaml_file *file, yaml_node_t *value, pn_error *err) {
    return yaml_env_map(file, value, "storage_options", &((dataset_reader *)ctx)->storage_options,
                        err);
}

static pn_status read_optional(void *ctx, yaml_file *file, yaml_node_t *value, pn_error *err) {
    return yaml_bool(file, value, "optional", &((dataset_reader *)ctx)->optional, err);
}

/* "int64" or "int64 not null". */
static pn_status read_column(void *ctx, yaml_file *file, yaml_node_t *key, yaml_node_t *value,
                             pn_error *err) {
    dataset_reader *reader = ctx;
    const char *text;
    PNI_AUTO_SCHEMA field = {0};
    pn_error why = PN_ERROR_INIT;
    PNI_TRY(yaml_text(file, value, "a column's type", &text, err));
    bool is_required = pni_ends_with(text, " not null");
    PNI_AUTO_PTR(pni_text)
    type = pni_strndup(text, strlen(text) - (is_required ? strlen(" not null") : 0));
    if (pni_arrow_type_parse(type, &field, &why) != PN_OK) {
        pn_status status = yaml_wrong(file, value, err, "'%s' is no type for column '%s'", text,
                                      yaml_key_text(key));
        pni_error_detail(err, "%s. %s", why.message, why.detail);
        pni_error_hint(err, "%s", why.hint);
        return status;
    }
    if (ArrowSchemaSetName(&field, yaml_key_text(key)) != NANOARROW_OK)
        pni_abort(__FILE__, __LINE__, "ArrowSchemaSetName");
    field.flags = is_required ? 0 : ARROW_FLAG_NULLABLE;
    pni_vec_push(&reader->columns, field);
    field.release = NULL; /* moved */
    return PN_OK;
}

static pn_status read_schema(void *ctx, yaml_file *file, yaml_node_t *value, pn_error *err) {
    dataset_reader *reader = ctx;
    PNI_TRY(yaml_each_pair(file, value, "schema", read_column, reader, err));
    if (!reader->columns.count)
        return yaml_wrong(file, value, err, "schema declares no column");
    ArrowSchemaInit(&reader->schema);
    if (ArrowSchemaSetTypeStruct(&reader->schema, (int64_t)reader->columns.count) != NANOARROW_OK)
        pni_abort(__FILE__, __LINE__, "ArrowSchemaSetTypeStruct");
    for (size_t i = 0; i < reader->columns.count; i++) {
        pni_auto_release_schema(reader->schema.children[i]);
        ArrowSchemaMove(&reader->columns.items[i], reader->schema.children[i]);
    }
    reader->spec.schema = &reader->schema;
    return PN_OK;
}

static pn_status read_unique_key(void *ctx, yaml_file *file, yaml_node_t *item, pn_error *err) {
    json_t *columns = json_array();
    json_array_append_new(ctx, columns);
    return yaml_texts(file, item, "a unique key", columns, err);
}

static pn_status read_unique(void *ctx, yaml_file *file, yaml_node_t *value, pn_error *err) {
    json_t *keys = json_array();
    json_object_set_new(ctx, "unique", keys);
    return yaml_each_item(file, value, "unique", read_unique_key, keys, err);
}

static pn_status read_primary_key(void *ctx, yaml_file *file, yaml_node_t *value, pn_error *err) {
    json_t *columns = json_array();
    json_object_set_new(ctx, "primary_key", columns);
    return yaml_texts(file, value, "primary_key", columns, err);
}

static pn_status read_constraints(void *ctx, yaml_file *file, yaml_node_t *value, pn_error *err) {
    static const yaml_key keys[] = {{"primary_key", read_primary_key}, {"unique", read_unique}};
    json_t *constraints = json_object();
    json_object_set_new(((dataset_reader *)ctx)->metadata, "constraints", constraints);
    return yaml_read_mapping(file, value, &YAML_KEYS("constraints", keys), constraints, err);
}

static pn_status read_ddl(void *ctx, yaml_file *file, yaml_node_t *value, pn_error *err) {
    const char *text;
    PNI_TRY(yaml_text(file, value, "ddl", &text, err));
    json_object_set_new(((dataset_reader *)ctx)->metadata, "ddl", json_string(text));
    return PN_OK;
}

static pn_status read_defaults(void *ctx, yaml_file *file, yaml_node_t *value, pn_error *err) {
    json_t *defaults = NULL;
    PNI_TRY(yaml_text_map(file, value, "defaults", &defaults, err));
    json_object_set_new(((dataset_reader *)ctx)->metadata, "defaults", defaults);
    return PN_OK;
}

static pn_status read_partitions(void *ctx, yaml_file *file, yaml_node_t *value, pn_error *err) {
    json_t *columns = json_array();
    json_object_set_new(((dataset_reader *)ctx)->metadata, "partition_columns", columns);
    return yaml_texts(file, value, "partition_columns", columns, err);
}

static pn_status read_metadata(void *ctx, yaml_file *file, yaml_node_t *value, pn_error *err) {
    static const yaml_key keys[] = {{"constraints", read_constraints},
                                    {"ddl", read_ddl},
                                    {"defaults", read_defaults},
                                    {"partition_columns", read_partitions}};
    return yaml_read_mapping(file, value, &YAML_KEYS("metadata", keys), ctx, err);
}

static char *text_of(const json_t *json) {
    PNI_AUTO(pn_buf) text = PN_BUF_INIT;
    if (!json || pni_json_canonical(json, &text, NULL) != PN_OK)
        return NULL;
    return pni_buf_steal(&text);
}

static pn_status add_dataset(dataset_reader *reader, yaml_file *file, yaml_node_t *key,
                             yaml_node_t *value, pn_error *err) {
    static const yaml_key keys[] = {{"files", read_files},
                                    {"format", read_format},
                                    {"metadata", read_metadata},
                                    {"optional", read_optional},
                                    {"options", read_options},
                                    {"schema", read_schema},
                                    {"storage_options", read_storage},
                                    {"timestamp", read_timestamp},
                                    {"uri", read_uri},
                                    {"version", read_version}};
    PNI_TRY(yaml_read_mapping(file, value, &YAML_KEYS("a dataset", keys), reader, err));
    if (!reader->spec.format || !reader->spec.uri)
        return yaml_wrong(file, key, err, "dataset '%s' needs format and uri", yaml_key_text(key));
    PNI_AUTO_PTR(pni_text) files = text_of(reader->files);
    PNI_AUTO_PTR(pni_text) options = text_of(reader->options);
    PNI_AUTO_PTR(pni_text) storage = text_of(reader->storage_options);
    PNI_AUTO_PTR(pni_text) metadata = text_of(reader->metadata);
    reader->spec.files_json = files;
    reader->spec.options_json = options;
    reader->spec.storage_options_json = storage;
    reader->spec.metadata_json = metadata;
    reader->spec.flags = reader->optional ? PN_DATASET_OPTIONAL : 0;
    reader->spec.name = yaml_key_text(key);
    reader->spec.base_dir = reader->project->dir;
    pn_status status = pn_catalog_add(reader->project->catalog, &reader->spec, err);
    if (status != PN_OK)
        pni_error_context(err, "%s:%zu", pni_path_base(file->path), key->start_mark.line + 1);
    return status;
}

pn_status project_read_dataset(void *project, yaml_file *file, yaml_node_t *key, yaml_node_t *value,
                               pn_error *err) {
    dataset_reader reader = {
        .project = project, .spec = PN_DATASET_SPEC_INIT, .metadata = json_object()};
    pn_status status = add_dataset(&reader, file, key, value, err);
    json_decref(reader.files);
    json_decref(reader.options);
    json_decref(reader.storage_options);
    json_decref(reader.metadata);
    for (size_t i = 0; i < reader.columns.count; i++)
        pni_auto_release_schema(&reader.columns.items[i]);
    pni_vec_dispose(&reader.columns);
    pni_auto_release_schema(&reader.schema);
    return status;
}
