/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reading YAML with its places. libyaml's document tree keeps a mark per node; the readers below
 * walk it by a table of keys, so that what is allowed is written once and every message can list
 * it.
 */
#include "project/project_priv.h"

#include <stdlib.h>

pn_status yaml_wrong(const yaml_file *file, const yaml_node_t *node, pn_error *err,
                     const char *format, ...) {
    PNI_AUTO(pn_buf) what = PN_BUF_INIT;
    va_list args;
    va_start(args, format);
    pni_buf_vprintf(&what, format, args);
    va_end(args);
    return pni_fail(err, PNI_E_PROJECT_FILE, "%s:%zu: %s", pni_path_base(file->path),
                    node ? node->start_mark.line + 1 : 1, pni_buf_text(&what));
}

pn_status yaml_file_load(const char *path, const pn_buf *text, yaml_file *out, pn_error *err) {
    yaml_parser_t parser;
    if (!yaml_parser_initialize(&parser))
        pni_abort(__FILE__, __LINE__, "yaml_parser_initialize");
    yaml_parser_set_input_string(&parser, text->data, text->len);
    out->path = path;
    if (!yaml_parser_load(&parser, &out->document)) {
        pn_status status =
            pni_fail(err, PNI_E_PROJECT_FILE, "%s:%zu: %s", pni_path_base(path),
                     parser.problem_mark.line + 1, parser.problem ? parser.problem : "no YAML");
        if (parser.context)
            pni_error_detail(err, "%s, column %zu.", parser.context,
                             parser.problem_mark.column + 1);
        yaml_parser_delete(&parser);
        return status;
    }
    yaml_parser_delete(&parser);
    return PN_OK;
}

void yaml_file_dispose(yaml_file *file) {
    yaml_document_delete(&file->document);
}

static yaml_node_t *node_at(const yaml_file *file, int index) {
    return yaml_document_get_node((yaml_document_t *)(uintptr_t)&file->document, index);
}

static const char *kind_text(const yaml_node_t *node) {
    return node->type == YAML_MAPPING_NODE    ? "a mapping"
           : node->type == YAML_SEQUENCE_NODE ? "a list"
                                              : "a value";
}

pn_status yaml_each_pair(const yaml_file *file, yaml_node_t *node, const char *what,
                         pn_status (*each)(void *, const yaml_file *, yaml_node_t *, yaml_node_t *,
                                           pn_error *),
                         void *ctx, pn_error *err) {
    PNI_AUTO_PTR(pni_map) seen = pni_map_new();
    if (node->type != YAML_MAPPING_NODE)
        return yaml_wrong(file, node, err, "%s must be a mapping, not %s", what, kind_text(node));
    for (yaml_node_pair_t *pair = node->data.mapping.pairs.start;
         pair < node->data.mapping.pairs.top; pair++) {
        yaml_node_t *key = node_at(file, pair->key);
        yaml_node_t *value = node_at(file, pair->value);
        const char *name;
        PNI_TRY(yaml_text(file, key, "a key", &name, err));
        if (pni_map_has(seen, name))
            return yaml_wrong(file, key, err, "key '%s' stands twice in %s", name, what);
        pni_map_put(seen, name, node);
        PNI_TRY(each(ctx, file, key, value, err));
    }
    return PN_OK;
}

typedef struct mapping_reader {
    const char *what;
    const yaml_key *keys;
    size_t n_keys;
    void *ctx;
} mapping_reader;

static pn_status unknown_key(const mapping_reader *reader, const yaml_file *file,
                             const yaml_node_t *key, const char *name, pn_error *err) {
    PNI_AUTO(pn_buf) allowed = PN_BUF_INIT;
    const char *nearest = NULL;
    for (size_t i = 0; i < reader->n_keys; i++) {
        pni_buf_printf(&allowed, "%s%s", i ? ", " : "", reader->keys[i].name);
        if (!nearest && pni_edit_distance(reader->keys[i].name, name) <= 2)
            nearest = reader->keys[i].name;
    }
    pn_status status = yaml_wrong(file, key, err, "unknown key '%s' in %s", name, reader->what);
    pni_error_detail(err, "Allowed in %s: %s.", reader->what, pni_buf_text(&allowed));
    if (nearest)
        pni_error_hint(err, "Did you mean '%s'?", nearest);
    return status;
}

static pn_status read_pair(void *ctx, const yaml_file *file, yaml_node_t *key, yaml_node_t *value,
                           pn_error *err) {
    const mapping_reader *reader = ctx;
    const char *name = (const char *)key->data.scalar.value;
    for (size_t i = 0; i < reader->n_keys; i++)
        if (pni_streq(reader->keys[i].name, name))
            return reader->keys[i].read(reader->ctx, file, value, err);
    return unknown_key(reader, file, key, name, err);
}

