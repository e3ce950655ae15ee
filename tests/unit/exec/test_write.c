/* Writing: every format in every mode with the rows read back, requests that are wrong, targets
 * that stay whole. */
#include "exec_fixture.h"

static const char *const formats[] = {"delta", "parquet", "csv", "json", "arrow"};
#define N_FORMATS (sizeof formats / sizeof *formats)

static pn_status write_sql(const char *sql, const pn_write_request *request, pn_error *problem) {
    PNI_AUTO_PTR(pn_session) session = fx_session(NULL);
    PNI_AUTO_PTR(pn_bundle) bundle = fx_query_bundle(session, NULL, sql);
    PNI_AUTO_PTR(pn_result) result = NULL;
    PNI_TRY(pn_exec_write(session, bundle, request, NULL, &result, problem));
    T_EQ_INT(pn_result_kind(result), PN_RESULT_WRITE);
    return PN_OK;
}

static pn_write_request request_for(const char *format, const char *uri, int32_t mode) {
    pn_write_request request = PN_WRITE_REQUEST_INIT;
    request.format = format;
    request.uri = uri;
    request.mode = mode;
    return request;
}

static void expect_target(const char *format, const char *uri, const char *sql, const char *want) {
    PNI_AUTO_PTR(pn_session) session = fx_session(NULL);
    fx_add_dataset(session, "d", format, uri);
    fx_expect_rows(session, NULL, sql, want);
}

static const char one_row[] = "select 1 as k, 'a' as v";
static const char two_rows[] = "select * from (values (2, 'b'), (3, 'c')) as t(k, v)";
static const char read_back[] = "select k, v from d order by k";

T_CASE(every_format_is_written_and_read_back) {
    for (size_t f = 0; f < N_FORMATS; f++) {
        pn_write_request request = request_for(formats[f], fx_path(formats[f]), PN_WRITE_ERROR);
        FX_OK(write_sql(two_rows, &request, err));
        expect_target(formats[f], fx_path(formats[f]), read_back, "2|b\n3|c\n");
    }
}

T_CASE(an_existing_target_is_an_error_and_stays) {
    for (size_t f = 0; f < N_FORMATS; f++) {
        pn_write_request request = request_for(formats[f], fx_path(formats[f]), PN_WRITE_ERROR);
        FX_OK(write_sql(one_row, &request, err));
        FX_FAILS(write_sql(two_rows, &request, err), PNI_E_ENGINE_EXISTS, formats[f]);
        expect_target(formats[f], fx_path(formats[f]), read_back, "1|a\n");
    }
}

T_CASE(ignoring_overwriting_and_appending) {
    for (size_t f = 0; f < N_FORMATS; f++) {
        const char *uri = fx_path(formats[f]);
        pn_write_request request = request_for(formats[f], uri, PN_WRITE_IGNORE);
        FX_OK(write_sql(one_row, &request, err)); /* nothing is there: written */
        FX_OK(write_sql(two_rows, &request, err));
        expect_target(formats[f], uri, read_back, "1|a\n");
        request.mode = PN_WRITE_APPEND;
        FX_OK(write_sql(two_rows, &request, err));
        expect_target(formats[f], uri, read_back, "1|a\n2|b\n3|c\n");
        request.mode = PN_WRITE_OVERWRITE;
        FX_OK(write_sql(two_rows, &request, err));
        expect_target(formats[f], uri, read_back, "2|b\n3|c\n");
    }
}

T_CASE(one_file_can_be_asked_for) {
    for (size_t f = 1; f < N_FORMATS; f++) {
        char name[32];
        snprintf(name, sizeof name, "one.%s", formats[f]);
        pn_write_request request = request_for(formats[f], fx_path(name), PN_WRITE_ERROR);
        request.single_file = 1;
        FX_OK(write_sql(two_rows, &request, err));
        T_ASSERT(!pni_path_is_dir(fx_path(name)));
        expect_target(formats[f], fx_path(name), read_back, "2|b\n3|c\n");
    }
}

