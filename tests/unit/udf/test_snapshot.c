/* Snapshots: made of specs, checked key by key, read by name; tags; what is required. */
#include "t.h"

#include "base/base.h"
#include "udf/udf.h"

static json_t *off(void) {
    return json_pack("{s:b, s:n, s:n}", "enabled", 0, "timeout_ms", "ideal_batch_size");
}

static json_t *snapshot_of_builtins(void) {
    PNI_AUTO_PTR(pni_udf_catalog) catalog = pni_udf_catalog_new();
    PNI_AUTO_PTR(json_t) specs = pni_udf_specs(catalog);
    PNI_AUTO_PTR(json_t) policy = off();
    return pni_udf_snapshot(specs, policy);
}

static const json_t *of(const json_t *snapshot, const char *key, const char *name) {
    return json_object_get(json_object_get(snapshot, key), name);
}

static char *text_of(const json_t *value) {
    PNI_AUTO(pn_buf) text = PN_BUF_INIT;
    pn_error err = PN_ERROR_INIT;
    T_OK(pni_json_canonical(value, &text, &err), &err);
    return pni_buf_steal(&text);
}

#define T_JSON(value, want)                                                                        \
    do {                                                                                           \
        PNI_AUTO_PTR(pni_text) t_text_ = text_of(value);                                           \
        T_EQ_STR(t_text_, (want));                                                                 \
    } while (0)

T_CASE(every_key_of_the_specification_is_there) {
    static const char *const keys[] = {
        "scalar",          "aggregate",        "window",       "table",           "aliases",
        "parameter_names", "volatility",       "rewrite_tags", "simplify",        "coerce_types",
        "short_circuits",  "signature_inputs", "return_types", "config_defaults", "custom_udfs",
        "pycapsule_udfs",  "async_udf_policy"};
    PNI_AUTO_PTR(json_t) snapshot = snapshot_of_builtins();
    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++) {
        if (!json_object_get(snapshot, keys[i])) {
            T_FAIL("there is no key '%s'", keys[i]);
        }
    }
    pn_error err = PN_ERROR_INIT;
    T_OK(pni_udf_snapshot_check(snapshot, &err), &err);
}

T_CASE(types_are_spelled_as_the_specification_does) {
    PNI_AUTO_PTR(json_t) snapshot = snapshot_of_builtins();
    T_JSON(of(snapshot, "signature_inputs", "stable_hash64"), "[[\"string\"]]");
    T_JSON(of(snapshot, "return_types", "stable_hash64"), "[\"int64\"]");
    T_JSON(of(snapshot, "parameter_names", "stable_hash64"), "[\"value\"]");
    T_JSON(of(snapshot, "aliases", "stable_hash64"), "[\"hash64\"]");
    T_JSON(of(snapshot, "volatility", "stable_hash64"), "\"immutable\"");
    T_JSON(of(snapshot, "simplify", "stable_hash64"), "true");
    T_JSON(
        json_array_get(of(snapshot, "return_types", "span_make"), 0),
        "\"struct<bstart:int64,bend:int64,line_base:int32,col_unit:string,end_exclusive:bool>\"");
    T_EQ_UINT(json_array_size(of(snapshot, "signature_inputs", "span_make")), 4);
}

T_CASE(the_hash_follows_the_content_and_nothing_else) {
    PNI_AUTO_PTR(json_t) a = snapshot_of_builtins();
    PNI_AUTO_PTR(json_t) b = snapshot_of_builtins();
    char first[PNI_SHA256_HEX];
    char second[PNI_SHA256_HEX];
    pn_error err = PN_ERROR_INIT;
    T_OK(pni_json_digest(a, first, &err), &err);
    T_OK(pni_json_digest(b, second, &err), &err);
    T_EQ_STR(first, second);
    json_object_set_new(json_object_get(b, "digests"), "stable_hash64", json_string("another"));
    T_OK(pni_json_digest(b, second, &err), &err);
    T_ASSERT(!pni_streq(first, second));
}

