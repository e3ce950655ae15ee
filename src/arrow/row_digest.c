/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A digest of rows whatever their order. Each row is hashed alone (SHA-256 behind a fixed key, so
 * 256 bits), over the JSON of its values, which does not depend on batches, dictionaries, views or
 * runs. The hashes are added modulo 2^256 and rows are counted.
 *
 * Equal bags of rows give equal sums, since addition forgets the order. Different bags give equal
 * sums with probability 2^-256 when hashes are as good as random: a row more or less, or other
 * values, moves the sum by hashes that nothing cancels. XOR would not do: a row that is there twice
 * would cancel itself. Somebody who may choose all rows freely can search for a collision; this
 * digest finds changes, it is no signature.
 *
 * Rows are summed a second time without columns that hold floats, whose last digits may depend on
 * the order of additions; of those the sums are kept. A third digest runs over the rows in order.
 */
#include "arrow/arrow_priv.h"

#include <math.h>

typedef struct float_column {
    int64_t index;
    int64_t nulls;
    int64_t odd; /* NaN and infinities */
    double sum;
    double lost; /* by rounding: Neumaier's compensation */
    double magnitude;
} float_column;

struct pni_row_digest {
    struct ArrowSchema schema;
    struct ArrowArrayView view;
    char shape[PNI_SHA256_HEX];
    uint64_t rows;
    unsigned char all[PNI_SHA256_LEN];
    unsigned char exact[PNI_SHA256_LEN];
    pni_sha256 *ordered;
    bool *is_float;  /* by column, also inside it */
    bool has_floats; /* without any, the second digest is the first */
    PNI_VEC(float_column) floats;
    pn_buf row;
    pn_buf exact_row;
};

static const char row_key[] = "pinion row 1\n";

/* Nested types are not deep: pni_arrow_check() bounds them. */
/* NOLINTNEXTLINE(misc-no-recursion): pni_arrow_check() bounds the depth */
static bool holds_floats(const struct ArrowSchema *field) {
    bool found = field->format[0] == 'e' || field->format[0] == 'f' || field->format[0] == 'g';
    for (int64_t i = 0; !found && i < field->n_children; i++)
        found = holds_floats(field->children[i]);
    return found || (field->dictionary && holds_floats(field->dictionary));
}

static bool is_float(const struct ArrowSchema *field) {
    return !field->dictionary && field->format[1] == '\0' && strchr("efg", field->format[0]);
}

/* Names of columns: how values are laid out, nullability and metadata do not count. */
static void shape_of(const struct ArrowSchema *schema, char hex_out[PNI_SHA256_HEX]) {
    PNI_AUTO(pn_buf) text = PN_BUF_INIT;
    for (int64_t i = 0; i < schema->n_children; i++) {
        const char *name = schema->children[i]->name;
        pni_json_quote(&text, name, strlen(name));
    }
    pni_sha256_hex(text.data, text.len, hex_out);
}

pn_status pni_row_digest_new(const struct ArrowSchema *schema, pni_row_digest **out,
                             pn_error *err) {
    struct ArrowError story = {{0}};
    PNI_TRY(pni_arrow_check(schema, 0, err));
    PNI_AUTO_PTR(pni_row_digest) digest = pni_calloc(1, sizeof *digest);
    digest->ordered = pni_sha256_new();
    arrow_must(ArrowSchemaDeepCopy(schema, &digest->schema));
    if (ArrowArrayViewInitFromSchema(&digest->view, schema, &story) != NANOARROW_OK)
        return pni_fail(err, PNI_E_ARROW_DATA, "rows cannot be digested: %s", story.message);
    shape_of(schema, digest->shape);
    digest->is_float = pni_calloc((size_t)schema->n_children + 1, sizeof *digest->is_float);
    for (int64_t i = 0; i < schema->n_children; i++) {
        digest->is_float[i] = holds_floats(schema->children[i]);
        digest->has_floats |= digest->is_float[i];
        if (is_float(schema->children[i]))
            pni_vec_push(&digest->floats, ((float_column){.index = i}));
    }
    *out = pni_take(digest);
    return PN_OK;
}

void pni_row_digest_free(pni_row_digest *digest) {
    char unused[PNI_SHA256_HEX];
    if (!digest)
        return;
    if (digest->ordered)
        pni_sha256_final_hex(digest->ordered, unused);
    pni_auto_release_schema(&digest->schema);
    ArrowArrayViewReset(&digest->view);
    pni_free(digest->is_float);
    pni_vec_dispose(&digest->floats);
    pn_buf_dispose(&digest->row);
    pn_buf_dispose(&digest->exact_row);
    pni_free(digest);
}

