/* SPDX-License-Identifier: Apache-2.0 */
/*
 * `pinion.yaml` into a project: one table of keys per mapping, one small reader per key. The JSON
 * Schema in json_schema.c says the same; tests/unit/project/test_json_schema.c holds the two
 * together.
 */
#include "base/formats.h"
#include "project/project_priv.h"

const char *const project_formats[] = {"delta", "parquet", "csv", "json", "arrow", NULL};
/* The last stands for the table providers of packs, whatever their names. */
const char *const project_read_formats[] = {
    "delta",     "parquet",           "csv",       "json", "arrow", "delta_snapshot",
    "delta_cdf", "delta_add_actions", "pack.name", NULL};

static pn_status read_datasets(void *ctx, yaml_file *file, yaml_node_t *value, pn_error *err) {
    return yaml_each_pair(file, value, "datasets", project_read_dataset, ctx, err);
}

static pn_status read_outputs(void *ctx, yaml_file *file, yaml_node_t *value, pn_error *err) {
    return yaml_each_item(file, value, "outputs", project_read_output, ctx, err);
}

static pn_status read_version(void *ctx, yaml_file *file, yaml_node_t *value, pn_error *err) {
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

static pn_status read_name(void *ctx, yaml_file *file, yaml_node_t *value, pn_error *err) {
    return yaml_copy(file, value, "name", &((pn_project *)ctx)->name, err);
}

static pn_status read_profile(void *ctx, yaml_file *file, yaml_node_t *value, pn_error *err) {
    pn_project *project = ctx;
    PNI_TRY(yaml_copy(file, value, "profile", &project->profile, err));
    if (!pni_profile_find(project->profile))
        return yaml_wrong(
            file, value, err,
            "there is no profile '%s'; profiles are default, dev, prod, cst_autoload, symtable",
            project->profile);
    return PN_OK;
}

static pn_status read_setting(void *ctx, yaml_file *file, yaml_node_t *key, yaml_node_t *value,
                              pn_error *err) {
    const char *text;
    if (!pni_setting_is_known(yaml_key_text(key)))
        return yaml_wrong(file, key, err, "'%s' is no setting", yaml_key_text(key));
    PNI_TRY(yaml_text(file, value, "a setting", &text, err));
    pn_setting setting = {pni_strdup(yaml_key_text(key)), pni_strdup(text)};
    pni_vec_push(&((pn_project *)ctx)->settings, setting);
    return PN_OK;
}

static pn_status read_settings(void *ctx, yaml_file *file, yaml_node_t *value, pn_error *err) {
    return yaml_each_pair(file, value, "settings", read_setting, ctx, err);
}

static pn_status read_pack_path(void *ctx, yaml_file *file, yaml_node_t *value, pn_error *err) {
    return yaml_copy(file, value, "path", &((project_pack *)ctx)->path, err);
}

static pn_status read_pack_digest(void *ctx, yaml_file *file, yaml_node_t *value, pn_error *err) {
    project_pack *pack = ctx;
    PNI_TRY(yaml_copy(file, value, "sha256", &pack->digest, err));
    if (strlen(pack->digest) != PNI_SHA256_HEX - 1 ||
        strspn(pack->digest, "0123456789abcdef") != PNI_SHA256_HEX - 1)
        return yaml_wrong(file, value, err, "sha256 '%s' is not 64 lower-case hex digits",
                          pack->digest);
    return PN_OK;
}

/* A pack or a library: `out` is in the project, which frees it whatever happens here. */
static pn_status read_object(const pn_project *project, yaml_file *file, yaml_node_t *item,
                             const char *what, project_pack *out, pn_error *err) {
    static const yaml_key keys[] = {{"path", read_pack_path}, {"sha256", read_pack_digest}};
    PNI_TRY(yaml_read_mapping(file, item, &YAML_KEYS(what, keys), out, err));
    if (!out->path)
        return yaml_wrong(file, item, err, "%s needs a path", what);
    PNI_AUTO_PTR(pni_text) joined = pni_path_join(project->dir, out->path);
    pni_free(out->path);
    out->path = pni_path_absolute(joined);
    out->line = item->start_mark.line + 1;
    return PN_OK;
}

static pn_status read_pack(void *ctx, yaml_file *file, yaml_node_t *item, pn_error *err) {
    pn_project *project = ctx;
    pni_vec_push(&project->packs, (project_pack){0});
    return read_object(project, file, item, "a pack",
                       &project->packs.items[project->packs.count - 1], err);
}

static pn_status read_packs(void *ctx, yaml_file *file, yaml_node_t *value, pn_error *err) {
    return yaml_each_item(file, value, "packs", read_pack, ctx, err);
}

static pn_status read_library(void *ctx, yaml_file *file, yaml_node_t *item, pn_error *err) {
    pn_project *project = ctx;
    pni_vec_push(&project->libraries, (project_pack){0});
    return read_object(project, file, item, "a library",
                       &project->libraries.items[project->libraries.count - 1], err);
}

static pn_status read_libraries(void *ctx, yaml_file *file, yaml_node_t *value, pn_error *err) {
    return yaml_each_item(file, value, "libraries", read_library, ctx, err);
}

static pn_status read_required(void *ctx, yaml_file *file, yaml_node_t *value, pn_error *err) {
    return yaml_texts(file, value, "required", ((pn_project *)ctx)->required, err);
}

static pn_status read_planners(void *ctx, yaml_file *file, yaml_node_t *value, pn_error *err) {
    pn_project *project = ctx;
    PNI_TRY(yaml_texts(file, value, "planners", project->planners, err));
    if (!json_array_size(project->planners))
        return yaml_wrong(file, value, err, "planners is empty: name some, or leave it out");
    return PN_OK;
}

static pn_status read_count(yaml_file *file, yaml_node_t *value, const char *what, uint64_t *out,
                            pn_error *err) {
    const char *text;
    PNI_TRY(yaml_text(file, value, what, &text, err));
    if (!pni_parse_u64(text, out) || !*out)
        return yaml_wrong(file, value, err, "%s '%.40s' is no number above 0", what, text);
    return PN_OK;
}

static pn_status read_async_timeout(void *ctx, yaml_file *file, yaml_node_t *value, pn_error *err) {
    return read_count(file, value, "timeout_ms", &((pn_project *)ctx)->async_timeout_ms, err);
}

static pn_status read_async_batch(void *ctx, yaml_file *file, yaml_node_t *value, pn_error *err) {
    return read_count(file, value, "batch_rows", &((pn_project *)ctx)->async_batch_rows, err);
}

static pn_status read_async(void *ctx, yaml_file *file, yaml_node_t *value, pn_error *err) {
    static const yaml_key keys[] = {{"batch_rows", read_async_batch},
                                    {"timeout_ms", read_async_timeout}};
    const pn_project *project = ctx;
    PNI_TRY(yaml_read_mapping(file, value, &YAML_KEYS("async", keys), ctx, err));
    if (!project->async_timeout_ms || !project->async_batch_rows)
        return yaml_wrong(file, value, err, "async needs both timeout_ms and batch_rows");
    return PN_OK;
}

static pn_status read_functions(void *ctx, yaml_file *file, yaml_node_t *value, pn_error *err) {
    static const yaml_key keys[] = {{"async", read_async},       {"libraries", read_libraries},
                                    {"packs", read_packs},       {"planners", read_planners},
                                    {"required", read_required}, {"sql", project_read_sql}};
    return yaml_read_mapping(file, value, &YAML_KEYS("functions", keys), ctx, err);
}

static pn_status read_policy_sql(void *ctx, yaml_file *file, yaml_node_t *value, pn_error *err) {
    static const char *const policies[] = {"read_only", "service", "write", "admin", NULL};
    int32_t policy;
    PNI_TRY(yaml_word(file, value, "SQL policy", policies, &policy, err));
    ((pn_project *)ctx)->sql_policy = PN_SQL_POLICY_READ_ONLY + policy;
    return PN_OK;
}

static pn_status read_policies(void *ctx, yaml_file *file, yaml_node_t *value, pn_error *err) {
    static const yaml_key keys[] = {{"sql", read_policy_sql}};
    return yaml_read_mapping(file, value, &YAML_KEYS("policies", keys), ctx, err);
}

static pn_status read_store_enabled(void *ctx, yaml_file *file, yaml_node_t *value, pn_error *err) {
    return yaml_bool(file, value, "enabled", &((pn_project *)ctx)->records, err);
}

static pn_status read_store(void *ctx, yaml_file *file, yaml_node_t *value, pn_error *err) {
    static const yaml_key keys[] = {{"enabled", read_store_enabled}};
    return yaml_read_mapping(file, value, &YAML_KEYS("store", keys), ctx, err);
}

static pn_status read_results_record(void *ctx, yaml_file *file, yaml_node_t *value,
                                     pn_error *err) {
    return yaml_bool(file, value, "record", &((pn_project *)ctx)->records_results, err);
}

static pn_status read_results(void *ctx, yaml_file *file, yaml_node_t *value, pn_error *err) {
    static const yaml_key keys[] = {{"record", read_results_record}};
    return yaml_read_mapping(file, value, &YAML_KEYS("results", keys), ctx, err);
}

static pn_status read_document(pn_project *project, yaml_file *file, pn_error *err) {
    static const yaml_key keys[] = {{"datasets", read_datasets}, {"functions", read_functions},
                                    {"name", read_name},         {"outputs", read_outputs},
                                    {"policies", read_policies}, {"profile", read_profile},
                                    {"results", read_results},   {"settings", read_settings},
                                    {"store", read_store},       {"version", read_version}};
    yaml_node_t *root = yaml_document_get_root_node(&file->document);
    if (!root)
        return yaml_wrong(file, NULL, err, "the file is empty");
    PNI_TRY(yaml_read_mapping(file, root, &YAML_KEYS("the project file", keys), project, err));
    if (!yaml_has_key(file, root, "version"))
        return yaml_wrong(file, root, err,
                          "the project file needs a version; this pinion reads version %d",
                          PNI_FORMAT_PROJECT);
    return PN_OK;
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
