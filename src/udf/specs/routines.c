/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the engine says can be called, and whether it says the same as the packs. information_schema
 * lists a function under each of its names and once per result type; parameters come per example of
 * a signature (`rid`). It has no signatures for table functions and for functions of packs: those
 * come from the snapshot.
 */
#include "udf/udf_priv.h"

static const char *const kinds[] = {"aggregate", "scalar", "table", "window"};

static const char *kind_of(const char *function_type) {
    static const char *const types[] = {"AGGREGATE", "SCALAR", "TABLE", "WINDOW"};
    for (size_t i = 0; i < sizeof types / sizeof *types; i++) {
        if (pni_streq(types[i], function_type)) {
            return kinds[i];
        }
    }
    return NULL;
}

/* ---- the catalog ----------------------------------------------------------------------------- */

static void append_once(json_t *list, json_t *name) {
    const json_t *last = json_array_get(list, json_array_size(list) - 1);
    if (!last || !json_equal(last, name)) { /* rows come sorted */
        json_array_append(list, name);
    }
}

static void put_names(const json_t *rows, json_t *catalog) {
    json_t *names = json_array();
    json_t *categories = json_object();
    size_t index;
    json_t *row;
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        json_object_set_new(categories, kinds[i], json_array());
    }
    json_array_foreach((json_t *)(uintptr_t)rows, index, row) {
        const char *kind = kind_of(pni_json_text(row, "function_type"));
        if (kind) {
            append_once(names, json_object_get(row, "routine_name"));
            append_once(json_object_get(categories, kind), json_object_get(row, "routine_name"));
        }
    }
    json_object_set_new(catalog, "function_names", names);
    json_object_set_new(catalog, "functions_by_category", categories);
}

/* Rows are sorted by name, rid, OUT before IN is not given: the OUT row is told by its mode. */
static void put_parameter(json_t *signatures, const json_t *row, json_t **current, json_t **rid) {
    const char *name = pni_json_text(row, "specific_name");
    json_t *list = json_object_get(signatures, name);
    if (!list) {
        list = json_array();
        json_object_set_new(signatures, name, list);
        *rid = NULL;
    }
    if (!*rid || !json_equal(*rid, json_object_get(row, "rid"))) {
        *rid = json_object_get(row, "rid");
        *current = json_pack("{s:[], s:[], s:n}", "input_types", "arg_names", "return_type");
        json_array_append_new(list, *current);
    }
    if (pni_streq(pni_json_text(row, "parameter_mode"), "OUT")) {
        json_object_set(*current, "return_type", json_object_get(row, "data_type"));
        return;
    }
    json_array_append(json_object_get(*current, "input_types"), json_object_get(row, "data_type"));
    json_array_append(json_object_get(*current, "arg_names"),
                      json_object_get(row, "parameter_name"));
}

static void put_signature_of_pack(const json_t *snapshot, const char *name, json_t *signatures) {
    const json_t *results = json_object_get(json_object_get(snapshot, "return_types"), name);
    const json_t *names = json_object_get(json_object_get(snapshot, "parameter_names"), name);
    json_t *list = json_array();
    size_t index;
    json_t *inputs;
    json_array_foreach(json_object_get(json_object_get(snapshot, "signature_inputs"), name), index,
                       inputs) {
        json_t *own = json_array();
        for (size_t i = 0; i < json_array_size(inputs) && i < json_array_size(names); i++) {
            json_array_append(own, json_array_get(names, i));
        }
        json_array_append_new(list, json_pack("{s:O, s:o, s:O}", "input_types", inputs, "arg_names",
                                              own, "return_type", json_array_get(results, index)));
    }
    json_object_set_new(signatures, name, list);
}

static void put_signatures(const json_t *rows, const json_t *snapshot, json_t *catalog) {
    json_t *signatures = json_object();
    json_t *current = NULL;
    json_t *rid = NULL;
    size_t index;
    json_t *row;
    json_array_foreach((json_t *)(uintptr_t)rows, index, row) {
        if (pni_json_text(row, "specific_name")) {
            put_parameter(signatures, row, &current, &rid);
        }
    }
    json_array_foreach(json_object_get(snapshot, "custom_udfs"), index, row) {
        put_signature_of_pack(snapshot, json_string_value(row), signatures);
    }
    json_object_set_new(catalog, "function_signatures", signatures);
}

/* Second names are put beside the engine's, which never hears of them. */
static pn_status read_routines(const pni_engine_session *session, json_t **out, pn_error *err) {
    PNI_AUTO_PTR(json_t) list = pni_udf_second_names();
    PNI_AUTO(pn_buf) sql = PN_BUF_INIT;
    size_t index;
    json_t *entry;
    pni_buf_puts(&sql, "select distinct routine_name, function_type from (select routine_name, "
                       "function_type from information_schema.routines");
    json_array_foreach(list, index, entry) {
        pni_buf_printf(&sql, " union all select '%s', upper('%s')", pni_json_text(entry, "name"),
                       pni_json_text(entry, "kind"));
    }
    pni_buf_puts(&sql, ") order by routine_name, function_type");
    return pni_engine_rows(session, pni_buf_text(&sql), out, err);
}

