/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Traces a plan from its reads to its root. Each relation passes three states on an explicit stack:
 * first its inputs are traced, which gives the row its expressions see; then the subqueries in its
 * expressions, which may refer to that row; then the relation itself. So whatever a step needs has
 * a result already, and no step recurses.
 */
#include "lineage/lineage_priv.h"

enum { STATE_INPUTS, STATE_SUBQUERIES, STATE_SELF };

typedef struct frame {
    const pni_rel *rel;
    const pni_scope *outer; /* the row around the subquery this relation belongs to */
    pni_scope *scope;
    int state;
} frame;

typedef PNI_VEC(frame) frame_vec;

typedef struct search {
    frame_vec *stack;
    const pni_scope *outer;
    bool subqueries;
} search;

/* Inputs are relations that are reached without crossing into a subquery. */
static pn_status find_below(void *ctx, pni_node *node, pn_error *err) {
    search *s = ctx;
    (void)err;
    if (node->msg->descriptor == &substrait__rel__descriptor) {
        frame below = {(const void *)node->msg, s->outer, NULL, STATE_INPUTS};
        if (s->subqueries == (node->subqueries > 0)) {
            pni_vec_push(s->stack, below);
        }
        node->skip = true;
    }
    return PN_OK;
}

static void key_of(const pni_rel *rel, char key[32]) {
    snprintf(key, 32, "%p", (const void *)rel);
}

const pni_rows *pni_lineage_result(const pni_lineage *lineage, const pni_rel *rel) {
    char key[32];
    key_of(rel, key);
    const pni_rows *rows = pni_map_get(lineage->results, key);
    pni_assert(rows);
    return rows;
}

static pn_status finish(pni_lineage *lineage, const frame *top, pn_error *err) {
    char key[32];
    pni_rows *rows = pni_arena_alloc(lineage->arena, sizeof *rows);
    PNI_TRY(pni_lineage_rel(lineage, top->rel, top->scope, rows, err));
    key_of(top->rel, key);
    pni_map_put(lineage->results, key, rows);
    return PN_OK;
}

static pn_status advance(pni_lineage *lineage, frame_vec *stack, pn_error *err) {
    size_t at = stack->count - 1;
    frame top = stack->items[at];
    search s = {stack, top.outer, false};
    PNI_TRY(pni_lineage_step(lineage, 1, err));
    switch (top.state) {
    case STATE_INPUTS:
        stack->items[at].state = STATE_SUBQUERIES;
        break;
    case STATE_SUBQUERIES:
        top.scope = pni_arena_alloc(lineage->arena, sizeof *top.scope);
        top.scope->outer = top.outer;
        PNI_TRY(pni_lineage_scope(lineage, top.rel, &top.scope->row, err));
        stack->items[at].scope = top.scope;
        stack->items[at].state = STATE_SELF;
        s.outer = top.scope;
        s.subqueries = true;
        break;
    case STATE_SELF:
    default:
        PNI_TRY(finish(lineage, &top, err));
        stack->count--;
        return PN_OK;
    }
    return pni_tree_walk(pni_rel_body(top.rel), find_below, &s, err);
}

pn_status pni_lineage_trace(pni_lineage *lineage, const pni_rows **rows_out, pn_error *err) {
    frame_vec stack = {0};
    frame first = {pni_substrait_root(lineage->plan), NULL, NULL, STATE_INPUTS};
    pn_status status = PN_OK;
    pni_vec_push(&stack, first);
    while (status == PN_OK && stack.count > 0) {
        status = advance(lineage, &stack, err);
    }
    pni_vec_dispose(&stack);
    if (status == PN_OK) {
        *rows_out = pni_lineage_result(lineage, first.rel);
    }
    return status;
}
