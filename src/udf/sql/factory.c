/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Functions in the language of a pack. Its factory is given the statement and hands back a table
 * with one function, which is then a pack's function like any other: adopted, checked, added to the
 * engine. It is known by the pack and by the statement that it was made from.
 */
#include "udf/sql/sql_priv.h"

#include <stdio.h>

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
                            const pn_plugin *made, pni_udf_function *out, pn_error *err) {
    const char *name = pni_json_text(request, "name");
    if (pni_udf_function_count(made) != 1)
        return pni_fail(err, PNI_E_FUNCTION_FACTORY,
                        "the factory of '%s' made no table with one function for '%s'",
                        factory->language, name);
    *out = pni_udf_function_at(made, 0);
    const pn_udf *udf = out->udf;
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
    pni_udf_function function = {0};
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
    PNI_TRY(check_made(factory, request, out->made, &function, err));
    identify(factory, pack_digest, request, digest);
    pni_udf_signature(function.udf, &signature);
    pni_sql_write_head(request, &text);
    pni_buf_printf(&text, " LANGUAGE %s AS $$%s$$", factory->language,
                   pni_json_text(json_object_get(request, "body"), "source"));
    out->definition = json_pack(
        "{s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:[], s:O}", "name", name, "kind",
        pni_udf_kind_text(function.kind), "text", pni_buf_text(&text), "digest", digest, "language",
        factory->language, "volatility", pni_udf_volatility_text(function.udf), "signature",
        pni_buf_text(&signature), "calls", "schema", json_object_get(request, "schema"));
    return PN_OK;
}
