/* SPDX-License-Identifier: Apache-2.0 */
/* Functions written in SQL as their files see them. */
#ifndef PNI_UDF_SQL_PRIV_H
#define PNI_UDF_SQL_PRIV_H

#include "udf/sql.h"

struct pni_sql_functions {
    json_t *policy;  /* or NULL */
    json_t *by_name; /* name -> definition */
};

/* What there is to call, {name or alias: {kind: volatility}}: of the engine, of packs and of SQL.
 */
pn_status pni_sql_known(const pni_sql_functions *functions, const pni_engine_session *engine,
                        json_t **out, pn_error *err);

/* The definition that a statement asks for: all that can be said before its body is planned. */
pn_status pni_sql_decide(const pni_sql_functions *functions, const json_t *known,
                         const json_t *request, json_t **out, pn_error *err);

#endif
