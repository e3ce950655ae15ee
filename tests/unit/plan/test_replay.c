/* From what a bundle is planned: Substrait first, SQL only when the engine cannot plan that, and
 * nothing that would hide damage or drift. */
#define _GNU_SOURCE /* memmem */
#include "plan_fixture.h"

static const char query[] = "select abs(v) as a from t order by a";

static pn_session *session_with_rows(void) {
    pn_session *session = fx_session(NULL);
    fx_add_rows(session, "t", "[{\"v\":-2},{\"v\":1}]");
    return session;
}

/* Puts a plan into the bundle that calls a function which no engine has. */
static void break_plan(pn_bundle *bundle) {
    PNI_AUTO(pn_buf) bytes = PN_BUF_INIT;
    pn_bytes old = pn_bundle_substrait(bundle);
    pni_buf_append(&bytes, old.data, old.len);
    char *name = memmem(bytes.data, bytes.len, "abs", 3);
    T_ASSERT(name != NULL);
    memcpy(name, "abz", 3);
    pn_substrait_unref(bundle->substrait);
    bundle->substrait = NULL;
    FX_OK(pn_substrait_decode((pn_bytes){bytes.data, bytes.len}, NULL, &bundle->substrait, err));
}

static pn_status open_as(pn_session *session, const pn_bundle *bundle, pni_replay *replay,
                         pni_engine_plan **out, pn_error *err) {
    replay->session = session;
    replay->engine = pni_session_engine(session);
    return pni_plan_open(replay, bundle, out, err);
}

static void expect_rows(pn_session *session, const pn_bundle *bundle, pni_replay *replay) {
    PNI_AUTO_PTR(pni_engine_plan) plan = NULL;
    struct ArrowArrayStream stream = {0};
    FX_OK(open_as(session, bundle, replay, &plan, err));
    FX_OK(pni_engine_plan_execute(plan, NULL, &stream, err));
    PNI_AUTO_PTR(pni_text) rows = fx_rows(&stream);
    T_EQ_STR(rows, "1\n2\n");
}

T_CASE(each_step_alone_gives_the_rows) {
    PNI_AUTO_PTR(pn_session) session = session_with_rows();
    PNI_AUTO_PTR(pn_bundle) bundle = fx_compile(session, query);
    pni_replay by_default = {0};
    pni_replay substrait = {.only = PN_REPLAY_SUBSTRAIT};
    pni_replay sql = {.only = PN_REPLAY_SQL};
    expect_rows(session, bundle, &by_default);
    expect_rows(session, bundle, &substrait);
    expect_rows(session, bundle, &sql);
    T_EQ_INT(by_default.last, PN_REPLAY_SUBSTRAIT);
    T_EQ_INT(sql.last, PN_REPLAY_SQL);
}

T_CASE(what_cannot_be_planned_falls_back_and_says_so) {
    PNI_AUTO_PTR(pn_session) session = session_with_rows();
    PNI_AUTO_PTR(pn_bundle) bundle = fx_compile(session, query);
    PNI_AUTO_PTR(pni_events) events = pni_events_new();
    pni_replay replay = {.events = events};
    break_plan(bundle);
    expect_rows(session, bundle, &replay);
    T_EQ_INT(replay.last, PN_REPLAY_SQL);
    PNI_AUTO_PTR(json_t) json = pni_events_json(events);
    T_EQ_UINT(json_array_size(json), 1);
    const json_t *event = json_array_get(json, 0);
    T_EQ_STR(pni_json_text(event, "kind"), "fallback");
    T_ASSERT(pni_starts_with(pni_json_text(event, "code"), "SUBSTRAIT_"));
    const json_t *detail = json_object_get(event, "detail");
    T_EQ_STR(pni_json_text(detail, "bundle"), pn_bundle_fingerprint(bundle));
    T_EQ_STR(pni_json_text(detail, "instead"), "sql");
    T_ASSERT(strstr(pni_json_text(detail, "reason"), "abz") != NULL);
}

T_CASE(asking_for_substrait_alone_forbids_it) {
    PNI_AUTO_PTR(pn_session) session = session_with_rows();
    PNI_AUTO_PTR(pn_bundle) bundle = fx_compile(session, query);
    pni_replay replay = {.only = PN_REPLAY_SUBSTRAIT};
    pni_engine_plan *plan = NULL;
    pn_error why = PN_ERROR_INIT;
    break_plan(bundle);
    T_ASSERT(open_as(session, bundle, &replay, &plan, &why) != PN_OK);
    T_ASSERT(strstr(why.message, "abz") != NULL);
}

/* The text is evidence: another one, or none, changes nothing about what a bundle is. */
T_CASE(sql_that_is_another_query_is_not_run) {
    PNI_AUTO_PTR(pn_session) session = session_with_rows();
    PNI_AUTO_PTR(pn_bundle) bundle = fx_compile(session, query);
    pni_replay sql = {.only = PN_REPLAY_SQL};
    pni_replay by_default = {0};
    pni_engine_plan *plan = NULL;
    pn_error why = PN_ERROR_INIT;
    pni_free(bundle->sql);
    bundle->sql = pni_strdup("select v as a from t order by a");
    FX_FAILS(open_as(session, bundle, &sql, &plan, err), PNI_E_PLAN_DRIFT, "now compiles to");
    break_plan(bundle);
    T_ASSERT(open_as(session, bundle, &by_default, &plan, &why) != PN_OK);
    T_ASSERT(strstr(why.message, "abz") && strstr(why.detail, "now compiles to"));
    pni_free(bundle->sql);
    bundle->sql = NULL;
    FX_FAILS(open_as(session, bundle, &sql, &plan, err), PNI_E_REPLAY_STEP, "holds no SQL");
    T_ASSERT(open_as(session, bundle, &by_default, &plan, NULL) != PN_OK);
}

T_CASE(a_view_is_replayed_over_its_own_upstream) {
    PNI_AUTO_PTR(pn_session) session = session_with_rows();
    PNI_AUTO_PTR(pn_bundle) low = NULL;
    FX_OK(fx_compile_as(session, "low", "select abs(v) as a from t", &low, err));
    pni_replay sql = {
        .session = session, .engine = pni_session_engine(session), .only = PN_REPLAY_SQL};
    FX_OK(pni_plan_register_view(&sql, low, err));
    T_EQ_INT(sql.last, PN_REPLAY_SQL);
    PNI_AUTO_PTR(pni_engine_plan) plan = NULL;
    struct ArrowArrayStream stream = {0};
    FX_OK(pni_engine_plan_sql(pni_session_engine(session), PNI_SPACE_RUN,
                              fx_bytes("select sum(a) from low"), 0, &plan, err));
    FX_OK(pni_engine_plan_execute(plan, NULL, &stream, err));
    PNI_AUTO_PTR(pni_text) rows = fx_rows(&stream);
    T_EQ_STR(rows, "3\n");
}
