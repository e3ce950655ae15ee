/* The graph of views: order, cycles, names, what is compiled for whom. */
#include "unit/session/session_fixture.h"
#include "view/view.h"

static void add(pn_view_graph *graph, const char *name, const char *sql) {
    FX_OK(pn_view_graph_add_sql(graph, name, sql, NULL, err));
}

static void compile(pn_view_graph *graph, pn_session *session) {
    FX_OK(pn_view_graph_compile(graph, session, NULL, err));
}

static void expect_order(const pn_view_graph *graph, const char *want) {
    PNI_AUTO(pn_buf) got = PN_BUF_INIT;
    for (size_t i = 0; i < pn_view_graph_count(graph); i++)
        pni_buf_printf(&got, "%s%s", i ? " " : "", pn_view_graph_name_at(graph, i));
    T_EQ_STR(pni_buf_text(&got), want);
}

T_CASE(ties_go_by_name_and_insertion_does_not_matter) {
    static const struct {
        const char *name, *sql;
    } views[] = {{"e", "select 1 as k"},
                 {"a", "select * from c join d using (k)"},
                 {"d", "select * from e"},
                 {"b", "select 1 as k"},
                 {"c", "select k from b"}};
    PNI_AUTO_PTR(pn_session) session = fx_session(NULL);
    for (size_t shift = 0; shift < 5; shift++) {
        PNI_AUTO_PTR(pn_view_graph) graph = pn_view_graph_new();
        for (size_t i = 0; i < 5; i++)
            add(graph, views[(i + shift) % 5].name, views[(i + shift) % 5].sql);
        expect_order(graph, "a b c d e"); /* by name until compiled */
        compile(graph, session);
        expect_order(graph, "b c e d a");
    }
}

typedef struct shape {
    size_t count;
    size_t *reads; /* two lower views per view, or SIZE_MAX */
    char (*names)[32];
} shape;

/* View i reads up to two of the views below it; names have nothing to do with that. */
static shape random_shape(size_t count, uint32_t seed) {
    shape made = {count, pni_calloc(2 * count, sizeof(size_t)), pni_calloc(count, 32)};
    for (size_t i = 0; i < count; i++) {
        snprintf(made.names[i], 32, "v%05zu", i * 7919 % count);
        for (int edge = 0; edge < 2; edge++) {
            seed = seed * 1664525u + 1013904223u;
            made.reads[2 * i + (size_t)edge] = i && seed >> 30 ? (seed >> 8) % i : SIZE_MAX;
        }
    }
    return made;
}

static void add_shape(pn_view_graph *graph, const shape *s) {
    for (size_t i = s->count; i-- > 0;) {
        char sql[128] = "select 1 as k";
        size_t a = s->reads[2 * i], b = s->reads[2 * i + 1];
        if (a != SIZE_MAX && b != SIZE_MAX && a != b)
            snprintf(sql, sizeof sql, "select k from %s union all select k from %s", s->names[a],
                     s->names[b]);
        else if (a != SIZE_MAX)
            snprintf(sql, sizeof sql, "select k from %s", s->names[a]);
        else if (b != SIZE_MAX)
            snprintf(sql, sizeof sql, "select k from %s", s->names[b]);
        add(graph, s->names[i], sql);
    }
}

/* The least order: between a view's last input and itself stand only lesser names. */
static void check_order(const pn_view_graph *graph, const shape *s) {
    PNI_AUTO_PTR(pni_map) places = pni_map_new();
    for (size_t i = 0; i < s->count; i++)
        pni_map_put(places, pn_view_graph_name_at(graph, i), (void *)(uintptr_t)(i + 1));
    T_EQ_UINT(pni_map_count(places), s->count);
    for (size_t i = 0; i < s->count; i++) {
        size_t place = (size_t)(uintptr_t)pni_map_get(places, s->names[i]), ready = 0;
        for (int edge = 0; edge < 2; edge++) {
            size_t read = s->reads[2 * i + (size_t)edge];
            size_t at =
                read == SIZE_MAX ? 0 : (size_t)(uintptr_t)pni_map_get(places, s->names[read]);
            ready = at > ready ? at : ready;
        }
        T_ASSERT(ready < place);
        for (size_t at = ready + 1; at < place; at++)
            T_ASSERT(strcmp(pn_view_graph_name_at(graph, at - 1), s->names[i]) < 0);
    }
}

