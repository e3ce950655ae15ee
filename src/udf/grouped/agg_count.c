/* SPDX-License-Identifier: Apache-2.0 */
/* count_if: how many rows are true. A partial state is the number itself. */
#include "udf/grouped/agg_priv.h"

static const char count_if_name[] = "count_if";

typedef PNI_VEC(int64_t) counts;

static int32_t create(void *ctx, const pn_aggregate_open *open, void **state_out, char *message,
                      size_t message_cap) {
    (void)ctx, (void)open, (void)message, (void)message_cap;
    *state_out = pni_calloc(1, sizeof(counts));
    return 0;
}

static void destroy(void *self) {
    counts *state = self;
    pni_vec_dispose(state);
    pni_free(state);
}

static size_t size(const void *self) {
    return sizeof(counts) + ((const counts *)self)->cap * sizeof(int64_t);
}

static void reach(counts *state, uint64_t n_groups) {
    while (state->count < n_groups) {
        pni_vec_push(state, 0);
    }
}

/* Adds `sign` times each row: of truths 1 for each, of partial states their number. A sum stays
 * within what fits: a forged state wraps round and is wrong, but nothing else. */
static int32_t each_row(counts *state, agg_rows in, uint64_t sign, agg_place at) {
    udf_frame frame;
    int32_t result = pni_agg_open(&frame, at, in);
    reach(state, in.n_groups);
    for (int64_t row = 0; result == 0 && row < frame.rows; row++) {
        if (!udf_null(&frame, 0, row)) {
            uint64_t sum = (uint64_t)state->items[in.groups[row]];
            sum += sign * (uint64_t)udf_int(&frame, 0, row);
            state->items[in.groups[row]] = (int64_t)sum;
        }
    }
    pni_udf_frame_close(&frame);
    return result;
}

static int32_t update(void *self, const pn_kernel_call *call, const uint64_t *groups,
                      uint64_t n_groups, char *message, size_t cap) {
    return each_row(self, (agg_rows){call, groups, n_groups}, 1,
                    (agg_place){count_if_name, message, cap});
}

static int32_t retract(void *self, const pn_kernel_call *call, const uint64_t *groups,
                       uint64_t n_groups, char *message, size_t cap) {
    return each_row(self, (agg_rows){call, groups, n_groups}, UINT64_MAX,
                    (agg_place){count_if_name, message, cap});
}

static int append_count(void *self, uint64_t group, struct ArrowArray *out) {
    return ArrowArrayAppendInt(out, ((counts *)self)->items[group]);
}

static int32_t evaluate(void *self, uint64_t n_groups, int32_t keep, struct ArrowArray *out,
                        char *message, size_t cap) {
    counts *state = self;
    reach(state, n_groups);
    UDF_TRY(pni_agg_result((agg_place){count_if_name, message, cap}, state, n_groups,
                           AGG_FLAT(NANOARROW_TYPE_INT64, append_count), out));
    if (!keep) {
        state->count -= n_groups;
        memmove(state->items, state->items + n_groups, state->count * sizeof(int64_t));
    }
    if (state->count == 0) {
        pni_vec_dispose(state);
    }
    return 0;
}

static int32_t emit(void *self, uint64_t n_groups, struct ArrowArray *out, char *message,
                    size_t cap) {
    return evaluate(self, n_groups, 0, out, message, cap);
}

static const pn_udf declared = {AGG_DECLARED("count_if"),
                                UDF_EXACT(1, "b"),
                                UDF_NAMES("condition"),
                                .return_format = "l",
                                .rewrite_tags = "aggregate,deterministic",
                                .body_version = "1",
                                .description = "How many rows are true; null is not."};

static const pn_aggregate aggregates[] = {
    {.struct_size = sizeof(pn_aggregate),
     .flags = PN_AGGREGATE_IGNORES_NULLS,
     .function = &declared,
     .n_state = 1,
     .state_formats = UDF_LIST("l"),
     .create = create,
     .destroy = destroy,
     .update = update,
     .retract = retract,
     .merge = update,
     .emit = emit,
     .evaluate = evaluate,
     .size = size},
};

agg_table pni_agg_table_count(void) {
    return (agg_table){aggregates, 1};
}
