#include "agg_call.h"

#include "t.h"
#include "udf/udf.h"

static void must(int code) {
    T_EQ_INT(code, NANOARROW_OK);
}

const pn_aggregate *agg_named(const char *name) {
    const pn_plugin *pack = pni_udf_builtin();
    for (uint64_t i = 0; i < pack->n_aggregates; i++) {
        if (pni_streq(pack->aggregates[i].function->name, name)) {
            return &pack->aggregates[i];
        }
    }
    T_FAIL("there is no built-in aggregate '%s'", name);
}

static void make_schema(const char *columns, struct ArrowSchema *out) {
    pn_error err = PN_ERROR_INIT;
    PNI_AUTO_PTR(json_t) json = json_loads(columns, 0, NULL);
    T_ASSERT(json != NULL);
    T_OK(pni_arrow_schema_from_json(json, out, &err), &err);
}

void *agg_new(const agg_run *run) {
    PNI_AUTO_SCHEMA schema = {0};
    make_schema(run->columns, &schema);
    const struct ArrowArray *scalars[4] = {NULL};
    pn_aggregate_open open = {.struct_size = sizeof open,
                              .n_args = (uint32_t)schema.n_children,
                              .ignore_nulls = run->ignore_nulls,
                              .args = (const struct ArrowSchema *const *)schema.children,
                              .scalars = scalars,
                              .is_sliding = run->is_sliding};
    void *state = NULL;
    char message[256] = "";
    T_EQ_INT(run->table->create(run->table->function->ctx, &open, &state, message, 256), 0);
    T_ASSERT(state != NULL);
    return state;
}

void agg_free(const agg_run *run, void *state) {
    run->table->destroy(state);
}

typedef int32_t (*take_fn)(void *, const pn_kernel_call *, const uint64_t *, uint64_t, char *,
                           size_t);

typedef struct columns {
    struct ArrowSchema *const *schemas;
    struct ArrowArray *const *arrays;
    uint32_t count;
} columns;

/* groups = NULL: all of group 0 */
static int32_t call_with(take_fn fn, void *state, columns in, const uint64_t *groups,
                         uint64_t n_groups, char message[256]) {
    pn_kernel_arg args[4] = {{0}};
    for (uint32_t i = 0; i < in.count; i++) {
        args[i] = (pn_kernel_arg){in.schemas[i], in.arrays[i], 0, 0};
    }
    int64_t rows = in.arrays[0]->length;
    uint64_t *zeros = pni_calloc((size_t)rows + 1, sizeof *zeros);
    pn_kernel_call call = {sizeof call, in.count, sizeof args[0], 0, args, rows, NULL};
    int32_t result = fn(state, &call, groups ? groups : zeros, n_groups, message, 256);
    pni_free(zeros);
    return result;
}

static void take_rows(const agg_run *run, take_fn fn, void *state, const json_t *rows,
                      const uint64_t *groups, uint64_t n_groups) {
    pn_error err = PN_ERROR_INIT;
    PNI_AUTO_SCHEMA schema = {0};
    PNI_AUTO_ARRAY batch = {0};
    char message[256] = "";
    make_schema(run->columns, &schema);
    T_OK(pni_arrow_batch_from_json(rows, &schema, &batch, &err), &err);
    columns in = {schema.children, batch.children, (uint32_t)schema.n_children};
    int32_t result = call_with(fn, state, in, groups, n_groups, message);
    if (result != 0) {
        T_FAIL("%s", message);
    }
}

void agg_update(const agg_run *run, void *state, const json_t *rows, const uint64_t *groups,
                uint64_t n_groups) {
    take_rows(run, run->table->update, state, rows, groups, n_groups);
}

void agg_retract(const agg_run *run, void *state, const json_t *rows) {
    take_rows(run, run->table->retract, state, rows, NULL, 1);
}

static void state_schema(const agg_run *run, struct ArrowSchema *out) {
    T_EQ_INT(run->table->n_state, 1);
    ArrowSchemaInit(out);
    must(ArrowSchemaSetFormat(out, run->table->state_formats[0]));
    must(ArrowSchemaSetName(out, "state"));
}

