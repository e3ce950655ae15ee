#include "engine_fixture.h"
#include "t.h"

static pni_engine_plan *planned(const pni_engine_session *session, const char *sql) {
    pn_error err = PN_ERROR_INIT;
    pni_engine_plan *plan = NULL;
    T_OK(pni_engine_plan_sql(session, PNI_SPACE_RUN, fixture_bytes(sql), 0, &plan, &err), &err);
    return plan;
}

T_CASE(tables_of_a_statement) {
    PNI_AUTO_PTR(pni_engine_session) session = fixture_session();
    PNI_AUTO_PTR(json_t) found = NULL;
    pn_error err = PN_ERROR_INIT;
    pn_bytes sql =
        fixture_bytes("with c as (select * from z) select * from c join y on true, y y2");
    T_OK(pni_engine_sql_tables(session, sql, &found, &err), &err);
    T_EQ_STR(pni_json_text(found, "statement"), "query");
    json_t *tables = json_object_get(found, "tables");
    T_EQ_UINT(json_array_size(tables), 2);
    T_EQ_STR(json_string_value(json_array_get(tables, 0)), "y");
    T_EQ_STR(json_string_value(json_array_get(tables, 1)), "z");
}

T_CASE(errors_of_sql_have_numbers_and_hints) {
    PNI_AUTO_PTR(pni_engine_session) session = fixture_session();
    pni_engine_plan *plan = NULL;
    pn_error err = PN_ERROR_INIT;
    fixture_numbers(session, "t", 3);
    T_STATUS(pni_engine_plan_sql(session, PNI_SPACE_RUN, fixture_bytes("selec a from t"), 0, &plan,
                                 &err),
             PN_PLAN, &err);
    T_EQ_INT(err.number, PNI_E_ENGINE_SQL);
    T_ASSERT(err.hint[0] != '\0');
    err.number = 77; /* what an earlier failure left must not stay */
    T_STATUS(pni_engine_plan_sql(session, PNI_SPACE_RUN, fixture_bytes("select nix from t"), 0,
                                 &plan, &err),
             err.status, &err);
    T_ASSERT(err.number == PNI_E_ENGINE_SQL || err.number == PNI_E_ENGINE_NOT_FOUND);
    T_ASSERT(strstr(err.message, "nix"));
    T_ASSERT(!plan);
    T_STATUS(pni_engine_plan_sql(session, PNI_SPACE_RUN, fixture_bytes("selec"), 0, &plan, NULL),
             PN_PLAN, &err);
}

T_CASE(statements_need_leave) {
    PNI_AUTO_PTR(pni_engine_session) session = fixture_session();
    pni_engine_plan *plan = NULL;
    pn_error err = PN_ERROR_INIT;
    pn_bytes sql = fixture_bytes("create table x as select 1 as one");
    T_ASSERT(pni_engine_plan_sql(session, PNI_SPACE_RUN, sql, 0, &plan, &err) != PN_OK);
    T_EQ_INT(err.number, PNI_E_ENGINE_UNSUPPORTED);
}

T_CASE(text_larger_than_the_ceiling_is_not_copied) {
    PNI_AUTO_PTR(pni_engine_session) session = fixture_session();
    pni_engine_plan *plan = NULL;
    pn_error err = PN_ERROR_INIT;
    pn_bytes huge = {(const uint8_t *)"select 1", (size_t)PNI_SQL_MAX_BYTES + 1}; /* never read */
    T_STATUS(pni_engine_plan_sql(session, PNI_SPACE_RUN, huge, 0, &plan, &err), PN_LIMIT, &err);
    T_EQ_INT(err.number, PNI_E_ENGINE_LIMIT);
    T_STATUS(pni_engine_plan_substrait(session, PNI_SPACE_RUN, huge, &plan, &err), PN_LIMIT, &err);
}

T_CASE(deep_nesting_is_a_limit) {
    PNI_AUTO_PTR(pni_engine_session) session = fixture_session();
    pni_engine_plan *plan = NULL;
    pn_error err = PN_ERROR_INIT;
    PNI_AUTO(pn_buf) sql = PN_BUF_INIT;
    pni_buf_puts(&sql, "select ");
    for (int i = 0; i < 100000; i++) {
        pni_buf_putc(&sql, '(');
    }
    T_STATUS(
        pni_engine_plan_sql(session, PNI_SPACE_RUN, (pn_bytes){sql.data, sql.len}, 0, &plan, &err),
        PN_LIMIT, &err);
    T_EQ_INT(err.number, PNI_E_ENGINE_LIMIT);
}

