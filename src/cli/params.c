/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Parameters of a query. Values never become part of the SQL text: they are a one-row temporary
 * table `params`, and $name in the query is read as the scalar (select params.name from params).
 * Strings, quoted names and comments are skipped, so a $ in them is only a character.
 */
#define _GNU_SOURCE
#include "cli/cli.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

static bool is_name(char c) {
    return c == '_' || isalnum((unsigned char)c);
}

/* The length of what starts at `sql` and hides a $: a string, a quoted name or a comment; else 0.
 */
static size_t hidden_length(const char *sql) {
    if (sql[0] == '\'' || sql[0] == '"') {
        const char *end = strchr(sql + 1, sql[0]);
        return end ? (size_t)(end - sql) + 1 : strlen(sql);
    }
    if (!strncmp(sql, "--", 2)) {
        return strcspn(sql, "\n");
    }
    if (!strncmp(sql, "/*", 2)) {
        const char *end = strstr(sql + 2, "*/");
        return end ? (size_t)(end - sql) + 2 : strlen(sql);
    }
    return 0;
}

static bool starts_parameter(const char *sql, const char *at) {
    bool is_free = at == sql || !is_name(at[-1]);
    return *at == '$' && is_free && (at[1] == '_' || isalpha((unsigned char)at[1]));
}

static pn_status use_parameter(json_t *values, const char *name, FILE *out, pn_error *err) {
    json_t *value = json_object_get(values, name);
    if (!value) {
        pn_status status =
            cli_fail(err, CLI_E_PARAMETER, "the query needs a value for '$%s'", name);
        cli_hint(err, "add --param %s=VALUE", name);
        return status;
    }
    json_object_set_new(value, "used", json_true());
    fprintf(out, "(select params.%s from params)", name);
    return PN_OK;
}

static pn_status rewrite(const char *sql, json_t *values, FILE *out, pn_error *err) {
    for (const char *at = sql; *at;) {
        size_t hidden = hidden_length(at);
        if (!hidden && !starts_parameter(sql, at)) {
            fputc(*at++, out);
            continue;
        }
        if (hidden) {
            fwrite(at, 1, hidden, out);
            at += hidden;
            continue;
        }
        size_t len = 1;
        while (is_name(at[len])) {
            len++;
        }
        CLI_AUTO_TEXT name = cli_format("%.*s", (int)len - 1, at + 1);
        CLI_TRY(use_parameter(values, name, out, err));
        at += len;
    }
    return PN_OK;
}

/* {"name": {"value": text}} */
static pn_status read_parameters(const cli_app *cli, json_t *values, pn_error *err) {
    const char *pair;
    for (size_t i = 0; (pair = cli_get_at(cli, "param", i)); i++) {
        const char *equals = strchr(pair, '=');
        CLI_AUTO_TEXT name = cli_format("%.*s", (int)(equals - pair), pair);
        for (const char *c = name; *c; c++) {
            if (!is_name(*c) || isupper((unsigned char)*c) || isdigit((unsigned char)name[0])) {
                return cli_fail(err, CLI_E_PARAMETER, "'%.60s' is no name of a parameter", name);
            }
        }
        if (json_object_get(values, name)) {
            return cli_fail(err, CLI_E_PARAMETER, "parameter '%s' is given twice", name);
        }
        json_object_set_new(values, name, json_pack("{s:s}", "value", equals + 1));
    }
    return PN_OK;
}

static pn_status add_params_table(pn_session *session, const json_t *values, pn_error *err) {
    CLI_AUTO_JSON row = json_object();
    const char *name;
    json_t *value;
    json_object_foreach((json_t *)(uintptr_t)values, name, value) {
        if (!json_object_get(value, "used")) {
            return cli_fail(err, CLI_E_PARAMETER, "the query has no parameter '$%s'", name);
        }
        json_object_set(row, name, json_object_get(value, "value"));
    }
    if (!json_object_size(row)) {
        return PN_OK;
    }
    CLI_AUTO_JSON rows = json_pack("[O]", row);
    CLI_AUTO_TEXT text = json_dumps(rows, JSON_COMPACT);
    pn_bytes bytes = {(const uint8_t *)text, strlen(text)};
    return pn_session_add_rows(session, "params", bytes, NULL, err);
}

pn_status cli_bind_parameters(const cli_app *cli, const char *sql, pn_session *session,
                              char **bound_out, pn_error *err) {
    CLI_AUTO_JSON values = json_object();
    size_t len = 0;
    CLI_TRY(read_parameters(cli, values, err));
    FILE *out = open_memstream(bound_out, &len);
    pn_status status = rewrite(sql, values, out, err);
    fclose(out);
    CLI_TRY(status);
    return add_params_table(session, values, err);
}
