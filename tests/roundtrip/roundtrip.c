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
 * Across processes (exported.c), where `name` of replay is the fingerprint that compile answered:
 *     {"do":"open","path":…}                    a session of pinion beside the engine's; there
 *                                               copies of its tables are kept
 *     {"do":"dataset","name":…,"path":…}        a Parquet file that it reads
 *     {"do":"setting","name":…,"value":…}       a setting of it
 *     {"do":"compile","sql":…,"path":…}         a bundle; the rows of plain SQL go to the path
 *     {"do":"export","path":…}                  all bundles as one file
 *     {"do":"import","path":…}
 *     {"do":"replay","name":…,"sql":…,"path":…} its rows beside those at the path: same, known (a
 *                                               difference whose reason was shown, proof.c), …
 *     {"do":"prove","sql":…}                    the same in one process
 *     {"do":"pack","path":…}                    a pack of functions for the session
 *     {"do":"rows","name":…,"text":JSON}        a temporary table of it
 *     {"do":"compiling","sql":…,"runs":n}       what compiling costs, see compiling.c
 *     {"do":"snapshotting","path":…,"runs":n}   what the snapshot of a pack costs, see
 * snapshotting.c
 *
 *     {"do":"time","sql":…,"runs":n}            time of each step, in ms: the least of n
 * answers processor time of {"plan","optimise","produce","canon","sql_physical","consume",
 * "replay_physical","keep","prove","restore"} and, on the clock, of both doors up to their first
 * batch of rows:
 * {"sql_first","replay_first"}.
 *
 * Compiling goes as in the product: over schema stubs in the identity space.
 */
#include "exported.h"
#include "rows.h"
#include "snapshotting.h"
#include "substrait/substrait.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

typedef struct doors {
    pni_engine_session *session;
    json_t *defaults; /* the settings of a new session, for RESET */
    exported door;
} doors;

static pn_bytes text_bytes(const char *text) {
    return (pn_bytes){(const uint8_t *)text, strlen(text)};
}

/* ---- the doors ----------------------------------------------------------------------------- */

static pn_status execute(doors *d, const char *sql, pn_error *err) {
    PNI_AUTO_PTR(pni_engine_plan) plan = NULL;
    answer ignored = {0};
    PNI_TRY(pni_engine_plan_sql(d->session, PNI_SPACE_RUN, text_bytes(sql),
                                PNI_ALLOW_DDL | PNI_ALLOW_DML | PNI_ALLOW_STATEMENTS, &plan, err));
    pn_status status = answer_of_plan(plan, &ignored, err);
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
    return answer_of_plan(made, out, err);
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
        answer_differ(sql, &found, &why);
        if (why.len && answer_of_plan(plain, &again, &err) == PN_OK)
            answer_differ(sql, &again, &own);
        made = outcome(own.len ? "unstable" : why.len ? "different" : "same", pni_buf_text(&why));
    } else if (err.status == PN_UNSUPPORTED) {
        made = outcome_failed("refused", &err);
    } else {
        made = outcome_failed("different", &err);
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
        return outcome_failed("unplanned", &err);
    if (answer_of_plan(plain, &rows, &err) != PN_OK)
        made = outcome_failed("failed", &err);
    else if (stub_tables(d, tables, &err) != PN_OK || compile(d, sql, &plan, &err) != PN_OK)
        made = outcome_failed("refused", &err);
    else if (compile(d, sql, &again, &err) != PN_OK)
        made = outcome_failed("unsteady", &err);
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
        return outcome_failed("unplanned", &err);
    if (!pni_streq(json_string_value(json_object_get(found, "statement")), "query"))
        return outcome("other", NULL);
    return two_doors(d, sql, json_object_get(found, "tables"));
}

/* ---- time ---------------------------------------------------------------------------------- */

static double ms_of(clockid_t clock) {
    struct timespec now;
    clock_gettime(clock, &now);
    return (double)now.tv_sec * 1e3 + (double)now.tv_nsec / 1e6;
}

enum {
    PLAN,
    OPTIMISE,
    PRODUCE,
    CANON,
    SQL_PHYSICAL,
    CONSUME,
    REPLAY_PHYSICAL,
    KEEP,
    PROVE,
    RESTORE,
    STEPS
};
enum { SQL_FIRST, REPLAY_FIRST, FIRSTS };

static pn_status render(const pni_engine_plan *plan, int kind, pn_error *err) {
    PNI_AUTO(pn_buf) text = PN_BUF_INIT;
    return pni_engine_plan_explain(plan, kind, NULL, &text, err);
}

/* The plan cache without its files. A plan that is not kept, since it has no form there or reads
 * back as another one, takes no time. */
