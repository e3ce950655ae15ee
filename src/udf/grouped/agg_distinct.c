/* SPDX-License-Identifier: Apache-2.0 */
/*
 * list_unique, collect_set and count_distinct_agg: three readings of one multiset of texts. Null is
 * one more value, unless the call ignores nulls; a list has it last, once.
 *
 * A partial state is: version, how many nulls, how many keys, then count, length and bytes of each.
 * The counts make merging exact also for what is taken out again later.
 */
#include "udf/grouped/agg_priv.h"

#include <stdlib.h>

typedef struct distinct_kind {
    const char *name;
    bool is_count;
} distinct_kind;

typedef struct distinct {
    const distinct_kind *kind;
    bool ignore_nulls;
    agg_keys keys;
    PNI_VEC(pni_str) sorted; /* of one group */
    pn_buf blob;
} distinct;

static agg_place place(const distinct *state, char *message, size_t cap) {
    return (agg_place){state->kind->name, message, cap};
}

static int32_t create(void *ctx, const pn_aggregate_open *open, void **state_out, char *message,
                      size_t message_cap) {
    (void)message, (void)message_cap;
    distinct *state = pni_calloc(1, sizeof *state);
    state->kind = ctx;
    state->ignore_nulls = open->ignore_nulls != 0;
    *state_out = state;
    return 0;
}

static void destroy(void *self) {
    distinct *state = self;
    pni_agg_keys_dispose(&state->keys);
    pni_vec_dispose(&state->sorted);
    pn_buf_dispose(&state->blob);
    pni_free(state);
}

static size_t size(const void *self) {
    const distinct *state = self;
    return sizeof *state + pni_agg_keys_size(&state->keys) + state->sorted.cap * sizeof(pni_str) +
           state->blob.cap;
}

/* ---- in and out -------------------------------------------------------------------------------
 */

static int32_t add_row(void *self, udf_frame *frame, int64_t row, uint64_t group) {
    distinct *state = self;
    if (udf_null(frame, 0, row)) {
        state->keys.groups.items[group].nulls += !state->ignore_nulls;
        return 0;
    }
    if (pni_agg_keys_add(&state->keys, group, udf_str(frame, 0, row), 1) == SIZE_MAX) {
        return pni_udf_fail(frame, "there are more than 4 billion distinct values");
    }
    return 0;
}

static int32_t take_row(void *self, udf_frame *frame, int64_t row, uint64_t group) {
    distinct *state = self;
    if (udf_null(frame, 0, row)) {
        state->keys.groups.items[group].nulls -= !state->ignore_nulls;
        return 0;
    }
    if (!pni_agg_keys_take(&state->keys, group, udf_str(frame, 0, row))) {
        return pni_udf_fail(frame, "row %lld leaves a window that it never entered",
                            (long long)row);
    }
    return 0;
}

static int32_t read_keys(distinct *state, udf_frame *frame, agg_reader *in, uint64_t group) {
    uint64_t count = pni_agg_get_number(in);
    for (uint64_t i = 0; i < count && in->ok; i++) {
        uint64_t times = pni_agg_get_number(in);
        pni_str text = pni_agg_get_bytes(in, pni_agg_get_number(in));
        in->ok = in->ok && times > 0 && times <= INT64_MAX && pni_utf8_valid(text.data, text.len);
        if (in->ok && pni_agg_keys_add(&state->keys, group, text, (int64_t)times) == SIZE_MAX) {
            return pni_udf_fail(frame, "there are more than 4 billion distinct values");
        }
    }
    return 0;
}

static int32_t merge_row(void *self, udf_frame *frame, int64_t row, uint64_t group) {
    distinct *state = self;
    if (udf_null(frame, 0, row)) {
        return 0; /* a partition without rows */
    }
    agg_reader in = pni_agg_state_at(frame, row);
    uint64_t nulls = pni_agg_get_number(&in);
    UDF_TRY(read_keys(state, frame, &in, group));
    int64_t *sum = &state->keys.groups.items[group].nulls;
    if (!in.ok || in.at != in.end || nulls > INT64_MAX ||
        __builtin_add_overflow(*sum, (int64_t)nulls, sum)) {
        return pni_agg_bad_state((agg_place){frame->name, frame->message, frame->message_cap});
    }
    return 0;
}

static int32_t each_row(distinct *state, agg_rows in, agg_row_fn fn, agg_place at) {
    pni_agg_keys_reach(&state->keys, in.n_groups);
    return pni_agg_each(state, in, fn, at);
}

static int32_t update(void *self, const pn_kernel_call *call, const uint64_t *groups,
                      uint64_t n_groups, char *message, size_t cap) {
    return each_row(self, (agg_rows){call, groups, n_groups}, add_row, place(self, message, cap));
}

static int32_t retract(void *self, const pn_kernel_call *call, const uint64_t *groups,
                       uint64_t n_groups, char *message, size_t cap) {
    return each_row(self, (agg_rows){call, groups, n_groups}, take_row, place(self, message, cap));
}

static int32_t merge(void *self, const pn_kernel_call *call, const uint64_t *groups,
                     uint64_t n_groups, char *message, size_t cap) {
    return each_row(self, (agg_rows){call, groups, n_groups}, merge_row, place(self, message, cap));
}

/* ---- results ----------------------------------------------------------------------------------
 */

