/* What bodies of functions may call under a policy. */
#include "t.h"
#include "udf/sql.h"
#include "udf/udf.h"
#include "udf_sql.h"

static pn_status create(pni_sql_functions *functions, const pni_engine_session *engine,
                        const char *name, const char *callee, pn_error *err) {
    PNI_AUTO(pn_buf) text = PN_BUF_INIT;
    pni_buf_printf(&text, "%s($1)", callee);
    PNI_AUTO_PTR(json_t)
    request = json_pack("{s:s, s:[{s:s, s:s}], s:s, s:{s:s, s:[s]}}", "name", name, "args", "name",
                        "x", "type", "bigint", "returns", "bigint", "body", "text",
                        pni_buf_text(&text), "calls", callee);
    return pni_sql_function_create(functions, engine, request, err);
}

/* `round` stands for a function of a library: the engine has it, and no statement made it. */
T_CASE(functions_of_libraries_are_bounded_by_the_primitives) {
    PNI_AUTO_PTR(pni_engine_session) engine = udf_sql_session(NULL);
    PNI_AUTO_PTR(pni_udf_catalog) catalog = pni_udf_catalog_new();
    PNI_AUTO_PTR(pni_sql_functions) functions = NULL;
    PNI_AUTO_PTR(json_t) policy = json_pack("{s:[s]}", "primitives", "abs");
    PNI_AUTO_PTR(json_t)
    made =
        json_pack("{s:s, s:s, s:s}", "name", "round", "kind", "scalar", "volatility", "immutable");
    pn_error err = PN_ERROR_INIT;
    T_OK(pni_sql_functions_new(policy, catalog, engine, &functions, &err), &err);
    pni_sql_functions_add_foreign(functions, made, "libround.so", "00");
    T_OK(create(functions, engine, "allowed", "abs", &err), &err);
    T_OK(create(functions, engine, "by_another", "allowed", &err), &err);
    T_STATUS(create(functions, engine, "not_allowed", "round", &err), PN_INVALID, &err);
    T_EQ_INT(err.number, PNI_E_FUNCTION_POLICY);
    T_ASSERT(strstr(err.message, "'round'"));
    T_EQ_STR(pni_json_text(json_object_get(pni_sql_functions_all(functions), "round"), "foreign"),
             "libround.so");
}
