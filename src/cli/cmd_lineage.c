/* SPDX-License-Identifier: Apache-2.0 */
/*
 * pinion lineage: where columns come from. The library answers for one view over what it reads;
 * here columns of views are followed further down to the datasets. What decides about rows
 * (filters, joins, …) is named at the view asked for and not followed.
 */
#include "cli/cli.h"

#include <string.h>

static const cli_option options[] = {
    {"report", 0, CLI_FLAG, false, NULL, NULL,
     "scans, joins and expressions of the view's own plan instead"},
    {0},
};

typedef struct trace {
    json_t *documents; /* lineage by view */
    cli_tree tree;
} trace;

static pn_status document_of(trace *t, const pn_bundle *bundle, const char *view, json_t **out,
                             pn_error *err) {
    CLI_AUTO_BUF text = PN_BUF_INIT;
    *out = json_object_get(t->documents, view);
    if (*out) {
        return PN_OK;
    }
    CLI_TRY(pn_bundle_lineage(bundle, &text, err));
    CLI_TRY(cli_parse(&text, out, err));
    json_object_set_new(t->documents, view, *out);
    return PN_OK;
}

static const pn_bundle *input_named(const pn_bundle *bundle, const char *table) {
    for (size_t i = 0; i < pn_bundle_table_count(bundle); i++) {
        if (!strcmp(pn_bundle_table_at(bundle, i), table)) {
            return pn_bundle_input_at(bundle, i);
        }
    }
    return NULL;
}

static json_t *output_named(const json_t *document, const char *column) {
    size_t i;
    json_t *output;
    json_array_foreach(json_object_get(document, "outputs"), i, output) {
        if (!strcmp(cli_text_of(output, "name"), column)) {
            return output;
        }
    }
    return NULL;
}

static bool is_direct(const json_t *input) {
    return !strcmp(cli_text_of(input, "role"), "direct");
}

static pn_status print_inputs(trace *t, const pn_bundle *bundle, const json_t *output, bool is_top,
                              pn_error *err);

static pn_status print_input(trace *t, const pn_bundle *bundle, const json_t *input, bool is_last,
                             pn_error *err) {
    const char *table = cli_text_of(input, "table");
    const char *column = cli_text_of(input, "column");
    const pn_bundle *below = is_direct(input) ? input_named(bundle, table) : NULL;
    cli_tree_line(&t->tree, is_last, "%s.%s  (%s)", table, column, cli_text_of(input, "kind"));
    if (!below) {
        return PN_OK;
    }
    json_t *document;
    CLI_TRY(document_of(t, below, table, &document, err));
    cli_tree_enter(&t->tree, is_last);
    pn_status status = print_inputs(t, below, output_named(document, column), false, err);
    cli_tree_leave(&t->tree);
    return status;
}

static pn_status print_inputs(trace *t, const pn_bundle *bundle, const json_t *output, bool is_top,
                              pn_error *err) {
    const json_t *inputs = json_object_get(output, "inputs");
    size_t shown = 0;
    size_t count = 0;
    size_t i;
    json_t *input;
    json_array_foreach(inputs, i, input) {
        count += is_top || is_direct(input);
    }
    json_array_foreach(inputs, i, input) {
        if (is_top || is_direct(input)) {
            CLI_TRY(print_input(t, bundle, input, ++shown == count, err));
        }
    }
    return PN_OK;
}

static pn_status print_column(trace *t, const pn_bundle *bundle, const json_t *output,
                              pn_error *err) {
    const char *expression = cli_text_of(output, "expression");
    bool is_complete = json_is_true(json_object_get(output, "complete"));
    printf("%s%s%s%s\n", cli_text_of(output, "name"), *expression ? " = " : "", expression,
           is_complete ? "" : "  (incomplete: a part is not understood)");
    return print_inputs(t, bundle, output, true, err);
}

static pn_status no_such_column(const char *view, const char *column, const json_t *document,
                                pn_error *err) {
    const char *names[256] = {0};
    const json_t *outputs = json_object_get(document, "outputs");
    pn_status status = cli_fail(err, CLI_E_COLUMN, "view '%s' has no column '%s'", view, column);
    size_t at = 0;
    size_t i;
    json_t *output;
    json_array_foreach(outputs, i, output) {
        const char *name = cli_text_of(output, "name");
        size_t room = sizeof err->detail - at;
        int len = snprintf(err->detail + at, room, "%s%s", i ? ", " : "columns: ", name);
        at += len > 0 && (size_t)len < room ? (size_t)len : 0;
        if (i < 255) {
            names[i] = name;
        }
    }
    const char *near = cli_nearest(column, names);
    if (near) {
        cli_hint(err, "did you mean '%s'?", near);
    }
    return status;
}

