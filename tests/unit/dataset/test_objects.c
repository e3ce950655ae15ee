/* Stores that cannot be asked: who says so, and how long it takes. What a store answers is tested
 * with a real one in tests/python/test_object_stores.py. */
#include "dataset/dataset.h"
#include "support/core_fixture.h"

/* Nobody listens on port 9; one try. */
#define NOBODY                                                                                     \
    "{\"access_key_id\": \"AKIA12345678\", \"secret_access_key\": \"hunter2hunter2\","             \
    "\"endpoint\": \"http://127.0.0.1:9\", \"allow_http\": \"true\", \"max_retries\": \"0\"}"

typedef struct store_case {
    pni_engine_session *engine;
    json_t *storage;
    pni_place place;
} store_case;

static store_case start(const char *uri) {
    store_case c = {0};
    PNI_AUTO_PTR(json_t) given = NULL;
    PNI_AUTO_PTR(json_t) checked = NULL;
    FX_OK(pni_engine_session_new(NULL, &c.engine, err));
    FX_OK(pni_json_parse(NOBODY, strlen(NOBODY), "options", &given, err));
    FX_OK(pni_storage_check("d", given, &checked, err));
    FX_OK(pni_storage_resolve("d", uri, checked, &c.storage, err));
    c.place = (pni_place){.uri = uri, .storage = c.storage};
    return c;
}

static void finish(store_case *c) {
    pni_engine_session_free(c->engine);
    json_decref(c->storage);
}

T_CASE(a_store_that_is_not_there_is_said_to_be_silent) {
    store_case c = start("s3://bucket/key");
    bool found;
    FX_FAILS(pni_objects_below(c.engine, &c.place, "", &found, err), PNI_E_REMOTE_SILENT,
             "'s3://bucket/key'");
    FX_FAILS(pni_storage_may_commit(c.engine, &c.place, err), PNI_E_REMOTE_SILENT,
             "'s3://bucket/key'");
    finish(&c);
}

T_CASE(a_token_that_fired_asks_nobody) {
    store_case c = start("s3://bucket/key");
    bool found;
    c.place.cancel = pn_cancel_new();
    pn_cancel_fire(c.place.cancel);
    FX_FAILS(pni_objects_below(c.engine, &c.place, "", &found, err), PNI_E_CANCELLED, "");
    pn_cancel_unref(c.place.cancel);
    finish(&c);
}

T_CASE(an_optional_dataset_of_a_silent_store_is_an_error) {
    static const char *const formats[] = {"csv", "delta"};
    for (size_t i = 0; i < sizeof formats / sizeof *formats; i++) {
        store_case c = start("s3://bucket/key");
        PNI_AUTO_PTR(pni_resolved) resolved = NULL;
        PNI_AUTO_SCHEMA schema = {0};
        pn_catalog *catalog = pn_catalog_new();
        pn_dataset_spec spec = PN_DATASET_SPEC_INIT;
        FX_OK(pni_arrow_type_parse("struct<k: int64>", &schema, err));
        spec.name = "far";
        spec.format = formats[i];
        spec.uri = "s3a://bucket/key";
        spec.storage_options_json = NOBODY;
        spec.schema = &schema;
        spec.flags = PN_DATASET_OPTIONAL;
        FX_OK(pn_catalog_add(catalog, &spec, err));
        const pni_dataset *dataset = pni_catalog_find(catalog, "far");
        T_EQ_STR(dataset->uri, "s3://bucket/key");
        FX_FAILS(pni_dataset_resolve(c.engine, dataset, NULL, &resolved, err), PNI_E_REMOTE_SILENT,
                 "dataset 'far'");
        pn_catalog_unref(catalog);
        finish(&c);
    }
}
