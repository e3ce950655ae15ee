/* SPDX-License-Identifier: Apache-2.0 */
/* pinion udf ls, show and snapshot: which functions there are, what one of them takes and gives,
 * and all of them as one document with one hash. */
#include "pinion/udf.h"

#include "cli/cli.h"

#include <string.h>

/* ---- ls ------------------------------------------------------------------------------------ */

static const cli_option ls_options[] = {
    {"all", 0, CLI_FLAG, false, NULL, NULL, "the engine's own functions too"},
    {"kind", 0, CLI_VALUE, false, "KIND", "scalar aggregate window table", "only this kind"},
    {"tag", 0, CLI_VALUE, false, "TAG", NULL, "only functions of packs with this rewrite tag"},
    {0},
};

static pn_status read_specs(const cli_workspace *workspace, json_t **specs_out, pn_error *err) {
    CLI_AUTO_BUF text = PN_BUF_INIT;
    CLI_TRY(pn_session_functions(workspace->session, &text, err));
    return cli_parse(&text, specs_out, err);
}

static pn_status read_catalog(const cli_workspace *workspace, json_t **catalog_out, pn_error *err) {
    CLI_AUTO_BUF text = PN_BUF_INIT;
    CLI_TRY(pn_udf_catalog(workspace->session, 0, &text, err));
    return cli_parse(&text, catalog_out, err);
}

static bool has_text(const json_t *list, const char *text) {
    size_t i;
    json_t *entry;
    json_array_foreach((json_t *)(uintptr_t)list, i, entry) {
        if (!strcmp(json_string_value(entry), text)) {
            return true;
        }
    }
    return false;
}

static json_t *find_spec(const json_t *specs, const char *name) {
    size_t i;
    json_t *spec;
    json_array_foreach((json_t *)(uintptr_t)specs, i, spec) {
        if (!strcmp(cli_text_of(spec, "name"), name) ||
            has_text(json_object_get(spec, "aliases"), name)) {
            return spec;
        }
    }
    return NULL;
}

static bool is_wanted(const cli_app *cli, const json_t *spec) {
    const char *kind = cli_get(cli, "kind");
    const char *tag = cli_get(cli, "tag");
    return (!kind || !strcmp(kind, cli_text_of(spec, "kind"))) &&
           (!tag || has_text(json_object_get(spec, "rewrite_tags"), tag));
}

/* Whose function it is that no pack has: a statement's, that of a library's file, the engine's. */
static const char *owner_of(const json_t *catalog, const char *name) {
    const char *library = cli_text_of(json_object_get(catalog, "libraries"), name);
    if (json_object_get(json_object_get(catalog, "statements"), name)) {
        return "sql";
    }
    return *library ? library : "engine";
}

/* Names of functions that no pack has, one row per kind of each; the engine's only when asked. */
static pn_status add_others(const cli_app *cli, const cli_workspace *workspace, const json_t *specs,
                            json_t *rows, pn_error *err) {
    CLI_AUTO_JSON catalog = NULL;
    const char *kind;
    json_t *names;
    CLI_TRY(read_catalog(workspace, &catalog, err));
    const json_t *statements = json_object_get(catalog, "statements");
    json_object_foreach(json_object_get(catalog, "functions_by_category"), kind, names) {
        size_t i;
        json_t *name;
        json_array_foreach(names, i, name) {
            const json_t *made = json_object_get(statements, json_string_value(name));
            const char *owner = owner_of(catalog, json_string_value(name));
            CLI_AUTO_JSON row =
                json_pack("{s:O, s:s, s:s, s:O*}", "name", name, "kind", kind, "pack", owner,
                          "volatility", json_object_get(made, "volatility"));
            if (!find_spec(specs, json_string_value(name)) && is_wanted(cli, row) &&
                (strcmp(owner, "engine") != 0 || cli_has(cli, "all"))) {
                json_array_append(rows, row);
            }
        }
    }
    return PN_OK;
}

