/* SPDX-License-Identifier: Apache-2.0 */
/* Anchors are numbered by first use; what is not used goes. */
#include "plans.h"
#include "substrait/substrait_priv.h"

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

/* ---- plans of older Substrait: URIs instead of URNs ----------------------------------------- */

static void field(pn_buf *out, unsigned char key, const void *data, size_t len) {
    pni_buf_putc(out, (char)key);
    pni_buf_putc(out, (char)len);
    pni_buf_append(out, data, len);
}

/* Appends what the generated structs no longer hold; all numbers are below 128. */
static void old_uri(pn_buf *plan, unsigned char anchor, const char *uri) {
    PNI_AUTO(pn_buf) message = PN_BUF_INIT;
    pni_buf_putc(&message, 0x08);
    pni_buf_putc(&message, (char)anchor);
    field(&message, 0x12, uri, strlen(uri));
    field(plan, 0x0a, message.data, message.len);
}

static void old_function(pn_buf *plan, unsigned char uri, unsigned char anchor, const char *name) {
    PNI_AUTO(pn_buf) function = PN_BUF_INIT;
    PNI_AUTO(pn_buf) declaration = PN_BUF_INIT;
    if (uri) {
        pni_buf_putc(&function, 0x08);
        pni_buf_putc(&function, (char)uri);
    }
    pni_buf_putc(&function, 0x10);
    pni_buf_putc(&function, (char)anchor);
    field(&function, 0x1a, name, strlen(name));
    field(&declaration, 0x1a, function.data, function.len);
    field(plan, 0x12, declaration.data, declaration.len);
}

static void start(pn_buf *plan) {
    pn_bytes bytes = t_packed(sum_of(1, 2));
    pni_buf_clear(plan);
    pni_buf_append(plan, bytes.data, bytes.len);
}

static pn_status decode_old(const pn_buf *plan, char digest[65], pn_error *err) {
    PNI_AUTO_PTR(pn_substrait) decoded = NULL;
    pn_status status = pn_substrait_decode((pn_bytes){plan->data, plan->len}, NULL, &decoded, err);
    return status == PN_OK ? pn_substrait_digest(decoded, digest, err) : status;
}

#define HOME "https://github.com/substrait-io/substrait/blob/main/extensions"

T_CASE(a_uri_of_substrait_is_its_urn_and_a_signature_says_nothing_new) {
    t_pool_used = 0;
    pn_error err = PN_ERROR_INIT;
    PNI_AUTO(pn_buf) plan = PN_BUF_INIT;
    char digests[4][65];
    start(&plan);
    old_uri(&plan, 3, HOME "/functions_arithmetic.yaml");
    old_function(&plan, 3, 1, "add:i64_i64");
    old_function(&plan, 3, 2, "multiply:i64_i64");
    T_OK(decode_old(&plan, digests[0], &err), &err);
    start(&plan);
    old_uri(&plan, 0, "/functions_arithmetic.yaml"); /* 0 is not written where it is referred to */
    old_function(&plan, 0, 1, "add");
    old_function(&plan, 0, 2, "multiply");
    T_OK(decode_old(&plan, digests[1], &err), &err);
    T_EQ_STR(digests[1], digests[0]);
    Substrait__Plan *with_urn = sum_of(1, 2);
    t_declare(with_urn, 1, "add:i64_i64");
    t_declare(with_urn, 2, "multiply:i64_i64");
    Substrait__Extensions__SimpleExtensionURN *urn =
        t_node(&substrait__extensions__simple_extension_urn__descriptor);
    urn->extension_urn_anchor = 9;
    urn->urn = (char *)(uintptr_t) "extension:io.substrait:functions_arithmetic";
    T_PUSH(with_urn->extension_urns, with_urn->n_extension_urns, urn);
    with_urn->extensions[0]->extension_function->extension_urn_reference = 9;
    with_urn->extensions[1]->extension_function->extension_urn_reference = 9;
    T_EQ_STR(t_digest(with_urn), digests[0]);
    start(&plan);
    old_uri(&plan, 3, "https://github.com/substrait-io/substrait/tests/functions_arithmetic.yaml");
    old_function(&plan, 3, 1, "add:i64_i64");
    old_function(&plan, 3, 2, "multiply:i64_i64");
    T_OK(decode_old(&plan, digests[2], &err), &err);
    T_ASSERT(strcmp(digests[2], digests[0]) != 0);
    start(&plan);
    old_uri(&plan, 3, "https://example.org/functions_arithmetic.yaml");
    old_function(&plan, 3, 1, "add:i64_i64");
    old_function(&plan, 3, 2, "multiply:i64_i64");
    T_OK(decode_old(&plan, digests[2], &err), &err);
    T_ASSERT(strcmp(digests[2], digests[0]) != 0);
    start(&plan); /* a signature of another library's function may say something */
    old_uri(&plan, 3, "https://example.org/functions_arithmetic.yaml");
    old_function(&plan, 3, 1, "add");
    old_function(&plan, 3, 2, "multiply");
    T_OK(decode_old(&plan, digests[3], &err), &err);
    T_ASSERT(strcmp(digests[3], digests[2]) != 0);
}

