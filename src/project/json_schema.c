/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The published JSON Schema of pinion.yaml. What it cannot say (a doubled key, a column type, a
 * view that exists) the reader refuses alone; tests/unit/project/test_json_schema.c checks that the
 * two agree on everything else. A scalar is taken as its text whatever YAML calls it, so numbers
 * and booleans pass where texts are wanted.
 */
#include "project/project_priv.h"

#include <pthread.h>

#define TEXT "{\"$ref\":\"#/$defs/text\"}"
#define TEXTS "{\"$ref\":\"#/$defs/texts\"}"
#define FLAG "{\"$ref\":\"#/$defs/flag\"}"
#define SCALARS "{\"$ref\":\"#/$defs/scalars\"}"
#define STORAGE "{\"$ref\":\"#/$defs/storage\"}"
#define STORAGE_OPTIONS                                                                            \
    "{\"type\":\"object\",\"propertyNames\":{\"pattern\":\"^(aws_)?(access_key_id|allow_http|"     \
    "connect_timeout|credentials|default_region|endpoint|endpoint_url|max_retries|region|"         \
    "retry_timeout|secret_access_key|session_token|timeout|token|"                                 \
    "virtual_hosted_style_request)$\"},\"additionalProperties\":{\"$ref\":\"#/$defs/scalar\"}}"
#define SHARED_OBJECTS                                                                             \
    "{\"type\":\"array\",\"items\":" OBJECT                                                        \
    "\"required\":[\"path\"],\"properties\":{\"path\":" TEXT ","                                   \
    "\"sha256\":{\"type\":\"string\",\"pattern\":\"^[0-9a-f]{64}$\"}}}}"
#define NAME_PATTERN "\"^[a-z_][a-z0-9_]{0,127}$\""
#define COUNT                                                                                      \
    "{\"anyOf\":[{\"type\":\"integer\",\"minimum\":1},{\"type\":\"string\","                       \
    "\"pattern\":\"^[0-9]*[1-9][0-9]*$\"}]}"
#define OBJECT "{\"type\":\"object\",\"additionalProperties\":false,"
#define FORMATS "\"delta\",\"parquet\",\"csv\",\"json\",\"arrow\""
#define FORMAT "{\"enum\":[" FORMATS "]}"
#define READ_FORMAT                                                                                \
    "{\"anyOf\":[{\"enum\":[" FORMATS ",\"delta_snapshot\",\"delta_cdf\","                         \
    "\"delta_add_actions\"]},"                                                                     \
    "{\"pattern\":\"^[a-z0-9_]+\\\\.[a-z0-9_]+$\"}]}"

/* Two texts, since C promises no more than 4,095 characters in one. */
static const char head[] =
    "{\"$schema\":\"https://json-schema.org/draft/2020-12/schema\","
    "\"title\":\"pinion.yaml, version 1\","
    "\"$defs\":{"
    "\"flag\":{\"enum\":[true,false,\"true\",\"false\"]},"
    "\"scalar\":{\"type\":[\"string\",\"number\",\"boolean\"]},"
    "\"scalars\":{\"type\":\"object\",\"additionalProperties\":{\"$ref\":\"#/$defs/scalar\"}},"
    "\"storage\":" STORAGE_OPTIONS ","
    "\"text\":{\"type\":[\"string\",\"number\",\"boolean\"],\"minLength\":1},"
    "\"texts\":{\"type\":\"array\",\"items\":" TEXT "}},"
    "\"type\":\"object\",\"additionalProperties\":false,\"required\":[\"version\"],"
    "\"properties\":{"
    "\"version\":{\"enum\":[1,\"1\"]},"
    "\"name\":" TEXT ","
    "\"profile\":{\"enum\":[\"default\",\"dev\",\"prod\",\"cst_autoload\",\"symtable\"]},"
    "\"settings\":{\"type\":\"object\","
    "\"propertyNames\":{\"anyOf\":[{\"pattern\":\"^datafusion\\\\.\"},"
    "{\"enum\":[\"batch_size\",\"coalesce_batches\",\"collect_statistics\",\"dialect\","
    "\"explain_verbose\",\"memory_limit\",\"memory_pool\",\"parquet_pushdown\","
    "\"plan_cache_limit\",\"repartition_aggregations\",\"repartition_file_scans\","
    "\"repartition_joins\","
    "\"repartition_windows\",\"spill_dir\",\"spill_limit\",\"target_partitions\","
    "\"time_zone\"]}]},"
    "\"additionalProperties\":" TEXT "},"
    "\"datasets\":{\"type\":\"object\",\"propertyNames\":{\"pattern\":" NAME_PATTERN "},"
    "\"additionalProperties\":" OBJECT "\"required\":[\"format\",\"uri\"],\"properties\":{"
    "\"format\":" READ_FORMAT ",\"uri\":" TEXT ",\"version\":" TEXT ",\"timestamp\":" TEXT ","
    "\"files\":" TEXTS ","
    "\"options\":" SCALARS ",\"storage_options\":" STORAGE ","
    "\"optional\":" FLAG ","
    "\"schema\":{\"type\":\"object\",\"minProperties\":1,\"additionalProperties\":" TEXT "},"
    "\"metadata\":" OBJECT "\"properties\":{"
    "\"ddl\":" TEXT ",\"defaults\":" SCALARS ",\"partition_columns\":" TEXTS ","
    "\"constraints\":" OBJECT "\"properties\":{\"primary_key\":" TEXTS ","
    "\"unique\":{\"type\":\"array\",\"items\":" TEXTS "}}}}}}}},";

static const char tail[] =
    "\"functions\":" OBJECT "\"properties\":{\"packs\":" SHARED_OBJECTS ","
    "\"libraries\":" SHARED_OBJECTS ","
    "\"required\":" TEXTS ","
    "\"planners\":{\"type\":\"array\",\"minItems\":1,\"items\":" TEXT "},"
    "\"async\":" OBJECT "\"required\":[\"batch_rows\",\"timeout_ms\"],\"properties\":{"
    "\"batch_rows\":" COUNT ",\"timeout_ms\":" COUNT "}},"
    "\"sql\":" OBJECT "\"properties\":{\"dir\":" TEXT ",\"languages\":" TEXTS ","
    "\"primitives\":" TEXTS ",\"types\":" TEXTS ","
    "\"volatility\":{\"enum\":[\"immutable\",\"stable\",\"volatile\"]}}}}},"
    "\"outputs\":{\"type\":\"array\",\"items\":" OBJECT
    "\"required\":[\"view\",\"uri\"],\"properties\":{"
    "\"view\":{\"type\":\"string\",\"pattern\":" NAME_PATTERN "},\"uri\":" TEXT ","
    "\"format\":" FORMAT ",\"mode\":{\"enum\":[\"error\",\"append\",\"overwrite\",\"ignore\"]},"
    "\"partition_by\":" TEXTS ",\"options\":" SCALARS ",\"storage_options\":" STORAGE "}}},"
    "\"policies\":" OBJECT "\"properties\":{"
    "\"sql\":{\"enum\":[\"read_only\",\"service\",\"write\",\"admin\"]}}},"
    "\"results\":" OBJECT "\"properties\":{"
    "\"record\":" FLAG "}},"
    "\"store\":" OBJECT "\"properties\":{"
    "\"enabled\":" FLAG "}}}}";

static char schema[sizeof head + sizeof tail - 1];

static void join(void) {
    memcpy(schema, head, sizeof head - 1);
    memcpy(schema + sizeof head - 1, tail, sizeof tail);
}

const char *pn_project_json_schema(void) {
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    pthread_once(&once, join);
    return schema;
}
