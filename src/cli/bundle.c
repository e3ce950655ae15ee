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

enum { PREFIX_MIN = 4, PREFIX_MAX = 64 };

static bool is_hex(const char *text) {
    return strspn(text, "0123456789abcdef") == strlen(text);
}

bool cli_is_fingerprint(const char *text) {
    size_t len = strlen(text);
    return len >= PREFIX_MIN && len <= PREFIX_MAX && is_hex(text);
}

void cli_hint_digits(const char *what, pn_error *err) {
    if (is_hex(what) && !cli_is_fingerprint(what)) {
        cli_hint(err, "a fingerprint is named by %d to %d digits; `pinion bundle ls` lists them",
                 PREFIX_MIN, PREFIX_MAX);
    }
}

pn_status cli_refuse_folder(const char *what, pn_error *err) {
    struct stat info;
    bool is_folder = stat(what, &info) == 0 && S_ISDIR(info.st_mode);
    return is_folder ? cli_fail(err, CLI_E_USAGE, "'%s' is a folder, not a bundle file", what)
                     : PN_OK;
}

static pn_status from_store(const char *what, cli_bundles *out, pn_error *err) {
    pn_bundle_store *store = NULL;
    pn_bundle *bundle = NULL;
    CLI_TRY(pn_bundle_store_open(CLI_BUNDLES, &store, err));
    bool is_prefix = cli_is_fingerprint(what);
    pn_status status = is_prefix ? pn_bundle_store_get(store, what, &bundle, err)
                                 : pn_bundle_store_last(store, what, &bundle, err);
    pn_bundle_store_free(store);
    if (status == PN_NOT_FOUND) {
        cli_hint_digits(what, err);
    }
    if (status == PN_NOT_FOUND && !is_hex(what)) {
        cli_hint(err, "`pinion bundle ls` lists what is kept, `pinion build` keeps what it builds; "
                      "`pinion bundle export VIEW -o FILE` writes a view as it is now");
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
    if (strchr(what, '.')) { /* a view may have the name of a folder */
        CLI_TRY(cli_refuse_folder(what, err));
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

/* ---- what a bundle needs -------------------------------------------------------------------- */

static pn_status read_needs(pn_session *session, const pn_bundle *bundle, json_t **needs_out,
                            pn_error *err) {
    CLI_AUTO_BUF text = PN_BUF_INIT;
    pn_status status = pn_exec_needs(session, bundle, &text, err);
    if (status != PN_OK && !text.len) {
        return status;
    }
    pn_error parse = PN_ERROR_INIT;
    pn_status parsed = cli_parse(&text, needs_out, &parse);
    return parsed == PN_OK ? status : parsed;
}

/* A bundle says itself which settings it was made with. */
static bool take_settings(cli_app *cli, const json_t *needs) {
    size_t index, taken = 0;
    json_t *need;
    json_array_foreach(needs, index, need) {
        const char *want = json_string_value(json_object_get(need, "want"));
        if (strcmp(cli_text_of(need, "kind"), "setting") != 0 || !want) {
            continue;
        }
        cli->settings = cli_grow(cli->settings, (cli->n_settings + 1) * sizeof *cli->settings);
        cli->settings[cli->n_settings++] =
            (pn_setting){cli_format("%s", cli_text_of(need, "name")), cli_format("%s", want)};
        taken++;
    }
    return taken > 0;
}

pn_status cli_open_for(cli_app *cli, const pn_bundle *bundle, cli_workspace *out,
                       json_t **needs_out, pn_error *err) {
    CLI_TRY(cli_open_workspace(cli, out, err));
    pn_status status = read_needs(out->session, bundle, needs_out, err);
    if (*needs_out && take_settings(cli, *needs_out)) {
        cli_close_workspace(out);
        json_decref(*needs_out);
        *needs_out = NULL;
        *err = PN_ERROR_INIT;
        CLI_TRY(cli_open_workspace(cli, out, err));
        status = read_needs(out->session, bundle, needs_out, err);
    }
    return status;
}

void cli_print_needs(const json_t *needs) {
    size_t index;
    json_t *need;
    json_array_foreach(needs, index, need) {
        const json_t *have = json_object_get(need, "have");
        const json_t *want = json_object_get(need, "want");
        char *wanted = want ? json_dumps(want, JSON_ENCODE_ANY | JSON_SORT_KEYS) : NULL;
        char *had = have ? json_dumps(have, JSON_ENCODE_ANY | JSON_SORT_KEYS) : NULL;
        printf("%s %s %s%s%s%s%s\n", cli_text_of(need, "kind"), cli_text_of(need, "name"),
               cli_text_of(need, "problem"), wanted ? "\n  needs " : "", wanted ? wanted : "",
               had ? "\n  here  " : "", had ? had : "");
        free(wanted);
        free(had);
    }
}
