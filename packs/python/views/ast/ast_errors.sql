-- One row per file that CPython could not parse. Key: file_id. Source: ast_files_v1.errors.
SELECT
  file_id, path,
  e['error_type'] AS error_type,
  e['message'] AS message,
  CAST(e['span']['start']['line0'] AS BIGINT) + 1 AS lineno,
  e['span']['start']['col'] AS col_offset,
  CAST(e['span']['byte_span']['byte_start'] AS BIGINT) AS bstart,
  CAST(e['span']['byte_span']['byte_start'] AS BIGINT)
    + e['span']['byte_span']['byte_len'] AS bend,
  e['attrs'] AS attrs
FROM (SELECT file_id, path, unnest(errors) AS e FROM ast_files_v1) AS u
