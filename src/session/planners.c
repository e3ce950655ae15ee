/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Planners of packs, installed by name. What a planner decides stands in the plan, so an installed
 * one that decides nothing changes no identity; those that took part in a plan are the bundle's
 * component `domain_planners`, by name and body version.
 */
#include "session/session_priv.h"

pn_status pni_session_install_planner(pn_session *session, const char *name, pn_error *err) {
    pni_udf_planner planner;
    if (json_object_get(session->planners, name))
        return PN_OK;
    PNI_TRY(pni_udf_planner_find(session->udfs, name, &planner, err));
    PNI_TRY(pni_engine_install_planner(session->engine, planner.operators, planner.relations, err));
    const char *version =
        planner.operators ? planner.operators->body_version : planner.relations->body_version;
    json_object_set_new(session->planners, name,
                        json_pack("{s:s, s:s, s:s, s:s}", "name", name, "version", version, "pack",
                                  planner.pack->name, "kind",
                                  planner.operators ? "operators" : "relations"));
    return PN_OK;
}

const json_t *pni_session_planners(const pn_session *session) {
    return session->planners;
}

json_t *pni_session_planners_of(const pn_session *session, const json_t *names) {
    json_t *taking_part = json_array();
    size_t index;
    json_t *name;
    json_array_foreach((json_t *)(uintptr_t)names, index, name) {
        const json_t *planner = json_object_get(session->planners, json_string_value(name));
        json_array_append_new(taking_part, json_pack("{s:O, s:O?}", "name", name, "version",
                                                     json_object_get(planner, "version")));
    }
    return taking_part;
}