/* sum += hash, both little endian */
static void add_hash(unsigned char sum[PNI_SHA256_LEN], const unsigned char hash[PNI_SHA256_LEN]) {
    unsigned carry = 0;
    for (size_t i = 0; i < PNI_SHA256_LEN; i++) {
        carry += (unsigned)sum[i] + hash[i];
        sum[i] = (unsigned char)carry;
        carry >>= 8;
    }
}

static void add_row(pni_row_digest *d, int64_t row) {
    unsigned char hash[PNI_SHA256_LEN];
    pni_buf_clear(&d->row);
    pni_buf_clear(&d->exact_row);
    pni_buf_puts(&d->row, row_key);
    pni_buf_puts(&d->exact_row, row_key);
    for (int64_t c = 0; c < d->schema.n_children; c++) {
        size_t from = d->row.len;
        pni_arrow_value_json(d->schema.children[c], d->view.children[c], row, &d->row);
        pni_buf_putc(&d->row, ',');
        if (d->has_floats && !d->is_float[c])
            pni_buf_append(&d->exact_row, d->row.data + from, d->row.len - from);
    }
    pni_sha256_bytes(d->row.data, d->row.len, hash);
    add_hash(d->all, hash);
    pni_sha256_update(d->ordered, hash, sizeof hash);
    if (d->has_floats)
        pni_sha256_bytes(d->exact_row.data, d->exact_row.len, hash);
    add_hash(d->exact, hash);
    d->rows++;
}

static void add_float(float_column *column, double value) {
    if (!isfinite(value)) {
        column->odd++;
        return;
    }
    double sum = column->sum + value;
    column->lost += fabs(column->sum) >= fabs(value) ? (column->sum - sum) + value
                                                     : (value - sum) + column->sum;
    column->sum = sum;
    column->magnitude += fabs(value);
}

pn_status pni_row_digest_add(pni_row_digest *d, const struct ArrowArray *batch, pn_error *err) {
    struct ArrowError story = {{0}};
    if (ArrowArrayViewSetArray(&d->view, batch, &story) != NANOARROW_OK)
        return pni_fail(err, PNI_E_ARROW_DATA, "rows cannot be digested: %s", story.message);
    for (int64_t row = 0; row < d->view.length; row++)
        add_row(d, row + d->view.offset);
    for (size_t i = 0; i < d->floats.count; i++) {
        float_column *column = &d->floats.items[i];
        const struct ArrowArrayView *values = d->view.children[column->index];
        for (int64_t row = d->view.offset; row < d->view.offset + d->view.length; row++) {
            if (ArrowArrayViewIsNull(values, row))
                column->nulls++;
            else
                add_float(column, ArrowArrayViewGetDoubleUnsafe(values, row));
        }
    }
    return PN_OK;
}

static void put_hex(json_t *object, const char *key, const unsigned char bytes[PNI_SHA256_LEN]) {
    char hex[PNI_SHA256_HEX];
    pni_hex(bytes, PNI_SHA256_LEN, hex);
    json_object_set_new(object, key, json_string(hex));
}

static void put_double(json_t *object, const char *key, double value) {
    PNI_AUTO(pn_buf) text = PN_BUF_INIT;
    pni_arrow_put_double(value, &text);
    json_object_set_new(object, key, json_string(pni_buf_text(&text)));
}

json_t *pni_row_digest_end(pni_row_digest *d) {
    char ordered[PNI_SHA256_HEX];
    json_t *floats = json_array();
    pni_sha256_final_hex(pni_take(d->ordered), ordered);
    for (size_t i = 0; i < d->floats.count; i++) {
        const float_column *column = &d->floats.items[i];
        json_t *entry = json_pack("{s:s}", "column", d->schema.children[column->index]->name);
        json_object_set_new(entry, "nulls", pni_json_i64(column->nulls));
        json_object_set_new(entry, "not_finite", pni_json_i64(column->odd));
        put_double(entry, "sum", column->sum + column->lost);
        put_double(entry, "magnitude", column->magnitude);
        json_array_append_new(floats, entry);
    }
    json_t *json =
        json_pack("{s:s, s:s, s:o}", "columns", d->shape, "ordered", ordered, "floats", floats);
    json_object_set_new(json, "rows", pni_json_u64(d->rows));
    put_hex(json, "all", d->all);
    put_hex(json, "without_floats", d->exact);
    return json;
}
