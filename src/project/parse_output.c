/* SPDX-License-Identifier: Apache-2.0 */
/* One entry under `outputs:`: which view is written where. That the view exists is checked once the
 * views are read. */
#include "project/project_priv.h"

static pn_status read_view(void *ctx, yaml_file *file, yaml_node_t *value, pn_error *err) {
    project_output *output = ctx;
    PNI_TRY(yaml_copy(file, value, "view", &output->view, err));
    if (pni_name_check("view", output->view, NULL) != PN_OK)
        return yaml_wrong(file, value, err, "'%s' is no view name", output->view);
    return PN_OK;
}

static pn_status read_uri(void *ctx, yaml_file *file, yaml_node_t *value, pn_error *err) {
    return yaml_copy(file, value, "uri", &((project_output *)ctx)->uri, err);
}

static pn_status read_format(void *ctx, yaml_file *file, yaml_node_t *value, pn_error *err) {
    int32_t format;
    PNI_TRY(yaml_word(file, value, "format", project_formats, &format, err));
    return yaml_copy(file, value, "format", &((project_output *)ctx)->format, err);
}

static pn_status read_mode(void *ctx, yaml_file *file, yaml_node_t *value, pn_error *err) {
    static const char *const modes[] = {"error", "append", "overwrite", "ignore", NULL};
    return yaml_word(file, value, "mode", modes, &((project_output *)ctx)->mode, err);
}

static pn_status read_partition(void *ctx, yaml_file *file, yaml_node_t *item, pn_error *err) {
    const char *text;
    PNI_TRY(yaml_text(file, item, "a partition column", &text, err));
    pni_vec_push(&((project_output *)ctx)->partition_by, pni_strdup(text));
    return PN_OK;
}

static pn_status read_partitions(void *ctx, yaml_file *file, yaml_node_t *value, pn_error *err) {
    return yaml_each_item(file, value, "partition_by", read_partition, ctx, err);
}

static pn_status keep_map(const json_t *map, char **out, pn_error *err) {
    PNI_AUTO(pn_buf) text = PN_BUF_INIT;
    PNI_TRY(pni_json_canonical(map, &text, err));
    *out = pni_buf_steal(&text);
    return PN_OK;
}

static pn_status read_options(void *ctx, yaml_file *file, yaml_node_t *value, pn_error *err) {
    PNI_AUTO_PTR(json_t) map = NULL;
    PNI_TRY(yaml_text_map(file, value, "options", &map, err));
    return keep_map(map, &((project_output *)ctx)->options_json, err);
}

static pn_status read_storage(void *ctx, yaml_file *file, yaml_node_t *value, pn_error *err) {
    PNI_AUTO_PTR(json_t) map = NULL;
    PNI_AUTO_PTR(json_t) checked = NULL;
    PNI_TRY(yaml_env_map(file, value, "storage_options", &map, err));
    pn_status status = pni_storage_check("an output", map, &checked, err);
    if (status != PN_OK) {
        pni_error_context(err, "%s:%zu", pni_path_base(file->path), value->start_mark.line + 1);
        return status;
    }
    return keep_map(checked, &((project_output *)ctx)->storage_options_json, err);
}

pn_status project_read_output(void *ctx, yaml_file *file, yaml_node_t *item, pn_error *err) {
    static const yaml_key keys[] = {{"format", read_format},
                                    {"mode", read_mode},
                                    {"options", read_options},
                                    {"partition_by", read_partitions},
                                    {"storage_options", read_storage},
                                    {"uri", read_uri},
                                    {"view", read_view}};
    pn_project *project = ctx;
    project_output output = {.mode = PN_WRITE_OVERWRITE, .line = item->start_mark.line + 1};
    pni_vec_push(&project->outputs, output); /* the project frees it, whatever happens below */
    project_output *added = &project->outputs.items[project->outputs.count - 1];
    PNI_TRY(yaml_read_mapping(file, item, &YAML_KEYS("an output", keys), added, err));
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
