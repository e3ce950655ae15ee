/* SPDX-License-Identifier: Apache-2.0 */
/*
 * interval_align: the best interval of the right side for each of the left. Both sides are rows of
 * one partition (a path), told apart by a flag, as UNION ALL brings them.
 *
 * Candidates of a left interval are the right ones that are equal to it (EXACT), lie inside it
 * (CONTAINED_BEST) or share a byte with it (OVERLAP_BEST). The best is the shortest; of equally
 * short ones that with the least start, then with the least value.
 *
 * The right side is sorted by that order once, so "best" is the least rank. Both conditions are
 * then one form, `key of right <= key of left and coordinate of right <= coordinate of left` (or
 * both with <): sorted by key, right intervals enter a tree over coordinates that answers the least
 * rank and the number of its prefix. Order is turned round by ~, which cannot overflow as minus
 * can. O((n + m) log m).
 */
#include "udf/grouped/win_priv.h"

#include <stdlib.h>

static const char *const modes[] = {"EXACT", "CONTAINED_BEST", "OVERLAP_BEST"};
enum { MODE_EXACT, MODE_CONTAINED, MODE_OVERLAP, MODES };
static const char *const sides[] = {"inner", "left"};
enum { HOW_INNER, HOW_LEFT, HOWS };
enum { ARG_IS_LEFT, ARG_START, ARG_END, ARG_VALUE, ARG_MODE, ARG_HOW };

#define NO_RANK SIZE_MAX

typedef struct interval {
    int64_t start, end;
    int64_t key, coordinate; /* of the sweep */
    pni_str value;           /* of the right side; data is NULL for null, which comes last */
    int64_t row;
    size_t rank; /* of the right side, 0 is best; of the left side the best candidate */
    size_t candidates;
} interval;

typedef struct intervals {
    interval *items;
    size_t count;
} intervals;

/* ---- orders -----------------------------------------------------------------------------------
 */

#define ORDER(a, b) (((a) > (b)) - ((a) < (b)))

static uint64_t length_of(const interval *of) {
    return of->end > of->start ? (uint64_t)of->end - (uint64_t)of->start : 0;
}

static int by_worth(const void *left, const void *right) {
    const interval *a = left;
    const interval *b = right;
    int order = ORDER(length_of(a), length_of(b));
    order = order ? order : ORDER(a->start, b->start);
    order = order ? order : ORDER(a->end, b->end);
    if (order == 0 && a->value.data && b->value.data) {
        order = pni_str_cmp(a->value, b->value);
    } else if (order == 0) {
        order = !a->value.data - !b->value.data;
    }
    return order ? order : ORDER(a->row, b->row);
}

static int by_bounds(const void *left, const void *right) {
    const interval *a = left;
    const interval *b = right;
    int order = ORDER(a->start, b->start);
    order = order ? order : ORDER(a->end, b->end);
    return order ? order : ORDER(a->rank, b->rank);
}

static int by_key(const void *left, const void *right) {
    return ORDER(((const interval *)left)->key, ((const interval *)right)->key);
}

static int by_number(const void *left, const void *right) {
    return ORDER(*(const int64_t *)left, *(const int64_t *)right);
}

static void sort(intervals of, int (*order)(const void *, const void *)) {
    if (of.count > 1) {
        qsort(of.items, of.count, sizeof *of.items, order);
    }
}

/* ---- EXACT ------------------------------------------------------------------------------------
 */

/* Both sides sorted by bounds: one walk. */
static void match_equal(intervals left, intervals right) {
    sort(left, by_bounds);
    sort(right, by_bounds);
    size_t from = 0;
    for (size_t i = 0; i < left.count; i++) {
        interval *of = &left.items[i];
        while (from < right.count &&
               (right.items[from].start < of->start ||
                (right.items[from].start == of->start && right.items[from].end < of->end))) {
            from++;
        }
        bool again = i > 0 && of[-1].start == of->start && of[-1].end == of->end;
        if (again) {
            of->candidates = of[-1].candidates;
        } else {
            size_t to = from;
            while (to < right.count && right.items[to].start == of->start &&
                   right.items[to].end == of->end) {
                to++;
            }
            of->candidates = to - from;
        }
        of->rank = of->candidates > 0 ? right.items[from].rank : NO_RANK;
    }
}

/* ---- the sweep --------------------------------------------------------------------------------
 */

/* A Fenwick tree: node i holds the least rank and the number of a run of coordinates that ends
 * there. */
