/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Table functions over files, Delta tables and the session. None reads anything: a call becomes a
 * dataset as in a project file, as JSON, and the host decides whether it may be read, opens it and
 * pins it. So a query with read_parquet() stands on pinned inputs like any other.
 *
 * A function is a row: its format, and for each argument the key that its value is written under.
 */
#include "udf/tables/tab_priv.h"

enum { MAX_KEYS = 10 };

/* How an argument enters the dataset. */
typedef enum key_kind {
    KEY_TEXT,   /* of the dataset itself */
    KEY_OPTION, /* below "options" */
    KEY_OBJECT, /* JSON text of an object of texts */
    KEY_SCHEMA, /* the same, or an Arrow IPC message */
} key_kind;

typedef struct key {
    const char *name;
    key_kind kind;
} key;

typedef struct tab_kind {
    const char *name;
    const char *format;
    const char *uri; /* of a table of the session, else the first argument */
    key keys[MAX_KEYS];
} tab_kind;

/* The value as text: as it is, decimal, true or false. */
static pni_str value_text(const udf_frame *frame, uint32_t arg, char scratch[UDF_TEXT_BYTES]) {
    pni_str text = PNI_STR("");
    udf_text(frame, arg, 0, scratch, &text);
    return text;
}

static int32_t put_object(udf_frame *frame, const key *at, pni_str text, json_t *dataset) {
    json_error_t error;
    PNI_AUTO_PTR(json_t) object = json_loadb(text.data, text.len, JSON_REJECT_DUPLICATES, &error);
    if (!json_is_object(object)) {
        return pni_udf_fail(frame, "argument '%s' is no JSON object such as '{\"a\": \"int64\"}'",
                            at->name);
    }
    const char *name;
    json_t *value;
    json_object_foreach(object, name, value) {
        if (!json_is_string(value)) {
            return pni_udf_fail(frame, "argument '%s': the value of '%.40s' is no text", at->name,
                                name);
        }
    }
    json_object_set(dataset, at->name, object);
    return 0;
}

/* Hex digits hold no brace. */
static bool is_object(pni_str text) {
    return text.len > 0 && memchr(text.data, '{', text.len);
}

static int32_t put_argument(udf_frame *frame, const key *at, uint32_t arg, json_t *dataset) {
    char scratch[UDF_TEXT_BYTES];
    UDF_TRY(pni_udf_text_check(frame, arg));
    pni_str text = value_text(frame, arg, scratch);
    if (text.len > PNI_TABLE_ARGUMENT_MAX_BYTES) {
        return pni_udf_fail(frame, "argument '%s' has %zu bytes, more than %u", at->name, text.len,
                            PNI_TABLE_ARGUMENT_MAX_BYTES);
    }
    if (at->kind == KEY_OBJECT || (at->kind == KEY_SCHEMA && is_object(text))) {
        return put_object(frame, at, text, dataset);
    }
    if (at->kind == KEY_SCHEMA) {
        json_t *columns = NULL;
        UDF_TRY(pni_tab_schema_of_ipc(frame, at->name, text, &columns));
        json_object_set_new(dataset, at->name, columns);
        return 0;
    }
    json_t *value = json_stringn(text.data, text.len);
    if (!value || memchr(text.data, '\0', text.len)) {
        json_decref(value);
        return pni_udf_fail(frame, "argument '%s' is no UTF-8 text without NUL bytes", at->name);
    }
    json_t *into = dataset;
    if (at->kind == KEY_OPTION) {
        if (!json_object_get(dataset, "options")) {
            json_object_set_new(dataset, "options", json_object());
        }
        into = json_object_get(dataset, "options");
    }
    json_object_set_new(into, at->name, value);
    return 0;
}