/* The table of the specification, for the functions that are there. */
T_CASE(rewrite_tags_are_those_of_the_specification) {
    static const struct {
        const char *name, *tags;
    } wanted[] = {
        {"stable_hash64", "[\"hash\"]"},
        {"stable_hash128", "[\"hash\"]"},
        {"prefixed_hash64", "[\"hash\"]"},
        {"stable_id", "[\"hash\"]"},
        {"stable_hash_any", "[\"hash\"]"},
        {"stable_id_parts", "[\"hash\",\"id\"]"},
        {"prefixed_hash_parts64", "[\"hash\",\"id\"]"},
        {"col_to_byte", "[\"position_encoding\",\"span\"]"},
        {"span_make", "[\"position_encoding\",\"span\"]"},
        {"span_len", "[\"span\"]"},
        {"span_overlaps", "[\"span\"]"},
        {"span_contains", "[\"span\"]"},
        {"span_id", "[\"hash\",\"id\",\"span\"]"},
        {"interval_align_score", "[\"alignment\",\"interval\",\"score\"]"},
        {"utf8_normalize", "[\"string\",\"string_norm\"]"},
        {"utf8_null_if_blank", "[\"string\",\"string_norm\"]"},
        {"qname_normalize", "[\"string\",\"string_norm\",\"symbol\"]"},
        {"map_get_default", "[\"map\",\"nested\"]"},
        {"map_normalize", "[\"map\",\"nested\"]"},
        {"list_compact", "[\"list\",\"nested\"]"},
        {"list_unique_sorted", "[\"list\",\"nested\"]"},
        {"struct_pick", "[\"nested\",\"struct\"]"},
        {"cdf_change_rank", "[\"cdf\",\"delta\",\"incremental\"]"},
        {"cdf_is_upsert", "[\"cdf\",\"delta\",\"incremental\"]"},
        {"cdf_is_delete", "[\"cdf\",\"delta\",\"incremental\"]"},
        {"list_unique", "[\"list\"]"},
        {"collect_set", "[\"aggregate\",\"deterministic\",\"list\"]"},
        {"count_if", "[\"aggregate\",\"deterministic\"]"},
        {"any_value_det", "[\"aggregate\",\"deterministic\"]"},
        {"arg_max", "[\"aggregate\",\"deterministic\"]"},
        {"arg_min", "[\"aggregate\",\"deterministic\"]"},
        {"asof_select", "[\"aggregate\",\"asof\"]"},
        {"count_distinct_agg", "[\"aggregate\"]"},
        {"range_table", "[\"table\"]"},
    };
    PNI_AUTO_PTR(json_t) snapshot = snapshot_of_builtins();
    size_t found = 0;
    for (size_t i = 0; i < sizeof wanted / sizeof *wanted; i++) {
        if (of(snapshot, "volatility", wanted[i].name)) {
            T_JSON(of(snapshot, "rewrite_tags", wanted[i].name), wanted[i].tags);
            found++;
        }
    }
    T_ASSERT(found >= 18);
}

T_CASE(tags_are_indexed_with_the_engines_functions) {
    PNI_AUTO_PTR(json_t) snapshot = snapshot_of_builtins();
    PNI_AUTO_PTR(json_t) tags = pni_udf_tag_index(snapshot);
    T_JSON(json_object_get(tags, "id"),
           "[\"prefixed_hash_parts64\",\"span_id\",\"stable_id_parts\"]");
    PNI_AUTO_PTR(pni_text) hash = text_of(json_object_get(tags, "hash"));
    T_ASSERT(strstr(hash, "\"sha256\"") && strstr(hash, "\"stable_hash64\""));
    T_ASSERT(json_object_get(tags, "window"));
}

T_CASE(names_are_sorted_and_hold_aliases) {
    PNI_AUTO_PTR(json_t) snapshot = snapshot_of_builtins();
    PNI_AUTO_PTR(json_t) names = pni_udf_snapshot_names(snapshot);
    size_t index, aliases = 0;
    json_t *name;
    const char *before = "";
    json_array_foreach(names, index, name) {
        T_ASSERT(strcmp(before, json_string_value(name)) < 0);
        before = json_string_value(name);
        aliases += pni_streq(before, "hash64") || pni_streq(before, "stable_hash64");
    }
    T_EQ_UINT(aliases, 2);
}

