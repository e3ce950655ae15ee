/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Canonical relations: what is refused, and which of several spellings of a relation is kept. Where
 * a deprecated field and its successor say different things, two readers could disagree about the
 * plan, so it is refused; where they agree, the successor stays.
 */
#include "substrait/canon.h"

#include <stdlib.h>

/* Larger grouping expressions are not compared with each other. */
enum { GROUPING_NODES_MAX = 4096 };

static pn_status refuse(const char *what, pn_error *err) {
    return pni_fail(err, PNI_E_SUBSTRAIT_RELATION, "the Substrait plan holds %s", what);
}

static pn_status ambiguous(const char *what, const char *one, const char *other, pn_error *err) {
    return pni_fail(err, PNI_E_SUBSTRAIT_AMBIGUOUS, "%s is given by %s and by %s, which differ",
                    what, one, other);
}

PNI_CANON_RULE(rel) {
    const Substrait__Rel *rel = (void *)msg;
    (void)arena;
    switch ((int)rel->rel_type_case) {
    case SUBSTRAIT__REL__REL_TYPE_WRITE:
        return refuse("a write", err);
    case SUBSTRAIT__REL__REL_TYPE_DDL:
        return refuse("a DDL statement", err);
    case SUBSTRAIT__REL__REL_TYPE_UPDATE:
        return refuse("an update", err);
    case SUBSTRAIT__REL__REL_TYPE_REFERENCE:
        return refuse("a reference to another tree", err);
    case SUBSTRAIT__REL__REL_TYPE__NOT_SET:
        return pni_fail(err, PNI_E_SUBSTRAIT_SHAPE, "a relation of the Substrait plan is empty");
    default:
        return PN_OK;
    }
}

/* ---- reads -------------------------------------------------------------------------------- */

static bool one_of(const char *text, const char *const *list) {
    for (; *list; list++) {
        if (pni_streq(text, *list)) {
            return true;
        }
    }
    return false;
}

/* The catalogs a plan of ours may come from name the same tables; other qualifiers mean others. */
static void strip_qualifiers(Substrait__ReadRel__NamedTable *table) {
    static const char *const catalogs[] = {"pinion", "identity", "run", "datafusion", NULL};
    static const char *const schemas[] = {"main", "public", NULL};
    size_t n = table->n_names;
    bool ours = (n == 2 && one_of(table->names[0], schemas)) ||
                (n == 3 && one_of(table->names[0], catalogs) && one_of(table->names[1], schemas));
    if (ours) {
        table->names += n - 1;
        table->n_names = 1;
    }
}

/* Rows of literals are the deprecated form of rows of expressions. */
static pn_status canon_values(pni_arena *arena, Substrait__ReadRel__VirtualTable *table,
                              pn_error *err) {
    size_t n = table->n_values;
    if (n == 0) {
        return PN_OK;
    }
    if (table->n_expressions > 0) {
        return ambiguous("a virtual table", "values", "expressions", err);
    }
    table->expressions = pni_arena_alloc(arena, n * sizeof *table->expressions);
    for (size_t i = 0; i < n; i++) {
        const Substrait__Expression__Literal__Struct *row = table->values[i];
        Substrait__Expression__Nested__Struct *made =
            pni_pb_new(arena, &substrait__expression__nested__struct__descriptor);
        made->fields = pni_arena_alloc(arena, (row->n_fields + 1) * sizeof *made->fields);
        made->n_fields = row->n_fields;
        for (size_t f = 0; f < row->n_fields; f++) {
            made->fields[f] = pni_pb_new(arena, &substrait__expression__descriptor);
            made->fields[f]->rex_type_case = SUBSTRAIT__EXPRESSION__REX_TYPE_LITERAL;
            made->fields[f]->literal = row->fields[f];
        }
        table->expressions[i] = made;
    }
    table->n_expressions = n;
    table->n_values = 0;
    table->values = NULL;
    return PN_OK;
}

PNI_CANON_RULE(read) {
    Substrait__ReadRel *read = (void *)msg;
    read->best_effort_filter = NULL;
    if (read->projection && !read->projection->select) {
        read->projection = NULL;
    }
    switch ((int)read->read_type_case) {
    case SUBSTRAIT__READ_REL__READ_TYPE_NAMED_TABLE:
        strip_qualifiers(read->named_table);
        if (read->named_table->n_names == 0) {
            return pni_fail(err, PNI_E_SUBSTRAIT_SHAPE, "a read names no table");
        }
        return pni_canon_restrict(read, arena, err);
    case SUBSTRAIT__READ_REL__READ_TYPE_VIRTUAL_TABLE:
        return canon_values(arena, read->virtual_table, err);
    case SUBSTRAIT__READ_REL__READ_TYPE_EXTENSION_TABLE:
        return pni_canon_detail(read->extension_table->detail, "a table", err);
    case SUBSTRAIT__READ_REL__READ_TYPE_LOCAL_FILES:
        return refuse("a read of files", err);
    case SUBSTRAIT__READ_REL__READ_TYPE_ICEBERG_TABLE:
        return refuse("a read of an Iceberg table", err);
    case SUBSTRAIT__READ_REL__READ_TYPE__NOT_SET:
    default:
        return pni_fail(err, PNI_E_SUBSTRAIT_SHAPE, "a read says not what it reads");
    }
}