typedef struct tree {
    int64_t *coordinates; /* sorted */
    size_t *ranks;
    size_t *counts;
    size_t count;
} tree;

static void tree_init(tree *of, intervals right) {
    of->count = right.count;
    of->coordinates = pni_calloc(of->count, sizeof *of->coordinates);
    of->ranks = pni_calloc(of->count + 1, sizeof *of->ranks);
    of->counts = pni_calloc(of->count + 1, sizeof *of->counts);
    for (size_t i = 0; i < of->count; i++) {
        of->coordinates[i] = right.items[i].coordinate;
        of->ranks[i + 1] = NO_RANK;
    }
    if (of->count > 1) {
        qsort(of->coordinates, of->count, sizeof *of->coordinates, by_number);
    }
}

static void tree_dispose(tree *of) {
    pni_free(of->coordinates);
    pni_free(of->ranks);
    pni_free(of->counts);
}

/* How many coordinates are below `limit`, or equal to it too. */
static size_t below(const tree *of, int64_t limit, bool or_equal) {
    size_t low = 0;
    for (size_t high = of->count; low < high;) {
        size_t middle = low + (high - low) / 2;
        bool is_below =
            of->coordinates[middle] < limit || (or_equal && of->coordinates[middle] == limit);
        low = is_below ? middle + 1 : low;
        high = is_below ? high : middle;
    }
    return low;
}

static void tree_add(tree *of, const interval *right) {
    for (size_t i = below(of, right->coordinate, false) + 1; i <= of->count; i += i & (~i + 1)) {
        of->ranks[i] = right->rank < of->ranks[i] ? right->rank : of->ranks[i];
        of->counts[i]++;
    }
}

static void tree_ask(const tree *of, bool strict, interval *left) {
    left->rank = NO_RANK;
    left->candidates = 0;
    for (size_t i = below(of, left->coordinate, !strict); i > 0; i -= i & (~i + 1)) {
        left->rank = of->ranks[i] < left->rank ? of->ranks[i] : left->rank;
        left->candidates += of->counts[i];
    }
}

/* inside: right.start >= left.start and right.end <= left.end
 * overlap: right.start < left.end and right.end > left.start */
static void set_keys(intervals of, bool inside, bool is_left) {
    for (size_t i = 0; i < of.count; i++) {
        interval *at = &of.items[i];
        at->key = inside ? ~at->start : is_left ? at->end : at->start;
        at->coordinate = inside ? at->end : is_left ? ~at->start : ~at->end;
    }
}

static void match_sweep(intervals left, intervals right, bool inside) {
    set_keys(left, inside, true);
    set_keys(right, inside, false);
    sort(left, by_key);
    sort(right, by_key);
    tree entered = {0};
    tree_init(&entered, right);
    size_t next = 0;
    for (size_t i = 0; i < left.count; i++) {
        int64_t key = left.items[i].key;
        while (next < right.count &&
               (right.items[next].key < key || (inside && right.items[next].key == key))) {
            tree_add(&entered, &right.items[next++]);
        }
        tree_ask(&entered, !inside, &left.items[i]);
    }
    tree_dispose(&entered);
}

/* ---- rows -------------------------------------------------------------------------------------
 */

/* Everything of one call. */
typedef struct alignment {
    udf_frame frame;
    int mode;
    int how;
    interval *store;    /* left ones from the front, right ones behind them */
    interval *best;     /* of the right side, by rank */
    interval **of_left; /* by row; NULL for right rows and for spans with a null */
    intervals left, right;
} alignment;

static int32_t read_choice(alignment *a, uint32_t arg, const char *const *names, int count) {
    pni_str text = pni_win_literal(&a->frame, arg);
    int choice = pni_win_choice(text, names, (size_t)count);
    if (choice < 0) {
        PNI_AUTO(pn_buf) all = PN_BUF_INIT;
        for (int i = 0; i < count; i++) {
            pni_buf_printf(&all, "%s%s", i == 0 ? "" : i + 1 == count ? " or " : ", ", names[i]);
        }
        pni_udf_fail(&a->frame, "argument %u is '%.*s', not %s", arg + 1,
                     (int)(text.len > 40 ? 40 : text.len), text.data, pni_buf_text(&all));
    }
    return choice;
}

static bool has_span(const udf_frame *frame, int64_t row) {
    return !udf_null(frame, ARG_START, row) && !udf_null(frame, ARG_END, row);
}

static bool is_left(const udf_frame *frame, int64_t row) {
    return udf_flag(frame, ARG_IS_LEFT, row, false);
}