T_CASE(functions_of_two_libraries_are_two) {
    t_pool_used = 0;
    pn_error err = PN_ERROR_INIT;
    PNI_AUTO(pn_buf) plan = PN_BUF_INIT;
    char one[65];
    char two[65];
    start(&plan);
    old_uri(&plan, 1, "https://example.org/a.yaml");
    old_uri(&plan, 2, "https://example.org/b.yaml");
    old_function(&plan, 1, 1, "f");
    old_function(&plan, 2, 2, "f");
    T_OK(decode_old(&plan, two, &err), &err);
    start(&plan);
    old_uri(&plan, 1, "https://example.org/a.yaml");
    old_function(&plan, 1, 1, "f");
    old_function(&plan, 1, 2, "f");
    T_OK(decode_old(&plan, one, &err), &err);
    T_ASSERT(strcmp(one, two) != 0);
}

T_CASE(a_library_that_is_not_declared_is_refused) {
    t_pool_used = 0;
    pn_error err = PN_ERROR_INIT;
    PNI_AUTO(pn_buf) plan = PN_BUF_INIT;
    char digest[65];
    start(&plan);
    old_uri(&plan, 1, "https://example.org/a.yaml");
    old_function(&plan, 1, 1, "f");
    old_function(&plan, 2, 2, "g");
    T_STATUS(decode_old(&plan, digest, &err), PN_CORRUPT, &err);
    T_EQ_INT(err.number, PNI_E_SUBSTRAIT_ANCHOR);
    T_ASSERT(strstr(err.message, "'g'"));
    old_uri(&plan, 2, "https://example.org/b.yaml");
    T_OK(decode_old(&plan, digest, &err), &err);
    old_uri(&plan, 2, "https://example.org/c.yaml");
    T_STATUS(decode_old(&plan, digest, &err), PN_CORRUPT, &err);
    Substrait__Plan *with_urn = sum_of(1, 1);
    t_declare(with_urn, 1, "add");
    with_urn->extensions[0]->extension_function->extension_urn_reference = 5;
    refused(with_urn);
}

#define MAPPING(kind) SUBSTRAIT__EXTENSIONS__SIMPLE_EXTENSION_DECLARATION__MAPPING_TYPE_##kind
#define DECLARATION(kind)                                                                          \
    substrait__extensions__simple_extension_declaration__extension_##kind##__descriptor

