#include "t.h"
#include "udf_call.h"

#include <string.h>

typedef struct argument {
    struct ArrowSchema schema;
    struct ArrowArray array;
    bool is_literal;
} argument;

static argument text_argument(const char *value, bool is_literal) {
    argument arg = {.is_literal = is_literal};
    ArrowSchemaInit(&arg.schema);
    T_EQ_INT(ArrowSchemaSetType(&arg.schema, NANOARROW_TYPE_STRING), 0);
    T_EQ_INT(ArrowSchemaSetName(&arg.schema, "value"), 0);
    T_EQ_INT(ArrowArrayInitFromType(&arg.array, NANOARROW_TYPE_STRING), 0);
    T_EQ_INT(ArrowArrayStartAppending(&arg.array), 0);
    T_EQ_INT(ArrowArrayAppendString(&arg.array, ArrowCharView(value)), 0);
    T_EQ_INT(ArrowArrayFinishBuildingDefault(&arg.array, NULL), 0);
    return arg;
}

static void set_metadata(argument *arg, const char *const *pairs) {
    struct ArrowBuffer metadata;
    T_EQ_INT(ArrowMetadataBuilderInit(&metadata, NULL), 0);
    for (; *pairs; pairs += 2) {
        T_EQ_INT(
            ArrowMetadataBuilderAppend(&metadata, ArrowCharView(pairs[0]), ArrowCharView(pairs[1])),
            0);
    }
    T_EQ_INT(ArrowSchemaSetMetadata(&arg->schema, (const char *)metadata.data), 0);
    ArrowBufferReset(&metadata);
}

/* The field of the result, or its refusal in `message`; releases the arguments. */
static int32_t field_of(const char *name, argument *args, uint32_t count, struct ArrowSchema *out,
                        char message[256]) {
    const struct ArrowSchema *schemas[8];
    const struct ArrowArray *literals[8];
    for (uint32_t i = 0; i < count; i++) {
        schemas[i] = &args[i].schema;
        literals[i] = args[i].is_literal ? &args[i].array : NULL;
    }
    const pn_udf *udf = udf_named(name);
    memset(message, 0, 256);
    int32_t result = udf->return_type(udf->ctx, schemas, literals, count, out, message, 256);
    for (uint32_t i = 0; i < count; i++) {
        args[i].schema.release(&args[i].schema);
        args[i].array.release(&args[i].array);
    }
    return result;
}

static void metadata_is(const struct ArrowSchema *field, const char *key, const char *want) {
    struct ArrowStringView value = {NULL, 0};
    T_EQ_INT(ArrowMetadataGetValue(field->metadata, ArrowCharView(key), &value), 0);
    T_ASSERT((value.data == NULL) == (want == NULL));
    T_ASSERT(!want || (value.size_bytes == (int64_t)strlen(want) &&
                       memcmp(value.data, want, strlen(want)) == 0));
}

/* What semantic_tag or an id function makes of `type`. */
static void tagged(const char *name, const char *type, const char *want) {
    char message[256];
    PNI_AUTO_SCHEMA field = {0};
    argument args[] = {text_argument(type, true), text_argument("x", false)};
    T_EQ_INT(field_of(name, args, 2, &field, message), 0);
    metadata_is(&field, "semantic_type", want);
}

T_CASE(tags_of_known_kinds_have_one_spelling) {
    tagged("semantic_tag", " Node_ID ", "NodeId");
    tagged("semantic_tag", "edge", "EdgeId");
    tagged("semantic_tag", "SPANID", "SpanId");
    tagged("semantic_tag", " Other Thing ", "Other Thing");
}

T_CASE(ids_carry_what_their_prefix_says) {
    tagged("stable_id", "node", "NodeId");
    tagged("stable_id_parts", "EDGE_id", "EdgeId");
    tagged("span_id", "span", "SpanId");
    tagged("stable_id", "cst_ref", NULL);
    char message[256];
    PNI_AUTO_SCHEMA field = {0};
    argument args[] = {text_argument("node", false), text_argument("x", false)};
    T_EQ_INT(field_of("stable_id", args, 2, &field, message), 0);
    metadata_is(&field, "semantic_type", NULL);
}

T_CASE(a_tag_keeps_the_rest_of_the_field) {
    char message[256];
    PNI_AUTO_SCHEMA field = {0};
    argument args[] = {text_argument("node", true), text_argument("x", false)};
    set_metadata(&args[1], (const char *const[]){"unit", "m", "semantic_type", "old", NULL});
    args[1].schema.flags = 0;
    T_EQ_INT(field_of("semantic_tag", args, 2, &field, message), 0);
    metadata_is(&field, "semantic_type", "NodeId");
    metadata_is(&field, "unit", "m");
    T_EQ_INT(field.flags & ARROW_FLAG_NULLABLE, 0);
    T_EQ_STR(field.format, "u");
}

static void refused(const char *name, argument *args, const char *want) {
    char message[256];
    struct ArrowSchema field = {0};
    T_ASSERT(field_of(name, args, 2, &field, message) != 0);
    T_ASSERT(field.release == NULL);
    T_EQ_STR(message, want);
}

T_CASE(tags_that_say_nothing_are_refused) {
    refused("semantic_tag", (argument[]){text_argument("x", false), text_argument("x", false)},
            "PN5120: argument 1, 'semantic_type', must be a literal");
    refused("semantic_tag", (argument[]){text_argument("  ", true), text_argument("x", false)},
            "PN5122: argument 1, 'semantic_type', is empty");
    refused("arrow_metadata", (argument[]){text_argument("x", false), text_argument("x", false)},
            "PN5120: argument 2, 'key', must be a literal");
    refused("struct_pick", (argument[]){text_argument("x", false), text_argument("x", true)},
            "PN5121: argument 1 has type Utf8, not a struct");
}

