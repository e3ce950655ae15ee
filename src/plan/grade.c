/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How far equal fingerprints promise equal results, read off the canonical plans of a bundle and of
 * all views below it. Each operator that breaks a promise is named; the grade is the worst of them.
 * What cannot be shown to be deterministic counts as not.
 */
#include "plan/grade_priv.h"

static const char *const grade_names[] = {"canonical", "stable_set", "float_tolerant",
                                          "best_effort"};

typedef struct grading {
    const pn_bundle *bundle;
    json_t *reasons;
    pni_map *said; /* one reason per view, operator and function */
    pni_grade grade;
    const pni_rel *around; /* the relation whose expressions are walked */
} grading;

static bool one_of(const char *name, const char *const *list) {
    for (; *list; list++)
        if (pni_streq(name, *list))
            return true;
    return false;
}

static void lower(grading *g, pni_grade grade, const char *operator, const char * why) {
    PNI_AUTO(pn_buf) key = PN_BUF_INIT;
    const char *view = g->bundle->name ? g->bundle->name : "";
    pni_buf_printf(&key, "%s|%s|%s", view, operator, why);
    g->grade = grade > g->grade ? grade : g->grade;
    if (pni_map_has(g->said, pni_buf_text(&key)))
        return;
    pni_map_put(g->said, pni_buf_text(&key), g);
    json_t *reason =
        json_pack("{s:s, s:s, s:s}", "operator", operator, "why", why, "grade", grade_names[grade]);
    if (*view)
        json_object_set_new(reason, "view", json_string(view));
    json_array_append_new(g->reasons, reason);
}

/* ---- functions ---------------------------------------------------------------------------- */

static const char *volatility_of(const pn_bundle *bundle, const char *name) {
    size_t index;
    json_t *entry;
    json_array_foreach(json_object_get(bundle->documents, "udf"), index,
                       entry) if (pni_streq(pni_json_text(entry, "name"),
                                            name)) return pni_json_text(entry, "volatility");
    return pni_function_is_volatile(name) ? "volatile" : "immutable";
}

static void check_function(grading *g, const char *name) {
    static const char *const clocks[] = {"now",   "current_timestamp", "current_date",
                                         "today", "current_time",      NULL};
    const char *volatility = volatility_of(g->bundle, name);
    if (pni_streq(volatility, "volatile"))
        lower(g, PNI_GRADE_BEST_EFFORT, name, "the function is volatile");
    else if (one_of(name, clocks) || pni_streq(volatility, "stable"))
        lower(g, PNI_GRADE_BEST_EFFORT, name, "the function gives another value in each run");
}

static const Substrait__Expression *argument(Substrait__FunctionArgument *const *arguments,
                                             size_t n) {
    return n && arguments[0]->arg_type_case == SUBSTRAIT__FUNCTION_ARGUMENT__ARG_TYPE_VALUE
               ? arguments[0]->value
               : NULL;
}

/* The rows that the expressions of the relation see; NULL for joins and others. */
static const pni_rel *input_of(const pni_rel *rel) {
    if (rel && rel->rel_type_case == SUBSTRAIT__REL__REL_TYPE_PROJECT)
        return rel->project->input;
    return rel && rel->rel_type_case == SUBSTRAIT__REL__REL_TYPE_AGGREGATE ? rel->aggregate->input
                                                                           : NULL;
}

/* Results that depend on the order in which values are added: of floats, or by means of them. */
static void check_sum(grading *g, const char *name, const Substrait__Expression *value) {
    static const char *const exact[] = {
        "min",        "max",       "count",      "median",       "first_value", "last_value",
        "nth_value",  "any_value", "array_agg",  "string_agg",   "lag",         "lead",
        "row_number", "rank",      "dense_rank", "percent_rank", "cume_dist",   "ntile",
        "bit_and",    "bit_or",    "bit_xor",    "bool_and",     "bool_or",     "approx_distinct",
        "grouping",   NULL};
    pni_kind kind = pni_expr_kind(g->bundle->substrait, input_of(g->around), value);
    bool is_exact = one_of(name, exact) || (pni_streq(name, "sum") && kind < PNI_KIND_FLOAT) ||
                    (pni_streq(name, "avg") && kind == PNI_KIND_FIXED);
    if (!is_exact)
        lower(g, PNI_GRADE_FLOAT_TOLERANT, name, "floats are added in no fixed order");
}

/* Whether the first argument is itself one of the sort keys: then values that tie are equal. */
static bool is_sorted_by(const Substrait__Expression *value, Substrait__SortField *const *sorts,
                         size_t n) {
    int32_t column = pni_expr_column(value);
    for (size_t i = 0; column >= 0 && i < n; i++)
        if (pni_expr_column(sorts[i]->expr) == column)
            return true;
    return false;
}

