/* SPDX-License-Identifier: Apache-2.0 */
/* cli: differences of bundles, for `diff` and `why`. */
#ifndef CLI_DIFF_H
#define CLI_DIFF_H

#include "cli/cli.h"

typedef struct cli_diff_pair {
    const pn_bundle *left;
    const pn_bundle *right;
} cli_diff_pair;

/*
 * The document of pn_diff_bundles(), with "below" when views that both read have changed, too.
 * `seen` holds the names that were explained already; json_decref() the result.
 */
pn_status cli_diff_make(cli_diff_pair pair, json_t *seen, size_t depth, json_t **out,
                        pn_error *err);
void cli_diff_print(const json_t *diff, int indent);

#endif
