/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One tree to rows, in preorder, by a cursor and a stack of our own: depth costs heap and never C
 * stack, so 100,000 open brackets are as good as one. The frames of the stack hold what a child row
 * needs of its parent: the id and the count of children so far. Offsets are those of the file's
 * bytes, whatever they are; invalid UTF-8 becomes ERROR nodes, never a lost file.
 */
#include "extract_ts.h"

#include <tree_sitter/api.h>

const TSLanguage *tree_sitter_python(void);

typedef struct frame {
    char id[PX_ID_SIZE];
    size_t id_len;
    int32_t children;
} frame;

struct px_parser {
    TSParser *parser;
    PNI_VEC(frame) stack;
};

typedef struct walker {
    px_parser *parser;
    px_tables *tables;
    px_ids *ids;
    int32_t file;
    int64_t node_count;
    int32_t named_count, error_count, missing_count;
} walker;

/* clang-format off */
#define SPAN_COLUMNS                                                                               \
    {"span.start.line0", PX_INT32}, {"span.start.col", PX_INT32}, {"span.end.line0", PX_INT32},    \
    {"span.end.col", PX_INT32}, {"span.byte_span.byte_start", PX_INT32},                           \
    {"span.byte_span.byte_len", PX_INT32}

static const px_column node_columns[] = {
    {"file", PX_INT32}, {"node_id", PX_UTF8}, {"node_uid", PX_INT64}, {"parent_id", PX_UTF8},
    {"kind", PX_UTF8}, {"kind_id", PX_INT32}, {"grammar_id", PX_INT32}, {"grammar_name", PX_UTF8},
    SPAN_COLUMNS,
    {"flags.is_named", PX_BOOL}, {"flags.has_error", PX_BOOL}, {"flags.is_error", PX_BOOL},
    {"flags.is_missing", PX_BOOL}, {"flags.is_extra", PX_BOOL}, {"flags.has_changes", PX_BOOL},
};
static const px_column edge_columns[] = {
    {"file", PX_INT32}, {"parent_id", PX_UTF8}, {"child_id", PX_UTF8}, {"field_name", PX_UTF8},
    {"child_index", PX_INT32},
};
static const px_column error_columns[] = {
    {"file", PX_INT32}, {"error_id", PX_UTF8}, {"node_id", PX_UTF8}, SPAN_COLUMNS,
};
static const px_column missing_columns[] = {
    {"file", PX_INT32}, {"missing_id", PX_UTF8}, {"node_id", PX_UTF8}, SPAN_COLUMNS,
};
static const px_column stats_columns[] = {
    {"file", PX_INT32}, {"node_count", PX_INT32}, {"named_count", PX_INT32},
    {"error_count", PX_INT32}, {"missing_count", PX_INT32}, {"parse_ms", PX_INT64},
};
/* clang-format on */

#define TABLE_INIT(table, name, columns)                                                           \
    px_table_init((table), (name), (columns), sizeof(columns) / sizeof(columns)[0])

void px_tables_init(px_tables *tables) {
    TABLE_INIT(&tables->nodes, "ts.nodes", node_columns);
    TABLE_INIT(&tables->edges, "ts.edges", edge_columns);
    TABLE_INIT(&tables->errors, "ts.errors", error_columns);
    TABLE_INIT(&tables->missing, "ts.missing", missing_columns);
    TABLE_INIT(&tables->stats, "ts.stats", stats_columns);
}

void px_tables_dispose(px_tables *tables) {
    px_table_dispose(&tables->nodes);
    px_table_dispose(&tables->edges);
    px_table_dispose(&tables->errors);
    px_table_dispose(&tables->missing);
    px_table_dispose(&tables->stats);
}

pn_status px_tables_write(px_tables *tables, FILE *out, pn_error *err) {
    PNI_TRY(px_table_write(&tables->nodes, out, err));
    PNI_TRY(px_table_write(&tables->edges, out, err));
    PNI_TRY(px_table_write(&tables->errors, out, err));
    PNI_TRY(px_table_write(&tables->missing, out, err));
    return px_table_write(&tables->stats, out, err);
}

px_parser *px_parser_new(void) {
    px_parser *parser = pni_calloc(1, sizeof *parser);
    parser->parser = ts_parser_new();
    if (!ts_parser_set_language(parser->parser, tree_sitter_python())) {
        px_parser_free(parser);
        return NULL;
    }
    return parser;
}

void px_parser_free(px_parser *parser) {
    if (parser) {
        ts_parser_delete(parser->parser);
        pni_vec_dispose(&parser->stack);
        pni_free(parser);
    }
}

static void put_text(px_table *table, const char *text) {
    px_put_text(table, text, text ? strlen(text) : 0);
}

static void put_span(px_table *table, TSNode node) {
    TSPoint start = ts_node_start_point(node), end = ts_node_end_point(node);
    uint32_t from = ts_node_start_byte(node), to = ts_node_end_byte(node);
    px_put_int(table, start.row);
    px_put_int(table, start.column);
    px_put_int(table, end.row);
    px_put_int(table, end.column);
    px_put_int(table, from);
    px_put_int(table, to - from);
}

