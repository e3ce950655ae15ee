/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One value as text or as JSON. The format string of the field is the dispatch, so printing a cell
 * parses no schema.
 *
 * JSON is valid for every value: numbers and booleans are bare, decimals too (exact digits),
 * not-a-number and the infinities are the strings "NaN", "Infinity" and "-Infinity", binary is
 * lower-case hex, times are the strings of calendar.c, a map with text keys is an object and any
 * other map an array of pairs, a union is {"member": value}, and bytes of a text column that are
 * not UTF-8 become U+FFFD. Text differs at the top only: strings are bare, null is NULL, a union is
 * its value; what is nested is printed as JSON.
 */
#include "arrow/arrow_priv.h"

#include <math.h>
#include <stdlib.h>

typedef struct cell {
    const struct ArrowSchema *field;
    const struct ArrowArrayView *view;
    int64_t row; /* logical: the view adds its own offset */
} cell;

/* The physical row of a run-end encoded array: the first run that ends behind the row. */
static int64_t run_of(const struct ArrowArrayView *view, int64_t row) {
    const struct ArrowArrayView *ends = view->children[0];
    int64_t wanted = view->offset + row;
    int64_t low = 0;
    int64_t high = ends->length;
    while (low < high) {
        int64_t mid = low + (high - low) / 2;
        if (ArrowArrayViewGetIntUnsafe(ends, mid) <= wanted) {
            low = mid + 1;
        } else {
            high = mid;
        }
    }
    return low;
}

/* Follows dictionaries, runs and (unless `stop_at_union`) unions to the value that is meant. */
static cell resolve(cell c, bool stop_at_union) {
    for (;;) {
        if (c.field->dictionary) {
            if (ArrowArrayViewIsNull(c.view, c.row)) {
                return c;
            }
            c = (cell){c.field->dictionary, c.view->dictionary,
                       ArrowArrayViewGetIntUnsafe(c.view, c.row)};
        } else if (strcmp(c.field->format, "+r") == 0) {
            c = (cell){c.field->children[1], c.view->children[1], run_of(c.view, c.row)};
        } else if (strncmp(c.field->format, "+u", 2) == 0 && !stop_at_union) {
            int8_t child = ArrowArrayViewUnionChildIndex(c.view, c.row);
            c = (cell){c.field->children[child], c.view->children[child],
                       ArrowArrayViewUnionChildOffset(c.view, c.row)};
        } else {
            return c;
        }
    }
}

bool pni_arrow_value_is_null(const struct ArrowSchema *field, const struct ArrowArrayView *view,
                             int64_t row) {
    cell c = resolve((cell){field, view, row}, false);
    return ArrowArrayViewIsNull(c.view, c.row);
}

static void put_hex(struct ArrowBufferView bytes, pn_buf *out) {
    static const char hex[] = "0123456789abcdef";
    for (int64_t i = 0; i < bytes.size_bytes; i++) {
        pni_buf_putc(out, hex[bytes.data.as_uint8[i] >> 4]);
        pni_buf_putc(out, hex[bytes.data.as_uint8[i] & 15]);
    }
}

/* Copies text; each byte that starts no code point becomes U+FFFD. */
static void put_repaired(const char *data, size_t len, pn_buf *out) {
    for (size_t at = 0; at < len;) {
        size_t step = 1;
        while (step < 4 && step < len - at && !pni_utf8_valid(data + at, step)) {
            step++;
        }
        if (pni_utf8_valid(data + at, step)) {
            pni_buf_append(out, data + at, step);
            at += step;
        } else {
            pni_buf_puts(out, "\xEF\xBF\xBD");
            at++;
        }
    }
}

static void put_json_string(struct ArrowStringView text, pn_buf *out) {
    size_t len = (size_t)text.size_bytes;
    if (pni_utf8_valid(text.data, len)) {
        pni_json_quote(out, len ? text.data : "", len);
        return;
    }
    PNI_AUTO(pn_buf) repaired = PN_BUF_INIT;
    put_repaired(text.data, len, &repaired);
    pni_json_quote(out, pni_buf_text(&repaired), repaired.len);
}

/* True when the text stands for a JSON number. */
static bool put_floating(const cell *c, pn_buf *out) {
    double value = ArrowArrayViewGetDoubleUnsafe(c->view, c->row);
    if (isnan(value)) {
        pni_buf_puts(out, "NaN");
        return false;
    }
    if (isinf(value)) {
        pni_buf_puts(out, value < 0 ? "-Infinity" : "Infinity");
        return false;
    }
    if (c->field->format[0] == 'g') {
        pni_arrow_put_double(value, out);
    } else {
        pni_arrow_put_float((float)value, out);
    }
    return true;
}

