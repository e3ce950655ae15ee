/* SPDX-License-Identifier: Apache-2.0 */
/* Short forms for tests of lineage. */
#ifndef PN_TESTS_LINEAGE_CASES_H
#define PN_TESTS_LINEAGE_CASES_H

#include "lineage/lineage.h"
#include "unit/substrait/plans.h"

__attribute__((unused)) static json_t *lineage_of_bytes(pn_bytes bytes) {
    pn_error err = PN_ERROR_INIT;
    PNI_AUTO_PTR(pn_substrait) plan = NULL;
    json_t *lineage = NULL;
    T_OK(pn_substrait_decode(bytes, NULL, &plan, &err), &err);
    T_OK(pni_lineage_of(plan, &lineage, &err), &err);
    return lineage;
}

__attribute__((unused)) static json_t *lineage_of_corpus(const char *name) {
    return lineage_of_bytes(t_corpus(name));
}

__attribute__((unused)) static json_t *lineage_of(const Substrait__Plan *plan) {
    return lineage_of_bytes(t_packed(plan));
}

__attribute__((unused)) static const json_t *output_named(const json_t *lineage, const char *name) {
    size_t index;
    json_t *output;
    json_array_foreach(json_object_get(lineage, "outputs"), index, output) {
        if (strcmp(pni_json_text(output, "name"), name) == 0) {
            return output;
        }
    }
    T_FAIL("no output '%s'", name);
}

/* "table.column role kind, …" */
__attribute__((unused)) static const char *inputs_of(const json_t *lineage, const char *name) {
    PNI_AUTO(pn_buf) text = PN_BUF_INIT;
    size_t index;
    json_t *input;
    json_array_foreach(json_object_get(output_named(lineage, name), "inputs"), index, input) {
        pni_buf_printf(&text, "%s%s.%s %s %s", index ? ", " : "", pni_json_text(input, "table"),
                       pni_json_text(input, "column"), pni_json_text(input, "role"),
                       pni_json_text(input, "kind"));
    }
    char *kept = t_pool_take(text.len + 1);
    memcpy(kept, pni_buf_text(&text), text.len);
    return kept;
}

__attribute__((unused)) static const char *expression_of(const json_t *lineage, const char *name) {
    return pni_json_text(output_named(lineage, name), "expression");
}

#endif
