/*
 * Runs statements through both doors: plain SQL, and compile to canonical Substrait and replay.
 *
 * One JSON object a line comes in, one goes out:
 *     {"do":"file"}                             a new session; settings and tables are forgotten
 *     {"do":"set","key":…,"value":text or null} a setting; null takes it back
 *     {"do":"setup","sql":…}                    a statement that changes the catalog or writes
 *     {"do":"query","sql":…}                    one SELECT through both doors
 * The answer is {"is":…,"why":…}. For queries `is` is one of: other (not a query), unplanned (the
 * engine does not plan it), failed (it does not run), same, refused, different, unstable (plain SQL
 * does not repeat itself), unsteady (two compiles give different bytes).
 *
 *     {"do":"time","sql":…,"runs":n}            processor time of each step, in ms: the least of n
 * answers {"plan","optimise","produce","canon","sql_physical","consume","replay_physical"}.
 *
 * Compiling goes as in the product: over schema stubs in the identity space.
 */
#include "pinion/substrait.h"

#include "arrow/arrow.h"
#include "base/base.h"
#include "engine/engine.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

enum { MAX_ROWS = 20000, MAX_CELL = 400 };

typedef struct doors {
    pni_engine_session *session;
    json_t *defaults; /* the settings of a new session, for RESET */
} doors;

/* The rows of one execution: lines sorted, the schema first. */
typedef struct answer {
    pn_buf schema;
    PNI_VEC(char *) lines;
    int64_t rows;
} answer;

static void answer_dispose(answer *a) {
    pn_buf_dispose(&a->schema);
    for (size_t i = 0; i < a->lines.count; i++)
        pni_free(a->lines.items[i]);
    pni_vec_dispose(&a->lines);
}

static pn_bytes text_bytes(const char *text) {
    return (pn_bytes){(const uint8_t *)text, strlen(text)};
}

/* Names and types; whether a column may hold nulls is what planning knows, not what it is. */
static void put_schema(const struct ArrowSchema *schema, pn_buf *out) {
    pni_buf_printf(out, "%s:%s", schema->name ? schema->name : "", schema->format);
    for (int64_t i = 0; i < schema->n_children; i++) {
        pni_buf_putc(out, i ? ',' : '(');
        put_schema(schema->children[i], out);
    }
    if (schema->dictionary) {
        pni_buf_putc(out, '=');
        put_schema(schema->dictionary, out);
    }
}

static void take_batch(const struct ArrowSchema *schema, struct ArrowArrayView *view, answer *out) {
    for (int64_t row = 0; row < view->length; row++) {
        pn_buf line = PN_BUF_INIT;
        if (out->rows++ >= MAX_ROWS)
            continue;
        for (int64_t c = 0; c < schema->n_children; c++) {
            pni_buf_putc(&line, '|');
            pni_arrow_value_text(schema->children[c], view->children[c], row + view->offset, &line);
        }
        pni_vec_push(&out->lines, pni_buf_steal(&line));
    }
}

static pn_status read_stream(struct ArrowArrayStream *stream, answer *out, pn_error *err) {
    struct ArrowError problem = {{0}};
    struct ArrowArrayView view;
    PNI_AUTO_SCHEMA schema = {0};
    int code = stream->get_schema(stream, &schema);
    if (code != 0)
        return pni_engine_stream_error(stream, code, err);
    put_schema(&schema, &out->schema);
    if (ArrowArrayViewInitFromSchema(&view, &schema, &problem) != NANOARROW_OK)
        return pni_fail(err, PNI_E_ENGINE_UNSUPPORTED, "rows cannot be read: %s", problem.message);
    pn_status status = PN_OK;
    for (;;) {
        PNI_AUTO_ARRAY batch = {0};
        code = stream->get_next(stream, &batch);
        if (code != 0)
            status = pni_engine_stream_error(stream, code, err);
        if (code != 0 || !batch.release)
            break;
        if (ArrowArrayViewSetArray(&view, &batch, &problem) != NANOARROW_OK) {
            status = pni_fail(err, PNI_E_ENGINE_UNSUPPORTED, "rows: %s", problem.message);
            break;
        }
        take_batch(&schema, &view, out);
    }
    ArrowArrayViewReset(&view);
    if (out->lines.count)
        qsort(out->lines.items, out->lines.count, sizeof(char *), pni_cmp_text);
    return status;
}

