/* Specs are checked where they are added; names have an order of their own; secrets stay inside. */
#include "dataset/dataset.h"
#include "support/core_fixture.h"

static pn_dataset_spec spec_of(const char *name, const char *format, const char *uri) {
    pn_dataset_spec spec = PN_DATASET_SPEC_INIT;
    spec.name = name;
    spec.format = format;
    spec.uri = uri;
    return spec;
}

static void add(pn_catalog *catalog, const char *name, const char *uri) {
    pn_dataset_spec spec = spec_of(name, "csv", uri);
    FX_OK(pn_catalog_add(catalog, &spec, err));
}

T_CASE(names_follow_one_rule) {
    static const char *const good[] = {"a", "_", "a1", "orders_2024", "_x"};
    static const char *const bad[] = {"", "1a", "A", "a-b", "a.b", "a b", "ä", "a\n", "ordersÄ"};
    char longest[PNI_NAME_MAX_BYTES + 2];
    for (size_t i = 0; i < sizeof good / sizeof *good; i++)
        FX_OK(pni_name_check("dataset", good[i], err));
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        FX_FAILS(pni_name_check("dataset", bad[i], err), PNI_E_NAME, "dataset");
    FX_FAILS(pni_name_check("view", NULL, err), PNI_E_NAME, "view");
    memset(longest, 'a', sizeof longest);
    longest[PNI_NAME_MAX_BYTES] = '\0';
    FX_OK(pni_name_check("view", longest, err));
    longest[PNI_NAME_MAX_BYTES] = 'a';
    longest[PNI_NAME_MAX_BYTES + 1] = '\0';
    FX_FAILS(pni_name_check("view", longest, err), PNI_E_NAME, "aaaa");
}

T_CASE(a_wrong_spec_is_refused_by_name) {
    static const struct {
        const char *format, *uri, *version, *timestamp, *options, *metadata;
        uint32_t flags;
        int32_t number;
        const char *text;
    } cases[] = {
        {"orc", "u", 0, 0, 0, 0, 0, PNI_E_DATASET_FORMAT, "orc"},
        {NULL, "u", 0, 0, 0, 0, 0, PNI_E_DATASET_FORMAT, "'d'"},
        {"csv", NULL, 0, 0, 0, 0, 0, PNI_E_DATASET_OPTION, "'d'"},
        {"csv", "", 0, 0, 0, 0, 0, PNI_E_DATASET_OPTION, "no uri"},
        {"csv", "a\xff", 0, 0, 0, 0, 0, PNI_E_DATASET_OPTION, "UTF-8"},
        {"csv", "u", "1", 0, 0, 0, 0, PNI_E_DATASET_OPTION, "csv"},
        {"csv", "u", 0, "2024-01-01T00:00:00Z", 0, 0, 0, PNI_E_DATASET_OPTION, "timestamp"},
        {"deltas.t", "u", "1", 0, 0, 0, 0, PNI_E_DATASET_OPTION, "deltas.t"},
        {"delta", "u", "1", "2024-01-01T00:00:00Z", 0, 0, 0, PNI_E_DATASET_OPTION, "both"},
        {"delta", "u", "-1", 0, 0, 0, 0, PNI_E_DATASET_OPTION, "'-1'"},
        {"delta", "u", "one", 0, 0, 0, 0, PNI_E_DATASET_OPTION, "'one'"},
        {"delta", "u", "18446744073709551616", 0, 0, 0, 0, PNI_E_DATASET_OPTION,
         "1844674407370955161"},
        {"csv", "u", 0, 0, "[1]", 0, 0, PNI_E_DATASET_OPTION, "options"},
        {"csv", "u", 0, 0, "{", 0, 0, PNI_E_DATASET_OPTION, "options"},
        {"csv", "u", 0, 0, "{\"k\": [1]}", 0, 0, PNI_E_DATASET_OPTION, "'k'"},
        {"csv", "u", 0, 0, "{\"k\": 1.5}", 0, 0, PNI_E_DATASET_OPTION, "'k'"},
        {"csv", "u", 0, 0, "{\"k\": null}", 0, 0, PNI_E_DATASET_OPTION, "'k'"},
        {"csv", "u", 0, 0, 0, "[]", 0, PNI_E_DATASET_OPTION, "metadata"},
        {"csv", "u", 0, 0, 0, 0, 2, PNI_E_DATASET_OPTION, "0x2"},
        {"csv", "u", 0, 0, 0, 0, PN_DATASET_OPTIONAL, PNI_E_DATASET_OPTION, "schema"},
    };
    pn_catalog *catalog = pn_catalog_new();
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        pn_dataset_spec spec = spec_of("d", cases[i].format, cases[i].uri);
        spec.version = cases[i].version;
        spec.timestamp = cases[i].timestamp;
        spec.options_json = cases[i].options;
        spec.metadata_json = cases[i].metadata;
        spec.flags = cases[i].flags;
        FX_FAILS(pn_catalog_add(catalog, &spec, err), cases[i].number, cases[i].text);
    }
    T_EQ_UINT(pn_catalog_count(catalog), 0);
    pn_dataset_spec unsized = {.name = "d", .format = "csv", .uri = "u"};
    FX_FAILS(pn_catalog_add(catalog, &unsized, err), PNI_E_ARGUMENT, "struct_size");
    FX_FAILS(pn_catalog_add(catalog, NULL, err), PNI_E_ARGUMENT, "spec");
    pn_catalog_unref(catalog);
}

