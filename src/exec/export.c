/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Exporting with the expanded plan: the plan as it runs, upstream views inlined. It is evidence for
 * readers and other tools, so whatever stands in its way (a diamond that grows too large, a form
 * that the engine cannot write) leaves it out and fails nothing.
 */
#include "archive/archive.h"
#include "exec/exec_priv.h"
#include "substrait/tree.h"

#define EXPANDED_MAX_NODES 100000u

/* Nodes of a plan in which every view is inlined wherever it is read. */
static double expanded_nodes(const pn_bundle *root) {
    size_t count;
    const pn_bundle **order = pni_bundle_closure(&root, 1, &count);
    PNI_AUTO_PTR(pni_map) place = pni_map_new();
    double *nodes = pni_calloc(count + 1, sizeof *nodes);
    for (size_t b = 0; b < count; b++) { /* upstream first */
        const pn_bundle *bundle = order[b];
        nodes[b] = (double)pn_substrait_node_count(bundle->substrait);
        for (size_t i = 0; i < bundle->n_inputs; i++)
            if (bundle->inputs[i].view)
                nodes[b] += (double)pn_substrait_table_scans(bundle->substrait, i) *
                            nodes[(uintptr_t)pni_map_get(place, bundle->inputs[i].name) - 1];
        if (bundle->name)
            pni_map_put(place, bundle->name, (void *)(uintptr_t)(b + 1));
    }
    double total = count ? nodes[count - 1] : 0;
    pni_free(nodes);
    pni_free(order);
    return total;
}

static bool reads_views(const pn_bundle *bundle) {
    for (size_t i = 0; i < bundle->n_inputs; i++)
        if (bundle->inputs[i].view)
            return true;
    return false;
}

/* Functions that the optimiser replaces by the time of the call. */
static bool reads_clock(const pn_bundle *root) {
    static const char *const clocks[] = {
        "now", "current_timestamp", "current_date", "current_time", "today", "localtimestamp"};
    size_t count;
    bool found = false;
    const pn_bundle **order = pni_bundle_closure(&root, 1, &count);
    for (size_t b = 0; b < count; b++)
        for (size_t f = 0; f < pn_substrait_function_count(order[b]->substrait); f++)
            for (size_t c = 0; c < sizeof clocks / sizeof *clocks; c++)
                found =
                    found || pni_streq(pn_substrait_function_at(order[b]->substrait, f), clocks[c]);
    pni_free(order);
    return found;
}

/* NULL when the bundle has an expanded plan, else why not. */
static const char *why_not_expanded(const pn_bundle *root) {
    if (expanded_nodes(root) > EXPANDED_MAX_NODES)
        return "its views, inlined, are too many";
    return reads_clock(root) ? "it reads the clock, which expanding would stop" : NULL;
}

static pn_status expand(pn_session *session, const pn_bundle *root, pn_substrait **out,
                        pn_error *err) {
    pn_exec_options options = PN_EXEC_OPTIONS_INIT;
    PNI_AUTO_PTR(pni_stage) stage = NULL;
    PNI_AUTO_PTR(pni_engine_plan) plan = NULL;
    PNI_AUTO(pn_buf) bytes = PN_BUF_INIT;
    options.flags = PN_EXEC_EXPAND_VIEWS;
    PNI_TRY(pni_stage_new(session, &root, 1, &options, &stage, err));
    PNI_TRY(pni_stage_plan(stage, root, &plan, err));
    PNI_TRY(pni_engine_plan_to_substrait(plan, &bytes, err));
    return pn_substrait_decode((pn_bytes){bytes.data, bytes.len}, NULL, out, err);
}

/* Leaves *out NULL when the plan has no expanded form. What the bundle stands on was compared
 * before, so nothing but the expansion itself can fail here. */
static void try_expand(pn_session *session, const pn_bundle *root, pn_substrait **out) {
    pn_error err = PN_ERROR_INIT;
    if (!reads_views(root) || why_not_expanded(root))
        return;
    if (expand(session, root, out, &err) != PN_OK)
        pni_logf("bundle %.12s is exported without its expanded plan: %s", root->fingerprint,
                 err.message);
}