static void print_rows(const json_t *rows) {
    size_t i;
    json_t *row;
    json_array_foreach((json_t *)(uintptr_t)rows, i, row) {
        printf("%-24s %-9s  %-9s  %-8s %s\n", cli_text_of(row, "name"), cli_text_of(row, "kind"),
               cli_text_of(row, "volatility"), cli_text_of(row, "pack"),
               cli_text_of(row, "signature"));
    }
}

static pn_status run_ls(cli_app *cli, pn_error *err) {
    CLI_AUTO_WORKSPACE workspace = {0};
    CLI_AUTO_JSON specs = NULL;
    CLI_AUTO_JSON rows = json_array();
    size_t i;
    json_t *spec;
    CLI_TRY(cli_open_workspace(cli, &workspace, err));
    CLI_TRY(read_specs(&workspace, &specs, err));
    json_array_foreach(specs, i, spec) {
        if (is_wanted(cli, spec)) {
            json_array_append(rows, spec);
        }
    }
    CLI_TRY(add_others(cli, &workspace, specs, rows, err));
    if (cli->json) {
        return cli_print_json(cli, rows, err);
    }
    print_rows(rows);
    if (!json_array_size(rows)) {
        cli_note(cli, "no such functions: `pinion udf ls` lists all of the packs, "
                      "`pinion udf snapshot --tags` their tags");
    }
    return PN_OK;
}

const cli_verb cli_verb_udf_ls = {
    .name = "udf ls",
    .operands = "",
    .summary = "list the functions of packs, libraries and CREATE FUNCTION",
    .about =
        "Lists what the built-in pack and the packs of pinion.yaml bring: name, kind,\n"
        "volatility, pack and signature. Letters of a signature: s text, l and i integers,\n"
        "g floating point, b boolean, * anything, t anything as text, [] optional. Functions of\n"
        "libraries and of functions/*.sql (pack `sql`) follow.\n",
    .options = ls_options,
    .examples = "udf ls\nudf ls --tag hash\nudf ls --all --kind aggregate\n-C shop udf ls --json\n",
    .exits = "",
    .run = run_ls,
};

/* ---- show ---------------------------------------------------------------------------------- */

static const cli_option no_options[] = {{0}};

static void print_list(const char *label, const json_t *texts) {
    size_t i;
    json_t *text;
    if (!json_array_size(texts)) {
        return;
    }
    printf("%-12s", label);
    json_array_foreach((json_t *)(uintptr_t)texts, i, text) {
        printf("%s%s", i ? ", " : " ", json_is_string(text) ? json_string_value(text) : "");
    }
    printf("\n");
}

static void print_call(const char *name, const json_t *inputs, const json_t *names,
                       const char *result) {
    size_t i;
    json_t *type;
    printf("  %s(", name);
    json_array_foreach((json_t *)(uintptr_t)inputs, i, type) {
        const char *argument = json_string_value(json_array_get(names, i));
        printf("%s%s%s%s", i ? ", " : "", argument ? argument : "", argument ? " " : "",
               json_string_value(type));
    }
    printf(") -> %s\n", result ? result : "decided per call");
}

static void print_field(const char *label, const char *text) {
    if (*text) {
        printf("%-12s %s\n", label, text);
    }
}

static void print_doc(const json_t *doc, const json_t *names) {
    size_t i;
    json_t *text;
    print_field("section", cli_text_of(doc, "section"));
    print_field("syntax", cli_text_of(doc, "syntax"));
    print_field("or", cli_text_of(doc, "alternative_syntax"));
    json_array_foreach(json_object_get(doc, "argument_descriptions"), i, text) {
        const char *name = json_string_value(json_array_get(names, i));
        if (json_is_string(text))
            printf("%-12s %s: %s\n", "argument", name ? name : "", json_string_value(text));
    }
    print_field("example", cli_text_of(doc, "sql_example"));
    print_list("see", json_object_get(doc, "related_udfs"));
}

