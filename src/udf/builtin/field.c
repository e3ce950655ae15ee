/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Functions about fields: reading a column's metadata, saying what a column means, picking fields
 * of a struct, and a score as a number. Values go through untouched (copy.c); what changes is the
 * field, which is decided while planning.
 */
#include "udf/builtin/kernel_priv.h"

#include <stdlib.h>

/* ---- arrow_metadata -------------------------------------------------------------------------- */

static int32_t metadata_field(udf_fields *fields, struct ArrowSchema *out) {
    pni_str key;
    if (fields->count < 2) {
        return pni_udf_made(fields, pni_udf_map_of_text(out));
    }
    UDF_TRY(pni_udf_literal(fields, 1, "key", &key));
    ArrowSchemaInit(out);
    return pni_udf_made(fields, ArrowSchemaSetType(out, NANOARROW_TYPE_STRING));
}

typedef struct pair {
    struct ArrowStringView key;
    struct ArrowStringView value;
} pair;

static int by_key(const void *left, const void *right) {
    const struct ArrowStringView *a = &((const pair *)left)->key;
    const struct ArrowStringView *b = &((const pair *)right)->key;
    size_t least = (size_t)(a->size_bytes < b->size_bytes ? a->size_bytes : b->size_bytes);
    int order = memcmp(a->data, b->data, least);
    return order != 0 ? order : (a->size_bytes > b->size_bytes) - (a->size_bytes < b->size_bytes);
}

static int append_pairs(const pair *pairs, int64_t count, struct ArrowArray *out) {
    struct ArrowArray *entries = out->children[0];
    for (int64_t i = 0; i < count; i++) {
        NANOARROW_RETURN_NOT_OK(ArrowArrayAppendString(entries->children[0], pairs[i].key));
        NANOARROW_RETURN_NOT_OK(ArrowArrayAppendString(entries->children[1], pairs[i].value));
        NANOARROW_RETURN_NOT_OK(ArrowArrayFinishElement(entries));
    }
    return ArrowArrayFinishElement(out);
}

static int append_all_metadata(const char *metadata, int64_t rows, struct ArrowArray *out) {
    struct ArrowMetadataReader reader;
    NANOARROW_RETURN_NOT_OK(ArrowMetadataReaderInit(&reader, metadata));
    int64_t count = reader.remaining_keys;
    pair *pairs = pni_calloc((size_t)count + 1, sizeof *pairs);
    int code = NANOARROW_OK;
    for (int64_t i = 0; i < count && code == NANOARROW_OK; i++) {
        code = ArrowMetadataReaderRead(&reader, &pairs[i].key, &pairs[i].value);
    }
    qsort(pairs, (size_t)count, sizeof *pairs, by_key);
    for (int64_t row = 0; row < rows && code == NANOARROW_OK; row++) {
        code = append_pairs(pairs, count, out);
    }
    pni_free(pairs);
    return code;
}

static int append_metadata_value(udf_frame *frame, const char *metadata, struct ArrowArray *out) {
    struct ArrowStringView value = {NULL, 0};
    if (frame->rows > 0 && metadata) {
        pni_str key = udf_str(frame, 1, 0);
        NANOARROW_RETURN_NOT_OK(
            ArrowMetadataGetValue(metadata, udf_view(key.data, key.len), &value));
    }
    if (!value.data) {
        return ArrowArrayAppendNull(out, frame->rows);
    }
    for (int64_t row = 0; row < frame->rows; row++) {
        NANOARROW_RETURN_NOT_OK(ArrowArrayAppendString(out, value));
    }
    return NANOARROW_OK;
}

static int32_t metadata_rows(udf_frame *frame, struct ArrowArray *out) {
    const char *metadata = udf_arg(frame, 0)->schema->metadata;
    int code = frame->count < 2 ? append_all_metadata(metadata, frame->rows, out)
                                : append_metadata_value(frame, metadata, out);
    return pni_udf_append(frame, code);
}

/* ---- semantic_tag ---------------------------------------------------------------------------- */

static int32_t tag_field(udf_fields *fields, struct ArrowSchema *out) {
    pni_str given;
    UDF_TRY(pni_udf_literal(fields, 0, "semantic_type", &given));
    given = pni_udf_trim(given);
    if (given.len == 0) {
        return pni_udf_refuse(fields, PNI_E_UDF_ARGUMENT_VALUE,
                              "argument 1, 'semantic_type', is empty");
    }
    pni_str known = pni_udf_semantic_type(given);
    UDF_TRY(pni_udf_made(fields, ArrowSchemaDeepCopy(fields->args[1], out)));
    return pni_udf_made(fields,
                        pni_udf_set_metadata(out, "semantic_type", known.len > 0 ? known : given));
}

/* Rows of the argument as they are. A scalar beside a column cannot be: the other argument is a
 * literal. */
static int32_t copy_rows(udf_frame *frame, const struct ArrowArrayView *view, int64_t start,
                         struct ArrowArray *out) {
    int code = pni_udf_copy_rows(view, start, frame->rows, out);
    if (code == ENOTSUP) {
        return pni_udf_fail(frame, "run-end encoded values cannot be handed on; cast them");
    }
    return pni_udf_append(frame, code);
}

