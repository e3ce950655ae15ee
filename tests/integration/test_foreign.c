/* Libraries over datafusion-ffi: what does not fit is refused before it is used, and one that fits
 * brings functions and a table. The latter is an example of the engine crate; where it is not built
 * (tools/long.sh does), the cases that load it skip. */
#include "it.h"

#include <stdlib.h>

static pn_session *open_session(int32_t allow_ffi) {
    pn_session_options options = PN_SESSION_OPTIONS_INIT;
    pn_session *session = NULL;
    options.allow_ffi = allow_ffi;
    options.sql_policy = PN_SQL_POLICY_ADMIN;
    IT_OK(pn_session_open(&options, &session, err));
    return session;
}

static const char *plugin(const char *name) {
    static char path[1024];
    const char *build = getenv("PN_BUILD_DIR");
    snprintf(path, sizeof path, "%s/tests/plugins/%s.so", build ? build : "", name);
    return path;
}

static const struct {
    const char *how, *text;
} wrong[] = {
    {"refuses", "refused to load"}, {"size", "8 bytes"},           {"major", "DataFusion 54"},
    {"stride", "16 bytes"},         {"none", "no objects"},        {"kind", "unknown kind 77"},
    {"null", "object 1 as NULL"},   {"name", "table 1 without a"},
};

T_CASE(a_library_that_does_not_fit_is_refused_by_what_does_not) {
    pn_session *session = open_session(1);
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        setenv("FOREIGN", wrong[i].how, 1);
        IT_FAILS(pn_session_load_foreign(session, plugin("foreign"), NULL, err), PNI_E_FFI_LIBRARY,
                 wrong[i].text);
    }
    setenv("FOREIGN", "twice", 1);
    IT_FAILS(pn_session_load_foreign(session, plugin("foreign"), NULL, err), PNI_E_DATASET_EXISTS,
             "two tables 't'");
    unsetenv("FOREIGN");
    IT_FAILS(pn_session_load_foreign(session, plugin("good"), NULL, err), PNI_E_FFI_LIBRARY,
             "pinion_df_ffi_entry");
    IT_FAILS(pn_session_load_foreign(session, "relative.so", NULL, err), PNI_E_ARGUMENT,
             "absolute");
    IT_FAILS(pn_session_load_foreign(session, plugin("foreign"), "00", err),
             PNI_E_SESSION_PACK_DIGEST, "foreign.so");
    pn_session_unref(session);
}

/* A copy of the library with `extra` behind it, which the loader does not look at. */
static void copy_library(const char *to, const char *extra) {
    PNI_AUTO(pn_buf) bytes = PN_BUF_INIT;
    IT_OK(pni_file_read(plugin("foreign"), 1 << 24, &bytes, err));
    pni_buf_puts(&bytes, extra);
    IT_OK(pni_file_write(to, bytes.data, bytes.len, err)); /* under another name, renamed */
}

/* The loader would give what it mapped before, under the digest of the new file. */
T_CASE(a_library_that_was_replaced_is_refused) {
    const char *path = it_path("library.so");
    pn_session *session = open_session(1);
    setenv("FOREIGN", "kind", 1);
    copy_library(path, "");
    IT_FAILS(pn_session_load_foreign(session, path, NULL, err), PNI_E_FFI_LIBRARY, "kind 77");
    IT_FAILS(pn_session_load_foreign(session, path, NULL, err), PNI_E_FFI_LIBRARY, "kind 77");
    copy_library(path, "rebuilt");
    IT_FAILS(pn_session_load_foreign(session, path, NULL, err), PNI_E_UDF_LOAD,
             "the library 'library.so' cannot be loaded: the file was replaced while the old one");
    copy_library(it_path("other.so"), "rebuilt"); /* a name of its own will do */
    IT_FAILS(pn_session_load_foreign(session, it_path("other.so"), NULL, err), PNI_E_FFI_LIBRARY,
             "kind 77");
    unsetenv("FOREIGN");
    it_write("text.so", "hello");
    IT_FAILS(pn_session_load_foreign(session, it_path("text.so"), NULL, err), PNI_E_UDF_LOAD,
             "library 'text.so'");
    pn_session_unref(session);
}

T_CASE(only_a_session_that_allows_it_loads_one) {
    pn_session *session = open_session(0);
    IT_FAILS(pn_session_load_foreign(session, plugin("foreign"), NULL, err), PNI_E_FFI_FORBIDDEN,
             "foreign.so");
    pn_session_unref(session);
}

static void refuses_to_drop(pn_session *session, const char *name) {
    char sql[64];
    snprintf(sql, sizeof sql, "drop function %s", name);
    IT_FAILS(it_statement(session, sql, err), PNI_E_FUNCTION_UNKNOWN, name);
}

