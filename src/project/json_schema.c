/* SPDX-License-Identifier: Apache-2.0 */
/* The published JSON Schema of pinion.yaml; tests/integration checks that it and the reader accept
 * and refuse the same files. */
#include "project/project_priv.h"

static const char schema[] =
    "{\"$schema\":\"https://json-schema.org/draft/2020-12/schema\",\"title\":\"pinion.yaml,"
    " version 1\",\"type\":\"object\",\"additionalProperties\":false,\"required\":[\"version\"],"
    "\"properties\":{\"version\":{\"const\":1},\"name\":{\"type\":\"string\",\"minLength\":1},"
    "\"profile\":{\"enum\":[\"default\",\"dev\",\"prod\",\"cst_autoload\",\"symtable\"]},"
    "\"settings\":{\"type\":\"object\",\"additionalProperties\":{\"type\":[\"string\",\"number\","
    "\"boolean\"]}},\"datasets\":{\"type\":\"object\",\"propertyNames\":{\"type\":\"string\","
    "\"pattern\":\"^[a-z_][a-z0-9_]{0,127}$\"},\"additionalProperties\":{\"type\":\"object\","
    "\"additionalProperties\":false,\"required\":[\"format\",\"uri\"],"
    "\"properties\":{\"format\":{\"enum\":[\"delta\",\"parquet\",\"csv\",\"json\",\"arrow\"]},"
    "\"uri\":{\"type\":\"string\",\"minLength\":1},\"version\":{\"type\":[\"integer\",\"string\"]},"
    "\"timestamp\":{\"type\":\"string\",\"minLength\":1},\"options\":{\"type\":\"object\","
    "\"additionalProperties\":{\"type\":[\"string\",\"number\",\"boolean\"]}},"
    "\"storage_options\":{\"type\":\"object\",\"additionalProperties\":{\"type\":[\"string\","
    "\"number\",\"boolean\"]}},\"optional\":{\"type\":\"boolean\"},\"schema\":{\"type\":\"object\","
    "\"additionalProperties\":{\"type\":\"string\",\"minLength\":1}},\"metadata\":{\"type\":\"object\","
    "\"additionalProperties\":false,\"properties\":{\"ddl\":{\"type\":\"string\",\"minLength\":1},"
    "\"defaults\":{\"type\":\"object\",\"additionalProperties\":{\"type\":[\"string\",\"number\","
    "\"boolean\"]}},\"partition_columns\":{\"type\":\"array\",\"items\":{\"type\":\"string\","
    "\"minLength\":1}},\"constraints\":{\"type\":\"object\",\"additionalProperties\":false,"
    "\"properties\":{\"primary_key\":{\"type\":\"array\",\"items\":{\"type\":\"string\","
    "\"minLength\":1}},\"unique\":{\"type\":\"array\",\"items\":{\"type\":\"array\","
    "\"items\":{\"type\":\"string\",\"minLength\":1}}}}}}}}}},\"functions\":{\"type\":\"object\","
    "\"additionalProperties\":false,\"properties\":{\"packs\":{\"type\":\"array\","
    "\"items\":{\"type\":\"object\",\"additionalProperties\":false,\"required\":[\"path\"],"
    "\"properties\":{\"path\":{\"type\":\"string\",\"minLength\":1},\"sha256\":{\"type\":\"string\","
    "\"pattern\":\"^[0-9a-f]{64}$\"}}}}}},\"outputs\":{\"type\":\"array\",\"items\":{\"type\":\"object\","
    "\"additionalProperties\":false,\"required\":[\"view\",\"uri\"],"
    "\"properties\":{\"view\":{\"type\":\"string\",\"pattern\":\"^[a-z_][a-z0-9_]{0,127}$\"},"
    "\"uri\":{\"type\":\"string\",\"minLength\":1},\"format\":{\"enum\":[\"delta\",\"parquet\",\"csv\","
    "\"json\",\"arrow\"]},\"mode\":{\"enum\":[\"error\",\"append\",\"overwrite\",\"ignore\"]},"
    "\"partition_by\":{\"type\":\"array\",\"items\":{\"type\":\"string\",\"minLength\":1}},"
    "\"options\":{\"type\":\"object\",\"additionalProperties\":{\"type\":[\"string\",\"number\","
    "\"boolean\"]}},\"storage_options\":{\"type\":\"object\","
    "\"additionalProperties\":{\"type\":[\"string\",\"number\",\"boolean\"]}}}}},"
    "\"policies\":{\"type\":\"object\",\"additionalProperties\":false,"
    "\"properties\":{\"sql\":{\"enum\":[\"read_only\",\"service\",\"write\",\"admin\"]}}}}}";

const char *pn_project_json_schema(void) {
    return schema;
}
