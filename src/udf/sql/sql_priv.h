/* SPDX-License-Identifier: Apache-2.0 */
/* Functions written in SQL as their files see them. */
#ifndef PNI_UDF_SQL_PRIV_H
#define PNI_UDF_SQL_PRIV_H

#include "udf/sql.h"

#define PNI_SQL_MAX_ARGUMENTS 64u

struct pni_sql_functions {
    const pni_udf_catalog *catalog; /* whose packs bring languages */
    json_t *policy;                 /* or NULL */
    json_t *by_name;                /* name -> definition */
};

/* What there is to call, {name or alias: {kind: volatility}}: of the engine, of packs and of SQL.
 */
pn_status pni_sql_known(const pni_sql_functions *functions, const pni_engine_session *engine,
                        json_t **out, pn_error *err);

/* What a statement asks for: all that can be said before its body is planned. */
typedef struct pni_sql_decision {
    json_t *definition;
    const pn_plugin *made; /* by a factory; else NULL */
} pni_sql_decision;

pn_status pni_sql_decide(const pni_sql_functions *functions, const json_t *known,
                         const json_t *request, pni_sql_decision *out, pn_error *err);
/* The same for the language of a pack. */
pn_status pni_sql_factory_make(const pn_function_factory *factory, const char *pack_digest,
                               const json_t *request, pni_sql_decision *out, pn_error *err);

/* "CREATE FUNCTION name(arguments) [RETURNS type]" in its one form. */
void pni_sql_write_head(const json_t *request, pn_buf *out);
/* PN_VOLATILITY_* of a word, -1 for NULL. */
int32_t pni_sql_volatility(const char *word);

#endif
