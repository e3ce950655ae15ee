/* SPDX-License-Identifier: Apache-2.0 */
/* What the files of this module share. */
#ifndef PNI_ARROW_PRIV_H
#define PNI_ARROW_PRIV_H

#include "arrow/arrow.h"

/* Types nested deeper than this are refused; recursion over schemas and rows is bounded by it. */
#define ARROW_MAX_DEPTH 64

/* nanoarrow's builders fail without memory only, once their arguments were checked. */
#define arrow_must(call) pni_assert((call) == NANOARROW_OK)

static inline int64_t arrow_per_second(enum ArrowTimeUnit unit) {
    static const int64_t scale[] = {1, 1000, 1000000, 1000000000};
    return scale[unit];
}

/* type_text.c: types without children or free parameters, by format string and by name. */
const char *pni_arrow_simple_text(const char *format);      /* NULL when not simple */
const char *pni_arrow_simple_format(const char *lowercase); /* NULL when unknown */
/* Reads one level of a schema; fails ARROW_SCHEMA naming the field. */
pn_status pni_arrow_view_of(const struct ArrowSchema *field, struct ArrowSchemaView *view_out,
                            pn_error *err);
/* The same for all levels; call with depth 0. */
pn_status pni_arrow_check(const struct ArrowSchema *field, int depth, pn_error *err);
pn_status pni_arrow_too_deep(pn_error *err);
/* The one spelling of the format string: "d:10,2,128" and "d:10,2" are one type. */
void pni_arrow_format(const struct ArrowSchemaView *view, pn_buf *out);

/* calendar.c: ticks of 1/per_second s; dates are days since 1970-01-01, proleptic Gregorian. */
void pni_arrow_put_date(int64_t days, pn_buf *out);
void pni_arrow_put_clock(int64_t ticks, int64_t per_second, pn_buf *out);
/* zone NULL or "" = local time without offset */
void pni_arrow_put_timestamp(int64_t ticks, int64_t per_second, const char *zone, pn_buf *out);
void pni_arrow_put_duration(int64_t ticks, int64_t per_second, pn_buf *out);
void pni_arrow_put_interval(const struct ArrowInterval *interval, pn_buf *out);

/* moment.c: the same texts, read. All of `text` must match, and the value must be exact in the
 * unit. */
bool pni_arrow_read_date(const char *text, int64_t *days_out);
bool pni_arrow_read_clock(const char *text, int64_t per_second, int64_t *ticks_out);
bool pni_arrow_read_timestamp(const char *text, int64_t per_second, bool zoned, int64_t *ticks_out);
bool pni_arrow_read_duration(const char *text, int64_t per_second, int64_t *ticks_out);
bool pni_arrow_read_interval(const char *text, struct ArrowInterval *interval);

/* number.c */
void pni_arrow_put_i64(int64_t value, pn_buf *out);
void pni_arrow_put_u64(uint64_t value, int width,
                       pn_buf *out);                  /* zeros in front up to width <= 20 */
void pni_arrow_put_double(double value, pn_buf *out); /* finite */
void pni_arrow_put_float(float value, pn_buf *out);   /* finite */
void pni_arrow_put_decimal(const struct ArrowDecimal *decimal, pn_buf *out);
/* Exact or refused: no rounding, no more digits than the precision. */
bool pni_arrow_read_decimal(const char *text, struct ArrowDecimal *decimal);

#endif
