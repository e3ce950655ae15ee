/* Table functions: arguments as written in SQL, and the datasets that come of them. */
#include "t.h"
#include "udf/udf.h"

#include <stdio.h>

/* args: JSON with ' for ". Gives the dataset, or NULL with the error. */
static char *dataset_of(const char *name, const char *args, pn_error *err) {
    PNI_AUTO_PTR(pni_udf_catalog) catalog = pni_udf_catalog_new();
    const pn_table_function *function = pni_udf_table_function(catalog, name);
    T_ASSERT(function != NULL);
    PNI_AUTO_PTR(pni_text) text = pni_strdup(args);
    for (char *c = text; *c; c++) {
        *c = *c == '\'' ? '"' : *c;
    }
    PNI_AUTO_PTR(json_t) json = json_loads(text, 0, NULL);
    T_ASSERT(json != NULL);
    pn_table table = {0};
    if (pni_udf_table_open(function, json, NULL, &table, err) != PN_OK) {
        T_ASSERT(table.release == NULL);
        return NULL;
    }
    char *dataset = pni_strdup(table.dataset);
    table.release(table.self);
    return dataset;
}

static void gives(const char *name, const char *args, const char *want) {
    pn_error err = PN_ERROR_INIT;
    PNI_AUTO_PTR(pni_text) got = dataset_of(name, args, &err);
    if (!got) {
        T_FAIL("%s", err.message);
    }
    T_EQ_STR(got, want);
}

static void fails(const char *name, const char *args, int32_t number, const char *part) {
    pn_error err = PN_ERROR_INIT;
    T_ASSERT(dataset_of(name, args, &err) == NULL);
    T_EQ_INT(err.number, number);
    if (!strstr(err.message, part)) {
        T_FAIL("'%s' does not say '%s'", err.message, part);
    }
}

#define TEXT(value) "{'kind':'string','text':'" value "'}"
#define NAMED(name, kind, value) "{'name':'" name "','kind':'" kind "','text':'" value "'}"

T_CASE(arguments_become_a_dataset) {
    gives("read_parquet", "[" TEXT("a.parquet") "]",
          "{\"format\":\"parquet\",\"uri\":\"a.parquet\"}");
    gives("parquet_scan", "[" TEXT("a") ",{'kind':'number','text':'10'}]",
          "{\"format\":\"parquet\",\"uri\":\"a\",\"limit\":\"10\"}");
    gives("read_csv",
          "[" TEXT("a.csv") "," NAMED("delimiter", "string", ";") "," NAMED("has_header", "boolean",
                                                                            "false") "]",
          "{\"format\":\"csv\",\"uri\":\"a.csv\",\"options\":{\"has_header\":\"false\","
          "\"delimiter\":\";\"}}");
    gives("delta_scan", "[" NAMED("uri", "string", "t") "," NAMED("version", "number", "3") "]",
          "{\"format\":\"delta\",\"uri\":\"t\",\"version\":\"3\"}");
    gives("read_delta", "[" TEXT("t") ",{'kind':'null','text':''}]",
          "{\"format\":\"delta\",\"uri\":\"t\"}");
    gives("delta_cdf_scan",
          "[" TEXT("t") "," NAMED("end_version", "number",
                                  "3") "," NAMED("start_timestamp", "string", "2026-01-01") "]",
          "{\"format\":\"delta_cdf\",\"uri\":\"t\",\"options\":{\"end_version\":\"3\","
          "\"start_timestamp\":\"2026-01-01\"}}");
    gives("delta_add_actions", "[" TEXT("t") ",{'kind':'number','text':'4'}]",
          "{\"format\":\"delta_add_actions\",\"uri\":\"t\",\"version\":\"4\"}");
    gives("metadata_cache", "[]", "{\"format\":\"session\",\"uri\":\"metadata_cache\"}");
    gives("udf_registry", "[]", "{\"format\":\"session\",\"uri\":\"udf_registry\"}");
}

T_CASE(a_schema_keeps_its_order) {
    gives(
        "read_json",
        "[" TEXT("a") "," NAMED("schema", "string", "{\\'z\\':\\'int64\\',\\'a\\':\\'utf8\\'}") "]",
        "{\"format\":\"json\",\"uri\":\"a\",\"schema\":{\"z\":\"int64\",\"a\":\"utf8\"}}");
}

T_CASE(wrong_numbers_of_arguments) {
    fails("read_parquet", "[]", PNI_E_TABLE_ARGUMENT, "argument 1 (path) is missing");
    fails("udf_docs", "[" TEXT("a") "]", PNI_E_TABLE_ARGUMENT, "takes 0 to 0 arguments, not 1");
}

T_CASE(wrong_names) {
    fails("read_parquet", "[" NAMED("file", "string", "a") "]", PNI_E_TABLE_ARGUMENT,
          "there is no argument 'file'");
    fails("read_parquet", "[" TEXT("a") "," NAMED("path", "string", "b") "]", PNI_E_TABLE_ARGUMENT,
          "argument 'path' is given twice");
    fails("read_parquet", "[" NAMED("path", "string", "a") ",{'kind':'number','text':'1'}]",
          PNI_E_TABLE_ARGUMENT, "argument 2 has no name");
}