T_CASE(schema_and_explain) {
    PNI_AUTO_PTR(pni_engine_session) session = fixture_session();
    pn_error err = PN_ERROR_INIT;
    fixture_numbers(session, "t", 3);
    PNI_AUTO_PTR(pni_engine_plan)
    plan = planned(session, "select a, a + b as c from t where b > 1");
    PNI_AUTO_SCHEMA schema = {0};
    T_OK(pni_engine_plan_schema(plan, &schema, &err), &err);
    T_EQ_INT(schema.n_children, 2);
    T_EQ_STR(schema.children[1]->name, "c");
    static const char *const parts[] = {"Filter", "TableScan", "Exec", "output_rows"};
    for (int kind = 0; kind < 4; kind++) {
        PNI_AUTO(pn_buf) text = PN_BUF_INIT;
        T_OK(pni_engine_plan_explain(plan, kind, NULL, &text, &err), &err);
        if (!strstr(pni_buf_text(&text), parts[kind])) {
            T_FAIL("explain %d has no '%s': %s", kind, parts[kind], pni_buf_text(&text));
        }
    }
    PNI_AUTO(pn_buf) none = PN_BUF_INIT;
    T_STATUS(pni_engine_plan_explain(plan, 12, NULL, &none, &err), PN_INVALID, &err);
    T_EQ_UINT(none.len, 0);
}

T_CASE(a_plan_is_written_and_read_back) {
    PNI_AUTO_PTR(pni_engine_session) session = fixture_session();
    pn_error err = PN_ERROR_INIT;
    fixture_numbers(session, "t", 100);
    PNI_AUTO_PTR(pni_engine_plan) plan = planned(session, "select * from t");
    PNI_AUTO_PTR(pni_text) path = pni_path_join(t_tmpdir(), "out.parquet");
    PNI_AUTO_PTR(json_t)
    request = json_pack("{s:s, s:s, s:s}", "format", "parquet", "uri", path, "mode", "error");
    PNI_AUTO_PTR(json_t) report = NULL;
    T_OK(pni_engine_plan_write(plan, request, NULL, &report, &err), &err);
    uint64_t rows = 0;
    T_ASSERT(pni_json_u64_of(report, "rows", &rows));
    T_EQ_UINT(rows, 100);
    PNI_AUTO_PTR(json_t) second = NULL;
    T_STATUS(pni_engine_plan_write(plan, request, NULL, &second, &err), PN_EXISTS, &err);
    T_EQ_INT(err.number, PNI_E_ENGINE_EXISTS);
    PNI_AUTO_PTR(json_t) spec = json_pack("{s:s, s:s}", "format", "parquet", "uri", path);
    PNI_AUTO_PTR(pni_engine_table) table = NULL;
    PNI_AUTO_PTR(pni_engine_plan) scan = NULL;
    PNI_AUTO_STREAM stream = {0};
    int64_t count;
    int64_t sum;
    T_OK(pni_engine_table_open(session, spec, NULL, NULL, &table, &err), &err);
    T_OK(pni_engine_plan_table(session, table, &scan, &err), &err);
    T_OK(pni_engine_plan_execute(scan, NULL, &stream, &err), &err);
    T_OK(fixture_drain(&stream, &count, &sum, &err), &err);
    T_EQ_INT(sum, 4950);
}

T_CASE(substrait_there_and_back) {
    PNI_AUTO_PTR(pni_engine_session) session = fixture_session();
    pn_error err = PN_ERROR_INIT;
    fixture_numbers(session, "t", 10);
    PNI_AUTO_PTR(pni_engine_plan) plan = planned(session, "select sum(b) as s from t where a > 5");
    PNI_AUTO_PTR(pni_engine_plan) again = NULL;
    PNI_AUTO(pn_buf) bytes = PN_BUF_INIT;
    PNI_AUTO_STREAM stream = {0};
    int64_t rows;
    int64_t sum;
    T_OK(pni_engine_plan_to_substrait(plan, &bytes, &err), &err);
    T_ASSERT(bytes.len > 0);
    pn_bytes view = {bytes.data, bytes.len};
    T_OK(pni_engine_plan_substrait(session, PNI_SPACE_RUN, view, &again, &err), &err);
    T_OK(pni_engine_plan_execute(again, NULL, &stream, &err), &err);
    T_OK(fixture_drain(&stream, &rows, &sum, &err), &err);
    T_EQ_INT(sum, 60);
    pni_engine_plan *broken = NULL;
    view.len /= 2;
    T_ASSERT(pni_engine_plan_substrait(session, PNI_SPACE_RUN, view, &broken, &err) != PN_OK);
    T_ASSERT(err.number != 0);
}

/* The text of a plan that is made of the Substrait of another one. */
static void reread(const pni_engine_session *session, const pn_buf *bytes, int kind, pn_buf *text) {
    pn_error err = PN_ERROR_INIT;
    PNI_AUTO_PTR(pni_engine_plan) again = NULL;
    pn_bytes view = {bytes->data, bytes->len};
    T_OK(pni_engine_plan_substrait(session, PNI_SPACE_RUN, view, &again, &err), &err);
    T_OK(pni_engine_plan_explain(again, kind, NULL, text, &err), &err);
}

