/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The function that may wait and never does: what goes in comes out, by the way that calls of
 * functions over a network take. It shows whether a session lets such functions run, how it cuts
 * their batches and how long it gives them.
 */
#include "udf/builtin/out_priv.h"

static int32_t echo_rows(udf_frame *frame, struct ArrowArray *out) {
    udf_texts texts;
    int code = pni_udf_texts_begin(frame, out, &texts);
    for (int64_t row = 0; row < frame->rows && code == NANOARROW_OK; row++)
        code = udf_null(frame, 0, row) ? udf_text_null(&texts)
                                       : udf_text_add(&texts, udf_str(frame, 0, row));
    UDF_TRY(pni_udf_append(frame, code));
    pni_udf_texts_end(&texts);
    return 0;
}

static const pn_udf functions[] = {
    {UDF_FUNCTION("async_echo", NANOARROW_TYPE_STRING, echo_rows), UDF_EXACT(1, "s"),
     UDF_NAMES("value"), .return_format = "u", .flags = PN_UDF_ASYNC, .body_version = "1",
     .description = "The text as it is, by the way of functions that may wait."},
};

udf_table pni_udf_table_echo(void) {
    return (udf_table){functions, sizeof functions / sizeof functions[0]};
}
