/* SPDX-License-Identifier: Apache-2.0 */
/* pn_cpg_build over the real engine: evidence tables in Delta, and what it refuses. */
#include "pinion/cpg.h"

#include "cpg/folder.h"
#include "engine/engine.h"
#include "extract/extract.h"
#include "t.h"

#include <sys/stat.h>
#include <unistd.h>

static void put(const char *root, const char *rel, const char *text) {
    PNI_AUTO_PTR(pni_text) path = pni_path_join(root, rel);
    PNI_AUTO_PTR(pni_text) dir = pni_path_dir(path);
    pn_error err = PN_ERROR_INIT;
    T_OK(pni_mkdirs(dir, &err), &err);
    T_OK(pni_file_write(path, text, strlen(text), &err), &err);
}

/* To be called first: a skip leaves the case at once. */
static void need_helpers(void) {
    char *found = NULL;
    if (pni_locate_helper("pinion-extract-treesitter", &found, NULL) != PN_OK) {
        T_SKIP("the extractors are not built");
    }
    pni_free(found);
}

static pn_status build(const char *repo, const char *out, uint32_t jobs, json_t **report,
                       pn_error *err) {
    pn_cpg_build_options options = PN_CPG_BUILD_OPTIONS_INIT;
    options.repo = repo;
    options.out = out;
    options.jobs = jobs;
    options.flags = PN_CPG_EVIDENCE_ONLY;
    PNI_AUTO(pn_buf) text = PN_BUF_INIT;
    PNI_TRY(pn_cpg_build(&options, &text, err));
    return pni_json_parse(text.data, text.len, "report", report, err);
}

static int64_t count(const json_t *object, const char *key) {
    return (int64_t)json_integer_value(json_object_get(object, key));
}

static const char *rows_of(const json_t *report, const char *table) {
    size_t i;
    const json_t *entry;
    json_array_foreach(json_object_get(report, "evidence"), i, entry) {
        if (pni_streq(pni_json_text(entry, "table"), table)) {
            return pni_json_text(entry, "rows");
        }
    }
    return "no such table";
}

T_CASE(evidence_becomes_tables) {
    need_helpers();
    PNI_AUTO_PTR(pni_text) repo = pni_path_join(t_tmpdir(), "repo");
    PNI_AUTO_PTR(pni_text) out = pni_path_join(t_tmpdir(), "out");
    put(repo, "a.py", "def f():\n    return 1\n\nf()\n");
    put(repo, "b.py", "import a\na.f(\n");
    pn_error err = PN_ERROR_INIT;
    for (int round = 0; round < 2; round++) {
        PNI_AUTO_PTR(json_t) report = NULL;
        T_OK(build(repo, out, 2, &report, &err), &err);
        T_EQ_INT(count(json_object_get(report, "files"), "ok"), 2);
        T_EQ_STR(rows_of(report, "repo_files_v1"), "2");
        T_EQ_STR(rows_of(report, "file_line_index_v1"), "6");
        T_EQ_STR(rows_of(report, "tree_sitter_files_v1"), "2");
        const json_t *first = json_array_get(json_object_get(report, "evidence"), 0);
        T_EQ_STR(pni_json_text(first, "version"), round == 0 ? "0" : "1");
    }
    PNI_AUTO_PTR(pni_text) log = pni_path_join(out, "evidence/libcst_files_v1/_delta_log");
    PNI_AUTO_PTR(pni_text) tmp = pni_path_join(out, ".pinion/tmp");
    PNI_AUTO_PTR(pni_text) project = pni_path_join(out, "pinion.yaml");
    PNI_AUTO_PTR(pni_text) views = pni_path_join(out, "views");
    T_ASSERT(pni_path_is_dir(log));
    T_ASSERT(!pni_path_exists(tmp));
    T_ASSERT(pni_path_exists(project));
    T_ASSERT(pni_path_is_dir(views));
}

/* Rows of the largest batch in which a table is read; their sum goes to `rows_out`. */
static int64_t largest_batch(const char *uri, int64_t *rows_out) {
    PNI_AUTO_PTR(pni_engine_session) session = NULL;
    PNI_AUTO_PTR(pni_engine_table) table = NULL;
    PNI_AUTO_PTR(pni_engine_plan) plan = NULL;
    PNI_AUTO_STREAM rows = {0};
    PNI_AUTO_PTR(json_t)
    spec = json_pack("{s:s, s:s, s:{}, s:{}}", "format", "delta", "uri", uri, "options",
                     "storage_options");
    pn_error err = PN_ERROR_INIT;
    int64_t largest = 0;
    T_OK(pni_engine_session_new(NULL, &session, &err), &err);
    T_OK(pni_engine_table_open(session, spec, NULL, NULL, &table, &err), &err);
    T_OK(pni_engine_plan_table(session, table, &plan, &err), &err);
    T_OK(pni_engine_plan_execute(plan, NULL, &rows, &err), &err);
    for (*rows_out = 0;;) {
        PNI_AUTO_ARRAY batch = {0};
        T_EQ_INT(rows.get_next(&rows, &batch), 0);
        if (!batch.release) {
            return largest;
        }
        *rows_out += batch.length;
        largest = batch.length > largest ? batch.length : largest;
    }
}

