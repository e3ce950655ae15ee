/* SPDX-License-Identifier: Apache-2.0 */
/* Nesting, and the refusal of tables that do not fit together. Flat tables are built from JSON
 * rows. */
#include "t.h"

#include "extract/evidence.h"

static void add(pni_flats *flats, const char *name, const char *columns, const char *rows) {
    PNI_AUTO_SCHEMA schema = {0};
    PNI_AUTO_ARRAY array = {0};
    PNI_AUTO_PTR(json_t) json = NULL;
    pn_error err = PN_ERROR_INIT;
    T_OK(pni_evidence_declare(columns, "byte", &schema, &err), &err);
    T_OK(pni_json_parse(rows, strlen(rows), "rows", &json, &err), &err);
    T_OK(pni_arrow_batch_from_json(json, &schema, &array, &err), &err);
    pni_flats_add(flats, name, &schema, &array);
}

/* A flat table whose column names hold dots: renames c0, c1, … */
static void add_dotted(pni_flats *flats, const char *name, const char *columns,
                       const char *const *names, const char *rows) {
    add(flats, name, columns, rows);
    pni_flat *flat = pni_flats_find(flats, name);
    for (int64_t i = 0; names[i] != NULL; i++) {
        T_EQ_INT(ArrowSchemaSetName(flat->schema.children[i], names[i]), 0);
    }
}

/* Nests the only field of `declared` and prints the column as JSON, a value per file. */
static pn_status nest(const char *declared, pni_flats *flats, const char *table, int64_t n_files,
                      pn_buf *out, pn_error *err) {
    PNI_AUTO_SCHEMA schema = {0};
    PNI_AUTO_ARRAY array = {0};
    T_OK(pni_evidence_declare(declared, "byte", &schema, err), err);
    const pni_nest_input input = {NULL, (size_t)n_files, flats, NULL};
    PNI_TRY(pni_nest_column(schema.children[0], table, &input, &array, err));
    T_EQ_INT(array.length, n_files);
    struct ArrowArrayView view;
    T_EQ_INT(ArrowArrayViewInitFromSchema(&view, schema.children[0], NULL), 0);
    T_EQ_INT(ArrowArrayViewSetArray(&view, &array, NULL), 0);
    T_EQ_INT(ArrowArrayViewValidate(&view, NANOARROW_VALIDATION_LEVEL_FULL, NULL), 0);
    for (int64_t i = 0; i < n_files; i++) {
        pni_arrow_value_json(schema.children[0], &view, i, out);
    }
    ArrowArrayViewReset(&view);
    return PN_OK;
}

static void expect(const char *declared, pni_flats *flats, const char *table, int64_t n_files,
                   const char *want) {
    PNI_AUTO(pn_buf) got = PN_BUF_INIT;
    pn_error err = PN_ERROR_INIT;
    T_OK(nest(declared, flats, table, n_files, &got, &err), &err);
    T_EQ_STR(pni_buf_text(&got), want);
    pni_flats_dispose(flats);
}

static void refuse(const char *declared, pni_flats *flats, const char *table, int64_t n_files,
                   const char *why) {
    PNI_AUTO(pn_buf) got = PN_BUF_INIT;
    pn_error err = PN_ERROR_INIT;
    T_STATUS(nest(declared, flats, table, n_files, &got, &err), PN_CORRUPT, &err);
    if (strstr(err.message, why) == NULL) {
        T_FAIL("'%s' does not say '%s'", err.message, why);
    }
    pni_flats_dispose(flats);
}

T_CASE(rows_go_to_their_files) {
    pni_flats flats = {0};
    add(&flats, "t.l", "file:int32,a:int32,b", "[[0,1,\"x\"],[2,2,null],[2,3,\"z\"]]");
    expect("l:list{a:int32,b}", &flats, "t.l", 4,
           "[{\"a\":1,\"b\":\"x\"}][][{\"a\":2,\"b\":null},{\"a\":3,\"b\":\"z\"}][]");
}

T_CASE(missing_columns_are_null_and_missing_tables_empty) {
    pni_flats flats = {0};
    add(&flats, "t.l", "file:int32,a:int32", "[[0,1]]");
    expect("l:list{a:int32,b,c:bool,d:list(utf8)}", &flats, "t.l", 1,
           "[{\"a\":1,\"b\":null,\"c\":null,\"d\":[]}]");
    expect("l:list{a:int32}", &flats, "t.l", 2, "[][]");
}

T_CASE(many_missing_bools_fit) {
    pni_flats flats = {0};
    PNI_AUTO(pn_buf) rows = PN_BUF_INIT;
    for (int i = 0; i < 1000; i++) {
        pni_buf_printf(&rows, "%c[0,%d]", i == 0 ? '[' : ',', i);
    }
    pni_buf_putc(&rows, ']');
    add(&flats, "t.l", "file:int32,a:int32", pni_buf_text(&rows));
    PNI_AUTO(pn_buf) got = PN_BUF_INIT;
    pn_error err = PN_ERROR_INIT;
    T_OK(nest("l:list{a:int32,c:bool}", &flats, "t.l", 1, &got, &err), &err);
    T_ASSERT(strstr(pni_buf_text(&got), "{\"a\":999,\"c\":null}]") != NULL);
    pni_flats_dispose(&flats);
}

