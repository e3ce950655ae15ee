/* SPDX-License-Identifier: Apache-2.0 */
/* Shared by the cases of this module: schemas from type texts, batches from JSON texts, columns
 * printed. */
#ifndef PN_TESTS_UNIT_ARROW_FIXTURES_H
#define PN_TESTS_UNIT_ARROW_FIXTURES_H

#include "arrow/arrow_priv.h"
#include "t.h"

/* A struct schema with one column "c" of the type. */
static inline void schema_of(const char *type, struct ArrowSchema *out) {
    pn_error err = PN_ERROR_INIT;
    ArrowSchemaInit(out);
    T_ASSERT(ArrowSchemaSetTypeStruct(out, 1) == NANOARROW_OK);
    out->children[0]->release(out->children[0]);
    T_OK(pni_arrow_type_parse(type, out->children[0], &err), &err);
    T_ASSERT(ArrowSchemaSetName(out->children[0], "c") == NANOARROW_OK);
}

static inline json_t *json_of(const char *text) {
    pn_error err = PN_ERROR_INIT;
    json_t *value = NULL;
    T_OK(pni_json_parse(text, strlen(text), "test", &value, &err), &err);
    return value;
}

/* Rows as arrays by position, e.g. "[[1],[null]]". */
static inline pn_status batch_of(const char *rows, const struct ArrowSchema *schema,
                                 struct ArrowArray *out, pn_error *err) {
    PNI_AUTO_PTR(json_t) json = json_of(rows);
    return pni_arrow_batch_from_json(json, schema, out, err);
}

static inline void view_of_batch(const struct ArrowSchema *schema, const struct ArrowArray *batch,
                                 struct ArrowArrayView *view) {
    struct ArrowError story = {{0}};
    T_ASSERT(ArrowArrayViewInitFromSchema(view, schema, &story) == NANOARROW_OK);
    if (ArrowArrayViewSetArray(view, batch, &story) != NANOARROW_OK ||
        ArrowArrayViewValidate(view, NANOARROW_VALIDATION_LEVEL_FULL, &story) != NANOARROW_OK) {
        T_FAIL("%s", story.message);
    }
}

/* Prints column 0 of a batch as [[v],[v],…], or its texts joined by '|'. */
static inline void print_column(const struct ArrowSchema *schema, const struct ArrowArray *batch,
                                bool json, pn_buf *out) {
    struct ArrowArrayView view;
    view_of_batch(schema, batch, &view);
    pni_buf_puts(out, json ? "[" : "");
    for (int64_t row = 0; row < batch->length; row++) {
        int64_t at = row + view.offset;
        if (json) {
            pni_buf_puts(out, row ? ",[" : "[");
            pni_arrow_value_json(schema->children[0], view.children[0], at, out);
            pni_buf_putc(out, ']');
        } else {
            pni_buf_puts(out, row ? "|" : "");
            pni_arrow_value_text(schema->children[0], view.children[0], at, out);
        }
    }
    pni_buf_puts(out, json ? "]" : "");
    ArrowArrayViewReset(&view);
}

/* Builds rows of one column, prints them as JSON and as text, compares; returns with nothing owned.
 */
static inline void expect_rows(const char *type, const char *rows, const char *json,
                               const char *text) {
    pn_error err = PN_ERROR_INIT;
    PNI_AUTO_SCHEMA schema = {0};
    PNI_AUTO_ARRAY batch = {0};
    PNI_AUTO(pn_buf) as_json = PN_BUF_INIT;
    PNI_AUTO(pn_buf) as_text = PN_BUF_INIT;
    schema_of(type, &schema);
    T_OK(batch_of(rows, &schema, &batch, &err), &err);
    print_column(&schema, &batch, true, &as_json);
    T_EQ_STR(pni_buf_text(&as_json), json);
    print_column(&schema, &batch, false, &as_text);
    T_EQ_STR(pni_buf_text(&as_text), text);
    PNI_AUTO_PTR(json_t)
    parsed = json_loads(pni_buf_text(&as_json), JSON_DECODE_INT_AS_REAL, NULL);
    T_ASSERT(json_is_array(parsed));
}

/* What is printed as JSON builds the same rows again. */
static inline void expect_same(const char *type, const char *rows, const char *text) {
    expect_rows(type, rows, rows, text);
}

/* The rows are refused with ARROW_ROWS and a message that ends so. */
static inline void expect_refused(const char *type, const char *rows, const char *message) {
    pn_error err = PN_ERROR_INIT;
    PNI_AUTO_SCHEMA schema = {0};
    PNI_AUTO_ARRAY batch = {0};
    schema_of(type, &schema);
    T_STATUS(batch_of(rows, &schema, &batch, &err), PN_SCHEMA, &err);
    T_EQ_INT(err.number, PNI_E_ARROW_ROWS);
    T_EQ_STR(err.message, message);
    T_ASSERT(batch.release == NULL);
}

#endif
