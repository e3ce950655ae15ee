/* A pack with a function of every kind, for what the host promises each of them. */
#include "pack.h"

static const char *const longs[] = {"l", "l", "l"};
static const char *const any[] = {"*"};

/* ---- scalar: defaults, nulls, literals, forms -------------------------------------------------
 */

/* scaled(n, factor, offset) = n * factor + offset. */
static int32_t scaled(void *ctx, const pn_kernel_call *call, struct ArrowArray *out, char *message,
                      size_t cap) {
    (void)ctx;
    if (call->n_args != 3) {
        return complain(message, cap, "it takes all three arguments");
    }
    int all_scalar = call->args[0].is_scalar && call->args[1].is_scalar && call->args[2].is_scalar;
    int64_t rows = all_scalar ? 1 : call->n_rows;
    int64_t *made = make_longs(out, rows);
    for (int64_t i = 0; i < rows; i++) {
        int64_t n = 0;
        int64_t factor = 0;
        int64_t offset = 0;
        if (long_at(&call->args[0], i, &n) && long_at(&call->args[1], i, &factor) &&
            long_at(&call->args[2], i, &offset)) {
            made[i] = n * factor + offset;
        } else {
            made[i] = -1; /* the host makes it null */
        }
    }
    return 0;
}

/* arity(…) = the number of arguments. */
static int32_t arity(void *ctx, const pn_kernel_call *call, struct ArrowArray *out, char *message,
                     size_t cap) {
    (void)ctx, (void)message, (void)cap;
    int64_t rows = call->n_rows;
    uint32_t constants = 0;
    while (constants < call->n_args && call->args[constants].is_scalar) {
        constants++;
    }
    if (constants == call->n_args && constants > 0) {
        rows = 1; /* nothing but constants: one value stands for all rows */
    }
    int64_t *made = make_longs(out, rows);
    for (int64_t i = 0; i < rows; i++) {
        made[i] = (int64_t)call->n_args;
    }
    return 0;
}

static const char *const scaled_defaults[] = {"=all_kinds.factor", "100"};
static const char *const exact_text[] = {"=u"};
static const char *const nested[] = {"+l", "+s"};
static const pn_signature arity_forms[] = {
    {sizeof(pn_signature), PN_SIGNATURE_EXACT, 2, 2, 2, 0, nested},
};

static const pn_udf scalars[] = {
    {
        .struct_size = sizeof(pn_udf),
        .min_args = 1,
        .max_args = 3,
        .n_arg_formats = 3,
        .name = "scaled",
        .arg_formats = longs,
        .return_format = "l",
        .invoke = scaled,
        .body_version = "1",
        .null_handling = PN_NULLS_PROPAGATED,
        .literal_args = 1 << 1,
        .preserves_order_of = 0,
        .arg_defaults = scaled_defaults,
    },
    {
        .struct_size = sizeof(pn_udf),
        .volatility = PN_VOLATILITY_VOLATILE, /* not folded, so that the kernel sees a batch */
        .min_args = 1,
        .max_args = 1,
        .n_arg_formats = 1,
        .name = "arity",
        .arg_formats = exact_text,
        .return_format = "l",
        .invoke = arity,
        .body_version = "1",
        .alternative_stride = sizeof(pn_signature),
        .n_alternatives = COUNT_OF(arity_forms),
        .alternatives = arity_forms,
    },
};

/* ---- aggregates -------------------------------------------------------------------------------
 */

typedef struct group {
    int64_t count;
    int64_t value;
} group;

typedef struct state {
    group *groups;
    uint64_t n_groups;
    int32_t ignore_nulls;
} state;

static int32_t create(void *ctx, const pn_aggregate_open *open, void **state_out, char *message,
                      size_t cap) {
    (void)ctx, (void)message, (void)cap;
    state *made = calloc(1, sizeof *made);
    if (!made) {
        abort();
    }
    made->ignore_nulls = open->ignore_nulls;
    *state_out = made;
    return 0;
}

static void destroy(void *at) {
    state *self = at;
    free(self->groups);
    free(self);
}

static void grow(state *self, uint64_t n_groups) {
    if (n_groups <= self->n_groups) {
        return;
    }
    self->groups = realloc(self->groups, n_groups * sizeof *self->groups);
    if (!self->groups) {
        abort();
    }
    memset(self->groups + self->n_groups, 0, (n_groups - self->n_groups) * sizeof *self->groups);
    self->n_groups = n_groups;
}

static void drop(state *self, uint64_t n_groups) {
    self->n_groups -= n_groups;
    memmove(self->groups, self->groups + n_groups, self->n_groups * sizeof *self->groups);
}

/* total(n): the sum; a null counts as 1000 unless IGNORE NULLS, so that the two differ. */
static void add(state *self, const pn_kernel_call *call, const uint64_t *groups, int64_t sign) {
    for (int64_t i = 0; i < call->n_rows; i++) {
        int64_t n = 1000;
        if (!long_at(&call->args[0], i, &n) && self->ignore_nulls) {
            continue;
        }
        self->groups[groups[i]].count += sign;
        self->groups[groups[i]].value += sign * n;
    }
}