static void check_aggregate(grading *g, const Substrait__AggregateFunction *f) {
    static const char *const ordered[] = {"array_agg", "string_agg", "first_value",  "last_value",
                                          "nth_value", "any_value",  "group_concat", NULL};
    static const char *const sketches[] = {"approx_percentile_cont", "approx_median",
                                           "approx_percentile_cont_with_weight", NULL};
    const char *name = pni_substrait_function(g->bundle->substrait, f->function_reference);
    check_function(g, name);
    check_sum(g, name, argument(f->arguments, f->n_arguments));
    if (one_of(name, sketches))
        lower(g, PNI_GRADE_BEST_EFFORT, name, "the estimate depends on the order of rows");
    if (one_of(name, ordered) &&
        !is_sorted_by(argument(f->arguments, f->n_arguments), f->sorts, f->n_sorts))
        lower(g, PNI_GRADE_BEST_EFFORT, name, "its values come in no total order");
}

static bool is_unbounded(const Substrait__Expression__WindowFunction__Bound *bound) {
    return bound &&
           bound->kind_case == SUBSTRAIT__EXPRESSION__WINDOW_FUNCTION__BOUND__KIND_UNBOUNDED;
}

/* Whether the frame is cut by the places of rows, so that rows that tie are not alike. */
static bool is_cut_by_rows(const Substrait__Expression__WindowFunction *f) {
    for (size_t i = 0; i < f->n_options; i++)
        if (pni_streq(f->options[i]->name, "pinion_frame")) /* a frame in words: not looked into */
            return true;
    return f->bounds_type ==
               SUBSTRAIT__EXPRESSION__WINDOW_FUNCTION__BOUNDS_TYPE__BOUNDS_TYPE_ROWS &&
           !(is_unbounded(f->lower_bound) && is_unbounded(f->upper_bound));
}

static void check_window(grading *g, const Substrait__Expression__WindowFunction *f) {
    static const char *const peers[] = {"rank", "dense_rank", "percent_rank", "cume_dist", NULL};
    static const char *const positions[] = {"row_number",  "ntile",      "lag",       "lead",
                                            "first_value", "last_value", "nth_value", NULL};
    const char *name = pni_substrait_function(g->bundle->substrait, f->function_reference);
    const pni_rel *input = input_of(g->around);
    check_function(g, name);
    check_sum(g, name, argument(f->arguments, f->n_arguments));
    bool depends = one_of(name, positions) || (is_cut_by_rows(f) && !one_of(name, peers));
    if (depends && !(input && pni_order_is_total(input, f->sorts, f->n_sorts)))
        lower(g, PNI_GRADE_BEST_EFFORT, name, "its window has no total order");
}

/* ---- relations ---------------------------------------------------------------------------- */

static void check_rel(grading *g, const pni_rel *rel) {
    if (rel->rel_type_case == SUBSTRAIT__REL__REL_TYPE_FETCH &&
        !pni_rows_are_ordered(rel->fetch->input))
        lower(g, PNI_GRADE_BEST_EFFORT, "limit", "the rows it takes from have no total order");
}

static pn_status visit(void *ctx, pni_node *node, pn_error *err) {
    grading *g = ctx;
    const void *msg = node->msg;
    const ProtobufCMessageDescriptor *desc = node->msg->descriptor;
    (void)err;
    g->around = node->scope;
    if (desc == &substrait__rel__descriptor) {
        node->scope = msg; /* of all below it, up to the next relation */
        check_rel(g, msg);
    } else if (desc == &substrait__aggregate_function__descriptor) {
        check_aggregate(g, msg);
    } else if (desc == &substrait__expression__window_function__descriptor) {
        check_window(g, msg);
    } else if (desc == &substrait__expression__scalar_function__descriptor) {
        const Substrait__Expression__ScalarFunction *f = msg;
        check_function(g, pni_substrait_function(g->bundle->substrait, f->function_reference));
    }
    return PN_OK;
}

/* Tables whose rows no pin can hold, such as the engine's caches. */
static void check_inputs(grading *g) {
    for (size_t i = 0; i < g->bundle->n_inputs; i++)
        if (json_is_true(json_object_get(g->bundle->inputs[i].pin, "volatile")))
            lower(g, PNI_GRADE_BEST_EFFORT, g->bundle->inputs[i].name,
                  "the table has other rows in each run");
}

pn_status pni_bundle_grade(const pn_bundle *bundle, pni_grade *grade_out, json_t **reasons_out,
                           pn_error *err) {
    PNI_AUTO_PTR(pni_map) said = pni_map_new();
    size_t count = 0;
    grading g = {.reasons = json_array(), .said = said};
    const pn_bundle **all = pni_bundle_closure(&bundle, 1, &count);
    pn_status status = PN_OK;
    for (size_t i = 0; status == PN_OK && i < count; i++) {
        g.bundle = all[i];
        check_inputs(&g);
        pni_rel *root = (pni_rel *)(uintptr_t)pni_substrait_root(all[i]->substrait);
        status = pni_tree_walk(&root->base, visit, &g, err);
    }
    g.bundle = bundle;
    if (!pni_rows_are_ordered(pni_substrait_root(bundle->substrait)))
        lower(&g, PNI_GRADE_STABLE_SET, "result", "its rows have no total order");
    pni_free(all);
    *grade_out = g.grade;
    *reasons_out = g.reasons;
    return status;
}

const char *pni_grade_name(pni_grade grade) {
    return grade_names[grade];
}
