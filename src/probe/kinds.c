/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Calling aggregates, window and table functions. An aggregate has to give the same result whole
 * and in parts, and nothing after all rows were taken out again; a window function one value per
 * row or frame; a table batches of the schema that it names. What was lent for a call is withdrawn
 * when the call returns, so that keeping it is fatal.
 */
#include "probe/probe_priv.h"

#include <inttypes.h>
#include <stdio.h>

enum { GROUPS = 3, MOST_BATCHES = 16, MOST_FRAMES = 16 };

static pn_kernel_call call_of(const probe_args *args, int64_t rows, const probe_page *page) {
    return (pn_kernel_call){.struct_size = sizeof(pn_kernel_call),
                            .n_args = args->count,
                            .arg_stride = sizeof(pn_kernel_arg),
                            .args = args->args,
                            .n_rows = rows,
                            .stop = &page->stop};
}

/* What the result is going to be; false when the function refuses to say. */
static bool result_type(const probe_way *way, probe_page *page, struct ArrowSchema *out) {
    probe_args args;
    bool is_known = pni_probe_args_make(way, &args) && pni_probe_result_type(way, &args, page, out);
    pni_probe_args_dispose(&args);
    return is_known;
}

/* ---- aggregates ------------------------------------------------------------------------------ */

enum { MOST_GIVEN = 3 }; /* at creation, in and out */

typedef struct aggregate_probe {
    const pn_aggregate *aggregate;
    const probe_way *way;
    const struct ArrowSchema *type;
    const uint64_t *groups; /* of the rows */
    probe_page *page;
} aggregate_probe;

/* A state and what it was given. Arguments are withdrawn when the call returns; their place stays
 * empty as long as the state lives, so that a pointer that was kept leads nowhere. */
typedef struct probed_state {
    void *state;
    probe_args given[MOST_GIVEN];
    uint32_t n_given;
} probed_state;

static bool answered(const aggregate_probe *p, int32_t result, const char *message) {
    p->page->calls++;
    return result == 0 || pni_probe_refuse(p->page, message);
}

/* Arguments for one call; NULL when they cannot be made. */
static const probe_args *give(const aggregate_probe *p, probed_state *at) {
    pni_assert(at->n_given < MOST_GIVEN);
    probe_args *args = &at->given[at->n_given++];
    return pni_probe_args_make(p->way, args) ? args : NULL;
}

static bool create(const aggregate_probe *p, probed_state *at) {
    char message[512] = "";
    const pn_udf *udf = p->aggregate->function;
    *at = (probed_state){0};
    const probe_args *args = give(p, at);
    if (!args)
        return false;
    pn_aggregate_open open = {.struct_size = sizeof open,
                              .n_args = args->count,
                              .args = args->fields,
                              .scalars = args->scalars,
                              .result = p->type};
    int32_t result = p->aggregate->create(udf->ctx, &open, &at->state, message, sizeof message);
    pni_probe_withdraw(args->memory);
    if (!answered(p, result, message)) {
        at->state = NULL;
        return false;
    }
    if (!at->state)
        pni_probe_note(p->page, "state", "create() gave no state and no error");
    return at->state != NULL;
}

static void destroy(const aggregate_probe *p, probed_state *at) {
    if (at->state)
        p->aggregate->destroy(at->state);
    for (uint32_t i = 0; i < at->n_given; i++)
        pni_probe_args_dispose(&at->given[i]);
}

/* Rows go in by update() and out by retract(), which have one form. */
static bool feed(const aggregate_probe *p, probed_state *at, bool out) {
    char message[512] = "";
    const probe_args *args = give(p, at);
    if (!args)
        return false;
    pn_kernel_call call = call_of(args, p->way->rows, p->page);
    int32_t result = (out ? p->aggregate->retract : p->aggregate->update)(
        at->state, &call, p->groups, GROUPS, message, sizeof message);
    pni_probe_withdraw(args->memory);
    return answered(p, result, message);
}

