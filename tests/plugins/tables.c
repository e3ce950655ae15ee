/* A pack of tables: what the host pushes down, pins, and checks. All columns are 64-bit integers.
 */
#include "pack.h"

#include <stdio.h>

/* ---- one table: rows a = 0..rows-1, b = 10 a, log = what the scan was asked for ----------------
 */

enum { MAX_COLUMNS = 3 };

typedef struct table {
    int64_t rows;
    int32_t lie; /* LIE_* */
    char version[32];
    char dataset[512];
} table;

enum { LIE_NONE, LIE_TYPE, LIE_LENGTH, LIE_LATE, LIE_NO_STREAM, LIE_COLUMNS, LIE_BUFFERS };

static const char *const names[] = {"a", "b", "log"};

static void release_schema(struct ArrowSchema *schema) {
    for (int64_t i = 0; i < schema->n_children; i++) {
        if (schema->children[i]->release) {
            schema->children[i]->release(schema->children[i]);
        }
        free(schema->children[i]);
    }
    free(schema->children);
    schema->release = NULL;
}

static void init_schema(struct ArrowSchema *out, const char *format, const char *name) {
    memset(out, 0, sizeof *out);
    out->format = format;
    out->name = name;
    out->flags = ARROW_FLAG_NULLABLE;
    out->release = release_schema;
}

static void make_schema(struct ArrowSchema *out, const uint32_t *columns, uint32_t n,
                        const char *format) {
    init_schema(out, "+s", "");
    out->n_children = n;
    out->children = calloc(n + 1, sizeof *out->children);
    for (uint32_t i = 0; i < n; i++) {
        out->children[i] = malloc(sizeof *out->children[i]);
        init_schema(out->children[i], format, names[columns[i]]);
    }
}

static int32_t schema(void *self, struct ArrowSchema *out, char *message, size_t cap) {
    static const uint32_t all[] = {0, 1, 2};
    (void)self, (void)message, (void)cap;
    make_schema(out, all, MAX_COLUMNS, "l");
    return 0;
}

/* a is filtered exactly by =, inexactly by >=; nothing else is. */
static int32_t classify(void *self, const pn_filter *filter) {
    (void)self;
    if (filter->column != 0) {
        return PN_PUSHDOWN_NONE;
    }
    return filter->op == PN_FILTER_EQ   ? PN_PUSHDOWN_EXACT
           : filter->op == PN_FILTER_GE ? PN_PUSHDOWN_INEXACT
                                        : PN_PUSHDOWN_NONE;
}

/* ---- scans -------------------------------------------------------------------------------------
 */

typedef struct scan {
    const table *of;
    uint32_t columns[MAX_COLUMNS];
    uint32_t n_columns;
    int64_t from, to; /* rows of a, after the filters */
    int64_t log;
    int done;
} scan;

static int get_schema(struct ArrowArrayStream *stream, struct ArrowSchema *out) {
    const scan *self = stream->private_data;
    make_schema(out, self->columns, self->n_columns - (self->of->lie == LIE_COLUMNS ? 1 : 0),
                self->of->lie == LIE_TYPE ? "g" : "l");
    return 0;
}

static void release_batch(struct ArrowArray *array) {
    for (int64_t i = 0; i < array->n_children; i++) {
        if (array->children[i]->release) {
            array->children[i]->release(array->children[i]);
        }
        free(array->children[i]);
    }
    free(array->children);
    free(array->buffers);
    array->release = NULL;
}

static int get_next(struct ArrowArrayStream *stream, struct ArrowArray *out) {
    scan *self = stream->private_data;
    memset(out, 0, sizeof *out);
    if (self->done) {
        return self->of->lie == LIE_LATE ? 5 : 0;
    }
    self->done = 1;
    int64_t rows = self->to > self->from ? self->to - self->from : 0;
    out->length = rows;
    out->n_buffers = 1;
    out->buffers = calloc(1, sizeof *out->buffers);
    out->n_children = self->n_columns - (self->of->lie == LIE_COLUMNS ? 1 : 0);
    out->children = calloc(MAX_COLUMNS + 1, sizeof *out->children);
    out->release = release_batch;
    for (int64_t i = 0; i < out->n_children; i++) {
        out->children[i] = malloc(sizeof *out->children[i]);
        int64_t *values = make_longs(out->children[i], rows);
        for (int64_t row = 0; row < rows; row++) {
            int64_t a = self->from + row;
            values[row] = self->columns[i] == 0 ? a : self->columns[i] == 1 ? 10 * a : self->log;
        }
        out->children[i]->length -= self->of->lie == LIE_LENGTH ? 1 : 0;
        out->children[i]->n_buffers -= self->of->lie == LIE_BUFFERS ? 1 : 0;
    }
    return 0;
}

