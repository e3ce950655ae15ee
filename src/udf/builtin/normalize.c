/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The text functions of SQL over text.c. Options (form, casefold, collapse_ws) that a call leaves
 * out come from settings, as literals in the plan; a null one is what the settings are by
 * themselves. Texts stand behind each other in a column, so many plain ones are taken at once, with
 * one pass over their bytes; what takes a text apart is done row by row.
 */
#include "udf/builtin/out_priv.h"

static int put_text_or_null(udf_texts *out, pni_str text) {
    return text.len == 0 ? udf_text_null(out) : udf_text_add(out, text);
}

/* Output that is null wherever the first argument is. */
static int begin_texts(udf_frame *frame, struct ArrowArray *out, udf_texts *texts) {
    NANOARROW_RETURN_NOT_OK(pni_udf_texts_begin(frame, out, texts));
    return pni_udf_nulls_of(&texts->nulls, frame, 0, 1);
}

/* Whether rows with these ends have a graphic ASCII byte at both ends, which none has that is
 * empty. What ends one row and what starts the next stand side by side, so they are looked at as
 * one. */
static bool are_bare(const int32_t *ends, const char *data, int64_t count) {
    bool bare =
        ends[0] < ends[1] && udf_is_graph(data[ends[0]]) && udf_is_graph(data[ends[count] - 1]);
    unsigned graph = 0x8080; /* from '!' on; DEL counts, it is no white space either */
    unsigned high = 0;
    for (int64_t i = 1; i < count && bare; i++) {
        uint16_t pair;
        memcpy(&pair, data + ends[i] - 1, sizeof pair);
        graph &= pair + 0x8080U - 0x2121U;
        high |= pair;
        bare = ends[i] < ends[i + 1];
    }
    return bare && graph == 0x8080 && (high & 0x8080) == 0;
}

/* As are_bare(), but that empty rows may be among them, which become null. */
static int are_trimmed(udf_texts *texts, int64_t count, bool *trimmed) {
    const int32_t *ends = texts->ends + texts->row;
    const char *data = (const char *)texts->data->data;
    *trimmed = true;
    for (int64_t i = 0; i < count; i++) {
        if (ends[i] == ends[i + 1]) {
            NANOARROW_RETURN_NOT_OK(udf_set_null(&texts->nulls, texts->row + i));
        } else if (!udf_is_graph(data[ends[i]]) || !udf_is_graph(data[ends[i + 1] - 1])) {
            *trimmed = false;
        }
    }
    return NANOARROW_OK;
}

/*
 * Takes the next rows of the first argument all at once, when each is to become what it is but for
 * the case of ASCII letters: in lower case with `how`, unchanged without. Else they are as before.
 * The other arguments are scalars, so a scalar here is the only row. The copy comes first: it reads
 * the bytes in their order, and those of the rows after these arrive meanwhile.
 */
static int take_rows(const udf_frame *frame, udf_texts *texts, int64_t count, const udf_normal *how,
                     bool *taken) {
    enum { CACHE_LINE = 64 };
    pni_str span;
    char *room;
    *taken = false;
    if (!pni_udf_texts_span(texts, &frame->cols[0].view, texts->row, count, &span)) {
        return NANOARROW_OK;
    }
    NANOARROW_RETURN_NOT_OK(udf_text_room(texts, span.len + UDF_BLOCK, &room));
    for (size_t i = 0; i < span.len; i += CACHE_LINE) {
        __builtin_prefetch(span.data + span.len + i);
    }
    if (how && !pni_udf_lower_plain(span, how->collapse, room)) {
        return NANOARROW_OK;
    }
    if (!how || !how->lower) {
        memcpy(room, span.data, span.len);
    }
    *taken = are_bare(texts->ends + texts->row, (const char *)texts->data->data, count);
    if (!*taken) {
        NANOARROW_RETURN_NOT_OK(are_trimmed(texts, count, taken));
    }
    if (*taken) {
        udf_texts_took(texts, count, span);
    }
    return NANOARROW_OK;
}

/* The next rows that are looked at together: so few that one odd text among many costs little. */
static int64_t next_rows(const udf_texts *texts) {
    enum { TOGETHER = 128 };
    int64_t left = texts->nulls.rows - texts->row;
    return left < TOGETHER ? left : TOGETHER;
}

static int put_trimmed(const udf_frame *frame, udf_texts *texts, int64_t count) {
    bool taken;
    NANOARROW_RETURN_NOT_OK(take_rows(frame, texts, count, NULL, &taken));
    for (int64_t i = 0; i < count && !taken; i++) {
        bool null = udf_is_set_null(&texts->nulls, texts->row);
        pni_str text = null ? PNI_STR("") : udf_trim(udf_str(frame, 0, texts->row));
        NANOARROW_RETURN_NOT_OK(put_text_or_null(texts, text));
    }
    return NANOARROW_OK;
}

static int32_t null_if_blank_rows(udf_frame *frame, struct ArrowArray *out) {
    udf_texts texts;
    int code = begin_texts(frame, out, &texts);
    while (code == NANOARROW_OK && texts.row < frame->rows) {
        code = put_trimmed(frame, &texts, next_rows(&texts));
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

/* One call of utf8_normalize. */
typedef struct normalizer {
    const udf_frame *frame;
    udf_texts texts;
    udf_normal how; /* of all rows when `same` */
    bool same;
    udf_scratch scratch;
    pn_buf made;
} normalizer;

static int put_normal(normalizer *call, udf_normal how, pni_str text) {
    char *room;
    text = udf_trim(text);
    NANOARROW_RETURN_NOT_OK(udf_text_room(&call->texts, text.len + UDF_BLOCK, &room));
    if (text.len > 0 && how.lower && pni_udf_lower_plain(text, how.collapse, room)) {
        udf_text_done(&call->texts, text.len);
        return NANOARROW_OK;
    }
    return put_text_or_null(&call->texts,
                            pni_udf_normalize(text, how, &call->scratch, &call->made));
}

static int put_normalized(normalizer *call, int64_t count) {
    udf_texts *texts = &call->texts;
    bool taken = false;
    if (call->same) {
        NANOARROW_RETURN_NOT_OK(take_rows(call->frame, texts, count, &call->how, &taken));
    }
    for (int64_t i = 0; i < count && !taken; i++) {
        int64_t row = texts->row;
        if (udf_is_set_null(&texts->nulls, row)) {
            NANOARROW_RETURN_NOT_OK(udf_text_null(texts));
            continue;
        }
        udf_normal how = call->same ? call->how : normal_of(call->frame, row);
        NANOARROW_RETURN_NOT_OK(put_normal(call, how, udf_str(call->frame, 0, row)));
    }
    return NANOARROW_OK;
}

static int32_t normalize_rows(udf_frame *frame, struct ArrowArray *out) {
    normalizer call = {.frame = frame, .same = same_for_all_rows(frame), .made = PN_BUF_INIT};
    call.how = call.same ? normal_of(frame, 0) : (udf_normal){0};
    int code = begin_texts(frame, out, &call.texts);
    while (code == NANOARROW_OK && call.texts.row < frame->rows) {
        code = put_normalized(&call, next_rows(&call.texts));
    }
    pni_udf_scratch_dispose(&call.scratch);
    pn_buf_dispose(&call.made);
    UDF_TRY(pni_udf_append(frame, code));
    pni_udf_texts_end(&call.texts);
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