static int append_state(void *self, uint64_t group, struct ArrowArray *out) {
    distinct *state = self;
    const agg_group *of = &state->keys.groups.items[group];
    pni_buf_clear(&state->blob);
    pni_buf_putc(&state->blob, AGG_STATE_VERSION);
    pni_agg_put_number(&state->blob, (uint64_t)of->nulls);
    pni_agg_put_number(&state->blob, of->live);
    for (uint32_t i = of->head; i > 0; i = state->keys.keys.items[i - 1].next) {
        const agg_key *key = &state->keys.keys.items[i - 1];
        if (key->count > 0) {
            pni_agg_put_number(&state->blob, (uint64_t)key->count);
            pni_agg_put_number(&state->blob, key->len);
            pni_buf_append(&state->blob, state->keys.bytes.data + key->at, key->len);
        }
    }
    struct ArrowBufferView bytes = {{state->blob.data}, (int64_t)state->blob.len};
    return ArrowArrayAppendBytes(out, bytes);
}

static int by_bytes(const void *a, const void *b) {
    return pni_str_cmp(*(const pni_str *)a, *(const pni_str *)b);
}

static int append_list(void *self, uint64_t group, struct ArrowArray *out) {
    distinct *state = self;
    const agg_group *of = &state->keys.groups.items[group];
    state->sorted.count = 0;
    for (uint32_t i = of->head; i > 0; i = state->keys.keys.items[i - 1].next) {
        const agg_key *key = &state->keys.keys.items[i - 1];
        if (key->count > 0) {
            pni_vec_push(&state->sorted, pni_agg_key_text(&state->keys, key));
        }
    }
    if (state->sorted.count > 1) {
        qsort(state->sorted.items, state->sorted.count, sizeof(pni_str), by_bytes);
    }
    struct ArrowArray *items = out->children[0];
    for (size_t i = 0; i < state->sorted.count; i++) {
        pni_str text = state->sorted.items[i];
        NANOARROW_RETURN_NOT_OK(ArrowArrayAppendString(items, udf_view(text.data, text.len)));
    }
    if (of->nulls > 0) {
        NANOARROW_RETURN_NOT_OK(ArrowArrayAppendNull(items, 1));
    }
    return ArrowArrayFinishElement(out);
}

static int append_count(void *self, uint64_t group, struct ArrowArray *out) {
    const agg_group *of = &((distinct *)self)->keys.groups.items[group];
    return ArrowArrayAppendInt(out, (int64_t)of->live + (of->nulls > 0));
}

static int32_t emit(void *self, uint64_t n_groups, struct ArrowArray *out, char *message,
                    size_t cap) {
    distinct *state = self;
    pni_agg_keys_reach(&state->keys, n_groups);
    UDF_TRY(pni_agg_result(place(state, message, cap), state, n_groups,
                           AGG_FLAT(NANOARROW_TYPE_LARGE_BINARY, append_state), out));
    pni_agg_keys_drop(&state->keys, n_groups);
    return 0;
}

static int32_t evaluate(void *self, uint64_t n_groups, int32_t keep, struct ArrowArray *out,
                        char *message, size_t cap) {
    distinct *state = self;
    agg_column column = state->kind->is_count ? AGG_FLAT(NANOARROW_TYPE_INT64, append_count)
                                              : AGG_NESTED(pni_agg_list_schema, append_list);
    pni_agg_keys_reach(&state->keys, n_groups);
    UDF_TRY(pni_agg_result(place(state, message, cap), state, n_groups, column, out));
    if (!keep) {
        pni_agg_keys_drop(&state->keys, n_groups);
    }
    return 0;
}

/* ---- the table --------------------------------------------------------------------------------
 */

#define DISTINCT_CTX(sql_name, counts)                                                             \
    AGG_DECLARED(sql_name), .ctx = (void *)&(const distinct_kind) {                                \
        (sql_name), (counts)                                                                       \
    }

static const pn_udf declared[] = {
    {DISTINCT_CTX("list_unique", false), UDF_EXACT(1, "s"), UDF_NAMES("value"),
     .return_type = pni_agg_list_return, .rewrite_tags = "list", .body_version = "1",
     .description = "The distinct texts in bytewise order, null last unless nulls are ignored."},
    {DISTINCT_CTX("collect_set", false), UDF_EXACT(1, "s"), UDF_NAMES("value"),
     .return_type = pni_agg_list_return, .rewrite_tags = "aggregate,deterministic,list",
     .body_version = "1",
     .description = "The distinct texts in bytewise order, null last unless nulls are ignored."},
    {DISTINCT_CTX("count_distinct_agg", true), UDF_EXACT(1, "t"), UDF_NAMES("value"),
     .return_format = "l", .rewrite_tags = "aggregate", .body_version = "1",
     .description = "How many distinct values there are; null is one unless nulls are ignored."},
};

#define DISTINCT(index)                                                                            \
    {                                                                                              \
        .struct_size = sizeof(pn_aggregate),                                                       \
        .flags = PN_AGGREGATE_IGNORES_NULLS | PN_AGGREGATE_SET, .function = &declared[index],      \
        AGG_BLOB_STATE, .create = create, .destroy = destroy, .update = update,                    \
        .retract = retract, .merge = merge, .emit = emit, .evaluate = evaluate, .size = size       \
    }

static const pn_aggregate aggregates[] = {DISTINCT(0), DISTINCT(1), DISTINCT(2)};
_Static_assert(sizeof aggregates / sizeof aggregates[0] == sizeof declared / sizeof declared[0],
               "each declaration is a function");

agg_table pni_agg_table_distinct(void) {
    return (agg_table){aggregates, sizeof aggregates / sizeof aggregates[0]};
}
