/* SPDX-License-Identifier: Apache-2.0 */
/**
 * pinion/view.h: views and their graph.
 *
 * A view is a name and a query over datasets and other views. Dependencies are read from the
 * queries, never declared. Compiling orders the views (ties by name), plans each against the output
 * schemas of what it reads, and makes one bundle a view. A cycle is an error that names its
 * members.
 *
 *     pn_view_graph *graph = pn_view_graph_new();
 *     pn_view_graph_add_sql(graph, "big_orders", sql, "views/big_orders.sql", &err);
 *     pn_view_graph_compile(graph, session, NULL, &err);
 */
#ifndef PINION_VIEW_H
#define PINION_VIEW_H

#include "pinion/bundle.h"
#include "pinion/session.h"

PN_EXTERN_C_BEGIN

/**
 * Makes an empty graph.
 *
 * @owns    caller owns the graph, pn_view_graph_free()
 * @threads any
 * @since   0.1
 */
PN_API PN_OWN pn_view_graph *pn_view_graph_new(void);

/**
 * Frees the graph; bundles taken from it with pn_bundle_ref() live on.
 *
 * @param graph  may be NULL
 * @threads any
 * @since   0.1
 */
PN_API void pn_view_graph_free(PN_OWN pn_view_graph *graph);

/**
 * Adds a view given as one SQL query.
 *
 * @param origin  where the text comes from, for messages, e.g. a file path; may be NULL
 * @errors  INVALID the name is no valid name · EXISTS it is taken · LIMIT the text is too long
 * @threads one at a time
 * @since   0.1
 */
PN_API PN_NODISCARD pn_status pn_view_graph_add_sql(pn_view_graph *graph, const char *name,
                                                    const char *sql, const char *origin,
                                                    pn_error *err);

/**
 * Adds a view given as Substrait bytes.
 *
 * @errors  INVALID · EXISTS · CORRUPT the bytes are no Substrait plan · UNSUPPORTED
 * @threads one at a time
 * @since   0.1
 */
PN_API PN_NODISCARD pn_status pn_view_graph_add_substrait(pn_view_graph *graph, const char *name,
                                                          pn_bytes plan, pn_error *err);

/**
 * Orders and compiles all views. Opens datasets for their schema and pin; reads no rows.
 *
 * @param cancel  may be NULL
 * @errors  PLAN a view does not plan, or views form a cycle · NOT_FOUND an unknown table ·
 * CANCELLED
 * @threads one at a time; blocks
 * @cost    O(views), each planned alone
 * @since   0.1
 */
PN_API PN_NODISCARD pn_status pn_view_graph_compile(pn_view_graph *graph, pn_session *session,
                                                    pn_cancel *cancel, pn_error *err);

/**
 * Counts the views.
 *
 * @threads any, while nobody adds
 * @since   0.1
 */
PN_API size_t pn_view_graph_count(const pn_view_graph *graph);

/**
 * Gives the name of view `index`: in topological order once compiled, in name order before; NULL
 * past the end.
 *
 * @threads any, while nobody adds
 * @since   0.1
 */
PN_API const char *pn_view_graph_name_at(const pn_view_graph *graph, size_t index);

/**
 * Gives the bundle of a view; NULL when the name is unknown or nothing was compiled. Borrowed from
 * the graph.
 *
 * @threads any, while nobody compiles
 * @since   0.1
 */
PN_API const pn_bundle *pn_view_graph_bundle(const pn_view_graph *graph, const char *name);

/**
 * Gives the SQL text of a view, NULL when unknown or made from Substrait. Borrowed.
 *
 * @threads any
 * @since   0.1
 */
PN_API const char *pn_view_graph_sql(const pn_view_graph *graph, const char *name);

PN_EXTERN_C_END

#endif
