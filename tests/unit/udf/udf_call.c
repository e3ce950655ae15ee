/* Builds the arguments of a kernel call from JSON and reads its result back; see udf_call.h. */
#include "udf_call.h"

#include "t.h"

#include <stdio.h>

typedef enum shape { PLAIN, SLICED, SPREAD, BURIED, SHAPES } shape;

typedef struct column {
    struct ArrowSchema schema;
    struct ArrowArray array;
    json_t *rows; /* array */
    bool is_scalar;
    bool is_literal; /* never spread */
    const char *format;
} column;

static json_t *parse(const char *text) {
    char *copy = pni_strdup(text);
    for (char *c = copy; *c; c++) {
        *c = *c == '\'' ? '"' : *c;
    }
    json_error_t error;
    json_t *value = json_loads(copy, JSON_DECODE_ANY, &error);
    if (!value) {
        T_FAIL("bad JSON in a test: %s in %s", error.text, text);
    }
    pni_free(copy);
    return value;
}

static void must(int code) {
    T_EQ_INT(code, NANOARROW_OK);
}

static void make_schema(const char *format, struct ArrowSchema *out) {
    if (format[0] == ':') {
        pn_error err = PN_ERROR_INIT;
        T_OK(pni_arrow_type_parse(format + 1, out, &err), &err);
        return;
    }
    ArrowSchemaInit(out);
    if (!pni_streq(format, "span")) {
        must(ArrowSchemaSetFormat(out, format));
        must(ArrowSchemaSetName(out, "value"));
        return;
    }
    static const char *const names[] = {"bstart", "bend", "end_exclusive"};
    must(ArrowSchemaSetTypeStruct(out, 3));
    for (int i = 0; i < 3; i++) {
        must(ArrowSchemaSetType(out->children[i],
                                i < 2 ? NANOARROW_TYPE_INT64 : NANOARROW_TYPE_BOOL));
        must(ArrowSchemaSetName(out->children[i], names[i]));
    }
}

static void append(const struct ArrowSchema *schema, struct ArrowArray *out, const json_t *value) {
    if (!value || json_is_null(value)) {
        must(ArrowArrayAppendNull(out, 1));
    } else if (json_is_array(value)) { /* a list; of [key, value] for a map */
        bool map = pni_streq(schema->format, "+m");
        for (size_t i = 0; i < json_array_size(value); i++) {
            const json_t *item = json_array_get(value, i);
            if (map) {
                append(schema->children[0]->children[0], out->children[0]->children[0],
                       json_array_get(item, 0));
                append(schema->children[0]->children[1], out->children[0]->children[1],
                       json_array_get(item, 1));
                must(ArrowArrayFinishElement(out->children[0]));
            } else {
                append(schema->children[0], out->children[0], item);
            }
        }
        must(ArrowArrayFinishElement(out));
    } else if (json_is_object(value)) {
        for (int64_t i = 0; i < schema->n_children; i++) {
            append(schema->children[i], out->children[i],
                   json_object_get(value, schema->children[i]->name));
        }
        must(ArrowArrayFinishElement(out));
    } else if (json_is_string(value)) {
        struct ArrowStringView text = {json_string_value(value),
                                       (int64_t)json_string_length(value)};
        must(ArrowArrayAppendString(out, text));
    } else if (json_is_boolean(value)) {
        must(ArrowArrayAppendInt(out, json_is_true(value)));
    } else if (json_is_integer(value)) {
        must(ArrowArrayAppendInt(out, json_integer_value(value)));
    } else {
        must(ArrowArrayAppendDouble(out, json_number_value(value)));
    }
}

/* What stands below the nulls of a column: a value of it, odd where that is easy. */
static json_t *below_nulls(const column *col) {
    size_t at;
    json_t *row;
    if (pni_streq(col->format, "u") || pni_streq(col->format, "U")) {
        return json_string(" \xc3\x9c\t X ");
    }
    json_array_foreach(col->rows, at, row) {
        if (!json_is_null(row)) {
            return json_incref(row);
        }
    }
    return NULL;
}

