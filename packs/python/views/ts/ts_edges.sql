-- One row per parent-to-child link of the concrete tree. Key: file_id, child_ts_id.
-- Source: tree_sitter_files_v1.edges.
SELECT
  file_id, path,
  e['parent_id'] AS parent_ts_id,
  e['child_id'] AS child_ts_id,
  e['field_name'] AS field_name,
  e['child_index'] AS child_index,
  e['attrs'] AS attrs
FROM (SELECT file_id, path, unnest(edges) AS e FROM tree_sitter_files_v1) AS u
