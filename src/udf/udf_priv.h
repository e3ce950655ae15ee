/* SPDX-License-Identifier: Apache-2.0 */
/* The catalog as its files see it. */
#ifndef PNI_UDF_PRIV_H
#define PNI_UDF_PRIV_H

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
};

/* Adds a checked pack, or nothing of it: EXISTS when a name is taken. */
pn_status pni_udf_catalog_add(pni_udf_catalog *catalog, const udf_pack *pack, pn_error *err);

/* The fields of an adopted pack: names, formats, arity, pointers, duplicates. */
pn_status pni_udf_check(const pn_plugin *plugin, const char *origin, pn_error *err);

/* SHA-256 of name|signature|body_version. */
void pni_udf_body_digest(const pn_udf *udf, char hex_out[PNI_SHA256_HEX]);

#endif
