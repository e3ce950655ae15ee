-- One row per an ERROR node: text that the grammar could not place. Key: file_id, ts_error_id.
-- Source: tree_sitter_files_v1.errors (its own short list, so ts_nodes is not read).
SELECT
  file_id, path,
  n['error_id'] AS ts_error_id,
  n['node_id'] AS ts_node_id,
  n['span']['start']['line0'] AS start_line,
  n['span']['start']['col'] AS start_col,
  CAST(n['span']['byte_span']['byte_start'] AS BIGINT) AS start_byte,
  CAST(n['span']['byte_span']['byte_start'] AS BIGINT)
    + n['span']['byte_span']['byte_len'] AS end_byte,
  n['attrs'] AS attrs
FROM (SELECT file_id, path, unnest(errors) AS n FROM tree_sitter_files_v1) AS u