T_CASE(what_is_no_literal_or_of_another_type) {
    fails("read_parquet", "[{'kind':'other','text':'upper(x)'}]", PNI_E_UDF_LITERAL,
          "argument 1 (path) is no literal: upper(x)");
    fails("read_parquet", "[{'kind':'number','text':'1'}]", PNI_E_UDF_ARGUMENT_TYPE,
          "argument 1 (path) is no text");
    fails("read_parquet", "[" TEXT("a") "," TEXT("b") "]", PNI_E_UDF_ARGUMENT_TYPE,
          "argument 2 (limit) is no number");
    fails("read_parquet", "[" TEXT("a") ",{'kind':'number','text':'1.5'}]", PNI_E_UDF_ARGUMENT_TYPE,
          "argument 2 (limit) is no integer");
    fails("read_csv", "[" TEXT("a") "," NAMED("has_header", "string", "yes") "]",
          PNI_E_UDF_ARGUMENT_TYPE, "argument 4 (has_header) is no boolean");
}

T_CASE(what_a_function_refuses) {
    fails("read_parquet", "[{'kind':'null','text':''}]", PNI_E_TABLE_REFUSED,
          "read_parquet: argument 'uri' is null or empty");
    fails("read_delta", "[" TEXT("") "]", PNI_E_TABLE_REFUSED, "argument 'uri' is null or empty");
    fails("read_json", "[" TEXT("a") "," NAMED("schema", "string", "int64") "]",
          PNI_E_TABLE_REFUSED, "argument 'schema' is neither a JSON object");
    fails("read_json", "[" TEXT("a") "," NAMED("schema", "string", "{\\'a\\':1}") "]",
          PNI_E_TABLE_REFUSED, "the value of 'a' is no text");
}

static const json_t *row_named(const json_t *rows, const char *name) {
    for (size_t i = 0; i < json_array_size(rows); i++) {
        const json_t *row = json_array_get(rows, i);
        if (pni_streq(pni_json_text(row, "name"), name)) {
            return row;
        }
    }
    T_FAIL("there is no row '%s'", name);
}

T_CASE(rows_about_every_function) {
    PNI_AUTO_PTR(pni_udf_catalog) catalog = pni_udf_catalog_new();
    PNI_AUTO_PTR(json_t) specs = pni_udf_specs(catalog);
    PNI_AUTO_PTR(json_t) registry = pni_udf_registry_rows(specs);
    PNI_AUTO_PTR(json_t) docs = pni_udf_docs_rows(specs);
    T_EQ_INT(json_array_size(registry), json_array_size(docs));
    const json_t *row = row_named(registry, "stable_hash64");
    T_EQ_STR(pni_json_text(row, "kind"), "scalar");
    T_EQ_STR(json_string_value(json_array_get(json_object_get(row, "aliases"), 0)), "hash64");
    T_EQ_STR(json_string_value(json_array_get(
                 json_object_get(row_named(docs, "cdf_change_rank"), "argument_names"), 0)),
             "change_type");
}

/* ---- defaults that are options ----------------------------------------------------------------
 */

static int32_t same_arguments(void *ctx, const pn_kernel_call *call, pn_table *out, char *message,
                              size_t cap) {
    (void)ctx, (void)out;
    const struct ArrowArray *word = call->args[0].array, *flag = call->args[1].array;
    const int32_t *ends = word->buffers[1];
    snprintf(message, cap, "%.*s, %d", ends[1], (const char *)word->buffers[2],
             *(const uint8_t *)flag->buffers[1] & 1);
    return 1; /* what it was given is the message */
}

/* An exact type is the type of the option's value as well as a class is. */
T_CASE(a_default_that_is_an_option_has_the_type_of_its_argument) {
    static const char *const formats[][2] = {{"=u", "=b"}, {"s", "b"}, {"u", "b"}, {"t", "=b"}};
    static const char *const defaults[] = {"=p.word", "=p.flag"};
    PNI_AUTO_PTR(json_t) none = json_array();
    PNI_AUTO_PTR(json_t) settings = json_pack("{s:s, s:s}", "p.word", "yes", "p.flag", "true");
    for (size_t i = 0; i < sizeof formats / sizeof formats[0]; i++) {
        const pn_udf udf = {.struct_size = sizeof udf,
                            .max_args = 2,
                            .n_arg_formats = 2,
                            .name = "given",
                            .arg_formats = formats[i],
                            .arg_defaults = defaults};
        const pn_table_function function = {
            .struct_size = sizeof function, .function = &udf, .open = same_arguments};
        pn_error err = PN_ERROR_INIT;
        pn_table table = {0};
        T_STATUS(pni_udf_table_open(&function, none, settings, &table, &err), PN_PLAN, &err);
        T_EQ_STR(err.message, "yes, 1");
    }
}
