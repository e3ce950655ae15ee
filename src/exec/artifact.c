/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Artifacts by name. The table says what there is, whether it is identity or evidence, and who
 * makes it; the bundle's memo makes each once, whatever thread asks. An artifact may stand on
 * others (plan_details on nearly all): those come from the memo too, and none stands on itself.
 */
#include "exec/artifact.h"

#define IDENTITY true
#define EVIDENCE false

/* Sorted by name. */
static const pni_artifact artifacts[] = {
    {"cdf_windows", EVIDENCE, pni_make_cdf_windows, NULL, NULL},
    {"compile_options", EVIDENCE, pni_make_options, NULL, NULL},
    {"components", IDENTITY, pni_make_components, NULL, NULL},
    {"delta_inputs", IDENTITY, pni_make_component, "pins", NULL},
    {"determinism_audit", EVIDENCE, pni_make_audit, NULL, NULL},
    {"df_settings", IDENTITY, pni_make_component, "settings", NULL},
    {"domain_planners", IDENTITY, pni_make_component, "domain_planners", NULL},
    {"dynamic_filter_count", EVIDENCE, pni_make_part, "physical_forms", "dynamic_filter_count"},
    {"explain_analyze", EVIDENCE, pni_make_analysis, NULL, NULL},
    {"explain_analyze_duration_us", EVIDENCE, pni_make_part, "explain_analyze", "duration_us"},
    {"explain_analyze_output_rows", EVIDENCE, pni_make_part, "explain_analyze", "output_rows"},
    {"explain_tree", EVIDENCE, pni_make_explain_tree, NULL, NULL},
    {"explain_verbose", EVIDENCE, pni_make_verbose, NULL, NULL},
    {"function_registry", EVIDENCE, pni_make_functions, NULL, NULL},
    {"graphviz", EVIDENCE, pni_make_part, "physical_forms", "graphviz"},
    {"information_schema", EVIDENCE, pni_make_information_schema, NULL, NULL},
    {"inputs", IDENTITY, pni_make_component, "inputs", NULL},
    {"lineage", IDENTITY, pni_make_lineage, NULL, NULL},
    {"lineage_report", IDENTITY, pni_make_lineage_report, NULL, NULL},
    {"logical_forms", EVIDENCE, pni_make_logical_forms, NULL, NULL},
    {"logical_plan", EVIDENCE, pni_make_logical_plan, NULL, NULL},
    {"operators", EVIDENCE, pni_make_part, "physical_forms", "operators"},
    {"optimized_plan", EVIDENCE, pni_make_part, "logical_forms", "text"},
    {"optimized_plan_graphviz", EVIDENCE, pni_make_part, "logical_forms", "graphviz"},
    {"optimized_plan_pgjson", EVIDENCE, pni_make_part, "logical_forms", "pgjson"},
    {"partition_count", EVIDENCE, pni_make_part, "physical_forms", "partition_count"},
    {"physical_forms", EVIDENCE, pni_make_physical_forms, NULL, NULL},
    {"physical_plan", EVIDENCE, pni_make_part, "physical_forms", "text"},
    {"physical_plan_bytes", EVIDENCE, pni_make_physical_bytes, NULL, NULL},
    {"plan_details", EVIDENCE, pni_make_details, NULL, NULL},
    {"planning_env", IDENTITY, pni_make_component, "planning_env", NULL},
    {"platform", EVIDENCE, pni_make_platform, NULL, NULL},
    {"proto_serialization", EVIDENCE, pni_make_proto_status, NULL, NULL},
    {"repartition_count", EVIDENCE, pni_make_part, "physical_forms", "repartition_count"},
    {"required_rewrite_tags", IDENTITY, pni_make_component, "rewrite_tags", NULL},
    {"required_udfs", IDENTITY, pni_make_component, "udf", NULL},
    {"rewrite_tags", EVIDENCE, pni_make_part, "udf_snapshot", "rewrite_tags"},
    {"rulepack", IDENTITY, pni_make_component, "rulepack", NULL},
    {"schema", IDENTITY, pni_make_schema, NULL, NULL},
    {"schema_describe", IDENTITY, pni_make_schema_describe, NULL, NULL},
    {"schema_names", IDENTITY, pni_make_schema_names, NULL, NULL},
    {"schema_provenance", IDENTITY, pni_make_lineage, NULL, NULL},
    {"schema_read", IDENTITY, pni_make_component, "schema", NULL},
    {"session_settings", EVIDENCE, pni_make_settings, NULL, NULL},
    {"statistics", EVIDENCE, pni_make_part, "physical_forms", "statistics"},
    {"store_policy", IDENTITY, pni_make_component, "store_policy", NULL},
    {"substrait_text", IDENTITY, pni_make_substrait_text, NULL, NULL},
    {"substrait_validation", EVIDENCE, pni_make_validation, NULL, NULL},
    {"udf_snapshot", EVIDENCE, pni_make_platform, NULL, NULL},
};

