/* The functions inside the engine: called from SQL, over columns and constants, with what packs do
 * wrong. */
#include "base/base.h"
#include "t.h"
#include "udf/udf.h"

#include <stdio.h>
#include <stdlib.h>

__attribute__((constructor)) static void count_handles(void) {
    t_live_handles = pni_engine_live_handles;
    pni_engine_session *session = NULL; /* starts the engine, a handle that stays */
    if (pni_engine_session_new(NULL, &session, NULL) == PN_OK) {
        pni_engine_session_free(session);
    }
}

/* A session with the built-ins and, when `pack` is not NULL, a test pack of the build. */
static pni_engine_session *opened(const char *pack) {
    pn_error err = PN_ERROR_INIT;
    PNI_AUTO_PTR(pni_udf_catalog) catalog = pni_udf_catalog_new();
    if (pack) {
        const char *build = getenv("PN_BUILD_DIR");
        char path[4096];
        snprintf(path, sizeof path, "%s/tests/plugins/%s.so", build ? build : "", pack);
        if (!pni_path_exists(path)) {
            T_SKIP("the test packs are not built (PN_BUILD_DIR)");
        }
        T_OK(pni_udf_load(catalog, path, &err), &err);
    }
    pni_engine_session *session = NULL;
    T_OK(pni_engine_session_new(NULL, &session, &err), &err);
    T_OK(pni_udf_install(catalog, session, &err), &err);
    return session;
}

/* The first column of all rows, as text joined by commas. */
static pn_status evaluate(const pni_engine_session *session, const char *sql, pn_buf *out,
                          pn_error *err) {
    PNI_AUTO_PTR(pni_engine_plan) plan = NULL;
    PNI_AUTO_STREAM stream = {0};
    PNI_AUTO_SCHEMA schema = {0};
    pn_bytes bytes = {(const uint8_t *)sql, strlen(sql)};
    PNI_TRY(pni_engine_plan_sql(session, PNI_SPACE_RUN, bytes, 0, &plan, err));
    PNI_TRY(pni_engine_plan_execute(plan, NULL, &stream, err));
    int code = stream.get_schema(&stream, &schema);
    while (code == 0) {
        PNI_AUTO_ARRAY batch = {0};
        struct ArrowArrayView view;
        code = stream.get_next(&stream, &batch);
        if (code != 0 || !batch.release) {
            break;
        }
        T_EQ_INT(ArrowArrayViewInitFromSchema(&view, &schema, NULL), 0);
        T_EQ_INT(ArrowArrayViewSetArray(&view, &batch, NULL), 0);
        for (int64_t row = 0; row < batch.length; row++) {
            pni_buf_puts(out, out->len ? "," : "");
            pni_arrow_value_text(schema.children[0], view.children[0], row, out);
        }
        ArrowArrayViewReset(&view);
    }
    return code == 0 ? PN_OK : pni_engine_stream_error(&stream, code, err);
}

static void gives(const char *pack, const char *sql, const char *want) {
    PNI_AUTO_PTR(pni_engine_session) session = opened(pack);
    PNI_AUTO(pn_buf) got = PN_BUF_INIT;
    pn_error err = PN_ERROR_INIT;
    T_OK(evaluate(session, sql, &got, &err), &err);
    T_EQ_STR(pni_buf_text(&got), want);
}

static void fails(const char *pack, const char *sql, const char *part) {
    PNI_AUTO_PTR(pni_engine_session) session = opened(pack);
    PNI_AUTO(pn_buf) got = PN_BUF_INIT;
    pn_error err = PN_ERROR_INIT;
    if (evaluate(session, sql, &got, &err) == PN_OK) {
        T_FAIL("wanted a failure with '%s' of %s, got %s", part, sql, pni_buf_text(&got));
    }
    T_ASSERT(err.number != 0);
    if (!strstr(err.message, part) && !strstr(err.detail, part)) {
        T_FAIL("no '%s' in: %s / %s", part, err.message, err.detail);
    }
}

T_CASE(constants) {
    gives(NULL, "select stable_hash64('alpha')", "5982700193828047002");
    gives(NULL, "select hash128('alpha')", "b52f7e54cd313e691148cc2c80345831");
    gives(NULL, "select stable_id('ns', 'delta')", "ns:7fe3792fbdd937674be221ed030739da");
    gives(NULL, "select stable_id_parts('node', 'a', NULL)",
          "node:e572d4f485d45f5df562e024a5aa26e5");
    gives(NULL, "select stable_hash_any(' a ', false)", "39e7a695dd1789d8b81700a7f7774a81");
    gives(NULL, "select span_id('span', 'src/a.py', 0, 10)",
          "span:b0331585c6e92ba2ed514a897d63d284");
    gives(NULL, "select span_len(span_make(10, 25))", "15");
    gives(NULL, "select col_to_byte('abcdef', 3, 'BYTE')", "3");
    gives(NULL, "select utf8_normalize('  Foo  BAR ')", "foo bar");
    gives(NULL, "select interval_align_score(0, 5, 10, 20)", "-10.0");
}

