/* SPDX-License-Identifier: Apache-2.0 */
/*
 * pinion diff: what differs between two views, stored bundles, bundle files or projects. Each
 * operand becomes a list of named bundles; two lists of one are compared as they are, others view
 * by view.
 */
#include "cli/bundle.h"
#include "cli/diff.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static const cli_option options[] = {{0}};

typedef struct side {
    cli_workspace workspace; /* of a project, or nothing */
    pn_bundle_set *set;      /* of a file, or NULL */
    pn_bundle *stored;       /* of the store, or NULL */
    const pn_bundle *one;    /* NULL: all views of the project or file */
} side;

static void side_close(side *s) {
    cli_close_workspace(&s->workspace);
    pn_bundle_set_free(s->set);
    pn_bundle_unref(s->stored);
}

static size_t side_count(const side *s) {
    return s->one   ? 1
           : s->set ? pn_bundle_set_count(s->set)
                    : pn_view_graph_count(s->workspace.graph);
}

static const pn_bundle *side_at(const side *s, size_t index) {
    if (s->one) {
        return s->one;
    }
    return s->set ? pn_bundle_set_at(s->set, index)
                  : pn_view_graph_bundle(s->workspace.graph,
                                         pn_view_graph_name_at(s->workspace.graph, index));
}

static const pn_bundle *side_find(const side *s, const char *name) {
    for (size_t i = 0; i < side_count(s); i++) {
        const char *found = pn_bundle_name(side_at(s, i));
        if (found && !strcmp(found, name)) {
            return side_at(s, i);
        }
    }
    return NULL;
}

/* ---- operands ----------------------------------------------------------------------------- */

static bool is_project(const char *dir) {
    CLI_AUTO_TEXT path = cli_format("%s/pinion.yaml", dir);
    return access(path, F_OK) == 0;
}

static bool is_file(const char *path) {
    struct stat at;
    return stat(path, &at) == 0 && S_ISREG(at.st_mode);
}

static bool is_folder(const char *path) {
    struct stat at;
    return stat(path, &at) == 0 && S_ISDIR(at.st_mode);
}

static pn_status open_file(const char *path, side *out, pn_error *err) {
    CLI_TRY(pn_bundle_import_file(path, &out->set, err));
    out->one = pn_bundle_set_count(out->set) == 1 ? pn_bundle_set_at(out->set, 0) : NULL;
    return PN_OK;
}

/* DIR or DIR:VIEW; with no project in DIR it is neither. */
static pn_status open_project(const cli_app *cli, const char *operand, side *out, bool *taken,
                              pn_error *err) {
    const char *colon = strrchr(operand, ':');
    size_t len = colon ? (size_t)(colon - operand) : strlen(operand);
    CLI_AUTO_TEXT dir = cli_format("%.*s", (int)len, operand);
    *taken = is_project(dir);
    if (!*taken) {
        return PN_OK;
    }
    CLI_TRY(cli_open_checked_at(cli, dir, &out->workspace, err));
    return colon ? cli_find_view(&out->workspace, colon + 1, &out->one, err) : PN_OK;
}

static pn_status open_stored(const char *prefix, side *out, pn_error *err) {
    pn_bundle_store *store = NULL;
    CLI_TRY(pn_bundle_store_open(CLI_BUNDLES, &store, err));
    pn_status status = pn_bundle_store_get(store, prefix, &out->stored, err);
    pn_bundle_store_free(store);
    out->one = out->stored;
    return status;
}

static pn_status no_such_place(const char *operand, pn_error *err) {
    pn_status status = cli_fail(err, CLI_E_FILE_MISSING,
                                "'%s' is neither a project folder nor a bundle file", operand);
    cli_hint(err, "a project folder holds pinion.yaml; a view of one is FOLDER:VIEW");
    return status;
}

static pn_status open_side(const cli_app *cli, const char *operand, side *out, pn_error *err) {
    bool taken = false;
    CLI_TRY(open_project(cli, operand, out, &taken, err));
    if (taken) {
        return PN_OK;
    }
    if (is_file(operand)) {
        return open_file(operand, out, err);
    }
    if (strchr(operand, '/')) {
        return no_such_place(operand, err);
    }
    if (is_project(".")) {
        CLI_TRY(cli_open_checked(cli, &out->workspace, err));
        out->one = pn_view_graph_bundle(out->workspace.graph, operand);
    }
    if (!out->one && cli_is_fingerprint(operand)) {
        return open_stored(operand, out, err);
    }
    if (!out->workspace.graph) { /* no project here: say so, rather than that a view is missing */
        return cli_open_checked(cli, &out->workspace, err);
    }
    if (!out->one && is_folder(operand)) {
        return no_such_place(operand, err);
    }
    return out->one ? PN_OK : cli_find_view(&out->workspace, operand, &out->one, err);
}