T_CASE(declared_variations_are_numbered_beside_those_of_engines) {
    t_pool_used = 0;
    char digests[3][65];
    for (uint32_t i = 0; i < 3; i++) {
        uint32_t anchor = i == 0 ? 4 : 77;
        Substrait__Plan *plan = t_plan(t_read("t", "a"), "a");
        Substrait__Extensions__SimpleExtensionDeclaration *d =
            t_node(&substrait__extensions__simple_extension_declaration__descriptor);
        d->mapping_type_case = MAPPING(EXTENSION_TYPE_VARIATION);
        d->extension_type_variation = t_node(&DECLARATION(type_variation));
        d->extension_type_variation->type_variation_anchor = anchor;
        d->extension_type_variation->name = (char *)(uintptr_t) "big";
        if (i < 2) {
            T_PUSH(plan->extensions, plan->n_extensions, d);
        }
        plan->relations[0]
            ->root->input->read->base_schema->struct_->types[0]
            ->i64->type_variation_reference = anchor;
        memcpy(digests[i], t_digest(plan), 65);
    }
    T_EQ_STR(digests[1], digests[0]);
    T_ASSERT(strcmp(digests[2], digests[1]) != 0);
}

/* ---- real plans, written otherwise ---------------------------------------------------------- */

typedef struct shuffle {
    uint32_t state; /* of a linear congruential generator: the same on every machine */
    uint32_t anchors[64];
    size_t n;
} shuffle;

static uint32_t next(shuffle *s) {
    s->state = s->state * 1664525u + 1013904223u;
    return s->state >> 8;
}

static pn_status rename_function(void *ctx, pni_node *node, pn_error *err) {
    const shuffle *s = ctx;
    const ProtobufCMessageDescriptor *desc = node->msg->descriptor;
    pni_space where;
    (void)err;
    for (unsigned f = 0; f < desc->n_fields; f++) {
        const ProtobufCFieldDescriptor *place = &desc->fields[f];
        if (pni_is_reference(place, &where) && where == PNI_SPACE_FUNCTION &&
            pni_field_count(node->msg, place)) {
            uint32_t *anchor = (uint32_t *)(void *)((char *)node->msg + place->offset);
            T_ASSERT(*anchor < 64);
            *anchor = s->anchors[*anchor];
        }
    }
    return PN_OK;
}

/* New anchors and another order. */
static void shuffle_declarations(Substrait__Plan *plan, shuffle *s) {
    size_t n = plan->n_extensions;
    T_ASSERT(n < 64);
    for (uint32_t i = 0; i < 64; i++) {
        s->anchors[i] = i * 1000 + next(s) % 1000; /* no two are equal */
    }
    for (size_t i = n; i-- > 0;) {
        Substrait__Extensions__SimpleExtensionDeclaration **list = plan->extensions;
        size_t k = next(s) % (i + 1);
        Substrait__Extensions__SimpleExtensionDeclaration *swap = list[i];
        list[i] = list[k];
        list[k] = swap;
        list[i]->extension_function->function_anchor =
            s->anchors[list[i]->extension_function->function_anchor];
    }
}

T_CASE(real_plans_with_other_anchors_are_the_same_plans) {
    static const char *const names[] = {"tpch_q01", "tpch_q02", "tpch_q08", "tpch_q19",
                                        "tpch_q22", "window",   "rollup",   "correlated"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        t_pool_used = 0;
        pn_error err = PN_ERROR_INIT;
        pn_bytes bytes = t_corpus(names[i]);
        PNI_AUTO_PTR(pn_substrait) original = NULL;
        T_OK(pn_substrait_decode(bytes, NULL, &original, &err), &err);
        for (uint32_t seed = 1; seed <= 10; seed++) {
            shuffle s = {.state = seed};
            PNI_AUTO_PTR(pn_substrait) other = NULL;
            PNI_AUTO(pn_buf) packed = PN_BUF_INIT;
            Substrait__Plan *plan = substrait__plan__unpack(NULL, bytes.len, bytes.data);
            T_ASSERT(plan);
            shuffle_declarations(plan, &s);
            T_OK(pni_tree_walk(&plan->relations[0]->base, rename_function, &s, &err), &err);
            pni_pb_encode(&plan->base, &packed);
            substrait__plan__free_unpacked(plan, NULL);
            T_ASSERT(packed.len != bytes.len || memcmp(packed.data, bytes.data, bytes.len) != 0);
            T_OK(pn_substrait_decode((pn_bytes){packed.data, packed.len}, NULL, &other, &err),
                 &err);
            T_ASSERT(pn_substrait_equal(original, other));
        }
    }
}
