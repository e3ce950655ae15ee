/*
 * Digests of rows and columns, as a property: many random views below fixed readers. Whenever two
 * readers have one fingerprint they must give the same rows, whatever stands below them; and what
 * no reader reads must change no reader. Random but seeded: a failure prints both views.
 */
#include "it.h"

#include <stdlib.h>
#include <string.h>

static uint64_t state;

static uint32_t pick(uint32_t n) {
    state = state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (uint32_t)(state >> 33) % n;
}

static void put_operand(pn_buf *out) {
    static const char *const columns[] = {"a", "b", "c", "s.h", "s.w", "t.k"};
    if (pick(4) == 0)
        pni_buf_printf(out, "%u", pick(4));
    else
        pni_buf_puts(out, columns[pick(6)]);
}

static void put_expr(pn_buf *out, uint32_t depth) {
    static const char *const operators[] = {"+", "-", "*", "+"};
    uint32_t kind = depth ? pick(7) : 0;
    if (kind <= 2) {
        put_operand(out);
    } else if (kind == 3) {
        pni_buf_puts(out, "coalesce(");
        put_expr(out, depth - 1);
        pni_buf_printf(out, ", %u)", pick(3));
    } else if (kind == 4) {
        pni_buf_puts(out, "case when ");
        put_expr(out, depth - 1);
        pni_buf_printf(out, " > %u then ", pick(4));
        put_expr(out, depth - 1);
        pni_buf_puts(out, " else ");
        put_operand(out);
        pni_buf_puts(out, " end");
    } else {
        pni_buf_puts(out, "(");
        put_expr(out, depth - 1);
        pni_buf_printf(out, " %s ", operators[pick(4)]);
        put_expr(out, depth - 1);
        pni_buf_puts(out, ")");
    }
}

/* A view in parts, so that one of them can be changed. */
typedef struct random_view {
    uint32_t shape; /* 0 rows, 1 grouped, 2 distinct, 3 union all, 4 windowed, 5 first rows */
    pn_buf columns[4];
    pn_buf from;
    pn_buf where;
} random_view;

static void make_column(random_view *view, uint32_t index) {
    static const char *const folds[] = {"sum", "min", "max", "count", "avg"};
    pn_buf *out = &view->columns[index];
    pni_buf_clear(out);
    if (view->shape == 1 && index == 0) {
        pni_buf_puts(out, "t.k");
        return;
    }
    if (view->shape == 4 && index == 1) {
        pni_buf_puts(out, "sum(");
        put_expr(out, 1);
        pni_buf_printf(out, ") over (partition by %s)", pick(2) ? "t.k" : "c");
        return;
    }
    if (view->shape == 1)
        pni_buf_printf(out, "%s(", folds[pick(5)]);
    put_expr(out, 2);
    if (view->shape == 1)
        pni_buf_puts(out, ")");
}

static void make_from(random_view *view) {
    static const char *const joins[] = {"join", "left join", "right join", "full join"};
    static const char *const conditions[] = {"t.k = s.k", "t.k = s.k and s.w > 1", "t.c = s.k"};
    pni_buf_clear(&view->from);
    pni_buf_printf(&view->from, "t %s s on %s", joins[pick(4)], conditions[pick(3)]);
}

static void make_where(random_view *view) {
    static const char *const more[] = {" and exists (select 1 from s q where q.w = t.b)",
                                       " and a in (select h from s)",
                                       " and a > (select min(w) from s)",
                                       "",
                                       "",
                                       ""};
    pni_buf_clear(&view->where);
    put_expr(&view->where, 1);
    pni_buf_printf(&view->where, " %s %u%s", pick(2) ? ">" : "<>", pick(3), more[pick(6)]);
}

static void make_view(random_view *view, uint32_t shape) {
    memset(view, 0, sizeof *view);
    view->shape = shape;
    for (uint32_t i = 0; i < 4; i++)
        make_column(view, i);
    make_from(view);
    make_where(view);
}

static void free_view(random_view *view) {
    for (uint32_t i = 0; i < 4; i++)
        pn_buf_dispose(&view->columns[i]);
    pn_buf_dispose(&view->from);
    pn_buf_dispose(&view->where);
}

static char *sql_of(const random_view *view, const char *extra) {
    pn_buf out = PN_BUF_INIT;
    pni_buf_printf(&out, "select %s", view->shape == 2 ? "distinct " : "");
    for (uint32_t i = 0; i < 4; i++)
        pni_buf_printf(&out, "%scast(%s as double) as c%u", i ? ", " : "",
                       pni_buf_text(&view->columns[i]), i);
    pni_buf_printf(&out, "%s from %s where %s", extra, pni_buf_text(&view->from),
                   pni_buf_text(&view->where));
    if (view->shape == 1)
        pni_buf_puts(&out, " group by t.k");
    if (view->shape == 3)
        pni_buf_printf(&out, " union all select cast(a as double), b, c, k%s from t",
                       *extra ? ", 1" : "");
    if (view->shape == 5)
        pni_buf_puts(&out, " order by c0, c1, c2, c3 limit 3");
    return pni_buf_steal(&out);
}