pn_status yaml_read_mapping(const yaml_file *file, yaml_node_t *node, const char *what,
                            const yaml_key *keys, size_t n_keys, void *ctx, pn_error *err) {
    mapping_reader reader = {what, keys, n_keys, ctx};
    return yaml_each_pair(file, node, what, read_pair, &reader, err);
}

pn_status yaml_each_item(const yaml_file *file, yaml_node_t *node, const char *what,
                         pn_status (*each)(void *, const yaml_file *, yaml_node_t *, pn_error *),
                         void *ctx, pn_error *err) {
    if (node->type != YAML_SEQUENCE_NODE)
        return yaml_wrong(file, node, err, "%s must be a list, not %s", what, kind_text(node));
    for (yaml_node_item_t *item = node->data.sequence.items.start;
         item < node->data.sequence.items.top; item++)
        PNI_TRY(each(ctx, file, node_at(file, *item), err));
    return PN_OK;
}

pn_status yaml_text(const yaml_file *file, const yaml_node_t *node, const char *what,
                    const char **out, pn_error *err) {
    if (node->type != YAML_SCALAR_NODE)
        return yaml_wrong(file, node, err, "%s must be a single value, not %s", what,
                          kind_text(node));
    const char *text = (const char *)node->data.scalar.value;
    if (!node->data.scalar.length || strlen(text) != node->data.scalar.length)
        return yaml_wrong(file, node, err, "%s is empty or holds a NUL", what);
    *out = text;
    return PN_OK;
}

pn_status yaml_bool(const yaml_file *file, const yaml_node_t *node, const char *what, bool *out,
                    pn_error *err) {
    const char *text;
    PNI_TRY(yaml_text(file, node, what, &text, err));
    if (!pni_streq(text, "true") && !pni_streq(text, "false"))
        return yaml_wrong(file, node, err, "%s must be true or false, not '%s'", what, text);
    *out = pni_streq(text, "true");
    return PN_OK;
}

/* ${env:NAME} anywhere in a value; the result never leaves the process. */
static pn_status expand_env(const yaml_file *file, const yaml_node_t *node, const char *text,
                            pn_buf *out, pn_error *err) {
    for (const char *at; (at = strstr(text, "${env:")); text = strchr(at, '}') + 1) {
        const char *name = at + strlen("${env:");
        const char *end = strchr(name, '}');
        if (!end)
            return yaml_wrong(file, node, err, "'${env:' has no closing brace");
        PNI_AUTO_PTR(pni_text) variable = pni_strndup(name, (size_t)(end - name));
        const char *value = getenv(variable);
        if (!value)
            return yaml_wrong(file, node, err, "environment variable '%s' is not set", variable);
        pni_buf_append(out, text, (size_t)(at - text));
        pni_buf_puts(out, value);
    }
    pni_buf_puts(out, text);
    return PN_OK;
}

typedef struct map_reader {
    const char *what;
    bool env;
    json_t *object;
} map_reader;

static pn_status read_map_pair(void *ctx, const yaml_file *file, yaml_node_t *key,
                               yaml_node_t *value, pn_error *err) {
    map_reader *reader = ctx;
    PNI_AUTO(pn_buf) expanded = PN_BUF_INIT;
    if (value->type != YAML_SCALAR_NODE)
        return yaml_wrong(file, value, err,
                          "a value of %s must be text, a number or a boolean, not %s", reader->what,
                          kind_text(value));
    const char *text = (const char *)value->data.scalar.value;
    if (!reader->env && strstr(text, "${env:"))
        return yaml_wrong(file, value, err,
                          "${env:…} is allowed in options and storage_options only");
    if (reader->env)
        PNI_TRY(expand_env(file, value, text, &expanded, err));
    else
        pni_buf_puts(&expanded, text);
    if (json_object_set_new(reader->object, (const char *)key->data.scalar.value,
                            json_string(pni_buf_text(&expanded))) != 0)
        return yaml_wrong(file, value, err, "a value of %s is no UTF-8 text", reader->what);
    return PN_OK;
}

pn_status yaml_text_map(const yaml_file *file, yaml_node_t *node, const char *what, bool env,
                        json_t **out, pn_error *err) {
    PNI_AUTO_PTR(json_t) object = json_object();
    map_reader reader = {what, env, object};
    PNI_TRY(yaml_each_pair(file, node, what, read_map_pair, &reader, err));
    *out = pni_take(object);
    return PN_OK;
}