T_CASE(tagged_values_stay_as_they_are) {
    UDF_EXPECT("semantic_tag", "['a', null, '']", {"=u", "'node'"}, {"u", "['a', null, '']"});
    UDF_EXPECT("semantic_tag", "[1, null, -7]", {"=u", "'node'"}, {"l", "[1, null, -7]"});
    UDF_EXPECT("semantic_tag", "[[1, null], [], null]", {"=u", "'node'"},
               {":list<int64>", "[[1, null], [], null]"});
    UDF_EXPECT("semantic_tag", "[{'a': 'b'}, null]", {"=u", "'node'"},
               {":map<utf8, utf8>", "[[['a', 'b']], null]"});
}

T_CASE(scores_are_numbers) {
    UDF_EXPECT("cpg_score", "[1.5, null, -0.25]", {"g", "[1.5, null, -0.25]"});
    T_EQ_UINT(udf_named("cpg_score")->preserves_order_of, 1);
}

#define THINGS                                                                                     \
    "[{'a': 1, 'b': 'x', 'c': [1]}, {'a': null, 'b': 'y', 'c': null}, null,"                       \
    " {'a': 3, 'b': null, 'c': []}]"
#define THING ":struct<a: int64, b: utf8, c: list<int64>>"

T_CASE(fields_are_picked_in_the_order_asked_for) {
    UDF_EXPECT("struct_pick",
               "[{'c': [1], 'a': 1}, {'c': null, 'a': null}, null, {'c': [], 'a': 3}]",
               {THING, THINGS}, {"=u", "' c '"}, {"=u", "'a'"});
    UDF_EXPECT("struct_select", "[{'b': 'x'}, {'b': 'y'}, null, {'b': null}]", {THING, THINGS},
               {"=u", "'b'"});
    UDF_FAILS("struct_pick", "PN5122: argument 3, 'field2': the struct has no field 'B'",
              {THING, THINGS}, {"=u", "'b'"}, {"=u", "'B'"});
    UDF_FAILS("struct_pick", "PN5120: argument 2, 'field1', must be a literal", {THING, THINGS},
              {"u", "['a', 'a', 'a', 'a']"});
}

T_CASE(picked_fields_may_be_null_when_the_struct_may) {
    char message[256];
    for (int nullable = 0; nullable < 2; nullable++) {
        PNI_AUTO_SCHEMA field = {0};
        pn_error err = PN_ERROR_INIT;
        argument args[] = {text_argument("", false), text_argument("a", true)};
        args[0].schema.release(&args[0].schema);
        T_OK(pni_arrow_type_parse("struct<a: int64 not null>", &args[0].schema, &err), &err);
        args[0].schema.flags = nullable ? ARROW_FLAG_NULLABLE : 0;
        set_metadata(&args[0], (const char *const[]){"unit", "m", NULL});
        T_EQ_INT(field_of("struct_pick", args, 2, &field, message), 0);
        metadata_is(&field, "unit", "m");
        T_EQ_INT(field.flags & ARROW_FLAG_NULLABLE, nullable ? ARROW_FLAG_NULLABLE : 0);
        T_EQ_INT(field.children[0]->flags & ARROW_FLAG_NULLABLE,
                 nullable ? ARROW_FLAG_NULLABLE : 0);
    }
}

/* arrow_metadata over `rows` rows of a column with two entries, with the given key or without. */
static char *metadata_text(const char *key, int64_t rows) {
    argument args[] = {text_argument("x", false), text_argument(key ? key : "", true)};
    set_metadata(&args[0], (const char *const[]){"line_base", "10", "col_unit", "byte", NULL});
    args[0].array.length = 1;
    pn_kernel_arg passed[] = {{&args[0].schema, &args[0].array, 0, 0},
                              {&args[1].schema, &args[1].array, 1, 0}};
    pn_kernel_call call = {sizeof call, key ? 2 : 1, sizeof passed[0], 0, passed, rows, NULL};
    const pn_udf *udf = udf_named("arrow_metadata");
    PNI_AUTO_ARRAY out = {0};
    PNI_AUTO_SCHEMA field = {0};
    char message[256] = "";
    T_EQ_INT(udf->invoke(udf->ctx, &call, &out, message, sizeof message), 0);
    T_EQ_INT(out.length, rows);
    T_EQ_INT(field_of("arrow_metadata", args, key ? 2 : 1, &field, message), 0);
    if (!key) {
        args[1].schema.release(&args[1].schema);
        args[1].array.release(&args[1].array);
    }
    struct ArrowArrayView view;
    T_EQ_INT(ArrowArrayViewInitFromSchema(&view, &field, NULL), 0);
    T_EQ_INT(ArrowArrayViewSetArray(&view, &out, NULL), 0);
    pn_buf text = PN_BUF_INIT;
    for (int64_t i = 0; i < rows; i++) {
        pni_arrow_value_json(&field, &view, i, &text);
    }
    ArrowArrayViewReset(&view);
    return pni_buf_steal(&text);
}

T_CASE(metadata_is_read_from_the_field) {
    PNI_AUTO_PTR(pni_text) value = metadata_text("line_base", 1);
    T_EQ_STR(value, "\"10\"");
    PNI_AUTO_PTR(pni_text) missing = metadata_text("other", 1);
    T_EQ_STR(missing, "null");
    PNI_AUTO_PTR(pni_text) all = metadata_text(NULL, 1);
    T_EQ_STR(all, "{\"col_unit\":\"byte\",\"line_base\":\"10\"}");
    PNI_AUTO_PTR(pni_text) none = metadata_text("line_base", 0);
    T_EQ_STR(none, "");
}
