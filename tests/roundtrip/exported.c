/*
 * See exported.h. The set-up statements of a test may be any that the engine has, also such as a
 * session of pinion does not take. So they run in a session of the engine alone, and each table
 * that a query reads is then put into the session of pinion as a temporary table, which is pinned
 * by a digest of its rows. The other process does the same from the same statements: only equal
 * rows are the same pin. Plain SQL is what the engine's session answers from its own tables.
 */
#include "exported.h"

#include "arrow/arrow.h"
#include "compiling.h"
#include "exec/exec.h"
#include "proof.h"
#include "rows.h"
#include "session/session.h"

json_t *outcome(const char *is, const char *why) {
    return json_pack("{s:s, s:s}", "is", is, "why", why ? why : "");
}

json_t *outcome_failed(const char *is, const pn_error *err) {
    PNI_AUTO(pn_buf) why = PN_BUF_INIT;
    pni_buf_printf(&why, "PN%d %s", err->number, err->message);
    if (!pni_utf8_valid(pni_buf_text(&why), why.len))
        return outcome(is, "a message that is not UTF-8");
    json_t *made = outcome(is, pni_buf_text(&why));
    if (err->detail[0])
        json_object_set_new(made, "detail", json_string(err->detail));
    return made;
}

static pn_bytes text_bytes(const char *text) {
    return (pn_bytes){(const uint8_t *)text, strlen(text)};
}

static pn_status plain_plan(const exported *e, const char *sql, pni_engine_plan **out,
                            pn_error *err) {
    return pni_engine_plan_sql(e->engine, PNI_SPACE_RUN, text_bytes(sql), 0, out, err);
}

/* ---- tables -------------------------------------------------------------------------------- */

/* A view may come in another order each time, say that of a union; what is stored does not. */
static bool is_view(const pni_engine_plan *plan) {
    pn_error err = PN_ERROR_INIT;
    PNI_AUTO(pn_buf) text = PN_BUF_INIT;
    return pni_engine_plan_explain(plan, PNI_RENDER_OPTIMISED, NULL, &text, &err) == PN_OK &&
           !pni_starts_with(pni_buf_text(&text) + strspn(pni_buf_text(&text), " "), "TableScan");
}

/* Where a column has no order, the rows come as they do. */
static void sort_rows(const exported *e, const char *select, struct ArrowArrayStream *stream) {
    pn_error err = PN_ERROR_INIT;
    PNI_AUTO(pn_buf) sql = PN_BUF_INIT;
    PNI_AUTO_PTR(pni_engine_plan) plan = NULL;
    PNI_AUTO_SCHEMA schema = {0};
    struct ArrowArrayStream sorted = {0};
    if (stream->get_schema(stream, &schema) != 0 || schema.n_children == 0)
        return;
    pni_buf_puts(&sql, select);
    for (int64_t i = 1; i <= schema.n_children; i++)
        pni_buf_printf(&sql, "%s%lld", i > 1 ? ", " : " order by ", (long long)i);
    if (plain_plan(e, pni_buf_text(&sql), &plan, &err) != PN_OK ||
        pni_engine_plan_execute(plan, NULL, &sorted, &err) != PN_OK)
        return;
    stream->release(stream);
    *stream = sorted;
}

static pn_status copy_table(exported *e, const char *name, pn_error *err) {
    PNI_AUTO(pn_buf) sql = PN_BUF_INIT;
    PNI_AUTO_PTR(pni_engine_plan) plan = NULL;
    struct ArrowArrayStream stream = {0};
    if (pni_session_knows(e->session, name))
        return PN_OK;
    pni_buf_printf(&sql, "select * from \"%s\"", name);
    PNI_TRY(plain_plan(e, pni_buf_text(&sql), &plan, err));
    PNI_TRY(pni_engine_plan_execute(plan, NULL, &stream, err));
    if (is_view(plan))
        sort_rows(e, pni_buf_text(&sql), &stream);
    PNI_TRY(pn_session_add_table(e->session, name, &stream, err));
    pni_vec_push(&e->copied, pni_strdup(name));
    return e->folder && !e->set ? proof_keep(e, name, err) : PN_OK;
}

void exported_changed(exported *e) {
    for (size_t i = 0; i < e->copied.count; i++) {
        pn_error err = PN_ERROR_INIT;
        if (pn_session_remove_table(e->session, e->copied.items[i], &err) != PN_OK)
            fprintf(stderr, "%s stays: %s\n", e->copied.items[i], err.message);
        pni_free(e->copied.items[i]);
    }
    e->copied.count = 0;
}

/* ---- out ----------------------------------------------------------------------------------- */

static pn_status compile(exported *e, const char *sql, const json_t *tables, pn_bundle **out,
                         pn_error *err) {
    pn_plan_source source = PN_PLAN_SOURCE_INIT;
    size_t i;
    json_t *table;
    json_array_foreach(tables, i, table) {
        PNI_TRY(copy_table(e, json_string_value(table), err));
    }
    source.sql = sql;
    return pn_exec_compile(e->session, NULL, &source, out, err);
}

