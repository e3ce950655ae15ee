/* SPDX-License-Identifier: Apache-2.0 */
/* The catalog as its files see it. */
#ifndef PNI_UDF_PRIV_H
#define PNI_UDF_PRIV_H

#include "arrow/arrow.h"
#include "udf/udf.h"

typedef struct udf_pack {
    const pn_plugin *plugin;
    char digest[PNI_SHA256_HEX]; /* of the file; over all functions for the built-in pack */
    bool is_builtin;
} udf_pack;

struct pni_udf_catalog {
    PNI_VEC(udf_pack *) packs;
    pni_map *functions; /* name or alias -> const pn_udf * */
    pni_map *owners;    /* name or alias -> udf_pack * */
    pni_map *kinds;     /* name or alias -> PNI_UDF_* + 1, as a pointer */
};

/* One function of any kind, and whose it is. */
typedef struct udf_declared {
    const udf_pack *pack;
    pni_udf_function function;
} udf_declared;

/* The spelling of snapshots: string, int64, list<string>, … ; of an argument or result format,
 * "any" and "struct" where it leaves that open. */
void pni_udf_type_text(const struct ArrowSchema *type, pn_buf *out);
void pni_udf_format_text(const char *format, pn_buf *out);

/* The declared version of a body: of the function for built-ins, of the pack for others. */
const char *pni_udf_version(const pni_udf_catalog *catalog, const pn_udf *udf);
/* Adds a checked pack, or nothing of it: EXISTS when a name is taken. */
pn_status pni_udf_catalog_add(pni_udf_catalog *catalog, const udf_pack *pack, pn_error *err);

/* The fields of an adopted pack: names, formats, arity, pointers, duplicates. */
pn_status pni_udf_check(const pn_plugin *plugin, const char *origin, pn_error *err);

/* SHA-256 of name|signature|body_version. */
void pni_udf_body_digest(const pn_udf *udf, int32_t kind, char hex_out[PNI_SHA256_HEX]);

#endif
