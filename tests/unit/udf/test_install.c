/* The functions inside the engine: called from SQL, over columns and constants, with what packs do
 * wrong. */
#include "base/base.h"
#include "t.h"
#include "udf/udf.h"
#include "udf_sql.h"

T_CASE(vectors_of_the_reference) {
    static const char *const vectors[][2] = {
        {"stable_hash64('alpha')", "5982700193828047002"},
        {"stable_hash64('beta')", "1390570534839725742"},
        {"stable_hash64('gamma')", "8666994792918649077"},
        {"stable_hash64('delta')", "6315955185590287590"},
        {"stable_hash64('')", "7252660547403494068"},
        {"stable_hash64('é')", "5411848509986117935"},
        {"stable_hash64('a b')", "4267123975431649576"},
        {"stable_hash128('alpha')", "b52f7e54cd313e691148cc2c80345831"},
        {"stable_hash128('beta')", "3fbcb3213a60fe28c29ec4283042c6e2"},
        {"stable_hash128('gamma')", "1ad1681ff58b47897848793151cb45d1"},
        {"stable_hash128('delta')", "7fe3792fbdd937674be221ed030739da"},
        {"stable_hash128('')", "cae66941d9efbd404e4d88758ea67670"},
        {"stable_hash128('é')", "d4b1b0202b21bb84e60a3d272ecab0db"},
        {"stable_hash128('a b')", "acc9227cc02e5f5c13e74125bce89499"},
        {"prefixed_hash64('ns', 'gamma')", "ns:8666994792918649077"},
        {"stable_id('ns', 'delta')", "ns:7fe3792fbdd937674be221ed030739da"},
        {"stable_id_parts('node', 'a', 'b')", "node:065ab5741cdfad44687cf119c1eb4ec9"},
        {"stable_id_parts('node', 'a', NULL)", "node:e572d4f485d45f5df562e024a5aa26e5"},
        {"stable_id('node', 'a', NULL)", "node:e572d4f485d45f5df562e024a5aa26e5"},
        {"stable_id_parts('node', 'a')", "node:27c35e6e9373877f29e562464e46497e"},
        {"stable_id_parts('node', 'r1', 'CST_REF')", "node:84fbb696f18601123e1f6b9426117c8e"},
        {"prefixed_hash_parts64('p', 'a', 'b')", "p:8668388485945676816"},
        {"stable_hash_any(NULL)", "a57b800059f43b1b7b599199eb6e1b74"},
        {"stable_hash_any(' a ')", "27c35e6e9373877f29e562464e46497e"},
        {"stable_hash_any(' a ', false)", "39e7a695dd1789d8b81700a7f7774a81"},
        {"span_id('span', 'src/a.py', 0, 10)", "span:b0331585c6e92ba2ed514a897d63d284"},
        {"span_id('span', 'src/a.py', 0, 10, 'Name')", "span:7d83f9938100140bafeed586e39e4fc0"},
        {"span_len(span_make(10, 25))", "15"},
        {"interval_align_score(0, 5, 10, 20)", "-10.0"},
        {"col_to_byte('abcdef', 3, 'BYTE')", "3"},
        {"canonicalize_byte_span(10, 'abcdef', 3, 20, 'ghijkl', 2, 'BYTE')['bend']", "22"},
        {"map_get_default(map {'alpha': 'bravo'}, 'alpha', 'fallback')", "bravo"},
        {"list_unique_sorted(['b', 'a', 'b'])[2]", "b"},
        {"async_echo('hello')", "hello"},
        {"utf8_normalize('  Foo  BAR ')", "foo bar"}};
    PNI_AUTO_PTR(pni_engine_session) session = udf_sql_session(NULL);
    for (size_t i = 0; i < sizeof vectors / sizeof vectors[0]; i++) {
        PNI_AUTO(pn_buf) sql = PN_BUF_INIT;
        PNI_AUTO(pn_buf) got = PN_BUF_INIT;
        pn_error err = PN_ERROR_INIT;
        pni_buf_printf(&sql, "select %s", vectors[i][0]);
        T_OK(udf_sql_evaluate(session, pni_buf_text(&sql), &got, &err), &err);
        if (!pni_streq(pni_buf_text(&got), vectors[i][1])) {
            T_FAIL("%s gives %s, want %s", vectors[i][0], pni_buf_text(&got), vectors[i][1]);
        }
    }
}

