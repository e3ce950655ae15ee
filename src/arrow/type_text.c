/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Types as text, in the spelling of Arrow and DataFusion, and the one spelling of a format string.
 *
 * What is written here is what type_parse.c reads: the text of a type parses back to the same type,
 * names, nullability and ordering flags of its members included. Metadata and extension names are
 * not part of it.
 */
#include "arrow/arrow_priv.h"

#include <stdlib.h>
#include <strings.h>

static const struct {
    const char *format;
    const char *text;
} simple[] = {
    {"n", "Null"},
    {"b", "Boolean"},
    {"c", "Int8"},
    {"C", "UInt8"},
    {"s", "Int16"},
    {"S", "UInt16"},
    {"i", "Int32"},
    {"I", "UInt32"},
    {"l", "Int64"},
    {"L", "UInt64"},
    {"e", "Float16"},
    {"f", "Float32"},
    {"g", "Float64"},
    {"u", "Utf8"},
    {"U", "LargeUtf8"},
    {"vu", "Utf8View"},
    {"z", "Binary"},
    {"Z", "LargeBinary"},
    {"vz", "BinaryView"},
    {"tdD", "Date32"},
    {"tdm", "Date64"},
    {"tts", "Time32(s)"},
    {"ttm", "Time32(ms)"},
    {"ttu", "Time64(us)"},
    {"ttn", "Time64(ns)"},
    {"tDs", "Duration(s)"},
    {"tDm", "Duration(ms)"},
    {"tDu", "Duration(us)"},
    {"tDn", "Duration(ns)"},
    {"tiM", "Interval(YearMonth)"},
    {"tiD", "Interval(DayTime)"},
    {"tin", "Interval(MonthDayNano)"},
};

const char *pni_arrow_simple_text(const char *format) {
    for (size_t i = 0; i < sizeof simple / sizeof simple[0]; i++) {
        if (strcmp(simple[i].format, format) == 0) {
            return simple[i].text;
        }
    }
    return NULL;
}

const char *pni_arrow_simple_format(const char *lowercase) {
    for (size_t i = 0; i < sizeof simple / sizeof simple[0]; i++) {
        if (strcasecmp(simple[i].text, lowercase) == 0) {
            return simple[i].format;
        }
    }
    return NULL;
}

pn_status pni_arrow_view_of(const struct ArrowSchema *field, struct ArrowSchemaView *view_out,
                            pn_error *err) {
    struct ArrowError story = {{0}};
    *view_out = (struct ArrowSchemaView){0};
    if (field && field->release && ArrowSchemaViewInit(view_out, field, &story) == NANOARROW_OK) {
        return PN_OK;
    }
    char name[72];
    pn_status status = pni_fail(err, PNI_E_ARROW_SCHEMA, "field '%s' has no valid Arrow type",
                                pni_name_short(field && field->release ? field->name : NULL, name));
    pni_error_detail(err, "%s", story.message[0] ? story.message : "The schema was released.");
    return status;
}

pn_status pni_arrow_check(const struct ArrowSchema *field, int depth, pn_error *err) {
    if (depth > ARROW_MAX_DEPTH) {
        return pni_arrow_too_deep(err);
    }
    struct ArrowSchemaView view;
    PNI_TRY(pni_arrow_view_of(field, &view, err));
    for (int64_t i = 0; i < field->n_children; i++) {
        PNI_TRY(pni_arrow_check(field->children[i], depth + 1, err));
    }
    return field->dictionary ? pni_arrow_check(field->dictionary, depth + 1, err) : PN_OK;
}

pn_status pni_arrow_too_deep(pn_error *err) {
    return pni_fail(err, PNI_E_ARROW_DEPTH, "a type is nested more than %d levels deep",
                    ARROW_MAX_DEPTH);
}

