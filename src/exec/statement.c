/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One SQL statement, whatever its kind. The engine never executes anything but queries: it takes a
 * statement apart into what it asks for and the query in it; the query becomes a bundle, and what
 * is asked for is carried out here with the same calls a program would make.
 */
#include "exec/exec_priv.h"
#include "session/policy.h"

/* Kinds the policies allow and nobody can carry out, with the reason. */
static const struct {
    const char *kind, *why, *hint;
} unsupported[] = {
    {"alter", "tables and views have no parts to alter",
     "Write the view or table anew; settings of a Delta table are its own."},
    {"create_other", "there are tables and views only", NULL},
    {"create_schema", "names have one part, so there is one schema", NULL},
    {"deallocate", "nothing is kept between statements", "Bind parameters with --param instead."},
    {"delete", "rows of a table are replaced as a whole",
     "Overwrite the table with the rows that stay: INSERT OVERWRITE … SELECT."},
    {"drop_other", "there are tables and views only", NULL},
    {"execute", "nothing is kept between statements", "Bind parameters with --param instead."},
    {"merge", "rows of a table are replaced as a whole",
     "Overwrite the table with the merged rows: INSERT OVERWRITE … SELECT."},
    {"other", "it is no statement that pinion knows", NULL},
    {"prepare", "nothing is kept between statements", "Bind parameters with --param instead."},
    {"transaction", "each statement is its own",
     "A write is whole or absent; there is no rollback."},
    {"truncate", "rows of a table are replaced as a whole",
     "Overwrite the table with no rows: INSERT OVERWRITE … SELECT … WHERE false."},
    {"update", "rows of a table are replaced as a whole",
     "Overwrite the table with the changed rows: INSERT OVERWRITE … SELECT."},
};

static pn_status check_supported(const json_t *parsed, pn_error *err) {
    size_t index;
    json_t *kind;
    json_array_foreach(json_object_get(parsed, "kinds"), index, kind) {
        for (size_t i = 0; i < sizeof unsupported / sizeof *unsupported; i++) {
            if (!pni_streq(unsupported[i].kind, json_string_value(kind)))
                continue;
            pn_status status =
                pni_fail(err, PNI_E_STATEMENT_UNSUPPORTED, "%s does nothing here: %s",
                         pni_statement_words(unsupported[i].kind), unsupported[i].why);
            if (unsupported[i].hint)
                pni_error_hint(err, "%s", unsupported[i].hint);
            return status;
        }
    }
    return PN_OK;
}

/* Before anything is planned: one statement, of kinds that are allowed and can be carried out. */
static pn_status check_statement(const pn_session *session, const pni_source *source, json_t **out,
                                 pn_error *err) {
    const char *sql = source->given.sql;
    int32_t policy =
        source->options.sql_policy ? source->options.sql_policy : pn_session_policy(session);
    uint64_t count = 0;
    pn_bytes bytes = {(const uint8_t *)sql, strlen(sql)};
    PNI_TRY(pni_engine_sql_tables(pni_session_engine(session), bytes, out, err));
    pni_json_u64_of(*out, "count", &count);
    if (count != 1)
        return pni_fail(err, PNI_E_PLAN_STATEMENTS, "the text holds %llu statements, not one",
                        (unsigned long long)count);
    PNI_TRY(pni_policy_check(policy, *out, err));
    return check_supported(*out, err);
}

/* SHOW and DESCRIBE of a name read the catalog, not a plan. */
static bool is_about_catalog(const json_t *parsed) {
    const char *kind = pni_json_text(parsed, "statement");
    const json_t *object = json_object_get(parsed, "object");
    return pni_streq(kind, "show") ||
           (pni_streq(kind, "describe") && pni_streq(pni_json_text(object, "what"), "columns"));
}

pn_status pni_statement_done(const pni_statement *statement, pn_result **out) {
    pn_result *result = pni_result_new(PN_RESULT_DONE, NULL);
    result->statement = json_incref((json_t *)(uintptr_t)statement->request);
    *out = result;
    return PN_OK;
}

static pn_status run_set(const pni_statement *statement, pn_result **out, pn_error *err) {
    const json_t *request = statement->request;
    const char *value =
        pni_streq(pni_json_text(request, "kind"), "set") ? pni_json_text(request, "value") : NULL;
    {
        PNI_SESSION_GUARD(statement->session);
        PNI_TRY(pni_session_set(statement->session, pni_json_text(request, "name"), value, err));
    }
    return pni_statement_done(statement, out);
}

