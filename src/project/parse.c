/* SPDX-License-Identifier: Apache-2.0 */
/* `pinion.yaml` into a project: one table of keys per mapping, one small reader per key. The JSON
 * Schema in json_schema.c says the same. */
#include "base/formats.h"
#include "project/project_priv.h"

typedef struct dataset_reader {
    pn_project *project;
    pn_dataset_spec spec;
    json_t *options, *storage_options, *metadata;
    PNI_VEC(struct ArrowSchema) columns;
    struct ArrowSchema schema;
    bool optional;
} dataset_reader;

static pn_status read_dataset_format(void *ctx, const yaml_file *file, yaml_node_t *value,
                                     pn_error *err) {
    return yaml_text(file, value, "format", &((dataset_reader *)ctx)->spec.format, err);
}

static pn_status read_dataset_uri(void *ctx, const yaml_file *file, yaml_node_t *value,
                                  pn_error *err) {
    return yaml_text(file, value, "uri", &((dataset_reader *)ctx)->spec.uri, err);
}

static pn_status read_dataset_version(void *ctx, const yaml_file *file, yaml_node_t *value,
                                      pn_error *err) {
    return yaml_text(file, value, "version", &((dataset_reader *)ctx)->spec.version, err);
}

static pn_status read_dataset_timestamp(void *ctx, const yaml_file *file, yaml_node_t *value,
                                        pn_error *err) {
    return yaml_text(file, value, "timestamp", &((dataset_reader *)ctx)->spec.timestamp, err);
}

static pn_status read_dataset_options(void *ctx, const yaml_file *file, yaml_node_t *value,
                                      pn_error *err) {
    return yaml_text_map(file, value, "options", true, &((dataset_reader *)ctx)->options, err);
}

static pn_status read_dataset_storage(void *ctx, const yaml_file *file, yaml_node_t *value,
                                      pn_error *err) {
    return yaml_text_map(file, value, "storage_options", true,
                         &((dataset_reader *)ctx)->storage_options, err);
}

static pn_status read_dataset_optional(void *ctx, const yaml_file *file, yaml_node_t *value,
                                       pn_error *err) {
    return yaml_bool(file, value, "optional", &((dataset_reader *)ctx)->optional, err);
}

/* "int64" or "int64 not null". */
static pn_status read_column(void *ctx, const yaml_file *file, yaml_node_t *key, yaml_node_t *value,
                             pn_error *err) {
    dataset_reader *reader = ctx;
    const char *text;
    struct ArrowSchema field = {0};
    PNI_TRY(yaml_text(file, value, "a column's type", &text, err));
    bool is_required = pni_ends_with(text, " not null");
    PNI_AUTO_PTR(pni_text)
    type = pni_strndup(text, strlen(text) - (is_required ? strlen(" not null") : 0));
    if (pni_arrow_type_parse(type, &field, NULL) != PN_OK)
        return yaml_wrong(file, value, err, "'%s' is no type", text);
    if (ArrowSchemaSetName(&field, (const char *)key->data.scalar.value) != NANOARROW_OK)
        pni_abort(__FILE__, __LINE__, "ArrowSchemaSetName");
    field.flags = is_required ? 0 : ARROW_FLAG_NULLABLE;
    pni_vec_push(&reader->columns, field);
    return PN_OK;
}

