/*
 * Stopping what is busy. A join of many copies of a tiny table makes batch after batch out of what
 * it holds in memory, and the count above it gives nothing away until the end, which never comes:
 * no reader, no writer and no source is asked for anything meanwhile. Token and deadline must end
 * it all the same, in rows and in every format that is written; nothing may be left of the target,
 * and the workers must be free afterwards: the session answers, and the process idles.
 */
#include "it.h"

#include <dirent.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define FIRE_AFTER_MS 150
#define STOPPED_WITHIN_MS 1000

/* The joins of the first keep one row of each source; those of the second collect what they hold.
 */
static const char busy_sql[] =
    "select count(*) as n from t a join t b on a.k = b.k join t c on b.k = c.k join t d on "
    "c.k = d.k join t e on d.k = e.k join t f on e.k = f.k join t g on f.k = g.k join t h on "
    "g.k = h.k join t i on h.k = i.k";
static const char collecting_sql[] =
    "select count(*) as n from t a, t b, t c, t d, t e, t f, t g, t h, t i where a.x + b.x + c.x + "
    "d.x + e.x + f.x + g.x + h.x + i.x = -1";
static const char recursive_sql[] =
    "with recursive w as (select 1 as i union all select i + 1 from w where i < 4000000000) "
    "select count(*) as n from w where i < 0";