static pn_status run(const pni_engine_plan *plan, answer *out, pn_error *err) {
    PNI_AUTO_STREAM stream = {0};
    PNI_TRY(pni_engine_plan_execute(plan, NULL, &stream, err));
    return read_stream(&stream, out, err);
}

/* ---- equal rows ---------------------------------------------------------------------------- */

/* Sums of floats depend on the order of their terms. */
static bool number_same(const char *a, const char *b) {
    char *a_end, *b_end;
    double x = strtod(a, &a_end), y = strtod(b, &b_end);
    if (a_end == a || b_end == b || *a_end || *b_end)
        return false;
    return fabs(x - y) <= 1e-9 * fmax(fabs(x), fabs(y));
}

static bool line_same(const char *a, const char *b) {
    if (!strcmp(a, b))
        return true;
    while (*a && *b) {
        char one[MAX_CELL], two[MAX_CELL];
        size_t n = strcspn(a, "|,[]{}"), m = strcspn(b, "|,[]{}");
        if (n >= MAX_CELL || m >= MAX_CELL)
            return false;
        memcpy(one, a, n), one[n] = '\0';
        memcpy(two, b, m), two[m] = '\0';
        if (strcmp(one, two) != 0 && !number_same(one, two))
            return false;
        a += n, b += m;
        if (*a != *b)
            return false;
        a += *a != '\0', b += *b != '\0';
    }
    return *a == *b;
}

/* Empty when equal; otherwise what differs. */
static void differ(const answer *a, const answer *b, pn_buf *why) {
    if (strcmp(pni_buf_text(&a->schema), pni_buf_text(&b->schema)) != 0) {
        pni_buf_printf(why, "columns %s became %s", pni_buf_text(&a->schema),
                       pni_buf_text(&b->schema));
    } else if (a->rows != b->rows) {
        pni_buf_printf(why, "%lld rows became %lld", (long long)a->rows, (long long)b->rows);
    }
    for (size_t i = 0; !why->len && i < a->lines.count && a->rows <= MAX_ROWS; i++) {
        if (!line_same(a->lines.items[i], b->lines.items[i]))
            pni_buf_printf(why, "row '%.300s' became '%.300s'", a->lines.items[i],
                           b->lines.items[i]);
    }
}

/* ---- the doors ----------------------------------------------------------------------------- */

static pn_status execute(doors *d, const char *sql, pn_error *err) {
    PNI_AUTO_PTR(pni_engine_plan) plan = NULL;
    answer ignored = {0};
    PNI_TRY(pni_engine_plan_sql(d->session, PNI_SPACE_RUN, text_bytes(sql),
                                PNI_ALLOW_DDL | PNI_ALLOW_DML | PNI_ALLOW_STATEMENTS, &plan, err));
    pn_status status = run(plan, &ignored, err);
    answer_dispose(&ignored);
    return status;
}

