-- One row per AST node. Key: file_id, ast_id (pre-order number). Source: ast_files_v1.nodes.
-- Spans are byte offsets in the file (bstart inclusive, bend exclusive); lines are 1-based.
SELECT
  file_id, path,
  n['ast_id'] AS ast_id,
  n['parent_ast_id'] AS parent_ast_id,
  n['kind'] AS kind,
  n['name'] AS name,
  n['value'] AS value_repr,
  CAST(n['span']['start']['line0'] AS BIGINT) + 1 AS lineno,
  n['span']['start']['col'] AS col_offset,
  CAST(n['span']['end']['line0'] AS BIGINT) + 1 AS end_lineno,
  n['span']['end']['col'] AS end_col_offset,
  CAST(n['span']['byte_span']['byte_start'] AS BIGINT) AS bstart,
  CAST(n['span']['byte_span']['byte_start'] AS BIGINT)
    + n['span']['byte_span']['byte_len'] AS bend,
  n['attrs'] AS attrs
FROM (SELECT file_id, path, unnest(nodes) AS n FROM ast_files_v1) AS u
