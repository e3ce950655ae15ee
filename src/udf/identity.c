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
    const pn_signature own = {sizeof own,      udf->signature,     udf->min_args,
                              udf->max_args,   udf->n_arg_formats, 0,
                              udf->arg_formats};
    put_form(&own, out);
    for (uint64_t i = 0; i < udf->n_alternatives; i++) {
        const char *row = (const char *)udf->alternatives + i * udf->alternative_stride;
        pni_buf_puts(out, " | ");
        put_form((const pn_signature *)(const void *)row, out);
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

pn_status pni_udf_digest(const pni_udf_catalog *catalog, const char *name,
                         char hex_out[PNI_SHA256_HEX], pn_error *err) {
    const udf_pack *pack = pni_map_get(catalog->owners, name);
    if (!pack) {
        return pni_fail(err, PNI_E_UDF_UNKNOWN, "there is no function '%s' in a pack", name);
    }
    if (pack->is_builtin) {
        pni_udf_body_digest(pni_udf_find(catalog, name), pni_udf_kind(catalog, name), hex_out);
    } else {
        memcpy(hex_out, pack->digest, sizeof pack->digest);
    }
    return PN_OK;
}

/* Follows from the body, so it tells people which body it is and is no part of an identity. */
const char *pni_udf_version(const pni_udf_catalog *catalog, const pn_udf *udf) {
    const udf_pack *pack = pni_map_get(catalog->owners, udf->name);
    return pack->is_builtin ? udf->body_version : pack->plugin->version;
}

static json_t *identity_of(const pni_udf_catalog *catalog, const pn_udf *udf) {
    PNI_AUTO(pn_buf) signature = PN_BUF_INIT;
    put_signature(udf, pni_udf_kind(catalog, udf->name), &signature);
    char digest[PNI_SHA256_HEX];
    pn_status status = pni_udf_digest(catalog, udf->name, digest, NULL);
    pni_assert(status == PN_OK); /* it is in the catalog */
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
        const pn_udf *udf = pni_udf_find(catalog, json_string_value(name));
        if (udf) {
            pni_map_put(wanted, udf->name, (void *)(uintptr_t)udf);
        }
    }
    const char **sorted = pni_map_sorted_keys(wanted);
    json_t *made = json_array();
    for (size_t i = 0; i < pni_map_count(wanted); i++) {
        json_array_append_new(made, identity_of(catalog, pni_map_get(wanted, sorted[i])));
    }
    pni_free(sorted);
    *out = made;
    return PN_OK;
}

pn_status pni_udf_digests(const pni_udf_catalog *catalog, json_t **out, pn_error *err) {
    PNI_AUTO_PTR(json_t) digests = json_object();
    char hex[PNI_SHA256_HEX];
    for (size_t i = 0; i < pni_map_count(catalog->functions); i++) {
        const char *name = pni_map_key_at(catalog->functions, i);
        if (pni_streq(pni_udf_find(catalog, name)->name, name)) { /* else an alias */
            PNI_TRY(pni_udf_digest(catalog, name, hex, err));
            json_object_set_new(digests, name, json_string(hex));
        }
    }
    *out = pni_take(digests);
    return PN_OK;
}

static json_t *split_tags(const char *tags) {
    json_t *list = json_array();
    while (*tags) {
        size_t len = strcspn(tags, ",");
        json_array_append_new(list, json_stringn(tags, len));
        tags += len + (tags[len] == ',');
    }
    return list;
}

json_t *pni_udf_rewrite_tags(const pni_udf_catalog *catalog, const json_t *identity) {
    json_t *tags = json_object();
    size_t index;
    json_t *entry;
    json_array_foreach((json_t *)(uintptr_t)identity, index, entry) {
        const pn_udf *udf = pni_udf_find(catalog, pni_json_text(entry, "name"));
        if (udf && udf->rewrite_tags && *udf->rewrite_tags) {
            json_object_set_new(tags, udf->name, split_tags(udf->rewrite_tags));
        }
    }
    return tags;
}

json_t *pni_udf_versions(const pni_udf_catalog *catalog, const json_t *identity) {
    json_t *versions = json_object();
    size_t index;
    json_t *entry;
    json_array_foreach((json_t *)(uintptr_t)identity, index, entry) {
        const pn_udf *udf = pni_udf_find(catalog, pni_json_text(entry, "name"));
        if (udf) {
            json_object_set_new(versions, udf->name, json_string(pni_udf_version(catalog, udf)));
        }
    }
    return versions;
}
