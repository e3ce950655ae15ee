/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The makers. Whatever needs a plan of the `run` catalog stages the bundle's views as a run does,
 * holding the session's lock while it plans and not while it runs. A part of the specification that
 * has no content here is an empty list, never absent.
 */
#include "exec/artifact.h"

static json_t *text_json(const pn_buf *text) {
    return json_stringn(pni_buf_text(text), text->len);
}

pn_status pni_make_component(const pni_artifact_job *job, json_t **out, pn_error *err) {
    (void)err;
    *out = json_incref(json_object_get(job->bundle->documents, job->artifact->from));
    return PN_OK;
}

pn_status pni_make_components(const pni_artifact_job *job, json_t **out, pn_error *err) {
    (void)err;
    *out = json_incref(job->bundle->components);
    return PN_OK;
}

pn_status pni_make_schema(const pni_artifact_job *job, json_t **out, pn_error *err) {
    return pni_arrow_schema_json(&job->bundle->schema, out, err);
}

pn_status pni_make_schema_names(const pni_artifact_job *job, json_t **out, pn_error *err) {
    (void)err;
    *out = json_array();
    for (int64_t i = 0; i < job->bundle->schema.n_children; i++)
        json_array_append_new(*out, json_string(job->bundle->schema.children[i]->name));
    return PN_OK;
}

pn_status pni_make_schema_describe(const pni_artifact_job *job, json_t **out, pn_error *err) {
    PNI_AUTO_PTR(json_t) columns = json_array();
    for (int64_t i = 0; i < job->bundle->schema.n_children; i++) {
        const struct ArrowSchema *field = job->bundle->schema.children[i];
        PNI_AUTO(pn_buf) type = PN_BUF_INIT;
        PNI_TRY(pni_arrow_type_text(field, &type, err));
        json_array_append_new(columns,
                              json_pack("{s:s, s:s, s:s}", "column_name", field->name, "data_type",
                                        pni_buf_text(&type), "is_nullable",
                                        field->flags & ARROW_FLAG_NULLABLE ? "YES" : "NO"));
    }
    *out = pni_take(columns);
    return PN_OK;
}

pn_status pni_make_lineage(const pni_artifact_job *job, json_t **out, pn_error *err) {
    return pni_lineage_of(job->bundle->substrait, out, err);
}

pn_status pni_make_lineage_report(const pni_artifact_job *job, json_t **out, pn_error *err) {
    return pni_lineage_report(job->bundle->substrait, out, err);
}

pn_status pni_make_substrait_text(const pni_artifact_job *job, json_t **out, pn_error *err) {
    PNI_AUTO(pn_buf) text = PN_BUF_INIT;
    PNI_TRY(pn_substrait_text(job->bundle->substrait, &text, err));
    *out = text_json(&text);
    return PN_OK;
}

pn_status pni_make_options(const pni_artifact_job *job, json_t **out, pn_error *err) {
    (void)err;
    *out = job->bundle->options ? json_incref(job->bundle->options) : json_object();
    return PN_OK;
}

pn_status pni_make_cdf_windows(const pni_artifact_job *job, json_t **out, pn_error *err) {
    (void)err;
    *out = json_array();
    for (size_t i = 0; i < job->bundle->n_inputs; i++) {
        const pni_bundle_input *input = &job->bundle->inputs[i];
        if (!pni_streq(pni_json_text(input->pin, "format"), "delta_cdf"))
            continue;
        json_array_append_new(
            *out, json_pack("{s:s, s:O, s:O, s:O}", "dataset", input->name, "end_version",
                            json_object_get(input->pin, "end_version"), "start_version",
                            json_object_get(input->pin, "start_version"), "table_id",
                            json_object_get(input->pin, "table_id")));
    }
    return PN_OK;
}

pn_status pni_make_part(const pni_artifact_job *job, json_t **out, pn_error *err) {
    const json_t *whole = NULL;
    PNI_TRY(pni_artifact_get(job, job->artifact->from, &whole, err));
    *out = json_incref(json_object_get(whole, job->artifact->part));
    return PN_OK;
}

/* ---- plans --------------------------------------------------------------------------------- */

/* The plan of the text, before it was optimised; made against schemas. The text is evidence and may
 * be anybody's: tables that it calls are opened as far as the session's policy lets it. */
static pn_status again(const pni_artifact_job *job, pni_engine_plan **out, pn_error *err) {
    PNI_SESSION_GUARD(job->session);
    return pni_plan_again(job->session, job->bundle, out, err);
}

