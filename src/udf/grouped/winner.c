/* SPDX-License-Identifier: Apache-2.0 */
/*
 * winner_select and dedupe_keep: true for the one row of the partition that comes first by a list
 * of columns, each ascending or descending, null last. One look at every row finds it; nothing is
 * sorted. Of rows that are equal in all columns it is the first in the window's own order.
 *
 * The strategies of dedupe_keep say what the columns are. KEEP_FIRST_AFTER_SORT and
 * KEEP_BEST_BY_SCORE are the same but for the first column's order when none is given;
 * KEEP_ARBITRARY may be any row, so it is the same one in every run; COLLAPSE_LIST keeps that row
 * too, beside which collect_set() over the same partition has the list.
 */
#include "udf/grouped/win_priv.h"

#include <math.h>

enum { MAX_COLUMNS = 16 };

static const char *const strategies[] = {"KEEP_FIRST_AFTER_SORT", "KEEP_BEST_BY_SCORE",
                                         "KEEP_ARBITRARY", "COLLAPSE_LIST"};
static const char *const orders[] = {"asc", "desc"};

/* How the values of a column are compared. */
typedef enum column_kind { BY_TEXT, BY_INT, BY_UINT, BY_DOUBLE } column_kind;

typedef struct column {
    const udf_col *col;
    uint32_t arg;
    column_kind kind;
    bool descending;
} column;

typedef struct contest {
    udf_frame frame;
    column columns[MAX_COLUMNS];
    size_t count;
} contest;

#define ORDER(a, b) (((a) > (b)) - ((a) < (b)))

/* NaN is the greatest, as the engine sorts it. */
static int compare_doubles(double a, double b) {
    return isnan(a) || isnan(b) ? !!isnan(a) - !!isnan(b) : ORDER(a, b);
}

static int compare_values(const column *of, int64_t a, int64_t b) {
    const struct ArrowArrayView *view = &of->col->view;
    a *= of->col->step;
    b *= of->col->step;
    switch (of->kind) {
    case BY_TEXT: {
        struct ArrowStringView x = ArrowArrayViewGetStringUnsafe(view, a);
        struct ArrowStringView y = ArrowArrayViewGetStringUnsafe(view, b);
        return pni_str_cmp((pni_str){x.data, (size_t)x.size_bytes},
                           (pni_str){y.data, (size_t)y.size_bytes});
    }
    case BY_INT:
        return ORDER(ArrowArrayViewGetIntUnsafe(view, a), ArrowArrayViewGetIntUnsafe(view, b));
    case BY_UINT:
        return ORDER(ArrowArrayViewGetUIntUnsafe(view, a), ArrowArrayViewGetUIntUnsafe(view, b));
    case BY_DOUBLE:
    default:
        return compare_doubles(ArrowArrayViewGetDoubleUnsafe(view, a),
                               ArrowArrayViewGetDoubleUnsafe(view, b));
    }
}

static bool comes_before(const contest *of, int64_t a, int64_t b) {
    for (size_t i = 0; i < of->count; i++) {
        const column *by = &of->columns[i];
        bool a_null = udf_null(&of->frame, by->arg, a);
        bool b_null = udf_null(&of->frame, by->arg, b);
        if (a_null != b_null) {
            return b_null;
        }
        int order = a_null ? 0 : compare_values(by, a, b);
        if (order != 0) {
            return by->descending ? order > 0 : order < 0;
        }
    }
    return false;
}

/* ---- arguments --------------------------------------------------------------------------------
 */

static int32_t open_column(contest *of, uint32_t arg) {
    column *made = &of->columns[of->count++];
    *made = (column){.col = &of->frame.cols[arg], .arg = arg};
    switch ((int)made->col->view.storage_type) {
    case NANOARROW_TYPE_STRING:
    case NANOARROW_TYPE_LARGE_STRING:
    case NANOARROW_TYPE_STRING_VIEW:
        made->kind = BY_TEXT;
        return 0;
    case NANOARROW_TYPE_UINT64:
        made->kind = BY_UINT;
        return 0;
    case NANOARROW_TYPE_HALF_FLOAT:
    case NANOARROW_TYPE_FLOAT:
    case NANOARROW_TYPE_DOUBLE:
        made->kind = BY_DOUBLE;
        return 0;
    case NANOARROW_TYPE_NA:
    case NANOARROW_TYPE_BOOL:
    case NANOARROW_TYPE_INT8:
    case NANOARROW_TYPE_INT16:
    case NANOARROW_TYPE_INT32:
    case NANOARROW_TYPE_INT64: /* dates and times too: their order is that of the numbers */
    case NANOARROW_TYPE_UINT8:
    case NANOARROW_TYPE_UINT16:
    case NANOARROW_TYPE_UINT32:
        made->kind = BY_INT;
        return made->col->view.dictionary
                   ? pni_udf_fail(&of->frame, "argument %u is a dictionary; cast it", arg + 1)
                   : 0;
    default:
        return pni_udf_fail(&of->frame,
                            "argument %u has a type that is not compared here; cast it to a "
                            "number or to text",
                            arg + 1);
    }
}

