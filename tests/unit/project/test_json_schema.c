/*
 * The published schema and the reader take and refuse the same files. The validator below knows the
 * keywords that the schema uses and fails on any other; scalars get the types of YAML's core
 * schema.
 */
#include "project_fixture.h"

#include <regex.h>

static json_t *of_scalar(const yaml_node_t *node) {
    static const char *const nulls[] = {"", "~", "null", "Null", "NULL"};
    const char *text = (const char *)node->data.scalar.value;
    int64_t integer;
    char *end = NULL;
    if (node->data.scalar.style != YAML_PLAIN_SCALAR_STYLE)
        return json_string(text);
    for (size_t i = 0; i < 5; i++)
        if (pni_streq(text, nulls[i]))
            return json_null();
    if (pni_streq(text, "true") || pni_streq(text, "True") || pni_streq(text, "TRUE"))
        return json_true();
    if (pni_streq(text, "false") || pni_streq(text, "False") || pni_streq(text, "FALSE"))
        return json_false();
    if (pni_parse_i64(text, &integer))
        return json_integer(integer);
    double real = strtod(text, &end);
    return *end ? json_string(text) : json_real(real);
}

static json_t *of_node(yaml_document_t *document, int index) {
    const yaml_node_t *node = yaml_document_get_node(document, index);
    if (node->type == YAML_SCALAR_NODE)
        return of_scalar(node);
    if (node->type == YAML_SEQUENCE_NODE) {
        json_t *array = json_array();
        for (int *item = node->data.sequence.items.start; item < node->data.sequence.items.top;
             item++)
            json_array_append_new(array, of_node(document, *item));
        return array;
    }
    json_t *object = json_object();
    for (yaml_node_pair_t *pair = node->data.mapping.pairs.start;
         pair < node->data.mapping.pairs.top; pair++) {
        const yaml_node_t *key = yaml_document_get_node(document, pair->key);
        json_object_set_new(object, (const char *)key->data.scalar.value,
                            of_node(document, pair->value));
    }
    return object;
}

static bool valid(const json_t *root, const json_t *schema, const json_t *value);

static bool has_type(const json_t *value, const char *type) {
    return pni_streq(type, "object")    ? json_is_object(value)
           : pni_streq(type, "array")   ? json_is_array(value)
           : pni_streq(type, "string")  ? json_is_string(value)
           : pni_streq(type, "boolean") ? json_is_boolean(value)
           : pni_streq(type, "number")  ? json_is_number(value)
           : pni_streq(type, "integer") ? json_is_integer(value)
                                        : (T_FAIL("type '%s'", type), false);
}

static bool any_type(const json_t *rule, const json_t *value) {
    bool found = json_is_string(rule) && has_type(value, json_string_value(rule));
    for (size_t i = 0; i < json_array_size(rule); i++)
        found = found || has_type(value, json_string_value(json_array_get(rule, i)));
    return found;
}

static bool in_list(const json_t *rule, const json_t *value) {
    for (size_t i = 0; i < json_array_size(rule); i++)
        if (json_equal(json_array_get(rule, i), value))
            return true;
    return false;
}

static bool matches(const char *pattern, const json_t *value) {
    regex_t regex;
    if (!json_is_string(value))
        return true;
    T_EQ_INT(regcomp(&regex, pattern, REG_EXTENDED | REG_NOSUB), 0);
    bool found = regexec(&regex, json_string_value(value), 0, NULL, 0) == 0;
    regfree(&regex);
    return found;
}

static bool object_valid(const json_t *root, const json_t *schema, const json_t *object) {
    const char *key;
    json_t *value;
    const json_t *required = json_object_get(schema, "required"),
                 *names = json_object_get(schema, "propertyNames");
    for (size_t i = 0; i < json_array_size(required); i++)
        if (!json_object_get(object, json_string_value(json_array_get(required, i))))
            return false;
    if (json_object_size(object) <
        (size_t)json_integer_value(json_object_get(schema, "minProperties")))
        return false;
    json_object_foreach((json_t *)(uintptr_t)object, key, value) {
        PNI_AUTO_PTR(json_t) name = json_string(key);
        const json_t *rule = json_object_get(json_object_get(schema, "properties"), key);
        if (!rule)
            rule = json_object_get(schema, "additionalProperties");
        if (json_is_false(rule) || (rule && !valid(root, rule, value)) ||
            (names && !valid(root, names, name)))
            return false;
    }
    return true;
}

static bool any_of(const json_t *root, const json_t *rules, const json_t *value) {
    for (size_t i = 0; i < json_array_size(rules); i++)
        if (valid(root, json_array_get(rules, i), value))
            return true;
    return false;
}

