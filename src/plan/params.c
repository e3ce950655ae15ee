/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From texts with types to one Arrow row. A value whose type is stated is read here, strictly, by
 * the reader of JSON rows; a value without a type travels as text and is marked, and the engine
 * gives it the type its place in the query asks for.
 */
#include "plan/params.h"

#define UNTYPED_KEY "pinion.untyped"

static const json_t *find_param(const json_t *params, const char *name) {
    size_t index;
    json_t *param;
    json_array_foreach((json_t *)(uintptr_t)params, index, param) {
        if (pni_streq(pni_json_text(param, "name"), name))
            return param;
    }
    return NULL;
}

pn_status pni_params_check(const json_t *params, const json_t *parsed, pn_error *err) {
    json_t *wanted = json_object_get(parsed, "parameters");
    size_t index;
    json_t *item;
    json_array_foreach(wanted, index, item) {
        const char *name = json_string_value(item);
        if (*name != '$' || !find_param(params, name + 1)) {
            pn_status status =
                pni_fail(err, PNI_E_PARAM_MISSING, "the query needs a value for '%s'", name);
            if (*name != '$')
                pni_error_hint(err, "Parameters are written $1, $2, … or $name.");
            return status;
        }
    }
    json_array_foreach((json_t *)(uintptr_t)params, index, item) {
        const char *name = pni_json_text(item, "name");
        bool is_used = false;
        size_t at;
        json_t *want;
        json_array_foreach(wanted, at, want) is_used |=
            pni_streq(json_string_value(want) + 1, name);
        if (!is_used)
            return pni_fail(err, PNI_E_PARAM_UNUSED, "the query has no parameter '$%s'", name);
    }
    return PN_OK;
}

static bool is_json_kind(const struct ArrowSchema *field) {
    return strchr("+befg", field->format[0]) != NULL;
}

/* What the reader of JSON rows takes for the type: a text, unless the type is written in JSON. */
static json_t *value_json(const struct ArrowSchema *field, const char *text) {
    const struct ArrowSchema *of = field->dictionary ? field->dictionary : field;
    PNI_AUTO_PTR(json_t) value = NULL;
    if (!text)
        return json_null();
    if (is_json_kind(of) &&
        pni_json_parse(text, strlen(text), "value of a parameter", &value, NULL) == PN_OK)
        return pni_take(value);
    return json_string(text);
}

static pn_status no_memory_for_schema(pn_error *err) {
    return pni_fail(err, PNI_E_INTERNAL, "no schema for the parameters");
}

static pn_status mark_untyped(struct ArrowSchema *field, pn_error *err) {
    struct ArrowBuffer metadata;
    int code = ArrowMetadataBuilderInit(&metadata, NULL);
    if (code == NANOARROW_OK)
        code = ArrowMetadataBuilderAppend(&metadata, ArrowCharView(UNTYPED_KEY),
                                          ArrowCharView("true"));
    if (code == NANOARROW_OK)
        code = ArrowSchemaSetMetadata(field, (const char *)metadata.data);
    ArrowBufferReset(&metadata);
    return code == NANOARROW_OK ? PN_OK : no_memory_for_schema(err);
}

static pn_status param_field(const json_t *param, struct ArrowSchema *out, pn_error *err) {
    const char *type = pni_json_text(param, "type");
    const char *name = pni_json_text(param, "name");
    PNI_AUTO_SCHEMA field = {0};
    pn_error inner = PN_ERROR_INIT;
    if (pni_arrow_type_parse(type ? type : "utf8", &field, &inner) != PN_OK)
        return pni_fail(err, PNI_E_PARAM_TYPE, "parameter '$%s': %s", name, inner.message);
    if (ArrowSchemaSetName(&field, name) != NANOARROW_OK)
        return no_memory_for_schema(err);
    if (!type)
        PNI_TRY(mark_untyped(&field, err));
    out->release(out);
    ArrowSchemaMove(&field, out);
    return PN_OK;
}

static pn_status params_schema(const json_t *params, struct ArrowSchema *out, pn_error *err) {
    PNI_AUTO_SCHEMA schema = {0};
    size_t index;
    json_t *param;
    ArrowSchemaInit(&schema);
    if (ArrowSchemaSetTypeStruct(&schema, (int64_t)json_array_size(params)) != NANOARROW_OK)
        return no_memory_for_schema(err);
    json_array_foreach((json_t *)(uintptr_t)params, index, param)
        PNI_TRY(param_field(param, schema.children[index], err));
    ArrowSchemaMove(&schema, out);
    return PN_OK;
}

pn_status pni_params_stream(const json_t *params, struct ArrowArrayStream *out, pn_error *err) {
    PNI_AUTO_SCHEMA schema = {0};
    PNI_AUTO_ARRAY batch = {0};
    PNI_AUTO_PTR(json_t) row = json_array();
    pn_error inner = PN_ERROR_INIT;
    size_t index;
    json_t *param;
    if (!json_array_size(params))
        return PN_OK;
    PNI_TRY(params_schema(params, &schema, err));
    json_array_foreach((json_t *)(uintptr_t)params, index, param) json_array_append_new(
        row, value_json(schema.children[index], pni_json_text(param, "value")));
    PNI_AUTO_PTR(json_t) rows = json_pack("[O]", row);
    if (pni_arrow_batch_from_json(rows, &schema, &batch, &inner) != PN_OK)
        return pni_fail(err, PNI_E_PARAM_TYPE, "a parameter does not fit its type: %s",
                        inner.message);
    return pni_arrow_stream_of_batch(&schema, &batch, out, err);
}
