/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Second names of functions that the engine has. A call by such a name is the engine's function by
 * the time a plan is made, so no plan, identity or bundle knows them.
 */
#include "udf/udf_priv.h"

static const struct {
    const char *name, *kind, *target, *tags;
} second_names[] = {
    {"dedupe_best_by_score", "window", "row_number", "dedupe,window"},
    {"first_value_agg", "aggregate", "first_value", "aggregate"},
    {"lag_window", "window", "lag", "window"},
    {"last_value_agg", "aggregate", "last_value", "aggregate"},
    {"lead_window", "window", "lead", "window"},
    {"range_table", "table", "range", "table"},
    {"row_number_window", "window", "row_number", "window"},
};

pn_status pni_udf_install_second_names(const pni_engine_session *session, pn_error *err) {
    for (size_t i = 0; i < sizeof second_names / sizeof second_names[0]; i++) {
        PNI_AUTO_PTR(json_t)
        definition = json_pack("{s:s, s:s, s:s}", "name", second_names[i].name, "kind",
                               second_names[i].kind, "target", second_names[i].target);
        PNI_TRY(pni_engine_session_define(session, definition, err));
    }
    return PN_OK;
}

bool pni_udf_is_second_name(const char *name) {
    for (size_t i = 0; i < sizeof second_names / sizeof second_names[0]; i++) {
        if (pni_streq(second_names[i].name, name)) {
            return true;
        }
    }
    return false;
}

json_t *pni_udf_second_names(void) {
    json_t *list = json_array();
    for (size_t i = 0; i < sizeof second_names / sizeof second_names[0]; i++) {
        json_array_append_new(list,
                              json_pack("{s:s, s:s, s:s, s:s}", "name", second_names[i].name,
                                        "kind", second_names[i].kind, "target",
                                        second_names[i].target, "tags", second_names[i].tags));
    }
    return list;
}
