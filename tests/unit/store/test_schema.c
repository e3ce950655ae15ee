/* SPDX-License-Identifier: Apache-2.0 */
#include "store_fixture.h"

T_CASE(every_table_has_an_arrow_schema) {
    for (pni_record_kind kind = 0; kind < PNI_RECORD_KINDS; kind++) {
        PNI_AUTO_SCHEMA schema = {0};
        const pni_record_column *column;
        size_t i = 0;
        pni_store_schema(kind, &schema);
        for (; (column = pni_record_column_at(kind, i)); i++) {
            const struct ArrowSchema *field = schema.children[i];
            T_EQ_STR(field->name, column->name);
            T_EQ_INT((field->flags & ARROW_FLAG_NULLABLE) != 0, column->is_nullable);
        }
        T_EQ_INT(schema.n_children, (int64_t)i);
        T_EQ_STR(schema.children[1]->format, "tdD");
    }
}

T_CASE(days_are_those_of_utc) {
    char date[16];
    pni_store_date(0, date);
    T_EQ_STR(date, "1970-01-01");
    pni_store_date(INT64_C(951782399999), date);
    T_EQ_STR(date, "2000-02-28");
    pni_store_date(INT64_C(951782400000), date);
    T_EQ_STR(date, "2000-02-29");
}

T_CASE(partitions_are_read_from_paths) {
    char date[16];
    T_ASSERT(store_partition_of("event_date=2026-01-02/part.parquet", date));
    T_EQ_STR(date, "2026-01-02");
    T_ASSERT(!store_partition_of("event_date=2026-01-02", date));
    T_ASSERT(!store_partition_of("event_date=2026-01-021/x", date));
    T_ASSERT(!store_partition_of("other=2026-01-02/x", date));
}

T_CASE(the_document_names_every_table) {
    PNI_AUTO(pn_buf) text = PN_BUF_INIT;
    PNI_AUTO_PTR(json_t) json = NULL;
    pn_error err = PN_ERROR_INIT;
    T_OK(pn_store_schemas(&text, &err), &err);
    T_OK(pni_json_parse(text.data, text.len, "schemas", &json, &err), &err);
    const json_t *tables = json_object_get(json, "tables");
    T_EQ_UINT(json_array_size(tables), PNI_RECORD_KINDS);
    T_EQ_STR(pni_json_text(json_array_get(tables, 0), "table"), "runs");
    const json_t *column = json_array_get(json_object_get(json_array_get(tables, 1), "columns"), 5);
    T_EQ_STR(pni_json_text(column, "name"), "components");
    T_EQ_STR(pni_json_text(column, "type"), "json");
    T_STATUS(pn_store_schemas(NULL, &err), PN_INVALID, &err);
}
