/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The canonical JSON form of a schema, which identities are made of, and its way back.
 *
 * A schema is the array of its fields; metadata of the schema as a whole is no part of it. A field
 * names its type by the Arrow format string in one spelling. What is absent is the default: no
 * metadata, no children, no dictionary, "ordered" and "keys_sorted" false. A metadata value that is
 * not text (not UTF-8, or with a NUL) is {"hex": …}.
 */
#include "arrow/arrow_priv.h"

static json_t *checked(json_t *value) {
    pni_assert(value != NULL);
    return value;
}

static void set(json_t *object, const char *key, json_t *value) {
    pni_assert(json_object_set_new(object, key, checked(value)) == 0);
}

static json_t *metadata_value(struct ArrowStringView value) {
    static const char digits[] = "0123456789abcdef";
    size_t len = (size_t)value.size_bytes;
    if (pni_utf8_valid(value.data, len) && !memchr(value.data, 0, len)) {
        return checked(json_stringn(value.data, len));
    }
    PNI_AUTO(pn_buf) hex = PN_BUF_INIT;
    for (size_t i = 0; i < len; i++) {
        pni_buf_putc(&hex, digits[(unsigned char)value.data[i] >> 4]);
        pni_buf_putc(&hex, digits[(unsigned char)value.data[i] & 15]);
    }
    json_t *object = checked(json_object());
    set(object, "hex", json_string(pni_buf_text(&hex)));
    return object;
}

static pn_status put_metadata(const struct ArrowSchema *field, json_t *object, pn_error *err) {
    struct ArrowMetadataReader reader;
    PNI_AUTO_PTR(json_t) metadata = checked(json_object());
    if (ArrowMetadataReaderInit(&reader, field->metadata) != NANOARROW_OK) {
        return PN_OK;
    }
    while (reader.remaining_keys > 0) {
        struct ArrowStringView key;
        struct ArrowStringView value;
        arrow_must(ArrowMetadataReaderRead(&reader, &key, &value));
        size_t len = (size_t)key.size_bytes;
        if (!pni_utf8_valid(key.data, len) || memchr(key.data, 0, len)) {
            char name[72];
            return pni_fail(err, PNI_E_ARROW_SCHEMA,
                            "field '%s' has a metadata key that is no text",
                            pni_name_short(field->name, name));
        }
        pni_assert(json_object_setn_new(metadata, key.data, len, metadata_value(value)) == 0);
    }
    if (json_object_size(metadata) > 0) {
        set(object, "metadata", json_incref(metadata));
    }
    return PN_OK;
}

static pn_status field_json(const struct ArrowSchema *field, int depth, json_t **out,
                            pn_error *err);

static pn_status put_children(const struct ArrowSchema *field, int depth, json_t *list,
                              pn_error *err) {
    for (int64_t i = 0; i < field->n_children; i++) {
        json_t *child = NULL;
        PNI_TRY(field_json(field->children[i], depth + 1, &child, err));
        pni_assert(json_array_append_new(list, child) == 0);
    }
    return PN_OK;
}

static pn_status field_json(const struct ArrowSchema *field, int depth, json_t **out,
                            pn_error *err) {
    if (depth > ARROW_MAX_DEPTH) {
        return pni_arrow_too_deep(err);
    }
    struct ArrowSchemaView view;
    PNI_TRY(pni_arrow_view_of(field, &view, err));
    const char *name = field->name ? field->name : "";
    PNI_AUTO_PTR(json_t) object = checked(json_object());
    PNI_AUTO(pn_buf) format = PN_BUF_INIT;
    pni_arrow_format(&view, &format);
    if (!pni_utf8_valid(name, strlen(name)) || !pni_utf8_valid(pni_buf_text(&format), format.len)) {
        return pni_fail(err, PNI_E_ARROW_SCHEMA, "the name or type of a field is not UTF-8");
    }
    set(object, "name", json_string(name));
    set(object, "type", json_string(pni_buf_text(&format)));
    set(object, "nullable", json_boolean(field->flags & ARROW_FLAG_NULLABLE));
    if (view.type == NANOARROW_TYPE_MAP && field->flags & ARROW_FLAG_MAP_KEYS_SORTED) {
        set(object, "keys_sorted", json_true());
    }
    PNI_TRY(put_metadata(field, object, err));
    if (field->n_children > 0) {
        json_t *children = checked(json_array());
        set(object, "children", children);
        PNI_TRY(put_children(field, depth, children, err));
    }
    if (field->dictionary) {
        json_t *dictionary = NULL;
        PNI_TRY(field_json(field->dictionary, depth + 1, &dictionary, err));
        set(object, "dictionary", dictionary);
        if (field->flags & ARROW_FLAG_DICTIONARY_ORDERED) {
            set(object, "ordered", json_true());
        }
    }
    *out = pni_take(object);
    return PN_OK;
}