void agg_move(const agg_run *run, void *from, void *into, uint64_t n_groups, uint64_t base) {
    PNI_AUTO_SCHEMA schema = {0};
    PNI_AUTO_ARRAY states = {0};
    char message[256] = "";
    state_schema(run, &schema);
    T_EQ_INT(run->table->emit(from, n_groups, &states, message, sizeof message), 0);
    T_EQ_INT(states.length, (int64_t)n_groups);
    uint64_t *groups = pni_calloc(n_groups + 1, sizeof *groups);
    for (uint64_t i = 0; i < n_groups; i++) {
        groups[i] = base + i;
    }
    struct ArrowSchema *schemas[] = {&schema};
    struct ArrowArray *arrays[] = {&states};
    int32_t result = call_with(run->table->merge, into, (columns){schemas, arrays, 1}, groups,
                               base + n_groups, message);
    pni_free(groups);
    if (result != 0) {
        T_FAIL("%s", message);
    }
}

int32_t agg_merge_bytes(const agg_run *run, const void *bytes, size_t len, char message[256]) {
    PNI_AUTO_SCHEMA schema = {0};
    PNI_AUTO_ARRAY array = {0};
    state_schema(run, &schema);
    must(ArrowArrayInitFromSchema(&array, &schema, NULL));
    must(ArrowArrayStartAppending(&array));
    struct ArrowBufferView view = {{bytes}, (int64_t)len};
    must(ArrowArrayAppendBytes(&array, view));
    must(ArrowArrayFinishBuildingDefault(&array, NULL));
    struct ArrowSchema *schemas[] = {&schema};
    struct ArrowArray *arrays[] = {&array};
    void *state = agg_new(run);
    int32_t result =
        call_with(run->table->merge, state, (columns){schemas, arrays, 1}, NULL, 1, message);
    agg_free(run, state);
    return result;
}

json_t *agg_evaluate(const agg_run *run, void *state, uint64_t n_groups, bool keep) {
    PNI_AUTO_SCHEMA schema = {0};
    PNI_AUTO_ARRAY array = {0};
    char message[256] = "";
    const pn_udf *udf = run->table->function;
    int32_t result = run->table->evaluate(state, n_groups, keep, &array, message, sizeof message);
    if (result != 0) {
        T_FAIL("%s", message);
    }
    T_EQ_INT(array.length, (int64_t)n_groups);
    if (udf->return_format) {
        ArrowSchemaInit(&schema);
        must(ArrowSchemaSetFormat(&schema, udf->return_format));
        must(ArrowSchemaSetName(&schema, ""));
    } else {
        must(udf->return_type(udf->ctx, NULL, NULL, 0, &schema, message, sizeof message));
    }
    struct ArrowArrayView view;
    must(ArrowArrayViewInitFromSchema(&view, &schema, NULL));
    must(ArrowArrayViewSetArray(&view, &array, NULL));
    must(ArrowArrayViewValidate(&view, NANOARROW_VALIDATION_LEVEL_FULL, NULL));
    json_t *rows = json_array();
    for (int64_t i = 0; i < array.length; i++) {
        PNI_AUTO(pn_buf) text = PN_BUF_INIT;
        pni_arrow_value_json(&schema, &view, i, &text);
        json_array_append_new(rows, json_loads(pni_buf_text(&text), JSON_DECODE_ANY, NULL));
    }
    ArrowArrayViewReset(&view);
    return rows;
}

json_t *agg_once(const agg_run *run, const json_t *rows) {
    void *state = agg_new(run);
    agg_update(run, state, rows, NULL, 1);
    json_t *made = agg_evaluate(run, state, 1, false);
    agg_free(run, state);
    return made;
}

/* ---- against a recomputation from scratch -----------------------------------------------------
 */

enum { ROWS = 400, GROUPS = 7, STATES = 4 };

typedef struct drawn {
    const agg_random *of;
    uint64_t random;
    json_t *rows;
    uint64_t groups[ROWS];
} drawn;

static uint64_t next_random(uint64_t *state) {
    *state ^= *state << 13;
    *state ^= *state >> 7;
    *state ^= *state << 17;
    return *state >> 11;
}

static json_t *slice(const json_t *rows, size_t from, size_t to) {
    json_t *part = json_array();
    for (size_t i = from; i < to; i++) {
        json_array_append(part, json_array_get(rows, i));
    }
    return part;
}

static void same(const char *what, json_t *got, json_t *want) {
    if (!json_equal(got, want)) {
        PNI_AUTO_PTR(pni_text) got_text = json_dumps(got, JSON_COMPACT | JSON_ENCODE_ANY);
        PNI_AUTO_PTR(pni_text) want_text = json_dumps(want, JSON_COMPACT | JSON_ENCODE_ANY);
        T_FAIL("%s\n#   got  %s\n#   want %s", what, got_text, want_text);
    }
    json_decref(got);
}

