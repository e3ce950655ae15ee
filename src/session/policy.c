/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The table of statements and policies. Decided by kind, never by text: a statement inside another
 * one (EXPLAIN ANALYZE INSERT, PREPARE … AS DELETE) is reported beside it, and the strictest of all
 * kinds decides. What is not in the table is refused, so a new kind of the engine's parser is
 * closed until somebody opens it here.
 */
#include "session/policy.h"

static const pni_statement_rule rules[] = {
    {"alter", "ALTER", PN_SQL_POLICY_ADMIN},
    {"analyze", "EXPLAIN ANALYZE", PN_SQL_POLICY_SERVICE},
    {"copy", "COPY", PN_SQL_POLICY_WRITE},
    {"create_external_table", "CREATE EXTERNAL TABLE", PN_SQL_POLICY_ADMIN},
    {"create_function", "CREATE FUNCTION", PN_SQL_POLICY_ADMIN},
    {"create_other", "CREATE of something else", PN_SQL_POLICY_ADMIN},
    {"create_schema", "CREATE SCHEMA", PN_SQL_POLICY_ADMIN},
    {"create_table", "CREATE TABLE", PN_SQL_POLICY_ADMIN},
    {"create_view", "CREATE VIEW", PN_SQL_POLICY_ADMIN},
    {"deallocate", "DEALLOCATE", PN_SQL_POLICY_WRITE},
    {"delete", "DELETE", PN_SQL_POLICY_WRITE},
    {"describe", "DESCRIBE", PN_SQL_POLICY_SERVICE},
    {"drop_function", "DROP FUNCTION", PN_SQL_POLICY_ADMIN},
    {"drop_other", "DROP of something else", PN_SQL_POLICY_ADMIN},
    {"drop_table", "DROP TABLE", PN_SQL_POLICY_ADMIN},
    {"drop_view", "DROP VIEW", PN_SQL_POLICY_ADMIN},
    {"execute", "EXECUTE", PN_SQL_POLICY_WRITE},
    {"explain", "EXPLAIN", PN_SQL_POLICY_SERVICE},
    {"insert", "INSERT", PN_SQL_POLICY_WRITE},
    {"merge", "MERGE", PN_SQL_POLICY_WRITE},
    {"other", "a statement of another kind", PN_SQL_POLICY_ADMIN},
    {"prepare", "PREPARE", PN_SQL_POLICY_WRITE},
    {"query", "a query", PN_SQL_POLICY_READ_ONLY},
    {"reset", "RESET", PN_SQL_POLICY_WRITE},
    {"set", "SET", PN_SQL_POLICY_WRITE},
    {"show", "SHOW", PN_SQL_POLICY_SERVICE},
    {"transaction", "a transaction", PN_SQL_POLICY_WRITE},
    {"truncate", "TRUNCATE", PN_SQL_POLICY_WRITE},
    {"update", "UPDATE", PN_SQL_POLICY_WRITE},
};

static const char *const names[] = {NULL, "read_only", "service", "write", "admin"};

/* Table functions of the engine that read nothing. */
static const char *const pure_functions[] = {"generate_series", "range"};

const pni_statement_rule *pni_statement_rule_at(size_t index) {
    return index < sizeof rules / sizeof *rules ? &rules[index] : NULL;
}

const pni_statement_rule *pni_statement_rule_find(const char *kind) {
    for (size_t i = 0; kind && i < sizeof rules / sizeof *rules; i++)
        if (pni_streq(rules[i].kind, kind))
            return &rules[i];
    return NULL;
}

const char *pni_statement_words(const char *kind) {
    const pni_statement_rule *rule = pni_statement_rule_find(kind);
    return rule ? rule->words : kind;
}

const char *pn_sql_policy_name(int32_t policy) {
    if (policy == PN_SQL_POLICY_DEFAULT)
        policy = PN_SQL_POLICY_READ_ONLY;
    return policy > 0 && policy <= PN_SQL_POLICY_ADMIN ? names[policy] : NULL;
}

int32_t pn_sql_policy_find(const char *name) {
    for (int32_t p = PN_SQL_POLICY_READ_ONLY; name && p <= PN_SQL_POLICY_ADMIN; p++)
        if (pni_streq(names[p], name))
            return p;
    return PN_SQL_POLICY_DEFAULT;
}

pn_status pni_policy_resolve(int32_t wanted, const char *environment, int32_t *out, pn_error *err) {
    if (wanted < 0 || wanted > PN_SQL_POLICY_ADMIN)
        return pni_fail(err, PNI_E_SESSION_SETTING, "SQL policy %d is unknown", wanted);
    int32_t policy = wanted ? wanted : PN_SQL_POLICY_READ_ONLY;
    if (environment && *environment) {
        int32_t bound = pn_sql_policy_find(environment);
        if (!bound)
            return pni_fail(err, PNI_E_POLICY_ENVIRONMENT,
                            "PINION_SQL_POLICY is '%.60s', which is no SQL policy", environment);
        policy = bound < policy ? bound : policy;
    }
    *out = policy;
    return PN_OK;
}

static pn_status refuse(int32_t policy, const char *kind, pn_error *err) {
    const pni_statement_rule *rule = pni_statement_rule_find(kind);
    pn_status status = pni_fail(err, PNI_E_SESSION_POLICY, "the SQL policy '%s' refuses %s",
                                pn_sql_policy_name(policy), rule ? rule->words : kind);
    if (rule)
        pni_error_hint(err,
                       "'%s' is allowed from the policy '%s' on: --policy %s, or policies.sql of "
                       "pinion.yaml; PINION_SQL_POLICY narrows.",
                       rule->words, pn_sql_policy_name(rule->least),
                       pn_sql_policy_name(rule->least));
    return status;
}

pn_status pni_policy_check(int32_t policy, const json_t *parsed, pn_error *err) {
    const char *worst = NULL;
    int32_t worst_least = policy;
    size_t index;
    json_t *kind;
    json_array_foreach(json_object_get(parsed, "kinds"), index, kind) {
        const pni_statement_rule *rule = pni_statement_rule_find(json_string_value(kind));
        int32_t least = rule ? rule->least : INT32_MAX;
        if (least > worst_least) {
            worst = json_string_value(kind);
            worst_least = least;
        }
    }
    return worst ? refuse(policy, worst, err) : PN_OK;
}

static bool is_pure(const char *name) {
    for (size_t i = 0; i < sizeof pure_functions / sizeof *pure_functions; i++)
        if (pni_streq(pure_functions[i], name))
            return true;
    return false;
}

pn_status pni_policy_check_reads(int32_t policy, const json_t *parsed,
                                 bool (*is_pack)(void *ctx, const char *name), void *ctx,
                                 pn_error *err) {
    size_t index;
    json_t *item;
    json_array_foreach(json_object_get(parsed, "qualified"), index, item) return pni_fail(
        err, PNI_E_POLICY_QUALIFIED, "table '%s' is named with a catalog or schema in front",
        json_string_value(item));
    json_array_foreach(json_object_get(parsed, "table_functions"), index, item) {
        const char *name = json_string_value(item);
        if (policy < PN_SQL_POLICY_ADMIN && !is_pure(name) && !is_pack(ctx, name))
            return pni_fail(err, PNI_E_POLICY_FUNCTION,
                            "the SQL policy '%s' refuses the table function '%s'",
                            pn_sql_policy_name(policy), name);
    }
    return PN_OK;
}
