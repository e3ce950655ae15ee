/* SPDX-License-Identifier: Apache-2.0 */
#include "extract/evidence.h"
#include "t.h"

static const struct ArrowSchema *child(const struct ArrowSchema *schema, const char *name) {
    for (int64_t i = 0; i < schema->n_children; i++) {
        if (pni_streq(schema->children[i]->name, name)) {
            return schema->children[i];
        }
    }
    T_FAIL("no field '%s'", name);
}

T_CASE(every_table_has_a_schema) {
    for (int i = 0; i < PNI_EVIDENCE_COUNT; i++) {
        PNI_AUTO_SCHEMA schema = {0};
        pn_error err = PN_ERROR_INIT;
        char text[32];
        T_OK(pni_evidence_schema((pni_evidence)i, &schema, &err), &err);
        T_ASSERT(pni_evidence_metadata(&schema, "schema_name", text, sizeof text));
        T_EQ_STR(text, pni_evidence_def_at((pni_evidence)i)->name);
        T_ASSERT(pni_evidence_metadata(&schema, "schema_version", text, sizeof text));
        T_EQ_STR(text, "1");
        T_EQ_INT(child(&schema, "path")->flags & ARROW_FLAG_NULLABLE, 0);
    }
}

T_CASE(spans_and_attributes_carry_metadata) {
    PNI_AUTO_SCHEMA schema = {0};
    pn_error err = PN_ERROR_INIT;
    char text[32];
    T_OK(pni_evidence_schema(PNI_EVIDENCE_AST, &schema, &err), &err);
    const struct ArrowSchema *node = child(&schema, "nodes")->children[0];
    const struct ArrowSchema *span = child(node, "span");
    T_ASSERT(pni_evidence_metadata(span, "semantic_type", text, sizeof text));
    T_EQ_STR(text, "Span");
    T_ASSERT(pni_evidence_metadata(span, "col_unit", text, sizeof text));
    T_EQ_STR(text, "byte");
    T_ASSERT(pni_evidence_metadata(child(span, "byte_span"), "semantic_type", text, sizeof text));
    T_EQ_STR(text, "ByteSpan");
    T_ASSERT(pni_evidence_metadata(child(node, "attrs"), "default_value", text, sizeof text));
    T_EQ_STR(text, "{}");
    T_EQ_STR(child(child(span, "start"), "line0")->format, "i");
    T_EQ_STR(child(node, "attrs")->format, "+m");
}

T_CASE(ids_have_semantic_types) {
    PNI_AUTO_SCHEMA schema = {0};
    pn_error err = PN_ERROR_INIT;
    char text[32];
    T_OK(pni_evidence_schema(PNI_EVIDENCE_TS, &schema, &err), &err);
    T_ASSERT(pni_evidence_metadata(child(child(&schema, "edges")->children[0], "child_id"),
                                   "semantic_type", text, 32));
    T_EQ_STR(text, "NodeId");
    T_ASSERT(pni_evidence_metadata(child(child(&schema, "errors")->children[0], "error_id"),
                                   "semantic_type", text, 32));
    T_EQ_STR(text, "SpanId");
    T_ASSERT(!pni_evidence_metadata(child(child(&schema, "nodes")->children[0], "kind"),
                                    "semantic_type", text, 32));
}

T_CASE(declarations_nest) {
    PNI_AUTO_SCHEMA schema = {0};
    pn_error err = PN_ERROR_INIT;
    T_OK(pni_evidence_declare("a!,b:list(list(int64)),c:list{x:bool,y:struct{z}}", "byte", &schema,
                              &err),
         &err);
    T_EQ_INT(schema.n_children, 3);
    T_EQ_STR(schema.children[1]->children[0]->children[0]->format, "l");
    T_EQ_STR(schema.children[2]->children[0]->children[1]->children[0]->name, "z");
}

T_CASE(wrong_declarations_are_refused) {
    static const char *const wrong[] = {
        "", "a:", "a:what", "a,", "a:list", "a:list(utf8", "a:struct{b", "a b", "A"};
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        PNI_AUTO_SCHEMA schema = {0};
        pn_error err = PN_ERROR_INIT;
        T_STATUS(pni_evidence_declare(wrong[i], "byte", &schema, &err), PN_INTERNAL, &err);
        T_ASSERT(schema.release == NULL);
    }
}
