-- One row per scope that has a parent. Key: child_scope_id. Source: symtable_scopes, self join.
SELECT
  c.file_id, c.path,
  c.scope_id AS child_scope_id,
  p.scope_id AS parent_scope_id,
  c.table_id AS child_table_id,
  p.table_id AS parent_table_id,
  c.scope_type AS child_scope_type,
  p.scope_type AS parent_scope_type
FROM symtable_scopes AS c
JOIN symtable_scopes AS p ON c.file_id = p.file_id AND c.parent_table_id = p.table_id
