/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How the cost of identity grows: plans of one shape in several sizes, written here as protobuf by
 * hand, decoded to canonical form, compared with a plan that differs in its last constant, and
 * rendered. Needs no engine and no data. Times are those of the processor, since what is asked is
 * how they grow.
 *
 *     growth RUNS       one JSON line per shape and size:
 * {"shape","size","bytes","nodes","canonical_ms":[…],"diff_ms":[…],"text_ms":[…]}
 */
#include "bench.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

typedef struct bytes {
    uint8_t *data;
    size_t len;
    size_t cap;
} bytes;

/* ---- protobuf ----------------------------------------------------------------------------- */

static void put(bytes *b, const void *data, size_t len) {
    if (b->cap - b->len < len) {
        b->cap = (b->len + len) * 2;
        b->data = realloc(b->data, b->cap);
        if (!b->data)
            abort();
    }
    memcpy(b->data + b->len, data, len);
    b->len += len;
}

static void put_varint(bytes *b, uint64_t value) {
    do {
        uint8_t byte = (uint8_t)((value & 0x7f) | (value > 0x7f ? 0x80 : 0));
        put(b, &byte, 1);
        value >>= 7;
    } while (value);
}

static void put_number(bytes *b, unsigned field, uint64_t value) {
    put_varint(b, field << 3);
    put_varint(b, value);
}

/* Puts a length-delimited field and frees what it holds. */
static void put_message(bytes *b, unsigned field, bytes inner) {
    put_varint(b, field << 3 | 2);
    put_varint(b, inner.len);
    if (inner.len)
        put(b, inner.data, inner.len);
    free(inner.data);
}

static void put_text(bytes *b, unsigned field, const char *text) {
    bytes inner = {0};
    put(&inner, text, strlen(text));
    put_message(b, field, inner);
}

static bytes wrapped(unsigned field, bytes inner) {
    bytes b = {0};
    put_message(&b, field, inner);
    return b;
}

/* ---- Substrait ---------------------------------------------------------------------------- */

/* A literal is an Expression; so are column and call. */
static bytes literal(int64_t value) {
    bytes number = {0};
    put_number(&number, 7, (uint64_t)value);
    return wrapped(1, number);
}

static bytes column(void) {
    bytes segment = wrapped(2, (bytes){0});
    bytes reference = wrapped(1, segment);
    put_message(&reference, 4, (bytes){0});
    return wrapped(2, reference);
}

static bytes call(unsigned function, bytes left, bytes right) {
    bytes body = {0};
    put_number(&body, 1, function);
    put_message(&body, 4, wrapped(3, left));
    if (right.data)
        put_message(&body, 4, wrapped(3, right));
    return wrapped(3, body);
}

/* A relation reading column "a" of table "t". */
static bytes read_table(void) {
    bytes schema = {0};
    bytes nullable = {0};
    bytes body = {0};
    put_text(&schema, 1, "a");
    put_number(&nullable, 2, 1);
    put_message(&schema, 2, wrapped(1, wrapped(7, nullable)));
    put_message(&body, 2, schema);
    bytes name = {0};
    put_text(&name, 1, "t");
    put_message(&body, 7, name);
    return wrapped(1, body);
}

static bytes filter(bytes input, bytes condition) {
    bytes body = {0};
    put_message(&body, 2, input);
    put_message(&body, 3, condition);
    return wrapped(2, body);
}

static bytes plan_of(bytes relation, int functions) {
    bytes plan = {0};
    bytes root = {0};
    for (int i = functions; i-- > 0;) { /* backwards, so that each has another number afterwards */
        char name[32];
        bytes function = {0};
        snprintf(name, sizeof name, "f%d", i);
        put_number(&function, 2, (uint64_t)i + 1);
        put_text(&function, 3, name);
        put_message(&plan, 2, wrapped(3, function));
    }
    put_message(&root, 1, relation);
    put_text(&root, 2, "a");
    put_message(&plan, 3, wrapped(2, root));
    return plan;
}

/* ---- shapes ------------------------------------------------------------------------------- */

/* A projection of `size` sums. */
static bytes expressions(int size, int64_t last) {
    bytes body = {0};
    put_message(&body, 2, read_table());
    for (int i = 0; i < size; i++)
        put_message(&body, 3, call(1, column(), literal(i + 1 == size ? last : i)));
    return plan_of(wrapped(7, body), 1);
}