T_CASE(a_partitioned_delta_table_has_a_folder_per_value) {
    const char *uri = fx_path("t");
    const char *const columns[] = {"v"};
    pn_write_request request = request_for("delta", uri, PN_WRITE_ERROR);
    request.partition_by = columns;
    request.n_partition_by = 1;
    FX_OK(
        write_sql("select * from (values (1, 'a'), (2, 'b'), (3, 'a')) as t(k, v)", &request, err));
    T_ASSERT(pni_path_is_dir(fx_path("t/v=a")) && pni_path_is_dir(fx_path("t/v=b")));
    expect_target("delta", uri, "select k, v from d order by k", "1|a\n2|b\n3|a\n");
    expect_target("delta", uri, "select k from d where v = 'b'", "2\n");
    request.mode = PN_WRITE_APPEND;
    FX_OK(write_sql("select 4 as k, 'c' as v", &request, err));
    expect_target("delta", uri, "select count(*) from d where v = 'c'", "1\n");
}

T_CASE(a_delta_schema_is_kept_merged_or_replaced) {
    const char *uri = fx_path("t");
    pn_write_request request = request_for("delta", uri, PN_WRITE_ERROR);
    FX_OK(write_sql("select 1 as k", &request, err));
    request.mode = PN_WRITE_APPEND;
    pn_error problem = PN_ERROR_INIT;
    T_EQ_INT(write_sql("select 2 as k, 'x' as more", &request, &problem), PN_SCHEMA);
    request.schema_mode = 1;
    FX_OK(write_sql("select 2 as k, 'x' as more", &request, err));
    expect_target("delta", uri, "select k, more from d order by k", "1|NULL\n2|x\n");
    request.mode = PN_WRITE_OVERWRITE;
    request.schema_mode = 2;
    FX_OK(write_sql("select 'y' as other", &request, err));
    expect_target("delta", uri, "select * from d", "y\n");
}