/* Replaces the values of a built column, where they are null, by others that are marked null. */
static void bury(column *col) {
    size_t at;
    json_t *row;
    json_t *below = below_nulls(col);
    struct ArrowBitmap valid;
    if (!below || col->is_scalar) {
        json_decref(below);
        return;
    }
    col->array.release(&col->array);
    must(ArrowArrayInitFromSchema(&col->array, &col->schema, NULL));
    must(ArrowArrayStartAppending(&col->array));
    ArrowBitmapInit(&valid);
    json_array_foreach(col->rows, at, row) {
        append(&col->schema, &col->array, json_is_null(row) ? below : row);
        must(ArrowBitmapAppend(&valid, !json_is_null(row), 1));
    }
    json_decref(below);
    ArrowArraySetValidityBitmap(&col->array, &valid);
    must(ArrowArrayFinishBuildingDefault(&col->array, NULL));
    col->array.null_count = -1;
}

/* The column's rows, with a foreign row before and after when it is to be a slice. */
static void build(column *col, shape how, size_t rows) {
    make_schema(col->format, &col->schema);
    must(ArrowArrayInitFromSchema(&col->array, &col->schema, NULL));
    must(ArrowArrayStartAppending(&col->array));
    bool sliced = how == SLICED && !col->is_scalar;
    size_t count =
        col->is_scalar && !col->is_literal && how == SPREAD ? rows : json_array_size(col->rows);
    if (sliced) {
        append(&col->schema, &col->array, json_array_get(col->rows, count / 2));
    }
    for (size_t i = 0; i < count; i++) {
        append(&col->schema, &col->array, json_array_get(col->rows, col->is_scalar ? 0 : i));
    }
    if (sliced) {
        append(&col->schema, &col->array, NULL);
    }
    must(ArrowArrayFinishBuildingDefault(&col->array, NULL));
    if (sliced) {
        col->array.offset = 1;
        col->array.length -= 2;
        col->array.null_count = -1;
    }
    if (how == BURIED) {
        bury(col);
    }
}

static json_t *value_at(const struct ArrowSchema *schema, const struct ArrowArrayView *view,
                        int64_t row) {
    if (ArrowArrayViewIsNull(view, row)) {
        return json_null();
    }
    switch ((int)view->storage_type) {
    case NANOARROW_TYPE_STRING: {
        struct ArrowStringView text = ArrowArrayViewGetStringUnsafe(view, row);
        return json_stringn(text.data, (size_t)text.size_bytes);
    }
    case NANOARROW_TYPE_BOOL:
        return json_boolean(ArrowArrayViewGetIntUnsafe(view, row));
    case NANOARROW_TYPE_DOUBLE:
        return json_real(ArrowArrayViewGetDoubleUnsafe(view, row));
    case NANOARROW_TYPE_STRUCT: {
        json_t *object = json_object();
        for (int64_t i = 0; i < schema->n_children; i++) {
            json_object_set_new(
                object, schema->children[i]->name,
                value_at(schema->children[i], view->children[i], row + view->offset));
        }
        return object;
    }
    case NANOARROW_TYPE_LIST:
    case NANOARROW_TYPE_MAP: {
        PNI_AUTO(pn_buf) text = PN_BUF_INIT;
        pni_arrow_value_json(schema, view, row, &text);
        return json_loads(pni_buf_text(&text), JSON_DECODE_ANY, NULL);
    }
    default:
        return json_integer(ArrowArrayViewGetIntUnsafe(view, row));
    }
}

static void make_result_schema(const pn_udf *udf, const pn_kernel_call *call,
                               struct ArrowSchema *out) {
    const struct ArrowSchema *schemas[80];
    const struct ArrowArray *literals[80];
    if (udf->return_format) {
        make_schema(udf->return_format, out);
        return;
    }
    for (uint32_t i = 0; i < call->n_args; i++) {
        schemas[i] = call->args[i].schema;
        literals[i] = call->args[i].is_scalar ? call->args[i].array : NULL;
    }
    char message[256] = "";
    T_EQ_INT(
        udf->return_type(udf->ctx, schemas, literals, call->n_args, out, message, sizeof message),
        0);
}

