/* Compiling one query, and bundles made by hand. */
#ifndef PN_TESTS_PLAN_FIXTURE_H
#define PN_TESTS_PLAN_FIXTURE_H

#include "plan/plan.h"
#include "unit/session/session_fixture.h"

static inline pn_status fx_compile_as(pn_session *session, const char *name, const char *sql,
                                      pn_bundle **out, pn_error *problem) {
    pni_compile_request request = {.name = name, .sql = fx_bytes(sql)};
    PNI_SESSION_GUARD(session);
    return pni_plan_compile(session, &request, out, problem);
}

static inline pn_bundle *fx_compile(pn_session *session, const char *sql) {
    pn_bundle *bundle = NULL;
    FX_OK(fx_compile_as(session, NULL, sql, &bundle, err));
    return bundle;
}

static inline void fx_fingerprint(pn_session *session, const char *sql, char out[PNI_SHA256_HEX]) {
    PNI_AUTO_PTR(pn_bundle) bundle = fx_compile(session, sql);
    snprintf(out, PNI_SHA256_HEX, "%s", pn_bundle_fingerprint(bundle));
}

/* A sealed bundle that no plan stands behind. The inputs' references are taken over. */
static inline pn_bundle *fx_bundle(const char *name, pn_bundle *const *inputs, size_t count) {
    pn_bundle *bundle = pni_calloc(1, sizeof *bundle);
    atomic_init(&bundle->refs, 1);
    bundle->name = name ? pni_strdup(name) : NULL;
    bundle->inputs = pni_calloc(count + 1, sizeof *bundle->inputs);
    bundle->documents = json_pack("{s:s}", "plan", name ? name : "");
    for (size_t i = 0; i < count; i++)
        bundle->inputs[bundle->n_inputs++] =
            (pni_bundle_input){pni_strdup(inputs[i]->name), inputs[i], NULL};
    FX_OK(pni_bundle_seal(bundle, err));
    return bundle;
}

#endif
