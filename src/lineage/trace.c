/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Goes through a plan from its reads to its root. Each relation passes three states on an explicit
 * stack: first its inputs are traced, which gives the row its expressions see; then the subqueries
 * in its expressions, which may refer to that row; then the relation itself. So whatever a step
 * needs has a result already, and no step recurses. What a result is, the tracer says.
 */
#include "lineage/lineage_priv.h"

enum { STATE_INPUTS, STATE_SUBQUERIES, STATE_SELF };

typedef struct frame {
    const pni_rel *rel;
    const void *outer; /* scope around the subquery this relation belongs to */
    const void *scope;
    int state;
} frame;

typedef PNI_VEC(frame) frame_vec;

typedef struct search {
    frame_vec *stack;
    const void *outer;
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

const void *pni_trace_result(const pni_tracer *tracer, const pni_rel *rel) {
    char key[32];
    key_of(rel, key);
    const void *result = pni_map_get(tracer->results, key);
    pni_assert(result);
    return result;
}

static pn_status finish(pni_tracer *tracer, const frame *top, pn_error *err) {
    char key[32];
    void *result = NULL;
    PNI_TRY(tracer->rel(tracer->ctx, top->rel, top->scope, &result, err));
    key_of(top->rel, key);
    pni_map_put(tracer->results, key, result);
    return PN_OK;
}

static pn_status advance(pni_tracer *tracer, frame_vec *stack, pn_error *err) {
    size_t at = stack->count - 1;
    frame top = stack->items[at];
    search s = {stack, top.outer, false};
    switch (top.state) {
    case STATE_INPUTS:
        stack->items[at].state = STATE_SUBQUERIES;
        break;
    case STATE_SUBQUERIES:
        PNI_TRY(tracer->scope(tracer->ctx, top.rel, top.outer, &top.scope, err));
        stack->items[at].scope = top.scope;
        stack->items[at].state = STATE_SELF;
        s.outer = top.scope;
        s.subqueries = true;
        break;
    case STATE_SELF:
    default:
        PNI_TRY(finish(tracer, &top, err));
        stack->count--;
        return PN_OK;
    }
    return pni_tree_walk(pni_rel_body(top.rel), find_below, &s, err);
}

pn_status pni_trace(pni_tracer *tracer, const pni_rel *root, const void **result_out,
                    pn_error *err) {
    frame_vec stack = {0};
    frame first = {root, NULL, NULL, STATE_INPUTS};
    pn_status status = PN_OK;
    pni_vec_push(&stack, first);
    while (status == PN_OK && stack.count > 0) {
        status = advance(tracer, &stack, err);
    }
    pni_vec_dispose(&stack);
    if (status == PN_OK) {
        *result_out = pni_trace_result(tracer, root);
    }
    return status;
}