T_CASE(a_document_that_is_no_snapshot_is_refused_by_key) {
    static const struct {
        const char *key, *value, *part;
    } wrongs[] = {
        {"scalar", NULL, "'scalar' is not there"},
        {"scalar", "{}", "'scalar' is no list"},
        {"scalar", "[\"b\", \"a\"]", "'scalar' is not sorted"},
        {"scalar", "[\"a\", \"a\"]", "'scalar' is not sorted"},
        {"scalar", "[7]", "'scalar' holds something that is no name"},
        {"window", "[\"stable_hash64\"]", "'stable_hash64' of two kinds"},
        {"custom_udfs", "7", "'custom_udfs' is no list"},
        {"async_udf_policy", "[]", "'async_udf_policy' is no object"},
        {"volatility", "[]", "'volatility' is no object"},
        {"volatility", "{}", "no 'volatility' for"},
        {"rewrite_tags", "{\"no_such\": []}", "'no_such', which is no function"},
        {"simplify", "{\"stable_hash64\": 1}", "'simplify' of 'stable_hash64' has the wrong type"},
        {"aliases", "{\"stable_hash64\": [\"stable_id\"]}", "alias 'stable_id'"},
        {"aliases", "{\"stable_hash64\": [7]}", "alias ''"},
        {"version", "99", "'version' is not one"},
    };
    for (size_t i = 0; i < sizeof wrongs / sizeof *wrongs; i++) {
        PNI_AUTO_PTR(json_t) snapshot = snapshot_of_builtins();
        pn_error err = PN_ERROR_INIT;
        if (wrongs[i].value) {
            json_object_set_new(snapshot, wrongs[i].key,
                                json_loads(wrongs[i].value, JSON_DECODE_ANY, NULL));
        } else {
            json_object_del(snapshot, wrongs[i].key);
        }
        T_STATUS(pni_udf_snapshot_check(snapshot, &err), PN_INVALID, &err);
        T_EQ_INT(err.number, PNI_E_UDF_SNAPSHOT);
        if (!strstr(err.message, wrongs[i].part)) {
            T_FAIL("the message is '%s', want '%s'", err.message, wrongs[i].part);
        }
    }
}

T_CASE(signatures_and_results_go_together) {
    PNI_AUTO_PTR(json_t) snapshot = snapshot_of_builtins();
    pn_error err = PN_ERROR_INIT;
    json_object_set_new(json_object_get(snapshot, "return_types"), "span_len", json_array());
    T_STATUS(pni_udf_snapshot_check(snapshot, &err), PN_INVALID, &err);
    T_ASSERT(strstr(err.message, "1 signatures and 0 results for 'span_len'"));
    T_STATUS(pni_udf_snapshot_check(NULL, &err), PN_INVALID, &err);
}

T_CASE(all_that_is_missing_is_listed_at_once) {
    PNI_AUTO_PTR(json_t) snapshot = snapshot_of_builtins();
    PNI_AUTO_PTR(json_t) catalog = json_pack("{s:[s, s]}", "function_names", "abs", "sum");
    PNI_AUTO_PTR(json_t) good = json_pack("[s, s, s]", "stable_id", "hash64", "sum");
    PNI_AUTO_PTR(json_t)
    bad = json_pack("[s, s, s, s, s]", "nope", "stable_id", "span_len", "abs", "gone");
    pn_error err = PN_ERROR_INIT;
    T_OK(pni_udf_require(snapshot, catalog, good, &err), &err);
    json_object_del(json_object_get(snapshot, "parameter_names"), "span_len");
    T_STATUS(pni_udf_require(snapshot, catalog, bad, &err), PN_NOT_FOUND, &err);
    T_EQ_INT(err.number, PNI_E_UDF_REQUIRED);
    T_EQ_STR(err.message,
             "3 required functions are missing: nope, span_len (no parameter_names), gone");
    T_EQ_STR(err.detail, "nope, span_len (no parameter_names), gone");
    T_STATUS(pni_udf_require(snapshot, NULL, good, &err), PN_NOT_FOUND, &err); /* no sum */
    T_EQ_STR(err.message, "1 required function is missing: sum");
}
