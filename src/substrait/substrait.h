/* SPDX-License-Identifier: Apache-2.0 */
/* substrait: plans as canonical values. What other modules need beyond pinion/substrait.h; tree.h
 * opens the tree. */
#ifndef PNI_SUBSTRAIT_H
#define PNI_SUBSTRAIT_H

#include "pinion/substrait.h"

#include "base/base.h"

PNI_DEFINE_AUTO_PTR(pn_substrait, pn_substrait_unref)

/* Whether the query itself orders its rows. */
bool pni_substrait_is_ordered(const pn_substrait *plan);
/* A table function that cannot say what version it reads, or NULL: then all inputs are named. */
const char *pni_substrait_unpinned(const pn_substrait *plan);

#endif
