/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Functions in the language of a pack. Its factory is given the statement and hands back a table
 * with one function, which is then a pack's function like any other: adopted, checked, added to the
 * engine. It is known by the pack and by the statement that it was made from.
 */
#include "udf/sql_priv.h"

#include <stdio.h>

static const pn_udf *only_function(const pn_plugin *made, const char **kind) {
    if (made->n_udfs + made->n_aggregates + made->n_windows + made->n_table_functions != 1)
        return NULL;
    *kind = made->n_udfs         ? "scalar"
            : made->n_aggregates ? "aggregate"
            : made->n_windows    ? "window"
                                 : "table";
    return made->n_udfs         ? &made->udfs[0]
           : made->n_aggregates ? made->aggregates[0].function
           : made->n_windows    ? made->windows[0].function
                                : made->table_functions[0].function;
}

static pn_status call_factory(const pn_function_factory *factory, const json_t *request,
                              const struct ArrowSchema *types, const pn_plugin **out,
                              pn_error *err) {
    const json_t *args = json_object_get(request, "args");
    const char *name = pni_json_text(request, "name");
    const char *volatility = pni_json_text(request, "volatility");
    const char *names[PNI_SQL_MAX_ARGUMENTS];
    char message[512] = "";
    size_t n = json_array_size(args);
    for (size_t i = 0; i < n; i++)
        names[i] = pni_json_text(json_array_get(args, i), "name");
    const pn_create_function statement = {
        .struct_size = sizeof statement,
        .or_replace = json_is_true(json_object_get(request, "or_replace")),
        .name = name,
        .language = factory->language,
        .body = pni_json_text(json_object_get(request, "body"), "source"),
        .volatility = pni_sql_volatility(volatility),
        .n_args = (uint32_t)n,
        .arg_names = names,
        .arg_types = (const struct ArrowSchema *const *)types->children,
        .return_type = (size_t)types->n_children > n ? types->children[n] : NULL};
    *out = factory->create(factory->ctx, &statement, message, sizeof message);
    if (*out)
        return PN_OK;
    message[sizeof message - 1] = '\0';
    pn_status status =
        pni_fail(err, PNI_E_FUNCTION_FACTORY, "the factory of '%s' refuses function '%s'",
                 factory->language, name);
    pni_error_detail(err, "%s", message[0] ? message : "It gave no reason.");
    return status;
}

static void identify(const pn_function_factory *factory, const char *pack_digest,
                     const json_t *request, char hex_out[PNI_SHA256_HEX]) {
    PNI_AUTO(pn_buf) text = PN_BUF_INIT;
    pni_buf_printf(&text, "%s\n%s\n", pack_digest, factory->language);
    pni_sql_write_head(request, &text);
    pni_buf_printf(&text, "\n%s", pni_json_text(json_object_get(request, "body"), "source"));
    pni_sha256_hex(text.data, text.len, hex_out);
}

static pn_status check_made(const pn_function_factory *factory, const json_t *request,
                            const pn_udf *udf, pn_error *err) {
    const char *name = pni_json_text(request, "name");
    if (!udf)
        return pni_fail(err, PNI_E_FUNCTION_FACTORY,
                        "the factory of '%s' made no table with one function for '%s'",
                        factory->language, name);
    if (!pni_streq(udf->name, name))
        return pni_fail(err, PNI_E_FUNCTION_FACTORY,
                        "the factory of '%s' made a function '%s' where '%s' was asked for",
                        factory->language, udf->name, name);
    if (udf->aliases && udf->aliases[0])
        return pni_fail(err, PNI_E_FUNCTION_FACTORY,
                        "the factory of '%s' gave function '%s' an alias", factory->language, name);
    return PN_OK;
}

pn_status pni_sql_factory_make(const pn_function_factory *factory, const char *pack_digest,
                               const json_t *request, pni_sql_decision *out, pn_error *err) {
    const char *name = pni_json_text(request, "name");
    const pn_plugin *theirs = NULL;
    const char *kind = NULL;
    char origin[64], digest[PNI_SHA256_HEX];
    PNI_AUTO_SCHEMA types = {0};
    PNI_AUTO(pn_buf) signature = PN_BUF_INIT;
    PNI_AUTO(pn_buf) text = PN_BUF_INIT;
    if (!pni_json_text(json_object_get(request, "body"), "source"))
        return pni_fail(err, PNI_E_FUNCTION_BODY,
                        "the body of function '%s' is no text: AS '…', as the language '%s' wants",
                        name, factory->language);
    PNI_TRY(pni_arrow_schema_from_json(json_object_get(request, "schema"), &types, err));
    PNI_TRY(call_factory(factory, request, &types, &theirs, err));
    snprintf(origin, sizeof origin, "factory of %.40s", factory->language);
    PNI_TRY(pni_udf_adopt(theirs, origin, &out->made, err));
    const pn_udf *udf = only_function(out->made, &kind);
    PNI_TRY(check_made(factory, request, udf, err));
    identify(factory, pack_digest, request, digest);
    pni_udf_signature(udf, &signature);
    pni_sql_write_head(request, &text);
    pni_buf_printf(&text, " LANGUAGE %s AS $$%s$$", factory->language,
                   pni_json_text(json_object_get(request, "body"), "source"));
    out->definition =
        json_pack("{s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:[], s:O}", "name", name, "kind", kind,
                  "text", pni_buf_text(&text), "digest", digest, "language", factory->language,
                  "volatility", pni_udf_volatility_text(udf), "signature", pni_buf_text(&signature),
                  "calls", "schema", json_object_get(request, "schema"));
    return PN_OK;
}
