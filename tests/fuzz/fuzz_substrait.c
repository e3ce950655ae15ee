/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Substrait plans from anywhere: whatever decodes has a text and a lineage or a typed error, and
 * its canonical bytes decode to themselves. Limits are low so that the fuzzer finds their edges.
 */
#include "pinion/lineage.h"
#include "pinion/substrait.h"

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
