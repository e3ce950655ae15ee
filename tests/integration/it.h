/*
 * What integration tests share: sessions over generated folders, running SQL through a bundle, rows
 * as text.
 */
#ifndef PN_TESTS_INTEGRATION_IT_H
#define PN_TESTS_INTEGRATION_IT_H

#include "pinion/pinion.h"

#include "arrow/arrow.h"
#include "t.h"

#define IT_OK(call) IT_STATUS(call, PN_OK)
/* The call ends so; its own pn_error is `err`, and told when it ends otherwise. */
#define IT_STATUS(call, want)                                                                      \
    do {                                                                                           \
        pn_error t_err_ = PN_ERROR_INIT;                                                           \
        pn_error *err = &t_err_;                                                                   \
        pn_status t_got_ = (call);                                                                 \
        t_status(T_PLACE(#call), t_got_, (want), t_err_.message, t_err_.detail);                   \
    } while (0)

/* Expects the error `number`; the message must hold `text` (an object's name). */
#define IT_FAILS(call, want_number, want_text)                                                     \
    do {                                                                                           \
        pn_error t_err_ = PN_ERROR_INIT;                                                           \
        pn_error *err = &t_err_;                                                                   \
        pn_status t_got_ = (call);                                                                 \
        it_expect_error(T_PLACE(#call), t_got_, &t_err_, (want_number), (want_text));              \
    } while (0)

void it_expect_error(t_place place, pn_status got, const pn_error *err, int32_t number,
                     const char *text);

/* Rows as text: columns joined by '|', one line a row, without header. pni_free() it. */
char *it_rows_of_stream(struct ArrowArrayStream *stream);
/* Compiles, replays from the bundle's Substrait, and gives the rows. */
char *it_query(pn_session *session, const pn_view_graph *graph, const char *sql);
/* The same with lines sorted. */
char *it_query_sorted(pn_session *session, const pn_view_graph *graph, const char *sql);
void it_sort_lines(char *text);
/* The query gives these rows. */
#define IT_ROWS(session, sql, want) it_expect_rows(T_PLACE(#session), (session), (sql), (want))
void it_expect_rows(t_place place, pn_session *session, const char *sql, const char *want);
/* Runs a statement of any kind and forgets its rows. */
pn_status it_statement(pn_session *session, const char *sql, pn_error *err);
pn_bundle *it_compile(pn_session *session, const pn_view_graph *graph, const char *sql);

/* Path below t_tmpdir(); valid to the end of the case. */
const char *it_path(const char *name);
void it_write(const char *name, const char *text); /* makes folders */
pn_session *it_session(pn_catalog *catalog);
void it_add(pn_catalog *catalog, const char *name, const char *format, const char *uri);

#endif