/* ---- extensions --------------------------------------------------------------------------- */

PNI_CANON_RULE(single) {
    (void)arena;
    return pni_canon_detail(((Substrait__ExtensionSingleRel *)(void *)msg)->detail, "a relation",
                            err);
}

PNI_CANON_RULE(multi) {
    (void)arena;
    return pni_canon_detail(((Substrait__ExtensionMultiRel *)(void *)msg)->detail, "a relation",
                            err);
}

PNI_CANON_RULE(leaf) {
    (void)arena;
    return pni_canon_detail(((Substrait__ExtensionLeafRel *)(void *)msg)->detail, "a relation",
                            err);
}

/* ---- offset and count --------------------------------------------------------------------- */

static pni_expr *number_literal(pni_arena *arena, int64_t value) {
    pni_expr *expr = pni_pb_new(arena, &substrait__expression__descriptor);
    expr->rex_type_case = SUBSTRAIT__EXPRESSION__REX_TYPE_LITERAL;
    expr->literal = pni_pb_new(arena, &substrait__expression__literal__descriptor);
    expr->literal->literal_type_case = SUBSTRAIT__EXPRESSION__LITERAL__LITERAL_TYPE_I64;
    expr->literal->i64 = value;
    return expr;
}

/* Whether the expression is the 64-bit literal `value`. */
static bool is_number(const pni_expr *expr, int64_t value) {
    return expr->rex_type_case == SUBSTRAIT__EXPRESSION__REX_TYPE_LITERAL &&
           expr->literal->literal_type_case == SUBSTRAIT__EXPRESSION__LITERAL__LITERAL_TYPE_I64 &&
           expr->literal->i64 == value;
}

/* Numbers become expressions; an offset of 0 and, as a number, a count of -1 mean none. */
PNI_CANON_RULE(fetch) {
    Substrait__FetchRel *fetch = (void *)msg;
    (void)err;
    if (fetch->offset_mode_case == SUBSTRAIT__FETCH_REL__OFFSET_MODE_OFFSET) {
        fetch->offset_expr = number_literal(arena, fetch->offset);
        fetch->offset_mode_case = SUBSTRAIT__FETCH_REL__OFFSET_MODE_OFFSET_EXPR;
    }
    if (fetch->offset_mode_case == SUBSTRAIT__FETCH_REL__OFFSET_MODE_OFFSET_EXPR &&
        is_number(fetch->offset_expr, 0)) {
        fetch->offset_expr = NULL;
        fetch->offset_mode_case = SUBSTRAIT__FETCH_REL__OFFSET_MODE__NOT_SET;
    }
    if (fetch->count_mode_case == SUBSTRAIT__FETCH_REL__COUNT_MODE_COUNT) {
        bool all = fetch->count == -1;
        fetch->count_expr = all ? NULL : number_literal(arena, fetch->count);
        fetch->count_mode_case = all ? SUBSTRAIT__FETCH_REL__COUNT_MODE__NOT_SET
                                     : SUBSTRAIT__FETCH_REL__COUNT_MODE_COUNT_EXPR;
    }
    return PN_OK;
}

/* ---- keys of joins ------------------------------------------------------------------------ */

typedef struct join_keys {
    Substrait__Expression__FieldReference **left;
    Substrait__Expression__FieldReference **right;
    size_t n_left;
    size_t n_right;
    size_t n_keys;
} join_keys;