static bool is_right(const udf_frame *frame, int64_t row) {
    return !udf_flag(frame, ARG_IS_LEFT, row, true);
}

static interval read_interval(const udf_frame *frame, int64_t row, bool with_value) {
    interval made = {.start = udf_int(frame, ARG_START, row),
                     .end = udf_int(frame, ARG_END, row),
                     .row = row,
                     .value = {NULL, 0}};
    if (with_value && !udf_null(frame, ARG_VALUE, row)) {
        made.value = udf_str(frame, ARG_VALUE, row);
        made.value.data = made.value.data ? made.value.data : "";
    }
    return made;
}

static void read_sides(alignment *a) {
    size_t rows = (size_t)a->frame.rows;
    a->store = pni_calloc(rows, sizeof *a->store);
    for (int64_t row = 0; row < a->frame.rows; row++) {
        if (is_left(&a->frame, row) && has_span(&a->frame, row)) {
            a->store[a->left.count++] = read_interval(&a->frame, row, false);
        }
    }
    a->left.items = a->store;
    a->right.items = a->store + a->left.count;
    for (int64_t row = 0; row < a->frame.rows; row++) {
        if (is_right(&a->frame, row) && has_span(&a->frame, row)) {
            a->right.items[a->right.count++] = read_interval(&a->frame, row, true);
        }
    }
}

static void match(alignment *a) {
    sort(a->right, by_worth);
    a->best = pni_calloc(a->right.count, sizeof *a->best);
    for (size_t i = 0; i < a->right.count; i++) {
        a->right.items[i].rank = i;
        a->best[i] = a->right.items[i];
    }
    if (a->mode == MODE_EXACT) {
        match_equal(a->left, a->right);
    } else {
        match_sweep(a->left, a->right, a->mode == MODE_CONTAINED);
    }
    a->of_left = pni_calloc((size_t)a->frame.rows, sizeof *a->of_left);
    for (size_t i = 0; i < a->left.count; i++) {
        a->of_left[a->left.items[i].row] = &a->left.items[i];
    }
}

/* ---- results ----------------------------------------------------------------------------------
 */

enum { OUT_KIND, OUT_VALUE, OUT_START, OUT_END, OUT_SCORE, OUT_CANDIDATES, OUT_FIELDS };

static int result_schema(struct ArrowSchema *out) {
    static const struct {
        const char *name;
        enum ArrowType type;
    } fields[OUT_FIELDS] = {
        {"match_kind", NANOARROW_TYPE_STRING}, {"value", NANOARROW_TYPE_STRING},
        {"right_start", NANOARROW_TYPE_INT64}, {"right_end", NANOARROW_TYPE_INT64},
        {"score", NANOARROW_TYPE_DOUBLE},      {"candidates", NANOARROW_TYPE_INT64},
    };
    ArrowSchemaInit(out);
    NANOARROW_RETURN_NOT_OK(ArrowSchemaSetTypeStruct(out, OUT_FIELDS));
    NANOARROW_RETURN_NOT_OK(ArrowSchemaSetName(out, ""));
    for (int i = 0; i < OUT_FIELDS; i++) {
        NANOARROW_RETURN_NOT_OK(ArrowSchemaSetType(out->children[i], fields[i].type));
        NANOARROW_RETURN_NOT_OK(ArrowSchemaSetName(out->children[i], fields[i].name));
    }
    return NANOARROW_OK;
}

static int append_unmatched(struct ArrowArray *out, const char *kind, int64_t candidates) {
    NANOARROW_RETURN_NOT_OK(ArrowArrayAppendString(out->children[OUT_KIND], ArrowCharView(kind)));
    for (int i = OUT_VALUE; i < OUT_CANDIDATES; i++) {
        NANOARROW_RETURN_NOT_OK(ArrowArrayAppendNull(out->children[i], 1));
    }
    NANOARROW_RETURN_NOT_OK(ArrowArrayAppendInt(out->children[OUT_CANDIDATES], candidates));
    return ArrowArrayFinishElement(out);
}

