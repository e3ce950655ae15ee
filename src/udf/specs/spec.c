/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One function of a pack as a document: what it takes and gives, how it is known, what people read
 * about it. The four kinds share one declaration (pn_udf), so they share this too. A snapshot is
 * these documents, turned by key (snapshot.c).
 *
 * The result of a function that decides it per call is asked for once per signature, with the
 * declared types; where an argument may be anything it is asked twice, and the result is "any" when
 * the answers differ or the function wants to see a literal.
 */
#include "udf/udf_priv.h"

static const void *row_at(const void *rows, uint32_t stride, uint64_t index) {
    return (const char *)rows + index * stride;
}

/* ---- its parts ------------------------------------------------------------------------------- */

static json_t *text_or_null(const char *text) {
    return text ? json_string(text) : json_null();
}

static json_t *text_list(const char *const *texts) {
    json_t *list = json_array();
    for (; texts && *texts; texts++) {
        json_array_append_new(list, json_string(*texts));
    }
    return list;
}

/* Sorted, whatever order a pack has them in. */
static json_t *sorted_list(json_t *texts) {
    PNI_AUTO_PTR(pni_map) set = pni_map_new();
    size_t index;
    json_t *text;
    json_array_foreach(texts, index, text) pni_map_put(set, json_string_value(text), text);
    const char **sorted = pni_map_sorted_keys(set);
    json_t *list = json_array();
    for (size_t i = 0; i < pni_map_count(set); i++) {
        json_array_append_new(list, json_string(sorted[i]));
    }
    pni_free(sorted);
    json_decref(texts);
    return list;
}

json_t *pni_udf_tags(const char *tags) {
    json_t *list = json_array();
    while (tags && *tags) {
        size_t len = strcspn(tags, ",");
        json_array_append_new(list, json_stringn(tags, len));
        tags += len + (tags[len] == ',');
    }
    return sorted_list(list);
}

/* NULL when the pack does not say them. */
static json_t *names_of(const pn_udf *udf) {
    uint32_t count = udf->signature == PN_SIGNATURE_VARIADIC ? udf->n_arg_formats : udf->max_args;
    if (!udf->arg_names && count) {
        return NULL;
    }
    json_t *list = json_array();
    for (uint32_t i = 0; i < count; i++) {
        json_array_append_new(list, json_string(udf->arg_names[i] ? udf->arg_names[i] : ""));
    }
    return list;
}

/* ---- signatures ------------------------------------------------------------------------------ */

typedef struct shape {
    const char *const *formats;
    uint32_t count;
    bool repeats;
} shape;

static json_t *inputs_of(const shape *at) {
    json_t *list = json_array();
    for (uint32_t i = 0; i < at->count; i++) {
        PNI_AUTO(pn_buf) text = PN_BUF_INIT;
        pni_udf_format_text(at->formats[i], &text);
        pni_buf_puts(&text, at->repeats && i + 1 == at->count ? "..." : "");
        json_array_append_new(list, json_string(pni_buf_text(&text)));
    }
    return list;
}

/* What the function says its result is; false when it does not say without literals. */
static bool ask_result(const pn_udf *udf, const shape *at, pni_sample sample, pn_buf *out) {
    PNI_AUTO_PTR(pni_arena) arena = pni_arena_new();
    struct ArrowSchema *types = pni_arena_alloc(arena, (at->count + 1) * sizeof *types);
    const struct ArrowSchema **args = pni_arena_alloc(arena, (at->count + 1) * sizeof(void *));
    const struct ArrowArray **scalars = pni_arena_alloc(arena, (at->count + 1) * sizeof(void *));
    PNI_AUTO_SCHEMA result = {0};
    char message[256] = "";
    bool known = true;
    for (uint32_t i = 0; i < at->count; i++) {
        known = pni_udf_sample_type(at->formats[i], sample, &types[i]) && known;
        args[i] = &types[i];
        scalars[i] = NULL;
    }
    known = known &&
            udf->return_type(udf->ctx, args, scalars, at->count, &result, message,
                             sizeof message) == 0 &&
            result.release && result.format;
    if (known) {
        pni_udf_type_text(&result, out);
    }
    for (uint32_t i = 0; i < at->count; i++) {
        ArrowSchemaRelease(&types[i]);
    }
    return known;
}