static pn_status kept_steps(doors *d, const pni_engine_plan *plan, const pn_substrait *wanted,
                            double *ends, pn_error *err) {
    PNI_AUTO_PTR(pni_engine_plan) over_stubs = NULL;
    PNI_AUTO_PTR(pni_engine_plan) again = NULL;
    PNI_AUTO_PTR(pn_substrait) canon = NULL;
    PNI_AUTO(pn_buf) kept = PN_BUF_INIT;
    PNI_AUTO(pn_buf) bytes = PN_BUF_INIT;
    double start = ends[KEEP] = ends[PROVE] = ends[RESTORE] = ms_of(CLOCK_PROCESS_CPUTIME_ID);
    pn_status status = pni_engine_plan_explain(plan, PNI_RENDER_KEPT_BYTES, NULL, &kept, err);
    if (status == PN_UNSUPPORTED)
        return PN_OK;
    PNI_TRY(status);
    const pn_bytes view = {kept.data, kept.len};
    ends[KEEP] = ms_of(CLOCK_PROCESS_CPUTIME_ID);
    PNI_TRY(pni_engine_plan_restore(d->session, PNI_SPACE_IDENTITY, view, &over_stubs, err));
    PNI_TRY(pni_engine_plan_to_substrait(over_stubs, &bytes, err));
    PNI_TRY(pn_substrait_decode((pn_bytes){bytes.data, bytes.len}, NULL, &canon, err));
    if (!pn_substrait_equal(canon, wanted)) {
        ends[KEEP] = start;
        return PN_OK;
    }
    ends[PROVE] = ms_of(CLOCK_PROCESS_CPUTIME_ID);
    PNI_TRY(pni_engine_plan_restore(d->session, PNI_SPACE_RUN, view, &again, err));
    ends[RESTORE] = ms_of(CLOCK_PROCESS_CPUTIME_ID);
    return PN_OK;
}

/* Each step's time is put where it ends. The canonical plan is the caller's. */
static pn_status steps(doors *d, const char *sql, double *ends, pn_substrait **out, pn_error *err) {
    PNI_AUTO_PTR(pni_engine_plan) plan = NULL;
    PNI_AUTO_PTR(pni_engine_plan) plain = NULL;
    PNI_AUTO_PTR(pni_engine_plan) again = NULL;
    PNI_AUTO(pn_buf) bytes = PN_BUF_INIT;
    char digest[65];
    PNI_TRY(pni_engine_plan_sql(d->session, PNI_SPACE_IDENTITY, text_bytes(sql), 0, &plan, err));
    ends[PLAN] = ms_of(CLOCK_PROCESS_CPUTIME_ID);
    PNI_TRY(render(plan, PNI_RENDER_OPTIMISED, err));
    ends[OPTIMISE] = ms_of(CLOCK_PROCESS_CPUTIME_ID);
    PNI_TRY(pni_engine_plan_to_substrait(plan, &bytes, err));
    ends[PRODUCE] = ms_of(CLOCK_PROCESS_CPUTIME_ID);
    PNI_TRY(pn_substrait_decode((pn_bytes){bytes.data, bytes.len}, NULL, out, err));
    PNI_TRY(pn_substrait_digest(*out, digest, err));
    ends[CANON] = ms_of(CLOCK_PROCESS_CPUTIME_ID);
    PNI_TRY(pni_engine_plan_sql(d->session, PNI_SPACE_RUN, text_bytes(sql), 0, &plain, err));
    PNI_TRY(render(plain, PNI_RENDER_PHYSICAL, err));
    ends[SQL_PHYSICAL] = ms_of(CLOCK_PROCESS_CPUTIME_ID);
    PNI_TRY(pni_engine_plan_substrait(d->session, PNI_SPACE_RUN, pn_substrait_bytes(*out), &again,
                                      err));
    ends[CONSUME] = ms_of(CLOCK_PROCESS_CPUTIME_ID);
    PNI_TRY(render(again, PNI_RENDER_PHYSICAL, err));
    ends[REPLAY_PHYSICAL] = ms_of(CLOCK_PROCESS_CPUTIME_ID);
    return kept_steps(d, plan, *out, ends, err);
}

/* From text (`canon` NULL) or from Substrait to the first batch; the rest is cancelled. */
static pn_status first_batch(doors *d, const char *sql, const pn_substrait *canon, double *ms,
                             pn_error *err) {
    PNI_AUTO_PTR(pni_engine_plan) plan = NULL;
    PNI_AUTO_STREAM stream = {0};
    PNI_AUTO_ARRAY batch = {0};
    double start = ms_of(CLOCK_MONOTONIC);
    if (canon)
        PNI_TRY(pni_engine_plan_substrait(d->session, PNI_SPACE_RUN, pn_substrait_bytes(canon),
                                          &plan, err));
    else
        PNI_TRY(pni_engine_plan_sql(d->session, PNI_SPACE_RUN, text_bytes(sql), 0, &plan, err));
    PNI_TRY(pni_engine_plan_execute(plan, NULL, &stream, err));
    int code = stream.get_next(&stream, &batch);
    *ms = ms_of(CLOCK_MONOTONIC) - start;
    return code ? pni_engine_stream_error(&stream, code, err) : PN_OK;
}

