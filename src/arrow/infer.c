/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The schema that JSON rows suggest. Each column's kind is the least that holds every value seen:
 * integer and number meet at number, null meets anything, everything else only itself. Columns and
 * members come in order of first appearance, all nullable; what was null throughout is utf8.
 */
#include "arrow/arrow_priv.h"

#define COLUMNS_MAX 10000

typedef enum kind { NOTHING, BOOLEAN, INTEGER, NUMBER, TEXT, LIST, OBJECT } kind;

typedef struct node {
    kind kind;
    struct node *item; /* of a list */
    pni_map *members;  /* of an object: name -> node */
} node;

typedef struct inference {
    pni_arena *arena;
    size_t row;
    size_t columns;
    pn_error *err;
} inference;

static node *node_new(inference *inf) {
    return pni_arena_alloc(inf->arena, sizeof(node));
}

static void node_dispose(node *n) {
    if (n->item) {
        node_dispose(n->item);
    }
    if (n->members) {
        for (size_t i = 0; i < pni_map_count(n->members); i++) {
            node_dispose(pni_map_value_at(n->members, i));
        }
        pni_map_free(n->members);
    }
}

static kind kind_of(const json_t *value) {
    static const kind kinds[] = {OBJECT, LIST, TEXT, INTEGER, NUMBER, BOOLEAN, BOOLEAN, NOTHING};
    return kinds[json_typeof(value)];
}

static pn_status observe(inference *inf, node *n, const char *name, const json_t *value, int depth);

static pn_status observe_members(inference *inf, node *n, const json_t *value, int depth) {
    if (!n->members) {
        n->members = pni_map_new();
    }
    const char *key;
    json_t *member;
    json_object_foreach((json_t *)(uintptr_t)value, key, member) {
        node *child = pni_map_get(n->members, key);
        if (!child) {
            if (++inf->columns > COLUMNS_MAX) {
                return pni_fail(inf->err, PNI_E_ARROW_ROWS, "row %zu: more than %d columns",
                                inf->row + 1, COLUMNS_MAX);
            }
            child = node_new(inf);
            pni_map_put(n->members, key, child);
        }
        PNI_TRY(observe(inf, child, key, member, depth + 1));
    }
    return PN_OK;
}

static pn_status observe(inference *inf, node *n, const char *name, const json_t *value,
                         int depth) {
    static const char *const names[] = {"null",   "a boolean", "an integer", "a number",
                                        "a text", "an array",  "an object"};
    if (depth > ARROW_MAX_DEPTH) {
        return pni_arrow_too_deep(inf->err);
    }
    kind seen = kind_of(value);
    bool numeric = (seen == INTEGER && n->kind == NUMBER) || (seen == NUMBER && n->kind == INTEGER);
    if (numeric || n->kind == NOTHING) {
        n->kind = numeric ? NUMBER : seen;
    } else if (seen != NOTHING && seen != n->kind) {
        char shortened[72];
        return pni_fail(inf->err, PNI_E_ARROW_ROWS, "row %zu, column '%s': %s, but %s before",
                        inf->row + 1, pni_name_short(name, shortened), names[seen], names[n->kind]);
    }
    if (seen == OBJECT) {
        return observe_members(inf, n, value, depth);
    }
    if (seen == LIST && !n->item) {
        n->item = node_new(inf);
    }
    for (size_t i = 0; i < json_array_size(value); i++) {
        PNI_TRY(observe(inf, n->item, name, json_array_get(value, i), depth + 1));
    }
    return PN_OK;
}

static void build(const node *n, const char *name, struct ArrowSchema *out) {
    static const char *const formats[] = {"u", "b", "l", "g", "u", "+l", "+s"};
    ArrowSchemaInit(out);
    arrow_must(ArrowSchemaSetFormat(out, formats[n->kind]));
    arrow_must(ArrowSchemaSetName(out, name));
    if (n->kind == LIST) {
        arrow_must(ArrowSchemaAllocateChildren(out, 1));
        build(n->item, "item", out->children[0]);
    } else if (n->kind == OBJECT) {
        size_t count = pni_map_count(n->members);
        arrow_must(ArrowSchemaAllocateChildren(out, (int64_t)count));
        for (size_t i = 0; i < count; i++) {
            build(pni_map_value_at(n->members, i), pni_map_key_at(n->members, i), out->children[i]);
        }
    }
}

pn_status pni_arrow_schema_infer_json(const json_t *rows, struct ArrowSchema *out, pn_error *err) {
    if (!json_is_array(rows)) {
        return pni_fail(err, PNI_E_ARROW_ROWS, "rows have to be a JSON array of objects");
    }
    PNI_AUTO_PTR(pni_arena) arena = pni_arena_new();
    inference inf = {.arena = arena, .err = err};
    node top = {.kind = OBJECT, .members = pni_map_new()};
    pn_status status = PN_OK;
    for (; inf.row < json_array_size(rows) && status == PN_OK; inf.row++) {
        const json_t *row = json_array_get(rows, inf.row);
        status = json_is_object(row)
                     ? observe_members(&inf, &top, row, 0)
                     : pni_fail(err, PNI_E_ARROW_ROWS,
                                "row %zu is no object; without names no schema can be inferred",
                                inf.row + 1);
    }
    if (status == PN_OK) {
        build(&top, "", out);
        out->flags = 0;
    }
    node_dispose(&top);
    return status;
}
