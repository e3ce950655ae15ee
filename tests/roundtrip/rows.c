/*
 * See rows.h. Rows become lines and the lines are sorted, so that the order of execution is not
 * compared. Columns are parted by a character that no text is likely to hold; when one does, at
 * most the tolerance for floats goes to another column of the same line.
 */
#include "rows.h"

#include <math.h>
#include <stdlib.h>

enum { MAX_ROWS = 20000, MAX_CELL = 400, MAX_SAVED = 1 << 28, PART = '\x1f' };

void answer_dispose(answer *a) {
    pn_buf_dispose(&a->schema);
    for (size_t i = 0; i < a->lines.count; i++)
        pni_free(a->lines.items[i]);
    pni_vec_dispose(&a->lines);
}

/* Names and types; whether a column may hold nulls is what planning knows, not what it is. */
static void put_schema(const struct ArrowSchema *schema, bool published, pn_buf *out) {
    bool view = pni_streq(schema->format, "vu") || pni_streq(schema->format, "vz");
    pni_buf_printf(out, "%s:%s", schema->name ? schema->name : "",
                   schema->format + (view && published));
    for (int64_t i = 0; i < schema->n_children; i++) {
        pni_buf_putc(out, i ? ',' : '(');
        put_schema(schema->children[i], published, out);
    }
    if (schema->dictionary) {
        pni_buf_putc(out, '=');
        put_schema(schema->dictionary, published, out);
    }
}

/* Sums of floats depend on the order of their terms. */
static bool has_float(const struct ArrowSchema *schema) {
    bool found = strlen(schema->format) == 1 && strchr("efg", schema->format[0]);
    for (int64_t i = 0; i < schema->n_children; i++)
        found = found || has_float(schema->children[i]);
    return found || (schema->dictionary && has_float(schema->dictionary));
}

static void take_schema(const struct ArrowSchema *schema, answer *out) {
    put_schema(schema, out->published, &out->schema);
    for (int64_t c = 0; c < schema->n_children; c++)
        if (has_float(schema->children[c]))
            out->floats |= 1ULL << (c < 63 ? c : 63);
}

static void take_batch(const struct ArrowSchema *schema, struct ArrowArrayView *view, answer *out) {
    for (int64_t row = 0; row < view->length; row++) {
        pn_buf line = PN_BUF_INIT;
        if (out->rows++ >= MAX_ROWS)
            continue;
        for (int64_t c = 0; c < schema->n_children; c++) {
            pni_buf_putc(&line, PART);
            pni_arrow_value_text(schema->children[c], view->children[c], row + view->offset, &line);
        }
        pni_vec_push(&out->lines, pni_buf_steal(&line));
    }
}

pn_status answer_read(struct ArrowArrayStream *stream, answer *out, pn_error *err) {
    struct ArrowError problem = {{0}};
    struct ArrowArrayView view;
    PNI_AUTO_SCHEMA schema = {0};
    int code = stream->get_schema(stream, &schema);
    if (code != 0)
        return pni_engine_stream_error(stream, code, err);
    take_schema(&schema, out);
    if (ArrowArrayViewInitFromSchema(&view, &schema, &problem) != NANOARROW_OK)
        return pni_fail(err, PNI_E_ENGINE_UNSUPPORTED, "rows cannot be read: %s", problem.message);
    pn_status status = PN_OK;
    for (;;) {
        PNI_AUTO_ARRAY batch = {0};
        code = stream->get_next(stream, &batch);
        if (code != 0)
            status = pni_engine_stream_error(stream, code, err);
        if (code != 0 || !batch.release)
            break;
        if (ArrowArrayViewSetArray(&view, &batch, &problem) != NANOARROW_OK) {
            status = pni_fail(err, PNI_E_ENGINE_UNSUPPORTED, "rows: %s", problem.message);
            break;
        }
        take_batch(&schema, &view, out);
    }
    ArrowArrayViewReset(&view);
    if (out->lines.count)
        qsort(out->lines.items, out->lines.count, sizeof(char *), pni_cmp_text);
    return status;
}

pn_status answer_of_plan(const pni_engine_plan *plan, answer *out, pn_error *err) {
    PNI_AUTO_STREAM stream = {0};
    PNI_TRY(pni_engine_plan_execute(plan, NULL, &stream, err));
    return answer_read(&stream, out, err);
}

/* ---- equal rows ---------------------------------------------------------------------------- */

