/* The table of statements and policies: what is allowed from where on, and what narrows. */
#include "session/policy.h"
#include "session_fixture.h"

static json_t *parsed_of(const char *kind) {
    return json_pack("{s:s, s:[s]}", "statement", kind, "kinds", kind);
}

T_CASE(every_kind_is_refused_below_its_policy_and_allowed_from_it_on) {
    size_t count = 0;
    for (const pni_statement_rule *rule; (rule = pni_statement_rule_at(count)); count++) {
        PNI_AUTO_PTR(json_t) parsed = parsed_of(rule->kind);
        T_ASSERT(!count || strcmp(pni_statement_rule_at(count - 1)->kind, rule->kind) < 0);
        for (int32_t policy = PN_SQL_POLICY_READ_ONLY; policy <= PN_SQL_POLICY_ADMIN; policy++) {
            if (policy >= rule->least)
                FX_OK(pni_policy_check(policy, parsed, err));
            else
                FX_FAILS(pni_policy_check(policy, parsed, err), PNI_E_SESSION_POLICY, rule->words);
        }
    }
    T_ASSERT(count > 25);
}

T_CASE(the_policies_stand_where_the_documentation_says) {
    static const struct {
        const char *kind;
        int32_t least;
    } want[] = {{"query", PN_SQL_POLICY_READ_ONLY},  {"explain", PN_SQL_POLICY_SERVICE},
                {"analyze", PN_SQL_POLICY_SERVICE},  {"show", PN_SQL_POLICY_SERVICE},
                {"describe", PN_SQL_POLICY_SERVICE}, {"insert", PN_SQL_POLICY_WRITE},
                {"copy", PN_SQL_POLICY_WRITE},       {"set", PN_SQL_POLICY_WRITE},
                {"delete", PN_SQL_POLICY_WRITE},     {"create_table", PN_SQL_POLICY_ADMIN},
                {"drop_table", PN_SQL_POLICY_ADMIN}, {"create_external_table", PN_SQL_POLICY_ADMIN},
                {"other", PN_SQL_POLICY_ADMIN}};
    for (size_t i = 0; i < sizeof want / sizeof *want; i++)
        T_EQ_INT(pni_statement_rule_find(want[i].kind)->least, want[i].least);
    T_ASSERT(!pni_statement_rule_find("nonsense"));
    T_ASSERT(!pni_statement_rule_find(NULL));
}

T_CASE(a_kind_nobody_knows_is_refused_by_every_policy) {
    PNI_AUTO_PTR(json_t) parsed = parsed_of("grant");
    for (int32_t policy = PN_SQL_POLICY_READ_ONLY; policy <= PN_SQL_POLICY_ADMIN; policy++)
        FX_FAILS(pni_policy_check(policy, parsed, err), PNI_E_SESSION_POLICY, "grant");
}

T_CASE(the_strictest_of_nested_kinds_decides) {
    PNI_AUTO_PTR(json_t)
    parsed = json_pack("{s:s, s:[s, s, s]}", "statement", "explain", "kinds", "explain", "insert",
                       "query");
    FX_FAILS(pni_policy_check(PN_SQL_POLICY_SERVICE, parsed, err), PNI_E_SESSION_POLICY, "INSERT");
    FX_OK(pni_policy_check(PN_SQL_POLICY_WRITE, parsed, err));
}

T_CASE(the_environment_narrows_and_never_widens) {
    for (int32_t wanted = PN_SQL_POLICY_DEFAULT; wanted <= PN_SQL_POLICY_ADMIN; wanted++) {
        int32_t own = wanted ? wanted : PN_SQL_POLICY_READ_ONLY, got = 0;
        FX_OK(pni_policy_resolve(wanted, NULL, &got, err));
        T_EQ_INT(got, own);
        FX_OK(pni_policy_resolve(wanted, "", &got, err));
        T_EQ_INT(got, own);
        for (int32_t bound = PN_SQL_POLICY_READ_ONLY; bound <= PN_SQL_POLICY_ADMIN; bound++) {
            FX_OK(pni_policy_resolve(wanted, pn_sql_policy_name(bound), &got, err));
            T_EQ_INT(got, bound < own ? bound : own);
        }
    }
    int32_t got = 0;
    FX_FAILS(pni_policy_resolve(PN_SQL_POLICY_ADMIN, "root", &got, err), PNI_E_POLICY_ENVIRONMENT,
             "root");
    FX_FAILS(pni_policy_resolve(7, NULL, &got, err), PNI_E_SESSION_SETTING, "7");
    FX_FAILS(pni_policy_resolve(-1, NULL, &got, err), PNI_E_SESSION_SETTING, "-1");
}

T_CASE(a_session_reads_the_environment) {
    pn_session_options options = PN_SESSION_OPTIONS_INIT;
    PNI_AUTO_PTR(pn_session) narrow = NULL;
    pn_session *none = NULL;
    options.sql_policy = PN_SQL_POLICY_ADMIN;
    setenv("PINION_SQL_POLICY", "service", 1);
    FX_OK(pn_session_open(&options, &narrow, err));
    T_EQ_INT(pn_session_policy(narrow), PN_SQL_POLICY_SERVICE);
    setenv("PINION_SQL_POLICY", "everything", 1);
    FX_FAILS(pn_session_open(&options, &none, err), PNI_E_POLICY_ENVIRONMENT, "everything");
    unsetenv("PINION_SQL_POLICY");
}

T_CASE(names_and_numbers_of_policies) {
    for (int32_t p = PN_SQL_POLICY_READ_ONLY; p <= PN_SQL_POLICY_ADMIN; p++)
        T_EQ_INT(pn_sql_policy_find(pn_sql_policy_name(p)), p);
    T_EQ_STR(pn_sql_policy_name(PN_SQL_POLICY_DEFAULT), "read_only");
    T_ASSERT(!pn_sql_policy_name(5) && !pn_sql_policy_name(-1));
    T_EQ_INT(pn_sql_policy_find("root"), PN_SQL_POLICY_DEFAULT);
    T_EQ_INT(pn_sql_policy_find(NULL), PN_SQL_POLICY_DEFAULT);
    T_EQ_INT(pn_session_policy(NULL), PN_SQL_POLICY_DEFAULT);
}

static bool only_spans(void *ctx, const char *name) {
    return pni_streq(name, ctx);
}

T_CASE(a_query_reads_what_is_registered) {
    PNI_AUTO_PTR(json_t)
    fine = json_pack("{s:[], s:[s, s]}", "qualified", "table_functions", "range", "spans");
    PNI_AUTO_PTR(json_t)
    opens = json_pack("{s:[], s:[s]}", "qualified", "table_functions", "read_parquet");
    PNI_AUTO_PTR(json_t)
    qualified = json_pack("{s:[s], s:[]}", "qualified", "run.main.t", "table_functions");
    char spans[] = "spans";
    FX_OK(pni_policy_check_reads(PN_SQL_POLICY_READ_ONLY, fine, only_spans, spans, err));
    FX_FAILS(pni_policy_check_reads(PN_SQL_POLICY_WRITE, opens, only_spans, spans, err),
             PNI_E_POLICY_FUNCTION, "read_parquet");
    FX_OK(pni_policy_check_reads(PN_SQL_POLICY_ADMIN, opens, only_spans, spans, err));
    FX_FAILS(pni_policy_check_reads(PN_SQL_POLICY_ADMIN, qualified, only_spans, spans, err),
             PNI_E_POLICY_QUALIFIED, "run.main.t");
}
