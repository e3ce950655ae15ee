/* SPDX-License-Identifier: Apache-2.0 */
/* pinion bundle export, import, ls, show: bundles as files and in the project's folder. */
#include "cli/bundle.h"

#include <inttypes.h>
#include <string.h>

static pn_status write_file(cli_app *cli, const char *file, const pn_buf *bytes, pn_error *err) {
    if (!strcmp(file, "-")) {
        fwrite(bytes->data, 1, bytes->len, stdout);
        return cli_flush(cli, stdout, "standard output", err);
    }
    return pn_bundle_save((pn_bytes){bytes->data, bytes->len}, file, err);
}

/* ---- export --------------------------------------------------------------------------------- */

static const cli_option export_options[] = {
    {"output", 'o', CLI_FILE, false, "FILE", NULL, "the file to write (- = standard output)"},
    {"substrait", 0, CLI_FLAG, false, NULL, NULL,
     "write the plan of one view as Substrait, for other engines"},
    {0},
};

static pn_status export_roots(cli_app *cli, const cli_workspace *workspace, pn_buf *bytes_out,
                              pn_error *err) {
    size_t count = cli->args.n_operands;
    const pn_bundle **roots = cli_alloc((count + 1) * sizeof *roots);
    pn_status status = PN_OK;
    for (size_t i = 0; status == PN_OK && i < count; i++) {
        status = cli_find_view(workspace, cli_operand(cli, i), &roots[i], err);
    }
    if (status == PN_OK) {
        status = pn_exec_export(workspace->session, roots, count, bytes_out, err);
    }
    free(roots);
    return status;
}

static pn_status run_export(cli_app *cli, pn_error *err) {
    CLI_AUTO_WORKSPACE workspace = {0};
    CLI_AUTO_BUF bytes = PN_BUF_INIT;
    const char *file = cli_get(cli, "output");
    if (!file) {
        pn_status status = cli_fail(err, CLI_E_USAGE, "'bundle export' needs -o FILE");
        cli_hint(err, "for example -o %s.pnb", cli_operand(cli, 0));
        return status;
    }
    if (cli_has(cli, "substrait") && cli->args.n_operands > 1) {
        pn_status status = cli_fail(err, CLI_E_USAGE, "'--substrait' takes one view, not %zu",
                                    cli->args.n_operands);
        cli_hint(err, "export each view to a file of its own; without --substrait one file takes "
                      "several");
        return status;
    }
    CLI_TRY(cli_open_checked(cli, &workspace, err));
    if (cli_has(cli, "substrait")) {
        const pn_bundle *bundle = NULL;
        CLI_TRY(cli_find_view(&workspace, cli_operand(cli, 0), &bundle, err));
        CLI_TRY(pn_exec_export_substrait(workspace.session, bundle, &bytes, err));
    } else {
        CLI_TRY(export_roots(cli, &workspace, &bytes, err));
    }
    CLI_TRY(write_file(cli, file, &bytes, err));
    cli_note(cli, "%zu bytes in %s", bytes.len, file);
    return PN_OK;
}

const cli_verb cli_verb_bundle_export = {
    .name = "bundle export",
    .operands = "VIEW…",
    .min_operands = 1,
    .max_operands = SIZE_MAX,
    .summary = "write views as one bundle file",
    .about =
        "Compiles the project and writes the bundles of the views named, with all that they\n"
        "stand on, into one file. It holds plans, pins and lineage, no data and no secrets.\n"
        "With --substrait the plan alone is written, upstream views inlined; a plan that only\n"
        "pinion can read is refused.\n",
    .options = export_options,
    .examples = "bundle export revenue_by_customer -o revenue.pnb\n"
                "bundle export big_orders --substrait -o big_orders.substrait\n",
    .exits = "",
    .run = run_export,
};

/* ---- import --------------------------------------------------------------------------------- */

static const cli_option no_options[] = {{0}};

static pn_status keep_roots(const pn_bundle_set *set, pn_error *err) {
    pn_bundle_store *store = NULL;
    CLI_TRY(pn_bundle_store_open(CLI_BUNDLES, &store, err));
    pn_status status = PN_OK;
    for (size_t i = 0; status == PN_OK && i < pn_bundle_set_count(set); i++) {
        status = pn_bundle_store_put(store, pn_bundle_set_at(set, i), 0, err);
    }
    pn_bundle_store_free(store);
    return status;
}

