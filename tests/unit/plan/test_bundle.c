/* The bundle object: sealing, references, and walks over graphs that are deep or joined. */
#include "plan_fixture.h"

#define DEEP 200000 /* recursion of any kind would run out of stack long before */

T_CASE(each_component_alone_changes_the_fingerprint) {
    static const char *const names[] = {"plan", "inputs", "pins", "schema", "settings"};
    char base[PNI_SHA256_HEX] = "";
    for (size_t changed = 0; changed <= 5; changed++) {
        PNI_AUTO_PTR(pn_bundle) bundle = pni_calloc(1, sizeof *bundle);
        atomic_init(&bundle->refs, 1);
        bundle->documents = json_object();
        for (size_t i = 0; i < 5; i++)
            json_object_set_new(bundle->documents, names[i], json_integer(changed == i + 1));
        FX_OK(pni_bundle_seal(bundle, err));
        T_EQ_UINT(strlen(pn_bundle_fingerprint(bundle)), PNI_SHA256_HEX - 1);
        if (!changed)
            snprintf(base, sizeof base, "%s", pn_bundle_fingerprint(bundle));
        else
            T_ASSERT(!pni_streq(base, pn_bundle_fingerprint(bundle)));
        T_EQ_UINT(pn_bundle_component_count(bundle), 5);
        T_EQ_STR(pn_bundle_component_name(bundle, 0), "inputs"); /* sorted */
        T_EQ_STR(pn_bundle_component_name(bundle, 4), "settings");
        T_EQ_STR(pn_bundle_component_name(bundle, 5), NULL);
        T_EQ_STR(pn_bundle_component_digest(bundle, 5), NULL);
    }
}

T_CASE(a_document_that_has_no_canonical_form_does_not_seal) {
    PNI_AUTO_PTR(pn_bundle) bundle = pni_calloc(1, sizeof *bundle);
    atomic_init(&bundle->refs, 1);
    bundle->documents = json_pack("{s:f}", "plan", 0.5);
    FX_FAILS(pni_bundle_seal(bundle, err), PNI_E_INTERNAL, "float");
}

T_CASE(the_name_is_no_identity) {
    PNI_AUTO_PTR(pn_session) session = fx_session(NULL);
    PNI_AUTO_PTR(pn_bundle) a = NULL;
    PNI_AUTO_PTR(pn_bundle) b = NULL;
    FX_OK(fx_compile_as(session, "a", "select 1 as k", &a, err));
    FX_OK(fx_compile_as(session, "b", "select 1 as k", &b, err));
    T_EQ_STR(pn_bundle_fingerprint(a), pn_bundle_fingerprint(b));
    T_EQ_STR(pn_bundle_name(a), "a");
}

static pn_bundle *chain(size_t length) {
    pn_bundle *last = fx_bundle("v", NULL, 0);
    for (size_t i = 1; i < length; i++) {
        char name[32];
        snprintf(name, sizeof name, "v%zu", i);
        last = fx_bundle(name, &last, 1);
    }
    return last;
}

T_CASE(a_deep_chain_is_walked_and_freed) {
    pn_bundle *last = chain(DEEP);
    size_t count;
    const pn_bundle *const roots[] = {last};
    const pn_bundle **closure = pni_bundle_closure(roots, 1, &count);
    T_EQ_UINT(count, DEEP);
    T_EQ_STR(closure[0]->name, "v");
    T_ASSERT(closure[DEEP - 1] == last);
    for (size_t i = 1; i < count; i++)
        T_ASSERT(closure[i]->inputs[0].view == closure[i - 1]);
    pni_free(closure);
    pn_bundle_unref(last);
}

/* 60 diamonds on top of each other: 2^60 paths, 121 bundles. */
T_CASE(diamonds_are_walked_once) {
    pn_bundle *top = fx_bundle("v", NULL, 0);
    for (int i = 0; i < 60; i++) {
        char left[16], right[16];
        snprintf(left, sizeof left, "l%d", i);
        snprintf(right, sizeof right, "r%d", i);
        pn_bundle *second = pn_bundle_ref(top);
        pn_bundle *sides[] = {fx_bundle(left, &top, 1), fx_bundle(right, &second, 1)};
        snprintf(left, sizeof left, "t%d", i);
        top = fx_bundle(left, sides, 2);
    }
    size_t count;
    const pn_bundle *const roots[] = {top, top};
    const pn_bundle **closure = pni_bundle_closure(roots, 2, &count);
    T_EQ_UINT(count, 1 + 60 * 3);
    for (size_t i = 0; i < count; i++)
        for (size_t j = 0; j < closure[i]->n_inputs; j++) {
            size_t at = 0; /* every input stands before its reader */
            while (at < i && closure[at] != closure[i]->inputs[j].view)
                at++;
            T_ASSERT(at < i);
        }
    pni_free(closure);
    pn_bundle_unref(top);
}

T_CASE(a_closure_keeps_views_of_one_fingerprint_apart) {
    PNI_AUTO_PTR(pn_session) session = fx_session(NULL);
    pn_bundle *same[2] = {NULL, NULL};
    FX_OK(fx_compile_as(session, "a", "select 1 as k", &same[0], err));
    FX_OK(fx_compile_as(session, "b", "select 1 as k", &same[1], err));
    PNI_AUTO_PTR(pn_bundle) top = fx_bundle("top", same, 2);
    const pn_bundle *const roots[] = {top};
    size_t count;
    const pn_bundle **closure = pni_bundle_closure(roots, 1, &count);
    T_EQ_UINT(count, 3);
    pni_free(closure);
    closure = pni_bundle_closure(roots, 0, &count);
    T_EQ_UINT(count, 0);
    pni_free(closure);
}

T_CASE(an_input_lives_as_long_as_its_reader) {
    pn_bundle *low = fx_bundle("low", NULL, 0);
    pn_bundle *top = fx_bundle("top", &low, 1);
    pn_bundle *kept = pn_bundle_ref(pn_bundle_input_at(top, 0));
    T_EQ_STR(pn_bundle_name(pn_bundle_input_at(top, 0)), "low");
    pn_bundle_unref(top);
    T_EQ_STR(pn_bundle_name(kept), "low");
    pn_bundle_unref(kept);
}

T_CASE(nothing_is_asked_of_no_bundle) {
    PNI_AUTO(pn_buf) text = PN_BUF_INIT;
    PNI_AUTO_SCHEMA schema = {0};
    T_EQ_STR(pn_bundle_fingerprint(NULL), NULL);
    T_EQ_STR(pn_bundle_name(NULL), NULL);
    T_EQ_STR(pn_bundle_table_at(NULL, 0), NULL);
    T_EQ_UINT(pn_bundle_component_count(NULL), 0);
    T_EQ_UINT(pn_bundle_substrait(NULL).len, 0);
    T_ASSERT(!pn_bundle_ref(NULL) && !pn_bundle_input_at(NULL, 0));
    FX_FAILS(pn_bundle_json(NULL, &text, err), PNI_E_ARGUMENT, "bundle");
    FX_FAILS(pn_bundle_schema(NULL, &schema, err), PNI_E_ARGUMENT, "bundle");
    FX_FAILS(pn_bundle_lineage(NULL, &text, err), PNI_E_ARGUMENT, "bundle");
    pn_bundle_unref(NULL);
}
