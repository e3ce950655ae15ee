/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reading YAML with its places. libyaml's document tree keeps a mark per node; the readers below
 * walk it by a table of keys, so that what is allowed is written once and every message can list
 * it.
 */
#include "project/project_priv.h"

#include <stdlib.h>

#define YAML_NODES_MAX 2000000u
#define YAML_BRACKETS_MAX 100u

pn_status(yaml_wrong)(const yaml_file *file, const yaml_node_t *node, pn_error *err,
                      const char *format, ...) {
    PNI_AUTO(pn_buf) what = PN_BUF_INIT;
    va_list args;
    va_start(args, format);
    pni_buf_vprintf(&what, format, args);
    va_end(args);
    return pni_fail(err, PNI_E_PROJECT_FILE, "%s:%zu: %s", pni_path_base(file->path),
                    node ? node->start_mark.line + 1 : 1, pni_buf_text(&what));
}

/* A reader error knows the offset only: the scanner never came that far. */
static size_t error_line(const yaml_parser_t *parser, const pn_buf *text) {
    size_t line = 1;
    if (parser->error != YAML_READER_ERROR)
        return parser->problem_mark.line + 1;
    for (size_t i = 0; i < parser->problem_offset && i < text->len; i++)
        line += text->data[i] == '\n';
    return line;
}

static pn_status load_failed(const char *path, const yaml_parser_t *parser, const pn_buf *text,
                             pn_error *err) {
    pn_status status =
        pni_fail(err, PNI_E_PROJECT_FILE, "%s:%zu: %s", pni_path_base(path),
                 error_line(parser, text), parser->problem ? parser->problem : "no YAML");
    if (parser->context)
        pni_error_detail(err, "%s, column %zu.", parser->context, parser->problem_mark.column + 1);
    return status;
}

/* What stands after the first document would be ignored unseen. */
static pn_status load_end(yaml_parser_t *parser, yaml_file *file, const pn_buf *text,
                          pn_error *err) {
    yaml_document_t second;
    if (!yaml_parser_load(parser, &second))
        return load_failed(file->path, parser, text, err);
    const yaml_node_t *root = yaml_document_get_root_node(&second);
    pn_status status = root ? yaml_wrong(file, root, err, "a second document starts here") : PN_OK;
    yaml_document_delete(&second);
    return status;
}

/*
 * libyaml looks at every open bracket for every token, so a file of brackets would take hours. They
 * are counted wherever they stand, in texts and comments too: nobody leaves a hundred open there.
 */
static pn_status check_brackets(const char *path, const pn_buf *text, pn_error *err) {
    size_t depth = 0, line = 1;
    for (size_t i = 0; i < text->len; i++) {
        uint8_t c = text->data[i];
        line += c == '\n';
        if (c == ']' || c == '}')
            depth -= depth > 0;
        else if ((c == '[' || c == '{') && ++depth > YAML_BRACKETS_MAX)
            return pni_fail(err, PNI_E_PROJECT_FILE, "%s:%zu: more than %u brackets are open",
                            pni_path_base(path), line, YAML_BRACKETS_MAX);
    }
    return PN_OK;
}

pn_status yaml_file_load(const char *path, const pn_buf *text, yaml_file *out, pn_error *err) {
    yaml_parser_t parser;
    PNI_TRY(check_brackets(path, text, err));
    if (!yaml_parser_initialize(&parser))
        pni_abort(__FILE__, __LINE__, "yaml_parser_initialize");
    yaml_parser_set_input_string(&parser, text->data, text->len);
    *out = (yaml_file){.path = path};
    pn_status status = PN_OK;
    if (!yaml_parser_load(&parser, &out->document)) {
        status = load_failed(path, &parser, text, err);
    } else if (yaml_document_get_root_node(&out->document)) {
        status = load_end(&parser, out, text, err);
        if (status != PN_OK)
            yaml_file_dispose(out);
    }
    yaml_parser_delete(&parser);
    return status;
}

