/* Digests of rows: what they depend on and what not. */
#include "fixtures.h"

static json_t *digest_of(const char *const *batches, const char *const *types) {
    PNI_AUTO_PTR(pni_row_digest) digest = NULL;
    PNI_AUTO_SCHEMA schema = {0};
    pn_error err = PN_ERROR_INIT;
    ArrowSchemaInit(&schema);
    int64_t n = 0;
    while (types[n])
        n++;
    T_EQ_INT(ArrowSchemaSetTypeStruct(&schema, n / 2), NANOARROW_OK);
    for (int64_t i = 0; i < n / 2; i++) {
        schema.children[i]->release(schema.children[i]);
        T_OK(pni_arrow_type_parse(types[2 * i + 1], schema.children[i], &err), &err);
        T_EQ_INT(ArrowSchemaSetName(schema.children[i], types[2 * i]), NANOARROW_OK);
    }
    T_OK(pni_row_digest_new(&schema, &digest, &err), &err);
    for (size_t i = 0; batches[i]; i++) {
        PNI_AUTO_ARRAY batch = {0};
        PNI_AUTO_PTR(json_t) rows = json_loads(batches[i], JSON_DECODE_ANY, NULL);
        T_ASSERT(rows != NULL);
        T_OK(pni_arrow_batch_from_json(rows, &schema, &batch, &err), &err);
        T_OK(pni_row_digest_add(digest, &batch, &err), &err);
    }
    return pni_row_digest_end(digest);
}

#define BATCHES(...) ((const char *const[]){__VA_ARGS__, NULL})
static const char *const types[] = {"a", "int64", "s", "utf8", NULL};
static const char *const floats[] = {"a", "int64", "x", "double", NULL};

static void expect(json_t *left, json_t *right, const char *key, bool same) {
    if (json_equal(json_object_get(left, key), json_object_get(right, key)) != same)
        T_FAIL("'%s' is %s", key, same ? "not the same" : "the same");
}

static void expect_all(const char *const *left, const char *const *right, bool same) {
    PNI_AUTO_PTR(json_t) a = digest_of(left, types);
    PNI_AUTO_PTR(json_t) b = digest_of(right, types);
    expect(a, b, "all", same);
}

T_CASE(the_order_of_rows_shows_in_one_digest_only) {
    PNI_AUTO_PTR(json_t) a = digest_of(BATCHES("[[1,\"x\"],[2,\"y\"]]"), types);
    PNI_AUTO_PTR(json_t) b = digest_of(BATCHES("[[2,\"y\"],[1,\"x\"]]"), types);
    expect(a, b, "all", true);
    expect(a, b, "ordered", false);
    T_EQ_STR(pni_json_text(a, "rows"), "2");
}

T_CASE(batches_do_not_show) {
    PNI_AUTO_PTR(json_t) a = digest_of(BATCHES("[[1,\"x\"],[2,\"y\"],[3,null]]"), types);
    PNI_AUTO_PTR(json_t)
    b = digest_of(BATCHES("[[1,\"x\"]]", "[]", "[[2,\"y\"],[3,null]]"), types);
    T_ASSERT(json_equal(a, b));
}

T_CASE(encodings_do_not_show) {
    static const char *const views[] = {"a", "int64", "s", "utf8view", NULL};
    static const char *const narrow[] = {"a", "int32", "s", "largeutf8", NULL};
    PNI_AUTO_PTR(json_t) a = digest_of(BATCHES("[[1,\"x\"],[2,null]]"), types);
    PNI_AUTO_PTR(json_t) b = digest_of(BATCHES("[[1,\"x\"],[2,null]]"), views);
    PNI_AUTO_PTR(json_t) c = digest_of(BATCHES("[[1,\"x\"],[2,null]]"), narrow);
    T_ASSERT(json_equal(a, b));
    T_ASSERT(json_equal(a, c));
}

T_CASE(every_row_and_every_value_counts) {
    const char *const *base = BATCHES("[[1,\"x\"],[2,\"y\"]]");
    expect_all(base, BATCHES("[[1,\"x\"],[2,\"z\"]]"), false);
    expect_all(base, BATCHES("[[1,\"y\"],[2,\"x\"]]"), false);
    expect_all(base, BATCHES("[[1,\"x\"]]"), false);
    expect_all(base, BATCHES("[[1,\"x\"],[2,\"y\"],[2,\"y\"]]"), false);
    /* a pair more of one row: XOR would not see it */
    expect_all(base, BATCHES("[[1,\"x\"],[2,\"y\"],[3,\"q\"],[3,\"q\"]]"), false);
    expect_all(BATCHES("[[1,null]]"), BATCHES("[[1,\"null\"]]"), false);
    expect_all(BATCHES("[[1,\"a\\\",\\\"b\"]]"), BATCHES("[[1,\"a\"]]"), false);
}

T_CASE(floats_have_a_digest_without_them_and_sums) {
    PNI_AUTO_PTR(json_t) a = digest_of(BATCHES("[[1,0.1],[2,0.2],[3,null]]"), floats);
    PNI_AUTO_PTR(json_t)
    b = digest_of(BATCHES("[[1,0.10000000000000002],[2,0.2],[3,null]]"), floats);
    expect(a, b, "all", false);
    expect(a, b, "without_floats", true);
    const json_t *column = json_array_get(json_object_get(a, "floats"), 0);
    T_EQ_STR(pni_json_text(column, "column"), "x");
    T_EQ_STR(pni_json_text(column, "nulls"), "1");
}
