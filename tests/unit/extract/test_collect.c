/* SPDX-License-Identifier: Apache-2.0 */
/* The whole pass with the real extractors over a small tree with one of every difficulty. */
#include "t.h"

#include "extract/evidence.h"
#include "extract/extract.h"

#include <unistd.h>

static void put(const char *root, const char *rel, const char *text, size_t len) {
    PNI_AUTO_PTR(pni_text) path = pni_path_join(root, rel);
    PNI_AUTO_PTR(pni_text) dir = pni_path_dir(path);
    pn_error err = PN_ERROR_INIT;
    T_OK(pni_mkdirs(dir, &err), &err);
    T_OK(pni_file_write(path, text, len, &err), &err);
}

#define PUT(rel, text) put(root, rel, text, sizeof(text) - 1)

static void make_tree(const char *root) {
    PUT("pkg/__init__.py", "\"\"\"Doc.\"\"\"\nfrom .a import f\n");
    PUT("pkg/a.py", "def f(x, *, y=1):\n    return x + y\n\n"
                    "class C(dict):\n    def m(self):\n        return f(self)\n");
    PUT("pkg/broken.py", "def f(:\n");
    PUT("pkg/latin.py", "# coding: latin-1\ns = '\xe4'\n");
    PUT("pkg/bad.py", "s = '\xff'\n");
    PUT("empty.py", "");
    PUT("bom.py", "\xEF\xBB\xBFx = 1\r\ny = 2\r\n");
    for (int i = 0; i < 150; i++) {
        PNI_AUTO(pn_buf) name = PN_BUF_INIT;
        PNI_AUTO(pn_buf) text = PN_BUF_INIT;
        pni_buf_printf(&name, "many/m%03d.py", i);
        pni_buf_printf(&text, "import os\n\ndef g%d():\n    return os.getcwd()\n", i);
        put(root, pni_buf_text(&name), pni_buf_text(&text), text.len);
    }
}

typedef struct pass {
    pni_scan *scan;
    pni_spool *spools[PNI_EVIDENCE_COUNT];
    json_t *tools;
} pass;

static void pass_free(pass *p) {
    for (int i = 0; i < PNI_EVIDENCE_COUNT; i++) {
        pni_spool_free(p->spools[i]);
    }
    json_decref(p->tools);
    pni_scan_free(p->scan);
}

/* To be called first: a skip leaves the case at once. */
static void need_extractors(void) {
    static const char *const names[] = {"pinion-extract-treesitter", "pinion_extract_python.py"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        char *found = NULL;
        if (pni_locate_helper(names[i], &found, NULL) != PN_OK) {
            T_SKIP("the extractors are not built");
        }
        pni_free(found);
    }
}

static void collect(const char *root, const char *tmp, unsigned jobs, pass *p) {
    *p = (pass){0};
    pn_error err = PN_ERROR_INIT;
    T_OK(pni_mkdirs(tmp, &err), &err);
    const pni_scan_options scan = {.root = root};
    T_OK(pni_scan_new(&scan, &p->scan, &err), &err);
    const pni_cpg_collect_options options = {.tmp_dir = tmp, .jobs = jobs};
    T_OK(pni_cpg_collect(p->scan, &options, p->spools, &p->tools, &err), &err);
}

/* Every row of a spool as JSON, and the number of batches. */
static void read_rows(const pni_spool *spool, pn_buf *out) {
    pn_error err = PN_ERROR_INIT;
    PNI_AUTO_STREAM stream = {0};
    PNI_AUTO_SCHEMA schema = {0};
    T_OK(pni_spool_stream(spool, &stream, &err), &err);
    T_EQ_INT(stream.get_schema(&stream, &schema), 0);
    struct ArrowArrayView view;
    T_EQ_INT(ArrowArrayViewInitFromSchema(&view, &schema, NULL), 0);
    for (;;) {
        PNI_AUTO_ARRAY batch = {0};
        T_EQ_INT(stream.get_next(&stream, &batch), 0);
        if (batch.release == NULL) {
            break;
        }
        T_EQ_INT(ArrowArrayViewSetArray(&view, &batch, NULL), 0);
        T_EQ_INT(ArrowArrayViewValidate(&view, NANOARROW_VALIDATION_LEVEL_FULL, NULL), 0);
        for (int64_t row = 0; row < batch.length; row++) {
            pni_arrow_value_json(&schema, &view, row, out);
            pni_buf_putc(out, '\n');
        }
    }
    ArrowArrayViewReset(&view);
}

static json_t *row_of(const pn_buf *rows, const char *path) {
    PNI_AUTO(pn_buf) needle = PN_BUF_INIT;
    pni_buf_printf(&needle, "\"path\":\"%s\"", path);
    const char *at = pni_buf_text(rows);
    while (*at != '\0') {
        const size_t len = strcspn(at, "\n");
        PNI_AUTO_PTR(pni_text) line = pni_strndup(at, len);
        if (strstr(line, pni_buf_text(&needle)) != NULL) {
            json_t *row = NULL;
            pn_error err = PN_ERROR_INIT;
            T_OK(pni_json_parse(line, len, "row", &row, &err), &err);
            return row;
        }
        at += len + 1;
    }
    T_FAIL("no row of '%s'", path);
}