static void change(random_view *view) {
    uint32_t what = pick(6);
    if (what < 4)
        make_column(view, what);
    else if (what == 4)
        make_from(view);
    else
        make_where(view);
}

/* ---- readers ------------------------------------------------------------------------------ */

static const char *const readers[] = {
    "select c0 from u",
    "select c0 + c1 as x from u where c1 > 1",
    "select count(*) as n from u",
    "select c1, count(*) as n from u group by c1",
    "select u.c0, v.c1 from u join u as v on u.c0 = v.c0 where v.c1 is not null",
    "select c0, row_number() over (order by c0, c1) as r from u"};
enum { READERS = sizeof readers / sizeof *readers };

typedef struct seen {
    char *rows;
    char *sql;
} seen;

typedef struct search {
    pn_session *session;
    pni_map *known; /* reader and fingerprint -> seen */
    PNI_VEC(seen *) all;
    size_t met; /* fingerprints that were seen before */
} search;

static pn_view_graph *graph_of(pn_session *session, const char *sql) {
    pn_view_graph *graph = pn_view_graph_new();
    char name[8];
    IT_OK(pn_view_graph_add_sql(graph, "u", sql, NULL, err));
    for (size_t i = 0; i < READERS; i++) {
        snprintf(name, sizeof name, "r%zu", i);
        IT_OK(pn_view_graph_add_sql(graph, name, readers[i], NULL, err));
    }
    IT_OK(pn_view_graph_compile(graph, session, NULL, err));
    return graph;
}

static const char *reader_fingerprint(const pn_view_graph *graph, size_t reader) {
    char name[8];
    snprintf(name, sizeof name, "r%zu", reader);
    return pn_bundle_fingerprint(pn_view_graph_bundle(graph, name));
}

static void check_reader(search *s, const pn_view_graph *graph, const char *sql, size_t reader) {
    char key[80];
    char query[64];
    snprintf(key, sizeof key, "%zu %s", reader, reader_fingerprint(graph, reader));
    snprintf(query, sizeof query, "select * from r%zu", reader);
    char *rows = it_query_sorted(s->session, graph, query);
    seen *before = pni_map_get(s->known, key);
    if (before) {
        s->met++;
        if (!pni_streq(before->rows, rows))
            T_FAIL("one fingerprint, two results of '%s' over\n  %s\n  %s", readers[reader],
                   before->sql, sql);
        pni_free(rows);
        return;
    }
    seen *now = pni_alloc(sizeof *now);
    *now = (seen){rows, pni_strdup(sql)};
    pni_map_put(s->known, key, now);
    pni_vec_push(&s->all, now);
}

static void check_view(search *s, const random_view *view) {
    char *sql = sql_of(view, "");
    pn_view_graph *graph = graph_of(s->session, sql);
    for (size_t i = 0; i < READERS; i++)
        check_reader(s, graph, sql, i);
    pn_view_graph_free(graph);
    pni_free(sql);
}

static pn_session *session_with_tables(void) {
    pn_session *session = it_session(NULL);
    static const char t[] =
        "[{\"k\":1,\"a\":1,\"b\":2,\"c\":0},{\"k\":1,\"a\":3,\"b\":null,\"c\":1},"
        "{\"k\":2,\"a\":2,\"b\":5,\"c\":2},{\"k\":3,\"a\":null,\"b\":1,\"c\":2},"
        "{\"k\":4,\"a\":0,\"b\":3,\"c\":3},{\"k\":2,\"a\":2,\"b\":5,\"c\":2}]";
    static const char u[] = "[{\"k\":1,\"h\":2,\"w\":1},{\"k\":2,\"h\":0,\"w\":3},"
                            "{\"k\":2,\"h\":3,\"w\":2},{\"k\":5,\"h\":1,\"w\":null}]";
    IT_OK(pn_session_add_rows(session, "t", (pn_bytes){(const uint8_t *)t, strlen(t)}, NULL, err));
    IT_OK(pn_session_add_rows(session, "s", (pn_bytes){(const uint8_t *)u, strlen(u)}, NULL, err));
    return session;
}

T_CASE(one_fingerprint_means_one_result_whatever_stands_below) {
    search s = {.session = session_with_tables(), .known = pni_map_new()};
    state = 20260801;
    for (uint32_t round = 0; round < 60; round++) {
        random_view view;
        make_view(&view, round % 6);
        check_view(&s, &view);
        for (uint32_t edit = 0; edit < 2; edit++) {
            change(&view);
            check_view(&s, &view);
        }
        free_view(&view);
    }
    if (s.met < 50) /* else nothing was compared */
        T_FAIL("only %zu fingerprints came twice", s.met);
    for (size_t i = 0; i < s.all.count; i++) {
        pni_free(s.all.items[i]->rows);
        pni_free(s.all.items[i]->sql);
        pni_free(s.all.items[i]);
    }
    pni_vec_dispose(&s.all);
    pni_map_free(s.known);
    pn_session_unref(s.session);
}