static int32_t tag_rows(udf_frame *frame, struct ArrowArray *out) {
    return copy_rows(frame, &frame->cols[1].view, 0, out);
}

static int32_t score_rows(udf_frame *frame, struct ArrowArray *out) {
    return copy_rows(frame, &frame->cols[0].view, 0, out);
}

/* ---- struct_pick ----------------------------------------------------------------------------- */

enum { MAX_PICKED = 6 };

/* The index of the field that argument `arg` names, or -1 when there is none. */
static int64_t find_field(const struct ArrowSchema *schema, pni_str name) {
    for (int64_t i = 0; i < schema->n_children; i++) {
        const char *have = schema->children[i]->name;
        if (strlen(have) == name.len && memcmp(have, name.data, name.len) == 0) {
            return i;
        }
    }
    return -1;
}

static int32_t picked(udf_fields *fields, uint32_t arg, int64_t *index_out) {
    static const char *const names[] = {"field1", "field2", "field3", "field4", "field5", "field6"};
    pni_str name;
    UDF_TRY(pni_udf_literal(fields, arg, names[arg - 1], &name));
    name = pni_udf_trim(name);
    *index_out = find_field(fields->args[0], name);
    if (*index_out >= 0) {
        return 0;
    }
    return pni_udf_refuse(fields, PNI_E_UDF_ARGUMENT_VALUE,
                          "argument %u, '%s': the struct has no field '%.*s'", arg + 1,
                          names[arg - 1], (int)(name.len < 100 ? name.len : 100), name.data);
}

static int make_struct(const struct ArrowSchema *from, const int64_t *indexes, int64_t count,
                       struct ArrowSchema *out) {
    ArrowSchemaInit(out);
    NANOARROW_RETURN_NOT_OK(ArrowSchemaSetTypeStruct(out, count));
    NANOARROW_RETURN_NOT_OK(ArrowSchemaSetMetadata(out, from->metadata));
    out->flags = from->flags;
    for (int64_t i = 0; i < count; i++) {
        struct ArrowSchema *child = out->children[i];
        child->release(child);
        NANOARROW_RETURN_NOT_OK(ArrowSchemaDeepCopy(from->children[indexes[i]], child));
        child->flags |= from->flags & ARROW_FLAG_NULLABLE;
    }
    return NANOARROW_OK;
}

static int32_t pick_field(udf_fields *fields, struct ArrowSchema *out) {
    struct ArrowSchemaView type;
    int64_t indexes[MAX_PICKED] = {0};
    if (ArrowSchemaViewInit(&type, fields->args[0], NULL) != NANOARROW_OK ||
        type.type != NANOARROW_TYPE_STRUCT) {
        return pni_udf_wrong_type(fields, 0, "a struct");
    }
    for (uint32_t arg = 1; arg < fields->count; arg++) {
        UDF_TRY(picked(fields, arg, &indexes[arg - 1]));
    }
    return pni_udf_made(fields, make_struct(fields->args[0], indexes, fields->count - 1, out));
}

static int32_t pick_rows(udf_frame *frame, struct ArrowArray *out) {
    struct ArrowArrayView picked = frame->cols[0].view; /* its nulls, other children */
    struct ArrowArrayView *children[MAX_PICKED];
    for (uint32_t arg = 1; arg < frame->count && frame->rows > 0; arg++) {
        pni_str name = pni_udf_trim(udf_str(frame, arg, 0));
        children[arg - 1] = picked.children[find_field(udf_arg(frame, 0)->schema, name)];
    }
    picked.children = children;
    picked.n_children = frame->rows > 0 ? frame->count - 1 : 0;
    return copy_rows(frame, &picked, 0, out);
}

static const pn_udf functions[] = {
    {UDF_DECIDED("arrow_metadata", metadata_field, metadata_rows), UDF_EXACT(1, "*", "s"),
     UDF_NAMES("expr", "key"), .rewrite_tags = NULL, .body_version = "1",
     .description = "The metadata of a column's field: the value of a key, or all as a map.",
     .literal_args = 1 << 1},
    {UDF_DECIDED("semantic_tag", tag_field, tag_rows), UDF_EXACT(2, "s", "*"),
     UDF_NAMES("semantic_type", "value"), .body_version = "1",
     .description = "The value as it is, its field marked with what it means.",
     .literal_args = 1 << 0},
    {UDF_FUNCTION("cpg_score", NANOARROW_TYPE_DOUBLE, score_rows), UDF_EXACT(1, "g"),
     UDF_NAMES("value"), .return_format = "g", .body_version = "1",
     .description = "A number as a score, in the same order.", .preserves_order_of = 1},
    {UDF_DECIDED("struct_pick", pick_field, pick_rows), UDF_ALIASES("struct_select"),
     UDF_EXACT(2, "*", "s", "s", "s", "s", "s", "s"),
     UDF_NAMES("struct", "field1", "field2", "field3", "field4", "field5", "field6"),
     .rewrite_tags = "nested,struct", .body_version = "1",
     .description = "A struct of the named fields, in that order.", .literal_args = 0x7e},
};

udf_table pni_udf_table_field(void) {
    return (udf_table){functions, sizeof functions / sizeof functions[0]};
}
