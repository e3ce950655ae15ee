/* What a session and its tables look like as JSON. */
#include "session_fixture.h"

T_CASE(a_session_describes_itself_the_same_every_time) {
    PNI_AUTO(pn_buf) first = PN_BUF_INIT;
    PNI_AUTO(pn_buf) second = PN_BUF_INIT;
    PNI_AUTO_PTR(pn_session) a = fx_session(NULL);
    PNI_AUTO_PTR(pn_session) b = fx_session(NULL);
    FX_OK(pn_session_describe(a, &first, err));
    FX_OK(pn_session_describe(b, &second, err));
    T_EQ_STR(pni_buf_text(&first), pni_buf_text(&second));
    PNI_AUTO_PTR(json_t) json = fx_json(&first);
    static const char *const hashes[] = {"settings_hash", "environment_hash", "rulepack_hash"};
    for (size_t i = 0; i < 3; i++)
        T_EQ_UINT(strlen(pni_json_text(json, hashes[i])), PNI_SHA256_HEX - 1);
    T_EQ_STR(pni_json_text(json, "profile"), "default");
    FX_FAILS(pn_session_describe(NULL, &first, err), PNI_E_ARGUMENT, "session");
    FX_FAILS(pn_session_describe(a, NULL, err), PNI_E_ARGUMENT, "json_out");
}

T_CASE(tables_are_listed_by_name) {
    PNI_AUTO(pn_buf) text = PN_BUF_INIT;
    pn_catalog *catalog = pn_catalog_new();
    pn_dataset_spec spec = PN_DATASET_SPEC_INIT;
    spec.name = "b";
    spec.format = "parquet";
    spec.uri = "/b";
    FX_OK(pn_catalog_add(catalog, &spec, err));
    PNI_AUTO_PTR(pn_session) session = fx_session(catalog);
    pn_catalog_unref(catalog);
    fx_add_rows(session, "c", "[{\"k\":1}]");
    fx_add_dataset(session, "a", "csv", "/a.csv");
    fx_add_rows(session, "gone", "[{\"k\":1}]");
    FX_OK(pn_session_remove_table(session, "gone", err));
    FX_OK(pn_session_tables(session, &text, err));
    T_EQ_STR(pni_buf_text(&text), "[{\"format\":\"csv\",\"kind\":\"dataset\",\"name\":\"a\"},"
                                  "{\"format\":\"parquet\",\"kind\":\"dataset\",\"name\":\"b\"},"
                                  "{\"format\":\"memory\",\"kind\":\"temporary\",\"name\":\"c\"}]");
    FX_FAILS(pn_session_tables(NULL, &text, err), PNI_E_ARGUMENT, "session");
}

T_CASE(a_table_shows_schema_pin_and_metadata) {
    PNI_AUTO_PTR(pn_session) session = fx_session(NULL);
    PNI_AUTO(pn_buf) text = PN_BUF_INIT;
    pn_dataset_spec spec = PN_DATASET_SPEC_INIT;
    spec.name = "d";
    spec.format = "csv";
    spec.uri = fx_write("d.csv", "k\n1\n");
    spec.metadata_json = "{\"ddl\":\"create table d\"}";
    FX_OK(pn_session_add_dataset(session, &spec, err));
    FX_OK(pn_session_table(session, "d", &text, err));
    PNI_AUTO_PTR(json_t) json = fx_json(&text);
    T_EQ_STR(pni_json_text(json, "kind"), "dataset");
    T_EQ_STR(pni_json_text(json, "format"), "csv");
    T_EQ_STR(pni_json_text(json_object_get(json, "metadata"), "ddl"), "create table d");
    T_ASSERT(json_is_null(json_object_get(json_object_get(json, "metadata"), "constraints")));
    T_ASSERT(pni_json_text(json_object_get(json, "pin"), "files"));
    T_ASSERT(!strstr(pni_buf_text(&text), t_tmpdir()));
    fx_add_rows(session, "t", "[{\"k\":1}]");
    pni_buf_clear(&text);
    FX_OK(pn_session_table(session, "t", &text, err));
    T_ASSERT(strstr(pni_buf_text(&text), "\"kind\":\"temporary\""));
    FX_FAILS(pn_session_table(session, "u", &text, err), PNI_E_TABLE_UNKNOWN, "'u'");
    FX_FAILS(pn_session_table(session, NULL, &text, err), PNI_E_ARGUMENT, "name");
}

T_CASE(a_schema_is_the_callers_own) {
    PNI_AUTO_SCHEMA schema = {0};
    pn_session *session = fx_session(NULL);
    fx_add_rows(session, "t", "[{\"k\":1,\"v\":\"x\"}]");
    FX_OK(pn_session_table_schema(session, "t", &schema, err));
    FX_FAILS(pn_session_table_schema(session, "u", &schema, err), PNI_E_TABLE_UNKNOWN, "'u'");
    FX_FAILS(pn_session_table_schema(session, "t", NULL, err), PNI_E_ARGUMENT, "schema_out");
    pn_session_unref(session);
    T_EQ_INT(schema.n_children, 2);
    T_EQ_STR(schema.children[1]->name, "v");
}