static void put_decimal(const cell *c, pn_buf *out) {
    static const int32_t widths[] = {32, 64, 128, 256};
    static const enum ArrowType types[] = {NANOARROW_TYPE_DECIMAL32, NANOARROW_TYPE_DECIMAL64,
                                           NANOARROW_TYPE_DECIMAL128, NANOARROW_TYPE_DECIMAL256};
    int32_t width = 0;
    for (size_t i = 0; i < 4; i++) {
        width = c->view->storage_type == types[i] ? widths[i] : width;
    }
    const char *comma = strchr(c->field->format, ',');
    struct ArrowDecimal value;
    ArrowDecimalInit(&value, width, 0, comma ? (int32_t)strtol(comma + 1, NULL, 10) : 0);
    ArrowArrayViewGetDecimalUnsafe(c->view, c->row, &value);
    pni_arrow_put_decimal(&value, out);
}

static int64_t unit_of(char letter) {
    return letter == 's' ? 1 : letter == 'm' ? 1000 : letter == 'u' ? 1000000 : 1000000000;
}

static void put_interval(const cell *c, pn_buf *out) {
    struct ArrowInterval interval = {0};
    interval.type = c->view->storage_type;
    ArrowArrayViewGetIntervalUnsafe(c->view, c->row, &interval);
    pni_arrow_put_interval(&interval, out);
}

static void put_date64(int64_t ms, pn_buf *out) {
    if (ms % 86400000 == 0) {
        pni_arrow_put_date(ms / 86400000, out);
    } else {
        pni_arrow_put_timestamp(ms, 1000, NULL, out);
    }
}

/* Formats "t..": dates, times, timestamps, durations, intervals. */
static void put_moment(const cell *c, pn_buf *out) {
    const char *format = c->field->format;
    if (format[1] == 'i') {
        put_interval(c, out);
        return;
    }
    int64_t value = ArrowArrayViewGetIntUnsafe(c->view, c->row);
    if (format[1] == 'd' && format[2] == 'D') {
        pni_arrow_put_date(value, out);
    } else if (format[1] == 'd') {
        put_date64(value, out);
    } else if (format[1] == 't') {
        pni_arrow_put_clock(value, unit_of(format[2]), out);
    } else if (format[1] == 's') {
        pni_arrow_put_timestamp(value, unit_of(format[2]), format + 4, out);
    } else {
        pni_arrow_put_duration(value, unit_of(format[2]), out);
    }
}

/* A value without children; true when it is written bare in JSON. */
static bool put_flat(const cell *c, pn_buf *out) {
    switch (c->field->format[0]) {
    case 'b':
        pni_buf_puts(out, ArrowArrayViewGetIntUnsafe(c->view, c->row) ? "true" : "false");
        return true;
    case 'c':
    case 's':
    case 'i':
    case 'l':
        pni_arrow_put_i64(ArrowArrayViewGetIntUnsafe(c->view, c->row), out);
        return true;
    case 'C':
    case 'S':
    case 'I':
    case 'L':
        pni_arrow_put_u64(ArrowArrayViewGetUIntUnsafe(c->view, c->row), 0, out);
        return true;
    case 'e':
    case 'f':
    case 'g':
        return put_floating(c, out);
    case 'd':
        put_decimal(c, out);
        return true;
    case 't':
        put_moment(c, out);
        return false;
    default:
        put_hex(ArrowArrayViewGetBytesUnsafe(c->view, c->row), out);
        return false;
    }
}

static bool is_text(const char *format) {
    return format[0] == 'u' || format[0] == 'U' || (format[0] == 'v' && format[1] == 'u');
}

static void put_json(cell c, pn_buf *out);

static void put_elements(const cell *c, int64_t start, int64_t count, pn_buf *out) {
    pni_buf_putc(out, '[');
    for (int64_t i = 0; i < count; i++) {
        if (i > 0) {
            pni_buf_putc(out, ',');
        }
        put_json((cell){c->field->children[0], c->view->children[0], start + i}, out);
    }
    pni_buf_putc(out, ']');
}