static const char *last_error(struct ArrowArrayStream *stream) {
    (void)stream;
    return "the disk is tired";
}

static void release_stream(struct ArrowArrayStream *stream) {
    free(stream->private_data);
    stream->release = NULL;
}

static void apply(scan *self, const pn_filter *filter) {
    int64_t value = ((const int64_t *)filter->value->buffers[1])[filter->value->offset];
    if (filter->op == PN_FILTER_EQ) {
        self->from = value > self->from ? value : self->from;
        self->to = value + 1 < self->to ? value + 1 : self->to;
    } else { /* inexact: half of what does not match goes */
        self->from = value / 2 > self->from ? value / 2 : self->from;
    }
}

static int32_t start_scan(void *at, const pn_scan *request, struct ArrowArrayStream *out,
                          char *message, size_t cap) {
    (void)message, (void)cap;
    const table *of = at;
    memset(out, 0, sizeof *out);
    if (of->lie == LIE_NO_STREAM) {
        return 0;
    }
    scan *self = calloc(1, sizeof *self);
    *self = (scan){.of = of, .n_columns = request->n_columns, .to = of->rows};
    for (uint32_t i = 0; i < request->n_columns; i++) {
        self->columns[i] = request->columns[i];
    }
    for (uint32_t i = 0; i < request->n_filters; i++) {
        apply(self, &request->filters[i]);
    }
    self->log = (int64_t)request->n_columns * 10000 + (int64_t)request->n_filters * 1000 +
                (request->limit < 0 ? 999 : request->limit);
    *out = (struct ArrowArrayStream){.get_schema = get_schema,
                                     .get_next = get_next,
                                     .get_last_error = last_error,
                                     .release = release_stream,
                                     .private_data = self};
    return 0;
}

static int64_t row_count(void *self) {
    return ((const table *)self)->rows;
}

static void release_table(void *self) {
    free(self);
}

static int32_t open_table(pn_table *out, int64_t rows, int32_t lie) {
    table *made = calloc(1, sizeof *made);
    made->rows = rows;
    made->lie = lie;
    snprintf(made->version, sizeof made->version, "%lld rows", (long long)rows);
    out->self = made;
    out->version = made->version;
    out->schema = schema;
    out->classify = classify;
    out->scan = start_scan;
    out->row_count = row_count;
    out->release = release_table;
    return 0;
}

/* ---- the functions -----------------------------------------------------------------------------
 */

static int32_t counted(void *ctx, const pn_kernel_call *call, pn_table *out, char *message,
                       size_t cap) {
    (void)ctx;
    int64_t rows = 0;
    if (!long_at(&call->args[0], 0, &rows) || rows < 0) {
        return complain(message, cap, "there are no fewer rows than none");
    }
    return open_table(out, rows, LIE_NONE);
}

static int32_t untold(void *ctx, const pn_kernel_call *call, pn_table *out, char *message,
                      size_t cap) {
    int32_t code = counted(ctx, call, out, message, cap);
    out->version = NULL;
    return code;
}

static int32_t lying(void *ctx, const pn_kernel_call *call, pn_table *out, char *message,
                     size_t cap) {
    (void)ctx, (void)message, (void)cap;
    int64_t lie = 0;
    long_at(&call->args[0], 0, &lie);
    return open_table(out, 3, (int32_t)lie);
}

/* ticking(n): another version each time it is opened. */
static int32_t ticking(void *ctx, const pn_kernel_call *call, pn_table *out, char *message,
                       size_t cap) {
    static int64_t opened;
    int32_t code = counted(ctx, call, out, message, cap);
    if (code == 0) {
        table *made = out->self;
        snprintf(made->version, sizeof made->version, "opening %lld", (long long)++opened);
    }
    return code;
}