T_CASE(a_secret_is_never_shown) {
    static const char *const texts[] = {"{\"key\": \"hunter2\"", "{\"key\": hunter2}",
                                        "{\"key\": {\"hunter2\": 1}}"};
    pn_catalog *catalog = pn_catalog_new();
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        pn_error err = PN_ERROR_INIT;
        pn_dataset_spec spec = spec_of("d", "delta", "s3://bucket/t");
        spec.storage_options_json = texts[i];
        T_EQ_INT(pn_catalog_add(catalog, &spec, &err), PN_INVALID);
        T_ASSERT(!strstr(err.message, "hunter2") && !strstr(err.detail, "hunter2"));
    }
    pn_dataset_spec spec = spec_of("d", "delta", "s3://bucket/t");
    PNI_AUTO(pn_buf) json = PN_BUF_INIT;
    spec.storage_options_json = "{\"secret_access_key\": \"hunter2\"}";
    FX_OK(pn_catalog_add(catalog, &spec, err));
    FX_OK(pn_catalog_describe(catalog, "d", &json, err));
    T_ASSERT(!strstr(pni_buf_text(&json), "hunter2") && !strstr(pni_buf_text(&json), "secret"));
    pn_catalog_unref(catalog);
}

T_CASE(names_have_an_order_of_their_own) {
    pn_catalog *catalog = pn_catalog_new();
    char name[32], last[32] = "";
    T_EQ_STR(pn_catalog_name_at(catalog, 0), NULL);
    for (unsigned i = 0; i < 2000; i++) {
        snprintf(name, sizeof name, "d%u", i * 7919 % 2003);
        add(catalog, name, "x.csv");
        if (i % 500 == 0) /* reading in between must not fix the order */
            T_ASSERT(pn_catalog_name_at(catalog, i / 2));
    }
    T_EQ_UINT(pn_catalog_count(catalog), 2000);
    for (size_t i = 0; i < 2000; i++) {
        T_ASSERT(strcmp(last, pn_catalog_name_at(catalog, i)) < 0);
        snprintf(last, sizeof last, "%s", pn_catalog_name_at(catalog, i));
    }
    T_EQ_STR(pn_catalog_name_at(catalog, 2000), NULL);
    T_EQ_STR(pn_catalog_name_at(NULL, 0), NULL);
    T_EQ_UINT(pn_catalog_count(NULL), 0);
    pn_catalog_unref(catalog);
}

T_CASE(the_first_of_two_names_stays) {
    pn_catalog *catalog = pn_catalog_new();
    pn_dataset_spec again = spec_of("a", "csv", "/second.csv");
    add(catalog, "a", "/first.csv");
    FX_FAILS(pn_catalog_add(catalog, &again, err), PNI_E_DATASET_EXISTS, "'a'");
    T_EQ_STR(pni_catalog_find(catalog, "a")->uri, "/first.csv");
    T_ASSERT(!pni_catalog_find(catalog, "b") && !pni_catalog_find(NULL, "a"));
    pn_catalog_unref(catalog);
    pn_catalog_unref(NULL);
}

