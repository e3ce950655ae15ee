/* SPDX-License-Identifier: Apache-2.0 */
/*
 * arg_min, any_value_det, arg_max and asof_select: the text with the least or the greatest key; of
 * equal keys the least text. Rows where either is null do not count.
 *
 * A row becomes one run of bytes: the key big-endian, its sign bit flipped, all bits flipped when
 * the greatest is wanted, then the text. The bytewise least of a group is the answer, so ties need
 * no rule of their own. A group holds that one. Only when rows will leave again are all of them
 * kept, counted, under a heap; what left stays in the heap until it comes to the top.
 */
#include "udf/grouped/agg_priv.h"

#define KEY_BYTES 8

typedef struct best_kind {
    const char *name;
    uint64_t flip; /* of the key's bits */
} best_kind;

typedef PNI_VEC(uint32_t) heap; /* of keys, the least on top */

typedef struct best {
    const best_kind *kind;
    bool is_sliding;
    agg_keys keys;
    PNI_VEC(heap) heaps; /* per group, when sliding */
    uint64_t packed;     /* what keys.packed was when the heaps were made */
    size_t heap_bytes;
    pn_buf row;
} best;

static agg_place place(const best *state, char *message, size_t cap) {
    return (agg_place){state->kind->name, message, cap};
}

static int32_t create(void *ctx, const pn_aggregate_open *open, void **state_out, char *message,
                      size_t message_cap) {
    (void)message, (void)message_cap;
    best *state = pni_calloc(1, sizeof *state);
    state->kind = ctx;
    state->is_sliding =
        open->struct_size > offsetof(pn_aggregate_open, is_sliding) && open->is_sliding != 0;
    *state_out = state;
    return 0;
}

static void destroy(void *self) {
    best *state = self;
    for (size_t i = 0; i < state->heaps.count; i++) {
        pni_vec_dispose(&state->heaps.items[i]);
    }
    pni_vec_dispose(&state->heaps);
    pni_agg_keys_dispose(&state->keys);
    pn_buf_dispose(&state->row);
    pni_free(state);
}

static size_t size(const void *self) {
    const best *state = self;
    return sizeof *state + pni_agg_keys_size(&state->keys) + state->row.cap +
           state->heaps.cap * sizeof(heap) + state->heap_bytes;
}

/* ---- heaps ------------------------------------------------------------------------------------
 */

static bool is_less(const best *state, uint32_t a, uint32_t b) {
    const agg_key *keys = state->keys.keys.items;
    return pni_str_cmp(pni_agg_key_text(&state->keys, &keys[a]),
                       pni_agg_key_text(&state->keys, &keys[b])) < 0;
}

static void swap(heap *of, size_t a, size_t b) {
    uint32_t kept = of->items[a];
    of->items[a] = of->items[b];
    of->items[b] = kept;
}

static void heap_push(best *state, heap *of, size_t index) {
    size_t cap = of->cap;
    pni_vec_push(of, (uint32_t)index);
    state->heap_bytes += (of->cap - cap) * sizeof(uint32_t);
    state->keys.keys.items[index].queued = true;
    for (size_t at = of->count - 1; at > 0; at = (at - 1) / 2) {
        if (!is_less(state, of->items[at], of->items[(at - 1) / 2])) {
            return;
        }
        swap(of, at, (at - 1) / 2);
    }
}

static void heap_pop(best *state, heap *of) {
    state->keys.keys.items[of->items[0]].queued = false;
    of->items[0] = of->items[--of->count];
    for (size_t at = 0;;) {
        size_t least = at;
        for (size_t child = 2 * at + 1; child <= 2 * at + 2 && child < of->count; child++) {
            least = is_less(state, of->items[child], of->items[least]) ? child : least;
        }
        if (least == at) {
            return;
        }
        swap(of, at, least);
        at = least;
    }
}

static void reach(best *state, uint64_t n_groups) {
    pni_agg_keys_reach(&state->keys, n_groups);
    while (state->is_sliding && state->heaps.count < n_groups) {
        pni_vec_push(&state->heaps, ((heap){0}));
    }
}