static bool number_same(const char *a, const char *b) {
    char *a_end, *b_end;
    double x = strtod(a, &a_end), y = strtod(b, &b_end);
    if (a_end == a || b_end == b || *a_end || *b_end)
        return false;
    return fabs(x - y) <= 1e-9 * fmax(fabs(x), fabs(y));
}

/* A number, or a list or struct of them. */
static bool floats_same(const char *a, size_t a_len, const char *b, size_t b_len) {
    static const char ends[] = {',', '[', ']', '{', '}', PART, '\0'};
    const char *a_end = a + a_len, *b_end = b + b_len;
    while (a < a_end && b < b_end) {
        char one[MAX_CELL], two[MAX_CELL];
        size_t n = strcspn(a, ends), m = strcspn(b, ends);
        if (n >= MAX_CELL || m >= MAX_CELL)
            return false;
        memcpy(one, a, n), one[n] = '\0';
        memcpy(two, b, m), two[m] = '\0';
        if (strcmp(one, two) != 0 && !number_same(one, two))
            return false;
        a += n, b += m;
        if (a == a_end || b == b_end || *a != *b)
            break;
        a++, b++;
    }
    return a == a_end && b == b_end;
}

static bool line_same(const char *a, const char *b, uint64_t floats) {
    static const char part[] = {PART, '\0'};
    for (int column = -1; *a || *b; column++) { /* each column has its mark in front */
        size_t n = strcspn(a, part), m = strcspn(b, part);
        bool inexact = column >= 0 && (floats >> (column < 63 ? column : 63) & 1);
        if ((n != m || memcmp(a, b, n) != 0) && !(inexact && floats_same(a, n, b, m)))
            return false;
        a += n, b += m;
        if (*a != *b)
            return false;
        a += *a != '\0', b += *b != '\0';
    }
    return true;
}

void answer_differ(const answer *a, const answer *b, pn_buf *why) {
    if (strcmp(pni_buf_text(&a->schema), pni_buf_text(&b->schema)) != 0) {
        pni_buf_printf(why, "columns %s became %s", pni_buf_text(&a->schema),
                       pni_buf_text(&b->schema));
    } else if (a->rows != b->rows) {
        pni_buf_printf(why, "%lld rows became %lld", (long long)a->rows, (long long)b->rows);
    }
    for (size_t i = 0; !why->len && i < a->lines.count && a->rows <= MAX_ROWS; i++) {
        if (!line_same(a->lines.items[i], b->lines.items[i], a->floats))
            pni_buf_printf(why, "row '%.300s' became '%.300s'", a->lines.items[i],
                           b->lines.items[i]);
    }
    for (size_t i = 0; i < why->len; i++)
        if (why->data[i] == PART)
            why->data[i] = '|';
}

/* ---- files --------------------------------------------------------------------------------- */

/* Texts end in NUL, which none of them holds: the schema, the counts, the lines. */
pn_status answer_save(const answer *a, const char *path, pn_error *err) {
    PNI_AUTO(pn_buf) out = PN_BUF_INIT;
    pni_buf_puts(&out, pni_buf_text(&a->schema));
    pni_buf_putc(&out, '\0');
    pni_buf_printf(&out, "%lld %llu", (long long)a->rows, (unsigned long long)a->floats);
    pni_buf_putc(&out, '\0');
    for (size_t i = 0; i < a->lines.count; i++)
        pni_buf_append(&out, a->lines.items[i], strlen(a->lines.items[i]) + 1);
    return pni_file_write(path, out.data, out.len, err);
}

pn_status answer_load(const char *path, answer *out, pn_error *err) {
    PNI_AUTO(pn_buf) in = PN_BUF_INIT;
    PNI_TRY(pni_file_read(path, MAX_SAVED, &in, err));
    const char *at = (const char *)in.data, *end = at + in.len;
    char *rest;
    if (in.len < 4 || end[-1])
        return pni_fail(err, PNI_E_FILE_READ, "%s holds no rows", path);
    pni_buf_printf(&out->schema, "%s", at);
    at += strlen(at) + 1;
    out->rows = strtoll(at, &rest, 10);
    out->floats = strtoull(rest, NULL, 10);
    for (at += strlen(at) + 1; at < end; at += strlen(at) + 1)
        pni_vec_push(&out->lines, pni_strdup(at));
    return PN_OK;
}
