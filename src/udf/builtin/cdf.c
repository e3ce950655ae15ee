/* SPDX-License-Identifier: Apache-2.0 */
/* Delta change types: their rank when one key changed more than once in a version, and what the
 * rank means. */
#include "udf/builtin/kernel_priv.h"

typedef struct change {
    const char *name;
    int64_t rank;
} change;

static const change changes[] = {
    {"update_postimage", 3}, {"insert", 2}, {"delete", 1}, {"update_preimage", 0}};

static int64_t rank_of(pni_str text) {
    text = pni_udf_trim(text);
    for (size_t i = 0; i < sizeof changes / sizeof changes[0]; i++) {
        if (pni_udf_same_lower(text, changes[i].name)) {
            return changes[i].rank;
        }
    }
    return -1;
}

/* Appends the rank, or whether its bit is set in `mask`. */
static int32_t change_rows(udf_frame *frame, struct ArrowArray *out, int64_t mask) {
    for (int64_t row = 0; row < frame->rows; row++) {
        if (udf_null(frame, 0, row)) {
            UDF_TRY(pni_udf_append(frame, ArrowArrayAppendNull(out, 1)));
            continue;
        }
        int64_t rank = rank_of(udf_str(frame, 0, row));
        int64_t value = mask == 0 ? rank : rank >= 0 && (mask >> rank & 1);
        UDF_TRY(pni_udf_append(frame, ArrowArrayAppendInt(out, value)));
    }
    return 0;
}

static int32_t rank_rows(udf_frame *frame, struct ArrowArray *out) {
    return change_rows(frame, out, 0);
}

static int32_t is_upsert_rows(udf_frame *frame, struct ArrowArray *out) {
    return change_rows(frame, out, 1 << 2 | 1 << 3);
}

static int32_t is_delete_rows(udf_frame *frame, struct ArrowArray *out) {
    return change_rows(frame, out, 1 << 1);
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