/* Keys have new numbers after packing. */
static void refill(best *state) {
    if (state->packed == state->keys.packed) {
        return;
    }
    state->packed = state->keys.packed;
    for (size_t i = 0; i < state->heaps.count; i++) {
        heap *of = &state->heaps.items[i];
        of->count = 0;
        uint32_t at = i < state->keys.groups.count ? state->keys.groups.items[i].head : 0;
        for (; at > 0; at = state->keys.keys.items[at - 1].next) {
            heap_push(state, of, at - 1);
        }
    }
}

/* The group's answer in bytes, or NULL. */
static const agg_key *top(best *state, uint64_t group) {
    if (!state->is_sliding) { /* only what is better came in, so the newest is the best */
        uint32_t head = state->keys.groups.items[group].head;
        return head > 0 ? &state->keys.keys.items[head - 1] : NULL;
    }
    refill(state);
    heap *of = &state->heaps.items[group];
    while (of->count > 0) {
        const agg_key *key = &state->keys.keys.items[of->items[0]];
        if (key->count > 0) {
            return key;
        }
        heap_pop(state, of);
    }
    return NULL;
}

/* ---- in and out -------------------------------------------------------------------------------
 */

static int32_t offer(best *state, udf_frame *frame, uint64_t group, pni_str row) {
    if (!state->is_sliding) {
        const agg_key *now = top(state, group);
        pni_str best_yet = now ? pni_agg_key_text(&state->keys, now) : row;
        if (now && pni_str_cmp(best_yet, row) <= 0) {
            return 0;
        }
        if (now) {
            pni_agg_keys_take(&state->keys, group, best_yet);
        }
    }
    refill(state);
    size_t index = pni_agg_keys_add(&state->keys, group, row, 1);
    if (index == SIZE_MAX) {
        return pni_udf_fail(frame, "there are more than 4 billion values, or one of 2 GiB");
    }
    if (state->is_sliding && !state->keys.keys.items[index].queued) {
        heap_push(state, &state->heaps.items[group], index);
    }
    return 0;
}

/* The row as bytes; false when it does not count. */
static bool read_row(best *state, const udf_frame *frame, int64_t row, pni_str *out) {
    if (udf_null(frame, 0, row) || udf_null(frame, 1, row)) {
        return false;
    }
    uint64_t key = ((uint64_t)udf_int(frame, 1, row) ^ (UINT64_C(1) << 63)) ^ state->kind->flip;
    key = __builtin_bswap64(key);
    pni_str text = udf_str(frame, 0, row);
    pni_buf_clear(&state->row);
    pni_buf_append(&state->row, &key, KEY_BYTES);
    pni_buf_append(&state->row, text.data, text.len);
    *out = (pni_str){(const char *)state->row.data, state->row.len};
    return true;
}

static int32_t add_row(void *self, udf_frame *frame, int64_t row, uint64_t group) {
    best *state = self;
    pni_str bytes;
    return read_row(state, frame, row, &bytes) ? offer(state, frame, group, bytes) : 0;
}

static int32_t take_row(void *self, udf_frame *frame, int64_t row, uint64_t group) {
    best *state = self;
    pni_str bytes;
    if (read_row(state, frame, row, &bytes) &&
        (!state->is_sliding || !pni_agg_keys_take(&state->keys, group, bytes))) {
        return pni_udf_fail(frame, "row %lld leaves a window that it never entered",
                            (long long)row);
    }
    return 0;
}

static int32_t merge_row(void *self, udf_frame *frame, int64_t row, uint64_t group) {
    best *state = self;
    if (udf_null(frame, 0, row)) {
        return 0; /* a partition without rows */
    }
    agg_reader in = pni_agg_state_at(frame, row);
    if (in.ok && in.at == in.end) {
        return 0;
    }
    pni_str bytes = pni_agg_get_bytes(&in, (uint64_t)(in.end - in.at));
    if (!in.ok || bytes.len < KEY_BYTES ||
        !pni_utf8_valid(bytes.data + KEY_BYTES, bytes.len - KEY_BYTES)) {
        return pni_agg_bad_state((agg_place){frame->name, frame->message, frame->message_cap});
    }
    return offer(state, frame, group, bytes);
}