static json_t *read_result(const pn_udf *udf, const struct ArrowSchema *given,
                           struct ArrowArray *array) {
    const struct ArrowSchema schema = *given;
    struct ArrowArrayView view;
    struct ArrowError error = {{0}};
    must(ArrowArrayViewInitFromSchema(&view, &schema, &error));
    int code = ArrowArrayViewSetArray(&view, array, &error);
    if (code != NANOARROW_OK ||
        ArrowArrayViewValidate(&view, NANOARROW_VALIDATION_LEVEL_FULL, &error) != NANOARROW_OK) {
        T_FAIL("%s made a broken array: %s", udf->name, error.message);
    }
    json_t *rows = json_array();
    for (int64_t i = 0; i < array->length; i++) {
        json_array_append_new(rows, value_at(&schema, &view, i));
    }
    ArrowArrayViewReset(&view);
    return rows;
}

static json_t *run(const pn_udf *udf, column *cols, size_t count, shape how, char message[512]) {
    pn_kernel_arg args[80] = {{0}};
    size_t rows = 1;
    bool all_scalar = true;
    for (size_t i = 0; i < count; i++) {
        if (!cols[i].is_scalar) {
            rows = json_array_size(cols[i].rows);
            all_scalar = false;
        }
    }
    for (size_t i = 0; i < count; i++) {
        build(&cols[i], how, rows);
        bool scalar = cols[i].is_scalar && (how != SPREAD || cols[i].is_literal);
        args[i] = (pn_kernel_arg){&cols[i].schema, &cols[i].array, scalar, 0};
    }
    pn_kernel_call call = {sizeof call, (uint32_t)count, sizeof args[0], 0, args, (int64_t)rows,
                           NULL};
    struct ArrowArray out = {0};
    memset(message, 0, 512);
    int32_t result = udf->invoke(udf->ctx, &call, &out, message, 512);
    PNI_AUTO_SCHEMA schema = {0};
    if (result == 0) {
        make_result_schema(udf, &call, &schema);
    }
    for (size_t i = 0; i < count; i++) {
        cols[i].schema.release(&cols[i].schema);
        cols[i].array.release(&cols[i].array);
    }
    if (result != 0) {
        T_ASSERT(out.release == NULL);
        return NULL;
    }
    T_EQ_INT(out.length, all_scalar && how != SPREAD ? 1 : (int64_t)rows);
    json_t *made = read_result(udf, &schema, &out);
    out.release(&out);
    return made;
}

static void open_columns(const pn_udf *udf, column *cols, const udf_arg_text *args, size_t count) {
    T_ASSERT(count <= 70);
    for (size_t i = 0; i < count; i++) {
        bool scalar = args[i].format[0] == '=';
        json_t *value = parse(args[i].json);
        cols[i] = (column){.is_scalar = scalar, .format = args[i].format + (scalar ? 1 : 0)};
        cols[i].is_literal = i < 64 && (udf->literal_args >> i & 1) != 0;
        cols[i].rows = value;
        if (scalar) {
            cols[i].rows = json_array();
            json_array_append_new(cols[i].rows, value);
        }
    }
}

static void close_columns(column *cols, size_t count) {
    for (size_t i = 0; i < count; i++) {
        json_decref(cols[i].rows);
    }
}

const pn_udf *udf_named(const char *name) {
    const pn_plugin *pack = pni_udf_builtin();
    for (uint64_t i = 0; i < pack->n_udfs; i++) {
        const pn_udf *udf = &pack->udfs[i];
        bool found = pni_streq(udf->name, name);
        for (const char *const *alias = udf->aliases; alias && *alias && !found; alias++) {
            found = pni_streq(*alias, name);
        }
        if (found) {
            return udf;
        }
    }
    T_FAIL("there is no built-in function '%s'", name);
}

json_t *udf_call(const pn_udf *udf, const udf_arg_text *args, size_t count, char message[512]) {
    column cols[80];
    open_columns(udf, cols, args, count);
    json_t *made = run(udf, cols, count, PLAIN, message);
    close_columns(cols, count);
    return made;
}