static void put_node(walker *walk, TSNode node, const frame *self, const frame *parent) {
    px_table *table = &walk->tables->nodes;
    px_put_int(table, walk->file);
    px_put_text(table, self->id, self->id_len);
    px_put_int(table, walk->node_count);
    px_put_text(table, parent ? parent->id : NULL, parent ? parent->id_len : 0);
    put_text(table, ts_node_type(node));
    px_put_int(table, ts_node_symbol(node));
    px_put_int(table, ts_node_grammar_symbol(node));
    put_text(table, ts_node_grammar_type(node));
    put_span(table, node);
    px_put_bool(table, ts_node_is_named(node));
    px_put_bool(table, ts_node_has_error(node));
    px_put_bool(table, ts_node_is_error(node));
    px_put_bool(table, ts_node_is_missing(node));
    px_put_bool(table, ts_node_is_extra(node));
    px_put_bool(table, ts_node_has_changes(node));
    px_end_row(table);
}

static void put_edge(walker *walk, const char *field, const frame *self, frame *parent) {
    px_table *table = &walk->tables->edges;
    px_put_int(table, walk->file);
    px_put_text(table, parent->id, parent->id_len);
    px_put_text(table, self->id, self->id_len);
    put_text(table, field);
    px_put_int(table, parent->children++);
    px_end_row(table);
}

/* A row of ts.errors or ts.missing. */
static void put_problem(walker *walk, px_table *table, const char *prefix, TSNode node,
                        const frame *self) {
    char id[PX_ID_SIZE];
    size_t len =
        px_ids_next(walk->ids, prefix, NULL, ts_node_start_byte(node), ts_node_end_byte(node), id);
    px_put_int(table, walk->file);
    px_put_text(table, id, len);
    px_put_text(table, self->id, self->id_len);
    put_span(table, node);
    px_end_row(table);
}

static void put_stats(walker *walk) {
    px_table *table = &walk->tables->stats;
    px_put_int(table, walk->file);
    px_put_int(table, walk->node_count);
    px_put_int(table, walk->named_count);
    px_put_int(table, walk->error_count);
    px_put_int(table, walk->missing_count);
    px_put_text(table, NULL, 0); /* parse_ms: a clock has no place in rows */
    px_end_row(table);
}

/* Writes the rows of the node under the cursor and pushes its frame. */
static void enter(walker *walk, const TSTreeCursor *cursor) {
    TSNode node = ts_tree_cursor_current_node(cursor);
    size_t depth = walk->parser->stack.count;
    frame self = {.children = 0};
    self.id_len = px_ids_next(walk->ids, "ts_node", ts_node_type(node), ts_node_start_byte(node),
                              ts_node_end_byte(node), self.id);
    frame *parent = depth ? &walk->parser->stack.items[depth - 1] : NULL;
    put_node(walk, node, &self, parent);
    if (parent) {
        put_edge(walk, ts_tree_cursor_current_field_name(cursor), &self, parent);
    }
    if (ts_node_is_error(node)) {
        put_problem(walk, &walk->tables->errors, "ts_error", node, &self);
        walk->error_count++;
    }
    if (ts_node_is_missing(node)) {
        put_problem(walk, &walk->tables->missing, "ts_missing", node, &self);
        walk->missing_count++;
    }
    walk->node_count++;
    walk->named_count += ts_node_is_named(node) ? 1 : 0;
    pni_vec_push(&walk->parser->stack, self);
}

static void walk_tree(walker *walk, const TSTree *tree) {
    TSTreeCursor cursor = ts_tree_cursor_new(ts_tree_root_node(tree));
    walk->parser->stack.count = 0;
    enter(walk, &cursor);
    while (walk->parser->stack.count > 0) {
        if (ts_tree_cursor_goto_first_child(&cursor)) {
            enter(walk, &cursor);
            continue;
        }
        walk->parser->stack.count--;
        while (walk->parser->stack.count > 0 && !ts_tree_cursor_goto_next_sibling(&cursor)) {
            ts_tree_cursor_goto_parent(&cursor);
            walk->parser->stack.count--;
        }
        if (walk->parser->stack.count > 0) {
            enter(walk, &cursor);
        }
    }
    ts_tree_cursor_delete(&cursor);
    put_stats(walk);
}

pn_status px_extract(px_parser *parser, const px_file *file, int32_t index, px_tables *tables,
                     pn_error *err) {
    if (file->size > PNI_SOURCE_FILE_MAX_BYTES) {
        return pni_fail(err, PNI_E_FILE_LIMIT, "'%s' has %zu bytes, more than %u", file->path,
                        file->size, PNI_SOURCE_FILE_MAX_BYTES);
    }
    TSTree *tree = ts_parser_parse_string(parser->parser, NULL, file->data, (uint32_t)file->size);
    if (!tree) {
        ts_parser_reset(parser->parser);
        return pni_fail(err, PNI_E_INTERNAL, "tree-sitter gave no tree for '%s'", file->path);
    }
    walker walk = {.parser = parser, .tables = tables, .file = index};
    walk.ids = px_ids_new(file->path);
    walk_tree(&walk, tree);
    px_ids_free(walk.ids);
    ts_tree_delete(tree);
    return PN_OK;
}