static int32_t update_total(void *at, const pn_kernel_call *call, const uint64_t *groups,
                            uint64_t n_groups, char *message, size_t cap) {
    (void)message, (void)cap;
    grow(at, n_groups);
    add(at, call, groups, 1);
    return 0;
}

static int32_t retract_total(void *at, const pn_kernel_call *call, const uint64_t *groups,
                             uint64_t n_groups, char *message, size_t cap) {
    (void)n_groups, (void)message, (void)cap;
    add(at, call, groups, -1);
    return 0;
}

static int32_t merge_total(void *at, const pn_kernel_call *call, const uint64_t *groups,
                           uint64_t n_groups, char *message, size_t cap) {
    (void)message, (void)cap;
    state *self = at;
    grow(self, n_groups);
    for (int64_t i = 0; i < call->n_rows; i++) {
        int64_t count = 0;
        int64_t value = 0;
        if (long_at(&call->args[0], i, &count) && long_at(&call->args[1], i, &value)) {
            self->groups[groups[i]].count += count;
            self->groups[groups[i]].value += value;
        }
    }
    return 0;
}

static int32_t emit(void *at, uint64_t n_groups, struct ArrowArray *out, char *message,
                    size_t cap) {
    (void)message, (void)cap;
    state *self = at;
    grow(self, n_groups);
    int64_t *counts = make_longs(&out[0], (int64_t)n_groups);
    int64_t *values = make_longs(&out[1], (int64_t)n_groups);
    for (uint64_t i = 0; i < n_groups; i++) {
        counts[i] = self->groups[i].count;
        values[i] = self->groups[i].value;
    }
    drop(self, n_groups);
    return 0;
}

static int32_t evaluate(void *at, uint64_t n_groups, int32_t keep, struct ArrowArray *out,
                        char *message, size_t cap) {
    (void)message, (void)cap;
    state *self = at;
    grow(self, n_groups);
    int64_t *values = make_longs(out, (int64_t)n_groups);
    for (uint64_t i = 0; i < n_groups; i++) {
        values[i] = self->groups[i].value; /* nothing is 0, not null */
    }
    if (!keep) {
        drop(self, n_groups);
    }
    return 0;
}

/* biggest(n): the largest, null of nothing; cannot take back. */
static void raise_to(group *to, int64_t value) {
    if (to->count == 0 || value > to->value) {
        *to = (group){1, value};
    }
}

static int32_t update_biggest(void *at, const pn_kernel_call *call, const uint64_t *groups,
                              uint64_t n_groups, char *message, size_t cap) {
    (void)message, (void)cap;
    state *self = at;
    grow(self, n_groups);
    for (int64_t i = 0; i < call->n_rows; i++) {
        int64_t n = 0;
        if (long_at(&call->args[0], i, &n)) {
            raise_to(&self->groups[groups[i]], n);
        }
    }
    return 0;
}

static int32_t merge_biggest(void *at, const pn_kernel_call *call, const uint64_t *groups,
                             uint64_t n_groups, char *message, size_t cap) {
    (void)message, (void)cap;
    state *self = at;
    grow(self, n_groups);
    for (int64_t i = 0; i < call->n_rows; i++) {
        int64_t count = 0;
        int64_t value = 0;
        if (long_at(&call->args[0], i, &count) && count > 0 && long_at(&call->args[1], i, &value)) {
            raise_to(&self->groups[groups[i]], value);
        }
    }
    return 0;
}

static int32_t evaluate_biggest(void *at, uint64_t n_groups, int32_t keep, struct ArrowArray *out,
                                char *message, size_t cap) {
    (void)message, (void)cap;
    state *self = at;
    grow(self, n_groups);
    int64_t *values = make_longs(out, (int64_t)n_groups);
    for (uint64_t i = 0; i < n_groups; i++) {
        values[i] = self->groups[i].value;
        if (self->groups[i].count == 0) {
            set_null(out, (int64_t)i);
        }
    }
    if (!keep) {
        drop(self, n_groups);
    }
    return 0;
}

static size_t size(const void *at) {
    const state *self = at;
    return sizeof *self + self->n_groups * sizeof *self->groups;
}

static const pn_udf total = LONGS("total", 1, 1, longs);
static const pn_udf biggest = LONGS("biggest", 1, 1, longs);
static const pn_aggregate aggregates[] = {
    {sizeof(pn_aggregate), PN_AGGREGATE_IGNORES_NULLS, &total, 2, 0, longs, create, destroy,
     update_total, retract_total, merge_total, emit, evaluate, size},
    {sizeof(pn_aggregate), PN_AGGREGATE_SET, &biggest, 2, 0, longs, create, destroy, update_biggest,
     NULL, merge_biggest, emit, evaluate_biggest, size},
};

/* ---- window functions -------------------------------------------------------------------------
 */