/* Two lists of columns are the deprecated form of a list of equalities. */
static pn_status pair_keys(pni_arena *arena, const join_keys *old,
                           Substrait__ComparisonJoinKey ***keys_out, pn_error *err) {
    if (old->n_left != old->n_right) {
        return pni_fail(err, PNI_E_SUBSTRAIT_SHAPE, "a join has %zu left keys and %zu right keys",
                        old->n_left, old->n_right);
    }
    if (old->n_keys > 0) {
        return ambiguous("the condition of a join", "left_keys and right_keys", "keys", err);
    }
    Substrait__ComparisonJoinKey **keys = pni_arena_alloc(arena, old->n_left * sizeof *keys);
    for (size_t i = 0; i < old->n_left; i++) {
        keys[i] = pni_pb_new(arena, &substrait__comparison_join_key__descriptor);
        keys[i]->left = old->left[i];
        keys[i]->right = old->right[i];
        keys[i]->comparison =
            pni_pb_new(arena, &substrait__comparison_join_key__comparison_type__descriptor);
        keys[i]->comparison->inner_type_case =
            SUBSTRAIT__COMPARISON_JOIN_KEY__COMPARISON_TYPE__INNER_TYPE_SIMPLE;
        keys[i]->comparison->simple =
            SUBSTRAIT__COMPARISON_JOIN_KEY__SIMPLE_COMPARISON_TYPE__SIMPLE_COMPARISON_TYPE_EQ;
    }
    *keys_out = keys;
    return PN_OK;
}

#define CANON_KEYS(rel)                                                                            \
    do {                                                                                           \
        const join_keys old = {(rel)->left_keys, (rel)->right_keys, (rel)->n_left_keys,            \
                               (rel)->n_right_keys, (rel)->n_keys};                                \
        if (old.n_left + old.n_right > 0) {                                                        \
            PNI_TRY(pair_keys(arena, &old, &(rel)->keys, err));                                    \
            (rel)->n_keys = old.n_left;                                                            \
            (rel)->n_left_keys = (rel)->n_right_keys = 0;                                          \
            (rel)->left_keys = (rel)->right_keys = NULL;                                           \
        }                                                                                          \
    } while (0)

PNI_CANON_RULE(hash_join) {
    Substrait__HashJoinRel *rel = (void *)msg;
    CANON_KEYS(rel);
    if (rel->build_input == SUBSTRAIT__HASH_JOIN_REL__BUILD_INPUT__BUILD_INPUT_RIGHT) {
        rel->build_input = SUBSTRAIT__HASH_JOIN_REL__BUILD_INPUT__BUILD_INPUT_UNSPECIFIED;
    }
    return PN_OK;
}

PNI_CANON_RULE(merge_join) {
    Substrait__MergeJoinRel *rel = (void *)msg;
    CANON_KEYS(rel);
    return PN_OK;
}

/* ---- grouping ----------------------------------------------------------------------------- */

typedef PNI_VEC(pni_expr *) expr_vec;

typedef struct pool {
    expr_vec items;
    pni_map *known; /* digest -> index + 1; NULL: equal expressions stay apart */
} pool;

static pn_status count_below(void *ctx, pni_node *node, pn_error *err) {
    size_t *count = ctx;
    (void)err;
    node->skip = ++*count > GROUPING_NODES_MAX;
    return PN_OK;
}

/* Digest of a small expression; false for a large one. */
static bool digest_of(pni_expr *expr, char hex[PNI_SHA256_HEX]) {
    PNI_AUTO(pn_buf) bytes = PN_BUF_INIT;
    size_t count = 0;
    pn_status status = pni_tree_walk(&expr->base, count_below, &count, NULL);
    if (status != PN_OK || count > GROUPING_NODES_MAX) {
        return false;
    }
    pni_pb_encode(&expr->base, &bytes);
    pni_sha256_hex(bytes.data, bytes.len, hex);
    return true;
}

static uint32_t pool_add(pool *p, pni_expr *expr) {
    char hex[PNI_SHA256_HEX];
    bool small = p->known && digest_of(expr, hex);
    if (small && pni_map_has(p->known, hex)) {
        return (uint32_t)(uintptr_t)pni_map_get(p->known, hex) - 1;
    }
    pni_vec_push(&p->items, expr);
    if (small) {
        pni_map_put(p->known, hex, (void *)(uintptr_t)p->items.count);
    }
    return (uint32_t)(p->items.count - 1);
}

static int cmp_numbers(const void *a, const void *b) {
    uint32_t left = *(const uint32_t *)a;
    uint32_t right = *(const uint32_t *)b;
    return (left > right) - (left < right);
}

static void sort_references(const Substrait__AggregateRel__Grouping *grouping) {
    if (grouping->n_expression_references > 1) {
        qsort(grouping->expression_references, grouping->n_expression_references,
              sizeof *grouping->expression_references, cmp_numbers);
    }
}

static bool same_bytes(const pni_expr *one, const pni_expr *other) {
    PNI_AUTO(pn_buf) bytes = PN_BUF_INIT;
    PNI_AUTO(pn_buf) others = PN_BUF_INIT;
    pni_pb_encode(&one->base, &bytes);
    pni_pb_encode(&other->base, &others);
    return bytes.len == others.len &&
           (bytes.len == 0 || !memcmp(bytes.data, others.data, bytes.len));
}

