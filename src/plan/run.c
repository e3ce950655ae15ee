/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From a bundle to a plan that runs. What the bundle depends on is compared first, input by input;
 * only then is its Substrait planned over the pinned providers.
 */
#include "plan/plan.h"

static pn_status drift(pn_error *err, const pn_bundle *bundle, const char *what, const char *name) {
    return pni_fail(err, PNI_E_PLAN_DRIFT,
                    "%s '%s' differs from what bundle %.12s was compiled against", what, name,
                    bundle->fingerprint);
}

static pn_status check_inputs(pn_session *session, const pn_bundle *bundle, pn_error *err) {
    for (size_t i = 0; i < bundle->n_inputs; i++) {
        const pni_bundle_input *input = &bundle->inputs[i];
        const pni_resolved *resolved;
        if (input->view)
            continue;
        PNI_TRY(pni_session_resolve(session, input->name, &resolved, err));
        if (!json_equal(resolved->pin, input->pin))
            return drift(err, bundle, "dataset", input->name);
        PNI_TRY(pni_session_check_files(session, input->name, err));
    }
    return PN_OK;
}

pn_status pni_plan_check(pn_session *session, const pn_bundle *bundle, pn_error *err) {
    const struct {
        const char *component;
        const json_t *now;
    } wide[] = {{"settings", pni_session_identity_settings(session)},
                {"planning_env", pni_session_environment(session)},
                {"rulepack", pni_session_rulepack(session)}};
    PNI_AUTO_PTR(json_t) functions = NULL;
    for (size_t i = 0; i < sizeof wide / sizeof *wide; i++)
        if (!json_equal(json_object_get(bundle->documents, wide[i].component), wide[i].now))
            return drift(err, bundle, "component", wide[i].component);
    PNI_TRY(pni_session_functions(session, bundle->functions, &functions, err));
    if (!json_equal(json_object_get(bundle->documents, "udf"), functions))
        return drift(err, bundle, "component", "udf");
    return check_inputs(session, bundle, err);
}

pn_status pni_plan_open(const pni_engine_session *engine, const pn_bundle *bundle,
                        pni_engine_plan **out, pn_error *err) {
    return pni_engine_plan_substrait(engine, PNI_SPACE_RUN, pn_substrait_bytes(bundle->substrait),
                                     out, err);
}

pn_status pni_plan_register_view(const pni_engine_session *engine, const pn_bundle *bundle,
                                 pn_error *err) {
    PNI_AUTO_PTR(pni_engine_plan) plan = NULL;
    PNI_AUTO_PTR(pni_engine_table) table = NULL;
    PNI_TRY(pni_plan_open(engine, bundle, &plan, err));
    PNI_TRY(pni_engine_table_from_plan(plan, &table, err));
    return pni_engine_register(engine, PNI_SPACE_RUN, bundle->name, table, err);
}