T_CASE(maps_and_lists_hang_on_rows) {
    pni_flats flats = {0};
    add(&flats, "t.l", "file:int32,a:int32", "[[0,1],[0,2],[1,3]]");
    add(&flats, "t.l.attrs", "row:int64,key,value",
        "[[0,\"k\",\"v\"],[2,\"x\",null],[2,\"y\",\"2\"]]");
    add(&flats, "t.l.tags", "row:int64,item", "[[1,\"p\"],[1,\"q\"]]");
    add(&flats, "t.l.deep", "row:int64,n:int64", "[[0,7],[1,8]]");
    add(&flats, "t.l.deep.more", "row:int64,item:int64", "[[1,9]]");
    PNI_AUTO(pn_buf) got = PN_BUF_INIT;
    pn_error err = PN_ERROR_INIT;
    T_OK(nest("l:list{a:int32,attrs:attrs,tags:list(utf8),deep:list{n:int64,more:list(int64)}}",
              &flats, "t.l", 2, &got, &err),
         &err);
    T_ASSERT(strstr(pni_buf_text(&got), "\"tags\":[\"p\",\"q\"]") != NULL);
    T_ASSERT(strstr(pni_buf_text(&got), "\"deep\":[{\"n\":8,\"more\":[9]}]") != NULL);
    T_ASSERT(strstr(pni_buf_text(&got), "\"k\"") != NULL);
    pni_flats_dispose(&flats);
}

T_CASE(spans_take_their_defaults_and_are_null_without_leaves) {
    static const char *const names[] = {"file", "span.start.line0", "span.byte_span.byte_start",
                                        NULL};
    pni_flats flats = {0};
    add_dotted(&flats, "t.l", "file:int32,c1:int32,c2:int32", names, "[[0,4,40],[0,null,null]]");
    expect("l:list{span:span}", &flats, "t.l", 1,
           "[{\"span\":{\"start\":{\"line0\":4,\"col\":null},\"end\":null,"
           "\"end_exclusive\":true,"
           "\"col_unit\":\"byte\",\"byte_span\":{\"byte_start\":40,"
           "\"byte_len\":null}}},{\"span\":null}]");
}

T_CASE(a_struct_per_file) {
    pni_flats flats = {0};
    add(&flats, "t.stats", "file:int32,n:int32", "[[0,5],[1,6]]");
    expect("stats:struct{n:int32,ok:bool}", &flats, "t.stats", 2,
           "{\"n\":5,\"ok\":null}{\"n\":6,\"ok\":null}");
    expect("stats:struct{n:int32,ok:bool}", &flats, "t.stats", 2, "nullnull");
    add(&flats, "t.stats", "file:int32,n:int32", "[[1,6]]");
    refuse("stats:struct{n:int32}", &flats, "t.stats", 2, "not exactly one row per file");
}

T_CASE(indexes_must_be_in_range_and_in_order) {
    pni_flats flats = {0};
    add(&flats, "t.l", "file:int32,a:int32", "[[1,1],[0,2]]");
    refuse("l:list{a:int32}", &flats, "t.l", 2, "out of range or not in order");
    add(&flats, "t.l", "file:int32,a:int32", "[[2,1]]");
    refuse("l:list{a:int32}", &flats, "t.l", 2, "out of range or not in order");
    add(&flats, "t.l", "file:int32,a:int32", "[[-1,1]]");
    refuse("l:list{a:int32}", &flats, "t.l", 2, "negative");
    add(&flats, "t.l", "file:int32,a:int32", "[[null,1]]");
    refuse("l:list{a:int32}", &flats, "t.l", 2, "not an index");
    add(&flats, "t.l", "a:int32", "[[1]]");
    refuse("l:list{a:int32}", &flats, "t.l", 2, "missing");
    add(&flats, "t.l", "file,a:int32", "[[\"0\",1]]");
    refuse("l:list{a:int32}", &flats, "t.l", 2, "not an index");
}

T_CASE(types_and_needed_values_are_checked) {
    pni_flats flats = {0};
    add(&flats, "t.l", "file:int32,a:int64", "[[0,1]]");
    refuse("l:list{a:int32}", &flats, "t.l", 1, "of another type");
    add(&flats, "t.l", "file:int32,a", "[[0,\"x\"]]");
    add(&flats, "t.l.attrs", "row:int64,key,value", "[[0,null,\"v\"]]");
    refuse("l:list{a,attrs:attrs}", &flats, "t.l", 1, "null where a value is needed");
    add(&flats, "t.l", "file:int32,a", "[[0,\"x\"]]");
    add(&flats, "t.l.attrs", "row:int64,value", "[[0,\"v\"]]");
    refuse("l:list{a,attrs:attrs}", &flats, "t.l", 1, "missing");
}