pn_status pn_exec_export(pn_session *session, const pn_bundle *const *roots, size_t n_roots,
                         pn_buf *bytes_out, pn_error *err) {
    if (!session || !roots || !n_roots || !bytes_out)
        return pni_fail(err, PNI_E_ARGUMENT,
                        "pn_exec_export: session and bytes_out must not be NULL, and there must be "
                        "a root");
    for (size_t i = 0; i < n_roots; i++)
        PNI_TRY(pn_exec_needs(session, roots[i], NULL, err));
    pn_substrait **plans = pni_calloc(n_roots, sizeof(pn_substrait *));
    pni_evidence *evidence = pni_calloc(n_roots, sizeof *evidence);
    size_t count = 0;
    for (size_t i = 0; i < n_roots; i++) {
        try_expand(session, roots[i], &plans[i]);
        if (plans[i])
            evidence[count++] = (pni_evidence){roots[i]->fingerprint, "expanded.substrait",
                                               pn_substrait_bytes(plans[i])};
    }
    pn_status status = pni_archive_write(roots, n_roots, evidence, count, bytes_out, err);
    for (size_t i = 0; i < n_roots; i++)
        pn_substrait_unref(plans[i]);
    pni_free(evidence);
    pni_free(plans);
    return status;
}

/* What a message is called that only pinion's consumer knows; NULL for all others. */
static const char *extension_name(const ProtobufCMessage *msg) {
    const void *body = msg;
    const Google__Protobuf__Any *detail;
    if (msg->descriptor == &substrait__function_option__descriptor) {
        const char *name = ((const Substrait__FunctionOption *)body)->name;
        return name && pni_starts_with(name, "pinion_") ? name : NULL;
    }
    if (msg->descriptor == &substrait__extensions__advanced_extension__descriptor) {
        detail = ((const Substrait__Extensions__AdvancedExtension *)body)->enhancement;
        return detail ? detail->type_url : NULL;
    }
    if (msg->descriptor == &substrait__extension_leaf_rel__descriptor)
        detail = ((const Substrait__ExtensionLeafRel *)body)->detail;
    else if (msg->descriptor == &substrait__extension_single_rel__descriptor)
        detail = ((const Substrait__ExtensionSingleRel *)body)->detail;
    else if (msg->descriptor == &substrait__extension_multi_rel__descriptor)
        detail = ((const Substrait__ExtensionMultiRel *)body)->detail;
    else
        return NULL;
    return detail && detail->type_url ? detail->type_url : "extension relation";
}

static pn_status visit_extension(void *ctx, pni_node *node, pn_error *err) {
    const char *name = extension_name(node->msg);
    (void)err;
    if (name)
        pni_map_put(ctx, name, ctx);
    return PN_OK;
}

static pn_status check_plain(const pn_bundle *bundle, const pn_substrait *plan, pn_error *err) {
    PNI_AUTO_PTR(pni_map) found = pni_map_new();
    PNI_AUTO(pn_buf) names = PN_BUF_INIT;
    ProtobufCMessage *root = (ProtobufCMessage *)(uintptr_t)pni_substrait_root(plan);
    PNI_TRY(pni_tree_walk(root, visit_extension, found, err));
    for (size_t i = 0; i < pn_substrait_function_count(plan); i++)
        if (pni_starts_with(pn_substrait_function_at(plan, i), "pinion_"))
            pni_map_put(found, pn_substrait_function_at(plan, i), found);
    if (!pni_map_count(found))
        return PN_OK;
    const char **sorted = pni_map_sorted_keys(found);
    for (size_t i = 0; i < pni_map_count(found); i++)
        pni_buf_printf(&names, "%s%s", i ? ", " : "", sorted[i]);
    pni_free(sorted);
    return pni_fail(err, PNI_E_BUNDLE_NOT_PLAIN, "bundle %.12s uses what only pinion reads: %s",
                    bundle->fingerprint, pni_buf_text(&names));
}

pn_status pn_exec_export_substrait(pn_session *session, const pn_bundle *bundle, pn_buf *bytes_out,
                                   pn_error *err) {
    PNI_AUTO_PTR(pn_substrait) plan = NULL;
    if (!session || !bundle || !bytes_out)
        return pni_fail(err, PNI_E_ARGUMENT,
                        "pn_exec_export_substrait: session, bundle and bytes_out must not be NULL");
    if (reads_views(bundle)) {
        const char *why = why_not_expanded(bundle);
        if (why)
            return pni_fail(err, PNI_E_BUNDLE_NOT_PLAIN, "bundle %.12s has no expanded plan: %s",
                            bundle->fingerprint, why);
        PNI_TRY(expand(session, bundle, &plan, err));
    } else {
        plan = pn_substrait_ref(bundle->substrait);
    }
    PNI_TRY(check_plain(bundle, plan, err));
    return pn_substrait_encode(plan, bytes_out, err);
}