static int32_t make_dataset(udf_frame *frame, const tab_kind *kind, json_t *dataset) {
    json_object_set_new(dataset, "format", json_string(kind->format));
    if (kind->uri) {
        json_object_set_new(dataset, "uri", json_string(kind->uri));
    }
    UDF_TRY(pni_udf_frame_open(frame));
    for (uint32_t arg = 0; arg < frame->count && arg < MAX_KEYS; arg++) {
        if (!udf_null(frame, arg, 0)) {
            UDF_TRY(put_argument(frame, &kind->keys[arg], arg, dataset));
        }
    }
    const char *uri = pni_json_text(dataset, "uri");
    return uri && *uri ? 0 : pni_udf_fail(frame, "argument '%s' is null or empty", "uri");
}

static void release(void *self) {
    pni_free(self);
}

static int32_t open_dataset(void *ctx, const pn_kernel_call *call, pn_table *out, char *message,
                            size_t message_cap) {
    const tab_kind *kind = ctx;
    udf_frame frame;
    frame.name = kind->name;
    frame.call = call;
    frame.message = message;
    frame.message_cap = message_cap;
    frame.count = 0;
    PNI_AUTO_PTR(json_t) dataset = json_object();
    int32_t result = make_dataset(&frame, kind, dataset);
    pni_udf_frame_close(&frame);
    if (result == 0) {
        out->self = json_dumps(dataset, JSON_COMPACT);
        out->dataset = out->self;
        out->release = release;
    }
    return result;
}

/* ---- the table --------------------------------------------------------------------------------
 */

#define TAB_DECLARED(sql_name, ...) TAB_THAT_IS(PN_VOLATILITY_STABLE, sql_name, __VA_ARGS__)
#define TAB_THAT_IS(how_volatile, sql_name, ...)                                                   \
    .struct_size = sizeof(pn_udf), .volatility = (how_volatile), .name = (sql_name),               \
    .body_version = "1", .rewrite_tags = "table", .ctx = (void *)&(const tab_kind) {               \
        (sql_name), __VA_ARGS__                                                                    \
    }
/* UDF_EXACT() with literals only. */
#define TAB_EXACT(min, ...)                                                                        \
    UDF_EXACT(min, __VA_ARGS__),                                                                   \
        .literal_args = (UINT64_C(1) << (sizeof(UDF_LIST(__VA_ARGS__)) / sizeof(char *) - 1)) - 1
#define TEXT(name)                                                                                 \
    { name, KEY_TEXT }
#define OPTION(name)                                                                               \
    { name, KEY_OPTION }
#define OBJECT(name)                                                                               \
    { name, KEY_OBJECT }
#define SESSION_TABLE(sql_name, ...)                                                               \
    { TAB_DECLARED(sql_name, "session", sql_name, {{0}}), .description = (__VA_ARGS__) }
#define SCHEMA(name)                                                                               \
    { name, KEY_SCHEMA }
#define CACHE_TABLE(sql_name, what)                                                                \
    {                                                                                              \
        TAB_THAT_IS(PN_VOLATILITY_VOLATILE, sql_name, "session", sql_name, {{0}}),                 \
            .description = "One row: how full the session's " what " is, whenever it is read."     \
    }