static void put_struct(const cell *c, pn_buf *out) {
    pni_buf_putc(out, '{');
    for (int64_t i = 0; i < c->field->n_children; i++) {
        const struct ArrowSchema *child = c->field->children[i];
        if (i > 0) {
            pni_buf_putc(out, ',');
        }
        put_json_string(ArrowCharView(child->name ? child->name : ""), out);
        pni_buf_putc(out, ':');
        put_json((cell){child, c->view->children[i], c->row + c->view->offset}, out);
    }
    pni_buf_putc(out, '}');
}

static void put_map(const cell *c, int64_t start, int64_t count, pn_buf *out) {
    const struct ArrowSchema *entries = c->field->children[0];
    const struct ArrowArrayView *view = c->view->children[0];
    bool object = is_text(entries->children[0]->format) && !entries->children[0]->dictionary;
    pni_buf_putc(out, object ? '{' : '[');
    for (int64_t i = 0; i < count; i++) {
        int64_t row = start + i + view->offset;
        pni_buf_puts(out, i > 0 ? "," : "");
        pni_buf_puts(out, object ? "" : "[");
        put_json((cell){entries->children[0], view->children[0], row}, out);
        pni_buf_putc(out, object ? ':' : ',');
        put_json((cell){entries->children[1], view->children[1], row}, out);
        pni_buf_puts(out, object ? "" : "]");
    }
    pni_buf_putc(out, object ? '}' : ']');
}

static void put_union(const cell *c, pn_buf *out) {
    int8_t child = ArrowArrayViewUnionChildIndex(c->view, c->row);
    const struct ArrowSchema *field = c->field->children[child];
    pni_buf_putc(out, '{');
    put_json_string(ArrowCharView(field->name ? field->name : ""), out);
    pni_buf_putc(out, ':');
    put_json(
        (cell){field, c->view->children[child], ArrowArrayViewUnionChildOffset(c->view, c->row)},
        out);
    pni_buf_putc(out, '}');
}

static void put_nested(const cell *c, pn_buf *out) {
    const char *format = c->field->format;
    int64_t at = c->view->offset + c->row;
    if (format[1] == 's') {
        put_struct(c, out);
    } else if (format[1] == 'u') {
        put_union(c, out);
    } else if (format[1] == 'w') {
        int64_t size = c->view->layout.child_size_elements;
        put_elements(c, at * size, size, out);
    } else if (format[1] == 'v') {
        const struct ArrowBufferView *sizes = &c->view->buffer_views[2];
        int64_t size = format[2] == 'L' ? sizes->data.as_int64[at] : sizes->data.as_int32[at];
        put_elements(c, ArrowArrayViewListChildOffset(c->view, at), size, out);
    } else {
        int64_t start = ArrowArrayViewListChildOffset(c->view, at);
        int64_t count = ArrowArrayViewListChildOffset(c->view, at + 1) - start;
        if (format[1] == 'm') {
            put_map(c, start, count, out);
        } else {
            put_elements(c, start, count, out);
        }
    }
}

static void put_json(cell c, pn_buf *out) {
    c = resolve(c, true);
    if (ArrowArrayViewIsNull(c.view, c.row)) {
        pni_buf_puts(out, "null");
    } else if (c.field->format[0] == '+') {
        put_nested(&c, out);
    } else if (is_text(c.field->format)) {
        put_json_string(ArrowArrayViewGetStringUnsafe(c.view, c.row), out);
    } else {
        PNI_AUTO(pn_buf) text = PN_BUF_INIT;
        bool bare = put_flat(&c, &text);
        pni_buf_puts(out, bare ? "" : "\"");
        pni_buf_append(out, text.data, text.len);
        pni_buf_puts(out, bare ? "" : "\"");
    }
}

void pni_arrow_value_json(const struct ArrowSchema *field, const struct ArrowArrayView *view,
                          int64_t row, pn_buf *out) {
    put_json((cell){field, view, row}, out);
}

void pni_arrow_value_text(const struct ArrowSchema *field, const struct ArrowArrayView *view,
                          int64_t row, pn_buf *out) {
    cell c = resolve((cell){field, view, row}, false);
    if (ArrowArrayViewIsNull(c.view, c.row)) {
        pni_buf_puts(out, "NULL");
    } else if (is_text(c.field->format)) {
        struct ArrowStringView text = ArrowArrayViewGetStringUnsafe(c.view, c.row);
        pni_buf_append(out, text.data, (size_t)text.size_bytes);
    } else if (c.field->format[0] == '+') {
        put_nested(&c, out);
    } else {
        (void)put_flat(&c, out);
    }
}
