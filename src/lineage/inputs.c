/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Sets of inputs. A set is immutable and shared by every column that has it, so relations that hand
 * columns on as they are cost a pointer each. Sources are small numbers while the plan is traced;
 * they are sorted by name only in the result. Every element that is copied counts against one
 * budget, which bounds both time and memory on hostile plans.
 */
#include "lineage/lineage_priv.h"

#include <stdlib.h>

enum { STEPS_MAX = 50000000 };

const pni_inputs pni_lineage_no_inputs = {0};

pn_status pni_lineage_step(pni_lineage *lineage, size_t steps, pn_error *err) {
    lineage->steps += steps;
    if (lineage->steps > STEPS_MAX) {
        return pni_fail(err, PNI_E_SUBSTRAIT_LIMIT,
                        "the lineage of the plan has more than %d steps", (int)STEPS_MAX);
    }
    return PN_OK;
}

uint32_t pni_lineage_source(pni_lineage *lineage, const char *table, const char *column) {
    PNI_AUTO(pn_buf) key = PN_BUF_INIT;
    pni_buf_printf(&key, "%zu ", strlen(table));
    pni_buf_puts(&key, table);
    pni_buf_puts(&key, column);
    size_t known = (size_t)(uintptr_t)pni_map_get(lineage->source_ids, pni_buf_text(&key));
    if (known == 0) {
        pni_source source = {table, column};
        pni_vec_push(&lineage->sources, source);
        known = lineage->sources.count;
        pni_map_put(lineage->source_ids, pni_buf_text(&key), (void *)(uintptr_t)known);
    }
    return (uint32_t)(known - 1);
}

static uint32_t convert(uint32_t kinds, uint32_t as) {
    uint32_t direct = kinds & PNI_KIND_DIRECT;
    uint32_t indirect = kinds & ~(uint32_t)PNI_KIND_DIRECT;
    if (direct == 0) {
        return indirect;
    }
    if (as != 0) {
        return indirect | as;
    }
    if (direct & PNI_KIND_IDENTITY) {
        direct = (direct & ~(uint32_t)PNI_KIND_IDENTITY) | PNI_KIND_TRANSFORM;
    }
    return indirect | direct;
}

pn_status pni_lineage_collect(pni_collector *c, const pni_inputs *inputs, uint32_t as,
                              pn_error *err) {
    PNI_TRY(pni_lineage_step(c->lineage, inputs->n, err));
    for (size_t i = 0; i < inputs->n; i++) {
        pni_input item = {inputs->items[i].source, convert(inputs->items[i].kinds, as)};
        pni_vec_push(&c->items, item);
    }
    return PN_OK;
}

static int cmp_inputs(const void *a, const void *b) {
    uint32_t left = ((const pni_input *)a)->source;
    uint32_t right = ((const pni_input *)b)->source;
    return (left > right) - (left < right);
}

static pni_inputs *new_inputs(pni_lineage *lineage, size_t room) {
    return pni_arena_alloc(lineage->arena, sizeof(pni_inputs) + room * sizeof(pni_input));
}

const pni_inputs *pni_lineage_collected(pni_collector *c) {
    size_t n = 0;
    pni_input *items = c->items.items;
    if (c->items.count == 0) {
        return &pni_lineage_no_inputs;
    }
    qsort(items, c->items.count, sizeof *items, cmp_inputs);
    for (size_t i = 0; i < c->items.count; i++) {
        if (n > 0 && items[n - 1].source == items[i].source) {
            items[n - 1].kinds |= items[i].kinds;
        } else {
            items[n++] = items[i];
        }
    }
    pni_inputs *made = new_inputs(c->lineage, n);
    made->n = n;
    memcpy(made->items, items, n * sizeof *items);
    pni_vec_dispose(&c->items);
    return made;
}

const pni_inputs *pni_lineage_single(pni_lineage *lineage, uint32_t source, uint32_t kinds) {
    pni_inputs *made = new_inputs(lineage, 1);
    made->n = 1;
    made->items[0] = (pni_input){source, kinds};
    return made;
}
