/* SPDX-License-Identifier: Apache-2.0 */
/**
 * pinion/format.h: Arrow rows as text, as JSON and as an Arrow IPC stream.
 *
 * A formatter belongs to one schema and looks at one batch at a time. Bytes are appended to a
 * buffer of the caller, so a client prints rows of any type without an Arrow library of its own.
 *
 *     pn_format *format = NULL;
 *     if (pn_format_new(&schema, &format, &err) == PN_OK &&
 *         pn_format_batch(format, &batch, &err) == PN_OK)
 *         for (int64_t row = 0; row < batch.length; row++)
 *             pn_format_row_json(format, row, &out);
 *     pn_format_free(format);
 */
#ifndef PINION_FORMAT_H
#define PINION_FORMAT_H

#include "pinion/arrow.h"
#include "pinion/error.h"
#include "pinion/types.h"

PN_EXTERN_C_BEGIN

/** Text and JSON of the rows of one schema. */
typedef struct pn_format pn_format;

/**
 * Makes a formatter for rows of `schema`.
 *
 * @param schema      a struct schema, borrowed for the call
 * @param format_out  [out] set only on PN_OK
 * @owns    caller owns *format_out, pn_format_free()
 * @errors  INVALID the schema is no struct · CORRUPT the schema is damaged
 * @threads any
 * @since   0.1
 */
PN_API PN_NODISCARD pn_status pn_format_new(const struct ArrowSchema *schema,
                                            PN_OWN pn_format **format_out, pn_error *err);

/**
 * Frees a formatter.
 *
 * @param format  may be NULL
 * @threads one at a time
 * @since   0.1
 */
PN_API void pn_format_free(PN_OWN pn_format *format);

/**
 * Looks at a batch; the rows of later calls are its rows.
 *
 * @param batch  borrowed until the next call of this function or pn_format_free()
 * @errors  CORRUPT the batch does not fit the schema
 * @threads one at a time
 * @since   0.1
 */
PN_API PN_NODISCARD pn_status pn_format_batch(pn_format *format, const struct ArrowArray *batch,
                                              pn_error *err);

/**
 * Counts the columns.
 *
 * @threads any
 * @since   0.1
 */
PN_API size_t pn_format_column_count(const pn_format *format);

/**
 * Gives the name of column `column`; NULL past the end. Borrowed from the formatter.
 *
 * @threads any
 * @since   0.1
 */
PN_API const char *pn_format_column_name(const pn_format *format, size_t column);

/**
 * Appends the type of column `column` in Arrow's spelling, e.g. "Timestamp(us, UTC)".
 *
 * @param text_out  [out] appended to
 * @errors  INVALID there is no such column
 * @threads any
 * @since   0.1
 */
PN_API PN_NODISCARD pn_status pn_format_column_type(const pn_format *format, size_t column,
                                                    pn_buf *text_out, pn_error *err);

/**
 * Tells whether column `column` holds integers, floats or decimals.
 *
 * @threads any
 * @since   0.1
 */
PN_API int pn_format_column_is_number(const pn_format *format, size_t column);

/**
 * Tells whether a value of the current batch is null; 1 where there is no such value.
 *
 * @threads one at a time
 * @since   0.1
 */
PN_API int pn_format_is_null(const pn_format *format, size_t column, int64_t row);

/**
 * Appends one value as text: strings bare, nested values as JSON, null as NULL.
 *
 * @param text_out  [out] appended to; nothing is where there is no such value
 * @threads one at a time
 * @since   0.1
 */
PN_API void pn_format_text(const pn_format *format, size_t column, int64_t row, pn_buf *text_out);

/**
 * Appends one value as JSON that is valid for every type; binary is hex, times are texts.
 *
 * @param json_out  [out] appended to; nothing is where there is no such value
 * @threads one at a time
 * @since   0.1
 */
PN_API void pn_format_json(const pn_format *format, size_t column, int64_t row, pn_buf *json_out);

/**
 * Appends one row as a JSON object with the columns in their order.
 *
 * @param json_out  [out] appended to; nothing is where there is no such row
 * @threads one at a time
 * @since   0.1
 */
PN_API void pn_format_row_json(const pn_format *format, int64_t row, pn_buf *json_out);

/** Parts of an Arrow IPC stream, in the order in which they are appended. */
enum {
    PN_FORMAT_IPC_SCHEMA = 0, /**< once, first */
    PN_FORMAT_IPC_BATCH = 1,  /**< the current batch; any number of times */
    PN_FORMAT_IPC_END = 2,    /**< once, last */
};

/**
 * Appends a part of an Arrow IPC stream.
 *
 * @param part       PN_FORMAT_IPC_*
 * @param bytes_out  [out] appended to
 * @errors  INVALID an unknown part, or no batch yet · UNSUPPORTED a type that has no IPC form here
 * @threads one at a time
 * @since   0.1
 */
PN_API PN_NODISCARD pn_status pn_format_ipc(pn_format *format, int32_t part, pn_buf *bytes_out,
                                            pn_error *err);

PN_EXTERN_C_END

#endif