/* The rows of plain SQL go to a file, and the bundle waits for its export. */
static json_t *compiled(exported *e, const char *sql, const char *rows) {
    pn_error err = PN_ERROR_INIT;
    PNI_AUTO_PTR(json_t) found = NULL;
    PNI_AUTO_PTR(pni_engine_plan) plain = NULL;
    pn_bundle *bundle = NULL;
    answer plainly = {.published = true};
    json_t *made = NULL;
    if (pni_engine_sql_tables(e->engine, text_bytes(sql), &found, &err) != PN_OK)
        return outcome_failed("unplanned", &err);
    if (!pni_streq(json_string_value(json_object_get(found, "statement")), "query"))
        return outcome("other", NULL);
    if (plain_plan(e, sql, &plain, &err) != PN_OK)
        return outcome_failed("unplanned", &err);
    if (answer_of_plan(plain, &plainly, &err) != PN_OK ||
        answer_save(&plainly, rows, &err) != PN_OK) {
        made = outcome_failed("failed", &err);
    } else if (compile(e, sql, json_object_get(found, "tables"), &bundle, &err) != PN_OK) {
        made = outcome_failed("refused", &err);
    } else {
        pni_vec_push(&e->bundles, bundle);
        made = outcome("compiled", NULL);
        json_object_set_new(made, "fingerprint", json_string(pn_bundle_fingerprint(bundle)));
    }
    answer_dispose(&plainly);
    return made;
}

static json_t *export_all(const exported *e, const char *path) {
    pn_error err = PN_ERROR_INIT;
    PNI_AUTO(pn_buf) bytes = PN_BUF_INIT;
    if (pn_bundle_export((const pn_bundle *const *)e->bundles.items, e->bundles.count, &bytes,
                         &err) != PN_OK ||
        pn_bundle_save((pn_bytes){bytes.data, bytes.len}, path, &err) != PN_OK)
        return outcome_failed("failed", &err);
    return outcome("done", NULL);
}

/* ---- in ------------------------------------------------------------------------------------ */

static json_t *import(exported *e, const char *path) {
    pn_error err = PN_ERROR_INIT;
    if (pn_bundle_import_file(path, &e->set, &err) != PN_OK)
        return outcome_failed("failed", &err);
    json_t *made = outcome("done", NULL);
    json_object_set_new(made, "roots", json_integer((json_int_t)pn_bundle_set_count(e->set)));
    return made;
}

static void replay(exported *e, replayed_bundle *out) {
    pn_error *err = &out->err;
    pn_status status = PN_OK;
    for (size_t i = 0; status == PN_OK && i < pn_bundle_table_count(out->bundle); i++)
        status = copy_table(e, pn_bundle_table_at(out->bundle, i), err);
    if (status == PN_OK)
        status = proof_replay(e, out->bundle, PN_REPLAY_SUBSTRAIT, &out->rows, err);
    pni_assert(status == err->status);
}

/* Plain SQL that does not give its rows again, here, is no measure. */
static bool is_unstable(const exported *e, const char *sql, const answer *there) {
    pn_error err = PN_ERROR_INIT;
    PNI_AUTO(pn_buf) why = PN_BUF_INIT;
    PNI_AUTO_PTR(pni_engine_plan) plain = NULL;
    answer here = {.published = true};
    if (plain_plan(e, sql, &plain, &err) == PN_OK && answer_of_plan(plain, &here, &err) == PN_OK)
        answer_differ(there, &here, &why);
    answer_dispose(&here);
    return why.len > 0;
}

/* Same, or known with the reason, or unstable, or different. */
static json_t *judged(exported *e, const char *sql, const answer *there,
                      const replayed_bundle *here) {
    PNI_AUTO(pn_buf) why = PN_BUF_INIT;
    PNI_AUTO(pn_buf) reason = PN_BUF_INIT;
    if (here->err.status == PN_OK)
        answer_differ(there, &here->rows, &why);
    if (here->err.status == PN_OK && !why.len)
        return outcome("same", NULL);
    if (proof_found(e, there, here, &reason))
        return outcome("known", pni_buf_text(&reason));
    const char *word = is_unstable(e, sql, there) ? "unstable" : "different";
    return why.len ? outcome(word, pni_buf_text(&why)) : outcome_failed(word, &here->err);
}

static json_t *replayed(exported *e, const char *fingerprint, const char *sql, const char *rows) {
    pn_error err = PN_ERROR_INIT;
    answer there = {0};
    replayed_bundle here = {.rows = {.published = true}, .err = PN_ERROR_INIT};
    json_t *made = NULL;
    here.bundle = pn_bundle_set_find(e->set, fingerprint);
    if (!here.bundle)
        return outcome("different", "the bundle file does not hold the bundle");
    if (answer_load(rows, &there, &err) != PN_OK) {
        made = outcome_failed("different", &err);
    } else {
        replay(e, &here);
        made = judged(e, sql, &there, &here);
    }
    answer_dispose(&there);
    answer_dispose(&here.rows);
    return made;
}

