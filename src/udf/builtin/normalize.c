/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The text functions of SQL over text.c. Options (form, casefold, collapse_ws) that a call leaves
 * out come from settings, as literals in the plan; a null one is what the settings are by
 * themselves.
 */
#include "udf/builtin/out_priv.h"

static int put_text_or_null(udf_texts *out, pni_str text) {
    return text.len == 0 ? udf_text_null(out) : udf_text_add(out, text);
}

static int32_t null_if_blank_rows(udf_frame *frame, struct ArrowArray *out) {
    udf_texts texts;
    int code = pni_udf_texts_begin(frame, out, &texts);
    for (int64_t row = 0; row < frame->rows && code == NANOARROW_OK; row++) {
        pni_str text = PNI_STR("");
        if (!udf_null(frame, 0, row)) {
            text = udf_trim(udf_str(frame, 0, row));
        }
        code = put_text_or_null(&texts, text);
    }
    UDF_TRY(pni_udf_append(frame, code));
    pni_udf_texts_end(&texts);
    return 0;
}

/* How row `row` is to be normalised. */
static udf_normal normal_of(const udf_frame *frame, int64_t row) {
    return (udf_normal){
        .form = udf_null(frame, 1, row) ? UDF_NFKC : pni_udf_form_of(udf_str(frame, 1, row)),
        .lower = udf_flag(frame, 2, row, true),
        .collapse = udf_flag(frame, 3, row, true),
    };
}

/* Options are literals nearly always: then they are read once. */
static bool same_for_all_rows(const udf_frame *frame) {
    for (uint32_t arg = 1; arg < frame->count; arg++) {
        if (frame->cols[arg].step != 0) {
            return false;
        }
    }
    return frame->rows > 0;
}

static int32_t normalize_rows(udf_frame *frame, struct ArrowArray *out) {
    udf_scratch scratch = {0};
    PNI_AUTO(pn_buf) made = PN_BUF_INIT;
    udf_texts texts;
    bool same = same_for_all_rows(frame);
    udf_normal how = same ? normal_of(frame, 0) : (udf_normal){0};
    int code = pni_udf_texts_begin(frame, out, &texts);
    for (int64_t row = 0; row < frame->rows && code == NANOARROW_OK; row++) {
        pni_str text = PNI_STR("");
        if (!udf_null(frame, 0, row)) {
            how = same ? how : normal_of(frame, row);
            text = pni_udf_normalize(udf_str(frame, 0, row), how, &scratch, &made);
        }
        code = put_text_or_null(&texts, text);
    }
    pni_udf_scratch_dispose(&scratch);
    UDF_TRY(pni_udf_append(frame, code));
    pni_udf_texts_end(&texts);
    return 0;
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
            udf_append(name, module);
            udf_append(name, PNI_STR("."));
        }
    }
    udf_append(name, symbol);
}

static int32_t qname_rows(udf_frame *frame, struct ArrowArray *out) {
    udf_scratch scratch = {0};
    PNI_AUTO(pn_buf) made = PN_BUF_INIT;
    PNI_AUTO(pn_buf) name = PN_BUF_INIT;
    udf_texts texts;
    int code = pni_udf_texts_begin(frame, out, &texts);
    for (int64_t row = 0; row < frame->rows && code == NANOARROW_OK; row++) {
        qualify(frame, row, &scratch, &made, &name);
        code = put_text_or_null(&texts, (pni_str){(const char *)name.data, name.len});
    }
    pni_udf_scratch_dispose(&scratch);
    UDF_TRY(pni_udf_append(frame, code));
    pni_udf_texts_end(&texts);
    return 0;
}

static const pn_udf functions[] = {
    {UDF_FUNCTION("utf8_normalize", NANOARROW_TYPE_STRING, normalize_rows),
     UDF_ALIASES("normalize_utf8"), UDF_EXACT(1, "s", "s", "b", "b"),
     UDF_NAMES("value", "form", "casefold", "collapse_ws"),
     UDF_DEFAULTS(UDF_OPTION("utf8_normalize_form"), UDF_OPTION("utf8_normalize_casefold"),
                  UDF_OPTION("utf8_normalize_collapse_ws")),
     .return_format = "u", .rewrite_tags = "string,string_norm", .body_version = "1" UDF_UNICODE,
     .literal_args = 1 << 1 | 1 << 2 | 1 << 3,
     .description = "Trims and brings a text to a Unicode normal form, lower case and single "
                    "spaces; empty gives null."},
    {UDF_FUNCTION("utf8_null_if_blank", NANOARROW_TYPE_STRING, null_if_blank_rows),
     UDF_ALIASES("null_if_blank"), UDF_EXACT(1, "s"), UDF_NAMES("value"), .return_format = "u",
     .rewrite_tags = "string,string_norm", .body_version = "1",
     .description = "Trims a text; null when nothing is left."},
    {UDF_FUNCTION("qname_normalize", NANOARROW_TYPE_STRING, qname_rows),
     UDF_ALIASES("qualname_normalize"), UDF_EXACT(1, "s", "s", "s"),
     UDF_NAMES("symbol", "module", "lang"), .return_format = "u",
     .rewrite_tags = "string,string_norm,symbol", .body_version = "1" UDF_UNICODE,
     .description = "A symbol qualified by its module, both normalised; a dotted symbol stays "
                    "alone."},
};

udf_table pni_udf_table_text(void) {
    return (udf_table){functions, sizeof functions / sizeof functions[0]};
}
