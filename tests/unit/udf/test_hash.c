/* The vectors of the function reference; 1.7 of it computed them with another BLAKE2b. */
#include "t.h"
#include "udf_call.h"

T_CASE(hash64_of_texts) {
    UDF_EXPECT("stable_hash64",
               "[5982700193828047002, 1390570534839725742, 8666994792918649077,"
               " 6315955185590287590, 7252660547403494068, 5411848509986117935,"
               " 4267123975431649576, null]",
               {"u", "['alpha', 'beta', 'gamma', 'delta', '', '\\u00e9', 'a b', null]"});
    UDF_EXPECT("hash64", "[5982700193828047002]", {"U", "['alpha']"});
    UDF_EXPECT("hash64", "[5982700193828047002, 8666994792918649077]",
               {"vu", "['alpha', 'gamma']"});
}

T_CASE(hash128_of_texts) {
    UDF_EXPECT("stable_hash128",
               "['b52f7e54cd313e691148cc2c80345831', '3fbcb3213a60fe28c29ec4283042c6e2',"
               " '1ad1681ff58b47897848793151cb45d1', '7fe3792fbdd937674be221ed030739da',"
               " 'cae66941d9efbd404e4d88758ea67670', 'd4b1b0202b21bb84e60a3d272ecab0db',"
               " 'acc9227cc02e5f5c13e74125bce89499', null]",
               {"u", "['alpha', 'beta', 'gamma', 'delta', '', '\\u00e9', 'a b', null]"});
    UDF_EXPECT("hash128", "['b52f7e54cd313e691148cc2c80345831']", {"=u", "'alpha'"});
}

T_CASE(prefixed_hashes) {
    UDF_EXPECT("prefixed_hash64", "['ns:8666994792918649077', null, null]",
               {"u", "['ns', null, 'ns']"}, {"u", "['gamma', 'gamma', null]"});
    UDF_EXPECT("prefixed_hash", "['ns:8666994792918649077', null]", {"=u", "'ns'"},
               {"u", "['gamma', null]"});
    UDF_EXPECT("stable_id", "['ns:7fe3792fbdd937674be221ed030739da', null]", {"=u", "'ns'"},
               {"u", "['delta', null]"});
    UDF_EXPECT("stable_id", "[null]", {"=u", "null"}, {"=u", "'delta'"});
}

T_CASE(ids_of_parts) {
    UDF_EXPECT("stable_id_parts",
               "['node:065ab5741cdfad44687cf119c1eb4ec9', 'node:e572d4f485d45f5df562e024a5aa26e5']",
               {"=u", "'node'"}, {"=u", "'a'"}, {"u", "['b', null]"});
    UDF_EXPECT("stable_id_multi", "['node:27c35e6e9373877f29e562464e46497e']", {"=u", "'node'"},
               {"u", "['a']"});
    UDF_EXPECT("stable_id_parts", "['node:84fbb696f18601123e1f6b9426117c8e', null]",
               {"u", "['node', null]"}, {"=u", "'r1'"}, {"=u", "'CST_REF'"});
    UDF_EXPECT("stable_id", "['node:e572d4f485d45f5df562e024a5aa26e5']", {"=u", "'node'"},
               {"u", "['a']"}, {"=n", "null"});
    UDF_EXPECT("prefixed_hash_parts64", "['p:8668388485945676816']", {"=u", "'p'"}, {"=u", "'a'"},
               {"u", "['b']"});
    UDF_EXPECT("prefixed_hash_parts", "['p:8668388485945676816']", {"=u", "'p'"}, {"=u", "'a'"},
               {"=u", "'b'"});
}

T_CASE(one_null_part_is_a_part) {
    UDF_EXPECT("stable_id_parts", "['n:a57b800059f43b1b7b599199eb6e1b74']", {"=u", "'n'"},
               {"u", "[null]"});
}

T_CASE(hash_of_anything) {
    UDF_EXPECT("stable_hash_any",
               "['a57b800059f43b1b7b599199eb6e1b74',"
               " '27c35e6e9373877f29e562464e46497e']",
               {"u", "[null, ' a ']"});
    UDF_EXPECT("stable_hash",
               "['39e7a695dd1789d8b81700a7f7774a81', '27c35e6e9373877f29e562464e46497e']",
               {"=u", "' a '"}, {"b", "[false, true]"});
    UDF_EXPECT("stable_hash_any", "['b52f7e54cd313e691148cc2c80345831']", {"u", "[null]"},
               {"=b", "true"}, {"=u", "'alpha'"});
    UDF_EXPECT("stable_hash_any", "['d4b1b0202b21bb84e60a3d272ecab0db']", {"u", "['e\\u0301']"});
}

T_CASE(span_ids_are_ids_of_parts) {
    UDF_EXPECT("span_id", "['span:b0331585c6e92ba2ed514a897d63d284', null]",
               {"u", "['span', null]"}, {"=u", "'src/a.py'"}, {"l", "[0, 0]"}, {"l", "[10, 10]"});
    UDF_EXPECT("span_id", "['span:7d83f9938100140bafeed586e39e4fc0']", {"=u", "'span'"},
               {"=u", "'src/a.py'"}, {"i", "[0]"}, {"=S", "10"}, {"u", "['Name']"});
}