T_CASE(functions_and_a_table_of_a_library_that_fits) {
    const char *path = getenv("PN_FOREIGN_LIBRARY");
    if (!path)
        T_SKIP("PN_FOREIGN_LIBRARY names no library: tools/long.sh builds one");
    pn_session *session = open_session(1);
    IT_OK(pn_session_load_foreign(session, path, NULL, err));
    IT_FAILS(pn_session_load_foreign(session, path, NULL, err), PNI_E_DATASET_EXISTS, "primes");
    IT_ROWS(session, "select plus_two(40)", "42\n");
    pn_buf snapshot = PN_BUF_INIT;
    IT_OK(pn_udf_snapshot(session, &snapshot, err));
    T_ASSERT(strstr(pni_buf_text(&snapshot), "\"pycapsule_udfs\":[\"plus_two\",\"total_of\"]"));
    pn_buf_dispose(&snapshot);
    pn_buf catalog = PN_BUF_INIT;
    PNI_AUTO(pn_buf) libraries = PN_BUF_INIT;
    pni_buf_printf(&libraries, "\"libraries\":{\"plus_two\":\"%s\",\"total_of\":\"%s\"}",
                   pni_path_base(path), pni_path_base(path));
    IT_OK(pn_udf_catalog(session, 0, &catalog, err));
    T_ASSERT(strstr(pni_buf_text(&catalog), pni_buf_text(&libraries)));
    pn_buf_dispose(&catalog);
    refuses_to_drop(session, "plus_two");
    IT_ROWS(session, "select sum(plus_two(p)), total_of(p) from primes where p > 2", "21|15\n");
    pn_bundle *bundle = it_compile(session, NULL, "select plus_two(p) from primes");
    pn_buf json = PN_BUF_INIT;
    char digest[PNI_SHA256_HEX];
    IT_OK(pni_sha256_file(path, digest, NULL, err));
    IT_OK(pn_bundle_json(bundle, &json, err));
    const char *first = strstr(pni_buf_text(&json), digest); /* in the pin and in udf */
    T_ASSERT(first && strstr(first + 1, digest));
    IT_FAILS(pn_session_load_foreign(session, path, NULL, err), PNI_E_PLATFORM_LATE, "planned");
    pn_buf_dispose(&json);
    pn_session *bare = open_session(1);
    pn_result *result = NULL;
    IT_FAILS(pn_exec_run(bare, bundle, NULL, &result, err), PNI_E_PLAN_FUNCTION, "plus_two");
    pn_bundle *table = it_compile(session, NULL, "select p from primes");
    IT_FAILS(pn_exec_run(bare, table, NULL, &result, err), PNI_E_TABLE_UNKNOWN, "primes");
    pn_bundle_unref(table);
    pn_session_unref(bare);
    pn_bundle_unref(bundle);
    pn_session_unref(session);
}

static void write_project(const char *library, const char *digest) {
    char yaml[2048];
    snprintf(yaml, sizeof yaml,
             "version: 1\nfunctions:\n  required: [plus_two]\n  libraries:\n"
             "    - {path: '%s', sha256: %s}\noutputs:\n  - {view: v, uri: out/v}\n",
             library, digest);
    it_write("pinion.yaml", yaml);
    it_write("views/v.sql", "select plus_two(p) as q from primes order by q");
}

T_CASE(a_project_names_a_library) {
    const char *path = getenv("PN_FOREIGN_LIBRARY");
    if (!path)
        T_SKIP("PN_FOREIGN_LIBRARY names no library: tools/long.sh builds one");
    char digest[PNI_SHA256_HEX];
    pn_project *project = NULL;
    pn_session *session = NULL;
    pn_buf report = PN_BUF_INIT;
    IT_OK(pni_sha256_file(path, digest, NULL, err));
    write_project(path, digest);
    IT_OK(pn_project_open(it_path("."), NULL, &project, err));
    IT_OK(pn_project_session(project, &session, err));
    IT_ROWS(session, "select total_of(p) from primes", "17\n");
    IT_OK(pn_project_build(project, NULL, &report, err));
    T_ASSERT(strstr(pni_buf_text(&report), "\"rows\":\"4\""));
    pn_buf_dispose(&report);
    pn_project_free(project);
    digest[0] = digest[0] == '0' ? '1' : '0';
    write_project(path, digest);
    IT_OK(pn_project_open(it_path("."), NULL, &project, err));
    IT_FAILS(pn_project_session(project, &session, err), PNI_E_SESSION_PACK_DIGEST,
             "pinion.yaml:5: functions.libraries");
    pn_project_free(project);
}
