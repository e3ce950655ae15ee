/* SPDX-License-Identifier: Apache-2.0 */
/* Bundles that a command line names: of a file, or of those that the project keeps. */
#ifndef CLI_BUNDLE_H
#define CLI_BUNDLE_H

#include "pinion/bundle_file.h"

#include "cli/cli.h"

#include <stdlib.h>

#define CLI_BUNDLES ".pinion/bundles"

typedef struct cli_bundles {
    pn_bundle **items;
    size_t count;
} cli_bundles;

void cli_close_bundles(cli_bundles *bundles);
#define CLI_AUTO_BUNDLES __attribute__((cleanup(cli_close_bundles))) cli_bundles

static inline void cli_auto_set(pn_bundle_set **set) {
    pn_bundle_set_free(*set);
}
#define CLI_AUTO_SET __attribute__((cleanup(cli_auto_set))) pn_bundle_set *

/* The start of a fingerprint, long enough to name one: 4 to 64 hex digits. */
bool cli_is_fingerprint(const char *text);
/* Hints at how many digits name a bundle, when `what` is hex digits that do not. */
void cli_hint_digits(const char *what, pn_error *err);
/* A folder where a bundle file is wanted. */
pn_status cli_refuse_folder(const char *what, pn_error *err);
/* `what` is a file, the start of a fingerprint, or a view; `view` chooses in a file, or NULL. */
pn_status cli_find_bundles(const char *what, const char *view, cli_bundles *out, pn_error *err);

/*
 * The project here, or a folder of tables, with the settings that the bundle was compiled with.
 * What else it needs and lacks is PN6026, and all of it is in the array `needs_out`, empty when all
 * is here.
 */
pn_status cli_open_for(cli_app *cli, const pn_bundle *bundle, cli_workspace *out,
                       json_t **needs_out, pn_error *err);
void cli_print_needs(const json_t *needs);

#endif