/* Puts a stub of each table that the query reads into the identity space. */
static pn_status stub_tables(doors *d, const json_t *tables, pn_error *err) {
    size_t i;
    json_t *table;
    json_array_foreach(tables, i, table) {
        const char *name = json_string_value(table);
        PNI_AUTO(pn_buf) sql = PN_BUF_INIT;
        PNI_AUTO_PTR(pni_engine_plan) plan = NULL;
        PNI_AUTO_PTR(pni_engine_table) view = NULL;
        PNI_AUTO_PTR(pni_engine_table) stub = NULL;
        PNI_AUTO_SCHEMA schema = {0};
        pni_buf_printf(&sql, "select * from \"%s\"", name);
        PNI_TRY(pni_engine_plan_sql(d->session, PNI_SPACE_RUN, text_bytes(pni_buf_text(&sql)), 0,
                                    &plan, err));
        PNI_TRY(pni_engine_table_from_plan(plan, &view, err));
        PNI_TRY(pni_engine_table_schema(view, &schema, err));
        PNI_TRY(pni_engine_table_stub(d->session, &schema, NULL, &stub, err));
        PNI_TRY(pni_engine_register(d->session, PNI_SPACE_IDENTITY, name, stub, err));
    }
    return PN_OK;
}

static pn_status compile(doors *d, const char *sql, pn_substrait **out, pn_error *err) {
    PNI_AUTO_PTR(pni_engine_plan) plan = NULL;
    PNI_AUTO(pn_buf) bytes = PN_BUF_INIT;
    PNI_TRY(pni_engine_plan_sql(d->session, PNI_SPACE_IDENTITY, text_bytes(sql), 0, &plan, err));
    PNI_TRY(pni_engine_plan_to_substrait(plan, &bytes, err));
    return pn_substrait_decode((pn_bytes){bytes.data, bytes.len}, NULL, out, err);
}

static pn_status replay(doors *d, const pn_substrait *plan, answer *out, pn_error *err) {
    PNI_AUTO_PTR(pni_engine_plan) made = NULL;
    PNI_TRY(
        pni_engine_plan_substrait(d->session, PNI_SPACE_RUN, pn_substrait_bytes(plan), &made, err));
    return run(made, out, err);
}

static json_t *outcome(const char *is, const char *why) {
    return json_pack("{s:s, s:s}", "is", is, "why", why ? why : "");
}

static json_t *failed(const char *is, const pn_error *err) {
    PNI_AUTO(pn_buf) why = PN_BUF_INIT;
    pni_buf_printf(&why, "PN%d %s", err->number, err->message);
    if (!pni_utf8_valid(pni_buf_text(&why), why.len))
        return outcome(is, "a message that is not UTF-8");
    json_t *made = outcome(is, pni_buf_text(&why));
    if (err->detail[0])
        json_object_set_new(made, "detail", json_string(err->detail));
    return made;
}

/* The rows of replay beside those of SQL; SQL runs again when they differ. */
static json_t *compare(doors *d, const pni_engine_plan *plain, const answer *sql,
                       const pn_substrait *plan) {
    pn_error err = PN_ERROR_INIT;
    PNI_AUTO(pn_buf) why = PN_BUF_INIT;
    PNI_AUTO(pn_buf) own = PN_BUF_INIT;
    answer found = {0}, again = {0};
    json_t *made = NULL;
    if (replay(d, plan, &found, &err) == PN_OK) {
        differ(sql, &found, &why);
        if (why.len && run(plain, &again, &err) == PN_OK)
            differ(sql, &again, &own);
        made = outcome(own.len ? "unstable" : why.len ? "different" : "same", pni_buf_text(&why));
    } else if (err.status == PN_UNSUPPORTED) {
        made = failed("refused", &err);
    } else {
        made = failed("different", &err);
    }
    answer_dispose(&found);
    answer_dispose(&again);
    return made;
}

static json_t *two_doors(doors *d, const char *sql, const json_t *tables) {
    pn_error err = PN_ERROR_INIT;
    PNI_AUTO_PTR(pni_engine_plan) plain = NULL;
    pn_substrait *plan = NULL, *again = NULL;
    answer rows = {0};
    json_t *made = NULL;
    if (pni_engine_plan_sql(d->session, PNI_SPACE_RUN, text_bytes(sql), 0, &plain, &err) != PN_OK)
        return failed("unplanned", &err);
    if (run(plain, &rows, &err) != PN_OK)
        made = failed("failed", &err);
    else if (stub_tables(d, tables, &err) != PN_OK || compile(d, sql, &plan, &err) != PN_OK)
        made = failed("refused", &err);
    else if (compile(d, sql, &again, &err) != PN_OK)
        made = failed("unsteady", &err);
    else if (!pn_substrait_equal(plan, again))
        made = outcome("unsteady", "two compiles give different bytes");
    else
        made = compare(d, plain, &rows, plan);
    answer_dispose(&rows);
    pn_substrait_unref(plan);
    pn_substrait_unref(again);
    return made;
}

