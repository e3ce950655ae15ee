/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Parameters of a query. --param NAME=VALUE gives a value whose type the query decides; VALUE:TYPE
 * states one, when what stands behind the last colon is a type. Values never become part of the SQL
 * text: they are bound by the library as typed literals.
 */
#include "cli/cli.h"

#include <stdlib.h>
#include <string.h>

void cli_params_dispose(cli_params *params) {
    for (size_t i = 0; i < params->n_texts; i++) {
        free(params->texts[i]);
    }
    free(params->texts);
    free(params->items);
    *params = (cli_params){0};
}

static char *keep(cli_params *params, char *text) {
    params->texts[params->n_texts++] = text;
    return text;
}

static void read_param(cli_params *params, const char *pair, pn_param *out) {
    const char *equals = strchr(pair, '=');
    const char *colon = strrchr(equals, ':');
    bool has_type = colon && pn_param_type_is(colon + 1);
    size_t len = has_type ? (size_t)(colon - equals) - 1 : strlen(equals + 1);
    out->name = keep(params, cli_format("%.*s", (int)(equals - pair), pair));
    out->value = keep(params, cli_format("%.*s", (int)len, equals + 1));
    out->type = has_type ? keep(params, cli_format("%s", colon + 1)) : NULL;
}

pn_status cli_read_params(const cli_app *cli, cli_params *out, pn_error *err) {
    (void)err;
    out->options = PN_COMPILE_OPTIONS_INIT;
    if (!cli_has(cli, "param")) {
        return PN_OK;
    }
    size_t count = 0;
    while (cli_get_at(cli, "param", count)) {
        count++;
    }
    out->items = cli_alloc(count * sizeof *out->items);
    out->texts = cli_alloc(3 * count * sizeof *out->texts);
    for (size_t i = 0; i < count; i++) {
        read_param(out, cli_get_at(cli, "param", i), &out->items[i]);
    }
    out->options.params = out->items;
    out->options.n_params = count;
    return PN_OK;
}