static void order_random(size_t count, uint32_t seed) {
    PNI_AUTO_PTR(pn_session) session = fx_session(NULL);
    PNI_AUTO_PTR(pn_view_graph) graph = pn_view_graph_new();
    shape s = random_shape(count, seed);
    add_shape(graph, &s);
    compile(graph, session);
    check_order(graph, &s);
    pni_free(s.reads);
    pni_free(s.names);
}

T_CASE(small_random_graphs_have_the_least_order) {
    for (uint32_t seed = 1; seed <= 10; seed++)
        order_random(20, seed);
}

T_CASE(ten_thousand_views_have_the_least_order) {
    order_random(10000, 7);
}

T_CASE(cycles_of_every_length_are_walked) {
    PNI_AUTO_PTR(pn_session) session = fx_session(NULL);
    for (int length = 1; length <= 9; length++) {
        PNI_AUTO_PTR(pn_view_graph) graph = pn_view_graph_new();
        PNI_AUTO(pn_buf) want = PN_BUF_INIT;
        add(graph, "free", "select 1 as k");
        add(graph, "reader", "select * from c0"); /* waits too, but is in no circle */
        for (int i = 0; i < length; i++) {
            char name[16], sql[64];
            snprintf(name, sizeof name, "c%d", i);
            snprintf(sql, sizeof sql, "select free.k from free, c%d", (i + 1) % length);
            add(graph, name, sql);
            pni_buf_printf(&want, "%s -> ", name);
        }
        pni_buf_puts(&want, "c0");
        FX_FAILS(pn_view_graph_compile(graph, session, NULL, err), PNI_E_VIEW_CYCLE,
                 pni_buf_text(&want));
        T_ASSERT(!pni_view_graph_is_compiled(graph, session));
    }
}

T_CASE(a_cycle_reached_from_outside_names_its_members_only) {
    PNI_AUTO_PTR(pn_session) session = fx_session(NULL);
    PNI_AUTO_PTR(pn_view_graph) graph = pn_view_graph_new();
    pn_error problem = PN_ERROR_INIT;
    add(graph, "a", "select * from b");
    add(graph, "b", "select * from y");
    add(graph, "y", "select * from z");
    add(graph, "z", "select * from y");
    T_EQ_INT(pn_view_graph_compile(graph, session, NULL, &problem), PN_PLAN);
    T_EQ_STR(problem.message, "views form a cycle: y -> z -> y");
}

T_CASE(a_cycle_of_thousands_is_cut_and_not_overrun) {
    PNI_AUTO_PTR(pn_session) session = fx_session(NULL);
    PNI_AUTO_PTR(pn_view_graph) graph = pn_view_graph_new();
    for (int i = 0; i < 3000; i++) {
        char name[16], sql[64];
        snprintf(name, sizeof name, "c%04d", i);
        snprintf(sql, sizeof sql, "select * from c%04d", (i + 1) % 3000);
        add(graph, name, sql);
    }
    FX_FAILS(pn_view_graph_compile(graph, session, NULL, err), PNI_E_VIEW_CYCLE, "c0000 -> c0001");
}

T_CASE(a_cte_hides_a_view_of_its_name) {
    PNI_AUTO_PTR(pn_session) session = fx_session(NULL);
    PNI_AUTO_PTR(pn_view_graph) graph = pn_view_graph_new();
    add(graph, "a", "with b as (select 1 as k) select * from b");
    add(graph, "b", "select * from a");
    compile(graph, session);
    expect_order(graph, "a b");
}

T_CASE(names_are_unique_and_checked) {
    PNI_AUTO_PTR(pn_session) session = fx_session(NULL);
    PNI_AUTO_PTR(pn_view_graph) graph = pn_view_graph_new();
    add(graph, "a", "select 1 as k");
    FX_FAILS(pn_view_graph_add_sql(graph, "a", "select 2", NULL, err), PNI_E_VIEW_NAME, "'a'");
    FX_FAILS(pn_view_graph_add_sql(graph, "A", "select 2", NULL, err), PNI_E_NAME, "'A'");
    FX_FAILS(pn_view_graph_add_sql(graph, NULL, "select 2", NULL, err), PNI_E_NAME, "view");
    FX_FAILS(pn_view_graph_add_sql(graph, "b", NULL, NULL, err), PNI_E_ARGUMENT, "sql");
    FX_FAILS(pn_view_graph_add_sql(NULL, "b", "select 1", NULL, err), PNI_E_ARGUMENT, "graph");
    FX_FAILS(pn_view_graph_add_substrait(graph, "b", fx_bytes("x"), err), PNI_E_SUBSTRAIT_BYTES,
             NULL);
    T_EQ_UINT(pn_view_graph_count(graph), 1);
    fx_add_rows(session, "a", "[{\"k\":1}]");
    FX_FAILS(pn_view_graph_compile(graph, session, NULL, err), PNI_E_VIEW_NAME, "'a'");
    T_EQ_STR(pn_view_graph_name_at(graph, 1), NULL);
    T_EQ_STR(pn_view_graph_sql(graph, "b"), NULL);
    T_ASSERT(!pn_view_graph_bundle(graph, NULL) && !pn_view_graph_bundle(NULL, "a"));
}