pn_status pni_make_logical_plan(const pni_artifact_job *job, json_t **out, pn_error *err) {
    PNI_AUTO_PTR(pni_engine_plan) plan = NULL;
    PNI_AUTO(pn_buf) text = PN_BUF_INIT;
    PNI_TRY(again(job, &plan, err));
    PNI_TRY(pni_engine_plan_explain(plan, PNI_RENDER_LOGICAL, NULL, &text, err));
    *out = text_json(&text);
    return PN_OK;
}

pn_status pni_make_verbose(const pni_artifact_job *job, json_t **out, pn_error *err) {
    PNI_AUTO_PTR(pni_engine_plan) plan = NULL;
    PNI_AUTO_PTR(json_t) rows = NULL;
    const json_t *physical = NULL;
    if (job->bundle->sql) {
        PNI_TRY(again(job, &plan, err));
        PNI_TRY(pni_engine_plan_render(plan, PNI_RENDER_STAGES, NULL, &rows, err));
    } else {
        rows = json_array();
    }
    PNI_TRY(pni_artifact_get(job, "physical_plan", &physical, err));
    json_array_append_new(rows,
                          json_pack("{s:s, s:O}", "plan_type", "physical_plan", "plan", physical));
    *out = pni_take(rows);
    return PN_OK;
}

static pn_status render(const pni_artifact_job *job, int kind, json_t **out, pn_error *err) {
    PNI_AUTO_PTR(pni_stage) stage = NULL;
    PNI_AUTO_PTR(pni_engine_plan) plan = NULL;
    PNI_TRY(pni_exec_plan(job, &stage, &plan, err));
    return pni_engine_plan_render(plan, kind, job->cancel, out, err);
}

pn_status pni_make_logical_forms(const pni_artifact_job *job, json_t **out, pn_error *err) {
    return render(job, PNI_RENDER_LOGICAL_FORMS, out, err);
}

pn_status pni_make_physical_forms(const pni_artifact_job *job, json_t **out, pn_error *err) {
    return render(job, PNI_RENDER_PHYSICAL_FORMS, out, err);
}

pn_status pni_make_analysis(const pni_artifact_job *job, json_t **out, pn_error *err) {
    return render(job, PNI_RENDER_ANALYSIS, out, err);
}

pn_status pni_make_explain_tree(const pni_artifact_job *job, json_t **out, pn_error *err) {
    const json_t *logical = NULL;
    const json_t *physical = NULL;
    PNI_TRY(pni_artifact_get(job, "optimized_plan", &logical, err));
    PNI_TRY(pni_artifact_get(job, "physical_forms", &physical, err));
    *out = json_pack("[{s:s, s:O}, {s:s, s:O}]", "plan_type", "logical_plan", "plan", logical,
                     "plan_type", "physical_plan", "plan", json_object_get(physical, "tree"));
    return PN_OK;
}

static json_t *hex_json(const pn_buf *bytes) {
    static const char digits[] = "0123456789abcdef";
    PNI_AUTO(pn_buf) hex = PN_BUF_INIT;
    pni_buf_reserve(&hex, bytes->len * 2 + 1);
    for (size_t i = 0; i < bytes->len; i++) {
        pni_buf_putc(&hex, digits[bytes->data[i] >> 4]);
        pni_buf_putc(&hex, digits[bytes->data[i] & 15]);
    }
    return text_json(&hex);
}

/* An operator without a codec is a finding, not a failure: the reason stands where the bytes would.
 */
pn_status pni_make_physical_bytes(const pni_artifact_job *job, json_t **out, pn_error *err) {
    PNI_AUTO_PTR(pni_stage) stage = NULL;
    PNI_AUTO_PTR(pni_engine_plan) plan = NULL;
    PNI_AUTO(pn_buf) bytes = PN_BUF_INIT;
    pn_error problem = PN_ERROR_INIT;
    char digest[PNI_SHA256_HEX];
    PNI_TRY(pni_exec_plan(job, &stage, &plan, err));
    pn_status status =
        pni_engine_plan_explain(plan, PNI_RENDER_PHYSICAL_BYTES, NULL, &bytes, &problem);
    if (status == PN_UNSUPPORTED) {
        *out = json_pack("{s:s, s:s, s:s}", "status", "unavailable", "code", "PHYS_NO_CODEC",
                         "reason", problem.message);
        return PN_OK;
    }
    if (status != PN_OK) {
        if (err)
            *err = problem;
        return status;
    }
    pni_sha256_hex(bytes.data, bytes.len, digest);
    *out =
        json_pack("{s:s, s:s, s:o, s:s, s:o}", "status", "available", "codec", "datafusion-proto",
                  "bytes", pni_json_u64(bytes.len), "sha256", digest, "hex", hex_json(&bytes));
    return PN_OK;
}

