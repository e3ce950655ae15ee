#include "engine_fixture.h"
#include "t.h"

T_CASE(a_stream_becomes_a_table) {
    PNI_AUTO_PTR(pni_engine_session) session = fixture_session();
    pn_error err = PN_ERROR_INIT;
    int64_t rows;
    int64_t sum;
    fixture_numbers(session, "t", 1000);
    T_OK(fixture_query(session, "select b from t where a < 10", &rows, &sum, &err), &err);
    T_EQ_INT(rows, 10);
    T_EQ_INT(sum, 90);
}

T_CASE(a_lazy_stream_is_read_once) {
    PNI_AUTO_PTR(pni_engine_session) session = fixture_session();
    PNI_AUTO_PTR(pni_engine_table) table = NULL;
    pn_error err = PN_ERROR_INIT;
    struct ArrowArrayStream stream = {0};
    int64_t rows;
    int64_t sum;
    fixture_stream(5, &stream);
    T_OK(pni_engine_table_from_stream(session, &stream, true, &table, &err), &err);
    T_ASSERT(stream.release == NULL);
    T_OK(pni_engine_register(session, PNI_SPACE_RUN, "once", table, &err), &err);
    T_OK(fixture_query(session, "select a from once", &rows, &sum, &err), &err);
    T_EQ_INT(sum, 10);
    T_STATUS(fixture_query(session, "select a from once", &rows, &sum, &err), PN_EXEC, &err);
}

T_CASE(a_missing_file_is_not_found) {
    PNI_AUTO_PTR(pni_engine_session) session = fixture_session();
    pni_engine_table *table = NULL;
    pn_error err = PN_ERROR_INIT;
    PNI_AUTO_PTR(json_t)
    spec = json_pack("{s:s, s:s}", "format", "parquet", "uri", "/no/such/f.parquet");
    T_STATUS(pni_engine_table_open(session, spec, NULL, NULL, &table, &err), PN_NOT_FOUND, &err);
    T_ASSERT(!table);
    T_EQ_INT(err.number, PNI_E_ENGINE_NOT_FOUND);
    T_ASSERT(strstr(err.message, "f.parquet"));
}

T_CASE(a_stub_has_a_schema_but_no_rows) {
    PNI_AUTO_PTR(pni_engine_session) session = fixture_session();
    PNI_AUTO_PTR(pni_engine_table) stub = NULL;
    PNI_AUTO_PTR(pni_engine_plan) plan = NULL;
    PNI_AUTO_STREAM stream = {0};
    PNI_AUTO_SCHEMA schema = {0};
    PNI_AUTO_SCHEMA back = {0};
    pn_error err = PN_ERROR_INIT;
    fixture_stream(1, &stream);
    T_EQ_INT(stream.get_schema(&stream, &schema), 0);
    PNI_AUTO_PTR(json_t) keys = json_pack("{s:[[s]]}", "unique", "a");
    T_OK(pni_engine_table_stub(session, &schema, keys, &stub, &err), &err);
    T_OK(pni_engine_table_schema(stub, &back, &err), &err);
    T_EQ_INT(back.n_children, 2);
    T_EQ_STR(back.children[1]->name, "b");
    T_OK(pni_engine_register(session, PNI_SPACE_IDENTITY, "s", stub, &err), &err);
    const char *sql = "select a, sum(b) from s group by a";
    T_OK(pni_engine_plan_sql(session, PNI_SPACE_IDENTITY, fixture_bytes(sql), 0, &plan, &err),
         &err);
}

T_CASE(a_view_inlines_and_tells_its_format) {
    PNI_AUTO_PTR(pni_engine_session) session = fixture_session();
    PNI_AUTO_PTR(pni_engine_plan) plan = NULL;
    PNI_AUTO_PTR(pni_engine_table) view = NULL;
    PNI_AUTO_PTR(json_t) info = NULL;
    pn_error err = PN_ERROR_INIT;
    int64_t rows;
    int64_t sum;
    fixture_numbers(session, "t", 10);
    T_OK(pni_engine_plan_sql(session, PNI_SPACE_RUN, fixture_bytes("select a + 1 as c from t"), 0,
                             &plan, &err),
         &err);
    T_OK(pni_engine_table_from_plan(plan, &view, &err), &err);
    T_OK(pni_engine_table_info(view, &info, &err), &err);
    T_ASSERT(pni_json_text(info, "format"));
    T_OK(pni_engine_register(session, PNI_SPACE_RUN, "v", view, &err), &err);
    T_OK(fixture_query(session, "select c from v where c > 5", &rows, &sum, &err), &err);
    T_EQ_INT(sum, 6 + 7 + 8 + 9 + 10);
    T_OK(pni_engine_deregister(session, PNI_SPACE_RUN, "v", &err), &err);
    T_STATUS(fixture_query(session, "select c from v", &rows, &sum, &err), PN_PLAN, &err);
}