static int64_t clock_ms(clockid_t clock) {
    struct timespec now;
    clock_gettime(clock, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static void sleep_ms(long ms) {
    struct timespec pause = {ms / 1000, ms % 1000 * 1000000L};
    nanosleep(&pause, NULL);
}

static pn_session *busy_session(pn_catalog **catalog_out) {
    pn_buf text = PN_BUF_INIT;
    pni_buf_puts(&text, "x,k\n");
    for (int i = 0; i < 60; i++)
        pni_buf_printf(&text, "%d,1\n", i);
    it_write("t.csv", pni_buf_text(&text));
    pn_buf_dispose(&text);
    *catalog_out = pn_catalog_new();
    it_add(*catalog_out, "t", "csv", it_path("t.csv"));
    pn_session_options options = PN_SESSION_OPTIONS_INIT;
    pn_session *session = NULL;
    options.catalog = *catalog_out;
    options.sql_policy = PN_SQL_POLICY_WRITE; /* EXPLAIN ANALYZE runs what it explains */
    IT_OK(pn_session_open(&options, &session, err));
    return session;
}

static void *fire_later(void *ctx) {
    sleep_ms(FIRE_AFTER_MS);
    pn_cancel_fire(ctx);
    return NULL;
}

typedef struct door {
    bool by_deadline;
    pn_cancel *cancel;
    pthread_t thread;
    pn_exec_options options;
    int64_t started_ms;
} door;

static void door_open(door *d, bool by_deadline) {
    *d = (door){.by_deadline = by_deadline, .options = PN_EXEC_OPTIONS_INIT};
    d->started_ms = clock_ms(CLOCK_MONOTONIC);
    if (by_deadline) {
        d->options.timeout_ms = FIRE_AFTER_MS;
        return;
    }
    d->options.cancel = d->cancel = pn_cancel_new();
    T_EQ_INT(pthread_create(&d->thread, NULL, fire_later, d->cancel), 0);
}

/* It ended in time, and for this reason. Runs with an injected fault share the machine with others
 * like them: what counts there is that it ends. */
static void door_close(door *d, const char *what, pn_status status, const pn_error *err) {
    int64_t took = clock_ms(CLOCK_MONOTONIC) - d->started_ms;
    if (d->cancel) {
        pthread_join(d->thread, NULL);
        pn_cancel_unref(d->cancel);
    }
    if (status != (d->by_deadline ? PN_TIMEOUT : PN_CANCELLED))
        T_FAIL("%s: %s: %s", what, pn_status_name(status), err->message);
    T_ASSERT(err->number > 0);
    if (took > FIRE_AFTER_MS + STOPPED_WITHIN_MS && !getenv("PN_FAULT"))
        T_FAIL("%s: stopped after %lld ms", what, (long long)took);
}

/* The workers have nothing to do: the process uses next to no processor time. */
static void check_idle(const char *what) {
    int64_t used = 0;
    for (int round = 0; round < 20; round++) {
        int64_t before = clock_ms(CLOCK_PROCESS_CPUTIME_ID);
        sleep_ms(100);
        used = clock_ms(CLOCK_PROCESS_CPUTIME_ID) - before;
        if (used < 30)
            return;
    }
    T_FAIL("%s: two seconds later the process still uses %lld ms of every 100", what,
           (long long)used);
}

static void check_usable(pn_session *session, const char *what) {
    check_idle(what);
    char *rows = it_query(session, NULL, "select count(*) as n, sum(x) as s from t");
    T_EQ_STR(rows, "60|1770\n");
    pni_free(rows);
}

static pn_status read_all(pn_session *session, const pn_bundle *bundle, door *d, pn_error *err) {
    pn_result *result = NULL;
    struct ArrowArrayStream stream = {0};
    struct ArrowArray batch = {0};
    PNI_TRY(pn_exec_run(session, bundle, &d->options, &result, err));
    pn_status status = pn_result_stream(result, &stream, err);
    int code = 0;
    while (status == PN_OK && !(code = stream.get_next(&stream, &batch)) && batch.release)
        batch.release(&batch);
    if (code)
        status = pn_result_stream_error(&stream, code, err);
    if (stream.release)
        stream.release(&stream);
    pn_result_free(result);
    return status;
}

static void stop_read(pn_session *session, const char *sql, bool by_deadline) {
    pn_error problem = PN_ERROR_INIT;
    door d;
    pn_bundle *bundle = it_compile(session, NULL, sql);
    door_open(&d, by_deadline);
    pn_status status = read_all(session, bundle, &d, &problem);
    door_close(&d, "rows", status, &problem);
    pn_bundle_unref(bundle);
    check_usable(session, "rows");
}

T_CASE(busy_rows_stop) {
    pn_catalog *catalog;
    pn_session *session = busy_session(&catalog);
    for (int by_deadline = 0; by_deadline < 2; by_deadline++) {
        stop_read(session, busy_sql, by_deadline);
        stop_read(session, collecting_sql, by_deadline);
        stop_read(session, recursive_sql, by_deadline);
    }
    pn_session_unref(session);
    pn_catalog_unref(catalog);
}

/* The doors that run a query to see what it does: explain, the artifact, the statement. */
static pn_status analyze(pn_session *session, const pn_bundle *bundle, const char *how, door *d,
                         pn_error *err) {
    PNI_AUTO(pn_buf) text = PN_BUF_INIT;
    PNI_AUTO(pn_buf) sql = PN_BUF_INIT;
    pn_plan_source source = PN_PLAN_SOURCE_INIT;
    pn_result *result = NULL;
    if (!strcmp(how, "explain"))
        return pn_exec_explain(session, bundle, "analyze", &d->options, &text, err);
    if (!strcmp(how, "artifact"))
        return pn_bundle_artifact(session, bundle, "explain_analyze", d->cancel, &text, err);
    pni_buf_printf(&sql, "explain analyze %s", pn_bundle_sql(bundle));
    source.sql = pni_buf_text(&sql);
    pn_status status = pn_exec_statement(session, NULL, &source, &d->options, &result, err);
    pn_result_free(result);
    return status;
}

static void stop_analyze(pn_session *session, const char *how, bool by_deadline) {
    pn_error problem = PN_ERROR_INIT;
    door d;
    pn_bundle *bundle = it_compile(session, NULL, busy_sql);
    door_open(&d, by_deadline);
    pn_status status = analyze(session, bundle, how, &d, &problem);
    door_close(&d, how, status, &problem);
    pn_bundle_unref(bundle);
    check_usable(session, how);
}

T_CASE(busy_analyses_stop) {
    pn_catalog *catalog;
    pn_session *session = busy_session(&catalog);
    stop_analyze(session, "explain", false);
    stop_analyze(session, "explain", true);
    stop_analyze(session, "artifact", false);
    stop_analyze(session, "statement", false);
    stop_analyze(session, "statement", true);
    pn_session_unref(session);
    pn_catalog_unref(catalog);
}

static const char *const formats[] = {"delta", "parquet", "csv", "json", "arrow"};

static pn_status write_to(pn_session *session, const pn_bundle *bundle, const char *format,
                          const char *uri, const pn_exec_options *options, pn_error *err) {
    pn_write_request request = PN_WRITE_REQUEST_INIT;
    pn_result *result = NULL;
    request.mode = PN_WRITE_OVERWRITE;
    request.format = format;
    request.uri = uri;
    pn_status status = pn_exec_write(session, bundle, &request, options, &result, err);
    pn_result_free(result);
    return status;
}

/* Names in the folder, hidden ones too. */
static size_t entries_of(const char *folder) {
    DIR *dir = opendir(folder);
    size_t count = 0;
    if (!dir)
        T_FAIL("no folder '%s'", folder);
    for (struct dirent *entry; (entry = readdir(dir));)
        count += strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0;
    closedir(dir);
    return count;
}

static void check_old_rows(const char *format, const char *uri) {
    pn_catalog *catalog = pn_catalog_new();
    it_add(catalog, "old", format, uri);
    pn_session *session = it_session(catalog);
    char *rows = it_query(session, NULL, "select n from old");
    T_EQ_STR(rows, "7\n");
    pni_free(rows);
    pn_session_unref(session);
    pn_catalog_unref(catalog);
}

static void stop_write(pn_session *session, const char *format, bool over_old, bool by_deadline) {
    char name[64], target[80];
    pn_error problem = PN_ERROR_INIT;
    door d;
    snprintf(name, sizeof name, "%s-%d-%d", format, over_old, by_deadline);
    snprintf(target, sizeof target, "%s/out", name);
    IT_OK(pni_mkdirs(it_path(name), err));
    if (over_old) {
        pn_bundle *old = it_compile(session, NULL, "select 7 as n");
        IT_OK(write_to(session, old, format, it_path(target), NULL, err));
        pn_bundle_unref(old);
    }
    size_t before = over_old ? entries_of(it_path(target)) : 0;
    pn_bundle *bundle = it_compile(session, NULL, busy_sql);
    door_open(&d, by_deadline);
    pn_status status = write_to(session, bundle, format, it_path(target), &d.options, &problem);
    door_close(&d, name, status, &problem);
    pn_bundle_unref(bundle);
    check_usable(session, name);
    T_EQ_UINT(entries_of(it_path(name)), over_old ? 1 : 0);
    if (over_old) {
        T_EQ_UINT(entries_of(it_path(target)), before);
        check_old_rows(format, it_path(target));
    }
}

T_CASE(busy_writes_stop) {
    pn_catalog *catalog;
    pn_session *session = busy_session(&catalog);
    for (size_t f = 0; f < sizeof formats / sizeof *formats; f++)
        for (int over_old = 0; over_old < 2; over_old++)
            stop_write(session, formats[f], over_old, (f + (size_t)over_old) % 2 == 1);
    pn_session_unref(session);
    pn_catalog_unref(catalog);
}
