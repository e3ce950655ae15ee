/* SPDX-License-Identifier: Apache-2.0 */
/*
 * arrow: nanoarrow, plus what pinion needs on top: canonical schema text, schema from declarations,
 * row building, row printing. Consumed-always rule: an array handed in has release == NULL
 * afterwards, on failure too.
 */
#ifndef PNI_ARROW_H
#define PNI_ARROW_H

#include "base/base.h"
#include "nanoarrow/nanoarrow.h"

static inline void pni_auto_release_schema(struct ArrowSchema *s) {
    if (s->release) {
        s->release(s);
    }
}
static inline void pni_auto_release_array(struct ArrowArray *a) {
    if (a->release)
        a->release(a);
}
static inline void pni_auto_release_stream(struct ArrowArrayStream *s) {
    if (s->release) {
        s->release(s);
    }
}
/* Zero-initialise: PNI_AUTO_SCHEMA schema = {0}; */
#define PNI_AUTO_SCHEMA __attribute__((cleanup(pni_auto_release_schema))) struct ArrowSchema
#define PNI_AUTO_ARRAY __attribute__((cleanup(pni_auto_release_array))) struct ArrowArray
#define PNI_AUTO_STREAM __attribute__((cleanup(pni_auto_release_stream))) struct ArrowArrayStream

/* Type in Arrow's spelling: "Int64", "Timestamp(us, UTC)", "List<item: Utf8>". Parses back. */
pn_status pni_arrow_type_text(const struct ArrowSchema *field, pn_buf *out, pn_error *err);
/*
 * Canonical JSON form of a schema, an array of fields:
 *     {"name", "type": format string, "nullable", "metadata"?, "children"?, "dictionary"?}
 * Equal schemas give equal bytes; order of columns counts, order of metadata and metadata of the
 * schema itself do not.
 */
pn_status pni_arrow_schema_json(const struct ArrowSchema *schema, json_t **out, pn_error *err);
pn_status pni_arrow_schema_from_json(const json_t *json, struct ArrowSchema *out, pn_error *err);
/* SHA-256 of that form; independent of where the schema came from. */
pn_status pni_arrow_schema_digest(const struct ArrowSchema *schema, char hex_out[PNI_SHA256_HEX],
                                  pn_error *err);
/* Parses a declared type: "int64", "timestamp(us, UTC)", "decimal(10,2)", "struct<a: list<utf8>>",
 * with "not null" behind it when it may not be null. */
pn_status pni_arrow_type_parse(const char *text, struct ArrowSchema *field_out, pn_error *err);
/* The schema restricted to `names`, in schema order; a name that is missing fails NOT_FOUND. */
pn_status pni_arrow_schema_project(const struct ArrowSchema *schema, const char *const *names,
                                   size_t count, struct ArrowSchema *out, pn_error *err);

/* Wraps one batch (consumed) and a schema (consumed) as a stream of one. */
pn_status pni_arrow_stream_of_batch(struct ArrowSchema *schema, struct ArrowArray *batch,
                                    struct ArrowArrayStream *out, pn_error *err);
/*
 * Builds a batch of `schema` (a struct) from JSON rows: an array of objects (by name) or of arrays
 * (by position). Unknown keys, missing non-nullable columns and wrong types name row and column.
 */
pn_status pni_arrow_batch_from_json(const json_t *rows, const struct ArrowSchema *schema,
                                    struct ArrowArray *out, pn_error *err);
/* Infers a schema from JSON objects: bool, int64, double, utf8, lists, structs; null is utf8. */
pn_status pni_arrow_schema_infer_json(const json_t *rows, struct ArrowSchema *out, pn_error *err);

/* True for null, also behind a dictionary, a run or the active member of a union. */
bool pni_arrow_value_is_null(const struct ArrowSchema *field, const struct ArrowArrayView *view,
                             int64_t row);
/*
 * Row printing: text of one value (strings bare, null is NULL), or JSON that is valid for every
 * value. `view` is of the column; `row` counts from its start, so a sliced struct's offset is the
 * caller's to add.
 */
void pni_arrow_value_text(const struct ArrowSchema *field, const struct ArrowArrayView *view,
                          int64_t row, pn_buf *out);
void pni_arrow_value_json(const struct ArrowSchema *field, const struct ArrowArrayView *view,
                          int64_t row, pn_buf *out);

/*
 * A digest of a result (row_digest.c): {"columns", "rows", "all", "without_floats", "ordered",
 * "floats": [{"column", "nulls", "not_finite", "sum", "magnitude"}]}. Does not depend on batches or
 * on how values are encoded; only "ordered" depends on the order of rows.
 */
typedef struct pni_row_digest pni_row_digest;
pn_status pni_row_digest_new(const struct ArrowSchema *schema, pni_row_digest **out, pn_error *err);
pn_status pni_row_digest_add(pni_row_digest *digest, const struct ArrowArray *batch, pn_error *err);
json_t *pni_row_digest_end(pni_row_digest *digest); /* once */
void pni_row_digest_free(pni_row_digest *digest);
PNI_DEFINE_AUTO_PTR(pni_row_digest, pni_row_digest_free)

#endif
