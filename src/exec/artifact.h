/* SPDX-License-Identifier: Apache-2.0 */
/* The table of artifacts: how each is made. Shared by artifact.c (what is asked for, once) and
 * artifact_make.c. */
#ifndef PNI_EXEC_ARTIFACT_H
#define PNI_EXEC_ARTIFACT_H

#include "exec/exec_priv.h"

typedef struct pni_artifact {
    const char *name;
    bool is_identity;
    pn_status (*make)(const pni_artifact_job *job, json_t **out, pn_error *err);
    const char *from; /* a component, or the artifact it is a part of; as the maker needs */
    const char *part; /* the key there */
} pni_artifact;

/* Of the bundle itself. */
pn_status pni_make_component(const pni_artifact_job *job, json_t **out, pn_error *err);
pn_status pni_make_components(const pni_artifact_job *job, json_t **out, pn_error *err);
pn_status pni_make_schema(const pni_artifact_job *job, json_t **out, pn_error *err);
pn_status pni_make_schema_names(const pni_artifact_job *job, json_t **out, pn_error *err);
pn_status pni_make_schema_describe(const pni_artifact_job *job, json_t **out, pn_error *err);
pn_status pni_make_lineage(const pni_artifact_job *job, json_t **out, pn_error *err);
pn_status pni_make_lineage_report(const pni_artifact_job *job, json_t **out, pn_error *err);
pn_status pni_make_substrait_text(const pni_artifact_job *job, json_t **out, pn_error *err);
pn_status pni_make_options(const pni_artifact_job *job, json_t **out, pn_error *err);
pn_status pni_make_cdf_windows(const pni_artifact_job *job, json_t **out, pn_error *err);
/* A member of another artifact. */
pn_status pni_make_part(const pni_artifact_job *job, json_t **out, pn_error *err);
/* Of plans. */
pn_status pni_make_logical_plan(const pni_artifact_job *job, json_t **out, pn_error *err);
pn_status pni_make_verbose(const pni_artifact_job *job, json_t **out, pn_error *err);
pn_status pni_make_logical_forms(const pni_artifact_job *job, json_t **out, pn_error *err);
pn_status pni_make_physical_forms(const pni_artifact_job *job, json_t **out, pn_error *err);
pn_status pni_make_explain_tree(const pni_artifact_job *job, json_t **out, pn_error *err);
pn_status pni_make_analysis(const pni_artifact_job *job, json_t **out, pn_error *err);
pn_status pni_make_physical_bytes(const pni_artifact_job *job, json_t **out, pn_error *err);
pn_status pni_make_validation(const pni_artifact_job *job, json_t **out, pn_error *err);
/* Of the session. */
pn_status pni_make_settings(const pni_artifact_job *job, json_t **out, pn_error *err);
pn_status pni_make_functions(const pni_artifact_job *job, json_t **out, pn_error *err);
pn_status pni_make_platform(const pni_artifact_job *job, json_t **out, pn_error *err);
pn_status pni_make_information_schema(const pni_artifact_job *job, json_t **out, pn_error *err);
/* Of other artifacts. */
pn_status pni_make_audit(const pni_artifact_job *job, json_t **out, pn_error *err);
pn_status pni_make_details(const pni_artifact_job *job, json_t **out, pn_error *err);
pn_status pni_make_proto_status(const pni_artifact_job *job, json_t **out, pn_error *err);

#endif