T_CASE(a_view_that_fails_names_itself_and_its_file) {
    PNI_AUTO_PTR(pn_session) session = fx_session(NULL);
    PNI_AUTO_PTR(pn_view_graph) graph = pn_view_graph_new();
    add(graph, "a", "select 1 as k");
    FX_OK(pn_view_graph_add_sql(graph, "b", "select nothing from a", "views/b.sql", err));
    FX_FAILS(pn_view_graph_compile(graph, session, NULL, err), PNI_E_ENGINE_SQL,
             "view 'b' (views/b.sql)");
    T_ASSERT(pn_view_graph_bundle(graph, "a") && !pn_view_graph_bundle(graph, "b"));
    T_ASSERT(!pni_view_graph_is_compiled(graph, session));
    add(graph, "c", "selec 1");
    FX_FAILS(pn_view_graph_compile(graph, session, NULL, err), PNI_E_ENGINE_SQL, "view 'c'");
}

T_CASE(temporary_tables_and_datasets_may_be_read) {
    PNI_AUTO_PTR(pn_session) session = fx_session(NULL);
    PNI_AUTO_PTR(pn_view_graph) graph = pn_view_graph_new();
    fx_add_rows(session, "t", "[{\"k\":1}]");
    fx_add_dataset(session, "d", "csv", fx_write("d.csv", "k\n1\n"));
    add(graph, "v", "select t.k from t join d on t.k = d.k");
    compile(graph, session);
    const pn_bundle *bundle = pn_view_graph_bundle(graph, "v");
    T_EQ_UINT(pn_bundle_table_count(bundle), 2);
    T_EQ_STR(pn_bundle_table_at(bundle, 0), "d");
    T_ASSERT(!pn_bundle_input_at(bundle, 0));
}

T_CASE(a_view_given_as_substrait_is_the_same_view) {
    PNI_AUTO_PTR(pn_session) session = fx_session(NULL);
    PNI_AUTO_PTR(pn_view_graph) from_sql = pn_view_graph_new();
    PNI_AUTO_PTR(pn_view_graph) from_plan = pn_view_graph_new();
    fx_add_rows(session, "t", "[{\"k\":1,\"v\":2}]");
    add(from_sql, "low", "select k, v from t where k > 0");
    add(from_sql, "top", "select v from low");
    compile(from_sql, session);
    FX_OK(pn_view_graph_add_substrait(
        from_plan, "top", pn_bundle_substrait(pn_view_graph_bundle(from_sql, "top")), err));
    FX_OK(pn_view_graph_add_substrait(
        from_plan, "low", pn_bundle_substrait(pn_view_graph_bundle(from_sql, "low")), err));
    compile(from_plan, session);
    expect_order(from_plan, "low top");
    T_EQ_STR(pn_view_graph_sql(from_plan, "low"), NULL);
    T_EQ_STR(pn_bundle_fingerprint(pn_view_graph_bundle(from_plan, "top")),
             pn_bundle_fingerprint(pn_view_graph_bundle(from_sql, "top")));
}

T_CASE(compiling_again_gives_the_same_bundles) {
    PNI_AUTO_PTR(pn_session) session = fx_session(NULL);
    PNI_AUTO_PTR(pn_view_graph) graph = pn_view_graph_new();
    char first[PNI_SHA256_HEX];
    add(graph, "low", "select 1 as k");
    add(graph, "top", "select * from low");
    compile(graph, session);
    T_ASSERT(pni_view_graph_is_compiled(graph, session));
    snprintf(first, sizeof first, "%s", pn_bundle_fingerprint(pn_view_graph_bundle(graph, "top")));
    PNI_AUTO_PTR(pn_bundle) kept = pn_bundle_ref(pn_view_graph_bundle(graph, "top"));
    compile(graph, session);
    T_EQ_STR(pn_bundle_fingerprint(pn_view_graph_bundle(graph, "top")), first);
    T_EQ_STR(pn_bundle_fingerprint(kept), first);
    add(graph, "more", "select * from top");
    T_ASSERT(!pni_view_graph_is_compiled(graph, session));
    compile(graph, session);
    expect_order(graph, "low top more");
}