static void expect_same_readers(pn_session *session, const char *before, const char *after) {
    pn_view_graph *first = graph_of(session, before);
    pn_view_graph *second = graph_of(session, after);
    for (size_t i = 0; i < READERS; i++)
        if (!pni_streq(reader_fingerprint(first, i), reader_fingerprint(second, i)))
            T_FAIL("'%s' changes with what it does not read:\n  %s\n  %s", readers[i], before,
                   after);
    if (pni_streq(pn_bundle_fingerprint(pn_view_graph_bundle(first, "u")),
                  pn_bundle_fingerprint(pn_view_graph_bundle(second, "u"))))
        T_FAIL("a view does not change with a column:\n  %s\n  %s", before, after);
    pn_view_graph_free(first);
    pn_view_graph_free(second);
}

T_CASE(what_nobody_reads_changes_no_reader) {
    static const uint32_t separable[] = {0, 1, 3, 4};
    pn_session *session = session_with_tables();
    state = 7;
    for (uint32_t round = 0; round < 40; round++) {
        random_view view;
        make_view(&view, separable[round % 4]);
        char *before = sql_of(&view, "");
        char *wider = sql_of(&view, view.shape == 1 ? ", sum(c) + 1 as extra" : ", c + 1 as extra");
        pn_buf *unread = &view.columns[2 + pick(2)];
        pni_buf_clear(unread);
        pni_buf_printf(unread, view.shape == 1 ? "max(a) + %u" : "a + %u", 100 + round);
        char *other = sql_of(&view, "");
        expect_same_readers(session, before, wider);
        expect_same_readers(session, before, other);
        free_view(&view);
        pni_free(before);
        pni_free(wider);
        pni_free(other);
    }
    pn_session_unref(session);
}

/* ---- what cannot be separated ------------------------------------------------------------- */

static bool reader_changes(pn_session *session, const char *before, const char *after,
                           size_t reader) {
    pn_view_graph *first = graph_of(session, before);
    pn_view_graph *second = graph_of(session, after);
    bool changes =
        !pni_streq(reader_fingerprint(first, reader), reader_fingerprint(second, reader));
    pn_view_graph_free(first);
    pn_view_graph_free(second);
    return changes;
}

T_CASE(what_cannot_be_separated_takes_the_whole_view) {
    static const char *const pairs[][2] = {
        /* two columns of random numbers are not one column twice */
        {"select random() as c0, random() as c1",
         "select r as c0, r as c1 from (select random() r)"},
        {"select k as c0, a as c1 from t where random() < 0.5",
         "select k as c0, a as c1, 1 as z from t where random() < 0.5"},
        {"with recursive q as (select 1 as c0, 1 as c1 union all select c0 + 1, c1 from q where "
         "c0 < 3) select * from q",
         "with recursive q as (select 1 as c0, 1 as c1 union all select c0 + 1, c1 from q where "
         "c0 < 4) select * from q"},
    };
    pn_session *session = session_with_tables();
    for (size_t i = 0; i < sizeof pairs / sizeof *pairs; i++)
        if (!reader_changes(session, pairs[i][0], pairs[i][1], 0))
            T_FAIL("no change between\n  %s\n  %s", pairs[i][0], pairs[i][1]);
    pn_session_unref(session);
}

T_CASE(the_place_where_a_value_is_made_counts) {
    pn_session *session = session_with_tables();
#define FOLD(x) "case when " x " is null then 9 when " x " = 77 then null else " x " end"
    static const char *const pairs[][2] = {
        {"select t.k as c0, x.w as c1 from t left join (select k, " FOLD("w") " as w from s) x on "
                                                                              "t.k = x.k",
         "select t.k as c0, " FOLD("s.w") " as c1 from t left join s on t.k = s.k"},
        {"select k as c0, sum(a) over (partition by k) as c1 from t where a > 1",
         "select c0, c1 from (select k as c0, sum(a) over (partition by k) as c1, a from t) where "
         "a > 1"},
        {"select a as c0, b as c1 from t", "select b as c0, a as c1 from t"},
        {"select x.a as c0, y.b as c1 from t x join t y on x.k = y.k",
         "select x.a as c0, x.b as c1 from t x join t y on x.k = y.k"},
        {"select x.k as c0, y.w as c1 from t x left join s y on x.k = y.k",
         "select x.k as c0, y.w as c1 from t x right join s y on x.k = y.k"},
    };
    for (size_t i = 0; i < sizeof pairs / sizeof *pairs; i++)
        if (!reader_changes(session, pairs[i][0], pairs[i][1], 1))
            T_FAIL("no change between\n  %s\n  %s", pairs[i][0], pairs[i][1]);
    pn_session_unref(session);
}