static pn_status read_dataset_schema(void *ctx, const yaml_file *file, yaml_node_t *value,
                                     pn_error *err) {
    dataset_reader *reader = ctx;
    PNI_TRY(yaml_each_pair(file, value, "schema", read_column, reader, err));
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

static pn_status read_text_list_item(void *ctx, const yaml_file *file, yaml_node_t *item,
                                     pn_error *err) {
    const char *text;
    PNI_TRY(yaml_text(file, item, "a list item", &text, err));
    json_array_append_new((json_t *)ctx, json_string(text));
    return PN_OK;
}

static pn_status read_unique_key(void *ctx, const yaml_file *file, yaml_node_t *item,
                                 pn_error *err) {
    json_t *columns = json_array();
    json_array_append_new((json_t *)ctx, columns);
    return yaml_each_item(file, item, "a unique key", read_text_list_item, columns, err);
}

static pn_status read_constraint_unique(void *ctx, const yaml_file *file, yaml_node_t *value,
                                        pn_error *err) {
    json_t *keys = json_array();
    json_object_set_new((json_t *)ctx, "unique", keys);
    return yaml_each_item(file, value, "unique", read_unique_key, keys, err);
}

static pn_status read_constraint_primary(void *ctx, const yaml_file *file, yaml_node_t *value,
                                         pn_error *err) {
    json_t *columns = json_array();
    json_object_set_new((json_t *)ctx, "primary_key", columns);
    return yaml_each_item(file, value, "primary_key", read_text_list_item, columns, err);
}

static pn_status read_metadata_constraints(void *ctx, const yaml_file *file, yaml_node_t *value,
                                           pn_error *err) {
    static const yaml_key keys[] = {{"primary_key", read_constraint_primary},
                                    {"unique", read_constraint_unique}};
    json_t *constraints = json_object();
    json_object_set_new(((dataset_reader *)ctx)->metadata, "constraints", constraints);
    return yaml_read_mapping(file, value, "constraints", keys, sizeof keys / sizeof *keys,
                             constraints, err);
}

static pn_status read_metadata_ddl(void *ctx, const yaml_file *file, yaml_node_t *value,
                                   pn_error *err) {
    const char *text;
    PNI_TRY(yaml_text(file, value, "ddl", &text, err));
    json_object_set_new(((dataset_reader *)ctx)->metadata, "ddl", json_string(text));
    return PN_OK;
}

static pn_status read_metadata_defaults(void *ctx, const yaml_file *file, yaml_node_t *value,
                                        pn_error *err) {
    json_t *defaults = NULL;
    PNI_TRY(yaml_text_map(file, value, "defaults", false, &defaults, err));
    json_object_set_new(((dataset_reader *)ctx)->metadata, "defaults", defaults);
    return PN_OK;
}

static pn_status read_metadata_partitions(void *ctx, const yaml_file *file, yaml_node_t *value,
                                          pn_error *err) {
    json_t *columns = json_array();
    json_object_set_new(((dataset_reader *)ctx)->metadata, "partition_columns", columns);
    return yaml_each_item(file, value, "partition_columns", read_text_list_item, columns, err);
}

static pn_status read_dataset_metadata(void *ctx, const yaml_file *file, yaml_node_t *value,
                                       pn_error *err) {
    static const yaml_key keys[] = {{"constraints", read_metadata_constraints},
                                    {"ddl", read_metadata_ddl},
                                    {"defaults", read_metadata_defaults},
                                    {"partition_columns", read_metadata_partitions}};
    return yaml_read_mapping(file, value, "metadata", keys, sizeof keys / sizeof *keys, ctx, err);
}

static const yaml_key dataset_keys[] = {
    {"format", read_dataset_format},       {"metadata", read_dataset_metadata},
    {"optional", read_dataset_optional},   {"options", read_dataset_options},
    {"schema", read_dataset_schema},       {"storage_options", read_dataset_storage},
    {"timestamp", read_dataset_timestamp}, {"uri", read_dataset_uri},
    {"version", read_dataset_version},
};

static char *json_text(const json_t *json) {
    PNI_AUTO(pn_buf) text = PN_BUF_INIT;
    if (!json || pni_json_canonical(json, &text, NULL) != PN_OK)
        return NULL;
    return pni_buf_steal(&text);
}

static pn_status add_dataset(dataset_reader *reader, const yaml_file *file, yaml_node_t *key,
                             yaml_node_t *value, pn_error *err) {
    PNI_TRY(yaml_read_mapping(file, value, "a dataset", dataset_keys,
                              sizeof dataset_keys / sizeof *dataset_keys, reader, err));
    PNI_AUTO_PTR(pni_text) options = json_text(reader->options);
    PNI_AUTO_PTR(pni_text) storage = json_text(reader->storage_options);
    PNI_AUTO_PTR(pni_text) metadata = json_text(reader->metadata);
    reader->spec.options_json = options;
    reader->spec.storage_options_json = storage;
    reader->spec.metadata_json = metadata;
    reader->spec.flags = reader->optional ? PN_DATASET_OPTIONAL : 0;
    reader->spec.name = (const char *)key->data.scalar.value;
    pn_status status = pn_catalog_add(reader->project->catalog, &reader->spec, err);
    if (status != PN_OK)
        pni_error_context(err, "%s:%zu", pni_path_base(file->path), key->start_mark.line + 1);
    return status;
}

static pn_status read_dataset(void *ctx, const yaml_file *file, yaml_node_t *key,
                              yaml_node_t *value, pn_error *err) {
    dataset_reader reader = {
        .project = ctx, .spec = PN_DATASET_SPEC_INIT, .metadata = json_object()};
    reader.spec.base_dir = reader.project->dir;
    pn_status status = add_dataset(&reader, file, key, value, err);
    json_decref(reader.options);
    json_decref(reader.storage_options);
    json_decref(reader.metadata);
    for (size_t i = 0; i < reader.columns.count; i++)
        pni_auto_release_schema(&reader.columns.items[i]);
    pni_vec_dispose(&reader.columns);
    pni_auto_release_schema(&reader.schema);
    return status;
}

static pn_status read_datasets(void *ctx, const yaml_file *file, yaml_node_t *value,
                               pn_error *err) {
    return yaml_each_pair(file, value, "datasets", read_dataset, ctx, err);
}

static pn_status read_version(void *ctx, const yaml_file *file, yaml_node_t *value, pn_error *err) {
    const char *text;
    uint64_t version;
    (void)ctx;
    PNI_TRY(yaml_text(file, value, "version", &text, err));
    if (!pni_parse_u64(text, &version) || version < 1 || version > PNI_FORMAT_PROJECT)
        return yaml_wrong(file, value, err,
                          "version '%s' is not known; this pinion reads version %d", text,
                          PNI_FORMAT_PROJECT);
    return PN_OK;
}

static pn_status read_name(void *ctx, const yaml_file *file, yaml_node_t *value, pn_error *err) {
    const char *text;
    PNI_TRY(yaml_text(file, value, "name", &text, err));
    pn_project *project = ctx;
    pni_free(project->name);
    project->name = pni_strdup(text);
    return PN_OK;
}

static pn_status read_profile(void *ctx, const yaml_file *file, yaml_node_t *value, pn_error *err) {
    const char *text;
    PNI_TRY(yaml_text(file, value, "profile", &text, err));
    if (!pni_profile_find(text))
        return yaml_wrong(
            file, value, err,
            "there is no profile '%s'; profiles are default, dev, prod, cst_autoload, symtable",
            text);
    ((pn_project *)ctx)->profile = pni_strdup(text);
    return PN_OK;
}

static pn_status read_setting(void *ctx, const yaml_file *file, yaml_node_t *key,
                              yaml_node_t *value, pn_error *err) {
    const char *text;
    PNI_TRY(yaml_text(file, value, "a setting", &text, err));
    pn_setting setting = {pni_strdup((const char *)key->data.scalar.value), pni_strdup(text)};
    pni_vec_push(&((pn_project *)ctx)->settings, setting);
    return PN_OK;
}

static pn_status read_settings(void *ctx, const yaml_file *file, yaml_node_t *value,
                               pn_error *err) {
    return yaml_each_pair(file, value, "settings", read_setting, ctx, err);
}

static pn_status read_pack_path(void *ctx, const yaml_file *file, yaml_node_t *value,
                                pn_error *err) {
    const char *text;
    PNI_TRY(yaml_text(file, value, "path", &text, err));
    ((project_pack *)ctx)->path = pni_strdup(text);
    return PN_OK;
}

static pn_status read_pack_digest(void *ctx, const yaml_file *file, yaml_node_t *value,
                                  pn_error *err) {
    const char *text;
    PNI_TRY(yaml_text(file, value, "sha256", &text, err));
    ((project_pack *)ctx)->digest = pni_strdup(text);
    return PN_OK;
}

static pn_status read_pack(void *ctx, const yaml_file *file, yaml_node_t *item, pn_error *err) {
    static const yaml_key keys[] = {{"path", read_pack_path}, {"sha256", read_pack_digest}};
    pn_project *project = ctx;
    project_pack pack = {0};
    pni_vec_push(&project->packs, pack);
    project_pack *added = &project->packs.items[project->packs.count - 1];
    PNI_TRY(yaml_read_mapping(file, item, "a pack", keys, 2, added, err));
    if (!added->path)
        return yaml_wrong(file, item, err, "a pack needs a path");
    char *absolute = pni_path_join(project->dir, added->path);
    pni_free(added->path);
    added->path = absolute;
    return PN_OK;
}

static pn_status read_function_packs(void *ctx, const yaml_file *file, yaml_node_t *value,
                                     pn_error *err) {
    return yaml_each_item(file, value, "packs", read_pack, ctx, err);
}

static pn_status read_functions(void *ctx, const yaml_file *file, yaml_node_t *value,
                                pn_error *err) {
    static const yaml_key keys[] = {{"packs", read_function_packs}};
    return yaml_read_mapping(file, value, "functions", keys, 1, ctx, err);
}

static pn_status read_output_view(void *ctx, const yaml_file *file, yaml_node_t *value,
                                  pn_error *err) {
    const char *text;
    PNI_TRY(yaml_text(file, value, "view", &text, err));
    ((project_output *)ctx)->view = pni_strdup(text);
    return PN_OK;
}

static pn_status read_output_uri(void *ctx, const yaml_file *file, yaml_node_t *value,
                                 pn_error *err) {
    const char *text;
    PNI_TRY(yaml_text(file, value, "uri", &text, err));
    ((project_output *)ctx)->uri = pni_strdup(text);
    return PN_OK;
}

static pn_status read_output_format(void *ctx, const yaml_file *file, yaml_node_t *value,
                                    pn_error *err) {
    const char *text;
    PNI_TRY(yaml_text(file, value, "format", &text, err));
    ((project_output *)ctx)->format = pni_strdup(text);
    return PN_OK;
}

static pn_status read_output_mode(void *ctx, const yaml_file *file, yaml_node_t *value,
                                  pn_error *err) {
    static const char *const modes[] = {"error", "append", "overwrite", "ignore"};
    const char *text;
    PNI_TRY(yaml_text(file, value, "mode", &text, err));
    for (int32_t i = 0; i < 4; i++)
        if (pni_streq(text, modes[i])) {
            ((project_output *)ctx)->mode = i;
            return PN_OK;
        }
    return yaml_wrong(file, value, err, "mode '%s' is none of error, append, overwrite, ignore",
                      text);
}

static pn_status read_output_partition(void *ctx, const yaml_file *file, yaml_node_t *item,
                                       pn_error *err) {
    const char *text;
    PNI_TRY(yaml_text(file, item, "a partition column", &text, err));
    pni_vec_push(&((project_output *)ctx)->partition_by, pni_strdup(text));
    return PN_OK;
}

static pn_status read_output_partitions(void *ctx, const yaml_file *file, yaml_node_t *value,
                                        pn_error *err) {
    return yaml_each_item(file, value, "partition_by", read_output_partition, ctx, err);
}

static pn_status read_output_options(void *ctx, const yaml_file *file, yaml_node_t *value,
                                     pn_error *err) {
    PNI_AUTO_PTR(json_t) options = NULL;
    PNI_TRY(yaml_text_map(file, value, "options", true, &options, err));
    ((project_output *)ctx)->options_json = json_text(options);
    return PN_OK;
}

static pn_status read_output_storage(void *ctx, const yaml_file *file, yaml_node_t *value,
                                     pn_error *err) {
    PNI_AUTO_PTR(json_t) options = NULL;
    PNI_TRY(yaml_text_map(file, value, "storage_options", true, &options, err));
    ((project_output *)ctx)->storage_options_json = json_text(options);
    return PN_OK;
}

static pn_status read_output(void *ctx, const yaml_file *file, yaml_node_t *item, pn_error *err) {
    static const yaml_key keys[] = {{"format", read_output_format},
                                    {"mode", read_output_mode},
                                    {"options", read_output_options},
                                    {"partition_by", read_output_partitions},
                                    {"storage_options", read_output_storage},
                                    {"uri", read_output_uri},
                                    {"view", read_output_view}};
    pn_project *project = ctx;
    project_output output = {.mode = PN_WRITE_OVERWRITE};
    pni_vec_push(&project->outputs, output);
    project_output *added = &project->outputs.items[project->outputs.count - 1];
    PNI_TRY(
        yaml_read_mapping(file, item, "an output", keys, sizeof keys / sizeof *keys, added, err));
    if (!added->view || !added->uri)
        return yaml_wrong(file, item, err, "an output needs view and uri");
    if (!added->format)
        added->format = pni_strdup("delta");
    if (!strstr(added->uri, "://")) {
        PNI_AUTO_PTR(pni_text) joined = pni_path_join(project->dir, added->uri);
        pni_free(added->uri);
        added->uri = pni_path_absolute(joined);
    }
    return PN_OK;
}

static pn_status read_outputs(void *ctx, const yaml_file *file, yaml_node_t *value, pn_error *err) {
    return yaml_each_item(file, value, "outputs", read_output, ctx, err);
}

static pn_status read_policy_sql(void *ctx, const yaml_file *file, yaml_node_t *value,
                                 pn_error *err) {
    static const char *const policies[] = {"read_only", "service", "write", "admin"};
    const char *text;
    PNI_TRY(yaml_text(file, value, "sql", &text, err));
    for (int32_t i = 0; i < 4; i++)
        if (pni_streq(text, policies[i])) {
            ((pn_project *)ctx)->sql_policy = i + 1;
            return PN_OK;
        }
    return yaml_wrong(file, value, err,
                      "SQL policy '%s' is none of read_only, service, write, admin", text);
}

static pn_status read_policies(void *ctx, const yaml_file *file, yaml_node_t *value,
                               pn_error *err) {
    static const yaml_key keys[] = {{"sql", read_policy_sql}};
    return yaml_read_mapping(file, value, "policies", keys, 1, ctx, err);
}

static pn_status read_document(pn_project *project, yaml_file *file, pn_error *err) {
    static const yaml_key keys[] = {{"datasets", read_datasets}, {"functions", read_functions},
                                    {"name", read_name},         {"outputs", read_outputs},
                                    {"policies", read_policies}, {"profile", read_profile},
                                    {"settings", read_settings}, {"version", read_version}};
    yaml_node_t *root = yaml_document_get_root_node(&file->document);
    if (!root)
        return yaml_wrong(file, NULL, err, "the file is empty");
    return yaml_read_mapping(file, root, "the project file", keys, sizeof keys / sizeof *keys,
                             project, err);
}

pn_status project_read_yaml(pn_project *project, pn_error *err) {
    PNI_AUTO_PTR(pni_text) path = pni_path_join(project->dir, "pinion.yaml");
    PNI_AUTO(pn_buf) text = PN_BUF_INIT;
    yaml_file file;
    if (!pni_path_exists(path))
        return pni_fail(err, PNI_E_PROJECT_MISSING, "there is no pinion.yaml in '%s'",
                        project->dir);
    PNI_TRY(pni_file_read(path, PNI_YAML_MAX_BYTES, &text, err));
    PNI_TRY(yaml_file_load(path, &text, &file, err));
    pn_status status = read_document(project, &file, err);
    yaml_file_dispose(&file);
    return status;
}
