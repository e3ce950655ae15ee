/* SPDX-License-Identifier: Apache-2.0 */
/* lineage: columns of a plan traced to the columns of its tables. Shape: pinion/lineage.h. */
#ifndef PNI_LINEAGE_H
#define PNI_LINEAGE_H

#include "pinion/lineage.h"

#include "substrait/substrait.h"

/* The lineage as a tree; the caller owns it, json_decref(). */
pn_status pni_lineage_of(const pn_substrait *plan, json_t **out, pn_error *err);

#endif