static int32_t each_row(best *state, agg_rows in, agg_row_fn fn, agg_place at) {
    reach(state, in.n_groups);
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
    best *state = self;
    const agg_key *key = top(state, group);
    pni_buf_clear(&state->row);
    pni_buf_putc(&state->row, AGG_STATE_VERSION);
    if (key) {
        pni_buf_append(&state->row, state->keys.bytes.data + key->at, key->len);
    }
    struct ArrowBufferView bytes = {{state->row.data}, (int64_t)state->row.len};
    return ArrowArrayAppendBytes(out, bytes);
}

static int append_text(void *self, uint64_t group, struct ArrowArray *out) {
    best *state = self;
    const agg_key *key = top(state, group);
    if (!key) {
        return ArrowArrayAppendNull(out, 1);
    }
    pni_str bytes = pni_agg_key_text(&state->keys, key);
    return ArrowArrayAppendString(out, udf_view(bytes.data + KEY_BYTES, bytes.len - KEY_BYTES));
}

static void drop(best *state, uint64_t n_groups) {
    pni_agg_keys_drop(&state->keys, n_groups);
    size_t gone = n_groups < state->heaps.count ? (size_t)n_groups : state->heaps.count;
    for (size_t i = 0; i < gone; i++) {
        state->heap_bytes -= state->heaps.items[i].cap * sizeof(uint32_t);
        pni_vec_dispose(&state->heaps.items[i]);
    }
    if (gone > 0) {
        state->heaps.count -= gone;
        memmove(state->heaps.items, state->heaps.items + gone, state->heaps.count * sizeof(heap));
    }
}

static int32_t emit(void *self, uint64_t n_groups, struct ArrowArray *out, char *message,
                    size_t cap) {
    best *state = self;
    reach(state, n_groups);
    UDF_TRY(pni_agg_result(place(state, message, cap), state, n_groups,
                           AGG_FLAT(NANOARROW_TYPE_LARGE_BINARY, append_state), out));
    drop(state, n_groups);
    return 0;
}

static int32_t evaluate(void *self, uint64_t n_groups, int32_t keep, struct ArrowArray *out,
                        char *message, size_t cap) {
    best *state = self;
    reach(state, n_groups);
    UDF_TRY(pni_agg_result(place(state, message, cap), state, n_groups,
                           AGG_FLAT(NANOARROW_TYPE_STRING, append_text), out));
    if (!keep) {
        drop(state, n_groups);
    }
    return 0;
}

/* ---- the table --------------------------------------------------------------------------------
 */

#define BEST_DECLARED(sql_name, flip)                                                              \
    AGG_DECLARED(sql_name), UDF_EXACT(2, "s", "l"), UDF_NAMES("value", "order_key"),               \
        .return_format = "u", .body_version = "1", .ctx = (void *)&(const best_kind) {             \
        (sql_name), (flip)                                                                         \
    }

static const pn_udf declared[] = {
    {BEST_DECLARED("any_value_det", 0), .rewrite_tags = "aggregate,deterministic",
     .description = "A text of the group that is the same in every run: that of the least key."},
    {BEST_DECLARED("arg_min", 0), .rewrite_tags = "aggregate,deterministic",
     .description = "The text with the least key; of equal keys the least text."},
    {BEST_DECLARED("arg_max", UINT64_MAX), .rewrite_tags = "aggregate,deterministic",
     .description = "The text with the greatest key; of equal keys the least text."},
    {BEST_DECLARED("asof_select", UINT64_MAX), .rewrite_tags = "aggregate,asof",
     .description = "The latest text: that of the greatest key; of equal keys the least text."},
};

#define BEST(index)                                                                                \
    {                                                                                              \
        .struct_size = sizeof(pn_aggregate),                                                       \
        .flags = PN_AGGREGATE_IGNORES_NULLS | PN_AGGREGATE_SET, .function = &declared[index],      \
        AGG_BLOB_STATE, .create = create, .destroy = destroy, .update = update,                    \
        .retract = retract, .merge = merge, .emit = emit, .evaluate = evaluate, .size = size       \
    }

static const pn_aggregate aggregates[] = {BEST(0), BEST(1), BEST(2), BEST(3)};
_Static_assert(sizeof aggregates / sizeof aggregates[0] == sizeof declared / sizeof declared[0],
               "each declaration is a function");

agg_table pni_agg_table_best(void) {
    return (agg_table){aggregates, sizeof aggregates / sizeof aggregates[0]};
}
