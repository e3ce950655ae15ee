/* SPDX-License-Identifier: Apache-2.0 */
/* Indentation of a tree as one growing prefix: four columns a level, of six or four bytes. */
#include "cli/cli.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#define BAR "\xE2\x94\x82   "                          /* a branch goes on below */
#define FORK "\xE2\x94\x9C\xE2\x94\x80\xE2\x94\x80 "   /* one of several */
#define CORNER "\xE2\x94\x94\xE2\x94\x80\xE2\x94\x80 " /* the last one */

void cli_tree_line(const cli_tree *tree, bool is_last, const char *format, ...) {
    va_list args;
    printf("%.*s%s", (int)tree->len, tree->len ? tree->prefix : "", is_last ? CORNER : FORK);
    va_start(args, format);
    vprintf(format, args);
    va_end(args);
    putchar('\n');
}

void cli_tree_enter(cli_tree *tree, bool is_last) {
    const char *more = is_last ? "    " : BAR;
    size_t size = strlen(more);
    tree->prefix = cli_grow(tree->prefix, tree->len + size + 1);
    memcpy(tree->prefix + tree->len, more, size + 1);
    tree->len += size;
}

void cli_tree_leave(cli_tree *tree) {
    bool was_bar = tree->len >= 6 && tree->prefix[tree->len - 6] == '\xE2';
    tree->len -= was_bar ? 6 : 4;
}

void cli_tree_dispose(cli_tree *tree) {
    free(tree->prefix);
    *tree = (cli_tree){0};
}