static json_t *query(doors *d, const char *sql) {
    pn_error err = PN_ERROR_INIT;
    PNI_AUTO_PTR(json_t) found = NULL;
    if (pni_engine_sql_tables(d->session, text_bytes(sql), &found, &err) != PN_OK)
        return failed("unplanned", &err);
    if (!pni_streq(json_string_value(json_object_get(found, "statement")), "query"))
        return outcome("other", NULL);
    return two_doors(d, sql, json_object_get(found, "tables"));
}

/* ---- time ---------------------------------------------------------------------------------- */

static double processor_ms(void) {
    struct timespec now;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    return (double)now.tv_sec * 1e3 + (double)now.tv_nsec / 1e6;
}

enum { PLAN, OPTIMISE, PRODUCE, CANON, SQL_PHYSICAL, CONSUME, REPLAY_PHYSICAL, STEPS };

static pn_status render(const pni_engine_plan *plan, int kind, pn_error *err) {
    PNI_AUTO(pn_buf) text = PN_BUF_INIT;
    return pni_engine_plan_explain(plan, kind, &text, err);
}

/* Each step's time is put where it ends. */
static pn_status steps(doors *d, const char *sql, double *ends, pn_error *err) {
    PNI_AUTO_PTR(pni_engine_plan) plan = NULL;
    PNI_AUTO_PTR(pni_engine_plan) plain = NULL;
    PNI_AUTO_PTR(pni_engine_plan) again = NULL;
    PNI_AUTO(pn_buf) bytes = PN_BUF_INIT;
    pn_substrait *canon = NULL;
    PNI_TRY(pni_engine_plan_sql(d->session, PNI_SPACE_IDENTITY, text_bytes(sql), 0, &plan, err));
    ends[PLAN] = processor_ms();
    PNI_TRY(render(plan, PNI_RENDER_OPTIMISED, err));
    ends[OPTIMISE] = processor_ms();
    PNI_TRY(pni_engine_plan_to_substrait(plan, &bytes, err));
    ends[PRODUCE] = processor_ms();
    PNI_TRY(pn_substrait_decode((pn_bytes){bytes.data, bytes.len}, NULL, &canon, err));
    ends[CANON] = processor_ms();
    pn_status status =
        pni_engine_plan_sql(d->session, PNI_SPACE_RUN, text_bytes(sql), 0, &plain, err);
    if (status == PN_OK)
        status = render(plain, PNI_RENDER_PHYSICAL, err);
    ends[SQL_PHYSICAL] = processor_ms();
    if (status == PN_OK)
        status = pni_engine_plan_substrait(d->session, PNI_SPACE_RUN, pn_substrait_bytes(canon),
                                           &again, err);
    ends[CONSUME] = processor_ms();
    if (status == PN_OK)
        status = render(again, PNI_RENDER_PHYSICAL, err);
    ends[REPLAY_PHYSICAL] = processor_ms();
    pn_substrait_unref(canon);
    return status;
}