T_CASE(a_wrong_request_is_refused_before_anything_runs) {
    static const char *const unknown[] = {"nothing"};
    static const char *const twice[] = {"k", "k"};
    const struct {
        pn_write_request request;
        const char *text;
    } cases[] = {
        {request_for("orc", fx_path("x"), 0), "'orc'"},
        {request_for(NULL, fx_path("x"), 0), "format"},
        {request_for("csv", NULL, 0), "uri"},
        {request_for("csv", "", 0), "uri"},
        {request_for("csv", "/tmp/\xff", 0), "UTF-8"},
        {request_for("csv", fx_path("x"), 9), "9"},
        {request_for("csv", fx_path("x"), -1), "-1"},
        {{.struct_size = sizeof(pn_write_request), .format = "csv", .uri = "/x", .schema_mode = 3},
         "3"},
        {{.struct_size = sizeof(pn_write_request),
          .format = "csv",
          .uri = "/x",
          .options_json = "["},
         "write options"},
        {{.struct_size = sizeof(pn_write_request),
          .format = "csv",
          .uri = "/x",
          .options_json = "[]"},
         "write options"},
        {{.struct_size = sizeof(pn_write_request),
          .format = "csv",
          .uri = "/x",
          .n_partition_by = 1},
         "partition_by"},
        {{.struct_size = sizeof(pn_write_request),
          .format = "csv",
          .uri = "/x",
          .n_partition_by = 1,
          .partition_by = unknown},
         "'nothing'"},
        {{.struct_size = sizeof(pn_write_request),
          .format = "csv",
          .uri = "/x",
          .n_partition_by = 2,
          .partition_by = twice},
         "'k'"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        FX_FAILS(write_sql(one_row, &cases[i].request, err), PNI_E_WRITE_REQUEST, cases[i].text);
    T_ASSERT(!pni_path_exists(fx_path("x")));
}

T_CASE(a_secret_in_a_wrong_request_is_not_shown) {
    pn_write_request request = request_for("delta", fx_path("x"), PN_WRITE_ERROR);
    pn_error problem = PN_ERROR_INIT;
    request.storage_options_json = "{\"key\": hunter2}";
    T_EQ_INT(write_sql(one_row, &request, &problem), PN_INVALID);
    T_ASSERT(!strstr(problem.message, "hunter2") && !strstr(problem.detail, "hunter2"));
}

T_CASE(a_query_that_fails_leaves_the_target_as_it_was) {
    for (size_t f = 0; f < N_FORMATS; f++) {
        const char *uri = fx_path(formats[f]);
        pn_write_request request = request_for(formats[f], uri, PN_WRITE_ERROR);
        FX_FAILS(
            write_sql("select 1 / (column1 - 1) as k, 'x' as v from (values (1))", &request, err),
            PNI_E_ENGINE_EXEC, formats[f]);
        T_ASSERT(fx_entries(formats[f]) == 0);
        FX_OK(write_sql(one_row, &request, err));
        request.mode = PN_WRITE_OVERWRITE;
        FX_FAILS(
            write_sql("select 1 / (column1 - 1) as k, 'x' as v from (values (1))", &request, err),
            PNI_E_ENGINE_EXEC, formats[f]);
        expect_target(formats[f], uri, read_back, "1|a\n");
    }
}

T_CASE(a_write_that_takes_too_long_leaves_nothing) {
    PNI_AUTO_PTR(pn_session) session = fx_slow_session();
    PNI_AUTO_PTR(pn_bundle) bundle = fx_query_bundle(session, NULL, FX_ENDLESS);
    pn_exec_options options = PN_EXEC_OPTIONS_INIT;
    pn_result *result = NULL;
    options.timeout_ms = 150;
    for (size_t f = 0; f < N_FORMATS; f++) {
        pn_write_request request = request_for(formats[f], fx_path(formats[f]), PN_WRITE_ERROR);
        FX_FAILS(pn_exec_write(session, bundle, &request, &options, &result, err),
                 PNI_E_EXEC_TIMEOUT, "query");
        T_ASSERT(fx_entries(formats[f]) == 0);
    }
}

T_CASE(a_view_is_written_by_name) {
    PNI_AUTO_PTR(pn_session) session = fx_session(NULL);
    PNI_AUTO_PTR(pn_view_graph)
    graph = fx_graph(session, FX_VIEWS("low", one_row, "top", "select * from low"));
    pn_write_request request = request_for("parquet", fx_path("out"), PN_WRITE_ERROR);
    PNI_AUTO_PTR(pn_result) result = NULL;
    PNI_AUTO(pn_buf) text = PN_BUF_INIT;
    FX_OK(pn_exec_write_view(session, graph, "top", &request, NULL, &result, err));
    FX_OK(pn_result_json(result, &text, err));
    PNI_AUTO_PTR(json_t) json = fx_json(&text);
    T_EQ_STR(pni_json_text(json, "kind"), "write");
    T_EQ_STR(pni_json_text(json, "fingerprint"),
             pn_bundle_fingerprint(pn_view_graph_bundle(graph, "top")));
    T_ASSERT(json_is_object(json_object_get(json, "write")));
    expect_target("parquet", fx_path("out"), read_back, "1|a\n");
    pn_result *none = NULL;
    FX_FAILS(pn_exec_write_view(session, graph, "up", &request, NULL, &none, err),
             PNI_E_VIEW_UNKNOWN, "'up'");
    FX_FAILS(pn_exec_write_view(session, NULL, "up", &request, NULL, &none, err), PNI_E_ARGUMENT,
             "graph");
    FX_FAILS(pn_exec_write(session, NULL, &request, NULL, &none, err), PNI_E_ARGUMENT, "bundle");
}
