/* A pack whose functions keep what they were lent for one call, and read it later. The memory is
 * there for as long as nobody takes it away, so nothing but the probe sees it. */
#include "pack.h"

static const char *const longs[] = {"l", "l"};
static const pn_host *the_host;

typedef struct keeper {
    const int64_t *kept;
    int64_t own[1];
} keeper;

static void keep(keeper *self, const struct ArrowArray *array) {
    if (array->length > 0) {
        self->kept = (const int64_t *)array->buffers[1] + array->offset;
    }
}

static int32_t create(void *ctx, const pn_aggregate_open *open, void **state_out, char *message,
                      size_t cap) {
    (void)message, (void)cap;
    keeper *self = calloc(1, sizeof *self);
    if (!self) {
        abort();
    }
    self->kept = self->own;
    if (ctx && open->n_args && open->scalars[0]) {
        keep(self, open->scalars[0]);
    }
    *state_out = self;
    return 0;
}

static void destroy(void *state) {
    free(state);
}

static int32_t keep_rows(void *state, const pn_kernel_call *call, const uint64_t *groups,
                         uint64_t n_groups, char *message, size_t cap) {
    (void)groups, (void)n_groups, (void)message, (void)cap;
    keep(state, call->args[0].array);
    return 0;
}

static int32_t keep_nothing(void *state, const pn_kernel_call *call, const uint64_t *groups,
                            uint64_t n_groups, char *message, size_t cap) {
    (void)state, (void)call, (void)groups, (void)n_groups, (void)message, (void)cap;
    return 0;
}

static void release(struct ArrowArray *array) {
    the_host->free((void *)(uintptr_t)array->buffers[1]);
    the_host->free(array->buffers);
    array->release = NULL;
}

static int32_t emit(void *state, uint64_t n_groups, struct ArrowArray *out, char *message,
                    size_t cap) {
    (void)state, (void)message, (void)cap;
    int64_t *values = the_host->alloc(n_groups * sizeof *values);
    memset(values, 0, n_groups * sizeof *values);
    memset(out, 0, sizeof *out);
    out->length = (int64_t)n_groups;
    out->n_buffers = 2;
    out->buffers = the_host->alloc(2 * sizeof *out->buffers);
    out->buffers[0] = NULL;
    out->buffers[1] = values;
    out->release = release;
    return 0;
}

static int32_t evaluate(void *state, uint64_t n_groups, int32_t keeps, struct ArrowArray *out,
                        char *message, size_t cap) {
    (void)keeps, (void)message, (void)cap;
    const keeper *self = state;
    make_longs(out, (int64_t)n_groups)[0] = self->kept[0];
    return 0;
}

static size_t size(const void *state) {
    (void)state;
    return sizeof(keeper);
}

static pn_udf keeps_literals = LONGS("keeps_literals", 1, 1, longs);
static const pn_udf keeps_rows = LONGS("keeps_rows", 1, 1, longs);
static const pn_udf keeps_states = LONGS("keeps_states", 1, 1, longs);
static const pn_aggregate aggregates[] = {
    {sizeof(pn_aggregate), 0, &keeps_literals, 1, 0, longs, create, destroy, keep_nothing, NULL,
     keep_nothing, emit, evaluate, size},
    {sizeof(pn_aggregate), 0, &keeps_rows, 1, 0, longs, create, destroy, keep_rows, NULL,
     keep_nothing, emit, evaluate, size},
    {sizeof(pn_aggregate), 0, &keeps_states, 1, 0, longs, create, destroy, keep_nothing, NULL,
     keep_rows, emit, evaluate, size},
};

static void release_frame(struct ArrowArray *array) {
    free(array->buffers);
    array->release = NULL;
}

/* The result is the argument. */
static int32_t lend(void *ctx, const pn_window_call *call, struct ArrowArray *out, char *message,
                    size_t cap) {
    (void)ctx, (void)message, (void)cap;
    *out = *call->call->args[0].array;
    out->buffers = calloc(2, sizeof *out->buffers);
    if (!out->buffers) {
        abort();
    }
    memcpy(out->buffers, call->call->args[0].array->buffers, 2 * sizeof *out->buffers);
    out->release = release_frame;
    return 0;
}

static const pn_udf lends_its_rows = LONGS("lends_its_rows", 1, 1, longs);
static const pn_window windows[] = {
    {sizeof(pn_window), PN_WINDOW_PARTITION, &lends_its_rows, lend},
};

static const pn_plugin plugin = {
    .struct_size = sizeof(pn_plugin),
    .abi_major = PN_PLUGIN_ABI_MAJOR,
    .abi_minor_min = 1,
    .udf_stride = sizeof(pn_udf),
    .name = "keeps",
    .version = "1.0",
    .aggregate_stride = sizeof(pn_aggregate),
    .n_aggregates = COUNT_OF(aggregates),
    .aggregates = aggregates,
    .window_stride = sizeof(pn_window),
    .n_windows = COUNT_OF(windows),
    .windows = windows,
};

const pn_plugin *pn_plugin_entry(const pn_host *host, char *message, size_t cap) {
    (void)message, (void)cap;
    the_host = host;
    keeps_literals.literal_args = 1;
    keeps_literals.ctx = &keeps_literals; /* create() is told so */
    return &plugin;
}
