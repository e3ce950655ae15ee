/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Planning a bundle to run it. The canonical Substrait is what the fingerprint stands for, so it
 * comes first. Only when the engine says that it cannot plan it is the plan tried that was kept
 * when the bundle was compiled, and then the SQL text, and only if either is still this very
 * bundle: a fallback may change how a plan is made, never which. Everything else (damage, drift, an
 * input that is gone, a limit, a cancelled call) is the answer and ends here.
 */
#include "pinion/exec.h"

#include "plan/params.h"
#include "plan/plan.h"
#include "plan/plan_cache.h"

#include <ctype.h>

static pn_status open_substrait(const pni_replay *replay, const pn_bundle *bundle,
                                pni_engine_plan **out, pn_error *err) {
    return pni_engine_plan_substrait(replay->engine, PNI_SPACE_RUN,
                                     pn_substrait_bytes(bundle->substrait), out, err);
}

/* `text` is what was planned, with tables in the place of calls. */
static pn_status compile_again(const pni_replay *replay, const pn_bundle *bundle, pn_bundle **out,
                               pn_buf *text, pn_error *err) {
    pni_compile_request request = {.name = bundle->name,
                                   .sql = {(const uint8_t *)bundle->sql, strlen(bundle->sql)},
                                   .params = bundle->params,
                                   .lookup = pni_bundle_lookup,
                                   .ctx = (void *)(uintptr_t)bundle};
    PNI_SESSION_GUARD(replay->session);
    PNI_TRY(pni_plan_expand(replay->session, bundle, text, err));
    return pni_plan_compile(replay->session, &request, out, err);
}

static pn_status open_sql(const pni_replay *replay, const pn_bundle *bundle, pni_engine_plan **out,
                          pn_error *err) {
    PNI_AUTO_PTR(pn_bundle) again = NULL;
    PNI_AUTO_STREAM params = {0};
    PNI_AUTO(pn_buf) text = PN_BUF_INIT;
    if (!bundle->sql)
        return pni_fail(err, PNI_E_REPLAY_STEP, "bundle %.12s holds no SQL", bundle->fingerprint);
    PNI_TRY(compile_again(replay, bundle, &again, &text, err));
    if (!pni_streq(again->fingerprint, bundle->fingerprint))
        return pni_fail(err, PNI_E_PLAN_DRIFT, "the SQL of bundle %.12s now compiles to %.12s",
                        bundle->fingerprint, again->fingerprint);
    PNI_TRY(pni_params_stream(bundle->params, &params, err));
    const pni_bound_sql bound = {.text = {text.data, text.len},
                                 .params = params.release ? &params : NULL};
    return pni_engine_plan_bound_sql(replay->engine, PNI_SPACE_RUN, &bound, out, err);
}

typedef struct replay_step {
    int32_t step; /* PN_REPLAY_* */
    const char *name;
    const char *words;
    pn_status (*open)(const pni_replay *replay, const pn_bundle *bundle, pni_engine_plan **out,
                      pn_error *err);
} replay_step;

static const replay_step steps[] = {
    {PN_REPLAY_SUBSTRAIT, "substrait", "From its Substrait", open_substrait},
    {PN_REPLAY_PLAN_CACHE, "plan_cache", "From the plan cache", pni_plan_restore},
    {PN_REPLAY_SQL, "sql", "From its SQL", open_sql},
};
#define STEPS (sizeof steps / sizeof *steps)

typedef struct failure {
    const replay_step *step;
    pn_error why;
} failure;

static bool is_offered(const pni_replay *replay, const pn_bundle *bundle, int32_t step) {
    if (replay->only)
        return replay->only == step;
    return step == PN_REPLAY_PLAN_CACHE
               ? pni_plan_cache_is_on(pni_session_plan_cache(replay->session))
               : step == PN_REPLAY_SUBSTRAIT || bundle->sql;
}

/* The engine could not make a plan of what it was given; all else is an answer. A kept plan is none
 * whatever was wrong with it. */
static bool may_go_on(const failure *last) {
    pn_status status = last->why.status;
    if (last->step->step == PN_REPLAY_PLAN_CACHE)
        return status != PN_CANCELLED;
    return status == PN_PLAN || status == PN_UNSUPPORTED || status == PN_INTERNAL;
}

static void note_fallback(const pni_replay *replay, const pn_bundle *bundle, const failure *failed,
                          const replay_step *instead) {
    PNI_AUTO(pn_buf) code = PN_BUF_INIT;
    pni_buf_printf(&code, "%s_%s", failed->step->name, pn_status_name(failed->why.status));
    for (size_t i = 0; i < code.len; i++)
        code.data[i] = (uint8_t)toupper(code.data[i]);
    pni_event_add(replay->events, "fallback", pni_buf_text(&code),
                  json_pack("{s:s, s:s, s:s}", "bundle", bundle->fingerprint, "reason",
                            failed->why.message, "instead", instead->name));
}

/* The first failure is the story; what else was tried is told below it. */
static pn_status tell(const failure *failed, size_t count, pn_error *err) {
    PNI_AUTO(pn_buf) detail = PN_BUF_INIT;
    if (!err)
        return failed[0].why.status;
    *err = failed[0].why;
    pni_buf_puts(&detail, err->detail);
    for (size_t i = 1; i < count; i++)
        pni_buf_printf(&detail, "%s%s: %s", detail.len ? "\n" : "", failed[i].step->words,
                       failed[i].why.message);
    pni_error_detail(err, "%s", pni_buf_text(&detail));
    return err->status;
}

pn_status pni_plan_open(pni_replay *replay, const pn_bundle *bundle, pni_engine_plan **out,
                        pn_error *err) {
    failure failed[STEPS];
    size_t count = 0;
    for (size_t i = 0; i < STEPS; i++) {
        if (!is_offered(replay, bundle, steps[i].step))
            continue;
        if (count && !may_go_on(&failed[count - 1]))
            break;
        failed[count] = (failure){&steps[i], PN_ERROR_INIT};
        if (steps[i].open(replay, bundle, out, &failed[count].why) == PN_OK) {
            for (size_t f = 0; f < count; f++)
                note_fallback(replay, bundle, &failed[f], failed[f + 1].step);
            if (replay->last < steps[i].step)
                replay->last = steps[i].step;
            return PN_OK;
        }
        count++;
    }
    if (!count)
        return pni_fail(err, PNI_E_ARGUMENT, "there is no replay step %d", replay->only);
    return tell(failed, count, err);
}
