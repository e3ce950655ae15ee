/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The tables as Arrow schemas, places and documents. All of it is derived from records.def: a table
 * cannot have a column that is not described there.
 */
#include "base/formats.h"
#include "store/store_priv.h"

#include <time.h>

static const char *const type_texts[] = {
    [PNI_RECORD_TEXT] = "utf8",        [PNI_RECORD_INT] = "int64", [PNI_RECORD_BOOL] = "bool",
    [PNI_RECORD_TEXTS] = "list<utf8>", [PNI_RECORD_JSON] = "utf8", [PNI_RECORD_DATE] = "date",
};

char *pni_store_path(const char *project_dir, const char *table) {
    PNI_AUTO_PTR(pni_text) folder = pni_path_join(project_dir, ".pinion/artifacts");
    return table ? pni_path_join(folder, table) : pni_take(folder);
}

void pni_store_schema(pni_record_kind kind, struct ArrowSchema *out) {
    const pni_record_column *column;
    int64_t count = 0;
    while (pni_record_column_at(kind, (size_t)count))
        count++;
    ArrowSchemaInit(out);
    pni_assert(ArrowSchemaSetTypeStruct(out, count) == NANOARROW_OK);
    for (size_t i = 0; (column = pni_record_column_at(kind, i)); i++) {
        struct ArrowSchema *field = out->children[i];
        field->release(field);
        pni_assert(pni_arrow_type_parse(type_texts[column->type], field, NULL) == PN_OK);
        pni_assert(ArrowSchemaSetName(field, column->name) == NANOARROW_OK);
        field->flags = column->is_nullable ? ARROW_FLAG_NULLABLE : 0;
    }
}

void pni_store_date(int64_t unix_ms, char out[16]) {
    struct tm day;
    time_t seconds = (time_t)(unix_ms / 1000);
    gmtime_r(&seconds, &day);
    if (!strftime(out, 16, "%Y-%m-%d", &day)) /* a clock beyond the year 99999 */
        pni_assert(strftime(out, 16, "9999-12-31", &day));
}

bool store_partition_of(const char *path, char out[16]) {
    if (!pni_starts_with(path, STORE_PARTITION "="))
        return false;
    const char *value = path + strlen(STORE_PARTITION "=");
    size_t len = strcspn(value, "/");
    if (len != strlen("YYYY-MM-DD") || !value[len])
        return false;
    memcpy(out, value, len);
    out[len] = '\0';
    return true;
}

static json_t *columns_json(pni_record_kind kind) {
    json_t *columns = json_array();
    const pni_record_column *column;
    for (size_t i = 0; (column = pni_record_column_at(kind, i)); i++)
        json_array_append_new(
            columns, json_pack("{s:s, s:s, s:b, s:s}", "name", column->name, "type",
                               column->type == PNI_RECORD_JSON ? "json" : type_texts[column->type],
                               "nullable", column->is_nullable, "about", column->about));
    return columns;
}

pn_status pn_store_schemas(pn_buf *json_out, pn_error *err) {
    if (!json_out)
        return pni_fail(err, PNI_E_ARGUMENT, "pn_store_schemas: json_out must not be NULL");
    PNI_AUTO_PTR(json_t) tables = json_array();
    for (pni_record_kind kind = 0; kind < PNI_RECORD_KINDS; kind++)
        json_array_append_new(tables,
                              json_pack("{s:s, s:s, s:o}", "table", pni_record_table(kind), "about",
                                        pni_record_about(kind), "columns", columns_json(kind)));
    PNI_AUTO_PTR(json_t)
    json = json_pack("{s:i, s:O}", "format", PNI_FORMAT_STORE, "tables", tables);
    return pni_json_canonical(json, json_out, err);
}