/* "desc, asc, …" for the columns in turn; those beyond it are ascending. */
static int32_t read_orders(contest *of, pni_str text) {
    for (size_t i = 0; text.len > 0; i++) {
        const char *comma = memchr(text.data, ',', text.len);
        size_t len = comma ? (size_t)(comma - text.data) : text.len;
        pni_str word = pni_udf_trim((pni_str){text.data, len});
        int choice = pni_win_choice(word, orders, 2);
        if (choice < 0 || i >= of->count) {
            return pni_udf_fail(&of->frame,
                                "'%.*s' is no order of a column: asc or desc for each "
                                "of the %zu columns",
                                (int)(word.len > 40 ? 40 : word.len), word.data, of->count);
        }
        of->columns[i].descending = choice == 1;
        size_t used = comma ? len + 1 : len;
        text = (pni_str){text.data + used, text.len - used};
    }
    return 0;
}

static int32_t open_contest(contest *of, uint32_t first) {
    if (of->frame.count <= first || of->frame.count - first > MAX_COLUMNS) {
        return pni_udf_fail(&of->frame, "it compares 1 to %d columns, not %u", MAX_COLUMNS,
                            of->frame.count > first ? of->frame.count - first : 0);
    }
    for (uint32_t arg = first; arg < of->frame.count; arg++) {
        UDF_TRY(open_column(of, arg));
    }
    return 0;
}

/* dedupe_keep(strategy, order, column…) */
static int32_t open_dedupe(contest *of) {
    pni_str name = pni_win_literal(&of->frame, 0);
    int strategy = pni_win_choice(name, strategies, sizeof strategies / sizeof strategies[0]);
    if (strategy < 0) {
        return pni_udf_fail(&of->frame,
                            "'%.*s' is no strategy; there are KEEP_FIRST_AFTER_SORT, "
                            "KEEP_BEST_BY_SCORE, KEEP_ARBITRARY and COLLAPSE_LIST",
                            (int)(name.len > 40 ? 40 : name.len), name.data);
    }
    UDF_TRY(open_contest(of, 2));
    of->columns[0].descending = strategy == 1;
    return read_orders(of, pni_win_literal(&of->frame, 1));
}

/* winner_select(order, column…) */
static int32_t open_winner(contest *of) {
    UDF_TRY(open_contest(of, 1));
    return read_orders(of, pni_win_literal(&of->frame, 0));
}

/* ---- the call ---------------------------------------------------------------------------------
 */

static int build(const contest *of, struct ArrowArray *out) {
    int64_t winner = 0;
    for (int64_t row = 1; row < of->frame.rows; row++) {
        winner = comes_before(of, row, winner) ? row : winner;
    }
    NANOARROW_RETURN_NOT_OK(ArrowArrayInitFromType(out, NANOARROW_TYPE_BOOL));
    NANOARROW_RETURN_NOT_OK(ArrowArrayStartAppending(out));
    for (int64_t row = 0; row < of->frame.rows; row++) {
        NANOARROW_RETURN_NOT_OK(ArrowArrayAppendInt(out, row == winner));
    }
    return ArrowArrayFinishBuildingDefault(out, NULL);
}

typedef struct contest_kind {
    const char *name;
    int32_t (*open)(contest *);
} contest_kind;

static int32_t evaluate(void *ctx, const pn_window_call *call, struct ArrowArray *out,
                        char *message, size_t message_cap) {
    const contest_kind *kind = ctx;
    contest of = {.frame = {.name = kind->name, .message = message, .message_cap = message_cap}};
    PNI_AUTO_ARRAY made = {0};
    int32_t result = pni_win_open(&of.frame, call);
    if (result == 0 && of.frame.rows > 0) {
        result = kind->open(&of);
    }
    result = result == 0 ? pni_udf_append(&of.frame, build(&of, &made)) : result;
    pni_udf_frame_close(&of.frame);
    if (result == 0) {
        ArrowArrayMove(&made, out);
    }
    return result;
}

#define WINNER(sql_name, open_fn)                                                                  \
    WIN_DECLARED(sql_name), .return_format = "b", .body_version = "1",                             \
                            .rewrite_tags = "dedupe,window",                                       \
                            .ctx = (void *)&(const contest_kind) {                                 \
        (sql_name), (open_fn)                                                                      \
    }

static const pn_udf declared[] = {
    {WINNER("winner_select", open_winner), UDF_VARIADIC(2, MAX_COLUMNS + 1, "s", "*"),
     UDF_NAMES("column_order", "columns"), .literal_args = 1,
     .description = "True for the first row of the partition by these columns; the order is a "
                    "list such as 'desc, asc', null comes last."},
    {WINNER("dedupe_keep", open_dedupe), UDF_VARIADIC(3, MAX_COLUMNS + 2, "s", "s", "*"),
     UDF_NAMES("strategy", "column_order", "columns"), .literal_args = 3,
     .description = "True for the row of the partition that a strategy keeps: "
                    "KEEP_FIRST_AFTER_SORT, KEEP_BEST_BY_SCORE, KEEP_ARBITRARY or COLLAPSE_LIST."},
};

#define WINDOW(index)                                                                              \
    {                                                                                              \
        .struct_size = sizeof(pn_window), .mode = PN_WINDOW_PARTITION,                             \
        .function = &declared[index], .evaluate = evaluate                                         \
    }

static const pn_window windows[] = {WINDOW(0), WINDOW(1)};
_Static_assert(sizeof windows / sizeof windows[0] == sizeof declared / sizeof declared[0],
               "each declaration is a function");

win_table pni_win_table_winner(void) {
    return (win_table){windows, sizeof windows / sizeof windows[0]};
}
