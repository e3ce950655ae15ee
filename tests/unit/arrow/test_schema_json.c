/* SPDX-License-Identifier: Apache-2.0 */
#include "all_types.h"
#include "fixtures.h"

static char *canonical(const struct ArrowSchema *schema) {
    pn_error err = PN_ERROR_INIT;
    PNI_AUTO_PTR(json_t) json = NULL;
    pn_buf text = PN_BUF_INIT;
    T_OK(pni_arrow_schema_json(schema, &json, &err), &err);
    T_OK(pni_json_canonical(json, &text, &err), &err);
    return pni_buf_steal(&text);
}

static void add_metadata(struct ArrowSchema *field, const char *const (*pairs)[2], size_t count) {
    struct ArrowBuffer built;
    T_ASSERT(ArrowMetadataBuilderInit(&built, NULL) == NANOARROW_OK);
    for (size_t i = 0; i < count; i++) {
        T_ASSERT(ArrowMetadataBuilderAppend(&built, ArrowCharView(pairs[i][0]),
                                            ArrowCharView(pairs[i][1])) == NANOARROW_OK);
    }
    T_ASSERT(ArrowSchemaSetMetadata(field, (const char *)built.data) == NANOARROW_OK);
    ArrowBufferReset(&built);
}

T_CASE(every_type_survives_the_round_trip) {
    for (size_t i = 0; i < sizeof all_types / sizeof all_types[0]; i++) {
        pn_error err = PN_ERROR_INIT;
        PNI_AUTO_SCHEMA schema = {0};
        PNI_AUTO_SCHEMA again = {0};
        PNI_AUTO_PTR(json_t) json = NULL;
        schema_of(all_types[i], &schema);
        T_OK(pni_arrow_schema_json(&schema, &json, &err), &err);
        T_OK(pni_arrow_schema_from_json(json, &again, &err), &err);
        PNI_AUTO_PTR(pni_text) before = canonical(&schema);
        PNI_AUTO_PTR(pni_text) after = canonical(&again);
        T_EQ_STR(after, before);
        PNI_AUTO(pn_buf) text = PN_BUF_INIT;
        T_OK(pni_arrow_type_text(again.children[0], &text, &err), &err);
        T_EQ_STR(pni_buf_text(&text), all_types[i]);
    }
}

T_CASE(the_form_is_what_the_header_says) {
    PNI_AUTO_SCHEMA schema = {0};
    schema_of("list<item: utf8 not null>", &schema);
    static const char *const pairs[][2] = {{"z", "1"}, {"a", "\xC3\xA4"}};
    add_metadata(schema.children[0], pairs, 2);
    PNI_AUTO_PTR(pni_text) text = canonical(&schema);
    T_EQ_STR(text, "[{\"children\":[{\"name\":\"item\",\"nullable\":false,\"type\":\"u\"}],"
                   "\"metadata\":{\"a\":\"\xC3\xA4\",\"z\":\"1\"},"
                   "\"name\":\"c\",\"nullable\":true,\"type\":\"+l\"}]");
}

T_CASE(one_type_has_one_spelling) {
    PNI_AUTO_SCHEMA schema = {0};
    schema_of("decimal(10,2)", &schema);
    PNI_AUTO_PTR(pni_text) before = canonical(&schema);
    T_ASSERT(ArrowSchemaSetFormat(schema.children[0], "d:10,2,128") == NANOARROW_OK);
    PNI_AUTO_PTR(pni_text) after = canonical(&schema);
    T_EQ_STR(after, before);
}

T_CASE(metadata_order_and_schema_metadata_do_not_count) {
    pn_error err = PN_ERROR_INIT;
    PNI_AUTO_SCHEMA a = {0};
    PNI_AUTO_SCHEMA b = {0};
    char first[PNI_SHA256_HEX];
    char second[PNI_SHA256_HEX];
    static const char *const ab[][2] = {{"a", "1"}, {"b", "2"}};
    static const char *const ba[][2] = {{"b", "2"}, {"a", "1"}};
    schema_of("int64", &a);
    schema_of("int64", &b);
    T_OK(pni_arrow_schema_digest(&a, first, &err), &err);
    add_metadata(a.children[0], ab, 2);
    add_metadata(b.children[0], ba, 2);
    add_metadata(&b, ab, 2);
    T_OK(pni_arrow_schema_digest(&a, second, &err), &err);
    T_ASSERT(strcmp(first, second) != 0);
    T_OK(pni_arrow_schema_digest(&b, first, &err), &err);
    T_EQ_STR(first, second);
}

T_CASE(the_digest_is_pinned) {
    pn_error err = PN_ERROR_INIT;
    PNI_AUTO_SCHEMA schema = {0};
    char got[PNI_SHA256_HEX];
    char want[PNI_SHA256_HEX];
    static const char bytes[] = "[{\"name\":\"c\",\"nullable\":true,\"type\":\"l\"}]";
    schema_of("int64", &schema);
    T_OK(pni_arrow_schema_digest(&schema, got, &err), &err);
    pni_sha256_hex(bytes, sizeof bytes - 1, want);
    T_EQ_STR(got, want);
    T_EQ_STR(got, "c0ed1c9e05b83226061f73ef7e7a5775f13d80ab8d5c2b17d820214eeddf3566");
}