/* ---- comparing ---------------------------------------------------------------------------- */

/* Each view of one side that the other has not. */
static json_t *names_missing(const side *from, const side *in) {
    json_t *names = json_array();
    for (size_t i = 0; i < side_count(from); i++) {
        const char *name = pn_bundle_name(side_at(from, i));
        if (name && !side_find(in, name)) {
            json_array_append_new(names, json_string(name));
        }
    }
    return names;
}

static pn_status compare_pair(cli_diff_pair pair, json_t *seen, json_t *changed, json_t *unchanged,
                              pn_error *err) {
    json_t *diff = NULL;
    CLI_TRY(cli_diff_make(pair, seen, 0, &diff, err));
    if (json_is_true(json_object_get(diff, "equal"))) {
        json_array_append_new(unchanged, json_string(pn_bundle_name(pair.right)
                                                         ? pn_bundle_name(pair.right)
                                                         : pn_bundle_fingerprint(pair.right)));
        json_decref(diff);
    } else {
        json_array_append_new(changed, diff);
    }
    return PN_OK;
}

static pn_status compare_sides(const side *left, const side *right, json_t **out, pn_error *err) {
    bool single = left->one && right->one;
    json_t *changed = json_array();
    json_t *unchanged = json_array();
    *out = json_pack("{s:o, s:o, s:o, s:o}", "added",
                     single ? json_array() : names_missing(right, left), "removed",
                     single ? json_array() : names_missing(left, right), "changed", changed,
                     "unchanged", unchanged);
    for (size_t i = 0; i < side_count(right); i++) {
        cli_diff_pair pair = {NULL, side_at(right, i)};
        pair.left = single ? left->one : side_find(left, pn_bundle_name(pair.right));
        /* of many views each stands for itself: nothing is explained twice */
        CLI_AUTO_JSON seen = json_object();
        for (size_t v = 0; !single && v < side_count(right); v++) {
            json_object_set_new(seen, pn_bundle_name(side_at(right, v)), json_true());
        }
        if (pair.left) {
            CLI_TRY(compare_pair(pair, seen, changed, unchanged, err));
        }
    }
    return PN_OK;
}

static void print_names(const char *sign, const json_t *names) {
    size_t i;
    json_t *name;
    json_array_foreach(names, i, name) {
        printf("%s %s\n", sign, json_string_value(name));
    }
}

static void print_document(const json_t *document) {
    size_t i;
    json_t *diff;
    print_names("removed  ", json_object_get(document, "removed"));
    print_names("added    ", json_object_get(document, "added"));
    json_array_foreach(json_object_get(document, "changed"), i, diff) {
        const json_t *left = json_object_get(diff, "left");
        const json_t *right = json_object_get(diff, "right");
        const char *name = cli_text_of(right, "name");
        printf("changed   %s%s%.12s -> %.12s%s\n", name, *name ? "  " : "",
               cli_text_of(left, "fingerprint"), cli_text_of(right, "fingerprint"),
               !strcmp(cli_text_of(diff, "cause"), "indirect") ? "  (by a view below)" : "");
        cli_diff_print(diff, 2);
    }
    print_names("unchanged", json_object_get(document, "unchanged"));
}

static pn_status run(cli_app *cli, pn_error *err) {
    side sides[2] = {0};
    CLI_AUTO_JSON document = NULL;
    pn_status status = PN_OK;
    for (size_t s = 0; status == PN_OK && s < 2; s++) {
        status = open_side(cli, cli_operand(cli, s), &sides[s], err);
    }
    if (status == PN_OK) {
        status = compare_sides(&sides[0], &sides[1], &document, err);
    }
    side_close(&sides[0]);
    side_close(&sides[1]);
    CLI_TRY(status);
    if (cli->json) {
        return cli_print_json(cli, document, err);
    }
    print_document(document);
    return PN_OK;
}

const cli_verb cli_verb_diff = {
    .name = "diff",
    .operands = "A B",
    .min_operands = 2,
    .max_operands = 2,
    .summary = "list exactly what differs between two views or projects",
    .about = "A and B are each a project folder, a view of one (FOLDER:VIEW), a view of this\n"
             "project, a bundle file, or the first digits of a fingerprint that this project\n"
             "keeps. Prints the components of the fingerprint that differ and in each the items;\n"
             "where a view below is the cause, what changed there.\n",
    .options = options,
    .examples = "diff revenue revenue_by_customer\ndiff ../before .\n"
                "diff ../before:revenue revenue --json\ndiff 3fa9c1 revenue\n",
    .exits = "",
    .run = run,
};
