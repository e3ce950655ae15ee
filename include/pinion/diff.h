/* SPDX-License-Identifier: Apache-2.0 */
/**
 * pinion/diff.h: why two bundles are not the same. Needs no engine.
 *
 *     pn_buf json = PN_BUF_INIT;
 *     if (pn_diff_bundles(before, after, &json, &err) == PN_OK)
 *         printf("%.*s\n", (int)json.len, (const char *)json.data);
 *     pn_buf_dispose(&json);
 */
#ifndef PINION_DIFF_H
#define PINION_DIFF_H

#include "pinion/bundle.h"

PN_EXTERN_C_BEGIN

/**
 * Compares two bundles component by component and lists exactly what differs.
 *
 * The result is {"left": {"name"?, "fingerprint"}, "right": {…}, "equal": bool, "components": [
 * {"component": "settings", "left": digest, "right": digest, "items": [{"item":
 * "datafusion.execution.batch_size", "left": "8192", "right": "100"}, …]}, …], "cause": "direct" |
 * "indirect" | "none"}. Components and items are sorted. An item is a path into the component's
 * document; a side that has no such item has no such key. Items of `plan` are the relations that
 * differ. The cause is indirect when nothing but `inputs` differs: a view below has changed.
 *
 * @param json_out  [out] appended to
 * @errors  INVALID an argument is NULL
 * @threads any
 * @cost    O(documents of the components that differ)
 * @since   0.1
 */
PN_API PN_NODISCARD pn_status pn_diff_bundles(const pn_bundle *left, const pn_bundle *right,
                                              pn_buf *json_out, pn_error *err);

PN_EXTERN_C_END

#endif
