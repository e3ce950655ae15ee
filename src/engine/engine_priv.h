/* SPDX-License-Identifier: Apache-2.0 */
/* What the files of this module share: the casts between our names and the engine's, and the result
 * of a call. */
#ifndef PNI_ENGINE_PRIV_H
#define PNI_ENGINE_PRIV_H

#include "engine/engine.h"
#include "pn_engine.h"

/* The interface these files are written against: major << 16 | minor, as pne_abi_version() answers.
 */
#define ENGINE_ABI_VERSION (1u << 16)

static inline const pne_session *engine_session(const pni_engine_session *session) {
    return (const pne_session *)(const void *)session;
}

static inline const pne_table *engine_table(const pni_engine_table *table) {
    return (const pne_table *)(const void *)table;
}

static inline const pne_plan *engine_plan(const pni_engine_plan *plan) {
    return (const pne_plan *)(const void *)plan;
}

/* Gives a failure of the engine its number and, when it brought none, the hint of the catalogue. */
pn_status pni_engine_finish(int32_t status, pn_error *err);

/* Compares the version of the loaded library with the header's; answers ABI with both numbers. */
pn_status pni_engine_check_abi(pn_error *err);

/* The engine's token behind `cancel`, made on first use; NULL for NULL. Lives as long as `cancel`.
 */
pn_status pni_engine_token(pn_cancel *cancel, const pne_cancel **out, pn_error *err);

/* Compact text of `value` ("{}" for NULL), as the engine reads it. */
void pni_engine_json_text(const json_t *value, pn_buf *out);

/* Finishes a call that wrote JSON into `text`: on success parses it into *out. */
pn_status pni_engine_json_result(int32_t status, const pn_buf *text, const char *what, json_t **out,
                                 pn_error *err);

#endif
