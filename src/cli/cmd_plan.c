/* SPDX-License-Identifier: Apache-2.0 */
/* pinion plan: what a build would do, as a tree of what reads what. */
#include "cli/cli.h"

#include <stdlib.h>
#include <string.h>

static const cli_option options[] = {{0}};

typedef struct plan {
    const cli_workspace *workspace;
    const json_t *project;
    json_t *outputs; /* of the project */
    json_t *shown;   /* views whose inputs are printed already */
    cli_tree tree;
} plan;

static const json_t *output_of(const plan *p, const char *view) {
    size_t i;
    json_t *output;
    json_array_foreach(p->outputs, i, output) {
        if (!strcmp(cli_text_of(output, "view"), view)) {
            return output;
        }
    }
    return NULL;
}

/* " -> out/x (delta, overwrite)", or nothing. */
static char *target_text(const plan *p, const char *view) {
    const json_t *output = output_of(p, view);
    return output ? cli_format(" -> %s (%s, %s)",
                               cli_short_path(p->project, cli_text_of(output, "uri")),
                               cli_text_of(output, "format"), cli_text_of(output, "mode"))
                  : cli_format("%s", "");
}

static void print_inputs(plan *p, const pn_bundle *bundle) {
    size_t count = pn_bundle_table_count(bundle);
    for (size_t i = 0; i < count; i++) {
        const char *name = pn_bundle_table_at(bundle, i);
        const pn_bundle *input = pn_bundle_input_at(bundle, i);
        bool is_last = i + 1 == count;
        if (!input) {
            cli_tree_line(&p->tree, is_last, "%s", name);
            continue;
        }
        bool was_shown = json_object_get(p->shown, name) != NULL;
        bool is_short = was_shown && pn_bundle_table_count(input);
        CLI_AUTO_TEXT target = target_text(p, name);
        cli_tree_line(&p->tree, is_last, "%s  %.12s%s%s", name, pn_bundle_fingerprint(input),
                      target, is_short ? "  (see above)" : "");
        json_object_set_new(p->shown, name, json_true());
        if (!was_shown) {
            cli_tree_enter(&p->tree, is_last);
            print_inputs(p, input);
            cli_tree_leave(&p->tree);
        }
    }
}

/* Roots are views that no view reads. */
static json_t *views_read(const pn_view_graph *graph) {
    json_t *read = json_object();
    for (size_t v = 0; v < pn_view_graph_count(graph); v++) {
        const pn_bundle *bundle = pn_view_graph_bundle(graph, pn_view_graph_name_at(graph, v));
        for (size_t i = 0; i < pn_bundle_table_count(bundle); i++) {
            json_object_set_new(read, pn_bundle_table_at(bundle, i), json_true());
        }
    }
    return read;
}

static void print_tree(plan *p) {
    const pn_view_graph *graph = p->workspace->graph;
    CLI_AUTO_JSON read = views_read(graph);
    for (size_t v = 0; v < pn_view_graph_count(graph); v++) {
        const char *name = pn_view_graph_name_at(graph, v);
        if (json_object_get(read, name)) {
            continue;
        }
        const pn_bundle *bundle = pn_view_graph_bundle(graph, name);
        CLI_AUTO_TEXT target = target_text(p, name);
        printf("%s  %.12s%s\n", name, pn_bundle_fingerprint(bundle), target);
        print_inputs(p, bundle);
    }
}

static json_t *view_json(const plan *p, const char *name) {
    const pn_bundle *bundle = pn_view_graph_bundle(p->workspace->graph, name);
    json_t *tables = json_array();
    for (size_t i = 0; i < pn_bundle_table_count(bundle); i++) {
        const pn_bundle *input = pn_bundle_input_at(bundle, i);
        json_array_append_new(tables, json_pack("{s:s, s:s}", "name", pn_bundle_table_at(bundle, i),
                                                "kind", input ? "view" : "dataset"));
    }
    json_t *view = json_pack("{s:s, s:s, s:o}", "name", name, "fingerprint",
                             pn_bundle_fingerprint(bundle), "tables", tables);
    const json_t *output = output_of(p, name);
    if (output) {
        json_object_set_new(view, "output", json_copy((json_t *)(uintptr_t)output));
    }
    return view;
}

static pn_status print_document(cli_app *cli, const plan *p, pn_error *err) {
    const pn_view_graph *graph = p->workspace->graph;
    json_t *views = json_array();
    for (size_t v = 0; v < pn_view_graph_count(graph); v++) {
        json_array_append_new(views, view_json(p, pn_view_graph_name_at(graph, v)));
    }
    CLI_AUTO_JSON document = json_pack("{s:o}", "views", views);
    return cli_print_json(cli, document, err);
}

static pn_status run(cli_app *cli, pn_error *err) {
    CLI_AUTO_WORKSPACE workspace = {0};
    CLI_AUTO_JSON project = NULL;
    CLI_TRY(cli_open_checked(cli, &workspace, err));
    CLI_TRY(cli_project_json(workspace.project, &project, err));
    plan p = {.workspace = &workspace,
              .project = project,
              .outputs = json_object_get(project, "outputs")};
    if (cli->json) {
        return print_document(cli, &p, err);
    }
    if (!pn_view_graph_count(workspace.graph)) {
        cli_note(cli, "no views: add a .sql file to views/");
    }
    p.shown = json_object();
    print_tree(&p);
    cli_tree_dispose(&p.tree);
    json_decref(p.shown);
    return PN_OK;
}

const cli_verb cli_verb_plan = {
    .name = "plan",
    .operands = "",
    .summary = "show the views, their fingerprints and what they read",
    .about =
        "Compiles the project and prints a tree: each view that no other view reads, with its\n"
        "fingerprint, what is written from it, and below it what it reads. Never acts.\n",
    .options = options,
    .examples = "plan\n-C shop plan --json\n",
    .exits = "",
    .run = run,
};