static pn_status run_import(cli_app *cli, pn_error *err) {
    CLI_AUTO_SET set = NULL;
    CLI_TRY(cli_refuse_folder(cli_operand(cli, 0), err));
    CLI_TRY(pn_bundle_import_file(cli_operand(cli, 0), &set, err));
    CLI_TRY(keep_roots(set, err));
    CLI_AUTO_JSON list = json_array();
    for (size_t i = 0; i < pn_bundle_set_count(set); i++) {
        const pn_bundle *root = pn_bundle_set_at(set, i);
        const char *name = pn_bundle_name(root);
        json_array_append_new(list, json_pack("{s:s, s:s*}", "fingerprint",
                                              pn_bundle_fingerprint(root), "name", name));
        if (!cli->json) {
            printf("%.12s  %s\n", pn_bundle_fingerprint(root), name ? name : "");
        }
    }
    return cli->json ? cli_print_json(cli, list, err) : PN_OK;
}

const cli_verb cli_verb_bundle_import = {
    .name = "bundle import",
    .operands = "FILE",
    .min_operands = 1,
    .max_operands = 1,
    .summary = "keep the bundles of a file in this project",
    .about = "Reads a bundle file, checks every part of it and every fingerprint, and keeps the\n"
             "bundles in .pinion/bundles of this folder. Nothing is kept of a file that is\n"
             "damaged. What the views of the project were built from last stays as it is.\n",
    .options = no_options,
    .examples = "bundle import revenue.pnb\n",
    .exits = "",
    .run = run_import,
};

/* ---- ls ---------------------------------------------------------------------------------------
 */

/* How many views were built last from this bundle is said by a star. */
static bool is_last(const json_t *views, const char *fingerprint) {
    const char *view;
    json_t *value;
    json_object_foreach((json_t *)(uintptr_t)views, view, value) {
        if (!strcmp(json_string_value(value), fingerprint)) {
            return true;
        }
    }
    return false;
}

static pn_status run_ls(cli_app *cli, pn_error *err) {
    CLI_AUTO_BUF text = PN_BUF_INIT;
    CLI_AUTO_JSON list = NULL;
    pn_bundle_store *store = NULL;
    size_t index;
    json_t *row;
    CLI_TRY(pn_bundle_store_open(CLI_BUNDLES, &store, err));
    pn_status status = pn_bundle_store_list(store, &text, err);
    pn_bundle_store_free(store);
    CLI_TRY(status);
    CLI_TRY(cli_parse(&text, &list, err));
    if (cli->json) {
        return cli_print_json(cli, list, err);
    }
    json_array_foreach(json_object_get(list, "bundles"), index, row) {
        const char *fingerprint = cli_text_of(row, "fingerprint");
        printf("%.12s %s %s\n", fingerprint,
               is_last(json_object_get(list, "views"), fingerprint) ? "*" : " ",
               cli_text_of(row, "name"));
    }
    json_array_foreach(json_object_get(list, "damaged"), index, row) {
        printf("%.12s ! damaged: %s\n", cli_text_of(row, "fingerprint"),
               cli_text_of(row, "reason"));
        cli->exit_code = 1;
    }
    if (!json_array_size(json_object_get(list, "bundles"))) {
        cli_note(cli, "no bundles: `pinion build` and `pinion bundle import` keep them");
    }
    return PN_OK;
}

const cli_verb cli_verb_bundle_ls = {
    .name = "bundle ls",
    .operands = "",
    .summary = "list the bundles that this project keeps",
    .about = "Lists fingerprint and view of every bundle in .pinion/bundles; a star marks what a\n"
             "view was built from last. Every file is read and checked.\n",
    .options = no_options,
    .examples = "bundle ls\nbundle ls --json\n",
    .exits = "a file is damaged",
    .run = run_ls,
};

/* ---- show -------------------------------------------------------------------------------------
 */