/* watched(n): the version that stands in the environment. */
static int32_t watched(void *ctx, const pn_kernel_call *call, pn_table *out, char *message,
                       size_t cap) {
    const char *version = getenv("TABLES_VERSION");
    int32_t code = counted(ctx, call, out, message, cap);
    if (code == 0) {
        table *made = out->self;
        snprintf(made->version, sizeof made->version, "%s", version ? version : "");
        out->version = version ? made->version : NULL;
    }
    return code;
}

/* elsewhere(path): the CSV file there. */
static int32_t elsewhere(void *ctx, const pn_kernel_call *call, pn_table *out, char *message,
                         size_t cap) {
    (void)ctx, (void)message, (void)cap;
    const struct ArrowArray *text = call->args[0].array;
    const int32_t *ends = (const int32_t *)text->buffers[1] + text->offset;
    open_table(out, 0, LIE_NONE);
    table *made = out->self;
    snprintf(made->dataset, sizeof made->dataset, "{\"format\":\"csv\",\"uri\":\"%.*s\"}",
             ends[1] - ends[0], (const char *)text->buffers[2] + ends[0]);
    out->dataset = made->dataset;
    return 0;
}

static const char *const longs[] = {"l"};
static const char *const texts[] = {"s"};
static const char *const defaults[] = {"3"};

#define TABLE_FUNCTION(fn_name, min, formats)                                                      \
    {                                                                                              \
        .struct_size = sizeof(pn_udf), .min_args = (min), .max_args = 1, .n_arg_formats = 1,       \
        .name = (fn_name), .arg_formats = (formats), .body_version = "1",                          \
        .arg_defaults = (min) ? NULL : defaults,                                                   \
    }

static const pn_udf counted_udf = TABLE_FUNCTION("counted", 0, longs);
static const pn_udf untold_udf = TABLE_FUNCTION("untold", 1, longs);
static const pn_udf lying_udf = TABLE_FUNCTION("lying", 1, longs);
static const pn_udf ticking_udf = TABLE_FUNCTION("ticking", 1, longs);
static const pn_udf watched_udf = TABLE_FUNCTION("watched", 1, longs);
static const pn_udf elsewhere_udf = TABLE_FUNCTION("elsewhere", 1, texts);
static const pn_table_function functions[] = {
    {sizeof(pn_table_function), 0, &counted_udf, counted},
    {sizeof(pn_table_function), 0, &untold_udf, untold},
    {sizeof(pn_table_function), 0, &lying_udf, lying},
    {sizeof(pn_table_function), 0, &ticking_udf, ticking},
    {sizeof(pn_table_function), 0, &watched_udf, watched},
    {sizeof(pn_table_function), 0, &elsewhere_udf, elsewhere},
};

/* ---- the provider: as many rows as the options have bytes ---------------------------------------
 */

static int32_t provide(void *ctx, const char *options, pn_table *out, char *message, size_t cap) {
    (void)ctx;
    if (strstr(options, "broken")) {
        return complain(message, cap, "these options are broken");
    }
    open_table(out, (int64_t)strlen(options), LIE_NONE);
    if (strstr(options, "unreadable")) {
        out->version = "\xff";
    }
    return 0;
}

static const pn_table_provider providers[] = {
    {sizeof(pn_table_provider), 0, "bytes", "Rows by the bytes of the options.", NULL, provide},
};

static const pn_plugin plugin = {
    .struct_size = sizeof(pn_plugin),
    .abi_major = PN_PLUGIN_ABI_MAJOR,
    .abi_minor_min = 1,
    .udf_stride = sizeof(pn_udf),
    .name = "tables",
    .version = "1.0",
    .table_function_stride = sizeof(pn_table_function),
    .n_table_functions = COUNT_OF(functions),
    .table_functions = functions,
    .table_provider_stride = sizeof(pn_table_provider),
    .n_table_providers = COUNT_OF(providers),
    .table_providers = providers,
};

const pn_plugin *pn_plugin_entry(const pn_host *host, char *message, size_t cap) {
    (void)host, (void)message, (void)cap;
    return &plugin;
}