static json_t *result_of(const udf_declared *declared, const shape *at) {
    PNI_AUTO(pn_buf) text = PN_BUF_INIT;
    PNI_AUTO(pn_buf) other = PN_BUF_INIT;
    const pn_udf *udf = declared->function.udf;
    if (declared->function.kind == PNI_UDF_TABLE) {
        return json_string("table");
    }
    if (udf->return_format) {
        pni_udf_format_text(udf->return_format, &text);
        return json_string(pni_buf_text(&text));
    }
    bool known = ask_result(udf, at, PNI_SAMPLE_TEXT, &text) &&
                 ask_result(udf, at, PNI_SAMPLE_NUMBER, &other) &&
                 pni_streq(pni_buf_text(&text), pni_buf_text(&other));
    return json_string(known ? pni_buf_text(&text) : "any");
}

/* One entry per number of arguments; a variadic signature is one entry whose last type repeats. */
static void put_signature(const udf_declared *declared, const pn_signature *signature,
                          json_t *inputs, json_t *results) {
    bool repeats = signature->kind == PN_SIGNATURE_VARIADIC;
    uint32_t least = repeats ? signature->n_arg_formats : signature->min_args;
    for (uint32_t n = least; n <= signature->n_arg_formats; n++) {
        shape at = {signature->arg_formats, n, repeats};
        json_array_append_new(inputs, inputs_of(&at));
        json_array_append_new(results, result_of(declared, &at));
    }
}

static void put_signatures(const udf_declared *declared, json_t *spec) {
    const pn_udf *udf = declared->function.udf;
    json_t *inputs = json_array();
    json_t *results = json_array();
    for (uint64_t i = 0; i <= udf->n_alternatives; i++) {
        const pn_signature form = pni_udf_form_at(udf, i);
        put_signature(declared, &form, inputs, results);
    }
    json_object_set_new(spec, "signature_inputs", inputs);
    json_object_set_new(spec, "return_types", results);
}

static bool coerces(const pn_udf *udf) {
    for (uint32_t i = 0; i < udf->n_arg_formats; i++) {
        const char *format = udf->arg_formats[i];
        if (format[0] != '=' && format[0] != '+' && !pni_streq(format, "*")) {
            return true;
        }
    }
    return false;
}

/* ---- defaults and documentation -------------------------------------------------------------- */

static const pn_option *find_option(const pn_plugin *plugin, const char *key) {
    for (uint64_t i = 0; i < plugin->n_options; i++) {
        const pn_option *option = row_at(plugin->options, plugin->option_stride, i);
        if (pni_streq(option->key, key)) {
            return option;
        }
    }
    return NULL;
}

/* {argument or option: its default}: options as they are without SET. */
static json_t *defaults_of(const udf_declared *declared) {
    const pn_udf *udf = declared->function.udf;
    json_t *defaults = json_object();
    for (uint32_t i = udf->min_args; udf->arg_defaults && i < udf->n_arg_formats; i++) {
        const char *text = udf->arg_defaults[i - udf->min_args];
        const pn_option *option =
            text && text[0] == '=' ? find_option(declared->pack->plugin, text + 1) : NULL;
        if (option) {
            json_object_set_new(defaults, option->key, json_string(option->default_text));
        } else if (text && udf->arg_names && udf->arg_names[i]) {
            json_object_set_new(defaults, udf->arg_names[i], json_string(text));
        }
    }
    return defaults;
}