T_CASE(uris_are_absolute) {
    static const struct {
        const char *base, *uri, *want;
    } cases[] = {{"/base/dir", "data/x.csv", "/base/dir/data/x.csv"},
                 {"/base/dir", "../x.csv", "/base/x.csv"},
                 {"/base/dir", "/abs/x.csv", "/abs/x.csv"},
                 {"/base", "file:///f/./x.csv", "/f/x.csv"},
                 {"/base", "s3://bucket/../x", "s3://bucket/../x"}};
    pn_catalog *catalog = pn_catalog_new();
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char name[8];
        snprintf(name, sizeof name, "d%zu", i);
        pn_dataset_spec spec = spec_of(name, "csv", cases[i].uri);
        spec.base_dir = cases[i].base;
        FX_OK(pn_catalog_add(catalog, &spec, err));
        T_EQ_STR(pni_catalog_find(catalog, name)->uri, cases[i].want);
    }
    pn_catalog_unref(catalog);
}

T_CASE(options_are_kept_as_texts) {
    pn_catalog *catalog = pn_catalog_new();
    pn_dataset_spec spec = spec_of("d", "delta", "/t");
    PNI_AUTO(pn_buf) json = PN_BUF_INIT;
    spec.options_json = "{\"b\": true, \"a\": 7, \"c\": \"x\"}";
    spec.version = "3";
    spec.metadata_json = "{\"ddl\": \"create\"}";
    FX_OK(pn_catalog_add(catalog, &spec, err));
    FX_OK(pn_catalog_describe(catalog, "d", &json, err));
    T_EQ_STR(pni_buf_text(&json),
             "{\"format\":\"delta\",\"metadata\":{\"ddl\":\"create\"},\"name\":\"d\","
             "\"optional\":false,\"options\":{\"a\":\"7\",\"b\":\"true\",\"c\":\"x\"},"
             "\"uri\":\"/t\",\"version\":\"3\"}");
    FX_FAILS(pn_catalog_describe(catalog, "e", &json, err), PNI_E_TABLE_UNKNOWN, "'e'");
    FX_FAILS(pn_catalog_describe(catalog, NULL, &json, err), PNI_E_ARGUMENT, "name");
    FX_FAILS(pn_catalog_describe(NULL, "d", &json, err), PNI_E_ARGUMENT, "catalog");
    pn_catalog_unref(catalog);
}

T_CASE(the_nearest_name_is_least_on_a_tie) {
    pn_catalog *catalog = pn_catalog_new();
    add(catalog, "orderz", "x.csv");
    add(catalog, "ordera", "x.csv");
    add(catalog, "customers", "x.csv");
    T_EQ_STR(pni_catalog_nearest(catalog, "orders"), "ordera");
    T_EQ_STR(pni_catalog_nearest(catalog, "customer"), "customers");
    T_EQ_STR(pni_catalog_nearest(catalog, "unrelated"), NULL);
    T_EQ_STR(pni_catalog_nearest(NULL, "x"), NULL);
    pn_catalog_unref(catalog);
}

T_CASE(chosen_files_are_a_list_of_paths_of_a_delta_table) {
    static const struct {
        const char *files;
        int32_t number;
        const char *text;
    } wrong[] = {{"[]", PNI_E_DATASET_FILES, "'d'"},
                 {"{}", PNI_E_DATASET_FILES, "'d'"},
                 {"[1]", PNI_E_DATASET_FILES, "file 0"},
                 {"[\"a\", \"\"]", PNI_E_DATASET_FILES, "file 1"},
                 {"[\"a\", \"a\"]", PNI_E_DATASET_FILES, "'a' twice"},
                 {"[", PNI_E_JSON, "list of files"}};
    pn_catalog *catalog = pn_catalog_new();
    pn_dataset_spec spec = PN_DATASET_SPEC_INIT;
    PNI_AUTO(pn_buf) text = PN_BUF_INIT;
    spec.name = "d";
    spec.uri = "/t";
    spec.format = "delta";
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        spec.files_json = wrong[i].files;
        FX_FAILS(pn_catalog_add(catalog, &spec, err), wrong[i].number, wrong[i].text);
    }
    spec.files_json = "[\"b\", \"a\"]";
    spec.format = "csv";
    FX_FAILS(pn_catalog_add(catalog, &spec, err), PNI_E_DATASET_FILES, "csv");
    spec.format = "delta";
    FX_OK(pn_catalog_add(catalog, &spec, err));
    FX_OK(pn_catalog_describe(catalog, "d", &text, err));
    T_ASSERT(strstr(pni_buf_text(&text), "\"files\":[\"a\",\"b\"]"));
    pn_catalog_unref(catalog);
}
