/* What goes wrong for users: each is a numbered error that names the object, never a crash. */
#include "it.h"

#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

static pn_status compile_only(pn_session *session, const char *sql, pn_error *err) {
    pn_plan_source source = PN_PLAN_SOURCE_INIT;
    pn_bundle *bundle = NULL;
    source.sql = sql;
    pn_status status = pn_exec_compile(session, NULL, &source, &bundle, err);
    pn_bundle_unref(bundle);
    return status;
}

static pn_session *orders_session(void) {
    pn_catalog *catalog = pn_catalog_new();
    it_write("orders.csv", "id,customer,amount\n1,ada,10\n2,bob,20\n");
    it_add(catalog, "orders", "csv", it_path("orders.csv"));
    pn_session *session = it_session(catalog);
    pn_catalog_unref(catalog);
    return session;
}

T_CASE(wrong_column_is_named) {
    pn_session *session = orders_session();
    IT_FAILS(compile_only(session, "select amonut from orders", err), PNI_E_ENGINE_SQL, "amonut");
    pn_session_unref(session);
}

T_CASE(unknown_table_suggests_the_nearest) {
    pn_session *session = orders_session();
    pn_error problem = PN_ERROR_INIT;
    T_STATUS(compile_only(session, "select 1 from ordres", &problem), PN_NOT_FOUND, &problem);
    T_EQ_INT(problem.number, PNI_E_TABLE_UNKNOWN);
    T_ASSERT(strstr(problem.message, "ordres"));
    T_ASSERT(strstr(problem.hint, "'orders'"));
    pn_session_unref(session);
}

T_CASE(missing_file_is_named) {
    pn_catalog *catalog = pn_catalog_new();
    it_add(catalog, "gone", "parquet", it_path("gone.parquet"));
    it_add(catalog, "gone_delta", "delta", it_path("gone_delta"));
    pn_session *session = it_session(catalog);
    IT_FAILS(compile_only(session, "select * from gone", err), PNI_E_DATASET_MISSING,
             "gone.parquet");
    IT_FAILS(compile_only(session, "select * from gone_delta", err), PNI_E_DATASET_MISSING,
             "gone_delta");
    pn_session_unref(session);
    pn_catalog_unref(catalog);
}

T_CASE(two_statements_and_writes_are_refused) {
    pn_session *session = orders_session();
    IT_FAILS(compile_only(session, "select 1; select 2", err), PNI_E_PLAN_STATEMENTS, "2");
    IT_FAILS(compile_only(session, "", err), PNI_E_PLAN_STATEMENTS, "0");
    IT_FAILS(compile_only(session, "create table x as select 1", err), PNI_E_PLAN_NOT_QUERY,
             "CREATE TABLE");
    IT_FAILS(compile_only(session, "insert into orders values (1,'x',2)", err),
             PNI_E_PLAN_NOT_QUERY, "INSERT");
    IT_FAILS(compile_only(session, "copy orders to '/nowhere/x.parquet'", err),
             PNI_E_PLAN_NOT_QUERY, "COPY");
    pn_session_unref(session);
}

T_CASE(depth_is_bounded) {
    pn_session *session = orders_session();
    pn_buf sql = PN_BUF_INIT;
    pni_buf_puts(&sql, "select ");
    for (int i = 0; i < 100000; i++)
        pni_buf_putc(&sql, '(');
    pni_buf_putc(&sql, '1');
    for (int i = 0; i < 100000; i++)
        pni_buf_putc(&sql, ')');
    IT_FAILS(compile_only(session, pni_buf_text(&sql), err), PNI_E_ENGINE_LIMIT, NULL);
    pni_buf_clear(&sql);
    pni_buf_puts(&sql, "select 1");
    for (int i = 1; i < 10000; i++)
        pni_buf_puts(&sql, " + 1");
    pn_error problem = PN_ERROR_INIT;
    pn_status status = compile_only(session, pni_buf_text(&sql), &problem);
    if (status != PN_OK) {
        T_STATUS(status, PN_LIMIT, &problem);
        T_EQ_INT(problem.number, PNI_E_ENGINE_LIMIT);
    }
    pn_buf_dispose(&sql);
    pn_session_unref(session);
}

T_CASE(damaged_substrait_is_refused) {
    pn_session *session = orders_session();
    pn_bundle *bundle =
        it_compile(session, NULL, "select customer, sum(amount) from orders group by customer");
    pn_bytes whole = pn_bundle_substrait(bundle);
    T_ASSERT(whole.len > 20);
    for (size_t len = 1; len < whole.len; len += 7) {
        pn_plan_source source = PN_PLAN_SOURCE_INIT;
        pn_bundle *cut = NULL;
        pn_error problem = PN_ERROR_INIT;
        source.substrait = (pn_bytes){whole.data, len};
        if (pn_exec_compile(session, NULL, &source, &cut, &problem) != PN_OK)
            T_ASSERT(problem.number != 0 && problem.message[0]);
        pn_bundle_unref(cut);
    }
    pn_bundle_unref(bundle);
    pn_session_unref(session);
}