void yaml_file_dispose(yaml_file *file) {
    yaml_document_delete(&file->document);
}

/*
 * An alias is the node it stands for, so a small file can describe a large tree; what is read is
 * counted and bounded.
 */
static pn_status count_node(yaml_file *file, const yaml_node_t *node, pn_error *err) {
    if (++file->visited > YAML_NODES_MAX)
        return yaml_wrong(file, node, err, "the file describes more than %u values",
                          YAML_NODES_MAX);
    return PN_OK;
}

static yaml_node_t *node_at(const yaml_file *file, int index) {
    return yaml_document_get_node((yaml_document_t *)(uintptr_t)&file->document, index);
}

static const char *kind_text(const yaml_node_t *node) {
    return node->type == YAML_MAPPING_NODE    ? "a mapping"
           : node->type == YAML_SEQUENCE_NODE ? "a list"
                                              : "a value";
}

const char *yaml_key_text(const yaml_node_t *key) {
    return (const char *)key->data.scalar.value;
}

bool yaml_has_key(yaml_file *file, yaml_node_t *mapping, const char *name) {
    if (mapping->type != YAML_MAPPING_NODE)
        return false;
    for (yaml_node_pair_t *pair = mapping->data.mapping.pairs.start;
         pair < mapping->data.mapping.pairs.top; pair++) {
        const yaml_node_t *key = node_at(file, pair->key);
        if (key->type == YAML_SCALAR_NODE && pni_streq(yaml_key_text(key), name))
            return true;
    }
    return false;
}

pn_status yaml_each_pair(yaml_file *file, yaml_node_t *node, const char *what, yaml_pair_fn each,
                         void *ctx, pn_error *err) {
    PNI_AUTO_PTR(pni_map) seen = pni_map_new();
    if (node->type != YAML_MAPPING_NODE)
        return yaml_wrong(file, node, err, "%s must be a mapping, not %s", what, kind_text(node));
    for (yaml_node_pair_t *pair = node->data.mapping.pairs.start;
         pair < node->data.mapping.pairs.top; pair++) {
        yaml_node_t *key = node_at(file, pair->key);
        const char *name;
        PNI_TRY(count_node(file, key, err));
        PNI_TRY(yaml_text(file, key, "a key", &name, err));
        if (pni_map_has(seen, name))
            return yaml_wrong(file, key, err, "key '%s' stands twice in %s", name, what);
        pni_map_put(seen, name, node);
        PNI_TRY(each(ctx, file, key, node_at(file, pair->value), err));
    }
    return PN_OK;
}

typedef struct mapping_reader {
    const yaml_keys *allowed;
    void *ctx;
} mapping_reader;

static pn_status unknown_key(const yaml_keys *allowed, const yaml_file *file,
                             const yaml_node_t *key, pn_error *err) {
    PNI_AUTO(pn_buf) list = PN_BUF_INIT;
    const char *nearest = NULL;
    for (size_t i = 0; i < allowed->count; i++) {
        pni_buf_printf(&list, "%s%s", i ? ", " : "", allowed->keys[i].name);
        if (!nearest && pni_edit_distance(allowed->keys[i].name, yaml_key_text(key)) <= 2)
            nearest = allowed->keys[i].name;
    }
    pn_status status =
        yaml_wrong(file, key, err, "unknown key '%s' in %s", yaml_key_text(key), allowed->what);
    pni_error_detail(err, "Allowed in %s: %s.", allowed->what, pni_buf_text(&list));
    if (nearest)
        pni_error_hint(err, "Did you mean '%s'?", nearest);
    return status;
}

static pn_status read_pair(void *ctx, yaml_file *file, yaml_node_t *key, yaml_node_t *value,
                           pn_error *err) {
    const mapping_reader *reader = ctx;
    for (size_t i = 0; i < reader->allowed->count; i++)
        if (pni_streq(reader->allowed->keys[i].name, yaml_key_text(key)))
            return reader->allowed->keys[i].read(reader->ctx, file, value, err);
    return unknown_key(reader->allowed, file, key, err);
}

