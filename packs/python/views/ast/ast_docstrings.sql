-- One row per docstring. Key: file_id, owner_ast_id. Source: ast_files_v1.docstrings.
SELECT
  file_id, path,
  d['owner_ast_id'] AS owner_ast_id,
  d['owner_kind'] AS owner_kind,
  d['owner_name'] AS owner_name,
  d['docstring'] AS docstring,
  d['source'] AS source,
  CAST(d['span']['start']['line0'] AS BIGINT) + 1 AS lineno,
  CAST(d['span']['byte_span']['byte_start'] AS BIGINT) AS bstart,
  CAST(d['span']['byte_span']['byte_start'] AS BIGINT)
    + d['span']['byte_span']['byte_len'] AS bend,
  d['attrs'] AS attrs
FROM (SELECT file_id, path, unnest(docstrings) AS d FROM ast_files_v1) AS u
