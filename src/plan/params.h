/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Parameters of a query: an array of {"name","value":text|null,"type":text|null}. They reach the
 * engine as one typed Arrow row and are bound as literals before the plan is optimised, so value
 * and type are part of the plan's identity, and no text is ever pasted into SQL.
 */
#ifndef PNI_PLAN_PARAMS_H
#define PNI_PLAN_PARAMS_H

#include "arrow/arrow.h"

/* Missing, unused: the names of `params` against the "parameters" of pni_engine_sql_tables(). */
pn_status pni_params_check(const json_t *params, const json_t *parsed, pn_error *err);
/* Without parameters `out` stays released. */
pn_status pni_params_stream(const json_t *params, struct ArrowArrayStream *out, pn_error *err);

#endif