/* Decoded again the canonical bytes are the same bytes, and the engine plans them with this schema.
 */
static pn_status validate(const pni_artifact_job *job, const char **reason, pn_error *err) {
    PNI_AUTO_PTR(pn_substrait) decoded = NULL;
    PNI_AUTO_PTR(pni_stage) stage = NULL;
    PNI_AUTO_PTR(pni_engine_plan) plan = NULL;
    PNI_AUTO_SCHEMA schema = {0};
    PNI_AUTO_PTR(json_t) ours = NULL;
    PNI_AUTO_PTR(json_t) theirs = NULL;
    const pn_bundle *bundle = job->bundle;
    PNI_TRY(pn_substrait_decode(pn_substrait_bytes(bundle->substrait), NULL, &decoded, err));
    if (!pn_substrait_equal(decoded, bundle->substrait))
        *reason = "the canonical bytes decode to another plan";
    PNI_TRY(pni_exec_plan(job, &stage, &plan, err));
    PNI_TRY(pni_engine_plan_schema(plan, &schema, err));
    PNI_TRY(pni_arrow_schema_json(&bundle->schema, &ours, err));
    PNI_TRY(pni_arrow_schema_json(&schema, &theirs, err));
    if (json_array_size(ours) != json_array_size(theirs))
        *reason = "the plan read back has another number of columns";
    for (size_t i = 0; !*reason && i < json_array_size(ours); i++)
        if (!pni_streq(pni_json_text(json_array_get(ours, i), "type"),
                       pni_json_text(json_array_get(theirs, i), "type")))
            *reason = "the plan read back has a column of another type";
    return PN_OK;
}

pn_status pni_make_validation(const pni_artifact_job *job, json_t **out, pn_error *err) {
    const pn_bundle *bundle = job->bundle;
    const char *reason = NULL;
    char digest[PNI_SHA256_HEX];
    PNI_TRY(validate(job, &reason, err));
    PNI_TRY(pn_substrait_digest(bundle->substrait, digest, err));
    *out = json_pack("{s:s, s:s*, s:s, s:o, s:o, s:o, s:o}", "status", reason ? "invalid" : "valid",
                     "reason", reason, "sha256", digest, "bytes",
                     pni_json_u64(pn_substrait_bytes(bundle->substrait).len), "nodes",
                     pni_json_u64(pn_substrait_node_count(bundle->substrait)), "tables",
                     pni_json_u64(pn_substrait_table_count(bundle->substrait)), "functions",
                     pni_json_u64(pn_substrait_function_count(bundle->substrait)));
    return PN_OK;
}

/* ---- the session --------------------------------------------------------------------------- */

pn_status pni_make_settings(const pni_artifact_job *job, json_t **out, pn_error *err) {
    (void)err;
    PNI_SESSION_GUARD(job->session);
    *out = pni_json_redacted_object(pni_session_settings(job->session));
    return PN_OK;
}

pn_status pni_make_functions(const pni_artifact_job *job, json_t **out, pn_error *err) {
    return pni_engine_session_functions(pni_session_engine(job->session), out, err);
}

/* The document of that name out of what the session tells of its functions. */
pn_status pni_make_platform(const pni_artifact_job *job, json_t **out, pn_error *err) {
    PNI_AUTO_PTR(json_t) platform = NULL;
    PNI_AUTO_PTR(json_t) snapshot = NULL;
    PNI_TRY(pni_session_platform(job->session, &platform, &snapshot, err));
    *out = json_incref(pni_streq(job->artifact->name, "platform") ? platform : snapshot);
    return PN_OK;
}

