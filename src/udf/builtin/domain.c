/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The planner `codeanatomy_domain`: arrows on structs, maps and nulls take a field, and the two
 * containment operators on lists ask whether one holds all of the other. Types decide; an operator
 * on other types is left to the engine.
 */
#include "udf/builtin/kernel_priv.h"

static bool is_one_of(const char *text, const char *const *words, size_t count) {
    for (size_t i = 0; i < count; i++)
        if (pni_streq(words[i], text))
            return true;
    return false;
}

#define IS_ONE_OF(text, words) is_one_of(text, words, sizeof(words) / sizeof *(words))

static bool is_list(const char *format) {
    static const char *const formats[] = {"+l", "+L", "+vl", "+vL"};
    return IS_ONE_OF(format, formats) || pni_starts_with(format, "+w:");
}

/* checksrc: allow parameters plan_operator of pinion/plugin.h has seven */
static int32_t plan_operator(void *ctx, const char *op, const struct ArrowSchema *left,
                             const struct ArrowSchema *right, pn_operator_plan *out, char *message,
                             size_t message_cap) {
    static const char *const arrows[] = {"->", "->>", "#>", "#>>"};
    static const char *const holders[] = {"+s", "+m", "n"};
    (void)ctx, (void)message, (void)message_cap;
    if (IS_ONE_OF(op, arrows) && IS_ONE_OF(left->format, holders)) {
        out->function = "get_field";
    } else if (is_list(left->format) && is_list(right->format) &&
               (pni_streq(op, "@>") || pni_streq(op, "<@"))) {
        out->function = "array_has_all";
        out->swap = pni_streq(op, "<@");
    }
    return 0;
}

const pn_expr_planner pni_udf_domain_planner = {
    .struct_size = sizeof(pn_expr_planner),
    .name = "codeanatomy_domain",
    .body_version = "1",
    .plan_operator = plan_operator,
};
