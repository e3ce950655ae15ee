/* Schemas of table functions as Arrow IPC messages. The messages were made by another program
 * (pyarrow's Schema.serialize()). */
#include "t.h"
#include "udf/udf.h"

static const char message[] = /* id int64 not null, at timestamp[us, UTC], tags list<utf8> */
    "ffffffff280100001000000000000a000c000600050008000a000000000104000c0000000800080000000400"
    "080000000400000003000000c00000007000000004000000a8ffffff0000010c140000001c00000004000000"
    "0100000014000000040000007461677300000000d8ffffffd4ffffff00000105100000001c00000004000000"
    "00000000040000006974656d000000000400040004000000100014000800060007000c000000100010000000"
    "0000010a100000001c0000000400000000000000020000006174000008000c00060008000800000000000200"
    "040000000300000055544300100014000800000007000c00000010001000000000000002100000001c000000"
    "0400000000000000020000006964000008000c000800070008000000000000014000000000000000";
static const char twice[] = /* a int64, a int64 */
    "ffffffffa80000001000000000000a000c000600050008000a000000000104000c0000000800080000000400"
    "0800000004000000020000004400000004000000d4ffffff0000010210000000140000000400000000000000"
    "0100000061000000c4ffffff0000000140000000100014000800060007000c00000010001000000000000102"
    "100000001c0000000400000000000000010000006100000008000c0008000700080000000000000140000000";
static const char nothing[] = /* no column */
    "ffffffff300000001000000000000a000c000600050008000a000000000104000c0000000800080000000400"
    "080000000400000000000000";

/* The columns that the text stands for, or NULL with the error. */
static char *columns_of(const char *text, pn_error *err) {
    PNI_AUTO_PTR(pni_udf_catalog) catalog = pni_udf_catalog_new();
    const pn_table_function *function = pni_udf_table_function(catalog, "read_json");
    PNI_AUTO_PTR(json_t)
    args = json_pack("[{s:s, s:s}, {s:s, s:s, s:s}]", "kind", "string", "text", "a", "name",
                     "schema", "kind", "string", "text", text);
    pn_table table = {0};
    if (pni_udf_table_open(function, args, NULL, &table, err) != PN_OK) {
        return NULL;
    }
    PNI_AUTO_PTR(json_t) dataset = json_loads(table.dataset, 0, NULL);
    table.release(table.self);
    PNI_AUTO(pn_buf) text_out = PN_BUF_INIT;
    json_t *columns = json_object_get(dataset, "schema");
    const char *name;
    json_t *type;
    json_object_foreach(columns, name, type) {
        pni_buf_printf(&text_out, "%s: %s; ", name, json_string_value(type));
    }
    return pni_strdup(pni_buf_text(&text_out));
}

static void fails(const char *text, const char *part) {
    pn_error err = PN_ERROR_INIT;
    T_ASSERT(columns_of(text, &err) == NULL);
    T_EQ_INT(err.number, PNI_E_TABLE_REFUSED);
    if (!strstr(err.message, part)) {
        T_FAIL("'%s' does not say '%s'", err.message, part);
    }
}

T_CASE(a_message_is_columns_with_types) {
    pn_error err = PN_ERROR_INIT;
    PNI_AUTO_PTR(pni_text) columns = columns_of(message, &err);
    T_EQ_STR(columns, "id: Int64 not null; at: Timestamp(us, UTC); tags: List<item: Utf8>; ");
    PNI_AUTO_PTR(pni_text) upper = pni_strdup(message);
    for (char *c = upper; *c; c++) {
        *c = *c >= 'a' && *c <= 'f' ? (char)(*c - 'a' + 'A') : *c;
    }
    PNI_AUTO_PTR(pni_text) same = columns_of(upper, &err);
    T_EQ_STR(same, columns);
}

T_CASE(what_is_no_schema) {
    fails("", "neither a JSON object");
    fails("int64", "neither a JSON object");
    fails("fffffff", "neither a JSON object");
    fails("ffffffff", "no Arrow IPC schema");
    fails("ffffffff00000000", "no Arrow IPC schema");
    fails(twice, "the column 'a' twice");
    fails(nothing, "no Arrow IPC schema with columns");
}

/* Cut off or changed anywhere it is refused or read as another schema; nothing else happens. */
T_CASE(damaged_messages) {
    size_t refused = 0;
    for (size_t i = 0; message[i]; i += 2) {
        pn_error err = PN_ERROR_INIT;
        PNI_AUTO_PTR(pni_text) cut = pni_strndup(message, i);
        PNI_AUTO_PTR(pni_text) none = columns_of(cut, &err);
        T_ASSERT(none == NULL);
        for (const char *digits = "07f"; *digits; digits++) {
            PNI_AUTO_PTR(pni_text) changed = pni_strdup(message);
            changed[i] = *digits;
            PNI_AUTO_PTR(pni_text) columns = columns_of(changed, &err);
            refused += columns == NULL;
        }
    }
    T_ASSERT(refused > 100);
}
