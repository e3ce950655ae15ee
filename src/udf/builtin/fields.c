/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Fields of results: types that depend on the call, metadata that says what a column means, and the
 * literals both depend on. Everything here runs while a query is planned, so what it refuses is
 * refused before a row is read, by a number of its own.
 */
#include "udf/builtin/kernel_priv.h"

static bool is_text(const struct ArrowSchema *schema) {
    struct ArrowSchemaView type;
    schema = schema->dictionary ? schema->dictionary : schema;
    return ArrowSchemaViewInit(&type, schema, NULL) == NANOARROW_OK &&
           (type.type == NANOARROW_TYPE_STRING || type.type == NANOARROW_TYPE_LARGE_STRING ||
            type.type == NANOARROW_TYPE_STRING_VIEW);
}

/* The text of the first value; false for null. It points into the array, which owns its buffers, or
 * into `scratch`, never into the view of the array that is dropped here. */
static bool first_text(const struct ArrowSchema *schema, const struct ArrowArray *array,
                       char *scratch, pni_str *out) {
    struct ArrowArrayView view;
    bool found = false;
    if (ArrowArrayViewInitFromSchema(&view, schema, NULL) == NANOARROW_OK &&
        ArrowArrayViewSetArray(&view, array, NULL) == NANOARROW_OK && array->length > 0) {
        found = udf_text_at(&view, 0, scratch, out);
    }
    ArrowArrayViewReset(&view);
    return found;
}

void pni_udf_literal_text(const udf_fields *fields, uint32_t index, char scratch[UDF_TEXT_BYTES],
                          pni_str *out) {
    if (index < fields->count && fields->literals[index] && pni_udf_has_text(fields->args[index])) {
        first_text(fields->args[index], fields->literals[index], scratch, out);
    }
}

int32_t pni_udf_literal(udf_fields *fields, uint32_t index, const char *name, pni_str *out) {
    const struct ArrowArray *literal = index < fields->count ? fields->literals[index] : NULL;
    if (!literal) {
        return pni_udf_refuse(fields, PNI_E_UDF_LITERAL, "argument %u, '%s', must be a literal",
                              index + 1, name);
    }
    if (!is_text(fields->args[index]) || !first_text(fields->args[index], literal, NULL, out)) {
        return pni_udf_refuse(fields, PNI_E_UDF_LITERAL,
                              "argument %u, '%s', must be a text, not null", index + 1, name);
    }
    return 0;
}

pni_str pni_udf_literal_or(const udf_fields *fields, uint32_t index, pni_str fallback) {
    if (index < fields->count && is_text(fields->args[index])) {
        pni_udf_literal_text(fields, index, NULL, &fallback);
    }
    return fallback;
}

int32_t pni_udf_wrong_type(udf_fields *fields, uint32_t index, const char *wanted) {
    PNI_AUTO(pn_buf) type = PN_BUF_INIT;
    bool known = pni_arrow_type_text(fields->args[index], &type, NULL) == PN_OK;
    return pni_udf_refuse(fields, PNI_E_UDF_ARGUMENT_TYPE, "argument %u has type %.150s, not %s",
                          index + 1, known ? pni_buf_text(&type) : "unknown", wanted);
}

int32_t pni_udf_made(udf_fields *fields, int code) {
    if (code == NANOARROW_OK) {
        return 0;
    }
    return pni_udf_refuse(fields, PNI_E_UDF_ARGUMENT_TYPE,
                          "the field of the result cannot be made (code %d)", code);
}

int pni_udf_set_metadata(struct ArrowSchema *field, const char *key, pni_str value) {
    struct ArrowBuffer metadata;
    int code = ArrowMetadataBuilderInit(&metadata, field->metadata);
    if (code == NANOARROW_OK) {
        code =
            ArrowMetadataBuilderSet(&metadata, ArrowCharView(key), udf_view(value.data, value.len));
    }
    if (code == NANOARROW_OK) {
        code = ArrowSchemaSetMetadata(field, (const char *)metadata.data);
    }
    ArrowBufferReset(&metadata);
    return code;
}

int pni_udf_set_field(struct ArrowSchema *field, const char *name, enum ArrowType type) {
    NANOARROW_RETURN_NOT_OK(ArrowSchemaSetType(field, type));
    return ArrowSchemaSetName(field, name);
}

int pni_udf_map_of_text(struct ArrowSchema *out) {
    ArrowSchemaInit(out);
    NANOARROW_RETURN_NOT_OK(ArrowSchemaSetType(out, NANOARROW_TYPE_MAP));
    struct ArrowSchema *const *fields = out->children[0]->children;
    NANOARROW_RETURN_NOT_OK(pni_udf_set_field(fields[0], "keys", NANOARROW_TYPE_STRING));
    fields[0]->flags &= ~(int64_t)ARROW_FLAG_NULLABLE;
    return pni_udf_set_field(fields[1], "values", NANOARROW_TYPE_STRING);
}

static bool is_one_of(pni_str text, const char *const names[3]) {
    for (int i = 0; i < 3; i++) {
        if (pni_udf_same_lower(text, names[i])) {
            return true;
        }
    }
    return false;
}

pni_str pni_udf_semantic_type(pni_str text) {
    static const char *const nodes[] = {"node", "node_id", "nodeid"};
    static const char *const edges[] = {"edge", "edge_id", "edgeid"};
    static const char *const spans[] = {"span", "span_id", "spanid"};
    text = pni_udf_trim(text);
    if (is_one_of(text, nodes)) {
        return PNI_STR("NodeId");
    }
    if (is_one_of(text, edges)) {
        return PNI_STR("EdgeId");
    }
    return is_one_of(text, spans) ? PNI_STR("SpanId") : (pni_str){NULL, 0};
}
