/* SPDX-License-Identifier: Apache-2.0 */
/* Delta change types: their rank when one key changed more than once in a version, and what the
 * rank means. */
#include "udf/builtin/out_priv.h"

typedef struct change {
    pni_str name;
    int32_t rank;
} change;

static const change changes[] = {{{"update_postimage", 16}, 3},
                                 {{"insert", 6}, 2},
                                 {{"delete", 6}, 1},
                                 {{"update_preimage", 15}, 0}};
enum { CHANGES = sizeof changes / sizeof changes[0] };

/* Delta writes the names as they are here, so that is tried first; unrolled, lengths are constants
 * and comparing is no call. */
static int32_t rank_of(pni_str text) {
#pragma GCC unroll 4
    for (size_t i = 0; i < CHANGES; i++) {
        pni_str name = changes[i].name;
        if (text.len == name.len && memcmp(text.data, name.data, name.len) == 0) {
            return changes[i].rank;
        }
    }
    text = pni_udf_trim(text);
    for (size_t i = 0; i < CHANGES; i++) {
        if (pni_udf_same_lower(text, changes[i].name.data)) {
            return changes[i].rank;
        }
    }
    return -1;
}

static int32_t rank_rows(udf_frame *frame, struct ArrowArray *out) {
    udf_nulls nulls;
    int32_t *values;
    UDF_TRY(pni_udf_append(
        frame, pni_udf_fixed_begin(frame, out, sizeof *values, &nulls, (void **)&values)));
    UDF_TRY(pni_udf_append(frame, pni_udf_nulls_of(&nulls, frame, 0, 1)));
    for (int64_t row = 0; row < frame->rows; row++) {
        values[row] = udf_is_set_null(&nulls, row) ? 0 : rank_of(udf_str(frame, 0, row));
    }
    pni_udf_nulls_end(&nulls);
    return 0;
}

/* Whether the bit of the rank is set in `mask`. */
static int32_t rank_in_rows(udf_frame *frame, struct ArrowArray *out, uint32_t mask) {
    udf_nulls nulls;
    uint8_t *bits;
    UDF_TRY(pni_udf_append(frame, pni_udf_bits_begin(frame, out, &nulls, &bits)));
    UDF_TRY(pni_udf_append(frame, pni_udf_nulls_of(&nulls, frame, 0, 1)));
    for (int64_t row = 0; row < frame->rows; row++) {
        int32_t rank = udf_is_set_null(&nulls, row) ? -1 : rank_of(udf_str(frame, 0, row));
        bool is_in = rank >= 0 && (mask >> rank & 1) != 0;
        bits[row / 8] |= (uint8_t)(is_in << (row % 8));
    }
    pni_udf_nulls_end(&nulls);
    return 0;
}

static int32_t is_upsert_rows(udf_frame *frame, struct ArrowArray *out) {
    return rank_in_rows(frame, out, 1 << 2 | 1 << 3);
}

static int32_t is_delete_rows(udf_frame *frame, struct ArrowArray *out) {
    return rank_in_rows(frame, out, 1 << 1);
}

static const pn_udf functions[] = {
    {UDF_FUNCTION("cdf_change_rank", NANOARROW_TYPE_INT32, rank_rows), UDF_EXACT(1, "s"),
     UDF_NAMES("change_type"), .return_format = "i", .rewrite_tags = "cdf,delta,incremental",
     .body_version = "1",
     .description = "Rank of a Delta change type: update_postimage 3, insert 2, delete 1, "
                    "update_preimage 0, other -1."},
    {UDF_FUNCTION("cdf_is_upsert", NANOARROW_TYPE_BOOL, is_upsert_rows), UDF_EXACT(1, "s"),
     UDF_NAMES("change_type"), .return_format = "b", .rewrite_tags = "cdf,delta,incremental",
     .body_version = "1",
     .description = "Whether a Delta change type is an insert or the new side of an update."},
    {UDF_FUNCTION("cdf_is_delete", NANOARROW_TYPE_BOOL, is_delete_rows), UDF_EXACT(1, "s"),
     UDF_NAMES("change_type"), .return_format = "b", .rewrite_tags = "cdf,delta,incremental",
     .body_version = "1", .description = "Whether a Delta change type is a delete."},
};

udf_table pni_udf_table_cdf(void) {
    return (udf_table){functions, sizeof functions / sizeof functions[0]};
}