pn_status pni_udf_routines(const pni_engine_session *session, const json_t *snapshot, json_t **out,
                           pn_error *err) {
    PNI_AUTO_PTR(json_t) routines = NULL;
    PNI_AUTO_PTR(json_t) parameters = NULL;
    PNI_TRY(read_routines(session, &routines, err));
    PNI_TRY(pni_engine_rows(session,
                            "select specific_name, rid, parameter_mode, parameter_name, data_type "
                            "from information_schema.parameters order by specific_name, rid, "
                            "parameter_mode desc, ordinal_position",
                            &parameters, err));
    json_t *catalog = json_object();
    put_names(routines, catalog);
    put_signatures(parameters, snapshot, catalog);
    *out = catalog;
    return PN_OK;
}

/* ---- parity ---------------------------------------------------------------------------------- */

typedef struct parity {
    const json_t *snapshot;
    const json_t *catalog;
    const pni_map *engine; /* name -> what the engine says of a function of a pack */
    json_t *report;
} parity;

static void note(const parity *p, const char *what, json_t *entry) {
    json_array_append_new(json_object_get(p->report, what), entry);
    json_object_set_new(p->report, "ok", json_false());
}

static void note_difference(const parity *p, const char *what, const char *name, const json_t *ours,
                            const json_t *theirs) {
    note(p, what, json_pack("{s:s, s:O, s:O}", "name", name, "snapshot", ours, "engine", theirs));
}

static void compare_aliases(const parity *p, const char *name, const json_t *function) {
    PNI_AUTO_PTR(json_t) none = json_array();
    const json_t *ours = json_object_get(json_object_get(p->snapshot, "aliases"), name);
    const json_t *theirs = json_object_get(function, "aliases");
    size_t index;
    json_t *alias;
    if (!json_equal(ours ? ours : none, theirs ? theirs : none)) {
        note_difference(p, "aliases", name, ours ? ours : none, theirs ? theirs : none);
    }
    json_array_foreach((json_t *)(uintptr_t)ours, index, alias) {
        if (!pni_json_lists(json_object_get(p->catalog, "function_names"),
                            json_string_value(alias))) {
            note(p, "aliases_missing", json_incref(alias));
        }
    }
}

/* The engine guesses the volatility of table functions and lists their aliases as functions. */
static void compare_one(const parity *p, const char *kind, const char *name) {
    const json_t *categories = json_object_get(p->catalog, "functions_by_category");
    const json_t *function = pni_map_get(p->engine, name);
    if (!pni_json_lists(json_object_get(categories, kind), name)) {
        const char *other = function ? pni_json_text(function, "kind") : NULL;
        PNI_AUTO_PTR(json_t) ours = json_string(kind);
        if (other) {
            note_difference(p, "kind", name, ours, json_object_get(function, "kind"));
        } else {
            note(p, "missing", json_string(name));
        }
        return;
    }
    if (!function || pni_streq(kind, "table")) {
        return;
    }
    const json_t *ours = json_object_get(json_object_get(p->snapshot, "volatility"), name);
    if (!json_equal(ours, json_object_get(function, "volatility"))) {
        note_difference(p, "volatility", name, ours, json_object_get(function, "volatility"));
    }
    compare_aliases(p, name, function);
}

/* The aliases of a table function are functions of their own to the engine. */
static bool is_known(const parity *p, const char *name) {
    const char *of;
    json_t *aliases;
    if (json_object_get(json_object_get(p->snapshot, "digests"), name)) {
        return true;
    }
    json_object_foreach(json_object_get(p->snapshot, "aliases"), of, aliases) {
        if (pni_json_lists(json_object_get(p->snapshot, "table"), of) &&
            pni_json_lists(aliases, name)) {
            return true;
        }
    }
    return false;
}

static void compare(const parity *p) {
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        size_t index;
        json_t *name;
        json_array_foreach(json_object_get(p->snapshot, kinds[i]), index, name) {
            compare_one(p, kinds[i], json_string_value(name));
        }
    }
    for (size_t i = 0; i < pni_map_count(p->engine); i++) {
        const char *name = pni_map_key_at(p->engine, i);
        if (!is_known(p, name)) {
            note(p, "unknown", json_string(name));
        }
    }
}

pn_status pni_udf_parity(const pni_engine_session *session, const json_t *snapshot,
                         const json_t *catalog, json_t **out, pn_error *err) {
    PNI_AUTO_PTR(json_t) functions = NULL;
    PNI_AUTO_PTR(pni_map) engine = pni_map_new();
    size_t index;
    json_t *function;
    PNI_TRY(pni_engine_session_functions(session, &functions, err));
    json_array_foreach(functions, index, function) {
        if (json_is_true(json_object_get(function, "custom"))) {
            pni_map_put(engine, pni_json_text(function, "name"), function);
        }
    }
    parity p = {snapshot, catalog, engine,
                json_pack("{s:b, s:[], s:[], s:[], s:[], s:[], s:[]}", "ok", 1, "missing",
                          "aliases_missing", "unknown", "kind", "aliases", "volatility")};
    compare(&p);
    *out = p.report;
    return PN_OK;
}
