/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Substrait plans from anywhere: whatever decodes has a text and a lineage or a typed error, its
 * canonical bytes decode to themselves, and it has differences to exactly the plans that it is not
 * equal to: to a neighbour whose canonical bytes differ in one place, and to a plan of one read.
 * Limits are low so that the fuzzer finds their edges.
 */
#include "pinion/lineage.h"
#include "pinion/substrait.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(int condition) {
    if (!condition) {
        __builtin_trap();
    }
}

static void check_canonical(const pn_substrait *plan) {
    pn_error err = PN_ERROR_INIT;
    pn_substrait *again = NULL;
    must(pn_substrait_decode(pn_substrait_bytes(plan), NULL, &again, &err) == PN_OK);
    must(pn_substrait_equal(plan, again));
    pn_substrait_unref(again);
}

/* Both ways, and as text and JSON: nothing is listed exactly when the plans are equal. */
static void check_diff(const pn_substrait *left, const pn_substrait *right) {
    pn_error err = PN_ERROR_INIT;
    pn_substrait_diff_options options = PN_SUBSTRAIT_DIFF_OPTIONS_INIT;
    for (uint32_t json = 0; json < 2; json++) {
        pn_buf out = PN_BUF_INIT;
        size_t count = 0;
        options.json = json;
        options.max_count = 20;
        must(pn_substrait_diff(left, right, &options, &out, &count, &err) == PN_OK);
        must((count == 0) == (pn_substrait_equal(left, right) != 0));
        must((out.len == 0) == (count == 0 && json == 0));
        pn_buf_dispose(&out);
    }
}

/* A plan that reads "t" (a i64) and calls the column "a". */
static const uint8_t one_read[] = {0x1a, 0x1b, 0x12, 0x19, 0x0a, 0x14, 0x0a, 0x12, 0x12, 0x0b,
                                   0x0a, 0x01, 'a',  0x12, 0x06, 0x0a, 0x04, 0x3a, 0x02, 0x10,
                                   0x01, 0x3a, 0x03, 0x0a, 0x01, 't',  0x12, 0x01, 'a'};

static void check_neighbours(const pn_substrait *plan) {
    pn_error err = PN_ERROR_INIT;
    pn_substrait *other = NULL;
    pn_bytes bytes = pn_substrait_bytes(plan);
    size_t at = (bytes.len * 2654435761u >> 3) % bytes.len;
    uint8_t *copy = malloc(bytes.len);
    must(copy != NULL);
    memcpy(copy, bytes.data, bytes.len);
    copy[at] = (uint8_t)(copy[at] + 1);
    if (pn_substrait_decode((pn_bytes){copy, bytes.len}, NULL, &other, &err) == PN_OK) {
        check_diff(plan, other);
        pn_substrait_unref(other);
    }
    free(copy);
    must(pn_substrait_decode((pn_bytes){one_read, sizeof one_read}, NULL, &other, &err) == PN_OK);
    check_diff(plan, other);
    check_diff(other, plan);
    pn_substrait_unref(other);
}

static void read_all(const pn_substrait *plan) {
    size_t count;
    for (size_t i = 0; i < pn_substrait_table_count(plan); i++) {
        const char *const *columns = pn_substrait_table_columns(plan, i, &count);
        must(columns || count == 0);
    }
    for (size_t i = 0; i < pn_substrait_function_count(plan); i++) {
        must(strlen(pn_substrait_function_at(plan, i)) < PTRDIFF_MAX);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    pn_error err = PN_ERROR_INIT;
    pn_substrait_options options = PN_SUBSTRAIT_OPTIONS_INIT;
    pn_substrait *plan = NULL;
    pn_buf text = PN_BUF_INIT;
    pn_buf lineage = PN_BUF_INIT;
    options.max_depth = 2000;
    options.max_nodes = 100000;
    pn_status status = pn_substrait_decode((pn_bytes){data, size}, &options, &plan, &err);
    must(status == PN_OK || (err.number > 0 && err.message[0] && err.hint[0]));
    if (status == PN_OK) {
        check_canonical(plan);
        check_neighbours(plan);
        read_all(plan);
        must(pn_substrait_text(plan, &text, &err) == PN_OK);
        status = pn_lineage_json(plan, &lineage, &err);
        must(status == PN_OK || err.number > 0);
    }
    pn_buf_dispose(&text);
    pn_buf_dispose(&lineage);
    pn_substrait_unref(plan);
    return 0;
}