/* Whether what plain SQL says is otherwise than a replay said, or may be, in this process. */
static json_t *prove(exported *e, const char *sql) {
    pn_error err = PN_ERROR_INIT;
    PNI_AUTO_PTR(json_t) found = NULL;
    PNI_AUTO_PTR(pni_engine_plan) plain = NULL;
    PNI_AUTO_PTR(pn_bundle) bundle = NULL;
    answer there = {.published = true};
    replayed_bundle here = {.rows = {.published = true}, .err = PN_ERROR_INIT};
    json_t *made = NULL;
    if (pni_engine_sql_tables(e->engine, text_bytes(sql), &found, &err) != PN_OK ||
        plain_plan(e, sql, &plain, &err) != PN_OK || answer_of_plan(plain, &there, &err) != PN_OK ||
        compile(e, sql, json_object_get(found, "tables"), &bundle, &err) != PN_OK) {
        made = outcome_failed("different", &err);
    } else {
        here.bundle = bundle;
        replay(e, &here);
        made = judged(e, sql, &there, &here);
    }
    answer_dispose(&there);
    answer_dispose(&here.rows);
    return made;
}

/* ---- the session --------------------------------------------------------------------------- */

static json_t *opened(exported *e, const char *folder) {
    pn_error err = PN_ERROR_INIT;
    pn_session_options options = PN_SESSION_OPTIONS_INIT;
    options.target_partitions = 4;
    e->folder = folder ? pni_strdup(folder) : NULL;
    if (pn_session_open(&options, &e->session, &err) != PN_OK)
        return outcome_failed("failed", &err);
    return outcome("done", NULL);
}

static json_t *pack(const exported *e, const char *path) {
    pn_error err = PN_ERROR_INIT;
    if (pn_session_load_pack(e->session, path, NULL, &err) != PN_OK)
        return outcome_failed("failed", &err);
    return outcome("done", NULL);
}

static json_t *rows(const exported *e, const char *name, const char *text) {
    pn_error err = PN_ERROR_INIT;
    const pn_bytes json = {(const uint8_t *)text, strlen(text)};
    if (pn_session_add_rows(e->session, name, json, NULL, &err) != PN_OK)
        return outcome_failed("failed", &err);
    return outcome("done", NULL);
}

static json_t *dataset(const exported *e, const char *name, const char *uri) {
    pn_error err = PN_ERROR_INIT;
    pn_dataset_spec spec = PN_DATASET_SPEC_INIT;
    spec.name = name;
    spec.format = "parquet";
    spec.uri = uri;
    if (pn_session_add_dataset(e->session, &spec, &err) != PN_OK)
        return outcome_failed("failed", &err);
    return outcome("done", NULL);
}

static json_t *setting(const exported *e, const char *key, const char *value) {
    pn_error err = PN_ERROR_INIT;
    PNI_SESSION_GUARD(e->session);
    if (pni_session_set(e->session, key, value, &err) != PN_OK)
        return outcome_failed("failed", &err);
    return outcome("done", NULL);
}

void exported_forget(exported *e) {
    exported_changed(e);
    pni_vec_dispose(&e->copied);
    for (size_t i = 0; i < e->bundles.count; i++)
        pn_bundle_unref(e->bundles.items[i]);
    pni_vec_dispose(&e->bundles);
    pn_bundle_set_free(e->set);
    pn_session_unref(e->session);
    pni_free(e->folder);
    *e = (exported){0};
}

json_t *exported_line(exported *e, const json_t *line) {
    const char *what = json_string_value(json_object_get(line, "do"));
    const char *sql = json_string_value(json_object_get(line, "sql"));
    const char *path = json_string_value(json_object_get(line, "path"));
    const char *name = json_string_value(json_object_get(line, "name"));
    const char *text = json_string_value(json_object_get(line, "text"));
    if (pni_streq(what, "open") && !e->session)
        return opened(e, path);
    if (!e->session)
        return NULL;
    if (pni_streq(what, "close"))
        return exported_forget(e), outcome("done", NULL);
    if (pni_streq(what, "dataset") && name && path)
        return dataset(e, name, path);
    if (pni_streq(what, "pack") && path)
        return pack(e, path);
    if (pni_streq(what, "rows") && name && text)
        return rows(e, name, text);
    if (pni_streq(what, "compiling") && sql)
        return compiling(e, sql, json_integer_value(json_object_get(line, "runs")));
    if (pni_streq(what, "setting") && name)
        return setting(e, name, json_string_value(json_object_get(line, "value")));
    if (pni_streq(what, "compile") && sql && path)
        return compiled(e, sql, path);
    if (pni_streq(what, "prove") && sql)
        return prove(e, sql);
    if (pni_streq(what, "export") && path)
        return export_all(e, path);
    if (pni_streq(what, "import") && path && !e->set)
        return import(e, path);
    if (pni_streq(what, "replay") && sql && path && name && e->set)
        return replayed(e, name, sql, path);
    return NULL;
}
