/* Tables of a session: resolved once, temporary ones, names, references, several threads. */
#include "session_fixture.h"

#include <pthread.h>

T_CASE(a_table_is_resolved_once) {
    PNI_AUTO_PTR(pn_session) session = fx_session(NULL);
    const pni_resolved *first, *second;
    fx_add_dataset(session, "d", "csv", fx_write("d.csv", "k\n1\n"));
    FX_OK(pni_session_resolve(session, "d", &first, err));
    fx_write("d.csv", "k,v\n1,2\n"); /* what the session saw stays what it sees */
    FX_OK(pni_session_resolve(session, "d", &second, err));
    T_ASSERT(first == second);
    T_EQ_INT(second->schema.n_children, 1);
}

T_CASE(a_dataset_that_fails_may_be_resolved_later) {
    PNI_AUTO_PTR(pn_session) session = fx_session(NULL);
    const pni_resolved *resolved;
    fx_add_dataset(session, "d", "csv", fx_path("d.csv"));
    FX_FAILS(pni_session_resolve(session, "d", &resolved, err), PNI_E_DATASET_MISSING, "'d'");
    fx_write("d.csv", "k\n1\n");
    FX_OK(pni_session_resolve(session, "d", &resolved, err));
}

T_CASE(names_are_unique_over_datasets_and_temporary_tables) {
    PNI_AUTO_PTR(pn_session) session = fx_session(NULL);
    pn_dataset_spec spec = PN_DATASET_SPEC_INIT;
    fx_add_dataset(session, "d", "csv", "/x.csv");
    fx_add_rows(session, "t", "[{\"k\":1}]");
    FX_FAILS(pn_session_add_rows(session, "d", fx_bytes("[{\"k\":1}]"), NULL, err),
             PNI_E_DATASET_EXISTS, "'d'");
    FX_FAILS(pn_session_add_rows(session, "t", fx_bytes("[{\"k\":1}]"), NULL, err),
             PNI_E_DATASET_EXISTS, "'t'");
    spec.name = "t";
    spec.format = "csv";
    spec.uri = "/y.csv";
    FX_FAILS(pn_session_add_dataset(session, &spec, err), PNI_E_DATASET_EXISTS, "'t'");
    T_ASSERT(pni_session_knows(session, "d") && pni_session_knows(session, "t") &&
             !pni_session_knows(session, "u"));
}

T_CASE(an_unknown_table_suggests_a_near_name) {
    PNI_AUTO_PTR(pn_session) session = fx_session(NULL);
    const pni_resolved *resolved;
    pn_error problem = PN_ERROR_INIT;
    fx_add_dataset(session, "orders", "csv", "/x.csv");
    T_EQ_INT(pni_session_resolve(session, "ordres", &resolved, &problem), PN_NOT_FOUND);
    T_EQ_INT(problem.number, PNI_E_TABLE_UNKNOWN);
    T_ASSERT(strstr(problem.hint, "'orders'"));
    FX_FAILS(pni_session_resolve(session, "elsewhere", &resolved, err), PNI_E_TABLE_UNKNOWN,
             "'elsewhere'");
}

T_CASE(a_temporary_table_comes_and_goes) {
    PNI_AUTO_PTR(pn_session) session = fx_session(NULL);
    const pni_resolved *resolved;
    char first[PNI_SHA256_HEX];
    fx_add_rows(session, "t", "[{\"k\":1}]");
    FX_OK(pni_session_resolve(session, "t", &resolved, err));
    snprintf(first, sizeof first, "%s", pni_json_text(resolved->pin, "rows"));
    FX_OK(pn_session_remove_table(session, "t", err));
    FX_FAILS(pni_session_resolve(session, "t", &resolved, err), PNI_E_TABLE_UNKNOWN, "'t'");
    FX_FAILS(pn_session_remove_table(session, "t", err), PNI_E_SESSION_TABLE, "'t'");
    fx_add_rows(session, "t", "[{\"k\":2}]");
    FX_OK(pni_session_resolve(session, "t", &resolved, err));
    T_ASSERT(!pni_streq(first, pni_json_text(resolved->pin, "rows")));
    fx_add_dataset(session, "d", "csv", fx_write("d.csv", "k\n1\n"));
    FX_OK(pni_session_resolve(session, "d", &resolved, err));
    FX_FAILS(pn_session_remove_table(session, "d", err), PNI_E_SESSION_TABLE, "'d'");
}