/* Each value hashed as a part must give the id of its text. */
static void same_as_text(const char *format, const char *value, const char *text) {
    char message[512];
    udf_arg_text typed[] = {{"=u", "'p'"}, {format, value}};
    udf_arg_text plain[] = {{"=u", "'p'"}, {"=u", text}};
    json_t *got = udf_call(udf_named("stable_id_parts"), typed, 2, message);
    json_t *want = udf_call(udf_named("stable_id_parts"), plain, 2, message);
    T_ASSERT(got && want);
    if (!json_equal(got, want)) {
        T_FAIL("the %s %s has another text than %s", format, value, text);
    }
    json_decref(got);
    json_decref(want);
}

T_CASE(text_forms_of_values) {
    same_as_text("=c", "-128", "'-128'");
    same_as_text("=C", "255", "'255'");
    same_as_text("=s", "-7", "'-7'");
    same_as_text("=l", "-9223372036854775808", "'-9223372036854775808'");
    same_as_text("=l", "9223372036854775807", "'9223372036854775807'");
    same_as_text("=L", "0", "'0'");
    same_as_text("=b", "true", "'true'");
    same_as_text("=b", "false", "'false'");
    same_as_text("=g", "1.0", "'1'");
    same_as_text("=g", "1.5", "'1.5'");
    same_as_text("=g", "-0.0", "'-0'");
    same_as_text("=g", "1e21", "'1000000000000000000000'");
    same_as_text("=g", "1e-7", "'0.0000001'");
    same_as_text("=g", "0.1", "'0.1'");
    same_as_text("=f", "0.1", "'0.1'");
    same_as_text("=f", "16777216.0", "'16777216'");
    same_as_text("=f", "1e10", "'10000000000'");
    same_as_text("=e", "0.5", "'0.5'");
    same_as_text("=g", "1650374396507224.25", "'1650374396507224.3'"); /* a half, digit even */
    same_as_text("=f", "4088288.25", "'4088288.3'");
    same_as_text("=g", "5.684341886080802e-14", "'0.00000000000005684341886080802'");
    same_as_text("=vu", "'a string longer than twelve bytes'",
                 "'a string longer than twelve bytes'");
    same_as_text("=n", "null", "'__NULL__'");
}

T_CASE(types_without_a_text_form_are_refused) {
    UDF_FAILS("stable_id_parts", "argument 3 has type Date32", {"=u", "'p'"}, {"=u", "'a'"},
              {"tdD", "[1]"});
    UDF_FAILS("stable_hash_any", "cast it to text", {"span", "[{'bstart': 1}]"});
    UDF_FAILS("stable_id", "stable_id: argument 2", {"=u", "'p'"}, {"z", "[null]"});
}

T_CASE(dictionaries_are_their_values) {
    struct ArrowSchema schema = {0};
    struct ArrowArray array = {0};
    ArrowSchemaInit(&schema);
    T_EQ_INT(ArrowSchemaSetType(&schema, NANOARROW_TYPE_INT8), 0);
    T_EQ_INT(ArrowSchemaAllocateDictionary(&schema), 0);
    ArrowSchemaInit(schema.dictionary);
    T_EQ_INT(ArrowSchemaSetType(schema.dictionary, NANOARROW_TYPE_STRING), 0);
    T_EQ_INT(ArrowArrayInitFromSchema(&array, &schema, NULL), 0);
    T_EQ_INT(ArrowArrayStartAppending(&array), 0);
    T_EQ_INT(ArrowArrayAppendString(array.dictionary, ArrowCharView("b")), 0);
    T_EQ_INT(ArrowArrayAppendString(array.dictionary, ArrowCharView("a")), 0);
    T_EQ_INT(ArrowArrayAppendNull(array.dictionary, 1), 0);
    for (int64_t i = 0; i < 3; i++) {
        T_EQ_INT(ArrowArrayAppendInt(&array, (int64_t[]){1, 2, 0}[i]), 0);
    }
    T_EQ_INT(ArrowArrayFinishBuildingDefault(&array, NULL), 0);
    const pn_udf *udf = udf_named("stable_hash_any");
    pn_kernel_arg arg = {&schema, &array, 0, 0};
    pn_kernel_call call = {sizeof call, 1, sizeof arg, 0, &arg, 3, NULL};
    struct ArrowArray out = {0};
    char message[256] = "";
    T_EQ_INT(udf->invoke(udf->ctx, &call, &out, message, sizeof message), 0);
    const char *text = out.buffers[2];
    T_EQ_MEM(text, "27c35e6e9373877f29e562464e46497e", 32);
    T_EQ_MEM(text + 32, "a57b800059f43b1b7b599199eb6e1b74", 32);
    out.release(&out);
    array.release(&array);
    schema.release(&schema);
}
