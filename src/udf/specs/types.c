/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Types of functions: as text for snapshots, and as an Arrow type that stands for what a declared
 * format takes. The text is that of the specification (string, int64, float64, list<…>,
 * struct<name:type,…>, map<k,v>, decimal(p,s)); the three encodings of strings are one type there.
 */
#include "udf/udf_priv.h"

static const struct {
    const char *format, *text;
} flat[] = {{"n", "null"},    {"b", "bool"},   {"c", "int8"},    {"C", "uint8"},
            {"s", "int16"},   {"S", "uint16"}, {"i", "int32"},   {"I", "uint32"},
            {"l", "int64"},   {"L", "uint64"}, {"e", "float16"}, {"f", "float32"},
            {"g", "float64"}, {"u", "string"}, {"U", "string"},  {"vu", "string"},
            {"z", "binary"},  {"Z", "binary"}, {"vz", "binary"}, {"tdD", "date32"},
            {"tdm", "date64"}};

/* What arg_formats say beyond Arrow's own formats. */
static const struct {
    const char *format, *text, *sample; /* sample: an Arrow format; NULL = nested, made below */
} classes[] = {{"*", "any", "u"},           {"s", "string", "u"},      {"t", "any", "u"},
               {"g", "float64", "g"},       {"+l", "list<any>", NULL}, {"+s", "struct", NULL},
               {"+m", "map<any,any>", NULL}};

static void put_members(const struct ArrowSchema *type, bool named, pn_buf *out) {
    for (int64_t i = 0; i < type->n_children; i++) {
        pni_buf_puts(out, i ? "," : "");
        if (named) {
            pni_buf_printf(out, "%s:", type->children[i]->name ? type->children[i]->name : "");
        }
        pni_udf_type_text(type->children[i], out);
    }
}

/* Dates with a unit, times, durations: in the spelling of Arrow, in lower case. */
static void put_other(const struct ArrowSchema *type, pn_buf *out) {
    PNI_AUTO(pn_buf) text = PN_BUF_INIT;
    if (pni_arrow_type_text(type, &text, NULL) != PN_OK) {
        pni_buf_puts(out, "any");
        return;
    }
    for (size_t i = 0; i < text.len; i++) {
        uint8_t byte = text.data[i];
        pni_buf_putc(out, (char)(byte >= 'A' && byte <= 'Z' ? byte + ('a' - 'A') : byte));
    }
}

void pni_udf_type_text(const struct ArrowSchema *type, pn_buf *out) {
    struct ArrowSchemaView view = {0};
    if (type->dictionary) {
        pni_udf_type_text(type->dictionary, out);
        return;
    }
    for (size_t i = 0; i < sizeof flat / sizeof *flat; i++) {
        if (pni_streq(flat[i].format, type->format)) {
            pni_buf_puts(out, flat[i].text);
            return;
        }
    }
    if (ArrowSchemaViewInit(&view, type, NULL) != NANOARROW_OK) {
        pni_buf_puts(out, "any");
    } else if (view.type == NANOARROW_TYPE_STRUCT) {
        pni_buf_puts(out, "struct<");
        put_members(type, true, out);
        pni_buf_putc(out, '>');
    } else if (view.type == NANOARROW_TYPE_MAP) {
        pni_buf_puts(out, "map<");
        put_members(type->children[0], false, out);
        pni_buf_putc(out, '>');
    } else if (pni_starts_with(type->format, "+") && type->n_children == 1) {
        pni_buf_puts(out, "list<");
        put_members(type, false, out);
        pni_buf_putc(out, '>');
    } else if (pni_starts_with(type->format, "d:")) {
        pni_buf_printf(out, "decimal(%d,%d)", view.decimal_precision, view.decimal_scale);
    } else {
        put_other(type, out);
    }
}

void pni_udf_format_text(const char *format, pn_buf *out) {
    PNI_AUTO_SCHEMA type = {0};
    for (size_t i = 0; i < sizeof classes / sizeof *classes; i++) {
        if (pni_streq(classes[i].format, format)) {
            pni_buf_puts(out, classes[i].text);
            return;
        }
    }
    if (pni_udf_sample_type(format, PNI_SAMPLE_TEXT, &type)) {
        pni_udf_type_text(&type, out);
    } else {
        pni_buf_puts(out, "any");
    }
}

static bool sample_nested(char kind, struct ArrowSchema *type) {
    if (kind == 'l') {
        return ArrowSchemaSetType(type, NANOARROW_TYPE_LIST) == NANOARROW_OK &&
               ArrowSchemaSetType(type->children[0], NANOARROW_TYPE_STRING) == NANOARROW_OK;
    }
    if (kind == 'm') {
        return ArrowSchemaSetType(type, NANOARROW_TYPE_MAP) == NANOARROW_OK &&
               ArrowSchemaSetType(type->children[0]->children[0], NANOARROW_TYPE_STRING) ==
                   NANOARROW_OK &&
               ArrowSchemaSetType(type->children[0]->children[1], NANOARROW_TYPE_STRING) ==
                   NANOARROW_OK;
    }
    return ArrowSchemaSetTypeStruct(type, 1) == NANOARROW_OK &&
           ArrowSchemaSetType(type->children[0], NANOARROW_TYPE_INT64) == NANOARROW_OK &&
           ArrowSchemaSetName(type->children[0], "value") == NANOARROW_OK;
}

bool pni_udf_sample_type(const char *format, pni_sample sample, struct ArrowSchema *type) {
    bool is_any = pni_streq(format, "*") || pni_streq(format, "t");
    ArrowSchemaInit(type);
    if (is_any && sample == PNI_SAMPLE_NUMBER) {
        return ArrowSchemaSetType(type, NANOARROW_TYPE_INT64) == NANOARROW_OK;
    }
    for (size_t i = 0; i < sizeof classes / sizeof *classes; i++) {
        if (pni_streq(classes[i].format, format)) {
            return classes[i].sample ? ArrowSchemaSetFormat(type, classes[i].sample) == NANOARROW_OK
                                     : sample_nested(format[1], type);
        }
    }
    return ArrowSchemaSetFormat(type, format[0] == '=' ? format + 1 : format) == NANOARROW_OK;
}