static void print_tables(const json_t *bundle) {
    size_t index;
    json_t *table;
    json_array_foreach(json_object_get(bundle, "tables"), index, table) {
        const char *fingerprint = cli_text_of(table, "fingerprint");
        const json_t *pin = json_object_get(table, "pin");
        printf("  %-7s %s", cli_text_of(table, "kind"), cli_text_of(table, "name"));
        if (*fingerprint) {
            printf("  %.12s", fingerprint);
        }
        const char *key;
        json_t *value;
        json_object_foreach((json_t *)(uintptr_t)pin, key, value) {
            const char *text = json_string_value(value);
            if (text && strcmp(key, "scan_config") != 0) {
                printf("  %s %.12s", key, text);
            }
        }
        putchar('\n');
    }
}

/* How many there are; the names are for --json. */
static void print_session(const json_t *snapshot) {
    size_t functions = json_object_size(json_object_get(snapshot, "functions"));
    size_t tables = json_object_size(json_object_get(snapshot, "tables"));
    if (snapshot) {
        printf("session     %zu function%s, %zu table%s\n", functions, functions == 1 ? "" : "s",
               tables, tables == 1 ? "" : "s");
    }
}

static void print_bundle(const json_t *bundle) {
    const char *name;
    json_t *digest;
    printf("fingerprint %s\n", cli_text_of(bundle, "fingerprint"));
    if (json_object_get(bundle, "name")) {
        printf("view        %s\n", cli_text_of(bundle, "name"));
    }
    print_session(json_object_get(bundle, "snapshot"));
    puts("reads");
    print_tables(bundle);
    puts("components");
    json_object_foreach(json_object_get(bundle, "components"), name, digest) {
        printf("  %-15s %.12s\n", name, json_string_value(digest));
    }
}

static pn_status add_snapshot(const pn_bundle *bundle, json_t *json, pn_error *err) {
    CLI_AUTO_BUF text = PN_BUF_INIT;
    json_t *snapshot = NULL;
    pn_error none = PN_ERROR_INIT;
    if (pn_bundle_snapshot(bundle, &text, &none) != PN_OK) {
        return PN_OK; /* of an older file, or of a view below another */
    }
    CLI_TRY(cli_parse(&text, &snapshot, err));
    json_object_set_new(json, "snapshot", snapshot);
    return PN_OK;
}

static pn_status show(cli_app *cli, const pn_bundle *bundle, json_t *list, pn_error *err) {
    CLI_AUTO_BUF text = PN_BUF_INIT;
    CLI_AUTO_JSON json = NULL;
    CLI_TRY(pn_bundle_json(bundle, &text, err));
    CLI_TRY(cli_parse(&text, &json, err));
    if (pn_bundle_sql(bundle)) {
        json_object_set_new(json, "sql", json_string(pn_bundle_sql(bundle)));
    }
    CLI_TRY(add_snapshot(bundle, json, err));
    json_array_append(list, json);
    if (!cli->json) {
        if (json_array_size(list) > 1) {
            putchar('\n');
        }
        print_bundle(json);
    }
    return PN_OK;
}

static pn_status run_show(cli_app *cli, pn_error *err) {
    CLI_AUTO_BUNDLES found = {0};
    CLI_AUTO_JSON list = json_array();
    CLI_TRY(cli_find_bundles(cli_operand(cli, 0), cli_get(cli, "view"), &found, err));
    for (size_t i = 0; i < found.count; i++) {
        CLI_TRY(show(cli, found.items[i], list, err));
    }
    return cli->json ? cli_print_json(cli, list, err) : PN_OK;
}

static const cli_option show_options[] = {
    {"view", 0, CLI_VALUE, false, "VIEW", NULL, "of a file with several: this one"},
    {0},
};

const cli_verb cli_verb_bundle_show = {
    .name = "bundle show",
    .operands = "FILE|FINGERPRINT|VIEW",
    .min_operands = 1,
    .max_operands = 1,
    .summary = "show what a bundle is made of",
    .about =
        "Shows the bundles of a file, or one that this project keeps: by the start of its\n"
        "fingerprint, or by the view that was built from it last. Every part is checked.\n"
        "--json prints documents, pins, functions, schema, lineage, SQL, and the functions and\n"
        "tables that the session had besides.\n",
    .options = show_options,
    .examples = "bundle show revenue.pnb\nbundle show 3f2a9c01 --json\n",
    .exits = "",
    .run = run_show,
};
