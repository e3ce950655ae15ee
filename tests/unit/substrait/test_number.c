/* SPDX-License-Identifier: Apache-2.0 */
/* Anchors are numbered by first use; what is not used goes. */
#include "plans.h"

static Substrait__Plan *sum_of(uint32_t add, uint32_t multiply) {
    return t_plan(t_project(t_read("t", "a b"), 2, t_call(add, t_field(0), t_field(1)),
                            t_call(multiply, t_field(0), t_number(2))),
                  "x y");
}

T_CASE(order_and_numbers_of_declarations_do_not_count) {
    t_pool_used = 0;
    Substrait__Plan *one = sum_of(0, 1);
    Substrait__Plan *two = sum_of(90, 7);
    t_declare(one, 0, "add");
    t_declare(one, 1, "multiply");
    t_declare(two, 7, "multiply");
    t_declare(two, 3, "unused");
    t_declare(two, 90, "add");
    T_EQ_STR(t_digest(two), t_digest(one));
    Substrait__Plan *other = sum_of(1, 0);
    t_declare(other, 0, "add");
    t_declare(other, 1, "multiply");
    T_ASSERT(strcmp(t_digest(other), t_digest(one)) != 0);
}

T_CASE(two_declarations_of_one_function_are_one) {
    t_pool_used = 0;
    Substrait__Plan *once = sum_of(4, 4);
    Substrait__Plan *twice = sum_of(4, 5);
    t_declare(once, 4, "add");
    t_declare(twice, 4, "add");
    t_declare(twice, 5, "add");
    T_EQ_STR(t_digest(twice), t_digest(once));
}

T_CASE(functions_are_listed_once_and_sorted) {
    t_pool_used = 0;
    pn_error err = PN_ERROR_INIT;
    PNI_AUTO_PTR(pn_substrait) plan = NULL;
    Substrait__Plan *made = sum_of(2, 1);
    t_declare(made, 1, "add");
    t_declare(made, 2, "multiply");
    t_declare(made, 3, "unused");
    T_OK(t_decode(made, &plan, &err), &err);
    T_EQ_UINT(pn_substrait_function_count(plan), 2);
    T_EQ_STR(pn_substrait_function_at(plan, 0), "add");
    T_EQ_STR(pn_substrait_function_at(plan, 1), "multiply");
    T_ASSERT(!pn_substrait_function_at(plan, 2));
    T_EQ_STR(pni_substrait_function(plan, 1), "multiply");
}

static void refused(const Substrait__Plan *plan) {
    pn_error err = PN_ERROR_INIT;
    pn_substrait *decoded = NULL;
    T_STATUS(t_decode(plan, &decoded, &err), PN_CORRUPT, &err);
    T_EQ_INT(err.number, PNI_E_SUBSTRAIT_ANCHOR);
}

T_CASE(missing_and_repeated_declarations_are_refused) {
    t_pool_used = 0;
    Substrait__Plan *plan = sum_of(1, 2);
    t_declare(plan, 1, "add");
    refused(plan);
    t_declare(plan, 2, "multiply");
    t_declare(plan, 2, "divide");
    refused(plan);
}

T_CASE(urns_are_numbered_by_first_use) {
    t_pool_used = 0;
    Substrait__Plan *plans[2];
    for (uint32_t i = 0; i < 2; i++) {
        plans[i] = sum_of(1, 2);
        t_declare(plans[i], 1, "add");
        t_declare(plans[i], 2, "multiply");
        Substrait__Extensions__SimpleExtensionURN *urn =
            t_node(&substrait__extensions__simple_extension_urn__descriptor);
        urn->extension_urn_anchor = 40 + i;
        urn->urn = (char *)(uintptr_t) "extension:org:arithmetic";
        T_PUSH(plans[i]->extension_urns, plans[i]->n_extension_urns, urn);
        plans[i]->extensions[0]->extension_function->extension_urn_reference = 40 + i;
    }
    T_EQ_STR(t_digest(plans[1]), t_digest(plans[0]));
    plans[1]->extensions[0]->extension_function->extension_urn_reference = 0;
    T_ASSERT(strcmp(t_digest(plans[1]), t_digest(plans[0])) != 0);
}