json_t *udf_call_slice(const pn_udf *udf, const struct ArrowSchema *schema,
                       struct ArrowArray *array, int64_t offset, int64_t rows) {
    char message[512] = "";
    struct ArrowArray slice = *array; /* borrowed */
    slice.offset += offset;
    slice.length = rows;
    slice.null_count = -1;
    pn_kernel_arg arg = {schema, &slice, 0, 0};
    pn_kernel_call call = {sizeof call, 1, sizeof arg, 0, &arg, rows, NULL};
    struct ArrowArray out = {0};
    if (udf->invoke(udf->ctx, &call, &out, message, sizeof message) != 0) {
        T_FAIL("%s of a slice: %s", udf->name, message);
    }
    T_EQ_INT(out.length, rows);
    PNI_AUTO_SCHEMA result = {0};
    make_result_schema(udf, &call, &result);
    json_t *made = read_result(udf, &result, &out);
    out.release(&out);
    return made;
}

void udf_make_column(const char *format, const char *json, struct ArrowSchema *schema,
                     struct ArrowArray *array) {
    column col = {.rows = parse(json), .format = format};
    build(&col, PLAIN, 0);
    json_decref(col.rows);
    *schema = col.schema;
    *array = col.array;
}

static void compare(const char *file, int line, const char *what, json_t *got, json_t *want) {
    if (got && json_equal(got, want)) {
        return;
    }
    char *got_text = got ? json_dumps(got, JSON_COMPACT | JSON_SORT_KEYS) : NULL;
    char *want_text = json_dumps(want, JSON_COMPACT | JSON_SORT_KEYS);
    t_fail(file, line, "%s\n#   got  %s\n#   want %s", what, got_text ? got_text : "(failure)",
           want_text);
}

/* The same rows one by one, all arguments scalars. */
static void compare_rows(const char *file, int line, const pn_udf *udf, column *cols, size_t count,
                         const json_t *want) {
    char message[512];
    for (size_t row = 0; row < json_array_size(want); row++) {
        column single[80];
        for (size_t i = 0; i < count; i++) {
            single[i] = cols[i];
            single[i].is_scalar = true;
            single[i].rows = json_array();
            json_array_append(single[i].rows,
                              json_array_get(cols[i].rows, cols[i].is_scalar ? 0 : row));
        }
        json_t *expected = json_array();
        json_array_append(expected, json_array_get(want, row));
        json_t *got = run(udf, single, count, PLAIN, message);
        compare(file, line, got ? "row by row as scalars" : message, got, expected);
        json_decref(got);
        json_decref(expected);
        close_columns(single, count);
    }
}

static void compare_empty(const char *file, int line, const pn_udf *udf, const column *cols,
                          size_t count) {
    char message[512];
    column empty[80];
    bool all_scalar = true;
    for (size_t i = 0; i < count; i++) {
        empty[i] = cols[i];
        empty[i].rows = cols[i].is_scalar ? json_incref(cols[i].rows) : json_array();
        all_scalar = all_scalar && cols[i].is_scalar;
    }
    if (!all_scalar) {
        json_t *nothing = json_array();
        json_t *got = run(udf, empty, count, PLAIN, message);
        compare(file, line, got ? "no rows" : message, got, nothing);
        json_decref(got);
        json_decref(nothing);
    }
    close_columns(empty, count);
}

void udf_expect(const char *file, int line, const char *name, const char *expected,
                const udf_arg_text *args, size_t count) {
    static const char *const shapes[] = {"plain columns", "slices", "scalars spread into columns",
                                         "values below nulls"};
    char message[512];
    const pn_udf *udf = udf_named(name);
    column cols[80];
    json_t *want = parse(expected);
    open_columns(udf, cols, args, count);
    for (shape how = PLAIN; how < SHAPES; how++) {
        json_t *got = run(udf, cols, count, how, message);
        compare(file, line, got ? shapes[how] : message, got, want);
        json_decref(got);
    }
    compare_rows(file, line, udf, cols, count, want);
    compare_empty(file, line, udf, cols, count);
    close_columns(cols, count);
    json_decref(want);
}

void udf_expect_failure(const char *file, int line, const char *name, const char *part,
                        const udf_arg_text *args, size_t count) {
    char message[512];
    json_t *got = udf_call(udf_named(name), args, count, message);
    if (got || !strstr(message, part)) {
        t_fail(file, line, "%s: wanted a failure that says '%s', got '%s'", name, part,
               got ? "a result" : message);
    }
}