static pn_status run_function(const pni_statement *statement, pn_result **out, pn_error *err) {
    bool is_create = pni_streq(pni_json_text(statement->request, "kind"), "create_function");
    {
        PNI_SESSION_GUARD(statement->session);
        PNI_TRY(is_create ? pni_session_create_function(statement->session, statement->request, err)
                          : pni_session_drop_function(statement->session, statement->request, err));
    }
    return pni_statement_done(statement, out);
}

static pn_status run_query(const pni_statement *statement, pn_result **out, pn_error *err) {
    return pn_exec_run(statement->session, statement->bundle, statement->options, out, err);
}

static pn_status run_describe(const pni_statement *statement, pn_result **out, pn_error *err) {
    const pni_artifact_job where = {.session = statement->session, .bundle = statement->bundle};
    const json_t *columns = NULL;
    PNI_TRY(pni_artifact_get(&where, "schema_describe", &columns, err));
    return pni_result_of_rows(columns,
                              "struct<column_name: utf8, data_type: utf8, is_nullable: utf8>",
                              statement->bundle, out, err);
}

typedef pn_status (*run_fn)(const pni_statement *statement, pn_result **out, pn_error *err);

static run_fn runner_of(const char *kind) {
    static const struct {
        const char *kind;
        run_fn run;
    } runners[] = {
        {"analyze", pni_statement_explain},
        {"copy", pni_statement_copy},
        {"create_external_table", pni_statement_ddl},
        {"create_function", run_function},
        {"create_table", pni_statement_ddl},
        {"create_view", pni_statement_ddl},
        {"describe", run_describe},
        {"drop_function", run_function},
        {"drop_table", pni_statement_ddl},
        {"drop_view", pni_statement_ddl},
        {"explain", pni_statement_explain},
        {"insert", pni_statement_insert},
        {"query", run_query},
        {"reset", run_set},
        {"set", run_set},
    };
    for (size_t i = 0; i < sizeof runners / sizeof *runners; i++)
        if (pni_streq(runners[i].kind, kind))
            return runners[i].run;
    return NULL;
}

static pn_status run_planned(pni_statement *statement, const json_t *request,
                             const pn_bundle *bundle, pn_result **out, pn_error *err) {
    run_fn run = runner_of(pni_json_text(request, "kind"));
    statement->request = request;
    statement->bundle = bundle;
    if (!run)
        return pni_fail(err, PNI_E_STATEMENT_UNSUPPORTED, "the statement '%s' does nothing here",
                        pni_json_text(request, "name") ? pni_json_text(request, "name")
                                                       : pni_json_text(request, "kind"));
    PNI_TRY(run(statement, out, err));
    if (!(*out)->statement)
        (*out)->statement = json_incref((json_t *)(uintptr_t)request);
    return PN_OK;
}

pn_status pn_exec_statement(pn_session *session, pn_view_graph *graph, const pn_plan_source *theirs,
                            const pn_exec_options *options, pn_result **result_out, pn_error *err) {
    PNI_AUTO(pni_source) source = {0};
    PNI_AUTO_PTR(json_t) parsed = NULL;
    PNI_AUTO_PTR(json_t) request = NULL;
    PNI_AUTO_PTR(pn_bundle) bundle = NULL;
    pn_exec_options ours;
    if (!session || !theirs || !result_out)
        return pni_fail(err, PNI_E_ARGUMENT,
                        "pn_exec_statement: session, source and result_out must not be NULL");
    PNI_TRY(pni_options_copy(&ours, sizeof ours, options, "exec options", err));
    pni_statement statement = {.session = session, .graph = graph, .options = &ours};
    {
        PNI_SESSION_GUARD(session);
        PNI_TRY(pni_source_read(session, theirs, &source, err));
        if (!source.given.sql || source.given.build)
            return pni_fail(err, PNI_E_STATEMENT_SOURCE, "a statement is given as SQL");
        PNI_TRY(check_statement(session, &source, &parsed, err));
        if (is_about_catalog(parsed))
            return pni_statement_show(&statement, json_object_get(parsed, "object"), result_out,
                                      err);
        pni_compile_request compile = pni_source_request(&source, graph);
        compile.statement = &request;
        PNI_TRY(pni_plan_compile(session, &compile, &bundle, err));
    }
    if (pni_streq(pni_json_text(request, "kind"), "query")) {
        PNI_TRY(pni_artifact_capture(session, bundle, source.options.capture, err));
        pni_exec_record_plans(session, (const pn_bundle *const *)&bundle, 1);
    }
    return run_planned(&statement, request, bundle, result_out, err);
}