static pn_status must_be_struct(const struct ArrowSchema *schema, pn_error *err) {
    struct ArrowSchemaView view;
    PNI_TRY(pni_arrow_view_of(schema, &view, err));
    if (view.type != NANOARROW_TYPE_STRUCT) {
        return pni_fail(err, PNI_E_ARROW_SCHEMA, "a schema has to be a struct of columns, not '%s'",
                        schema->format);
    }
    return PN_OK;
}

pn_status pni_arrow_schema_json(const struct ArrowSchema *schema, json_t **out, pn_error *err) {
    PNI_TRY(must_be_struct(schema, err));
    PNI_AUTO_PTR(json_t) list = checked(json_array());
    PNI_TRY(put_children(schema, 0, list, err));
    *out = pni_take(list);
    return PN_OK;
}

pn_status pni_arrow_schema_digest(const struct ArrowSchema *schema, char hex_out[PNI_SHA256_HEX],
                                  pn_error *err) {
    PNI_AUTO_PTR(json_t) json = NULL;
    PNI_TRY(pni_arrow_schema_json(schema, &json, err));
    return pni_json_digest(json, hex_out, err);
}

/* ---- and back ------------------------------------------------------------------------------ */

static pn_status damaged(const char *name, const char *why, pn_error *err) {
    char shortened[72];
    return pni_fail(err, PNI_E_ARROW_SCHEMA, "schema JSON: field '%s' %s",
                    pni_name_short(name, shortened), why);
}

