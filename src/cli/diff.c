/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Differences of bundles for `diff` and `why`. The library compares two bundles; where a view below
 * is the cause, its two bundles are compared in turn, so that the answer ends at what was edited.
 * Each view is explained once.
 */
#include "cli/diff.h"

#include "pinion/diff.h"

#include <string.h>

enum { DEPTH_MAX = 64, ITEM_TEXT_MAX = 100, DIGEST_LEN = 64 };

static const pn_bundle *input_named(const pn_bundle *bundle, const char *name) {
    for (size_t i = 0; i < pn_bundle_table_count(bundle); i++) {
        if (!strcmp(pn_bundle_table_at(bundle, i), name)) {
            return pn_bundle_input_at(bundle, i);
        }
    }
    return NULL;
}

static bool has_component(const json_t *diff, const char *name) {
    size_t i;
    json_t *component;
    json_array_foreach(json_object_get(diff, "components"), i, component) {
        if (!strcmp(cli_text_of(component, "component"), name)) {
            return true;
        }
    }
    return false;
}

/* NOLINTNEXTLINE(misc-no-recursion): bounded by DEPTH_MAX and by `seen` */
static pn_status diff_below(cli_diff_pair pair, json_t *seen, size_t depth, json_t *diff,
                            pn_error *err) {
    json_t *below = json_array();
    json_object_set_new(diff, "below", below);
    for (size_t i = 0; i < pn_bundle_table_count(pair.right); i++) {
        const char *name = pn_bundle_table_at(pair.right, i);
        cli_diff_pair inner = {input_named(pair.left, name), pn_bundle_input_at(pair.right, i)};
        bool differs =
            inner.left && inner.right &&
            strcmp(pn_bundle_fingerprint(inner.left), pn_bundle_fingerprint(inner.right)) != 0;
        if (!differs || json_object_get(seen, name) || depth >= DEPTH_MAX) {
            continue;
        }
        json_object_set_new(seen, name, json_true());
        json_t *found = NULL;
        CLI_TRY(cli_diff_make(inner, seen, depth + 1, &found, err));
        json_array_append_new(below, found);
    }
    return PN_OK;
}

/* NOLINTNEXTLINE(misc-no-recursion): see diff_below() */
pn_status cli_diff_make(cli_diff_pair pair, json_t *seen, size_t depth, json_t **out,
                        pn_error *err) {
    CLI_AUTO_BUF text = PN_BUF_INIT;
    CLI_AUTO_JSON diff = NULL;
    CLI_TRY(pn_diff_bundles(pair.left, pair.right, &text, err));
    CLI_TRY(cli_parse(&text, &diff, err));
    if (has_component(diff, "inputs")) {
        CLI_TRY(diff_below(pair, seen, depth, diff, err));
    }
    *out = diff;
    diff = NULL;
    return PN_OK;
}

static bool is_digest(const char *text, size_t len) {
    return len == DIGEST_LEN && strspn(text, "0123456789abcdef") == len;
}

/* A side of an item on one line. A digest is as long as a fingerprint elsewhere; other long texts
 * are cut. */
static void print_value(const json_t *value) {
    char *dumped = json_is_string(value) ? NULL : json_dumps(value, JSON_ENCODE_ANY | JSON_COMPACT);
    const char *text = dumped ? dumped : json_string_value(value);
    size_t len = text ? strlen(text) : 0;
    size_t kept = len > ITEM_TEXT_MAX ? ITEM_TEXT_MAX : len;
    if (text && is_digest(text, len)) {
        printf("%.12s", text);
        free(dumped);
        return;
    }
    while (kept && kept < len && ((unsigned char)text[kept] & 0xC0) == 0x80) {
        kept--;
    }
    printf("%.*s%s", (int)kept, text ? text : "", kept < len ? "…" : "");
    free(dumped);
}

static void print_item(const json_t *item, int indent) {
    const json_t *left = json_object_get(item, "left");
    const json_t *right = json_object_get(item, "right");
    printf("%*s%s: ", indent, "", cli_text_of(item, "item"));
    if (left && right) {
        print_value(left);
        printf(" -> ");
        print_value(right);
    } else {
        printf("%s ", left ? "removed" : "added");
        print_value(left ? left : right);
    }
    putchar('\n');
}

/* NOLINTNEXTLINE(misc-no-recursion): as deep as the document */
void cli_diff_print(const json_t *diff, int indent) {
    size_t i;
    size_t k;
    json_t *component;
    json_t *item;
    json_array_foreach(json_object_get(diff, "components"), i, component) {
        printf("%*s%s\n", indent, "", cli_text_of(component, "component"));
        json_array_foreach(json_object_get(component, "items"), k, item) {
            print_item(item, indent + 2);
        }
    }
    json_t *below;
    json_array_foreach(json_object_get(diff, "below"), i, below) {
        printf("%*sbecause view %s changed\n", indent, "",
               cli_text_of(json_object_get(below, "right"), "name"));
        cli_diff_print(below, indent + 2);
    }
}