static size_t list_len(const json_t *row, const char *name) {
    return json_array_size(json_object_get(row, name));
}

static void check_ast(const pass *p) {
    PNI_AUTO(pn_buf) rows = PN_BUF_INIT;
    read_rows(p->spools[PNI_EVIDENCE_AST], &rows);
    PNI_AUTO_PTR(json_t) a = row_of(&rows, "pkg/a.py");
    T_EQ_UINT(list_len(a, "defs"), 3);
    T_EQ_UINT(list_len(a, "errors"), 0);
    const json_t *span = json_object_get(json_array_get(json_object_get(a, "defs"), 0), "span");
    T_ASSERT(json_is_true(json_object_get(span, "end_exclusive")));
    T_EQ_STR(pni_json_text(span, "col_unit"), "byte");
    PNI_AUTO_PTR(json_t) broken = row_of(&rows, "pkg/broken.py");
    T_EQ_UINT(list_len(broken, "errors"), 1);
    T_EQ_UINT(list_len(broken, "nodes"), 0);
    PNI_AUTO_PTR(json_t) empty = row_of(&rows, "empty.py");
    T_EQ_UINT(list_len(empty, "nodes"), 1);
}

static void check_others(const pass *p) {
    PNI_AUTO(pn_buf) rows = PN_BUF_INIT;
    read_rows(p->spools[PNI_EVIDENCE_SYMTABLE], &rows);
    PNI_AUTO_PTR(json_t) scopes = row_of(&rows, "pkg/a.py");
    T_EQ_UINT(list_len(scopes, "blocks"), 4);
    const json_t *f = json_array_get(json_object_get(scopes, "blocks"), 1);
    T_EQ_STR(pni_json_text(f, "name"), "f");
    T_EQ_UINT(list_len(f, "symbols"), 2);
    T_EQ_UINT(list_len(json_object_get(f, "function_partitions"), "parameters"), 2);
    pni_buf_clear(&rows);
    read_rows(p->spools[PNI_EVIDENCE_CST], &rows);
    PNI_AUTO_PTR(json_t) cst = row_of(&rows, "pkg/a.py");
    T_EQ_UINT(list_len(cst, "callsites"), 1);
    const json_t *call = json_array_get(json_object_get(cst, "callsites"), 0);
    T_EQ_STR(pni_json_text(call, "callee_text"), "f");
    T_EQ_STR(pni_json_text(call, "path"), "pkg/a.py");
    T_EQ_STR(pni_json_text(call, "file_id"), pni_json_text(cst, "file_id"));
    pni_buf_clear(&rows);
    read_rows(p->spools[PNI_EVIDENCE_TS], &rows);
    PNI_AUTO_PTR(json_t) ts = row_of(&rows, "pkg/broken.py");
    T_ASSERT(list_len(ts, "errors") + list_len(ts, "missing") > 0);
    T_ASSERT(json_object_get(json_object_get(ts, "stats"), "node_count") != NULL);
}

T_CASE(one_of_every_difficulty) {
    need_extractors();
    PNI_AUTO_PTR(pni_text) root = pni_path_join(t_tmpdir(), "repo");
    PNI_AUTO_PTR(pni_text) tmp = pni_path_join(t_tmpdir(), "tmp");
    make_tree(root);
    pass p;
    collect(root, tmp, 2, &p);
    T_EQ_INT(pni_spool_rows(p.spools[PNI_EVIDENCE_REPO_FILES]), 157);
    T_EQ_INT(pni_spool_rows(p.spools[PNI_EVIDENCE_AST]), 157);
    T_EQ_INT(pni_spool_rows(p.spools[PNI_EVIDENCE_TS]), 157);
    check_ast(&p);
    check_others(&p);
    PNI_AUTO(pn_buf) rows = PN_BUF_INIT;
    read_rows(p.spools[PNI_EVIDENCE_REPO_FILES], &rows);
    PNI_AUTO_PTR(json_t) bad = row_of(&rows, "pkg/bad.py");
    T_EQ_STR(pni_json_text(bad, "status"), "undecodable");
    PNI_AUTO_PTR(json_t) latin = row_of(&rows, "pkg/latin.py");
    T_EQ_STR(pni_json_text(latin, "encoding"), "iso-8859-1");
    pass_free(&p);
}

T_CASE(workers_do_not_show_in_the_rows) {
    need_extractors();
    PNI_AUTO_PTR(pni_text) root = pni_path_join(t_tmpdir(), "repo");
    PNI_AUTO_PTR(pni_text) one = pni_path_join(t_tmpdir(), "one");
    PNI_AUTO_PTR(pni_text) many = pni_path_join(t_tmpdir(), "many");
    make_tree(root);
    pass a;
    pass b;
    collect(root, one, 1, &a);
    collect(root, many, 3, &b);
    for (int i = 0; i < PNI_EVIDENCE_COUNT; i++) {
        PNI_AUTO(pn_buf) left = PN_BUF_INIT;
        PNI_AUTO(pn_buf) right = PN_BUF_INIT;
        read_rows(a.spools[i], &left);
        read_rows(b.spools[i], &right);
        T_ASSERT(left.len > 0);
        T_ASSERT(left.len == right.len && memcmp(left.data, right.data, left.len) == 0);
    }
    pass_free(&a);
    pass_free(&b);
}