static pn_status write_to(pn_session *session, const char *format, const char *uri, pn_error *err) {
    pn_write_request request = PN_WRITE_REQUEST_INIT;
    pn_result *result = NULL;
    pn_bundle *bundle = it_compile(session, NULL, "select * from orders");
    request.format = format;
    request.uri = uri;
    pn_status status = pn_exec_write(session, bundle, &request, NULL, &result, err);
    pn_result_free(result);
    pn_bundle_unref(bundle);
    return status;
}

T_CASE(a_folder_that_cannot_be_written_is_named) {
    static const char *const formats[] = {"delta", "parquet", "csv", "json", "arrow"};
    pn_session *session = orders_session();
    it_write("file", "in the way");
    for (size_t i = 0; i < sizeof formats / sizeof *formats; i++) {
        pn_error problem = PN_ERROR_INIT;
        pn_status status = write_to(session, formats[i], it_path("file/out"), &problem);
        if (status == PN_OK || problem.number == 0 || !strstr(problem.message, "file/out"))
            T_FAIL("%s: status %d, PN%d '%s'", formats[i], status, problem.number, problem.message);
    }
    T_ASSERT(!pni_path_exists(it_path("file/out")));
    pn_session_unref(session);
}

T_CASE(an_existing_target_is_not_touched) {
    pn_session *session = orders_session();
    IT_OK(write_to(session, "delta", it_path("out"), err));
    IT_FAILS(write_to(session, "delta", it_path("out"), err), PNI_E_ENGINE_EXISTS, "out");
    pn_session_unref(session);
}

T_CASE(a_version_that_does_not_exist_is_named) {
    pn_session *session = orders_session();
    IT_OK(write_to(session, "delta", it_path("table"), err));
    pn_dataset_spec spec = PN_DATASET_SPEC_INIT;
    spec.name = "later";
    spec.format = "delta";
    spec.uri = it_path("table");
    spec.version = "7";
    IT_OK(pn_session_add_dataset(session, &spec, err));
    IT_FAILS(compile_only(session, "select * from later", err), PNI_E_DATASET_VERSION, "7");
    pn_session_unref(session);
}

T_CASE(cycles_are_walked) {
    pn_session *session = orders_session();
    pn_view_graph *graph = pn_view_graph_new();
    IT_OK(pn_view_graph_add_sql(graph, "a", "select * from b", NULL, err));
    IT_OK(pn_view_graph_add_sql(graph, "b", "select * from c", NULL, err));
    IT_OK(pn_view_graph_add_sql(graph, "c", "select * from a", NULL, err));
    IT_OK(pn_view_graph_add_sql(graph, "d", "select * from a", NULL, err));
    IT_FAILS(pn_view_graph_compile(graph, session, NULL, err), PNI_E_VIEW_CYCLE,
             "a -> b -> c -> a");
    pn_view_graph_free(graph);
    pn_session_unref(session);
}

T_CASE(names_are_unique_over_views_and_datasets) {
    pn_session *session = orders_session();
    pn_view_graph *graph = pn_view_graph_new();
    IT_OK(pn_view_graph_add_sql(graph, "orders", "select 1", NULL, err));
    IT_FAILS(pn_view_graph_add_sql(graph, "orders", "select 1", NULL, err), PNI_E_VIEW_NAME,
             "orders");
    IT_FAILS(pn_view_graph_compile(graph, session, NULL, err), PNI_E_VIEW_NAME, "orders");
    IT_FAILS(pn_view_graph_add_sql(graph, "Big", "select 1", NULL, err), PNI_E_NAME, "Big");
    pn_view_graph_free(graph);
    pn_session_unref(session);
}

T_CASE(settings_and_profiles_are_checked) {
    pn_session_options options = PN_SESSION_OPTIONS_INIT;
    pn_setting setting = {"datafusion.execution.batch_sise", "1"};
    pn_session *session = NULL;
    options.profile = "huge";
    IT_FAILS(pn_session_open(&options, &session, err), PNI_E_SESSION_PROFILE, "huge");
    options.profile = NULL;
    options.settings = &setting;
    options.n_settings = 1;
    IT_FAILS(pn_session_open(&options, &session, err), PNI_E_ENGINE_SETTING, "batch_sise");
    setting = (pn_setting){"batch_size", "many"};
    IT_FAILS(pn_session_open(&options, &session, err), PNI_E_ENGINE_SETTING, "batch_size");
    setting = (pn_setting){"memory_limit", "lots"};
    IT_FAILS(pn_session_open(&options, &session, err), PNI_E_SESSION_SETTING, "lots");
    T_ASSERT(session == NULL);
}