static bool rule_holds(const json_t *root, const char *keyword, const json_t *rule,
                       const json_t *value) {
    if (pni_streq(keyword, "$ref"))
        return valid(root,
                     json_object_get(json_object_get(root, "$defs"),
                                     strrchr(json_string_value(rule), '/') + 1),
                     value);
    if (pni_streq(keyword, "type"))
        return any_type(rule, value);
    if (pni_streq(keyword, "enum"))
        return in_list(rule, value);
    if (pni_streq(keyword, "anyOf"))
        return any_of(root, rule, value);
    if (pni_streq(keyword, "pattern"))
        return matches(json_string_value(rule), value);
    if (pni_streq(keyword, "minimum"))
        return !json_is_number(value) || json_number_value(value) >= json_number_value(rule);
    if (pni_streq(keyword, "minLength"))
        return !json_is_string(value) ||
               (json_int_t)json_string_length(value) >= json_integer_value(rule);
    if (pni_streq(keyword, "minItems"))
        return !json_is_array(value) ||
               (json_int_t)json_array_size(value) >= json_integer_value(rule);
    if (pni_streq(keyword, "items")) {
        for (size_t i = 0; i < json_array_size(value); i++)
            if (!valid(root, rule, json_array_get(value, i)))
                return false;
        return true;
    }
    static const char *const others[] = {"$schema",       "title",        "$defs",
                                         "required",      "properties",   "additionalProperties",
                                         "propertyNames", "minProperties"};
    for (size_t i = 0; i < sizeof others / sizeof *others; i++)
        if (pni_streq(keyword, others[i]))
            return true; /* of objects, or no rule */
    T_FAIL("the schema uses '%s'", keyword);
}

static bool valid(const json_t *root, const json_t *schema, const json_t *value) {
    const char *keyword;
    json_t *rule;
    json_object_foreach((json_t *)(uintptr_t)schema, keyword, rule) {
        if (!rule_holds(root, keyword, rule, value))
            return false;
    }
    return !json_is_object(value) || object_valid(root, schema, value);
}

static bool schema_takes(const char *yaml) {
    yaml_parser_t parser;
    yaml_document_t document;
    const char *schema = pn_project_json_schema();
    PNI_AUTO_PTR(json_t) root = NULL;
    FX_OK(pni_json_parse(schema, strlen(schema), "the schema", &root, err));
    T_ASSERT(yaml_parser_initialize(&parser));
    yaml_parser_set_input_string(&parser, (const unsigned char *)yaml, strlen(yaml));
    T_ASSERT(yaml_parser_load(&parser, &document));
    PNI_AUTO_PTR(json_t) value = of_node(&document, 1);
    yaml_document_delete(&document);
    yaml_parser_delete(&parser);
    return valid(root, root, value);
}

#define D "version: 1\ndatasets:\n  d:\n    format: csv\n    uri: x\n"
#define O "version: 1\noutputs:\n  - view: v\n    uri: x\n"