static void print_spec(const json_t *spec) {
    const char *name = cli_text_of(spec, "name");
    const json_t *doc = json_object_get(spec, "doc");
    const json_t *results = json_object_get(spec, "return_types");
    const char *key;
    size_t i;
    json_t *value;
    printf("%s: %s\n", name, cli_text_of(doc, "description"));
    json_array_foreach(json_object_get(spec, "signature_inputs"), i, value) {
        print_call(name, value, json_object_get(spec, "parameter_names"),
                   json_string_value(json_array_get(results, i)));
    }
    print_field("kind", cli_text_of(spec, "kind"));
    print_field("volatility", cli_text_of(spec, "volatility"));
    print_field("pack", cli_text_of(spec, "pack"));
    print_field("version", cli_text_of(spec, "version"));
    print_field("body", cli_text_of(spec, "digest"));
    print_list("aliases", json_object_get(spec, "aliases"));
    print_list("tags", json_object_get(spec, "rewrite_tags"));
    json_object_foreach(json_object_get(spec, "config_defaults"), key, value) {
        printf("%-12s %s = %s\n", "default", key, json_string_value(value));
    }
    print_doc(doc, json_object_get(spec, "parameter_names"));
}

/* Names in SQL are lower case unless they are quoted. */
static pn_status no_such_function(const json_t *catalog, const char *name, pn_error *err) {
    const json_t *names = json_object_get(catalog, "function_names");
    const char **candidates = cli_alloc((json_array_size(names) + 1) * sizeof *candidates);
    CLI_AUTO_TEXT lower = cli_format("%s", name);
    for (char *at = lower; *at; at++) {
        if (*at >= 'A' && *at <= 'Z') {
            *at = (char)(*at - 'A' + 'a');
        }
    }
    for (size_t i = 0; i <= json_array_size(names); i++) {
        candidates[i] = json_string_value(json_array_get(names, i));
    }
    const char *near = cli_nearest(lower, candidates);
    pn_status status = cli_fail(err, CLI_E_FUNCTION, "there is no function '%.80s'", name);
    cli_hint(err, "%s%s%s`pinion udf ls --all` lists all functions", near ? "did you mean '" : "",
             near ? near : "", near ? "'? " : "");
    free(candidates);
    return status;
}

/* A function that no pack has: what the engine says of it, or the statement that made it. */
static pn_status show_other(cli_app *cli, const cli_workspace *workspace, const char *name,
                            pn_error *err) {
    CLI_AUTO_JSON catalog = NULL;
    size_t i;
    json_t *signature;
    CLI_TRY(read_catalog(workspace, &catalog, err));
    if (!has_text(json_object_get(catalog, "function_names"), name)) {
        return no_such_function(catalog, name, err);
    }
    json_t *signatures = json_object_get(json_object_get(catalog, "function_signatures"), name);
    const json_t *made = json_object_get(json_object_get(catalog, "statements"), name);
    const char *owner = owner_of(catalog, name);
    bool is_library = !made && strcmp(owner, "engine") != 0;
    if (cli->json) {
        CLI_AUTO_JSON document = made ? json_deep_copy(made) : json_object();
        json_object_set_new(document, "name", json_string(name));
        json_object_set_new(document, "pack", json_string(owner));
        if (signatures) {
            json_object_set(document, "signatures", signatures);
        }
        return cli_print_json(cli, document, err);
    }
    printf("%s: %s%s\n", name,
           made         ? "made by CREATE FUNCTION"
           : is_library ? "a function of the library "
                        : "a function of the engine",
           is_library ? owner : "");
    if (made) {
        print_field("kind", cli_text_of(made, "kind"));
        print_field("volatility", cli_text_of(made, "volatility"));
        print_field("declaration", cli_text_of(made, "declaration"));
        return PN_OK;
    }
    json_array_foreach(signatures, i, signature) {
        print_call(name, json_object_get(signature, "input_types"),
                   json_object_get(signature, "arg_names"),
                   json_string_value(json_object_get(signature, "return_type")));
    }
    return PN_OK;
}

