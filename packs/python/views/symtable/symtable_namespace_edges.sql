-- One row per scope that a name opens (def and class names). Key: sym_symbol_id, child_scope_id.
-- Source: symtable_symbols.namespace_block_ids joined to symtable_scopes.
SELECT
  n.file_id, n.path, n.sym_symbol_id, n.scope_id, n.symbol_name,
  s.scope_id AS child_scope_id,
  s.scope_type AS child_scope_type
FROM (
  SELECT
    file_id, path, sym_symbol_id, scope_id, symbol_name,
    unnest(namespace_block_ids) AS child_table_id
  FROM symtable_symbols
) AS n
JOIN symtable_scopes AS s ON n.file_id = s.file_id AND n.child_table_id = s.table_id