static const struct {
    const char *yaml;
    bool good;
} cases[] = {
    {"version: 1\n", true},
    {"version: '1'\n", true},
    {"version: 2\n", false},
    {"name: x\n", false},
    {"version: 1\nname: 2024\n", true},
    {"version: 1\nname: true\n", true},
    {"version: 1\nname: ''\n", false},
    {"version: 1\nname: ~\n", false},
    {"version: 1\nname: []\n", false},
    {"version: 1\nother: 1\n", false},
    {"version: 1\nprofile: dev\n", true},
    {"version: 1\nprofile: Dev\n", false},
    {"version: 1\nsettings: {batch_size: 1, datafusion.x.y: a, spill_dir: b}\n", true},
    {"version: 1\nsettings: {batchsize: 1}\n", false},
    {"version: 1\nsettings: {batch_size: ''}\n", false},
    {"version: 1\nsettings: {batch_size: [1]}\n", false},
    {"version: 1\nsettings: []\n", false},
    {"version: 1\ndatasets: {}\n", true},
    {D, true},
    {"version: 1\ndatasets: {D: {format: csv, uri: x}}\n", false},
    {"version: 1\ndatasets: {1d: {format: csv, uri: x}}\n", false},
    {"version: 1\ndatasets: {d: {format: csv}}\n", false},
    {"version: 1\ndatasets: {d: {uri: x}}\n", false},
    {"version: 1\ndatasets: {d: {format: orc, uri: x}}\n", false},
    {"version: 1\ndatasets: {d: {format: tables.bytes, uri: x}}\n", true},
    {"version: 1\ndatasets: {d: {format: tables.bytes., uri: x}}\n", false},
    {"version: 1\ndatasets: {d: {format: Tables.bytes, uri: x}}\n", false},
    {"version: 1\ndatasets: {d: {format: csv, uri: 7}}\n", true},
    {"version: 1\ndatasets: {d: {format: delta, uri: x, version: 3}}\n", true},
    {"version: 1\ndatasets: {d: {format: delta, uri: x, timestamp: 2024-01-01T00:00:00Z}}\n", true},
    {"version: 1\ndatasets: {d: {format: delta, uri: x, files: [a, b]}}\n", true},
    {"version: 1\ndatasets: {d: {format: delta, uri: x, files: a}}\n", false},
    {D "    options: {a: 1, b: true, c: '', d: x}\n", true},
    {D "    options: {a: ~}\n", false},
    {D "    options: {a: {}}\n", false},
    {D "    storage_options: {region: 1.5}\n", true},
    {D "    storage_options: {aws_endpoint_url: http://x, aws_token: ''}\n", true},
    {D "    storage_options: {AWS_REGION: x}\n", false},
    {D "    storage_options: {regions: x}\n", false},
    {D "    schema: {a: int64}\n    optional: true\n", true},
    {D "    schema: {a: int64}\n    optional: 'true'\n", true},
    {D "    schema: {a: int64}\n    optional: FALSE\n", true},
    {D "    schema: {a: int64}\n    optional: yes\n", false},
    {D "    schema: {}\n", false},
    {D "    schema: {a: ''}\n", false},
    {D "    metadata: {}\n", true},
    {D "    metadata: {ddl: x, defaults: {a: 1}, partition_columns: [a], constraints: "
       "{unique: [[a]], primary_key: [b]}}\n",
     true},
    {D "    metadata: {constraints: {unique: [a]}}\n", false},
    {D "    metadata: {constraints: {foreign: []}}\n", false},
    {D "    metadata: {partition_columns: a}\n", false},
    {D "    metadata: {owner: me}\n", false},
    {"version: 1\nfunctions: {packs: [{path: a.so}]}\n", true},
    {"version: 1\nfunctions: {packs: [{sha256: 'aa'}]}\n", false},
    {"version: 1\nfunctions: {packs: [{path: a, sha256: 'aa'}]}\n", false},
    {"version: 1\nfunctions: {libs: []}\n", false},
    {"version: 1\nfunctions: {libraries: [{path: a.so}, {path: /b.so}]}\n", true},
    {"version: 1\nfunctions: {libraries: [{sha256: 'aa'}]}\n", false},
    {"version: 1\nfunctions: {libraries: [{path: a, sha256: 'aa'}]}\n", false},
    {"version: 1\nfunctions: {libraries: a.so}\n", false},
    {"version: 1\nfunctions: {required: [stable_id, sum], planners: [p]}\n", true},
    {"version: 1\nfunctions: {required: stable_id}\n", false},
    {"version: 1\nfunctions: {required: ['']}\n", false},
    {"version: 1\nfunctions: {planners: {a: b}}\n", false},
    {"version: 1\nfunctions: {async: {timeout_ms: 100, batch_rows: '64'}}\n", true},
    {"version: 1\nfunctions: {async: {timeout_ms: 100}}\n", false},
    {"version: 1\nfunctions: {async: {timeout_ms: 0, batch_rows: 1}}\n", false},
    {"version: 1\nfunctions: {async: {timeout_ms: 1.5, batch_rows: 1}}\n", false},
    {"version: 1\nfunctions: {async: {timeout_ms: -1, batch_rows: 1}}\n", false},
    {"version: 1\nfunctions: {planners: [codeanatomy_domain]}\n", true},
    {"version: 1\nfunctions: {planners: []}\n", false},
    {"version: 1\nfunctions: {sql: {dir: f, primitives: [abs], types: [int64]}}\n", true},
    {"version: 1\nfunctions: {sql: {languages: [sql], volatility: stable}}\n", true},
    {"version: 1\nfunctions: {sql: {volatility: never}}\n", false},
    {O, true},
    {O "    format: json\n    mode: ignore\n    partition_by: [a]\n    options: {a: 1}\n    "
       "storage_options: {}\n",
     true},
    {O "    storage_options: {credentials: environment}\n", true},
    {O "    storage_options: {profile: x}\n", false},
    {O "    format: orc\n", false},
    {O "    mode: merge\n", false},
    {O "    partition_by: a\n", false},
    {O "    compression: lz4\n", false},
    {"version: 1\noutputs: [{view: v}]\n", false},
    {"version: 1\noutputs: [{uri: x}]\n", false},
    {"version: 1\noutputs: [{view: V, uri: x}]\n", false},
    {"version: 1\noutputs: [v]\n", false},
    {"version: 1\npolicies: {sql: admin}\n", true},
    {"version: 1\npolicies: {sql: root}\n", false},
    {"version: 1\npolicies: {shell: x}\n", false},
    {"[]\n", false},
};

T_CASE(the_schema_and_the_reader_agree) {
    fx_write("p/views/v.sql", "select 1 as a");
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        pn_project *project = NULL;
        pn_error problem = PN_ERROR_INIT;
        bool is_taken = fx_open(cases[i].yaml, &project, &problem) == PN_OK;
        pn_project_free(project);
        if (is_taken != cases[i].good)
            T_FAIL("the reader: %s for:\n%s", is_taken ? "taken" : problem.message, cases[i].yaml);
        if (schema_takes(cases[i].yaml) != cases[i].good)
            T_FAIL("the schema %s:\n%s", cases[i].good ? "refuses" : "takes", cases[i].yaml);
    }
}