T_CASE(a_stream_is_consumed_whatever_happens) {
    PNI_AUTO_PTR(pn_session) session = fx_session(NULL);
    static const char *const batches[] = {"[{\"k\":1}]", NULL};
    struct ArrowArrayStream stream = {0};
    fx_stream(batches, &stream);
    FX_FAILS(pn_session_add_table(NULL, "t", &stream, err), PNI_E_ARGUMENT, "session");
    T_ASSERT(!stream.release);
    fx_stream(batches, &stream);
    FX_FAILS(pn_session_add_table(session, "T", &stream, err), PNI_E_NAME, "'T'");
    T_ASSERT(!stream.release);
    fx_stream(batches, &stream);
    FX_FAILS(pn_session_add_table(session, NULL, &stream, err), PNI_E_NAME, "name");
    T_ASSERT(!stream.release);
    FX_FAILS(pn_session_add_table(session, "t", &stream, err), PNI_E_ARGUMENT, "stream");
    fx_stream(batches, &stream);
    FX_OK(pn_session_add_table(session, "t", &stream, err));
    T_ASSERT(!stream.release);
}

T_CASE(rows_that_do_not_fit_name_the_table) {
    PNI_AUTO_PTR(pn_session) session = fx_session(NULL);
    PNI_AUTO_SCHEMA schema = {0};
    PNI_AUTO_PTR(json_t) sample = json_pack("[{s:i}]", "k", 1);
    FX_OK(pni_arrow_schema_infer_json(sample, &schema, err));
    FX_FAILS(pn_session_add_rows(session, "t", fx_bytes("[{"), NULL, err), PNI_E_JSON, "'t'");
    FX_FAILS(pn_session_add_rows(session, "t", fx_bytes("[{\"k\":\"x\"}]"), &schema, err),
             PNI_E_ARROW_ROWS, "'t'");
    FX_FAILS(pn_session_add_rows(session, NULL, fx_bytes("[]"), &schema, err), PNI_E_NAME, "name");
    FX_FAILS(pn_session_add_rows(NULL, "t", fx_bytes("[]"), &schema, err), PNI_E_ARGUMENT,
             "session");
    FX_FAILS(pn_session_add_rows(session, "t", (pn_bytes){NULL, 3}, &schema, err), PNI_E_ARGUMENT,
             "json");
    T_ASSERT(!pni_session_knows(session, "t"));
    FX_OK(
        pn_session_add_rows(session, "t", fx_bytes("[]"), &schema, err)); /* no rows are rows too */
}

typedef struct race {
    pn_session *session;
    const pni_resolved *seen;
} race;

static void *resolve_in_thread(void *ctx) {
    race *self = ctx;
    PNI_SESSION_GUARD(self->session);
    if (pni_session_resolve(self->session, "d", &self->seen, NULL) != PN_OK)
        self->seen = NULL;
    return NULL;
}

T_CASE(threads_see_one_table) {
    PNI_AUTO_PTR(pn_session) session = fx_session(NULL);
    pthread_t threads[8];
    race races[8];
    fx_add_dataset(session, "d", "csv", fx_write("d.csv", "k\n1\n"));
    for (size_t i = 0; i < 8; i++) {
        races[i] = (race){session, NULL};
        T_EQ_INT(pthread_create(&threads[i], NULL, resolve_in_thread, &races[i]), 0);
    }
    for (size_t i = 0; i < 8; i++)
        pthread_join(threads[i], NULL);
    for (size_t i = 0; i < 8; i++)
        T_ASSERT(races[i].seen && races[i].seen == races[0].seen);
}

T_CASE(references_keep_a_session_alive) {
    pn_session *session = fx_session(NULL);
    pn_session *second = pni_session_ref(session);
    pn_session_unref(session);
    fx_add_rows(second, "t", "[{\"k\":1}]");
    pn_session_unref(second);
    pn_session_unref(NULL);
}

T_CASE(a_store_policy_keeps_remote_locations_out) {
    PNI_AUTO_PTR(pn_session) session = NULL;
    PNI_AUTO_PTR(pn_session) wrong = NULL;
    const pni_resolved *resolved;
    FX_OK(fx_session_with("require_local_paths", "true", &session, err));
    fx_add_dataset(session, "away", "parquet", "s3://bucket/away");
    PNI_SESSION_GUARD(session);
    FX_FAILS(pni_session_resolve(session, "away", &resolved, err), PNI_E_STORE_POLICY, "'away'");
    T_ASSERT(
        json_is_true(json_object_get(pni_session_store_policy(session), "require_local_paths")));
    FX_FAILS(fx_session_with("require_local_paths", "maybe", &wrong, err), PNI_E_SESSION_SETTING,
             "maybe");
}
