-- One row per function, async function or class definition. Key: file_id, ast_id.
-- Source: ast_files_v1.defs; base_sources is the JSON text list of base-class expressions.
SELECT
  file_id, path,
  n['ast_id'] AS ast_id,
  n['parent_ast_id'] AS parent_ast_id,
  n['kind'] AS kind,
  n['name'] AS name,
  CAST(n['attrs']['decorator_count'] AS INT) AS decorator_count,
  CAST(n['attrs']['arg_count'] AS INT) AS arg_count,
  n['attrs']['base_sources'] AS base_sources,
  CAST(n['span']['start']['line0'] AS BIGINT) + 1 AS lineno,
  n['span']['start']['col'] AS col_offset,
  CAST(n['span']['end']['line0'] AS BIGINT) + 1 AS end_lineno,
  n['span']['end']['col'] AS end_col_offset,
  CAST(n['span']['byte_span']['byte_start'] AS BIGINT) AS bstart,
  CAST(n['span']['byte_span']['byte_start'] AS BIGINT)
    + n['span']['byte_span']['byte_len'] AS bend,
  n['attrs'] AS attrs
FROM (SELECT file_id, path, unnest(defs) AS n FROM ast_files_v1) AS u