static const pn_udf declared[] = {
    {TAB_DECLARED("read_parquet", "parquet", NULL,
                  {TEXT("uri"), TEXT("limit"), SCHEMA("schema"), OBJECT("storage_options")}),
     UDF_ALIASES("parquet_scan"), TAB_EXACT(1, "s", "l", "s", "s"),
     UDF_NAMES("path", "limit", "schema", "storage_options"),
     .description = "The rows of a Parquet file or of a folder of such files."},
    {TAB_DECLARED("read_csv", "csv", NULL,
                  {TEXT("uri"), TEXT("limit"), SCHEMA("schema"), OPTION("has_header"),
                   OPTION("delimiter"), OPTION("compression"), OBJECT("storage_options")}),
     TAB_EXACT(1, "s", "l", "s", "b", "s", "s", "s"),
     UDF_NAMES("path", "limit", "schema", "has_header", "delimiter", "compression",
               "storage_options"),
     .description = "The rows of a CSV file or of a folder of such files."},
    {TAB_DECLARED("read_json", "json", NULL,
                  {TEXT("uri"), TEXT("limit"), SCHEMA("schema"), OPTION("compression"),
                   OBJECT("storage_options")}),
     UDF_ALIASES("json_scan"), TAB_EXACT(1, "s", "l", "s", "s", "s"),
     UDF_NAMES("path", "limit", "schema", "compression", "storage_options"),
     .description = "The rows of a file of JSON lines or of a folder of such files."},
    {TAB_DECLARED("read_delta", "delta", NULL,
                  {TEXT("uri"), TEXT("version"), TEXT("timestamp"), OBJECT("storage_options"),
                   TEXT("limit")}),
     UDF_ALIASES("delta_scan"), TAB_EXACT(1, "s", "l", "s", "s", "l"),
     UDF_NAMES("uri", "version", "timestamp", "storage_options", "limit"),
     .description = "The rows of a Delta table, at the latest version or at the one given."},
    {TAB_DECLARED("read_delta_cdf", "delta_cdf", NULL,
                  {TEXT("uri"), OPTION("start_version"), OPTION("end_version"),
                   OPTION("start_timestamp"), OPTION("end_timestamp"), OBJECT("storage_options"),
                   OPTION("allow_out_of_range"), TEXT("limit")}),
     UDF_ALIASES("delta_cdf_scan"), TAB_EXACT(1, "s", "l", "l", "s", "s", "s", "b", "l"),
     UDF_NAMES("uri", "start_version", "end_version", "start_timestamp", "end_timestamp",
               "storage_options", "allow_out_of_range", "limit"),
     .description = "The rows that were inserted, deleted and updated from one version of a Delta "
                    "table to another, both included, with _change_type, _commit_version and "
                    "_commit_timestamp."},
    {TAB_DECLARED("delta_snapshot", "delta_snapshot", NULL,
                  {TEXT("uri"), TEXT("version"), TEXT("timestamp"), OBJECT("storage_options")}),
     TAB_EXACT(1, "s", "l", "s", "s"), UDF_NAMES("uri", "version", "timestamp", "storage_options"),
     .description = "One row: protocol, properties, partition columns and schema of a version of a "
                    "Delta table."},
    {TAB_DECLARED("delta_add_actions", "delta_add_actions", NULL,
                  {TEXT("uri"), TEXT("version"), TEXT("timestamp"), OBJECT("storage_options")}),
     TAB_EXACT(1, "s", "l", "s", "s"), UDF_NAMES("uri", "version", "timestamp", "storage_options"),
     .description = "The files of a version of a Delta table, a row each: path, size, time, "
                    "statistics and partition values, as its log has them."},
    CACHE_TABLE("list_files_cache", "cache of listed folders"),
    CACHE_TABLE("metadata_cache", "cache of file footers"),
    CACHE_TABLE("predicate_cache", "cache of columns that filters have read"),
    CACHE_TABLE("statistics_cache", "cache of file statistics"),
    SESSION_TABLE("udf_registry", "The functions of the session's packs, a row each."),
    SESSION_TABLE("udf_docs", "What is written about the functions of the session's packs."),
};

#define TABLE(index)                                                                               \
    { .struct_size = sizeof(pn_table_function), .function = &declared[index], .open = open_dataset }

static const pn_table_function functions[] = {TABLE(0),  TABLE(1),  TABLE(2), TABLE(3), TABLE(4),
                                              TABLE(5),  TABLE(6),  TABLE(7), TABLE(8), TABLE(9),
                                              TABLE(10), TABLE(11), TABLE(12)};
_Static_assert(sizeof functions / sizeof functions[0] == sizeof declared / sizeof declared[0],
               "each declaration is a function");

tab_table pni_tab_table_dataset(void) {
    return (tab_table){functions, sizeof functions / sizeof functions[0]};
}
