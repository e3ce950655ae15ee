/*
 * TPC-H at scale 0.01: each of the 22 queries is compiled to a bundle, replayed from its canonical
 * Substrait over pinned Parquet files, and compared with answers another engine computed. Numbers
 * may differ in the 12th digit (sums of floats depend on their order); everything else must be
 * equal.
 */
#include "it.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *const tables[] = {"customer", "lineitem", "nation", "orders",
                                     "part",     "partsupp", "region", "supplier"};

static char *read_text(const char *format, int number) {
    char name[64];
    pn_buf text = PN_BUF_INIT;
    snprintf(name, sizeof name, format, number);
    IT_OK(pni_file_read(t_external_data(name), 1 << 20, &text, err));
    return pni_buf_steal(&text);
}

static bool cell_same(const char *got, size_t got_len, const char *want, size_t want_len) {
    char a[512], b[512], *a_end, *b_end;
    if (got_len == want_len && !memcmp(got, want, got_len))
        return true;
    if (want_len == 0 && got_len == 4 && !memcmp(got, "NULL", 4))
        return true;
    if (got_len >= sizeof a || want_len >= sizeof b)
        return false;
    memcpy(a, got, got_len), a[got_len] = '\0';
    memcpy(b, want, want_len), b[want_len] = '\0';
    double x = strtod(a, &a_end), y = strtod(b, &b_end);
    if (*a_end || *b_end || a_end == a || b_end == b)
        return false;
    return fabs(x - y) <= 1e-9 * fmax(fabs(x), fabs(y)) || fabs(x - y) < 5e-3;
}

static void compare_rows(int query, const char *got, const char *want) {
    size_t row = 1;
    while (*want && *got) {
        size_t got_len = strcspn(got, "|\n"), want_len = strcspn(want, "|\n");
        if (!cell_same(got, got_len, want, want_len))
            T_FAIL("q%02d row %zu: '%.*s', wanted '%.*s'", query, row, (int)got_len, got,
                   (int)want_len, want);
        got += got_len, want += want_len;
        if (*got != *want)
            T_FAIL("q%02d row %zu: the rows have different columns", query, row);
        row += *got == '\n';
        got += *got != '\0', want += *want != '\0';
    }
    if (*got || *want)
        T_FAIL("q%02d: %s rows than wanted after %zu", query, *got ? "more" : "fewer", row - 1);
}

T_CASE(all_22_answers_through_substrait) {
    pn_catalog *catalog = pn_catalog_new();
    for (size_t i = 0; i < sizeof tables / sizeof *tables; i++) {
        char name[64];
        snprintf(name, sizeof name, "tpch/data_sf0.01/%s.parquet", tables[i]);
        it_add(catalog, tables[i], "parquet", t_external_data(name));
    }
    pn_session *session = it_session(catalog);
    for (int query = 1; query <= 22; query++) {
        char *sql = read_text("tpch/queries/q%02d.sql", query);
        char *answer = read_text("tpch/answers_sf0.01/q%02d.csv", query);
        char *rows = it_query(session, NULL, sql);
        compare_rows(query, rows, strchr(answer, '\n') + 1);
        pni_free(rows);
        pni_free(answer);
        pni_free(sql);
    }
    pn_session_unref(session);
    pn_catalog_unref(catalog);
}
