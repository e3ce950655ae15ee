/*
 * Calls a built-in function on values written as JSON (with ' for ") and compares the result, in
 * every shape in which the engine may pass the same values: plain columns, slices with rows before
 * and after, scalars spread into columns, values below the nulls, row by row as scalars, and no
 * rows at all.
 */
#ifndef PN_TESTS_UDF_CALL_H
#define PN_TESTS_UDF_CALL_H

#include "pinion/plugin.h"

#include "arrow/arrow.h"
#include "base/base.h"
#include "udf/udf.h"

/*
 * format: an Arrow format, "=" before it for a scalar; "span" = struct of bstart, bend,
 * end_exclusive; ":" and a type as people write it, a map's rows then being arrays of [key, value].
 * json: an array of rows, or one value for a scalar.
 */
typedef struct udf_arg_text {
    const char *format;
    const char *json;
} udf_arg_text;

/* One call of one shape; gives the rows as a JSON array, or NULL with the function's message. Owned
 * by the caller. */
json_t *udf_call(const pn_udf *udf, const udf_arg_text *args, size_t count, char message[512]);

const pn_udf *udf_named(const char *name);

/* A column of these rows; the caller releases both. */
void udf_make_column(const char *format, const char *json, struct ArrowSchema *schema,
                     struct ArrowArray *array);
/* Calls a function of one argument on `rows` rows of an array from `offset` on. */
json_t *udf_call_slice(const pn_udf *udf, const struct ArrowSchema *schema,
                       struct ArrowArray *array, int64_t offset, int64_t rows);

void udf_expect(const char *file, int line, const char *name, const char *expected,
                const udf_arg_text *args, size_t count);
void udf_expect_failure(const char *file, int line, const char *name, const char *part,
                        const udf_arg_text *args, size_t count);

#define UDF_ARGS(...)                                                                              \
    (const udf_arg_text[]){__VA_ARGS__},                                                           \
        sizeof((const udf_arg_text[]){__VA_ARGS__}) / sizeof(udf_arg_text)
#define UDF_EXPECT(name, expected, ...)                                                            \
    udf_expect(__FILE__, __LINE__, (name), (expected), UDF_ARGS(__VA_ARGS__))
#define UDF_FAILS(name, part, ...)                                                                 \
    udf_expect_failure(__FILE__, __LINE__, (name), (part), UDF_ARGS(__VA_ARGS__))

#endif
