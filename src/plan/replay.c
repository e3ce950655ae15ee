/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Planning a bundle to run it. The canonical Substrait is what the fingerprint stands for, so it
 * comes first. Only when the engine says that it cannot plan it is the SQL text tried, and only if
 * the text still compiles to this very bundle: a fallback may change how a plan is made, never
 * which. Everything else (damage, drift, an input that is gone, a limit, a cancelled call) is the
 * answer and ends here.
 */
#include "pinion/exec.h"

#include "plan/params.h"
#include "plan/plan.h"

static pn_status open_substrait(const pni_replay *replay, const pn_bundle *bundle,
                                pni_engine_plan **out, pn_error *err) {
    return pni_engine_plan_substrait(replay->engine, PNI_SPACE_RUN,
                                     pn_substrait_bytes(bundle->substrait), out, err);
}

static pn_status compile_again(const pni_replay *replay, const pn_bundle *bundle, pn_bundle **out,
                               pn_error *err) {
    pni_compile_request request = {.name = bundle->name,
                                   .sql = {(const uint8_t *)bundle->sql, strlen(bundle->sql)},
                                   .params = bundle->params,
                                   .lookup = pni_bundle_lookup,
                                   .ctx = (void *)(uintptr_t)bundle};
    PNI_SESSION_GUARD(replay->session);
    return pni_plan_compile(replay->session, &request, out, err);
}

static pn_status open_sql(const pni_replay *replay, const pn_bundle *bundle, pni_engine_plan **out,
                          pn_error *err) {
    PNI_AUTO_PTR(pn_bundle) again = NULL;
    PNI_AUTO_STREAM params = {0};
    if (!bundle->sql)
        return pni_fail(err, PNI_E_REPLAY_STEP, "bundle %.12s holds no SQL", bundle->fingerprint);
    PNI_TRY(compile_again(replay, bundle, &again, err));
    if (!pni_streq(again->fingerprint, bundle->fingerprint))
        return pni_fail(err, PNI_E_PLAN_DRIFT, "the SQL of bundle %.12s now compiles to %.12s",
                        bundle->fingerprint, again->fingerprint);
    PNI_TRY(pni_params_stream(bundle->params, &params, err));
    const pni_bound_sql bound = {.text = {(const uint8_t *)bundle->sql, strlen(bundle->sql)},
                                 .params = params.release ? &params : NULL};
    return pni_engine_plan_bound_sql(replay->engine, PNI_SPACE_RUN, &bound, out, err);
}

/* The engine could not make a plan of what it was given; all else is an answer. */
static bool may_fall_back(pn_status status) {
    return status == PN_PLAN || status == PN_UNSUPPORTED || status == PN_INTERNAL;
}

static void note_fallback(const pn_bundle *bundle, pni_replay *replay, pn_status status,
                          const pn_error *why) {
    PNI_AUTO(pn_buf) code = PN_BUF_INIT;
    pni_buf_printf(&code, "SUBSTRAIT_%s", pn_status_name(status));
    pni_event_add(replay->events, "fallback", pni_buf_text(&code),
                  json_pack("{s:s, s:s, s:s}", "bundle", bundle->fingerprint, "reason",
                            why->message, "instead", "sql"));
}

static pn_status fall_back(pni_replay *replay, const pn_bundle *bundle, pni_engine_plan **out,
                           pn_error *err) {
    pn_error second = PN_ERROR_INIT;
    pn_status status = open_sql(replay, bundle, out, &second);
    if (status == PN_OK) {
        note_fallback(bundle, replay, err->status, err);
        replay->last = PN_REPLAY_SQL;
        return PN_OK;
    }
    PNI_AUTO(pn_buf) detail = PN_BUF_INIT;
    pni_buf_printf(&detail, "%s%sFrom its SQL: %s", err->detail, *err->detail ? "\n" : "",
                   second.message);
    pni_error_detail(err, "%s", pni_buf_text(&detail));
    return err->status;
}

pn_status pni_plan_open(pni_replay *replay, const pn_bundle *bundle, pni_engine_plan **out,
                        pn_error *err) {
    pn_error first = PN_ERROR_INIT;
    if (replay->only == PN_REPLAY_SQL) {
        replay->last = PN_REPLAY_SQL;
        return open_sql(replay, bundle, out, err);
    }
    pn_status status = open_substrait(replay, bundle, out, &first);
    if (status == PN_OK && !replay->last)
        replay->last = PN_REPLAY_SUBSTRAIT;
    if (status != PN_OK && replay->only != PN_REPLAY_SUBSTRAIT && bundle->sql &&
        may_fall_back(status))
        status = fall_back(replay, bundle, out, &first);
    if (status != PN_OK && err)
        *err = first;
    return status;
}
