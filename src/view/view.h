/* SPDX-License-Identifier: Apache-2.0 */
/* view: the graph of views over the plan module. See README.md for order, cycles and shallow
 * planning. */
#ifndef PNI_VIEW_H
#define PNI_VIEW_H

#include "pinion/view.h"

#include "plan/plan.h"

/* Look-up for pni_compile_request: ctx is a const pn_view_graph *, which may be NULL. */
const pn_bundle *pni_view_lookup(void *ctx, const char *name);
/* "did you mean": the nearest view by name, or NULL; for the same request. */
const char *pni_view_nearest(void *ctx, const char *name);
/* Takes a view out that no other view reads; the graph is compiled again before it is used. */
pn_status pni_view_graph_remove(pn_view_graph *graph, const char *name, pn_error *err);
bool pni_view_graph_is_compiled(const pn_view_graph *graph, const pn_session *session);

PNI_DEFINE_AUTO_PTR(pn_view_graph, pn_view_graph_free)

#endif
