/* SPDX-License-Identifier: Apache-2.0 */
/* The catalog as its files see it. */
#ifndef PNI_UDF_PRIV_H
#define PNI_UDF_PRIV_H

#include "arrow/arrow.h"
#include "udf/udf.h"

typedef struct udf_pack udf_pack;

/* One function of any kind, and whose it is. */
typedef struct udf_declared {
    const udf_pack *pack;
    pni_udf_function function;
} udf_declared;

struct udf_pack {
    const pn_plugin *plugin;
    char digest[PNI_SHA256_HEX]; /* of the file; over all functions for the built-in pack */
    bool is_builtin;
    udf_declared *functions; /* all of the plugin, in their order */
};

struct pni_udf_catalog {
    PNI_VEC(udf_pack *) packs;
    pni_map *names; /* name or alias -> const udf_declared *, of its pack */
};

/* The spelling of snapshots: string, int64, list<string>, … ; of an argument or result format,
 * "any" and "struct" where it leaves that open. */
void pni_udf_type_text(const struct ArrowSchema *type, pn_buf *out);
void pni_udf_format_text(const char *format, pn_buf *out);

/* The kind of what `LANGUAGE language` makes of SQL; "" = as the body says, NULL = no language of
 * ours. */
const char *pni_sql_kind_of_language(const char *language);

/* The declared version of a body: of the function for built-ins, of the pack for others. */
const char *pni_udf_version(const udf_declared *declared);
/* Puts a checked pack behind those of the catalog. */
void pni_udf_catalog_put(pni_udf_catalog *catalog, const pn_plugin *plugin,
                         const char digest[PNI_SHA256_HEX]);
/* By name or alias; NULL when no pack has it. */
const udf_declared *pni_udf_declared(const pni_udf_catalog *catalog, const char *name);
/* Way `index` to call a function: its own, then its alternatives, 1 + n_alternatives in all. */
pn_signature pni_udf_form_at(const pn_udf *udf, uint64_t index);
/* A comma-separated list of tags as a sorted array; NULL is none. */
json_t *pni_udf_tags(const char *tags);

/* The fields of an adopted pack: names, formats, arity, pointers, duplicates. */
pn_status pni_udf_check(const pn_plugin *plugin, const char *origin, pn_error *err);

/* SHA-256 of name|signature|body_version. */
void pni_udf_body_digest(const pn_udf *udf, int32_t kind, char hex_out[PNI_SHA256_HEX]);

#endif
