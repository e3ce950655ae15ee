/* SPDX-License-Identifier: Apache-2.0 */
/**
 * pinion/bundle.h: the plan bundle, an immutable, fingerprinted, replayable plan with pinned
 * inputs.
 *
 * A bundle is made by pn_exec_compile*() or by a view graph. Its fingerprint is SHA-256 over a
 * canonical JSON (RFC 8785) of named components, each a digest that can be printed and compared:
 * plan, inputs, pins, schema, udf, rewrite_tags, domain_planners, settings, planning_env, rulepack,
 * store_policy.
 *
 *     printf("%s\n", pn_bundle_fingerprint(bundle));
 *     for (size_t i = 0; i < pn_bundle_component_count(bundle); i++)
 *         printf("%s %s\n", pn_bundle_component_name(bundle, i), pn_bundle_component_digest(bundle,
 * i));
 */
#ifndef PINION_BUNDLE_H
#define PINION_BUNDLE_H

#include "pinion/arrow.h"
#include "pinion/error.h"

PN_EXTERN_C_BEGIN

/**
 * From what a bundle is planned when it runs. By default from its Substrait, and when the engine
 * cannot plan that, from the plan cache where the session has one (docs/settings.md), then from its
 * SQL, if that still compiles to the same bundle; a fallback is an event (pn_result_events()).
 * Damage and drift are errors, never a reason to fall back.
 */
enum {
    PN_REPLAY_DEFAULT = 0,
    PN_REPLAY_SUBSTRAIT = 1,  /**< only from Substrait */
    PN_REPLAY_PLAN_CACHE = 2, /**< only from the plan that was kept when it was compiled */
    PN_REPLAY_SQL = 3,        /**< only from SQL */
};

/**
 * Takes one more reference.
 *
 * @owns    caller owns the reference, pn_bundle_unref()
 * @threads any
 * @since   0.1
 */
PN_API PN_OWN pn_bundle *pn_bundle_ref(const pn_bundle *bundle);

/**
 * Drops one reference.
 *
 * @param bundle  may be NULL
 * @threads any
 * @since   0.1
 */
PN_API void pn_bundle_unref(PN_OWN pn_bundle *bundle);

/**
 * Gives the fingerprint as 64 hex digits.
 *
 * @threads any
 * @since   0.1
 */
PN_API const char *pn_bundle_fingerprint(const pn_bundle *bundle);

/**
 * Gives the view's name, or NULL for a query without one. The name is not part of the identity.
 *
 * @threads any
 * @since   0.1
 */
PN_API const char *pn_bundle_name(const pn_bundle *bundle);

/**
 * Gives the SQL text that the bundle was compiled from, or NULL. The text is evidence, not part of
 * the identity: the plan is.
 *
 * @threads any
 * @since   0.1
 */
PN_API const char *pn_bundle_sql(const pn_bundle *bundle);

/**
 * Counts the components of the fingerprint.
 *
 * @threads any
 * @since   0.1
 */
PN_API size_t pn_bundle_component_count(const pn_bundle *bundle);

/**
 * Gives the name of component `index`, sorted by name; NULL past the end.
 *
 * @threads any
 * @since   0.1
 */
PN_API const char *pn_bundle_component_name(const pn_bundle *bundle, size_t index);

/**
 * Gives the digest of component `index` as 64 hex digits; NULL past the end.
 *
 * @threads any
 * @since   0.1
 */
PN_API const char *pn_bundle_component_digest(const pn_bundle *bundle, size_t index);

/**
 * Gives the canonical Substrait plan. Borrowed from the bundle.
 *
 * @threads any
 * @since   0.1
 */
PN_API pn_bytes pn_bundle_substrait(const pn_bundle *bundle);

/**
 * Gives the output schema.
 *
 * @param schema_out  [out] released storage; caller releases
 * @errors  INTERNAL
 * @threads any
 * @since   0.1
 */
PN_API PN_NODISCARD pn_status pn_bundle_schema(const pn_bundle *bundle,
                                               struct ArrowSchema *schema_out, pn_error *err);

/**
 * Counts the tables the plan reads: datasets, temporary tables and views.
 *
 * @threads any
 * @since   0.1
 */
PN_API size_t pn_bundle_table_count(const pn_bundle *bundle);

/**
 * Gives the name of table `index`, sorted; NULL past the end.
 *
 * @threads any
 * @since   0.1
 */
PN_API const char *pn_bundle_table_at(const pn_bundle *bundle, size_t index);

/**
 * Gives the upstream bundle when table `index` is a view, else NULL. Borrowed.
 *
 * @threads any
 * @since   0.1
 */
PN_API const pn_bundle *pn_bundle_input_at(const pn_bundle *bundle, size_t index);

/**
 * Writes the bundle as JSON:
 * {"format","name","fingerprint","components":{…},"identity":{…},"tables":[…],"pins":[…],
 * "functions":[…],"schema":[…],"lineage":{…}}.
 *
 * @param json_out  [out] appended to
 * @errors  INTERNAL
 * @threads any
 * @since   0.1
 */
PN_API PN_NODISCARD pn_status pn_bundle_json(const pn_bundle *bundle, pn_buf *json_out,
                                             pn_error *err);

/**
 * Writes the column lineage as JSON, see pinion/lineage.h for its shape.
 *
 * @param json_out  [out] appended to
 * @errors  INTERNAL
 * @threads any
 * @cost    O(plan nodes), computed on demand
 * @since   0.1
 */
PN_API PN_NODISCARD pn_status pn_bundle_lineage(const pn_bundle *bundle, pn_buf *json_out,
                                                pn_error *err);

/**
 * Writes what the session had when the bundle was compiled, whether the bundle uses it or not:
 * {"functions": {name: digest}, "tables": {name: {"name", "kind", "format"}}}. Evidence: what
 * differs in the session that it runs in is a diagnostic of the result, no error.
 *
 * @param json_out  [out] appended to
 * @errors  NOT_FOUND it comes from a file that does not say
 * @threads any
 * @since   0.1
 */
PN_API PN_NODISCARD pn_status pn_bundle_snapshot(const pn_bundle *bundle, pn_buf *json_out,
                                                 pn_error *err);

/**
 * Gives one artifact of a bundle as JSON: what the plan is, renderings of it, and what it was made
 * in. An artifact is made when it is first asked for, once per bundle, by the session that asked.
 *
 * @param name  see pn_bundle_artifact_name()
 * @param cancel  may be NULL
 * @param json_out  [out] appended to
 * @errors  NOT_FOUND there is no artifact of that name, or what it is made of is not there · DRIFT
 * as pn_exec_run() · EXEC · CANCELLED · REENTRANT inside the builder of a plan source
 * @threads any; blocks
 * @cost    explain_analyze runs the query; the others plan it at most
 * @since   0.2
 */
PN_API PN_NODISCARD pn_status pn_bundle_artifact(pn_session *session, const pn_bundle *bundle,
                                                 const char *name, pn_cancel *cancel,
                                                 pn_buf *json_out, pn_error *err);

/**
 * Gives the name of artifact `index`, sorted by name; NULL past the end. Every bundle has the same.
 *
 * @threads any
 * @since   0.2
 */
PN_API const char *pn_bundle_artifact_name(size_t index);

/**
 * Tells what artifact `index` is: "identity", the same wherever the fingerprint is, or "evidence",
 * which may differ from machine to machine and run to run; NULL past the end.
 *
 * @threads any
 * @since   0.2
 */
PN_API const char *pn_bundle_artifact_kind(size_t index);

PN_EXTERN_C_END

#endif