T_CASE(nested_values_and_fields) {
    gives(NULL, "select map_get_default(map {'alpha': 'bravo'}, 'alpha', 'fallback')", "bravo");
    gives(NULL, "select array_to_string(list_unique_sorted(['b', 'a', 'b']), '+')", "a+b");
    gives(NULL, "select array_to_string(list_compact([1, null, 2]), '+')", "1+2");
    gives(NULL, "select struct_pick(named_struct('a', 1, 'b', v), 'b')['b'] from (values (7)) t(v)",
          "7");
    gives(NULL, "select map_keys(map_normalize(map {'B': 1, 'a': 2}))[1]", "a");
    gives(NULL, "select arrow_metadata(span_make(1, v, 10), 'line_base') from (values (7)) t(v)",
          "10");
    gives(NULL,
          "select arrow_metadata(stable_id('node', v), 'semantic_type') from (values (7)) t(v)",
          "NodeId");
    gives(NULL,
          "select arrow_metadata(semantic_tag('edge', v), key => 'semantic_type') "
          "from (values (7)) t(v)",
          "EdgeId");
    gives(NULL, "select cpg_score(v) from (values (3), (null), (1)) t(v) order by cpg_score(v)",
          "1.0,3.0,NULL");
    gives(NULL, "select position_encoding_norm('PositionEncoding.UTF8')", "1");
}

static void refused(const char *sql, int32_t number, const char *part) {
    PNI_AUTO_PTR(pni_engine_session) session = opened(NULL);
    PNI_AUTO(pn_buf) got = PN_BUF_INIT;
    pn_error err = PN_ERROR_INIT;
    T_STATUS(evaluate(session, sql, &got, &err), PN_PLAN, &err);
    T_EQ_INT(err.number, number);
    if (!strstr(err.message, part) || strstr(err.message, "PN5")) {
        T_FAIL("the message is '%s', want '%s' in it", err.message, part);
    }
    T_ASSERT(err.hint[0] != '\0');
}

T_CASE(what_is_refused_while_planning_has_a_number) {
    refused("select map_get_default(map {'a': 'b'}, v, 'x') from (values ('a')) t(v)",
            PNI_E_UDF_LITERAL, "argument 2, 'key', must be a literal");
    refused("select semantic_tag(v, v) from (values ('a')) t(v)", PNI_E_UDF_LITERAL,
            "argument 1, 'semantic_type', must be a literal");
    refused("select struct_pick(named_struct('a', 1), 'b')", PNI_E_UDF_ARGUMENT_VALUE,
            "the struct has no field 'b'");
    refused("select list_compact(5)", PNI_E_UDF_ARGUMENT_TYPE, "has type Int64, not a list");
}

T_CASE(columns_beside_constants) {
    gives(NULL,
          "select prefixed_hash64('ns', v) from (values ('gamma'), (null), ('delta')) t(v) "
          "order by 1",
          "ns:6315955185590287590,ns:8666994792918649077,NULL");
    gives(NULL,
          "select span_id('span', p, b, e, k) from (values ('src/a.py', 0, 10, 'Name')) "
          "t(p, b, e, k)",
          "span:7d83f9938100140bafeed586e39e4fc0");
    gives(NULL, "select count(*) from (select 1 as x where false) where stable_hash64('a') > 0",
          "0");
}

T_CASE(named_arguments) {
    gives(NULL,
          "select utf8_normalize(value => 'A  B', collapse_ws => false, form => 'NFC', "
          "casefold => true)",
          "a  b");
}

T_CASE(slices_of_columns) {
    gives(NULL, "select hash64(v) from (values ('x'), ('alpha'), ('beta')) t(v) order by v limit 2",
          "5982700193828047002,1390570534839725742");
}

T_CASE(a_failure_of_a_kernel_is_told) {
    fails(NULL, "select stable_id_parts('p', interval '1 day')", "cast it to text");
    fails(NULL, "select col_to_byte(v, 3, 'UTF8') from (values ('\u00e9\u00e9\u00e9')) t(v)",
          "lies inside a character");
    fails(NULL, "select stable_hash64('a', 'b')", "stable_hash64");
}

T_CASE(a_foreign_pack) {
    gives("good", "select double_it(v) from (values (1), (21)) t(v) order by v", "2,42");
    gives("good", "select twice(4)", "8");
}

T_CASE(what_a_pack_returns_is_checked) {
    fails("bad_output", "select too_short(v) from (values (1), (2)) t(v)", "too_short");
    fails("bad_output", "select another_type(v) from (values (1), (2)) t(v)", "another_type");
    fails("bad_output", "select nothing(v) from (values (1), (2)) t(v)", "nothing");
    fails("bad_output", "select failure(v) from (values (1), (2)) t(v)", "the weather is bad");
}

/* The engine's functions that the built-in pack replaces, and why: README.md of the module. */
static bool replaced_on_purpose(const char *name) {
    return pni_streq(name, "arrow_metadata") || pni_streq(name, "list_compact");
}

/* Nothing else of the engine may be replaced, now or after an upgrade of the engine. */
T_CASE(built_ins_replace_only_what_they_should) {
    pn_error err = PN_ERROR_INIT;
    PNI_AUTO_PTR(pni_udf_catalog) catalog = pni_udf_catalog_new();
    PNI_AUTO_PTR(pni_engine_session) session = NULL;
    PNI_AUTO_PTR(json_t) functions = NULL;
    T_OK(pni_engine_session_new(NULL, &session, &err), &err);
    T_OK(pni_engine_session_functions(session, &functions, &err), &err);
    size_t index;
    json_t *function;
    json_array_foreach(functions, index, function) {
        const char *name = pni_json_text(function, "name");
        if (pni_udf_find(catalog, name) && !replaced_on_purpose(name)) {
            T_FAIL("the engine has a function '%s' too", name);
        }
    }
}