/* `size` filters on each other. */
static bytes relations(int size, int64_t last) {
    bytes relation = filter(read_table(), call(1, column(), literal(last)));
    for (int i = 1; i < size; i++)
        relation = filter(relation, call(1, column(), literal(i)));
    return plan_of(relation, 1);
}

/* `size` calls in each other. */
static bytes depth(int size, int64_t last) {
    bytes expression = call(1, column(), literal(last));
    for (int i = 1; i < size; i++)
        expression = call(1, expression, (bytes){0});
    return plan_of(filter(read_table(), expression), 1);
}

/* A projection that calls `size` functions once each. */
static bytes functions(int size, int64_t last) {
    bytes body = {0};
    put_message(&body, 2, read_table());
    for (int i = 0; i < size; i++)
        put_message(&body, 3, call((unsigned)i + 1, column(), literal(i + 1 == size ? last : i)));
    return plan_of(wrapped(7, body), size);
}

/* ---- measuring ---------------------------------------------------------------------------- */

typedef bytes (*shape_fn)(int size, int64_t last);

static double now_ms(void) {
    struct timespec now;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
    return (double)now.tv_sec * 1e3 + (double)now.tv_nsec / 1e6;
}

static pn_substrait *decoded(const bytes *plan) {
    pn_error err = PN_ERROR_INIT;
    pn_substrait *out = NULL;
    bench_must(pn_substrait_decode((pn_bytes){plan->data, plan->len}, NULL, &out, &err), &err,
               "decoding");
    return out;
}

static double diff_ms(const pn_substrait *left, const pn_substrait *right) {
    pn_error err = PN_ERROR_INIT;
    pn_buf out = PN_BUF_INIT;
    size_t count = 0;
    double start = now_ms();
    bench_must(pn_substrait_diff(left, right, NULL, &out, &count, &err), &err, "comparing");
    double took = now_ms() - start;
    pn_buf_dispose(&out);
    if (count != 1) {
        fprintf(stderr, "%zu differences, not one\n", count);
        exit(1);
    }
    return took;
}

static double text_ms(const pn_substrait *plan) {
    pn_error err = PN_ERROR_INIT;
    pn_buf out = PN_BUF_INIT;
    double start = now_ms();
    bench_must(pn_substrait_text(plan, &out, &err), &err, "rendering");
    double took = now_ms() - start;
    pn_buf_dispose(&out);
    return took;
}

static void measure(const char *shape, shape_fn make, int size, int runs) {
    static double canonical[BENCH_RUNS_MAX];
    static double diff[BENCH_RUNS_MAX];
    static double text[BENCH_RUNS_MAX];
    bytes one = make(size, 1000001);
    bytes two = make(size, 1000002);
    pn_substrait *other = decoded(&two);
    size_t nodes = 0;
    for (int i = 0; i < runs; i++) {
        double start = now_ms();
        pn_substrait *plan = decoded(&one);
        canonical[i] = now_ms() - start;
        diff[i] = diff_ms(plan, other);
        text[i] = text_ms(plan);
        nodes = pn_substrait_node_count(plan);
        pn_substrait_unref(plan);
    }
    fprintf(stdout, "{\"shape\":\"%s\",\"size\":%d,\"bytes\":%zu,\"nodes\":%zu,", shape, size,
            one.len, nodes);
    bench_print_ms("canonical_ms", canonical, runs);
    fputs(",", stdout);
    bench_print_ms("diff_ms", diff, runs);
    fputs(",", stdout);
    bench_print_ms("text_ms", text, runs);
    fputs("}\n", stdout);
    pn_substrait_unref(other);
    free(one.data);
    free(two.data);
}

int main(int argc, char **argv) {
    static const struct {
        const char *name;
        shape_fn make;
        int sizes[3];
    } shapes[] = {{"expressions", expressions, {1000, 10000, 100000}},
                  {"relations", relations, {1000, 10000, 0}},
                  {"depth", depth, {50, 500, 7990}},
                  {"functions", functions, {40, 100, 1000}}};
    int runs = argc == 2 ? bench_runs(argv[1]) : 0;
    if (!runs) {
        fprintf(stderr, "usage: growth RUNS\n");
        return 2;
    }
    for (size_t s = 0; s < sizeof shapes / sizeof *shapes; s++)
        for (size_t i = 0; i < 3 && shapes[s].sizes[i]; i++)
            measure(shapes[s].name, shapes[s].make, shapes[s].sizes[i], runs);
    return 0;
}