static pn_status run_show(cli_app *cli, pn_error *err) {
    CLI_AUTO_WORKSPACE workspace = {0};
    CLI_AUTO_JSON specs = NULL;
    const char *name = cli_operand(cli, 0);
    CLI_TRY(cli_open_workspace(cli, &workspace, err));
    CLI_TRY(read_specs(&workspace, &specs, err));
    json_t *spec = find_spec(specs, name);
    if (!spec) {
        return show_other(cli, &workspace, name, err);
    }
    if (cli->json) {
        return cli_print_json(cli, spec, err);
    }
    print_spec(spec);
    return PN_OK;
}

const cli_verb cli_verb_udf_show = {
    .name = "udf show",
    .operands = "NAME",
    .min_operands = 1,
    .max_operands = 1,
    .summary = "show what one function takes, gives and is known by",
    .about = "Takes a name or an alias. The body is the digest that enters the fingerprint of\n"
             "every view that uses the function.\n",
    .options = no_options,
    .examples = "udf show stable_id\nudf show sha256 --json\n",
    .exits = "",
    .run = run_show,
};

/* ---- snapshot ------------------------------------------------------------------------------ */

static const cli_option snapshot_options[] = {
    {"hash", 0, CLI_FLAG, false, NULL, NULL, "print the hash alone"},
    {"tags", 0, CLI_FLAG, false, NULL, NULL, "print the index of rewrite tags instead"},
    {"platform", 0, CLI_FLAG, false, NULL, NULL,
     "print what was installed instead: packs, planners, policies"},
    {"parity", 0, CLI_FLAG, false, NULL, NULL,
     "compare with what the engine says; exit code 1 when they differ"},
    {0},
};

static pn_status read_snapshot(const cli_app *cli, pn_session *session, pn_buf *text,
                               pn_error *err) {
    return cli_has(cli, "hash")       ? pn_udf_snapshot_hash(session, text, err)
           : cli_has(cli, "tags")     ? pn_udf_tags(session, text, err)
           : cli_has(cli, "platform") ? pn_session_platform(session, text, err)
           : cli_has(cli, "parity")   ? pn_udf_parity(session, text, err)
                                      : pn_udf_snapshot(session, text, err);
}

static pn_status print_hash(cli_app *cli, const pn_buf *text, pn_error *err) {
    CLI_AUTO_JSON hash = json_stringn((const char *)text->data, text->len);
    if (cli->json) {
        return cli_print_json(cli, hash, err);
    }
    printf("%s\n", json_string_value(hash));
    return PN_OK;
}

static pn_status run_snapshot(cli_app *cli, pn_error *err) {
    CLI_AUTO_WORKSPACE workspace = {0};
    CLI_AUTO_BUF text = PN_BUF_INIT;
    CLI_AUTO_JSON document = NULL;
    if (cli_has(cli, "hash") + cli_has(cli, "tags") + cli_has(cli, "platform") +
            cli_has(cli, "parity") >
        1) {
        return cli_fail(err, CLI_E_USAGE,
                        "'--hash', '--tags', '--platform' and '--parity' exclude each other");
    }
    CLI_TRY(cli_open_workspace(cli, &workspace, err));
    CLI_TRY(read_snapshot(cli, workspace.session, &text, err));
    if (cli_has(cli, "hash")) {
        return print_hash(cli, &text, err);
    }
    CLI_TRY(cli_parse(&text, &document, err));
    if (cli_has(cli, "parity")) {
        cli->exit_code = !json_is_true(json_object_get(document, "ok"));
    }
    return cli_print_json(cli, document, err);
}

const cli_verb cli_verb_udf_snapshot = {
    .name = "udf snapshot",
    .operands = "",
    .summary = "print all functions of the packs as one document",
    .about = "The snapshot lists every function of a pack with signatures, tags and body digest,\n"
             "as JSON. Its hash is the same wherever the same packs are loaded. Bundles record\n"
             "both; a fingerprint covers the functions that its plan uses, and no others.\n",
    .options = snapshot_options,
    .examples = "udf snapshot\nudf snapshot --hash\nudf snapshot --platform\nudf snapshot "
                "--parity\n",
    .exits = "--parity found a difference",
    .run = run_snapshot,
};
