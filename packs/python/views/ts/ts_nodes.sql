-- One row per tree-sitter node. Key: file_id, ts_node_id. Source: tree_sitter_files_v1.nodes.
-- The largest view of the pack (millions of rows): no other view of the pack reads it.
SELECT
  file_id, path,
  n['node_id'] AS ts_node_id,
  n['node_uid'] AS ts_node_uid,
  n['parent_id'] AS parent_ts_id,
  n['kind'] AS ts_type,
  n['kind_id'] AS ts_kind_id,
  n['grammar_id'] AS ts_grammar_id,
  n['grammar_name'] AS ts_grammar_name,
  n['span']['start']['line0'] AS start_line,
  n['span']['start']['col'] AS start_col,
  n['span']['end']['line0'] AS end_line,
  n['span']['end']['col'] AS end_col,
  CAST(n['span']['byte_span']['byte_start'] AS BIGINT) AS start_byte,
  CAST(n['span']['byte_span']['byte_start'] AS BIGINT)
    + n['span']['byte_span']['byte_len'] AS end_byte,
  n['flags']['is_named'] AS is_named,
  n['flags']['has_error'] AS has_error,
  n['flags']['is_error'] AS is_error,
  n['flags']['is_missing'] AS is_missing,
  n['flags']['is_extra'] AS is_extra,
  n['flags']['has_changes'] AS has_changes,
  n['attrs'] AS attrs
FROM (SELECT file_id, path, unnest(nodes) AS n FROM tree_sitter_files_v1) AS u