static int append_match(const alignment *a, const interval *left, struct ArrowArray *out) {
    const interval *right = &a->best[left->rank];
    struct ArrowStringView kind = ArrowCharView(modes[a->mode]);
    NANOARROW_RETURN_NOT_OK(ArrowArrayAppendString(out->children[OUT_KIND], kind));
    NANOARROW_RETURN_NOT_OK(
        right->value.data ? ArrowArrayAppendString(out->children[OUT_VALUE],
                                                   udf_view(right->value.data, right->value.len))
                          : ArrowArrayAppendNull(out->children[OUT_VALUE], 1));
    NANOARROW_RETURN_NOT_OK(ArrowArrayAppendInt(out->children[OUT_START], right->start));
    NANOARROW_RETURN_NOT_OK(ArrowArrayAppendInt(out->children[OUT_END], right->end));
    NANOARROW_RETURN_NOT_OK(
        ArrowArrayAppendDouble(out->children[OUT_SCORE], 0.0 - (double)length_of(right)));
    NANOARROW_RETURN_NOT_OK(
        ArrowArrayAppendInt(out->children[OUT_CANDIDATES], (int64_t)left->candidates));
    return ArrowArrayFinishElement(out);
}

static int append_row(const alignment *a, int64_t row, struct ArrowArray *out) {
    const interval *left = a->of_left[row];
    if (left && left->rank != NO_RANK) {
        return append_match(a, left, out);
    }
    if (a->how == HOW_INNER || !is_left(&a->frame, row)) {
        return ArrowArrayAppendNull(out, 1);
    }
    return append_unmatched(out, left ? "NO_MATCH" : "NO_PATH_OR_SPAN", 0);
}

static int build(const alignment *a, struct ArrowArray *out) {
    PNI_AUTO_SCHEMA schema = {0};
    NANOARROW_RETURN_NOT_OK(result_schema(&schema));
    NANOARROW_RETURN_NOT_OK(ArrowArrayInitFromSchema(out, &schema, NULL));
    NANOARROW_RETURN_NOT_OK(ArrowArrayStartAppending(out));
    for (int64_t row = 0; row < a->frame.rows; row++) {
        NANOARROW_RETURN_NOT_OK(append_row(a, row, out));
    }
    return ArrowArrayFinishBuildingDefault(out, NULL);
}

static int32_t run(alignment *a, const pn_window_call *call, struct ArrowArray *out) {
    UDF_TRY(pni_win_open(&a->frame, call));
    a->mode = read_choice(a, ARG_MODE, modes, MODES);
    a->how = udf_has(&a->frame, ARG_HOW) ? read_choice(a, ARG_HOW, sides, HOWS) : HOW_INNER;
    if (a->frame.rows > 0 && (a->mode < 0 || a->how < 0)) {
        return 1;
    }
    PNI_AUTO_ARRAY made = {0};
    read_sides(a);
    match(a);
    UDF_TRY(pni_udf_append(&a->frame, build(a, &made)));
    ArrowArrayMove(&made, out);
    return 0;
}

static int32_t evaluate(void *ctx, const pn_window_call *call, struct ArrowArray *out,
                        char *message, size_t message_cap) {
    (void)ctx;
    alignment a = {
        .frame = {.name = "interval_align", .message = message, .message_cap = message_cap}};
    int32_t result = run(&a, call, out);
    pni_udf_frame_close(&a.frame);
    pni_free(a.store);
    pni_free(a.best);
    pni_free((void *)a.of_left);
    return result;
}

/* checksrc: allow parameters pn_return_fn of pinion/plugin.h has seven */
static int32_t result_type(void *ctx, const struct ArrowSchema *const *args,
                           const struct ArrowArray *const *scalars, uint32_t n_args,
                           struct ArrowSchema *out, char *message, size_t message_cap) {
    (void)ctx, (void)args, (void)scalars, (void)n_args, (void)message, (void)message_cap;
    PNI_AUTO_SCHEMA made = {0};
    int code = result_schema(&made);
    pni_assert(code == NANOARROW_OK); /* fails for want of memory only */
    ArrowSchemaMove(&made, out);
    return 0;
}

static const pn_udf declared = {
    WIN_DECLARED("interval_align"),
    UDF_EXACT(5, "b", "l", "l", "s", "s", "s"),
    UDF_NAMES("is_left", "bstart", "bend", "value", "mode", "how"),
    .literal_args = 1u << ARG_MODE | 1u << ARG_HOW,
    .arg_defaults = UDF_LIST("'inner'"),
    .return_type = result_type,
    .rewrite_tags = "alignment,interval,score",
    .body_version = "1",
    .description = "For each left interval of the partition its best right one: EXACT, "
                   "CONTAINED_BEST or OVERLAP_BEST, the shortest, then the first."};

static const pn_window windows[] = {{.struct_size = sizeof(pn_window),
                                     .mode = PN_WINDOW_PARTITION,
                                     .function = &declared,
                                     .evaluate = evaluate}};

win_table pni_win_table_align(void) {
    return (win_table){windows, 1};
}