/* Lists of thousands of files in one batch would outgrow 32-bit offsets. */
T_CASE(nested_rows_are_read_in_small_batches) {
    need_helpers();
    PNI_AUTO_PTR(pni_text) repo = pni_path_join(t_tmpdir(), "many");
    PNI_AUTO_PTR(pni_text) out = pni_path_join(t_tmpdir(), "out");
    PNI_AUTO_PTR(pni_text) nested = pni_path_join(out, "evidence/ast_files_v1");
    PNI_AUTO_PTR(json_t) report = NULL;
    pn_error err = PN_ERROR_INIT;
    char name[32];
    int64_t rows;
    for (int i = 0; i < 150; i++) {
        snprintf(name, sizeof name, "m%d.py", i);
        put(repo, name, "x = 1\n");
    }
    T_OK(build(repo, out, 2, &report, &err), &err);
    T_EQ_INT(largest_batch(nested, &rows), 64);
    T_EQ_INT(rows, 150);
}

T_CASE(an_empty_folder_gives_empty_tables) {
    need_helpers();
    PNI_AUTO_PTR(pni_text) repo = pni_path_join(t_tmpdir(), "repo");
    PNI_AUTO_PTR(pni_text) out = pni_path_join(t_tmpdir(), "out");
    put(repo, "readme.txt", "no Python here\n");
    pn_error err = PN_ERROR_INIT;
    PNI_AUTO_PTR(json_t) report = NULL;
    T_OK(build(repo, out, 1, &report, &err), &err);
    T_EQ_INT(count(json_object_get(report, "files"), "total"), 0);
    T_EQ_STR(rows_of(report, "ast_files_v1"), "0");
}

T_CASE(what_a_killed_build_left_is_swept) {
    need_helpers();
    PNI_AUTO_PTR(pni_text) repo = pni_path_join(t_tmpdir(), "repo");
    PNI_AUTO_PTR(pni_text) out = pni_path_join(t_tmpdir(), "out");
    put(repo, "a.py", "x = 1\n");
    put(out, ".pinion/cpg", "marker");
    put(out, ".pinion/tmp/ast_files_v1", "half a spool");
    put(out, ".pinion/tmp/python-0/stderr", "");
    pn_error err = PN_ERROR_INIT;
    PNI_AUTO_PTR(json_t) report = NULL;
    T_OK(build(repo, out, 1, &report, &err), &err);
    T_EQ_STR(rows_of(report, "ast_files_v1"), "1");
}

T_CASE(a_folder_of_somebody_else_is_left_alone) {
    PNI_AUTO_PTR(pni_text) repo = pni_path_join(t_tmpdir(), "repo");
    PNI_AUTO_PTR(pni_text) out = pni_path_join(t_tmpdir(), "out");
    put(repo, "a.py", "x = 1\n");
    put(out, "pinion.yaml", "version: 1\nname: mine\n");
    pn_error err = PN_ERROR_INIT;
    json_t *report = NULL;
    T_STATUS(build(repo, out, 1, &report, &err), PN_EXISTS, &err);
    T_STATUS(build(repo, repo, 1, &report, &err), PN_INVALID, &err);
    T_STATUS(build("/no/such", out, 1, &report, &err), PN_NOT_FOUND, &err);
}

T_CASE(one_build_at_a_time) {
    PNI_AUTO_PTR(pni_text) repo = pni_path_join(t_tmpdir(), "repo");
    PNI_AUTO_PTR(pni_text) out = pni_path_join(t_tmpdir(), "out");
    put(repo, "a.py", "x = 1\n");
    pni_folder folder = {.lock_fd = -1};
    pn_error err = PN_ERROR_INIT;
    T_OK(pni_folder_open(out, &folder, &err), &err);
    put(out, ".pinion/tmp/in_use", "");
    json_t *report = NULL;
    T_STATUS(build(repo, out, 1, &report, &err), PN_CONFLICT, &err);
    T_EQ_INT(err.number, PNI_E_CPG_BUSY);
    PNI_AUTO_PTR(pni_text) used = pni_path_join(out, ".pinion/tmp/in_use");
    T_ASSERT(pni_path_exists(used));
    pni_folder_close(&folder);
    T_ASSERT(!pni_path_exists(used));
}

T_CASE(options_are_checked) {
    pn_cpg_build_options options = PN_CPG_BUILD_OPTIONS_INIT;
    pn_error err = PN_ERROR_INIT;
    T_STATUS(pn_cpg_build(&options, NULL, &err), PN_INVALID, &err);
    options.repo = options.out = "x";
    options.incremental = 1;
    T_STATUS(pn_cpg_build(&options, NULL, &err), PN_INVALID, &err);
    options.incremental = 0;
    options.flags = 1u << 30;
    T_STATUS(pn_cpg_build(&options, NULL, &err), PN_INVALID, &err);
}

/* The engine itself is a handle that stays: it is started before the first case counts. */
__attribute__((constructor)) static void count_handles(void) {
    pni_engine_session *session = NULL;
    if (pni_engine_session_new(NULL, &session, NULL) == PN_OK) {
        pni_engine_session_free(session);
    }
    t_live_handles = pni_engine_live_handles;
}