T_CASE(metadata_that_is_no_text_is_hex) {
    pn_error err = PN_ERROR_INIT;
    PNI_AUTO_SCHEMA schema = {0};
    PNI_AUTO_SCHEMA again = {0};
    PNI_AUTO_PTR(json_t) json = NULL;
    static const char *const pairs[][2] = {{"k", "\xFF\x01"}};
    schema_of("int64", &schema);
    add_metadata(schema.children[0], pairs, 1);
    T_OK(pni_arrow_schema_json(&schema, &json, &err), &err);
    PNI_AUTO_PTR(pni_text) text = canonical(&schema);
    T_ASSERT(strstr(text, "{\"k\":{\"hex\":\"ff01\"}}"));
    T_OK(pni_arrow_schema_from_json(json, &again, &err), &err);
    PNI_AUTO_PTR(pni_text) after = canonical(&again);
    T_EQ_STR(after, text);
}

T_CASE(damaged_forms_are_refused) {
    static const char *const bad[] = {
        "{}",
        "[1]",
        "[{\"name\":\"a\",\"type\":\"l\"}]",
        "[{\"name\":\"a\",\"nullable\":true}]",
        "[{\"name\":\"a\",\"type\":\"q\",\"nullable\":true}]",
        "[{\"name\":\"a\",\"type\":\"l\",\"nullable\":1}]",
        "[{\"name\":\"a\",\"type\":\"l\",\"nullable\":true,\"more\":1}]",
        "[{\"name\":\"a\",\"type\":\"l\",\"nullable\":true,\"ordered\":0}]",
        "[{\"name\":\"a\",\"type\":\"+l\",\"nullable\":true}]",
        "[{\"name\":\"a\",\"type\":\"+l\",\"nullable\":true,\"children\":{}}]",
        "[{\"name\":\"a\",\"type\":\"+l\",\"nullable\":true,\"children\":[{}]}]",
        "[{\"name\":\"a\",\"type\":\"l\",\"nullable\":true,\"metadata\":[]}]",
        "[{\"name\":\"a\",\"type\":\"l\",\"nullable\":true,\"metadata\":{\"k\":1}}]",
        "[{\"name\":\"a\",\"type\":\"l\",\"nullable\":true,\"metadata\":{\"k\":{\"hex\":\"f\"}}}]",
        "[{\"name\":\"a\",\"type\":\"l\",\"nullable\":true,\"dictionary\":5}]",
        "[{\"name\":\"a\",\"type\":\"u\",\"nullable\":true,"
        "\"dictionary\":{\"name\":\"\",\"type\":\"u\",\"nullable\":true}}]",
    };
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        pn_error err = PN_ERROR_INIT;
        struct ArrowSchema out = {0};
        PNI_AUTO_PTR(json_t) json = json_of(bad[i]);
        pn_status status = pni_arrow_schema_from_json(json, &out, &err);
        if (status != PN_CORRUPT) {
            T_FAIL("%s: status %d", bad[i], status);
        }
        T_EQ_INT(err.number, PNI_E_ARROW_SCHEMA);
        T_ASSERT(out.release == NULL);
    }
}

T_CASE(depth_is_bounded) {
    pn_error err = PN_ERROR_INIT;
    struct ArrowSchema out = {0};
    json_t *field = json_pack("{s:s,s:s,s:b}", "name", "item", "type", "l", "nullable", 1);
    for (int i = 0; i < 100; i++) {
        field = json_pack("{s:s,s:s,s:b,s:[o]}", "name", "item", "type", "+l", "nullable", 1,
                          "children", field);
    }
    PNI_AUTO_PTR(json_t) json = json_pack("[o]", field);
    T_STATUS(pni_arrow_schema_from_json(json, &out, &err), PN_LIMIT, &err);
    T_ASSERT(out.release == NULL);
}

T_CASE(a_schema_is_a_struct) {
    pn_error err = PN_ERROR_INIT;
    PNI_AUTO_SCHEMA field = {0};
    json_t *json = NULL;
    T_OK(pni_arrow_type_parse("int64", &field, &err), &err);
    T_STATUS(pni_arrow_schema_json(&field, &json, &err), PN_CORRUPT, &err);
    T_ASSERT(!json);
}

T_CASE(projection_keeps_schema_order_and_names_what_is_missing) {
    pn_error err = PN_ERROR_INIT;
    PNI_AUTO_SCHEMA wide = {0};
    PNI_AUTO_SCHEMA narrow = {0};
    T_OK(pni_arrow_type_parse("struct<a: int64, b: list<utf8>, d: date>", &wide, &err), &err);
    static const char *const names[] = {"d", "a", "d"};
    T_OK(pni_arrow_schema_project(&wide, names, 3, &narrow, &err), &err);
    T_EQ_INT(narrow.n_children, 2);
    T_EQ_STR(narrow.children[0]->name, "a");
    T_EQ_STR(narrow.children[1]->name, "d");
    static const char *const missing[] = {"x"};
    struct ArrowSchema none = {0};
    T_STATUS(pni_arrow_schema_project(&wide, missing, 1, &none, &err), PN_NOT_FOUND, &err);
    T_EQ_INT(err.number, PNI_E_ARROW_COLUMN);
    T_EQ_STR(err.detail, "Columns: a, b, d");
    T_ASSERT(none.release == NULL);
    T_OK(pni_arrow_schema_project(&wide, NULL, 0, &none, &err), &err);
    T_EQ_INT(none.n_children, 0);
    none.release(&none);
}
