/* What a pack promises the planner of its functions, and what it writes about them: each promise
 * shows in the plan, and without it the plan is another. */
#include "base/base.h"
#include "it.h"

#include <stdlib.h>
#include <unistd.h>

static pn_session *open_session(void) {
    char path[4096];
    const char *build = getenv("PN_BUILD_DIR");
    snprintf(path, sizeof path, "%s/tests/plugins/promises.so", build ? build : "");
    if (!build || access(path, R_OK) != 0)
        T_SKIP("the test packs are not built (PN_BUILD_DIR)");
    pn_catalog *catalog = pn_catalog_new();
    it_write("t.csv", "n,m\n3,30\n1,\n2,20\n,10\n");
    it_add(catalog, "t", "csv", it_path("t.csv"));
    pn_session *session = it_session(catalog);
    IT_OK(pn_session_load_pack(session, path, NULL, err));
    pn_catalog_unref(catalog);
    return session;
}

static size_t count(pn_session *session, const char *sql, const char *kind, const char *word) {
    pn_buf text = PN_BUF_INIT;
    pn_bundle *bundle = it_compile(session, NULL, sql);
    IT_OK(pn_exec_explain(session, bundle, kind, NULL, &text, err));
    size_t found = 0;
    for (const char *at = pni_buf_text(&text); (at = strstr(at, word)); at += strlen(word))
        found++;
    pn_buf_dispose(&text);
    pn_bundle_unref(bundle);
    return found;
}

static void gives(pn_session *session, const char *sql, const char *want) {
    PNI_AUTO_PTR(pni_text) got = it_query(session, NULL, sql);
    T_EQ_STR(got, want);
}

/* What stands twice is evaluated once and before, unless it need not be evaluated at all. */
T_CASE(arguments_of_what_short_circuits_are_not_hoisted) {
    pn_session *session = open_session();
    static const char lazy[] =
        "select lazy(n, abs(m)) as a, lazy(m, abs(m)) as b from t order by a";
    static const char eager[] =
        "select eager(n, abs(m)) as a, eager(m, abs(m)) as b from t order by a";
    T_EQ_UINT(count(session, lazy, "physical", "abs(m@"), 2);
    T_EQ_UINT(count(session, eager, "physical", "abs(m@"), 1);
    gives(session, lazy, "1|NULL\n2|20\n3|30\n10|10\n");
    gives(session, eager, "1|NULL\n2|20\n3|30\n10|10\n");
    pn_session_unref(session);
}

#define ORDERED(call)                                                                              \
    "select row_number() over (order by n) as r, " call " as s from t where n is not null "        \
    "order by s"

/* The window sorts by n already. */
T_CASE(what_keeps_an_order_is_not_sorted_again) {
    pn_session *session = open_session();
    T_EQ_UINT(count(session, ORDERED("shifted(n, 5)"), "physical", "SortExec"), 1);
    T_EQ_UINT(count(session, ORDERED("moved(n, 5)"), "physical", "SortExec"), 2);
    T_EQ_UINT(count(session, ORDERED("shifted(n, m)"), "physical", "SortExec"), 2);
    gives(session, ORDERED("shifted(n, 5)"), "1|6\n2|7\n3|8\n");
    gives(session, ORDERED("moved(n, 5)"), "1|6\n2|7\n3|8\n");
    gives(session, ORDERED("shifted(n, coalesce(m, 100))"), "2|22\n3|33\n1|101\n");
    pn_session_unref(session);
}

T_CASE(what_a_pack_writes_is_read_in_sql) {
    pn_session *session = open_session();
    gives(session,
          "select section, description, syntax, sql_example, alternative_syntax "
          "from udf_docs() where name = 'shifted'",
          "Twins|A number, moved.|shifted(n, by)|select shifted(40, 2) -- 42|n + by\n");
    gives(session,
          "select array_to_string(argument_names, ','), array_to_string(argument_descriptions, "
          "','), array_to_string(related_udfs, ',') from udf_docs() where name = 'shifted'",
          "n,by|The number.,How far it is moved.|moved,abs\n");
    gives(session,
          "select short_circuits from udf_registry() where name in ('lazy', 'eager') "
          "order by name",
          "false\ntrue\n");
    pn_session_unref(session);
}