pn_status yaml_read_mapping(yaml_file *file, yaml_node_t *node, const yaml_keys *keys, void *ctx,
                            pn_error *err) {
    mapping_reader reader = {keys, ctx};
    return yaml_each_pair(file, node, keys->what, read_pair, &reader, err);
}

pn_status yaml_each_item(yaml_file *file, yaml_node_t *node, const char *what, yaml_item_fn each,
                         void *ctx, pn_error *err) {
    if (node->type != YAML_SEQUENCE_NODE)
        return yaml_wrong(file, node, err, "%s must be a list, not %s", what, kind_text(node));
    for (yaml_node_item_t *item = node->data.sequence.items.start;
         item < node->data.sequence.items.top; item++) {
        PNI_TRY(count_node(file, node_at(file, *item), err));
        PNI_TRY(each(ctx, file, node_at(file, *item), err));
    }
    return PN_OK;
}

/* What YAML's core schema reads as null. */
static bool is_null(const yaml_node_t *node) {
    static const char *const nulls[] = {"", "~", "null", "Null", "NULL"};
    if (node->data.scalar.style != YAML_PLAIN_SCALAR_STYLE)
        return false;
    for (size_t i = 0; i < sizeof nulls / sizeof *nulls; i++)
        if (pni_streq((const char *)node->data.scalar.value, nulls[i]))
            return true;
    return false;
}

static pn_status check_scalar(const yaml_file *file, const yaml_node_t *node, const char *what,
                              pn_error *err) {
    if (node->type != YAML_SCALAR_NODE)
        return yaml_wrong(file, node, err, "%s must be a single value, not %s", what,
                          kind_text(node));
    if (is_null(node))
        return yaml_wrong(file, node, err, "%s has no value", what);
    if (strlen((const char *)node->data.scalar.value) != node->data.scalar.length)
        return yaml_wrong(file, node, err, "%s holds a NUL character", what);
    return PN_OK;
}

static pn_status refuse_env(const yaml_file *file, const yaml_node_t *node, pn_error *err) {
    if (!strstr((const char *)node->data.scalar.value, "${env:"))
        return PN_OK;
    return yaml_wrong(file, node, err, "'%s': ${env:…} is allowed in storage_options only",
                      (const char *)node->data.scalar.value);
}

pn_status yaml_text(const yaml_file *file, const yaml_node_t *node, const char *what,
                    const char **out, pn_error *err) {
    PNI_TRY(check_scalar(file, node, what, err));
    if (!node->data.scalar.length)
        return yaml_wrong(file, node, err, "%s is empty", what);
    PNI_TRY(refuse_env(file, node, err));
    *out = (const char *)node->data.scalar.value;
    return PN_OK;
}

pn_status yaml_copy(const yaml_file *file, const yaml_node_t *node, const char *what, char **out,
                    pn_error *err) {
    const char *text = NULL;
    PNI_TRY(yaml_text(file, node, what, &text, err));
    pni_free(*out);
    *out = pni_strdup(text);
    return PN_OK;
}

pn_status yaml_word(const yaml_file *file, const yaml_node_t *node, const char *what,
                    const char *const *words, int32_t *out, pn_error *err) {
    PNI_AUTO(pn_buf) list = PN_BUF_INIT;
    const char *text;
    PNI_TRY(yaml_text(file, node, what, &text, err));
    for (int32_t i = 0; words[i]; i++) {
        if (pni_streq(text, words[i])) {
            *out = i;
            return PN_OK;
        }
        pni_buf_printf(&list, "%s%s", i ? ", " : "", words[i]);
    }
    return yaml_wrong(file, node, err, "%s '%s' is none of %s", what, text, pni_buf_text(&list));
}