void pni_arrow_format(const struct ArrowSchemaView *view, pn_buf *out) {
    const char *format = view->schema->format;
    if (format[0] == 'd') {
        pni_buf_printf(out, "d:%d,%d", (int)view->decimal_precision, (int)view->decimal_scale);
        if (view->decimal_bitwidth != 128) {
            pni_buf_printf(out, ",%d", (int)view->decimal_bitwidth);
        }
    } else if (format[0] == 'w') {
        pni_buf_printf(out, "w:%d", (int)view->fixed_size);
    } else if (strncmp(format, "+w", 2) == 0) {
        pni_buf_printf(out, "+w:%d", (int)view->fixed_size);
    } else {
        pni_buf_puts(out, format);
    }
}

static pn_status put_type(const struct ArrowSchema *field, int depth, pn_buf *out, pn_error *err);

static void put_name(const char *name, pn_buf *out) {
    const char *text = name ? name : "";
    bool plain = text[0] != '\0' && !(text[0] >= '0' && text[0] <= '9');
    for (const char *p = text; *p && plain; p++) {
        plain = (*p >= 'a' && *p <= 'z') || (*p >= 'A' && *p <= 'Z') || (*p >= '0' && *p <= '9') ||
                *p == '_';
    }
    if (plain) {
        pni_buf_puts(out, text);
        return;
    }
    pni_buf_putc(out, '"');
    for (const char *p = text; *p; p++) {
        if (*p == '"') {
            pni_buf_putc(out, '"');
        }
        pni_buf_putc(out, *p);
    }
    pni_buf_putc(out, '"');
}

static pn_status put_member(const struct ArrowSchema *field, int depth, pn_buf *out,
                            pn_error *err) {
    put_name(field->name, out);
    pni_buf_puts(out, ": ");
    PNI_TRY(put_type(field, depth + 1, out, err));
    if (!(field->flags & ARROW_FLAG_NULLABLE)) {
        pni_buf_puts(out, " not null");
    }
    return PN_OK;
}

/* `ids` is the list of union type ids, or NULL. */
static pn_status put_members(const struct ArrowSchema *field, const char *ids, int depth,
                             pn_buf *out, pn_error *err) {
    for (int64_t i = 0; i < field->n_children; i++) {
        if (i > 0) {
            pni_buf_puts(out, ", ");
        }
        if (ids) {
            size_t len = strcspn(ids, ",");
            pni_buf_append(out, ids, len);
            pni_buf_putc(out, ' ');
            ids += len + (ids[len] == ',');
        }
        PNI_TRY(put_member(field->children[i], depth, out, err));
    }
    return PN_OK;
}

/* A map as everybody writes it: entries: Struct<key not null, value> not null. */
static bool is_usual_map(const struct ArrowSchema *field) {
    const struct ArrowSchema *entries = field->children[0];
    return pni_streq(entries->name, "entries") && !(entries->flags & ARROW_FLAG_NULLABLE) &&
           entries->n_children == 2 && !(entries->children[0]->flags & ARROW_FLAG_NULLABLE);
}

static pn_status put_map(const struct ArrowSchema *field, int depth, pn_buf *out, pn_error *err) {
    if (is_usual_map(field)) {
        const struct ArrowSchema *key = field->children[0]->children[0];
        put_name(key->name, out);
        pni_buf_puts(out, ": ");
        PNI_TRY(put_type(key, depth + 2, out, err));
        pni_buf_puts(out, ", ");
        PNI_TRY(put_member(field->children[0]->children[1], depth + 1, out, err));
    } else {
        PNI_TRY(put_member(field->children[0], depth, out, err));
    }
    if (field->flags & ARROW_FLAG_MAP_KEYS_SORTED) {
        pni_buf_puts(out, ", sorted");
    }
    return PN_OK;
}

static pn_status put_dictionary(const struct ArrowSchema *field, int depth, pn_buf *out,
                                pn_error *err) {
    const char *index = pni_arrow_simple_text(field->format);
    pni_buf_printf(out, "Dictionary<%s, ", index ? index : field->format);
    PNI_TRY(put_type(field->dictionary, depth + 1, out, err));
    pni_buf_puts(out, field->flags & ARROW_FLAG_DICTIONARY_ORDERED ? ", ordered>" : ">");
    return PN_OK;
}

