-- One row per imported alias. Key: file_id, ast_id, alias_index. Source: ast_files_v1.imports.
SELECT
  file_id, path,
  n['ast_id'] AS ast_id,
  n['parent_ast_id'] AS parent_ast_id,
  n['kind'] AS kind,
  n['module'] AS module,
  n['name'] AS name,
  n['asname'] AS asname,
  n['alias_index'] AS alias_index,
  n['level'] AS level,
  CAST(n['span']['start']['line0'] AS BIGINT) + 1 AS lineno,
  n['span']['start']['col'] AS col_offset,
  CAST(n['span']['end']['line0'] AS BIGINT) + 1 AS end_lineno,
  n['span']['end']['col'] AS end_col_offset,
  CAST(n['span']['byte_span']['byte_start'] AS BIGINT) AS bstart,
  CAST(n['span']['byte_span']['byte_start'] AS BIGINT)
    + n['span']['byte_span']['byte_len'] AS bend,
  n['attrs'] AS attrs
FROM (SELECT file_id, path, unnest(imports) AS n FROM ast_files_v1) AS u
