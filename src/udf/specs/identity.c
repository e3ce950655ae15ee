/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What of a function enters fingerprints: its name, signature, volatility and the digest of its
 * body. A built-in body is known by a version that is raised by hand when its results change, so
 * that compiling pinion anew changes nothing; a foreign body is known by the bytes of its pack.
 * Argument names, descriptions and tags are no part of it.
 */
#include "udf/udf_priv.h"

static void put_form(const pn_signature *form, pn_buf *out) {
    pni_buf_putc(out, '(');
    for (uint32_t i = 0; i < form->n_arg_formats; i++) {
        pni_buf_puts(out, i == form->min_args ? "[" : "");
        pni_buf_puts(out, i == 0 ? "" : ",");
        pni_buf_puts(out, form->arg_formats[i]);
    }
    pni_buf_puts(out, form->min_args < form->n_arg_formats ? "]" : "");
    if (form->kind == PN_SIGNATURE_VARIADIC) {
        pni_buf_printf(out, "...%u", form->max_args);
    }
    pni_buf_putc(out, ')');
}

void pni_udf_signature(const pn_udf *udf, pn_buf *out) {
    for (uint64_t i = 0; i <= udf->n_alternatives; i++) {
        const pn_signature form = pni_udf_form_at(udf, i);
        pni_buf_puts(out, i ? " | " : "");
        put_form(&form, out);
    }
    pni_buf_printf(out, " -> %s", udf->return_format ? udf->return_format : "?");
    pni_buf_puts(out, udf->null_handling == PN_NULLS_PROPAGATED ? " strict" : "");
}

/* The signature as it enters identities: what is no scalar function says what it is. */
static void put_signature(const pn_udf *udf, int32_t kind, pn_buf *out) {
    if (kind != PNI_UDF_SCALAR) {
        pni_buf_printf(out, "%s ", pni_udf_kind_text(kind));
    }
    pni_udf_signature(udf, out);
}

const char *pni_udf_volatility_text(const pn_udf *udf) {
    switch (udf->volatility) {
    case PN_VOLATILITY_IMMUTABLE:
        return "immutable";
    case PN_VOLATILITY_STABLE:
        return "stable";
    default:
        return "volatile";
    }
}

void pni_udf_body_digest(const pn_udf *udf, int32_t kind, char hex_out[PNI_SHA256_HEX]) {
    PNI_AUTO(pn_buf) text = PN_BUF_INIT;
    pni_buf_puts(&text, udf->name);
    pni_buf_putc(&text, '|');
    put_signature(udf, kind, &text);
    pni_buf_putc(&text, '|');
    pni_buf_puts(&text, udf->body_version);
    pni_sha256_hex(text.data, text.len, hex_out);
}

static void digest_of(const udf_declared *declared, char hex_out[PNI_SHA256_HEX]) {
    const udf_pack *pack = declared->pack;
    if (pack->is_builtin) {
        pni_udf_body_digest(declared->function.udf, declared->function.kind, hex_out);
    } else {
        memcpy(hex_out, pack->digest, sizeof pack->digest);
    }
}

pn_status pni_udf_digest(const pni_udf_catalog *catalog, const char *name,
                         char hex_out[PNI_SHA256_HEX], pn_error *err) {
    const udf_declared *declared = pni_udf_declared(catalog, name);
    if (!declared) {
        return pni_fail(err, PNI_E_UDF_UNKNOWN, "there is no function '%s' in a pack", name);
    }
    digest_of(declared, hex_out);
    return PN_OK;
}

/* Follows from the body, so it tells people which body it is and is no part of an identity. */
const char *pni_udf_version(const udf_declared *declared) {
    return declared->pack->is_builtin ? declared->function.udf->body_version
                                      : declared->pack->plugin->version;
}

static json_t *identity_of(const udf_declared *declared) {
    const pn_udf *udf = declared->function.udf;
    PNI_AUTO(pn_buf) signature = PN_BUF_INIT;
    char digest[PNI_SHA256_HEX];
    put_signature(udf, declared->function.kind, &signature);
    digest_of(declared, digest);
    json_t *entry = json_object();
    json_object_set_new(entry, "name", json_string(udf->name));
    json_object_set_new(entry, "signature", json_string(pni_buf_text(&signature)));
    json_object_set_new(entry, "volatility", json_string(pni_udf_volatility_text(udf)));
    json_object_set_new(entry, "digest", json_string(digest));
    return entry;
}

pn_status pni_udf_identity(const pni_udf_catalog *catalog, const json_t *used, json_t **out,
                           pn_error *err) {
    PNI_AUTO_PTR(pni_map) wanted = pni_map_new();
    size_t index;
    json_t *name;
    json_array_foreach((json_t *)(uintptr_t)used, index, name) {
        if (!json_is_string(name)) {
            return pni_fail(err, PNI_E_ARGUMENT, "entry %zu of the functions used is no text",
                            index);
        }
        const udf_declared *declared = pni_udf_declared(catalog, json_string_value(name));
        if (declared) {
            pni_map_put(wanted, declared->function.udf->name, (void *)(uintptr_t)declared);
        }
    }
    const char **sorted = pni_map_sorted_keys(wanted);
    json_t *made = json_array();
    for (size_t i = 0; i < pni_map_count(wanted); i++) {
        json_array_append_new(made, identity_of(pni_map_get(wanted, sorted[i])));
    }
    pni_free(sorted);
    *out = made;
    return PN_OK;
}

json_t *pni_udf_digests(const pni_udf_catalog *catalog) {
    json_t *digests = json_object();
    char hex[PNI_SHA256_HEX];
    for (size_t i = 0; i < pni_map_count(catalog->names); i++) {
        const char *name = pni_map_key_at(catalog->names, i);
        const udf_declared *declared = pni_map_value_at(catalog->names, i);
        if (pni_streq(declared->function.udf->name, name)) { /* else an alias */
            digest_of(declared, hex);
            json_object_set_new(digests, name, json_string(hex));
        }
    }
    return digests;
}

json_t *pni_udf_rewrite_tags(const pni_udf_catalog *catalog, const json_t *identity) {
    json_t *tags = json_object();
    size_t index;
    json_t *entry;
    json_array_foreach((json_t *)(uintptr_t)identity, index, entry) {
        const pn_udf *udf = pni_udf_find(catalog, pni_json_text(entry, "name"));
        if (udf && udf->rewrite_tags && *udf->rewrite_tags) {
            json_object_set_new(tags, udf->name, pni_udf_tags(udf->rewrite_tags));
        }
    }
    return tags;
}

json_t *pni_udf_versions(const pni_udf_catalog *catalog, const json_t *identity) {
    json_t *versions = json_object();
    size_t index;
    json_t *entry;
    json_array_foreach((json_t *)(uintptr_t)identity, index, entry) {
        const udf_declared *declared = pni_udf_declared(catalog, pni_json_text(entry, "name"));
        if (declared) {
            json_object_set_new(versions, declared->function.udf->name,
                                json_string(pni_udf_version(declared)));
        }
    }
    return versions;
}