static bool evaluate(const aggregate_probe *p, const probed_state *at, pn_buf *text) {
    char message[512] = "";
    struct ArrowArray out = {0};
    int32_t result =
        p->aggregate->evaluate(at->state, GROUPS, /* keep= */ 0, &out, message, sizeof message);
    return answered(p, result, message) && pni_probe_check(p->page, p->type, &out, GROUPS, text);
}

/* What the groups give: of all rows, or of none with `retracted` rows that came and went. */
static bool result_of(const aggregate_probe *p, bool has_rows, bool retracted, pn_buf *text) {
    probed_state at;
    bool done = create(p, &at) && (!has_rows || feed(p, &at, false)) &&
                (!retracted || (feed(p, &at, false) && feed(p, &at, true)));
    if (done)
        (void)p->aggregate->size(at.state);
    done = done && evaluate(p, &at, text);
    destroy(p, &at);
    return done;
}

static bool check_state(const aggregate_probe *p, struct ArrowArray *arrays) {
    bool fits = true;
    for (uint32_t i = 0; i < p->aggregate->n_state; i++) {
        PNI_AUTO_SCHEMA type = {0};
        struct ArrowArrayView view;
        struct ArrowError why = {""};
        ArrowSchemaInit(&type);
        if (!arrays[i].release || arrays[i].length != GROUPS ||
            ArrowSchemaSetFormat(&type, p->aggregate->state_formats[i]) != NANOARROW_OK ||
            ArrowArrayViewInitFromSchema(&view, &type, &why) != NANOARROW_OK) {
            pni_probe_note(p->page, "state", "part %u of the partial states is not as declared", i);
            return false;
        }
        fits = ArrowArrayViewSetArray(&view, &arrays[i], &why) == NANOARROW_OK &&
               ArrowArrayViewValidate(&view, NANOARROW_VALIDATION_LEVEL_FULL, &why) == NANOARROW_OK;
        ArrowArrayViewReset(&view);
        if (!fits) {
            pni_probe_note(p->page, "state", "part %u of the partial states: %s", i, why.message);
            return false;
        }
    }
    return true;
}

static void release_all(struct ArrowArray *arrays, uint32_t n) {
    for (uint32_t i = 0; i < n; i++)
        if (arrays[i].release)
            arrays[i].release(&arrays[i]);
}

static bool merge(const aggregate_probe *p, const probed_state *at, struct ArrowArray *arrays) {
    char message[512] = "";
    static const uint64_t groups[GROUPS] = {0, 1, 2};
    uint32_t n = p->aggregate->n_state;
    PNI_AUTO_PTR(pni_arena) arena = pni_arena_new();
    struct ArrowSchema *types = pni_arena_alloc(arena, (n + 1) * sizeof *types);
    pn_kernel_arg *columns = pni_arena_alloc(arena, (n + 1) * sizeof *columns);
    for (uint32_t i = 0; i < n; i++) {
        ArrowSchemaInit(&types[i]);
        int code = ArrowSchemaSetFormat(&types[i], p->aggregate->state_formats[i]);
        pni_assert(code == NANOARROW_OK); /* check_state() has tried it */
        columns[i] = (pn_kernel_arg){.schema = &types[i], .array = &arrays[i]};
    }
    const pn_kernel_call call = {.struct_size = sizeof call,
                                 .n_args = n,
                                 .arg_stride = sizeof(pn_kernel_arg),
                                 .args = columns,
                                 .n_rows = GROUPS,
                                 .stop = &p->page->stop};
    int32_t result = p->aggregate->merge(at->state, &call, groups, GROUPS, message, sizeof message);
    for (uint32_t i = 0; i < n; i++)
        ArrowSchemaRelease(&types[i]);
    return answered(p, result, message);
}

/* The states that were merged are gone by the time the result is asked for. */
static bool merge_into(const aggregate_probe *p, struct ArrowArray *arrays, pn_buf *text) {
    probed_state at;
    bool done = create(p, &at) && merge(p, &at, arrays);
    release_all(arrays, p->aggregate->n_state);
    done = done && evaluate(p, &at, text);
    destroy(p, &at);
    return done;
}

