/* SPDX-License-Identifier: Apache-2.0 */
/*
 * udf/sql: functions written in SQL. A scalar function is an expression over `$1 … $n` that the
 * engine puts in place of each call; an aggregate, window or table function is a second name of one
 * that is there. Which functions there may be is decided here: the engine takes a statement apart
 * and gets back one definition at a time.
 *
 * A statement taken apart is {"kind":"create_function", "name", "or_replace", "if_not_exists",
 * "language", "volatility", "args":[{"name","type","default"}], "returns", "clauses":[…],
 * "body":{"source","text","name","call":{"name","is_plain"},"calls":[…],"columns":[…],
 * "placeholders":[…],"has_query"} or {"source","error"}, "schema":[a field per argument, then
 * "returns"]}.
 */
#ifndef PNI_UDF_SQL_H
#define PNI_UDF_SQL_H

#include "udf/udf.h"

/* What the functions may be, as JSON: {"volatility": the most volatile, "primitives": [functions
 * that a body may call], "types": [types of arguments and results], "languages": […]}. What is not
 * said is not bounded. */
typedef struct pni_sql_functions pni_sql_functions;

/* INVALID: the policy names a function or type that does not exist. `policy` may be NULL. */
pn_status pni_sql_functions_new(const json_t *policy, const pni_udf_catalog *catalog,
                                const pni_engine_session *engine, pni_sql_functions **out,
                                pn_error *err);
void pni_sql_functions_free(pni_sql_functions *functions);
PNI_DEFINE_AUTO_PTR(pni_sql_functions, pni_sql_functions_free)

/* Defines what the statement asks for, or nothing of it. */
pn_status pni_sql_function_create(pni_sql_functions *functions, const pni_engine_session *engine,
                                  const json_t *request, pn_error *err);
/* Removes all of {"names":[…], "if_exists", "typed", "cascade"}, or none. */
pn_status pni_sql_function_drop(pni_sql_functions *functions, const pni_engine_session *engine,
                                const json_t *request, pn_error *err);
/* Takes note of a function of a foreign library that the engine has, {"name","kind","volatility"};
 * it is known by the digest of the file. `library` is the file's name, for people. */
void pni_sql_functions_add_foreign(pni_sql_functions *functions, const json_t *made,
                                   const char *library, const char *digest);
/* Entries of pni_udf_identity() for those among `names` that a factory made, appended. */
void pni_sql_functions_identity(const pni_sql_functions *functions, const json_t *names,
                                json_t *identity);
/* {name: {"name","kind","text","digest","volatility","calls","schema","target"?,"language"?,
 * "foreign"?}}; borrowed. "foreign" is the name of a library's file. */
const json_t *pni_sql_functions_all(const pni_sql_functions *functions);

#endif