/* Settings are written into the plan as literals; what a call says itself, holds. */
T_CASE(settings_stand_for_missing_arguments) {
    static const char *const settings[][2] = {
        {"codeanatomy_udf.utf8_normalize_form", "NFC"},
        {"codeanatomy_udf.utf8_normalize_casefold", "false"},
        {"codeanatomy_udf.utf8_normalize_collapse_ws", "false"},
        {"codeanatomy_udf.span_default_line_base", "1"},
        {"codeanatomy_udf.span_default_col_unit", "utf16"},
        {"codeanatomy_udf.span_default_end_exclusive", "false"},
        {"codeanatomy_udf.map_normalize_key_case", "upper"},
        {"codeanatomy_udf.map_normalize_sort_keys", "false"}};
    static const char *const calls[][3] = {
        {"utf8_normalize(' \uff21  b ')", "a b", "\uff21  b"},
        {"utf8_normalize(' \uff21  b ', form => 'NFKC', casefold => true)", "a b", "a  b"},
        {"span_make(v, 9)['line_base']", "0", "1"},
        {"span_make(v, 9)['col_unit']", "byte", "utf16"},
        {"span_make(v, 9)['end_exclusive']", "true", "false"},
        {"span_make(v, 9, 3, 'utf8')['end_exclusive']", "true", "false"},
        {"arrow_metadata(span_make(v, 9), 'line_base')", "0", "1"},
        {"arrow_metadata(span_make(v, 9, 3), 'line_base')", "3", "3"},
        {"array_to_string(map_keys(map_normalize(map {'b': 1, 'a': v})), ' ')", "a b", "B A"}};
    for (int set = 0; set < 2; set++) {
        pn_error err = PN_ERROR_INIT;
        PNI_AUTO_PTR(pni_engine_session) session = udf_sql_session(NULL);
        for (size_t i = 0; set && i < sizeof settings / sizeof settings[0]; i++) {
            T_OK(pni_engine_session_set(session, settings[i][0], settings[i][1], &err), &err);
        }
        for (size_t i = 0; i < sizeof calls / sizeof calls[0]; i++) {
            PNI_AUTO(pn_buf) sql = PN_BUF_INIT;
            PNI_AUTO(pn_buf) got = PN_BUF_INIT;
            pni_buf_printf(&sql, "select %s from (values (7)) t(v)", calls[i][0]);
            T_OK(udf_sql_evaluate(session, pni_buf_text(&sql), &got, &err), &err);
            T_EQ_STR(pni_buf_text(&got), calls[i][1 + set]);
        }
    }
}

T_CASE(nested_values_and_fields) {
    udf_sql_gives(NULL, "select map_get_default(map {'alpha': 'bravo'}, 'alpha', 'fallback')",
                  "bravo");
    udf_sql_gives(NULL, "select array_to_string(list_unique_sorted(['b', 'a', 'b']), '+')", "a+b");
    udf_sql_gives(NULL, "select array_to_string(list_compact([1, null, 2]), '+')", "1+2");
    udf_sql_gives(
        NULL, "select struct_pick(named_struct('a', 1, 'b', v), 'b')['b'] from (values (7)) t(v)",
        "7");
    udf_sql_gives(NULL, "select map_keys(map_normalize(map {'B': 1, 'a': 2}))[1]", "a");
    udf_sql_gives(NULL,
                  "select arrow_metadata(span_make(1, v, 10), 'line_base') from (values (7)) t(v)",
                  "10");
    udf_sql_gives(
        NULL, "select arrow_metadata(stable_id('node', v), 'semantic_type') from (values (7)) t(v)",
        "NodeId");
    udf_sql_gives(NULL,
                  "select arrow_metadata(semantic_tag('edge', v), key => 'semantic_type') "
                  "from (values (7)) t(v)",
                  "EdgeId");
    udf_sql_gives(NULL,
                  "select cpg_score(v) from (values (3), (null), (1)) t(v) order by cpg_score(v)",
                  "1.0,3.0,NULL");
    udf_sql_gives(NULL, "select position_encoding_norm('PositionEncoding.UTF8')", "1");
}

static void refused(const char *sql, int32_t number, const char *part) {
    PNI_AUTO_PTR(pni_engine_session) session = udf_sql_session(NULL);
    PNI_AUTO(pn_buf) got = PN_BUF_INIT;
    pn_error err = PN_ERROR_INIT;
    T_STATUS(udf_sql_evaluate(session, sql, &got, &err), PN_PLAN, &err);
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
    refused("select utf8_normalize(v, v) from (values ('a')) t(v)", PNI_E_UDF_LITERAL,
            "argument 2, 'form', must be a literal");
    refused("select stable_hash_any(v, v) from (values (true)) t(v)", PNI_E_UDF_LITERAL,
            "argument 2, 'canonical', must be a literal");
    refused("select map_normalize(map {'a': v}, v) from (values ('a')) t(v)", PNI_E_UDF_LITERAL,
            "argument 2, 'key_case', must be a literal");
    refused("select struct_pick(named_struct('a', v), v) from (values ('a')) t(v)",
            PNI_E_UDF_LITERAL, "argument 2, 'field1', must be a literal");
    refused("select arrow_metadata(v, v) from (values ('a')) t(v)", PNI_E_UDF_LITERAL,
            "argument 2, 'key', must be a literal");
    refused("select list_compact(5)", PNI_E_UDF_ARGUMENT_TYPE, "has type Int64, not a list");
}

