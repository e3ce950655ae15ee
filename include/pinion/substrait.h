/* SPDX-License-Identifier: Apache-2.0 */
/**
 * pinion/substrait.h: Substrait plans as values: decoded, canonical, comparable. Needs no engine.
 *
 * A pn_substrait is immutable and counted. Decoding brings the plan into canonical form, in which
 * two plans that differ in representation only are the same bytes: declarations are numbered by
 * first use, reads hold no column that is not read, deprecated fields become their successors. The
 * canonical bytes are a complete plan, which DataFusion replays, since it resolves columns of a
 * table by name. Plans of any producer are read; docs/recipes/compare-plans.md compares two.
 *
 *     pn_substrait *plan = NULL;
 *     char digest[65];
 *     if (pn_substrait_decode(bytes, NULL, &plan, &err) == PN_OK &&
 *         pn_substrait_digest(plan, digest, &err) == PN_OK)
 *         printf("%s reads %zu tables\n", digest, pn_substrait_table_count(plan));
 *     pn_substrait_unref(plan);
 */
#ifndef PINION_SUBSTRAIT_H
#define PINION_SUBSTRAIT_H

#include "pinion/error.h"
#include "pinion/types.h"

PN_EXTERN_C_BEGIN

/** Ceilings of decoding; zero = default. */
typedef struct pn_substrait_options {
    uint32_t struct_size; /**< sizeof(pn_substrait_options) */
    uint32_t max_depth;   /**< nested messages; default 24,000 (8,000 nested operators) */
    uint64_t max_bytes;   /**< default 64 MiB */
    uint64_t max_nodes;   /**< messages and list elements; default 4,000,000 */
} pn_substrait_options;

#ifdef __cplusplus
#define PN_SUBSTRAIT_OPTIONS_INIT (pn_substrait_options{sizeof(pn_substrait_options), 0, 0, 0})
#else
#define PN_SUBSTRAIT_OPTIONS_INIT                                                                  \
    ((pn_substrait_options){.struct_size = sizeof(pn_substrait_options)})
#endif

/**
 * Decodes a Substrait plan and brings it into canonical form.
 *
 * Refuses what a query over named tables does not need: writes, DDL, file lists, Iceberg reads,
 * extensions whose type URL is not one of pinion's own, fields of a newer Substrait.
 *
 * @param bytes    one protobuf-encoded substrait.Plan, untrusted
 * @param options  NULL for defaults
 * @param plan_out [out] set only on PN_OK
 *
 * @owns    caller owns *plan_out, pn_substrait_unref()
 * @errors  CORRUPT the bytes are no plan, or one that readers could take in two ways · LIMIT a
 *          ceiling was reached · UNSUPPORTED a part is refused
 * @threads any; needs little stack however deep the plan is
 * @cost    O(bytes)
 * @since   0.1
 */
PN_API PN_NODISCARD pn_status pn_substrait_decode(pn_bytes bytes,
                                                  const pn_substrait_options *options,
                                                  PN_OWN pn_substrait **plan_out, pn_error *err);

/**
 * Takes one more reference.
 *
 * @owns    caller owns the reference, pn_substrait_unref()
 * @threads any
 * @since   0.1
 */
PN_API PN_OWN pn_substrait *pn_substrait_ref(const pn_substrait *plan);

/**
 * Drops one reference.
 *
 * @param plan  may be NULL
 * @threads any
 * @since   0.1
 */
PN_API void pn_substrait_unref(PN_OWN pn_substrait *plan);

/**
 * Gives the canonical bytes: a complete plan, to be stored and replayed. Borrowed from the plan.
 *
 * @threads any
 * @since   0.1
 */
PN_API pn_bytes pn_substrait_bytes(const pn_substrait *plan);

/**
 * Appends the canonical bytes to a buffer.
 *
 * @param bytes_out  [out] appended to
 * @errors  INVALID an argument is NULL
 * @threads any
 * @since   0.1
 */
PN_API PN_NODISCARD pn_status pn_substrait_encode(const pn_substrait *plan, pn_buf *bytes_out,
                                                  pn_error *err);

/**
 * Writes the SHA-256 of the canonical bytes as 64 hex digits and a NUL.
 *
 * @errors  INVALID an argument is NULL
 * @threads any
 * @since   0.1
 */
PN_API PN_NODISCARD pn_status pn_substrait_digest(const pn_substrait *plan, char hex_out[65],
                                                  pn_error *err);

/**
 * Tells whether two plans have the same canonical bytes. NULL equals only NULL.
 *
 * @threads any
 * @since   0.1
 */
PN_API int pn_substrait_equal(const pn_substrait *left, const pn_substrait *right);

/**
 * Counts the relations and expressions of the plan, subqueries included.
 *
 * @threads any
 * @since   0.1
 */
