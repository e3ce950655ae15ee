/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The text functions of SQL over text.c. Options (form, casefold, collapse_ws) are meant to be
 * constants, but are read per row like any argument, so a column works as well; a null option is
 * its default.
 */
#include "udf/builtin/kernel_priv.h"

static int32_t append_text_or_null(udf_frame *frame, struct ArrowArray *out, pni_str text) {
    if (text.len == 0) {
        return pni_udf_append(frame, ArrowArrayAppendNull(out, 1));
    }
    return pni_udf_append(frame, ArrowArrayAppendString(out, udf_view(text.data, text.len)));
}

static int32_t null_if_blank_rows(udf_frame *frame, struct ArrowArray *out) {
    for (int64_t row = 0; row < frame->rows; row++) {
        pni_str text = PNI_STR("");
        if (!udf_null(frame, 0, row)) {
            text = pni_udf_trim(udf_str(frame, 0, row));
        }
        UDF_TRY(append_text_or_null(frame, out, text));
    }
    return 0;
}

static int32_t normalize_rows(udf_frame *frame, struct ArrowArray *out) {
    udf_scratch scratch = {0};
    PNI_AUTO(pn_buf) made = PN_BUF_INIT;
    int32_t result = 0;
    for (int64_t row = 0; row < frame->rows && result == 0; row++) {
        pni_str text = PNI_STR("");
        if (!udf_null(frame, 0, row)) {
            udf_normal how = {
                .form =
                    udf_null(frame, 1, row) ? UDF_NFKC : pni_udf_form_of(udf_str(frame, 1, row)),
                .lower = udf_flag(frame, 2, row, true),
                .collapse = udf_flag(frame, 3, row, true),
            };
            text = pni_udf_normalize(udf_str(frame, 0, row), how, &scratch, &made);
        }
        result = append_text_or_null(frame, out, text);
    }
    pni_udf_scratch_dispose(&scratch);
    return result;
}

/* Symbol alone when it is qualified already or there is no module; `name` holds the result. */
static void qualify(const udf_frame *frame, int64_t row, udf_scratch *scratch, pn_buf *made,
                    pn_buf *name) {
    const udf_normal how = {UDF_NFKC, true, true};
    pni_buf_clear(name);
    if (udf_null(frame, 0, row)) {
        return;
    }
    pni_str symbol = pni_udf_normalize(udf_str(frame, 0, row), how, scratch, made);
    bool complete = symbol.len == 0 || memchr(symbol.data, '.', symbol.len);
    if (!complete && !udf_null(frame, 1, row)) {
        pni_str module = pni_udf_normalize(udf_str(frame, 1, row), how, scratch, &scratch->second);
        if (module.len > 0) {
            pni_buf_append(name, module.data, module.len);
            pni_buf_putc(name, '.');
        }
    }
    pni_buf_append(name, symbol.data, symbol.len);
}

static int32_t qname_rows(udf_frame *frame, struct ArrowArray *out) {
    udf_scratch scratch = {0};
    PNI_AUTO(pn_buf) made = PN_BUF_INIT;
    PNI_AUTO(pn_buf) name = PN_BUF_INIT;
    int32_t result = 0;
    for (int64_t row = 0; row < frame->rows && result == 0; row++) {
        qualify(frame, row, &scratch, &made, &name);
        pni_str text = {pni_buf_text(&name), name.len};
        result = append_text_or_null(frame, out, text);
    }
    pni_udf_scratch_dispose(&scratch);
    return result;
}

static const pn_udf functions[] = {
    {UDF_FUNCTION("utf8_normalize", NANOARROW_TYPE_STRING, normalize_rows),
     UDF_ALIASES("normalize_utf8"), UDF_EXACT(1, "s", "s", "b", "b"),
     UDF_NAMES("value", "form", "casefold", "collapse_ws"), .return_format = "u",
     .rewrite_tags = "string,string_norm", .body_version = "1",
     .description = "Trims and brings a text to a Unicode normal form, lower case and single "
                    "spaces; empty gives null."},
    {UDF_FUNCTION("utf8_null_if_blank", NANOARROW_TYPE_STRING, null_if_blank_rows),
     UDF_ALIASES("null_if_blank"), UDF_EXACT(1, "s"), UDF_NAMES("value"), .return_format = "u",
     .rewrite_tags = "string,string_norm", .body_version = "1",
     .description = "Trims a text; null when nothing is left."},
    {UDF_FUNCTION("qname_normalize", NANOARROW_TYPE_STRING, qname_rows),
     UDF_ALIASES("qualname_normalize"), UDF_EXACT(1, "s", "s", "s"),
     UDF_NAMES("symbol", "module", "lang"), .return_format = "u",
     .rewrite_tags = "string,string_norm,symbol", .body_version = "1",
     .description = "A symbol qualified by its module, both normalised; a dotted symbol stays "
                    "alone."},
};

udf_table pni_udf_table_text(void) {
    return (udf_table){functions, sizeof functions / sizeof functions[0]};
}