/* What the older form repeats in each set must be what the references say. A plan where this finds
 * nothing doubles with each level, and the first thing it finds ends it, so the cost is linear. */
static pn_status check_repeated(const Substrait__AggregateRel *rel,
                                const Substrait__AggregateRel__Grouping *grouping, pn_error *err) {
    bool same = grouping->n_grouping_expressions == grouping->n_expression_references;
    for (size_t i = 0; same && i < grouping->n_grouping_expressions; i++) {
        same = same_bytes(grouping->grouping_expressions[i],
                          rel->grouping_expressions[grouping->expression_references[i]]);
    }
    return same ? PN_OK
                : ambiguous("a grouping set", "expression_references", "grouping_expressions", err);
}

/*
 * Sets of references: the result has the expressions in the order of their declaration, so that
 * order stays; within a set the order of the references means nothing. Sets that refer to
 * expressions and repeat them, too, must say the same by both.
 */
static pn_status canon_references(const Substrait__AggregateRel *rel, bool repeated, bool *used,
                                  pn_error *err) {
    for (size_t g = 0; g < rel->n_groupings; g++) {
        Substrait__AggregateRel__Grouping *grouping = rel->groupings[g];
        for (size_t i = 0; i < grouping->n_expression_references; i++) {
            uint32_t reference = grouping->expression_references[i];
            if (reference >= rel->n_grouping_expressions) {
                return pni_fail(err, PNI_E_SUBSTRAIT_FIELD,
                                "a grouping refers to expression %u of %zu", reference,
                                rel->n_grouping_expressions);
            }
            used[reference] = true;
        }
        if (repeated) {
            PNI_TRY(check_repeated(rel, grouping, err));
        }
        sort_references(grouping);
    }
    for (size_t i = 0; i < rel->n_grouping_expressions; i++) {
        if (!used[i]) {
            return pni_fail(err, PNI_E_SUBSTRAIT_SHAPE, "grouping expression %zu is in no grouping",
                            i);
        }
    }
    return PN_OK;
}

/*
 * Sets that repeat their expressions: the result has them in the order in which they first occur,
 * and so do readers of plans that refer to them as well, as DataFusion writes them. Only between
 * several sets equal ones are one column; within a single set each is a column.
 */
static void canon_repeated(pni_arena *arena, Substrait__AggregateRel *rel) {
    PNI_AUTO_PTR(pni_map) known = rel->n_groupings > 1 ? pni_map_new() : NULL;
    pool p = {.known = known};
    for (size_t g = 0; g < rel->n_groupings; g++) {
        Substrait__AggregateRel__Grouping *grouping = rel->groupings[g];
        size_t n = grouping->n_grouping_expressions;
        grouping->expression_references =
            pni_arena_alloc(arena, n * sizeof *grouping->expression_references + 1);
        grouping->n_expression_references = n;
        for (size_t i = 0; i < n; i++) {
            grouping->expression_references[i] = pool_add(&p, grouping->grouping_expressions[i]);
        }
        grouping->n_grouping_expressions = 0;
        grouping->grouping_expressions = NULL;
        sort_references(grouping);
    }
    size_t bytes = p.items.count * sizeof *p.items.items;
    rel->n_grouping_expressions = p.items.count;
    rel->grouping_expressions = pni_arena_alloc(arena, bytes + 1);
    if (bytes) {
        memcpy(rel->grouping_expressions, p.items.items, bytes);
    }
    pni_vec_dispose(&p.items);
}

PNI_CANON_RULE(aggregate) {
    Substrait__AggregateRel *rel = (void *)msg;
    bool repeated = false;
    bool references = rel->n_grouping_expressions > 0;
    for (size_t g = 0; g < rel->n_groupings; g++) {
        repeated = repeated || rel->groupings[g]->n_grouping_expressions > 0;
        references = references || rel->groupings[g]->n_expression_references > 0;
    }
    if (references) {
        bool *used = pni_calloc(rel->n_grouping_expressions + 1, sizeof *used);
        pn_status status = canon_references(rel, repeated, used, err);
        pni_free(used);
        PNI_TRY(status);
    }
    if (repeated) {
        canon_repeated(arena, rel);
    }
    /* measures alone are those of one set of nothing */
    if (rel->n_groupings == 0 && rel->n_grouping_expressions == 0 && rel->n_measures > 0) {
        rel->groupings = pni_arena_alloc(arena, sizeof *rel->groupings);
        rel->groupings[0] = pni_pb_new(arena, &substrait__aggregate_rel__grouping__descriptor);
        rel->n_groupings = 1;
    }
    return PN_OK;
}