static void written(const pni_engine_session *session, const char *sql, pn_buf *out) {
    pn_error err = PN_ERROR_INIT;
    PNI_AUTO_PTR(pni_engine_plan) plan = planned(session, sql);
    T_OK(pni_engine_plan_to_substrait(plan, out, &err), &err);
}

/* Sets that gather them would give each reader of one process another order. */
T_CASE(windows_keep_their_order) {
    PNI_AUTO_PTR(pni_engine_session) session = fixture_session();
    PNI_AUTO(pn_buf) bytes = PN_BUF_INIT;
    PNI_AUTO(pn_buf) first = PN_BUF_INIT;
    fixture_numbers(session, "t", 3);
    written(session,
            "select sum(a) over (order by b) as s, count(a) over (order by b) as c, "
            "min(a) over (order by b) as m, max(a) over (order by b) as x, "
            "avg(a) over (order by b) as v, lag(a) over (order by b) as l from t",
            &bytes);
    reread(session, &bytes, PNI_RENDER_LOGICAL, &first);
    T_ASSERT(strstr(pni_buf_text(&first), "WindowAggr"));
    for (int i = 0; i < 8; i++) {
        PNI_AUTO(pn_buf) again = PN_BUF_INIT;
        reread(session, &bytes, PNI_RENDER_LOGICAL, &again);
        T_EQ_STR(pni_buf_text(&again), pni_buf_text(&first));
    }
}

T_CASE(names_of_the_result_cost_no_projection) {
    PNI_AUTO_PTR(pni_engine_session) session = fixture_session();
    PNI_AUTO(pn_buf) bytes = PN_BUF_INIT;
    PNI_AUTO(pn_buf) text = PN_BUF_INIT;
    fixture_numbers(session, "t", 3);
    written(session, "select a + b as twice, a as one from t order by b desc limit 2", &bytes);
    reread(session, &bytes, PNI_RENDER_PHYSICAL, &text);
    const char *projection = strstr(pni_buf_text(&text), "ProjectionExec");
    T_ASSERT(projection && strstr(projection, "as twice"));
    T_ASSERT(!strstr(projection + 1, "ProjectionExec: expr=[twice"));
}

T_CASE(a_volatile_call_that_is_handed_on_twice_is_made_once) {
    PNI_AUTO_PTR(pni_engine_session) session = fixture_session();
    PNI_AUTO(pn_buf) bytes = PN_BUF_INIT;
    PNI_AUTO_PTR(pni_engine_plan) again = NULL;
    PNI_AUTO_STREAM stream = {0};
    PNI_AUTO_ARRAY batch = {0};
    pn_error err = PN_ERROR_INIT;
    fixture_numbers(session, "t", 3);
    written(session, "select r as one, r as two from (select random() as r from t)", &bytes);
    T_OK(pni_engine_plan_substrait(session, PNI_SPACE_RUN, (pn_bytes){bytes.data, bytes.len},
                                   &again, &err),
         &err);
    T_OK(pni_engine_plan_execute(again, NULL, &stream, &err), &err);
    T_EQ_INT(stream.get_next(&stream, &batch), 0);
    T_ASSERT(batch.length > 0);
    const double *one = batch.children[0]->buffers[1], *two = batch.children[1]->buffers[1];
    for (int64_t i = 0; i < batch.length; i++)
        T_ASSERT(one[i] == two[i]);
}

/* The engine's rule knows the fields of a struct by names without a qualifier. */
T_CASE(a_filter_on_a_field_stays_above_the_unnest) {
    PNI_AUTO_PTR(pni_engine_session) session = fixture_session();
    PNI_AUTO(pn_buf) bytes = PN_BUF_INIT;
    PNI_AUTO_PTR(pni_engine_plan) again = NULL;
    PNI_AUTO_STREAM stream = {0};
    pn_error err = PN_ERROR_INIT;
    int64_t rows = 0, sum = 0;
    fixture_numbers(session, "t", 10);
    written(session,
            "select * from (select unnest(s) from (select named_struct('n', a, 'm', b) as s from "
            "t)) where \"s.m\" > 10",
            &bytes);
    T_OK(pni_engine_plan_substrait(session, PNI_SPACE_RUN, (pn_bytes){bytes.data, bytes.len},
                                   &again, &err),
         &err);
    T_OK(pni_engine_plan_execute(again, NULL, &stream, &err), &err);
    T_OK(fixture_drain(&stream, &rows, &sum, &err), &err);
    T_EQ_INT(rows, 4);
    T_EQ_INT(sum, 6 + 7 + 8 + 9);
}