/* rows_left(x): rows of the partition from this one on. */
static int32_t rows_left(void *ctx, const pn_window_call *call, struct ArrowArray *out,
                         char *message, size_t cap) {
    (void)ctx, (void)message, (void)cap;
    int64_t n = call->call->n_rows;
    int64_t *made = make_longs(out, n);
    for (int64_t i = 0; i < n; i++) {
        made[i] = n - i;
    }
    return 0;
}

/* peer_group(): which group of equal rows, from 1. */
static int32_t peer_group(void *ctx, const pn_window_call *call, struct ArrowArray *out,
                          char *message, size_t cap) {
    (void)ctx, (void)message, (void)cap;
    int64_t *made = make_longs(out, call->call->n_rows);
    uint64_t row = 0;
    for (uint64_t peer = 0; peer < call->n_peers; peer++) {
        for (; row < call->peer_ends[peer]; row++) {
            made[row] = (int64_t)peer + 1;
        }
    }
    return 0;
}

/* frame_total(n): the sum over the frame, without nulls. */
static int32_t frame_total(void *ctx, const pn_window_call *call, struct ArrowArray *out,
                           char *message, size_t cap) {
    (void)ctx, (void)message, (void)cap;
    int64_t *made = make_longs(out, 1);
    for (uint64_t i = call->frame_start; i < call->frame_end; i++) {
        int64_t n = 0;
        made[0] += long_at(&call->call->args[0], (int64_t)i, &n) ? n : 0;
    }
    return 0;
}

static const pn_udf left = LONGS("rows_left", 1, 1, any);
static const pn_udf peers = LONGS("peer_group", 0, 0, NULL);
static const pn_udf frames = LONGS("frame_total", 1, 1, longs);
static const pn_window windows[] = {
    {sizeof(pn_window), PN_WINDOW_PARTITION, &left, rows_left},
    {sizeof(pn_window), PN_WINDOW_PEERS, &peers, peer_group},
    {sizeof(pn_window), PN_WINDOW_FRAME, &frames, frame_total},
};

static const pn_option options[] = {
    {sizeof(pn_option), 0, "all_kinds.factor", "l", "2", "What scaled() multiplies by."},
};

/* ---- a language: `total` under another name, as volatile as the body says ---------------------
 */

/* It lives to the end of the process, as plugin.h wants it, and stays reachable. */
typedef struct made_total {
    pn_plugin pack;
    pn_aggregate row;
    pn_udf declaration;
    char name[64];
    struct made_total *next;
} made_total;

static made_total *all_made; /* one thread makes functions: the session's lock is held */

static const pn_plugin *make_total(void *ctx, const pn_create_function *statement, char *message,
                                   size_t cap) {
    (void)ctx;
    made_total *made = calloc(1, sizeof *made);
    if (!made || strlen(statement->name) >= sizeof made->name) {
        free(made);
        complain(message, cap, "the name is too long");
        return NULL;
    }
    memcpy(made->name, statement->name, strlen(statement->name) + 1);
    made->declaration = total;
    made->declaration.name = made->name;
    made->declaration.volatility =
        strcmp(statement->body, "volatile") == 0 ? PN_VOLATILITY_VOLATILE : PN_VOLATILITY_STABLE;
    made->row = aggregates[0];
    made->row.function = &made->declaration;
    made->pack = (pn_plugin){.struct_size = sizeof made->pack,
                             .abi_major = PN_PLUGIN_ABI_MAJOR,
                             .abi_minor_min = 1,
                             .udf_stride = sizeof(pn_udf),
                             .name = "totals",
                             .version = "1",
                             .aggregate_stride = sizeof(pn_aggregate),
                             .n_aggregates = 1,
                             .aggregates = &made->row};
    made->next = all_made;
    all_made = made;
    return &made->pack;
}

static const pn_function_factory factories[] = {
    {.struct_size = sizeof(pn_function_factory), .language = "totals", .create = make_total},
};

static const pn_plugin plugin = {
    .struct_size = sizeof(pn_plugin),
    .abi_major = PN_PLUGIN_ABI_MAJOR,
    .abi_minor_min = 1,
    .udf_stride = sizeof(pn_udf),
    .name = "all_kinds",
    .version = "1.0",
    .n_udfs = COUNT_OF(scalars),
    .udfs = scalars,
    .aggregate_stride = sizeof(pn_aggregate),
    .n_aggregates = COUNT_OF(aggregates),
    .aggregates = aggregates,
    .window_stride = sizeof(pn_window),
    .n_windows = COUNT_OF(windows),
    .windows = windows,
    .option_stride = sizeof(pn_option),
    .n_options = COUNT_OF(options),
    .options = options,
    .function_factory_stride = sizeof(pn_function_factory),
    .n_function_factories = COUNT_OF(factories),
    .function_factories = factories,
};

const pn_plugin *pn_plugin_entry(const pn_host *host, char *message, size_t cap) {
    (void)host, (void)message, (void)cap;
    return &plugin;
}
