-- One row per `# type: ignore` comment. Key: file_id, bstart. Source: ast_files_v1.type_ignores.
SELECT
  file_id, path,
  n['ast_id'] AS ast_id,
  n['tag'] AS tag,
  CAST(n['span']['start']['line0'] AS BIGINT) + 1 AS lineno,
  n['span']['start']['col'] AS col_offset,
  CAST(n['span']['end']['line0'] AS BIGINT) + 1 AS end_lineno,
  n['span']['end']['col'] AS end_col_offset,
  CAST(n['span']['byte_span']['byte_start'] AS BIGINT) AS bstart,
  CAST(n['span']['byte_span']['byte_start'] AS BIGINT)
    + n['span']['byte_span']['byte_len'] AS bend,
  n['attrs'] AS attrs
FROM (SELECT file_id, path, unnest(type_ignores) AS n FROM ast_files_v1) AS u