T_CASE(columns_beside_constants) {
    udf_sql_gives(NULL,
                  "select prefixed_hash64('ns', v) from (values ('gamma'), (null), ('delta')) t(v) "
                  "order by 1",
                  "ns:6315955185590287590,ns:8666994792918649077,NULL");
    udf_sql_gives(NULL,
                  "select span_id('span', p, b, e, k) from (values ('src/a.py', 0, 10, 'Name')) "
                  "t(p, b, e, k)",
                  "span:7d83f9938100140bafeed586e39e4fc0");
    udf_sql_gives(
        NULL, "select count(*) from (select 1 as x where false) where stable_hash64('a') > 0", "0");
}

T_CASE(named_arguments) {
    udf_sql_gives(NULL,
                  "select utf8_normalize(value => 'A  B', collapse_ws => false, form => 'NFC', "
                  "casefold => true)",
                  "a  b");
}

/* The value stands in the plan and the function is gone. */
static void folds(const char *call, const char *value) {
    PNI_AUTO_PTR(pni_engine_session) session = udf_sql_session(NULL);
    PNI_AUTO_PTR(pni_engine_plan) plan = NULL;
    PNI_AUTO(pn_buf) sql = PN_BUF_INIT;
    PNI_AUTO(pn_buf) text = PN_BUF_INIT;
    pn_error err = PN_ERROR_INIT;
    char name[64] = {0};
    memcpy(name, call, strcspn(call, "(") + 1);
    pni_buf_printf(&sql, "select %s as folded", call);
    T_OK(pni_engine_plan_sql(session, PNI_SPACE_RUN, (pn_bytes){sql.data, sql.len}, 0, &plan, &err),
         &err);
    T_OK(pni_engine_plan_explain(plan, PNI_RENDER_OPTIMISED, NULL, &text, &err), &err);
    if (!strstr(pni_buf_text(&text), value) || strstr(pni_buf_text(&text), name)) {
        T_FAIL("%s is not folded: %s", call, pni_buf_text(&text));
    }
}

T_CASE(calls_of_constants_are_folded) {
    folds("stable_hash64('alpha')", "5982700193828047002");
    folds("stable_id('ns', 'delta')", "ns:7fe3792fbdd937674be221ed030739da");
    folds("utf8_normalize('  Foo  BAR ')", "foo bar");
    folds("span_make(1, 2)", "bstart:1");
    folds("list_unique_sorted(['b', 'a'])", "[a, b]");
    folds("map_get_default(map {'a': 'b'}, 'a', 'c')", "Utf8(\"b\")");
    folds("struct_pick(named_struct('a', 1), 'a')", "{a:1}");
    folds("cpg_score(2)", "Float64(2)");
}

T_CASE(slices_of_columns) {
    udf_sql_gives(
        NULL, "select hash64(v) from (values ('x'), ('alpha'), ('beta')) t(v) order by v limit 2",
        "5982700193828047002,1390570534839725742");
}

T_CASE(a_failure_of_a_kernel_is_told) {
    udf_sql_fails(NULL, "select stable_id_parts('p', interval '1 day')", "cast it to text");
    udf_sql_fails(NULL,
                  "select col_to_byte(v, 3, 'UTF8') from (values ('\u00e9\u00e9\u00e9')) t(v)",
                  "lies inside a character");
    udf_sql_fails(NULL, "select stable_hash64('a', 'b')", "stable_hash64");
}

T_CASE(a_foreign_pack) {
    udf_sql_gives("good", "select double_it(v) from (values (1), (21)) t(v) order by v", "2,42");
    udf_sql_gives("good", "select twice(4)", "8");
}

T_CASE(what_a_pack_returns_is_checked) {
    udf_sql_fails("bad_output", "select too_short(v) from (values (1), (2)) t(v)", "too_short");
    udf_sql_fails("bad_output", "select another_type(v) from (values (1), (2)) t(v)",
                  "another_type");
    udf_sql_fails("bad_output", "select nothing(v) from (values (1), (2)) t(v)", "nothing");
    udf_sql_fails("bad_output", "select failure(v) from (values (1), (2)) t(v)",
                  "the weather is bad");
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