static int hex_digit(char c) {
    return c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static bool read_hex(const char *text, pn_buf *out) {
    for (; text[0]; text += 2) {
        int high = hex_digit(text[0]);
        int low = high < 0 ? -1 : hex_digit(text[1]);
        if (low < 0) {
            return false;
        }
        pni_buf_putc(out, (char)(high * 16 + low));
    }
    return true;
}

static pn_status set_metadata(const char *name, const json_t *json, struct ArrowSchema *out,
                              pn_error *err) {
    json_t *object = (json_t *)(uintptr_t)json; /* jansson's iterators are not const */
    if (!json_is_object(object)) {
        return damaged(name, "has metadata that is no object", err);
    }
    struct ArrowBuffer built;
    arrow_must(ArrowMetadataBuilderInit(&built, NULL));
    pn_status status = PN_OK;
    const char *key;
    json_t *value;
    json_object_foreach(object, key, value) {
        PNI_AUTO(pn_buf) bytes = PN_BUF_INIT;
        const char *hex = pni_json_text(value, "hex");
        if (json_is_string(value)) {
            pni_buf_append(&bytes, json_string_value(value), json_string_length(value));
        } else if (!hex || json_object_size(value) != 1 || !read_hex(hex, &bytes)) {
            status = damaged(name, "has a metadata value that is neither text nor hex", err);
            break;
        }
        struct ArrowStringView text = {pni_buf_text(&bytes), (int64_t)bytes.len};
        arrow_must(ArrowMetadataBuilderAppend(&built, ArrowCharView(key), text));
    }
    if (status == PN_OK && built.size_bytes > 0) {
        arrow_must(ArrowSchemaSetMetadata(out, (const char *)built.data));
    }
    ArrowBufferReset(&built);
    return status;
}

static pn_status read_field(const json_t *json, int depth, struct ArrowSchema *out, pn_error *err);

static pn_status read_children(const char *name, const json_t *list, int depth,
                               struct ArrowSchema *out, pn_error *err) {
    if (!json_is_array(list)) {
        return damaged(name, "has children that are no array", err);
    }
    arrow_must(ArrowSchemaAllocateChildren(out, (int64_t)json_array_size(list)));
    for (size_t i = 0; i < json_array_size(list); i++) {
        PNI_TRY(read_field(json_array_get(list, i), depth + 1, out->children[i], err));
    }
    return PN_OK;
}

/* One member of a field's object, by name. */
static pn_status read_member(const char *name, const char *key, const json_t *value, int depth,
                             struct ArrowSchema *out, pn_error *err) {
    static const struct {
        const char *key;
        int64_t flag;
    } flags[] = {{"nullable", ARROW_FLAG_NULLABLE},
                 {"keys_sorted", ARROW_FLAG_MAP_KEYS_SORTED},
                 {"ordered", ARROW_FLAG_DICTIONARY_ORDERED}};
    for (size_t i = 0; i < sizeof flags / sizeof flags[0]; i++) {
        if (strcmp(key, flags[i].key) == 0) {
            if (!json_is_boolean(value)) {
                return damaged(name, "has a flag that is neither true nor false", err);
            }
            out->flags =
                json_is_true(value) ? out->flags | flags[i].flag : out->flags & ~flags[i].flag;
            return PN_OK;
        }
    }
    if (strcmp(key, "metadata") == 0) {
        return set_metadata(name, value, out, err);
    }
    if (strcmp(key, "children") == 0) {
        return read_children(name, value, depth, out, err);
    }
    if (strcmp(key, "dictionary") == 0) {
        arrow_must(ArrowSchemaAllocateDictionary(out));
        return read_field(value, depth + 1, out->dictionary, err);
    }
    if (strcmp(key, "name") == 0 || strcmp(key, "type") == 0) {
        return PN_OK;
    }
    return damaged(name, "has a key that is not known", err);
}

static pn_status read_field(const json_t *json, int depth, struct ArrowSchema *out, pn_error *err) {
    if (depth > ARROW_MAX_DEPTH) {
        return pni_arrow_too_deep(err);
    }
    const char *name = pni_json_text(json, "name");
    const char *type = pni_json_text(json, "type");
    if (!name || !type || !json_is_boolean(json_object_get(json, "nullable"))) {
        return damaged(name, "lacks one of name, type and nullable", err);
    }
    ArrowSchemaInit(out);
    arrow_must(ArrowSchemaSetName(out, name));
    arrow_must(ArrowSchemaSetFormat(out, type));
    json_t *object = (json_t *)(uintptr_t)json;
    const char *key;
    json_t *value;
    json_object_foreach(object, key, value) {
        PNI_TRY(read_member(name, key, value, depth, out, err));
    }
    struct ArrowSchemaView view;
    return pni_arrow_view_of(out, &view, err);
}

pn_status pni_arrow_schema_from_json(const json_t *json, struct ArrowSchema *out, pn_error *err) {
    PNI_AUTO_SCHEMA schema = {0};
    ArrowSchemaInit(&schema);
    arrow_must(ArrowSchemaSetFormat(&schema, "+s"));
    arrow_must(ArrowSchemaSetName(&schema, ""));
    schema.flags = 0;
    PNI_TRY(read_children("(the schema)", json, 0, &schema, err));
    ArrowSchemaMove(&schema, out);
    return PN_OK;
}

/* ---- projection ---------------------------------------------------------------------------- */

static bool is_wanted(const char *name, const char *const *names, size_t count) {
    for (size_t i = 0; i < count; i++) {
        if (pni_streq(names[i], name)) {
            return true;
        }
    }
    return false;
}

static pn_status require(const struct ArrowSchema *schema, const char *name, pn_error *err) {
    for (int64_t i = 0; i < schema->n_children; i++) {
        if (pni_streq(schema->children[i]->name, name)) {
            return PN_OK;
        }
    }
    char shortened[72];
    pn_status status = pni_fail(err, PNI_E_ARROW_COLUMN, "there is no column '%s'",
                                pni_name_short(name, shortened));
    PNI_AUTO(pn_buf) list = PN_BUF_INIT;
    for (int64_t i = 0; i < schema->n_children && list.len < 1400; i++) {
        pni_buf_printf(&list, "%s%s", i ? ", " : "Columns: ",
                       pni_name_short(schema->children[i]->name, shortened));
    }
    pni_error_detail(err, "%s", pni_buf_text(&list));
    return status;
}

pn_status pni_arrow_schema_project(const struct ArrowSchema *schema, const char *const *names,
                                   size_t count, struct ArrowSchema *out, pn_error *err) {
    PNI_TRY(must_be_struct(schema, err));
    for (size_t i = 0; i < count; i++) {
        PNI_TRY(require(schema, names[i], err));
    }
    int64_t kept = 0;
    for (int64_t i = 0; i < schema->n_children; i++) {
        kept += is_wanted(schema->children[i]->name, names, count);
    }
    PNI_AUTO_SCHEMA result = {0};
    ArrowSchemaInit(&result);
    arrow_must(ArrowSchemaSetFormat(&result, "+s"));
    arrow_must(ArrowSchemaSetName(&result, schema->name ? schema->name : ""));
    arrow_must(ArrowSchemaSetMetadata(&result, schema->metadata));
    result.flags = schema->flags;
    arrow_must(ArrowSchemaAllocateChildren(&result, kept));
    for (int64_t i = 0, at = 0; i < schema->n_children; i++) {
        if (is_wanted(schema->children[i]->name, names, count)) {
            arrow_must(ArrowSchemaDeepCopy(schema->children[i], result.children[at++]));
        }
    }
    ArrowSchemaMove(&result, out);
    return PN_OK;
}