static json_t *measure(doors *d, const char *sql, json_int_t runs) {
    static const char *const names[STEPS] = {"plan",         "optimise", "produce",        "canon",
                                             "sql_physical", "consume",  "replay_physical"};
    double least[STEPS] = {0}, ends[STEPS] = {0};
    pn_error err = PN_ERROR_INIT;
    PNI_AUTO_PTR(json_t) found = NULL;
    if (pni_engine_sql_tables(d->session, text_bytes(sql), &found, &err) != PN_OK ||
        stub_tables(d, json_object_get(found, "tables"), &err) != PN_OK)
        return failed("failed", &err);
    for (json_int_t run = 0; run < runs; run++) {
        double start = processor_ms();
        if (steps(d, sql, ends, &err) != PN_OK)
            return failed("failed", &err);
        for (int i = 0; i < STEPS; i++) {
            double took = ends[i] - (i ? ends[i - 1] : start);
            least[i] = run && least[i] < took ? least[i] : took;
        }
    }
    json_t *made = outcome("done", NULL);
    for (int i = 0; i < STEPS; i++)
        json_object_set_new(made, names[i], json_real(least[i]));
    return made;
}

static json_t *setup(doors *d, const char *sql) {
    pn_error err = PN_ERROR_INIT;
    return execute(d, sql, &err) == PN_OK ? outcome("done", NULL) : failed("failed", &err);
}

static json_t *set(doors *d, const char *key, const char *value) {
    pn_error err = PN_ERROR_INIT;
    const char *usual = json_string_value(json_object_get(d->defaults, key));
    /* The product never opens its catalogs' own tables to a query. */
    if (pni_streq(key, "datafusion.catalog.information_schema") || (!value && !usual))
        return outcome("done", NULL);
    if (pni_engine_session_set(d->session, key, value ? value : usual, &err) != PN_OK)
        return failed("failed", &err);
    return outcome("done", NULL);
}

static void forget(doors *d) {
    pni_engine_session_free(d->session);
    json_decref(d->defaults);
    *d = (doors){0};
}

/* Partitions as sqllogictest has them: plans must not depend on the machine. */
static json_t *file(doors *d) {
    pn_error err = PN_ERROR_INIT;
    PNI_AUTO_PTR(json_t)
    settings =
        json_pack("{s:{s:s}, s:{s:s, s:s}}", "config", "datafusion.execution.target_partitions",
                  "4", "runtime", "export_views", "true", "memory_limit_bytes", "2000000000");
    forget(d);
    if (pni_engine_session_new(settings, &d->session, &err) != PN_OK ||
        pni_engine_session_settings(d->session, &d->defaults, &err) != PN_OK)
        return failed("failed", &err);
    return outcome("done", NULL);
}

static json_t *answer_line(doors *d, const json_t *line) {
    const char *what = json_string_value(json_object_get(line, "do"));
    const char *sql = json_string_value(json_object_get(line, "sql"));
    const char *key = json_string_value(json_object_get(line, "key"));
    if (pni_streq(what, "file"))
        return file(d);
    if (!d->session)
        return NULL;
    if (pni_streq(what, "set") && key)
        return set(d, key, json_string_value(json_object_get(line, "value")));
    if (pni_streq(what, "setup") && sql)
        return setup(d, sql);
    if (pni_streq(what, "query") && sql)
        return query(d, sql);
    if (pni_streq(what, "time") && sql)
        return measure(d, sql, json_integer_value(json_object_get(line, "runs")));
    return NULL;
}

int main(void) {
    doors d = {0};
    json_error_t problem;
    int code = 0;
    while (!feof(stdin)) {
        int c = getc(stdin);
        if (c == EOF)
            break;
        ungetc(c, stdin);
        PNI_AUTO_PTR(json_t) line = json_loadf(stdin, JSON_DISABLE_EOF_CHECK, &problem);
        PNI_AUTO_PTR(json_t) made = line ? answer_line(&d, line) : NULL;
        if (!made) {
            fprintf(stderr, "a line is not understood: %s\n", problem.text);
            code = 2;
            break;
        }
        json_dumpf(made, stdout, JSON_COMPACT | JSON_ENSURE_ASCII);
        putchar('\n');
        fflush(stdout);
        c = getc(stdin); /* the end of the line */
        if (c != '\n' && c != EOF)
            ungetc(c, stdin);
    }
    forget(&d);
    return code;
}