pn_status pni_make_information_schema(const pni_artifact_job *job, json_t **out, pn_error *err) {
    static const char *const parts[][2] = {
        {"tables", "select * from information_schema.tables where table_catalog = 'run' "
                   "order by table_schema, table_name"},
        {"columns", "select * from information_schema.columns where table_catalog = 'run' "
                    "order by table_schema, table_name, ordinal_position"},
        {"schemata", "select * from information_schema.schemata order by catalog_name, "
                     "schema_name"},
        {"settings", "select * from information_schema.df_settings order by name"},
        {"routines",
         "select * from information_schema.routines order by 1, 2, 3, 4, 5, 6, 7, 8, 9"},
        {"parameters", "select * from information_schema.parameters order by specific_name, rid, "
                       "parameter_mode, ordinal_position, parameter_name, data_type"},
    };
    PNI_AUTO_PTR(json_t) snapshot = json_object();
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) {
        PNI_AUTO_PTR(json_t) rows = NULL;
        json_t *clean = json_array(); /* the value of a setting may hold credentials */
        size_t index;
        json_t *row;
        json_object_set_new(snapshot, parts[i][0], clean);
        PNI_TRY(pni_engine_rows(pni_session_engine(job->session), parts[i][1], &rows, err));
        PNI_SESSION_GUARD(job->session);
        json_array_foreach(rows, index, row) {
            if (!pni_session_is_called(job->session, pni_json_text(row, "table_name")))
                json_array_append_new(clean, pni_json_redacted_object(row));
        }
    }
    *out = pni_take(snapshot);
    return PN_OK;
}

/* ---- of other artifacts -------------------------------------------------------------------- */

static pn_status put_hash(const pni_artifact_job *job, json_t *audit, const char *key,
                          const char *artifact, pn_error *err) {
    const json_t *value = NULL;
    char hex[PNI_SHA256_HEX];
    PNI_TRY(pni_artifact_get(job, artifact, &value, err));
    PNI_TRY(pni_json_digest(value, hex, err));
    json_object_set_new(audit, key, json_string(hex));
    return PN_OK;
}

pn_status pni_make_audit(const pni_artifact_job *job, json_t **out, pn_error *err) {
    static const char *const hashes[][2] = {{"df_settings_hash", "df_settings"},
                                            {"function_registry_hash", "function_registry"},
                                            {"information_schema_hash", "information_schema"},
                                            {"planning_env_hash", "planning_env"},
                                            {"rulepack_hash", "rulepack"},
                                            {"schema_contract_hash", "schema"},
                                            {"store_policy_hash", "store_policy"},
                                            {"udf_snapshot_hash", "udf_snapshot"}};
    PNI_AUTO_PTR(json_t)
    audit = json_pack("{s:s}", "plan_fingerprint", job->bundle->fingerprint);
    for (size_t i = 0; i < sizeof hashes / sizeof *hashes; i++)
        PNI_TRY(put_hash(job, audit, hashes[i][0], hashes[i][1], err));
    *out = pni_take(audit);
    return PN_OK;
}

/* A part that cannot be made says why in its place; one that was given up, or ended in a defect, is
 * no answer to keep. explain_analyze is not among the parts: details never run the query. */
pn_status pni_make_details(const pni_artifact_job *job, json_t **out, pn_error *err) {
    static const char *const parts[] = {
        "cdf_windows",         "determinism_audit", "dynamic_filter_count",
        "explain_tree",        "explain_verbose",   "graphviz",
        "logical_plan",        "optimized_plan",    "optimized_plan_pgjson",
        "partition_count",     "physical_plan",     "proto_serialization",
        "repartition_count",   "schema_describe",   "schema_names",
        "schema_provenance",   "statistics",        "store_policy",
        "substrait_validation"};
    PNI_AUTO_PTR(json_t) details = json_object();
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) {
        const json_t *value = NULL;
        pn_error problem = PN_ERROR_INIT;
        pn_status status = pni_artifact_get(job, parts[i], &value, &problem);
        if (status == PN_CANCELLED || status == PN_PANIC || status == PN_INTERNAL) {
            if (err)
                *err = problem;
            return status;
        }
        if (status == PN_OK)
            json_object_set(details, parts[i], (json_t *)(uintptr_t)value);
        else
            json_object_set_new(
                details, parts[i],
                json_pack("{s:s, s:s}", "status", "unavailable", "reason", problem.message));
    }
    *out = pni_take(details);
    return PN_OK;
}

/* Logical plans travel as Substrait only: the engine's own protobuf is not replayed, so not kept.
 */
pn_status pni_make_proto_status(const pni_artifact_job *job, json_t **out, pn_error *err) {
    const json_t *physical = NULL;
    PNI_TRY(pni_artifact_get(job, "physical_plan_bytes", &physical, err));
    *out =
        json_pack("{s:{s:s, s:s}, s:{s:s, s:s}, s:{s:s, s:O*, s:O*}}", "logical", "status",
                  "replaced", "by", "substrait", "optimized", "status", "replaced", "by",
                  "substrait", "execution", "status", pni_json_text(physical, "status"), "code",
                  json_object_get(physical, "code"), "reason", json_object_get(physical, "reason"));
    return PN_OK;
}
