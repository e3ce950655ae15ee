/* SPDX-License-Identifier: Apache-2.0 */
/* Finding bundles. What is a file is read as one; all else is looked up in the project's folder,
 * hex digits as the start of a fingerprint, other words as the name of a view. */
#include "cli/bundle.h"

#include <string.h>
#include <sys/stat.h>

static void add_bundle(cli_bundles *bundles, pn_bundle *bundle) {
    bundles->items = cli_grow(bundles->items, (bundles->count + 1) * sizeof *bundles->items);
    bundles->items[bundles->count++] = bundle;
}

void cli_close_bundles(cli_bundles *bundles) {
    for (size_t i = 0; i < bundles->count; i++) {
        pn_bundle_unref(bundles->items[i]);
    }
    free(bundles->items);
    *bundles = (cli_bundles){0};
}

static pn_status unknown_view(const char *file, const char *view, pn_error *err) {
    pn_status status = cli_fail(err, CLI_E_VIEW_UNKNOWN, "'%s' holds no view '%s'", file, view);
    cli_hint(err, "`pinion bundle show %s` lists what it holds", file);
    return status;
}

static pn_status from_file(const char *file, const char *view, cli_bundles *out, pn_error *err) {
    CLI_AUTO_SET set = NULL;
    CLI_TRY(pn_bundle_import_file(file, &set, err));
    if (view) {
        const pn_bundle *found = pn_bundle_set_find(set, view);
        if (!found) {
            return unknown_view(file, view, err);
        }
        add_bundle(out, pn_bundle_ref(found));
        return PN_OK;
    }
    for (size_t i = 0; i < pn_bundle_set_count(set); i++) {
        add_bundle(out, pn_bundle_ref(pn_bundle_set_at(set, i)));
    }
    return PN_OK;
}

enum { PREFIX_MIN = 4 };

static bool is_hex(const char *text) {
    return strspn(text, "0123456789abcdef") == strlen(text);
}

static bool is_folder(const char *what) {
    struct stat info;
    return stat(what, &info) == 0 && S_ISDIR(info.st_mode);
}

static pn_status from_store(const char *what, cli_bundles *out, pn_error *err) {
    pn_bundle_store *store = NULL;
    pn_bundle *bundle = NULL;
    CLI_TRY(pn_bundle_store_open(CLI_BUNDLES, &store, err));
    bool is_prefix = is_hex(what) && strlen(what) >= PREFIX_MIN;
    pn_status status = is_prefix ? pn_bundle_store_get(store, what, &bundle, err)
                                 : pn_bundle_store_last(store, what, &bundle, err);
    pn_bundle_store_free(store);
    if (status == PN_NOT_FOUND && is_hex(what) && !is_prefix) {
        cli_hint(err, "a fingerprint is named by at least %d digits; `pinion bundle ls` lists them",
                 PREFIX_MIN);
    }
    if (status == PN_OK) {
        add_bundle(out, bundle);
    }
    return status;
}

pn_status cli_find_bundles(const char *what, const char *view, cli_bundles *out, pn_error *err) {
    struct stat info;
    size_t len = strlen(what);
    bool is_file = stat(what, &info) == 0 && !S_ISDIR(info.st_mode);
    if (strchr(what, '.') && is_folder(what)) { /* a view may have the name of a folder */
        return cli_fail(err, CLI_E_USAGE, "'%s' is a folder, not a bundle file", what);
    }
    bool is_path = strchr(what, '/') || (len > 4 && !strcmp(what + len - 4, ".pnb"));
    if (is_file || is_path) {
        return from_file(what, view, out, err);
    }
    if (view) {
        return cli_fail(err, CLI_E_USAGE, "'--view' goes with a file, and '%s' is none", what);
    }
    return from_store(what, out, err);
}