/* The result by way of partial states. */
static bool result_in_parts(const aggregate_probe *p, pn_buf *text) {
    char message[512] = "";
    uint32_t n = p->aggregate->n_state;
    struct ArrowArray *arrays = pni_calloc(n + 1, sizeof *arrays);
    probed_state at;
    bool done =
        create(p, &at) && feed(p, &at, false) &&
        answered(p, p->aggregate->emit(at.state, GROUPS, arrays, message, sizeof message), message);
    destroy(p, &at);
    done = done && check_state(p, arrays) && merge_into(p, arrays, text);
    release_all(arrays, n);
    pni_free(arrays);
    return done;
}

static void compare(const aggregate_probe *p, const char *what, const char *text,
                    const pn_buf *left, const pn_buf *right) {
    if (p->aggregate->function->volatility == PN_VOLATILITY_IMMUTABLE &&
        (left->len != right->len || (left->len && memcmp(left->data, right->data, left->len) != 0)))
        pni_probe_note(p->page, what, "%s", text);
}

static void probe_results(const aggregate_probe *p) {
    PNI_AUTO(pn_buf) whole = PN_BUF_INIT;
    PNI_AUTO(pn_buf) again = PN_BUF_INIT;
    PNI_AUTO(pn_buf) parts = PN_BUF_INIT;
    PNI_AUTO(pn_buf) none = PN_BUF_INIT;
    PNI_AUTO(pn_buf) taken = PN_BUF_INIT;
    if (!result_of(p, true, false, &whole))
        return;
    if (result_of(p, true, false, &again))
        compare(p, "not immutable", "the same rows gave other results", &whole, &again);
    if (result_in_parts(p, &parts))
        compare(p, "merge", "merged partial states give another result than the rows", &whole,
                &parts);
    if (p->aggregate->retract && result_of(p, false, false, &none) &&
        result_of(p, false, true, &taken))
        compare(p, "retract", "rows that were taken out again left something behind", &none,
                &taken);
}

void pni_probe_aggregate(const pn_aggregate *aggregate, const probe_way *way, probe_page *page) {
    PNI_AUTO_SCHEMA type = {0};
    if (!result_type(way, page, &type))
        return;
    uint64_t *groups = pni_calloc((size_t)way->rows + 1, sizeof *groups);
    for (int64_t i = 0; i < way->rows; i++)
        groups[i] = (uint64_t)i % GROUPS;
    const aggregate_probe p = {aggregate, way, &type, groups, page};
    probe_results(&p);
    pni_free(groups);
}

/* ---- window functions ------------------------------------------------------------------------ */

/* One call with arguments of its own, which are gone before the result is looked at. */
static bool call_window(const pn_window *window, const probe_way *way, pn_window_call *call,
                        const struct ArrowSchema *type, probe_page *page) {
    char message[512] = "";
    struct ArrowArray out = {0};
    PNI_AUTO(pn_buf) text = PN_BUF_INIT;
    probe_args args;
    int64_t want = window->mode == PN_WINDOW_FRAME ? 1 : way->rows;
    bool goes_on = pni_probe_args_make(way, &args);
    if (goes_on) {
        pn_kernel_call rows = call_of(&args, way->rows, page);
        call->call = &rows;
        page->calls++;
        int32_t result =
            window->evaluate(window->function->ctx, call, &out, message, sizeof message);
        pni_probe_withdraw(args.memory);
        goes_on = result ? pni_probe_refuse(page, message)
                         : pni_probe_check(page, type, &out, want, &text);
    }
    pni_probe_args_dispose(&args);
    return goes_on;
}