static pn_status print_lineage(cli_app *cli, trace *t, const pn_bundle *bundle, pn_error *err) {
    const char *view = cli_operand(cli, 0);
    const char *column = cli_operand(cli, 1);
    json_t *document;
    CLI_TRY(document_of(t, bundle, view, &document, err));
    const json_t *chosen = column ? output_named(document, column) : NULL;
    if (column && !chosen) {
        return no_such_column(view, column, document, err);
    }
    if (cli->json) {
        return cli_print_json(cli, chosen ? chosen : document, err);
    }
    if (chosen) {
        return print_column(t, bundle, chosen, err);
    }
    size_t i;
    json_t *output;
    json_array_foreach(json_object_get(document, "outputs"), i, output) {
        CLI_TRY(print_column(t, bundle, output, err));
    }
    return PN_OK;
}

/* ---- --report ------------------------------------------------------------------------------- */

static void print_texts(const char *label, const json_t *expressions) {
    size_t i;
    json_t *expression;
    json_array_foreach((json_t *)(uintptr_t)expressions, i, expression) {
        printf("  %-10s %s\n", label, cli_text_of(expression, "text"));
    }
}

static void print_joins(const json_t *joins) {
    size_t i;
    size_t k;
    json_t *join;
    json_t *left;
    json_array_foreach((json_t *)(uintptr_t)joins, i, join) {
        const json_t *right = json_object_get(join, "right_keys");
        printf("join       %s\n", cli_text_of(join, "type"));
        json_array_foreach(json_object_get(join, "left_keys"), k, left) {
            printf("  %-10s %s = %s\n", "key", cli_text_of(left, "text"),
                   cli_text_of(json_array_get(right, k), "text"));
        }
        print_texts("condition", json_object_get(join, "conditions"));
    }
}

static void print_report(const json_t *report) {
    size_t i;
    size_t c;
    json_t *record;
    json_t *column;
    json_array_foreach(json_object_get(report, "scans"), i, record) {
        printf("scan       %s:", cli_text_of(record, "table"));
        json_array_foreach(json_object_get(record, "columns"), c, column) {
            printf(" %s", json_string_value(column));
        }
        putchar('\n');
        print_texts("filter", json_object_get(record, "filters"));
    }
    print_joins(json_object_get(report, "joins"));
    json_array_foreach(json_object_get(report, "expressions"), i, record) {
        printf("%-10s %s\n", cli_text_of(record, "kind"), cli_text_of(record, "text"));
    }
}

static pn_status report(cli_app *cli, const cli_workspace *workspace, const pn_bundle *bundle,
                        pn_error *err) {
    CLI_AUTO_BUF text = PN_BUF_INIT;
    CLI_AUTO_JSON document = NULL;
    CLI_TRY(
        pn_bundle_artifact(workspace->session, bundle, "lineage_report", cli->cancel, &text, err));
    CLI_TRY(cli_parse(&text, &document, err));
    if (cli->json) {
        return cli_print_json(cli, document, err);
    }
    print_report(document);
    return PN_OK;
}

static pn_status run(cli_app *cli, pn_error *err) {
    CLI_AUTO_WORKSPACE workspace = {0};
    const pn_bundle *bundle = NULL;
    if (cli_has(cli, "report") && cli_operand(cli, 1)) {
        return cli_fail(err, CLI_E_USAGE, "'--report' is about a view, not about one column of it");
    }
    CLI_TRY(cli_open_checked(cli, &workspace, err));
    CLI_TRY(cli_find_view(&workspace, cli_operand(cli, 0), &bundle, err));
    if (cli_has(cli, "report")) {
        return report(cli, &workspace, bundle, err);
    }
    trace t = {.documents = json_object()};
    pn_status status = print_lineage(cli, &t, bundle, err);
    cli_tree_dispose(&t.tree);
    json_decref(t.documents);
    return status;
}

const cli_verb cli_verb_lineage = {
    .name = "lineage",
    .operands = "VIEW [COLUMN]",
    .min_operands = 1,
    .max_operands = 2,
    .summary = "show where the columns of a view come from",
    .about =
        "Prints for each column what it is made of, down to the datasets, and what decides\n"
        "about its rows (filter, join, group, sort, window). With --json the lineage of the\n"
        "view itself, over the tables it reads. With --report what its relations do: scans with\n"
        "their filters, joins with their keys, expressions with columns and functions.\n",
    .options = options,
    .examples = "lineage revenue_by_customer\nlineage revenue_by_customer revenue\n"
                "lineage big_orders --json\nlineage revenue_by_customer --report\n",
    .exits = "",
    .run = run,
};