static json_t *expected_groups(const drawn *d) {
    json_t *all = json_array();
    for (uint64_t group = 0; group < GROUPS; group++) {
        PNI_AUTO_PTR(json_t) mine = json_array();
        for (size_t i = 0; i < ROWS; i++) {
            if (d->groups[i] == group) {
                json_array_append(mine, json_array_get(d->rows, i));
            }
        }
        json_array_append_new(all, d->of->reference(mine, d->of->run.ignore_nulls));
    }
    return all;
}

/* Batches of up to 60 rows, each into the state that `states` has for its number. */
static void feed(drawn *d, void **states, size_t n_states) {
    const agg_run *run = &d->of->run;
    for (size_t from = 0; from < ROWS;) {
        size_t to = from + 1 + next_random(&d->random) % 60;
        to = to > ROWS ? ROWS : to;
        PNI_AUTO_PTR(json_t) part = slice(d->rows, from, to);
        agg_update(run, states[next_random(&d->random) % n_states], part, d->groups + from, GROUPS);
        from = to;
    }
}

/* In two pieces: what stays moves down and must be whole. */
static json_t *evaluate_pieces(const agg_run *run, void *state, uint64_t first) {
    PNI_AUTO_PTR(json_t) head = agg_evaluate(run, state, first, false);
    PNI_AUTO_PTR(json_t) tail = agg_evaluate(run, state, GROUPS - first, false);
    json_t *all = json_array();
    json_array_extend(all, head);
    json_array_extend(all, tail);
    return all;
}

static void check_at_once(drawn *d, json_t *want) {
    const agg_run *run = &d->of->run;
    void *state = agg_new(run);
    feed(d, &state, 1);
    T_ASSERT(run->table->size(state) > 0);
    same("evaluated and kept", agg_evaluate(run, state, GROUPS, true), want);
    same("evaluated in pieces", evaluate_pieces(run, state, next_random(&d->random) % GROUPS),
         want);
    feed(d, &state, 1); /* an emptied state starts anew */
    same("filled again", agg_evaluate(run, state, GROUPS, false), want);
    agg_free(run, state);
}

static void check_merged(drawn *d, json_t *want) {
    const agg_run *run = &d->of->run;
    void *states[STATES];
    for (size_t i = 0; i < STATES; i++) {
        states[i] = agg_new(run);
    }
    feed(d, states, STATES);
    void *whole = agg_new(run);
    for (size_t i = 0; i < STATES; i++) {
        uint64_t first = next_random(&d->random) % GROUPS;
        agg_move(run, states[i], whole, first, 0);
        agg_move(run, states[i], whole, GROUPS - first, first);
        agg_free(run, states[i]);
    }
    same("merged from pieces", agg_evaluate(run, whole, GROUPS, false), want);
    agg_free(run, whole);
}

static void check_sliding(drawn *d) {
    agg_run run = d->of->run;
    run.is_sliding = true;
    void *state = agg_new(&run);
    size_t from = 0;
    size_t to = 0;
    while (to < ROWS) {
        size_t end = to + next_random(&d->random) % 20;
        end = end > ROWS ? ROWS : end;
        size_t start = from + next_random(&d->random) % 20;
        start = start > end ? end : start;
        PNI_AUTO_PTR(json_t) enters = slice(d->rows, to, end);
        PNI_AUTO_PTR(json_t) leaves = slice(d->rows, from, start);
        agg_update(&run, state, enters, NULL, 1);
        agg_retract(&run, state, leaves);
        PNI_AUTO_PTR(json_t) frame = slice(d->rows, start, end);
        PNI_AUTO_PTR(json_t) want = json_array();
        json_array_append_new(want, d->of->reference(frame, run.ignore_nulls));
        same("a window", agg_evaluate(&run, state, 1, true), want);
        from = start;
        to = end;
    }
    agg_free(&run, state);
}

void agg_check_random(const agg_random *of, uint64_t seed) {
    drawn d = {.of = of, .random = seed * 2 + 1, .rows = json_array()};
    for (size_t i = 0; i < ROWS; i++) {
        json_array_append_new(d.rows, of->row(next_random(&d.random)));
        d.groups[i] = next_random(&d.random) % (GROUPS - 1); /* the last one stays empty */
    }
    PNI_AUTO_PTR(json_t) want = expected_groups(&d);
    check_at_once(&d, want);
    check_merged(&d, want);
    check_sliding(&d);
    json_decref(d.rows);
}