void pni_probe_window(const pn_window *window, const probe_way *way, probe_page *page) {
    PNI_AUTO_SCHEMA type = {0};
    if (!result_type(way, page, &type))
        return;
    uint64_t *ends = pni_calloc((size_t)way->rows + 1, sizeof *ends);
    for (int64_t i = 0; i < way->rows; i++)
        ends[i] = (uint64_t)i + 1;
    pn_window_call call = {.struct_size = sizeof call};
    if (window->mode == PN_WINDOW_PEERS) {
        call.n_peers = (uint64_t)way->rows;
        call.peer_ends = ends;
    }
    int64_t calls = window->mode != PN_WINDOW_FRAME ? 1
                    : way->rows < MOST_FRAMES       ? way->rows
                                                    : MOST_FRAMES;
    bool goes_on = true;
    for (int64_t i = 0; goes_on && i < calls; i++) {
        call.frame_end = window->mode == PN_WINDOW_FRAME ? (uint64_t)i + 1 : 0;
        goes_on = call_window(window, way, &call, &type, page);
    }
    pni_free(ends);
}

/* ---- table functions ------------------------------------------------------------------------- */

static void read_stream(const struct ArrowSchema *type, struct ArrowArrayStream *stream,
                        probe_page *page) {
    for (int i = 0; i < MOST_BATCHES && page->n_findings < PROBE_MAX_FINDINGS; i++) {
        struct ArrowArray batch = {0};
        PNI_AUTO(pn_buf) text = PN_BUF_INIT;
        if (stream->get_next(stream, &batch) != 0) {
            page->refused++;
            break;
        }
        if (!batch.release)
            break;
        if (!pni_probe_check(page, type, &batch, batch.length, &text))
            break;
    }
}

static void scan_table(const pn_table *table, const struct ArrowSchema *type, probe_page *page) {
    char message[512] = "";
    struct ArrowArrayStream stream = {0};
    uint32_t n = (uint32_t)type->n_children;
    uint32_t *columns = pni_calloc(n + 1u, sizeof *columns);
    for (uint32_t i = 0; i < n; i++)
        columns[i] = i;
    pn_scan scan = {.struct_size = sizeof scan,
                    .n_columns = n,
                    .columns = columns,
                    .filter_stride = sizeof(pn_filter),
                    .limit = -1,
                    .stop = &page->stop};
    page->calls++;
    if (table->scan(table->self, &scan, &stream, message, sizeof message)) {
        pni_probe_refuse(page, message);
    } else if (!stream.release) {
        pni_probe_note(page, "result", "scan() gave no rows to read and no error");
    } else {
        read_stream(type, &stream, page);
        stream.release(&stream);
    }
    pni_free(columns);
}

static void read_table(const pn_table *table, probe_page *page) {
    char message[512] = "";
    PNI_AUTO_SCHEMA type = {0};
    struct ArrowSchemaView view;
    struct ArrowError why = {""};
    if (table->dataset) { /* the host reads it, not the pack */
        PNI_AUTO_PTR(json_t) dataset = NULL;
        pn_error problem = PN_ERROR_INIT;
        if (pni_json_parse(table->dataset, strlen(table->dataset), "dataset", &dataset, &problem) !=
            PN_OK)
            pni_probe_note(page, "dataset", "the dataset is no JSON: %s", problem.message);
        return;
    }
    if (!table->schema || !table->scan) {
        pni_probe_note(page, "table", "the table has neither a dataset nor schema() and scan()");
        return;
    }
    page->calls++;
    if (table->schema(table->self, &type, message, sizeof message)) {
        pni_probe_refuse(page, message);
        return;
    }
    if (!type.release || ArrowSchemaViewInit(&view, &type, &why) != NANOARROW_OK ||
        view.type != NANOARROW_TYPE_STRUCT) {
        pni_probe_note(page, "type", "schema() gave no struct: %s", why.message);
        return;
    }
    scan_table(table, &type, page);
}

void pni_probe_table(const pn_table_function *function, const probe_way *way, probe_page *page) {
    probe_args args;
    char message[512] = "";
    pn_table table = {.struct_size = sizeof table};
    if (pni_probe_args_make(way, &args)) {
        pn_kernel_call call = call_of(&args, 1, page);
        page->calls++;
        if (function->open(function->function->ctx, &call, &table, message, sizeof message)) {
            pni_probe_refuse(page, message);
        } else {
            pni_probe_withdraw(args.memory); /* a table does not stand on its arguments */
            read_table(&table, page);
            if (table.release)
                table.release(table.self);
        }
    }
    pni_probe_args_dispose(&args);
}