#define ARTIFACT_COUNT (sizeof artifacts / sizeof *artifacts)

const char *pn_bundle_artifact_name(size_t index) {
    return index < ARTIFACT_COUNT ? artifacts[index].name : NULL;
}

const char *pn_bundle_artifact_kind(size_t index) {
    if (index >= ARTIFACT_COUNT)
        return NULL;
    return artifacts[index].is_identity ? "identity" : "evidence";
}

static const pni_artifact *find_artifact(const char *name) {
    for (size_t i = 0; i < ARTIFACT_COUNT; i++)
        if (pni_streq(artifacts[i].name, name))
            return &artifacts[i];
    return NULL;
}

static pn_status unknown_artifact(const char *name, pn_error *err) {
    const char *near = NULL;
    unsigned best = 4;
    pn_status status =
        pni_fail(err, PNI_E_ARTIFACT_UNKNOWN, "a bundle has no artifact '%.60s'", name);
    for (size_t i = 0; i < ARTIFACT_COUNT; i++) {
        unsigned distance = pni_edit_distance(name, artifacts[i].name);
        if (distance < best) {
            best = distance;
            near = artifacts[i].name;
        }
    }
    if (near)
        pni_error_hint(err, "Did you mean '%s'?", near);
    return status;
}

static pn_status make_artifact(void *ctx, json_t **out, pn_error *err) {
    const pni_artifact_job *job = ctx;
    return job->artifact->make(job, out, err);
}

pn_status pni_artifact_get(const pni_artifact_job *where, const char *name, const json_t **out,
                           pn_error *err) {
    pni_artifact_job job = *where;
    json_t *value = NULL;
    job.artifact = find_artifact(name);
    if (!job.artifact)
        return unknown_artifact(name, err);
    PNI_TRY(pni_memo_get(pni_bundle_memo(where->bundle), name, make_artifact, &job, &value, err));
    *out = value;
    return PN_OK;
}

pn_status pn_bundle_artifact(pn_session *session, const pn_bundle *bundle, const char *name,
                             pn_cancel *cancel, pn_buf *json_out, pn_error *err) {
    const pni_artifact_job where = {.session = session, .bundle = bundle, .cancel = cancel};
    const json_t *value = NULL;
    if (!session || !bundle || !name || !json_out)
        return pni_fail(err, PNI_E_ARGUMENT,
                        "pn_bundle_artifact: session, bundle, name and json_out must not be NULL");
    if (pni_source_is_building()) /* it holds the lock that whoever makes the artifact needs */
        return pni_fail(err, PNI_E_ARTIFACT_REENTRANT,
                        "artifact '%.60s' was asked for inside the builder of a plan source", name);
    PNI_TRY(pni_artifact_get(&where, name, &value, err));
    return pni_json_canonical(value, json_out, err);
}

static pn_status capture_all(const pni_artifact_job *where, const char *const *names,
                             pn_error *err) {
    const json_t *value = NULL;
    for (size_t i = 0; names[i]; i++)
        PNI_TRY(pni_artifact_get(where, names[i], &value, err));
    return PN_OK;
}

pn_status pni_artifact_capture(pn_session *session, const pn_bundle *bundle, uint32_t capture,
                               pn_error *err) {
    static const char *const explain[] = {"optimized_plan", "physical_plan", "explain_tree", NULL};
    static const char *const analyze[] = {"explain_analyze", NULL};
    const pni_artifact_job where = {.session = session, .bundle = bundle};
    const json_t *report = NULL;
    if (capture & PN_CAPTURE_EXPLAIN)
        PNI_TRY(capture_all(&where, explain, err));
    if (capture & PN_CAPTURE_ANALYZE)
        PNI_TRY(capture_all(&where, analyze, err));
    if (!(capture & PN_CAPTURE_VALIDATION))
        return PN_OK;
    PNI_TRY(pni_artifact_get(&where, "substrait_validation", &report, err));
    if (!pni_streq(pni_json_text(report, "status"), "valid"))
        return pni_fail(err, PNI_E_ARTIFACT_VALIDATION, "the plan of bundle %.12s is not valid: %s",
                        bundle->fingerprint, pni_json_text(report, "reason"));
    return PN_OK;
}