T_CASE(a_graph_is_compiled_for_one_session) {
    PNI_AUTO_PTR(pn_view_graph) graph = pn_view_graph_new();
    pn_session *first = fx_session(NULL);
    add(graph, "a", "select 1 as k");
    compile(graph, first);
    pn_session_unref(first); /* the next one may lie at the same address */
    for (int i = 0; i < 10; i++) {
        PNI_AUTO_PTR(pn_session) next = fx_session(NULL);
        T_ASSERT(!pni_view_graph_is_compiled(graph, next));
    }
}

T_CASE(a_cancelled_compile_says_so) {
    PNI_AUTO_PTR(pn_session) session = fx_session(NULL);
    PNI_AUTO_PTR(pn_view_graph) graph = pn_view_graph_new();
    PNI_AUTO_PTR(pn_cancel) cancel = pn_cancel_new();
    add(graph, "a", "select 1 as k");
    pn_cancel_fire(cancel);
    FX_FAILS(pn_view_graph_compile(graph, session, cancel, err), PNI_E_CANCELLED, "cancel");
    FX_FAILS(pn_view_graph_compile(NULL, session, NULL, err), PNI_E_ARGUMENT, "graph");
    FX_FAILS(pn_view_graph_compile(graph, NULL, NULL, err), PNI_E_ARGUMENT, "session");
}

T_CASE(an_empty_graph_compiles) {
    PNI_AUTO_PTR(pn_session) session = fx_session(NULL);
    PNI_AUTO_PTR(pn_view_graph) graph = pn_view_graph_new();
    compile(graph, session);
    T_EQ_UINT(pn_view_graph_count(graph), 0);
    T_EQ_UINT(pn_view_graph_count(NULL), 0);
    pn_view_graph_free(NULL);
}

T_CASE(an_unknown_table_suggests_a_near_view) {
    PNI_AUTO_PTR(pn_session) session = fx_session(NULL);
    PNI_AUTO_PTR(pn_view_graph) graph = pn_view_graph_new();
    pn_error problem = PN_ERROR_INIT;
    fx_add_rows(session, "orderlines", "[{\"k\":1}]");
    fx_add_dataset(session, "order_line", "csv", "/x.csv");
    add(graph, "order_lines", "select 1 as k");
    add(graph, "reader", "select k from order_linez");
    T_EQ_INT(pn_view_graph_compile(graph, session, NULL, &problem), PN_NOT_FOUND);
    T_EQ_INT(problem.number, PNI_E_TABLE_UNKNOWN);
    T_ASSERT(strstr(problem.hint, "'order_line'")); /* as near as the view, and lesser */
    PNI_AUTO_PTR(pn_view_graph) other = pn_view_graph_new();
    add(other, "order_linez", "select 1 as k");
    add(other, "reader", "select k from order_linezz");
    T_EQ_INT(pn_view_graph_compile(other, session, NULL, &problem), PN_NOT_FOUND);
    T_ASSERT(strstr(problem.hint, "'order_linez'"));
}

/* Digests made to compile a chain of views in a session that has compiled before. */
static uint64_t digests_of_chain(pn_session *session, int count) {
    PNI_AUTO_PTR(pn_view_graph) graph = pn_view_graph_new();
    for (int i = 0; i < count; i++) {
        char name[32], sql[64] = "select 1 as k";
        snprintf(name, sizeof name, "link_%03d", i);
        if (i)
            snprintf(sql, sizeof sql, "select k + 1 as k from link_%03d", i - 1);
        add(graph, name, sql);
    }
    uint64_t before = pni_json_digest_count();
    compile(graph, session);
    return pni_json_digest_count() - before;
}

T_CASE(each_view_of_a_chain_is_hashed_equally_often) {
    PNI_AUTO_PTR(pn_session) session = fx_session(NULL);
    uint64_t at_2 = digests_of_chain(session, 2), at_3 = digests_of_chain(session, 3);
    uint64_t each = at_3 - at_2;
    T_ASSERT(each > 0 && each < 16);
    T_EQ_UINT(digests_of_chain(session, 20), at_3 + 17 * each);
    T_EQ_UINT(digests_of_chain(session, 40), at_3 + 37 * each);
}