static json_t *doc_of(const udf_declared *declared) {
    const pn_udf *udf = declared->function.udf;
    const pn_doc none = {0};
    const pn_doc *doc = udf->doc ? udf->doc : &none;
    json_t *arguments = json_array();
    for (uint32_t i = 0; doc->arg_descriptions && i < udf->n_arg_formats; i++) {
        json_array_append_new(arguments, text_or_null(doc->arg_descriptions[i]));
    }
    return json_pack("{s:s, s:o, s:o, s:o, s:o, s:o, s:o}", "description",
                     udf->description ? udf->description : "", "section",
                     text_or_null(doc->section), "syntax", text_or_null(doc->syntax), "sql_example",
                     text_or_null(doc->sql_example), "alternative_syntax",
                     text_or_null(doc->alternative_syntax), "argument_descriptions", arguments,
                     "related_udfs", text_list(doc->related));
}

static json_t *state_of(const udf_declared *declared) {
    if (declared->function.kind != PNI_UDF_AGGREGATE) {
        return json_null();
    }
    const pn_aggregate *aggregate = declared->function.row;
    json_t *types = json_array();
    for (uint32_t i = 0; i < aggregate->n_state; i++) {
        PNI_AUTO(pn_buf) text = PN_BUF_INIT;
        pni_udf_format_text(aggregate->state_formats[i], &text);
        json_array_append_new(types, json_string(pni_buf_text(&text)));
    }
    return types;
}

/* ---- the whole ------------------------------------------------------------------------------- */

static json_t *spec_of(const pni_udf_catalog *catalog, const udf_declared *declared) {
    const pn_udf *udf = declared->function.udf;
    const pn_plugin *plugin = declared->pack->plugin;
    PNI_AUTO(pn_buf) signature = PN_BUF_INIT;
    char digest[PNI_SHA256_HEX];
    pn_status status = pni_udf_digest(catalog, udf->name, digest, NULL);
    pni_assert(status == PN_OK); /* it is in the catalog */
    pni_udf_signature(udf, &signature);
    json_t *spec = json_pack("{s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:s}", "name", udf->name, "kind",
                             pni_udf_kind_text(declared->function.kind), "pack", plugin->name,
                             "pack_version", plugin->version, "signature", pni_buf_text(&signature),
                             "volatility", pni_udf_volatility_text(udf), "digest", digest,
                             "version", pni_udf_version(declared));
    pni_assert(spec);
    json_object_set_new(spec, "func_id", json_sprintf("%s.%s", plugin->name, udf->name));
    json_object_set_new(spec, "aliases", sorted_list(text_list(udf->aliases)));
    json_object_set_new(spec, "rewrite_tags", pni_udf_tags(udf->rewrite_tags));
    json_t *names = names_of(udf);
    json_object_set_new(spec, "parameter_names", names ? names : json_null());
    put_signatures(declared, spec);
    bool is_scalar = declared->function.kind == PNI_UDF_SCALAR;
    bool folds = is_scalar && udf->volatility == PN_VOLATILITY_IMMUTABLE;
    json_object_set_new(spec, "simplify", json_boolean(folds));
    json_object_set_new(spec, "coerce_types", json_boolean(coerces(udf)));
    json_object_set_new(spec, "short_circuits", json_boolean(udf->flags & PN_UDF_SHORT_CIRCUITS));
    json_object_set_new(spec, "async", json_boolean(udf->flags & PN_UDF_ASYNC));
    json_object_set_new(spec, "config_defaults", defaults_of(declared));
    json_object_set_new(spec, "state_types", state_of(declared));
    json_object_set_new(spec, "doc", doc_of(declared));
    return spec;
}

json_t *pni_udf_specs(const pni_udf_catalog *catalog) {
    PNI_AUTO_PTR(pni_map) by_name = pni_map_new();
    for (size_t i = 0; i < catalog->packs.count; i++) {
        const udf_pack *pack = catalog->packs.items[i];
        for (uint64_t f = 0; f < pni_udf_function_count(pack->plugin); f++) {
            udf_declared one = {pack, pni_udf_function_at(pack->plugin, f)};
            pni_map_put(by_name, one.function.udf->name, spec_of(catalog, &one));
        }
    }
    const char **sorted = pni_map_sorted_keys(by_name);
    json_t *specs = json_array();
    for (size_t i = 0; i < pni_map_count(by_name); i++) {
        json_array_append_new(specs, pni_map_get(by_name, sorted[i]));
    }
    pni_free(sorted);
    return specs;
}
