/* SQL over an engine session that holds functions of packs. */
#ifndef UDF_SQL_H
#define UDF_SQL_H

#include "base/base.h"
#include "engine/engine.h"

/* A session with the built-ins and, when `pack` is not NULL, a test pack of the build; skips where
 * there is no build tree. */
pni_engine_session *udf_sql_session(const char *pack);
/* The first column of all rows, as text joined by commas. */
pn_status udf_sql_evaluate(const pni_engine_session *session, const char *sql, pn_buf *out,
                           pn_error *err);
/* The query over such a session gives this text. */
void udf_sql_gives(const char *pack, const char *sql, const char *want);
/* It fails, with `part` in the message or the detail. */
void udf_sql_fails(const char *pack, const char *sql, const char *part);

#endif
