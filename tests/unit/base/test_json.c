/* SPDX-License-Identifier: Apache-2.0 */
/* Canonical JSON; the examples of RFC 8785 sections 3.2.2 and 3.2.3, without their floats. */
#include "base/base.h"
#include "t.h"

static void expect(const char *json, const char *want) {
    pn_error err = PN_ERROR_INIT;
    PNI_AUTO_PTR(json_t) value = NULL;
    PNI_AUTO(pn_buf) out = PN_BUF_INIT;
    T_OK(pni_json_parse(json, strlen(json), "test", &value, &err), &err);
    T_OK(pni_json_canonical(value, &out, &err), &err);
    T_EQ_STR(pni_buf_text(&out), want);
}

T_CASE(white_space_goes_and_literals_stay) {
    expect("  [ null , true , false, -12 , 0 ] ", "[null,true,false,-12,0]");
    expect("{ }", "{}");
    expect("[ ]", "[]");
    expect("\"top\"", "\"top\"");
}

T_CASE(escapes_are_minimal) {
    expect("\"\\u20ac$\\u000F\\u000aA'\\u0042\\u0022\\u005c\\\\\\\"\\/\"",
           "\"\xE2\x82\xAC$\\u000f\\nA'B\\\"\\\\\\\\\\\"/\"");
    expect("\"\\b\\t\\n\\u000b\\f\\r\\u001f\\u007f\"", "\"\\b\\t\\n\\u000b\\f\\r\\u001f\x7F\"");
}

T_CASE(keys_sort_by_utf16_units) {
    /* U+20AC, U+000D, U+FB33, "1", U+1F600, U+0080, U+00F6: the surrogates of U+1F600 sort before
     * U+FB33. */
    expect("{\"\\u20ac\":\"Euro Sign\",\"\\r\":\"Carriage Return\","
           "\"\\ufb33\":\"Hebrew Letter Dalet With Dagesh\","
           "\"1\":\"One\",\"\\ud83d\\ude00\":\"Emoji: Grinning Face\",\"\\u0080\":\"Control\","
           "\"\\u00f6\":\"Latin Small Letter O With Diaeresis\"}",
           "{\"\\r\":\"Carriage Return\",\"1\":\"One\",\"\xC2\x80\":\"Control\","
           "\"\xC3\xB6\":\"Latin Small Letter O With Diaeresis\",\"\xE2\x82\xAC\":\"Euro Sign\","
           "\"\xF0\x9F\x98\x80\":\"Emoji: Grinning Face\","
           "\"\xEF\xAC\xB3\":\"Hebrew Letter Dalet With Dagesh\"}");
    expect(
        "{\"\\ue000\":1,\"\\ud800\\udc00\":2,\"\\ud7ff\":3,\"a\":4,\"\":5,\"aa\":6}",
        "{\"\":5,\"a\":4,\"aa\":6,\"\xED\x9F\xBF\":3,\"\xF0\x90\x80\x80\":2,\"\xEE\x80\x80\":1}");
}

T_CASE(nested_objects_sort_too) {
    expect("{\"b\":[{\"y\":1,\"x\":2}],\"a\":{\"d\":null,\"c\":{}}}",
           "{\"a\":{\"c\":{},\"d\":null},\"b\":[{\"x\":2,\"y\":1}]}");
}

T_CASE(integers_up_to_2_to_53_pass) {
    pn_error err = PN_ERROR_INIT;
    expect("[9007199254740992,-9007199254740992]", "[9007199254740992,-9007199254740992]");
    PNI_AUTO_PTR(json_t) value = json_integer(9007199254740993);
    PNI_AUTO(pn_buf) out = PN_BUF_INIT;
    pni_buf_puts(&out, "kept");
    T_STATUS(pni_json_canonical(value, &out, &err), PN_INTERNAL, &err);
    T_EQ_STR(pni_buf_text(&out), "kept");
}

T_CASE(floats_have_no_identity) {
    pn_error err = PN_ERROR_INIT;
    PNI_AUTO_PTR(json_t) value = json_pack("[f]", 1.0);
    PNI_AUTO(pn_buf) out = PN_BUF_INIT;
    T_STATUS(pni_json_canonical(value, &out, &err), PN_INTERNAL, &err);
    T_STATUS(pni_json_canonical(NULL, &out, &err), PN_INTERNAL, &err);
}

T_CASE(digest_is_that_of_the_canonical_bytes) {
    pn_error err = PN_ERROR_INIT;
    char got[PNI_SHA256_HEX];
    char want[PNI_SHA256_HEX];
    PNI_AUTO_PTR(json_t) value = json_pack("{s:i,s:i}", "b", 1, "a", 2);
    T_OK(pni_json_digest(value, got, &err), &err);
    pni_sha256_hex("{\"a\":2,\"b\":1}", 13, want);
    T_EQ_STR(got, want);
}

T_CASE(bad_documents_say_where) {
    static const char *const bad[] = {
        "", "{", "[1,]", "{\"a\":1,\"a\":2}", "nul", "[1] 2", "\"\\ud800\"", "\"\xFF\"", "[1e999]"};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        pn_error err = PN_ERROR_INIT;
        json_t *value = NULL;
        T_STATUS(pni_json_parse(bad[i], strlen(bad[i]), "the profile", &value, &err), PN_CORRUPT,
                 &err);
        T_EQ_INT(err.number, PNI_E_JSON);
        T_ASSERT(pni_starts_with(err.message, "the profile is not JSON: "));
        T_ASSERT(pni_starts_with(err.detail, "Line "));
        T_ASSERT(value == NULL);
    }
}

T_CASE(size_and_depth_are_bounded) {
    pn_error err = PN_ERROR_INIT;
    json_t *value = NULL;
    T_STATUS(pni_json_parse("", (size_t)PNI_JSON_MAX_BYTES + 1, "x", &value, &err), PN_LIMIT, &err);
    char *deep = pni_alloc(100000);
    memset(deep, '[', 100000);
    T_STATUS(pni_json_parse(deep, 100000, "x", &value, &err), PN_CORRUPT, &err);
    pni_free(deep);
}

T_CASE(lists_of_texts) {
    PNI_AUTO_PTR(json_t) list = json_pack("[s,i,n,s]", "a", 1, "b");
    T_ASSERT(pni_json_lists(list, "a") && pni_json_lists(list, "b"));
    T_ASSERT(!pni_json_lists(list, "c") && !pni_json_lists(list, NULL));
    T_ASSERT(!pni_json_lists(NULL, "a"));
}

T_CASE(numbers_as_text) {
    PNI_AUTO_PTR(json_t)
    object = json_pack("{s:o,s:o,s:i,s:i,s:s}", "u", pni_json_u64(UINT64_MAX), "i",
                       pni_json_i64(INT64_MIN), "n", 5, "m", -5, "t", "x");
    uint64_t value = 0;
    T_EQ_STR(pni_json_text(object, "u"), "18446744073709551615");
    T_EQ_STR(pni_json_text(object, "i"), "-9223372036854775808");
    T_ASSERT(!pni_json_text(object, "n") && !pni_json_text(object, "none"));
    T_ASSERT(pni_json_u64_of(object, "u", &value) && value == UINT64_MAX);
    T_ASSERT(pni_json_u64_of(object, "n", &value) && value == 5);
    T_ASSERT(!pni_json_u64_of(object, "m", &value) && !pni_json_u64_of(object, "t", &value));
    T_ASSERT(!pni_json_u64_of(object, "none", &value));
}