PN_API size_t pn_substrait_node_count(const pn_substrait *plan);

/**
 * Counts the tables the plan reads, each once.
 *
 * @threads any
 * @since   0.1
 */
PN_API size_t pn_substrait_table_count(const pn_substrait *plan);

/**
 * Gives the name of table `index`, sorted bytewise; NULL past the end. Qualifiers of pinion's own
 * catalogs are gone; those of others are kept, joined by dots.
 *
 * @threads any
 * @since   0.1
 */
PN_API const char *pn_substrait_table_at(const pn_substrait *plan, size_t index);

/**
 * Gives how often running the plan scans table `index`: once per scan, twice when the plan holds a
 * recursion, which runs its inputs again and again. 0 past the end.
 *
 * @threads any
 * @since   0.1
 */
PN_API size_t pn_substrait_table_scans(const pn_substrait *plan, size_t index);

/**
 * Gives the names of the columns that are read of table `index`, each once, in the order in which
 * the scans of the plan name them; NULL past the end or when no column is read. Borrowed.
 *
 * @param count_out  [out] number of names; may be NULL
 * @threads any
 * @since   0.1
 */
PN_API const char *const *pn_substrait_table_columns(const pn_substrait *plan, size_t index,
                                                     size_t *count_out);

/**
 * Counts the functions the plan calls, each once. Operators are functions in Substrait.
 *
 * @threads any
 * @since   0.1
 */
PN_API size_t pn_substrait_function_count(const pn_substrait *plan);

/**
 * Gives the name of function `index` as the plan has it, sorted bytewise; NULL past the end.
 *
 * @threads any
 * @since   0.1
 */
PN_API const char *pn_substrait_function_at(const pn_substrait *plan, size_t index);

/**
 * Counts the output names; 0 when the plan has none.
 *
 * @threads any
 * @since   0.1
 */
PN_API size_t pn_substrait_output_count(const pn_substrait *plan);

/**
 * Gives output name `index`; NULL past the end. Depth first, as Substrait has them: the name of a
 * struct column is followed by the names of its fields.
 *
 * @threads any
 * @since   0.1
 */
PN_API const char *pn_substrait_output_at(const pn_substrait *plan, size_t index);

/**
 * Tells whether the plan only reads, filters and projects one table, row by row: no join, no
 * grouping, no order, no limit, no window, no subquery. Running it twice costs two scans.
 *
 * @threads any
 * @since   0.1
 */
PN_API int pn_substrait_is_projection(const pn_substrait *plan);

/**
 * Appends the plan as readable text, one relation per line, inputs indented below their reader.
 * Equal plans have equal texts; long expressions are cut, so different plans may, too.
 *
 * @param text_out  [out] appended to
 * @errors  INVALID an argument is NULL
 * @threads any
 * @since   0.1
 */
PN_API PN_NODISCARD pn_status pn_substrait_text(const pn_substrait *plan, pn_buf *text_out,
                                                pn_error *err);

/** What to list of the differences of two plans; zero = default. */
typedef struct pn_substrait_diff_options {
    uint32_t struct_size; /**< sizeof(pn_substrait_diff_options) */
    uint32_t json;        /**< 1: one JSON object instead of text */
    uint64_t max_count;   /**< default 1, the first one; at most 10,000 are listed */
} pn_substrait_diff_options;

#ifdef __cplusplus
#define PN_SUBSTRAIT_DIFF_OPTIONS_INIT                                                             \
    (pn_substrait_diff_options{sizeof(pn_substrait_diff_options), 0, 0})
#else
#define PN_SUBSTRAIT_DIFF_OPTIONS_INIT                                                             \
    ((pn_substrait_diff_options){.struct_size = sizeof(pn_substrait_diff_options)})
#endif

/**
 * Appends where two plans differ, from the root on: for each difference the path of relation kinds,
 * the field and the place in it, and what the field says on either side.
 *
 * Text has a line per difference and the two sides below it. JSON is one object without white
 * space: "equal", and "differences" with "path", "change" ("changed", "added", "removed",
 * "replaced"), "field", "at", "left", "right", "left_value" and "right_value"; what does not apply
 * is left out. A relation that only one side has is listed once, what is below it goes on.
 *
 * @param options    NULL for defaults: the first difference, as text
 * @param out        [out] appended to; nothing as text when the plans are equal
 * @param count_out  [out] number of differences listed, 0 exactly for equal plans; may be NULL
 *
 * @errors  INVALID left, right or out is NULL
 * @threads any
 * @cost    O(size of both plans)
 * @since   0.1
 */
PN_API PN_NODISCARD pn_status pn_substrait_diff(const pn_substrait *left, const pn_substrait *right,
                                                const pn_substrait_diff_options *options,
                                                pn_buf *out, size_t *count_out, pn_error *err);

PN_EXTERN_C_END

#endif
