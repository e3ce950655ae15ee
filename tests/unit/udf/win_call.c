#include "win_call.h"

#include "t.h"
#include "udf/udf.h"

static void must(int code) {
    T_EQ_INT(code, NANOARROW_OK);
}

const pn_window *win_named(const char *name) {
    const pn_plugin *pack = pni_udf_builtin();
    for (uint64_t i = 0; i < pack->n_windows; i++) {
        if (pni_streq(pack->windows[i].function->name, name)) {
            return &pack->windows[i];
        }
    }
    T_FAIL("there is no built-in window function '%s'", name);
}

static json_t *read_result(const pn_udf *udf, const struct ArrowArray *array) {
    PNI_AUTO_SCHEMA schema = {0};
    char message[64];
    if (udf->return_format) {
        ArrowSchemaInit(&schema);
        must(ArrowSchemaSetFormat(&schema, udf->return_format));
        must(ArrowSchemaSetName(&schema, ""));
    } else {
        must(udf->return_type(udf->ctx, NULL, NULL, 0, &schema, message, sizeof message));
    }
    struct ArrowArrayView view;
    must(ArrowArrayViewInitFromSchema(&view, &schema, NULL));
    must(ArrowArrayViewSetArray(&view, array, NULL));
    must(ArrowArrayViewValidate(&view, NANOARROW_VALIDATION_LEVEL_FULL, NULL));
    json_t *rows = json_array();
    for (int64_t i = 0; i < array->length; i++) {
        PNI_AUTO(pn_buf) text = PN_BUF_INIT;
        pni_arrow_value_json(&schema, &view, i, &text);
        json_array_append_new(rows, json_loads(pni_buf_text(&text), JSON_DECODE_ANY, NULL));
    }
    ArrowArrayViewReset(&view);
    return rows;
}

json_t *win_call(const pn_window *window, const char *columns, const json_t *rows,
                 uint64_t scalar_mask, char message[256]) {
    pn_error err = PN_ERROR_INIT;
    PNI_AUTO_SCHEMA schema = {0};
    PNI_AUTO_ARRAY batch = {0};
    PNI_AUTO_ARRAY out = {0};
    PNI_AUTO_PTR(json_t) fields = json_loads(columns, 0, NULL);
    T_ASSERT(fields != NULL);
    T_OK(pni_arrow_schema_from_json(fields, &schema, &err), &err);
    T_OK(pni_arrow_batch_from_json(rows, &schema, &batch, &err), &err);
    pn_kernel_arg args[12] = {{0}};
    for (int64_t i = 0; i < schema.n_children; i++) {
        args[i] = (pn_kernel_arg){schema.children[i], batch.children[i],
                                  batch.length > 0 && (scalar_mask >> i & 1) != 0, 0};
    }
    pn_kernel_call call = {
        sizeof call, (uint32_t)schema.n_children, sizeof args[0], 0, args, batch.length, NULL};
    pn_window_call over = {.struct_size = sizeof over, .call = &call};
    message[0] = '\0';
    if (window->evaluate(window->function->ctx, &over, &out, message, 256) != 0) {
        T_ASSERT(out.release == NULL);
        return NULL;
    }
    T_EQ_INT(out.length, batch.length);
    return read_result(window->function, &out);
}