static const char *nested_word(enum ArrowType type) {
    __extension__ static const char *const words[] = {
        [NANOARROW_TYPE_LIST] = "List",
        [NANOARROW_TYPE_LARGE_LIST] = "LargeList",
        [NANOARROW_TYPE_LIST_VIEW] = "ListView",
        [NANOARROW_TYPE_LARGE_LIST_VIEW] = "LargeListView",
        [NANOARROW_TYPE_FIXED_SIZE_LIST] = "FixedSizeList",
        [NANOARROW_TYPE_STRUCT] = "Struct",
        [NANOARROW_TYPE_MAP] = "Map",
        [NANOARROW_TYPE_DENSE_UNION] = "DenseUnion",
        [NANOARROW_TYPE_SPARSE_UNION] = "SparseUnion",
        [NANOARROW_TYPE_RUN_END_ENCODED] = "RunEndEncoded",
    };
    return (size_t)type < sizeof words / sizeof words[0] ? words[type] : NULL;
}

static pn_status put_nested(const struct ArrowSchemaView *view, int depth, pn_buf *out,
                            pn_error *err) {
    const struct ArrowSchema *field = view->schema;
    bool is_union =
        view->type == NANOARROW_TYPE_DENSE_UNION || view->type == NANOARROW_TYPE_SPARSE_UNION;
    pni_buf_printf(out, "%s<", nested_word(view->type));
    if (view->type == NANOARROW_TYPE_MAP) {
        PNI_TRY(put_map(field, depth, out, err));
    } else {
        PNI_TRY(put_members(field, is_union ? view->union_type_ids : NULL, depth, out, err));
    }
    if (view->type == NANOARROW_TYPE_FIXED_SIZE_LIST) {
        pni_buf_printf(out, ", %d", (int)view->fixed_size);
    }
    pni_buf_putc(out, '>');
    return PN_OK;
}

static pn_status put_type(const struct ArrowSchema *field, int depth, pn_buf *out, pn_error *err) {
    static const char *const units[] = {"s", "ms", "us", "ns"};
    if (depth > ARROW_MAX_DEPTH) {
        return pni_arrow_too_deep(err);
    }
    struct ArrowSchemaView view;
    PNI_TRY(pni_arrow_view_of(field, &view, err));
    if (field->dictionary) {
        return put_dictionary(field, depth, out, err);
    }
    const char *text = pni_arrow_simple_text(field->format);
    if (text) {
        pni_buf_puts(out, text);
    } else if (view.type == NANOARROW_TYPE_TIMESTAMP) {
        pni_buf_printf(out, "Timestamp(%s", units[view.time_unit]);
        pni_buf_printf(out, view.timezone[0] ? ", %s)" : ")", view.timezone);
    } else if (field->format[0] == 'd') {
        pni_buf_printf(out, "Decimal%d(%d, %d)", (int)view.decimal_bitwidth,
                       (int)view.decimal_precision, (int)view.decimal_scale);
    } else if (view.type == NANOARROW_TYPE_FIXED_SIZE_BINARY) {
        pni_buf_printf(out, "FixedSizeBinary(%d)", (int)view.fixed_size);
    } else if (nested_word(view.type)) {
        return put_nested(&view, depth, out, err);
    } else {
        return pni_fail(err, PNI_E_ARROW_SCHEMA, "the Arrow format '%s' is unknown", field->format);
    }
    return PN_OK;
}

pn_status pni_arrow_type_text(const struct ArrowSchema *field, pn_buf *out, pn_error *err) {
    PNI_AUTO(pn_buf) text = PN_BUF_INIT;
    PNI_TRY(put_type(field, 0, &text, err));
    pni_buf_append(out, text.data, text.len);
    return PN_OK;
}