pn_status yaml_bool(const yaml_file *file, const yaml_node_t *node, const char *what, bool *out,
                    pn_error *err) {
    static const char *const words[] = {"false", "true", "False", "True", "FALSE", "TRUE", NULL};
    int32_t word;
    if (yaml_word(file, node, what, words, &word, NULL) != PN_OK) {
        const char *text;
        PNI_TRY(yaml_text(file, node, what, &text, err));
        return yaml_wrong(file, node, err, "%s must be true or false, not '%s'", what, text);
    }
    *out = word % 2;
    return PN_OK;
}

static pn_status read_text_item(void *ctx, yaml_file *file, yaml_node_t *item, pn_error *err) {
    const char *text;
    PNI_TRY(yaml_text(file, item, "a list item", &text, err));
    json_array_append_new(ctx, json_string(text));
    return PN_OK;
}

pn_status yaml_texts(yaml_file *file, yaml_node_t *node, const char *what, json_t *out,
                     pn_error *err) {
    return yaml_each_item(file, node, what, read_text_item, out, err);
}

/* ${env:NAME} anywhere in a value; the result never leaves the process. */
static pn_status expand_env(const yaml_file *file, const yaml_node_t *node, pn_buf *out,
                            pn_error *err) {
    const char *text = (const char *)node->data.scalar.value;
    for (const char *at; (at = strstr(text, "${env:"));) {
        const char *name = at + strlen("${env:");
        const char *end = strchr(name, '}');
        if (!end)
            return yaml_wrong(file, node, err, "'${env:' has no closing brace");
        PNI_AUTO_PTR(pni_text) variable = pni_strndup(name, (size_t)(end - name));
        const char *value = getenv(variable);
        if (!value)
            return yaml_wrong(file, node, err, "environment variable '%s' is not set", variable);
        if (!pni_utf8_valid(value, strlen(value)))
            return yaml_wrong(file, node, err, "environment variable '%s' is not UTF-8", variable);
        pni_buf_append(out, text, (size_t)(at - text));
        pni_buf_puts(out, value);
        text = end + 1;
    }
    pni_buf_puts(out, text);
    return PN_OK;
}

typedef struct map_reader {
    const char *what;
    bool env;
    json_t *object;
} map_reader;

static pn_status read_map_pair(void *ctx, yaml_file *file, yaml_node_t *key, yaml_node_t *value,
                               pn_error *err) {
    map_reader *reader = ctx;
    PNI_AUTO(pn_buf) expanded = PN_BUF_INIT;
    PNI_AUTO(pn_buf) what = PN_BUF_INIT;
    pni_buf_printf(&what, "'%s' of %s", yaml_key_text(key), reader->what);
    PNI_TRY(check_scalar(file, value, pni_buf_text(&what), err));
    if (reader->env) {
        PNI_TRY(expand_env(file, value, &expanded, err));
    } else {
        PNI_TRY(refuse_env(file, value, err));
        pni_buf_puts(&expanded, (const char *)value->data.scalar.value);
    }
    json_object_set_new(reader->object, yaml_key_text(key), json_string(pni_buf_text(&expanded)));
    return PN_OK;
}

static pn_status read_map(yaml_file *file, yaml_node_t *node, map_reader *reader, json_t **out,
                          pn_error *err) {
    PNI_AUTO_PTR(json_t) object = reader->object = json_object();
    PNI_TRY(yaml_each_pair(file, node, reader->what, read_map_pair, reader, err));
    json_decref(*out);
    *out = pni_take(object);
    return PN_OK;
}

pn_status yaml_text_map(yaml_file *file, yaml_node_t *node, const char *what, json_t **out,
                        pn_error *err) {
    map_reader reader = {what, false, NULL};
    return read_map(file, node, &reader, out, err);
}

pn_status yaml_env_map(yaml_file *file, yaml_node_t *node, const char *what, json_t **out,
                       pn_error *err) {
    map_reader reader = {what, true, NULL};
    return read_map(file, node, &reader, out, err);
}
