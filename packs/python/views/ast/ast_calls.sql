-- One row per call expression. Key: file_id, ast_id. Source: ast_files_v1.calls.
SELECT
  file_id, path,
  n['ast_id'] AS ast_id,
  n['parent_ast_id'] AS parent_ast_id,
  n['func_kind'] AS func_kind,
  n['func_name'] AS func_name,
  CAST(n['attrs']['arg_count'] AS INT) AS arg_count,
  CAST(n['attrs']['keyword_count'] AS INT) AS keyword_count,
  CAST(n['span']['start']['line0'] AS BIGINT) + 1 AS lineno,
  n['span']['start']['col'] AS col_offset,
  CAST(n['span']['end']['line0'] AS BIGINT) + 1 AS end_lineno,
  n['span']['end']['col'] AS end_col_offset,
  CAST(n['span']['byte_span']['byte_start'] AS BIGINT) AS bstart,
  CAST(n['span']['byte_span']['byte_start'] AS BIGINT)
    + n['span']['byte_span']['byte_len'] AS bend,
  n['attrs'] AS attrs
FROM (SELECT file_id, path, unnest(calls) AS n FROM ast_files_v1) AS u