static pn_status one_round(doors *d, const char *sql, double *took, pn_error *err) {
    double ends[STEPS] = {0}, start = ms_of(CLOCK_PROCESS_CPUTIME_ID);
    pn_substrait *canon = NULL;
    pn_status status = steps(d, sql, ends, &canon, err);
    for (int i = 0; i < STEPS; i++)
        took[i] = ends[i] - (i ? ends[i - 1] : start);
    if (status == PN_OK)
        status = first_batch(d, sql, NULL, &took[STEPS + SQL_FIRST], err);
    if (status == PN_OK)
        status = first_batch(d, sql, canon, &took[STEPS + REPLAY_FIRST], err);
    pn_substrait_unref(canon);
    return status;
}

static json_t *measure(doors *d, const char *sql, json_int_t runs) {
    static const char *const names[STEPS + FIRSTS] = {
        "plan", "optimise", "produce", "canon",     "sql_physical", "consume", "replay_physical",
        "keep", "prove",    "restore", "sql_first", "replay_first"};
    double least[STEPS + FIRSTS] = {0};
    pn_error err = PN_ERROR_INIT;
    PNI_AUTO_PTR(json_t) found = NULL;
    if (pni_engine_sql_tables(d->session, text_bytes(sql), &found, &err) != PN_OK ||
        stub_tables(d, json_object_get(found, "tables"), &err) != PN_OK)
        return outcome_failed("failed", &err);
    for (json_int_t run = 0; run < runs; run++) {
        double took[STEPS + FIRSTS] = {0};
        if (one_round(d, sql, took, &err) != PN_OK)
            return outcome_failed("failed", &err);
        for (int i = 0; i < STEPS + FIRSTS; i++)
            least[i] = run && least[i] < took[i] ? least[i] : took[i];
    }
    json_t *made = outcome("done", NULL);
    for (int i = 0; i < STEPS + FIRSTS; i++)
        json_object_set_new(made, names[i], json_real(least[i]));
    return made;
}

static json_t *setup(doors *d, const char *sql) {
    pn_error err = PN_ERROR_INIT;
    exported_changed(&d->door);
    return execute(d, sql, &err) == PN_OK ? outcome("done", NULL) : outcome_failed("failed", &err);
}

static json_t *set(doors *d, const char *key, const char *value) {
    pn_error err = PN_ERROR_INIT;
    const char *usual = json_string_value(json_object_get(d->defaults, key));
    exported_changed(&d->door); /* how a folder is listed is a setting, say */
    /* The product never opens its catalogs' own tables to a query. */
    if (pni_streq(key, "datafusion.catalog.information_schema") || (!value && !usual))
        return outcome("done", NULL);
    if (pni_engine_session_set(d->session, key, value ? value : usual, &err) != PN_OK)
        return outcome_failed("failed", &err);
    return outcome("done", NULL);
}

static void forget(doors *d) {
    exported_forget(&d->door);
    pni_engine_session_free(d->session);
    json_decref(d->defaults);
    *d = (doors){0};
}

/* Partitions as sqllogictest has them: plans must not depend on the machine. One where rows are
 * kept, whose order must be the same in every process; there the zone is that of pinion too. */
static json_t *file(doors *d, bool kept) {
    pn_error err = PN_ERROR_INIT;
    PNI_AUTO_PTR(json_t)
    settings = json_pack("{s:{s:s}, s:{s:s, s:s}}", "config",
                         "datafusion.execution.target_partitions", kept ? "1" : "4", "runtime",
                         "export_views", "true", "memory_limit_bytes", "2000000000");
    if (kept)
        json_object_set_new(json_object_get(settings, "config"), "datafusion.execution.time_zone",
                            json_string("+00:00"));
    forget(d);
    if (pni_engine_session_new(settings, &d->session, &err) != PN_OK ||
        pni_engine_session_settings(d->session, &d->defaults, &err) != PN_OK)
        return outcome_failed("failed", &err);
    return outcome("done", NULL);
}

static json_t *answer_line(doors *d, const json_t *line) {
    const char *what = json_string_value(json_object_get(line, "do"));
    const char *sql = json_string_value(json_object_get(line, "sql"));
    const char *key = json_string_value(json_object_get(line, "key"));
    if (pni_streq(what, "snapshotting"))
        return snapshotting(json_string_value(json_object_get(line, "path")),
                            json_integer_value(json_object_get(line, "runs")));
    if (pni_streq(what, "file"))
        return file(d, json_is_true(json_object_get(line, "kept")));
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
    d->door.engine = d->session;
    return exported_line(&d->door, line);
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
